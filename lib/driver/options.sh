# shellcheck shell=bash disable=SC2034,SC2154 # its variables are pipeline.sh's, which sources it
# options.sh: a table of the commands and one of their options, from which options are parsed and checked and help is printed.

# Command, operands, example, summary. A ~ is the program's name.
commands='
demo||~ demo|run three recorded nights of the organisation in fixtures/ and print its licence position
init||~ init -C ~/licences --name acme --environment demo|create a workspace and a profile; ask for whatever the options omit
validate||~ validate -C ~/licences -p acme|check the connection of each profile, step by step, and print what to do
run||~ run -C ~/licences -p acme|fetch, tally, reconcile and report, for every active profile of the workspace
shard|K/N|~ shard 3/16 20250325T020000Z -C acme|fetch one shard of a run under way that run --shards has divided, or join them (join/N); run does it
replay|RUN|~ replay 20250325T020000Z -C acme|repeat a run from its evidence and compare the outputs byte for byte
verify|[RUN]|~ verify 20250325T020000Z -C acme|prove every run by its manifest, RUN by a replay, and the ledger by that of all; without RUN, every run; or a pack that evidence made
evidence|RUN|~ evidence 20250325T020000Z -C acme --to acme.tar|write the evidence of RUN and of all runs before it to one file, signed and time stamped on request
discard|RUN|~ discard 20250325T020000Z -C acme|give up an interrupted run: keep what it recorded, but never finish it
reconcile||~ reconcile -C acme --as-of 2025-03-18|print the licence position from the current ledger and licence files
chargeback||~ chargeback -C acme --by cost_center --period 2025-01-31|print what each group is charged: its units, their rate, its share of unused rights, and corrections
report||~ report -C acme|print the last run'"'"'s report
explain||~ explain -C acme --period 2024-10-31 --level day|print where the last run'"'"'s figures come from: entitlements, consumption, days, envelopes, recorded exchanges
policy|diff A B|~ policy diff default policy.json -C acme|policy diff A B: print how figures change from one counting policy to another; also policy show, policy hash
models|[suggest]|~ models -C acme|print the software models, rows of models.csv and automatic ones, and what is in none; models suggest: rows for models.csv, to be completed
entitlements|suggest|~ entitlements suggest -C acme >rows.csv|rows for entitlements.csv, to be completed, for what the last run found used and nobody owns
status||~ status -C acme --check|list the runs and their results, and what needs attention
prune||~ prune -C acme --keep 30 --drop-after 1000 --dry-run|fold old runs into archives, or drop them; what is left can be verified from there
rebuild||~ rebuild -C acme|make a ledger that is damaged or lost anew from the recordings of all runs; say what differs, and keep the old one aside
export||~ export -C acme --format csv --stream consumption|export the ledgers as NDJSON or CSV, to a SQLite file or to PostgreSQL
'

