#!/usr/bin/env bats
# Files, names and services that mean harm: none is run, hangs, or changes a figure without a word.

load helper

setup_file() {
	needs_stage export
	acme_after 1 "$BATS_FILE_TMPDIR/ws"
}

pipeline=$root/pipeline.sh
exporter=${ENVTALLY_BIN:-$root/bin}/export # not the shell's

# attacked SQL: a copy of the ledger, changed by hand, is l.ledger.
attacked() {
	rm -f l.ledger
	cp "$BATS_FILE_TMPDIR/ws/ledger/acme.db" l.ledger
	sqlite3 l.ledger "$1"
}

anew='it is damaged; `envtally rebuild` makes it anew from the recordings'

@test "ledger: what is in no schema of ours is refused before it can run: triggers, views, indexes, tables" {
	local sql what
	while IFS='~' read -r sql what; do
		attacked "$sql"
		sqlite3 l.ledger .dump >before
		for program in "$exporter -l" "merge -q -e all -l"; do
			# shellcheck disable=SC2086
			run --separate-stderr bounded $program l.ledger </dev/null
			name=${program%% *}
			fails 65 "${name##*/}: cannot use ledger 'l.ledger': $what: $anew"
		done
		sqlite3 l.ledger .dump | same_files before -
	done <<-'END'
		CREATE TRIGGER t AFTER INSERT ON sent_week BEGIN DELETE FROM sent_week; END~the trigger 't' is not as envtally makes it
		DROP VIEW bookmarks; CREATE VIEW bookmarks AS WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n) SELECT i FROM n~the view 'bookmarks' is not as envtally makes it
		DROP TABLE late_envelope; CREATE VIEW late_envelope AS WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n) SELECT i FROM n~the view 'late_envelope' is not as envtally makes it
		DROP TABLE conflict~a table or view is missing
		CREATE TABLE "more 'tables'" (x)~the table 'more 'tables'' is not as envtally makes it
		CREATE INDEX i ON sent_week (week)~the index 'i' is not as envtally makes it
	END
}

