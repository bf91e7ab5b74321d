#include "position.h"

#include "instant.h"
#include "json_write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void position_open(struct position *position, const struct models *models, const struct entitlements *entitlements)
{
	*position = (struct position){.models = models, .entitlements = entitlements};
}

void position_release(struct position *position)
{
	for (size_t i = 0; i < position->item_count; i++) {
		free(position->items[i].plan_item_name);
		free(position->items[i].subscription_name);
	}
	free(position->items);
	free(position->periods);
	free(position->sums);
	name_table_release(&position->profiles);
	name_table_release(&position->plan_items);
	hash_index_release(&position->sum_index);
}

int position_reader_open(struct position *position, struct message_reader *reader, int descriptor, const char *name, struct error *error)
{
	const struct stream *const list[] = {&stream_consumption, &stream_subscription, NULL};
	if (field_union_build(&position->fields, list, error) < 0)
		return -1;
	return message_reader_open(reader, descriptor, name, position->fields.pointers, position->fields.count, false, error);
}

static const struct json_slice *field(const struct position *position, const struct message *message, const char *name)
{
	return field_union_slice(&position->fields, message->fields, name);
}

/* The number of a plan item, "" for none. */
static int item_number(struct position *position, const struct json_slice *slice, uint32_t *number, struct error *error)
{
	bool named = slice->kind == JSON_STRING;
	ptrdiff_t found = name_table_number(&position->plan_items, named ? slice->text : "", named ? slice->length : 0, error);
	if (found < 0)
		return -1;
	if ((size_t)found >= position->item_count) {
		size_t count = (size_t)found + 64;
		struct position_plan_item *items = realloc(position->items, count * sizeof *items);
		if (!items)
			return error_set(error, EX_OSERR, "out of memory");
		memset(items + position->item_count, 0, (count - position->item_count) * sizeof *items);
		position->items = items;
		position->item_count = count;
	}
	*number = (uint32_t)found;
	return 0;
}

static int keep_text(char **text, const struct json_slice *slice, struct error *error)
{
	if (slice->kind != JSON_STRING || *text)
		return 0;
	*text = strndup(slice->text, slice->length);
	return *text ? 0 : error_set(error, EX_OSERR, "out of memory");
}

static int add_subscription(struct position *position, const struct message *message, struct error *error)
{
	uint32_t number;
	const struct json_slice *plan_item = field(position, message, "plan_item_id");
	if (plan_item->kind != JSON_STRING)
		return 0;
	if (item_number(position, plan_item, &number, error) < 0)
		return -1;
	struct position_plan_item *item = &position->items[number];
	item->subscriptions++;
	return keep_text(&item->plan_item_name, field(position, message, "plan_item_name"), error) < 0 ||
			keep_text(&item->subscription_name, field(position, message, "subscription_name"), error) < 0
		? -1
		: 0;
}

static int period_number(struct position *position, const struct period *period, const struct json_slice *state, uint32_t *number,
	struct error *error)
{
	for (size_t i = 0; i < position->period_count; i++) {
		if (position->periods[i].period.start == period->start && position->periods[i].period.end == period->end) {
			*number = (uint32_t)i;
			return 0;
		}
	}
	struct position_period *periods = realloc(position->periods, (position->period_count + 1) * sizeof *periods);
	if (!periods)
		return error_set(error, EX_OSERR, "out of memory");
	position->periods = periods;
	periods[position->period_count] = (struct position_period){.period = *period};
	snprintf(periods[position->period_count].state, sizeof periods->state, "%.*s", (int)(state->length < 15 ? state->length : 15),
		state->kind == JSON_STRING ? state->text : "");
	*number = (uint32_t)position->period_count++;
	return 0;
}

static bool same_sum(const void *context, size_t index, const void *key)
{
	const struct position_sum *left = &((const struct position *)context)->sums[index], *right = key;
	return left->profile == right->profile && left->plan_item == right->plan_item && left->period == right->period;
}

