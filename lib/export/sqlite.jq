# {profile, schemas}: SCHEMA messages, to the SQL that loads their streams into a SQLite file. The lines of an export are in export.ndjson, as they
# are: no separator of .import occurs in them, since control characters are escaped. `profile` is whose ledger it was.

def name: "\"" + gsub("\""; "\"\"") + "\"";
def literal: "'" + gsub("'"; "''") + "'";
def types: .type | if type == "array" then . else [.] end - ["null"];
def column_type:
  {"[\"integer\"]": "INTEGER", "[\"boolean\"]": "INTEGER", "[\"integer\",\"string\"]": "ANY"}[types | tojson] // "TEXT";

# Null in a key is ''.
def value($profile; $key; $keys):
  ("$.record." + $key | literal) as $path
  | if $key == "profile" then "coalesce(json_extract(line, \($path)), \($profile | literal))"
    elif $key | IN($keys[]) then "coalesce(json_extract(line, \($path)), '')"
    else "json_extract(line, \($path))" end;

def load($profile):
  (.key_properties - ["profile"]) as $keys
  | (.schema.properties | del(.profile)) as $columns
  | "{\"type\":\"RECORD\",\"stream\":\"\(.stream)\"," as $begin
  | "CREATE TABLE IF NOT EXISTS \(.stream | name) (\n  profile TEXT NOT NULL,\n"
    + ([$columns | to_entries[] | "  \(.key | name) \(.value | column_type)" + (if .key | IN($keys[]) then " NOT NULL" else "" end) + ",\n"] | add)
    + "  PRIMARY KEY (\(["profile"] + $keys | map(name) | join(", ")))\n) STRICT, WITHOUT ROWID;\n"
    + "INSERT INTO \(.stream | name) (profile, \($columns | keys_unsorted | map(name) | join(", ")))\nSELECT \(value($profile; "profile"; $keys))"
    + ([$columns | keys_unsorted[] | ",\n  " + value($profile; .; $keys)] | add)
    + "\nFROM staged WHERE substr(line, 1, \($begin | length)) = \($begin | literal);";

[
"PRAGMA journal_mode = OFF;\nPRAGMA synchronous = OFF;",
"CREATE TEMP TABLE staged (line TEXT);\n.mode ascii\n.separator \"\\037\" \"\\n\"\n.import export.ndjson staged\nBEGIN;",
(.profile as $profile | .schemas[] | load($profile)),
"COMMIT;"
] | {script: (join("\n") + "\n")}
