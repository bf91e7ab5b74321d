# shellcheck shell=bash disable=SC2034,SC2154 # its variables are pipeline.sh's, which sources it
# side_by_side.sh: commands that run beside the driver, each in a process group of its own, so that all its programs end with it.

# Process groups under way, by the id of their leader: what each is, by its place in the caller's list. They end when the driver does, however
# that happens: what works where nobody waits for it would meet the next run.
declare -A under_way=()

begin_group() { # PLACE COMMAND...
	set -m
	(
		set +m -e
		under_way=()
		"${@:2}"
	) &
	under_way[$!]=$1
	set +m
}

# Waits for one of them: its place into `ended`, its status into `status`.
wait_for_group() {
	local pid=''
	status=0
	wait -n -p pid "${!under_way[@]}" || status=$?
	[ -n "$pid" ] || { # none is left that the shell has not told of
		for pid in "${!under_way[@]}"; do :; done
		wait "$pid" || status=$?
	}
	ended=${under_way[$pid]}
	unset "under_way[$pid]"
}

groups_live() {
	local pid
	for pid in "${!under_way[@]}"; do
		! kill -0 -- "-$pid" || return 0
	done
	return 1
} 2>/dev/null

end_groups() {
	local signal pid tries
	for signal in TERM KILL; do
		for pid in "${!under_way[@]}"; do kill "-$signal" -- "-$pid"; done
		for ((tries = 0; tries < 100; tries++)); do
			groups_live || return 0
			sleep 0.02
		done
	done
} 2>/dev/null

# Runs a command for each of the operands, at most `jobs` side by side; the status of each, in the order of the operands, into `statuses`. What
# they print is marked with the name that NAMER gives for the operand, so that it can be told apart: a line is printed as one.
side_by_side() { # COMMAND NAMER OPERAND...
	local command=$1 namer=$2 place operands=("${@:3}") ended status
	statuses=()
	for place in "${!operands[@]}"; do
		[ ${#under_way[@]} -lt "$jobs" ] || {
			wait_for_group
			statuses[ended]=$status
		}
		begin_group "$place" marked "$("$namer" "${operands[place]}")" "$command" "${operands[place]}"
	done
	while [ ${#under_way[@]} -gt 0 ]; do
		wait_for_group
		statuses[ended]=$status
	done
}

# A line that says whose it is already, and one for machines, stays as it is.
marked() { # NAME COMMAND...
	local statuses is_marked=1
	set +e
	{ "${@:2}" 2>&1 >&3 3>&- | sed -u "/^{/!{/^[^ ]*: $1: /!s/^/$1: /}" >&2; } 3>&1
	statuses=("${PIPESTATUS[@]}")
	exit "${statuses[0]}"
}

# Of several statuses the one to end with, the worst: one of a signal, then what a person has to mend, then what the next run may find mended.
worst_of() { # STATUS...
	local order=' 0 75 69 71 73 74 64 65 66 77 78 70 ' worst=0 status before_status before_worst
	for status; do
		before_status=${order%%" $status "*} before_worst=${order%%" $worst "*}
		[ ${#before_status} -le ${#before_worst} ] || worst=$status
	done
	printf '%s\n' "$worst"
}
