#!/usr/bin/env bats
# aggregate-by-period: sums per period, their states, and restatements. GNU date, sqlite3 and jq calculate the same.

# root, acme and the like are helper's; lists are split on purpose; $ is jq's.
# shellcheck disable=SC2016,SC2086,SC2094,SC2154

load helper

# sent INSTANT…: an envelope sent at each.
sent() {
	local instant number=0
	for instant; do
		printf '{"type":"RECORD","stream":"envelope","record":{"account_id":"a","envelope_id":"e%d","status":"sent","created_at":null,"sent_at":"%s",' $((++number)) "$instant"
		printf '"completed_at":null,"modified_at":"%s","plan_item_id":null,"sender_id":null}}\n' "$instant"
	done
}

# daily ACCOUNT DAY UNITS [MEMBERS]: a partial, with these members instead (a jq object).
daily() {
	local status='' first=null last=null
	[ "$3" -eq 0 ] || status="\"sent\":$3" first="\"$2T08:00:00.000Z\"" last="\"$2T16:00:00.000Z\""
	printf '{"type":"RECORD","stream":"daily_consumption","record":{"account_id":"%s","plan_item_id":null,"day":"%s","units_consumed":%s,"by_status":{%s},"first_sent_at":%s,"last_sent_at":%s}}\n' \
		"$1" "$2" "$3" "$status" "$first" "$last" | if [ -z "${4-}" ]; then cat; else jq -c ".record += $4"; fi
}

watermark() {
	printf '{"type":"RECORD","stream":"watermark","record":{"account_id":"%s","watermark":"%s"}}\n' "$1" "$2"
}

aggregate() {
	aggregate-by-period "$@" 2>/dev/null
}

# Lines INDEX START END UNITS of the consumption on standard input.
periods() {
	records_of consumption |
		sed -nE 's/.*"period_index":(-?[0-9]+),"period_start":"([^"T]+)T[^"]*","period_end":"([^"T]+)T[^"]*","units_consumed":([0-9]+),.*/\1 \2 \3 \4/p'
}

# starts_of CONTRACT-START COUNT: the day that many months on, from 0 to COUNT, by GNU date alone: the first of the month,
# then the day or the month's last.
starts_of() {
	seq 0 "$2" | sed "s/.*/${1%-*}-01 + & months/" | date -u -f - +%Y-%m >months
	sed 's/$/-01 + 1 month - 1 day/' months | date -u -f - +%d >lasts
	paste -d' ' months lasts | awk -v day="${1##*-}" '{ print $1 "-" (day + 0 < $2 + 0 ? day : $2) }'
}

@test "contracts from the 29th, 30th, 31st and the leap day: the edges to the millisecond" {
	while read -r start months instant index first end; do
		same "$instant: $index $first $end 1" "$instant: $(sent "$instant" | aggregate --contract-start "$start" --renewal-months "$months" | periods)"
	done <<'END'
2025-01-31 1 2025-01-31T00:00:00.000Z 0 2025-01-31 2025-02-28
2025-01-31 1 2025-02-27T23:59:59.999Z 0 2025-01-31 2025-02-28
2025-01-31 1 2025-02-28T00:00:00.000Z 1 2025-02-28 2025-03-31
2025-01-31 1 2025-03-30T23:59:59.999Z 1 2025-02-28 2025-03-31
2025-01-31 1 2025-03-31T00:00:00.000Z 2 2025-03-31 2025-04-30
2024-01-31 3 2024-04-29T23:59:59.999Z 0 2024-01-31 2024-04-30
2024-01-31 3 2024-04-30T00:00:00.000Z 1 2024-04-30 2024-07-31
2024-01-31 3 2025-01-30T23:59:59.999Z 3 2024-10-31 2025-01-31
2024-01-31 3 2025-01-31T00:00:00.000Z 4 2025-01-31 2025-04-30
2024-01-30 1 2024-02-28T23:59:59.999Z 0 2024-01-30 2024-02-29
2024-01-30 1 2024-02-29T00:00:00.000Z 1 2024-02-29 2024-03-30
2025-01-30 1 2025-02-28T00:00:00.000Z 1 2025-02-28 2025-03-30
2024-01-29 1 2024-02-29T12:00:00.000Z 1 2024-02-29 2024-03-29
2025-01-29 1 2025-02-28T00:00:00.000Z 1 2025-02-28 2025-03-29
2024-02-29 12 2025-02-27T23:59:59.999Z 0 2024-02-29 2025-02-28
2024-02-29 12 2025-02-28T00:00:00.000Z 1 2025-02-28 2026-02-28
2024-02-29 12 2028-02-28T23:59:59.999Z 3 2027-02-28 2028-02-29
2024-02-29 12 2028-02-29T00:00:00.000Z 4 2028-02-29 2029-02-28
2025-01-31 12 2025-01-30T23:59:59.999Z -1 2024-01-31 2025-01-31
2025-01-31 60 2030-01-30T23:59:59.999Z 0 2025-01-31 2030-01-31
2025-01-31 60 2024-12-31T00:00:00.000Z -1 2020-01-31 2025-01-31
END
}