# Option, name of its value if it takes one, commands (* for all), help. An option whose help differs between commands has several rows;
# the summary prints the first.
# shellcheck disable=SC2016 # $TMPDIR is a node's
options='
-p|PROFILE|validate run shard replay verify evidence discard reconcile chargeback report explain policy models entitlements status export rebuild prune|only this profile: its name in the workspace, or a file; may be repeated
-C|WORKSPACE|init validate run shard replay verify evidence discard reconcile chargeback report explain policy models entitlements status export rebuild prune|the workspace (default: the current folder; demo: envtally-demo)
-C|WORKSPACE|demo|the workspace (default: envtally-demo)
--replay|DIR|run|use this recording instead of Docusign
--now|RFC3339|run|the clock of the run, which names it (default: the current time)
--now|RFC3339|validate shard replay reconcile chargeback status|the clock (default: the current time)
--shards|N|run|divide the fetch among so many processes (doc/scale.md)
--engine|NAME|run|where they run: local (the default), make or slurm
--at-once|N|run|at most so many of them at a time, of all profiles together (default: one for each processor; slurm: all)
--scratch|DIR|run shard|record a shard in this folder of the machine that fetches it, and collect the recording when it ends; a variable such as $TMPDIR is filled in there
--all||run|ask all accounts, also those that are not due (doc/running.md)
--due||run|ask only the accounts that are due, however few there are
--max-requests|N|run|make at most N requests for envelopes and counts, whatever the number of shards and profiles; accounts that are put off are the next run'"'"'s first
--group-by|LIST|run reconcile|also positions by account, site, cost_center …; separate several with commas
--jobs|COUNT|run|run up to COUNT profiles side by side (default: 1, one after the other)
--warn-days|N|run reconcile status|warn of rights that run out in fewer days than this (default: 30; 0: never)
--period|START|explain policy chargeback|only the period that contains this day, or has this index
--day|DAY|explain|only the period that contains this day, and of its days only this one, with who sent how much
--account|ID|explain|only this account
--model|NAME|explain|only this software model; may contain * and ?
--level|LEVEL|explain|the depth: position, consumption, day, envelope or exchange (the default)
--by|GROUP|chargeback|account, site, cost_center, department, company, country or organization
--billed|DATE|chargeback|charge what was over then as the last run up to that day or time reported it; what has changed since is a line of its own
--as-of|DATE|reconcile|the position reported by the last run up to the end of that day, or up to that time
--restated||reconcile|with --as-of DAY: the position of everything sent by then, as known now
--restatements||status|also print every figure that was restated
--positions||status|also print the latest position of each license metric
--accounts||status|also print for each account when it was read, and when it is due again
--check||status|exit 69 if something needs attention
--new||verify|prove only what is new since the last verify --new, which remembers what it has proven
--all||status|print all lines of each kind, not ten
--on-finish|COMMAND|run|run this shell command after each profile, with the result as JSON on its standard input
--label|NAME=VALUE|status|of --format prometheus: a label for each metric, as workspace=acme where one exporter reads several workspaces
--on-alert|COMMAND|run status|run this shell command for each new alert, with it as JSON on its standard input
--summary||run|print one line for each profile when all is done, also with -q: for cron mail
--no-cache||validate run shard replay|do not keep the access token in the workspace
--format|FORMAT|export|ndjson (the default), singer (for Singer targets), csv, sqlite, postgres or focus; report: table (the default), md, csv, html, xlsx, pdf or verdict; models: table (the default), csv or ndjson; chargeback: table (the default) or csv; explain, policy, reconcile: text (the default) or ndjson; status: text (the default), json or prometheus
--format|FORMAT|report|table (the default; text is the same), md (Markdown), csv, html, xlsx, pdf (by chromium, if it is there) or verdict (its one line)
-o|FILE|report|write to this file, which is replaced only when the report is complete
--format|FORMAT|chargeback|table (the default) or csv
--format|FORMAT|models|table (the default), csv or ndjson
--format|FORMAT|explain policy reconcile|text (the default) or ndjson
--format|FORMAT|status|text (the default), json (a line for each profile) or prometheus (a text file for its node exporter)
--to|TARGET|export|a file (ndjson, sqlite, focus; focus: - is standard output), a folder (csv), or a service or connection string without password (postgres)
--stream|NAME|export|only this stream; may be repeated
--to|FILE|evidence|the file to write
--keep|RUNS|prune|so many of the newest runs stay as they are, or, as 30d, those of so many days; older ones are folded
--drop-after|RUNS|prune|drop runs that are older than so many of the newest, or, as 1100d, than so many days
--dry-run||prune|change nothing: print what would be folded and dropped
--begin-here||prune|evidence begins after the newest run, with the ledger as it is: for a workspace that has lost some
--without-bodies||evidence|leave out the recorded bodies, which name people; their SHA-256 stays
--sign-key|FILE|evidence|sign with this private key (PEM): the signature is FILE.p7s
--sign-key-password|SOURCE|evidence|source of its password: file:PATH or fd:N
--certificate|FILE|evidence verify|the signer'"'"'s certificate (PEM); to verify, it or that of its authority
--tsa|URL|evidence|get a time stamp from this authority: FILE.tsr
--tsa-certificate|FILE|evidence verify|the certificate to check the time stamp by (default: those of the system)
--one-page||report|html, pdf: the first screen alone, one sheet of paper
--plain-cells||export report chargeback|csv: no apostrophe before a text that a spreadsheet would run as a formula
--color|WHEN|demo reconcile chargeback report models status|colour: auto (the default: on a terminal, unless NO_COLOR is set), always or never
--log-format|FORMAT|*|messages on standard error: text (the default) or json, an object a line
-v||*|more messages
-q||*|fewer messages
--name|NAME|init|name of the profile
--organization-id|UUID|init|the Docusign organization
--contract-start|DAY|init|start of the Docusign contract
--renewal-months|N|init|months of one consumption cycle
--environment|NAME|init|production or demo
--integration-key|UUID|init|the integration key
--key-pair-id|UUID|init|the ID of the registered key pair
--key-file|FILE|init|the private key, relative to profiles/
--key-password|SOURCE|init|source of its password: file:PATH or fd:N
--key-alias|NAME|init|which key of a PKCS#12 or JKS file
--user-id|UUID|init|the user to impersonate
--feed|NAME|init|the feed descriptor
--help||*|print this help
'

