#include "run/policy_diff.h"

#include "base/array.h"
#include "base/instant.h"
#include "run/run_records.h"
#include "json/json_write.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define FIGURES 4

/* Consumption of an account and plan item, or the position of a license metric, in a period; by the two policies. */
struct entry {
	const char *names[2]; /* account and plan item, or model and metric; NULL for null */
	int64_t index, start, end;
	int64_t units[2];
	const char *figures
		[2]
		[FIGURES]; /* of a position: rights used, rights owned, status, unlicensed rights; NULL for null, or where that side has none */
};

struct entries {
	struct name_table keys;
	struct entry *list;
	size_t count;
};

struct diff {
	const struct policy_diff_options *options;
	struct arena arena;
	struct entries consumption, positions;
	int side;
};

/* ---- reading ---- */

static bool is_wanted(const struct policy_diff_options *options, const struct entry *entry)
{
	int64_t day = options->day * DAY_MS;
	return options->period == POLICY_ALL_PERIODS || (options->period == POLICY_PERIOD_INDEX && entry->index == options->index) ||
		(options->period == POLICY_PERIOD_DAY && entry->start <= day && entry->end > day);
}

static void append_key_part(struct buffer *key, const char *name)
{
	buffer_append(key, name ? "+" : "-", 1);
	buffer_append(key, name ? name : "", name ? strlen(name) + 1 : 1);
}

static struct entry *entry_of(struct diff *diff, struct entries *entries, const int slots[2], struct record *record)
{
	struct buffer key = BUFFER_INIT;
	struct entry new = {.start = record_instant(record, SLOT_period_start),
		.end = record_instant(record, SLOT_period_end),
		.index = record_integer_or(record, SLOT_period_index, 0)};
	if (!is_wanted(diff->options, &new))
		return NULL;
	buffer_append(&key, &new.start, sizeof new.start);
	for (int i = 0; i < 2; i++) {
		new.names[i] = record_text(record, slots[i], &diff->arena);
		append_key_part(&key, new.names[i]);
	}
	ptrdiff_t number = record->failed ? -1 : name_table_number(&entries->keys, key.data, key.length, record->error);
	buffer_release(&key);
	if (number == (ptrdiff_t)entries->count) {
		struct entry *added = array_grow((void **)&entries->list, &entries->count, sizeof *added, record->error);
		number = added ? number : -1;
		if (added)
			*added = new;
	}
	record->failed |= number < 0;
	return number < 0 ? NULL : &entries->list[number];
}

static void add(void *context, struct record *record)
{
	static const int of_consumption[] = {SLOT_account_id, SLOT_plan_item_id},
			 of_position[] = {SLOT_software_model, SLOT_license_metric},
			 figures[FIGURES] = {SLOT_rights_used, SLOT_rights_owned, SLOT_status, SLOT_unlicensed_rights};
	struct diff *diff = context;
	struct entry *entry;
	if (message_is_record(record->message, "consumption")) {
		if ((entry = entry_of(diff, &diff->consumption, of_consumption, record)))
			entry->units[diff->side] = record_integer(record, SLOT_units_consumed);
	} else if (message_is_record(record->message, "metric_result")) {
		if ((entry = entry_of(diff, &diff->positions, of_position, record)))
			for (int i = 0; i < FIGURES; i++)
				entry->figures[diff->side][i] = record_text(record, figures[i], &diff->arena);
	}
}

/* ---- comparing ---- */

/* NULL first, as null is in jq. */
static int compare_texts(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) : (a != NULL) - (b != NULL);
}

static int compare_entries(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;
	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	int order = compare_texts(a->names[0], b->names[0]);
	return order ? order : compare_texts(a->names[1], b->names[1]);
}

static bool position_differs(const struct entry *entry)
{
	for (int i = 0; i < FIGURES; i++)
		if (compare_texts(entry->figures[0][i], entry->figures[1][i]) != 0)
			return true;
	return false;
}

/* Sorts, and keeps those that differ. */
static void keep_differing(struct entries *entries, bool are_positions)
{
	size_t kept = 0;
	for (size_t i = 0; i < entries->count; i++)
		if (are_positions ? position_differs(&entries->list[i]) : entries->list[i].units[0] != entries->list[i].units[1])
			entries->list[kept++] = entries->list[i];
	entries->count = kept;
	if (kept)
		qsort(entries->list, kept, sizeof *entries->list, compare_entries);
}

/* ---- printing ---- */

