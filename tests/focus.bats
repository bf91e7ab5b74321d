#!/usr/bin/env bats
# export --format focus: what it costs, after FOCUS 1.2. tests/focus-rules checks a file by the rules of the specification; values by hand are here.

# shellcheck disable=SC2154 # root is helper's

load helper

setup() {
	needs_stage chargeback
	cd "$BATS_TEST_TMPDIR" || return 1
}

conforms() { # FILE
	same '' "$("$root/tests/focus-rules" <"$1")"
}

# focus COLUMN...: these of the rows of CSV, whose cells have neither line ends nor quotes, with blanks between.
focus() {
	perl -ne 'BEGIN { @want = splice @ARGV } s/\r?\n//; @c = split /,/, $_, -1; unless (%at) { @at{@c} = 0 .. $#c; next }
		print join(" ", map { length $c[$at{$_}] ? $c[$at{$_}] : "-" } @want), "\n"' "$@"
}

@test "purchases and usage of accounts, by hand: a year by quarters, a fee, a credit, no end, no cost" {
	cat >models.csv <<-'END'
		publisher,product,software_model,license_metric,unit,identifier_type,identifier
		Docusign,eSignature,Pro,Envelope,envelope,plan_item_id,pro
		Docusign,Notary,Seal,Seal,seal,plan_item_id,seal
	END
	cat >entitlements.csv <<-'END'
		entitlement_id,software_model,license_metric,start_date,end_date,purchased_rights,total_cost,currency
		E1,Pro,Envelope,2024-01-01,2024-12-31,100,366.00,USD
		E2,Pro,Envelope,2024-01-01,,0,50.00,USD
		E3,Pro,Envelope,2024-04-01,2024-06-30,0,-91.00,USD
		E4,Seal,Seal,2024-01-01,2024-12-31,unlimited,,USD
	END
	use() { # ACCOUNT PLAN-ITEM QUARTER UNITS
		local starts=(2024-01-01 2024-04-01 2024-07-01)
		printf '{"type":"RECORD","stream":"consumption","record":{"profile":"p","account_id":"%s","plan_item_id":"%s","unit":"envelope","period_index":%s,"period_start":"%sT00:00:00.000Z","period_end":"%sT00:00:00.000Z","units_consumed":%s,"by_status":{},"by_day":{"%s":%s},"state":"final"}}\n' \
			"$1" "$2" "$3" "${starts[$3]}" "${starts[$3 + 1]}" "$4" "${starts[$3]}" "$4"
	}
	{ use a pro 0 30 && use b pro 0 20 && use a pro 1 25 && use a seal 0 3; } >consumption
	{
		echo '{"type":"RECORD","stream":"job_result","record":{"run_id":"R1","policy":"old","manifest":"old"}}'
		echo '{"type":"RECORD","stream":"job_result","record":{"run_id":"R2","policy":"hash","manifest":"sum"}}'
		# Of the run R2: 5 units came late. Of an earlier run: no correction any more.
		echo '{"type":"RECORD","stream":"restatement","record":{"profile":"p","account_id":"b","plan_item_id":"pro","period_start":"2024-01-01T00:00:00.000Z","period_end":"2024-04-01T00:00:00.000Z","run_id":"R2","units_before":15,"units_after":20,"delta":5,"cause":"late"}}'
		echo '{"type":"RECORD","stream":"restatement","record":{"profile":"p","account_id":"a","plan_item_id":"pro","period_start":"2024-01-01T00:00:00.000Z","period_end":"2024-04-01T00:00:00.000Z","run_id":"R1","units_before":1,"units_after":30,"delta":29,"cause":"late"}}'
		reconcile -q --now 2024-08-01T00:00:00Z -e entitlements.csv -m models.csv -g account --trace <consumption
	} >position
	chargeback --format focus --run R2 <position >focus.csv 2>said
	same "chargeback: warning: use of 1 accounts and periods is left out: no cost of its rights is known" "$(cat said)"
	conforms focus.csv
	# By days: 91 of 366 in each of the first quarters. The fee falls on the quarter in which it begins, the credit on its own.
	same "366.00 0 Purchase - Recurring E1 100 Rights 2024-01-01T00:00:00Z 2024-01-01T00:00:00Z 2025-01-01T00:00:00Z
50.00 0 Purchase - One-Time E2 1 Entitlements 2024-01-01T00:00:00Z 2024-01-01T00:00:00Z 2024-01-02T00:00:00Z
-91.00 0 Purchase - Recurring E3 1 Entitlements 2024-04-01T00:00:00Z 2024-04-01T00:00:00Z 2024-07-01T00:00:00Z" \
		"$(focus BilledCost EffectiveCost ChargeCategory ChargeClass ChargeFrequency x_EntitlementId PricingQuantity PricingUnit BillingPeriodStart ChargePeriodStart ChargePeriodEnd <focus.csv | grep Purchase)"
	# 30 of 100 rights, and 20, of which 5 came late; each has its part of those that nobody used.
	same "a 30 Envelopes -
a 0 Envelopes -
b 15 Envelopes -
b 0 Envelopes -
b 5 Envelopes Correction" "$(focus SubAccountId ConsumedQuantity ConsumedUnit ChargeClass BillingPeriodStart <focus.csv | grep 2024-01-01 | grep '^[ab] ' | cut -d ' ' -f 1-4)"
	same "2024-01-01 141.00
2024-04-01 0.00" "$(focus BillingPeriodStart EffectiveCost <focus.csv | awk '{ s[substr($1, 1, 10)] += $2 } END { for (k in s) printf "%s %.2f\n", k, s[k] }' | sort | grep -v 2024-07)"
	same "R2 sum hash p" "$(focus x_RunId x_EvidenceSha256 x_PolicyHash BillingAccountId <focus.csv | sort -u)"
	run --separate-stderr chargeback --format focus --by site <position
	refused 64 "chargeback: cannot use --by 'site': --format focus is by account*"
}

