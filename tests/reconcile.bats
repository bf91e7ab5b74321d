#!/usr/bin/env bats
# reconcile: tables of cases by hand (tests/reconcile/cases), a second computation in SQL over random organisations, sums that balance, the licence
# files and their mistakes, exclusions, currencies; and `models suggest`.
#
# 20 licences with 50 random organisations each; a failure names the seed:
#	tests/reconcile/organisations SEED 50 FOLDER

# shellcheck disable=SC2154 # root and acme are helper's

load helper

batches=${PROPERTY_BATCHES:-20} each=50
tools=$BATS_TEST_DIRNAME/reconcile

@test "cases of entitlement, period, agreement and grouping" {
	mkdir inputs
	"$tools/table" "$tools/cases" inputs >said || { cat said; false; }
	grep -qE '^(12[5-9]|1[3-9][0-9]|[2-9][0-9]{2}) cases, [0-9]+ expectations, 0 wrong$' said
}

# Of each seed: the licence and organisations as tables, and what reconcile says of them, as tables too.
setup_file() {
	needs_stage reconcile
	cd "$BATS_FILE_TMPDIR" || return 1
	local seed organisation common="period_start rights_owned rights_used rights_available unlicensed_rights over_licensed_rights covered_rights lapsing_rights
		true_up_cost over_licensed_amount potential_savings total_spend current_period_spend"
	for seed in $(seq "$batches"); do
		mkdir "$seed"
		"$tools/organisations" "$seed" $each "$seed"
		# shellcheck disable=SC2086 # words
		for organisation in $(seq $each); do
			reconcile --now 2030-01-01T00:00:00Z -e "$seed/entitlements.csv" -m "$seed/models.csv" --groups "$seed/groups.csv" \
				-g account,site,cost_center <"$seed/$organisation.ndjson"
		done | "$tools/fields" metric_result "$seed/metric" profile software_model license_metric $common allocated_in_use not_allocated_in_use \
			allocated_not_in_use not_allocated status \
			-- model_result "$seed/model" profile software_model $common \
			-- product_result "$seed/product" profile $common \
			-- group_result "$seed/grouped" profile software_model license_metric period_start group_type rights_owned rights_allocated rights_pooled \
			rights_used rights_available unlicensed_rights over_licensed_rights covered_rights true_up_cost over_licensed_amount current_period_spend \
			-- unlicensed_consumption "$seed/account" profile software_model license_metric period_start units_unlicensed cost
	done
}

# sql SEED COMMAND...: over the tables of what reconcile said.
sql() {
	local columns='start, owned NUM, used INT, available NUM, unlicensed INT, over INT, covered INT, lapsing INT, true_up NUM, over_amount NUM, savings NUM,
		spend NUM, share NUM'
	(
		cd "$BATS_FILE_TMPDIR/$1" || return 1
		sqlite3 :memory: '.mode tabs' '.separator "\t" "\n"' \
			"CREATE TABLE metric (profile, model, metric, $columns, in_use INT, pool_in_use INT, not_in_use INT, pool_not_in_use INT, status)" \
			"CREATE TABLE model (profile, model, $columns)" "CREATE TABLE product (profile, $columns)" \
			'CREATE TABLE grouped (profile, model, metric, start, type, owned NUM, allocated INT, pooled INT, used INT, available NUM, unlicensed INT, over INT,
			covered INT, true_up NUM, over_amount NUM, share NUM)' 'CREATE TABLE account (profile, model, metric, start, unlicensed INT, cost NUM)' '.import metric metric' \
			'.import model model' '.import product product' '.import grouped grouped' '.import account account' "${@:2}"
	)
}

@test "1,000 random organisations: the position is what SQL computes a second time" {
	local seed
	for seed in $(seq "$batches"); do
		awk -F '\t' -v OFS='\t' '{ print $1, $2, $3, $4, $5, $6, $7, $8, $10, $11, $21, $12, $15 }' "$BATS_FILE_TMPDIR/$seed/metric" | LC_ALL=C sort >got
		sql "$seed" 'CREATE TABLE entitlement (number INT, metric INT, agreement, each, start, stop, rights, cost, type, value, status)' \
			'CREATE TABLE period (number INT, start, stop)' 'CREATE TABLE use (profile, period INT, item INT, account, site, units INT)' \
			'.import entitlement.tsv entitlement' '.import period.tsv period' '.import use.tsv use' ".read $tools/second.sql" \
			"SELECT profile, iif(metric < 2, 'M1', 'M2'), iif(metric = 1, 'Seal', 'Envelope'), start || 'T00:00:00.000Z', owned, used, available, unlicensed,
			covered, lapsing, status, true_up, spend FROM second" | LC_ALL=C sort >expected
		[ "$(wc -l <expected)" -eq $((each * 12)) ]
		same_files expected got || { echo "seed $seed"; false; }
	done
}

@test "1,000 random organisations: every sum up the tiers, over groups and over accounts balances exactly" {
	local seed
	for seed in $(seq "$batches"); do
		sql "$seed" ".read $tools/balance.sql" >wrong
		same "" "$(head -n 5 wrong)" || { echo "seed $seed"; false; }
	done
}

# licence: two files that are right.
licence() {
	cat >models.csv <<-'END'
		publisher,product,software_model,license_metric,unit,identifier_type,identifier
		Docusign,eSignature,Pro,Envelope,envelope,plan_item_id,pro-*
		Docusign,eSignature,Basic,Envelope,envelope,plan_item_id,basic
	END
	cat >entitlements.csv <<-'END'
		entitlement_id,software_model,license_metric,start_date,end_date,purchased_rights,total_cost,currency
		E1,Pro,Envelope,2024-01-01,2024-12-31,100,500,USD
		E2,Basic,Envelope,2024-01-01,2024-12-31,10,100,USD
	END
}

