# shellcheck shell=bash disable=SC2034,SC2154 # its variables are pipeline.sh's, which sources it
# prune.sh: old runs are folded into archives or dropped; and the checkpoints from which the rest is proven.
#
# A folded run has in its folder job.json, restatements.ndjson and raw/manifest.json, and all else in an archive; of one that was dropped, these
# three stay. A checkpoint (run/checkpoint.h) is the ledger after some run. The next run freezes checkpoint.json, so the chain of manifests covers it.
#
# Whatever is killed here: an archive gets its name when it is known to give the run's files, and a checkpoint when its ledger is on disk. Only then files
# are removed, which the next prune goes on with.

archive=files.tar.zst
prove_new=0

checkpoint_of() { # NAME
	printf '%s\n' "$workspace/ledger/$1.checkpoint"
}

# ---- folded runs ----

# The folder with all files of a run, into `whole`: its own, or a copy in scratch of what is folded, whose files are those of its manifest.
whole_run() { # RUNS-FOLDER RUN
	whole=$1/$2
	[ -e "$whole/$archive" ] || return 0
	[ -n "$scratch" ] || make_scratch
	unfold "$whole/$archive" "$whole" "$scratch/whole/$2" || exit
	whole=$scratch/whole/$2
}

# The archive may have been made to fill the disk: a run's files come to a hundred times theirs at most, and a thousand times is refused.
unfold() { # ARCHIVE RUN-FOLDER COPY
	local limit
	[ ! -e "$3" ] || return 0
	need_tool zstd
	limit=$((64 * 1048576 + 1000 * $(stat -Lc %s "$1")))
	[ "$(zstd -q -dc "$1" 2>/dev/null | head -c $((limit + 1)) | wc -c)" -le "$limit" ] ||
		fail 65 "cannot unfold '$1': it gives more than $limit bytes, which is too much for an archive of its size"
	mkdir -p "$3/raw"
	cp "$2/job.json" "$2/restatements.ndjson" "$3/" # before, and never through a link of the archive
	cp "$2/raw/manifest.json" "$3/raw/"
	# A file with holes may be larger than what was counted.
	(ulimit -f $((limit / 1024)) && trap '' XFSZ && exec tar -I zstd -xf "$1" -C "$3" --no-same-owner --no-same-permissions 2>"$scratch/errors") ||
		fail 65 "cannot unfold '$1': $(head -n 1 "$scratch/errors")"
	stage run-facts verify-files "${3##*/}" --runs "${3%/*}"
}

# A folder that has all runs, into `runs_folder`: the profile's own, or links and copies in scratch if some are folded.
whole_runs() { # NAME
	local run whole
	runs_folder=$workspace/runs/$1
	compgen -G "$runs_folder/*/$archive" >/dev/null || return 0
	mkdir -p "$scratch/runs-of-$1"
	while read -r run _; do
		whole_run "$workspace/runs/$1" "$run"
		ln -s "$(readlink -f "$whole")" "$scratch/runs-of-$1/$run"
	done < <(promotions "$1")
	runs_folder=$scratch/runs-of-$1
}

# Of a run's files three stay, and its archive, if it is named.
reduce() { # RUN-FOLDER [ARCHIVE]
	[ -d "$1" ] || return 0
	(
		cd "$1" || exit 74
		find . -type f ! -path ./job.json ! -path ./restatements.ndjson ! -path ./raw/manifest.json ! -name "${2-.}" -delete
		find . -mindepth 1 -type d -empty -delete
	)
}