@test "renewals of 1 to 60 months, five periods each, against GNU date" {
	for start in 2025-01-31 2024-02-29; do
		mapfile -t starts < <(starts_of $start 300)
		mapfile -t before < <(printf '%s - 1 day\n' "${starts[@]}" | date -u -f - +%F)
		[ "${#before[@]}" -eq 301 ]
		for months in $([ $start = 2025-01-31 ] && seq 60 || seq 12 12 60); do
			: >in
			: >expected
			for k in 0 1 2 3 4; do
				next=$(((k + 1) * months))
				echo "$k ${starts[k * months]} ${starts[next]} 2" >>expected
				for instant in "${starts[k * months]}T00:00:00.000Z" "${before[next]}T23:59:59.999Z"; do
					echo "{\"type\":\"RECORD\",\"stream\":\"envelope\",\"record\":{\"account_id\":\"a\",\"status\":\"sent\",\"sent_at\":\"$instant\"}}" >>in
				done
			done
			aggregate --contract-start $start --renewal-months $months <in | periods >got
			same_files expected got
		done
	done
}

@test "a renewal is 1 to 60 whole months" {
	for months in 0 61 -1 1.5 x '' 99999999999999999999; do
		run --separate-stderr aggregate-by-period --contract-start 2025-01-31 --renewal-months "$months" </dev/null
		refused 64 "aggregate-by-period: cannot use "*
	done
	for start in 2025-02-29 2025-1-31 31.01.2025 '' today 2025-01-31T00:00:00Z; do
		run --separate-stderr aggregate-by-period --contract-start "$start" </dev/null
		refused 64 "aggregate-by-period: cannot use --contract-start '$start': "*
	done
	run --separate-stderr aggregate-by-period </dev/null
	refused 64 "aggregate-by-period: cannot compute periods: "*
	run --separate-stderr aggregate-by-period --calendar week </dev/null
	refused 64 "aggregate-by-period: cannot use calendar 'week': "*
}

@test "calendar months, quarters and years" {
	while read -r unit instant first end; do
		same "$first $end" "$(sent "$instant" | aggregate --calendar $unit | periods | cut -d' ' -f2,3)"
		same "$first $end" "$(sent "$instant" | aggregate --calendar $unit --contract-start 2025-01-31 | periods | cut -d' ' -f2,3)"
	done <<'END'
month 2024-02-29T23:59:59.999Z 2024-02-01 2024-03-01
month 2024-12-31T23:59:59.999Z 2024-12-01 2025-01-01
quarter 2024-12-31T23:59:59.999Z 2024-10-01 2025-01-01
quarter 2025-04-01T00:00:00.000Z 2025-04-01 2025-07-01
year 2024-02-29T00:00:00.000Z 2024-01-01 2025-01-01
END
	same 0 "$(sent 2025-01-01T00:00:00Z | aggregate --calendar quarter --contract-start 2025-03-31 | periods | cut -d' ' -f1)"
}

@test "before the contract start: negative periods, and a word on stderr" {
	sent 2024-12-31T00:00:00Z 2025-01-30T23:59:59.999Z 2025-01-31T00:00:00Z >in
	aggregate-by-period --contract-start 2025-01-31 <in >out 2>stderr
	same $'-1 2024-01-31 2025-01-31 2\n0 2025-01-31 2026-01-31 1' "$(periods <out)"
	[[ $(cat stderr) == "aggregate-by-period: warning: 2 unit"*" before the contract start "* ]]
}

