/*
 * csv_table.h: a CSV file with a header, read with libcsv, its columns found by name. csv_text.h says which files are read.
 *
 * A caller declares its columns; csv_table_read() calls `row` with the cells in the declared order, trimmed of blanks,
 * "" for a column that the file lacks. Lines above the header that begin with '#' are comments; below it they are rows. Rows of empty cells are
 * skipped; so are up to three rows with one text above the header, and columns without a name and cells beyond the header, while they are empty. A spreadsheet leaves off empty cells at a row's end: they are "".
 * Mistakes go to `complain`, "cannot read 'FILE' line N: column "C": what", and are counted; so do those of the file itself: a missing or
 * unknown column, a row with more cells than the header, a line that is not UTF-8 or holds a NUL. At most CSV_COMPLAINTS_SHOWN are given to `complain`.
 * With a wrong header the rows are read too, but what they lack in a column that the file does not have is no mistake of theirs.
 */
#ifndef ENVTALLY_CSV_TABLE_H
#define ENVTALLY_CSV_TABLE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

#define CSV_COLUMN_LIMIT 32
#define CSV_COMPLAINTS_SHOWN 20

struct csv_column {
	const char *name;
	bool required; /* the file must have it */
};

/* Says what is wrong; what is no mistake too: what was read in some way that a person should know of. */
typedef void csv_complain(const char *message, bool is_mistake);

struct csv_table {
	const char *path;
	const struct csv_column *columns; /* ended by a NULL name */
	csv_complain *complain;
	/* Returns 0, or -1 with an error that ends the reading (no memory). Mistakes go to csv_table_complain(). The row may change the cells. */
	int (*row)(struct csv_table *table, char *const cells[], struct error *error);
	int (*end)(struct csv_table *table,
		struct error *error); /* likewise, after the last row: for checks across rows; not with a wrong header. May be NULL */
	void *context;
	size_t line; /* of the row: where it begins, from 1 */
	size_t cells, width; /* of the row, and of the header */
	size_t complaints;
	char separator;
	bool is_header_wrong, has[CSV_COLUMN_LIMIT]; /* has: by number of the declared columns */
};

/* Returns 0; -1 with an error, EX_DATAERR when there were complaints. An empty file lacks its header. */
int csv_table_read(struct csv_table *table, struct error *error);

/* Reports a mistake in a cell of the present row; the other one in all of it. */
void csv_table_complain(struct csv_table *table, const char *column, const char *format, ...) __attribute__((format(printf, 3, 4)));
void csv_table_complain_of_row(struct csv_table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Says of the present row what is no mistake. */
void csv_table_note(struct csv_table *table, const char *text);

#endif
