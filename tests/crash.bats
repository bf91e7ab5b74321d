#!/usr/bin/env bats
# However a run ends or fails, the next one gives the same as an uninterrupted one: killed at a call that changes a file, failing
# writes, a full disk, two runs at once. tests/crash/fault.c counts the calls of all programs of a run and hits one of them.
#
# A point costs seconds, so tests/run tries a few; `make test-crash` 200 of a run and every call of merge, with CRASH_POINTS=all every
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
	acme_workspace new
	mkdir new/ledger
	# The workspaces before the first night and after each, of uninterrupted runs.
	for count in 1 2 3; do acme_after $count after.$count; done
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

# A ledger as text with what SQLite finds wrong with it; but for when runs ended, which an interruption changes, and how envelopes lie in
# blocks, which depends on how many came at a time: they follow one by one.
dump() {
	sqlite3 "$1" .dump 'PRAGMA integrity_check' 'PRAGMA foreign_key_check' |
		sed -e 's/"ended_at":"[^"]*"//' -e 's/,"manifest":"[^"]*"//' -e '/^INSERT INTO envelope_block /d' -e 's/^\(INSERT INTO layout VALUES(1\),[0-9]*/\1/'
	[ ! -s "$1" ] || "$ENVTALLY_BIN/export" -q -l "$1" -s envelope | sed 1d | LC_ALL=C sort
}
forget_ends() { # and the hashes that cover them
	sed -i 's/"ended_at": "[^"]*"/"ended_at": null/' "$1"/runs/acme/*/job.json
	sed -i -z -e 's/"sha256": "[^"]*",\(\n *"file": "job.json"\)/\1/' -e 's/\("run": "[^"]*",\n *"sha256": \)"[^"]*"/\1null/' "$1"/runs/acme/*/raw/manifest.json
}

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
	in_parts killed after.1 "$night_2" "$night_3" after.3 after.2 4 1
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
	[[ $complete == *$'\nok\n'* ]]
}

# recovers FILE: the ledger a.db is at one of its states; and with all that had come once more it is at the end.
recovers() {
	local got state
	got=$(dump a.db)
	for state in "${states[@]}"; do [ "$got" != "$state" ] || break; done
	[ "$got" = "$state" ] || { echo "it is at no STATE, but at:" && head -n 60 <<<"$got" | cut -c -150 && return 1; }
	merge --commit-every 0 --ledger a.db --emit all <"$1" >out && [ "$(dump a.db)" = "$complete" ] || { echo "it is not whole after all" && return 1; }
}

# each_call MODE BASE FILE DEFAULT: merge of FILE into a copy of the ledger BASE is killed at each call, or at so many.
each_call() {
	local mode=$1 base=$2 file=$3 tried=0 number at
	copy_of "$base" a.db
	with_fault "$mode" 0 merge --commit-every 0 --ledger a.db --emit all <"$file" >out
	same "$complete" "$(dump a.db)"
	number=$(calls)
	[ "$number" -gt 20 ]
	for at in $(CRASH_JOBS=1 CRASH_POINTS=${CRASH_POINTS:+all} points "$number" "$4" 1 0); do
		copy_of "$base" a.db
		status=0
		with_fault "$mode" "$at" merge --commit-every 0 --ledger a.db --emit all <"$file" >out 2>err || status=$?
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
	each_call kill none "$shared/input.aa" 6
	each_call tear none "$shared/input.aa" 10
}

@test "the same for a ledger that is there" {
	merge --ledger base.db --emit none <"$shared/input.aa" >/dev/null
	expect_states base.db "$shared/input.ab"
	each_call tear base.db "$shared/input.ab" 8
}

