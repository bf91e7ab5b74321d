#!/usr/bin/env bats
# Whatever ends a run, or fails in it, the next one gives what an uninterrupted one gives: killed at a call that changes a file, failing
# writes, a full disk, two runs at once. tests/crash/fault.c counts the calls of all programs of a run and hits one of them.
#
# A point costs seconds, so tests/run takes a few; `make test-crash` 200 of a run and every call of merge, with CRASH_POINTS=all every
# call of a run. CRASH_JOBS points are tried at a time; with CRASH_GO_ON=1 a failing point does not end it.

# root, acme and the like are helper's; what the driver's child shells expand is theirs; lists are split on purpose.
# shellcheck disable=SC2015,SC2016,SC2030,SC2031,SC2086,SC2154

load helper

pipeline=$root/pipeline.sh
fault=$build/tests/fault
export ENVTALLY_BIN=${ENVTALLY_BIN:-$root/bin}
read -r night_1 night_2 night_3 <<<"$nights"

setup_file() {
	export shared=$BATS_FILE_TMPDIR
	cd "$shared" || return 1
	"$fault" report kill 0 true || skip "system calls cannot be watched here"
	mkdir -p new/profiles new/licence new/ledger
	cp "$acme/profiles/acme.json" new/profiles/
	cp "$acme"/licence/*.csv new/licence/
	# The workspaces before the first night and after each, of uninterrupted runs.
	cp -a new after.1
	run_night after.1 "$night_1"
	cp -a after.1 after.2
	run_night after.2 "$night_2"
	cp -a after.2 after.3
	run_night after.3 "$night_3"
	for whole in after.*; do
		dump $whole/ledger/acme.db >$whole.dump
		forget_ends $whole
	done
	small_inputs
}

run_night() { "$pipeline" run -q -C "$1" --replay "$acme/nights/$2"; } # WORKSPACE NIGHT

# What merge alone is tried with: envelopes in several versions and a STATE after every few of them, in two portions.
small_inputs() {
	raw_subscriptions | normalize >subscriptions
	raw_of $nights | awk 'NR % 8 == 1' | normalize >envelopes
	split -n l/2 envelopes portion.
	for portion in aa ab; do
		{
			cat subscriptions
			awk -v name=$portion '{ print } NR % 40 == 0 { printf "{\"type\":\"STATE\",\"value\":\"%s %d\"}\n", name, NR }' portion.$portion
		} >input.$portion
	done
}

# with_fault MODE CALL COMMAND…: the report is ./fault.
with_fault() {
	local mode=$1 call=$2
	shift 2
	"$fault" fault "$mode" "$call" "$@" 3>&-
}
calls() { sed -n 1p fault; }
where() { sed -n 2p fault; }

# points COUNT DEFAULT SHARE PART: of the calls 1 to COUNT those to hit: DEFAULT of them, or CRASH_POINTS / SHARE; of these the PART-th of CRASH_JOBS.
points() {
	awk -v calls="$1" -v points="${CRASH_POINTS:-0}" -v default="$2" -v share="$3" -v part="$4" -v jobs="${CRASH_JOBS:-1}" 'BEGIN {
		points = points == "all" ? calls : points ? int((points + share - 1) / share) : default
		if (points > calls) points = calls
		for (i = part; i < points; i += jobs) print 1 + int((i + 0.5) * calls / points)
	}'
}

# in_parts FUNCTION ARGUMENT…: once for each of CRASH_JOBS, at the same time, each in its folder; all must end well.
in_parts() {
	local part parts=() failed=0
	for ((part = 0; part < ${CRASH_JOBS:-1}; part++)); do
		mkdir part.$part
		(
			set -e
			cd part.$part
			"$@" $part >log 2>&1
		) 3>&- &
		parts+=($!)
	done
	for part in "${!parts[@]}"; do
		wait "${parts[part]}" || failed=1
		grep '^# ' part.$part/log >&3 || true
		grep -v '^# ' part.$part/log || true
	done
	return $failed
}

# A ledger as text with what SQLite finds wrong with it, but for when runs ended, which an interruption changes.
dump() {
	sqlite3 "$1" .dump 'PRAGMA integrity_check' 'PRAGMA foreign_key_check' | sed 's/"ended_at":"[^"]*"//'
}
forget_ends() { sed -i 's/"ended_at": "[^"]*"//' "$1"/runs/acme/*/job.json; }

# The workspace ws is as WHOLE: every file of every run, no file more or less, and the ledger.
as() {
	flock -n ws/ledger/acme.lock true && dump ws/ledger/acme.db >got.dump && same_files "$shared/$1.dump" got.dump || return 1
	forget_ends ws
	diff -r --exclude acme.db "$shared/$1" ws | head -n 40
	return "${PIPESTATUS[0]}"
}

# run_hit MODE CALL NIGHT: of the workspace ws.
run_hit() {
	with_fault "$1" "$2" "$pipeline" run -q -C ws --replay "$acme/nights/$3"
}
begun() { [ -e "ws/runs/acme/.$1.partial/begun.json" ] || [ -e "ws/runs/acme/$1" ]; }

