#!/usr/bin/env bats
# The verdict: one line, from one place, for the report, the last line of a run, status and the job_result. Never a false all-clear.

load helper

pipeline=$root/pipeline.sh
export ENVTALLY_BIN=${ENVTALLY_BIN:-$root/bin}

metric() { # MODEL UNLICENSED COST CURRENCY [STATUS [USAGE]]: COST and CURRENCY are JSON
	printf '{"type":"RECORD","stream":"metric_result","record":{"profile":"x","publisher":"D","product":"P","software_model":"%s","license_metric":"E","unit":"envelope","period_index":0,"period_start":"2025-01-01T00:00:00.000Z","period_end":"2026-01-01T00:00:00.000Z","period_state":"open","rights_owned":9,"rights_used":9,"unlicensed_rights":%s,"true_up_cost":%s,"currency":%s,"status":"%s","usage_state":"%s"}}\n' \
		"$1" "$2" "$3" "$4" "${5:-$([ "$2" = 0 ] && echo Compliant || echo 'Not Compliant')}" "${6:-counted}"
}
unmapped() { printf '{"type":"RECORD","stream":"consumption","record":{"profile":"x","account_id":"a","plan_item_id":"p","unit":"envelope","period_index":0,"period_start":"2025-01-01T00:00:00.000Z","period_end":"2026-01-01T00:00:00.000Z","units_consumed":%s,"by_status":{},"state":"open"}}\n{"type":"RECORD","stream":"unrecognized_subscription","record":{"identifier":"p","identifier_type":"plan_item_id","display_name":null,"profiles":["x"],"subscriptions":1,"units_consumed":%s}}\n' "$1" "$1"; }
forecast() { # MODEL DAY [COVERED]
	printf '{"type":"RECORD","stream":"forecast","record":{"profile":"x","software_model":"%s","license_metric":"E","unit":"envelope","period_index":0,"period_start":"2025-01-01T00:00:00.000Z","period_end":"2026-01-01T00:00:00.000Z","as_of":"2025-06-01T00:00:00.000Z","known_until":"2025-05-31","curve":[],"rights_owned":9,"units_to_date":5,"expected_units":20,"low_units":18,"high_units":22,"method":"seasonal","exhausted_on":"%s","days_left":30,"is_covered":%s,"warning":false}}\n' "$1" "$2" "${3:-false}"
}
watermark() { printf '{"type":"RECORD","stream":"watermark","record":{"account_id":"%s","watermark":"%s"}}\n' "$1" "$2"; }
verdict() { report --format verdict --now 2025-06-01T00:00:00Z "$@"; }

@test "the word is the worst that applies, and the line says all that do, with their figures" {
	cases=0
	while IFS='|' read -r -u 4 input expected; do
		same "$expected" "$(eval "$input" | verdict)"
		cases=$((cases + 1))
	done 4<<'END'
metric A 0 '"0.00"' '"USD"'|Compliant: the licence position's one row.
metric A 0 '"0.00"' '"USD"'; metric B 0 null null|Compliant: all 2 rows of the licence position.
metric A 1 '"2.35"' '"USD"'|Not Compliant: 1 of 1 row of the licence position, 1 right missing, true-up 2.35 USD.
metric A 17 '"39.95"' '"USD"'; metric B 4 '"9.4"' '"USD"'; metric C 0 null null|Not Compliant: 2 of 3 rows of the licence position, 21 rights missing, true-up 49.35 USD.
metric A 1 '"2.35"' '"USD"'; metric B 2 '"400"' '"JPY"'; metric C 3 '"1.50"' '"EUR"'|Not Compliant: 3 of 3 rows of the licence position, 6 rights missing, true-up 2.35 USD, 400 JPY and 1.50 EUR.
metric A 1 '"2.35"' '"USD"'; metric B 2 null null|Not Compliant: 2 of 2 rows of the licence position, 3 rights missing, true-up 2.35 USD and what has no price.
metric A 5 null null|Not Compliant: 1 of 1 row of the licence position, 5 rights missing, true-up not known: prices are missing.
unmapped 3000|Incomplete: 3000 units in no software model.
metric A 0 null null; unmapped 1|Incomplete: 1 unit in no software model.
metric A 0 null null; watermark a 2025-05-31T00:00:00Z; watermark b 2025-03-01T00:00:00Z|Incomplete: 1 account whose feed is stale or was never read.
metric A 0 null null; metric B 0 null null Unknown not_reported|Incomplete: 1 row of an unknown use.
metric A 0 null null; forecast A 2025-09-01; forecast A 2025-08-01|At risk: rights of A are expected to run out on 2025-08-01, others in 1 more row.
metric A 0 null null; forecast A 2025-08-01 true|Compliant: the licence position's one row.
metric A 2 '"1.00"' '"USD"'; unmapped 7; forecast B 2025-09-01|Not Compliant: 1 of 1 row of the licence position, 2 rights missing, true-up 1.00 USD. Incomplete: 7 units in no software model. At risk: rights of B are expected to run out on 2025-09-01.
metric A 0 null null; printf '{"type":"RECORD","stream":"ineffective_row","record":{"file":"groups","line":2,"column":"cost_center","value":"471","reason":"r"}}\n'|Incomplete: 1 row of licence files without effect.
true|No licence position: enter what was bought in the licence files.
END
	same 16 "$cases"
}

