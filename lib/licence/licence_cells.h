/*
 * licence_cells.h: cells of a licence file as values; what is wrong with one is said through csv_table_complain().
 *
 * Columns are by their index among table->columns. Words may be in any case. A function that complains gives a value that the rest
 * of the reading can go on with, so that all mistakes of a file are found at once.
 */
#ifndef ENVTALLY_LICENCE_CELLS_H
#define ENVTALLY_LICENCE_CELLS_H

#include "base/arena.h"
#include "base/money.h"
#include "io/csv_table.h"

/* Days of a range that has no first or no last day. */
#define DAY_FIRST INT32_MIN
#define DAY_LAST INT32_MAX

void licence_require(struct csv_table *table, char *const cells[], int column);

/* The place of a word among those accepted (NULL-terminated; "" for an empty cell), or -1. */
int licence_choose(struct csv_table *table, char *const cells[], int column, const char *const words[]);

/* A day; `otherwise` for an empty cell. */
int32_t licence_day(struct csv_table *table, char *const cells[], int column, int32_t otherwise);

/* Both ends of a range of days, the end exclusive; DAY_FIRST and DAY_LAST where a cell is empty. */
void licence_days(struct csv_table *table, char *const cells[], int first_column, int last_column, int32_t *start, int32_t *end);

/* A whole number of up to 12 digits, or the word, which may be NULL: then `*is_word` is true and the number 0. */
int64_t licence_count(struct csv_table *table, char *const cells[], int column, const char *word, bool *is_word);

/* An amount of money; false for an empty cell. `digits` as in money_parse(). */
bool licence_amount(struct csv_table *table, char *const cells[], int column, money *amount, int *digits);

/* An ISO 4217 code. */
void licence_currency(struct csv_table *table, char *const cells[], int column);

/* A copy of a cell that lives as long as the arena. NULL with EX_OSERR; EX_DATAERR for one of more than 64 KiB. */
char *licence_text(struct arena *arena, const char *cell, struct error *error);

/* The same in lower case (ASCII): for ids. */
char *licence_id(struct arena *arena, const char *cell, struct error *error);

#endif
