#!/usr/bin/env bats
# Docusign's official npm clients, unchanged, against the simulator: which shows that the simulator behaves like Docusign.

load helper

organization=9f0e7a10-0000-4000-8000-000000000001
account=aaaaaaaa-0000-4000-8000-000000000001

make_organization() {
	mkdir -p "$1/service" "$1/profiles"
	jq -n --arg o $organization --arg a $account '{organizations: [{id: $o, name: "Tiny", description: "Two accounts", default_account_id: $a,
		default_permission_profile_id: 1, created_on: "2020-01-01T00:00:00.000", accounts: [
		{id: $a, name: "First", external_account_id: 100, site_id: 1}], users: [], reserved_domains: [], identity_providers: [], links: []}]}' \
		>"$1/service/organizations.json"
	jq -n --arg a $account '{assetGroupAccounts: [
		{assetGroupId: "g", accountId: $a, accountName: "First", externalAccountId: 100, compliant: true, siteId: 1, siteName: "na1"}]}' \
		>"$1/service/asset-group-accounts.json"
	jq -n '[{plan_id: "p", plan_name: "Plan", associated_accounts_count: 1, asset_group_name: "Group", asset_group_id: "g",
		subscription_name: "Subscription", subscription_id: "s", modules: [{plan_item_id: "i", plan_item_name: "Envelopes",
		plan_item_description: "Envelopes", plan_item_internal_id: "1"}]}]' >"$1/service/plan-items.json"
	jq -n --arg o $organization '{name: "acme", organization_id: $o, integration_key: "7c2b8d7e-0000-4000-8000-000000000001",
		key_pair_id: "0f6d3c1a-0000-4000-8000-000000000001"}' >"$1/profiles/acme.json"
	jq -nc --arg a $account 'range(53) | {arrived_at: "2025-03-01T00:00:\(. + 100 | tostring[1:])Z", account_id: $a, record:
		{envelopeId: "eeeeeeee-0000-4000-8000-0000000000\(. + 100 | tostring[1:])", accountId: $a, status: "sent",
		lastModifiedDateTime: "2025-02-28T00:00:00.0000000Z"}}' >"$1/service/feed.ndjson"
}

setup_file() {
	export contract=$BATS_TEST_DIRNAME/contract
	simulator=${SIMULATOR:-$BATS_TEST_DIRNAME/../build/$([ "${SANITIZE:-}" = 1 ] && echo sanitize || echo release)/tests/simulator}
	export CONTRACT_USER=dddddddd-0000-4000-8000-000000000001 without=
	unset ENVTALLY_NOW http_proxy https_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY all_proxy
	if ! command -v npm >/dev/null || ! command -v node >/dev/null; then
		without="npm or node is not there"
	elif [ ! -x "$simulator" ]; then
		without="not built: $simulator (make test-programs)"
	elif ! npm_modules "$contract" >"$BATS_FILE_TMPDIR/npm" 2>&1; then
		without="npm cannot install Docusign's clients: $(tail -1 "$BATS_FILE_TMPDIR/npm")"
	fi
	[ -z "$without" ] || return 0
	make_organization "$BATS_FILE_TMPDIR/organization"
	rsa_key
	"$simulator" --serve "$BATS_FILE_TMPDIR/organization" --write-profile "$BATS_FILE_TMPDIR/demo" --key "$made" --now 2025-03-02T00:00:00Z \
		--port-file "$BATS_FILE_TMPDIR/port" --page-size 10 --log "$BATS_FILE_TMPDIR/requests" \
		--keep-assertions "$BATS_FILE_TMPDIR/assertions" >"$BATS_FILE_TMPDIR/stdout" 2>&1 3>&- &
	echo $! >"$BATS_FILE_TMPDIR/pid"
	wait_for_server "$(cat "$BATS_FILE_TMPDIR/pid")" "$BATS_FILE_TMPDIR/port"
	export profile=$BATS_FILE_TMPDIR/demo/profiles/acme.json
	export NODE_EXTRA_CA_CERTS=$BATS_FILE_TMPDIR/demo/profiles/acme-ca.pem
}

teardown_file() {
	[ ! -e "$BATS_FILE_TMPDIR/pid" ] || kill "$(cat "$BATS_FILE_TMPDIR/pid")"
}

