#!/bin/bash
# pipeline.sh: chains the stages of envtally over a workspace. `pipeline.sh help` tells the commands.
#
# A workspace:
#   profiles/NAME.json   licence/{entitlements,models}.csv   ledger/NAME.db
#   runs/NAME/RUN/       inputs/ raw/ rejects.ndjson consumption.ndjson restatements.ndjson results.ndjson report.html job.json
#
# A run is made in runs/NAME/.RUN.partial and renamed when every program has ended well. One that was interrupted is finished
# first by the next run: with its own clock, state and recording, so it gives what it would have given.
set -euo pipefail

here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
stages=${ENVTALLY_BIN:-$here/bin} # `make install` puts the folder of the installed stages here
all_stages="auth fetch-subscriptions fetch-datafeed normalize merge aggregate-by-period reconcile report"

usage() {
	cat <<'END'
Usage: pipeline.sh COMMAND [OPTION]...
       pipeline.sh STAGE ...      runs one stage

Commands
  demo              run the recorded organisation of fixtures/, three nights, and show its licence position
  run               fetch, tally, reconcile and report, for every active profile of the workspace
  replay RUN        make run RUN again from its evidence, beside the first, and compare byte for byte
  reconcile         the licence position from the ledger as it is, with the licence files as they are
  report            the last run's report, on the terminal
  status            what was run, and how it ended

Options
  -p PROFILE        only this profile: its name in the workspace, or a file; may be repeated
  -C WORKSPACE      the workspace (default: the current folder; demo: envtally-demo)
  --replay DIR      run: take answers from this recording instead of Docusign
  --now RFC3339     the clock of the run, which names it (default: the time)
  --restatements    status: also every figure that was restated
  -v, -q            say more, say less

Example
  ./pipeline.sh demo
  ./pipeline.sh run -C ~/licences -p acme
END
}

fail() { # STATUS MESSAGE: one line, and the end
	printf 'pipeline.sh: %s\n' "$2" >&2
	exit "$1"
}

say() { # what a person may want to read
	[ "$quiet" = 1 ] || printf 'pipeline.sh: %s\n' "$1" >&2
}

workspace='' replay='' now='' quiet=0 show_restatements=0 profiles=() stage_flags=() operands=()

parse_options() {
	while [ $# -gt 0 ]; do
		case "$1" in
		-p | -C | --replay | --now) [ $# -ge 2 ] || fail 64 "cannot use '$1' without a value" ;;
		esac
		case "$1" in
		-p)
			profiles+=("$2")
			shift
			;;
		-C)
			workspace=$2
			shift
			;;
		--replay)
			replay=$2
			shift
			;;
		--now)
			now=$2
			shift
			;;
		--restatements) show_restatements=1 ;;
		-v) stage_flags+=(-v) ;;
		-q)
			quiet=1
			stage_flags+=(-q)
			;;
		-*) fail 64 "cannot use '$1': unknown option (pipeline.sh help tells more)" ;;
		*) operands+=("$1") ;;
		esac
		shift
	done
	workspace=${workspace:-.}
	now=${now:-${ENVTALLY_NOW:-}}
}

