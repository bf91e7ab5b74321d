#include "forecast/daily_use.h"

#include "base/array.h"

#include "base/instant.h"
#include "base/stale_feed.h"
#include "licence/licence_cells.h"
#include "reconcile/position.h"

#include <stdlib.h>
#include <string.h>

enum {
	ACCOUNT_ID,
	PLAN_ITEM_ID,
	DAY,
	UNITS_CONSUMED,
	PLAN_ITEM_NAME,
	SUBSCRIPTION_NAME,
	WATERMARK,
	PROFILE,
	SOFTWARE_MODEL,
	LICENSE_METRIC,
	UNIT,
	PERIOD_INDEX,
	PERIOD_START,
	PERIOD_END,
	RIGHTS_OWNED,
	RIGHTS_USED,
	FIELDS
};

static const char *const pointers[FIELDS] = {"/account_id", "/plan_item_id", "/day", "/units_consumed", "/plan_item_name",
	"/subscription_name", "/watermark", "/profile", "/software_model", "/license_metric", "/unit", "/period_index", "/period_start",
	"/period_end", "/rights_owned", "/rights_used"};

void daily_use_open(struct daily_use *use, const struct licence *licence, int64_t now)
{
	*use = (struct daily_use){.licence = licence, .now = now, .known_until = instant_day(now) - 1};
}

void daily_use_release(struct daily_use *use)
{
	reconcile_input_release(&use->usage);
	name_table_release(&use->exclusion_suspects);
	sum_table_release(&use->sums);
	free(use->positions);
	free(use->metric_of_item);
	*use = (struct daily_use){.positions = NULL};
}

int daily_use_reader_open(struct message_reader *reader, int descriptor, const char *name, struct error *error)
{
	return message_reader_open(reader, descriptor, name, pointers, FIELDS, false, error);
}

static int wrong(const struct message_reader *reader, const struct message *message, int field, const char *must_be, struct error *error)
{
	const struct json_slice *slice = &message->fields[field];
	bool is_shown = slice->kind == JSON_STRING || slice->kind == JSON_NUMBER;
	const char *text = is_shown ? slice->text : json_kind_name(slice->kind), *quote = is_shown ? "'" : "";
	return message_error(reader, message, error, "%.*s \"%s\" must be %s, this is %s%.*s%s", (int)message->stream.length,
		message->stream.text, pointers[field] + 1, must_be, quote, is_shown && slice->length < 60 ? (int)slice->length : 60, text,
		quote);
}

/* A copy of a text; NULL for null. A NUL in it ends it. */
static int keep(struct daily_use *use, const char **text, const struct json_slice *slice, struct error *error)
{
	if (slice->kind != JSON_STRING || (*text && strlen(*text) == slice->length && memcmp(*text, slice->text, slice->length) == 0))
		return 0;
	char *copy = arena_take(&use->usage.arena, slice->length + 1);
	if (!copy)
		return error_set(error, EX_OSERR, "out of memory for a name of %zu bytes", slice->length);
	memcpy(copy, slice->text, slice->length);
	copy[slice->length] = 0;
	*text = copy;
	return 0;
}

static int plan_item_of(struct daily_use *use, const struct json_slice *id, uint32_t *number, struct error *error)
{
	struct reconcile_input *usage = &use->usage;
	bool named = id->kind == JSON_STRING;
	ptrdiff_t found = name_table_number(&usage->plan_item_ids, named ? id->text : "", named ? id->length : 0, error);
	*number = (uint32_t)found;
	if (found < 0 ||
		((size_t)found == usage->plan_item_count &&
			!array_grow((void **)&usage->plan_items, &usage->plan_item_count, sizeof *usage->plan_items, error)))
		return -1;
	return 0;
}

/* The account, where some rule names it; else INPUT_NONE. Each account is asked about once. */
static int suspect_of(struct daily_use *use, const struct json_slice *id, uint32_t *number, struct error *error)
{
	*number = INPUT_NONE;
	if (!use->licence->exclusions.count)
		return 0;
	struct name *name = name_table_find(&use->exclusion_suspects, id->text, id->length);
	if (!name && !(name = name_table_add(&use->exclusion_suspects, id->text, id->length, 0, error)))
		return -1;
	const char *text = name->text;
	if (name->value == 0)
		name->value = exclusions_name(&use->licence->exclusions, EXCLUDE_ACCOUNT, &text, 1) ? 1 : -1;
	if (name->value == 1)
		*number = (uint32_t)(name - use->exclusion_suspects.names);
	return 0;
}

