# {schemas}: SCHEMA messages, to the psql script that loads their streams into the schema `envtally`, in one transaction. The lines of the
# export come on psql's standard input, as CSV of one column: quote and delimiter are control characters, which JSON escapes. So
# nothing in a record can be taken for an end of data (a line \. within a quoted CSV cell is, by psql before 18).
# :profile is whose ledger it was.

# What a run added stays, also when the ledger was begun anew.
def history: ["restatement", "job_result"];

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

def load:
  columns as $columns
  | [$columns[].name] as $all | [$columns[] | select(.is_key).name] as $keys | ($all - $keys) as $rest
  | "staged_\(.stream)" as $staged
  | "{\"type\":\"RECORD\",\"stream\":\"\(.stream)\"," as $begin
  | "
CREATE TEMP TABLE \($staged | name) (\($columns | map(declaration) | join(", "))) ON COMMIT DROP;
INSERT INTO \($staged | name) (\($all | names))
SELECT \($columns | map(selected) | join(",\n  "))
FROM (SELECT line::jsonb -> 'record' AS record FROM staged WHERE left(line, \($begin | length)) = \($begin | literal)) AS records;
ANALYZE \($staged | name);
INSERT INTO envtally.\(.stream | name) AS kept (\($all | names))
SELECT \($all | names) FROM \($staged | name)
ON CONFLICT (\($keys | names)) DO UPDATE SET (\($rest | names)) = ROW (\($rest | names_of("excluded")))
WHERE (\($rest | names_of("kept"))) IS DISTINCT FROM (\($rest | names_of("excluded")));"
    + if .stream | IN(history[]) then "" else "
DELETE FROM envtally.\(.stream | name) AS kept WHERE profile = :'profile' AND NOT EXISTS
  (SELECT FROM \($staged | name) AS staged WHERE \($keys | map("staged.\(name) = kept.\(name)") | join(" AND ")));" end;

.schemas as $schemas
| ["BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL standard_conforming_strings = on;
-- One load at a time.
SELECT pg_advisory_xact_lock(hashtext('envtally'));
-- What is there is not made again: that would ask for rights, and lock out readers, without need.
SELECT 'CREATE SCHEMA envtally' WHERE to_regnamespace('envtally') IS NULL \\gexec",
($schemas[] | "SELECT \(create | literal) WHERE to_regclass(\("envtally.\(.stream | name)" | literal)) IS NULL \\gexec"),
"SELECT format('ALTER TABLE envtally.%I ADD COLUMN %I %s', stream, name, type)
FROM (VALUES " + ([$schemas[] | .stream as $stream | columns[] | "(\($stream | literal), \(.name | literal), \(.type | literal))"] | join(", ")) + ") AS wanted (stream, name, type)
WHERE NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass('envtally.' || quote_ident(stream)) AND attname = name AND NOT attisdropped) \\gexec
CREATE TEMP TABLE staged (line text) ON COMMIT DROP;
\\copy staged FROM pstdin WITH (FORMAT csv, QUOTE e'\\x01', DELIMITER e'\\x02', ENCODING 'UTF8')",
($schemas[] | load),
"COMMIT;"
] | {script: (join("\n") + "\n")}
