#!/usr/bin/env bats
# The Docusign simulator, asked with curl; JWTs are signed by openssl, so nothing of envtally takes part.

load helper

organization=9f0e7a10-0000-4000-8000-000000000001
account_a=aaaaaaaa-0000-4000-8000-000000000001
account_b=aaaaaaaa-0000-4000-8000-000000000002
integration_key=7c2b8d7e-0000-4000-8000-000000000001
user=dddddddd-0000-4000-8000-000000000001
admin_scopes='organization_read organization_sub_account_read asset_group_account_read account_read'

# An organisation of two accounts: 250 records, of which the last 10 are newer versions of envelopes 40 to 49.
make_organization() {
	mkdir -p "$1/service" "$1/profiles"
	jq -n --arg o $organization --arg a $account_a --arg b $account_b '{organizations: [{id: $o, name: "Tiny", accounts: [
		{id: $a, name: "First", external_account_id: 100, site_id: 1}, {id: $b, name: "Second", external_account_id: 101, site_id: 1}]}]}' \
		>"$1/service/organizations.json"
	jq -n --arg a $account_a --arg b $account_b '{assetGroupAccounts: [
		{assetGroupId: "g", accountId: $a, accountName: "First", externalAccountId: 100, compliant: true, siteId: 1, siteName: "na1"},
		{assetGroupId: "g", accountId: $b, accountName: "Second", externalAccountId: 101, compliant: false, siteId: 1, siteName: "na1"}]}' \
		>"$1/service/asset-group-accounts.json"
	jq -n '[{plan_id: "p", plan_name: "Plan", associated_accounts_count: 2, asset_group_name: "Group", asset_group_id: "g",
		subscription_name: "Subscription", subscription_id: "s", modules: [{plan_item_id: "i", plan_item_name: "Envelopes",
		plan_item_description: "Envelopes", plan_item_internal_id: "1"}]}]' >"$1/service/plan-items.json"
	jq -n --arg o $organization --arg k $integration_key '{name: "acme", integration_type: "organization", organization_id: $o,
		contract_start: "2025-01-15", renewal_months: 1, active: true, api_base: "https://api-d.docusign.net",
		audience: "account-d.docusign.com", integration_key: $k, key_pair_id: "pair-1", key_file: "other.pem", key_password: "file:pw"}' \
		>"$1/profiles/acme.json"
	jq -nc --arg a $account_a --arg b $account_b 'def two: tostring | if length < 2 then "0" + . else . end;
		range(250) | . as $n | (if $n % 2 == 0 then $a else $b end) as $account | ($n / 10 | floor + 1) as $day |
		"2025-03-\($day | two)T\($n % 10 | two):00:00.1234567Z" as $at |
		{arrived_at: "2025-03-\($day + 1 | two)T12:\($n % 10 | two):00Z", account_id: $account, record: {
			envelopeId: "eeeeeeee-0000-4000-8000-0000000\(if $n < 240 then $n + 10000 else $n - 200 + 10000 end)", accountId: $account,
			status: (if $n < 240 then "sent" else "completed" end), createdDateTime: $at, sentDateTime: $at, lastModifiedDateTime: $at,
			planItemId: "i", emailSubject: "Please sign", sender: {userId: "u", accountId: $account}}}' >"$1/service/feed.ndjson"
}

setup_file() {
	export simulator=${SIMULATOR:-$BATS_TEST_DIRNAME/../build/$([ "${SANITIZE:-}" = 1 ] && echo sanitize || echo release)/tests/simulator}
	export served=$BATS_FILE_TMPDIR/organization
	unset ENVTALLY_NOW
	make_organization "$served"
	own_key "$BATS_FILE_TMPDIR/key.pem"
	openssl rsa -in "$BATS_FILE_TMPDIR/key.pem" -pubout -out "$BATS_FILE_TMPDIR/public.pem" 2>/dev/null
}

setup() {
	[ -x "$simulator" ] || skip "not built: $simulator (make test-programs)"
	ca=$BATS_TEST_TMPDIR/ca.pem
	key=$BATS_FILE_TMPDIR/key.pem
	scheme=https
}

teardown() {
	if [ -n "${simulator_pid:-}" ]; then
		kill "$simulator_pid" 2>/dev/null || true
		wait "$simulator_pid" 2>/dev/null || true
	fi
}

# start OPTION…: waits until the port is known; sets base.
start() {
	"$simulator" --serve "$served" --port-file "$BATS_TEST_TMPDIR/port" --ca-file "$ca" --public-key "$BATS_FILE_TMPDIR/public.pem" \
		--log "$BATS_TEST_TMPDIR/log" "$@" >"$BATS_TEST_TMPDIR/stdout" 2>"$BATS_TEST_TMPDIR/stderr" 3>&- &
	simulator_pid=$!
	wait_for_server "$simulator_pid" "$BATS_TEST_TMPDIR/port" || {
		cat "$BATS_TEST_TMPDIR/stderr"
		return 1
	}
	port=$(cat "$BATS_TEST_TMPDIR/port")
	base=$scheme://127.0.0.1:$port
}

base64url() { basenc --base64url -w 0 | tr -d '='; }

