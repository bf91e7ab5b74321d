#include "consumption/tally.h"

#include "base/array.h"
#include "base/instant.h"
#include "json/json_write.h"

#include <stdlib.h>
#include <string.h>

static const struct tally_sum empty_sum = {.first_sent_at = INSTANT_NONE, .last_sent_at = INSTANT_NONE, .statuses = TALLY_NO_NAME};

void tally_release(struct tally *tally)
{
	name_table_release(&tally->profiles);
	name_table_release(&tally->accounts);
	name_table_release(&tally->plan_items);
	name_table_release(&tally->statuses);
	hash_index_release(&tally->index);
	for (size_t i = 0; i < tally->count; i++) {
		free(tally->rows[i].now.days);
		free(tally->rows[i].reported.days);
	}
	free(tally->rows);
	free(tally->status_counts);
	*tally = (struct tally){.rows = NULL};
}

int tally_name(struct name_table *table, const struct json_slice *slice, uint32_t *number, struct error *error)
{
	*number = TALLY_NO_NAME;
	if (slice->kind != JSON_STRING)
		return 0;
	ptrdiff_t found = name_table_number(table, slice->text, slice->length, error);
	if (found < 0)
		return -1;
	*number = (uint32_t)found;
	return 0;
}

struct key {
	uint32_t profile, account, plan_item;
	int64_t period_start;
};

static uint32_t hash_of(const struct key *key)
{
	const uint64_t words[3] = {(uint64_t)key->profile << 32 | key->account, key->plan_item, (uint64_t)key->period_start};
	return hash_key(words, sizeof words);
}

static bool same_row(const void *context, size_t position, const void *wanted)
{
	const struct tally_row *row = &((const struct tally *)context)->rows[position];
	const struct key *key = wanted;
	return row->account == key->account && row->plan_item == key->plan_item && row->period.start == key->period_start &&
		row->profile == key->profile;
}

struct tally_row *tally_row(
	struct tally *tally, uint32_t profile, uint32_t account, uint32_t plan_item, struct period period, struct error *error)
{
	const struct key key = {profile, account, plan_item, period.start};
	ptrdiff_t position = hash_index_find(&tally->index, hash_of(&key), same_row, tally, &key);
	if (position >= 0)
		return &tally->rows[position];
	struct tally_row *row;
	if (tally->count == tally->capacity) {
		size_t capacity = tally->capacity ? tally->capacity * 2 : 256;
		row = realloc(tally->rows, capacity * sizeof *row);
		if (!row)
			goto failed;
		tally->rows = row;
		tally->capacity = capacity;
	}
	if (hash_index_add(&tally->index, hash_of(&key), tally->count) < 0)
		goto failed;
	row = &tally->rows[tally->count++];
	*row = (struct tally_row){.profile = profile,
		.account = account,
		.plan_item = plan_item,
		.period = period,
		.now = empty_sum,
		.reported = empty_sum,
		.reported_end = INSTANT_NONE};
	return row;
failed:
	error_set(error, EX_OSERR, "out of memory");
	return NULL;
}

void tally_add(struct tally_sum *sum, int64_t units, int64_t first_sent_at, int64_t last_sent_at)
{
	sum->units += units;
	if (first_sent_at != INSTANT_NONE && (sum->first_sent_at == INSTANT_NONE || first_sent_at < sum->first_sent_at))
		sum->first_sent_at = first_sent_at;
	if (last_sent_at != INSTANT_NONE && (sum->last_sent_at == INSTANT_NONE || last_sent_at > sum->last_sent_at))
		sum->last_sent_at = last_sent_at;
}

int tally_add_status(struct tally *tally, struct tally_sum *sum, const char *status, size_t length, int64_t count, struct error *error)
{
	ptrdiff_t number = name_table_number(&tally->statuses, status, length, error);
	if (number < 0)
		return -1;
	for (uint32_t at = sum->statuses; at != TALLY_NO_NAME; at = tally->status_counts[at].next) {
		if (tally->status_counts[at].status == (uint32_t)number) {
			tally->status_counts[at].count += count;
			return 0;
		}
	}
	if (tally->status_count == tally->status_capacity) {
		size_t capacity = tally->status_capacity ? tally->status_capacity * 2 : 1024;
		struct tally_status *counts = realloc(tally->status_counts, capacity * sizeof *counts);
		if (!counts)
			return error_set(error, EX_OSERR, "out of memory");
		tally->status_counts = counts;
		tally->status_capacity = capacity;
	}
	tally->status_counts[tally->status_count] =
		(struct tally_status){.status = (uint32_t)number, .next = sum->statuses, .count = count};
	sum->statuses = (uint32_t)tally->status_count++;
	return 0;
}

