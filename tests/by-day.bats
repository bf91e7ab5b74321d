#!/usr/bin/env bats
# reconcile by the day, and of several profiles: a second computation in Perl, from envelopes and licence files alone, over random workspaces; and what
# it has found, by hand.
#
# 10 times 100 workspaces; PROPERTY_BATCHES for fewer. A failure names the seeds: a workspace is
#	tests/reconcile/by-day-organisations SEED SEED FOLDER

# shellcheck disable=SC2154 # root is helper's

load helper

batches=${PROPERTY_BATCHES:-10} each=100
tools=$BATS_TEST_DIRNAME/reconcile

figures=(period_start rights_owned rights_used rights_available unlicensed_rights covered_rights lapsing_rights allocated_in_use not_allocated_in_use
	allocated_not_in_use not_allocated excluded_units over_licensed_rights true_up_cost over_licensed_amount potential_savings total_spend
	current_period_spend first_unlicensed_on status drawn_by)

# rows FOLDER SEED...: what reconcile gives for these workspaces, as tests/reconcile/by-day-second prints it.
rows() {
	local seed stream
	# By a shell that is smaller than bats.
	for seed in "${@:2}"; do
		# shellcheck disable=SC2016 # for that shell
		echo "f=$1/$seed"'; read -r now <"$f/clock"; reconcile -q --now "$now" -e "$f/entitlements.csv" -m "$f/models.csv" -x "$f/exclusions.csv" --groups "$f/groups.csv" --prices "$f/prices.csv" --policy "$f/policy.json" <"$f/input.ndjson"'
	done >"$1/commands"
	sh -e "$1/commands" | "$tools/fields" metric_result metric_result profile software_model license_metric "${figures[@]}" -- model_result model_result profile software_model \
		"${figures[@]}" -- product_result product_result profile product "${figures[@]}" -- unlicensed_consumption unlicensed_consumption \
		profile software_model license_metric period_start account_id units_unlicensed cost
	for stream in metric_result model_result product_result unlicensed_consumption; do sed "s/^/$stream\t/" $stream; done
}

@test "1,000 random workspaces of one to three profiles: every figure is what a second computation by the day gives" {
	local batch seeds
	for batch in $(seq "$batches"); do
		mapfile -t seeds < <(seq $((batch * each - each + 1)) $((batch * each)))
		mkdir "$batch"
		"$tools/by-day-organisations" "${seeds[0]}" "${seeds[-1]}" "$batch"
		rows "$batch" "${seeds[@]}" | LC_ALL=C sort >got
		"$tools/by-day-second" "$batch" "${seeds[@]}" | LC_ALL=C sort >expected
		cat expected >>all
		cmp -s expected got || {
			echo "seeds: $(diff expected got | sed -nE 's/^[<>] [^\t]*\t[^\t]*\t([0-9]+)[. ].*/\1/p' | sort -nu | xargs)"
			same_files expected got
		}
		rm -r "$batch"
	done
}

# used PROFILE ACCOUNT DAY UNITS: consumption of the year 2025.
used() {
	printf '{"type":"RECORD","stream":"consumption","record":{"profile":"%s","account_id":"%s","plan_item_id":"i","unit":"envelope","period_index":0,"period_start":"2025-01-01T00:00:00.000Z","period_end":"2026-01-01T00:00:00.000Z","units_consumed":%s,"by_status":{},"state":"final","by_day":{"%s":%s}}}\n' \
		"$1" "$2" "$4" "$3" "$4"
}

# position FIELD...: of the metric results by profile, the workspace's first.
position() {
	reconcile -q --now 2026-02-01T00:00:00Z -e entitlements.csv -m models.csv -x exclusions.csv "${options[@]}" <input | records_of metric_result |
		jq -r --arg fields "$*" '[.profile // "workspace", .[$fields | split(" ")[]]] | map(tostring) | join(" ")'
}

options=()

licence() {
	printf 'publisher,product,software_model,license_metric,identifier_type,identifier\nD,P,Pro,Envelope,plan_item_id,i\n' >models.csv
	printf 'rule_type,identifier,reason,start_date,end_date\n' >exclusions.csv
	{
		echo entitlement_id,software_model,license_metric,start_date,end_date,purchased_rights,allocation_type,allocation_value,profile,true_up_for
		cat
	} >entitlements.csv
}

@test "what is excluded on its days is the workspace's, too" {
	licence <<<E,Pro,Envelope,2025-01-01,2025-12-31,10,,,,
	echo account,b,test,2025-03-01,2025-03-31 >>exclusions.csv
	{
		used north a 2025-03-05 4
		used south b 2025-03-05 3
		used south b 2025-04-05 2
	} >input
	same "workspace 6 3
north 4 0
south 2 3" "$(position rights_used excluded_units)"
}

