#!/usr/bin/env bats
# What is kept is on the disk before anything relies on it: files before they are named, bodies before the line that says they are whole.
# tests/crash/fault.c fails one call after the other, and so tells their order.

# shellcheck disable=SC2154 # root and the like are helper's

load helper
load recording

setup_file() {
	"$build/tests/fault" "$BATS_FILE_TMPDIR/report" kill 0 true || skip "system calls cannot be watched here"
}

# calls COMMAND…: the calls by which it changes files, in order, one a line: CALL and the path's last part without what mkostemp() has put there.
# Each is made to fail, and the command has to say so.
calls() {
	local at=0 call path
	while :; do
		at=$((at + 1))
		rm -rf new
		status=0
		"$build/tests/fault" report EIO $at "$@" >out 2>said 3>&- || status=$?
		read -r _ call path < <(sed -n 2p report) || true
		[ -n "$call" ] || break
		[[ $status == 7[34] ]] || {
			echo "$call $path: status $status: $(cat said)"
			return 1
		}
		path=${path##*/}
		[[ $path == *.bodies ]] || path=${path%.??????}
		printf '%s %s\n' "$call" "$path"
	done
}

connection='{"type":"CONNECTION","profile":"acme","organization_id":"9dd1c1a4-5b6e-4c2f-8a37-0e5f6b1d2c90","api_base":"https://api.docusign.net","contract_start":"2024-01-31","renewal_months":3,"feed":"datafeed","lookback_days":8,"concurrency":8,"ca_bundle":null,"accounts":null,"download_consumption":true,"access_token":null,"expires_at":null,"token_command":null}'
page() { printf 'https://api.docusign.net/api/v2.0/datasets/envelopes/stream?accountId=a&cursor=%s&limit=1000' "$1"; }

# A recording of one account, of two pages, and the input that asks for it.
recorded() {
	rm -rf r
	recording_begin r fetch-datafeed 2025-03-18T02:00:00.000Z
	recording_answer "$(page 2024-01-31T00%3A00%3A00.000Z)" 200 '{"endCursor":"n","data":[{"envelopeId":"e","lastModifiedDateTime":"2025-03-01T00:00:00Z"}]}'
	recording_answer "$(page n)" 200 '{"endCursor":"n","data":[]}'
	recording_end
	printf '%s\n{"type":"RECORD","stream":"account","record":{"account_id":"a"}}\n' "$connection" >in
}

@test "a recording: its bodies, then the line that ends it, then their names" {
	recorded
	export PATH
	calls bash -c 'exec fetch-datafeed -q --replay r --record new <in' >got
	same "$(printf '%s\n' 'mkdir new' 'open fetch-datafeed.exchanges' 'ftruncate fetch-datafeed.exchanges' 'open fetch-datafeed.bodies' 'ftruncate fetch-datafeed.bodies' \
		'write fetch-datafeed.exchanges' 'write fetch-datafeed.bodies' 'write fetch-datafeed.exchanges' 'write fetch-datafeed.bodies' 'write fetch-datafeed.exchanges' \
		'fsync fetch-datafeed.bodies' 'write fetch-datafeed.exchanges' 'fsync fetch-datafeed.exchanges' 'fsync new')" "$(sed s/openat/open/ got | grep -v ' out$')"
}

@test "a file that a program writes has its name only when it is whole" {
	echo '{"a":1}' >in
	calls bash -c 'mkdir -p new; exec normalize -q --rejects new/rejects <in' >got
	same "$(printf '%s\n' 'open rejects' 'write rejects' 'fsync rejects' 'rename rejects')" "$(sed s/openat/open/ got | grep rejects)"
}

# probe_tools NAME...: these in probe/ say in `log` that they were called, and on what.
probe_tools() {
	mkdir -p probe
	for tool; do
		printf '#!/bin/sh\necho %s "$@" >>%q\nexec %s "$@"\n' "$tool" "$PWD/log" "$(command -v "$tool")" >"probe/$tool"
		chmod +x "probe/$tool"
	done
}

@test "an export has its name only when it is on the disk" {
	mkdir -p ws/ledger
	acme_workspace ws
	envelope '{}' | merge --ledger ws/ledger/acme.db --emit none
	probe_tools sync mv
	for format in ndjson sqlite; do
		: >log
		PATH=$PWD/probe:$PATH "$root/pipeline.sh" export -q -C ws --format $format --to out.$format
		[ -s out.$format ]
		same "sync mv" "$(cut -d ' ' -f 1 log | xargs)"
	done
}

@test "prune: an archive, a checkpoint and its ledger are on the disk before files of a run are removed" {
	command -v zstd >/dev/null || skip 'zstd is not installed'
	acme_after 3 ws
	probe_tools sync mv find
	PATH=$PWD/probe:$PATH "$root/pipeline.sh" prune -q -C ws --keep 1 --drop-after 2
	sed -E "s/^(find).* -delete$/\1/; s,[^ ]*/,,g; s/[0-9]{8}T[0-9]{6}Z/RUN/g" log | sed "1,/^mv .RUN.partial RUN$/d" >got # what comes first is the replay
	same "sync .new
mv .new RUN.db
sync checkpoint.json acme.checkpoint
find
find
find
sync .RUN.folding
mv .RUN.folding files.tar.zst
sync RUN
find
find" "$(cat got)"
}

@test "a recording that was changed is refused, also where its chain was made right again" {
	while IFS='|' read -r what change reason; do
		recorded
		(eval "$change")
		run --separate-stderr fetch-datafeed -q --replay r <in
		[[ $status == 65 && $stderr == *"$reason"* ]] || { echo "$what: $status: $stderr"; false; }
	done <<-'END'
		nothing follows the bodies|printf x >>r/fetch-datafeed.bodies|has bytes after the last body
		nothing follows the end|{ cat r/fetch-datafeed.exchanges && tail -n 1 r/fetch-datafeed.exchanges; } >x && mv x r/fetch-datafeed.exchanges && rechain r/fetch-datafeed.exchanges|something follows the end line
		the end counts what there is|sed -i 's/"exchanges":2/"exchanges":3/' r/fetch-datafeed.exchanges && rechain r/fetch-datafeed.exchanges|it counts other exchanges than there are
		exchanges are in order|sed -i 's/"exchange":2,/"exchange":3,/' r/fetch-datafeed.exchanges && rechain r/fetch-datafeed.exchanges|it is not exchange 2
		bodies follow each other|sed -i 's/"body_offset":0,/"body_offset":1,/' r/fetch-datafeed.exchanges && rechain r/fetch-datafeed.exchanges|its body is not where the previous one ends
		a body is what was hashed|sed -i 's/"envelopeId":"e"/"envelopeId":"f"/' r/fetch-datafeed.bodies|was changed: the hash differs
		bodies are whole|truncate -s -1 r/fetch-datafeed.bodies|ends before its body does
		a line is what was chained|sed -i 's/"status":200/"status":201/' r/fetch-datafeed.exchanges|its chain does not fit
	END
	recorded
	run -0 --separate-stderr fetch-datafeed -q --replay r <in
}

@test "a recording is not for others, and two that record into one folder are one" {
	recorded
	(umask 0 && fetch-datafeed -q --replay r --record new <in >out)
	same "640 640" "$(stat -c %a new/fetch-datafeed.* | xargs)"
	sed -i '$d' new/fetch-datafeed.exchanges # it may be gone on with
	exec 8<new/fetch-datafeed.exchanges
	flock 8
	run --separate-stderr fetch-datafeed -q --replay r --record new <in
	exec 8<&-
	same 75 "$status"
	[[ $stderr == *"cannot write 'new/fetch-datafeed.exchanges': another process is recording there"* ]]
}
