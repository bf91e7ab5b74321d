#include "reconcile/reconcile_input.h"

#include "base/array.h"

#include "base/instant.h"
#include "licence/licence_cells.h"

#include <stdlib.h>
#include <string.h>

enum {
	PROFILE,
	ORGANIZATION_ID,
	ACCOUNT_ID,
	ACCOUNT_NAME,
	PLAN_ITEM_ID,
	PERIOD_INDEX,
	PERIOD_START,
	PERIOD_END,
	UNITS_CONSUMED,
	STATE,
	SITE_ID,
	SITE_NAME,
	ASSET_GROUP_ID,
	PLAN_ITEM_NAME,
	SUBSCRIPTION_NAME,
	UNITS_ALLOWED,
	UNITS_BILLED,
	BULK_UNITS,
	POWERFORM_UNITS,
	OBSERVED_AT,
	COUNTED_UNTIL,
	WATERMARK,
	UNITS_COUNTED,
	FIELDS
};

static const char *const pointers[FIELDS] = {"/profile", "/organization_id", "/account_id", "/account_name", "/plan_item_id",
	"/period_index", "/period_start", "/period_end", "/units_consumed", "/state", "/site_id", "/site_name", "/asset_group_id",
	"/plan_item_name", "/subscription_name", "/units_allowed", "/units_billed", "/bulk_units", "/powerform_units", "/observed_at",
	"/counted_until", "/watermark", "/units_counted"};

void reconcile_input_release(struct reconcile_input *usage)
{
	struct name_table *tables[] = {&usage->profiles, &usage->account_ids, &usage->plan_item_ids, &usage->site_ids,
		&usage->organization_ids, &usage->asset_group_ids, &usage->period_keys};
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
		name_table_release(tables[i]);
	free(usage->accounts);
	free(usage->plan_items);
	free(usage->periods);
	free(usage->reaches);
	free(usage->billings);
	sum_table_release(&usage->sums);
	sum_table_release(&usage->excluded);
	arena_release(&usage->arena);
	*usage = (struct reconcile_input){.accounts = NULL};
}

int reconcile_input_reader_open(struct message_reader *reader, int descriptor, const char *name, struct error *error)
{
	return message_reader_open(reader, descriptor, name, pointers, FIELDS, false, error);
}

static int number_of(struct name_table *table, const struct json_slice *slice, uint32_t *number, struct error *error)
{
	*number = INPUT_NONE;
	if (slice->kind != JSON_STRING || !slice->length)
		return 0;
	ptrdiff_t found = name_table_number(table, slice->text, slice->length, error);
	*number = (uint32_t)found;
	return found < 0 ? -1 : 0;
}

/* Keeps a text; the newest that is not null. A NUL in it ends it: names are only shown. */
static int keep(struct reconcile_input *usage, const char **text, const struct json_slice *slice, struct error *error)
{
	if (slice->kind != JSON_STRING || (*text && strlen(*text) == slice->length && memcmp(*text, slice->text, slice->length) == 0))
		return 0;
	char *copy = arena_take(&usage->arena, slice->length + 1);
	if (!copy)
		return error_set(error, EX_OSERR, "out of memory for a name of %zu bytes", slice->length);
	memcpy(copy, slice->text, slice->length);
	copy[slice->length] = 0;
	*text = copy;
	return 0;
}

static int account_of(struct reconcile_input *usage, const struct json_slice fields[], uint32_t *number, struct error *error)
{
	const struct json_slice *id = &fields[ACCOUNT_ID];
	bool named = id->kind == JSON_STRING;
	ptrdiff_t found = name_table_number(&usage->account_ids, named ? id->text : "", named ? id->length : 0, error);
	if (found < 0)
		return -1;
	if ((size_t)found == usage->account_count) {
		struct input_account *account = array_grow((void **)&usage->accounts, &usage->account_count, sizeof *account, error);
		if (!account)
			return -1;
		account->site = account->organization = account->asset_group = account->profile = INPUT_NONE;
	}
	*number = (uint32_t)found;
	return keep(usage, &usage->accounts[found].name, &fields[ACCOUNT_NAME], error);
}

static int plan_item_of(struct reconcile_input *usage, const struct json_slice *id, uint32_t *number, struct error *error)
{
	bool named = id->kind == JSON_STRING;
	ptrdiff_t found = name_table_number(&usage->plan_item_ids, named ? id->text : "", named ? id->length : 0, error);
	*number = (uint32_t)found;
	if (found < 0 ||
		((size_t)found == usage->plan_item_count &&
			!array_grow((void **)&usage->plan_items, &usage->plan_item_count, sizeof *usage->plan_items, error)))
		return -1;
	return 0;
}

