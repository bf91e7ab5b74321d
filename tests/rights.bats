#!/usr/bin/env bats
# Restatements of rights: rows of entitlements.csv that are added, changed, retired, replaced or removed once a period was reported as over.

# shellcheck disable=SC2154 # root, acme and stderr are others'

load helper

# restated BEFORE.csv AFTER.csv [OPTION...]: what the second changes of the quarters of 2024, the last of which was over when reported; a line each:
# first day, id, line, rights, days and cost before and after, cause. Warnings are in `warned`.
restated() {
	local before=$1 after=$2
	shift 2
	reconcile --now 2025-02-15T00:00:00Z -e "$after" -m models.csv --entitlements-before "$before" --reported-at 2025-01-10T00:00:00Z "$@" <used 2>warned |
		jq -r 'select(.type == "RECORD" and .stream == "rights_restatement") | .record
			| [.period_start[:10], .entitlement_id, .line // "-", "\(.rights_before)>\(.rights_after)", "\(.days_before)>\(.days_after)",
				"\(.spend_before // "-")\(.currency_before // "")>\(.spend_after // "-")\(.currency_after // "")", .cause] | join(" ")'
}

small() { # consumption that makes the quarters
	printf '%s\n' software_model,license_metric,publisher,product,identifier_type,identifier M,E,P,Q,plan_item_id,p >models.csv
	printf '{"type":"RECORD","stream":"consumption","record":{"profile":"%s","account_id":"a","plan_item_id":"p","unit":"envelope","period_index":0,"period_start":"2024-01-01T00:00:00.000Z","period_end":"2024-04-01T00:00:00.000Z","units_consumed":5,"by_status":{},"state":"final","by_day":{"2024-02-01":5},"periods_from":"2024-01-01","period_months":3}}\n' "${@:-acme}" >used
}
header=entitlement_id,subscription_period,start_date,end_date,purchased_rights,total_cost,currency,status,retired_on,replaces,true_up_for,allocation_type,allocation_value,profile,agreement_type,software_model,license_metric

