#!/usr/bin/env bats
# explain: from a position down to the recorded exchange of each envelope; and the output of reconcile --trace.

load helper
load recording

pipeline=$root/pipeline.sh
export ENVTALLY_BIN=${ENVTALLY_BIN:-$root/bin}

# The recorded organisation after its three nights, in $BATS_FILE_TMPDIR/ws: for tests that only look.
setup_file() {
	acme_after 3 "$BATS_FILE_TMPDIR/ws"
}

explain_acme() { "$pipeline" explain -q -C "$BATS_FILE_TMPDIR/ws" "$@"; }
explained() { jq -c 'select(.type == "RECORD").record' "$@"; }

@test "driver: a position's sums add up, and agree with what sqlite3 and the results say" {
	explain_acme --period 3 --model '*Enterprise*' --format ndjson >all
	explained all >records
	same 0 "$(jq -s 'map(select(.adds_up == false)) | length' records)"
	# 249 used and 243 owned: README.md and pipeline.bats have them from the raw pages.
	same '{"units":249,"sum":249,"adds_up":true,"owned":243,"owned_sum":243}' \
		"$(jq -c 'select(.level == "position") | {units, sum, adds_up, owned: .facts.rights_owned, owned_sum: .facts.rights_owned_sum}' records)"
	same 5 "$(jq -c 'select(.level == "entitlement").facts.line' records)"
	same 'ENT-EP-04' "$(sed -n 5p "$acme/licence/entitlements.csv" | cut -d, -f1)"
	same 249 "$(jq -s 'map(select(.level == "envelope")) | length' records)"
	same 249 "$(jq -s '[.[] | select(.level == "envelope").facts.envelope_id] | unique | length' records)"
	same 249 "$(jq -s 'map(select(.level == "day").units) | add' records)"
	# Every node but a position has its parent before it.
	same true "$(jq -s 'all(.[]; if .level == "position" then .parent == null else .parent < .number end)' records)"
}

@test "driver: each exchange leads to the record, by shell tools alone" {
	explain_acme --period 3 --account 7C1E9A52-3b0f-4d6a-9e21-5f8840c7d301 --format ndjson >all
	explained all | jq -r --slurpfile all <(explained all) '
		(reduce $all[] as $one ([]; .[$one.number] = $one)) as $by | select(.level == "exchange")
		| [.facts.run_id, .facts.exchange, .facts.body_offset, .facts.body_length, .facts.record, $by[.parent].facts.envelope_id, .facts.status] | @tsv' >places
	[ "$(wc -l <places)" -gt 123 ]
	count=0
	while read -r run exchange offset length record id status; do
		raw=$BATS_FILE_TMPDIR/ws/runs/acme/$run/raw
		same "$id $status" "$(tail -c +$((offset + 1)) "$raw/fetch-datafeed.bodies" | head -c "$length" |
			jq -r ".data[$record - 1] | \"\(.envelopeId | ascii_downcase) \(.status | ascii_downcase)\"")"
		same "$offset" "$(jq "select(.exchange == $exchange).body_offset" "$raw/fetch-datafeed.exchanges")"
		count=$((count + 1))
	done < <(shuf -n 12 --random-source=<(yes) places)
	same 12 "$count"
}

@test "driver: text is the same chain, for people" {
	explain_acme --period 2024-12-01 --account 7c1e9a52-3b0f-4d6a-9e21-5f8840c7d302 >text
	grep -q '^acme, run 20250401T020000Z$' text
	grep -q '^Docusign eSignature Enterprise Pro, Envelope  profile acme  2024-10-31 to 2025-01-30  period 3, final$' text
	grep -q '^  position: owned 243, used 249, available 0, unlicensed 6: Not Compliant$' text
	grep -q '^    entitlements.csv line 5  ENT-EP-04  2024-10-31 to before 2025-01-31: granted 243, drawn before 0, owned 243, drawn here 243$' text
	grep -q '^    account 7c1e9a52-3b0f-4d6a-9e21-5f8840c7d302 (Acme "Direct" Sales \\ Returns)  plan item b7f2d3c8-1a4e-4f11-8c5d-2e90a1b3c401 (models.csv line 2)  78 units$' text
	same 78 "$(grep -c '^        envelope ' text)"
	# By hand from the fixture's README: of account 1 only this one is within 14 hours of an edge.
	grep -q '^        envelope aced0004-0000-4000-8000-000000000004  sent 2025-01-30T23:59:59.999Z  ' text
	same '' "$(grep -E 'ADD UP|NOT FOUND' text)"
	run explain_acme --level position --period 3
	same 0 "$(grep -c 'account' <<<"$output")"
}