static int add_partial(
	struct daily_use *use, const struct message_reader *reader, const struct message *message, int sign, struct error *error)
{
	const struct json_slice *fields = message->fields;
	uint32_t key[SUM_PARTS];
	int32_t day;
	int64_t units;
	if (fields[ACCOUNT_ID].kind != JSON_STRING)
		return wrong(reader, message, ACCOUNT_ID, "a string", error);
	if (fields[DAY].kind != JSON_STRING || day_parse(fields[DAY].text, fields[DAY].length, &day) < 0)
		return wrong(reader, message, DAY, "a date", error);
	if (!json_slice_integer(&fields[UNITS_CONSUMED], &units) || units < 0)
		return wrong(reader, message, UNITS_CONSUMED, "a whole number from 0", error);
	if (units == 0)
		return 0;
	key[1] = (uint32_t)day;
	if (plan_item_of(use, &fields[PLAN_ITEM_ID], &key[0], error) < 0 || suspect_of(use, &fields[ACCOUNT_ID], &key[2], error) < 0)
		return -1;
	if (sum_table_add(&use->sums, key, sign * units, error) < 0)
		return error->status == EX_DATAERR ? message_error(reader, message, error, "%s", error->text) : -1;
	return 0;
}

static int add_subscription(struct daily_use *use, const struct json_slice fields[], struct error *error)
{
	uint32_t number;
	if (fields[PLAN_ITEM_ID].kind != JSON_STRING)
		return 0;
	if (plan_item_of(use, &fields[PLAN_ITEM_ID], &number, error) < 0)
		return -1;
	struct input_plan_item *item = &use->usage.plan_items[number];
	return keep(use, &item->plan_item_name, &fields[PLAN_ITEM_NAME], error) < 0 ||
			keep(use, &item->subscription_name, &fields[SUBSCRIPTION_NAME], error) < 0
		? -1
		: 0;
}

/* Of the day that a watermark is in envelopes may be missing. */
static int add_watermark(struct daily_use *use, const struct message_reader *reader, const struct message *message, struct error *error)
{
	int64_t watermark;
	if (!json_slice_instant(&message->fields[WATERMARK], &watermark))
		return wrong(reader, message, WATERMARK, "a time", error);
	int32_t day = instant_day(watermark) - 1;
	if (!feed_is_stale(watermark, use->now) && day < use->known_until)
		use->known_until = day;
	return 0;
}

static int check_profile(struct daily_use *use, const struct message_reader *reader, const struct message *message, struct error *error)
{
	const struct json_slice *profile = &message->fields[PROFILE];
	if (!use->has_profile) {
		use->has_profile = true;
		return keep(use, &use->profile, profile, error);
	}
	if (use->profile ? json_slice_equals(profile, use->profile) : profile->kind != JSON_STRING)
		return 0;
	return message_error(reader, message, error,
		"metric_result is of another profile than those before: daily partials name none, so a pipe is one profile's");
}

/* The place of a position: that of an earlier record of the same, else a new one. */
static struct open_position *place_of(struct daily_use *use, const struct open_position *new, struct error *error)
{
	for (size_t i = 0; i < use->position_count; i++)
		if (use->positions[i].metric == new->metric && use->positions[i].period.start == new->period.start)
			return &use->positions[i];
	return array_grow((void **)&use->positions, &use->position_count, sizeof *new, error);
}

static int read_position(
	const struct message_reader *reader, const struct message *message, struct open_position *position, struct error *error)
{
	const struct json_slice *fields = message->fields;
	int64_t index;
	for (int field = SOFTWARE_MODEL; field <= UNIT; field++)
		if (fields[field].kind != JSON_STRING)
			return wrong(reader, message, field, "a string", error);
	if (!json_slice_integer(&fields[PERIOD_INDEX], &index) || index != (int)index)
		return wrong(reader, message, PERIOD_INDEX, "a whole number", error);
	if (!json_slice_instant(&fields[PERIOD_START], &position->period.start))
		return wrong(reader, message, PERIOD_START, "a time", error);
	if (!json_slice_instant(&fields[PERIOD_END], &position->period.end) || position->period.end <= position->period.start)
		return wrong(reader, message, PERIOD_END, "a time after its start", error);
	position->is_unlimited = json_slice_equals(&fields[RIGHTS_OWNED], "unlimited");
	if (!position->is_unlimited && (!json_slice_integer(&fields[RIGHTS_OWNED], &position->owned) || position->owned < 0))
		return wrong(reader, message, RIGHTS_OWNED, "a whole number from 0 or \"unlimited\"", error);
	if (fields[RIGHTS_USED].kind > JSON_NULL && (!json_slice_integer(&fields[RIGHTS_USED], &position->used) || position->used < 0))
		return wrong(reader, message, RIGHTS_USED, "a whole number from 0 or null", error);
	position->period.index = (int)index;
	return 0;
}

