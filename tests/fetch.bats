#!/usr/bin/env bats
# fetch-subscriptions and fetch-datafeed on recordings: requests, output, bookmarks, failures.
# The network is in http.bats.

load helper
load recording

now=2025-03-18T02:00:00.000Z
a=aaaaaaaa-0000-4000-8000-000000000001
b=aaaaaaaa-0000-4000-8000-000000000002

bin=${ENVTALLY_BIN:-$root/bin}
night=$acme/nights/20250318T020000Z

# connection [JQ]: a CONNECTION line, changed by the jq program.
connection() {
	jq -nc '{type: "CONNECTION", profile: "acme", organization_id: "9dd1c1a4-5b6e-4c2f-8a37-0e5f6b1d2c90",
		api_base: "https://api.docusign.net", contract_start: "2024-01-31", renewal_months: 3, feed: "datafeed", lookback_days: 8,
		concurrency: 8, ca_bundle: null, accounts: null, download_consumption: true, access_token: null, expires_at: null,
		token_command: null} | '"${1:-.}"
}

# accounts ID…: a CONNECTION and an account line each.
accounts() {
	connection
	for id; do printf '{"type":"RECORD","stream":"account","record":{"account_id":"%s"}}\n' "$id"; done
}

# page ACCOUNT CURSOR: the URL of a page of the datafeed preset.
page() {
	printf 'https://api.docusign.net/api/v2.0/datasets/envelopes/stream?accountId=%s&cursor=%s&limit=1000' "$1" "$2"
}

first=2024-01-31T00%3A00%3A00.000Z

# envelope ID [MODIFIED]: a raw record.
envelope() {
	printf '{"envelopeId":"%s","lastModifiedDateTime":"%s"}' "$1" "${2:-2025-03-01T00:00:00.1234567Z}"
}

# caught_up ACCOUNT ID…: records the account's way: one page with these envelopes, one without any.
caught_up() {
	local account=$1 records=
	shift
	for id; do records=$records,$(envelope "$id"); done
	recording_answer "$(page "$account" $first)" 200 "{\"endCursor\":\"end-$account\",\"data\":[${records#,}]}"
	recording_answer "$(page "$account" "end-$account")" 200 "{\"endCursor\":\"end-$account\",\"data\":[]}"
}

# fetched: the envelope ids in the output, one a line.
fetched() {
	jq -r 'select(.type == "RECORD" and .stream == "docusign_datafeed") | .record.envelopeId' out
}

# bookmark ACCOUNT: the account's entry in the last STATE.
bookmark() {
	jq -c --arg id "$1" 'select(.type == "STATE") | .value.bookmarks.docusign_datafeed[$id]' out | tail -n 1
}

# fails STATUS PROGRAM …: runs it with stdin from `in`, stdout to `out`, stderr to `err`.
fails() {
	local wanted=$1 got=0
	shift
	"$@" <in >out 2>err || got=$?
	[ "$got" -eq "$wanted" ] || {
		echo "exit status $got, not $wanted: $(cat err)"
		return 1
	}
}

fetch() {
	"$bin/fetch-datafeed" "$@" <in >out 2>err || { cat err && return 1; }
}

said() {
	grep -qF -- "$1" err || { echo "not said: $1" && cat err && return 1; }
}

# ---- fetch-subscriptions ----

@test "accounts and plan items come out as they were sent, after the CONNECTION" {
	connection >in
	"$bin/fetch-subscriptions" --replay "$night" <in >out 2>err
	[ "$(jq -r .type out | head -n 2 | paste -sd ' ')" = 'CONNECTION SCHEMA' ]
	# The recorded bodies are two answers of accounts, a refusal and the plan items: the records are in there as text.
	jq -c 'select(.type == "RECORD") | .record' out >got
	jq -c 'if type == "array" then .[] else .assetGroupAccounts[]? end' "$night/fetch-subscriptions.bodies" >wanted
	cmp got wanted
	grep -o '"record":{"plan_id":.*"modules":\[[^]]*\]}' out | sed 's/^"record"://' >got
	while IFS= read -r record; do grep -qF -- "$record" "$night/fetch-subscriptions.bodies"; done <got
	jq -es 'map(select(.type == "RECORD")) | length > 5 and all(.time_extracted == "2025-03-18T02:00:00.000Z"
		and .context == {organization_id: "9dd1c1a4-5b6e-4c2f-8a37-0e5f6b1d2c90"})' out
	said "warning: accounts outside all asset groups remain unknown"
}

@test "the organization's list adds the accounts that no asset group names" {
	base=https://api.docusign.net/Management/v2/organizations
	org=$base/9dd1c1a4-5b6e-4c2f-8a37-0e5f6b1d2c90
	recording_begin r fetch-subscriptions $now
	recording_answer "$org/assetGroups/accounts?compliant=true" 200 '{"assetGroupAccounts":[{"accountId":"AA-1","accountName":"x"}]}'
	recording_answer "$org/assetGroups/accounts?compliant=false" 200 '{"assetGroupAccounts":[]}'
	recording_answer "$base" 200 '{"organizations":[{"id":"other","accounts":[{"id":"no"}]},
		{"id":"9DD1C1A4-5B6E-4C2F-8A37-0E5F6B1D2C90","accounts":[{"id":"aa-1","name":"x"},{"id":"bb-2","name":"y",
		"site_id":3}]}]}'
	recording_answer "$org/planItems" 200 '[]'
	recording_end
	connection | "$bin/fetch-subscriptions" --replay r >out
	[ "$(jq -c 'select(.type == "RECORD") | .record' out | paste -sd ' ')" = '{"accountId":"AA-1","accountName":"x"} {"id":"bb-2","name":"y","site_id":3}' ]
}

@test "the token is not written to a file unless asked for; into a pipe it is" {
	connection '.access_token = "s3cret" | .expires_at = "2025-03-18T03:00:00.000Z"' >in
	"$bin/fetch-subscriptions" --replay "$night" <in >out 2>err
	run ! grep -q s3cret out err
	"$bin/fetch-subscriptions" --replay "$night" --show-token <in >out 2>err
	grep -q '"access_token":"s3cret"' out
	"$bin/fetch-subscriptions" --replay "$night" <in 2>err | cat >out
	grep -q '"access_token":"s3cret"' out
}

@test "an element that is no object costs itself alone" {
	base=https://api.docusign.net/Management/v2/organizations
	org=$base/9dd1c1a4-5b6e-4c2f-8a37-0e5f6b1d2c90
	recording_begin r fetch-subscriptions $now
	recording_answer "$org/assetGroups/accounts?compliant=true" 200 '{"assetGroupAccounts":[null,{"accountId":"a"},7]}'
	recording_answer "$org/assetGroups/accounts?compliant=false" 200 '{"assetGroupAccounts":[]}'
	recording_answer "$base" 200 '{"organizations":[[],{"id":"9dd1c1a4-5b6e-4c2f-8a37-0e5f6b1d2c90","accounts":[null,{"id":"b"}]}]}'
	recording_answer "$org/planItems" 200 '["x",{"subscription_id":"s"}]'
	recording_end
	connection | "$bin/fetch-subscriptions" --replay r 2>err >out
	[ "$(jq -c 'select(.type == "RECORD") | .record' out | paste -sd ' ')" = '{"accountId":"a"} {"id":"b"} {"subscription_id":"s"}' ]
	said "warning: 2 elements of the response of '$org/assetGroups/accounts?compliant=true' are not objects: they are left out"
	said "warning: 2 elements of the response of '$base' are not objects: they are left out"
	said "warning: 1 elements of the response of '$org/planItems' are not objects: they are left out"
}

