// The tally in ClickHouse, through chdb: as duckdb-tally.mjs does it with arg_max.
// clickhouse-tally.mjs RAW: a line "account month units" for each, in order.
import { query } from 'chdb';

const raw = process.argv[2];
const columns = 'envelopeId String, accountId String, status String, sentDateTime Nullable(String), lastModifiedDateTime String';
process.stdout.write(
  query(
    `SELECT latest.1 AS account_id, substring(latest.3, 1, 7) AS month, count() AS units
      FROM (SELECT argMax((lower(accountId), lower(status), assumeNotNull(sentDateTime), isNull(sentDateTime)), lastModifiedDateTime) AS latest
        FROM file('${raw}', 'JSONEachRow', '${columns}') GROUP BY toUUID(envelopeId))
      WHERE NOT latest.4 AND latest.2 NOT IN ('created', 'template') GROUP BY 1, 2 ORDER BY 1, 2
      SETTINGS max_threads = 2, input_format_skip_unknown_fields = 1, input_format_null_as_default = 1`,
    'TSV',
  ).replaceAll('\t', ' '),
);
