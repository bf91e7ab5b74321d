#!/usr/bin/env bats
# The order of the source itself: lib/layers, the folders of lib/, no duplicate code; the table of its bench. Its layout is checked by .ci/run.

# shellcheck disable=SC2154 # root is helper's
load helper

layers() { "$root/tests/layers" lib/layers lib/*/*.[ch]*; }

# plant FILE LINE: adds a line to a copy of lib/.
plant() {
	rm -rf lib
	cp -r "$root/lib" .
	printf '%s\n' "$2" >>"$1"
}

@test "a file of lib includes its own folder and those below it, no other" {
	cd "$root"
	run layers
	same '' "$output"
	[ "$status" -eq 0 ]
}

@test "an include that goes up is found, and one without a folder, and a folder without a place" {
	plant lib/base/arena.h '#include "report/report.h"'
	run -1 layers
	same "lib/base/arena.h:$(wc -l <lib/base/arena.h): base may not include report" "$output"
	plant lib/report/report.c '#include "report.h"'
	run -1 layers
	same "lib/report/report.c:$(wc -l <lib/report/report.c): an include names its folder: \"report.h\"" "$output"
	plant lib/report/report.c '#include "nowhere/report.h"'
	run -1 layers
	same "lib/report/report.c:$(wc -l <lib/report/report.c): report may not include nowhere" "$output"
	plant lib/layers ''
	mkdir lib/attic
	echo 'int attic;' >lib/attic/attic.c
	run -1 layers
	same 'lib/attic/attic.c: folder attic is not in lib/layers' "$output"
}

@test "lib holds folders, their order and what they are for; every folder of code has its place" {
	same '' "$(find "$root/lib" -mindepth 1 -maxdepth 1 ! -type d ! -name layers ! -name README.md)"
	# Feed descriptors and the driver are no C.
	same "$(cd "$root/lib" && printf '%s\n' */ | grep -v -e '^driver/$' -e '^feeds/$' | sed 's,/$,,')" "$(grep -E '^[a-z]' "$root/lib/layers" | LC_ALL=C sort)"
}

@test "no run of eight lines is in two places" {
	cd "$root"
	run tests/repeats lib/*/*.[ch]* stages/*.c pipeline.sh lib/driver/*.sh
	same '' "$output"
	[ "$status" -eq 0 ]
}

@test "a run of eight lines that is in two places is found" {
	seq 101 110 >one.c
	seq 103 109 >two.c
	"$root/tests/repeats" one.c two.c
	{
		seq 1 3
		printf '\t{ // \n/* a comment\n   of two lines */\n\n#include "x.h"\n'
		seq 103 105 | sed 's/^/\t/'
		printf '}\n// another\n'
		seq 106 110
	} | sed '4d' >two.c
	run -1 "$root/tests/repeats" one.c two.c
	same 'two.c:8: 8 lines are those of one.c:3' "$output"
}

@test "a stage loads no library that it does not use: that costs each of its starts a millisecond" {
	[ "${SANITIZE-}" != 1 ] || skip 'a sanitizer brings its own'
	local stage
	for stage in $stage_names export policy status explain; do
		same '' "$(ldd -u "$(command -v "$stage")" | sed '1d;/libgcc_s/d')"
	done
}

# The document has one table, of the last call.
@test "the bench's table: ratios to envtally's figures; written again, it takes the place of the one before" {
	cat >bench.json <<'END'
{"commit":"abc1234","processor":"A","cores":2,"rounds":5,"measured_on":"2026-11-27","results":[
{"place":1,"benchmark":"tally","name":"envtally","seconds":0.5,"cpu_seconds":1,"peak_kilobytes":10240},
{"place":1,"benchmark":"tally","name":"other","seconds":1.256,"cpu_seconds":2.5,"peak_kilobytes":102400},
{"place":2,"benchmark":"store","name":"envtally | cat","seconds":2,"cpu_seconds":0,"peak_kilobytes":1024},
{"benchmark":"memory","name":"merge","envelopes":1000,"peak_kilobytes":2048},
{"benchmark":"memory","name":"merge","envelopes":100,"peak_kilobytes":1024}]}
END
	printf '%s\n' before '<!-- bench: a -->' old '<!-- bench: end -->' after >document
	for _ in 1 2; do "$root/tests/benchmark/write-doc" bench.json document; done
	cat >expected <<'END'
before
<!-- bench: a -->

Commit abc1234, A, 2 cores, 2026-11-27; medians of 5 rounds. A ratio is to the first program of each work, which is of envtally.

| work | program | seconds | CPU | peak MiB | × time | × CPU | × memory |
|---|---|---|---|---|---|---|---|
| tally | envtally | 0.50 | 1.00 | 10 | 1.00 | 1.00 | 1.00 |
|  | other | 1.26 | 2.50 | 100 | 2.51 | 2.50 | 10.00 |
| store | envtally \| cat | 2.00 | 0.00 | 1 | 1.00 |  | 1.00 |

Peak MiB of each stage, as the input grows:

| envelopes | merge |
|---|---|
| 100 | 1 |
| 1000 | 2 |

<!-- bench: end -->
after
END
	diff expected document
	run "$root/tests/benchmark/write-doc" bench.json bench.json
	[ "$status" -eq 65 ]
}
