#!/usr/bin/env bats
# Random organisations: in whatever order and pieces their records arrive, consumption is the same, byte for byte, and equals a naive query over
# all records; the first report plus all restatements is the present figure. tests/property/organisations makes them, each from its
# seed, tests/property/tally runs them; SQL here does the rest.
#
# 60 by default; PROPERTY_COUNT=500 before a release.
#
# A failure names the seed. That one alone, in a folder that stays:
#	PROPERTY_SEED=17 PROPERTY_COUNT=1 PROPERTY_KEEP=/tmp/seed-17 tests/run tests/property.bats

# acme is helper's; $ is jq's.
# shellcheck disable=SC2016,SC2154

load helper

seed=${PROPERTY_SEED:-1}
count=${PROPERTY_COUNT:-60}

setup_file() {
	needs_stage normalize merge aggregate-by-period
	export organisations=${PROPERTY_KEEP:-$BATS_FILE_TMPDIR/organisations}
	mkdir "$organisations"
	cd "$organisations" || return 1
	"$BATS_TEST_DIRNAME/property/organisations" "$seed" "$count" . | normalize -q |
		awk '/^\{"type":"FILE"/ { split($0, part, "\""); if (path) close(path); path = part[8]; printf "" >path; next } { print >path }'
	# Two at a time.
	for half in 0 1; do
		"$BATS_TEST_DIRNAME/property/tally" . "$acme/profiles/acme.json" $(seq $((seed + half)) 2 $((seed + count - 1))) >failures.$half 2>&1 &
	done
	wait
	# What came of them, for SQL: seed, account, plan item, period, figures.
	figures whole >whole.tsv
	figures 'report.*' >report.tsv
	find . -mindepth 2 -name 'restated.*' | sort | xargs jq -r '(input_filename | split("/")) as $file | .record | [$file[-2], $file[-1][9:], .account_id, .plan_item_id // "",
		.period_start[:10], .period_end[:10], .units_before, .units_after, .delta] | @tsv' >restated.tsv
}

# Consumption in files of that name: seed, night, account, plan item, period, figures.
figures() {
	find . -mindepth 2 -name "$1" | sort | xargs jq -r '(input_filename | split("/")) as $file | .record | [$file[-2], ($file[-1] | split(".")[1] // ""), .account_id,
		.plan_item_id // "", .period_start[:10], .period_end[:10], .units_consumed, (.by_status | to_entries | sort_by(.key) | map("\(.key):\(.value)") | join(" ")),
		.first_sent_at, .last_sent_at] | @tsv'
}

sql() { # the tables, and then the query on standard input
	(
		cd "$organisations" || return 1
		sqlite3 :memory: '.mode tabs' '.separator "\t" "\n"' \
			'CREATE TABLE version (seed INT, envelope, account, status, sent, modified, item)' \
			'CREATE TABLE account (seed INT, account, asset_group, extracted)' \
			'CREATE TABLE item (seed INT, item, asset_group, extracted)' \
			'CREATE TABLE period (seed INT, start, stop)' \
			'CREATE TABLE clock (seed INT, night INT, now)' \
			'CREATE TABLE report (seed INT, night INT, account, item, start, stop, units INT, statuses, first_sent, last_sent)' \
			'CREATE TABLE restated (seed INT, night INT, account, item, start, stop, before INT, after INT, delta INT)' \
			'.import versions.tsv version' '.import accounts.tsv account' '.import items.tsv item' '.import periods.tsv period' '.import clocks.tsv clock' \
			'.import report.tsv report' '.import restated.tsv restated' "$(cat)"
	)
}

# same_rows EXPECTED GOT: with the seeds of which rows differ.
same_rows() {
	cmp -s "$1" "$2" || {
		echo "seeds: $(diff "$1" "$2" | grep '^[<>]' | cut -c 3- | cut -f 1 | sort -un | head -n 20 | xargs)"
		diff -u --label expected --label got "$1" "$2" | head -n 40
		return 1
	}
}

@test "any order, repetition, nights, pieces and ledgers give the same bytes of consumption" {
	same '' "$(cat "$organisations"/failures.? | head -n 20)"
	[ "$(find "$organisations" -name whole | wc -l)" -eq "$count" ]
}

