#!/usr/bin/env bats
# Requests are what a night costs: whom it asks, in which order, how often, and what it says of the others.

load helper
load recording

now=2025-03-18T02:00:00.000Z
a=aaaaaaaa-0000-4000-8000-000000000001
b=aaaaaaaa-0000-4000-8000-000000000002
c=aaaaaaaa-0000-4000-8000-000000000003

# accounts ID...: a CONNECTION and an account line each, in `in`.
accounts() {
	{
		jq -nc '{type: "CONNECTION", profile: "acme", organization_id: "9dd1c1a4-5b6e-4c2f-8a37-0e5f6b1d2c90",
			api_base: "https://api.docusign.net", contract_start: "2024-01-31", renewal_months: 3, feed: "datafeed", lookback_days: 8,
			concurrency: 8, ca_bundle: null, accounts: null, download_consumption: true, access_token: null, expires_at: null,
			token_command: null}'
		for id; do printf '{"type":"RECORD","stream":"account","record":{"account_id":"%s"}}\n' "$id"; done
	} >in
}

# answer ACCOUNT CURSOR NEXT COUNT [MODIFIED]: a page with that many envelopes, in the recording.
answer() {
	local cursor=${2//:/%3A} records='' i
	for ((i = 1; i <= $4; i++)); do records="$records${records:+,}{\"envelopeId\":\"$3-$i\",\"lastModifiedDateTime\":\"${5:-2025-03-15T00:00:00Z}\"}"; done
	recording_answer "https://api.docusign.net/api/v2.0/datasets/envelopes/stream?accountId=$1&cursor=$cursor&limit=1000" 200 "{\"endCursor\":\"$3\",\"data\":[$records]}"
}

# state ACCOUNT=MEMBERS...: bookmarks of accounts, in `state`.
state() {
	local one entries=''
	for one; do entries="$entries${entries:+,}\"${one%%=*}\":{${one#*=}}"; done
	echo "{\"bookmarks\":{\"docusign_datafeed\":{$entries}}}" >state
}

teardown() {
	# shellcheck disable=SC2046 # what a test that failed has left in the background, too
	kill $(jobs -p) 2>/dev/null || true
	sound_ledgers
}
feed_requests() { grep -c /datasets/ requests.log || true; }

nights() { jq -r 'select(.type == "RECORD" and .stream == "account_night").record | "\(.account_id[-1:]) \(.turn) \(.outcome) \(.due_on)"' out; }
bookmark() { jq -c --arg id "$1" 'select(.type == "STATE") | .value.bookmarks.docusign_datafeed[$id]' out | tail -n 1; }
fetch() { fetch-datafeed --replay r --state state "$@" <in >out 2>err; }

@test "once a last page was proved, an account takes one request: with news, and with nothing new" {
	accounts $a $b $c
	recording_begin r fetch-datafeed $now
	answer $a 2025-03-10T02:00:00.000Z p1 3
	answer $b 2025-03-10T02:00:00.000Z 2025-03-10T02:00:00.000Z 0
	answer $c 2025-03-10T02:00:00.000Z p1 4 # as many as the page that was proved: that may be a full one
	answer $c p1 p2 2
	recording_end
	before='"until":"2025-03-18T02:00:00.000Z","newest":"2025-03-11T00:00:00.000Z","last_page":4'
	state "$a=$before" "$b=$before" "$c=$before"
	fetch
	same 9 "$(grep -c '"envelopeId":"' out)"
	same '{"until":"2025-03-18T02:00:00.000Z","newest":"2025-03-11T00:00:00.000Z","last_page":4}' "$(bookmark $b)"
}

@test "the weekday is learned from the news, and kept in the STATE" {
	accounts $a $b
	recording_begin r fetch-datafeed $now
	answer $a 2025-03-09T02:00:00.000Z p1 2
	answer $a p1 p1 0
	answer $b 2025-03-02T02:00:00.000Z p1 2 2025-03-16T00:00:00Z
	answer $b p1 p1 0
	recording_end
	# The night before had none of it; eight days before says no more than that it is after the newest.
	state "$a=\"until\":\"2025-03-17T02:00:00.000Z\",\"newest\":\"2025-03-11T00:00:00.000Z\"" "$b=\"until\":\"2025-03-10T02:00:00.000Z\""
	fetch --all
	same '{"until":"2025-03-18T02:00:00.000Z","newest":"2025-03-15T00:00:00.000Z","fed_from":"2025-03-18","fed_to":"2025-03-18","batch":2,"last_page":2}' "$(bookmark $a)"
	same '{"until":"2025-03-18T02:00:00.000Z","newest":"2025-03-16T00:00:00.000Z","fed_from":"2025-03-16","fed_to":"2025-03-18","batch":2,"last_page":2}' "$(bookmark $b)"
	same $'1 not_due news 2025-03-25\n2 due news 2025-03-25' "$(nights)"
}

@test "--due asks who is due and nobody else; the watermark of the others stays where it was" {
	accounts $a $b $c
	recording_begin r fetch-datafeed $now
	answer $b 2025-03-03T02:00:00.000Z p1 1
	answer $c 2024-01-31T00:00:00.000Z 2024-01-31T00:00:00.000Z 0
	recording_end
	known='"newest":"2025-03-10T00:00:00.000Z","batch":4,"last_page":4'
	state "$a=$known,\"until\":\"2025-03-14T02:00:00.000Z\",\"fed_from\":\"2025-03-14\",\"fed_to\":\"2025-03-14\"" \
		"$b=$known,\"until\":\"2025-03-11T02:00:00.000Z\",\"fed_from\":\"2025-03-11\",\"fed_to\":\"2025-03-11\""
	fetch --due
	same '1 not_due not_asked 2025-03-21
2 due news 2025-03-25
3 never_read nothing_new 2025-03-19' "$(nights | sed '3s/2025-03-.*/2025-03-19/')"
	same "$b $c" "$(jq -r 'select(.type == "RECORD" and .stream == "watermark").record.account_id' out | sort | xargs)"
	grep -qx 'fetch-datafeed: 2 of 3 accounts were due: 2 asked, 1 with news, 0 put off' err
	same "$(jq -cS ".bookmarks.docusign_datafeed[\"$a\"]" state)" "$(bookmark $a | jq -cS .)"
}

@test "--max-requests: those that fit; due accounts that do not are put off with 75; those that are not due may wait" {
	accounts $a $b $c
	known='"newest":"2025-03-10T00:00:00.000Z","last_page":4'
	state "$a=$known,\"until\":\"2025-03-14T02:00:00.000Z\",\"fed_from\":\"2025-03-14\",\"fed_to\":\"2025-03-14\",\"batch\":4" \
		"$b=$known,\"until\":\"2025-03-11T02:00:00.000Z\",\"fed_from\":\"2025-03-11\",\"fed_to\":\"2025-03-11\",\"batch\":4" \
		"$c=$known,\"until\":\"2025-03-11T02:00:00.000Z\",\"fed_from\":\"2025-03-11\",\"fed_to\":\"2025-03-11\",\"batch\":40"
	recording_begin r fetch-datafeed $now
	answer $b 2025-03-03T02:00:00.000Z p1 1
	answer $c 2025-03-03T02:00:00.000Z p1 6
	answer $c p1 p2 2
	recording_end
	fetch --max-requests 3
	same '1 not_due not_asked 2 due news 3 due news' "$(nights | cut -d ' ' -f 1-3 | xargs)"
	run -75 fetch --max-requests 1
	[ "$status" -eq 75 ]
	# The one with more news came first; its second page does not fit, and is where the next run continues.
	same '1 not_due not_asked 2 due put_off 3 due put_off' "$(nights | cut -d ' ' -f 1-3 | xargs)"
	same p1 "$(bookmark $c | jq -r .position)"
	tail -n 1 err | grep -qx 'fetch-datafeed: cannot fetch 2 of 2 accounts that are due with 1 requests: the next run asks them first'
	jq -c 'select(.type == "STATE")' out >state
	recording_begin r fetch-datafeed 2025-03-19T02:00:00.000Z
	answer $c p1 p2 2 2025-03-16T00:00:00Z
	recording_end
	run -75 fetch --max-requests 1
	same '1 not_due not_asked 2 due put_off 3 never_read news' "$(nights | cut -d ' ' -f 1-3 | xargs)"
}

@test "options that contradict each other, and a STATE that is wrong, are refused" {
	accounts $a
	recording_begin r fetch-datafeed $now
	recording_end
	for wrong in '"fed_from":"2025-03-01"' '"fed_from":"2025-03-02","fed_to":"2025-03-01"' '"fed_from":"x","fed_to":"2025-03-01"' '"last_page":-1' '"batch":"1"'; do
		state "$a=$wrong"
		run -65 fetch
		grep -q "^fetch-datafeed: cannot use the state 'state': " err
	done
	run -64 fetch --all --due
	run -64 fetch --max-requests -1
	run -64 "$root/pipeline.sh" run --all --due -C ws
	run -64 "$root/pipeline.sh" run --max-requests 0 -C ws
}

@test "nights of a week: a request for each account that is asked, what the run says of them, and the replay of it" {
	mkdir ws && cp -r "$acme/licence" ws/
	serve "$acme" --now 2025-03-18T02:00:00Z --page-size 1000
	for day in 18 19 24 25; do
		curl -sS --cacert ws/profiles/acme-ca.pem -X PUT -d "2025-03-${day}T02:00:00Z" "$origin/_simulator/now"
		asked_before=$(feed_requests)
		"$root/pipeline.sh" run -q -C ws --due --now "2025-03-${day}T02:00:00Z"
		requests=$(($(feed_requests) - asked_before))
		jq -r --arg n $requests '.counts | "\(.accounts_due) \(.accounts_asked) \(.accounts_with_news) \(.accounts_put_off) \($n)"' ws/runs/acme/202503${day}T*/job.json
	done >got
	# First two requests each: where the pages end is not known yet. On their days one each.
	same '6 6 6 0 12
0 1 1 0 1' "$(head -n 2 got)"
	awk 'NR > 2 && ($5 != $2 || $2 > 6) || NR > 2 && $2 == 0 { exit 1 }' got
	"$root/pipeline.sh" verify 20250325T020000Z -C ws
	"$root/pipeline.sh" status -C ws --accounts --now 2025-03-26T02:00:00Z >status
	same 6 "$(grep -cE '^acme  account .*: due on 2025-0[34]-[0-9]+; read on 2025-03-[0-9]+(, with news)?$' status)"
	run ! grep -q 'stale' status
}

@test "limit_share: half of the hour's limit is left to others, by all runs of the key together" {
	serve "$acme" --now 2025-03-18T02:00:00Z --rate-limit 60
	jq '.limit_share = 50' ws/profiles/acme.json >p && mv p ws/profiles/acme.json
	auth -p ws/profiles/acme.json --cache ws --show-token | fetch-subscriptions -q --show-token >in
	# It waits in the end, for the next hour; so would whoever comes after it.
	fetch-datafeed <in >/dev/null 2>err &
	fetcher=$!
	eventually grep -q 'the limit of requests is nearly reached: waiting' err
	kill $fetcher
	wait $fetcher || true
	used=$(grep -cE '"url":"/(api|Management|restapi)/' requests.log)
	[ "$used" -ge 24 ]
	[ "$used" -le 30 ]
}

@test "limit_share: of runs side by side, what all have asked together is its part of the limit" {
	serve "$acme" --now 2025-03-18T02:00:00Z --rate-limit 60 --page-size 20
	jq '.limit_share = 50' ws/profiles/acme.json >p && mv p ws/profiles/acme.json
	jq '.name = "beta"' ws/profiles/acme.json >ws/profiles/beta.json
	cp -r "$acme/licence" ws/
	"$root/pipeline.sh" run -C ws --now 2025-03-18T02:00:00Z --jobs 2 --shards 2 --at-once 4 2>err &
	runs=$!
	# Its shards say it, or what lists the accounts: one run may have used up what both have.
	waits() { grep -qsr 'nearly reached: waiting' "ws/runs/$1" --include log || grep -q "$1: .*nearly reached: waiting" err; }
	for name in acme beta; do eventually waits $name; done
	kill $runs
	wait $runs || true
	used=$(grep -cE '"url":"/(api|Management|restapi)/' requests.log)
	[ "$used" -ge 24 ]
	[ "$used" -le 30 ]
}

@test "reconcile by hand says of accounts what the run's report says: who was not asked is not behind" {
	mkdir ws && cp -r "$acme/licence" ws/
	serve "$acme" --now 2025-03-18T02:00:00Z --page-size 1000
	for day in 18 19; do
		curl -sS --cacert ws/profiles/acme-ca.pem -X PUT -d "2025-03-${day}T02:00:00Z" "$origin/_simulator/now"
		"$root/pipeline.sh" run -q -C ws --due --now "2025-03-${day}T02:00:00Z"
	done
	same 5 "$(jq -r 'select(.record and .stream == "account_night").record.outcome' ws/runs/acme/20250319T020000Z/accounts.ndjson | grep -c not_asked)"
	# A week after the account was read its report is as far as it was to be, and later it is stale.
	for now in 2025-03-19T02:00:00Z 2025-03-26T02:00:00Z 2025-04-10T02:00:00Z; do
		"$root/pipeline.sh" reconcile -C ws --now $now >by-hand
		cat ws/runs/acme/20250319T020000Z/{accounts,subscriptions,consumption,restatements,results}.ndjson | report --title acme --now $now >of-run
		same_files <(sed '/^Restatements/,/^$/d; / reported before changed/d' of-run) <(sed '/^Restatements/,/^$/d' by-hand)
	done
}
