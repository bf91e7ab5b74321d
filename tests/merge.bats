#!/usr/bin/env bats
# merge: the ledger. sqlite3 and jq calculate the same from the raw records, independently.

# root, acme and the like are helper's; lists are split on purpose; $ is jq's.
# shellcheck disable=SC2016,SC2086,SC2094,SC2154

load helper

# Every raw record of the fixture, once as it came and once normalized.
setup_file() {
	export all=$BATS_FILE_TMPDIR
	cd "$all" || return 1
	raw_of $nights >raw
	{ raw_subscriptions && cat raw; } | normalize >canonical
	for night in $nights; do
		raw_of "$night" | normalize >"canonical.$night"
	done
	raw_subscriptions | normalize >subscriptions
}

# The state of a ledger file as text, and that it is sound.
dump() {
	sound "$1" >&2
	sqlite3 "$1" .dump
}

# Units in a ledger, of all accounts or of one, while another program may be writing it.
units() {
	sqlite3 "$1" "SELECT ifnull(sum(units_consumed), 0) FROM daily_consumption WHERE account_id LIKE '${2:-%}'"
}

# All that a ledger says, however it lays it out.
content() {
	merge --ledger "$1" --emit all </dev/null
	merge --ledger "$1" --print-state
	merge --ledger "$1" --print-reported
	sqlite3 "$1" 'SELECT * FROM account; SELECT * FROM subscription; SELECT * FROM conflict; SELECT * FROM late_envelopes; SELECT * FROM job_result;
		SELECT * FROM restatement; SELECT * FROM result; SELECT envelopes, undated FROM layout'
}

# daily: account, plan item, day, units, first and last of the partials on standard input.
daily() {
	records_of daily_consumption | jq -r '[.account_id, .plan_item_id // "-", .day, .units_consumed, .first_sent_at, .last_sent_at] | @tsv' | LC_ALL=C sort
}

# partial FIELD: of the one partial that the records on standard input give, as JSON; or a jq program over it.
partial() {
	merge --ledger :memory: --emit all | records_of daily_consumption | case $1 in
	.*[!a-z_]* | [!.]*) jq -c "$1" ;;
	*) sed -E 's/.*[{,]"'"${1#.}"'":("[^"\\]*"|\{[^{}]*\}|[^,}]*)[,}].*/\1/' ;;
	esac
}

# Of lines of raw records, the newest version of each envelope and what it counts for, by SQL.
naive() {
	sqlite3 -separator '	' :memory: <<END
CREATE TABLE line (json TEXT);
.mode ascii
.separator "\037" "\n"
.import "$1" line
CREATE TABLE item (json TEXT);
.import "$2" item
.mode tabs
.separator "\t" "\n"
WITH rank(name, place) AS (VALUES ('template', 1), ('created', 2), ('processing', 3), ('sent', 4), ('delivered', 5), ('correct', 6), ('signed', 7),
  ('completed', 8), ('authoritativecopy', 9), ('transfercompleted', 10), ('declined', 11), ('timedout', 12), ('voided', 13), ('deleted', 14)),
version AS (
  SELECT lower(json_extract(json, '$.envelopeId')) AS envelope, lower(json_extract(json, '$.accountId')) AS account, lower(json_extract(json, '$.status')) AS status,
    substr(json_extract(json, '$.sentDateTime'), 1, 23) AS sent, substr(json_extract(json, '$.lastModifiedDateTime'), 1, 23) AS modified,
    lower(json_extract(json, '$.planItemId')) AS plan FROM line),
newest AS (SELECT *, row_number() OVER (PARTITION BY envelope ORDER BY modified DESC, place DESC) AS number FROM version JOIN rank ON status = name),
single AS (SELECT lower(json_extract(json, '$.account')) AS account, json_extract(json, '$.plan') AS plan FROM item),
counted AS (SELECT newest.account, coalesce(newest.plan, single.plan, '-') AS plan, sent, status FROM newest LEFT JOIN single USING (account)
  WHERE number = 1 AND sent IS NOT NULL AND status NOT IN ('created', 'template'))
SELECT account, plan, substr(sent, 1, 10), count(*), min(sent) || 'Z', max(sent) || 'Z' FROM counted GROUP BY 1, 2, 3;
END
}

# The plan item that an account's asset group has, where it has exactly one.
single_items() {
	jq -c --slurpfile items "$acme/service/plan-items.json" '.assetGroupAccounts[] | . as $a | [$items[0][] | select((.asset_group_id | ascii_downcase) == ($a.assetGroupId | ascii_downcase)) | .modules[].plan_item_id | ascii_downcase] | unique
		| select(length == 1) | {account: $a.accountId, plan: .[0]}' "$acme/service/asset-group-accounts.json"
}

@test "the partials of the whole fixture are what a naive query over all raw records says" {
	merge --ledger :memory: --emit all <"$all/canonical" | daily >got
	single_items >items
	[ "$(wc -l <items)" -eq 2 ]
	naive "$all/raw" items | LC_ALL=C sort >expected
	[ "$(wc -l <expected)" -gt 900 ]
	same_files expected got
}

@test "by_status adds up to the units, and is what the newest versions have" {
	merge --ledger :memory: --emit all <"$all/canonical" | records_of daily_consumption >partials
	jq -e '(.by_status | add) == .units_consumed and (.by_status | to_entries | all(.value > 0))' partials >/dev/null
	jq -s -c 'map(.by_status | to_entries[]) | group_by(.key) | map({(.[0].key): map(.value) | add}) | add' partials >got
	records_of envelope <"$all/canonical" | jq -s -c 'group_by(.envelope_id) | map(max_by(.modified_at)) | map(select(.sent_at and .status != "created"))
		| group_by(.status) | map({(.[0].status): length}) | add' >expected
	same_files expected got
}

@test "any order and any repetition of the records gives the same bytes after aggregate-by-period" {
	aggregate() { aggregate-by-period --contract-start 2024-01-31 --renewal-months 3 --now 2025-04-01T02:00:00Z; }
	merge --ledger :memory: --emit all <"$all/canonical" | aggregate >expected 2>/dev/null
	[ "$(records_of consumption <expected | wc -l)" -gt 20 ]
	for seed in 1 2 3; do
		shuffled $seed <"$all/canonical" | merge --ledger :memory: --emit all | aggregate >got 2>/dev/null
		same_files expected got
		cat "$all/canonical" "$all/canonical" <(head -n 700 "$all/canonical") | shuffled 1$seed >twice
		merge --ledger file.$seed.db --emit all <twice | aggregate >got 2>/dev/null
		same_files expected got
		sound file.$seed.db
	done
}

