#include "forecast/daily_consumption.h"

#include "base/array.h"
#include "base/instant.h"
#include "base/stale_feed.h"
#include "reconcile/figures.h"
#include "stream/count_object.h"
#include "stream/record.h"

#include <stdlib.h>

/* clang-format off */
#define FIELDS(X) \
	X(account_id) X(plan_item_id) X(day) X(units_consumed) X(plan_item_name) X(subscription_name) X(watermark) X(profile) \
	X(software_model) X(license_metric) X(unit) X(period_index) X(period_start) X(period_end) X(rights_owned) \
	X(rights_used) X(unlicensed_rights) X(covered_rights) X(allocated_in_use) X(first_unlicensed_on) X(currency) \
	X(true_up_cost) X(asset_group_id) X(by_day) X(is_shared) \
	X(declared_units)
/* clang-format on */
enum { FIELDS(RECORD_SLOT) SLOTS };
static const char *const pointers[] = {FIELDS(RECORD_POINTER)};

void daily_consumption_open(struct daily_consumption *daily, const struct licence *licence, int64_t now)
{
	*daily = (struct daily_consumption){.licence = licence, .now = now, .known_until = instant_day(now) - 1};
}

static void day_sums_release(struct day_sums *sums)
{
	sum_table_release(&sums->table);
	free(sums->most);
}

void daily_consumption_release(struct daily_consumption *daily)
{
	plan_items_release(&daily->plan_items);
	arena_release(&daily->arena);
	name_table_release(&daily->accounts);
	name_table_release(&daily->asset_group_ids);
	free(daily->account_facts);
	free(daily->feeds);
	free(daily->by_metric);
	free(daily->metric_ends);
	free(daily->plan_item_groups);
	day_sums_release(&daily->sums);
	day_sums_release(&daily->by_day);
	sum_table_release(&daily->declared);
	free(daily->positions);
	free(daily->periods);
	free(daily->metric_of_item);
	free(daily->metric_of_group);
	*daily = (struct daily_consumption){.positions = NULL};
}

int daily_consumption_reader_open(struct message_reader *reader, int descriptor, const char *name, struct error *error)
{
	return message_reader_open(reader, descriptor, name, pointers, SLOTS, false, error);
}

static struct account_facts *facts_of(struct daily_consumption *daily, struct record *record, uint32_t account)
{
	if (account == RECORD_NO_NAME && !record->failed)
		record_wrong(record, SLOT_account_id, "a string");
	while (!record->failed && daily->account_fact_count <= account) {
		struct account_facts *new =
			array_grow((void **)&daily->account_facts, &daily->account_fact_count, sizeof *new, record->error);
		record->failed |= !new;
		if (new)
			*new = (struct account_facts){RECORD_NO_NAME, INT32_MAX, 0};
	}
	return record->failed ? NULL : &daily->account_facts[account];
}

/* The account's number; sets whose units they are, of a sum's key of a plan item. Each account is matched once. */
static uint32_t read_account(struct daily_consumption *daily, struct record *record, uint32_t key[])
{
	const struct exclusions *exclusions = &daily->licence->exclusions;
	bool has_plan_item = !record->failed && *daily->plan_items.ids.names[key[0]].text;
	uint32_t number = record->failed ? RECORD_NO_NAME : record_name(record, SLOT_account_id, &daily->accounts);
	const struct account_facts *facts = facts_of(daily, record, number);
	if (!facts)
		return RECORD_NO_NAME;
	struct name *name = &daily->accounts.names[number];
	const char *text = name->text;
	if (name->value == 0)
		name->value = exclusions_name(exclusions, EXCLUDE_ACCOUNT, &text, 1) ? 1 : -1;
	key[2] = name->value == 1 || !has_plan_item || facts->fed_until == INT32_MAX ? number : FEED_KEY | facts->feed;
	return number;
}