# A first load with many STATEs that is killed goes on where it was: what each STATE made durable stays, and no record of before it is
# needed again.
@test "a backfill that is killed keeps what was committed, and goes on from its bookmark" {
	merge --ledger whole.db --emit none <"$shared/input.aa" >/dev/null
	with_fault kill 0 merge --commit-every 0 --ledger a.db --emit none <"$shared/input.aa" >out
	number=$(calls)
	for at in $((number * 3 / 4)) $((number * 9 / 10)); do
		rm -f a.db*
		with_fault kill "$at" merge --commit-every 0 --ledger a.db --emit none <"$shared/input.aa" >out && false
		state=$(merge --ledger a.db --print-state)
		echo "killed at $at of $number: $state"
		# It is one, and all that were passed on are durable.
		[ -n "$state" ]
		durable=$(grep '"STATE"' "$shared/input.aa" | grep -nF "$state" | cut -d : -f 1)
		[ "$durable" -ge 1 ]
		[ "$(grep -c STATE out)" -le "$durable" ]
		# The rest alone makes it whole.
		sed "1,/${state//\"/}/d" "$shared/input.aa" >rest
		[ "$(wc -l <rest)" -lt "$(wc -l <"$shared/input.aa")" ]
		merge --ledger a.db --emit none <rest >/dev/null
		same "$(dump whole.db)" "$(dump a.db)"
	done
}

# Writes that fail

# well_told PROGRAM: of a program that was hit: 73 or 74, and one line that says so; in ./err, $status.
well_told() {
	[[ $status == 7[34] && $(wc -l <err) -eq 1 && $(cat err) == "$1: cannot "* ]]
}

# failing PROGRAM OUTPUT COMMAND…: at each of its calls EIO, then ENOSPC from there on: it ends as well_told and OUTPUT is as it was, with
# nothing beside it, or takes no harm; and without a fault it does the same as ever. The command reads ./in, writes ./out and OUTPUT, a file.
failing() {
	local program=$1 output=$2 mode number at harmless
	shift 2
	rm -f "$output"
	"$@" <in >out.whole
	cp "$output" output.whole
	for mode in EIO ENOSPC; do
		echo before >"$output"
		harmless=0
		with_fault $mode 0 "$@" <in >out
		number=$(calls)
		[ "$number" -gt 3 ]
		for ((at = 1; at <= number; at++)); do
			echo before >"$output"
			touch out err fault
			before=$(ls)
			status=0
			with_fault $mode $at "$@" <in >out 2>err || status=$?
			echo "$program: $mode at call $at of $number: $(where): status $status: $(cat err)"
			if [ "$status" -eq 0 ]; then
				harmless=$((harmless + 1))
				same_files out.whole out
				same_files output.whole "$output"
			else
				well_told "$program"
				same before "$(cat "$output")"
			fi
			same "$before" "$(ls)"
		done
		echo "# $program: $mode at each of $number calls, $harmless harmless" >&3
	done
}

@test "normalize --rejects: a write that fails is 73 or 74, and no half of a file" {
	{
		raw_of "$night_1" | head -n 300
		for number in $(seq 400); do echo "{\"envelopeId\":\"$number\",\"accountId\":5,\"status\":\"sent\"}"; done
	} >in
	failing normalize rejected normalize -q --rejects rejected
}

@test "report --output: a write that fails is 73 or 74, and no half of a file" {
	cat "$shared/after.3/runs/acme/$night_3"/{accounts,consumption,restatements,results}.ndjson >in
	failing report report.page report -q --format html --output report.page --now 2025-04-01T02:00:00Z
}

@test "standard output that fails is 74 of every stage, and a ledger that cannot be opened 73" {
	run=$shared/after.3/runs/acme/$night_3
	cat "$run"/{accounts,consumption,results}.ndjson >consumed
	raw_of "$night_2" >raw
	cp "$shared/after.3/ledger/acme.db" . # a reader that is cut off may leave an empty acme.db-wal
	for line in "normalize -q <raw" "merge -q --ledger :memory: --emit all <$shared/input.aa" \
		"aggregate-by-period -q -p $run/inputs/profile.json --now 2025-04-01T02:00:00Z <consumed" \
		"reconcile -q --entitlements $run/inputs/entitlements.csv --models $run/inputs/models.csv <consumed" "report -q <consumed" \
		"auth -q -p $run/inputs/profile.json --replay ." "export -q -l acme.db"; do
		for mode in EIO ENOSPC; do
			status=0
			# The first, and the last of several.
			for at in 1 2; do
				with_fault $mode $at bash -c "exec env $line" >out 2>err || status=$?
				[ -n "$(where)" ] || continue
				echo "$line: $mode at $at: $(where): status $status: $(cat err)"
				well_told "${line%% *}"
			done
			[ "$status" -ne 0 ]
		done
	done
}

