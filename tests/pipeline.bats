#!/usr/bin/env bats
# The driver over a workspace, on the recorded organisation: run, replay, status, interruption, the lock, mistakes.
# The simulator's HTTPS is in live.bats.

load helper
load recording

pipeline=$root/pipeline.sh
export ENVTALLY_BIN=${ENVTALLY_BIN:-$root/bin}

workspace() { # a workspace of the recorded organisation in ./ws
	acme_workspace ws
}
run_night() { "$pipeline" run -q -C ws --replay "$acme/nights/$1"; }
# The records of a file, of whatever stream, bare.
records() { records_of '[a-z_]*' <"$1"; }

# What the recorded pages say, by sqlite3 alone: latest version of each envelope by lastModifiedDateTime (the fixture has no
# ties), sent and no draft; the plan item of an account whose asset group has just one where the envelope names none.
independent() { # NIGHT…: account|plan item|period start|units
	local night
	for night; do
		[ -e "$night.csv" ] || jq -r '.data[] | [.envelopeId, .accountId, .status, (.sentDateTime // ""), .lastModifiedDateTime, (.planItemId // "")]
			| map(ascii_downcase) | @csv' "$acme/nights/$night/fetch-datafeed.bodies" >"$night.csv"
		cat "$night.csv"
	done >raw.csv
	[ -e items.csv ] || jq -r '.assetGroupAccounts[] | [.accountId, .assetGroupId] | map(ascii_downcase) | @csv' "$acme/service/asset-group-accounts.json" >accounts.csv
	[ -e items.csv ] || jq -r '.[] | .asset_group_id as $group | .modules[] | [$group, .plan_item_id] | map(ascii_downcase) | @csv' "$acme/service/plan-items.json" >items.csv
	sqlite3 :memory: <<-'SQL'
		CREATE TABLE raw (envelope, account, status, sent, modified, item);
		CREATE TABLE account (account, asset_group);
		CREATE TABLE item (asset_group, item);
		CREATE TABLE period (start, stop);
		INSERT INTO period VALUES ('2023-10-31', '2024-01-31'), ('2024-01-31', '2024-04-30'), ('2024-04-30', '2024-07-31'),
		  ('2024-07-31', '2024-10-31'), ('2024-10-31', '2025-01-31'), ('2025-01-31', '2025-04-30');
		.mode csv
		.import raw.csv raw
		.import accounts.csv account
		.import items.csv item
		.mode list
		WITH latest AS (SELECT *, row_number() OVER (PARTITION BY envelope ORDER BY modified DESC) AS place FROM raw),
		only AS (SELECT account, min(item) AS item FROM account JOIN item USING (asset_group) GROUP BY account HAVING count(*) = 1)
		SELECT latest.account, coalesce(nullif(latest.item, ''), only.item, ''), start, count(*)
		FROM latest LEFT JOIN only USING (account) JOIN period ON sent >= start AND sent < stop
		WHERE place = 1 AND sent <> '' AND status <> 'created' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
	SQL
}
ours() { # consumption.ndjson in the same form
	records "$1" | jq -r '[.account_id, .plan_item_id // "", .period_start[:10], .units_consumed] | join("|")' | LC_ALL=C sort
}

