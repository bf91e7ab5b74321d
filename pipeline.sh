#!/bin/bash
# pipeline.sh: chains the stages of envtally over a workspace. `pipeline.sh help` tells the commands; lib/driver/ has them.
#
# A workspace:
#   profiles/NAME.json   licence/{entitlements,models,exclusions,groups,prices,rates}.csv   ledger/NAME.db
#   runs/NAME/RUN/       inputs/ raw/ rejects.ndjson consumption.ndjson restatements.ndjson results.ndjson report.html job.json
#
# A run is made in runs/NAME/.RUN.partial and renamed when every program has ended well. One that was interrupted is finished
# first by the next run: with its own clock, state and recording, so it gives what it would have given.
set -euo pipefail

here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
# `make install` puts the installed folders here.
stages=${ENVTALLY_BIN:-$here/bin}
driver=$here/lib/driver
all_stages="auth fetch-subscriptions fetch-datafeed normalize merge aggregate-by-period reconcile forecast report"

usage() {
	cat <<'END'
Usage: pipeline.sh COMMAND [OPTION]...
       pipeline.sh STAGE ...      runs one stage

Commands
  demo              run the recorded organisation of fixtures/, three nights, and show its licence position
  init              make a workspace and a profile: asks for what no option says
  validate          check the connection of each profile, step by step, and say what to do
  run               fetch, tally, reconcile and report, for every active profile of the workspace
  replay RUN        make run RUN again from its evidence, beside the first, and compare byte for byte
  verify RUN        check the recordings of all runs up to RUN against their manifests, then replay RUN
  reconcile         the licence position from the ledger as it is, with the licence files as they are
  report            the last run's report, on the terminal
  explain           where the last run's figures come from: entitlements, consumption, days, envelopes, recorded exchanges
  policy            policy diff A B: how figures move from one counting policy to another; policy show, policy hash
  models            models suggest: rows of models.csv to complete, for the last run's unrecognized identifiers
  status            what was run, and how it ended
  export            what the ledgers hold: NDJSON, CSV, a SQLite file, PostgreSQL

Options
  -p PROFILE        only this profile: its name in the workspace, or a file; may be repeated
  -C WORKSPACE      the workspace (default: the current folder; demo: envtally-demo)
  --replay DIR      run: take answers from this recording instead of Docusign
  --now RFC3339     the clock of the run, which names it (default: the time)
  --group-by LIST   run, reconcile: positions per account, site, cost_center … too (several with commas)
  --warn-days N     run, reconcile, status: warn of rights that run out in fewer days than this (default: 30; 0: never)
  --period START    explain, policy diff: only the period that holds this day, or of this index
  --account ID      explain: only this account
  --model NAME      explain: only this software model; may have * and ?
  --level LEVEL     explain: only down to position, consumption, day, envelope or exchange (the default)
  --as-of DATE      reconcile: as it was reported by the end of that day, or at that time
  --restated        reconcile --as-of DAY: of what had been sent by then, with the knowledge of now
  --restatements    status: also every figure that was restated
  --positions       status: also the latest position of each license metric
  --check           status: exit 69 when an account's feed is stale, rights run out within --warn-days, or the last run is not whole
  --no-cache        run, validate: do not keep the access token in the workspace
  --format FORMAT   export: ndjson (the default), csv, sqlite or postgres; explain, reconcile, policy diff: text (the default) or ndjson
  --to TARGET       export: a file (ndjson, sqlite), a folder (csv), or a service or connection string without password (postgres)
  --stream NAME     export: only this stream; may be repeated
  -v, -q            say more, say less
  --KEY VALUE       init: a key of the profile, e.g. --name acme --organization-id … --contract-start 2025-01-31

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
	[ "$quiet" = 1 ] || printf 'pipeline.sh: %s\n' "$1" >&2 || : # a log that is full is no reason to end
}

workspace='' replay='' now='' group_by='' warn_days='' quiet=0 show_restatements=0 show_positions=0 check_status=0 cache=1 profiles=() stage_flags=() operands=() question=() as_of='' restated=0 only_period=''
declare -A answers=() # init: key of the profile, with dashes, to value
profile_keys="name organization-id contract-start renewal-months environment integration-key key-pair-id key-file key-password key-alias user-id feed"

