# shellcheck shell=bash
# Common functions of the tests of programs: `load helper`. Each test runs in a directory of its own.

bats_require_minimum_version 1.5.0

root=${BATS_TEST_DIRNAME%/*}
PATH=${ENVTALLY_BIN:-$root/bin}:$PATH
build=${ENVTALLY_BUILD:-$root/build/release}
case $build in
/*) ;;
*) build=$root/$build ;;
esac
acme=$root/fixtures/acme
# shellcheck disable=SC2034 # for those that load this
nights="20250318T020000Z 20250325T020000Z 20250401T020000Z"
# shellcheck disable=SC2034
stage_names="auth fetch-subscriptions fetch-datafeed normalize merge aggregate-by-period reconcile forecast report"
unset ENVTALLY_NOW
# Local time must not matter: a zone that is off by an odd offset shows where it does.
export TZ=Asia/Kathmandu

# Bats notes the place of every command before it runs, to say where a test failed; that is a tenth of all the time. Here it notes the place of
# a command that has failed, which bash knows as well, unless the commands are to be traced (bats -x).
if declare -F bats_setup_tracing bats_capture_stack_trace bats_error_trap >/dev/null && [ "${BATS_TRACE_LEVEL:-0}" -eq 0 ]; then
	eval "traced_$(declare -f bats_setup_tracing)"
	bats_setup_tracing() {
		traced_bats_setup_tracing
		trap - DEBUG
		trap 'note_failure' ERR
	}
fi
note_failure() {
	local failed=$?
	bats_capture_stack_trace
	# shellcheck disable=SC2034 # for bats
	BATS_DEBUG_LAST_STACK_TRACE_IS_VALID=1
	BATS_ERROR_STATUS=${BATS_ERROR_STATUS:-$failed}
	bats_error_trap
}

# Of bats' run, for the file of a stderr: each of thousands of runs would start a process.
mktemp() {
	[[ ${1-} == */separate-stderr-XXXXXX ]] || {
		command mktemp "$@"
		return
	}
	: >"${1%XXXXXX}$BASHPID"
	printf '%s\n' "${1%XXXXXX}$BASHPID"
}

setup() {
	mkdir "$BATS_TEST_TMPDIR/work"
	cd "$BATS_TEST_TMPDIR/work" || return 1
}

needs_stage() {
	local stage
	for stage; do
		command -v "$stage" >/dev/null || skip "$stage is not built"
	done
}

# same EXPECTED GOT: two texts; shows how they differ.
same() {
	[ "$1" = "$2" ] || {
		diff -u --label expected --label got <(printf '%s\n' "$1") <(printf '%s\n' "$2")
		return 1
	}
}

# same_files EXPECTED GOT
same_files() {
	cmp -s "$1" "$2" || {
		diff -u --label "expected: $1" --label "got: $2" "$1" "$2" | head -n 40
		return 1
	}
}

# fails STATUS TEXT: of the last `run --separate-stderr`: that status, and the one line on stderr is TEXT.
fails() {
	# shellcheck disable=SC2154 # status and stderr are set by run
	[ "$status" -eq "$1" ] || {
		echo "expected status $1, got $status; stderr: $stderr"
		return 1
	}
	same "$2" "$stderr"
}

# refused STATUS PATTERN: the same with a pattern for the one line.
refused() {
	# shellcheck disable=SC2053,SC2154
	[[ $status -eq $1 && $stderr == $2 && $stderr != *$'\n'* ]] || {
		echo "expected status $1 and on stderr: $2"
		echo "got status $status and: ${stderr:0:500}"
		return 1
	}
}

# eventually COMMAND...: waits until it succeeds. Gives up after a minute, so that a defect does not hang the suite. Short waits are what matters for
# time, long ones for CPU.
eventually() {
	local give_up_at=$((SECONDS + 60)) tries=0
	until "$@"; do
		[ "$SECONDS" -lt "$give_up_at" ] || {
			echo "never came true: $*"
			return 1
		}
		sleep $((++tries > 8 ? 60 : 20))e-3
	done
}

# wait_for_server PID PORT-FILE: until it says where it listens; fails when it has ended.
wait_for_server() {
	eventually serves_or_ended "$@"
	[ -s "$2" ]
}
serves_or_ended() { [ -s "$2" ] || ! kill -0 "$1" 2>/dev/null; }