@test "demo: ends in a licence position on the terminal and the path of a report" {
	run --separate-stderr "$pipeline" demo -q
	[ "$status" -eq 0 ] || { echo "$stderr"; false; }
	[[ $output == *"Not Compliant"* ]]
	path=${lines[-1]#report: }
	[ -s "$path" ]
	grep -q '</html>' "$path"
	# Each period of the contract: units, rights owned and status, as the independent calculation has them. Models by hand from
	# models.csv: plan items 401 and 403 are Enterprise Pro, 402 and 404 Business Pro.
	independent $nights | LC_ALL=C sort >expected
	while IFS='|' read -r start owned; do
		used=$(awk -F '|' -v start="$start" '$3 == start && $2 ~ /40[13]$/ { n += $4 } END { print n }' expected)
		compliance=Compliant
		[ "$used" -le "$owned" ] || compliance='Not Compliant'
		grep -E "Enterprise Pro .*$start .*[^0-9]$owned +$used .*$compliance" <<<"$output" || { echo "no line with $start $owned $used $compliance"; false; }
	done <<-END
		2024-01-31|300
		2024-04-30|275
		2024-07-31|220
		2024-10-31|243
		2025-01-31|325
	END
}

@test "run: the consumption of each night equals what sqlite3 computes from the raw pages" {
	acme_after 3 ws
	done_nights=''
	for night in $nights; do
		done_nights="$done_nights $night"
		# shellcheck disable=SC2086
		same "$(independent $done_nights | LC_ALL=C sort)" "$(ours "ws/runs/acme/$night/consumption.ndjson")"
	done
}

@test "run: late envelopes restate earlier periods, and first report plus deltas is the present figure" {
	acme_after 3 ws
	[ "$(records ws/runs/acme/20250318T020000Z/restatements.ndjson | wc -l)" -eq 0 ]
	[ "$(records ws/runs/acme/20250325T020000Z/restatements.ndjson | wc -l)" -gt 0 ]
	[ "$(records ws/runs/acme/20250401T020000Z/restatements.ndjson | wc -l)" -gt 0 ]
	for night in $nights; do records "ws/runs/acme/$night/restatements.ndjson"; done >deltas
	key='[.account_id, .plan_item_id // "", .period_start] | join("|")'
	closed='select(.period_end <= "2025-03-18")'
	jq -n -r --slurpfile first <(records ws/runs/acme/20250318T020000Z/consumption.ndjson) --slurpfile delta deltas \
		"reduce (\$first[] | $closed) as \$r ({}; .[\$r | $key] += \$r.units_consumed) |
		 reduce \$delta[] as \$r (.; .[\$r | $key] += \$r.delta) | to_entries[] | \"\(.key) \(.value)\"" | LC_ALL=C sort >summed
	records ws/runs/acme/20250401T020000Z/consumption.ndjson | jq -r "$closed | \"\($key) \(.units_consumed)\"" | LC_ALL=C sort >present
	same_files present summed
}

@test "run: nights one by one and all at once give the same consumption" {
	acme_after 3 ws
	# All pages in one pipe, without a ledger file.
	for night in $nights; do cat "$acme/nights/$night/fetch-datafeed.bodies"; done | jq -c '.data[]' >all.ndjson
	{
		auth -q -p "$acme/profiles/acme.json" --replay "$acme/nights/20250401T020000Z" |
			fetch-subscriptions -q --replay "$acme/nights/20250401T020000Z"
		cat all.ndjson
		records_of_watermarks
	} | normalize | merge --ledger :memory: --emit all |
		aggregate-by-period -q -p "$acme/profiles/acme.json" --now 2025-04-01T02:00:00Z | grep '"stream":"consumption"' >whole
	same_files <(records whole | jq -c 'del(.watermark)') <(records ws/runs/acme/20250401T020000Z/consumption.ndjson | jq -c 'del(.watermark)')
}
records_of_watermarks() { # so that periods are as final as in the run
	for night in $nights; do
		auth -q -p "$acme/profiles/acme.json" --replay "$acme/nights/$night" | fetch-subscriptions -q --replay "$acme/nights/$night" |
			fetch-datafeed -q --state <(merge --ledger ws/ledger/acme.db --print-state >/dev/null; prior "$night") --replay "$acme/nights/$night" | grep '"watermark"'
	done
}
prior() { # the bookmarks before a night, as the night before left them
	case $1 in
	20250318*) echo '{}' ;;
	20250325*) state_of 2025-03-18T02:00:00.000Z ;;
	20250401*) state_of 2025-03-25T02:00:00.000Z ;;
	esac
}
state_of() {
	jq -c --arg until "$1" '{bookmarks: {docusign_datafeed: ([.assetGroupAccounts[].accountId | ascii_downcase | {key: ., value: {until: $until}}] | from_entries)}}' \
		"$acme/service/asset-group-accounts.json"
}

@test "run: a second run of the same clock is refused, and changes nothing" {
	acme_after 1 ws
	before=$(find ws -type f -exec sha256sum {} + | grep -v -- '-shm\|-wal\|lock' | sort)
	run --separate-stderr run_night 20250318T020000Z
	fails 73 "pipeline.sh: cannot make run 20250318T020000Z of profile 'acme': it exists"
	same "$before" "$(find ws -type f -exec sha256sum {} + | grep -v -- '-shm\|-wal\|lock' | sort)"
}

