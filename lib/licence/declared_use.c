#include "licence/declared_use.h"

#include "licence/licence_cells.h"

#include <stdlib.h>
#include <string.h>

#define AT(member) .offset = offsetof(struct declared_row, member)

enum { COLUMN_END_DATE = 4 };
static const struct licence_column columns[] = {
	{"account_id", true, CELL_ID, AT(account_id)},
	{"software_model", true, CELL_TEXT, AT(software_model)},
	{"license_metric", true, CELL_TEXT, AT(license_metric)},
	{"start_date", true, CELL_FIRST_DAY, AT(start_day)},
	[COLUMN_END_DATE] = {"end_date", false, CELL_LAST_DAY, AT(end_day)},
	{"units", true, CELL_COUNT, AT(units)},
	{"source", true, CELL_TEXT, AT(source)},
	{"profile", false, CELL_TEXT, AT(profile)},
	{.name = NULL},
};

/* Of one day where no end is given. */
static int check_end(struct csv_table *table, char *const cells[], void *row, void *context, struct error *error)
{
	struct declared_row *declared = row;
	(void)context, (void)error;
	if (declared->end_day != DAY_LAST || declared->start_day == DAY_FIRST)
		return 0;
	if (*cells[COLUMN_END_DATE])
		csv_table_complain(table, columns[COLUMN_END_DATE].name, "'%s' is no last day: use has one", cells[COLUMN_END_DATE]);
	declared->end_day = declared->start_day + 1;
	return 0;
}

/* Are they of one account, metric and source? Then their days are held against each other. */
static int compare_kinds(const struct declared_row *a, const struct declared_row *b)
{
	int order = strcmp(a->account_id, b->account_id);
	order = order ? order : strcmp(a->software_model, b->software_model);
	order = order ? order : strcmp(a->license_metric, b->license_metric);
	return order ? order : strcmp(a->source, b->source);
}

static int compare_rows(const void *left, const void *right)
{
	const struct declared_row *a = left, *b = right;
	int order = compare_kinds(a, b);
	order = order ? order : (a->start_day > b->start_day) - (a->start_day < b->start_day);
	return order ? order : (a->row > b->row) - (a->row < b->row);
}

static int check_overlaps(struct csv_table *table, void *context, struct error *error)
{
	struct declared_use *declared = context;
	const struct declared_row *before = declared->list; /* of the rows so far the one of its kind that ends last */
	(void)error;
	if (declared->count)
		qsort(declared->list, declared->count, sizeof *declared->list, compare_rows);
	for (size_t i = 1; i < declared->count; i++) {
		const struct declared_row *row = &declared->list[i];
		if (compare_kinds(before, row) == 0 && before->end_day > row->start_day) {
			bool is_same =
				before->start_day == row->start_day && before->end_day == row->end_day && before->units == row->units;
			table->line = row->row > before->row ? row->row : before->row;
			csv_table_complain_of_row(table,
				is_same ? "it is the same as line %zu"
					: "line %zu has use of this account from this source for some of the same days",
				row->row > before->row ? before->row : row->row);
		}
		if (compare_kinds(before, row) != 0 || row->end_day > before->end_day)
			before = row;
	}
	return 0;
}

int declared_use_load(const char *path, struct declared_use *declared, csv_complain *complain, struct error *error)
{
	static const struct licence_file file = {columns, sizeof(struct declared_row), .check = check_end, .end = check_overlaps};
	*declared = (struct declared_use){.count = 0};
	int result = licence_read(&file, path, (void **)&declared->list, &declared->count, &declared->arena, declared, complain, error);
	if (result < 0)
		declared_use_release(declared);
	return result;
}

void declared_use_release(struct declared_use *declared)
{
	free(declared->list);
	arena_release(&declared->arena);
	*declared = (struct declared_use){.count = 0};
}

/* Of the row's first `days` days. */
static int64_t units_of_days(const struct declared_row *row, int32_t days)
{
	return row->units * days / (row->end_day - row->start_day); /* COUNT_DIGITS times the days up to the year 9999 are no overflow */
}

int64_t declared_row_units(const struct declared_row *row, int32_t first_day, int32_t end_day)
{
	return units_of_days(row, end_day - row->start_day) - units_of_days(row, first_day - row->start_day);
}