static int add_position(struct daily_use *use, const struct message_reader *reader, const struct message *message, struct error *error)
{
	const struct json_slice *fields = message->fields;
	struct open_position new = {.profile = NULL};
	if (read_position(reader, message, &new, error) < 0 || check_profile(use, reader, message, error) < 0)
		return -1;
	if (use->now < new.period.start || use->now >= new.period.end || fields[RIGHTS_USED].kind <= JSON_NULL)
		return 0;
	if (keep(use, &new.software_model, &fields[SOFTWARE_MODEL], error) < 0 ||
		keep(use, &new.license_metric, &fields[LICENSE_METRIC], error) < 0 || keep(use, &new.unit, &fields[UNIT], error) < 0)
		return -1;
	ptrdiff_t metric = models_find_metric(&use->licence->models, new.software_model, new.license_metric);
	if (metric < 0)
		return message_error(reader, message, error,
			"metric_result has software model '%s' with license metric '%s', which no row of the models has",
			new.software_model, new.license_metric);
	new.metric = (uint32_t)metric;
	new.profile = use->profile;
	struct open_position *place = place_of(use, &new, error);
	if (!place)
		return -1;
	*place = new;
	return 0;
}

int daily_use_add(struct daily_use *use, const struct message_reader *reader, const struct message *message, struct error *error)
{
	if (message_is_record(message, "daily_consumption"))
		return add_partial(use, reader, message, 1, error);
	if (message_is_record(message, "subscription"))
		return add_subscription(use, message->fields, error);
	if (message_is_record(message, "watermark"))
		return add_watermark(use, reader, message, error);
	if (message_is_record(message, "metric_result"))
		return add_position(use, reader, message, error);
	return 0;
}

int daily_use_subtract(struct daily_use *use, const struct message_reader *reader, const struct message *message, struct error *error)
{
	return message_is_record(message, "daily_consumption") ? add_partial(use, reader, message, -1, error) : 0;
}

static int compare_positions(const void *left, const void *right)
{
	const struct open_position *a = left, *b = right;
	if (a->metric != b->metric)
		return a->metric < b->metric ? -1 : 1;
	return (a->period.start > b->period.start) - (a->period.start < b->period.start);
}

int daily_use_finish(struct daily_use *use, struct error *error)
{
	use->metric_of_item = calloc(use->usage.plan_item_count + 1, sizeof *use->metric_of_item);
	if (!use->metric_of_item)
		return error_set(error, EX_OSERR, "out of memory");
	struct position map = {.licence = use->licence, .usage = &use->usage, .metric_of_item = use->metric_of_item};
	if (use->position_count)
		qsort(use->positions, use->position_count, sizeof *use->positions, compare_positions);
	return position_map_items(&map, error);
}

int32_t daily_use_first(const struct daily_use *use, uint32_t metric, int32_t otherwise)
{
	int32_t first = otherwise;
	for (size_t i = 0; i < use->sums.count; i++) {
		const struct sum *sum = &use->sums.sums[i];
		if (use->metric_of_item[sum->key[0]] == metric && sum->units > 0 && (int32_t)sum->key[1] < first)
			first = (int32_t)sum->key[1];
	}
	return first;
}

/* By the rules for a day: as reconcile has them for a period. */
static int is_excluded(const struct daily_use *use, const struct sum *sum, struct error *error)
{
	const struct exclusions *exclusions = &use->licence->exclusions;
	const struct input_plan_item *item = &use->usage.plan_items[sum->key[0]];
	const char *texts[] = {[IDENTIFIER_PLAN_ITEM_ID] = use->usage.plan_item_ids.names[sum->key[0]].text,
		[IDENTIFIER_PLAN_ITEM_NAME] = item->plan_item_name,
		[IDENTIFIER_SUBSCRIPTION_NAME] = item->subscription_name};
	const char *profile = use->profile ? use->profile : "";
	int64_t start = (int32_t)sum->key[1] * DAY_MS;
	const struct period day = {.start = start, .end = start + DAY_MS};
	if (!exclusions->count)
		return 0;
	int excluded = exclusions_apply(exclusions, EXCLUDE_IDENTIFIER, texts, sizeof texts / sizeof *texts, profile, &day, error);
	if (excluded == 0 && sum->key[2] != INPUT_NONE) {
		*texts = use->exclusion_suspects.names[sum->key[2]].text;
		excluded = exclusions_apply(exclusions, EXCLUDE_ACCOUNT, texts, 1, profile, &day, error);
	}
	return excluded;
}

int daily_use_units(const struct daily_use *use, uint32_t metric, int32_t first, int64_t units[], size_t count, struct error *error)
{
	for (size_t i = 0; i < use->sums.count; i++) {
		const struct sum *sum = &use->sums.sums[i];
		int64_t at = (int64_t)(int32_t)sum->key[1] - first;
		if (use->metric_of_item[sum->key[0]] != metric || at < 0 || at >= (int64_t)count)
			continue;
		int excluded = is_excluded(use, sum, error);
		if (excluded < 0 || (!excluded && sum_add(&units[at], sum->units, error) < 0))
			return -1;
	}
	return 0;
}
