/*
 * instant_test.c: times and dates, held against tables made from RFC 3339 and against the C library's calendar.
 */
#include "base/instant.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define LENGTH(table) (sizeof(table) / sizeof(table)[0])

/* What is read, and how it is written again; NULL: refused. */
static const struct {
	const char *text, *canonical;
} instants[] = {
	{"2025-01-31T00:00:00Z", "2025-01-31T00:00:00.000Z"},
	{"2025-01-31T00:00:00.000Z", "2025-01-31T00:00:00.000Z"},
	{"1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"},
	/* Docusign's seven digits: cut, never rounded. */
	{"2024-04-29T23:59:59.9999999Z", "2024-04-29T23:59:59.999Z"},
	{"2024-04-30T00:00:00.0000000Z", "2024-04-30T00:00:00.000Z"},
	{"2024-02-01T16:47:31.0571504Z", "2024-02-01T16:47:31.057Z"},
	{"2024-02-01T16:47:31.0009999Z", "2024-02-01T16:47:31.000Z"},
	{"2024-02-01T16:47:31.1Z", "2024-02-01T16:47:31.100Z"},
	{"2024-02-01T16:47:31.12Z", "2024-02-01T16:47:31.120Z"},
	{"2024-02-01T16:47:31.99999999999999999999999999999999999999Z", "2024-02-01T16:47:31.999Z"},
	/* Before 1970 too: the fraction still counts forward. */
	{"1969-12-31T23:59:59.9999999Z", "1969-12-31T23:59:59.999Z"},
	{"1969-12-31T23:59:59.0001Z", "1969-12-31T23:59:59.000Z"},
	{"1900-03-01T00:00:00.001Z", "1900-03-01T00:00:00.001Z"},
	/* Offsets are applied, over midnight, month, leap day and year. */
	{"2025-01-01T00:30:00+01:00", "2024-12-31T23:30:00.000Z"},
	{"2024-12-31T23:30:00-01:00", "2025-01-01T00:30:00.000Z"},
	{"2024-02-29T23:00:00-05:30", "2024-03-01T04:30:00.000Z"},
	{"2024-03-01T01:00:00.5+05:45", "2024-02-29T19:15:00.500Z"},
	{"2025-06-01T12:00:00+00:00", "2025-06-01T12:00:00.000Z"},
	{"2025-06-01T12:00:00-00:00", "2025-06-01T12:00:00.000Z"},
	{"2025-06-01T12:00:00+23:59", "2025-05-31T12:01:00.000Z"},
	{"1970-01-01T00:00:00.000+00:01", "1969-12-31T23:59:00.000Z"},
	/* Lower case and the space are RFC 3339's own leave (section 5.6, notes). */
	{"2025-01-31t10:11:12z", "2025-01-31T10:11:12.000Z"},
	{"2025-01-31 10:11:12Z", "2025-01-31T10:11:12.000Z"},
	/* A leap second is the second before. */
	{"2016-12-31T23:59:60Z", "2016-12-31T23:59:59.000Z"},
	{"2016-12-31T23:59:60.5Z", "2016-12-31T23:59:59.500Z"},
	/* Leap years by the rule of 4, 100 and 400. */
	{"2000-02-29T00:00:00Z", "2000-02-29T00:00:00.000Z"},
	{"2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"},
	{"1900-02-29T00:00:00Z", NULL},
	{"2100-02-29T00:00:00Z", NULL},
	{"2025-02-29T00:00:00Z", NULL},
	{"2025-02-30T00:00:00Z", NULL},
	{"2025-04-31T00:00:00Z", NULL},
	{"2025-00-10T00:00:00Z", NULL},
	{"2025-13-10T00:00:00Z", NULL},
	{"2025-01-00T00:00:00Z", NULL},
	{"2025-01-32T00:00:00Z", NULL},
	{"2025-01-31T24:00:00Z", NULL},
	{"2025-01-31T23:60:00Z", NULL},
	{"2025-01-31T23:59:61Z", NULL},
	/* The run names' compact form. */
	{"20250318T020000Z", "2025-03-18T02:00:00.000Z"},
	{"20240229T235959Z", "2024-02-29T23:59:59.000Z"},
	{"20250229T000000Z", NULL},
	{"20250318T020000X", NULL},
	{"20250318 020000Z", NULL},
	{"2025031XT020000Z", NULL},
	/* Ends of the range. */
	{"0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"},
	{"9999-12-31T23:59:59.9999Z", "9999-12-31T23:59:59.999Z"},
	{"0000-12-31T00:00:00Z", NULL},
	{"0001-01-01T00:00:00+00:01", NULL},
	{"9999-12-31T23:59:59-00:01", NULL},
	/* No time zone, half a time, something after it, other digits. */
	{"2025-01-31T10:11:12", NULL},
	{"2025-01-31T10:11:12.123", NULL},
	{"2025-01-31T10:11Z", NULL},
	{"2025-01-31", NULL},
	{"", NULL},
	{"now", NULL},
	{"2025-01-31T10:11:12.Z", NULL},
	{"2025-01-31T10:11:12,5Z", NULL},
	{"2025-01-31T10:11:12Z ", NULL},
	{" 2025-01-31T10:11:12Z", NULL},
	{"2025-01-31T10:11:12ZZ", NULL},
	{"2025-01-31T10:11:12+0100", NULL},
	{"2025-01-31T10:11:12+01", NULL},
	{"2025-01-31T10:11:12+24:00", NULL},
	{"2025-01-31T10:11:12+01:60", NULL},
	{"2025-01-31T10:11:12 Z", NULL},
	{"2025-01-31T-1:11:12Z", NULL},
	{"2025-01-31T10:+1:12Z", NULL},
	{"2025-1-31T10:11:12.00Z", NULL},
	{"2025/01/31T10:11:12Z", NULL},
	{"2025-01-31_10:11:12Z", NULL},
	{"2025-01-31T10-11-12Z", NULL},
	{"12025-01-31T10:11:12Z", NULL},
	{"/Date(1738281600000)/", NULL},
	{"17382816000000000000", NULL},
};

