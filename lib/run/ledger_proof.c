#include "run/ledger_proof.h"

#include "ledger/ledger.h"
#include "merge/envelope_row.h"

#include <stdio.h>
#include <string.h>

/* The columns of the key come first in each statement. */
static const struct table {
	const char *name;
	int keys;
} tables[] = {{"job_result", 1}, {"account", 1}, {"account_site", 2}, {"plan_item", 1}, {"status", 1}, {"subscription", 3},
	{"billing_period", 2}, {"envelope_block", 1}, {"layout", 1}, {"sent_week", 3}, {"late_envelope", 1}, {"conflict", 2},
	{"checkpoint", 1}, {"reported", 4}, {"restatement", 5}, {"result", 3}};

static int compare_columns(sqlite3_stmt *left, sqlite3_stmt *right, int column)
{
	int kind = sqlite3_column_type(left, column), other = sqlite3_column_type(right, column);
	if (kind != other)
		return kind < other ? -1 : 1;
	if (kind == SQLITE_NULL)
		return 0;
	if (kind == SQLITE_INTEGER) {
		int64_t a = sqlite3_column_int64(left, column), b = sqlite3_column_int64(right, column);
		return (a > b) - (a < b);
	}
	const void *a = sqlite3_column_blob(left, column), *b = sqlite3_column_blob(right, column);
	int length = sqlite3_column_bytes(left, column), other_length = sqlite3_column_bytes(right, column);
	int shorter = length < other_length ? length : other_length;
	int order = shorter ? memcmp(a, b, (size_t)shorter) : 0;
	return order ? order : (length > other_length) - (length < other_length);
}

/* The first of the columns before `end` that differs, or `end`. */
static int find_difference(sqlite3_stmt *left, sqlite3_stmt *right, int end, int *order)
{
	int column = 0;
	while (column < end && (*order = compare_columns(left, right, column)) == 0)
		column++;
	return column;
}

static void append_row(struct buffer *text, sqlite3_stmt *row, const struct table *table)
{
	buffer_append_format(text, "table %s, row", table->name);
	for (int i = 0; i < table->keys; i++) {
		const char *value = (const char *)sqlite3_column_text(row, i);
		buffer_append_format(text, "%s %s %s", i ? "," : "", sqlite3_column_name(row, i), value && *value ? value : "none");
	}
}

static const uint8_t *find_row(const uint8_t **at, const uint8_t *end, struct envelope_row *row)
{
	const uint8_t *found = *at;
	if (found == end || envelope_row_find(found, end, row) < 0)
		return NULL;
	*at += row->length;
	return found;
}

/* Which envelope is it in a block of which both ledgers have other bytes? */
static void append_envelope(struct buffer *text, sqlite3_stmt *left, sqlite3_stmt *right)
{
	const uint8_t *a = sqlite3_column_blob(left, 1), *b = sqlite3_column_blob(right, 1);
	const uint8_t *a_end = a + sqlite3_column_bytes(left, 1), *b_end = b + sqlite3_column_bytes(right, 1);
	struct envelope_row row, other;
	for (;;) {
		const uint8_t *found = find_row(&a, a_end, &row), *given = find_row(&b, b_end, &other);
		if (found && given && row.length == other.length && memcmp(found, given, row.length) == 0)
			continue;
		const struct envelope_row *first = !found || (given && envelope_row_compare(&other, &row) < 0) ? &other : &row;
		if (found || given) {
			buffer_append_string(text, ", envelope ");
			envelope_id_append(&first->envelope_id, text);
		}
		return;
	}
}

static int refuse(const struct ledger *ledger, const struct buffer *row, const char *reason, struct error *error)
{
	return buffer_check(row, error) < 0
		? -1
		: error_set(error, EX_DATAERR, "cannot verify ledger '%s': %s %s", ledger->path, row->data, reason);
}

/* `row` and `given` are of the two ledgers; NULL where there is none left. Returns 0 if they are equal. */
static int compare_rows(const struct ledger *ledger, const struct table *table, sqlite3_stmt *row, sqlite3_stmt *given, struct error *error)
{
	struct buffer text = BUFFER_INIT;
	int order = !row ? 1 : !given ? -1 : 0, result = 0;
	int column = order ? 0 : find_difference(row, given, table->keys, &order);
	if (order < 0) {
		append_row(&text, row, table);
		result = refuse(ledger, &text, "comes from no recording", error);
	} else if (order > 0) {
		append_row(&text, given, table);
		result = refuse(ledger, &text, "is missing", error);
	} else if ((column = find_difference(row, given, sqlite3_column_count(row), &order)) < sqlite3_column_count(row)) {
		append_row(&text, row, table);
		if (strcmp(table->name, "envelope_block") == 0)
			append_envelope(&text, row, given);
		buffer_append_format(&text, ": its %s", sqlite3_column_name(row, column));
		result = refuse(ledger, &text, "is not what the recordings give", error);
	}
	buffer_release(&text);
	return result;
}

static int prove_table(struct ledger *ledger, struct ledger *made, const struct table *table, int64_t earlier, struct error *error)
{
	char name[64];
	int got, given;
	snprintf(name, sizeof name, "prove_%s", table->name);
	sqlite3_stmt *rows = ledger_statement(ledger, name, error), *expected = ledger_statement(made, name, error);
	if (!rows || !expected)
		return -1;
	for (int i = 0; i < 2; i++)
		if (sqlite3_bind_parameter_count(i ? expected : rows))
			sqlite3_bind_int64(i ? expected : rows, 1, earlier);
	do {
		got = ledger_step(ledger, rows, error);
		given = got < 0 ? -1 : ledger_step(made, expected, error);
		if (given < 0 || (got + given && compare_rows(ledger, table, got ? rows : NULL, given ? expected : NULL, error) < 0))
			return -1;
	} while (got);
	return 0;
}

int ledger_prove(const char *path, const char *made_path, int64_t earlier, struct error *error)
{
	struct ledger ledger, made;
	if (ledger_open(&ledger, path, LEDGER_READ, error) < 0)
		return -1;
	int result = ledger_open(&made, made_path, LEDGER_READ, error);
	if (result == 0) {
		result = ledger_snapshot(&ledger, error);
		for (size_t i = 0; i < sizeof tables / sizeof *tables && result == 0; i++)
			result = prove_table(&ledger, &made, &tables[i], earlier, error);
		ledger_close(&made);
	}
	ledger_close(&ledger);
	return result;
}