# of_quarter PROFILE ACCOUNT PLAN-ITEM UNITS: of the first quarter of 2024
of_quarter() {
	printf '{"type":"RECORD","stream":"consumption","record":{"profile":"%s","account_id":"%s","plan_item_id":"%s","unit":"envelope","period_index":0,"period_start":"2024-01-01T00:00:00.000Z","period_end":"2024-04-01T00:00:00.000Z","units_consumed":%s,"by_status":{},"by_day":{"2024-01-01":%s},"state":"final"}}\n' \
		"$1" "$2" "$3" "$4" "$4"
}

@test "two currencies, by hand: each position has its own; with rates all are in one, also what was bought" {
	printf '%s\n' publisher,product,software_model,license_metric,unit,identifier_type,identifier Docusign,eSignature,Pro,Envelope,envelope,plan_item_id,pro \
		Docusign,Notary,Seal,Seal,seal,plan_item_id,seal >models.csv
	printf '%s\n' entitlement_id,software_model,license_metric,start_date,end_date,purchased_rights,total_cost,currency \
		E1,Pro,Envelope,2024-01-01,2024-12-31,100,366.00,USD S1,Seal,Seal,2024-01-01,2024-12-31,10,73.20,EUR >entitlements.csv
	{ of_quarter p a pro 30 && of_quarter p a seal 10; } >consumption
	spend() { focus BillingCurrency ServiceName BilledCost EffectiveCost <focus.csv | awk '{ k = $1 " " $2; b[k] += $3; e[k] += $4 } END { for (k in b) printf "%s %.2f %.2f\n", k, b[k], e[k] }' | sort; }
	reconcile -q --now 2024-04-01T00:00:00Z -e entitlements.csv -m models.csv -g account --trace <consumption | chargeback --format focus >focus.csv
	conforms focus.csv
	# 91 of 366 days.
	same "EUR Notary 73.20 18.20
USD eSignature 366.00 91.00" "$(spend)"
	# 1 EUR is 1.10 USD: 183.00 EUR more of Pro are 201.30 USD.
	echo E2,Pro,Envelope,2024-01-01,2024-12-31,50,183.00,EUR >>entitlements.csv
	printf 'currency,into,start_date,rate\nEUR,USD,2024-01-01,1.10\n' >rates.csv
	reconcile -q --now 2024-04-01T00:00:00Z -e entitlements.csv -m models.csv --rates rates.csv -g account --trace <consumption | chargeback --format focus >focus.csv
	conforms focus.csv
	same "USD Notary 80.52 20.02
USD eSignature 567.30 141.05" "$(spend)"
	same "E1 366.00
E2 201.30
S1 80.52" "$(focus x_EntitlementId BilledCost ChargeCategory <focus.csv | sed -n 's/ Purchase$//p' | sort)"
}

@test "a credit that is larger than the costs of its period is a cost below nought, of what is used and of what is not" {
	printf '%s\n' publisher,product,software_model,license_metric,unit,identifier_type,identifier Docusign,eSignature,Pro,Envelope,envelope,plan_item_id,pro >models.csv
	printf '%s\n' entitlement_id,software_model,license_metric,start_date,end_date,purchased_rights,total_cost,currency \
		E1,Pro,Envelope,2024-01-01,2024-12-31,100,366.00,USD E2,Pro,Envelope,2024-01-01,2024-03-31,0,-191.00,USD >entitlements.csv
	of_quarter p a pro 30 | reconcile -q --now 2024-04-01T00:00:00Z -e entitlements.csv -m models.csv -g account --trace | chargeback --format focus >focus.csv
	conforms focus.csv
	# 91 of 366 days of E1, and the credit: -100.00, of which 30 of 100 rights were used.
	same "30 -30.00
0 -70.00" "$(focus ConsumedQuantity EffectiveCost ChargeCategory <focus.csv | sed -n 's/ Usage$//p')"
}

