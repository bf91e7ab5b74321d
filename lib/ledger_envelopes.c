#include "ledger_envelopes.h"

#include "envelope_block.h"
#include "instant.h"
#include "stream.h"
#include "version_order.h"

#include <stdlib.h>
#include <string.h>

#define BATCH_LIMIT ((size_t)1 << 19)

/* Position of the fields of stream_envelope. */
enum { ACCOUNT, ENVELOPE, STATUS, CREATED, SENT, COMPLETED, MODIFIED, PLAN_ITEM, SENDER };

int ledger_envelopes_open(struct ledger_envelopes *envelopes, struct ledger *ledger, int64_t now, struct error *error)
{
	*envelopes = (struct ledger_envelopes){.ledger = ledger, .daily.ledger = ledger, .block = BUFFER_INIT, .arrived_at = now};
	/* Untouched memory costs nothing, so a small batch stays small. */
	envelopes->batch = malloc(BATCH_LIMIT * sizeof *envelopes->batch);
	if (!envelopes->batch)
		return error_set(error, EX_OSERR, "out of memory");
	sqlite3_stmt *statement = ledger_statement(ledger, "last_period_over", error);
	if (!statement || ledger_step(ledger, statement, error) != 1) {
		ledger_envelopes_release(envelopes);
		return -1;
	}
	envelopes->late_before = sqlite3_column_type(statement, 0) == SQLITE_NULL ? INT64_MIN : sqlite3_column_int64(statement, 0);
	sqlite3_reset(statement);
	return 0;
}

void ledger_envelopes_release(struct ledger_envelopes *envelopes)
{
	name_table_release(&envelopes->accounts);
	name_table_release(&envelopes->plan_items);
	name_table_release(&envelopes->statuses);
	hash_index_release(&envelopes->index);
	daily_cells_release(&envelopes->daily);
	arena_release(&envelopes->texts);
	buffer_release(&envelopes->block);
	free(envelopes->batch);
	envelopes->batch = NULL;
}

/* Reading records */

static int parse_id(struct ledger_envelopes *envelopes, const struct json_slice *slice, const char *field, struct envelope_id *id,
	struct error *error)
{
	*id = (struct envelope_id){.length = 0};
	if (slice->kind == JSON_ABSENT || slice->kind == JSON_NULL)
		return 0;
	if (slice->kind != JSON_STRING || slice->length == 0 || slice->length > ID_LIMIT)
		return error_set(error, EX_DATAERR, "envelope \"%s\" must be a string of 1 to %d bytes, this is %s", field, ID_LIMIT,
			json_kind_name(slice->kind));
	envelope_id_parse(slice->text, slice->length, id);
	if (id->is_uuid)
		return 0;
	char *text = arena_take(&envelopes->texts, slice->length);
	if (!text)
		return error_set(error, EX_OSERR, "out of memory");
	id->text = memcpy(text, slice->text, slice->length);
	return memchr(text, 0, slice->length) ? error_set(error, EX_DATAERR, "envelope \"%s\" must be a string without \\u0000", field) : 0;
}

static int parse_time(const struct json_slice *slice, const char *field, int64_t *instant, struct error *error)
{
	*instant = INSTANT_NONE;
	if (slice->kind == JSON_ABSENT || slice->kind == JSON_NULL)
		return 0;
	if (slice->kind != JSON_STRING || instant_parse(slice->text, slice->length, instant) < 0)
		return error_set(error, EX_DATAERR, "envelope \"%s\" must be a time such as 2025-01-31T00:00:00.000Z, this is '%.*s'", field,
			(int)slice->length, slice->text);
	return 0;
}

