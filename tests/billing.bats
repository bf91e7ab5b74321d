#!/usr/bin/env bats
# Docusign's own count: fetched, recorded and replayed; stored and compared with ours; its use by reconcile, report and explain.
# Expected values are worked out by hand, or by jq from what the simulator serves.

# root, acme and the like are helper's; files and times without blanks stand without quotes.
# shellcheck disable=SC2030,SC2031,SC2086,SC2154

load helper

export ENVTALLY_BIN=${ENVTALLY_BIN:-$root/bin}
pipeline=$root/pipeline.sh
night=2025-03-18T02:00:00Z
run_id=20250318T020000Z
user=4a1f0c3e-8d52-4b6b-9c7a-2e5d1f8a9b70

# simulate [OPTION]...: the recorded organisation at $origin, with a profile in ./ws that asks for billing
simulate() {
	mkdir -p ws/licence
	cp "$acme"/licence/*.csv ws/licence/
	serve "${served:-$acme}" --now "$night" "$@"
	profile=ws/profiles/acme.json
}
teardown() {
	[ -z "${simulator-}" ] || { kill "$simulator" 2>/dev/null; wait "$simulator" 2>/dev/null || true; }
	sound_ledgers
}
set_in_profile() { jq "$1" "$profile" >changed && mv changed "$profile"; } # JQ-UPDATE

# raw JQ-ACCOUNT [JQ-CHARGES]: a docusign_billing record of account a, observed at $observed_at
raw() {
	local charges=null
	[ -z "${2-}" ] || charges=$(jq -nc "$2")
	change '"billingPeriodStartDate":"2025-02-15T08:00:00.0000000Z","billingPeriodEndDate":"2025-03-15T07:00:00.0000000Z","billingPeriodEnvelopesAllowed":"100","billingPeriodEnvelopesSent":"3"' "$1"
	printf '{"type":"RECORD","stream":"docusign_billing","record":{"account":%s,"charges":%s},"context":{"organization_id":"o","account_id":"A"},"time_extracted":"%s"}\n' \
		"$changed" "$charges" "${observed_at:-2025-04-01T00:00:00.000Z}"
}

# canonical MEMBERS: a billing_period of account a as merge prints it, with these members in addition or instead.
canonical() {
	change '"organization_id":null,"account_id":"a","period_start":"2025-02-01T00:00:00.000Z","period_end":"2025-03-01T00:00:00.000Z","units_allowed":null,"units_billed":10,"bulk_units":null,"powerform_units":null,"currency":null,"charges":[],"observed_at":"2025-04-01T00:00:00.000Z","counted_until":"2025-03-01T00:00:00.000Z","watermark":"2025-03-20T00:00:00.000Z","units_counted":10' "$1"
	printf '{"type":"RECORD","stream":"billing_period","record":%s}\n' "$changed"
}

# consumption ACCOUNT PLAN-ITEM UNITS [PERIOD-START PERIOD-END INDEX]
consumption() {
	printf '{"type":"RECORD","stream":"consumption","record":{"profile":"p","account_id":"%s","plan_item_id":"%s","unit":"envelope","period_index":%d,"period_start":"%sT00:00:00.000Z","period_end":"%sT00:00:00.000Z","units_consumed":%d,"by_status":{},"state":"open"}}\n' \
		"$1" "$2" "${6:-0}" "${4:-2025-01-01}" "${5:-2026-01-01}" "$3"
}

exported() { "$ENVTALLY_BIN/export" --ledger "$1" --stream billing_period; } # LEDGER; export alone is the shell's

licence() {
	printf 'entitlement_id,software_model,agreement_type,license_type,metric_group,license_metric,subscription_period,start_date,end_date,purchased_rights\nE,M,Subscription,Subscription,Consumption,Envelope,Annually,2025-01-01,2027-12-31,100\n' >entitlements.csv
	printf 'publisher,product,version,edition,software_model,license_metric,unit,identifier_type,identifier\nD,P,,,M,Envelope,envelope,plan_item_id,i\nD,P,,,N,Envelope,envelope,plan_item_id,j\n' >models.csv
}
reconciled() { reconcile -q -e entitlements.csv -m models.csv --now 2025-06-01T00:00:00Z; }

@test "normalize: strings become numbers, unlimited or null; bulk and PowerForm envelopes are found among the charges" {
	charges='{billingChargeItems: [
		{chargeName: "envelopes", chargeType: "recurring", chargeUnitOfMeasure: "Envelope", includedQuantity: "100", incrementalQuantity: "0",
		 allowedQuantity: "unlimited", usedQuantity: "2.0", unitPrice: "1.20", prices: [{beginQuantity: "1", endQuantity: "unlimited", unitPrice: "1.2"}]},
		{chargeName: "Bulk_Recipient_Envelopes", usedQuantity: " 7 "}, {chargeName: "powerforms", usedQuantity: 0}, {chargeName: "seats", allowedQuantity: "N/A"}]}'
	{
		raw '{billingPeriodEnvelopesAllowed: "Unlimited", currencyCode: "USD"}' "$charges"
		raw '{billingPeriodEnvelopesAllowed: "N/A", billingPeriodEnvelopesSent: ""}'
		raw '{billingPeriodEnvelopesAllowed: 250, billingPeriodEnvelopesSent: null}'
	} | normalize | records_of billing_period >got
	same '["a","2025-02-15T08:00:00.000Z","2025-03-15T07:00:00.000Z","unlimited",3,7,0,"USD"]
["a","2025-02-15T08:00:00.000Z","2025-03-15T07:00:00.000Z",null,null,null,null,null]
["a","2025-02-15T08:00:00.000Z","2025-03-15T07:00:00.000Z",250,null,null,null,null]' \
		"$(jq -c '[.account_id, .period_start, .period_end, .units_allowed, .units_billed, .bulk_units, .powerform_units, .currency]' got)"
	same '{"charge_name":"envelopes","charge_type":"recurring","unit_of_measure":"Envelope","first_effective_date":null,"last_effective_date":null,"included_quantity":100,"incremental_quantity":0,"allowed_quantity":"unlimited","used_quantity":2,"unit_price":"1.20","prices":[{"begin_quantity":1,"end_quantity":"unlimited","unit_price":"1.2"}]}' \
		"$(head -n 1 got | jq -c '.charges[0]')"
	same '[[4,null],[0,[]]]' "$(head -n 2 got | jq -sc '[[(.[0].charges | length), .[0].charges[3].allowed_quantity], [(.[1].charges | length), .[1].charges]]')"
}

@test "normalize: what is no quantity or no period is rejected with its reason; an account without a billing period gives nothing" {
	{
		raw '{billingPeriodEnvelopesSent: "lots"}'
		raw '{billingPeriodEnvelopesSent: "unlimited"}'
		raw '{billingPeriodEnvelopesAllowed: "-1"}'
		# The same instant as the start.
		raw '{billingPeriodEndDate: "2025-02-15T09:00:00+01:00"}'
		raw '{billingPeriodEndDate: "soon"}'
		raw '{billingPeriodStartDate: "", billingPeriodEndDate: "N/A"}'
	} >in
	normalize -q --rejects rejects <in >out
	same '' "$(records_of billing_period <out)"
	same '1 billingPeriodEnvelopesSent must be a number of units, "unlimited" or "N/A", it is "lots"
2 billingPeriodEnvelopesSent must be a number of units, it is "unlimited"
3 billingPeriodEnvelopesAllowed must be a number of units, "unlimited" or "N/A", it is "-1"
4 period_end must be after period_start
5 period_end must be a time such as 2025-01-31T12:00:00.000Z, this is '"'soon'" \
		"$(jq -r '"\(.line) \(.reason | sub("^jq program .billing.jq.: "; ""))"' rejects)"
}

@test "merge: ours is counted between Docusign's edges to the millisecond, and up to when it was asked" {
	times="2025-02-15T07:59:59.999Z 2025-02-15T08:00:00.000Z 2025-03-01T12:00:00.000Z 2025-03-15T06:59:59.999Z 2025-03-15T07:00:00.000Z"
	for at in $times; do envelope "{envelope_id: \"$at\", sent_at: \"$at\"}"; done >envelopes
	envelope '{envelope_id: "draft", status: "created", sent_at: "2025-03-01T00:00:00.000Z"}' >>envelopes
	# Over: both edges. Open: what was sent before it was asked.
	{
		cat envelopes
		raw '{}' | normalize
		observed_at=2025-03-01T12:00:00.000Z raw '{billingPeriodStartDate: "2025-02-15T07:59:59.9990000Z"}' | normalize
	} | merge --ledger :memory: --emit all | records_of billing_period |
		jq -c '[.period_start, .counted_until, .observed_at, .units_billed, .units_counted]' >got
	same '["2025-02-15T07:59:59.999Z","2025-03-01T12:00:00.000Z","2025-03-01T12:00:00.000Z",3,2]
["2025-02-15T08:00:00.000Z","2025-03-15T07:00:00.000Z","2025-04-01T00:00:00.000Z",3,3]' "$(cat got)"
}

@test "merge: what was observed last is kept in any order; a late envelope is in our count; a feed that was never read has none" {
	observed_at=2025-03-02T00:00:00.000Z raw '{billingPeriodEnvelopesSent: "1"}' | normalize >first
	observed_at=2025-03-20T00:00:00.000Z raw '{billingPeriodEnvelopesSent: "2"}' | normalize >second
	cat first second | merge -l forth.db -e none
	cat second first first | merge -l back.db -e none
	for ledger in forth back; do
		exported $ledger.db >$ledger
	done
	same '[2,null,"2025-03-20T00:00:00.000Z"]' "$(records_of billing_period <forth | jq -c '[.units_billed, .units_counted, .observed_at]')"
	same_files forth back
	envelope '{sent_at: "2025-03-10T00:00:00.000Z"}' | merge -l forth.db -e touched | records_of billing_period >got
	same '[2,1]' "$(jq -c '[.units_billed, .units_counted]' got)"
	# By a policy that leaves voided ones out.
	printf '{"name": "n", "version": 1, "statuses": {"voided": false}, "other_statuses": true}' >policy.json
	envelope '{envelope_id: "v", status: "voided", sent_at: "2025-03-10T00:00:00.000Z"}' | merge -l forth.db -e none
	same '2' "$(merge -l forth.db -e all </dev/null | records_of billing_period | jq .units_counted)"
	same '1' "$(merge -l forth.db -e all --policy policy.json </dev/null | records_of billing_period | jq .units_counted)"
}
@test "merge: a ledger of version 1 gets the table, and loses nothing" {
	envelope '{}' | merge -l l.db -e none
	sqlite3 l.db 'DROP TABLE billing_period; PRAGMA user_version = 1'
	raw '{}' | normalize | merge -l l.db -e all | records_of billing_period >got
	same '[3,1]' "$(jq -c '[.units_billed, .units_counted]' got)"
	same '3' "$(sqlite3 l.db 'PRAGMA user_version')"
	merge -l new.db -e none </dev/null
	same "$(sqlite3 new.db "SELECT sql FROM sqlite_schema WHERE name = 'billing_period'")" "$(sqlite3 l.db "SELECT sql FROM sqlite_schema WHERE name = 'billing_period'")"
}

@test "merge: our count of random billing periods is jq's of the envelopes" {
	jq -nc --argjson seed "${SEED:-7}" 'def next: . * 69069 + 12345 | . % 2147483648;
		[limit(600; $seed | recurse(next))] | to_entries[] | . as {$key, $value} | {type: "RECORD", stream: "envelope", record: {account_id: "abc"[$value % 3:$value % 3 + 1],
		envelope_id: "e\($key)", status: ["sent", "completed", "created"][($value / 8 | floor) % 3],
		sent_at: (1735689600 + ($value / 16 | floor) % 15552000 | todate | sub("Z"; ".\(($value / 32 | floor) % 900 + 100)Z")),
		modified_at: "2025-07-01T00:00:00.000Z"}}' >envelopes
	jq -nc --argjson seed "${SEED:-7}" 'def next: . * 69069 + 12345 | . % 2147483648; def at: 1735689600 + . | todate | sub("Z"; ".000Z");
		[limit(40; $seed + 1 | recurse(next))] | to_entries[] | . as {$value} | (($value / 16 | floor) % 12000000) as $start | {type: "RECORD", stream: "billing_period", record: {
		account_id: "abc"[$value % 3:$value % 3 + 1], period_start: ($start | at), period_end: ($start + 2600000 | at), charges: [], units_billed: 1,
		observed_at: ($start + ($value / 64 | floor) % 5000000 + 1 | at)}}' >billing
	cat billing envelopes | merge -l :memory: -e all | records_of billing_period | jq -c '[.account_id, .period_start, .units_counted]' >got
	jq -n -c --slurpfile envelopes envelopes --slurpfile billing billing '$billing[].record as $one | ([$one.period_end, $one.observed_at] | min) as $until
		| [$one.account_id, $one.period_start, ([$envelopes[].record | select(.account_id == $one.account_id and .status != "created"
			and .sent_at >= $one.period_start and .sent_at < $until)] | length)]' | sort >expected
	[ "$(jq -s 'map(.[2]) | add > 100 and length > 30' got)" = true ]
	same_files expected <(sort got)
}

@test "reconcile: a billing period belongs to the period of its middle and the metric of its account; sums hold up the tiers" {
	licence
	{
		consumption a i 20
		consumption a i 4 2026-01-01 2027-01-01 1
		consumption b j 5
		consumption c i 1
		consumption c j 2
		consumption d unknown 3
		canonical '{units_billed: 12}'
		canonical '{period_start: "2025-03-01T00:00:00.000Z", period_end: "2025-04-01T00:00:00.000Z", units_billed: 7, units_counted: 8}'
		# Its middle is in 2026, most of its envelopes may not be.
		canonical '{period_start: "2025-12-17T08:00:00.000Z", period_end: "2026-01-17T08:00:00.000Z", units_billed: 3, units_counted: 3}'
		canonical '{account_id: "b", units_billed: 4, units_counted: 5}'
		canonical '{account_id: "c", units_billed: 9}'
		canonical '{account_id: "d"}'
		canonical '{account_id: "e", units_billed: 2, units_counted: 0}'
		canonical '{account_id: "e", period_start: "2024-02-01T00:00:00.000Z", period_end: "2024-03-01T00:00:00.000Z"}'
	} | reconciled >out
	same '["a",0,"M",12,10,-2,"differs"]
["a",0,"M",7,8,1,"differs"]
["a",1,"M",3,3,0,"agrees"]
["b",0,"N",4,5,1,"differs"]
["c",0,null,9,10,1,"differs"]
["d",0,null,10,10,0,"agrees"]
["e",null,null,10,10,0,"agrees"]
["e",0,null,2,0,-2,"differs"]' \
		"$(records_of billing_check <out | jq -c '[.account_id, .period_index, .software_model, .units_billed, .units_counted, .difference, .check]')"
	same '["M",0,2,19,18]
["M",1,1,3,3]
["N",0,1,4,5]
["N",1,0,null,null]' "$(records_of metric_result <out | jq -c '[.software_model, .period_index, .billing_periods, .billed_units, .billed_units_counted]')"
	same '[0,3,23,23]
[1,1,3,3]' "$(records_of product_result <out | jq -c '[.period_index, .billing_periods, .billed_units, .billed_units_counted]')"
}

@test "reconcile: zero, not told, never read and not read so far stay apart" {
	licence
	{
		for account in a b c d f; do consumption $account i 1; done
		canonical '{units_billed: 0, units_counted: 0}'
		canonical '{account_id: "b", units_billed: null}'
		canonical '{account_id: "c", units_counted: null, watermark: null}'
		canonical '{account_id: "d", units_billed: 11, watermark: "2025-02-28T23:59:59.999Z"}'
		canonical '{account_id: "f", units_billed: 11, watermark: "2025-03-01T00:00:00.000Z", units_allowed: "unlimited"}'
	} | reconciled >out
	same '["a",0,"agrees",null]
["b",null,"not_reported",null]
["c",null,"not_yet_fed",null]
["d",-1,"feed_is_behind",null]
["f",-1,"differs","unlimited"]' "$(records_of billing_check <out | jq -c '[.account_id, .difference, .check, .units_allowed]')"
	# Only what can be compared is in the sums.
	same '[3,22,20]' "$(records_of metric_result <out | jq -c 'select(.software_model == "M") | [.billing_periods, .billed_units, .billed_units_counted]')"
	# The pieces of a pipe joined: what was observed last counts.
	{ consumption a i 1; canonical '{units_billed: 1}'; canonical '{units_billed: 2, observed_at: "2025-03-01T00:00:00.000Z"}'; } | reconciled >out
	same '1' "$(records_of billing_check <out | jq .units_billed)"
	run --separate-stderr reconciled <<<"$(canonical '{units_billed: "3"}')"
	refused 65 'reconcile: *billing_period "units_billed" must be a whole number, this is a string*'
}

@test "fetch-subscriptions --billing: two answers an account as they came, the same from the recording; without it no request" {
	simulate --user $user
	auth -p $profile --no-cache | fetch-subscriptions --billing --record raw --now $night >live
	[ "$(records_of docusign_billing <live | wc -l)" -eq 6 ]
	[ "$(grep -c /restapi/ requests.log)" -eq 12 ]
	auth -p $profile --replay raw | fetch-subscriptions --billing --replay raw >replayed
	same_files <(grep -v CONNECTION live) <(grep -v CONNECTION replayed)
	# Each account's is what is in the recording's bodies.
	token=$(auth -p $profile --no-cache | jq -r .access_token)
	while read -r account; do
		for path in "" /billing_charges; do
			curl -s --cacert ws/profiles/acme-ca.pem -H @<(echo "Authorization: Bearer $token") "$origin/restapi/v2.1/accounts/$account$path"
		done | jq -c . | paste -sd, | sed "s/.*/{\"account\":\"$account\",\"answers\":[&]}/"
	done < <(jq -r '.assetGroupAccounts[].accountId' "$acme/service/asset-group-accounts.json" | jq -rR ascii_downcase | sort -u) | jq -cS . | sort >expected
	jq -cS 'select(.type == "RECORD" and .stream == "docusign_billing") | {account: .context.account_id, answers: [.record.account, .record.charges]}' live | sort >got
	same_files expected got
	auth -p $profile --no-cache | fetch-subscriptions --now $night | records_of docusign_billing >none
	same '' "$(cat none)"
}

@test "fetch-subscriptions: the profile asks for billing too, of its accounts only; interrupted, it goes on" {
	simulate --user $user
	set_in_profile '.download_billing = true | .accounts = ["7c1e9a52-3b0f-4d6a-9e21-5f8840c7d302"]'
	auth -p $profile --no-cache | fetch-subscriptions --record raw --now $night >live
	same '"7c1e9a52-3b0f-4d6a-9e21-5f8840c7d302"' "$(jq -c 'select(.stream == "docusign_billing") | .context.account_id | values' live)"
	# A recording cut off after the account's first answer.
	mkdir cut
	cp raw/fetch-subscriptions.bodies cut/
	grep -v '^{"end"' raw/fetch-subscriptions.exchanges | sed '$d' >cut/fetch-subscriptions.exchanges
	before=$(grep -c /restapi/ requests.log)
	auth -p $profile --no-cache | fetch-subscriptions --record cut --now $night >again
	[ "$(grep -c /restapi/ requests.log)" -eq $((before + 1)) ]
	same_files <(grep -v CONNECTION live) <(grep -v CONNECTION again)
}

@test "fetch-subscriptions --billing: without a user all stays unknown, and is said; the rest comes" {
	simulate
	auth -p $profile --no-cache | { run --separate-stderr fetch-subscriptions --billing --now $night; printf '%s\n' "$output" >out; printf '%s\n' "$stderr" >said; echo "$status" >status; }
	same 0 "$(cat status)"
	grep -q "^fetch-subscriptions: warning: Docusign's own count of 6 of 6 accounts stays unknown: .*HTTP 401.*user_id" said
	same '0 6' "$(records_of docusign_billing <out | wc -l) $(records_of docusign_accounts <out | wc -l)"
}

@test "fetch-subscriptions --billing: the site's name may be in the base; one without a name, or no label, is not asked" {
	cp -r "$acme" served
	jq '.assetGroupAccounts[0].siteName = "example.com/" | .assetGroupAccounts[1].siteName = null' "$acme/service/asset-group-accounts.json" >served/service/asset-group-accounts.json
	served=served simulate --user $user
	set_in_profile ".esign_base = \"$origin/{site_name}\""
	auth -p $profile --no-cache | fetch-subscriptions -v --billing --now $night >out 2>said
	grep -qF "$origin/na3/restapi/v2.1/accounts/" said
	jq -r 'select(.type == "CONNECTION") | .esign_base' out | grep -qxF "$origin/{site_name}"
	same 3 "$(grep -c "of account .* stays unknown: its site has no name, and esign_base is '$origin/{site_name}'$" said)"
	same 0 "$(grep -c 'get.*example.com' said)"
	# Nor does the token go elsewhere without TLS.
	auth -p $profile --no-cache | sed "s|\"esign_base\":\"[^\"]*\"|\"esign_base\":\"http://example.com\"|" | { run --separate-stderr fetch-subscriptions --billing --now $night; echo "$status $stderr" >said; }
	grep -q "^78 fetch-subscriptions: cannot use esign_base 'http://example.com': it must be https, or the api_base" said
}

@test "fetch-subscriptions --billing: Admin and eSignature on two hosts; the site is told once, and a recording without that replays" {
	simulate --user $user --two-hosts
	auth -p $profile --no-cache | fetch-subscriptions --billing --record raw --now $night >live 2>said
	same '6 0' "$(records_of docusign_billing <live | wc -l) $(grep -c warning said)"
	same '{"/oauth/userinfo":["127.0.0.1"],"/restapi":["localhost"]}' "$(jq -sc 'map(select(.url | test("^/(oauth/userinfo|restapi)"))
		| {(.url | split("/v2.1")[0]): [.host | split(":")[0]]}) | {"/oauth/userinfo": (map(.["/oauth/userinfo"] // empty) | add),
		"/restapi": (map(.["/restapi"] // empty) | add | unique)}' requests.log)"
	[ -z "$(grep -l 'sam@example.com' raw/*)" ]
	auth -p $profile --replay raw | fetch-subscriptions --billing --replay raw >replayed
	same_files <(grep -v CONNECTION live) <(grep -v CONNECTION replayed)
	# As versions before this one recorded: all at the api_base.
	kill "$simulator"
	serve "$acme" --now "$night" --user $user
	set_in_profile '.esign_base = .api_base'
	auth -p $profile --no-cache | fetch-subscriptions --billing --record old --now $night >live
	set_in_profile 'del(.esign_base)'
	auth -p $profile --replay old | fetch-subscriptions --billing --replay old | grep -v CONNECTION >replayed
	same_files <(grep -v CONNECTION live) replayed
	same 6 "$(records_of docusign_billing <replayed | wc -l | tr -d ' ')"
}

@test "a run asks, checks, reports, explains; its replay is byte for byte the same" {
	simulate --user $user
	set_in_profile '.download_billing = true'
	"$pipeline" run -q -C ws --now "$night"
	# Docusign counts live: every version changed by now, of the period that the clock is in. Ours: what the feed brought by then.
	jq -s -c --arg now "$night" '
		map(select(.record.lastModifiedDateTime <= $now)) | group_by(.record.accountId | ascii_downcase)[] | (.[0].record.accountId | ascii_downcase) as $account
		| [$account, (group_by(.record.envelopeId | ascii_downcase) | map(max_by(.record.lastModifiedDateTime).record
			| select(.sentDateTime != null and .sentDateTime >= "2025-01-31" and .sentDateTime < $now)) | length)]' "$acme/service/feed.ndjson" | sort >expected
	records_of billing_check <ws/runs/acme/$run_id/results.ndjson | jq -c '[.account_id, .units_billed]' | sort >got
	same_files expected got
	jq -s -c 'map(select(.type == "RECORD" and .record.period_start == "2025-01-31T00:00:00.000Z").record) | group_by(.account_id)[] | [.[0].account_id, (map(.units_consumed) | add)]' \
		ws/runs/acme/$run_id/consumption.ndjson | sort >expected
	records_of billing_check <ws/runs/acme/$run_id/results.ndjson | jq -c '[.account_id, .units_counted]' | sort >got
	same_files expected got
	grep -q "Docusign&#39;s own count" ws/runs/acme/$run_id/report.html
	"$pipeline" report -C ws | grep -q "^Docusign's own count agrees with ours in 3 billing periods"
	"$pipeline" explain -C ws --period 4 --model '*Enterprise*' --level consumption >explained
	grep -q "^  Docusign's own count in 2 billing periods: 106; counted here for the same time: 105$" explained
	[ "$(grep -c 'billing period 2025-01-31' explained)" -eq 4 ]
	"$pipeline" explain -C ws --period 4 --account 7c1e9a52-3b0f-4d6a-9e21-5f8840c7d302 --format ndjson --level consumption >records
	same '[{"units_billed":29,"units_counted":28,"difference":-1,"check":"feed_is_behind"}]' \
		"$(jq -sc 'map(.record | select(.level == "billing").facts | {units_billed, units_counted, difference, check})' records)"
	"$pipeline" validate -C ws --now "$night" >steps
	grep -q '^ok    billing       account 7c1e9a52-3b0f-4d6a-9e21-5f8840c7d301: 77 envelopes billed since 2025-01-31' steps
	kill "$simulator"
	"$pipeline" verify "$run_id" -C ws -q
	# What was asked then is known as of then.
	same "$(records_of billing_check <ws/runs/acme/$run_id/results.ndjson)" "$("$pipeline" reconcile -C ws --as-of 2025-03-18 --format ndjson | records_of billing_check)"
}

@test "explain: of accounts that consumed nothing Docusign's count stands alone, in the end" {
	licence
	{
		consumption a i 20
		canonical '{units_billed: 12, bulk_units: 2}'
		canonical '{account_id: "e", units_billed: 2, units_counted: 0}'
	} | reconcile -q --trace -e entitlements.csv -m models.csv --now 2025-06-01T00:00:00Z >traced
	explain <traced >explained
	same "Docusign's own count in 1 billing period: 12; counted here for the same time: 10
account a  billing period 2025-02-01T00:00:00.000Z to before 2025-03-01T00:00:00.000Z, up to 2025-03-01T00:00:00.000Z: billed 12, counted here 10, difference -2: they differ
in its charges: bulk envelopes 2, PowerForm envelopes unknown
Docusign's own count of accounts that are in no position above:
account e  billing period 2025-02-01T00:00:00.000Z to before 2025-03-01T00:00:00.000Z, up to 2025-03-01T00:00:00.000Z: billed 2, counted here 0, difference -2: they differ" \
		"$(grep -E "Docusign|billing period|charges" explained | sed 's/^ *//')"
	# Nobody's: not of this software model.
	[ "$(explain --model M <traced | grep -c 'account e')" -eq 0 ]
}

# A random organisation of one profile: consumption of three metrics of two models, and billing periods, some in no period. Prints records.
organisation() { # SEED
	perl -e '
		srand(shift); my @metrics = ("i", "j", "k", "unknown");
		my $day = sub { my @t = gmtime(1735689600 + 86400 * shift); sprintf "%04d-%02d-%02dT%02d:00:00.000Z", $t[5] + 1900, $t[4] + 1, $t[3], shift };
		for my $account ("a" .. "f") {
			for my $period (0 .. 2) { for my $item (@metrics) {
				next if rand() < 0.65;
				printf "{\"type\":\"RECORD\",\"stream\":\"consumption\",\"record\":{\"profile\":\"p\",\"account_id\":\"%s\",\"plan_item_id\":\"%s\",\"unit\":\"envelope\",\"period_index\":%d,\"period_start\":\"%s\",\"period_end\":\"%s\",\"units_consumed\":%d,\"by_status\":{},\"state\":\"open\"}}\n",
					$account, $item, $period, $day->($period * 90, 0), $day->($period * 90 + 90, 0), int rand 4;
			} }
			my $start = int(rand 60) - 30;
			while ($start < 290) {
				my $length = 25 + int rand 40;
				my $count = sub { rand() < 0.1 ? "null" : int rand 50 };
				printf "{\"type\":\"RECORD\",\"stream\":\"billing_period\",\"record\":{\"account_id\":\"%s\",\"period_start\":\"%s\",\"period_end\":\"%s\",\"units_billed\":%s,\"units_counted\":%s,\"charges\":[]}}\n",
					$account, $day->($start, 8), $day->($start + $length, 7), $count->(), $count->() if rand() < 0.8;
				$start += $length;
			}
		}' "$1"
}

@test "random organisations: what is billed and counted of each metric is what jq finds, and adds up in every tier" {
	licence
	printf 'D,P,,,N,Seal,envelope,plan_item_id,k\n' >>models.csv
	for seed in $(seq "${ORGANISATIONS:-15}"); do
		organisation "$seed" | shuffled "$seed" >input
		reconciled <input >out
		# What each metric has; what each tier has, and the sums of its metrics; the billing periods that were checked, each once.
		jq -n -r '[inputs | select(.type == "RECORD")] as $all
			| def of($stream): $all[] | select(.stream == $stream).record;
			  (of("metric_result") | [.software_model, .license_metric, .period_index, .billing_periods, .billed_units // 0, .billed_units_counted // 0]
				| select(.[3] > 0) | "metric \(tojson)"),
			  (("model_result", "product_result") as $tier
				| (of($tier) | "tier \($tier) \([.software_model, .period_index, .billing_periods, .billed_units, .billed_units_counted] | tojson)"),
				  ([of("metric_result") | .of = if $tier == "model_result" then .software_model else null end] | group_by([.of, .period_index])[]
					| (map(.billing_periods) | add) as $count | [.[0].of, .[0].period_index, $count]
					+ if $count > 0 then [(map(.billed_units // 0) | add), (map(.billed_units_counted // 0) | add)] else [null, null] end
					| "sum \($tier) \(tojson)")),
			  (of("billing_check") | "check \(.account_id) \(.billing_start)")' out >facts
		jq -s -r '
			{i: ["M", "Envelope"], j: ["N", "Envelope"], k: ["N", "Seal"]} as $metric_of
			| def ms: sub("\\.000Z"; "Z") | fromdate;
			  map(select(.stream == "consumption").record | select(.units_consumed > 0)) as $uses
			| (map(select(.stream == "billing_period").record | select(.units_billed != null and .units_counted != null)
				| . as $one | ((.period_start | ms) + (.period_end | ms)) / 2
				| . as $middle | [$uses[] | select(.account_id == $one.account_id and (.period_start | ms) <= $middle and $middle < (.period_end | ms))]
				| (map($metric_of[.plan_item_id]) | unique) as $metrics | select(($metrics | length) == 1 and $metrics[0] != null)
				| {metric: $metrics[0], index: .[0].period_index, billed: $one.units_billed, counted: $one.units_counted})
			| group_by([.metric, .index])[] | .[0].metric + [.[0].index, length, (map(.billed) | add), (map(.counted) | add)] | "metric \(tojson)"),
			  (.[] | select(.stream == "billing_period").record | "check \(.account_id) \(.period_start)")' input | sort >expected
		same_files expected <(grep -E '^(metric|check) ' facts | sort)
		grep '^metric ' expected >>all
		same_files <(sed -n 's/^sum //p' facts | sort) <(sed -n 's/^tier //p' facts | sort)
		grep -q '^tier model_result ' facts
		grep -q '^tier product_result ' facts
	done
	[ "$(wc -l <all)" -gt 20 ]
}

@test "normalize: charges of other things lose nobody the count" {
	charges='{billingChargeItems: [{chargeName: "seats", includedQuantity: "1,000", incrementalQuantity: "-1", usedQuantity: "1.5", prices: ["x"]}, "y",
		{chargeName: "bulk_recipient_envelopes", usedQuantity: "2", firstEffectiveDate: "2025-02-15T08:00:00Z"}]}'
	{ raw '{}' "$charges"; raw '{}' '"none"'; raw '{}' '{billingChargeItems: {}}'; } | normalize | records_of billing_period >got
	same '[3,2,2,"2025-02-15T08:00:00Z"]
[3,null,0,null]
[3,null,0,null]' "$(jq -c '[.units_billed, .bulk_units, (.charges | length), .charges[1].first_effective_date]' got)"
}

@test "merge: a billing period that reconcile would refuse is refused before it is kept" {
	run --separate-stderr merge -l l.db -e all <<<"$(canonical '{period_end: "2025-01-31T00:00:00.000Z"}')"
	refused 65 'merge: *standard input*line 1: billing_period "period_end" must be after its start'
	run --separate-stderr merge -l l.db -e all <<<"$(canonical '{units_billed: -5}')"
	refused 65 'merge: *line 1: billing_period "units_billed" must not be below zero'
	same '' "$(merge -l l.db -e all </dev/null)"
}

@test "reconcile: what is excluded decides nothing, what overlaps counts once, more than billed differs at once" {
	licence
	printf 'rule_type,identifier,reason,start_date,end_date\nidentifier,j,not ours,,\naccount,c,a test,,\n' >exclusions.csv
	{
		consumption a i 20
		consumption a j 1
		consumption c i 5
		consumption d i 5
		canonical '{units_billed: 12}'
		canonical '{account_id: "c"}'
		# A change of plan: the second was told later.
		canonical '{account_id: "d", units_billed: 4, observed_at: "2025-02-20T00:00:00.000Z"}'
		canonical '{account_id: "d", period_start: "2025-02-15T00:00:00.000Z", period_end: "2025-03-15T00:00:00.000Z", units_billed: 3, watermark: "2025-02-01T00:00:00.000Z"}'
	} | reconcile -q -e entitlements.csv -m models.csv -x exclusions.csv --now 2025-06-01T00:00:00Z >out
	same '["a","M","differs"]
["c",null,"agrees"]
["d","M","superseded"]
["d","M","differs"]' "$(records_of billing_check <out | jq -c '[.account_id, .software_model, .check]')"
	same '[2,15,20]' "$(records_of metric_result <out | jq -c 'select(.software_model == "M") | [.billing_periods, .billed_units, .billed_units_counted]')"
}

@test "report: what differs comes first, whatever the period" {
	licence
	{
		for account in $(seq 50); do consumption "$account" i 1; canonical "{account_id: \"$account\", period_start: \"2025-04-01T00:00:00.000Z\", period_end: \"2025-05-01T00:00:00.000Z\", counted_until: \"2025-05-01T00:00:00.000Z\", units_billed: 11}"; done
		canonical '{account_id: "7", units_billed: 500}'
	} | reconciled | report >shown
	same '2025-02-01' "$(grep -A 2 "^Docusign's own count, where" shown | tail -n 1 | cut -c -10)"
	grep -q '^… and 11 more$' shown
}

@test "a refused organisation is asked of eight accounts; the run says of how many it knows nothing, and so does status" {
	simulate --fault mix:0.0
	set_in_profile '.download_billing = true'
	"$pipeline" run -q -C ws --now "$night"
	same 6 "$(jq .counts.accounts_without_billing ws/runs/acme/$run_id/job.json)"
	"$pipeline" status -C ws | grep -q "^acme  without Docusign's own count: 6 account(s), in the last run$"
	kill "$simulator"
	wait "$simulator" 2>/dev/null || true
	rm -rf ws port requests.log
	mkdir -p many
	"$build/tests/simulator" --accounts 30 --write-profile many --port-file port --log requests.log >simulator.log 2>&1 3>&- &
	simulator=$!
	wait_for_server "$simulator" port
	profile=$(echo many/profiles/*.json)
	set_in_profile '.esign_base = .api_base'
	auth -p $profile --no-cache | fetch-subscriptions --billing --record raw >live 2>said
	same 8 "$(grep -c /restapi/ requests.log)"
	grep -q "own count of 30 of 30 accounts stays unknown" said
	auth -p $profile --replay raw | fetch-subscriptions -q --billing --replay raw >replayed
	same_files <(grep -v CONNECTION live) <(grep -v CONNECTION replayed)
}

@test "a run that is gone on with asks by the profile as it is by then" {
	simulate --user $user
	mkdir bin
	ln -s "$ENVTALLY_BIN"/* bin/
	rm bin/fetch-datafeed
	printf '#!/bin/sh\ncat >/dev/null\nexit 69\n' >bin/fetch-datafeed
	chmod +x bin/fetch-datafeed
	for asked in false true; do
		rm -rf ws/runs ws/ledger
		set_in_profile ".download_billing = $asked"
		ENVTALLY_BIN=$PWD/bin run -69 --separate-stderr "$pipeline" run -q -C ws --now "$night"
		set_in_profile ".download_billing = ($asked | not)"
		"$pipeline" run -q -C ws --now "$night"
		same "$([ $asked = true ] && echo 0 || echo 6)" "$(records_of billing_check <ws/runs/acme/$run_id/results.ndjson | wc -l | tr -d ' ')"
		"$pipeline" verify $run_id -C ws -q
	done
}

@test "what Docusign says while a run goes on is dated when it was said" {
	mkdir raw
	cp -r "$acme/nights/$run_id" night
	# The recording of a night with billing, whose answers took five hours: by hand.
	simulate --user $user
	auth -p $profile --no-cache | fetch-subscriptions --billing --record raw --now $night >/dev/null
	first=$(jq -r 'select(.exchange == 1).answered_at' raw/fetch-subscriptions.exchanges)
	last=$(jq -r 'select(.url // "" | endswith("d306")).answered_at' raw/fetch-subscriptions.exchanges)
	auth -p $profile --replay raw | fetch-subscriptions --billing --replay raw | jq -r 'select(.stream == "docusign_billing" and .context.account_id[-4:] == "d306").time_extracted' >got
	milliseconds() { jq -nr --arg at "$1" '$at | (sub("\\.[0-9]+Z"; "Z") | fromdate) * 1000 + (.[20:23] | tonumber)'; }
	same $(($(milliseconds "$last") - $(milliseconds "$first"))) $(($(milliseconds "$(cat got)") - $(milliseconds 2025-03-18T02:00:00.000Z)))
}

@test "explain: how many envelopes were sent near the billing period's own edges" {
	licence
	# Its start, its end from both sides; and one in its middle.
	for at in 2025-02-01T13:59:59.999Z 2025-02-10T00:00:00.000Z 2025-02-28T20:00:00.000Z 2025-03-01T13:59:59.999Z 2025-03-01T14:00:00.000Z; do
		envelope "{envelope_id: \"$at\", sent_at: \"$at\", plan_item_id: \"i\"}"
	done | merge -l l.db -e none
	{ consumption a i 5; canonical '{units_billed: 4, units_counted: 3}'; } | reconcile -q --trace -e entitlements.csv -m models.csv --now 2025-06-01T00:00:00Z >traced
	explain -l l.db <traced >explained
	grep -q '^      3 of the envelopes above were sent within 14 h of its start, its end, or the time of the request$' explained
	same '[3]' "$(explain -l l.db --format ndjson <traced | jq -sc 'map(.record | select(.level == "billing").facts.near_edges)')"
	same '[null]' "$(explain -l l.db --format ndjson --level day <traced | jq -sc 'map(.record | select(.level == "billing").facts.near_edges)')"
}

# asked_on DAY [OPTION]...: how many requests fetch-subscriptions makes for billing on that night, by the bookmarks in `state`, which it then has anew
asked_on() {
	local before after
	before=$(grep -c /restapi/ requests.log || true)
	curl -sS --cacert ws/profiles/acme-ca.pem -X PUT -d "$1T02:00:00Z" "$origin/_simulator/now"
	fetch-subscriptions -q --billing --state state --now "$1T02:00:00Z" "${@:2}" <connection >out
	jq -c 'select(.type == "STATE")' out >state
	after=$(grep -c /restapi/ requests.log || true)
	echo $((after - before))
}

@test "fetch-subscriptions --state: an account's count is asked once a week, and on the last night of its billing period; --all asks, and a new account's is asked" {
	simulate --user $user
	auth -p $profile --no-cache --show-token >connection
	echo '{"bookmarks":{"docusign_datafeed":{"a":{"until":"2025-04-13T02:00:00.000Z"}},"other":{"b":1}},"more":2}' >state
	same 12 "$(asked_on 2025-04-13)"
	same '{"docusign_datafeed":{"a":{"until":"2025-04-13T02:00:00.000Z"}},"other":{"b":1}}2' "$(jq -cj '.value | (.bookmarks | {docusign_datafeed, other}), .more' state)"
	same '["2025-04-13T02:00:00.000Z","2025-04-30T00:00:00.000Z"]' "$(jq -c '.value.bookmarks.docusign_billing | map([.until, .ends_at]) | unique[]' state)"
	for day in 14 15 16 17 18 19 20; do asked_on 2025-04-$day; done >nights
	same 12 "$(awk '{ n += $1 } END { print n }' nights)"
	[ "$(sort -n nights | tail -n 1)" -lt 12 ]
	for day in 21 22 23 24 25 26 27; do asked_on 2025-04-$day; done >again
	same_files nights again
	asked_on 2025-04-28 >/dev/null
	# The billing period ends with the 29th.
	same 12 "$(asked_on 2025-04-29)"
	same 12 "$(asked_on 2025-04-29 --all)"
	same 0 "$(asked_on 2025-04-29)"
	jq -c '.value.bookmarks.docusign_billing |= del(.["7c1e9a52-3b0f-4d6a-9e21-5f8840c7d302"])' state >changed && mv changed state
	same 2 "$(asked_on 2025-04-29)"
	same '"7c1e9a52-3b0f-4d6a-9e21-5f8840c7d302"' "$(jq -c 'select(.stream == "docusign_billing" and .record).context.account_id' out)"
	# A budget has a tenth for it, two requests an account.
	echo '{}' >state
	same 4 "$(asked_on 2025-04-30 --max-requests 40)"
	same 8 "$(asked_on 2025-04-30)"
}

@test "fetch-subscriptions --state: an account that refuses is asked again in a week, one whose count could not be read the next night" {
	simulate
	set_in_profile '.esign_base = .api_base'
	auth -p $profile --no-cache --show-token >connection
	: >state
	same 6 "$(asked_on 2025-04-13)"
	for day in 14 15 16 17 18 19 20; do asked_on 2025-04-$day; done >nights
	same 6 "$(awk '{ n += $1 } END { print n }' nights)"
	[ "$(jq '.value.bookmarks.docusign_billing[].ends_at' state | sort -u)" = null ]
	load recording
	base=$(jq -r .api_base connection) organization=$(jq -r .organization_id connection)
	recording_begin r fetch-subscriptions $night
	recording_answer "$base/Management/v2/organizations/$organization/assetGroups/accounts?compliant=true" 200 '{"assetGroupAccounts":[{"accountId":"a"},{"accountId":"b"}]}'
	recording_answer "$base/Management/v2/organizations/$organization/assetGroups/accounts?compliant=false" 200 '{"assetGroupAccounts":[]}'
	recording_answer "$base/Management/v2/organizations" 403 '{}'
	recording_answer "$base/Management/v2/organizations/$organization/planItems" 200 '[]'
	recording_answer "$base/restapi/v2.1/accounts/a" 503 '{}'
	recording_answer "$base/restapi/v2.1/accounts/b" 403 '{}'
	recording_end
	echo '{}' >state
	fetch-subscriptions -q --billing --state state --replay r <connection | jq -c 'select(.type == "STATE").value' >got 2>/dev/null
	same '{"bookmarks":{"docusign_billing":{"b":{"until":"2025-03-18T02:00:00.000Z"}}}}' "$(cat got)"
}

@test "run: what is not asked tonight stays as Docusign said it, as of then, through status, verify and shards; --all asks" {
	simulate --user $user
	set_in_profile '.download_billing = true'
	"$pipeline" run -q -C ws --now "$night"
	cp ws/runs/acme/$run_id/results.ndjson first
	billed=$(grep -c /restapi/ requests.log)
	same 12 $billed
	curl -sS --cacert ws/profiles/acme-ca.pem -X PUT -d 2025-03-19T02:00:00Z "$origin/_simulator/now"
	"$pipeline" run -q -C ws --now 2025-03-19T02:00:00Z --shards 2
	asked=$((($(grep -c /restapi/ requests.log) - billed) / 2))
	[ "$asked" -lt 6 ]
	records_of billing_check <ws/runs/acme/20250319T020000Z/results.ndjson | jq -r .observed_at | cut -c -10 | sort | uniq -c | sed 's/^ *//' >got
	{
		echo "$((6 - asked)) 2025-03-18"
		[ "$asked" -eq 0 ] || echo "$asked 2025-03-19"
	} | same_files got -
	same 0 "$(jq .counts.accounts_without_billing ws/runs/acme/20250319T020000Z/job.json)"
	# What envelopes have left is not lost: the ledger has both.
	same '["docusign_billing","docusign_datafeed"]' "$("$ENVTALLY_BIN/merge" --ledger ws/ledger/acme.db --print-state | jq -c '.bookmarks | keys')"
	same 6 "$("$ENVTALLY_BIN/merge" --ledger ws/ledger/acme.db --print-state | jq '.bookmarks.docusign_billing | length')"
	billed=$(grep -c /restapi/ requests.log)
	curl -sS --cacert ws/profiles/acme-ca.pem -X PUT -d 2025-03-19T12:00:00Z "$origin/_simulator/now"
	"$pipeline" run -q -C ws --now 2025-03-19T12:00:00Z --all
	same 12 $(($(grep -c /restapi/ requests.log) - billed))
	"$pipeline" verify 20250319T120000Z -C ws -q
	# After more than a week without an answer it is unknown.
	set_in_profile '.user_id = null'
	curl -sS --cacert ws/profiles/acme-ca.pem -X PUT -d 2025-03-28T02:00:00Z "$origin/_simulator/now"
	"$pipeline" run -q -C ws --now 2025-03-28T02:00:00Z
	"$pipeline" status -C ws --now 2025-03-28T03:00:00Z | grep -q "^acme  without Docusign's own count: 6 account(s)"
}
