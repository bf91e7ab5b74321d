# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # its variables are pipeline.sh's, which sources it
# connect.sh: init and validate: a profile, and whether its connection works.

ask() { # KEY QUESTION [DEFAULT]: into answers, from the option, the person, or the default
	local key=$1 reply
	[ -z "${answers[$key]+set}" ] || return 0
	if [ -t 0 ]; then
		read -r -p "$2${3:+ [$3]}: " reply >&2 || fail 64 "cannot make a profile: no answer for $key"
		answers["$key"]=${reply:-${3-}}
	elif [ $# -ge 3 ]; then
		answers["$key"]=$3
	else
		fail 64 "cannot make a profile: --$key is missing, and there is no terminal to ask on"
	fi
}

init_command() {
	[ ${#operands[@]} -eq 0 ] || fail 64 "cannot use '${operands[0]}': init takes no operands"
	ask name "Name of the profile (letters and digits)"
	local file=$workspace/profiles/${answers[name]}.json api audience
	[ ! -e "$file" ] || fail 73 "cannot make profile '${answers[name]}': $file exists"
	ask organization-id "Organization id (UUID, Docusign Admin shows it)"
	ask contract-start "Start of the Docusign contract (YYYY-MM-DD; not the day the account was made)"
	ask renewal-months "Months of one consumption cycle" 12
	ask environment "Environment: production or demo" production
	ask integration-key "Integration key (UUID)"
	ask key-pair-id "Key pair id (UUID)" ''
	ask key-file "Private key: PEM, PKCS#12 or JKS, relative to profiles/"
	ask key-password "Where its password is: file:PATH or fd:N (empty: none)" ''
	ask key-alias "Which key of a PKCS#12 or JKS (empty: the only one)" ''
	ask user-id "User to impersonate (UUID; empty: an application token)" ''
	ask feed "Feed descriptor" datafeed
	case "${answers[environment]}" in
	production) api=https://api.docusign.net audience=account.docusign.com ;;
	demo) api=https://api-d.docusign.net audience=account-d.docusign.com ;;
	*) fail 64 "cannot use environment '${answers[environment]}': it is production or demo" ;;
	esac
	mkdir -p "$workspace/profiles" "$workspace/licence" "$workspace/ledger" "$workspace/runs" || fail 73 "cannot create '$workspace'"
	jq -n --arg name "${answers[name]}" --arg organization "${answers[organization-id]}" --arg start "${answers[contract-start]}" \
		--arg months "${answers[renewal-months]}" --arg api "$api" --arg audience "$audience" --arg key "${answers[integration-key]}" \
		--arg pair "${answers[key-pair-id]}" --arg file "${answers[key-file]}" --arg password "${answers[key-password]}" \
		--arg alias "${answers[key-alias]}" --arg user "${answers[user-id]}" --arg feed "${answers[feed]}" \
		'{name: $name, integration_type: "organization", organization_id: $organization, contract_start: $start,
		  renewal_months: ($months | tonumber? // $months), api_base: $api, audience: $audience, integration_key: $key, key_pair_id: $pair,
		  key_file: $file, key_password: $password, key_alias: $alias, user_id: $user, feed: $feed} | del(.[] | select(. == ""))' >"$file.new"
	# What the programs will say of it is said now.
	stage auth -p "$file.new" --replay . >/dev/null || {
		rm -f "$file.new"
		return 78
	}
	mv "$file.new" "$file"
	[ -e "$workspace/licence/entitlements.csv" ] ||
		printf '%s\n' entitlement_id,software_model,agreement_type,license_type,metric_group,license_metric,subscription_period,start_date,end_date,purchased_rights,unit_cost,total_cost,currency,allocation_type,allocation_value,status \
			>"$workspace/licence/entitlements.csv"
	[ -e "$workspace/licence/models.csv" ] ||
		printf '%s\n' publisher,product,version,edition,software_model,license_metric,unit,identifier_type,identifier >"$workspace/licence/models.csv"
	say "wrote $file; next: put the key at $workspace/profiles/${answers[key-file]}, fill in $workspace/licence/, then pipeline.sh validate"
}

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

