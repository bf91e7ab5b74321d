/*
 * csv_table.h: a CSV file with a header, read with libcsv, its columns found by name.
 *
 * A caller declares its columns; csv_table_read() calls `row` with the cells in the declared order, trimmed of blanks,
 * "" for a column that the file has not. Mistakes of the file as a whole (missing or unknown column, a row of the wrong width,
 * not UTF-8) go to `complain` as "file: line N: column C: what" and count.
 */
#ifndef ENVTALLY_CSV_TABLE_H
#define ENVTALLY_CSV_TABLE_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>

#define CSV_COLUMN_LIMIT 32

struct csv_column {
	const char *name;
	bool required; /* the file must have it */
};

struct csv_table {
	const char *path;
	const struct csv_column *columns; /* ended by a NULL name */
	void (*complain)(const char *message);
	/* Returns 0, or -1 with an error that ends the reading (no memory). Mistakes go to csv_table_complain(). */
	int (*row)(struct csv_table *table, char *const cells[], struct error *error);
	void *context;
	size_t line;       /* of the row: where it begins, from 1 */
	size_t complaints;
};

/* Returns 0; -1 with an error, EX_DATAERR when there were complaints. An empty file lacks its header. */
int csv_table_read(struct csv_table *table, struct error *error);

/* Says what is wrong with a cell of the present row. */
void csv_table_complain(struct csv_table *table, const char *column, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
