#include "ledger/ledger_row.h"

#undef ledger_damaged

#include "base/format_arguments.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <stdio.h>

int ledger_damaged(struct ledger *ledger, struct error *error, const char *format, ...)
{
	char what[400];
	FORMAT_ARGUMENTS(what, format);
	return error_set(error, EX_DATAERR,
		"cannot use ledger '%s': %s: it is damaged; `envtally rebuild` makes it anew from the recordings", ledger->path, what);
}

static int wrong_column(struct ledger *ledger, sqlite3_stmt *row, int column, const char *table, const char *what, struct error *error)
{
	char name[100];
	snprintf(name, sizeof name, "%s", sqlite3_column_name(row, column));
	const char *key = (const char *)sqlite3_column_text(row, 0);
	return ledger_damaged(ledger, error, "table %s, row '%.100s': %s is %s", table, key ? key : "", name, what);
}

int ledger_integer(struct ledger *ledger, sqlite3_stmt *row, int column, const char *table, int64_t least, int64_t most, int64_t *value,
	struct error *error)
{
	char what[100];
	*value = sqlite3_column_int64(row, column);
	if (sqlite3_column_type(row, column) == SQLITE_INTEGER && *value >= least && *value <= most)
		return 0;
	*value = least;
	snprintf(what, sizeof what, "not an integer from %" PRId64 " to %" PRId64, least, most);
	return wrong_column(ledger, row, column, table, what, error);
}

int ledger_text_or_null(struct ledger *ledger, sqlite3_stmt *row, int column, const char *table, const char **text, struct error *error)
{
	int type = sqlite3_column_type(row, column);
	*text = type == SQLITE_TEXT ? (const char *)sqlite3_column_text(row, column) : NULL;
	size_t length = (size_t)sqlite3_column_bytes(row, column);
	if (type == SQLITE_NULL || (*text && utf8_prefix(*text, length) == length))
		return 0;
	*text = NULL;
	return wrong_column(ledger, row, column, table, "not a text of UTF-8", error);
}

const char *ledger_text(struct ledger *ledger, sqlite3_stmt *row, int column, const char *table, struct error *error)
{
	const char *text;
	if (ledger_text_or_null(ledger, row, column, table, &text, error) == 0 && !text)
		wrong_column(ledger, row, column, table, "null", error);
	return text;
}
