#!/usr/bin/env bats
# normalize: raw records to canonical ones. Expected results are written by hand or made by jq.

# root, acme and the like are helper's; files are named as functions are; $ is jq's.
# shellcheck disable=SC2016,SC2086,SC2094,SC2154

load helper

# raw MEMBERS: a raw record with what it must have and these members in addition or instead (jq).
raw() {
	change '"envelopeId":"e","accountId":"a","status":"sent","lastModifiedDateTime":"2025-03-05T12:00:00.0000000Z"' "$1"
	printf '%s\n' "$changed"
}

# field NAME: of the envelope that a raw record on standard input becomes.
field() {
	normalize "${@:2}" | records_of envelope | value_of "$1"
}

@test "the default map: what comes from where, and nothing else" {
	raw '{createdDateTime: "2025-03-01T00:00:00.1234567Z", sentDateTime: "2025-03-02T00:00:00.1234567Z", deliveredDateTime: "2025-03-03T00:00:00Z",
		completedDateTime: "2025-03-04T00:00:00.1234567Z", planItemId: "P", sender: {userId: "U", userName: "Ada", email: "ada@x.example"},
		emailSubject: "Please sign", more: [1]}' | normalize >out
	same '{"type":"RECORD","stream":"envelope","record":{"account_id":"a","envelope_id":"e","status":"sent","created_at":"2025-03-01T00:00:00.123Z","sent_at":"2025-03-02T00:00:00.123Z","completed_at":"2025-03-04T00:00:00.123Z","modified_at":"2025-03-05T12:00:00.000Z","plan_item_id":"p","sender_id":"u"}}' \
		"$(sed 1d out)"
	run ! grep -qi -e ada -e sign out
}

