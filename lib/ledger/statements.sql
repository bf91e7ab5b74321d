-- The ledger's statements, each under the name by which ledger_statement() finds it. Those that store records have their parameters by name
-- (ledger_records.h), the others by number.

-- name: find_account
SELECT account, touched FROM account WHERE account_id = ?1;
-- name: add_account
INSERT INTO account (account_id) VALUES (?1);
-- name: touch_account
UPDATE account SET touched = 1 WHERE account = ?1 AND touched = 0;
-- name: store_account
INSERT INTO account (account_id, organization_id, account_name, external_account_id, site_id, site_name, asset_group_id, compliant, observed_at, touched)
VALUES (:account_id, :organization_id, :account_name, :external_account_id, :site_id, :site_name, :asset_group_id, :compliant, @time, 1)
ON CONFLICT (account_id) DO UPDATE SET organization_id = excluded.organization_id, account_name = excluded.account_name,
  external_account_id = excluded.external_account_id, site_id = excluded.site_id, site_name = excluded.site_name,
  asset_group_id = excluded.asset_group_id, compliant = excluded.compliant, observed_at = excluded.observed_at,
  touched = touched OR asset_group_id IS NOT excluded.asset_group_id
WHERE observed_at IS NULL OR observed_at < @time
  OR (observed_at = @time AND (ifnull(organization_id, ''), ifnull(account_name, ''), ifnull(external_account_id, ''), ifnull(site_id, ''), ifnull(site_name, ''), ifnull(asset_group_id, ''), ifnull(compliant, -1))
    < (ifnull(:organization_id, ''), ifnull(:account_name, ''), ifnull(:external_account_id, ''), ifnull(:site_id, ''), ifnull(:site_name, ''), ifnull(:asset_group_id, ''), ifnull(:compliant, -1)));
-- name: store_site
-- Only where the site is another than before. So of nights that come out of their order, one that said the same as the night before it is
-- not there to end a move that comes later still.
INSERT INTO account_site SELECT :account_id, @time, :site_id, :site_name WHERE :site_id IS NOT NULL AND
  (SELECT site_id FROM account_site WHERE account_id = :account_id AND since < @time ORDER BY since DESC LIMIT 1) IS NOT :site_id
ON CONFLICT DO UPDATE SET site_id = excluded.site_id, site_name = excluded.site_name WHERE site_id < excluded.site_id;
-- name: join_sites
DELETE FROM account_site WHERE account_id = :account_id AND :site_id IS NOT NULL
  AND since = (SELECT min(since) FROM account_site WHERE account_id = :account_id AND since > @time)
  AND site_id = (SELECT site_id FROM account_site WHERE account_id = :account_id AND since <= @time ORDER BY since DESC LIMIT 1);
-- name: list_account_sites
SELECT account_id, site_id, site_name, since FROM account_site s WHERE (SELECT count(*) FROM account_site o WHERE o.account_id = s.account_id) > 1
ORDER BY account_id, since;
-- name: store_watermark
INSERT INTO account (account_id, watermark) VALUES (:account_id, :watermark)
ON CONFLICT (account_id) DO UPDATE SET watermark = excluded.watermark WHERE watermark IS NULL OR watermark < excluded.watermark;
-- name: store_subscription
INSERT INTO subscription VALUES (ifnull(:organization_id, ''), :subscription_id, ifnull(:plan_item_id, ''), :subscription_name, :plan_id, :plan_name,
  :plan_item_name, :asset_group_id, :asset_group_name, :associated_accounts_count, :software_model, @time)
ON CONFLICT DO UPDATE SET subscription_name = excluded.subscription_name, plan_id = excluded.plan_id, plan_name = excluded.plan_name,
  plan_item_name = excluded.plan_item_name, asset_group_id = excluded.asset_group_id, asset_group_name = excluded.asset_group_name,
  associated_accounts_count = excluded.associated_accounts_count, software_model = ifnull(excluded.software_model, software_model), observed_at = excluded.observed_at
