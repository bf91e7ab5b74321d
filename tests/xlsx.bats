#!/usr/bin/env bats
# report --format xlsx: the workbook's cells against the records it is of, and by another program where there is one.

load helper

setup() {
	needs_stage report
	cd "$BATS_TEST_TMPDIR" || return 1
	export ENVTALLY_NOW=2025-03-18T02:00:00Z
	hostile='=HYPERLINK(\"http://x/\",\"&<b>\") _x0041_'
	position >position.ndjson
}

record() { # STREAM JSON
	printf '{"type":"RECORD","stream":"%s","record":{"profile":"acme","period_index":0,"period_end":"2025-01-31T00:00:00.000Z",%s}}\n' "$1" "$2"
}

position() {
	local names='"publisher":"Docusign","product":"eSignature","license_metric":"Envelope","unit":"envelope","period_start":"2024-10-31T00:00:00.000Z"'
	local use='"organization_id":null,"unit":"envelope","period_start":"2024-10-31T00:00:00.000Z","state":"final","software_model":"Pro","by_status":{}'
	record metric_result "$names"',"software_model":"Pro","period_state":"final","rights_owned":1243,"rights_used":1260,"rights_available":0,"over_licensed_rights":0,"unlicensed_rights":17,"status":"Not Compliant","currency":"USD","average_price":"2.350000","true_up_cost":"39.95","over_licensed_amount":"0.00","potential_savings":"0.00","total_spend":"999999999999.99","current_period_spend":"-0.05"'
	record metric_result "$names"',"software_model":"'"$hostile"'","period_state":"open","rights_owned":"unlimited","rights_used":9007199254740993,"rights_available":"unlimited","over_licensed_rights":0,"unlicensed_rights":0,"status":"Compliant","currency":"JPY","total_spend":"4000"'
	record consumption "$use"',"account_id":"a1","account_name":"Acme, \"North\"\nEurope","plan_item_id":"p1","units_consumed":1200'
	record consumption "$use"',"account_id":"a2","account_name":"'"$hostile"'","plan_item_id":"p1","units_consumed":40'
	record consumption "$use"',"account_id":"a2","account_name":"'"$hostile"'","plan_item_id":"p2","units_consumed":20'
	record restatement '"account_id":"a2","plan_item_id":"p1","period_start":"2024-10-31T00:00:00.000Z","run_id":"r","units_before":64,"units_after":60,"delta":-4,"cause":"status"'
}

workbook() { report --format xlsx -o book.xlsx "$@" <position.ndjson; }

