# shellcheck shell=bash disable=SC2034,SC2154 # its variables are pipeline.sh's, which sources it
# replay.sh: runs made again from their evidence, and what that proves.

# Repeats the runs of a list of promotions from their recordings and inputs in `scratch`, a workspace, whose ledger has them then; begin_after has
# put the ledger there that the first one found. With `each` their outputs are compared, too. Of their folders there only that of WANTED is kept.
replay_chain() { # NAME RUNS-FOLDER PROMOTIONS WANTED [each]
	local run clock state ended_at whole
	while read -r -u 4 run clock state ended_at _; do
		[ -n "$run" ] || break
		whole_run "$2" "$run"
		case $(missing_file "$whole") in
		raw/* | inputs/* | job.json) fail 66 "cannot replay run '$4': the folder of run $run is lost" ;; # results are made again
		esac
		[ "$ended_at" != - ] || ended_at=''
		replay_one "$1" "$whole" "$scratch"
		[ "${5-}" != each ] || compare_run "$1" "${whole%/*}" "$run"
		[ "$run" = "$4" ] || rm -rf "$scratch/runs/$1/$run" "$scratch/whole/$run"
	done 4<<<"$3"
}

replay_one() { # NAME RUN-FOLDER SCRATCH: a run of that `clock` that ended at `ended_at` in that `state`
	mkdir -p "$3/profiles" "$3/licence"
	cp "$2/inputs/profile.json" "$3/profiles/$1.json"
	copy_licence "$2/inputs" "$3/licence"
	local group_by warn_days feed_from asking
	thaw_inputs "$2/inputs"
	local others_from=$2/inputs workspace=$3 replay=$2/raw now=$clock as_run=${2##*/} quiet=1 stage_flags=(-q) status ended
	# It works in `scratch`, in a group that ends with the driver. A run with a refused account is repeated with that refusal, and exits 75.
	begin_group 0 run_profile "$3/profiles/$1.json"
	wait_for_group
	[ "$status" -eq 0 ] || { [ "$status" -eq 75 ] && [ "$state" = partial ]; } || return "$status"
}

# Says which files of the run differ from those of its replay in `scratch`, and fails then. The manifest itself depends on those before it. A
# run of an earlier version had other files beside its outputs.
compare_run() { # NAME RUNS-FOLDER RUN
	local file differs=0 made=$scratch/runs/$1/$3
	# One process where all is well; which files it is that differ takes one for each of them.
	diff -rq -x '*.bodies' -x manifest.json -- "$2/$3" "$made" >/dev/null 2>&1 || while IFS= read -r file; do
		cmp -s "$2/$3/$file" "$made/$file" || {
			complain "run $3: $file differs from what its evidence gives"
			differs=65
		}
	done < <(
		if grep -q '"job.json"' "$2/$3/raw/manifest.json"; then
			find "$2/$3" "$made" -type f ! -path '*/raw/*.bodies' ! -name manifest.json -printf '%P\n' | sort -u
		else
			for file in consumption.ndjson restatements.ndjson results.ndjson workspace.ndjson rejects.ndjson report.html; do
				[ ! -e "$2/$3/$file" ] && [ ! -e "$made/$file" ] || printf '%s\n' "$file"
			done
		fi
	)
	[ "$differs" -eq 0 ] || say_versions "$2" "$3"
	[ "$differs" -ne 0 ] || put_shown '%s: run %s: every output is what its evidence gives, byte for byte\n' "$1" "$3"
	return "$differs"
}

# Another version may give other bytes of the same evidence: then it is not known whether a file was changed.
say_versions() { # RUNS-FOLDER RUN
	local made_by='an earlier version of envtally' own
	own=$(own_version)
	[ ! -e "$1/$2/inputs/version" ] || made_by=$(<"$1/$2/inputs/version")
	[ "$made_by" = "$own" ] || complain "run $2 was made by $made_by, and this is $own, which may give other bytes of the same evidence: replay it with $made_by"
}

