#!/usr/bin/env bats
# Old runs are folded into archives, or dropped for a checkpoint; what was proven is remembered. What is left can be replayed, packed and verified, and
# verify says where evidence begins.

load helper

pipeline=$root/pipeline.sh
export ENVTALLY_BIN=${ENVTALLY_BIN:-$root/bin}
first=20250318T020000Z second=20250325T020000Z last=20250401T020000Z

fresh() { # has zstd, and three nights
	command -v zstd >/dev/null || skip 'zstd is not installed'
	acme_after 3 ws
	runs=ws/runs/acme
}
setup_file() {
	cd "$BATS_FILE_TMPDIR" || return 1
	acme_after 3 plain
	acme_after 2 pruned
	command -v zstd >/dev/null || return 0
	"$pipeline" prune -q -C pruned --keep 1 --drop-after 1
	"$pipeline" run -q -C pruned --replay "$acme/nights/$last"
}
teardown() { sound_ledgers; }

verify() { "$pipeline" verify -C ws "$@"; }
prune() { "$pipeline" prune -q -C "${ws:-ws}" "$@"; }
files_of() { (cd "$1" && find . -type f -printf '%P\n' | LC_ALL=C sort | paste -sd ' '); }

@test "verify --new: one night more is proven from where the last proof ended, and a change since is caught" {
	fresh
	acme_after 2 ws2
	run -0 "$pipeline" verify --new -C ws2
	same "acme: the ledger is what the recordings of its 2 run(s) give" "$(grep ledger <<<"$output")"
	"$pipeline" run -q -C ws2 --replay "$acme/nights/$last"
	run -0 --separate-stderr "$pipeline" verify --new -C ws2
	same "acme: 2 run(s) up to $second: proven on $(date -u +%F), and not again; their manifests are unchanged
acme: 1 run(s) up to $last: every file is that of its manifest, in an unbroken chain
acme: run $last: every output is what its evidence gives, byte for byte
acme: the ledger is what it was after run $second and the recordings of the 1 run(s) since give
acme: the chain ends at run $last, whose manifest has the SHA-256 $(sha256sum <ws2/runs/acme/$last/raw/manifest.json | cut -d ' ' -f 1)" "$output"
	# The second night's files are not read again, but without the option, and by the name of a run.
	cp -a ws2/runs/acme/$second kept
	echo >>ws2/runs/acme/$second/results.ndjson
	run -0 "$pipeline" verify --new -C ws2
	for again in '' $last; do
		run --separate-stderr "$pipeline" verify -C ws2 ${again:+$again}
		fails 65 "run-facts: cannot verify run '$second': results.ndjson differs from its manifest"
	done
	rm -r ws2/runs/acme/$second && mv kept ws2/runs/acme/$second
	# A manifest, the newest run, the ledger: what they are is always looked at.
	cp -a ws2 sound
	echo >>ws2/runs/acme/$first/raw/manifest.json
	run --separate-stderr "$pipeline" verify --new -C ws2
	fails 65 "run-facts: cannot verify run '$first': raw/manifest.json is not the one that the ledger promoted"
	rm -r ws2 && cp -a sound ws2
	echo >>ws2/runs/acme/$last/report.html
	run --separate-stderr "$pipeline" verify --new -C ws2
	fails 65 "run-facts: cannot verify run '$last': report.html differs from its manifest"
	rm -r ws2 && cp -a sound ws2
	sqlite3 ws2/ledger/acme.db 'DELETE FROM sent_week WHERE account = 1'
	run --separate-stderr "$pipeline" verify --new -C ws2
	[[ $status -eq 65 && $stderr == "run-facts: cannot verify ledger 'ws2/ledger/acme.db': table sent_week, row account_id "* ]]
	# What is remembered and does not fit is as if it were not there: another ledger, a changed copy, words for numbers.
	rm -r ws2 && cp -a sound ws2
	sqlite3 ws2/ledger/acme.proven/$last.db 'DELETE FROM sent_week'
	run -0 "$pipeline" verify --new -C ws2
	same "acme: 3 run(s) up to $last: every file is that of its manifest, in an unbroken chain" "${lines[0]}"
	sed -i 's/"runs": 3/"runs": "1e touch evil"/' ws2/ledger/acme.proven/checkpoint.json
	run --separate-stderr "$pipeline" verify --new -C ws2
	fails 65 "run-facts: cannot read 'ws2/ledger/acme.proven/checkpoint.json': it is not a checkpoint"
	[ ! -e evil ]
}