@test "the profile gives contract start, renewal and name; options go before" {
	sent 2024-04-30T00:00:00Z >in
	aggregate -p "$acme/profiles/acme.json" <in >out
	same "1 2024-04-30 2024-07-31 1" "$(periods <out)"
	same acme "$(records_of consumption <out | jq -r .profile)"
	same x "$(aggregate --contract-start 2024-01-31 --profile-name x <in | records_of consumption | jq -r .profile)"
	same null "$(aggregate --contract-start 2024-01-31 <in | records_of consumption | jq -r .profile)"
	run --separate-stderr aggregate-by-period -p missing.json <in
	[ "$status" -eq 66 ]
}

@test "the whole fixture: totals per account, plan item and period are what SQL says over the raw records" {
	raw_of $nights >raw
	{ raw_subscriptions && cat raw; } | normalize | merge --ledger :memory: --emit all |
		aggregate -p "$acme/profiles/acme.json" --now 2025-04-01T02:00:00Z >out
	records_of consumption <out | jq -r '[.account_id, .plan_item_id // "-", .period_start[:10], .units_consumed, .first_sent_at, .last_sent_at] | @tsv' | LC_ALL=C sort >got
	# Account 0 and 1 are in the group with one plan item, as the fixture's README says.
	sqlite3 :memory: >unsorted <<'END'
CREATE TABLE line (json TEXT);
.mode ascii
.separator "\037" "\n"
.import raw line
.mode tabs
.separator "\t" "\n"
WITH period(start, until) AS (VALUES ('2023-10-31', '2024-01-31'), ('2024-01-31', '2024-04-30'), ('2024-04-30', '2024-07-31'), ('2024-07-31', '2024-10-31'), ('2024-10-31', '2025-01-31'),
  ('2025-01-31', '2025-04-30')),
version AS (SELECT lower(json_extract(json, '$.envelopeId')) AS envelope, lower(json_extract(json, '$.accountId')) AS account, json_extract(json, '$.status') AS status,
  json_extract(json, '$.sentDateTime') AS sent, lower(json_extract(json, '$.planItemId')) AS plan, json_extract(json, '$.lastModifiedDateTime') AS modified FROM line),
newest AS (SELECT *, max(modified) FROM version GROUP BY envelope),
counted AS (SELECT account, coalesce(plan, CASE WHEN account LIKE '%d301' OR account LIKE '%d302' THEN 'b7f2d3c8-1a4e-4f11-8c5d-2e90a1b3c401' END, '-') AS plan, substr(sent, 1, 23) || 'Z' AS sent
  FROM newest WHERE sent IS NOT NULL AND status <> 'created')
SELECT account, plan, start, count(*), min(sent), max(sent) FROM counted JOIN period ON sent >= start AND sent < until GROUP BY 1, 2, 3;
END
	LC_ALL=C sort unsorted >expected
	[ "$(wc -l <expected)" -gt 30 ]
	same_files expected got
	# Envelopes themselves, each once, give the same as partials.
	{ raw_subscriptions && cat raw; } | normalize | jq -s -c '(map(select(.stream == "envelope" and .record).record) | group_by(.envelope_id) | map(max_by(.modified_at)))[] | {type: "RECORD", stream: "envelope", record: .}' |
		aggregate -p "$acme/profiles/acme.json" --now 2025-04-01T02:00:00Z | records_of consumption | jq -s 'map(.units_consumed) | add' >envelopes
	same "$(jq -s 'map(.record.units_consumed // 0) | add' out)" "$(cat envelopes)"
}