@test "the fetchers: a recording that cannot be written is 73 or 74, and goes on when it can" {
	night=$acme/nights/$night_2
	auth -p "$acme/profiles/acme.json" --replay "$night" | fetch-subscriptions --replay "$night" >subscriptions
	cp "$shared/after.2/runs/acme/$night_2/inputs/state.json" state
	fetch() { fetch-datafeed -q --state state --replay "$night" --record "$1" <subscriptions; }
	fetch whole >out.whole
	export -f fetch
	export night
	for mode in EIO ENOSPC; do
		with_fault $mode 0 bash -c 'fetch counted' >out
		number=$(calls)
		for at in $(CRASH_POINTS=${CRASH_POINTS:+all} CRASH_JOBS=1 points "$number" 5 1 0); do
			rm -rf half
			status=0
			with_fault $mode "$at" bash -c 'fetch half' >out 2>err || status=$?
			echo "$mode at call $at of $number: $(where): status $status: $(cat err)"
			well_told fetch-datafeed
			# As the driver does: what is whole, though it could not be made durable, is not recorded again.
			if tail -n 1 half/fetch-datafeed.exchanges 2>/dev/null | grep -q '^{"end":true,.*}$'; then
				fetch-datafeed -q --state state --replay half <subscriptions >out
			else
				fetch half >out
			fi
			same_files out.whole out
			diff -r whole half
		done
		rm -r counted
	done
}

@test "merge: a write that fails is 73 or 74; the ledger is at some STATE, and merging again makes it whole" {
	expect_states none "$shared/input.aa"
	for mode in EIO ENOSPC; do
		copy_of none a.db
		with_fault $mode 0 merge --commit-every 0 --ledger a.db --emit all <"$shared/input.aa" >out
		number=$(calls) harmless=0 tried=0
		for at in $(CRASH_POINTS=${CRASH_POINTS:+all} CRASH_JOBS=1 points "$number" 9 1 0); do
			copy_of none a.db
			status=0
			with_fault $mode "$at" merge --commit-every 0 --ledger a.db --emit all <"$shared/input.aa" >out 2>err || status=$?
			echo "merge: $mode at call $at of $number: $(where): status $status: $(cat err)"
			if [ "$status" -eq 0 ]; then
				harmless=$((harmless + 1))
				same_files whole out
			else
				well_told merge
			fi
			recovers "$shared/input.aa"
			tried=$((tried + 1))
		done
		echo "# merge: $mode at $tried of $number calls, $harmless harmless" >&3
	done
}

# failed_run: of the driver, that was hit: an exit status of ours, and the last line on stderr says so.
failed_run() {
	[[ $status == 7[34] && $(tail -n 1 err) =~ ^[a-z-]+(\.sh)?:\ cannot\  && $(wc -l <err) -le 3 ]]
}

# failing_run DEFAULT SHARE PART: in every program of the second night's run, the driver's own, a call fails; then there is room again.
failing_run() {
	local mode number at tried=0 harmless=0 next
	cp -a "$shared/after.1" ws
	run_hit EIO 0 "$night_2"
	number=$(calls)
	for mode in EIO ENOSPC; do
		for at in $(points "$number" "$1" "$2" "$3"); do
			rm -rf ws
			cp -a "$shared/after.1" ws
			status=0
			run_hit $mode "$at" "$night_2" 2>err || status=$?
			hit="$mode at call $at of $number: $(where): status $status: $(cat err)"
			# A run that can be seen is whole.
			if [ "$status" -eq 0 ]; then
				harmless=$((harmless + 1))
				[ -e "ws/runs/acme/$night_2" ]
			else
				failed_run || [ -n "${CRASH_GO_ON-}" ] || { echo "ends badly: $hit"; return 1; }
			fi
			[ ! -e "ws/runs/acme/$night_2" ] || as after.2 || { echo "$hit"; return 1; }
			next=after.2
			[ -e "ws/runs/acme/$night_2" ] || run_night ws "$night_2" || { echo "$hit"; return 1; }
			if [ $((tried % 4)) -eq 3 ]; then
				run_night ws "$night_3" || { echo "$hit"; return 1; }
				next=after.3
			fi
			as $next || { echo "$hit"; return 1; }
			tried=$((tried + 1))
		done
	done
	echo "# $night_2: failing at $tried of twice $number calls, $harmless harmless"
}

@test "a call that fails anywhere in a run is 73 or 74; the next run gives what it would have given" {
	in_parts failing_run 1 5
}

