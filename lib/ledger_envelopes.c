#include "ledger_envelopes.h"

#include "instant.h"

#include <stdlib.h>
#include <string.h>

#define BATCH_LIMIT ((size_t)131072)

/* Position of the fields of stream_envelope. */
enum { ACCOUNT, ENVELOPE, STATUS, CREATED, SENT, COMPLETED, MODIFIED, PLAN_ITEM, SENDER };

/* What a flush does to one row of `daily`. */
struct daily_change {
	uint32_t account, plan_item, status;
	int32_t day;
	int64_t added, first_added, last_added;
	int64_t removed, first_removed, last_removed;
};

int ledger_envelopes_open(struct ledger_envelopes *envelopes, struct ledger *ledger, struct error *error)
{
	*envelopes = (struct ledger_envelopes){.ledger = ledger};
	envelopes->batch = malloc(BATCH_LIMIT * sizeof *envelopes->batch);
	envelopes->order = malloc(BATCH_LIMIT * sizeof *envelopes->order);
	if (!envelopes->batch || !envelopes->order) {
		ledger_envelopes_release(envelopes);
		return error_set(error, EX_OSERR, "out of memory");
	}
	return 0;
}

void ledger_envelopes_release(struct ledger_envelopes *envelopes)
{
	name_table_release(&envelopes->accounts);
	name_table_release(&envelopes->plan_items);
	name_table_release(&envelopes->statuses);
	hash_index_release(&envelopes->index);
	hash_index_release(&envelopes->change_index);
	free(envelopes->batch);
	free(envelopes->order);
	free(envelopes->changes);
	*envelopes = (struct ledger_envelopes){.ledger = NULL};
}

