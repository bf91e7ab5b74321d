#!/usr/bin/env bats
# What is known of runs, for monitors: status --format, --check, --all; run --on-finish, --on-alert, --summary; --log-format.

load helper

setup_file() {
	export pipeline=$root/pipeline.sh
}

last=20250325T020000Z

@test "status --format json: a line for each profile, with runs, feeds, positions and what needs attention" {
	acme_after 2 ws
	run -0 --separate-stderr "$pipeline" status -C ws --format json --now 2025-03-25T03:00:00Z
	[ "$(wc -l <<<"$output")" -eq 1 ]
	same '["acme",true,[],2,"20250325T020000Z","succeeded",6,6,0,325]' "$(jq -c '[.profile, .healthy, .attention, .runs.succeeded, .last_run.run, .last_run.state,
		.last_run.restatements, .feeds.accounts, .feeds.stale, (.positions[] | select(.software_model == "Docusign eSignature Enterprise Pro") | .rights_owned)]' <<<"$output")"
	# As many requests as the recordings have.
	same "$(cat ws/runs/acme/$last/raw/*.exchanges | grep -c '^{"exchange"')" "$(jq .last_run.requests <<<"$output")"
	run -69 --separate-stderr "$pipeline" status -C ws --format json --check --now 2025-04-12T02:00:00Z
	same '["stale_feed"]' "$(jq -c .attention <<<"$output")"
}

@test "status --format prometheus: each metric once, with help and type, for all profiles; labels escaped" {
	acme_after 1 ws
	jq '.name = "beta"' ws/profiles/acme.json >ws/profiles/beta.json
	run -0 --separate-stderr "$pipeline" status -C ws --format prometheus --now 2025-03-18T03:00:00Z
	same '' "$(grep '^# TYPE' <<<"$output" | sort | uniq -d)"
	same "$(grep -o '^envtally_[a-z_]*' <<<"$output" | sort -u)" "$(awk '/^# HELP/ { print $3 }' <<<"$output" | sort)"
	same "$(grep -o '^envtally_[a-z_]*' <<<"$output" | sort -u)" "$(awk '/^# TYPE/ && $4 == "gauge" { print $3 }' <<<"$output" | sort)"
	# A metric's samples stand together, and every line has the form of the text format.
	same '' "$(awk '!/^#/ { sub(/[{ ].*/, ""); if ($0 != last && seen[$0]++) print; last = $0 }' <<<"$output")"
	run ! grep -vE '^(# (HELP|TYPE) envtally_[a-z_]+ .+|envtally_[a-z_]+\{profile="(acme|beta)"(,[a-z_]+="[^"]*")*\} ([0-9.]+|\+Inf))$' <<<"$output"
	"$pipeline" status -C ws --format prometheus --now 2025-03-18T03:00:00Z | grep -qx 'envtally_last_success_timestamp_seconds{profile="acme"} 1742263200'
	printf '%s\n' '{"profile":"a","is_workspace":true,"healthy":true,"attention":[],"positions":[{"software_model":"x\"y\\z\nw","license_metric":"m","rights_owned":"unlimited"}]}' |
		status --form prometheus | grep -qxF 'envtally_rights_owned{profile="a",software_model="x\"y\\z\nw",license_metric="m"} +Inf'
}

# A profile of which everything is known and wrong, as status prints it.
everything='{"profile":"b","is_workspace":false,"clock":"2025-03-25T03:00:00Z","healthy":false,"attention":["partial","run_out"],"verdict":"At risk: x",
"runs":{"succeeded":1},"last_success_at":"2025-03-24T03:00:00Z","last_run":{"state":"partial","started_at":"2025-03-25T02:00:00Z","seconds":60,"restatements":1,"rejects":1,
"requests":9,"accounts_due":3,"accounts_asked":2,"accounts_put_off":1},"feeds":{"accounts":3,"week_behind":1,"due":1,"stale":1,"never_read":1,
"oldest_at":"2025-03-01T03:00:00Z","newest_at":"2025-03-02T03:00:00Z"},"undated":0,"disk":{"runs":1},"units":{"in_positions":1,"without_position":1},
"positions":[{"software_model":"m","license_metric":"e","period_state":"open","rights_owned":200,"rights_used":150,"unlicensed_rights":1,"is_shared":false,"is_covered":false,"days_left":3}]}'

