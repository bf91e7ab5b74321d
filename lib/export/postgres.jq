# {schemas}: SCHEMA messages, to the psql script that loads their streams into the schema `envtally`, in one transaction. The lines of the
# export come on psql's standard input, as CSV of one column: quote and delimiter are control characters, which JSON escapes. So
# nothing in a record can be taken for an end of data (a line \. within a quoted CSV cell is, by psql before 18).
# :profile is whose ledger it was. With :change 1 the lines are only those that came since the load of the digest :before and, behind a -, those that
# went. Where the database is not as that load has left it, the script prints `again` and changes nothing: then all lines have to come. :after is
# the digest of what is loaded, empty where that is not all streams.

# What a run added stays, also when the ledger was begun anew.
def history: ["restatement", "rights_restatement", "job_result"];

def name: "\"" + gsub("\""; "\"\"") + "\"";
def literal: "'" + gsub("'"; "''") + "'";
def types: .type | if type == "array" then . else [.] end - ["null"];
def column_type:
  if .format == "date-time" then "timestamptz" elif .format == "date" then "date"
  else {"[\"integer\"]": "bigint", "[\"boolean\"]": "boolean", "[\"object\"]": "jsonb", "[\"array\"]": "jsonb"}[types | tojson] // "text" end;
def names: map(name) | join(", ");
def names_of($table): map("\($table).\(name)") | join(", ");

# [{name, type, is_key}] of a stream, the profile first. It is part of every key.
def columns:
  .key_properties as $keys
  | [{name: "profile", type: "text", is_key: true}]
    + [.schema.properties | del(.profile) | to_entries[] | {name: .key, type: (.value | column_type), is_key: (.key | IN($keys[]))}];

def declaration: "\(.name | name) \(.type)" + if .is_key then " NOT NULL" else "" end;

def create:
  columns as $columns
  | "CREATE TABLE envtally.\(.stream | name) (\($columns | map(declaration) | join(", ")), PRIMARY KEY (\([$columns[] | select(.is_key).name] | names)))";

# Null in a key is ''.
def value:
  if .type == "jsonb" then "nullif(record -> \(.name | literal), 'null')"
  else "(record ->> \(.name | literal))" + if .type == "text" then "" else "::\(.type)" end end;
def selected:
  if .name == "profile" then "coalesce(record ->> 'profile', :'profile')"
  elif .is_key and .type == "text" then "coalesce(\(value), '')"
  else value end;

def begin: "{\"type\":\"RECORD\",\"stream\":\"\(.stream)\",";

# Its key has an index: a plan that looks into it row by row is never quadratic, whatever is known of the other table.
def stage:
  columns as $columns
  | [$columns[].name] as $all | [$columns[] | select(.is_key).name] as $keys
  | "staged_\(.stream)" as $staged
  | begin as $begin
  | "
CREATE TEMP TABLE \($staged | name) (\($columns | map(declaration) | join(", ")), PRIMARY KEY (\($keys | names))) ON COMMIT DROP;
INSERT INTO \($staged | name) (\($all | names))
SELECT \($columns | map(selected) | join(",\n  "))
FROM (SELECT line::jsonb -> 'record' AS record FROM staged WHERE left(line, \($begin | length)) = \($begin | literal)) AS records;
ANALYZE \($staged | name);";

def load:
  columns as $columns
  | [$columns[].name] as $all | [$columns[] | select(.is_key).name] as $keys | ($all - $keys) as $rest
  | "staged_\(.stream)" as $staged
  | begin as $begin
  | "
INSERT INTO envtally.\(.stream | name) AS kept (\($all | names))
SELECT \($all | names) FROM \($staged | name)
ON CONFLICT (\($keys | names)) DO UPDATE SET (\($rest | names)) = ROW (\($rest | names_of("excluded")))
WHERE (\($rest | names_of("kept"))) IS DISTINCT FROM (\($rest | names_of("excluded")));"
    + if .stream | IN(history[]) then "" else "
\\if :change
DELETE FROM envtally.\(.stream | name) AS kept USING (SELECT \($columns | map(select(.is_key) | "\(selected) AS \(.name | name)") | join(", "))
  FROM (SELECT substr(line, 2)::jsonb -> 'record' AS record FROM staged WHERE left(line, \($begin | length + 1)) = \("-" + $begin | literal)) AS records) AS gone
WHERE \($keys | map("gone.\(name) = kept.\(name)") | join(" AND ")) AND NOT EXISTS
  (SELECT FROM \($staged | name) AS staged WHERE \($keys | map("staged.\(name) = kept.\(name)") | join(" AND ")));
