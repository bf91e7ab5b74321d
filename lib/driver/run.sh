# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # its variables are pipeline.sh's, which sources it
# run.sh: one run of one profile: fetch, tally, reconcile, report, promote; and what an interrupted run left.

run_command() {
	[ ${#operands[@]} -eq 0 ] || fail 64 "cannot use '${operands[0]}': run takes no operands"
	need_workspace
	local profile file status worst=0
	for profile in "${profiles[@]}"; do
		file=$(profile_file "$profile")
		# A profile that fails does not hide the others. (Not `|| status=$?`: that would switch errexit off within.)
		set +e
		(
			set -e
			run_profile "$file"
		)
		status=$?
		set -e
		# What cp, jq and the shell itself end with is no status of ours: they failed to read or write a file, and said which.
		if [ "$status" -gt 0 ] && [ "$status" -lt 64 ]; then
			status=74
			printf 'pipeline.sh: cannot run profile of '"'%s'"': a file could not be read or written; the next run goes on from there\n' "$file" >&2
		fi
		[ "$status" -eq 0 ] || worst=$status
	done
	return "$worst"
}

run_profile() { # FILE
	local file=$1 name runs clock run partial some_partial=0
	name=$(profile_fact "$file" name)
	[ -n "$name" ] || fail 78 "cannot use profile '$file': \"name\" is missing"
	[ "$(profile_fact "$file" active true)" = true ] || {
		say "$name: not active, left out"
		return 0
	}
	[ -z "$replay" ] || [ -d "$replay" ] || fail 66 "cannot open recording '$replay': there is no such folder"
	for licence in entitlements models; do
		[ -e "$workspace/licence/$licence.csv" ] || fail 66 "cannot open '$workspace/licence/$licence.csv': there is no such file"
	done
	preflight "$file"
	runs=$workspace/runs/$name
	clock=$(rfc3339 "${now:-$(recorded_clock)}")
	run=$(run_name "$clock")
	partial=$runs/.$run.partial
	mkdir -p "$runs" "$workspace/ledger" || fail 73 "cannot create '$runs'"
	exec 9>"$workspace/ledger/$name.lock"
	flock -n 9 || fail 75 "cannot run profile '$name': another run of it is under way, try again later"
	bring_up_to_date "$workspace/ledger/$name.db"
	[ ! -e "$runs/$run" ] || fail 73 "cannot make run $run of profile '$name': there is one of that name"
	finish_interrupted "$name" "$partial"
	# Unless it was this one, and all but its name was done.
	if [ ! -e "$runs/$run" ]; then
		[ -e "$partial" ] || begin_run "$file" "$name" "$clock" "$run" "$partial"
		make_run "$name" "$partial"
	fi
	[ "$some_partial" = 0 ] || return 75
}

# A ledger of an older version: merge migrates what it writes, but does not what it only reads.
bring_up_to_date() { # LEDGER
	[ ! -e "$1" ] || stage merge --ledger "$1" --emit none </dev/null
}

# What can be known to be wrong before anything is fetched or written.
preflight() { # PROFILE
	stage auth -p "$1" --replay . >/dev/null
	local options
	reconcile_options "$workspace/licence"
	policy_hash "$workspace/licence" >/dev/null
	stage reconcile "${options[@]}" --excluded /dev/null </dev/null >/dev/null
}

# reconcile's options for the licence files of a folder, into `options`. Only the first two have to be there.
licence_files="entitlements models exclusions groups prices rates"
reconcile_options() { # FOLDER
	local name
	options=()
	for name in $licence_files; do
		case $name in
		entitlements | models) options+=("--$name" "$1/$name.csv") ;;
		*) [ ! -e "$1/$name.csv" ] || options+=("--$name" "$1/$name.csv") ;;
		esac
	done
	[ -z "$group_by" ] || options+=(--group-by "$group_by")
}

