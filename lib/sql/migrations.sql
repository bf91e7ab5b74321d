-- Steps from one version of the ledger's schema to the next, as lib/ledger_schema.h says.

-- to version 2: Docusign's own count
CREATE TABLE billing_period (
  account INTEGER NOT NULL REFERENCES account,
  period_start INTEGER NOT NULL,       -- the billing period, as Docusign says it
  period_end INTEGER NOT NULL,
  organization_id TEXT,
  units_allowed ANY,                   -- a number, or 'unlimited'
  units_billed INTEGER,                -- sent in it up to observed_at, by Docusign's own count
  bulk_units INTEGER,                  -- of these or beside these: its charges do not say
  powerform_units INTEGER,
  currency TEXT,
  charges TEXT NOT NULL,               -- a JSON array
  observed_at INTEGER NOT NULL,        -- when the service said this
  PRIMARY KEY (account, period_start)
) STRICT, WITHOUT ROWID;