/* What is taken away is taken from the account's own sum, if it has one: its watermark may have come between. */
static void add_units(struct daily_consumption *daily, struct record *record, struct day_sums *sums, const uint32_t key[], uint32_t account,
	int64_t units)
{
	const uint32_t own[SUM_PARTS] = {key[0], key[1], account};
	const struct sum *sum = record_sum(record, &sums->table, units < 0 && sum_table_find(&sums->table, own) ? own : key, units);
	if (!sum || units == 0)
		return;
	struct most_sent *most =
		array_at((void **)&sums->most, &sums->most_count, sizeof *most, (size_t)(sum - sums->table.sums), record->error);
	record->failed |= !most;
	if (most)
		most_sent_add(most, account, units, &daily->accounts);
}

static void add_account(struct daily_consumption *daily, struct record *record)
{
	uint32_t number = record_name(record, SLOT_account_id, &daily->accounts);
	uint32_t group = record_is_null(record, SLOT_asset_group_id) ? RECORD_NO_NAME
								     : record_name(record, SLOT_asset_group_id, &daily->asset_group_ids);
	struct account_facts *facts = facts_of(daily, record, number);
	if (facts)
		facts->asset_group = group;
}

static void add_partial(struct daily_consumption *daily, struct record *record, int sign)
{
	daily->has_partials |= sign > 0;
	uint32_t key[SUM_PARTS];
	if (record_slice(record, SLOT_account_id)->kind != JSON_STRING)
		record_wrong(record, SLOT_account_id, "a string");
	key[1] = (uint32_t)record_day(record, SLOT_day);
	int64_t units = record_count(record, SLOT_units_consumed);
	if (record->failed || units == 0)
		return;
	key[0] = plan_items_read(&daily->plan_items, record, SLOT_plan_item_id);
	uint32_t account = read_account(daily, record, key);
	add_units(daily, record, &daily->sums, key, account, sign * units);
}

/* Adds what by_day has to sums of this key, whose second part is the day: the account's, or what is declared. */
static void add_by_day(
	struct daily_consumption *daily, struct record *record, struct day_sums *sums, uint32_t key[], uint32_t account, int sign)
{
	const char *at = NULL;
	struct count_member member;
	int32_t day = 0;
	int got = 0;
	while (!record->failed && (got = count_object_next(record_slice(record, SLOT_by_day), &at, &member)) > 0 &&
		day_parse(member.name, member.length, &day) == 0) {
		key[1] = (uint32_t)day;
		if (sums)
			add_units(daily, record, sums, key, account, sign * member.count);
		else
			record_sum(record, &daily->declared, key, member.count);
	}
	if (got != 0 && !record->failed)
		record_wrong(record, SLOT_by_day, "an object of counts by day");
}

/* The days of a consumption record. */
static void add_days(struct daily_consumption *daily, struct record *record, int sign)
{
	uint32_t key[SUM_PARTS];
	if (record_is_null(record, SLOT_by_day))
		return;
	daily->has_names |= record_slice(record, SLOT_profile)->kind == JSON_STRING;
	if (record_slice(record, SLOT_account_id)->kind != JSON_STRING)
		record_wrong(record, SLOT_account_id, "a string");
	key[0] = plan_items_read(&daily->plan_items, record, SLOT_plan_item_id);
	uint32_t account = read_account(daily, record, key);
	add_by_day(daily, record, &daily->by_day, key, account, sign);
}

static ptrdiff_t read_metric(struct daily_consumption *daily, struct record *record)
{
	const char *model = record_text(record, SLOT_software_model, &daily->arena),
		   *metric = record_text(record, SLOT_license_metric, &daily->arena);
	if (!record->failed && (!model || !metric))
		record_wrong(record, model ? SLOT_license_metric : SLOT_software_model, "a string");
	return record->failed ? -1 : models_find_metric(&daily->licence->models, model, metric);
}

static void add_declared(struct daily_consumption *daily, struct record *record)
{
	uint32_t key[SUM_PARTS] = {0};
	ptrdiff_t metric = read_metric(daily, record);
	key[0] = (uint32_t)metric;
	if (metric >= 0)
		add_by_day(daily, record, NULL, key, RECORD_NO_NAME, 1);
}

