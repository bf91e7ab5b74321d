#!/usr/bin/env bats
# The whole pipeline against the simulator, over HTTPS: a run equals the replay of its recording, whatever fails
# in between; profiles are validated step by step; no secret is left anywhere.

load helper

pipeline=$root/pipeline.sh
export ENVTALLY_BIN=${ENVTALLY_BIN:-$root/bin}
night=2025-03-18T02:00:00Z
run_id=20250318T020000Z
outputs="consumption.ndjson restatements.ndjson results.ndjson rejects.ndjson report.html"

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	mkdir -p ws/licence
	cp "$acme"/licence/*.csv ws/licence/
}

# simulate [OPTION]...: the recorded organisation at $origin, with a profile in ./ws
simulate() { serve "$acme" --now "$night" "$@"; }
teardown() {
	[ -z "${simulator-}" ] || { kill "$simulator" 2>/dev/null; wait "$simulator" 2>/dev/null || true; }
	sound_ledgers
}

control() { curl -s --cacert ws/profiles/acme-ca.pem -X PUT -d "$2" "$origin/_simulator/$1"; }
run_live() { "$pipeline" run -C ws --now "$night" "$@"; }

# The outputs of the run in ws are those of the recorded night: the simulator serves what the recording was made from.
equals_recorded_night() {
	acme_after 1 recorded
	for file in $outputs; do same_files "recorded/runs/acme/$run_id/$file" "ws/runs/acme/$run_id/$file"; done
}

@test "a live run has the output of the recording of that night, and so has its own replay" {
	simulate
	run_live -q
	equals_recorded_night
	kill "$simulator"
	"$pipeline" replay "$run_id" -C ws -q
}

@test "a third of all requests fail: the outputs are the same" {
	simulate --fault mix:0.33 --seed 7
	run_live -q
	[ "$(jq -s 'map(select(.status != 200)) | length' requests.log)" -gt 5 ]
	simulator_stop
	equals_recorded_night
	"$pipeline" replay "$run_id" -C ws -q
}
simulator_stop() {
	kill "$simulator"
	wait "$simulator" 2>/dev/null || true
	simulator=''
}

@test "a record over 16 MiB is one reject of its night; the others are read, and the run replays" {
	simulate --fault giant-record:1@cursor
	run_live -q
	[ "$(wc -l <"ws/runs/acme/$run_id/rejects.ndjson")" -eq 1 ]
	jq -e '.stream == "docusign_datafeed" and .bytes > 17825792 and (.raw | startswith("{\"type\":\"RECORD\""))' "ws/runs/acme/$run_id/rejects.ndjson"
	"$pipeline" status -C ws | grep -q " 1 rejected"
	acme_after 1 recorded
	for workspace in recorded ws; do "$pipeline" export -q -C $workspace --stream envelope | records_of envelope >$workspace.envelopes; done
	[ "$(diff recorded.envelopes ws.envelopes | grep -c '^[<>]')" -le 2 ]
	"$pipeline" replay "$run_id" -C ws -q
}

@test "half an emoji in every mail subject costs nothing; in an account's name it is U+FFFD, in the run, its replay and the export" {
	simulate --fault lone-surrogate
	run_live -q
	grep -qF '"emailSubject":"\ud83d' <(gunzip -c "ws/runs/acme/$run_id/raw/fetch-datafeed.bodies" 2>/dev/null || cat "ws/runs/acme/$run_id/raw/fetch-datafeed.bodies")
	acme_after 1 recorded
	for file in consumption.ndjson restatements.ndjson rejects.ndjson; do
		same_files "recorded/runs/acme/$run_id/$file" <(sed 's/"account_name":"\xef\xbf\xbd/"account_name":"/' "ws/runs/acme/$run_id/$file")
	done
	same 5 "$(records_of account <"ws/runs/acme/$run_id/accounts.ndjson" | grep -c '"account_name":"�')"
	same 5 "$("$pipeline" export -q -C ws --stream account | grep -c '"account_name":"�')"
	"$pipeline" export -q -C ws --stream account --format csv | grep -o '�' >marks
	same 5 "$(wc -l <marks)"
	"$pipeline" replay "$run_id" -C ws -q
}

@test "the token expires in the middle: it is renewed, and the outputs are the same" {
	simulate --fault expired-token:1@cursor
	run_live -q
	[ "$(jq -s 'map(select(.status == 401)) | length' requests.log)" -ge 1 ]
	equals_recorded_night
}

@test "one account is refused: the others are complete, the status is 75, and the next run fetches it" {
	account=7c1e9a52-3b0f-4d6a-9e21-5f8840c7d304
	simulate --fault "refuse-account=$account"
	run --separate-stderr run_live -q
	[ "$status" -eq 75 ]
	[[ $stderr == *"$account"* ]]
	same partial "$(jq -r .state "ws/runs/acme/$run_id/job.json")"
	[ "$(grep -c "$account" "ws/runs/acme/$run_id/consumption.ndjson")" -eq 0 ]
	[ "$(grep -c RECORD "ws/runs/acme/$run_id/consumption.ndjson")" -gt 30 ]
	control fault ''
	control now 2025-03-25T02:00:00Z
	"$pipeline" run -q -C ws --now 2025-03-25T02:00:00Z
	acme_after 2 recorded
	same_files recorded/runs/acme/20250325T020000Z/consumption.ndjson ws/runs/acme/20250325T020000Z/consumption.ndjson
}

was_asked() { [ "$(grep -c cursor requests.log 2>/dev/null)" -ge "$1" ]; } # COUNT: of the feed

@test "interrupted by SIGTERM in the middle of the feed: the next run finishes it" {
	simulate --fault slow=300@cursor
	"$pipeline" run -q -C "$PWD/ws" --now "$night" &
	driver=$!
	eventually was_asked 8
	pkill -TERM -f "fetch-datafeed .*$PWD/ws"
	wait "$driver" && false
	[ ! -e "ws/runs/acme/$run_id" ]
	control fault ''
	run_live -q
	equals_recorded_night
	"$pipeline" replay "$run_id" -C ws -q
}

@test "the organization's id is wrong for a night: nothing is read as its accounts, and once it is right the next run succeeds" {
	simulate
	sed -i.right 's/9dd1c1a4/deadbeef/' ws/profiles/acme.json
	run --separate-stderr run_live -q
	[ "$status" -eq 69 ]
	[[ ${stderr_lines[0]} == *"There is no such organization."* ]]
	[ -z "$(ls -A ws/runs/acme)" ]
	mv ws/profiles/acme.json.right ws/profiles/acme.json
	run_live -q
	equals_recorded_night
}

@test "a run that has fetched all is finished in an outage; what it recorded is not lost, so later runs verify" {
	simulate
	mkdir broken
	ln -s "$ENVTALLY_BIN"/* broken/
	rm broken/split-streams
	printf '#!/bin/sh\nexit 74\n' >broken/split-streams
	chmod +x broken/split-streams
	ENVTALLY_BIN=$PWD/broken run run_live -q
	[ "$status" -eq 74 ]
	rm ws/cache/token-*
	control fault 503
	run "$pipeline" run -q -C ws --now 2025-03-19T02:00:00Z
	[ "$status" -eq 69 ]
	equals_recorded_night
	control fault ''
	control now 2025-03-20T02:00:00Z
	"$pipeline" run -q -C ws --now 2025-03-20T02:00:00Z
	"$pipeline" verify -q -C ws 20250320T020000Z
}

@test "an interrupted run of a wrong organization does not hold up the first run of the right one" {
	simulate --fault 429=7200@/Management/
	sed -i.right 's/9dd1c1a4/deadbeef/' ws/profiles/acme.json
	run run_live -q
	[ "$status" -eq 75 ]
	[ -e "ws/runs/acme/.$run_id.partial" ]
	mv ws/profiles/acme.json.right ws/profiles/acme.json
	control fault ''
	control now 2025-03-19T02:00:00Z
	"$pipeline" run -q -C ws --now 2025-03-19T02:00:00Z
	[ -e ws/runs/acme/20250319T020000Z/job.json ]
	[ ! -e "ws/runs/acme/.$run_id.partial" ]
}

@test "fetch-subscriptions that fails after the first page of accounts prints none of them" {
	simulate --fault 500@planItems
	auth -p ws/profiles/acme.json | {
		run --separate-stderr -69 fetch-subscriptions --tries 1
		same '' "$output"
	}
}

# change_profile CHANGES: by jq.
change_profile() { jq "$1" ws/profiles/acme.json >ws/p && mv ws/p ws/profiles/acme.json; }
validate() { run --separate-stderr "$pipeline" validate -C ws --now "$night"; }
labels() { grep "^$1" <<<"$output" | cut -c 7-19 | sed 's/ *$//' | paste -sd ' '; }
after() { grep -A 2 "^FAIL  $1 " <<<"$output"; } # LABEL: what it says

@test "validate: a line a check, all ok" {
	simulate
	validate
	[ "$status" -eq 0 ]
	same "profile licence key authorities token clock scopes organization plan items billing feed" "$(labels 'ok ')"
	same 11 "$(wc -l <<<"$output")"
	same "pipeline.sh: acme: all is well; next: $root/pipeline.sh run -C ws" "${stderr/.\/pipeline.sh/$root/pipeline.sh}"
	grep -qx "ok    licence       entitlements.csv models.csv exclusions.csv" <<<"$output"
	grep -qx "ok    authorities   .*/ws/profiles/acme-ca.pem, 1 certificate" <<<"$output"
	# The system's authorities, and what else the environment names, are checked where the profile names none.
	change_profile 'del(.ca_bundle)'
	CURL_CA_BUNDLE=$PWD/ws/profiles/acme-ca.pem validate
	same 11 "$(grep -c '^ok ' <<<"$output")"
	CURL_CA_BUNDLE=$PWD/nowhere.pem validate
	[ "$status" -eq 66 ]
	[[ $(after authorities) == *"cannot open '$PWD/nowhere.pem': No such file or directory: "*"CURL_CA_BUNDLE or SSL_CERT_FILE names it"* ]]
	auth -p ws/profiles/acme.json --ca-info | grep -E '^/.*, [0-9]+ certificates'
}

