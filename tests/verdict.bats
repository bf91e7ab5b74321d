#!/usr/bin/env bats
# The verdict, from one place, for table, page, status, the last line of a run and the job_result. Never a false all-clear.

load helper

pipeline=$root/pipeline.sh
export ENVTALLY_BIN=${ENVTALLY_BIN:-$root/bin}

metric() { # MODEL UNLICENSED COST CURRENCY [STATUS [USAGE]]: COST and CURRENCY are JSON
	printf '{"type":"RECORD","stream":"metric_result","record":{"profile":"x","publisher":"D","product":"P","software_model":"%s","license_metric":"E","unit":"envelope","period_index":0,"period_start":"2025-01-01T00:00:00.000Z","period_end":"2026-01-01T00:00:00.000Z","period_state":"open","rights_owned":9,"rights_used":9,"unlicensed_rights":%s,"true_up_cost":%s,"currency":%s,"status":"%s","usage_state":"%s"}}\n' \
		"$1" "$2" "$3" "$4" "${5:-$([ "$2" = 0 ] && echo Compliant || echo 'Not Compliant')}" "${6:-counted}"
}
unmapped() { printf '{"type":"RECORD","stream":"consumption","record":{"profile":"x","account_id":"a","plan_item_id":"p","unit":"envelope","period_index":0,"period_start":"2025-01-01T00:00:00.000Z","period_end":"2026-01-01T00:00:00.000Z","units_consumed":%s,"by_status":{},"state":"open"}}\n{"type":"RECORD","stream":"unrecognized_subscription","record":{"identifier":"p","identifier_type":"plan_item_id","display_name":null,"profiles":["x"],"subscriptions":1,"units_consumed":%s}}\n' "$1" "$1"; }
forecast() { # MODEL DAY [COVERED [USED [RUN-OUT]]]
	printf '{"type":"RECORD","stream":"forecast","record":{"profile":"x","software_model":"%s","license_metric":"E","unit":"envelope","period_index":0,"period_start":"2025-01-01T00:00:00.000Z","period_end":"2026-01-01T00:00:00.000Z","as_of":"2025-06-01T00:00:00.000Z","known_until":"2025-05-31","curve":[],"rights_owned":9,"units_to_date":%s,"expected_units":20,"low_units":18,"high_units":22,"method":"seasonal","exhausted_on":"%s","days_left":30,"is_covered":%s,"warning":false,"has_run_out":%s}}\n' "$1" "${4:-5}" "$2" "${3:-false}" "${5:-false}"
}
advised() { # OPTION
	printf '{"type":"RECORD","stream":"remediation","record":{"profile":"x","software_model":"A","license_metric":"E","period_index":0,"period_start":"2025-01-01T00:00:00.000Z","period_end":"2026-01-01T00:00:00.000Z","number":1,"option":"%s","rights":1,"cost":"0.00","rights_owned_after":9,"over_licensed_rights_after":0,"unlicensed_rights_after":0,"status_after":"Compliant"}}\n' "$1"
}
watermark() { printf '{"type":"RECORD","stream":"watermark","record":{"account_id":"%s","watermark":"%s"}}\n' "$1" "$2"; }
verdict() { report --format verdict --now 2025-06-01T00:00:00Z "$@"; }

billed() { # CHECK DIFFERENCE
	printf '{"type":"RECORD","stream":"billing_check","record":{"profile":"x","account_id":"a","account_name":null,"billing_start":"2025-01-01T00:00:00.000Z","billing_end":"2025-02-01T00:00:00.000Z","units_billed":7,"units_counted":5,"difference":%s,"check":"%s"}}\n' "$2" "$1"
}
ineffective='{"type":"RECORD","stream":"ineffective_row","record":{"file":"groups","line":2,"column":"cost_center","value":"471","reason":"r"}}'

# page INPUT-FILE [OPTION]...: into the file page; `colours`: the classes of what is coloured there, a line each.
page() { report --format html --now 2025-06-01T00:00:00Z "${@:2}" <"$1" >page; }
colours() { grep -oE 'class="(pill|verdict|card) [a-z]+"' page | cut -d'"' -f2; }

