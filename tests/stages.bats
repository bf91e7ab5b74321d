#!/usr/bin/env bats
# One suite for every program: the rules that all of them must obey (empty input, broken lines, a closed or full standard output …).

# Words are split on purpose where a list of stages is given; root, acme and the like are helper's; $1 in quotes is the inner shell's.
# shellcheck disable=SC2016,SC2086,SC2094,SC2154,SC2238

load helper

night=20250318T020000Z

# The least that a stage needs, an argument a line.
arguments_of() {
	case $1 in
	auth) printf '%s\n' -p "$acme/profiles/acme.json" --replay "$acme/nights/$night" ;;
	fetch-subscriptions | fetch-datafeed) printf '%s\n' --replay "$acme/nights/$night" ;;
	normalize) ;;
	merge) printf '%s\n' --ledger :memory: --emit all ;;
	aggregate-by-period) printf '%s\n' --contract-start 2025-01-31 ;;
	reconcile) printf '%s\n' --entitlements "$acme/licence/entitlements.csv" --models "$acme/licence/models.csv" ;;
	forecast) printf '%s\n' --models "$acme/licence/models.csv" ;;
	report) printf '%s\n' --format csv ;;
	chargeback) printf '%s\n' --by site ;;
	exclude) printf '%s\n' --exclusions "$acme/licence/exclusions.csv" ;;
	models) printf '%s\n' suggest -q ;;
	explain) printf '%s\n' --format ndjson ;;
	policy) printf '%s\n' show ;;
	export) printf '%s\n' --ledger "$BATS_FILE_TMPDIR/ledger.db" ;;
	esac
}

# All; those that read standard input; those that do not; those that pass on what they do not know; those that work on no input at all.
programs="$stage_names exclude models explain policy export chargeback"
readers="fetch-subscriptions fetch-datafeed normalize merge aggregate-by-period reconcile forecast report exclude models explain chargeback"
deaf="auth policy export"
filters="fetch-subscriptions fetch-datafeed normalize merge aggregate-by-period reconcile forecast exclude"
idle="normalize merge aggregate-by-period reconcile forecast exclude"

# What a stage can do something with, so that its output is not empty.
sample() {
	case $1 in
	auth | policy | export) ;;
	*) preamble "$1" && body "$1" ;;
	esac
}

# The same without what a stage needs before anything else on its input, its preamble.
body() {
	case $1 in
	fetch-datafeed)
		echo '{"type":"RECORD","stream":"docusign_accounts","record":{"accountId":"7c1e9a52-3b0f-4d6a-9e21-5f8840c7d306"}}'
		;;
	normalize)
		echo '{"accountId":"A","envelopeId":"E","status":"sent","sentDateTime":"2025-03-05T12:00:00.0000000Z","lastModifiedDateTime":"2025-03-05T12:00:00.0000000Z"}'
		;;
	merge | aggregate-by-period)
		echo '{"type":"RECORD","stream":"envelope","record":{"account_id":"a","envelope_id":"e","status":"sent","created_at":null,"sent_at":"2025-03-05T12:00:00.000Z","completed_at":null,"modified_at":"2025-03-05T12:00:00.000Z","plan_item_id":null,"sender_id":null}}'
		;;
	forecast)
		echo '{"type":"RECORD","stream":"daily_consumption","record":{"account_id":"a","plan_item_id":"b7f2d3c8-1a4e-4f11-8c5d-2e90a1b3c403","day":"2025-03-05","units_consumed":1,"by_status":{"sent":1},"first_sent_at":null,"last_sent_at":null}}'
		;;
	exclude) echo '{"type":"RECORD","stream":"account","record":{"account_id":"a"}}' ;;
	# Used by no software model, hence in no position.
	explain) echo '{"type":"RECORD","stream":"consumption_use","record":{"profile":"acme","account_id":"a","plan_item_id":null,"period_index":0,"period_start":"2024-01-31T00:00:00.000Z","period_end":"2024-04-30T00:00:00.000Z","software_model":null,"license_metric":null,"line":null,"units_consumed":1,"units_excluded":0}}' ;;
	chargeback) echo '{"type":"RECORD","stream":"group_result","record":{"profile":"acme","software_model":"M","license_metric":"E","unit":"envelope","period_index":0,"period_start":"2024-01-31T00:00:00.000Z","period_end":"2024-04-30T00:00:00.000Z","group_type":"site","group_kind":"ungrouped","group_value":null,"rights_owned":1,"rights_allocated":0,"rights_pooled":1,"rights_used":1,"currency":"USD","true_up_cost":"0.00","used_spend":"1.00","unused_spend":"0.00"}}' ;;
	models) echo '{"type":"RECORD","stream":"unrecognized_subscription","record":{"identifier":"i","identifier_type":"plan_item_id","display_name":null,"profiles":[],"subscriptions":0,"units_consumed":1}}' ;;
	reconcile | report)
		echo '{"type":"RECORD","stream":"consumption","record":{"profile":"acme","organization_id":null,"account_id":"a","account_name":null,"plan_item_id":"b7f2d3c8-1a4e-4f11-8c5d-2e90a1b3c403","software_model":null,"unit":"envelope","period_index":0,"period_start":"2024-01-31T00:00:00.000Z","period_end":"2024-04-30T00:00:00.000Z","units_consumed":1,"by_status":{"sent":1},"first_sent_at":null,"last_sent_at":null,"watermark":null,"state":"final"}}'
		;;
	esac
}