@test "the fixture's records: jq's own map gives the same" {
	raw_of $nights >raw
	normalize <raw | records_of envelope >got
	jq -c 'def cut: if . == null then null else (capture("^(?<s>[^.]+)(?<f>[.][0-9]*)?Z$") | .s + "." + ((.f // ".") + "000" | .[1:4]) + "Z") end;
		{account_id: (.accountId | ascii_downcase), envelope_id: (.envelopeId | ascii_downcase), status: (.status | ascii_downcase),
		created_at: (.createdDateTime | cut), sent_at: (.sentDateTime | cut), completed_at: (.completedDateTime | cut),
		modified_at: (.lastModifiedDateTime | cut), plan_item_id: (.planItemId // null | if . then ascii_downcase else null end),
		sender_id: ((.sender // {}).userId // null | if . then ascii_downcase else null end)}' raw >expected
	[ "$(wc -l <got)" -gt 2000 ]
	same_files expected got
}

@test "half an emoji: passed over where unused, U+FFFD where used, in a map of pointers and in one of jq" {
	raw '{envelopeId: "e\u0000"}' | sed 's/u0000/uD83D/; s/}$/,"emailSubject":"\\ud83dPlease sign\\udc00","\\ud83d":1}/' >raw
	same 'e�' "$(field envelope_id <raw)"
	same 'e�' "$(field envelope_id --jq '{account_id: .accountId, envelope_id: .envelopeId, status, modified_at: .lastModifiedDateTime}' <raw)"
	echo '{"type":"RECORD","stream":"docusign_accounts","record":{"id":"a","name":"Sales \ud83d","site_name":"\ude80"},"context":{}}' |
		normalize | records_of account | jq -r '.account_name, .site_name' >got
	same "Sales �
�" "$(cat got)"
	# A plan item's id: the same text from normalize to the ledger and back, in the feed and in the list of plan items.
	{
		raw '{planItemId: "p\u0000", sentDateTime: "2025-03-05T12:00:00Z"}' | sed 's/u0000/ud83d/'
		echo '{"type":"RECORD","stream":"docusign_plan_items","record":{"subscription_id":"s","modules":[{"plan_item_id":"p\ud83d","plan_item_name":"\udc00"}]},"context":{"organization_id":"o"}}'
	} | normalize | merge --ledger l.db --emit all >merged
	for stream in envelope subscription daily_consumption; do
		same 'p�' "$(env export --ledger l.db --stream $stream | records_of $stream | value_of plan_item_id)"
	done
	same 'p�' "$(records_of daily_consumption <merged | value_of plan_item_id)"
}

@test "--jq with the pointers written as jq gives what the pointers give, on the fixture and on hostile values" {
	{
		raw_of $nights
		raw '{planItemId: "", sender: {}, createdDateTime: null}'
		raw '{envelopeId: "\u00c9\u0130X\"\\\n\u0001", sender: {userId: "🚀"}}'
		raw '{status: "SENT", sentDateTime: "2025-01-01T00:30:00.9999999+01:00"}'
	} >raw
	normalize <raw >expected
	normalize --jq '{account_id: .accountId, envelope_id: .envelopeId, status, created_at: .createdDateTime, sent_at: .sentDateTime,
		completed_at: .completedDateTime, modified_at: .lastModifiedDateTime, plan_item_id: .planItemId, sender_id: .sender.userId}' <raw >got
	same_files expected got
}

@test "fractions are cut, never rounded; offsets are applied; every form is UTC with milliseconds" {
	while read -r given expected; do
		same "$given $expected" "$given $(raw "{sentDateTime: \"$given\"}" | field sent_at)"
	done <<'END'
2024-04-29T23:59:59.9999999Z 2024-04-29T23:59:59.999Z
2024-04-30T00:00:00.0000000Z 2024-04-30T00:00:00.000Z
2024-04-30T00:00:00.0009Z 2024-04-30T00:00:00.000Z
2024-04-30T00:00:00Z 2024-04-30T00:00:00.000Z
2024-04-30T00:00:00.1Z 2024-04-30T00:00:00.100Z
2025-01-01T00:30:00+01:00 2024-12-31T23:30:00.000Z
2024-02-28T23:30:00.9999999-01:00 2024-02-29T00:30:00.999Z
2024-03-01T05:00:00+05:45 2024-02-29T23:15:00.000Z
1969-12-31T23:59:59.9999999Z 1969-12-31T23:59:59.999Z
END
}

@test "ids and statuses become lower case, byte for byte otherwise" {
	raw '{envelopeId: "ACED0019-ABCD-4000-8000-00000000001F", accountId: "ÀBC", status: "VoiDed", planItemId: "P-É", sender: {userId: "U"}}' |
		normalize | records_of envelope >got
	same '["Àbc","aced0019-abcd-4000-8000-00000000001f","voided","p-É","u"]' \
		"$(jq -c '[.account_id, .envelope_id, .status, .plan_item_id, .sender_id]' got)"
}

@test "0001-01-01 and 9999-12-31 are no date: null, and a reject where a time must be; other times far off are rejects" {
	local none
	for none in 0001-01-01T00:00:00 0001-01-01T00:00:00Z 0001-01-01T00:00:00+02:00 9999-12-31T23:59:59 9999-12-31T23:59:59.9999999Z; do
		raw "{createdDateTime: \"$none\", sentDateTime: \"$none\", completedDateTime: \"$none\"}" | normalize | records_of envelope >got
		same 'null null null' "$(jq -r '"\(.created_at) \(.sent_at) \(.completed_at)"' got)"
		run --separate-stderr normalize <<<"$(raw "{lastModifiedDateTime: \"$none\"}")"
		[ "$status" -eq 65 ]
	done
	for far in 0001-01-02T00:00:00Z 0999-12-31T00:00:00Z 9000-01-01T00:00:00Z 9999-12-30T00:00:00Z; do
		run --separate-stderr normalize <<<"$(raw "{sentDateTime: \"$far\"}")"
		[ "$status" -eq 65 ]
	done
	# What goes through, every stage computes.
	for far in 0001-01-01T00:00:00Z 1000-01-01T00:00:00Z 1601-01-01T00:00:00Z 8999-12-31T23:59:59Z 9999-12-31T23:59:59Z; do
		raw "{envelopeId: \"$far\", status: \"completed\", sentDateTime: \"$far\"}"
	done >far
	normalize <far | merge --ledger far.db | aggregate-by-period --contract-start 2025-01-31 >tallied
	licence="--entitlements $acme/licence/entitlements.csv --models $acme/licence/models.csv"
	reconcile $licence <tallied >position
	forecast $licence --now 2025-04-01T00:00:00Z <tallied >/dev/null
	report <position >/dev/null
}

@test "figures of the summary add up: a line that is no JSON is among the records" {
	printf '%s\n' '{' x "$(raw '{}')" >raw
	run --separate-stderr normalize --rejects rejects <raw
	same "normalize: warning: 2 of 3 records do not fit: see 'rejects'" "$stderr"
}

@test "absent, null and an empty id are the same: null" {
	raw '{createdDateTime: null, sentDateTime: null, completedDateTime: null, planItemId: null, sender: null}' | normalize >null
	raw '{}' | normalize >absent
	raw '{planItemId: "", sender: {userId: ""}}' | normalize >empty
	raw '{sender: {userId: null}}' | normalize >within
	same '[null,null,null,null,null]' "$(jq -c 'select(.type == "RECORD").record | [.created_at, .sent_at, .completed_at, .plan_item_id, .sender_id]' absent)"
	same_files absent null
	same_files absent empty
	same_files absent within
}

@test "of keys that come twice the last counts, as in jq" {
	cat >raw <<'END'
{"envelopeId":"first","accountId":"a","status":"sent","lastModifiedDateTime":"2025-03-05T12:00:00Z","envelopeId":"second"}
{"envelopeId":"e","accountId":"a","status":"sent","lastModifiedDateTime":"2025-03-05T12:00:00Z","sender":{"userId":"x"},"sender":{}}
{"envelopeId":"e","accountId":"a","status":"sent","lastModifiedDateTime":"2025-03-05T12:00:00Z","sender":null,"sender":{"userId":"x","userId":"y"}}
{"envelopeId":"e","accountId":"a","status":5,"lastModifiedDateTime":"2025-03-05T12:00:00Z","status":"sent","planItemId":"p","planItemId":null}
END
	same "$(jq -c '[.envelopeId, .sender.userId, .status, .planItemId]' raw)" \
		"$(normalize <raw | records_of envelope | jq -c '[.envelope_id, .sender_id, .status, .plan_item_id]')"
}

# What does not fit, and the pointer and the word that must be in the reason.
misfits() {
	cat <<'END'
/envelopeId|{envelopeId: null}|absent or null
/envelopeId|{envelopeId: ""}|empty
/envelopeId|{envelopeId: 7}|a number
/envelopeId|{envelopeId: ["e"]}|an array
/envelopeId|{envelopeId: "0123456789012345678901234567890123456789012345678"}|too long
/accountId|{accountId: {}}|an object
/accountId|{accountId: true}|a boolean
/status|{status: null}|null
/status|{status: 5}|a number
/lastModifiedDateTime|{lastModifiedDateTime: null}|null
/lastModifiedDateTime|{lastModifiedDateTime: ""}|empty
/lastModifiedDateTime|{lastModifiedDateTime: "yesterday"}|no time
/sentDateTime|{sentDateTime: ""}|empty
/sentDateTime|{sentDateTime: "2025-02-30T00:00:00Z"}|no day
/sentDateTime|{sentDateTime: "2025-03-05T12:00:00"}|no zone
/sentDateTime|{sentDateTime: 1741176000}|a number
/sentDateTime|{sentDateTime: false}|a boolean
/createdDateTime|{createdDateTime: {}}|an object
/completedDateTime|{completedDateTime: "2025-13-01T00:00:00Z"}|no month
/planItemId|{planItemId: 12}|a number
/sender/userId|{sender: {userId: 12}}|a number
/sender/userId|{sender: {userId: ["u"]}}|an array
END
}

@test "what does not fit goes to --rejects: line, stream, pointer, reason and the line itself; the rest goes on" {
	misfits | while IFS='|' read -r _ members _; do raw "$members"; done >wrong
	# Between good lines and blank ones, so that line numbers mean something.
	while IFS= read -r line; do printf '%s\n\n%s\n' "$(raw '{}')" "$line"; done <wrong >raw
	normalize --rejects rejects <raw >out 2>stderr
	count=$(misfits | wc -l)
	[ "$count" -eq 22 ]
	same "$count" "$(wc -l <rejects)"
	same "$count" "$(records_of envelope <out | wc -l)"
	same "normalize: warning: $count of $((count * 2)) records do not fit: see 'rejects'" "$(cat stderr)"
	same "$(misfits | cut -d'|' -f1)" "$(jq -r .pointer rejects)"
	same "$(seq 3 3 $((count * 3)))" "$(jq -r .line rejects)"
	same docusign_datafeed "$(jq -r .stream rejects | sort -u)"
	same_files wrong <(jq -r .raw rejects)
	jq -e '.reason | test("^[a-z_]+ must be ")' rejects >/dev/null
}

@test "without --rejects the first that does not fit ends it: 65, line, pointer, reason, and what was before stands" {
	misfits | while IFS='|' read -r pointer members what; do
		{ raw '{}' && raw "$members" && raw '{envelopeId: "after"}'; } >in
		run --separate-stderr normalize <in
		[ "$status" -eq 65 ] || { echo "$members: $status" && exit 1; }
		[[ $stderr == "normalize: cannot read 'standard input' line 2: \"$pointer\": "*" must be "*" (--rejects FILE saves such lines and continues)" ]] || {
			echo "$what: $stderr"
			exit 1
		}
		same 1 "$(grep -c '"RECORD"' <<<"$output")"
	done
}

@test "lines that are no JSON are rejects, too: nothing is lost whatever comes" {
	{
		raw '{}'
		printf '%s\n' '{"envelopeId":"e"' 'x' '[]' '5' 'null' '"type"' '{"a":1}{"b":2}' '{"type":"RECORD","stream":"docusign_datafeed"}' \
			'{"type":"RECORD","record":{}}' '{"type":"STATE"}' '{"type":"RECORD","stream":"docusign_datafeed","record":[]}' '{"a":"\ud80g"}'
		printf '{"a":"\xff\xfe"}\n{"a":"\xff\n{"a":"\x01"}\n\x00\n{"a":"x\x00y"}\n'
		printf '\xff\x00\x01\x02\x03\x04\x05\x06\x07\x08\t\x0b\x0c\x0e\x0f\x10\n'
		raw '{}'
	} >raw
	normalize --rejects rejects <raw >out 2>stderr
	same 2 "$(records_of envelope <out | wc -l)"
	same 18 "$(wc -l <rejects)"
	iconv -f UTF-8 -t UTF-8 rejects >/dev/null
	jq -e '.line and .reason and has("raw") and has("pointer") and has("stream")' rejects >/dev/null
	# The lines come back byte for byte, from raw or from raw_hex.
	jq -c . rejects | while IFS= read -r line; do
		if [ "$(jq -r '.raw == null' <<<"$line")" = true ]; then
			jq -r .raw_hex <<<"$line" | perl -ne 'chomp; print pack("H*", $_), "\n"'
		else
			jq -j '.raw, "\n"' <<<"$line"
		fi
	done >back
	sed '1d;$d' raw | cmp - back
}

@test "a reason that quotes a long value stays UTF-8" {
	for length in 55 56 57 58 59 60 61 62; do
		raw "{sentDateTime: (\"x\" * $length + \"é🚀é🚀é\")}"
	done | normalize --rejects rejects >/dev/null 2>&1
	same 8 "$(wc -l <rejects)"
	iconv -f UTF-8 -t UTF-8 rejects >/dev/null
	raw '{lastModifiedDateTime: "not UTF-8"}' | normalize --rejects rejects >/dev/null 2>&1
	jq -e '.raw | fromjson | .lastModifiedDateTime == "not UTF-8"' rejects >/dev/null
}

@test "records and rejects are as many as lines, on a thousand mangled ones" {
	raw_of 20250318T020000Z | head -n 1000 | perl -e 'srand 7; while (<STDIN>) { chomp;
		substr($_, rand length, 1) = chr(32 + rand 95) if $. % 2; substr($_, rand length, 1) = "" if $. % 5 == 0; print "$_\n" }' >raw
	normalize --rejects rejects <raw >out 2>/dev/null
	# A mangled line may have become one of a type that is passed on; here none does.
	same 1000 $(($(records_of envelope <out | wc -l) + $(wc -l <rejects)))
	[ "$(wc -l <rejects)" -gt 50 ]
	while IFS= read -r number; do sed -n "${number}p" raw; done < <(jq -r .line rejects | head -n 40) >expected
	same_files expected <(head -n 40 rejects | jq -r .raw)
}

@test "--rejects is written aside: not there before the end, whole at the end, also when it is empty" {
	raw '{}' | normalize --rejects rejects >/dev/null
	[ -f rejects ]
	[ ! -s rejects ]
	echo before >rejects
	mkfifo pipe
	normalize --rejects rejects <pipe >out 2>stderr 3>&- &
	normalizer=$!
	exec 7>pipe
	# Enough that some of it is printed, which comes after the reject.
	{ raw '{status: 5}' && raw '{}' && yes "$(raw '{}')" | head -n 5000; } >&7
	eventually test -s out
	same before "$(cat rejects)"
	exec 7>&-
	wait "$normalizer"
	same 1 "$(jq -r .line rejects)"
	same 644 "$(stat -c %a rejects)"
	same "out pipe rejects stderr" "$(echo *)"
}

@test "--rejects of a run that fails is not there, and an older one stays" {
	run --separate-stderr sh -c 'yes "{\"status\":5}" | head -n 3 | normalize --rejects rejects >/dev/full'
	echo old >older
	run --separate-stderr normalize --rejects older <.
	fails 74 "normalize: cannot read 'standard input': Is a directory"
	same old "$(cat older)"
	same older "$(echo *)"
}

# long MEMBER COUNT: of a raw record, a string member of COUNT letters more.
long() {
	change '"envelopeId":"long","accountId":"a","status":"sent","lastModifiedDateTime":"2025-03-05T12:00:00Z"' "${3:-{\}}"
	printf '%s,"%s":"' "${changed%\}}" "$1"
	head -c "$2" /dev/zero | tr '\0' x
	echo '"}'
}

@test "a line over 16 MiB is one reject, with its beginning and its size; the others go on" {
	wide=$((17 << 20))
	{ raw '{}' && long emailSubject $wide && raw '{}' && long emailSubject $((3 * wide)) '{envelopeId: "é"}'; } >raw
	printf '{"type":"RECORD","stream":"docusign_accounts","record":{"id":"%*s"},"context":{}}\n' $wide x >>raw
	normalize --rejects rejects <raw >out 2>stderr
	[[ $(cat stderr) == "normalize: warning: 3 of 5 records "* ]]
	same 2 "$(records_of envelope <out | wc -l)"
	same "2 4 5" "$(jq -r .line rejects | xargs)"
	same "docusign_datafeed docusign_datafeed docusign_accounts" "$(jq -r .stream rejects | xargs)"
	same "it is longer than 16777216 bytes" "$(jq -r .reason rejects | sort -u)"
	same "$(sed -n '2p;4,$p' raw | perl -ne 'chomp; print length, "\n"')" "$(jq -r .bytes rejects)"
	same "$(sed -n '2p;4,$p' raw | cut -b 1-4096)" "$(jq -r .raw rejects)"
	# In the middle of a character; and bytes that are none.
	{ printf 'é%.0s' x {1..3000} && long emailSubject $wide && printf 'a' && printf 'é%.0s' {1..3000} && long emailSubject $wide && printf '\xff' && long emailSubject $wide; } |
		normalize --rejects rejects >/dev/null 2>&1
	iconv -f UTF-8 -t UTF-8 rejects >/dev/null
	same ff7b22656e76656c6f7065496422 "$(jq -r '.raw_hex // empty' rejects | cut -c 1-28)"
	run --separate-stderr normalize <<<"$(long emailSubject $wide)"
	fails 65 "normalize: cannot read 'standard input' line 1: it is longer than 16777216 bytes"
}

@test "what normalize prints, the next stage reads: long names, and lines that grow, are rejects" {
	context='"context":{"organization_id":"o"},"time_extracted":"2025-03-05T12:00:00Z"}'
	letters() { head -c "$1" /dev/zero | tr '\0' x; }
	{
		echo '{"type":"RECORD","stream":"docusign_accounts","record":{"id":"a0","name":"'"$(letters 1024)"'"},'"$context"
		echo '{"type":"RECORD","stream":"docusign_accounts","record":{"id":"a1","name":"'"$(letters 1025)"'"},'"$context"
		echo '{"type":"RECORD","stream":"docusign_plan_items","record":{"subscription_id":"s","plan_name":"'"$(letters 60000)"'","modules":[{}'"$(printf ',{}%.0s' {1..20000})"']},'"$context"
		echo '{"type":"RECORD","stream":"docusign_billing","record":{"x":"'"$(letters 3000000)"'"},'"$context"
		echo '{"type":"RECORD","stream":"docusign_datafeed","record":'"$(raw '{}')"',"time_extracted":"'"$(letters $(((16 << 20) - 190)))"'"}'
	} >raw
	normalize --rejects rejects <raw >out 2>stderr
	same "2 3 4 5" "$(jq -r .line rejects | xargs)"
	merge --ledger :memory: --emit all <out >merged
	same a0 "$(records_of account <merged | value_of account_id)"
	# A reject is a line that can be read, too.
	printf '%*s\n' 9000000 '' | tr ' ' '"' | normalize --rejects rejects >/dev/null 2>&1
	[ "$(wc -c <rejects)" -lt 100000 ]
	same 9000000 "$(jq .bytes rejects)"
}

@test "--rejects where it cannot be made is 73, and one that cannot be written is 74" {
	run --separate-stderr normalize --rejects missing/rejects </dev/null
	fails 73 "normalize: cannot create 'missing/rejects': No such file or directory"
	mkdir folder
	run --separate-stderr normalize --rejects folder </dev/null
	[ "$status" -eq 73 ]
	rmdir folder
	same '*' "$(echo *)"
}

@test "closed standard output is never the file of rejects" {
	{ raw '{}' && raw '{status: 5}'; } >raw
	run sh -c 'normalize --rejects rejects <raw >&- 2>/dev/null'
	[ "$status" -eq 74 ]
	run sh -c 'normalize --rejects rejects <raw 2>&- >out'
	[ "$status" -eq 0 ]
	same 1 "$(wc -l <rejects)"
	same 1 "$(records_of envelope <out | wc -l)"
}

@test "accounts: of asset groups and of the organization, ids lower, numbers as text, names as they are" {
	raw_subscriptions | normalize | records_of account >got
	jq -c '.assetGroupAccounts[] | {organization_id: "9dd1c1a4-5b6e-4c2f-8a37-0e5f6b1d2c90", account_id: (.accountId | ascii_downcase), account_name: .accountName,
		external_account_id: (.externalAccountId | if . then tostring else null end), site_id: (.siteId | if . then tostring else null end),
		site_name: .siteName, asset_group_id: (.assetGroupId | ascii_downcase), compliant}' "$acme/service/asset-group-accounts.json" >expected
	same_files expected got
	echo '{"type":"RECORD","stream":"docusign_accounts","record":{"id":"A1","name":"N","external_account_id":100,"site_id":1},"context":{"organization_id":"O"}}' |
		normalize | records_of account >got
	same '{"organization_id":"o","account_id":"a1","account_name":"N","external_account_id":"100","site_id":"1","site_name":null,"asset_group_id":null,"compliant":null}' "$(cat got)"
}

@test "integers beyond 2^53 keep every digit, in our maps and in one of jq, up to the export" {
	numbers="0 12345 -7 1000000000000000 9007199254740992 9007199254740993 -9007199254740993 9223372036854775807 -9223372036854775808 18446744073709551615"
	for number in $numbers; do
		printf '{"type":"RECORD","stream":"docusign_accounts","record":{"accountId":"a%s","externalAccountId":%s,"siteId":%s},"context":{"organization_id":"o"}}\n' "$number" "$number" "$number"
	done | normalize >accounts
	same "$numbers" "$(records_of account <accounts | value_of external_account_id | xargs)"
	same "$numbers" "$(records_of account <accounts | value_of site_id | xargs)"
	merge --ledger l.db --emit none <accounts
	same "$(tr ' ' '\n' <<<"$numbers" | sort)" "$(env export --ledger l.db --stream account | records_of account | value_of external_account_id | sort)"
	for number in $numbers; do raw "{accountId: $number}"; done >raw
	normalize --jq '{account_id: (.accountId | tostring), envelope_id: .envelopeId, status, modified_at: .lastModifiedDateTime}' <raw | records_of envelope >got
	same "$numbers" "$(value_of account_id <got | xargs)"
	echo '{"type":"RECORD","stream":"docusign_billing","record":{"account":{"accountIdGuid":"a","billingPeriodStartDate":"2025-01-01T00:00:00Z","billingPeriodEndDate":"2025-02-01T00:00:00Z","billingPeriodEnvelopesSent":3},"charges":{"billingChargeItems":[{"chargeName":"x","unitPrice":0.12345678901234567}]}}}' |
		normalize | records_of billing_period >got
	grep -qF '"unit_price":"0.12345678901234567"' got
}

@test "plan items: a subscription for each module, one without a plan item where there is none" {
	raw_subscriptions | normalize | records_of subscription >got
	jq -c '.[] | . as $p | .modules[] | {organization_id: "9dd1c1a4-5b6e-4c2f-8a37-0e5f6b1d2c90", subscription_id: ($p.subscription_id | ascii_downcase),
		plan_item_id: (.plan_item_id | ascii_downcase), subscription_name: $p.subscription_name, plan_id: ($p.plan_id | ascii_downcase), plan_name: $p.plan_name,
		plan_item_name, asset_group_id: ($p.asset_group_id | ascii_downcase), asset_group_name: $p.asset_group_name,
		associated_accounts_count: $p.associated_accounts_count, software_model: null}' "$acme/service/plan-items.json" >expected
	same 5 "$(wc -l <got)"
	same_files expected got
	for modules in null '[]'; do
		echo "{\"type\":\"RECORD\",\"stream\":\"docusign_plan_items\",\"record\":{\"subscription_id\":\"S\",\"modules\":$modules},\"context\":{\"organization_id\":\"o\"}}" |
			normalize | records_of subscription >got
		same '["s",null]' "$(jq -c '[.subscription_id, .plan_item_id]' got)"
	done
}