@test "the same from a file and from memory; again and again changes nothing" {
	merge --ledger :memory: --emit all <"$all/canonical" >memory
	merge --ledger a.db --emit all <"$all/canonical" >file
	same_files memory file
	content a.db >before
	merge --ledger a.db --emit all <"$all/canonical" >again
	same_files file again
	content a.db >after
	same_files before after
	# Nor does the file grow for ever.
	merge --ledger a.db --emit none <"$all/canonical"
	size=$(sqlite3 a.db 'PRAGMA page_count')
	for _ in 1 2 3; do merge --ledger a.db --emit none <"$all/canonical"; done
	same "$size" "$(sqlite3 a.db 'PRAGMA page_count')"
	sound a.db
	merge --ledger a.db --emit all </dev/null >nothing
	same_files file nothing
}

@test "three nights one after the other are as one, in any order of nights" {
	merge --ledger :memory: --emit all <"$all/canonical" >expected
	set -- $nights
	for order in "$1 $2 $3" "$3 $2 $1" "$2 $1 $2 $3"; do
		rm -f nights.db
		for night in $order; do
			merge --ledger nights.db --emit none <"$all/canonical.$night"
			sound nights.db
		done
		merge --ledger nights.db --emit all <"$all/subscriptions" >got
		same_files expected got
		same "$(jq -r 'select(.stream == "envelope" and .record).record.envelope_id' "$all/canonical" | sort -u | wc -l)" "$(sqlite3 nights.db 'SELECT envelopes FROM layout')"
	done
}

@test "more envelopes than wait at a time: a hundred and fifty thousand, split and whole" {
	"$build/tests/generate" --raw --envelopes 150000 --accounts 3 --days 20 --redeliver 3 --seed 5 | normalize >many
	merge --ledger :memory: --emit all <many >whole
	jq -r 'select(.stream == "envelope" and .record).record | select(.sent_at and .status != "created") | .envelope_id' many | sort -u | wc -l >sent
	same "$(cat sent)" "$(records_of daily_consumption <whole | jq -s 'map(.units_consumed) | add')"
	split -n l/3 many part.
	for part in part.ac part.aa part.ab; do merge --ledger parts.db --emit none <$part; done
	merge --ledger parts.db --emit all </dev/null >got
	same_files whole got
	sound parts.db
}

# Versions that say different things with the same modified_at: the outcome is the same whichever way they come.
@test "a tie of modified_at is decided without regard to order" {
	cat >members <<'END'
{status: "sent"}
{status: "voided"}
{status: "completed", sent_at: "2025-03-06T00:00:00.000Z"}
{status: "completed", sent_at: null}
{status: "completed", plan_item_id: "p"}
{status: "completed", plan_item_id: "q", sender_id: "u"}
{status: "completed", account_id: "b"}
{status: "unheard_b"}
{status: "unheard_a"}
{status: "unheard_b", account_id: "c"}
{status: "unheard_b", account_id: "c", completed_at: "2025-03-07T00:00:00.000Z"}
{status: "unheard_b", account_id: "c", sender_id: "aced0001-0000-4000-8000-000000000001"}
{status: "unheard_b", account_id: "c", sender_id: "aced"}
{status: "created"}
END
	while IFS= read -r line; do envelope "$line"; done <members >versions
	merge --ledger :memory: --emit all <versions | records_of daily_consumption >expected
	[ -s expected ]
	for seed in $(seq 6); do
		shuffled $seed <versions >shuffled
		merge --ledger :memory: --emit all <shuffled | records_of daily_consumption >got
		same_files expected got
		# One at a time, too: then the versions meet in the ledger and not in memory.
		rm -f one.db
		while IFS= read -r line; do merge --ledger one.db --emit none <<<"$line"; done <shuffled
		merge --ledger one.db --emit all </dev/null | records_of daily_consumption >got
		same_files expected got
		sound one.db
	done
}

@test "pairs of the same modified_at: the status that stands later wins, unknown ones last, by name" {
	pair() {
		{ envelope "{status: \"$1\"}" && envelope "{status: \"$2\"}"; } >pair
		same "{\"$3\":1}" "$(partial .by_status <pair)"
		same "{\"$3\":1}" "$(tac pair | partial .by_status)"
	}
	pair created sent sent
	pair sent delivered delivered
	pair delivered completed completed
	pair completed voided voided
	pair voided deleted deleted
	pair deleted unheard unheard
	pair aaa bbb bbb
}

@test "the newest version counts, whatever comes later" {
	{
		envelope '{modified_at: "2025-03-06T00:00:00.001Z", status: "completed"}'
		envelope '{modified_at: "2025-03-06T00:00:00.000Z", status: "voided"}'
	} >in
	same '{"completed":1}' "$(partial .by_status <in)"
	same '{"completed":1}' "$(tac in | partial .by_status)"
}

# A UUID is an envelope's alone.
uuid=9b2f0c1e-5a77-4c1b-8f3d-0d1e2f3a4b5c

@test "an envelope that moves between accounts is counted once, in the newest one's" {
	envelope "{envelope_id: \"$uuid\"}" >first
	envelope "{envelope_id: \"$uuid\", account_id: \"b\", modified_at: \"2025-03-06T00:00:00.000Z\"}" >moved
	same '["b",1]' "$(cat first moved | partial '[.account_id, .units_consumed]')"
	same '["b",1]' "$(cat moved first | partial '[.account_id, .units_consumed]')"
	merge --ledger a.db --emit none <first
	merge --ledger a.db --emit all <moved | records_of daily_consumption | jq -c '[.account_id, .units_consumed]' >got
	same '["b",1]' "$(cat got)"
	same 1 "$(units a.db)"
	sound a.db
}

@test "an id that is no UUID, such as a number, is an envelope only within its account" {
	local id
	for id in 1 17 INV-7 9b2f0c1e-5a77-4c1b-8f3d-0d1e2f3a4b5; do
		rm -f a.db
		for account in a b c; do envelope "{envelope_id: \"$id\", account_id: \"$account\"}"; done >three
		shuffled 3 <three | merge --ledger a.db --emit all | records_of daily_consumption | jq -r '"\(.account_id) \(.units_consumed)"' | sort >got
		same "a 1 b 1 c 1" "$(xargs <got)"
		# A newer version is of its own account's; what was there already is there once.
		{ cat three && envelope "{envelope_id: \"$id\", account_id: \"b\", status: \"voided\", modified_at: \"2025-03-07T00:00:00.000Z\"}"; } |
			merge --ledger a.db --emit all | records_of daily_consumption | jq -r '"\(.account_id) \(.by_status | tojson)"' | sort >got
		same 'a {"sent":1} b {"voided":1} c {"sent":1}' "$(xargs -d '\n' <got)"
		sound a.db
	done
}