replay_command() {
	[ ${#operands[@]} -eq 1 ] || fail 64 "cannot replay: name one run from $program status"
	local wanted=${operands[0]} name all whole
	# A recording, not a run: run it. A run of that name comes first, whatever the current folder has.
	if [ -e "$wanted/fetch-datafeed.exchanges" ] && { [[ $wanted == */* ]] || ! compgen -G "$workspace/runs/*/$wanted" >/dev/null; }; then
		replay=$wanted operands=()
		run_command
		return
	fi
	need_one_profile replay
	all=$(promotions_to "$name" "$wanted") || fail 66 "cannot replay run '$wanted': profile '$name' has no run of that name"
	make_scratch
	begin_after_checkpoint "$name" "$(promotions "$name")"
	check_kept "$wanted" replay "$all"
	replay_chain "$name" "$workspace/runs/$name" "$(runs_since "$all")" "$wanted"
	whole_run "$workspace/runs/$name" "$wanted"
	compare_run "$name" "${whole%/*}" "$wanted"
}

say_earlier() { # TITLE
	[ "${facts[earlier]}" -eq 0 ] ||
		put_shown '%s: not proven: results and job.json of the first %s run(s), by an earlier version, whose manifests list recordings and inputs alone\n' "$1" "${facts[earlier]}"
}

promotions_to() { # NAME RUN: the lines of `promotions` up to that run
	promotions "$1" | awk -v wanted="$2" '{ if (!found) print } $1 == wanted { found = 1 } END { exit !found }'
}

last_promoted() { # PROMOTIONS: its run
	sed -n '$s/ .*//p' <<<"$1"
}

# Every file of every run is the one of its manifest, the manifests are a chain that ends where the ledger says, the outputs of RUN are what
# its evidence gives, and so is the ledger. Without RUN all runs are; with --new what was proven before is not proven again.
verify_command() {
	[ ${#operands[@]} -le 1 ] || fail 64 "cannot verify: name one run from $program status, or none"
	[ ${#operands[@]} -eq 0 ] || [ "$prove_new" = 0 ] || fail 64 "cannot use --new with '${operands[0]}': it is for all runs"
	[ ${#operands[@]} -eq 0 ] || [[ ! -f ${operands[0]} ]] || {
		verify_pack "${operands[0]}"
		return
	}
	local wanted=${operands[0]-} name runs ledger all newest since each='' count whole
	local -A facts=()
	need_one_profile verify
	runs=$workspace/runs/$name ledger=$workspace/ledger/$name.db
	all=$(promotions "$name")
	newest=$(last_promoted "$all")
	if [ ${#operands[@]} -eq 0 ]; then
		[ -n "$newest" ] || fail 66 "cannot verify profile '$name': nothing was run yet"
		wanted=$newest each=each
	else
		[ -n "$(promotion_of "$name" "$wanted")" ] || fail 66 "cannot verify run '$wanted': profile '$name' has no run of that name"
	fi
	[ ! -e "$runs/.$newest.partial" ] || fail 75 "cannot verify profile '$name': run $newest is not finished; try again after the next run"
	make_scratch
	begin_after_checkpoint "$name" "$all"
	[ -n "$each" ] || check_kept "$wanted" verify "$all"
	say_base "$name"
	[ "$prove_new" = 0 ] || recall_proof "$name" "$all"
	since=$(runs_since "$all") count=$(grep -c . <<<"$since") || true
	read_facts verify "$wanted" --runs "$runs" --ledger "$ledger" ${base:+--after "$base_folder/checkpoint.json"}
	if [ "$count" -eq 0 ]; then
		stage run-facts verify-files "$newest" --runs "$runs"
		put_shown '%s: run %s: every file is that of its manifest\n' "$name" "$newest"
	else
		put_shown '%s: %s run(s) up to %s: every file is that of its manifest, in an unbroken chain\n' "$name" "${facts[runs]}" "$wanted"
	fi
	replay_chain "$name" "$runs" "$since" "$wanted" $each
	[ -n "$each" ] || {
		whole_run "$runs" "$wanted"
		compare_run "$name" "${whole%/*}" "$wanted"
	}
	# A run under way, or one that was interrupted, has put more into the ledger.
	stage run-facts prove "$scratch/ledger/$name.db" --ledger "$ledger" --earlier "${facts[earlier]}" 2>"$scratch/errors" || {
		local status=$?
		if [ "$all" != "$(promotions "$name")" ] || compgen -G "$runs/.*.partial" >/dev/null; then
			fail 75 "cannot verify the ledger of profile '$name': it has parts of a run that is not finished; try again after the next run"
		fi
		put_file "$scratch/errors" >&2
		return "$status"
	}
	put_shown '%s: the ledger is what %s give\n' "$name" "${base:+it was after run $base and }the recordings of $([ -n "$base" ] && echo "the $count run(s) since" || echo "its $count run(s)")"
	say_earlier "$name"
	put_shown '%s: the chain ends at run %s, whose manifest has the SHA-256 %s\n' "$name" "${facts[newest]}" "${facts[sha256]}"
	[ "$prove_new" = 0 ] || remember_proof "$name" "$newest"
}