connection() {
	cat "$BATS_FILE_TMPDIR/connection"
}

setup_file() {
	jq -c '{type: "CONNECTION", profile: .name, organization_id, api_base, contract_start, renewal_months, feed, lookback_days, concurrency,
		ca_bundle: null, accounts: null, download_consumption, access_token: null, expires_at: null, token_command: null}' "$acme/profiles/acme.json" >"$BATS_FILE_TMPDIR/connection"
	{ raw_subscriptions && raw_of "$night"; } | normalize | merge -q --ledger "$BATS_FILE_TMPDIR/ledger.db" --emit none
}

preamble() {
	case $1 in
	fetch-*) connection ;;
	explain)
		echo '{"type":"RECORD","stream":"metric_result","record":{"profile":"acme","software_model":"M","license_metric":"E","period_index":0,"period_start":"2024-01-31T00:00:00.000Z","period_end":"2024-04-30T00:00:00.000Z","period_state":"final","status":"Compliant","usage_state":"zero","rights_owned":0,"rights_used":0,"rights_available":0,"unlicensed_rights":0,"excluded_units":0}}'
		;;
	esac
}

# each_of STAGE…: calls check STAGE with its file in `program` and its arguments in `arguments`; tells which were not there. (By its file,
# since `export` alone is the shell's own.)
each_of() {
	local stage program missing=
	for stage; do
		program=$(type -P "$stage") || program=
		if [ -z "$program" ]; then
			missing+=" $stage"
			continue
		fi
		mapfile -t arguments < <(arguments_of "$stage")
		echo "stage: $stage"
		check "$stage"
	done
	[ -z "$missing" ] || echo "# not built:$missing" >&3
}

# expect STAGE STATUS [STDERR-PATTERN]: of the last run; the pattern is a glob for the whole of stderr, one line.
expect() {
	# shellcheck disable=SC2154 # set by run
	[ "$status" -eq "$2" ] || {
		echo "expected status $2, got $status; stdout: ${output:0:300}; stderr: ${stderr:0:300}"
		return 1
	}
	# shellcheck disable=SC2053 # it is a pattern
	[ $# -lt 3 ] || [[ $stderr == $3 && $stderr != *$'\n'* ]] || {
		echo "expected on stderr: $3"
		echo "got: ${stderr:0:500}"
		return 1
	}
}