# sheet NUMBER: a row a line, "texts" in quotes, days and numbers with their format.
sheet() {
	perl -MIO::Uncompress::Unzip=unzip -e '
		sub part { my $text; unzip "book.xlsx" => \$text, Name => $_[0] or die "no $_[0]"; $text }
		my %of = (lt => "<", gt => ">", amp => "&", quot => "\"");
		my @texts = map { s/<[^>]*>//gr =~ s/&(\w+);/$of{$1}/gr } part("xl/sharedStrings.xml") =~ m{<si>(.*?)</si>}gs;
		my $styles = part("xl/styles.xml");
		my %format = $styles =~ m{<numFmt numFmtId="(\d+)" formatCode="([^"]*)"}g;
		my @styles = map { $format{$_} } $styles =~ m{<cellXfs.*}s ? $& =~ m{<xf numFmtId="(\d+)"}g : ();
		my $sheet = part("xl/worksheets/sheet$ARGV[0].xml");
		die "a formula or a link" if $sheet =~ m{<f>|<hyperlink};
		for ($sheet =~ m{<row [^>]*>(.*?)</row>}gs) {
			my @cells;
			$cells[ord($1) - 65] = $3 ? qq("$texts[$4]") : "$4 as $styles[$2]" while m{<c r="([A-Z]+)\d+" s="(\d+)"( t="s")?><v>(.*?)</v></c>}g;
			print join(" | ", map { $_ // "" } @cells), "\n";
		}' "$1"
}

@test "cells: figures with their digits, days, and texts that nothing runs, whatever they begin with" {
	workbook
	same '"profile" | "software model" | "metric" | "first day" | "last day" | "state" | "rights owned" | "used" | "available" | "over-licensed" | "un-licensed" | "status"
"acme" | "=HYPERLINK("http://x/","&<b>") _x005F_x0041_" | "Envelope" | 45596 as yyyy-mm-dd | 45687 as yyyy-mm-dd | "open" | "unlimited" | "9007199254740993" | "unlimited" | 0 as #,##0 | 0 as #,##0 | "Compliant"
"acme" | "Pro" | "Envelope" | 45596 as yyyy-mm-dd | 45687 as yyyy-mm-dd | "final" | 1243 as #,##0 | 1260 as #,##0 | 0 as #,##0 | 0 as #,##0 | 17 as #,##0 | "Not Compliant"' "$(sheet 1)"
	same '"profile" | "software model" | "metric" | "currency" | "first day" | "last day" | "average price" | "true-up cost" | "over-licensed" | "potential savings" | "total spend" | "current-period spend"
"acme" | "=HYPERLINK("http://x/","&<b>") _x005F_x0041_" | "Envelope" | "JPY" | 45596 as yyyy-mm-dd | 45687 as yyyy-mm-dd | "not known" | "not known" | "open" | "open" | 4000 as #,##0 | "not known"
"acme" | "Pro" | "Envelope" | "USD" | 45596 as yyyy-mm-dd | 45687 as yyyy-mm-dd | 2.35 as #,##0.000000 | 39.95 as #,##0.00 | 0 as #,##0.00 | 0 as #,##0.00 | 999999999999.99 as #,##0.00 | -0.05 as #,##0.00' "$(sheet 2)"
	same '"account" | "account id" | "profile" | "unit" | "first day" | "last day" | "state" | "units consumed"
"Acme, "North"\nEurope" | "a1" | "acme" | "envelope" | 45596 as yyyy-mm-dd | 45687 as yyyy-mm-dd | "final" | 1200 as #,##0
"=HYPERLINK("http://x/","&<b>") _x005F_x0041_" | "a2" | "acme" | "envelope" | 45596 as yyyy-mm-dd | 45687 as yyyy-mm-dd | "final" | 60 as #,##0' "$(sheet 3)"
	same '"account" | "account id" | "first day" | "last day" | "before" | "after" | "delta" | "cause"
"=HYPERLINK("http://x/","&<b>") _x005F_x0041_" | "a2" | 45596 as yyyy-mm-dd | 45687 as yyyy-mm-dd | 64 as #,##0 | 60 as #,##0 | -4 as #,##0 | "status"' "$(sheet 4)"
	report --format verdict <position.ndjson >verdict
	same "$(cat verdict)" "$(sheet 5 | sed -n 's/^"\(Not Compliant: .*\)"$/\1/p')"
}

@test "the same bytes each time, to a file and to a pipe; a terminal is refused" {
	workbook
	report --format xlsx <position.ndjson | cmp - book.xlsx
	mv book.xlsx first.xlsx
	zip_part first.xlsx docProps/core.xml >core.xml
	same 2 "$(grep -o ">$ENVTALLY_NOW<" core.xml | wc -l)"
	TMPDIR=$PWD TZ=UTC workbook
	cmp first.xlsx book.xlsx
	workbook --now 2025-03-18T02:00:01Z
	run ! cmp -s first.xlsx book.xlsx
	same "" "$(find . -name "tmp*" -o -name "book.xlsx.*")"
	run script -qec "report --format xlsx <position.ndjson" /dev/null
	[ "$status" -eq 64 ] && [[ $output == *'cannot write a workbook to a terminal: redirect it to a file'* ]]
}

@test "restatements: the 100 largest, and the others in one row" {
	for i in {1..103}; do
		record restatement '"account_id":"a1","plan_item_id":"p'"$i"'","period_start":"2024-10-31T00:00:00.000Z","run_id":"r","units_before":0,"units_after":'"$i"',"delta":'"$i"',"cause":"late"'
	done >position.ndjson
	workbook
	same 102 "$(sheet 4 | wc -l)"
	same '"3 smaller ones" |  |  |  |  |  | 6 as #,##0' "$(sheet 4 | tail -n 1)"
}

@test "nothing to report: five sheets with their heads" {
	: >position.ndjson
	workbook -q
	for i in 1 2 3 4; do same 1 "$(sheet "$i" | wc -l)"; done
	sheet 5 | grep -q '^"as of 2025-03-18 02:00:00 UTC"$'
}

@test "a folder of temporary files that is full: no workbook, exit 74" {
	mkdir full
	unshare -rm true 2>/dev/null || skip "no user namespaces"
	run --separate-stderr unshare -rm sh -c 'mount -t tmpfs -o size=4k none full && TMPDIR=full exec report --format xlsx -o book.xlsx <position.ndjson'
	fails 74 "report: cannot make the workbook: its temporary files are incomplete: is 'full' full? TMPDIR names another folder"
	[ ! -e book.xlsx ]
}

@test "envtally report --format xlsx: of the last run, its figures are those of the records; LibreOffice reads the same figures" {
	unset ENVTALLY_NOW
	acme_after 1 ws
	"$root/pipeline.sh" report -C ws --format xlsx >book.xlsx
	local of=(ws/runs/acme/*/)
	# Serial days of a spreadsheet: those since 1970, and 25569.
	jq -r 'select(.type == "RECORD" and .stream == "metric_result").record | [.software_model, (.period_start, .period_end | .[:10] + "T00:00:00Z" | fromdate / 86400 + 25569), .rights_owned, .unlicensed_rights, .status] | .[2] -= 1 | join("|")' "${of[0]}results.ndjson" | sort >expected
	sheet 1 | sed 1d | sed 's/ as [^|]*/ /g; s/"//g; s/ *[|] */|/g; s/ *$//' | cut -d '|' -f 2,4,5,7,11,12 | sort >got
	[ -s got ]
	same_files expected got
	same "$(jq -s 'map(select(.type == "RECORD" and .stream == "consumption").record.units_consumed) | add' "${of[0]}consumption.ndjson")" "$(sheet 3 | sed 1d | awk -F ' [|] ' '{ sum += $NF } END { print sum }')"
	command -v soffice >/dev/null || skip "no LibreOffice"
	HOME=$PWD soffice --headless --convert-to 'csv:Text - txt - csv (StarCalc):124,34,76,1,,0,false,false,false,false,false,1' book.xlsx >/dev/null 2>&1
	sed '1d; s/"//g' book*.csv | cut -d '|' -f 2,4,5,7,11,12 | sort >read
	jq -r 'select(.type == "RECORD" and .stream == "metric_result").record | [.software_model, .period_start[:10], .period_end, .rights_owned, .unlicensed_rights, .status] | .[2] = ((.[2] | .[:10] + "T00:00:00Z" | fromdate - 86400 | todate)[:10]) | join("|")' "${of[0]}results.ndjson" | sort >expected
	same_files expected read
}
