#!/usr/bin/env bats
# An attacker changes the evidence of three nights: verify catches it, and names what was changed. What happens without an attack does not
# break a chain.

load helper

pipeline=$root/pipeline.sh
export ENVTALLY_BIN=${ENVTALLY_BIN:-$root/bin}
first=20250318T020000Z second=20250325T020000Z last=20250401T020000Z

fresh() {
	rm -rf ws
	acme_after 3 ws
	runs=ws/runs/acme ledger=ws/ledger/acme.db
}

verify() { "$pipeline" verify -C ws "${1:-$last}"; }

# caught TEXT: verify of the last run fails with 65, and this line on standard error.
caught() {
	run --separate-stderr verify
	fails 65 "run-facts: cannot verify $1" || { echo "not caught: $1"; return 1; }
}

@test "verify says what it has proven, and where the chain ends" {
	fresh
	digest=$(sha256sum <$runs/$last/raw/manifest.json)
	same "${digest%% *}" "$(sqlite3 $ledger "SELECT record ->> 'manifest' FROM job_result WHERE run_id = '$last'")"
	for run in $first $last; do
		run -0 --separate-stderr verify $run
		same "acme: run $run: every output is what its evidence gives, byte for byte
acme: the ledger is what the recordings of its 3 run(s) give
acme: the chain ends at run $last, whose manifest has the SHA-256 ${digest%% *}" "$(tail -n 3 <<<"$output")"
	done
}

@test "a file that is changed, removed or added in a run's folder is caught, whichever run it is" {
	fresh
	cp -a ws sound
	attacked=0
	while read -r -u 4 run file; do
		rm -rf ws
		cp -a sound ws
		case $file in
		+link) file=inputs/policy.json && ln -s ../../../../../licence/models.csv $runs/$run/$file ;;
		+*) file=${file#+} && mkdir -p "$(dirname "$runs/$run/$file")" && echo '{}' >"$runs/$run/$file" ;;
		-*) file=${file#-} && rm "$runs/$run/$file" ;;
		*) printf ' ' >>"$runs/$run/$file" ;;
		esac || true
		run --separate-stderr verify
		[[ $status -eq 65 && $stderr == "run-facts: cannot verify run '$run': "*"$file"* ]] || { echo "$run $file: $status $stderr"; false; }
		attacked=$((attacked + 1))
	done 4<<-END
		$first inputs/state.json
		$second accounts.ndjson
		$second raw/fetch-datafeed.bodies
		$last job.json
		$last results.ndjson
		$last report.html
		$last raw/manifest.json
		$first -inputs/models.csv
		$second -raw/fetch-datafeed.exchanges
		$last -accounts.ndjson
		$last -raw/manifest.json
		$first +inputs/policy.json
		$second +inputs/warn-days
		$last +inputs/policy.json
		$last +link
		$last +raw/fetch-datafeed.bodies.old
		$last +.hidden
		$last +more
	END
	same 18 $attacked
	mkdir $runs/$last/folder
	caught "run '$last': 'folder' is neither a file of a run nor inputs/ or raw/"
}

@test "figures, counts and a manifest changed to fit each other are caught by the ledger, and with the ledger by the replay" {
	fresh
	jq '.counts.rejects = 7' $runs/$last/job.json >job && cp job $runs/$last/job.json
	digest=$(sha256sum <job)
	jq --arg digest "${digest%% *}" '(.files[] | select(.file == "job.json")).sha256 = $digest' $runs/$last/raw/manifest.json >manifest
	cp manifest $runs/$last/raw/manifest.json
	caught "run '$last': raw/manifest.json is not the one that the ledger promoted"
	digest=$(sha256sum <manifest)
	sqlite3 $ledger "UPDATE job_result SET record = json_set(record, '$.counts.rejects', 7, '$.manifest', '${digest%% *}') WHERE run_id = '$last'"
	run --separate-stderr verify
	fails 65 "pipeline.sh: run $last: job.json differs from what its evidence gives"
	# A manifest as of an earlier version, which lists no outputs, does not get around it.
	jq 'del(.manifest) | .files |= map(select(.file | test("/")))' manifest >$runs/$last/raw/manifest.json
	caught "run '$last': raw/manifest.json is not the one that the ledger promoted"
	sqlite3 $ledger "UPDATE job_result SET record = json_remove(record, '$.manifest') WHERE run_id = '$last'"
	caught "run '$last': raw/manifest.json has not the form that the ledger implies"
}