/* The ledger's key of a name, from the table in memory, else from the ledger, where it is added when new. */
static int find_key(struct ledger_envelopes *envelopes, struct name_table *table, const char *find, const char *add,
	const struct json_slice *slice, uint32_t *key, struct error *error)
{
	struct name *name = name_table_find(table, slice->text, slice->length);
	if (name) {
		*key = (uint32_t)name->value;
		return 0;
	}
	if (memchr(slice->text, 0, slice->length))
		return error_set(error, EX_DATAERR, "envelope names must be strings without \\u0000, this is '%s' and more", slice->text);
	struct ledger *ledger = envelopes->ledger;
	sqlite3_stmt *statement = ledger_statement(ledger, find, error);
	if (!statement)
		return -1;
	sqlite3_bind_text(statement, 1, slice->text, (int)slice->length, SQLITE_STATIC);
	int got = ledger_step(ledger, statement, error);
	if (got < 0)
		return -1;
	int64_t value = got ? sqlite3_column_int64(statement, 0) : 0;
	sqlite3_reset(statement);
	if (!got) {
		statement = ledger_statement(ledger, add, error);
		if (!statement)
			return -1;
		sqlite3_bind_text(statement, 1, slice->text, (int)slice->length, SQLITE_STATIC);
		if (ledger_run(ledger, statement, error) < 0)
			return -1;
		value = sqlite3_last_insert_rowid(ledger->database);
	}
	*key = (uint32_t)value;
	return name_table_add(table, slice->text, slice->length, value, error) ? 0 : -1;
}

static int parse_envelope(struct ledger_envelopes *envelopes, const struct json_slice fields[], struct envelope *envelope,
	struct error *error)
{
	static const int required[] = {ACCOUNT, ENVELOPE, STATUS};
	for (size_t i = 0; i < sizeof required / sizeof *required; i++) {
		const struct json_slice *slice = &fields[required[i]];
		if (slice->kind != JSON_STRING || slice->length == 0)
			return error_set(error, EX_DATAERR, "envelope \"%s\" must be a string that is not empty, this is %s",
				stream_envelope.fields[required[i]].name, json_kind_name(slice->kind));
	}
	if (parse_id(envelopes, &fields[ENVELOPE], "envelope_id", &envelope->envelope_id, error) < 0 ||
		parse_id(envelopes, &fields[SENDER], "sender_id", &envelope->sender_id, error) < 0 ||
		parse_time(&fields[CREATED], "created_at", &envelope->created_at, error) < 0 ||
		parse_time(&fields[SENT], "sent_at", &envelope->sent_at, error) < 0 ||
		parse_time(&fields[COMPLETED], "completed_at", &envelope->completed_at, error) < 0 ||
		parse_time(&fields[MODIFIED], "modified_at", &envelope->modified_at, error) < 0)
		return -1;
	if (envelope->modified_at == INSTANT_NONE)
		return error_set(error, EX_DATAERR, "envelope \"modified_at\" must be a time, this is %s",
			json_kind_name(fields[MODIFIED].kind));
	envelope->hash = envelope_id_hash(&envelope->envelope_id);
	const struct json_slice *plan_item = &fields[PLAN_ITEM];
	envelope->plan_item = 0;
	if (plan_item->kind != JSON_STRING && plan_item->kind != JSON_NULL && plan_item->kind != JSON_ABSENT)
		return error_set(error, EX_DATAERR, "envelope \"plan_item_id\" must be a string, this is %s", json_kind_name(plan_item->kind));
	if (plan_item->kind == JSON_STRING && plan_item->length > 0 &&
		find_key(envelopes, &envelopes->plan_items, "find_plan_item", "add_plan_item", plan_item, &envelope->plan_item, error) < 0)
		return -1;
	return find_key(envelopes, &envelopes->accounts, "find_account", "add_account", &fields[ACCOUNT], &envelope->account, error) < 0 ||
			find_key(envelopes, &envelopes->statuses, "find_status", "add_status", &fields[STATUS], &envelope->status, error) < 0
		? -1
		: 0;
}

/* The batch */

static bool same_envelope(const void *context, size_t position, const void *key)
{
	return envelope_id_compare(&((const struct envelope *)context)[position].envelope_id, key) == 0;
}

/* The same time of modification and yet another content: the order decides, and it is kept for people to see. */
static int note_conflict(struct ledger_envelopes *envelopes, const struct envelope *winner, struct error *error)
{
	struct buffer id = BUFFER_INIT;
	envelope_id_append(&winner->envelope_id, &id);
	sqlite3_stmt *statement = ledger_statement(envelopes->ledger, "add_conflict", error);
	int result = statement ? buffer_check(&id, error) : -1;
	if (result == 0) {
		sqlite3_bind_text(statement, 1, id.data, (int)id.length, SQLITE_STATIC);
		sqlite3_bind_int64(statement, 2, winner->modified_at);
		result = ledger_run(envelopes->ledger, statement, error);
	}
	envelopes->conflicts++;
	buffer_release(&id);
	return result;
}

