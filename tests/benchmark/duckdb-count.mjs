// The tally in DuckDB: the latest version of each envelope in raw NDJSON, then sent ones per account and month.
// duckdb-count.mjs RAW: a line "account month units" for each, in order.
import { DuckDBInstance } from '@duckdb/node-api';

const instance = await DuckDBInstance.create(':memory:', { threads: '2' });
const duck = await instance.connect();
const rows = await duck.runAndReadAll(`
  SELECT account_id, strftime(sent_at, '%Y-%m') AS month, count(*) AS units FROM (
    SELECT lower(accountId) AS account_id, lower(status) AS status, sentDateTime AS sent_at,
      row_number() OVER (PARTITION BY lower(envelopeId)::UUID ORDER BY lastModifiedDateTime DESC) AS place
    FROM read_json('${process.argv[2]}', format = 'newline_delimited', columns = {envelopeId: 'VARCHAR', accountId: 'VARCHAR', status: 'VARCHAR',
      sentDateTime: 'TIMESTAMP', lastModifiedDateTime: 'TIMESTAMP'}))
  WHERE place = 1 AND sent_at IS NOT NULL AND status NOT IN ('created', 'template') GROUP BY 1, 2 ORDER BY 1, 2`);
console.log(rows.getRows().map((row) => row.join(' ')).join('\n'));