@test "ledger: numbers, texts and blobs that no ledger has are damage: 65, table and row, and no figure" {
	local sql program what
	while IFS='~' read -r sql program what; do
		attacked "PRAGMA ignore_check_constraints = ON; $sql"
		# shellcheck disable=SC2086
		run --separate-stderr bounded ${program/EXPORT/"$exporter"} l.ledger </dev/null
		[[ $status -eq 65 && $stderr == *"cannot use ledger 'l.ledger': "*"$what"*": $anew" && $stderr != *$'\n'* ]] || {
			echo "$sql: $program: status $status, stderr: $stderr"
			return 1
		}
	done <<-'END'
		UPDATE layout SET block_bits = 33~EXPORT -s envelope -l~table layout, row '33': block_bits is not an integer from 0 to 32
		UPDATE layout SET block_bits = -1~EXPORT -s envelope -l~table layout, row '-1'
		UPDATE layout SET envelopes = 9223372036854775807~EXPORT -s envelope -l~table layout
		UPDATE layout SET envelopes = envelopes + 1~EXPORT -s envelope -l~table envelope_block has 1 envelopes fewer than table layout says
		UPDATE layout SET undated = -1~merge -q -e all -l~table layout
		UPDATE layout SET undated = envelopes + 1~merge -q -e all -l~table layout, row
		DELETE FROM layout~merge -q -e all -l~table layout is empty
		DELETE FROM envelope_block WHERE block = 1~EXPORT -s envelope -l~fewer than table layout says
		UPDATE envelope_block SET rows = zeroblob(40) WHERE block = 0~EXPORT -s envelope -l~table envelope_block, row 0: it holds
		UPDATE envelope_block SET rows = CAST(x'0100' || rows AS BLOB) WHERE block = 0~EXPORT -s envelope -l~table envelope_block, row 0: it holds
		UPDATE envelope_block SET rows = CAST(x'02' || rows AS BLOB) WHERE block = 0~EXPORT -s envelope -l~table envelope_block, row 0: it holds
		UPDATE envelope_block SET rows = CAST(rows || x'ff' AS BLOB) WHERE block = 0~EXPORT -s envelope -l~table envelope_block, row 0: it holds
		UPDATE envelope_block SET rows = CAST(rows || rows AS BLOB) WHERE block = 0~EXPORT -s envelope -l~table envelope_block, row 0: it holds
		UPDATE envelope_block SET rows = (SELECT rows FROM envelope_block WHERE block = 1) WHERE block = 0~EXPORT -s envelope -l~table envelope_block, row 0: it holds
		UPDATE sent_week SET envelopes = substr(envelopes, 2)~EXPORT -s daily_consumption -l~table sent_week, row account
		UPDATE sent_week SET envelopes = CAST(envelopes || x'00' AS BLOB)~merge -q -e all -l~table sent_week, row account
		UPDATE sent_week SET envelopes = x'ffffffff0004'~merge -q -e all -l~table sent_week, row account
		UPDATE sent_week SET envelopes = x'000000007fff'~merge -q -e all -l~table sent_week, row account
		INSERT INTO billing_period SELECT 1, 1700000000000, 1750000000000, NULL, NULL, 1, NULL, NULL, NULL, '[]', 1740000000000; UPDATE sent_week SET envelopes = x'ffffffff0004'~EXPORT -q -s billing_period -l~a week of sent_week, is not one
		INSERT INTO billing_period SELECT 1, 1700000000000, 1750000000000, NULL, NULL, 1, NULL, NULL, NULL, '[]', 1740000000000; UPDATE sent_week SET envelopes = x'000000007fff'~EXPORT -q -s billing_period -l~a week of sent_week, is not one
		UPDATE sent_week SET week = 9000000000000000000 + week~merge -q -e all -l~table sent_week
		UPDATE account SET account = account + 9000000000000000000 WHERE account = 1~EXPORT -s envelope -l~table account, row '9000000000000000001'
		UPDATE account SET account = -1 WHERE account = 1~merge -q -e all -l~table account, row '-1'
		UPDATE status SET status = 5000000000 WHERE status = 14~EXPORT -s envelope -l~table status, row '5000000000'
		UPDATE account SET account_name = CAST(x'c328' AS TEXT)~EXPORT -s account -l~account_name is not a text of UTF-8
		UPDATE account SET watermark = 9223372036854775807~EXPORT -s watermark -l~row 1 of the watermark records, by their keys: watermark
		UPDATE account SET compliant = 7 WHERE compliant IS NOT NULL~EXPORT -s account -l~compliant
		UPDATE reported SET record = '{"a":1'~EXPORT -s consumption -l~row 1 of the consumption records
		UPDATE reported SET record = record || char(10) || '{"type":"STATE","value":1}'~EXPORT -s consumption -l~row 1 of the consumption records
		UPDATE reported SET record = record || ',{}'~merge --print-reported -l~row 1 of the consumption records
		UPDATE reported SET period_start = 9000000000000000000 + period_start; UPDATE account SET touched = 1~merge -q -e touched -l~table reported
		UPDATE checkpoint SET state = state || char(10) || 'x'~merge --print-state -l~table checkpoint
		UPDATE job_result SET record = '{'~merge --print-reported -l~malformed JSON
		UPDATE job_result SET record = '{'~run-facts promotions --ledger~malformed JSON
		UPDATE job_result SET run_id = '../../victim'~run-facts promotions --ledger~table job_result, row '../../victim': run_id is not the name of a run
		UPDATE job_result SET run_id = 'a' || char(10) || 'b'~run-facts promotions --ledger~run_id is not the name of a run
		UPDATE job_result SET record = json_set(record, '$.started_at', 'x' || char(10) || 'y')~run-facts promotions --ledger~started_at is not a time
	END
}

