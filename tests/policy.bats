#!/usr/bin/env bats
# The counting policy: its file, what it does to partials, and that changing it restates figures and rewrites nothing.

load helper

pipeline=$root/pipeline.sh
export ENVTALLY_BIN=${ENVTALLY_BIN:-$root/bin}

strict() { printf '{"name":"voided are free","version":2,"statuses":{"created":false,"template":false,"voided":false}}\n'; }
units() { records_of daily_consumption | jq -r '"\(.account_id) \(.units_consumed) \(.by_status | tojson)"'; }

@test "show: canonical, with the SHA-256 of that line; white space and order do not matter" {
	strict >a.json
	printf '{\n  "version": 2, "other_statuses": true,\n  "statuses": { "voided": false, "template": false, "created": false },\n  "name": "voided are free"\n}\n' >b.json
	policy show a.json >a
	same_files a <(policy show b.json)
	same '{"name":"voided are free","version":2,"statuses":{"created":false,"template":false,"voided":false},"other_statuses":true}' "$(sed -n 1p a)"
	same "$(sed -n 1p a | tr -d '\n' | sha256sum | cut -c -64)" "$(sed -n 2p a)"
	same "$(sed -n 2p a)" "$(policy hash b.json)"
	same "$(policy hash)" "$(policy hash default)"
	[ "$(policy hash)" != "$(policy hash a.json)" ]
	jq '.version = 3' a.json >c.json
	[ "$(policy hash c.json)" != "$(policy hash a.json)" ]
}

@test "settlement: shown where it is by the period; no part of the hash, since it is not counting" {
	strict >a.json
	jq '.settlement = "period"' a.json >period.json
	jq '.settlement = "day"' a.json >day.json
	same "$(policy show a.json)" "$(policy show day.json)"
	same '{"name":"voided are free","version":2,"statuses":{"created":false,"template":false,"voided":false},"other_statuses":true,"settlement":"period"}' "$(policy show period.json | head -n 1)"
	same "$(policy hash a.json)" "$(policy hash period.json)"
	policy show period.json | head -n 1 >again.json
	same "$(policy show period.json)" "$(policy show again.json)"
}

@test "mistakes: what is wrong with a policy is said, and what cannot be applied" {
	while IFS='|' read -r text expected; do
		printf '%s\n' "$text" >p.json
		run --separate-stderr policy show p.json
		fails 78 "policy: cannot use policy 'p.json': $expected"
	done <<-'END'
				{"version":1,"statuses":{}}|"name" is missing: it must be a string that is not empty
		{"name":"x","statuses":{}}|"version" is missing: it must be a whole number from 1 to 1000000
		{"name":"x","version":1}|"statuses" is missing: it must be an object
		{"name":"","version":1,"statuses":{}}|"name" must be a string that is not empty
		{"name":"x","version":0,"statuses":{}}|"version" must be a whole number from 1 to 1000000
		{"name":"x","version":1.5,"statuses":{}}|"version" must be a whole number from 1 to 1000000
		{"name":"x","version":1,"statuses":["sent"]}|"statuses" must be an object
		{"name":"x","version":1,"statuses":{"sent":1}}|"statuses.sent" must be true (it counts) or false
		{"name":"x","version":1,"statuses":{"Sent":true}}|"statuses.Sent" must be a name in lower case
		{"name":"x","version":1,"statuses":{},"other_statuses":"all"}|"other_statuses" must be true (they count) or false
		{"name":"x","version":1,"statuses":{},"states":{}}|"states" is not a key that this policy can have: see doc/policy.md
		{"name":"x","version":1,"statuses":{},"pools":[]}|"pools" is not a key of a policy: write "sending_methods": {"METHOD": {"pool": "NAME"}} (see doc/policy.md)
		{"name":"x","version":1,"statuses":{},"bulk_send":false}|"bulk_send" is not a key of a policy: write "sending_methods": {"bulk": false}, or the name that the feed's map gives it (see doc/policy.md)
		{"name":"x","version":1,"statuses":{},"powerform":1}|"powerform" is not a key of a policy: write "sending_methods": {"powerform": false}, or the name that the feed's map gives it (see doc/policy.md)
		{"name":"x","version":1,"statuses":{},"dated_by":"x"}|"dated_by" is not a key of a policy: write in the feed's map what sent_at is (see doc/policy.md)
		{"name":"x","version":1,"statuses":{},"settlement":"year"}|"settlement" must be one of "day", "period"
		{"name":"x","version":1,"statuses":{},"settlement":true}|"settlement" must be one of "day", "period"
		{"name":"x","version":1,"statuses":{},"other_methods":"all"}|"other_methods" must be true (they count) or false
		{"name":"x","version":1,"statuses":{},"sending_methods":["bulk"]}|"sending_methods" must be an object
		{"name":"x","version":1,"statuses":{},"sending_methods":{"":true}}|"sending_methods." must be a name in lower case
		{"name":"x","version":1,"statuses":{},"sending_methods":{"Bulk":true}}|"sending_methods.Bulk" must be a name in lower case
	END
	echo '[]' >p.json
	run --separate-stderr policy show p.json
	fails 78 "policy: cannot read policy 'p.json': it must be a JSON object"
	run --separate-stderr policy show nowhere.json
	refused 66 "policy: cannot open 'nowhere.json'*"
	run --separate-stderr policy fly
	fails 64 "policy: cannot do that: policy takes show or hash and a policy file, or diff and two of them (see --help)"
	strict | jq '.statuses.sent = 1' >p.json
	run --separate-stderr merge --ledger new.db --policy p.json </dev/null
	fails 78 "merge: cannot use policy 'p.json': \"statuses.sent\" must be true (it counts) or false"
	[ ! -e new.db ]
}

