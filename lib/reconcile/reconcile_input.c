#include "reconcile/reconcile_input.h"

#include "base/array.h"
#include "base/instant.h"
#include "stream/count_object.h"
#include "stream/record.h"

#include <stdlib.h>
#include <string.h>

/* clang-format off */
#define FIELDS(X) \
	X(profile) X(organization_id) X(account_id) X(account_name) X(plan_item_id) X(period_index) X(period_start) \
	X(period_end) X(units_consumed) X(state) X(site_id) X(site_name) X(asset_group_id) X(plan_item_name) \
	X(subscription_name) X(units_allowed) X(units_billed) X(bulk_units) X(powerform_units) X(observed_at) X(counted_until) \
	X(watermark) X(units_counted) X(by_day) X(periods_from) X(period_months) X(day) X(effective_from) X(renewal_months) X(since)
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
	free(input->declared);
	sum_table_release(&input->sums);
	sum_table_release(&input->excluded);
	free(input->days.list);
	free(input->excluded_days.list);
	free(input->dailies);
	free(input->rules);
	free(input->sites);
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
	account->is_known = input->has_accounts = true;
	account->site = read_name(record, SLOT_site_id, &input->site_ids);
	account->organization = read_name(record, SLOT_organization_id, &input->organization_ids);
	account->asset_group = read_name(record, SLOT_asset_group_id, &input->asset_group_ids);
	record_text_update(record, SLOT_site_name, &input->arena, &account->site_name);
}

static void add_site(struct reconcile_input *input, struct record *record)
{
	struct input_site site = {.account = read_account(input, record),
		.site = read_name(record, SLOT_site_id, &input->site_ids),
		.from_day = instant_day(record_instant(record, SLOT_since))};
	record_text_update(record, SLOT_site_name, &input->arena, &site.name);
	if (record_is_null(record, SLOT_site_id))
		record_wrong(record, SLOT_site_id, "a string");
	struct input_site *new = record->failed ? NULL : array_grow((void **)&input->sites, &input->site_count, sizeof *new, record->error);
	record->failed |= !new;
	if (new)
		*new = site;
}

static void add_watermark(struct reconcile_input *input, struct record *record)
{
	uint32_t number = read_account(input, record);
	int64_t watermark = record_instant(record, SLOT_watermark);
	if (record->failed)
		return;
	if (!input->has_watermarks || watermark < input->least_watermark)
		input->least_watermark = watermark;
	input->accounts[number].is_fed = input->has_watermarks = true;
}

static void add_subscription(struct reconcile_input *input, struct record *record)
{
	input->last_item = INPUT_NONE;
	if (record_slice(record, SLOT_plan_item_id)->kind != JSON_STRING)
		return;
	uint32_t number = plan_items_read(&input->plan_items, record, SLOT_plan_item_id),
		 asset_group = read_name(record, SLOT_asset_group_id, &input->asset_group_ids);
	plan_items_read_names(&input->plan_items, record, number, SLOT_plan_item_name, SLOT_subscription_name);
	if (record->failed)
		return;
	input->last_item = number;
	input->plan_items.list[number].subscriptions++;
	if (asset_group == INPUT_NONE)
		return;
	struct input_eligibility *eligibility =
		array_grow((void **)&input->eligibilities, &input->eligibility_count, sizeof *eligibility, record->error);
	if (eligibility)
		*eligibility = (struct input_eligibility){number, asset_group};
	record->failed = !eligibility;
}

/* The number of a period. It is as final as the least final of its records. */
static ptrdiff_t add_period(
	struct reconcile_input *input, uint32_t profile, const struct period *period, enum period_state state, struct error *error)
{
	const int64_t key[] = {profile, period->start, period->end};
	ptrdiff_t number = name_table_number(&input->period_keys, (const char *)key, sizeof key, error);
	if (number < 0)
		return -1;
	if ((size_t)number == input->period_count) {
		struct input_period *new = array_grow((void **)&input->periods, &input->period_count, sizeof *new, error);
		if (!new)
			return -1;
		*new = (struct input_period){.profile = profile, .period = *period, .state = state};
	}
	if (state < input->periods[number].state)
		input->periods[number].state = state;
	return number;
}

static uint32_t read_period(struct reconcile_input *input, uint32_t profile, struct record *record)
{
	const struct period period = record_period(record, SLOT_period_index, SLOT_period_start, SLOT_period_end);
	const struct json_slice *word = record_slice(record, SLOT_state);
	enum period_state state = period_state_of_name(word->kind == JSON_STRING ? word->text : NULL, word->length);
	ptrdiff_t number = record->failed ? -1 : add_period(input, profile, &period, state, record->error);
	record->failed |= number < 0;
	return (uint32_t)number;
}

/* The number of the record's profile, which has results here unless it is read as another's. */
static uint32_t read_profile(struct reconcile_input *input, struct record *record)
{
	uint32_t profile = record_name_or_empty(record, SLOT_profile, &input->profiles);
	if (!record->failed && !input->is_other)
		input->profiles.names[profile].value = 1;
	return profile;
}

