#include "daily_cells.h"

#include "instant.h"

#include <stdlib.h>
#include <string.h>

/*
 * A change as a pair for sorting: key is account (24 bits), plan item (16), day (24, from DAY_ORIGIN); value is millisecond of
 * the day (27 bits), status (16), and 1 for an envelope that goes.
 */
#define DAY_ORIGIN 1000000 /* days before 1970: year -768 */
#define CHANGE_LIMIT ((size_t)2 << 20)

static int put_change(struct daily_cells *cells, const struct envelope *envelope, bool goes, struct error *error)
{
	if (envelope->sent_at == INSTANT_NONE)
		return 0;
	if (envelope->account >= 1u << 24 || envelope->plan_item >= 1u << 16 || envelope->status >= 1u << 16)
		return error_set(error, EX_SOFTWARE, "cannot use ledger '%s': more accounts, plan items or statuses than it can hold",
			cells->ledger->path);
	if (cells->count == CHANGE_LIMIT && daily_cells_flush(cells, error) < 0)
		return -1;
	if (cells->count == cells->capacity) {
		size_t capacity = cells->capacity ? cells->capacity * 2 : 4096;
		struct radix_pair *changes = realloc(cells->changes, capacity * sizeof *changes);
		if (!changes)
			return error_set(error, EX_OSERR, "out of memory");
		cells->changes = changes;
		cells->capacity = capacity;
	}
	int32_t day = instant_day(envelope->sent_at);
	uint64_t millisecond = (uint64_t)(envelope->sent_at - day * DAY_MS);
	cells->changes[cells->count++] = (struct radix_pair){
		.key = (uint64_t)envelope->account << 40 | (uint64_t)envelope->plan_item << 24 | (uint64_t)(day + DAY_ORIGIN),
		.value = millisecond << 17 | (uint64_t)envelope->status << 1 | goes};
	return 0;
}

int daily_cells_add(struct daily_cells *cells, const struct envelope *envelope, struct error *error)
{
	return put_change(cells, envelope, false, error);
}

int daily_cells_remove(struct daily_cells *cells, const struct envelope *envelope, struct error *error)
{
	return put_change(cells, envelope, true, error);
}

void daily_cells_release(struct daily_cells *cells)
{
	free(cells->changes);
	free(cells->entries);
	cells->changes = NULL;
	cells->entries = NULL;
}

void daily_entry_read(const uint8_t *envelopes, size_t index, uint32_t *millisecond, uint16_t *status)
{
	const uint8_t *at = envelopes + index * DAILY_ENTRY_SIZE;
	*millisecond = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
	*status = (uint16_t)(at[4] << 8 | at[5]);
}

static int reserve_entries(struct daily_cells *cells, size_t count, struct error *error)
{
	if (count <= cells->entry_capacity)
		return 0;
	size_t capacity = count * 2;
	uint64_t *entries = realloc(cells->entries, capacity * sizeof *entries);
	if (!entries)
		return error_set(error, EX_OSERR, "out of memory");
	cells->entries = entries;
	cells->entry_capacity = capacity;
	return 0;
}

static sqlite3_stmt *cell_statement(struct daily_cells *cells, const char *name, uint64_t key, struct error *error)
{
	sqlite3_stmt *statement = ledger_statement(cells->ledger, name, error);
	if (statement) {
		sqlite3_bind_int64(statement, 1, (int64_t)(key >> 40));
		sqlite3_bind_int64(statement, 2, (int64_t)(key >> 24 & 0xffff));
		sqlite3_bind_int64(statement, 3, (int64_t)(key & 0xffffff) - DAY_ORIGIN);
	}
	return statement;
}

/* The entries of a cell as the ledger has it; each is millisecond << 16 | status. */
static int load_cell(struct daily_cells *cells, uint64_t key, size_t room, struct error *error)
{
	cells->entry_count = 0;
	if (cells->is_new)
		return reserve_entries(cells, room, error);
	sqlite3_stmt *statement = cell_statement(cells, "find_daily", key, error);
	int got = statement ? ledger_step(cells->ledger, statement, error) : -1;
	if (got < 0)
		return -1;
	size_t length = got ? (size_t)sqlite3_column_bytes(statement, 0) : 0;
	if (length % DAILY_ENTRY_SIZE)
		return error_set(error, EX_DATAERR, "cannot use ledger '%s': a daily partial is damaged", cells->ledger->path);
	if (reserve_entries(cells, length / DAILY_ENTRY_SIZE + room, error) < 0)
		return -1;
	const uint8_t *envelopes = got ? sqlite3_column_blob(statement, 0) : NULL;
	for (; cells->entry_count < length / DAILY_ENTRY_SIZE; cells->entry_count++) {
		uint32_t millisecond;
		uint16_t status;
		daily_entry_read(envelopes, cells->entry_count, &millisecond, &status);
		cells->entries[cells->entry_count] = (uint64_t)millisecond << 16 | status;
	}
	sqlite3_reset(statement);
	return 0;
}

static int compare_entries(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
	return (a > b) - (a < b);
}

