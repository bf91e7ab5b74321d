#include "licence/licence_cells.h"

#include "base/instant.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void licence_require(struct csv_table *table, char *const cells[], int column)
{
	if (!*cells[column])
		csv_table_complain(table, table->columns[column].name, "it must not be empty");
}

int licence_choose(struct csv_table *table, char *const cells[], int column, const char *const words[])
{
	char accepted[300] = "";
	for (int i = 0; words[i]; i++) {
		if (strcasecmp(words[i], cells[column]) == 0)
			return i;
		if (*words[i]) {
			strncat(accepted, *accepted ? ", " : "", sizeof accepted - strlen(accepted) - 1);
			strncat(accepted, words[i], sizeof accepted - strlen(accepted) - 1);
		}
	}
	csv_table_complain(table, table->columns[column].name, "'%s' is not one of %s", cells[column], accepted);
	return -1;
}

int32_t licence_day(struct csv_table *table, char *const cells[], int column, int32_t otherwise)
{
	int32_t day = otherwise;
	if (*cells[column] && day_parse(cells[column], strlen(cells[column]), &day) < 0)
		csv_table_complain(table, table->columns[column].name, "'%s' is not a date such as 2025-01-31", cells[column]);
	return day;
}

void licence_days(struct csv_table *table, char *const cells[], int first_column, int last_column, int32_t *start, int32_t *end)
{
	size_t before = table->complaints;
	*start = licence_day(table, cells, first_column, DAY_FIRST);
	int32_t last = licence_day(table, cells, last_column, DAY_LAST - 1);
	*end = last + 1;
	if (table->complaints == before && *end <= *start)
		csv_table_complain(table, table->columns[last_column].name, "'%s' lies before the start date %s", cells[last_column],
			cells[first_column]);
}

int64_t licence_count(struct csv_table *table, char *const cells[], int column, const char *word, bool *is_word)
{
	const char *text = cells[column];
	size_t digits = strspn(text, "0123456789");
	if (word) {
		*is_word = strcasecmp(text, word) == 0;
		if (*is_word)
			return 0;
	}
	if (digits > 0 && !text[digits] && digits <= 12)
		return strtoll(text, NULL, 10);
	if (word)
		csv_table_complain(table, table->columns[column].name, "'%s' is neither a whole number nor '%s'", text, word);
	else
		csv_table_complain(table, table->columns[column].name, "'%s' is not a whole number", text);
	return 0;
}

bool licence_amount(struct csv_table *table, char *const cells[], int column, money *amount, int *digits)
{
	*amount = 0;
	if (!*cells[column])
		return false;
	if (money_parse(cells[column], amount, digits) < 0)
		csv_table_complain(table, table->columns[column].name,
			"'%s' is not an amount such as 1250.00, without separators and with at most 6 digits after the point",
			cells[column]);
	return true;
}

void licence_currency(struct csv_table *table, char *const cells[], int column)
{
	if (currency_digits(cells[column]) < 0)
		csv_table_complain(table, table->columns[column].name, "'%s' is not a currency of ISO 4217, such as USD", cells[column]);
}

char *licence_text(struct arena *arena, const char *cell, struct error *error)
{
	size_t size = strlen(cell) + 1;
	if (size > (size_t)60 << 10) {
		error_set(error, EX_DATAERR, "cannot read a licence file: a cell is longer than 60 KiB");
		return NULL;
	}
	char *copy = arena_take(arena, size);
	if (!copy) {
		error_set(error, EX_OSERR, "out of memory");
		return NULL;
	}
	return memcpy(copy, cell, size);
}

char *licence_id(struct arena *arena, const char *cell, struct error *error)
{
	char *copy = licence_text(arena, cell, error);
	for (char *at = copy; at && *at; at++)
		*at = (char)(*at + ((unsigned char)(*at - 'A') < 26) * 32);
	return copy;
}