# use ACCOUNT ITEM UNITS [START END [INDEX]]
use() {
	printf '{"type":"RECORD","stream":"consumption","record":{"profile":"p","account_id":"%s","plan_item_id":"%s","unit":"envelope","period_index":%s,"period_start":"%sT00:00:00.000Z","period_end":"%sT00:00:00.000Z","units_consumed":%s,"by_status":{},"state":"final"}}\n' \
		"$1" "$2" "${6:-0}" "${4:-2024-01-01}" "${5:-2025-01-01}" "$3"
}

both() { reconcile --now 2026-01-01T00:00:00Z -e entitlements.csv -m models.csv "$@"; }

@test "all mistakes of all licence files are said at once, and nothing is computed" {
	cat >models.csv <<-'END'
		publisher,product,software_model,license_metric,unit,identifier_type,identifier
		Docusign,eSignature,Pro,Envelope,envelope,plan_id,x
		DocuSign,eSignature,Pro,Envelope,seat,plan_item_id,
	END
	cat >entitlements.csv <<-'END'
		entitlement_id,software_model,license_metric,subscription_period,start_date,end_date,purchased_rights,unit_cost,total_cost,currency,allocation_type,allocation_value,status
		E1,Pro,Envelope,Weekly,2024-02-30,2024-12-31,many,,,,,,
		E1,,Envelope,,2024-02-01,2024-01-31,10,1.5,16,USD,,na1,old
		E3,Pro,Envelope,,2024-02-01,,unlimited,2,,usd,city,,
		E4,Pro,Envelope,,2024-02-01,,5,,"1,000",,site,,
	END
	cat >exclusions.csv <<-'END'
		rule_type,identifier,reason
		mail,x,why
		user,,
	END
	cat >groups.csv <<-'END'
		account_id,cost_center,start_date,end_date
		A1,CC1,2024-01-01,2024-06-30
		a1,CC2,2024-06-30,
	END
	cat >prices.csv <<-'END'
		software_model,license_metric,from,to,unit_price,currency
		Pro,Envelope,1,10,3,USD
		Pro,Envelope,12,20,2,EUR
	END
	cat >rates.csv <<-'END'
		currency,into,rate
		EUR,USD,x
		EUR,GBP,1.1
	END
	cat >expected <<-'END'
		reconcile: cannot read 'models.csv' line 2: column "identifier_type": 'plan_id' is not one of plan_item_id, plan_item_name, subscription_name
		reconcile: cannot read 'models.csv' line 3: column "identifier": it must not be empty
		reconcile: cannot read 'models.csv' line 3: column "publisher": 'DocuSign' contradicts line 2, where it is 'Docusign' for the same software model
		reconcile: cannot read 'models.csv' line 3: column "unit": 'seat' contradicts line 2, where it is 'envelope' for the same license metric
		reconcile: cannot read 'entitlements.csv' line 2: column "subscription_period": 'Weekly' is not one of Monthly, Quarterly, Annually, Entire
		reconcile: cannot read 'entitlements.csv' line 2: column "start_date": '2024-02-30' is not a date such as 2025-01-31
		reconcile: cannot read 'entitlements.csv' line 2: column "purchased_rights": 'many' is neither a whole number nor 'unlimited'
		reconcile: cannot read 'entitlements.csv' line 3: column "software_model": it must not be empty
		reconcile: cannot read 'entitlements.csv' line 3: column "end_date": '2024-01-31' lies before the start date 2024-02-01
		reconcile: cannot read 'entitlements.csv' line 3: column "status": 'old' is not one of active, retired
		reconcile: cannot read 'entitlements.csv' line 3: column "total_cost": '16' is not unit_cost 1.5 times 10 rights: give one of the two
		reconcile: cannot read 'entitlements.csv' line 3: column "allocation_type": it must say what 'na1' is
		reconcile: cannot read 'entitlements.csv' line 3: column "entitlement_id": 'E1' is in line 2 already
		reconcile: cannot read 'entitlements.csv' line 4: column "currency": 'usd' is not a currency of ISO 4217, such as USD
		reconcile: cannot read 'entitlements.csv' line 4: column "allocation_type": 'city' is not one of account, site, cost_center, department, company, country, organization
		reconcile: cannot read 'entitlements.csv' line 4: column "unit_cost": unlimited rights have no cost of one: give total_cost
		reconcile: cannot read 'entitlements.csv' line 4: column "allocation_value": it must not be empty
		reconcile: cannot read 'entitlements.csv' line 5: column "total_cost": '1,000' is not an amount such as 1250.00, without separators and with at most 6 digits after the point
		reconcile: cannot read 'entitlements.csv' line 5: column "currency": it must name the currency of the cost, such as USD
		reconcile: cannot read 'entitlements.csv' line 5: column "allocation_value": it must not be empty
		reconcile: cannot use 'models.csv': 4 mistakes
		reconcile: cannot read 'exclusions.csv' line 2: column "rule_type": 'mail' is not one of identifier, user, account
		reconcile: cannot read 'exclusions.csv' line 3: column "identifier": it must not be empty
		reconcile: cannot read 'exclusions.csv' line 3: column "reason": it must not be empty
		reconcile: cannot use 'entitlements.csv': 16 mistakes
		reconcile: cannot read 'groups.csv' line 3: column "account_id": 'a1' is in line 2 too, for some of the same days
		reconcile: cannot use 'exclusions.csv': 3 mistakes
		reconcile: cannot read 'prices.csv' line 3: column "from": it must be 11, where the tier before ends
		reconcile: cannot read 'prices.csv' line 3: column "to": the last tier must go on: 'unlimited'
		reconcile: cannot read 'prices.csv' line 3: column "currency": 'EUR' is not that of line 2, 'USD'
		reconcile: cannot use 'groups.csv': 1 mistake
		reconcile: cannot read 'rates.csv' line 2: column "rate": 'x' is not a rate such as 1.085, of at most 18 digits
		reconcile: cannot read 'rates.csv' line 3: column "currency": 'EUR' is in line 2 already
		reconcile: cannot read 'rates.csv' line 3: column "into": 'GBP' is not that of the first row, 'USD': results are in one currency
		reconcile: cannot use 'prices.csv': 3 mistakes
		reconcile: cannot use 'rates.csv': 3 mistakes
	END
	use a pro-1 1 >input
	run --separate-stderr both -x exclusions.csv --groups groups.csv --prices prices.csv --rates rates.csv <input
	[ "$status" -eq 65 ]
	[ -z "$output" ]
	same "$(cat expected)" "$stderr"
}

