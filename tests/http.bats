#!/usr/bin/env bats
# The fetchers against a live service over HTTPS: the simulator and its faults.
# Nearly every test ends by checking that the run's recording gives the same output.

load helper

bin=${ENVTALLY_BIN:-$root/bin}
wanted_records=2572
c=7c1e9a52-3b0f-4d6a-9e21-5f8840c7d303

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	export ENVTALLY_NOW=2025-03-18T02:00:00Z
	unset CURL_CA_BUNDLE SSL_CERT_FILE SSL_CERT_DIR http_proxy https_proxy HTTPS_PROXY all_proxy ALL_PROXY no_proxy NO_PROXY
	[ -x "$build/tests/simulator" ] || skip "not built: $build/tests/simulator (make test-programs)"
}

teardown() {
	local pid
	for pid in ${simulator_pid:-} ${fetch_pid:-} ${odd_pid:-} ${proxy_pid:-} $(cat pids 2>/dev/null); do
		kill -9 "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
}

wait_for() { # FILE
	eventually test -s "$1"
}

# start OPTION…: serves acme (or what SERVE says) as of the night, and prepares `connection`, with token, and `accounts`.
start() {
	rsa_key
	# shellcheck disable=SC2086 # SERVE is options
	"$build/tests/simulator" ${SERVE:---serve "$acme"} --write-profile demo --key "$made" --now $ENVTALLY_NOW --port-file port --log log "$@" \
		>stdout 2>&1 3>&- &
	simulator_pid=$!
	wait_for port
	base=https://127.0.0.1:$(cat port)
	ca=$(sed -nE 's/.*"ca_bundle": ?"([^"]*)".*/\1/p' demo/profiles/acme.json)
	"$bin/auth" -p demo/profiles/acme.json --show-token >connection
	printf '{"type":"RECORD","stream":"account","record":{"account_id":"7c1e9a52-3b0f-4d6a-9e21-5f8840c7d30%s"}}\n' 1 2 3 4 5 6 |
		cat connection - >accounts
}

fault() { curl -sS --cacert "$ca" -X PUT --data-binary "$1" "$base/_simulator/fault" >/dev/null; }

# fetch STATUS OPTION…: fetch-datafeed from `accounts`, recorded; then the same from its recording.
fetch() {
	local wanted=$1 got=0 again=0
	shift
	"$bin/fetch-datafeed" --record rec --retry-base 10 "$@" <accounts >out 2>err || got=$?
	[ "$got" -eq "$wanted" ] || { echo "exit status $got, not $wanted" && tail -n 5 err && return 1; }
	[ "$wanted" = 0 ] || [ "$wanted" = 75 ] || return 0
	"$bin/fetch-datafeed" --replay rec "$@" <accounts >out.replay 2>err.replay || again=$?
	[ "$again" -eq "$wanted" ] || { cat err.replay && return 1; }
	cmp out out.replay
}

records() { grep -c '^{"type":"RECORD","stream":"docusign_datafeed"' out; }

# versions: the records that were received, each once, however often they were.
versions() { grep -F '"stream":"docusign_datafeed","record"' out | LC_ALL=C sed 's/,"time_extracted":"[^"]*"}$//' | LC_ALL=C sort -u; }

prints() { grep -qF -- "$1" err || { echo "not printed: $1" && cat err && return 1; }; }

# requests JQ: how many the service received of which that holds.
requests() { jq -s "map(select($1)) | length" log; }

@test "a night over HTTPS: every record, the token nowhere, the recording replays" {
	start
	"$bin/fetch-subscriptions" --record rec --show-token <connection >accounts 2>err
	fetch 0 -vv
	[ "$(records)" -eq $wanted_records ]
	jq -c 'select(.type == "RECORD" and .stream == "docusign_datafeed") | .record' out | sort >got
	jq -c '.data[]' "$acme/nights/20250318T020000Z/fetch-datafeed.bodies" | sort >wanted
	cmp got wanted
	token=$(jq -r .access_token connection)
	run -1 grep -rF -- "$token" out err rec log
	[ "$(requests '.status == 200 and (.url | startswith("/api"))')" -eq $(($(wc -l <rec/fetch-datafeed.exchanges) - 2)) ]
	jq -es '.[1:-1] | all(.request_headers.authorization == "redacted" and .headers["x-ratelimit-limit"] == "3000")' rec/fetch-datafeed.exchanges
}

@test "bodies are compressed and recorded as received" {
	start
	fetch 0
	jq -es '.[1:-1] | map(select(.headers["content-encoding"] == "gzip")) | length > 10
		and (map(.body_length) | add) * 2 < (map(.decoded_length) | add)' rec/fetch-datafeed.exchanges
	jq -s -r '.[1] | "\(.body_offset) \(.body_length) \(.decoded_length)"' rec/fetch-datafeed.exchanges >first
	read -r offset length decoded <first
	[ "$(tail -c +$((offset + 1)) rec/fetch-datafeed.bodies | head -c "$length" | gzip -dc | wc -c)" -eq "$decoded" ]
}