WHERE observed_at < @time
  OR (observed_at = @time AND (ifnull(subscription_name, ''), ifnull(plan_id, ''), ifnull(plan_name, ''), ifnull(plan_item_name, ''), ifnull(asset_group_id, ''), ifnull(asset_group_name, ''), ifnull(associated_accounts_count, -1), ifnull(software_model, ''))
    < (ifnull(:subscription_name, ''), ifnull(:plan_id, ''), ifnull(:plan_name, ''), ifnull(:plan_item_name, ''), ifnull(:asset_group_id, ''), ifnull(:asset_group_name, ''), ifnull(:associated_accounts_count, -1), ifnull(:software_model, '')));
-- name: set_software_model
-- The service does not name it: runs do, with their results.
UPDATE subscription SET software_model = :software_model
WHERE (organization_id, subscription_id, plan_item_id) = (ifnull(:organization_id, ''), :subscription_id, ifnull(:plan_item_id, ''))
  AND software_model IS NOT :software_model;
-- name: know_account
INSERT INTO account (account_id) VALUES (:account_id) ON CONFLICT DO NOTHING;
-- name: store_billing_period
INSERT INTO billing_period SELECT account, :period_start, :period_end, :organization_id, :units_allowed, :units_billed, :bulk_units, :powerform_units,
  :currency, :charges, ifnull(:observed_at, @time) FROM account WHERE account_id = :account_id
ON CONFLICT DO UPDATE SET period_end = excluded.period_end, organization_id = excluded.organization_id, units_allowed = excluded.units_allowed,
  units_billed = excluded.units_billed, bulk_units = excluded.bulk_units, powerform_units = excluded.powerform_units, currency = excluded.currency,
  charges = excluded.charges, observed_at = excluded.observed_at
WHERE observed_at < excluded.observed_at
  OR (observed_at = excluded.observed_at AND (period_end, ifnull(organization_id, ''), ifnull(units_allowed, ''), ifnull(units_billed, -1), ifnull(bulk_units, -1), ifnull(powerform_units, -1), ifnull(currency, ''), charges)
    < (:period_end, ifnull(:organization_id, ''), ifnull(:units_allowed, ''), ifnull(:units_billed, -1), ifnull(:bulk_units, -1), ifnull(:powerform_units, -1), ifnull(:currency, ''), :charges));
-- name: touch_accounts_without_plan_item
-- The plan items of an asset group have changed, so the plan item of its envelopes without one may have, too.
UPDATE account SET touched = 1 WHERE touched = 0 AND EXISTS (SELECT 1 FROM sent_week s WHERE s.account = account.account AND plan_item = 0);

-- name: find_plan_item
SELECT plan_item FROM plan_item WHERE plan_item_id = ?1;
-- name: add_plan_item
INSERT INTO plan_item (plan_item_id) VALUES (?1);
-- name: find_status
-- ?2: the sending method, null where it is unknown.
SELECT status FROM status WHERE name = ?1 AND sending_method = ifnull(?2, '');
-- name: status_name
SELECT name FROM status WHERE status = ?1;
-- name: status_method
SELECT sending_method FROM status WHERE status = ?1;
-- name: status_has_method
SELECT sending_method <> '' FROM status WHERE status = ?1;
-- name: status_place
-- Of a status with a sending method: the known status of that name.
SELECT known.status FROM status JOIN status known USING (name) WHERE status.status = ?1 AND known.status < 1000;
-- name: any_sending_method
SELECT 1 FROM status WHERE sending_method <> '' LIMIT 1;
-- name: add_status
INSERT INTO status (status, name, counted, sending_method)
SELECT max(999, max(status)) + 1, ?1, is_consumed(?1), ifnull(?2, '') FROM status;

