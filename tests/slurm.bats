#!/usr/bin/env bats
# A real cluster: stages as jobs of Slurm, on four nodes of this host.

load helper
load slurm/cluster

teardown() {
	slurm_stop "$BATS_TEST_TMPDIR/slurm"
}

@test "slurm: 16 jobs, each with the accounts of a shard, combined, give what one process gives, byte for byte" {
	slurm_start "$BATS_TEST_TMPDIR/slurm" 4
	"$build/tests/generate" --raw --envelopes 2000 --redeliver 10 --accounts 40 --days 400 --seed 3 >raw
	export ENVTALLY_NOW=2026-03-01T02:00:00Z
	normalize <raw | merge --ledger :memory: --emit all | aggregate-by-period --contract-start 2025-01-31 >one
	[ "$(jq -c 'select(.stream == "consumption" and .record.units_consumed > 0)' one | wc -l)" -gt 40 ]
	perl -ne 'BEGIN { open $to[$_], ">", "raw.$_" for 0 .. 15 } /"accountId":"([^"]+)"/ or die; print { $to[unpack("%32C*", lc $1) % 16] } $_' raw
	cat >shard <<-'END'
		#!/bin/bash
		set -euo pipefail
		normalize <raw.$SLURM_ARRAY_TASK_ID | merge --ledger ":memory:" --emit all >partials.$SLURM_ARRAY_TASK_ID.new
		mv partials.$SLURM_ARRAY_TASK_ID.new partials.$SLURM_ARRAY_TASK_ID
	END
	cat >combine <<-'END'
		#!/bin/bash
		set -euo pipefail
		cat partials.{0..15} | aggregate-by-period --contract-start 2025-01-31 >combined.new
		mv combined.new combined
	END
	job=$(sbatch --parsable --array=0-15 --output=shard.%a.log shard)
	sbatch --dependency="afterok:$job" --output=combine.log combine
	eventually [ -e combined ] || {
		cat ./*.log
		return 1
	}
	same_files one combined
}
