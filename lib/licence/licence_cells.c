#include "licence/licence_cells.h"

#include "base/array.h"
#include "base/buffer.h"
#include "base/instant.h"
#include "base/near_miss.h"
#include "base/utf8.h"
#include "licence/local_form.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SUM_DIGITS 6

/* A file under way. */
struct reading {
	const struct licence_file *file;
	void **rows;
	size_t *count;
	struct arena *arena;
	void *context;
	struct {
		money all, since; /* of a column: of all rows so far, and of those since the last total */
		bool has_text;
	} sums[CSV_COLUMN_LIMIT];
};

char *licence_text(struct arena *arena, const char *cell, struct error *error)
{
	size_t size = strlen(cell) + 1;
	char *copy = arena_take(arena, size);
	if (copy)
		return memcpy(copy, cell, size);
	error_set(error, EX_OSERR, "out of memory");
	return NULL;
}

char *licence_id(struct arena *arena, const char *cell, struct error *error)
{
	char *copy = licence_text(arena, cell, error);
	for (char *at = copy; at && *at; at++)
		*at = (char)(*at + ((unsigned char)(*at - 'A') < 26) * 32);
	return copy;
}

/* Says that a cell is not what it must be, and what it may have been meant as. */
static void complain_of_form(struct csv_table *table, const char *column, const char *cell, void (*form_of)(const char *, bool, char *),
	bool is_whole, const char *what)
{
	char form[LOCAL_FORM_SIZE];
	form_of(cell, is_whole, form);
	csv_table_complain(table, column, "'%s' is not %s%s%s", cell, what, *form ? ": write " : "", form);
}

static void form_of_day(const char *cell, bool is_whole, char form[LOCAL_FORM_SIZE])
{
	(void)is_whole;
	local_form_of_day(cell, form);
}

bool licence_amount(struct csv_table *table, char *const cells[], int column, money *amount, int *digits)
{
	const char *cell = cells[column], *name = table->columns[column].name;
	*amount = 0;
	if (!*cell)
		return false;
	if (table->separator == ';' && local_form_is_thousands(cell))
		csv_table_complain(
			table, name, "'%s' may be thousands, or have a fraction: write it without separators, or with another digit", cell);
	else if (money_parse(cell, amount, digits) < 0)
		complain_of_form(table, name, cell, local_form_of_amount, false,
			"an amount such as 1250.00, without separators and with at most 6 digits after the point");
	return true;
}

bool licence_signed_amount(struct csv_table *table, char *const cells[], int column, money *amount)
{
	char *const *cell = &cells[column];
	bool is_negative = **cell == '-' && money_parse(*cell + 1, amount, NULL) == 0;
	if (!is_negative)
		return licence_amount(table, cells, column, amount, NULL);
	*amount = -*amount;
	return true;
}

void licence_check_currency(struct csv_table *table, const char *currency, int32_t start_day, int32_t end_day)
{
	int32_t last = currency_last_day(currency);
	char text[DAY_LENGTH + 1] = "";
	if (last == INT32_MAX || (start_day <= last && end_day < DAY_LAST))
		return;
	day_format(last, text);
	csv_table_complain(table, "currency", "'%s' ended on %s: a row in it must begin by then, and have an end date", currency, text);
}

static int choose(struct csv_table *table, const struct licence_column *column, const char *cell)
{
	char accepted[300] = "";
	struct near_miss search = {.wanted = cell};
	for (int i = 0; column->words[i]; i++) {
		if (strcasecmp(column->words[i], cell) == 0)
			return i;
		near_miss_try(&search, column->words[i]);
		strncat(accepted, i ? ", " : "", sizeof accepted - strlen(accepted) - 1);
		strncat(accepted, column->words[i], sizeof accepted - strlen(accepted) - 1);
	}
	csv_table_complain(table, column->name, search.nearest ? "'%s' is not one of %s; did you mean '%s'?" : "'%s' is not one of %s",
		cell, accepted, search.nearest);
	return 0;
}

static int32_t read_day(struct csv_table *table, const struct licence_column *column, const char *cell, int32_t otherwise)
{
	int32_t day = otherwise;
	if (*cell && day_parse(cell, strlen(cell), &day) < 0)
		complain_of_form(table, column->name, cell, form_of_day, false, "a date such as 2025-01-31");
	return day;
}