@test "runs that the ledger or the folder lacks are caught, whichever run is verified" {
	fresh
	mv $runs/$last aside
	for run in $first $last; do
		run --separate-stderr verify $run
		fails 65 "run-facts: cannot verify run '$last': '$runs/$last/raw/manifest.json' is lost"
	done
	mv aside $runs/$last
	sqlite3 $ledger "DELETE FROM job_result WHERE run_id = '$last'"
	run --separate-stderr verify $second
	fails 65 "run-facts: cannot verify run '$last': it follows the last run that the ledger has, '$second'"
	# Without its folder, what it put into the ledger remains.
	rm -r $runs/$last
	run --separate-stderr verify $second
	[[ $status -eq 65 && $stderr == "run-facts: cannot verify ledger '$ledger': table "* ]]
	fresh
	sqlite3 $ledger "DELETE FROM job_result WHERE run_id = '$second'"
	caught "run '$last': its manifest names another run before it than $first"
	fresh
	sqlite3 $ledger "UPDATE job_result SET number = 9 WHERE run_id = '$first'"
	[[ $(run verify 2>&1; echo "$output") == *"cannot verify run '$second': its manifest names another run before it than none" ]]
}

@test "a ledger that was changed by hand is caught: table and row are named" {
	fresh
	cp $ledger sound.db
	sqlite3 $ledger 'DELETE FROM sent_week WHERE account = 1'
	run --separate-stderr verify $first
	[[ $status -eq 65 && $stderr == "run-facts: cannot verify ledger '$ledger': table sent_week, row account_id 7c1e9a52-"*", plan_item_id "*" is missing" ]]
	# Each table, against the ledger that a replay gives.
	tables=''
	while IFS='|' read -r -u 4 sql told; do
		cp sound.db $ledger
		rm -f $ledger-wal $ledger-shm
		sqlite3 $ledger "$sql"
		# Of what differs the first is named.
		run --separate-stderr run-facts prove sound.db --ledger $ledger
		[[ $status -eq 65 && $stderr == "run-facts: cannot verify ledger '$ledger': table $told"* ]] || { echo "$sql: $status $stderr"; false; }
		tables+="${told%%,*} "
	done 4<<-'END'
		DELETE FROM sent_week WHERE (account, plan_item, week) = (SELECT account, plan_item, min(week) FROM sent_week WHERE account = 1)|sent_week, row account_id 7c1e9a52-
		UPDATE sent_week SET envelopes = substr(envelopes, 7) WHERE account = 2 AND length(envelopes) > 6|sent_week, row account_id 7c1e9a52-
		UPDATE envelope_block SET rows = (SELECT rows FROM envelope_block ORDER BY block LIMIT 1) WHERE block = (SELECT max(block) FROM envelope_block)|envelope_block, envelope 
		UPDATE account SET asset_group_id = 'x' WHERE account = 1|account, row account_id 7c1e9a52-3b0f-4d6a-9e21-5f8840c7d301: its asset_group_id is not what the recordings give
		INSERT INTO account_site SELECT account_id, 0, 'elsewhere', NULL FROM account LIMIT 1|account_site, row account_id
		UPDATE plan_item SET plan_item_id = 'p' WHERE plan_item = 1|plan_item, row plan_item_id
		UPDATE status SET counted = 0 WHERE name = 'sent'|status, row name sent, sending_method none: its counted
		DELETE FROM subscription|subscription, row organization_id
		UPDATE layout SET undated = 5|layout, row one 1: its undated
		INSERT INTO late_envelope SELECT 'e', account, 0, 0, 0 FROM account LIMIT 1|late_envelope, row envelope_id e comes from no recording
		INSERT INTO conflict VALUES ('e', 0)|conflict, row envelope_id e, modified_at 0 comes from no recording
		UPDATE checkpoint SET state = '{}'|checkpoint, row one 1: its state
		UPDATE job_result SET record = json_set(record, '$.verdict', 'Compliant') WHERE number = 1|job_result, row number 1: its record
		UPDATE reported SET units_consumed = units_consumed - 1|reported, row account_id
		DELETE FROM restatement|restatement, row account_id
		UPDATE result SET record = replace(record, 'Not Compliant', 'Compliant')|result, row run_id
	END
	# Every table of the ledger is among them, but the one that its own stream fills.
	same "$(sqlite3 sound.db "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN ('billing_period') AND name NOT LIKE 'sqlite%' ORDER BY name")" \
		"$(tr ' ' '\n' <<<"$tables" | grep . | LC_ALL=C sort -u)"
}