@test "neither command line nor environment has the token" {
	start --latency 200
	"$bin/fetch-datafeed" --record rec <accounts >out 2>err 3>&- &
	fetch_pid=$!
	wait_for rec/fetch-datafeed.exchanges
	token=$(jq -r .access_token connection)
	tr '\0' '\n' <"/proc/$fetch_pid/cmdline" >seen
	tr '\0' '\n' <"/proc/$fetch_pid/environ" >>seen
	[ -s seen ]
	run -1 grep -F -- "$token" seen
}

@test "temporary faults: every record is received, whatever goes wrong on the way" {
	start
	fetch 0
	versions >wanted
	[ "$(wc -l <wanted)" -gt 2000 ]
	for wrong in cut:4 reset:4 408:3 500:5 503:3 429=1:2 retry-after-date:2 wrong-type:3 invalid-utf8:3 slow=300:3 unknown-cursor:1; do
		rm -rf rec
		fault "$wrong@datasets"
		fetch 0 -v
		versions | cmp - wanted || { echo "records are missing after $wrong" && return 1; }
		[ "$wrong" = slow=300:3 ] || [ "$(requests '.fault != null')" -gt 0 ]
	done
}

@test "a third of all requests fails and the token expires in the middle: the same records" {
	start
	fault mix:0.33
	fetch 0 -v --tries 8
	[ "$(records)" -eq $wanted_records ]
	[ "$(requests '.fault == "expired-token"')" -eq 1 ]
	[ "$(requests '.url == "/oauth/token" and .status == 200')" -eq 2 ]
	jq -es '.[1:-1] | map(select(.final | not)) | length > 5' rec/fetch-datafeed.exchanges
}

@test "a token that is renewed at the second try costs a try, not the run" {
	start
	fault $'expired-token:1\n503:2@/oauth/token'
	fetch 0 -v --tries 8
	[ "$(records)" -eq $wanted_records ]
	[ "$(requests '.url == "/oauth/token" and .status == 503')" -eq 2 ]
	grep -q 'renewing the token' err
}

@test "the token service is busy: its 500, 503 and 429 with a JSON error are tried again, and 69 or 75; a quoted expires_in is a number" {
	start
	for fault in 429:75 500:69 503:69; do
		fault "token-error=${fault%:*}"
		run "$bin/auth" -p demo/profiles/acme.json
		[ "$status" -eq "${fault#*:}" ]
		[[ $output == *temporarily_unavailable* ]]
	done
	fault token-error:2
	run -0 --separate-stderr "$bin/auth" -p demo/profiles/acme.json --show-token
	fault quoted-expiry
	run -0 --separate-stderr "$bin/auth" -p demo/profiles/acme.json --show-token
	jq -e '.expires_at | type == "string"' <<<"$output"
}

@test "too large a response is abandoned, plain or compressed" {
	start
	fault giant:1@datasets
	fetch 0 -v
	prints "the response is larger than the limit of 67108864 bytes; trying again"
	rm -rf rec
	fault giant-gzip:1@datasets
	fetch 0 -v
	prints "it decodes to more than the limit of 67108864 bytes; trying again"
	[ "$(records)" -eq $wanted_records ]
}

@test "a response that stalls is abandoned after --timeout" {
	start
	fault stall=60000:1@datasets
	fetch 0 -v --timeout 1
	prints "Operation too slow"
	[ "$(records)" -eq $wanted_records ]
}

