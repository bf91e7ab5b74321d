#include "run/ledger_proof.h"

#include "ledger/ledger_row.h"
#include "merge/envelope_row.h"

#include <stdio.h>
#include <string.h>

/* The columns of the key come first in each statement. */
static const struct table {
	const char *name;
	int keys;
} tables[] = {{"job_result", 1}, {"account", 1}, {"account_site", 2}, {"plan_item", 1}, {"status", 1}, {"subscription", 3},
	{"billing_period", 2}, {"layout", 1}, {"sent_week", 3}, {"late_envelope", 1}, {"conflict", 2}, {"checkpoint", 1}, {"reported", 4},
	{"restatement", 5}, {"result", 3}};

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
	int order = !row ? 1 : !given ? -1 : 0, result = 0, column;
	if (order == 0)
		find_difference(row, given, table->keys, &order);
	if (order < 0) {
		append_row(&text, row, table);
		result = refuse(ledger, &text, "comes from no recording", error);
	} else if (order > 0) {
		append_row(&text, given, table);
		result = refuse(ledger, &text, "is missing", error);
	} else if ((column = find_difference(row, given, sqlite3_column_count(row), &order)) < sqlite3_column_count(row)) {
		append_row(&text, row, table);
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

/* ---- envelopes: how they are divided into blocks depends on how many came at a time ---- */

struct envelopes {
	struct ledger *ledger;
	sqlite3_stmt *blocks;
	const uint8_t *at, *end; /* in the present block */
	struct envelope_row row;
};

/* Returns 1 with the next row, 0 at the end, -1 with an error. */
static int next_envelope(struct envelopes *envelopes, struct error *error)
{
	int got = 1;
	while (envelopes->at == envelopes->end && (got = ledger_step(envelopes->ledger, envelopes->blocks, error)) > 0) {
		envelopes->at = sqlite3_column_blob(envelopes->blocks, 1);
		envelopes->end = envelopes->at + sqlite3_column_bytes(envelopes->blocks, 1);
	}
	if (got <= 0)
		return got;
	if (envelope_row_find(envelopes->at, envelopes->end, &envelopes->row) < 0)
		return ledger_damaged(envelopes->ledger, error, "table envelope_block: a block has a wrong row");
	envelopes->at += envelopes->row.length;
	return 1;
}

static int refuse_envelope(const struct ledger *ledger, const struct envelope_row *row, const char *reason, struct error *error)
{
	struct buffer text = BUFFER_INIT;
	buffer_append_string(&text, "table envelope_block, envelope ");
	envelope_id_append(&row->envelope_id, &text);
	int result = refuse(ledger, &text, reason, error);
	buffer_release(&text);
	return result;
}

static int prove_envelopes(struct ledger *ledger, struct ledger *made, struct error *error)
{
	struct envelopes ours = {.ledger = ledger, .blocks = ledger_statement(ledger, "list_blocks", error)};
	struct envelopes theirs = {.ledger = made, .blocks = ledger_statement(made, "list_blocks", error)};
	if (!ours.blocks || !theirs.blocks)
		return -1;
	for (;;) {
		int got = next_envelope(&ours, error), given = got < 0 ? -1 : next_envelope(&theirs, error);
		if (given < 0 || got + given == 0)
			return given;
		int order = !got ? 1 : !given ? -1 : envelope_row_compare(&ours.row, &theirs.row);
		if (order < 0)
			return refuse_envelope(ledger, &ours.row, "comes from no recording", error);
		if (order > 0)
			return refuse_envelope(ledger, &theirs.row, "is missing", error);
		if (ours.row.length != theirs.row.length || memcmp(ours.row.at, theirs.row.at, ours.row.length) != 0)
			return refuse_envelope(ledger, &ours.row, "is not what the recordings give", error);
	}
}

int ledger_prove(const char *path, const char *made_path, int64_t earlier, struct error *error)
{
	struct ledger ledger, made;
	if (ledger_open(&ledger, path, LEDGER_READ, error) < 0)
		return -1;
	int result = ledger_open(&made, made_path, LEDGER_READ, error);
	if (result == 0) {
		result = ledger_snapshot(&ledger, error);
		if (result == 0)
			result = prove_envelopes(&ledger, &made, error);
		for (size_t i = 0; i < sizeof tables / sizeof *tables && result == 0; i++)
			result = prove_table(&ledger, &made, &tables[i], earlier, error);
		ledger_close(&made);
	}
	ledger_close(&ledger);
	return result;
}
