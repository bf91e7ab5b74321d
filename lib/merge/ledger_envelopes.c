#include "merge/ledger_envelopes.h"

#include "base/instant.h"
#include "config/policy.h"
#include "ledger/ledger_row.h"
#include "merge/envelope_block.h"
#include "merge/version_order.h"

#include <string.h>

/* Only known statuses, the keys of which are few, can be those of drafts. */
static int find_drafts(struct ledger_envelopes *envelopes, struct error *error)
{
	sqlite3_stmt *statement = ledger_statement(envelopes->ledger, "list_statuses", error);
	int got = -1;
	while (statement && (got = ledger_step(envelopes->ledger, statement, error)) > 0) {
		const char *name = ledger_text(envelopes->ledger, statement, 1, "status", error);
		int64_t key;
		if (!name || ledger_integer(envelopes->ledger, statement, 0, "status", 1, LEDGER_NAME_MOST, &key, error) < 0)
			return -1;
		if (key < 32 && !policy_counts_status(&policy_default, name, strlen(name)))
			envelopes->drafts |= UINT32_C(1) << key;
	}
	return got;
}

int ledger_envelopes_open(struct ledger_envelopes *envelopes, struct ledger *ledger, int64_t now, struct error *error)
{
	*envelopes = (struct ledger_envelopes){.ledger = ledger,
		.reader = ENVELOPE_READER_INIT(ledger),
		.weeks.ledger = ledger,
		.block = BUFFER_INIT,
		.late_before = INT64_MIN,
		.arrived_at = now,
		.keeps_blocks = true};
	struct block_layout layout;
	if (envelope_batch_open(&envelopes->batch, error) < 0)
		return -1;
	if (ledger_find(ledger, "last_period_over", 0, &envelopes->late_before, error) >= 0 && find_drafts(envelopes, error) == 0 &&
		block_layout_load(ledger, &layout, error) == 0) {
		envelopes->commit_limit = block_commit_limit(layout.envelopes);
		return 0;
	}
	ledger_envelopes_release(envelopes);
	return -1;
}

void ledger_envelopes_forget_names(struct ledger_envelopes *envelopes)
{
	envelope_reader_forget(&envelopes->reader);
}

void ledger_envelopes_release(struct ledger_envelopes *envelopes)
{
	envelope_reader_release(&envelopes->reader);
	sent_weeks_release(&envelopes->weeks);
	buffer_release(&envelopes->block);
	envelope_batch_release(&envelopes->batch);
}

/* ---- versions ---- */

/* Stores a fact about an envelope for people: that it arrived late, or that two of its versions conflict. */
static int add_fact(struct ledger_envelopes *envelopes, const char *statement_name, const struct envelope *envelope, struct error *error)
{
	struct buffer id = BUFFER_INIT;
	envelope_id_append(&envelope->envelope_id, &id);
	sqlite3_stmt *statement = ledger_statement(envelopes->ledger, statement_name, error);
	int result = statement ? buffer_check(&id, error) : -1;
	if (result == 0) {
		/* NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): both versions were read completely, or there is an error. */
		const int64_t values[] = {
			envelope->modified_at, envelope->account, envelope->plan_item, envelope->sent_at, envelopes->arrived_at};
		sqlite3_bind_text(statement, 1, id.data, (int)id.length, SQLITE_STATIC);
		for (int i = 2; i <= sqlite3_bind_parameter_count(statement); i++)
			sqlite3_bind_int64(statement, i, values[i - 2]);
		result = ledger_run(envelopes->ledger, statement, error);
	}
	buffer_release(&id);
	return result;
}

/* Sets *wins when `envelope` is the greater version. */
static int compare_versions(struct ledger_envelopes *envelopes, const struct envelope *envelope, const struct envelope *earlier, bool *wins,
	struct error *error)
{
	int order;
	bool conflict;
	if (version_compare(envelopes->ledger, envelope, earlier, &order, &conflict, error) < 0)
		return -1;
	*wins = order > 0;
	envelopes->conflicts += conflict;
	return conflict ? add_fact(envelopes, "add_conflict", envelope, error) : 0; /* id and time are those of both */
}

