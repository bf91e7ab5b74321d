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

# of_year ENTITLEMENT-ROW...: licence files of one metric, and a year of consumption whose days are those of $by_day, in the file consumption.
of_year() {
	printf '%s\n' entitlement_id,software_model,license_metric,start_date,end_date,purchased_rights,total_cost,currency,allocation_type,allocation_value "$@" >e.csv
	printf 'publisher,product,software_model,license_metric,identifier_type,identifier\nD,P,M,E,plan_item_id,p\n' >m.csv
	jq -nc --argjson by_day "$by_day" '{type: "RECORD", stream: "consumption", record: {profile: "x", account_id: "a", plan_item_id: "p", unit: "envelope",
		period_index: 0, period_start: "2025-01-01T00:00:00.000Z", period_end: "2026-01-01T00:00:00.000Z", units_consumed: 180, by_status: {}, state: "open", by_day: $by_day}}' >consumption
}
trace() { reconcile -q -e e.csv -m m.csv --trace --now 2025-06-15T00:00:00Z "$@"; }

@test "segments: the worked example of doc/reconcile.md: 80 are missing on 3 March, at 2.50; what begins in July cures nothing" {
	by_day='{"2025-03-03": 180}' of_year A,M,E,2025-01-01,2025-06-30,100,250.00,USD,, B,M,E,2025-07-01,2025-12-31,300,600.00,USD,,
	trace <consumption | explain --level position >text
	same_files - text <<'END'
M, E  profile x  2025-01-01 to 2025-12-31  period 0, open
  position: owned 400, used 180, available 300, unlicensed 80: Not Compliant
  first unlicensed on 2025-03-03
  rights owned: 400
  rights and use by day, from each change of rights to the next:
    2025-01-01 to 2025-06-30: rights left 100, used 180, drawn 100, unlicensed 80 from 2025-03-03 on, at 2.50 USD, cost 200.00 USD
    2025-07-01 to 2025-12-31: rights left 300, used 0, drawn 0, unlicensed 0
  rights used: 180
END
	trace <consumption | explain --level position -f ndjson | explained | jq -c 'select(.level == "segment") | [.parent, .units, .sum, .adds_up, .facts.rights_left,
		.facts.rights_drawn, .facts.unlicensed_rights, .facts.first_unlicensed_on, .facts.average_price, .facts.true_up_cost]' >records
	same '[1,180,180,true,100,100,80,"2025-03-03","2.500000","200.00"] [1,0,0,true,300,0,0,null,"2.000000","0.00"]' "$(xargs -d '\n' <records)"
}

@test "segments: each day on which rights begin or end, or prices change, within the period; what is drawn is gone" {
	by_day='{"2025-02-10": 20, "2025-07-05": 159, "2025-07-06": 1}' of_year A,M,E,2024-10-01,2025-03-31,100,,,, B,M,E,2025-01-01,2025-12-31,100,,,, C,M,E,2025-07-06,2027-06-30,5,,,,
	printf 'software_model,license_metric,start_date,from,to,unit_price,currency\nM,E,2024-01-01,1,unlimited,3.00,USD\nM,E,2025-05-01,1,unlimited,2.00,USD\n' >prices.csv
	trace --prices prices.csv <consumption | explain --level position | grep '^    ' >text
	same_files - text <<'END'
    2025-01-01 to 2025-03-31: rights left 200, used 20, drawn 20, unlicensed 0
    2025-04-01 to 2025-04-30: rights left 100, used 0, drawn 0, unlicensed 0
    2025-05-01 to 2025-07-05: rights left 100, used 159, drawn 100, unlicensed 59 from 2025-07-05 on, cost 118.00 USD
    2025-07-06 to 2025-12-31: rights left 5, used 1, drawn 1, unlicensed 0
END
}

@test "segments: a period that draws as a whole is one, with the reason" {
	by_day=null of_year A,M,E,2025-01-01,2025-06-30,100,,,, B,M,E,2025-07-01,2025-12-31,30,,,,
	trace <consumption | explain --level position | tail -n +4 >text
	same_files - text <<'END'
  the period draws as a whole: the days of its use are not known
    2025-01-01 to 2025-12-31: rights left 130, used 180, drawn 130, unlicensed 50
  rights used: 180
END
	by_day='{"2025-03-03": 180}' of_year A,M,E,2025-01-01,2025-06-30,100,,,,
	policy show | head -n 1 | jq -c '.settlement = "period"' >policy.json
	trace --policy policy.json <consumption | explain --level position | grep -qx '  the period draws as a whole: the contract settles by the period (policy.json)'
}

@test "segments: what does not add up is said, and ends with 65; hostile names are shown" {
	by_day='{"2025-03-03": 180}' of_year A,M,E,2025-01-01,2025-06-30,100,,,,
	trace <consumption | sed '/segment_use/s/"unlicensed_rights":80/"unlicensed_rights":79/' >wrong
	run --separate-stderr explain --level position <wrong
	fails 65 "explain: cannot explain all figures: 2 do not add up; the output marks them"
	grep -q '^    2025-01-01 .*  DOES NOT ADD UP: the sum of what follows is 179$' <<<"$output"
	jq -c '(.record.currency? // empty) = "\u001b[31m\u202eE\u009b"' wrong | jq -c '(.record.software_model? // empty) = "\u001b[31m\u202eM\u009b"' |
		explain --level position >shown 2>/dev/null || [ $? -eq 65 ]
	[ -s shown ]
	run ! env LC_ALL=C grep -q $'\e\\|\xc2\x9b\\|\xe2\x80\xae' shown
}

