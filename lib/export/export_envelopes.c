#include "export/export_envelopes.h"

#include "merge/envelope_block.h"
#include "json/json_write.h"

#include <string.h>

/* Names by their key in the ledger, one after the other in one buffer. */
struct names {
	struct buffer texts;
	struct buffer ends; /* size_t[]: where the name of each key ends; a key without a name ends where it begins */
};

struct walk {
	struct ledger *ledger;
	struct names accounts, plan_items, statuses, methods; /* methods by the key of the status */
	const struct stream *stream;
	struct buffer record, id;
	record_sink *sink;
	void *context;
};

static int load_names(struct names *names, struct ledger *ledger, const char *statement_name, struct error *error)
{
	sqlite3_stmt *statement = ledger_statement(ledger, statement_name, error);
	int got = -1;
	while (statement && (got = ledger_step(ledger, statement, error)) > 0) {
		size_t key = (size_t)sqlite3_column_int64(statement, 0);
		while (names->ends.length < key * sizeof(size_t) && !names->ends.failed)
			buffer_append(&names->ends, &names->texts.length, sizeof(size_t));
		buffer_append(&names->texts, sqlite3_column_text(statement, 1), (size_t)sqlite3_column_bytes(statement, 1));
		buffer_append(&names->ends, &names->texts.length, sizeof(size_t));
	}
	return got < 0 || buffer_check(&names->texts, error) < 0 || buffer_check(&names->ends, error) < 0 ? -1 : 0;
}

static void release_names(struct names *names)
{
	buffer_release(&names->texts);
	buffer_release(&names->ends);
}

static size_t end_of(const struct names *names, size_t key)
{
	size_t end;
	memcpy(&end, names->ends.data + key * sizeof end, sizeof end);
	return end;
}

/* Appends the name of a key as a member. Returns false when there is none: then it is null. */
static bool append_name(struct buffer *record, const char *field, const struct names *names, uint32_t key)
{
	bool has_name = key < names->ends.length / sizeof(size_t);
	size_t start = has_name && key > 0 ? end_of(names, key - 1) : 0, end = has_name ? end_of(names, key) : 0;
	if (end == start)
		json_member_null(record, field);
	else
		json_member_string(record, field, names->texts.data + start, end - start);
	return end > start;
}

static void append_id(struct walk *walk, const char *field, const struct envelope_id *id)
{
	json_key(&walk->record, field);
	if (id->length == 0) {
		json_null(&walk->record);
		return;
	}
	buffer_reset(&walk->id);
	envelope_id_append(id, &walk->id);
	json_string(&walk->record, walk->id.data, walk->id.length);
}

static int append_envelope(void *context, const struct envelope *envelope, struct error *error)
{
	struct walk *walk = context;
	struct buffer *record = &walk->record;
	buffer_reset(record);
	json_begin(record, '{');
	bool known = append_name(record, "account_id", &walk->accounts, envelope->account);
	append_id(walk, "envelope_id", &envelope->envelope_id);
	known &= append_name(record, "status", &walk->statuses, envelope->status);
	json_member_instant(record, "created_at", envelope->created_at);
	json_member_instant(record, "sent_at", envelope->sent_at);
	json_member_instant(record, "completed_at", envelope->completed_at);
	json_member_instant(record, "modified_at", envelope->modified_at);
	known &= append_name(record, "plan_item_id", &walk->plan_items, envelope->plan_item) || !envelope->plan_item;
	append_id(walk, "sender_id", &envelope->sender_id);
	if (walk->stream == &stream_envelope_method)
		append_name(record, "sending_method", &walk->methods, envelope->status);
	json_end(record, '}');
	json_finish(record);
	if (!known)
		return error_set(error, EX_DATAERR,
			"cannot use ledger '%s': an envelope's account, plan item or status is not in its tables: it is damaged",
			walk->ledger->path);
	return buffer_check(record, error) < 0 || buffer_check(&walk->id, error) < 0
		? -1
		: walk->sink(walk->context, walk->stream, record, error);
}

const struct stream *export_envelopes_stream(struct ledger *ledger, struct error *error)
{
	int64_t any;
	int got = ledger_find(ledger, "any_sending_method", 0, &any, error);
	return got < 0 ? NULL : got ? &stream_envelope_method : &stream_envelope;
}

int export_envelopes(struct ledger *ledger, const struct stream *stream, record_sink *sink, void *context, struct error *error)
{
	struct walk walk = {.ledger = ledger, .stream = stream, .sink = sink, .context = context, .record = BUFFER_INIT, .id = BUFFER_INIT};
	struct names *const all[] = {&walk.accounts, &walk.plan_items, &walk.statuses, &walk.methods};
	const char *const statements[] = {
		"export_account_names", "export_plan_item_names", "export_status_names", "export_sending_methods"};
	const int count = sizeof all / sizeof *all;
	int result = 0;
	for (int i = 0; i < count; i++)
		*all[i] = (struct names){.texts = BUFFER_INIT, .ends = BUFFER_INIT};
	for (int i = 0; i < count && result == 0; i++)
		result = load_names(all[i], ledger, statements[i], error);
	if (result == 0)
		result = block_walk(ledger, append_envelope, &walk, error);
	for (int i = 0; i < count; i++)
		release_names(all[i]);
	buffer_release(&walk.record);
	buffer_release(&walk.id);
	return result;
}
