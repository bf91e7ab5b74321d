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

commands="demo init validate run replay verify evidence discard reconcile report explain policy models entitlements status export"

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
	same '' "$(awk '/^Options/ { on = 1; next } /^$/ { on = 0 } on && /^  [^ ]/ { print $1 }' <<<"$output" | sort | uniq -d)"
	same "$output" "$("$pipeline" --help)"
	same "$output" "$("$pipeline" --help)"
}

@test "an option that a command does not have is 64, and it is said which have it" {
	says 64 "pipeline.sh: cannot use '--check' with run: it is an option of status" "$pipeline" run --check
	says 64 "pipeline.sh: cannot use '--as-of' with report: it is an option of reconcile" "$pipeline" report --as-of 2025-01-01
	says 64 "pipeline.sh: cannot use '--warn-days' with verify: it is an option of run, reconcile, status" "$pipeline" verify --warn-days 3
	says 64 "pipeline.sh: cannot use '--name' with run: it is an option of init" "$pipeline" run --name acme
	says 64 "pipeline.sh: cannot use '--nonsense': unknown option (pipeline.sh run --help lists those of run)" "$pipeline" run --nonsense
	says 64 "pipeline.sh: cannot do 'reprot': no such command (pipeline.sh help lists them); did you mean 'report'?" "$pipeline" reprot
	says 64 "pipeline.sh: cannot do 'normalise': no such command (pipeline.sh help lists them); did you mean 'normalize'?" "$pipeline" normalise
	says 64 "pipeline.sh: cannot use '--postions': unknown option (pipeline.sh status --help lists those of status); did you mean '--positions'?" "$pipeline" status --postions
	says 64 "merge: cannot use '--leger': unknown option; did you mean --ledger? (see --help)" "$pipeline" merge --leger x
	mkdir -p near/profiles
	: >near/profiles/acme-europe.json
	says 66 "pipeline.sh: cannot open profile 'acme-euorpe': neither a file nor in near/profiles; did you mean 'acme-europe'?" "$pipeline" report -C near -p acme-euorpe
	says 64 "pipeline.sh: cannot do 'nonsense': no such command (pipeline.sh help lists them)" "$pipeline" nonsense
	# A pattern is not a name.
	says 64 "pipeline.sh: cannot do 'r.n': no such command (pipeline.sh help lists them); did you mean 'run'?" "$pipeline" r.n
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
	same "envtally $(merge --version | sed 's/.* //')" "$output"
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
	same "envtally $(merge --version | sed 's/.* //')" "$($envtally --version)"
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
	# The page of all runs is written once a command, and is no fact.
	printf '#!/bin/sh\ncase "$*" in *index*) ;; *) echo run-facts >>"%s" ;; esac\nexec "%s/run-facts" "$@"\n' "$PWD/calls" "$ENVTALLY_BIN" >bin/run-facts
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
	says 64 "split-streams: cannot use 'a': it must be STREAM[,STREAM...]=FILE, and at most 16 of them (see --help)" split-streams a
}

# ---- init ----

organization=9dd1c1a4-5b6e-4c2f-8a37-0e5f6b1d2c90
integration_key=11111111-2222-4333-8444-555555555555
init=(--organization-id "$organization" --contract-start 2025-01-31 --renewal-months 12 --environment demo --integration-key "$integration_key"
	--key-file beta.pem)

@test "init: a secret is refused with 64, however it is spelled, before anything is written, and is not repeated" {
	local wrong
	for wrong in "--key-password Secret12" "--key-password=Secret12" "--key-password=pass:Secret12" "--key-password fd:Secret12" \
		"--key_password Secret12" "--Key-Password=Secret12" "--KEYPASSWORD Secret12" "--password Secret12" "--client_secret=Secret12" "--client-secret Secret12" \
		"--token Secret12" "--TOKEN=Secret12" "client_secret=Secret12" "key_password=Secret12" "-pSecret12" "--user-id https://me:Secret12@host" \
		"--key-file https://me:Secret12@host/key.pem"; do
		# shellcheck disable=SC2086 # words
		run --separate-stderr "$pipeline" init -C new --name beta "${init[@]}" $wrong </dev/null
		[ "$status" -eq 64 ]
		[[ $stderr == "pipeline.sh: cannot use "* && $stderr != *$'\n'* && $output$stderr != *Secret12* ]]
		[ ! -e new ]
	done
	says 64 "pipeline.sh: cannot use '--client_secret': a profile holds no secrets; --key-file names the file of the key, --key-password file:PATH that of its password" \
		"$pipeline" init -C new --client_secret Secret12
	run --separate-stderr "$pipeline" init -C new --name beta "${init[@]}" --key-alias '-----BEGIN RSA PRIVATE KEY-----' </dev/null
	[ "$status" -eq 64 ]
	for good in file:beta.password fd:3 env:BETA_PASSWORD; do
		"$pipeline" init -q -C "new-${good%%:*}" --name beta "${init[@]}" --key-password "$good" </dev/null
		same "$good" "$(jq -r .key_password "new-${good%%:*}/profiles/beta.json")"
	done
}

