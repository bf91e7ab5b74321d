#!/usr/bin/env bats
# report: a small licence position as a table, as a page and as CSV.

bats_require_minimum_version 1.5.0

setup() {
	root=$(cd "$BATS_TEST_DIRNAME/.." && pwd)
	report=${ENVTALLY_BIN:-$root/bin}/report
	export ENVTALLY_NOW=2025-03-18T02:00:00Z
	unset NO_COLOR
	cd "$BATS_TEST_TMPDIR" || return
	position >position.ndjson
}

# record STREAM JSON
record() {
	printf '{"type":"RECORD","stream":"%s","record":%s}\n' "$1" "${2//[$'\n\t']/}"
}

# metric MODEL INDEX START END STATE OWNED USED AVAILABLE OVER UNLICENSED STATUS; MODEL is a JSON string, rights are JSON
metric() {
	record metric_result '{"profile":"acme","publisher":"Docusign","product":"eSignature","software_model":'"$1"',
		"license_metric":"Envelope","unit":"envelope","period_index":'"$2"',"period_start":"'"$3"'T00:00:00.000Z",
		"period_end":"'"$4"'T00:00:00.000Z","period_state":"'"$5"'","rights_owned":'"$6"',"rights_used":'"$7"',
		"rights_available":'"$8"',"over_licensed_rights":'"$9"',"unlicensed_rights":'"${10}"',"status":"'"${11}"'"}'
}

# consumption ACCOUNT NAME PLAN_ITEM MODEL INDEX START END STATE UNITS; NAME, PLAN_ITEM and MODEL are JSON
consumption() {
	record consumption '{"profile":"acme","organization_id":null,"account_id":"'"$1"'","account_name":'"$2"',"plan_item_id":'"$3"',
		"software_model":'"$4"',"unit":"envelope","period_index":'"$5"',"period_start":"'"$6"'T00:00:00.000Z",
		"period_end":"'"$7"'T00:00:00.000Z","units_consumed":'"$9"',"by_status":{"sent":'"$9"'},"first_sent_at":null,
		"last_sent_at":null,"watermark":null,"state":"'"$8"'"}'
}

# restatement ACCOUNT BEFORE AFTER CAUSE
restatement() {
	record restatement '{"profile":"acme","account_id":"'"$1"'","plan_item_id":"p1","period_start":"2024-10-31T00:00:00.000Z","period_end":"2025-01-31T00:00:00.000Z","run_id":"r","units_before":'"$2"',"units_after":'"$3"',"delta":'$(($3 - $2))',"cause":"'"$4"'"}'
}

position() {
	echo '{"type":"SCHEMA","stream":"weather","schema":{},"key_properties":[]}'
	record account '{"organization_id":null,"account_id":"a4","account_name":"<script>alert(1)</script>"}'
	consumption a1 '"Acme, \"North\"\nEurope"' '"p1"' '"Enterprise Pro"' -1 2024-07-31 2024-10-31 final 3
	consumption a1 '"Acme, \"North\"\nEurope"' '"p1"' '"Enterprise Pro"' 0 2024-10-31 2025-01-31 provisional 200
	consumption a2 '"Labs 🚀"' '"p1"' '"Enterprise Pro"' 0 2024-10-31 2025-01-31 provisional 60
	consumption a3 '"شركة"' '"p1"' '"Enterprise Pro"' 1 2025-01-31 2025-04-30 open 70
	consumption a4 null '"p9"' null 1 2025-01-31 2025-04-30 open 5
	consumption a4 null '"p8"' null 1 2025-01-31 2025-04-30 open 2
	consumption a4 null null null 1 2025-01-31 2025-04-30 open 1
	echo '{"type":"STATE","value":1}'
	metric '"Enterprise Pro"' 1 2025-01-31 2025-04-30 open 325 70 255 255 0 Compliant
	metric '"Enterprise Pro"' 0 2024-10-31 2025-01-31 provisional 243 260 0 0 17 'Not Compliant'
	metric '"=1+\"ULA\", <b>"' 0 2024-10-31 2025-01-31 final '"unlimited"' 0 '"unlimited"' 0 0 Compliant
	record unrecognized_subscription '{"identifier":"p9","identifier_type":"plan_item_id","display_name":"Pilot","profiles":["acme"],"subscriptions":1,"units_consumed":5}'
	restatement a1 198 200 late
	restatement a2 64 60 status
	restatement a4 9 10 late
	echo '{"type":"OTHER","of":"someone else"}'
	echo '{"bare":true}'
}

