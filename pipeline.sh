#!/bin/bash
# shellcheck disable=SC2034,SC2154 # the parts in lib/driver/ use its variables, and set them
# pipeline.sh: chains the stages of envtally over a workspace. Installed as `envtally`. `pipeline.sh help` lists the commands.
#
# A workspace:
#   profiles/NAME.json   licence/{entitlements,models,exclusions,groups,prices,rates,consumption}.csv, policy.json   ledger/NAME.db   cache/
#   runs/NAME/RUN/       inputs/ raw/ job.json rejects.ndjson accounts.ndjson subscriptions.ndjson consumption.ndjson restatements.ndjson
#                        excluded.ndjson results.ndjson report.html
#
# This script and lib/driver/ do what shells are good at: order, freeze, lock, pipe, promote. What a file of JSON has, and what is
# written into one, is the business of programs: run-facts, status, split-streams.
set -Eeuo pipefail

here=${BASH_SOURCE[0]}
[ ! -L "$here" ] || here=$(readlink -f "$here")
self=${here##*/}
case $here in */*) here=${here%/*}/ ;; *) here=./ ;; esac
here=$(CDPATH='' cd -P -- "$here" && pwd)
self=$here/$self
# `make install` sets these six.
program=pipeline.sh
invoked=./pipeline.sh
version=
stages=${ENVTALLY_BIN:-$here/bin}
driver=$here/lib/driver
recorded=$here/fixtures/acme

# What is written into a workspace is not for all users of the machine; exports and the like have the user's own mask.
own_umask=$(umask)
umask g-w,o-rwx

# What a stage that was killed has left of its progress.
clear_line() {
	[ ! -t 2 ] || [ "${TERM-}" = dumb ] || printf '\r\033[K' >&2
}

# Paths, names and options are anybody's: into `text` as people may see them, by the one function for that.
shown() { # TEXT
	text=$1
	[[ $1 != *[!\ -~]* ]] || text=$(printf '%s' "$1" | "$stages/run-facts" shown 2>/dev/null) || text=${1//[!\ -~]/?}
}

complain() { # MESSAGE [LEVEL]: an error, or a message that is printed also with -q
	local text
	shown "$1"
	if [ "$log_format" = json ]; then
		text=${text//\\/\\\\}
		printf '{"level":"%s","program":"%s","message":"%s"}\n' "${2-error}" "$program" "${text//\"/\\\"}" >&2 || :
	else
		[ "${2-}" != warning ] || text="warning: $text"
		clear_line
		printf '%s: %s\n' "$program" "$text" >&2 || :
	fi
}

fail() { # STATUS MESSAGE: one line, and the end
	complain "$2"
	exit "$1"
}

put() { # FORMAT ARGUMENT...: printf to standard output, which may be full or closed
	# shellcheck disable=SC2059 # the format is the caller's
	printf "$@" 2>/dev/null || fail 74 "cannot write 'standard output'"
}

put_shown() { # FORMAT ARGUMENT...: the same for what is anybody's
	local format=$1 text arguments=()
	shift
	for text; do
		shown "$text"
		arguments+=("$text")
	done
	put "$format" "${arguments[@]}"
}

remove() { # FILE OR FOLDER...: those that are there; rm is not started for none
	local path there=()
	for path; do [ ! -e "$path" ] && [ ! -L "$path" ] || there+=("$path"); done
	[ ${#there[@]} -eq 0 ] || rm -rf -- "${there[@]}"
}

put_file() { # FILE: the same for what is in a file, - for standard input
	local status=0
	cat -- "$1" 2>/dev/null || status=$?
	case $status in
	0) ;;
	141) exit 141 ;; # the reader went away
	*) fail 74 "cannot write '$1' to standard output" ;;
	esac
}

# Statuses of the shell and its tools are not ours: they could not read or write a file, and named it.
failed=0 scratch='' log_format=text quiet=0
trap 'failed=$?' ERR
at_end() {
	local status=$?
	end_groups || :
	[ -z "$scratch" ] || rm -rf "$scratch"
	end_pager
	[ "$status" -eq "$failed" ] || return 0 # a signal, or a status that was chosen
	case $status in
	126 | 127) fail 69 "cannot go on: a program that it needs is not installed" ;;
	0 | [67]? | 1??) ;;
	*) fail 74 "cannot go on: a file could not be read or written" ;;
	esac
}
trap at_end EXIT

# A standard stream that is closed would be the next file that is opened. Held like this, reading or writing it fails.
{ true <&0; } 2>/dev/null || exec 0>/dev/null
{ true >&1; } 2>/dev/null || exec 1</dev/null
{ true >&2; } 2>/dev/null || exec 2</dev/null

say() { # a message for people
	[ "$quiet" = 1 ] || complain "$1" note # a full log does not end a run
}

warn() { # what a person has to know, also with -q
	complain "$1" warning
}

workspace='' workspace_given=0 ended_at='' feed_from='' replay='' now='' group_by='' charge_by='' warn_days='' on_finish='' on_alert='' summary=0 check_status=0 cache=1 jobs=1 as_of='' restated=0 only_period='' format='' format_given=0 export_to='' report_to='' as_run=''
others_from='' shards=1 engine=local at_once='' node_scratch='' profiles=() stage_flags=() status_flags=() operands=() question=() export_streams=() csv_flags=() page_flags=() metric_label=() asking=()
declare -A answers=() # init: key of the profile, with dashes, to value

# The clock as programs write it, and as runs are named after it.
rfc3339() {
	local text=${1:-now}
	case "$text" in
	[0-9]*T??????Z) text="${text:0:4}-${text:4:2}-${text:6:2}T${text:9:2}:${text:11:2}:${text:13:2}Z" ;;
	esac
	# date is started for what may be no time, or is not in this form yet.
	if [[ $text =~ ^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])T([01][0-9]|2[0-3])(:[0-5][0-9]){2}(\.000)?Z$ ]]; then
		printf '%s.000Z\n' "${text:0:19}"
		return
	fi
	date -u -d "$text" '+%Y-%m-%dT%H:%M:%S.000Z' 2>/dev/null || fail 64 "cannot read the clock '$1': it must be a time such as 2026-03-01T02:00:00Z"
}
run_name() { # 2026-03-01T02:00:00.000Z: 20260301T020000Z
	local text=${1//[-:]/}
	printf '%sZ\n' "${text%%.*}"
}

need_workspace() {
	[ -d "$workspace/profiles" ] || fail 66 "cannot open workspace '$workspace': it has no profiles/ ($program init makes one)"
	if [ ${#profiles[@]} -eq 0 ]; then
		list_profiles profiles
		[ ${#profiles[@]} -gt 0 ] || fail 66 "cannot open workspace '$workspace': profiles/ has no profile"
	fi
}

# The profiles of the workspace's profiles/, into the array of that name. A feed descriptor may be there, too: it has a map, and no organization.
list_profiles() { # ARRAY
	local at text
	local -n list=$1
	list=()
	for at in "$workspace"/profiles/*.json; do
		[ -e "$at" ] || continue
		text=''
		IFS= read -r -d '' text <"$at" 2>/dev/null || :
		[[ $text == *'"map"'* && $text != *'"organization_id"'* ]] || list+=("$at")
	done
}

profile_file() { # a name or a file, to a file
	if [ -e "$workspace/profiles/$1.json" ]; then
		printf '%s\n' "$workspace/profiles/$1.json"
	elif [ -f "$1" ]; then
		printf '%s\n' "$1"
	else
		local known meant
		list_profiles known
		known=("${known[@]##*/}")
		did_you_mean "$1" "${known[@]%.json}"
		fail 66 "cannot open profile '$1': neither a file nor in $workspace/profiles$meant"
	fi
}