@test "a response that trickles in is abandoned: at two bytes a second by --timeout, at more by --max-time, and ends its account alone" {
	start
	for bound in "200 --timeout 1" "2 --max-time 1"; do
		rm -rf rec
		fault "drip=${bound%% *}@$c"
		before=$SECONDS
		# shellcheck disable=SC2086 # an option and its value
		fetch 75 ${bound#* } --tries 2
		[ $((SECONDS - before)) -lt 20 ]
		[ "$(grep -c '"stream":"watermark","record"' out)" -eq 5 ]
		[ "$(grep -c "cannot fetch account" err)" -eq 1 ]
		rm -r rec
		fault "drip=${bound%% *}@datasets"
		# shellcheck disable=SC2086
		fetch 69 ${bound#* } --tries 1
	done
	prints "after 1 seconds the response was still incomplete"
	# However many tries there may be, they take that long together.
	rm -rf rec
	fault "drip=2@$c"
	before=$SECONDS
	fetch 75 --max-time 1 --tries 100
	[ $((SECONDS - before)) -lt 20 ]
	fault "drip=20@Management"
	run -69 "$bin/fetch-subscriptions" --max-time 1 <connection
}

@test "retries end: the account is reported, the others are read, the next run asks again" {
	start
	fault "500@$c"
	fetch 75 --tries 3
	[ "$(requests '.status == 500')" -eq 3 ]
	prints "cannot fetch account '$c': cannot get '$base/api/v2.0/datasets/envelopes/stream?accountId=$c&cursor=2024-01-31T00%3A00%3A00.000Z&limit=1000': HTTP 500: UNSPECIFIED_ERROR"
	jq -es --arg c $c 'map(select(.type == "STATE")) | last.value.bookmarks.docusign_datafeed | has($c) == false and length == 5' out
	jq -c 'select(.type == "STATE")' out >state
	mv rec rec.first
	fault ''
	fetch 0 --state state
	jq -es --arg c $c 'map(select(.type == "STATE")) | last.value.bookmarks.docusign_datafeed | has($c) and length == 6' out
}

@test "a refused account is not asked twice" {
	start --fault "refuse-account=$c"
	fetch 75
	[ "$(requests '.status == 403 and (.url | startswith("/api"))')" -eq 1 ]
	prints "HTTP 403: USER_LACKS_PERMISSIONS"
}

@test "a feed whose cursors loop is an error, not an endless run" {
	start --fault "cursor-loop@$c"
	fetch 75
	prints "cannot fetch account '$c'"
	prints "the feed loops"
}

@test "endless pages without a record: an error of their account, and the others are read" {
	start --fault "empty-pages@$c"
	fetch 75
	prints "cannot fetch account '$c': cannot use the response of"
	prints "the feed has no end: 100 pages in a row have no record"
	[ "$(requests ".url | contains(\"$c\")")" -eq 100 ]
	jq -e --arg c "$c" 'select(.type == "STATE") | .value.bookmarks.docusign_datafeed | length == 5 and (has($c) | not)' <(tail -n 1 out)
	rm -r rec
	fault ''
	fetch 0
	[ "$(records)" -eq $wanted_records ]
}

@test "an error in a 200: tried again, and then its account's" {
	start --fault error-200:1
	fetch 0
	[ "$(records)" -eq $wanted_records ]
	rm -r rec
	fault "error-200@$c"
	fetch 75 --tries 2
	prints "cannot fetch account '$c': cannot get '$base/api/v2.0/datasets/envelopes/stream?accountId=$c"
	prints "HTTP 200: UNSPECIFIED_ERROR: An unspecified error occurred."
	[ "$(records)" -gt 1000 ]
	fault "error-200@/oauth/token"
	run -69 "$bin/auth" -p demo/profiles/acme.json --show-token
	[[ $output == *"the service responds UNSPECIFIED_ERROR: An unspecified error occurred." ]]
}

@test "a service that is down: after the retries, 69" {
	start
	kill "$simulator_pid"
	wait "$simulator_pid" || true
	fetch 69 --tries 2
	prints "Couldn't connect to server"
	[ "$(tail -n 1 err)" = 'fetch-datafeed: cannot fetch any of 6 accounts: their bookmarks stay' ]
	run -69 "$bin/fetch-subscriptions" --retry-base 1 --tries 2 <connection
}

@test "a feed without a usable response for any account: resumed, it is asked again" {
	start
	for wrong in 503 cut invalid-utf8 wrong-type; do
		rm -rf rec
		fault $wrong@datasets
		got=0
		"$bin/fetch-datafeed" --record rec --retry-base 1 --tries 2 <accounts >out 2>err || got=$?
		[[ $got -eq 65 || $got -eq 69 ]]
		prints "cannot fetch any of 6 accounts"
		fault ''
		fetch 0
		[ "$(records)" -eq $wanted_records ]
	done
}

@test "a service that is down is not asked for ten thousand accounts" {
	start
	kill "$simulator_pid"
	wait "$simulator_pid" || true
	{ cat connection; printf '{"type":"RECORD","stream":"account","record":{"account_id":"x%s"}}\n' {1..1000}; } >accounts
	fetch 69 --tries 1
	[ "$(grep -c 'cannot fetch account' err)" -eq 16 ]
	prints "984 accounts were not requested: the service failed 16 times in a row"
}

# ---- limits ----

@test "the hourly limit is obeyed before it is hit" {
	start --rate-limit 15 --rate-window 4
	fetch 0
	[ "$(records)" -eq $wanted_records ]
	[ "$(requests '.status == 429')" -eq 0 ]
	# With a reserve of one, never more than 14 in a window.
	jq -es 'map(select(.url | startswith("/api")) | .at | sub("[.].*"; "Z") | fromdate / 4 | floor) | group_by(.) | map(length) | max <= 14' log
}

@test "a limit reported as HTTP 400 is a limit: tried again, positions are kept, 75" {
	start
	for limit in hourly-400 burst-400; do
		rm -rf rec
		# Of a page in the middle: a cursor that is no time.
		fault "$limit:2@$c&cursor=3"
		fetch 0 -v
		[ "$(records)" -eq $wanted_records ]
		prints "the limit of requests of account $c is reached: asking again"
		run -1 grep "does not know the position" err
	done
	rm -rf rec
	fault "hourly-400@$c&cursor=3"
	fetch 75 --tries 2
	prints "HTTP 400: HOURLY_APIINVOCATION_LIMIT_EXCEEDED: The maximum number of hourly API invocations has been exceeded. (the limit of requests is reached: run again later)"
	run -1 grep "does not know the position" err
	jq -es --arg c $c 'map(select(.type == "STATE")) | last.value.bookmarks.docusign_datafeed[$c].position | startswith("3")' out
	fault burst-400@datasets
	run -75 "$bin/fetch-datafeed" --retry-base 1 --tries 2 <accounts
	fault hourly-400@Management
	run -75 "$bin/fetch-subscriptions" --retry-base 1 --tries 2 <connection
	[[ $output == *"(the limit of requests is reached: run again later)"* ]]
}

# sharing COUNT: that many fetchers at once with one cache, in folders 1, 2 …
sharing() {
	mkdir -p cache
	"$bin/auth" -p demo/profiles/acme.json --cache cache --show-token | cat - <(tail -n +2 accounts) >in
	local i pids=() failed=0
	for ((i = 1; i <= $1; i++)); do
		mkdir -p "$i"
		"$bin/fetch-datafeed" -v <in >"$i/out" 2>"$i/err" 3>&- &
		pids+=($!)
	done
	echo "${pids[*]}" >pids
	for i in "${pids[@]}"; do wait "$i" || failed=1; done
	return "$failed"
}

# all_wait: each fetcher of sharing() waits for the limit or has ended (on a busy machine one may get all its responses before another begins);
# $waiting is how many wait.
all_wait() {
	local i=0 pid
	waiting=0
	[ -s pids ] || return 1
	for pid in $(cat pids); do
		i=$((i + 1))
		if grep -q "the limit of requests is nearly reached: waiting" "$i/err"; then
			waiting=$((waiting + 1))
		elif kill -0 "$pid" 2>/dev/null; then
			return 1
		fi
	done
	[ "$waiting" -gt 0 ]
}

# use_up COUNT LEAST OPTION...: so many fetchers use up the limit of a simulator with these options, by LEAST requests or more, and then all wait.
use_up() {
	start "${@:3}" --latency 100
	sharing "$1" &
	fetch_pid=$!
	eventually all_wait
	[ "$(requests '.status == 429')" -eq 0 ] && [ "$(requests '.status == 200 and (.url | startswith("/api"))')" -ge "$2" ]
}

end_sharing() {
	# shellcheck disable=SC2046 # several
	kill $(cat pids) || true # one may have ended
	wait "$fetch_pid" || true
}

@test "runs side by side share what is left of the integration key's limit: none hits it" {
	# They want thirty requests each, and the hour does not end.
	use_up 3 72 --rate-limit 80 --rate-window 100000000
	file=$(echo cache/headroom-*.ndjson)
	[ "$(stat -c %a "$file")" = 600 ]
	jq -es 'length == 1 and (.[0] | .account == null and .limit == 80 and .left == 1 and .in_flight == 0 and (.ends_at | endswith("Z")))' "$file"
	run -1 grep -F "$(jq -r .integration_key demo/profiles/acme.json)" "$file"
	end_sharing
	[ "$(cat ./*/err | grep -c "interrupted")" -eq "$waiting" ]
}

@test "runs side by side share what is left of a burst, too: none hits it" {
	use_up 4 40 --burst-limit 60 --burst-window 100000000
	jq -es '.[0] | .burst_limit == 60 and .burst_left <= 1' cache/headroom-*.ndjson
	end_sharing
}

@test "a shared file that is broken, or cannot be used, costs a line and nothing else" {
	start
	sharing 1
	file=$(echo cache/headroom-*.ndjson)
	far='{"account":null,"limit":3000,"left":0,"in_flight":0,"ends_at":"2999-01-01T00:00:00.000Z"}'
	for content in garbage '{"account":null}' '[]' "$far" '{"account":null,"limit":-1,"left":1,"in_flight":0,"ends_at":"2025-01-01T00:00:00Z"}'; do
		printf '%s\n' "$content" >"$file"
		sharing 1
		[ "$(grep -c '"stream":"docusign_datafeed","record"' 1/out)" -eq $wanted_records ]
		[ "$(grep -c "cannot share the limits of requests with other runs by '$file': " 1/err)" -eq 1 ]
		jq -es 'length == 1 and .[0].limit == 3000' "$file"
	done
	# What is over is no mistake; what another run has left is kept to.
	printf '{"account":null,"limit":3000,"left":0,"in_flight":0,"ends_at":"%s"}\n' "$(date -u +%FT%T.000Z)" >"$file"
	sharing 1
	run -1 grep "cannot share" 1/err
	sed -i 's/"left":[0-9]*/"left":50/' "$file"
	sharing 1 &
	fetch_pid=$!
	eventually grep -q "the limit of requests is nearly reached: waiting" 1/err
	kill "$(cat pids)"
	wait $fetch_pid || true
	# Locked for good, a link, a folder.
	(
		flock 9
		sharing 1
	) 9<"$file"
	grep -q "another run keeps it locked" 1/err
	rm "$file" && ln -s /dev/null "$file"
	sharing 1
	grep -q "cannot share .*Too many levels of symbolic links" 1/err
	rm "$file" && mkdir "$file"
	sharing 1
	grep -q "cannot share .*Is a directory" 1/err
}

caught_up() { [ -e out ] && [ "$(grep -c '"stream":"watermark","record"' out)" -eq "$1" ]; } # COUNT: of the accounts

# put_aside OPTION…: all accounts but one are read while that one waits, one request at a time; then SIGTERM.
put_aside() {
	rm -f out
	jq -c 'if .type == "CONNECTION" then .concurrency = 1 else . end' accounts >in
	"$bin/fetch-datafeed" "$@" <in >out 2>err 3>&- &
	fetch_pid=$!
	eventually caught_up 5 || { cat err && return 1; }
	[ "$(jq -r 'select(.type == "RECORD" and .stream == "watermark").record.account_id' out | grep -c "$c")" -eq 0 ]
	kill -TERM $fetch_pid
	status=0
	wait $fetch_pid || status=$?
	[ $status -eq 75 ]
	prints "the limit of requests of account $c is reached: asking again in "
	# Whatever is announced, an hour and a bit.
	[ "$(sed -n 's/.*asking again in \([0-9]*\) seconds.*/\1/p' err | sort -n | tail -n 1)" -le 3701 ]
}

@test "one account at its limit is put aside, however the service reports it, and the others do not wait for it" {
	start
	for limit in 429=3600 far-reset=3600 far-reset=86400; do
		fault "$limit@$c"
		put_aside
	done
}

@test "limits of each account are known from their counters, and kept" {
	start --rate-limit 100 --rate-window 100000000 --limit-per-account
	fault "far-reset=3600:1@$c"
	put_aside
	[ "$(requests '.status == 429')" -eq 0 ]
}

@test "waiting for a limit ends: 75 after two waits that bring nothing, for all that wait" {
	start
	fault 429=1@datasets
	before=$SECONDS
	run -75 "$bin/fetch-datafeed" --limit-wait 1 <accounts
	[ $((SECONDS - before)) -lt 30 ]
	[[ $output == *"HTTP 429: BURST_APIINVOCATION_LIMIT_EXCEEDED"* ]]
	# Nor does it help that each wait lets one request through.
	fault far-reset=86400@datasets
	jq -c 'if .type == "CONNECTION" then .concurrency = 1 else . end' accounts >in
	mv in accounts
	fetch 75 --limit-wait 1
	prints "the limit of requests is reached, and waiting does not help: run again later"
	rm -rf rec
	# A longer Retry-After than that is not waited for; of one account, it ends that one.
	fault "429=2@$c"
	fetch 75 --limit-wait 1
	prints "cannot fetch account '$c': cannot get '$base/api/v2.0/datasets/envelopes/stream?accountId=$c&cursor=2024-01-31T00%3A00%3A00.000Z&limit=1000': HTTP 429"
	caught_up 5
}

# ---- tokens ----

@test "a token that expires again and again is renewed by the CONNECTION's command" {
	start --token-seconds 2 --latency 400
	fetch 0 -v
	[ "$(records)" -eq $wanted_records ]
	[ "$(requests '.url == "/oauth/token"')" -gt 2 ]
	jq -r '.access_token' connection >token
	run -1 grep -rFf token out err rec
}

@test "without a token, but with the command, the first one is asked for" {
	start
	jq -c 'if .type == "CONNECTION" then .access_token = null | .expires_at = null else . end' accounts >in
	mv in accounts
	fetch 0
	[ "$(records)" -eq $wanted_records ]
}

@test "without either: what to do" {
	start
	jq -c 'if .type == "CONNECTION" then .access_token = null | .token_command = null else . end' accounts >in
	mv in accounts
	fetch 65
	prints "cannot connect: the CONNECTION has no token (it goes into a pipe only: auth -p PROFILE | …, or --show-token)"
}

@test "a 401 that a new token does not help is an answer; renewing is not tried for ever" {
	start
	jq -c 'if .type == "CONNECTION" then .access_token = "wrong" | .token_command = null else . end' accounts >in
	mv in accounts
	fetch 77
	prints "HTTP 401"
	[ -z "${PROGRAMS-}" ] || skip 'the rest needs a copy of the program, not of what starts it under valgrind'
	# A command that gives wrong tokens: an auth beside a copy of the program.
	cp "$bin/fetch-datafeed" .
	bin=$PWD
	jq -c 'if .type == "CONNECTION" then .access_token = "wrong" | .token_command = [$auth, "-p", "/p.json", "--no-cache"] else . end' --arg auth "$PWD/auth" accounts >in
	mv in accounts
	printf '#!/bin/sh\necho x >>renewed\ncat <<END\n%s\nEND\n' "$(jq -c 'select(.type == "CONNECTION") | .access_token = "wrong-too"' accounts)" >auth
	chmod +x auth
	fetch 77
	[ "$(wc -l <renewed)" -le 8 ]
	printf '#!/bin/sh\nexit 78\n' >auth
	fetch 78
	prints "cannot renew the token by '$PWD/auth': it ended with exit status 78"
	printf '#!/bin/sh\necho no\n' >auth
	fetch 65
	prints "cannot renew the token by '$PWD/auth': cannot read the CONNECTION: "
	rm auth
	fetch 69
	prints "cannot renew the token by '$PWD/auth': cannot run '$PWD/auth': No such file or directory"
}

@test "a token_command that our auth has not written is not run" {
	start
	local command
	printf '#!/bin/sh\ntouch %q\n' "$PWD/ran" >evil
	chmod +x evil
	mkdir other
	cp evil other/auth
	cp accounts all
	for command in '["./evil"]' '["sh", "-c", "touch ran"]' '[$here + "/other/auth", "-p", "/p.json", "--no-cache"]' '["auth", "-p", "/p.json", "--no-cache"]' \
		'[$auth]' '[$auth, "-p", "/p.json"]' '[$auth, "--key-info", "--key", "/p.json"]' '[$auth, "-p", "/p.json", "--no-cache", "--show-token"]' \
		'[$auth, "-p", "/p.json", "--no-cache", "--key", "x"]' '[$auth, "-p", "/p.json", "--no-cache", "--cache", "x", "--show-token"]'; do
		jq -c "if .type == \"CONNECTION\" then .access_token = \"wrong\" | .token_command = $command else . end" --arg here "$PWD" --arg auth "$bin/auth" all >accounts
		fetch 65
		prints "it is not the command that auth writes into its CONNECTION, so it is not run"
		[ ! -e ran ]
	done
}

# ---- TLS ----

@test "a certificate of an unknown authority is refused at once; the environment can name one" {
	start
	jq -c 'if .type == "CONNECTION" then .ca_bundle = null else . end' accounts >in
	mv in accounts
	fetch 69 -v
	prints "certificate"
	run -1 grep "trying again" err
	rm -r rec
	CURL_CA_BUNDLE=$ca fetch 0
	rm -r rec
	SSL_CERT_FILE=$ca fetch 0
	jq -c 'if .type == "CONNECTION" then .ca_bundle = "/nowhere.pem" else . end' accounts >in
	mv in accounts
	rm -r rec
	fetch 69
	prints "/nowhere.pem"
}

@test "http goes to this machine only, and a proxy is not asked for it" {
	start
	jq -c 'if .type == "CONNECTION" then .api_base = "http://api.docusign.net" else . end' accounts >in
	"$bin/fetch-datafeed" <in >out 2>err || status=$?
	[ "$status" -eq 78 ]
	prints "cannot use the API base 'http://api.docusign.net': it must be https (http only to this machine)"
	jq -c 'if .type == "CONNECTION" then .api_base = "http://127.0.0.1@api.docusign.net" else . end' accounts >in
	status=0
	"$bin/fetch-datafeed" <in >out 2>err || status=$?
	[ "$status" -eq 78 ]
	https_proxy=http://127.0.0.1:1 HTTPS_PROXY=http://127.0.0.1:1 fetch 0
}

# ---- proxies ----

# start_proxy OPTION…: a proxy, which leads api.docusign.test and account.docusign.test to the simulator; and a profile with these hosts.
start_proxy() {
	[ -z "${proxy_pid-}" ] || { kill "$proxy_pid" && wait "$proxy_pid" || true; }
	rm -f proxy-port proxy.log
	"$build/tests/proxy" --to "${base##*:}" --port-file proxy-port --log proxy.log "$@" 3>&- &
	proxy_pid=$!
	wait_for proxy-port
	proxy=127.0.0.1:$(cat proxy-port)
	sed -E 's|"api_base": "[^"]*"|"api_base": "https://api.docusign.test"|; s|"audience": "[^"]*"|"audience": "account.docusign.test"|' \
		demo/profiles/acme.json >demo/profiles/far.json
	grep -c docusign.test demo/profiles/far.json
}

# all_the_way [OPTION…]: token, accounts and feed of that profile; the recording is rec.
all_the_way() {
	rm -rf rec out
	"$bin/auth" -p demo/profiles/far.json | "$bin/fetch-subscriptions" --retry-base 1 "$@" | "$bin/fetch-datafeed" --record rec --retry-base 1 "$@" >out
}

@test "everything goes through the proxy of https_proxy, HTTPS_PROXY or ALL_PROXY, the token too; no_proxy excepts a host" {
	start
	start_proxy
	for name in https_proxy HTTPS_PROXY all_proxy ALL_PROXY; do
		rm -f proxy.log
		(export "$name=http://$proxy" && all_the_way)
		[ "$(records)" -eq $wanted_records ]
		grep -qx 'account.docusign.test:443 200' proxy.log
		[ "$(grep -cx 'api.docusign.test:443 200' proxy.log)" -ge 2 ]
	done
	rm proxy.log
	https_proxy=http://$proxy no_proxy=docusign.test run -69 "$bin/auth" -p demo/profiles/far.json
	[[ $output == *"cannot reach 'https://account.docusign.test/oauth/token': Could not resolve host"* ]]
	[ ! -e proxy.log ]
}

@test "this machine is never asked through a proxy, for the token, the organization and the feed" {
	start
	start_proxy --refuse 403
	for name in https_proxy HTTPS_PROXY ALL_PROXY http_proxy; do export "$name=http://$proxy"; done
	for host in 127.0.0.1 localhost LOCALHOST; do
		sed -E "s|127\\.0\\.0\\.1|$host|" demo/profiles/acme.json >demo/profiles/far.json
		[ "$host" = LOCALHOST ] || sed -i -E "s|\"audience\": \"[^:]*|\"audience\": \"$host|" demo/profiles/far.json
		all_the_way
		[ "$(records)" -eq $wanted_records ]
	done
	[ ! -e proxy.log ]
}

@test "a proxy that wants a password: 77 at once and where it goes; from a file or the proxy's URL, and never to be seen" {
	start
	start_proxy --user sam:p4ssw:rd
	export https_proxy=http://$proxy
	run -77 "$bin/auth" -p demo/profiles/far.json
	[[ $output == *"cannot reach 'https://account.docusign.test/oauth/token': the proxy requires a name and password, or other ones (HTTP 407): put them into the file that proxy_login in the profile names" ]]
	[ "$(wc -l <proxy.log)" -eq 1 ]
	echo sam:p4ssw:rd >demo/profiles/proxy.txt
	sed -i 's|"api_base"|"proxy_login": "file:proxy.txt", "api_base"|' demo/profiles/far.json
	all_the_way -vv 2>err
	[ "$(records)" -eq $wanted_records ]
	run -1 grep -rF p4ssw out err rec proxy.log
	echo sam:wrong >demo/profiles/proxy.txt
	run -77 "$bin/auth" -p demo/profiles/far.json
	[[ $output == *"(HTTP 407)"* && $output != *wrong* ]]
	echo nothing >demo/profiles/proxy.txt
	run -78 "$bin/auth" -p demo/profiles/far.json
	[[ $output == *"proxy_login '"*"proxy.txt': its first line must be NAME:PASSWORD" ]]
	rm demo/profiles/proxy.txt
	run -66 "$bin/auth" -p demo/profiles/far.json
	sed -i 's|file:proxy.txt|sam:p4ssw:rd|' demo/profiles/far.json
	run -78 "$bin/auth" -p demo/profiles/far.json
	[[ $output == *'"proxy_login" must be file:PATH'* && $output != *p4ssw* ]]
	sed -i 's|"proxy_login": "[^"]*", ||' demo/profiles/far.json
	https_proxy=http://sam:p4ssw%3Ard@$proxy all_the_way -vv 2>err
	[ "$(records)" -eq $wanted_records ]
	run -1 grep -rF p4ssw out err rec proxy.log
}

@test "a proxy that refuses is 77 at once, one that fails 69 after the retries, one that hangs ends by --timeout" {
	start
	start_proxy
	export https_proxy=http://$proxy
	"$bin/auth" -p demo/profiles/far.json --show-token >connection
	start_proxy --refuse 403
	https_proxy=http://$proxy run -77 "$bin/fetch-subscriptions" <connection
	[[ $output == *"the proxy refuses the connection (HTTP 403)"* ]]
	[ "$(wc -l <proxy.log)" -eq 1 ]
	start_proxy --refuse 502
	https_proxy=http://$proxy run -69 "$bin/fetch-subscriptions" --tries 3 --retry-base 1 <connection
	[ "$(wc -l <proxy.log)" -eq 3 ]
	start_proxy --hang
	before=$SECONDS
	https_proxy=http://$proxy run -69 "$bin/fetch-subscriptions" --tries 2 --retry-base 1 --timeout 1 <connection
	[ $((SECONDS - before)) -lt 20 ]
	kill $proxy_pid
	https_proxy=http://$proxy run -69 "$bin/fetch-subscriptions" --tries 1 <connection
	[[ $output == *"Failed to connect to 127.0.0.1 port ${proxy##*:}"* ]]
}

# ---- interruption ----

# has_recorded COUNT: lines of the recording in rec.
has_recorded() { [ -e rec/fetch-datafeed.exchanges ] && [ "$(wc -l <rec/fetch-datafeed.exchanges)" -gt "$1" ]; }

@test "SIGTERM: 75, and the run is resumed from its recording with the same output" {
	start --latency 400
	"$bin/fetch-datafeed" --record whole <accounts >wanted 2>err
	all=$(($(wc -l <whole/fetch-datafeed.exchanges) - 2))
	"$bin/fetch-datafeed" --record rec <accounts >out 2>err 3>&- &
	fetch_pid=$!
	# At the second of some thirty answers: the first is recorded then, and the last is seconds away.
	eventually has_recorded 2
	kill -TERM $fetch_pid
	status=0
	wait $fetch_pid || status=$?
	[ $status -eq 75 ]
	prints "fetch-datafeed: interrupted: the next run continues from here"
	done_before=$(($(wc -l <rec/fetch-datafeed.exchanges) - 1))
	[ $done_before -gt 0 ]
	[ "$(tail -n 1 out | jq -r .type)" = STATE ]
	run -65 "$bin/fetch-datafeed" --replay rec <accounts
	# By the recording's clock, whatever the clock is now.
	ENVTALLY_NOW=2025-03-19T02:00:00Z "$bin/fetch-datafeed" --record rec <accounts >out 2>err
	# Nothing that was recorded was asked for again: each exchange is recorded once, behind a header and before an end.
	[ $(wc -l <rec/fetch-datafeed.exchanges) -eq $((all + 2)) ]
	[ "$(sed 1d rec/fetch-datafeed.exchanges | jq -r .url | sort | uniq -d | grep -v null)" = "" ]
	[ "$(records)" -eq $wanted_records ]
	jq -r 'select(.type == "RECORD") | .record.envelopeId' out | sort >got
	jq -r 'select(.type == "RECORD") | .record.envelopeId' wanted | sort | cmp - got
	"$bin/fetch-datafeed" --replay rec <accounts | cmp - out
}

@test "killed at any moment, again and again, the run can be finished" {
	start --latency 60
	for delay in 0.05 0.12 0.2 0.3; do
		"$bin/fetch-datafeed" --record rec <accounts >out 2>err 3>&- &
		fetch_pid=$!
		sleep $delay
		kill -9 $fetch_pid 2>/dev/null
		wait $fetch_pid || true
		# As if the last line had been half written.
		[ ! -s rec/fetch-datafeed.exchanges ] || truncate -s -7 rec/fetch-datafeed.exchanges
	done
	fetch 0
	[ "$(records)" -eq $wanted_records ]
}

@test "two programs do not record into one place" {
	start --latency 200
	"$bin/fetch-datafeed" --record rec <accounts >out 2>err 3>&- &
	fetch_pid=$!
	wait_for rec/fetch-datafeed.exchanges
	run -75 "$bin/fetch-datafeed" --record rec <accounts
	[[ $output == *"another process is recording there"* ]]
	kill -TERM $fetch_pid
	wait $fetch_pid || true
}

# ---- what the simulator has not ----

# start_odd: the odd server, and its `connection`.
start_odd() {
	command -v node >/dev/null || skip "node is not there"
	own_key key.pem
	openssl req -x509 -key key.pem -out ca.pem -days 2 -subj /CN=odd -addext subjectAltName=IP:127.0.0.1 2>/dev/null
	node "$BATS_TEST_DIRNAME/http/odd-server.js" key.pem ca.pem port odd.log 3>&- &
	odd_pid=$!
	wait_for port
	jq -nc --arg base "https://127.0.0.1:$(cat port)" '{type: "CONNECTION", profile: "odd", organization_id: "o", api_base: $base,
		contract_start: "2024-01-31", renewal_months: 3, feed: "datafeed", lookback_days: 8, concurrency: 8, ca_bundle: "ca.pem",
		accounts: null, download_consumption: true, access_token: "t0ken", expires_at: null, token_command: null}' >connection
	{ cat connection; printf '{"type":"RECORD","stream":"account","record":{"account_id":"%s"}}\n' "$@"; } >accounts
}

@test "HTTP/2 where the service has it; headers of any kind are recorded, cookies are not" {
	start_odd a b c d
	fetch 0
	[ "$(records)" -eq 4 ]
	[ "$(cut -d ' ' -f 1 odd.log | sort -u)" = 2.0 ]
	[ "$(sed -n 2p rec/fetch-datafeed.exchanges | jq -r '.headers["x-odd"], .headers["set-cookie"], .headers["content-type"]' | paste -sd '|')" = \
		'café "x"|redacted|Application/JSON;charset=UTF-8' ]
	run -1 grep -r s3cret rec
}

@test "a redirect is refused, and the token does not follow it" {
	start_odd a elsewhere
	fetch 75
	prints "HTTP 302 to 'https://evil.example/steal' (redirects are not followed, so that the token goes nowhere else)"
	[ "$(records)" -eq 1 ]
}