# A disk that is full

# small_disk KIB COMMAND…: runs it with ./ws on a disk with so much room left. What there is then is ./ws, on a disk with room.
small_disk() {
	local size
	# What ws takes there, in pages of 4 KiB; and one for the disk itself.
	size=$(find ws -type f -printf '%s\n' | awk -v room="$1" '{ pages += int(($1 + 4095) / 4096) } END { print 4 * (pages + 1) + room }')
	shift
	unshare -rm bash -c 'set -e
		size=$1
		shift
		mkdir small
		mount -t tmpfs -o "size=${size}k" none small
		cp -a ws/. small/
		mount --bind small ws
		status=0
		"$@" 3>&- || status=$?
		umount ws
		rm -rf ws
		cp -a small ws
		umount small
		rmdir small
		exit $status' small_disk "$size" "$@"
}
needs_small_disk() {
	unshare -rm mount -t tmpfs none /mnt 2>/dev/null || skip "a small disk cannot be mounted here"
}

# Of merge alone, and of whole runs.
@test "full disk: merge ends with 73 or 74 at some STATE; with room again it is whole" {
	needs_small_disk
	expect_states none "$shared/input.aa"
	failed=0 fine=0
	for room in 0 16 48 64 80 96 112 2000; do
		rm -rf ws
		mkdir ws
		status=0
		small_disk $room merge --commit-every 0 --ledger ws/a.db --emit all <"$shared/input.aa" >out 2>err || status=$?
		echo "$room KiB: $status: $(cat err)"
		if [ "$status" -eq 0 ]; then fine=$((fine + 1)); else failed=$((failed + 1)) && well_told merge; fi
		rm -f a.db*
		cp ws/a.db* . 2>/dev/null || sqlite3 a.db VACUUM
		recovers "$shared/input.aa"
	done
	[ "$failed" -ge 3 ] && [ "$fine" -ge 1 ]
}

@test "full disk: a run ends with 73 or 74; with room again the next one gives what it would have given" {
	needs_small_disk
	failed=0 fine=0
	for room in ${CRASH_POINTS:+8 24 40 80 160 200 240 280 320 360 400} 0 120 3000; do
		rm -rf ws
		cp -a "$shared/after.1" ws
		status=0
		small_disk $room "$pipeline" run -q -C ws --replay "$acme/nights/$night_2" 2>err || status=$?
		echo "$room KiB: $status: $(cat err)"
		if [ "$status" -eq 0 ]; then fine=$((fine + 1)); else failed=$((failed + 1)) && failed_run; fi
		[ -e "ws/runs/acme/$night_2" ] || run_night ws "$night_2"
		as after.2
	done
	[ "$failed" -ge 2 ] && [ "$fine" -ge 1 ]
}

# Two at once

