#!/usr/bin/env bats
# export: the ledger for other programs. Its output is compared with the run's own files and the recorded pages; loaded data, with its
# output. PostgreSQL is a server that this file starts, if one is installed.

# $1 in quotes is the inner shell's; variables of helper; a loop's test is meant to end the test.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154,SC2314

load helper
load recording
load values

pipeline=$root/pipeline.sh
export ENVTALLY_BIN=${ENVTALLY_BIN:-$root/bin}
exporter=$ENVTALLY_BIN/export # `export` alone is the shell's own

setup_file() {
	local server_bin
	# One workspace for all, with one night; copies are cheap.
	acme_after 1 "$BATS_FILE_TMPDIR/ws"
	server_bin=$(dirname "$(command -v initdb || printf '%s\n' /usr/lib/postgresql/*/bin/initdb | sort -V | tail -n 1)")
	if [ -x "$server_bin/initdb" ] && command -v psql >/dev/null; then start_server "$server_bin"; fi
}

# The server refuses to be root, and who it is then cannot look into our folders. Its socket's path must be short, whatever TMPDIR is. Nothing
# of it works in the background, which holds up CREATE DATABASE on a busy machine, or needs room in /dev/shm.
start_server() { # BIN
	local as=() user
	export server_bin=$1 server
	server=$(mktemp -d /tmp/envtally.XXXXXX)
	if [ "$(id -u)" -eq 0 ]; then
		for user in postgres nobody; do
			id "$user" >/dev/null 2>&1 || continue
			as=(setpriv "--reuid=$user" "--regid=$(id -g "$user")" --clear-groups)
			chown "$user" "$server"
			break
		done
	fi
	chmod 711 "$server"
	(
		cd /
		"${as[@]}" "$server_bin/initdb" -D "$server/data" -A trust -U envtally -E UTF8 --locale=C.UTF-8 --no-sync >"$BATS_FILE_TMPDIR/initdb" 2>&1
		"${as[@]}" "$server_bin/pg_ctl" -D "$server/data" -w -t 600 -l "$server/log" \
			-o "-k $server -c listen_addresses='' -c fsync=off -c unix_socket_permissions=0777 -c autovacuum=off \
				-c jit=off -c max_parallel_workers_per_gather=0 -c dynamic_shared_memory_type=mmap" start </dev/null >/dev/null 2>&1 3>&-
	) || {
		cat "$BATS_FILE_TMPDIR/initdb" "$server/log" >&2
		return 1
	}
}

teardown_file() {
	[ -z "${server-}" ] || {
		kill -QUIT "$(head -n 1 "$server/data/postmaster.pid")"
		eventually test ! -e "$server/data/postmaster.pid"
		rm -rf "$server"
	}
}

setup() {
	mkdir "$BATS_TEST_TMPDIR/work"
	cd "$BATS_TEST_TMPDIR/work" || return 1
	cp -r "$BATS_FILE_TMPDIR/ws" .
	ledger=ws/ledger/acme.db
	latest=ws/runs/acme/20250318T020000Z
}

# A database of this test's own on the server.
needs_server() {
	[ -n "${server-}" ] || skip "no PostgreSQL server is installed (initdb, psql)"
	export PGHOST=$server PGUSER=envtally PGDATABASE=test$BATS_TEST_NUMBER PGOPTIONS='-c timezone=UTC'
	psql -X -q -d postgres -c "CREATE DATABASE $PGDATABASE"
}
query() { psql -X -A -t -q -v ON_ERROR_STOP=1 -c "$1"; }
load() { "$pipeline" export -q -C ws --format postgres "$@"; }

sorted_records() { jq -c --sort-keys 'select(.type == "RECORD") | .record' | LC_ALL=C sort; }

# The latest version of each envelope, by jq, from the recorded pages.
envelopes_by_jq() { # NIGHT…
	raw_of "$@" | jq -n -c --sort-keys '
		def id: if . == null or . == "" then null else ascii_downcase end;
		def time: if . == null then null else .[:23] + "Z" end;
		reduce inputs as $one ({}; ($one.envelopeId | id) as $id
			| if .[$id] == null or .[$id].lastModifiedDateTime < $one.lastModifiedDateTime then .[$id] = $one else . end)
		| .[] | {account_id: .accountId | id, envelope_id: .envelopeId | id, status: .status | id, created_at: .createdDateTime | time,
			sent_at: .sentDateTime | time, completed_at: .completedDateTime | time, modified_at: .lastModifiedDateTime | time,
			plan_item_id: .planItemId | id, sender_id: .sender.userId | id}' | LC_ALL=C sort
}

# Accounts of which every name is one that some reader trips over, in the ledger hostile.db.
hostile_names() {
	jq -nc '["a \"b\" \\ c", "line\n\\.\nline", "cr\r\nlf", "\t tab ", "", " ", "=1+1", "it'"'"'s; DROP TABLE account; --", "🧪", "شركة",
		"\u0001\u0002\u001f", "null", "\\u0000 and \\N", "{}", "a,b", "e\u0301\u202e"] | to_entries[]
		| {type: "RECORD", stream: "account", record: {organization_id: null, account_id: "a\(.key)", account_name: .value, compliant: (.key % 2 == 0)},
			time_extracted: "2025-03-18T02:00:00Z"}'
}

