# shellcheck shell=bash disable=SC2034,SC2154 # its variables are pipeline.sh's, which sources it
# shards.sh: a run whose fetch is divided among processes (doc/scale.md).
#
# The shards write recordings, which are joined to the one that the run would have written; from there on the run is as any other, and asks itself for
# what the shards have not brought. The plan is in .RUN.partial/shards/ until then: `task`, which fetches a shard or joins them, a Makefile
# that calls it, and a folder for each shard. What is there already is not asked for again.

shard_tries=3 plan=''

shard_folders() { # FOLDER: those of its plan, in their order
	local shard count
	count=$(<"$1/count")
	for ((shard = 1; shard <= count; shard++)); do printf '%s\n' "$1/$shard"; done
}

is_fetched() { # SHARD-FOLDER
	[ -e "$1/done" ] || { [ -e "$1/fetch-datafeed.exchanges" ] && tail -c 160 "$1/fetch-datafeed.exchanges" | grep -q '^{"end":true,'; }
}

# Anew each time: the workspace may have been moved, and the options be others.
plan_shards() { # NAME PARTIAL PROFILE
	local folder=$2/shards shard list=() options=(-C "$(readlink -f "$workspace")" -p "$(readlink -f "$3")" --now "${facts[clock]}")
	[ "$cache" = 1 ] || options+=(--no-cache)
	[ -z "$node_scratch" ] || options+=(--scratch "$node_scratch")
	mkdir -p "$folder"
	rm -f "$folder"/*/status
	for ((shard = 1; shard <= shards; shard++)); do
		mkdir -p "$folder/$shard"
		list+=("$shard")
	done
	{
		printf '#!/bin/bash\n# task K fetches a shard of run %s, task join joins all of them. Made by %s run --shards.\n' "${facts[run_id]}" "$program"
		[ -z "${ENVTALLY_BIN-}" ] || printf 'export ENVTALLY_BIN=%q\n' "$(readlink -f "$ENVTALLY_BIN")"
		# shellcheck disable=SC2016 # the task's
		printf 'export ENVTALLY_PROGRESS=5\nexec %q shard%s "${1:-$SLURM_ARRAY_TASK_ID}/%s" %q\n' "$self" "$(printf ' %q' "${options[@]}")" "$shards" "${facts[run_id]}"
	} >"$folder/task"
	chmod +x "$folder/task"
	# shellcheck disable=SC2016 # the Makefile's
	printf '# The shards of run %s of profile %s: `make -j 4` here fetches those that are not there yet, and joins them.\n# The next %s run finishes the run.\njoined:%s\n\t./task join\n%%/done:\n\t./task $* 2>>$*/log\n' \
		"${facts[run_id]}" "$1" "$program" "$(printf ' %s/done' "${list[@]}")" >"$folder/Makefile"
	printf '%s\n' "$shards" >"$folder/count.new"
	mv "$folder/count.new" "$folder/count"
}

# Where this machine records a shard, into the caller's `to`: what an earlier task has fetched of it is there, too.
open_scratch() { # SHARD-FOLDER
	local folder=$node_scratch name
	to=$1
	[ -n "$folder" ] || return 0
	if [[ $folder =~ ^(\./)?\$([A-Za-z_][A-Za-z_0-9]*)(/.*)?$ ]]; then
		name=${BASH_REMATCH[2]}
		folder=${!name-}${BASH_REMATCH[3]}
		[ -n "${!name-}" ] || fail 78 "cannot use --scratch '$node_scratch': the variable is not set on this machine"
	fi
	[ -d "$folder" ] || fail 73 "cannot use --scratch '$folder': this machine has no such folder"
	to=$(readlink -f "$folder")/envtally-$(printf '%s' "$1" | sha256sum | cut -c 1-16)
	mkdir -m 700 "$to" 2>/dev/null || [[ -d $to && ! -L $to && -O $to ]] || fail 73 "cannot use --scratch '$folder': cannot create '$to'"
	[ -e "$to/fetch-datafeed.exchanges" ] || [ ! -e "$1/fetch-datafeed.exchanges" ] || cp "$1"/fetch-datafeed.{bodies,exchanges} "$to/"
}

# The recording to where the others are, its index last, whatever it has.
collect() { # SCRATCH SHARD-FOLDER
	local file
	[ "$1" != "$2" ] || return 0
	for file in fetch-datafeed.bodies fetch-datafeed.exchanges; do
		[ ! -e "$1/$file" ] || { cp "$1/$file" "$2/$file.new" && mv "$2/$file.new" "$2/$file"; } || fail 74 "cannot collect '$1/$file'"
	done
	rm -rf "$1"
}