@test "a profile that holds a secret: every program that reads a profile says so, with 78, and does not repeat it" {
	acme_after 1 ws
	local member
	for member in '.key_password = "Secret12"' '.key_password = "pass:Secret12"' '.client_secret = "Secret12"' '.Token = "Secret12"' '."Key-Password" = "Secret12"' \
		'.password = ["Secret12"]' '.privateKey = "Secret12"' '.key_file = "-----BEGIN PRIVATE KEY-----Secret12"' '.api_base = "https://me:Secret12@api.docusign.net"'; do
		jq "$member" "$acme/profiles/acme.json" >ws/profiles/acme.json
		for command in "$pipeline run -C ws --replay $acme/nights/20250325T020000Z" "auth -p ws/profiles/acme.json --replay ." \
			"aggregate-by-period -p ws/profiles/acme.json" "run-facts profile ws/profiles/acme.json" "run-facts survey --profile ws/profiles/acme.json"; do
			# shellcheck disable=SC2086 # words
			run --separate-stderr $command </dev/null
			[ "$status" -eq 78 ]
			[[ $stderr == *": cannot use profile 'ws/profiles/acme.json': \""*"never the password itself" || $stderr == *"holds a secret, and a profile must not"* ]]
			[[ $output$stderr != *Secret12* && $stderr != *$'\n'* ]]
		done
	done
	for command in validate status report explain "policy diff default default" models\ suggest export reconcile "replay 20250318T020000Z" "verify 20250318T020000Z"; do
		# shellcheck disable=SC2086 # words
		run --separate-stderr "$pipeline" $command -C ws </dev/null
		[ "$status" -eq 78 ]
		[[ $output$stderr == *"cannot use profile 'ws/profiles/acme.json': \"api_base\" holds a secret"* && $output$stderr != *Secret12* ]]
	done
}

