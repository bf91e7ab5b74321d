#include "reconcile/reconcile_input.h"

#include "base/array.h"
#include "base/instant.h"
#include "stream/record.h"

#include <stdlib.h>

/* clang-format off */
#define FIELDS(X) \
	X(profile) X(organization_id) X(account_id) X(account_name) X(plan_item_id) X(period_index) X(period_start) \
	X(period_end) X(units_consumed) X(state) X(site_id) X(site_name) X(asset_group_id) X(plan_item_name) \
	X(subscription_name) X(units_allowed) X(units_billed) X(bulk_units) X(powerform_units) X(observed_at) X(counted_until) \
	X(watermark) X(units_counted)
/* clang-format on */
enum { FIELDS(RECORD_SLOT) SLOTS };
static const char *const pointers[] = {FIELDS(RECORD_POINTER)};

void reconcile_input_release(struct reconcile_input *input)
{
	struct name_table *tables[] = {&input->profiles, &input->account_ids, &input->site_ids, &input->organization_ids,
		&input->asset_group_ids, &input->period_keys};
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
		name_table_release(tables[i]);
	plan_items_release(&input->plan_items);
	free(input->accounts);
	free(input->periods);
	free(input->eligibilities);
	free(input->billings);
	sum_table_release(&input->sums);
	sum_table_release(&input->excluded);
	arena_release(&input->arena);
	*input = (struct reconcile_input){.accounts = NULL};
}

int reconcile_input_reader_open(struct message_reader *reader, int descriptor, const char *name, struct error *error)
{
	return message_reader_open(reader, descriptor, name, pointers, SLOTS, false, error);
}

/* An empty name is none, as null is. */
static uint32_t read_name(struct record *record, int slot, struct name_table *table)
{
	return record_slice(record, slot)->length ? record_name(record, slot, table) : INPUT_NONE;
}

static uint32_t read_account(struct reconcile_input *input, struct record *record)
{
	uint32_t number = record_name_or_empty(record, SLOT_account_id, &input->account_ids);
	if (record->failed)
		return INPUT_NONE;
	if (number == input->account_count) {
		struct input_account *account =
			array_grow((void **)&input->accounts, &input->account_count, sizeof *account, record->error);
		if (!account) {
			record->failed = true;
			return INPUT_NONE;
		}
		account->site = account->organization = account->asset_group = account->profile = INPUT_NONE;
	}
	record_text_update(record, SLOT_account_name, &input->arena, &input->accounts[number].name);
	return number;
}

static void add_account(struct reconcile_input *input, struct record *record)
{
	uint32_t number = read_account(input, record);
	if (record->failed)
		return;
	struct input_account *account = &input->accounts[number];
	account->is_known = true;
	account->site = read_name(record, SLOT_site_id, &input->site_ids);
	account->organization = read_name(record, SLOT_organization_id, &input->organization_ids);
	account->asset_group = read_name(record, SLOT_asset_group_id, &input->asset_group_ids);
	record_text_update(record, SLOT_site_name, &input->arena, &account->site_name);
}

static void add_watermark(struct reconcile_input *input, struct record *record)
{
	uint32_t number = read_account(input, record);
	if (!record->failed)
		input->accounts[number].is_fed = input->has_watermarks = true;
}

static void add_subscription(struct reconcile_input *input, struct record *record)
{
	if (record_slice(record, SLOT_plan_item_id)->kind != JSON_STRING)
		return;
	uint32_t number = plan_items_read(&input->plan_items, record, SLOT_plan_item_id),
		 asset_group = read_name(record, SLOT_asset_group_id, &input->asset_group_ids);
	plan_items_read_names(&input->plan_items, record, number, SLOT_plan_item_name, SLOT_subscription_name);
	if (record->failed)
		return;
	input->plan_items.list[number].subscriptions++;
	if (asset_group == INPUT_NONE)
		return;
	struct input_eligibility *eligibility =
		array_grow((void **)&input->eligibilities, &input->eligibility_count, sizeof *eligibility, record->error);
	if (eligibility)
		*eligibility = (struct input_eligibility){number, asset_group};
	record->failed = !eligibility;
}