@test "unlimited rights that several profiles share are unlimited to each that draws on them" {
	licence <<<E,Pro,Envelope,2025-01-01,2025-12-31,unlimited,site,s,,
	{
		for account in a b c; do printf '{"type":"RECORD","stream":"account","record":{"account_id":"%s","site_id":"%s"}}\n' $account "${account/[ab]/s}"; done
		used north a 2025-03-05 4
		used south b 2025-03-05 3
		used west c 2025-03-05 2
	} >input
	same "workspace unlimited 9 unlimited 2
north unlimited 4 unlimited 0
south unlimited 3 unlimited 0
west 0 2 0 2" "$(position rights_owned rights_used rights_available unlicensed_rights)"
}

@test "a metric whose units name no plan item is used: its other periods are zero, not unknown" {
	licence <<<E,Pro,Envelope,2024-01-01,2025-12-31,10,,,,
	echo D,P,Pro,Envelope,plan_item_id,j >>models.csv
	{
		for item in i j; do printf '{"type":"RECORD","stream":"subscription","record":{"subscription_id":"s","plan_item_id":"%s","asset_group_id":"g"}}\n' $item; done
		printf '{"type":"RECORD","stream":"account","record":{"account_id":"a","asset_group_id":"g"}}\n'
		used north a 2025-03-05 4 | sed 's/"plan_item_id":"i"/"plan_item_id":null/; s/"state"/"periods_from":"2024-01-01","period_months":12,"state"/; s/"period_index":0/"period_index":1/'
	} >input
	same "north 0 zero Compliant
north 4 counted Compliant" "$(position rights_used usage_state status | head -n 2)"
}

@test "rights allocated by the name of a site that all accounts have left are drawn for the days before" {
	licence <<<E,Pro,Envelope,2025-01-01,2025-12-31,10,site,North,,
	{
		printf '{"type":"RECORD","stream":"account","record":{"account_id":"a","site_id":"s2","site_name":"South"}}\n'
		printf '{"type":"RECORD","stream":"account_site","record":{"account_id":"a","site_id":"s1","site_name":"North","since":"2025-01-01T02:00:00.000Z"}}\n'
		printf '{"type":"RECORD","stream":"account_site","record":{"account_id":"a","site_id":"s2","site_name":"South","since":"2025-05-01T02:00:00.000Z"}}\n'
		used north a 2025-04-30 4
		used north a 2025-05-01 3
	} >input
	same "" "$(reconcile -q --now 2026-02-01T00:00:00Z -e entitlements.csv -m models.csv <input | records_of ineffective_row)"
	same "north 10 7 6 3 2025-05-01" "$(position rights_owned rights_used rights_available unlicensed_rights first_unlicensed_on)"
}

@test "rights of a profile: drawn by its accounts before those of all, and what is left is its alone" {
	licence <<'END'
N,Pro,Envelope,2025-01-01,2025-12-31,10,,,north,
W,Pro,Envelope,2025-01-01,2025-12-31,7,,,west,
A,Pro,Envelope,2025-01-01,2025-12-31,5,,,,
END
	{
		used north a 2025-03-05 12
		used south b 2025-03-05 4
		used west c 2025-03-05 3
	} >input
	# 2 of north and 4 of south share the 5 of all: 5 * 2 / 6 is 1, south gets the other 4. West keeps 4.
	same "workspace 22 19 4 1
north 11 12 0 1
south 4 4 0 0
west 7 3 4 0" "$(position rights_owned rights_used rights_available unlicensed_rights)"
}

@test "rights of a profile in a group: its accounts in the group, and nobody else; they are not moved to other profiles" {
	licence <<'END'
S,Pro,Envelope,2025-01-01,2025-12-31,10,site,s,south,
U,Pro,Envelope,2025-01-01,2025-12-31,unlimited,,,west,
END
	{
		for account in a b c; do printf '{"type":"RECORD","stream":"account","record":{"account_id":"%s","site_id":"%s"}}\n' $account "${account/[ab]/s}"; done
		used north a 2025-03-05 4
		used south b 2025-03-05 3
		used west c 2025-03-05 2
	} >input
	same "workspace unlimited 9 unlimited 4
north 0 4 0 4
south 10 3 7 0
west unlimited 2 unlimited 0" "$(position rights_owned rights_used rights_available unlicensed_rights)"
	sed -i '/^U/d' entitlements.csv
	reconcile -q --now 2026-02-01T00:00:00Z -e entitlements.csv -m models.csv <input | records_of remediation | jq -r '[.profile // "workspace", .option, .rights] | join(" ")' >got
	same "workspace buy_rights 6
workspace reduce_rights 1
north buy_rights 4
south reduce_rights 7
west buy_rights 2" "$(cat got)"
}

