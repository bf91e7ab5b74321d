#include "merge/envelope_reader.h"

#include "base/instant.h"
#include "ledger/ledger_row.h"
#include "stream/stream.h"

#include <string.h>

/* Position of the fields of stream_envelope_method. */
enum { ACCOUNT, ENVELOPE, STATUS, CREATED, SENT, COMPLETED, MODIFIED, PLAN_ITEM, SENDER, SENDING_METHOD };

/* The statements that find and add a key of one of the ledger's tables of names. */
static const struct key_table {
	const char *table, *find, *add;
	int64_t most;
} account_keys = {"account", "find_account", "add_account", LEDGER_ACCOUNT_MOST},
  plan_item_keys = {"plan_item", "find_plan_item", "add_plan_item", LEDGER_NAME_MOST},
  status_keys = {"status", "find_status", "add_status", LEDGER_NAME_MOST};

void envelope_reader_forget(struct envelope_reader *reader)
{
	name_table_release(&reader->accounts);
	reader->last_account = 0;
	name_table_release(&reader->plan_items);
	name_table_release(&reader->statuses);
}

void envelope_reader_release(struct envelope_reader *reader)
{
	envelope_reader_forget(reader);
	buffer_release(&reader->pair);
}

/* An id that is a text points into the slice. */
static int parse_id(const struct json_slice *slice, const char *field, struct envelope_id *id, struct error *error)
{
	*id = (struct envelope_id){.length = 0};
	if (slice->kind == JSON_ABSENT || slice->kind == JSON_NULL)
		return 0;
	if (slice->kind != JSON_STRING || slice->length == 0 || slice->length > ID_LIMIT)
		return error_set(error, EX_DATAERR, "envelope \"%s\" must be a string of 1 to %d bytes, this is %s", field, ID_LIMIT,
			json_kind_name(slice->kind));
	envelope_id_parse(slice->text, slice->length, id);
	if (!id->is_uuid && memchr(slice->text, 0, slice->length))
		return error_set(error, EX_DATAERR, "envelope \"%s\" must be a string without \\u0000", field);
	return 0;
}

static int parse_time(const struct json_slice *slice, const char *field, int64_t *instant, struct error *error)
{
	*instant = INSTANT_NONE;
	if (slice->kind == JSON_ABSENT || slice->kind == JSON_NULL)
		return 0;
	if (slice->kind != JSON_STRING || instant_parse(slice->text, slice->length, instant) < 0)
		return error_set(error, EX_DATAERR, "envelope \"%s\" must be a time such as 2025-01-31T00:00:00.000Z, this is '%.*s'",
			field, (int)slice->length, slice->text);
	return 0;
}

static sqlite3_stmt *name_statement(struct ledger *ledger, const char *statement_name, const struct json_slice *name,
	const struct json_slice *method, struct error *error)
{
	sqlite3_stmt *statement = ledger_statement(ledger, statement_name, error);
	if (statement)
		sqlite3_bind_text(statement, 1, name->text, (int)name->length, SQLITE_STATIC);
	if (statement && method)
		sqlite3_bind_text(statement, 2, method->text, (int)method->length, SQLITE_STATIC);
	return statement;
}

/* The ledger's own key of a name (and of a method, or NULL), which is added when new. */
static int find_in_ledger(struct ledger *ledger, const struct key_table *keys, const struct json_slice *name,
	const struct json_slice *method, int64_t *key, struct error *error)
{
	if (memchr(name->text, 0, name->length))
		return error_set(error, EX_DATAERR, "envelope names must be strings without \\u0000, this is '%s' and more", name->text);
	sqlite3_stmt *statement = name_statement(ledger, keys->find, name, method, error);
	int got = statement ? ledger_step(ledger, statement, error) : -1;
	if (got > 0 && ledger_integer(ledger, statement, 0, keys->table, 1, keys->most, key, error) < 0)
		got = -1;
	sqlite3_reset(statement);
	if (got != 0)
		return got < 0 ? -1 : 0;
	statement = name_statement(ledger, keys->add, name, method, error);
	if (!statement || ledger_run(ledger, statement, error) < 0)
		return -1;
	*key = sqlite3_last_insert_rowid(ledger->database);
	if (*key > 0 && *key <= keys->most)
		return 0;
	if (keys == &status_keys)
		return error_set(
			error, EX_DATAERR, "envelope \"status\": the ledger has 64,536 others of its own making, and room for no more");
	return error_set(error, EX_DATAERR, "envelope \"%s_id\": the ledger has %lld others, and room for no more", keys->table,
		(long long)keys->most);
}

