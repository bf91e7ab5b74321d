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