static int add_units(struct position *position, const struct position_sum *key, struct error *error)
{
	const uint32_t words[3] = {key->profile, key->plan_item, key->period};
	uint32_t hash = hash_bytes(0, words, sizeof words);
	ptrdiff_t found = hash_index_find(&position->sum_index, hash, same_sum, position, key);
	if (found >= 0) {
		position->sums[found].units += key->units;
		return 0;
	}
	if (position->sum_count == position->sum_capacity) {
		size_t capacity = position->sum_capacity ? position->sum_capacity * 2 : 64;
		struct position_sum *sums = realloc(position->sums, capacity * sizeof *sums);
		if (!sums)
			return error_set(error, EX_OSERR, "out of memory");
		position->sums = sums;
		position->sum_capacity = capacity;
	}
	if (hash_index_add(&position->sum_index, hash, position->sum_count) < 0)
		return error_set(error, EX_OSERR, "out of memory");
	position->sums[position->sum_count++] = *key;
	return 0;
}

static bool read_integer(const struct json_slice *slice, int64_t *value)
{
	char *end;
	if (slice->kind != JSON_NUMBER)
		return false;
	*value = strtoll(slice->text, &end, 10);
	return end == slice->text + slice->length;
}

static bool read_time(const struct json_slice *slice, int64_t *instant)
{
	return slice->kind == JSON_STRING && instant_parse(slice->text, slice->length, instant) == 0;
}

static int add_consumption(struct position *position, const struct message_reader *reader, const struct message *message,
	struct error *error)
{
	struct position_sum sum;
	struct period period;
	int64_t index = 0;
	static const char *const wanted[] = {"period_index", "period_start", "period_end", "units_consumed"};
	const bool good[] = {read_integer(field(position, message, "period_index"), &index),
		read_time(field(position, message, "period_start"), &period.start),
		read_time(field(position, message, "period_end"), &period.end),
		read_integer(field(position, message, "units_consumed"), &sum.units)};
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		if (!good[i])
			return message_error(reader, message, error, "consumption \"%s\" must be %s, this is %s", wanted[i],
				i == 1 || i == 2 ? "a time" : "a whole number", json_kind_name(field(position, message, wanted[i])->kind));
	period.index = (int)index;
	const struct json_slice *profile = field(position, message, "profile");
	ptrdiff_t number = name_table_number(&position->profiles, profile->kind == JSON_STRING ? profile->text : "",
		profile->kind == JSON_STRING ? profile->length : 0, error);
	if (number < 0)
		return -1;
	sum.profile = (uint32_t)number;
	if (item_number(position, field(position, message, "plan_item_id"), &sum.plan_item, error) < 0 ||
		period_number(position, &period, field(position, message, "state"), &sum.period, error) < 0)
		return -1;
	return add_units(position, &sum, error);
}

int position_add(struct position *position, const struct message_reader *reader, const struct message *message, struct error *error)
{
	if (message_is_record(message, "consumption"))
		return add_consumption(position, reader, message, error);
	if (message_is_record(message, "subscription"))
		return add_subscription(position, message, error);
	return 0;
}

/* Mapping */

static bool row_matches(const struct position *position, const struct model_identifier *identifier, size_t plan_item)
{
	const struct position_plan_item *item = &position->items[plan_item];
	const char *const texts[] = {[IDENTIFIER_PLAN_ITEM_ID] = position->plan_items.names[plan_item].text,
		[IDENTIFIER_PLAN_ITEM_NAME] = item->plan_item_name,
		[IDENTIFIER_SUBSCRIPTION_NAME] = item->subscription_name};
	return *position->plan_items.names[plan_item].text && identifier_matches(identifier, texts[identifier->type]);
}