static int add_account(struct reconcile_input *usage, const struct json_slice fields[], struct error *error)
{
	uint32_t number;
	if (account_of(usage, fields, &number, error) < 0)
		return -1;
	struct input_account *account = &usage->accounts[number];
	account->is_known = true;
	return number_of(&usage->site_ids, &fields[SITE_ID], &account->site, error) < 0 ||
			number_of(&usage->organization_ids, &fields[ORGANIZATION_ID], &account->organization, error) < 0 ||
			number_of(&usage->asset_group_ids, &fields[ASSET_GROUP_ID], &account->asset_group, error) < 0 ||
			keep(usage, &account->site_name, &fields[SITE_NAME], error) < 0
		? -1
		: 0;
}

static int add_watermark(struct reconcile_input *usage, const struct json_slice fields[], struct error *error)
{
	uint32_t number;
	if (account_of(usage, fields, &number, error) < 0)
		return -1;
	usage->accounts[number].is_fed = usage->has_watermarks = true;
	return 0;
}

static int add_subscription(struct reconcile_input *usage, const struct json_slice fields[], struct error *error)
{
	uint32_t number, asset_group;
	if (fields[PLAN_ITEM_ID].kind != JSON_STRING)
		return 0;
	if (plan_item_of(usage, &fields[PLAN_ITEM_ID], &number, error) < 0 ||
		number_of(&usage->asset_group_ids, &fields[ASSET_GROUP_ID], &asset_group, error) < 0)
		return -1;
	struct input_plan_item *item = &usage->plan_items[number];
	item->subscriptions++;
	if (asset_group != INPUT_NONE) {
		struct input_eligibility *reach = array_grow((void **)&usage->reaches, &usage->eligible_count, sizeof *reach, error);
		if (!reach)
			return -1;
		*reach = (struct input_eligibility){number, asset_group};
	}
	return keep(usage, &item->plan_item_name, &fields[PLAN_ITEM_NAME], error) < 0 ||
			keep(usage, &item->subscription_name, &fields[SUBSCRIPTION_NAME], error) < 0
		? -1
		: 0;
}

/* A period is as settled as the least settled of its records. */
static int rank_of_state(const char *state)
{
	return strcmp(state, "final") == 0 ? 3 : strcmp(state, "provisional") == 0 ? 2 : strcmp(state, "open") == 0 ? 1 : 0;
}

static int period_of(struct reconcile_input *usage, uint32_t profile, const struct period *period, const struct json_slice *state,
	uint32_t *number, struct error *error)
{
	const int64_t key[] = {profile, period->start, period->end};
	char word[sizeof usage->periods->state] = "";
	ptrdiff_t found = name_table_number(&usage->period_keys, (const char *)key, sizeof key, error);
	if (found < 0)
		return -1;
	if (state->kind == JSON_STRING && state->length < sizeof word)
		memcpy(word, state->text, state->length);
	*number = (uint32_t)found;
	if ((size_t)found == usage->period_count) {
		struct input_period *new = array_grow((void **)&usage->periods, &usage->period_count, sizeof *new, error);
		if (!new)
			return -1;
		*new = (struct input_period){.profile = profile, .period = *period};
	} else if (rank_of_state(word) >= rank_of_state(usage->periods[found].state)) {
		return 0;
	}
	memcpy(usage->periods[found].state, word, sizeof word);
	return 0;
}

static int add_consumption(struct reconcile_input *usage, struct sum_table *sums, const struct message_reader *reader,
	const struct message *message, struct error *error)
{
	static const int numbers[] = {PERIOD_INDEX, PERIOD_START, PERIOD_END, UNITS_CONSUMED};
	const struct json_slice *fields = message->fields;
	struct period period;
	int64_t index = 0, units = 0;
	uint32_t key[SUM_PARTS] = {0}, organization;
	const bool good[] = {json_slice_integer(&fields[PERIOD_INDEX], &index), json_slice_instant(&fields[PERIOD_START], &period.start),
		json_slice_instant(&fields[PERIOD_END], &period.end), json_slice_integer(&fields[UNITS_CONSUMED], &units)};
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		if (!good[i])
			return message_error(reader, message, error, "consumption \"%s\" must be %s, this is %s", pointers[numbers[i]] + 1,
				i == 1 || i == 2 ? "a time" : "a whole number", json_kind_name(fields[numbers[i]].kind));
	if (period.end <= period.start || units < 0)
		return message_error(reader, message, error,
			units < 0 ? "consumption \"units_consumed\" is below zero" : "consumption \"period_end\" is not after its start");
	period.index = (int)index;
	bool named = fields[PROFILE].kind == JSON_STRING;
	ptrdiff_t profile =
		name_table_number(&usage->profiles, named ? fields[PROFILE].text : "", named ? fields[PROFILE].length : 0, error);
	if (profile < 0 || period_of(usage, (uint32_t)profile, &period, &fields[STATE], &key[0], error) < 0 ||
		plan_item_of(usage, &fields[PLAN_ITEM_ID], &key[1], error) < 0 || account_of(usage, fields, &key[2], error) < 0 ||
		number_of(&usage->organization_ids, &fields[ORGANIZATION_ID], &organization, error) < 0)
		return -1;
	struct input_account *account = &usage->accounts[key[2]];
	account->is_shared |= account->profile != INPUT_NONE && account->profile != (uint32_t)profile;
	if (account->profile == INPUT_NONE)
		account->profile = (uint32_t)profile;
	account->has_units |= units > 0;
	if (organization != INPUT_NONE)
		account->organization = organization;
	usage->plan_items[key[1]].has_units |= units > 0;
	if (sum_table_add(sums, key, units, error) < 0)
		return error->status == EX_DATAERR ? message_error(reader, message, error, "%s", error->text) : -1;
	return 0;
}