@test "ledger: merge refuses a block that is damaged, and leaves the ledger as it was" {
	local rows
	"$exporter" -q -s envelope -l "$BATS_FILE_TMPDIR/ws/ledger/acme.db" | jq -c '.record.modified_at? |= if . then "2027-01-01T00:00:00.000Z" else . end' >lines
	for rows in "zeroblob(length(rows))" "x'03ffff' || rows" "substr(rows, 1, length(rows) - 1)" "rows || substr(rows, 1, 40)" "x'c8' || substr(rows, 2)"; do
		attacked "UPDATE envelope_block SET rows = CAST($rows AS BLOB)"
		sqlite3 l.ledger .dump >before
		run --separate-stderr bounded merge -q -e none -l l.ledger <lines
		refused 65 "merge: *cannot use ledger 'l.ledger': table envelope_block, row *: it holds what is no envelope of its block: $anew"
		sqlite3 l.ledger .dump | same_files before -
	done
	attacked "UPDATE sent_week SET envelopes = substr(envelopes, 2)"
	run --separate-stderr bounded merge -q -e none -l l.ledger <lines
	refused 65 "merge: *cannot use ledger 'l.ledger': table sent_week, row *: it does not hold complete entries: $anew"
	# What an envelope takes away must be there.
	attacked "DELETE FROM sent_week"
	run --separate-stderr bounded merge -q -e none -l l.ledger < <(jq -c '.record.sent_at? |= if . then "2025-01-01T00:00:00.000Z" else . end' lines)
	refused 65 "merge: *cannot use ledger 'l.ledger': table sent_week, row *: its entries contradict its envelopes: $anew"
}

@test "ledger: a page that is overwritten is damage, for every program that reads it" {
	local offset
	for offset in 4096 12288 40960; do
		cp "$BATS_FILE_TMPDIR/ws/ledger/acme.db" l.ledger
		printf 'overwritten by a stranger, more than once, and again' | dd of=l.ledger bs=1 seek=$offset conv=notrunc status=none
		for program in "$exporter -l" "merge -q -e all -l"; do
			# shellcheck disable=SC2086
			run bounded $program l.ledger </dev/null
			[ "$status" -eq 65 ] || [ "$status" -eq 0 ]
		done
	done
	head -c 10000 "$BATS_FILE_TMPDIR/ws/ledger/acme.db" >half.ledger
	run --separate-stderr bounded "$exporter" -l half.ledger
	refused 65 "export: cannot use ledger 'half.ledger': *: $anew"
}

@test "a named pipe in place of a recording, or of a file of a run, is refused and not waited for" {
	local file
	cp -r "$acme/nights/20250318T020000Z" night
	for file in fetch-datafeed.exchanges fetch-datafeed.bodies; do
		mv "night/$file" kept
		mkfifo "night/$file"
		run --separate-stderr bounded fetch-datafeed --replay night < <(auth -p "$acme/profiles/acme.json" --replay night)
		[[ $status -eq 65 && $stderr == *"fetch-datafeed: cannot open 'night/$file': it is not a regular file" ]]
		mv kept "night/$file"
	done
	mkdir rec
	mkfifo rec/fetch-subscriptions.exchanges
	run bounded fetch-subscriptions --replay night --record rec < <(auth -p "$acme/profiles/acme.json" --replay night)
	[ "$status" -eq 65 ]
	cp -a "$BATS_FILE_TMPDIR/ws" ws
	for file in job.json inputs/state.json raw/fetch-datafeed.bodies; do
		cp -a ws again
		rm "again/runs/acme/20250318T020000Z/$file"
		mkfifo "again/runs/acme/20250318T020000Z/$file"
		run bounded "$pipeline" verify -C again 20250318T020000Z
		[ "$status" -ne 124 ]
		[ "$file" = job.json ] || [ "$status" -eq 65 ]
		rm -r again
	done
}