@test "line numbers are those of an editor: after newlines within cells, blank lines and CRLF" {
	licence
	for end in '' '\r'; do
		printf "entitlement_id,software_model,license_metric,start_date,end_date,purchased_rights,total_cost,currency$end\n\"E\n1\",Pro,Envelope,2024-01-01,2024-12-31,100,500,USD$end\n$end\n\"E\n\n2\",\"Ba\nsic\",Envelope,2024-01-01,2024-12-31,many,100,USD$end\nE3,Basic,Envelope,2024-01-01,2024-12-31,ten,100,USD$end\n" >entitlements.csv
		run --separate-stderr both </dev/null
		same 65 "$status"
		same "5 9" "$(grep -oE "line [0-9]+: column \"purchased_rights\"" <<<"$stderr" | cut -d ' ' -f 2 | tr -d : | xargs)"
	done
}

@test "a licence file in any order of columns, with a BOM, quotes, CRLF and blank lines; not with a NUL or another encoding" {
	licence
	use a pro-1 30 >input
	both <input >expected
	{
		printf '\xef\xbb\xbfpurchased_rights,"end_date",start_date , license_metric,software_model,entitlement_id,currency,total_cost\r\n\r\n'
		printf '"100",2024-12-31,2024-01-01,Envelope,"Pro",E1,USD,500\r\n 10 ,2024-12-31,2024-01-01,Envelope,Basic,"E2, renewed",USD,100'
	} >entitlements.csv
	both <input >got
	same_files expected got
	printf 'a\xff,b\n' >>entitlements.csv
	printf 'a\0,b\n' >>entitlements.csv
	run --separate-stderr both <input
	[ "$status" -eq 65 ]
	[[ $stderr == *"line 4: not UTF-8"*"line 5: a NUL byte"* ]]
}

@test "a plan item that two metrics match is an error that names both; one of another name maps by its subscription" {
	licence
	echo 'Docusign,eSignature,Basic,Envelope,envelope,plan_item_id,*-1' >>models.csv
	run --separate-stderr both < <(use a pro-1 1)
	fails 65 "reconcile: cannot map plan item 'pro-1': it is software model 'Pro' with license metric 'Envelope' by line 2 of the models and 'Basic' with 'Envelope' by line 4"
}

@test "an entitlement of no model is said, and counts for nothing" {
	licence
	echo 'E3,Prof,Envelope,2024-01-01,2024-12-31,100,500,USD' >>entitlements.csv
	run --separate-stderr both < <(use a pro-1 1)
	[ "$status" -eq 0 ]
	same "reconcile: warning: entitlements line 4 has no effect: no row of the models has software model 'Prof' with license metric 'Envelope'" "$stderr"
}

@test "currencies are not mixed; with rates the results are in one" {
	licence
	sed -i '3s/USD/EUR/' entitlements.csv
	use a pro-1 110 >input
	use a basic 12 >>input
	run --separate-stderr both <input
	fails 65 "reconcile: cannot add up product 'eSignature' of 'Docusign': entitlements line 2 is in USD, entitlements line 3 in EUR; name a file that converts them, --rates FILE"
	printf 'currency,into,rate\nEUR,USD,1.085\n' >rates.csv
	# 10 missing at 5 a right; 2 missing at 108.50 for 10.
	both --rates rates.csv <input | records_of product_result | jq -r '"\(.currency) \(.true_up_cost) \(.total_spend)"' >got
	same "USD 71.70 608.50" "$(cat got)"
	printf 'currency,into,rate\nGBP,USD,1.3\n' >rates.csv
	run --separate-stderr both --rates rates.csv <input
	fails 65 "reconcile: entitlements line 3: cannot convert EUR into USD: the rates have no row for it"
}

