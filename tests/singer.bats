#!/usr/bin/env bats
# What Singer targets ask of a stream, as their public rules have it, of the output of every stage.
# Meltano's SDK: a SCHEMA has "properties", its keys are among them, and comes before its RECORDs. PipelineWise's targets: no key is null.

load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	night=$acme/nights/20250318T020000Z profile=$acme/profiles/acme.json
	auth -q -p "$profile" --replay "$night" | fetch-subscriptions -q --replay "$night" >subscriptions
	fetch-datafeed -q --replay "$night" <subscriptions >1.fetched
	normalize -q <1.fetched >2.normalized
	merge -q --ledger acme.db --emit all <2.normalized >3.merged
	aggregate-by-period -q -p "$profile" --now 2025-03-18T02:00:00Z <3.merged >4.tallied
	reconcile -q -e "$acme/licence/entitlements.csv" -m "$acme/licence/models.csv" --now 2025-03-18T02:00:00Z <4.tallied >5.reconciled
	forecast -q -e "$acme/licence/entitlements.csv" -m "$acme/licence/models.csv" --now 2025-03-18T02:00:00Z <5.reconciled >6.forecast
	export -q --ledger acme.db >7.exported
}
export() { "${ENVTALLY_BIN:-$root/bin}/export" "$@"; }

# The faults of the messages in a file, a line each. With nulls=1 null keys are faults, too.
faults() {
	jq -n -r --argjson nulls "${nulls-0}" 'foreach (inputs | select(.type != "CONNECTION")) as $m ({known: {}, said: []};
		.said = [] |
		if $m.type == "SCHEMA" then
			if ($m.schema.properties | type) != "object" or ($m.schema.properties | length) == 0 then .said += ["SCHEMA of \($m.stream) has no properties"] else . end
			| if ($m.key_properties - ($m.schema.properties | keys)) != [] then .said += ["key of \($m.stream) is no property"] else . end
			| .known[$m.stream] = $m.key_properties
		elif $m.type == "RECORD" then
			if .known[$m.stream] == null then .said += ["RECORD of \($m.stream) before its SCHEMA"] else . end
			| .known[$m.stream] as $keys
			| if $nulls == 1 and any(($keys // [])[]; $m.record[.] == null) then .said += ["null key in \($m.stream)"] else . end
		elif $m.type == "STATE" then if ($m | has("value")) then . else .said += ["STATE without value"] end
		else .said += ["type \($m.type)"] end; .said[])' "$@" | sort | uniq -c
}

@test "every SCHEMA has properties and its keys among them, and precedes its RECORDs, in the output of every stage" {
	for file in ?.*; do
		same "" "$(faults "$file" | sed "s/^/$file: /")"
		grep -q '"type":"RECORD"' "$file"
	done
}

@test "the filter of doc/streams.md leaves no key null, and changes nothing else" {
	filter=$(awk '/^```jq/ { inside = 1; next } /^```/ { inside = 0 } inside' "$root/doc/streams.md")
	[ -n "$filter" ]
	for file in ?.*; do
		jq -n -c "$filter" "$file" >filtered
		same "" "$(nulls=1 faults filtered | sed "s/^/$file: /")"
		same "$(wc -l <"$file")" "$(wc -l <filtered)"
		jq -c 'del(.record?.plan_item_id, .record?.profile, .record?.period_start)' "$file" | cmp - <(jq -c 'del(.record?.plan_item_id, .record?.profile, .record?.period_start)' filtered)
	done
}
