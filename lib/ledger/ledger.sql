-- The ledger's schema, version 3. doc/ledger.md explains it; the views at the end are for people with sqlite3.
-- Instants are milliseconds since 1970-01-01T00:00:00Z, days are days since then.

CREATE TABLE account (
  account INTEGER PRIMARY KEY,
  account_id TEXT NOT NULL UNIQUE,
  organization_id TEXT,
  account_name TEXT,
  external_account_id TEXT,
  site_id TEXT,
  site_name TEXT,
  asset_group_id TEXT,
  compliant INTEGER CHECK (compliant IN (0, 1)),
  observed_at INTEGER,                 -- when the service reported this; null for an account known by its envelopes only
  watermark INTEGER,                   -- the feed of this account has been read up to here
  touched INTEGER NOT NULL DEFAULT 0   -- 1: its consumption may differ from the last report
) STRICT;

-- The sites of an account over time.
CREATE TABLE account_site (
  account_id TEXT NOT NULL,
  since INTEGER NOT NULL,              -- when the service first reported this site, after another one
  site_id TEXT NOT NULL,
  site_name TEXT,
  PRIMARY KEY (account_id, since)
) STRICT, WITHOUT ROWID;

CREATE TABLE plan_item (
  plan_item INTEGER PRIMARY KEY,       -- 0 is "none" in the tables that refer to it
  plan_item_id TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE status (
  status INTEGER PRIMARY KEY,          -- known ones in the order in which they win a tie; others from 1000 on
  name TEXT NOT NULL,
  counted INTEGER NOT NULL,            -- 0: such an envelope is not consumed
  sending_method TEXT NOT NULL,        -- '' where it is unknown; a status has a row of its own with each method
  UNIQUE (name, sending_method)
) STRICT;

INSERT INTO status (status, name, counted, sending_method)
SELECT key + 1, value, is_consumed(value), '' FROM json_each('["template","created","processing","sent","delivered","correct","signed",
  "completed","authoritativecopy","transfercompleted","declined","timedout","voided","deleted"]');

CREATE TABLE subscription (
  organization_id TEXT NOT NULL,       -- '' where the record names none
  subscription_id TEXT NOT NULL,
  plan_item_id TEXT NOT NULL,          -- '' for a subscription without plan items
  subscription_name TEXT,
  plan_id TEXT,
  plan_name TEXT,
  plan_item_name TEXT,
  asset_group_id TEXT,
  asset_group_name TEXT,
  associated_accounts_count INTEGER,
  software_model TEXT,
  observed_at INTEGER NOT NULL,
  PRIMARY KEY (organization_id, subscription_id, plan_item_id)
) STRICT, WITHOUT ROWID;

-- Docusign's own count of an account, the latest for each billing period.
CREATE TABLE billing_period (
  account INTEGER NOT NULL REFERENCES account,
  period_start INTEGER NOT NULL,       -- the billing period, by Docusign
  period_end INTEGER NOT NULL,
  organization_id TEXT,
  units_allowed ANY,                   -- a number, or 'unlimited'
  units_billed INTEGER,                -- sent in it up to observed_at, by Docusign's own count
  bulk_units INTEGER,                  -- part of these or beside them: its charges leave that open
  powerform_units INTEGER,
  currency TEXT,
  charges TEXT NOT NULL,               -- a JSON array
  observed_at INTEGER NOT NULL,        -- when the service reported this
  PRIMARY KEY (account, period_start)
) STRICT, WITHOUT ROWID;

-- Envelopes, the latest version of each: many rows to a block, packed as in lib/merge/envelope_row.h. `envtally export` prints them.
CREATE TABLE envelope_block (
  block INTEGER PRIMARY KEY,           -- the top layout.block_bits bits of the hashes of its envelopes' ids
  rows BLOB NOT NULL
) STRICT;

CREATE TABLE layout (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  block_bits INTEGER NOT NULL,
  envelopes INTEGER NOT NULL,          -- how many there are
  undated INTEGER NOT NULL             -- past a draft without a sent time: in no period
) STRICT;
INSERT INTO layout VALUES (1, 0, 0, 0);

-- What the daily partials are read from (view daily_consumption): updated with envelope_block in every transaction.
CREATE TABLE sent_week (
  account INTEGER NOT NULL REFERENCES account,
  plan_item INTEGER NOT NULL,          -- as the feed names it, 0 when it names none
  week INTEGER NOT NULL,               -- days 7 * week to 7 * week + 6
  envelopes BLOB NOT NULL,             -- six bytes for each sent then: millisecond of the week (4), status (2), big-endian, in order
  PRIMARY KEY (account, plan_item, week)
) STRICT, WITHOUT ROWID;

-- Envelopes that arrived after a period that holds them had been reported as over.
CREATE TABLE late_envelope (
  envelope_id TEXT PRIMARY KEY,
  account INTEGER NOT NULL REFERENCES account,
  plan_item INTEGER NOT NULL,
  sent_at INTEGER NOT NULL,
  arrived_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Envelopes with two versions of the same modified_at and different contents.
CREATE TABLE conflict (
  envelope_id TEXT NOT NULL,
  modified_at INTEGER NOT NULL,
  PRIMARY KEY (envelope_id, modified_at)
) STRICT, WITHOUT ROWID;

CREATE TABLE checkpoint (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  state TEXT NOT NULL                  -- the value of the last Singer STATE, opaque here
) STRICT;

CREATE TABLE job_result (
  run_id TEXT PRIMARY KEY,
  record TEXT NOT NULL,
  number INTEGER NOT NULL UNIQUE       -- place in the order in which runs were promoted; clocks and names may go back
) STRICT, WITHOUT ROWID;

-- The consumption last reported, a row for each record.
CREATE TABLE reported (
  profile TEXT NOT NULL,
  account_id TEXT NOT NULL,
  plan_item_id TEXT NOT NULL,          -- '' for none
  period_start INTEGER NOT NULL,
  period_end INTEGER NOT NULL,
  units_consumed INTEGER NOT NULL,
  state TEXT NOT NULL,
  run_id TEXT NOT NULL,
  record TEXT NOT NULL,
  PRIMARY KEY (account_id, plan_item_id, period_start, profile)
) STRICT, WITHOUT ROWID;

CREATE TABLE restatement (
  run_id TEXT NOT NULL,
  profile TEXT NOT NULL,
  account_id TEXT NOT NULL,
  plan_item_id TEXT NOT NULL,
  period_start INTEGER NOT NULL,
  units_before INTEGER NOT NULL,
  units_after INTEGER NOT NULL,
  cause TEXT NOT NULL,
  record TEXT NOT NULL,
  PRIMARY KEY (account_id, plan_item_id, period_start, profile, run_id)
) STRICT, WITHOUT ROWID;

-- Every other canonical record of a run: results, unrecognized identifiers …
CREATE TABLE result (
  run_id TEXT NOT NULL,
  stream TEXT NOT NULL,
  number INTEGER NOT NULL,             -- place among the run's records of that stream
  record TEXT NOT NULL,
  PRIMARY KEY (run_id, stream, number)
) STRICT, WITHOUT ROWID;

CREATE VIEW late_envelopes AS
SELECT envelope_id, account_id, plan_item_id, strftime('%Y-%m-%dT%H:%M:%fZ', sent_at / 1000.0, 'unixepoch') AS sent_at,
  strftime('%Y-%m-%dT%H:%M:%fZ', arrived_at / 1000.0, 'unixepoch') AS arrived_at
FROM late_envelope JOIN account USING (account) LEFT JOIN plan_item USING (plan_item);

-- The entries of sent_week one by one, as hexadecimal digits: a JSON array of as many elements counts them.
CREATE VIEW sent_digits AS
SELECT account, plan_item, week, hex(substr(envelopes, key * 6 + 1, 6)) AS entry
FROM sent_week, json_each('[0' || replace(hex(zeroblob(length(envelopes) / 6 - 1)), '00', ',0') || ']');

-- The values of the digits.
CREATE VIEW sent AS
SELECT account, plan_item, week,
  instr('123456789ABCDEF', substr(entry, 1, 1)) * 268435456 + instr('123456789ABCDEF', substr(entry, 2, 1)) * 16777216 +
  instr('123456789ABCDEF', substr(entry, 3, 1)) * 1048576 + instr('123456789ABCDEF', substr(entry, 4, 1)) * 65536 +
  instr('123456789ABCDEF', substr(entry, 5, 1)) * 4096 + instr('123456789ABCDEF', substr(entry, 6, 1)) * 256 +
  instr('123456789ABCDEF', substr(entry, 7, 1)) * 16 + instr('123456789ABCDEF', substr(entry, 8, 1)) AS millisecond,
  instr('123456789ABCDEF', substr(entry, 9, 1)) * 4096 + instr('123456789ABCDEF', substr(entry, 10, 1)) * 256 +
  instr('123456789ABCDEF', substr(entry, 11, 1)) * 16 + instr('123456789ABCDEF', substr(entry, 12, 1)) AS status
FROM sent_digits;

CREATE VIEW daily_consumption AS
WITH entry AS MATERIALIZED (SELECT * FROM sent)
SELECT account_id, plan_item_id, date((week * 7 + millisecond / 86400000) * 86400, 'unixepoch') AS day, count(*) AS units_consumed,
  strftime('%Y-%m-%dT%H:%M:%fZ', (week * 604800000 + min(millisecond)) / 1000.0, 'unixepoch') AS first_sent_at,
  strftime('%Y-%m-%dT%H:%M:%fZ', (week * 604800000 + max(millisecond)) / 1000.0, 'unixepoch') AS last_sent_at
FROM entry JOIN status USING (status) JOIN account USING (account) LEFT JOIN plan_item USING (plan_item)
WHERE counted GROUP BY account, plan_item, week, millisecond / 86400000;

CREATE VIEW bookmarks AS
SELECT streams.key AS stream, marks.key AS account_id, marks.value ->> 'until' AS until, marks.value ->> 'newest' AS newest
FROM checkpoint, json_each(state, '$.bookmarks') AS streams, json_each(streams.value) AS marks;

CREATE VIEW consumption AS
SELECT profile, account_id, nullif(plan_item_id, '') AS plan_item_id,
  strftime('%Y-%m-%dT%H:%M:%fZ', period_start / 1000.0, 'unixepoch') AS period_start,
  strftime('%Y-%m-%dT%H:%M:%fZ', period_end / 1000.0, 'unixepoch') AS period_end,
  units_consumed, state, run_id
FROM reported;

CREATE VIEW job_results AS
SELECT run_id, record ->> 'job' AS job, record ->> 'state' AS state, record ->> 'started_at' AS started_at,
  record ->> 'ended_at' AS ended_at, record ->> 'counts' AS counts, record ->> 'error' AS error
FROM job_result ORDER BY number;
