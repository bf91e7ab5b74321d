#!/usr/bin/env bats
# After an outage, a wrong profile, a moved workspace or a lost folder the next run continues all the same.

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

# A file system of which every lock is granted, as some network file systems are: a library in front of the C library's.
lockless() {
	cat >lockless.c <<-'END'
		#define _GNU_SOURCE
		#include <dlfcn.h>
		#include <fcntl.h>
		#include <stdarg.h>
		int flock(int descriptor, int operation) { (void)descriptor; (void)operation; return 0; }
		static int answer(const char *name, int descriptor, int command, void *argument)
		{
			if (command == F_SETLK || command == F_SETLKW || command == F_OFD_SETLK || command == F_OFD_SETLKW)
				return 0;
			return ((int (*)(int, int, ...))dlsym(RTLD_NEXT, name))(descriptor, command, argument);
		}
		#define ANSWER(name) int name(int descriptor, int command, ...) { va_list list; va_start(list, command); \
			void *argument = va_arg(list, void *); va_end(list); return answer(#name, descriptor, command, argument); }
		ANSWER(fcntl)
		ANSWER(fcntl64)
	END
	cc -shared -fPIC -o lockless.so lockless.c
}

@test "a lock that does not lock is noticed: said with the folder and what to do, also with -q; the run is made" {
	[ "${SANITIZE-}" != 1 ] || skip "the sanitizer wants to be loaded first"
	acme_after 1 ws
	lockless
	LD_PRELOAD=$PWD/lockless.so run --separate-stderr run_night 20250325T020000Z
	fails 0 "pipeline.sh: warning: acme: the file system of 'ws/ledger' does not lock files: two runs at once would not notice each other; make one at a time, or move the workspace to a local disk"
	[ -e ws/runs/acme/20250325T020000Z/job.json ]
	# Once a run, not for each run that is made again.
	LD_PRELOAD=$PWD/lockless.so run --separate-stderr "$pipeline" replay 20250325T020000Z -C ws
	[ "$status" -eq 0 ]
	[[ $stderr != *"does not lock"* ]]
	# Where files are locked nothing is said.
	run --separate-stderr run_night 20250401T020000Z
	fails 0 ""
}

# interrupted STATE: ./ws after the first night, and the second one interrupted in that state of doc/running.md.
interrupted() {
	local stage action=exit
	rm -rf ws broken
	acme_after 1 ws
	case $1 in
	begun) stage=fetch-subscriptions action=kill ;;
	fetching) stage=fetch-datafeed action=kill ;;
	fetched) stage=normalize action='exit 74' ;;
	tallied) stage=reconcile action='exit 74' ;;
	refused) stage=reconcile action='exit 65' ;;
	promoted)
		rm -r ws
		acme_after 2 ws
		mv ws/runs/acme/20250325T020000Z ws/runs/acme/.20250325T020000Z.partial
		jq '{run_id, profile, clock: .started_at, replay: $replay, profile_file: "ws/profiles/acme.json"}' --arg replay "$acme/nights/20250325T020000Z" \
			ws/runs/acme/.20250325T020000Z.partial/job.json >ws/runs/acme/.20250325T020000Z.partial/begun.json
		: >ws/runs/acme/.20250325T020000Z.partial/reported.ndjson
		return
		;;
	esac
	mkdir broken
	ln -s "$ENVTALLY_BIN"/* broken/
	rm "broken/$stage"
	# Not in what comes before the run is begun: it reads nothing.
	printf '#!/bin/bash\n[[ ! /proc/self/fd/0 -ef /dev/null ]] || exec "%s/%s" "$@"\n%s\n' "$ENVTALLY_BIN" "$stage" \
		"$([ "$action" = kill ] && echo 'kill -9 0' || echo "$action")" >"broken/$stage"
	chmod +x "broken/$stage"
	# A process group of its own: kill -9 0 is the end of all of it.
	ENVTALLY_BIN=$PWD/broken setsid --wait "$pipeline" run -q -C ws --replay "$acme/nights/20250325T020000Z" || true
	flock ws/ledger/acme.lock true # all that it started has ended
	[ -d ws/runs/acme/.20250325T020000Z.partial ]
}

@test "discard: in each state but promoted, and what comes next is as if that run had never been" {
	acme_after 3 calm
	while read -r -u 4 state next; do
		interrupted "$state"
		run -0 --separate-stderr "$pipeline" discard 20250325T020000Z -C ws
		case $state$stderr in
		begun*'cannot be replayed'*) false ;;
		tallied*'later runs cannot be replayed or verified'* | refused*'later runs cannot be replayed or verified'*) ;;
		tallied* | refused*) false ;;
		esac
		run --separate-stderr "$pipeline" status -C ws
		[[ $output == *"acme  20250325T020000Z  discarded: what it recorded is kept in ws/runs/acme/.20250325T020000Z.discarded"* ]]
		[[ $output != *interrupted* ]]
		run_night "$next" || { echo "after $state"; false; }
		same_files "calm/runs/acme/$next/consumption.ndjson" "ws/runs/acme/$next/consumption.ndjson"
		[ -e ws/runs/acme/.20250325T020000Z.discarded/inputs/profile.json ]
	done 4<<-'END'
		begun 20250325T020000Z
		fetching 20250325T020000Z
		fetched 20250325T020000Z
		tallied 20250401T020000Z
		refused 20250401T020000Z
	END
	interrupted promoted
	run --separate-stderr "$pipeline" discard 20250325T020000Z -C ws
	fails 73 "pipeline.sh: cannot discard run '20250325T020000Z': the ledger has promoted it, and the next run gives its folder its name"
	run_night 20250401T020000Z
	[ -e ws/runs/acme/20250325T020000Z/job.json ]
}

# What a person changes in the workspace $1: rights, a software model, groups, the counting policy, and the length of a period.
mend() {
	sed -i '/^ENT-EP-05S/d' "$1/licence/entitlements.csv"
	sed -i '/b7f2d3c8-1a4e-4f11-8c5d-2e90a1b3c404/d' "$1/licence/models.csv"
	rm -f "$1/licence/exclusions.csv"
	echo '{"name":"without voided","version":1,"statuses":{"created":false,"template":false,"voided":false}}' >"$1/licence/policy.json"
	jq -c '.renewal_months = 6' "$1/profiles/acme.json" >p && mv p "$1/profiles/acme.json"
}

@test "whatever has stopped a run, the next one finishes it with licence files, policy and profile as they are then: as if they had been so all along" {
	acme_after 1 calm
	mend calm
	"$pipeline" run -q -C calm --replay "$acme/nights/20250325T020000Z"
	run=runs/acme/20250325T020000Z
	for state in begun fetching fetched tallied refused; do
		interrupted $state
		mend ws
		run_night 20250325T020000Z || { echo "after $state"; false; }
		(cd calm/$run && find . -type f ! -name '*.exchanges' ! -name '*.bodies' ! -name job.json ! -name manifest.json) | while read -r file; do
			same_files "calm/$run/$file" "ws/$run/$file" || { echo "after $state"; false; }
		done
		same_files ws/licence/policy.json ws/$run/inputs/policy.json
		[ ! -e ws/$run/refused ] && [ ! -e ws/$run/failed ]
	done
	"$pipeline" verify -q -C ws 20250325T020000Z
	# The licence files of a run that the ledger has are in its manifest.
	interrupted promoted
	mend ws
	run_night 20250401T020000Z
	run ! cmp ws/licence/entitlements.csv ws/$run/inputs/entitlements.csv
	"$pipeline" verify -q -C ws 20250401T020000Z
}

@test "which keys of a profile and of a descriptor change what is requested" {
	mkdir -p run/inputs
	cp "$acme/profiles/acme.json" run/inputs/profile.json
	cp "$root/lib/feeds/datafeed.json" run/inputs/feed.json
	while read -r file expected change; do
		cp run/inputs/profile.json run/inputs/feed.json .
		jq "$change" "$file.json" >new && mv new "$file.json"
		same "$file $change: $expected" "$file $change: $(run-facts changed run --profile profile.json --feed feed.json | sed -n "s/^${file}_changed=//p")"
	done <<-'END'
		profile none .
		profile figures .renewal_months = 6
		profile figures .key_file = "other.pem"
		profile figures .audience = "account-d.docusign.com"
		profile figures .concurrency = 2
		profile requests .contract_start = "2023-10-31"
		profile requests .organization_id = "x"
		profile requests .accounts = ["x"]
		profile requests .lookback_days = 9
		profile requests .feed = "esign"
		profile requests .api_base = "https://api-d.docusign.net"
		profile requests .esign_base = "https://na4.docusign.net"
		profile requests .feed_base = "https://feed.example"
		profile requests .download_consumption = false
		profile requests .download_billing = true
		feed none .
		feed figures .map = {}
		feed requests .path = "/x"
	END
}

@test "a promoted run is named only if its results and its evidence are in its folder; else it is said, and the next run goes on" {
	for lost in results.ndjson report.html raw/manifest.json; do
		interrupted promoted
		rm ws/runs/acme/.20250325T020000Z.partial/$lost
		run --separate-stderr run_night 20250401T020000Z
		fails 0 "pipeline.sh: warning: acme: run 20250325T020000Z was promoted, but its folder has lost '$lost': it is set aside, and its figures are in the ledger alone"
		[ ! -e ws/runs/acme/20250325T020000Z ] && [ -d ws/runs/acme/.20250325T020000Z.discarded ]
		run "$pipeline" status -C ws
		[[ $output == *"acme  20250325T020000Z  lost: "* ]]
	done
	# A folder with a job.json of which the ledger knows nothing.
	acme_after 1 other
	cp -a other/runs/acme/20250318T020000Z other/runs/acme/.20250320T020000Z.partial
	run -0 "$pipeline" run -C other --replay "$acme/nights/20250325T020000Z"
	[[ $output == *".20250320T020000Z.partial is not a run: it is set aside"* ]]
	[ ! -e other/runs/acme/20250320T020000Z ]
}

@test "discard of a run that is under way is 75" {
	interrupted fetched
	exec 8>>ws/ledger/acme.lock
	flock -n 8
	run --separate-stderr "$pipeline" discard 20250325T020000Z -C ws
	exec 8>&-
	[ "$status" -eq 75 ]
	[ -d ws/runs/acme/.20250325T020000Z.partial ]
}

own_feed() { # SED-SCRIPT: the profile's own descriptor, changed by it
	mkdir -p ws/feeds
	sed "$1" "$root/lib/feeds/datafeed.json" >ws/feeds/own.json
}

@test "a descriptor that made a night fail is mended: the next run requests again" {
	serve "$acme" --now 2025-03-18T02:00:00Z
	mkdir -p ws/licence
	jq '.feed = "../feeds/own.json"' ws/profiles/acme.json >p && mv p ws/profiles/acme.json
	for mistake in 's|datasets/envelopes/stream|datasets/nothing/stream|' 's|"/data"|"/nothing"|'; do
		own_feed "$mistake"
		run --separate-stderr "$pipeline" run -q -C ws --now 2025-03-18T02:00:00Z
		[ "$status" -ne 0 ]
		own_feed ''
		run --separate-stderr "$pipeline" run -q -C ws --now 2025-03-19T02:00:00Z
		same '0 ' "$status $stderr"
		[ -s ws/runs/acme/20250319T020000Z/consumption.ndjson ]
		same_files ws/feeds/own.json ws/runs/acme/20250319T020000Z/inputs/feed.json
		run -0 "$pipeline" verify 20250319T020000Z -C ws
		rm -r ws/runs ws/ledger
	done
	# So with a contract start: pages from another day on were recorded, and the ledger has them.
	jq '.contract_start = "2024-10-31"' ws/profiles/acme.json >p && mv p ws/profiles/acme.json
	mkdir bad
	ln -s "$ENVTALLY_BIN"/* bad/
	ln -sf "$(command -v false)" bad/aggregate-by-period
	ENVTALLY_BIN=$PWD/bad run "$pipeline" run -q -C ws --now 2025-03-18T02:00:00Z
	[ -e ws/runs/acme/.20250318T020000Z.partial/failed ]
	jq '.contract_start = "2024-01-31"' ws/profiles/acme.json >p && mv p ws/profiles/acme.json
	run --separate-stderr "$pipeline" run -q -C ws --now 2025-03-19T02:00:00Z
	same '0 ' "$status $stderr"
	grep -q '"period_start":"2024-01-31' ws/runs/acme/20250318T020000Z/consumption.ndjson
	# The ledger met accounts in another order than a replay does, and is what the recordings give all the same.
	run -0 --separate-stderr "$pipeline" verify 20250319T020000Z -C ws
	kill "$simulator"
}

@test "a profile and a descriptor that are mended after a night failed: what was fetched is kept, unless it would be fetched otherwise" {
	acme_workspace ws
	own_feed '/sender_id/d; s|\("plan_item_id".*\),|\1|'
	jq '.feed = "../feeds/own.json"' ws/profiles/acme.json >p && mv p ws/profiles/acme.json
	mkdir bad
	ln -s "$ENVTALLY_BIN"/* bad/
	rm bad/aggregate-by-period
	printf '#!/bin/bash\ncat >/dev/null\nexit 65\n' >bad/aggregate-by-period
	chmod +x bad/aggregate-by-period
	ENVTALLY_BIN=$PWD/bad run run_night 20250318T020000Z
	[ "$status" -eq 65 ]
	own_feed ''
	jq '.renewal_months = 6' ws/profiles/acme.json >p && mv p ws/profiles/acme.json
	run -0 --separate-stderr "$pipeline" run -C ws --replay "$acme/nights/20250318T020000Z"
	[[ $stderr == *"run 20250318T020000Z keeps the descriptor that it began with, since the ledger has some of it"* ]]
	[[ $stderr == *"run 20250318T020000Z goes on with the profile as it is now"* ]]
	same 6 "$(jq -r .renewal_months ws/runs/acme/20250318T020000Z/inputs/profile.json)"
	run ! cmp -s ws/feeds/own.json ws/runs/acme/20250318T020000Z/inputs/feed.json
	[ ! -e ws/runs/acme/20250318T020000Z/failed ]
	run -0 "$pipeline" verify 20250318T020000Z -C ws
	# The ledger has some of it, so it is the same run that asks again.
	ENVTALLY_BIN=$PWD/bad run run_night 20250325T020000Z
	jq '.accounts = ["7c1e9a52-3b0f-4d6a-9e21-5f8840c7d301"]' ws/profiles/acme.json >p && mv p ws/profiles/acme.json
	run -0 --separate-stderr "$pipeline" run -C ws --replay "$acme/nights/20250325T020000Z"
	[[ $stderr == *"run 20250325T020000Z failed, and what it requests has been changed since: it requests again"* ]]
	same 1 "$(jq '.accounts | length' ws/runs/acme/20250325T020000Z/inputs/profile.json)"
}
