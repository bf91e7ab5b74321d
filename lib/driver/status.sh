# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # its variables are pipeline.sh's, which sources it
# status.sh: the commands report, status and models.

report_command() {
	no_operands report
	[ "$format" != pdf ] || [ -n "$report_to" ] || [ ! -t 1 ] || fail 64 "cannot write a PDF to a terminal: use -o FILE"
	if [ "$format" != pdf ] && is_report_of_input; then
		of_input report "${csv_flags[@]}" "${page_flags[@]}" --format "$format" ${report_to:+-o "$report_to"}
		return
	fi
	if [ -z "$report_to" ] && [ "$format" != pdf ]; then
		print_reports
		return
	fi
	[ -z "$report_to" ] || no_option report_to "$report_to"
	make_scratch ${report_to:+"$report_to"}
	if [ "$format" = pdf ]; then
		format=html
		print_reports >"$scratch/page.html"
		make_pdf
	else
		print_reports >"$scratch/report"
	fi
	if [ -n "$report_to" ]; then publish "$scratch/report" "$report_to"; else put_file "$scratch/report"; fi
}

# --format or -o by itself, with a position on standard input, is for the stage: envtally report --format csv <position.ndjson.
is_report_of_input() {
	[ "$format_given$report_to" != 0 ] && is_input_given
}