/* Sets *wins when `envelope` is the greater version. */
static int contend(struct ledger_envelopes *envelopes, const struct envelope *envelope, const struct envelope *earlier, bool *wins,
	struct error *error)
{
	int order;
	if (version_compare(envelopes->ledger, envelope, earlier, &order, error) < 0)
		return -1;
	*wins = order > 0;
	if (order != 0 && envelope->modified_at == earlier->modified_at)
		return note_conflict(envelopes, order > 0 ? envelope : earlier, error);
	return 0;
}

static int flush_batch(struct ledger_envelopes *envelopes, struct error *error);

int ledger_envelopes_add(struct ledger_envelopes *envelopes, const struct json_slice fields[], struct error *error)
{
	struct envelope envelope;
	if (envelopes->count == BATCH_LIMIT && flush_batch(envelopes, error) < 0)
		return -1;
	if (ledger_begin(envelopes->ledger, error) < 0 || parse_envelope(envelopes, fields, &envelope, error) < 0)
		return -1;
	envelopes->received++;
	ptrdiff_t position = hash_index_find(&envelopes->index, envelope.hash, same_envelope, envelopes->batch, &envelope.envelope_id);
	if (position >= 0) {
		bool wins;
		if (contend(envelopes, &envelope, &envelopes->batch[position], &wins, error) < 0)
			return -1;
		if (wins)
			envelopes->batch[position] = envelope;
		return 0;
	}
	if (hash_index_add(&envelopes->index, envelope.hash, envelopes->count) < 0)
		return error_set(error, EX_OSERR, "out of memory");
	envelopes->batch[envelopes->count++] = envelope;
	return 0;
}

/* The ledger's blocks */

static int note_late(struct ledger_envelopes *envelopes, const struct envelope *envelope, struct error *error)
{
	struct buffer id = BUFFER_INIT;
	envelope_id_append(&envelope->envelope_id, &id);
	sqlite3_stmt *statement = ledger_statement(envelopes->ledger, "add_late", error);
	int result = statement ? buffer_check(&id, error) : -1;
	if (result == 0) {
		sqlite3_bind_text(statement, 1, id.data, (int)id.length, SQLITE_STATIC);
		sqlite3_bind_int64(statement, 2, envelope->account);
		sqlite3_bind_int64(statement, 3, envelope->plan_item);
		sqlite3_bind_int64(statement, 4, envelope->sent_at);
		sqlite3_bind_int64(statement, 5, envelopes->arrived_at);
		result = ledger_run(envelopes->ledger, statement, error);
	}
	buffer_release(&id);
	return result;
}

static bool is_undated(const struct envelope *envelope)
{
	return envelope->sent_at == INSTANT_NONE && envelope->status > STATUS_DRAFT;
}

/* A version that is new in the ledger, or replaces `earlier`: into the tally and out of it. */
static int account_for(struct ledger_envelopes *envelopes, struct block_layout *layout, const struct envelope *envelope,
	const struct envelope *earlier, struct error *error)
{
	envelopes->stored++;
	layout->undated += is_undated(envelope) - (earlier && is_undated(earlier));
	layout->envelopes += !earlier;
	if (earlier && daily_cells_remove(&envelopes->daily, earlier, error) < 0)
		return -1;
	if (!earlier && envelope->sent_at != INSTANT_NONE && envelope->sent_at < envelopes->late_before &&
		note_late(envelopes, envelope, error) < 0)
		return -1;
	return daily_cells_add(&envelopes->daily, envelope, error);
}

/* The rows of a block, one after the other. */
struct cursor {
	const uint8_t *at, *next, *end;
	struct envelope row; /* at `at`, unless that is the end */
};

static int advance(struct cursor *cursor)
{
	cursor->at = cursor->next;
	return cursor->at < cursor->end ? envelope_row_read(&cursor->next, cursor->end, &cursor->row) : 0;
}