@test "ndjson: every stream begins with its SCHEMA, and every record is printed once" {
	"$exporter" -l "$ledger" >all
	jq -e . all >/dev/null
	jq -n -e 'reduce inputs as $one ({seen: [], bad: []};
		if $one.type == "SCHEMA" then .seen += [$one.stream] elif (.seen | last) == $one.stream then . else .bad += [$one] end)
		| .bad == [] and (.seen | length) == (.seen | unique | length)' all
	# Keys are unique, also with their nulls, and in order.
	jq -n -e 'reduce inputs as $one ({};
		if $one.type == "SCHEMA" then .keys[$one.stream] = $one.key_properties
		else .keys[$one.stream] as $keys | .rows[$one.stream] += [[$keys[] as $key | $one.record[$key]]] end)
		| .rows | to_entries | map(.key as $stream | select((.value | unique | length) != (.value | length)
			or ($stream != "envelope" and .value != (.value | sort)))) == []' all
	# Every field that a record has is in its SCHEMA, and the other way round.
	jq -n -e 'reduce inputs as $one ({};
		if $one.type == "SCHEMA" then .fields[$one.stream] = ($one.schema.properties | keys)
		elif .fields[$one.stream] == ($one.record | keys) then . else .bad += [$one] end) | .bad == null' all
}

@test "ndjson: what the run reported is what its own files have" {
	"$exporter" -l "$ledger" >all
	for pair in consumption:consumption.ndjson restatement:restatements.ndjson metric_result:results.ndjson unrecognized_subscription:results.ndjson; do
		jq -c --arg stream "${pair%:*}" 'select(.stream == $stream)' all | sorted_records >got
		jq -c --arg stream "${pair%:*}" 'select(.stream == $stream)' "$latest/${pair#*:}" | sorted_records >expected
		same_files expected got
	done
	same_files <(jq -c --sort-keys . "$latest/job.json") <(jq -c --sort-keys 'select(.stream == "job_result" and .type == "RECORD").record | del(.manifest)' all)
}

@test "ndjson: envelopes are the latest versions of those in the recorded pages, by jq" {
	envelopes_by_jq 20250318T020000Z >expected
	"$exporter" -l "$ledger" -s envelope | sorted_records >got
	same_files expected got
	[ "$(wc -l <got)" -gt 1000 ]
	rm -r ws
	acme_after 3 ws
	# shellcheck disable=SC2086
	envelopes_by_jq $nights >expected
	"$exporter" -l "$ledger" -s envelope | sorted_records >got
	same_files expected got
}

@test "ndjson: daily consumption is what merge prints, and accounts, subscriptions and watermarks too" {
	merge -q -l "$ledger" --emit all </dev/null | jq -c 'select(.record.units_consumed != 0)' >merged
	"$exporter" -l "$ledger" >all
	for stream in daily_consumption account subscription watermark; do
		same_files <(jq -c "select(.stream == \"$stream\")" merged | sorted_records) <(jq -c "select(.stream == \"$stream\")" all | sorted_records)
	done
	[ "$(jq -c 'select(.stream == "daily_consumption")' all | wc -l)" -gt 100 ]
}

@test "ndjson: the order of envelopes does not depend on the order in which they were merged" {
	raw_of 20250318T020000Z | head -n 400 >raw
	normalize <raw | merge -q -l one.db -e none
	for part in 1 2 3; do
		split -n "l/$part/3" raw | shuffled "$part" | normalize | merge -q -l many.db -e none
	done
	"$exporter" -l one.db -s envelope >one
	"$exporter" -l many.db -s envelope >many
	same_files one many
}

@test "csv: sqlite3 reads back the values of the ndjson, for every stream" {
	hostile_names | merge -q -l "$ledger" -e none
	mkdir csv
	"$exporter" -l "$ledger" -f csv --plain-cells -o csv
	"$exporter" -l "$ledger" >all
	jq -r 'select(.type == "SCHEMA") | .stream + " " + (.schema.properties | keys_unsorted | join(","))' all >streams
	same "$(cut -d ' ' -f 1 streams | sort)" "$(cd csv && printf '%s\n' *.csv | sed 's/\.csv$//')"
	while read -r stream fields; do
		same "$fields"$'\r' "$(head -n 1 "csv/$stream.csv")"
		printf '{"%s": [' "$stream"
		sqlite3 -cmd ".import --csv csv/$stream.csv it" -json :memory: "SELECT * FROM it"
		printf ']}\n'
	done <streams >rows || {
		cat rows
		return 1
	}
	jq -c --sort-keys 'to_entries[] | .key as $stream | .value[][] | {($stream): .}' rows | LC_ALL=C sort >got
	jq -c --sort-keys 'select(.type == "RECORD") | {(.stream): (.record |
		map_values(if . == null then "" elif type == "string" then . else tojson end))}' all | LC_ALL=C sort >expected
	same_files expected got
	# An empty text and null are two things.
	grep -q '^,a4,"",,' csv/account.csv
	# On standard output, the same.
	"$exporter" -l "$ledger" -f csv --plain-cells -s account | cmp - csv/account.csv
}

