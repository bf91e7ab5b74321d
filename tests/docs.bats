#!/usr/bin/env bats
# Compares the documents with the programs:
#
# - the man page of a program has the options of its --help, and no others;
# - every example runs: in a scratch workspace (below), each in a copy of its own, and exits 0. Examples are
#     of --help          the lines indented by two blanks in its last part; a line after a `|` at the end belongs to it
#     of a man page      the text between .EX and .EE in the section EXAMPLES: a script each
#     of README.md       the blocks marked ```sh run; a block marked ```text that follows one has lines that it prints, in order
#                        (a line … matches any; blanks count as one)
#     of doc/ledger.md   the blocks marked ```sql, on the ledger acme.db;
# - the man pages render without a warning; local links and their anchors exist.
#
# The scratch workspace is that of a user: fixtures/ and the other files of the source as links,
# profiles/acme.json of a simulator that runs, with its key; licence/, an empty state.json, envelopes.ndjson (raw records),
# acme.db (a ledger with one reported run), consumption.ndjson of it, docusign.jks with password.txt; ~/licences is the same folder.

load helper

bin=${ENVTALLY_BIN:-$root/bin}
# shellcheck disable=SC2154 # root and build are helper's
stage_names="auth fetch-subscriptions fetch-datafeed normalize merge combine aggregate-by-period reconcile forecast report chargeback export exclude feed models explain policy status split-streams run-facts ledger"
now=2025-04-01T02:00:00Z

setup_file() {
	local workspace=$BATS_FILE_TMPDIR/workspace night=$root/fixtures/acme/nights/20250318T020000Z
	mkdir -p "$workspace" "$BATS_FILE_TMPDIR/path"
	ln -s "$root/pipeline.sh" "$BATS_FILE_TMPDIR/path/envtally"
	cd "$workspace" || return 1
	mkdir -p build/release/tests
	ln -s "$build/tests/simulator" build/release/tests/
	ln -s "$bin" bin
	for name in "$root"/* "$root/fixtures"; do
		[ -e "${name##*/}" ] || [ -L "${name##*/}" ] || ln -s "$name" .
	done
	rm -rf profiles licence
	cp -r "$root/fixtures/acme/licence" .
	jq -c '.data[]' "$night/fetch-datafeed.bodies" >envelopes.ndjson
	: >state.json
	rsa_key
	cp "$made" key.pem
	openssl req -x509 -key key.pem -days 2 -subj /CN=docusign -out certificate.pem
	echo changeit >password.txt
	# A file of this name that a modern keytool wrote is a PKCS#12 too.
	openssl pkcs12 -export -inkey key.pem -in certificate.pem -name docusign -passout file:password.txt -out docusign.jks
	if [ -x "$build/tests/simulator" ]; then
		"$build/tests/simulator" --serve fixtures/acme --now "$now" --write-profile . --key key.pem --port-file port 3>&- >/dev/null &
		echo $! >"$BATS_FILE_TMPDIR/simulator.pid"
		for _ in {1..600}; do [ ! -s port ] || break; sleep 0.1; done
	fi
	"$bin/auth" -p fixtures/acme/profiles/acme.json --replay "$night" |
		"$bin/fetch-subscriptions" -q --replay "$night" | "$bin/fetch-datafeed" --replay "$night" |
		"$bin/normalize" | "$bin/merge" --ledger acme.db --emit touched |
		"$bin/aggregate-by-period" -q -p fixtures/acme/profiles/acme.json --now "$now" >tallied
	{
		echo '{"type":"RECORD","stream":"job_result","record":{"run_id":"20250318T020000Z","profile":"acme","job":"run","state":"succeeded","started_at":"2025-03-18T02:00:00.000Z","ended_at":null,"counts":{},"error":null}}'
		"$bin/reconcile" -e licence/entitlements.csv -m licence/models.csv <tallied | tee reconciled |
			jq -c 'select(.stream == ("consumption", "metric_result", "unrecognized_subscription"))'
	} | "$bin/merge" --ledger acme.db --emit none
	rm tallied
	cp licence/entitlements.csv licence/models.csv .
	grep -E '"stream":"(consumption|subscription)"' reconciled >consumption.ndjson
	rm reconciled
}

