#!/usr/bin/env bats
# licence/consumption.csv: use that no feed tells. Values by hand are in tests/reconcile/cases; here is the file, and that what it declares is told apart from what was
# counted in every output.

# shellcheck disable=SC2154 # root and acme are helper's

load helper

setup() {
	needs_stage reconcile
	cd "$BATS_TEST_TMPDIR" || return 1
	export ENVTALLY_NOW=2025-06-15T00:00:00Z
	pro_licence 2025
	declare_use 'r1,Pro,Envelope,2025-01-01,2025-03-31,120,Reseller Q1' 'r1,Pro,Envelope,2025-04-02,,5,Reseller Q2' 'a1,Pro,Envelope,2025-02-03,,2,counted by hand'
	use p a1 4 >input
}

declare_use() { # ROW...
	printf '%s\n' account_id,software_model,license_metric,start_date,end_date,units,source "$@" >consumption.csv
}

use() { # PROFILE ACCOUNT UNITS: on 3 February
	printf '{"type":"RECORD","stream":"consumption","record":{"profile":"%s","account_id":"%s","plan_item_id":"pro","unit":"envelope","period_index":0,"period_start":"2025-01-01T00:00:00.000Z","period_end":"2026-01-01T00:00:00.000Z","units_consumed":%d,"by_status":{},"state":"open","by_day":{"2025-02-03":%d},"periods_from":"2025-01-01","period_months":12}}\n' "$1" "$2" "$3" "$3"
}

both() { reconcile -e entitlements.csv -m models.csv --consumption consumption.csv --group-by account "$@" <input; }

complaints() { # what is said of the file
	run --separate-stderr both
	same 65 "$status" && [ -z "$output" ] || return 1
	sed "s/^reconcile: cannot \(read\|use\) 'consumption.csv'//; s/^ //" <<<"$stderr"
}

@test "declared use is in the position and never among what was counted: 131 used, 127 of them declared, 4 consumed" {
	both >results
	same '[131,127,31,"counted"]' "$(records_of metric_result <results | jq -c '[.rights_used, .declared_units, .unlicensed_rights, .usage_state]')"
	same '[4,4,0,127]' "$(records_of consumption_balance <results | jq -c '[.units_consumed, .units_in_positions, .units_unaccounted, .units_declared]')"
	same '["a1",6,2,"counted"]
["r1",125,125,"declared"]' "$(records_of group_result <results | jq -c 'select(.group_value) | [.group_value, .rights_used, .declared_units, .usage_state]')"
	same '["a1",4,"2025-02-03","2025-02-03",2,"counted by hand",{"2025-02-03":2}]
["r1",2,"2025-01-01","2025-03-31",120,"Reseller Q1",120]
["r1",3,"2025-04-02","2025-04-02",5,"Reseller Q2",5]' "$(records_of declared_consumption <results |
		jq -c '[.account_id, .line, .first_day, .last_day, .units_declared, .source, if .account_id == "a1" then .by_day else (.by_day | add) end]')"
}

@test "declared units have 12 digits at most, and are exact to the last of them" {
	declare_use 'r1,Pro,Envelope,2025-01-01,2025-12-31,999999999999,Reseller'
	both >results
	# 166 of 365 days are over.
	same 454794520547 "$(records_of metric_result <results | jq .declared_units)"
	declare_use 'r1,Pro,Envelope,2025-01-01,2025-12-31,1000000000000,Reseller'
	same "line 2: column \"units\": '1000000000000' has more than 12 digits
: 1 mistake" "$(complaints)"
}

