#!/usr/bin/env bats
# Ledgers and workspaces from a backup, and evidence of another version: the next run goes on, and what can be proven is said.

load helper

setup_file() {
	export pipeline=$root/pipeline.sh
}

@test "evidence names the version that made it; a replay that differs says which versions they are" {
	acme_after 1 ws
	run=ws/runs/acme/20250318T020000Z
	same "$("$pipeline" --version)" "$(<$run/inputs/version)"
	grep -q '"inputs/version"' $run/raw/manifest.json
	# A run of another version that wrote results otherwise.
	echo 'envtally 0.0.7' >$run/inputs/version
	sed -i '$d' $run/results.ndjson
	run --separate-stderr "$pipeline" replay 20250318T020000Z -C ws
	[ "$status" -eq 65 ]
	same "pipeline.sh: run 20250318T020000Z: results.ndjson differs from what its evidence gives
pipeline.sh: run 20250318T020000Z was made by envtally 0.0.7, and this is $("$pipeline" --version), which may give other bytes of the same evidence: replay it with envtally 0.0.7" "$stderr"
	# One that wrote the same.
	acme_after 1 other
	echo 'envtally 0.0.7' >other/runs/acme/20250318T020000Z/inputs/version
	run -0 --separate-stderr "$pipeline" replay 20250318T020000Z -C other
}

@test "a ledger from a backup: what it has forgotten is said, the next run goes on, and all that it has is proven" {
	acme_after 1 backup
	acme_after 2 ws
	rm ws/ledger/acme.db*
	cp backup/ledger/acme.db ws/ledger/
	run --separate-stderr "$pipeline" verify 20250318T020000Z -C ws
	fails 65 "run-facts: cannot verify run '20250325T020000Z': it follows the last run that the ledger has, '20250318T020000Z'"
	serve "$acme" --now 2025-04-01T02:00:00Z
	"$pipeline" run -q -C ws --now 2025-04-01T02:00:00Z
	kill "$simulator"
	run -0 --separate-stderr "$pipeline" verify 20250401T020000Z -C ws
	[[ $output == *"the ledger is what the recordings of its 2 run(s) give"* ]]
	run -0 "$pipeline" status -C ws --now 2025-04-01T03:00:00Z
	grep -qxF 'acme  20250325T020000Z  not a run: the ledger does not have it; ignored' <<<"$output"
	# Or, from the recordings, what the lost ledger had.
	rm -r ws
	acme_after 2 ws
	rm ws/ledger/acme.db*
	cp backup/ledger/acme.db ws/ledger/
	"$pipeline" rebuild -q -C ws
	run -0 --separate-stderr "$pipeline" verify 20250325T020000Z -C ws
}

@test "a lost folder: evidence begins anew where a person says so, verify says what is not proven, and all later runs are proven" {
	acme_after 2 ws
	rm -r ws/runs/acme/20250318T020000Z
	run --separate-stderr "$pipeline" verify -C ws
	fails 65 "run-facts: cannot verify run '20250318T020000Z': 'ws/runs/acme/20250318T020000Z/raw/manifest.json' is lost"
	[ ! -e ws/ledger/acme.proven ]
	mkdir ws/runs/acme/.20250401T020000Z.partial
	run --separate-stderr "$pipeline" prune -C ws --begin-here
	fails 75 "pipeline.sh: cannot begin anew: a run of profile 'acme' is not finished; try again after the next run"
	rmdir ws/runs/acme/.20250401T020000Z.partial
	run -0 --separate-stderr "$pipeline" prune -C ws --begin-here --dry-run
	same "acme: evidence would begin after run 20250325T020000Z" "$output"
	[ ! -e ws/ledger/acme.checkpoint ]
	run -0 --separate-stderr "$pipeline" prune -C ws --begin-here
	same "acme: evidence begins after run 20250325T020000Z, with the ledger as it is" "$output"
	not_proven="acme: not proven: 2 run(s) up to 20250325T020000Z: evidence begins after them, with the ledger as it was: checkpoint of "
	run -0 --separate-stderr "$pipeline" verify -C ws
	[[ ${lines[0]} == "$not_proven"*"; no run names it yet" ]]
	"$pipeline" run -q -C ws --replay "$acme/nights/20250401T020000Z"
	for which in '' --new 20250401T020000Z; do
		run -0 --separate-stderr "$pipeline" verify -C ws ${which:+"$which"}
		[[ ${lines[0]} == "$not_proven"*"; run 20250401T020000Z names it" && $output == *"acme: run 20250401T020000Z: every output is what its evidence gives, byte for byte"* ]] ||
			[[ $which$output == *"acme: 3 run(s) up to 20250401T020000Z: proven on "* ]]
	done
	run -0 "$pipeline" replay 20250401T020000Z -C ws
	run -0 "$pipeline" status -C ws --check --now 2025-04-01T03:00:00Z
	# The run whose folder is there still shows what was reported then.
	run -0 "$pipeline" reconcile -q -C ws --as-of 2025-03-26
	# What is in the ledger since is proven: a change shows.
	sqlite3 ws/ledger/acme.db 'UPDATE reported SET units_consumed = units_consumed + 1'
	run --separate-stderr "$pipeline" verify -C ws
	[[ $status -eq 65 && $stderr == "run-facts: cannot verify ledger 'ws/ledger/acme.db': table reported, row account_id "* ]]
}

@test "a ledger older than its checkpoint: verify says so, and rebuild makes it from there" {
	acme_after 1 backup
	acme_after 3 ws
	"$pipeline" prune -q -C ws --drop-after 1
	rm ws/ledger/acme.db*
	cp backup/ledger/acme.db ws/ledger/
	run --separate-stderr "$pipeline" verify -C ws
	fails 65 "pipeline.sh: cannot use the checkpoint of run '20250325T020000Z': the ledger does not have that run; pipeline.sh rebuild makes it anew, from the checkpoint and the recordings since"
	"$pipeline" rebuild -q -C ws
	run -0 --separate-stderr "$pipeline" verify -C ws
	[[ ${lines[-1]} == "acme: the chain ends at run 20250401T020000Z, "* ]]
}
