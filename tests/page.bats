#!/usr/bin/env bats
# The report's page in Chromium: its figures are those of the records, and it can be read on any screen, by anyone, and on paper.

load helper

export ENVTALLY_BIN=${ENVTALLY_BIN:-$root/bin}

setup_file() {
	export folder=$BATS_FILE_TMPDIR without=
	if ! command -v npm >/dev/null || ! command -v node >/dev/null || ! command -v chromium >/dev/null; then
		without="npm, node or chromium is not there"
	elif ! npm_modules "$BATS_TEST_DIRNAME/page" >"$BATS_FILE_TMPDIR/npm" 2>&1; then
		without="npm cannot install the driver of the browser: $(tail -1 "$BATS_FILE_TMPDIR/npm")"
	fi
	[ -n "$without" ] || make_pages
}

setup() {
	[ -z "$without" ] || skip "$without"
}

# consumption ACCOUNT NAME UNITS: of a period of 2024; NAME is JSON.
consumption() {
	printf '{"type":"RECORD","stream":"consumption","record":{"profile":"p","account_id":"%s","account_name":%s,"plan_item_id":"i","unit":"envelope","period_index":0,"period_start":"2024-01-01T00:00:00.000Z","period_end":"2025-01-01T00:00:00.000Z","units_consumed":%s,"by_status":{},"state":"final","by_day":{"2024-02-29":%s}}}\n' \
		"$1" "$2" "$3" "$3"
}

# The demo's last night; without licence files, with names that want to be markup; and many accounts.
make_pages() {
	local line run=20250401T020000Z hostile='"<script>alert(1)</script><img src=x onerror=alert(2)> \u202e &quot; javascript:"'
	acme_after 3 "$folder/ws"
	cat "$folder/ws/runs/acme/$run/"{accounts,subscriptions,consumption,restatements,results}.ndjson >"$folder/demo.ndjson"
	cp "$folder/ws/runs/acme/$run/report.html" "$folder/demo.html"
	{
		consumption "a'b\\\"c" "$hostile" 7
		consumption b null 1234567
		printf '{"type":"RECORD","stream":"restatement","record":{"profile":"p","account_id":"b","plan_item_id":null,"period_start":"2024-01-01T00:00:00.000Z","period_end":"2025-01-01T00:00:00.000Z","run_id":"r","units_before":3,"units_after":1,"delta":-2,"cause":"<b>"}}\n'
	} >"$folder/hostile.ndjson"
	line=$(consumption f0000000-0000-4000-8000-ID '"Account number ID of the group"' UNITS)
	seq 20000 | awk -v line="$line" '{ text = line; gsub(/ID/, sprintf("%012d", $1), text); gsub(/UNITS/, 20001 - $1, text); print text }' >"$folder/many.ndjson"
	for name in hostile many; do
		"$ENVTALLY_BIN/report" -q --format html --now 2025-06-01T00:00:00Z --title "<$name>" <"$folder/$name.ndjson" >"$folder/$name.html"
	done
}

@test "the page in a browser: figures, widths, colours, keyboard, search, paper; no message and no request" {
	run -0 timeout 300 node "$BATS_TEST_DIRNAME/page/check.js" "$folder" demo hostile many
	printf '%s\n' "$output"
	same 30 "$(grep -c '^ok ' <<<"$output")"
}

@test "20,000 accounts are less than 5 MB" {
	[ "$(stat -c %s "$folder/many.html")" -lt 5000000 ]
}

@test "report --format pdf prints the page by the browser" {
	"$root/pipeline.sh" report -q -C "$folder/ws" --format pdf -o "$BATS_TEST_TMPDIR/report.pdf"
	[ "$(head -c 5 "$BATS_TEST_TMPDIR/report.pdf")" = %PDF- ]
	[ "$(grep -ac '/Type /Page\b' "$BATS_TEST_TMPDIR/report.pdf")" -gt 3 ]
}