@test "in pieces and then the results: the same bytes as at once, for random splits, and of consumption itself" {
	{ raw_subscriptions && raw_of $nights; } | normalize | merge --ledger :memory: --emit all >partials
	go() { aggregate -p "$acme/profiles/acme.json" --now 2025-04-01T02:00:00Z; }
	go <partials >whole
	grep -v -e daily_consumption partials >facts
	grep '"RECORD","stream":"daily_consumption"' partials >lines
	for seed in 1 2 3 4; do
		rm -f part.*
		shuffled $seed <lines | split -n r/$((seed + 1)) - part.
		for part in part.*; do { cat facts $part; } | go | grep '"stream":"consumption"' >$part.sum; done
		cat facts part.*.sum | go >got
		same_files whole got
		# Some as partials, some as sums.
		{ cat facts part.aa part.ab.sum part.a[c-z].sum; } 2>/dev/null | go >got
		same_files whole got
	done
	go <whole >again
	same_files whole again
}

@test "sums of sums: first, last and by_status come together; plan items, accounts and profiles stay apart" {
	{
		daily a 2025-03-05 3 '{by_status: {sent: 1, completed: 2}}'
		daily a 2025-03-01 1 '{by_status: {voided: 1}}'
		daily a 2025-03-09 2 '{plan_item_id: "p"}'
		daily b 2025-03-05 5
	} >in
	aggregate --contract-start 2025-01-31 <in | records_of consumption |
		jq -c '[.account_id, .plan_item_id, .units_consumed, .by_status, .first_sent_at[:13], .last_sent_at[:13]]' >got
	cat >expected <<'END'
["a",null,4,{"completed":2,"sent":1,"voided":1},"2025-03-01T08","2025-03-05T16"]
["a","p",2,{"sent":2},"2025-03-09T08","2025-03-09T16"]
["b",null,5,{"sent":5},"2025-03-05T08","2025-03-05T16"]
END
	same_files expected got
	shuffled 1 <in | aggregate --contract-start 2025-01-31 | records_of consumption |
		jq -c '[.account_id, .plan_item_id, .units_consumed, .by_status, .first_sent_at[:13], .last_sent_at[:13]]' >got
	same_files expected got
}

@test "a consumption record may lie within a period, and may not reach over its end" {
	consumption() {
		printf '{"type":"RECORD","stream":"consumption","record":{"profile":null,"organization_id":null,"account_id":"a","account_name":null,"plan_item_id":null,"software_model":null,"unit":"envelope","period_index":0,"period_start":"%s","period_end":"%s","units_consumed":2,"by_status":{"sent":2},"first_sent_at":null,"last_sent_at":null,"watermark":null,"state":"open"}}\n' "$1" "$2"
	}
	{ consumption 2025-01-31T00:00:00.000Z 2025-02-28T00:00:00.000Z && consumption 2025-02-28T00:00:00.000Z 2025-03-31T00:00:00.000Z; } |
		aggregate --contract-start 2025-01-31 --renewal-months 2 | periods >got
	same "0 2025-01-31 2025-03-31 4" "$(cat got)"
	run --separate-stderr aggregate-by-period --contract-start 2025-01-31 --renewal-months 1 < <(consumption 2025-01-31T00:00:00.000Z 2025-03-31T00:00:00.000Z)
	refused 65 "aggregate-by-period: cannot read 'standard input' line 1: "*"cannot be split"
	run --separate-stderr aggregate-by-period --contract-start 2025-01-31 < <(consumption 2025-02-28T00:00:00.000Z 2025-02-28T00:00:00.000Z)
	[ "$status" -eq 65 ]
}

@test "drafts, templates and what has no time of sending are not consumed" {
	sent 2025-03-05T12:00:00Z | jq -c '.record.status = ("created", "template"), .record.sent_at = null' | aggregate --contract-start 2025-01-31 >got
	same '' "$(cat got)"
}

# States: period 0 is 2025-01-31 to 2025-02-28.
state() {
	aggregate --contract-start 2025-01-31 --renewal-months 1 --now "$1" | records_of consumption | value_of state | xargs
}