/* The first `sorted` entries are in order already. Cells are small, and few of their entries new: moving them beats sorting. */
static void sort_entries(uint64_t *entries, size_t sorted, size_t count)
{
	if (count - sorted > 32 && count > 64) {
		qsort(entries, count, sizeof *entries, compare_entries);
		return;
	}
	for (size_t i = sorted; i < count; i++) {
		uint64_t entry = entries[i];
		size_t at = i;
		for (; at > 0 && entries[at - 1] > entry; at--)
			entries[at] = entries[at - 1];
		entries[at] = entry;
	}
}

/* What goes takes one equal entry with it. */
static int apply_changes(struct daily_cells *cells, const struct radix_pair *changes, size_t count, struct error *error)
{
	size_t sorted = cells->entry_count;
	for (size_t i = 0; i < count; i++)
		if (!(changes[i].value & 1))
			cells->entries[cells->entry_count++] = changes[i].value >> 1;
	sort_entries(cells->entries, sorted, cells->entry_count);
	for (size_t i = 0; i < count; i++) {
		if (!(changes[i].value & 1))
			continue;
		size_t at = 0;
		while (at < cells->entry_count && cells->entries[at] != changes[i].value >> 1)
			at++;
		if (at == cells->entry_count)
			return error_set(error, EX_DATAERR, "cannot use ledger '%s': a daily partial lacks an envelope", cells->ledger->path);
		cells->entry_count--;
		memmove(&cells->entries[at], &cells->entries[at + 1], (cells->entry_count - at) * sizeof *cells->entries);
	}
	return 0;
}

static int store_cell(struct daily_cells *cells, uint64_t key, struct error *error)
{
	int64_t midnight = ((int64_t)(key & 0xffffff) - DAY_ORIGIN) * DAY_MS;
	sqlite3_stmt *statement = cell_statement(cells, cells->entry_count ? "store_daily" : "remove_daily", key, error);
	if (!statement)
		return -1;
	if (!cells->entry_count)
		return ledger_run(cells->ledger, statement, error);
	/* Six bytes never need more than the eight they come from: in place, from the first on. */
	uint8_t *bytes = (uint8_t *)cells->entries;
	int64_t units = 0, first = 0, last = 0;
	for (size_t i = 0; i < cells->entry_count; i++) {
		uint64_t entry = cells->entries[i];
		if (cells->counted[entry & 0xffff]) {
			last = midnight + (int64_t)(entry >> 16);
			if (!units++)
				first = last;
		}
		uint8_t *at = bytes + i * DAILY_ENTRY_SIZE;
		for (int byte = 0; byte < DAILY_ENTRY_SIZE; byte++)
			at[byte] = (uint8_t)(entry >> (40 - 8 * byte));
	}
	sqlite3_bind_int64(statement, 4, units);
	if (units) {
		sqlite3_bind_int64(statement, 5, first);
		sqlite3_bind_int64(statement, 6, last);
	}
	sqlite3_bind_blob(statement, 7, bytes, (int)(cells->entry_count * DAILY_ENTRY_SIZE), SQLITE_STATIC);
	return ledger_run(cells->ledger, statement, error);
}

static int touch(struct daily_cells *cells, uint64_t key, struct error *error)
{
	sqlite3_stmt *statement = ledger_statement(cells->ledger, "touch_account", error);
	if (!statement)
		return -1;
	sqlite3_bind_int64(statement, 1, (int64_t)(key >> 40));
	return ledger_run(cells->ledger, statement, error);
}

/* Statuses are few and new ones come with envelopes, so the table is read anew for each flush. */
static int load_counted(struct daily_cells *cells, struct error *error)
{
	sqlite3_stmt *statement = ledger_statement(cells->ledger, "list_statuses", error);
	int got = -1;
	memset(cells->counted, 1, sizeof cells->counted);
	while (statement && (got = ledger_step(cells->ledger, statement, error)) > 0)
		cells->counted[sqlite3_column_int(statement, 0) & 0xffff] = sqlite3_column_int(statement, 2) != 0;
	return got;
}

/* Into a table without a row cells are written without looking for earlier ones. */
static int ask_whether_new(struct daily_cells *cells, struct error *error)
{
	sqlite3_stmt *statement = ledger_statement(cells->ledger, "any_daily", error);
	int got = statement ? ledger_step(cells->ledger, statement, error) : -1;
	if (got > 0)
		sqlite3_reset(statement);
	cells->is_new = got == 0;
	return got < 0 ? -1 : 0;
}

int daily_cells_flush(struct daily_cells *cells, struct error *error)
{
	if (!cells->count)
		return 0;
	struct radix_pair *spare = malloc(cells->count * sizeof *spare);
	if (!spare)
		return error_set(error, EX_OSERR, "out of memory");
	radix_sort(cells->changes, spare, cells->count);
	free(spare);
	if (load_counted(cells, error) < 0 || ask_whether_new(cells, error) < 0)
		return -1;
	for (size_t from = 0, to; from < cells->count; from = to) {
		uint64_t key = cells->changes[from].key;
		for (to = from + 1; to < cells->count && cells->changes[to].key == key; to++)
			;
		if (load_cell(cells, key, to - from, error) < 0 || apply_changes(cells, &cells->changes[from], to - from, error) < 0 ||
			store_cell(cells, key, error) < 0)
			return -1;
		bool last_of_account = to == cells->count || cells->changes[to].key >> 40 != key >> 40;
		if (last_of_account && touch(cells, key, error) < 0)
			return -1;
	}
	cells->count = 0;
	return 0;
}