static void instants_are_read_as_the_table_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(instants); i++) {
		int64_t instant = 42;
		char text[INSTANT_LENGTH + 1] = "";
		int result = instant_parse(instants[i].text, strlen(instants[i].text), &instant);
		if (result == 0)
			instant_format(instant, text);
		if ((result == 0) != (instants[i].canonical != NULL) || (result == 0 && strcmp(text, instants[i].canonical) != 0))
			fail_msg("'%s': expected %s, got %s", instants[i].text, instants[i].canonical ? instants[i].canonical : "a refusal",
				result == 0 ? text : "a refusal");
	}
}

/* The length decides, not a terminator: what follows a field in its line must not be looked at. */
static void only_the_given_bytes_are_read(void **state)
{
	(void)state;
	static const char text[] = "2025-01-31T00:00:00.1234567Z";
	int64_t instant;
	for (size_t length = 0; length <= strlen(text); length++) {
		char *copy = malloc(length + !length);
		memcpy(copy, text, length);
		if ((instant_parse(copy, length, &instant) == 0) != (length == strlen(text)))
			fail_msg("%zu bytes of '%s': wrong", length, text);
		free(copy);
	}
	assert_int_equal(instant_parse("2025-01-31T00:00:00Z,", 20, &instant), 0);
	assert_int_equal(instant_parse("20250131T000000Z,", 16, &instant), 0);
	assert_int_equal(instant, INT64_C(1738281600000));
}

static const struct {
	const char *text;
	int32_t day; /* by `date -u -d TEXT +%s` / 86400 */
	int valid;
} days[] = {
	{"1970-01-01", 0, 1},
	{"1969-12-31", -1, 1},
	{"2024-02-29", 19782, 1},
	{"2025-01-31", 20119, 1},
	{"2000-03-01", 11017, 1},
	{"0001-01-01", -719162, 1},
	{"9999-12-31", 2932896, 1},
	{"2025-02-29", 0, 0},
	{"2025-2-28", 0, 0},
	{"2025-02-281", 0, 0},
	{"2025-02-2", 0, 0},
	{"20250228", 0, 0},
	{"2025-02-28T", 0, 0},
	{"0000-01-01", 0, 0},
	{"-025-01-01", 0, 0},
	{"2025 01 31", 0, 0},
	{"today", 0, 0},
	{"", 0, 0},
};