static void add_subscription(struct daily_consumption *daily, struct record *record)
{
	if (record_slice(record, SLOT_plan_item_id)->kind != JSON_STRING)
		return;
	uint32_t item = plan_items_read(&daily->plan_items, record, SLOT_plan_item_id);
	plan_items_read_names(&daily->plan_items, record, item, SLOT_plan_item_name, SLOT_subscription_name);
	if (record->failed || record_is_null(record, SLOT_asset_group_id))
		return;
	uint32_t group = record_name(record, SLOT_asset_group_id, &daily->asset_group_ids);
	struct plan_item_group *new = record->failed
		? NULL
		: array_grow((void **)&daily->plan_item_groups, &daily->plan_item_group_count, sizeof *new, record->error);
	record->failed |= !new;
	if (new)
		*new = (struct plan_item_group){item, group};
}

/* The number of a day among those up to which feeds are read. */
static uint32_t feed_of(struct daily_consumption *daily, struct record *record, int32_t day)
{
	for (size_t i = 0; i < daily->feed_count; i++)
		if (daily->feeds[i] == day)
			return (uint32_t)i;
	int32_t *new = array_grow((void **)&daily->feeds, &daily->feed_count, sizeof *new, record->error);
	record->failed |= !new;
	if (new)
		*new = day;
	return (uint32_t)daily->feed_count - 1;
}

/* Envelopes of the watermark's own day may be missing. */
static void add_watermark(struct daily_consumption *daily, struct record *record)
{
	int64_t watermark = record_instant(record, SLOT_watermark);
	int32_t day = instant_day(watermark) - 1, yesterday = instant_day(daily->now) - 1;
	if (record->failed)
		return;
	if (!feed_is_stale(watermark, daily->now) && day < daily->known_until)
		daily->known_until = day;
	struct account_facts *facts = facts_of(daily, record, record_name(record, SLOT_account_id, &daily->accounts));
	if (!facts || facts->fed_until <= day)
		return;
	facts->fed_until = day < yesterday ? day : yesterday;
	facts->feed = feed_of(daily, record, facts->fed_until);
}

static void check_profile(struct daily_consumption *daily, struct record *record)
{
	const struct json_slice *profile = record_slice(record, SLOT_profile);
	if (record->failed)
		return;
	if (!daily->has_profile)
		record_text_update(record, SLOT_profile, &daily->arena, &daily->profile);
	else if (daily->profile ? !json_slice_equals(profile, daily->profile) : profile->kind == JSON_STRING) {
		record->failed = true;
		message_error(record->reader, record->message, record->error,
			"metric_result is of another profile than those before: daily partials name none, so a pipe is one profile's");
	}
	daily->has_profile = true;
}

/* The place of a position: that of an earlier record of the same metric and period, else a new one. */
static struct open_position *place_of(struct daily_consumption *daily, const struct open_position *new, struct error *error)
{
	for (size_t i = 0; i < daily->position_count; i++)
		if (daily->positions[i].metric == new->metric && daily->positions[i].period.start == new->period.start)
			return &daily->positions[i];
	return array_grow((void **)&daily->positions, &daily->position_count, sizeof *new, error);
}

static struct open_position read_position(struct record *record)
{
	struct open_position position = {.profile = NULL};
	for (int slot = SLOT_software_model; slot <= SLOT_unit; slot++)
		if (record_slice(record, slot)->kind != JSON_STRING)
			record_wrong(record, slot, "a string");
	position.period = record_period(record, SLOT_period_index, SLOT_period_start, SLOT_period_end);
	position.owned = record_rights(record, SLOT_rights_owned, &position.is_unlimited);
	position.used = record_count_or(record, SLOT_rights_used, 0);
	position.declared = record_count_or(record, SLOT_declared_units, 0);
	position.is_shared = record_slice(record, SLOT_is_shared)->kind == JSON_TRUE;
	position.is_drawn = !record_is_null(record, SLOT_unlicensed_rights);
	position.unlicensed = record_count_or(record, SLOT_unlicensed_rights, 0);
	position.covered = record_count_or(record, SLOT_covered_rights, 0);
	position.allocated_in_use = record_count_or(record, SLOT_allocated_in_use, 0);
	position.first_unlicensed =
		record_is_null(record, SLOT_first_unlicensed_on) ? NO_BREACH : record_day(record, SLOT_first_unlicensed_on);
	if (position.owned < 0 || record_is_null(record, SLOT_rights_owned))
		record_wrong(record, SLOT_rights_owned, "a whole number, 0 or more, or \"unlimited\"");
	return position;
}