@test "table: licence position, units, restatements, unrecognized identifiers, summary" {
	cat >expected <<'END'
Acme, as of 2025-03-18 02:00:00 UTC. Periods are shown from their first to their last day.
Not Compliant: 1 of 3 rows of the licence position, 17 rights missing, true-up not known (prices are missing): buy them, or record the entitlement that covers them.
Incomplete: 8 units in no software model: add rows to licence/models.csv (`envtally models suggest`).

Licence position
                                                                   rights                      over-       un-
software model  metric    period                   state            owned  used  available  licensed  licensed  status
=1+"ULA", <b>   Envelope  2024-10-31 – 2025-01-30  final        unlimited     0  unlimited         0         0  Compliant
Enterprise Pro  Envelope  2024-10-31 – 2025-01-30  provisional        243   260          0         0        17  Not Compliant
Enterprise Pro  Envelope  2025-01-31 – 2025-04-29  open               325    70        255       255         0  Compliant

Units consumed
                                         units  in licence        in no
period                   state        consumed        rows  licence row
envelope · profile acme
2024-07-31 – 2024-10-30  final               3           0            3  before the contract start
2024-10-31 – 2025-01-30  provisional       260         260            0
2025-01-31 – 2025-04-29  open               78          70            8
total                                      341         330           11

Restatements of what was reported
period                   account                    before  after  delta  cause
2024-10-31 – 2025-01-30  Labs 🚀                        64     60     -4  status
2024-10-31 – 2025-01-30  Acme, "North"\nEurope         198    200     +2  late
2024-10-31 – 2025-01-30  <script>alert(1)</script>       9     10     +1  late

Unrecognized subscription identifiers
identifier      type          name   subscriptions  units
p9              plan_item_id  Pilot              1      5
p8              plan_item_id                            2
(no plan item)  plan_item_id                            1

1 period is open and 1 provisional: their figures can still change.
3 units were consumed before the contract start: no entitlement of the contract covers them.
3 figures reported before changed, by -1 unit in all.
END
	run --separate-stderr "$report" --title Acme <position.ndjson
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	diff -u expected <(printf '%s\n' "$output")
}

@test "table: the order of the records does not matter" {
	"$report" <position.ndjson >expected
	for seed in 1 2 3; do
		shuf --random-source=<(yes $seed) position.ndjson | "$report" >got
		cmp expected got
	done
}

# on_terminal COLUMNS INPUT [NAME=VALUE]...: what a terminal of that width is given
on_terminal() {
	local columns=$1 input=$2
	shift 2
	command -v script >/dev/null || skip "no script(1)"
	SHELL=/bin/sh script -qec "stty cols $columns; env $* '$report' <$input" /dev/null </dev/null | tr -d '\r'
}

@test "table: a terminal too narrow for rows that name their model has headings, and 100 columns are enough" {
	on_terminal 100 position.ndjson NO_COLOR=1 >narrow
	grep -qx 'Enterprise Pro · Envelope' narrow
	grep -q '^2024-10-31 – 2025-01-30  provisional  *243  *260 .*Not Compliant$' narrow
	sed 's/[^ -~]/x/g' narrow | grep -v '[.]$' >rows
	run ! grep -E '.{101}' rows
	on_terminal 200 position.ndjson NO_COLOR=1 >wide
	"$report" <position.ndjson | diff -u - <(sed $'s/[\u2068\u2069]//g' wide)
}

@test "table: with several profiles, rows say whose they are" {
	{
		metric '"M"' 0 2024-10-31 2025-01-31 final 2 2 0 0 0 Compliant
		metric '"M"' 0 2024-10-31 2025-01-31 final 1 2 0 0 1 'Not Compliant' | sed 's/"profile":"acme"/"profile":"other"/'
	} >two.ndjson
	"$report" <two.ndjson >got
	grep -q '^acme  *M  *Envelope .* Compliant$' got
	grep -q '^other  *M  *Envelope .* Not Compliant$' got
}