static int merge_row(struct ledger_envelopes *envelopes, struct block_layout *layout, const struct envelope *envelope, struct cursor *cursor,
	bool *changed, struct error *error)
{
	struct buffer *out = &envelopes->block;
	int order = -1;
	while (cursor->at < cursor->end && (order = envelope_row_compare(&cursor->row, envelope)) < 0) {
		buffer_append(out, cursor->at, (size_t)(cursor->next - cursor->at));
		if (advance(cursor) < 0)
			return block_damaged(envelopes->ledger, error);
	}
	bool found = cursor->at < cursor->end && order == 0, wins = true;
	if (found && contend(envelopes, envelope, &cursor->row, &wins, error) < 0)
		return -1;
	if (!wins)
		return 0; /* the row there stays, and is copied with what follows */
	if (account_for(envelopes, layout, envelope, found ? &cursor->row : NULL, error) < 0)
		return -1;
	envelope_row_append(out, envelope);
	*changed = true;
	return found && advance(cursor) < 0 ? block_damaged(envelopes->ledger, error) : 0;
}

/* Merges the envelopes at batch positions pairs[0..count), which are in the order of rows, into one block. */
static int merge_block(struct ledger_envelopes *envelopes, struct block_layout *layout, int64_t block, const struct radix_pair *pairs,
	size_t count, struct buffer *rows, struct error *error)
{
	bool changed = false;
	buffer_reset(&envelopes->block);
	buffer_reset(rows);
	if (layout->envelopes > 0 && block_load(envelopes->ledger, block, rows, error) < 0)
		return -1;
	struct cursor cursor = {.next = (const uint8_t *)rows->data, .end = (const uint8_t *)rows->data + rows->length};
	if (advance(&cursor) < 0)
		return block_damaged(envelopes->ledger, error);
	for (size_t i = 0; i < count; i++)
		if (merge_row(envelopes, layout, &envelopes->batch[pairs[i].value], &cursor, &changed, error) < 0)
			return -1;
	buffer_append(&envelopes->block, cursor.at, (size_t)(cursor.end - cursor.at));
	return changed ? block_store(envelopes->ledger, block, &envelopes->block, error) : 0;
}

/* The batch in the order of rows: by hash, and the few with equal hashes by id. */
static void sort_batch(const struct ledger_envelopes *envelopes, struct radix_pair *pairs, struct radix_pair *spare)
{
	for (size_t i = 0; i < envelopes->count; i++)
		pairs[i] = (struct radix_pair){.key = envelopes->batch[i].hash, .value = i};
	radix_sort(pairs, spare, envelopes->count);
	for (size_t i = 1; i < envelopes->count; i++) {
		for (size_t j = i; j > 0 && pairs[j - 1].key == pairs[j].key &&
			envelope_id_compare(&envelopes->batch[pairs[j - 1].value].envelope_id, &envelopes->batch[pairs[j].value].envelope_id) > 0;
			j--) {
			struct radix_pair swap = pairs[j];
			pairs[j] = pairs[j - 1];
			pairs[j - 1] = swap;
		}
	}
}

static int merge_batch(struct ledger_envelopes *envelopes, struct block_layout *layout, const struct radix_pair *pairs, struct error *error)
{
	struct buffer rows = BUFFER_INIT;
	int result = block_make_room(envelopes->ledger, layout, envelopes->count, error);
	for (size_t from = 0, to; from < envelopes->count && result == 0; from = to) {
		int64_t block = block_number((uint32_t)pairs[from].key, layout->block_bits);
		for (to = from + 1; to < envelopes->count && block_number((uint32_t)pairs[to].key, layout->block_bits) == block; to++)
			;
		result = merge_block(envelopes, layout, block, &pairs[from], to - from, &rows, error);
	}
	buffer_release(&rows);
	return result;
}

static int flush_batch(struct ledger_envelopes *envelopes, struct error *error)
{
	struct block_layout layout;
	if (!envelopes->count)
		return 0;
	struct radix_pair *pairs = malloc(2 * envelopes->count * sizeof *pairs);
	if (!pairs)
		return error_set(error, EX_OSERR, "out of memory");
	sort_batch(envelopes, pairs, pairs + envelopes->count);
	int result = block_layout_load(envelopes->ledger, &layout, error);
	if (result == 0)
		result = merge_batch(envelopes, &layout, pairs, error);
	if (result == 0)
		result = block_layout_save(envelopes->ledger, &layout, error);
	free(pairs);
	envelopes->count = 0;
	hash_index_reset(&envelopes->index);
	arena_release(&envelopes->texts);
	return result;
}

int ledger_envelopes_settle(struct ledger_envelopes *envelopes, struct error *error)
{
	return flush_batch(envelopes, error) < 0 ? -1 : daily_cells_flush(&envelopes->daily, error);
}
