#!/usr/bin/env bats
# Exit statuses: whatever goes wrong, every program and command ends with a status that its manual page lists, and an error has a message.

load helper

pipeline=$root/pipeline.sh
export ENVTALLY_BIN=${ENVTALLY_BIN:-$root/bin}

# PROGRAM ARGUMENTS: each with its files, IN:file and OUT:file. What reads standard input reads the file `in`.
programs='
auth -p IN:ws/profiles/acme.json --replay .
auth --key-info --key IN:key.pem --key-password file:IN:password
auth -p IN:ws/profiles/acme.json --ca-info
fetch-subscriptions --replay IN:recording
fetch-subscriptions --replay IN:recording --record OUT:new
fetch-datafeed --replay IN:recording --state IN:state.json --feed IN:feed.json
normalize --feed IN:feed.json --rejects OUT:rejects
merge --ledger IN:ledger.db --policy IN:policy.json
merge --ledger IN:ledger.db --print-state
merge --ledger OUT:new.db
aggregate-by-period -p IN:ws/profiles/acme.json --reported IN:reported
reconcile -e IN:ws/licence/entitlements.csv -m IN:ws/licence/models.csv --exclusions IN:ws/licence/exclusions.csv --excluded IN:empty
reconcile -e ws/licence/entitlements.csv -m ws/licence/models.csv --groups IN:groups.csv --prices IN:prices.csv --rates IN:rates.csv
forecast --models IN:ws/licence/models.csv --entitlements IN:ws/licence/entitlements.csv --exclusions IN:ws/licence/exclusions.csv --excluded IN:empty
report
report --format html -o OUT:page.html
report --format xlsx -o OUT:book.xlsx
explain --ledger IN:ledger.db --runs IN:ws/runs/acme --policy IN:policy.json
policy show IN:policy.json
policy hash IN:policy.json
policy diff default IN:policy.json --before IN:in --after IN:in
exclude --exclusions IN:ws/licence/exclusions.csv --profile acme
exclude --exclusions IN:ws/licence/exclusions.csv --count
export --ledger IN:ledger.db --policy IN:policy.json
export --ledger IN:ledger.db --format csv --output OUT:folder
models suggest
status --name acme --runs IN:ws/runs/acme --ledger IN:ledger.db
split-streams consumption=OUT:split
run-facts profile IN:ws/profiles/acme.json
run-facts new-profile
run-facts begin OUT:folder --run-id 20250325T020000Z --clock 2025-03-25T02:00:00Z --name acme --profile IN:ws/profiles/acme.json --ledger IN:ledger.db
run-facts run IN:begun --ledger IN:ledger.db
run-facts job IN:ws/runs/acme/20250318T020000Z
run-facts promote IN:begun --runs IN:ws/runs/acme --ledger IN:ledger.db
run-facts verify 20250318T020000Z --runs IN:ws/runs/acme
run-facts check 20250318T020000Z --runs IN:ws/runs/acme
run-facts connection --fetch-as IN:ws/profiles/acme.json
run-facts load OUT:folder sqlite --name acme
run-facts until 2025-03-01
run-facts survey --profile IN:ws/profiles/acme.json
'

# COMMANDS of envtally, in the workspace ws.
commands='
validate
run --replay IN:recording --now 2025-04-01T02:00:00Z
replay 20250318T020000Z
verify 20250318T020000Z
discard 20250318T020000Z
reconcile
reconcile --as-of 2025-03-20
report
report --format csv
report --format html
report --format xlsx
explain --level position
policy diff default IN:policy.json
models suggest
status
export
export --format csv --to OUT:folder
export --to OUT:file
export --format sqlite --to OUT:file.db
init --name beta --organization-id 9dd1c1a4-5b6e-4c2f-8a37-0e5f6b1d2c90 --contract-start 2025-01-31 --renewal-months 12 --environment demo --integration-key 11111111-2222-4333-8444-555555555555 --key-file IN:key.pem
help
run --help
'

prepare() {
	acme_after 1 ws
	cp -r ws/runs/acme/20250318T020000Z/raw recording
	cp ws/ledger/acme.db ledger.db
	cp -r ws/runs/acme/20250318T020000Z begun
	cat ws/runs/acme/20250318T020000Z/{accounts,subscriptions,consumption,results}.ndjson >in
	own_key key.pem secret-1
	echo secret-1 >password
	: >empty
	merge --ledger ledger.db --print-state >state.json
	merge --ledger ledger.db --print-reported >reported
	policy show >policy.json.2
	head -n 1 policy.json.2 >policy.json
	echo account_id,cost_center >groups.csv
	echo software_model,license_metric,unit_price,currency >prices.csv
	echo from,to,rate >rates.csv
	cp "$root/lib/feeds/datafeed.json" feed.json 2>/dev/null || echo '{}' >feed.json
}

