#!/usr/bin/env bats
# The driver's command line: one table of commands and options, help, version, what it is called, what it computes (nothing).

load helper

pipeline=$root/pipeline.sh
export ENVTALLY_BIN=${ENVTALLY_BIN:-$root/bin}
# says STATUS TEXT COMMAND...: the command ends with that status, and the one line on stderr is TEXT.
says() {
	local wanted=$1 text=$2
	shift 2
	run --separate-stderr "$@"
	fails "$wanted" "$text"
}

commands="demo init validate run replay verify discard reconcile report explain policy models status export"

@test "COMMAND --help: every command has its own help, with an example that names it" {
	for command in $commands; do
		run -0 --separate-stderr "$pipeline" "$command" --help
		[ -z "$stderr" ]
		[[ ${lines[0]} == "Usage: pipeline.sh $command"* ]]
		[[ $output == *$'\nOptions\n'* ]]
		[[ $output == *"  -C WORKSPACE "* ]]
		grep -A 1 '^Example$' <<<"$output" | grep -q "^  ./pipeline.sh $command"
	done
	# Only its own options.
	run -0 "$pipeline" run --help
	[[ $output == *"--replay DIR"* ]]
	[[ $output != *"--as-of"* ]]
}

@test "help: every command of the table, and every option once" {
	run -0 "$pipeline" help
	for command in $commands; do grep -qE "^  $command( [A-Z]+)? " <<<"$output"; done
	same '' "$(awk '/^Options/ { on = 1; next } /^$/ { on = 0 } on { print $1 }' <<<"$output" | sort | uniq -d)"
	same "$output" "$("$pipeline")"
	same "$output" "$("$pipeline" --help)"
}

@test "an option that a command does not have is 64, and it is said which have it" {
	says 64 "pipeline.sh: cannot use '--check' with run: it is an option of status" "$pipeline" run --check
	says 64 "pipeline.sh: cannot use '--as-of' with report: it is an option of reconcile" "$pipeline" report --as-of 2025-01-01
	says 64 "pipeline.sh: cannot use '--warn-days' with verify: it is an option of run, reconcile, status" "$pipeline" verify --warn-days 3
	says 64 "pipeline.sh: cannot use '--name' with run: it is an option of init" "$pipeline" run --name acme
	says 64 "pipeline.sh: cannot use '--nonsense': unknown option (pipeline.sh run --help lists those of run)" "$pipeline" run --nonsense
	says 64 "pipeline.sh: cannot do 'nonsense': no such command (pipeline.sh help lists them)" "$pipeline" nonsense
	# A pattern is not a name.
	says 64 "pipeline.sh: cannot do 'r.n': no such command (pipeline.sh help lists them)" "$pipeline" r.n
}

@test "--opt=value is --opt value; an option without a value takes none" {
	acme_after 3 ws
	same "$("$pipeline" reconcile -C ws --as-of 2025-03-20)" "$("$pipeline" reconcile -C ws --as-of=2025-03-20)"
	same "$("$pipeline" explain -C ws --level position --format ndjson)" "$("$pipeline" explain -C ws --level=position --format=ndjson)"
	says 64 "pipeline.sh: cannot use '--check=1': the option takes no value" "$pipeline" status -C ws --check=1
	says 64 "pipeline.sh: cannot use '--as-of' without a value" "$pipeline" reconcile -C ws --as-of
	says 64 "pipeline.sh: cannot use '-x': report takes no operands" "$pipeline" report -C ws -- -x
}

@test "a command that is a stage too: what has the stage's options is for the stage" {
	same "$(reconcile --help)" "$("$pipeline" reconcile -e x --help 2>&1 || :)"
	echo '{"type":"RECORD","stream":"watermark","record":{"account_id":"a","watermark":"2025-03-01T00:00:00Z"}}' |
		run -0 --separate-stderr "$pipeline" report --title T --format csv
	acme_after 1 ws
	same "$("$ENVTALLY_BIN/export" --ledger ws/ledger/acme.db --stream account)" "$("$pipeline" export --ledger ws/ledger/acme.db --stream account)"
	same "$(policy hash)" "$("$pipeline" policy hash)"
	same "$(normalize --help)" "$("$pipeline" normalize --help)"
}

@test "--version is envtally's" {
	run -0 --separate-stderr "$pipeline" --version
	same "envtally $(sed -n 's/^VERSION = //p' "$root/Makefile")" "$output"
}

