# shellcheck shell=bash disable=SC2034,SC2154 # its variables are pipeline.sh's, which sources it
# look.sh: reconcile, explain, report and status: what there is, without a run.

newest_run() { # NAME
	find "$workspace/runs/$1" -mindepth 1 -maxdepth 1 -type d ! -name '.*' 2>/dev/null | LC_ALL=C sort | tail -n 1
}

reported_run() { # NAME TO-DO: the same, where there must be one
	local run
	run=$(newest_run "$1")
	[ -n "$run" ] || fail 66 "cannot $2 profile '$1': nothing was run yet"
	printf '%s\n' "$run"
}

# The whole position as the ledger has it now; with --restated as if the clock stood at the end of that day.
position() { # FILE NAME
	local options policy
	make_scratch
	reconcile_options "$workspace/licence"
	policy_of "$workspace/licence"
	stage merge --ledger "$workspace/ledger/$2.db" --print-reported >"$scratch/reported"
	if [ -n "$last_day" ]; then
		# What was reported since is no report of then: only the contracts are taken.
		stream_of contract <"$scratch/reported" >"$scratch/contracts"
		mv "$scratch/contracts" "$scratch/reported"
	fi
	exclude_users "$2" "$1" "$workspace/licence" "$scratch/reported" "$scratch/excluded"
	stage merge --ledger "$workspace/ledger/$2.db" --emit all ${policy[@]+"${policy[@]}"} </dev/null | until_last_day |
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
	cat "$from/subscriptions.ndjson" "$from/accounts.ndjson" "$from/consumption.ndjson" "$from/restatements.ndjson" | stage reconcile "${options[@]}" --now "$now" "$@"
}

# Where the last run's figures come from.
explain_command() {
	[ ${#operands[@]} -eq 0 ] || fail 64 "cannot use '${operands[0]}': explain takes no operands"
	need_workspace
	local profile name last policy format=${export_format:-text}
	for profile in "${profiles[@]}"; do
		name=$(profile_fact "$(profile_file "$profile")" name)
		last=$(reported_run "$name" explain)
		policy_of "$last/inputs"
		position_of_run "$last" --trace | stage explain ${policy[@]+"${policy[@]}"} --ledger "$workspace/ledger/$name.db" --runs "$workspace/runs/$name" --format "$format" \
			--title "$name, run $(basename "$last")" ${question[@]+"${question[@]}"}
	done
}

# --as-of: a day stands for its end, for knowledge of then the last run up to it. doc/reconcile.md defines both. Sets last_day with
# --restated, else the name that the last run may have.
parse_as_of() {
	local is_day=0 next
	last_day='' last_run=''
	[ -n "$as_of" ] || {
		[ "$restated" = 0 ] || fail 64 "cannot use --restated without --as-of DATE"
		return 0
	}
	if [[ $as_of =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}$ ]]; then
		is_day=1
		next=$(date -u -d "$as_of + 1 day" +%Y-%m-%d 2>/dev/null) || fail 64 "cannot use --as-of '$as_of': it is not a day"
	fi
	if [ "$restated" = 1 ]; then
		[ "$is_day" = 1 ] || fail 64 "cannot use --as-of '$as_of' with --restated: daily partials are of whole days, so it is a day such as 2025-03-18"
		last_day=$as_of
		# The day is over: its end is the clock.
		ENVTALLY_NOW=${next}T00:00:00.000Z
		export ENVTALLY_NOW
	elif [ "$is_day" = 1 ]; then
		last_run=$(run_name "${as_of}T23:59:59.000Z")
	else
		next=$(rfc3339 "$as_of")
		last_run=$(run_name "$next")
	fi
}

run_of_then() { # NAME: the last run up to last_run, by its clock
	find "$workspace/runs/$1" -mindepth 1 -maxdepth 1 -type d ! -name '.*' -printf '%f\n' 2>/dev/null | LC_ALL=C sort |
		LC_ALL=C awk -v last="$last_run" '$0 <= last { run = $0 } END { print run }'
}

# The run's figures of periods that were over then are what the ledger says of then: what is reported now, less every
# restatement since. (Under another contract since, periods are not the same: then there is nothing to compare.)
check_against_ledger() { # NAME RUN-FOLDER
	local run
	run=$(basename "$2")
	stage export --ledger "$workspace/ledger/$1.db" --stream consumption --stream restatement --stream contract |
		jq -n -r --arg run "$run" --arg at "$(jq -r .started_at "$2/job.json")" --slurpfile figures "$2/consumption.ndjson" --slurpfile results "$2/results.ndjson" '
			def key: [.profile, .account_id, .plan_item_id, .period_start] | tojson;
			def records($stream): map(select(.type == "RECORD" and .stream == $stream).record);
			def contracts: records("contract") | map({effective_from, contract_start, renewal_months});
			[inputs] as $ledger
			| if ($ledger | contracts) != ($results | contracts) then empty else
			  reduce ($ledger | records("consumption")[] | select(.period_end <= $at)) as $one ({}; .[$one | key] += $one.units_consumed)
			  | reduce ($ledger | records("restatement")[] | select(.run_id > $run and .period_end <= $at)) as $one (.; .[$one | key] -= $one.delta)
			  | reduce ($figures | records("consumption")[] | select(.period_end <= $at)) as $one (.; .[$one | key] -= $one.units_consumed)
			  | to_entries[] | select(.value != 0) | .key end' >"$scratch/differing" ||
		fail 65 "cannot reconcile as of $as_of: the figures of run $run cannot be read"
	[ ! -s "$scratch/differing" ] ||
		fail 65 "cannot reconcile as of $as_of: run $run has other figures than the ledger and its restatements give: $(head -n 1 "$scratch/differing")"
}

position_of_then() { # NAME
	local run
	run=$(run_of_then "$1")
	[ -n "$run" ] || fail 66 "cannot reconcile profile '$1' as of $as_of: nothing had been run by then, or its run is not kept"
	make_scratch
	check_against_ledger "$1" "$workspace/runs/$1/$run"
	position_of_run "$workspace/runs/$1/$run"
	stream_of forecast <"$workspace/runs/$1/$run/results.ndjson" # as it was made then
}

need_text_or_ndjson() {
	case "${export_format:-text}" in text | ndjson) ;; *) fail 64 "cannot use --format '$export_format': it is text or ndjson" ;; esac
}

