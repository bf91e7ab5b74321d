#!/usr/bin/env bats
# forecast: hand-made series whose right answers are worked out by hand, or from the formulas by tests/forecast-reference.pl, never by the program.

# Units are jq, of $i.
# shellcheck disable=SC2016,SC2154,SC2238

load helper

none='{}' # members to add

setup() {
	mkdir "$BATS_TEST_TMPDIR/work"
	cd "$BATS_TEST_TMPDIR/work" || return 1
	cat >models.csv <<-'END'
		publisher,product,software_model,license_metric,identifier_type,identifier
		Docusign,eSignature,Pro,Envelope,plan_item_name,Pro *
		Docusign,eSignature,Basic,Envelope,plan_item_id,p2
	END
	jq -nc '{type: "RECORD", stream: "subscription", record: {organization_id: "o", subscription_id: "s", plan_item_id: "p1", plan_item_name: "Pro plan"}}' >subscription
}

# days FIRST COUNT UNITS [MEMBERS]: partials of account a and plan item p1; UNITS is jq, of $i, the number of the day from 0.
days() {
	jq -nc --arg first "$1" --argjson count "$2" "range(\$count) as \$i | {type: \"RECORD\", stream: \"daily_consumption\", record: ({account_id: \"a\",
		plan_item_id: \"p1\", day: (\$first + \"T00:00:00Z\" | fromdate + \$i * 86400 | todate[:10]), units_consumed: ($3), by_status: {},
		first_sent_at: null, last_sent_at: null} + ${4:-$none})}"
}

# position START END OWNED USED [MEMBERS]: of the model Pro; rights and use are JSON.
position() {
	change "\"profile\":\"acme\",\"publisher\":\"Docusign\",\"product\":\"eSignature\",\"software_model\":\"Pro\",\"license_metric\":\"Envelope\",\"unit\":\"envelope\",\"period_index\":0,\"period_start\":\"$1T00:00:00.000Z\",\"period_end\":\"$2T00:00:00.000Z\",\"period_state\":\"open\",\"rights_owned\":$3,\"rights_used\":$4,\"status\":\"Compliant\"" "${5:-{\}}"
	printf '{"type":"RECORD","stream":"metric_result","record":%s}\n' "$changed"
}

watermark() {
	printf '{"type":"RECORD","stream":"watermark","record":{"account_id":"%s","watermark":"%s"}}\n' "$1" "$2"
}

# foretell CLOCK [OPTION]…: of the records on standard input, bare.
foretell() {
	cat subscription - | forecast -q --models models.csv --now "$1" "${@:2}" | records_of forecast
}

# fields NAME…: of a record on standard input, one line.
fields() {
	jq -r "[$(printf '.%s, ' "$@" | sed 's/, $//')] | map(tostring) | join(\" \")"
}

# reference COUNTED FIRST-DAY AHEAD [EXPECTED]: "expected low high" of the units that are counted and those of the days ahead, by the formulas;
# units by day on standard input, by jq's days(). EXPECTED stands for what weeks that are all the same come to.
reference() {
	jq -s "map(.record | select(.day >= \"$2\")) | sort_by(.day)[].units_consumed" |
		perl "$BATS_TEST_DIRNAME/forecast-reference.pl" $(($(date -ud "$2" +%s) / 86400)) "$3" |
		awk -v counted="$1" -v even="$4" '{ if (even != "") $1 = even; printf "%d %d %d\n", counted + $1 + 0.5, counted + $2 + 0.5, counted + $3 + 0.5 }'
}

# licensed ROW...: entitlements.csv.
licensed() {
	{
		echo entitlement_id,software_model,license_metric,agreement_type,start_date,end_date,purchased_rights,total_cost,currency,profile,true_up_for
		printf '%s\n' "$@"
	} >entitlements.csv
}

@test "constant use goes on; rights run out on the first day on which more is used than owned" {
	{ days 2025-01-01 90 10 && position 2025-01-01 2026-01-01 3000 900; } >in
	foretell 2025-04-01T00:00:00Z <in >got
	same "linear 900 $(days 2025-01-01 90 10 | reference 900 2025-01-01 275 2750)" "$(fields method units_to_date expected_units low_units high_units <got)"
	# Day 300 of the year, 2025-10-27, uses the 3000th; 2025-10-28 the first beyond. From April 1 that is 210 days.
	same "2025-10-28 210 false" "$(fields exhausted_on days_left warning <got)"
	same "2025-03-31 2025-04-01T00:00:00.000Z" "$(fields known_until as_of <got)"
}

@test "rights that suffice to the last unit do not run out" {
	for owned in 3650 3649; do
		{ days 2025-01-01 90 10 && position 2025-01-01 2026-01-01 $owned 900; } | foretell 2025-04-01T00:00:00Z | fields exhausted_on days_left
	done >got
	same $'null null\n2025-12-31 274' "$(cat got)"
}

@test "use of the period before is told up to the same day, of each account up to the day that its feed has passed" {
	# a has used 1, 2, 3 … a day, and is read up to ten days of the second period: 55. b 3 a day, and is read up to five days: 15.
	{
		watermark a 2025-04-11T06:00:00.000Z && watermark b 2025-04-06T06:00:00.000Z
		days 2025-01-01 90 '$i + 1' && days 2025-01-01 90 3 '{account_id: "b"}'
		days 2025-04-01 10 7
		position 2025-01-01 2025-04-01 5000 4365 && position 2025-04-01 2025-07-01 5000 70 '{"period_index":1}'
	} >in
	same "70 70" "$(foretell 2025-04-11T08:00:00Z <in | fields units_to_date previous_units_to_date)"
	same null "$(grep -v '"period_index":0' in | foretell 2025-04-11T08:00:00Z | fields previous_units_to_date)"
}

@test "use on weekdays only goes on on weekdays only" {
	# 2025-01-06 is a Monday. Eight weeks of 5 x 20 until Sunday, March 2. The period ends with Sunday, March 30: four weeks.
	{ days 2025-01-06 56 'if $i % 7 < 5 then 20 else 0 end' && position 2025-01-06 2025-03-31 905 800; } >in
	foretell 2025-03-03T00:00:00Z <in >got
	same "linear $(days 2025-01-06 56 'if $i % 7 < 5 then 20 else 0 end' | reference 800 2025-01-06 28 400)" "$(fields method expected_units low_units high_units <got)"
	# 900 by Friday, March 7; nothing on Saturday and Sunday; the sixth beyond that on Monday the 10th.
	same "2025-03-10 7" "$(fields exhausted_on days_left <got)"
	same "900 900 900 920" "$(jq -r '.curve | map(select(.[0] | . >= "2025-03-07" and . <= "2025-03-10"))[] | .[1]' got | xargs)"
}

@test "growth, scatter and a season by the formulas: short and long series, near and far" {
	while read -r first count ahead end units; do
		days "$first" "$count" "$units" >daily
		used=$(jq -s 'map(.record.units_consumed) | add' daily)
		{ cat daily && position "$first" "$end" 100000 "$used"; } >in
		same "$(reference "$used" "$first" "$ahead" <daily)" \
			"$(foretell "$(date -ud "$first $count days" +%FT%TZ)" <in | fields expected_units low_units high_units)"
	done <<-'END'
		2025-01-06 56 28 2025-03-31 ($i / 7 | floor) * 10 + 10
		2025-01-06 70 14 2025-03-31 if ($i / 7 | floor) % 2 == 0 then 20 else 30 end
		2023-03-01 500 200 2025-01-29 30 + ($i % 11) + (20 * (($i / 58.13) | sin) | floor)
		2023-03-01 300 10 2024-01-05 if $i == 200 then 900 elif $i < 150 then 20 + $i % 3 else 40 + $i % 5 end
	END
}