static int64_t read_count(struct csv_table *table, const struct licence_column *column, const char *cell)
{
	size_t digits = strspn(cell, "0123456789");
	if (column->type == CELL_RIGHTS && strcasecmp(cell, "unlimited") == 0)
		return RIGHTS_UNLIMITED;
	if (digits > 0 && !cell[digits] && digits <= COUNT_DIGITS)
		return strtoll(cell, NULL, 10);
	if (digits > 0 && !cell[digits]) {
		csv_table_complain(table, column->name, "'%s' has more than %d digits", cell, COUNT_DIGITS);
		return 0;
	}
	char form[LOCAL_FORM_SIZE];
	local_form_of_amount(cell, true, form);
	csv_table_complain(table, column->name,
		column->type == CELL_RIGHTS ? "'%s' is neither a whole number nor 'unlimited'%s%s" : "'%s' is not a whole number%s%s", cell,
		*form ? ": write " : "", form);
	return 0;
}

/* The cell of a column whose number is `i`. Returns 0, or -1 when memory is short. */
static int read_cell(struct csv_table *table, char *const cells[], int i, void *row, struct error *error)
{
	const struct reading *reading = table->context;
	const struct licence_column *column = &reading->file->columns[i];
	void *at = (char *)row + column->offset;
	const char *cell = cells[i];
	size_t before = table->complaints;
	if (column->required && !*cell)
		csv_table_complain(table, column->name, "it must not be empty");
	bool is_empty = !*cell;
	switch (column->type) {
	case CELL_IGNORED:
		break;
	case CELL_CURRENCY:
		if (!is_empty && currency_digits(cell) < 0)
			csv_table_complain(table, column->name, "'%s' is not a currency of ISO 4217, such as USD", cell);
		/* fall through */
	case CELL_TEXT:
	case CELL_ID:
		*(const char **)at = (column->type == CELL_ID ? licence_id : licence_text)(reading->arena, cell, error);
		return *(const char **)at ? 0 : -1;
	case CELL_WORD:
		*(int *)at = is_empty ? column->otherwise : choose(table, column, cell);
		break;
	case CELL_FIRST_DAY:
		*(int32_t *)at = read_day(table, column, cell, DAY_FIRST);
		break;
	case CELL_LAST_DAY:
		*(int32_t *)at = read_day(table, column, cell, DAY_LAST - 1) + 1;
		if (*(int32_t *)at > day_from_civil(NO_END_YEAR, 1, 1))
			*(int32_t *)at = DAY_LAST;
		if (table->complaints == before && *(int32_t *)at <= *(int32_t *)((char *)row + column[-1].offset))
			csv_table_complain(table, column->name, "'%s' lies before the start date %s", cell, cells[i - 1]);
		break;
	case CELL_COUNT:
	case CELL_RIGHTS:
		*(int64_t *)at = is_empty ? 0 : read_count(table, column, cell);
		break;
	case CELL_AMOUNT:
		licence_amount(table, cells, i, at, NULL);
		break;
	}
	return 0;
}

/*
 * What spreadsheets put into a cell that nobody sees: line breaks and blanks other than a space, and an apostrophe before what looks like a number or a
 * formula, which keeps it a text.
 */
static void clean(char *cell)
{
	static const char marked[] = "=+-@0123456789";
	const char *from = cell + (*cell == '\'' && cell[1] && strchr(marked, cell[1]));
	bool is_blank = false;
	for (size_t length; *from; from += length) {
		const char *at = from;
		length = utf8_character(from, strlen(from));
		size_t left = length = length ? length : 1;
		utf8_trim(&at, &left);
		if (left) {
			memmove(cell, from, length);
			cell += length;
		} else if (!is_blank || (length == 1 && *from == ' '))
			*cell++ = ' ';
		is_blank = !left;
	}
	*cell = 0;
}

/* A cell as a number, which may be below zero. */
static bool read_number(const char *cell, money *number)
{
	bool is_negative = *cell == '-';
	if (money_parse(cell + is_negative, number, NULL) < 0)
		return false;
	*number = is_negative ? -*number : *number;
	return true;
}

static void add_to_sums(const struct csv_table *table, char *const cells[])
{
	struct reading *reading = table->context;
	money number;
	for (size_t i = 0; table->columns[i].name; i++)
		if (read_number(cells[i], &number)) {
			reading->sums[i].all += number;
			reading->sums[i].since += number;
		} else
			reading->sums[i].has_text |= *cells[i] != 0;
}

