#!/usr/bin/env bats
# chargeback: what groups are charged. Rules and values by hand are in tests/reconcile/cases; here are its forms, what was billed before, and that the charges of
# random organisations add up to what is spent. tests/reconcile.bats has this for group_result, of 1,000 organisations.

# shellcheck disable=SC2154 # root and acme are helper's

load helper

setup() {
	needs_stage chargeback
	cd "$BATS_TEST_TMPDIR" || return 1
	pro_licence 2024
	printf 'account_id,cost_center\na,4711\nb,=4712\n' >groups.csv
}

use() { # ACCOUNT UNITS [DAY]
	local year=${3:-2024-05-01}
	printf '{"type":"RECORD","stream":"consumption","record":{"profile":"p","account_id":"%s","plan_item_id":"pro","unit":"envelope","period_index":%s,"period_start":"%s-01-01T00:00:00.000Z","period_end":"%s-01-01T00:00:00.000Z","units_consumed":%s,"by_status":{},"by_day":{"%s":%s},"state":"final"}}\n' \
		"$1" $((${year%%-*} - 2024)) "${year%%-*}" $((${year%%-*} + 1)) "$2" "$year" "$2"
}

results() { reconcile -q --now 2026-01-01T00:00:00Z -e entitlements.csv -m models.csv --groups groups.csv -g cost_center "$@"; }

@test "usage, unused rights and true-ups, as a table and as CSV" {
	{ use a 60 && use b 20 && use c 30; } | results >results
	chargeback --by cost_center --period 2024-05-05 <results | tr -s ' ' | sed 's/ $//' >got
	# 110 used of 100: on the day each gets in proportion, 54.5, 18.2, 27.3: in whole rights 54, 18, 28.
	cat >expected <<-'END'

		Pro · Envelope · 2024-01-01 – 2024-12-31 · USD
		group charge units rate amount
		4711 usage 54 10.000000 540.00
		4711 true-up 6 60.00
		=4712 usage 18 10.000000 180.00
		=4712 true-up 2 20.00
		(no group) usage 28 10.000000 280.00
		(no group) true-up 2 20.00
		spend 1000.00
	END
	sort expected >sorted
	same_files sorted <(sort got)
	chargeback --by cost_center --period 0 --format csv <results | tr -d '\r' >got
	same "period_start,period_last_day,group_type,group_kind,group_value,group_name,software_model,license_metric,charge,unit,units,rate,amount,currency,declared_units" "$(head -n 1 got)"
	grep -qxF "2024-01-01,2024-12-31,cost_center,group,4711,,Pro,Envelope,usage,envelope,54,10.000000,540.00,USD,0" got
	grep -qxF "2024-01-01,2024-12-31,cost_center,group,'=4712,,Pro,Envelope,true_up,envelope,2,,20.00,USD," got
	chargeback --by cost_center --format csv --plain-cells <results | grep -q ',group,=4712,'
	same 0 "$(chargeback --by cost_center --period 1 --format csv <results | grep -c ,usage,)"
}

@test "the report of a run with groups has what each pays, and that all come to the spend: table, Markdown, page, workbook" {
	export ENVTALLY_NOW=2024-12-01T00:00:00Z
	{ use a 60 && use b 20; } | reconcile -q -e entitlements.csv -m models.csv --groups groups.csv -g cost_center,account >results
	report <results | sed -n '/^Chargeback in the period 2024-01-01 – 2024-12-31$/,/^$/p' | tr -s ' ' | sed 1,3d >got
	cat >expected <<-'END'
		Pro · Envelope · profile p · USD
		account all 80 800.00 200.00 1000.00 0.00
		account a 60 600.00 150.00 750.00 0.00
		account b 20 200.00 50.00 250.00 0.00
		Pro · Envelope · profile p · USD
		cost_center all 80 800.00 200.00 1000.00 0.00
		cost_center 4711 60 600.00 150.00 750.00 0.00
		cost_center =4712 20 200.00 50.00 250.00 0.00

	END
	same_files expected got
	report --format md <results | grep -qxF '| account | a | 60 | 600.00 | 150.00 | 750.00 | 0.00 |'
	report --format html <results | grep -q '<section id="chargeback"'
	report --format xlsx -o book.xlsx <results
	[[ $(zip_part book.xlsx xl/workbook.xml) == *'name="Chargeback"'* ]]
	# Without groups, and without a cost, there is none.
	use a 60 | reconcile -q -e entitlements.csv -m models.csv | report | grep -c '^Chargeback' | grep -qx 0
	sed -i 's/1000.00,USD/,/' entitlements.csv
	use a 60 | reconcile -q -e entitlements.csv -m models.csv -g account | report | grep -c '^Chargeback' | grep -qx 0
}

