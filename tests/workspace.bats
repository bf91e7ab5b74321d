#!/usr/bin/env bats
# A workspace of several profiles: its rights are one pool, whatever number of profiles feeds it.

# shellcheck disable=SC2154 # root and acme are helper's

load helper

night=20250318T020000Z

# envtally …: the driver, on the workspace that is named.
envtally() { ENVTALLY_BIN=${ENVTALLY_BIN:-$root/bin} "$root/pipeline.sh" "$@"; }

# split FOLDER: the organisation as two profiles, the first two accounts and the others.
split() {
	acme_workspace "$1"
	local of=7c1e9a52-3b0f-4d6a-9e21-5f8840c7d30
	jq --arg of $of '.accounts = [$of + "1", $of + "2"]' "$acme/profiles/acme.json" >"$1/profiles/acme.json"
	jq --arg of $of '.name = "beta" | .accounts = [("3", "4", "5", "6") | $of + .]' "$acme/profiles/acme.json" >"$1/profiles/beta.json"
}

# figures FILE PROFILE: what a position comes to, without what depends on who fed it.
figures() {
	records_of metric_result <"$1" | jq -c --arg profile "$2" 'select((.profile // "") == $profile) | [.software_model, .period_start, .rights_owned, .rights_used,
		.rights_available, .over_licensed_rights, .unlicensed_rights, .lapsing_rights, .true_up_cost, .total_spend, .first_unlicensed_on, .drawn_by]' | LC_ALL=C sort
}

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return 1
	acme_workspace one
	envtally run -q -C one --replay "$acme/nights/$night"
	split two
	envtally run -q -C two --replay "$acme/nights/$night"
}