uint32_t input_profile_of_name(const struct reconcile_input *input, const char *name)
{
	const struct name *found = *name ? name_table_find(&input->profiles, name, strlen(name)) : NULL;
	return found ? (uint32_t)(found - input->profiles.names) : *name ? INPUT_NOBODY : INPUT_NONE;
}

bool input_profile_is_shown(const struct reconcile_input *input, uint32_t profile)
{
	return profile == input->workspace || input->profiles.names[profile].value;
}

static void add_rule(struct reconcile_input *input, uint32_t profile, int from, int months, struct record *record)
{
	if (record->failed || record_is_null(record, from) || record_is_null(record, months))
		return;
	int64_t length = record_integer(record, months);
	if (length < 1 || length > 60)
		record_wrong(record, months, "months of a period, 1 to 60");
	struct period_rule rule = {.origin = record_day(record, from), .months = (int)length};
	for (size_t i = 0; i < input->rule_count; i++)
		if (input->rules[i].profile == profile && input->rules[i].rule.origin == rule.origin)
			return;
	struct input_rule *new = record->failed ? NULL : array_grow((void **)&input->rules, &input->rule_count, sizeof *new, record->error);
	record->failed |= !new;
	if (new)
		*new = (struct input_rule){profile, rule};
}

static void add_contract(struct reconcile_input *input, struct record *record)
{
	add_rule(input, read_profile(input, record), SLOT_effective_from, SLOT_renewal_months, record);
}

/* What the account's consumption says of the account. */
static void update_account(struct input_account *account, uint32_t profile, uint32_t organization, int64_t units)
{
	if (account->profile != INPUT_NONE && account->profile != profile) {
		account->is_shared = true;
		account->other_profile = profile;
	}
	if (account->profile == INPUT_NONE)
		account->profile = profile;
	account->has_units |= units > 0;
	if (organization != INPUT_NONE)
		account->organization = organization;
}

/* The days of a sum that was just added to. */
static void add_days(struct record *record, const struct sum_table *sums, const uint32_t key[], struct input_days *days)
{
	const struct json_slice *by_day = record_slice(record, SLOT_by_day);
	const char *at = NULL;
	struct count_member member;
	int32_t day = 0;
	int got = 0;
	if (record->failed || record_is_null(record, SLOT_by_day))
		return;
	size_t sum = (size_t)(sum_table_find(sums, key) - sums->sums);
	while ((got = count_object_next(by_day, &at, &member)) > 0 && day_parse(member.name, member.length, &day) == 0) {
		struct radix_pair *new = array_grow((void **)&days->list, &days->count, sizeof *new, record->error);
		record->failed |= !new;
		if (!new)
			return;
		*new = (struct radix_pair){input_day_key(sum, day), (uint64_t)member.count};
	}
	if (got != 0)
		record_wrong(record, SLOT_by_day, "an object of counts by day");
}

static void add_consumption(struct reconcile_input *input, struct sum_table *sums, struct input_days *days, struct record *record)
{
	int64_t units = record_count(record, SLOT_units_consumed);
	uint32_t profile = read_profile(input, record), key[SUM_PARTS] = {0};
	if (record->failed)
		return;
	key[0] = read_period(input, profile, record);
	key[1] = plan_items_read(&input->plan_items, record, SLOT_plan_item_id);
	key[2] = read_account(input, record);
	uint32_t organization = read_name(record, SLOT_organization_id, &input->organization_ids);
	add_rule(input, profile, SLOT_periods_from, SLOT_period_months, record);
	if (record->failed)
		return;
	update_account(&input->accounts[key[2]], profile, organization, units);
	record_sum(record, sums, key, units);
	add_days(record, sums, key, days);
}

static void add_daily(struct reconcile_input *input, struct record *record)
{
	struct input_daily daily = {.account = read_account(input, record),
		.plan_item = plan_items_read(&input->plan_items, record, SLOT_plan_item_id),
		.day = record_day(record, SLOT_day),
		.units = record_count(record, SLOT_units_consumed)};
	struct input_daily *new =
		record->failed ? NULL : array_grow((void **)&input->dailies, &input->daily_count, sizeof *new, record->error);
	record->failed |= !new;
	if (new)
		*new = daily;
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
		add_consumption(input, &input->sums, &input->days, &record);
	else if (message_is_record(message, "daily_consumption"))
		add_daily(input, &record);
	else if (message_is_record(message, "contract"))
		add_contract(input, &record);
	else if (message_is_record(message, "account"))
		add_account(input, &record);
	else if (message_is_record(message, "account_site"))
		add_site(input, &record);
	else if (message_is_record(message, "watermark"))
		add_watermark(input, &record);
	else if (message_is_record(message, "subscription"))
		add_subscription(input, &record);
	else if (message_is_record(message, "billing_period"))
		add_billing(input, &record);
	return record.failed ? -1 : 0;
}