# documented MANUAL: the statuses that the manual page lists, with blanks around, into `statuses`.
declare -gA statuses_of=()
documented() {
	[ -n "${statuses_of[$1]-}" ] || statuses_of[$1]=$(sed -n '/^\.SH EXIT STATUS/,/^\.SH [^E]/{/^\.B [0-9]/{s/^\.B//;s/,//g;p}}' "$root/doc/man/$1.1" | paste -sd ' ')' '
	statuses=${statuses_of[$1]}
}

# What users should not see: messages of the shell and its tools.
foreign='\.sh: line [0-9]+: |unbound variable|core dumped|Segmentation|write error|'$'\n''(bash|cat|cp|mv|rm|mkdir|rmdir|date|sed|awk|sort|find|mktemp|basename|jq|tee|sync|flock|ls): '

# ended NAME MANUAL STATUS: adds to `faults` what is wrong with how a command ended, with `err` as its stderr. Like all that runs for each
# attempt, it starts no process.
faults=''
ended() {
	local printed='' shown
	[ ! -s err ] || IFS= read -r -d '' printed <err || :
	shown=${printed:0:300}
	documented "$2"
	[[ $statuses == *" $3 "* ]] || faults+="$1: status $3, documented are$statuses: $shown"$'\n'
	[ "$3" -eq 0 ] || [ -n "$printed" ] || [[ $1 == validate* ]] || faults+="$1: status $3 without a message"$'\n'
	[[ ! $'\n'$printed =~ $foreign ]] || faults+="$1: a shell or a tool prints a message: $shown"$'\n'
}

# attempt NAME MANUAL COMMAND...: with `input` as its standard input.
attempt() {
	local status=0
	"${@:3}" <"${input:-in}" >out 2>err || status=$?
	ended "$1" "$2" "$status"
}

