#!/usr/bin/env bats
# Every kind of descriptor against the simulator over HTTPS: fetched with faults on, recorded, replayed, explained.

load helper

organization=9f0e7a10-0000-4000-8000-000000000001
account=aaaaaaaa-0000-4000-8000-000000000001
other=aaaaaaaa-0000-4000-8000-000000000002
user=dddddddd-0000-4000-8000-000000000001
now=2025-03-02T00:00:00Z
export ENVTALLY_NOW=$now ENVTALLY_BIN=${ENVTALLY_BIN:-$root/bin}

# Two accounts, 45 and 23 envelopes.
organization() { # FOLDER
	mkdir -p "$1/service" "$1/profiles"
	jq -n --arg o $organization --arg a $account --arg b $other '{organizations: [{id: $o, name: "Tiny", accounts: [
		{id: $a, name: "First", external_account_id: 100, site_id: 1}, {id: $b, name: "Second", external_account_id: 101, site_id: 1}]}]}' >"$1/service/organizations.json"
	jq -n --arg a $account --arg b $other '{assetGroupAccounts: [$a, $b | {assetGroupId: "g", accountId: ., accountName: "N", externalAccountId: 100,
		compliant: true, siteId: 1, siteName: "na1"}]}' >"$1/service/asset-group-accounts.json"
	jq -n '[{plan_id: "p", plan_name: "Plan", associated_accounts_count: 1, asset_group_name: "Group", asset_group_id: "g",
		subscription_name: "Subscription", subscription_id: "s", modules: [{plan_item_id: "i", plan_item_name: "Envelopes",
		plan_item_description: "Envelopes", plan_item_internal_id: "1"}]}]' >"$1/service/plan-items.json"
	jq -n --arg o $organization '{name: "acme", organization_id: $o, integration_key: "7c2b8d7e-0000-4000-8000-000000000001",
		key_pair_id: "0f6d3c1a-0000-4000-8000-000000000001"}' >"$1/profiles/acme.json"
	jq -nc --arg a $account --arg b $other '(range(45) | [., $a]), (range(23) | [. + 50, $b]) | {arrived_at: "2025-03-01T00:00:\(.[0] + 100 | tostring[1:])Z",
		account_id: .[1], record: {envelopeId: "eeeeeeee-0000-4000-8000-0000000000\(.[0] + 100 | tostring[1:])", accountId: .[1], status: "sent", planItemId: "i",
		emailSubject: "A \"b\",\nc", sentDateTime: "2025-02-28T00:00:00.0000000Z", lastModifiedDateTime: "2025-02-28T00:00:00.0000000Z"}}' |
		sed 's/00:00:\([6-9][0-9]\)Z/00:01:00Z/' >"$1/service/feed.ndjson"
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	organization tiny
	mkdir -p ws/licence
	cp "$acme"/licence/*.csv ws/licence/
}
teardown() {
	[ -z "${simulator-}" ] || { kill "$simulator" 2>/dev/null; wait "$simulator" 2>/dev/null || true; }
}

# A descriptor of the simulator's exports: FORMAT[.PACKING].
export_feed() {
	jq --arg extension "$1" --arg format "${1%%.*}" '.path = "/export/accounts/{account_id}/envelopes.\($extension)" | .query = {} | .paging = {kind: "none"}
		| .format = $format | .records = "" | .name = "export"' "$root/lib/feeds/datafeed.json"
}
# A list of files on another host, CSV in ZIP, each downloaded once.
files_feed() {
	jq --arg host "https://localhost:$(cat port)" '.path = "/files/accounts/{account_id}" | .query = {} | .paging = {kind: "none"} | .records = "/files"
		| .hosts = [$host] | .download = {id: "/id", link: "/url", format: "csv"} | .name = "files"' "$root/lib/feeds/datafeed.json"
}

# fetch FEED [OPTION]...: of all accounts. The tries come close together.
fetch() {
	{ auth -q -p ws/profiles/acme.json | fetch-subscriptions -q --retry-base 1; } 2>/dev/null | fetch-datafeed -q --retry-base 1 --feed "$@"
}
# The envelopes of raw records, as sorted lines.
envelopes() { normalize --feed "$1" | jq -r 'select(.type == "RECORD" and .stream == "envelope").record | "\(.account_id) \(.envelope_id) \(.status) \(.sent_at) \(.modified_at)"' | sort; }
expected() { jq -r '"\(.account_id) \(.record.envelopeId) sent 2025-02-28T00:00:00.000Z 2025-02-28T00:00:00.000Z"' tiny/service/feed.ndjson | sort; }
replayed() { # FOLDER FEED: the output of the recording
	{ auth -q -p ws/profiles/acme.json --replay "$1" | grep CONNECTION; grep -E '"stream":"docusign_(accounts|plan_items)"' out; } | fetch-datafeed -q --feed "$2" --replay "$1"
}

@test "bodies in JSON, NDJSON and CSV, bare, in gzip and in ZIP, with a third of all requests failing: all envelopes, and the replay is the same" {
	serve tiny --fault mix:0.33 --seed 5
	for extension in json ndjson csv ndjson.gz csv.zip json.zip; do
		export_feed $extension >$extension.json
		fetch ./$extension.json --record r.$extension >out
		same "$(expected)" "$(envelopes ./$extension.json <out)"
		replayed r.$extension ./$extension.json | diff <(grep -v docusign_accounts out | grep docusign_datafeed) <(grep docusign_datafeed -) | head -n 5
	done
	grep -q '"request_headers":{"accept":"text/csv, \*/\*;q=0.5","accept-encoding":"gzip","authorization":"redacted"}' r.csv.zip/fetch-datafeed.exchanges
}

