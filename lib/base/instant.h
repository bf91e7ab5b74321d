/*
 * instant.h: points in time and civil dates.
 *
 * An instant is an int64_t: milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted (POSIX). A day is an
 * int32_t: days since 1970-01-01. Both in the proleptic Gregorian calendar, years 0001 to 9999, always UTC.
 * Fractions beyond milliseconds are cut, never rounded, so an instant stays within its period.
 */
#ifndef ENVTALLY_INSTANT_H
#define ENVTALLY_INSTANT_H

#include <stddef.h>
#include <stdint.h>

#define INSTANT_NONE INT64_MIN /* no time: null or absent in the records */
#define DAY_MS INT64_C(86400000)

/* The first instant of the calendar, and the first after it. */
#define INSTANT_FIRST INT64_C(-62135596800000)
#define INSTANT_END INT64_C(253402300800000)

/* Of times in periods: the years 1000 to 8999. Around others a period may begin or end outside of the calendar, where it has no text. */
#define INSTANT_DATED_FROM INT64_C(-30610224000000)
#define INSTANT_DATED_UNTIL INT64_C(221845392000000)

#define INSTANT_LENGTH 24 /* of 2025-01-31T00:00:00.000Z */
#define DAY_LENGTH 10 /* of 2025-01-31 */

/*
 * Reads an RFC 3339 date-time (section 5.6): "T" or a space between date and time, fraction of any length, "Z" or a
 * numeric offset, which is applied; a leap second (:60) counts as the second before. Also the compact form of run names,
 * 20250131T000000Z. Returns 0, or -1 for anything else.
 */
int instant_parse(const char *text, size_t length, int64_t *instant);

/* Writes YYYY-MM-DDTHH:MM:SS.mmmZ: INSTANT_LENGTH bytes, without a terminator. */
void instant_format(int64_t instant, char *text);

/* instant_parse() and instant_format() in one, faster for a text that is nearly canonical already. Returns 0, or -1. */
int instant_rewrite(const char *text, size_t length, char *canonical);

/* Reads YYYY-MM-DD; returns 0, or -1 when it is not a date of the calendar. */
int day_parse(const char *text, size_t length, int32_t *day);

/* Writes YYYY-MM-DD: DAY_LENGTH bytes, without a terminator. */
void day_format(int32_t day, char *text);

/* The same as a string, for messages: buffer_append_format(text, "since %s", day_text(day).text). */
struct day_text {
	char text[DAY_LENGTH + 1];
};
struct day_text day_text(int32_t day);

/* The day that an instant lies in; floors, so that it is right before 1970 too. */
int32_t instant_day(int64_t instant);

/* Days since 1970-01-01 of a civil date (month 1 to 12; day may exceed the month), and back. Howard Hinnant's algorithms. */
int32_t day_from_civil(int year, int month, int day);
void day_to_civil(int32_t day, int *year, int *month, int *month_day);

int month_length(int year, int month);

/* The wall clock. Programs use options_now() (options.h), which --now can set. */
int64_t instant_of_clock(void);

/* Milliseconds of a clock that is never set, for how long something took. */
int64_t monotonic_ms(void);

#endif