@test "open until the clock reaches the end; provisional until every account's watermark is a day past it; then final" {
	daily a 2025-02-10 1 >in
	same open "$(state 2025-02-27T23:59:59.999Z <in)"
	same provisional "$(state 2025-02-28T00:00:00.000Z <in)"
	same provisional "$(state 2030-01-01T00:00:00Z <in)"
	same provisional "$({ watermark a 2025-02-28T23:59:59.999Z && cat in; } | state 2025-03-10T00:00:00Z)"
	same final "$({ watermark a 2025-03-01T00:00:00.000Z && cat in; } | state 2025-03-10T00:00:00Z)"
	same final "$({ cat in && watermark a 2025-03-01T00:00:00.000Z; } | state 2025-03-10T00:00:00Z)"
	# The clock goes before the watermark.
	same open "$({ watermark a 2025-03-05T00:00:00.000Z && cat in; } | state 2025-02-20T00:00:00Z)"
	# Every account that is known counts, also one without envelopes or without a watermark.
	same "final final" "$({ watermark a 2025-03-05T00:00:00Z && watermark b 2025-03-05T00:00:00Z && cat in && daily b 2025-02-10 1; } | state 2025-03-10T00:00:00Z)"
	same "provisional provisional" "$({ watermark a 2025-03-05T00:00:00Z && watermark b 2025-02-28T00:00:00Z && cat in && daily b 2025-02-10 1; } | state 2025-03-10T00:00:00Z)"
	same provisional "$({ watermark a 2025-03-05T00:00:00Z && watermark b 2025-02-28T00:00:00Z && cat in; } | state 2025-03-10T00:00:00Z)"
	same provisional "$({ watermark a 2025-03-05T00:00:00Z && echo '{"type":"RECORD","stream":"account","record":{"account_id":"b"}}' && cat in; } | state 2025-03-10T00:00:00Z)"
	# Of two watermarks the later counts, in any order.
	same final "$({ watermark a 2025-03-05T00:00:00Z && watermark a 2025-02-01T00:00:00Z && cat in; } | state 2025-03-10T00:00:00Z)"
}

@test "the record says what is known of its account" {
	{
		echo '{"type":"RECORD","stream":"account","record":{"organization_id":"o","account_id":"a","account_name":"A \"1\" 🚀"}}'
		watermark a 2025-03-05T00:00:00.000Z
		daily a 2025-02-10 1
	} | aggregate --contract-start 2025-01-31 --profile-name x --now 2025-03-01T00:00:00Z | records_of consumption >got
	same '{"profile":"x","organization_id":"o","account_id":"a","account_name":"A \"1\" 🚀","plan_item_id":null,"software_model":null,"unit":"envelope","period_index":0,"period_start":"2025-01-31T00:00:00.000Z","period_end":"2026-01-31T00:00:00.000Z","units_consumed":1,"by_status":{"sent":1},"first_sent_at":"2025-02-10T08:00:00.000Z","last_sent_at":"2025-02-10T16:00:00.000Z","watermark":"2025-03-05T00:00:00.000Z","state":"open","by_day":{"2025-02-10":1},"periods_from":"2025-01-31","period_months":12}' "$(cat got)"
}

# A run's report by the clock given: its job_result and consumption, as merge --print-reported prints them.
report_of() {
	printf '{"type":"RECORD","stream":"job_result","record":{"run_id":"R1","profile":null,"job":"run","state":"succeeded","started_at":"%s","ended_at":"%s","counts":{},"error":null}}\n' "$1" "$1"
	aggregate --contract-start 2025-01-31 --renewal-months 1 --now "$1" | grep '"RECORD","stream":"consumption"'
}

# Lines ACCOUNT START BEFORE AFTER DELTA CAUSE RUN of the restatements.
restated() {
	aggregate --contract-start 2025-01-31 --renewal-months 1 --reported reported "$@" | records_of restatement |
		jq -r '"\(.account_id) \(.period_start[:10]) \(.units_before) \(.units_after) \(.delta) \(.cause) \(.run_id)"'
}

