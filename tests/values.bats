#!/usr/bin/env bats
# What normalize lets through, every later stage can compute with: values that services write, and those that nobody should.

load helper
load recording

pipeline=$root/pipeline.sh
export ENVTALLY_BIN=${ENVTALLY_BIN:-$root/bin}
clock=2025-03-18T02:00:00.000Z

# KIND|CHANGE|OUTCOME: a record with these members in addition or instead; it is kept, or a reject, or the field named is null.
# Kinds: e an envelope, a an account, p a plan item, b an account's billing, c a charge in it. "x*N" is N letters, #N# the number N as it stands.
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
a|{"accountName":"x*65536","siteName":"x*65536"}|kept
a|{"accountName":"x*65537"}|reject
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
p|{"subscription_name":"x*65536","plan_name":"x*65536","asset_group_name":"x*65536","modules":[{"plan_item_id":"p","plan_item_name":"x*65536"}]}|kept
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
		| ($change | fromjson | walk(if type == "string" and test("^x[*][0-9]+$") then "x" * (.[2:] | tonumber) else . end)) as $change
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

# stage OUTPUT INPUT PROGRAM [OPTION]...: it ends well.
stage() {
	local status=0
	"${@:3}" <"$2" >"$1" 2>stderr || status=$?
	[ "$status" -eq 0 ] || {
		echo "${*:3} ended with $status: $(cut -c 1-400 stderr)"
		return 1
	}
}

@test "each value is kept, null or a reject, as its kind says; and every stage computes what was kept" {
	export ENVTALLY_NOW=$clock TMPDIR=$PWD
	raw_values >raw
	stage normalized raw normalize --rejects rejects
	same "$(values | grep -n '|reject$' | cut -d: -f1)" "$(jq -r .line rejects)"
	number=0
	while IFS='|' read -r _ change outcome; do
		number=$((number + 1))
		case $outcome in
		kept | reject) ;;
		nothing) sed -n "${number}p" raw | normalize 2>/dev/null | records_of billing_period >got && [ ! -s got ] ;;
		*) sed -n "${number}p" raw | normalize | grep -qF "\"$outcome\":null" || { echo "not null: $change" && return 1; } ;;
		esac
	done < <(values)
	stage merged normalized merge --ledger l.db --emit all
	stage of_memory normalized merge --ledger :memory: --emit all
	same_files merged of_memory
	licence=$acme/licence
	for contract in 2024-01-31:3 2024-02-29:1 2024-01-31:60; do
		stage consumed merged aggregate-by-period --contract-start ${contract%:*} --renewal-months ${contract#*:} --run-id r
		stage again consumed merge --ledger l.db --emit all
		stage restated again aggregate-by-period --contract-start ${contract%:*} --renewal-months ${contract#*:} --reported consumed
		for group in account site country; do
			stage grouped consumed reconcile --entitlements $licence/entitlements.csv --models $licence/models.csv --group-by $group
		done
		stage reconciled consumed reconcile --entitlements $licence/entitlements.csv --models $licence/models.csv --exclusions $licence/exclusions.csv --trace
		cat merged >>reconciled
		stage forecast reconciled forecast --entitlements $licence/entitlements.csv --models $licence/models.csv
		for format in table html csv; do stage report.$format forecast report --format $format; done
		stage explained reconciled explain --ledger l.db
		stage explained reconciled explain --ledger l.db --format ndjson
	done
	for calendar in month quarter year; do stage consumed merged aggregate-by-period --calendar $calendar; done
	stage exported /dev/null env export --ledger l.db
	stage imported exported merge --ledger :memory: --emit all
	stage excluded exported exclude --exclusions $licence/exclusions.csv --profile acme
	mkdir folder
	stage csv /dev/null env export --ledger l.db --format csv --output folder
	stage suggested merged models suggest
	sound l.db
}

@test "a night of such values is a night: run, status, explain, export and replay" {
	acme_workspace ws
	jq '.feed = "monitor"' ws/profiles/acme.json >p && mv p ws/profiles/acme.json
	raw_values >raw
	org=9dd1c1a4-5b6e-4c2f-8a37-0e5f6b1d2c90 base=https://api.docusign.net
	stream=$base/api/v2.0/datasets/monitor/stream
	records() { sed -nE 's/^\{"type":"RECORD","stream":"'"$1"'","record":(.*),"context":\{.*/\1/p' raw | paste -sd,; }
	recording_begin rec fetch-subscriptions $clock
	recording_answer "$base/Management/v2/organizations/$org/assetGroups/accounts?compliant=true" 200 "{\"assetGroupAccounts\":[$(records docusign_accounts)]}"
	recording_answer "$base/Management/v2/organizations/$org/assetGroups/accounts?compliant=false" 200 '{"assetGroupAccounts":[]}'
	recording_answer "$base/Management/v2/organizations" 403 '{}'
	recording_answer "$base/Management/v2/organizations/$org/planItems" 200 "[$(records docusign_plan_items)]"
	recording_end
	recording_begin rec fetch-datafeed $clock
	recording_answer "$stream?cursor=2024-01-31T00%3A00%3A00.000Z&limit=2000" 200 "{\"endCursor\":\"n\",\"data\":[$(records docusign_datafeed)]}"
	recording_answer "$stream?cursor=n&limit=2000" 200 '{"endCursor":"n","data":[]}'
	recording_end
	run --separate-stderr "$pipeline" run -C ws --replay rec
	[ "$status" -eq 0 ] || { echo "$stderr" && return 1; }
	same "$(values | grep -c '^[eap].*|reject$')" "$(wc -l <ws/runs/acme/20250318T020000Z/rejects.ndjson)"
	for command in status "status --positions" report explain "policy diff default default" "export --format ndjson" "export --format csv --to csv" \
		"export --format sqlite --to out.sqlite" "verify 20250318T020000Z" "replay 20250318T020000Z"; do
		# shellcheck disable=SC2086 # words
		run "$pipeline" $command -q -C ws
		[ "$status" -eq 0 ] || { echo "$command: $status: $output" | cut -c 1-400 && return 1; }
	done
}
