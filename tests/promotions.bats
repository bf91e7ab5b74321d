#!/usr/bin/env bats
# What is a run, which came before which, and which is the latest: as the ledger promoted them. Folders may be strange, lost or copied; a
# clock may go back.

load helper

pipeline=$root/pipeline.sh
export ENVTALLY_BIN=${ENVTALLY_BIN:-$root/bin}

run_night() { "$pipeline" run -q -C "${2:-ws}" --replay "$acme/nights/$1" "${@:3}"; }

# The three nights, but the clock of the second one is back by two months: before a period ended that the first reported as over.
back=20250115T020000Z
setup_file() {
	cd "$BATS_FILE_TMPDIR" || return 1
	acme_after 1 ws
	run_night 20250325T020000Z ws --now 2025-01-15T02:00:00Z
	run_night 20250401T020000Z
}
teardown() {
	[ -z "${simulator-}" ] || kill "$simulator" 2>/dev/null || true
	sound_ledgers
}
after_all() { cp -a "$BATS_FILE_TMPDIR/ws" ws; }

@test "a clock that went back: figures, position and restatements end as with one that did not" {
	acme_after 3 calm
	after_all
	for file in consumption.ndjson results.ndjson; do same_files calm/runs/acme/20250401T020000Z/$file ws/runs/acme/20250401T020000Z/$file; done
	restated() { cat "$1"/runs/acme/2025*/restatements.ndjson | records_of restatement | sed 's/"run_id":"[^"]*"//' | LC_ALL=C sort; }
	[ -n "$(restated calm)" ]
	same "$(restated calm)" "$(restated ws)"
}

@test "a clock that went back: each run names the one promoted before it, and verify, replay and status go by that" {
	after_all
	before=null
	for run in 20250318T020000Z $back 20250401T020000Z; do
		same "$before" "$(jq -c '.previous.run' ws/runs/acme/$run/raw/manifest.json)"
		before="\"$run\""
		run -0 --separate-stderr "$pipeline" verify $run -C ws
		[[ ${lines[1]} == "acme: run $run: every output is what its evidence gives, byte for byte" ]]
	done
	[[ ${lines[0]} == "acme: 3 run(s) up to 20250401T020000Z: "* ]]
	run -0 "$pipeline" status -C ws --now 2025-04-01T03:00:00Z --check
	same "20250318T020000Z $back 20250401T020000Z" "$(awk '/succeeded/ { printf "%s%s", n++ ? " " : "", $2 }' <<<"$output")"
}

@test "a clock that went back: the latest run is the one promoted last, whatever its name" {
	acme_after 1 ws
	run_night 20250325T020000Z ws --now 2025-01-15T02:00:00Z
	run -0 --separate-stderr "$pipeline" report -C ws
	[[ ${lines[0]} == "acme, as of 2025-01-15 02:00:00 UTC"* ]]
	[[ ${lines[-1]} == "report: ws/runs/acme/$back/report.html" ]]
	run -0 --separate-stderr "$pipeline" explain -C ws --level position
	[[ ${lines[0]} == *"run $back"* ]]
	run -0 "$pipeline" export -q -C ws --stream metric_result
	same_files <(records_of metric_result <ws/runs/acme/$back/results.ndjson | LC_ALL=C sort) <(records_of metric_result <<<"$output" | LC_ALL=C sort)
	# A changed file of that run shows.
	echo >>ws/runs/acme/$back/inputs/models.csv
	run --separate-stderr "$pipeline" verify $back -C ws
	refused 65 "run-facts: cannot verify run '$back': inputs/models.csv differs from its manifest"
}

@test "a clock that went back: --as-of takes the run promoted last of those whose clock is not after it" {
	after_all
	clock_of() { "$pipeline" reconcile -q -C ws --as-of "$1" | head -n 1; }
	[[ $(clock_of 2025-01-20) == *"as of 2025-01-15 02:00:00"* ]]
	[[ $(clock_of 2025-03-20) == *"as of 2025-01-15 02:00:00"* ]]
	[[ $(clock_of 20250318T020000Z) == *"as of 2025-03-18 02:00:00"* ]]
	[[ $(clock_of 2025-04-01) == *"as of 2025-04-01 02:00:00"* ]]
	run --separate-stderr "$pipeline" reconcile -C ws --as-of 2025-01-14
	fails 66 "pipeline.sh: cannot reconcile profile 'acme' as of 2025-01-14: nothing had been run by then, or its run is not kept"
}

