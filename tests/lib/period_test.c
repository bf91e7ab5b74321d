/*
 * period_test.c: consumption periods, held against tables written by hand from the rule: start k is the contract's start
 * plus k × months, on its day of the month or, where the month is shorter, on its last.
 */
#include "base/instant.h"
#include "base/period.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define LENGTH(table) (sizeof(table) / sizeof(table)[0])

static int32_t day_of(const char *text)
{
	int32_t day;
	if (day_parse(text, strlen(text), &day) < 0)
		fail_msg("'%s' is no date", text);
	return day;
}

static const struct {
	const char *contract_start;
	int months, index;
	const char *start, *end;
} contracts[] = {
	/* On the 31st: clamped in short months, never drifting. */
	{"2025-01-31", 1, 0, "2025-01-31", "2025-02-28"},
	{"2025-01-31", 1, 1, "2025-02-28", "2025-03-31"},
	{"2025-01-31", 1, 2, "2025-03-31", "2025-04-30"},
	{"2025-01-31", 1, 3, "2025-04-30", "2025-05-31"},
	{"2025-01-31", 1, 12, "2026-01-31", "2026-02-28"},
	{"2025-01-31", 1, 37, "2028-02-29", "2028-03-31"},
	{"2023-10-31", 1, 4, "2024-02-29", "2024-03-31"},
	{"2024-01-31", 3, 0, "2024-01-31", "2024-04-30"},
	{"2024-01-31", 3, 1, "2024-04-30", "2024-07-31"},
	{"2024-01-31", 3, 3, "2024-10-31", "2025-01-31"},
	{"2024-01-31", 12, 1, "2025-01-31", "2026-01-31"},
	/* On the 30th and 29th: only February is too short. */
	{"2025-01-30", 1, 1, "2025-02-28", "2025-03-30"},
	{"2024-01-30", 1, 1, "2024-02-29", "2024-03-30"},
	{"2025-01-29", 1, 1, "2025-02-28", "2025-03-29"},
	{"2024-01-29", 1, 1, "2024-02-29", "2024-03-29"},
	{"2024-11-30", 3, 1, "2025-02-28", "2025-05-30"},
	/* From a leap day: clamped in common years, back on the 29th in leap years. */
	{"2024-02-29", 12, 0, "2024-02-29", "2025-02-28"},
	{"2024-02-29", 12, 1, "2025-02-28", "2026-02-28"},
	{"2024-02-29", 12, 3, "2027-02-28", "2028-02-29"},
	{"2024-02-29", 12, 4, "2028-02-29", "2029-02-28"},
	{"2024-02-29", 48, 1, "2028-02-29", "2032-02-29"},
	{"2096-02-29", 48, 1, "2100-02-28", "2104-02-29"},
	/* An ordinary day, over the turn of the year. */
	{"2024-11-15", 1, 1, "2024-12-15", "2025-01-15"},
	{"2024-11-15", 2, 1, "2025-01-15", "2025-03-15"},
	{"2024-12-01", 1, 1, "2025-01-01", "2025-02-01"},
	{"2024-07-01", 60, 1, "2029-07-01", "2034-07-01"},
	/* Before the contract start. */
	{"2025-01-31", 1, -1, "2024-12-31", "2025-01-31"},
	{"2025-01-31", 1, -11, "2024-02-29", "2024-03-31"},
	{"2025-01-31", 12, -1, "2024-01-31", "2025-01-31"},
	{"2025-03-31", 1, -1, "2025-02-28", "2025-03-31"},
	{"2024-01-31", 3, -1, "2023-10-31", "2024-01-31"},
	{"2025-01-01", 60, -2, "2015-01-01", "2020-01-01"},
};