@test "the word of a run that is partial is not Compliant" {
	same "Incomplete: some accounts could not be read." "$(metric A 0 null null | verdict --partial)"
	same "Not Compliant: 1 of 1 row of the licence position, 1 right missing, true-up 1.00 USD. Incomplete: some accounts could not be read." \
		"$(metric A 1 '"1.00"' '"USD"' | verdict --partial)"
}

@test "a name that steers the terminal is shown, on one line" {
	same 'At risk: rights of a\n\x1b[31mb are expected to run out on 2025-09-01.' "$({ metric A 0 null null; forecast 'a\n\u001b[31mb' 2025-09-01; } | verdict)"
}

@test "the table and the page begin with the verdict where it is Incomplete or At risk, and nothing is green then" {
	{ metric A 0 null null && unmapped 3000; } >in
	run -0 report --now 2025-06-01T00:00:00Z <in
	grep -qx 'Incomplete: 3000 units in no software model.' <<<"$output"
	report --format html <in >page
	grep -q 'Incomplete: 3000 units in no software model.' page
	run ! grep -qE 'class="good"[^>]*>[^<]*(row|others)' page
	metric A 0 null null | report --format html >page
	run -0 grep -q 'Compliant' page
}

@test "run: its last line is the verdict; -q silences it; status and the job_result have the same" {
	acme_workspace ws
	run -0 --separate-stderr "$pipeline" run -C ws --replay "$acme/nights/20250318T020000Z"
	[ -z "$output" ]
	expected="Not Compliant: 1 of 10 rows of the licence position, 17 rights missing, true-up 39.95 USD. Incomplete: 71 units in no software model."
	same "pipeline.sh: acme: $expected Report: ws/runs/acme/20250318T020000Z/report.html" "${stderr_lines[-1]}"
	same "$expected" "$(jq -r .verdict ws/runs/acme/20250318T020000Z/job.json)"
	same "$expected" "$("$pipeline" export -q -C ws --stream job_result | records_of job_result | jq -r .verdict)"
	run -0 "$pipeline" status -C ws --positions --now 2025-03-18T03:00:00Z
	same "acme  $expected" "${lines[1]}"
	[ ! -e ws/runs/acme/20250318T020000Z/verdict ]
	"$pipeline" run -q -C ws --replay "$acme/nights/20250325T020000Z" 2>&1 | run ! grep -q Compliant
}

@test "run: one that is partial says so, in its line, its page and its job_result" {
	acme_after 1 ws
	mkdir refusing
	ln -s "$ENVTALLY_BIN"/* refusing/
	rm refusing/fetch-datafeed
	printf '#!/bin/bash\n"%s/fetch-datafeed" "$@" && [[ " $* " != *20250325T020000Z* ]] || exit 75\n' "$ENVTALLY_BIN" >refusing/fetch-datafeed
	chmod +x refusing/fetch-datafeed
	ENVTALLY_BIN=$PWD/refusing run --separate-stderr "$pipeline" run -C ws --replay "$acme/nights/20250325T020000Z"
	[ "$status" -eq 75 ]
	[[ ${stderr_lines[-2]} == *"run 20250325T020000Z is partial, some accounts could not be read: "* ]]
	[[ ${stderr_lines[-1]} == *"Incomplete: some accounts could not be read, 71 units in no software model."* ]]
	[[ $(jq -r .verdict ws/runs/acme/20250325T020000Z/job.json) == *"Incomplete: some accounts could not be read"* ]]
}
