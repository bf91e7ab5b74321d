# shellcheck shell=bash disable=SC2034,SC2154 # its variables are pipeline.sh's, which sources it
# replay.sh: a run made again from its evidence.

# Repeats all runs up to RUN from their recordings and inputs, in a scratch workspace.
replay_command() {
	[ ${#operands[@]} -eq 1 ] || fail 64 "cannot replay: name one run from $program status"
	local wanted=${operands[0]} name all run clock state differs=0
	# A recording, not a run: run it. A run of that name comes first, whatever the current folder has.
	if [ -e "$wanted/fetch-datafeed.exchanges" ] && { [[ $wanted == */* ]] || ! compgen -G "$workspace/runs/*/$wanted" >/dev/null; }; then
		replay=$wanted operands=()
		run_command
		return
	fi
	need_workspace
	[ ${#profiles[@]} -eq 1 ] || fail 64 "cannot replay: the workspace has several profiles, use -p PROFILE"
	name=$(profile_name "${profiles[0]}")
	all=$(promotions "$name")
	all=$(awk -v wanted="$wanted" '{ print } $1 == wanted { found = 1; exit } END { exit !found }' <<<"$all") ||
		fail 66 "cannot replay run '$wanted': profile '$name' has no run of that name"
	scratch=$(mktemp -d "$workspace/runs/.replay.XXXXXX" 2>/dev/null) || fail 73 "cannot create a folder in '$workspace/runs'"
	while read -r -u 4 run clock state; do
		[ -e "$workspace/runs/$name/$run/job.json" ] || fail 66 "cannot replay run '$wanted': the folder of run $run is lost"
		replay_one "$name" "$run" "$scratch"
	done 4<<<"$all"
	for file in consumption.ndjson restatements.ndjson results.ndjson workspace.ndjson rejects.ndjson report.html; do
		[ -e "$workspace/runs/$name/$wanted/$file" ] || [ -e "$scratch/runs/$name/$wanted/$file" ] || continue
		cmp -s "$workspace/runs/$name/$wanted/$file" "$scratch/runs/$name/$wanted/$file" || {
			printf '%s: run %s: %s differs from what its evidence gives\n' "$program" "$wanted" "$file" >&2
			differs=65
		}
	done
	[ "$differs" -ne 0 ] || put '%s: run %s: every output is what its evidence gives, byte for byte\n' "$name" "$wanted"
	return "$differs"
}

replay_one() { # NAME RUN SCRATCH: a run of that `clock` that ended in that `state`
	local from=$workspace/runs/$1/$2
	mkdir -p "$3/profiles" "$3/licence"
	cp "$from/inputs/profile.json" "$3/profiles/$1.json"
	# Those of this run, and none that only an earlier one had.
	rm -f "$3"/licence/*
	cp "$from"/inputs/*.csv "$3/licence/"
	[ ! -e "$from/inputs/policy.json" ] || cp "$from/inputs/policy.json" "$3/licence/"
	local group_by='' warn_days=''
	[ ! -e "$from/inputs/group-by" ] || group_by=$(cat "$from/inputs/group-by")
	[ ! -e "$from/inputs/warn-days" ] || warn_days=$(cat "$from/inputs/warn-days")
	[ ! -e "$from/inputs/feed.json" ] || cp "$from/inputs/feed.json" "$3/profiles/"
	local others_from=$from/inputs workspace=$3 replay=$from/raw now=$clock as_run=$2 quiet=1 stage_flags=(-q) status
	# A run with a refused account is repeated with that refusal, and exits 75.
	set +e
	(
		set -e
		run_profile "$3/profiles/$1.json"
	)
	status=$?
	set -e
	[ "$status" -eq 0 ] || { [ "$status" -eq 75 ] && [ "$state" = partial ]; } || return "$status"
}

# The recordings and inputs of every run up to RUN are those that its manifest names, and each manifest names the one before;
# then the outputs of RUN are what they give.
verify_command() {
	[ ${#operands[@]} -eq 1 ] || fail 64 "cannot verify: name one run from $program status"
	need_workspace
	[ ${#profiles[@]} -eq 1 ] || fail 64 "cannot verify: the workspace has several profiles, use -p PROFILE"
	local wanted=${operands[0]} name
	local -A facts=()
	name=$(profile_name "${profiles[0]}")
	[ -n "$(promotion_of "$name" "$wanted")" ] || fail 66 "cannot verify run '$wanted': profile '$name' has no run of that name"
	read_facts verify "$wanted" --runs "$workspace/runs/$name" --ledger "$workspace/ledger/$name.db"
	put '%s: %s run(s) up to %s: recordings and inputs are those of their manifests, in an unbroken chain\n' "$name" "${facts[runs]}" "$wanted"
	replay_command
}