# Has standard input something for the stage that has the command's name? A file has, and a pipe; in a workspace a pipe with something in it, because cron,
# ssh and containers may give any command a pipe. What was read of it to know that is in `peeked`.
peeked=''
is_input_given() {
	[ "$workspace_given" = 0 ] && [ ${#profiles[@]} -eq 0 ] || return 1
	if [ ! -p /dev/stdin ]; then
		[ -s /dev/stdin ]
		return
	fi
	[ -d "$workspace/profiles" ] && [ -z "$peeked" ] || return 0
	LC_ALL=C IFS= read -r -N 1 -t 3 peeked || [ $? -le 128 ] || {
		say "reading standard input, which is a pipe; for the workspace's $command use -C . or </dev/null"
		LC_ALL=C IFS= read -r -N 1 peeked
	} || :
	[ -n "$peeked" ]
}

of_input() { # STAGE OPTION...
	if [ -z "$peeked" ]; then
		stage "$@"
	else
		{ printf %s "$peeked" && cat; } | stage "$@"
	fi
}

print_reports() {
	local profile name last last_clock as_reported evidence
	if is_report_of_input; then
		of_input report "${page_flags[@]}" --format "$format"
		return
	fi
	need_workspace
	[[ $format = table || $format = md || $format = verdict ]] || [ ${#profiles[@]} -eq 1 ] || fail 64 "cannot report several profiles as $format: use -p PROFILE"
	[[ $format != table && $format != md && $format != verdict ]] || report_workspace
	for profile in "${profiles[@]}"; do
		name=$(profile_name "$profile")
		find_last_run "$name" report
		if [ "$format" = html ] && [ ${#page_flags[@]} -eq 0 ]; then
			put_file "$last/report.html"
			continue
		fi
		evidence=()
		[ "$format" != md ] || evidence_of "$name"
		report_of "$last" "${csv_flags[@]}" "${page_flags[@]}" "${evidence[@]}" --format "$format" --title "$name" "${as_reported[@]}"
		[ "$format" != table ] || put_shown 'report: %s\n' "$last/report.html"
	done
}

# The page in `scratch` as a PDF, there: by the first of these browsers that is there. None is needed for anything else. WeasyPrint is none of them: it gives
# the charts no styles, so that they come out black.
make_pdf() {
	local browser status=0 sandbox=()
	for browser in chromium chromium-browser google-chrome-stable google-chrome ''; do
		! command -v "$browser" >/dev/null || break
	done
	[ -n "$browser" ] || fail 69 "cannot make a PDF without a browser: apt install chromium, or print the page (--format html) from another one"
	[ "$EUID" -ne 0 ] || sandbox=(--no-sandbox) # it refuses to run as root otherwise; the page is ours, and without scripts of others
	(cd "$scratch" && exec timeout 300 "$browser" --headless --disable-gpu --no-first-run --user-data-dir="$PWD/browser" "${sandbox[@]}" \
		--no-pdf-header-footer --print-to-pdf=report page.html) >/dev/null 2>&1 || status=$?
	[[ $status -eq 0 && -s $scratch/report ]] || fail 69 "cannot make a PDF: $browser ended with status $status"
}

# What a report says of the evidence of the run `last`, into `evidence`: as when it was made.
evidence_of() { # NAME
	local run manifest before=('' '')
	while read -r run _ _ _ manifest; do
		[ "$run" != "${last##*/}" ] || break
		before=("$run" "${manifest#-}")
	done <<<"$(promotions "$1")"
	evidence=(--evidence "$last" --run "${last##*/}" --previous "${before[0]}" --previous-manifest "${before[1]}")
}

report_of() { # RUN-FOLDER [OPTION]...
	local from=$1
	shift
	cat "$from/accounts.ndjson" "$from/consumption.ndjson" "$from/restatements.ndjson" "$from/results.ndjson" | stage report "$@"
}

report_workspace() {
	local newest newest_as
	! find_workspace latest_run || stage report --format "$format" --title workspace "${newest_as[@]}" <"$newest/workspace.ndjson"
}

# The software models of the workspace, by its licence files and ledgers as they are; suggest: rows for what is in none, by the last run.
models_command() {
	local profile name names=() licence last last_clock as_reported
	[[ ${operands[*]} =~ ^(suggest)?$ ]] || fail 64 "cannot do 'models ${operands[*]}': use models, or models suggest"
	need_workspace
	if [ ${#operands[@]} -eq 0 ]; then
		make_scratch
		for profile in "${profiles[@]}"; do names+=("$(profile_name "$profile")"); done
		scratch_licence "${names[@]}"
		{
			cat "$scratch/subscriptions"
			for name in "${names[@]}"; do
				[ ! -e "$workspace/ledger/$name.db" ] || stage export --ledger "$workspace/ledger/$name.db" --stream consumption
			done
		} | stage models list --models "$licence/models.csv" --format "$format"
		return
	fi
	[ "$format_given" = 0 ] || fail 64 "cannot use --format with models suggest: it prints rows of models.csv"
	for profile in "${profiles[@]}"; do
		name=$(profile_name "$profile")
		find_last_run "$name" "suggest models of"
		cat "$last/results.ndjson"
	done | stage models suggest
}

entitlements_command() {
	[ "${operands[*]}" = suggest ] || fail 64 "cannot do 'entitlements${operands[*]:+ ${operands[*]}}': use entitlements suggest"
	need_workspace
	local profile name last last_clock as_reported newest newest_as
	if find_workspace latest_run; then
		cat "$newest/workspace.ndjson"
	else
		for profile in "${profiles[@]}"; do
			name=$(profile_name "$profile")
			find_last_run "$name" "suggest entitlements of"
			cat "$last/results.ndjson"
		done
	fi | stage models entitlements
}

# Each verdict is by the present clock: a feed may have become stale since the run.
status_command() {
	no_operands status
	need_workspace
	[ ${#metric_label[@]} -eq 0 ] || [ "$format" = prometheus ] || fail 64 "cannot use --label: it is of --format prometheus"
	local worst=0 all facts flags=(${status_flags[@]+"${status_flags[@]}"})
	[ "$check_status" = 0 ] || flags+=(--check)
	if [ "$format" = text ]; then
		watch_all ${flags[@]+"${flags[@]}"} || worst=$?
		show_shards
	else
		all=$(watch_all --format json ${flags[@]+"${flags[@]}"}) || worst=$?
		[ "$worst" -eq 0 ] || [ "$worst" -eq 69 ] || return "$worst"
		[ "$format" = json ] || all=$(stage status --form prometheus ${metric_label[@]+"${metric_label[@]}"} <<<"$all")
		put '%s\n' "$all"
	fi
	if [ -n "$on_alert" ]; then
		facts=$(watch_all --format json) || return
		send_alerts "$facts"
	fi
	return "$worst"
}
