#!/usr/bin/env bats
# Software models by themselves beside rows of models.csv: which plan items become one, what a row overrides, what rights they have; `envtally models`;
# and subscription.software_model.

# shellcheck disable=SC2154 # root and acme are helper's

load helper

night=20250318T020000Z
item=b7f2d3c8-1a4e-4f11-8c5d-2e90a1b3c40

# envtally …: the driver, on the workspace that is named.
envtally() { ENVTALLY_BIN=${ENVTALLY_BIN:-$root/bin} "$root/pipeline.sh" "$@"; }

# subscription ITEM NAME [SUBSCRIPTION-NAME]: NAME is JSON.
subscription() {
	printf '{"type":"RECORD","stream":"subscription","record":{"subscription_id":"s-%s","plan_item_id":"%s","plan_item_name":%s,"subscription_name":"%s"}}\n' \
		"$1" "$1" "$2" "${3-}"
}

# model ROW…: a models.csv of these rows.
models_file() { printf '%s\n' publisher,product,software_model,license_metric,identifier_type,identifier "$@"; }

# of_item ITEM: product and software model of the automatic row for it.
of_item() { awk -F , -v item="$1" '$NF == "automatic" && $(NF - 1) == item { print $2 "|" $3 }'; }

# One row of one's own; the other plan items of the acme organisation are eSignature …, one without a name, and a pilot.
setup_file() {
	cd "$BATS_FILE_TMPDIR" || return 1
	acme_workspace ws
	head -n 2 "$acme/licence/models.csv" >ws/licence/models.csv
	cat >ws/licence/entitlements.csv <<-'END'
		entitlement_id,software_model,license_metric,subscription_period,start_date,end_date,purchased_rights,total_cost,currency
		E1,Docusign eSignature Enterprise Pro,Envelope,Annually,2024-01-31,,5000,5000.00,USD
		E2,eSignature Business Pro - Envelopes,Envelope,Annually,2024-01-31,,7,70.00,USD
	END
	envtally run -C ws --replay "$acme/nights/$night" 2>said
}

@test "models automatic: known plan items beside rows, all that have a name without rows" {
	models_file 'D,P,Own,Envelope,plan_item_id,own' >own.csv
	cases=0
	while IFS='|' read -r -u 4 name beside without; do
		subscription x "$name" >in
		same "$name|$beside" "$name|$(models automatic --models own.csv <in | of_item x | tr '|' :)"
		same "$name|$without" "$name|$(models automatic <in | awk -F , '$NF == "automatic" { print $2 ":" $5 }')"
		cases=$((cases + 1))
	done 4<<'END'
"Docusign CLM Essentials"|CLM:Docusign CLM Essentials|CLM:Docusign CLM Essentials
"Monitor"|Monitor:Monitor|Monitor:Monitor
"notary on demand"|Notary:notary on demand|Notary:notary on demand
"Rooms+"|Rooms:Rooms+|Rooms:Rooms+
"ID (Identify)"|Identify:ID (Identify)|Identify:ID (Identify)
"Navigator/2"|Navigator:Navigator/2|Navigator:Navigator/2
"Maestro"|Maestro:Maestro|Maestro:Maestro
"DOCUSIGN ESIGNATURE"|eSignature:DOCUSIGN ESIGNATURE|eSignature:DOCUSIGN ESIGNATURE
"Monitor for eSignature"|Monitor:Monitor for eSignature|Monitor:Monitor for eSignature
"\u00a0Rooms 🏠 "|Rooms:Rooms 🏠|Rooms:Rooms 🏠
"Showrooms"||eSignature:Showrooms
"Monitoring"||eSignature:Monitoring
"Pilot 🧪 Envelopes"||eSignature:Pilot 🧪 Envelopes
" \u00a0 "||
""||
null||
END
	same 16 "$cases"
}