@test "Prometheus rules and Grafana dashboard in doc/: metrics that status prints; a panel is complete and has its place" {
	acme_after 2 ws
	"$pipeline" status -C ws --format prometheus --now 2025-03-25T03:00:00Z >real
	tr -d '\n' <<<"$everything" | status --form prometheus >made
	known=$(awk '/^# TYPE/ { print $3 }' real made | sort -u)
	for file in prometheus-rules.yml grafana-dashboard.json; do
		used=$(grep -o 'envtally_[a-z_]*' "$root/doc/$file" | sort -u)
		[ "$(wc -l <<<"$used")" -ge 8 ]
		same '' "$(comm -13 <(printf '%s\n' "$known") <(printf '%s\n' "$used"))"
	done
	# The problems that rules name are those of the JSON.
	for problem in $(grep -oE 'problem=~"[a-z_|]*' "$root/doc/prometheus-rules.yml" | sed 's/.*"//; s/|/ /g'); do
		grep -qF "\`$problem\`" "$root/doc/running.md"
	done
	same '[]' "$(jq -c '[.panels[] | select(.type != "row") | select((.title | length) == 0 or (.targets | length) == 0 or ([.targets[]
		| if .datasource == {type: "postgres", uid: "${postgres}"} then .rawSql else .datasource == {type: "prometheus", uid: "${prometheus}"} and .expr end] | all | not)) | .title]' \
		"$root/doc/grafana-dashboard.json")"
	jq -e '[.panels[].id] | length == (unique | length)' "$root/doc/grafana-dashboard.json"
	# No two panels share a cell of the grid.
	jq -e '[.panels[].gridPos | . as $at | range($at.y; $at.y + $at.h) as $y | range($at.x; $at.x + $at.w) | [., $y]] | length == (unique | length) and all(.[]; .[0] < 24)' \
		"$root/doc/grafana-dashboard.json"
}

@test "Prometheus rules: each fires when it should (promtool), also on what status prints of the second night" {
	command -v promtool >/dev/null || skip "no promtool (Debian: prometheus)"
	run -0 promtool test rules "$root/tests/prometheus-rules-test.yml"
	acme_after 2 ws
	"$pipeline" status -C ws --format prometheus --now 2025-03-25T03:00:00Z >real
	promtool check metrics <real
	tr -d '\n' <<<"$everything" | status --form prometheus --label workspace=w >made
	run -3 promtool check metrics <made
	same 'envtally_run_out_days use base unit "seconds" instead of "days"' "$output"
	# Its samples for three hours, the clock moved to 0.
	{
		printf 'rule_files: ["%s"]\nevaluation_interval: 1h\ntests:\n- interval: 1h\n  input_series:\n' "$root/doc/prometheus-rules.yml"
		awk -v now="$(date -ud 2025-03-25T03:00:00Z +%s)" '!/^#/ { value = $NF; sub(/ [^ ]*$/, ""); if (/_timestamp_seconds/) value -= now
			printf "  - {series: '"'%s'"', values: \"%sx3\"}\n", $0, value }' real
		printf '  promql_expr_test:\n  - expr: sum by (alertname) (ALERTS)\n    eval_time: 3h\n    exp_samples: [{labels: "{alertname=\\"EnvtallyRestated\\"}", value: 1}]\n'
	} >test.yml
	run -0 promtool test rules test.yml
}

@test "status --label: a label before those of each metric, for one exporter of several workspaces" {
	acme_after 1 ws
	run -0 --separate-stderr "$pipeline" status -C ws --format prometheus --label 'workspace=a "b\c=d' --now 2025-03-18T03:00:00Z
	same '' "$(grep -v '^#' <<<"$output" | grep -vF '{workspace="a \"b\\c=d",profile="acme"')"
	grep -qxF 'envtally_accounts{workspace="a \"b\\c=d",profile="acme"} 6' <<<"$output"
	run --separate-stderr "$pipeline" status -C ws --label workspace=x
	fails 64 "pipeline.sh: cannot use --label: it is of --format prometheus"
	for label in profile=x =x workspace= 1a=b; do
		run --separate-stderr "$pipeline" status -C ws --format prometheus --label $label
		refused 64 "pipeline.sh: cannot use --label '$label': it must be NAME=VALUE, *"
	done
}

@test "accounts_due is what the run was to ask, week_behind whose feed has not advanced for 7 days: one word for each" {
	acme_after 2 ws
	run -0 --separate-stderr "$pipeline" status -C ws --format json --now 2025-03-25T03:00:00Z
	same "$(jq -c '.counts | [.accounts_due, .accounts_asked, .accounts_put_off]' ws/runs/acme/$last/job.json)" \
		"$(jq -c '.last_run | [.accounts_due, .accounts_asked, .accounts_put_off]' <<<"$output")"
	same '[1,1]' "$(jq -c '.feeds | [.week_behind, .due]' <<<"$output")"
}