@test "one-off sends are found, left out of what goes on, counted as used, and come again as often as so far" {
	{ days 2025-01-01 300 'if $i == 100 then 1010 elif $i == 250 then 510 else 10 end' && position 2025-01-01 2026-01-01 100000 4500; } >in
	foretell 2025-10-28T00:00:00Z <in >got
	# 1500 units in 300 days are 5 a day: beside 65 days of 10.
	same "5475 1500 $((3000 + 650))" "$(fields expected_units one_off_units expected_units_without_one_offs <got)"
	same '[{"day":"2025-04-11","units":1000,"account_id":"a","account_units":1010},{"day":"2025-09-08","units":500,"account_id":"a","account_units":510}]' \
		"$(jq -c .one_off_sends got)"
	[[ $(fields explanation <got) == *" One-off sends: 2, the last of 500 units on 2025-09-08, when account a used the most, 510; they count as used,"*"1825 units a year."* ]]
	# Use that has changed is no one-off send: four days in fifteen.
	{ days 2025-01-01 300 'if $i >= 296 then 510 else 10 end' && position 2025-01-01 2026-01-01 100000 5000; } | foretell 2025-10-28T00:00:00Z >got
	same "0 []" "$(jq -r '"\(.one_off_units) \(.one_off_sends)"' got)"
}

# Two one-off sends of six accounts, of 10 units a day each: on day 100 z has sent 300 by p1 and 300 by p3, y 400 by p4; on day 250 b and c 200 each.
mailings() {
	local account item
	for item in p3 p4; do
		jq -nc --arg item $item '{type: "RECORD", stream: "subscription", record: {organization_id: "o", subscription_id: "t", plan_item_id: $item, plan_item_name: "Pro \($item)"}}'
	done
	for account in a b c d; do
		days 2025-01-01 300 "if \$i == 250 and (\"$account\" | IN(\"b\", \"c\")) then 200 else 10 end" "{account_id: \"$account\"}"
	done
	days 2025-01-01 300 'if $i == 100 then 400 else 10 end' '{account_id: "y", plan_item_id: "p4"}'
	for item in p1 p3; do
		days 2025-01-01 300 'if $i == 100 then 300 else 5 end' "{account_id: \"z\", plan_item_id: \"$item\"}"
	done
	position 2025-01-01 2026-01-01 100000 19360 # 300 days of 60, and 980 and 380 beyond
}

# named: who, of the forecast in `got`.
named() {
	jq -c '[.one_off_sends[] | [.day, .units, .account_id, .account_units]]' got
}

@test "one-off sends name the account with the most units of the day, in whatever order records come" {
	local seed account day=26
	mailings >in
	foretell 2025-10-28T00:00:00Z <in >got
	same '[["2025-04-11",980,"z",600],["2025-09-08",380,"b",200]]' "$(named)"
	[[ $(fields explanation <got) == *" One-off sends: 2, the last of 380 units on 2025-09-08, when account b used the most, 200; they count as used,"* ]]
	for seed in 1 2; do
		shuf --random-source=<(yes $seed) in | foretell 2025-10-28T00:00:00Z | cmp - got
	done
	# Feeds that are read on two days; watermarks are before, among and behind the units.
	{ cat in && for account in a b c d y z; do watermark $account 2025-10-$((day = 53 - day))T12:00:00Z; done; } >fed
	foretell 2025-10-28T00:00:00Z <fed >got
	same '[["2025-04-11",980,"z",600],["2025-09-08",380,"b",200]]' "$(named)"
	for seed in 1 2 3; do
		shuf --random-source=<(yes $seed) fed | foretell 2025-10-28T00:00:00Z | cmp - got
	done
	# The days of consumption records serve as well.
	jq -cn '[inputs] | (.[] | select(.stream != "daily_consumption")), (map(select(.stream == "daily_consumption").record) | group_by([.account_id, .plan_item_id])[]
		| {type: "RECORD", stream: "consumption", record: (.[0] + {by_day: (map({(.day): .units_consumed}) | add)})})' in >by-day
	foretell 2025-10-28T00:00:00Z <by-day >got
	same '[["2025-04-11",980,"z",600],["2025-09-08",380,"b",200]]' "$(named)"
}

@test "one-off sends name no account that is excluded, and none where excluded users may have made it the first" {
	local account
	mailings >in
	cat >exclusions.csv <<-'END'
		rule_type,identifier,profile,reason,start_date,end_date
		account,b,,left,2025-09-01,
		identifier,Pro p3,,other,,
	END
	foretell 2025-10-28T00:00:00Z --exclusions exclusions.csv <in >got 2>err
	same '[["2025-04-11",685,"y",400],["2025-09-08",190,"c",200]]' "$(named)" # 390 + 295 beyond; 190
	# Excluded users made 60 of b's 200: c, with as many, is not known any more. 150 of z's 600 leave it more than any other has.
	{ days 2025-09-08 1 60 '{account_id: "b"}' && days 2025-04-11 1 150 '{account_id: "z", plan_item_id: "p3"}'; } >excluded
	for account in a b c d y z; do watermark $account 2025-10-28T00:00:00Z; done >feeds
	cat in feeds | foretell 2025-10-28T00:00:00Z --excluded excluded 2>err >behind
	cat feeds in | foretell 2025-10-28T00:00:00Z --excluded excluded >got 2>err
	cmp behind got
	same '[["2025-04-11",830,"z",450],["2025-09-08",320,null,null]]' "$(named)"
	[[ $(fields explanation <got) == *" the last of 320 units on 2025-09-08; they count as used,"* ]]
}

@test "no use: nothing is expected, and rights of none do not run out" {
	position 2025-01-01 2026-01-01 0 0 | foretell 2025-04-01T00:00:00Z >got
	same "linear 0 0 0 0 null null false" "$(fields method units_to_date expected_units low_units high_units exhausted_on days_left warning <got)"
}

@test "unlimited rights never run out; what is expected is said" {
	{ days 2025-01-01 90 10 && position 2025-01-01 2026-01-01 '"unlimited"' 900; } | foretell 2025-04-01T00:00:00Z >got
	same "unlimited 3650 null null false" "$(fields rights_owned expected_units exhausted_on days_left warning <got)"
}

@test "a period just begun goes by the days before it" {
	# Four weeks of 10 a day before it; at its first midnight nothing of it is known.
	{ days 2025-03-04 28 10 && position 2025-04-01 2025-07-01 500 0; } | foretell 2025-04-01T00:00:00Z >got
	same "linear 0 910 2025-05-21 50" "$(fields method units_to_date expected_units exhausted_on days_left <got)"
}

@test "a period just begun of a metric that was never used" {
	position 2025-04-01 2025-07-01 500 0 | foretell 2025-04-01T00:00:00Z >got
	same "none 0 0 0" "$(fields method expected_units low_units high_units <got)"
}

@test "the first days of all: their mean goes on" {
	# Three days, 6 units; 28 more days of 2.
	{ days 2025-04-01 3 '[1, 2, 3][$i]' && position 2025-04-01 2025-05-02 500 6; } | foretell 2025-04-04T00:00:00Z >got
	same "linear 62" "$(fields method expected_units <got)"
}