@test "csv for spreadsheets: the last day of a period beside its exclusive end, and lists in place of JSON" {
	acme_after 1 ws
	"$exporter" -l ws/ledger/acme.db -f csv -s consumption | tr -d '\r' >sheet
	"$exporter" -l ws/ledger/acme.db -f csv -s consumption --plain-cells | tr -d '\r' >plain
	query() { sqlite3 -cmd ".import --csv $1 it" :memory: "$2"; }
	# The same rows, and 2024-04-29 for 2024-04-30.
	same "$(query plain 'SELECT date(period_end, "-1 day"), units_consumed, account_id FROM it')" "$(query sheet 'SELECT period_last_day, units_consumed, account_id FROM it')"
	query sheet 'SELECT period_last_day FROM it' | grep -qx 2024-04-29
	[[ $(head -n 1 sheet) == *,period_end,period_last_day,* ]]
	run ! grep -q '[{}]' sheet
	grep -q '{' plain
	query sheet 'SELECT by_status FROM it' | grep -qE '^[a-z]+: [0-9]+(; [a-z]+: [0-9]+)*$'
	same "$(query plain "SELECT group_concat(key || ': ' || value, '; ') FROM it, json_each(it.by_status) GROUP BY it.rowid")" "$(query sheet 'SELECT by_status FROM it')"
}

@test "csv: what a spreadsheet would run as a formula has an apostrophe before it, unless plain cells are asked for; numbers stay numbers" {
	jq -nc '["=1+1", "+cmd|x", "-2+3", "@SUM(A1)", "\tx", "\rx", "-5", "+5.25", "-", "-.", "- 1", "a=b"] | to_entries[] |
		{type: "RECORD", stream: "account", record: {account_id: "s\(.key)", account_name: .value}}' | merge -q -l s.db -e none
	"$exporter" -l s.db -f csv -s account >csv
	same "'=1+1|'+cmd|x|'-2+3|'@SUM(A1)|'	x|-5|+5.25|'-|'-.|'- 1|a=b" "$(sqlite3 -cmd '.import --csv csv it' :memory: "SELECT group_concat(account_name, '|') FROM (SELECT * FROM it WHERE account_id <> 's5' ORDER BY substr(account_id, 2) + 0)")"
	grep -q "\"'"$'\rx"' csv
	run -1 grep "'" <("$exporter" -l s.db -f csv -s account --plain-cells)
	mkdir -p ws/profiles
	"$pipeline" export -C ws --format csv --stream account --plain-cells | grep -q ,
}

@test "sqlite: tables with types and keys, whose sums are the run's" {
	hostile_names | merge -q -l "$ledger" -e none
	"$pipeline" export -q -C ws --format sqlite --to out.db
	same ok "$(sqlite3 out.db 'PRAGMA integrity_check')"
	same "$(jq -s 'map(select(.type == "RECORD").record.units_consumed) | add' "$latest/consumption.ndjson")" \
		"$(sqlite3 out.db 'SELECT sum(units_consumed) FROM consumption')"
	same "$(raw_of 20250318T020000Z | jq -r '.envelopeId | ascii_downcase' | sort -u | wc -l)" "$(sqlite3 out.db 'SELECT count(*) FROM envelope')"
	same "$(sqlite3 out.db 'SELECT sum(value) FROM consumption, json_each(by_status)')" "$(sqlite3 out.db 'SELECT sum(units_consumed) FROM consumption')"
	same 'profile,account_id,plan_item_id,period_start' "$(sqlite3 out.db "SELECT group_concat(name) FROM (SELECT name FROM pragma_table_info('consumption') WHERE pk ORDER BY pk)")"
	same 'integer|text|acme' "$(sqlite3 out.db 'SELECT DISTINCT typeof(units_consumed), typeof(period_start), profile FROM consumption')"
	sqlite3 -json out.db "SELECT account_id, account_name, compliant FROM account WHERE account_id LIKE 'a%'" | jq -c '.[]' | sort >got
	hostile_names | jq -c '.record | {account_id, account_name, compliant: (if .compliant then 1 else 0 end)}' | sort >expected
	same_files expected got
}

@test "sqlite: profiles side by side, the file is replaced, and only the requested streams are in it" {
	cp "$ledger" ws/ledger/other.db
	jq '.name = "other"' ws/profiles/acme.json >ws/profiles/other.json
	echo old >out.db
	"$pipeline" export -q -C ws --format sqlite --to out.db --stream watermark --stream account
	same $'account\nwatermark' "$(sqlite3 out.db "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY 1")"
	same $'acme|6\nother|6' "$(sqlite3 out.db 'SELECT profile, count(*) FROM account GROUP BY 1')"
	same out.db "$(find . -maxdepth 1 -name '*.db' -printf '%f\n')"
	same '' "$(find . -name '.export*')"
}

@test "driver: ndjson and csv, to a file, a folder, standard output" {
	"$exporter" -l "$ledger" >expected
	"$pipeline" export -q -C ws | cmp expected -
	"$pipeline" export -q -C ws --to got.ndjson
	same_files expected got.ndjson
	"$pipeline" export -q -C ws --format csv --to deep/folder
	[ "$(sqlite3 -cmd '.import --csv deep/folder/envelope.csv it' :memory: 'SELECT count(*) FROM it')" -gt 1000 ]
	"$pipeline" export -q -C ws --format csv --stream metric_result | cmp - deep/folder/metric_result.csv
	# With a ledger it is the stage.
	"$pipeline" export --ledger "$ledger" | cmp expected -
	same '' "$(find . -name '.export*' -o -name '*.??????' -path '*folder*')"
}

