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
	reconcile -q --now 2026-02-01T00:00:00Z -e entitlements.csv -m models.csv -x exclusions.csv <input | records_of metric_result |
		jq -r --arg fields "$*" '[.profile // "workspace", .[$fields | split(" ")[]]] | map(tostring) | join(" ")'
}

licence() {
	printf 'publisher,product,software_model,license_metric,identifier_type,identifier\nD,P,Pro,Envelope,plan_item_id,i\n' >models.csv
	printf 'rule_type,identifier,reason,start_date,end_date\n' >exclusions.csv
	{
		echo entitlement_id,software_model,license_metric,start_date,end_date,purchased_rights,allocation_type,allocation_value
		cat
	} >entitlements.csv
}

@test "what is excluded on its days is the workspace's, too" {
	licence <<<E,Pro,Envelope,2025-01-01,2025-12-31,10,,
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
	licence <<<E,Pro,Envelope,2025-01-01,2025-12-31,unlimited,site,s
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
	licence <<<E,Pro,Envelope,2024-01-01,2025-12-31,10,,
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
	licence <<<E,Pro,Envelope,2025-01-01,2025-12-31,10,site,North
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