@test "periods that are over, or have not begun, have no forecast; nor where use is not known" {
	{
		days 2025-01-01 90 10
		position 2024-01-01 2025-01-01 500 0
		position 2026-01-01 2027-01-01 500 0
		position 2025-01-01 2026-01-01 500 null
	} >in
	cat subscription in | forecast --models models.csv --now 2025-04-01T00:00:00Z >out 2>err
	cat subscription in | cmp - out
	same '' "$(cat err)"
}

@test "rights that ran out in the past: the day of it, and no days are left" {
	# Ten a day: 590 by the 59th day, 600 by the 60th, March 1.
	{ days 2025-01-01 90 10 && position 2025-01-01 2026-01-01 595 900; } | foretell 2025-04-01T12:00:00Z >got
	same "2025-03-01 0 true" "$(fields exhausted_on days_left warning <got)"
}

@test "over a year of use is seasonal: last year's season comes again" {
	# 20 a day, 40 in the summers of two years; the third summer is to come, and half a year after it.
	{ days 2023-01-01 850 'if $i % 365 >= 150 and $i % 365 < 240 then 40 else 20 end' && position 2025-01-01 2026-01-01 100000 2400; } >in
	foretell 2025-04-30T00:00:00Z <in >got
	same seasonal "$(fields method <got)"
	# Without the summer 245 days of 20 are 4900; 1800 go beyond.
	expected=$(fields expected_units <got)
	[ "$expected" -gt $((2400 + 4900 + 900)) ] && [ "$expected" -lt $((2400 + 4900 + 2700)) ]
	[[ $(fields explanation <got) =~ "Season: of the days to come, the week from 2025-0"[678]-[0-9]{2}" is the strongest, that from 2025-"[0-9-]{5}" has " ]]
	{ days 2024-01-01 392 10 && position 2025-01-01 2026-01-01 100000 260; } | foretell 2025-01-27T00:00:00Z | fields method expected_units >got
	{ days 2024-01-01 391 10 && position 2025-01-01 2026-01-01 100000 250; } | foretell 2025-01-26T00:00:00Z | fields method expected_units >>got
	same $'seasonal 3650\nlinear 3650' "$(cat got)"
}

@test "a rush in December comes again, though it is not the whole month's" {
	# 10 a day; 20 from the 1st to the 23rd of December, and 5 on the eight days after it: 550 from 26 November to the year's end.
	days 2023-01-01 695 '(86400 * $i + 1672531200 | gmtime) as $t | if $t[1] != 11 then 10 elif $t[2] <= 23 then 20 else 5 end' >in
	position 2024-01-01 2025-01-01 100000 3300 >>in
	foretell 2024-11-26T00:00:00Z <in | fields expected_units low_units high_units >got
	read -r expected low high <got
	[ "$low" -lt 3850 ] && [ "$high" -gt 3850 ] && [ "$expected" -gt 3800 ] && [ "$expected" -lt 3900 ]
}

@test "days that some feed has not passed are expected like those to come, but never less than what was counted" {
	{
		days 2025-01-06 56 10
		days 2025-03-03 4 3 # a part of the four days before the clock's
		position 2025-01-06 2025-03-31 100000 572
	} >in
	# Without watermarks the four days count as they are: less is expected.
	foretell 2025-03-07T00:00:00Z <in >without
	{ watermark a 2025-03-03T15:00:00Z && watermark b 2025-03-06T15:00:00Z && cat in; } | foretell 2025-03-07T00:00:00Z >with
	same "2025-03-02 840" "$(fields known_until expected_units <with)"
	[ "$(fields expected_units <without)" -lt 840 ]
	# A feed that has not moved for over ten days: known_until does not wait for it; its missing days are unknown, not zero.
	{ watermark a 2025-02-24T23:59:59Z && cat in; } | foretell 2025-03-07T00:00:00Z >stale
	same "2025-03-06 840" "$(fields known_until expected_units <stale)"
	# More than was expected of four days has come: 60 of 40.
	{ days 2025-01-06 56 10 && days 2025-03-03 4 15 && position 2025-01-06 2025-03-08 615 620 && watermark a 2025-03-03T15:00:00Z; } | foretell 2025-03-07T00:00:00Z >more
	same "620 620 2025-03-06 0" "$(fields expected_units low_units exhausted_on days_left <more)"
}

@test "accounts are forecast from the day up to which their feeds are read, and added: none waits for another" {
	# Account a is a week behind, b is not, and uses ten times as much since that week began.
	{
		days 2025-01-06 56 10
		days 2025-01-06 56 10 '{account_id: "b"}'
		days 2025-03-03 7 100 '{account_id: "b"}'
		position 2025-01-06 2025-03-31 100000 1820
	} >in
	{ watermark a 2025-03-03T15:00:00Z && watermark b 2025-03-10T15:00:00Z && cat in; } | foretell 2025-03-10T00:00:00Z >got
	alone() { foretell 2025-03-10T00:00:00Z | jq -r '"\(.expected_units) \(.expected_units - .low_units) \(.high_units - .expected_units)"'; }
	read -r a down_a up_a < <({ watermark a 2025-03-03T15:00:00Z && days 2025-01-06 56 10 && position 2025-01-06 2025-03-31 100000 560; } | alone)
	read -r b down_b up_b < <(jq -c 'select(.record.account_id == "b" or .stream == "metric_result") | if .stream == "metric_result" then .record.rights_used = 1260 else . end' in | alone)
	# a: 84 days of 10. Reaches are added as if correlated by 0.8; all are rounded, so to the unit.
	same "2025-03-02 $((840 + b))" "$(fields known_until expected_units <got)"
	same "840 true" "$a $(awk -v r="$down_a" -v s="$down_b" -v t="$up_a" -v u="$up_b" -v got="$(fields expected_units low_units high_units <got)" 'BEGIN { split(got, g, " ")
		low = g[1] - sqrt(r * r + s * s + 1.6 * r * s) - g[2]; high = g[1] + sqrt(t * t + u * u + 1.6 * t * u) - g[3]
		print (low * low <= 4 && high * high <= 4 ? "true" : low " " high) }')"
	# In any order.
	{ cat in && watermark b 2025-03-10T15:00:00Z && watermark a 2025-03-03T15:00:00Z; } | foretell 2025-03-10T00:00:00Z >after
	same_files got after
}

@test "six feeds on six days: the nearest are taken together, each from the earlier day" {
	for day in 1 2 4 5 7 9; do
		watermark "a$day" "2025-03-0${day}T15:00:00Z"
		days 2025-01-06 $((53 + day)) 10 "{account_id: \"a$day\"}"
	done >daily
	{ cat daily && position 2025-01-06 2025-03-31 100000 "$(records_of daily_consumption <daily | jq -s 'map(.units_consumed) | add')"; } |
		foretell 2025-03-10T00:00:00Z | fields expected_units >got
	same $((6 * 84 * 10)) "$(cat got)"
}

@test "a feed that stopped years ago is no error" {
	{ watermark a 2015-01-01T00:00:00Z && days 2014-01-01 300 10 && days 2025-01-01 90 10 '{account_id: "b"}' && position 2025-01-01 2026-01-01 3000 900; } |
		foretell 2025-04-01T00:00:00Z | fields expected_units >got
	same 3650 "$(cat got)"
}

