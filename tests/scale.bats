#!/usr/bin/env bats
# The recipes of doc/scale.md for engines that move lines: as they are printed there, on plain processes.

load helper

setup() {
	mkdir "$BATS_TEST_TMPDIR/work"
	cd "$BATS_TEST_TMPDIR/work" || return 1
	"$build/tests/generate" --raw --envelopes 1000 --redeliver 10 --accounts 30 --days 400 --seed 3 >raw
	export ENVTALLY_NOW=2026-03-01T02:00:00Z
	normalize <raw | merge --ledger :memory: --emit all | aggregate-by-period -q --contract-start 2024-01-31 >one
	[ "$(records_of consumption <one | wc -l)" -gt 30 ]
	# The doc calls stages as an installation does.
	mkdir path
	printf '#!/bin/sh\nexec %q "$@"\n' "$root/pipeline.sh" >path/envtally
	chmod +x path/envtally
	PATH=$PWD/path:$PATH
	for name in mapper reducer; do
		awk -v name="# $name" '/^```/ { on = 0 } on { print } $0 == "#!/bin/sh" { head = $0 } $0 == name { print head; on = 1 }' "$root/doc/scale.md" >$name
		chmod +x $name
		[ "$(wc -l <$name)" -ge 2 ]
	done
}

@test "Hadoop Streaming and Spark: normalize as mapper, lines of an account in one partition, merge as reducer give what one process gives" {
	split -n l/5 raw split.
	for part in split.*; do ./mapper <"$part" >"mapped.$part"; done
	# What the engine does: partitions by the hash of the key, each sorted by it.
	cat mapped.* | perl -ne '/^([^\t]+)\t/ or die; open $to{$p}, ">", "partition.$p" unless $to{$p = unpack("%32C*", $1) % 7}; print { $to{$p} } $_'
	[ "$(find . -name 'partition.*' | wc -l)" -eq 7 ]
	for part in partition.*; do LC_ALL=C sort -s -t $'\t' -k 1,1 "$part" | ./reducer >"part-$part"; done
	envtally combine part-* | envtally aggregate-by-period -q --contract-start 2024-01-31 | same_files one -
	# Without combine, too: partials add up.
	cat part-* | envtally aggregate-by-period -q --contract-start 2024-01-31 >two
	same_files <(records_of consumption <one) <(records_of consumption <two)
}

@test "GNU parallel: the command of doc/scale.md gives what one process gives" {
	command -v parallel >/dev/null && parallel --version 2>/dev/null | grep -q GNU || skip "GNU parallel is not installed"
	command=$(awk '/^```/ { on = 0 } /^```sh/ { getline; on = /parallel/ } on' "$root/doc/scale.md")
	[ -n "$command" ]
	cp raw envelopes.ndjson
	mkdir home
	HOME=$PWD/home bash -eo pipefail -c "$command"
	cat partials.ndjson | envtally aggregate-by-period -q --contract-start 2024-01-31 >two
	same_files <(records_of consumption <one) <(records_of consumption <two)
}