show_position() { # NAME
	if [ "${export_format:-text}" = ndjson ]; then
		cat
	else
		stage report --title "$1" ${then_clock:+--now "$then_clock"}
	fi
}

reconcile_command() {
	need_workspace
	local profile file name then_clock='' last_day last_run
	need_text_or_ndjson
	parse_as_of
	if [ -n "$now" ]; then # what is open, and how far ahead the rest of it lies, depends on it
		ENVTALLY_NOW=$(rfc3339 "$now")
		export ENVTALLY_NOW
	fi
	for profile in "${profiles[@]}"; do
		file=$(profile_file "$profile")
		name=$(profile_fact "$file" name)
		[ -e "$workspace/ledger/$name.db" ] || fail 66 "cannot reconcile profile '$name': nothing was run yet"
		if [ -n "$last_run" ]; then
			then_clock=$(jq -r .started_at "$workspace/runs/$name/$(run_of_then "$name")/job.json" 2>/dev/null) || then_clock=''
			position_of_then "$name" | show_position "$name"
		else
			position "$file" "$name" | show_position "$name"
		fi
	done
}

# How the figures that the ledger gives move from one counting policy to the other.
policy_diff() { # A B
	local profile file name side paths=("$1" "$2") hashes=() options
	need_text_or_ndjson
	need_workspace
	for side in 0 1; do hashes[side]=$(stage policy hash "${paths[side]}"); done
	make_scratch
	reconcile_options "$workspace/licence"
	for profile in "${profiles[@]}"; do
		file=$(profile_file "$profile")
		name=$(profile_fact "$file" name)
		[ -e "$workspace/ledger/$name.db" ] || fail 66 "cannot compare policies for profile '$name': nothing was run yet"
		stage merge --ledger "$workspace/ledger/$name.db" --print-reported | stream_of contract >"$scratch/contracts"
		for side in 0 1; do
			# Excluded users are left out of neither: what is told is what the policies do.
			stage merge -q --ledger "$workspace/ledger/$name.db" --emit all --policy "${paths[side]}" </dev/null |
				stage aggregate-by-period -q -p "$file" --reported "$scratch/contracts" |
				stage reconcile -q "${options[@]}" --excluded /dev/null | stream_of 'consumption|metric_result' >"$scratch/side-$side"
		done
		jq -n -r --arg name "$name" --arg period "$only_period" --arg format "${export_format:-text}" --slurpfile before "$scratch/side-0" \
			--slurpfile after "$scratch/side-1" --arg policy_before "${hashes[0]}" --arg policy_after "${hashes[1]}" -f "$driver/policy_diff.jq"
	done
}

policy_command() {
	case "${operands[0]-}:${#operands[@]}" in
	diff:3) policy_diff "${operands[1]}" "${operands[2]}" ;;
	diff:*) fail 64 "cannot compare policies: name two, files or 'default'" ;;
	*) fail 64 "cannot do 'policy ${operands[*]}': it is policy diff A B, policy show [FILE] or policy hash [FILE]" ;;
	esac
}

report_command() {
	need_workspace
	local profile name last
	for profile in "${profiles[@]}"; do
		name=$(profile_fact "$(profile_file "$profile")" name)
		last=$(reported_run "$name" report)
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
		last=$(reported_run "$name" "suggest models of")
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

# How many envelopes the ledger holds that are past a draft but have no time of sending: no figure has them.
undated_envelopes() { # NAME
	[ ! -e "$workspace/ledger/$1.db" ] || stage merge --ledger "$workspace/ledger/$1.db" --print-undated
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
# (lib/base/stale_feed.h).
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
	local profile name run stale exhausted last undated worst=0
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
		undated=$(undated_envelopes "$name") || worst=69
		[ "${undated:-0}" = 0 ] || printf '%s  in no period: %s envelope(s) past a draft without a time of sending\n' "$name" "$undated"
		jq -r '.counts.accounts_without_billing // 0 | select(. > 0) | "  without Docusign\u0027s own count: \(.) account(s), in the last run"' "$last/job.json" | sed "s/^/$name/"
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
