// A durable table in DuckDB of raw NDJSON, in which the latest version of each envelope counts.
// duckdb-store.mjs RAW DATABASE upsert|append [count|tally]
//   upsert  into a table with a primary key
//   append  to a table without one; the latest version is chosen where it is read
// A DATABASE that exists is added to. `count` prints the number of envelopes and of those sent; `tally` a line "account day units" for each day of
// the accounts that RAW has.
import { DuckDBInstance } from '@duckdb/node-api';

const [raw, database, way, question] = process.argv.slice(2);
const instance = await DuckDBInstance.create(database, { threads: '2' });
const duck = await instance.connect();
const columns = 'account_id, status, created_at, sent_at, completed_at, modified_at, plan_item_id, sender_id';
await duck.run(`CREATE TABLE IF NOT EXISTS envelope (envelope_id UUID ${way === 'upsert' ? 'PRIMARY KEY' : ''}, account_id VARCHAR, status VARCHAR,
  created_at TIMESTAMP, sent_at TIMESTAMP, completed_at TIMESTAMP, modified_at TIMESTAMP, plan_item_id VARCHAR, sender_id VARCHAR)`);
const records = `SELECT lower(envelopeId)::UUID AS envelope_id, lower(accountId) AS account_id, lower(status) AS status,
    createdDateTime AS created_at, sentDateTime AS sent_at, completedDateTime AS completed_at, lastModifiedDateTime AS modified_at,
    lower(planItemId) AS plan_item_id, lower(sender ->> 'userId') AS sender_id
  FROM read_json('${raw}', format = 'newline_delimited', columns = {envelopeId: 'VARCHAR', accountId: 'VARCHAR', status: 'VARCHAR',
    createdDateTime: 'TIMESTAMP', sentDateTime: 'TIMESTAMP', completedDateTime: 'TIMESTAMP', lastModifiedDateTime: 'TIMESTAMP',
    planItemId: 'VARCHAR', sender: 'JSON'})`;
await duck.run(
  way === 'append'
    ? `INSERT INTO envelope ${records}`
    : `INSERT INTO envelope SELECT envelope_id, ${columns} FROM
        (SELECT *, row_number() OVER (PARTITION BY envelope_id ORDER BY modified_at DESC) AS place FROM (${records})) WHERE place = 1
      ON CONFLICT DO UPDATE SET (${columns}) = (${columns.replaceAll(/\w+/g, 'excluded.$&')}) WHERE excluded.modified_at > envelope.modified_at`,
);
await duck.run('CHECKPOINT');
const version = '{account_id: account_id, status: status, sent_at: sent_at}';
const latest =
  way === 'append' ? `(SELECT unnest(arg_max(${version}, modified_at)) FROM envelope GROUP BY envelope_id)` : 'envelope';
const counts = "sent_at IS NOT NULL AND status NOT IN ('created', 'template')";
const questions = {
  count: `SELECT count(*), count(*) FILTER (WHERE ${counts}) FROM ${latest}`,
  tally: `SELECT account_id, strftime(sent_at, '%Y-%m-%d'), count(*) FROM ${latest}
    WHERE ${counts} AND account_id IN (SELECT lower(accountId) FROM read_json('${raw}', format = 'newline_delimited', columns = {accountId: 'VARCHAR'}))
    GROUP BY 1, 2 ORDER BY 1, 2`,
};
if (question) console.log((await duck.runAndReadAll(questions[question])).getRows().map((row) => row.join(' ')).join('\n'));