check_profile() { stage auth -p "$1" --replay . | jq -r '"\(.profile): organization \(.organization_id), contract start \(.contract_start), \(.renewal_months) months"'; }
check_key() { stage auth -p "$1" --key-info | awk -F ': *' '/^(container|bits|spki sha-256|valid until)/ { printf "%s%s %s", n++ ? ", " : "", $1, $2 } END { print "" }'; }
check_token() {
	{ "$stages/auth" -p "$1" -v --no-cache | jq -r '"expires \(.expires_at)"'; } 2> >(tee "$scratch/clock" >&2)
}
check_clock() {
	local ahead
	ahead=$(sed -n 's/.*clock is \(-*[0-9]*\) s ahead.*/\1/p' "$scratch/clock")
	if [ "${ahead:-0}" -lt -60 ] || [ "${ahead:-0}" -gt 60 ]; then
		fail 78 "this machine's clock is $ahead s ahead of the service's: set it right"
	fi
	echo "within ${ahead:-0} s of the service's"
}
# The CONNECTION with something changed in it, from a pipe into one.
with_connection() { # JQ-UPDATE [JQ-OPTION]...
	local update=$1
	shift
	jq --unbuffered -c "$@" "if .type == \"CONNECTION\" then $update else . end"
}
check_organization() {
	authorise "$1" | with_connection '.download_billing = false' | stage fetch-subscriptions | jq -c 'select(.type == "RECORD")' >"$scratch/subscriptions"
	jq -s -r '[.[] | select(.stream == "docusign_accounts")] | "\(length) accounts in \([.[].record.assetGroupId] | unique | length) asset groups"' "$scratch/subscriptions"
}
check_plan_items() {
	jq -s -r '[.[] | select(.stream == "docusign_plan_items") | .record.modules[]?] | length |
		if . == 0 then error("no plan items: was something bought from Docusign directly?") else "\(.) plan items" end' "$scratch/subscriptions"
}
check_scopes() { # those that the Admin API asks for; whether they are granted, the token and the organization have shown
	local given missing
	given=$(jq -r '.scopes // [] | if type == "array" then join(" ") else . end' "$1")
	[ -n "$given" ] || {
		echo "the usual ones"
		return
	}
	missing=$(for scope in organization_read organization_sub_account_read asset_group_account_read account_read; do
		case " $given " in *" $scope "*) ;; *) printf ' %s' "$scope" ;; esac
	done)
	[ -z "$missing" ] || fail 78 "the profile's scopes lack$missing"
	echo "$given"
}
first_account() { # PROFILE: of those that it names, if it does
	jq -r --slurpfile profile "$1" '($profile[0].accounts // null | if . then map(ascii_downcase) else null end) as $only
		| select(.stream == "docusign_accounts") | .record | (.accountId // .id) | ascii_downcase | select($only == null or IN($only[]))' \
		"$scratch/subscriptions" | head -n 1
}
# Of the first account: what is refused there will be elsewhere. Not -q: why it is refused is a warning.
check_billing() {
	[ "$(profile_fact "$1" download_billing false)" = true ] || {
		echo "not asked for (download_billing)"
		return
	}
	authorise "$1" | with_connection '.accounts = [$account]' --arg account "$(first_account "$1")" | "$stages/fetch-subscriptions" |
		jq -r 'select(.type == "RECORD" and .stream == "docusign_billing") | .context.account_id as $account | .record.account
			| "account \($account): \(.billingPeriodEnvelopesSent // "?") envelopes billed since \(.billingPeriodStartDate // "?")"' >"$scratch/billing"
	[ -s "$scratch/billing" ] || return 77
	cat "$scratch/billing"
}
# The look-back of the first account is enough to know whether the feed answers and its map fits.
check_feed() {
	local account feed
	account=$(first_account "$1")
	feed=$(feed_file "$1")
	feed=${feed:-$(profile_fact "$1" feed datafeed)}
	printf '{"bookmarks":{"docusign_datafeed":{"%s":{"until":"%s"}}}}\n' "$account" "$(rfc3339 "$now")" >"$scratch/state"
	authorise "$1" | with_connection '.download_billing = false' | stage fetch-subscriptions |
		with_connection '.accounts = [$account]' --arg account "$account" |
		stage fetch-datafeed --feed "$feed" --state "$scratch/state" | stage normalize --feed "$feed" |
		jq -n -r --arg account "$account" --arg feed "$feed" \
			'reduce (inputs | select(.type == "RECORD" and .stream == "envelope")) as $one (0; . + 1) | "\($feed): \(.) envelope records of account \($account) in the look-back"'
}

validate_command() {
	need_workspace
	local profile file worst=0
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