@test "--jq: a program reads its input alone: no file, no environment, no name" {
	local program
	echo '{"a":1}' >raw
	for program in 'import "a" as $a; .' 'include "a"; .' 'import "passwd" as $p {search: "/etc"}; .' 'env' '$ENV' '$ENV.PATH' 'input' '[inputs]' 'input_filename' \
		'debug' 'stderr' 'halt' '"x" | halt_error' 'halt_error(3)' 'get_search_list' '.) | env | (.'; do
		run --separate-stderr env SECRET=hunter2 timeout 20 normalize --rejects rejects --jq "{account_id: ($program | tojson), envelope_id: \"e\", status: \"sent\", modified_at: \"2025-03-05T12:00:00Z\"}" <raw
		[[ $output$stderr != *hunter2* && $output != *'"stream":"envelope","record":{'*PATH* ]] || { echo "$program: $output $stderr"; false; }
		run --separate-stderr timeout 20 normalize --jq "$program" <raw
		[[ $status -eq 78 || $status -eq 65 || $stderr == *' rejected'* || $stderr == *reject* ]] || { echo "$program: $status $stderr $output"; false; }
		[[ $output != *PATH* ]]
	done
}

@test "programs that hold a token leave no core, and their memory is not for others" {
	local program pid
	for program in auth fetch-subscriptions fetch-datafeed; do
		mkfifo in
		case $program in
		auth) auth --key-info --key <(cat in) >/dev/null 2>&1 3>&- & ;;
		*) "$program" <in >/dev/null 2>&1 3>&- & ;;
		esac
		pid=$!
		exec 4>in
		eventually limited "$pid" "$program"
		exec 4>&-
		wait "$pid" || true
		rm in
	done
}
limited() { [ "$(tr '\0' ' ' <"/proc/$1/comm")" != bash ] && grep -q '^Max core file size *0 *0 ' "/proc/$1/limits"; }

@test "what a run writes is at most 0640, whatever the umask; a stricter one is kept" {
	local mask limit
	for mask in 000 022 077; do
		limit=/027
		[ $mask != 077 ] || limit=/077
		rm -rf ws
		(umask $mask && acme_workspace ws && "$pipeline" run -q -C ws --replay "$acme/nights/20250318T020000Z")
		same '' "$(find ws/ledger ws/runs -perm $limit)"
	done
	(umask 022 && merge -q -l new.db -e none </dev/null)
	same 640 "$(stat -c %a new.db)"
	(umask 022 && "$pipeline" export -q -C ws --format ndjson --stream watermark --to out.ndjson)
	same 644 "$(stat -c %a out.ndjson)"
}

@test "a key that others can read is warned of" {
	rsa_key
	mkdir profiles
	jq '.key_file = "key.pem"' "$acme/profiles/acme.json" >profiles/acme.json
	cp "$made" profiles/key.pem
	for mode in 640 600 400; do
		chmod $mode profiles/key.pem
		run --separate-stderr auth --key-info -p profiles/acme.json
		same '' "$stderr"
	done
	for mode in 644 604 602; do
		chmod $mode profiles/key.pem
		run --separate-stderr auth --key-info -p profiles/acme.json
		fails 0 "auth: warning: other users of this machine can read the key 'profiles/key.pem': chmod 600 it"
	done
}