@test "one organisation as two profiles has one position: that of one profile with all accounts" {
	cd "$BATS_FILE_TMPDIR"
	figures one/runs/acme/$night/results.ndjson acme >one.figures
	[ "$(wc -l <one.figures)" -eq 10 ]
	# The second run has both. What it keeps for itself is its own.
	figures two/runs/beta/$night/workspace.ndjson "" >two.figures
	same_files one.figures two.figures
	same beta "$(records_of metric_result <two/runs/beta/$night/results.ndjson | jq -r .profile | sort -u)"
	# What both use is what all use, and neither lacks what the other has.
	envtally reconcile -q -C two --now 2025-03-18T02:00:00Z --format ndjson >both
	records_of metric_result <both | jq -s -e 'group_by([.software_model, .period_start]) | length == 10 and all(.[];
		(map(select(.profile == null))[0]) as $whole | map(select(.profile)) | length == 2
		and (map(.rights_used // 0) | add) == $whole.rights_used and (map(.unlicensed_rights // 0) | add) == $whole.unlicensed_rights
		and (map(.rights_owned) | add) <= $whole.rights_owned)' >/dev/null
}

@test "reconcile shows the workspace first; a profile that is asked for alone is computed with the others" {
	cd "$BATS_FILE_TMPDIR"
	envtally reconcile -q -C two --now 2025-03-18T02:00:00Z >table
	same "workspace, acme, beta, " "$(sed -nE 's/^([a-z]+), as of .*/\1/p' table | tr '\n' , | sed 's/,/, /g')"
	envtally reconcile -q -C two -p beta --now 2025-03-18T02:00:00Z --format ndjson | records_of metric_result | jq -c 'select(.profile == "beta")' >alone
	envtally reconcile -q -C two --now 2025-03-18T02:00:00Z --format ndjson | records_of metric_result | jq -c 'select(.profile == "beta")' >both
	[ -s alone ]
	same_files both alone
}

@test "export --format focus has the costs of the workspace: those of one profile with all accounts" {
	cd "$BATS_FILE_TMPDIR"
	# But for the account, and the digest of the evidence.
	costs() { envtally export -q -C "$1" --format focus | sed -E 's/,(acme|workspace),(acme|workspace),USD,/,USD,/; s/[0-9a-f]{64}/digest/' | LC_ALL=C sort; }
	costs one >one.costs
	costs two >two.costs
	[ "$(grep -c ,Purchase, one.costs)" -eq 13 ]
	same_files one.costs two.costs
}

@test "status, report and reconcile begin with the workspace and its verdict, which another profile's gaps make Incomplete" {
	cd "$BATS_FILE_TMPDIR"
	expected="Not Compliant: 1 of 10 rows of the licence position, 17 rights missing, true-up 39.95 USD: buy them, or record the entitlement that covers them. Incomplete: 71 units in no software model: add rows to licence/models.csv (\`envtally models suggest\`)."
	same "workspace  $expected" "$(envtally status -C two --now 2025-03-18T03:00:00Z | head -n 1)"
	same "workspace workspace workspace acme acme" "$(envtally status -C two --positions --now 2025-03-18T03:00:00Z | head -n 5 | cut -d' ' -f1 | xargs)"
	envtally status -C two --positions --now 2025-03-18T03:00:00Z | grep -qxF "workspace  Docusign eSignature Enterprise Pro  from 2025-01-31  used 121 of 325  Compliant"
	for command in report "reconcile --now 2025-03-18T02:00:00Z" "reconcile --as-of 2025-03-18"; do
		# shellcheck disable=SC2086 # words
		envtally $command -q -C two >table
		same "workspace, as of 2025-03-18 02:00:00 UTC. $expected" "$(head -n 3 table | sed 's/ Periods .*//' | xargs -d '\n' | sed 's/ $//')"
	done
	# A third profile that never ran, or was partial, may have what nobody knows of.
	cp -r two three
	jq '.name = "gamma" | .accounts = ["7c1e9a52-3b0f-4d6a-9e21-5f8840c7d309"]' two/profiles/acme.json >three/profiles/gamma.json
	envtally run -C three -p acme --replay "$acme/nights/20250325T020000Z" 2>said
	grep -q '^pipeline.sh: workspace: .*; some accounts could not be read: run again' said
	for command in report "status --now 2025-03-25T02:00:00Z" "reconcile --now 2025-03-25T02:00:00Z"; do
		# shellcheck disable=SC2086 # words
		envtally $command -C three -p acme | head -n 3 | grep -q 'Incomplete: .*; some accounts could not be read: run again'
	done
}

@test "the workspace has forecasts, of all profiles' days; a profile that shares rights has no day of its own on which they run out" {
	cd "$BATS_FILE_TMPDIR"
	foretold() { records_of forecast | jq -c '[.software_model, .rights_owned, .units_to_date, .expected_units, .low_units, .high_units, .exhausted_on, .expected_unlicensed_rights, .expected_over_licensed_rights, .expected_savings]' | sort; }
	foretold <one/runs/acme/$night/results.ndjson >one.foretold
	[ "$(wc -l <one.foretold)" -eq 2 ]
	foretold <two/runs/beta/$night/workspace.ndjson >two.foretold
	same_files one.foretold two.foretold
	records_of forecast <two/runs/beta/$night/results.ndjson | jq -c 'select(.is_shared) | [.software_model, .units_to_date, .rights_owned, .exhausted_on, .expected_unlicensed_rights, .warning]' >shared
	same '["Docusign eSignature Enterprise Pro",16,16,null,null,false]' "$(cat shared)"
	envtally report -C two -p beta | grep -qE "^2025-01-31 – 2025-04-29 +16 +16 .* as the workspace's "
	# 135 rights for 121 used: the workspace is at risk, says so first, and the check fails; beta has no part of its own in it.
	split short
	sed -i 's/,300,2.415,724.500,/,110,2.415,265.65,/' short/licence/entitlements.csv
	envtally run -q -C short -p acme --warn-days 0 --replay "$acme/nights/$night"
	envtally run -q -C short -p beta --replay "$acme/nights/$night"
	run -69 envtally status --check -C short --now 2025-03-18T03:00:00Z
	[[ ${lines[0]} == workspace*"At risk: rights of Docusign eSignature Enterprise Pro are expected to run out on 2025-03-"* ]]
	[[ ${lines[1]} == "workspace  warning: Docusign eSignature Enterprise Pro  Envelope  rights are expected to run out on "* ]]
	run ! grep -q '^beta .*run out' <<<"$output"
}

@test "a profile's verdict and report have its own units in no software model, the workspace's those of all" {
	cd "$BATS_FILE_TMPDIR"
	# All 71 are beta's, as its run and the workspace say; acme has none.
	for file in two/runs/beta/$night/{workspace,results}.ndjson; do
		same '71 ["beta"]' "$(records_of unrecognized_subscription <$file | jq -sr '"\(map(.units_consumed) | add) \(map(.profiles[]) | unique | tojson)"')"
	done
	envtally reconcile -q -C two -p acme --now 2025-03-18T02:00:00Z --format ndjson >out
	same 71 "$(records_of unrecognized_subscription <out | jq -s 'map(.units_consumed) | add')"
	envtally reconcile -q -C two -p acme --now 2025-03-18T02:00:00Z >table
	same "workspace" "$(sed -n 's/^\([a-z]*\), as of .*/\1/p; /units in no software model/s/.*/in none/p' table | grep -B1 'in none' | grep -v 'in none\|--')"
}

@test "a run of one of several profiles is replayed and verified by what it kept of the others" {
	cd "$BATS_FILE_TMPDIR"
	[ -s two/runs/beta/$night/inputs/others.ndjson ]
	same "beta: run $night: every output is what its evidence gives, byte for byte" "$(envtally replay -C two -p beta $night)"
	envtally verify -C two -p beta $night
}

@test "status --check: a row that is missing from the workspace's results is noticed" {
	cp -r "$BATS_FILE_TMPDIR/two" ws
	workspace=ws/runs/beta/$night/workspace.ndjson
	run envtally status --check -C ws -p beta --now 2025-03-18T03:00:00Z
	run ! grep -q 'add up' <<<"$output"
	sed -i '0,/"metric_result","record"/{/"metric_result","record"/d}' $workspace
	run -69 envtally status --check -C ws -p beta --now 2025-03-18T03:00:00Z
	grep -qE "^beta  figures do not add up: run $night: workspace.ndjson has [0-9]+ units in positions and 72 in none, of 1801 in all profiles\$" <<<"$output"
}

@test "an account that two profiles feed is an error that names it, and them" {
	split ws
	jq 'del(.accounts)' ws/profiles/beta.json >all && mv all ws/profiles/beta.json
	envtally run -q -C ws -p acme --replay "$acme/nights/$night"
	run --separate-stderr envtally run -q -C ws -p beta --replay "$acme/nights/$night"
	[ "$status" -eq 65 ]
	[[ $stderr == *"reconcile: cannot reconcile account '7c1e9a52-"*"': profiles 'beta' and 'acme' both feed it, so it would be counted twice"* ||
	$stderr == *"reconcile: cannot reconcile account '7c1e9a52-"*"': profiles 'acme' and 'beta' both feed it, so it would be counted twice"* ]]
}

@test "what was never asked is not a figure that changes; a zero that was reported is" {
	job='{"type":"RECORD","stream":"job_result","record":{"run_id":"r","profile":"x","job":"run","state":"succeeded","started_at":"2025-03-01T00:00:00.000Z","ended_at":null,"counts":{},"error":null,"policy":null}}'
	fed() { printf '{"type":"RECORD","stream":"watermark","record":{"account_id":"%s","watermark":"2025-02-28T00:00:00.000Z"}}\n' "$1"; }
	for account in a b c; do
		printf '{"type":"RECORD","stream":"daily_consumption","record":{"account_id":"%s","plan_item_id":"p","day":"2025-01-10","units_consumed":3,"by_status":{"sent":3}}}\n' "$account"
	done >partials
	restated() {
		aggregate-by-period -q --profile-name x --contract-start 2025-01-01 --renewal-months 1 --reported "$1" --now 2025-03-02T00:00:00Z <partials |
			records_of restatement | jq -r '"\(.account_id) \(.units_before) \(.units_after) \(.cause)"' | xargs -d '\n'
	}
	# Nothing was downloaded then, as with download_consumption off.
	echo "$job" >nothing
	same "" "$(restated nothing)"
	{ echo "$job" && fed a && fed c; } >some
	same "a 0 3 late c 0 3 late" "$(restated some)"
	# Feeds that come in files have no watermarks: a report with any consumption is one of all accounts.
	aggregate-by-period -q --profile-name x --contract-start 2025-01-01 --renewal-months 1 --now 2025-03-02T00:00:00Z < <(head -n 1 partials) |
		records_of consumption | sed 's/^/{"type":"RECORD","stream":"consumption","record":/; s/$/}/' >consumption
	{ echo "$job" && cat consumption; } >files
	same "b 0 3 late c 0 3 late" "$(restated files)"
	# What the ledger reports says who had been asked.
	acme_after 1 ws
	merge --ledger ws/ledger/acme.db --print-reported >reported
	same "$(records_of watermark <ws/runs/acme/$night/accounts.ndjson | jq -r .account_id | sort)" "$(records_of watermark <reported | jq -r .account_id | sort)"
}

@test "the first run after an upgrade takes all partials, so that rights are drawn by the day" {
	acme_workspace ws
	envtally run -q -C ws --replay "$acme/nights/$night"
	sqlite3 ws/ledger/acme.db "UPDATE reported SET record = json_remove(record, '\$.by_day', '\$.periods_from', '\$.period_months')"
	envtally run -q -C ws --replay "$acme/nights/20250325T020000Z"
	records_of consumption <ws/runs/acme/20250325T020000Z/consumption.ndjson | jq -e -s 'length > 10 and all(.by_day | add == null or . != null)' >/dev/null
	records_of consumption <ws/runs/acme/20250325T020000Z/consumption.ndjson | jq -e -s 'all((.by_day | add) == .units_consumed)' >/dev/null
	same day "$(records_of metric_result <ws/runs/acme/20250325T020000Z/results.ndjson | jq -r .drawn_by | sort -u)"
}

# at SITE TIME: what the service says of the account on a night.
at() {
	printf '{"type":"RECORD","stream":"account","record":{"account_id":"a","organization_id":"o","account_name":"A","site_id":"%s","site_name":null},"time_extracted":"%s"}\n' "$1" "$2"
}

@test "an account that moves to another site keeps the days before: no closed period changes" {
	printf 'publisher,product,software_model,license_metric,identifier_type,identifier\nDocusign,eSignature,Pro,Envelope,plan_item_id,p\n' >models.csv
	printf '%s\n' entitlement_id,software_model,license_metric,start_date,end_date,purchased_rights,allocation_type,allocation_value \
		E1,Pro,Envelope,2025-01-01,2025-12-31,100,site,na1 >entitlements.csv
	for day in 02-10 03-10 05-09 05-10 06-10; do
		envelope "{envelope_id: \"e$day\", plan_item_id: \"p\", sent_at: \"2025-${day}T10:00:00.000Z\", modified_at: \"2025-${day}T10:00:00.000Z\"}"
	done >envelopes
	position() {
		aggregate-by-period -q --contract-start 2025-01-01 --renewal-months 3 --now 2025-07-02T00:00:00Z |
			reconcile -q -e entitlements.csv -m models.csv -g site --now 2025-07-02T00:00:00Z >out
		records_of metric_result <out | jq -r 'select(.period_index < 2) | "\(.rights_used) \(.unlicensed_rights) \(.first_unlicensed_on)"' | xargs -d '\n'
	}
	at na1 2025-01-15T02:00:00.000Z >first
	at eu1 2025-05-10T02:00:00.000Z >moved
	same "2 0 null 3 0 null" "$(cat first envelopes | merge -q -l :memory: --emit all | position)"
	# Whatever the order in which the nights are told, and however often.
	for order in 'first moved' 'moved first' 'first first moved moved' 'moved first moved first'; do
		# shellcheck disable=SC2086 # words
		same "$order: 2 0 null 3 2 2025-05-10" "$order: $(cat $order envelopes | merge -q -l :memory: --emit all | position)"
	done
	same 'na1 1 0 eu1 2 2' "$(records_of group_result <out | jq -r 'select(.period_index == 1 and .group_kind == "group") | "\(.group_value) \(.rights_used) \(.unlicensed_rights)"' |
		sort -r | xargs -d '\n')"
	# It comes back; nights between that say the same, or are told again, add nothing.
	{ at na1 2025-02-01T02:00:00.000Z && at eu1 2025-05-20T02:00:00.000Z && at na1 2025-06-01T02:00:00.000Z; } >later
	for order in 'first moved later' 'first moved later first moved later' 'moved first later'; do
		# shellcheck disable=SC2086 # words
		cat $order envelopes | merge -q -l :memory: --emit all >merged
		same "na1 2025-01-15 eu1 2025-05-10 na1 2025-06-01" "$(records_of account_site <merged | jq -r '"\(.site_id) \(.since[:10])"' | xargs -d '\n')"
		same "2 0 null 3 1 2025-05-10" "$(position <merged)"
	done
	# An account that never moved has no such record.
	same "" "$(cat first envelopes | merge -q -l :memory: --emit all | records_of account_site)"
}