@test "mistakes: a method is true, false or one pool that could be a plan item" {
	local method='"sending_methods.bulk" must be true (it counts), false, or {"pool": "NAME"}'
	local pool='"sending_methods.bulk.pool" must be a plan item id of 1 to 46 bytes in lower case'
	while IFS='|' read -r value expected; do
		printf '{"name":"x","version":1,"statuses":{},"sending_methods":{"bulk":%s}}' "$value" >p.json
		run --separate-stderr policy show p.json
		fails 78 "policy: cannot use policy 'p.json': $expected"
	done <<-END
		1|$method
		null|$method
		"bulk"|$method
		{}|${pool/ must be/ is missing: it must be}
		{"pool":""}|$pool
		{"pool":"Big"}|$pool
		{"pool":7}|$pool
		{"pool":"a","units":1}|"sending_methods.bulk.units" is not a key that this policy can have: see doc/policy.md
		{"pool":"a\u0000b"}|$pool
		{"pool":"$(printf '%047d' 0)"}|$pool
	END
}

@test "show: sending methods are a part of the text and the hash; a policy that is silent about them keeps its own" {
	strict >a.json
	strict | jq '.sending_methods = {}' >b.json
	strict | jq '.other_methods = true' >c.json
	same "$(policy show a.json)" "$(policy show b.json)"
	same "$(policy show a.json)" "$(policy show c.json)"
	jq '.sending_methods = {powerform: {pool: "forms"}, bulk: false, z: true}' a.json >d.json
	same '"other_statuses":true,"sending_methods":{"bulk":false,"powerform":{"pool":"forms"},"z":true},"other_methods":true}' \
		"$(policy show d.json | sed -n '1s/.*"other_statuses"/"other_statuses"/p')"
	same "$(policy show d.json | sed -n 1p | tr -d '\n' | sha256sum | cut -c -64)" "$(policy hash d.json)"
	policy show d.json | sed -n 1p >again.json
	same "$(policy show d.json)" "$(policy show again.json)"
	jq '.other_methods = false' a.json >e.json
	jq '.sending_methods.powerform.pool = "form"' d.json >f.json
	same 4 "$(for one in a d e f; do policy hash "$one.json"; done | sort -u | wc -l)"
}