@test "an envelope that was changed in the ledger is named" {
	fresh
	found=$("$ENVTALLY_BIN/export" -q --ledger $ledger --stream envelope | records_of envelope | sed -n 1p | value_of envelope_id)
	# A version of that envelope that no recording has.
	change "$("$ENVTALLY_BIN/export" -q --ledger $ledger --stream envelope | records_of envelope | sed -n '1s/^{\(.*\)}$/\1/p')" '{status: "voided", modified_at: "2030-01-01T00:00:00.000Z"}'
	printf '{"type":"RECORD","stream":"envelope","record":%s}\n' "$changed" | "$ENVTALLY_BIN/merge" -q --ledger $ledger --emit none
	run --separate-stderr verify
	[[ $status -eq 65 && $stderr == "run-facts: cannot verify ledger '$ledger': table "* ]]
	sqlite3 $ledger "UPDATE account SET touched = 0"
	run --separate-stderr verify
	[[ $status -eq 65 && $stderr == *"table envelope_block, envelope $found is not what the recordings give" ]]
}

@test "runs of an earlier version verify, with what they cannot prove" {
	fresh
	# Their manifests list recordings and inputs, and the ledger has no digests of them.
	before=null
	for run in $first $second; do
		jq --argjson previous "$before" 'del(.manifest) | .previous = $previous | .files |= map(select(.file | test("/")))' $runs/$run/raw/manifest.json >manifest
		cp manifest $runs/$run/raw/manifest.json
		digest=$(sha256sum <manifest)
		before='{"run":"'$run'","sha256":"'${digest%% *}'"}'
	done
	rm -r $runs/$last
	sqlite3 $ledger "UPDATE job_result SET record = json_remove(record, '$.manifest', '$.verdict')"
	acme_after 2 second
	for run in $first $second; do jq 'del(.verdict)' $runs/$run/job.json >job && cp job $runs/$run/job.json; done
	rm -r ws/ledger && cp -a second/ledger ws/
	sqlite3 $ledger "UPDATE job_result SET record = json_remove(record, '$.manifest', '$.verdict')"
	unproven="acme: not proven: results and job.json of the first 2 run(s), by an earlier version, whose manifests list recordings and inputs alone"
	run -0 --separate-stderr verify $second
	grep -qxF "$unproven" <<<"$output"
	"$pipeline" run -q -C ws --replay "$acme/nights/$last"
	same "$before" "$(jq -c .previous $runs/$last/raw/manifest.json)"
	run -0 --separate-stderr verify
	grep -qxF "$unproven" <<<"$output"
	# So do those of a ledger that is made anew.
	"$pipeline" rebuild -q -C ws
	run -0 --separate-stderr verify
	grep -qxF "$unproven" <<<"$output"
	# Inputs and the ledger's units are proven all the same.
	echo '{}' >$runs/$first/inputs/policy.json
	caught "run '$first': inputs/policy.json is not in its manifest"
	rm $runs/$first/inputs/policy.json
	sqlite3 $ledger "DELETE FROM sent_week WHERE account = 1"
	run --separate-stderr verify
	[[ $status -eq 65 && $stderr == *"table sent_week, row account_id 7c1e9a52-"*", plan_item_id "*" is missing" ]]
}

@test "a run is one of its profile: of another it is not verified, whoever has a run of that name" {
	fresh
	cp ws/profiles/acme.json ws/profiles/beta.json
	sed -i 's/"name": *"acme"/"name": "beta"/' ws/profiles/beta.json
	mkdir ws/runs/beta
	cp -a $runs/$first ws/runs/beta/
	run --separate-stderr "$pipeline" verify -C ws -p beta $first
	same "66:" "$status:$output"
	[[ $stderr == *"cannot verify run '$first': profile 'beta' has no run of that name" ]]
}

@test "verify leaves nothing behind, also when it is ended by a signal" {
	fresh
	mkdir scratch
	export TMPDIR=$PWD/scratch
	run -0 --separate-stderr verify
	[ -z "$(ls -A scratch)" ] && [ -z "$(find ws -name '.replay*')" ]
	for signal in TERM INT HUP; do
		setsid env --default-signal="$signal" "$pipeline" verify -C ws $last 3>&- &
		verifying=$!
		eventually compgen -G 'scratch/*/runs/acme/.*/results.ndjson' # its report is being made
		kill -s $signal $verifying
		wait $verifying || true
		same '' "$(pgrep -s $verifying -r R,S,D)"
		same '' "$(ls -A scratch)"
	done
	[ -z "$(find ws -name '.*' -path 'ws/runs/*')" ]
}