parse_options() {
	while [ $# -gt 0 ]; do
		case "$1" in
		-p | -C | --replay | --now | --format | --to | --stream | --group-by | --warn-days | --period | --account | --model | --level | --as-of) [ $# -ge 2 ] || fail 64 "cannot use '$1' without a value" ;;
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
		--group-by)
			group_by=$2
			shift
			;;
		--warn-days)
			[[ $2 =~ ^[0-9]{1,5}$ ]] || fail 64 "cannot use --warn-days '$2': it is a whole number of days, 0 or more"
			warn_days=$2
			shift
			;;
		--period | --account | --model | --level)
			question+=("$1" "$2")
			[ "$1" != --period ] || only_period=$2
			shift
			;;
		--as-of)
			as_of=$2
			shift
			;;
		--restated) restated=1 ;;
		--format)
			export_format=$2
			shift
			;;
		--to)
			export_to=$2
			shift
			;;
		--stream)
			export_streams+=("$2")
			shift
			;;
		--restatements) show_restatements=1 ;;
		--positions) show_positions=1 ;;
		--check) check_status=1 ;;
		--no-cache) cache=0 ;;
		-v) stage_flags+=(-v) ;;
		-q)
			quiet=1
			stage_flags+=(-q)
			;;
		--*)
			case " $profile_keys " in
			*" ${1#--} "*) [ $# -ge 2 ] || fail 64 "cannot use '$1' without a value" ;;
			*) fail 64 "cannot use '$1': unknown option (pipeline.sh help tells more)" ;;
			esac
			answers[${1#--}]=$2
			shift
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

# shellcheck source=lib/driver/run.sh
. "$driver/run.sh"
# shellcheck source=lib/driver/connect.sh
. "$driver/connect.sh"
# shellcheck source=lib/driver/look.sh
. "$driver/look.sh"
# shellcheck source=lib/driver/replay.sh
. "$driver/replay.sh"
# shellcheck source=lib/driver/export.sh
. "$driver/export.sh"

main() {
	local command=${1-help}
	[ $# -eq 0 ] || shift
	case " $all_stages " in *" $command "*)
		# `reconcile` and `report` are commands of the driver and stages too: what begins with a stage's option is for the stage.
		case "$command" in
		reconcile | report)
			case " $* " in *" --entitlements"* | *" -e "*) exec "$stages/$command" "$@" ;; esac
			case "${1--C}" in
			-p | -C | --now | -v | -q | --group-by | --warn-days | --as-of | --restated) ;;
			--format) [ "$command" = reconcile ] || exec "$stages/$command" "$@" ;; # a position of the workspace in that format
			-*) exec "$stages/$command" "$@" ;;
			esac
			;;
		*) exec "$stages/$command" "$@" ;;
		esac
		;;
	esac
	case "$command" in
	exclude) exec "$stages/exclude" "$@" ;;
	policy) # show and hash are the stage's
		case "${1-}" in show | hash | --help | --version) exec "$stages/policy" "$@" ;; esac
		;;
	explain) # as export
		case " $* " in *" --ledger"* | *" -l"* | *" --help "* | *" --version "*) exec "$stages/explain" "$@" ;; esac
		;;
	models) # the stage's about itself
		case " $* " in *" --help "* | *" --version "*) exec "$stages/models" "$@" ;; esac
		;;
	export) # the stage's with a ledger of its own, or about itself
		case " $* " in *" --ledger"* | *" -l"* | *" --help "* | *" --version "*) exec "$stages/export" "$@" ;; esac
		;;
	help | --help | -h)
		usage
		exit 0
		;;
	--version) exec "$stages/merge" --version ;;
	esac
	parse_options "$@"
	case "$command" in
	demo) demo_command ;;
	init) init_command ;;
	validate) validate_command ;;
	run) run_command ;;
	replay) replay_command ;;
	verify) verify_command ;;
	reconcile) reconcile_command ;;
	report) report_command ;;
	explain) explain_command ;;
	policy) policy_command ;;
	models) models_command ;;
	status) status_command ;;
	export) export_command ;;
	*) fail 64 "cannot do '$command': no such command (pipeline.sh help tells them)" ;;
	esac
}

main "$@"