@test "a clone that was not built says so, and names the two commands" {
	mkdir clone
	cp -r "$pipeline" "$root/Makefile" clone/
	mkdir clone/lib
	cp -r "$root/lib/driver" clone/lib/
	unset ENVTALLY_BIN
	for command in run "status -C ws" merge "policy show"; do
		# shellcheck disable=SC2086 # words
		says 69 "pipeline.sh: cannot run '${command%% *}': the programs are not built yet; two commands do it: bin/bootstrap and make" clone/pipeline.sh $command
	done
	run -0 clone/pipeline.sh help
	run -0 clone/pipeline.sh run --help
	run -0 clone/pipeline.sh --version
}

@test "installed, it calls itself envtally in every message" {
	make -s -C "$root" install DESTDIR="$PWD/to" prefix=/usr >/dev/null
	sed -i "s|^stages=.*|stages=$PWD/to/usr/libexec/envtally|; s|^driver=.*|driver=$PWD/to/usr/libexec/envtally|" to/usr/bin/envtally
	unset ENVTALLY_BIN
	envtally=to/usr/bin/envtally
	says 64 "envtally: cannot do 'nonsense': no such command (envtally help lists them)" $envtally nonsense
	same "envtally $(sed -n 's/^VERSION = //p' "$root/Makefile")" "$($envtally --version)"
	for command in '' $commands; do
		# shellcheck disable=SC2086 # no word where there is no command
		run -0 $envtally $command --help
		[[ $output != *pipeline.sh* ]]
	done
	cp -r "$acme/profiles" "$acme/licence" .
	run -0 $envtally run -C . --replay "$acme/nights/20250318T020000Z"
	[[ $output == *"envtally: acme: run 20250318T020000Z is complete"* ]]
	[[ $output != *pipeline.sh* ]]
	# Nor do the programs know the script's name in the source.
	same '' "$(grep -l "pipeline\.sh" $(find to/usr/libexec/envtally -type f ! -name "*.sh") || :)"
}

@test "at most three processes of a run read and write facts, and no jq" {
	acme_workspace ws
	mkdir bin none
	ln -s "$ENVTALLY_BIN"/* bin/
	rm bin/run-facts
	printf '#!/bin/sh\necho run-facts >>"%s"\nexec "%s/run-facts" "$@"\n' "$PWD/calls" "$ENVTALLY_BIN" >bin/run-facts
	printf '#!/bin/sh\necho jq >>"%s"\nexit 70\n' "$PWD/calls" >none/jq
	chmod +x bin/run-facts none/jq
	PATH=$PWD/none:$PATH ENVTALLY_BIN=$PWD/bin run -0 "$pipeline" run -q -C ws --replay "$acme/nights/20250318T020000Z"
	run cat calls
	same $'run-facts\nrun-facts\nrun-facts' "$output"
	# Nor does any other command need it.
	for command in status report "status --positions --restatements" "reconcile" "reconcile --as-of 2025-03-19" "policy diff default default" \
		"explain" "replay 20250318T020000Z" "verify 20250318T020000Z" "models suggest" "export --stream account"; do
		# shellcheck disable=SC2086 # words
		PATH=$PWD/none:$PATH run -0 "$pipeline" $command -C ws -q
	done
	run grep -c jq calls
	same 0 "$output"
}

@test "split-streams: messages of streams go to their files, in order; the rest is dropped; nothing is written of what cannot be read" {
	cat >in <<-'END'
		{"type":"SCHEMA","stream":"a","schema":{},"key_properties":[]}
		{"type":"RECORD","stream":"a","record":{"n":1}}
		{"type":"RECORD","stream":"b","record":{"n":2}}
		{"type":"STATE","value":{}}
		{"type":"RECORD","stream":"c","record":{"n":3}}
		{"type":"RECORD","stream":"a","record":{"n":4}}
	END
	run -0 --separate-stderr split-streams a,b=ab a=- <in
	same "$(sed -n '1p; 2p; 6p' in)" "$output"
	same_files ab <(sed -n '1,3p; 6p' in)
	(cat in && echo 'not JSON') >broken
	run -65 split-streams c=c <broken
	[ ! -e c ]
	says 64 "split-streams: cannot use 'a': it is STREAM[,STREAM...]=FILE, and there are at most 16 (--help tells more)" split-streams a
}