teardown_file() {
	[ ! -e "$BATS_FILE_TMPDIR/simulator.pid" ] || kill "$(cat "$BATS_FILE_TMPDIR/simulator.pid")"
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
}

# example TEXT: runs it in a copy of the scratch workspace; reports a failure. Its output is in $printed. An example that stands in
# several places, but for blanks and for envtally before a stage's name, runs once.
example() {
	local home=$BATS_TEST_TMPDIR/example status=0 known
	known=$BATS_FILE_TMPDIR/printed.$(tr -s ' \n' ' ' <<<"$1" | sed -E "s/envtally (${stage_names// /|})\\b/\\1/g" | sha256sum | cut -c 1-64)
	[ ! -e "$known" ] || {
		printed=$(cat "$known")
		return 0
	}
	rm -rf "$home"
	cp -a "$BATS_FILE_TMPDIR/workspace" "$home"
	ln -s . "$home/licences"
	printed=$(cd "$home" && HOME=$home PATH=$BATS_FILE_TMPDIR/path:$bin:$PATH \
		timeout 120 bash -eu -o pipefail -c "trap 'kill \$(jobs -p) 2>/dev/null || :' EXIT"$'\n'"$1" </dev/null 3>&- 2>stderr) || status=$?
	[ "$status" -eq 0 ] || {
		printf 'the example\n%s\nexits %s:\n' "$1" "$status"
		cat "$home/stderr"
		return 1
	}
	printf '%s\n' "$printed" >"$known"
}

# examples FILE: each script of it, ended by a form feed.
examples() {
	local text count=0
	while IFS= read -r -d $'\f' text; do
		example "$text" || return 1
		count=$((count + 1))
	done <"$1"
	[ "$count" -gt 0 ] || {
		echo "$1: no example was found"
		return 1
	}
}

needs_simulator() { [ -x "$build/tests/simulator" ] || skip "the simulator is not built"; }

help_of() { # STAGE or driver
	if [ "$1" = envtally ]; then "$root/pipeline.sh" help; else "$bin/${1#envtally-}" --help; fi
}

pages() {
	local stage
	echo envtally
	for stage in $stage_names; do echo "envtally-$stage"; done
}

plain_page() { # PAGE: as text, without overstriking, broken lines or hyphens
	groff -man -Tascii -P-cbou -rLL=400n -rHY=0 "$root/doc/man/$1.1"
}

section() { # TITLE: of a plain page on standard input
	awk -v title="$1" '/^[A-Z]/ { inside = $0 == title; next } inside'
}

# The heads of a list of options: `-p, --profile=FILE`, `-C WORKSPACE`.
heads() {
	sed -nE 's/^ {2,7}(-.*)$/\1/p' | sed -E 's/ {2,}.*//; s/ +$//' | LC_ALL=C sort -u
}

# same WHAT EXPECTED GOT
same() {
	[ "$2" = "$3" ] || {
		echo "$1"
		diff -u --label expected --label got <(printf '%s\n' "$2") <(printf '%s\n' "$3")
		return 1
	}
}

@test "every man page is there, for every program, and names it" {
	for page in $(pages); do
		grep -q "^${page//-/\\\\-} " "$root/doc/man/$page.1"
	done
	same pages "$(pages | sort)" "$(cd "$root/doc/man" && printf '%s\n' *.1 | sed 's/\.1$//' | sort)"
}

@test "man pages render without a warning" {
	command -v groff >/dev/null || skip "groff is not here"
	for page in $(pages); do
		same "$page" '' "$(groff -man -Tutf8 -ww -z "$root/doc/man/$page.1" 2>&1)"
		if command -v mandoc >/dev/null; then
			same "$page" '' "$(mandoc -T lint -W warning "$root/doc/man/$page.1" 2>&1)"
		fi
	done
}