@test "what was billed stays, and late envelopes are lines of their own" {
	{ use a 60 && use b 20; } | results >billed
	{ use a 60 && use b 28; } | results >now
	# Billed: 600 + 150 unused, 200 + 50. Now 100 rights are 60 and 28 drawn: 600 + 120 × 60/88 = 681.82, 280 + 120 × 28/88 = 318.18.
	chargeback --by cost_center --billed billed --billed-at 2025-02-01T00:00:00Z --format csv <now | cut -d , -f 5,9,11,13 | tr -d '\r' | sort >got
	cat >expected <<-'END'
		'=4712,adjustment,8,68.18
		'=4712,unused,,50.00
		'=4712,usage,20,200.00
		4711,adjustment,0,-68.18
		4711,unused,,150.00
		4711,usage,60,600.00
		group_value,charge,units,amount
	END
	LC_ALL=C sort expected >sorted
	same_files sorted <(LC_ALL=C sort got)
	# A period that was not over yet is charged anew.
	same 0 "$(chargeback --by cost_center --billed billed --billed-at 2024-06-01T00:00:00Z --format csv <now | grep -c adjustment)"
	# A group that is new, and one that is gone.
	use c 10 | results >now
	chargeback --by cost_center --billed billed --format csv <now | tr -d '\r' | awk -F , '$9 !~ /true_up/ && NR > 1 { s += $13 } END { printf "%.2f\n", s }' >got
	same 1000.00 "$(cat got)"
}

@test "random organisations: the charges of a position are what it spends, to the cent" {
	local seed by i
	for seed in 1 2 3 4; do
		"$root/tests/reconcile/organisations" $seed 6 .
		for i in $(seq 6); do
			reconcile -q --now 2030-01-01T00:00:00Z -e entitlements.csv -m models.csv --groups groups.csv -g account,site,cost_center <"$i.ndjson"
		done >results
		records_of metric_result <results | jq -r 'select(.current_period_spend != null) | "\(.software_model),\(.license_metric),\(.period_start[:10]),\(.current_period_spend)"' |
			awk -F , '{ sub(/\./, "", $4); s[$1 "," $2 "," $3] += $4 } END { for (k in s) if (s[k]) print k "," s[k] }' | sort >expected
		cat expected >>all
		for by in account site cost_center; do
			chargeback --by $by --format csv <results | tr -d '\r' |
				awk -F , 'NR > 1 && $9 !~ /true_up/ { sub(/\./, "", $13); s[$7 "," $8 "," $1] += $13 } END { for (k in s) if (s[k]) print k "," s[k] }' | sort >got
			same_files expected got
		done
	done
	[ "$(wc -l <all)" -gt 8 ]
}

@test "envtally chargeback: of a workspace, by the ledger; as billed at a date; and of results on standard input" {
	acme_after 3 ws
	a1=7c1e9a52-3b0f-4d6a-9e21-5f8840c7d301
	printf 'account_id,cost_center\n%s,4711\n' $a1 >ws/licence/groups.csv
	spend=$(jq -rs '[.[] | select(.stream == "metric_result" and .record.period_index == 3) | .record.current_period_spend | tonumber] | add | . * 100 | round / 100' ws/runs/acme/20250401T020000Z/results.ndjson)
	for billed in '' 2025-03-18; do
		"$root/pipeline.sh" chargeback -C ws --by cost_center --period 2024-10-31 ${billed:+--billed $billed} --format csv </dev/null 2>/dev/null | tr -d '\r' >got
		same "$spend" "$(awk -F , 'NR > 1 && $9 !~ /true_up/ { s += $13 } END { printf "%.2f\n", s }' got)"
		[ -n "$billed" ] || grep -q ',group,4711,.*,usage,' got
	done
	# There was no groups.csv when it was billed.
	grep -q ',group,4711,.*,adjustment,' got
	grep -q ',ungrouped,.*,adjustment,' got
	run --separate-stderr "$root/pipeline.sh" chargeback -C ws </dev/null
	fails 64 "pipeline.sh: cannot charge without --by GROUP: account, site, cost_center, department, company, country or organization"
	run --separate-stderr chargeback --by planet </dev/null
	fails 64 "chargeback: cannot use --by 'planet': it must be account, site, cost_center, department, company, country or organization (see --help)"
	run --separate-stderr chargeback --by site </dev/null
	same 0 "$status"
	same "chargeback: warning: there is no group_result of site: reconcile --group-by site prints them" "$stderr"
	"$root/pipeline.sh" chargeback --by site < <(use a 1 | results -g site) | grep -q '^spend'
}

@test "the command tells of charges alone: of rights that run out it has nothing to say" {
	acme_after 2 ws
	"$root/pipeline.sh" reconcile -C ws 2>&1 >/dev/null | grep -q 'forecast: warning: rights of '
	run -0 --separate-stderr "$root/pipeline.sh" chargeback --by account -C ws
	[[ $output == *spend* && $stderr != *'forecast: '* ]]
}