# Account a has plan items m and none, account b none: 4 bulk, 2 powerform, 3 told nothing, 1 told something else; one voided, one draft.
methods() {
	envelope '{envelope_id: "1", plan_item_id: "m", sending_method: "bulk"}'
	envelope '{envelope_id: "2", plan_item_id: "m", sending_method: "bulk", status: "voided"}'
	envelope '{envelope_id: "3", plan_item_id: "m", status: "voided"}'
	envelope '{envelope_id: "4", plan_item_id: "m"}'
	envelope '{envelope_id: "5", sending_method: "bulk", sent_at: "2025-03-05T23:59:59.999Z"}'
	envelope '{envelope_id: "6", sending_method: "bulk", sent_at: "2025-03-06T00:00:00.000Z"}'
	envelope '{envelope_id: "7", sending_method: "powerform"}'
	envelope '{envelope_id: "8", sending_method: "api", plan_item_id: "m"}'
	envelope '{envelope_id: "9", sending_method: "bulk", status: "created"}'
	envelope '{envelope_id: "a", account_id: "b"}'
	envelope '{envelope_id: "b", account_id: "b", sending_method: "powerform"}'
}

@test "merge, export: the same envelopes by policies that count a method, do not, or count it in a pool" {
	methods | merge -q --ledger l.db --emit none
	sqlite3 l.db .dump >before
	by() { # JSON: the partials by a policy with these members
		jq -nc "{name: \"x\", version: 1, statuses: {created: false, template: false}} + $1" >p.json
		merge -q --ledger l.db --emit all --policy p.json </dev/null | records_of daily_consumption >partials
		export -l l.db -s daily_consumption --policy p.json | records_of daily_consumption | same_files partials -
		jq -r '"\(.account_id) \(.plan_item_id) \(.day) \(.units_consumed) \(.by_status | tojson)"' partials
	}
	# By_status adds up over methods.
	same 'a null 2025-03-05 2 {"sent":2}
a null 2025-03-06 1 {"sent":1}
a m 2025-03-05 5 {"sent":3,"voided":2}
b null 2025-03-05 2 {"sent":2}' "$(by '{}')"
	same "$(by '{}')" "$(by '{sending_methods: {bulk: true, unheard: false}}')"
	same 'a null 2025-03-05 1 {"sent":1}
a m 2025-03-05 3 {"sent":2,"voided":1}
b null 2025-03-05 2 {"sent":2}' "$(by '{sending_methods: {bulk: false}}')"
	same 'a null 2025-03-05 1 {"sent":1}
a null 2025-03-06 1 {"sent":1}
a m 2025-03-05 2 {"sent":1,"voided":1}' "$(by '{sending_methods: {bulk: true}, other_methods: false}')"
	# Pools come in the order of plan items, and days of both plan items are in one record.
	same 'a null 2025-03-05 1 {"sent":1}
a big 2025-03-05 3 {"sent":2,"voided":1}
a big 2025-03-06 1 {"sent":1}
a m 2025-03-05 3 {"sent":2,"voided":1}
b null 2025-03-05 2 {"sent":2}' "$(by '{sending_methods: {bulk: {pool: "big"}}}')"
	same '2025-03-05T12:00:00.000Z 2025-03-05T23:59:59.999Z' "$(jq -r 'select(.plan_item_id == "big" and .day == "2025-03-05") | "\(.first_sent_at) \(.last_sent_at)"' partials)"
	# A pool that is a plan item of its own; two methods in one; a status that does not count does not in a pool either.
	same 'a null 2025-03-05 1 {"sent":1}
a m 2025-03-05 6 {"sent":4,"voided":2}
a m 2025-03-06 1 {"sent":1}
b null 2025-03-05 2 {"sent":2}' "$(by '{sending_methods: {bulk: {pool: "m"}}}')"
	same 'a m 2025-03-05 5 {"sent":5}
a m 2025-03-06 1 {"sent":1}
b null 2025-03-05 1 {"sent":1}
b m 2025-03-05 1 {"sent":1}' "$(by '{sending_methods: {bulk: {pool: "m"}, powerform: {pool: "m"}}, statuses: {created: false, template: false, voided: false}}')"
	sqlite3 l.db .dump >after
	same_files before after
}

@test "merge, export: partials count what the policy counts, and the ledger stays as it is" {
	for status in sent voided created unheard; do envelope "{envelope_id: \"$status\", status: \"$status\"}"; done | merge -q --ledger l.db --emit none
	sqlite3 l.db .dump >before
	emit() { merge -q --ledger l.db --emit all "$@" </dev/null | units; }
	same 'a 3 {"sent":1,"unheard":1,"voided":1}' "$(emit)"
	same 'a 3 {"sent":1,"unheard":1,"voided":1}' "$(emit --policy default)"
	strict >p.json
	same 'a 2 {"sent":1,"unheard":1}' "$(emit --policy p.json)"
	strict | jq '.other_statuses = false | .statuses.created = true' >p.json
	# What it does not name does not count; a draft that has a time of sending does.
	same 'a 1 {"created":1}' "$(emit --policy p.json)"
	same 'a 1 {"created":1}' "$(export -l l.db -s daily_consumption --policy p.json | units)"
	sqlite3 l.db .dump >after
	same_files before after
}
export() { command "$ENVTALLY_BIN/export" "$@"; } # not the shell's