@test "rights run out within a range of days; the true-up costs between what low and high use cost" {
	{ days 2025-01-01 90 10 && position 2025-01-01 2026-01-01 3000 900; } >in
	licensed e1,Pro,Envelope,,2025-01-01,2025-12-31,3000,6000,USD,,
	foretell 2025-04-01T00:00:00Z --entitlements entitlements.csv <in >got
	# The first days of the curve on which high, and low use comes to more than 3000; low use of the year does not.
	same "2025-10-28 null" "$(fields exhausted_on latest_exhausted_on <got)"
	jq -e '.earliest_exhausted_on as $day | .low_units < 3000 and ([.curve[] | select(.[0] >= $day and .[3] <= 3000)] == [])
		and ([.curve[] | select(.[0] < $day and .[3] > 3000)] == [])' got >/dev/null
	# At 2.00 each.
	same "0.00 1300.00 true" "$(jq -r '"\(.low_true_up_cost) \(.expected_true_up_cost) \(.high_true_up_cost == "\(.high_units * 2 - 6000).00")"' got)"
	# What has run out has run out on one day.
	{ days 2025-01-01 90 10 && position 2025-01-01 2026-01-01 595 900; } | foretell 2025-04-01T00:00:00Z | fields earliest_exhausted_on exhausted_on latest_exhausted_on >got
	same "2025-03-01 2025-03-01 2025-03-01" "$(cat got)"
}

@test "the explanation: level, trend, season, and how well earlier forecasts did" {
	{ days 2025-01-01 90 10 && position 2025-01-01 2026-01-01 3000 900; } | foretell 2025-04-01T00:00:00Z | fields explanation >got
	same "Level: about 70 units a week in the last weeks. Trend: none. Season: not known, which takes more than a year of use. How well it does is not known yet, which takes 30 weeks of use." "$(cat got)"
	{ days 2023-01-02 420 10 && position 2024-01-01 2024-12-30 100000 560; } | foretell 2024-02-26T00:00:00Z | fields explanation >got
	[[ $(cat got) == "Level: about 70 units a week in the last weeks. Trend: none. Season: none. How well it did: 2 earlier forecasts of 12 weeks missed what came by "[0-2]"% on average." ]]
	position 2025-04-01 2025-07-01 500 0 | foretell 2025-04-01T00:00:00Z | fields explanation >got
	same "Nothing is known of the use yet, so none is expected." "$(cat got)"
}

# past AS-OF DAY TO-DATE EXPECTED LOW HIGH [PROFILE] [PERIOD-START] [MODEL]: what an earlier run foretold.
past() {
	printf '{"type":"RECORD","stream":"past_forecast","record":{"profile":%s,"software_model":"%s","license_metric":"Envelope","period_start":"%sT00:00:00.000Z","as_of":"%sT02:00:00.000Z","units_to_date":%s,"day":"%s","expected_units":%s,"low_units":%s,"high_units":%s}}\n' \
		"${7:-\"acme\"}" "${9:-Pro}" "${8:-2025-01-01}" "$1" "$3" "$2" "$4" "$5" "$6"
}

@test "forecasts of earlier runs are judged as they were made, by what is known now" {
	# 10 a day: 400 by 9 February, 600 by 1 March, 1200 by 30 April; 300 by 30 October, of a period that is over.
	{
		past 2025-01-11 2025-02-09 100 430 380 500     # 30 of 330: 9%
		past 2025-01-31 2025-03-01 300 620 605 640     # 20 of 320: 6%, out of its range
		past 2025-01-11 2025-04-30 100 1640 1100 1700  # 440 of 1540: 29%
		past 2024-10-01 2024-10-30 0 300 250 330 '"acme"' 2024-10-01 # right
		past 2025-04-20 2025-05-18 1100 1000 900 1000  # is not over
		past 2025-01-11 2025-02-09 100 9000 9000 9000 '"other"'
		past 2025-01-11 2025-02-09 100 9000 9000 9000 null
		past 2025-01-11 2025-02-09 100 9000 9000 9000 '"acme"' 2025-01-01 Basic
		past 2025-01-11 2025-02-09 100 9000 9000 9000 '"acme"' 2025-01-01 'No more'
	} >past
	{ days 2024-10-01 212 10 && watermark a 2025-05-01T09:00:00Z && position 2025-01-01 2026-01-01 3000 1200; } >in
	foretell 2025-05-11T00:00:00Z --past past <in >got
	same "Forecasts of earlier runs, as they were made: 3 of about 4 weeks missed what came by 5% on average, and the range held 2; 1 of about 13 weeks missed what came by 29% on average, and the range held 1." \
		"$(fields explanation <got | grep -o 'Forecasts of earlier.*')"
	same '["2024-10-01","2024-10-30",0,300,250,330,300] ["2025-01-11","2025-02-09",100,430,380,500,400] ["2025-01-11","2025-04-30",100,1640,1100,1700,1200] ["2025-01-31","2025-03-01",300,620,605,640,600]' \
		"$(jq -c '.past_forecasts[] | [.made_on, .day, .units_to_date, .expected_units, .low_units, .high_units, .units]' got | xargs -d '\n')"
	# A feed that has stopped has no units of later days: they are unknown, not zero. And without the file nothing is said.
	{ cat in && days 2025-01-01 40 1 '{account_id: "b"}' && watermark b 2025-02-10T09:00:00Z; } | foretell 2025-05-11T00:00:00Z --past past >got
	same "2024-10-30 2025-02-09" "$(jq -r '[.past_forecasts[].day] | join(" ")' got)"
	foretell 2025-05-11T00:00:00Z <in >got
	same '[] false' "$(jq -r '"\(.past_forecasts) \(.explanation | test("earlier runs"))"' got)"
	# The next night brings 33 more units of February: what came is 433, and the first is in its range.
	{ cat in && days 2025-02-05 1 33; } | foretell 2025-05-11T00:00:00Z --past past >got
	same "300 433 1233 633" "$(jq -r '[.past_forecasts[].units] | join(" ")' got)"
}

@test "forecasts of earlier runs: a file that is not there, and fields that are wrong" {
	position 2025-01-01 2026-01-01 3000 0 >in
	run --separate-stderr forecast --models models.csv --past nowhere <in
	refused 66 "forecast: cannot open 'nowhere'*"
	while read -r field value expected; do
		past 2025-01-11 2025-02-09 100 430 380 500 | jq -c ".record.$field = $value" >past
		run --separate-stderr forecast --models models.csv --past past <in
		refused 65 "forecast: cannot read 'past' line 1: past_forecast \"$field\" must be $expected*"
	done <<-'END'
		software_model null a string
		license_metric null a string
		day "soon" a date
		as_of null a time
		expected_units -1 a whole number, 0 or more
		high_units "x" a whole number
	END
}

