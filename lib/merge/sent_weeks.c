#include "merge/sent_weeks.h"

#include "base/huge_pages.h"
#include "ledger/ledger_row.h"

#include <stdlib.h>
#include <string.h>

/*
 * A change is a pair for sorting. Its key is account (24 bits), plan item (16), week (24, from WEEK_ORIGIN); its value is the entry,
 * millisecond of the week (32 bits) and status (16), and below it 1 for an envelope that is removed.
 */
#define WEEK_ORIGIN 150000 /* weeks before 1970: year -904 */
#define CHANGE_LIMIT ((size_t)2 << 20)

bool sent_weeks_are_full(const struct sent_weeks *weeks)
{
	return weeks->count == CHANGE_LIMIT;
}

static int add_change(struct sent_weeks *weeks, const struct envelope *envelope, bool is_removed, struct error *error)
{
	if (envelope->sent_at == INSTANT_NONE)
		return 0;
	if (envelope->account >= 1u << 24 || envelope->plan_item >= 1u << 16 || envelope->status >= 1u << 16)
		return error_set(error, EX_SOFTWARE, "cannot use ledger '%s': more accounts, plan items or statuses than it can hold",
			weeks->ledger->path);
	if (sent_weeks_are_full(weeks) && sent_weeks_flush(weeks, error) < 0)
		return -1;
	if (!weeks->changes && !(weeks->changes = huge_pages(CHANGE_LIMIT * sizeof *weeks->changes)))
		return error_set(error, EX_OSERR, "out of memory");
	int64_t week = (envelope->sent_at + WEEK_ORIGIN * WEEK_MS) / WEEK_MS;
	uint64_t millisecond = (uint64_t)(envelope->sent_at + WEEK_ORIGIN * WEEK_MS - week * WEEK_MS);
	weeks->changes[weeks->count++] =
		(struct radix_pair){.key = (uint64_t)envelope->account << 40 | (uint64_t)envelope->plan_item << 24 | (uint64_t)week,
			.value = millisecond << 17 | (uint64_t)envelope->status << 1 | is_removed};
	return 0;
}

int sent_weeks_add(struct sent_weeks *weeks, const struct envelope *envelope, struct error *error)
{
	return add_change(weeks, envelope, false, error);
}

int sent_weeks_remove(struct sent_weeks *weeks, const struct envelope *envelope, struct error *error)
{
	return add_change(weeks, envelope, true, error);
}

void sent_weeks_release(struct sent_weeks *weeks)
{
	free(weeks->changes);
	free(weeks->entries);
	weeks->changes = NULL;
	weeks->entries = NULL;
}

static sqlite3_stmt *row_statement(struct sent_weeks *weeks, const char *name, uint64_t key, struct error *error)
{
	sqlite3_stmt *statement = ledger_statement(weeks->ledger, name, error);
	if (statement) {
		sqlite3_bind_int64(statement, 1, (int64_t)(key >> 40));
		sqlite3_bind_int64(statement, 2, (int64_t)(key >> 24 & 0xffff));
		sqlite3_bind_int64(statement, 3, (int64_t)(key & 0xffffff) - WEEK_ORIGIN);
	}
	return statement;
}

static int compare_values(const void *left, const void *right)
{
	uint64_t a = ((const struct radix_pair *)left)->value, b = ((const struct radix_pair *)right)->value;
	return (a > b) - (a < b);
}

/*
 * By value: of each entry what is added before what is removed. Feeds are nearly in the order of time, so there is little to move; where
 * there is more, qsort() sorts, which allocates.
 */
static void sort_changes(struct radix_pair *changes, size_t count)
{
	size_t moves = 0;
	for (size_t i = 1; i < count; i++) {
		struct radix_pair change = changes[i];
		size_t at = i;
		for (; at > 0 && changes[at - 1].value > change.value; at--)
			changes[at] = changes[at - 1];
		changes[at] = change;
		moves += i - at;
		if (moves > 32 * count) {
			qsort(changes, count, sizeof *changes, compare_values);
			return;
		}
	}
}

static uint64_t read_entry(const uint8_t *at)
{
	return (uint64_t)sent_entry_millisecond(at) << 16 | sent_entry_status(at);
}

static uint8_t *append_entry(uint8_t *at, uint64_t entry)
{
	for (int byte = 0; byte < SENT_ENTRY_SIZE; byte++)
		at[byte] = (uint8_t)(entry >> (40 - 8 * byte));
	return at + SENT_ENTRY_SIZE;
}

int sent_week_damaged(struct ledger *ledger, int64_t account, int64_t plan_item, int64_t week, const char *what, struct error *error)
{
	return ledger_damaged(ledger, error, "table sent_week, row account %lld, plan item %lld, week %lld: %s", (long long)account,
		(long long)plan_item, (long long)week, what);
}

static int damaged(const struct sent_weeks *weeks, uint64_t key, const char *what, struct error *error)
{
	return sent_week_damaged(
		weeks->ledger, (int64_t)(key >> 40), (int64_t)(key >> 24 & 0xffff), (int64_t)(key & 0xffffff) - WEEK_ORIGIN, what, error);
}

/*
 * Entries old[0..length) and the sorted changes, merged into weeks->entries, where there is room. Sets *length to the bytes
 * there now and *differs to whether they have changed.
 */
