# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # its variables are pipeline.sh's, which sources it
# profile.sh: init: a workspace and a profile.
#
# An answer is checked when it is given: a person is asked again for one that is wrong, a wrong option ends the command. Nothing is written
# before all are good. An answer may be a secret, by mistake, so programs get it on standard input.

declare -A questions=(
	[name]='Name of the profile (letters and digits)'
	[organization-id]='Organization id (a UUID, Docusign Admin shows it)'
	[contract-start]='Start of the Docusign contract (YYYY-MM-DD; not the day the account was made)'
	[renewal-months]='Months of one consumption cycle'
	[environment]='Environment: production or demo'
	[integration-key]='Integration key (a UUID)'
	[key-pair-id]='Key pair id (a UUID; empty: none)'
	[key-file]='Private key: a PEM, PKCS#12 or JKS file, relative to profiles/'
	[key-password]='Where the key'"'"'s password is: file:PATH, relative to profiles/, or fd:N'
	[key-alias]='Which key of the file'
	[user-id]='User to impersonate (a UUID; empty: an application token)'
	[feed]='Feed descriptor'
)

in_profiles() { # FILE: as a profile names it
	case $1 in /*) printf '%s\n' "$1" ;; *) printf '%s/profiles/%s\n' "$workspace" "$1" ;; esac
}

or_here() { # PREFIX FILE: where it is not in profiles/ but in the current folder, with its whole path
	if [ ! -e "$(in_profiles "$2")" ] && [ -f "$2" ]; then
		set -- "$1" "$(readlink -f -- "$2")"
	fi
	printf '%s%s\n' "$1" "$2"
}

# Fails if an answer is wrong, and prints why. Without a terminal, a missing file may be added later.
check_answer() { # KEY VALUE
	local reason file
	if [[ $2 == *[[:cntrl:]]* ]]; then
		printf 'it has a control character\n'
		return 64
	fi
	case $1 in
	environment)
		[ "$2" = production ] || [ "$2" = demo ] || {
			printf 'it is production or demo\n'
			return 64
		}
		return 0
		;;
	feed)
		file=$(feed_file "$workspace/profiles/" "$2")
		[ -z "$file" ] || [ -e "$file" ] || [ -t 0 ] || return 0
		reason=$(stage normalize --feed "${file:-$2}" </dev/null 2>&1 >/dev/null) || {
			set -- "$1" $?
			printf '%s\n' "${reason#*feed \'*\': }"
			return "$2"
		}
		return 0
		;;
	esac
	reason=$(printf '%s=%s\n' "${1//-/_}" "$2" | stage run-facts new-profile 2>&1 >/dev/null) || {
		set -- "$1" $?
		reason=${reason#*: cannot use profile: }
		printf 'it %s\n' "${reason#*\" }"
		return "$2"
	}
	if [ "$1" = name ] && [ -e "$workspace/profiles/$2.json" ]; then
		printf '%s exists\n' "$workspace/profiles/$2.json"
		return 73
	elif [ "$1" = key-file ] && [ -t 0 ] && [ ! -e "$(in_profiles "$2")" ]; then
		printf 'there is no such file in %s/profiles, nor here\n' "$workspace"
		return 66
	fi
}

ask() { # KEY [DEFAULT]: into answers, from the option, the person, or the default
	local key=$1 reply wrong
	if [ -n "${answers[$key]+set}" ]; then
		wrong=$(check_answer "$key" "${answers[$key]}") || fail $? "cannot use --$key: $wrong"
		return 0
	elif [ ! -t 0 ]; then
		[ $# -gt 1 ] || fail 64 "cannot make a profile: --$key is missing, and there is no terminal to ask on"
		answers["$key"]=$2
		return 0
	fi
	while :; do
		read -r -p "${questions[$key]}${2:+ [$2]}: " reply || {
			printf '\n' >&2
			fail 64 "cannot make a profile: no answer for $key"
		}
		reply=${reply:-${2-}}
		case $key:$reply in
		key-file:*) reply=$(or_here '' "$reply") ;;
		key-password:file:*) reply=$(or_here file: "${reply#file:}") ;;
		esac
		if [ -z "$reply" ]; then
			[ $# -eq 1 ] || break
		elif wrong=$(check_answer "$key" "$reply"); then
			break
		else
			printf '  %s\n' "$wrong" >&2
		fi
	done
	answers["$key"]=$reply
}

# Why the key does not open, with the password and the alias as far as they are known. No password is asked for on the terminal.
try_key() {
	local reason status=0 options=(--key "$(in_profiles "${answers[key-file]}")")
	case ${answers[key-password]-} in
	'') ;;
	file:*) options+=(--key-password "file:$(in_profiles "${answers[key-password]#file:}")") ;;
	*) options+=(--key-password "${answers[key-password]}") ;;
	esac
	[ -z "${answers[key-alias]-}" ] || options+=(--key-alias "${answers[key-alias]}")
	reason=$(setsid -w "$stages/auth" -q --key-info "${options[@]}" 2>&1 >/dev/null </dev/null) || status=$?
	[ "$status" -eq 0 ] || printf '%s\n' "${reason#*: }"
	return "$status"
}

# The key; its password and which one it is, if the file needs that.
ask_for_key() {
	local wrong status key given=" ${!answers[*]} "
	for key in key-password key-alias; do
		[[ $given != *" $key "* ]] || ask "$key"
	done
	key='key-file'
	while :; do
		ask "$key"
		[ -e "$(in_profiles "${answers[key-file]}")" ] || return 0
		status=0
		wrong=$(try_key) || status=$?
		case $status:$wrong in
		0:*) return 0 ;;
		77:* | 66:*'password file'* | 78:*'(--key-password)'*) key='key-password' ;;
		78:*'(--key-alias)'*) key='key-alias' ;;
		*) key='key-file' ;;
		esac
		if [ ! -t 0 ] && [ "$status" -eq 66 ]; then return 0; fi # the password may be added later, like the key
		if [ ! -t 0 ] || [[ $given == *" $key "* ]]; then fail "$status" "$wrong"; fi
		[ "$key${answers[$key]-}" = key-password ] || printf '  %s\n' "$wrong" >&2
		unset "answers[$key]"
	done
}

# The licence files of a new workspace, with comments and columns.
new_licence_file() { # FILE COLUMNS COMMENT...
	[ ! -e "$1" ] || return 0
	{
		printf '# %s\n' "${@:3}"
		printf '%s\n' "$2"
	} >"$1"
}

init_command() {
	no_operands init
	local profile file member key_file api audience
	ask name
	file=$workspace/profiles/${answers[name]}.json
	ask organization-id
	ask contract-start
	ask renewal-months 12
	ask environment production
	ask integration-key
	ask key-pair-id ''
	ask_for_key
	ask user-id ''
	ask feed datafeed
	case "${answers[environment]}" in
	production) api=https://api.docusign.net audience=account.docusign.com ;;
	demo) api=https://api-d.docusign.net audience=account-d.docusign.com ;;
	esac
	answers[integration-type]=organization answers[api-base]=$api answers[audience]=$audience
	profile=$(for member in name integration-type organization-id contract-start renewal-months api-base audience integration-key key-pair-id \
		key-file key-password key-alias user-id feed; do
		printf '%s=%s\n' "${member//-/_}" "${answers[$member]-}"
	done | stage run-facts new-profile)
	mkdir -p "$workspace/profiles" "$workspace/licence" "$workspace/ledger" "$workspace/runs" 2>/dev/null || fail 73 "cannot create '$workspace'"
	if ! printf '%s\n' "$profile" >"$file.new" || ! mv "$file.new" "$file"; then fail 73 "cannot create '$file'"; fi
	new_licence_file "$workspace/licence/entitlements.csv" \
		entitlement_id,software_model,agreement_type,license_type,metric_group,license_metric,subscription_period,start_date,end_date,purchased_rights,unit_cost,total_cost,currency,allocation_type,allocation_value,status,profile,true_up_for \
		'What was bought: a row for each line of a Docusign order form. Lines that begin with # above the column names are comments.' \
		"entitlement_id: any name that no other row has. software_model and license_metric: as $program models lists them." \
		'purchased_rights: a whole number or unlimited, for each subscription_period: Monthly, Quarterly, Annually or Entire (the whole term).' \
		'start_date and end_date: YYYY-MM-DD, both inclusive. total_cost: for each subscription_period, with a currency such as USD.' \
		'All other columns may be empty. The manual is doc/licence.md. An example of a row:' \
		'ENT-1,Docusign eSignature Enterprise Pro,,Subscription,Consumption,Envelope,Annually,2025-01-31,2026-01-30,1000,,2400.00,USD,,,,,'
	new_licence_file "$workspace/licence/models.csv" publisher,product,version,edition,software_model,license_metric,unit,identifier_type,identifier \
		'Which plan items of Docusign belong to which software model. Lines that begin with # above the column names are comments.' \
		'identifier_type: plan_item_id, plan_item_name or subscription_name. identifier: what that must be; * stands for any text.' \
		"After the first run, $program models suggest prints rows for what no row matches yet. The manual is doc/licence.md." \
		'An example of a row:' \
		'Docusign,eSignature,,Enterprise Pro,Docusign eSignature Enterprise Pro,Envelope,envelope,subscription_name,Enterprise Pro*'
	say "wrote $file"
	key_file=$(in_profiles "${answers[key-file]}")
	[ -e "$key_file" ] || say "next: put the key at $key_file"
	say "next: fill in $workspace/licence/entitlements.csv and models.csv, then $invoked validate -C $workspace"
}