# jwt [JQ-CHANGE-OF-CLAIMS [JQ-CHANGE-OF-HEADER]]: an application's JWT, as documented.
jwt() {
	local now signed header='{"alg":"RS256","typ":"JWT"}' claims
	now=$(date +%s)
	claims="{\"iss\":\"$integration_key\",\"aud\":\"127.0.0.1:$port\",\"iat\":$((now - 1)),\"exp\":$((now + 3000)),\"scope\":\"$admin_scopes\"}"
	[ -z "${1-}" ] || claims=$(jq -c --arg user $user "$1" <<<"$claims")
	[ -z "${2-}" ] || header=$(jq -c "$2" <<<"$header")
	signed=$(printf %s "$header" | base64url).$(printf %s "$claims" | base64url)
	printf %s.%s "$signed" "$(printf %s "$signed" | openssl dgst -sha256 -sign "$key" | base64url)"
}

ask() { curl -sS --max-time 20 --cacert "$ca" "$@"; }

# grant JWT: the token service's answer, then its status on a line of its own.
grant() {
	ask -w '\n%{http_code}\n' --data-urlencode grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer --data-urlencode "assertion=$1" \
		"$base/oauth/token"
}

application_token() { grant "$(jwt)" | value_of access_token; }
user_token() { grant "$(jwt '.sub = $user | .scope += " signature impersonation"')" | value_of access_token; }

# get PATH [CURL-OPTION…]: with $token.
get() {
	local path=$1
	shift
	ask -H "Authorization: Bearer $token" "$@" "$base$path"
}
status_of() { get "$1" -o /dev/null -w '%{http_code}'; }

# statuses N PATH: of N requests one after the other, a line each; 000 when there was no answer.
statuses() {
	local i
	for i in $(seq "$1"); do printf 'url = "%s"\noutput = "/dev/null"\n' "$base$2"; done |
		ask -H "Authorization: Bearer $token" -w '%{http_code}\n' -K - 2>/dev/null || true
}

refused() { # refused DESCRIPTION JWT
	run -0 grant "$2"
	[ "${lines[1]}" = 400 ]
	[ "$(value_of error_description <<<"${lines[0]}")" = "$1" ]
}

@test "prints where it listens, and exits 0 at SIGTERM" {
	start
	[ "$(cat "$BATS_TEST_TMPDIR/stdout")" = "listening on $base" ]
	kill -TERM "$simulator_pid"
	wait "$simulator_pid"
	simulator_pid=
	[ ! -s "$BATS_TEST_TMPDIR/stderr" ]
}

@test "the certificate is good for 127.0.0.1 and localhost, under its own authority only" {
	start
	run -0 ask "https://localhost:$port/_simulator/statistics"
	run -60 curl -sS "$base/_simulator/statistics"
	run -0 openssl s_client -connect "127.0.0.1:$port" -CAfile "$ca" -verify_return_error </dev/null
	[[ $output == *"Verify return code: 0"* ]]
}

@test "a usage mistake is 64, a missing directory 66, a broken feed 65" {
	run -64 "$simulator"
	run -64 "$simulator" --serve "$served" --fault nonsense
	[[ $output == *"cannot use fault 'nonsense': there is no such kind"* ]]
	run -64 "$simulator" --serve "$served" --fault cut:2.5
	run -66 "$simulator" --serve "$BATS_TEST_TMPDIR/nothing"
	cp -r "$served" "$BATS_TEST_TMPDIR/broken"
	echo '{"arrived_at":"yesterday"}' >>"$BATS_TEST_TMPDIR/broken/service/feed.ndjson"
	run -65 "$simulator" --serve "$BATS_TEST_TMPDIR/broken"
	[[ $output == *"line 251"* ]]
}

@test "--write-profile writes a profile that fits this run, and its key is accepted" {
	start --write-profile "$BATS_TEST_TMPDIR/demo"
	profile=$BATS_TEST_TMPDIR/demo/profiles/acme.json
	[ "$(jq -r .api_base "$profile")" = "$base" ]
	[ "$(jq -r .audience "$profile")" = "127.0.0.1:$port" ]
	[ "$(jq -r '.organization_id, .contract_start, .renewal_months, .key_password' "$profile" | paste -sd' ')" = "$organization 2025-01-15 1 null" ]
	cmp "$(jq -r .ca_bundle "$profile")" "$ca"
	key=$BATS_TEST_TMPDIR/demo/profiles/$(jq -r .key_file "$profile")
	[ "$(stat -c %a "$key")" = 600 ]
	openssl rsa -in "$key" -noout -text | grep -q 'Private-Key: (2048 bit'
	token=$(application_token)
	[ "$(status_of "/Management/v2/organizations/$organization/planItems")" = 200 ]
}

@test "--user lets the profile impersonate, with the scopes that takes" {
	start --write-profile "$BATS_TEST_TMPDIR/demo" --user $user
	run -0 jq -c '[.user_id, .scopes[:3]]' "$BATS_TEST_TMPDIR/demo/profiles/acme.json"
	[ "$output" = "[\"$user\",[\"signature\",\"impersonation\",\"organization_read\"]]" ]
}

@test "the recorded organisation is served in full, up to the clock" {
	served=$BATS_TEST_DIRNAME/../fixtures/acme
	[ -e "$served/service/feed.ndjson" ] || skip "fixtures/acme is not there"
	integration_key=$(jq -r .integration_key "$served/profiles/acme.json")
	start --page-size 2000 --now 2025-03-18T02:00:00Z
	token=$(application_token)
	cmp <(page_through /api/v2.0/datasets/monitor/stream? 2024-01-01 2000) \
		<(jq -c 'select(.arrived_at <= "2025-03-18T02:00:00.000Z").record' "$served/service/feed.ndjson")
}

