# shellcheck shell=bash
# Values that services write and those that nobody should, as raw records and as a recorded night: `load values`, after helper and recording.

clock=2025-03-18T02:00:00.000Z

# KIND|CHANGE|OUTCOME: a record with these members in addition or instead; it is kept, or a reject, or the field named is null.
# Kinds: e an envelope, a an account, p a plan item, b an account's billing, c a charge in it. "x*N" is N digits, #N# the number N as it stands.
values() {
	cat <<'END'
e|{}|kept
e|{"sentDateTime":"0001-01-01T00:00:00"}|sent_at
e|{"sentDateTime":"9999-12-31T23:59:59.9999999Z"}|sent_at
e|{"sentDateTime":"0999-12-31T23:59:59Z"}|reject
e|{"sentDateTime":"9000-01-01T00:00:00Z"}|reject
e|{"sentDateTime":"1000-01-01T00:00:00+23:59"}|kept
e|{"sentDateTime":"8999-12-31T23:59:59.999-23:59"}|kept
e|{"sentDateTime":"1969-12-31T23:59:59.999Z"}|kept
e|{"createdDateTime":"1000-01-01T00:00:00Z","completedDateTime":"8999-12-31T23:59:59.999Z"}|kept
e|{"createdDateTime":"0001-01-01T00:00:00Z"}|created_at
e|{"lastModifiedDateTime":"0001-01-01T00:00:00Z"}|reject
e|{"lastModifiedDateTime":"8999-12-31T23:59:59.999-23:59"}|kept
e|{"lastModifiedDateTime":"1000-01-01T00:00:00+23:59"}|kept
e|{"status":"a\u0001\"b\\c\n:,}"}|kept
e|{"status":"é\u202e"}|kept
e|{"status":"x*46"}|kept
e|{"status":"x*47"}|reject
e|{"status":""}|reject
e|{"planItemId":""}|plan_item_id
e|{"planItemId":"\u0001\"\\,\n<b>"}|kept
e|{"planItemId":"x*46"}|kept
e|{"planItemId":"a\u0000b"}|reject
e|{"sender":{"userId":""}}|sender_id
e|{"sender":{"userId":"\u001f"}}|kept
e|{"envelopeId":"\u0001\"\\\n"}|kept
e|{"envelopeId":"x*46"}|kept
e|{"envelopeId":"x*47"}|reject
e|{"envelopeId":""}|reject
e|{"accountId":"a\u0001\"\\,\n/?&<b>"}|kept
e|{"accountId":" "}|kept
e|{"accountId":"x*46"}|kept
a|{}|kept
a|{"accountName":"x*1024","siteName":"x*1024"}|kept
a|{"accountName":"x*1025"}|reject
a|{"accountName":"\u0000\u0001\"\\,\n\r\t\u001f\u007f\u202e\uffff<script>"}|kept
a|{"accountName":""}|kept
a|{"accountName":null,"siteName":null,"siteId":null,"externalAccountId":null,"compliant":null,"assetGroupId":null}|account_name
a|{"externalAccountId":"#9223372036854775807#","siteId":"#-9223372036854775808#"}|kept
a|{"externalAccountId":"#1e400#"}|kept
a|{"siteId":"\u0000"}|kept
a|{"assetGroupId":"\u0001\""}|kept
a|{"assetGroupId":""}|asset_group_id
p|{}|kept
p|{"associated_accounts_count":"#999999999999999999#"}|reject
p|{"associated_accounts_count":"#9007199254740992#"}|kept
p|{"associated_accounts_count":-5}|kept
p|{"subscription_name":"x*1024","plan_name":"x*1024","asset_group_name":"x*1024","modules":[{"plan_item_id":"p","plan_item_name":"x*1024"}]}|kept
p|{"subscription_name":"\u0000\u0001\"\\,\n","plan_name":"\u0000","modules":[{"plan_item_id":"p\u0001","plan_item_name":"\u0000"}]}|kept
p|{"subscription_name":null,"plan_name":null,"modules":null}|plan_item_id
p|{"modules":[{"plan_item_id":""}]}|plan_item_id
p|{"modules":[null,{"plan_item_id":"q"},{"plan_item_id":"q"}]}|kept
p|{"modules":[[]]}|reject
p|{"subscription_id":""}|reject
b|{}|kept
b|{"billingPeriodStartDate":"1000-01-01T00:00:00+23:59","billingPeriodEndDate":"8999-12-31T23:59:59.999-23:59"}|kept
b|{"billingPeriodStartDate":"0001-01-01T00:00:00"}|reject
b|{"billingPeriodEndDate":"9999-12-31T23:59:59.9999999Z"}|reject
b|{"billingPeriodStartDate":"0001-01-01T00:00:00Z","billingPeriodEndDate":"0001-01-01T00:00:00Z"}|nothing
b|{"billingPeriodEnvelopesSent":"999999999999999","billingPeriodEnvelopesAllowed":"999999999999999"}|kept
b|{"billingPeriodEnvelopesSent":"#9007199254740992#"}|kept
b|{"billingPeriodEnvelopesSent":"#999999999999999999#"}|reject
b|{"billingPeriodEnvelopesSent":"-1"}|reject
b|{"billingPeriodEnvelopesSent":"","billingPeriodEnvelopesAllowed":"unlimited"}|units_billed
b|{"currencyCode":"\u0000\n"}|kept
c|{"usedQuantity":"999999999999999","unitPrice":"#99999999999999999999.999999999999#"}|kept
c|{"usedQuantity":"#999999999999999999#","unitPrice":"1e400"}|kept
c|{"unitPrice":"x*70000","chargeName":"x*70000"}|kept
c|{"chargeName":["x"],"chargeUnitOfMeasure":{},"firstEffectiveDate":"0001-01-01T00:00:00"}|kept
c|{"prices":[{"beginQuantity":"9999999999999999","endQuantity":"-1","unitPrice":"\u0000"},5,null]}|kept
END
}