# The formats that a command prints, the default first.
declare -A formats=([demo]=table [export]='ndjson singer csv sqlite postgres focus' [report]='table md csv html xlsx pdf verdict' [explain]='text ndjson' [policy]='text ndjson' [models]='table csv ndjson' [chargeback]='table csv' [reconcile]='text ndjson' [status]='text json prometheus')

# Programs that are not commands too: `~ STAGE ...` runs one.
all_stages="auth fetch-subscriptions fetch-datafeed normalize merge combine aggregate-by-period forecast exclude feed split-streams run-facts ledger"

# The rows of a table, into `rows`. No process is started, and nothing read from a pipe: that takes a call a byte.
rows_of() { # TABLE
	local IFS=$'\n' -
	set -f
	# shellcheck disable=SC2206 # a row a line
	rows=($1)
}

command_row() { # COMMAND: its row, into `row`; 1 if there is none
	local rows
	rows_of "$commands"
	for row in "${rows[@]}"; do
		[[ $row != "$1|"* ]] || return 0
	done
	row=''
	return 1
}

option_row() { # OPTION COMMAND: its row for that command, into `row`; else, with other commands, its rows as one; else nothing
	local rows one option value of help others='' other_value=''
	rows_of "$options"
	for one in "${rows[@]}"; do
		[[ $one == "$1|"* ]] || continue
		IFS='|' read -r option value of help <<<"$one"
		row=$one
		! belongs "$of" "$2" || return 0
		others="$others${others:+ }$of" other_value=$value
	done
	row=${others:+"$1|$other_value|$others|"}
}

belongs() { # COMMANDS COMMAND: is it among them?
	[ "$1" = '*' ] || case " $1 " in *" $2 "*) ;; *) return 1 ;; esac
}

# Lines "NAME<tab>TEXT" in two columns: the text begins at column WIDTH, and is broken where 80 columns end.
in_columns() { # WIDTH
	awk -F '\t' -v width="$1" '{
		line = sprintf("%-*s", width, $1 == "" ? "" : "  " $1 "  ")
		count = split($2, words, " ")
		for (i = 1; i <= count; i++) {
			if (i > 1 && length(line words[i]) > 79) {
				print line
				line = sprintf("%*s", width, "")
			} else if (i > 1)
				line = line " "
			line = line words[i]
		}
		print line
	}'
}

usage() {
	cat <<-END
		Usage: $program COMMAND [OPTION]...
		       $program STAGE ...      runs one stage
		       $program COMMAND --help prints its options, with an example

		Commands
	END
	awk -F '|' 'NF { print $1 ($2 ~ /^RUN$/ ? " " $2 : "") "\t" $4 }' <<<"$commands" | in_columns 20
	printf '\nOptions\n'
	# An option of few commands names them; -v and -q share a line; the keys of a profile have one line at the end.
	awk -F '|' 'NF && $3 != "init" && $1 != "--help" && $1 != "-q" && !seen[$1]++ {
			few = $3 != "*" && split($3, names, " ") < 4
			gsub(/ /, ", ", $3)
			print ($1 == "-v" ? "-v, -q" : $1 ($2 ? " " $2 : "")) "\t" (few ? $3 ": " : "") ($1 == "-v" ? "more messages, fewer messages" : $4)
		} END { print "--KEY VALUE\tinit: a key of the profile, e.g. --name acme --contract-start 2025-01-31" }' <<<"$options" | in_columns 30
	cat <<-END

		Example
		  $invoked demo
		  $invoked run -C ~/licences -p acme
	END
}