# A case: `-` is a row of the file before, `+` one of the file of now, `=` one of both, `>` what is said. Quarters have 91, 91, 92 and 92 days.
cases() {
	cat <<'END'
# lines in another order
- A,,2024-01-01,2024-03-31,100,91.00,USD
- B,,2024-04-01,2024-06-30,100,91.00,USD
+ B,,2024-04-01,2024-06-30,100,91.00,USD
+ A,,2024-01-01,2024-03-31,100,91.00,USD
# another id
- A,,2024-01-01,2024-03-31,100,91.00,USD
+ A-2024,,2024-01-01,2024-03-31,100,91.00,USD
# one row in two
- A,Annually,2024-01-01,2024-12-31,100,366.00,USD
+ A,Annually,2024-01-01,2024-12-31,60,219.60,USD
+ B,Annually,2024-01-01,2024-12-31,40,146.40,USD
# a year as quarters
- A,,2024-01-01,2024-03-31,100,91.00,USD
- B,,2024-04-01,2024-06-30,100,91.00,USD
+ A,Quarterly,2024-01-01,2024-06-30,100,91.00,USD
# no end is no end
- A,,2024-01-01,9999-12-31,100
+ A,,2024-01-01,,100
# what is not over
= A,,2024-01-01,2024-03-31,100
- B,,2025-01-01,2025-03-31,100
+ C,,2025-01-01,2025-12-31,900
# fewer rights
- A,,2024-01-01,2024-03-31,100,91.00,USD
= B,,2024-04-01,2024-06-30,100,91.00,USD
+ A,,2024-01-01,2024-03-31,80,91.00,USD
> 2024-01-01 A 3 100>80 91>91 91.00USD>91.00USD changed
# another cost
- A,,2024-01-01,2024-03-31,100,91.00,USD
+ A,,2024-01-01,2024-03-31,100,100.00,USD
> 2024-01-01 A 2 100>100 91>91 91.00USD>100.00USD changed
# another currency
- A,,2024-01-01,2024-03-31,100,91.00,USD
+ A,,2024-01-01,2024-03-31,100,91.00,EUR
> 2024-01-01 A 2 100>100 91>91 91.00USD>91.00EUR changed
# a cost that was not known
- A,,2024-01-01,2024-03-31,100
+ A,,2024-01-01,2024-03-31,100,91.00,USD
> 2024-01-01 A 2 100>100 91>91 ->91.00USD changed
# without a limit
- A,,2024-01-01,2024-03-31,100
+ A,,2024-01-01,2024-03-31,unlimited
> 2024-01-01 A 2 100>unlimited 91>91 ->- changed
# allocated
- A,,2024-01-01,2024-03-31,100
+ A,,2024-01-01,2024-03-31,100,,,,,,,account,a
> 2024-01-01 A 2 100>100 91>91 ->- changed
# a new row, and one that is gone
= A,,2024-01-01,2024-03-31,100
- B,,2024-04-01,2024-06-30,50,91.00,USD
+ C,,2024-12-31,2025-12-30,30,365.00,USD
> 2024-04-01 B - 50>0 91>0 91.00USD>- removed
> 2024-10-01 C 3 0>30 0>1 ->1.00USD added
# of two equal rows one is gone, and the other has another id
- A,,2024-01-01,2024-03-31,100
- B,,2024-01-01,2024-03-31,100
+ C,,2024-01-01,2024-03-31,100
> 2024-01-01 B - 100>0 91>0 ->- removed
# of equal rows one is left
- A,,2024-01-01,2024-03-31,100
= B,,2024-01-01,2024-03-31,100
> 2024-01-01 A - 100>0 91>0 ->- removed
# retired on a day within the third quarter: what is left of the cost falls on 31 July
- A,Annually,2024-01-01,2024-12-31,100,366.00,USD
+ A,Annually,2024-01-01,2024-12-31,100,366.00,USD,retired,2024-08-01
> 2024-07-01 A 2 100>100 92>31 92.00USD>184.00USD retired
> 2024-10-01 A 2 100>0 92>0 92.00USD>0.00USD retired
# retired on a day that is not over
- A,Annually,2024-01-01,2025-12-31,100,366.00,USD
+ A,Annually,2024-01-01,2025-12-31,100,366.00,USD,retired,2025-02-01
# retired without a day
- A,,2024-01-01,2024-06-30,100,182.00,USD
+ A,,2024-01-01,2024-06-30,100,182.00,USD,retired
> 2024-01-01 A 2 100>0 91>0 91.00USD>0.00USD retired
> 2024-04-01 A 2 100>0 91>0 91.00USD>0.00USD retired
# replaced from 1 July: the rest of the cost falls on 30 June
- A,Annually,2024-01-01,2024-12-31,100,366.00,USD
+ B,,2024-07-01,2025-06-30,200,365.00,USD,,,A
+ A,Annually,2024-01-01,2024-12-31,100,366.00,USD
> 2024-04-01 A 3 100>100 91>91 91.00USD>275.00USD replaced
> 2024-07-01 B 2 0>200 0>92 ->92.00USD added
> 2024-07-01 A 3 100>0 92>0 92.00USD>0.00USD replaced
> 2024-10-01 B 2 0>200 0>92 ->92.00USD added
> 2024-10-01 A 3 100>0 92>0 92.00USD>0.00USD replaced
# replaced from this February on
= A,Annually,2024-01-01,2025-12-31,100,366.00,USD
+ B,,2025-02-01,2026-01-31,200,365.00,USD,,,A
# a true-up that was bought this year
+ T,,2025-01-15,2025-12-31,30,60.00,USD,,,,2024-11-05
> 2024-10-01 T 2 0>30 0>92 ->0.00USD added
# months
- A,Monthly,2024-01-01,2024-12-31,10
+ A,Monthly,2024-01-01,2024-02-29,10
+ B,Monthly,2024-03-01,2024-12-31,20
> 2024-01-01 A 2 30>20 91>60 ->- changed
> 2024-01-01 B 3 0>20 0>31 ->- added
> 2024-04-01 A 2 30>0 91>0 ->- changed
> 2024-04-01 B 3 0>60 0>91 ->- added
> 2024-07-01 A 2 30>0 92>0 ->- changed
> 2024-07-01 B 3 0>60 0>92 ->- added
> 2024-10-01 A 2 30>0 92>0 ->- changed
> 2024-10-01 B 3 0>60 0>92 ->- added
# a credit
= A,,2024-01-01,2024-03-31,100,91.00,USD
+ CR,,2024-03-01,2024-03-31,0,-10.00,USD
> 2024-01-01 CR 3 0>0 0>31 ->-10.00USD added
# a profile of its own, and another's
- A,,2024-01-01,2024-03-31,100
= B,,2024-01-01,2024-03-31,5,,,,,,,,,other
+ A,,2024-01-01,2024-03-31,100,,,,,,,,,acme
- C,,2024-01-01,2024-03-31,7,,,,,,,,,other
> 2024-01-01 A 3 100>100 91>91 ->- changed
# of an agreement that covers all
- A,,2024-01-01,2024-03-31,100
+ A,,2024-01-01,2024-03-31,100,,,,,,,,,,ELA
> 2024-01-01 A 2 100>100 91>91 ->- changed
END
}