static void contract_periods_are_as_the_table_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(contracts); i++) {
		struct period_rule rule = period_rule_contract(day_of(contracts[i].contract_start), contracts[i].months);
		struct period period = period_by_index(&rule, contracts[i].index);
		char start[INSTANT_LENGTH + 1] = "", end[INSTANT_LENGTH + 1] = "";
		instant_format(period.start, start);
		instant_format(period.end, end);
		if (period.start != day_of(contracts[i].start) * DAY_MS || period.end != day_of(contracts[i].end) * DAY_MS ||
			period.index != contracts[i].index)
			fail_msg("%s + %d × %d: expected %s to %s, got %s to %s", contracts[i].contract_start, contracts[i].index,
				contracts[i].months, contracts[i].start, contracts[i].end, start, end);
	}
}

static const struct {
	const char *contract_start;
	int months;
	const char *instant;
	int index;
} edges[] = {
	/* Half-open, at the millisecond. */
	{"2024-01-31", 3, "2024-01-30T23:59:59.999Z", -1},
	{"2024-01-31", 3, "2024-01-31T00:00:00.000Z", 0},
	{"2024-01-31", 3, "2024-04-29T23:59:59.999Z", 0},
	{"2024-01-31", 3, "2024-04-30T00:00:00.000Z", 1},
	{"2024-01-31", 3, "2025-01-30T23:59:59.999Z", 3},
	{"2024-01-31", 3, "2025-01-31T00:00:00.000Z", 4},
	{"2025-01-31", 1, "2025-02-27T23:59:59.999Z", 0},
	{"2025-01-31", 1, "2025-02-28T00:00:00.000Z", 1},
	{"2025-01-31", 1, "2025-03-30T23:59:59.999Z", 1},
	{"2025-01-31", 1, "2025-03-31T00:00:00.000Z", 2},
	{"2024-02-29", 12, "2025-02-27T23:59:59.999Z", 0},
	{"2024-02-29", 12, "2025-02-28T00:00:00.000Z", 1},
	{"2024-02-29", 12, "2028-02-28T23:59:59.999Z", 3},
	{"2024-02-29", 12, "2028-02-29T00:00:00.000Z", 4},
	{"2025-01-31", 12, "1969-12-31T23:59:59.999Z", -56},
	{"2025-01-31", 60, "2085-01-30T23:59:59.999Z", 11},
	{"2025-01-31", 60, "2085-01-31T00:00:00.000Z", 12},
};

static void edges_are_half_open(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(edges); i++) {
		struct period_rule rule = period_rule_contract(day_of(edges[i].contract_start), edges[i].months);
		int64_t instant;
		assert_int_equal(instant_parse(edges[i].instant, strlen(edges[i].instant), &instant), 0);
		struct period period = period_of_instant(&rule, instant);
		if (period.index != edges[i].index || instant < period.start || instant >= period.end)
			fail_msg("%s in %s by %d: expected period %d, got %d", edges[i].instant, edges[i].contract_start, edges[i].months,
				edges[i].index, period.index);
	}
}

/* The rule once more, by the C library's calendar: mktime puts too large a day into the next month, which tells that it is. */
static int64_t start_by_libc(const char *contract_start, int months)
{
	struct tm tm = {.tm_mday = 1};
	int year, month, day;
	sscanf(contract_start, "%d-%d-%d", &year, &month, &day);
	tm.tm_year = year - 1900;
	tm.tm_mon = month - 1 + months;
	timegm(&tm);
	int wanted = tm.tm_mon;
	tm.tm_mday = day;
	timegm(&tm);
	if (tm.tm_mon != wanted)
		tm.tm_mday = 0; /* the last day of the month before */
	return (int64_t)timegm(&tm) * 1000;
}

