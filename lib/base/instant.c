#include "base/instant.h"

#include <endian.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

int32_t day_from_civil(int year, int month, int day)
{
	/* Years that begin in March, counted from 4,000,000 before our era: so none is negative. A cycle of 400 has 146,097 days. */
	uint32_t years = (uint32_t)(year - (month <= 2) + 4000000), centuries = years / 100;
	uint32_t days = years * 365 + years / 4 - centuries + centuries / 4;
	uint32_t day_of_year = (uint32_t)(153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + (uint32_t)day - 1;
	return (int32_t)(days + day_of_year - (UINT32_C(10000) * 146097 + 719468));
}

void day_to_civil(int32_t day, int *year, int *month, int *month_day)
{
	day += 719468;
	int era = (day >= 0 ? day : day - 146096) / 146097;
	int day_of_era = day - era * 146097;
	int year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int shifted = (5 * day_of_year + 2) / 153;
	*month_day = day_of_year - (153 * shifted + 2) / 5 + 1;
	*month = shifted + (shifted < 10 ? 3 : -9);
	*year = year_of_era + era * 400 + (*month <= 2);
}

int month_length(int year, int month)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return lengths[month - 1] + (month == 2 && leap);
}

/* Reads exactly `count` digits; returns -1 when one is none. */
static int digits(const char *text, int count)
{
	int value = 0;
	for (int i = 0; i < count; i++) {
		unsigned digit = (unsigned char)text[i] - (unsigned)'0';
		if (digit > 9)
			return -1;
		value = value * 10 + (int)digit;
	}
	return value;
}

static int civil_day(int year, int month, int month_day, int32_t *day)
{
	if (year < 1 || month < 1 || month > 12 || month_day < 1 || month_day > month_length(year, month))
		return -1;
	*day = day_from_civil(year, month, month_day);
	return 0;
}

int day_parse(const char *text, size_t length, int32_t *day)
{
	if (length != DAY_LENGTH || text[4] != '-' || text[7] != '-')
		return -1;
	return civil_day(digits(text, 4), digits(text + 5, 2), digits(text + 8, 2), day);
}

static int time_of_day(int hour, int minute, int second, int64_t *milliseconds)
{
	if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
		return -1;
	if (second == 60)
		second = 59;
	*milliseconds = ((hour * 60 + minute) * 60 + second) * INT64_C(1000);
	return 0;
}

/* The zone at the end: "Z" or an offset, as milliseconds to subtract. */
static int zone_offset(const char *text, size_t length, int64_t *offset)
{
	if (length == 1 && (*text == 'Z' || *text == 'z')) {
		*offset = 0;
		return 0;
	}
	if (length != 6 || (*text != '+' && *text != '-') || text[3] != ':')
		return -1;
	int hours = digits(text + 1, 2), minutes = digits(text + 4, 2);
	if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
		return -1;
	*offset = (hours * 60 + minutes) * INT64_C(60000) * (*text == '-' ? -1 : 1);
	return 0;
}

static int parse_compact(const char *text, int64_t *instant)
{
	int32_t day;
	int64_t milliseconds;
	if (text[8] != 'T' || text[15] != 'Z' || civil_day(digits(text, 4), digits(text + 4, 2), digits(text + 6, 2), &day) < 0 ||
		time_of_day(digits(text + 9, 2), digits(text + 11, 2), digits(text + 13, 2), &milliseconds) < 0)
		return -1;
	*instant = day * DAY_MS + milliseconds;
	return 0;
}

/* The parts of a time that is canonical but for the length of its fraction. */
struct parts {
	int year, month, day, hour, minute, second, millisecond;
};

/*
 * Eight bytes of YYYY-MM-DDTHH:MM:SS.mmm, as digits from 0 to 9 where a digit belongs and 0 elsewhere; the shape is what is removed. A byte that is
 * no such digit sets a top bit of *wrong: adding its room leaves the others clear.
 */
static inline uint64_t take_digits(const char *text, const char shape[9], const char room[9], uint64_t *wrong)
{
	uint64_t word, plain, add;
	memcpy(&word, text, 8);
	memcpy(&plain, shape, 8);
	memcpy(&add, room, 8);
	word ^= plain;
	*wrong |= word | (word + add);
	return le64toh(word);
}