# answered ANSWER...: init on a terminal that is given these lines.
answered() {
	command -v script >/dev/null || skip "script is not installed"
	printf '%s\n' "$@" >answers
	run script -qec "stty -echo; exec '$pipeline' init -C ws" /dev/null <answers
	output=${output//$'\r'/}
}
asked() { grep -oF "$1" <<<"$output" | wc -l; } # how often

@test "init on a terminal: each answer is checked when it is given, what was good is not asked again" {
	own_key key.pem secret-1
	echo secret-1 >password
	echo secret-2 >wrong
	echo hello >text
	answered a/b beta '' nonsense $organization 31.01.2025 2025-01-31 99 '' staging demo key $integration_key '' \
		missing.pem text key.pem Secret12 file:nowhere file:wrong file:password me '' nofeed ''
	[ "$status" -eq 0 ]
	for said in "it must be letters, digits" "it must be the UUID of the Docusign organization" "it must be a date such as 2025-01-31" \
		"it must be a whole number from 1 to 60" "it is production or demo" "it must be a UUID such as" "there is no such file in ws/profiles, nor here" \
		"PEM, DER, PKCS#12" "it must be where the key's password is: file:PATH" "cannot open the password file" \
		"the password is wrong" "it is not datafeed, datafeed-elements, esign, connect or envelope-report"; do
		[[ $output == *"$said"* ]] || { echo "not said: $said"; return 1; }
	done
	same "2 3 2 2 2 2 1 3 4 0 2 2" "$(for question in "Name of" "Organization id" "Start of" "Months of" "Environment:" "Integration key" "Key pair" \
		"Private key:" "Where the key" "Which key" "User to" "Feed desc"; do asked "$question"; done | paste -sd ' ')"
	jq -e --arg key "$PWD/key.pem" --arg password "file:$PWD/password" '.name == "beta" and .renewal_months == 12 and .audience == "account-d.docusign.com" and
		.key_file == $key and .key_password == $password and .key_pair_id == null and .user_id == null and .feed == "datafeed"' ws/profiles/beta.json
	auth -p ws/profiles/beta.json --key-info | grep -q '^password: *needed'
	[[ $output == *"next: fill in ws/licence/entitlements.csv and models.csv"* ]]
	run ! grep -rE 'Secret12|secret-1' ws
	# A profile of that name is said to be there at once.
	answered beta gamma
	[ "$status" -eq 64 ]
	same 2 "$(asked 'Name of')"
	[[ $output == *"ws/profiles/beta.json exists"*"cannot make a profile: no answer for organization-id" ]]
}

@test "init on a terminal: a store of several keys, one is chosen; a key without a password is not asked for one" {
	own_key plain.pem
	answered beta $organization 2025-01-31 12 demo $integration_key '' plain.pem '' ''
	[ "$status" -eq 0 ]
	same "0 0" "$(asked "Where the key") $(asked "Which key")"
	command -v keytool >/dev/null || skip "keytool is not installed"
	for alias in one two; do
		keytool -genkeypair -alias $alias -keyalg RSA -keysize 2048 -dname CN=x -keystore two.p12 -storetype PKCS12 -storepass secret-1 2>/dev/null
	done
	echo secret-1 >password
	answered gamma $organization 2025-01-31 12 demo $integration_key '' two.p12 file:password three two '' ''
	[ "$status" -eq 0 ]
	[[ $output == *"name one with key_alias"*"'one', 'two'"*"cannot find the key 'three'"* ]]
	same two "$(jq -r .key_alias ws/profiles/gamma.json)"
}

@test "init: what is there is checked, what is not there may come later; a key that does not open, an unknown feed" {
	echo hello >text
	says 65 "pipeline.sh: cannot read '$PWD/text': it is not a PEM, DER, PKCS#12 or JKS file" \
		"$pipeline" init -C new --name beta "${init[@]}" --key-file "$PWD/text" </dev/null
	own_key key.pem secret-1
	run --separate-stderr "$pipeline" init -C new --name beta "${init[@]}" --key-file "$PWD/key.pem" </dev/null
	refused 78 "pipeline.sh: cannot decrypt '$PWD/key.pem': it is protected by a password and none is given: name its source with key_password (--key-password)*"
	run --separate-stderr "$pipeline" init -C new --name beta "${init[@]}" --feed nonsense </dev/null
	refused 78 "pipeline.sh: cannot use --feed: it is not datafeed, datafeed-elements, esign, connect or envelope-report,*"
	run --separate-stderr "$pipeline" init -C new --name beta "${init[@]}" --user-id me </dev/null
	refused 78 "pipeline.sh: cannot use --user-id: it must be a UUID such as 3f6b8d21-77c4-4e0d-a5b9-c81d2e4f6a70, as Docusign Admin shows it"
	[ ! -e new ]
}

@test "a descriptor's path: relative to the profile's folder, or absolute; no path is a feed of ours" {
	mkdir -p there/sub elsewhere
	echo '{}' >there/wrong.json
	for feed in datafeed own.json ./own sub/own "$PWD/own.json"; do
		jq --arg feed "$feed" '.feed = $feed' "$acme/profiles/acme.json" >there/acme.json
		case $feed in
		datafeed) expected=datafeed ;;
		/*) expected=$feed ;;
		*) expected=$PWD/there/$feed ;;
		esac
		same "$expected" "$(cd elsewhere && auth -p "$OLDPWD/there/acme.json" --replay "$acme/nights/20250318T020000Z" | value_of feed)"
	done
	run --separate-stderr "$pipeline" init -C new --name beta "${init[@]}" --feed "$PWD/there/wrong.json" </dev/null
	refused 78 "pipeline.sh: cannot use --feed: *"
	[ ! -e new ]
}

@test "init: the licence files explain themselves, and are read" {
	run -0 --separate-stderr "$pipeline" init -C new --name beta "${init[@]}" </dev/null
	same "pipeline.sh: wrote new/profiles/beta.json
pipeline.sh: next: put the key at new/profiles/beta.pem
pipeline.sh: next: fill in new/licence/entitlements.csv and models.csv, then ./pipeline.sh validate -C new" "$stderr"
	for file in entitlements models; do
		[[ $(head -n 1 new/licence/$file.csv) == "# What was bought: "* || $(head -n 1 new/licence/$file.csv) == "# Which plan items "* ]]
		# The example in it is a row that is read.
		sed -n 's/^# \(ENT-1,.*\|Docusign,.*\)/\1/p' new/licence/$file.csv >>new/licence/$file.csv
	done
	run -0 --separate-stderr reconcile --entitlements new/licence/entitlements.csv --models new/licence/models.csv </dev/null
	same '' "$stderr"
	# A spreadsheet pads the lines, and puts quotes around cells with a comma.
	sed 's/^# \(.*\)$/"# \1",,,,/' new/licence/models.csv >padded.csv
	run -0 --separate-stderr reconcile --entitlements new/licence/entitlements.csv --models padded.csv </dev/null
	same '' "$stderr"
	# Below the column names a row is never dropped; a file of comments only lacks them.
	echo '# ENT-2' >>new/licence/entitlements.csv
	run --separate-stderr reconcile --entitlements new/licence/entitlements.csv --models new/licence/models.csv </dev/null
	[ "$status" -eq 65 ]
	[[ $stderr == *"'new/licence/entitlements.csv' line 9: it has 1 cells, the header has 18"* ]]
	grep '^#' new/licence/models.csv >comments.csv
	run --separate-stderr reconcile --entitlements new/licence/entitlements.csv --models comments.csv </dev/null
	[[ $stderr == *"cannot read 'comments.csv': it is empty, its first line must name the columns"* ]]
}

# kind FILE: of what format a file is, by its content.
kind() {
	case $(head -c 16 "$1") in
	'') echo nothing ;;
	'{"type":"SCHEMA"'*) jq -c .type "$1" | sort -u | grep -qvxE '"(SCHEMA|RECORD|STATE)"' || echo ndjson ;;
	'{"profile":"acme'*) echo json ;;
	'<!doctype html>'*) echo html ;;
	'SQLite format 3'*) echo sqlite ;;
	*) if head -n 1 "$1" | tr -d '\r' | grep -qE '^[a-z_]+(,[a-z_]+){3,}$'; then echo csv; else echo text; fi ;;
	esac
}

@test "--format: each command prints each of its formats, and refuses every other" {
	acme_after 2 ws
	same '{"type":"SCHEMA"' "$(head -c 16 ws/runs/acme/20250325T020000Z/consumption.ndjson)" # what kind() goes by
	local command known format expected
	while IFS='|' read -r command known; do
		for format in text table csv ndjson json html sqlite CSV ''; do
			expected=$format
			[ "$format" != table ] || expected=text
			# shellcheck disable=SC2086 # words
			run --separate-stderr bash -c 'exec "$@" </dev/null >out' - "$pipeline" $command -C ws -q --format "$format"
			case " $known |" in
			*" ${format:-none} "*)
				[ "$status" -eq 0 ] || { echo "$command --format $format: $status $stderr"; return 1; }
				same "$command $expected" "$command $(kind out)"
				;;
			*)
				[ "$status" -eq 64 ] || { echo "$command --format $format: $status $stderr"; return 1; }
				[[ $stderr == "pipeline.sh: cannot "* && $stderr != *$'\n'* ]]
				same nothing "$(kind out)"
				;;
			esac
		done
	done <<-'END'
		report|text table csv html
		explain --level position|text ndjson
		policy diff default default|text ndjson
		reconcile|text ndjson
		reconcile --as-of 2025-03-20|text ndjson
		reconcile --as-of 2025-03-20 --restated|text ndjson
		export --stream consumption|ndjson csv
		status|text json
		models suggest|
		validate|
		run|
		replay 20250318T020000Z|
		verify 20250318T020000Z|
		discard 20250318T020000Z|
		init|
	END
	for command in "policy show" "policy hash"; do
		# shellcheck disable=SC2086 # words
		says 64 "policy: cannot use the options of diff with ${command#* }: it takes none of its own (see --help)" "$pipeline" $command --format ndjson
	done
	if command -v sqlite3 >/dev/null; then
		"$pipeline" export -q -C ws --format sqlite --to out
		same sqlite "$(kind out)"
	fi
	says 64 "pipeline.sh: cannot use --format 'doc': it must be table, md, csv, html, xlsx, pdf or verdict" "$pipeline" report -C ws --format doc
}

@test "report -o: the file is replaced when the report is complete; a PDF is made by what is there, else 69 says what to install" {
	acme_after 1 ws
	page=ws/runs/acme/20250318T020000Z/report.html
	run -0 --separate-stderr "$pipeline" report -C ws --format html -o page.html
	same "pipeline.sh: wrote $PWD/page.html" "$stderr"
	same_files $page page.html
	"$pipeline" report -q -C ws -otext </dev/null
	same_files text <("$pipeline" report -C ws)
	"$pipeline" report -q --format csv -o csv <ws/runs/acme/20250318T020000Z/results.ndjson # a position: for the stage
	same_files csv <("$pipeline" report -C ws --format csv)
	says 73 "pipeline.sh: cannot create 'none/x': its folder is not writable" "$pipeline" report -C ws -o none/x
	# A printer that stands for the browser: what it is given is the page; when it fails, the file stays as it was.
	mkdir bin
	for tool in /usr/bin/* /bin/*; do
		case ${tool##*/} in *chrom*) ;; *) ln -sf "$tool" bin/ ;; esac
	done
	PATH=$PWD/bin says 69 "pipeline.sh: cannot make a PDF without a browser: apt install chromium, or print the page (--format html) from another one" "$pipeline" report -C ws --format pdf
	cat >bin/google-chrome <<-'END'
		#!/bin/sh
		for argument; do case $argument in --print-to-pdf=*) to=${argument#*=} ;; esac; done
		cp "$argument" "$to" && exit ${STATUS-0}
	END
	chmod +x bin/google-chrome
	PATH=$PWD/bin "$pipeline" report -q -C ws --format pdf >pdf
	same_files $page pdf
	PATH=$PWD/bin "$pipeline" report -q -C ws --format pdf --one-page -o pdf
	same_files pdf <("$pipeline" report -C ws --format html --one-page)
	cp pdf before
	STATUS=3 PATH=$PWD/bin says 69 "pipeline.sh: cannot make a PDF: google-chrome ended with status 3" "$pipeline" report -C ws --format pdf -o pdf
	same_files before pdf
	same '' "$(find . -name '.export.*')"
}