@test "a row of a profile, a group or a period that is not there has no effect, and says so" {
	licence <<'END'
N,Pro,Envelope,2025-01-01,2025-12-31,10,,,nowhere,
S,Pro,Envelope,2025-01-01,2025-12-31,10,site,s,north,
T,Pro,Envelope,2025-01-01,2025-12-31,10,,,,2024-12-31
F,Pro,Envelope,2027-01-01,2027-12-31,10,,,,2026-12-31
END
	{
		for account in a b; do printf '{"type":"RECORD","stream":"account","record":{"account_id":"%s","site_id":"%s"}}\n' $account "${account/b/s}"; done
		used north a 2025-03-05 4
		used south b 2025-03-05 3
	} >input
	reconcile --now 2026-02-01T00:00:00Z -e entitlements.csv -m models.csv <input 2>said | records_of ineffective_row | jq -r '[.line, .column, .value, .reason] | join("|")' >got
	same "2|profile|nowhere|there is no consumption of profile 'nowhere'
3|allocation_value|s|no account of profile 'north' is of site 's'
4|true_up_for|2024-12-31|2024-12-31 is in no consumption period since the contract start" "$(cat got)"
	same "reconcile: warning: entitlements line 2 has no effect: there is no consumption of profile 'nowhere'" "$(head -n 1 said)"
	# In the workspace's row all the same, and in no profile's but that of its own.
	same "workspace 30 23
north 14 10
south 3 0" "$(position rights_owned rights_available)"
	# Without any consumption, as before the first run, nothing is said.
	same "" "$(reconcile --now 2026-02-01T00:00:00Z -e entitlements.csv -m models.csv </dev/null 2>&1 | grep 'no effect')"
}

@test "a true-up for a day after its start, or for no day, is a mistake" {
	licence <<'END'
A,Pro,Envelope,2025-01-01,2025-12-31,10,,,,2025-01-02
B,Pro,Envelope,2025-01-01,2025-12-31,10,,,,2025-02-30
C,Pro,Envelope,,2025-12-31,10,,,,2025-02-03
END
	run --separate-stderr reconcile -e entitlements.csv -m models.csv </dev/null
	fails 65 "reconcile: cannot read 'entitlements.csv' line 2: column \"true_up_for\": '2025-01-02' lies after the start date 2025-01-01
reconcile: cannot read 'entitlements.csv' line 3: column \"true_up_for\": '2025-02-30' is not a date such as 2025-01-31
reconcile: cannot read 'entitlements.csv' line 4: column \"start_date\": it must not be empty
reconcile: cannot use 'entitlements.csv': 3 mistakes"
}

@test "several profiles settle by the workspace's period; a true-up is for it, or for that of its profile" {
	licence <<<E,Pro,Envelope,2025-12-31,2026-12-31,10,,,,
	echo '{"name":"n","version":1,"statuses":{"created":false},"settlement":"period"}' >policy.json
	# South's quarters are in the workspace's year 2025.
	{
		used north a 2025-03-05 6
		for quarter in 2025-01-01,2025-04-01,0 2025-07-01,2025-10-01,2; do
			IFS=, read -r start end index <<<"$quarter"
			used south b "$start" 4 | sed "s/2025-01-01T/${start}T/; s/2026-01-01T/${end}T/; s/\"period_index\":0/\"period_index\":$index/"
		done
	} >input
	options=(--policy policy.json)
	# a gets 10 * 6 / 14, 4; b up to July 10 * 10 / 14 - 4, 3, then the other 3.
	same "workspace 2025-01-01 10 14 4 period
north 2025-01-01 4 6 2 period
south 2025-01-01 3 4 1 period
south 2025-07-01 3 4 1 period" "$(position period_start rights_owned rights_used unlicensed_rights drawn_by | sed 's/T00:00:00.000Z//' | grep -v ' 0 0 0 ')"
	options=()
	licence <<'END'
A,Pro,Envelope,2026-01-01,2026-01-31,3,,,,2025-08-08
S,Pro,Envelope,2026-01-01,2026-01-31,5,,,south,2025-08-08
END
	# South's is for July to September; the workspace's for all of 2025.
	same "workspace 2025-01-01 8 14 7
north 2025-01-01 0 6 6
south 2025-01-01 3 4 1
south 2025-07-01 5 4 0" "$(position period_start rights_owned rights_used unlicensed_rights | sed 's/T00:00:00.000Z//')"
}

@test "where a position comes from: a true-up and a row of a profile say so" {
	licence <<'END'
N,Pro,Envelope,2025-01-01,2025-12-31,10,,,north,
T,Pro,Envelope,2026-02-01,2026-12-31,10,,,,2025-03-05
END
	used north a 2025-03-05 12 >input
	reconcile -q --trace --now 2026-01-15T00:00:00Z -e entitlements.csv -m models.csv <input >traced
	same "N 10 10 null north
T 10 2 2025-03-05 null" "$(records_of entitlement_use <traced | jq -r '[.entitlement_id, .rights_owned, .rights_drawn, .true_up_for, .only_profile] | map(tostring) | join(" ")')"
	merge -q --ledger ledger.db --emit none </dev/null
	mkdir runs
	explain -l ledger.db -r runs <traced | sed -n 's/^ *entitlements.csv//p' >got
	same " line 2  N  2025-01-01 to before 2026-01-01, of profile north: granted 10, drawn before 0, owned 10, drawn here 10
 line 3  T  2026-02-01 to before 2027-01-01, true-up for 2025-03-05: granted 10, drawn before 0, owned 10, drawn here 2" "$(cat got)"
}
