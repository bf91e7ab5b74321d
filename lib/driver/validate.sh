# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # its variables are pipeline.sh's, which sources it
# validate.sh: whether a profile can be run: each thing that a run depends on, one by one.
#
# All checks are made that can be, also when one has failed. A check that needs what another has shown to be wrong is skipped. The status is
# that of the first failure, and each has a line that says what to do.

# Lines of a check: "MARK LABEL TEXT"; the lines of the text stand one below the other, and are folded on a terminal.
show() { # MARK LABEL TEXT
	local line mark=$1 label=$2 width=
	[ ! -t 1 ] || width=$(tput cols 2>/dev/null || echo 80)
	while IFS= read -r line; do
		case $colours$mark in
		1ok) put_shown '\033[32m%-6s\033[0m%-14s%s\n' "$mark" "$label" "$line" ;;
		1FAIL) put_shown '\033[31m%-6s\033[0m%-14s%s\n' "$mark" "$label" "$line" ;;
		*) put_shown '%-6s%-14s%s\n' "$mark" "$label" "$line" ;;
		esac
		mark='' label=''
	done < <(if [ -n "$width" ]; then fold -s -w $((width > 50 ? width - 21 : 29)) <<<"$3"; else printf '%s\n' "$3"; fi)
}

# One check. NEEDS are the labels of checks that must have passed. The command prints its findings, and on stderr why it failed.
check() { # LABEL NEEDS COMMAND...
	local label=$1 needed out status=0 prefix='^[a-z-]+(\.sh)?: (warning: )?'
	for needed in $2; do
		[ "${passed[$needed]-}" = 1 ] || {
			show skip "$label" "not checked: it needs the $needed"
			skipped=$((skipped + 1))
			return 0
		}
	done
	shift 2
	out=$("$@" 2>"$scratch/errors") || status=$?
	if [ "$status" -eq 0 ]; then
		show ok "$label" "$out"
		passed[${label// /-}]=1
		[ ! -s "$scratch/errors" ] || show note '' "$(sed -E "s/$prefix//" "$scratch/errors")"
		return 0
	fi
	failed=$((failed + 1))
	[ "$first_status" -ne 0 ] || first_status=$status
	show FAIL "$label" "$(sed -E "s/$prefix//" "$scratch/errors" | awk '!seen[$0]++')"
	show '' 'to do' "$(remedy "$label" "$status")"
}

remedy() { # LABEL STATUS
	case $1:$2 in
	*:75) echo "wait a while, and run $invoked validate again: the service, a limit or a lock is busy" ;;
	profile:66) echo "make a profile: $invoked init -C $workspace" ;;
	profile:*) echo "correct the key that is named in $file; doc/profile.md lists them all" ;;
	licence:66) echo "put the file there; doc/licence.md describes it, and $invoked init makes empty ones" ;;
	licence:*) echo "correct the lines that are named; doc/licence.md and doc/policy.md describe what they may have" ;;
	key:66) echo "put the file there, or correct key_file or key_password in $file" ;;
	key:77) echo "correct the password in the file that key_password names in $file; doc/keys.md has more" ;;
	key:*) echo "see doc/keys.md: which files are read, and how others are converted" ;;
	authorities:*) echo "correct ca_bundle in $file, or leave it out for the system's authorities" ;;
	clock:78) echo "set the clock, for example with: timedatectl set-ntp true" ;;
	token:69 | clock:69) echo "check the network, a proxy (https_proxy, no_proxy), the authorities above, and audience in $file" ;;
	token:77) echo "do what the line above says; then compare key_file, integration_key, key_pair_id, user_id and audience in $file with Docusign Admin" ;;
	scopes:*) echo "add them to scopes in $file, or leave scopes out" ;;
	organization:69 | feed:69) echo "check the network, a proxy (https_proxy, no_proxy), and api_base in $file; if they are right, try again later" ;;
	organization:77) echo "ask Docusign to authorise the integration key for this organization with the scopes above, or correct organization_id in $file" ;;
	organization:78) echo "correct organization_id or accounts in $file: Docusign Admin shows the ids" ;;
	plan\ items:*) echo "ask Docusign whether the organization's plans were bought from a reseller: their consumption is not reported then" ;;
	billing:*) echo "give the profile a user_id that may read the accounts' billing, or set download_billing to false in $file" ;;
	feed:77) echo "ask Docusign to enable the Data Feed API for the integration key, or name another feed in $file" ;;
	feed:*) echo "correct the descriptor, or feed in $file; doc/feeds.md describes it" ;;
	*) echo "the line above says what is wrong; doc/running.md lists what the statuses mean" ;;
	esac
}