@test "every form of the report says what part was declared; chargeback, FOCUS, forecast and explain too" {
	both --trace | forecast -q -e entitlements.csv -m models.csv >results
	report <results | tr -s ' ' >table
	grep -qx 'software model metric period state owned used declared available licensed licensed status' table
	grep -q '^Pro Envelope 2025-01-01 – 2025-12-31 open 100 131 127 0 31 Not Compliant' table
	grep -qx '2025-01-01 – 2025-12-31 r1 2025-01-01 2025-03-31 120 Reseller Q1 2' table
	grep -q '^2025-01-01 – 2025-12-31 open 4 4 0' table # units consumed
	grep -q '^Beside them 127 units that no feed tells are in the licence position' table
	report --format md <results | grep -q '^| Pro | Envelope | 2025-01-01 – 2025-12-31 | open | 100 | 131 | 127 | 0 |'
	report --format html <results >page
	grep -q '<section id="declared"' page && grep -q '127 of them declared' page
	same 127 "$(report --format csv <results | sqlite3 :memory: '.import --csv /dev/stdin r' 'SELECT declared_units FROM r')"
	report --format xlsx -o book.xlsx <results
	[[ $(zip_part book.xlsx xl/sharedStrings.xml) == *'<t>of them declared</t>'*'<t>Reseller Q1</t>'* ]]
	[[ $(zip_part book.xlsx xl/workbook.xml) == *'name="Declared"'* ]]
	same 'usage,a1,6,2
usage,r1,94,125' "$(chargeback --by account --format csv <results | tr -d '\r' | awk -F , '$9 == "usage" { print $9 "," $5 "," $11 "," $15 }')"
	chargeback --by account <results | tr -s ' ' | grep -qx 'r1 usage (125 declared) 94 10.000000 940.00'
	same '["6","2"]
["125","125"]' "$(chargeback --format focus <results | sqlite3 -csv :memory: '.import --csv /dev/stdin f' \
		"SELECT json_array(ConsumedQuantity, x_DeclaredQuantity) FROM f WHERE ChargeCategory = 'Usage' ORDER BY SubAccountId" | sed 's/^"//; s/"$//; s/""/"/g')"
	# It is used up, and none is expected to come: 4 units in 166 days leave less than 8 for the rest.
	records_of forecast <results | jq -e '.units_to_date == 131 and .declared_units == 127 and .expected_units >= 131 and .expected_units < 139' >/dev/null
	explain --level consumption <results >text
	grep -qx '  rights used: 131, with what consumption.csv declares' text
	grep -qx '    consumption.csv line 2  account r1  2025-01-01 to 2025-03-31  120 units declared by Reseller Q1' text
	same '[131,131,true]' "$(explain --level consumption --format ndjson <results | records_of explanation | jq -c 'select(.level == "position") | [.units, .sum, .adds_up]')"
}

@test "rows in another order change lines alone; rows that share days are mistakes that name both lines" {
	both | jq -c 'del(.record.line)' >before
	sed -n '1p; 4p; 3p; 2p' consumption.csv >turned && mv turned consumption.csv
	same_files before <(both | jq -c 'del(.record.line)')
	declare_use 'r1,Pro,Envelope,2025-01-01,2025-03-31,120,Q1' 'a1,Pro,Envelope,2025-02-01,,1,Q1' 'r1,Pro,Envelope,2025-01-01,2025-03-31,120,Q1' \
		'r1,Pro,Envelope,2025-01-01,2025-03-31,120,another reseller' 'r1,Pro,Envelope,2025-03-01,2025-04-30,9,Q1' 'r1,Pro,Envelope,2025-05-01,,9,Q1'
	same "line 4: it is the same as line 2
line 6: line 2 has use of this account from this source for some of the same days
: 2 mistakes" "$(complaints)"
	declare_use ',Pro,Envelope,2025-02-03,2025-02-01,2,x' 'a1,Pro,Envelope,03.02.2025,9999-12-31,1.200,' 'a1,,Envelope,2025-02-03,,-1,x'
	same "line 2: column \"account_id\": it must not be empty
line 2: column \"end_date\": '2025-02-01' lies before the start date 2025-02-03
line 3: column \"start_date\": '03.02.2025' is not a date such as 2025-01-31: write 2025-02-03
line 3: column \"units\": '1.200' is not a whole number: write 1200
line 3: column \"source\": it must not be empty
line 4: column \"software_model\": it must not be empty
line 4: column \"units\": '-1' is not a whole number
: 7 mistakes" "$(complaints)"
	declare_use 'a1,Pro,Envelope,2025-02-03,9999-12-31,2,x'
	same "line 2: column \"end_date\": '9999-12-31' is no last day: use has one
: 1 mistake" "$(complaints)"
}