@test "segments: of random workspaces of one to three profiles, they add up to each position, by the unit and by the cent" {
	"$BATS_TEST_DIRNAME/reconcile/by-day-organisations" 9001 9040 .
	for seed in {9001..9040}; do
		reconcile -q --trace --now "$(<$seed/clock)" -e $seed/entitlements.csv -m $seed/models.csv -x $seed/exclusions.csv --groups $seed/groups.csv --prices $seed/prices.csv \
			--policy $seed/policy.json <$seed/input.ndjson >$seed/traced
		grep -q '"stream":"segment_use","record"' $seed/traced || continue # nothing was consumed
		explain --level position -f ndjson <$seed/traced >$seed/explained
		grep -E '"stream":"(metric_result|segment_use|entitlement_use)"' $seed/traced | grep '"RECORD"' >>all
		echo null >>all
	done
	# A line for each position that is wrong, and at the end what there was to see.
	jq -nr '
		def key: [.profile, .software_model, .license_metric, .period_start] | tojson;
		def cents: if . == null then null else (sub("[.]"; "") | tonumber) end;
		def total(f): map(f) | add // 0;
		def check: .metric as $m | .segments as $s | (.entitlements // []) as $e | [
			($s[0].first_day == $m.period_start[:10]), ([range(1; $s | length) | $s[.].first_day > $s[. - 1].last_day] | all),
			($s | total(.rights_used)) == ($m.rights_used // 0), ($s | total(.unlicensed_rights)) == ($m.unlicensed_rights // 0),
			($s | total(.covered_rights)) == ($m.covered_rights // 0), ($s | total(.rights_drawn)) == ($m.allocated_in_use // 0) + ($m.not_allocated_in_use // 0),
			($m.true_up_cost == null or ($s | total(.true_up_cost | cents)) == ($m.true_up_cost | cents)), ([$s[].first_unlicensed_on | values] | min) == $m.first_unlicensed_on,
			($m.rights_owned == "unlimited" or $m.rights_used == null or ($s[0].is_shared and $m.drawn_by == "period") or ($s | total(.rights_drawn + .rights_drawn_by_others)) == ($e | total(.rights_drawn)))];
		reduce (inputs | if . == null then {stream: "end"} else . end) as $line ({positions: {}, wrong: [], shared: 0, several: 0, missing: 0};
			if $line.stream == "metric_result" then .positions[$line.record | key].metric = $line.record
			elif $line.stream == "segment_use" then .positions[$line.record | key].segments += [$line.record]
			elif $line.stream == "entitlement_use" then .positions[$line.record | key].entitlements += [$line.record]
			else .wrong += [.positions[] | select(check | all | not) | "\(check | tojson) \(.metric | key)"]
				| .shared += ([.positions[].segments[] | select(.rights_drawn_by_others > 0)] | length) | .several += ([.positions[] | select(.segments | length > 2)] | length)
				| .missing += ([.positions[].segments[] | select(.unlicensed_rights > 0)] | length) | .positions = {} end)
		| .wrong[], "\([.shared, .several, .missing] | map(. > 20))"' all >got
	same "[true,true,true]" "$(head -n 5 got)"
}

@test "segments: explain of a profile says what others drew of the rights that they share, and nothing of others' consumption" {
	acme_workspace ws
	of=7c1e9a52-3b0f-4d6a-9e21-5f8840c7d30
	jq --arg of $of '.accounts = [$of + "1", $of + "2"]' "$acme/profiles/acme.json" >ws/profiles/acme.json
	jq --arg of $of '.name = "beta" | .accounts = [("3", "4", "5", "6") | $of + .]' "$acme/profiles/acme.json" >ws/profiles/beta.json
	"$pipeline" run -q -C ws --replay "$acme/nights/20250318T020000Z"
	run -0 --separate-stderr "$pipeline" explain -q -C ws -p beta --period 3 --model '*Enterprise*' --level consumption
	# 243 owned, 249 used in all as README.md has it of three nights later; acme's 196 were drawn before or beside beta's 47.
	grep -qx '  rights owned: 47, of those that profiles of the workspace share: others drew 196 of them in this period' <<<"$output"
	grep -qx '    2024-10-31 to 2025-01-30: rights left 243, used 47, drawn 47, drawn by other profiles 196, unlicensed 0' <<<"$output"
	run ! grep -q 'profile acme\|d301' <<<"$output"
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

@test "stage: --day: of its days only this one, with who sent how much, most first" {
	small
	{
		for i in {0..2}; do envelope "{envelope_id: \"b$i\", sent_at: \"2025-03-10T10:00:0$i.000Z\", sender_id: \"busy\"}"; done
		envelope '{envelope_id: "c", sent_at: "2025-03-10T09:00:00.000Z", sender_id: "calm"}'
		envelope '{envelope_id: "d", sent_at: "2025-03-11T09:00:00.000Z", sender_id: "other"}'
	} | merge -q --ledger ledger.db --emit none
	sed -i 's/"units_consumed":2/"units_consumed":7/; s/"rights_used":2/"rights_used":7/' traced
	explain -l ledger.db --day 2025-03-10 <traced >text
	same $'      2025-03-10  4 units\n        sender busy  3 units\n        sender calm  1 unit' "$(grep -A2 ' 2025-03-10  ' text)"
	! grep -q 2025-03-11 text
	explain -l ledger.db --day 2025-03-10 -f ndjson <traced >all
	same $'busy 3\ncalm 1' "$(explained all | jq -r 'select(.level == "sender") | "\(.facts.sender_id) \(.units)"')"
	# A day without use: no account has it.
	explain -l ledger.db --day 2025-03-12 -f ndjson <traced >all
	same '' "$(explained all | jq -c 'select(.level == "consumption")')"
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
		--day soon|cannot use --day 'soon': it must be a day such as 2025-01-31
		--day 2025-03-10 --period 0|cannot use --day with --period: the day is in one period
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