/* A period is as final as the least final of its records. */
static uint32_t add_period(struct reconcile_input *input, uint32_t profile, const struct period *period, struct record *record)
{
	const int64_t key[] = {profile, period->start, period->end};
	const struct json_slice *word = record_slice(record, SLOT_state);
	enum period_state state = period_state_of_name(word->kind == JSON_STRING ? word->text : NULL, word->length);
	ptrdiff_t number = name_table_number(&input->period_keys, (const char *)key, sizeof key, record->error);
	struct input_period *new = NULL;
	if ((size_t)number == input->period_count &&
		(new = array_grow((void **)&input->periods, &input->period_count, sizeof *new, record->error)))
		*new = (struct input_period){.profile = profile, .period = *period, .state = state};
	record->failed |= number < 0 || (size_t)number >= input->period_count;
	if (!record->failed && state < input->periods[number].state)
		input->periods[number].state = state;
	return (uint32_t)number;
}

/* What the account's consumption says of the account. */
static void update_account(struct input_account *account, uint32_t profile, uint32_t organization, int64_t units)
{
	account->is_shared |= account->profile != INPUT_NONE && account->profile != profile;
	if (account->profile == INPUT_NONE)
		account->profile = profile;
	account->has_units |= units > 0;
	if (organization != INPUT_NONE)
		account->organization = organization;
}

static void add_consumption(struct reconcile_input *input, struct sum_table *sums, struct record *record)
{
	struct period period = record_period(record, SLOT_period_index, SLOT_period_start, SLOT_period_end);
	int64_t units = record_count(record, SLOT_units_consumed);
	uint32_t profile = record_name_or_empty(record, SLOT_profile, &input->profiles), key[SUM_PARTS] = {0};
	if (record->failed)
		return;
	key[0] = add_period(input, profile, &period, record);
	key[1] = plan_items_read(&input->plan_items, record, SLOT_plan_item_id);
	key[2] = read_account(input, record);
	uint32_t organization = read_name(record, SLOT_organization_id, &input->organization_ids);
	if (record->failed)
		return;
	update_account(&input->accounts[key[2]], profile, organization, units);
	input->plan_items.list[key[1]].has_units |= units > 0;
	record_sum(record, sums, key, units);
}

static int64_t read_units(struct record *record, int slot)
{
	return record_count_or(record, slot, INPUT_UNKNOWN);
}

static void add_billing(struct reconcile_input *input, struct record *record)
{
	bool is_unlimited = json_slice_equals(record_slice(record, SLOT_units_allowed), "unlimited");
	const struct input_billing billing = {.start = record_instant(record, SLOT_period_start),
		.end = record_instant(record, SLOT_period_end),
		.observed_at = record_instant_or_none(record, SLOT_observed_at),
		.counted_until = record_instant_or_none(record, SLOT_counted_until),
		.allowed = is_unlimited ? INPUT_UNLIMITED : read_units(record, SLOT_units_allowed),
		.billed = read_units(record, SLOT_units_billed),
		.bulk = read_units(record, SLOT_bulk_units),
		.powerforms = read_units(record, SLOT_powerform_units),
		.counted = read_units(record, SLOT_units_counted)};
	int64_t watermark = record_instant_or_none(record, SLOT_watermark);
	if (billing.end <= billing.start)
		record_wrong(record, SLOT_period_end, "a time after the period's start");
	uint32_t account = record->failed ? INPUT_NONE : read_account(input, record);
	struct input_billing *new = NULL;
	if (!record->failed)
		new = array_grow((void **)&input->billings, &input->billing_count, sizeof *new, record->error);
	record->failed |= !new;
	if (!new)
		return;
	*new = billing;
	new->account = account;
	new->is_behind = watermark != INSTANT_NONE &&billing.counted_until != INSTANT_NONE &&watermark < billing.counted_until;
}

bool input_account_is_of(const struct input_account *account, uint32_t profile)
{
	return account->profile == INPUT_NONE || account->is_shared || account->profile == profile;
}

int reconcile_input_add(
	struct reconcile_input *input, const struct message_reader *reader, const struct message *message, struct error *error)
{
	struct record record = {.reader = reader, .message = message, .error = error};
	if (message_is_record(message, "consumption"))
		add_consumption(input, &input->sums, &record);
	else if (message_is_record(message, "account"))
		add_account(input, &record);
	else if (message_is_record(message, "watermark"))
		add_watermark(input, &record);
	else if (message_is_record(message, "subscription"))
		add_subscription(input, &record);
	else if (message_is_record(message, "billing_period"))
		add_billing(input, &record);
	return record.failed ? -1 : 0;
}

int reconcile_input_add_excluded(
	struct reconcile_input *input, const struct message_reader *reader, const struct message *message, struct error *error)
{
	struct record record = {.reader = reader, .message = message, .error = error};
	if (message_is_record(message, "consumption"))
		add_consumption(input, &input->excluded, &record);
	return record.failed ? -1 : 0;
}