@test "the ledger prints of each month's first run what it foretold of four weeks on, and thirteen" {
	# run NUMBER CLOCK STATE: its forecast has a point each 5 days.
	run_of() {
		jq -nc --arg clock "$2" --arg state "$3" --argjson units "$1" '{type: "RECORD", stream: "job_result", record: {run_id: $clock, profile: "acme", job: "run", state: $state, started_at: ($clock + "T02:00:00.000Z"), ended_at: null, counts: {consumption: 0}, error: null}},
			{type: "RECORD", stream: "forecast", record: {profile: "acme", software_model: "Pro", license_metric: "Envelope", period_start: "2025-01-01T00:00:00.000Z", as_of: ($clock + "T02:00:00.000Z"), units_to_date: $units,
				curve: [["2025-01-01", 1], (range(0; 365; 5) as $i | ("2025-01-01T00:00:00Z" | fromdate + $i * 86400 | todate[:10]) | select(. >= $clock) | [., $units + 1, $units, $units + 2])]}}'
	}
	n=0
	for run in "2025-01-03 succeeded" "2025-01-04 succeeded" "2025-02-01 failed" "2025-02-02 partial" "2025-11-01 succeeded" "2025-12-29 succeeded"; do
		n=$((n + 10))
		run_of $n "${run% *}" "${run#* }" | merge -q --ledger l.db --emit none
	done
	# Its curve has 31 January, 28 days after the 3rd, and 6 April, two after 91 days. In November the year's last 91 days are not whole.
	same "2025-01-03 2025-01-31 10 11 10 12
2025-01-03 2025-04-06 10 11 10 12
2025-02-02 2025-03-02 40 41 40 42
2025-02-02 2025-05-06 40 41 40 42
2025-11-01 2025-12-02 50 51 50 52" "$(merge --ledger l.db --print-forecasts | records_of past_forecast | jq -r '[.as_of[:10], .day, .units_to_date, .expected_units, .low_units, .high_units] | join(" ")')"
	same '["acme","Pro","Envelope","2025-01-01T00:00:00.000Z"]' "$(merge --ledger l.db --print-forecasts | records_of past_forecast | jq -c '[.profile, .software_model, .license_metric, .period_start]' | sort -u)"
}

@test "a run judges what earlier runs foretold, and a replay takes what they foretold as it was then" {
	acme_after 2 ws
	# As if the first night had been a month earlier, and had foretold far more than came.
	sqlite3 ws/ledger/acme.db "UPDATE result SET record = json_set(replace(record, '\"as_of\":\"2025-03-18', '\"as_of\":\"2025-02-18'), '$.units_to_date', 0,
		'$.curve', json('[[\"2025-03-18\",5000,4000,6000]]')) WHERE stream = 'forecast'; UPDATE job_result SET record = replace(record, '2025-03-18T', '2025-02-18T') WHERE number = 1"
	run -0 "$root/pipeline.sh" run -q -C ws --replay "$acme/nights/20250401T020000Z"
	records_of forecast <ws/runs/acme/20250401T020000Z/results.ndjson >got
	same '2025-02-18 2025-03-18 5000 true' "$(jq -r '.past_forecasts[] | "\(.made_on) \(.day) \(.expected_units) \(.units < 500)"' got | sort -u)"
	[[ $(fields explanation <got) == *"earlier runs, as they were made: 1 of about 4 weeks missed what came by 9"?"% on average, and the range held 0."* ]]
	# The ledger that a replay makes of the evidence has other forecasts: those are not asked.
	run -0 "$root/pipeline.sh" replay -C ws 20250401T020000Z
}

@test "--warn-days: fewer days left than it says are marked and said, and the exit is 0" {
	{ cat subscription && days 2025-01-01 90 10 && position 2025-01-01 2026-01-01 3000 900; } >in
	for days in 210 211 0; do
		run --separate-stderr forecast --models models.csv --now 2025-04-01T00:00:00Z --warn-days $days <in
		[ "$status" -eq 0 ]
		echo "$days $(jq -r 'select(.stream == "forecast" and .record).record.warning' <<<"$output") $stderr"
	done >got
	same "210 false 
211 true forecast: warning: rights of 'Pro', 'Envelope' are expected to run out on 2025-10-28, in 210 days
0 false " "$(cat got)"
	{ cat subscription && days 2025-01-01 90 10 && position 2025-01-01 2026-01-01 595 900; } >in
	run --separate-stderr forecast --models models.csv --now 2025-04-01T00:00:00Z <in
	same "forecast: warning: rights of 'Pro', 'Envelope' ran out on 2025-03-01" "$stderr"
}

@test "an enterprise-wide agreement covers what is used beyond: no warning" {
	{ days 2025-01-01 90 10 && position 2025-01-01 2026-01-01 595 900; } >in
	entitlement() {
		echo entitlement_id,software_model,license_metric,subscription_period,agreement_type,start_date,end_date,purchased_rights,allocation_type,allocation_value
		echo "e1,Pro,Envelope,Entire,$1,$2,$3,595,$4"
	}
	entitlement ELA 2025-01-01 2025-12-31 , >covers.csv
	entitlement Standard 2025-01-01 2025-12-31 , >ordinary.csv
	entitlement ELA 2025-03-02 2025-12-31 , >later.csv
	entitlement ELA 2025-01-01 2025-12-31 account,b >allocated.csv
	for file in covers ordinary later allocated; do
		echo "$file $(foretell 2025-04-01T00:00:00Z --entitlements $file.csv <in | fields is_covered warning exhausted_on)"
	done >got
	same $'covers true false null\nordinary false true 2025-03-01\nlater false true 2025-01-01\nallocated false true 2025-03-01' "$(cat got)"
}

@test "excluded accounts, identifiers and users are left out of every day" {
	{
		days 2025-01-01 90 10
		days 2025-01-01 90 5 '{account_id: "test-1"}'
		days 2025-01-01 90 7 '{plan_item_id: "p3"}'
		jq -nc '{type: "RECORD", stream: "subscription", record: {subscription_id: "s", plan_item_id: "p3", plan_item_name: "Pro trial"}}'
		position 2025-01-01 2026-01-01 3000 810
	} >in
	cat >exclusions.csv <<-'END'
		rule_type,identifier,profile,reason,start_date,end_date
		account,test-*,,test,,
		identifier,Pro trial,,trial,,
		account,a,other,of another profile,,
		user,u1,,robot,,
	END
	days 2025-01-01 90 1 >users
	cat subscription in | forecast --models models.csv --now 2025-04-01T00:00:00Z --exclusions exclusions.csv --excluded users >out 2>err
	same '' "$(cat err)"
	same "$((810 + 275 * 9))" "$(records_of forecast <out | fields expected_units)"
}

@test "daily partials that are not all there are said" {
	{ cat subscription && days 2025-01-02 89 10 && position 2025-01-01 2026-01-01 5000 900; } >in
	run --separate-stderr forecast --models models.csv --now 2025-04-01T00:00:00Z <in
	[ "$status" -eq 0 ]
	same "forecast: warning: daily partials of 'Pro', 'Envelope' add up to 890 units in its period, but its position has 900: is part of the input missing?" "$stderr"
}

@test "two models are told apart, two profiles are refused" {
	{ days 2025-01-01 90 10 && days 2025-01-01 90 1 '{plan_item_id: "p2"}' && position 2025-01-01 2026-01-01 5000 900 &&
		position 2025-01-01 2026-01-01 5000 90 '{software_model: "Basic"}'; } >in
	same $'Pro 3650\nBasic 365' "$(foretell 2025-04-01T00:00:00Z <in | fields software_model expected_units)"
	{ cat subscription in && position 2025-01-01 2026-01-01 5000 90 '{profile: "other"}'; } >two
	run --separate-stderr forecast --models models.csv --now 2025-04-01T00:00:00Z <two
	fails 65 "forecast: cannot read 'standard input' line 184: metric_result is of another profile than those before: daily partials name none, so a pipe is one profile's"
}