@test "an export neither waits for a writer nor holds one up, and is of one moment" {
	"$exporter" -l "$ledger" >expected
	coproc writer { exec sqlite3 "$ledger" 3>&-; }
	writer_pid=$writer_PID # bash forgets it when it ends
	echo 'BEGIN IMMEDIATE; UPDATE account SET account_name = NULL; SELECT 1;' >&"${writer[1]}"
	read -r _ <&"${writer[0]}"
	run -75 --separate-stderr merge -q -l "$ledger" -e none </dev/null
	timeout 60 "$exporter" -l "$ledger" >got
	same_files expected got
	echo 'ROLLBACK;' >&"${writer[1]}"
	eval "exec ${writer[1]}>&-"
	wait "$writer_pid"
	# The other way round: an export that nobody reads on, and a run of merge.
	mkfifo slow
	"$exporter" -l "$ledger" >slow 3>&- &
	exec 4<slow
	read -r first <&4
	envelope '{envelope_id: "new"}' | timeout 60 merge -q -l "$ledger" -e none
	{
		printf '%s\n' "$first"
		cat <&4
	} >got
	exec 4<&-
	same_files expected got
	"$exporter" -l "$ledger" -s envelope | grep -q '"envelope_id":"new"'
}

# A connection that closes last, or recovers a journal, holds the whole file for a moment.
@test "an export waits for who holds the whole ledger for a moment" {
	cp -r "$BATS_FILE_TMPDIR/ws" ws
	coproc sqlite3 ws/ledger/acme.db
	local holder=$COPROC_PID
	printf '%s\n' 'PRAGMA locking_mode = EXCLUSIVE;' 'BEGIN IMMEDIATE;' "SELECT 'held';" >&"${COPROC[1]}"
	local line=
	until [ "$line" = held ]; do read -r line <&"${COPROC[0]}"; done
	"$exporter" --ledger ws/ledger/acme.db --stream contract >got &
	local waiting=$!
	is_at_it() { ls -l "/proc/$waiting/fd" 2>/dev/null | grep -q 'acme\.db' || ! kill -0 "$waiting"; }
	eventually is_at_it
	printf '%s\n' 'COMMIT;' .quit >&"${COPROC[1]}"
	wait "$holder"
	wait "$waiting"
	grep -q '"stream":"contract"' got
}

@test "an empty ledger has every SCHEMA and no record" {
	merge -q -l empty.db -e none </dev/null
	"$exporter" -l empty.db >all
	same SCHEMA "$(jq -r .type all | sort -u)"
	[ "$(wc -l <all)" -ge 10 ]
	run -0 "$exporter" -l empty.db -f csv -s watermark
	same $'account_id,watermark\r' "$output"
	# So has what is not even that: a file of no bytes.
	: >nothing.db
	"$exporter" -l nothing.db | cmp all -
}

@test "mistakes: one line each, with the status for its kind" {
	run --separate-stderr "$exporter"
	fails 64 "export: cannot export without a ledger: --ledger FILE (see --help)"
	run --separate-stderr "$exporter" -l "$ledger" -s envelopes
	refused 64 "export: cannot use --stream 'envelopes': it must be one of account, subscription, envelope,*"
	run --separate-stderr "$exporter" -l "$ledger" -f xml
	fails 64 "export: cannot use --format 'xml': it must be ndjson, singer or csv (see --help)"
	run --separate-stderr "$exporter" -l "$ledger" -f csv
	fails 64 "export: cannot print several streams as CSV: give one --stream, or --output FOLDER for a file each (see --help)"
	run --separate-stderr "$exporter" -l nothing.db
	fails 66 "export: cannot open ledger 'nothing.db': there is no such file"
	[ ! -e nothing.db ]
	printf 'not a database, but long enough to be looked at' >text.db
	run --separate-stderr "$exporter" -l text.db
	refused 65 "export: cannot use ledger 'text.db': *"
	run --separate-stderr "$exporter" -l "$ledger" -f csv -o nowhere
	fails 73 "export: cannot create 'nowhere/account.csv': No such file or directory"
	run --separate-stderr bash -c '"$1" -l "$2" >/dev/full' - "$exporter" "$ledger"
	fails 74 "export: cannot write 'standard output': No space left on device"
	sqlite3 "$ledger" 'UPDATE envelope_block SET rows = substr(rows, 1, length(rows) - 3)'
	mkdir csv
	run --separate-stderr "$exporter" -l "$ledger" -f csv -o csv
	refused 65 "export: cannot use ledger 'ws/ledger/acme.db': *"
	same '' "$(ls csv)"
}

