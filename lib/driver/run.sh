# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # its variables are pipeline.sh's, which sources it
# run.sh: one run of one profile: fetch, tally, reconcile, report, promote; and what an interrupted run left.
#
# A run is made in runs/NAME/.RUN.partial and renamed when every program has ended well. One that was interrupted is finished first by
# the next run: with its own clock, state and recording, so it gives what it would have given.

run_command() {
	no_operands run
	case "${asking[*]-}" in *--all*--due* | *--due*--all*) fail 64 "cannot use --all together with --due" ;; esac
	need_workspace
	needs_engine
	local profile file files=() statuses=()
	for profile in "${profiles[@]}"; do
		file=$(profile_file "$profile")
		files+=("$file")
	done
	share_at_once "${#files[@]}"
	share_requests "${files[@]}"
	# A profile that fails does not hide the others.
	if [ "$jobs" -gt 1 ] && [ ${#files[@]} -gt 1 ]; then
		side_by_side run_one profile_label "${files[@]}"
	else
		for file in "${files[@]}"; do
			set +e
			run_one "$file"
			statuses+=($?)
			set -e
		done
	fi
	[ ${#files[@]} -eq 1 ] || say_how_they_ended
	case " ${statuses[*]} " in *' 0 '* | *' 75 '*) write_index ;; esac # a run that failed has nothing new for it
	after_runs || :
	return "$(worst_of "${statuses[@]}")"
}

# Of a budget, what each profile may ask, by the accounts that its ledger knows; one that has no ledger counts as the largest. Into `requests_of`.
declare -A requests_of=()
share_requests() { # FILE...
	local file count all=0 largest=1 budget=''
	local -A accounts=() facts=()
	for file in ${asking[@]+"${asking[@]}"}; do [[ $file != --max-requests=* ]] || budget=${file#*=}; done
	[ $# -gt 1 ] && [ -n "$budget" ] || return 0
	for file; do
		facts=()
		{ read_facts profile "$file" && [ "${facts[active]:-true}" = true ]; } 2>/dev/null || continue # a wrong one says so when it is run
		count=0
		[ ! -e "$workspace/ledger/${facts[name]}.db" ] ||
			count=$(stage merge --ledger "$workspace/ledger/${facts[name]}.db" --print-state | grep -o '"until":' | wc -l)
		accounts[$file]=$count
		largest=$((count > largest ? count : largest))
	done
	[ "$budget" -ge ${#accounts[@]} ] || fail 64 "cannot use --max-requests '$budget': it must be ${#accounts[@]} or more, one for each profile"
	for file in "${!accounts[@]}"; do
		[ "${accounts[$file]}" -gt 0 ] || accounts[$file]=$largest
		all=$((all + accounts[$file]))
	done
	for file in "${!accounts[@]}"; do
		requests_of[$file]=$((1 + (budget - ${#accounts[@]}) * accounts[$file] / all))
	done
}

run_one() { # FILE: called with errexit off, which a condition would switch off within, too
	(
		set -e
		run_profile "$1"
	)
	local status=$?
	# Statuses of cp and the shell are not ours: they could not read or write a file, and named it.
	if [ "$status" -gt 0 ] && [ "$status" -lt 64 ]; then
		status=74
		complain "cannot run profile of '$1': a file could not be read or written; the next run continues from there"
	fi
	return "$status"
}

# runs/index.html, for people: no run fails because it cannot be written. Of runs that end together, the last writes it.
write_index() {
	[ -d "$workspace/runs" ] || return 0
	{ exec 6>>"$workspace/ledger/.index.lock"; } 2>/dev/null || :
	flock -w 10 6 2>/dev/null || :
	stage run-facts index "$workspace" || warn "cannot write '$workspace/runs/index.html': the next run writes it anew"
	exec 6>&-
}

profile_label() { # FILE: how its lines are marked
	local name
	name=$(profile_name "$1" 2>/dev/null) && [ -n "$name" ] || name=$(basename "$1" .json)
	printf '%s\n' "${name//[!A-Za-z0-9._-]/?}"
}

say_how_they_ended() { # by the caller's `files` and `statuses`
	local place done=0 failed=''
	for place in "${!files[@]}"; do
		if [ "${statuses[place]}" -eq 0 ]; then
			done=$((done + 1))
		else
			failed+=", $(profile_label "${files[place]}") with status ${statuses[place]}"
		fi
	done
	say "${#files[@]} profiles: $done done$failed"
}

run_profile() { # FILE
	local file=$1 name runs clock run partial some_partial=0 number=1
	local -A facts=()
	[ -z "${requests_of[$1]-}" ] || asking=("${asking[@]/#--max-requests=*/--max-requests=${requests_of[$1]}}")
	[ -z "$replay" ] || [ -d "$replay" ] || fail 66 "cannot open recording '$replay': there is no such folder"
	read_facts profile "$file" --replay "$replay"
	name=${facts[name]}
	[ -n "$name" ] || fail 78 "cannot use profile '$file': \"name\" is missing"
	[[ -n ${is_marked-} && $log_format = text ]] || export ENVTALLY_PROFILE=$name # every warning has it
	[ "${facts[active]:-true}" = true ] || {
		say "$name: not active, skipped"
		return 0
	}
	preflight "$file"
	runs=$workspace/runs/$name
	clock=$(rfc3339 "${now:-${facts[now]-}}") # a recorded night is run as of that night
	run=${as_run:-$(run_name "$clock")}
	partial=$runs/.$run.partial
	[ -d "$runs" ] && [ -d "$workspace/ledger" ] || mkdir -p "$runs" "$workspace/ledger" || fail 73 "cannot create '$runs'"
	lock "$name"
	bring_up_to_date "$workspace/ledger/$name.db"
	while [ -e "$runs/$run" ]; do another_name "it exists"; done
	finish_interrupted "$name" "$partial"
	# Unless it was this one, and all but its name was done.
	if [ ! -e "$runs/$run" ]; then
		while [ ! -e "$partial" ]; do
			begin_run "$file" "$name" "$clock" "$run" "$partial"
			[ "${facts[promoted]}" = 1 ] || break
			rm -rf "$partial"
			another_name "the ledger has it, but its folder is lost; run with another --now"
		done
		make_run "$name" "$partial"
	fi
	[ "$some_partial" = 0 ] || return 75
}

# A clock that went back may give the name of an earlier run: then RUN-2, RUN-3 … are used. With a given clock it is an error.
another_name() { # WHY
	[ -z "$as_run$now${facts[now]-}" ] || fail 73 "cannot make run $run of profile '$name': $1"
	number=$((number + 1))
	run=$(run_name "$clock")-$number
	partial=$runs/.$run.partial
}

# merge migrates a ledger of an older version only if it writes it.
bring_up_to_date() { # LEDGER
	[ ! -e "$1" ] || stage merge --ledger "$1" --emit none </dev/null
}

# What can be known to be wrong before anything is fetched or written.
preflight() { # PROFILE
	local policy
	stage auth -p "$1" --replay . >/dev/null
	policy_of "$workspace/licence"
	[ ${#policy[@]} -eq 0 ] || stage policy hash "${policy[1]}" >/dev/null
	try_licence
}

# The profile's own feed descriptor, relative to the profile as key_file is; nothing for a preset.
feed_file() { # PROFILE FEED
	case "$2" in
	/*) printf '%s\n' "$2" ;;
	*/* | *.json) printf '%s/%s\n' "$(dirname "$1")" "$2" ;;
	esac
}

# The files and options that a run depends on, into its inputs/.
freeze_inputs() { # PROFILE-FILE LICENCE-FOLDER FEED-FILE TO
	cp "$1" "$4/profile.json"
	copy_licence "$2" "$4"
	[ -z "$3" ] || cp "$3" "$4/feed.json"
	[ -z "$group_by" ] || printf '%s\n' "$group_by" >"$4/group-by"
	[ -z "$warn_days" ] || printf '%s\n' "$warn_days" >"$4/warn-days"
	[ ${#asking[@]} -eq 0 ] || printf '%s\n' "${asking[@]}" >"$4/asking"
}

# And back: what is no licence file, into the caller's `group_by`, `warn_days`, `asking` and `feed_from`.
thaw_inputs() { # FROM
	group_by='' warn_days='' feed_from='' asking=()
	[ ! -e "$1/group-by" ] || group_by=$(<"$1/group-by")
	[ ! -e "$1/warn-days" ] || warn_days=$(<"$1/warn-days")
	[ ! -e "$1/asking" ] || mapfile -t asking <"$1/asking"
	[ ! -e "$1/feed.json" ] || feed_from=$1/feed.json
}

# All that a run depends on, frozen before it begins: its clock, its inputs, what was known before. `facts` are the profile's, and become the run's too.
begin_run() { # FILE NAME CLOCK RUN PARTIAL
	remove "$5.new"
	mkdir "$5.new" "$5.new/inputs" "$5.new/raw"
	freeze_inputs "$1" "$workspace/licence" "${feed_from:-$(feed_file "$1" "${facts[feed]}")}" "$5.new/inputs"
	# What makes it; a run that is made again has that of its evidence.
	if [ -z "$others_from" ]; then
		printf 'envtally %s\n' "${facts[version]}" >"$5.new/inputs/version"
		# So the chain of manifests covers it.
		[ ! -e "$(checkpoint_of "$2")/checkpoint.json" ] || cp "$(checkpoint_of "$2")/checkpoint.json" "$5.new/inputs/"
	else
		cp "$others_from"/version "$others_from"/past-forecasts.ndjson "$others_from"/checkpoint.json "$5.new/inputs/" 2>/dev/null || true
	fi
	read_facts begin "$5.new" ${others_from:+--again} --run-id "$4" --clock "$3" --name "$2" --replay "${replay:+$(readlink -f "$replay")}" --profile "$(readlink -f "$1")" --ledger "$workspace/ledger/$2.db"
	mv "$5.new" "$5"
	facts[folder]=$5
}

# Runs that were killed, or failed: finished first, oldest first, each with its own clock, by the profile as it is now (its own inputs say
# what to fetch). One that is partial makes this command's status 75, as it would have made its own.
finish_interrupted() { # NAME PARTIAL-OF-THIS-RUN
	local partial run
	remove "$workspace/runs/$1"/.*.partial.new "$workspace/runs/$1"/.*.partial.same
	for partial in "$workspace/runs/$1"/.*.partial; do
		[ -e "$partial" ] || continue
		run=$(basename "$partial" .partial)
		run=${run#.}
		[ -e "$partial/begun.json" ] || { # all is done but the name: see make_run
			name_run "$1" "$partial" "$run"
			continue
		}
		mend_inputs "$1" "$partial" "$run"
		[[ -e $partial && $partial != "$2" ]] || continue
		say "$1: finishing run $run, which was interrupted"
		make_run "$1" "$partial"
	done
}

# What a person has mended since an interrupted run began is frozen anew: licence files and policy always, profile and descriptor by what was requested.
# Where other requests follow from them, it is requested again: by a new run if the ledger has nothing of this one, else by this one, or what the
# ledger has would be in no recording.
mend_inputs() { # NAME PARTIAL RUN
	[ -z "$(promotion_of "$1" "$3")" ] || return 0
	local feed how='was interrupted'
	[ ! -e "$2/failed" ] || how=failed
	copy_licence "$workspace/licence" "$2/inputs"
	feed=$(feed_file "$file" "${facts[feed]}")
	read_facts changed "$2" --profile "$file" --feed "$feed"
	case ${facts[profile_changed]}:${facts[feed_changed]} in
	none:none) return 0 ;;
	*requests*)
		merged "$1" "$2" || {
			say "$1: run $3 $how, and what it requests has been changed since: the next run begins anew"
			rm -rf "$2"
			return 0
		}
		say "$1: run $3 $how, and what it requests has been changed since: it requests again"
		[ "${facts[profile_changed]}" != requests ] || rm -f "$2"/raw/fetch-subscriptions.*
		rm -rf "$2/shards" "$2"/raw/fetch-datafeed.*
		;;
	*:figures)
		# By another map the same envelopes would be others than those that the ledger has.
		! merged "$1" "$2" || {
			warn "$1: run $3 keeps the descriptor that it began with, since the ledger has some of it; the next run takes the one of now"
			feed=$2/inputs/feed.json
		}
		;;
	esac
	say "$1: run $3 goes on with the profile as it is now"
	cp "$file" "$2/inputs/profile.json"
	[ "$feed" != "$2/inputs/feed.json" ] || return 0
	remove "$2/inputs/feed.json"
	[ -z "$feed" ] || cp "$feed" "$2/inputs/feed.json"
}

# What a person or a run gives up: kept, and never finished. `status` lists it.
set_aside() { # PARTIAL
	local to=${1%.partial}.discarded number=1
	while [ -e "$to" ]; do
		number=$((number + 1))
		to=${1%.partial}.$number.discarded
	done
	mv "$1" "$to"
}

discard_command() {
	[ ${#operands[@]} -eq 1 ] || fail 64 "cannot discard: name one run from $program status"
	local name partial
	need_one_profile discard
	partial=$workspace/runs/$name/.${operands[0]}.partial
	[[ ${operands[0]} != */* && -d $partial ]] || fail 66 "cannot discard run '${operands[0]}': profile '$name' has no interrupted run of that name"
	lock "$name"
	[ ! -e "$partial/begun.json" ] || [ -z "$(promotion_of "$name" "${operands[0]}")" ] ||
		fail 73 "cannot discard run '${operands[0]}': the ledger has promoted it, and the next run gives its folder its name"
	[ ! -e "$partial/begun.json" ] || ! merged "$name" "$partial" ||
		warn "$name: the ledger keeps the envelopes that run ${operands[0]} merged; they are in no run's recordings, so later runs cannot be replayed or verified"
	set_aside "$partial"
	say "$name: run ${operands[0]} is discarded; what it recorded is kept in $workspace/runs/$name"
}

lock() { # NAME: until the script ends
	exec 9>>"$workspace/ledger/$1.lock"
	flock -w 1 9 || fail 75 "cannot run profile '$1': another run of it is under way, try again later"
	[ -n "$as_run" ] || check_lock "$workspace/ledger" "$1"
}

# Some network file systems grant every lock. The run continues, since any run is better than none, with a warning each time, even with -q.
check_lock() { # FOLDER NAME
	exec 8>>"$1/$2.lock"
	! flock -n 8 || warn "$2: the file system of '$1' does not lock files: two runs at once would not notice each other; make one at a time, or move the workspace to a local disk"
	exec 8>&-
}

# The last step, for a run that the ledger has promoted and that is complete; any other is set aside. Sets some_partial to 1 if the run is partial.
name_run() { # NAME PARTIAL RUN [STATE]
	local state=${4-} lost
	[ -n "$state" ] || { # promoted by an earlier command
		read -r _ _ state _ <<<"$(promotion_of "$1" "$3")"
		[ -n "$state" ] || {
			set_aside "$2"
			say "$1: $2 is not a run: it is set aside"
			return 0
		}
		lost=$(missing_file "$2")
		[ -z "$lost" ] || {
			set_aside "$2"
			warn "$1: run $3 was promoted, but its folder has lost '$lost': it is set aside, and its figures are in the ledger alone"
			return 0
		}
	}
	mv "$2" "$workspace/runs/$1/$3"
	[ -n "$others_from" ] || sync "$workspace/runs/$1" # what is made to be compared has to survive nothing
	[ "$state" = succeeded ] || some_partial=1
}

make_run() { # NAME PARTIAL: fails when the run does; a partial one does not
	local name=$1 partial=$2 run reconciled status=0 state='' verdict='' of_workspace=''
	[ "${facts[folder]-}" = "$partial" ] || { # one that was interrupted
		local -A facts=()
		read_facts run "$partial" --ledger "$workspace/ledger/$name.db"
	}
	run=${facts[run_id]}
	ENVTALLY_NOW=${facts[clock]}
	export ENVTALLY_NOW
	export ENVTALLY_PROGRESS=${ENVTALLY_PROGRESS:-30}
	if [ "${facts[promoted]}" = 0 ]; then
		set +e
		tally "$name" "$partial"
		status=$?
		set -e
		[ "$status" -eq 0 ] || [ "$some_refused" = 1 ] || {
			give_up "$name" "$partial" "$run" "$status"
			# Removing an interrupted run does not prevent this one.
			[ -e "$partial" ] || [ -n "${facts[folder]-}" ] || return 0
			return "$status"
		}
		remove "$partial/refused" "$partial/failed" # the first: of an earlier version
		freeze_others "$name" "$partial/inputs"
		set +e
		(
			set -e
			reconcile_run "$name" "$partial"
		)
		reconciled=$?
		set -e
		[ "$reconciled" -eq 0 ] || {
			say "$name: run $run cannot be reconciled; what it fetched is kept, and the next run continues from there, with the licence files as they are then"
			return "$reconciled"
		}
		state=succeeded
		[ "$status" -eq 0 ] || state=partial
		promote "$name" "$partial" "$state"
		exec 7>&-
		share_unchanged "$runs/${facts[previous]}" "$partial"
	fi
	[ ! -e "$partial/verdict" ] || verdict=$(<"$partial/verdict")
	[ ! -e "$partial/workspace-verdict" ] || of_workspace=$(<"$partial/workspace-verdict")
	# Last what says that there is something to finish.
	rm -f "$partial/reported.ndjson" "$partial/tallied.ndjson" "$partial/promotion.ndjson" "$partial/verdict" "$partial/workspace-verdict" "$partial/begun.json"
	name_run "$name" "$partial" "$run" "$state"
	[ -e "$workspace/runs/$name/$run" ] || return 0
	if [ "$state" = partial ]; then
		say "$name: run $run is partial, some accounts could not be read: $workspace/runs/$name/$run/report.html"
	else
		say "$name: run $run is complete: $workspace/runs/$name/$run/report.html"
	fi
	[ "$quiet" = 1 ] || has_rows "$workspace/runs/$name/$run/inputs/entitlements.csv" ||
		say "$name: nothing is owned: next, write what was bought into $workspace/licence/entitlements.csv (doc/licence.md)"
	[ -z "$of_workspace" ] || say "workspace: $of_workspace Report: $workspace/runs/$name/$run/workspace.html"
	[ -z "$verdict" ] || say "$name: $verdict Report: $workspace/runs/$name/$run/report.html"
}

# A run that failed: kept, so that the next run continues from there. What was answered and did not serve is asked for again: by a new run where
# the ledger has nothing of this one yet, because an outage or a wrong organization may have answered; else by this one, with its own windows,
# or what it put into the ledger would be in no recording.
give_up() { # NAME PARTIAL RUN STATUS
	local -A facts=()
	local again=''
	# What cannot be read is kept: the error that matters has been printed.
	read_facts run "$2" --ledger "$workspace/ledger/$1.db" 2>/dev/null || facts=([fetch-subscriptions]=begun [fetch-datafeed]=begun)
	# A recording that has its end line is never added to, and that of the feed may lack accounts.
	[ "$accounts_failed" = 0 ] || again=fetch-subscriptions
	[ "$feed_unusable" = 0 ] && [ "$accounts_failed${facts[fetch-datafeed]}" != 1complete ] || again="$again fetch-datafeed"
	if [ "${facts[fetch-subscriptions]}${facts[fetch-datafeed]}" != nonenone ] && { [ -z "$again" ] || merged "$1" "$2"; }; then
		for again in $again; do rm -f "$2/raw/$again".*; done
		: >"$2/failed"
		say "$1: run $3 failed with status $4; what it fetched is kept, and the next run continues from there"
	else
		say "$1: run $3 failed with status $4; the next run begins anew"
		mv "$2" "$2.new"
		rm -rf "$2.new"
	fi
}

# Has the ledger moved on since the run began?
merged() { # NAME PARTIAL
	[ -e "$workspace/ledger/$1.db" ] && ! stage merge --ledger "$workspace/ledger/$1.db" --print-state | cmp -s - "$2/inputs/state.json"
}

# auth, with the token kept in the workspace unless --no-cache.
authorise() { # PROFILE [OPTION]...
	local profile=$1 kept=()
	shift
	if [ "$cache" = 1 ]; then
		[ -d "$workspace/cache" ] || (umask 077 && mkdir -p "$workspace/cache")
		kept=(--cache "$workspace/cache")
	fi
	stage auth -p "$profile" ${kept[@]+"${kept[@]}"} "$@"
}

# Where a fetcher gets its answers, as its options, in `source`: what it has recorded completely in an interrupted run is not asked for again.
source_of() { # PROGRAM RAW
	if [ "${facts[$1]}" = complete ]; then
		source=(--replay "$2")
	else
		source=(--record "$2" ${facts[replay]:+--replay "${facts[replay]}"})
	fi
}

# In a pipe: fetch-subscriptions, which asks for Docusign's own count by what the run was told and what earlier ones have asked.
fetch_organization() { # INPUTS OPTION...
	local group_by warn_days feed_from asking
	thaw_inputs "$1"
	piped fetch-subscriptions --state "$1/state.json" ${asking[@]+"${asking[@]}"} "${@:2}"
}

# In a pipe: the CONNECTION of a profile that has changed since the run began: what is fetched stays what it was, or it could not be replayed.
as_begun() { # PROFILE FROZEN-PROFILE
	if cmp -s "$1" "$2"; then
		exec cat
	else
		piped run-facts connection --fetch-as "$2"
	fi
}

# Fetch, normalize, merge, aggregate: raw/ and the ledger, and tallied.ndjson, by the `facts` of the run. Sets some_refused to 1 when all
# is done but some account, which could not be read: then the status is 75; accounts_failed to 1 when the list of accounts could not be read;
# feed_unusable to 1 when no account could be read from what the feed answered.
# (An interrupted fetcher exits 75 too, but its recording is incomplete.)
tally() { # NAME PARTIAL
	local name=$1 partial=$2 profile=$file feed group_by warn_days feed_from asking emit=touched policy changed=() offline=() source subscriptions datafeed
	some_refused=0 accounts_failed=0 feed_unusable=0
	fetch_shards "$name" "$partial" "$profile" || return
	[ -z "${facts[replay]}" ] || offline=(--replay "${facts[replay]}")
	# A run that has fetched all needs no token: an outage does not hold it up.
	[ "${facts[fetch-subscriptions]}${facts[fetch-datafeed]}" != completecomplete ] || offline=(--replay "$partial/raw")
	source_of fetch-subscriptions "$partial/raw"
	subscriptions=("${source[@]}")
	source_of fetch-datafeed "$partial/raw"
	datafeed=("${source[@]}")
	thaw_inputs "$partial/inputs"
	feed=${feed_from:-${facts[feed]:-datafeed}}
	[ "${facts[contract_changed]}${facts[days_unknown]}" = 00 ] || emit=all
	[ "${facts[policy_changed]}" = 0 ] || emit=all changed=(--policy-changed)
	policy_of "$partial/inputs"
	authorise "$profile" ${offline[@]+"${offline[@]}"} |
		as_begun "$profile" "$partial/inputs/profile.json" |
		fetch_organization "$partial/inputs" "${subscriptions[@]}" |
		piped fetch-datafeed --feed "$feed" --state "$partial/inputs/state.json" ${asking[@]+"${asking[@]}"} "${datafeed[@]}" |
		piped normalize --feed "$feed" --rejects "$partial/rejects.ndjson" |
		piped merge --ledger "$workspace/ledger/$name.db" --emit "$emit" ${policy[@]+"${policy[@]}"} |
		piped aggregate-by-period -p "$partial/inputs/profile.json" --reported "$partial/reported.ndjson" \
			--run-id "${facts[run_id]}" ${changed[@]+"${changed[@]}"} >"$partial/tallied.ndjson"
	local statuses=("${PIPESTATUS[@]}")
	[ "${statuses[0]}${statuses[1]}${statuses[2]}:${statuses[3]}" != 000:65 ] || feed_unusable=1
	case ${statuses[0]}:${statuses[2]} in *:0 | *:75 | *:141) ;; 0:*) accounts_failed=1 ;; esac
	if [ "${statuses[3]}" -eq 75 ]; then
		read_facts run "$partial" --ledger "$workspace/ledger/$name.db"
		if [ "${facts[fetch-datafeed]}" = complete ]; then
			statuses[3]=0
			[ "$(first_failure "${statuses[@]}")" -ne 0 ] || {
				some_refused=1
				return 75
			}
		fi
	fi
	return "$(first_failure "${statuses[@]}")"
}

# What the other profiles have, as it is once this run's own figures are known: of runs side by side, each is reconciled with what those before it
# have promoted, and the last with all. So from here to its promotion a run is alone. A run that is made again has what it had.
freeze_others() { # NAME INPUTS
	if [ -n "$others_from" ]; then
		cp "$others_from"/others* "$2/" 2>/dev/null || true
		return
	fi
	exec 7>>"$workspace/ledger/.workspace.lock"
	flock 7 || : # no locks on this file system: one run at a time, as check_lock says
	other_profiles "$1" "$2" "$2" "$file"
}

# The entitlements of the run before, where they are others, and the options that name them: what has changed of closed periods is restated. A run that is
# made again has what it had.
freeze_before() { # NAME INPUTS
	remove "$2/entitlements-before.csv"
	if [ -n "$others_from" ]; then
		cp "$others_from/entitlements-before.csv" "$2/" 2>/dev/null || true
	elif [ -n "${facts[previous]}" ]; then
		local before=$workspace/runs/$1/${facts[previous]}/inputs/entitlements.csv
		if [ ! -e "$before" ]; then
			# A whole folder that is lost was said.
			[ ! -e "${before%/inputs/*}" ] || warn "$1: cannot open '$before', which the run before has read: what has changed since of closed periods is not restated"
		elif ! cmp -s "$before" "$2/entitlements.csv"; then
			cp "$before" "$2/entitlements-before.csv"
		fi
	fi
	[ ! -e "$2/entitlements-before.csv" ] ||
		options+=(--entitlements-before "$2/entitlements-before.csv" --reported-at "${facts[reported_at]}" --run-id "${facts[run_id]}")
}

# tallied.ndjson to the files of the run.
reconcile_run() { # NAME PARTIAL
	local name=$1 options incomplete=() evidence group_by warn_days feed_from asking
	thaw_inputs "$2/inputs"
	stage split-streams consumption="$2/consumption.ndjson" restatement="$2/restatements.ndjson" subscription="$2/subscriptions.ndjson" \
		account,account_site,watermark,account_night,billing_period="$2/accounts.ndjson" <"$2/tallied.ndjson"
	if [ -e "$2/inputs/others.ndjson" ]; then
		cat "$2/inputs/others.ndjson" "$2/subscriptions.ndjson" | complete_licence "$2/inputs"
	else
		complete_licence "$2/inputs" <"$2/subscriptions.ndjson"
	fi
	reconcile_options "$2/inputs"
	freeze_before "$1" "$2/inputs"
	exclude_users "$1" "$2/inputs/profile.json" "$2/inputs" "$2/tallied.ndjson" "$2/excluded.ndjson"
	others_options "$2/inputs" "$2/excluded.ndjson" "$2/workspace.ndjson"
	shift
	stage reconcile "${options[@]}" <"$1/tallied.ndjson" >"$1/reconciled.ndjson"
	forecast_results "$1/inputs" "$1/excluded.ndjson" "$1/reconciled.ndjson" >"$1/forecasts.ndjson"
	{
		stage split-streams "$result_streams=-" subscription="$1/subscriptions.ndjson" rights_restatement="$1/rights.ndjson" <"$1/reconciled.ndjson" # with their software models
		cat "$1/forecasts.ndjson"
	} >"$1/results.ndjson"
	if [ -s "$1/rights.ndjson" ]; then
		cat "$1/rights.ndjson" >>"$1/restatements.ndjson"
		say "$name: entitlements.csv has changed what was owned in periods that were over: status --restatements lists them"
	fi
	evidence=(--evidence "$1" --run "${facts[run_id]}" --previous "${facts[previous]}")
	[ "$some_refused" = 0 ] || incomplete=(--partial)
	cat "$1/reconciled.ndjson" "$1/forecasts.ndjson" |
		piped report --format html -o "$1/report.html" --title "$name" "${evidence[@]}" --verdict "$1/verdict" ${incomplete[@]+"${incomplete[@]}"}
	if [ -e "$1/workspace.ndjson" ]; then
		complete_workspace "$1/reconciled.ndjson" "$1/inputs/others.ndjson" "$1/workspace.ndjson" "$1/inputs" "$1/excluded.ndjson"
		[ ! -e "$1/inputs/others-partial" ] || incomplete=(--partial)
		stage report --format html -o "$1/workspace.html" --title workspace "${evidence[@]}" --verdict "$1/workspace-verdict" ${incomplete[@]+"${incomplete[@]}"} <"$1/workspace.ndjson"
	fi
	rm -f "$1/reconciled.ndjson" "$1/forecasts.ndjson" "$1/rights.ndjson" "$1/excluded.ndjson.own"
}

result_streams=metric_result,model_result,product_result,group_result,unlicensed_consumption,billing_check,remediation,unrecognized_subscription,ineffective_row,consumption_without_position,consumption_balance,declared_consumption,contract

# Stores the run's results in the ledger, in one transaction, and writes its manifest. The files of a promoted run are on disk before.
promote() { # NAME PARTIAL STATE
	# What killed programs were writing aside is in no manifest.
	remove "$2"/*.ndjson.?????? "$2"/*.html.?????? "$2"/*.json.?????? "$2"/*verdict.?????? "$2"/raw/manifest.json.??????
	stage run-facts promote "$2" --runs "$workspace/runs/$1" --ledger "$workspace/ledger/$1.db" --state "$3" --ended-at "${ended_at:-$(rfc3339 "$now")}" \
		${others_from:+--manifest "$others_from/../raw/manifest.json"}
	[ -n "$others_from" ] || sync "$2"/* "$2"/inputs/* "$2"/raw/* "$2"/inputs "$2"/raw "$2"
	stage merge --ledger "$workspace/ledger/$1.db" --emit none <"$2/promotion.ndjson"
}

# A file of more than 8 KiB that is, byte for byte, what the run before has under that name becomes a link to it. Not before the run is promoted:
# from then on neither is written any more, and what changes one by hand is found in both, by their manifests. Where there are no links it stays a copy.
share_unchanged() { # FOLDER-OF-THE-RUN-BEFORE PARTIAL
	local file
	[ -z "$as_run" ] && [ -d "$1/raw" ] || return 0
	while IFS= read -r file; do
		[ ! -f "$1/$file" ] || [ -L "$1/$file" ] || ! cmp -s "$1/$file" "$2/$file" || [ "$(stat -c '%a %u %g' "$1/$file")" != "$(stat -c '%a %u %g' "$2/$file")" ] ||
			! ln -f "$1/$file" "$2.same" 2>/dev/null || ! mv -f "$2.same" "$2/$file" || :
	done < <(exec find "$2" -type f -links 1 -size +16 -printf '%P\n')
}
