#include "run/ledger_proof.h"

#include "base/array.h"
#include "ledger/ledger_row.h"
#include "merge/envelope_row.h"

#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum names { NO_NAMES, ACCOUNTS, PLAN_ITEMS, STATUSES, TABLES_OF_NAMES };

/* The columns that tell rows apart come first in each statement. */
static const struct table {
	const char *name;
	int keys;
	enum names names; /* of these: then the last column is the number that the other tables and the envelopes have for the name */
} tables[] = {{"job_result", 1, NO_NAMES}, {"account", 1, ACCOUNTS}, {"account_site", 2, NO_NAMES}, {"plan_item", 1, PLAN_ITEMS},
	{"status", 2, STATUSES}, {"subscription", 3, NO_NAMES}, {"billing_period", 2, NO_NAMES}, {"sent_week", 3, NO_NAMES},
	{"layout", 1, NO_NAMES}, {"late_envelope", 1, NO_NAMES}, {"conflict", 2, NO_NAMES}, {"checkpoint", 1, NO_NAMES},
	{"reported", 4, NO_NAMES}, {"restatement", 5, NO_NAMES}, {"result", 3, NO_NAMES}};

struct proof {
	struct ledger ledger, made;
	struct numbers {
		uint32_t *made; /* by our number that of the same name in the ledger made, plus 1; 0: it has no such name */
		size_t count;
		bool differ;
	} of[TABLES_OF_NAMES];
	int64_t earlier;
	struct error *error;
};

/* 0 is no name in both; UINT32_MAX is none that the ledger made could have. */
static uint32_t number_made(const struct proof *proof, enum names names, uint32_t number)
{
	const struct numbers *numbers = &proof->of[names];
	return number == 0 ? 0 : number < numbers->count ? numbers->made[number] - 1 : UINT32_MAX;
}

/* ---- rows of tables ---- */

static int compare_bytes(const void *left, int length, const void *right, int other_length)
{
	int shorter = length < other_length ? length : other_length;
	int order = shorter ? memcmp(left, right, (size_t)shorter) : 0;
	return order ? order : (length > other_length) - (length < other_length);
}

enum { SENT_ENTRY = 6, SENT_STATUS = 4 }; /* bytes of an entry of sent_week; where its status is */

static int compare_entries(const void *left, const void *right)
{
	return memcmp(left, right, SENT_ENTRY);
}

/* Blobs are those of sent_week. Where statuses have other numbers, entries of one millisecond are in another order, too. */
static int compare_sent(const struct proof *proof, sqlite3_stmt *row, sqlite3_stmt *given, int column)
{
	struct buffer entries = BUFFER_INIT;
	const void *blob = sqlite3_column_blob(row, column);
	buffer_append(&entries, blob, (size_t)sqlite3_column_bytes(row, column));
	for (size_t at = SENT_STATUS; at + 2 <= entries.length; at += SENT_ENTRY) {
		uint16_t status;
		memcpy(&status, entries.data + at, sizeof status);
		status = htobe16((uint16_t)number_made(proof, STATUSES, be16toh(status)));
		memcpy(entries.data + at, &status, sizeof status);
	}
	if (entries.length)
		qsort(entries.data, entries.length / SENT_ENTRY, SENT_ENTRY, compare_entries);
	const void *made = sqlite3_column_blob(given, column);
	int order = buffer_check(&entries, proof->error) < 0
		? 1
		: compare_bytes(entries.data, (int)entries.length, made, sqlite3_column_bytes(given, column));
	buffer_release(&entries);
	return order;
}

static int compare_columns(const struct proof *proof, sqlite3_stmt *row, sqlite3_stmt *given, int column)
{
	int kind = sqlite3_column_type(row, column), other = sqlite3_column_type(given, column);
	if (kind != other)
		return kind < other ? -1 : 1;
	if (kind == SQLITE_NULL)
		return 0;
	if (kind == SQLITE_INTEGER) {
		int64_t a = sqlite3_column_int64(row, column), b = sqlite3_column_int64(given, column);
		return (a > b) - (a < b);
	}
	if (kind == SQLITE_BLOB && proof->of[STATUSES].differ)
		return compare_sent(proof, row, given, column);
	const void *a = sqlite3_column_blob(row, column), *b = sqlite3_column_blob(given, column);
	return compare_bytes(a, sqlite3_column_bytes(row, column), b, sqlite3_column_bytes(given, column));
}