@test "a run by a feed descriptor of the user's own is replayed by the one that it froze, wherever that was" {
	acme_workspace ws
	for feed in mine.json "$PWD/mine.json"; do
		rm -rf ws/runs ws/ledger
		cp "$root/lib/feeds/datafeed.json" mine.json
		[[ $feed == /* ]] || { mv mine.json ws/profiles/ && echo 'what is not meant' >mine.json; }
		jq --arg feed "$feed" '.feed = $feed' "$acme/profiles/acme.json" >profile && mv profile ws/profiles/acme.json
		"$pipeline" run -q -C ws -p acme --replay "$acme/nights/$first"
		rm -f mine.json ws/profiles/mine.json
		run -0 "$pipeline" verify -C ws -p acme $first
	done
}

@test "a report says what its run was made of: the page what decides its figures, Markdown also recordings and manifests" {
	fresh
	page=$runs/$last/report.html
	text() { sed -n '/id="evidence"/,/<\/section>/p' "$page" | sed 's/<[^>]*>/ /g' | tr -s ' \n' ' '; }
	[[ $(text) == *"Run $last Its clock 2025-04-01T02:00:00.000Z Run before $second Manifest "*"envtally verify $last "*"envtally replay $last "*"envtally evidence $last --to FILE "* ]]
	same "$(sha256sum $runs/$last/inputs/*.csv | sed -E 's,^([^ ]*).*/(inputs/.*),\2 \1,')" "$(grep -o '<bdi dir="auto">inputs/.*</code>' "$page" | sed -E 's/<[^>]*>/ /g' | awk '{print $1, $2}')"
	"$pipeline" report -C ws --format md >md
	for file in $runs/$last/inputs/* $runs/$last/raw/*.exchanges $runs/$last/raw/manifest.json $runs/$second/raw/manifest.json; do
		digest=$(sha256sum <"$file")
		grep -qF "| ${digest%% *} |" md
	done
	grep -qF "| Made by | $(<$runs/$last/inputs/version) |" md
	"$pipeline" report -C ws --format html | cmp - "$page"
	# The first run has none before it.
	page=$runs/$first/report.html
	[[ $(text) == *"Run before none: this is the first "* ]]
}

@test "two ledgers that met the same envelopes in another order are equal by their names, and what differs is still caught" {
	# Ids that accounts share, statuses and sending methods that have no number of their own, sendings of one millisecond.
	for account in b a c; do
		for status in sent archived completed exotic; do
			envelope "{account_id: \"$account\", envelope_id: \"$((++number % 5))\", status: \"$status\", plan_item_id: \"item $((number % 3))\", sending_method: \"method $((number % 4))\"}"
			envelope "{account_id: \"$account\", envelope_id: \"0000000$((number % 7))-0000-4000-8000-000000000000\", status: \"$status\", plan_item_id: \"item $((number % 4))\"}"
		done
	done >envelopes
	merge -q --ledger one.db --emit none <envelopes
	tac envelopes | merge -q --ledger two.db --emit none
	run ! cmp <(sqlite3 one.db 'SELECT * FROM account, status') <(sqlite3 two.db 'SELECT * FROM account, status')
	run -0 run-facts prove one.db --ledger two.db
	run -0 run-facts prove two.db --ledger one.db
	while IFS='~' read -r -u 4 sql told; do
		cp two.db changed.db
		sqlite3 changed.db "$sql"
		run --separate-stderr run-facts prove one.db --ledger changed.db
		[[ $status -eq 65 && $stderr == "run-facts: cannot verify ledger 'changed.db': table $told"* ]] || { echo "$sql: $status $stderr"; false; }
	done 4<<-'END'
		UPDATE account SET account_id = 'x' WHERE account = 1~envelope_block, envelope
		UPDATE plan_item SET plan_item_id = 'x' WHERE plan_item = 2~envelope_block, envelope
		UPDATE status SET name = 'x' WHERE name = 'exotic'~envelope_block, envelope
		UPDATE status SET counted = 0 WHERE name = 'exotic'~status, row name exotic, sending_method
		UPDATE sent_week SET envelopes = substr(envelopes, 7) WHERE length(envelopes) > 6~sent_week, row account_id a, plan_item_id
		INSERT INTO sent_week SELECT 99, plan_item, week, envelopes FROM sent_week LIMIT 1~layout, row one 1: its sent_weeks
	END
	rm changed.db # its foreign keys name an account that is not there
}