@test "models automatic: the table of known plan items is that of doc/licence.md, in its order" {
	sed -n '/^## Software models by themselves/,/^## entitlements/s/^| `\([A-Za-z]*\)` | `\([A-Za-z]*\)` |$/\1 \2/p' "$root/doc/licence.md" >words
	same 8 "$(wc -l <words)"
	models_file 'D,P,Own,Envelope,plan_item_id,own' >own.csv
	while read -r word product; do
		same "$word $product" "$word $(subscription x "\"a $word\"" | models automatic --models own.csv | of_item x | cut -d '|' -f 1)"
	done <words
	# Of two words that of the upper line counts, whichever comes first.
	while read -r word product && read -r lower _; do
		same "$product" "$(subscription x "\"$lower and $word\"" | models automatic | awk -F , '$NF == "automatic" { print $2 }')"
	done <words
}

@test "models automatic: a row overrides by id, name, subscription and pattern" {
	for row in plan_item_id,clm 'plan_item_id,c?m' 'plan_item_name,*clm*' 'subscription_name,Acme*' 'plan_item_name,[d]ocusign clm'; do
		models_file "D,P,Own,Envelope,$row" >own.csv
		same "$row " "$row $(subscription clm '"Docusign CLM"' 'Acme 2024' | models automatic --models own.csv | of_item clm)"
	done
	models_file 'D,P,Own,Envelope,plan_item_name,Docusign CLM' >own.csv
	same 'CLM|Docusign CLM 2' "$(subscription clm '"Docusign CLM 2"' | models automatic --models own.csv | of_item clm)"
}

@test "models automatic: the file's own lines stay where they are, whatever it looks like, and what is complete stays as it is" {
	{ subscription a '"CLM, \"one\"\n2"' && subscription 'b*' '"Rooms"' && subscription c '"Same name"' && subscription d '"Own Rooms"'; } >in
	# BOM, comments, CRLF, quotes, a row of two lines, blank rows, columns in another order, no end of line at the end.
	printf '\xef\xbb\xbf# own, by hand\r\n"# more",,\r\n\r\nidentifier , "software_model",publisher,license_metric,identifier_type,product,unit\r\n' >own.csv
	printf 'c,"Own\r\nModel",DS,Envelope,plan_item_id,Old,envelope\r\n""\r\nz,Rooms,DS,Envelope,plan_item_id,Old,seat' >>own.csv
	models automatic --models own.csv <in >complete.csv
	printf '\xef\xbb\xbf# own, by hand\r\n"# more",,\r\n\r\nidentifier , "software_model",publisher,license_metric,identifier_type,product,unit,origin\r\n' >expected
	printf 'c,"Own\r\nModel",DS,Envelope,plan_item_id,Old,envelope,\r\n""\r\nz,Rooms,DS,Envelope,plan_item_id,Old,seat,\n' >>expected
	# Of a model that rows name too, publisher, product and unit are theirs: else the file would contradict itself.
	printf 'a,"CLM, ""one""\n2",Docusign,Envelope,plan_item_id,CLM,envelope,automatic\nb[*],Rooms,DS,Envelope,plan_item_id,Old,seat,automatic\n' >>expected
	printf 'd,Own Rooms,Docusign,Envelope,plan_item_id,Rooms,envelope,automatic\n' >>expected
	same_files expected complete.csv
	models automatic --models complete.csv <in | cmp - complete.csv
	echo entitlement_id,software_model,license_metric,start_date,purchased_rights >entitlements.csv
	run -0 --separate-stderr reconcile -e entitlements.csv -m complete.csv <in
	same "reconcile: warning: models line 8 has no effect: no plan item or subscription matches 'z'" "$stderr"
	# Nothing to add: not a byte.
	models automatic --models own.csv </dev/null | cmp - own.csv
	# Mistakes are those of the file, by its lines; nothing is printed.
	models_file 'D,P,Own,Envelope,plan_id,x' >own.csv
	run --separate-stderr -65 models automatic --models own.csv <in
	same "models: cannot read 'own.csv' line 2: column \"identifier_type\": 'plan_id' is not one of plan_item_id, plan_item_name, subscription_name
models: cannot use 'own.csv': 1 mistake" "$stderr"
	[ -z "$output" ]
}

