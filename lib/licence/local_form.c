#include "licence/local_form.h"

#include "base/instant.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Day numbers of spreadsheets: days since 1899-12-30; those of the years 1954 to 2118. */
#define SERIAL_ORIGIN (-25569)
#define SERIAL_FIRST 20000
#define SERIAL_LAST 80000

static void add_day(char form[LOCAL_FORM_SIZE], long year, long month, long day)
{
	char text[DAY_LENGTH + 1] = "";
	year += year < 100 ? 2000 : 0;
	if (year < 1000 || year > 9999 || month < 1 || month > 12 || day < 1 || day > month_length((int)year, (int)month))
		return;
	day_format(day_from_civil((int)year, (int)month, (int)day), text);
	if (strstr(form, text))
		return;
	size_t length = strlen(form);
	snprintf(form + length, LOCAL_FORM_SIZE - length, "%s%s", length ? " or " : "", text);
}

/* The month that a word names by its first three letters, in English; 0 for none. */
static long month_of_word(const char *word)
{
	static const char *const months[] = {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"};
	for (int i = 0; i < 12; i++)
		if (strncasecmp(word, months[i], 3) == 0)
			return i + 1;
	return 0;
}

void local_form_of_day(const char *cell, char form[LOCAL_FORM_SIZE])
{
	long a, b, c;
	char first, second, month[16];
	int end = 0, digits = (int)strspn(cell, "0123456789"), length = (int)strlen(cell);
	*form = 0;
	if (length > 40)
		return;
	if (digits == length && length == 8 && sscanf(cell, "%4ld%2ld%2ld", &a, &b, &c) == 3)
		add_day(form, a, b, c);
	else if (digits == length && length == 5 && (a = atol(cell)) >= SERIAL_FIRST && a <= SERIAL_LAST)
		day_format((int32_t)(a + SERIAL_ORIGIN), memset(form, 0, LOCAL_FORM_SIZE));
	else if (sscanf(cell, "%4ld%c%2ld%c%4ld%n", &a, &first, &b, &second, &c, &end) == 5 && first == second && strchr("./-", first) &&
		(!cell[end] || strchr(" T", cell[end]))) {
		if (digits == 4)
			add_day(form, a, b, c);
		else
			add_day(form, c, b, a); /* the day first */
		if (digits <= 2 && first != '.')
			add_day(form, c, a, b);
	} else if (sscanf(cell, "%2ld%*[ .-]%15[A-Za-z]%*[ .,-]%4ld%n", &a, month, &c, &end) == 3 && !cell[end])
		add_day(form, c, month_of_word(month), a);
	else if (sscanf(cell, "%15[A-Za-z]%*[ .-]%2ld%*[ .,-]%4ld%n", month, &a, &c, &end) == 3 && !cell[end])
		add_day(form, c, month_of_word(month), a);
}

bool local_form_is_thousands(const char *cell)
{
	size_t digits = strspn(cell += *cell == '-', "0123456789"), groups = 0;
	if (!digits || digits > 3 || *cell == '0')
		return false;
	for (cell += digits; *cell == '.'; cell += 4, groups++)
		if (strspn(cell + 1, "0123456789") != 3)
			return false;
	return groups && !*cell;
}

/* The length of what may stand beside digits: a currency's sign or code, a blank, an apostrophe between thousands; 0 for none. */
static size_t ornament(const char *at)
{
	static const char *const ornaments[] = {
		" ", "\xc2\xa0", "\xe2\x80\xaf", "'", "\xe2\x80\x99", "$", "\xe2\x82\xac", "\xc2\xa3", "\xc2\xa5"};
	for (size_t i = 0; i < sizeof ornaments / sizeof *ornaments; i++)
		if (strncmp(at, ornaments[i], strlen(ornaments[i])) == 0)
			return strlen(ornaments[i]);
	return isalpha((unsigned char)*at) && isalpha((unsigned char)at[1]) && isalpha((unsigned char)at[2]) &&
			!isalpha((unsigned char)at[3])
		? 3
		: 0;
}

/* Digits, points and commas of the cell, and whether it is below zero; false when it has anything else. */
static bool strip(const char *cell, char plain[LOCAL_FORM_SIZE], bool *is_negative)
{
	size_t length = 0, skip;
	bool has_bracket = false;
	*is_negative = false;
	for (; *cell; cell += skip) {
		skip = ornament(cell);
		bool is_minus = *cell == '-' || strncmp(cell, "\xe2\x88\x92", 3) == 0;
		if (skip)
			continue;
		skip = is_minus && *cell != '-' ? 3 : 1;
		if (strchr("0123456789.,", *cell) && length < 24)
			plain[length++] = *cell;
		else if ((is_minus || *cell == '(') && !length && !*is_negative)
			*is_negative = has_bracket = true;
		else if (*cell != ')' || !has_bracket || cell[1])
			return false;
	}
	plain[length] = 0;
	return length > 0;
}

void local_form_of_amount(const char *cell, bool is_whole, char form[LOCAL_FORM_SIZE])
{
	char plain[LOCAL_FORM_SIZE];
	bool is_negative;
	*form = 0;
	if (strlen(cell) > 40 || !strip(cell, plain, &is_negative))
		return;
	size_t length = strlen(plain);
	const char *comma = strrchr(plain, ','), *point = strrchr(plain, '.'), *last = comma > point ? comma : point;
	bool is_once = last && strchr(plain, *last) == last, is_decimal = last && is_once;
	/* One mark with three digits behind it: a fraction or thousands, and nobody can tell, unless it must be a whole number. */
	if (is_once && !(comma && point) && plain + length - last == 4) {
		if (!is_whole && (last == plain || *plain != '0'))
			return;
		is_decimal = !is_whole;
	}
	/* Marks between thousands have three digits behind each. */
	for (const char *at = plain; *at; at++)
		if (strchr(",.", *at) && !(at == last && is_decimal) &&
			(strspn(at + 1, "0123456789") != 3 || *at == (is_decimal ? *last : 0)))
			return;
	char *to = form;
	if (is_negative)
		*to++ = '-';
	for (const char *at = plain; *at; at++) {
		if (*at == ',' || *at == '.') {
			if (at != last || !is_decimal)
				continue;
			if (is_whole && strspn(at + 1, "0") == strlen(at + 1))
				break;
			if (is_whole || !at[1]) {
				*form = 0;
				return;
			}
			*to++ = '.';
		} else
			*to++ = *at;
	}
	*to = 0;
	if (!strcmp(form, cell))
		*form = 0;
}