static int flush_batch(struct ledger_envelopes *envelopes, struct error *error);

bool ledger_envelopes_have_room(const struct ledger_envelopes *envelopes)
{
	return !envelope_batch_is_full(&envelopes->batch) && !sent_weeks_are_full(&envelopes->weeks) &&
		envelopes->batch.count < envelopes->commit_limit;
}

static int make_room(struct ledger_envelopes *envelopes, struct error *error)
{
	return envelope_batch_can_spill(&envelopes->batch) ? envelope_batch_spill(&envelopes->batch, error) : flush_batch(envelopes, error);
}

int ledger_envelopes_take(struct ledger_envelopes *envelopes, const struct envelope *envelope, struct error *error)
{
	if (envelope_batch_is_full(&envelopes->batch) && make_room(envelopes, error) < 0)
		return -1;
	envelopes->received++;
	envelope_batch_add(&envelopes->batch, envelope);
	return sent_weeks_add(&envelopes->weeks, envelope, error);
}

int ledger_envelopes_add(struct ledger_envelopes *envelopes, const struct json_slice fields[], struct error *error)
{
	struct envelope envelope;
	if (ledger_begin(envelopes->ledger, error) < 0 || envelope_reader_read(&envelopes->reader, fields, &envelope, error) < 0)
		return -1;
	return ledger_envelopes_take(envelopes, &envelope, error);
}

/* ---- blocks ---- */

/* Adds `times`, 1 or -1, to the number of envelopes past a draft without a time of sending, if it is one. */
static int count_undated(
	struct ledger_envelopes *envelopes, struct block_layout *layout, const struct envelope *envelope, int times, struct error *error)
{
	uint32_t place;
	if (envelope->sent_at != INSTANT_NONE)
		return 0;
	if (version_status_place(envelopes->ledger, envelope->status, &place, error) < 0)
		return -1;
	bool is_draft = place < 32 && envelopes->drafts >> place & 1;
	layout->undated += is_draft ? 0 : times;
	return 0;
}

/*
 * A version that is new in the ledger, or replaces `earlier`. It was counted on arrival; `envelope` is NULL where nothing about it
 * needs to be known: it is new, dated, and there is no period yet for which it could be late.
 */
static int count_stored(struct ledger_envelopes *envelopes, struct block_layout *layout, const struct envelope *envelope,
	const struct envelope *earlier, struct error *error)
{
	envelopes->stored++;
	layout->envelopes += !earlier;
	if (!envelope)
		return 0;
	if (count_undated(envelopes, layout, envelope, 1, error) < 0)
		return -1;
	if (earlier &&
		(count_undated(envelopes, layout, earlier, -1, error) < 0 || sent_weeks_remove(&envelopes->weeks, earlier, error) < 0))
		return -1;
	return !earlier && envelope->sent_at != INSTANT_NONE && envelope->sent_at < envelopes->late_before
		? add_fact(envelopes, "add_late", envelope, error)
		: 0;
}

/* The rows of a block, one after the other. */
struct cursor {
	struct envelope_row row; /* the present one; of length 0 at the end */
	const uint8_t *end;
	struct ledger *ledger;
	int64_t block;
	int block_bits;
};

/* To the row after the present one; from a row without a length to the first. */
static int advance(struct cursor *cursor, struct error *error)
{
	const struct envelope_row before = cursor->row;
	const uint8_t *at = before.at + before.length;
	cursor->row = (struct envelope_row){.at = at};
	return at < cursor->end
		? block_row(cursor->ledger, cursor->block, cursor->block_bits, at, cursor->end, &before, &cursor->row, error)
		: 0;
}

/* A row of the batch. */
static int read_waiting(const struct envelope_row *row, struct envelope *envelope, struct error *error)
{
	return envelope_row_read(row, envelope) < 0 ? error_set(error, EX_SOFTWARE, "cannot read an envelope that waits to be stored") : 0;
}

