#include "export/export_envelopes.h"

#include "base/arena.h"
#include "base/array.h"
#include "ledger/ledger_row.h"
#include "merge/envelope_block.h"
#include "json/json_write.h"

#include <stdlib.h>
#include <string.h>

/* Names by their key in the ledger; NULL for a key without one. */
struct names {
	const char **list;
	size_t count;
};

struct walk {
	struct ledger *ledger;
	struct names accounts, plan_items, statuses, methods; /* methods by the key of the status */
	struct arena arena; /* of the names */
	const struct stream *stream;
	struct buffer record, id;
	record_sink *sink;
	void *context;
};

static int load_names(struct walk *walk, struct names *names, const char *statement_name, const char *table, struct error *error)
{
	sqlite3_stmt *row = ledger_statement(walk->ledger, statement_name, error);
	int got = -1;
	while (row && (got = ledger_step(walk->ledger, row, error)) > 0) {
		const char *text = ledger_text(walk->ledger, row, 1, table, error);
		int64_t key;
		if (!text || ledger_integer(walk->ledger, row, 0, table, 1, LEDGER_ACCOUNT_MOST, &key, error) < 0)
			return -1;
		while (names->count <= (size_t)key)
			if (!array_grow((void **)&names->list, &names->count, sizeof *names->list, error))
				return -1;
		size_t size = strlen(text) + 1;
		char *name = arena_take(&walk->arena, size);
		if (!name)
			return error_set(error, EX_OSERR, "out of memory");
		names->list[key] = size > 1 ? memcpy(name, text, size) : NULL;
	}
	return got;
}

/* Appends the name of a key as a member, null where it has none. Returns whether it has one. */
static bool append_name(struct buffer *record, const char *field, const struct names *names, uint32_t key)
{
	const char *name = key < names->count ? names->list[key] : NULL;
	json_member_text(record, field, name);
	return name != NULL;
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

static const char *envelope_name(struct walk *walk, const struct envelope *envelope)
{
	buffer_reset(&walk->id);
	envelope_id_append(&envelope->envelope_id, &walk->id);
	return walk->id.data;
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
		return ledger_damaged(walk->ledger, error,
			"table envelope_block, envelope '%s': its account, plan item or status is not in tables account, plan_item and status",
			envelope_name(walk, envelope));
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
	int result = -1;
	if (load_names(&walk, &walk.accounts, "export_account_names", "account", error) == 0 &&
		load_names(&walk, &walk.plan_items, "export_plan_item_names", "plan_item", error) == 0 &&
		load_names(&walk, &walk.statuses, "export_status_names", "status", error) == 0 &&
		load_names(&walk, &walk.methods, "export_sending_methods", "status", error) == 0)
		result = block_walk(ledger, append_envelope, &walk, error);
	free(walk.accounts.list);
	free(walk.plan_items.list);
	free(walk.statuses.list);
	free(walk.methods.list);
	arena_release(&walk.arena);
	buffer_release(&walk.record);
	buffer_release(&walk.id);
	return result;
}