/* A whole number of units; INPUT_UNKNOWN for null, INPUT_UNLIMITED for "unlimited". */
static bool units_of(const struct json_slice *slice, int64_t *units)
{
	*units = INPUT_UNKNOWN;
	if (slice->kind == JSON_ABSENT || slice->kind == JSON_NULL)
		return true;
	if (json_slice_equals(slice, "unlimited"))
		*units = INPUT_UNLIMITED;
	else if (!json_slice_integer(slice, units) || *units < 0)
		return false;
	return true;
}

static bool instant_or_null(const struct json_slice *slice, int64_t *instant)
{
	*instant = INSTANT_NONE;
	return slice->kind == JSON_ABSENT || slice->kind == JSON_NULL || json_slice_instant(slice, instant);
}

static int add_billing(
	struct reconcile_input *usage, const struct message_reader *reader, const struct message *message, struct error *error)
{
	const struct json_slice *fields = message->fields;
	struct input_billing billing = {.is_behind = false};
	int64_t watermark;
	const struct {
		int field;
		bool is_good;
		const char *wanted;
	} checks[] = {{PERIOD_START, json_slice_instant(&fields[PERIOD_START], &billing.start), "a time"},
		{PERIOD_END, json_slice_instant(&fields[PERIOD_END], &billing.end), "a time"},
		{OBSERVED_AT, instant_or_null(&fields[OBSERVED_AT], &billing.observed_at), "a time"},
		{COUNTED_UNTIL, instant_or_null(&fields[COUNTED_UNTIL], &billing.counted_until), "a time"},
		{WATERMARK, instant_or_null(&fields[WATERMARK], &watermark), "a time"},
		{UNITS_ALLOWED, units_of(&fields[UNITS_ALLOWED], &billing.allowed), "a whole number or \"unlimited\""},
		{UNITS_BILLED, units_of(&fields[UNITS_BILLED], &billing.billed) && billing.billed != INPUT_UNLIMITED, "a whole number"},
		{BULK_UNITS, units_of(&fields[BULK_UNITS], &billing.bulk) && billing.bulk != INPUT_UNLIMITED, "a whole number"},
		{POWERFORM_UNITS, units_of(&fields[POWERFORM_UNITS], &billing.powerforms) && billing.powerforms != INPUT_UNLIMITED,
			"a whole number"},
		{UNITS_COUNTED, units_of(&fields[UNITS_COUNTED], &billing.counted) && billing.counted != INPUT_UNLIMITED,
			"a whole number"}};
	for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
		if (!checks[i].is_good)
			return message_error(reader, message, error, "billing_period \"%s\" must be %s, this is %s",
				pointers[checks[i].field] + 1, checks[i].wanted, json_kind_name(fields[checks[i].field].kind));
	if (billing.end <= billing.start)
		return message_error(reader, message, error, "billing_period \"period_end\" is not after its start");
	billing.is_behind = watermark != INSTANT_NONE && billing.counted_until != INSTANT_NONE && watermark < billing.counted_until;
	if (account_of(usage, fields, &billing.account, error) < 0)
		return -1;
	struct input_billing *new = array_grow((void **)&usage->billings, &usage->billing_count, sizeof *new, error);
	if (!new)
		return -1;
	*new = billing;
	return 0;
}

bool input_account_is_of(const struct input_account *account, uint32_t profile)
{
	return account->profile == INPUT_NONE || account->is_shared || account->profile == profile;
}

int reconcile_input_add(
	struct reconcile_input *usage, const struct message_reader *reader, const struct message *message, struct error *error)
{
	if (message_is_record(message, "consumption"))
		return add_consumption(usage, &usage->sums, reader, message, error);
	if (message_is_record(message, "account"))
		return add_account(usage, message->fields, error);
	if (message_is_record(message, "watermark"))
		return add_watermark(usage, message->fields, error);
	if (message_is_record(message, "subscription"))
		return add_subscription(usage, message->fields, error);
	if (message_is_record(message, "billing_period"))
		return add_billing(usage, reader, message, error);
	return 0;
}

int reconcile_input_add_excluded(
	struct reconcile_input *usage, const struct message_reader *reader, const struct message *message, struct error *error)
{
	return message_is_record(message, "consumption") ? add_consumption(usage, &usage->excluded, reader, message, error) : 0;
}