\\else
DELETE FROM envtally.\(.stream | name) AS kept WHERE profile = :'profile' AND NOT EXISTS
  (SELECT FROM \($staged | name) AS staged WHERE \($keys | map("staged.\(name) = kept.\(name)") | join(" AND ")));
\\endif" end;

# Views for dashboards, made when their tables are there, by who owns the schema's tables or may create some. Where a newer version has another text,
# the view is replaced: columns are only ever added, at the end. In doc/running.md they are listed.
def views: [
  {name: "position_now", tables: ["metric_result", "forecast"], sql: "
SELECT r.profile, r.publisher, r.product, r.software_model, r.license_metric, r.unit, (r.period_start AT TIME ZONE 'UTC')::date AS first_day,
  (r.period_end AT TIME ZONE 'UTC')::date - 1 AS last_day, r.rights_owned, r.rights_used,
  CASE WHEN r.rights_owned ~ '^[1-9][0-9]*$' THEN round(100.0 * r.rights_used / r.rights_owned::numeric, 1) END AS used_percent,
  r.rights_available, r.over_licensed_rights, r.unlicensed_rights, r.status, r.currency, r.true_up_cost::numeric AS true_up_cost,
  r.potential_savings::numeric AS potential_savings, r.current_period_spend::numeric AS spend, f.expected_units, f.low_units, f.high_units,
  f.exhausted_on, f.days_left, f.expected_true_up_cost::numeric AS expected_true_up_cost, f.warning, r.declared_units
FROM envtally.metric_result r LEFT JOIN envtally.forecast f USING (profile, software_model, license_metric, period_start)
WHERE r.period_state = 'open'"},
  {name: "burn_down", tables: ["consumption", "daily_consumption", "subscription", "metric_result"], sql: "
SELECT u.profile, u.software_model, (u.period_start AT TIME ZONE 'UTC')::date AS first_day, (u.period_end AT TIME ZONE 'UTC')::date - 1 AS last_day, u.day,
  u.units_consumed, sum(u.units_consumed) OVER (PARTITION BY u.profile, u.software_model, u.period_start ORDER BY u.day)::bigint AS units_to_date,
  r.rights_owned
FROM (SELECT c.profile, s.software_model, c.period_start, c.period_end, d.day, sum(d.units_consumed)::bigint AS units_consumed
  FROM envtally.daily_consumption d JOIN envtally.consumption c ON c.profile = d.profile AND c.account_id = d.account_id AND c.plan_item_id = d.plan_item_id
    AND d.day >= (c.period_start AT TIME ZONE 'UTC')::date AND d.day < (c.period_end AT TIME ZONE 'UTC')::date
  LEFT JOIN (SELECT profile, plan_item_id, min(software_model) AS software_model FROM envtally.subscription GROUP BY profile, plan_item_id) s
    ON s.profile = c.profile AND s.plan_item_id = c.plan_item_id
  GROUP BY c.profile, s.software_model, c.period_start, c.period_end, d.day) u
LEFT JOIN (SELECT profile, software_model, period_start, min(rights_owned) AS rights_owned FROM envtally.metric_result
  GROUP BY profile, software_model, period_start HAVING count(*) = 1) r USING (profile, software_model, period_start)"},
  {name: "chargeback", tables: ["group_result"], sql: "
SELECT profile, group_type, group_kind, group_value, group_name, software_model, license_metric, unit, (period_start AT TIME ZONE 'UTC')::date AS first_day,
  (period_end AT TIME ZONE 'UTC')::date - 1 AS last_day, rights_used, rights_owned, rights_available, unlicensed_rights, status, currency,
  true_up_cost::numeric AS true_up_cost, declared_units FROM envtally.group_result"},
  {name: "freshness", tables: ["account", "watermark"], sql: "
SELECT a.profile, a.account_id, a.account_name, w.watermark, extract(epoch FROM now() - w.watermark)::bigint / 86400 AS days_old,
  CASE WHEN w.watermark IS NULL THEN 'never read' WHEN now() - w.watermark > interval '10 days' THEN 'stale' ELSE 'fresh' END AS state
FROM envtally.account a LEFT JOIN envtally.watermark w USING (profile, account_id)"},
  {name: "restatements", tables: ["restatement", "account", "job_result"], sql: "
SELECT r.profile, j.started_at AS restated_at, r.run_id, r.account_id, a.account_name, r.plan_item_id, (r.period_start AT TIME ZONE 'UTC')::date AS first_day,
  (r.period_end AT TIME ZONE 'UTC')::date - 1 AS last_day, r.units_before, r.units_after, r.delta, r.cause
FROM envtally.restatement r LEFT JOIN (SELECT profile, account_id, min(account_name) AS account_name FROM envtally.account GROUP BY profile, account_id) a
  USING (profile, account_id) LEFT JOIN envtally.job_result j USING (profile, run_id)"},
  {name: "rights_restatements", tables: ["rights_restatement", "job_result"], sql: "
SELECT r.profile, j.started_at AS restated_at, r.run_id, r.software_model, r.license_metric, (r.period_start AT TIME ZONE 'UTC')::date AS first_day,
  (r.period_end AT TIME ZONE 'UTC')::date - 1 AS last_day, r.entitlement_id, r.line, r.line_before, r.rights_before, r.rights_after, r.delta, r.days_before,
  r.days_after, r.currency_before, r.spend_before::numeric AS spend_before, r.currency_after, r.spend_after::numeric AS spend_after, r.cause
FROM envtally.rights_restatement r LEFT JOIN envtally.job_result j USING (profile, run_id)"}];

def view:
  "envtally.\(.name)" as $view
  | "CREATE OR REPLACE VIEW \($view) AS\(.sql); COMMENT ON VIEW \($view) IS \(.sql | literal)" as $make
  | "SELECT \($make | literal) WHERE \(.tables | map("to_regclass(\("envtally.\(.)" | literal)) IS NOT NULL") | join(" AND "))
  AND CASE WHEN to_regclass(\($view | literal)) IS NULL THEN has_schema_privilege('envtally', 'CREATE')
  ELSE obj_description(to_regclass(\($view | literal)), 'pg_class') IS DISTINCT FROM \(.sql | literal)
    AND (SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = to_regclass(\($view | literal))) END \\gexec";

.schemas as $schemas
| ([$schemas[] | "(SELECT count(*) FROM envtally.\(.stream | name) WHERE profile = :'profile')"] | join(" + ")) as $rows
| ["BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL standard_conforming_strings = on;
CREATE TEMP TABLE staged (line text) ON COMMIT DROP;
\\copy staged FROM pstdin WITH (FORMAT csv, QUOTE e'\\x01', DELIMITER e'\\x02', ENCODING 'UTF8')",
($schemas[] | stage),
"-- One load at a time, once its rows are staged.
SELECT pg_advisory_xact_lock(hashtext('envtally'));
-- What is there is not made again: that would ask for rights, and lock out readers, without need.
SELECT 'CREATE SCHEMA envtally' WHERE to_regnamespace('envtally') IS NULL \\gexec",
($schemas[] | "SELECT \(create | literal) WHERE to_regclass(\("envtally.\(.stream | name)" | literal)) IS NULL \\gexec"),
"SELECT 'CREATE TABLE envtally.loaded (profile text PRIMARY KEY, digest text NOT NULL, rows bigint NOT NULL, loaded_at timestamptz NOT NULL)'
WHERE to_regclass('envtally.loaded') IS NULL AND has_schema_privilege('envtally', 'CREATE') \\gexec
SELECT coalesce(has_table_privilege(to_regclass('envtally.loaded')::oid, 'SELECT') AND has_table_privilege(to_regclass('envtally.loaded')::oid, 'INSERT')
  AND has_table_privilege(to_regclass('envtally.loaded')::oid, 'UPDATE') AND has_table_privilege(to_regclass('envtally.loaded')::oid, 'DELETE'), false)
  AS has_loaded \\gset
CREATE TEMP TABLE missing_column ON COMMIT DROP AS SELECT stream, name, type
FROM (VALUES " + ([$schemas[] | .stream as $stream | columns[] | "(\($stream | literal), \(.name | literal), \(.type | literal))"] | join(", ")) + ") AS wanted (stream, name, type)
WHERE NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass('envtally.' || quote_ident(stream)) AND attname = name AND NOT attisdropped);
\\set same f
\\if :has_loaded
SELECT EXISTS (SELECT FROM envtally.loaded WHERE profile = :'profile' AND digest = :'before' AND rows = \($rows))
  AND NOT EXISTS (SELECT FROM missing_column) AS same \\gset
\\endif
\\if :change
\\if :same
\\else
\\echo again
\\quit
\\endif
\\endif
SELECT format('ALTER TABLE envtally.%I ADD COLUMN %I %s', stream, name, type) FROM missing_column \\gexec",
($schemas[] | load),
(views[] | view),
"\\if :has_loaded
DELETE FROM envtally.loaded WHERE profile = :'profile';
INSERT INTO envtally.loaded SELECT :'profile', :'after', \($rows), now() WHERE :'after' <> '';
\\endif",
"COMMIT;"
] | {script: (join("\n") + "\n")}
