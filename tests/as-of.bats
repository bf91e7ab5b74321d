#!/usr/bin/env bats
# reconcile --as-of: what was reported at a date, and what is known now of it. On the recorded organisation, whose nights bring late
# envelopes of periods that were reported as over (fixtures/acme/README.md names them).

load helper

pipeline=$root/pipeline.sh
export ENVTALLY_BIN=${ENVTALLY_BIN:-$root/bin}

# The three nights in $BATS_FILE_TMPDIR/ws, and what report said after each of them, in NIGHT.report.
setup_file() {
	local ws=$BATS_FILE_TMPDIR/ws night count=0
	for night in $nights; do
		rm -rf "$ws"
		acme_after $((++count)) "$ws"
		"$pipeline" report -q -C "$ws" | sed '$d' >"$BATS_FILE_TMPDIR/$night.report"
	done
	# What is licensed has changed since; what was reported has not.
	cp -r "$ws" "$BATS_FILE_TMPDIR/later"
	sed -i '/ENT-EP-04/s/,243,2.350,571.050,/,250,2.350,,/' "$BATS_FILE_TMPDIR/later/licence/entitlements.csv"
}

as_of() { "$pipeline" reconcile -q -C "$BATS_FILE_TMPDIR/${workspace:-ws}" --as-of "$@"; }
used() { jq -r 'select(.stream == "metric_result" and .record.software_model == "Docusign eSignature Enterprise Pro" and .record.period_index == 3) .record
	| "\(.rights_owned) \(.rights_used) \(.status)"'; }

@test "then: each night's date gives what that night's run gave, to the byte" {
	workspace=later
	for night in $nights; do
		as_of "${night:0:4}-${night:4:2}-${night:6:2}" >got
		same_files "$BATS_FILE_TMPDIR/$night.report" got
		as_of "$night" --format ndjson >records
		same_files <(grep -v '"stream":"contract"' "$BATS_FILE_TMPDIR/ws/runs/acme/$night/results.ndjson") \
			<(grep -E '"stream":"([a-z]+_result|unlicensed_consumption|remediation|unrecognized_subscription|consumption_(without_position|balance)|forecast)"' records)
	done
}

@test "then: a time between two nights gives the earlier, a night's own time that night" {
	# By the fixture's README: Compliant with nothing to spare after night 1, not so once the late ones of night 2 are in.
	same "243 243 Compliant" "$(as_of 2025-03-25T01:59:59Z --format ndjson | used)"
	same "243 247 Not Compliant" "$(as_of 2025-03-25T02:00:00Z --format ndjson | used)"
	same "243 247 Not Compliant" "$(as_of 2025-03-31 --format ndjson | used)"
	same "243 249 Not Compliant" "$(as_of 2025-06-30 --format ndjson | used)"
}

@test "restated: what had been sent by then, with the knowledge of now" {
	# By jq from the raw pages of all nights: the latest version of each envelope, sent by the end of that day, drafts left out.
	for day in 2024-12-24 2025-03-18; do
		raw_of $nights | jq -n -r --arg day "$day" '
			reduce inputs as $one ({}; ($one.envelopeId | ascii_downcase) as $id
				| if .[$id] == null or .[$id].lastModifiedDateTime < $one.lastModifiedDateTime then .[$id] = $one else . end)
			| [.[] | select(.sentDateTime != null and .sentDateTime[:10] <= $day and (.status | ascii_downcase) != "created")]
			| group_by(.accountId | ascii_downcase)[] | "\(.[0].accountId | ascii_downcase) \(length)"' >expected
		as_of "$day" --restated --format ndjson | jq -n -r '
			[inputs | select(.type == "RECORD" and .stream == "consumption").record] | group_by(.account_id)[]
			| "\(.[0].account_id) \(map(.units_consumed) | add)"' >got
		[ -s expected ]
		same_files expected got
		# The period of that day was open then, its start the last.
		same open "$(as_of "$day" --restated --format ndjson | jq -n -r '[inputs | select(.stream == "consumption").record] | max_by(.period_start).state')"
	done
	same "243 249 Not Compliant" "$(as_of 2025-03-18 --restated --format ndjson | used)"
	workspace=later
	same "250 249 Compliant" "$(as_of 2025-03-18 --restated --format ndjson | used)"
}

@test "restated: users that are excluded are so only for what they had sent by then" {
	cp -r "$BATS_FILE_TMPDIR/ws" ws
	sender=$(raw_of $nights | jq -r 'select(.sender.userId != null and .status != "created") | .sender.userId' | sort | uniq -c | sort -rn | awk 'NR == 1 { print $2 }')
	printf 'rule_type,identifier,profile,reason,start_date,end_date\nuser,%s,acme,test,,\n' "$sender" >ws/licence/exclusions.csv
	"$pipeline" reconcile -q -C ws --as-of 2024-12-24 --restated --format ndjson >records
	excluded=$(raw_of $nights | jq -n -r --arg sender "${sender,,}" '
		reduce inputs as $one ({}; ($one.envelopeId | ascii_downcase) as $id
			| if .[$id] == null or .[$id].lastModifiedDateTime < $one.lastModifiedDateTime then .[$id] = $one else . end)
		| [.[] | select(.sentDateTime != null and .sentDateTime >= "2024-01-31" and .sentDateTime[:10] <= "2024-12-24" and
			(.status | ascii_downcase) != "created" and (.sender.userId? // "" | ascii_downcase) == $sender)] | length')
	[ "$excluded" -gt 0 ]
	unmapped=$(jq -s '[.[] | select(.stream == "product_result").record.excluded_units] | add' records)
	[ "$unmapped" -gt 0 ] && [ "$unmapped" -le "$excluded" ]
}

@test "then: a run that was changed, or a ledger that was, is refused" {
	cp -r "$BATS_FILE_TMPDIR/ws" ws
	sed -i '/"period_start":"2024-10-31/s/"units_consumed":[0-9]*/"units_consumed":7/' ws/runs/acme/20250318T020000Z/consumption.ndjson
	run --separate-stderr "$pipeline" reconcile -q -C ws --as-of 2025-03-18
	refused 65 "pipeline.sh: cannot reconcile as of 2025-03-18: run 20250318T020000Z has other figures than the ledger and its restatements give: *"
	run -0 "$pipeline" reconcile -q -C ws --as-of 2025-03-25
}

@test "mistakes: a date before all runs, and what is no date" {
	run --separate-stderr as_of 2025-03-17
	fails 66 "pipeline.sh: cannot reconcile profile 'acme' as of 2025-03-17: nothing had been run by then, or its run is not kept"
	run --separate-stderr as_of 2025-03-18T02:00:00Z --restated
	fails 64 "pipeline.sh: cannot use --as-of '2025-03-18T02:00:00Z' with --restated: it must be a day such as 2025-03-18"
	run --separate-stderr as_of 2025-02-30 --restated
	fails 64 "pipeline.sh: cannot use --as-of '2025-02-30': it must be a day such as 2025-03-18"
	run --separate-stderr as_of yesterdayish
	[ "$status" -eq 64 ]
	run --separate-stderr "$pipeline" reconcile -C "$BATS_FILE_TMPDIR/ws" --restated
	fails 64 "pipeline.sh: cannot use --restated without --as-of DATE"
}