# One shard, in any place that has the workspace: it needs the run's folder and the profile, not the ledger.
shard_command() {
	local part=${operands[0]-} run=${operands[1]-} name partial file folder feed group_by warn_days feed_from asking statuses to
	local -A facts=()
	[[ ${#operands[@]} -eq 2 && $part =~ ^(join|[1-9][0-9]*)/[1-9][0-9]*$ ]] || fail 64 "cannot fetch a shard: give K/N, or join/N, and the run"
	need_one_profile "fetch a shard"
	partial=$workspace/runs/$name/.$run.partial
	folder=$partial/shards
	[[ $run != */* && -e $folder/count && $(<"$folder/count") = "${part#*/}" ]] ||
		fail 66 "cannot fetch shard '$part': profile '$name' has no run '$run' under way that is divided like that"
	if [ "${part%/*}" = join ]; then
		join_shards "$partial" only
		: >"$folder/joined"
		return
	fi
	folder=$folder/${part%/*}
	! is_fetched "$folder" || {
		: >"$folder/done"
		return 0
	}
	file=$(profile_file "${profiles[0]}")
	read_facts profile "$partial/inputs/profile.json"
	thaw_inputs "$partial/inputs"
	feed=${feed_from:-${facts[feed]:-datafeed}}
	ENVTALLY_NOW=$now
	export ENVTALLY_NOW
	open_scratch "$folder"
	set +e
	authorise "$file" | as_begun "$file" "$partial/inputs/profile.json" | fetch_organization "$partial/inputs" -q --replay "$partial/raw" |
		stage fetch-datafeed --feed "$feed" --state "$partial/inputs/state.json" ${asking[@]+"${asking[@]}"} --shard "$part" --record "$to" >/dev/null
	statuses=("${PIPESTATUS[@]}")
	set -e
	collect "$to" "$folder"
	set -- "$(first_failure "${statuses[@]}")"
	# Some account may have refused: that is recorded, too.
	if [ "$1" -eq 0 ] || is_fetched "$folder"; then
		: >"$folder/done"
		return 0
	fi
	printf '%s\n' "$1" >"$folder/status"
	return "$1"
}

# The recordings of the shards, as that of the run; `only` if each is there.
join_shards() { # PARTIAL [only]
	local folders folder
	mapfile -t folders < <(shard_folders "$1/shards")
	if [ $# -gt 1 ]; then
		for folder in "${folders[@]}"; do
			is_fetched "$folder" || fail 75 "cannot join the shards: shard ${folder##*/} is not fetched yet"
		done
	fi
	[ ! -e "$1/raw/fetch-datafeed.exchanges" ] || return 0
	rm -rf "$1/shards/all"
	mkdir "$1/shards/all"
	# With a budget they ask a page of each account; what is left of it is for the run itself, which resumes a recording without an end.
	! grep -qs max-requests "$1/inputs/asking" || folders+=("$1/shards/rest")
	stage run-facts join "$1/shards/all" "${folders[@]}" >/dev/null
	[ -e "$1/shards/all/fetch-datafeed.exchanges" ] || return 0 # the profile says to fetch nothing
	mv "$1/shards/all/fetch-datafeed.bodies" "$1/raw/"
	mv "$1/shards/all/fetch-datafeed.exchanges" "$1/raw/"
}

# ---- engines: each has the shards fetched that are given, as well as it can; what is there afterwards tells ----

engine_local() { # FOLDER SHARD...
	local folder=$1 shard task
	local -A tasks=() # by id: other commands of this shell end, too
	shift
	for shard; do
		[ ${#tasks[@]} -lt "$at_once" ] || {
			wait -n -p task "${!tasks[@]}" || :
			unset "tasks[${task:-none}]"
		}
		"$folder/task" "$shard" >/dev/null 2>>"$folder/$shard/log" &
		tasks[$!]=$shard
	done
	wait "${!tasks[@]}" || :
}

engine_make() { # FOLDER
	make -s -k -j "$at_once" -C "$1" >"$1/make.log" 2>&1
}

# An array, and after it, whatever came of it, a job that joins the recordings.
engine_slurm() { # FOLDER SHARD...
	local folder=$1 array
	array=$(IFS=, && sbatch --parsable --job-name="envtally-$name" --array="${*:2}%$at_once" --chdir="$folder" --output=%a/log --open-mode=append "$folder/task" 2>>"$folder/sbatch.log") || return
	printf '%s\n' "${array%%;*}" >>"$folder/jobs"
	sbatch --parsable --wait --job-name="envtally-$name" --dependency="afterany:${array%%;*}" --chdir="$folder" --output=sbatch.log --open-mode=append "$folder/task" join >>"$folder/jobs" 2>>"$folder/sbatch.log"
}

cancel_jobs() { # FOLDER
	[ ! -e "$1/jobs" ] || xargs -r scancel <"$1/jobs" 2>/dev/null || :
	rm -f "$1/jobs"
}

needs_engine() {
	local tool
	[[ $engine =~ ^(local|make|slurm)$ ]] || fail 64 "cannot use --engine '$engine': it must be local, make or slurm"
	tool=$engine
	[ "$engine" != slurm ] || tool=sbatch
	[ "$engine" = local ] || command -v "$tool" >/dev/null || fail 69 "cannot use --engine $engine: $tool is not installed"
	[ "$engine" != slurm ] || at_once=${at_once:-$shards}
	[ "$shards" -eq 1 ] || at_once=${at_once:-$(nproc)}
}

# Of profiles side by side, all their shards together; each has one at least.
share_at_once() { # PROFILES
	[ "$shards" -gt 1 ] || return 0
	local beside=$((jobs < $1 ? jobs : $1))
	at_once=$((at_once / beside > 1 ? at_once / beside : 1))
}

# ---- the run's part ----

# About all of them, by the last line of progress of each.
shards_fetched() { # FOLDER
	local fetched=0 folder folders
	mapfile -t folders < <(shard_folders "$1")
	for folder in "${folders[@]}"; do ! is_fetched "$folder" || fetched=$((fetched + 1)); done
	printf '%s of %s shards fetched' "$fetched" "${#folders[@]}"
	for folder in "${folders[@]}"; do
		grep -h '^fetch-datafeed: [0-9]* of [0-9]* accounts' "$folder/log" 2>/dev/null | tail -n 1
	done | awk '{ done += $2; all += $4; envelopes += $(/failed/ ? 8 : 6) } END { if (NR) printf ", %d of %d accounts, %d envelopes", done, all, envelopes }'
}

show_shards() { # for status: of each profile's run under way
	local profile name folder folders=("$workspace"/runs/*/.*.partial/shards)
	[ -e "${folders[0]}" ] || return 0
	for profile in "${profiles[@]}"; do
		name=$(profile_name "$profile")
		for folder in "$workspace/runs/$name"/.*.partial/shards; do
			[ ! -e "$folder/count" ] || put_shown '%s  %s\n' "$name" "$(shards_fetched "$folder")"
		done
	done
}

watch_shards() { # NAME FOLDER
	[ "$ENVTALLY_PROGRESS" -gt 0 ] || return 0
	while sleep "$ENVTALLY_PROGRESS" && kill -0 $$; do say "$1: $(shards_fetched "$2")"; done
}

run_engine() { # NAME FOLDER SHARD...: in a group of its own
	[ "$quiet" = 1 ] || watch_shards "$1" "$2" &
	"engine_$engine" "${@:2}" || :
	trap '' TERM
	kill -TERM -- "-$BASHPID" # the watch
}

# The shards that are not fetched, into the caller's `left`; 1 if there are none.
find_left() { # FOLDER
	local folder
	left=()
	while IFS= read -r folder; do is_fetched "$folder" || left+=("${folder##*/}"); done < <(shard_folders "$1")
	[ ${#left[@]} -gt 0 ]
}

# Has the feed fetched by shards, unless it has been begun otherwise. The list of accounts comes first. Sets accounts_failed, and fails, if it cannot be read.
fetch_shards() { # NAME PARTIAL PROFILE
	local name=$1 folder=$2/shards try left source statuses ended status
	if [ "${facts[fetch-datafeed]}" = none ] && [ -z "${facts[replay]}" ] && [ "$shards" -gt 1 ] && { [ ! -e "$folder/count" ] || [ "$(<"$folder/count")" = "$shards" ]; }; then
		[ ! -e "$folder/jobs" ] || cancel_jobs "$folder"
		if [ "${facts[fetch-subscriptions]}" != complete ]; then
			source_of fetch-subscriptions "$2/raw"
			authorise "$3" | as_begun "$3" "$2/inputs/profile.json" | fetch_organization "$2/inputs" "${source[@]}" >/dev/null
			statuses=("${PIPESTATUS[@]}")
			accounts_failed=$((statuses[0] == 0 && statuses[2] != 0))
			set -- "$@" "$(first_failure "${statuses[@]}")"
			[ "$4" -eq 0 ] || return "$4"
		fi
		plan_shards "$1" "$2" "$3"
		plan=$folder
		trap 'end_groups || :; cancel_jobs "$plan"' EXIT
		for ((try = 1; try <= shard_tries; try++)); do
			find_left "$folder" || break
			[ "$try" -eq 1 ] || say "$1: fetching shard(s) ${left[*]} of $shards again"
			begin_group 0 run_engine "$1" "$folder" "${left[@]}"
			wait_for_group
			# No key, no rights, a wrong profile: more tries do not help.
			! cat "$folder"/*/status 2>/dev/null | grep -qE '^(64|66|7[78])$' || break
		done
		trap - EXIT
		say "$1: $(shards_fetched "$folder")"
		! find_left "$folder" || warn "$1: shard(s) ${left[*]} of $shards failed, this process asks for their accounts: $(tail -qn 1 "$folder/${left[0]}/log" 2>/dev/null)"
	fi
	[ -e "$folder/count" ] || return 0
	join_shards "$2" || return
	rm -rf "$folder"
	read_facts run "$2" --ledger "$workspace/ledger/$1.db"
}
