#!/usr/bin/env bats
# run --jobs: several profiles at once give what they give one after the other; whose line it is can be seen; the worst status; interrupts.

load helper

pipeline=$root/pipeline.sh
export ENVTALLY_BIN=${ENVTALLY_BIN:-$root/bin}
night=20250318T020000Z

teardown() {
	[ -z "${simulator-}" ] || kill "$simulator"
	sound_ledgers
}

# two FOLDER: the organisation as two profiles, acme and beta, half of the accounts each.
two() {
	acme_workspace "$1"
	local of=7c1e9a52-3b0f-4d6a-9e21-5f8840c7d30
	jq --arg of $of '.accounts = [$of + "1", $of + "2"]' "$acme/profiles/acme.json" >"$1/profiles/acme.json"
	jq --arg of $of '.name = "beta" | .accounts = [("3", "4", "5", "6") | $of + .]' "$acme/profiles/acme.json" >"$1/profiles/beta.json"
}

@test "profiles side by side: the position of the last is that of all, as one after the other; each line says whose it is" {
	two ws
	cp -r ws in-turn
	"$pipeline" run -q -C in-turn --replay "$acme/nights/$night"
	"$pipeline" run --jobs 8 -C ws --replay "$acme/nights/$night" 2>said
	last=$(sed -n 's/^pipeline.sh: \([a-z]*\): run .* is complete.*/\1/p' said | tail -n 1)
	# Which is the last is chance. What is a profile's own are the same bytes whoever was before it.
	for name in acme beta; do
		for file in consumption subscriptions accounts restatements rejects; do same_files {in-turn,ws}/runs/$name/$night/$file.ndjson; done
	done
	figures() { records_of metric_result <"$1" | jq -c 'select(.profile == null) | [.software_model, .period_start, .rights_owned, .rights_used, .true_up_cost]' | sort; }
	figures in-turn/runs/beta/$night/workspace.ndjson >expected
	[ "$(wc -l <expected)" -eq 10 ]
	same_files expected <(figures "ws/runs/$last/$night/workspace.ndjson")
	[ -e "ws/runs/$last/$night/inputs/others.ndjson" ] && [ ! -e "ws/runs/$last/$night/inputs/others-partial" ]
	"$pipeline" verify -q -C ws -p "$last" $night
	same "pipeline.sh: 2 profiles: 2 done" "$(tail -n 1 said)"
	same '' "$(grep -vE '^((acme|beta): [a-z-]+: |pipeline.sh: (acme|beta|workspace|2 profiles): |(acme|beta): pipeline.sh: workspace: )' said || :)"
	grep -q '^acme: ' said && grep -q '^beta: ' said
}

@test "of several profiles' statuses the worst is the command's, wherever it comes; the last line says how each ended" {
	two ws
	jq '.name = "gamma" | .feed = "nowhere"' "$acme/profiles/acme.json" >ws/profiles/gamma.json
	mkdir ws/ledger
	exec 6>>ws/ledger/beta.lock # as another run has it
	flock 6
	run -78 --separate-stderr "$pipeline" run -C ws --replay "$acme/nights/$night" -p gamma -p beta 6>&-
	same "pipeline.sh: 2 profiles: 0 done, gamma with status 78, beta with status 75" "${stderr##*$'\n'}"
	run -78 --separate-stderr "$pipeline" run --jobs 3 -C ws --replay "$acme/nights/$night" 6>&-
	same "pipeline.sh: 3 profiles: 1 done, beta with status 75, gamma with status 78" "${stderr##*$'\n'}"
	[ -s ws/runs/acme/$night/results.ndjson ]
	for jobs in 0 -1 x 1000 ''; do
		run --separate-stderr "$pipeline" run -C ws --jobs "$jobs"
		fails 64 "pipeline.sh: cannot use --jobs '$jobs': it must be a whole number, 1 to 999"
	done
}

@test "--max-requests is the budget of all profiles together, by the accounts of each; one that is not active has none" {
	mkdir ws && cp -r "$acme/licence" ws/
	serve "$acme" --now 2025-03-18T02:00:00Z --page-size 1000
	local of=7c1e9a52-3b0f-4d6a-9e21-5f8840c7d30
	jq --arg of $of '.name = "beta" | .accounts = [("3", "4", "5", "6") | $of + .]' ws/profiles/acme.json >ws/profiles/beta.json
	jq '.name = "off" | .active = false' ws/profiles/acme.json >ws/profiles/off.json
	jq --arg of $of '.accounts = [$of + "1", $of + "2"]' ws/profiles/acme.json >p && mv p ws/profiles/acme.json
	budgets() { cat ws/runs/{acme,beta}/"$1"/inputs/asking | xargs; }
	# Nothing is known of either: half each. An account takes two requests.
	run -75 "$pipeline" run -q -C ws --now 2025-03-18T02:00:00Z --jobs 2 --max-requests 8
	same '--max-requests=4 --max-requests=4' "$(budgets 20250318T020000Z)"
	same 8 "$(grep -c /datasets/ requests.log)"
	"$pipeline" run -q -C ws --now 2025-03-18T03:00:00Z --all
	"$pipeline" run -q -C ws --now 2025-03-18T04:00:00Z --all --max-requests 14
	same '--all --max-requests=5 --all --max-requests=9' "$(budgets 20250318T040000Z)"
	run --separate-stderr "$pipeline" run -q -C ws --max-requests 1
	fails 64 "pipeline.sh: cannot use --max-requests '1': it must be 2 or more, one for each profile"
}

@test "a signal that ends the command ends the programs of all its profiles" {
	two ws
	own_key ws/profiles/acme.pem
	"$build/tests/proxy" --hang --port-file port --log proxy.log 3>&- &
	proxy=$!
	eventually test -s port
	for signal in TERM INT HUP; do
		https_proxy=http://127.0.0.1:$(cat port) setsid env --default-signal=$signal "$pipeline" run --jobs 2 -C ws >out 2>err 3>&- & # they wait for the proxy
		driver=$!
		both() { [ "$(pgrep -s $driver -x auth | wc -l)" -eq 2 ]; }
		eventually both
		kill -s $signal $driver
		status=0
		wait $driver || status=$?
		same $((128 + $(kill -l $signal))) "$status"
		same '' "$(pgrep -s $driver -r R,S,D)"
	done
	kill $proxy
}