@test "a token is given, three members, not to be stored, with the real date" {
	start --token-seconds 1234 --now 2020-01-01T00:00:00Z
	run -0 grant "$(jwt)"
	[ "$(jq -c '[keys_unsorted, .token_type, .expires_in]' <<<"${lines[0]}")" = '[["access_token","token_type","expires_in"],"Bearer",1234]' ]
	headers=$(ask -D - -o /dev/null -d x=y "$base/oauth/token")
	[[ $headers == *"Cache-Control: no-store"* ]]
	date=$(grep -i '^date:' <<<"$headers" | cut -d' ' -f2- | tr -d '\r')
	(($(date +%s) - $(date -d "$date" +%s) < 10))
}

@test "what is wrong with a JWT is refused, each with its description" {
	start
	openssl genrsa -out "$BATS_TEST_TMPDIR/other.pem" 2048 2>/dev/null
	refused no_valid_keys_or_signatures "$(key=$BATS_TEST_TMPDIR/other.pem jwt)"
	refused no_valid_keys_or_signatures nonsense
	refused no_valid_keys_or_signatures "$(jwt . '.alg = "none"')"
	refused no_valid_keys_or_signatures "$(jwt . '.kid = "pair-2"')"
	refused no_valid_keys_or_signatures "$(jwt '.exp = .iat + 3601')"
	refused no_valid_keys_or_signatures "$(jwt '.iat += 120 | .exp += 120')"
	refused expired_grant "$(jwt '.iat -= 7000 | .exp -= 7000')"
	refused issuer_not_found "$(jwt '.iss = "7c2b8d7e-0000-4000-8000-000000000009"')"
	refused invalid_audience "$(jwt '.aud = "https://" + .aud')"
	refused invalid_audience "$(jwt '.aud = "account-d.docusign.com"')"
	refused user_not_found "$(jwt '.sub = "someone"')"
	refused scope "$(jwt '.sub = "4a1f0c3e-8d52-4b6b-9c7a-2e5d1f8a9b70" | del(.scope)')"
	run -0 ask -d grant_type=password "$base/oauth/token"
	[ "$(jq -r .error_description <<<"$output")" = unsupported_grant_type ]
	run -0 grant "$(jwt . '.kid = "pair-1"')"
	[ "${lines[1]}" = 200 ]
}

@test "a clock that differs is seen in the Date header and in what is refused" {
	start --clock-offset -600
	refused no_valid_keys_or_signatures "$(jwt)"
	date=$(ask -D - -o /dev/null -d x=y "$base/oauth/token" | grep -i '^date:' | cut -d' ' -f2- | tr -d '\r')
	behind=$(($(date +%s) - $(date -d "$date" +%s)))
	((behind > 590 && behind < 620))
}

@test "under a simulated clock a JWT signed by that clock is good too" {
	start --now 2025-03-20T00:00:00Z
	at=$(date -d 2025-03-20T00:00:00Z +%s)
	run -0 grant "$(jwt ".iat = $at | .exp = $at + 600")"
	[ "${lines[1]}" = 200 ]
	run -0 grant "$(jwt)"
	[ "${lines[1]}" = 200 ]
}

@test "consent is asked for where it lacks, until the consent page was opened" {
	start --no-consent impersonation
	run -0 grant "$(jwt)"
	[ "${lines[1]}" = 200 ]
	jwt=$(jwt '.sub = $user | .scope += " signature impersonation"')
	run -0 grant "$jwt"
	[ "${lines[0]}" = '{"error":"consent_required"}' ]
	[ "${lines[1]}" = 400 ]
	run -0 ask "$base/oauth/auth?response_type=code&scope=signature%20impersonation&client_id=$integration_key&redirect_uri=https://example.com"
	run -0 grant "$jwt"
	[ "${lines[1]}" = 200 ]
}

@test "an application token is for the Admin API and the feed, a user's also for the rest" {
	start --now 2025-03-20T00:00:00Z
	paths=(/Management/v2/organizations "/Management/v2/organizations/$organization/planItems"
		"/Management/v2/organizations/$organization/assetGroups/accounts?compliant=true"
		"/api/v2.0/datasets/envelopes/stream?accountId=$account_a" /api/v2.0/datasets/monitor/stream
		"/restapi/v2.1/accounts/$account_a/envelopes?from_date=2025-03-01" /oauth/userinfo)
	token=$(application_token)
	[ "$(for path in "${paths[@]}"; do status_of "$path"; echo; done | paste -sd' ')" = "403 200 200 200 200 403 401" ]
	token=$(user_token)
	[ "$(for path in "${paths[@]}"; do status_of "$path"; echo; done | paste -sd' ')" = "200 200 200 200 200 200 200" ]
	token=wrong
	[ "$(for path in "${paths[@]}"; do status_of "$path"; echo; done | paste -sd' ')" = "401 401 401 401 401 401 401" ]
	run -0 get "/restapi/v2.1/accounts/$account_a"
	[ "$(jq -r .errorCode <<<"$output")" = AUTHORIZATION_INVALID_TOKEN ]
	token=$(grant "$(jwt '.scope = "account_read"')" | head -1 | jq -r .access_token)
	[ "$(status_of "${paths[1]}")" = 403 ]
}