@test "mistakes of the driver" {
	run --separate-stderr "$pipeline" export -C ws --format xml
	fails 64 "pipeline.sh: cannot use --format 'xml': it must be ndjson, singer, csv, sqlite, postgres or focus"
	run --separate-stderr "$pipeline" export -C ws more
	fails 64 "pipeline.sh: cannot use 'more': export takes no operands"
	run --separate-stderr "$pipeline" export -C ws --to
	fails 64 "pipeline.sh: cannot use '--to' without a value"
	run --separate-stderr "$pipeline" export -C ws --format csv
	fails 64 "pipeline.sh: cannot export several streams as CSV: use --to FOLDER, or one --stream"
	run --separate-stderr "$pipeline" export -C ws --format sqlite
	fails 64 "pipeline.sh: cannot export to a SQLite file: use --to FILE"
	run --separate-stderr "$pipeline" export -C ws --format sqlite --to nowhere/out.db
	fails 73 "pipeline.sh: cannot create 'nowhere/out.db': its folder is not writable"
	run --separate-stderr "$pipeline" export -C ws --format ndjson --to ws
	fails 73 "pipeline.sh: cannot create 'ws': it is a folder"
	jq '.name = "other"' ws/profiles/acme.json >ws/profiles/other.json
	run --separate-stderr "$pipeline" export -C ws --to out
	fails 66 "pipeline.sh: cannot export profile 'other': nothing was run yet"
	[ ! -e out ]
	cp "$ledger" ws/ledger/other.db
	run --separate-stderr "$pipeline" export -C ws --format csv --to out
	fails 64 "pipeline.sh: cannot export several profiles as CSV: use -p PROFILE"
	# One that fails leaves what was there.
	echo before >out
	sqlite3 "$ledger" 'UPDATE envelope_block SET rows = substr(rows, 1, length(rows) - 3)'
	for format in ndjson sqlite; do
		run --separate-stderr "$pipeline" export -C ws -p acme --format "$format" --to out
		refused 65 "export: cannot use ledger *"
		same before "$(cat out)"
	done
	same '' "$(find . -name '.export*')"
}

@test "postgres: a password on the command line is refused, and not repeated" {
	mkdir fake
	printf '#!/bin/sh\nexit 0\n' >fake/psql
	chmod +x fake/psql
	for to in 'host=db password=hunter2' 'host=db PassWord = hunter2' 'postgres://me:hunter2@db/x' 'postgresql://db/x?user=me&password=hunter2' 'host=db sslpassword=hunter2'; do
		PATH=$PWD/fake:$PATH run --separate-stderr "$pipeline" export -C ws --format postgres --to "$to"
		fails 64 "pipeline.sh: cannot use --to: it contains a password; put it into a password file (PGPASSFILE) or a service (PGSERVICEFILE)"
	done
	for to in 'postgres://me@db:5432/x' 'host=db passfile=/x' licences; do
		PATH=$PWD/fake:$PATH run -0 --separate-stderr "$pipeline" export -q -C ws --format postgres --to "$to"
	done
	PATH=$PWD/fake:$PATH run --separate-stderr "$pipeline" export -C ws --format postgres --to 'my service'
	fails 64 "pipeline.sh: cannot use --to 'my service': it must be the name of a service, a connection string or a URI"
}