# Daily partials up to last_day, where it is set, and everything else but what Docusign has counted since: ids hold no quotes, so the day
# is found in a line of ours.
until_last_day() {
	if [ -z "${last_day-}" ]; then
		cat
	else
		awk -v last="$last_day" '/^\{"type":"(RECORD|SCHEMA)","stream":"billing_period"/ { next } !/^\{"type":"RECORD","stream":"daily_consumption"/ ||
			(match($0, /,"day":"[0-9-]*"/) && substr($0, RSTART + 8, 10) <= last)'
	fi
}

# The option for the counting policy of a folder of licence files, into `policy`: none for the default one.
policy_of() { # FOLDER
	policy=()
	[ ! -e "$1/policy.json" ] || policy=(--policy "$1/policy.json")
}

default_policy=e34f3b56f5f84f66b06829545672e9b1fc78b07999ce373d30117e8bec189e25 # what `policy hash` prints

policy_hash() { # FOLDER
	if [ -e "$1/policy.json" ]; then
		stage policy hash "$1/policy.json"
	else
		printf '%s\n' "$default_policy"
	fi
}

# What excluded users consumed, by the ledger's envelopes, into a file, and by day into FILE.daily; and the option that names it.
# Consumption alone names no users.
exclude_users() { # NAME PROFILE LICENCE-FOLDER REPORTED FILE
	rm -f "$5" "$5.daily" # of an interrupted run, perhaps by other rules
	[ -e "$3/exclusions.csv" ] && [ "$(stage exclude --exclusions "$3/exclusions.csv" --count)" -gt 0 ] || return 0
	local policy
	policy_of "$3"
	stage export --ledger "$workspace/ledger/$1.db" --stream account --stream subscription --stream envelope |
		stage exclude --exclusions "$3/exclusions.csv" --profile "$1" |
		stage merge -q --ledger :memory: --emit all ${policy[@]+"${policy[@]}"} | until_last_day | tee "$5.daily" |
		stage aggregate-by-period -q -p "$2" --reported <(stream_of contract <"$4") >"$5"
	options+=(--excluded "$5")
}

# The results of a reconciliation on standard input to forecasts of their open periods, by all the ledger's days.
forecast_results() { # NAME LICENCE-FOLDER EXCLUDED-FILE
	local forecast=(--models "$2/models.csv" --entitlements "$2/entitlements.csv")
	[ ! -e "$2/exclusions.csv" ] || forecast+=(--exclusions "$2/exclusions.csv")
	[ ! -e "$3.daily" ] || forecast+=(--excluded "$3.daily")
	[ -z "$warn_days" ] || forecast+=(--warn-days "$warn_days")
	local policy
	policy_of "$2"
	{
		stream_of metric_result
		# Quietly: what there is to say of the ledger has been said when its partials were tallied.
		stage merge -q --ledger "$workspace/ledger/$1.db" --emit all ${policy[@]+"${policy[@]}"} </dev/null | until_last_day
	} | stage forecast "${forecast[@]}" | stream_of forecast
}

recorded_clock() { # that of the recording under --replay: a recorded night is run as of that night
	[ -n "$replay" ] || return 0
	head -n 1 "$replay/fetch-datafeed.exchanges" | jq -r '.now // empty' 2>/dev/null || fail 65 "cannot read recording '$replay': it has no header"
}

# The profile's own feed descriptor, relative to the profile as key_file is; nothing for a preset.
feed_file() { # PROFILE
	local feed
	feed=$(profile_fact "$1" feed datafeed)
	case "$feed" in
	/*) printf '%s\n' "$feed" ;;
	*/* | *.json) printf '%s/%s\n' "$(dirname "$1")" "$feed" ;;
	esac
}

# The licence files as they are now.
freeze_licence() { # FOLDER
	local licence
	for licence in $licence_files; do
		rm -f "$1/$licence.csv"
		[ ! -e "$workspace/licence/$licence.csv" ] || cp "$workspace/licence/$licence.csv" "$1/"
	done
}