-- name: list_statuses
SELECT status, name, counted, sending_method FROM status ORDER BY name, status;
-- name: load_layout
SELECT block_bits, envelopes, undated FROM layout;
-- name: save_layout
UPDATE layout SET block_bits = ?1, envelopes = ?2, undated = ?3;
-- name: find_block
SELECT rows FROM envelope_block WHERE block = ?1;
-- name: store_block
INSERT INTO envelope_block VALUES (?1, ?2) ON CONFLICT DO UPDATE SET rows = ?2;
-- name: remove_block
DELETE FROM envelope_block WHERE block = ?1;
-- name: block_before
SELECT max(block) FROM envelope_block WHERE block < ?1;
-- name: list_blocks
SELECT block, rows FROM envelope_block ORDER BY block;
-- Of an envelope: ?1 is its id, ?2 modified_at, ?3 its account, ?4 plan item, ?5 sent_at, ?6 the time of arrival.
-- name: add_late
INSERT INTO late_envelope VALUES (?1, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING;
-- name: add_conflict
INSERT INTO conflict VALUES (?1, ?2) ON CONFLICT DO NOTHING;
-- name: last_period_over
SELECT max(period_end) FROM reported WHERE state <> 'open';
-- name: account_name
SELECT account_id FROM account WHERE account = ?1;
-- name: plan_item_name
SELECT plan_item_id FROM plan_item WHERE plan_item = ?1;

-- name: last_sent_week
SELECT account, plan_item, week FROM sent_week ORDER BY account DESC, plan_item DESC, week DESC LIMIT 1;
-- name: find_sent_week
SELECT envelopes FROM sent_week WHERE account = ?1 AND plan_item = ?2 AND week = ?3;
-- name: store_sent_week
REPLACE INTO sent_week VALUES (?1, ?2, ?3, ?4); -- as the only constraint is the key, SQLite does not look for it first
-- name: remove_sent_week
DELETE FROM sent_week WHERE account = ?1 AND plan_item = ?2 AND week = ?3;

-- name: save_state
INSERT INTO checkpoint VALUES (1, ?1) ON CONFLICT DO UPDATE SET state = ?1;
-- name: load_state
SELECT state FROM checkpoint;

-- name: list_accounts
-- Each account, or each touched one unless ?1, with the plan item of its envelopes that have none.
SELECT account, account_id, (SELECT min(plan_item_id) FROM subscription s WHERE s.asset_group_id = a.asset_group_id AND plan_item_id <> ''
  HAVING count(DISTINCT plan_item_id) = 1)
FROM account a WHERE ?1 OR touched ORDER BY account_id;
-- name: print_account
SELECT organization_id, account_id, account_name, external_account_id, site_id, site_name, asset_group_id, compliant
FROM account WHERE observed_at IS NOT NULL ORDER BY account_id;
-- name: list_subscriptions
SELECT nullif(organization_id, ''), subscription_id, nullif(plan_item_id, ''), subscription_name, plan_id, plan_name, plan_item_name, asset_group_id,
  asset_group_name, associated_accounts_count, software_model FROM subscription ORDER BY organization_id, subscription_id, plan_item_id;
-- name: list_watermarks
SELECT account_id, watermark FROM account WHERE watermark IS NOT NULL ORDER BY account_id;
-- name: list_billing_periods
-- units_counted() is ledger_billing.c's.
SELECT b.organization_id, account_id, period_start, period_end, units_allowed, units_billed, bulk_units, powerform_units, currency, charges,
  b.observed_at, min(b.observed_at, period_end), watermark,
  CASE WHEN watermark IS NOT NULL OR EXISTS (SELECT 1 FROM sent_week s WHERE s.account = b.account)
    THEN units_counted(b.account, period_start, min(b.observed_at, period_end)) END
FROM billing_period b JOIN account USING (account) ORDER BY account_id, period_start;
-- name: list_sent_between
-- The weeks from ?2 to ?3, for all plan items.
SELECT week, envelopes FROM sent_week WHERE account = ?1 AND week BETWEEN ?2 AND ?3;
-- name: list_sent_weeks
-- ?2: the plan item of envelopes without one; ?3: from this day on.
SELECT ifnull(plan_item_id, ?2) AS plan, week, envelopes
FROM sent_week LEFT JOIN plan_item USING (plan_item) WHERE account = ?1 AND week * 7 + 6 >= ?3 ORDER BY plan, week;
-- name: list_pooled_weeks
-- The same, each row once for its own plan item (pool 0), and once for each pool, numbered from 1, of the JSON array ?4.
SELECT ifnull(plan_item_id, ?2) AS plan, week, envelopes, 0 AS pool
FROM sent_week LEFT JOIN plan_item USING (plan_item) WHERE account = ?1 AND week * 7 + 6 >= ?3
UNION ALL
SELECT value, week, envelopes, key + 1 FROM sent_week, json_each(?4) WHERE account = ?1 AND week * 7 + 6 >= ?3
ORDER BY plan, week;
-- name: list_reported_periods
SELECT nullif(plan_item_id, ''), period_start FROM reported WHERE account_id = ?1 AND units_consumed > 0 ORDER BY plan_item_id, period_start;
-- name: store_job_result
INSERT INTO job_result SELECT @run, @record, ifnull(max(number), 0) + 1 FROM job_result WHERE true
ON CONFLICT (run_id) DO UPDATE SET record = excluded.record;
-- name: forget_results
DELETE FROM result WHERE run_id = @run;
-- name: store_result
INSERT INTO result SELECT @run, @stream, ifnull(max(number), 0) + 1, @record FROM result WHERE run_id = @run AND stream = @stream;
-- name: store_reported
INSERT INTO reported VALUES (ifnull(:profile, ''), :account_id, ifnull(:plan_item_id, ''), :period_start, :period_end, :units_consumed, :state, @run, @record)
ON CONFLICT DO UPDATE SET period_end = excluded.period_end, units_consumed = excluded.units_consumed, state = excluded.state,
  run_id = excluded.run_id, record = excluded.record WHERE record <> excluded.record;
-- name: begin_promotion
CREATE TEMP TABLE IF NOT EXISTS promoted (profile, account_id, plan_item_id, period_start, PRIMARY KEY (account_id, plan_item_id, period_start, profile)) WITHOUT ROWID;
-- name: mark_promoted
INSERT OR IGNORE INTO promoted VALUES (ifnull(:profile, ''), :account_id, ifnull(:plan_item_id, ''), :period_start);
-- name: promote_nothing
-- A run without consumption removes what was last reported of its profile. One that counts some keeps it, also when only its job_result comes.
INSERT OR REPLACE INTO promoted SELECT ifnull(:profile, ''), '', '', 0
WHERE @record ->> 'state' IN ('succeeded', 'partial') AND ifnull(@record ->> '$.counts.consumption', 0) = 0;
-- name: remove_not_promoted
DELETE FROM reported WHERE profile IN (SELECT profile FROM promoted) AND NOT EXISTS (SELECT 1 FROM promoted p WHERE p.account_id = reported.account_id
  AND p.plan_item_id = reported.plan_item_id AND p.period_start = reported.period_start AND p.profile = reported.profile);
-- name: store_restatement
INSERT INTO restatement VALUES (:run_id, ifnull(:profile, ''), :account_id, ifnull(:plan_item_id, ''), :period_start, :units_before, :units_after,
  :cause, @record) ON CONFLICT DO NOTHING;
-- name: untouch_accounts
UPDATE account SET touched = 0 WHERE touched = 1;
-- name: list_reported
SELECT record FROM reported ORDER BY account_id, plan_item_id, period_start, profile;
-- name: last_job_results
-- Of the last promotion; before it that of the latest clock, where a clock went back since: what was over then was reported as over.
WITH promoted AS (SELECT number, record, record ->> 'started_at' AS clock FROM job_result WHERE record ->> 'state' IN ('succeeded', 'partial'))
SELECT record FROM promoted WHERE number IN ((SELECT max(number) FROM promoted), (SELECT number FROM promoted ORDER BY clock DESC, number DESC LIMIT 1))
ORDER BY number;
-- name: list_promotions
SELECT run_id, record ->> 'state', record ->> 'started_at', record ->> 'verdict', record ->> '$.counts.consumption' || '', record ->> '$.counts.restatements' || '',
  record ->> '$.counts.rejects' || '', record ->> '$.counts.accounts_without_billing' || '', record ->> 'ended_at', record ->> 'manifest', record ->> '$.counts.units_consumed' || ''
FROM job_result WHERE record ->> 'state' IN ('succeeded', 'partial') ORDER BY number;
-- name: list_positions
SELECT record ->> 'software_model', record ->> 'license_metric', substr(record ->> 'period_start', 1, 10), record ->> 'rights_used' || '', record ->> 'rights_owned' || '',
  record ->> 'status' FROM result WHERE run_id = ?1 AND stream = 'metric_result' ORDER BY 1, 2, 3;
-- name: list_past_forecasts
-- Of the first run of each of the last 16 months: what its forecasts said of the day four weeks later, and 13, or the first after it that their curves have.
WITH monthly AS (SELECT run_id, min(number) AS number FROM job_result WHERE record ->> 'state' IN ('succeeded', 'partial')
    GROUP BY substr(record ->> 'started_at', 1, 7) ORDER BY number DESC LIMIT 16),
  foretold AS (SELECT monthly.number AS run, result.number, column1 AS ahead, record, (SELECT value FROM json_each(record, '$.curve')
      WHERE json_array_length(value) = 4 AND value ->> 0 >= date(record ->> 'as_of', column1) ORDER BY key LIMIT 1) AS point
    FROM monthly JOIN result USING (run_id) JOIN (VALUES ('+28 days'), ('+91 days')) WHERE stream = 'forecast')
SELECT json_object('profile', record ->> 'profile', 'software_model', record ->> 'software_model', 'license_metric', record ->> 'license_metric',
  'period_start', record ->> 'period_start', 'as_of', record ->> 'as_of', 'units_to_date', record ->> 'units_to_date', 'day', point ->> 0,
  'expected_units', point ->> 1, 'low_units', point ->> 2, 'high_units', point ->> 3)
FROM foretold WHERE point IS NOT NULL ORDER BY run, number, ahead;
-- name: last_contracts
SELECT record FROM result WHERE stream = 'contract' AND run_id =
  (SELECT run_id FROM job_result WHERE record ->> 'state' IN ('succeeded', 'partial') ORDER BY number DESC LIMIT 1) ORDER BY number;

-- For merge/ledger_take.c, which attaches another ledger.
-- name: attach_source
ATTACH ?1 AS source;
-- name: source_accounts
SELECT s.account, m.account FROM source.account s JOIN main.account m USING (account_id) WHERE is_mine(account_id);
-- name: source_plan_items
SELECT s.plan_item, m.plan_item FROM source.plan_item s JOIN main.plan_item m USING (plan_item_id);
-- name: touch_as_source
UPDATE account SET touched = s.touched FROM source.account s WHERE s.account_id = account.account_id AND is_mine(s.account_id);
-- name: source_statuses
SELECT s.status, m.status FROM source.status s JOIN main.status m USING (name, sending_method);

-- For status: does the last run add up?
-- name: sum_results
-- Rights that were restated are in restatements.ndjson.
SELECT ifnull(sum(stream <> 'rights_restatement'), 0),
  ifnull(sum(iif(stream = 'metric_result', (record ->> 'rights_used') - ifnull(record ->> 'declared_units', 0), 0)), 0),
  ifnull(sum(iif(stream = 'consumption_without_position', record ->> 'units_consumed', 0)), 0), ifnull(sum(stream = 'consumption_balance'), 0)
FROM result WHERE run_id = ?1;
-- name: sum_reported
SELECT ifnull(sum(units_consumed), 0), ifnull(sum(record ->> 'units_consumed'), 0) FROM reported;
-- name: find_unequal_account
-- Of accounts that were not touched since the last report. units_counted() is ledger_billing.c's.
WITH figure (account_id, account, touched, units) AS (
  SELECT account_id, account, touched, ifnull((SELECT sum(units_consumed) FROM reported r WHERE r.account_id = a.account_id), 0) FROM account a
  UNION ALL SELECT account_id, NULL, 0, units_consumed FROM reported WHERE account_id NOT IN (SELECT account_id FROM account) AND units_consumed > 0)
SELECT account_id, units, counted FROM (SELECT *, iif(account IS NULL, 0, units_counted(account, ?1, ?2)) AS counted FROM figure WHERE NOT touched)
WHERE units <> counted ORDER BY account_id LIMIT 1;

-- For export: columns in the order of the stream's fields, or the stored record; in the order of the keys, null first.
-- name: export_account
SELECT organization_id, account_id, account_name, external_account_id, site_id, site_name, asset_group_id, compliant
FROM account WHERE observed_at IS NOT NULL ORDER BY organization_id, account_id;
-- name: export_consumption
SELECT record FROM reported ORDER BY profile, account_id, plan_item_id, period_start;
-- name: export_restatement
SELECT record FROM restatement ORDER BY profile, account_id, plan_item_id, period_start, run_id;
-- name: export_rights_restatement
SELECT result.record FROM job_result JOIN result USING (run_id) WHERE stream = 'rights_restatement'
ORDER BY result.record ->> 'profile', result.record ->> 'software_model', result.record ->> 'license_metric', result.record ->> 'period_start',
  result.record ->> 'entitlement_id', run_id;
-- name: export_job_result
SELECT record FROM job_result ORDER BY run_id;
-- name: export_result
-- Of the last run: ?1 is the stream, ?2 to ?8 its keys.
SELECT record FROM result
WHERE stream = ?1 AND run_id = (SELECT run_id FROM job_result WHERE record ->> 'state' IN ('succeeded', 'partial') ORDER BY number DESC LIMIT 1)
ORDER BY record ->> ?2, record ->> ?3, record ->> ?4, record ->> ?5, record ->> ?6, record ->> ?7, record ->> ?8, number;
-- name: is_late
SELECT 1 FROM late_envelope WHERE envelope_id = ?1;
-- name: export_account_names
SELECT account, account_id FROM account ORDER BY account;
-- name: export_plan_item_names
SELECT plan_item, plan_item_id FROM plan_item ORDER BY plan_item;
-- name: export_status_names
SELECT status, name FROM status ORDER BY status;
-- name: export_sending_methods
SELECT status, sending_method FROM status ORDER BY status;

-- For run/ledger_proof.c: the contents of a ledger, in the order of keys; ?1 is the number of the last promotion by an earlier version, 0 for none:
-- what later versions store of these runs may differ.
-- The keys of names come last, and only those are in the order of names: two ledgers may number the same ones in another way (lib/run/ledger_proof.c).
-- name: prove_account
SELECT account_id, organization_id, account_name, external_account_id, site_id, site_name, asset_group_id, compliant, observed_at, watermark, touched, account
FROM account ORDER BY account_id;
-- name: prove_plan_item
SELECT plan_item_id, plan_item FROM plan_item ORDER BY 1;
-- name: prove_status
SELECT name, sending_method, counted, status FROM status ORDER BY 1, 2;
-- name: prove_account_site
SELECT * FROM account_site WHERE ?1 = 0 OR since > (SELECT unixepoch(record ->> 'started_at') * 1000 FROM job_result WHERE number = ?1) ORDER BY 1, 2;
-- name: prove_subscription
SELECT * FROM subscription ORDER BY 1, 2, 3;
-- name: prove_billing_period
SELECT account_id, period_start, period_end, billing_period.organization_id, units_allowed, units_billed, bulk_units, powerform_units, currency, charges,
  billing_period.observed_at
FROM billing_period LEFT JOIN account USING (account) ORDER BY 1, 2;
-- name: prove_layout
SELECT one, envelopes, undated, (SELECT count(*) FROM sent_week) AS sent_weeks FROM layout ORDER BY one;
-- name: prove_sent_week
SELECT account_id, CASE sent_week.plan_item WHEN 0 THEN '' ELSE plan_item_id END AS plan_item_id, week, envelopes
FROM account CROSS JOIN sent_week USING (account) LEFT JOIN plan_item USING (plan_item) ORDER BY 1, 2, 3;
-- name: prove_late_envelope
SELECT envelope_id, account_id, CASE late_envelope.plan_item WHEN 0 THEN '' ELSE plan_item_id END AS plan_item_id, sent_at, arrived_at
FROM late_envelope LEFT JOIN account USING (account) LEFT JOIN plan_item USING (plan_item) ORDER BY 1;
-- name: prove_conflict
SELECT * FROM conflict ORDER BY 1, 2;
-- name: prove_checkpoint
SELECT * FROM checkpoint ORDER BY one;
-- name: prove_job_result
-- The digests of manifests are compared with the files.
SELECT number, run_id, CASE WHEN number > ?1 THEN json_remove(record, '$.manifest') END AS record FROM job_result ORDER BY number;
-- name: prove_reported
SELECT account_id, plan_item_id, period_start, profile, period_end, units_consumed, reported.state, CASE WHEN number > ?1 THEN reported.run_id END AS run_id,
  CASE WHEN number > ?1 THEN reported.record END AS record
FROM reported LEFT JOIN job_result USING (run_id) ORDER BY 1, 2, 3, 4;
-- name: prove_restatement
SELECT account_id, plan_item_id, period_start, profile, run_id, units_before, units_after, cause, CASE WHEN number > ?1 THEN restatement.record END AS record
FROM restatement LEFT JOIN job_result USING (run_id) ORDER BY 1, 2, 3, 4, 5;
-- name: prove_result
SELECT result.* FROM result LEFT JOIN job_result USING (run_id) WHERE job_result.number IS NULL OR job_result.number > ?1 ORDER BY 1, 2, 3;
