#!/usr/bin/env bats
# What an outage, a wrong profile, a moved workspace or a lost folder leaves: the next run goes on all the same.

load helper

pipeline=$root/pipeline.sh
export ENVTALLY_BIN=${ENVTALLY_BIN:-$root/bin}

run_night() { "$pipeline" run -q -C "${2:-ws}" --replay "$acme/nights/$1"; }

# The fetcher of subscriptions meets an outage: it records the answers, and fails.
outage() {
	mkdir -p outage
	ln -sf "$ENVTALLY_BIN"/* outage/
	rm outage/fetch-subscriptions
	cat >outage/fetch-subscriptions <<-END
		#!/bin/bash
		"$ENVTALLY_BIN/fetch-subscriptions" "\$@" >/dev/null
		exit 69
	END
	chmod +x outage/fetch-subscriptions
}

@test "an outage of the Admin API: the run fails, and the next one begins anew and succeeds" {
	acme_after 1 ws
	outage
	ENVTALLY_BIN=$PWD/outage run run_night 20250325T020000Z
	[ "$status" -eq 69 ]
	[ -z "$(ls -A ws/runs/acme | grep partial)" ]
	run_night 20250325T020000Z
	acme_after 2 calm
	for file in consumption.ndjson restatements.ndjson results.ndjson; do
		same_files calm/runs/acme/20250325T020000Z/$file ws/runs/acme/20250325T020000Z/$file
	done
}

@test "an interrupted run in a workspace that was moved is finished there" {
	acme_after 1 first
	acme_after 2 calm
	mkdir broken
	ln -s "$ENVTALLY_BIN"/* broken/
	rm broken/normalize
	printf '#!/bin/sh\nexit 74\n' >broken/normalize
	chmod +x broken/normalize
	ENVTALLY_BIN=$PWD/broken run run_night 20250325T020000Z first
	[ -d first/runs/acme/.20250325T020000Z.partial ]
	mkdir elsewhere
	mv first elsewhere/moved
	run_night 20250401T020000Z elsewhere/moved
	for file in consumption.ndjson restatements.ndjson results.ndjson; do
		same_files calm/runs/acme/20250325T020000Z/$file elsewhere/moved/runs/acme/20250325T020000Z/$file
	done
	[ -e elsewhere/moved/runs/acme/20250401T020000Z/job.json ]
}

@test "an empty folder of an interrupted run is no run: it is set aside, and the next run is made" {
	acme_after 1 ws
	mkdir ws/runs/acme/.20250320T020000Z.partial
	run --separate-stderr "$pipeline" run -C ws --replay "$acme/nights/20250325T020000Z"
	[ "$status" -eq 0 ]
	[[ $stderr == *".20250320T020000Z.partial is not a run: it is set aside"* ]]
	[ ! -e ws/runs/acme/20250320T020000Z ]
	[ -e ws/runs/acme/20250325T020000Z/job.json ]
}

@test "a run whose folder is lost: the ledger has it, so it is not said to be complete" {
	acme_after 2 ws
	rm -r ws/runs/acme/20250325T020000Z
	run --separate-stderr run_night 20250325T020000Z
	fails 73 "pipeline.sh: cannot make run 20250325T020000Z of profile 'acme': the ledger has it, but its folder is lost; run with another --now"
	[ ! -e ws/runs/acme/20250325T020000Z ]
	[ -z "$(ls -A ws/runs/acme | grep partial)" ]
	run_night 20250401T020000Z
}

@test "discard: an interrupted run is given up, kept, listed, and not finished" {
	acme_after 1 ws
	mkdir broken
	ln -s "$ENVTALLY_BIN"/* broken/
	rm broken/normalize
	printf '#!/bin/sh\nexit 74\n' >broken/normalize
	chmod +x broken/normalize
	ENVTALLY_BIN=$PWD/broken run run_night 20250325T020000Z
	[ "$status" -eq 74 ]
	run --separate-stderr "$pipeline" discard 20250325T020000Z -C ws
	[ "$status" -eq 0 ]
	[[ $stderr == *"run 20250325T020000Z is discarded; what it recorded is kept"* ]]
	[ -s ws/runs/acme/.20250325T020000Z.discarded/raw/fetch-datafeed.exchanges ]
	run -0 "$pipeline" status -C ws
	[[ $output == *"acme  20250325T020000Z  discarded: what it recorded is kept in ws/runs/acme/.20250325T020000Z.discarded"* ]]
	run_night 20250325T020000Z
	[ -s ws/runs/acme/.20250325T020000Z.discarded/raw/fetch-datafeed.exchanges ]
	run --separate-stderr "$pipeline" discard 20250325T020000Z -C ws
	fails 66 "pipeline.sh: cannot discard run '20250325T020000Z': profile 'acme' has no interrupted run of that name"
	run --separate-stderr "$pipeline" discard -C ws
	fails 64 "pipeline.sh: cannot discard: name one run from pipeline.sh status"
}

@test "a lock that is a symbolic link: what it names keeps its content" {
	acme_after 1 ws
	echo precious >precious
	ln -sf "$PWD/precious" ws/ledger/acme.lock
	run_night 20250325T020000Z
	same precious "$(cat precious)"
}

@test "-p NAME is the workspace's profile, also where there is a folder of that name" {
	acme_after 1 ws
	mkdir acme
	run -0 --separate-stderr "$pipeline" status -C ws -p acme
	[[ $output == "acme  20250318T020000Z  succeeded"* ]]
}
