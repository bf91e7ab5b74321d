#!/usr/bin/env bats
# tests/cases: a folder is a command with its exact results; see tests/cases/run-case.bash. A command that fails
# changes nothing on disk.

# shellcheck disable=SC2154 # root and acme are helper's

load helper
load cases/run-case

# text_of FILE [DEFAULT]: its text, with its newlines at the end; the default when it is not there.
text_of() {
	[ -e "$1" ] || {
		printf '%s.' "${2:-}"
		return
	}
	printf '%s.' "$(<"$1")"
}

# differ NAME EXPECTED GOT: says how, when they do.
differ() {
	[ "$2" != "$3" ] || return 1
	diff -u --label "$1" --label got <(printf '%s\n' "$2") <(printf '%s\n' "$3") || true
}

cases_of() {
	needs_stage "$1"
	local folder name failed=0 count=0
	export acme
	for folder in "$BATS_TEST_DIRNAME/cases/$1"-*/*; do
		name=${folder#"$BATS_TEST_DIRNAME/"}
		count=$((count + 1))
		run_case "$folder" case
		if [ ! -e "$folder/experr" ]; then
			echo "$name has no experr"
			failed=$((failed + 1))
		fi
		if differ "$name/expout" "$(text_of "$folder/expout")" "$(text_of case/out)" ||
			differ "$name/experr" "$(text_of "$folder/experr")" "$(text_of case/err)" ||
			differ "$name/status" "$(text_of "$folder/status" 0)" "$(text_of case/status)"; then
			failed=$((failed + 1))
		elif [ -e "$folder/status" ] && differ "$name changed on disk" . "$(text_of case/changed)"; then
			failed=$((failed + 1))
		fi
	done
	[ $count -gt 0 ]
	[ $failed -eq 0 ]
}

@test "auth" { cases_of auth; }
@test "fetch-subscriptions" { cases_of fetch-subscriptions; }
@test "fetch-datafeed" { cases_of fetch-datafeed; }
@test "normalize" { cases_of normalize; }
@test "merge" { cases_of merge; }
@test "aggregate-by-period" { cases_of aggregate-by-period; }
@test "reconcile" { cases_of reconcile; }
@test "forecast" { cases_of forecast; }
@test "report" { cases_of report; }