@test "rebuild: a ledger that is damaged is made anew from the recordings; what differs is said, the old one is kept" {
	acme_after 2 ws
	cp ws/ledger/acme.db good
	"$exporter" -l good >expected
	# By a stranger: what no reader takes.
	sqlite3 ws/ledger/acme.db 'CREATE TRIGGER t AFTER INSERT ON sent_week BEGIN DELETE FROM sent_week; END'
	run --separate-stderr "$pipeline" run -q -C ws --replay "$acme/nights/20250401T020000Z"
	refused 65 "merge: cannot use ledger 'ws/ledger/acme.db': the trigger 't' is not as envtally makes it: $anew"
	run -0 --separate-stderr "$pipeline" rebuild -q -C ws
	same "acme: the old ledger cannot be read: cannot use ledger 'ws/ledger/acme.db': the trigger 't' is not as envtally makes it: $anew
acme: the old ledger is kept as ws/ledger/acme.db.replaced
acme: wrote ws/ledger/acme.db" "$output"
	"$exporter" -l ws/ledger/acme.db | same_files expected -
	same t "$(sqlite3 ws/ledger/acme.db.replaced "SELECT name FROM sqlite_schema WHERE type = 'trigger'")"
	# By hand, so that it can be read; and a folder that is no run, and one that is a copy.
	cp -r ws/runs/acme/20250318T020000Z ws/runs/acme/copy
	mkdir ws/runs/acme/stray
	sqlite3 ws/ledger/acme.db "DELETE FROM reported WHERE units_consumed = (SELECT max(units_consumed) FROM reported); UPDATE account SET account_name = 'x' WHERE account = 1"
	run -0 --separate-stderr "$pipeline" rebuild -q -C ws
	[[ $output == *"acme: account: 1 record(s) are in the old ledger only, 1 in the new one only"* ]]
	[[ $output == *"acme: consumption: 0 record(s) are in the old ledger only, 1 in the new one only"* ]]
	[[ $output == *"acme: the old ledger is not what the recordings give: table account, row "* ]]
	[[ $output == *"acme: the old ledger is kept as ws/ledger/acme.db.replaced-2"* ]]
	"$exporter" -l ws/ledger/acme.db | same_files expected -
	# One that is lost; the next night goes on from it.
	rm ws/ledger/acme.db*
	run -0 --separate-stderr "$pipeline" rebuild -q -C ws
	same $'acme: there was no ledger\nacme: wrote ws/ledger/acme.db' "$output"
	"$pipeline" run -q -C ws --replay "$acme/nights/20250401T020000Z"
	acme_after 3 calm
	"$exporter" -l calm/ledger/acme.db -s consumption >calm.ndjson
	"$exporter" -l ws/ledger/acme.db -s consumption | same_files calm.ndjson -
	same '' "$(find ws/ledger -name '.rebuild*')"
}

@test "rebuild: without the folder of a run, or with two that follow one, nothing is changed" {
	acme_after 2 ws
	cp ws/ledger/acme.db before
	mv ws/runs/acme/20250318T020000Z kept
	run --separate-stderr "$pipeline" rebuild -q -C ws
	fails 66 "run-facts: cannot follow the chain of runs: 20250325T020000Z comes after 20250318T020000Z, whose folder is lost"
	mv kept ws/runs/acme/20250318T020000Z
	# The last run has none after it that names it.
	for lost in job.json raw/manifest.json; do
		mv ws/runs/acme/20250325T020000Z/$lost kept
		run --separate-stderr "$pipeline" rebuild -q -C ws
		fails 66 "run-facts: cannot follow the chain of runs: the folder of 20250325T020000Z has lost '$lost'"
		mv kept ws/runs/acme/20250325T020000Z/$lost
	done
	cp -r ws/runs/acme/20250325T020000Z ws/runs/acme/20250326T020000Z
	sed -i 's/"20250325T020000Z"/"20250326T020000Z"/' ws/runs/acme/20250326T020000Z/job.json
	run --separate-stderr "$pipeline" rebuild -q -C ws
	fails 65 "run-facts: cannot follow the chain of runs: both 20250325T020000Z and 20250326T020000Z come after 20250318T020000Z"
	cmp before ws/ledger/acme.db
	rm -r ws/runs/acme
	run --separate-stderr "$pipeline" rebuild -q -C ws
	fails 66 "pipeline.sh: cannot rebuild the ledger of profile 'acme': it has no complete run in ws/runs/acme"
}