@test "driver: another policy restates what was reported, says so, and explains itself; back again, it is as before" {
	acme_after 1 ws
	night() { "$pipeline" run -q -C ws --replay "$acme/nights/$1"; }
	same "$(policy hash)" "$(jq -r .policy ws/runs/acme/20250318T020000Z/job.json)"
	strict >ws/licence/policy.json
	night 20250325T020000Z
	same "$(policy hash ws/licence/policy.json)" "$(jq -r .policy ws/runs/acme/20250325T020000Z/job.json)"
	# By jq from the raw pages: latest versions, sent before the period's end, neither drafts nor voided.
	raw_of 20250318T020000Z 20250325T020000Z | jq -n -r '
		reduce inputs as $one ({}; ($one.envelopeId | ascii_downcase) as $id
			| if .[$id] == null or .[$id].lastModifiedDateTime < $one.lastModifiedDateTime then .[$id] = $one else . end)
		| [.[] | select(.sentDateTime != null and ((.status | ascii_downcase) | . != "created" and . != "voided"))]
		| group_by(.accountId | ascii_downcase)[] | "\(.[0].accountId | ascii_downcase) \(length)"' >expected
	of_accounts() { records_of consumption <"ws/runs/acme/$1/consumption.ndjson" | jq -n -r '[inputs] | group_by(.account_id)[] | "\(.[0].account_id) \(map(.units_consumed) | add)"'; }
	same_files expected <(of_accounts 20250325T020000Z)
	same policy "$(records_of restatement <ws/runs/acme/20250325T020000Z/restatements.ndjson | jq -r .cause | sort -u)"
	"$pipeline" explain -q -C ws --format ndjson --level envelope >explained
	same 0 "$(jq -s 'map(select(.record.adds_up == false)) | length' explained)"
	# 249 less the voided, from the night before the last late ones.
	"$pipeline" policy diff default ws/licence/policy.json -q -C ws --period 3 >difference
	delta=$(grep -oE '\(-[0-9]+\)' difference | tr -d '()' | awk '{ n += $1 } END { print n }')
	voided=$(raw_of 20250318T020000Z 20250325T020000Z | jq -n -r '
		reduce inputs as $one ({}; ($one.envelopeId | ascii_downcase) as $id
			| if .[$id] == null or .[$id].lastModifiedDateTime < $one.lastModifiedDateTime then .[$id] = $one else . end)
		| [.[] | select(.sentDateTime != null and .sentDateTime >= "2024-10-31" and .sentDateTime < "2025-01-31" and (.status | ascii_downcase) == "voided")] | length')
	same "$((-voided))" "$delta"
	rm ws/licence/policy.json
	night 20250401T020000Z
	same "acme: no figure differs" "$("$pipeline" policy diff default default -q -C ws)"
	# First report and all deltas are the present figures of what was over then, whatever the policies between.
	key='[.account_id, .plan_item_id // "", .period_start] | join("|")'
	jq -n -r "reduce (inputs | select(.type == \"RECORD\" and .record.period_end <= \"2025-03-18\").record) as \$r ({}; .[\$r | $key] += (\$r.delta // \$r.units_consumed))
		| to_entries[] | \"\(.key) \(.value)\"" ws/runs/acme/20250318T020000Z/consumption.ndjson ws/runs/acme/*/restatements.ndjson | sort >summed
	jq -r "select(.type == \"RECORD\" and .record.period_end <= \"2025-03-18\").record | \"\($key) \(.units_consumed)\"" ws/runs/acme/20250401T020000Z/consumption.ndjson | sort >present
	same_files present summed
	run -0 "$pipeline" replay 20250401T020000Z -C ws -q
}

@test "driver: policy diff --format ndjson: a record for each figure that moves, and none else" {
	mkdir -p ws/profiles ws/licence ws/ledger
	jq '.contract_start = "2025-01-01" | .renewal_months = 3' "$acme/profiles/acme.json" >ws/profiles/acme.json
	cp "$acme"/licence/*.csv ws/licence/
	# Account, plan item, status, time of sending: quarters, the second from its first moment on; and one before the contract.
	number=0
	while read -r account item status sent; do
		number=$((number + 1))
		envelope "{envelope_id: \"e$number\", account_id: \"$account\", plan_item_id: (\"$item\" | if . == \"-\" then null else . end), status: \"$status\", sent_at: \"${sent}.000Z\"}"
	done >envelopes <<-'END'
		a p voided    2024-12-31T23:59:59
		a p sent      2025-01-01T00:00:00
		a p completed 2025-02-10T09:00:00
		a p delivered 2025-03-31T23:59:59
		a p voided    2025-01-01T00:00:00
		a p voided    2025-03-31T23:59:59
		a p created   2025-02-11T09:00:00
		a p voided    2025-04-01T00:00:00
		a p completed 2025-05-01T00:00:00
		a q completed 2025-02-10T09:00:00
		b - voided    2025-02-10T09:00:00
		c p declined  2025-02-10T09:00:00
	END
	merge -q --ledger ws/ledger/acme.db --emit none <envelopes
	strict >p.json
	strict | jq '.name = "drafts" | .statuses.created = true' >drafts.json
	diff_of() { "$pipeline" policy diff "$@" -q -C ws; }
	brief() { jq -r 'select(.type == "RECORD").record | "\(.profile) \(.account_id) \(.plan_item_id // "-") \(.period_index) \(.period_start[:10]) \(.period_end[:10]) \(.units_before) \(.units_after) \(.delta)"'; }
	diff_of default p.json --format ndjson >moved
	# By hand: what is voided of each quarter.
	same "acme a p -1 2024-10-01 2025-01-01 1 0 -1
acme a p 0 2025-01-01 2025-04-01 5 3 -2
acme b - 0 2025-01-01 2025-04-01 1 0 -1
acme a p 1 2025-04-01 2025-07-01 2 1 -1" "$(brief <moved)"
	# Nothing but its SCHEMA and these; every record has what the SCHEMA and doc/policy.md have, and the hashes.
	same "SCHEMA policy_difference
$(for _ in 1 2 3 4; do echo "RECORD policy_difference"; done)" "$(jq -r '"\(.type) \(.stream)"' moved)"
	fields=$(sed -nE '/^## What if/,/^## What cannot/ s/^\| \*?\*?([a-z_]+)\*?\*? \| (id|text|integer|time) .*/\1/p' "$root/doc/policy.md")
	keys=$(sed -nE '/^## What if/,/^## What cannot/ s/^\| \*\*([a-z_]+)\*\* .*/\1/p' "$root/doc/policy.md")
	same "$fields" "$(jq -r 'select(.type == "SCHEMA").schema.properties | keys_unsorted[]' moved)"
	same "$keys" "$(jq -r 'select(.type == "SCHEMA").key_properties[]' moved)"
	same "$fields" "$(jq -r 'select(.type == "RECORD").record | keys_unsorted[]' moved | awk '!seen[$0]++')"
	same "$(policy hash) $(policy hash p.json)" "$(jq -r 'select(.type == "RECORD").record | "\(.policy_before) \(.policy_after)"' moved | sort -u)"
	# Of one period; the other way round; where one goes and another comes.
	same "acme a p 1 2025-04-01 2025-07-01 2 1 -1" "$(diff_of default p.json --format ndjson --period 2025-04-01 | brief)"
	same "acme a p 1 2025-04-01 2025-07-01 1 2 1" "$(diff_of p.json default --format ndjson --period 1 | brief)"
	same "acme a p 0 2025-01-01 2025-04-01 5 4 -1
acme b - 0 2025-01-01 2025-04-01 1 0 -1" "$(diff_of default drafts.json --format ndjson --period 0 | brief)"
	same "SCHEMA" "$(diff_of default default --format ndjson | jq -r .type)"
	# As text it is the same figures.
	same "$(diff_of default p.json --format text)" "$(diff_of default p.json)"
	grep -qxF "  2025-01-01  account a  plan item p  5 -> 3 (-2)" <<<"$(diff_of default p.json)"
	run --separate-stderr diff_of default p.json --format csv
	fails 64 "pipeline.sh: cannot use --format 'csv': it must be text or ndjson"
}

@test "driver: a method in a pool of its own: restated, mapped by models.csv, and explained to the exchange" {
	acme_workspace ws
	# What tells a method here: that an envelope was completed.
	jq '.map.sending_method = {pointer: "/completedDateTime", type: "word", when_present: "powerform"}' "$root/lib/feeds/datafeed.json" >ws/feed.json
	jq --arg feed "$PWD/ws/feed.json" ".feed = \$feed" "$acme/profiles/acme.json" >ws/profiles/acme.json
	night() { "$pipeline" run -q -C ws --replay "$acme/nights/$1"; }
	of() { jq -r 'select(.type == "RECORD" and .stream == "consumption").record | "\(.plan_item_id) \(.units_consumed)"' "ws/runs/acme/$1/consumption.ndjson" | awk '{ n[$1] += $2 } END { for (item in n) print item, n[item] }' | sort; }
	night 20250318T020000Z
	printf '{"name":"forms apart","version":1,"statuses":{"created":false,"template":false},"sending_methods":{"powerform":{"pool":"forms"}}}' >ws/licence/policy.json
	sed 's/plan_item_id,b7f2d3c8-1a4e-4f11-8c5d-2e90a1b3c404$/&\nDocusign,eSignature,,Forms,Docusign Forms,Envelope,envelope,plan_item_id,forms/' "$acme/licence/models.csv" >ws/licence/models.csv
	night 20250325T020000Z
	# By jq from the raw pages: of the latest versions that were sent, those that were completed.
	raw_of 20250318T020000Z 20250325T020000Z | jq -n '
		reduce inputs as $one ({}; ($one.envelopeId | ascii_downcase) as $id
			| if .[$id] == null or .[$id].lastModifiedDateTime < $one.lastModifiedDateTime then .[$id] = $one else . end)
		| [.[] | select(.sentDateTime != null and (.status | ascii_downcase) != "created")]' >latest
	same "forms $(jq 'map(select(.completedDateTime != null)) | length' latest)" "$(of 20250325T020000Z | grep forms)"
	same "$(jq length latest)" "$(of 20250325T020000Z | awk '{ n += $2 } END { print n }')"
	same policy "$(records_of restatement <ws/runs/acme/20250325T020000Z/restatements.ndjson | jq -r .cause | sort -u)"
	# One of them was sent before the contract began: in no position.
	same "$(jq 'map(select(.completedDateTime != null and .sentDateTime >= "2024-01-31")) | length' latest)" \
		"$(records_of metric_result <ws/runs/acme/20250325T020000Z/results.ndjson | jq -n '[inputs | select(.software_model == "Docusign Forms").rights_used // 0] | add')"
	"$pipeline" explain -q -C ws --format ndjson --level exchange >explained
	same 0 "$(jq -s 'map(select(.record.adds_up == false)) | length' explained)"
	same "powerform $(jq 'map(select(.completedDateTime != null)) | length' latest)" \
		"$(jq -r 'select(.record.level == "envelope").record.facts.sending_method // empty' explained | uniq -c | awk '{ n[$2] += $1 } END { for (m in n) print m, n[m] }')"
	"$pipeline" explain -q -C ws --model 'Docusign Forms' --level envelope | grep -q ' completed by powerform, modified '
	# Not mapped any more, it is unrecognized; counted as before, it is in nobody's way.
	cp "$acme/licence/models.csv" ws/licence/models.csv
	night 20250401T020000Z
	same forms "$(records_of unrecognized_subscription <ws/runs/acme/20250401T020000Z/results.ndjson | jq -r 'select(.identifier == "forms").identifier')"
	"$pipeline" policy diff ws/licence/policy.json default -q -C ws >difference
	grep -q forms difference
	run -0 "$pipeline" replay 20250401T020000Z -C ws -q
	run -0 "$pipeline" verify 20250401T020000Z -C ws -q
}

@test "nights under the same policy: only accounts that were touched are read, and no figure is restated because of it" {
	acme_workspace ws
	mkdir seen
	ln -s "$(dirname "$(command -v merge)")"/* seen/
	rm seen/merge
	printf '#!/bin/bash\necho "$*" >>"%s"\nexec "%s" "$@"\n' "$PWD/merges" "$(command -v merge)" >seen/merge
	chmod +x seen/merge
	for night in $nights; do ENVTALLY_BIN=$PWD/seen "$pipeline" run -q -C ws --replay "$acme/nights/$night"; done
	same 3 "$(grep -c -e '--emit touched' merges)"
	same "late" "$(cat ws/runs/acme/*/restatements.ndjson | records_of restatement | jq -r .cause | sort -u)"
}