@test "a draft is not consumed, nor a template; later sent it is, on the day of sending" {
	for status in created template; do
		same '' "$(envelope "{status: \"$status\"}" | partial .)"
	done
	envelope '{status: "created", sent_at: null}' | merge --ledger a.db --emit all | records_of daily_consumption >got
	same '' "$(cat got)"
	envelope '{modified_at: "2025-04-01T00:00:00.000Z", sent_at: "2025-03-31T23:59:59.999Z"}' | merge --ledger a.db --emit all | records_of daily_consumption |
		jq -c '[.day, .units_consumed]' >got
	same '["2025-03-31",1]' "$(cat got)"
	sound a.db
}

@test "past a draft without a time of sending: in no period, and said to be" {
	told() { # EXPECTED ARGUMENT…: what merge says on standard error when nothing comes
		local expected=$1
		shift
		merge "$@" </dev/null 2>said >/dev/null
		same "$expected" "$(cat said)"
	}
	hint=' (envtally export --stream envelope lists them: sent_at is null)'
	two="2 envelopes past a draft have no sent time: they belong to no period"
	{
		envelope '{envelope_id: "dated"}'
		envelope '{envelope_id: "draft", status: "created", sent_at: null}'
		envelope '{envelope_id: "template", status: "template", sent_at: null}'
		envelope '{envelope_id: "completed", status: "completed", sent_at: null}'
		envelope '{envelope_id: "unheard", status: "unheard", sent_at: null}'
	} >in
	run --separate-stderr merge --ledger :memory: --emit all <in
	same "merge: warning: $two" "$stderr"
	same 1 "$(records_of daily_consumption <<<"$output" | jq .units_consumed)"
	# Of all that the ledger holds, whatever came; where partials are printed.
	merge --ledger l.db --emit none <in 2>said
	same '' "$(cat said)"
	told "merge: warning: $two$hint" -l l.db --emit all
	told "merge: warning: $two$hint" -l l.db --emit since=2026-01-01
	told "merge: warning: $two$hint" -l l.db
	told '' -l l.db -q
	told '' -l l.db --emit none
	same "warning: $two$hint" "$(merge -l l.db --log-format json </dev/null 2>&1 >/dev/null | jq -r '"\(.level): \(.message)"')"
	same 2 "$(merge -l l.db --print-undated)"
	# The version with a time of sending takes it from them; an older one gives none.
	envelope '{envelope_id: "completed", status: "completed", modified_at: "2025-03-06T12:00:00.000Z"}' | merge -q -l l.db --emit none
	envelope '{envelope_id: "dated", sent_at: null, modified_at: "2025-03-04T12:00:00.000Z"}' | merge -q -l l.db --emit none
	told "merge: warning: 1 envelope past a draft has no sent time: it belongs to no period$hint" -l l.db
	envelope '{envelope_id: "unheard", modified_at: "2025-03-06T12:00:00.000Z"}' | merge -q -l l.db --emit none
	told '' -l l.db
	same 0 "$(merge -l l.db --print-undated)"
	# And one that loses it.
	envelope '{envelope_id: "dated", sent_at: null, modified_at: "2025-03-07T12:00:00.000Z"}' | merge -q -l l.db --emit none
	same 1 "$(merge -l l.db --print-undated)"
	run --separate-stderr merge -l nowhere.db --print-undated
	fails 66 "merge: cannot open ledger 'nowhere.db': there is no such file"
}

@test "voided, declined, deleted, timed out and never heard of: sent is consumed" {
	for status in sent delivered signed completed declined voided deleted timedout correct processing authoritativecopy transfercompleted new_word; do
		same "{\"$status\":1}" "$(envelope "{status: \"$status\"}" | partial .by_status)"
	done
}

@test "an envelope sent again on another day leaves its day: first and last of both are right" {
	at() { envelope "{envelope_id: \"$1\", sent_at: \"2025-03-$2T$3Z\", modified_at: \"2025-04-0$4T00:00:00.000Z\"}"; }
	{ at e1 05 08:00:00.000 1 && at e2 05 12:00:00.000 1 && at e3 05 16:00:00.000 1 && at e4 06 09:00:00.000 1; } | merge --ledger a.db --emit none
	days() { merge --ledger a.db --emit all | records_of daily_consumption | jq -r '[.day[8:], .units_consumed, .first_sent_at[11:19], .last_sent_at[11:19]] | join(" ")'; }
	same $'05 3 08:00:00 16:00:00\n06 1 09:00:00 09:00:00' "$(days </dev/null)"
	# The first goes, then the last, then the only one left comes and goes.
	same $'05 2 12:00:00 16:00:00\n06 2 08:00:00 09:00:00' "$(at e1 06 08:00:00.000 2 | days)"
	same $'05 1 12:00:00 12:00:00\n06 3 08:00:00 23:59:59' "$(at e3 06 23:59:59.999 2 | days)"
	same $'06 4 08:00:00 23:59:59' "$(at e2 06 12:00:00.000 2 | days)"
	same $'06 3 09:00:00 23:59:59\n07 1 00:00:00 00:00:00' "$(at e1 07 00:00:00.000 3 | days)"
	# Within the day.
	same $'06 3 09:00:00 18:00:00\n07 1 00:00:00 00:00:00' "$(at e3 06 18:00:00.000 3 | days)"
	sound a.db
}