@test "any order of the records and any cut of the partials give the same bytes" {
	{ days 2023-01-02 600 '$i % 11 + 3' && position 2024-06-01 2025-06-01 2000 "$(days 2023-01-02 600 '$i % 11 + 3' | jq -s 'map(select(.record.day >= "2024-06-01").record.units_consumed) | add')" && watermark a 2024-08-20T01:00:00Z; } >in
	foretell 2024-08-24T00:00:00Z <in >expected
	shuffled 1 <in | foretell 2024-08-24T00:00:00Z >got
	same_files expected got
	jq -c 'if .stream == "daily_consumption" then (.record.units_consumed as $n | (.record.units_consumed = ($n / 2 | floor)), (.record.units_consumed = $n - ($n / 2 | floor) | .record.account_id = "b")) else . end' in |
		sed '$p; $s/"a"/"b"/' | foretell 2024-08-24T00:00:00Z >got
	same_files expected got
}

@test "the curve: from nothing to today, and on to what is expected; every day of a short period" {
	{ days 2025-04-01 14 10 && position 2025-04-01 2025-05-01 100000 140; } | foretell 2025-04-15T08:00:00Z >got
	same 30 "$(jq '.curve | length' got)"
	same '["2025-04-01",10] ["2025-04-14",140] ["2025-04-15",150]' "$(jq -c '.curve | .[0], .[13], .[14][:2]' got | xargs -d '\n')"
	same true "$(jq -c '.curve[-1] == ["2025-04-30", .expected_units, .low_units, .high_units]' got)"
	same true "$(jq -c '.curve | all(.[]; length == 2 or (.[2] <= .[1] and .[1] <= .[3]))' got)"
}

@test "every record has its SCHEMA before it, and the fields of its stream" {
	{ cat subscription && days 2025-01-01 90 10 && position 2025-01-01 2026-01-01 3000 900; } | forecast -q --models models.csv --now 2025-04-01T00:00:00Z >out
	same "SCHEMA RECORD" "$(jq -r 'select(.stream == "forecast").type' out | xargs)"
	same "$(jq -r 'select(.stream == "forecast" and .schema).schema.properties | keys_unsorted[]' out)" "$(records_of forecast <out | jq -r 'keys_unsorted[]')"
}

@test "a period of more than sixty months is refused, not guessed" {
	{ cat subscription && days 2025-01-01 90 10 && position 2025-01-01 2035-01-01 3000 900; } >in
	run --separate-stderr forecast --models models.csv --now 2025-04-01T00:00:00Z <in
	fails 65 "forecast: cannot forecast 3562 days: a period of up to 1900 is foreseen"
}

@test "report: sentence, table, and a burn-down picture that is well-formed" {
	{ cat subscription && days 2025-01-01 90 10 && position 2025-01-01 2026-01-01 3000 900 '{rights_available: 2100, over_licensed_rights: 2100, unlicensed_rights: 0}'; } |
		forecast -q --models models.csv --now 2025-04-01T00:00:00Z --warn-days 300 >out
	report --now 2025-04-01T00:00:00Z <out >table
	grep -qx 'At risk: rights of Pro are expected to run out on 2025-10-28, in 210 days: plan a purchase.' table
	[[ $(tr -s ' ' <table) == *"2025-01-01 – 2025-12-31 3000 900 3650 "*" 2025-10-28 210 linear"* ]]
	report --now 2025-04-01T00:00:00Z --format html <out >page.html
	grep -q '<desc id="chart[0-9]*-d">900 used to date, 3650 expected by the end (between [0-9]* and [0-9]*), 3000 owned, run out on 2025-10-28</desc>' page.html
	grep -q '>expected 3650</text>' page.html
	grep -q '<p>In 80 of 100 cases rights run out from 2025-0[89]-[0-9]* on, or last to the period.*s end. Level: about 70 units a week' page.html
	grep -q '>owned 3000</text>' page.html
	# The rights' line and the day on which they run out meet where 3000 of the axis is, which ends at the round figure above the interval's
	# highest: 200 pixels high, 18 from the top. Their day is the 300th of 365.
	high=$(records_of forecast <out | fields high_units)
	top=$(awk -v high="$high" 'BEGIN { print (int((high - 1) / 1000) + 1) * 1000 }')
	y=$(awk -v top="$top" 'BEGIN { printf "%.1f", 18 + (1 - 3000 / top) * 200 }')
	grep -q "<circle class=\"out\" cx=\"$(awk 'BEGIN { printf "%.2f", 300 / 365 * 100 }')%\" cy=\"$y\"" page.html
	# Points of the curve are looked at before they are drawn.
	jq -c 'if .stream == "forecast" and .record then .record.curve = ["x", [1], ["<blink>", 5], ["2025-01-01", "<blink>"], ["2025-02-31", 7, 8, "9"]] else . end' out | report --format html --now 2025-04-01T00:00:00Z >hostile.html
	run ! grep -qF "<blink>" hostile.html
	grep -q 'class="chart burn"' hostile.html
}

@test "rights that begin or end within the period have their days, in the record and on the page" {
	{ days 2025-01-01 90 10 && position 2025-01-01 2026-01-01 4600 900; } >in
	# 1000 end with March; 2000 begin in May, and 500 with them; 100 a month from November on, twice; the true-up of the period covers all of it.
	printf '%s\n' entitlement_id,software_model,license_metric,subscription_period,start_date,end_date,purchased_rights,true_up_for e1,Pro,Envelope,,2025-01-01,2025-03-31,1000, \
		e2,Pro,Envelope,,2025-05-01,2025-12-31,2000, e3,Pro,Envelope,,2025-05-01,2026-04-30,500, e4,Pro,Envelope,Monthly,2025-11-01,2025-12-31,100, \
		e5,Pro,Envelope,,2025-07-01,2025-12-31,900,2025-06-01 e6,Basic,Envelope,,2025-06-01,2025-12-31,7, >entitlements.csv
	cat subscription in | forecast -q --models models.csv --entitlements entitlements.csv --now 2025-04-01T00:00:00Z >out
	same '[["2025-04-01",-1000],["2025-05-01",2500],["2025-11-01",100],["2025-12-01",-100],["2025-12-01",100]]' "$(records_of forecast <out | jq -c .rights_changes)"
	same '[]' "$(foretell 2025-04-01T00:00:00Z <in | jq -c .rights_changes)"
	report --format html --now 2025-04-01T00:00:00Z <out >page.html
	grep -q '>+2500 on 1 May</text>' page.html
	grep -q '>1000 end on 1 Apr</text>' page.html
	# Rights are a line of four levels: 1900, 4400, 4500 and 4600.
	grep '<div class="chart burn">' page.html | grep -o '<line class="rights"[^>]*>' | sed -E 's/.*y1="([0-9.]*)" y2="([0-9.]*)".*/\1 \2/' | awk '$1 == $2 { print $1 }' >levels
	# The axis, from 218 up to 18, ends at the round figure above all of it.
	top=$(grep -o '<div class="chart burn">.*' page.html | grep -oE '<text x="[0-9]+" y="22.0">[0-9]+' | head -n 1 | sed 's/.*>//')
	same "$(awk -v top="$top" 'BEGIN { for (i = 1; i <= 4; i++) printf "%.1f\n", 218 - substr("1900440045004600", 4 * i - 3, 4) / top * 200 }')" "$(cat levels)"
}

