#!/usr/bin/env bats
# The fuzz targets (doc/fuzzing.md) on their seeds and on every input that has failed: no crash, and what each finds agrees with its oracle.
# Without libFuzzer, so that gcc is enough. With SANITIZE=1 under both sanitizers.

# root is helper's.
# shellcheck disable=SC2154

load helper

fuzz=$ENVTALLY_BUILD/tests/fuzz

@test "every fuzz target has seeds, and there are none of others" {
	same "$("$fuzz" --list | sort)" "$(ls "$root/tests/fuzz/seeds")"
	shopt -s nullglob
	for folder in "$root"/tests/fuzz/found/* "$root"/tests/fuzz/dict/*; do
		"$fuzz" --list | grep -qx "${folder##*/}"
	done
}

@test "seeds and found inputs: each target agrees with its oracle" {
	export LSAN_OPTIONS=suppressions=$root/tests/fuzz/leaks.txt:print_suppressions=0
	for target in $("$fuzz" --list); do
		folders=("$root/tests/fuzz/seeds/$target")
		[ ! -d "$root/tests/fuzz/found/$target" ] || folders+=("$root/tests/fuzz/found/$target")
		"$fuzz" "$target" "${folders[@]}" >/dev/null 2>log || {
			echo "$target:"
			tail -n 20 log
			return 1
		}
	done
}

@test "each field of each record left out, null, of another kind, empty, hostile and too large: read or refused by the stages, never a crash" {
	export LSAN_OPTIONS=suppressions=$root/tests/fuzz/leaks.txt:print_suppressions=0
	grep -E '"stream":"(account|account_site|subscription|watermark|consumption|contract|billing_period|daily_consumption)"' "$root/tests/fuzz/records" >input
	for target in chargeback explain models forecast aggregate reconcile; do
		records=$root/tests/fuzz/records
		[ $target != reconcile ] || records=input
		"$fuzz" --fields $target "$records" >/dev/null 2>log || {
			echo "$target:"
			tail -n 3 log
			return 1
		}
	done
}

@test "a target that is not there is refused, and an input that cannot be read" {
	run -64 "$fuzz" nothing
	same "fuzz: cannot run 'nothing': there is no such target (fuzz --list)" "$output"
	run -66 "$fuzz" policy missing
}