@test "every program is built" {
	for stage in $programs; do
		[ -n "$(type -P "$stage")" ] || skip "$stage is not built yet"
	done
}

@test "--help says what it is on stdout, with an example, and exits 0" {
	check() {
		run --separate-stderr "$program" --help
		expect "$1" 0 ''
		[[ $output == "Usage: $1 "* && $output == *--help* && $output == *--now* ]]
		# No title over nothing.
		awk 'title && /^$/ { exit 1 } { title = /^Options.*:$/ }' <<<"$output"
		grep -E '^  +[^ -]' <<<"$output" | grep -Eq "(^|[ |])$1( |\$)"
		run --separate-stderr "$program" -h
		expect "$1" 0 ''
	}
	each_of $programs
}

@test "--version names the program and the version" {
	check() {
		run --separate-stderr "$program" --version
		expect "$1" 0 ''
		[[ $output =~ ^$1\ \(envtally\)\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
	}
	each_of $programs
}

@test "an unknown option is 64 and one line that begins with the program's name" {
	check() {
		for option in --no-such-option -Z; do
			run --separate-stderr "$program" "${arguments[@]}" "$option" </dev/null
			expect "$1" 64 "$1: cannot use '$option': "*
			[ -z "$output" ]
		done
	}
	each_of $programs
}

@test "--help and --version that cannot be written are 74" {
	check() {
		local option
		for option in --help --version; do
			run --separate-stderr sh -c '"$1" "$2" >/dev/full' sh "$program" "$option"
			expect "$1" 74
			run --separate-stderr sh -c '"$1" "$2" >&-' sh "$program" "$option"
			expect "$1" 74
		done
	}
	each_of $programs
}

@test "an operand where none is taken is 64" {
	check() {
		local instead=', it reads standard input'
		[[ " $deaf " != *" $1 "* ]] || instead=''
		run --separate-stderr "$program" "${arguments[@]}" some-file </dev/null
		expect "$1" 64 "$1: cannot use 'some-file': $1 takes no operands$instead (see --help)"
		[ -z "$output" ]
	}
	each_of $filters auth report explain export
}

@test "a file that is not there is 66" {
	# The option that names one, if it takes one.
	option_of() {
		case $1 in
		auth | aggregate-by-period) echo --profile ;;
		fetch-*) echo --replay ;;
		normalize) echo --feed ;;
		merge) echo --policy ;;
		reconcile | forecast) echo --models ;;
		exclude) echo --exclusions ;;
		explain | export) echo --ledger ;;
		policy) ;;
		esac
	}
	check() {
		preamble "$1" >in
		mapfile -t option < <(option_of "$1")
		run --separate-stderr "$program" "${arguments[@]}" -q "${option[@]}" ./nowhere.json <in
		expect "$1" 66 "$1: cannot open "*"'./nowhere.json"*"': "*
		[[ $output != *RECORD* ]]
	}
	each_of auth $filters explain policy export
}

@test "an option without its value is 64" {
	check() {
		run --separate-stderr "$program" --now
		expect "$1" 64 "$1: cannot use '--now': "*
	}
	each_of $programs
}

@test "a clock that is none is 64, on the command line and in the environment" {
	check() {
		local clock
		for clock in yesterday 2025-02-30T00:00:00Z; do
			run --separate-stderr "$program" "${arguments[@]}" --now "$clock" </dev/null
			expect "$1" 64 "$1: cannot read the clock '$clock': --now "*
			ENVTALLY_NOW=$clock run --separate-stderr "$program" "${arguments[@]}" </dev/null
			expect "$1" 64 "$1: cannot read the clock '$clock': ENVTALLY_NOW "*
		done
	}
	each_of $programs
}

@test "a log format that is none is 64" {
	check() {
		run --separate-stderr "$program" "${arguments[@]}" --log-format xml </dev/null
		expect "$1" 64 "$1: cannot use --log-format 'xml': "*
	}
	each_of $programs
}

