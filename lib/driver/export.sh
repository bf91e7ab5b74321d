# shellcheck shell=bash disable=SC2034,SC2154 # its variables are pipeline.sh's, which sources it
# export.sh: what the ledgers hold, for other programs: NDJSON, CSV, a SQLite file, tables in PostgreSQL; and the costs of the last run, as FOCUS.
#
# Each reads one snapshot of a ledger. Files are written under a temporary name and renamed; a load into PostgreSQL is one transaction. An
# export that fails changes nothing.

export_command() {
	no_operands export
	umask "$own_umask"
	local profile name names=()
	need_workspace
	for profile in "${profiles[@]}"; do
		name=$(profile_name "$profile")
		[ -e "$workspace/ledger/$name.db" ] || fail 66 "cannot export profile '$name': nothing was run yet"
		names+=("$name")
	done
	[ "$format$export_to" != focus- ] || export_to=''
	"export_$format" "${names[@]}"
}

export_ledger() { # NAME [OPTION]...
	local name=$1 chosen=() stream policy
	shift
	policy_of "$workspace/licence"
	for stream in ${export_streams[@]+"${export_streams[@]}"}; do chosen+=(--stream "$stream"); done
	stage export --ledger "$workspace/ledger/$name.db" ${policy[@]+"${policy[@]}"} ${chosen[@]+"${chosen[@]}"} "$@"
}

export_ledgers() { # NAME...
	local name
	for name; do export_ledger "$name" --format "$format"; done
}