# Every command over a workspace of that name, and a profile in a file of that name.
use_names() { # NAME
	local run=20250318T020000Z command
	cp -a "$BATS_FILE_TMPDIR/ws" "./$1"
	cp "$acme/profiles/acme.json" "./$1/profiles/$1.json"
	rm "./$1/profiles/acme.json"
	sed -i 's/"key_file": *"[^"]*"/"key_file": "none.pem"/' "./$1/profiles/$1.json"
	for command in "status" "status --positions" "report" "report --format csv" "reconcile" "reconcile --as-of 2025-03-18" "explain --period 2024-10-31 --level day" \
		"export --format ndjson" "export --format csv --to out" "export --format sqlite --to out.sqlite" "models" "models suggest" "policy diff default default" "replay $run" "rebuild"; do
		# shellcheck disable=SC2086
		run "$pipeline" $command -q -C "$1" -p "$1"
		[ "$status" -eq 0 ] || { printf '%q: %s: %s\n%s\n' "$1" "$command" "$status" "$output"; return 1; }
	done
	run "$pipeline" run -q -C "$1" -p "$1" --replay "$acme/nights/20250325T020000Z"
	[ "$status" -eq 0 ] || { printf '%q: run: %s\n%s\n' "$1" "$status" "$output"; return 1; }
	run "$pipeline" validate -q -C "$1" -p "$1"
	[[ $output == *"ok    profile"* ]] || { printf '%q: validate: %s\n%s\n' "$1" "$status" "$output"; return 1; }
	run "$pipeline" init -q -C "$1" --name second --organization-id 3f6b8d21-77c4-4e0d-a5b9-c81d2e4f6a70 --contract-start 2025-01-31 --environment demo \
		--integration-key 3f6b8d21-77c4-4e0d-a5b9-c81d2e4f6a70 --key-file key.pem </dev/null
	[ "$status" -eq 0 ] || { printf '%q: init: %s\n%s\n' "$1" "$status" "$output"; return 1; }
	rm -rf out out.sqlite "./$1"
}

@test "names: workspaces and profiles may have quotes, blanks, dashes, substitutions and newlines in theirs; nothing is run" {
	local name before
	mkdir victim names names/tmp
	export TMPDIR=$PWD/names/tmp
	cd names
	for name in "-ws '\"\$(touch ran)" $'`touch ran`\n; touch ran' '* ~=%s\n' '--help'; do
		use_names "$name"
		[ ! -e ran ]
		same tmp "$(ls -A)"
		same '' "$(ls -A tmp)"
	done
}

@test "names: what is no plain name of a profile or a run becomes no path" {
	local name command
	cp -a "$BATS_FILE_TMPDIR/ws" ws
	mkdir -p victim/profiles
	: >victim/profiles/kept.json
	: >victim.json.new
	for name in ../victim ../../victim/profiles/kept . .. .hidden -x 'a/b' 'a b' $'a\tb' "$(printf 'a%.0s' {1..201})" '' 'é' 'a;b' '$(x)'; do
		run --separate-stderr "$pipeline" init -C ws --name "$name" --organization-id 3f6b8d21-77c4-4e0d-a5b9-c81d2e4f6a70 --contract-start 2025-01-31 \
			--environment demo --integration-key 3f6b8d21-77c4-4e0d-a5b9-c81d2e4f6a70 --key-file k.pem </dev/null
		[[ $status -ne 0 && $stderr != *$'\n'* ]] || { printf '%q: %s %s\n' "$name" "$status" "$stderr"; false; }
	done
	[ -e victim/profiles/kept.json ] && [ -e victim.json.new ]
	same acme.json "$(ls -A ws/profiles)"
	# In a profile that was written by hand: NUL, slash, newline, two names.
	find . -type f ! -name before ! -name 'acme.db-*' | sort >before
	for name in '"acme\u0000/../../../victim"' '"\u0000"' '"../victim"' '"a/b"' '"a\nb"' '".."' '"-x"' '5' '["acme"]' '"acme", "name": "../victim"' '"acme", "na\u006de": "../victim"'; do
		sed -E "s#\"name\": *\"acme\"#\"name\": ${name//\\/\\\\}#" "$acme/profiles/acme.json" >ws/profiles/acme.json
		for command in "run --replay $acme/nights/20250325T020000Z" status report reconcile explain "export --format ndjson" "replay 20250318T020000Z" "verify 20250318T020000Z" \
			"discard x" rebuild; do
			# shellcheck disable=SC2086
			run --separate-stderr "$pipeline" $command -C ws
			[ "$status" -eq 78 ] || { printf '%s: %s: %s %s\n' "$name" "$command" "$status" "$stderr"; false; }
		done
	done
	find . -type f ! -name before ! -name after ! -name 'acme.db-*' | sort >after
	same_files before after
	# And of runs.
	cp "$acme/profiles/acme.json" ws/profiles/
	for name in ../acme/20250318T020000Z . .. '' -q '*' '20250318T020000Z/../20250318T020000Z' '$(touch ran)'; do
		for command in replay verify discard; do
			run "$pipeline" "$command" -C ws -- "$name"
			[ "$status" -ge 64 ] || { printf '%q: %s: %s %s\n' "$name" "$command" "$status" "$output"; false; }
		done
	done
	find . -type f ! -name before ! -name after ! -name 'acme.db-*' | sort >after
	same_files before after
}

