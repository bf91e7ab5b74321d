# shellcheck shell=bash disable=SC2034,SC2154 # its variables are pipeline.sh's, which sources it
# rebuild.sh: a ledger made anew from the recordings of all runs, for one that is damaged or lost.
#
# What the runs are, their folders say, by the chain of their manifests; nothing of the old ledger is used. It is compared and kept aside.

rebuild_command() {
	no_operands rebuild
	local name all newest ledger runs
	need_one_profile rebuild
	[ -n "$name" ] || fail 78 "cannot use profile '${profiles[0]}': \"name\" is missing"
	ledger=$workspace/ledger/$name.db runs=$workspace/runs/$name
	mkdir -p "$workspace/ledger" || fail 73 "cannot create '$workspace/ledger'"
	lock "$name"
	all=$(stage run-facts promotions --runs "$runs")
	[ -n "$all" ] || fail 66 "cannot rebuild the ledger of profile '$name': it has no complete run in $runs"
	newest=$(last_promoted "$all")
	rm -rf "$workspace/ledger/.rebuild.$name".??????
	scratch=$(mktemp -d "$workspace/ledger/.rebuild.$name.XXXXXX" 2>/dev/null) || fail 73 "cannot create a folder in '$workspace/ledger'"
	say "$name: making a ledger from the recordings of $(grep -c . <<<"$all") run(s), up to $newest"
	begin_after_checkpoint "$name" "$all"
	replay_chain "$name" "$runs" "$(runs_since "$all")" "$newest"
	compare_ledgers "$name" "$scratch/ledger/$name.db" "$ledger"
	replace_ledger "$name" "$scratch/ledger/$name.db" "$ledger"
}

# How many records of each stream only one of them has.
compare_ledgers() { # NAME NEW OLD
	local side file=$2 stream counts differs=0
	[ -e "$3" ] || {
		put_shown '%s: there was no ledger\n' "$1"
		return 0
	}
	for side in new old; do
		mkdir "$scratch/$side"
		[ "$side" = new ] || file=$3
		stage export --ledger "$file" --output "$scratch/$side" 2>"$scratch/errors" || {
			[ "$side" = old ] || fail 70 "cannot rebuild the ledger of profile '$1': the new one cannot be read: $(head -n 1 "$scratch/errors")"
			put_shown '%s: the old ledger cannot be read: %s\n' "$1" "$(sed 's/^export: //' "$scratch/errors")"
			return 0
		}
	done
	for stream in "$scratch"/new/*.ndjson; do
		stream=$(basename "$stream" .ndjson)
		counts=$(LC_ALL=C comm -3 <(LC_ALL=C sort "$scratch/old/$stream.ndjson") <(LC_ALL=C sort "$scratch/new/$stream.ndjson") |
			awk '/^\t/ { new++; next } { old++ } END { if (old + new) printf "%d record(s) are in the old ledger only, %d in the new one only", old, new }')
		[ -n "$counts" ] || continue
		differs=1
		put_shown '%s: %s: %s\n' "$1" "$stream" "$counts"
	done
	if ! stage run-facts prove "$2" --ledger "$3" 2>"$scratch/errors"; then
		put_shown '%s: the old ledger is not what the recordings give: %s\n' "$1" "$(sed "s/^run-facts: cannot verify ledger '[^']*': //" "$scratch/errors")"
	elif [ "$differs" = 0 ]; then
		put_shown '%s: the old ledger has the same content\n' "$1"
	fi
}

# A WAL belongs to its own file: it leaves before the new one comes.
replace_ledger() { # NAME NEW OLD
	local aside=$3.replaced number=1 ending
	while [ -e "$aside" ] || [ -e "$aside-wal" ]; do
		number=$((number + 1))
		aside=$3.replaced-$number
	done
	sync "$2" || fail 74 "cannot write '$2'"
	[ ! -e "$3-wal" ] || mv -- "$3-wal" "$aside-wal"
	rm -f -- "$3-shm"
	[ ! -e "$3" ] || ln -- "$3" "$aside" 2>/dev/null || cp -p -- "$3" "$aside" || fail 73 "cannot create '$aside'"
	mv -f -- "$2" "$3" || fail 73 "cannot create '$3'"
	sync "$workspace/ledger"
	[ ! -e "$aside" ] || put_shown '%s: the old ledger is kept as %s\n' "$1" "$aside"
	put_shown '%s: wrote %s\n' "$1" "$3"
}
