# bash completion of envtally: commands, options and their values, by the driver's own tables.

_envtally() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]-} workspace=. at
	for ((at = 2; at < COMP_CWORD; at++)); do
		[[ ${COMP_WORDS[at]} != -C ]] || workspace=${COMP_WORDS[at + 1]/#\~/$HOME}
	done
	COMPREPLY=()
	[ "$COMP_CWORD" -gt 1 ] || {
		mapfile -t COMPREPLY < <(compgen -W "$(_envtally_words commands)" -- "$word")
		return
	}
	case $before in
	-C) mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
	-p) mapfile -t COMPREPLY < <(compgen -W "$(grep -ls '"organization_id"' "$workspace"/profiles/*.json | sed 's|.*/||; s|\.json$||')" -- "$word") ;;
	--format) mapfile -t COMPREPLY < <(compgen -W "$(_envtally_words formats "$command")" -- "$word") ;;
	*)
		case $word:$command in
		-*) mapfile -t COMPREPLY < <(compgen -W "$(_envtally_words options "$command")" -- "$word") ;;
		*:replay | *:verify | *:evidence | *:discard) mapfile -t COMPREPLY < <(compgen -W "$(for at in "$workspace"/runs/*/*/; do at=${at%/}; [ "${at##*/}" = '*' ] || printf '%s\n' "${at##*/}"; done)" -- "$word") ;;
		*) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
		esac
		;;
	esac
}

_envtally_words() { # commands | options COMMAND | formats COMMAND
	bash -c '
		. "$1/options.sh"
		case $2 in
		commands) names_of "$commands" ;;
		options) names_of "$options" "$3" ;;
		formats) names=(${formats[$3]-}) ;;
		esac
		printf "%s\n" "${names[@]}"' - '@libexecdir@/envtally' "$@" 2>/dev/null
}

complete -o filenames -F _envtally envtally