/* Each once: the records of a metric come period by period, metric by metric. */
static void add_period(struct daily_consumption *daily, const struct period *period, struct record *record)
{
	for (size_t i = daily->period_count; i-- > 0;)
		if (daily->periods[i].start == period->start && daily->periods[i].end == period->end)
			return;
	struct period *new = record->failed || period->index < 0
		? NULL
		: array_grow((void **)&daily->periods, &daily->period_count, sizeof *new, record->error);
	if (new)
		*new = *period;
	else if (period->index >= 0)
		record->failed = true;
}

static void add_position(struct daily_consumption *daily, struct record *record)
{
	struct open_position new = read_position(record);
	check_profile(daily, record);
	add_period(daily, &new.period, record);
	if (record->failed || daily->now < new.period.start || daily->now >= new.period.end || record_is_null(record, SLOT_rights_used))
		return;
	record_text_update(record, SLOT_software_model, &daily->arena, &new.software_model);
	record_text_update(record, SLOT_license_metric, &daily->arena, &new.license_metric);
	record_text_update(record, SLOT_unit, &daily->arena, &new.unit);
	if (!record_is_null(record, SLOT_currency))
		record_text_update(record, SLOT_currency, &daily->arena, &new.currency);
	const char *cost = record_is_null(record, SLOT_true_up_cost) ? "" : record_text(record, SLOT_true_up_cost, &daily->arena);
	if (record->failed)
		return;
	new.has_cost = money_parse(cost, &new.true_up_cost, NULL) == 0;
	ptrdiff_t metric = models_find_metric(&daily->licence->models, new.software_model, new.license_metric);
	if (metric < 0) {
		record->failed = true;
		message_error(record->reader, record->message, record->error,
			"metric_result has software model '%s' with license metric '%s', which no row of the models has",
			new.software_model, new.license_metric);
		return;
	}
	new.metric = (uint32_t)metric;
	new.profile = daily->profile;
	struct open_position *place = place_of(daily, &new, record->error);
	record->failed = !place;
	if (place)
		*place = new;
}

int daily_consumption_add(
	struct daily_consumption *daily, const struct message_reader *reader, const struct message *message, struct error *error)
{
	struct record record = {.reader = reader, .message = message, .error = error};
	if (message_is_record(message, "daily_consumption"))
		add_partial(daily, &record, 1);
	else if (message_is_record(message, "subscription"))
		add_subscription(daily, &record);
	else if (message_is_record(message, "watermark"))
		add_watermark(daily, &record);
	else if (message_is_record(message, "account"))
		add_account(daily, &record);
	else if (message_is_record(message, "consumption"))
		add_days(daily, &record, 1);
	else if (message_is_record(message, "declared_consumption"))
		add_declared(daily, &record);
	else if (message_is_record(message, "metric_result"))
		add_position(daily, &record);
	return record.failed ? -1 : 0;
}

int daily_consumption_subtract(
	struct daily_consumption *daily, const struct message_reader *reader, const struct message *message, struct error *error)
{
	struct record record = {.reader = reader, .message = message, .error = error};
	if (message_is_record(message, "daily_consumption"))
		add_partial(daily, &record, -1);
	else if (message_is_record(message, "consumption"))
		add_days(daily, &record, -1);
	return record.failed ? -1 : 0;
}