# try_point WORKSPACE NIGHT CALL NEXT WHOLE: NIGHT is killed and the NEXT one run, which may be the same again. Every fourth time that is
# killed first, as it finishes NIGHT.
try_point() {
	rm -rf ws
	cp -a "$shared/$1" ws
	run_hit group "$3" "$2" 2>/dev/null || true
	hit=$(where)
	begun "$2" || {
		not_begun=$((not_begun + 1))
		run_night ws "$2" || return 1
	}
	if [ $((tried % 4)) -eq 3 ] && [ ! -e "ws/runs/acme/$4" ]; then
		run_hit group $((1 + $3 * 7 % 300)) "$4" 2>/dev/null || true
		hit="$hit; then $(where)"
	fi
	[ -e "ws/runs/acme/$4" ] || run_night ws "$4" || return 1
	as "$5"
}

# killed WORKSPACE NIGHT NEXT WHOLE WHOLE-OF-NIGHT DEFAULT SHARE PART: half the points are followed by NEXT, half by NIGHT again.
killed() {
	local tried=0 not_begun=0 hit='' number at next failed=0
	cp -a "$shared/$1" ws
	run_hit group 0 "$2"
	number=$(calls)
	[ -e "ws/runs/acme/$2" ]
	for at in $(points "$number" "$6" "$7" "$8"); do
		next=("$3" "$4")
		[ $((tried % 2)) -eq 1 ] || next=("$2" "$5")
		try_point "$1" "$2" "$at" "${next[@]}" || {
			echo "$2: killed at call $at of $number: $hit"
			failed=1
			[ -n "${CRASH_GO_ON-}" ] || return 1
		}
		tried=$((tried + 1))
	done
	echo "# $2: killed at $tried of $number calls, at $not_begun of them before the run had begun"
	return $failed
}

@test "killed at any call that changes a file, the next run gives what an uninterrupted one gives" {
	in_parts killed after.1 "$night_2" "$night_3" after.3 after.2 5 1
}

@test "the same for the first run of all" {
	in_parts killed new "$night_1" "$night_2" after.2 after.1 1 5
}

# Merge alone

copy_of() { # BASE LEDGER: none is no file
	rm -f "$2" "$2-wal" "$2-shm"
	[ "$1" = none ] || cp "$1" "$2"
}

# The contents that a ledger may have: none, as it was, and after each STATE and the end of input FILE: in states; the last also in
# complete, with what is printed in ./whole.
expect_states() { # BASE FILE
	local line
	states=()
	[ "$1" != none ] || states+=("$(sqlite3 none.db .dump 'PRAGMA integrity_check')")
	for line in 0 $(grep -n '"STATE"' "$2" | cut -d : -f 1) "$(wc -l <"$2")"; do
		copy_of "$1" states.db
		head -n "$line" "$2" | merge --ledger states.db --emit all >whole
		states+=("$(dump states.db)")
	done
	complete=${states[-1]}
	[ "${#states[@]}" -ge 6 ]
	[[ $complete == *$'\nok' ]]
}

# recovers FILE: the ledger a.db is at one of its states; and with all that had come once more it is at the end.
recovers() {
	local got state
	got=$(dump a.db)
	for state in "${states[@]}"; do [ "$got" != "$state" ] || break; done
	same "$state" "$got" && merge --ledger a.db --emit all <"$1" >out && same "$complete" "$(dump a.db)"
}

# each_call MODE BASE FILE DEFAULT: merge of FILE into a copy of the ledger BASE is killed at each call, or at so many.
each_call() {
	local mode=$1 base=$2 file=$3 tried=0 number at
	copy_of "$base" a.db
	with_fault "$mode" 0 merge --ledger a.db --emit all <"$file" >out
	same "$complete" "$(dump a.db)"
	number=$(calls)
	[ "$number" -gt 20 ]
	for at in $(CRASH_JOBS=1 CRASH_POINTS=${CRASH_POINTS:+all} points "$number" "$4" 1 0); do
		copy_of "$base" a.db
		status=0
		with_fault "$mode" "$at" merge --ledger a.db --emit all <"$file" >out 2>err || status=$?
		[ "$status" -eq 137 ] && recovers "$file" || {
			echo "$mode: killed at call $at of $number: $(where): status $status: $(cat err)"
			return 1
		}
		tried=$((tried + 1))
	done
	echo "# merge: $mode at $tried of $number calls" >&3
}

@test "merge killed at any call: the ledger is at some STATE, and merging again makes it whole" {
	expect_states none "$shared/input.aa"
	each_call kill none "$shared/input.aa" 8
	each_call tear none "$shared/input.aa" 15
}

@test "the same for a ledger that is there" {
	merge --ledger base.db --emit none <"$shared/input.aa" >/dev/null
	expect_states base.db "$shared/input.ab"
	each_call tear base.db "$shared/input.ab" 12
}