# Of a program's output: nothing but printable characters and line ends.
only_shown() { # FILE...
	! LC_ALL=C grep -lP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\x8b\x8e\x8f\xa8-\xae]|\xe2\x81[\xa0-\xaf]|\xef\xbb\xbf|\xd8\x9c' "$@"
}

@test "terminal: names of accounts, plan items, models and files, and what a service says, cannot steer it" {
	local evil=$'x\u001b]0;t\u0007\u009b31m\u202e\u2066\u200fy' command
	acme_after 2 ws
	evil_json=$(jq -n --arg x "$evil" '$x')
	# A run whose records have such names everywhere that the service or a person names something.
	for file in ws/runs/acme/20250325T020000Z/*.ndjson; do
		jq -c --arg x "$evil" 'if .type == "RECORD" then .record |= with_entries(if (.key | test("^(account_name|site_name|software_model|product|publisher|license_metric|subscription_name|plan_item_name|display_name|identifier|plan_name|asset_group_name|message|detail|value)$")) and (.value | type) == "string" then .value += $x else . end) else . end' "$file" >new
		mv new "$file"
	done
	sqlite3 ws/ledger/acme.db "UPDATE account SET account_name = 'a' || $(printf "'%s'" "$evil"), watermark = 1700000000000;
		UPDATE job_result SET record = json_set(record, '\$.verdict', $(printf "'%s'" "$evil")); UPDATE subscription SET plan_item_name = $(printf "'%s'" "$evil")"
	jq --arg x "$evil" '.software_model = $x' -n >/dev/null
	sed -i "2,\$s/,Docusign eSignature/,$evil/" ws/licence/models.csv ws/licence/entitlements.csv
	for command in status "status --positions --restatements" report reconcile "explain --level exchange" models "policy diff default default"; do
		# shellcheck disable=SC2086
		"$pipeline" $command -C ws >"out.${command%% *}" 2>"err.${command%% *}" || [ $? -lt 70 ]
		only_shown "out.${command%% *}" "err.${command%% *}" || { echo "$command"; cat -v "out.${command%% *}" "err.${command%% *}" | grep -n '\^\|M-' | head -n 5; false; }
	done
	# What is in a command line, and the errors of programs.
	for command in "status -C $evil" "replay $evil -C ws" "report -C ws -p $evil" "run -C ws --replay $evil" "init -C $evil --name $evil" "explain -C ws --model $evil"; do
		# shellcheck disable=SC2086
		"$pipeline" $command >out 2>err </dev/null || true
		only_shown out err || { cat -v out err; false; }
	done
	for program in merge normalize reconcile "$exporter"; do
		printf '%s\n{"type":"%s"' "$evil" "$evil" >in
		"$program" --log-format=json <in >out 2>err || true
		"$program" <in >out 2>>err || true
		only_shown err
	done
	merge -l "./$evil.db" -e none <<<"{\"type\":\"RECORD\",\"stream\":\"envelope\",\"record\":{\"account_id\":$evil_json,\"envelope_id\":\"e\",\"status\":$evil_json,\"modified_at\":$evil_json}}" 2>err || true
	grep -q 'must be a time' err
	only_shown err
}