finish_case() {
	[ -n "$name" ] || return 0
	restated before.csv after.csv >got
	diff -u --label expected --label got expected got || { echo "case: $name"; cat warned; return 1; }
	count=$((count + 1))
}

@test "rows that are added, changed, retired, replaced or gone restate the closed periods that they change, and nothing else does" {
	local name='' count=0 mark row commas
	small
	while read -r mark row; do
		commas=${row//[!,]/}
		row=$row$(printf '%*s' $((14 - ${#commas})) '' | tr ' ' ,),M,E
		case $mark in
		'#')
			finish_case
			name=${row%%,*} && : >expected
			echo $header | tee before.csv >after.csv
			;;
		-) echo "$row" >>before.csv ;;
		+) echo "$row" >>after.csv ;;
		=) echo "$row" | tee -a before.csv >>after.csv ;;
		'>') echo "${row%%,*}" >>expected ;;
		esac
	done < <(cases)
	finish_case
	[ "$count" -eq 25 ]
}

@test "a row that is retired without a day says what that does, once" {
	small
	printf '%s\n' $header A,,2024-01-01,2024-06-30,100,,,,,,,,,,,M,E >before.csv
	printf '%s\n' $header A,,2024-01-01,2024-06-30,100,,,retired,,,,,,,,M,E >after.csv
	restated before.csv after.csv >said
	same "reconcile: warning: entitlements line 2: 'A' is retired without retired_on, so it counts for nothing, ever, and closed periods are restated (2); a retired_on ends it on a day and leaves what was over before it" "$(cat warned)"
	same 2 "$(wc -l <said)"
	restated after.csv after.csv >said
	same "" "$(cat said warned)"
}

@test "what was not over when it was reported is not restated; a file that is no longer read ends nothing" {
	small
	printf '%s\n' $header A,Annually,2024-01-01,2024-12-31,100,,,,,,,,,,,M,E >before.csv
	printf '%s\n' $header A,Annually,2024-01-01,2024-12-31,90,,,,,,,,,,,M,E >after.csv
	same "2024-01-01 2024-04-01 2024-07-01 2024-10-01" "$(restated before.csv after.csv | cut -d ' ' -f 1 | xargs)"
	same "2024-01-01 2024-04-01 2024-07-01 2024-10-01" "$(restated before.csv after.csv --reported-at 2025-01-01T00:00:00Z | cut -d ' ' -f 1 | xargs)"
	same "2024-01-01 2024-04-01 2024-07-01" "$(restated before.csv after.csv --reported-at 2024-12-31T23:59:59.999Z | cut -d ' ' -f 1 | xargs)"
	same "" "$(restated before.csv after.csv --reported-at 2024-02-01T00:00:00Z)"
	sed 's/100/hundred/' before.csv >old.csv
	same "" "$(restated old.csv after.csv)"
	grep -qF "'hundred'" warned
	grep -qF 'is not restated' warned
	run -64 --separate-stderr reconcile -e after.csv -m models.csv --entitlements-before before.csv <used
	same "reconcile: cannot use --entitlements-before FILE and --reported-at TIME without each other (see --help)" "${stderr%%$'\n'*}"
	run -66 --separate-stderr reconcile -e after.csv -m models.csv --entitlements-before none.csv --reported-at 2025-01-10T00:00:00Z <used
}

@test "of several profiles each has the rows of all and its own, and the workspace all rows" {
	small acme other
	sed -i 's/"account_id":"a"/"account_id":"b"/2;2s/"account_id":"a"/"account_id":"b"/' used
	printf '%s\n' $header A,,2024-01-01,2024-03-31,100,,,,,,,,,,,M,E B,,2024-01-01,2024-03-31,50,,,,,,,,,other,,M,E >before.csv
	printf '%s\n' $header A,,2024-01-01,2024-03-31,90,,,,,,,,,,,M,E B,,2024-01-01,2024-03-31,40,,,,,,,,,other,,M,E >after.csv
	reconcile -q --now 2025-02-15T00:00:00Z -e after.csv -m models.csv --entitlements-before before.csv --reported-at 2025-01-10T00:00:00Z <used |
		jq -r 'select(.type == "RECORD" and .stream == "rights_restatement") | .record | [.profile // "all", .entitlement_id, .delta, .run_id] | join(" ")' | sort >got
	printf '%s\n' "acme A -10 20250215T000000Z" "all A -10 20250215T000000Z" "all B -10 20250215T000000Z" "other A -10 20250215T000000Z" "other B -10 20250215T000000Z" |
		same_files - got
}

