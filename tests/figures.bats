#!/usr/bin/env bats
# Figures in messages add up: what was read is what was accepted and what was rejected, in each stage and between them.

load helper

pipeline=$root/pipeline.sh
export ENVTALLY_BIN=${ENVTALLY_BIN:-$root/bin}

# mangled SEED: the raw records of the fixture; one in eight is damaged in some way.
mangled() {
	raw_of $nights | perl -ne 'BEGIN { srand(shift) } chomp; if (rand() < 0.125) { my $way = int(rand(6));
		$_ = substr($_, 0, length() / 2) if $way == 0; s/"sentDateTime":"[^"]*"/"sentDateTime":"soon"/ if $way == 1;
		s/"lastModifiedDateTime":/"x":/ if $way == 2; s/"envelopeId":/"y":/ if $way == 3; $_ = "no JSON" if $way == 4;
		s/"status":"[^"]*"/"status":{}/ if $way == 5 } print "$_\n"' "$1"
}
count() { grep -c . || :; }
sum() { awk '{ sum += $1 } END { print sum + 0 }'; }

@test "normalize and merge: accepted and rejected are what was read; each envelope is kept once, and counted or said not to be" {
	for seed in 1 2 3; do
		rm -f l.db*
		mangled $seed >in
		run -0 --separate-stderr normalize --rejects rejects <in
		printf '%s\n' "$output" >out
		read=$(count <in) accepted=$(records_of envelope <out | count) rejected=$(count <rejects)
		[ "$rejected" -gt 100 ]
		same "$read" $((accepted + rejected))
		same "normalize: warning: $rejected of $read records do not fit: see 'rejects'" "$stderr"
		merge -v --ledger l.db --emit all <out >merged 2>said
		[[ $(grep 'envelope records' said) =~ ^"merge: $accepted envelope records, "([0-9]+)" of them new or newer"$ ]]
		kept=$(records_of envelope <out | value_of envelope_id | sort -u | count)
		[ "${BASH_REMATCH[1]}" -ge "$kept" ] && [ "${BASH_REMATCH[1]}" -le "$accepted" ]
		env export -l l.db --stream envelope | records_of envelope >envelopes
		same "$kept" "$(count <envelopes)"
		units=$(records_of daily_consumption <merged | value_of units_consumed | sum)
		drafts=$(grep -cE '"status":"(created|template)"' envelopes || :)
		undated=$(merge --ledger l.db --print-undated)
		same "$kept" $((units + drafts + undated))
		[ "$undated" = 0 ] || grep -q "^merge: warning: $undated envelope" said
		aggregate-by-period -q -p "$acme/profiles/acme.json" <merged | records_of consumption >consumption
		same "$units" "$(value_of units_consumed <consumption | sum)"
		same "$units" "$(jq -n '[inputs.by_status | add] | add' consumption)"
	done
}

@test "a run: what it says, its job_result, status and its files have the same figures" {
	acme_after 3 ws
	for night in $nights; do
		run=ws/runs/acme/$night
		figures=$(records_of consumption <$run/consumption.ndjson | count) restated=$(records_of restatement <$run/restatements.ndjson | count) rejected=$(count <$run/rejects.ndjson)
		same "[$figures,$restated,$rejected]" "$(jq -c '.counts | [.consumption, .restatements, .rejects]' $run/job.json)"
		"$pipeline" status -C ws --now 2025-04-01T03:00:00Z | grep -qxF "acme  $night  succeeded  $figures figures, $restated restated, $rejected rejected"
		[[ $("$pipeline" verify "$night" -C ws | head -n 1) == "acme: $((++runs)) run(s) up to $night: "* ]]
		# The verdict's figures are those of the rows.
		owing=$(records_of metric_result <$run/results.ndjson | grep -c '"status":"Not Compliant"' || :)
		rows=$(records_of metric_result <$run/results.ndjson | count) missing=$(records_of metric_result <$run/results.ndjson | value_of unlicensed_rights | sum)
		[[ $(jq -r .verdict $run/job.json) == "Not Compliant: $owing of $rows rows of the licence position, $missing rights missing, "* ]]
	done
}