@test "validate: no licence file is needed, an entitlement may be for an automatic model, and after a run a note names one that is for none" {
	simulate
	rm ws/licence/*
	validate
	[ "$status" -eq 0 ]
	grep -q '^ok    licence       no files: nothing is owned' <<<"$output"
	printf '%s\n' entitlement_id,software_model,license_metric,start_date,purchased_rights E1,eSignature,Envelope,2024-01-31,7 \
		'E2,eSignature Business Pro - Envelopes,Envelope,2024-01-31,7' >ws/licence/entitlements.csv
	validate
	same 'ok    licence       entitlements.csv' "$(grep -A 1 ' licence ' <<<"$output" | head -n 1)"
	same 0 "$(grep -c '^note' <<<"$output" || :)"
	"$pipeline" run -q -C ws --now "$night"
	validate
	[ "$status" -eq 0 ]
	same "note                entitlements line 2 has no effect: no row of the models has software model 'eSignature' with license metric 'Envelope'" \
		"$(grep -A 9 ' licence ' <<<"$output" | sed -n '2,/^ok/p' | grep -v '^ok')"
}

@test "validate: what fails ends with a sysexit and a remedy, and does not hide the rest" {
	simulate
	change_profile '.integration_key = "00000000-0000-4000-8000-000000000000"'
	validate
	[ "$status" -eq 77 ]
	[[ $(after token) == "FAIL  token "*"check key_file against the key registered"*"      to do         "* ]]
	same "profile licence key authorities clock scopes" "$(labels 'ok ')"
	same "organization plan items billing feed" "$(labels skip)"
	# Several at once: the status is that of the first.
	echo '{' >ws/licence/policy.json
	printf 'ENT-1\n' >>ws/licence/entitlements.csv
	printf '{"' >>ws/licence/models.csv
	rm ws/profiles/acme.pem
	echo hello >ws/profiles/acme-ca.pem
	validate
	[ "$status" -eq 65 ]
	same "licence key authorities" "$(labels FAIL)"
	same 3 "$(grep -c '^      to do  ' <<<"$output")"
	for file in entitlements.csv models.csv policy.json; do [[ $(sed -n '/FAIL  licence/,/to do/p' <<<"$output") == *"'ws/licence/$file'"* ]]; done
	[[ $(after key) == *"cannot open 'ws/profiles/acme.pem': No such file or directory"* ]]
	[[ $(after authorities) == *"acme-ca.pem': it has no PEM certificate"* ]]
	same "pipeline.sh: acme: 3 of 11 checks failed, 6 could not be made" "$stderr"
	rm ws/licence/*
	validate
	[ "$status" -eq 66 ]
	change_profile '.client_secret = "Secret12"'
	validate
	[ "$status" -eq 78 ]
	same profile "$(labels FAIL)"
	[[ $output$stderr != *Secret12* ]]
}

@test "validate: a wrong organization, accounts of another one, and an organization without any are reported, with the id" {
	simulate
	other=9dd1c1a4-0000-4c2f-8a37-0e5f6b1d2c90
	change_profile ".organization_id = \"$other\""
	validate
	[ "$status" -eq 78 ]
	[[ $(after organization) == "FAIL  organization  cannot find organization '$other': is the profile's \"organization_id\" right? "*"HTTP 404"*"      to do  "*organization_id* ]]
	same "plan items billing feed" "$(labels skip)"
	run --separate-stderr run_live
	[[ $stderr == *"cannot find organization '$other'"* ]]
	change_profile '.organization_id = "9dd1c1a4-5b6e-4c2f-8a37-0e5f6b1d2c90" | .accounts = ["7c1e9a52-0000-4d6a-9e21-5f8840c7d301"]'
	validate
	[ "$status" -eq 78 ]
	[[ $(after organization) == *"none of the profile's \"accounts\" is one of the 6 of organization '9dd1c1a4-5b6e-4c2f-8a37-0e5f6b1d2c90'"* ]]
	simulator_stop
	cp -r "$acme" bare
	jq '.assetGroupAccounts = []' "$acme/service/asset-group-accounts.json" >bare/service/asset-group-accounts.json
	echo '{"organizations":[]}' >bare/service/organizations.json
	serve "$PWD/bare" --now "$night"
	change_profile 'del(.accounts)'
	validate
	[ "$status" -eq 78 ]
	[[ $(after organization) == *"organization '9dd1c1a4-5b6e-4c2f-8a37-0e5f6b1d2c90' has no accounts"* ]]
}

@test "validate: a service that cannot be reached is 69, with what to look at" {
	simulate
	simulator_stop
	validate
	[ "$status" -eq 69 ]
	same "token clock" "$(labels FAIL)"
	[[ $(after token) == *"cannot reach '$origin/oauth/token'"*"to do "*"check the network, a proxy"* ]]
}

@test "validate: missing consent prints the URL at which to give it; a wrong clock is reported" {
	simulate --no-consent organization_read
	validate
	[ "$status" -eq 77 ]
	[[ $(after token) == *"consent is required: open $origin/oauth/auth?response_type=code&scope=organization_read%20"*"&client_id="*"&redirect_uri="* ]]
	simulator_stop
	simulate --clock-offset -7200
	validate
	[ "$status" -eq 77 ]
	for label in token clock; do
		[[ $(after $label) =~ "this machine's clock is "(7199|7200|7201)" seconds ahead of the service's: set it right" ]]
	done
	[[ $(after clock) == *"to do "*"set the clock"* ]]
}

@test "several profiles in one command: one that cannot connect does not hide the other" {
	simulate
	jq '.name = "beta" | .audience = "127.0.0.1:1"' ws/profiles/acme.json >ws/profiles/aaa.json
	run --separate-stderr run_live
	[ "$status" -eq 69 ]
	[ -s "ws/runs/acme/$run_id/report.html" ]
	[ ! -e ws/runs/beta/.$run_id.partial ]
	[[ $stderr == *"auth: cannot reach 'https://127.0.0.1:1/oauth/token'"* ]]
}

@test "the token's cache: 0600, used again, and never by another key or profile" {
	simulate
	run_live -q
	same 600 "$(stat -c %a ws/cache/token-*)"
	tokens() { jq -s 'map(select(.url | contains("/oauth/token"))) | length' requests.log; }
	same 1 "$(tokens)"
	"$pipeline" run -q -C ws --now 2025-03-19T02:00:00Z
	same 1 "$(tokens)"
	"$pipeline" run -q -C ws --now 2025-03-20T02:00:00Z --no-cache
	same 2 "$(tokens)"
	# Not one that others could have read or changed, nor one that ends in a moment.
	chmod 0640 ws/cache/token-*
	"$pipeline" run -q -C ws --now 2025-03-21T02:00:00Z
	same "3 600" "$(tokens) $(stat -c %a ws/cache/token-*)"
	sed -i -E "s/(\"expires_at\":\")[^\"]*/\1$(date -u -d '10 seconds' +%FT%TZ)/" ws/cache/token-*
	"$pipeline" run -q -C ws --now 2025-03-22T02:00:00Z
	same 4 "$(tokens)"
	# Nor one with other scopes.
	jq '.scopes |= reverse' ws/profiles/acme.json >profile && mv profile ws/profiles/acme.json
	"$pipeline" run -q -C ws --now 2025-03-23T02:00:00Z
	same "5 2" "$(tokens) $(find ws/cache -name 'token-*' | wc -l)"
	rm ws/cache/token-*
	auth -q -p ws/profiles/acme.json --cache ws/cache >connection
	openssl genrsa -out ws/profiles/other.pem 2048 2>/dev/null
	run --separate-stderr auth -p ws/profiles/acme.json --key ws/profiles/other.pem --cache ws/cache
	[ "$status" -eq 77 ]
	same 1 "$(find ws/cache -name 'token-*' | wc -l)"
}