# made_once NAME COMMAND...: a file or folder that several files of tests need and that takes long to make; $made is where it is. The first
# that needs it calls COMMAND with the place where to make it; tests/run removes it (SHARED_TMPDIR).
made_once() {
	made=${SHARED_TMPDIR:-$BATS_SUITE_TMPDIR}/$1
	[ -e "$made" ] || (
		flock 9
		[ -e "$made" ] || { rm -rf "$made.new" && "${@:2}" "$made.new" 2>"$made.log" && mv "$made.new" "$made"; }
	) 9>"$made.lock" || {
		cat "$made.log"
		return 1
	}
}

# acme_workspace FOLDER: a workspace of the recorded organisation, before its first night.
acme_workspace() {
	mkdir -p "$1/profiles" "$1/licence"
	cp "$acme/profiles/acme.json" "$1/profiles/"
	cp "$acme"/licence/*.csv "$1/licence/"
}

# acme_after COUNT FOLDER: a copy of that workspace as it is after the first COUNT nights. Running them takes long, and each file of tests
# needs them.
acme_after() {
	made_once nights acme_nights || return 1
	mkdir -p "$(dirname "$2")"
	cp -a "$made/after.$1" "$2"
}
acme_nights() { # FOLDER: makes after.1, after.2 and after.3 in it
	local night count=0
	acme_workspace "$1/growing"
	for night in $nights; do
		count=$((count + 1))
		"$root/pipeline.sh" run -q -C "$1/growing" --replay "$acme/nights/$night" || return 1
		cp -a "$1/growing" "$1/after.$count"
	done
	rm -r "$1/growing"
}

# pro_licence YEAR: models.csv and entitlements.csv of one metric: 100 rights of that year, at 10.00 USD each.
pro_licence() {
	printf '%s\n' publisher,product,software_model,license_metric,identifier_type,identifier Docusign,eSignature,Pro,Envelope,plan_item_id,pro >models.csv
	printf '%s\n' entitlement_id,software_model,license_metric,start_date,end_date,purchased_rights,total_cost,currency \
		"E1,Pro,Envelope,$1-01-01,$1-12-31,100,1000.00,USD" >entitlements.csv
}

# npm_modules FOLDER: what its package-lock.json names, once for all who test at the same time.
npm_modules() {
	# shellcheck disable=SC2016 # the folder is an argument
	[ -e "$1/node_modules/.complete" ] ||
		flock "$1/package.json" sh -c '[ -e "$0/node_modules/.complete" ] ||
			{ npm ci --prefix "$0" --no-audit --no-fund && touch "$0/node_modules/.complete"; }' "$1"
}

# An RSA key, at $made, for all who need just some key.
rsa_key() { made_once key.pem openssl genrsa -out; }
# own_key FILE [PASSWORD]: a copy of it, under that password.
own_key() {
	rsa_key
	openssl rsa -in "$made" ${2:+-aes128 -passout "pass:$2"} -out "$1" 2>/dev/null
}

# serve FOLDER [OPTION]...: the simulator with that organisation, over HTTPS, and a profile in ./ws; it is $simulator, at $origin.
serve() {
	rm -f port
	rsa_key
	"$build/tests/simulator" --serve "$1" --write-profile ws --key "$made" --port-file port --log requests.log "${@:2}" >simulator.log 2>&1 3>&- &
	simulator=$!
	wait_for_server "$simulator" port || {
		cat simulator.log
		return 1
	}
	# shellcheck disable=SC2034 # for the tests
	origin=https://127.0.0.1:$(cat port)
}

# The feed's raw records of the nights given, one a line, in the order of the recording.
raw_of() {
	local night
	for night; do
		jq -c '.data[]' "$acme/nights/$night/fetch-datafeed.bodies"
	done
}

# The records of one canonical stream on standard input, bare, as our programs write them. By sed: jq takes 20 ms to begin.
records_of() {
	LC_ALL=C sed -n '/^{"type":"RECORD","stream":"'"$1"'","record":{.*}$/{s/^[^{]*{[^{]*"record"://;s/,"time_extracted":"[^"]*"}$/}/;s/}$//;p}'
}

# The organization's accounts and plan items as fetch-subscriptions prints them.
raw_subscriptions() {
	local context='{organization_id: "9dd1c1a4-5b6e-4c2f-8a37-0e5f6b1d2c90"}'
	jq -c ".assetGroupAccounts[] | {type: \"RECORD\", stream: \"docusign_accounts\", record: ., context: $context,
		time_extracted: \"2025-03-18T02:00:00.000Z\"}" "$acme/service/asset-group-accounts.json"
	jq -c ".[] | {type: \"RECORD\", stream: \"docusign_plan_items\", record: ., context: $context,
		time_extracted: \"2025-03-18T02:00:00.000Z\"}" "$acme/service/plan-items.json"
}

# shuffled SEED: the lines of standard input in another order, the same one for the same seed.
shuffled() {
	shuf --random-source=<(openssl enc -aes-256-ctr -pass "pass:$1" -nosalt -pbkdf2 </dev/zero 2>/dev/null)
}

# change MEMBERS CHANGES: sets $changed to a JSON object of MEMBERS (JSON without the braces, no value with a comma) with those of CHANGES, a jq
# object, in addition or instead. Changes to plain values are made here: hundreds of records are, and jq takes 20 ms to begin.
change() {
	local members=$1 rest=$2 name value
	while [[ $rest =~ ^[[:space:]]*[{,][[:space:]]*([A-Za-z_]+):[[:space:]]*(\"[^\"\\]*\"|-?[0-9]+|true|false|null)[[:space:]]*([,}].*)$ ]]; do
		name=${BASH_REMATCH[1]} value=${BASH_REMATCH[2]} rest=${BASH_REMATCH[3]}
		if [[ $members =~ ^((.*,)?\"$name\":)(\"[^\"]*\"|[^,]*)(.*)$ ]]; then
			members=${BASH_REMATCH[1]}$value${BASH_REMATCH[4]}
		else
			members+=,\"$name\":$value
		fi
	done
	changed="{$members}"
	[[ $rest =~ ^[[:space:]]*"{"?"}"[[:space:]]*$ ]] || changed=$(jq -nc "{$1} + $2")
}

# mended FILE: U+FFFD for each half of a surrogate pair in JSON texts, where jq 1.6 and JSON::PP refuse some.
mended() { perl -pe 's/(\\(?!u).|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|\\u[dD][89a-fA-F][0-9a-fA-F]{2}/$1 \/\/ "\\ufffd"/ge' "$1"; }

# value_of NAME: of each JSON object on standard input, the value of that member; of a text its characters, which need no escape.
value_of() { sed -nE 's/.*[{,]"'"$1"'":("([^"\]*)"|(null|true|false|-?[0-9.]+)).*/\2\3/p'; }

# envelope CHANGES: a canonical envelope of account a, sent, with these members in addition or instead (a jq object).
envelope() {
	change '"account_id":"a","envelope_id":"e","status":"sent","created_at":null,"sent_at":"2025-03-05T12:00:00.000Z","completed_at":null,"modified_at":"2025-03-05T12:00:00.000Z","plan_item_id":null,"sender_id":null' "$1"
	printf '{"type":"RECORD","stream":"envelope","record":%s}\n' "$changed"
}

# sound LEDGER: SQLite finds nothing wrong with it.
sound() {
	local found
	found=$(sqlite3 "$1" 'PRAGMA integrity_check; PRAGMA foreign_key_check')
	[ "$found" = ok ] || {
		printf 'ledger %s: %s\n' "$1" "$found"
		return 1
	}
}

# After every test, each ledger that it left is sound; not what a test has made to be no ledger, or closed to us.
sound_ledgers() {
	local file head
	shopt -s globstar nullglob dotglob
	for file in "$BATS_TEST_TMPDIR"/**/*.db; do
		{ [ -f "$file" ] && IFS= read -r -N 15 head <"$file" && [ "$head" = 'SQLite format 3' ]; } 2>/dev/null || continue
		sound "$file" || return 1
	done
}
teardown() { sound_ledgers; }

# bounded COMMAND…: in a gigabyte of memory and a minute. AddressSanitizer reserves more than any limit.
bounded() { ([ "${SANITIZE-}" = 1 ] || ulimit -v 1000000; exec timeout 60 "$@"); }

# zip_part ARCHIVE NAME: that file of a ZIP archive, such as a workbook.
zip_part() { perl -MIO::Uncompress::Unzip=unzip -e 'unzip $ARGV[0] => "-", Name => $ARGV[1] or die "no $ARGV[1]\n"' "$@"; }