@test "without any licence file there is a position: software models by Docusign's names, and nothing is owned" {
	mkdir -p ws/profiles
	cp "$acme/profiles/acme.json" ws/profiles/
	run --separate-stderr -0 envtally run -C ws --replay "$acme/nights/$night"
	[[ $stderr == *"acme: nothing is owned: next, write what was bought into ws/licence/entitlements.csv"* ]]
	results=ws/runs/acme/$night/results.ndjson
	# Each plan item with a name is a model; what it has no name for stays unrecognized.
	records_of subscription <ws/runs/acme/$night/subscriptions.ndjson | jq -r '.plan_item_name // empty' | sort -u >expected
	records_of metric_result <$results | jq -r 'select(.automatic and .publisher == "Docusign") | .software_model' | sort -u >got
	same_files expected got
	records_of metric_result <$results | jq -e -s 'all(.rights_owned == 0 and .automatic and (.rights_used == .unlicensed_rights or .rights_used == null))' >/dev/null
	# All units are there, in a model or in none.
	records_of consumption <ws/runs/acme/$night/consumption.ndjson | jq -s '[.[].units_consumed] | add' >expected
	{ records_of metric_result <$results | jq '.rights_used // 0' && records_of unrecognized_subscription <$results | jq .units_consumed; } | jq -s add >got
	[ $(($(cat expected) - $(cat got))) -eq "$(records_of consumption <ws/runs/acme/$night/consumption.ndjson | jq -s '[.[] | select(.period_index < 0 and .plan_item_id) | .units_consumed] | add // 0')" ]
	envtally replay -q -C ws $night
	# A models.csv of one's own takes their place; init's has no rows yet.
	mkdir -p ws/licence
	head -n 1 "$acme/licence/models.csv" >ws/licence/models.csv
	head -n 1 "$acme/licence/entitlements.csv" >ws/licence/entitlements.csv
	same "$(records_of metric_result <$results | jq -r .software_model | sort -u)" \
		"$(envtally reconcile -q -C ws --format ndjson --now 2025-03-18T02:00:00Z | records_of metric_result | jq -r .software_model | sort -u)"
	cp "$acme"/licence/{models,entitlements}.csv ws/licence/
	envtally reconcile -q -C ws --format ndjson --now 2025-03-18T02:00:00Z | records_of metric_result | jq -e -s 'length > 0 and all(.automatic == false)' >/dev/null
}

