#!/usr/bin/env bats
# The order of the source itself: lib/layers, the folders of lib/, no duplicate code. Its layout is checked by .ci/run.

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
