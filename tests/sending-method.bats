#!/usr/bin/env bats
# The sending method of envelopes: from the feed's map into the ledger, in any order, and out again.

load helper

export ENVTALLY_BIN=${ENVTALLY_BIN:-$root/bin}
exported() { command "$ENVTALLY_BIN/export" "$@"; } # not the shell's

# The methods of the ledger's envelopes: ENVELOPE STATUS METHOD, by envelope.
kept() {
	exported -l "$1" -s envelope | records_of envelope >kept.ndjson
	if grep -qF '\' kept.ndjson; then
		jq -r '"\(.envelope_id) \(.status) \(.sending_method)"' kept.ndjson
	else
		sed -E 's/.*"envelope_id":"([^"]*)","status":"([^"]*)",.*"sending_method":"([^"]*)".*/\1 \2 \3/; s/^\{.*"envelope_id":"([^"]*)","status":"([^"]*)",.*/\1 \2 null/' kept.ndjson
	fi | sort
}
raw='{envelopeId: "E1", accountId: "A", status: "Sent", lastModifiedDateTime: "2025-03-05T12:00:00Z", sentDateTime: "2025-03-05T12:00:00Z"}'

@test "normalize: a map that names sending_method tells it, in records and SCHEMA; others print what they did" {
	jq '.map.sending_method = {pointer: "/how/method", type: "word"}' "$root/lib/feeds/datafeed.json" >told.json
	{
		jq -nc "$raw + {how: {method: \"BULK\"}}"
		jq -nc "$raw + {how: {method: null}}"
		jq -nc "$raw"
	} >raw.ndjson
	normalize --feed told.json <raw.ndjson >told
	same $'bulk\nnull\nnull' "$(records_of envelope <told | jq -r .sending_method)"
	same '{"type":["null","string"]}' "$(head -n 1 told | jq -c .schema.properties.sending_method)"
	same account_id,envelope_id,status,created_at,sent_at,completed_at,modified_at,plan_item_id,sender_id,sending_method \
		"$(sed -n 2p told | jq -r '.record | keys_unsorted | join(",")')"
	# Without the field it is the old text, byte for byte: the same lines with the member taken out.
	normalize <raw.ndjson >untold
	jq -c 'del(.record?.sending_method, .schema?.properties.sending_method)' told | same_files - untold
	! grep -l sending_method "$root"/lib/feeds/*.json
	# What is no string is no method.
	jq -nc "$raw + {how: {method: 7}}" >wrong.ndjson
	run --separate-stderr normalize --feed told.json <wrong.ndjson
	refused 65 "normalize: *sending_method must be a string of 1 to 46 bytes, this is 7*"
}

@test "normalize: when_present, for a record that tells by having a member" {
	jq '.map.sending_method = {pointer: "/powerForm", type: "word", when_present: "powerform"}' "$root/lib/feeds/esign.json" >esign.json
	{
		for form in '{powerFormId: "p"}' '{}' false null; do jq -nc "$raw + {powerForm: $form}"; done
		jq -nc "$raw"
	} | jq -c '{type: "RECORD", stream: "docusign_datafeed", record: ., context: {account_id: "A"}}' | normalize --feed esign.json >told
	same $'powerform\npowerform\npowerform\nnull\nnull' "$(records_of envelope <told | jq -r .sending_method)"
	while IFS='|' read -r entry expected; do
		jq ".map.sending_method = $entry" "$root/lib/feeds/esign.json" >wrong.json
		run --separate-stderr normalize --feed wrong.json </dev/null
		fails 78 "normalize: cannot use feed 'wrong.json': \"map.sending_method.$expected"
	done <<-'END'
		{"pointer":"/p","type":"word","when_present":""}|when_present" must be a word of 1 to 46 bytes in lower case
		{"pointer":"/p","type":"word","when_present":"Powerform"}|when_present" must be a word of 1 to 46 bytes in lower case
		{"pointer":"/p","type":"word","when_present":true}|when_present" must be a word of 1 to 46 bytes in lower case
		{"context":"account_id","type":"word","when_present":"x"}|when_present" is for a pointer of the type "word"
		{"pointer":"/p","type":"id"}|type" must be "word", the type of an envelope's sending_method
	END
	jq '.map.sender_id.when_present = "x"' "$root/lib/feeds/esign.json" >wrong.json
	run --separate-stderr normalize --feed wrong.json </dev/null
	fails 78 "normalize: cannot use feed 'wrong.json': \"map.sender_id.when_present\" is for a pointer of the type \"word\""
}

@test "normalize --jq: a program that names the field tells it" {
	program='{account_id: .accountId, envelope_id: .envelopeId, status, modified_at: .lastModifiedDateTime}'
	jq -nc "$raw + {bulk: true}" >raw.ndjson
	normalize --jq "$program" <raw.ndjson >untold
	same 0 "$(grep -c sending_method untold || true)"
	normalize --jq "$program + {sending_method: (if .bulk then \"bulk\" else null end)}" <raw.ndjson >told
	same bulk "$(records_of envelope <told | jq -r .sending_method)"
	jq -c 'del(.record?.sending_method, .schema?.properties.sending_method)' told | same_files - untold
}

@test "merge: a ledger that was told no method is what it was: nine fields; null and empty are not told" {
	{
		envelope '{envelope_id: "a"}'
		envelope '{envelope_id: "b", sending_method: null}'
		envelope '{envelope_id: "c", sending_method: ""}'
	} | merge -q --ledger l.db --emit none
	same 0 "$(exported -l l.db -s envelope | grep -c sending_method || true)"
	same 14 "$(sqlite3 l.db 'SELECT count(*) FROM status')"
	for value in 7 '{}' '"b\u0000c"'; do
		envelope "{sending_method: $value}" >wrong.ndjson
		run --separate-stderr merge -q --ledger l.db --emit none <wrong.ndjson
		refused 65 "merge: cannot read 'standard input' line 1: envelope \"sending_method\" must be a string*"
	done
}

# Versions of one envelope, the winner last; all of one time but the first two.
versions() {
	envelope '{status: "voided", sending_method: "zzz", modified_at: "2025-03-05T11:00:00.000Z"}'
	envelope '{status: "voided", modified_at: "2025-03-05T11:30:00.000Z"}'
	envelope '{status: "sent", sending_method: "zzz", sender_id: "s"}'
	envelope '{status: "completed", sender_id: "s"}'
	envelope '{status: "completed", sending_method: "bulk", sender_id: "s"}'
	envelope '{status: "completed", sending_method: "powerform", sender_id: "s"}'
}

# permutations N: all orders of 1..N, a line each.
permutations() {
	jq -nr "def orders: if length == 0 then [] else . as \$all | .[] as \$one | [\$one] + (\$all - [\$one] | orders) end; [range(1; $1 + 1)] | orders | join(\" \")"
}

@test "merge: what is kept does not depend on the order of versions with and without methods, at once and one by one" {
	versions >versions.ndjson
	# An unknown status, known and unknown methods, and a null sender, which is greater than any; all 24 orders.
	for status in unheard completed; do
		{
			sed -n 2p versions.ndjson
			envelope "{status: \"$status\", sending_method: \"bulk\", sender_id: \"s\"}"
			envelope "{status: \"$status\", sending_method: \"powerform\", sender_id: \"s\"}"
			envelope "{status: \"$status\", sending_method: \"bulk\"}"
		} >four.ndjson
		permutations 4 >orders
		same 24 "$(sort -u orders | wc -l)"
		while read -r order; do
			for line in $order; do sed -n "${line}p" four.ndjson; done >shuffled.ndjson
			merge -q --ledger :memory: --emit all <shuffled.ndjson | grep '^{"type":"RECORD"' >>partials
			rm -f l.db*
			merge -q --ledger l.db --emit none <shuffled.ndjson
			kept l.db >>all
		done <orders
		same "e $status bulk" "$(sort -u all)"
		same 24 "$(wc -l <all)"
		same "{\"$status\":1}" "$(jq -c .record.by_status partials | sort -u)"
		rm all partials
	done
	# Every pair, one after the other in the ledger: the later line wins.
	mapfile -t wanted < <(jq -r '.record | "e \(.status) \(.sending_method)"' versions.ndjson)
	mapfile -t counts < <(jq -c '.record | {(.status): 1}' versions.ndjson)
	for ((i = 1; i <= 6; i++)); do
		for ((j = i + 1; j <= 6; j++)); do
			for order in "$i $j" "$j $i"; do
				rm -f l.db*
				for line in $order; do sed -n "${line}p" versions.ndjson | merge -q --ledger l.db --emit none; done
				same "${wanted[j - 1]}" "$(kept l.db)"
				merge -q --ledger l.db --emit all </dev/null | records_of daily_consumption >partial
				grep -qF "\"by_status\":${counts[j - 1]}," partial
			done
		done
	done
}

@test "merge: the same time and another method is a conflict; a method that was not told yet is none, and is learnt" {
	conflicts() { sqlite3 "$1" 'SELECT count(*) FROM conflict'; }
	envelope '{}' | merge -q --ledger l.db --emit none
	sqlite3 l.db 'UPDATE account SET touched = 0'
	envelope '{sending_method: "bulk"}' | merge -q --ledger l.db --emit none
	same "e sent bulk" "$(kept l.db)"
	same 0 "$(conflicts l.db)"
	same 1 "$(sqlite3 l.db 'SELECT touched FROM account')"
	envelope '{}' | merge -q --ledger l.db --emit none
	same "e sent bulk" "$(kept l.db)"
	same 0 "$(conflicts l.db)"
	envelope '{sending_method: "aerial"}' | merge -q --ledger l.db --emit none
	same "e sent bulk" "$(kept l.db)"
	same 1 "$(conflicts l.db)"
	# A later version that does not tell it is the latest all the same.
	envelope '{modified_at: "2025-03-06T12:00:00.000Z"}' | merge -q --ledger l.db --emit none
	same "e sent null" "$(kept l.db)"
}

@test "merge: a draft with a method is a draft, in partials, the view and the number of undated" {
	{
		envelope '{envelope_id: "d", status: "created", sending_method: "bulk"}'
		envelope '{envelope_id: "t", status: "template", sending_method: "bulk"}'
		envelope '{envelope_id: "s", status: "sent", sending_method: "bulk"}'
		envelope '{envelope_id: "u", status: "unheard", sending_method: "bulk"}'
		envelope '{envelope_id: "1", status: "created", sending_method: "bulk", sent_at: null}'
		envelope '{envelope_id: "2", status: "sent", sending_method: "bulk", sent_at: null}'
		envelope '{envelope_id: "3", status: "unheard", sending_method: "bulk", sent_at: null}'
		envelope '{envelope_id: "4", status: "sent", sent_at: null}'
	} | merge -q --ledger l.db --emit all | records_of daily_consumption | jq -c '[.units_consumed, .by_status]' >partials
	same '[2,{"sent":1,"unheard":1}]' "$(cat partials)"
	same 2 "$(sqlite3 l.db 'SELECT units_consumed FROM daily_consumption')"
	same 3 "$(sqlite3 l.db 'SELECT undated FROM layout')"
	envelope '{envelope_id: "2", status: "created", sending_method: "bulk", sent_at: null, modified_at: "2025-04-01T00:00:00.000Z"}' |
		merge -q --ledger l.db --emit none
	same 2 "$(sqlite3 l.db 'SELECT undated FROM layout')"
}

@test "export: gives the method, null where it is not told; merged again it is the same, in CSV a column" {
	{
		versions
		envelope '{envelope_id: "f"}'
		envelope '{envelope_id: "g", sending_method: "a \"quoted\" word"}'
	} | merge -q --ledger one.db --emit none
	exported -l one.db -s envelope >first
	same $'e completed powerform\nf sent null\ng sent a "quoted" word' "$(kept one.db)"
	merge -q --ledger two.db --emit none <first
	exported -l two.db -s envelope | same_files first -
	same "$(exported -l one.db -s daily_consumption)" "$(exported -l two.db -s daily_consumption)"
	same sender_id,sending_method "$(exported -l one.db -s envelope -f csv | head -n 1 | tr -d '\r' | cut -d , -f 9-)"
}

@test "migration: a ledger of version 1 keeps what it has, and learns methods" {
	{
		envelope '{envelope_id: "a", status: "unheard"}'
		envelope '{envelope_id: "b", status: "voided"}'
		envelope '{envelope_id: "c", status: "created"}'
	} | merge -q --ledger l.db --emit none
	exported -l l.db >before
	# As version 1 was.
	sqlite3 l.db "CREATE TABLE old AS SELECT * FROM status; DROP TABLE status; DROP TABLE billing_period;
		CREATE TABLE status (status INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, counted INTEGER NOT NULL) STRICT;
		INSERT INTO status SELECT status, name, counted FROM old; DROP TABLE old; PRAGMA user_version = 1"
	run --separate-stderr exported -l l.db
	refused 78 "export: cannot read ledger 'l.db': its schema is of an older version*"
	envelope '{envelope_id: "b", status: "voided", sending_method: "bulk"}' >told.ndjson
	merge -q --ledger l.db --emit none </dev/null
	exported -l l.db | same_files before -
	same 2 "$(sqlite3 l.db 'SELECT sum(units_consumed) FROM daily_consumption')"
	merge -q --ledger l.db --emit none <told.ndjson
	same $'a unheard null\nb voided bulk\nc created null' "$(kept l.db)"
	same 2 "$(sqlite3 l.db 'SELECT sum(units_consumed) FROM daily_consumption')"
	sound l.db
	# It is the schema of a new one.
	schema() { sqlite3 "$1" "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%' ORDER BY type, name"; }
	merge -q --ledger new.db --emit none <told.ndjson
	same "$(schema new.db)" "$(schema l.db)"
	same 1000,1001 "$(sqlite3 l.db 'SELECT group_concat(status) FROM status WHERE status > 999')"
}

@test "more statuses than the ledger has room for are refused, not taken for others" {
	seq 64537 | awk '{ printf "{\"type\":\"RECORD\",\"stream\":\"envelope\",\"record\":{\"account_id\":\"a\",\"envelope_id\":\"e%d\",\"status\":\"s%d\",\"sent_at\":\"2025-03-05T12:00:00.000Z\",\"modified_at\":\"2025-03-05T12:00:00.000Z\"}}\n", $1, $1 }' >many
	head -n 64536 many | merge -l l.db -e all | records_of daily_consumption | jq .units_consumed >units
	same 64536 "$(cat units)"
	run --separate-stderr merge -l l.db -e none <<<"$(tail -n 1 many)"
	refused 65 "merge: cannot read 'standard input' line 1: envelope \"status\": the ledger has 64,536 others of its own making, and room for no more"
	same 64536 "$(merge -l l.db -e all </dev/null | records_of daily_consumption | jq .units_consumed)"
}