@test "of several profiles each has the corrections of its own run, with that run's evidence" {
	printf '%s\n' publisher,product,software_model,license_metric,unit,identifier_type,identifier Docusign,eSignature,Pro,Envelope,envelope,plan_item_id,pro >models.csv
	printf '%s\n' entitlement_id,software_model,license_metric,start_date,end_date,purchased_rights,total_cost,currency E1,Pro,Envelope,2024-01-01,2024-12-31,100,366.00,USD >entitlements.csv
	late() { # PROFILE ACCOUNT RUN DELTA
		printf '{"type":"RECORD","stream":"job_result","record":{"run_id":"%s","profile":"%s","policy":"of %s","manifest":"of %s"}}\n' "$3" "$1" "$1" "$1"
		printf '{"type":"RECORD","stream":"restatement","record":{"profile":"%s","account_id":"%s","plan_item_id":"pro","period_start":"2024-01-01T00:00:00.000Z","period_end":"2024-04-01T00:00:00.000Z","run_id":"%s","units_before":0,"units_after":0,"delta":%d,"cause":"late"}}\n' "$1" "$2" "$3" "$4"
	}
	{ of_quarter p a pro 30 && of_quarter q b pro 20; } >consumption
	for other in R1 R2; do # the runs of both profiles may have one name
		{
			late p a R2 3 && late q b $other 4
			reconcile -q --now 2024-04-01T00:00:00Z -e entitlements.csv -m models.csv -g account --trace <consumption
		} | chargeback --format focus --run R2,$other >focus.csv
		conforms focus.csv
		same "27 - R2 of_p workspace a
0 - R2 of_p workspace a
16 - R2 of_p workspace b
0 - R2 of_p workspace b
3 Correction R2 of_p workspace a
4 Correction $other of_q workspace b" "$(focus ConsumedQuantity ChargeClass x_RunId x_EvidenceSha256 BillingAccountId SubAccountId ChargeCategory <focus.csv | sed 's/ of / of_/' | sed -n 's/ Usage$//p')"
	done
}

@test "random organisations: effective costs are what a position spends, units what it uses, to the cent" {
	local seed i
	for seed in 1 2 3; do
		"$root/tests/reconcile/organisations" $seed 4 .
		for i in $(seq 4); do
			reconcile -q --now 2030-01-01T00:00:00Z -e entitlements.csv -m models.csv --groups groups.csv -g account --trace <"$i.ndjson" >results
			records_of metric_result <results | jq -r 'select(.current_period_spend != null) | "\(.software_model),\(.license_metric),\(.period_start[:10]),\(.current_period_spend),\(.rights_used // 0)"' |
				awk -F , '{ sub(/\./, "", $4); s[$1 "," $2 "," $3] += $4; u[$1 "," $2 "," $3] += $5 } END { for (k in s) if (s[k] || u[k]) print k "," s[k] "," u[k] }' | sort >expected
			chargeback -q --format focus <results >focus.csv
			conforms focus.csv
			focus x_SoftwareModel x_LicenseMetric BillingPeriodStart EffectiveCost ConsumedQuantity ChargeCategory <focus.csv |
				awk '$6 == "Usage" { sub(/\./, "", $4); k = $1 "," $2 "," substr($3, 1, 10); s[k] += $4; u[k] += $5 } END { for (k in s) print k "," s[k] "," u[k] }' | sort >got
			same_files expected got
			cat got >>all
		done
	done
	[ "$(wc -l <all)" -gt 8 ]
}

@test "envtally export --format focus: the last run of a workspace; its purchases are what was bought" {
	acme_after 3 ws
	"$root/pipeline.sh" export -C ws --format focus --to focus.csv
	"$root/pipeline.sh" export -C ws --format focus --to - >again.csv
	same_files focus.csv again.csv
	conforms focus.csv
	# The costs in entitlements.csv, each once; the evidence and the policy of the run.
	same 4846.08 "$(focus ChargeCategory BilledCost <focus.csv | awk '$1 == "Purchase" { s += $2 } END { printf "%.2f\n", s }')"
	same "20250401T020000Z $(sha256sum <ws/runs/acme/20250401T020000Z/raw/manifest.json | cut -d ' ' -f 1) $(jq -r .policy ws/runs/acme/20250401T020000Z/job.json)" \
		"$(focus ChargeCategory x_RunId x_EvidenceSha256 x_PolicyHash <focus.csv | sed -n 's/^Purchase //p' | sort -u)"
	# It restated four figures; one is of a plan item without a software model.
	same 3 "$(grep -c ,Correction, focus.csv)"
	run --separate-stderr "$root/pipeline.sh" export -C ws --format focus --stream metric_result
	refused 64 "*: cannot use --stream: --format focus is of the position"
}