setup() {
	[ -z "$without" ] || skip "$without"
}

ask() { node "$contract/clients.js" "$profile" "$@"; }

# said JQ-PROGRAM: what it makes of the output, compact.
said() { jq -c "$1" <<<"$output"; }

control() { curl -sS --cacert "$NODE_EXTRA_CA_CERTS" "$(jq -r .api_base "$profile")/_simulator/$1" "${@:2}"; }

@test "docusign-admin gets an application's and a user's token by JWT" {
	run -0 ask application-token
	[ "$(said '[.token_type, .expires_in, (.access_token | length > 100)]')" = '["Bearer",3600,true]' ]
	run -0 ask user-token
	[ "$(said .token_type)" = '"Bearer"' ]
}

@test "docusign-monitor gets a token by JWT" {
	run -0 ask monitor-token
	[ "$(said .token_type)" = '"Bearer"' ]
}

@test "docusign-admin gets the user's info" {
	run -0 ask userinfo
	[ "$(said '[.sub, .accounts[0].accountId, .accounts[0].baseUri == "'"$(jq -r .api_base "$profile")"'"]')" = "[\"$CONTRACT_USER\",\"$account\",true]" ]
}

@test "docusign-admin lists organizations for a user, and is refused without one" {
	run -0 ask organizations
	[ "$(said '.organizations[0] | [.id, .name, .accounts[0].id, .accounts[0].external_account_id]')" = "[\"$organization\",\"Tiny\",\"$account\",100]" ]
	run -1 ask organizations application
	[ "$(said .statusCode)" = 403 ]
}

@test "docusign-admin gets plan items, and 404 for another organization" {
	run -0 ask plan-items
	[ "$(said '.[0] | [.plan_id, .subscription_id, .associated_accounts_count, .modules[0].plan_item_id]')" = '["p","s",1,"i"]' ]
	run -1 ask plan-items "$account"
	[ "$(said '[.statusCode, .body.error]')" = '[404,"organization_not_found"]' ]
}

@test "docusign-admin gets the accounts of asset groups" {
	run -0 ask asset-groups true
	[ "$(said '.assetGroupAccounts[0] | [.accountId, .accountName, .compliant, .siteName]')" = "[\"$account\",\"First\",true,\"na1\"]" ]
	run -0 ask asset-groups false
	[ "$(said .assetGroupAccounts)" = '[]' ]
}

@test "docusign-monitor reads the data set to its end, no record lost, none twice" {
	run -0 ask stream 2025-02-01T00:00:00Z 20
	[ "$(said .pages)" = 7 ]
	cmp <(said '.data[]') <(jq -c .record "$BATS_FILE_TMPDIR/organization/service/feed.ndjson")
}

@test "docusign-monitor without a cursor gets seven days; with one unknown, an error" {
	run -0 ask stream-page
	[ "$(said '.data | length')" = 10 ]
	run -1 ask stream-page nonsense
	[ "$(said '[.statusCode, .body.errorCode]')" = '[400,"INVALID_CURSOR"]' ]
}

@test "docusign-admin sees consent_required as Docusign's users do" {
	control fault -X PUT -d consent-required:1
	run -1 ask user-token
	[ "$(said .)" = '{"statusCode":400,"body":{"error":"consent_required"}}' ]
}

@test "a JWT that jose made is accepted" {
	run -0 ask jose-token
	[ "$(said .token_type)" = '"Bearer"' ]
}

@test "jose finds the JWT of Docusign's client good, so the test for ours means something" {
	openssl pkey -in "${profile%.json}.pem" -pubout -out "$BATS_TEST_TMPDIR/public.pem"
	: >"$BATS_FILE_TMPDIR/assertions"
	run -0 ask application-token
	tail -1 "$BATS_FILE_TMPDIR/assertions" >"$BATS_TEST_TMPDIR/jwt"
	run -0 ask verify "$BATS_TEST_TMPDIR/jwt" "$BATS_TEST_TMPDIR/public.pem"
	openssl genrsa -out "$BATS_TEST_TMPDIR/other.pem" 2048 2>/dev/null
	openssl pkey -in "$BATS_TEST_TMPDIR/other.pem" -pubout -out "$BATS_TEST_TMPDIR/public.pem"
	run -1 ask verify "$BATS_TEST_TMPDIR/jwt" "$BATS_TEST_TMPDIR/public.pem"
}

