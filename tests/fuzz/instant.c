/* fuzz_instant: times and dates as texts, against a regular expression and the C library's calendar. */
#include "fuzz.h"

#include "base/instant.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define DIGITS(n) "([0-9]{" #n "})"
#define LONGEST 80 /* of a text that is checked: regular expressions are slow */

static int number(const char *text, regmatch_t match)
{
	return match.rm_so < 0 ? 0 : atoi(text + match.rm_so);
}

/* Milliseconds of a date and a time of the calendar; false for others. */
static bool calendar(int year, int month, int day, int hour, int minute, int second, int64_t *instant)
{
	struct tm fields = {
		.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day, .tm_hour = hour, .tm_min = minute, .tm_sec = second};
	time_t seconds = timegm(&fields);
	*instant = (int64_t)seconds * 1000;
	return year >= 1 && fields.tm_year == year - 1900 && fields.tm_mon == month - 1 && fields.tm_mday == day &&
		fields.tm_hour == hour && fields.tm_min == minute && fields.tm_sec == second;
}

static bool expected(const char *text, int64_t *instant)
{
	static regex_t full, compact;
	static bool is_ready;
	regmatch_t part[14];
	if (!is_ready)
		is_ready = regcomp(&full,
				   "^" DIGITS(4) "-" DIGITS(2) "-" DIGITS(2) "[Tt ]" DIGITS(2) ":" DIGITS(2) ":" DIGITS(
					   2) "(\\.([0-9]+))?"
					      "([Zz]|([+-])" DIGITS(2) ":" DIGITS(2) ")$",
				   REG_EXTENDED) == 0 &&
			regcomp(&compact, "^" DIGITS(4) DIGITS(2) DIGITS(2) "T" DIGITS(2) DIGITS(2) DIGITS(2) "Z$", REG_EXTENDED) == 0;
	bool is_full = regexec(&full, text, 13, part, 0) == 0;
	if (!is_full && regexec(&compact, text, 7, part, 0) != 0)
		return false;
	int numbers[7];
	for (int i = 1; i < 7; i++) /* those of the compact form have no end */
		numbers[i] = (int)strtol(strndupa(text + part[i].rm_so, (size_t)(part[i].rm_eo - part[i].rm_so)), NULL, 10);
	int second = numbers[6] == 60 ? 59 : numbers[6];
	if (!calendar(numbers[1], numbers[2], numbers[3], numbers[4], numbers[5], second, instant))
		return false;
	if (!is_full)
		return true;
	char milliseconds[4] = "000";
	for (int i = 0; part[8].rm_so >= 0 && i < 3 && part[8].rm_so + i < part[8].rm_eo; i++)
		milliseconds[i] = text[part[8].rm_so + i];
	*instant += atoi(milliseconds);
	if (part[10].rm_so < 0)
		return true;
	int hours = number(text, part[11]), minutes = number(text, part[12]);
	*instant += (hours * 60 + minutes) * (text[part[10].rm_so] == '-' ? 60000 : -60000);
	return hours < 24 && minutes < 60 && *instant >= -62135596800000 && *instant < 253402300800000;
}

static void check_text(const char *text)
{
	char got[INSTANT_LENGTH], rewritten[INSTANT_LENGTH], wanted[64];
	int64_t instant, wanted_instant;
	bool is_time = expected(text, &wanted_instant);
	FUZZ_CHECK((instant_parse(text, strlen(text), &instant) == 0) == is_time);
	FUZZ_CHECK((instant_rewrite(text, strlen(text), rewritten) == 0) == is_time);
	if (!is_time)
		return;
	FUZZ_CHECK(instant == wanted_instant);
	int64_t milliseconds = (instant % 1000 + 1000) % 1000;
	time_t seconds = (instant - milliseconds) / 1000;
	struct tm fields;
	gmtime_r(&seconds, &fields);
	snprintf(wanted, sizeof wanted, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", fields.tm_year + 1900, fields.tm_mon + 1, fields.tm_mday,
		fields.tm_hour, fields.tm_min, fields.tm_sec, (int)milliseconds);
	instant_format(instant, got);
	FUZZ_CHECK(memcmp(got, wanted, INSTANT_LENGTH) == 0 && memcmp(rewritten, wanted, INSTANT_LENGTH) == 0);
	FUZZ_CHECK(instant_day(instant) ==
		timegm(&(struct tm){.tm_year = fields.tm_year, .tm_mon = fields.tm_mon, .tm_mday = fields.tm_mday}) / 86400);
}

static void check_day(const char *text)
{
	int32_t day;
	char canonical[DAY_LENGTH];
	char with_time[LONGEST + 32];
	int64_t instant;
	snprintf(with_time, sizeof with_time, "%sT00:00:00Z", text);
	bool is_day = expected(with_time, &instant);
	FUZZ_CHECK((day_parse(text, strlen(text), &day) == 0) == is_day);
	if (!is_day)
		return;
	day_format(day, canonical);
	FUZZ_CHECK(day * DAY_MS == instant && memcmp(canonical, text, DAY_LENGTH) == 0);
}

void fuzz_instant(const uint8_t *bytes, size_t length)
{
	struct fuzz_input input = {bytes, length};
	struct buffer text = BUFFER_INIT;
	while (fuzz_line(&input, &text)) {
		char *exact = strndup(text.data, LONGEST); /* without room after it, so that a sanitizer sees what reads beyond */
		check_text(exact);
		check_day(exact);
		free(exact);
	}
	buffer_release(&text);
}