# The clock as programs write it, and as runs are named after it.
rfc3339() {
	local text=${1:-now}
	case "$text" in
	[0-9]*T??????Z) text="${text:0:4}-${text:4:2}-${text:6:2}T${text:9:2}:${text:11:2}:${text:13:2}Z" ;;
	esac
	date -u -d "$text" '+%Y-%m-%dT%H:%M:%S.000Z' 2>/dev/null || fail 64 "cannot read the clock '$1': it is a time such as 2026-03-01T02:00:00Z"
}
run_name() { # 2026-03-01T02:00:00.000Z: 20260301T020000Z
	local text=${1//[-:]/}
	printf '%sZ\n' "${text%%.*}"
}

need_workspace() {
	[ -d "$workspace/profiles" ] || fail 66 "cannot open workspace '$workspace': it has no profiles/ (pipeline.sh help tells what a workspace is)"
	if [ ${#profiles[@]} -eq 0 ]; then
		local file
		for file in "$workspace"/profiles/*.json; do
			[ -e "$file" ] || fail 66 "cannot open workspace '$workspace': profiles/ has no profile"
			profiles+=("$file")
		done
	fi
}

profile_file() { # a name or a file, to a file
	if [ -e "$1" ]; then
		printf '%s\n' "$1"
	elif [ -e "$workspace/profiles/$1.json" ]; then
		printf '%s\n' "$workspace/profiles/$1.json"
	else
		fail 66 "cannot open profile '$1': neither a file nor in $workspace/profiles"
	fi
}

profile_fact() { # FILE KEY [DEFAULT]
	jq -r --arg key "$2" --arg default "${3-}" 'if .[$key] == null then $default else .[$key] end' "$1" 2>/dev/null ||
		fail 78 "cannot read profile '$1': not JSON"
}

# One stage, with the flags that all have.
stage() {
	local program=$1
	shift
	"$stages/$program" ${stage_flags[@]+"${stage_flags[@]}"} "$@"
}

# The records of one stream, with their SCHEMA: lines of our own programs always begin like this.
stream_of() {
	grep -E "^\{\"type\":\"(SCHEMA|RECORD)\",\"stream\":\"($1)\"" || [ $? -eq 1 ]
}

# The status of a pipe: that of the first program that failed by itself, not by a reader that went away.
first_failure() {
	local status worst=0
	for status in "$@"; do
		[ "$status" -eq 0 ] || [ "$status" -eq 141 ] || {
			printf '%s\n' "$status"
			return
		}
		[ "$status" -eq 0 ] || worst=$status
	done
	printf '%s\n' "$worst"
}

# Run

run_command() {
	[ ${#operands[@]} -eq 0 ] || fail 64 "cannot use '${operands[0]}': run takes no operands"
	need_workspace
	local profile file status worst=0
	for profile in "${profiles[@]}"; do
		file=$(profile_file "$profile")
		# A profile that fails does not hide the others. (Not `|| status=$?`: that would switch errexit off within.)
		set +e
		(
			set -e
			run_profile "$file"
		)
		status=$?
		set -e
		[ "$status" -eq 0 ] || worst=$status
	done
	return "$worst"
}

run_profile() { # FILE
	local file=$1 name runs clock run partial
	name=$(profile_fact "$file" name)
	[ -n "$name" ] || fail 78 "cannot use profile '$file': \"name\" is missing"
	[ "$(profile_fact "$file" active true)" = true ] || {
		say "$name: not active, left out"
		return 0
	}
	[ -z "$replay" ] || [ -d "$replay" ] || fail 66 "cannot open recording '$replay': there is no such folder"
	for licence in entitlements models; do
		[ -e "$workspace/licence/$licence.csv" ] || fail 66 "cannot open '$workspace/licence/$licence.csv': there is no such file"
	done
	runs=$workspace/runs/$name
	clock=$(rfc3339 "${now:-$(recorded_clock)}")
	run=$(run_name "$clock")
	partial=$runs/.$run.partial
	mkdir -p "$runs" "$workspace/ledger" || fail 73 "cannot create '$runs'"
	exec 9>"$workspace/ledger/$name.lock"
	flock -n 9 || fail 75 "cannot run profile '$name': another run of it is under way, try again later"
	finish_interrupted "$name" "$partial"
	[ ! -e "$runs/$run" ] || fail 73 "cannot make run $run of profile '$name': there is one of that name"
	[ -e "$partial" ] || begin_run "$file" "$name" "$clock" "$run" "$partial"
	make_run "$name" "$partial"
}

recorded_clock() { # that of the recording under --replay: a recorded night is run as of that night
	[ -n "$replay" ] || return 0
	head -n 1 "$replay/fetch-datafeed.exchanges" | jq -r '.now // empty' 2>/dev/null || fail 65 "cannot read recording '$replay': it has no header"
}

# All that a run depends on, frozen before it begins: its clock, its inputs, what was known before.
begin_run() { # FILE NAME CLOCK RUN PARTIAL
	local ledger=$workspace/ledger/$2.db
	rm -rf "$5.new"
	mkdir "$5.new" "$5.new/inputs" "$5.new/raw"
	cp "$1" "$5.new/inputs/profile.json"
	cp "$workspace/licence/entitlements.csv" "$workspace/licence/models.csv" "$5.new/inputs/"
	: >"$5.new/state.json"
	: >"$5.new/reported.ndjson"
	if [ -e "$ledger" ]; then
		stage merge --ledger "$ledger" --print-state >"$5.new/state.json"
		stage merge --ledger "$ledger" --print-reported >"$5.new/reported.ndjson"
	fi
	jq -n --arg run "$4" --arg clock "$3" --arg profile "$2" --arg replay "${replay:+$(readlink -f "$replay")}" --arg file "$(readlink -f "$1")" \
		'{run_id: $run, profile: $profile, clock: $clock, replay: $replay, profile_file: $file}' >"$5.new/begun.json"
	mv "$5.new" "$5"
}

# Runs that were killed, or failed: finished first, oldest first, each with its own clock.
finish_interrupted() { # NAME PARTIAL-OF-THIS-RUN
	local partial
	for partial in "$workspace/runs/$1"/.*.partial; do
		if [ ! -e "$partial/begun.json" ] || [ "$partial" = "$2" ]; then continue; fi
		say "$1: finishing run $(jq -r .run_id "$partial/begun.json"), which was interrupted"
		make_run "$1" "$partial"
	done
}

make_run() { # NAME PARTIAL
	local name=$1 partial=$2 run clock status=0
	run=$(jq -r .run_id "$partial/begun.json")
	clock=$(jq -r .clock "$partial/begun.json")
	ENVTALLY_NOW=$clock
	export ENVTALLY_NOW
	if ! is_promoted "$name" "$run"; then
		set +e
		tally "$name" "$partial"
		status=$?
		set -e
		[ "$status" -eq 0 ] || [ "$status" -eq 75 ] || {
			say "$name: run $run failed with status $status; what it fetched is kept and the next run goes on from there"
			return "$status"
		}
		reconcile_run "$partial"
		promote "$name" "$partial" "$([ "$status" -eq 0 ] && echo succeeded || echo partial)"
	fi
	rm -f "$partial/state.json" "$partial/reported.ndjson" "$partial/tallied.ndjson" "$partial/begun.json"
	mv "$partial" "$workspace/runs/$name/$run"
	say "$name: run $run is complete: $workspace/runs/$name/$run/report.html"
	return "$status"
}

is_promoted() { # NAME RUN: does the ledger have it already?
	local ledger=$workspace/ledger/$1.db
	[ -e "$ledger" ] && stage merge --ledger "$ledger" --print-reported | head -n 2 | grep -qF "\"run_id\":\"$2\""
}

# Where a fetcher gets its answers, as its options, in `source`: what it has recorded whole in an interrupted run is not asked for again.
source_of() { # PROGRAM RAW REPLAY
	if tail -n 1 "$2/$1.exchanges" 2>/dev/null | grep -q '^{"end":true'; then
		source=(--replay "$2")
	else
		source=(--record "$2" ${3:+--replay "$3"})
	fi
}

# Fetch, normalize, merge, aggregate: raw/ and the ledger, and tallied.ndjson. 75 when some account could not be read.
tally() { # NAME PARTIAL
	local name=$1 partial=$2 profile from feed offline=() subscriptions=() datafeed=()
	profile=$(jq -r .profile_file "$partial/begun.json")
	from=$(jq -r .replay "$partial/begun.json")
	[ -z "$from" ] || offline=(--replay "$from")
	source_of fetch-subscriptions "$partial/raw" "$from"
	subscriptions=("${source[@]}")
	source_of fetch-datafeed "$partial/raw" "$from"
	datafeed=("${source[@]}")
	feed=$(profile_fact "$partial/inputs/profile.json" feed datafeed)
	stage auth -p "$profile" ${offline[@]+"${offline[@]}"} |
		stage fetch-subscriptions "${subscriptions[@]}" |
		stage fetch-datafeed --state "$partial/state.json" "${datafeed[@]}" |
		stage normalize --feed "$feed" --rejects "$partial/rejects.ndjson" |
		stage merge --ledger "$workspace/ledger/$name.db" --emit touched |
		stage aggregate-by-period -p "$partial/inputs/profile.json" --reported "$partial/reported.ndjson" \
			--run-id "$(jq -r .run_id "$partial/begun.json")" >"$partial/tallied.ndjson"
	local statuses=("${PIPESTATUS[@]}")
	return "$(first_failure "${statuses[@]}")"
}

# tallied.ndjson to the files of the run.
reconcile_run() { # PARTIAL
	stream_of consumption <"$1/tallied.ndjson" >"$1/consumption.ndjson"
	stream_of restatement <"$1/tallied.ndjson" >"$1/restatements.ndjson"
	stage reconcile --entitlements "$1/inputs/entitlements.csv" --models "$1/inputs/models.csv" <"$1/tallied.ndjson" >"$1/reconciled.ndjson"
	stream_of 'metric_result|unrecognized_subscription' <"$1/reconciled.ndjson" >"$1/results.ndjson"
	stage report --format html -o "$1/report.html" --title "$(jq -r .profile "$1/begun.json")" <"$1/reconciled.ndjson"
	rm "$1/reconciled.ndjson"
}

count_records() { grep -c '^{"type":"RECORD"' "$1" || [ $? -eq 1 ]; }

# The run's results into the ledger, in one transaction; and its manifest.
promote() { # NAME PARTIAL STATE
	local partial=$2
	jq -n --arg state "$3" --slurpfile begun "$partial/begun.json" --argjson consumption "$(count_records "$partial/consumption.ndjson")" \
		--argjson restatements "$(count_records "$partial/restatements.ndjson")" --argjson rejects "$(wc -l <"$partial/rejects.ndjson")" \
		--arg ended "$(rfc3339 "$now")" \
		'$begun[0] | {run_id, profile, job: "run", state: $state, started_at: .clock, ended_at: $ended,
		  counts: {consumption: $consumption, restatements: $restatements, rejects: $rejects}, error: null}' >"$partial/job.json"
	write_manifest "$1" "$partial"
	{
		jq -c '{type: "RECORD", stream: "job_result", record: .}' "$partial/job.json"
		cat "$partial/consumption.ndjson" "$partial/restatements.ndjson" "$partial/results.ndjson"
	} | stage merge --ledger "$workspace/ledger/$1.db" --emit none
}

# SHA-256 of every file of the recording, and of the manifest of the run before: no run can be changed or taken out unseen.
write_manifest() { # NAME PARTIAL
	local previous=null last=''
	last=$(find "$workspace/runs/$1" -mindepth 1 -maxdepth 1 -type d ! -name '.*' | LC_ALL=C sort | tail -n 1)
	[ -z "$last" ] || previous=$(jq -n --arg run "$(basename "$last")" --arg sha256 "$(digest "$last/raw/manifest.json")" '{run: $run, sha256: $sha256}')
	(cd "$2/raw" && sha256sum -- *.exchanges *.bodies) |
		jq -R -n --argjson previous "$previous" '{previous: $previous, files: [inputs | capture("^(?<sha256>[0-9a-f]+) .(?<file>.*)$")]}' \
			>"$2/manifest.json"
	mv "$2/manifest.json" "$2/raw/manifest.json"
}
digest() { sha256sum <"$1" | cut -c -64; }

# Other commands

newest_run() { # NAME
	find "$workspace/runs/$1" -mindepth 1 -maxdepth 1 -type d ! -name '.*' 2>/dev/null | LC_ALL=C sort | tail -n 1
}

# The whole position as the ledger has it now.
position() { # FILE NAME
	stage merge --ledger "$workspace/ledger/$2.db" --emit all </dev/null | stage aggregate-by-period -p "$1" |
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
		cat "$last/consumption.ndjson" "$last/restatements.ndjson" "$last/results.ndjson" |
			stage report --title "$name" --now "$(jq -r .started_at "$last/job.json")"
		printf 'report: %s\n' "$last/report.html"
	done
}

status_command() {
	need_workspace
	local profile name run
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
			[ ! -e "$run" ] || printf '%s  %s  interrupted: the next run finishes it\n' "$name" "$(jq -r .run_id "$run/begun.json")"
		done
	done
}

# All runs up to RUN again, from what they recorded and the inputs they kept, in a workspace of its own.
replay_command() {
	[ ${#operands[@]} -eq 1 ] || fail 64 "cannot replay: name one run, as pipeline.sh status has it"
	local wanted=${operands[0]} name run scratch differs=0
	if [ -e "$wanted/fetch-datafeed.exchanges" ]; then # a recording, not a run: run it
		replay=$wanted operands=()
		run_command
		return
	fi
	need_workspace
	[ ${#profiles[@]} -eq 1 ] || fail 64 "cannot replay: the workspace has several profiles, say -p PROFILE"
	name=$(profile_fact "$(profile_file "${profiles[0]}")" name)
	[ -e "$workspace/runs/$name/$wanted/job.json" ] || fail 66 "cannot replay run '$wanted': profile '$name' has none of that name"
	scratch=$(mktemp -d "$workspace/runs/.replay.XXXXXX")
	# shellcheck disable=SC2064 # the name as it is now
	trap "rm -rf '$scratch'" EXIT
	for run in "$workspace/runs/$name"/*/; do
		run=$(basename "$run")
		[[ ! $run > $wanted ]] || break
		replay_one "$name" "$run" "$scratch"
	done
	for file in consumption.ndjson restatements.ndjson results.ndjson rejects.ndjson report.html; do
		cmp -s "$workspace/runs/$name/$wanted/$file" "$scratch/runs/$name/$wanted/$file" || {
			printf 'pipeline.sh: run %s: %s differs from what its evidence gives\n' "$wanted" "$file" >&2
			differs=65
		}
	done
	[ "$differs" -ne 0 ] || printf '%s: run %s: every output is what its evidence gives, byte for byte\n' "$name" "$wanted"
	return "$differs"
}

replay_one() { # NAME RUN SCRATCH
	local from=$workspace/runs/$1/$2
	mkdir -p "$3/profiles" "$3/licence"
	cp "$from/inputs/profile.json" "$3/profiles/$1.json"
	cp "$from/inputs/entitlements.csv" "$from/inputs/models.csv" "$3/licence/"
	local workspace=$3 replay=$from/raw now quiet=1
	now=$(jq -r .started_at "$from/job.json")
	run_profile "$3/profiles/$1.json"
}

demo_command() {
	local night fixture=$here/fixtures/acme
	[ "$workspace" != . ] || workspace=envtally-demo
	[ -d "$fixture" ] || fail 66 "cannot demonstrate: '$fixture' is missing, it comes with the source"
	if [ -e "$workspace" ]; then
		[ -e "$workspace/.demo" ] || fail 73 "cannot demonstrate in '$workspace': it exists and is not a demo's"
		rm -rf "$workspace"
	fi
	if [ -e "$here/Makefile" ]; then
		"$here/bin/bootstrap"
		make -s -C "$here" -j "$(nproc)" >&2
	fi
	mkdir -p "$workspace/profiles" "$workspace/licence"
	: >"$workspace/.demo"
	cp "$fixture/profiles/acme.json" "$workspace/profiles/"
	cp "$fixture"/licence/*.csv "$workspace/licence/"
	for night in "$fixture"/nights/*/; do
		replay=${night%/} now=''
		say "night $(basename "$night")"
		run_profile "$workspace/profiles/acme.json"
	done
	profiles=("$workspace/profiles/acme.json")
	report_command
}

main() {
	local command=${1-help}
	[ $# -eq 0 ] || shift
	case " $all_stages " in *" $command "*)
		# `reconcile` and `report` with -C or nothing are the driver's; with a stage's own options, the stage's.
		case "$command" in
		reconcile | report) case " ${1-} " in " --"*) exec "$stages/$command" "$@" ;; esac ;;
		*) exec "$stages/$command" "$@" ;;
		esac
		;;
	esac
	case "$command" in
	help | --help | -h)
		usage
		exit 0
		;;
	--version) exec "$stages/merge" --version ;;
	esac
	parse_options "$@"
	case "$command" in
	demo) demo_command ;;
	run) run_command ;;
	replay) replay_command ;;
	reconcile) reconcile_command ;;
	report) report_command ;;
	status) status_command ;;
	*) fail 64 "cannot do '$command': no such command (pipeline.sh help tells them)" ;;
	esac
}

main "$@"