# Sets `scratch` to a folder for unfinished files: beside the file to be written, or among the temporary files.
make_scratch() { # [FILE]
	if [ $# -gt 0 ] && { [ -f "$1" ] || [ -d "$1" ] || [ ! -e "$1" ]; }; then
		[ ! -d "$1" ] || fail 73 "cannot create '$1': it is a folder"
		scratch=$(mktemp -d "$(dirname -- "$1")/.export.XXXXXX" 2>/dev/null) || fail 73 "cannot create '$1': its folder is not writable"
	else
		scratch=$(mktemp -d) || fail 73 "cannot make a temporary folder"
	fi
	trap at_end EXIT # also in a part of a pipe
}

publish() { # FILE-IN-SCRATCH FILE: durable, then visible; what is no file (/dev/stdout, a named pipe) is written to as it is
	if [ -e "$2" ] && [ ! -f "$2" ]; then
		cat -- "$1" 2>/dev/null >"$2" || fail 74 "cannot write '$2'"
		return
	fi
	set -- "$1" "$(readlink -f -- "$2")"
	if ! sync "$1" || ! mv -f -- "$1" "$2"; then fail 73 "cannot create '$2'"; fi
	say "wrote $2"
}

need_program() { # PROGRAM PACKAGE
	command -v "$1" >/dev/null || fail 69 "cannot export as $format: $1 is not installed (Debian: $2)"
}

export_ndjson() { # NAME...
	if [ -z "$export_to" ]; then
		export_ledgers "$@"
		return
	fi
	make_scratch "$export_to"
	export_ledgers "$@" >"$scratch/export.ndjson"
	publish "$scratch/export.ndjson" "$export_to"
}

export_singer() { export_ndjson "$@"; } # NAME...

export_csv() { # NAME...
	[ $# -eq 1 ] || fail 64 "cannot export several profiles as CSV: use -p PROFILE"
	if [ -z "$export_to" ]; then
		[ ${#export_streams[@]} -eq 1 ] || fail 64 "cannot export several streams as CSV: use --to FOLDER, or one --stream"
		export_ledger "$1" --format csv "${csv_flags[@]}"
		return
	fi
	mkdir -p -- "$export_to" 2>/dev/null || fail 73 "cannot create folder '$export_to'"
	export_ledger "$1" --format csv "${csv_flags[@]}" --output "$export_to"
	say "wrote $export_to"
}

# The lines of a profile's export, and what loads them, into the scratch folder. The export is complete before anything is loaded.
stage_load() { # NAME DIALECT
	export_ledger "$1" | stage run-facts load "$scratch" "$2" --name "$1"
}

# Of several profiles there is one position, the workspace's, in the newest of their runs; corrections are those of the last run of each.
export_focus() { # NAME...
	local name=$1 other last last_clock as_reported newest newest_as charge_by=account runs
	[ ${#export_streams[@]} -eq 0 ] || fail 64 "cannot use --stream: --format focus is of the position"
	make_scratch ${export_to:+"$export_to"}
	if find_workspace latest_run; then
		last=$newest last_clock=${newest_as[1]}
		name=$(basename "$(dirname "$last")")
	else
		[ $# -eq 1 ] || fail 64 "cannot export several profiles as FOCUS: use -p PROFILE"
		find_last_run "$name" export
	fi
	newest=$last newest_as=("$last_clock") runs=$(basename "$last")
	for other; do
		if [ "$other" = "$name" ] || ! try_run "$other" "$(latest_run "$other")"; then continue; fi
		runs+=,$(basename "$last")
		cat "$last/restatements.ndjson" # before what says of which position they are
		position_of_run "$last" "$last_clock" --trace | stage split-streams consumption_use=-
		stage export --ledger "$workspace/ledger/$other.db" --stream job_result
	done >"$scratch/others"
	last=$newest last_clock=${newest_as[0]}
	position_of_run "$last" "$last_clock" --trace >"$scratch/position"
	{
		stage export --ledger "$workspace/ledger/$name.db" --stream job_result
		cat "$last/restatements.ndjson" "$scratch/others" "$scratch/position"
		[ ! -s "$scratch/workspace" ] || cat "$scratch/workspace"
	} | stage chargeback --format focus --run "$runs" "${csv_flags[@]}" >"$scratch/focus.csv"
	if [ -z "$export_to" ]; then cat "$scratch/focus.csv"; else publish "$scratch/focus.csv" "$export_to"; fi
}

export_sqlite() { # NAME...
	[ -n "$export_to" ] || fail 64 "cannot export to a SQLite file: use --to FILE"
	need_program sqlite3 sqlite3
	local name
	make_scratch "$export_to"
	for name; do
		stage_load "$name" sqlite
		(cd "$scratch" && sqlite3 -batch -bail -init /dev/null export.db <load.sql >/dev/null) || fail 73 "cannot create '$export_to': sqlite3 rejects the export"
	done
	publish "$scratch/export.db" "$export_to"
}

# Where to, for psql, into `connection`: of libpq's own environment and files, or --to. No password is taken: it would stand
# in the list of processes.
connection_of() { # TO
	connection=()
	[ -n "$1" ] || return 0
	shopt -s nocasematch
	if [[ $1 =~ password[[:space:]]*= || $1 =~ ^postgres(ql)?://[^/@]*:[^/@]*@ ]]; then
		fail 64 "cannot use --to: it contains a password; put it into a password file (PGPASSFILE) or a service (PGSERVICEFILE)"
	fi
	shopt -u nocasematch
	case "$1" in
	*=* | *://*) connection=(-d "$1") ;;
	*[!A-Za-z0-9._-]*) fail 64 "cannot use --to '$1': it must be the name of a service, a connection string or a URI" ;;
	*) connection=(-d "service=$1") ;;
	esac
}

# Loads scratch/export.ndjson, or, where the workspace still has what was sent to that place before and the database has just that, what has changed
# since: a night costs what changed.
load_lines() { # NAME
	local last after='' before='' sent=$workspace/cache/sent-$1-
	sent+=$(printf '%s' "$export_to ${PGSERVICE-} ${PGHOST-} ${PGPORT-} ${PGDATABASE-}" | sha256sum | cut -c 1-16)
	if [ ${#export_streams[@]} -eq 0 ] && (umask 077 && mkdir -p "$workspace/cache") 2>/dev/null && [ -w "$workspace/cache" ]; then
		LC_ALL=C sort -o "$scratch/sorted" "$scratch/export.ndjson"
		read -r after _ < <(sha256sum <"$scratch/sorted")
		for last in "$sent".*.gz; do
			[ -e "$last" ] || continue
			before=${last%.gz} before=${before##*.}
			gzip -cd "$last" >"$scratch/last" || continue
			{
				LC_ALL=C comm -23 "$scratch/last" "$scratch/sorted" | sed 's/^/-/'
				LC_ALL=C comm -13 "$scratch/last" "$scratch/sorted"
			} >"$scratch/changed"
			run_load "$1" 1 "$scratch/changed"
			grep -qx again "$scratch/said" || {
				keep_sent "$sent" "$after"
				return 0
			}
		done
	fi
	run_load "$1" 0 "$scratch/export.ndjson"
	[ -z "$after" ] || keep_sent "$sent" "$after"
}

# -w: psql would ask for a password on the input with the data.
run_load() { # NAME IS-CHANGE LINES, with the caller's `before` and `after`
	psql -X -q -A -t -w -v ON_ERROR_STOP=1 -v profile="$1" -v change="$2" -v before="$before" -v after="$after" -f "$scratch/load.sql" \
		${connection[@]+"${connection[@]}"} <"$3" >"$scratch/said"
}

keep_sent() { # PATH DIGEST: what was sent last, in place of what was before; without room for it the next load sends all
	[ ! -e "$1.$2.gz" ] || return 0
	rm -f "$1".*.gz
	if ! (umask 077 && gzip -1 <"$scratch/sorted" >"$1.new") 2>/dev/null || ! mv "$1.new" "$1.$2.gz"; then rm -f "$1.new"; fi
}

export_postgres() { # NAME...
	need_program psql postgresql-client
	local name connection status
	connection_of "$export_to"
	make_scratch
	for name; do
		stage_load "$name" postgres
		set +e
		(
			set -e
			load_lines "$name"
		)
		status=$?
		set -e
		case "$status" in
		0) say "$name: loaded into schema envtally" ;;
		2) fail 69 "cannot load profile '$name': psql cannot connect, or lost the connection; nothing was changed" ;;
		*) fail 73 "cannot load profile '$name': psql says why; nothing was changed" ;;
		esac
	done
}