@test "the options of --help and those of the man page are the same" {
	command -v groff >/dev/null || skip "groff is not here"
	for page in $(pages); do
		expected=$(help_of "$page" | awk '/^Options/ { on = 1; next } /^$/ { on = 0 } on' | heads)
		[ -n "$expected" ]
		same "$page" "$expected" "$(plain_page "$page" | section OPTIONS | heads)"
	done
}

@test "every exit status that the sources set is in README.md, doc/running.md and envtally.1; every man page has the common ones" {
	cd "$root"
	local names code
	names=$(grep -ohE '\bEX_(USAGE|DATAERR|NOINPUT|NOUSER|NOHOST|UNAVAILABLE|SOFTWARE|OSERR|OSFILE|CANTCREAT|IOERR|TEMPFAIL|PROTOCOL|NOPERM|CONFIG)\b' \
		lib/*/*.[ch]* stages/*.c | sort -u)
	codes=$(printf '#include <sysexits.h>\n%s\n' "$names" | cpp -P | grep -E '^[0-9]+$')
	[ "$(wc -l <<<"$codes")" -ge 11 ]
	sed -n '/^Exit codes are sysexits/,/^$/p' README.md >"$BATS_TEST_TMPDIR/readme"
	sed -n '/^## Exit status/,$p' doc/running.md | grep '^|' >"$BATS_TEST_TMPDIR/running"
	sed -n '/^.SH EXIT STATUS/,/^.SH ENV/p' doc/man/envtally.1 >"$BATS_TEST_TMPDIR/man"
	for code in $codes; do
		for document in readme running man; do grep -qw "$code" "$BATS_TEST_TMPDIR/$document" || { echo "$code is not in $document" && return 1; }; done
	done
	for page in doc/man/envtally-*.1; do
		sed -n '/^.SH EXIT STATUS/,/^.SH [^E]/p' "$page" >"$BATS_TEST_TMPDIR/man"
		for code in 64 70 71; do grep -qw "$code" "$BATS_TEST_TMPDIR/man" || { echo "$code is not in $page" && return 1; }; done
	done
}

@test "the commands of the driver's help and those of its man page are the same" {
	command -v groff >/dev/null || skip "groff is not here"
	expected=$(help_of envtally | awk '/^Commands/ { on = 1; next } /^$/ { on = 0 } on && /^  [^ ]/' | sed -E 's/^  //; s/ {2,}.*//')
	same commands "$(printf '%s\nhelp' "$expected")" \
		"$(plain_page envtally | section COMMANDS | sed -nE 's/^ {7}([a-z]+( [A-Z]+)?)( .*)?$/\1/p')"
}

@test "the examples of every --help run" {
	needs_simulator
	for page in $(pages); do
		help_of "$page" | awk '/^ +--version|^Example/ { on = 1 } on && /^  [^ -].*|^    [^ ]/ && !/^ +-/ {
			text = substr($0, 3); printf "%s", text; printf "%s", text ~ /[|\\]$/ ? "\n" : "\f" }' >scripts
		examples scripts
	done
}

@test "the examples of every man page run" {
	needs_simulator
	for page in $(pages); do
		awk '/^\.SH/ { on = $2 == "EXAMPLES" } on && /^\.EX/ { inside = 1; next } on && /^\.EE/ { inside = 0; printf "\f" }
			inside { gsub(/\\-/, "-"); gsub(/\\e/, "\\"); print }' "$root/doc/man/$page.1" >scripts
		examples scripts
	done
}

# blocks LANGUAGE FILE: the blocks of code of a document with this mark, each ended by a form feed.
blocks() {
	awk -v mark='```'"$1" '!inside && $0 == mark { inside = 1; next } inside && /^```/ { inside = 0; printf "\f" } inside' "$2"
}

# prints TEXT: has $printed these lines, in this order?
prints() {
	local line rest
	rest=$(tr -s ' ' <<<"$printed")
	while IFS= read -r line; do
		line=$(tr -s ' ' <<<"$line" | sed 's/ $//')
		[ "$line" != … ] || continue
		case $rest in
		*"$line"*) rest=${rest#*"$line"} ;;
		*)
			printf 'not printed, or not in this place:\n%s\nwhat was printed:\n%s\n' "$line" "$printed"
			return 1
			;;
		esac
	done
}

