# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # its variables are pipeline.sh's, which sources it
# position.sh: the licence position: the common part of a run and `envtally reconcile`, and the commands that explain it.

# reconcile's options for the licence files of a folder, into `options`. The first two may be missing only in the workspace's own folder: see try_licence.
licence_files="entitlements models exclusions groups prices rates consumption"
reconcile_options() { # FOLDER
	local name policy
	policy_of "$1"
	options=(${policy[@]+"${policy[@]}"})
	for name in $licence_files; do
		if is_there "$1/$name.csv"; then
			options+=("--$name" "$1/$name.csv")
		fi
	done
	[ -z "$group_by" ] || options+=(--group-by "$group_by")
}

is_there() { # FILE: or a link that leads nowhere, which is a mistake
	[ -e "$1" ] || [ -L "$1" ]
}

# Is there a licence file with rows, below its comments and its header?
has_rows() { # FILE
	local line rows=0 LC_ALL=C
	[ -e "$1" ] || return 1
	while IFS= read -r line || [ -n "$line" ]; do
		[[ $line == [#]* || $line == '"#'* || ! $line =~ [^[:space:],\;] ]] || rows=$((rows + 1))
		[ "$rows" -lt 2 ] || return 0
	done < <(exec tr '\r' '\n' <"$1")
	return 1
}

# Licence files and the policy that are in one folder, into another, in place of those there.
copy_licence() { # FROM TO
	local name old=() new=()
	for name in policy.json ${licence_files// /.csv }.csv; do
		[ ! -e "$2/$name" ] || old+=("$2/$name")
		if is_there "$1/$name"; then new+=("$1/$name"); fi
	done
	[ ${#old[@]} -eq 0 ] || rm "${old[@]}"
	[ ${#new[@]} -eq 0 ] || cp "${new[@]}" "$2/"
}

# Completes the licence files of a folder, for reconcile: software models by Docusign's names for plan items of the subscription records on standard
# input that no row of models.csv matches; and no entitlements, where there is no such file.
complete_licence() { # FOLDER
	local rows=()
	[ ! -e "$1/models.csv" ] || rows=(--models "$1/models.csv")
	stage models automatic ${rows[@]+"${rows[@]}"} >"$1/models.csv.new" || return
	mv "$1/models.csv.new" "$1/models.csv"
	[ -e "$1/entitlements.csv" ] || echo "$entitlements_header" >"$1/entitlements.csv"
}
entitlements_header=entitlement_id,software_model,license_metric,start_date,purchased_rights
models_header=publisher,product,software_model,license_metric,identifier_type,identifier

# What is wrong with the workspace's licence files, without any data. Whether a row has an effect is not looked at: plan items tell.
try_licence() {
	local options
	reconcile_options "$workspace/licence"
	is_there "$workspace/licence/entitlements.csv" || options+=(--entitlements /dev/fd/5)
	is_there "$workspace/licence/models.csv" || options+=(--models /dev/fd/6)
	"$stages/reconcile" -q "${options[@]}" --excluded /dev/null </dev/null >/dev/null 5<<<"$entitlements_header" 6<<<"$models_header"
}

# The workspace's licence files in the scratch folder, into `licence`, complete by the plan items of these profiles' ledgers: of two names for one
# plan item the last counts.
scratch_licence() { # NAME...
	local name
	try_licence || return
	licence=$scratch/licence
	mkdir -p "$licence"
	copy_licence "$workspace/licence" "$licence"
	for name; do
		[ ! -e "$workspace/ledger/$name.db" ] || stage export --ledger "$workspace/ledger/$name.db" --stream subscription
	done >"$scratch/subscriptions"
	complete_licence "$licence" <"$scratch/subscriptions"
}

# The names of the workspace's profiles, which all draw on its rights; the one that is named comes last.
all_profiles() { # [NAME]
	local files file name
	list_profiles files
	for file in ${files[@]+"${files[@]}"}; do
		name=$(profile_name "$file" 2>/dev/null) || continue
		[ "$name" = "${1-}" ] || printf '%s\n' "$name"
	done
	[ $# -eq 0 ] || printf '%s\n' "$1"
}

# Messages up to last_day, if it is set.
until_last_day() {
	if [ -z "${last_day-}" ]; then
		cat
	else
		stage run-facts until "$last_day"
	fi
}

# The option for the counting policy of a folder of licence files, into `policy`: none for the default one.
policy_of() { # FOLDER
	policy=()
	! is_there "$1/policy.json" || policy=(--policy "$1/policy.json")
}

# What excluded users consumed, by the ledger's envelopes, into a file, which may get more of other profiles, and into FILE.own; and the option that
# names it.
# Consumption alone names no users.
exclude_users() { # NAME PROFILE LICENCE-FOLDER REPORTED FILE
	remove "$5" "$5.own" # of an interrupted run, perhaps by other rules
	[ -e "$3/exclusions.csv" ] && [ "$(stage exclude --exclusions "$3/exclusions.csv" --count)" -gt 0 ] || return 0
	local policy
	policy_of "$3"
	stage export --ledger "$workspace/ledger/$1.db" --stream account --stream subscription --stream envelope |
		stage exclude --exclusions "$3/exclusions.csv" --profile "$1" |
		stage merge -q --ledger :memory: --emit all ${policy[@]+"${policy[@]}"} | until_last_day |
		stage aggregate-by-period -q -p "$2" --reported <(stage split-streams contract=- <"$4") >"$5"
	cp "$5" "$5.own"
	options+=(--excluded "$5")
}

is_active() { # PROFILE-FILE
	local -A facts=()
	read_facts profile "$1" && [ "${facts[active]:-true}" = true ]
}

# The other profiles' records, which draw on the same rights, by their ledgers as they are now: to FOLDER/others.ndjson, and what excluded users
# sent of it to FOLDER/others-excluded.ndjson. FOLDER/others-partial where the last run of one was partial, or none was made. Nothing where
# there are none.
other_profiles() { # NAME LICENCE-FOLDER FOLDER OWN-FILE
	local files file name policy options=()
	remove "$3"/others.ndjson "$3"/others-excluded.ndjson "$3"/others-partial
	policy_of "$2"
	list_profiles files
	for file in ${files[@]+"${files[@]}"}; do
		[[ ! $file -ef $4 ]] || continue
		name=$(profile_name "$file") || continue
		[ "$name" != "$1" ] || continue
		[[ $(latest_run "$name") == *' succeeded '* ]] || ! is_active "$file" || : >"$3/others-partial"
		[ -e "$workspace/ledger/$name.db" ] || continue
		# One of an older version is brought up to date, as its own run would.
		stage merge --ledger "$workspace/ledger/$name.db" --print-state >/dev/null 2>&1 || bring_up_to_date "$workspace/ledger/$name.db"
		stage merge --ledger "$workspace/ledger/$name.db" --print-reported | stage split-streams contract="$3/others-contracts"
		nights_of "$name" >>"$3/others.ndjson"
		stage merge -q --ledger "$workspace/ledger/$name.db" --emit all ${policy[@]+"${policy[@]}"} </dev/null | until_last_day |
			stage aggregate-by-period -q -p "$file" --reported "$3/others-contracts" >>"$3/others.ndjson"
		exclude_users "$name" "$file" "$2" "$3/others-contracts" "$3/others-users"
		[ ! -e "$3/others-users" ] || cat "$3/others-users" >>"$3/others-excluded.ndjson"
		rm -f "$3/others-contracts" "$3/others-users" "$3/others-users.own"
	done
}

# The options that name them, of a folder, into `options`; the workspace's own results go to the file.
others_options() { # FOLDER EXCLUDED-FILE WORKSPACE-FILE
	[ -e "$1/others.ndjson" ] || return 0
	options+=(--others "$1/others.ndjson" --workspace "$3")
	[ ! -e "$1/others-excluded.ndjson" ] || cat "$1/others-excluded.ndjson" >>"$2"
}

# What is not known of the workspace's position, for its verdict: forecasts of all profiles' days, rows without effect, feeds.
complete_workspace() { # RECONCILED-FILE OTHERS-FILE WORKSPACE-FILE LICENCE-FOLDER EXCLUDED-FILE
	local forecast
	forecast_options "$4" "$5"
	cat "$1" "$2" | stage split-streams account,watermark,subscription,consumption=- >"$3.days"
	{
		stage split-streams metric_result,declared_consumption=- <"$3" && cat "$3.days"
	} | stage forecast "${forecast[@]}" | stage split-streams forecast=- >"$3.forecasts"
	{
		cat "$3.forecasts"
		stage split-streams ineffective_row,account,watermark,account_night=- <"$1"
		stage split-streams account,watermark,account_night=- <"$2"
	} >>"$3"
	rm -f "$3.days" "$3.forecasts"
}

# The options of forecast that do not depend on whose forecasts they are, into `forecast`.
forecast_options() { # LICENCE-FOLDER EXCLUDED-FILE
	local policy
	forecast=(--models "$1/models.csv" --entitlements "$1/entitlements.csv")
	[ ! -e "$1/exclusions.csv" ] || forecast+=(--exclusions "$1/exclusions.csv")
	[ ! -e "$2" ] || forecast+=(--excluded "$2")
	[ ! -e "$1/past-forecasts.ndjson" ] || forecast+=(--past "$1/past-forecasts.ndjson")
	[ -z "$warn_days" ] || forecast+=(--warn-days "$warn_days")
	policy_of "$1"
	forecast+=(${policy[@]+"${policy[@]}"})
}

# Forecasts of the open periods of what reconcile printed, by the days of its consumption.
forecast_results() { # LICENCE-FOLDER EXCLUDED-FILE RECONCILED-FILE
	local forecast
	forecast_options "$1" "$2.own"
	piped split-streams metric_result,declared_consumption,account,watermark,subscription,consumption=- <"$3" | piped forecast "${forecast[@]}" | piped split-streams forecast=-
}

# A line "RUN CLOCK STATE ENDED-AT MANIFEST" for each run that the ledger promoted, in that order: what is a run, which is the latest and which came before
# which is asked here, and of no folder.
promotions() { # NAME
	stage run-facts promotions --ledger "$workspace/ledger/$1.db"
}

promotion_of() { # NAME RUN: its line; nothing where there is none
	local all line
	all=$(promotions "$1") || return
	while IFS= read -r line; do [ "${line%% *}" != "$2" ] || printf '%s\n' "$line"; done <<<"$all"
}

missing_file() { # RUN-FOLDER: the first file that a promoted run has and this folder lacks; nothing where it has all
	stage run-facts missing "$1"
}

# The folder of a run, into `last`, and its clock, into `last_clock`, and both as options of report, with whether it is partial, into
# `as_reported`. Fails where there is no run, or where it has lost some file.
try_run() { # NAME PROMOTION
	local run state lost whole
	[ -n "$2" ] || return 1
	read -r run last_clock state _ <<<"$2"
	as_reported=(--now "$last_clock")
	[ "$state" = succeeded ] || as_reported+=(--partial)
	last=$workspace/runs/$1/$run
	lost=$(missing_file "$last") && [ -z "$lost" ] || return 1
	whole_run "$workspace/runs/$1" "$run"
	last=$whole
}

# The same of a run that must be there.
kept_run() { # NAME PROMOTION TO-DO
	! try_run "$1" "$2" || return 0
	read_base "$(checkpoint_of "$1")"
	check_kept "${2%% *}" "$3: it needs the files of" "$(promotions "$1")"
	[ ! -d "$last" ] || fail 66 "cannot $3: the folder of its run ${2%% *} has lost '$(missing_file "$last")'"
	fail 66 "cannot $3: the folder of its run ${2%% *} is lost"
}

latest_run() { # NAME: its line; nothing where there is none
	local all
	all=$(promotions "$1") || return
	[ -z "$all" ] || printf '%s\n' "${all##*$'\n'}"
}

# The same of the latest run.
find_last_run() { # NAME TO-DO
	local line
	line=$(latest_run "$1")
	[ -n "$line" ] || fail 66 "cannot $2 profile '$1': nothing was run yet"
	kept_run "$1" "$line" "$2 profile '$1'"
}

# What the profiles come to together: of the runs that FUNCTION gives for their names, the one of the latest clock that has it (of several, the
# last), into `newest`, and how it is reported, into `newest_as`. Fails where there is none, as with one profile.
find_workspace() { # FUNCTION
	local profile name last last_clock as_reported newest_clock='' files
	newest='' newest_as=()
	# The latest runs are not folded: without such a file nothing has to be asked.
	files=("$workspace"/runs/*/*/workspace.ndjson)
	[ "$1" != latest_run ] || [ -e "${files[0]}" ] || return 1
	for profile in "${profiles[@]}"; do
		name=$(profile_name "$profile") || exit # in a condition errexit is off
		try_run "$name" "$("$1" "$name")" || continue
		[[ -e $last/workspace.ndjson && ! $last_clock < $newest_clock ]] || continue
		[ ! -e "$last/inputs/others-partial" ] || as_reported+=(--partial)
		newest=$last newest_clock=$last_clock newest_as=("${as_reported[@]}")
	done
	[ -n "$newest" ]
}

# Whom its latest run asked, which is in no ledger, as reports say of accounts that were not due.
nights_of() { # NAME
	local run file
	run=$(latest_run "$1")
	file=$workspace/runs/$1/${run%% *}/accounts.ndjson
	[ -n "${last_day-}" ] || [ ! -e "$file" ] || stage split-streams account_night=- <"$file"
}

# The whole position as the ledger has it now; with --restated as if the clock stood at the end of that day.
position() { # FILE NAME
	local licence
	reconcile_now "$1" "$2"
	[ ! -e "$scratch/workspace" ] || complete_workspace "$scratch/reconciled" "$scratch/others.ndjson" "$scratch/workspace" "$licence" "$scratch/excluded"
	stage merge --ledger "$workspace/ledger/$2.db" --print-forecasts >"$licence/past-forecasts.ndjson"
	forecast_results "$licence" "$scratch/excluded" "$scratch/reconciled" >"$scratch/forecasts"
	cat "$scratch/reconciled" "$scratch/forecasts"
}

# Without forecasts: what reconcile says, into files of `scratch`, by the licence files that the caller's `licence` becomes.
reconcile_now() { # FILE NAME
	local options policy names
	other_profiles "$2" "$workspace/licence" "$scratch" "$1"
	mapfile -t names < <(all_profiles "$2")
	scratch_licence "${names[@]}"
	reconcile_options "$licence"
	policy_of "$workspace/licence"
	stage merge --ledger "$workspace/ledger/$2.db" --print-reported >"$scratch/reported"
	if [ -n "$last_day" ]; then
		# Later reports do not matter: only the contracts are used.
		stage split-streams contract="$scratch/contracts" <"$scratch/reported"
		mv "$scratch/contracts" "$scratch/reported"
	fi
	exclude_users "$2" "$1" "$workspace/licence" "$scratch/reported" "$scratch/excluded"
	others_options "$scratch" "$scratch/excluded" "$scratch/workspace"
	{
		nights_of "$2"
		stage merge --ledger "$workspace/ledger/$2.db" --emit all ${policy[@]+"${policy[@]}"} </dev/null | until_last_day
	} | stage aggregate-by-period -p "$1" --reported "$scratch/reported" | stage reconcile "${options[@]}" >"$scratch/reconciled"
}

# Repeats the position of a run from its files: its licence files, clock and exclusions.
position_of_run() { # RUN-FOLDER CLOCK [OPTION]...
	local from=$1 clock=$2 options group_by warn_days feed_from asking
	shift 2
	thaw_inputs "$from/inputs"
	[ -z "$charge_by" ] || group_by=$charge_by
	reconcile_options "$from/inputs"
	[ ! -e "$from/excluded.ndjson" ] || options+=(--excluded "$from/excluded.ndjson")
	[ ! -e "$from/inputs/others.ndjson" ] || options+=(--others "$from/inputs/others.ndjson" --workspace "$scratch/workspace")
	{
		cat "$from/subscriptions.ndjson" "$from/accounts.ndjson" "$from/consumption.ndjson" "$from/restatements.ndjson"
		stage split-streams contract=- <"$from/results.ndjson" # the periods, where nothing was consumed
	} | stage reconcile -q "${options[@]}" --now "$clock" "$@" # what there is to warn of, the run has said
}

# What each group is charged, by the ledger as it is; with --billed, periods that were over then as in the run of then, and what has changed since.
chargeback_command() {
	no_operands chargeback
	# With group results on standard input, it is for the stage.
	if [ -z "$as_of" ] && is_input_given; then
		of_input chargeback "${csv_flags[@]}" --by "$charge_by" --format "$format" ${question[@]+"${question[@]}"}
		return
	fi
	[ -n "$charge_by" ] || fail 64 "cannot charge without --by GROUP: account, site, cost_center, department, company, country or organization"
	need_workspace
	local profile file name last last_clock as_reported last_day='' until='' billed=() licence
	parse_as_of
	group_by=$charge_by
	make_scratch
	for profile in "${profiles[@]}"; do
		file=$(profile_file "$profile")
		name=$(profile_name "$file")
		[ -e "$workspace/ledger/$name.db" ] || fail 66 "cannot charge profile '$name': nothing was run yet"
		if [ -n "$until" ]; then
			find_run_of_then "$name" "charge profile '$name' as billed at $as_of"
			position_of_run "$last" "$last_clock" >"$scratch/billed"
			[ ! -s "$scratch/workspace" ] || cat "$scratch/workspace" >>"$scratch/billed"
			billed=(--billed "$scratch/billed" --billed-at "$last_clock")
			rm -f "$scratch/workspace"
		fi
		reconcile_now "$file" "$name"
		[ ! -s "$scratch/workspace" ] || cat "$scratch/workspace" >>"$scratch/reconciled"
		stage chargeback --by "$charge_by" --format "$format" "${csv_flags[@]}" ${question[@]+"${question[@]}"} ${billed[@]+"${billed[@]}"} <"$scratch/reconciled"
		# Of several profiles there is one position, the workspace's, in each.
		[ ! -s "$scratch/workspace" ] || break
	done
}

explain_command() {
	no_operands explain
	need_workspace
	local profile name last last_clock as_reported policy is_overview=0 runs_folder dropped
	make_scratch
	# All envelopes of all periods are many thousand lines: a person is shown what there is to ask for.
	[ "$on_terminal$format${#question[@]}" != 1text0 ] || is_overview=1 question=(--level position)
	for profile in "${profiles[@]}"; do
		name=$(profile_name "$profile")
		find_last_run "$name" explain
		whole_runs "$name"
		dropped=()
		[ ! -e "$(checkpoint_of "$name")/checkpoint.json" ] || dropped=(--recordings-dropped)
		policy_of "$last/inputs"
		{
			position_of_run "$last" "$last_clock" --trace
			stage export --ledger "$workspace/ledger/$name.db" --stream rights_restatement
		} | stage explain ${policy[@]+"${policy[@]}"} --ledger "$workspace/ledger/$name.db" --runs "$runs_folder" ${dropped[@]+"${dropped[@]}"} --format "$format" \
			--title "$name, run $(basename "$last")" ${question[@]+"${question[@]}"}
	done
	[ "$is_overview" = 0 ] || put '\n%s\n  %s\n' 'These are the positions. Down to days, envelopes and recorded exchanges:' "$program explain --period DAY, --account ID, --model NAME or --level LEVEL"
}

# --as-of: a day stands for its end, for knowledge of then the last run up to it. doc/reconcile.md defines both. Sets last_day with
# --restated, else the clock, or the name, that the last run may have.
parse_as_of() {
	local is_day=0 next
	last_day='' until=''
	[ -n "$as_of" ] || {
		[ "$restated" = 0 ] || fail 64 "cannot use --restated without --as-of DATE"
		return 0
	}
	if [[ $as_of =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}$ ]]; then
		is_day=1
		next=$(date -u -d "$as_of + 1 day" +%Y-%m-%d 2>/dev/null) || fail 64 "cannot use --as-of '$as_of': it must be a day such as 2025-03-18"
	fi
	if [ "$restated" = 1 ]; then
		[ "$is_day" = 1 ] || fail 64 "cannot use --as-of '$as_of' with --restated: it must be a day such as 2025-03-18"
		last_day=$as_of
		# The day is over: its end is the clock.
		ENVTALLY_NOW=${next}T00:00:00.000Z
		export ENVTALLY_NOW
	elif [ "$is_day" = 1 ]; then
		until=${as_of}T23:59:59.999Z
	elif [[ $as_of =~ ^[0-9]{8}T[0-9]{6}Z-[0-9]+$ ]]; then # the name of a run that met its own name
		until=$as_of
	else
		until=$(rfc3339 "$as_of")
	fi
}

# Of the runs whose clock is not after `until` the one that was promoted last; or that of this name.
run_of_then() { # NAME
	promotions "$1" | awk -v until="$until" -v name="$as_of" '$1 == name { named = $0 } $2 <= until { run = $0 } END { print named ? named : run }'
}

find_run_of_then() { # NAME TO-DO: as find_last_run
	local run
	run=$(run_of_then "$1")
	[ -n "$run" ] || fail 66 "cannot $2: nothing had been run by then, or its run is not kept"
	kept_run "$1" "$run" "$2"
}

# The run's figures of periods that were over then are what the ledger reported then.
check_against_ledger() { # NAME RUN-FOLDER
	local errors
	stage export --ledger "$workspace/ledger/$1.db" --stream consumption --stream restatement --stream contract >"$scratch/reported"
	errors=$(stage run-facts check "${2##*/}" --runs "${2%/*}" --ledger "$workspace/ledger/$1.db" 2>&1 <"$scratch/reported") ||
		fail "$?" "cannot reconcile as of $as_of: ${errors#run-facts: }"
}

position_of_then() { # NAME FOLDER CLOCK
	check_against_ledger "$1" "$2"
	position_of_run "$2" "$3"
	stage split-streams forecast=- <"$2/results.ndjson" # as it was made then
}

show_position() { # NAME
	if [ "$format" = ndjson ]; then
		put_file -
	else
		stage report --title "$1" ${as_reported[@]+"${as_reported[@]}"}
	fi
}

show_workspace() {
	local as_reported=("${as_reported[@]}")
	[ ! -e "$scratch/others-partial" ] || as_reported=(--partial)
	show_position workspace <"$scratch/workspace"
}

reconcile_command() {
	no_operands reconcile
	need_workspace
	local profile file name last last_clock as_reported=() last_day until workspace_shown=0 newest newest_as
	parse_as_of
	if [ -n "$now" ]; then # what is open, and how far ahead the rest of it lies, depends on it
		ENVTALLY_NOW=$(rfc3339 "$now")
		export ENVTALLY_NOW
	fi
	make_scratch
	if [ -n "$until" ] && find_workspace run_of_then; then
		as_reported=("${newest_as[@]}")
		show_position workspace <"$newest/workspace.ndjson"
	fi
	for profile in "${profiles[@]}"; do
		file=$(profile_file "$profile")
		name=$(profile_name "$file")
		[ -e "$workspace/ledger/$name.db" ] || fail 66 "cannot reconcile profile '$name': nothing was run yet"
		if [ -n "$until" ]; then
			find_run_of_then "$name" "reconcile profile '$name' as of $as_of"
			position_of_then "$name" "$last" "$last_clock" | show_position "$name"
		else
			position "$file" "$name" >"$scratch/position"
			# What the last run could not read is not in the ledger.
			as_reported=()
			[[ $(latest_run "$name") == *' succeeded '* ]] || as_reported=(--partial)
			if [ "$workspace_shown" = 0 ] && [ -s "$scratch/workspace" ]; then
				show_workspace
			fi
			workspace_shown=1
			show_position "$name" <"$scratch/position"
		fi
	done
}

# How the figures that the ledger gives move from one counting policy to the other.
policy_diff() { # A B
	local profile file name side paths=("$1" "$2") options licence
	need_workspace
	for side in 0 1; do stage policy hash "${paths[side]}" >/dev/null; done
	make_scratch
	for profile in "${profiles[@]}"; do
		file=$(profile_file "$profile")
		name=$(profile_name "$file")
		[ -e "$workspace/ledger/$name.db" ] || fail 66 "cannot compare policies for profile '$name': nothing was run yet"
		scratch_licence "$name"
		reconcile_options "$licence"
		stage merge --ledger "$workspace/ledger/$name.db" --print-reported | stage split-streams contract="$scratch/contracts"
		for side in 0 1; do
			# Excluded users count on both sides: only the policies make a difference.
			stage merge -q --ledger "$workspace/ledger/$name.db" --emit all --policy "${paths[side]}" </dev/null |
				stage aggregate-by-period -q -p "$file" --reported "$scratch/contracts" |
				stage reconcile -q "${options[@]}" --policy "${paths[side]}" --excluded /dev/null >"$scratch/side-$side"
		done
		stage policy diff "${paths[@]}" --before "$scratch/side-0" --after "$scratch/side-1" --profile "$name" --period "$only_period" \
			--format "$format"
	done
}

policy_command() {
	case "${operands[0]-}:${#operands[@]}" in
	diff:3) policy_diff "${operands[1]}" "${operands[2]}" ;;
	diff:*) fail 64 "cannot compare policies: name two, files or 'default'" ;;
	*) fail 64 "cannot do 'policy ${operands[*]}': use policy diff A B, policy show [FILE] or policy hash [FILE]" ;;
	esac
}
