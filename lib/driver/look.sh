# shellcheck shell=bash disable=SC2034,SC2154 # its variables are pipeline.sh's, which sources it
# look.sh: reconcile, report and status: what there is, without a run.

newest_run() { # NAME
	find "$workspace/runs/$1" -mindepth 1 -maxdepth 1 -type d ! -name '.*' 2>/dev/null | LC_ALL=C sort | tail -n 1
}

# The whole position as the ledger has it now.
position() { # FILE NAME
	local options
	make_scratch
	reconcile_options "$workspace/licence"
	stage merge --ledger "$workspace/ledger/$2.db" --print-reported >"$scratch/reported"
	exclude_users "$2" "$1" "$workspace/licence" "$scratch/reported" "$scratch/excluded"
	stage merge --ledger "$workspace/ledger/$2.db" --emit all </dev/null |
		stage aggregate-by-period -p "$1" --reported "$scratch/reported" | stage reconcile "${options[@]}" >"$scratch/reconciled"
	forecast_results "$2" "$workspace/licence" "$scratch/excluded" <"$scratch/reconciled" >"$scratch/forecasts"
	cat "$scratch/reconciled" "$scratch/forecasts"
}

# The position of a run again, from what it has kept: with its licence files, its clock and what it left out.
position_of_run() { # RUN-FOLDER [OPTION]...
	local from=$1 options group_by='' now
	shift
	[ ! -e "$from/inputs/group-by" ] || group_by=$(cat "$from/inputs/group-by")
	reconcile_options "$from/inputs"
	[ ! -e "$from/excluded.ndjson" ] || options+=(--excluded "$from/excluded.ndjson")
	now=$(jq -r .started_at "$from/job.json")
	cat "$from/subscriptions.ndjson" "$from/accounts.ndjson" "$from/consumption.ndjson" | stage reconcile "${options[@]}" --now "$now" "$@"
}

# Where the last run's figures come from.
explain_command() {
	[ ${#operands[@]} -eq 0 ] || fail 64 "cannot use '${operands[0]}': explain takes no operands"
	need_workspace
	local profile name last format=${export_format:-text}
	for profile in "${profiles[@]}"; do
		name=$(profile_fact "$(profile_file "$profile")" name)
		last=$(newest_run "$name")
		[ -n "$last" ] || fail 66 "cannot explain profile '$name': nothing was run yet"
		position_of_run "$last" --trace | stage explain --ledger "$workspace/ledger/$name.db" --runs "$workspace/runs/$name" --format "$format" \
			--title "$name, run $(basename "$last")" ${question[@]+"${question[@]}"}
	done
}

reconcile_command() {
	need_workspace
	local profile file name
	if [ -n "$now" ]; then # what is open, and how far ahead the rest of it lies, depends on it
		ENVTALLY_NOW=$(rfc3339 "$now")
		export ENVTALLY_NOW
	fi
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

# What models.csv lacks, by the last run: rows to complete.
models_command() {
	[ "${operands[*]}" = suggest ] || fail 64 "cannot do 'models ${operands[*]}': it is models suggest"
	need_workspace
	local profile name last
	for profile in "${profiles[@]}"; do
		name=$(profile_fact "$(profile_file "$profile")" name)
		last=$(newest_run "$name")
		[ -n "$last" ] || fail 66 "cannot suggest models of profile '$name': nothing was run yet"
		cat "$last/results.ndjson"
	done | stage models suggest
}

# Accounts of the last run whose feed was read, and of which the service has never told any consumption: bought through a reseller?
unreported_accounts() { # RUN-FOLDER
	cat "$1/accounts.ndjson" "$1/consumption.ndjson" | jq -n -r '
		reduce (inputs | select(.type == "RECORD")) as $line ({};
			.[$line.record.account_id] += ({account_name: $line.record.account_name, ($line.stream): true} | with_entries(select(.value != null))))
		| to_entries[] | select(.value.watermark and (.value.consumption | not))
		| "account \(.key) (\(.value.account_name | if . == null then "without a name" else tojson end))"'
}

# The latest position of each license metric, as the last run has it.
latest_positions() { # RUN-FOLDER
	jq -n -r 'def used: if .usage_state == "counted" or .usage_state == "zero" then "\(.rights_used)" else .usage_state | gsub("_"; " ") end;
		[inputs | select(.type == "RECORD" and .stream == "metric_result").record] | group_by([.software_model, .license_metric])[]
		| max_by(.period_start) | "\(.software_model)  from \(.period_start[:10])  used \(used) of \(.rights_owned)  \(.status)"' "$1/results.ndjson"
}

# Rights that the last run expects to run out, and when: those within --warn-days of now first marked with a "!"; the last run's own
# warnings where --warn-days is not given.
exhaustions() { # RUN-FOLDER
	jq -n -r --arg now "$(rfc3339 "$now")" --arg days "$warn_days" '
		def day: . + "T00:00:00Z" | fromdate;
		inputs | select(.type == "RECORD" and .stream == "forecast").record | select(.exhausted_on)
		| ([((.exhausted_on | day) - ($now[:10] | day)) / 86400, 0] | max) as $left
		| (if $days == "" then .warning else $left < ($days | tonumber) and .is_covered != true end) as $warning
		| "\(if $warning then "!" else " " end)\(.software_model)  \(.license_metric)  rights "
			+ if .units_to_date > .rights_owned then "ran out on \(.exhausted_on)" else "are expected to run out on \(.exhausted_on), in \($left) days" end' "$1/results.ndjson"
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
	local profile name run stale exhausted last worst=0
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
		[ "$show_positions" = 0 ] || latest_positions "$last" | sed "s/^/$name  /"
		unreported_accounts "$last" | sed "s/^/$name  no consumption reported: /"
		exhausted=$(exhaustions "$last")
		[[ $exhausted != "!"* && $exhausted != *$'\n!'* ]] || worst=69
		[ -z "$exhausted" ] || sed -e "s/^ /$name  /" -e "s/^!/$name  warning: /" <<<"$exhausted"
		stale=$(stale_accounts "$last")
		[ -z "$stale" ] || {
			worst=69
			printf '%s  stale: %s\n' "$name" "$stale" | sed "2,\$s/^/$name  stale: /"
		}
	done
	[ "$check_status" = 0 ] || return "$worst"
}