/* The same, from the table in memory if it is there. */
static int find_key(struct envelope_reader *reader, struct name_table *table, const struct key_table *keys, const struct json_slice *name,
	const struct json_slice *method, const struct name **found, struct error *error)
{
	struct buffer *pair = &reader->pair;
	const char *text = name->text;
	size_t length = name->length;
	if (method) {
		buffer_reset(pair);
		buffer_append(pair, name->text, name->length);
		buffer_append_byte(pair, 0);
		buffer_append(pair, method->text, method->length);
		if (buffer_check(pair, error) < 0)
			return -1;
		text = pair->data;
		length = pair->length;
	}
	int64_t value;
	*found = name_table_find(table, text, length);
	if (!*found && find_in_ledger(reader->ledger, keys, name, method, &value, error) == 0)
		*found = name_table_add(table, text, length, value, error);
	return *found ? 0 : -1;
}

/* Without a look into the table where the record before was of the same account: with very many accounts each look waits for memory. */
static int find_account(struct envelope_reader *reader, const struct json_slice *name, uint32_t *key, struct error *error)
{
	const struct name_table *accounts = &reader->accounts;
	const struct name *last = reader->last_account < accounts->count ? &accounts->names[reader->last_account] : NULL;
	if (last && last->length == name->length && memcmp(last->text, name->text, name->length) == 0) {
		*key = (uint32_t)last->value;
		return 0;
	}
	const struct name *found;
	int result = find_key(reader, &reader->accounts, &account_keys, name, NULL, &found, error);
	if (result == 0) {
		*key = (uint32_t)found->value;
		reader->last_account = (size_t)(found - accounts->names);
	}
	return result;
}

/* Sets *text to the slice of a string that is not empty, else to NULL. */
static int parse_text(const struct json_slice fields[], int field, const struct json_slice **text, struct error *error)
{
	const struct json_slice *slice = &fields[field];
	*text = slice->kind == JSON_STRING && slice->length > 0 ? slice : NULL;
	if (slice->kind == JSON_STRING || slice->kind == JSON_NULL || slice->kind == JSON_ABSENT)
		return 0;
	return error_set(error, EX_DATAERR, "envelope \"%s\" must be a string, this is %s", stream_envelope_method.fields[field].name,
		json_kind_name(slice->kind));
}

static int parse_status(struct envelope_reader *reader, const struct json_slice fields[], uint32_t *key, struct error *error)
{
	const struct json_slice *method;
	if (parse_text(fields, SENDING_METHOD, &method, error) < 0)
		return -1;
	if (method && memchr(method->text, 0, method->length))
		return error_set(error, EX_DATAERR, "envelope \"sending_method\" must be a string without \\u0000");
	const struct name *found;
	int result = find_key(reader, &reader->statuses, &status_keys, &fields[STATUS], method, &found, error);
	*key = result == 0 ? (uint32_t)found->value : 0;
	return result;
}

int envelope_reader_read(struct envelope_reader *reader, const struct json_slice fields[], struct envelope *envelope, struct error *error)
{
	static const int required[] = {ACCOUNT, ENVELOPE, STATUS};
	for (size_t i = 0; i < sizeof required / sizeof *required; i++) {
		const struct json_slice *slice = &fields[required[i]];
		if (slice->kind != JSON_STRING || slice->length == 0)
			return error_set(error, EX_DATAERR, "envelope \"%s\" must be a string that is not empty, this is %s",
				stream_envelope_method.fields[required[i]].name, json_kind_name(slice->kind));
	}
	const struct json_slice *plan_item;
	envelope->plan_item = 0;
	if (parse_id(&fields[ENVELOPE], "envelope_id", &envelope->envelope_id, error) < 0 ||
		parse_id(&fields[SENDER], "sender_id", &envelope->sender_id, error) < 0 ||
		parse_time(&fields[CREATED], "created_at", &envelope->created_at, error) < 0 ||
		parse_time(&fields[SENT], "sent_at", &envelope->sent_at, error) < 0 ||
		parse_time(&fields[COMPLETED], "completed_at", &envelope->completed_at, error) < 0 ||
		parse_time(&fields[MODIFIED], "modified_at", &envelope->modified_at, error) < 0 ||
		parse_text(fields, PLAN_ITEM, &plan_item, error) < 0)
		return -1;
	/* normalize gives none; others may. */
	if (envelope->sent_at < INSTANT_DATED_FROM || envelope->sent_at >= INSTANT_DATED_UNTIL)
		envelope->sent_at = INSTANT_NONE;
	if (envelope->modified_at == INSTANT_NONE)
		return error_set(
			error, EX_DATAERR, "envelope \"modified_at\" must be a time, this is %s", json_kind_name(fields[MODIFIED].kind));
	const struct name *found;
	if (plan_item && find_key(reader, &reader->plan_items, &plan_item_keys, plan_item, NULL, &found, error) < 0)
		return -1;
	if (plan_item)
		envelope->plan_item = (uint32_t)found->value;
	if (find_account(reader, &fields[ACCOUNT], &envelope->account, error) < 0)
		return -1;
	return parse_status(reader, fields, &envelope->status, error);
}
