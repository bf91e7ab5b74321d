# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # its variables are pipeline.sh's, which sources it
# validate.sh: whether the connection of a profile works, step by step.

# One step of validate: a line with ok and what the command printed, or what to do. The command's output is one line.
check() { # LABEL COMMAND...
	local label=$1 out errors status=0
	shift
	errors=$(mktemp)
	out=$("$@" 2>"$errors") || status=$?
	if [ "$status" -eq 0 ]; then
		printf 'ok    %-13s %s\n' "$label" "$out"
	else
		printf 'FAIL  %-13s %s\n' "$label" "$(tail -n 1 "$errors")"
	fi
	rm -f "$errors"
	return "$status"
}

check_profile() { # PROFILE: into `facts`, for the steps after it
	stage auth -p "$1" --replay . >/dev/null && read_facts profile "$1" &&
		echo "${facts[name]}: organization ${facts[organization_id],,}, contract start ${facts[contract_start]}, ${facts[renewal_months]} months"
}
check_key() { stage auth -p "$1" --key-info | awk -F ': *' '/^(container|bits|spki sha-256|valid until)/ { printf "%s%s %s", n++ ? ", " : "", $1, $2 } END { print "" }'; }
check_token() {
	local -A facts=()
	"$stages/auth" -p "$1" -v --no-cache 2> >(tee "$scratch/clock" >&2) | stage run-facts survey --profile "$1" >"$scratch/token" &&
		read_fact_file "$scratch/token" && echo "expires ${facts[expires_at]}"
}
check_clock() {
	local ahead
	ahead=$(sed -n 's/.*clock is \(-*[0-9]*\) s ahead.*/\1/p' "$scratch/clock")
	if [ "${ahead:-0}" -lt -60 ] || [ "${ahead:-0}" -gt 60 ]; then
		fail 78 "this machine's clock is $ahead s ahead of the service's: set it right"
	fi
	echo "within ${ahead:-0} s of the service's"
}
read_fact_file() { # FILE: into the caller's `facts`
	local line
	while IFS= read -r line; do facts[${line%%=*}]=${line#*=}; done <"$1"
}
check_organization() {
	local -A facts=()
	authorise "$1" | stage run-facts connection --without-billing | stage fetch-subscriptions |
		stage run-facts survey --profile "$1" >"$scratch/organization" && read_fact_file "$scratch/organization" &&
		echo "${facts[accounts]} accounts in ${facts[asset_groups]} asset groups"
}
check_plan_items() {
	local -A facts=()
	read_fact_file "$scratch/organization"
	[ "${facts[plan_items]}" -gt 0 ] || fail 78 "no plan items: was something bought from Docusign directly?"
	echo "${facts[plan_items]} plan items"
}
check_scopes() { # those that the Admin API asks for; whether they are granted, the token and the organization have shown
	local -A facts=()
	local given missing
	read_facts profile "$1"
	given=${facts[scopes]//[\[\]\",]/ }
	read -r -a given <<<"$given"
	[ ${#given[@]} -gt 0 ] || {
		echo "the usual ones"
		return
	}
	missing=$(for scope in organization_read organization_sub_account_read asset_group_account_read account_read; do
		case " ${given[*]} " in *" $scope "*) ;; *) printf ' %s' "$scope" ;; esac
	done)
	[ -z "$missing" ] || fail 78 "the profile's scopes lack$missing"
	echo "${given[*]}"
}
# Of the first account: what is refused there will be elsewhere. Not -q: why it is refused is a warning.
check_billing() {
	local -A facts=()
	read_facts profile "$1"
	[ "${facts[download_billing]}" = true ] || {
		echo "not asked for (download_billing)"
		return
	}
	read_fact_file "$scratch/organization"
	authorise "$1" | stage run-facts connection --account "${facts[first_account]}" | "$stages/fetch-subscriptions" |
		stage run-facts survey --profile "$1" >"$scratch/billing" || return
	read_fact_file "$scratch/billing"
	[ -n "${facts[billing]}" ] || return 77
	echo "${facts[billing]}"
}
# The look-back of the first account is enough to know whether the feed answers and its map fits.
check_feed() {
	local -A facts=()
	local account feed
	read_facts profile "$1"
	read_fact_file "$scratch/organization"
	account=${facts[first_account]}
	feed=$(feed_file "$1" "${facts[feed]}")
	feed=${feed:-${facts[feed]:-datafeed}}
	printf '{"bookmarks":{"docusign_datafeed":{"%s":{"until":"%s"}}}}\n' "$account" "$(rfc3339 "$now")" >"$scratch/state"
	authorise "$1" | stage run-facts connection --without-billing | stage fetch-subscriptions |
		stage run-facts connection --account "$account" |
		stage fetch-datafeed --feed "$feed" --state "$scratch/state" | stage normalize --feed "$feed" |
		stage run-facts survey --profile "$1" >"$scratch/feed" || return
	read_fact_file "$scratch/feed"
	echo "$feed: ${facts[envelopes]} envelope records of account $account in the look-back"
}

validate_command() {
	no_operands validate
	need_workspace
	local profile file worst=0
	local -A facts=()
	scratch=$(mktemp -d)
	trap 'rm -rf "$scratch"' EXIT
	stage_flags=(-q) # a step's line has its error, and only that
	if [ -n "$now" ]; then export ENVTALLY_NOW=$now; fi
	for profile in "${profiles[@]}"; do
		file=$(profile_file "$profile")
		check profile check_profile "$file" && check key check_key "$file" && check token check_token "$file" && check clock check_clock &&
			check scopes check_scopes "$file" && check organization check_organization "$file" && check 'plan items' check_plan_items && check billing check_billing "$file" &&
			check feed check_feed "$file" || worst=$?
	done
	return "$worst"
}