@test "the runnable blocks of README.md run, and print what it says" {
	needs_simulator
	local line kind='' before='' text='' count=0
	while IFS= read -r line; do
		case $kind:$line in
		':```sh run') kind=run text='' ;;
		':```text') kind=$([ "$before" = run ] && echo text || echo other) text='' ;;
		':```'*) kind=other ;;
		:) ;;
		:*) before='' ;;
		*':```')
			case $kind in
			run) example "$text" && count=$((count + 1)) ;;
			text) prints <<<"${text%$'\n'}" ;;
			esac
			before=$kind kind=''
			;;
		*) text+=$line$'\n' ;;
		esac
	done <"$root/README.md"
	[ "$count" -ge 3 ]
}

# shellcheck disable=SC2016 # make's and Markdown's signs
@test "the make rules of doc/running.md and README.md make the position every night; a report that fails leaves the last one" {
	needs_simulator
	blocks make "$root/doc/running.md" | tr -d '\f' >manual.mk
	sed -nE 's/^\| make \| `([^`]*)` and `([^`]*)`.*/\1\n\2/p' "$root/README.md" >readme.mk
	for rule in manual readme; do
		example "(echo 'SHELL = /bin/bash'; cat '$PWD/$rule.mk') >rule.mk
			ENVTALLY_NOW=2025-03-25T02:00:00Z make -f rule.mk position.txt
			grep 'as of 2025-03-25' position.txt
			ENVTALLY_NOW=$now make -f rule.mk position.txt
			grep 'as of 2025-04-01' position.txt
			cp position.txt last
			mkdir failing
			printf '#!/bin/sh\n[ \"\$1\" = run ]\n' >failing/envtally
			chmod +x failing/envtally
			if PATH=\$PWD/failing:\$PATH make -f rule.mk position.txt; then exit 1; fi
			cmp position.txt last"
	done
}

@test "the queries of doc/ledger.md give rows" {
	needs_simulator
	blocks sql "$root/doc/ledger.md" >queries
	count=0
	while IFS= read -r -d $'\f' query; do
		case $query in *restatement* | *late_*) least=0 ;; *) least=1 ;; esac
		got=$(sqlite3 -readonly -bail "$BATS_FILE_TMPDIR/workspace/acme.db" "$query" | wc -l)
		[ "$got" -ge "$least" ] || {
			echo "no row: $query"
			return 1
		}
		count=$((count + 1))
	done <queries
	[ "$count" -ge 5 ]
}

@test "doc/streams.md has every canonical stream, its fields and keys" {
	# The figures that the tiers have in common.
	figures=$(awk '/^#define POSITION_FIGURES/ { on = 1 } on && /^$/ { exit } on' "$root/lib/stream/stream.c" | tr -d '\n')
	drawing=$(grep '^#define POSITION_DRAWING' "$root/lib/stream/stream.c")
	envelope=$(awk '/^#define ENVELOPE_FIELDS/ { on = 1 } on && /^$/ { exit } on' "$root/lib/stream/stream.c" | tr -d '\n')
	for stream in account subscription envelope watermark account_night daily_consumption consumption restatement metric_result model_result product_result group_result \
		unlicensed_consumption remediation forecast unrecognized_subscription ineffective_row consumption_without_position consumption_balance job_result entitlement_use segment_use consumption_use explanation model_identifier; do
		table=$(awk -v title="## $stream" '/^## / { inside = $0 == title } inside' "$root/doc/streams.md")
		# stream.c is where the programs have them from: name, type, required.
		fields=$(awk -v start="stream_${stream/#envelope/envelope_method} = {" 'index($0, start) { inside = 1 } inside { printf "%s ", $0 } inside && /^};/ { exit }' "$root/lib/stream/stream.c")
		fields=${fields/ POSITION_FIGURES/ $figures}
		fields=${fields/POSITION_DRAWING/$drawing}
		fields=${fields/ENVELOPE_FIELDS/$envelope}
		expected=$(grep -oE '\{"[a-z_]+", FIELD_[A-Z]+, (true|false)\}' <<<"$fields" |
			sed -E 's/\{"([a-z_]+)", FIELD_([A-Z]+), (true|false)\}/\1 \L\2 \3/')
		got=$(sed -nE 's/^\| (\*\*)?([a-z_]+)(\*\*)? \| ([a-z]+) \| (null)? ?\|.*/\2 \4 \5/p' <<<"$table" |
			awk '{ print $1, $2, $3 == "null" ? "false" : "true" }' | sed 's/^field type .*//; /^$/d')
		same "$stream" "$expected" "$got"
		same "keys of $stream" "$(grep -oE 'KEYS\([^)]*\)' <<<"$fields" | grep -oE '"[a-z_]+"' | tr -d '"' | sort)" \
			"$(sed -nE 's/^\| \*\*([a-z_]+)\*\*.*/\1/p' <<<"$table" | sort)"
	done
}

