#!/usr/bin/env bats
# fixtures/acme: the generator makes it, its recordings are valid, and it contains what its README lists.
# Checked with jq and perl, which share no code with the generator.

bats_require_minimum_version 1.5.0

nights="20250318T020000Z 20250325T020000Z 20250401T020000Z"

setup() {
	root=$(cd "$BATS_TEST_DIRNAME/.." && pwd)
	build=${ENVTALLY_BUILD:-build/release}
	case $build in
	/*) generate=$build/tests/generate ;;
	*) generate=$root/$build/tests/generate ;;
	esac
	acme=$root/fixtures/acme
	feed=$acme/service/feed.ndjson
}

# Once for all tests: the feed's entries as one array, ids in lower case; of these the special envelopes'; and of each night a line
# "MODEL PERIOD COUNT": the envelopes that the model's plan items have used in the period (1 to 5), and those of all models ("any"), counted from
# the newest version of every envelope that has arrived by the night's clock.
setup_file() {
	cd "$BATS_FILE_TMPDIR" || return 1
	jq -s -c 'map(.record.envelopeId |= ascii_downcase | .record.accountId |= ascii_downcase)' \
		"$BATS_TEST_DIRNAME/../fixtures/acme/service/feed.ndjson" >feed
	jq -c 'map(select(.record.envelopeId | startswith("aced00")))' feed >specials
	for night in $nights; do
		jq -r --arg at "${night:0:4}-${night:4:2}-${night:6:2}T02:00:00" '
			["2024-01-31", "2024-04-30", "2024-07-31", "2024-10-31", "2025-01-31", "2025-04-30"] as $starts
			| {"Enterprise Pro": ["401", "403"], "Business Pro": ["402", "404"], "any": null} as $models
			| map(select(.arrived_at[:19] <= $at) | .record)
			| group_by([.accountId, .envelopeId]) | map(max_by(.lastModifiedDateTime))
			| map(select(.sentDateTime != null and .status != "created") | {sent: .sentDateTime,
				item: (.planItemId // (if .accountId | test("d30[12]$") then "401" else "none" end) | .[-3:])})
			| ($models | keys[]) as $model | range(1; 6) as $period
			| map(select(.sent >= $starts[$period - 1] and .sent < $starts[$period] and ($models[$model] == null or (.item | IN($models[$model][])))))
			| "\($model) \($period) \(length)"' feed >"$night"
	done
}

# holds FILE PROGRAM...: each jq program must give true.
holds() {
	local file=$1 programs
	shift
	printf -v programs ', (%s)' "$@"
	jq -c "[${programs:2}]" "$file" >"$BATS_TEST_TMPDIR/holds"
	jq -e --argjson count $# 'length == $count and all' "$BATS_TEST_TMPDIR/holds" >/dev/null || {
		printf 'one of these is not so: %s\n' "$@"
		echo "they give: $(head -c 500 "$BATS_TEST_TMPDIR/holds")"
		return 1
	}
}

feed_holds() {
	holds "$BATS_FILE_TMPDIR/feed" "$@"
}

# special_holds [TEXT PROGRAM]...: over the entries of the special envelope that the README describes so, in order of arrival.
special_holds() {
	local programs=()
	while [ $# -gt 0 ]; do
		programs+=("map(select(.record.envelopeId == \"$(special "$1")\")) | $2")
		shift 2
	done
	holds "$BATS_FILE_TMPDIR/specials" "${programs[@]}"
}

# special TEXT: the id of the special envelope that the README describes so.
special() {
	grep -F -m 1 -- "$1" "$acme/README.md" | grep -o 'aced[0-9a-f-]*'
}

# consumed NIGHT MODEL PERIOD: from the lines of setup_file.
consumed() {
	sed -n "s/^$2 $3 //p" "$BATS_FILE_TMPDIR/$1"
}

@test "the generator makes fixtures/acme again, byte for byte" {
	"$generate" --fixture "$BATS_TEST_TMPDIR/acme"
	diff -r "$acme" "$BATS_TEST_TMPDIR/acme"
}

@test "another seed gives another feed, the same special envelopes" {
	"$generate" --fixture "$BATS_TEST_TMPDIR/acme" --seed 2
	run ! cmp -s "$feed" "$BATS_TEST_TMPDIR/acme/service/feed.ndjson"
	ids() { jq -r '.record.envelopeId | ascii_downcase | select(startswith("aced0"))' "$1" | sort -u; }
	diff <(ids "$feed") <(ids "$BATS_TEST_TMPDIR/acme/service/feed.ndjson")
}

@test "the fixture is under 6 MB and names nothing of the machine that made it" {
	[ "$(find "$acme" -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum }')" -lt 6000000 ]
	run ! grep -rlE "/(home|root|tmp|work)/" "$acme"
	run ! grep -rlF "$root" "$acme"
}

@test "every chain value is SHA-256 over the one before, a newline and the line" {
	for night in $nights; do
		for program in fetch-subscriptions fetch-datafeed; do
			perl -MDigest::SHA=sha256_hex -ne '
				m/^(.*),"chain":"([0-9a-f]{64})"\}\n$/ or die "line $.: no chain\n";
				sha256_hex("$chain\n$1") eq $2 or die "line $.: the chain is wrong\n";
				$chain = $2; $end = $1;
				END { $end =~ /^\{"end":true,"exchanges":(\d+)$/ && $1 == $. - 2 or die "no right end line\n" }
			' "$acme/nights/$night/$program.exchanges"
		done
	done
}

@test "the first chain value is also what sha256sum gives" {
	line=$(head -n 1 "$acme/nights/20250318T020000Z/fetch-datafeed.exchanges")
	sum=$(printf '\n%s' "${line%,\"chain\"*}" | sha256sum)
	[ "$(jq -r .chain <<<"$line")" = "${sum%% *}" ]
}

@test "bodies lie end to end, and their lengths and hashes are right" {
	for night in $nights; do
		for program in fetch-subscriptions fetch-datafeed; do
			base=$acme/nights/$night/$program
			jq -r 'select(.exchange) | [.body_offset, .body_length, .decoded_length, .body_sha256] | @tsv' "$base.exchanges" |
				perl -MDigest::SHA=sha256_hex -ane '
					BEGIN { open $bodies, "<:raw", shift; local $/; $all = <$bodies> }
					$F[0] == $at && $F[1] == $F[2] or die "exchange $.: offset or length\n";
					sha256_hex(substr $all, $at, $F[1]) eq $F[3] or die "exchange $.: hash\n";
					$at += $F[1];
					END { $at == length $all or die "bytes without an exchange\n" }
				' "$base.bodies"
		done
	done
}

@test "an exchange has the members of doc/recording.md, in their order, and its times go forward" {
	for night in $nights; do
		for program in fetch-subscriptions fetch-datafeed; do
			jq -s -e --arg program "$program" --arg night "$night" '
				(.[0] | keys_unsorted == ["recording", "program", "now", "chain"] and .program == $program
					and (.now | gsub("[-:]"; "") | sub("[.]000Z"; "Z")) == $night)
				and (.[1:-1] | all(keys_unsorted == ["exchange", "requested_at", "answered_at", "method", "url", "request_headers", "status",
					"headers", "final", "body_offset", "body_length", "decoded_length", "body_sha256", "chain"]
					and .requested_at < .answered_at and .final and .method == "GET"
					and .request_headers == {"accept": "application/json", "authorization": "redacted"}))
				and (.[0].now as $now | .[1:-1] | all(.requested_at > $now) and map(.answered_at) == (map(.answered_at) | sort)
					and map(.exchange) == [range(1; length + 1)])
			' "$acme/nights/$night/$program.exchanges" >/dev/null
		done
	done
}

# pages NIGHT: one object a page: account, cursor (decoded), endCursor, data.
pages() {
	perl -MJSON::PP -e '
		my ($exchanges, $bodies) = @ARGV;
		open my $b, "<:raw", $bodies or die; my $all = do { local $/; <$b> };
		open my $e, "<:raw", $exchanges or die;
		while (<$e>) {
			next unless /^\{"exchange"/;
			/"url":"([^"]*)"/; my $url = $1;
			$url =~ m{^https://api\.docusign\.net/api/v2\.0/datasets/envelopes/stream\?accountId=([0-9a-f-]{36})&cursor=([A-Za-z0-9._~%-]+)&limit=1000$}
				or die "odd url: $url\n";
			my ($account, $cursor) = ($1, $2);
			$cursor =~ /%(?![0-9A-F]{2})/ and die "odd encoding: $cursor\n";
			$cursor =~ s/%([0-9A-F]{2})/chr hex $1/ge;
			/"body_offset":(\d+),"body_length":(\d+)/;
			print qq({"account":"$account","cursor":"$cursor","page":), substr($all, $1, $2), "}\n";
		}' "$acme/nights/$1/fetch-datafeed.exchanges" "$acme/nights/$1/fetch-datafeed.bodies"
}

@test "the pages of each night are what the feed has for its window" {
	since=2024-01-31T00:00:00.000Z
	while read -r night now next; do
		pages "$night" | jq -c '.account as $account | .page.data[] | [$account, .]' | sort -s -k1,1 -t, >"$BATS_TEST_TMPDIR/got"
		jq -c --arg since "$since" --arg now "$now" 'select(.arrived_at >= $since and .arrived_at <= $now) | [.account_id, .record]' "$feed" |
			sort -s -k1,1 -t, >"$BATS_TEST_TMPDIR/expected"
		[ -s "$BATS_TEST_TMPDIR/expected" ]
		diff "$BATS_TEST_TMPDIR/expected" "$BATS_TEST_TMPDIR/got"
		since=$next
	done <<-'END'
		20250318T020000Z 2025-03-18T02:00:00.000Z 2025-03-10T02:00:00.000Z
		20250325T020000Z 2025-03-25T02:00:00.000Z 2025-03-17T02:00:00.000Z
		20250401T020000Z 2025-04-01T02:00:00.000Z -
	END
}

@test "each account is asked from the window's start, by the cursor of the page before, until it is caught up" {
	for night in $nights; do
		pages "$night" | jq -s -e --arg night "$night" '
			{"20250318T020000Z": "2024-01-31T00:00:00.000Z", "20250325T020000Z": "2025-03-10T02:00:00.000Z",
				"20250401T020000Z": "2025-03-17T02:00:00.000Z"}[$night] as $first
			| length > 0 and (group_by(.account) | length == 6 and all(
				.[0].cursor == $first
				and ([.[:-1][].page.endCursor] == [.[1:][].cursor])
				and (.[-1] | .page.data == [] and .page.endCursor == .cursor)
				and (.[:-1] | all(.page.endCursor != .cursor))
				and all(.page.data | length <= 100)))' >/dev/null
	done
}

@test "accounts take turns, compliant ones first, in the order of the Admin API" {
	for night in $nights; do
		jq -r '.assetGroupAccounts | sort_by(.compliant | not) | .[].accountId | ascii_downcase' "$acme/service/asset-group-accounts.json" \
			>"$BATS_TEST_TMPDIR/accounts"
		pages "$night" | jq -r .account | awk '{ print ++turn[$0], $0 }' >"$BATS_TEST_TMPDIR/got"
		awk 'NR == FNR { rank[$1] = NR; next } { print $1, rank[$2], $0 }' "$BATS_TEST_TMPDIR/accounts" "$BATS_TEST_TMPDIR/got" |
			sort -n -k1,1 -k2,2 | cut -d' ' -f3- | diff - "$BATS_TEST_TMPDIR/got"
	done
}

@test "an account whose time cursor finds nothing gets an opaque one" {
	pages 20250325T020000Z | jq -s -e 'map(select(.account | endswith("d306")))
		| length == 2 and all(.page.data == []) and .[0].cursor != .[0].page.endCursor and .[1].cursor == .[1].page.endCursor' >/dev/null
}

@test "fetch-subscriptions asks the four questions, and the answers are the service's files" {
	organization=$(jq -r .organization_id "$acme/profiles/acme.json")
	base=https://api.docusign.net/Management/v2/organizations
	for night in $nights; do
		recorded=$acme/nights/$night/fetch-subscriptions
		diff <(jq -r 'select(.exchange) | "\(.status) \(.url)"' "$recorded.exchanges") - <<-END
			200 $base/$organization/assetGroups/accounts?compliant=true
			200 $base/$organization/assetGroups/accounts?compliant=false
			403 $base
			200 $base/$organization/planItems
		END
		jq -s -e --slurpfile accounts "$acme/service/asset-group-accounts.json" --slurpfile items "$acme/service/plan-items.json" '
			.[0].assetGroupAccounts + .[1].assetGroupAccounts == $accounts[0].assetGroupAccounts
			and (.[0].assetGroupAccounts | length > 0 and all(.compliant)) and (.[1].assetGroupAccounts | length > 0 and all(.compliant | not))
			and .[2].error == "access_denied" and .[3] == $items[0]' "$recorded.bodies" >/dev/null
	done
}

@test "6 accounts on 3 sites, 3 plans in 3 asset groups, of which one has exactly one plan item" {
	jq -e '.assetGroupAccounts | length == 6 and (map(.siteId // empty) | unique | length == 3)
		and (map(.compliant) | unique == [false, true])' "$acme/service/asset-group-accounts.json" >/dev/null
	jq -e 'length == 3 and (map(.plan_id) | unique | length == 3) and (map(.subscription_id) | unique | length == 3)
		and ([.[] | .modules | length] | sort == [1, 2, 2])' "$acme/service/plan-items.json" >/dev/null
	jq -e --slurpfile accounts "$acme/service/asset-group-accounts.json" '.organizations | length == 1
		and (.[0].accounts | map(.id)) == ($accounts[0].assetGroupAccounts | map(.accountId | ascii_downcase) | sort)' \
		"$acme/service/organizations.json" >/dev/null
}

@test "accounts are named with quotes and backslash, emoji, right to left, comma and newline, and not at all" {
	jq -e '[.assetGroupAccounts[].accountName] | any(. != null and contains("\"") and contains("\\")) and any(. != null and contains("\ud83d\ude80"))
		and any(. != null and test("[\u0590-\u06ff]")) and any(. != null and contains(",") and contains("\n")) and any(. == null)' \
		"$acme/service/asset-group-accounts.json" >/dev/null
}

# null_in JQ PLACE...: into `programs`: some of these objects have null there.
null_in() {
	local place
	programs=()
	for place in "${@:2}"; do programs+=("$1 | any(has(\"$place\") and .$place == null)"); done
}

@test "the service's lists have a null in every nullable field" {
	null_in .assetGroupAccounts accountName externalAccountId siteId siteName
	holds "$acme/service/asset-group-accounts.json" "${programs[@]}"
	null_in . plan_name associated_accounts_count asset_group_name subscription_name
	holds "$acme/service/plan-items.json" "${programs[@]}"
	null_in '[.[].modules[]]' plan_item_name plan_item_description plan_item_internal_id
	holds "$acme/service/plan-items.json" "${programs[@]}"
}

@test "the feed's records have a null in every nullable field, and lack it elsewhere" {
	local all=('map(.record) | all(.envelopeId and .accountId and .status and .lastModifiedDateTime)')
	for place in createdDateTime sentDateTime deliveredDateTime completedDateTime voidedDateTime declinedDateTime statusChangedDateTime \
		planItemId sender emailSubject; do
		all+=("map(.record) | any(has(\"$place\") and .$place == null) and any(has(\"$place\") | not)")
	done
	for place in userId userName email; do
		all+=("map(.record.sender // empty) | any(has(\"$place\") and .$place == null) and any(has(\"$place\") | not)")
	done
	feed_holds "${all[@]}"
}

@test "between 1,800 and 2,300 envelopes over the 14 months" {
	feed_holds 'map(.record.envelopeId) | unique | length | . >= 1800 and . <= 2300' \
		'map(.record.sentDateTime // empty) | (min < "2024-01-31") and (max > "2025-03-30" and max < "2025-04-01")' \
		'[.[].record.sentDateTime // empty | .[:7]] | unique | length == 15'
}

@test "the feed is in order of arrival; its times have seven digits; the wrapper's id is lower-case" {
	feed_holds 'map(.arrived_at) | . == sort' \
		'all(.[].record | to_entries[] | select(.key | endswith("DateTime")) | .value;
		. == null or test("^20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-9:]{8}[.][0-9]{7}Z$"))'
	jq -s -e 'all(.account_id == (.record.accountId | ascii_downcase)) and any(.record.accountId != .account_id)
		and any(.record.envelopeId | test("[A-F]"))' "$feed" >/dev/null
}

@test "each account is processed on a weekday of its own, and the very day's envelopes wait for the next time" {
	feed_holds 'group_by(.account_id) | map(map(.arrived_at[:10] | strptime("%Y-%m-%d") | mktime | gmtime[6]) | unique)
		| all(length == 1) and (add | sort == [1, 2, 3, 4, 5, 6])' \
		'all(.record.lastModifiedDateTime < .arrived_at[:10])'
}

@test "two records of one version are equal" {
	feed_holds 'map(.record | {envelopeId, accountId, lastModifiedDateTime, status, sentDateTime, completedDateTime}) | unique
		| length == (map([.envelopeId, .lastModifiedDateTime]) | unique | length)'
}

@test "boundaries: the last and the first instant of a period, the leap day, before the contract" {
	special_holds 'last millisecond of the first period' "length > 0 and all(.record.sentDateTime == \"2024-04-29T23:59:59.9999999Z\")" \
		'first millisecond of the second period' "length > 0 and all(.record.sentDateTime == \"2024-04-30T00:00:00.0000000Z\")" \
		'last millisecond of the fourth period' "length > 0 and all(.record.sentDateTime == \"2025-01-30T23:59:59.9999999Z\")" \
		'first millisecond of the fifth period' "length > 0 and all(.record.sentDateTime == \"2025-01-31T00:00:00.0000000Z\")" \
		'sent on the leap day' "length > 0 and all(.record.sentDateTime[:10] == \"2024-02-29\")" \
		'before the contract starts' "length > 0 and all(.record.sentDateTime[:10] == \"2024-01-30\")"
}

@test "delivered twice: in one page, and in two arrivals" {
	id=$(special 'delivered twice in one page')
	pages 20250318T020000Z | jq -s -e --arg id "$id" 'any([.page.data[] | select(.envelopeId == $id)] | length == 2 and .[0] == .[1])' >/dev/null
	special_holds 'the same record in two arrivals' "length == 2 and .[0].record == .[1].record and .[0].arrived_at < .[1].arrived_at"
}

@test "an old version arrives after the new one" {
	special_holds 'old version arrives after' "map(.record.status) == [\"sent\", \"completed\", \"sent\"] and .[0].record == .[2].record"
	feed_holds 'group_by(.record.envelopeId) | map(select(map(.record.lastModifiedDateTime) | . != sort)) | length > 20'
}

@test "statuses change after the fact" {
	feed_holds '[group_by(.record.envelopeId)[] | map(.record.status)] as $histories
		| all(("completed", "voided", "declined"); . as $final | any($histories[]; .[0] == "sent" and .[-1] == $final))'
	special_holds 'a draft in the first period' "map(.record.status) == [\"created\", \"completed\"] and .[0].record.sentDateTime == null" \
		'voided between nights 1 and 2' ".[-1] | .record.status == \"voided\" and .record.sentDateTime < \"2025-01-31\"
		and .arrived_at > \"2025-03-18T02\" and .arrived_at < \"2025-03-25T02\"" \
		'third period, completed in the fourth' "map(.record.status) == [\"sent\", \"completed\"]"
}

@test "drafts, voided, declined, deleted and timed out ones" {
	special_holds 'a draft that stays one' "length == 1 and .[0].record.status == \"created\" and .[0].record.sentDateTime == null"
	feed_holds '["created", "sent", "delivered", "completed", "voided", "declined", "deleted", "timedout"] - map(.record.status) == []' \
		'all(.[].record; (.status == "created") == (.sentDateTime == null))'
}

@test "late envelopes restate closed periods after night 1 and after night 2" {
	feed_holds 'map(select(.arrived_at > "2025-03-18T02:00" and .arrived_at <= "2025-03-25T02:00" and .record.sentDateTime != null
		and .record.sentDateTime < "2025-01-31")) | map(.record.envelopeId) | unique | length >= 7' \
		'map(select(.arrived_at > "2025-03-25T02:00" and .arrived_at <= "2025-04-01T02:00" and .record.sentDateTime != null
		and .record.sentDateTime < "2025-01-31")) | map(.record.envelopeId) | unique | length >= 4'
	four() { consumed "$1" any 4; }
	[ "$(four 20250318T020000Z)" -lt "$(four 20250325T020000Z)" ]
	[ "$(four 20250325T020000Z)" -lt "$(four 20250401T020000Z)" ]
}

@test "plan items: taken from the group, none to take, mapped by no model" {
	special_holds 'in a group with one' "length > 0 and all(.record.planItemId == null and (.account_id | endswith(\"d301\")))" \
		'in a group with two: stays' "length > 0 and all(.record.planItemId == null and (.account_id | endswith(\"d304\")))"
	unknown=b7f2d3c8-1a4e-4f11-8c5d-2e90a1b3c405
	known=$(jq -c '[.[].modules[].plan_item_id | ascii_downcase] | unique' "$acme/service/plan-items.json")
	feed_holds 'map(select((.account_id | endswith("d304")) and .record.planItemId == null) | .record.envelopeId) | unique | length | . >= 3 and . <= 20' \
		"any(.record.planItemId // \"\" | ascii_downcase == \"$unknown\")" "map(.record.planItemId // empty | ascii_downcase) - $known == []"
	run ! grep -q "$unknown" "$acme/licence/models.csv"
	jq -e --arg id "$unknown" '[.[] | {subscription_name} + .modules[] | select(.plan_item_id | ascii_downcase == $id)]
		| length == 1 and (.[0].plan_item_name | contains("Business Pro") | not) and .[0].subscription_name == null' "$acme/service/plan-items.json" >/dev/null
}

@test "subjects with quotes and backslash, emoji, right to left, comma, newline and tab" {
	special_holds 'subject with quotes' ".[0].record.emailSubject | contains(\"\\\"\") and contains(\"\\\\\")" \
		'subject with emoji' ".[0].record.emailSubject | contains(\"\\ud83d\\ude80\") and contains(\"\\ud83c\\udf89\")" \
		'subject right to left' ".[0].record.emailSubject | test(\"[\\u0600-\\u06ff]\") and test(\"[\\u0590-\\u05ff]\")" \
		'subject with comma' ".[0].record.emailSubject | contains(\",\") and contains(\"\\n\") and contains(\"\\t\")"
}

@test "licence files have the agreed columns; totals are rights times unit cost" {
	[ "$(head -n 1 "$acme/licence/entitlements.csv")" = entitlement_id,software_model,agreement_type,license_type,metric_group,license_metric,subscription_period,start_date,end_date,purchased_rights,unit_cost,total_cost,currency,status ]
	[ "$(head -n 1 "$acme/licence/models.csv")" = publisher,product,version,edition,software_model,license_metric,unit,identifier_type,identifier ]
	[ "$(head -n 1 "$acme/licence/exclusions.csv")" = rule_type,identifier,profile,reason,start_date,end_date ]
	awk -F, 'NR > 1 { unit = $11; total = $12; sub(/[.]/, "", unit); sub(/[.]/, "", total)
		if (NF != 14 || $13 != "USD" || unit * $10 != total * 1) { print "wrong: " $0; exit 1 } }' "$acme/licence/entitlements.csv"
	grep -q ',Annually,' "$acme/licence/entitlements.csv"
}

# owned MODEL PERIOD_START: rights of the quarterly entitlements that start with the period.
owned() {
	awk -F, -v model="Docusign eSignature $1" -v start="$2" '$2 == model && $7 == "Quarterly" && $8 == start { sum += $10 } END { print sum + 0 }' \
		"$acme/licence/entitlements.csv"
}

@test "Enterprise Pro is over-licensed, Not Compliant, and tipped over by late envelopes" {
	[ "$(consumed 20250401T020000Z 'Enterprise Pro' 1)" -lt "$(owned 'Enterprise Pro' 2024-01-31)" ]
	[ "$(consumed 20250401T020000Z 'Enterprise Pro' 3)" -gt "$(owned 'Enterprise Pro' 2024-07-31)" ]
	[ "$(consumed 20250318T020000Z 'Enterprise Pro' 4)" -eq "$(owned 'Enterprise Pro' 2024-10-31)" ]
	[ "$(consumed 20250325T020000Z 'Enterprise Pro' 4)" -gt "$(owned 'Enterprise Pro' 2024-10-31)" ]
}

@test "Business Pro has enough in every period, with or without its yearly rights" {
	period=0
	for start in 2024-01-31 2024-04-30 2024-07-31 2024-10-31 2025-01-31; do
		period=$((period + 1))
		[ "$(consumed 20250401T020000Z 'Business Pro' $period)" -lt "$(owned 'Business Pro' $start)" ]
	done
}

@test "--raw prints whole records, the number of envelopes asked for, and re-deliveries in addition" {
	"$generate" --raw --envelopes 2000 --redeliver 10 --accounts 7 --days 30 --seed 3 >"$BATS_TEST_TMPDIR/raw"
	jq -s -e '(map(.envelopeId | ascii_downcase) | unique | length == 2000) and (map(.accountId | ascii_downcase) | unique | length == 7)
		and (length > 2100 and length < 2300) and all(.createdDateTime >= "2024-01-31" and .createdDateTime < "2024-03-01")
		and all(.status and .lastModifiedDateTime)' "$BATS_TEST_TMPDIR/raw" >/dev/null
	"$generate" --raw --envelopes 2000 --redeliver 10 --accounts 7 --days 30 --seed 3 | cmp - "$BATS_TEST_TMPDIR/raw"
	run ! cmp -s <("$generate" --raw --envelopes 2000 --redeliver 10 --accounts 7 --days 30 --seed 4) "$BATS_TEST_TMPDIR/raw"
}

@test "--raw: a re-delivery is an earlier envelope in the same or a newer version" {
	"$generate" --raw --envelopes 1000 --redeliver 100 | jq -s -e 'length == 2000 and (group_by(.envelopeId | ascii_downcase)
		| all((map(.lastModifiedDateTime) | .[0] == min)) and any(length > 1 and .[0].lastModifiedDateTime < .[1].lastModifiedDateTime)
			and any(length > 1 and .[0] == .[1]))' >/dev/null
}

@test "usage mistakes exit 64 with one line" {
	for arguments in "" "--bogus" "--raw --fixture x" "--raw operand" "--raw --envelopes 0" "--raw --envelopes x" "--raw --redeliver 101"; do
		# shellcheck disable=SC2086
		run --separate-stderr -64 "$generate" $arguments
		[ -z "$output" ]
		# shellcheck disable=SC2154 # set by run
		[[ $stderr == "generate: cannot "* && $stderr != *$'\n'* ]]
	done
}

@test "output that cannot be written is an error" {
	# shellcheck disable=SC2016 # for the inner shell
	run -74 sh -c '"$1" --raw >/dev/full' sh "$generate"
	run -73 "$generate" --fixture "$feed/below-a-file"
}