# All that a run depends on, frozen before it begins: its clock, its inputs, what was known before.
begin_run() { # FILE NAME CLOCK RUN PARTIAL
	local ledger=$workspace/ledger/$2.db
	rm -rf "$5.new"
	mkdir "$5.new" "$5.new/inputs" "$5.new/raw"
	cp "$1" "$5.new/inputs/profile.json"
	freeze_licence "$5.new/inputs"
	[ ! -e "$workspace/licence/policy.json" ] || cp "$workspace/licence/policy.json" "$5.new/inputs/"
	[ -z "$group_by" ] || printf '%s\n' "$group_by" >"$5.new/inputs/group-by"
	[ -z "$warn_days" ] || printf '%s\n' "$warn_days" >"$5.new/inputs/warn-days"
	: >"$5.new/inputs/state.json"
	: >"$5.new/reported.ndjson"
	if [ -e "$ledger" ]; then
		stage merge --ledger "$ledger" --print-state >"$5.new/inputs/state.json"
		stage merge --ledger "$ledger" --print-reported >"$5.new/reported.ndjson"
	fi
	local feed
	feed=$(feed_file "$1")
	[ -z "$feed" ] || cp "$feed" "$5.new/inputs/feed.json"
	jq -n --arg run "$4" --arg clock "$3" --arg profile "$2" --arg replay "${replay:+$(readlink -f "$replay")}" --arg file "$(readlink -f "$1")" \
		'{run_id: $run, profile: $profile, clock: $clock, replay: $replay, profile_file: $file}' >"$5.new/begun.json"
	mv "$5.new" "$5"
}

# Runs that were killed, or failed: finished first, oldest first, each with its own clock. One that is partial makes this command's status
# 75, as it would have made its own.
finish_interrupted() { # NAME PARTIAL-OF-THIS-RUN
	local partial run
	rm -rf "$workspace/runs/$1"/.*.partial.new
	for partial in "$workspace/runs/$1"/.*.partial; do
		[ -e "$partial" ] || continue
		[ -e "$partial/begun.json" ] || { # all is done but the name: see make_run
			run=$(basename "$partial" .partial)
			name_run "$partial" "$workspace/runs/$1/${run#.}"
			continue
		}
		[ "$partial" != "$2" ] || continue
		say "$1: finishing run $(jq -r .run_id "$partial/begun.json"), which was interrupted"
		make_run "$1" "$partial"
	done
}

# The last step; and sets some_partial to 1 when the run is that.
name_run() { # PARTIAL RUN-FOLDER
	mv "$1" "$2"
	grep -q '"state": "succeeded"' "$2/job.json" || some_partial=1
}

