#!/usr/bin/env bats
# The fast way of normalize against jq on random records: escapes, keys that come twice, numbers at the limits, deep nesting, NULs,
# invalid UTF-8. DIFFERENTIAL_COUNT (4000) records; a million work too.

# root, acme and the like are helper's; $ is perl's and jq's.
# shellcheck disable=SC2016,SC2154

load helper

# random_records SEED COUNT: writes `lines`, and `broken`: for each line 1 where it was made to be no JSON, or too deep.
random_records() {
	perl -e '
		my ($seed, $count) = @ARGV;
		srand $seed;
		open my $lines, ">:raw", "lines" or die; open my $broken, ">", "broken" or die;
		sub pick { $_[rand @_] }
		sub uuid { join "-", map { my $n = $_; join "", map { pick(0 .. 9, "a" .. "f", "A" .. "F") } 1 .. $n } 8, 4, 4, 4, 12 }
		sub piece { pick("a", "Z", "0", " ", "-", "\xc3\xa9", "\xf0\x9f\x9a\x80", "\xe2\x80\xa8", "\x7f", q(\"), q(\\\\), q(\/), q(\b), q(\n), q(\u0041), q(\u00e9),
			q(\u20AC), q(\ud83d\ude80), q(\uD83C\uDF89), q(\u001f), q(\u0000), q(\ud800), q(\udfff)) }
		sub string { my ($least, $most) = @_; join "", map { piece() } 1 .. $least + int rand($most - $least + 1) }
		# Chosen first, made then: what is not chosen costs nothing.
		sub choose { $_[rand @_]->() }
		sub id { "\"" . choose((sub { uuid() }) x 4, sub { string(1, 12) }, sub { string(20, 50) }, sub { "x" x pick(45, 46, 47) }, sub { "" }) . "\"" }
		sub value { my $depth = shift; return "1" if $depth > 3; choose((sub { pick("null", "true", "false", "0", "-0", "12345678901234567890123456789", "-1.5e-308", "1E400") }) x 3,
			sub { "\"" . string(0, 20) . "\"" }, sub { "{" . join(",", map { "\"" . pick("a", "userId", "type", string(1, 3)) . "\":" . value($depth + 1) } 1 .. rand 4) . "}" },
			sub { "[" . join(",", map { value($depth + 1) } 1 .. rand 4) . "]" }) }
		sub nest { my $deep = shift; "[" x $deep . "]" x $deep }
		sub blank { rand() < 0.02 ? pick(" ", "\t", "  ") : "" }
		my @times = map { "\"$_\"" } "2025-01-31T12:00:00Z", "2024-02-29T23:59:59.9999999Z", "2024-12-31T23:30:00.5-01:00", "2025-03-01T00:00:00.1234567Z",
			"2025-03-01t01:02:03.120z", "2025-03-01T01:02:03.12Z", "2023-02-29T00:00:00.0000000Z", "2025-13-01T00:00:00.0000000Z", "2025-03-01T24:00:00.0000000Z",
			"2025-06-30T23:59:60.0000000Z", "2025-03-01T01:02:03.123456", "0000-01-01T00:00:00.0000000Z", "2025-03-01T01:02:03.12a4567Z", "", "yesterday";
		for (1 .. $count) {
			my $sane = rand() < 0.7;
			my $time = sub { $sane ? "\"2025-0" . (1 + int rand 9) . "-1" . int(rand 10) . "T0" . int(rand 10) . ":" . (10 + int rand 50) . ":" . (10 + int rand 50) . "." . sprintf("%07d", rand 1e7) . "Z\""
				: pick(@times, "null", "17") };
			my $id = sub { $sane ? "\"" . uuid() . "\"" : rand() < 0.75 ? id() : value(2) };
			my @members = (["envelopeId", $id->()], ["accountId", $id->()], ["status", pick($sane ? (q("sent"), q("Completed")) : (q("VOIDED"), q("s\u0065nt"), "17", "null", q("")))],
				["createdDateTime", $time->()], ["sentDateTime", $time->()], ["completedDateTime", $time->()], ["lastModifiedDateTime", $time->()],
				["planItemId", pick($id->(), "null", "\"\"")], ["sender", pick("{\"userId\":" . $id->() . ",\"userName\":\"" . string(0, 9) . "\"}", "null", "{}", $sane ? "{}" : value(1))],
				["emailSubject", "\"" . string(0, 40) . "\""], [string(1, 8), value(0)]);
			@members = grep { rand() > 0.01 } @members;
			push @members, [$members[rand @members][0], rand() < 0.5 ? $id->() : value(1)] if rand() < 0.1;
			push @members, ["deep", nest(pick(10, 100, 250))] if rand() < 0.02;
			@members = sort { rand() <=> 0.5 } @members if rand() < 0.3;
			my $line = "{" . blank() . join(",", map { blank() . "\"$_->[0]\"" . blank() . ":" . blank() . $_->[1] . blank() } @members) . "}" . blank();
			my $wrong = 0;
			if (rand() < 0.08) {
				$wrong = 1;
				my $how = int rand 7;
				if ($how == 0) { $line =~ s/":"/":"\xff/ or $line .= "\xff" }
				elsif ($how == 1) { $line .= pick("}", ",", "1", "\"", "{}") }
				elsif ($how == 2) { $line =~ s/\}[ \t]*$// }
				elsif ($how == 3) { $line =~ s/":"/":"\x01/ or $line .= "\x01" }
				elsif ($how == 4) { $line =~ s/":"/":"\\x/ or $line .= "x" }
				elsif ($how == 5) { $line =~ s/^\{/{"deep":@{[nest(256)]},/ }
				else { $line =~ s/":"/":"\\ud80g/ or $line .= "\"" }
			}
			print $lines "$line\n"; print $broken "$wrong\n";
		}' "$1" "$2"
}

# What each line becomes by the default map, said in jq: the record, or "reject".
expected() {
	paste -d '	' broken <(mended lines) | jq -R -c '
		def cut_time: if . == null then null elif type != "string" then "bad" else . as $text |
			{"2025-01-31T12:00:00Z": "2025-01-31T12:00:00.000Z", "2024-02-29T23:59:59.9999999Z": "2024-02-29T23:59:59.999Z",
			"2024-12-31T23:30:00.5-01:00": "2025-01-01T00:30:00.500Z", "2025-03-01T00:00:00.1234567Z": "2025-03-01T00:00:00.123Z",
			"2025-03-01t01:02:03.120z": "2025-03-01T01:02:03.120Z", "2025-03-01T01:02:03.12Z": "2025-03-01T01:02:03.120Z",
			"2025-06-30T23:59:60.0000000Z": "2025-06-30T23:59:59.000Z"}[.] //
			(if test("^2025-0[1-9]-1[0-9]T0[0-9]:[0-9]{2}:[0-9]{2}[.][0-9]{7}Z$") then .[0:23] + "Z" else "bad" end) end;
		def id($required): if . == null or . == "" then (if $required then "bad" else null end)
			elif type != "string" or utf8bytelength > 46 or (explode | any(. == 0)) then "bad" else ascii_downcase end;
		(capture("^(?<broken>[01])\t(?<line>.*)$") // {broken: "1"}) | if .broken == "1" then "reject" else
			(.line | fromjson | {account_id: (.accountId | id(true)), envelope_id: (.envelopeId | id(true)), status: (.status | id(true)),
			created_at: (.createdDateTime | cut_time), sent_at: (.sentDateTime | cut_time), completed_at: (.completedDateTime | cut_time),
			modified_at: (.lastModifiedDateTime | if . == null then "bad" else cut_time end), plan_item_id: (.planItemId | id(false)),
			sender_id: ((.sender | if type == "object" then .userId else null end) | id(false))} |
			if any(.[]; . == "bad") then "reject" else . end) end'
}

@test "random records: what normalize makes of each, and which it rejects, is what the same map in jq gives" {
	random_records "${DIFFERENTIAL_SEED:-1}" "${DIFFERENTIAL_COUNT:-4000}"
	normalize --rejects rejects --quiet <lines | jq -c 'select(.type == "RECORD").record' >records
	jq -r .line rejects >rejected
	expected >wanted
	awk -v count="$(wc -l <lines)" 'FILENAME == "rejected" { rejected[$1] = 1; next } { record[++n] = $0 }
		END { for (i = 1; i <= count; i++) print i in rejected ? "\"reject\"" : record[++at] }' rejected records >got
	same "$(wc -l <wanted)" "$(wc -l <got)"
	paste -d '\n' wanted got lines | awk 'NR % 3 == 1 { wanted = $0 } NR % 3 == 2 { got = $0 } NR % 3 == 0 && wanted != got { print "line " NR / 3 ": " $0 "\n  wanted " wanted "\n  got " got }' >differences
	same '' "$(head -n 12 differences)"
	# The records are worth it: many of either kind.
	[ "$(grep -c reject got)" -gt $(($(wc -l <lines) / 10)) ]
	[ "$(grep -vc reject got)" -gt $(($(wc -l <lines) / 2)) ]
}

@test "the portable way through the bytes gives the same" {
	random_records 2 1500
	normalize --rejects rejects --quiet <lines >records
	SIMDJSON_FORCE_IMPLEMENTATION=fallback normalize --rejects rejects.portable --quiet <lines >records.portable
	same_files records records.portable
	jq -c '[.line, .pointer]' rejects >one
	jq -c '[.line, .pointer]' rejects.portable >other
	same_files one other
}

@test "lines that come one at a time give what they give together" {
	random_records 3 300
	normalize --rejects rejects --quiet <lines >records
	while IFS= read -r line; do
		printf '%s\n' "$line"
		sleep 0.001
	done <lines | normalize --rejects rejects.slow --quiet >records.slow
	same_files records records.slow
	same_files rejects rejects.slow
}