@test "a record over 16 MiB goes through all fetchers to normalize; what has no id that fits is not fetched" {
	base=https://api.docusign.net/Management/v2/organizations
	org=$base/9dd1c1a4-5b6e-4c2f-8a37-0e5f6b1d2c90
	recording_begin r fetch-subscriptions $now
	recording_answer "$org/assetGroups/accounts?compliant=true" 200 '{"assetGroupAccounts":[{"accountId":"'$a'","accountName":"'"$(head -c 17000000 /dev/zero | tr '\0' x)"'"},
		{"accountId":"'$b'"},{"accountId":"'"$(printf 'a%.0s' {1..47})"'"},{"accountId":"a\u0000b"}]}'
	recording_answer "$org/assetGroups/accounts?compliant=false" 200 '{"assetGroupAccounts":[]}'
	recording_answer "$base" 403 '{}'
	recording_answer "$org/planItems" 200 '[]'
	recording_end
	recording_begin r fetch-datafeed $now
	caught_up $b e1
	recording_end
	connection | "$bin/fetch-subscriptions" --replay r 2>err >in
	fetch --replay r
	said "warning: line 3 of standard input is longer than 16777216 bytes: it is copied, but the account in it is not fetched"
	[ "$(fetched)" = e1 ]
	sed -n 3p in | cmp - <(sed -n 2p out)
	"$bin/normalize" --rejects rejects <out 2>err | jq -r 'select(.type == "RECORD" and .stream == "account") | .record.account_id' >got
	[ "$(cat got)" = $b ]
	[ "$(grep -c docusign_accounts rejects)" -eq 3 ]
	[ "$(jq -r .reason rejects | head -n 1)" = "it is longer than 16777216 bytes" ]
}

@test "an answer of another shape is an error that says where" {
	org=https://api.docusign.net/Management/v2/organizations/9dd1c1a4-5b6e-4c2f-8a37-0e5f6b1d2c90
	recording_begin r fetch-subscriptions $now
	recording_answer "$org/assetGroups/accounts?compliant=true" 200 '{"accounts":[]}'
	recording_end
	connection >in
	fails 65 "$bin/fetch-subscriptions" --replay r
	said "fetch-subscriptions: cannot use the response of '$org/assetGroups/accounts?compliant=true': '/assetGroupAccounts' must be an array, but is absent"
}

# ---- a whole night ----

