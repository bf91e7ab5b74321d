/*
 * licence_cells.h: a licence file read by a table of its columns: each row becomes a struct of a list.
 *
 * A row's struct begins with `size_t row`, the line where it begins. A column that the file must have is one whose cells must not be empty.
 * A row of sums below the table is left out, and said so; one whose sums do not fit is a mistake.
 * Words may be in any case. All mistakes of a file are found at once, each given to csv_table_complain(): a cell with a mistake leaves its
 * member 0 or "".
 */
#ifndef ENVTALLY_LICENCE_CELLS_H
#define ENVTALLY_LICENCE_CELLS_H

#include "base/arena.h"
#include "base/money.h"
#include "io/csv_table.h"

#include <stdint.h>

/* Days of a range that has no first or no last day. */
#define DAY_FIRST INT32_MIN
#define DAY_LAST INT32_MAX
#define NO_END_YEAR 2900 /* a last day in this year or later, such as 9999-12-31, is none */

#define RIGHTS_UNLIMITED INT64_C(-1)
#define COUNT_DIGITS 12 /* of a count of units or rights, at most */

enum cell_type {
	CELL_IGNORED, /* no member: `check` reads it, or nobody */
	CELL_TEXT, /* const char *: a copy in the arena */
	CELL_ID, /* the same in lower case (ASCII) */
	CELL_CURRENCY, /* the same, an ISO 4217 code */
	CELL_WORD, /* int or enum: the place among `words`; `otherwise` for an empty cell */
	CELL_FIRST_DAY, /* int32_t: DAY_FIRST for an empty cell */
	CELL_LAST_DAY, /* int32_t: the day after it, DAY_LAST for an empty cell; its column follows a CELL_FIRST_DAY, which it must not precede */
	CELL_COUNT, /* int64_t: a whole number of up to COUNT_DIGITS; 0 for an empty cell */
	CELL_RIGHTS, /* the same, or RIGHTS_UNLIMITED for the word "unlimited" */
	CELL_AMOUNT, /* money; 0 for an empty cell */
};

struct licence_column {
	const char *name;
	bool required;
	enum cell_type type;
	size_t offset; /* of the member in the row's struct */
	const char *const *words; /* NULL-terminated */
	int otherwise;
};

struct licence_file {
	const struct licence_column *columns; /* ended by a NULL name; at most CSV_COLUMN_LIMIT */
	size_t row_size;
	/* What the table cannot say of a row, and of all rows together; either may be NULL. Returns 0, or -1 with an error that ends the reading. */
	int (*check)(struct csv_table *table, char *const cells[], void *row, void *context, struct error *error);
	int (*end)(struct csv_table *table, void *context, struct error *error);
};

/*
 * Appends the file's rows to the list *rows of *count, whose texts are in the arena. The caller releases both, also after an error, which
 * is EX_DATAERR when there were complaints. `context` is for `check` and `end`.
 */
int licence_read(const struct licence_file *file, const char *path, void **rows, size_t *count, struct arena *arena, void *context,
	csv_complain *complain, struct error *error);

/* A copy of a cell; NULL with EX_OSERR. */
char *licence_text(struct arena *arena, const char *cell, struct error *error);
char *licence_id(struct arena *arena, const char *cell, struct error *error); /* in lower case (ASCII) */

/* Says so if the currency of a row was no more when the row began, or has ended and the row has not. */
void licence_check_currency(struct csv_table *table, const char *currency, int32_t start_day, int32_t end_day);

/* An amount of money; false for an empty cell. `digits` as in money_parse(). */
bool licence_amount(struct csv_table *table, char *const cells[], int column, money *amount, int *digits);
bool licence_signed_amount(struct csv_table *table, char *const cells[], int column, money *amount); /* may be below zero */

#endif