/* The winner of two versions in *row and *envelope; the other one is no longer counted. */
static int choose(struct ledger_envelopes *envelopes, const struct envelope_row *other_row, struct envelope_row *row,
	struct envelope *envelope, struct error *error)
{
	struct envelope other;
	bool wins;
	if (read_waiting(other_row, &other, error) < 0)
		return -1;
	if (compare_versions(envelopes, &other, envelope, &wins, error) < 0 ||
		sent_weeks_remove(&envelopes->weeks, wins ? envelope : &other, error) < 0)
		return -1;
	if (wins) {
		*row = *other_row;
		*envelope = other;
	}
	return 0;
}

/* The greatest of the versions at places from..to of the order, which are of one envelope. */
static int choose_version(struct ledger_envelopes *envelopes, size_t from, size_t to, struct envelope_row *row, struct error *error)
{
	struct envelope_row other;
	struct envelope envelope;
	envelope_batch_row(&envelopes->batch, from, row);
	if (to - from > 1 && read_waiting(row, &envelope, error) < 0)
		return -1;
	for (size_t place = from + 1; place < to; place++) {
		envelope_batch_row(&envelopes->batch, place, &other);
		if (choose(envelopes, &other, row, &envelope, error) < 0)
			return -1;
	}
	return 0;
}

/* Sets *wins to whether the row replaces the one at the cursor, which is an earlier or later version of it, and counts accordingly. */
static int replace_row(struct ledger_envelopes *envelopes, struct block_layout *layout, const struct envelope_row *row,
	const struct cursor *cursor, bool *wins, struct error *error)
{
	struct envelope envelope, there;
	if (envelope_row_read(&cursor->row, &there) < 0)
		return block_damaged(envelopes->ledger, cursor->block, error);
	if (read_waiting(row, &envelope, error) < 0)
		return -1;
	if (compare_versions(envelopes, &envelope, &there, wins, error) < 0)
		return -1;
	return *wins ? count_stored(envelopes, layout, &envelope, &there, error) : sent_weeks_remove(&envelopes->weeks, &envelope, error);
}

static int add_row(struct ledger_envelopes *envelopes, struct block_layout *layout, const struct envelope_row *row, struct error *error)
{
	struct envelope envelope;
	if (envelopes->late_before == INT64_MIN && envelope_row_is_dated(row))
		return count_stored(envelopes, layout, NULL, NULL, error);
	if (read_waiting(row, &envelope, error) < 0)
		return -1;
	return count_stored(envelopes, layout, &envelope, NULL, error);
}

/* Adds a row to the block under way, which nobody sees where only counts are kept. */
static void keep_row(struct ledger_envelopes *envelopes, const uint8_t *at, size_t length)
{
	if (envelopes->keeps_blocks)
		buffer_append(&envelopes->block, at, length);
}

/* Brings one envelope into the block under way. */
static int merge_row(struct ledger_envelopes *envelopes, struct block_layout *layout, const struct envelope_row *row, struct cursor *cursor,
	bool *changed, struct error *error)
{
	int order = -1;
	while (cursor->row.length && (order = envelope_row_compare(&cursor->row, row)) < 0) {
		keep_row(envelopes, cursor->row.at, cursor->row.length);
		if (advance(cursor, error) < 0)
			return -1;
	}
	bool found = cursor->row.length && order == 0, wins = true;
	if ((found ? replace_row(envelopes, layout, row, cursor, &wins, error) : add_row(envelopes, layout, row, error)) < 0)
		return -1;
	if (!wins)
		return 0; /* the row there stays, and is copied with what follows */
	keep_row(envelopes, row->at, row->length);
	*changed = true;
	return found ? advance(cursor, error) : 0;
}

/* Are the rows at two places versions of one envelope? */
static bool is_same(const struct envelope_batch *batch, size_t left, size_t right)
{
	struct envelope_row rows[2];
	if (envelope_batch_hash(batch, left) != envelope_batch_hash(batch, right))
		return false;
	envelope_batch_row(batch, left, &rows[0]);
	envelope_batch_row(batch, right, &rows[1]);
	return envelope_row_compare(&rows[0], &rows[1]) == 0;
}