@test "doc/profile.md has every key of a profile" {
	expected=$(grep -oE '\{"[a-z_]+", SETTING' "$root/lib/config/profile.c" | grep -oE '[a-z_]+"' | tr -d '"' | sort -u)
	# shellcheck disable=SC2016 # Markdown's backticks
	same keys "$expected" "$(sed -nE 's/^\| `([a-z_]+)` \|.*/\1/p' "$root/doc/profile.md" | sort)"
}

@test "doc/licence.md has every column of the licence files" {
	for file in model entitlement exclusion group price rate; do
		expected=$(cat "$root"/lib/*/*.c | awk -v start=" ${file}_columns[]" 'index($0, start) { inside = 1 } inside { printf "%s ", $0 } inside && /\.name = NULL/ { exit }' |
			grep -oE '\{"[a-z_]+", (true|false)' | sed -E 's/\{"([a-z_]+)", (true|false)/\1 \2/' | sort)
		got=$(awk -v title="## ${file}s.csv" '/^## / { inside = $0 == title } inside && /^\| `/' "$root/doc/licence.md" |
			while IFS='|' read -r _ columns header _; do
				for column in $(tr -d '`,' <<<"$columns"); do
					echo "$column $([[ $header == *required* ]] && echo true || echo false)"
				done
			done | sort)
		same "$file" "$expected" "$got"
	done
}

# shellcheck disable=SC2016 # Markdown's backticks
# The anchor that a heading gets: lower case, punctuation gone, blanks to dashes.
anchors() {
	sed -nE '/^```/,/^```/d; s/^#+ +//p' "$1" | tr '[:upper:]' '[:lower:]' | sed -E 's/[^a-z0-9 _-]//g; s/ /-/g'
}

@test "local links in the documents exist, with their anchors" {
	failed=0
	for document in "$root"/README.md "$root"/doc/*.md "$root"/fixtures/acme/README.md; do
		grep -oE '\]\([^)]+\)' "$document" | sed 's/^](//; s/)$//' | grep -vE '^[a-z]+:' | sort -u >links || continue
		while IFS= read -r link; do
			target=${link%%#*} anchor=''
			case $link in *'#'*) anchor=${link#*#} ;; esac
			file=$document
			[ -z "$target" ] || file=$(dirname "$document")/$target
			if [ ! -e "$file" ]; then
				echo "$document: $link: there is no such file"
				failed=1
			elif [ -n "$anchor" ] && ! anchors "$file" | grep -qxF -- "$anchor"; then
				echo "$document: $link: there is no such heading"
				failed=1
			fi
		done <links
	done
	[ "$failed" -eq 0 ]
}

@test "documents name files of the source that exist" {
	failed=0
	for document in "$root"/doc/man/*.1; do
		grep -ohE 'doc/[a-z]+\.md' "$document" | sort -u >names || continue
		while IFS= read -r name; do
			[ -e "$root/$name" ] || {
				echo "$document: $name: there is no such file"
				failed=1
			}
		done <names
	done
	[ "$failed" -eq 0 ]
}