/* The sums below a table: a row that begins with such a word and lacks what a row must have. *label is the word's column. */
static bool is_total(const struct csv_table *table, char *const cells[], size_t *label)
{
	static const char *const words[] = {"total", "totals", "grand total", "subtotal", "sum", "summe", "gesamt", "gesamtsumme", "somme",
		"totale", "totaal", "suma", "total general", "total g\xc3\xa9n\xc3\xa9ral"};
	const char *word = NULL;
	bool lacks = false;
	for (size_t i = 0; table->columns[i].name; i++) {
		for (size_t k = 0; k < sizeof words / sizeof *words && !word; k++) {
			size_t length = strlen(words[k]);
			if (strncasecmp(cells[i], words[k], length) == 0 && (!cells[i][length] || strcmp(cells[i] + length, ":") == 0)) {
				word = words[k];
				*label = i;
			}
		}
		lacks |= table->columns[i].required && table->has[i] && !*cells[i];
	}
	return word && lacks;
}

/* The first column in which a total is not what the rows above come to: all of them, or those since the total before. SIZE_MAX for none. */
static size_t wrong_sum(const struct csv_table *table, char *const cells[], size_t label, bool since)
{
	const struct reading *reading = table->context;
	money number;
	for (size_t i = 0; table->columns[i].name; i++) {
		/* Of cells with mistakes no sum is known. */
		bool is_text = i == label || !*cells[i] || reading->file->columns[i].type == CELL_CURRENCY ||
			(reading->sums[i].has_text && table->complaints);
		if (!is_text && (!read_number(cells[i], &number) || number != (since ? reading->sums[i].since : reading->sums[i].all)))
			return i;
	}
	return SIZE_MAX;
}

static void read_total(struct csv_table *table, char *const cells[], size_t label)
{
	struct reading *reading = table->context;
	size_t wrong = wrong_sum(table, cells, label, false);
	if (wrong == SIZE_MAX || wrong_sum(table, cells, label, true) == SIZE_MAX) {
		for (size_t i = 0; i < CSV_COLUMN_LIMIT; i++)
			reading->sums[i].since = 0;
		csv_table_note(table, "this is a total of the rows above: it is left out");
		return;
	}
	int64_t sum;
	struct buffer text = BUFFER_INIT;
	if (money_round(reading->sums[wrong].all, 1, 1, SUM_DIGITS, &sum, NULL) == 0)
		money_append(&text, sum, SUM_DIGITS);
	/* Without zeros behind the point. */
	while (text.length && strchr(text.data, '.') && strchr("0.", text.data[text.length - 1]))
		text.data[--text.length] = 0;
	csv_table_complain(table, table->columns[wrong].name,
		"this is a total, but '%s' is not what the rows above come to, %s: correct it, or delete the row", cells[wrong],
		text.length ? text.data : "another number");
	buffer_release(&text);
}

/* A row that ends before a cell that must not be empty. */
static bool is_too_short(struct csv_table *table, char *const cells[])
{
	for (size_t i = 0; table->columns[i].name && table->cells < table->width; i++)
		if (table->columns[i].required && table->has[i] && !*cells[i]) {
			csv_table_complain_of_row(table, "it has %zu cells, the header has %zu: \"%s\" must not be empty", table->cells,
				table->width, table->columns[i].name);
			return true;
		}
	return false;
}

static int read_row(struct csv_table *table, char *const cells[], struct error *error)
{
	const struct reading *reading = table->context;
	size_t label = 0;
	const struct licence_file *file = reading->file;
	for (int i = 0; file->columns[i].name; i++)
		if (*cells[i])
			clean(cells[i]);
	if (is_total(table, cells, &label)) {
		read_total(table, cells, label);
		return 0;
	}
	if (is_too_short(table, cells))
		return 0;
	add_to_sums(table, cells);
	void *row = array_grow(reading->rows, reading->count, file->row_size, error);
	if (!row)
		return -1;
	*(size_t *)row = table->line;
	for (int i = 0; file->columns[i].name; i++)
		if (read_cell(table, cells, i, row, error) < 0)
			return -1;
	return file->check ? file->check(table, cells, row, reading->context, error) : 0;
}

static int end_rows(struct csv_table *table, struct error *error)
{
	const struct reading *reading = table->context;
	return reading->file->end ? reading->file->end(table, reading->context, error) : 0;
}

int licence_read(const struct licence_file *file, const char *path, void **rows, size_t *count, struct arena *arena, void *context,
	csv_complain *complain, struct error *error)
{
	struct reading reading = {.file = file, .rows = rows, .count = count, .arena = arena, .context = context};
	struct csv_column columns[CSV_COLUMN_LIMIT + 1] = {{NULL, false}};
	for (size_t i = 0; file->columns[i].name; i++)
		columns[i] = (struct csv_column){file->columns[i].name, file->columns[i].required};
	struct csv_table table = {
		.path = path, .columns = columns, .complain = complain, .row = read_row, .end = end_rows, .context = &reading};
	return csv_table_read(&table, error);
}
