#include "merge/ledger_take.h"

#include "base/array.h"
#include "base/embedded.h"
#include "ledger/ledger_row.h"
#include "merge/envelope_block.h"
#include "merge/ledger_envelopes.h"
#include "stream/state_union.h"

#include <stdlib.h>

EMBEDDED(merge_ledger_take_sql);

/* The numbers in the ledger of those of its source; 0: it does not take that account. */
struct numbers {
	uint32_t *list;
	size_t count;
};

struct taking {
	struct ledger *ledger, *source;
	const struct shard *shard;
	struct ledger_envelopes envelopes;
	struct numbers accounts, plan_items, statuses;
};

/* is_mine(ACCOUNT_ID) */
static void is_mine(sqlite3_context *context, int count, sqlite3_value **arguments)
{
	const char *id = (const char *)sqlite3_value_text(arguments[0]);
	int mine = id ? shard_has(sqlite3_user_data(context), id, (size_t)sqlite3_value_bytes(arguments[0]), NULL) : 0;
	(void)count;
	if (mine < 0)
		sqlite3_result_error(context, "cannot compute SHA-256", -1);
	else
		sqlite3_result_int(context, mine);
}

static int attach(struct taking *taking, struct error *error)
{
	struct ledger *ledger = taking->ledger;
	sqlite3_stmt *statement;
	if (sqlite3_create_function(ledger->database, "is_mine", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY,
		    (void *)(uintptr_t)taking->shard, is_mine, NULL, NULL) != SQLITE_OK ||
		!(statement = ledger_statement(ledger, "attach_source", error)))
		return error->status ? -1 : ledger_error(ledger, error);
	sqlite3_bind_text(statement, 1, taking->source->path, -1, SQLITE_STATIC);
	return ledger_run(ledger, statement, error);
}

static int load_numbers(struct ledger *ledger, const char *statement_name, struct numbers *numbers, struct error *error)
{
	sqlite3_stmt *row = ledger_statement(ledger, statement_name, error);
	int got = -1;
	while (row && (got = ledger_step(ledger, row, error)) > 0) {
		int64_t from, to;
		if (ledger_integer(ledger, row, 0, "account", 1, LEDGER_ACCOUNT_MOST, &from, error) < 0 ||
			ledger_integer(ledger, row, 1, "account", 1, LEDGER_ACCOUNT_MOST, &to, error) < 0)
			return -1;
		uint32_t *place = array_at((void **)&numbers->list, &numbers->count, sizeof *numbers->list, (size_t)from, error);
		if (!place)
			return -1;
		*place = (uint32_t)to;
	}
	return got;
}

static uint32_t number_of(const struct numbers *numbers, uint32_t number)
{
	return number < numbers->count ? numbers->list[number] : 0;
}

static int take_envelope(void *context, const struct envelope *given, struct error *error)
{
	struct taking *taking = context;
	struct envelope envelope = *given;
	envelope.account = number_of(&taking->accounts, given->account);
	envelope.plan_item = number_of(&taking->plan_items, given->plan_item);
	envelope.status = number_of(&taking->statuses, given->status);
	if (!envelope.account)
		return 0;
	if (!envelope.status || (given->plan_item && !envelope.plan_item))
		return ledger_damaged(taking->source, error,
			"table envelope_block: an envelope's plan item or status is not in tables plan_item and status");
	return ledger_envelopes_take(&taking->envelopes, &envelope, error);
}

static int touch_as_source(struct ledger *ledger, struct error *error)
{
	sqlite3_stmt *statement = ledger_statement(ledger, "touch_as_source", error);
	return statement ? ledger_run(ledger, statement, error) : -1;
}

static int take_envelopes(struct taking *taking, struct error *error)
{
	struct block_layout before, after;
	int result = -1;
	/* What was late has been taken; nothing arrives now. */
	if (block_layout_load(taking->ledger, &before, error) < 0 ||
		ledger_envelopes_open(&taking->envelopes, taking->ledger, 0, error) < 0)
		return -1;
	taking->envelopes.late_before = INT64_MIN;
	if (load_numbers(taking->ledger, "source_accounts", &taking->accounts, error) == 0 &&
		load_numbers(taking->ledger, "source_plan_items", &taking->plan_items, error) == 0 &&
		load_numbers(taking->ledger, "source_statuses", &taking->statuses, error) == 0 &&
		block_walk(taking->source, take_envelope, taking, error) == 0)
		result = ledger_envelopes_flush(&taking->envelopes, error);
	if (result == 0)
		result = block_layout_load(taking->ledger, &after, error);
	/* Where every envelope is one that the ledger did not have, no figure is another than in its source. */
	if (result == 0 && after.envelopes - before.envelopes == (int64_t)taking->envelopes.received)
		result = touch_as_source(taking->ledger, error);
	ledger_envelopes_release(&taking->envelopes);
	free(taking->accounts.list);
	free(taking->plan_items.list);
	free(taking->statuses.list);
	return result;
}

static int add_state(struct state_union *state, struct ledger *ledger, struct error *error)
{
	struct buffer text = BUFFER_INIT;
	int result = ledger_load_state(ledger, &text, error);
	if (result == 0 && text.length) {
		const struct json_slice value = {JSON_OBJECT, text.data, text.length};
		result = state_union_add(state, &value, error);
	}
	buffer_release(&text);
	return result;
}

static int take_state(struct taking *taking, struct error *error)
{
	struct state_union state = {.count = 0};
	struct buffer text = BUFFER_INIT;
	int result = add_state(&state, taking->ledger, error);
	state.shard = taking->shard;
	if (result == 0)
		result = add_state(&state, taking->source, error);
	if (result == 0 && state.has_state) {
		state_union_append(&state, &text, error);
		result = buffer_check(&text, error);
		if (result == 0)
			result = ledger_save_state(taking->ledger, text.data, text.length, error);
	}
	buffer_release(&text);
	state_union_release(&state);
	return result;
}

int ledger_take(struct ledger *ledger, const char *path, const struct shard *shard, struct error *error)
{
	struct ledger source;
	struct taking taking = {.ledger = ledger, .source = &source, .shard = shard};
	if (ledger_open(&source, path, LEDGER_READ, error) < 0)
		return -1;
	int result = ledger_snapshot(&source, error);
	if (result == 0 && attach(&taking, error) == 0 && ledger_begin(ledger, error) == 0 &&
		ledger_execute(ledger, EMBEDDED_TEXT(merge_ledger_take_sql), EMBEDDED_LENGTH(merge_ledger_take_sql), error) == 0 &&
		take_envelopes(&taking, error) == 0 && take_state(&taking, error) == 0)
		result = ledger_commit(ledger, error);
	else
		result = -1;
	/* A new ledger has been opened anew by its first commit, without it. */
	sqlite3_exec(ledger->database, "DETACH source", NULL, NULL, NULL);
	ledger_close(&source);
	return result;
}