@test "report --format: of the last run, the same in and for the workspace; of standard input where that has a position" {
	acme_after 2 ws
	run=$PWD/ws/runs/acme/20250325T020000Z
	same_files "$run/report.html" <("$pipeline" report -C ws --format html)
	"$pipeline" report -C ws --format csv >csv
	same "$(report --format csv --now 2025-03-25T02:00:00Z <"$run/results.ndjson")" "$(cat csv)"
	(cd ws && "$pipeline" report --format csv </dev/null) >here
	same_files csv here
	(cd ws && "$pipeline" report --format csv <"$run/results.ndjson") >file
	same_files csv file
	cat "$run/results.ndjson" | "$pipeline" report --format csv >pipe
	same_files csv pipe
	# In the workspace too, where a pipe without anything is none: cron and ssh may give one to any command.
	(cd ws && cat "$run/results.ndjson" | "$pipeline" report --format csv) >pipe
	same_files csv pipe
	(cd ws && : | "$pipeline" report --format csv) >none
	same_files csv none
	"$pipeline" chargeback -C ws --by site >charged
	(cd ws && : | "$pipeline" chargeback --by site) | same_files charged -
	# One that stays open is waited for, and said.
	mkfifo slow
	(cd ws && exec "$pipeline" report --format csv <../slow >../late 2>../err) &
	exec 8>slow
	eventually [ -s err ]
	same "pipeline.sh: reading standard input, which is a pipe; for the workspace's report use -C . or </dev/null" "$(<err)"
	cat "$run/results.ndjson" >&8
	exec 8>&-
	wait $!
	same_files csv late
	cp ws/profiles/acme.json ws/profiles/beta.json
	for format in csv html; do
		says 64 "pipeline.sh: cannot report several profiles as $format: use -p PROFILE" "$pipeline" report -C ws --format $format
		run -0 "$pipeline" report -C ws -p acme --format $format
	done
}