fold_run() { # NAME RUN
	local folder=$workspace/runs/$1/$2 new=$workspace/runs/$1/.$2.folding size lost
	if [ ! -e "$folder/$archive" ]; then
		need_tool zstd
		lost=$(missing_file "$folder")
		[ -z "$lost" ] || {
			warn "$1: run $2 is not folded: its folder has lost '$lost'"
			return 0
		}
		size=$(du -sb "$folder") size=${size%%[!0-9]*}
		LC_ALL=C tar -I 'zstd -q -9 --long=27 --zstd=ldmMinMatch=20,ldmHashRateLog=2,ldmHashLog=24' --format=gnu --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --exclude=./job.json \
			--exclude=./restatements.ndjson --exclude=./raw/manifest.json -C "$folder" -cf "$new" . || fail 73 "cannot create '$new'"
		unfold "$new" "$folder" "$scratch/whole/$2"
		rm -rf "$scratch/whole/$2"
		if ! sync "$new" || ! mv "$new" "$folder/$archive" || ! sync "$folder"; then fail 73 "cannot create '$folder/$archive'"; fi
		say "$1: run $2 is folded: $size bytes in $(stat -c %s "$folder/$archive")"
	fi
	reduce "$folder" "$archive"
}

# ---- checkpoints ----

# What a checkpoint says, into `base`, its run, and the like; `base` is empty where there is none.
read_base() { # FOLDER
	local -A facts=()
	base='' base_folder=$1 base_pin=''
	[ -e "$1/checkpoint.json" ] || return 0
	read_facts checkpoint "$1/checkpoint.json"
	base=${facts[run]} base_runs=${facts[runs]} base_source=${facts[source]} base_at=${facts[made_at]%%T*}
	base_manifest=${facts[manifest]} base_ledger=${facts[ledger]} base_before=${facts[before]}
	base_hash=$(hash_of "$1/checkpoint.json")
}

hash_of() { # FILE: nothing where there is none
	local hash=''
	[ ! -f "$1" ] || hash=$(sha256sum <"$1")
	printf '%s\n' "${hash%% *}"
}

# Its ledger into the scratch workspace: what follows is replayed from there.
begin_after() { # NAME
	[ -n "$base" ] || return 0
	[ "$(hash_of "$base_folder/$base.db")" = "$base_ledger" ] ||
		fail 65 "cannot use the checkpoint of run '$base': '$base_folder/$base.db' is not the ledger that it names"
	mkdir -p "$scratch/ledger"
	cp "$base_folder/$base.db" "$scratch/ledger/$1.db"
}

# A profile's checkpoint: the newest run, if it froze one, names it, or the one before it.
begin_after_checkpoint() { # NAME PROMOTIONS
	local newest named
	read_base "$(checkpoint_of "$1")"
	[ -n "$base" ] || return 0
	grep -q "^$base " <<<"$2" ||
		fail 65 "cannot use the checkpoint of run '$base': the ledger does not have that run; $program rebuild makes it anew, from the checkpoint and the recordings since"
	newest=$(last_promoted "$2")
	if [ -e "$workspace/runs/$1/$newest/inputs/checkpoint.json" ]; then
		named=$(hash_of "$workspace/runs/$1/$newest/inputs/checkpoint.json")
		[ "$named" != "$base_hash" ] || base_pin=$newest
		[ "$named" = "$base_hash" ] || [ "$named" = "$base_before" ] || fail 65 "cannot use the checkpoint of run '$base': it is not the one that run $newest names"
	fi
	begin_after "$1"
}

runs_since() { # PROMOTIONS: those after `base`
	if [ -z "$base" ]; then printf '%s\n' "$1"; else awk -v base="$base" 'found { print } $1 == base { found = 1 }' <<<"$1"; fi
}

check_kept() { # RUN TO-DO PROMOTIONS
	[ -z "$base" ] || grep -q "^$1 " <<<"$(runs_since "$3")" || fail 66 "cannot $2 run '$1': evidence begins after run $base"
}

# A checkpoint of that ledger, whose last run is RUN: checkpoint.json makes it one; then the one before it goes.
write_checkpoint() { # LEDGER FOLDER RUN [OPTION]...: of run-facts seal
	[ ! -s "$1-wal" ] || stage merge --ledger "$1" --emit none </dev/null
	if ! mkdir -p "$2" || ! cp "$1" "$2/.new" || ! sync "$2/.new" || ! mv "$2/.new" "$2/$3.db"; then fail 73 "cannot create '$2/$3.db'"; fi
	stage run-facts seal "$2" --run-id "$3" "${@:4}"
	sync "$2/checkpoint.json" "$2"
	tidy_checkpoint "$2" "$3"
}

