#!/usr/bin/env bats
# Nights divided into shards: every output is that of one process, whatever their number.

load helper

# partials OUTPUT [OPTION-OF-FETCHER]...: a recorded night through merge, into OUTPUT, with the ledger db.OUTPUT.
partials() {
	fetch-datafeed --replay "$night" "${@:2}" <organization.ndjson | normalize -q | merge -q --ledger "db.$1" --emit all >"$1"
}

# The list of accounts of a night, as `organization.ndjson`.
organization() { # NIGHT
	night=$acme/nights/$1
	auth -p "$acme/profiles/acme.json" --replay "$night" | fetch-subscriptions -q --replay "$night" >organization.ndjson
}

# same_outputs EXPECTED GOT: of merge, which prints a STATE for every commit; the last one counts.
same_outputs() {
	same_files <(grep '"type":"STATE"' "$1" | tail -n 1 && grep -v '"type":"STATE"' "$1") "$2"
}

@test "combine makes of 1, 2, 4, 7 and 16 shards what one merge prints, byte for byte" {
	organization 20250318T020000Z
	partials one
	for count in 1 2 4 7 16; do
		for ((shard = 1; shard <= count; shard++)); do partials "part-$count-$shard" --shard "$shard/$count"; done
		combine part-$count-* >combined
		same_outputs one combined
	done
	# Nothing was divided in name only.
	[ "$(grep -c '"stream":"daily_consumption"' part-4-3)" -gt 100 ]
	[ "$(grep -l '"RECORD","stream":"daily_consumption"' part-16-* | wc -l)" -ge 3 ]
}

@test "a second night of four shards, each with its ledger and the whole STATE of the night before, is that of one" {
	organization 20250318T020000Z
	partials one
	for shard in 1 2 3 4; do partials part-$shard --shard $shard/4; done
	combine part-? | grep STATE >state
	organization 20250325T020000Z
	partials one --state state
	for shard in 1 2 3 4; do partials part-$shard --shard $shard/4 --state state; done
	combine part-? >combined
	same_outputs one combined
}