@test "replay: every run is reproduced byte for byte from its evidence; a changed output or body is detected" {
	acme_after 3 ws
	run --separate-stderr "$pipeline" replay 20250325T020000Z -C ws -q
	[ "$status" -eq 0 ]
	[[ $output == *"byte for byte"* ]]
	[ -z "$(ls -d ws/runs/.replay.* 2>/dev/null)" ]
	sed -i 's/"units_consumed":1/"units_consumed":2/' ws/runs/acme/20250325T020000Z/consumption.ndjson
	run --separate-stderr "$pipeline" replay 20250325T020000Z -C ws -q
	fails 65 "pipeline.sh: run 20250325T020000Z: consumption.ndjson differs from what its evidence gives"
	sed -i '0,/"sent"/s//"xxxx"/' ws/runs/acme/20250318T020000Z/raw/fetch-datafeed.bodies
	run --separate-stderr "$pipeline" replay 20250325T020000Z -C ws -q
	[ "$status" -eq 65 ]
	[[ $stderr == *"fetch-datafeed"* ]]
}

@test "replay: a run that is not there" {
	acme_after 1 ws
	run --separate-stderr "$pipeline" replay 20990101T000000Z -C ws
	fails 66 "pipeline.sh: cannot replay run '20990101T000000Z': profile 'acme' has no run of that name"
}

@test "manifest: files by SHA-256, chained to the run before" {
	acme_after 3 ws
	(cd ws/runs/acme/20250325T020000Z && jq -r '.files[] | "\(.sha256)  \(.file)"' raw/manifest.json | sha256sum -c --quiet)
	same "$(sha256sum <ws/runs/acme/20250318T020000Z/raw/manifest.json | cut -c -64)" \
		"$(jq -r .previous.sha256 ws/runs/acme/20250325T020000Z/raw/manifest.json)"
	same null "$(jq .previous ws/runs/acme/20250318T020000Z/raw/manifest.json)"
}

@test "lock: a second run of a profile gets 75 at once" {
	workspace
	mkdir -p ws/ledger
	exec 8>ws/ledger/acme.lock
	flock -n 8
	run --separate-stderr run_night 20250318T020000Z
	exec 8>&-
	fails 75 "pipeline.sh: cannot run profile 'acme': another run of it is under way, try again later"
	run_night 20250318T020000Z
}