@test "wrong accounts and plan items are rejects with their stream" {
	cat >raw <<'END'
{"type":"RECORD","stream":"docusign_accounts","record":{"accountId":5},"context":{}}
{"type":"RECORD","stream":"docusign_accounts","record":{"accountId":"a","compliant":"yes"}}
{"type":"RECORD","stream":"docusign_accounts","record":{}}
{"type":"RECORD","stream":"docusign_plan_items","record":{"subscription_id":null}}
{"type":"RECORD","stream":"docusign_plan_items","record":{"subscription_id":"s","associated_accounts_count":1.5}}
{"type":"RECORD","stream":"docusign_plan_items","record":{"subscription_id":"s","modules":[{"plan_item_id":"p"},{"plan_item_id":7}]}}
{"type":"RECORD","stream":"docusign_plan_items","record":{"subscription_id":"s","modules":"none"}}
END
	normalize --rejects rejects <raw >out 2>/dev/null
	same "$(seq 7)" "$(jq -r .line rejects)"
	same "$(jq -r .stream raw)" "$(jq -r .stream rejects)"
	same_files raw <(jq -r .raw rejects)
	# Not half a record: of two modules one of which is wrong, none comes out.
	run ! grep -q RECORD out
}

@test "a raw RECORD's time_extracted is kept; its context gives ids that the record does not name" {
	echo '{"type":"RECORD","stream":"docusign_datafeed","record":{"envelopeId":"E","status":"sent","lastModifiedDateTime":"2025-03-05T12:00:00Z","accountId":"not this one"},"context":{"account_id":"ACC","organization_id":"o"},"time_extracted":"2025-03-06T00:00:00.000Z"}' >raw
	normalize --feed esign <raw | sed 1d >got
	same acc "$(jq -r .record.account_id got)"
	same 2025-03-06T00:00:00.000Z "$(jq -r .time_extracted got)"
	normalize <raw | sed 1d >got
	same "not this one" "$(jq -r .record.account_id got)"
}

