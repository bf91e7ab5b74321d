#!/usr/bin/env bats
# Which lines are JSON: normalize compared with jq and Perl's JSON::PP on thousands of mutated lines.
#
# The three agree except for these cases, each of which must be found in the line to be excused:
#   jq 1.6 accepts what RFC 8259 does not: nan, NaN and Infinity, numbers such as 01, .5, 1. and +1, control characters within a string, bytes that
#   are no UTF-8, a byte order mark. 
# Half of a surrogate pair is U+FFFD in ours; the others refuse some, so it is replaced before they see it.
# Ours also requires an object, at most 256 levels deep.

# root, acme and the like are helper's; $ is perl's and jq's.
# shellcheck disable=SC2016,SC2086,SC2154

load helper

# mutants SEED COUNT: lines made from a few seeds by inserting, deleting, doubling and exchanging bytes and tokens.
mutants() {
	perl -e '
		my ($seed, $count) = @ARGV;
		srand $seed;
		my @texts = (q({"type":"x"}), q({"type":"x","a":[1,-2.5e3,0,true,false,null],"b":{"c":"d\u00e9\ud83d\ude80\\\\\"\/"}}), q({"type":"x","a":"\b\f\n\r\t"}),
			q({"type":"x","n":12345678901234567890.123e-45,"e":[],"o":{},"s":""}), q( { "type" : "x" , "a" : [ { } , [ [ ] ] ] } ),
			"{\"type\":\"x\",\"\xc3\xa9\":\"\xf0\x9f\x9a\x80\xd7\x97\"}", q({"type":"x","a":{"a":{"a":{"a":[[[[1]]]]}}},"a":2}));
		my @tokens = (qw({ } [ ] : , " \\\\ 0 1 9 - + . e E t true tru false null nul nan NaN Infinity \u \ud83d \ude80 \u0000 \ud83d\ude80 \x / // {} [] {"a":1} 1e5 01 1. .5 -0 "x" "x":1 ),
			" ", "\t", "\r", "\x00", "\x01", "\x1f", "\x7f", "\x80", "\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xef\xbb\xbf", "\xe2\x80\xa8", "\xff");
		for (1 .. $count) {
			my $text = $texts[rand @texts];
			for (1 .. 1 + int rand 3) {
				my $at = int rand(1 + length $text);
				my $how = int rand 5;
				if ($how == 0) { substr($text, $at, 1) = "" if $at < length $text }
				elsif ($how == 1) { substr($text, $at, 0) = $tokens[rand @tokens] }
				elsif ($how == 2) { substr($text, $at, 1) = $tokens[rand @tokens] if $at < length $text }
				elsif ($how == 3) { my $length = int rand 12; substr($text, $at, 0) = substr($text, int rand length $text, $length) if length $text }
				else { substr($text, $at) = "" if rand() < 0.3; }
			}
			$text =~ s/\n//g;
			print "$text\n" if $text =~ /[^ \t\r]/;
		}' "$1" "$2"
}

# ours FILE: a 1 or 0 for each line.
ours() {
	normalize --rejects rejects --quiet <"$1" >/dev/null
	jq -r 'select(.reason | startswith("not ")).line' rejects >refused
	awk 'FILENAME == "refused" { refused[$1] = 1; next } { print !(FNR in refused) }' refused "$1"
}

# strict FILE: what JSON::PP says, with depth and kind as ours has them.
strict() {
	perl -MJSON::PP -ne 'chomp; my $json = JSON::PP->new->utf8->max_depth(256);
		my $value = eval { $json->decode($_) };
		print defined $value && ref $value eq "HASH" ? 1 : 0, "\n"' "$1"
}

# lenient FILE: what jq says.
lenient() {
	jq -R -r 'try (fromjson | if type == "object" then 1 else 0 end) catch 0' "$1"
}

# excused: of lines VERDICT STRICT LENIENT TEXT those on which ours differs from both, or from one without a reason above.
unexplained() {
	perl -ne 'chomp; my ($ours, $strict, $lenient, $text) = split /\|/, $_, 4;
		next if $ours == $strict && $ours == $lenient;
		my $odd_text = $text =~ /[\x00-\x08\x0b-\x1f\x80-\xff\t]/;
		my $odd_number = $text =~ /nan|NaN|Infinity|(?<![\d.eE])-?0\d|(?<!\d)\.\d|\d\.(?!\d)|\+/;
		next if $lenient && !$ours && !$strict && ($odd_text || $odd_number);
		print "ours $ours, JSON::PP $strict, jq $lenient: $text\n"' "$1"
}

@test "six thousand mutated lines: the same verdict as jq and JSON::PP, but for what is known and told above" {
	mutants 1 6000 >lines
	mended lines >mended
	paste -d'|' <(ours lines) <(strict mended) <(lenient mended) lines >verdicts
	[ "$(wc -l <verdicts)" -eq "$(wc -l <lines)" ]
	# The lines are worth it: many of either kind.
	[ "$(cut -c1 verdicts | grep -c 1)" -gt 600 ]
	[ "$(cut -c1 verdicts | grep -c 0)" -gt 2000 ]
	unexplained verdicts >left
	same '' "$(head -n 20 left | cat -v)"
}

@test "what is taken is read as jq reads it: the values of mutated records" {
	# Bytes that break nothing but change values: escapes, doubled keys, numbers.
	perl -e 'srand 5; my @values = (q("a"), q("\u0041\u00e9"), q("\ud83d\ude80"), q("\ud83dx"), q("x\ude80"), q("x\/y\\\\z\""), q("ÀÉ"), q(null), q(""), q("\u0000"), q("\t\n"));
		for my $i (1 .. 1500) { my @members = map { sprintf q("%s":%s), (qw(planItemId planItem\u0049d sender envelopeId))[rand 4], $values[rand @values] } 1 .. int rand 5;
			print "{\"accountId\":\"a\",\"envelopeId\":\"e$i\",\"status\":\"sent\",\"lastModifiedDateTime\":\"2025-03-05T12:00:00Z\"", (map { ",$_" } @members), "}\n" }' >lines
	normalize --rejects rejects --quiet <lines | records_of envelope | jq -c '[.envelope_id, .plan_item_id]' >got
	# No id has a NUL in it.
	jq -c 'select((.envelopeId // "") != "") | select([.envelopeId, .planItemId // ""] | all(explode | all(. != 0))) | [(.envelopeId | ascii_downcase), (.planItemId | if . == "" or . == null then null else ascii_downcase end)]' <(mended lines) >expected
	[ "$(wc -l <expected)" -gt 1000 ]
	same_files expected got
	same 1500 $(($(wc -l <got) + $(wc -l <rejects)))
}

@test "what is passed on is the line's own bytes, on mutated lines that are taken" {
	mutants 9 3000 | grep -a '"type":"x"' | grep -av '"RECORD"\|"STATE"\|"SCHEMA"' >lines
	paste -d'|' <(ours lines) lines | sed -n 's/^1|//p' >taken
	for stage in normalize merge aggregate-by-period reconcile; do
		command -v $stage >/dev/null || continue
		case $stage in
		merge) arguments="--ledger :memory:" ;;
		aggregate-by-period) arguments="--contract-start 2025-01-31" ;;
		reconcile) arguments="--entitlements $acme/licence/entitlements.csv --models $acme/licence/models.csv" ;;
		*) arguments= ;;
		esac
		# Lines of which the type was mutated into none are bare records: those are normalize's own business.
		grep -a '^ *{ *"type" *: *"x"[ ,}]' taken >plain
		$stage $arguments <plain >got
		cmp plain got
	done
}

# jq counts arrays alone like this; an object takes two of its 256 levels.
@test "as deep as 256, and not 257; jq the same for arrays" {
	for depth in 255 256 257 258; do
		jq -n -r --argjson depth $((depth - 1)) '"{\"type\":\"x\",\"a\":" + ("[" * $depth) + ("]" * $depth) + "}"' >line
		jq -n -r --argjson depth $depth '("[" * $depth) + ("]" * $depth)' >arrays
		echo "depth $depth"
		expected=$([ $depth -le 256 ] && echo 1 || echo 0)
		same $expected "$(ours line)"
		same $expected "$(jq -R -r 'try (fromjson | 1) catch 0' arrays)"
	done
}
