#!/usr/bin/env bats
# Licence files as spreadsheets save them: encodings, separators, line ends, empty cells; and what is refused, in one line that says how it must be written.

# shellcheck disable=SC2154 # root and acme are helper's

load helper

setup() {
	needs_stage reconcile
	cd "$BATS_TEST_TMPDIR" || return 1
	cat >models.csv <<-'END'
		publisher,product,software_model,license_metric,unit,identifier_type,identifier
		Docusign,eSignature,Büro Pro,Envelope,envelope,plan_item_id,pro
	END
	cat >entitlements.csv <<-'END'
		entitlement_id,software_model,license_metric,start_date,end_date,purchased_rights,total_cost,currency
		E1,Büro Pro,Envelope,2024-01-01,2024-12-31,100,500.00,EUR
	END
	printf '{"type":"RECORD","stream":"consumption","record":{"profile":"p","account_id":"a","plan_item_id":"pro","unit":"envelope","period_index":0,"period_start":"2024-01-01T00:00:00.000Z","period_end":"2025-01-01T00:00:00.000Z","units_consumed":110,"by_status":{},"state":"final"}}\n' >input
}

both() { reconcile --now 2025-01-01T00:00:00Z -e entitlements.csv -m models.csv "$@" <input; }
figures() { both "$@" | records_of metric_result | jq -c '[.software_model, .rights_owned, .unlicensed_rights, .true_up_cost, .currency]'; }
right='["Büro Pro",100,10,"50.00","EUR"]'

# complaints [FILE]: what is said of it, without its name.
complaints() {
	run --separate-stderr both
	same 65 "$status" && [ -z "$output" ] || return 1
	sed "s/^reconcile: cannot \(read\|use\) '${1-entitlements.csv}'//; s/^ //" <<<"$stderr"
}

with() { sed "$1" entitlements.csv >changed && mv changed entitlements.csv; }

@test "encodings: UTF-8 with a byte order mark, UTF-16 of both orders, Windows-1252; semicolons, tabs, and a line sep=" {
	local file
	same "$right" "$(figures)"
	for file in models entitlements; do cp $file.csv $file.utf8; done
	try() { # COMMAND: of both files
		for file in models entitlements; do eval "$1" <$file.utf8 >$file.csv; done
		same "$right" "$(figures)" || { echo "after: $1"; return 1; }
	}
	try 'printf "\xef\xbb\xbf"; cat'
	try 'printf "\xff\xfe"; iconv -t UTF-16LE'
	try 'printf "\xfe\xff"; iconv -t UTF-16BE'
	try 'iconv -t WINDOWS-1252'
	try "tr , ';'"
	try "printf 'sep=;\r\n'; tr , ';' | sed 's/\$/\r/'"
	try "tr , '\t' | (printf '\xff\xfe'; iconv -t UTF-16LE)"
	try "tr , ';' | iconv -t WINDOWS-1252 | tr '\n' '\r'"
	try "sed 's/^/\"/; s/,/\",\"/g; s/\$/\"/'"
	# Commas in cells of a file with semicolons are no separators.
	tr , ';' <entitlements.utf8 | sed 's/E1/E1, the first/' >entitlements.csv
	same "$right" "$(figures)"
}

@test "empty columns, rows and cells beyond the header are nothing; text in them is a mistake" {
	sed 's/$/,,,/; $a,,,,,,,,,,\n,,\n""' entitlements.csv >changed && mv changed entitlements.csv
	same "$right" "$(figures)"
	with '2s/,,,$/,,note/'
	same "line 2: it has 10 cells, the header has 8
: 1 mistake" "$(complaints)"
	with '2s/,,note$/,,,/; 1s/,start_date/,,start_date/; 2s/Envelope,/Envelope,note,/'
	same "line 2: cell 4, 'note', has no name in the header
: 1 mistake" "$(complaints)"
	with 2s/,note,/,,/
	same "$right" "$(figures)"
}