/* Every day from 15 years before to 15 years after, for every renewal from 1 to 60 months. */
static void every_day_is_in_exactly_its_period(void **state)
{
	(void)state;
	static const char *const starts[] = {
		"2025-01-31", "2024-02-29", "2024-01-30", "2023-05-29", "2024-12-31", "2025-03-15", "2000-02-28"};
	for (size_t i = 0; i < LENGTH(starts); i++) {
		int32_t origin = day_of(starts[i]);
		for (int months = 1; months <= 60; months++) {
			struct period_rule rule = period_rule_contract(origin, months);
			struct period period = period_of_day(&rule, origin - 5500);
			for (int32_t day = origin - 5500; day < origin + 5500; day++) {
				if (day * DAY_MS == period.end)
					period = (struct period){
						period.index + 1, period.end, start_by_libc(starts[i], (period.index + 2) * months)};
				struct period got = period_of_day(&rule, day);
				if (got.index != period.index || got.start != start_by_libc(starts[i], got.index * months) ||
					got.end != period.end)
					fail_msg("%s by %d, day %d: got period %d, expected %d", starts[i], months, day, got.index,
						period.index);
				if (day == origin)
					assert_int_equal(got.index, 0);
				/* libc is slow: look at whole years only, at the rest of the days around edges. */
				int32_t left = (int32_t)(period.end / DAY_MS) - day;
				if (left > 2 && months > 2)
					day += left - 2;
			}
		}
	}
}

static const struct {
	const char *calendar, *contract_start, *day;
	int index;
	const char *start, *end;
} calendars[] = {
	{"month", "2025-01-31", "2025-01-31", 0, "2025-01-01", "2025-02-01"},
	{"month", "2025-01-31", "2025-02-01", 1, "2025-02-01", "2025-03-01"},
	{"month", "2025-01-31", "2024-12-31", -1, "2024-12-01", "2025-01-01"},
	{"month", "2024-02-29", "2024-02-29", 0, "2024-02-01", "2024-03-01"},
	{"quarter", "2025-02-15", "2025-01-01", 0, "2025-01-01", "2025-04-01"},
	{"quarter", "2025-12-31", "2025-10-01", 0, "2025-10-01", "2026-01-01"},
	{"quarter", "2025-12-31", "2026-06-30", 2, "2026-04-01", "2026-07-01"},
	{"quarter", "2025-03-31", "2025-03-31", 0, "2025-01-01", "2025-04-01"},
	{"quarter", "2025-04-01", "2025-03-31", -1, "2025-01-01", "2025-04-01"},
	{"year", "2025-06-15", "2025-12-31", 0, "2025-01-01", "2026-01-01"},
	{"year", "2025-06-15", "2024-12-31", -1, "2024-01-01", "2025-01-01"},
	{"year", "1970-01-01", "2025-12-31", 55, "2025-01-01", "2026-01-01"},
};

static void calendar_periods_are_as_the_table_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(calendars); i++) {
		struct period_rule rule;
		struct error error = ERROR_INIT;
		assert_int_equal(period_rule_calendar(calendars[i].calendar, day_of(calendars[i].contract_start), &rule, &error), 0);
		struct period period = period_of_day(&rule, day_of(calendars[i].day));
		if (period.index != calendars[i].index || period.start != day_of(calendars[i].start) * DAY_MS ||
			period.end != day_of(calendars[i].end) * DAY_MS)
			fail_msg("%s of %s from %s: got period %d", calendars[i].calendar, calendars[i].day, calendars[i].contract_start,
				period.index);
	}
}

static void another_calendar_is_refused(void **state)
{
	(void)state;
	static const char *const names[] = {"week", "", "Month", "months", "quarter "};
	for (size_t i = 0; i < LENGTH(names); i++) {
		struct period_rule rule;
		struct error error = ERROR_INIT;
		assert_int_equal(period_rule_calendar(names[i], 0, &rule, &error), -1);
		assert_int_equal(error.status, EX_USAGE);
		assert_non_null(strstr(error.text, names[i]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(contract_periods_are_as_the_table_says),
		cmocka_unit_test(edges_are_half_open),
		cmocka_unit_test(every_day_is_in_exactly_its_period),
		cmocka_unit_test(calendar_periods_are_as_the_table_says),
		cmocka_unit_test(another_calendar_is_refused),
	};
	return cmocka_run_group_tests_name("period", tests, NULL, NULL);
}