@test "settlement by the period: the expected use of the period is held against all rights of the period" {
	# 900 used, 10 a day to come: 3650 in the year.
	{ days 2025-01-01 90 10 && position 2025-01-01 2026-01-01 3000 900; } >in
	licensed e1,Pro,Envelope,,2025-01-01,2025-03-31,1000,1000,USD,, e2,Pro,Envelope,,2025-12-01,2025-12-31,2000,4000,USD,,
	of_it=(expected_units expected_unlicensed_rights expected_over_licensed_rights exhausted_on expected_true_up_cost)
	# By the day 100 lapse with March, and the second contract serves 310 of December.
	same "3650 2440 1790 2025-04-01 4066.67" "$(foretell 2025-04-01T00:00:00Z --entitlements entitlements.csv <in | fields "${of_it[@]}")"
	echo '{"name":"n","version":1,"statuses":{"created":false},"settlement":"period"}' >policy.json
	# 3000 are used up with the 300th day, 27 October. 650 at 5000.00 / 3000.
	same "3650 650 0 2025-10-28 1083.33" "$(foretell 2025-04-01T00:00:00Z --entitlements entitlements.csv --policy policy.json <in | fields "${of_it[@]}")"
	run --separate-stderr forecast --models models.csv --policy nowhere.json <in
	refused 66 "forecast: cannot open 'nowhere.json'*"
}

@test "settlement by the period: earlier periods have drawn as a whole, and an agreement of some day covers all" {
	# 2024 used 200 in its last 20 days, when nothing was in force any more; of the 1500 of both years 1300 are left.
	{ days 2024-12-12 20 10 && days 2025-01-01 90 10 && position 2024-01-01 2025-01-01 1700 200 && position 2025-01-01 2026-01-01 1300 900 '{"period_index":1}'; } >in
	licensed e1,Pro,Envelope,,2024-01-01,2024-11-30,200,,,, e2,Pro,Envelope,,2024-01-01,2025-12-31,1300,,,,
	echo '{"name":"n","version":1,"statuses":{"created":false},"settlement":"period"}' >policy.json
	same "2350 2025-05-11 false" "$(foretell 2025-04-01T00:00:00Z --entitlements entitlements.csv --policy policy.json <in | fields expected_unlicensed_rights exhausted_on is_covered)"
	sed -i 's/^e2,Pro,Envelope,/&ELA/; $a e3,Pro,Envelope,,2024-01-01,2024-01-31,0,,,,' entitlements.csv
	same "0 null true" "$(foretell 2025-04-01T00:00:00Z --entitlements entitlements.csv --policy policy.json <in | fields expected_unlicensed_rights exhausted_on is_covered)"
}

@test "a true-up covers its period from the first day; rights of another profile do not count; its cost stays on its days" {
	{ days 2025-01-01 90 10 && position 2025-01-01 2026-01-01 4000 900; } >in
	licensed e1,Pro,Envelope,,2025-04-01,2025-12-31,3000,3000,USD,acme, e2,Pro,Envelope,,2026-02-01,2026-12-31,1000,9000,USD,,2025-01-31 e3,Pro,Envelope,,2025-01-01,2025-12-31,5000,1,USD,other,
	same "0 350 null 4000" "$(foretell 2025-04-01T00:00:00Z --entitlements entitlements.csv <in | fields expected_unlicensed_rights expected_over_licensed_rights exhausted_on rights_owned)"
	# Without it the first 90 days are missing, at 1.00; without the profile nothing is owned.
	sed 's/2025-01-31$//' entitlements.csv >without.csv
	sed -i 's/"rights_owned":4000/"rights_owned":3000/' in
	same "900 250 2025-01-01 900.00" "$(foretell 2025-04-01T00:00:00Z --entitlements without.csv <in | fields expected_unlicensed_rights expected_over_licensed_rights exhausted_on expected_true_up_cost)"
}

@test "an agreement of all covers, also where the position's rights are not those of the file" {
	{ days 2025-01-01 90 10 && position 2025-01-01 2026-01-01 700 900; } >in
	licensed e1,Pro,Envelope,ELA,2025-01-01,2025-12-31,1000,,,,
	same "0 null true false" "$(foretell 2025-04-01T00:00:00Z --entitlements entitlements.csv <in | fields expected_unlicensed_rights exhausted_on is_covered warning)"
}

@test "what the position has drawn so far stays: rights of groups, agreements of groups, and what an agreement covered until it ended" {
	of_it=(expected_unlicensed_rights expected_over_licensed_rights exhausted_on has_run_out is_covered expected_true_up_cost expected_savings)
	go_on() { foretell 2025-04-01T00:00:00Z --entitlements entitlements.csv <in | fields "${of_it[@]}"; }
	# 900 used, 10 a day to come. The 4000 are another account's: all 900 are missing, at 2.00. 4000 - 2750 are left; 900 of these are lacking.
	licensed e1,Pro,Envelope,,2025-01-01,2025-12-31,4000,4000,USD,,
	{ days 2025-01-01 90 10 && position 2025-01-01 2026-01-01 4000 900 '{"unlicensed_rights":900,"first_unlicensed_on":"2025-01-01","currency":"USD","true_up_cost":"1800.00"}'; } >in
	same "900 1250 2025-01-01 true false 1800 350" "$(go_on | sed 's/[.]00//g')"
	# An agreement of the account's site covers what goes beyond: 595 rights, 305 covered, nothing is missing.
	licensed e1,Pro,Envelope,ELA,2025-01-01,2025-12-31,595,595,USD,,
	sed -i '1s/$/,allocation_type,allocation_value/; 2s/$/,site,na/' entitlements.csv
	{ days 2025-01-01 90 10 && position 2025-01-01 2026-01-01 595 900 '{"unlicensed_rights":0,"covered_rights":305}'; } >in
	same "0 0 null false true 0.00 0.00" "$(go_on)"
	# Of what was beyond the rights it covered four fifths: 61 are missing, and 550 of 2750.
	{ days 2025-01-01 90 10 && position 2025-01-01 2026-01-01 595 900 '{"unlicensed_rights":61,"covered_rights":244,"first_unlicensed_on":"2025-03-01"}'; } >in
	same "611 0 2025-03-01 true false 611.00 0.00" "$(go_on)"
	# All use so far is of its accounts, and within its rights: what goes beyond these is covered too.
	{ days 2025-01-01 90 10 && position 2025-01-01 2026-01-01 1000 900 '{"unlicensed_rights":0,"covered_rights":0,"allocated_in_use":900}'; } >in
	sed -i 's/,595,/,1000,/' entitlements.csv
	same "0 0 null false true 0.00 0.00" "$(go_on)"
	# The agreement ends on 30 April: 30 more days are covered, 245 are not.
	licensed e1,Pro,Envelope,ELA,2025-01-01,2025-04-30,100,100,USD,,
	{ days 2025-01-01 90 10 && position 2025-01-01 2026-01-01 100 900 '{"unlicensed_rights":0,"covered_rights":800}'; } >in
	same "2450 0 2025-05-01 false false 2450.00 0.00" "$(go_on)"
}