@test "rows without effect; several profiles: the account's, or the one that is named" {
	declare_use 'r1,Prp,Envelope,2025-02-03,,1,x' 'r1,Pro,Envelope,2024-12-31,,2,x' 'r1,Pro,Envelope,2025-06-16,,3,x' 'r1,Pro,Envelope,2024-12-22,2025-01-10,20,x2'
	run --separate-stderr both
	same "reconcile: warning: consumption line 2 has no effect: no row of the models has software model 'Prp' with license metric 'Envelope'
reconcile: warning: consumption line 3 has no effect: its days lie before the contract start
reconcile: warning: consumption line 4 has no effect: its days are still to come" "$(sort <<<"$stderr")"
	same '[14,10]' "$(records_of metric_result <<<"$output" | jq -c '[.rights_used, .declared_units]')"
	use q b1 7 >>input
	printf '%s\n' account_id,software_model,license_metric,start_date,units,source,profile b1,Pro,Envelope,2025-02-03,1,x, r1,Pro,Envelope,2025-02-03,2,x,p \
		r2,Pro,Envelope,2025-02-03,4,x, b1,Pro,Envelope,2025-02-04,8,x,p r3,Pro,Envelope,2025-02-04,8,x,z >consumption.csv
	run --separate-stderr both
	same "reconcile: warning: consumption line 4 has no effect: nothing tells the account's profile: name it
reconcile: warning: consumption line 5 has no effect: the account is not of this profile, or nothing is known of the profile
reconcile: warning: consumption line 6 has no effect: the account is not of this profile, or nothing is known of the profile" "$(sort <<<"$stderr")"
	same '[null,14,3]
["p",6,2]
["q",8,1]' "$(records_of metric_result <<<"$output" | jq -c '[.profile, .rights_used, .declared_units]')"
	same '[null,"b1",1]
[null,"r1",2]
["p","r1",2]
["q","b1",1]' "$(records_of declared_consumption <<<"$output" | jq -c '[.profile, .account_id, .units_declared]')"
}

@test "a run keeps the file, adds up, is replayed to the byte and exported; an earlier day has what was known then" {
	local run=20250401T020000Z
	unset ENVTALLY_NOW
	acme_after 2 ws
	declare_use '5f0e0c1d-0000-4000-8000-000000000001,Docusign eSignature Enterprise Pro,Envelope,2025-02-01,2025-02-28,40,Reseller February'
	mkdir -p ws/licence && cp consumption.csv ws/licence/
	"$root/pipeline.sh" run -q -C ws --replay "$acme/nights/$run" 2>/dev/null
	same_files consumption.csv ws/runs/acme/$run/inputs/consumption.csv
	grep -q inputs/consumption.csv ws/runs/acme/$run/raw/manifest.json
	grep -q 'id="declared"' ws/runs/acme/$run/report.html
	"$root/pipeline.sh" status -C ws --now 2025-04-01T03:00:00Z --check >said || { cat said; false; }
	"$root/pipeline.sh" replay $run -C ws | grep -q 'byte for byte'
	"$root/pipeline.sh" explain -C ws --period 2025-02-01 --level consumption | grep -q 'consumption.csv line 2 .* 40 units declared by Reseller February'
	same '40' "$("$root/pipeline.sh" export -C ws --format csv --stream declared_consumption | sqlite3 :memory: '.import --csv /dev/stdin d' 'SELECT units_declared FROM d')"
	[[ $("$root/pipeline.sh" reconcile -C ws --as-of 2025-04-01 2>/dev/null) == *'Reseller February'* ]]
	[[ $("$root/pipeline.sh" reconcile -C ws --as-of 2025-03-25 2>/dev/null) != *'Reseller February'* ]]
}