@test "empty input is no input: nothing comes out, nothing is said" {
	check() {
		run --separate-stderr "$program" "${arguments[@]}" </dev/null
		expect "$1" 0 ''
		[ -z "$output" ]
	}
	each_of $idle
}

@test "a fetcher without a CONNECTION says so" {
	check() {
		run --separate-stderr "$program" "${arguments[@]}" </dev/null
		expect "$1" 65 "$1: cannot connect: standard input has no CONNECTION"*
		[ -z "$output" ]
	}
	each_of fetch-subscriptions fetch-datafeed
}

@test "explain has nothing to explain where there is no position, and says so" {
	check() {
		run --separate-stderr "$program" "${arguments[@]}" </dev/null
		expect "$1" 66 "$1: cannot explain: standard input has no matching position or consumption"
		[ -z "$output" ]
	}
	each_of explain
}

@test "what reads no standard input does not mind what it is" {
	check() {
		"$program" "${arguments[@]}" --now 2025-03-18T02:00:00Z </dev/null >expected
		[ -s expected ]
		printf 'not json\n' >in
		"$program" "${arguments[@]}" --now 2025-03-18T02:00:00Z <in >got
		same_files expected got
		"$program" "${arguments[@]}" --now 2025-03-18T02:00:00Z </ >got
		same_files expected got
		"$program" "${arguments[@]}" --now 2025-03-18T02:00:00Z <&- >got
		same_files expected got
	}
	each_of $deaf
}

@test "blank lines are passed over, also at the ends" {
	check() {
		sample "$1" >in
		{ printf '\n \n\t\r\n' && sed G in && printf '\n\n'; } >blank
		"$program" "${arguments[@]}" <in >expected 2>/dev/null
		"$program" "${arguments[@]}" <blank >got 2>stderr
		[ -s got ]
		same_files expected got
		run ! grep -v warning stderr
	}
	each_of $readers
}

@test "the last line needs no newline" {
	check() {
		sample "$1" >in
		"$program" "${arguments[@]}" <in >expected 2>/dev/null
		printf %s "$(cat in)" | "$program" "${arguments[@]}" >got
		[ -s got ]
		same_files expected got
	}
	each_of $readers
}

@test "CRLF line ends are taken" {
	check() {
		sample "$1" >in
		"$program" "${arguments[@]}" <in 2>/dev/null | tr -d '\r' >expected
		sed 's/$/\r/' in | "$program" "${arguments[@]}" | tr -d '\r' >got
		[ -s got ]
		same_files expected got
	}
	each_of $readers
}

@test "a broken line is 65, with its number, and nothing of it is written" {
	check() {
		local broken
		for broken in '{"type":"RECORD","stream":"envelope","record":{"account_id":"a"' 'not json' '[1]' '{"type":"RECORD","stream":"s"}' \
			'{"type":"STATE"}' $'{"type":"\xff"}'; do
			{ preamble "$1" && body "$1" && echo; } >in
			local line=$(($(wc -l <in) + 1))
			printf '%s\n{"type":"after"}\n' "$broken" >>in
			run --separate-stderr "$program" "${arguments[@]}" <in
			expect "$1" 65 "$1: cannot read 'standard input' line $line: "* || {
				echo "for $broken"
				return 1
			}
			[[ $output != *after* ]]
			printf %s "$output" >got
			# Whole lines, and not the broken one.
			run ! grep -qv '}$' got
			run ! grep -qxF -- "$broken" got
		done
	}
	each_of $readers
}

@test "a truncated last line is 65" {
	check() {
		{ preamble "$1" && echo '{"type":"x","y":1}' && body "$1"; } >in
		head -c -8 in >cut
		[[ $1 == fetch-* ]] && echo '{"type":"RECORD","stream":"accou' >>cut
		run --separate-stderr "$program" "${arguments[@]}" <cut
		expect "$1" 65 "$1: cannot read 'standard input' line "*": not JSON: "*
	}
	each_of $readers
}

