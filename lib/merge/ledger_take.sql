-- From the attached database `source` into main: what belongs to the accounts of a shard, is_mine(), but not the envelopes, and the rest whole.

INSERT OR IGNORE INTO plan_item SELECT * FROM source.plan_item;
INSERT INTO plan_item (plan_item_id) SELECT plan_item_id FROM source.plan_item s
WHERE NOT EXISTS (SELECT 1 FROM main.plan_item m WHERE m.plan_item_id = s.plan_item_id) ORDER BY plan_item;

INSERT OR IGNORE INTO status SELECT * FROM source.status;
INSERT INTO status (name, counted, sending_method) SELECT name, counted, sending_method FROM source.status s
WHERE NOT EXISTS (SELECT 1 FROM main.status m WHERE (m.name, m.sending_method) = (s.name, s.sending_method)) ORDER BY status;

INSERT OR IGNORE INTO account SELECT * FROM source.account WHERE is_mine(account_id);
INSERT INTO account (account_id) SELECT account_id FROM source.account s
WHERE is_mine(account_id) AND NOT EXISTS (SELECT 1 FROM main.account m WHERE m.account_id = s.account_id) ORDER BY account;
UPDATE account SET organization_id = s.organization_id, account_name = s.account_name, external_account_id = s.external_account_id, site_id = s.site_id,
  site_name = s.site_name, asset_group_id = s.asset_group_id, compliant = s.compliant, observed_at = s.observed_at
FROM source.account s WHERE s.account_id = account.account_id AND is_mine(s.account_id)
  AND s.observed_at IS NOT NULL AND (account.observed_at IS NULL OR account.observed_at < s.observed_at);
UPDATE account SET watermark = s.watermark FROM source.account s WHERE s.account_id = account.account_id AND is_mine(s.account_id)
  AND s.watermark IS NOT NULL AND (account.watermark IS NULL OR account.watermark < s.watermark);
UPDATE account SET touched = 1 FROM source.account s WHERE s.account_id = account.account_id AND is_mine(s.account_id) AND s.touched AND NOT account.touched;
INSERT OR IGNORE INTO account_site SELECT * FROM source.account_site WHERE is_mine(account_id);

INSERT INTO subscription SELECT * FROM source.subscription WHERE true
ON CONFLICT DO UPDATE SET subscription_name = excluded.subscription_name, plan_id = excluded.plan_id, plan_name = excluded.plan_name,
  plan_item_name = excluded.plan_item_name, asset_group_id = excluded.asset_group_id, asset_group_name = excluded.asset_group_name,
  associated_accounts_count = excluded.associated_accounts_count, software_model = ifnull(excluded.software_model, software_model),
  observed_at = excluded.observed_at WHERE observed_at < excluded.observed_at;

INSERT INTO billing_period SELECT m.account, period_start, period_end, b.organization_id, units_allowed, units_billed, bulk_units, powerform_units,
  currency, charges, b.observed_at
FROM source.billing_period b JOIN source.account s USING (account) JOIN main.account m USING (account_id) WHERE is_mine(account_id)
ON CONFLICT DO UPDATE SET period_end = excluded.period_end, organization_id = excluded.organization_id, units_allowed = excluded.units_allowed,
  units_billed = excluded.units_billed, bulk_units = excluded.bulk_units, powerform_units = excluded.powerform_units, currency = excluded.currency,
  charges = excluded.charges, observed_at = excluded.observed_at WHERE observed_at < excluded.observed_at;

INSERT OR IGNORE INTO late_envelope SELECT envelope_id, m.account, ifnull(n.plan_item, 0), sent_at, arrived_at
FROM source.late_envelope l JOIN source.account s USING (account) JOIN main.account m USING (account_id)
  LEFT JOIN source.plan_item p ON p.plan_item = l.plan_item LEFT JOIN main.plan_item n ON n.plan_item_id = p.plan_item_id WHERE is_mine(account_id);

INSERT OR IGNORE INTO conflict SELECT * FROM source.conflict;
INSERT OR IGNORE INTO job_result SELECT * FROM source.job_result;
INSERT OR IGNORE INTO result SELECT * FROM source.result;
INSERT OR IGNORE INTO reported SELECT * FROM source.reported WHERE is_mine(account_id);
INSERT OR IGNORE INTO restatement SELECT * FROM source.restatement WHERE is_mine(account_id);