@test "random histories in random portions: the partials are those of the newest versions" {
	for seed in 1 2 3; do
		jq -nc --argjson seed $seed 'def next: (. * 1103515245 + 12345) % 2147483648;
			[limit(601; $seed | recurse(next))] as $dice | range(300) | . as $i
			| ($dice[2 * $i] / 65536 | floor) as $a | ($dice[2 * $i + 1] / 65536 | floor) as $b
			| {type: "RECORD", stream: "envelope", record: {account_id: "a\($a % 3)", envelope_id: "9b2f0c1e-5a77-4c1b-8f3d-0000000000\(10 + $b % 40)", status: ["created", "sent", "completed", "voided"][$a % 4],
				created_at: null, sent_at: (if $b % 7 == 0 then null else "2025-03-0\(1 + $b % 4)T\(10 + $a % 13):00:00.000Z" end), completed_at: null,
				modified_at: "2025-04-01T00:00:00.\(100 + $i)Z", plan_item_id: [null, "p", "q"][$b % 3], sender_id: null}}' >history
		records_of envelope <history | jq -r -s 'group_by(.envelope_id) | map(max_by(.modified_at)) | map(select(.sent_at and .status != "created"))
			| group_by([.account_id, .plan_item_id, .sent_at[:10]]) | map([.[0].account_id, .[0].plan_item_id // "-", .[0].sent_at[:10], length,
			(map(.sent_at) | min), (map(.sent_at) | max)] | @tsv)[]' | LC_ALL=C sort >expected
		[ "$(wc -l <expected)" -gt 10 ]
		shuffled $seed <history >shuffled
		rm -f random.db part.*
		split -n l/9 shuffled part.
		for part in part.*; do merge --ledger random.db --emit none <"$part"; done
		merge --ledger random.db --emit all </dev/null | daily >got
		same_files expected got
		sound random.db
		sqlite3 -separator '	' random.db "SELECT account_id, ifnull(plan_item_id, '-'), day, units_consumed, first_sent_at, last_sent_at FROM daily_consumption
			WHERE units_consumed > 0" | LC_ALL=C sort >got
		same_files expected got
	done
}

# account CHANGES [OBSERVED-AT], subscription CHANGES [OBSERVED-AT]: as `envelope` of helper.bash.
account() {
	change '"organization_id":"o","account_id":"a","account_name":"A","external_account_id":null,"site_id":null,"site_name":null,"asset_group_id":"g","compliant":true' "$1"
	printf '{"type":"RECORD","stream":"account","record":%s,"time_extracted":"%s"}\n' "$changed" "${2:-2025-03-01T00:00:00.000Z}"
}
subscription() {
	change '"organization_id":"o","subscription_id":"s","plan_item_id":"p","subscription_name":null,"plan_id":null,"plan_name":null,"plan_item_name":null,"asset_group_id":"g","asset_group_name":null,"associated_accounts_count":null,"software_model":null' "$1"
	printf '{"type":"RECORD","stream":"subscription","record":%s,"time_extracted":"%s"}\n' "$changed" "${2:-2025-03-01T00:00:00.000Z}"
}

@test "an envelope without a plan item takes its account's, where the asset group has exactly one" {
	same '"p"' "$({ account '{}' && subscription '{}' && envelope '{}'; } | partial .plan_item_id)"
	same '"p"' "$({ envelope '{}' && subscription '{}' && account '{}'; } | partial .plan_item_id)"
	# The same plan item in two subscriptions is one.
	same '"p"' "$({ account '{}' && subscription '{}' && subscription '{subscription_id: "t"}' && envelope '{}'; } | partial .plan_item_id)"
	# Two are too many; none, none; another group's does not count; a plan item of its own stays.
	same null "$({ account '{}' && subscription '{}' && subscription '{plan_item_id: "q"}' && envelope '{}'; } | partial .plan_item_id)"
	same null "$({ account '{}' && subscription '{plan_item_id: null}' && envelope '{}'; } | partial .plan_item_id)"
	same null "$({ account '{}' && subscription '{asset_group_id: "other"}' && envelope '{}'; } | partial .plan_item_id)"
	same null "$({ account '{asset_group_id: null}' && subscription '{asset_group_id: null}' && envelope '{}'; } | partial .plan_item_id)"
	same null "$({ subscription '{}' && envelope '{}'; } | partial .plan_item_id)"
	same '"own"' "$({ account '{}' && subscription '{}' && envelope '{plan_item_id: "own"}'; } | partial .plan_item_id)"
	# With and without are one partial.
	same '["p",2]' "$({ account '{}' && subscription '{}' && envelope '{}' && envelope '{envelope_id: "f", plan_item_id: "p"}'; } | partial '[.plan_item_id, .units_consumed]')"
}

@test "a plan item that comes later changes what is taken, and touches the account" {
	{ account '{}' && envelope '{}'; } | merge --ledger a.db --emit none
	promote a.db
	subscription '{}' | merge --ledger a.db --emit touched | records_of daily_consumption >got
	same '["p",1] [null,0]' "$(jq -c '[.plan_item_id, .units_consumed]' got | LC_ALL=C sort | xargs -d '\n' | sed 's/\[null,0\] \["p",1\]/["p",1] [null,0]/')"
}

# promote LEDGER: what the driver does when a run is done: its job_result, consumption and restatements go back.
promote() {
	local at=${2:-2025-03-18T02:00:00Z}
	merge --ledger "$1" --emit all </dev/null | aggregate-by-period --contract-start 2025-01-31 --profile-name x --now "$at" |
		grep -E '"stream":"(consumption|restatement)"' >run || true
	{
		printf '{"type":"RECORD","stream":"job_result","record":{"run_id":"%s","profile":"x","job":"run","state":"succeeded","started_at":"%s","ended_at":"%s","counts":{},"error":null}}\n' \
			"${at//[-:]/}" "$at" "$at"
		cat run
	} | merge --ledger "$1" --emit none
}

@test "--emit touched: only what may differ from what was reported; after promotion nothing" {
	{ envelope '{}' && envelope '{account_id: "b", envelope_id: "f"}'; } | merge --ledger a.db --emit touched | records_of daily_consumption >got
	same "a b" "$(jq -r .account_id got | xargs)"
	merge --ledger a.db </dev/null | records_of daily_consumption >again
	same_files got again
	promote a.db
	merge --ledger a.db </dev/null | records_of daily_consumption >got
	same '' "$(cat got)"
	# The same again touches nothing, an older version neither; a new one does.
	envelope '{}' | merge --ledger a.db | records_of daily_consumption >got
	same '' "$(cat got)"
	envelope '{account_id: "b", envelope_id: "f", modified_at: "2025-03-01T00:00:00.000Z", status: "voided"}' | merge --ledger a.db | records_of daily_consumption >got
	same '' "$(cat got)"
	envelope '{account_id: "b", envelope_id: "g"}' | merge --ledger a.db | records_of daily_consumption >got
	same b "$(jq -r .account_id got | sort -u)"
	merge --ledger a.db --emit none </dev/null >got
	same '' "$(cat got)"
	sound a.db
}