# What PostgreSQL has is the export, in its own form: null in a key is '', the profile is in every row, rights are text. Its times are brought
# into our form by sed: jq needs milliseconds for each text that it matches.
same_everywhere() {
	"$exporter" -l "$ledger" >all
	jq -r 'select(.type == "SCHEMA") | "SELECT jsonb_build_object('"'\\(.stream)'"', to_jsonb(t)) FROM envtally.\(.stream) AS t;"' all >tables.sql
	psql -X -A -t -q -v ON_ERROR_STOP=1 -f tables.sql | sed -E 's/("[0-9]{4}-..-..T..:..:..)([+]00:00")/\1.\2/g
		s/("[0-9]{4}-..-..T..:..:..)([.][0-9]*)[+]00:00"/\1\2000+00:00"/g
		s/("[0-9]{4}-..-..T..:..:..[.]...)[0-9]*[+]00:00"/\1Z"/g' | jq -c --sort-keys . | LC_ALL=C sort >got
	jq -n -c --sort-keys 'foreach inputs as $one ({}; if $one.type == "SCHEMA" then {keys: $one.key_properties} else
		.keys as $keys | .row = {($one.stream): ($one.record | reduce $keys[] as $key (.; .[$key] //= "") | .profile //= "acme"
			| reduce ("rights_owned", "rights_available", "over_licensed_rights", "unlicensed_rights") as $key (.;
				if .[$key] == null then . else .[$key] |= tostring end))} end;
		.row // empty)' all | LC_ALL=C sort >expected
	[ "$(wc -l <expected)" -gt 1000 ]
	same_files expected got
}

@test "postgres: every stream arrives; loading again changes nothing" {
	needs_server
	hostile_names | merge -q -l "$ledger" -e none
	load
	same_everywhere
	[ "$(query 'SELECT count(*) FROM envtally.envelope')" -gt 1000 ]
	versions='SELECT md5(string_agg(t, E'"'\\n'"' ORDER BY t)) FROM (SELECT xmin || ctid::text || k::text AS t FROM envtally.consumption k
		UNION ALL SELECT xmin || ctid::text || k::text FROM envtally.envelope k UNION ALL SELECT xmin || ctid::text || k::text FROM envtally.account k) x'
	before=$(query "$versions")
	load
	same "$before" "$(query "$versions")"
	same_everywhere
}

@test "postgres and sqlite: a NUL, which no text of theirs can hold, is U+FFFD" {
	needs_server
	printf '%s\n' '{"type":"RECORD","stream":"account","record":{"account_id":"a0","account_name":"\u0000n\u0000\u0000l \\u0000 \\\u0000"},"time_extracted":"2025-03-19T02:00:00Z"}' |
		merge -q -l "$ledger" -e none
	expected='�n��l \u0000 \�'
	load --stream account
	same "$expected" "$(query "SELECT account_name FROM envtally.account WHERE account_id = 'a0'")"
	"$pipeline" export -q -C ws --format sqlite --stream account --to out.db
	same "$expected" "$(sqlite3 out.db "SELECT account_name FROM account WHERE account_id = 'a0'")"
}

@test "postgres: the next night's restated figures, new rows and those that went" {
	needs_server
	load
	total='SELECT sum(units_consumed) FROM envtally.consumption'
	before=$(query "$total")
	"$pipeline" run -q -C ws --replay "$acme/nights/20250325T020000Z"
	load
	same_everywhere
	[ "$(query "$total")" -gt "$before" ]
	# Of each restated figure the table has what it is now.
	same "$(jq -r 'select(.type == "RECORD").record.units_after' ws/runs/acme/20250325T020000Z/restatements.ndjson | sort)" \
		"$(query 'SELECT units_after FROM envtally.restatement JOIN envtally.consumption USING (profile, account_id, plan_item_id, period_start)
			WHERE units_after = units_consumed' | sort)"
	same 2 "$(query 'SELECT count(*) FROM envtally.job_result')"
	# An envelope that moves to another account, and a row of consumption that is reported no more.
	jq -c 'select(.stream == "envelope" and .type == "RECORD") | .record.account_id = "moved" | .record.modified_at = "2026-01-01T00:00:00.000Z"' \
		<("$exporter" -l "$ledger") | head -n 3 | merge -q -l "$ledger" -e none
	sqlite3 "$ledger" 'DELETE FROM reported WHERE units_consumed = (SELECT min(units_consumed) FROM reported)'
	load
	same_everywhere
	same 3 "$(query "SELECT count(*) FROM envtally.envelope WHERE account_id = 'moved'")"
}

@test "postgres: another profile's rows stay, and so does history; only the streams asked for are touched" {
	needs_server
	cp "$ledger" ws/ledger/other.db
	sqlite3 ws/ledger/other.db "UPDATE reported SET profile = 'other', record = json_set(record, '\$.profile', 'other')"
	jq '.name = "other"' ws/profiles/acme.json >ws/profiles/other.json
	load
	same $'acme|54\nother|54' "$(query 'SELECT profile, count(*) FROM envtally.consumption GROUP BY 1 ORDER BY 1')"
	sqlite3 "$ledger" "DELETE FROM reported; DELETE FROM job_result; DELETE FROM subscription"
	load -p acme --stream consumption --stream job_result
	same 'other|54' "$(query 'SELECT profile, count(*) FROM envtally.consumption GROUP BY 1')"
	same 1 "$(query "SELECT count(*) FROM envtally.job_result WHERE profile = 'acme'")"
	[ "$(query "SELECT count(*) FROM envtally.subscription WHERE profile = 'acme'")" -gt 0 ]
}

@test "postgres: a load that fails changes nothing; a column of a newer version is added" {
	needs_server
	load
	before=$(query "SELECT md5(string_agg(c::text, '' ORDER BY c)) FROM envtally.consumption c")
	"$pipeline" run -q -C ws --replay "$acme/nights/20250325T020000Z"
	query 'ALTER TABLE envtally.metric_result ADD CHECK (rights_used < 0) NOT VALID'
	run --separate-stderr load
	[ "$status" -eq 73 ]
	same "pipeline.sh: cannot load profile 'acme': psql says why; nothing was changed" "$(tail -n 1 <<<"$stderr")"
	same "$before" "$(query "SELECT md5(string_agg(c::text, '' ORDER BY c)) FROM envtally.consumption c")"
	query 'ALTER TABLE envtally.metric_result DROP CONSTRAINT metric_result_rights_used_check; ALTER TABLE envtally.account DROP COLUMN site_name'
	load
	same_everywhere
	# A damaged ledger: nothing is loaded.
	query 'DELETE FROM envtally.consumption'
	sqlite3 "$ledger" 'UPDATE envelope_block SET rows = substr(rows, 1, length(rows) - 3)'
	run --separate-stderr load
	refused 65 "export: cannot use ledger *"
	same 0 "$(query 'SELECT count(*) FROM envtally.consumption')"
}

@test "postgres: a service, a connection string, one who may only write; no connection is 69" {
	needs_server
	printf '[tally]\nhost=%s\ndbname=%s\nuser=envtally\n' "$PGHOST" "$PGDATABASE" >services
	unset PGHOST PGDATABASE PGUSER
	PGSERVICEFILE=$PWD/services load --to tally --stream account
	database=test$BATS_TEST_NUMBER
	psql -X -q -d "host=$server dbname=$database user=envtally" -c "CREATE ROLE loader LOGIN; REVOKE CREATE ON DATABASE $database FROM PUBLIC;
		GRANT USAGE ON SCHEMA envtally TO loader; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA envtally TO loader"
	load --to "host=$server dbname=$database user=loader" --stream account
	load --to "postgresql://loader@/$database?host=$server" --stream account
	run --separate-stderr load --to "host=$PWD dbname=$database"
	[ "$status" -eq 69 ]
	same "pipeline.sh: cannot load profile 'acme': psql cannot connect, or lost the connection; nothing was changed" "$(tail -n 1 <<<"$stderr")"
}

@test "postgres: a load sends what has changed since the last one; all of it where the database is not as that has left it" {
	needs_server
	mkdir psql
	printf '#!/bin/sh\ntee -a %q | exec %q "$@"\n' "$PWD/sent" "$(command -v psql)" >psql/psql
	chmod +x psql/psql
	sending() {
		rm -f sent
		PATH=$PWD/psql:$PATH load "$@"
	}
	sending
	all=$(wc -l <sent)
	sending
	same 0 "$(wc -l <sent)"
	"$pipeline" run -q -C ws --replay "$acme/nights/20250325T020000Z"
	sending
	same_everywhere
	[ "$(wc -l <sent)" -lt $((all / 2)) ] && grep -q '^{' sent && grep -q '^-{' sent
	# An envelope that moves to another account, and a row that is reported no more.
	jq -c 'select(.stream == "envelope" and .type == "RECORD") | .record.account_id = "moved" | .record.modified_at = "2026-01-01T00:00:00.000Z"' \
		<("$exporter" -l "$ledger") | head -n 3 | merge -q -l "$ledger" -e none
	sqlite3 "$ledger" 'DELETE FROM reported WHERE units_consumed = (SELECT min(units_consumed) FROM reported)'
	sending
	same_everywhere
	[ "$(wc -l <sent)" -lt 100 ]
	# Somebody has removed rows, or loaded a part: both are found.
	query "DELETE FROM envtally.consumption"
	sending
	same_everywhere
	[ "$(wc -l <sent)" -gt "$all" ]
	load --stream account
	sending
	[ "$(wc -l <sent)" -gt "$all" ]
	# What was sent last is lost, and a load that fails in the middle of a change.
	rm ws/cache/sent-*
	sending
	same_everywhere
	"$pipeline" run -q -C ws --replay "$acme/nights/20250401T020000Z"
	query 'ALTER TABLE envtally.metric_result ADD CHECK (rights_used < 0) NOT VALID'
	run ! sending
	query 'ALTER TABLE envtally.metric_result DROP CONSTRAINT metric_result_rights_used_check'
	sending
	same_everywhere
	[ "$(wc -l <sent)" -lt $((all / 2)) ]
}

@test "postgres: views for dashboards have the figures of the run" {
	needs_server
	"$pipeline" run -q -C ws --group-by account --replay "$acme/nights/20250325T020000Z"
	load
	results=ws/runs/acme/20250325T020000Z/results.ndjson
	same "$(records_of metric_result <$results | jq -r 'select(.period_state == "open") | [.software_model, .rights_owned, .rights_used, .true_up_cost] | join("|")' | sort)" \
		"$(query 'SELECT software_model, rights_owned, rights_used, true_up_cost FROM envtally.position_now' | sort)"
	same "$(records_of forecast <$results | jq -r '[.software_model, .expected_units, .exhausted_on] | join("|")' | sort)" \
		"$(query 'SELECT software_model, expected_units, exhausted_on FROM envtally.position_now WHERE expected_units IS NOT NULL' | sort)"
	# A share of the rights, back to units.
	same "$(records_of metric_result <$results | jq -r 'select(.period_state == "open") | .rights_used' | sort -n)" \
		"$(query "SELECT round(used_percent * rights_owned::numeric / 100) FROM envtally.position_now" | sort -n)"
	# The last day of each burn-down has the units of its consumption, of all accounts.
	same "$(records_of consumption <ws/runs/acme/20250325T020000Z/consumption.ndjson | jq -sr 'group_by(.period_start)[] | [.[0].period_start[:10], (map(.units_consumed) | add)] | join("|")')" \
		"$(query 'SELECT first_day, sum(units) FROM (SELECT first_day, software_model, max(units_to_date) AS units FROM envtally.burn_down GROUP BY 1, 2) b GROUP BY 1 ORDER BY 1')"
	# Each model's units and rights, as its position has them.
	same "$(records_of metric_result <$results | jq -r '[.software_model, .period_start[:10], .rights_used, .rights_owned] | join("|")' | sort)" \
		"$(query 'SELECT software_model, first_day, max(units_to_date), max(rights_owned) FROM envtally.burn_down WHERE rights_owned IS NOT NULL GROUP BY 1, 2' | sort)"
	same "$(records_of group_result <$results | jq -s 'length')" "$(query 'SELECT count(*) FROM envtally.chargeback')"
	same "$(jq -s 'map(select(.type == "RECORD")) | length' ws/runs/acme/20250325T020000Z/restatements.ndjson)" "$(query 'SELECT count(*) FROM envtally.restatements WHERE restated_at IS NOT NULL AND account_name IS NOT NULL')"
	same "$(query 'SELECT count(*) FROM envtally.account')|0" "$(query "SELECT count(*), count(*) FILTER (WHERE state = 'fresh') FROM envtally.freshness")"
	# Another version's view is replaced; loading again leaves it.
	query "COMMENT ON VIEW envtally.freshness IS 'older'"
	load
	query "SELECT obj_description('envtally.freshness'::regclass)" | grep -q 'FROM envtally.account a'
	before=$(query "SELECT string_agg(xmin::text, ' ') FROM pg_class WHERE relnamespace = 'envtally'::regnamespace AND relkind = 'v'")
	load
	same "$before" "$(query "SELECT string_agg(xmin::text, ' ') FROM pg_class WHERE relnamespace = 'envtally'::regnamespace AND relkind = 'v'")"
}

# Grafana's variables and macros are written as its PostgreSQL data source writes them.
@test "postgres: the queries of the Grafana dashboard, by a role that may only read, have the figures of the run" {
	needs_server
	"$pipeline" run -q -C ws --group-by account --replay "$acme/nights/20250325T020000Z"
	load
	query 'CREATE ROLE grafana LOGIN; GRANT USAGE ON SCHEMA envtally TO grafana; GRANT SELECT ON ALL TABLES IN SCHEMA envtally TO grafana'
	jq -r "(.templating.list[] | select(.type == \"query\") | [.name, .query]),
		(.panels[] | .title as \$title | .targets[]? | select(.rawSql) | [\$title + \" \" + .refId + (if .format == \"time_series\" then \" time\" else \"\" end),
			(.rawSql | gsub(\"\\\\\$profile\"; \"'acme'\") | gsub(\"\\\\\$__timeFilter\\\\((?<of>[a-z_]+)\\\\)\"; \"\(.of) BETWEEN '2024-01-01T00:00:00Z' AND '2027-12-31T00:00:00Z'\"))])
		| join(\"\\t\")" "$root/doc/grafana-dashboard.json" >queries
	[ "$(wc -l <queries)" -ge 12 ]
	run ! grep '$[a-z_{]' queries
	while IFS=$'\t' read -r title sql; do
		PGUSER=grafana psql -X -q --csv -v ON_ERROR_STOP=1 -c "$sql" >"rows.${title//[^A-Za-z]/_}" || { echo "$title: $sql"; return 1; }
		# Each has rows in these nights; one over time has the columns that make series.
		[ "$(wc -l <"rows.${title//[^A-Za-z]/_}")" -ge 2 ] || { echo "no rows: $title"; return 1; }
		[[ $title != *' time' ]] || same time,metric,value "$(head -n 1 "rows.${title//[^A-Za-z]/_}")"
	done <queries
	same acme "$(sed -n '2p' rows.profile)"
	results=ws/runs/acme/20250325T020000Z/results.ndjson
	rows() { query "SELECT count(*) FROM ($(sed -n "s/^$1 A\t//p" queries)) q"; }
	open() { records_of metric_result <$results | jq -rs "map(select(.period_state == \"open\")) | $1"; }
	same "$(open 'map(.unlicensed_rights) | add')" "$(sed -n 2p rows.Rights_missing_now_A)"
	same "$(open 'map(select(.status == "Not Compliant")) | length')" "$(sed -n 2p rows.Rows_not_compliant_A)"
	same "$(records_of forecast <$results | jq -s 'map(select(.warning)) | length')" "$(sed -n 2p rows.Rights_that_run_out_soon_A)"
	same "$(jq -s 'map(select(.type == "RECORD" and .stream == "account")) | length' ws/runs/acme/20250325T020000Z/accounts.ndjson)" "$(sed -n 2p rows.Accounts_not_fresh_A)"
	same "$(open 'sort_by(-.rights_used / .rights_owned)[] | "\(.software_model),\(.rights_owned),\(.rights_used)"')" "$(sed 1d rows.Position_now_A | cut -d , -f 2,6,7)"
	same "$(open 'map(.current_period_spend | tonumber) | add')" "$(sed -n 2p rows.Money_A | cut -d , -f 2 | jq .)"
	same "$(jq -s 'map(select(.type == "RECORD")) | length' ws/runs/acme/20250325T020000Z/restatements.ndjson)" "$(rows Restatements)"
	same "$(records_of group_result <$results | wc -l)" "$(rows Chargeback)"
}

@test "a workspace that may be read but not written: export, reconcile, report, status and explain; what writes is 73" {
	as() { "$@"; }
	# What root may do whatever a file's mode says is taken away.
	[ "$(id -u)" -ne 0 ] || as() { setpriv --bounding-set=-dac_override,-dac_read_search,-fowner "$@"; }
	cp -r ws copy
	rm -f copy/ledger/acme.db-*
	"$exporter" -l "$ledger" >expected
	chmod -R a-w ws copy
	run ! as touch ws/x ws/ledger/acme.db-wal
	# As the last run has left it; and a copy of the ledger's file alone.
	for from in ws copy; do
		as "$pipeline" export -q -C $from | same_files expected -
		as "$pipeline" reconcile -q -C $from --now 2025-03-19T02:00:00Z | grep -q 'Not Compliant: '
		as "$pipeline" report -C $from | grep -q 'Not Compliant: '
		as "$pipeline" status -C $from | grep -q '^acme  20250318T020000Z  succeeded'
		as "$pipeline" explain -C $from --level day | grep -q '^acme, run 20250318T020000Z'
		as merge -q --ledger $from/ledger/acme.db --emit all </dev/null | grep -q '"stream":"daily_consumption","record"'
		run --separate-stderr as merge --ledger $from/ledger/acme.db --emit none <expected
		fails 73 "merge: cannot use ledger '$from/ledger/acme.db': attempt to write a readonly database"
	done
	chmod -R u+w ws copy
}

@test "values of every kind go into SQLite and PostgreSQL, and again" {
	needs_server
	rm -r ws
	values_night ws
	"$pipeline" run -q -C ws --replay rec
	"$pipeline" export -q -C ws --format sqlite --to out.sqlite
	load
	load
	for stream in account subscription envelope consumption; do
		same "$(sqlite3 out.sqlite "SELECT count(*) FROM $stream")" "$(query "SELECT count(*) FROM envtally.$stream")"
	done
	same "$(values | grep '^e' | grep -vc '|reject$')" "$(query 'SELECT count(*) FROM envtally.envelope')"
}