@test "folded runs: what is kept, what it gives back, and every command that needs them gives the same" {
	fresh
	run -0 "$pipeline" prune -C ws --keep 1 --dry-run
	same "acme: run $first would be folded
acme: run $second would be folded" "$output"
	same_files <(files_of $runs) <(files_of "$BATS_FILE_TMPDIR/plain/runs/acme")
	prune --keep 1
	for run in $first $second; do
		same 'files.tar.zst job.json raw/manifest.json restatements.ndjson' "$(files_of $runs/$run)"
		[ "$(stat -c %s $runs/$run/files.tar.zst)" -lt $(($(du -sb "$BATS_FILE_TMPDIR/plain/runs/acme/$run" | cut -f 1) / 5)) ]
	done
	# With the tools of the documents, by hand.
	tar --zstd -xOf $runs/$second/files.tar.zst ./results.ndjson | same_files - "$BATS_FILE_TMPDIR/plain/runs/acme/$second/results.ndjson"
	run -0 "$pipeline" status -C ws --check --now 2025-04-01T03:00:00Z
	for command in "replay $second" "verify $second" verify 'reconcile --as-of 2025-03-26' 'chargeback --by account --billed 2025-03-20' \
		'explain --level exchange --period 2024-10-31' 'status --restatements --now 2025-04-01T03:00:00Z'; do
		# shellcheck disable=SC2086 # words
		"$pipeline" $command -C ws >folded
		# shellcheck disable=SC2086
		"$pipeline" $command -C "$BATS_FILE_TMPDIR/plain" >plain
		same_files plain folded
	done
	for pack in ws "$BATS_FILE_TMPDIR/plain"; do "$pipeline" evidence $second -q -C "$pack" --to "$(basename "$pack").tar"; done
	same_files plain.tar ws.tar
	# Unfolded by hand it is a run as it was; the archive that stays beside it does no harm.
	tar --zstd -xf $runs/$first/files.tar.zst -C $runs/$first
	run -0 verify $last
	rm $runs/$first/files.tar.zst
	same_files <(files_of "$BATS_FILE_TMPDIR/plain/runs/acme/$first") <(files_of $runs/$first)
	run -0 verify $last
	# The same files give the same archive.
	cp $runs/$second/files.tar.zst archive
	tar --zstd -xf archive -C $runs/$second && rm $runs/$second/files.tar.zst
	touch $runs/$second/*
	prune --keep 1
	same_files archive $runs/$second/files.tar.zst
}

@test "an archive that was changed is caught, and a hostile one writes nothing outside" {
	fresh
	prune --keep 1
	cp -a $runs/$second sound
	attack() { # COMMAND: on the archive's content
		rm -rf $runs/$second content
		cp -a sound $runs/$second
		mkdir content && tar --zstd -xf $runs/$second/files.tar.zst -C content
		(cd content && eval "$1")
		tar -C content --zstd -cPf $runs/$second/files.tar.zst .
		run --separate-stderr verify $last
		[[ $status -eq 65 ]] || { echo "$1: $status $stderr"; false; }
	}
	attack 'echo >>results.ndjson'
	same "run-facts: cannot verify run '$second': results.ndjson differs from its manifest" "$stderr"
	attack 'rm results.ndjson'
	attack 'echo {} >inputs/policy.json'
	same "run-facts: cannot verify run '$second': inputs/policy.json is not in its manifest" "$stderr"
	echo mine >victim
	attack "ln -s $PWD/victim job.json"
	same mine "$(<victim)"
	head -c 1000 sound/files.tar.zst >$runs/$second/files.tar.zst
	run --separate-stderr verify $last
	[[ $status -eq 65 && $stderr == "pipeline.sh: cannot unfold '$runs/$second/files.tar.zst': "* ]]
	# A bomb of zeros, as such and as a hole, writes next to nothing.
	attack 'truncate -s 200M results.ndjson'
	[[ $stderr == "pipeline.sh: cannot unfold '$runs/$second/files.tar.zst': it gives more than "*" bytes, which is too much for an archive of its size" ]]
	(cd content && truncate -s 1T results.ndjson && tar -S --zstd -cf ../$runs/$second/files.tar.zst .)
	run --separate-stderr verify $last
	fails 65 "run-facts: cannot verify run '$second': results.ndjson differs from its manifest"
	# One that is damaged is not folded, and nothing of it is removed.
	rm -r $runs/$second && cp -a "$BATS_FILE_TMPDIR/plain/runs/acme/$second" $runs/
	echo >>$runs/$second/results.ndjson
	before=$(files_of $runs/$second)
	run --separate-stderr prune --keep 1
	fails 65 "run-facts: cannot verify run '$second': results.ndjson differs from its manifest"
	same "$before" "$(files_of $runs/$second)"
}

@test "a file that is what it was the night before is on disk once; a change by hand is found in both; a copy gives the same pack" {
	fresh
	# One that is large enough.
	printf '{"name":"long","version":1,"statuses":{}%9000s}\n' '' >long.json
	acme_after 1 ws2
	cp long.json ws2/licence/policy.json
	for night in $second $last; do "$pipeline" run -q -C ws2 --replay "$acme/nights/$night"; done
	runs=ws2/runs/acme
	same "$(stat -c '%i 2' $runs/$second/inputs/policy.json)" "$(stat -c '%i %h' $runs/$last/inputs/policy.json)"
	same '1 1 1' "$(stat -c %h ws2/licence/policy.json $runs/$last/inputs/profile.json $runs/$last/report.html | paste -sd ' ')"
	same '' "$(find ws2 -name '*.same')"
	run -0 "$pipeline" verify -C ws2
	cp -r ws2 copy
	same 1 "$(stat -c %h copy/runs/acme/$last/inputs/policy.json)"
	for place in ws2 copy; do "$pipeline" evidence $last -q -C $place --to $place.tar; done
	same_files ws2.tar copy.tar
	tar -cf backup.tar ws2 && mkdir restored && tar -xf backup.tar -C restored
	echo >>$runs/$second/inputs/policy.json
	for run in $second $last; do
		run --separate-stderr run-facts verify-files $run --runs $runs
		fails 65 "run-facts: cannot verify run '$run': inputs/policy.json differs from its manifest"
	done
	# The night after a prune of the one before has it all.
	"$pipeline" prune -q -C restored/ws2 --keep 1
	same 1 "$(stat -c %h restored/ws2/runs/acme/$last/inputs/policy.json)"
	run -0 "$pipeline" verify -C restored/ws2
}

@test "dropped runs: a checkpoint takes their place, the next run names it, and what is left is proven" {
	fresh
	cp -a "$BATS_FILE_TMPDIR/pruned" after
	runs=after/runs/acme
	same 'job.json raw/manifest.json restatements.ndjson' "$(files_of $runs/$first)"
	# The run after it gives what it gives without a prune, but that it has frozen the checkpoint.
	for file in results.ndjson consumption.ndjson accounts.ndjson report.html; do same_files "$BATS_FILE_TMPDIR/plain/runs/acme/$last/$file" $runs/$last/$file; done
	same_files after/ledger/acme.checkpoint/checkpoint.json $runs/$last/inputs/checkpoint.json
	digest=$(sha256sum <after/ledger/acme.checkpoint/checkpoint.json)
	begins="acme: not proven: 1 run(s) up to $first: evidence begins after them, with what their recordings gave: checkpoint of $(date -u +%F), SHA-256 ${digest%% *}; run $last names it"
	for which in '' --new $second $last; do
		run -0 --separate-stderr "$pipeline" verify -C after ${which:+"$which"}
		same "$begins" "${lines[0]}"
		[[ $output == *"acme: the chain ends at run $last"* ]]
	done
	run -0 "$pipeline" replay $last -C after
	for command in "verify $first" "replay $first" "evidence $first --to pack"; do
		# shellcheck disable=SC2086 # words
		run --separate-stderr "$pipeline" $command -C after
		[[ $status -eq 66 && $stderr == "pipeline.sh: cannot "*" run '$first': evidence begins after run $first" ]] || { echo "$command: $stderr"; false; }
	done
	run --separate-stderr "$pipeline" reconcile -C after --as-of 2025-03-20
	fails 66 "pipeline.sh: cannot reconcile profile 'acme' as of 2025-03-20: it needs the files of run '$first': evidence begins after run $first"
	run -0 "$pipeline" reconcile -q -C after --as-of 2025-03-26
	run -0 "$pipeline" status -C after --check --now 2025-04-01T03:00:00Z
	run -0 "$pipeline" explain -C after --level exchange --period 2024-10-31
	grep -q '  its recording is not kept$' <<<"$output"
	! grep -q 'NOT FOUND' <<<"$output"
	# A pack has the checkpoint, and is verified without the workspace; its README checks it.
	"$pipeline" evidence $last -q -C after --to pack.tar
	run -0 --separate-stderr "$pipeline" verify pack.tar
	[[ $output == *"evidence begins after them"* && ${lines[-1]} == "acme: run $last: every output is what its evidence gives, byte for byte" ]]
	mkdir unpacked && tar -xf pack.tar -C unpacked
	(cd unpacked/envtally-evidence && sha256sum --quiet --strict -c SHA256SUMS && sed -n 's/^       while /while /p' README >chain.sh && bash -e chain.sh)
	# The ledger is made anew from there.
	rm after/ledger/acme.db*
	"$pipeline" rebuild -q -C after
	run -0 --separate-stderr "$pipeline" verify -C after
	# The next checkpoint follows the one that a run names; a forged one does not.
	ws=after prune --keep 1 --drop-after 1
	run -0 --separate-stderr "$pipeline" verify -C after $last
	[[ ${lines[0]} == *"2 run(s) up to $second: "*"; no run names it yet" ]]
	same "${digest%% *}" "$(jq -r .before after/ledger/acme.checkpoint/checkpoint.json)"
	sed -i 's/"before": "./"before": "x/' after/ledger/acme.checkpoint/checkpoint.json
	run --separate-stderr "$pipeline" verify -C after
	fails 65 "pipeline.sh: cannot use the checkpoint of run '$second': it is not the one that run $last names"
	ws=after prune --keep 1
	printf x >>after/ledger/acme.checkpoint/$second.db
	run --separate-stderr "$pipeline" replay $last -C after
	[ "$status" -eq 65 ]
}

@test "prune refuses what it cannot prove, never touches the newest run, and keeps days" {
	fresh
	cp -a ws sound
	echo >>$runs/$first/results.ndjson
	run --separate-stderr prune --drop-after 1
	fails 65 "run-facts: cannot verify run '$first': results.ndjson differs from its manifest"
	same_files <(files_of sound/runs/acme) <(files_of $runs)
	[ ! -e ws/ledger/acme.checkpoint ]
	rm -r ws && cp -a sound ws
	run -0 "$pipeline" prune -C ws --keep 1000
	run -0 "$pipeline" prune -C ws --keep 1 --drop-after 8d --dry-run
	same "acme: run $first would be dropped
acme: the files of runs up to $first would be gone: no replay, no reconcile --as-of and no recorded exchange of their time; their figures stay in the ledger
acme: run $second would be folded" "$output"
	same_files <(files_of sound/runs/acme) <(files_of $runs)
	prune --keep 1 --drop-after 1d
	same_files <(files_of sound/runs/acme/$last) <(files_of $runs/$last)
	same 'job.json raw/manifest.json restatements.ndjson' "$(files_of $runs/$second)"
	for wrong in '' --keep=0 --keep=x --keep=1w --drop-after=-1; do
		# shellcheck disable=SC2086 # none
		run --separate-stderr "$pipeline" prune -C ws $wrong
		[ "$status" -eq 64 ]
	done
	# Not while a run is under way.
	exec 9>>ws/ledger/acme.lock
	flock 9
	run --separate-stderr prune --keep 1
	[ "$status" -eq 75 ]
	exec 9>&-
}

@test "killed at any point, prune goes on the next time, and evidence holds in between" {
	fresh
	mkdir bin
	for tool in tar mv find sync; do
		cat >bin/$tool <<-END
			#!/bin/bash
			[[ ! "$tool \$*" =~ \$KILL_AT ]] || { kill -KILL "\$DRIVER"; exit 1; }
			exec $(command -v $tool) "\$@"
		END
		chmod +x bin/$tool
	done
	cp -a ws sound
	# The checkpoint, what a dropped run loses; the name of an archive, what a folded run loses.
	for at in 'sync .*/checkpoint.json' 'find \. .*-name \.' 'mv .*folding' 'find \. .*-name files'; do
		rm -rf ws && cp -a sound ws
		# shellcheck disable=SC2016 # the driver's own id
		KILL_AT=$at run bash -c 'export DRIVER=$$ PATH="$1:$PATH"; exec "${@:2}"' - "$PWD/bin" "$pipeline" prune -q -C ws --keep 1 --drop-after 2
		same 137 "$status"
		run -0 verify $last
		run -0 "$pipeline" prune -q -C ws --keep 1 --drop-after 2
		same 'job.json raw/manifest.json restatements.ndjson' "$(files_of $runs/$first)"
		same 'files.tar.zst job.json raw/manifest.json restatements.ndjson' "$(files_of $runs/$second)"
		same "$first.db checkpoint.json" "$(files_of ws/ledger/acme.checkpoint)"
		same '' "$(find ws -name '*.folding')"
	done
	run -0 verify $last
}
