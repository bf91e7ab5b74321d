// The same durable upsert in DuckDB: raw NDJSON into a table with a primary key, the latest version of each envelope wins.
// duckdb-upsert.mjs RAW DATABASE: prints the number of envelopes and of those sent.
import { DuckDBInstance } from '@duckdb/node-api';

const [raw, database] = process.argv.slice(2);
const instance = await DuckDBInstance.create(database, { threads: '2' });
const duck = await instance.connect();
await duck.run(`CREATE TABLE envelope (envelope_id UUID PRIMARY KEY, account_id VARCHAR, status VARCHAR, created_at TIMESTAMP,
  sent_at TIMESTAMP, completed_at TIMESTAMP, modified_at TIMESTAMP, plan_item_id VARCHAR, sender_id VARCHAR)`);
await duck.run(`INSERT INTO envelope
  SELECT envelope_id, account_id, status, created_at, sent_at, completed_at, modified_at, plan_item_id, sender_id FROM (
    SELECT lower(envelopeId)::UUID AS envelope_id, lower(accountId) AS account_id, lower(status) AS status,
      createdDateTime AS created_at, sentDateTime AS sent_at, completedDateTime AS completed_at, lastModifiedDateTime AS modified_at,
      lower(planItemId) AS plan_item_id, lower(sender ->> 'userId') AS sender_id,
      row_number() OVER (PARTITION BY lower(envelopeId) ORDER BY lastModifiedDateTime DESC) AS place
    FROM read_json('${raw}', format = 'newline_delimited', columns = {envelopeId: 'VARCHAR', accountId: 'VARCHAR', status: 'VARCHAR',
      createdDateTime: 'TIMESTAMP', sentDateTime: 'TIMESTAMP', completedDateTime: 'TIMESTAMP', lastModifiedDateTime: 'TIMESTAMP',
      planItemId: 'VARCHAR', sender: 'JSON'})) WHERE place = 1
  ON CONFLICT DO UPDATE SET account_id = excluded.account_id, status = excluded.status, created_at = excluded.created_at,
    sent_at = excluded.sent_at, completed_at = excluded.completed_at, modified_at = excluded.modified_at,
    plan_item_id = excluded.plan_item_id, sender_id = excluded.sender_id
  WHERE excluded.modified_at > envelope.modified_at`);
await duck.run('CHECKPOINT');
const rows = await duck.runAndReadAll(
  `SELECT count(*), count(*) FILTER (WHERE sent_at IS NOT NULL AND status NOT IN ('created', 'template')) FROM envelope`);
console.log(rows.getRows()[0].join(' '));