@test "rates: of any length, by date, in both directions; 0 is none" {
	licence
	use a pro-1 110 >input
	rates() { { echo currency,into,start_date,rate && printf '%s\n' "$@"; } >rates.csv; }
	spend() { both --rates rates.csv <input | records_of product_result | jq -r 'select(.period_index == 0) | "\(.currency) \(.true_up_cost) \(.total_spend)"'; }
	sed -i '2s/500,USD/7500000,VND/; 3s/USD/EUR/' entitlements.csv
	# 7,500,000 × 0.0000615 = 461.25, and 100 × 1.085 = 108.50; 10 missing at 4.6125.
	rates VND,USD,,0.0000615 EUR,USD,,1.085
	same "USD 46.12 569.75" "$(spend)"
	rates VND,USD,,6.15E-05 EUR,USD,,1.085
	same "USD 46.12 569.75" "$(spend)"
	# The other way: 7,500,000 / 25,000 = 300.00; 100 / 0.8 = 125.00. The first row says what results are in.
	rates EUR,USD,2024-02-01,9 USD,EUR,,0.8 USD,VND,,25000
	sed -i '2s/.*/EUR,USD,2024-02-01,9/' rates.csv
	same "USD 30.00 425.00" "$(spend)"
	# By the first day of what is paid; before all dates by the first rate.
	rates EUR,USD,2023-06-01,2 EUR,USD,2024-01-01,1.5 EUR,USD,2024-01-02,9 VND,USD,2030-01-01,0.0001
	same "USD 75.00 900.00" "$(spend)"
	# 100 / 3 is no decimal; it is exact to 12 digits.
	rates VND,USD,,0.0001 USD,EUR,,3
	same "USD 75.00 783.33" "$(spend)"
	for rate in 0 0.000 -1 1,085 1.0.8 1234567890123456789 1e-99; do
		rates EUR,USD,,"\"$rate\""
		run --separate-stderr both --rates rates.csv <input
		same 65 "$status" && [[ $stderr == *"column \"rate\": '$rate' is not a rate"* ]] || { echo "$rate: $stderr"; return 1; }
	done
	rates EUR,USD,2024-01-01,1 EUR,USD,2024-01-01,2
	run --separate-stderr both --rates rates.csv <input
	[[ $stderr == *"line 3: column \"currency\": 'EUR' is in line 2 already"* ]]
}

@test "currencies that are no more are good for rows that are over, and do not stop what is in force" {
	licence
	use a pro-1 10 >input
	try() { sed "2s/.*/E1,Pro,Envelope,$1,100,500,$2/" entitlements.csv >changed && run --separate-stderr reconcile --now 2026-01-01T00:00:00Z -e changed -m models.csv <input; }
	try 2022-07-01,2023-06-30 HRK
	same 0 "$status"
	try 2023-01-01,2023-12-31 HRK
	fails_with() { [ "$status" -eq 65 ] && [[ $stderr == *"column \"currency\": $1"* ]] || { echo "$stderr"; return 1; }; }
	fails_with "'HRK' ended on 2022-12-31: a row in it must begin by then, and have an end date"
	try 2022-07-01, HRK
	fails_with "'HRK' ended on 2022-12-31"
	try 2024-01-01,2024-12-31 XXX
	fails_with "'XXX' is not a currency of ISO 4217, such as USD"
	# In the period of the other row it does.
	try 2023-12-01,2024-01-31 BGN
	[ "$status" -eq 65 ]
	[[ $stderr == *"cannot add up product 'eSignature' of 'Docusign': entitlements line 2 is in BGN, entitlements line 3 in USD"* ]]
	try 2023-01-01,2023-12-31 BGN
	same 0 "$status"
}

@test "fees, credits and prices: what cannot be is said" {
	licence
	cat >>entitlements.csv <<-'END'
		F1,Pro,Envelope,2024-01-01,2024-12-31,10,-5,USD
		F2,Pro,Envelope,2024-01-01,2024-12-31,unlimited,-5,USD
		F3,Pro,Envelope,2024-01-01,2024-12-31,0,(5.00),USD
		F4,Pro,Envelope,2024-01-01,2024-12-31,0,--5,USD
	END
	cat >prices.csv <<-'END'
		software_model,license_metric,from,to,unit_price,currency,price_type,pricing,pack_size,start_date,end_date
		Pro,Envelope,1,10,3,USD,lst,,,,
		Pro,Envelope,11,unlimited,3,USD,,volume,,,
		Basic,Envelope,1,unlimited,3,USD,,,0,2024-01-01,2023-12-31
	END
	run --separate-stderr both --prices prices.csv </dev/null
	cat >expected <<-'END'
		reconcile: cannot read 'entitlements.csv' line 4: column "total_cost": '-5' is a credit, and has no rights: write it as a row of its own, with 0 purchased_rights
		reconcile: cannot read 'entitlements.csv' line 5: column "total_cost": '-5' is a credit, and has no rights: write it as a row of its own, with 0 purchased_rights
		reconcile: cannot read 'entitlements.csv' line 6: column "total_cost": '(5.00)' is not an amount such as 1250.00, without separators and with at most 6 digits after the point: write -5.00
		reconcile: cannot read 'entitlements.csv' line 7: column "total_cost": '--5' is not an amount such as 1250.00, without separators and with at most 6 digits after the point
		reconcile: cannot read 'prices.csv' line 2: column "price_type": 'lst' is not one of override, overage, list; did you mean 'list'?
		reconcile: cannot read 'prices.csv' line 4: column "end_date": '2023-12-31' lies before the start date 2024-01-01
		reconcile: cannot read 'prices.csv' line 4: column "pack_size": '0' is not a whole number above 0
		reconcile: cannot use 'entitlements.csv': 4 mistakes
		reconcile: cannot use 'prices.csv': 3 mistakes
	END
	same "$(cat expected)" "$stderr"
	printf 'software_model,license_metric,from,to,unit_price,currency,pricing\nPro,Envelope,1,10,3,USD,\nPro,Envelope,11,unlimited,3,USD,volume\n' >prices.csv
	sed -i 4,7d entitlements.csv
	run --separate-stderr both --prices prices.csv </dev/null
	[[ $stderr == *"line 3: column \"pricing\": pricing, pack_size and end_date of a tier must be those of the tiers before it: line 2 differs"* ]]
}

@test "an exclusion that covers a part of a period, or a user, is an error with its remedy" {
	licence
	printf 'rule_type,identifier,reason,start_date,end_date\naccount,a,test,2024-03-01,\n' >exclusions.csv
	run --separate-stderr both -x exclusions.csv < <(use a pro-1 1)
	fails 65 "reconcile: cannot apply 'exclusions.csv' line 2 to the period 2024-01-01 to 2024-12-31: it covers only a part of it, and consumption is known by period; let it begin and end with periods"
	both -x exclusions.csv < <(use b pro-1 1) >/dev/null
	printf 'rule_type,identifier,reason\nuser,u1,test\n' >exclusions.csv
	run --separate-stderr both -x exclusions.csv < <(use a pro-1 1)
	fails 65 "reconcile: cannot apply 'exclusions.csv' line 2: consumption records have no users; it needs --excluded FILE, made by \`envtally exclude\`"
}