static int compare_positions(const void *left, const void *right)
{
	const struct open_position *a = left, *b = right;
	if (a->metric != b->metric)
		return a->metric < b->metric ? -1 : 1;
	return (a->period.start > b->period.start) - (a->period.start < b->period.start);
}

/* As in a position: the metric that all plan items of an asset group are of, PLAN_ITEM_NO_METRIC for none. */
static int map_groups(struct daily_consumption *daily, struct error *error)
{
	bool *is_known = calloc(daily->asset_group_ids.count + 1, sizeof *is_known);
	daily->metric_of_group = calloc(daily->asset_group_ids.count + 1, sizeof *daily->metric_of_group);
	if (!is_known || !daily->metric_of_group)
		error_set(error, EX_OSERR, "out of memory");
	for (size_t i = 0; i < daily->plan_item_group_count && is_known && daily->metric_of_group; i++) {
		const struct plan_item_group *item = &daily->plan_item_groups[i];
		uint32_t metric = daily->metric_of_item[item->plan_item], *of_group = &daily->metric_of_group[item->asset_group];
		*of_group = !is_known[item->asset_group] || *of_group == metric ? metric : PLAN_ITEM_NO_METRIC;
		is_known[item->asset_group] = true;
	}
	for (size_t i = 0; i < daily->asset_group_ids.count && is_known && daily->metric_of_group; i++)
		if (!is_known[i])
			daily->metric_of_group[i] = PLAN_ITEM_NO_METRIC;
	int result = is_known && daily->metric_of_group ? 0 : -1;
	free(is_known);
	return result;
}

static uint32_t metric_of(const struct daily_consumption *daily, const struct sum *sum)
{
	uint32_t account = sum->key[2];
	uint32_t group = *daily->plan_items.ids.names[sum->key[0]].text || account >= daily->account_fact_count
		? RECORD_NO_NAME
		: daily->account_facts[account].asset_group;
	return group == RECORD_NO_NAME || daily->metric_of_group[group] == PLAN_ITEM_NO_METRIC ? daily->metric_of_item[sum->key[0]]
											       : daily->metric_of_group[group];
}

/* Sorts the sums by their metric, by counting; those of no metric are left out. */
static int sort_by_metric(struct daily_consumption *daily, struct error *error)
{
	size_t metrics = daily->licence->models.metric_count;
	daily->by_metric = malloc((daily->sums.table.count + 1) * sizeof *daily->by_metric);
	daily->metric_ends = calloc(metrics + 1, sizeof *daily->metric_ends);
	if (!daily->by_metric || !daily->metric_ends)
		return error_set(error, EX_OSERR, "out of memory");
	for (size_t i = 0; i < daily->sums.table.count; i++) {
		uint32_t metric = metric_of(daily, &daily->sums.table.sums[i]);
		if (metric < metrics)
			daily->metric_ends[metric + 1]++;
	}
	for (size_t metric = 1; metric < metrics; metric++)
		daily->metric_ends[metric + 1] += daily->metric_ends[metric];
	for (size_t i = 0; i < daily->sums.table.count; i++) {
		uint32_t metric = metric_of(daily, &daily->sums.table.sums[i]);
		if (metric < metrics)
			daily->by_metric[daily->metric_ends[metric]++] = (uint32_t)i;
	}
	return 0;
}

int daily_consumption_finish(struct daily_consumption *daily, struct error *error)
{
	if (daily->position_count)
		qsort(daily->positions, daily->position_count, sizeof *daily->positions, compare_positions);
	for (size_t i = 0; i < daily->position_count; i++)
		daily->positions[i].is_whole = daily->has_names && !daily->positions[i].profile;
	if (!daily->has_partials) {
		struct day_sums none = daily->sums;
		daily->sums = daily->by_day;
		daily->by_day = none;
	}
	daily->metric_of_item = plan_items_map(&daily->plan_items, &daily->licence->models, error);
	return daily->metric_of_item && map_groups(daily, error) == 0 ? sort_by_metric(daily, error) : -1;
}