@test "run: known plan items that no row names are models beside them, entitlements name them without a row, the rest is unrecognized" {
	cd "$BATS_FILE_TMPDIR"
	results=ws/runs/acme/$night/results.ndjson
	same 'Docusign eSignature Enterprise Pro false
eSignature Business Pro - Envelopes true
eSignature Enterprise Pro - Envelopes (EU) true' "$(records_of metric_result <$results | jq -r '"\(.software_model) \(.automatic)"' | sort -u)"
	same "${item}4 ${item}5 (no plan item)" "$(records_of unrecognized_subscription <$results | jq -r .identifier | sort -r | sort -t ' ' -k 1.37 | xargs -d '\n' | sed 's/^(no plan item) \(.*\)$/\1 (no plan item)/')"
	# What the row does not match draws on rights of its own; the automatic model that entitlements.csv does not name owns nothing.
	same '7 0' "$(records_of metric_result <$results | jq -rs '[.[] | select(.period_index == 0)] | map({(.software_model): .rights_owned}) | add
		| "\(."eSignature Business Pro - Envelopes") \(."eSignature Enterprise Pro - Envelopes (EU)")"')"
	same '' "$(records_of ineffective_row <$results)"
	run ! grep 'has no effect' said
	# Every unit is in a model, in none, or before the contract.
	records_of consumption <ws/runs/acme/$night/consumption.ndjson | jq -s '[.[] | select(.period_index >= 0 or .plan_item_id == null or (.plan_item_id | test("0[45]$"))) | .units_consumed] | add' >expected
	{ records_of metric_result <$results | jq '(.rights_used // 0) + (.excluded_units // 0)' && records_of unrecognized_subscription <$results | jq .units_consumed; } | jq -s add >got
	same_files expected got
	# The evidence has the file's lines first, and is complete.
	same "$(head -n 2 ws/licence/models.csv | sed '1s/$/,origin/; 2s/$/,/')" "$(head -n 2 ws/runs/acme/$night/inputs/models.csv)"
	same 4 "$(wc -l <ws/runs/acme/$night/inputs/models.csv)"
	same "acme: run $night: every output is what its evidence gives, byte for byte" "$(envtally replay -C ws $night)"
	envtally verify -q -C ws $night
	# explain says which line a figure comes from.
	envtally explain -C ws --level consumption | grep -q "plan item ${item}1 (models.csv line 2)"
}

@test "reconcile and policy diff take automatic models as a run does; a typing mistake in their name is a row without effect" {
	cp -r "$BATS_FILE_TMPDIR/ws" .
	results=ws/runs/acme/$night/results.ndjson
	run -0 --separate-stderr envtally reconcile -C ws --format ndjson --now 2025-03-18T02:00:00Z
	same '' "$(grep 'has no effect' <<<"$stderr")"
	records_of metric_result <<<"$output" | LC_ALL=C sort >got
	records_of metric_result <$results | LC_ALL=C sort >expected
	same_files expected got
	run -0 envtally policy diff default default -C ws
	# As it was reported then, whatever models.csv has now.
	cp "$acme/licence/models.csv" ws/licence/
	envtally reconcile -q -C ws --as-of 2025-03-18 --format ndjson | records_of metric_result | LC_ALL=C sort >got
	same_files expected got
	sed -i 's/^E2,eSignature Business/E2,eSignature Bussiness/' ws/licence/entitlements.csv
	run -0 --separate-stderr envtally reconcile -C ws --format ndjson --now 2025-03-18T02:00:00Z
	[[ $stderr == *"reconcile: warning: entitlements line 3 has no effect: no row of the models has software model 'eSignature Bussiness Pro - Envelopes' with license metric 'Envelope'"* ]]
	# Whose lines are wrong is said by the name that the user knows.
	echo 'x,y' >>ws/licence/models.csv
	run --separate-stderr -65 envtally reconcile -C ws
	[[ $stderr == *"reconcile: cannot read 'ws/licence/models.csv' line 6: it has 2 cells, the header has 9"* ]]
}