command_usage() { # COMMAND
	local row name operands example summary
	command_row "$1"
	IFS='|' read -r name operands example summary <<<"$row"
	printf 'Usage: %s %s%s [OPTION]...\n\n' "$program" "$name" "${operands:+ $operands}"
	in_columns 2 <<<"	$summary"
	printf '\nOptions\n'
	awk -F '|' -v command="$1" 'NF && ($3 == "*" || index(" " $3 " ", " " command " ")) { print $1 ($2 ? " " $2 : "") "\t" $4 }' <<<"$options" | in_columns 27
	printf '\nExample\n  %s\n' "${example//"~ "/$invoked }"
	[ ! -x "$stages/$1" ] || printf '\nThere is a stage of that name too: envtally-%s(1) is its manual page.\n' "$1"
}

# What a person may have meant, as the end of a message: "; did you mean 'report'?", or nothing, into `meant`.
did_you_mean() { # NAME KNOWN...
	meant=$("$stages/run-facts" near -- "$@" 2>/dev/null) || meant=''
	[ -z "$meant" ] || meant="; did you mean '$meant'?"
}

# The names in the first column of a table's rows that are for that command, or of all rows, into `names`.
names_of() { # TABLE [COMMAND]
	local rows one name value of
	names=()
	rows_of "$1"
	for one in "${rows[@]}"; do
		IFS='|' read -r name value of _ <<<"$one"
		[ $# -gt 1 ] && ! belongs "$of" "$2" || names+=("$name")
	done
}

unknown_option() { # COMMAND OPTION
	local row option value of help names meant
	option_row "$2" "$1"
	IFS='|' read -r option value of help <<<"$row"
	case $1:${2,,} in
	init:*passw* | init:*passphrase* | init:*secret* | init:*token* | init:*credential*)
		fail 64 "cannot use '$2': a profile holds no secrets; --key-file names the file of the key, --key-password file:PATH that of its password"
		;;
	esac
	if [ -z "$option" ]; then
		names_of "$options" "$1"
		did_you_mean "$2" "${names[@]}"
		fail 64 "cannot use '$2': unknown option ($program $1 --help lists those of $1)$meant"
	fi
	fail 64 "cannot use '$2' with $1: it is an option of ${of// /, }"
}

# Does the stage of that name have this option? Then the command line is for the stage.
stage_takes() { # STAGE OPTION
	[ -x "$stages/$1" ] && "$stages/$1" --help | grep -qE -- "^ *(-[a-z], )?$2(=| |,|$)"
}

no_option() { # VARIABLE PATH: sets it to the path, as programs take it, whatever it begins with
	case $2 in -*) printf -v "$1" './%s' "$2" ;; *) printf -v "$1" '%s' "$2" ;; esac
}

use_colour() { # WHEN
	case $1 in
	auto) ;;
	always) export CLICOLOR_FORCE=1 NO_COLOR='' ;;
	never) export NO_COLOR=1 ;;
	*) fail 64 "cannot use --color '$1': it must be auto, always or never" ;;
	esac
}