@test "names of the workspace come first: folders and files of the current folder that are called the same, or like an option or a command" {
	acme_after 1 ws
	mv ws ./-C # a workspace that is called like an option
	mkdir acme run status report 20250318T020000Z default
	echo '{}' >acme.json
	cp -r "$acme/nights/20250325T020000Z"/* 20250318T020000Z/ # a recording, called like a run
	cp ./-C/profiles/acme.json ./-C/profiles/status.json
	sed -i 's/"acme"/"status"/' ./-C/profiles/status.json
	for command in "report --format csv" status "export --stream account" "explain --level position" "policy diff default default" "reconcile --as-of 2025-03-20" \
		"replay 20250318T020000Z" "verify 20250318T020000Z"; do
		# shellcheck disable=SC2086 # words
		run -0 --separate-stderr "$pipeline" $command -q -C -C -p acme
		[ -n "$output" ]
		[ -z "$stderr" ]
	done
	[ ! -e ./-C/runs/acme/20250325T020000Z ] # the recording was not run
	run --separate-stderr "$pipeline" report -C -C -p status
	fails 66 "pipeline.sh: cannot report profile 'status': nothing was run yet"
	run --separate-stderr "$pipeline" discard -C -C -p acme ../../profiles
	fails 66 "pipeline.sh: cannot discard run '../../profiles': profile 'acme' has no interrupted run of that name"
	mkdir victim.partial
	run --separate-stderr "$pipeline" discard -C -C -p acme /../../../victim
	fails 66 "pipeline.sh: cannot discard run '/../../../victim': profile 'acme' has no interrupted run of that name"
	[ -d victim.partial ]
	# By its path it is the recording.
	"$pipeline" replay ./20250318T020000Z -q -C -C -p acme
	[ -e ./-C/runs/acme/20250325T020000Z/report.html ]
	# -Cacme, -qv, and a workspace by a relative path from elsewhere.
	mkdir -p elsewhere
	cd elsewhere
	run -0 --separate-stderr "$pipeline" status -qvC../-C -pacme
	[ -n "$output" ]
}

@test "the password of a proxy is in no error line and no file" {
	acme_workspace ws
	own_key ws/profiles/key.pem
	jq '.key_file = "key.pem" | .audience = "account.docusign.test" | .api_base = "https://api.docusign.test"' "$acme/profiles/acme.json" >ws/profiles/acme.json
	for proxy in 'http://me:Secret12@127.0.0.1:1' 'http://me:Secret12 @[bad' 'nonsense://me:Secret12@127.0.0.1:1'; do
		https_proxy=$proxy run "$pipeline" run -v -v -C ws
		[ "$status" -eq 69 ]
		[[ $output == *"cannot reach 'https://account.docusign.test/oauth/token': "* && $output != *Secret* ]]
	done
	run grep -r Secret ws
	[ "$status" -eq 1 ]
}

# on_terminal COLUMNS COMMAND...: its output on a terminal of that width.
on_terminal() {
	local columns=$1
	shift
	export TERM=${TERM-xterm}
	script -qec "stty cols $columns; $(printf '%q ' "$@")" /dev/null </dev/null | tr -d '\r'
}

@test "a terminal of 80 columns: help and tables have no line that is longer" {
	acme_after 3 ws
	export NO_COLOR=1 ENVTALLY_PAGER=''
	for command in help "run --help" "export --help" "report -q -C ws" "reconcile -q -C ws --group-by account,site" "models -q -C ws"; do
		# shellcheck disable=SC2086 # words
		on_terminal 80 "$pipeline" $command >lines
		[ "$(wc -l <lines)" -gt 5 ]
		same '' "$(jq -Rr 'gsub("[\u2068\u2069]"; "") | select(length > 80)' lines)"
	done
	# What had to be cut ends in three dots; wider, nothing is.
	grep -q … lines
	on_terminal 200 "$pipeline" models -q -C ws >lines
	! grep -q … lines
	same_files <("$pipeline" models -q -C ws) <(sed 's/ *$//' lines)
}

@test "a terminal has a pager, and colours; a pipe has neither, unless they are asked for" {
	acme_after 1 ws
	unset NO_COLOR
	export TERM=xterm LESS
	for command in "report -C ws" "models -q -C ws" "status -C ws" "explain -C ws"; do
		# shellcheck disable=SC2086 # words
		ENVTALLY_PAGER='sed s/^/paged:/' on_terminal 80 "$pipeline" $command >lines
		[ "$(wc -l <lines)" -gt 2 ]
		same '' "$(grep -v ^paged: lines)"
		for none in '' cat 'no-such-pager -x'; do
			# shellcheck disable=SC2086
			ENVTALLY_PAGER=$none on_terminal 80 "$pipeline" $command >unpaged
			same_files unpaged <(sed s/^paged:// lines)
		done
		# shellcheck disable=SC2086
		run -0 "$pipeline" $command
		[[ $output != *$'\e['* && $output != *paged:* ]]
	done
	# A pager that is left early ends the command; its status is no error of ours.
	ENVTALLY_PAGER='head -n 2 >head; exit 1' on_terminal 80 "$pipeline" explain -C ws --level day >lines
	same '2 0' "$(wc -l <head) $(wc -l <lines)"
	red=$'\e[1;31m'
	run -0 "$pipeline" report -C ws --color always
	[[ $output == *"$red"* ]]
	ENVTALLY_PAGER='' on_terminal 80 "$pipeline" report -C ws | grep -qF "$red"
	ENVTALLY_PAGER='' on_terminal 80 "$pipeline" report -C ws --color never >lines
	! grep -qF $'\e[' lines
	NO_COLOR=1 run -0 "$pipeline" report -C ws --color auto
	[[ $output != *$'\e['* ]]
	run --separate-stderr "$pipeline" report -C ws --color sometimes
	fails 64 "pipeline.sh: cannot use --color 'sometimes': it must be auto, always or never"
}

@test "explain on a terminal, asked nothing, prints the positions and what there is to ask; in a pipe everything" {
	acme_after 1 ws
	export ENVTALLY_PAGER=''
	on_terminal 200 "$pipeline" explain -C ws >lines
	same_files <("$pipeline" explain -C ws --level position) <(sed '/^These are the positions/,$d' lines | sed '$d')
	same "  pipeline.sh explain --period DAY, --account ID, --model NAME or --level LEVEL" "$(tail -n 1 lines)"
	same_files <("$pipeline" explain -C ws --level envelope) <(on_terminal 200 "$pipeline" explain -C ws --level envelope)
	[ "$("$pipeline" explain -C ws | wc -l)" -gt 1000 ]
}

@test "envtally alone says where one is and what to do next: no workspace, never run, no licence files, interrupted, done" {
	next() { "$pipeline" | sed '1,/^Next$/d'; }
	mkdir empty
	cd empty
	run -0 --separate-stderr "$pipeline"
	[[ ${lines[0]} == "There is no envtally workspace in this folder. "* && $stderr == '' ]]
	next >said
	for command in demo init help; do grep -q "^  ./pipeline.sh $command " said; done
	cd ..
	"$pipeline" init -q -C ws --name acme "${init[@]}" </dev/null
	cd ws
	[[ $("$pipeline") == "Workspace $PWD"* ]]
	next >said
	grep -q '^  ./pipeline.sh validate -p acme: ' said
	grep -q '^  ./pipeline.sh run -p acme: its first run' said
	grep -q '^  fill in licence/entitlements.csv: ./pipeline.sh entitlements suggest ' said
	cd ..
	acme_after 1 done
	cd done
	same "  ./pipeline.sh report -p acme, or the page runs/acme/20250318T020000Z/report.html
  ./pipeline.sh help         all commands" "$(next)"
	"$pipeline" | grep -q '^acme  Not Compliant: '
	mkdir runs/acme/.20250325T020000Z.partial
	next | grep -qx '  ./pipeline.sh run -p acme: it finishes the run that was interrupted'
	# With a name like an option, or with a line break, it is only a name.
	cd ..
	mkdir -- '-x
y'
	cd -- './-x
y'
	run -0 "$pipeline"
}