# each_file LINE WORD BAD...: the line once for each of its files of that kind, that file being BAD, into `variants`.
each_file() {
	local line=$1 word=$2 bad rest before
	shift 2
	variants=()
	before='' rest=$line
	while [[ $rest == *"$word"* ]]; do
		before+=${rest%%"$word"*}
		rest=${rest#*"$word"}
		for bad; do variants+=("$before$bad ${rest#* }"); done
		before+=$word
	done
}
# The words of a line, into `words`: a file is its name.
plain() {
	local line=${1//IN:/}
	read -r -a words <<<"${line//OUT:/}"
}

# A disk that is full, as a device of our own: a program that replaces what is there by a file must not do so in /dev.
full_disk() { mknod full c 1 7 2>/dev/null && : 2>/dev/null >full || ln -sf /dev/full full; }

clean() { # what the last attempt has made
	local made
	shopt -s nullglob dotglob
	made=(missin[g] empty?* ne[w] new.d[b] folder/* fil[e] file.d[b] page.htm[l] spli[t] reject[s])
	shopt -u nullglob dotglob
	[ ${#made[@]} -eq 0 ] || rm -rf "${made[@]}"
	[ -d folder ] || mkdir folder
	: >empty
}

@test "a program: a file that is missing, is a folder, cannot be read or written" {
	prepare
	full_disk
	mkdir folder directory
	head -c 100000 /dev/urandom >garbage
	local line variants bad variant program words
	while IFS= read -r line; do
		program=${line%% *}
		[ -z "$line" ] || for variant in "$line" "$line --no-such-option" "$line --now nonsense"; do
			clean
			plain "$variant"
			attempt "$variant" "envtally-$program" "$ENVTALLY_BIN/${words[0]}" "${words[@]:1}"
		done
		each_file "$line " IN: missing directory garbage /proc/self/mem empty "$(head -c 300 /dev/zero | tr '\0' x)"
		for variant in ${variants[@]+"${variants[@]}"}; do
			clean
			plain "$variant"
			attempt "$variant" "envtally-$program" "$ENVTALLY_BIN/${words[0]}" "${words[@]:1}"
		done
		each_file "$line " OUT: directory missing/file full in/file
		for variant in ${variants[@]+"${variants[@]}"}; do
			clean
			plain "$variant"
			attempt "$variant" "envtally-$program" "$ENVTALLY_BIN/${words[0]}" "${words[@]:1}"
		done
	done <<<"$programs"
	same '' "${faults%$'\n'}"
}

# streams NAME MANUAL COMMAND...: each standard stream closed, full, a folder, unreadable; a reader that goes away.
streams() {
	local status
	while IFS='|' read -r what from to; do
		[ "$2" != envtally ] || [ "$what" != "stdin a folder" ] || continue # commands take programs' input from elsewhere
		[ "$2" != envtally ] || [ "$what" != "stdin unreadable" ] || continue
		clean
		status=0
		eval '"${@:3}"' "$from" "$to" '2>err || status=$?'
		ended "$1, $what" "$2" "$status"
	done <<-'END'
		stdout closed|<"$input"|>&-
		stdout full|<"$input"|>/dev/full
		stdin closed|<&-|>out
		stdin a folder|<.|>out
		stdin unreadable|</proc/self/mem|>out
	END
	clean
	echo 0 >status
	{ "${@:3}" <"$input" 2>err || echo $? >status; } | : # SIGPIPE, or 0 where it was quick
	read -r status <status
	[ "$status" != 141 ] || status=0
	ended "$1, the reader goes away" "$2" "$status"
}

@test "a program: its standard streams closed, full, a folder, unreadable, gone" {
	prepare
	mkdir folder
	local line input=in words
	while IFS= read -r line; do
		[ -n "$line" ] || continue
		plain "$line"
		streams "$line" "envtally-${words[0]}" "$ENVTALLY_BIN/${words[0]}" "${words[@]:1}"
	done <<<"$programs"
	same '' "${faults%$'\n'}"
}

@test "a command: bad options and files, its standard streams closed, full, gone" {
	prepare
	full_disk
	mkdir folder directory
	head -c 100000 /dev/urandom >garbage
	local line variants variant words input=/dev/null
	while IFS= read -r line; do
		[ -n "$line" ] || continue
		rm -f ws/profiles/beta.json
		for variant in "$line --no-such-option" "$line -C" "$line -C key.pem extra" "$line -p directory -C ws"; do
			clean
			plain "$variant"
			attempt "$variant" envtally "$pipeline" "${words[@]}"
		done
		each_file "$line " IN: missing directory garbage /proc/self/mem
		for variant in ${variants[@]+"${variants[@]}"}; do
			clean
			plain "$variant"
			attempt "$variant" envtally "$pipeline" "${words[@]}" -q -C ws
		done
		each_file "$line " OUT: missing/file full in/file
		for variant in ${variants[@]+"${variants[@]}"}; do
			clean
			plain "$variant"
			attempt "$variant" envtally "$pipeline" "${words[@]}" -q -C ws
		done
	done <<<"$commands"
	while IFS= read -r line; do
		rm -f ws/profiles/beta.json
		plain "$line"
		case $line in
		'') ;;
		help | *--help) streams "$line" envtally "$pipeline" "${words[@]}" ;;
		*) streams "$line" envtally "$pipeline" "${words[@]}" -q -C ws ;;
		esac
	done <<<"$commands"
	same '' "${faults%$'\n'}"
}

@test "an output that is no regular file is written to as it is, and what a symbolic link names is replaced" {
	acme_after 1 ws
	results=ws/runs/acme/20250318T020000Z/results.ndjson
	report --format csv -o expected <$results
	mkfifo pipe
	ln -s target link
	: >target
	cat pipe >got &
	report --format csv -o pipe <$results
	wait $!
	same_files expected got
	[ -p pipe ]
	report --format csv -o link <$results
	same_files expected target
	[ -L link ]
	ln -s /proc/self/fd/1 out
	report --format csv -o out <$results | cat >got
	same_files expected got
	[ -L out ]
	full_disk
	run --separate-stderr report --format csv -o full <$results
	fails 74 "report: cannot write 'full': No space left on device"
	[ -c full ]
	"$pipeline" export -C ws -q >expected
	"$pipeline" export -C ws -q --to out | cat >got
	same_files expected got
	"$pipeline" export -C ws -q --to link
	same_files expected target
	[ -L link ] && [ -L out ]
	run --separate-stderr "$pipeline" export -C ws -q --to full
	fails 74 "pipeline.sh: cannot write 'full'"
	[ -c full ]
}

@test "SIGTERM ends a program and a command as a signal does" {
	acme_workspace ws
	mkfifo held
	normalize --feed datafeed <held >out 2>err 3>&- &
	program=$!
	exec 5>held # it waits for a line
	kill -TERM "$program"
	status=0
	wait "$program" || status=$?
	exec 5>&-
	same 143 "$status"
	own_key ws/profiles/acme.pem
	"$build/tests/proxy" --hang --port-file port --log proxy.log 3>&- &
	proxy=$!
	eventually test -s port
	https_proxy=http://127.0.0.1:$(cat port) setsid "$pipeline" run -C ws >out 2>err 3>&- & # it waits for the proxy
	driver=$!
	eventually pgrep -g "$driver" -x auth >/dev/null
	kill -TERM -- "-$driver"
	status=0
	wait "$driver" || status=$?
	kill "$proxy"
	same 143 "$status"
	same '' "$(grep -E "$foreign|cannot go on" err || :)"
}

@test "one mistake is one line" {
	acme_after 1 ws
	for command in validate report status explain export reconcile "policy diff default default" "models suggest" run "replay 20250318T020000Z" "verify 20250318T020000Z" "discard x"; do
		# shellcheck disable=SC2086 # words
		run --separate-stderr "$pipeline" $command -C ws -p missing
		fails 66 "pipeline.sh: cannot open profile 'missing': neither a file nor in ws/profiles"
	done
}