@test "driver: settlement by the period: frozen by the run, restates nothing; replay, explain and --as-of settle as the run did" {
	acme_after 1 ws
	printf '%s\n' '{"name":"default","version":1,"statuses":{"created":false,"template":false},"settlement":"period"}' >ws/licence/policy.json
	drawn_by() { records_of metric_result | jq -r .drawn_by | sort -u | xargs; }
	# What the ledger has now goes by the file; what was reported then does not.
	same "period day" "$("$pipeline" reconcile -q -C ws --format ndjson | drawn_by) $("$pipeline" reconcile -q -C ws --format ndjson --as-of 2025-03-18 | drawn_by)"
	"$pipeline" run -q -C ws --replay "$acme/nights/20250325T020000Z"
	run=ws/runs/acme/20250325T020000Z
	same "period period" "$(drawn_by <$run/results.ndjson) $(records_of forecast <$run/results.ndjson | jq -r 'select(.expected_units != null) | "period"' | sort -u)"
	same "$(policy hash)" "$(jq -r .policy $run/job.json)"
	# The same late and changed envelopes as without it.
	acme_after 2 plain
	same_files plain/runs/acme/20250325T020000Z/restatements.ndjson $run/restatements.ndjson
	same_files plain/runs/acme/20250325T020000Z/consumption.ndjson $run/consumption.ndjson
	run -0 "$pipeline" replay 20250325T020000Z -C ws -q
	rm ws/licence/policy.json
	same "day period" "$("$pipeline" reconcile -q -C ws --format ndjson | drawn_by) $("$pipeline" reconcile -q -C ws --format ndjson --as-of 2025-03-25 | drawn_by)"
	run -0 "$pipeline" replay 20250325T020000Z -C ws -q
	run -0 "$pipeline" explain -q -C ws --format ndjson
	# A wrong one is refused before anything is fetched.
	echo '{"name":"x","version":1,"statuses":{},"settlement":"year"}' >ws/licence/policy.json
	run "$pipeline" run -q -C ws --replay "$acme/nights/20250401T020000Z"
	[ "$status" -eq 78 ]
	same "policy: cannot use policy 'ws/licence/policy.json': \"settlement\" must be one of \"day\", \"period\"" "$(head -n 1 <<<"$output")"
}

