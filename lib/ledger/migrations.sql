-- Steps from one version of the ledger's schema to the next, as described in lib/ledger/ledger_schema.h.

-- to version 2: Docusign's own count, and statuses with a sending method
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

-- A name is no longer unique, which no ALTER TABLE can say. Views name the table and are not asked while it is away.
CREATE TEMP TABLE status_before AS SELECT status, name, counted FROM status;
DROP TABLE status;
CREATE TABLE status (
  status INTEGER PRIMARY KEY,          -- known ones in the order in which they win a tie; others from 1000 on
  name TEXT NOT NULL,
  counted INTEGER NOT NULL,            -- 0: such an envelope is not consumed
  sending_method TEXT NOT NULL,        -- '' where it is unknown; a status has a row of its own with each method
  UNIQUE (name, sending_method)
) STRICT;
INSERT INTO status (status, name, counted, sending_method) SELECT status, name, counted, '' FROM status_before;
DROP TABLE status_before;

-- to version 3: the order of promotions, which until now was that of the names; the sites of accounts over time
CREATE TEMP TABLE job_result_before AS SELECT run_id, record FROM job_result;
DROP VIEW job_results;
DROP TABLE job_result;
CREATE TABLE job_result (
  run_id TEXT PRIMARY KEY,
  record TEXT NOT NULL,
  number INTEGER NOT NULL UNIQUE       -- place in the order in which runs were promoted; clocks and names may go back
) STRICT, WITHOUT ROWID;
INSERT INTO job_result SELECT run_id, record, row_number() OVER (ORDER BY run_id) FROM job_result_before;
DROP TABLE job_result_before;
CREATE VIEW job_results AS
SELECT run_id, record ->> 'job' AS job, record ->> 'state' AS state, record ->> 'started_at' AS started_at,
  record ->> 'ended_at' AS ended_at, record ->> 'counts' AS counts, record ->> 'error' AS error
FROM job_result ORDER BY number;

-- A ledger that was taken back to an earlier version may have it.
CREATE TABLE IF NOT EXISTS account_site (
  account_id TEXT NOT NULL,
  since INTEGER NOT NULL,              -- when the service first reported this site, after another one
  site_id TEXT NOT NULL,
  site_name TEXT,
  PRIMARY KEY (account_id, since)
) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO account_site SELECT account_id, observed_at, site_id, site_name FROM account
WHERE observed_at IS NOT NULL AND site_id IS NOT (SELECT site_id FROM account_site s WHERE s.account_id = account.account_id ORDER BY since DESC LIMIT 1);