# A run that is held where it fetches, in the background: $first is its driver's pid and process group.
held_run() {
	mkdir stages
	ln -s "$(dirname "$(command -v merge)")"/* stages/
	rm stages/fetch-datafeed
	printf '#!/bin/bash\necho $$ >"%s/fetching"\nexec sleep 600\n' "$PWD" >stages/fetch-datafeed
	chmod +x stages/fetch-datafeed
	ENVTALLY_BIN=$PWD/stages setsid "$pipeline" run -q -C ws --replay "$acme/nights/$night_2" 2>/dev/null 3>&- &
	first=$!
	eventually test -s fetching
}
held() { # is refused
	run --separate-stderr timeout 120 "$pipeline" run -q -C ws --replay "$acme/nights/$night_2"
	fails 75 "pipeline.sh: cannot run profile 'acme': another run of it is under way, try again later"
}
goes_on() {
	run_night ws "$night_3"
	as after.3
}

@test "two runs at once: one gets 75; the other is killed, all of it, and a third gives the right result" {
	cp -a "$shared/after.1" ws
	held_run
	held
	kill -9 -- "-$first"
	wait "$first" || true
	flock ws/ledger/acme.lock true
	goes_on
}

@test "only the driver is killed: what it started holds the lock until it has ended, and writes nothing to what comes after" {
	cp -a "$shared/after.1" ws
	held_run
	kill -9 "$first"
	wait "$first" || true
	held
	# It is let go: the rest of its pipe ends by itself.
	kill "$(cat fetching)"
	timeout 60 flock ws/ledger/acme.lock true
	goes_on
}

@test "only a stage is killed: the run ends with an error, and the next gives the right result" {
	cp -a "$shared/after.1" ws
	held_run
	kill -9 "$(cat fetching)"
	status=0
	wait "$first" || status=$?
	[ "$status" -ne 0 ]
	[ ! -e "ws/runs/acme/$night_2" ]
	flock -n ws/ledger/acme.lock true
	begun "$night_2" || run_night ws "$night_2"
	goes_on
}

# Promoted, and not yet renamed

# Into the reported figures of a workspace, those of so many accounts that no longer fit a pipe's buffer. Untouched, they are carried over.
many_reported() { # WORKSPACE
	jq -nc 'range(400) | {type: "RECORD", stream: "consumption", record: {profile: "acme", organization_id: null, account_id: "zz\(1000 + .)", account_name: ("n" * 100),
		plan_item_id: null, software_model: null, unit: "envelope", period_index: 1, period_start: "2024-04-30T00:00:00.000Z", period_end: "2024-07-31T00:00:00.000Z",
		units_consumed: 1, by_status: {sent: 1}, first_sent_at: "2024-05-05T00:00:00.000Z", last_sent_at: "2024-05-05T00:00:00.000Z", watermark: null, state: "final"}}' |
		merge -q --ledger "$1/ledger/acme.db" --emit none
}

@test "a run that was promoted and not renamed is not tallied again, however much was reported" {
	cp -a "$shared/after.1" many
	many_reported many
	[ "$(merge --ledger many/ledger/acme.db --print-reported | wc -c)" -gt 200000 ]
	cp -a many ws
	run_hit group 0 "$night_2"
	last=$(calls)
	mv ws whole
	forget_ends whole
	# The last calls are the renaming and what is removed before.
	for at in $((last - 2)) ${CRASH_POINTS:+$((last - 4)) $((last - 3)) $((last - 1)) $last}; do
		rm -rf ws
		cp -a many ws
		run_hit group "$at" "$night_2" 2>/dev/null || true
		echo "killed at call $at: $(where)"
		run_night ws "$night_3"
		forget_ends ws
		diff -r "whole/runs/acme/$night_2" "ws/runs/acme/$night_2"
		same 400 "$(grep -c '"account_id":"zz' "ws/runs/acme/$night_3/consumption.ndjson")"
		same "" "$(find ws -name '.*.partial*')"
	done
}

@test "killed when all but the name was done, the same run again gives it the name, and is no mistake" {
	cp -a "$shared/after.2" ws
	mv "ws/runs/acme/$night_2" "ws/runs/acme/.$night_2.partial"
	run_night ws "$night_2"
	as after.2
	run --separate-stderr run_night ws "$night_2"
	fails 73 "pipeline.sh: cannot make run $night_2 of profile 'acme': it exists"
}

@test "what a run left that was killed before it had begun goes with the next one" {
	cp -a "$shared/after.2" ws
	mkdir -p "ws/runs/acme/.20250326T020000Z.partial.new/raw"
	run_night ws "$night_3"
	as after.3
}

@test "a ledger of whose first transaction nothing came is begun anew" {
	cp -a "$shared/new" ws
	: >ws/ledger/acme.db
	run_night ws "$night_1"
	as after.1
}

@test "a recording whose last line was torn is gone on with" {
	for torn in 1 ${CRASH_POINTS:+2 90 104}; do
		rm -rf ws
		cp -a "$shared/after.2" ws
		cp "$shared/after.1/ledger/acme.db" ws/ledger/
		mv "ws/runs/acme/$night_2" "ws/runs/acme/.$night_2.partial"
		jq '{run_id, profile, clock: .started_at, replay: $replay, profile_file: "ws/profiles/acme.json"}' --arg replay "$acme/nights/$night_2" \
			"ws/runs/acme/.$night_2.partial/job.json" >"ws/runs/acme/.$night_2.partial/begun.json"
		merge --ledger ws/ledger/acme.db --print-reported >"ws/runs/acme/.$night_2.partial/reported.ndjson"
		truncate -s "-$torn" "ws/runs/acme/.$night_2.partial/raw/fetch-subscriptions.exchanges"
		run_night ws "$night_2"
		as after.2
	done
}