@test "status: ten lines of a kind, the rest as one; --all prints them" {
	acme_after 1 ws
	run=ws/runs/acme/20250318T020000Z
	for n in {10..40}; do
		printf '{"type":"RECORD","stream":"account","record":{"account_id":"many-%s","account_name":"Many %s"}}\n' $n $n
	done >>$run/accounts.ndjson
	for n in {1..12}; do mkdir ws/runs/acme/other-$n; done
	run -0 --separate-stderr "$pipeline" status -C ws --now 2025-03-18T03:00:00Z
	same 11 "$(grep -c '  stale: ' <<<"$output")"
	grep -qxF 'acme  stale: and 21 more accounts (--all lists them)' <<<"$output"
	grep -qxF 'acme  and 2 more folders that are no runs (--all lists them)' <<<"$output"
	run -0 --separate-stderr "$pipeline" status -C ws --all --now 2025-03-18T03:00:00Z
	same 31 "$(grep -c '  stale: ' <<<"$output")"
	run ! grep -q 'more' <<<"$output"
}

@test "status --check: a run under way is not an interrupted one, and looking does not stop it" {
	acme_after 1 ws
	mkdir ws/runs/acme/.$last.partial
	run -69 "$pipeline" status -C ws --check --now 2025-03-18T03:00:00Z
	grep -qxF "acme  $last  interrupted: the next run finishes it" <<<"$output"
	exec 9>>ws/ledger/acme.lock
	flock 9
	run -0 "$pipeline" status -C ws --check --now 2025-03-18T03:00:00Z
	grep -qxF "acme  $last  under way" <<<"$output"
	exec 9>&-
}

@test "status --check: an earlier run that is lost, one that was changed, and one that the ledger has forgotten" {
	acme_after 2 ws
	for damage in 'rm -r ws/runs/acme/20250318T020000Z' 'echo >>ws/runs/acme/20250318T020000Z/raw/manifest.json' "echo >>ws/runs/acme/$last/inputs/models.csv"; do
		eval "$damage"
		run -69 --separate-stderr "$pipeline" status -C ws --check --now 2025-03-25T03:00:00Z
		grep -qE '^acme  (damaged: cannot verify run|20250318T020000Z  lost:)' <<<"$output"
		rm -r ws
		acme_after 2 ws
	done
	acme_after 1 earlier
	rm ws/ledger/acme.db*
	cp earlier/ledger/acme.db ws/ledger/
	run -69 --separate-stderr "$pipeline" status -C ws --check --now 2025-03-25T03:00:00Z
	grep -qF "acme  damaged: cannot verify run '$last': it follows the last run that the ledger has" <<<"$output"
}

@test "run --on-finish and --on-alert: JSON on standard input, each alert once; what the command refused comes again" {
	acme_workspace ws
	night() { run --separate-stderr "$pipeline" run -q -C ws --replay "$acme/nights/$1" "${@:2}"; }
	night 20250318T020000Z --on-finish 'cat >finish' --on-alert 'cat >>alerts'
	[ "$status" -eq 0 ]
	same '["finish",0,"acme","20250318T020000Z"]' "$(jq -c '[.event, .exit_status, .profile, .last_run.run]' finish)"
	[ ! -e alerts ]
	night $last --on-alert 'exit 3'
	fails 0 "pipeline.sh: warning: cannot run 'exit 3': it ended with status 3"
	run -0 "$pipeline" status -C ws --now 2025-03-25T03:00:00Z --on-alert 'cat >>alerts; echo told'
	same '["alert","restatement","acme","20250325T020000Z",6]' "$(jq -c '[.event, .kind, .profile, .run, .restatements]' alerts)"
	rm alerts
	run -0 "$pipeline" status -C ws --now 2025-03-25T03:00:00Z --on-alert 'cat >>alerts'
	[ ! -e alerts ]
	# A feed that has become stale; and when it no longer is, that is forgotten.
	"$pipeline" status -q -C ws --now 2025-04-12T03:00:00Z --on-alert 'cat >>alerts' >/dev/null
	same '["stale_feed",6]' "$(jq -c '[.kind, .accounts]' alerts)"
	"$pipeline" status -q -C ws --now 2025-03-25T03:00:00Z --on-alert 'cat >>alerts' >/dev/null
	same 1 "$(wc -l <alerts)"
	run ! grep -q stale_feed ws/ledger/.alerts
}