/* The model that a plan item maps to, as a row of models.csv; NULL for none, which is no error. */
static int map_item(const struct position *position, size_t plan_item, const struct model_identifier **model, struct error *error)
{
	*model = NULL;
	for (size_t i = 0; i < position->models->count; i++) {
		const struct model_identifier *identifier = &position->models->identifiers[i];
		if (!row_matches(position, identifier, plan_item))
			continue;
		if (*model && strcmp((*model)->software_model, identifier->software_model) != 0)
			return error_set(error, EX_DATAERR,
				"cannot map plan item '%s': it is software model '%s' by line %zu of the models and '%s' by line %zu",
				position->plan_items.names[plan_item].text, (*model)->software_model, (*model)->row,
				identifier->software_model, identifier->row);
		if (!*model)
			*model = identifier;
	}
	return 0;
}

/* The first row of each software model stands for it. */
static bool is_first_row(const struct models *models, size_t row)
{
	for (size_t i = 0; i < row; i++)
		if (strcmp(models->identifiers[i].software_model, models->identifiers[row].software_model) == 0)
			return false;
	return true;
}

struct rights {
	int64_t owned;
	bool unlimited, enterprise;
};

static struct rights rights_in(const struct entitlements *entitlements, const struct model_identifier *model, const struct period *period)
{
	struct rights rights = {.owned = 0};
	for (size_t i = 0; i < entitlements->count; i++) {
		const struct entitlement *entitlement = &entitlements->entitlements[i];
		if (entitlement->retired || strcmp(entitlement->software_model, model->software_model) != 0 ||
			strcmp(entitlement->license_metric, model->license_metric) != 0 ||
			entitlement->start_day * DAY_MS >= period->end || entitlement->end_day * DAY_MS <= period->start)
			continue;
		rights.owned += entitlement->purchased_rights;
		rights.unlimited |= entitlement->unlimited;
		rights.enterprise |= agreement_is_enterprise(entitlement->agreement_type);
	}
	return rights;
}

static void put_text(struct buffer *line, const char *key, const char *text)
{
	json_key(line, key);
	json_c_string(line, text);
}

static void put_rights(struct buffer *line, const char *key, bool unlimited, int64_t rights)
{
	json_key(line, key);
	if (unlimited)
		json_c_string(line, "unlimited");
	else
		json_integer(line, rights);
}

static void print_result(const struct position *position, const struct model_identifier *model, size_t profile,
	const struct position_period *at, int64_t used, struct output *output)
{
	struct buffer *line = &output->pending;
	struct rights rights = rights_in(position->entitlements, model, &at->period);
	int64_t spare = rights.owned > used ? rights.owned - used : 0;
	int64_t lacking = rights.unlimited || used <= rights.owned ? 0 : used - rights.owned;
	const char *name = position->profiles.names[profile].text;
	stream_begin_record(line, &stream_metric_result);
	put_text(line, "profile", *name ? name : NULL);
	put_text(line, "publisher", model->publisher);
	put_text(line, "product", model->product);
	put_text(line, "software_model", model->software_model);
	put_text(line, "license_metric", model->license_metric);
	put_text(line, "unit", *model->unit ? model->unit : "envelope");
	json_key(line, "period_index");
	json_integer(line, at->period.index);
	json_key(line, "period_start");
	json_instant(line, at->period.start);
	json_key(line, "period_end");
	json_instant(line, at->period.end);
	put_text(line, "period_state", at->state);
	put_rights(line, "rights_owned", rights.unlimited, rights.owned);
	json_key(line, "rights_used");
	json_integer(line, used);
	put_rights(line, "rights_available", rights.unlimited, spare);
	put_rights(line, "over_licensed_rights", false, rights.unlimited ? 0 : spare);
	put_rights(line, "unlicensed_rights", false, lacking);
	put_text(line, "status", lacking == 0 || rights.enterprise ? "Compliant" : "Not Compliant");
	stream_end_record(line, NULL, 0);
	output_line_end(output);
}

static int compare_periods(const void *left, const void *right)
{
	const struct position_period *a = left, *b = right;
	return (a->period.start > b->period.start) - (a->period.start < b->period.start);
}