@test "the plain pipe: days come with the consumption; units without a plan item are of their asset group's metric" {
	local -x ENVTALLY_NOW=2025-06-15T00:00:00Z
	licensed e1,Pro,Envelope,,2025-01-01,2025-12-31,100,250,USD,,
	sed -i 's/Basic,Envelope,plan_item_id,p2/Pro,Envelope,plan_item_id,p2/' models.csv
	{
		echo '{"type":"RECORD","stream":"account","record":{"organization_id":"o","account_id":"a","asset_group_id":"g"}}'
		for item in p1 p2; do
			echo "{\"type\":\"RECORD\",\"stream\":\"subscription\",\"record\":{\"subscription_id\":\"s\",\"plan_item_id\":\"$item\",\"plan_item_name\":\"Pro $item\",\"asset_group_id\":\"g\"}}"
		done
		for month in 01 02 03 04 05 06; do
			for number in {1..12}; do
				echo "{\"type\":\"RECORD\",\"stream\":\"envelope\",\"record\":{\"account_id\":\"a\",\"envelope_id\":\"$month-$number\",\"status\":\"sent\",\"sent_at\":\"2025-$month-10T09:00:00Z\",\"modified_at\":\"2025-$month-10T09:00:00Z\"}}"
			done
		done
	} | merge --ledger :memory: --emit all >merged
	aggregate-by-period --contract-start 2025-01-01 <merged | reconcile -e entitlements.csv -m models.csv >reconciled
	forecast -e entitlements.csv -m models.csv <reconciled >plain 2>said
	same "" "$(cat said)"
	# 12 a month go on: in the seven months to come the other 28 are used up.
	same "72 100 true true" "$(records_of forecast <plain | jq -r '[.units_to_date, .rights_owned, .expected_units > 128, .exhausted_on > "2025-06-15"] | join(" ")')"
	# The same of daily partials; where they are there, consumption is not counted again.
	cat reconciled merged | forecast -e entitlements.csv -m models.csv | records_of forecast >both
	same_files <(records_of forecast <plain) both
	# All units are in the position, so the verdict is not that they are in no software model.
	[[ $(report --format verdict <plain) == "At risk: rights of Pro are expected to run out on 2025-"*": plan a purchase." ]]
}

# used PROFILE FIRST COUNT UNITS: consumption of the profile's account in the year 2025, by the day.
used() {
	jq -nc --arg profile "$1" --arg first "$2" --argjson count "$3" --argjson units "$4" '[range($count) as $i | {key: ($first + "T00:00:00Z" | fromdate + $i * 86400 | todate[:10]), value: $units}] | from_entries |
		{type: "RECORD", stream: "consumption", record: {profile: $profile, account_id: $profile, plan_item_id: "p1", period_index: 0, period_start: "2025-01-01T00:00:00.000Z", period_end: "2026-01-01T00:00:00.000Z",
			unit: "envelope", state: "open", units_consumed: (map(.) | add), by_status: {}, by_day: ., periods_from: "2025-01-01", period_months: 12}}'
}

# pool ROW...: reconciles profiles a and b, which use 10 and 20 a day for 90 days, and forecasts both together and each.
pool() {
	{
		echo entitlement_id,software_model,license_metric,agreement_type,start_date,end_date,purchased_rights,total_cost,currency,profile,allocation_type,allocation_value
		printf '%s\n' "$@"
	} >entitlements.csv
	head -n 2 models.csv >pro.csv
	used a 2025-01-01 90 10 >of.a
	used b 2025-01-01 90 20 >of.b
	cat of.a of.b >of.null
	cat subscription of.null | reconcile -q --models pro.csv --entitlements entitlements.csv --now 2025-04-01T00:00:00Z >reconciled
	for profile in null a b; do
		{ cat subscription of.$profile && grep -E '"metric_result","record":."profile":"?'$profile'"?,' reconciled; } |
			forecast -q --models pro.csv --entitlements entitlements.csv --now 2025-04-01T00:00:00Z | records_of forecast
	done | fields profile units_to_date rights_owned is_shared expected_units exhausted_on days_left expected_unlicensed_rights expected_over_licensed_rights
}

@test "several profiles, one pool: the workspace is forecast by all use; what a profile has drawn so far is not what it may draw" {
	# 30 a day: 10950 in the year.
	same $'null 2700 12000 false 10950 null null 0 1050\na 900 900 true 3650 null null null null\nb 1800 1800 true 7300 null null null null' "$(pool e,Pro,Envelope,,2025-01-01,2025-12-31,12000,12000,USD,,,)"
	# 100 days of 30 are 3000: the 101st, 11 April, is the first that lacks rights.
	same $'null 2700 3000 false 10950 2025-04-11 10 7950 0\na 900 900 true 3650 null null null null\nb 1800 1800 true 7300 null null null null' "$(pool e,Pro,Envelope,,2025-01-01,2025-12-31,3000,3000,USD,,,)"
}

@test "several profiles: rights that are a profile's alone are forecast as its own" {
	# a has 1000 for itself: the 101st day, 11 April. b has 8000, of which it uses 7300; nobody else may.
	rows=(e1,Pro,Envelope,,2025-01-01,2025-12-31,1000,1000,USD,a,, e2,Pro,Envelope,,2025-01-01,2025-12-31,8000,8000,USD,b,,)
	expected=$'a 900 1000 false 3650 2025-04-11 10 2650 0\nb 1800 8000 false 7300 null null 0 700'
	same "$expected" "$(pool "${rows[@]}" | sed 1d)"
	# The same by the accounts that rights are allocated to.
	same "$expected" "$(pool e1,Pro,Envelope,,2025-01-01,2025-12-31,1000,1000,USD,,account,a e2,Pro,Envelope,,2025-01-01,2025-12-31,8000,8000,USD,,account,b | sed 1d)"
	# With a pool beside them both share. The workspace has the rights of all: 11000 for 10950.
	same $'null 2700 11000 false 10950 null null 0 50\na 900 1000 true 3650 null null null null\nb 1800 8000 true 7300 null null null null' "$(pool "${rows[@]}" e3,Pro,Envelope,,2025-01-01,2025-12-31,2000,2000,USD,,,)"
	# A pool that was over before the period is nobody's.
	same "$expected" "$(pool "${rows[@]}" e3,Pro,Envelope,,2024-01-01,2024-12-31,2000,2000,USD,,, | sed 1d)"
	# An agreement of a alone does not cover what b lacks: 1000 of 7300.
	same $'null 2700 2000 false 10950' "$(pool e1,Pro,Envelope,ELA,2025-01-01,2025-12-31,1000,1000,USD,a,, e2,Pro,Envelope,,2025-01-01,2025-12-31,1000,1000,USD,b,, | head -n 1 | cut -d' ' -f1-5)"
	same "b 1800 1000 false 7300 2025-02-20 0 6300 0" "$(pool e1,Pro,Envelope,ELA,2025-01-01,2025-12-31,1000,1000,USD,a,, e2,Pro,Envelope,,2025-01-01,2025-12-31,1000,1000,USD,b,, | tail -n 1)"
}

@test "records without an account or a software model are refused, in little memory" {
	while IFS='|' read -r record said; do
		run --separate-stderr bounded forecast -m models.csv <<<"$record"
		[ "$status" -eq 65 ]
		same "forecast: cannot read 'standard input' line 1: $said" "$stderr"
	done <<-'END'
		{"type":"RECORD","stream":"watermark","record":{"watermark":"2025-03-31T00:00:00.000Z"}}|watermark "account_id" must be a string, this is absent
		{"type":"RECORD","stream":"subscription","record":{"subscription_id":"s","plan_item_id":"p","asset_group_id":7}}|subscription "asset_group_id" must be a string or null, this is a number
		{"type":"RECORD","stream":"declared_consumption","record":{"by_day":{"2025-02-03":1}}}|declared_consumption "software_model" must be a string, this is absent
		{"type":"RECORD","stream":"declared_consumption","record":{"software_model":"Pro","by_day":{}}}|declared_consumption "license_metric" must be a string, this is absent
	END
}
