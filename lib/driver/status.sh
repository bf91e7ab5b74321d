# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # its variables are pipeline.sh's, which sources it
# status.sh: the commands report, status and models.

# --format by itself, with a position on standard input, is for the stage: envtally report --format csv <position.ndjson.
report_command() {
	no_operands report
	if [ "$format_given$workspace_given" = 10 ] && [ ${#profiles[@]} -eq 0 ] && { [ -p /dev/stdin ] || [ -s /dev/stdin ]; }; then
		exec "$stages/report" ${stage_flags[@]+"${stage_flags[@]}"} --format "$format"
	fi
	need_workspace
	local profile name last last_clock as_reported
	[[ $format = table || $format = verdict ]] || [ ${#profiles[@]} -eq 1 ] || fail 64 "cannot report several profiles as $format: use -p PROFILE"
	[[ $format = html || $format = csv ]] || report_workspace
	for profile in "${profiles[@]}"; do
		name=$(profile_name "$profile")
		find_last_run "$name" report
		if [ "$format" = html ]; then
			put_file "$last/report.html"
			continue
		fi
		cat "$last/accounts.ndjson" "$last/consumption.ndjson" "$last/restatements.ndjson" "$last/results.ndjson" |
			stage report --format "$format" --title "$name" "${as_reported[@]}"
		[ "$format" != table ] || put 'report: %s\n' "$last/report.html"
	done
}

# What the profiles come to together, by the latest of their last runs; nothing where there is one profile.
report_workspace() {
	local profile name newest='' newest_clock='' newest_as=()
	for profile in "${profiles[@]}"; do
		name=$(profile_name "$profile")
		find_last_run "$name" report
		[ -e "$last/workspace.ndjson" ] || continue
		[[ $last_clock > $newest_clock ]] || continue
		newest=$last newest_clock=$last_clock newest_as=("${as_reported[@]}")
	done
	[ -z "$newest" ] || stage report --format "$format" --title workspace "${newest_as[@]}" <"$newest/workspace.ndjson"
}

# What models.csv lacks, by the last run: rows to complete.
models_command() {
	[ "${operands[*]}" = suggest ] || fail 64 "cannot do 'models ${operands[*]}': use models suggest"
	need_workspace
	local profile name last last_clock as_reported
	for profile in "${profiles[@]}"; do
		name=$(profile_name "$profile")
		find_last_run "$name" "suggest models of"
		cat "$last/results.ndjson"
	done | stage models suggest
}

status_command() {
	no_operands status
	need_workspace
	local profile name worst=0 flags=(${status_flags[@]+"${status_flags[@]}"})
	[ -z "$warn_days" ] || flags+=(--warn-days "$warn_days")
	[ "$check_status" = 0 ] || flags+=(--check)
	for profile in "${profiles[@]}"; do
		name=$(profile_name "$profile")
		stage status --name "$name" --runs "$workspace/runs/$name" --ledger "$workspace/ledger/$name.db" --now "$(rfc3339 "$now")" \
			${flags[@]+"${flags[@]}"} || worst=$?
	done
	return "$worst"
}
