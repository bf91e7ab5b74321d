#!/usr/bin/env bats
# feed check, and the formats of files: NDJSON, CSV, gzip, ZIP.

load helper

setup() {
	mkdir "$BATS_TEST_TMPDIR/work"
	cd "$BATS_TEST_TMPDIR/work" || return 1
	# A service that nobody has described: two pages, the second the last.
	for page in 1 2; do
		jq -n --argjson page $page '{meta: {cursor: (if $page == 1 then "c-2" else "c-3" end)}, result: {items: [range(3) | {
			ref: {id: "E-\($page)\(.)"}, account: "A1", state: "Completed",
			sent: "2025-03-1\(.)T08:00:00Z", changed: "2025-03-1\(.)T0\($page):30:00Z"}]}}' >page-$page.json
	done
	jq -n '{name: "mine", stream: "docusign_datafeed", path: "/feed/{account_id}", query: {after: "{position}"},
		paging: {kind: "cursor", start: "{since}", next: "/meta/cursor"}, records: "/result/items",
		clock: {kind: "record", pointer: "/changed", settled_days: 8},
		map: {account_id: {pointer: "/account", type: "id", required: true}, envelope_id: {pointer: "/ref/id", type: "id", required: true},
			status: {pointer: "/state", type: "word", required: true}, sent_at: {pointer: "/sent", type: "time"},
			modified_at: {pointer: "/changed", type: "time", required: true}}}' >mine.json
}

# check [ARGUMENT]...: feed check at a fixed clock.
check() { run --separate-stderr feed check --now 2025-03-20T00:00:00Z "$@"; }

@test "feed check says what comes out of the samples, the next page, the watermark and the first request" {
	check ./mine.json page-1.json page-2.json
	same 0 "$status"
	same 'page-1.json: a page
  3 records, 0 rejected
  next page: c-2
page-2.json: a page
  3 records, 0 rejected
  next page: c-3
first envelope:
{"type":"RECORD","stream":"envelope","record":{"account_id":"a1","envelope_id":"e-10","status":"completed","created_at":null,"sent_at":"2025-03-10T08:00:00.000Z","completed_at":null,"modified_at":"2025-03-10T01:30:00.000Z","plan_item_id":null,"sender_id":null}}
no envelope has: created_at, completed_at, plan_item_id, sender_id
statuses: completed 6
sent from 2025-03-10T08:00:00.000Z to 2025-03-12T08:00:00.000Z; 0 without a time of sending are drafts, or in no period
watermark of a run at that clock: 2025-03-12T02:30:00.000Z
first request: GET API-BASE/feed/00000000-0000-0000-0000-000000000000?after=2025-03-12T00%3A00%3A00.000Z
2 samples, 6 records, 0 rejected' "$output"
	# A folder stands for its files, in the order of their names; a pipe is a sample, too.
	mkdir pages && cp page-*.json pages && echo x >pages/.hidden
	check ./mine.json pages
	[[ $status -eq 0 && $output == pages/page-1.json:*pages/page-2.json:*"2 samples, 6 records, 0 rejected" ]]
	check ./mine.json - <page-1.json
	[[ $status -eq 0 && $output == "standard input: a page"* ]]
}