@test "what excluded users sent is left out, by day, and only that" {
	licence
	printf 'rule_type,identifier,profile,reason,start_date,end_date\nuser,robot-*,p,test,2024-02-01,2024-02-29\nuser,robot-1,other,test,,\n' >exclusions.csv
	# Of the robots 2 were sent in February, 1 of them a draft; a person sent 1.
	{
		envelope '{envelope_id: "e1", plan_item_id: "pro-1", sender_id: "robot-1", sent_at: "2024-01-31T23:59:59.999Z"}'
		envelope '{envelope_id: "e2", plan_item_id: "pro-1", sender_id: "robot-1", sent_at: "2024-02-01T00:00:00.000Z"}'
		envelope '{envelope_id: "e3", plan_item_id: "pro-1", sender_id: "robot-2", sent_at: "2024-02-29T23:59:59.999Z"}'
		envelope '{envelope_id: "e4", plan_item_id: "pro-1", sender_id: "robot-2", sent_at: "2024-02-10T00:00:00.000Z", status: "created"}'
		envelope '{envelope_id: "e5", plan_item_id: "pro-1", sender_id: "person", sent_at: "2024-02-10T00:00:00.000Z"}'
		envelope '{envelope_id: "e7", plan_item_id: "pro-1", sender_id: "robot-2", sent_at: "2024-03-01T00:00:00.000Z"}'
		envelope '{envelope_id: "e6", plan_item_id: "pro-1", sent_at: "2024-02-10T00:00:00.000Z"}'
	} >envelopes
	jq '{name: "p", integration_type, organization_id, contract_start: "2024-01-01", renewal_months: 12, api_base, audience, integration_key, key_pair_id, key_file}' \
		"$acme/profiles/acme.json" >profile.json
	same 2 "$(exclude -x exclusions.csv --count)"
	tally() { merge --ledger :memory: --emit all | aggregate-by-period -q -p profile.json --now 2026-01-01T00:00:00Z; }
	tally <envelopes >consumption
	exclude -x exclusions.csv -p p <envelopes | tally >excluded
	both -x exclusions.csv --excluded excluded <consumption | records_of metric_result | jq -c 'select(.software_model == "Pro") | [.rights_used, .excluded_units]' >got
	# The years 2025 and 2026 have no consumption, and a row all the same.
	same "[4,2] [0,0] [0,0]" "$(xargs <got)"
	sed 's/"account_id":"a"/"account_id":"b"/' excluded >wrong
	run --separate-stderr both -x exclusions.csv --excluded wrong <consumption
	fails 65 "reconcile: cannot leave out units of account 'b': there is no such consumption"
	# On no day is more left out than was sent on it.
	days() { use a pro-1 8 | sed "s/\"units_consumed\":8/\"units_consumed\":$1,\"by_day\":{$2}/"; }
	days 8 '"2024-02-01":3,"2024-02-02":5' >consumption
	days 5 '"2024-02-01":5' >excluded
	same "[5,3]" "$(both -x exclusions.csv --excluded excluded <consumption | records_of metric_result | jq -c 'select(.software_model == "Pro") | [.rights_used, .excluded_units]')"
}

@test "--group-by takes a list of known groups" {
	licence
	run --separate-stderr both --group-by account,planet </dev/null
	fails 64 "reconcile: cannot use --group-by 'planet': it must be account, site, cost_center, department, company, country or organization (see --help)"
	both --group-by account,site < <(use a pro-1 1) | records_of group_result | jq -r .group_type | sort -u | xargs >got
	same "account site" "$(cat got)"
}

@test "the order of the input does not matter to the results" {
	seed=1
	results() { grep -vE '"stream":"(consumption|account)"' | LC_ALL=C sort; }
	inputs=$BATS_FILE_TMPDIR/$seed
	compute() {
		reconcile --now 2030-01-01T00:00:00Z -e "$inputs/entitlements.csv" -m "$inputs/models.csv" --groups "$inputs/groups.csv" -g account,site,cost_center | results
	}
	compute <"$inputs/1.ndjson" >expected
	shuffled 7 <"$inputs/1.ndjson" | compute >got
	[ -s expected ]
	same_files expected got
}

@test "models suggest: a row to complete for each unrecognized identifier, which then is recognized" {
	licence
	{
		use a pro-1 1
		use a new-1 5
		use a 'odd*[1]' 9
		printf '{"type":"RECORD","stream":"subscription","record":{"subscription_id":"s","plan_item_id":"new-1","plan_item_name":"New thing"}}\n'
	} >input
	both <input >results
	run --separate-stderr models suggest <results
	same "publisher,product,version,edition,software_model,license_metric,unit,identifier_type,identifier
Docusign,eSignature,,,,Envelope,envelope,plan_item_id,odd[*][[]1]
Docusign,eSignature,,,,Envelope,envelope,plan_item_id,new-1" "$output"
	[[ $stderr == *"models: new-1 is 'New thing', in 1 subscription(s), with 5 units"* ]]
	models suggest -q <results | sed 's/,,,,/,,,Pro,/' >models.csv
	same "14" "$(both <input | records_of metric_result | jq .rights_used)"
	run --separate-stderr models </dev/null
	[ "$status" -eq 64 ]
}