tidy_checkpoint() { # FOLDER RUN: what is of none
	find "$1" -type f ! -name "$2.db" ! -name checkpoint.json -delete
}

say_base() { # NAME
	local made='what their recordings gave' pin='no run names it yet'
	[ -n "$base" ] || return 0
	[ "$base_source" = recordings ] || made='the ledger as it was'
	[ -z "$base_pin" ] || pin="run $base_pin names it"
	put_shown '%s: not proven: %s run(s) up to %s: evidence begins after them, with %s: checkpoint of %s, SHA-256 %s; %s\n' "$1" "$base_runs" "$base" "$made" "$base_at" "$base_hash" "$pin"
}

# What `verify` has proven is a checkpoint of its own; one that does not fit is as if there were none.
recall_proof() { # NAME PROMOTIONS
	local after=$base folder=$base_folder
	read_base "$workspace/ledger/$1.proven"
	if [ -n "$base" ] && [[ $(sed -n "${base_runs}p" <<<"$2") == "$base "*" ${base_manifest:--}" ]] &&
		[ "$(hash_of "$base_folder/$base.db")" = "$base_ledger" ] && ! { [ -n "$after" ] && grep -q "^$after " <<<"$(runs_since "$2")"; }; then
		begin_after "$1"
		put_shown '%s: %s run(s) up to %s: proven on %s, and not again; their manifests are unchanged\n' "$1" "$base_runs" "$base" "$base_at"
	else
		read_base "$folder"
	fi
}

remember_proof() { # NAME RUN
	[ -w "$workspace/ledger" ] || return 0
	write_checkpoint "$scratch/ledger/$1.db" "$workspace/ledger/$1.proven" "$2" --earlier "${facts[earlier]}" --manifest "${facts[sha256]}"
}

# ---- the command ----

prune_command() {
	no_operands prune
	local profile rule
	for rule in keep drop-after; do
		[[ ${answers[$rule]-1} =~ ^[1-9][0-9]{0,5}d?$ ]] || fail 64 "cannot use --$rule '${answers[$rule]}': it must be a number of runs such as 30, or of days such as 90d"
	done
	[ -v 'answers[keep]' ] || [ -v 'answers[drop-after]' ] || [ -v 'answers[begin-here]' ] ||
		fail 64 "cannot prune: --keep RUNS is missing, how many runs stay as they are"
	need_workspace
	for profile in "${profiles[@]}"; do
		prune_profile "$(profile_name "$profile")"
	done
}

prune_profile() { # NAME
	local all total keep drop run base=''
	[ -e "$workspace/ledger/$1.db" ] || {
		say "$1: nothing was run yet"
		return 0
	}
	lock "$1"
	all=$(promotions "$1")
	[ -n "$all" ] || return 0
	[ -z "$scratch" ] || rm -rf "$scratch"
	make_scratch
	rm -f "$workspace/runs/$1"/.*.folding
	read_base "$(checkpoint_of "$1")"
	[ -z "$base" ] || tidy_checkpoint "$base_folder" "$base"
	total=$(grep -c . <<<"$all")
	[ ! -v 'answers[begin-here]' ] || begin_here "$1"
	drop=$((total - $(runs_kept "${answers[drop-after]-$total}")))
	keep=$((total - $(runs_kept "${answers[keep]-$total}")))
	[ "$drop" -eq 0 ] || drop_runs "$1" "$(head -n "$drop" <<<"$all")"
	while read -r run _; do
		if [ ! -v 'answers[dry-run]' ]; then
			fold_run "$1" "$run"
		elif [ ! -e "$workspace/runs/$1/$run/$archive" ]; then
			put_shown '%s: run %s would be folded\n' "$1" "$run"
		fi
	done < <(head -n "$keep" <<<"$all" | tail -n +$((drop + 1)))
}