make_run() { # NAME PARTIAL: fails when the run does; a partial one does not
	local name=$1 partial=$2 run clock reconciled status=0
	run=$(jq -r .run_id "$partial/begun.json")
	clock=$(jq -r .clock "$partial/begun.json")
	ENVTALLY_NOW=$clock
	export ENVTALLY_NOW
	if ! is_promoted "$name" "$run"; then
		set +e
		tally "$name" "$partial"
		status=$?
		set -e
		[ "$status" -eq 0 ] || [ "$some_refused" = 1 ] || {
			give_up "$name" "$partial" "$run" "$status"
			return "$status"
		}
		# What it fetched may show that the licence files are wrong. They are frozen anew then, once they are mended: else no run would ever end.
		[ ! -e "$partial/refused" ] || freeze_licence "$partial/inputs"
		rm -f "$partial/refused"
		set +e
		(
			set -e
			reconcile_run "$name" "$partial"
		)
		reconciled=$?
		set -e
		[ "$reconciled" -eq 0 ] || {
			[ "$reconciled" -ne 65 ] || : >"$partial/refused"
			say "$name: run $run cannot be reconciled; what it fetched is kept, and the next run goes on from there, with the licence files as they are then"
			return "$reconciled"
		}
		promote "$name" "$partial" "$([ "$status" -eq 0 ] && echo succeeded || echo partial)"
	fi
	# With what a killed stage was writing aside; and last what says that there is something to finish.
	rm -f "$partial"/*.ndjson.?????? "$partial"/report.html.??????
	rm -f "$partial/reported.ndjson" "$partial/tallied.ndjson" "$partial/promotion.ndjson" "$partial/begun.json"
	name_run "$partial" "$workspace/runs/$name/$run"
	say "$name: run $run is complete: $workspace/runs/$name/$run/report.html"
}

# A run that failed: kept where it fetched something, so that the next run goes on from there.
give_up() { # NAME PARTIAL RUN STATUS
	if grep -qs '^{"exchange":' "$2"/raw/*.exchanges; then
		say "$1: run $3 failed with status $4; what it fetched is kept, and the next run goes on from there"
	else
		say "$1: run $3 failed with status $4; nothing was fetched"
		mv "$2" "$2.new"
		rm -rf "$2.new"
	fi
}

is_promoted() { # NAME RUN: does the ledger have it already?
	local ledger=$workspace/ledger/$1.db
	# Read to the end, lest a writer that is cut off make the answer no.
	[ -e "$ledger" ] && stage merge --ledger "$ledger" --print-reported | sed -n 2p | grep -qF "\"run_id\":\"$2\""
}

# auth, with the token kept in the workspace unless --no-cache.
authorise() { # PROFILE [OPTION]...
	local profile=$1 kept=()
	shift
	if [ "$cache" = 1 ]; then
		(umask 077 && mkdir -p "$workspace/cache")
		kept=(--cache "$workspace/cache")
	fi
	stage auth -p "$profile" ${kept[@]+"${kept[@]}"} "$@"
}

# A recording has its end line, whole, once its program has asked for everything.
is_whole() { # PROGRAM RAW
	[ -s "$2/$1.exchanges" ] && [ -z "$(tail -c 1 "$2/$1.exchanges")" ] && tail -n 1 "$2/$1.exchanges" | grep -q '^{"end":true,.*}$'
}

# Where a fetcher gets its answers, as its options, in `source`: what it has recorded whole in an interrupted run is not asked for again.
source_of() { # PROGRAM RAW REPLAY
	if is_whole "$1" "$2"; then
		source=(--replay "$2")
	else
		source=(--record "$2" ${3:+--replay "$3"})
	fi
}

# The feed's preset, or the descriptor that was frozen with the run's inputs.
feed_of() { # PARTIAL
	if [ -e "$1/inputs/feed.json" ]; then
		printf '%s\n' "$1/inputs/feed.json"
	else
		profile_fact "$1/inputs/profile.json" feed datafeed
	fi
}

# Has the profile another contract than the last report? Then every account's partials are needed, not only the touched ones'.
contract_changed() { # PARTIAL
	stream_of contract <"$1/reported.ndjson" | jq -e -n --slurpfile profile "$1/inputs/profile.json" '
		[inputs | select(.type == "RECORD") | .record] | last as $last
		| $last != null and ($last.contract_start != $profile[0].contract_start or $last.renewal_months != $profile[0].renewal_months)' >/dev/null
}

# Has the last report been made by another counting policy? (Before there were policies, by the default one.)
policy_changed() { # PARTIAL
	local last
	last=$(stream_of job_result <"$1/reported.ndjson" | jq -r 'select(.type == "RECORD") | .record.policy // "'"$default_policy"'"')
	[ -n "$last" ] && [ "$last" != "$(policy_hash "$1/inputs")" ]
}

# The CONNECTION of a profile that has changed since the run began: what is fetched stays what it was, or it could not be replayed.
as_begun() { # PROFILE FROZEN-PROFILE
	if cmp -s "$1" "$2"; then
		cat
	else
		with_connection '. + ($frozen[0] | {accounts, download_consumption, download_billing})' --slurpfile frozen <(stage auth -p "$2" --replay .)
	fi
}

# Fetch, normalize, merge, aggregate: raw/ and the ledger, and tallied.ndjson. Sets some_refused to 1 when all is done
# but some account, which could not be read: then the status is 75. (An interrupted fetcher says 75 too; its recording is not whole.)
tally() { # NAME PARTIAL
	local name=$1 partial=$2 profile from feed emit=touched policy changed=() offline=() subscriptions=() datafeed=()
	profile=$(jq -r .profile_file "$partial/begun.json")
	from=$(jq -r .replay "$partial/begun.json")
	[ -z "$from" ] || offline=(--replay "$from")
	source_of fetch-subscriptions "$partial/raw" "$from"
	subscriptions=("${source[@]}")
	source_of fetch-datafeed "$partial/raw" "$from"
	datafeed=("${source[@]}")
	feed=$(feed_of "$partial")
	if contract_changed "$partial"; then emit=all; fi
	if policy_changed "$partial"; then emit=all changed=(--policy-changed); fi
	policy_of "$partial/inputs"
	authorise "$profile" ${offline[@]+"${offline[@]}"} |
		as_begun "$profile" "$partial/inputs/profile.json" |
		stage fetch-subscriptions "${subscriptions[@]}" |
		stage fetch-datafeed --feed "$feed" --state "$partial/inputs/state.json" "${datafeed[@]}" |
		stage normalize --feed "$feed" --rejects "$partial/rejects.ndjson" |
		stage merge --ledger "$workspace/ledger/$name.db" --emit "$emit" ${policy[@]+"${policy[@]}"} |
		stage aggregate-by-period -p "$partial/inputs/profile.json" --reported "$partial/reported.ndjson" \
			--run-id "$(jq -r .run_id "$partial/begun.json")" ${changed[@]+"${changed[@]}"} >"$partial/tallied.ndjson"
	local statuses=("${PIPESTATUS[@]}") fetched
	fetched=${statuses[3]} some_refused=0
	if [ "$fetched" -eq 75 ] && is_whole fetch-datafeed "$partial/raw"; then
		statuses[3]=0
		[ "$(first_failure "${statuses[@]}")" -ne 0 ] || {
			some_refused=1
			return 75
		}
	fi
	return "$(first_failure "${statuses[@]}")"
}

result_streams='metric_result|model_result|product_result|group_result|unlicensed_consumption|billing_check|remediation|unrecognized_subscription|contract'

# tallied.ndjson to the files of the run.
reconcile_run() { # NAME PARTIAL
	local name=$1 options group_by='' warn_days=''
	[ ! -e "$2/inputs/group-by" ] || group_by=$(cat "$2/inputs/group-by")
	[ ! -e "$2/inputs/warn-days" ] || warn_days=$(cat "$2/inputs/warn-days")
	reconcile_options "$2/inputs"
	exclude_users "$1" "$2/inputs/profile.json" "$2/inputs" "$2/tallied.ndjson" "$2/excluded.ndjson"
	shift
	stream_of consumption <"$1/tallied.ndjson" >"$1/consumption.ndjson"
	stream_of restatement <"$1/tallied.ndjson" >"$1/restatements.ndjson"
	stream_of 'account|watermark|billing_period' <"$1/tallied.ndjson" >"$1/accounts.ndjson"
	stream_of subscription <"$1/tallied.ndjson" >"$1/subscriptions.ndjson"
	stage reconcile "${options[@]}" <"$1/tallied.ndjson" >"$1/reconciled.ndjson"
	forecast_results "$name" "$1/inputs" "$1/excluded.ndjson" <"$1/reconciled.ndjson" >"$1/forecasts.ndjson"
	{
		stream_of "$result_streams" <"$1/reconciled.ndjson"
		cat "$1/forecasts.ndjson"
	} >"$1/results.ndjson"
	cat "$1/reconciled.ndjson" "$1/forecasts.ndjson" | stage report --format html -o "$1/report.html" --title "$(jq -r .profile "$1/begun.json")"
	rm -f "$1/reconciled.ndjson" "$1/forecasts.ndjson" "$1/excluded.ndjson.daily"
}

# Of how many accounts Docusign's own count was asked for and not told in this run; null when it was not asked for.
accounts_without_billing() { # PARTIAL
	jq -n --slurpfile begun "$1/begun.json" --slurpfile profile "$1/inputs/profile.json" '
		if $profile[0].download_billing != true then null else
		  ($profile[0].accounts // null | if . then map(ascii_downcase) else null end) as $only
		  | reduce (inputs | select(.type == "RECORD")) as $one ({all: {}, told: {}};
		      if $one.stream == "account" then .all[$one.record.account_id] = true
		      elif $one.stream == "billing_period" and $one.record.observed_at >= $begun[0].clock then .told[$one.record.account_id] = true else . end)
		  | .told as $told | [.all | keys[] | select($only == null or IN($only[])) | select($told[.] | not)] | length end' "$1/accounts.ndjson"
}

count_records() { grep -c '^{"type":"RECORD"' "$1" || [ $? -eq 1 ]; }

# The run's results into the ledger, in one transaction; and its manifest. They are a file first: of a pipe whose writer is
# killed merge would take the half.
promote() { # NAME PARTIAL STATE
	local partial=$2 undated unbilled
	undated=$(stage merge --ledger "$workspace/ledger/$1.db" --print-undated)
	unbilled=$(accounts_without_billing "$partial")
	jq -n --arg state "$3" --slurpfile begun "$partial/begun.json" --argjson consumption "$(count_records "$partial/consumption.ndjson")" \
		--argjson restatements "$(count_records "$partial/restatements.ndjson")" --argjson rejects "$(wc -l <"$partial/rejects.ndjson")" \
		--argjson undated "$undated" --argjson unbilled "$unbilled" --arg ended "$(rfc3339 "$now")" --arg policy "$(policy_hash "$partial/inputs")" \
		'$begun[0] | {run_id, profile, job: "run", state: $state, started_at: .clock, ended_at: $ended,
		  counts: ({consumption: $consumption, restatements: $restatements, rejects: $rejects, undated: $undated}
		  + if $unbilled == null then {} else {accounts_without_billing: $unbilled} end), error: null, policy: $policy}' >"$partial/job.json"
	write_manifest "$1" "$partial"
	{
		jq -c '{type: "RECORD", stream: "job_result", record: .}' "$partial/job.json"
		cat "$partial/consumption.ndjson" "$partial/restatements.ndjson" "$partial/results.ndjson"
	} >"$partial/promotion.ndjson"
	stage merge --ledger "$workspace/ledger/$1.db" --emit none <"$partial/promotion.ndjson"
}

# SHA-256 of every file of the recording, of the run's inputs, and of the manifest of the run before: no run can be changed or taken out unseen.
write_manifest() { # NAME PARTIAL
	local previous=null last=''
	last=$(find "$workspace/runs/$1" -mindepth 1 -maxdepth 1 -type d ! -name '.*' | LC_ALL=C sort | tail -n 1)
	[ -z "$last" ] || previous=$(jq -n --arg run "$(basename "$last")" --arg sha256 "$(digest "$last/raw/manifest.json")" '{run: $run, sha256: $sha256}')
	(cd "$2" && sha256sum -- raw/*.exchanges raw/*.bodies inputs/*) |
		jq -R -n --argjson previous "$previous" '{previous: $previous, files: [inputs | capture("^(?<sha256>[0-9a-f]+) .(?<file>.*)$")]}' \
			>"$2/manifest.json"
	mv "$2/manifest.json" "$2/raw/manifest.json"
}
digest() { sha256sum <"$1" | cut -c -64; }
