#include "licence/licence_cells.h"

#include "base/array.h"
#include "base/instant.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A file under way. */
struct reading {
	const struct licence_file *file;
	void **rows;
	size_t *count;
	struct arena *arena;
	void *context;
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

static int choose(struct csv_table *table, const struct licence_column *column, const char *cell)
{
	char accepted[300] = "";
	for (int i = 0; column->words[i]; i++) {
		if (strcasecmp(column->words[i], cell) == 0)
			return i;
		strncat(accepted, i ? ", " : "", sizeof accepted - strlen(accepted) - 1);
		strncat(accepted, column->words[i], sizeof accepted - strlen(accepted) - 1);
	}
	csv_table_complain(table, column->name, "'%s' is not one of %s", cell, accepted);
	return 0;
}

static int32_t read_day(struct csv_table *table, const struct licence_column *column, const char *cell, int32_t otherwise)
{
	int32_t day = otherwise;
	if (*cell && day_parse(cell, strlen(cell), &day) < 0)
		csv_table_complain(table, column->name, "'%s' is not a date such as 2025-01-31", cell);
	return day;
}

static int64_t read_count(struct csv_table *table, const struct licence_column *column, const char *cell)
{
	size_t digits = strspn(cell, "0123456789");
	if (column->type == CELL_RIGHTS && strcasecmp(cell, "unlimited") == 0)
		return RIGHTS_UNLIMITED;
	if (digits > 0 && !cell[digits] && digits <= 12)
		return strtoll(cell, NULL, 10);
	csv_table_complain(table, column->name,
		column->type == CELL_RIGHTS ? "'%s' is neither a whole number nor 'unlimited'" : "'%s' is not a whole number", cell);
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
	bool is_empty = !*cell, is_missing = is_empty && column->required;
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
		if (table->complaints == before && *(int32_t *)at <= *(int32_t *)((char *)row + column[-1].offset))
			csv_table_complain(table, column->name, "'%s' lies before the start date %s", cell, cells[i - 1]);
		break;
	case CELL_COUNT:
	case CELL_RIGHTS:
		*(int64_t *)at = is_missing ? 0 : read_count(table, column, cell);
		break;
	case CELL_AMOUNT:
		licence_amount(table, cells, i, at, NULL);
		break;
	}
	return 0;
}

static int read_row(struct csv_table *table, char *const cells[], struct error *error)
{
	const struct reading *reading = table->context;
	const struct licence_file *file = reading->file;
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
	struct reading reading = {file, rows, count, arena, context};
	struct csv_column columns[CSV_COLUMN_LIMIT + 1] = {{NULL, false}};
	for (size_t i = 0; file->columns[i].name; i++)
		columns[i] = (struct csv_column){file->columns[i].name, file->columns[i].required};
	struct csv_table table = {
		.path = path, .columns = columns, .complain = complain, .row = read_row, .end = end_rows, .context = &reading};
	return csv_table_read(&table, error);
}