int tally_append_statuses(const struct tally *tally, const struct tally_sum *sum, struct buffer *json, struct error *error)
{
	/* A sum has a handful of statuses: the least name that is greater than the last one printed, again and again. */
	const char *last = NULL;
	json_begin(json, '{');
	for (;;) {
		const struct tally_status *next = NULL;
		for (uint32_t at = sum->statuses; at != TALLY_NO_NAME; at = tally->status_counts[at].next) {
			const struct tally_status *one = &tally->status_counts[at];
			const char *name = tally->statuses.names[one->status].text;
			if ((!last || strcmp(name, last) > 0) && (!next || strcmp(name, tally->statuses.names[next->status].text) < 0))
				next = one;
		}
		if (!next)
			break;
		last = tally->statuses.names[next->status].text;
		if (next->count == 0)
			continue;
		json_string(json, last, strlen(last));
		if (!json->failed)
			json->data[json->length - 1] = ':';
		json_integer(json, next->count);
	}
	json_end(json, '}');
	return buffer_check(json, error);
}

int tally_add_day(struct tally_sum *sum, int32_t day, int64_t units, struct error *error)
{
	struct tally_day *last = sum->day_count ? &sum->days[sum->day_count - 1] : NULL;
	if (units <= 0 || units > UINT32_MAX)
		return 0;
	if (last && last->day == day && last->units + units <= UINT32_MAX) {
		last->units += (uint32_t)units;
		return 0;
	}
	struct tally_day *new = array_grow((void **)&sum->days, &sum->day_count, sizeof *new, error);
	if (!new)
		return -1;
	*new = (struct tally_day){day, (uint32_t)units};
	return 0;
}

static int compare_days(const void *left, const void *right)
{
	const struct tally_day *a = left, *b = right;
	return (a->day > b->day) - (a->day < b->day);
}

int tally_append_days(struct tally_sum *sum, struct buffer *json, struct error *error)
{
	int64_t units = 0;
	bool is_sorted = true;
	for (size_t i = 0; i < sum->day_count; i++) {
		units += sum->days[i].units;
		is_sorted &= i == 0 || sum->days[i - 1].day <= sum->days[i].day;
	}
	if (units != sum->units) {
		json_null(json);
		return buffer_check(json, error);
	}
	if (!is_sorted)
		qsort(sum->days, sum->day_count, sizeof *sum->days, compare_days);
	json_begin(json, '{');
	for (size_t i = 0; i < sum->day_count;) {
		int32_t day = sum->days[i].day;
		char name[DAY_LENGTH + 1] = "";
		for (units = 0; i < sum->day_count && sum->days[i].day == day; i++)
			units += sum->days[i].units;
		day_format(day, name);
		json_member_integer(json, name, units);
	}
	json_end(json, '}');
	return buffer_check(json, error);
}

void tally_carry_over(struct tally_row *row)
{
	free(row->now.days);
	row->now = row->reported;
	row->reported.days = NULL;
	row->reported.day_count = 0;
}

static int compare_names(const struct name_table *table, uint32_t left, uint32_t right)
{
	if (left == right)
		return 0;
	if (left == TALLY_NO_NAME || right == TALLY_NO_NAME)
		return left == TALLY_NO_NAME ? -1 : 1;
	return strcmp(table->names[left].text, table->names[right].text);
}

static int compare_rows(const void *left_pointer, const void *right_pointer, void *context)
{
	const struct tally_row *left = left_pointer, *right = right_pointer;
	const struct tally *tally = context;
	int order;
	if ((order = compare_names(&tally->profiles, left->profile, right->profile)) ||
		(order = compare_names(&tally->accounts, left->account, right->account)) ||
		(order = compare_names(&tally->plan_items, left->plan_item, right->plan_item)))
		return order;
	return (left->period.start > right->period.start) - (left->period.start < right->period.start);
}

void tally_sort(struct tally *tally)
{
	if (tally->count > 1)
		qsort_r(tally->rows, tally->count, sizeof *tally->rows, compare_rows, tally);
	hash_index_release(&tally->index);
}
