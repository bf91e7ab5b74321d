# shellcheck shell=bash disable=SC2154 # its variables are pipeline.sh's, which sources it
# overview.sh: `envtally` alone: where one is, and what to do next.

overview() {
	parse_options status
	compgen -G 'profiles/*.json' >/dev/null || {
		put '%s\n' "There is no envtally workspace in this folder. One has profiles/, licence/, ledger/ and runs/." '' 'Next' \
			"  $invoked demo         three recorded nights of a made-up organisation, and its licence position" \
			"  $invoked init         a workspace here, for your own organisation" \
			"  $invoked help         all commands"
		return
	}
	need_programs overview
	need_workspace
	local profile name
	put_shown 'Workspace %s\n\n' "$PWD"
	status_command
	put '\nNext\n'
	for profile in "${profiles[@]}"; do
		name=$(profile_name "$profile")
		next_of "$name"
	done
	[ -n "$(licence_rows)" ] || put '%s\n' "  fill in licence/entitlements.csv: $invoked entitlements suggest prints rows for what is used"
	put '%s\n' "  $invoked help         all commands"
}

next_of() { # NAME
	local last folder text
	shown "$1"
	for folder in runs/"$1"/.*.partial; do
		[ ! -d "$folder" ] || {
			put '%s\n' "  $invoked run -p $text: it finishes the run that was interrupted"
			return
		}
	done
	last=$(latest_run "$1")
	case $last in
	'')
		put '%s\n' "  $invoked validate -p $text: it checks the key and the connection, step by step" \
			"  $invoked run -p $text: its first run"
		;;
	*' partial '*) put '%s\n' "  $invoked run -p $text: it asks again for the accounts that the last run could not read" ;;
	*) put '%s\n' "  $invoked report -p $text, or the page runs/$text/${last%% *}/report.html" ;;
	esac
}

licence_rows() { # the first row of entitlements.csv that is no comment nor header
	[ ! -e licence/entitlements.csv ] || grep -avE '^("?#|[[:space:],;]*$)' licence/entitlements.csv | sed -n 2p
}
