#!/usr/bin/env bats
# Progress: one display for the programs of a pipe on a terminal, plain lines elsewhere, nothing with -q.

load helper

pipeline=$root/pipeline.sh
export ENVTALLY_BIN=${ENVTALLY_BIN:-$root/bin}

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	mkdir -p ws/licence
	cp "$acme"/licence/*.csv ws/licence/
}
teardown() {
	[ -z "${simulator-}" ] || kill "$simulator" 2>/dev/null || true
	sound_ledgers
}
slow_service() { serve "$acme" --now 2025-03-18T02:00:00Z --fault slow=250@stream; }

# on_terminal COMMAND: what it writes on a terminal of 200 columns
on_terminal() {
	command -v script >/dev/null || skip "no script(1)"
	SHELL=/bin/bash script -qec "stty cols ${columns:-200}; $1" /dev/null </dev/null >screen || {
		cat screen
		return 1
	}
}
# The programs that showed progress, in order, each once as long as it went on; and that each line that was cleared had one program's text.
shown() {
	perl -0777 -ne 'for (split /\r\x1b\[K/) { next unless length; /^(?:\x1b\[\d+m)?([a-z-]+(?:\.sh)?):/ or die "no line of a program: $_\n";
		my $name = $1; die "two texts in one: $_\n" if /: .*(?:fetch-datafeed|merge|normalize): /;
		next if /\n/; push @shown, $name unless @shown && $shown[-1] eq $name } print "@shown\n"' screen
}

@test "on a terminal one program of the pipe at a time shows its progress, and messages clear the line" {
	slow_service
	on_terminal "exec '$pipeline' run -C ws --now 2025-03-18T02:00:00Z"
	[[ $(shown) =~ ^"fetch-subscriptions fetch-datafeed"( merge)?$ ]]
	grep -aqE $'\r\e\\[Kfetch-datafeed: 0 of 6 accounts, 0 envelopes\r' screen
	grep -aqE 'fetch-datafeed: [1-5] of 6 accounts, [0-9]+ envelopes, ([0-9]+ a second, )?[0-9]+ of 3000 requests left this hour' screen
	grep -aqE $'fetch-datafeed: 6 of 6 accounts, [0-9]+ envelopes, .*done in [0-9]+ s\r\n' screen
	grep -aqE $'pipeline.sh: acme: Not Compliant: .*\r\n' screen
}

@test "where only accounts that are due are asked, they are what is done of" {
	serve "$acme" --now 2025-03-25T02:00:00Z --fault slow=250@stream
	"$pipeline" run -q -C ws --now 2025-03-18T02:00:00Z
	on_terminal "exec '$pipeline' run -C ws --due --now 2025-03-21T02:00:00Z"
	asked=$(jq '.counts.accounts_asked' ws/runs/acme/20250321T020000Z/job.json)
	((0 < asked && asked < 6))
	grep -aqE "fetch-datafeed: 0 of $asked accounts due, 0 envelopes" screen
	grep -aqE "fetch-datafeed: $asked of $asked accounts due, [0-9]+ envelopes, .*[0-9]+ of 3000 requests left this hour, done in [0-9]+ s" screen
}

@test "on a terminal a pipe by hand has one display too, and its line fits" {
	columns=40
	slow_service
	export ENVTALLY_NOW=2025-03-18T02:00:00Z
	on_terminal "auth -p ws/profiles/acme.json --no-cache | fetch-subscriptions | fetch-datafeed | normalize | merge --ledger l.db --emit none"
	[[ $(shown) =~ ^"fetch-subscriptions fetch-datafeed"( merge)?$ ]]
	perl -0777 -ne 'for (split /\r\x1b\[K/) { s/\r\z// or next; die "too long: $_\n" if length > 39 }' screen
}

@test "where there is no terminal, plain lines, every so often and at the end" {
	slow_service
	ENVTALLY_PROGRESS=1 run -0 --separate-stderr "$pipeline" run -C ws --now 2025-03-18T02:00:00Z
	[ -z "$output" ]
	grep -qE '^fetch-datafeed: [0-5] of 6 accounts, [0-9]+ envelopes' <<<"$stderr"
	grep -qE '^fetch-datafeed: 6 of 6 accounts, [0-9]+ envelopes, .*[0-9]+ of 3000 requests left this hour, done in [0-9]+ s$' <<<"$stderr"
	run ! grep -qP '[\x00-\x08\x0b-\x1f]' <<<"$stderr"
	run ! grep -q '^merge: [0-9]* envelope records' <<<"$stderr"
}

@test "-q shows none, nor does ENVTALLY_PROGRESS=0" {
	acme_after 1 done
	run -0 --separate-stderr "$pipeline" run -q -C done --replay "$acme/nights/20250325T020000Z"
	run ! grep -q 'of 6 accounts' <<<"$stderr"
	ENVTALLY_PROGRESS=0 run -0 --separate-stderr "$pipeline" run -C done --replay "$acme/nights/20250401T020000Z"
	run ! grep -q 'of 6 accounts' <<<"$stderr"
	slow_service
	on_terminal "exec '$pipeline' run -q -C ws --now 2025-03-18T02:00:00Z"
	same '' "$(cat screen)"
}