@test "three nights, one after the other, give every record of the recorded pages, once and as it is" {
	state=()
	for n in "$acme"/nights/*; do
		connection | "$bin/fetch-subscriptions" --replay "$n" 2>err | "$bin/fetch-datafeed" --replay "$n" "${state[@]}" >out
		jq -c 'select(.type == "RECORD" and .stream == "docusign_datafeed") | .record' out >got
		jq -c '.data[]' "$n/fetch-datafeed.bodies" >wanted
		cmp got wanted
		grep -o '"record":{"envelopeId".*},"context"' out | sed 's/^"record"://; s/,"context"$//' >got
		tr -d '\n' <"$n/fetch-datafeed.bodies" >bodies
		head -n 3 got | while IFS= read -r record; do grep -qF -- "$record" bodies; done
		jq -c 'select(.type == "STATE")' out >state.json
		state=(--state state.json)
	done
	[ "$(jq -c 'select(.stream == "watermark" and .type == "RECORD") | .record.account_id' out | sort -u | wc -l)" -eq 6 ]
	jq -es 'last.value.bookmarks.docusign_datafeed | length == 6 and all(.until == "2025-04-01T02:00:00.000Z" and has("position") == false)' state.json
}

@test "records say for which account and when they were fetched" {
	recording_begin r fetch-datafeed $now
	caught_up $a e1
	recording_end
	accounts $a >in
	fetch --replay r
	[ "$(jq -c 'select(.stream == "docusign_datafeed" and .type == "RECORD") | del(.record)' out)" = '{"type":"RECORD","stream":"docusign_datafeed","context":{"organization_id":"9dd1c1a4-5b6e-4c2f-8a37-0e5f6b1d2c90","account_id":"'$a'"},"time_extracted":"'$now'"}' ]
}

@test "other lines of standard input are passed on in order; the CONNECTION is not" {
	recording_begin r fetch-datafeed $now
	recording_end
	{ echo '{"type":"ODD","x":1}'; connection; echo '{"type":"STATE","value":{"other":1}}'; echo '{"type":"SCHEMA","stream":"s","schema":{},"key_properties":[]}'; } >in
	fetch --replay r
	[ "$(head -n 3 out | jq -r .type | paste -sd ' ')" = 'ODD STATE SCHEMA' ]
	run ! grep -q CONNECTION out
	said "no accounts on standard input"
}

@test "accounts are found in raw and canonical records, once each, whatever the case; the connection may restrict them" {
	recording_begin r fetch-datafeed $now
	caught_up $a e1
	caught_up $b e2
	recording_end
	{
		connection
		printf '{"type":"RECORD","stream":"docusign_accounts","record":{"accountId":"%s"}}\n' ${a^^} $a
		printf '{"type":"RECORD","stream":"docusign_accounts","record":{"id":"%s"}}\n' $b
		printf '{"type":"RECORD","stream":"account","record":{"account_id":"%s"}}\n' $b
	} >in
	fetch --replay r
	[ "$(fetched | paste -sd ' ')" = 'e1 e2' ]
	{ connection ".accounts = [\"$b\", \"cc\"]"; accounts $a $b | tail -n 2; } >in
	fetch --replay r
	[ "$(fetched | paste -sd ' ')" = e2 ]
	said "warning: account 'cc' of the profile is not among the organization's"
}

# ---- bookmarks ----

@test "a first run begins at the contract's start, the next at the bookmark less the look-back" {
	recording_begin r fetch-datafeed $now
	recording_answer "$(page $a 2025-03-02T01%3A02%3A03.000Z)" 200 '{"endCursor":"x","data":[]}'
	recording_answer "$(page $a x)" 200 '{"endCursor":"x","data":[]}'
	recording_end
	accounts $a >in
	echo '{"bookmarks":{"docusign_datafeed":{"'$a'":{"until":"2025-03-10T01:02:03.000Z"}}}}' >state
	fetch --replay r --state state
	[ "$(bookmark $a)" = '{"until":"'$now'"}' ]
	for first_run in '' '{}' 'null' '{"type":"STATE","value":{}}'; do
		echo "$first_run" >state
		fails 66 "$bin/fetch-datafeed" --replay r --state state
		said "no recorded response for GET $(page $a $first)"
	done
}

@test "of STATE lines the last counts; bookmarks of other accounts and streams are kept" {
	recording_begin r fetch-datafeed $now
	recording_answer "$(page $a 2025-03-02T00%3A00%3A00.000Z)" 200 '{"endCursor":"2025-03-02T00:00:00.000Z","data":[]}'
	recording_end
	accounts $a >in
	cat >state <<-END
		{"type":"STATE","value":{"bookmarks":{"docusign_datafeed":{"$a":{"until":"2025-01-01T00:00:00Z"}}}}}
		{"type":"STATE","value":{"bookmarks":{"s":{"q":1},"docusign_datafeed":{"$b":{"until":"2025-02-02T00:00:00.000Z"},"$a":{"until":"2025-03-10T00:00:00.000Z"}}},"currently_syncing":"s"}}

	END
	fetch --replay r --state state
	jq -es --arg a $a --arg b $b --arg now $now 'map(select(.type == "STATE")) | last.value == {bookmarks: {docusign_datafeed:
		{($a): {until: $now}, ($b): {until: "2025-02-02T00:00:00.000Z"}}, s: {q: 1}}, currently_syncing: "s"}' out
}

@test "members of the state that are not ours come back byte for byte: no number loses a digit" {
	recording_begin r fetch-datafeed $now
	recording_answer "$(page $a $first)" 200 '{"endCursor":"2024-01-31T00:00:00.000Z","data":[]}'
	recording_end
	accounts $a >in
	others='"s":{"q":9223372036854775807,"r":[1.10,"\u00e9\ud83d", {"x": null}]},"t":12345678901234567890'
	more='"u":-9007199254740993,"é\"\\":"\/"'
	echo '{"type":"STATE","value":{"bookmarks":{'"$others"',"docusign_datafeed":{}},'"$more"'}}' >state
	fetch --replay r --state state
	grep -qF -- "$others" out
	grep -qF -- "$more" out
}

@test "a window that was interrupted goes on where it was" {
	recording_begin r fetch-datafeed $now
	recording_answer "$(page $a p%2F2%2B)" 200 '{"endCursor":"p3","data":['"$(envelope e2)"']}'
	recording_answer "$(page $a p3)" 200 '{"endCursor":"p3","data":[]}'
	recording_end
	accounts $a >in
	echo '{"bookmarks":{"docusign_datafeed":{"'$a'":{"since":"2025-03-01T00:00:00.000Z","until":"2025-03-17T02:00:00.000Z","position":"p/2+"}}}}' >state
	fetch --replay r --state state
	[ "$(fetched)" = e2 ]
	[ "$(bookmark $a)" = '{"until":"'$now'","newest":"2025-03-01T00:00:00.123Z"}' ]
}

@test "an account that was resumed and breaks stays where it was, to the byte of its bookmark" {
	local before='{"since":"2025-03-01T00:00:00.000Z","until":"2025-03-17T02:00:00.000Z","newest":"2025-03-01T00:00:00.123Z","position":"p/2+"}'
	recording_begin r fetch-datafeed $now
	recording_answer "$(page $a p%2F2%2B)" 200 '{"endCursor":"p3","data":['"$(envelope e2)"']}'
	recording_answer "$(page $a p3)" 200 '{"endCursor":"p3","data":['"$(envelope e3)"']}'
	caught_up $b e1
	recording_end
	accounts $a $b >in
	echo '{"bookmarks":{"docusign_datafeed":{"'$a'":'"$before"'}}}' >state
	fails 75 "$bin/fetch-datafeed" --replay r --state state
	same "$before" "$(bookmark $a)"
}

@test "a state that is none is refused with its reason" {
	accounts $a >in
	fails 66 "$bin/fetch-datafeed" --replay "$night" --state nowhere
	said "fetch-datafeed: cannot open the state 'nowhere': No such file or directory"
	while IFS='|' read -r text reason; do
		printf '%s\n' "$text" >state
		fails 65 "$bin/fetch-datafeed" --replay "$night" --state state
		said "cannot use the state 'state': $reason"
	done <<-'END'
		{"bookmarks|it is not JSON
		[1]|it is not a JSON object
		{"bookmarks":1}|its "bookmarks" are not an object
		{"bookmarks":{"docusign_datafeed":[]}}|its bookmarks of docusign_datafeed are not an object
		{"bookmarks":{"docusign_datafeed":{"x":1}}}|the bookmark of account 'x' is not an object
		{"bookmarks":{"docusign_datafeed":{"x":{"until":"yesterday"}}}}|"until" of account 'x' is not a time
		{"bookmarks":{"docusign_datafeed":{"x":{"position":"p"}}}}|account 'x' has a "position" without "since" and "until"
	END
}

@test "STATE comes after the records that it covers, and not so often that it outweighs them" {
	recording_begin r fetch-datafeed $now
	printf 'x%.0s' $(seq 20000) >filler
	accounts acct-{1..40} >in
	for i in $(seq 40); do
		recording_answer "$(page "acct-$i" $first)" 200 '{"endCursor":"n","data":[{"envelopeId":"e'"$i"'","lastModifiedDateTime":"2025-03-01T00:00:00Z","f":"'"$(cat filler)"'"}]}'
		recording_answer "$(page "acct-$i" n)" 200 '{"endCursor":"n","data":[]}'
	done
	recording_end
	fetch --replay r
	# At every STATE: accounts in it have their record, and those caught up their watermark, above it.
	jq -es '[foreach .[] as $m ({seen: [], marks: [], good: true};
		if $m.stream == "docusign_datafeed" and $m.type == "RECORD" then .seen += [$m.context.account_id]
		elif $m.stream == "watermark" and $m.type == "RECORD" then .marks += [$m.record.account_id]
		elif $m.type == "STATE" then .seen as $seen | .marks as $marks
			| .good = ($m.value.bookmarks.docusign_datafeed | to_entries | all(
				(.key | IN($seen[])) and (.value.position != null or (.key | IN($marks[])))))
		else . end; .good)] | all' out
	[ "$(jq -c 'select(.type == "STATE")' out | wc -l)" -gt 3 ]
	[ "$(jq -c 'select(.type == "STATE")' out | wc -c)" -lt $(($(wc -c <out) / 4)) ]
	[ "$(tail -n 1 out | jq -r .type)" = STATE ]
}

# ---- watermarks ----

@test "a watermark is the newest time seen, at least the settled days before the run, at most the run" {
	recording_begin r fetch-datafeed $now
	recording_answer "$(page w1 $first)" 200 '{"endCursor":"n","data":['"$(envelope e1 2025-03-17T01:02:03.4567891Z),$(envelope e2 2025-03-16T00:00:00Z)"']}'
	recording_answer "$(page w1 n)" 200 '{"endCursor":"n","data":[]}'
	recording_answer "$(page w2 $first)" 200 '{"endCursor":"n","data":['"$(envelope e3 2025-01-01T00:00:00Z)"']}'
	recording_answer "$(page w2 n)" 200 '{"endCursor":"n","data":[]}'
	recording_answer "$(page w3 $first)" 200 '{"endCursor":"n","data":['"$(envelope e4 2099-01-01T00:00:00Z)"']}'
	recording_answer "$(page w3 n)" 200 '{"endCursor":"n","data":[]}'
	recording_end
	accounts w1 w2 w3 >in
	fetch --replay r
	[ "$(jq -r 'select(.stream == "watermark" and .type == "RECORD") | .record | .account_id + " " + .watermark' out | paste -sd ' ')" = \
		"w1 2025-03-17T01:02:03.456Z w2 2025-03-10T02:00:00.000Z w3 $now" ]
}

# ---- failures ----

@test "one account that is refused does not stop the others: 75, a line, its bookmark stays" {
	recording_begin r fetch-datafeed $now
	recording_answer "$(page $a 2025-02-02T00%3A00%3A00.000Z)" 403 '{"errorCode":"USER_LACKS_PERMISSIONS","message":"No."}'
	caught_up $b e1 e2
	recording_end
	accounts $a $b >in
	echo '{"bookmarks":{"docusign_datafeed":{"'$a'":{"until":"2025-02-10T00:00:00.000Z"}}}}' >state
	fails 75 "$bin/fetch-datafeed" --replay r --state state
	[ "$(fetched | paste -sd ' ')" = 'e1 e2' ]
	[ "$(bookmark $a)" = '{"until":"2025-02-10T00:00:00.000Z"}' ]
	[ "$(bookmark $b | jq -r .until)" = $now ]
	said "fetch-datafeed: cannot fetch account '$a': cannot get '$(page $a 2025-02-02T00%3A00%3A00.000Z)': HTTP 403: USER_LACKS_PERMISSIONS: No. ("
	[ "$(tail -n 1 err)" = "fetch-datafeed: cannot fetch 1 of 2 accounts: their bookmarks stay, the next run asks again" ]
	[ "$(jq -r 'select(.stream == "watermark" and .type == "RECORD") | .record.account_id' out)" = $b ]
}

@test "an account that breaks in the middle keeps how far it got" {
	recording_begin r fetch-datafeed $now
	recording_answer "$(page $a $first)" 200 '{"endCursor":"p2","data":['"$(envelope e1)"']}'
	caught_up $b e2
	recording_answer "$(page $a p2)" 500 'oops' '{"content-type":"text/plain"}' false
	recording_answer "$(page $a p2)" 503 'oops' '{"content-type":"text/plain"}'
	recording_end
	accounts $a $b >in
	fails 75 "$bin/fetch-datafeed" --replay r
	[ "$(fetched | paste -sd ' ')" = 'e1 e2' ]
	[ "$(bookmark $a)" = '{"since":"2024-01-31T00:00:00.000Z","until":"'$now'","newest":"2025-03-01T00:00:00.123Z","position":"p2"}' ]
}

@test "when no account can be read the exit status is that of the failure" {
	accounts $a $b >in
	while read -r status exit; do
		rm -rf r
		recording_begin r fetch-datafeed $now
		recording_answer "$(page $a $first)" "$status" '{}'
		recording_answer "$(page $b $first)" 500 '{}'
		recording_end
		fails "$exit" "$bin/fetch-datafeed" --replay r
		[ "$(tail -n 1 err)" = 'fetch-datafeed: cannot fetch any of 2 accounts: their bookmarks stay' ]
	done <<-'END'
		401 77
		403 77
		404 69
		429 75
		503 69
	END
}

@test "an answer that is no JSON, or no page, is said with what it begins with" {
	accounts $a >in
	while IFS='|' read -r body type said; do
		rm -rf r
		recording_begin r fetch-datafeed $now
		recording_answer "$(page $a $first)" 200 "$(printf '%b' "$body")" "{\"content-type\":\"$type\"}"
		recording_end
		fails 65 "$bin/fetch-datafeed" --replay r
		said "$said"
	done <<-'END'
		<html>\x1b[31m|text/html|the response is 'text/html', not JSON; it begins: <html>\x1b[31m
		{"data":[|application/json|the response is not JSON:
		{"data":[]}|application/json|'/endCursor' must be the next cursor, but is absent
		{"endCursor":"x","data":{}}|application/json|'/data' must be the array of records, but is an object
		{"endCursor":"x","data":[1]}|application/json; charset=utf-8|a record is not an object: 1
		{"endCursor":"\xff","data":[]}|application/json|the response is not JSON: not UTF-8; it begins: {"endCursor":"\xff","data":[]}
	END
}

@test "a feed that goes in a circle is an error for its account, which stays where it was" {
	recording_begin r fetch-datafeed $now
	recording_answer "$(page $a $first)" 200 '{"endCursor":"p1","data":['"$(envelope e1)"']}'
	recording_answer "$(page $a p1)" 200 '{"endCursor":"p1","data":['"$(envelope e2)"']}'
	caught_up $b e3
	recording_end
	accounts $a $b >in
	fails 75 "$bin/fetch-datafeed" --replay r
	said "the feed loops: after 'p1' it leads to the same again"
	[ "$(bookmark $a)" = '{"newest":"2025-03-01T00:00:00.123Z"}' ]

	rm -rf r
	recording_begin r fetch-datafeed $now
	caught_up $b e3
	recording_answer "$(page $a $first)" 200 '{"endCursor":"p0","data":[]}'
	for p in 0 1 2 0 1 2 0 1 2; do
		recording_answer "$(page $a p$p)" 200 '{"endCursor":"p'$(((p + 1) % 3))'","data":[]}'
	done
	recording_end
	fails 75 "$bin/fetch-datafeed" --replay r
	said "the feed loops: it returns to 'p"
}

@test "a cursor that the service does not know any more starts the account again from its look-back" {
	recording_begin r fetch-datafeed $now
	recording_answer "$(page $a old)" 400 '{"errorCode":"INVALID_CURSOR"}'
	recording_answer "$(page $a 2025-03-01T00%3A00%3A00.000Z)" 200 '{"endCursor":"n","data":['"$(envelope e1)"']}'
	recording_answer "$(page $a n)" 200 '{"endCursor":"n","data":[]}'
	recording_end
	accounts $a >in
	echo '{"bookmarks":{"docusign_datafeed":{"'$a'":{"since":"2025-03-01T00:00:00.000Z","until":"2025-03-17T02:00:00.000Z","position":"old"}}}}' >state
	fetch --replay r --state state
	said "warning: the service does not know the position of '$a' any more (HTTP 400): starting again from 2025-03-01T00:00:00.000Z"
	[ "$(bookmark $a | jq -r .until)" = $now ]
}

@test "an error in a 200 is said, and is its account's; no count of them is an outage" {
	accounts acct-{1..20} $b >in
	recording_begin r fetch-datafeed $now
	for i in {1..20}; do
		recording_answer "$(page acct-$i $first)" 200 '{"errorCode":"ACCOUNT_LACKS_PERMISSIONS","message":"No feed."}'
	done
	caught_up $b e1
	recording_end
	fails 75 "$bin/fetch-datafeed" --replay r
	said "fetch-datafeed: cannot fetch account 'acct-1': cannot get '$(page acct-1 $first)': HTTP 200: ACCOUNT_LACKS_PERMISSIONS: No feed."
	[ "$(fetched)" = e1 ]

	# In the form of the token service; at a limit; and what is no error.
	rm -r r
	recording_begin r fetch-datafeed $now
	recording_answer "$(page acct-1 $first)" 200 '{"error":"invalid_request","error_description":"No."}'
	recording_answer "$(page acct-2 $first)" 200 '{"endCursor":"'$first'","data":[],"errorCode":null,"error":""}'
	recording_answer "$(page acct-2 ${first//%/%25})" 200 '{"endCursor":"'$first'","data":[]}'
	recording_answer "$(page acct-3 $first)" 200 '{"errorCode":"HOURLY_APIINVOCATION_LIMIT_EXCEEDED","message":"Wait."}'
	recording_end
	accounts acct-1 acct-2 acct-3 >in
	fails 75 "$bin/fetch-datafeed" --replay r
	said "'$(page acct-1 $first)': HTTP 200: invalid_request: No."
	said "'$(page acct-3 $first)': HTTP 200: HOURLY_APIINVOCATION_LIMIT_EXCEEDED: Wait. (the limit of requests is reached: run again later)"
	[ "$(bookmark acct-2)" = '{"until":"'$now'"}' ]

	# A cursor kept from an earlier night may be what is wrong.
	rm -r r
	recording_begin r fetch-datafeed $now
	recording_answer "$(page $a old)" 200 '{"errorCode":"INVALID_CURSOR","message":"?"}'
	recording_answer "$(page $a 2025-03-01T00%3A00%3A00.000Z)" 200 '{"endCursor":"n","data":['"$(envelope e1)"']}'
	recording_answer "$(page $a n)" 200 '{"errorCode":"UNSPECIFIED_ERROR","message":"?"}'
	recording_end
	accounts $a >in
	echo '{"bookmarks":{"docusign_datafeed":{"'$a'":{"since":"2025-03-01T00:00:00.000Z","until":"2025-03-17T02:00:00.000Z","position":"old"}}}}' >state
	fails 69 "$bin/fetch-datafeed" --replay r --state state
	said "warning: the service does not know the position of '$a' any more (HTTP 200): starting again from 2025-03-01T00:00:00.000Z"
	[ "$(fetched)" = e1 ]
	[ "$(bookmark $a | jq -r .position)" = n ]
}

@test "the organization's own error in a 200 is said" {
	org=https://api.docusign.net/Management/v2/organizations/9dd1c1a4-5b6e-4c2f-8a37-0e5f6b1d2c90
	recording_begin r fetch-subscriptions $now
	recording_answer "$org/assetGroups/accounts?compliant=true" 200 '{"errorCode":"UNSPECIFIED_ERROR","message":"Busy."}'
	recording_end
	connection >in
	fails 69 "$bin/fetch-subscriptions" --replay r
	[ "$(cat err)" = "fetch-subscriptions: cannot get '$org/assetGroups/accounts?compliant=true': HTTP 200: UNSPECIFIED_ERROR: Busy." ]
}

@test "a position that is no position is an error for its account" {
	recording_begin r fetch-datafeed $now
	recording_answer "$(page $a $first)" 200 '{"endCursor":"'"$(printf 'x%.0s' {1..8193})"'","data":['"$(envelope e1)"']}'
	caught_up $b e2
	recording_end
	accounts $a $b >in
	fails 75 "$bin/fetch-datafeed" --replay r
	said "'/endCursor' has 8193 bytes: a position has at most 8192"
	[ "$(fetched)" = e2 ]
}

@test "what is wrong as a whole is one line" {
	: >in
	fails 65 "$bin/fetch-datafeed" --replay "$night"
	[ "$(cat err)" = 'fetch-datafeed: cannot connect: standard input has no CONNECTION (auth -p PROFILE | fetch-datafeed)' ]
	fails 65 "$bin/fetch-subscriptions" --replay "$night"
	[ "$(cat err)" = 'fetch-subscriptions: cannot connect: standard input has no CONNECTION (auth -p PROFILE | fetch-subscriptions)' ]
	{ connection; connection; } >in
	fails 65 "$bin/fetch-datafeed" --replay "$night"
	said "cannot read 'standard input' line 2: a second CONNECTION"
	{ connection; echo '{"type":'; } >in
	fails 65 "$bin/fetch-datafeed" --replay "$night"
	said "cannot read 'standard input' line 2: not JSON"
	connection >in
	fails 66 "$bin/fetch-datafeed" --replay nowhere
	said "fetch-datafeed: cannot open 'nowhere/fetch-datafeed.exchanges': there is no recording of fetch-datafeed in 'nowhere'"
	fails 64 "$bin/fetch-datafeed" --tries 0
	fails 64 "$bin/fetch-datafeed" --retry-base many
}

@test "download_consumption false: nothing is asked for" {
	connection '.download_consumption = false' >in
	fetch --replay nowhere
	said "the profile says not to download consumption"
	[ ! -s out ]
}

@test "a closed or full standard output ends the program with 74" {
	accounts 7c1e9a52-3b0f-4d6a-9e21-5f8840c7d301 >in
	for program in fetch-datafeed fetch-subscriptions; do
		status=0
		"$bin/$program" --replay "$night" <in >/dev/full 2>err || status=$?
		[ $status -eq 74 ]
		said "cannot write 'standard output': No space left on device"
		status=0
		"$bin/$program" --replay "$night" <in >&- 2>err || status=$?
		[ $status -eq 74 ]
	done
}

# ---- recordings ----

@test "a request that was not recorded is named" {
	accounts 7c1e9a52-3b0f-4d6a-9e21-5f8840c7d301 not-there >in
	fails 66 "$bin/fetch-datafeed" --replay "$night"
	said "fetch-datafeed: no recorded response for GET $(page not-there $first) in '$night'"
}

@test "what is recorded and nobody asks for is passed over" {
	accounts 7c1e9a52-3b0f-4d6a-9e21-5f8840c7d302 >in
	fetch --replay "$night"
	[ "$(jq -r 'select(.stream == "docusign_datafeed" and .type == "RECORD") | .context.account_id' out | sort -u)" = 7c1e9a52-3b0f-4d6a-9e21-5f8840c7d302 ]
}

@test "a recording that was cut off is refused before anything is printed" {
	connection | "$bin/fetch-subscriptions" --replay "$night" >in 2>err
	cp -r "$night" r
	chmod -R u+w r
	head -n 5 "$night/fetch-datafeed.exchanges" >r/fetch-datafeed.exchanges
	fails 65 "$bin/fetch-datafeed" --replay r
	said "cannot replay 'r/fetch-datafeed.exchanges': it is incomplete, it has no end line"
	run ! grep -q docusign_datafeed out
	# Cut within, with the end line still there.
	sed 5d "$night/fetch-datafeed.exchanges" >r/fetch-datafeed.exchanges
	fails 65 "$bin/fetch-datafeed" --replay r
	said "cannot read 'r/fetch-datafeed.exchanges' line 5: its chain does not fit: this line or one before it was changed, lost or moved"
}

@test "one changed byte shows: in the index, in a body, in its length" {
	connection | "$bin/fetch-subscriptions" --replay "$night" >in 2>err
	cp -r "$night" r
	chmod -R u+w r
	sed -i '3s/"final":true/"final":trUe/' r/fetch-datafeed.exchanges
	fails 65 "$bin/fetch-datafeed" --replay r
	said "'r/fetch-datafeed.exchanges' line 3: its chain does not fit"
	cp "$night/fetch-datafeed.exchanges" r/
	offset=$(sed -n 4p "$night/fetch-datafeed.exchanges" | jq .body_offset)
	printf X | dd of=r/fetch-datafeed.bodies bs=1 seek=$((offset + 100)) conv=notrunc 2>/dev/null
	fails 65 "$bin/fetch-datafeed" --replay r
	said "'r/fetch-datafeed.exchanges' line 4: its body in 'r/fetch-datafeed.bodies' was changed: the hash differs"
	cp "$night/fetch-datafeed.bodies" r/
	echo >>r/fetch-datafeed.bodies
	fails 65 "$bin/fetch-datafeed" --replay r
	said "'r/fetch-datafeed.bodies' has bytes after the last body"
	truncate -s -2 r/fetch-datafeed.bodies
	fails 65 "$bin/fetch-datafeed" --replay r
	said "ends before its body does"
	# An edited index with right chains: then the content is what is wrong.
	cp "$night/fetch-datafeed.bodies" r/
	sed -i '2s/"exchange":1/"exchange":2/' r/fetch-datafeed.exchanges
	rechain r/fetch-datafeed.exchanges
	fails 65 "$bin/fetch-datafeed" --replay r
	said "line 2: it is not exchange 1"
}

@test "a recording of another program or version is refused" {
	connection >in
	recording_begin r fetch-datafeed $now
	recording_end
	sed -i '1s/"program":"fetch-datafeed"/"program":"fetch-subscriptions"/' r/fetch-datafeed.exchanges
	rechain r/fetch-datafeed.exchanges
	fails 65 "$bin/fetch-datafeed" --replay r
	said "line 1: it is not a recording of fetch-datafeed"
	sed -i '1s/"recording":1/"recording":2/' r/fetch-datafeed.exchanges
	rechain r/fetch-datafeed.exchanges
	fails 65 "$bin/fetch-datafeed" --replay r
	said "line 1: it is not the header of a recording of version 1"
}

@test "recording what is replayed gives the same recording, and an incomplete one is begun anew" {
	for program in fetch-subscriptions fetch-datafeed; do
		connection | "$bin/fetch-subscriptions" --replay "$night" >in 2>err
		[ $program = fetch-datafeed ] || connection >in
		"$bin/$program" --replay "$night" <in >wanted 2>err
		mkdir -p r
		head -n 3 "$night/$program.exchanges" >r/$program.exchanges
		cp "$night/$program.bodies" r/ && chmod u+w r/$program.bodies
		"$bin/$program" --replay "$night" --record r <in >out 2>err
		cmp out wanted
		cmp "r/$program.exchanges" "$night/$program.exchanges"
		cmp "r/$program.bodies" "$night/$program.bodies"
		fails 73 "$bin/$program" --replay "$night" --record r
		said "cannot record into 'r': it has a complete recording of $program already"
	done
}

@test "a compressed body is decoded; a damaged one is an error" {
	recording_begin r fetch-datafeed $now
	recording_answer "$(page $a $first)" 200 x '{"content-type":"application/json","content-encoding":"gzip"}'
	recording_end
	accounts $a >in
	fails 65 "$bin/fetch-datafeed" --replay r
	said "cannot get '$(page $a $first)': the gzip data"
	# The body's place in the index is filled in by hand: shell variables hold no NUL bytes.
	printf '{"endCursor":"%s","data":[]}' 2024-01-31T00:00:00.000Z | gzip -n >body
	sed -i "2s/\"body_length\":1,/\"body_length\":$(wc -c <body),/; 2s/\"body_sha256\":\"[0-9a-f]*\"/\"body_sha256\":\"$(sha256sum <body | cut -c 1-64)\"/" r/fetch-datafeed.exchanges
	cp body r/fetch-datafeed.bodies
	rechain r/fetch-datafeed.exchanges
	fetch --replay r
	[ "$(bookmark $a)" = '{"until":"'$now'"}' ]
}

@test "a recorded failure without an answer is replayed as such" {
	recording_begin r fetch-datafeed $now
	recording_answer "$(page $a $first)" 0 '' '{},"failure":{"status":69,"text":"cannot get it: connection refused"}'
	caught_up $b e1
	recording_end
	accounts $a $b >in
	fails 75 "$bin/fetch-datafeed" --replay r
	said "cannot fetch account '$a': cannot get it: connection refused"
	[ "$(fetched)" = e1 ]
}

# ---- other feeds ----

@test "esign: pages by offset, the window's end, the count is checked" {
	e() { printf 'https://api.docusign.net/restapi/v2.1/accounts/%s/envelopes?from_date=%s&to_date=2025-03-18T02%%3A00%%3A00.000Z&count=1000&start_position=%s' "$1" $first "$2"; }
	recording_begin r fetch-datafeed $now
	recording_answer "$(e $a 0)" 200 '{"resultSetSize":"2","totalSetSize":"3","startPosition":"0","endPosition":"1","envelopes":['"$(envelope e1),$(envelope e2)"']}'
	recording_answer "$(e $b 0)" 200 '{"resultSetSize":"0","totalSetSize":"0","startPosition":"0","endPosition":"0"}'
	recording_answer "$(e $a 2)" 200 '{"resultSetSize":"1","totalSetSize":"3","startPosition":"2","endPosition":"2","envelopes":['"$(envelope e3)"']}'
	recording_end
	accounts $a $b >in
	fetch --replay r --feed esign
	[ "$(fetched | paste -sd ' ')" = 'e1 e2 e3' ]
	[ "$(jq -r 'select(.stream == "watermark" and .type == "RECORD") | .record.watermark' out | sort -u)" = $now ]
	[ "$(bookmark $b)" = '{"until":"'$now'"}' ]

	rm -rf r
	recording_begin r fetch-datafeed $now
	recording_answer "$(e $a 0)" 200 '{"totalSetSize":"9","endPosition":"3","envelopes":['"$(envelope e1)"']}'
	recording_answer "$(e $b 0)" 200 '{"totalSetSize":"0","endPosition":"0"}'
	recording_end
	fails 75 "$bin/fetch-datafeed" --replay r --feed esign
	said "the page from 0 to 3 of 9 has 1 records"
}

# list POSITION TOTAL ID…: the answer to a page of the preset esign.
list() {
	local position=$1 total=$2 records=
	shift 2
	for id; do records=$records,$(envelope "$id"); done
	recording_answer "https://api.docusign.net/restapi/v2.1/accounts/$a/envelopes?from_date=$first&to_date=2025-03-18T02%3A00%3A00.000Z&count=1000&start_position=$position" \
		200 "{\"totalSetSize\":\"$total\",\"endPosition\":\"$((position + $# - 1))\",\"envelopes\":[${records#,}]}"
}

@test "esign: a list that changes while it is read is read again" {
	accounts $a >in
	changed="warning: the list of '$a' has changed while it was read: starting again from 2024-01-31T00:00:00.000Z"
	while IFS='|' read -r what pages wanted; do
		rm -rf r
		recording_begin r fetch-datafeed $now
		while read -ra page; do list "${page[@]}"; done <<<"${pages//,/$'\n'}"
		recording_end
		"$bin/fetch-datafeed" --replay r --feed esign <in >out 2>err || { echo "$what: $(cat err)" && return 1; }
		said "$changed"
		[ "$(fetched | sort -u | paste -sd ' ')" = "$wanted" ] || { echo "$what: $(fetched)" && return 1; }
		[ "$(bookmark $a)" = '{"until":"'$now'"}' ]
		[ "$(jq -r 'select(.stream == "watermark" and .type == "RECORD") | .record.watermark' out)" = $now ]
	done <<-'END'
		one leaves the first page|0 5 e1 e2,2 4 e4 e5,0 4 e2 e3,2 4 e4 e5|e1 e2 e3 e4 e5
		all of the rest leave|0 3 e1 e2,2 2,0 2 e1 e2|e1 e2
		all leave|0 3 e1 e2,2 0,0 0|e1 e2
		one comes|0 3 e1 e2,2 4 e2 e3,0 4 e0 e1,2 4 e2 e3|e0 e1 e2 e3
		one leaves and one comes|0 4 e1 e2,2 4 e2 e4,0 4 e0 e3,2 4 e2 e4|e0 e1 e2 e3 e4
		it changes again|0 4 e1 e2,2 3 e3,0 3 e1 e3,2 2,0 2 e2 e3|e1 e2 e3
	END
}

@test "esign: a list that changes each time is an error for its account, and its bookmark stays; one that grows is taken at last" {
	accounts $a >in
	recording_begin r fetch-datafeed $now
	for i in 9 8 7 6; do list 0 $i "e$i" && list 1 $((i - 1)) x; done
	recording_end
	echo '{"bookmarks":{"docusign_datafeed":{"'$a'":{"until":"2024-01-31T00:00:00.000Z"}}}}' >state
	fails 65 "$bin/fetch-datafeed" --replay r --feed esign --state state
	said "the list changes each time that it is read"
	[ "$(grep -c "has changed while it was read" err)" -eq 3 ]
	[ "$(bookmark $a)" = '{"until":"2024-01-31T00:00:00.000Z"}' ]
	run ! grep -q '"type":"RECORD","stream":"watermark"' out
	rm -r r
	recording_begin r fetch-datafeed $now
	for i in 2 3 4; do list 0 $i e1 && list 1 $((i + 1)) e2; done
	list 0 5 e1 && list 1 6 e2 e3 && list 3 7 e4 e5 e6 e7
	recording_end
	fetch --replay r --feed esign --state state
	[ "$(bookmark $a)" = '{"until":"'$now'"}' ]
}

@test "esign: a window that is resumed knows how long its list was" {
	recording_begin r fetch-datafeed $now
	list 2 2
	list 0 2 e2 e3
	recording_end
	accounts $a >in
	echo '{"bookmarks":{"docusign_datafeed":{"'$a'":{"since":"2024-01-31T00:00:00.000Z","until":"'$now'","position":"2","total":3}}}}' >state
	fetch --replay r --feed esign --state state
	said "has changed while it was read"
	[ "$(fetched | paste -sd ' ')" = "e2 e3" ]
	# A page that fails leaves it in the bookmark.
	rm -r r
	recording_begin r fetch-datafeed $now
	list 0 3 e1 e2
	recording_answer "https://api.docusign.net/restapi/v2.1/accounts/$a/envelopes?from_date=$first&to_date=2025-03-18T02%3A00%3A00.000Z&count=1000&start_position=2" 503 '{}'
	recording_end
	fails 69 "$bin/fetch-datafeed" --replay r --feed esign
	[ "$(bookmark $a)" = '{"since":"2024-01-31T00:00:00.000Z","until":"'$now'","position":"2","total":3}' ]
	echo '{"bookmarks":{"docusign_datafeed":{"'$a'":{"since":"2024-01-31T00:00:00.000Z","until":"'$now'","position":"2","total":"3"}}}}' >state
	fails 65 "$bin/fetch-datafeed" --replay r --feed esign --state state
	said "\"total\" of account '$a' is not a count"
}

@test "esign: an interrupted window is finished, then the time since then is fetched" {
	e() { printf 'https://api.docusign.net/restapi/v2.1/accounts/%s/envelopes?from_date=%s&to_date=%s&count=1000&start_position=%s' $a "${1//:/%3A}" "${2//:/%3A}" "$3"; }
	recording_begin r fetch-datafeed $now
	recording_answer "$(e 2025-03-01T00:00:00.000Z 2025-03-17T02:00:00.000Z 2)" 200 '{"totalSetSize":"3","endPosition":"2","envelopes":['"$(envelope e3)"']}'
	recording_answer "$(e 2025-03-09T02:00:00.000Z $now 0)" 200 '{"totalSetSize":"1","endPosition":"0","envelopes":['"$(envelope e4)"']}'
	recording_end
	accounts $a >in
	echo '{"bookmarks":{"docusign_datafeed":{"'$a'":{"since":"2025-03-01T00:00:00.000Z","until":"2025-03-17T02:00:00.000Z","position":"2"}}}}' >state
	fetch --replay r --feed esign --state state
	[ "$(fetched | paste -sd ' ')" = 'e3 e4' ]
	[ "$(bookmark $a)" = '{"until":"'$now'"}' ]
}

@test "organization: one sequence for the organization, a watermark for each account" {
	m() { printf 'https://api.docusign.net/api/v2.0/datasets/monitor/stream?cursor=%s&limit=2000' "$1"; }
	recording_begin r fetch-datafeed $now
	recording_answer "$(m $first)" 200 '{"endCursor":7,"data":[{"accountId":"'${a^^}'","envelopeId":"e1","lastModifiedDateTime":"2025-03-17T00:00:00Z"},{"accountId":"zz","envelopeId":"e2","lastModifiedDateTime":"2025-03-17T00:00:00Z"}]}'
	recording_answer "$(m 7)" 200 '{"endCursor":7,"data":[]}'
	recording_end
	accounts $a $b >in
	fetch --replay r --feed "$root/tests/feeds/organization.json"
	[ "$(fetched | paste -sd ' ')" = 'e1 e2' ]
	[ "$(jq -r 'select(.stream == "watermark" and .type == "RECORD") | .record | .account_id + " " + .watermark' out | paste -sd ' ')" = \
		"$a 2025-03-17T00:00:00.000Z $b 2025-03-10T02:00:00.000Z" ]
	[ "$(jq -c 'select(.stream == "docusign_datafeed" and .type == "RECORD") | .context' out | sort -u)" = '{"organization_id":"9dd1c1a4-5b6e-4c2f-8a37-0e5f6b1d2c90"}' ]
	{ connection ".accounts = [\"$a\"]"; accounts $a $b | tail -n 2; } >in
	fetch --replay r --feed "$root/tests/feeds/organization.json"
	[ "$(fetched)" = e1 ]
	[ "$(jq -r 'select(.stream == "watermark" and .type == "RECORD") | .record.account_id' out)" = $a ]
}

# descriptor JQ: the datafeed preset, changed.
descriptor() {
	jq "$1" "$root/lib/feeds/datafeed.json" >feed.json
}

@test "links: followed within the host, to another host refused" {
	descriptor '.path = "/list/{account_id}" | .query = {since: "{since}"} | .paging = {kind: "link", next: "/next"}'
	base=https://api.docusign.net
	recording_begin r fetch-datafeed $now
	recording_answer "$base/list/$a?since=$first" 200 '{"next":"/list/'$a'?page=2","data":['"$(envelope e1)"']}'
	recording_answer "$base/list/$a?page=2" 200 '{"next":"'$base/list/$a'?page=3","data":['"$(envelope e2)"']}'
	recording_answer "$base/list/$a?page=3" 200 '{"next":null,"data":['"$(envelope e3)"']}'
	recording_answer "$base/list/$b?since=$first" 200 '{"next":"https://api.docusign.net.evil.example/","data":[]}'
	recording_end
	accounts $a $b >in
	fails 75 "$bin/fetch-datafeed" --replay r --feed ./feed.json
	[ "$(fetched | paste -sd ' ')" = 'e1 e2 e3' ]
	said "'/next' leads to another host: https://api.docusign.net.evil.example/"
	# Without a scheme it is another host's, too.
	recording_begin r fetch-datafeed $now
	recording_answer "$base/list/$b?since=$first" 200 '{"next":"//evil.example/list","data":[]}'
	recording_end
	accounts $b >in
	fails 65 "$bin/fetch-datafeed" --replay r --feed ./feed.json
	said "'/next' leads to another host: //evil.example/list"
}

@test "none: one answer holds all" {
	descriptor '.path = "/all/{account_id}" | .query = {} | .paging = {kind: "none"} | .records = ""'
	recording_begin r fetch-datafeed $now
	recording_answer "https://api.docusign.net/all/$a" 200 "[$(envelope e1)]"
	recording_end
	accounts $a >in
	fetch --replay r --feed feed.json
	[ "$(fetched)" = e1 ]
}

@test "a wrong descriptor is refused with the place of the mistake" {
	connection >in
	while IFS='|' read -r change said; do
		descriptor "$change"
		fails 78 "$bin/fetch-datafeed" --replay "$night" --feed feed.json
		said "fetch-datafeed: cannot use feed 'feed.json': $said"
	done <<-'END'
		del(.path)|"path" is missing: it must be a string that is not empty
		.path = 1|"path" must be a string that is not empty
		.path = "x"|"path" must begin with '/': it follows the API base
		.path = "/a?b"|"path" cannot have '?b' (parameters go into "query")
		.query.cursor = "{cursor}"|"query.cursor" has '{cursor}', which is not one of {account_id}{organization_id}{since}{until}{position}
		.query.cursor = "{position"|"query.cursor" has a brace without a partner: '{position'
		.query.limit = 1000|"query.limit" must be a string
		.query = []|"query" must be an object
		del(.query.cursor)|"paging" needs {position}, which neither "path" nor "query" has: every page would be the first
		.paging.kind = "page"|"paging.kind" must be one of "none", "cursor", "offset", "link"
		del(.paging.next)|"paging.next" is missing: it must be a JSON Pointer
		.paging.next = "endCursor"|"paging.next" must be a JSON Pointer: empty, or '/' and what follows, where '~' is written ~0
		.paging.size = 3|"paging.size" is not a key that this feed can have: see doc/feeds.md
		.paging = {"kind": "offset", "start": "x", "total": "/t", "end": "/e"}|"paging.start" must be a number in quotes
		.records = "/a~b"|"records" must be a JSON Pointer: empty, or '/' and what follows, where '~' is written ~0
		.clock.kind = "wall"|"clock.kind" must be one of "record", "window"
		.clock.settled_days = -1|"clock.settled_days" must be a whole number from 0 to 366
		.clock.kind = "window"|"clock.pointer" is not a key that this feed can have
		.map.subject = {"pointer": "/s", "type": "text"}|"map.subject" is not a key that this feed can have
		del(.map.envelope_id)|"map.envelope_id" is missing: an envelope cannot be without it
		.map.sent_at.type = "text"|"map.sent_at.type" must be "time", the type of an envelope's sent_at
		.map.sent_at.type = "date"|"map.sent_at.type" must be one of "id", "word"
		.map.status.required = false|"map.status.required" must be true: an envelope cannot be without status
		.map.status.context = "account_id"|"map.status.pointer" and "context" exclude each other, and one of them must be there
		.per = "site"|"per" must be one of "account", "organization"
		.per = "organization"|"per" is organization: such a feed cannot have {account_id}
		.stream = "a b"|"stream" must be letters, digits, '_' and '-'
		.name = null|"name" must be a string that is not empty
		.extra = 1|"extra" is not a key that this feed can have
	END
	echo '{"name":' >feed.json
	fails 78 "$bin/fetch-datafeed" --replay "$night" --feed feed.json
	said "cannot read feed 'feed.json': not JSON:"
	fails 66 "$bin/fetch-datafeed" --replay "$night" --feed ./nowhere
	said "cannot open './nowhere'"
	fails 78 "$bin/fetch-datafeed" --replay "$night" --feed nothing
	said "cannot use feed 'nothing': it is not datafeed, datafeed-elements, esign, connect or envelope-report, and a file name must contain '/' or end in .json"
}

@test "the descriptor in doc/feeds.md works as it stands" {
	awk '/^```json/ { block++; next } /^```/ { block += block % 2; next } block == 1' "$root/doc/feeds.md" >my-feed.json
	recording_begin r fetch-datafeed $now
	recording_answer "https://api.docusign.net/feeds/v1/accounts/$a/envelopes?after=$first&limit=1000" 200 '{"meta":{"cursor":"m"},"items":[{"id":"e1","state":"sent","changedAt":"2025-03-17T01:00:00Z"}]}'
	recording_answer "https://api.docusign.net/feeds/v1/accounts/$a/envelopes?after=m&limit=1000" 200 '{"meta":{"cursor":"m"},"items":[]}'
	recording_end
	accounts $a >in
	fetch --replay r --feed my-feed.json
	[ "$(jq -r 'select(.stream == "watermark" and .type == "RECORD") | .record.watermark' out)" = 2025-03-17T01:00:00.000Z ]
}