@test "entitlements.csv alone, and models.csv alone, are licence files enough" {
	acme_workspace ws
	rm ws/licence/*
	printf '%s\n' entitlement_id,software_model,license_metric,start_date,purchased_rights 'E1,eSignature Enterprise Pro - Envelopes (EU),Envelope,2024-01-31,7' \
		'E2,Pilot 🧪 Envelopes,Envelope,2024-01-31,9' >ws/licence/entitlements.csv
	run -0 --separate-stderr envtally run -C ws --replay "$acme/nights/$night"
	[[ $stderr != *"has no effect"* && $stderr != *"nothing is owned"* ]]
	same '9 7' "$(records_of metric_result <ws/runs/acme/$night/results.ndjson | jq -r 'select(.period_index == 0 and .rights_owned > 0) | .rights_owned' | sort -rn | xargs)"
	envtally replay -q -C ws $night
	rm -r ws
	acme_workspace ws
	rm ws/licence/*
	cp "$acme/licence/models.csv" ws/licence/
	run -0 --separate-stderr envtally run -C ws --replay "$acme/nights/$night"
	[[ $stderr == *"acme: nothing is owned: next, write what was bought into ws/licence/entitlements.csv"* ]]
	records_of metric_result <ws/runs/acme/$night/results.ndjson | jq -es 'length > 0 and all(.rights_owned == 0 and .automatic == false)' >/dev/null
	same_files ws/licence/models.csv ws/runs/acme/$night/inputs/models.csv
	envtally replay -q -C ws $night
	run -0 envtally policy diff default default -C ws
}

@test "an exclusion rule leaves out the units of an automatic model" {
	cp -r "$BATS_FILE_TMPDIR/ws" .
	printf 'rule_type,identifier,profile,reason,start_date,end_date\nidentifier,%s2,,sandbox,,\n' $item >ws/licence/exclusions.csv
	envtally reconcile -q -C ws --format ndjson --now 2025-03-18T02:00:00Z | records_of metric_result |
		jq -es 'map(select(.software_model | startswith("eSignature Business"))) | (map(.rights_used) | add) == 0 and (map(.excluded_units) | add) > 0' >/dev/null
}

@test "plan items of the workspace's other profiles are automatic models too" {
	acme_workspace ws
	head -n 2 "$acme/licence/models.csv" >ws/licence/models.csv
	local of=7c1e9a52-3b0f-4d6a-9e21-5f8840c7d30
	jq --arg of $of '.accounts = [$of + "1", $of + "2"]' "$acme/profiles/acme.json" >ws/profiles/acme.json
	jq --arg of $of '.name = "beta" | .accounts = [("3", "4", "5", "6") | $of + .]' "$acme/profiles/acme.json" >ws/profiles/beta.json
	envtally run -q -C ws --replay "$acme/nights/$night"
	envtally reconcile -q -C ws --format ndjson --now 2025-03-18T02:00:00Z >both
	# The workspace's position is that of one profile with all accounts.
	position_of() { records_of metric_result | jq -c "select($1) | [.software_model, .period_start, .rights_used, .automatic]" | LC_ALL=C sort; }
	position_of '.profile == null' <both >got
	position_of true <"$BATS_FILE_TMPDIR/ws/runs/acme/$night/results.ndjson" >expected
	same_files expected got
	# The second run knows the first profile's, which it has among its inputs.
	position_of true <ws/runs/beta/$night/workspace.ndjson >got
	same_files expected got
	for profile in acme beta; do envtally replay -q -C ws -p $profile $night; done
}

@test "plan items that only another profile's organisation has are automatic models of the workspace" {
	cp -r "$BATS_FILE_TMPDIR/ws" .
	jq '.name = "beta" | .organization_id = "00000000-0000-4000-8000-00000000000b"' "$acme/profiles/acme.json" >ws/profiles/beta.json
	{
		printf '{"type":"RECORD","stream":"account","record":{"account_id":"b","organization_id":"00000000-0000-4000-8000-00000000000b","asset_group_id":"g"}}\n'
		subscription clm '"Docusign CLM"' | sed 's/"record":{/&"asset_group_id":"g",/'
		printf '{"type":"RECORD","stream":"watermark","record":{"account_id":"b","watermark":"2025-03-18T00:00:00.000Z"}}\n'
		envelope '{account_id: "b", plan_item_id: "clm", sent_at: "2025-02-10T10:00:00.000Z", modified_at: "2025-02-10T10:00:00.000Z"}'
	} | merge -q -l ws/ledger/beta.db --emit none
	clm() { records_of metric_result | jq -r 'select(.profile == null and .rights_used > 0 and .product == "CLM") | "\(.software_model) \(.automatic) \(.rights_used) \(.period_start[:10])"'; }
	same "Docusign CLM true 1 2025-01-31" "$(envtally reconcile -q -C ws -p acme --format ndjson --now 2025-03-18T02:00:00Z | clm)"
	envtally run -q -C ws -p acme --replay "$acme/nights/20250325T020000Z"
	same "Docusign CLM true 1 2025-01-31" "$(clm <ws/runs/acme/20250325T020000Z/workspace.ndjson)"
	envtally replay -q -C ws -p acme 20250325T020000Z
}

@test "envtally models: rows, automatic models and what is in none, with units and the next step; csv and ndjson have the same" {
	cd "$BATS_FILE_TMPDIR"
	envtally models -C ws >table
	tr -s ' ' <table | sed 's/ $//' >got
	cat >expected <<END
 plan
software model metric origin identifier type identifier plan item items units
Docusign eSignature Enterprise Pro Envelope models.csv line 2 subscription_name Acme Enterprise* eSignature Enterprise Pro - Envelopes 1 908
eSignature Business Pro - Envelopes Envelope automatic plan_item_id ${item}2 eSignature Business Pro - Envelopes 1 269
eSignature Enterprise Pro - Envelopes (EU) Envelope automatic plan_item_id ${item}3 eSignature Enterprise Pro - Envelopes (EU) 1 191
(none) unrecognized plan_item_id ${item}4 1 362
(none) unrecognized plan_item_id ${item}5 Pilot 🧪 Envelopes 1 63
(none) unrecognized plan_item_id (no plan item) 0 8

Automatic models own nothing until licence/entitlements.csv has rows for them, by these names. A row in licence/models.csv overrides an automatic one.
2 plan items with 425 units are in no software model: envtally models suggest prints rows for licence/models.csv, to be completed.
8 units have no plan item, so there is nothing to map.
END
	same_files expected got
	records_of consumption <ws/runs/acme/$night/consumption.ndjson | jq -s 'map(.units_consumed) | add' >expected
	envtally models -C ws --format ndjson | records_of model_identifier | jq -s 'map(.units_consumed) | add' >got
	same_files expected got
	envtally models -C ws --format csv >list.csv
	sqlite3 :memory: '.mode csv' '.import list.csv t' '.mode list' "SELECT origin, count(*), sum(plan_items), sum(units_consumed) FROM t GROUP BY origin ORDER BY origin" >got
	same 'automatic|2|2|460
row|1|1|908
unrecognized|3|2|433' "$(cat got)"
	envtally models -C ws --format ndjson | records_of model_identifier | jq -c 'select(.origin == "row") | [.publisher, .product, .line, .identifier_type, .identifier, .plan_items]' >got
	same '["Docusign","eSignature",2,"subscription_name","Acme Enterprise*",1]' "$(cat got)"
	# With a profile, and by the files as they are: a row overrides at once.
	cp -r ws "$BATS_TEST_TMPDIR/ws"
	cd "$BATS_TEST_TMPDIR"
	echo "Docusign,eSignature,,,Own,Envelope,envelope,plan_item_name,*business*" >>ws/licence/models.csv
	same "Own row 3" "$(envtally models -C ws -p acme --format ndjson | records_of model_identifier | jq -r 'select(.units_consumed == 269) | "\(.software_model) \(.origin) \(.line)"')"
}

@test "envtally models: before the first run, and mistakes of usage" {
	mkdir -p ws/profiles
	cp "$acme/profiles/acme.json" ws/profiles/
	same "No plan items are known yet: envtally run fetches them." "$(envtally models -C ws)"
	mkdir ws/licence
	cp "$acme/licence/models.csv" ws/licence/
	envtally models -C ws | grep -qE '^Docusign eSignature Business Pro +Envelope +models.csv line 4 +plan_item_name +\*Business Pro\* +0$'
	run -64 envtally models -C ws --format html
	run -64 envtally models -C ws --format csv suggest
	run -64 envtally models -C ws automatically
	run -66 envtally models -C nowhere
	run -64 models
	run -64 models list
	run -64 models list --models ws/licence/models.csv --format html
	run -66 models list --models nowhere.csv
	# A name that steers the terminal is shown.
	subscription x '"CLM\u001b[31m"' | models list --models <(subscription x '"CLM\u001b[31m"' | models automatic) | grep -qF 'CLM\x1b[31m'
}

@test "subscription.software_model: by the position's own map, in the run, the pipe and the exports; consumption keeps null" {
	cd "$BATS_FILE_TMPDIR"
	cat >expected <<END
${item}1 Docusign eSignature Enterprise Pro
${item}2 eSignature Business Pro - Envelopes
${item}3 eSignature Enterprise Pro - Envelopes (EU)
${item}4 null
${item}5 null
END
	named() { records_of subscription | jq -r '"\(.plan_item_id) \(.software_model)"' | LC_ALL=C sort; }
	named <ws/runs/acme/$night/subscriptions.ndjson >got
	same_files expected got
	envtally export -q -C ws | named >got
	same_files expected got
	envtally reconcile -q -C ws --format ndjson --now 2025-03-18T02:00:00Z | named >got
	same_files expected got
	envtally export -q -C ws --format sqlite --to "$BATS_TEST_TMPDIR/out.db"
	sqlite3 -separator ' ' -nullvalue null "$BATS_TEST_TMPDIR/out.db" 'SELECT plan_item_id, software_model FROM subscription ORDER BY plan_item_id' >got
	same_files expected got
	for file in ws/runs/acme/$night/consumption.ndjson <(envtally export -q -C ws --stream consumption); do
		same null "$(records_of consumption <"$file" | jq -r .software_model | sort -u)"
	done
	# The report takes nothing from it that reconcile does not say.
	records_of unrecognized_subscription <ws/runs/acme/$night/results.ndjson | jq -s length >expected
	envtally report -C ws | sed -n '/^Unrecognized/,/^$/p' | grep -c plan_item_id >got
	same_files expected got
	# Another models.csv: the next run says so, and restates nothing.
	cp -r ws "$BATS_TEST_TMPDIR/ws"
	cd "$BATS_TEST_TMPDIR"
	echo "Docusign,eSignature,,,Aaa,Envelope,envelope,plan_item_id,${item}*" >ws/rest
	{ head -n 1 "$acme/licence/models.csv" && cat ws/rest; } >ws/licence/models.csv
	envtally run -q -C ws --replay "$acme/nights/20250325T020000Z"
	same Aaa "$(envtally export -q -C ws --stream subscription | records_of subscription | jq -r .software_model | sort -u)"
	acme_after 2 calm
	same_files calm/runs/acme/20250325T020000Z/restatements.ndjson ws/runs/acme/20250325T020000Z/restatements.ndjson
	same_files calm/runs/acme/20250325T020000Z/consumption.ndjson ws/runs/acme/20250325T020000Z/consumption.ndjson
}

@test "results are automatic where all rows of the metric are" {
	{ subscription a '"Rooms"' && subscription b '"Rooms"' && subscription c '"CLM"' && subscription d '"CLM"'; } >in
	models_file D,P,CLM,Envelope,plan_item_id,d D,P,Seats,Seat,plan_item_id,e >own.csv
	models automatic --models own.csv <in >models.csv
	echo entitlement_id,software_model,license_metric,start_date,purchased_rights >entitlements.csv
	{
		cat in
		printf '{"type":"RECORD","stream":"consumption","record":{"profile":"x","account_id":"c","plan_item_id":"a","unit":"envelope","period_index":0,"period_start":"2025-01-01T00:00:00.000Z","period_end":"2026-01-01T00:00:00.000Z","units_consumed":3,"by_status":{},"state":"final"}}\n'
	} | reconcile -q -e entitlements.csv -m models.csv --now 2025-02-01T00:00:00Z | records_of metric_result | jq -r '"\(.software_model) \(.product) \(.automatic)"' >got
	same "CLM P false
Seats P false
Rooms Rooms true" "$(cat got)"
}

@test "report: subscriptions with software models make no other plan item unrecognized" {
	models_file D,P,Own,Envelope,plan_item_id,a D,P,Own,Envelope,plan_item_id,forms >models.csv
	echo entitlement_id,software_model,license_metric,start_date,purchased_rights >entitlements.csv
	# The second has no subscription, as a pool of the counting policy has none.
	{
		subscription a '"A"'
		for id in a forms; do
			printf '{"type":"RECORD","stream":"consumption","record":{"profile":"x","account_id":"c","plan_item_id":"%s","unit":"envelope","period_index":0,"period_start":"2025-01-01T00:00:00.000Z","period_end":"2026-01-01T00:00:00.000Z","units_consumed":3,"by_status":{},"state":"final"}}\n' $id
		done
	} | reconcile -q -e entitlements.csv -m models.csv --now 2026-02-01T00:00:00Z >reconciled
	same Own "$(records_of subscription <reconciled | jq -r .software_model)"
	report --now 2026-02-01T00:00:00Z <reconciled >table
	grep -q 'Own ' table
	run ! grep -qi 'unrecognized\|no software model' table
}

@test "reconcile: only software_model changes, only where it is another, and lines keep their order" {
	models_file 'D,P,"Own, ""1""",Envelope,plan_item_name,own*' 'D,P,Late,Envelope,plan_item_name,late' >models.csv
	echo entitlement_id,software_model,license_metric,start_date,purchased_rights >entitlements.csv
	cat >in <<'END'
{"type":"SCHEMA","stream":"subscription","schema":{},"key_properties":[]}
{"type":"RECORD","stream":"subscription","record":{"subscription_id":"1","plan_item_id":"a","plan_item_name":"own","software_model":null,"x":{"software_model":1}},"time_extracted":"2025-01-01T00:00:00.000Z"}
{"type":"RECORD","stream":"subscription","record":{"subscription_id":"2","plan_item_id":"b","plan_item_name":"early","software_model":null}}
{ "type" : "RECORD", "stream" : "subscription", "record" : { "software_model" : "old \"é\"" , "subscription_id":"3","plan_item_id":"a" } , "version": 1 }
{"type":"RECORD","stream":"subscription","record":{"subscription_id":"4","plan_item_id":"b","plan_item_name":"Late"}}
{"type":"RECORD","stream":"subscription","record":{"subscription_id":"5","plan_item_id":"c","plan_item_name":"other","software_model":"gone"}}
{"type":"RECORD","stream":"subscription","record":{"subscription_id":"6","plan_item_id":null,"software_model":null}}
{"type":"RECORD","stream":"weather","record":{"software_model":null,"plan_item_id":"a"}}
{"type":"STATE","value":1}
{"type":"RECORD","stream":"subscription","record":{"subscription_id":"7","plan_item_id":"a","plan_item_name":"\u006fwn","software_model":"Own, \"1\""}}
END
	cat >expected <<'END'
{"type":"SCHEMA","stream":"subscription","schema":{},"key_properties":[]}
{"type":"RECORD","stream":"subscription","record":{"subscription_id":"1","plan_item_id":"a","plan_item_name":"own","software_model":"Own, \"1\"","x":{"software_model":1}},"time_extracted":"2025-01-01T00:00:00.000Z"}
{"type":"RECORD","stream":"subscription","record":{"subscription_id":"2","plan_item_id":"b","plan_item_name":"early","software_model":"Late"}}
{ "type" : "RECORD", "stream" : "subscription", "record" : { "software_model" : "Own, \"1\"" , "subscription_id":"3","plan_item_id":"a" } , "version": 1 }
{"type":"RECORD","stream":"subscription","record":{"subscription_id":"4","plan_item_id":"b","plan_item_name":"Late","software_model":"Late"}}
{"type":"RECORD","stream":"subscription","record":{"subscription_id":"5","plan_item_id":"c","plan_item_name":"other","software_model":null}}
{"type":"RECORD","stream":"subscription","record":{"subscription_id":"6","plan_item_id":null,"software_model":null}}
{"type":"RECORD","stream":"weather","record":{"software_model":null,"plan_item_id":"a"}}
{"type":"STATE","value":1}
{"type":"RECORD","stream":"subscription","record":{"subscription_id":"7","plan_item_id":"a","plan_item_name":"\u006fwn","software_model":"Own, \"1\""}}
END
	sed -i 's/"B"/"b"/' in expected
	reconcile -q -e entitlements.csv -m models.csv <in | head -n 10 >got
	same_files expected got
	# Again: it is right already, byte for byte.
	reconcile -q -e entitlements.csv -m models.csv <got | head -n 10 >again
	same_files expected again
}

@test "entitlements suggest: rows for what is used and not owned, with the period's days; completed, they are its rights" {
	acme_workspace ws
	rm -f ws/licence/*
	"$root/pipeline.sh" run -q -C ws --replay "$acme/nights/20250318T020000Z"
	run -0 --separate-stderr "$root/pipeline.sh" entitlements suggest -C ws
	printf '%s\n' "$output" >rows
	same "$(head -n 1 "$acme/licence/entitlements.csv")" "$(head -n 1 rows)"
	# One for each period of each model, as jq finds them in the results.
	jq -r 'select(.stream == "metric_result").record | select(.rights_used > 0 and .rights_owned == 0) | [.software_model, .license_metric, .period_start[:10],
		((.period_end | sub("\\.000Z"; "Z") | fromdate) - 86400 | todate[:10])] | join(",")' ws/runs/acme/20250318T020000Z/results.ndjson | sort >expected
	[ "$(wc -l <expected)" -gt 10 ]
	same_files expected <(sed 1d rows | cut -d , -f 2,6,8,9 | sort)
	same 'Quarterly,active' "$(sed 1d rows | cut -d , -f 7,14 | sort -u)"
	[[ $stderr == *"models: eSignature Business Pro - Envelopes from 2024-01-31: "*" used, none owned"* ]]
	# As they are they are refused, line by line; with numbers they are what is owned.
	cp rows ws/licence/entitlements.csv
	run --separate-stderr "$root/pipeline.sh" reconcile -C ws
	[[ $status -eq 65 && $stderr == *"line 2: column \"purchased_rights\": it must not be empty"* ]]
	sed 's/,,,,,active/,100000,,,,active/' rows >ws/licence/entitlements.csv
	"$root/pipeline.sh" reconcile -q -C ws --format ndjson | jq -e -s 'map(select(.stream == "metric_result").record // empty) | length > 10 and all(.rights_owned == 100000 or .rights_used == 0)'
	"$root/pipeline.sh" run -q -C ws --replay "$acme/nights/20250325T020000Z"
	same 1 "$("$root/pipeline.sh" entitlements suggest -q -C ws | wc -l)"
	run --separate-stderr "$root/pipeline.sh" entitlements -C ws
	fails 64 "pipeline.sh: cannot do 'entitlements': use entitlements suggest"
}