@test "feeds: presets and a descriptor of one's own; its map decides" {
	raw '{}' | normalize --feed "$root/tests/feeds/organization.json" | sed 1d >monitor
	raw '{}' | normalize --feed datafeed | sed 1d >datafeed
	same_files datafeed monitor
	jq '.name = "mine" | .map.envelope_id.pointer = "/id" | .map.sent_at = {pointer: "/times/a~1b", type: "time"} | del(.map.sender_id)' \
		"$root/lib/feeds/datafeed.json" >mine.json
	echo '{"id":"X","accountId":"a","status":"sent","lastModifiedDateTime":"2025-03-05T12:00:00Z","times":{"a/b":"2025-03-04T00:00:00Z"},"sender":{"userId":"u"}}' |
		normalize --feed mine.json | records_of envelope >got
	same '["x","2025-03-04T00:00:00.000Z",null]' "$(jq -c '[.envelope_id, .sent_at, .sender_id]' got)"
}

@test "a feed that is not there or wrong: 66, 78, and which and why" {
	run --separate-stderr normalize --feed nothing.json </dev/null
	fails 66 "normalize: cannot open 'nothing.json': No such file or directory"
	run --separate-stderr normalize --feed nothing </dev/null
	refused 78 "normalize: cannot use feed 'nothing': "*
	echo '{' >broken.json
	run --separate-stderr normalize --feed broken.json </dev/null
	refused 78 "normalize: cannot read feed 'broken.json': not JSON: "*
	jq '.map.status.pointer = "status"' "$root/lib/feeds/datafeed.json" >pointer.json
	run --separate-stderr normalize --feed ./pointer.json </dev/null
	refused 78 "normalize: cannot use feed "*map*status*
}