@test "table: no colour in a pipe, on a terminal unless NO_COLOR or a dumb one" {
	"$report" <position.ndjson >piped
	run ! grep -q $'\e' piped
	run ! grep -q $'\u2068' piped
	on_terminal 100 position.ndjson TERM=xterm >coloured
	grep -q $'\e\\[1;31mNot Compliant\e' coloured
	run ! grep -q $'\e\\[32m' coloured # 8 units could change it
	grep -v -e '"p[89]"' -e '"plan_item_id":null' position.ndjson >known.ndjson
	on_terminal 100 known.ndjson TERM=xterm >coloured
	grep -q $'\e\\[32mCompliant\e' coloured
	on_terminal 100 position.ndjson NO_COLOR=1 TERM=xterm >plain
	run ! grep -q $'\e' plain
	on_terminal 100 position.ndjson TERM=dumb >dumb
	run ! grep -q $'\e' dumb
}

@test "table: a long name is cut on a terminal only, and right-to-left text is isolated there" {
	long=$(printf 'long name %.0s' $(seq 20))
	{
		record account '{"organization_id":null,"account_id":"a5","account_name":"'"$long"'"}'
		restatement a5 1 4 late
		record account '{"organization_id":null,"account_id":"a6","account_name":"شركة"}'
		restatement a6 1 2 late
	} >long.ndjson
	"$report" <long.ndjson >piped
	grep -qF "$long" piped
	on_terminal 90 long.ndjson NO_COLOR=1 >shown
	grep -q 'long name long.*…' shown
	grep -q $'\u2068شركة\u2069' shown
	sed 's/[^ -~]/x/g' shown | grep 2024-10 >rows
	run ! grep -qE '.{93}' rows
}

@test "csv: an independent parser reads all rows, all fields, and no formula" {
	"$report" --format csv <position.ndjson >got.csv
	[ "$(grep -c $'\r$' got.csv)" -eq 4 ]
	sqlite3 :memory: '.mode csv' '.import got.csv t' '.mode list' \
		'select software_model, period_index, rights_owned, rights_used, unlicensed_rights, status, period_end from t order by rowid' >rows
	diff -u - rows <<'END'
'=1+"ULA", <b>|0|unlimited|0|0|Compliant|2025-01-31T00:00:00.000Z
Enterprise Pro|0|243|260|17|Not Compliant|2025-01-31T00:00:00.000Z
Enterprise Pro|1|325|70|0|Compliant|2025-04-30T00:00:00.000Z
END
	head -n 1 got.csv | tr -d '\r\n' | tr , '\n' | wc -l | grep -qx 44
	jq -rs 'map(select(.stream == "metric_result"))[0].record | keys_unsorted[]' position.ndjson | while read -r field; do
		head -n 1 got.csv | tr -d '\r' | tr , '\n' | grep -qx "$field"
	done
}

# The page as XML: what HTML leaves open is closed, and its one entity-like word is named.
as_xml() {
	sed -e 's/^<!doctype html>$//' -e 's/<meta \([^>]*\)>/<meta \1\/>/' "$1"
}

@test "html: well-formed, inert, and hostile names are text" {
	record account '{"organization_id":null,"account_id":"a7","account_name":"\" onload=x '"'"' &amp; \u202egnp\u0007 \u0000\u2066"}' >>position.ndjson
	restatement a7 1 900 late >>position.ndjson
	"$report" --format html --title '<img src=x onerror=y> & "Co"' <position.ndjson >page.html
	as_xml page.html | xmllint --nonet --noout -
	run ! grep -qiE '<img|<iframe|<link|https?:|onload=[^x]|url\(' page.html
	# The one script is ours, and the only one that the policy allows.
	[ "$(grep -oi '<script' page.html)" = '<script' ]
	grep -qF "script-src 'sha256-$(openssl dgst -sha256 -binary "$root/lib/report/report.js" | openssl base64)'" page.html
	sed -n '/^<script>/,/^<\/script>/p' page.html | sed 's/^<script>//' | grep -v '^</script>' | cmp - "$root/lib/report/report.js"
	run ! env LC_ALL=C grep -q $'[\x01-\x08\x0b-\x1f\x7f]' page.html
	run ! grep -q $'\u202e' page.html
	run ! grep -q $'\u2066' page.html
	grep -qF '&lt;img src=x onerror=y&gt; &amp; &quot;Co&quot;' page.html
	grep -qF '&lt;script&gt;alert(1)&lt;/script&gt;' page.html
	grep -qE '&quot; onload=x &(#39|apos); &amp;amp; [\]u202egnp[\]x07 ␀[\]u2066' page.html
}