# A raw RECORD a line, in the order of the table.
raw_values() {
	values | jq -Rc --arg clock $clock 'split("|") as [$kind, $change] | (input_line_number | tostring) as $id
		| ($change | fromjson | walk(if type == "string" and test("^x[*][0-9]+$") then (.[2:] | tonumber) as $n | [range($n)] | map(tostring) | join("")[:$n] else . end)) as $change
		| {billingPeriodStartDate: "2025-01-31T00:00:00Z", billingPeriodEndDate: "2025-04-30T00:00:00Z", billingPeriodEnvelopesSent: "3",
			billingPeriodEnvelopesAllowed: "100", currencyCode: "USD"} as $billed
		| {chargeName: "envelopes", usedQuantity: "3", unitPrice: "1.00"} as $charge
		| {type: "RECORD"} + (
			{e: ["docusign_datafeed", {envelopeId: "e\($id)", accountId: "a", status: "sent", sentDateTime: "2025-03-01T12:00:00Z",
				lastModifiedDateTime: "2025-03-05T12:00:00Z", planItemId: "p"} + $change],
			a: ["docusign_accounts", {accountId: "a\($id)", accountName: "N", externalAccountId: 1, siteId: 1, siteName: "s", assetGroupId: "g", compliant: true} + $change],
			p: ["docusign_plan_items", {subscription_id: "s\($id)", subscription_name: "Acme Enterprise Pro", modules: [{plan_item_id: "p"}]} + $change],
			b: ["docusign_billing", {account: ($billed + $change), charges: {billingChargeItems: [$charge]}}],
			c: ["docusign_billing", {account: $billed, charges: {billingChargeItems: [$charge + $change]}}]}[$kind]
			| {stream: .[0], record: .[1]}) + {context: {organization_id: "o", account_id: "a\($id)"}, time_extracted: $clock}' |
		sed -E 's/"#([^"#]*)#"/\1/g'
}

# values_of STREAM: the records of `raw`, with commas between.
values_of() { sed -nE 's/^\{"type":"RECORD","stream":"'"$1"'","record":(.*),"context":\{.*/\1/p' raw | paste -sd,; }

# values_night WORKSPACE: a workspace of the recorded organisation, and in `rec` a night of it that has these values.
values_night() {
	local org=9dd1c1a4-5b6e-4c2f-8a37-0e5f6b1d2c90 base=https://api.docusign.net stream profile=$1/profiles/acme.json
	acme_workspace "$1"
	# shellcheck disable=SC2154 # root is helper's
	jq --arg feed "$root/tests/feeds/organization.json" '.feed = $feed' "$profile" >profile.json && mv profile.json "$profile"
	raw_values >raw
	stream=$base/api/v2.0/datasets/monitor/stream
	recording_begin rec fetch-subscriptions $clock
	recording_answer "$base/Management/v2/organizations/$org/assetGroups/accounts?compliant=true" 200 "{\"assetGroupAccounts\":[$(values_of docusign_accounts)]}"
	recording_answer "$base/Management/v2/organizations/$org/assetGroups/accounts?compliant=false" 200 '{"assetGroupAccounts":[]}'
	recording_answer "$base/Management/v2/organizations" 403 '{}'
	recording_answer "$base/Management/v2/organizations/$org/planItems" 200 "[$(values_of docusign_plan_items)]"
	recording_end
	recording_begin rec fetch-datafeed $clock
	recording_answer "$stream?cursor=2024-01-31T00%3A00%3A00.000Z&limit=2000" 200 "{\"endCursor\":\"n\",\"data\":[$(values_of docusign_datafeed)]}"
	recording_answer "$stream?cursor=n&limit=2000" 200 '{"endCursor":"n","data":[]}'
	recording_end
}