@test "the Admin API returns the served files, and 404 for another organisation" {
	start
	token=$(user_token)
	cmp <(get /Management/v2/organizations | jq -S .) <(jq -S . "$served/service/organizations.json")
	cmp <(get "/Management/v2/organizations/$organization/planItems" | jq -S .) <(jq -S . "$served/service/plan-items.json")
	cmp <(get "/Management/v2/organizations/$organization/assetGroups/accounts" | jq -S .) <(jq -S . "$served/service/asset-group-accounts.json")
	run -0 get "/Management/v2/organizations/$organization/assetGroups/accounts?compliant=true"
	[ "$(jq -r '.assetGroupAccounts[].accountName' <<<"$output")" = First ]
	run -0 get "/Management/v2/organizations/$organization/assetGroups/accounts?compliant=false"
	[ "$(jq -r '.assetGroupAccounts[].accountName' <<<"$output")" = Second ]
	[ "$(status_of "/Management/v2/organizations/$account_a/planItems")" = 404 ]
	[ "$(get /oauth/userinfo | jq -r '.sub, (.accounts | length)' | paste -sd' ')" = "$user 2" ]
}

@test "a token expires" {
	start --token-seconds 5
	token=$(application_token)
	[ "$(status_of /api/v2.0/datasets/monitor/stream)" = 200 ]
	expired() { [ "$(status_of /api/v2.0/datasets/monitor/stream)" = 401 ]; }
	eventually expired
}

# page_through PATH CURSOR [LIMIT]: all records, a line each, until caught up; the last cursor goes to $BATS_TEST_TMPDIR/cursor.
page_through() {
	local cursor=$2 answer next length
	while :; do
		answer=$(get "$1cursor=$cursor&limit=${3:-1000}" | jq -c '.endCursor, (.data | length), .data[]')
		{
			read -r next
			read -r length
			[ "$length" = 0 ] || cat
		} <<<"$answer"
		next=${next:1:-1}
		[ "$length" != 0 ] || break
		cursor=$next
	done
	[ "$next" = "$cursor" ]
	echo "$cursor" >"$BATS_TEST_TMPDIR/cursor"
}

@test "a feed is paged to its end, no record lost, none twice" {
	start --page-size 30 --now 2025-04-20T00:00:00Z
	token=$(application_token)
	cmp <(page_through /api/v2.0/datasets/monitor/stream? 2025-03-01T00:00:00Z) <(jq -c .record "$served/service/feed.ndjson")
	for account in $account_a $account_b; do
		cmp <(page_through "/api/v2.0/datasets/envelopes/stream?accountId=$account&" 2025-03-01T00:00:00Z 13) \
			<(jq -c --arg a $account 'select(.account_id == $a).record' "$served/service/feed.ndjson")
	done
}

@test "Monitor at its newer address gives a user the same stream, by the organisation's id" {
	start --page-size 30 --now 2025-04-20T00:00:00Z
	token=$(user_token)
	cmp <(page_through "/v1/organizations/$organization/stream?" 2025-03-01T00:00:00Z) <(jq -c .record "$served/service/feed.ndjson")
	[ "$(get "/v1/organizations/$organization/stream" | jq -c 'keys')" = '["data","endCursor"]' ]
	[ "$(status_of "/v1/organizations/$account_a/stream") $(status_of "/v1/organizations/$organization/streams")" = "404 404" ]
	token=$(application_token)
	[ "$(status_of "/v1/organizations/$organization/stream")" = 403 ]
}

@test "a cursor that is a time starts with what arrived then, none starts seven days ago" {
	start --now 2025-03-20T00:00:00Z
	token=$(application_token)
	[ "$(get '/api/v2.0/datasets/monitor/stream?cursor=2025-03-19T12:05:00Z' | jq -c '[.data[].lastModifiedDateTime[8:13]]')" = '["18T05","18T06","18T07","18T08","18T09"]' ]
	[ "$(get '/api/v2.0/datasets/monitor/stream?cursor=2025-03-19T14:05:00%2B02:00' | jq '.data | length')" = 5 ]
	[ "$(get /api/v2.0/datasets/monitor/stream | jq -r '.data[0].lastModifiedDateTime')" = 2025-03-12T00:00:00.1234567Z ]
	[ "$(get '/api/v2.0/datasets/monitor/stream?cursor=2025-03-19T13:00:00Z' | jq -c .)" = '{"endCursor":"2025-03-19T13:00:00Z","data":[]}' ]
}

@test "what is not known is refused: a cursor, an account, a limit" {
	start --now 2025-03-20T00:00:00Z
	token=$(application_token)
	[ "$(get '/api/v2.0/datasets/monitor/stream?cursor=00112233445566778899aabbccddeeff' -w ' %{http_code}' | tail -c 4)" = " 400" ]
	[ "$(get '/api/v2.0/datasets/monitor/stream?cursor=nonsense' | jq -r .errorCode)" = INVALID_CURSOR ]
	cursor=$(get "/api/v2.0/datasets/envelopes/stream?accountId=$account_a" | jq -r .endCursor)
	[ "$(status_of "/api/v2.0/datasets/envelopes/stream?accountId=$account_a&cursor=$cursor")" = 200 ]
	[ "$(status_of "/api/v2.0/datasets/envelopes/stream?accountId=$account_b&cursor=$cursor")" = 400 ]
	[ "$(status_of "/api/v2.0/datasets/envelopes/stream?accountId=$user")" = 404 ]
	[ "$(status_of "/api/v2.0/datasets/envelopes/stream")" = 400 ]
	[ "$(status_of "/api/v2.0/datasets/monitor/stream?limit=0")" = 400 ]
	[ "$(status_of "/api/v2.0/datasets/other/stream")" = 404 ]
}