@test "what a cell has that nobody sees is not its text: line breaks, no-break spaces, an apostrophe before a number" {
	with "2s/.*/'007,\"Büro\r\xc2\xa0Pro \",Envelope,'2024-01-01,2024-12-31,'100,\xc2\xa0500.00,EUR/"
	with 's/Büro\r/"&/; s/""/"/'
	same "$right" "$(figures)"
	# It is part of a name that has letters behind it.
	sed -i "s/Büro Pro/'s Büro/" models.csv
	with "2s/.*/7,'s Büro,Envelope,2024-01-01,2024-12-31,100,500.00,EUR/"
	same "$right" "$(figures | sed "s/'s Büro/Büro Pro/")"
}

@test "CR line ends: mistakes have the lines that an editor shows, also below comments and cells of two lines" {
	printf '# one\r# two\rentitlement_id,software_model,license_metric,start_date,purchased_rights\r"E\r1",Büro Pro,Envelope,2024-01-01,1\r\rE2,Büro Pro,Envelope,2024-02-30,1' >entitlements.csv
	run complaints
	same "line 7: column \"start_date\": '2024-02-30' is not a date such as 2025-01-31
: 1 mistake" "$output"
}

@test "dates and amounts of other countries are refused, with what to write" {
	date_of() { printf 'entitlement_id,software_model,license_metric,start_date,purchased_rights\nE1,Büro Pro,Envelope,"%s",1\n' "$1" >entitlements.csv && complaints | sed -n "1s/.*a date such as 2025-01-31//p"; }
	local cell form
	while read -r cell form; do
		same "${form:+: write $form}" "$(date_of "${cell//_/ }")" || { echo "$cell"; return 1; }
	done <<-'END'
		31.01.2025 2025-01-31
		1.2.2025 2025-02-01
		31.1.25 2025-01-31
		31/01/2025 2025-01-31
		01/31/2025 2025-01-31
		3/4/2025 2025-04-03 or 2025-03-04
		5/5/2025 2025-05-05
		2025/1/31 2025-01-31
		20250131 2025-01-31
		45688 2025-01-31
		31-Jan-25 2025-01-31
		Jan_31,_2025 2025-01-31
		2025-01-31_00:00:00 2025-01-31
		2025-01-31T00:00:00 2025-01-31
		31.02.2025
		32/13/2025
		soon
	END
	amount_of() { printf 'entitlement_id;software_model;license_metric;start_date;purchased_rights;total_cost;currency\nE1;Büro Pro;Envelope;2025-01-01;%s;%s;EUR\n' "$1" "$2" >entitlements.csv && complaints | sed -n "1s/^[^']*//p"; }
	while read -r cell form; do
		run amount_of 1 "${cell//_/ }"
		same "'${cell//_/ }' is not an amount such as 1250.00, without separators and with at most 6 digits after the point${form:+: write $form}" "$output"
	done <<-'END'
		1.234,50 1234.50
		1234,5 1234.5
		1,234.50 1234.50
		1_234,50 1234.50
		1'234.50 1234.50
		€_1.250,00 1250.00
		1250.00_EUR 1250.00
		1.000.000,00 1000000.00
		0,125 0.125
		1,000
		1.2.3,4,5
		about_5
	END
	same "'1.000' may be thousands, or have a fraction: write it without separators, or with another digit" "$(amount_of 1 1.000)"
	same "'1.000' is neither a whole number nor 'unlimited': write 1000" "$(amount_of 1.000 1)"
	same "'1,000' is neither a whole number nor 'unlimited': write 1000" "$(amount_of 1,000 1)"
	same "'100.00' is neither a whole number nor 'unlimited': write 100" "$(amount_of 100.00 1)"
	same "'1,5' is neither a whole number nor 'unlimited'" "$(amount_of 1,5 1)"
}

@test "a row of sums is left out, with a line that says so; one whose sums do not fit is refused; so are a workbook and bytes of no encoding, in one line each" {
	# left_out ROW LINE...: below two rows, with a subtotal of the first, the row is a total of both.
	local row
	cp entitlements.csv one
	for row in Total,,,,,100,500.00, ',,Summe:,,,100,500.00,' 'GESAMT,,,,,100,500,EUR' Total Totals,,,,,,500.00; do
		{ cat one && echo "$row"; } >entitlements.csv
		run --separate-stderr both
		same 0 "$status"
		same "reconcile: warning: 'entitlements.csv' line 3: this is a total of the rows above: it is left out" "$stderr"
		same "$right" "$(figures 2>/dev/null)"
	done
	printf '%s\n' 'Subtotal,,,,,100,500.00,EUR' 'E2,Büro Pro,Envelope,2024-01-01,2024-12-31,7,-0.10' 'E2,Büro Pro,Envelope,2024-01-01,2024-12-31,7,70.10,EUR' \
		'Subtotal,,,,,7,70.1,' 'Total,,,,,107,570.10,EUR' | sed 2d | cat one - >entitlements.csv
	same '["Büro Pro",107,3,"15.98","EUR"]' "$(figures 2>said)"
	same 3 "$(grep -c 'is a total of the rows above' said)"
	{ cat one && echo 'Total,,,,,100,501,EUR'; } >entitlements.csv
	same "line 3: column \"total_cost\": this is a total, but '501' is not what the rows above come to, 500: correct it, or delete the row
: 1 mistake" "$(complaints)"
	{ cat one && echo 'Total,,2,,,100,500,EUR'; } >entitlements.csv
	same "line 3: column \"license_metric\": this is a total, but '2' is not what the rows above come to, 0: correct it, or delete the row
: 1 mistake" "$(complaints)"
	# Where a cell above is no number, only that is said. A row that is complete is none, whatever it is called.
	{ sed 's/500.00/"500,00"/' one && echo 'Total,,,,,100,500.00,EUR'; } >entitlements.csv
	[[ $(complaints 2>/dev/null) == "line 2: column \"total_cost\": '500,00' is not an amount"*"
"*"line 3: this is a total of the rows above: it is left out
: 1 mistake" ]]
	sed 's/^E1/Total/' one >entitlements.csv
	same "$right" "$(figures)"
	printf 'PK\3\4....' >entitlements.csv
	same ": it is a workbook, not CSV: open it in the spreadsheet and save it as CSV UTF-8" "$(complaints)"
	printf '\xff\xfea\0\n\0\0\xd8b\0' >entitlements.csv
	same "line 2: not UTF-16" "$(complaints)"
}

@test "a title above the table is left out, with a line that says so" {
	cp entitlements.csv table
	{ printf 'Licences of Büro,,,,,,,\n\n,"as of ""today""",,,,,,\n' && cat table; } >entitlements.csv
	same "$right" "$(figures 2>said)"
	same "reconcile: warning: 'entitlements.csv' line 1: this is a title above the table: it is left out
reconcile: warning: 'entitlements.csv' line 3: this is a title above the table: it is left out" "$(cat said)"
	# Not what may be meant as a header.
	{ echo Entitlement-ID && cat table; } >entitlements.csv
	[[ $(complaints) == *'column "Entitlement-ID": this is not a column of this file; did you mean "entitlement_id"?'* ]]
}

@test "a spreadsheet leaves off empty cells at the end of a row: they are empty; a row that ends before a cell that must not be is refused" {
	printf '%s\n' entitlement_id,software_model,license_metric,start_date,purchased_rights,end_date,total_cost,currency,status,profile \
		'E1,Büro Pro,Envelope,2024-01-01,100,2024-12-31,500.00,EUR' 'E2,Büro Pro,Envelope,2024-01-01,7' >entitlements.csv
	same '["Büro Pro",107,3,"15.00","EUR"]' "$(figures)"
	printf '%s\n' 'E3,Büro Pro,Envelope' 'a note below the table' 'E4,Büro Pro,Envelope,2024-01-01,1,,5' >>entitlements.csv
	same "line 4: it has 3 cells, the header has 10: \"start_date\" must not be empty
line 5: it has 1 cells, the header has 10: \"software_model\" must not be empty
line 6: column \"currency\": it must name the currency of the cost, such as USD
: 3 mistakes" "$(complaints)"
}

@test "all mistakes of a file at once: a wrong header hides none, adds none, and has what was meant; twenty are shown, then their number" {
	cat >entitlements.csv <<-'END'
		Entitlement ID,software_model,licence_metric,strat_date,purchased_rights,total_cost,curency,notes
		E1,Büro Pro,Envelope,2024-01-01,many,500.00,EUR,
		E1,Büro Pro,Envelope,2024-01-01,100,5e2,EUR,
	END
	cat >expected <<-'END'
		line 1: column "Entitlement ID": this is not a column of this file; did you mean "entitlement_id"?
		line 1: column "licence_metric": this is not a column of this file; did you mean "license_metric"?
		line 1: column "strat_date": this is not a column of this file; did you mean "start_date"?
		line 1: column "curency": this is not a column of this file; did you mean "currency"?
		line 1: column "notes": this is not a column of this file
		line 1: column "entitlement_id": it is missing in the header
		line 1: column "license_metric": it is missing in the header
		line 1: column "start_date": it is missing in the header
		line 2: column "purchased_rights": 'many' is neither a whole number nor 'unlimited'
		line 3: column "total_cost": '5e2' is not an amount such as 1250.00, without separators and with at most 6 digits after the point
		: 10 mistakes
	END
	complaints >got
	same_files expected got
	printf 'entitlement_id,software_model,license_metric,subscription_period,start_date,purchased_rights\nE1,Büro Pro,Envelope,Montly,2024-01-01,1\n' >entitlements.csv
	same "line 2: column \"subscription_period\": 'Montly' is not one of Monthly, Quarterly, Annually, Entire; did you mean 'Monthly'?" "$(complaints | head -n 1)"
	for ((i = 0; i < 100; i++)); do echo "F$i,Büro Pro,Envelope,,2024-01-01,x"; done >>entitlements.csv
	complaints >got
	same 21 "$(wc -l <got)"
	same ": 101 mistakes, of which the first 20 are above" "$(tail -n 1 got)"
}

@test "models automatic completes such a file in its own form, and leaves a complete one alone" {
	printf '\xff\xfe' >models.csv
	printf 'publisher;product;software_model;license_metric;identifier_type;identifier;;\r\nD;P;Büro;Envelope;plan_item_id;x;;\r\n;;;;;;;\r\n' | iconv -t UTF-16LE >>models.csv
	models automatic --models models.csv </dev/null | cmp - models.csv
	printf '{"type":"RECORD","stream":"subscription","record":{"subscription_id":"s","plan_item_id":"pro","plan_item_name":"Docusign CLM; new"}}\n' |
		models automatic --models models.csv >complete.csv
	same 'Docusign;CLM;"Docusign CLM; new";Envelope;plan_item_id;pro;;;automatic' "$(tail -n 1 complete.csv)"
	sed -i 's/Büro Pro/"Docusign CLM; new"/' entitlements.csv
	mv complete.csv models.csv
	same '["Docusign CLM; new",100,10,"50.00","EUR"]' "$(figures 2>/dev/null | tail -n 1)"
}

@test "three subsidiaries, two contracts, a reseller and a credit, each file as its own spreadsheet saved it: the position, and what each subsidiary pays" {
	local of=7c1e9a52-3b0f-4d6a-9e21-5f8840c7d30 run=20250401T020000Z
	acme_after 2 ws
	rm ws/licence/exclusions.csv
	# A German Excel: CSV, Windows-1252, no empty cells at the ends of rows, a title and a total.
	cat >table <<-'END'
		Verträge der Acme;;;;;;;;;;
		entitlement_id;software_model;license_metric;subscription_period;start_date;end_date;purchased_rights;total_cost;currency;allocation_type;allocation_value
		Rahmenvertrag Größe L;Docusign eSignature Enterprise Pro;Envelope;Quarterly;2024-01-31;9999-12-31;250;587.50;EUR
		Vertrag Labs;Docusign eSignature Business Pro;Envelope;Annually;2024-01-31;2026-01-30;600;1320.00;EUR
		Reseller GmbH;Docusign eSignature Enterprise Pro;Envelope;Entire;2025-01-31;2025-04-29;50;130.00;EUR;company;Acme Arabia
		Gutschrift Q3;Docusign eSignature Enterprise Pro;Envelope;;2024-07-31;2024-10-30;0;-100.00;EUR
		Summe;;;;;;900;1937.50;EUR;;
		;;;;;;;;;;
	END
	iconv -t WINDOWS-1252 <table | sed 's/$/\r/' >ws/licence/entitlements.csv
	# Unicode text, with tabs.
	printf '%s\t%s\n' account_id company ${of}1 'Acme Manufacturing' ${of}2 'Acme Manufacturing' ${of}3 'Acme Labs' ${of}6 'Acme Labs' ${of}4 'Acme Arabia' ${of}5 'Acme Arabia' |
		(printf '\xff\xfe' && iconv -t UTF-16LE) >ws/licence/groups.csv
	# An old Mac: CR alone.
	printf '%s\n' 'sep=;' 'account_id;software_model;license_metric;start_date;end_date;units;source' \
		"${of}5;Docusign eSignature Enterprise Pro;Envelope;2025-02-01;2025-02-28;40;Reseller GmbH, Beleg 17" 'Gesamt;;;;;40' | tr '\n' '\r' >ws/licence/consumption.csv
	"$root/pipeline.sh" run -q -C ws --group-by company --replay "$acme/nights/$run" 2>said || { cat said; false; }
	# Enterprise Pro: 250 a quarter, from the reseller 50 more; 265 used of 250, 15 × 587.50 / 250; the credit in its quarter. Business Pro: 600 a year, 2200 a thousand.
	cat >expected <<-'END'
		["Business Pro","2024-01-31",600,143,0,0,"0.00","324.59"]
		["Business Pro","2024-04-30",457,143,0,0,"0.00","331.80"]
		["Business Pro","2024-07-31",314,152,0,0,"0.00","331.81"]
		["Business Pro","2024-10-31",162,138,0,0,"0.00","331.80"]
		["Business Pro","2025-01-31",600,76,0,0,"0.00","321.86"]
		["Enterprise Pro","2024-01-31",250,234,0,0,"0.00","587.50"]
		["Enterprise Pro","2024-04-30",250,265,0,15,"35.25","587.50"]
		["Enterprise Pro","2024-07-31",250,237,0,0,"0.00","487.50"]
		["Enterprise Pro","2024-10-31",250,249,0,0,"0.00","587.50"]
		["Enterprise Pro","2025-01-31",300,199,40,0,"0.00","717.50"]
	END
	same_files expected <(records_of metric_result <ws/runs/acme/$run/results.ndjson |
		jq -c '[.software_model[20:], .period_start[:10], .rights_owned, .rights_used, .declared_units, .unlicensed_rights, .true_up_cost, .current_period_spend]' | sort)
	# The reseller's rights are of one subsidiary alone, and all three pay together what is spent.
	"$root/pipeline.sh" chargeback -C ws --by company --period 2025-04-01 --format csv 2>/dev/null | tr -d '\r' >charges
	same "Acme Arabia" "$(awk -F , '$9 == "usage" && $15 == 40 { print $5 }' charges)"
	same "1039.36" "$(awk -F , 'NR > 1 && $9 !~ /true_up/ { s += $13 } END { printf "%.2f", s }' charges)"
	same 3 "$(awk -F , 'NR > 1 { print $5 }' charges | sort -u | grep -c ^Acme)"
	# What was left out was said, by the names that the person knows.
	"$root/pipeline.sh" reconcile -C ws --now 2025-04-01T02:00:00Z >/dev/null 2>said
	same "reconcile: warning: 'consumption.csv' line 4: this is a total of the rows above: it is left out
reconcile: warning: 'entitlements.csv' line 1: this is a title above the table: it is left out
reconcile: warning: 'entitlements.csv' line 7: this is a total of the rows above: it is left out" "$(grep left said | sort)"
}