# A machine whose clock always begins at the same second: only `date` of the driver reads it.
stuck_clock() {
	mkdir bin
	printf '#!/bin/sh\n[ "$*" != "-u -d now +%%Y-%%m-%%dT%%H:%%M:%%S.000Z" ] || set -- -u -d 2025-04-08T02:00:00Z +%%Y-%%m-%%dT%%H:%%M:%%S.000Z\nexec %s "$@"\n' "$(command -v date)" >bin/date
	chmod +x bin/date
	PATH=$PWD/bin:$PATH
}

@test "a clock that meets the name of a run again makes RUN-2, and nothing is overwritten" {
	acme_after 3 ws
	stuck_clock
	serve "$acme" --now 2025-04-08T02:00:00Z
	cp ws/profiles/acme.json live.json
	for count in 1 2 3; do "$pipeline" run -q -C ws; done
	same "20250408T020000Z 20250408T020000Z-2 20250408T020000Z-3" "$(cd ws/runs/acme && echo 20250408*)"
	for run in 20250408T020000Z-2 20250408T020000Z-3; do run -0 "$pipeline" verify $run -C ws; done
	[[ $("$pipeline" reconcile -q -C ws --as-of 20250408T020000Z-2 | head -n 1) == *"as of 2025-04-08"* ]]
	same 6 "$("$pipeline" status -C ws --now 2025-04-08T03:00:00Z | grep -c succeeded)"
}

@test "strange folders are passed over, and said by status" {
	after_all
	cp -a ws/runs/acme/20250401T020000Z ws/runs/acme/old-copy
	cp -a ws/runs/acme/20250401T020000Z ws/runs/acme/20990101T000000Z
	mkdir ws/runs/acme/lost+found ws/runs/lost+found
	touch ws/runs/acme/.DS_Store ws/runs/.DS_Store ws/runs/acme/notes.txt
	chmod 0 ws/runs/acme/lost+found ws/runs/lost+found
	run -0 --separate-stderr "$pipeline" verify 20250401T020000Z -C ws
	run -0 --separate-stderr "$pipeline" report -C ws
	[[ ${lines[-1]} == "report: ws/runs/acme/20250401T020000Z/report.html" ]]
	same_files <("$pipeline" explain -C "$BATS_FILE_TMPDIR/ws" --level exchange --period 2024-10-31) <("$pipeline" explain -C ws --level exchange --period 2024-10-31)
	run -0 --separate-stderr "$pipeline" reconcile -C ws --as-of 2099-12-31
	[[ ${lines[0]} == *"as of 2025-04-01"* ]]
	run -0 --separate-stderr "$pipeline" status -C ws --check --now 2025-04-01T03:00:00Z
	for name in 20990101T000000Z lost+found old-copy; do
		grep -qxF "acme  $name  not a run: the ledger does not have it; ignored" <<<"$output"
	done
	run --separate-stderr "$pipeline" replay old-copy -C ws
	fails 66 "pipeline.sh: cannot replay run 'old-copy': profile 'acme' has no run of that name"
	# The next run chains to the last one that the ledger has.
	serve "$acme" --now 2025-04-08T02:00:00Z
	"$pipeline" run -q -C ws --now 2025-04-08T02:00:00Z
	same 20250401T020000Z "$(jq -r .previous.run ws/runs/acme/20250408T020000Z/raw/manifest.json)"
	run -0 "$pipeline" verify 20250408T020000Z -C ws
	chmod 755 ws/runs/acme/lost+found ws/runs/lost+found
}