# kill_when PROGRAM: runs the second night with a stage that kills the driver and itself when it starts, or when it ends.
killed_night() { # STAGE when
	# A file of its own: what outlives one night must not kill the driver of the next.
	local pid=$PWD/driver.$1.$2
	mkdir -p broken
	ln -sf "$(dirname "$(command -v merge)")"/* broken/
	rm "broken/$1"
	cat >"broken/$1" <<-END
		#!/bin/bash
		# Not in what comes before the run is begun: checks, which read nothing, and what the ledger has.
		[[ ! /proc/self/fd/0 -ef /dev/null && " \$* " != *" --print-"* ]] || exec "$(command -v "$1")" "\$@"
		[ "$2" = starts ] || "$(command -v "$1")" "\$@"
		kill -9 \$(cat "$pid")
		kill -9 \$\$
	END
	chmod +x "broken/$1"
	# shellcheck disable=SC2016
	bash -c 'echo $$ >"$1"; shift; exec "$@"' _ "$pid" env ENVTALLY_BIN="$PWD/broken" "$pipeline" run -q -C ws --replay "$acme/nights/20250325T020000Z" || true
	rm -r broken
	# What the killed driver started must be gone before the next run, as its lock says.
	flock ws/ledger/acme.lock true
}

@test "interrupted: killed in any stage, the next run has the output of an uninterrupted one" {
	acme_after 3 whole
	acme_after 1 first
	while read -r -u 4 stage moment; do
		rm -rf ws
		cp -a first ws
		killed_night "$stage" "$moment"
		[ ! -e ws/runs/acme/20250325T020000Z ]
		run_night 20250401T020000Z
		for night in $nights; do
			for file in consumption.ndjson restatements.ndjson results.ndjson rejects.ndjson report.html; do
				same_files "whole/runs/acme/$night/$file" "ws/runs/acme/$night/$file" || { echo "killed: $stage $moment"; false; }
			done
		done
		[ -z "$(ls -d ws/runs/acme/.*.partial 2>/dev/null)" ]
		same ok "$(sqlite3 ws/ledger/acme.db 'PRAGMA integrity_check')"
	done 4<<-END
		fetch-datafeed starts
		fetch-datafeed ends
		normalize ends
		merge starts
		merge ends
		aggregate-by-period ends
		reconcile starts
		forecast ends
		report ends
	END
}

# The second night is one in which some account is refused: its fetcher says so at the end.
refusing_stages() {
	mkdir refusing
	ln -s "$(dirname "$(command -v merge)")"/* refusing/
	rm refusing/fetch-datafeed
	cat >refusing/fetch-datafeed <<-END
		#!/bin/bash
		"$(command -v fetch-datafeed)" "\$@" && [[ " \$* " != *20250325T020000Z* ]] || exit 75
	END
	chmod +x refusing/fetch-datafeed
	export ENVTALLY_BIN=$PWD/refusing
}

@test "interrupted: what is partial once it is finished makes the command that finishes it end with 75, and the new run is made" {
	acme_after 1 ws
	merge --ledger ws/ledger/acme.db --print-reported >reported
	stages=$ENVTALLY_BIN
	refusing_stages
	run run_night 20250325T020000Z
	[ "$status" -eq 75 ]
	same partial "$(jq -r .state ws/runs/acme/20250325T020000Z/job.json)"
	cp -a ws finished
	state() { jq -r .state "ws/runs/acme/$1/job.json"; }
	# Promoted, and killed before it had its name: with and without what says that there is something to finish.
	for at in named promoted tallied; do
		rm -rf ws
		cp -a finished ws
		mv ws/runs/acme/20250325T020000Z ws/runs/acme/.20250325T020000Z.partial
		if [ "$at" != named ]; then
			jq '{run_id, profile, clock: .started_at, replay: $replay, profile_file: "ws/profiles/acme.json"}' --arg replay "$acme/nights/20250325T020000Z" \
				ws/runs/acme/.20250325T020000Z.partial/job.json >ws/runs/acme/.20250325T020000Z.partial/begun.json
			cp reported ws/runs/acme/.20250325T020000Z.partial/reported.ndjson
		fi
		if [ "$at" = tallied ]; then
			sqlite3 ws/ledger/acme.db "DELETE FROM job_result WHERE run_id = '20250325T020000Z'; UPDATE account SET touched = 1"
		fi
		run run_night 20250401T020000Z
		[ "$status" -eq 75 ] || { echo "$at: $status"; false; }
		same "partial succeeded" "$(state 20250325T020000Z) $(state 20250401T020000Z)"
		run -0 "$pipeline" status -C ws --check --now 2025-04-01T03:00:00Z
	done
	ENVTALLY_BIN=$stages
}

@test "a stage that fails beside an account that is refused: the run fails, and is not promoted" {
	acme_after 1 ws
	refusing_stages
	rm refusing/merge
	cat >refusing/merge <<-END
		#!/bin/bash
		"$(command -v merge)" "\$@"
		status=\$?
		[[ " \$* " != *"--emit touched"* ]] || exit 74
		exit \$status
	END
	chmod +x refusing/merge
	run run_night 20250325T020000Z
	[ "$status" -eq 74 ]
	[ ! -e ws/runs/acme/20250325T020000Z ]
}

@test "status: what was run; an interrupted run; restatements" {
	workspace
	run --separate-stderr "$pipeline" status -C ws
	same "acme: nothing was run yet" "$output"
	rm -r ws
	acme_after 3 ws
	run --separate-stderr "$pipeline" status -C ws --now 2025-04-01T03:00:00Z
	[ "${#lines[@]}" -eq 4 ]
	[[ ${lines[1]} == "acme  20250325T020000Z  succeeded  "*" restated, 0 rejected" ]]
	run --separate-stderr "$pipeline" status -C ws --restatements --now 2025-04-01T03:00:00Z
	same "$(for night in $nights; do records "ws/runs/acme/$night/restatements.ndjson"; done |
		jq -r '"  \(.period_start[:10])  account \(.account_id)  plan item \(.plan_item_id // "none")  \(.units_before) -> \(.units_after) (\(.cause))"')" "$(grep '^  ' <<<"$output")"
}

@test "envelopes past a draft without a sent time: the run warns once of how many and records it; status shows it" {
	workspace
	# The first answer with accounts' envelopes loses its times of sending, byte for byte as many blanks: and its hashes are right again.
	cp -r "$acme/nights/20250318T020000Z" night
	first=$(jq -c 'select(.exchange == 1)' night/fetch-datafeed.exchanges)
	same 0 "$(jq .body_offset <<<"$first")"
	length=$(jq .body_length <<<"$first")
	head -c "$length" night/fetch-datafeed.bodies | perl -pe 's/("sentDateTime":)("[^"]*")/$1 . " " x (length($2) - 4) . "null"/ge' >changed
	{ cat changed && tail -c +$((length + 1)) "$acme/nights/20250318T020000Z/fetch-datafeed.bodies"; } >night/fetch-datafeed.bodies
	same "$(wc -c <"$acme/nights/20250318T020000Z/fetch-datafeed.bodies")" "$(wc -c <night/fetch-datafeed.bodies)"
	sed -i "2s/\"body_sha256\":\"[0-9a-f]*\"/\"body_sha256\":\"$(sha256sum <changed | cut -c -64)\"/" night/fetch-datafeed.exchanges
	rechain night/fetch-datafeed.exchanges
	# By jq: the latest versions that are no drafts and have no time of sending.
	expected=$(jq -n '[inputs.data[]] | group_by(.envelopeId | ascii_downcase) | map(max_by(.lastModifiedDateTime)
		| select(.sentDateTime == null and (.status | ascii_downcase) != "created")) | length' night/fetch-datafeed.bodies)
	[ "$expected" -gt 10 ]
	"$pipeline" run -C ws --replay night 2>said
	same "merge: warning: acme: $expected envelopes past a draft have no sent time: they belong to no period (envtally export --stream envelope lists them: sent_at is null)" \
		"$(grep 'past a draft' said)"
	same "$expected" "$(jq .counts.undated ws/runs/acme/20250318T020000Z/job.json)"
	same "$expected" "$("$pipeline" export -q -C ws --stream envelope | jq -c 'select(.type == "RECORD").record | select(.sent_at == null and .status != "created" and .status != "template")' | wc -l)"
	run "$pipeline" status -C ws --now 2025-03-18T03:00:00Z
	[ "$status" -eq 0 ]
	grep -qxF "acme  in no period: $expected envelope(s) past a draft without a sent time" <<<"$output"
	run --separate-stderr "$pipeline" reconcile -q -C ws
	[ "$status" -eq 0 ]
	same '' "$stderr"
	run "$pipeline" replay 20250318T020000Z -C ws
	[ "$status" -eq 0 ]
	# A run without such envelopes, and its status, say nothing of them.
	rm -r ws
	workspace
	"$pipeline" run -C ws --replay "$acme/nights/20250318T020000Z" 2>said
	same '' "$(grep 'past a draft' said)"
	same 0 "$(jq .counts.undated ws/runs/acme/20250318T020000Z/job.json)"
	same '' "$("$pipeline" status -C ws --now 2025-03-18T03:00:00Z | grep 'no period')"
}

@test "mistakes: nothing is written when the licence files, the profile or the recording are wrong" {
	workspace
	untouched() { [ ! -e ws/runs ] && [ ! -e ws/ledger ]; }
	sed -i '1s/purchased_rights/rights/' ws/licence/entitlements.csv
	run --separate-stderr run_night 20250318T020000Z
	[ "$status" -eq 65 ]
	[[ $stderr == *"line 1: column \"purchased_rights\": it is missing in the header"* ]]
	untouched
	cp "$acme"/licence/*.csv ws/licence/
	jq '.renewal_month = .renewal_months' "$acme/profiles/acme.json" >ws/profiles/acme.json
	run --separate-stderr run_night 20250318T020000Z
	[ "$status" -eq 78 ]
	[[ $stderr == *"\"renewal_month\" is not a key that this profile can have"* ]]
	untouched
	cp "$acme/profiles/acme.json" ws/profiles/
	run --separate-stderr "$pipeline" run -q -C ws --replay nowhere
	fails 66 "pipeline.sh: cannot open recording 'nowhere': there is no such folder"
	untouched
	# A licence file that is not there is no mistake (workspace.bats), but a link to one is.
	for file in models entitlements; do
		ln -sf nowhere.csv ws/licence/$file.csv
		run --separate-stderr run_night 20250318T020000Z
		fails 66 "reconcile: cannot open 'ws/licence/$file.csv': No such file or directory"
		untouched
		rm ws/licence/$file.csv
		cp "$acme/licence/$file.csv" ws/licence/
	done
}

@test "mistakes: usage" {
	for arguments in "fly" "run --fly" "run -p" "replay" "run one" "run --now yesterdayish"; do
		workspace
		# shellcheck disable=SC2086
		run --separate-stderr "$pipeline" $arguments -C ws
		[ "$status" -eq 64 ] || { echo "$arguments: $status"; false; }
		[ "$(wc -l <<<"$stderr")" -eq 1 ]
	done
	run --separate-stderr "$pipeline" run -C nowhere
	[ "$status" -eq 66 ]
}

@test "profiles: one that fails does not hide the others, and its status is the command's; one that is not active is not run" {
	workspace
	jq '.name = "idle" | .active = false' "$acme/profiles/acme.json" >ws/profiles/idle.json
	jq '.name = "zeta" | .renewal_months = 99' "$acme/profiles/acme.json" >ws/profiles/aaa.json
	run --separate-stderr run_night 20250318T020000Z
	[ "$status" -eq 78 ]
	[ -e ws/runs/acme/20250318T020000Z/report.html ]
	[[ $stderr == *"\"renewal_months\" must be a whole number from 1 to 60"* ]]
	[ ! -e ws/runs/idle ]
}

@test "init: a profile by options is one that auth reads; what it is asked twice is refused" {
	options=(--name beta --organization-id 9dd1c1a4-5b6e-4c2f-8a37-0e5f6b1d2c90 --contract-start 2025-01-31 --renewal-months 12
		--integration-key 11111111-2222-4333-8444-555555555555 --key-file beta.pem --environment demo)
	"$pipeline" init -C new "${options[@]}" -q </dev/null
	same account-d.docusign.com "$(jq -r .audience new/profiles/beta.json)"
	auth -p new/profiles/beta.json --replay . | jq -e '.type == "CONNECTION" and .profile == "beta" and .renewal_months == 12'
	reconcile --entitlements new/licence/entitlements.csv --models new/licence/models.csv </dev/null
	run --separate-stderr "$pipeline" init -C new "${options[@]}" </dev/null
	[ "$status" -eq 73 ]
	run --separate-stderr "$pipeline" init -C other --name x </dev/null
	fails 64 "pipeline.sh: cannot make a profile: --organization-id is missing, and there is no terminal to ask on"
	[ ! -e other ]
	options[5]=31.01.2025
	run --separate-stderr "$pipeline" init -C third "${options[@]}" </dev/null
	[ "$status" -eq 78 ]
	[ -z "$(ls third/profiles)" ]
}

@test "installed: the driver runs stages and commands from where make install put them" {
	[ "${SANITIZE-}" != 1 ] || skip "the sanitized build is not installed"
	make -s -C "$root" install DESTDIR="$PWD/stage" prefix=/usr >/dev/null
	sed -i "s|=/usr/libexec|=$PWD/stage/usr/libexec|; s|:-/usr/libexec|:-$PWD/stage/usr/libexec|" stage/usr/bin/envtally # DESTDIR is not where it will run
	unset ENVTALLY_BIN
	workspace
	stage/usr/bin/envtally run -q -C ws --replay "$acme/nights/20250318T020000Z"
	[ -s ws/runs/acme/20250318T020000Z/report.html ]
	same "normalize (envtally)" "$(stage/usr/bin/envtally normalize --version | sed 's/ [0-9.]*$//')"
}

@test "status --check: fails when a feed is stale, which is named, with control characters shown" {
	acme_after 3 ws
	run --separate-stderr "$pipeline" status -C ws --check --now 2025-04-03T02:00:00Z
	[ "$status" -eq 0 ]
	run --separate-stderr "$pipeline" status -C ws --check --now 2025-04-12T02:00:00Z
	[ "$status" -eq 69 ]
	# By hand: watermarks of 2025-04-01 less eight days, or the newest record; all but those of the last ten days.
	[[ $output == *'stale: account 7c1e9a52-3b0f-4d6a-9e21-5f8840c7d305 ("Acme, North\nEurope"): its feed has not advanced since 2025-03-2'* ]]
	[ "$(grep -c "^acme  stale: " <<<"$output")" -eq 6 ]
}

@test "forecast: in a run, the report, the ledger and a replay; status --check fails on rights that run out within --warn-days" {
	workspace
	# 175 rights in all: more than the 159 used by April 1, fewer than what April adds.
	sed -i '/^ENT-EP-05,/s/,300,2.415,724.500,/,150,2.415,362.250,/' ws/licence/entitlements.csv
	"$pipeline" run -q -C ws --replay "$acme/nights/20250318T020000Z" --warn-days 0
	run_night 20250325T020000Z
	run --separate-stderr "$pipeline" run -C ws --replay "$acme/nights/20250401T020000Z"
	[[ $stderr == *"forecast: warning: "*"rights of 'Docusign eSignature Enterprise Pro', 'Envelope' are expected to run out on 2025-04-"* ]]
	records ws/runs/acme/20250401T020000Z/results.ndjson >results
	# Units to date are those of the position.
	jq -r 'select(.curve) | "\(.software_model) \(.units_to_date)"' results | sort >ours
	jq -r 'select(has("average_price") and .period_start == "2025-01-31T00:00:00.000Z") | "\(.software_model) \(.rights_used)"' results | sort >positions
	[ "$(wc -l <ours)" -eq 2 ]
	same_files positions ours
	same false "$(records ws/runs/acme/20250318T020000Z/results.ndjson | jq -s 'map(.warning // false) | any')"
	same 2 "$(sqlite3 ws/ledger/acme.db "SELECT count(*) FROM result WHERE run_id = '20250401T020000Z' AND stream = 'forecast'")"
	grep -q 'class="chart burn"' ws/runs/acme/20250401T020000Z/report.html
	run "$pipeline" status -C ws --check --now 2025-04-02T02:00:00Z
	[ "$status" -eq 69 ]
	[[ $output == *"acme  warning: Docusign eSignature Enterprise Pro  Envelope  rights are expected to run out on 2025-04-"* ]]
	run "$pipeline" status -C ws --check --now 2025-04-02T02:00:00Z --warn-days 0
	[ "$status" -eq 0 ]
	[[ $output == *"acme  Docusign eSignature Enterprise Pro  Envelope  rights are expected to run out on 2025-04-"* ]]
	run --separate-stderr "$pipeline" status -C ws --warn-days soon
	fails 64 "pipeline.sh: cannot use --warn-days 'soon': it must be a whole number of days, 0 or more"
	"$pipeline" reconcile -q -C ws --now 2025-04-01T02:00:00Z >position
	grep -q '^Forecast of open periods' position
	"$pipeline" replay -q -C ws 20250401T020000Z
}

@test "contract: a new start keeps the earlier contract's periods, and every unit" {
	acme_after 2 ws
	jq '.contract_start = "2025-03-01" | .renewal_months = 12' "$acme/profiles/acme.json" >ws/profiles/acme.json
	run_night 20250401T020000Z
	at() { records "ws/runs/acme/$1/consumption.ndjson" | jq -r 'select(.period_start < "2025-01-31") | [.account_id, .plan_item_id, .period_start, .period_end, .units_consumed] | @tsv'; }
	restated=$(records ws/runs/acme/20250401T020000Z/restatements.ndjson | jq -s 'map(.delta) | add')
	sum() { at "$1" | awk '{ n += $NF } END { print n }'; }
	same "$(sum 20250401T020000Z)" "$(($(sum 20250325T020000Z) + restated))"
	same "2025-01-31 2025-03-01
2025-03-01 2026-03-01" "$(records ws/runs/acme/20250401T020000Z/consumption.ndjson | jq -r 'select(.period_end > "2025-02") | "\(.period_start[:10]) \(.period_end[:10])"' | sort -u)"
	# Nothing is lost: the whole is what it is without the change.
	total=$(records ws/runs/acme/20250401T020000Z/consumption.ndjson | jq -s 'map(.units_consumed) | add')
	same "$(independent $nights | awk -F '|' '{ n += $4 } END { print n }')" "$total"
	"$pipeline" replay 20250401T020000Z -C ws -q
}

@test "a run reads of the ledger's days those that have changed, once: forecasts are made of its consumption" {
	acme_after 2 ws
	mkdir programs
	ln -s "${ENVTALLY_BIN:-$root/bin}"/* programs/
	rm programs/merge
	printf '#!/bin/sh\necho "$*" >>%q\nexec %q "$@"\n' "$PWD/merged" "${ENVTALLY_BIN:-$root/bin}/merge" >programs/merge
	chmod +x programs/merge
	ENVTALLY_BIN=$PWD/programs run_night 20250401T020000Z
	grep -q -- '--emit touched' merged
	run -1 grep -E -- '--emit (all|since)' merged
	grep -q '"stream":"forecast","record"' ws/runs/acme/20250401T020000Z/results.ndjson
}