@test "another plan item of the same software model: the units stay in it, and closed periods keep their figures" {
	printf 'publisher,product,software_model,license_metric,identifier_type,identifier\nDocusign,eSignature,Pro,Envelope,plan_item_id,%s\n' pro-a >one.csv
	{ cat one.csv && echo Docusign,eSignature,Pro,Envelope,plan_item_id,pro-b; } >models.csv
	{ cat one.csv && echo Docusign,eSignature,Basic,Envelope,plan_item_id,pro-b; } >two.csv
	printf '%s\n' entitlement_id,software_model,license_metric,start_date,end_date,purchased_rights E1,Pro,Envelope,2025-01-01,2025-12-31,5 >entitlements.csv
	item() {
		printf '{"type":"RECORD","stream":"subscription","record":{"organization_id":"o","subscription_id":"s","plan_item_id":"%s","asset_group_id":"g"},"time_extracted":"%s"}\n' "$1" "$2"
	}
	{
		echo '{"type":"RECORD","stream":"account","record":{"account_id":"a","organization_id":"o","asset_group_id":"g"},"time_extracted":"2025-01-01T00:00:00.000Z"}'
		item pro-a 2025-01-01T00:00:00.000Z
		for day in 01-10 02-10 04-10; do envelope "{envelope_id: \"e$day\", sent_at: \"2025-${day}T10:00:00.000Z\", modified_at: \"2025-${day}T10:00:00.000Z\"}"; done
	} >night-1
	{ cat night-1 && item pro-b 2025-05-01T00:00:00.000Z; } >night-2
	tally() { merge -q -l :memory: --emit all | aggregate-by-period -q --profile-name x --contract-start 2025-01-01 --renewal-months 3 "$@"; }
	position() { reconcile -q -e entitlements.csv -m "$1" --now 2025-05-02T00:00:00Z | records_of metric_result | jq -c '[.software_model, .period_start, .rights_used, .unlicensed_rights, .status]'; }
	tally --now 2025-05-02T00:00:00Z <night-1 | tee before | position models.csv >expected
	tally --now 2025-05-02T00:00:00Z <night-2 | position models.csv >got
	grep -qF '["Pro","2025-01-01T00:00:00.000Z",2,0,"Compliant"]' expected
	same_files expected got
	# Of two models there is something to guess, and nothing is guessed.
	same null "$(tally --now 2025-05-02T00:00:00Z <night-2 | position two.csv | jq -c 'select(.[1][:10] == "2025-01-01" and .[2] > 0)' | grep . || echo null)"
	# What moved is said to have moved.
	{
		echo '{"type":"RECORD","stream":"job_result","record":{"run_id":"r","profile":"x","job":"run","state":"succeeded","started_at":"2025-05-01T00:00:00.000Z","counts":{}}}'
		grep '"stream":"consumption"' before
	} >reported
	tally --reported reported --now 2025-05-02T00:00:00Z <night-2 | records_of restatement | jq -r '"\(.plan_item_id) \(.delta) \(.cause)"' | sort | xargs -d '\n' >got
	same "null 2 plan_item pro-a -2 plan_item" "$(cat got)"
}