@test "the shard of an account is by the SHA-256 of its id, in any case" {
	for ((i = 0; i < 40; i++)); do
		printf '{"type":"RECORD","stream":"docusign_accounts","record":{"accountId":"%08X-ABCD-4000-8000-00000000000%x"}}\n' $((i * 7919)) $((i % 16))
	done >accounts
	printf '%s\n' '{"type":"RECORD","stream":"docusign_plan_items","record":{"plan_id":"p"}}' >plan
	for shard in 1 2 3; do
		{
			auth -p "$acme/profiles/acme.json" --replay "$acme/nights/20250318T020000Z" | sed 's/"download_consumption":true/"download_consumption":false/'
			cat accounts plan
		} | fetch-datafeed -q --shard $shard/3 >got.$shard
		while read -r line; do
			id=$(sed 's/.*accountId":"\([^"]*\).*/\1/' <<<"$line")
			[ $((16#$(printf %s "${id,,}" | sha256sum | cut -c 1-8) % 3 + 1)) -ne $shard ] || echo "$line"
		done <accounts >expected
		[ -s expected ]
		cat plan >>expected
		same_files expected got.$shard
	done
}

@test "fetch-datafeed: shards that are none, and a feed that cannot be divided, are refused" {
	organization 20250318T020000Z
	for shard in 0/4 5/4 1 1/ /4 1/4x 1/0 -1/4 1/10001 ''; do
		run --separate-stderr fetch-datafeed --shard "$shard" --replay "$night" <organization.ndjson
		fails 64 "fetch-datafeed: cannot use --shard '$shard': it must be K/N, such as 3/16: part K, from 1 to N, of at most 10000 (see --help)"
	done
	jq '.name = "organization.json" | .per = "organization" | .path = "/stream" | del(.query.accountId)' "$root/lib/feeds/datafeed.json" >organization.json
	run --separate-stderr fetch-datafeed --shard 1/2 --feed organization.json --replay "$night" <organization.ndjson
	[ "$status" -eq 64 ]
	[[ $stderr == *"cannot use --shard with feed 'organization.json': it is read for the whole organization at once" ]]
}

record() { printf '{"type":"RECORD","stream":"%s","record":{%s}}\n' "$1" "$2"; }

@test "combine: of two records with one key the later file's counts, of watermarks the later one, of Docusign's counts the one with ours; STATEs become one" {
	{
		echo '{"type":"STATE","value":{"bookmarks":{"f":{"b":{"until":"2"}}},"x":1}}'
		record account '"account_id":"a","account_name":"old"'
		record account_site '"account_id":"a","since":"1"'
		record watermark '"account_id":"a","watermark":"2025-01-02T00:00:00.000Z"'
		record billing_period '"account_id":"a","period_start":"1","units_counted":7'
		record daily_consumption '"account_id":"a","day":"2025-01-02"'
		record daily_consumption '"account_id":"a","day":"2025-01-01"'
		record daily_consumption '"account_id":"c","day":"2025-01-01"'
	} >1
	{
		echo '{"type":"STATE","value":{"bookmarks":{"f":{"a":{"until":"1"},"b":{"until":"3"}},"g":{"z":{}}},"y":{"z":[1]}}}'
		echo '{"type":"NEWS","of":"tomorrow"}'
		record account '"account_id":"a","account_name":"new"'
		record account '"account_id":"b"'
		record account_site '"account_id":"a","since":"2"'
		record watermark '"account_id":"a","watermark":"2025-01-01T00:00:00.000Z"'
		record billing_period '"account_id":"a","period_start":"1","units_counted":null'
		record daily_consumption '"account_id":"a","day":"2025-01-01"'
		record daily_consumption '"account_id":"b","day":"2025-01-01"'
	} >2
	{
		sed -n 2p 2
		echo '{"type":"STATE","value":{"bookmarks":{"f":{"a":{"until":"1"},"b":{"until":"3"}},"g":{"z":{}}},"x":1,"y":{"z":[1]}}}'
		sed -n 3,4p 2
		sed -n 3p 1
		sed -n 5p 2
		sed -n 4,7p 1
		sed -n 8,9p 2
		sed -n 8p 1
	} >expected
	combine 1 2 >got
	same_files expected got
}

@test "combine: files in another order than merge's, and files that are not there, are refused" {
	{
		record account '"account_id":"b"'
		record account '"account_id":"a"'
	} >backwards
	run --separate-stderr combine backwards
	fails 65 "combine: cannot read 'backwards' line 2: this account comes before the record above it: give files as merge prints them, for one part each"
	run --separate-stderr combine backwards missing
	fails 66 "combine: cannot open 'missing': No such file or directory"
	run --separate-stderr combine
	fails 64 "combine: cannot combine nothing: give the files that merge printed, one for each part (see --help)"
}

# same_ledgers EXPECTED GOT: the same records of every stream, and the same output of merge
same_ledgers() {
	"$(type -P export)" --ledger "$1" >expected.export
	"$(type -P export)" --ledger "$2" >got.export
	same_files expected.export got.export
	same_files <(merge -q --ledger "$1" --print-state) <(merge -q --ledger "$2" --print-state)
	same_files <(merge -q --ledger "$1" --emit all </dev/null) <(merge -q --ledger "$2" --emit all </dev/null)
}

@test "ledger join: the ledgers of 4 shards are that of one process; split anew into 16, a night and joined, they are its next" {
	organization 20250318T020000Z
	partials one
	for shard in 1 2 3 4; do partials part-$shard --shard $shard/4; done
	ledger join db.part-? --ledger joined
	same_ledgers db.one joined
	ledger split 16 --ledger joined
	merge --ledger db.one --print-state >state
	organization 20250325T020000Z
	partials one --state state
	for ((shard = 1; shard <= 16; shard++)); do
		mv joined.$shard-of-16 "db.next-$shard"
		merge --ledger "db.next-$shard" --print-state >state
		partials "next-$shard" --shard $shard/16 --state state
	done
	combine next-* >combined
	same_outputs one combined
	ledger join db.next-* --ledger joined-again
	same_ledgers db.one joined-again
}

@test "ledger split, join: a ledger with runs has the content it had, row by row" {
	acme_after 3 ws
	for count in 1 7; do
		ledger split $count --ledger ws/ledger/acme.db
		ledger join ws/ledger/acme.db.*-of-$count --ledger joined.$count
		run-facts prove joined.$count --ledger ws/ledger/acme.db
	done
	same "$(sqlite3 ws/ledger/acme.db 'SELECT count(*) FROM reported')" \
		"$(for part in ws/ledger/acme.db.*-of-7; do sqlite3 "$part" 'SELECT count(*) FROM reported'; done | awk '{ sum += $1 } END { print sum }')"
}

@test "ledger join: an envelope that has moved between shards is counted once, in its latest version" {
	local moved='"envelope_id":"5e5a14b7-0000-4000-8000-000000000001","status":"sent","sent_at":"2025-03-05T12:00:00.000Z"'
	record envelope '"account_id":"a","modified_at":"2025-03-05T12:00:00.000Z",'"$moved" >first
	record envelope '"account_id":"b","modified_at":"2025-03-06T12:00:00.000Z",'"$moved" >second
	cat first second | merge -q --ledger one --emit none
	merge -q --ledger a --emit none <first
	merge -q --ledger b --emit none <second
	ledger join b a --ledger joined
	same_files <(merge --ledger one --emit all </dev/null | grep daily) <(merge --ledger joined --emit all </dev/null | grep daily)
	[ "$(merge --ledger joined --emit all </dev/null | grep -c '"RECORD","stream":"daily_consumption".*"account_id":"b".*"units_consumed":1')" -eq 1 ]
}

@test "ledger: files that exist, are missing or are no ledgers, and other words, are refused" {
	echo x >there
	merge -q --ledger l --emit none </dev/null
	run --separate-stderr ledger join l --ledger there
	fails 73 "ledger: cannot create 'there': it exists"
	run --separate-stderr ledger split 2 --ledger missing
	[ "$status" -eq 66 ] && [ ! -e missing.1-of-2 ]
	run --separate-stderr ledger join l there --ledger new
	[ "$status" -eq 65 ] && [ "$(echo new*)" = "new*" ]
	for words in "split 0" "split" "join" "split 2 3" "weigh 1"; do
		# shellcheck disable=SC2086 # words
		run -64 ledger $words --ledger l
	done
	run -64 ledger split 2
}