@test "an envelope that leaves an account touches both" {
	{ envelope "{envelope_id: \"$uuid\"}" && envelope '{account_id: "b", envelope_id: "f"}' && envelope '{account_id: "c", envelope_id: "g"}'; } |
		merge --ledger a.db --emit none
	promote a.db
	envelope "{envelope_id: \"$uuid\", account_id: \"b\", modified_at: \"2025-03-06T00:00:00.000Z\"}" | merge --ledger a.db | records_of daily_consumption >got
	same "a b" "$(jq -r .account_id got | sort -u | xargs)"
	# What was reported of a and is gone stands there as 0.
	same 0 "$(jq -s 'map(select(.account_id == "a").units_consumed) | add' got)"
}

@test "--emit since: all accounts, from that day on" {
	for day in 04 05 06; do envelope "{envelope_id: \"e$day\", account_id: \"a$day\", sent_at: \"2025-03-${day}T12:00:00.000Z\"}"; done | merge --ledger a.db --emit since=2025-03-05 |
		records_of daily_consumption >got
	same "2025-03-05 2025-03-06" "$(jq -r .day got | xargs)"
	for wrong in 2025-02-30 since= since=now since ALL ''; do
		run --separate-stderr merge --ledger :memory: --emit "$wrong" </dev/null
		refused 64 "merge: cannot use --emit '$wrong': "*
	done
}

@test "the last STATE is the checkpoint, byte for byte, and goes with the records before it" {
	run --separate-stderr merge --ledger a.db --print-state
	refused 66 "merge: cannot open ledger 'a.db': "*
	envelope '{}' | merge --ledger a.db --emit none
	same '' "$(merge --ledger a.db --print-state)"
	{ echo '{"type":"STATE","value":{"n":1}}' && envelope '{}' && echo '{"type":"STATE","value":{ "n" : 2.0, "x":"\u00e9\/" }}'; } | merge --ledger a.db --emit none >out
	same '{ "n" : 2.0, "x":"\u00e9\/" }' "$(merge --ledger a.db --print-state)"
	same 2 "$(grep -c STATE out)"
	for value in null 5 '[]'; do
		echo "{\"type\":\"STATE\",\"value\":$value}" | merge --ledger a.db --emit none >/dev/null
		same "$value" "$(merge --ledger a.db --print-state)"
	done
	sound a.db
}

@test "a STATE that is a bare string stays JSON" {
	for value in '"x\\n"' '""' '"\"\u0000\u001fé"'; do
		printf '{"type":"STATE","value":%s}\n' "$value" | merge --ledger a.db --emit none >/dev/null
		same "$value" "$(merge --ledger a.db --print-state)"
	done
}

@test "a STATE is out only when it is durable: whoever reads it finds the records in the ledger" {
	mkfifo pipe
	merge --ledger a.db --emit none <pipe >out 3>&- &
	writer=$!
	exec 7>pipe
	{ envelope '{}' && echo '{"type":"STATE","value":1}'; } >&7
	eventually test -s out
	same '{"type":"STATE","value":1}' "$(cat out)"
	same 1 "$(units a.db)"
	same 1 "$(merge --ledger a.db --print-state)"
	envelope '{envelope_id: "f"}' >&7
	sleep 0.1
	same 1 "$(units a.db)"
	exec 7>&-
	wait "$writer"
	same 2 "$(units a.db)"
}

@test "killed, it keeps what a STATE had made durable, and nothing else" {
	mkfifo pipe
	merge --ledger a.db --emit none <pipe >out 3>&- &
	writer=$!
	exec 7>pipe
	{ envelope '{}' && echo '{"type":"STATE","value":1}' && envelope '{envelope_id: "f"}'; } >&7
	eventually test -s out
	kill -9 "$writer"
	wait "$writer" || true
	exec 7>&-
	same 1 "$(merge --ledger a.db --print-state)"
	same 1 "$(units a.db)"
	sound a.db
}