int reconcile_input_add_other(
	struct reconcile_input *input, const struct message_reader *reader, const struct message *message, struct error *error)
{
	input->is_other = true;
	int result = reconcile_input_add(input, reader, message, error);
	input->is_other = false;
	return result;
}

int reconcile_input_add_excluded(
	struct reconcile_input *input, const struct message_reader *reader, const struct message *message, struct error *error)
{
	struct record record = {.reader = reader, .message = message, .error = error};
	if (message_is_record(message, "consumption"))
		add_consumption(input, &input->excluded, &input->excluded_days, &record);
	return record.failed ? -1 : 0;
}

/* ---- once all is read ---- */

static int compare_sites(const void *left, const void *right)
{
	const struct input_site *a = left, *b = right;
	if (a->account != b->account)
		return a->account < b->account ? -1 : 1;
	return (a->from_day > b->from_day) - (a->from_day < b->from_day);
}

static int compare_rules(const void *left, const void *right)
{
	const struct input_rule *a = left, *b = right;
	if (a->profile != b->profile)
		return a->profile < b->profile ? -1 : 1;
	return (a->rule.origin > b->rule.origin) - (a->rule.origin < b->rule.origin);
}

/* The periods of a rule up to the next rule of its profile, and up to the clock. */
static int make_periods(
	struct reconcile_input *input, const struct input_rule *rule, const struct input_rule *next, int64_t now, struct error *error)
{
	int64_t end = next ? next->rule.origin * DAY_MS : INT64_MAX,
		read_until = input->has_watermarks ? input->least_watermark : INSTANT_NONE;
	int last = period_of_instant(&rule->rule, now < end ? now : end - 1).index, first = last - INPUT_PERIODS_MADE;
	for (int index = first > 0 ? first : 0; index <= last; index++) {
		struct period period = period_by_index(&rule->rule, index);
		if (period.end > end)
			period.end = end;
		if (add_period(input, rule->profile, &period, period_state_at(period.end, now, read_until), error) < 0)
			return -1;
	}
	return 0;
}

/* Is the period the better one for the workspace to begin with? The earlier, then by the name of the profile. */
static bool is_before(const struct reconcile_input *input, const struct input_period *period, const struct input_period *other)
{
	if (period->period.start != other->period.start)
		return period->period.start < other->period.start;
	return strcmp(input->profiles.names[period->profile].text, input->profiles.names[other->profile].text) < 0;
}

/* Several profiles share the workspace's rights: its own position is by the periods of the profile whose contract began first. */
static int make_workspace(struct reconcile_input *input, struct error *error)
{
	const struct input_period *first = NULL;
	bool are_several = false;
	input->workspace = INPUT_NONE;
	for (size_t i = 0; i < input->period_count; i++) {
		const struct input_period *period = &input->periods[i];
		if (period->period.index < 0)
			continue;
		are_several |= first && first->profile != period->profile;
		if (!first || is_before(input, period, first))
			first = period;
	}
	if (!are_several)
		return 0;
	input->workspace = (uint32_t)input->profiles.count;
	uint32_t model = first->profile;
	for (size_t i = 0, count = input->period_count; i < count; i++) {
		const struct input_period period = input->periods[i];
		if (period.profile == model && period.period.index >= 0 &&
			add_period(input, input->workspace, &period.period, period.state, error) < 0)
			return -1;
	}
	return 0;
}

/* Its consumption would be counted twice. */
static int check_shared(const struct reconcile_input *input, struct error *error)
{
	for (size_t i = 0; i < input->account_count; i++)
		if (input->accounts[i].is_shared)
			return error_set(error, EX_DATAERR,
				"cannot reconcile account '%s': profiles '%s' and '%s' both feed it, so it would be counted twice; leave it out of one "
				"of them (\"accounts\")",
				input->account_ids.names[i].text, input->profiles.names[input->accounts[i].profile].text,
				input->profiles.names[input->accounts[i].other_profile].text);
	return 0;
}

int reconcile_input_finish(struct reconcile_input *input, int64_t now, struct error *error)
{
	if (check_shared(input, error) < 0)
		return -1;
	if (input->site_count)
		qsort(input->sites, input->site_count, sizeof *input->sites, compare_sites);
	if (input->rule_count)
		qsort(input->rules, input->rule_count, sizeof *input->rules, compare_rules);
	for (size_t i = 0; i < input->rule_count && input->rules; i++) {
		const struct input_rule *rule = &input->rules[i], *next = i + 1 < input->rule_count ? rule + 1 : NULL;
		if (make_periods(input, rule, next && next->profile == rule->profile ? next : NULL, now, error) < 0)
			return -1;
	}
	return make_workspace(input, error) < 0 || input_days_finish(input, error) < 0 ? -1 : 0;
}