@test "from night to night: the clock is moved, a kept cursor stays valid, also in another run" {
	start --now 2025-03-10T00:00:00Z
	token=$(application_token)
	page_through /api/v2.0/datasets/monitor/stream? 2025-03-01T00:00:00Z >"$BATS_TEST_TMPDIR/all"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/all")" = 80 ]
	[ "$(ask -X PUT -d 2025-03-11T00:00:00Z -o /dev/null -w '%{http_code}' "$base/_simulator/now")" = 204 ]
	page_through /api/v2.0/datasets/monitor/stream? "$(cat "$BATS_TEST_TMPDIR/cursor")" >>"$BATS_TEST_TMPDIR/all"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/all")" = 90 ]
	[ "$(ask "$base/_simulator/statistics" | jq -r .now)" = 2025-03-11T00:00:00.000Z ]
	[ "$(ask -X PUT -d tomorrow -o /dev/null -w '%{http_code}' "$base/_simulator/now")" = 400 ]
	teardown
	rm "$BATS_TEST_TMPDIR/port"
	start --now 2025-04-20T00:00:00Z
	token=$(application_token)
	page_through /api/v2.0/datasets/monitor/stream? "$(cat "$BATS_TEST_TMPDIR/cursor")" >>"$BATS_TEST_TMPDIR/all"
	cmp "$BATS_TEST_TMPDIR/all" <(jq -c .record "$served/service/feed.ndjson")
}