static int hexadecimal(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* Lower-case only: that is canonical, and so the bytes give the text back. */
static bool parse_uuid(const char *text, size_t length, uint8_t bytes[16])
{
	if (length != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-')
		return false;
	for (int i = 0, at = 0; i < 16; i++, at += 2) {
		at += text[at] == '-';
		int high = hexadecimal(text[at]), low = hexadecimal(text[at + 1]);
		if (high < 0 || low < 0)
			return false;
		bytes[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static int parse_id(const struct json_slice *slice, const char *field, struct ledger_id *id, struct error *error)
{
	if (slice->kind == JSON_ABSENT || slice->kind == JSON_NULL) {
		id->length = 0;
		id->is_uuid = false;
		return 0;
	}
	if (slice->kind != JSON_STRING || slice->length == 0 || slice->length > ID_LIMIT)
		return error_set(error, EX_DATAERR, "envelope \"%s\" must be a string of 1 to %d bytes, this is %s", field, ID_LIMIT,
			json_kind_name(slice->kind));
	id->is_uuid = parse_uuid(slice->text, slice->length, id->bytes);
	id->length = id->is_uuid ? 16 : (uint8_t)slice->length;
	if (!id->is_uuid)
		memcpy(id->bytes, slice->text, slice->length);
	return 0;
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
	if (parse_id(&fields[ENVELOPE], "envelope_id", &envelope->envelope_id, error) < 0 ||
		parse_id(&fields[SENDER], "sender_id", &envelope->sender_id, error) < 0 ||
		parse_time(&fields[CREATED], "created_at", &envelope->created_at, error) < 0 ||
		parse_time(&fields[SENT], "sent_at", &envelope->sent_at, error) < 0 ||
		parse_time(&fields[COMPLETED], "completed_at", &envelope->completed_at, error) < 0 ||
		parse_time(&fields[MODIFIED], "modified_at", &envelope->modified_at, error) < 0)
		return -1;
	if (envelope->modified_at == INSTANT_NONE)
		return error_set(error, EX_DATAERR, "envelope \"modified_at\" must be a time, this is %s",
			json_kind_name(fields[MODIFIED].kind));
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

/* The order of versions */

static int compare_integers(int64_t left, int64_t right)
{
	return (left > right) - (left < right);
}

/* As the record's bytes compare: null after any time. */
static int compare_times(int64_t left, int64_t right)
{
	if (left == INSTANT_NONE || right == INSTANT_NONE)
		return (left == INSTANT_NONE) - (right == INSTANT_NONE);
	return compare_integers(left, right);
}

/* A UUID's bytes have the order of its lower-case text; a text id beside a UUID is compared as text, by its first bytes. */
static int compare_ids(const struct ledger_id *left, const struct ledger_id *right)
{
	if (!left->length || !right->length)
		return !left->length - !right->length;
	if (left->is_uuid != right->is_uuid)
		return left->is_uuid ? -1 : 1;
	size_t shorter = left->length < right->length ? left->length : right->length;
	int order = memcmp(left->bytes, right->bytes, shorter);
	return order ? order : compare_integers(left->length, right->length);
}

/* Numbers were given in the order of arrival, which must not matter: the names decide. 0 for no name, which is null. */
static int compare_names(struct ledger *ledger, const char *statement_name, uint32_t left, uint32_t right, int *order,
	struct error *error)
{
	struct buffer names[2] = {BUFFER_INIT, BUFFER_INIT};
	const uint32_t keys[2] = {left, right};
	int result = 0;
	*order = 0;
	if (left == right)
		return 0;
	if (!left || !right) {
		*order = left ? -1 : 1;
		return 0;
	}
	for (int i = 0; i < 2 && result == 0; i++) {
		sqlite3_stmt *statement = ledger_statement(ledger, statement_name, error);
		if (!statement)
			result = -1;
		else
			sqlite3_bind_int64(statement, 1, keys[i]);
		if (result == 0 && ledger_step(ledger, statement, error) != 1)
			result = -1;
		if (result == 0) {
			buffer_append(&names[i], sqlite3_column_text(statement, 0), (size_t)sqlite3_column_bytes(statement, 0));
			sqlite3_reset(statement);
			result = buffer_check(&names[i], error);
		}
	}
	if (result == 0)
		*order = strcmp(names[0].data, names[1].data);
	buffer_release(&names[0]);
	buffer_release(&names[1]);
	return result;
}

/* Sets *order like strcmp: which version wins. Known statuses have fixed keys below 1000, unknown ones follow by name. */
static int compare_versions(struct ledger *ledger, const struct envelope *left, const struct envelope *right, int *order,
	struct error *error)
{
	*order = compare_integers(left->modified_at, right->modified_at);
	if (*order)
		return 0;
	if (left->status != right->status) {
		*order = compare_integers(left->status, right->status);
		return left->status < 1000 || right->status < 1000
			? 0
			: compare_names(ledger, "status_name", left->status, right->status, order, error);
	}
	if (compare_names(ledger, "account_name", left->account, right->account, order, error) < 0 || *order)
		return *order ? 0 : -1;
	if ((*order = compare_times(left->created_at, right->created_at)) || (*order = compare_times(left->sent_at, right->sent_at)) ||
		(*order = compare_times(left->completed_at, right->completed_at)))
		return 0;
	if (compare_names(ledger, "plan_item_name", left->plan_item, right->plan_item, order, error) < 0 || *order)
		return *order ? 0 : -1;
	*order = compare_ids(&left->sender_id, &right->sender_id);
	return 0;
}

/* The batch */

static uint32_t hash_id(const struct ledger_id *id)
{
	return hash_bytes(id->is_uuid, id->bytes, id->length);
}

static bool same_envelope(const void *context, size_t position, const void *key)
{
	const struct ledger_id *left = &((const struct envelope *)context)[position].envelope_id, *right = key;
	return left->length == right->length && left->is_uuid == right->is_uuid && memcmp(left->bytes, right->bytes, left->length) == 0;
}

int ledger_envelopes_add(struct ledger_envelopes *envelopes, const struct json_slice fields[], struct error *error)
{
	struct envelope envelope;
	if (envelopes->count == BATCH_LIMIT && ledger_envelopes_flush(envelopes, error) < 0)
		return -1;
	if (ledger_begin(envelopes->ledger, error) < 0 || parse_envelope(envelopes, fields, &envelope, error) < 0)
		return -1;
	envelopes->received++;
	uint32_t hash = hash_id(&envelope.envelope_id);
	ptrdiff_t position = hash_index_find(&envelopes->index, hash, same_envelope, envelopes->batch, &envelope.envelope_id);
	if (position >= 0) {
		int order;
		if (compare_versions(envelopes->ledger, &envelope, &envelopes->batch[position], &order, error) < 0)
			return -1;
		if (order > 0)
			envelopes->batch[position] = envelope;
		return 0;
	}
	if (hash_index_add(&envelopes->index, hash, envelopes->count) < 0)
		return error_set(error, EX_OSERR, "out of memory");
	envelopes->batch[envelopes->count++] = envelope;
	return 0;
}

/* The daily partials */

static bool same_daily(const void *context, size_t position, const void *key)
{
	const struct daily_change *left = &((const struct daily_change *)context)[position], *right = key;
	return left->account == right->account && left->plan_item == right->plan_item && left->day == right->day &&
		left->status == right->status;
}

/* The change of the row that this version counts in; NULL with an error. The version must have been sent. */
static struct daily_change *change_of(struct ledger_envelopes *envelopes, const struct envelope *envelope, struct error *error)
{
	struct daily_change key = {.account = envelope->account,
		.plan_item = envelope->plan_item,
		.status = envelope->status,
		.day = instant_day(envelope->sent_at),
		.first_added = INT64_MAX,
		.last_added = INT64_MIN,
		.first_removed = INT64_MAX,
		.last_removed = INT64_MIN};
	uint32_t words[4] = {key.account, key.plan_item, key.status, (uint32_t)key.day};
	uint32_t hash = hash_bytes(0, words, sizeof words);
	ptrdiff_t position = hash_index_find(&envelopes->change_index, hash, same_daily, envelopes->changes, &key);
	if (position >= 0)
		return &envelopes->changes[position];
	if (envelopes->change_count == envelopes->change_capacity) {
		size_t capacity = envelopes->change_capacity ? envelopes->change_capacity * 2 : 1024;
		struct daily_change *changes = realloc(envelopes->changes, capacity * sizeof *changes);
		if (!changes) {
			error_set(error, EX_OSERR, "out of memory");
			return NULL;
		}
		envelopes->changes = changes;
		envelopes->change_capacity = capacity;
	}
	if (hash_index_add(&envelopes->change_index, hash, envelopes->change_count) < 0) {
		error_set(error, EX_OSERR, "out of memory");
		return NULL;
	}
	envelopes->changes[envelopes->change_count] = key;
	return &envelopes->changes[envelopes->change_count++];
}

static int count_in(struct ledger_envelopes *envelopes, const struct envelope *envelope, struct error *error)
{
	if (envelope->sent_at == INSTANT_NONE)
		return 0;
	struct daily_change *change = change_of(envelopes, envelope, error);
	if (!change)
		return -1;
	change->added++;
	if (envelope->sent_at < change->first_added)
		change->first_added = envelope->sent_at;
	if (envelope->sent_at > change->last_added)
		change->last_added = envelope->sent_at;
	return 0;
}

static int count_out(struct ledger_envelopes *envelopes, const struct envelope *envelope, struct error *error)
{
	if (envelope->sent_at == INSTANT_NONE)
		return 0;
	struct daily_change *change = change_of(envelopes, envelope, error);
	if (!change)
		return -1;
	change->removed++;
	if (envelope->sent_at < change->first_removed)
		change->first_removed = envelope->sent_at;
	if (envelope->sent_at > change->last_removed)
		change->last_removed = envelope->sent_at;
	return 0;
}

static int compare_changes(const void *left_pointer, const void *right_pointer)
{
	const struct daily_change *left = left_pointer, *right = right_pointer;
	int order;
	if ((order = compare_integers(left->account, right->account)) || (order = compare_integers(left->plan_item, right->plan_item)) ||
		(order = compare_integers(left->day, right->day)))
		return order;
	return compare_integers(left->status, right->status);
}

static sqlite3_stmt *daily_statement(struct ledger *ledger, const char *name, const struct daily_change *change, struct error *error)
{
	sqlite3_stmt *statement = ledger_statement(ledger, name, error);
	if (statement) {
		sqlite3_bind_int64(statement, 1, change->account);
		sqlite3_bind_int64(statement, 2, change->plan_item);
		sqlite3_bind_int64(statement, 3, change->day);
		sqlite3_bind_int64(statement, 4, change->status);
	}
	return statement;
}

/* A row from which envelopes went: it goes with the last one, and finds its first and last anew when one of these went. */
static int take_from_daily(struct ledger *ledger, const struct daily_change *change, struct error *error)
{
	sqlite3_stmt *statement = daily_statement(ledger, "take_from_daily", change, error);
	if (!statement)
		return -1;
	sqlite3_bind_int64(statement, 5, -change->removed);
	if (ledger_run(ledger, statement, error) < 0)
		return -1;
	statement = daily_statement(ledger, "find_daily", change, error);
	if (!statement || ledger_step(ledger, statement, error) != 1)
		return error_set(error, EX_SOFTWARE, "cannot use ledger '%s': a daily partial is missing", ledger->path);
	int64_t units = sqlite3_column_int64(statement, 0);
	bool edge = sqlite3_column_int64(statement, 1) >= change->first_removed || sqlite3_column_int64(statement, 2) <= change->last_removed;
	sqlite3_reset(statement);
	if (units > 0 && !edge)
		return 0;
	statement = daily_statement(ledger, units > 0 ? "rescan_daily" : "remove_daily", change, error);
	return statement ? ledger_run(ledger, statement, error) : -1;
}

static int write_changes(struct ledger_envelopes *envelopes, struct error *error)
{
	struct ledger *ledger = envelopes->ledger;
	qsort(envelopes->changes, envelopes->change_count, sizeof *envelopes->changes, compare_changes);
	uint32_t touched = 0;
	for (size_t i = 0; i < envelopes->change_count; i++) {
		const struct daily_change *change = &envelopes->changes[i];
		if (change->added) {
			sqlite3_stmt *statement = daily_statement(ledger, "add_to_daily", change, error);
			if (!statement)
				return -1;
			sqlite3_bind_int64(statement, 5, change->added);
			sqlite3_bind_int64(statement, 6, change->first_added);
			sqlite3_bind_int64(statement, 7, change->last_added);
			if (ledger_run(ledger, statement, error) < 0)
				return -1;
		}
		if (change->removed && take_from_daily(ledger, change, error) < 0)
			return -1;
		if (change->account != touched) {
			sqlite3_stmt *statement = ledger_statement(ledger, "touch_account", error);
			if (!statement)
				return -1;
			sqlite3_bind_int64(statement, 1, change->account);
			if (ledger_run(ledger, statement, error) < 0)
				return -1;
			touched = change->account;
		}
	}
	envelopes->change_count = 0;
	hash_index_reset(&envelopes->change_index);
	return 0;
}

/* Envelope rows */

static void bind_id(sqlite3_stmt *statement, int column, const struct ledger_id *id)
{
	if (!id->length)
		sqlite3_bind_null(statement, column);
	else if (id->is_uuid)
		sqlite3_bind_blob(statement, column, id->bytes, 16, SQLITE_STATIC);
	else
		sqlite3_bind_text(statement, column, (const char *)id->bytes, id->length, SQLITE_STATIC);
}

static void bind_time(sqlite3_stmt *statement, int column, int64_t instant)
{
	if (instant == INSTANT_NONE)
		sqlite3_bind_null(statement, column);
	else
		sqlite3_bind_int64(statement, column, instant);
}

static int64_t column_time(sqlite3_stmt *statement, int column)
{
	return sqlite3_column_type(statement, column) == SQLITE_NULL ? INSTANT_NONE : sqlite3_column_int64(statement, column);
}

static int write_row(struct ledger *ledger, const char *name, const struct envelope *envelope, struct error *error)
{
	sqlite3_stmt *statement = ledger_statement(ledger, name, error);
	if (!statement)
		return -1;
	bind_id(statement, 1, &envelope->envelope_id);
	sqlite3_bind_int64(statement, 2, envelope->account);
	sqlite3_bind_int64(statement, 3, envelope->plan_item);
	sqlite3_bind_int64(statement, 4, envelope->status);
	bind_time(statement, 5, envelope->created_at);
	bind_time(statement, 6, envelope->sent_at);
	bind_time(statement, 7, envelope->completed_at);
	bind_time(statement, 8, envelope->modified_at);
	bind_id(statement, 9, &envelope->sender_id);
	return ledger_run(ledger, statement, error);
}

static int read_row(struct ledger *ledger, const struct ledger_id *id, struct envelope *envelope, struct error *error)
{
	sqlite3_stmt *statement = ledger_statement(ledger, "find_envelope", error);
	if (!statement)
		return -1;
	bind_id(statement, 1, id);
	int got = ledger_step(ledger, statement, error);
	if (got <= 0)
		return got < 0 ? -1 : error_set(error, EX_SOFTWARE, "cannot use ledger '%s': an envelope is missing", ledger->path);
	*envelope = (struct envelope){.envelope_id = *id,
		.account = (uint32_t)sqlite3_column_int64(statement, 0),
		.plan_item = (uint32_t)sqlite3_column_int64(statement, 1),
		.status = (uint32_t)sqlite3_column_int64(statement, 2),
		.created_at = column_time(statement, 3),
		.sent_at = column_time(statement, 4),
		.completed_at = column_time(statement, 5),
		.modified_at = column_time(statement, 6)};
	int type = sqlite3_column_type(statement, 7);
	if (type != SQLITE_NULL) {
		int length = sqlite3_column_bytes(statement, 7);
		envelope->sender_id.is_uuid = type == SQLITE_BLOB;
		envelope->sender_id.length = (uint8_t)length;
		memcpy(envelope->sender_id.bytes, sqlite3_column_blob(statement, 7), (size_t)length);
	}
	sqlite3_reset(statement);
	return 0;
}

/* Most envelopes of a first load are new: insert first, look only at those that are there. */
static int write_envelope(struct ledger_envelopes *envelopes, const struct envelope *envelope, struct error *error)
{
	struct ledger *ledger = envelopes->ledger;
	if (write_row(ledger, "add_envelope", envelope, error) < 0)
		return -1;
	if (sqlite3_changes(ledger->database) == 0) {
		struct envelope earlier;
		int order;
		if (read_row(ledger, &envelope->envelope_id, &earlier, error) < 0 ||
			compare_versions(ledger, envelope, &earlier, &order, error) < 0)
			return -1;
		if (order <= 0)
			return 0;
		if (write_row(ledger, "replace_envelope", envelope, error) < 0 || count_out(envelopes, &earlier, error) < 0)
			return -1;
	}
	envelopes->stored++;
	return count_in(envelopes, envelope, error);
}

static int compare_positions(const void *left, const void *right, void *batch)
{
	const struct envelope *envelopes = batch;
	return compare_ids(&envelopes[*(const uint32_t *)left].envelope_id, &envelopes[*(const uint32_t *)right].envelope_id);
}

int ledger_envelopes_flush(struct ledger_envelopes *envelopes, struct error *error)
{
	for (size_t i = 0; i < envelopes->count; i++)
		envelopes->order[i] = (uint32_t)i;
	qsort_r(envelopes->order, envelopes->count, sizeof *envelopes->order, compare_positions, envelopes->batch);
	for (size_t i = 0; i < envelopes->count; i++)
		if (write_envelope(envelopes, &envelopes->batch[envelopes->order[i]], error) < 0)
			return -1;
	envelopes->count = 0;
	hash_index_reset(&envelopes->index);
	return write_changes(envelopes, error);
}