@test "a contract that settles by the period: one position too; rights of a profile are in its own, and in the workspace's" {
	for name in one two; do
		cp -r "$BATS_FILE_TMPDIR/$name" .
		echo '{"name":"default","version":1,"statuses":{"created":false,"template":false},"settlement":"period"}' >$name/licence/policy.json
		envtally reconcile -q -C $name --now 2025-03-18T02:00:00Z --format ndjson >$name.ndjson
	done
	same_files <(figures one.ndjson acme) <(figures two.ndjson "")
	same '"period"' "$(figures two.ndjson "" | jq -c '.[11]' | sort -u)"
	# 1000 more, of beta alone, for the closed period: of these acme has none, and the workspace all.
	sed -i '1s/$/,profile,true_up_for/; 2,$s/$/,,/' two/licence/entitlements.csv
	sed '1q;d' two/licence/entitlements.csv | tr , '\n' | awk 'BEGIN { of["entitlement_id"] = "B"; of["software_model"] = "Docusign eSignature Enterprise Pro"; of["license_metric"] = "Envelope"
		of["start_date"] = of["end_date"] = "2025-02-10"; of["purchased_rights"] = 1000; of["profile"] = "beta"; of["true_up_for"] = "2024-11-11" }
		{ printf "%s%s", (NR > 1 ? "," : ""), of[$1] } END { print "" }' >>two/licence/entitlements.csv
	envtally reconcile -q -C two --now 2025-03-18T02:00:00Z --format ndjson >more.ndjson
	of_closed() { records_of metric_result <"$1" | jq -r 'select(.software_model == "Docusign eSignature Enterprise Pro" and .period_start[:10] == "2024-10-31") | "\(.profile // "workspace") \(.rights_owned) \(.rights_used) \(.rights_available) \(.unlicensed_rights)"'; }
	read -r _ owned used available unlicensed < <(of_closed two.ndjson | grep ^workspace)
	[ "$unlicensed" -gt 0 ] && [ "$available" -eq 0 ]
	of_closed more.ndjson >got
	same "workspace $((owned + 1000)) $used" "$(sed -n 's/^\(workspace [0-9]* [0-9]*\) .*/\1/p' got)"
	# Beta draws its own first, so acme gets all of the others, and nobody lacks any.
	same "0 0 0" "$(awk '{ print $5 }' got | xargs)"
	[ "$(awk '$1 == "beta" { print $3 + $4 }' got)" -eq "$(awk '$1 == "beta" { print $2 }' got)" ]
	[ "$(awk '$1 == "beta" { print $4 }' got)" -ge 700 ]
}

@test "FOCUS: of two profiles the costs, units and corrections are those of one profile with all accounts" {
	local next=20250325T020000Z folder
	cd "$BATS_TEST_TMPDIR" || return 1
	cp -a "$BATS_FILE_TMPDIR"/one "$BATS_FILE_TMPDIR"/two .
	for folder in one two; do
		envtally run -q -C $folder --replay "$acme/nights/$next" 2>/dev/null
		envtally export -C $folder --format focus --to - | sqlite3 :memory: '.import --csv /dev/stdin f' "SELECT ChargeCategory, ChargeClass, SubAccountId, x_SoftwareModel,
			ChargePeriodStart, BilledCost, EffectiveCost, ConsumedQuantity, x_RunId FROM f ORDER BY 1, 2, 3, 4, 5, 6, 7, 8" >$folder.focus
	done
	[ "$(grep -c Correction one.focus)" -gt 2 ]
	same_files one.focus two.focus
}
