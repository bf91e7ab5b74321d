#!/usr/bin/env bats
# Runs that are divided into shards, against the simulator: whatever the number, the engine and what is killed, every output is that of the recorded night,
# and the run's evidence proves it.

load helper
load slurm/cluster

pipeline=$root/pipeline.sh
export ENVTALLY_BIN=${ENVTALLY_BIN:-$root/bin}
outputs="consumption.ndjson restatements.ndjson results.ndjson rejects.ndjson accounts.ndjson subscriptions.ndjson report.html"

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	mkdir -p ws/licence
	cp "$acme"/licence/*.csv ws/licence/
}

# simulate [OPTION]...: the recorded organisation; pages so small that the accounts of a shard take some requests.
simulate() { serve "$acme" --now 2025-03-18T02:00:00Z --page-size 20 "$@"; }
simulator_stop() {
	kill "$simulator"
	wait "$simulator" 2>/dev/null || true
	simulator=''
}
teardown() {
	slurm_stop "$BATS_TEST_TMPDIR/slurm"
	[ -z "${simulator-}" ] || simulator_stop
	sound_ledgers
}

# night NUMBER [OPTION]...: that night of the recorded organisation, by the simulator
night() {
	local clock
	clock=$(sed -E 's/(....)(..)(..T..)(..)(..Z)/\1-\2-\3:\4:\5/' <<<"$(cut -d ' ' -f "$1" <<<"$nights")")
	curl -s --cacert ws/profiles/acme-ca.pem -X PUT -d "$clock" "$origin/_simulator/now"
	"$pipeline" run -C ws --now "$clock" "${@:2}"
}

# The workspace ws is as after that many recorded nights, and proves itself; nothing of the shards is left.
equals_recorded_nights() { # COUNT
	local run file
	acme_after "$1" recorded
	simulator_stop
	for run in $(cut -d ' ' -f "1-$1" <<<"$nights"); do
		for file in $outputs; do same_files "recorded/runs/acme/$run/$file" "ws/runs/acme/$run/$file"; done
	done
	for of in ws recorded; do "$pipeline" export -q -C "$of" >"$of.export"; done
	same_files <(grep -v '"stream":"job_result"' recorded.export) <(grep -v '"stream":"job_result"' ws.export)
	"$pipeline" verify "$run" -C ws -q
	! compgen -G "ws/runs/acme/.*.partial"
}

# asked_twice MOST: no more pages of the feed were asked for twice: those on their way when their fetcher was killed
asked_twice() {
	[ "$(jq -r 'select(.status == 200).url' requests.log | grep stream | sort | uniq -d | wc -l)" -le "$1" ]
}

# A shard's fetcher that is killed, the first time, once it has recorded something: in a folder of programs of its own.
fragile() { # K/N
	mkdir killing
	ln -s "$ENVTALLY_BIN"/* killing/
	rm killing/fetch-datafeed
	cat >killing/fetch-datafeed <<-END
		#!/bin/bash
		[[ "\$*" == *"--shard $1 "* ]] && mkdir "$PWD/was-killed" 2>/dev/null || exec "$ENVTALLY_BIN/fetch-datafeed" "\$@"
		"$ENVTALLY_BIN/fetch-datafeed" "\$@" <&0 &
		while kill -0 \$! && [ "\$(cat "\${@: -1}/fetch-datafeed.exchanges" 2>/dev/null | wc -l)" -lt 4 ]; do sleep 0.01; done
		kill -KILL \$!
		wait \$!
		exit 137
	END
	chmod +x killing/fetch-datafeed
	ENVTALLY_BIN=$PWD/killing
}

# A night of four shards whose driver is killed with the fetcher of the fourth.
dying_night() { # [OPTION]...
	simulate --latency 20
	fragile 4/4
	sed -i "s:^exit 137:kill -KILL -- -\$(cat '$PWD/pid'); exit 137:" killing/fetch-datafeed
	# shellcheck disable=SC2016 # of that shell
	setsid bash -c 'echo $$ >pid; exec "$@"' bash "$pipeline" run -q -C ws --now 2025-03-18T02:00:00Z --shards 4 --at-once 4 "$@" 3>&- &
	wait $! || :
	eventually flock -n ws/ledger/acme.lock true
	[ -e ws/runs/acme/.20250318T020000Z.partial/shards/count ]
}

@test "run --shards: 4 shards one night and 16 the next give what one process gives; no page is asked for twice" {
	simulate
	night 1 --shards 4 2>stderr
	grep -q 'acme: 4 of 4 shards fetched, 6 of 6 accounts, 2572 envelopes$' stderr
	asked_twice 0
	night 2 -q --shards 16 --at-once 5
	equals_recorded_nights 2
}

@test "run --shards: a shard that was killed is fetched again from where it was" {
	simulate --latency 20
	fragile 4/4
	night 1 --shards 4 2>stderr
	[ -e was-killed ]
	grep -q 'acme: fetching shard(s) 4 of 4 again$' stderr
	asked_twice 1
	equals_recorded_nights 1
}

@test "run --shards: what no shard brings is asked for by the run itself, and a refusal is recorded and makes it partial" {
	simulate --fault refuse-account=7c1e9a52-3b0f-4d6a-9e21-5f8840c7d302
	mkdir broken
	ln -s "$ENVTALLY_BIN"/* broken/
	rm broken/fetch-datafeed
	printf '#!/bin/bash\n[[ "$*" != *"--shard 4/4 "* ]] || { echo "fetch-datafeed: out of order" >&2; exit 70; }\nexec "%s" "$@"\n' \
		"$ENVTALLY_BIN/fetch-datafeed" >broken/fetch-datafeed
	chmod +x broken/fetch-datafeed
	ENVTALLY_BIN=$PWD/broken
	run -75 --separate-stderr night 1 --shards 4
	[[ $stderr == *"pipeline.sh: warning: acme: shard(s) 4 of 4 failed, this process asks for their accounts: fetch-datafeed: out of order"* ]]
	[[ $stderr == *"cannot fetch account '7c1e9a52-3b0f-4d6a-9e21-5f8840c7d302': "* ]]
	asked_twice 0
	[ "$(jq -r 'select(.stream == "watermark" and .record).record.account_id' ws/runs/acme/20250318T020000Z/accounts.ndjson | wc -l)" -eq 5 ]
	simulator_stop
	"$pipeline" verify 20250318T020000Z -C ws -q
}

@test "run --shards: an interrupted run is finished with whatever its shards have, by as many shards, by others or by none" {
	local way programs=$ENVTALLY_BIN
	for way in "--shards 4" "--shards 7" ""; do
		rm -rf ws/runs ws/ledger ws/cache was-killed killing requests.log
		ENVTALLY_BIN=$programs
		dying_night
		# shellcheck disable=SC2086 # options
		night 1 -q $way
		asked_twice 10
		equals_recorded_nights 1
		rm -rf recorded
	done
}

@test "run --engine make: a Makefile whose targets are the shards and the join; made by hand it does what is missing, and then nothing" {
	simulate
	night 1 --shards 4 --engine make --at-once 2 2>stderr
	grep -q 'acme: 4 of 4 shards fetched' stderr
	asked_twice 0
	equals_recorded_nights 1
	rm -rf ws/runs ws/ledger ws/cache recorded requests.log
	dying_night --engine make
	local plan=ws/runs/acme/.20250318T020000Z.partial/shards
	make -s -j 2 -C "$plan"
	[[ $("$pipeline" status -C ws) == *"acme  4 of 4 shards fetched, 6 of 6 accounts, 2572 envelopes"* ]]
	asked_twice 10
	[ "$(make -C "$plan" | grep -c 'up to date')" -eq 1 ]
	# Nothing is left to be asked for.
	kill -STOP "$simulator"
	"$pipeline" run -q -C ws --now 2025-03-18T02:00:00Z
	kill -CONT "$simulator"
	equals_recorded_nights 1
}

@test "run --engine slurm: 16 shards, of which a task and a node are killed in the middle, give what one process gives" {
	slurm_start "$BATS_TEST_TMPDIR/slurm" 4
	simulate --latency 100
	fragile 3/16
	night 1 --shards 16 --engine slurm 2>stderr &
	local driver=$! pid
	# The node of shard 8, while that is being fetched.
	eventually [ -s ws/runs/acme/.20250318T020000Z.partial/shards/8/fetch-datafeed.exchanges ]
	pid=$(<"slurm/pids/$(squeue -h -r -t running -o '%K %N' | sed -n 's/^8 //p')")
	pkill -KILL -P "$pid" || :
	kill -KILL "$pid"
	wait "$driver"
	[ -e was-killed ]
	grep -q 'acme: 16 of 16 shards fetched, 6 of 6 accounts, 2572 envelopes$' stderr
	equals_recorded_nights 1
}

@test "run --shards --max-requests: the budget is that of all shards together, whoever asks; nights later nothing is missing" {
	simulate
	feed_requests() { grep -c /datasets/ requests.log; }
	run -75 night 1 -q --shards 4 --max-requests 40
	same 40 "$(feed_requests)"
	[ "$(jq .counts.accounts_put_off ws/runs/acme/20250318T020000Z/job.json)" -gt 0 ]
	"$pipeline" verify 20250318T020000Z -C ws -q
	# Three accounts fit, two requests each; by another number of shards.
	run -75 "$pipeline" run -q -C ws --now 2025-03-18T03:00:00Z --shards 7 --max-requests 6
	same 46 "$(feed_requests)"
	"$pipeline" run -q -C ws --now 2025-03-18T04:00:00Z --shards 4 --max-requests 400
	acme_after 1 recorded
	same_files <(jq -S 'select(.record) | .record | del(.watermark)' recorded/runs/acme/20250318T020000Z/consumption.ndjson) <(jq -S 'select(.record) | .record | del(.watermark)' ws/runs/acme/20250318T040000Z/consumption.ndjson)
	"$pipeline" verify 20250318T040000Z -C ws -q
	asked_twice 0
}

@test "run --jobs --shards: --at-once is for the shards of all profiles together" {
	simulate
	jq '.name = "beta" | .accounts = ["7c1e9a52-3b0f-4d6a-9e21-5f8840c7d301"]' ws/profiles/acme.json >ws/profiles/beta.json
	jq '.accounts = ["7c1e9a52-3b0f-4d6a-9e21-5f8840c7d302", "7c1e9a52-3b0f-4d6a-9e21-5f8840c7d304"]' ws/profiles/acme.json >p && mv p ws/profiles/acme.json
	mkdir counting under-way
	ln -s "$ENVTALLY_BIN"/* counting/
	rm counting/fetch-datafeed
	cat >counting/fetch-datafeed <<-END
		#!/bin/bash
		[[ "\$*" == *"--shard "* ]] || exec "$ENVTALLY_BIN/fetch-datafeed" "\$@"
		: >"$PWD/under-way/\$\$"
		ls "$PWD/under-way" | wc -l >>"$PWD/at-once"
		"$ENVTALLY_BIN/fetch-datafeed" "\$@"
		status=\$?
		rm "$PWD/under-way/\$\$"
		exit \$status
	END
	chmod +x counting/fetch-datafeed
	ENVTALLY_BIN=$PWD/counting night 1 -q --jobs 2 --shards 5 --at-once 3
	same 10 "$(wc -l <at-once)"
	[ "$(sort -n at-once | tail -n 1)" -le 2 ]
}

# fetch-datafeed --shard, in a folder of programs of its own, notes where it records.
noting() {
	mkdir noting
	ln -s "$ENVTALLY_BIN"/* noting/
	rm noting/fetch-datafeed
	printf '#!/bin/bash\n[[ "$*" != *"--shard "* ]] || echo "${@: -1}" >>"%s/recorded-in"\nexec "%s" "$@"\n' "$PWD" "$ENVTALLY_BIN/fetch-datafeed" >noting/fetch-datafeed
	chmod +x noting/fetch-datafeed
	ENVTALLY_BIN=$PWD/noting
}

@test "run --scratch: shards record on their own machine and are collected; one that was killed goes on from there" {
	simulate --latency 20
	fragile 4/4
	noting
	mkdir local
	# shellcheck disable=SC2016 # the machine's
	NODE_FOLDER=$PWD/local night 1 --shards 4 --scratch '$NODE_FOLDER' 2>stderr
	[ -e was-killed ]
	same 5 "$(grep -c "^$PWD/local/envtally-[0-9a-f]*$" recorded-in)"
	same 5 "$(wc -l <recorded-in)"
	same '' "$(ls local)"
	asked_twice 1
	equals_recorded_nights 1
}

@test "run --engine slurm --scratch: 8 shards on four nodes, a task killed in the middle, give what one process gives" {
	slurm_start "$BATS_TEST_TMPDIR/slurm" 4
	simulate --latency 20
	fragile 3/8
	noting
	mkdir local
	# shellcheck disable=SC2016 # the machine's
	NODE_FOLDER=$PWD/local night 1 --shards 8 --engine slurm --scratch '$NODE_FOLDER' 2>stderr
	[ -e was-killed ]
	same 0 "$(grep -vc "^$PWD/local/envtally-[0-9a-f]*$" recorded-in)"
	same '' "$(ls local)"
	grep -q 'acme: 8 of 8 shards fetched, 6 of 6 accounts, 2572 envelopes$' stderr
	asked_twice 3 # on their way when it was killed
	equals_recorded_nights 1
}

@test "run: engines and numbers that are none, and an engine that is not installed, are refused; a recording needs no shards" {
	acme_workspace ws
	run --separate-stderr "$pipeline" run -C ws --shards 0
	fails 64 "pipeline.sh: cannot use --shards '0': it must be a whole number from 1 to 9999"
	run --separate-stderr "$pipeline" run -C ws --shards 2 --engine cloud
	fails 64 "pipeline.sh: cannot use --engine 'cloud': it must be local, make or slurm"
	mkdir few
	for tool in bash cat readlink dirname grep sed awk date nproc; do ln -s "$(command -v $tool)" few/; done
	run --separate-stderr env PATH="$PWD/few" "$pipeline" run -C ws --shards 2 --engine slurm
	fails 69 "pipeline.sh: cannot use --engine slurm: sbatch is not installed"
	"$pipeline" run -q -C ws --replay "$acme/nights/20250318T020000Z" --shards 16
	run -66 --separate-stderr "$pipeline" shard 3/16 20250318T020000Z -C ws
	fails 66 "pipeline.sh: cannot fetch shard '3/16': profile 'acme' has no run '20250318T020000Z' under way that is divided like that"
}