# A line of the length given, of a type that nobody knows.
long_line() {
	printf '{"type":"x","y":"'
	head -c "$(($1 - 19))" /dev/zero | tr '\0' y
	printf '"}'
}

@test "a line of 5 MiB is fine" {
	long_line $((5 << 20)) >line
	[ "$(wc -c <line)" -eq $((5 << 20)) ]
	check() {
		{ preamble "$1" && cat line && echo && body "$1"; } >in
		"$program" "${arguments[@]}" <in >got 2>/dev/null
		[[ " $filters " != *" $1 "* ]] || awk 'length > 1000000' got | tr -d '\n' | cmp - line
	}
	each_of $readers
}

@test "a line of 16 MiB is fine, one byte more is 65 and names it" {
	long_line $((16 << 20)) >line
	long_line $(((16 << 20) + 1)) >longer
	check() {
		{ preamble "$1" && cat line && echo; } >in
		"$program" "${arguments[@]}" <in >got 2>/dev/null
		local number=$(($(preamble "$1" | wc -l) + 2))
		{ preamble "$1" && echo '{"type":"y"}' && cat longer && echo; } >in
		run --separate-stderr "$program" "${arguments[@]}" <in
		expect "$1" 65 "$1: cannot read 'standard input' line $number: it is longer than 16777216 bytes"
	}
	each_of $readers
}

