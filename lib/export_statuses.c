#include "export_statuses.h"

#include "daily_cells.h"
#include "json_write.h"

#include <stdlib.h>
#include <string.h>

#define KEYS 65536 /* a status is two bytes in an entry */

struct status {
	int key;
	char *name;
};

struct statuses {
	struct status *list; /* of those that count, by name */
	size_t count;
	int32_t places[KEYS]; /* in the list, by key; -1: does not count */
};

static void release(void *context)
{
	struct statuses *statuses = context;
	for (size_t i = 0; i < statuses->count; i++)
		free(statuses->list[i].name);
	free(statuses->list);
	free(statuses);
}

static int compare(const void *left, const void *right)
{
	return strcmp(((const struct status *)left)->name, ((const struct status *)right)->name);
}

static int add(struct statuses *statuses, sqlite3_stmt *statement, struct error *error)
{
	struct status *list = realloc(statuses->list, (statuses->count + 1) * sizeof *list);
	if (list)
		statuses->list = list;
	char *name = list ? strdup((const char *)sqlite3_column_text(statement, 1)) : NULL;
	if (!name)
		return error_set(error, EX_OSERR, "out of memory");
	list[statuses->count++] = (struct status){.key = sqlite3_column_int(statement, 0), .name = name};
	return 0;
}

static int load(struct statuses *statuses, struct ledger *ledger, struct error *error)
{
	sqlite3_stmt *statement = ledger_statement(ledger, "list_statuses", error);
	int got = -1;
	while (statement && (got = ledger_step(ledger, statement, error)) > 0)
		if (sqlite3_column_int(statement, 2) && add(statuses, statement, error) < 0)
			return -1;
	if (got < 0)
		return -1;
	if (statuses->count > 0)
		qsort(statuses->list, statuses->count, sizeof *statuses->list, compare);
	for (size_t i = 0; i < KEYS; i++)
		statuses->places[i] = -1;
	for (size_t i = 0; i < statuses->count; i++)
		if (statuses->list[i].key >= 0 && statuses->list[i].key < KEYS)
			statuses->places[statuses->list[i].key] = (int32_t)i;
	return 0;
}

/* The counts of a group, by place in the list. */
static int64_t *counts_of(sqlite3_context *context)
{
	const struct statuses *statuses = sqlite3_user_data(context);
	return sqlite3_aggregate_context(context, (int)(statuses->count * sizeof(int64_t)));
}

static void step(sqlite3_context *context, int count, sqlite3_value **values)
{
	(void)count;
	const struct statuses *statuses = sqlite3_user_data(context);
	int64_t *counts = counts_of(context);
	const uint8_t *envelopes = sqlite3_value_blob(values[0]);
	size_t entries = (size_t)sqlite3_value_bytes(values[0]) / DAILY_ENTRY_SIZE;
	if (!counts) {
		sqlite3_result_error_nomem(context);
		return;
	}
	for (size_t i = 0; i < entries; i++) {
		uint32_t millisecond;
		uint16_t status;
		daily_entry_read(envelopes, i, &millisecond, &status);
		if (statuses->places[status] >= 0)
			counts[statuses->places[status]]++;
	}
}

static void finish(sqlite3_context *context)
{
	const struct statuses *statuses = sqlite3_user_data(context);
	const int64_t *counts = counts_of(context);
	struct buffer json = BUFFER_INIT;
	json_begin(&json, '{');
	for (size_t i = 0; counts && i < statuses->count; i++) {
		if (!counts[i])
			continue;
		json_string(&json, statuses->list[i].name, strlen(statuses->list[i].name));
		if (!json.failed)
			json.data[json.length - 1] = ':';
		json_integer(&json, counts[i]);
	}
	json_end(&json, '}');
	json_finish(&json);
	if (json.failed)
		sqlite3_result_error_nomem(context);
	else
		sqlite3_result_text64(context, json.data, json.length, SQLITE_TRANSIENT, SQLITE_UTF8);
	buffer_release(&json);
}

int export_statuses_define(struct ledger *ledger, struct error *error)
{
	struct statuses *statuses = calloc(1, sizeof *statuses);
	if (!statuses)
		return error_set(error, EX_OSERR, "out of memory");
	if (load(statuses, ledger, error) < 0) {
		release(statuses);
		return -1;
	}
	/* It releases them on a failure, too. */
	if (sqlite3_create_function_v2(ledger->database, "by_status", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, statuses, NULL, step, finish,
			release) != SQLITE_OK)
		return ledger_error(ledger, error);
	return 0;
}