@test "restatements: of periods that were over when reported, late when units came, status when they went" {
	{ daily a 2025-02-10 3 && daily a 2025-03-10 4 && daily b 2025-02-10 5; } | report_of 2025-03-15T00:00:00Z >reported
	# Nothing changed.
	same '' "$({ daily a 2025-02-10 3 && daily a 2025-03-10 4 && daily b 2025-02-10 5; } | restated --now 2025-03-22T00:00:00Z)"
	# Late ones; growth of the period that was open is none.
	same "a 2025-01-31 3 5 2 late 20250322T000000Z" "$({ daily a 2025-02-10 3 && daily a 2025-02-11 2 && daily a 2025-03-10 9; } | restated --now 2025-03-22T00:00:00Z)"
	# Fewer; the run may have a name of its own.
	same "a 2025-01-31 3 1 -2 status R2" "$({ daily a 2025-02-10 1 && daily a 2025-03-10 4; } | restated --now 2025-03-22T00:00:00Z --run-id R2)"
	# Gone altogether: the account was seen, the period has nothing.
	same "b 2025-01-31 5 0 -5 status 20250322T000000Z" "$(daily b 2025-02-10 0 | restated --now 2025-03-22T00:00:00Z)"
	# A period that had nothing, was over, and has something now.
	same "c 2025-01-31 0 1 1 late 20250322T000000Z" "$(daily c 2025-02-20 1 | restated --now 2025-03-22T00:00:00Z)"
	# The period that was open when reported and is over now: no restatement, whatever came.
	same '' "$({ daily a 2025-02-10 3 && daily a 2025-03-10 40; } | restated --now 2025-04-22T00:00:00Z)"
	# Moved from an account to another.
	same $'a 2025-01-31 3 2 -1 status R\nb 2025-01-31 5 6 1 late R' "$({ daily a 2025-02-10 2 && daily a 2025-03-10 4 && daily b 2025-02-10 6; } | restated --now 2025-03-22T00:00:00Z --run-id R)"
}

@test "a report taken at a period's very end finds it over" {
	daily a 2025-02-10 3 | report_of 2025-02-28T00:00:00Z >reported
	same "a 2025-01-31 3 4 1 late R" "$(daily a 2025-02-10 4 | restated --now 2025-03-22T00:00:00Z --run-id R)"
	daily a 2025-02-10 3 | report_of 2025-02-27T23:59:59.999Z >reported
	same '' "$(daily a 2025-02-10 4 | restated --now 2025-03-22T00:00:00Z --run-id R)"
}

@test "accounts of which nothing came are carried over from what was reported; their state goes with the clock" {
	{ daily a 2025-02-10 3 && daily b 2025-02-10 5 && daily b 2025-03-10 1; } | report_of 2025-03-15T00:00:00Z >reported
	daily a 2025-02-10 4 | aggregate --contract-start 2025-01-31 --renewal-months 1 --reported reported --now 2025-04-15T00:00:00Z | records_of consumption |
		jq -r '"\(.account_id) \(.period_start[:10]) \(.units_consumed) \(.state) \(.by_status.sent)"' >got
	cat >expected <<'END'
a 2025-01-31 4 provisional 4
b 2025-01-31 5 provisional 5
b 2025-02-28 1 provisional 1
END
	same_files expected got
	# With nothing at all on the input the report is what it was.
	aggregate --contract-start 2025-01-31 --renewal-months 1 --reported reported --now 2025-03-15T00:00:00Z </dev/null | records_of consumption >got
	same "$(records_of consumption <reported)" "$(cat got)"
}

@test "touched accounts with --reported give what all accounts give without" {
	{ raw_subscriptions && raw_of 20250318T020000Z; } | normalize | merge --ledger a.db --emit all | aggregate -p "$acme/profiles/acme.json" --now 2025-03-18T02:00:00Z >run
	{
		jq -nc '{type: "RECORD", stream: "job_result", record: {run_id: "20250318T020000Z", profile: "acme", job: "run", state: "succeeded", started_at: "2025-03-18T02:00:00.000Z", ended_at: null, counts: {}, error: null}}'
		grep '"RECORD","stream":"consumption"' run
	} | merge --ledger a.db --emit none
	merge --ledger a.db --print-reported >reported
	raw_of 20250325T020000Z | normalize | merge --ledger a.db --emit touched >touched
	merge --ledger a.db --emit all </dev/null >all
	[ "$(wc -l <touched)" -lt "$(wc -l <all)" ]
	for from in touched all; do
		aggregate -p "$acme/profiles/acme.json" --now 2025-03-25T02:00:00Z --reported reported <$from | jq -c 'select(.type == "RECORD" and (.stream == "consumption" or .stream == "restatement"))' >$from.out
	done
	same_files all.out touched.out
	# The late ones that the fixture's README tells of are restated: seven in closed periods, two of account 0 and one each in the fourth.
	jq -r 'select(.stream == "restatement").record | "\(.period_start[:10]) \(.account_id[-3:]) \(.cause)"' all.out | sort -u >restated
	for account in 301 302 303 304 305; do grep -qx "2024-10-31 $account late" restated; done
	grep -qx "2024-04-30 301 late" restated
}

