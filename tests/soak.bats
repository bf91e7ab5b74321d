#!/usr/bin/env bats
# A few of the nights of `make soak` (tests/soak/run has the rest, and what it compares): a storm ends with what calm nights end with.

# build is helper's
# shellcheck disable=SC2154

load helper

@test "nights of a wrong organization, a sign-in page, a power cut, a full disk, a move and a broken licence file end as calm ones do" {
	"$build/tests/fault" report kill 0 true || skip "system calls cannot be watched here"
	SEED=1 NIGHTS=8 ACCOUNTS=6 CALM=0 BRIEF=1 KEEP=$PWD/soak \
		KINDS="wrong-organization sign-in-page power-cut full-disk-1 moved licence-broken" "$root/tests/soak/run" >said 2>&1 || {
		cat said soak/storm.nights
		return 1
	}
}
