# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # its variables are pipeline.sh's, which sources it
# profile.sh: init: a workspace and a profile.

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
	no_operands init
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
	stage run-facts new-profile name="${answers[name]}" integration_type=organization organization_id="${answers[organization-id]}" \
		contract_start="${answers[contract-start]}" renewal_months="${answers[renewal-months]}" api_base="$api" audience="$audience" \
		integration_key="${answers[integration-key]}" key_pair_id="${answers[key-pair-id]}" key_file="${answers[key-file]}" \
		key_password="${answers[key-password]}" key_alias="${answers[key-alias]}" user_id="${answers[user-id]}" feed="${answers[feed]}" >"$file.new"
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
	say "wrote $file; next: put the key at $workspace/profiles/${answers[key-file]}, fill in $workspace/licence/, then $program validate"
}