@test "each preset and kind of descriptor, under limits, errors, cut, slow and stalled answers: recorded, counted, and the replay counts the same" {
	serve tiny --user $user
	auth -q -p ws/profiles/acme.json | fetch-subscriptions -q --show-token >subscriptions
	jq '.path = "/files/accounts/{account_id}/links" | .query = {} | .paging = {kind: "link", next: "/next"} | .records = "/envelopes" | .name = "links"' \
		"$root/lib/feeds/datafeed.json" >links.json
	cp "$root/tests/feeds/organization.json" .
	files_feed >files.json
	for extension in csv.zip ndjson.gz; do export_feed $extension >$extension.json; done
	counted() { # FEED
		normalize --feed "$1" | merge -q --ledger :memory: --emit all | aggregate-by-period -q --contract-start 2025-01-31 --renewal-months 12 |
			jq -n '[inputs | select(.type == "RECORD" and .stream == "consumption").record.units_consumed] | add'
	}
	for kind in datafeed:68 datafeed-elements:68 esign:68 ./organization.json:68 ./links.json:68 ./csv.zip.json:68 ./ndjson.gz.json:68 ./files.json:60; do
		feed=${kind%:*}
		printf '%s\n' 429=1:1 stall=60000:1 503:1 cut:2 slow=20:0.2 mix:0.2 |
			curl -s --cacert ws/profiles/acme-ca.pem -X PUT --data-binary @- "$origin/_simulator/fault"
		fetch-datafeed -q --feed "$feed" --retry-base 1 --timeout 1 --record "r.${feed##*/}" <subscriptions >out
		same "$feed ${kind#*:}" "$feed $(counted "$feed" <out)"
		same true "$(jq -s 'any(.final == false)' "r.${feed##*/}/fetch-datafeed.exchanges")" # something did fail
		curl -s --cacert ws/profiles/acme-ca.pem -X PUT -d "" "$origin/_simulator/fault"
		fetch-datafeed -q --feed "$feed" --replay "r.${feed##*/}" <subscriptions >again
		same_files <(grep -v '"STATE"' out) <(grep -v '"STATE"' again)
		same_files <(grep '"STATE"' out | tail -n 1) <(grep '"STATE"' again | tail -n 1)
	done
}

@test "a list of files on another host: each is downloaded once, without the token; the URL's secret is in no message" {
	serve tiny --fault mix:0.2 --seed 3
	files_feed >files.json
	fetch ./files.json --record r >out
	# Files of 20: 45 are two, 23 are one.
	same "$(expected | awk '{ n[$1]++ } $1 ~ /1$/ && n[$1] <= 40 || $1 ~ /2$/ && n[$1] <= 20' | cut -d ' ' -f 2)" "$(envelopes ./files.json <out | cut -d ' ' -f 2)"
	same "localhost" "$(jq -r 'select(.url | startswith("/files/a") and contains("csv")) | .host | split(":")[0]' requests.log | sort -u)"
	replayed r ./files.json >again
	same_files <(grep -E 'docusign_datafeed|watermark' out) <(grep -E 'docusign_datafeed|watermark' again)
	grep STATE out | tail -n 1 >state
	same '["aaaaaaaa-0000-4000-8000-000000000001-0","aaaaaaaa-0000-4000-8000-000000000001-1"]' "$(jq -c --arg a $account '.value.bookmarks.docusign_datafeed[$a].downloaded' state)"
	: >requests.log
	fetch ./files.json --state state >next
	same 0 "$(grep -c '"RECORD","stream":"docusign_datafeed"' next)"
	same 0 "$(grep -c 'csv.zip' requests.log)"
	# One file is not to be had: the others are, the account is reported, its bookmark stays, and the next run asks for that file alone.
	curl -s --cacert ws/profiles/acme-ca.pem -X PUT -d "500@$account-0" "$origin/_simulator/fault"
	run --separate-stderr fetch ./files.json
	[ "$status" -eq 75 ]
	[[ $stderr == *"cannot fetch account '$account'"* && $stderr != *s3cr3t* ]] || { echo "$stderr"; return 1; }
	curl -s --cacert ws/profiles/acme-ca.pem -X PUT -d "" "$origin/_simulator/fault"
	jq '.hosts = ["https://elsewhere.example.com"]' files.json >elsewhere.json
	run --separate-stderr fetch ./elsewhere.json
	[ "$status" -eq 65 ]
	[[ $stderr == *"'/url' leads to another host"* ]]
}

@test "one bad file of a list is reported, the others are counted, and the next run asks for it alone" {
	serve tiny
	files_feed >files.json
	curl -s --cacert ws/profiles/acme-ca.pem -X PUT -d "wrong-type@$account-0" "$origin/_simulator/fault"
	run --separate-stderr fetch ./files.json --tries 1
	[ "$status" -eq 75 ]
	[[ $stderr == *"cannot fetch account '$account': cannot get 'https://localhost:"*"text/html"* && $stderr != *s3cr3t* ]] || { echo "$stderr"; return 1; }
	same 40 "$(grep -c '"RECORD","stream":"docusign_datafeed"' <<<"$output")"
	grep STATE <<<"$output" | tail -n 1 >state
	same '{"downloaded":["aaaaaaaa-0000-4000-8000-000000000001-1"]}' "$(jq -c --arg a $account '.value.bookmarks.docusign_datafeed[$a] | {downloaded}' state)"
	curl -s --cacert ws/profiles/acme-ca.pem -X PUT -d "" "$origin/_simulator/fault"
	: >requests.log
	fetch ./files.json --state state >out
	same 20 "$(grep -c '"RECORD","stream":"docusign_datafeed"' out)"
	same 1 "$(grep -c csv.zip requests.log)"
}

@test "datafeed-elements and esign: Admin and eSignature on two hosts, the site told once by the token service, nobody's name recorded" {
	serve tiny --two-hosts --user $user --fault mix:0.2 --seed 2
	for feed in datafeed-elements esign; do
		: >requests.log
		fetch $feed --record r.$feed >out
		same 68 "$(envelopes $feed <out | wc -l)"
		same 1 "$(jq -r 'select(.url == "/oauth/userinfo" and .status == 200).url' requests.log | wc -l)"
		same localhost "$(jq -r 'select(.url | startswith("/restapi")) | .host | split(":")[0]' requests.log | sort -u)"
		replayed r.$feed $feed >again
		same_files <(grep -E 'docusign_datafeed|watermark' out) <(grep -E 'docusign_datafeed|watermark' again)
		[ -z "$(grep -rl 'sam@example.com\|Sam Admin' r.$feed)" ]
	done
	# An application's token has no user: the reason is said once. An account that the user is no member of fails by itself.
	run --separate-stderr bash -c "jq 'del(.user_id, .scopes)' ws/profiles/acme.json >ws/profiles/application.json
		{ auth -q -p ws/profiles/application.json | fetch-subscriptions -q; } 2>/dev/null | fetch-datafeed -q --tries 1 --feed esign"
	refused 77 "fetch-datafeed: cannot find the accounts' eSignature sites (they need a user's token: \"user_id\" in the profile, or \"esign_base\"): *HTTP 401*"
	stranger='{"type":"RECORD","stream":"docusign_accounts","record":{"accountId":"bbbbbbbb-0000-4000-8000-000000000001"}}'
	{ auth -q -p ws/profiles/acme.json | cat; echo "$stranger"; } >in
	run --separate-stderr fetch-datafeed -q --feed esign <in
	[[ $status -eq 77 && $stderr == *"cannot fetch account 'bbbbbbbb-0000-4000-8000-000000000001': the user is no member of it"* ]] || { echo "$status $stderr"; return 1; }
}

@test "a run with downloads: position, replay byte for byte, and explain finds each envelope's bytes" {
	serve tiny
	files_feed >ws/files.json
	jq '.feed = "../files.json" | .contract_start = "2025-01-01"' ws/profiles/acme.json >p && mv p ws/profiles/acme.json
	"$root/pipeline.sh" run -q -C ws --now $now
	same 60 "$(jq -s 'map(select(.stream == "consumption" and .type == "RECORD") | .record.units_consumed) | add' ws/runs/acme/20250302T000000Z/consumption.ndjson)"
	kill "$simulator"
	"$root/pipeline.sh" replay 20250302T000000Z -C ws -q
	"$root/pipeline.sh" explain -C ws --format ndjson --level exchange >explained
	same 60 "$(jq -r 'select(.record.level? == "exchange").record.parent' explained | sort -u | wc -l)"

}

@test "scopes: none, a display name and a profile type are accepted; a wrong one is not" {
	serve tiny
	jq '.scopes = [] | .display_name = "Ünïted \"Acme\" – 東京" | .profile_type = "docusign_subscription"' ws/profiles/acme.json >p && mv p ws/profiles/acme.json
	"$root/pipeline.sh" run -q -C ws --now $now
	same 68 "$(jq -s 'map(select(.stream == "consumption" and .type == "RECORD") | .record.units_consumed) | add' ws/runs/acme/20250302T000000Z/consumption.ndjson)"
	"$root/pipeline.sh" validate -C ws >said
	grep -q 'scopes.*none: what the integration key is authorised for' said
	jq '.profile_type = "zoom"' ws/profiles/acme.json >wrong.json
	run --separate-stderr auth -p wrong.json
	refused 78 "auth: cannot use profile 'wrong.json': \"profile_type\" must be one of \"docusign_subscription\"*"
	jq --arg u $user '.user_id = $u' ws/profiles/acme.json >ws/profiles/user.json
	run --separate-stderr auth -p ws/profiles/user.json
	refused 78 "auth: cannot make the assertion: the scopes are missing"
	: # The JWT has no scope member.
}
