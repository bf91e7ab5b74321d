#!/usr/bin/env bats
# runs/index.html: all runs of a workspace on one page; and the link of a report to the one before.

load helper

setup_file() {
	export pipeline=$root/pipeline.sh
}

# Of each row of a run, as "HREF|STATE|VERDICT|UNITS|MONEY".
rows() { # FILE
	perl -0777 -ne 's/<style>.*?<\/style>//s; s/<span class="group">(\d+)<\/span>/$1/g;
		while (m{<tr><th scope="row">(?:<a href="([^"]*)">)?<time.*?data-l="State">(.*?)</td>.*?class="pill [a-z]+">(.*?)</span>.*?data-l="Units">(.*?)</td>.*?data-l="Money at risk">(.*?)</td></tr>}g) {
			print join("|", $1 // "", $2, $3, $4, $5), "\n" }' "$1"
}

@test "index: each run with what its job.json has, newest first; every link leads to a file; no script" {
	acme_after 3 ws
	for job in ws/runs/acme/2025*/job.json; do
		cents=$(jq -n '[inputs | select(.stream == "metric_result").record | select(.unlicensed_rights // 0 != 0).true_up_cost | sub("[.]"; "") | tonumber] | add' "${job%job.json}results.ndjson")
		jq -r --arg cost "${cents%??}.${cents: -2} USD" '"acme/\(.run_id)/report.html|\(.state)|\(.verdict | sub(":.*"; ""))|\(.counts.units_consumed)|\($cost)"' "$job"
	done | tac >expected
	rows ws/runs/index.html | diff expected -
	same 3 "$(wc -l <expected)"
	for link in $(grep -o 'href="[^"#][^"]*"' ws/runs/index.html | cut -d'"' -f2); do [ -f "ws/runs/$link" ]; done
	run ! grep -qE '<script|https?:|script-src' ws/runs/index.html
	grep -qF "default-src 'none'; style-src 'unsafe-inline'\"" ws/runs/index.html
	same 640 "$(stat -c %a ws/runs/index.html)"
	# The picture of a license metric has the figures of results.ndjson, period by period.
	figures=$(jq -rn '[inputs | select(.stream == "metric_result" and (.record.software_model // "" | endswith("Business Pro"))).record] | sort_by(.period_start)
		| map("\(.period_start[:10]): \(.rights_used) of \(.rights_owned)") | join("; ")' ws/runs/acme/20250401T020000Z/results.ndjson)
	grep -qF "first day: $figures\"" ws/runs/index.html
}

@test "index: a report links to that of the run before, also when it is made again" {
	acme_after 2 ws
	run ! grep -q '>the run before<' ws/runs/acme/20250318T020000Z/report.html
	grep -qF '<a href="../20250318T020000Z/report.html">the run before</a>' ws/runs/acme/20250325T020000Z/report.html
	run -0 "$pipeline" verify -q -C ws 20250325T020000Z
	run -64 --separate-stderr report --format html --previous ../x </dev/null
	[[ $stderr == *"cannot use --previous '../x': it must be the name of a run"* ]]
}

@test "index: several profiles, a lost run, a ledger that cannot be read, names from outside" {
	acme_after 2 ws
	cp -a ws/runs/acme ws/runs/beta
	cp ws/ledger/acme.db ws/ledger/beta.db
	rm -r ws/runs/beta/20250318T020000Z
	mkdir ws/runs/gamma 'ws/runs/<b>'
	echo 'no ledger <i>' >ws/ledger/gamma.db
	sqlite3 ws/ledger/beta.db "UPDATE result SET record = json_set(record, '\$.software_model', '<img src=x>\"&' || char(27)) WHERE stream = 'metric_result';
		UPDATE job_result SET record = json_set(record, '\$.verdict', 'Incomplete: 3 <u>units</u> of x: do it.', '\$.counts.units_consumed', 1234567)"
	run-facts index ws
	same "$(printf '%s\n' 'acme|2' 'beta|1')" "$(rows ws/runs/index.html | sed -n 's/^\([a-z]*\)\/.*/\1/p' | sort | uniq -c | awk '{ print $2 "|" $1 }')"
	same '|lost|Incomplete|1234567|–' "$(rows ws/runs/index.html | tail -1)"
	run ! grep -qE '<(img|u|i|b)[ >]' ws/runs/index.html
	grep -qF '&lt;img src=x&gt;&quot;&amp;' ws/runs/index.html
	grep -qF '3 &lt;u&gt;units&lt;/u&gt; of x' ws/runs/index.html
	grep -q 'id="gamma"' ws/runs/index.html
	grep -qF "ws/ledger/gamma.db" ws/runs/index.html
	# It is nothing that status or verify sees.
	"$pipeline" status -C ws --all --now 2025-03-25T03:00:00Z >status
	run ! grep -q index status
	run -0 "$pipeline" verify -q -C ws 20250325T020000Z
}

@test "index: a workspace without a run has none; one that cannot be written is a warning" {
	acme_workspace ws
	mkdir ws/runs ws/ledger
	run-facts index ws
	[ ! -e ws/runs/index.html ]
	acme_after 1 other
	rm other/runs/index.html
	mkdir other/runs/index.html
	night=$(sed -n 2p <<<"${nights// /$'\n'}")
	run -0 --separate-stderr "$pipeline" run -q -C other --replay "$acme/nights/$night"
	[[ $stderr == *"warning: cannot write 'other/runs/index.html': the next run writes it anew"* ]]
	rmdir other/runs/index.html
	run-facts index other
	same 2 "$(rows other/runs/index.html | wc -l)"
}