@test "wrong types are 65 with line, stream and field" {
	while IFS='|' read -r members field; do
		daily a 2025-03-05 1 "$members" >in
		run --separate-stderr aggregate-by-period --contract-start 2025-01-31 <in
		refused 65 "aggregate-by-period: cannot read 'standard input' line 1: daily_consumption \"$field\" must be "*
		[ -z "$output" ]
	done <<'END'
{day: "2025-02-30"}|day
{day: null}|day
{day: 20250305}|day
{account_id: null}|account_id
{account_id: 5}|account_id
{plan_item_id: 5}|plan_item_id
{units_consumed: "1"}|units_consumed
{units_consumed: 1.5}|units_consumed
{units_consumed: -1}|units_consumed
{units_consumed: null}|units_consumed
{by_status: []}|by_status
{by_status: {sent: "1"}}|by_status
{by_status: {sent: 1.5}}|by_status
{by_status: {sent: -1}}|by_status
{by_status: {sent: {}}}|by_status
{first_sent_at: 5}|first_sent_at
{last_sent_at: "soon"}|last_sent_at
END
}

@test "--reported that is not there or broken: 66, 65 and its name" {
	run --separate-stderr aggregate-by-period --contract-start 2025-01-31 --reported missing </dev/null
	refused 66 "aggregate-by-period: cannot open 'missing': No such file or directory"
	echo '{"type":' >reported
	run --separate-stderr aggregate-by-period --contract-start 2025-01-31 --reported reported </dev/null
	refused 65 "aggregate-by-period: cannot read 'reported' line 1: "*
	: >reported
	same "0 2025-01-31 2026-01-31 1" "$(daily a 2025-02-10 1 | aggregate --contract-start 2025-01-31 --reported reported | periods)"
}

@test "the example of --help works when pasted" {
	raw_of 20250318T020000Z >raw.ndjson
	normalize <raw.ndjson | merge --ledger :memory: --emit all | aggregate-by-period --contract-start 2025-01-31 --renewal-months 12 >out 2>/dev/null
	[ "$(periods <out | wc -l)" -gt 5 ]
}

@test "accounts were read and nothing was used: the contract says which periods there are, so that rights that nobody uses have rows" {
	printf 'publisher,product,software_model,license_metric,identifier_type,identifier\nD,P,N,Envelope,plan_item_id,p\n' >models.csv
	printf 'entitlement_id,software_model,license_metric,subscription_period,start_date,end_date,purchased_rights,total_cost,currency\ne,N,Envelope,Quarterly,2024-01-01,2024-12-31,100,250,USD\n' >entitlements.csv
	printf '{"type":"RECORD","stream":"account","record":{"organization_id":"o","account_id":"a"}}\n{"type":"RECORD","stream":"watermark","record":{"account_id":"a","watermark":"2025-02-09T00:00:00Z"}}\n' |
		merge --ledger :memory: --emit all | aggregate-by-period --contract-start 2024-01-01 --renewal-months 3 --now 2025-02-10T00:00:00Z |
		reconcile -e entitlements.csv -m models.csv --now 2025-02-10T00:00:00Z >results
	records_of metric_result <results | jq -r '"\(.period_start[:10]) \(.rights_owned) \(.rights_used) \(.rights_available) \(.current_period_spend) \(.usage_state)"' >got
	diff -u - got <<'END'
2024-01-01 100 0 100 250.00 zero
2024-04-01 100 0 100 250.00 zero
2024-07-01 100 0 100 250.00 zero
2024-10-01 100 0 100 250.00 zero
2025-01-01 0 0 0 0.00 zero
END
	# The same position without a feed that was read is no all-clear.
	[[ $(grep -v '"watermark"' results | report --format verdict) == "Incomplete: no units were counted, and no feed was read: "* ]]
}