/* Merges the envelopes at places from..to of the batch into one block. */
static int merge_block(struct ledger_envelopes *envelopes, struct block_layout *layout, int64_t block, size_t from, size_t to,
	struct buffer *rows, struct error *error)
{
	bool changed = false;
	buffer_reset(&envelopes->block);
	buffer_reset(rows);
	if (layout->stored > 0 && block_load(envelopes->ledger, block, rows, error) < 0)
		return -1;
	struct cursor cursor = {.row.at = (const uint8_t *)rows->data,
		.end = (const uint8_t *)rows->data + rows->length,
		.ledger = envelopes->ledger,
		.block = block,
		.block_bits = layout->block_bits};
	if (advance(&cursor, error) < 0)
		return -1;
	for (size_t next; from < to; from = next) {
		struct envelope_row row;
		for (next = from + 1; next < to && is_same(&envelopes->batch, from, next); next++)
			;
		if (choose_version(envelopes, from, next, &row, error) < 0 ||
			merge_row(envelopes, layout, &row, &cursor, &changed, error) < 0)
			return -1;
	}
	keep_row(envelopes, cursor.row.at, (size_t)(cursor.end - cursor.row.at));
	return changed && envelopes->keeps_blocks ? block_store(envelopes->ledger, block, &envelopes->block, error) : 0;
}

static int merge_ordered(struct ledger_envelopes *envelopes, struct block_layout *layout, struct buffer *rows, struct error *error)
{
	const struct envelope_batch *batch = &envelopes->batch;
	for (size_t from = 0, to; from < batch->ordered; from = to) {
		int64_t block = block_number(envelope_batch_hash(batch, from), layout->block_bits);
		for (to = from + 1; to < batch->ordered && block_number(envelope_batch_hash(batch, to), layout->block_bits) == block; to++)
			;
		if (merge_block(envelopes, layout, block, from, to, rows, error) < 0)
			return -1;
	}
	return 0;
}

/* Partition by partition, where none holds but a part of a block; else all at once, which are few. */
static int merge_batch(struct ledger_envelopes *envelopes, struct block_layout *layout, struct error *error)
{
	struct buffer rows = BUFFER_INIT;
	int result = block_make_room(envelopes->ledger, layout, envelopes->batch.count, error);
	size_t step = layout->block_bits < BATCH_PARTITION_BITS ? BATCH_PARTITIONS : 1;
	for (size_t partition = 0; partition < BATCH_PARTITIONS && result == 0; partition += step) {
		result = envelope_batch_sort(&envelopes->batch, partition, partition + step, error);
		if (result == 0)
			result = merge_ordered(envelopes, layout, &rows, error);
	}
	buffer_release(&rows);
	return result;
}

static int flush_batch(struct ledger_envelopes *envelopes, struct error *error)
{
	struct block_layout layout;
	if (!envelopes->batch.count)
		return 0;
	int result = block_layout_load(envelopes->ledger, &layout, error);
	if (result == 0)
		result = merge_batch(envelopes, &layout, error);
	if (result == 0)
		result = block_layout_save(envelopes->ledger, &layout, error);
	envelope_batch_reset(&envelopes->batch);
	envelopes->commit_limit = block_commit_limit(layout.envelopes);
	return result;
}

int64_t ledger_envelopes_undated(struct ledger *ledger, struct error *error)
{
	struct block_layout layout;
	return block_layout_load(ledger, &layout, error) < 0 ? -1 : layout.undated;
}

int ledger_envelopes_count(struct ledger_envelopes *envelopes, struct error *error)
{
	envelopes->keeps_blocks = false;
	return ledger_envelopes_flush(envelopes, error);
}

int ledger_envelopes_flush(struct ledger_envelopes *envelopes, struct error *error)
{
	return flush_batch(envelopes, error) < 0 ? -1 : sent_weeks_flush(&envelopes->weeks, error);
}