@test "jose finds our own JWT good" {
	auth=$BATS_TEST_DIRNAME/../bin/auth
	[ "${SANITIZE:-}" != 1 ] || auth=$BATS_TEST_DIRNAME/../build/sanitize/bin/auth
	[ -x "$auth" ] || skip "auth is not built"
	openssl pkey -in "${profile%.json}.pem" -pubout -out "$BATS_TEST_TMPDIR/public.pem"
	: >"$BATS_FILE_TMPDIR/assertions"
	"$auth" -p "$profile" | jq -e 'select(.type == "CONNECTION")' >/dev/null
	tail -1 "$BATS_FILE_TMPDIR/assertions" >"$BATS_TEST_TMPDIR/jwt"
	run -0 ask verify "$BATS_TEST_TMPDIR/jwt" "$BATS_TEST_TMPDIR/public.pem"
	[ "$(said '.payload.exp - .payload.iat <= 3600')" = true ]
}

@test "docusign-esign gets what Docusign counts of an account, and its charges; an application's token does not" {
	run -0 ask account "$account"
	[ "$(said '[.accountIdGuid, .accountName, .billingPeriodEnvelopesSent, .billingPeriodEnvelopesAllowed]')" = "[\"$account\",\"First\",\"0\",\"unlimited\"]" ]
	[ "$(said '.billingPeriodStartDate | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T00:00:00.0000000Z$")')" = true ]
	run -0 ask charges "$account"
	[ "$(said '.billingChargeItems[0] | [.chargeName, .allowedQuantity, .usedQuantity]')" = '["envelopes","unlimited","0"]' ]
	run -1 ask account "$account" application
	[ "$(said '[.statusCode, .body.errorCode]')" = '[403,"USER_LACKS_PERMISSIONS"]' ]
	run -1 ask charges "$organization"
	[ "$(said '[.statusCode, .body.errorCode]')" = '[403,"USER_LACKS_PERMISSIONS"]' ]
}

@test "docusign-esign reads the list of the preset esign to its end, and the element of datafeed-elements" {
	run -0 ask envelopes "$account" 2025-02-01T00:00:00Z
	[ "$(said .total)" = '"53"' ]
	cmp <(said '.ids[]' | sort) <(jq -c .record.envelopeId "$BATS_FILE_TMPDIR/organization/service/feed.ndjson" | sort)
	run -0 ask element "$account" element-7
	[ "$(said .envelopeId)" = "$(sed -n 8p "$BATS_FILE_TMPDIR/organization/service/feed.ndjson" | jq -c .record.envelopeId)" ]
	run -1 ask element "$account" nothing
	[ "$(said .body.errorCode)" = '"DATA_FEED_ELEMENT_NOT_FOUND"' ]
}

@test "what the simulator answers and what envtally asks is as Docusign describes its eSignature, Admin and Monitor APIs" {
	local impersonating=${profile%.json}-user.json
	jq --arg u "$CONTRACT_USER" '.user_id = $u | del(.scopes)' "$profile" >"$impersonating"
	: >"$BATS_FILE_TMPDIR/requests"
	for feed in esign datafeed-elements; do
		auth -q -p "$impersonating" | fetch-subscriptions -q --billing --now 2025-03-02T00:00:00Z | fetch-datafeed -q --feed $feed >"$BATS_TEST_TMPDIR/$feed"
	done
	cp "$BATS_FILE_TMPDIR/requests" "$BATS_TEST_TMPDIR/requests"
	# The clients are made from the published OpenAPI files; whoever has these names their folder.
	for folder in "" ${OPENAPI_FOLDER:+"$OPENAPI_FOLDER"}; do
		run -0 node "$contract/openapi.js" "$profile" "$BATS_TEST_TMPDIR/requests" ${folder:+"$folder"}
		[ "$(said .faults)" = '[]' ] || { echo "$output"; return 1; }
		[ "$(said '.responses > 15 and .asked > 60')" = true ]
	done
}