# One stage, with the flags that all have.
stage() {
	local program=$1
	shift
	"$stages/$program" ${stage_flags[@]+"${stage_flags[@]}"} "$@"
}

# The same as a whole part of a pipe: the shell that would wait for it becomes the program.
piped() {
	exec "$stages/$1" ${stage_flags[@]+"${stage_flags[@]}"} "${@:2}"
}

read_fact() { # LINE: of run-facts, into the caller's `facts`
	local value=${1#*=}
	[[ $value != *\\* ]] || printf -v value %b "$value"
	facts[${1%%=*}]=$value
}

# What run-facts prints, into the caller's array `facts`.
read_facts() { # COMMAND...
	local output line
	output=$(stage run-facts "$@") || return
	while IFS= read -r line; do read_fact "$line"; done <<<"$output"
}

profile_name() { # PROFILE: a name or a file
	local -A facts=()
	local file
	file=$(profile_file "$1") || return
	read_facts profile "$file" || return
	printf '%s\n' "${facts[name]}"
}

# The name of the workspace's profile, or of the one that is given, into the caller's `name`.
need_one_profile() { # TO-DO
	need_workspace
	[ ${#profiles[@]} -eq 1 ] || fail 64 "cannot $1: the workspace has several profiles, use -p PROFILE"
	name=$(profile_name "${profiles[0]}")
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

no_operands() { # COMMAND. What follows a = is not repeated: it may be a password
	[ ${#operands[@]} -eq 0 ] || fail 64 "cannot use '${operands[0]%%=*}': $1 takes no operands"
}

for part in options side_by_side run shards profile validate position status watch replay evidence demo export rebuild prune overview; do
	# shellcheck source=/dev/null # each is checked by itself
	. "$driver/$part.sh"
done

need_programs() { # a clone that was not built
	[ -x "$stages/run-facts" ] || fail 69 "cannot run '$1': the programs are not built yet; two commands do it: bin/bootstrap and make"
}

# On a terminal, what a person reads goes through a pager, as with git: ENVTALLY_PAGER, else PAGER, else less, which ends at once when all fits.
pager='' on_terminal=0
start_pager() {
	local program=${ENVTALLY_PAGER-${PAGER-less}}
	[ -t 1 ] && [ "${TERM-dumb}" != dumb ] && [ -n "$program" ] && [ "$program" != cat ] && command -v "${program%% *}" >/dev/null || return 0
	ENVTALLY_COLUMNS=$(stty -F /dev/tty size 2>/dev/null) || return 0
	export ENVTALLY_COLUMNS=${ENVTALLY_COLUMNS#* } LESS=${LESS-FRX}
	exec > >(exec sh -c "$program")
	pager=$!
}
end_pager() {
	[ -n "$pager" ] || return 0
	trap '' INT # it is the pager's
	exec >&-
	wait "$pager" || :
}

own_version() { # in a source tree, that of the programs
	[ -n "$version" ] || version=$("$stages/run-facts" --version 2>/dev/null) || version='(not built)'
	printf 'envtally %s\n' "${version##* }"
}

main() {
	local command=${1-} names meant
	[ $# -eq 0 ] || shift
	case "$command" in
	'') overview ;;
	help | --help | -h) put '%s\n' "$(usage)" ;;
	--version) put '%s\n' "$(own_version)" ;;
	policy) # show and hash are the stage's
		case "${1-}" in show | hash)
			need_programs policy
			exec "$stages/policy" "$@"
			;;
		esac
		command_main policy "$@"
		;;
	*)
		if command_row "$command"; then
			command_main "$command" "$@"
		elif belongs "$all_stages" "$command"; then
			need_programs "$command"
			exec "$stages/$command" "$@"
		else
			names_of "$commands"
			# shellcheck disable=SC2086 # words
			did_you_mean "$command" "${names[@]}" $all_stages
			fail 64 "cannot do '$command': no such command ($program help lists them)$meant"
		fi
		;;
	esac
}

command_main() { # COMMAND ARGUMENT...
	parse_options "$@" || {
		need_programs "$1"
		exec "$stages/$1" "${@:2}"
	}
	[ "$1" = demo ] || need_programs "$1"
	[ ! -t 1 ] || on_terminal=1
	case "$1 $format" in *' table' | *' text' | 'status '*) start_pager ;; esac
	"${1}_command"
}

main "$@"