@test "zero, not yet fed, not reported and unlimited are four things in the report" {
	cat >models.csv <<-'END'
		publisher,product,software_model,license_metric,identifier_type,identifier
		D,P,Zero,Envelope,plan_item_id,zero
		D,P,Unfed,Envelope,plan_item_id,unfed
		D,P,Unreported,Envelope,plan_item_id,unreported
		D,P,Unlimited,Envelope,plan_item_id,unlimited
	END
	cat >entitlements.csv <<-'END'
		entitlement_id,software_model,license_metric,start_date,end_date,purchased_rights
		1,Zero,Envelope,2024-01-01,2025-12-31,7
		2,Unfed,Envelope,2024-01-01,2025-12-31,7
		3,Unreported,Envelope,2024-01-01,2025-12-31,7
		4,Unlimited,Envelope,2024-01-01,2025-12-31,unlimited
	END
	for item in zero unfed unreported unlimited; do
		printf '{"type":"RECORD","stream":"subscription","record":{"subscription_id":"s-%s","plan_item_id":"%s","asset_group_id":"g-%s"}}\n' $item $item $item
		printf '{"type":"RECORD","stream":"account","record":{"account_id":"a-%s","asset_group_id":"g-%s"}}\n' $item $item
		[ $item = unfed ] || printf '{"type":"RECORD","stream":"watermark","record":{"account_id":"a-%s","watermark":"2025-12-31T00:00:00.000Z"}}\n' $item
	done >input
	use a-zero zero 1 >>input
	use a-unlimited unlimited 4 2025-01-01 2026-01-01 1 >>input
	both <input | tee results | report --now 2026-01-01T00:00:00Z >got
	figures() { awk -v model="$1" '$1 == model && /2025-01-01/ { print }' got | tr -s ' ' | cut -d ' ' -f 7-; }
	same "6 0 6 6 0 Compliant" "$(figures Zero)"
	same "7 not yet fed Unknown" "$(figures Unfed)"
	same "7 not reported Unknown" "$(figures Unreported)"
	same "unlimited 4 unlimited 0 0 Compliant" "$(figures Unlimited)"
	grep -q 'Incomplete: .*4 rows of an unknown use: ' got
	report --format html --now 2026-01-01T00:00:00Z <results >page.html
	grep -q 'not yet fed</td>' page.html
	grep -q 'not reported</td>' page.html
	report --format csv --now 2026-01-01T00:00:00Z <results >got.csv
	sqlite3 :memory: '.mode csv' '.import got.csv t' '.mode list' "SELECT rights_owned || ' ' || rights_used || ' ' || usage_state FROM t WHERE period_index = 1" | sort >got
	same "6 0 zero
7  not_reported
7  not_yet_fed
unlimited 4 counted" "$(cat got)"
}

@test "report: costs, what can be done, and groups, as a table and as a page" {
	cat >models.csv <<-'END'
		publisher,product,software_model,license_metric,identifier_type,identifier
		Docusign,eSignature,Pro,Envelope,plan_item_id,pro
	END
	cat >entitlements.csv <<-'END'
		entitlement_id,software_model,license_metric,start_date,end_date,purchased_rights,total_cost,currency,allocation_type,allocation_value
		E1,Pro,Envelope,2024-01-01,2024-12-31,100,500.00,USD,site,na1
		E2,Pro,Envelope,2024-01-01,2024-12-31,20,100.00,USD,,
	END
	# The worked example of doc/reconcile.md.
	{
		printf '{"type":"RECORD","stream":"account","record":{"account_id":"a","account_name":"North","site_id":"1","site_name":"na1"}}\n'
		printf '{"type":"RECORD","stream":"account","record":{"account_id":"b","account_name":"South","site_id":"2","site_name":"eu1"}}\n'
		use a pro 60
		use b pro 50
	} | both --group-by site >results
	report --now 2026-01-01T00:00:00Z <results | tr -s ' ' >got
	cat >expected <<-'END'
		Costs
		average true-up over- potential total current-period
		period price cost licensed savings spend spend
		Pro · Envelope · profile p · USD
		2024-01-01 – 2024-12-31 5.000000 150.00 200.00 50.00 600.00 600.00

		What can be done
		owned unlicensed
		period option rights cost then then status then
		Pro · Envelope · profile p · USD
		2024-01-01 – 2024-12-31 move from site 1 to 2 30 0.00 120 0 Compliant
		2024-01-01 – 2024-12-31 reduce at renewal 10 -50.00 110 0 Compliant

		Groups in the period 2024-01-01 – 2024-12-31
		rights of the un- true-up
		by group owned allocated pool used available licensed cost status
		Pro · Envelope · profile p · USD
		site na1 (1) 100 100 0 60 40 0 0.00 Compliant
		site eu1 (2) 20 0 20 50 0 30 150.00 Not Compliant
		site (not allocated) 0 0 0 0 0 0 0.00 Compliant
	END
	same "$(cat expected)" "$(sed -n '/^Costs/,/^Units consumed/p' got | sed -e 's/^ //' -e '$d' -e 's/ $//')"
	grep -q '^Not Compliant: .*, true-up 150.00 USD: ' got
	report --format html --now 2026-01-01T00:00:00Z <results >page.html
	sed -e 's/^<!doctype html>$//' -e 's/<meta \([^>]*\)>/<meta \1\/>/' page.html >page.xml
	seen() { xmllint --nonet --xpath "$1" page.xml | sed 's/<[^>]*>/ /g' | tr -s ' ' | sed 's/^ //; s/ $//'; }
	same '2024-01-01 – 2024-12-31 5.000000 150.00 200.00 50.00 600.00 600.00' "$(seen '//section[@id="costs"]//tbody/tr[2]')"
	same '2024-01-01 – 2024-12-31 move from site 1 to 2 30 0.00 120 0 Compliant' "$(seen '//section[@id="remediation"]//tbody/tr[2]')"
	same 'site eu1 (2) 20 0 20 50 0 30 150.00 Not Compliant' "$(seen '//section[@id="groups"]//tbody/tr[3]')"
}