static void days_are_read_as_the_table_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(days); i++) {
		int32_t day = 0;
		int result = day_parse(days[i].text, strlen(days[i].text), &day);
		if ((result == 0) != days[i].valid || (days[i].valid && day != days[i].day))
			fail_msg("'%s': expected %d, got %s %d", days[i].text, days[i].day, result == 0 ? "day" : "a refusal and", day);
		if (result != 0)
			continue;
		assert_string_equal(day_text(day).text, days[i].text);
	}
}

/* Every day of years 1 to 9999, against timegm(3) and gmtime_r(3). */
static void the_calendar_is_the_c_librarys(void **state)
{
	(void)state;
	for (int32_t day = -719162; day <= 2932896; day++) {
		time_t seconds = (time_t)day * 86400;
		struct tm tm;
		int year, month, month_day;
		if (!gmtime_r(&seconds, &tm))
			fail();
		day_to_civil(day, &year, &month, &month_day);
		if (year != tm.tm_year + 1900 || month != tm.tm_mon + 1 || month_day != tm.tm_mday ||
			day_from_civil(year, month, month_day) != day)
			fail_msg("day %d: got %d-%d-%d", day, year, month, month_day);
	}
}

static void months_have_their_lengths(void **state)
{
	(void)state;
	for (int year = 1896; year <= 2104; year++) {
		for (int month = 1; month <= 12; month++) {
			/* Day 0 of the next month is the last one of this. */
			struct tm tm = {.tm_year = year - 1900, .tm_mon = month, .tm_mday = 0};
			timegm(&tm);
			if (month_length(year, month) != tm.tm_mday)
				fail_msg("%d-%d: got %d, expected %d", year, month, month_length(year, month), tm.tm_mday);
		}
	}
}

static void an_instants_day_is_floored(void **state)
{
	(void)state;
	static const struct {
		int64_t instant;
		int32_t day;
	} table[] = {{0, 0}, {1, 0}, {DAY_MS - 1, 0}, {DAY_MS, 1}, {-1, -1}, {-DAY_MS, -1}, {-DAY_MS - 1, -2}, {-DAY_MS + 1, -1},
		{20119 * DAY_MS, 20119}, {20119 * DAY_MS - 1, 20118}};
	for (size_t i = 0; i < LENGTH(table); i++)
		if (instant_day(table[i].instant) != table[i].day)
			fail_msg("%lld: got %d, expected %d", (long long)table[i].instant, instant_day(table[i].instant), table[i].day);
}

static void what_is_written_is_read_again(void **state)
{
	(void)state;
	uint64_t dice = 88172645463325252u;
	for (int i = 0; i < 100000; i++) {
		dice ^= dice << 13;
		dice ^= dice >> 7;
		dice ^= dice << 17;
		int64_t instant = (int64_t)(dice % (uint64_t)(3652059 * DAY_MS)) - 719162 * DAY_MS, again = 0;
		char text[INSTANT_LENGTH + 1] = "";
		instant_format(instant, text);
		if (instant_parse(text, INSTANT_LENGTH, &again) < 0 || again != instant)
			fail_msg("%lld as '%s' is read as %lld", (long long)instant, text, (long long)again);
	}
}

/* time(2) has a coarser clock, which may be a tick behind. */
static int64_t milliseconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void the_clock_is_the_systems(void **state)
{
	(void)state;
	int64_t before = milliseconds(), clock = instant_of_clock(), after = milliseconds();
	assert_true(before <= clock && clock <= after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(instants_are_read_as_the_table_says),
		cmocka_unit_test(only_the_given_bytes_are_read),
		cmocka_unit_test(days_are_read_as_the_table_says),
		cmocka_unit_test(the_calendar_is_the_c_librarys),
		cmocka_unit_test(months_have_their_lengths),
		cmocka_unit_test(an_instants_day_is_floored),
		cmocka_unit_test(what_is_written_is_read_again),
		cmocka_unit_test(the_clock_is_the_systems),
	};
	return cmocka_run_group_tests_name("instant", tests, NULL, NULL);
}