/* Is it such a time? Any other text, right or wrong, goes through the full parser. */
static inline bool take_parts(const char *text, size_t length, struct parts *parts)
{
	uint64_t wrong = 0;
	if (length < INSTANT_LENGTH || text[length - 1] != 'Z')
		return false;
	uint64_t date = take_digits(text, "0000-00-", "\x76\x76\x76\x76\x7f\x76\x76\x7f", &wrong);
	uint64_t time = take_digits(text + 8, "00T00:00", "\x76\x76\x7f\x76\x76\x7f\x76\x76", &wrong);
	uint64_t rest = take_digits(text + 15, "0:00.000", "\x76\x7f\x76\x76\x7f\x76\x76\x76", &wrong);
	if (wrong & UINT64_C(0x8080808080808080))
		return false;
	for (size_t i = INSTANT_LENGTH - 1; i < length - 1; i++)
		if (text[i] < '0' || text[i] > '9')
			return false;
	parts->millisecond = (int)(rest >> 56);
	/* Each byte becomes ten times itself and the next one: where two digits begin, their number. */
	date = date * 10 + (date >> 8);
	time = time * 10 + (time >> 8);
	rest = rest * 10 + (rest >> 8);
	parts->year = (int)(date & 255) * 100 + (int)(date >> 16 & 255);
	parts->month = (int)(date >> 40 & 255);
	parts->day = (int)(time & 255);
	parts->hour = (int)(time >> 24 & 255);
	parts->minute = (int)(time >> 48 & 255);
	parts->second = (int)(rest >> 16 & 255);
	parts->millisecond += (int)(rest >> 40 & 255) * 10;
	return parts->hour <= 23 && parts->minute <= 59 && parts->second <= 59 && parts->year >= 1 && parts->month >= 1 &&
		parts->month <= 12 && parts->day >= 1 && (parts->day <= 28 || parts->day <= month_length(parts->year, parts->month));
}

int instant_parse(const char *text, size_t length, int64_t *instant)
{
	int32_t day;
	int64_t milliseconds, offset;
	struct parts parts;
	if (take_parts(text, length, &parts)) {
		*instant = day_from_civil(parts.year, parts.month, parts.day) * DAY_MS +
			((parts.hour * 60 + parts.minute) * 60 + parts.second) * 1000 + parts.millisecond;
		return 0;
	}
	if (length == 16)
		return parse_compact(text, instant);
	if (length < 20 || day_parse(text, DAY_LENGTH, &day) < 0 || (text[10] != 'T' && text[10] != 't' && text[10] != ' ') ||
		text[13] != ':' || text[16] != ':' ||
		time_of_day(digits(text + 11, 2), digits(text + 14, 2), digits(text + 17, 2), &milliseconds) < 0)
		return -1;
	size_t at = 19;
	if (text[at] == '.') {
		int scale = 100;
		size_t first = ++at;
		for (; at < length && text[at] >= '0' && text[at] <= '9'; at++, scale /= 10)
			milliseconds += (text[at] - '0') * scale;
		if (at == first)
			return -1;
	}
	if (zone_offset(text + at, length - at, &offset) < 0)
		return -1;
	int64_t value = day * DAY_MS + milliseconds - offset;
	if (value < INSTANT_FIRST || value >= INSTANT_END)
		return -1;
	*instant = value;
	return 0;
}

static void put_two(char *text, int value)
{
	text[0] = (char)('0' + value / 10);
	text[1] = (char)('0' + value % 10);
}

void day_format(int32_t day, char *text)
{
	int year, month, month_day;
	day_to_civil(day, &year, &month, &month_day);
	put_two(text, year / 100 % 100);
	put_two(text + 2, year % 100);
	text[4] = '-';
	put_two(text + 5, month);
	text[7] = '-';
	put_two(text + 8, month_day);
}

struct day_text day_text(int32_t day)
{
	struct day_text text;
	day_format(day, text.text);
	text.text[DAY_LENGTH] = 0;
	return text;
}

int32_t instant_day(int64_t instant)
{
	return (int32_t)((instant - (instant < 0 ? DAY_MS - 1 : 0)) / DAY_MS);
}

void instant_format(int64_t instant, char *text)
{
	int32_t day = instant_day(instant);
	int rest = (int)(instant - day * DAY_MS);
	day_format(day, text);
	memcpy(text + 10, "T00:00:00.000Z", 14);
	put_two(text + 11, rest / 3600000);
	put_two(text + 14, rest / 60000 % 60);
	put_two(text + 17, rest / 1000 % 60);
	text[20] = (char)('0' + rest % 1000 / 100);
	put_two(text + 21, rest % 100);
}

int instant_rewrite(const char *text, size_t length, char *canonical)
{
	int64_t instant;
	struct parts parts;
	if (take_parts(text, length, &parts)) {
		memcpy(canonical, text, INSTANT_LENGTH - 1);
		canonical[INSTANT_LENGTH - 1] = 'Z';
		return 0;
	}
	if (instant_parse(text, length, &instant) < 0)
		return -1;
	instant_format(instant, canonical);
	return 0;
}

static int64_t read_clock(clockid_t clock)
{
	struct timespec now;
	clock_gettime(clock, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

int64_t instant_of_clock(void)
{
	return read_clock(CLOCK_REALTIME);
}

int64_t monotonic_ms(void)
{
	return read_clock(CLOCK_MONOTONIC);
}