@test "--jq: any shape; several results are several records; none is counted and said" {
	echo '{"acct":"A","rows":[{"id":"E1","state":"sent","at":"2025-03-05T12:00:00Z"},{"id":"E2","state":"created","at":"2025-03-05T12:00:00Z"}]}' >raw
	normalize --jq '. as $r | .rows[] | {account_id: $r.acct, envelope_id: .id, status: .state, modified_at: .at}' <raw | records_of envelope >got
	same '["a","e1","sent"] ["a","e2","created"]' "$(jq -c '[.account_id, .envelope_id, .status]' got | xargs -d '\n')"
	run --separate-stderr normalize --jq empty <raw
	[ "$status" -eq 0 ]
	same "normalize: warning: the jq program had no result for 1 of 1 records" "$stderr"
}

@test "--jq: a mistake in the program is 78 before anything is read; a failure on a record is a reject" {
	run --separate-stderr normalize --jq '{account_id: ' <<<'{"x":1}'
	refused 78 "normalize: cannot use jq program '--jq': "*
	[ -z "$output" ]
	printf '%s\n' '{"a":1}' '{"a":"x"}' '{"a":[]}' >raw
	normalize --rejects rejects --jq 'if (.a | type) == "array" then 5 else {account_id: .a, envelope_id: (.a + "y"), status: "sent", modified_at: "2025-03-05T12:00:00Z"} end' <raw >out 2>/dev/null
	same "1 3" "$(jq -r .line rejects | xargs)"
	same x "$(records_of envelope <out | jq -r .account_id)"
	[[ $(jq -r 'select(.line == 1).reason' rejects) == *"cannot be added"* ]]
}