@test "a folder that was lost is said: by status, report, replay and verify; the next run goes on" {
	acme_after 2 ws
	digest=$(sha256sum <ws/runs/acme/20250325T020000Z/raw/manifest.json)
	for lost in . results.ndjson; do
		rm -r ws/runs/acme/20250325T020000Z/$lost 2>/dev/null || rm -r ws/runs/acme/20250325T020000Z
		run --separate-stderr "$pipeline" status -C ws --check --now 2025-03-25T03:00:00Z
		[ "$status" -eq 69 ]
		grep -qxF "acme  20250325T020000Z  lost: its folder or its files are missing in ws/runs/acme" <<<"$output"
		rm -rf ws
		acme_after 2 ws
	done
	rm -r ws/runs/acme/20250325T020000Z
	run --separate-stderr "$pipeline" report -C ws
	fails 66 "pipeline.sh: cannot report profile 'acme': the folder of its run 20250325T020000Z is lost"
	run --separate-stderr "$pipeline" reconcile -C ws --as-of 2025-03-26
	fails 66 "pipeline.sh: cannot reconcile profile 'acme' as of 2025-03-26: the folder of its run 20250325T020000Z is lost"
	run_night 20250401T020000Z
	run -0 --separate-stderr "$pipeline" report -C ws
	same '{"run":"20250325T020000Z","sha256":"'"${digest%% *}"'"}' "$(jq -c .previous ws/runs/acme/20250401T020000Z/raw/manifest.json)"
	run --separate-stderr "$pipeline" replay 20250401T020000Z -C ws
	fails 66 "pipeline.sh: cannot replay run '20250401T020000Z': the folder of run 20250325T020000Z is lost"
	run --separate-stderr "$pipeline" verify 20250401T020000Z -C ws
	fails 65 "run-facts: cannot verify run '20250325T020000Z': 'ws/runs/acme/20250325T020000Z/raw/manifest.json' is lost"
	run -0 "$pipeline" replay 20250318T020000Z -C ws
}

@test "each file that a run may lose: status says so without the old verdict, report names it, and results are replayed all the same" {
	acme_after 2 ws
	first=ws/runs/acme/20250318T020000Z last=ws/runs/acme/20250325T020000Z
	verdict=$("$pipeline" report -C ws --format verdict)
	for lost in raw/manifest.json inputs/profile.json job.json accounts.ndjson subscriptions.ndjson consumption.ndjson restatements.ndjson \
		results.ndjson rejects.ndjson report.html; do
		mv $last/$lost aside
		run --separate-stderr "$pipeline" status -C ws --check --now 2025-03-25T03:00:00Z
		[ "$status" -eq 69 ]
		grep -qxF "acme  20250325T020000Z  lost: its folder or its files are missing in ws/runs/acme" <<<"$output"
		[[ -n $verdict && $output != *"${verdict%%:*}"* ]] || { echo "$lost: $output"; return 1; }
		run --separate-stderr "$pipeline" report -C ws
		fails 66 "pipeline.sh: cannot report profile 'acme': the folder of its run 20250325T020000Z has lost '$lost'"
		mv aside $last/$lost
	done
	rm $first/report.html
	run -0 "$pipeline" replay 20250325T020000Z -C ws
	rm $first/inputs/profile.json
	run --separate-stderr "$pipeline" replay 20250325T020000Z -C ws
	fails 66 "pipeline.sh: cannot replay run '20250325T020000Z': the folder of run 20250318T020000Z is lost"
}

# A ledger as version 2 was.
as_version_2() {
	sqlite3 "$1" "DROP VIEW job_results; CREATE TEMP TABLE old AS SELECT run_id, record FROM job_result; DROP TABLE job_result;
		CREATE TABLE job_result (run_id TEXT PRIMARY KEY, record TEXT NOT NULL) STRICT, WITHOUT ROWID; INSERT INTO job_result SELECT * FROM old;
		CREATE VIEW job_results AS SELECT run_id FROM job_result; PRAGMA user_version = 2"
}

@test "a ledger of version 2 gets the order of the names, and the next run goes on" {
	acme_after 2 ws
	as_version_2 ws/ledger/acme.db
	run_night 20250401T020000Z
	acme_after 3 calm
	schema() { sqlite3 "$1/ledger/acme.db" "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%' ORDER BY type, name"; }
	same "$(schema calm)" "$(schema ws)"
	same "$(sqlite3 calm/ledger/acme.db 'SELECT run_id, number FROM job_result')" "$(sqlite3 ws/ledger/acme.db 'SELECT run_id, number FROM job_result')"
	run -0 "$pipeline" verify 20250401T020000Z -C ws
}

@test "ledgers of version 2 of two profiles: the first that runs does not wait for the other" {
	acme_after 1 ws
	jq '.name = "second" | .accounts = ["00000000-0000-4000-8000-000000000000"]' ws/profiles/acme.json >ws/profiles/second.json
	merge --ledger ws/ledger/second.db --emit none </dev/null
	as_version_2 ws/ledger/acme.db
	as_version_2 ws/ledger/second.db
	run_night 20250325T020000Z ws -p acme
	same '3 3' "$(sqlite3 ws/ledger/acme.db 'PRAGMA user_version') $(sqlite3 ws/ledger/second.db 'PRAGMA user_version')"
}