static int apply_changes(struct sent_weeks *weeks, uint64_t key, const uint8_t *old, const struct radix_pair *changes, size_t count,
	size_t *length, bool *differs, struct error *error)
{
	const uint8_t *end = old + *length;
	uint8_t *out = weeks->entries;
	*differs = false;
	for (size_t i = 0; i < count;) {
		uint64_t entry = changes[i].value >> 1;
		int64_t times = 0, before = 0;
		for (; i < count && changes[i].value >> 1 == entry; i++)
			times += changes[i].value & 1 ? -1 : 1;
		for (; old < end && read_entry(old) < entry; old += SENT_ENTRY_SIZE)
			out = mempcpy(out, old, SENT_ENTRY_SIZE);
		for (; old < end && read_entry(old) == entry; old += SENT_ENTRY_SIZE)
			before++;
		if (before + times < 0)
			return damaged(weeks, key, "its entries contradict its envelopes", error);
		*differs |= times != 0;
		for (int64_t left = before + times; left > 0; left--)
			out = append_entry(out, entry);
	}
	if (old < end)
		out = mempcpy(out, old, (size_t)(end - old));
	*length = (size_t)(out - weeks->entries);
	return 0;
}

static int reserve_entries(struct sent_weeks *weeks, size_t size, struct error *error)
{
	if (size <= weeks->entry_capacity)
		return 0;
	free(weeks->entries);
	weeks->entries = malloc(size * 2);
	weeks->entry_capacity = weeks->entries ? size * 2 : 0;
	return weeks->entries ? 0 : error_set(error, EX_OSERR, "out of memory");
}

static int store_row(struct sent_weeks *weeks, uint64_t key, size_t length, struct error *error)
{
	sqlite3_stmt *statement = row_statement(weeks, length ? "store_sent_week" : "remove_sent_week", key, error);
	if (!statement)
		return -1;
	if (length)
		sqlite3_bind_blob64(statement, 4, weeks->entries, length, SQLITE_STATIC);
	return ledger_run(weeks->ledger, statement, error);
}

static int change_row(struct sent_weeks *weeks, uint64_t key, struct radix_pair *changes, size_t count, bool *differs, struct error *error)
{
	sqlite3_stmt *statement = NULL;
	int got = 0;
	sort_changes(changes, count);
	if (key < weeks->above) {
		statement = row_statement(weeks, "find_sent_week", key, error);
		got = statement ? ledger_step(weeks->ledger, statement, error) : -1;
	}
	if (got < 0)
		return -1;
	const uint8_t *old = got ? sqlite3_column_blob(statement, 0) : NULL;
	size_t length = got ? (size_t)sqlite3_column_bytes(statement, 0) : 0;
	int result = length % SENT_ENTRY_SIZE ? damaged(weeks, key, "it does not hold complete entries", error)
					      : reserve_entries(weeks, length + count * SENT_ENTRY_SIZE, error);
	if (result == 0)
		result = apply_changes(weeks, key, got ? old : weeks->entries, changes, count, &length, differs, error);
	if (got)
		sqlite3_reset(statement);
	return result == 0 && *differs ? store_row(weeks, key, length, error) : result;
}

/* Feeds come account by account, so most rows of a first load are behind all others. */
static int find_last_row(struct sent_weeks *weeks, struct error *error)
{
	int64_t account, plan_item, week;
	sqlite3_stmt *statement = ledger_statement(weeks->ledger, "last_sent_week", error);
	int got = statement ? ledger_step(weeks->ledger, statement, error) : -1;
	weeks->above = 0;
	if (got <= 0)
		return got;
	int result = -1;
	if (ledger_integer(weeks->ledger, statement, 0, "sent_week", 0, LEDGER_ACCOUNT_MOST, &account, error) == 0 &&
		ledger_integer(weeks->ledger, statement, 1, "sent_week", 0, LEDGER_NAME_MOST, &plan_item, error) == 0 &&
		ledger_integer(weeks->ledger, statement, 2, "sent_week", -WEEK_ORIGIN, (1 << 24) - 1 - WEEK_ORIGIN, &week, error) == 0) {
		weeks->above = ((uint64_t)account << 40 | (uint64_t)plan_item << 24 | (uint64_t)(week + WEEK_ORIGIN)) + 1;
		result = 0;
	}
	sqlite3_reset(statement);
	return result;
}

int sent_weeks_flush(struct sent_weeks *weeks, struct error *error)
{
	if (!weeks->count)
		return 0;
	struct radix_pair *spare = huge_pages(weeks->count * sizeof *spare);
	if (!spare)
		return error_set(error, EX_OSERR, "out of memory");
	radix_sort(weeks->changes, spare, weeks->count);
	free(spare);
	if (find_last_row(weeks, error) < 0)
		return -1;
	bool touched = false;
	for (size_t from = 0, to; from < weeks->count; from = to) {
		uint64_t key = weeks->changes[from].key;
		bool differs = false;
		for (to = from + 1; to < weeks->count && weeks->changes[to].key == key; to++)
			;
		if (change_row(weeks, key, &weeks->changes[from], to - from, &differs, error) < 0)
			return -1;
		touched |= differs;
		bool last_of_account = to == weeks->count || weeks->changes[to].key >> 40 != key >> 40;
		if (last_of_account && touched && ledger_run_key(weeks->ledger, "touch_account", (int64_t)(key >> 40), error) < 0)
			return -1;
		touched &= !last_of_account;
	}
	weeks->count = 0;
	return 0;
}