@test "eSignature lists the latest version of each envelope of a window, in strings" {
	start --page-size 9 --now 2025-04-20T00:00:00Z
	token=$(user_token)
	list="/restapi/v2.1/accounts/$account_a/envelopes?from_date=2025-03-01&count=1000"
	position=0
	while :; do
		answer=$(get "$list&start_position=$position")
		jq -c '.envelopes[]' <<<"$answer" >>"$BATS_TEST_TMPDIR/all"
		[ -n "$(jq -r .nextUri <<<"$answer")" ] || break
		position=$(($(jq -r .endPosition <<<"$answer") + 1))
	done
	cmp "$BATS_TEST_TMPDIR/all" <(jq -sc --arg a $account_a '[.[] | select(.account_id == $a).record] | group_by(.envelopeId) |
		map(max_by(.lastModifiedDateTime)) | sort_by(.lastModifiedDateTime)[] | del(.accountId, .planItemId, .sender.accountId)' "$served/service/feed.ndjson")
	run -0 get "/restapi/v2.1/accounts/$account_a/envelopes?from_date=2025-03-02T00:00:00.1234567Z&to_date=2025-03-02T04:00:00.1234567Z"
	[ "$(jq -c '[.resultSetSize, .totalSetSize, .startPosition, .endPosition, .nextUri, [.envelopes[].lastModifiedDateTime[11:13]]]' <<<"$output")" = '["2","2","0","1","",["00","02"]]' ]
	[ "$(get "/restapi/v2.1/accounts/$account_a/envelopes" | jq -r .errorCode)" = INVALID_REQUEST_PARAMETER ]
}

@test "the account's own count is of the billing period, in strings" {
	start --now 2025-03-20T00:00:00Z
	token=$(user_token)
	run -0 get "/restapi/v2.1/accounts/$account_a"
	[ "$(jq -c '[.billingPeriodStartDate, .billingPeriodEndDate, .billingPeriodEnvelopesSent]' <<<"$output")" = '["2025-03-15T00:00:00.0000000Z","2025-04-15T00:00:00.0000000Z","25"]' ]
	run -0 get "/restapi/v2.1/accounts/$account_a/billing_charges"
	[ "$(jq -r '.billingChargeItems[0].usedQuantity' <<<"$output")" = 25 ]
}

@test "the hourly limit is announced, then kept" {
	start --rate-limit 3 --rate-window 100000000
	token=$(application_token)
	for remaining in 2 1 0; do
		run -0 get /api/v2.0/datasets/monitor/stream -D - -o /dev/null
		[[ $output == *"X-RateLimit-Limit: 3"*"X-RateLimit-Remaining: $remaining"* ]]
	done
	before=$(date +%s)
	run -0 get /api/v2.0/datasets/monitor/stream -i
	[[ $output == *"429 "*"HOURLY_APIINVOCATION_LIMIT_EXCEEDED"* ]]
	reset=$(grep -i x-ratelimit-reset <<<"$output" | tr -dc 0-9)
	after=$(grep -i retry-after <<<"$output" | tr -dc 0-9)
	((reset - after >= before - 3 && reset - after <= $(date +%s) + 3))
}

@test "the burst limit is announced, kept, and over after its window" {
	start --burst-limit 2 --burst-window 2
	token=$(application_token)
	[[ $(statuses 5 /api/v2.0/datasets/monitor/stream) == *429* ]]
	run -0 get /api/v2.0/datasets/monitor/stream -i
	[[ $output == *"X-BurstLimit-Limit: 2"* ]]
	sleep 2.1
	run -0 get /api/v2.0/datasets/monitor/stream -i
	[[ $output == *"200 OK"*"X-BurstLimit-Remaining: 1"* ]]
}

@test "Retry-After is seconds, or a date" {
	start --fault 429=7:1
	token=$(application_token || true)
	token=$(application_token)
	ask -X PUT -d 429=7:1 "$base/_simulator/fault"
	run -0 get /api/v2.0/datasets/monitor/stream -i
	[[ $output == *"429 "*"Retry-After: 7"*"BURST_APIINVOCATION_LIMIT_EXCEEDED"* ]]
	ask -X PUT --data-binary $'429=7:1\nretry-after-date' "$base/_simulator/fault"
	before=$(date +%s)
	run -0 get /api/v2.0/datasets/monitor/stream -i
	now=$(date +%s)
	date=$(grep -i retry-after <<<"$output" | cut -d' ' -f2- | tr -d '\r')
	[[ $date == *GMT ]]
	at=$(date -d "$date" +%s)
	((at >= before + 4 && at <= now + 8))
	[ "$(status_of /api/v2.0/datasets/monitor/stream)" = 200 ]
}

@test "answers are compressed for those who accept it" {
	start --now 2025-03-20T00:00:00Z
	token=$(application_token)
	run -0 get /api/v2.0/datasets/monitor/stream -H 'Accept-Encoding: gzip' -D "$BATS_TEST_TMPDIR/headers" -o "$BATS_TEST_TMPDIR/body"
	grep -qi '^content-encoding: gzip' "$BATS_TEST_TMPDIR/headers"
	cmp <(gzip -dc "$BATS_TEST_TMPDIR/body") <(get /api/v2.0/datasets/monitor/stream)
}

@test "faults that are statuses" {
	start
	token=$(application_token)
	for status in 408 429 500 503; do
		ask -X PUT -d $status:1 "$base/_simulator/fault"
		[ "$(status_of /api/v2.0/datasets/monitor/stream) $(status_of /api/v2.0/datasets/monitor/stream)" = "$status 200" ]
	done
	ask -X PUT -d "refuse-account=$account_b" "$base/_simulator/fault"
	[ "$(status_of "/api/v2.0/datasets/envelopes/stream?accountId=$account_a") $(status_of "/api/v2.0/datasets/envelopes/stream?accountId=$account_b")" = "200 403" ]
	ask -X PUT -d consent-required:1 "$base/_simulator/fault"
	[ "$(grant "$(jwt)" | head -1)" = '{"error":"consent_required"}' ]
	[ "$(ask -X PUT -d no-such -o /dev/null -w '%{http_code}' "$base/_simulator/fault")" = 400 ]
}

@test "expired-token makes the token bad for good, another is given" {
	start --fault expired-token
	token=$(application_token)
	[ "$(status_of /api/v2.0/datasets/monitor/stream) $(status_of /api/v2.0/datasets/monitor/stream)" = "401 401" ]
	token=$(application_token)
	[ "$(status_of /api/v2.0/datasets/monitor/stream)" = 200 ]
}

@test "faults of the feed: unknown-cursor, cursor-loop" {
	start --page-size 5 --now 2025-03-20T00:00:00Z
	token=$(application_token)
	first=$(get '/api/v2.0/datasets/monitor/stream?cursor=2025-03-10T00:00:00Z' | jq -r .endCursor)
	ask -X PUT -d unknown-cursor "$base/_simulator/fault"
	[ "$(status_of "/api/v2.0/datasets/monitor/stream?cursor=$first") $(status_of '/api/v2.0/datasets/monitor/stream?cursor=2025-03-10T00:00:00Z')" = "400 200" ]
	ask -X PUT -d cursor-loop "$base/_simulator/fault"
	run -0 get "/api/v2.0/datasets/monitor/stream?cursor=$first"
	[ "$(jq -c --arg c "$first" '[.endCursor == $c, (.data | length)]' <<<"$output")" = '[true,5]' ]
}

@test "faults of the body: cut, wrong-type, invalid-utf8" {
	start --now 2025-03-20T00:00:00Z
	token=$(application_token)
	whole=$(get /api/v2.0/datasets/monitor/stream | wc -c)
	ask -X PUT -d cut:2 "$base/_simulator/fault"
	run -18 --separate-stderr get /api/v2.0/datasets/monitor/stream
	((${#output} > whole / 3 && ${#output} < whole * 2 / 3))
	run ! get /api/v2.0/datasets/monitor/stream --compressed
	ask -X PUT -d wrong-type:1 "$base/_simulator/fault"
	[ "$(get /api/v2.0/datasets/monitor/stream -o "$BATS_TEST_TMPDIR/body" -w '%{http_code} %{content_type}')" = "200 text/html" ]
	grep -q '<!doctype html>' "$BATS_TEST_TMPDIR/body"
	ask -X PUT -d invalid-utf8:1 "$base/_simulator/fault"
	get /api/v2.0/datasets/monitor/stream -o "$BATS_TEST_TMPDIR/body"
	run ! iconv -f UTF-8 -t UTF-8 "$BATS_TEST_TMPDIR/body"
	iconv -c -f UTF-8 -t UTF-8 "$BATS_TEST_TMPDIR/body" | jq -e . >/dev/null
}

@test "faults of the connection: reset, slow, stall" {
	start --now 2025-03-20T00:00:00Z
	token=$(application_token)
	ask -X PUT -d reset:1 "$base/_simulator/fault"
	run -56 get /api/v2.0/datasets/monitor/stream
	[[ $output == *"onnection reset by peer"* ]]
	[ "$(status_of /api/v2.0/datasets/monitor/stream)" = 200 ]
	ask -X PUT -d slow=700:1 "$base/_simulator/fault"
	run -28 get /api/v2.0/datasets/monitor/stream --max-time 0.4
	ask -X PUT -d slow=700:1 "$base/_simulator/fault"
	seconds=$(get /api/v2.0/datasets/monitor/stream -o /dev/null -w '%{time_starttransfer}')
	jq -ne "$seconds >= 0.7 and $seconds < 3" >/dev/null
	ask -X PUT -d stall=700:1 "$base/_simulator/fault"
	run -0 get /api/v2.0/datasets/monitor/stream -o "$BATS_TEST_TMPDIR/body" -w '%{time_starttransfer} %{time_total}'
	jq -ne --arg t "$output" '$t / " " | map(tonumber) | .[0] < 0.5 and .[1] >= 0.7' >/dev/null
	jq -e . "$BATS_TEST_TMPDIR/body" >/dev/null
}

@test "giants are streamed, also compressed" {
	start
	token=$(application_token)
	ask -X PUT -d giant:1 "$base/_simulator/fault"
	run -0 bash -c 'curl -sS --cacert "$0" -H "Authorization: Bearer $1" "$2" 2>/dev/null | head -c 20000000 | wc -c' "$ca" "$token" "$base/api/v2.0/datasets/monitor/stream"
	[ "$output" = 20000000 ]
	ask -X PUT -d giant-gzip=50000000:1 "$base/_simulator/fault"
	get /api/v2.0/datasets/monitor/stream -H 'Accept-Encoding: gzip' -o "$BATS_TEST_TMPDIR/body"
	(($(stat -c %s "$BATS_TEST_TMPDIR/body") < 1000000))
	(($(gzip -dc "$BATS_TEST_TMPDIR/body" | wc -c) >= 50000000))
}

@test "a fault may be kept to some URLs, and to a share that the seed decides" {
	start --fault "500@accountId=$account_a" --seed 3
	token=$(application_token)
	[ "$(status_of "/api/v2.0/datasets/envelopes/stream?accountId=$account_a") $(status_of "/api/v2.0/datasets/envelopes/stream?accountId=$account_b")" = "500 200" ]
	ask -X PUT -d 500:0.5 "$base/_simulator/fault"
	statuses 40 "/api/v2.0/datasets/monitor/stream?limit=1" >"$BATS_TEST_TMPDIR/one"
	failed=$(grep -c 500 "$BATS_TEST_TMPDIR/one")
	((failed > 10 && failed < 30))
	teardown
	rm "$BATS_TEST_TMPDIR/port"
	start --seed 3
	token=$(application_token)
	statuses 2 "/api/v2.0/datasets/monitor/stream?limit=1"
	ask -X PUT -d 500:0.5 "$base/_simulator/fault"
	statuses 40 "/api/v2.0/datasets/monitor/stream?limit=1" >"$BATS_TEST_TMPDIR/two"
	cmp "$BATS_TEST_TMPDIR/one" "$BATS_TEST_TMPDIR/two"
}

@test "mix fails its share in several ways, never one URL more than three times running" {
	start --now 2025-03-20T00:00:00Z
	token=$(application_token)
	ask -X PUT -d mix:0.9 "$base/_simulator/fault"
	statuses 60 "/api/v2.0/datasets/monitor/stream?limit=1"
	[ "$(ask "$base/_simulator/requests" | jq -r 'select(.fault).fault' | sort -u | wc -l)" -ge 6 ]
	output=$(ask "$base/_simulator/requests" | jq -rs '[.[2:][] | .fault // "-"] | join(" ")')
	[[ ! $output =~ [a-z0-9-]{2,}\ [a-z0-9-]{2,}\ [a-z0-9-]{2,}\ [a-z0-9-]{2,} ]]
	[ "$(grep -o expired-token <<<"$output" | wc -l)" = 1 ]
}

@test "requests are kept for the test, and logged, without a token" {
	start --now 2025-03-20T00:00:00Z
	token=$(application_token)
	get "/api/v2.0/datasets/monitor/stream?limit=3" -o /dev/null
	run -0 ask "$base/_simulator/requests"
	[ "$(jq -sc '[.[] | [.number, .method, .url, .status]]' <<<"$output")" = '[[1,"POST","/oauth/token",200],[2,"GET","/api/v2.0/datasets/monitor/stream?limit=3",200]]' ]
	[[ $output != *"$token"* ]]
	cmp <(echo "$output") "$BATS_TEST_TMPDIR/log"
	ask -X DELETE "$base/_simulator/requests"
	[ -z "$(ask "$base/_simulator/requests")" ]
	[ "$(ask "$base/_simulator/statistics" | jq .requests)" = 2 ]
}

@test "waiting overlaps: 64 requests of 300 ms over 16 connections take four times 300 ms, not 64 times" {
	scheme=http
	start --http --latency 300 --now 2025-03-20T00:00:00Z
	token=$(application_token)
	seq -f "url = \"$base/api/v2.0/datasets/monitor/stream?limit=%g\"" 64 | sed 'a output = "/dev/null"' >"$BATS_TEST_TMPDIR/config"
	began=$(date +%s%N)
	curl -sS --parallel --parallel-max 16 -H "Authorization: Bearer $token" -K "$BATS_TEST_TMPDIR/config"
	took=$((($(date +%s%N) - began) / 1000000))
	((took >= 4 * 300 && took < 16 * 300))
}

@test "made-up accounts: many, one envelope each, without limits" {
	"$simulator" --accounts 2000 --http --port-file "$BATS_TEST_TMPDIR/port" --write-profile "$BATS_TEST_TMPDIR/demo" >/dev/null 3>&- &
	simulator_pid=$!
	wait_for_server "$simulator_pid" "$BATS_TEST_TMPDIR/port"
	port=$(cat "$BATS_TEST_TMPDIR/port")
	base=http://127.0.0.1:$port
	profile=$BATS_TEST_TMPDIR/demo/profiles/acme.json
	key=$BATS_TEST_TMPDIR/demo/profiles/acme.pem
	integration_key=$(jq -r .integration_key "$profile")
	: >"$ca"
	token=$(grant "$(jwt)" | head -1 | jq -r .access_token)
	accounts=$(get "/Management/v2/organizations/$(jq -r .organization_id "$profile")/assetGroups/accounts" -D "$BATS_TEST_TMPDIR/headers")
	[ "$(jq '.assetGroupAccounts | length' <<<"$accounts")" = 2000 ]
	run ! grep -qi ratelimit "$BATS_TEST_TMPDIR/headers"
	[ "$(get "/api/v2.0/datasets/envelopes/stream?accountId=$(jq -r '.assetGroupAccounts[1999].accountId' <<<"$accounts")" | jq '.data | length')" = 1 ]
}

@test "faults of the limits: as HTTP 400, and a reset that is far away" {
	start --now 2025-03-20T00:00:00Z
	token=$(application_token)
	ask -X PUT --data-binary $'hourly-400:1\nburst-400:1' "$base/_simulator/fault"
	for limit in HOURLY BURST; do
		run -0 get /api/v2.0/datasets/monitor/stream -w ' %{http_code}'
		[[ $output == *"\"errorCode\":\"${limit}_APIINVOCATION_LIMIT_EXCEEDED\""*' 400' ]]
	done
	[ "$(status_of /api/v2.0/datasets/monitor/stream)" = 200 ]
	ask -X PUT -d far-reset=90000:1 "$base/_simulator/fault"
	headers=$(get /api/v2.0/datasets/monitor/stream -o /dev/null -D - | tr -d '\r')
	[ "$(sed -n 's/^X-RateLimit-Remaining: //Ip' <<<"$headers")" = 0 ]
	reset=$(sed -n 's/^X-RateLimit-Reset: //Ip' <<<"$headers") date=$(date -d "$(sed -n 's/^Date: //Ip' <<<"$headers")" +%s)
	((reset - date >= 89999 && reset - date <= 90001))
}

@test "faults of the token service: its own statuses with a JSON error, and a quoted expires_in" {
	start
	ask -X PUT --data-binary $'token-error=429:1\ntoken-error:1' "$base/_simulator/fault"
	for wanted in 429 503; do
		run -0 ask "$base/oauth/token" -d grant_type=none -w ' %{http_code}'
		[[ $output == *'"error":"temporarily_unavailable"'*" $wanted" ]]
	done
	ask -X PUT -d quoted-expiry "$base/_simulator/fault"
	[ "$(grant "$(jwt)" | head -1 | jq -c .expires_in)" = '"3600"' ]
}

@test "faults of paging: pages that are empty without end, and a list that shrinks" {
	start --page-size 5 --now 2025-03-20T00:00:00Z
	token=$(application_token)
	ask -X PUT -d empty-pages "$base/_simulator/fault"
	cursor=2025-03-10T00:00:00Z
	for _ in 1 2 3; do
		last=$cursor
		run -0 get "/api/v2.0/datasets/monitor/stream?cursor=$cursor"
		cursor=$(jq -r .endCursor <<<"$output")
		[ "$(jq -c .data <<<"$output")" = '[]' ]
		[ "$cursor" != "$last" ]
	done
	token=$(user_token)
	list="/restapi/v2.1/accounts/$account_a/envelopes?from_date=2025-03-01&count=5"
	ask -X PUT -d '' "$base/_simulator/fault"
	total=$(get "$list" | jq -r .totalSetSize)
	second=$(get "$list&start_position=5" | jq -c '[.envelopes[].envelopeId]')
	ask -X PUT -d shrink "$base/_simulator/fault"
	run -0 get "$list&start_position=5"
	[ "$(jq -r .totalSetSize <<<"$output")" = $((total - 1)) ]
	# The second page's first envelope has moved to the first page, which was read before.
	[ "$(jq -c '[.envelopes[].envelopeId][:4]' <<<"$output")" = "$(jq -c '.[1:]' <<<"$second")" ]
}

@test "faults of the body: an error in a 200, half an emoji, a giant record, two bytes at a time" {
	start --now 2025-03-20T00:00:00Z
	token=$(application_token)
	ask -X PUT -d error-200:1 "$base/_simulator/fault"
	[ "$(get /api/v2.0/datasets/monitor/stream -w ' %{http_code}')" = '{"errorCode":"UNSPECIFIED_ERROR","message":"An unspecified error occurred."} 200' ]
	ask -X PUT -d lone-surrogate:1 "$base/_simulator/fault"
	[[ $(get /api/v2.0/datasets/monitor/stream) == *'"emailSubject":"\ud83dPlease sign"'* ]]
	ask -X PUT -d giant-record:1 "$base/_simulator/fault"
	get /api/v2.0/datasets/monitor/stream -o "$BATS_TEST_TMPDIR/body"
	[ "$(jq '[.data[].emailSubject | length] | sort | reverse | .[:2] | tojson' "$BATS_TEST_TMPDIR/body")" = '"[17825803,11]"' ]
	ask -X PUT -d drip=100:1 "$base/_simulator/fault"
	run -28 get /api/v2.0/datasets/monitor/stream -o "$BATS_TEST_TMPDIR/body" --max-time 1
	size=$(stat -c %s "$BATS_TEST_TMPDIR/body")
	((size >= 2 && size <= 22))
}