@test "a run restates what the licence files have changed: in status, report, explain, exports; replayed to the byte; earlier answers stay" {
	local run=20250325T020000Z envtally=$root/pipeline.sh licence=ws/licence/entitlements.csv
	acme_after 1 ws
	"$envtally" reconcile -C ws --as-of 2025-03-18 --format ndjson >said-then
	sed -i -e '/ENT-EP-03/d' -e 's/^ENT-EP-02\(.*\),275,2.350,646.250/ENT-EP-02\1,250,2.350,587.500/' -e 's/^ENT-EP-01,/ENT-EP-01-NEW,/' $licence
	"$envtally" run -C ws --replay "$acme/nights/$run" 2>said
	grep -qxF 'pipeline.sh: acme: entitlements.csv has changed what was owned in periods that were over: status --restatements lists them' said
	grep -q '"restatements": 8' ws/runs/acme/$run/job.json # six of units
	[ -e ws/runs/acme/$run/inputs/entitlements-before.csv ]
	"$envtally" status -C ws --restatements --now 2025-03-25T03:00:00Z >said
	grep -qxF '  2024-04-30  ENT-EP-02, entitlements line 3, 275 -> 250 rights, 646.25 -> 587.50 USD (changed)' said
	grep -qxF '  2024-07-31  ENT-EP-03, entitlements line 4, gone, 220 -> 0 rights, 92 -> 0 days, 517.00 USD -> none (removed)' said
	grep -c ENT- said | grep -qx 2
	run ! grep 'do not add up' said
	"$envtally" report -C ws >table
	sed -n '/^Restatements of rights/,/^$/p' table | grep -q '^2024-04-30 – 2024-07-30  ENT-EP-02    3           275     250      92     92  646.25  587.50  USD       changed$'
	grep -qF '2 restatements of rights' table
	"$envtally" report -C ws --format md | grep -qxF '| 2024-07-31 – 2024-10-30 | ENT-EP-03 | 4, gone | 220 | 0 | 92 | 0 | 517.00 | – | USD | removed |'
	grep -q 'id="restated-rights"' ws/runs/acme/$run/report.html
	"$envtally" explain -C ws --period 2024-05-01 --level consumption >explained
	grep -qxF "    restated by run $run: ENT-EP-02, entitlements line 3, 275 -> 250 rights, 646.25 -> 587.50 USD (changed)" explained
	"$envtally" replay $run -C ws
	"$envtally" verify $run -C ws
	# What was said before stays; what this run said is said again.
	"$envtally" reconcile -C ws --as-of 2025-03-18 --format ndjson | same_files said-then -
	"$envtally" reconcile -C ws --as-of $run --format ndjson | grep -c '"RECORD","stream":"rights_restatement"' | grep -qx 2
	# Without a file nothing is owned, and that is said too: of seven rows in a closed quarter each, and of one in four. The export has all runs'.
	rm $licence
	"$envtally" run -q -C ws --replay "$acme/nights/20250401T020000Z"
	"$envtally" status -C ws --restatements --now 2025-04-01T03:00:00Z | grep -c '(removed)$' | grep -qx 12
	"$envtally" export -C ws --format csv --to out
	cut -d , -f 1,5,9-22 <(grep -v ,20250401T020000Z, out/rights_restatement.csv) | tr -d "\r" >got
	printf '%s\n' \
		profile,period_start,entitlement_id,file,line,line_before,rights_before,rights_after,delta,days_before,days_after,currency_before,spend_before,currency_after,spend_after,cause \
		acme,2024-04-30T00:00:00.000Z,ENT-EP-02,entitlements,3,3,275,250,-25,92,92,USD,646.25,USD,587.50,changed \
		acme,2024-07-31T00:00:00.000Z,ENT-EP-03,entitlements,,4,220,0,-220,92,0,USD,517.00,,,removed >expected
	same_files expected got
	"$envtally" explain -C ws --period 2024-08-01 --level consumption --format ndjson |
		jq -r 'select(.record.level == "restatement").record.facts | [.run_id, .line, .line_before, .rights_before, .spend_before, .spend_after] | tojson' >got
	same '["20250401T020000Z",null,9,160,"300.00",null]
["20250401T020000Z",null,12,40,"13.41",null]
["20250325T020000Z",null,4,220,"517.00",null]' "$(cat got)"
}