static int64_t units_of(const struct position *position, size_t profile, size_t item, const struct period *period, bool all_periods)
{
	int64_t units = 0;
	for (size_t i = 0; i < position->sum_count; i++) {
		const struct position_sum *sum = &position->sums[i];
		if ((profile == SIZE_MAX || sum->profile == profile) && sum->plan_item == item &&
			(all_periods || position->periods[sum->period].period.start == period->start))
			units += sum->units;
	}
	return units;
}

/* Another profile in the same pipe may have periods of its own. */
static bool has_period(const struct position *position, size_t profile, const struct period *period)
{
	for (size_t i = 0; i < position->sum_count; i++)
		if (position->sums[i].profile == profile && position->periods[position->sums[i].period].period.start == period->start &&
			position->periods[position->sums[i].period].period.end == period->end)
			return true;
	return false;
}

static int print_results(struct position *position, const struct model_identifier *const item_models[],
	const struct position_period *periods, struct output *output)
{
	const struct models *models = position->models;
	bool any = false;
	for (size_t profile = 0; profile < position->profiles.count; profile++) {
		for (size_t row = 0; row < models->count; row++) {
			if (!is_first_row(models, row))
				continue;
			const struct model_identifier *model = &models->identifiers[row];
			for (size_t at = 0; at < position->period_count; at++) {
				int64_t used = 0;
				if (periods[at].period.index < 0 || !has_period(position, profile, &periods[at].period))
					continue;
				for (size_t item = 0; item < position->plan_items.count; item++)
					if (item_models[item] && strcmp(item_models[item]->software_model, model->software_model) == 0)
						used += units_of(position, profile, item, &periods[at].period, false);
				if (!any)
					stream_append_schema(&output->pending, &stream_metric_result);
				any = true;
				print_result(position, model, profile, &periods[at], used, output);
			}
		}
	}
	return 0;
}

static void print_unrecognized(struct position *position, size_t item, struct output *output)
{
	struct buffer *line = &output->pending;
	const char *identifier = position->plan_items.names[item].text;
	stream_begin_record(line, &stream_unrecognized_subscription);
	put_text(line, "identifier", *identifier ? identifier : "(no plan item)");
	put_text(line, "identifier_type", "plan_item_id");
	put_text(line, "display_name", position->items[item].plan_item_name);
	json_key(line, "profiles");
	json_begin(line, '[');
	for (size_t profile = 0; profile < position->profiles.count; profile++)
		if (*position->profiles.names[profile].text && units_of(position, profile, item, NULL, true) > 0)
			json_c_string(line, position->profiles.names[profile].text);
	json_end(line, ']');
	json_key(line, "subscriptions");
	json_integer(line, position->items[item].subscriptions);
	json_key(line, "units_consumed");
	json_integer(line, units_of(position, SIZE_MAX, item, NULL, true));
	stream_end_record(line, NULL, 0);
	output_line_end(output);
}

int position_print(struct position *position, struct output *output, struct error *error)
{
	int result = -1;
	bool any = false;
	const struct model_identifier **item_models = calloc(position->plan_items.count + 1, sizeof(const struct model_identifier *));
	struct position_period *periods = malloc((position->period_count + 1) * sizeof *periods);
	if (!item_models || !periods) {
		error_set(error, EX_OSERR, "out of memory");
		goto out;
	}
	for (size_t item = 0; item < position->plan_items.count; item++)
		if (map_item(position, item, &item_models[item], error) < 0)
			goto out;
	if (position->period_count)
		memcpy(periods, position->periods, position->period_count * sizeof *periods);
	qsort(periods, position->period_count, sizeof *periods, compare_periods);
	print_results(position, item_models, periods, output);
	for (size_t item = 0; item < position->plan_items.count; item++) {
		if (item_models[item])
			continue;
		if (!any)
			stream_append_schema(&output->pending, &stream_unrecognized_subscription);
		any = true;
		print_unrecognized(position, item, output);
	}
	result = 0;
out:
	free(item_models);
	free(periods);
	return result;
}
