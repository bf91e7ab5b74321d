# shellcheck shell=bash
# How a case is run, for cases.bats and populate. A case is a folder: `cmd`, a line of bash; `input`, its standard input (empty when
# there is none); any other files it names; `expout` (empty when absent), `experr` and `status` (0 when absent): what must come.

# run_case FOLDER WORK: runs it in a copy at WORK/files, leaves WORK/out, WORK/err, WORK/status and in WORK/changed what it
# made, changed or removed there.
run_case() {
	local folder=$1 work=$2 input=/dev/null code=0
	rm -rf "$work"
	mkdir -p "$work"
	cp -R "$folder" "$work/files"
	[ ! -e "$folder/input" ] || input=$folder/input
	(cd "$work/files" && exec bash cmd) <"$input" >"$work/out" 2>"$work/err" || code=$?
	echo $code >"$work/status"
	diff -r "$folder" "$work/files" >"$work/changed" || true
}