# The newest version by time, cut to milliseconds, then by the place of its status, unknown ones last, by name; the plan item of an
# account whose asset group has just one where the envelope names none; the period that holds the day of sending.
@test "consumption is what a naive query over all records says" {
	cut -f 1 "$organisations/periods.tsv" | sort -u >known
	sql <<-'SQL' >expected
		WITH rank(name, place) AS (VALUES ('template', 1), ('created', 2), ('processing', 3), ('sent', 4), ('delivered', 5), ('correct', 6), ('signed', 7),
		  ('completed', 8), ('authoritativecopy', 9), ('transfercompleted', 10), ('declined', 11), ('timedout', 12), ('voided', 13), ('deleted', 14)),
		clean AS (SELECT *, coalesce(place, 1000) AS rank, iif(length(modified) = 20, substr(modified, 1, 19) || '.000', substr(modified, 1, 23)) AS at,
		  iif(length(sent) = 20, substr(sent, 1, 19) || '.000Z', substr(sent, 1, 23) || 'Z') AS sent_at FROM version LEFT JOIN rank ON status = name),
		newest AS (SELECT *, row_number() OVER (PARTITION BY seed, envelope ORDER BY at DESC, rank DESC, status DESC) AS number FROM clean),
		account_now AS (SELECT *, row_number() OVER (PARTITION BY seed, account ORDER BY extracted DESC) AS number FROM account),
		item_now AS (SELECT *, row_number() OVER (PARTITION BY seed, item ORDER BY extracted DESC) AS number FROM item),
		only AS (SELECT account_now.seed, account, min(item) AS item FROM account_now JOIN item_now USING (seed, asset_group)
		  WHERE account_now.number = 1 AND item_now.number = 1 GROUP BY 1, 2 HAVING count(*) = 1),
		counted AS (SELECT newest.seed, newest.account, coalesce(nullif(newest.item, ''), only.item, '') AS item, start, stop, status, sent_at
		  FROM newest LEFT JOIN only USING (seed, account) JOIN period ON period.seed = newest.seed AND substr(sent, 1, 10) >= start AND substr(sent, 1, 10) < stop
		  WHERE number = 1 AND sent <> '' AND status NOT IN ('created', 'template')),
		by_status AS (SELECT seed, account, item, start, stop, status, count(*) AS units, min(sent_at) AS first_sent, max(sent_at) AS last_sent
		  FROM counted GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6)
		SELECT seed, account, item, start, stop, sum(units), group_concat(status || ':' || units, ' '), min(first_sent), max(last_sent)
		FROM by_status GROUP BY 1, 2, 3, 4, 5;
	SQL
	awk -F '\t' 'NR == FNR { known[$1]; next } $1 in known' known "$organisations/whole.tsv" | cut -f 1,3- | LC_ALL=C sort >got
	LC_ALL=C sort -o expected expected
	[ "$(wc -l <expected)" -ge $((count > 20 ? count * 5 : 0)) ]
	same_rows expected got
}

# Of every period, from the night on that first reported it as over: until then it just grows.
@test "what was first reported of a period that was over, and all restatements since, add up to every later figure" {
	cat >figures.sql <<-'SQL'
		CREATE TABLE figure AS SELECT DISTINCT seed, account, item, start, stop FROM report UNION SELECT seed, account, item, start, stop FROM restated;
		CREATE TABLE over AS SELECT figure.*, min(night) AS since FROM figure JOIN clock USING (seed) WHERE stop <= substr(now, 1, 10) GROUP BY 1, 2, 3, 4, 5;
		CREATE TABLE later AS SELECT over.*, night FROM over JOIN clock USING (seed) WHERE night >= since;
		CREATE INDEX by_report ON report (seed, account, item, start, stop, night);
		CREATE INDEX by_restated ON restated (seed, account, item, start, stop, night);
	SQL
	sql >sums <<-SQL
		$(cat figures.sql)
		SELECT seed, account, item, start, stop, night,
		  ifnull((SELECT units FROM report r WHERE (r.seed, r.account, r.item, r.start, r.stop, r.night) = (l.seed, l.account, l.item, l.start, l.stop, since)), 0) +
		  (SELECT ifnull(sum(delta), 0) FROM restated d WHERE (d.seed, d.account, d.item, d.start, d.stop) = (l.seed, l.account, l.item, l.start, l.stop)
		    AND d.night > since AND d.night <= l.night)
		FROM later l ORDER BY 1, 2, 3, 4, 5, 6;
	SQL
	sql >present <<-SQL
		$(cat figures.sql)
		SELECT seed, account, item, start, stop, night,
		  ifnull((SELECT units FROM report r WHERE (r.seed, r.account, r.item, r.start, r.stop, r.night) = (l.seed, l.account, l.item, l.start, l.stop, l.night)), 0)
		FROM later l ORDER BY 1, 2, 3, 4, 5, 6;
	SQL
	[ "$count" -lt 20 ] || { [ "$(wc -l <"$organisations/restated.tsv")" -ge "$count" ] && [ "$(wc -l <present)" -gt $((count * 5)) ]; }
	same_rows present sums
	# Each says what it changes.
	same '' "$(awk -F '\t' '$8 - $7 != $9 || !$9' "$organisations/restated.tsv" | head -n 5)"
}

@test "every ledger that they left is sound" {
	[ "$(find "$organisations" -name '*.db' | wc -l)" -eq $((2 * count)) ]
	while IFS= read -r ledger; do sound "$ledger"; done < <(find "$organisations" -name '*.db')
}
