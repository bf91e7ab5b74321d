// The tally in DuckDB: the latest version of each envelope in raw NDJSON, then sent ones per account and month.
// duckdb-tally.mjs RAW arg_max|window: a line "account month units" for each, in order. arg_max is the faster one.
import { DuckDBInstance } from '@duckdb/node-api';

const [raw, way] = process.argv.slice(2);
const instance = await DuckDBInstance.create(':memory:', { threads: '2' });
const duck = await instance.connect();
const records = `read_json('${raw}', format = 'newline_delimited', columns = {envelopeId: 'VARCHAR', accountId: 'VARCHAR', status: 'VARCHAR',
  sentDateTime: 'TIMESTAMP', lastModifiedDateTime: 'TIMESTAMP'})`;
const latest = {
  arg_max: `SELECT unnest(arg_max({account_id: lower(accountId), status: lower(status), sent_at: sentDateTime}, lastModifiedDateTime))
    FROM ${records} GROUP BY lower(envelopeId)::UUID`,
  window: `SELECT * FROM (SELECT lower(accountId) AS account_id, lower(status) AS status, sentDateTime AS sent_at,
      row_number() OVER (PARTITION BY lower(envelopeId)::UUID ORDER BY lastModifiedDateTime DESC) AS place FROM ${records}) WHERE place = 1`,
};
const rows = await duck.runAndReadAll(`
  SELECT account_id, strftime(sent_at, '%Y-%m') AS month, count(*) AS units FROM (${latest[way]})
  WHERE sent_at IS NOT NULL AND status NOT IN ('created', 'template') GROUP BY 1, 2 ORDER BY 1, 2`);
console.log(rows.getRows().map((row) => row.join(' ')).join('\n'));