@test "feed check explains wrong descriptors by what the samples have" {
	while IFS='|' read -r change code said; do
		jq "$change" mine.json >wrong.json
		check ./wrong.json page-1.json
		[[ $status -eq $code && $output$stderr == *"$said"* ]] || {
			echo "$change: status $status, expected $code and: $said"
			echo "got: $output $stderr"
			return 1
		}
	done <<-'END'
		.records = "/items"|65|'/items' must be the array of records, but is absent
		.records = "/items"|65|the response has arrays at: /result/items
		.records = "/meta"|65|'/meta' must be the array of records, but is an object
		.paging.next = "/cursor"|65|'/cursor' must be the next cursor, but is absent
		.map.envelope_id.pointer = "/id"|65|record 1 rejected: /id: envelope_id must be a string of 1 to 46 bytes, this is absent
		.map.envelope_id.pointer = "/id"|65|the record has: /ref/id, /account, /state, /sent, /changed
		.map.modified_at.pointer = "/state"|65|record 1 rejected: /state: modified_at must be a time such as
		.map.sent_at = {pointer: "/state", type: "time", format: "%d/%m/%Y"}|65|sent_at must be a time in the format '%d/%m/%Y'
		.map.account_id = {pointer: "/ref", type: "id", required: true}|65|account_id must be a string of 1 to 46 bytes, this is an object
		.map.sent_at.pointer = "/sentAt"|0|no envelope has a time of sending: none of them counts
		del(.query.after)|78|"paging" needs {position}
		.path = "/feed"|78|"per" is account, but neither "path" nor "query" has {account_id}
		.map.status.type = "text"|78|"map.status.type" must be "word"
		.format = "csv"|78|"paging" must be of the kind none: a response that is not JSON has no next page
		.paging = {kind: "offset", start: "0", total: "/total", end: "/end"}|65|'/total' must be a whole number, but is absent
		.paging.next = "/cursor"|65|beside them it has: /meta/cursor
		.clock = {kind: "record", pointer: "/changedAt", settled_days: 8}|0|no record has a time at /changedAt, where the clock points
		.map.status.pointer = "/changed"|0|statuses: 2025-03-10t01:30:00z 1, 2025-03-11t01:30:00z 1
	END
	check ./nowhere.json page-1.json
	refused 66 "feed: cannot open './nowhere.json': No such file or directory"
	check ./mine.json page-9.json
	refused 66 "feed: cannot open 'page-9.json': No such file or directory"
	check ./mine.json
	[ "$status" -eq 64 ]
	# A sample that is no JSON, and one that would steer a terminal.
	printf '<html>\033[2J' >page.html
	check ./mine.json page.html
	[[ $status -eq 65 && $output != *$'\033'* && $output == *"not JSON"* ]]
	jq '.result.items[0].ref.id = "\u001b[2J\u202e"' page-1.json >odd.json
	check ./mine.json odd.json
	[[ $output != *$'\033'* ]]
}

@test "the walk in doc/feeds.md prints what it shows there" {
	shown() { awk -v n="$1" '/^   ```$/ { block++; next } block == 2 * n - 1' "$root/doc/feeds.md" | sed 's/^   //'; } # the Nth block of the list
	jq '.name = "walk"' "$root/lib/feeds/datafeed.json" >walk.json
	check ./walk.json page-1.json
	same_files <(shown 1) <(head -n 4 <<<"$output")
	jq '.paging.next = "/meta/cursor" | .records = "/result/items"' walk.json >next.json
	check ./next.json page-1.json
	same_files <(shown 2) <(sed -n 2,3p <<<"$output")
	jq '.map |= (.account_id.pointer = "/account" | .envelope_id.pointer = "/ref/id" | .status.pointer = "/state" | .sent_at.pointer = "/sent" | .modified_at.pointer = "/changed")
		| .clock.pointer = "/changed"' next.json >fits.json
	check ./fits.json page-1.json page-2.json
	[[ $status -eq 0 && $output == *"2 samples, 6 records, 0 rejected" ]]
}

@test "a page of a list by offsets, links and downloads are checked, too" {
	jq '.paging = {kind: "offset", start: "0", total: "/meta/total", end: "/meta/end"}' mine.json >offset.json
	jq '.meta = {total: "9", end: "5"}' page-1.json >middle.json
	check ./offset.json middle.json
	[[ $status -eq 0 && $output == *"next page: 6"* ]]
	jq '.paging = {kind: "link", next: "/meta/next"} | .query = {} | .base = "https://feed.example.com" | .hosts = ["https://files.example.com"]' mine.json >link.json
	for case in "https://feed.example.com/x?p=2|0|next page: https://feed.example.com/x?p=2" "https://files.example.com/y|0|next page" \
		"https://evil.example.com/y|65|'/meta/next' leads to another host" "https://files.example.com.evil.com/y|65|leads to another host"; do
		IFS='|' read -r link code said <<<"$case"
		jq --arg link "$link" '.meta.next = $link' page-1.json >linked.json
		check ./link.json linked.json
		[[ $status -eq $code && $output == *"$said"* ]] || { echo "$case: $status $output"; return 1; }
	done
	jq '.records = "/files" | .download = {id: "/id", link: "/url", format: "csv"} | .map |= map_values(.pointer |= sub("/ref"; ""))' mine.json >download.json
	jq -n '{meta: {cursor: "c"}, files: [{id: 7, url: "/files/7"}, {id: "", url: "/files/8"}, {id: "9"}]}' >list.json
	printf 'id,account,state,sent,changed\nE-1,A1,sent,2025-03-10T08:00:00Z,2025-03-10T08:00:00Z\n' >7.csv
	check ./download.json list.json 7.csv
	same 65 "$status"
	[[ $output == *"item 7 is downloaded"*"record 2 rejected: /id: is no id of an item"*"record 3 rejected: /url: is no link"*"7.csv: a download"*"1 records, 0 rejected"* ]]
}

