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
	# A pipe without a profile and without an organization, with envelopes of no plan item and a subscription without one.
	printf '%s\n' '{"type":"RECORD","stream":"account","record":{"account_id":"a"}}' \
		'{"type":"RECORD","stream":"subscription","record":{"subscription_id":"s"}}' \
		'{"type":"RECORD","stream":"envelope","record":{"account_id":"a","envelope_id":"e1","status":"sent","sent_at":"2025-02-03T00:00:00Z","modified_at":"2025-02-03T00:00:00Z"}}' \
		'{"type":"RECORD","stream":"envelope","record":{"account_id":"a","envelope_id":"e2","status":"sent","sent_at":"2025-02-03T00:00:00Z","modified_at":"2025-02-03T00:00:00Z","plan_item_id":"i"}}' |
		merge -q --ledger bare.db --emit all >8.bare
	aggregate-by-period -q --contract-start 2025-01-31 --renewal-months 12 --now 2025-03-18T02:00:00Z --reported <(echo) <8.bare >9.bare
	reconcile -q --trace -e "$acme/licence/entitlements.csv" -m "$acme/licence/models.csv" --now 2025-03-18T02:00:00Z <9.bare >a.bare
	models list -q --format ndjson -m "$acme/licence/models.csv" <9.bare >b.models
	export -q --ledger bare.db >c.exported
}
export() { "${ENVTALLY_BIN:-$root/bin}/export" "$@"; }

# The faults of the messages in a file, a line each.
faults() {
	jq -n -r 'def of_type($value): ($value | type) as $is | . == $is or (. == "integer" and $is == "number" and ($value | floor) == $value);
		foreach (inputs | select(.type != "CONNECTION")) as $m ({known: {}, keys: {}, said: []};
		.said = [] |
		if $m.type == "SCHEMA" then
			if ($m.schema.properties | type) != "object" or ($m.schema.properties | length) == 0 then .said += ["SCHEMA of \($m.stream) has no properties"] else . end
			| if ($m.key_properties - ($m.schema.properties | keys)) != [] then .said += ["key of \($m.stream) is no property"] else . end
			| .known[$m.stream] = $m
		elif $m.type == "RECORD" then
			if .known[$m.stream] == null then .said += ["RECORD of \($m.stream) before its SCHEMA"] else . end
			| .known[$m.stream] as {key_properties: $names, schema: {properties: $properties}}
			| [$m.record[($names // [])[]]] as $key
			| if any($key[]; . == null) then .said += ["null in a key of \($m.stream)"] else . end
			| if $key != [] and $m.stream != "envelope" and .keys[$m.stream][$key | tojson] then .said += ["two records of \($m.stream) with one key"] else . end
			| .keys[$m.stream][$key | tojson] = true
			| .said += [$m.record | to_entries[] | .key as $name | .value as $value | [$properties[$name].type // empty | .[]?, strings]
				| select(. != [] and (any(.[]; of_type($value)) | not)) | "\($name) of \($m.stream) is not as its SCHEMA has it"]
		elif $m.type == "STATE" then if ($m | has("value")) then . else .said += ["STATE without value"] end
		else .said += ["type \($m.type)"] end; .said[])' "$@" | sort | uniq -c
}

@test "the output of every stage, made fit for targets: SCHEMAs have properties and precede RECORDs, no key is null, and no two records have one" {
	for file in ?.*; do
		grep -q '"type":"RECORD"' "$file"
		export --ledger - --format singer <"$file" >filled
		same "" "$(faults filled | sed "s/^/$file: /")"
		same "$(grep -vc '"CONNECTION"' "$file")" "$(wc -l <filled)"
		same_files <(jq -c 'del(.record?.plan_item_id, .record?.profile, .record?.period_start, .record?.organization_id, .record?.group_value, .record?.line)' filled) \
			<(jq -c 'select(.type != "CONNECTION") | del(.record?.plan_item_id, .record?.profile, .record?.period_start, .record?.organization_id, .record?.group_value, .record?.line)' "$file")
	done
	export --ledger bare.db --format singer | same_files <(export --ledger - --format singer <c.exported) -
}

@test "what is fit for targets goes on through the stages as it was" {
	filled() { export --ledger - --format singer; }
	filled <8.bare | aggregate-by-period -q --contract-start 2025-01-31 --renewal-months 12 --now 2025-03-18T02:00:00Z --reported <(echo) >again
	same_files <(filled <9.bare) <(filled <again)
	filled <9.bare | reconcile -q --trace -e "$acme/licence/entitlements.csv" -m "$acme/licence/models.csv" --now 2025-03-18T02:00:00Z >again
	same_files <(filled <a.bare) <(filled <again)
	filled <5.reconciled | forecast -q -e "$acme/licence/entitlements.csv" -m "$acme/licence/models.csv" --now 2025-03-18T02:00:00Z >again
	same_files <(filled <6.forecast) <(filled <again)
	for format in csv table; do
		filled <a.bare | report --format $format >again
		same_files <(report --format $format <a.bare) again
	done
}