# on_terminal INPUT-FILE: what a terminal with colours is given, into the file terminal.
on_terminal() {
	command -v script >/dev/null || skip "no script(1)"
	SHELL=/bin/sh script -qec "stty cols 200; env -u NO_COLOR TERM=xterm '$(command -v report)' --now 2025-06-01T00:00:00Z <$1" /dev/null </dev/null | tr -d '\r' >terminal
}

buy=': buy them, or record the entitlement that covers them.'
map='add rows to licence/models.csv (`envtally models suggest`)'
feed='run again, or ask Docusign about it (`envtally status` has the names)'

@test "the word is the worst that applies, and each that applies has its figures and the next step" {
	cases=0
	while IFS='|' read -r -u 4 input expected; do
		same "$expected" "$(eval "$input" | verdict)"
		cases=$((cases + 1))
	done 4<<END
metric A 0 '"0.00"' '"USD"'|Compliant: the licence position's one row.
metric A 0 '"0.00"' '"USD"'; metric B 0 null null|Compliant: all 2 rows of the licence position.
metric A 1 '"2.35"' '"USD"'|Not Compliant: 1 of 1 row of the licence position, 1 right missing, true-up 2.35 USD: buy it, or record the entitlement that covers it.
metric A 17 '"39.95"' '"USD"'; metric B 4 '"9.4"' '"USD"'; metric C 0 null null|Not Compliant: 2 of 3 rows of the licence position, 21 rights missing, true-up 49.35 USD$buy
metric A 1 '"2.35"' '"USD"'; metric B 2 '"400"' '"JPY"'; metric C 3 '"1.50"' '"EUR"'|Not Compliant: 3 of 3 rows of the licence position, 6 rights missing, true-up 2.35 USD, 400 JPY and 1.50 EUR$buy
metric A 1 '"2.35"' '"USD"'; metric B 2 null null|Not Compliant: 2 of 2 rows of the licence position, 3 rights missing, true-up 2.35 USD and what has no price$buy
metric A 5 null null|Not Compliant: 1 of 1 row of the licence position, 5 rights missing, true-up not known (prices are missing)$buy
metric A 5 null null; advised buy_rights|Not Compliant: 1 of 1 row of the licence position, 5 rights missing, true-up not known (prices are missing)$buy
metric A 1 '"2.35"' '"USD"'; advised move_rights|Not Compliant: 1 of 1 row of the licence position, 1 right missing, true-up 2.35 USD: move rights that others leave unused (envtally report), buy it, or record the entitlement that covers it.
unmapped 3000|Incomplete: 3000 units in no software model: $map.
metric A 0 null null; unmapped 1|Incomplete: 1 unit in no software model: $map.
metric A 0 null null; watermark a 2025-05-31T00:00:00Z; watermark b 2025-03-01T00:00:00Z|Incomplete: 1 account whose feed is stale or was never read: $feed.
metric A 0 null null Unknown not_reported|Incomplete: 1 row of an unknown use: wait until the accounts are fed, or ask the reseller.
metric A 0 null null; forecast A 2025-09-01; forecast A 2025-08-01|At risk: rights of A are expected to run out on 2025-08-01, in 61 days, others in 1 more row: plan a purchase.
metric A 0 null null; forecast A 2025-05-01|At risk: rights of A were expected to run out on 2025-05-01: plan a purchase.
metric A 0 null null; forecast A 2025-08-01 true|Compliant: the licence position's one row.
metric A 0 null null; forecast A 2025-08-01 false 50|At risk: rights of A are expected to run out on 2025-08-01, in 61 days: plan a purchase.
metric A 2 '"1.00"' '"USD"'; forecast A 2025-03-03 false 5 true|Not Compliant: 1 of 1 row of the licence position, 2 rights missing, true-up 1.00 USD$buy
metric A 2 '"1.00"' '"USD"'; unmapped 7; forecast B 2025-06-02|Not Compliant: 1 of 1 row of the licence position, 2 rights missing, true-up 1.00 USD$buy Incomplete: 7 units in no software model: $map. At risk: rights of B are expected to run out on 2025-06-02, in 1 day: plan a purchase.
metric A 0 null null; echo '$ineffective'|Incomplete: 1 row of licence files without effect: correct or remove what the report lists.
metric A 0 null null; billed differs -2|Incomplete: 1 billing period in which Docusign counts more: \`envtally explain\` has possible reasons.
metric A 0 null null; billed differs 2; billed feed_is_behind -2; billed agrees 0|Compliant: the licence position's one row.
unmapped 4; watermark a 2025-03-01T00:00:00Z; echo '$ineffective'|Incomplete: 4 units in no software model: $map; 1 account whose feed is stale or was never read: $feed; 1 row of licence files without effect: correct or remove what the report lists.
true|Incomplete: no licence position: enter what was bought in licence/entitlements.csv, then reconcile.
END
	same 24 "$cases"
}

account() { printf '{"type":"RECORD","stream":"account","record":{"organization_id":null,"account_id":"%s","account_name":"%s"}}\n' "$1" "$2"; }

@test "accounts of which nothing was ever read are unknown, also where none was" {
	unused() { metric A 0 null null | sed 's/"rights_used":9/"rights_used":0/'; }
	same "Incomplete: 2 accounts whose feed is stale or was never read: $feed." "$({ account a A && account b B && unused; } | verdict)"
	# Feeds in files have no watermarks: their units show that they were read.
	same "Compliant: the licence position's one row." "$({ account a A && metric A 0 null null; } | verdict)"
	same "Compliant: the licence position's one row." "$(unused | verdict)"
}

@test "the word of a run that is partial is not Compliant" {
	same 'Incomplete: some accounts could not be read: run again.' "$(metric A 0 null null | verdict --partial)"
	same "Not Compliant: 1 of 1 row of the licence position, 1 right missing, true-up 1.00 USD: buy it, or record the entitlement that covers it. Incomplete: some accounts could not be read: run again." \
		"$(metric A 1 '"1.00"' '"USD"' | verdict --partial)"
}

hostile='a\nb \u001b[31m\u009b2J\u202eo'
shown='a\nb \x1b[31m\u009b2J\u202eo'

@test "a name that steers the terminal is shown, on one line, wherever it is" {
	{ metric A 0 null null && forecast "$hostile" 2025-09-01; } >in
	same "At risk: rights of $shown are expected to run out on 2025-09-01, in 92 days: plan a purchase." "$(verdict <in)"
	{ cat in && account evil "$hostile" && watermark evil 2025-03-01T00:00:00Z; } >named
	report --now 2025-06-01T00:00:00Z <named >table
	grep -qxF "The feed of account $shown has not advanced since 2025-03-01: envelopes sent there since then are not counted." table
	page named
	grep -qF "<li class=\"bad\">The feed of account $shown has" page
	run ! env LC_ALL=C grep -q $'\e\\|\xc2\x9b\\|\xe2\x80\xae' table page
}

@test "table and page begin with the verdict; colour and words agree, and nothing is green while something could change it" {
	cases=0
	while IFS='|' read -r -u 4 input word tone pills; do
		eval "$input" >in
		line=$(verdict <in)
		[[ $line == "$word: "* ]]
		report --now 2025-06-01T00:00:00Z <in >table
		same "$line" "$(sed -n '2,/^$/p' table | xargs -d '\n' | sed 's/ $//')"
		page in
		same "$line" "$(sed -nE 's/.*<p class="verdict [a-z]+"><strong>([^<]*)<\/strong>([^<]*)<\/p>.*/\1\2/p' page | sed "s/&apos;/'/g; s/&#39;/'/g" | xargs -d '\n')"
		same "$tone $pills" "$(colours | sed -n 's/verdict //p' | head -n 1) $(colours | sed -n 's/pill //p' | sort -u | xargs)"
		on_terminal in
		if [ "$word" = Compliant ]; then
			grep -q $'^\e\\[32mCompliant: ' terminal
		else
			grep -q $'^\e\\[1;31m'"$word: " terminal
		fi
		same "$([[ " $pills " == *" good "* ]] && echo green)" "$(grep -q $'\e\\[32m' terminal && echo green)"
		cases=$((cases + 1))
	done 4<<'END'
metric A 0 null null|Compliant|good|good
metric A 0 null null; metric B 1 null null|Not Compliant|bad|bad good
metric A 0 null null; unmapped 3000|Incomplete|mixed|plain
metric A 0 null null; metric B 1 null null; unmapped 1|Not Compliant|bad|bad plain
metric A 0 null null; metric B 0 null null Unknown not_reported|Incomplete|mixed|plain unknown
metric A 0 null null; forecast A 2025-09-01|At risk|mixed|plain
metric A 0 null null; echo "$ineffective"|Incomplete|mixed|plain
unmapped 3000|Incomplete|mixed|
END
	same 8 "$cases"
	# All units in no software model: above all else, and green nowhere.
	{ metric A 0 null null | sed 's/"rights_used":9/"rights_used":0/' && unmapped 3000; } >in
	report --now 2025-06-01T00:00:00Z <in | sed -n 2p | grep -qxF "Incomplete: 3000 units in no software model: $map."
	page in
	run ! grep -qE 'class="[^"]*\bgood\b' page
	page in --partial
	run ! grep -qE 'class="[^"]*\bgood\b' page
}

@test "the verdict of a run: its last line, the job_result, the report and status; -q silences only the line" {
	acme_workspace ws
	run -0 --separate-stderr "$pipeline" run -C ws --replay "$acme/nights/20250318T020000Z"
	[ -z "$output" ]
	expected="Not Compliant: 1 of 10 rows of the licence position, 17 rights missing, true-up 39.95 USD$buy Incomplete: 71 units in no software model: $map."
	same "pipeline.sh: acme: $expected Report: ws/runs/acme/20250318T020000Z/report.html" "${stderr_lines[-1]}"
	same "$expected" "$(jq -r .verdict ws/runs/acme/20250318T020000Z/job.json)"
	same "$expected" "$("$pipeline" export -q -C ws --stream job_result | records_of job_result | jq -r .verdict)"
	"$pipeline" export -q -C ws --stream job_result --format csv --to csv
	grep -qF "$expected" csv/job_result.csv
	same "$expected" "$("$pipeline" report -q -C ws --format verdict)"
	same "$expected" "$("$pipeline" report -q -C ws | sed -n '2,3p' | xargs -d '\n')"
	[[ $("$pipeline" report -q -C ws --format html) == *'<strong>Not Compliant</strong>: 1 of 10 rows'*'<strong>Incomplete</strong>: 71 units in no software model: '* ]]
	run -0 "$pipeline" status -q -C ws --now 2025-03-18T03:00:00Z
	same "acme  $expected" "${lines[1]}"
	[ "${#lines[@]}" -eq 2 ]
	# Some time later it is not known any more what was sent.
	run -0 "$pipeline" status -C ws --now 2025-04-12T02:00:00Z
	same "acme  ${expected%.}; 6 accounts whose feed is stale or was never read: $feed." "${lines[1]}"
	same "acme  at that run: $expected" "${lines[2]}"
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
	expected="Incomplete: 71 units in no software model: $map; some accounts could not be read: run again."
	[[ ${stderr_lines[-1]} == *"$expected"* ]]
	[[ $(jq -r .verdict ws/runs/acme/20250325T020000Z/job.json) == *"$expected" ]]
	for command in "status --now 2025-03-25T03:00:00Z" "reconcile --now 2025-03-25T03:00:00Z" "reconcile --as-of 2025-03-25" report; do
		# shellcheck disable=SC2086 # words
		[[ $("$pipeline" $command -q -C ws) == *"$expected"* ]]
	done
}