/* The first of the columns before `end` that differs, or `end`. */
static int find_difference(const struct proof *proof, sqlite3_stmt *row, sqlite3_stmt *given, int end, int *order)
{
	int column = 0;
	for (*order = 0; column < end && (*order = compare_columns(proof, row, given, column)) == 0;)
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

/* `row` and `given` are of the two ledgers: equal in their keys, or the other one has no such row. */
static int compare_rows(const struct proof *proof, const struct table *table, sqlite3_stmt *row, sqlite3_stmt *given, int order)
{
	struct buffer text = BUFFER_INIT;
	int end = sqlite3_column_count(row) - (table->names != NO_NAMES);
	int column = order ? end : find_difference(proof, row, given, end, &order);
	if (!order)
		return 0;
	append_row(&text, column == end && order > 0 ? given : row, table);
	if (column < end)
		buffer_append_format(&text, ": its %s", sqlite3_column_name(row, column));
	const char *reason = column < end ? "is not what the recordings give" : order < 0 ? "comes from no recording" : "is missing";
	int result = refuse(&proof->ledger, &text, reason, proof->error);
	buffer_release(&text);
	return result;
}

/* A name that only one of them has gets no number: whether it is needed is another question. */
static int pair_numbers(struct proof *proof, const struct table *table, sqlite3_stmt *row, sqlite3_stmt *given, int order)
{
	struct numbers *numbers = &proof->of[table->names];
	int column = sqlite3_column_count(row) - 1;
	int64_t most = table->names == ACCOUNTS ? LEDGER_ACCOUNT_MOST : LEDGER_NAME_MOST, ours, theirs;
	if (order)
		return 0;
	if (ledger_integer(&proof->ledger, row, column, table->name, 1, most, &ours, proof->error) < 0 ||
		ledger_integer(&proof->made, given, column, table->name, 1, most, &theirs, proof->error) < 0)
		return -1;
	uint32_t *place = array_at((void **)&numbers->made, &numbers->count, sizeof *numbers->made, (size_t)ours, proof->error);
	if (!place)
		return -1;
	*place = (uint32_t)theirs + 1;
	numbers->differ |= ours != theirs;
	return 0;
}

/* Of plan items and statuses only those that something refers to mean something: others may be in ours, of versions that others have replaced. */
static int judge(struct proof *proof, const struct table *table, sqlite3_stmt *row, sqlite3_stmt *given, int order)
{
	return order < 0 && table->names > ACCOUNTS ? 0 : compare_rows(proof, table, row, given, order);
}

/* Calls `each` for the rows of both ledgers that have the same keys, and for those that one of them has alone (order < 0: ours). */
static int walk_table(struct proof *proof, const struct table *table,
	int (*each)(struct proof *proof, const struct table *table, sqlite3_stmt *row, sqlite3_stmt *given, int order))
{
	char name[64];
	int got = 1, given = 1, order = 0;
	snprintf(name, sizeof name, "prove_%s", table->name);
	sqlite3_stmt *rows = ledger_statement(&proof->ledger, name, proof->error);
	sqlite3_stmt *expected = rows ? ledger_statement(&proof->made, name, proof->error) : NULL;
	if (!expected)
		return -1;
	for (int i = 0; i < 2; i++)
		if (sqlite3_bind_parameter_count(i ? expected : rows))
			sqlite3_bind_int64(i ? expected : rows, 1, proof->earlier);
	for (;;) {
		if (order <= 0 && got)
			got = ledger_step(&proof->ledger, rows, proof->error);
		if (order >= 0 && given && got >= 0)
			given = ledger_step(&proof->made, expected, proof->error);
		if (got < 0 || given < 0 || got + given == 0)
			return got < 0 ? -1 : given;
		order = !got ? 1 : -1;
		if (got && given)
			find_difference(proof, rows, expected, table->keys, &order);
		if (each(proof, table, rows, expected, order) < 0)
			return -1;
	}
}

/* ---- envelopes: how they are divided into blocks depends on how many came at a time ---- */

struct envelopes {
	struct ledger *ledger;
	sqlite3_stmt *blocks;
	const uint8_t *at, *end; /* in the present block */
	struct envelope_row row;
	/* With the numbers of the ledger made: the rows of one id, which accounts may share if it is no UUID, in their order. */
	uint8_t (*group)[ENVELOPE_ROW_LIMIT];
	size_t count, given;
	enum { NOT_BEGUN, AHEAD, ENDED } state; /* AHEAD: `row` is of the next id */
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

static void find_in_group(const void *row, struct envelope_row *found)
{
	envelope_row_find(row, (const uint8_t *)row + ENVELOPE_ROW_LIMIT, found); /* it was written here */
}

static int compare_in_group(const void *left, const void *right)
{
	struct envelope_row a, b;
	find_in_group(left, &a);
	find_in_group(right, &b);
	return envelope_row_compare(&a, &b);
}

static int add_to_group(const struct proof *proof, struct envelopes *envelopes)
{
	struct envelope envelope;
	uint8_t *place = array_grow((void **)&envelopes->group, &envelopes->count, sizeof *envelopes->group, proof->error);
	if (!place)
		return -1;
	if (envelope_row_read(&envelopes->row, &envelope) < 0)
		return ledger_damaged(envelopes->ledger, proof->error, "table envelope_block: a block has a wrong row");
	envelope.account = number_made(proof, ACCOUNTS, envelope.account);
	envelope.plan_item = number_made(proof, PLAN_ITEMS, envelope.plan_item);
	envelope.status = number_made(proof, STATUSES, envelope.status);
	envelope_row_write(place, &envelope);
	return 0;
}

static bool is_of_group(const struct envelopes *envelopes)
{
	struct envelope_row first;
	find_in_group(envelopes->group[0], &first);
	first.account = envelopes->row.account;
	return envelope_row_compare(&first, &envelopes->row) == 0;
}

/* The same as next_envelope(), with the numbers of the ledger made. */
static int next_renumbered(const struct proof *proof, struct envelopes *envelopes, struct envelope_row *row)
{
	if (envelopes->given == envelopes->count) {
		int got = envelopes->state == NOT_BEGUN ? next_envelope(envelopes, proof->error) : envelopes->state == AHEAD;
		envelopes->given = envelopes->count = 0;
		if (got <= 0)
			return got;
		do {
			if (add_to_group(proof, envelopes) < 0 || (got = next_envelope(envelopes, proof->error)) < 0)
				return -1;
		} while (got && is_of_group(envelopes));
		envelopes->state = got ? AHEAD : ENDED;
		qsort(envelopes->group, envelopes->count, sizeof *envelopes->group, compare_in_group);
	}
	find_in_group(envelopes->group[envelopes->given++], row);
	return 1;
}

static int refuse_envelope(const struct proof *proof, const struct envelope_row *row, const char *reason)
{
	struct buffer text = BUFFER_INIT;
	buffer_append_string(&text, "table envelope_block, envelope ");
	envelope_id_append(&row->envelope_id, &text);
	int result = refuse(&proof->ledger, &text, reason, proof->error);
	buffer_release(&text);
	return result;
}

static int prove_rows(const struct proof *proof, struct envelopes *ours, struct envelopes *theirs)
{
	bool differ = false;
	struct envelope_row row;
	for (int i = ACCOUNTS; i < TABLES_OF_NAMES; i++)
		differ |= proof->of[i].differ;
	for (;;) {
		int got = differ ? next_renumbered(proof, ours, &row) : next_envelope(ours, proof->error);
		int given = got < 0 ? -1 : next_envelope(theirs, proof->error);
		if (given < 0 || got + given == 0)
			return given;
		if (!differ)
			row = ours->row;
		int order = !got ? 1 : !given ? -1 : envelope_row_compare(&row, &theirs->row);
		if (order < 0)
			return refuse_envelope(proof, &row, "comes from no recording");
		if (order > 0)
			return refuse_envelope(proof, &theirs->row, "is missing");
		if (row.length != theirs->row.length || memcmp(row.at, theirs->row.at, row.length) != 0)
			return refuse_envelope(proof, &row, "is not what the recordings give");
	}
}

static int prove_envelopes(struct proof *proof)
{
	struct envelopes ours = {.ledger = &proof->ledger, .blocks = ledger_statement(&proof->ledger, "list_blocks", proof->error)};
	struct envelopes theirs = {.ledger = &proof->made};
	theirs.blocks = ours.blocks ? ledger_statement(&proof->made, "list_blocks", proof->error) : NULL;
	int result = theirs.blocks ? prove_rows(proof, &ours, &theirs) : -1;
	free(ours.group);
	return result;
}

static int prove(struct proof *proof)
{
	int result = ledger_snapshot(&proof->ledger, proof->error);
	for (size_t i = 0; i < sizeof tables / sizeof *tables && result == 0; i++)
		if (tables[i].names)
			result = walk_table(proof, &tables[i], pair_numbers);
	if (result == 0)
		result = prove_envelopes(proof);
	for (size_t i = 0; i < sizeof tables / sizeof *tables && result == 0; i++)
		result = walk_table(proof, &tables[i], judge);
	for (int i = 0; i < TABLES_OF_NAMES; i++)
		free(proof->of[i].made);
	return result;
}

int ledger_prove(const char *path, const char *made_path, int64_t earlier, struct error *error)
{
	struct proof proof = {.earlier = earlier, .error = error};
	if (ledger_open(&proof.ledger, path, LEDGER_READ, error) < 0)
		return -1;
	int result = ledger_open(&proof.made, made_path, LEDGER_READ, error);
	if (result == 0) {
		result = prove(&proof);
		ledger_close(&proof.made);
	}
	ledger_close(&proof.ledger);
	return result;
}