@test "--stream names the stream of bare lines" {
	raw '{}' | normalize --stream mine_alone | records_of envelope >got
	[ -s got ]
	run --separate-stderr normalize --stream envelope </dev/null
	refused 64 "normalize: cannot use --stream 'envelope': "*
	echo '{"accountId":"A"}' | normalize --stream docusign_accounts | records_of account >got
	same a "$(jq -r .account_id got)"
	echo '{"subscription_id":"S","modules":[]}' | normalize --stream docusign_plan_items | records_of subscription >got
	same s "$(jq -r .subscription_id got)"
	# RECORDs name their own.
	{ echo '{"accountId":"A"}' && jq -nc '{type: "RECORD", stream: "docusign_datafeed", record: {envelopeId: "e", accountId: "a", status: "sent",
		lastModifiedDateTime: "2025-03-05T12:00:00Z"}}'; } | normalize --stream docusign_accounts >out
	same "account envelope" "$(jq -r 'select(.type == "RECORD").stream' out | xargs)"
}

@test "a bare record whose type is no word of ours is still one; canonical records pass" {
	# A raw record may have a member "type" that is no string.
	raw '{type: 5}' | normalize | records_of envelope >got
	[ -s got ]
	envelope '{}' >in
	normalize <in >out
	same_files in out
}

@test "one SCHEMA for each stream it makes, before the first RECORD; the raw streams' SCHEMAs go" {
	{
		echo '{"type":"SCHEMA","stream":"docusign_accounts","schema":{"type":"object"},"key_properties":[]}'
		raw_subscriptions
		echo '{"type":"SCHEMA","stream":"docusign_datafeed","schema":{"type":"object"},"key_properties":[]}'
		raw '{}' && raw '{}'
		raw_subscriptions
	} | normalize >out
	same "account subscription envelope" "$(jq -r 'select(.type == "SCHEMA").stream' out | xargs)"
	jq -s -e 'reduce .[] as $m ({seen: [], ok: true}; if $m.type == "SCHEMA" then .seen += [$m.stream]
		elif .seen | index($m.stream) then . else .ok = false end) | .ok' out >/dev/null
}