set_option() { # OPTION VALUE
	case "$1" in
	-p) no_option "profiles[${#profiles[@]}]" "$2" ;;
	-C) workspace=$2 workspace_given=1 ;;
	--replay) replay=$2 ;;
	--shards | --at-once)
		[[ $2 =~ ^[1-9][0-9]{0,3}$ ]] || fail 64 "cannot use $1 '$2': it must be a whole number from 1 to 9999"
		[ "$1" = --shards ] && shards=$2 || at_once=$2
		;;
	--engine) engine=$2 ;;
	--scratch) no_option node_scratch "$2" ;;
	--now) now=$2 ;;
	--group-by) group_by=$2 ;;
	--warn-days)
		[[ $2 =~ ^[0-9]{1,5}$ ]] || fail 64 "cannot use --warn-days '$2': it must be a whole number of days, 0 or more"
		warn_days=$2
		;;
	--jobs)
		[[ $2 =~ ^[1-9][0-9]{0,2}$ ]] || fail 64 "cannot use --jobs '$2': it must be a whole number, 1 to 999"
		jobs=$2
		;;
	--new) prove_new=1 ;;
	--all) case $command in run) asking+=("$1") ;; *) status_flags+=("$1") ;; esac ;;
	--due) asking+=("$1") ;;
	--max-requests)
		[[ $2 =~ ^[1-9][0-9]{0,11}$ ]] || fail 64 "cannot use --max-requests '$2': it must be a whole number, 1 or more"
		asking+=("$1=$2")
		;;
	--period)
		question+=(--period "$2")
		only_period=$2
		;;
	--day | --account | --model | --level) question+=("$1" "$2") ;;
	--as-of | --billed) as_of=$2 ;;
	--by) charge_by=$2 ;;
	--restated) restated=1 ;;
	--format) format=$2 format_given=1 ;;
	--to) export_to=$2 ;;
	-o) report_to=$2 ;;
	--stream) export_streams+=("$2") ;;
	--restatements | --positions | --accounts) status_flags+=("$1") ;;
	--on-finish) on_finish=$2 ;;
	--on-alert) on_alert=$2 ;;
	--summary) summary=1 ;;
	--label)
		[[ $2 =~ ^[a-zA-Z][a-zA-Z0-9_]*=.+$ && ! $2 =~ ^(profile|problem|verdict|state|kind|software_model|license_metric)= ]] ||
			fail 64 "cannot use --label '$2': it must be NAME=VALUE, and NAME letters, digits and _, and no label that metrics have"
		metric_label=(--label "$2")
		;;
	--log-format)
		[[ $2 =~ ^(text|json)$ ]] || fail 64 "cannot use --log-format '$2': it must be text or json"
		log_format=$2
		stage_flags+=(--log-format "$2")
		;;
	--check) check_status=1 ;;
	--color) use_colour "$2" ;;
	--plain-cells) csv_flags=(--plain-cells) ;;
	--one-page) page_flags=(--one-page) ;;
	--no-cache) cache=0 ;;
	-v) stage_flags+=(-v) ;;
	-q)
		quiet=1
		stage_flags+=(-q)
		;;
	--*) answers[${1#--}]=$2 ;; # init: a key of the profile; evidence
	esac
}

check_format() { # COMMAND: sets format if it was not given
	local known=${formats[$1]-}
	[ "$format_given" = 1 ] || format=${known%% *}
	[ "$1 $format" != 'report text' ] || format=table
	[ -z "$known" ] || { [ -n "$format" ] && belongs "$known" "$format"; } ||
		fail 64 "cannot use --format '$format': it must be $(sed -E 's/ /, /g; s/, ([^,]*)$/ or \1/' <<<"$known")"
}

# Sets the variables of the options, and `operands`. Returns 1 if the arguments are for the stage of that name.
parse_options() { # COMMAND ARGUMENT...
	local command=$1 argument name value of help has_value
	shift
	while [ $# -gt 0 ]; do
		argument=$1 has_value=0
		shift
		case "$argument" in
		--)
			operands+=("$@")
			break
			;;
		--*=*)
			set -- "${argument#*=}" "$@"
			argument=${argument%%=*} has_value=1
			;;
		-[!-]?*) # -Cacme: and what follows a letter is not repeated, it may be a password
			set -- "${argument:2}" "$@"
			argument=${argument:0:2} has_value=1
			;;
		-?*) ;;
		*)
			operands+=("$argument")
			continue
			;;
		esac
		option_row "$argument" "$command"
		IFS='|' read -r name value of help <<<"$row"
		if [ -z "$name" ] || ! belongs "$of" "$command"; then
			if stage_takes "$command" "$argument"; then return 1; fi
			unknown_option "$command" "$argument"
		fi
		if [ "$argument" = --help ]; then
			put '%s\n' "$(command_usage "$command")"
			exit 0
		elif [ -z "$value" ]; then
			case $has_value$argument in
			1--*) fail 64 "cannot use '$argument=$1': the option takes no value" ;;
			1-*) set -- "-$1" "${@:2}" ;; # -qv
			esac
			set_option "$argument" ''
		else
			[ $# -gt 0 ] || fail 64 "cannot use '$argument' without a value"
			set_option "$argument" "$1"
			shift
		fi
	done
	check_format "$command"
	no_option workspace "${workspace:-.}"
	no_option replay "$replay"
	now=${now:-${ENVTALLY_NOW:-}}
}
