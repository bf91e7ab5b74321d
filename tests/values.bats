#!/usr/bin/env bats
# What normalize lets through, every later stage can compute with: values that services write, and those that nobody should.

load helper
load recording
load values

pipeline=$root/pipeline.sh
export ENVTALLY_BIN=${ENVTALLY_BIN:-$root/bin}

# stage OUTPUT INPUT PROGRAM [OPTION]...: it ends well.
stage() {
	local status=0
	"${@:3}" <"$2" >"$1" 2>stderr || status=$?
	[ "$status" -eq 0 ] || {
		echo "${*:3} ended with $status: $(cut -c 1-400 stderr)"
		return 1
	}
}

@test "each value is kept, null or a reject, as its kind says; and every stage computes what was kept" {
	export ENVTALLY_NOW=$clock TMPDIR=$PWD
	raw_values >raw
	stage normalized raw normalize --rejects rejects
	same "$(values | grep -n '|reject$' | cut -d: -f1)" "$(jq -r .line rejects)"
	number=0
	while IFS='|' read -r _ change outcome; do
		number=$((number + 1))
		case $outcome in
		kept | reject) ;;
		nothing) sed -n "${number}p" raw | normalize 2>/dev/null | records_of billing_period >got && [ ! -s got ] ;;
		*) sed -n "${number}p" raw | normalize | grep -qF "\"$outcome\":null" || { echo "not null: $change" && return 1; } ;;
		esac
	done < <(values)
	stage merged normalized merge --ledger l.db --emit all
	stage of_memory normalized merge --ledger :memory: --emit all
	same_files merged of_memory
	licence=$acme/licence
	for contract in 2024-01-31:3 2024-02-29:1 2024-01-31:60; do
		stage consumed merged aggregate-by-period --contract-start ${contract%:*} --renewal-months ${contract#*:} --run-id r
		stage again consumed merge --ledger l.db --emit all
		stage restated again aggregate-by-period --contract-start ${contract%:*} --renewal-months ${contract#*:} --reported consumed
		for group in account site country; do
			stage grouped consumed reconcile --entitlements $licence/entitlements.csv --models $licence/models.csv --group-by $group
		done
		stage reconciled consumed reconcile --entitlements $licence/entitlements.csv --models $licence/models.csv --exclusions $licence/exclusions.csv --trace
		cat merged >>reconciled
		stage forecast reconciled forecast --entitlements $licence/entitlements.csv --models $licence/models.csv
		for format in table html csv; do stage report.$format forecast report --format $format; done
		stage explained reconciled explain --ledger l.db
		stage explained reconciled explain --ledger l.db --format ndjson
	done
	for calendar in month quarter year; do stage consumed merged aggregate-by-period --calendar $calendar; done
	stage exported /dev/null env export --ledger l.db
	stage imported exported merge --ledger :memory: --emit all
	stage excluded exported exclude --exclusions $licence/exclusions.csv --profile acme
	mkdir folder
	stage csv /dev/null env export --ledger l.db --format csv --output folder
	stage suggested merged models suggest
	sound l.db
}

@test "a night of such values is a night: run, status, explain, export and replay" {
	values_night ws
	run --separate-stderr "$pipeline" run -C ws --replay rec
	[ "$status" -eq 0 ] || { echo "$stderr" && return 1; }
	same "$(values | grep -c '^[eap].*|reject$')" "$(wc -l <ws/runs/acme/20250318T020000Z/rejects.ndjson)"
	for command in status "status --positions" report explain "policy diff default default" "export --format ndjson" "export --format csv --to csv" \
		"export --format sqlite --to out.sqlite" "verify 20250318T020000Z" "replay 20250318T020000Z"; do
		# shellcheck disable=SC2086 # words
		run "$pipeline" $command -q -C ws
		[ "$status" -eq 0 ] || { echo "$command: $status: $output" | cut -c 1-400 && return 1; }
	done
}