@test "driver: policy diff shows positions that another settlement changes, though no count does" {
	acme_after 1 ws
	# A contract of which half began late: 100 are in force from the last day of the last closed period on.
	cat >ws/licence/entitlements.csv <<-'END'
		entitlement_id,software_model,license_metric,start_date,end_date,purchased_rights
		E1,Docusign eSignature Enterprise Pro,Envelope,2025-01-30,2025-01-30,100
	END
	printf '%s\n' '{"name":"default","version":1,"statuses":{"created":false,"template":false},"settlement":"period"}' >p.json
	run -0 "$pipeline" policy diff default p.json -q -C ws --period 3
	[[ ${lines[0]} == "acme: 0 figures differ, 1 positions" ]]
	[[ ${lines[1]} == *"2024-10-31  Docusign eSignature Enterprise Pro, Envelope  used "*" owned 100 -> 100  unlicensed "*" -> "*"  Not Compliant -> Not Compliant" ]]
	# The period draws all 100; by the day only what was sent on the last day did.
	read -r day period < <(sed -E 's/.*unlicensed ([0-9]+) -> ([0-9]+).*/\1 \2/' <<<"${lines[1]}")
	used=$(sed -E 's/.*used ([0-9]+) ->.*/\1/' <<<"${lines[1]}")
	same "$((used - 100))" "$period"
	[ "$day" -gt "$period" ]
}
