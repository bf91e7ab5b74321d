#include "merge/envelope_block.h"

#include "ledger/ledger_row.h"

#include <stdlib.h>

#define ENVELOPES_MOST (INT64_C(1) << 48)
#define ROWS_OF_A_BLOCK 32 /* at most, on average: about 1.8 KiB, so that a page holds two or three blocks */
#define ENVELOPES_OF_A_PAGE 64 /* as a mean, of all pages of the table */
#define WAL_PAGES ((int64_t)1 << 18) /* of 4 KiB */

int block_layout_load(struct ledger *ledger, struct block_layout *layout, struct error *error)
{
	sqlite3_stmt *statement = ledger_statement(ledger, "load_layout", error);
	int got = statement ? ledger_step(ledger, statement, error) : -1;
	if (got <= 0)
		return got < 0 ? -1 : ledger_damaged(ledger, error, "table layout is empty");
	int64_t bits = 0, envelopes = 0, undated = 0;
	int result = ledger_integer(ledger, statement, 0, "layout", 0, 32, &bits, error);
	if (result == 0)
		result = ledger_integer(ledger, statement, 1, "layout", 0, ENVELOPES_MOST, &envelopes, error);
	if (result == 0)
		result = ledger_integer(ledger, statement, 2, "layout", 0, envelopes, &undated, error);
	*layout = (struct block_layout){.block_bits = (int)bits, .envelopes = envelopes, .undated = undated, .stored = envelopes};
	sqlite3_reset(statement);
	return result;
}

int block_layout_save(struct ledger *ledger, const struct block_layout *layout, struct error *error)
{
	sqlite3_stmt *statement = ledger_statement(ledger, "save_layout", error);
	if (!statement)
		return -1;
	sqlite3_bind_int(statement, 1, layout->block_bits);
	sqlite3_bind_int64(statement, 2, layout->envelopes);
	sqlite3_bind_int64(statement, 3, layout->undated);
	return ledger_run(ledger, statement, error);
}

size_t block_commit_limit(int64_t envelopes_in_ledger)
{
	return envelopes_in_ledger / ENVELOPES_OF_A_PAGE > WAL_PAGES ? WAL_PAGES : SIZE_MAX;
}

int64_t block_number(uint32_t hash, int block_bits)
{
	return block_bits ? hash >> (32 - block_bits) : 0;
}

int block_damaged(struct ledger *ledger, int64_t block, struct error *error)
{
	return ledger_damaged(ledger, error, "table envelope_block, row %lld: it holds what is no envelope of its block", (long long)block);
}

int block_row(struct ledger *ledger, int64_t block, int block_bits, const uint8_t *at, const uint8_t *end,
	const struct envelope_row *before, struct envelope_row *row, struct error *error)
{
	if (envelope_row_find(at, end, row) < 0 || block_number(row->hash, block_bits) != block ||
		(before->length && envelope_row_compare(before, row) >= 0))
		return block_damaged(ledger, block, error);
	return 0;
}

/* Copies a block's rows; an absent one is empty. */
int block_load(struct ledger *ledger, int64_t block, struct buffer *rows, struct error *error)
{
	buffer_reset(rows);
	sqlite3_stmt *statement = ledger_statement(ledger, "find_block", error);
	if (!statement)
		return -1;
	sqlite3_bind_int64(statement, 1, block);
	int got = ledger_step(ledger, statement, error);
	if (got > 0)
		buffer_append(rows, sqlite3_column_blob(statement, 0), (size_t)sqlite3_column_bytes(statement, 0));
	sqlite3_reset(statement);
	return got < 0 ? -1 : buffer_check(rows, error);
}

int block_store(struct ledger *ledger, int64_t block, const struct buffer *rows, struct error *error)
{
	sqlite3_stmt *statement = ledger_statement(ledger, "store_block", error);
	if (!statement || buffer_check(rows, error) < 0)
		return -1;
	sqlite3_bind_int64(statement, 1, block);
	sqlite3_bind_blob64(statement, 2, rows->data, rows->length, SQLITE_STATIC);
	return ledger_run(ledger, statement, error);
}

/* One block into the 2^(to - from) blocks of its longer prefixes. Rows are in the order of the hash, so each child is a run of them. */
static int split_block(
	struct ledger *ledger, int64_t block, int from, int to, struct buffer *rows, struct buffer *child, struct error *error)
{
	if (block_load(ledger, block, rows, error) < 0 || !rows->length)
		return rows->length ? -1 : 0;
	if (ledger_run_key(ledger, "remove_block", block, error) < 0)
		return -1;
	const uint8_t *at = (const uint8_t *)rows->data, *end = at + rows->length, *start = at;
	struct envelope_row row = {.length = 0};
	int64_t present = block << (to - from);
	for (; at < end; at += row.length) {
		struct envelope_row before = row;
		if (block_row(ledger, block, from, at, end, &before, &row, error) < 0)
			return -1;
		int64_t wanted = block_number(row.hash, to);
		if (wanted != present && at > start) {
			buffer_reset(child);
			buffer_append(child, start, (size_t)(at - start));
			if (block_store(ledger, present, child, error) < 0)
				return -1;
			start = at;
		}
		present = wanted;
	}
	buffer_reset(child);
	buffer_append(child, start, (size_t)(end - start));
	return block_store(ledger, present, child, error);
}

/* From the last block on, so that a child never meets a parent that is not split yet. */
int block_make_room(struct ledger *ledger, struct block_layout *layout, size_t count, struct error *error)
{
	int bits = layout->block_bits;
	while (bits < 32 && (layout->envelopes + (int64_t)count) >> bits > ROWS_OF_A_BLOCK)
		bits++;
	struct buffer rows = BUFFER_INIT, child = BUFFER_INIT;
	int64_t block = (int64_t)1 << layout->block_bits;
	int result = bits > layout->block_bits && layout->envelopes > 0;
	while (result > 0 && (result = ledger_find(ledger, "block_before", block, &block, error)) > 0)
		result = split_block(ledger, block, layout->block_bits, bits, &rows, &child, error) < 0 ? -1 : 1;
	layout->block_bits = bits;
	buffer_release(&rows);
	buffer_release(&child);
	return result;
}

int block_walk(struct ledger *ledger, int (*each)(void *context, const struct envelope *envelope, struct error *error), void *context,
	struct error *error)
{
	struct block_layout layout;
	if (block_layout_load(ledger, &layout, error) < 0)
		return -1;
	sqlite3_stmt *statement = ledger_statement(ledger, "list_blocks", error);
	int got = -1, result = 0;
	while (result == 0 && statement && (got = ledger_step(ledger, statement, error)) > 0) {
		int64_t block = sqlite3_column_int64(statement, 0);
		const uint8_t *at = sqlite3_column_blob(statement, 1), *end = at + sqlite3_column_bytes(statement, 1);
		struct envelope_row row = {.length = 0};
		for (; result == 0 && at < end; at += row.length) {
			struct envelope_row before = row;
			struct envelope envelope;
			result = block_row(ledger, block, layout.block_bits, at, end, &before, &row, error);
			if (result == 0)
				result = envelope_row_read(&row, &envelope) < 0 ? block_damaged(ledger, block, error)
										: each(context, &envelope, error);
			layout.envelopes--;
		}
	}
	if (result == 0 && got == 0 && layout.envelopes)
		result = ledger_damaged(ledger, error, "table envelope_block has %lld envelopes %s than table layout says",
			(long long)llabs(layout.envelopes), layout.envelopes > 0 ? "fewer" : "more");
	return result ? result : got;
}