# Records that merge must refuse.
bad_records() {
	cat <<'END'
{"type":"RECORD","stream":"envelope","record":{"account_id":"a","envelope_id":"e","status":"sent"}}
{"type":"RECORD","stream":"envelope","record":{"account_id":"a","envelope_id":"e","status":"sent","modified_at":"yesterday"}}
{"type":"RECORD","stream":"envelope","record":{"account_id":"a","envelope_id":5,"status":"sent","modified_at":"2025-03-05T12:00:00Z"}}
{"type":"RECORD","stream":"envelope","record":{"account_id":null,"envelope_id":"e","status":"sent","modified_at":"2025-03-05T12:00:00Z"}}
{"type":"RECORD","stream":"envelope","record":{"account_id":"a","envelope_id":"e","status":[],"modified_at":"2025-03-05T12:00:00Z"}}
{"type":"RECORD","stream":"envelope","record":{"account_id":"a","envelope_id":"e","status":"sent","modified_at":"2025-03-05T12:00:00Z","sent_at":17}}
{"type":"RECORD","stream":"envelope","record":{"account_id":"a","envelope_id":"e","status":"sent","modified_at":"2025-03-05T12:00:00Z","plan_item_id":17}}
{"type":"RECORD","stream":"envelope","record":{"account_id":"a","envelope_id":"e","status":"sent","modified_at":"2025-03-05T12:00:00Z","sender_id":{}}}
{"type":"RECORD","stream":"envelope","record":{"account_id":"a\u0000b","envelope_id":"e","status":"sent","modified_at":"2025-03-05T12:00:00Z"}}
{"type":"RECORD","stream":"envelope","record":{"account_id":"a","envelope_id":"e\u0000","status":"sent","modified_at":"2025-03-05T12:00:00Z"}}
{"type":"RECORD","stream":"envelope","record":{"account_id":"a","envelope_id":"e","status":"sent","modified_at":"2025-03-05T12:00:00Z","plan_item_id":"\u0000p"}}
{"type":"RECORD","stream":"envelope","record":{"account_id":"a","envelope_id":"e","status":"se\u0000nt","modified_at":"2025-03-05T12:00:00Z"}}
{"type":"RECORD","stream":"account","record":{"account_id":"a\u0000b"}}
{"type":"RECORD","stream":"watermark","record":{"account_id":"a\u0000b","watermark":"2025-03-05T12:00:00Z"}}
{"type":"RECORD","stream":"restatement","record":{"account_id":"a\u0000b"}}
{"type":"RECORD","stream":"account","record":{"account_id":5}}
{"type":"RECORD","stream":"account","record":{"account_id":"a","compliant":"yes"}}
{"type":"RECORD","stream":"subscription","record":{"subscription_id":null}}
{"type":"RECORD","stream":"watermark","record":{"account_id":"a","watermark":null}}
{"type":"RECORD","stream":"watermark","record":{"account_id":"a","watermark":"soon"}}
{"type":"RECORD","stream":"consumption","record":{"account_id":"a"}}
{"type":"RECORD","stream":"job_result","record":{}}
{"type":"RECORD","stream":"envelope","record":{"account_id":"a"
END
}

@test "a bad record is 65 with its line; a ledger that was there is as it was, a new one is not there" {
	merge --ledger old.db --emit none <"$all/canonical"
	dump old.db >before
	bad_records | while IFS= read -r bad; do
		{ envelope '{}' && envelope '{envelope_id: "f"}' && echo "$bad"; } >in
		run --separate-stderr merge --ledger old.db <in
		refused 65 "merge: cannot read 'standard input' line 3: "*
		sqlite3 old.db .dump >after
		same_files before after
		run --separate-stderr merge --ledger new.db <in
		refused 65 "merge: cannot read 'standard input' line 3: "*
		same '' "$(ls | grep ^new.db)"
	done
	# Nor does what a killed one has left keep the next from making it.
	echo "not even SQLite's" >new.db-new
	{ envelope '{}' && echo '{'; } >in
	run ! merge --ledger new.db <in
	same '' "$(ls | grep ^new.db)"
	echo "not even SQLite's" >new.db-new
	envelope '{}' | merge --ledger new.db --emit none
	same new.db "$(ls | grep ^new.db)"
	same 1 "$(units new.db)"
}

@test "a bad record after a STATE: what was durable stays, the rest goes" {
	{ envelope '{}' && echo '{"type":"STATE","value":1}' && envelope '{envelope_id: "f"}' && echo '{'; } >in
	run --separate-stderr merge --ledger a.db <in
	refused 65 "merge: cannot read 'standard input' line 4: "*
	same '{"type":"STATE","value":1}' "$output"
	same 1 "$(units a.db)"
	same 1 "$(merge --ledger a.db --print-state)"
	sound a.db
}

@test "no ledger named, a folder that is not there, a file that is none, another application's: 64, 73, 65" {
	run --separate-stderr merge </dev/null
	refused 64 "merge: cannot merge without a ledger: "*
	run --separate-stderr merge --ledger missing/a.db </dev/null
	refused 73 "merge: cannot create ledger 'missing/a.db': "*
	echo "not a ledger, but long enough to be one: $(seq 200 | xargs)" >text
	cp text text.before
	run --separate-stderr merge --ledger text </dev/null
	refused 65 "merge: cannot use ledger 'text': "*
	same_files text.before text
	sqlite3 other.db 'CREATE TABLE t (x)'
	cp other.db other.before
	run --separate-stderr merge --ledger other.db <"$all/canonical"
	refused 65 "merge: cannot use ledger 'other.db': it is not a ledger of envtally"
	cmp other.before other.db
	for option in --print-state --print-reported; do
		run --separate-stderr merge --ledger other.db $option
		refused 65 "merge: cannot use ledger 'other.db': it is not a ledger of envtally"
		run --separate-stderr merge --ledger none.db $option
		refused 66 "merge: cannot open ledger 'none.db': there is no such file"
		[ ! -e none.db ]
	done
}

@test "a ledger of a newer schema is 78 and stays" {
	envelope '{}' | merge --ledger a.db --emit none
	sqlite3 a.db 'PRAGMA user_version = 99'
	dump a.db >before
	run --separate-stderr merge --ledger a.db <"$all/canonical"
	refused 78 "merge: cannot use ledger 'a.db': its schema is version 99, "*
	run --separate-stderr merge --ledger a.db --print-state
	refused 78 "merge: cannot use ledger 'a.db': its schema is version 99, "*
	dump a.db >after
	same_files before after
}

@test "a ledger that cannot be written is 73, and can still be read" {
	[ "$(id -u)" -ne 0 ] || skip "root writes everywhere"
	envelope '{}' | merge --ledger a.db --emit none
	chmod a-w a.db .
	run --separate-stderr merge --ledger a.db <"$all/canonical"
	chmod u+w .
	[ "$status" -eq 73 ]
}

@test "an empty file becomes a ledger" {
	: >a.db
	envelope '{}' | merge --ledger a.db --emit none
	same 1 "$(units a.db)"
}

@test "a second writer gets 75 at once, and the first is not disturbed; readers are not held up" {
	envelope '{}' | merge --ledger a.db --emit none
	mkfifo pipe
	merge --ledger a.db --emit none <pipe >passed 3>&- &
	writer=$!
	exec 7>pipe
	# The writer locks the ledger at its first record. Records that it passes on come after that, and enough of them to be written at once.
	{
		envelope '{account_id: "b", envelope_id: "f"}'
		yes '{"type":"RECORD","stream":"passed on","record":{}}' | head -n 5000
	} >&7
	eventually test -s passed
	envelope '{account_id: "c", envelope_id: "g"}' >second
	run --separate-stderr timeout 60 merge --ledger a.db <second
	refused 75 "merge: cannot write ledger 'a.db': another program is writing it, try again later"
	run -0 --separate-stderr timeout 60 merge --ledger a.db --print-state
	same 1 "$(units a.db)"
	exec 7>&-
	wait "$writer"
	same 'a b' "$(sqlite3 a.db 'SELECT account_id FROM daily_consumption ORDER BY 1' | xargs)"
}

@test "two that make the ledger at the same time: whoever ends with 0 has its records in it" {
	for round in $(seq 15); do
		rm -f race.db*
		envelope '{account_id: "one", envelope_id: "e1"}' >one
		envelope '{account_id: "two", envelope_id: "e2"}' >two
		merge --ledger race.db --emit none <one 2>/dev/null 3>&- &
		first=$!
		merge --ledger race.db --emit none <two 2>/dev/null 3>&- &
		second=$!
		one=0 two=0
		wait $first || one=$?
		wait $second || two=$?
		echo "round $round: $one $two"
		[[ $one == 0 || $one == 75 ]] && [[ $two == 0 || $two == 75 ]]
		for name in one two; do
			[ "${!name}" -ne 0 ] || same 1 "$(units race.db $name)"
		done
	done
}

@test "accounts, subscriptions, watermarks: the newest observation wins, in any order" {
	{
		account '{account_name: "old"}'
		account '{account_name: "new"}' 2025-03-02T00:00:00.000Z
		account '{account_name: "older"}' 2025-02-01T00:00:00.000Z
		subscription '{plan_item_name: "new"}' 2025-03-02T00:00:00.000Z
		subscription '{plan_item_name: "old"}'
		subscription '{plan_item_id: null}'
		echo '{"type":"RECORD","stream":"watermark","record":{"account_id":"a","watermark":"2025-03-03T00:00:00.000Z"}}'
		echo '{"type":"RECORD","stream":"watermark","record":{"account_id":"a","watermark":"2025-03-02T00:00:00.000Z"}}'
	} >in
	merge --ledger :memory: --emit all <in >expected
	same '"new"' "$(records_of account <expected | jq -c .account_name)"
	same '[null,null] ["p","new"]' "$(records_of subscription <expected | jq -c '[.plan_item_id, .plan_item_name]' | xargs -d '\n')"
	same 2025-03-03T00:00:00.000Z "$(records_of watermark <expected | jq -r .watermark)"
	for seed in 1 2 3 4 5; do
		shuffled $seed <in | merge --ledger :memory: --emit all >got
		same_files expected got
	done
}

@test "accounts and subscriptions of the fixture come out as they went in" {
	merge --ledger :memory: --emit all <"$all/subscriptions" >out
	for stream in account subscription; do
		same "$(records_of $stream <"$all/subscriptions" | LC_ALL=C sort)" "$(records_of $stream <out | LC_ALL=C sort)"
	done
}

@test "names with quotes, emoji, right to left, newlines and a zero come out as they went in" {
	account '{account_name: "a\"\\\n\t\u0000\u0001🚀شركة'"'"'; DROP TABLE account; --"}' >in
	same "$(records_of account <in)" "$(merge --ledger a.db --emit all <in | records_of account)"
	same "$(records_of account <in)" "$(merge --ledger a.db --emit all </dev/null | records_of account)"
}

@test "what was reported: the last run's consumption, whole, with its job_result" {
	{ envelope "{envelope_id: \"$uuid\"}" && envelope '{account_id: "b", envelope_id: "f"}'; } | merge --ledger a.db --emit none
	promote a.db 2025-03-18T02:00:00Z
	merge --ledger a.db --print-reported >reported
	same_files <(jq -c 'select(.stream == "consumption" and .record).record' run) <(records_of consumption <reported)
	same 20250318T020000Z "$(records_of job_result <reported | jq -r .run_id)"
	envelope "{envelope_id: \"$uuid\", account_id: \"c\", modified_at: \"2025-03-20T00:00:00.000Z\"}" | merge --ledger a.db --emit none
	promote a.db 2025-03-25T02:00:00Z
	merge --ledger a.db --print-reported >reported
	same "b c" "$(records_of consumption <reported | jq -r .account_id | xargs)"
	same 20250325T020000Z "$(records_of job_result <reported | jq -r .run_id)"
	# Promoting twice is promoting once.
	dump a.db >before
	promote a.db 2025-03-25T02:00:00Z
	dump a.db >after
	same_files before after
}

@test "a run that loses its last envelope reports nothing, and is not restated for ever" {
	envelope '{}' | merge --ledger a.db --emit none
	promote a.db 2026-03-18T02:00:00Z
	envelope '{sent_at: null, status: "created", modified_at: "2026-03-20T00:00:00.000Z"}' | merge --ledger a.db --emit none
	promote a.db 2026-03-25T02:00:00Z
	same '' "$(merge --ledger a.db --print-reported | records_of consumption)"
	same '' "$(merge --ledger a.db </dev/null | records_of daily_consumption)"
}

@test "what a run does not report is reported no more, each figure by itself" {
	{ envelope '{}' && envelope '{envelope_id: "f", plan_item_id: "other"}' && envelope '{envelope_id: "g", sent_at: "2026-02-10T00:00:00.000Z"}' && envelope '{envelope_id: "h", account_id: "b"}'; } |
		merge --ledger a.db --emit none
	promote a.db 2026-03-18T02:00:00Z
	reported() { merge --ledger a.db --print-reported | records_of consumption | jq -r '[.account_id, .plan_item_id, .period_start[:10]] | join(" ")' | sort; }
	reported >before
	same 4 "$(wc -l <before)"
	envelope '{envelope_id: "f", plan_item_id: "other", sent_at: null, status: "created", modified_at: "2026-03-20T00:00:00.000Z"}' | merge --ledger a.db --emit none
	promote a.db 2026-03-25T02:00:00Z
	same_files <(grep -v other before) <(reported)
	envelope '{envelope_id: "g", sent_at: null, status: "created", modified_at: "2026-03-20T00:00:00.000Z"}' | merge --ledger a.db --emit none
	promote a.db 2026-03-26T02:00:00Z
	same_files <(grep -v -e other -e 2026-01-31 before) <(reported)
}

@test "a job_result alone takes nothing away of a run that has figures, nor one that failed; and none of another profile" {
	envelope '{}' | merge --ledger a.db --emit none
	promote a.db
	merge --ledger a.db --print-reported | records_of consumption >before
	[ -s before ]
	job() { jq -nc "{type: \"RECORD\", stream: \"job_result\", record: ({run_id: \"20260101T000000Z\", profile: \"x\", state: \"succeeded\"} + $1)}"; }
	for members in '{counts: {consumption: 3}}' '{state: "failed", counts: {consumption: 0}}' '{profile: "y", counts: {consumption: 0}}' '{profile: null, counts: {consumption: 0}}'; do
		job "$members" | merge --ledger a.db --emit none
		same_files before <(merge --ledger a.db --print-reported | records_of consumption)
	done
	job '{counts: {consumption: 0}}' | merge --ledger a.db --emit none
	same '' "$(merge --ledger a.db --print-reported | records_of consumption)"
}

@test "the ledger can be read by people: the view of partials" {
	merge --ledger a.db --emit all <"$all/canonical" >out
	single_items | jq -r .account | tr A-F a-f >defaulted
	daily <out | grep -vF -f defaulted >expected
	sqlite3 -separator '	' a.db "SELECT account_id, ifnull(plan_item_id, '-'), day, units_consumed, first_sent_at, last_sent_at FROM daily_consumption
		WHERE units_consumed > 0" | grep -vF -f defaulted | LC_ALL=C sort >got
	[ -s expected ]
	same_files expected got
}

@test "names that first came after a STATE are there after their commit was undone and merged again" {
	mkfifo pipe
	# The commit at the STATE is not yet due; the lines after it wait, and then nothing comes: what stands after the STATE is undone, the rest is
	# committed, and they are merged again. Account, plan item and status of those are new each time.
	merge --ledger a.db --emit all --commit-every 3600 <pipe >out 3>&- &
	writer=$!
	exec 7>pipe
	for round in 1 2 3; do
		{ envelope "{account_id: \"a$round\", envelope_id: \"e$round\"}" && echo "{\"type\":\"STATE\",\"value\":$round}"; envelope "{account_id: \"b$round\", envelope_id: \"f$round\", plan_item_id: \"p$round\", status: \"new$round\"}"; } >&7
		eventually grep -q "\"value\":$round}" out
	done
	exec 7>&-
	wait "$writer"
	merge --ledger b.db --emit all < <(for round in 1 2 3; do envelope "{account_id: \"a$round\", envelope_id: \"e$round\"}" && envelope "{account_id: \"b$round\", envelope_id: \"f$round\", plan_item_id: \"p$round\", status: \"new$round\"}"; done) | records_of daily_consumption >expected
	[ "$(wc -l <expected)" -eq 6 ]
	records_of daily_consumption <out >got
	same_files expected got
	sound a.db
}

@test "a run that is promoted again has its results once, in their order, and those of the other runs stay" {
	result() { printf '{"type":"RECORD","stream":"metric_result","record":{"profile":"x","software_model":"%s"}}\n' "$1"; }
	job() { printf '{"type":"RECORD","stream":"job_result","record":{"run_id":"%s","profile":"x","job":"run","state":"succeeded","started_at":"2025-03-18T02:00:00.000Z","counts":{}}}\n' "$1"; }
	results() { sqlite3 a.db "SELECT run_id || ' ' || (record ->> 'software_model') FROM result ORDER BY run_id, stream, number" | xargs; }
	{ job r1 && result M1 && result M2; } | merge --ledger a.db --emit none
	{ job r2 && result M3; } | merge --ledger a.db --emit none
	same "r1 M1 r1 M2 r2 M3" "$(results)"
	{ job r1 && result M1 && result M2; } | merge --ledger a.db --emit none
	same "r1 M1 r1 M2 r2 M3" "$(results)"
	{ job r2 && result M4 && result M3; } | merge --ledger a.db --emit none
	same "r1 M1 r1 M2 r2 M4 r2 M3" "$(results)"
	{ job r1; } | merge --ledger a.db --emit none
	same "r2 M4 r2 M3" "$(results)"
	same 2 "$(sqlite3 a.db 'SELECT count(*) FROM job_result')"
}

# What comes into a ledger after the period that ended on 2026-01-31, and whether it is late, and whether its account is touched.
@test "what comes after a period is over: only what is new and of that period or before is noted as late; only an account that it changes is touched" {
	{ envelope '{}' && envelope '{account_id: "b", envelope_id: "f"}' && envelope '{account_id: "b", envelope_id: "g", sent_at: null, status: "created"}'; } | merge --ledger whole.db --emit none
	promote whole.db 2026-02-18T02:00:00Z
	number=0
	while IFS='|' read -r what changes late touched; do
		number=$((number + 1))
		cp whole.db l.db
		envelope "$changes" | merge --ledger l.db --emit none --now 2026-02-20T00:00:00Z
		got="$(sqlite3 l.db "SELECT (SELECT count(*) FROM late_envelope) || '|' || ifnull((SELECT group_concat(account_id) FROM account WHERE touched), '')")"
		same "$what: $late|$touched" "$what: $got"
		# The same again changes nothing more.
		sqlite3 l.db 'UPDATE account SET touched = 0'
		{ envelope "$changes" && envelope "$changes"; } | merge --ledger l.db --emit none --now 2026-02-21T00:00:00Z
		got="$(sqlite3 l.db "SELECT (SELECT count(*) FROM late_envelope) || '|' || ifnull((SELECT group_concat(account_id) FROM account WHERE touched), '')")"
		same "$what, again: $late|" "$what, again: $got"
	done <<-'END'
		the same|{}|0|
		an older version|{modified_at: "2025-03-04T00:00:00.000Z", status: "voided"}|0|
		a newer one, all else the same|{modified_at: "2026-02-19T00:00:00.000Z"}|0|
		a newer one that was completed|{modified_at: "2026-02-19T00:00:00.000Z", status: "completed"}|0|a
		a newer one of another day|{modified_at: "2026-02-19T00:00:00.000Z", sent_at: "2025-03-06T00:00:00.000Z"}|0|a
		a new one|{envelope_id: "n"}|1|a
		a new one, in the period's last millisecond|{envelope_id: "n", sent_at: "2026-01-30T23:59:59.999Z"}|1|a
		a new one, on its end|{envelope_id: "n", sent_at: "2026-01-31T00:00:00.000Z"}|0|a
		a new draft|{envelope_id: "n", sent_at: null, status: "created"}|0|
		a new one of a new account|{account_id: "c", envelope_id: "n"}|1|c
		a draft that was sent|{account_id: "b", envelope_id: "g", modified_at: "2026-02-19T00:00:00.000Z"}|0|b
	END
	[ "$number" -eq 11 ]
}

@test "versions of one time: of each field the greater value wins, and null is greater than any, in either order; it is a conflict" {
	local base='{"type":"RECORD","stream":"envelope","record":{"account_id":"a","envelope_id":"e","status":"sent","created_at":null,"sent_at":null,"completed_at":null,"modified_at":"2025-03-05T12:00:00.000Z","plan_item_id":null,"sender_id":null}}'
	version() { if [ "$2" = null ]; then echo "$base"; else sed "s/\"$1\":null/\"$1\":\"$2\"/" <<<"$base"; fi; }
	while read -r field small great; do
		for pair in "$small null" "$small $great" "$great null"; do
			read -r loser winner <<<"$pair"
			for order in "$loser $winner" "$winner $loser"; do
				rm -f tie.db
				for value in $order; do version "$field" "$value"; done | merge --ledger tie.db --emit none
				same "$field: $winner 1" "$field: $(env export -l tie.db --stream envelope | value_of "$field" | tail -n 1) $(sqlite3 tie.db 'SELECT count(*) FROM conflict')"
			done
		done
	done <<-'END'
		created_at 2025-03-04T00:00:00.000Z 2025-03-05T00:00:00.000Z
		sent_at 2025-03-04T00:00:00.000Z 2025-03-05T00:00:00.000Z
		completed_at 2025-03-04T00:00:00.000Z 2025-03-05T00:00:00.000Z
		plan_item_id p1 p2
		sender_id s1 s2
	END
}
