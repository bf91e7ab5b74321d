# shellcheck shell=bash disable=SC2154 # its variables are pipeline.sh's, which sources it
# watch.sh: what is known of the workspace and its profiles, for people and monitors; and commands that are told of it.

# What `status` says of the workspace and of each profile. The status is the last that is not 0.
watch_all() { # [OPTION]...
	local profile worst=0
	watch_workspace "$@" || worst=$?
	for profile in "${profiles[@]}"; do watch_profile "$profile" "$@" || worst=$?; done
	return "$worst"
}

# The clock for a verdict, into `clock`: --now, that of a run that replays a recording, or the present.
watch_clock() { # LAST-CLOCK
	clock=$1
	[[ -n $replay && -n $clock ]] || clock=$(rfc3339 "$now")
}

watch_workspace() { # [OPTION]...
	local clock verdict newest newest_as
	find_workspace latest_run || return 0
	watch_clock "${newest_as[1]}"
	verdict=$(stage report -q --format verdict "${newest_as[@]}" --now "$clock" <"$newest/workspace.ndjson")
	stage status --name workspace --results "$newest/workspace.ndjson" --verdict "$verdict" --now "$clock" ${warn_days:+--warn-days "$warn_days"} "$@"
}

watch_profile() { # PROFILE [OPTION]...
	local name clock last last_clock='' as_reported verdict=()
	name=$(profile_name "$1") || return
	if try_run "$name" "$(latest_run "$name")"; then
		watch_clock "$last_clock"
		verdict=(--verdict "$(report_of "$last" -q --format verdict "${as_reported[@]}" --now "$clock")")
	else
		watch_clock "$last_clock"
	fi
	stage status --name "$name" --runs "$workspace/runs/$name" --ledger "$workspace/ledger/$name.db" --lock "$workspace/ledger/$name.lock" --now "$clock" \
		${verdict[@]+"${verdict[@]}"} ${warn_days:+--warn-days "$warn_days"} "${@:2}"
}

# A command of the user's, with JSON on standard input. It gets none of the driver's locks, and two minutes.
tell() { # COMMAND JSON
	local status=0
	timeout 120 bash -c "$1" >&2 <<<"$2" 7>&- 8>&- 9>&- || status=$?
	[ "$status" -eq 0 ] || warn "cannot run '$1': it ended with status $status"
	return "$status"
}

# Runs --on-alert for what holds now and did not at the last time, by ledger/.alerts, a key a line. One that the command could not take is new
# again; of profiles that were not looked at, what was known stays.
send_alerts() { # JSON
	local key json known kept=() looked_at state=$workspace/ledger/.alerts
	mkdir -p "$workspace/ledger"
	exec 6>>"$state.lock"
	flock -w 60 6 || :
	known=$(cat "$state" 2>/dev/null) || :
	looked_at=$(stage status --form profiles <<<"$1")
	while IFS=$'\t' read -r -u 5 key json; do
		[[ $'\n'$known$'\n' == *$'\n'"$key"$'\n'* || -z $json ]] || tell "$on_alert" "$json" 6>&- 5<&- || continue
		kept+=("$key")
	done 5< <(stage status --form alerts <<<"$1")
	while IFS= read -r key; do
		[[ $'\n'$looked_at$'\n' == *$'\n'"${key%%,*}"$'\n'* ]] || kept+=("$key")
	done <<<"$known"
	printf '%s\n' ${kept[@]+"${kept[@]}"} | LC_ALL=C sort -u | sed '/^$/d' >"$state.new"
	mv "$state.new" "$state"
	exec 6>&-
}

# After the runs of the caller's `files`, which ended with `statuses`.
after_runs() {
	[ -n "$on_finish$on_alert" ] || [ "$summary" = 1 ] || return 0
	local place json all='' facts
	facts=$(watch_workspace --format json) || facts=''
	[ -z "$facts" ] || all=$facts$'\n'
	for place in "${!files[@]}"; do
		facts=$(watch_profile "${files[place]}" --format json) ||
			facts="{\"profile\":\"$(profile_label "${files[place]}")\",\"is_workspace\":false,\"healthy\":false,\"attention\":[],\"verdict\":null,\"last_run\":null}"
		json="{\"event\":\"finish\",\"exit_status\":${statuses[place]},${facts#?}"
		[ -z "$on_finish" ] || tell "$on_finish" "$json" || :
		all+=$json$'\n'
	done
	[ -z "$on_alert" ] || send_alerts "$all"
	[ "$summary" = 0 ] || put_shown '%s\n' "$(stage status --form summary <<<"$all")"
}
