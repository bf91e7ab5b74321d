/*
 * ledger_row.h: what a ledger's file holds, checked as it is read. The file may be damaged, or made to do harm.
 *
 * SQLite does not check types, NOT NULL and CHECK when it reads. So a column is read by these, in its range; what is not is EX_DATAERR: the
 * error names table and row and says what to do.
 */
#ifndef ENVTALLY_LEDGER_ROW_H
#define ENVTALLY_LEDGER_ROW_H

#include "ledger/ledger.h"

/* The greatest keys of the tables of names: those of accounts have three bytes, of plan items and statuses two. */
#define LEDGER_ACCOUNT_MOST ((INT64_C(1) << 24) - 1)
#define LEDGER_NAME_MOST INT64_C(65535)

/* The error for what is in none of our ledgers: `format` says which table and row, and what is wrong. Returns -1. */
int ledger_damaged(struct ledger *ledger, struct error *error, const char *format, ...) __attribute__((format(printf, 3, 4)));
#ifdef __clang_analyzer__ /* as in error.h */
#define ledger_damaged(...) (ledger_damaged(__VA_ARGS__), -1)
#endif

/* A column of the present row, an integer from `least` to `most`. `table` is for the error; the row's first column names the row. */
int ledger_integer(struct ledger *ledger, sqlite3_stmt *row, int column, const char *table, int64_t least, int64_t most, int64_t *value,
	struct error *error);

/* A column that is a text of UTF-8; NULL with an error. It lasts as long as the row. */
const char *ledger_text(struct ledger *ledger, sqlite3_stmt *row, int column, const char *table, struct error *error);

/* The same, where the column may be null: then *text is NULL. */
int ledger_text_or_null(struct ledger *ledger, sqlite3_stmt *row, int column, const char *table, const char **text, struct error *error);

#endif