check_profile() { # PROFILE
	local -A facts=()
	local feed
	stage auth -p "$1" --replay . >/dev/null || return
	read_facts profile "$1" || return
	feed=$(feed_of "$1")
	stage normalize --feed "$feed" </dev/null || return
	echo "${facts[name]}: organization ${facts[organization_id],,}, contract start ${facts[contract_start]}, ${facts[renewal_months]} months, feed $feed"
}
feed_of() { # PROFILE: by its facts, the preset or the path of its descriptor
	local feed
	feed=$(feed_file "$1" "${facts[feed]}")
	printf '%s\n' "${feed:-${facts[feed]:-datafeed}}"
}

# A row that has no effect is a warning, once a run has fetched the plan items: an entitlement may be for an automatic model.
check_licence() {
	local options policy licence names=() name found=() status=0
	policy_of "$workspace/licence"
	[ ${#policy[@]} -eq 0 ] || stage policy hash "${policy[1]}" >/dev/null || status=$?
	try_licence || status=$?
	[ "$status" -eq 0 ] || return "$status"
	while IFS= read -r name; do
		if stage merge --ledger "$workspace/ledger/$name.db" --print-state >/dev/null 2>&1; then names+=("$name"); fi
	done < <(all_profiles)
	scratch_licence ${names[@]+"${names[@]}"} || return
	reconcile_options "$licence"
	[ ! -s "$scratch/subscriptions" ] || "$stages/reconcile" "${options[@]}" --excluded /dev/null </dev/null >/dev/null || return
	for name in $licence_files policy; do
		if [ -e "$workspace/licence/$name.csv" ]; then found+=("$name.csv"); fi
		if [ "$name" = policy ] && [ ${#policy[@]} -gt 0 ]; then found+=(policy.json); fi
	done
	echo "${found[*]:-no files: nothing is owned, and plan items are software models by their names}"
}

check_key() {
	"$stages/auth" -p "$1" --key-info | awk -F ': +' '{ of[$1] = $2 }
		END { if (NR) print of["container"] ", " of["type"] " of " of["bits"] " bits, public key SHA-256 " of["spki sha-256"] }'
}
check_authorities() { stage auth -p "$1" --ca-info; }
check_token() {
	local -A facts=()
	stage auth -p "$1" --no-cache | stage run-facts survey --profile "$1" >"$scratch/token" &&
		read_fact_file "$scratch/token" && echo "expires ${facts[expires_at]}"
}
check_clock() { stage auth -p "$1" --clock-info; }
read_fact_file() { # FILE: into the caller's `facts`
	local line
	while IFS= read -r line; do facts[${line%%=*}]=${line#*=}; done <"$1"
}
check_organization() {
	local -A facts=()
	local id
	read_facts profile "$1" || return
	id=${facts[organization_id],,}
	authorise "$1" | stage run-facts connection --without-billing --all-accounts | stage fetch-subscriptions |
		stage run-facts survey --profile "$1" >"$scratch/organization" || {
		set -- $?
		if grep -q 'cannot find organization' "$scratch/errors"; then return 78; fi # to a run this is an outage, until it is corrected
		return "$1"
	}
	read_fact_file "$scratch/organization"
	[ "${facts[accounts]}" -gt 0 ] || fail 78 "organization '$id' has no accounts: is \"organization_id\" right?"
	[ -n "${facts[first_account]}" ] || fail 78 "none of the profile's \"accounts\" is one of the ${facts[accounts]} of organization '$id'"
	echo "${facts[accounts]} accounts in ${facts[asset_groups]} asset groups"
}
check_plan_items() {
	local -A facts=()
	read_fact_file "$scratch/organization"
	[ "${facts[plan_items]}" -gt 0 ] || fail 78 "no plan items: was something bought from Docusign directly?"
	echo "${facts[plan_items]} plan items"
}
check_scopes() { # those that the Admin API asks for; whether they are granted, the token and the organization show
	local -A facts=()
	local given missing
	read_facts profile "$1" || return
	given=${facts[scopes]//[\[\]\",]/ }
	read -r -a given <<<"$given"
	[ ${#given[@]} -gt 0 ] || {
		[ "${facts[scopes]}" = '[]' ] && echo "none: what the integration key is authorised for" || echo "the usual ones"
		return
	}
	missing=$(for scope in organization_read organization_sub_account_read asset_group_account_read account_read; do
		case " ${given[*]} " in *" $scope "*) ;; *) printf ' %s' "$scope" ;; esac
	done)
	[ -z "$missing" ] || fail 78 "the profile's scopes lack$missing"
	echo "${given[*]}"
}
# For the first account: a refusal there means one everywhere. Without -q: the reason is a warning.
check_billing() {
	local -A facts=()
	read_facts profile "$1" || return
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
	read_facts profile "$1" || return
	read_fact_file "$scratch/organization"
	account=${facts[first_account]}
	feed=$(feed_of "$1")
	printf '{"bookmarks":{"docusign_datafeed":{"%s":{"until":"%s"}}}}\n' "$account" "$(rfc3339 "$now")" >"$scratch/state"
	authorise "$1" | stage run-facts connection --without-billing | stage fetch-subscriptions |
		stage run-facts connection --account "$account" |
		stage fetch-datafeed --feed "$feed" --state "$scratch/state" | stage normalize --feed "$feed" |
		stage run-facts survey --profile "$1" >"$scratch/feed" || return
	read_fact_file "$scratch/feed"
	echo "$feed: ${facts[envelopes]} envelope records of account $account in the look-back"
}

validate_profile() { # FILE
	local file=$1 failed=0 skipped=0 first_status=0 name
	local -A passed=()
	check profile '' check_profile "$file"
	check licence '' check_licence
	check key profile check_key "$file"
	check authorities profile check_authorities "$file"
	check token 'profile key authorities' check_token "$file"
	check clock 'profile authorities' check_clock "$file"
	check scopes profile check_scopes "$file"
	check organization token check_organization "$file"
	check 'plan items' organization check_plan_items
	check billing organization check_billing "$file"
	check feed organization check_feed "$file"
	name=$(basename "$file" .json)
	if [ "$failed" -eq 0 ]; then
		say "$name: all is well; next: $invoked run -C $workspace"
	else
		say "$name: $failed of $((failed + skipped + ${#passed[@]})) checks failed, $skipped could not be made"
	fi
	return "$first_status"
}

validate_command() {
	no_operands validate
	need_workspace
	local profile file statuses=() colours=0
	make_scratch
	stage_flags=(-q) # a check's lines have its errors, and only these
	[ ! -t 1 ] || [ -n "${NO_COLOR-}" ] || colours=1
	if [ -n "$now" ]; then export ENVTALLY_NOW=$now; fi
	for profile in "${profiles[@]}"; do
		file=$(profile_file "$profile") || {
			statuses+=($?)
			continue
		}
		validate_profile "$file" || statuses+=($?)
	done
	return "$(worst_of ${statuses[@]+"${statuses[@]}"})"
}