@test "normalize reads Docusign's envelope report, from a file, a pipe, gzip and ZIP; a date that is none is a reject" {
	cat >report.csv <<'END'
Envelope ID,Subject,Status,Sender Name,Sent On (Date),Sent On (Time),Last Activity (Date),Last Activity (Time),Completed On (Date),Completed On (Time)
E1,"A ""quoted"", subject
of two lines",Completed,Sam,02/03/2025,09:00:00 AM,02/04/2025,12:02:03 AM,02/04/2025,12:02:03 PM
E2,Hi,Voided,Sam,12/31/2025,11:59:59 PM,12/31/2025,11:59:59 PM,,
E3,Hi,Sent,Sam,13/13/2025,09:00:00 AM,02/05/2025,01:02:03 PM,,
END
	expected='a1 e1 completed 2025-02-03T09:00:00.000Z 2025-02-04T00:02:03.000Z 2025-02-04T12:02:03.000Z
a1 e2 voided 2025-12-31T23:59:59.000Z 2025-12-31T23:59:59.000Z null'
	gzip -k report.csv
	python3 -c 'import zipfile; z = zipfile.ZipFile("report.zip", "w", zipfile.ZIP_DEFLATED); z.write("report.csv"); z.writestr("folder/", ""); z.close()' ||
		skip "no python3 to make a ZIP"
	(printf '\xef\xbb\xbf'; tr ',' ';' <report.csv | sed 's/$/\r/') >semicolons.csv
	for file in report.csv report.csv.gz report.zip semicolons.csv; do
		normalize --feed envelope-report --account A1 --rejects rejects "$file" >out
		same "$expected" "$(jq -r 'select(.type == "RECORD").record | "\(.account_id) \(.envelope_id) \(.status) \(.sent_at) \(.modified_at) \(.completed_at)"' out)"
		same '3 "/Sent On (Date)" "sent_at must be a time in the format '"'%m/%d/%Y %I:%M:%S %p'"', its second half at /Sent On (Time)"' \
			"$(jq -r '"\(.line) \(.pointer | tojson) \(.reason | tojson)"' rejects)"
	done
	normalize --feed envelope-report --account A1 --rejects rejects <report.csv | same_files out -
	run --separate-stderr normalize --feed envelope-report report.csv
	refused 65 "normalize: cannot read 'report.csv' line 1: *account_id must be a string of 1 to 46 bytes, this is absent*"
	# It counts: a draft and a void in the periods of their days.
	normalize --feed envelope-report --account A1 --rejects rejects report.csv | merge --ledger :memory: --emit all |
		aggregate-by-period -q --contract-start 2025-01-31 --renewal-months 6 --now 2026-01-15T00:00:00Z >tallied
	same $'2025-01-31 1\n2025-07-31 1' "$(jq -r 'select(.type == "RECORD" and .stream == "consumption").record | "\(.period_start[:10]) \(.units_consumed)"' tallied)"
}