@test "trace: rights owned, drawn and used add up over every position" {
	run_folder=$BATS_FILE_TMPDIR/ws/runs/acme/20250401T020000Z
	cat "$run_folder"/{subscriptions,accounts,consumption}.ndjson |
		reconcile -q -e "$acme/licence/entitlements.csv" -m "$acme/licence/models.csv" -x "$acme/licence/exclusions.csv" --trace >traced
	jq -s -e '
		def key: [.software_model, .license_metric, .period_start] | tojson;
		def sums($stream; value): reduce (.[] | select(.stream == $stream).record) as $r ({}; .[$r | key] += ($r | value));
		map(select(.type == "RECORD")) | sums("entitlement_use"; .rights_owned) as $owned
		| sums("consumption_use"; .units_consumed - .units_excluded) as $used | sums("entitlement_use"; .rights_drawn) as $drawn
		| [.[] | select(.stream == "metric_result").record] | length > 5 and
		  all(.[]; .rights_owned == ($owned[key] // 0) and .rights_used == ($used[key] // 0)
		    and .allocated_in_use + .not_allocated_in_use == ($drawn[key] // 0))' traced
	# Without it, nothing of the sort.
	same 0 "$(cat "$run_folder"/{subscriptions,accounts,consumption}.ndjson |
		reconcile -q -e "$acme/licence/entitlements.csv" -m "$acme/licence/models.csv" | grep -cE '"stream":"[a-z]+_use"')"
}

@test "trace: what earlier periods have drawn is gone: 100 a year, used 40, 40, 15 and 15 in its quarters" {
	# By hand, as doc/reconcile.md has it.
	printf 'entitlement_id,software_model,license_metric,subscription_period,start_date,end_date,purchased_rights\nY,M,E,Annually,2024-01-01,2024-12-31,100\n' >e.csv
	printf 'publisher,product,software_model,license_metric,identifier_type,identifier\nD,P,M,E,plan_item_id,p\n' >m.csv
	index=0
	while read -r start end units; do
		printf '{"type":"RECORD","stream":"consumption","record":{"profile":"x","account_id":"a","plan_item_id":"p","unit":"envelope","period_index":%d,"period_start":"%sT00:00:00.000Z","period_end":"%sT00:00:00.000Z","units_consumed":%d,"by_status":{},"state":"final"}}\n' \
			"$index" "$start" "$end" "$units"
		index=$((index + 1))
	done >consumption.ndjson <<-'END'
		2024-01-01 2024-04-01 40
		2024-04-01 2024-07-01 40
		2024-07-01 2024-10-01 15
		2024-10-01 2025-01-01 15
	END
	reconcile -q -e e.csv -m m.csv --trace <consumption.ndjson >traced
	same "100 0 100 40
100 40 60 40
100 80 20 15
100 95 5 5" "$(records_of entitlement_use <traced | jq -r '"\(.rights_granted) \(.rights_drawn_before) \(.rights_owned) \(.rights_drawn)"')"
	explain <traced >text
	grep -q 'Y  2024-01-01 to before 2025-01-01: granted 100, drawn before 95, owned 5, drawn here 5$' text
}

# A hand-made organisation: account a, plan item p, period of March 2025; a ledger, and two runs whose feed is esign's.
raw() { # ID STATUS SENT MODIFIED [SENDER]
	printf '{"envelopeId":"%s","status":"%s","sentDateTime":"%s","lastModifiedDateTime":"%s","sender":{"userId":"%s"}}' "$1" "$2" "$3" "$4" "${5:-s}"
}
body() { printf '{"totalSetSize":"1","endPosition":"0","envelopes":[%s]}' "$1"; }
answer() { # ACCOUNT RECORD[,RECORD]...: an answer of esign's list of envelopes, to the present recording
	recording_answer "https://x/restapi/v2.1/accounts/$1/envelopes?from_date=2025-03-01T00%3A00%3A00.000Z" 200 "$(body "$2")"
}
small() {
	mkdir -p runs/R1/inputs runs/R2/inputs
	jq '.feed = "esign"' "$acme/profiles/acme.json" | tee runs/R1/inputs/profile.json >runs/R2/inputs/profile.json
	{ # the ledger, as normalize would have given it
		envelope '{envelope_id: "e1", status: "completed", sent_at: "2025-03-01T03:00:00.000Z", modified_at: "2025-03-03T00:00:00.000Z", sender_id: "s"}'
		envelope '{envelope_id: "e2", status: "voided", sent_at: "2025-03-20T12:00:00.000Z", modified_at: "2025-03-21T00:00:00.000Z", sender_id: "s"}'
		envelope '{envelope_id: "e3", status: "sent", sent_at: "2025-04-01T05:00:00.000Z", modified_at: "2025-04-01T05:00:00.000Z", sender_id: "s"}'
		envelope '{envelope_id: "draft", status: "created", sent_at: "2025-03-20T12:00:00.000Z", modified_at: "2025-03-21T00:00:00.000Z"}'
		envelope '{account_id: "other", envelope_id: "e4", sent_at: "2025-03-20T12:00:00.000Z"}'
	} | merge -q --ledger ledger.db --emit none
	recording_begin runs/R1/raw fetch-datafeed 2025-03-18T02:00:00.000Z
	answer other "$(raw e4 sent 2025-03-20T12:00:00Z 2025-03-05T12:00:00Z)"
	# e1 was sent in February first, and again in March.
	answer a "$(raw e1 sent 2025-02-28T09:00:00Z 2025-02-28T09:00:00Z),$(raw E1 completed 2025-03-01T03:00:00.0000000Z 2025-03-03T00:00:00Z)"
	recording_end
	recording_begin runs/R2/raw fetch-datafeed 2025-03-25T02:00:00.000Z
	answer a "$(raw e2 voided 2025-03-20T12:00:00Z 2025-03-21T00:00:00Z)"
	recording_end
	cat >traced <<-'END'
		{"type":"RECORD","stream":"consumption_use","record":{"profile":"x","account_id":"a","plan_item_id":null,"period_index":2,"period_start":"2025-03-01T00:00:00.000Z","period_end":"2025-04-01T00:00:00.000Z","software_model":"M","license_metric":"E","line":4,"units_consumed":2,"units_excluded":0}}
		{"type":"RECORD","stream":"entitlement_use","record":{"profile":"x","software_model":"M","license_metric":"E","period_index":2,"period_start":"2025-03-01T00:00:00.000Z","period_end":"2025-04-01T00:00:00.000Z","entitlement_id":"N1","line":7,"start_day":"2025-01-01","end_day":null,"group_type":"site","group_value":"eu","rights_granted":10,"rights_drawn_before":4,"rights_owned":6,"rights_drawn":2}}
		{"type":"RECORD","stream":"metric_result","record":{"profile":"x","software_model":"M","license_metric":"E","period_index":2,"period_start":"2025-03-01T00:00:00.000Z","period_end":"2025-04-01T00:00:00.000Z","period_state":"provisional","rights_owned":6,"rights_used":2,"rights_available":4,"unlicensed_rights":0,"status":"Compliant","usage_state":"counted","excluded_units":0}}
	END
}

@test "stage: the whole chain, as text" {
	small
	explain -l ledger.db -r runs <traced >text
	first=$(body "$(raw e4 sent 2025-03-20T12:00:00Z 2025-03-05T12:00:00Z)" | wc -c)
	second=$(body "$(raw e1 sent 2025-02-28T09:00:00Z 2025-02-28T09:00:00Z),$(raw E1 completed 2025-03-01T03:00:00.0000000Z 2025-03-03T00:00:00Z)" | wc -c)
	third=$(body "$(raw e2 voided 2025-03-20T12:00:00Z 2025-03-21T00:00:00Z)" | wc -c)
	cat >expected <<-END
		M, E  profile x  2025-03-01 to 2025-03-31  period 2, provisional
		  position: owned 6, used 2, available 4, unlicensed 0: Compliant
		  rights owned: 6
		    entitlements.csv line 7  N1  2025-01-01 to before any end, allocated to site eu: granted 10, drawn before 4, owned 6, drawn here 2
		  rights used: 2
		    account a  plan item none (models.csv line 4)  2 units
		      2025-03-01  1 unit
		        envelope e1  sent 2025-03-01T03:00:00.000Z  completed, modified 2025-03-03T00:00:00.000Z, without a plan item
		          run R1, raw/fetch-datafeed.bodies: exchange 2 at byte $first ($second bytes), record 1: sent, modified 2025-02-28T09:00:00.000Z; another version
		          run R1, raw/fetch-datafeed.bodies: exchange 2 at byte $first ($second bytes), record 2: completed, modified 2025-03-03T00:00:00.000Z
		      2025-03-20  1 unit
		        envelope e2  sent 2025-03-20T12:00:00.000Z  voided, modified 2025-03-21T00:00:00.000Z, without a plan item
		          run R2, raw/fetch-datafeed.bodies: exchange 1 at byte 0 ($third bytes), record 1: voided, modified 2025-03-21T00:00:00.000Z
		  Possible reasons for a difference from Docusign's own count:
		    1 sent within 14 h of the period's start or end: a count in local time may date them into the next period
		    1 sent up to 14 h outside the period: a count in local time may date them into this one
		    1 with different sent times in their versions: a resend changes the time, and is counted once here
		    1 of these with a sent time in another period
		    1 voided, declined, deleted or timed out: they count, since they were sent
		    The period is provisional: envelopes may still arrive
	END
	same_files expected text
}

@test "stage: bulk sends, as far as one sender and one minute tell them" {
	small
	# Ten within a minute, one after it, and nine of another sender.
	{
		for i in {0..9}; do envelope "{envelope_id: \"b$i\", sent_at: \"2025-03-10T10:00:0$i.000Z\", sender_id: \"bulk\"}"; done
		envelope '{envelope_id: "after", sent_at: "2025-03-10T10:02:00.000Z", sender_id: "bulk"}'
		for i in {1..9}; do envelope "{envelope_id: \"c$i\", sent_at: \"2025-03-10T10:00:0$i.000Z\", sender_id: \"busy\"}"; done
	} | merge -q --ledger ledger.db --emit none
	sed -i 's/"units_consumed":2/"units_consumed":22/; s/"rights_used":2/"rights_used":22/' traced
	explain -l ledger.db -f ndjson <traced >all
	same 10 "$(explained all | jq 'select(.level == "difference" and .facts.kind == "alike").facts.envelopes')"
}

@test "stage: a figure that does not add up is said where it is, and ends with 65" {
	small
	sed 's/"units_consumed":2/"units_consumed":3/' traced >wrong
	run --separate-stderr explain -l ledger.db -r runs <wrong
	fails 65 "explain: cannot explain all figures: 2 do not add up; the output marks them"
	grep -q '^  rights used: 2  DOES NOT ADD UP: the sum of what follows is 3$' <<<"$output"
	grep -q '^      DOES NOT ADD UP: the sum of what follows is 2$' <<<"$output"
	sed 's/"rights_owned":6,"rights_drawn"/"rights_owned":5,"rights_drawn"/' traced >wrong
	run --separate-stderr explain --level consumption <wrong
	fails 65 "explain: cannot explain all figures: 1 do not add up; the output marks them"
	grep -q '^  rights owned: 6  DOES NOT ADD UP: the sum of what follows is 5$' <<<"$output"
}

@test "stage: an envelope that no recording has is said, and ends with 65; a damaged recording is refused" {
	small
	rm -r runs/R2
	run --separate-stderr explain -l ledger.db -r runs <traced
	fails 65 "explain: cannot explain all figures: 1 do not add up; the output marks them"
	grep -q 'envelope e2 .*  NOT FOUND: no recording has this version$' <<<"$output"
	small
	sed -i 's/completed/Completed/' runs/R1/raw/fetch-datafeed.bodies
	run --separate-stderr explain -l ledger.db -r runs <traced
	refused 65 "explain: cannot read 'runs/R1/raw/fetch-datafeed.exchanges' line 3: its body in * was changed: the hash differs"
}

@test "stage: an answer of another account does not have the version" {
	small
	recording_begin runs/R2/raw fetch-datafeed 2025-03-25T02:00:00.000Z
	answer other "$(raw e2 voided 2025-03-20T12:00:00Z 2025-03-21T00:00:00Z)"
	recording_end
	run --separate-stderr explain -l ledger.db -r runs <traced
	[ "$status" -eq 65 ]
	grep -q 'record 1: voided, modified 2025-03-21T00:00:00.000Z; another version$' <<<"$output"
}

@test "usage: what is wrong with the question is said" {
	small
	while IFS='|' read -r arguments expected; do
		# shellcheck disable=SC2086
		run --separate-stderr explain $arguments <traced
		fails 64 "explain: $expected (see --help)"
	done <<-'END'
		--period soon|cannot use --period 'soon': it must be a day such as 2025-01-31, or the index of a period
		--level all|cannot use --level 'all': it must be position, consumption, day, envelope or exchange
		--level day|cannot explain down to 'day': it needs --ledger FILE
		-l ledger.db --level exchange|cannot explain down to 'exchange': it needs --runs FOLDER
		-r runs|cannot use --runs without --ledger: the ledger has the envelopes
		-f csv|cannot use --format 'csv': it must be text or ndjson
	END
	run --separate-stderr explain --period 3 <traced
	fails 66 "explain: cannot explain: standard input has no matching position or consumption"
	run --separate-stderr explain -l nowhere.db <traced
	fails 66 "explain: cannot open ledger 'nowhere.db': there is no such file"
	# Also where there is nothing to look for in them.
	grep -v consumption_use traced >unused
	run --separate-stderr explain -l nowhere.db <unused
	fails 66 "explain: cannot open ledger 'nowhere.db': there is no such file"
	run --separate-stderr explain -l ledger.db -r nowhere <unused
	fails 66 "explain: cannot read folder 'nowhere': No such file or directory"
}