@test "a run keeps all licence files and --group-by, leaves out excluded users, and is made again byte for byte" {
	local robot night=20250318T020000Z
	acme_workspace ws
	robot=$(raw_of $night | jq -r '.sender.userId // empty' | sort | uniq -c | sort -rn | awk 'NR == 1 { print tolower($2) }')
	[ -n "$robot" ]
	printf 'user,%s,acme,robot,,\n' "$robot" >>ws/licence/exclusions.csv
	printf 'account_id,cost_center\n7c1e9a52-3b0f-4d6a-9e21-5f8840c7d301,4711\n' >ws/licence/groups.csv
	ENVTALLY_BIN=${ENVTALLY_BIN:-$root/bin} "$root/pipeline.sh" run -q -C ws --group-by cost_center --replay "$acme/nights/$night"
	# What the robot sent, by jq from the pages: in the periods of the contract, by plan items of the models; the latest version of each.
	raw_of $night | jq -s --arg robot "$robot" '
		group_by([.accountId, .envelopeId] | map(ascii_downcase)) | map(max_by(.lastModifiedDateTime))
		| map(select(((.sender.userId // "") | ascii_downcase) == $robot and .sentDateTime != null and .status != "created" and .sentDateTime >= "2024-01-31")
			| ((.planItemId // (if (.accountId | ascii_downcase | test("d30[12]$")) then "401" else "none" end))[-3:]) | select(IN("401", "402", "403", "404"))) | length' >expected
	records_of metric_result <ws/runs/acme/$night/results.ndjson | jq -s 'map(.excluded_units) | add' >got
	[ "$(cat expected)" -gt 0 ]
	same "$(cat expected)" "$(cat got)"
	records_of group_result <ws/runs/acme/$night/results.ndjson | jq -e -s 'any(.group_value == "4711" and .rights_used > 0)' >/dev/null
	same "acme: run $night: every output is what its evidence gives, byte for byte" \
		"$(ENVTALLY_BIN=${ENVTALLY_BIN:-$root/bin} "$root/pipeline.sh" replay $night -C ws)"
	run --separate-stderr env ENVTALLY_BIN="${ENVTALLY_BIN:-$root/bin}" "$root/pipeline.sh" models suggest -q -C ws
	[[ $output == *$'\nDocusign,eSignature,,,,Envelope,envelope,plan_item_id,b7f2d3c8-1a4e-4f11-8c5d-2e90a1b3c405' ]]
	run --separate-stderr env ENVTALLY_BIN="${ENVTALLY_BIN:-$root/bin}" "$root/pipeline.sh" status --positions -C ws --now 2025-03-19T00:00:00Z
	[[ $output == *$'\nacme  Docusign eSignature Business Pro  from 2025-01-31  used '*' of 200  Compliant'* ]]
}

@test "a run whose licence files turn out wrong ends once they are mended" {
	local night=20250318T020000Z
	acme_workspace ws
	# A plan item of two software models: what the run fetches shows it.
	echo 'Docusign,eSignature,,,Other,Envelope,envelope,plan_item_id,*' >>ws/licence/models.csv
	try() { run --separate-stderr env ENVTALLY_BIN="${ENVTALLY_BIN:-$root/bin}" "$root/pipeline.sh" run -C ws --replay "$acme/nights/$night"; }
	for _ in once again; do
		try
		[ "$status" -eq 65 ]
		[[ $stderr == *"reconcile: cannot map plan item 'b7f2d3c8-"*"' with 'Envelope' by line "* ]]
		[[ $stderr == *"run $night cannot be reconciled; what it fetched is kept"* ]]
	done
	sed -i '$d' ws/licence/models.csv
	try
	[ "$status" -eq 0 ]
	[ -e ws/runs/acme/$night/job.json ]
	[ ! -e ws/runs/acme/$night/refused ]
	same_files ws/licence/models.csv ws/runs/acme/$night/inputs/models.csv
}

@test "names of 70 KB go through reconcile, forecast and report" {
	local name
	name=$(head -c 70000 /dev/zero | tr '\0' n)
	echo "publisher,product,software_model,license_metric,unit,identifier_type,identifier
Docusign,eSignature,Pro,Envelope,envelope,plan_item_id,item" >models.csv
	echo "entitlement_id,software_model,license_metric,subscription_period,start_date,end_date,purchased_rights
E1,Pro,Envelope,Annually,2024-01-01,2024-12-31,10" >entitlements.csv
	cat >in <<END
{"type":"RECORD","stream":"account","record":{"organization_id":"o","account_id":"a1","account_name":"$name","external_account_id":null,"site_id":null,"site_name":null,"asset_group_id":null,"compliant":true}}
{"type":"RECORD","stream":"consumption","record":{"profile":"p","organization_id":"o","account_id":"a1","account_name":"$name","plan_item_id":"item","software_model":null,"unit":"envelope","period_index":0,"period_start":"2024-01-01T00:00:00.000Z","period_end":"2025-01-01T00:00:00.000Z","units_consumed":12,"by_status":{},"first_sent_at":null,"last_sent_at":null,"watermark":null,"state":"final"}}
END
	reconcile -e entitlements.csv -m models.csv <in >out
	grep '"stream":"unlicensed_consumption"' out | grep -q "\"account_name\":\"$name\",\"units_consumed\":12,\"units_unlicensed\":2"
	forecast -m models.csv --now 2024-06-01T00:00:00Z <out >forecast
	grep -q "\"account_name\":\"$name\"" forecast
	report <out >report
	grep -q Pro report
}

# tier ITEM STATE ACCOUNTS: of a plan item for an asset group of its own what gives the state, in period 1, and so many accounts that are not yet fed.
tier() {
	local number fed
	printf '{"type":"RECORD","stream":"subscription","record":{"subscription_id":"s-%s","plan_item_id":"%s","asset_group_id":"g-%s"}}\n' "$1" "$1" "$1"
	for ((number = 0; number < $3; number++)); do
		printf '{"type":"RECORD","stream":"account","record":{"account_id":"%s-unfed-%s","asset_group_id":"g-%s"}}\n' "$1" $number "$1"
	done
	[ "$2" != not_yet_fed ] || return 0
	printf '{"type":"RECORD","stream":"account","record":{"account_id":"%s","asset_group_id":"g-%s"}}\n{"type":"RECORD","stream":"watermark","record":{"account_id":"%s","watermark":"2025-12-31T00:00:00.000Z"}}\n' "$1" "$1" "$1"
	case $2 in
	counted | lacking | unlimited) use "$1" "$1" 4 2025-01-01 2026-01-01 1 ;;
	zero) use "$1" "$1" 1 ;;
	esac
}

@test "a tier is as known as the best known of its metrics, as short of accounts as the shortest, and as bad as the worst: each pair of states" {
	local states=(counted zero not_yet_fed not_reported lacking unlimited) i j both known status owned model
	echo publisher,product,software_model,license_metric,identifier_type,identifier >models.csv
	echo entitlement_id,software_model,license_metric,start_date,end_date,purchased_rights >entitlements.csv
	use elsewhere other 1 >input
	use elsewhere other 1 2025-01-01 2026-01-01 1 >>input
	rights() { case $1 in unlimited) echo unlimited ;; lacking) echo 3 ;; *) echo 7 ;; esac; }
	# A model of two metrics, and a product of two models, for each pair; 2 accounts of the first are not fed, 3 of the second.
	for i in "${states[@]}"; do
		for j in "${states[@]}"; do
			model=$i+$j both=" $i $j "
			printf 'D,%s,%s,%s,plan_item_id,%s\n' "one $model" "$model" Envelope "$model-1" "one $model" "$model" Seal "$model-2" \
				"two $model" "$model first" Envelope "$model-3" "two $model" "$model second" Envelope "$model-4" >>models.csv
			printf '%s,%s,%s,2024-01-01,2025-12-31,%s\n' "$model 1" "$model" Envelope "$(rights $i)" "$model 2" "$model" Seal "$(rights $j)" \
				"$model 3" "$model first" Envelope "$(rights $i)" "$model 4" "$model second" Envelope "$(rights $j)" >>entitlements.csv
			{ tier "$model-1" $i 2 && tier "$model-2" $j 3 && tier "$model-3" $i 2 && tier "$model-4" $j 3; } >>input
			case $both in *' counted '* | *' lacking '* | *' unlimited '*) known=counted ;; *' zero '*) known=zero ;; *' not_yet_fed '*) known=not_yet_fed ;; *) known=not_reported ;; esac
			case $both in *' lacking '*) status='Not Compliant' ;; *' not_'*) status=Unknown ;; *) status=Compliant ;; esac
			case $both in *' unlimited '*) owned=unlimited ;; *) owned=number ;; esac
			printf '%s\n' "model_result $model $known 3 $status $owned" "product_result one $model $known 3 $status $owned" "product_result two $model $known 3 $status $owned"
		done
	done | LC_ALL=C sort >expected
	both <input >results
	jq -r 'select(.type == "RECORD" and .record.period_index == 1) | .record + {stream} | select((.stream == "product_result") or (.stream == "model_result" and (.software_model | test(" ") | not)))
		| "\(.stream) \(.software_model // .product) \(.usage_state) \(.accounts_not_yet_fed) \(.status) \(.rights_owned | if type == "number" then "number" else . end)"' results | grep + | LC_ALL=C sort >got
	same_files expected got
}