@test "normalize reads saved messages of Connect: a line each, a folder of files, or in a ZIP" {
	mkdir messages
	for i in 1 2 3; do
		jq -n --arg i $i '{event: "envelope-sent", apiVersion: "v2.1", uri: "/restapi", retryCount: 0, configurationId: 1,
			generatedDateTime: "2025-03-0\($i)T00:00:00.1234567Z", data: {accountId: "A1", userId: "U", envelopeId: "E\($i)",
			envelopeSummary: {status: "sent", sentDateTime: "2025-03-01T00:00:00.0000000Z", sender: {userId: "U"}}}}' >messages/$i.json
	done
	normalize --feed connect messages >out
	same 'a1 e1 sent 2025-03-01T00:00:00.000Z 2025-03-01T00:00:00.123Z u' \
		"$(jq -r 'select(.type == "RECORD").record | "\(.account_id) \(.envelope_id) \(.status) \(.sent_at) \(.modified_at) \(.sender_id)"' out | head -n 1)"
	same 3 "$(grep -c '"type":"RECORD"' out)"
	jq -c . messages/*.json | normalize --feed connect | same_files out -
	# A recipient's event has no summary: it is a reject.
	jq -c 'del(.data.envelopeSummary)' messages/1.json >recipient.json
	normalize --feed connect --rejects rejects recipient.json messages >again
	same 1 "$(wc -l <rejects)"
	same_files out again
	run --separate-stderr fetch-datafeed --feed connect < <(auth -p "$acme/profiles/acme.json" --replay "$acme/nights/20250318T020000Z")
	refused 78 "fetch-datafeed: cannot fetch feed 'connect': it is of files (normalize --feed connect FILE...)"
}

@test "files that are broken, encrypted or too large are refused with the reason, in bounded memory" {
	command -v python3 >/dev/null || skip "no python3 to make a ZIP"
	python3 - <<'END'
import zipfile, gzip
z = zipfile.ZipFile("bomb.zip", "w", zipfile.ZIP_DEFLATED)
for i in range(3): z.writestr(f"{i}.ndjson", b"\n" * (30 << 20))
z.close()
z = zipfile.ZipFile("many.zip", "w")
for i in range(1001): z.writestr(f"{i}.ndjson", b"")
z.close()
z = zipfile.ZipFile("two.zip", "w")
for i in range(2): z.writestr(f"{i}.json", b'{"meta":{"cursor":"c"},"result":{"items":[]}}')
z.close()
z = zipfile.ZipFile("good.zip", "w"); z.writestr("a.ndjson", b'{"event":"x"}\n' * 100); z.close()
data = bytearray(open("good.zip", "rb").read())
open("cut.zip", "wb").write(data[:len(data) // 2])
data[60] ^= 1
open("changed.zip", "wb").write(data)
data[60] ^= 1; data[6] |= 1; at = data.rindex(b"PK\1\2"); data[at + 8] |= 1
open("encrypted.zip", "wb").write(data)
open("bomb.gz", "wb").write(gzip.compress(b"\n" * (65 << 20)))
open("cut.gz", "wb").write(gzip.compress(b'{"event":"x"}\n' * 1000)[:-20])
END
	printf 'a,b\n1,2\n1,2,3\n' >wide.csv
	printf 'a,a\n1,2\n' >twice.csv
	printf 'a,b\n1,\xc3\xa9\xff\n' >latin.csv
	printf 'a,b\n1,"2\n' >open.csv
	printf '{"a":1}\n{"a":1} {"a":2}\n' >two.ndjson
	printf '{"a":1}],"x":[{}\n' >break.ndjson
	while IFS='|' read -r feed file said; do
		run --separate-stderr bounded normalize --feed "$feed" "$file"
		refused 65 "normalize: cannot read '$file': $said"
	done <<-'END'
		connect|bomb.zip|it decodes to more than the limit of *
		connect|many.zip|the ZIP archive has 1001 files: at most 1000 are read
		connect|cut.zip|the ZIP archive is damaged: *
		connect|changed.zip|the ZIP archive is damaged: *
		connect|encrypted.zip|the ZIP archive is encrypted
		./mine.json|two.zip|the ZIP archive has several files: in the format json there is one
		connect|bomb.gz|it decodes to more than the limit of *
		connect|cut.gz|the gzip data end too early
		envelope-report|wide.csv|line 3 has not as many cells as the header
		envelope-report|twice.csv|line 1 has a column's name twice
		envelope-report|latin.csv|line 2 is not UTF-8
		envelope-report|open.csv|line 2*
		connect|two.ndjson|line 2: *
		connect|break.ndjson|line 1: *
	END
}

@test "normalize reads a plain Singer tap's output by the name of its stream" {
	printf '%s\n' '{"type":"SCHEMA","stream":"envelopes","schema":{"type":"object","properties":{}},"key_properties":["id"]}' \
		'{"type":"RECORD","stream":"envelopes","record":{"account":"A1","ref":{"id":"E1"},"state":"sent","sent":"2025-03-10T08:00:00Z","changed":"2025-03-10T08:00:00Z"}}' \
		'{"type":"RECORD","stream":"users","record":{"id":1}}' '{"type":"STATE","value":{"bookmarks":{"envelopes":{"at":"x"}}}}' >tap
	normalize --feed ./mine.json --stream envelopes <tap >out
	same 'SCHEMA envelope
RECORD envelope e1
RECORD users null
STATE null' "$(jq -r '"\(.type) \(.stream // "")\(if .type == "RECORD" then " \(.record.envelope_id)" elif .type == "STATE" then "null" else "" end)"' out | sed 's/ *$//')"
	jq '.stream = "envelopes"' mine.json >named.json
	normalize --feed ./named.json <tap | same_files out -
	# Name, stream and map are enough.
	jq '{name, stream, map}' named.json >least.json
	normalize --feed ./least.json <tap | same_files out -
	jq -c 'select(.type == "RECORD" and .stream == "envelopes").record' tap | feed check --now 2025-03-20T00:00:00Z ./least.json - >said
	grep -q '^1 samples, 1 records, 0 rejected$' said
}