# How many of the runs, from the newest on, a rule keeps: at least that one.
runs_kept() { # RULE
	local since=9
	case $1 in
	*d)
		since=$(date -u -d "$(tail -n 1 <<<"$all" | cut -d ' ' -f 2)" +%s)
		since=$(date -u -d "@$((since - 86400 * ${1%d}))" +%Y-%m-%dT%H:%M:%S.000Z)
		awk -v since="$since" '$2 < since { older = NR } END { print (NR > older ? NR - older : 1) }' <<<"$all"
		;;
	*) printf '%s\n' "$(($1 < total ? $1 : total))" ;;
	esac
}

# They are proven before: a checkpoint takes their place.
drop_runs() { # NAME PROMOTIONS
	local last since run whole base base_folder base_runs base_source base_at base_manifest base_ledger base_before base_hash base_pin before=''
	local -A facts=()
	last=$(last_promoted "$2")
	[ ! -v 'answers[dry-run]' ] || {
		while read -r run _; do
			[[ ! -e $workspace/runs/$1/$run/report.html && ! -e $workspace/runs/$1/$run/$archive ]] || put_shown '%s: run %s would be dropped\n' "$1" "$run"
		done <<<"$2"
		put_shown '%s\n' "$1: $(dropped 'would be')"
		return 0
	}
	begin_after_checkpoint "$1" "$all"
	if [ -z "$base" ] || grep -q "^$base " <<<"$2"; then
		since=$(runs_since "$2")
	fi
	if [ -n "${since-}" ]; then
		printf '%s\n' "$2" >"$scratch/chain"
		read_facts verify "$last" --runs "$workspace/runs/$1" --promotions "$scratch/chain" ${base:+--after "$base_folder/checkpoint.json"}
		replay_chain "$1" "$workspace/runs/$1" "$since" "$last" each >/dev/null
		run=$workspace/runs/$1/$(last_promoted "$all")/inputs/checkpoint.json
		[ ! -e "$run" ] || before=$(hash_of "$run")
		write_checkpoint "$scratch/ledger/$1.db" "$(checkpoint_of "$1")" "$last" --earlier "${facts[earlier]}" --manifest "${facts[sha256]}" \
			--source "${base_source:-recordings}" ${before:+--before "$before"}
		say "$1: $(dropped are)"
	fi
	while read -r run _; do reduce "$workspace/runs/$1/$run"; done <<<"$2"
}

dropped() { # VERB: of the caller's `last`
	printf '%s\n' "the files of runs up to $last $1 gone: no replay, no reconcile --as-of and no recorded exchange of their time; their figures stay in the ledger"
}

# The ledger as it is becomes the checkpoint: what is lost before is not asked for any more.
begin_here() { # NAME
	local newest earlier file hash='' ending run
	newest=$(last_promoted "$all")
	! compgen -G "$workspace/runs/$1/.*.partial" >/dev/null || fail 75 "cannot begin anew: a run of profile '$1' is not finished; try again after the next run"
	[ ! -v 'answers[dry-run]' ] || {
		put_shown '%s: evidence would begin after run %s\n' "$1" "$newest"
		return 0
	}
	for ending in '' -wal; do
		[ ! -e "$workspace/ledger/$1.db$ending" ] || cp "$workspace/ledger/$1.db$ending" "$scratch/begun.db$ending"
	done
	stage merge --ledger "$scratch/begun.db" --emit none </dev/null
	file=$workspace/runs/$1/$newest/raw/manifest.json
	[ ! -e "$file" ] || hash=$(hash_of "$file")
	earlier=$(grep -c ' -$' <<<"$all") || true
	run=$workspace/runs/$1/$newest/inputs/checkpoint.json
	[ ! -e "$run" ] || set -- "$1" --before "$(hash_of "$run")"
	write_checkpoint "$scratch/begun.db" "$(checkpoint_of "$1")" "$newest" --source ledger --earlier "$earlier" ${hash:+--manifest "$hash"} "${@:2}"
	rm -rf "$workspace/ledger/$1.proven"
	put_shown '%s: evidence begins after run %s, with the ledger as it is\n' "$1" "$newest"
}