@test "alerts: the highest threshold that is reached, once a crossing; covered, unlimited, shared and closed ones are silent" {
	facts() { # USED MEMBERS
		printf '{"profile":"a","is_workspace":false,"clock":null,"feeds":{"stale":0},"last_run":null,"runs":{"lost":0},"positions":[{"software_model":"m","license_metric":"e","period_start":"p","period_state":"open","is_covered":false,"is_shared":false,"rights_owned":200,"rights_used":%s%s}]}\n' "$1" "${2-}"
	}
	for row in '149:' '150:75' '179:75' '180:90' '199:90' '200:100' '5000:100'; do
		same "${row#*:}" "$(facts "${row%:*}" | status --form alerts | cut -f 2 | sed '/^$/d' | jq .threshold)"
	done
	same 3 "$(facts 200 | status --form alerts | wc -l)"
	for silent in ',"is_covered":true' ',"is_shared":true' ',"rights_owned":"unlimited"' ',"period_state":"final"' ',"rights_used":null'; do
		same '' "$(facts 300 "$silent" | status --form alerts)"
	done
	same 100 "$(facts 1 ',"rights_owned":0' | status --form alerts | cut -f 2 | sed '/^$/d' | jq .threshold)"
}

@test "run --summary: one line for each profile on standard output, of a failed run too" {
	acme_workspace ws
	run -0 --separate-stderr "$pipeline" run -q --summary -C ws --replay "$acme/nights/20250318T020000Z"
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == "acme: run 20250318T020000Z succeeded, 54 figures, 0 restated, 0 rejected, 39 requests; Not Compliant: "* ]]
	same '' "$stderr"
	run --separate-stderr "$pipeline" run -q --summary -C ws --replay "$acme/nights/20250318T020000Z"
	[ "$status" -eq 73 ]
	[[ $output == "acme: the run ended with status 73; run 20250318T020000Z succeeded"* ]]
}

@test "run --log-format json: every line on standard error is an object, with level and program; warnings name the profile" {
	acme_workspace ws
	run -0 --separate-stderr "$pipeline" run --log-format json -C ws --replay "$acme/nights/20250318T020000Z"
	[ "$(jq -c 'select(.level and .program and .message)' <<<"$stderr" | wc -l)" -eq "$(wc -l <<<"$stderr")" ]
	run --separate-stderr "$pipeline" report --log-format json -C 'no "such\folder'
	same 66 "$status"
	[[ $(jq -r .message <<<"$stderr") == 'cannot open workspace '"'"'no "such\folder'"'"': '* ]]
	echo 'entitlement_id,software_model,license_metric,start_date,purchased_rights' >ws/licence/entitlements.csv
	echo 'e1,no such model,Envelope,2025-01-01,10' >>ws/licence/entitlements.csv
	run -0 --separate-stderr "$pipeline" run -q -C ws --replay "$acme/nights/$last"
	[ -z "$stderr" ] || run ! grep -v 'warning: acme: ' <<<"$stderr"
}

@test "a feed descriptor in profiles/ is no profile, for no command" {
	acme_after 1 ws
	before=$("$pipeline" status -C ws --now 2025-03-18T03:00:00Z)
	cp "$root/lib/feeds/datafeed.json" ws/profiles/a-feed.json
	same "$before" "$("$pipeline" status -C ws --now 2025-03-18T03:00:00Z)"
	jq '.feed = "a-feed.json"' ws/profiles/acme.json >p && mv p ws/profiles/acme.json
	run -0 --separate-stderr "$pipeline" run -q -C ws --replay "$acme/nights/$last"
	same '' "$stderr"
	[ ! -e ws/runs/acme/$last/workspace.html ] && [ ! -e ws/ledger/datafeed.db ]
	"$pipeline" reconcile -q -C ws --now 2025-03-25T03:00:00Z | grep -q '^Not Compliant: '
	"$pipeline" verify -q -C ws $last
	run --separate-stderr "$pipeline" status -C ws -p nothing
	fails 66 "pipeline.sh: cannot open profile 'nothing': neither a file nor in ws/profiles"
	# What only lacks an organization, or is broken, is a profile that is wrong.
	for text in '{"name":"b"}' '{"name":"b","map":{},"organization_id":1}' '{'; do
		echo "$text" >ws/profiles/b.json
		run --separate-stderr "$pipeline" run -q -C ws -p b
		[ "$status" -eq 78 ]
		[ "$text" = '{' ] || "$pipeline" status -C ws --now 2025-03-25T03:00:00Z | grep -qx 'b: nothing was run yet'
	done
}