@test "standard output that is closed or full is 74, and nothing else is harmed" {
	check() {
		sample "$1" >in
		run --separate-stderr sh -c 'stage=$1; shift; "$stage" "$@" <in >&-' sh "$program" "${arguments[@]}"
		expect "$1" 74
		[[ ${stderr##*$'\n'} == "$1: cannot write 'standard output': Bad file descriptor" ]]
		run --separate-stderr sh -c 'stage=$1; shift; "$stage" "$@" <in >/dev/full' sh "$program" "${arguments[@]}"
		expect "$1" 74
		[[ ${stderr##*$'\n'} == "$1: cannot write 'standard output': No space left on device" ]]
	}
	each_of $programs
}

@test "standard input that is closed is 74; that is a directory, too" {
	check() {
		run --separate-stderr sh -c 'stage=$1; shift; "$stage" "$@" <&-' sh "$program" "${arguments[@]}"
		expect "$1" 74 "$1: cannot read 'standard input': Bad file descriptor"
		run --separate-stderr sh -c 'stage=$1; shift; "$stage" "$@" </' sh "$program" "${arguments[@]}"
		expect "$1" 74 "$1: cannot read 'standard input': Is a directory"
	}
	each_of $readers
}

@test "a reader that goes away ends it, without a word too many" {
	check() {
		body "$1" >one
		{ preamble "$1" && yes "$(cat one && echo '{"type":"x","padding":"0123456789012345678901234567890123456789"}')" | head -n 4000; } >in
		run --separate-stderr bash -c 'stage=$1; shift; "$stage" "$@" <in | head -c 10 >/dev/null; exit ${PIPESTATUS[0]}' sh "$program" "${arguments[@]}"
		# Killed by SIGPIPE, or told by EPIPE, or done before.
		[[ $status == 141 || $status == 74 || $status == 0 ]] || expect "$1" 74
		[ "$(grep -vc warning <<<"$stderr")" -le 1 ]
	}
	each_of $filters explain export
}

@test "unknown types and streams go through unchanged and in order" {
	cat >strangers <<'END'
{"type":"ACTIVATE_VERSION","stream":"x","version":1}
{"type":"RECORD","stream":"invoices","record":{"a":1.10,"b":"\u00e9\/","c":[{}, null]},"version":12345678901234567890}
{ "type" : "SCHEMA", "stream" : "invoices", "schema" : {"type":"object"}, "key_properties" : [] }
{"type":"record","stream":"envelope","record":{}}
{"type":"BATCH","stream":"envelope"}
{"type":"RECORD","stream":"Envelope","record":{"account_id":5}}
{"type":"","x":"🚀"}
{"type":"x","type":"y"}
{"type":"RECORD","stream":"","record":{}}
END
	check() {
		{ preamble "$1" && cat strangers; } >in
		"$program" "${arguments[@]}" <in >out 2>/dev/null
		# By their text: whatever else the stage prints stands around them.
		grep -xF -f strangers out >got
		same_files strangers got
	}
	each_of $filters
}

@test "types and streams that are not known do not move when known ones stand between them" {
	check() {
		{
			preamble "$1"
			for i in 1 2 3 4 5; do
				echo "{\"type\":\"x\",\"number\":$i}"
				body "$1"
			done
		} >in
		"$program" "${arguments[@]}" <in 2>/dev/null | jq -c 'select(.type == "x").number' | tr -d '\n' >got
		same 12345 "$(cat got)"
	}
	each_of $filters
}

@test "a STATE comes out in order, and after what stood before it" {
	check() {
		{
			preamble "$1"
			for i in 1 2 3; do
				body "$1"
				echo "{\"type\":\"RECORD\",\"stream\":\"strange\",\"record\":{\"number\":$i}}"
				echo "{\"type\":\"STATE\",\"value\":{\"number\":$i}}"
			done
		} >in
		"$program" "${arguments[@]}" <in 2>/dev/null >out
		# Other STATEs are the fetcher's own.
		jq -r 'select((.type == "STATE" and .value.number) or .stream == "strange") | if .type == "STATE" then "S\(.value.number)" else "R\(.record.number)" end' out >order
		same "S1 S2 S3" "$(grep S order | xargs)"
		same "R1 R2 R3" "$(grep R order | xargs)"
		for i in 1 2 3; do
			[ "$(grep -n "R$i" order | cut -d: -f1)" -lt "$(grep -n "S$i" order | cut -d: -f1)" ]
		done
	}
	each_of $filters
}

@test "a STATE waits for the sums of what stood before it" {
	needs_stage aggregate-by-period
	{ envelope '{}' && echo '{"type":"STATE","value":1}'; } | aggregate-by-period --contract-start 2025-01-31 >out
	same "SCHEMA RECORD STATE" "$(jq -r .type out | xargs)"
}

@test "a STATE goes through byte for byte" {
	printf '%s\n' '{ "type":"STATE", "value":{"a":[1.0,"\u00e9",{}],"b":null} , "extra":1}' '{"type":"STATE","value":null}' '{"type":"STATE","value":"x"}' >states
	check() {
		{ preamble "$1" && cat states; } | "$program" "${arguments[@]}" 2>/dev/null | grep -xF -f states >got
		same_files states got
	}
	each_of $filters
}

@test "nothing is said on stderr when all is well, and nothing is coloured in a pipe" {
	check() {
		sample "$1" >in
		"$program" "${arguments[@]}" --now 2025-03-18T02:00:00Z <in 2>stderr | cat >out
		[ -s out ]
		# The recorded organization refuses its list of accounts to an application's token, which is worth a word.
		[ "$1" = fetch-subscriptions ] && sed -i '/^fetch-subscriptions: warning: accounts outside all asset groups/d' stderr
		same '' "$(cat stderr)"
		run ! grep -q $'\033' out stderr
	}
	each_of $programs
}

@test "--log-format json: every line on stderr is JSON, errors too" {
	check() {
		sample "$1" >in
		"$program" "${arguments[@]}" --log-format json <in >/dev/null 2>stderr
		jq -e '.level and .program == "'"$1"'" and (.message | type == "string")' stderr >verdicts || [ ! -s stderr ]
		# A mistake in the options, too, wherever among them the format is asked for.
		for mistake in "--no-such-option --log-format json" "--log-format=json --now tomorrow"; do
			# shellcheck disable=SC2086
			run --separate-stderr "$program" "${arguments[@]}" $mistake </dev/null
			[ "$status" -eq 64 ]
			jq -e '.level == "error" and .program == "'"$1"'" and (.message | startswith("cannot "))' <<<"$stderr" >/dev/null
			[ "$(wc -l <<<"$stderr")" -eq 1 ]
		done
		printf '{"type":"x","y":"\x01\xff"}\n' >in
		if [[ " $readers " == *" $1 "* ]]; then
			run --separate-stderr "$program" "${arguments[@]}" --log-format=json <in
			[ "$status" -eq 65 ]
			jq -e '.level == "error" and .program == "'"$1"'"' <<<"$stderr" >/dev/null
		fi
	}
	each_of $programs
}

@test "--quiet says only errors" {
	check() {
		sample "$1" >in
		"$program" "${arguments[@]}" -q <in 2>stderr >/dev/null
		same '' "$(cat stderr)"
		run --separate-stderr "$program" "${arguments[@]}" -q --no-such-option </dev/null
		expect "$1" 64 "$1: "*
	}
	each_of $programs
}

@test "--verbose counts records the way Singer does" {
	check() {
		sample "$1" >in
		"$program" "${arguments[@]}" -v <in 2>stderr >/dev/null
		grep '^INFO METRIC: ' stderr | sed 's/^INFO METRIC: //' >metrics
		jq -e 'select(.type == "counter" and .metric == "record_count" and (.value | type == "number"))' metrics >/dev/null
	}
	each_of fetch-subscriptions fetch-datafeed normalize merge export
}

@test "the same input and clock give the same bytes" {
	check() {
		sample "$1" >in
		"$program" "${arguments[@]}" --now 2025-03-18T02:00:00Z <in >first 2>/dev/null
		sleep 0.01
		TZ=America/New_York LC_ALL=C "$program" "${arguments[@]}" --now 2025-03-18T02:00:00Z <in >second 2>/dev/null
		same_files first second
	}
	each_of $programs
}

@test "hostile text is shown escaped" {
	check() {
		printf '{"type":"RECORD","stream":"envelope","record":{}}\n' >in
		run --separate-stderr "$program" "${arguments[@]}" --now $'\033[31mred\nline' <in
		expect "$1" 64
		[[ $stderr == "$1: cannot read the clock '\x1b[31mred\x0aline': --now "* ]]
	}
	each_of $programs
}

@test "what comes out is JSON, an object with a type a line, and every stream has its SCHEMA first" {
	check() {
		sample "$1" >in
		"$program" "${arguments[@]}" <in 2>/dev/null >out
		jq -e 'type == "object" and (.type | type == "string")' out >/dev/null
		# Of the streams that it makes itself: not what was passed on.
		grep -vxF -f in out | jq -s -e 'reduce .[] as $m ({ok: true, known: {}};
			if $m.type == "SCHEMA" then .known[$m.stream] = true
			elif $m.type == "RECORD" and .known[$m.stream] != true then .ok = $m.stream else . end) | .ok == true' >/dev/null
	}
	each_of $filters auth explain export
}

@test "a key property of a SCHEMA is a property, and of an own RECORD a member" {
	check() {
		sample "$1" >in
		"$program" "${arguments[@]}" <in 2>/dev/null | grep -vxF -f in >out
		jq -s -e '(map(select(.type == "SCHEMA")) | map({(.stream): .}) | add // {}) as $schemas
			| all(.[] | select(.type == "SCHEMA"); .key_properties - (.schema.properties // {} | keys) == [])
			and all(.[] | select(.type == "RECORD"); ($schemas[.stream].key_properties // []) - (.record | keys) == [])' out >/dev/null
	}
	each_of normalize merge aggregate-by-period reconcile explain export
}