# text XPATH: what a reader sees there, a line each node
text() {
	as_xml page.html | xmllint --nonet --xpath "$1" - 2>/dev/null | sed 's/<desc[^>]*>.*<\/desc>//g; s/<title[^>]*>.*<\/title>//g; s/<[^>]*>//g'
}

@test "html: figures, bars, captions and the clock" {
	"$report" --format html <position.ndjson >page.html
	[ "$(text 'string(//p[contains(@class,"verdict")])')" = "Not Compliant: 1 of 3 rows of the licence position, 17 rights missing, true-up not known (prices are missing): buy them, or record the entitlement that covers them." ]
	[ "$(text 'count(//section[@class="overview"]//tbody/tr)')" -eq 2 ]
	[ "$(text 'count(//section[@id="position"]//*[local-name()="svg"][@role="img"])')" -eq 2 ]
	# Bars are as high as their figures: 260 used of 243 are 243 within and 17 beyond, on an axis that ends at 400.
	same=$(text '//section[@id="position"]//*[@class="beyond"]/@height' | tail -n 1)
	[ "$same" = ' height="8.5"' ]
	[ "$(text 'count(//*[@role="img"][not(*[local-name()="title"]) or not(*[local-name()="desc"])])')" -eq 0 ]
	[ "$(text 'count(//table[not(caption)])')" -eq 0 ]
	[ "$(text 'count(//th[not(@scope)])')" -eq 0 ]
	[ "$(text 'count(//*[@id])')" -eq "$(text '//@id' | tr ' ' '\n' | grep -c 'id=')" ]
	[ -z "$(grep -o ' id="[^"]*"' page.html | sort | uniq -d)" ]
	text '//section[@id="units"]//tfoot/tr/td' | tr '\n' ' ' | grep -q '341 330 11'
	text '//section[@id="accounts"]//tbody/tr[1]' | grep -qF 'Acme, "North"\nEurope a132000203'
	text 'string(//footer)' | grep -qF '2025-03-18T02:00:00.000Z'
	grep -qF "envtally report $("$report" --version | sed 's/.* //')" page.html
}

@test "html: --one-page is the first screen, with links to nothing" {
	"$report" --format html --one-page <position.ndjson >page.html
	as_xml page.html | xmllint --nonet --noout -
	[ "$(text 'count(//section)')" -eq 1 ]
	[ "$(text 'count(//a)')" -eq 0 ]
	[ "$(text 'string(//ol/li[1]/div)')" = "Buy 17 rights of Enterprise Procost not known" ]
	[ "$(text 'string(//ol/li[2]/div/span)')" = "8 units in no software model: add rows to licence/models.csv (\`envtally models suggest\`)" ]
	run -64 "$report" --one-page <position.ndjson
	[ "$output" = "report: cannot use --one-page with --format 'table': it must be html (see --help)" ]
}

@test "html: of many software models the first screen has those with missing rights, then those that run out" {
	for i in $(seq 10 40); do
		metric "\"Model $i\"" 0 2025-01-01 2026-01-01 open 10 $((i % 7 ? 3 : 12)) 0 0 $((i % 7 ? 0 : 2)) "$([ $((i % 7)) -eq 0 ] && echo 'Not ')Compliant"
	done >models.ndjson
	record forecast '{"profile":"acme","software_model":"Model 33","license_metric":"Envelope","unit":"envelope","period_index":0,"period_start":"2025-01-01T00:00:00.000Z","period_end":"2026-01-01T00:00:00.000Z","as_of":"2025-03-18T02:00:00.000Z","known_until":"2025-03-17","units_to_date":3,"rights_owned":10,"method":"linear","expected_units":15,"low_units":12,"high_units":18,"exhausted_on":"2025-09-01","days_left":167,"has_run_out":false,"is_shared":false,"is_covered":false,"warning":false,"currency":"EUR","expected_true_up_cost":"5.00","curve":[]}' >>models.ndjson
	"$report" --format html <models.ndjson >page.html
	[ "$(text '//section[@class="overview"]//tbody/tr/th/a' | xargs)" = "Model 14 Model 21 Model 28 Model 35 Model 33 Model 10 Model 11 Model 12 Model 13 Model 15 Model 16 Model 17 Model 18 Model 19 Model 20" ]
	[ "$(text 'string(//section[@class="overview"]//tfoot)')" = "and 16 more, in the licence position" ]
	[ "$(text 'string(//ol/li[1])')" = "Plan a purchase of rights of Model 33: they run out on 2025-09-01costs 5.00 EUR" ]
	sed -i 's/"currency":"EUR","expected_true_up_cost":"5.00"/"expected_unlicensed_rights":5/' models.ndjson
	"$report" --format html <models.ndjson >page.html
	[ "$(text 'string(//ol/li[5])')" = "Plan a purchase of 5 rights of Model 33: they run out on 2025-09-01cost not known" ]
	[ "$(text 'string((//dl[@class="tiles"]//dd)[2])')" = "not known" ]
}

@test "html: of many accounts the largest have rows, the others are summed" {
	for i in $(seq 250); do
		consumption "id$i" null '"p1"' null 0 2024-10-31 2025-01-31 final "$i"
	done >many.ndjson
	"$report" --format html <many.ndjson >page.html
	[ "$(text 'count(//section[@id="accounts"]/div//tbody/tr)')" -eq 200 ]
	[ "$(text 'count(//section[@id="accounts"]/details//tbody/tr)')" -eq 50 ]
	[ "$(text '//section[@id="accounts"]/details//tbody/tr[50]')" = id11 ]
	[ "$(text 'string(//section[@id="accounts"]//tfoot//th)')" = "50 other accounts together" ]
	[ "$(text 'string(//section[@id="accounts"]//tfoot//td[last()])')" = 1275 ]
}

@test "of many restatements the largest are shown, the rest is counted" {
	for i in $(seq 300); do
		restatement "id$i" 0 "$i" late
	done >many.ndjson
	"$report" <many.ndjson >got
	[ "$(grep -c ' late$' got)" -eq 20 ]
	grep -m 1 ' late$' got | grep -q ' id300 '
	grep -qx '… and 280 smaller ones' got
	grep -qx '300 figures reported before changed, by +45150 units in all.' got
	"$report" --format html <many.ndjson >page.html
	grep -qF 'and 200 smaller ones, not listed' page.html
}

@test "figures beyond 2^53 are exact everywhere" {
	{
		consumption a1 null '"p1"' '"M"' 0 2024-10-31 2025-01-31 final 99007199254740993
		metric '"M"' 0 2024-10-31 2025-01-31 final 99007199254740995 99007199254740993 2 2 0 Compliant
	} >huge.ndjson
	"$report" <huge.ndjson | grep -q '99007199254740995  *99007199254740993 '
	"$report" -f csv <huge.ndjson | grep -q ',99007199254740995,99007199254740993,2,'
	"$report" -f html <huge.ndjson >page.html
	text '//section[@id="units"]' | grep -q 99007199254740993
}

@test "accounts of the same name are told apart" {
	{
		record account '{"organization_id":null,"account_id":"x1","account_name":"Twin"}'
		record account '{"organization_id":null,"account_id":"x2","account_name":"Twin"}'
		restatement x2 1 2 late
	} >twins.ndjson
	"$report" <twins.ndjson | grep -q 'Twin (x2)'
}

@test "the same input gives the same bytes" {
	for format in table html csv; do
		"$report" -f $format <position.ndjson >first
		TZ=Asia/Tokyo LC_ALL=C "$report" -f $format <position.ndjson >second
		cmp first second
	done
}

@test "nothing to report: said, and an empty table" {
	run --separate-stderr "$report" </dev/null
	[ "$status" -eq 0 ]
	[[ $stderr == "report: nothing to report: "* ]]
	[[ $output == *"Licence position"*"Nothing to report"* ]]
	"$report" -q -f csv </dev/null >got.csv
	[ "$(wc -l <got.csv)" -eq 1 ]
	"$report" -q -f html </dev/null >page.html
	as_xml page.html | xmllint --nonet --noout -
}

@test "consumption without a licence position says what is missing" {
	grep '"consumption"' position.ndjson | "$report" >got
	grep -qx 'Incomplete: 8 units in no software model: add rows to .*' got
	consumption a1 null '"p1"' null 0 2024-10-31 2025-01-31 final 3 | "$report" | grep -qx 'Incomplete: no licence position: enter .*'
	grep '"consumption"' position.ndjson | "$report" -f html >page.html
	as_xml page.html | xmllint --nonet --noout -
}

@test "a broken line and a wrong field are 65 and name the line" {
	run --separate-stderr "$report" < <(head -n 3 position.ndjson; echo '{"type":"RECORD",')
	[ "$status" -eq 65 ]
	[[ $stderr == "report: cannot read 'standard input' line 4: not JSON: "* ]]
	run --separate-stderr "$report" < <(restatement a1 1 2 late | sed 's/"delta":1/"delta":"one"/')
	[ "$status" -eq 65 ]
	[ "$stderr" = "report: cannot read 'standard input' line 1: restatement \"delta\" must be a whole number, this is 'one'" ]
}

@test "-o writes the file whole or not at all" {
	"$report" -f html -o page.html <position.ndjson
	"$report" -f html <position.ndjson | cmp - page.html
	cp page.html before
	run "$report" -f html -o page.html < <(echo '{')
	[ "$status" -eq 65 ]
	cmp before page.html
	[ -z "$(find . -name 'page.html.*')" ]
	run "$report" -o missing/page.html <position.ndjson
	[ "$status" -eq 73 ]
}

@test "usage mistakes are 64, a full disk is 74" {
	run "$report" --format pdf </dev/null
	[ "$status" -eq 64 ]
	[ "$output" = "report: cannot use --format 'pdf': it must be table, md, html, csv, xlsx or verdict (see --help)" ]
	run "$report" --title $'\xff' </dev/null
	[ "$status" -eq 64 ]
	run "$report" -o '' </dev/null
	[ "$status" -eq 64 ]
	run "$report" operand </dev/null
	[ "$status" -eq 64 ]
	for format in table html csv; do
		run bash -c "'$report' -f $format <position.ndjson >/dev/full"
		[ "$status" -eq 74 ]
	done
}

@test "what an open period has no amount of yet is open, in the table and on the page; what is not known stays so" {
	{
		metric '"Pro"' 0 2024-10-31 2025-01-31 final 243 260 0 0 17 'Not Compliant'
		metric '"Pro"' 1 2025-01-31 2025-04-30 open 325 70 255 null 0 Compliant
	} | sed 's/"status"/"currency":"EUR","true_up_cost":"1.00","status"/' >costs
	"$report" <costs | sed -n '/^Costs/,$p' | grep -E '^ *20' | tr -s ' ' >got
	[ "$(cut -d ' ' -f 4- got)" = "not known 1.00 not known not known not known not known
not known 1.00 open open not known not known" ]
	[ "$("$report" --format html <costs | grep -oE 'class="n none"[^>]*>open<' | wc -l)" -eq 2 ]
}

@test "md: the tables of the text as Markdown, cell by cell; names are text in it, too" {
	"$report" --format md --title 'a|b *c* <d>' <position.ndjson >got.md
	[ '**a\|b \*c\* \<d\>**, as of 2025-03-18 02:00:00 UTC. Periods are shown from their first to their last day.' = "$(head -n 1 got.md)" ]
	# Each row has as many cells as its head.
	perl -ne 'if (/^\|/) { my $n = () = /(?<!\\)\|/g; $want ||= $n; die "line $.: $n cells, not $want\n" if $n != $want; $rows++ } else { $want = 0 } END { die unless $rows > 6 }' got.md
	# Without markup and blanks it says what the table says.
	"$report" --title 'a|b *c* <d>' <position.ndjson >got.txt
	words() { perl -CSD -pe 's/\\([\\`*_\[\]<>|#~&])/\x{1}$1/g; s/(?<!\x{1})[|*#]//g; s/\x{1}//g; s/-?---:?//g; s/-\s/-/g' "$@" | tr -s '[:space:]' '\n' | grep -E '^[0-9]{4}-|^[0-9.]+$|Compliant' | sort; }
	diff <(perl -CSD -pe 's/[|*#]//g' got.txt | tr -s '[:space:]' '\n' | grep -E '^[0-9]{4}-|^[0-9.]+$|Compliant' | sort) <(words got.md)
	diff got.txt <("$report" --format text --title 'a|b *c* <d>' <position.ndjson)
}

# daily ACCOUNT START END WATERMARK DAYS: the consumption of a period; DAYS is jq: units of $day, how many days are left to 2024-08-01, the clock.
daily() {
	jq -nc --arg account "$1" --arg from "$2" --arg to "$3" --arg watermark "$4" 'def day: . + "T00:00:00Z" | fromdate; def units($day): '"$5"';
		[range($from | day; $to | day; 86400) | {key: todate[:10], value: units((("2024-08-01" | day) - .) / 86400)} | select(.value > 0)] as $days |
		{type: "RECORD", stream: "consumption", record: {profile: "acme", account_id: $account, account_name: ("Name of " + $account), plan_item_id: "p",
			unit: "envelope", period_index: 0, period_start: ($from + "T00:00:00.000Z"), period_end: ($to + "T00:00:00.000Z"),
			units_consumed: ($days | map(.value) | add // 0), by_status: {}, watermark: (if $watermark == "" then null else $watermark + "T03:00:00.000Z" end),
			state: "open", by_day: ($days | from_entries)}}'
}

@test "anomalies: accounts whose use has stopped, begun, doubled or halved; not what is chance, small, or not known" {
	# The last four weeks are the days 28 to 1 before the clock.
	{
		daily steady 2024-01-01 2024-12-31 '' '3'
		daily stopped 2024-01-01 2024-12-31 '' 'if $day > 28 then 2 else 0 end'
		daily doubled 2024-01-01 2024-12-31 '' 'if $day > 28 then 5 elif $day > 0 then 10 else 0 end'
		daily halved 2024-01-01 2024-12-31 '' 'if $day > 28 then 4 elif $day > 0 then 1 else 0 end'
		daily begun 2024-01-01 2024-12-31 '' 'if $day <= 28 and $day > 0 then 1 else 0 end'
		daily small 2024-01-01 2024-12-31 '' 'if $day <= 28 and $day % 7 == 0 then 2 elif $day % 14 == 0 then 1 else 0 end' # from 2 to 8
		daily uneven 2024-01-01 2024-12-31 '' 'if ($day - 1) / 28 | floor % 2 == 0 then 6 else 1 end' # in turns
		daily more 2024-01-01 2024-12-31 '' 'if $day <= 28 then 7 else 4 end' # not twice
		daily unread 2024-01-01 2024-12-31 2024-07-04 'if $day > 28 then 2 else 0 end' # read up to there
	} >in
	"$report" --now 2024-08-01T00:00:00Z <in | sed -n '/^Accounts whose/,/^$/p' | tr -s ' ' >got
	diff -u - got <<-'END'
		Accounts whose use has changed
		 usual last
		account four weeks four weeks known up to use
		Name of doubled 140 280 2024-07-31 doubled or more
		Name of halved 112 28 2024-07-31 less than half
		Name of stopped 56 0 2024-07-31 has stopped
		Name of begun 0 28 2024-07-31 has begun

	END
	"$report" --now 2024-08-01T00:00:00Z --format html <in >page
	grep -q '<a href="#account-2"><bdi dir="auto">Name of stopped</bdi></a> <code>stopped</code>' page
	grep -q '<tr id="account-2"><th scope="row"><bdi dir="auto">Name of stopped</bdi>' page
	[ "$(grep -o ' id="account-[0-9]*"' page | sort -u | wc -l)" -eq 4 ]
	shuf --random-source=<(yes 7) in | "$report" --now 2024-08-01T00:00:00Z | cmp - <("$report" --now 2024-08-01T00:00:00Z <in)
	# It takes three times four weeks to know what is usual; and days.
	for account in stopped doubled; do daily $account 2024-05-01 2024-12-31 '' 'if $day <= 28 then 0 else 2 end'; done >short
	run ! grep -q 'whose use has changed' <("$report" --now 2024-08-01T00:00:00Z <short)
	grep -q 'No account has changed so' <("$report" --now 2024-08-01T00:00:00Z --format html <short)
	run ! grep -q 'Anomalies' <("$report" --format html <position.ndjson)
}

@test "anomalies: the one-off sends that forecasts name, the most units first" {
	metric '"<Pro>"' 1 2025-01-31 2025-04-30 open 325 70 255 255 0 Compliant >in
	record forecast '{"profile":"acme","software_model":"<Pro>","license_metric":"Envelope","unit":"envelope","period_index":1,"period_start":"2025-01-31T00:00:00.000Z",
		"period_end":"2025-04-30T00:00:00.000Z","as_of":"2025-03-18T02:00:00.000Z","known_until":"2025-03-16","units_to_date":70,"rights_owned":325,"method":"linear",
		"expected_units":90,"low_units":80,"high_units":100,"is_covered":false,"warning":false,"curve":[],
		"one_off_sends":[{"day":"2024-05-02","units":31,"account_id":"a","account_units":40},{"day": "2025-02-03", "units": 400, "account_id": null, "account_units": null},
		{"day":"2024-06-03","units":30,"account_units":29,"account_id":"<\u0062>"},{"day":"2024-05-03","units":21}]}' >>in
	record account '{"organization_id":"o","account_id":"a","account_name":"A & sons"}' >>in
	"$report" <in | sed -n '/^One-off/,/^$/p' | tr -s ' ' >got
	diff -u - got <<-'END'
		One-off sends
		 units beyond most units its
		day software model metric the usual that day by units
		2025-02-03 <Pro> Envelope 400
		2024-05-02 <Pro> Envelope 31 A & sons 40
		2024-06-03 <Pro> Envelope 30 <b> 29
		2024-05-03 <Pro> Envelope 21
		For the accounts and senders of a day: envtally explain --day 2025-02-03

	END
	"$report" --format html <in >page
	grep -q '2024-05-02</th>.*A &amp; sons</bdi> <code>a</code></td>.*>40<' page
	grep -q '2024-06-03</th>.*&lt;b&gt;</bdi></td>.*>29<' page
	grep -q '<p>For the accounts and senders of a day: <code>envtally explain --day 2025-02-03</code></p>' page
	"$report" --format md <in | grep -qxF 'For the accounts and senders of a day: `envtally explain --day 2025-02-03`'
	"$report" --format html <in | grep -q '<tr class="current"><th scope="row">2025-02-03</th>.*&lt;Pro&gt;.*>400<'
}

@test "the trend of an open period compares with the same day of the last one" {
	# The second period has passed 30 days of a (7 a day, 5 before), 9 of b, whose feed was read up to its tenth day (2 a day).
	{
		daily a 2024-04-03 2024-07-02 '' 5 && daily b 2024-04-03 2024-07-02 2024-07-11 2
		daily a 2024-07-02 2024-09-30 '' 'if $day > 0 then 7 else 0 end' && daily b 2024-07-02 2024-09-30 2024-07-11 'if $day > 21 then 2 else 0 end'
	} >in
	"$report" --now 2024-08-01T00:00:00Z --format html <in | grep -oE '<dt>Trend</dt><dd>.*last period' | sed 's/<[^>]*>//g' >got
	[ "$(cat got)" = 'Trend+36%168 by the same day of the last period' ] # 228 of 168
	# With licences, as the forecast tells it.
	{
		metric '"Pro"' 0 2024-10-31 2025-01-31 final 243 260 0 0 17 'Not Compliant'
		metric '"Pro"' 1 2025-01-31 2025-04-30 open 325 70 255 255 0 Compliant
		record forecast '{"profile":"acme","software_model":"Pro","license_metric":"Envelope","unit":"envelope","period_index":1,"period_start":"2025-01-31T00:00:00.000Z",
			"period_end":"2025-04-30T00:00:00.000Z","as_of":"2025-03-18T02:00:00.000Z","known_until":"2025-03-16","units_to_date":70,"rights_owned":325,"method":"linear",
			"expected_units":90,"low_units":80,"high_units":100,"is_covered":false,"warning":false,"curve":[],"previous_units_to_date":140}'
	} | "$report" --format html | grep -q '<td class="trend" data-l="Trend">−50%<span class="sub">140 by the same day of the last period'
}