@test "a sum up the tiers has no amount where one is not known, in either order" {
	for first in A B; do
		second=$([ $first = B ] && echo A || echo B)
		{ echo publisher,product,software_model,license_metric,identifier_type,identifier && printf 'D,P,%s,Envelope,plan_item_id,%s\n' $first $first $second $second; } >models.csv
		# A lacks rights that have a price, B some that have none.
		printf '%s\n' entitlement_id,software_model,license_metric,start_date,end_date,purchased_rights,total_cost,currency 1,A,Envelope,2024-01-01,2024-12-31,10,100,USD 2,B,Envelope,2024-01-01,2024-12-31,10,, >entitlements.csv
		{ use a A 12 && use b B 13; } | both >results
		same "A 20.00 B null" "$(records_of metric_result <results | jq -r '"\(.software_model) \(.true_up_cost)"' | sort | xargs)"
		same "null" "$(records_of product_result <results | jq .true_up_cost)"
	done
}

@test "before the contract no rule is asked: its units are before the contract, not excluded" {
	licence
	printf 'rule_type,identifier,profile,reason\naccount,a,,test\nidentifier,basic,,test\n' >exclusions.csv
	{ use a pro-1 5 2023-01-01 2024-01-01 -1 && use b basic 6 2023-01-01 2024-01-01 -1 && use a pro-1 7 && use b basic 8; } | both -x exclusions.csv >results
	same '{"before_contract":11,"excluded":15}' "$(records_of consumption_balance <results | jq -c 'select(.profile == "p").by_reason')"
}

@test "a profile that sent nothing has its balance; one that is not in the input has none" {
	licence
	use a pro-1 0 | both | records_of consumption_balance >got
	same "p 0" "$(jq -r '"\(.profile) \(.units_consumed)"' got | grep -v null)"
	same "" "$(both </dev/null | records_of consumption_balance)"
}