@test "impersonation: with user_id the token is a user's, and the eSignature list works as a feed" {
	esign_night
}

@test "a night in which the feed has no end for any account costs that night: the next run asks it again" {
	simulate --fault empty-pages
	run --separate-stderr run_live
	[ "$status" -eq 65 ]
	[[ $stderr == *"run $run_id failed with status 65; "* ]]
	control fault ''
	run_live -q
	equals_recorded_night
}

@test "the eSignature list loses an envelope of an earlier page while it is read: it is read again, and nothing is lost" {
	esign_night --fault shrink:2@7c1e9a52-3b0f-4d6a-9e21-5f8840c7d303
	grep -q "has changed while it was read" said
	"$pipeline" replay "$run_id" -C ws -q
}
esign_night() { # [OPTION]...
	simulate --user 4a1f0c3e-8d52-4b6b-9c7a-2e5d1f8a9b70 "$@"
	jq '.feed = "esign"' ws/profiles/acme.json >ws/p && mv ws/p ws/profiles/acme.json
	run_live 2>said
	# It is live: what is modified is there at once, before the feed's weekly cycle has brought it.
	expected=$(jq -s --arg now "$night" 'map(.record | select(.lastModifiedDateTime < $now) | .envelopeId |= ascii_downcase)
		| group_by(.envelopeId) | map(max_by(.lastModifiedDateTime) | select(.sentDateTime != null and .status != "created")) | length' \
		"$acme/service/feed.ndjson")
	same "$expected" "$(jq -s 'map(select(.type == "RECORD") | .record.units_consumed) | add' "ws/runs/acme/$run_id/consumption.ndjson")"
}

# absent GREP-ARGUMENTS: not found. (A bare `! grep` never fails a bats test.) It names files, not what was found there.
absent() {
	local found=0
	grep -l "$@" || found=$?
	[ "$found" -eq 1 ]
}

@test "no secret in argv, environment, stderr at -vv, recordings or files of the workspace but the cache" {
	command -v strace >/dev/null || skip "strace is not installed"
	[ "${SANITIZE-}" != 1 ] || skip "LeakSanitizer does not run under strace"
	simulate --fault expired-token:1@cursor
	strace -f -qq -e trace=execve -v -s 100000 -o calls "$pipeline" run -v -v -C ws --now "$night" 2>said
	token=$(jq -r .access_token ws/cache/token-*)
	[ "${#token}" -gt 20 ]
	# The key's own secret numbers, as its PEM has them.
	secret=$(sed -n 5p ws/profiles/acme.pem)
	for word in "$token" "$secret"; do
		absent -F -- "$word" calls said
		absent -rF --exclude-dir=cache --exclude=acme.pem -- "$word" ws
	done
	# No token of the service, whichever, stands in a recording.
	absent -riE 'bearer [a-z0-9]' ws/runs said calls
	grep -q '"authorization":"redacted"' ws/runs/acme/$run_id/raw/fetch-datafeed.exchanges
}

@test "a key made by ServiceNow's procedure (openssl req, PKCS#12, keytool JKS) works end to end" {
	command -v keytool >/dev/null || skip "keytool is not installed"
	simulate
	openssl req -x509 -key ws/profiles/acme.pem -subj /CN=envtally -days 30 -out cert.pem 2>/dev/null
	openssl pkcs12 -export -inkey ws/profiles/acme.pem -in cert.pem -name docusign -passout pass:changeit -out key.p12
	keytool -importkeystore -srckeystore key.p12 -srcstoretype PKCS12 -srcstorepass changeit -destkeystore ws/profiles/acme.jks \
		-deststoretype JKS -deststorepass changeit -destkeypass changeit -noprompt 2>/dev/null
	rm ws/profiles/acme.pem
	echo changeit >ws/profiles/password
	jq '.key_file = "acme.jks" | .key_password = "file:password" | .key_alias = "docusign"' ws/profiles/acme.json >ws/p && mv ws/p ws/profiles/acme.json
	run_live -q
	equals_recorded_night
}