static const char *shown(const char *text)
{
	return text ? text : "none";
}

static void append_text(const struct diff *diff, struct buffer *text)
{
	if (!diff->consumption.count && !diff->positions.count) {
		buffer_append_format(text, "%s: no figure differs\n", diff->options->profile);
		return;
	}
	buffer_append_format(
		text, "%s: %zu figures differ, %zu positions\n", diff->options->profile, diff->consumption.count, diff->positions.count);
	for (size_t i = 0; i < diff->consumption.count; i++) {
		const struct entry *entry = &diff->consumption.list[i];
		buffer_append_format(text, "  %s  account %s  plan item %s  %" PRId64 " -> %" PRId64 " (%+" PRId64 ")\n",
			day_text(instant_day(entry->start)).text, entry->names[0], shown(entry->names[1]), entry->units[0], entry->units[1],
			entry->units[1] - entry->units[0]);
	}
	for (size_t i = 0; i < diff->positions.count; i++) {
		const struct entry *entry = &diff->positions.list[i];
		buffer_append_format(text, "  %s  %s, %s  used %s -> %s  owned %s -> %s  unlicensed %s -> %s  %s -> %s\n",
			day_text(instant_day(entry->start)).text, shown(entry->names[0]), shown(entry->names[1]),
			shown(entry->figures[0][0]), shown(entry->figures[1][0]), shown(entry->figures[0][1]), shown(entry->figures[1][1]),
			shown(entry->figures[0][3]), shown(entry->figures[1][3]), shown(entry->figures[0][2]), shown(entry->figures[1][2]));
	}
}

static void append_messages(const struct diff *diff, struct buffer *text)
{
	buffer_append_string(text,
		"{\"type\":\"SCHEMA\",\"stream\":\"policy_difference\",\"schema\":{\"type\":\"object\",\"properties\":{"
		"\"profile\":{\"type\":\"string\"},\"account_id\":{\"type\":\"string\"},\"plan_item_id\":{\"type\":[\"null\",\"string\"]},"
		"\"period_index\":{\"type\":\"integer\"},\"period_start\":{\"type\":\"string\",\"format\":\"date-time\"},"
		"\"period_end\":{\"type\":\"string\",\"format\":\"date-time\"},\"units_before\":{\"type\":\"integer\"},"
		"\"units_after\":{\"type\":\"integer\"},\"delta\":{\"type\":\"integer\"},\"policy_before\":{\"type\":\"string\"},"
		"\"policy_after\":{\"type\":\"string\"}}},\"key_properties\":[\"profile\",\"account_id\",\"plan_item_id\",\"period_start\","
		"\"policy_before\",\"policy_after\"]}\n");
	for (size_t i = 0; i < diff->consumption.count; i++) {
		const struct entry *entry = &diff->consumption.list[i];
		buffer_append_string(text, "{\"type\":\"RECORD\",\"stream\":\"policy_difference\",\"record\":{");
		json_member_text(text, "profile", diff->options->profile);
		json_member_text(text, "account_id", entry->names[0]);
		json_member_text(text, "plan_item_id", entry->names[1]);
		json_member_integer(text, "period_index", entry->index);
		json_member_instant(text, "period_start", entry->start);
		json_member_instant(text, "period_end", entry->end);
		json_member_integer(text, "units_before", entry->units[0]);
		json_member_integer(text, "units_after", entry->units[1]);
		json_member_integer(text, "delta", entry->units[1] - entry->units[0]);
		json_member_text(text, "policy_before", diff->options->hashes[0]);
		json_member_text(text, "policy_after", diff->options->hashes[1]);
		json_end(text, '}');
		json_finish(text);
		buffer_append_string(text, "}\n");
	}
}

static void release(struct entries *entries)
{
	name_table_release(&entries->keys);
	free(entries->list);
}

int policy_diff_append(const struct policy_diff_options *options, struct buffer *text, struct error *error)
{
	struct diff diff = {.options = options};
	int result = 0;
	for (; result == 0 && diff.side < 2; diff.side++)
		result = run_records_read(options->files[diff.side], add, &diff, error);
	if (result == 0) {
		keep_differing(&diff.consumption, false);
		keep_differing(&diff.positions, true);
		if (options->ndjson)
			append_messages(&diff, text);
		else
			append_text(&diff, text);
	}
	release(&diff.consumption);
	release(&diff.positions);
	arena_release(&diff.arena);
	return result < 0 ? -1 : buffer_check(text, error);
}
