# shellcheck shell=bash disable=SC2034,SC2154 # its variables are pipeline.sh's, which sources it
# look.sh: reconcile, report and status: what there is, without a run.

newest_run() { # NAME
	find "$workspace/runs/$1" -mindepth 1 -maxdepth 1 -type d ! -name '.*' 2>/dev/null | LC_ALL=C sort | tail -n 1
}

# The whole position as the ledger has it now.
position() { # FILE NAME
	stage merge --ledger "$workspace/ledger/$2.db" --emit all </dev/null | stage aggregate-by-period -p "$1" \
		--reported <(stage merge --ledger "$workspace/ledger/$2.db" --print-reported) |
		stage reconcile --entitlements "$workspace/licence/entitlements.csv" --models "$workspace/licence/models.csv"
}

reconcile_command() {
	need_workspace
	local profile file name
	for profile in "${profiles[@]}"; do
		file=$(profile_file "$profile")
		name=$(profile_fact "$file" name)
		[ -e "$workspace/ledger/$name.db" ] || fail 66 "cannot reconcile profile '$name': nothing was run yet"
		position "$file" "$name" | stage report --title "$name"
	done
}

report_command() {
	need_workspace
	local profile name last
	for profile in "${profiles[@]}"; do
		name=$(profile_fact "$(profile_file "$profile")" name)
		last=$(newest_run "$name")
		[ -n "$last" ] || fail 66 "cannot report profile '$name': nothing was run yet"
		cat "$last/accounts.ndjson" "$last/consumption.ndjson" "$last/restatements.ndjson" "$last/results.ndjson" |
			stage report --title "$name" --now "$(jq -r .started_at "$last/job.json")"
		printf 'report: %s\n' "$last/report.html"
	done
}

# Accounts of the last run whose feed has not moved for the weekly cycle, the day that a feed may lack, and a grace of two days
# (REPORT_STALE_DAYS in lib/report.h).
stale_accounts() { # RUN-FOLDER
	jq -n -r --arg now "$(rfc3339 "$now")" '
		def seconds: .[:19] + "Z" | fromdate;
		reduce (inputs | select(.type == "RECORD")) as $line ({}; .[$line.record.account_id] += ($line.record | {account_name, watermark} | with_entries(select(.value != null))))
		| to_entries[] | select(.value.watermark == null or (.value.watermark | seconds) < ($now | seconds) - 10 * 86400)
		| "account \(.key) (\(.value.account_name | if . == null then "without a name" else tojson end)): its feed \(if .value.watermark then "has not moved since " + .value.watermark[:10] else "was never read" end)"' \
		"$1/accounts.ndjson"
}

status_command() {
	need_workspace
	local profile name run stale last worst=0
	for profile in "${profiles[@]}"; do
		name=$(profile_fact "$(profile_file "$profile")" name)
		[ -n "$(newest_run "$name")" ] || printf '%s: nothing was run yet\n' "$name"
		for run in "$workspace/runs/$name"/*/; do
			[ -e "$run/job.json" ] || continue
			jq -r '"\(.profile)  \(.run_id)  \(.state)  \(.counts.consumption) figures, \(.counts.restatements) restated, \(.counts.rejects) rejected"' \
				"$run/job.json"
			[ "$show_restatements" = 0 ] || jq -r 'select(.type == "RECORD") | .record
				| "  \(.period_start[:10])  account \(.account_id)  plan item \(.plan_item_id // "none")  \(.units_before) -> \(.units_after) (\(.cause))"' \
				"$run/restatements.ndjson"
		done
		for run in "$workspace/runs/$name"/.*.partial; do
			[ -e "$run" ] || continue
			printf '%s  %s  interrupted: the next run finishes it\n' "$name" "$(jq -r .run_id "$run/begun.json")"
			worst=69
		done
		last=$(newest_run "$name")
		[ -n "$last" ] || {
			worst=69
			continue
		}
		[ "$(jq -r .state "$last/job.json")" = succeeded ] || worst=69
		stale=$(stale_accounts "$last")
		[ -z "$stale" ] || {
			worst=69
			printf '%s  stale: %s\n' "$name" "$stale" | sed "2,\$s/^/$name  stale: /"
		}
	done
	[ "$check_status" = 0 ] || return "$worst"
}
