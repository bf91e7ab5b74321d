#include "explain/explanation.h"

#include "base/array.h"
#include "base/glob.h"
#include "base/instant.h"
#include "base/sum_table.h"
#include "explain/explanation_billing.h"
#include "stream/record.h"

#include <stdlib.h>
#include <string.h>

/* clang-format off */
#define FIELDS(X) \
	X(profile) X(software_model) X(license_metric) X(period_index) X(period_start) X(period_end) X(period_state) X(status) \
	X(rights_owned) X(rights_used) X(rights_available) X(unlicensed_rights) X(entitlement_id) X(line) X(start_day) \
	X(end_day) X(true_up_for) X(only_profile) X(group_type) X(group_value) X(rights_granted) X(rights_drawn_before) X(rights_drawn) X(account_id) \
	X(account_name) X(plan_item_id) X(units_consumed) X(units_excluded) X(billing_periods) X(billed_units) \
	X(billed_units_counted) X(billing_start) X(billing_end) X(observed_at) X(counted_until) X(units_billed) \
	X(units_counted) X(difference) X(bulk_units) X(powerform_units) X(check) X(first_day) X(last_day) X(drawn_by) X(reason) \
	X(rights_left) X(rights_drawn_by_others) X(covered_rights) X(first_unlicensed_on) X(currency) X(average_price) \
	X(price_basis) X(true_up_cost) X(is_shared) X(lineage) X(replaces) X(supplements) X(replaced_by) \
	X(units_declared) X(source) X(run_id) X(line_before) X(rights_before) X(rights_after) X(days_before) X(days_after) \
	X(currency_before) X(spend_before) X(currency_after) X(spend_after) X(cause)
/* clang-format on */
enum { FIELDS(RECORD_SLOT) SLOTS };
static const char *const pointers[] = {FIELDS(RECORD_POINTER)};

struct reading {
	struct explanation *explanation;
	struct record record;
};

static const char *text(struct reading *reading, int slot)
{
	return record_shared_text(&reading->record, slot, &reading->explanation->texts);
}

static int64_t integer(struct reading *reading, int slot)
{
	return record_integer_or(&reading->record, slot, 0);
}

static struct period read_period(struct reading *reading)
{
	return (struct period){.index = (int)integer(reading, SLOT_period_index),
		.start = record_instant(&reading->record, SLOT_period_start),
		.end = record_instant(&reading->record, SLOT_period_end)};
}

/* Fails the record where the sum is too large. */
static void add_to(struct reading *reading, int64_t *sum, int64_t units)
{
	reading->record.failed |= sum_add(sum, units, reading->record.error) < 0;
}

/* The number of a name; null is "", which means none. */
static uint32_t number(struct reading *reading, int slot, struct name_table *table)
{
	uint32_t number = record_name(&reading->record, slot, table);
	return number == RECORD_NO_NAME ? 0 : number;
}

/* A new element of an array; NULL if the record failed. */
static void *append(struct reading *reading, void *array, size_t *count, size_t size)
{
	void *new = reading->record.failed ? NULL : array_grow(array, count, size, reading->record.error);
	reading->record.failed |= !new;
	return new;
}

static bool is_of_another_account(const struct reading *reading)
{
	const char *account = reading->explanation->question.account;
	return account && !json_slice_equals(record_slice(&reading->record, SLOT_account_id), account);
}

static bool is_selected(const struct explanation_question *question, const struct period *period, const char *model)
{
	int64_t day = question->day * DAY_MS;
	bool of_period = question->period == PERIOD_ANY || (question->period == PERIOD_INDEX && question->index == period->index) ||
		(question->period == PERIOD_DAY && day >= period->start && day < period->end);
	return of_period && (!question->model || (model && glob_matches(question->model, model)));
}

/* The position of a record, added if it is new and `adds`; NULL if it is not selected, or with an error. */
static struct explained_position *find_position(struct reading *reading, bool adds)
{
	struct explanation *explanation = reading->explanation;
	const struct explained_position wanted = {.profile = text(reading, SLOT_profile),
		.software_model = text(reading, SLOT_software_model),
		.license_metric = text(reading, SLOT_license_metric),
		.period = read_period(reading)};
	const struct period *period = &wanted.period;
	if (reading->record.failed || !is_selected(&explanation->question, period, wanted.software_model))
		return NULL;
	const int64_t key[] = {
		(intptr_t)wanted.profile, (intptr_t)wanted.software_model, (intptr_t)wanted.license_metric, period->start, period->end};
	if (!adds && !name_table_find(&explanation->position_keys, (const char *)key, sizeof key))
		return NULL;
	ptrdiff_t number = name_table_number(&explanation->position_keys, (const char *)key, sizeof key, reading->record.error);
	reading->record.failed |= number < 0;
	if (number == (ptrdiff_t)explanation->position_count) {
		struct explained_position *new = append(reading, &explanation->positions, &explanation->position_count, sizeof *new);
		if (new)
			*new = wanted;
	}
	return reading->record.failed ? NULL : &explanation->positions[number];
}

static struct explained_position *read_position(struct reading *reading)
{
	return find_position(reading, true);
}

static void add_position(struct reading *reading)
{
	struct explained_position *position = read_position(reading);
	if (!position)
		return;
	reading->explanation->has_profiles |= position->profile != NULL;
	position->state = text(reading, SLOT_period_state);
	position->status = text(reading, SLOT_status);
	position->is_unlicensed_known = !record_is_null(&reading->record, SLOT_unlicensed_rights);
	position->unlicensed = integer(reading, SLOT_unlicensed_rights);
	position->is_available_known = !record_is_null(&reading->record, SLOT_rights_available);
	position->available = record_rights(&reading->record, SLOT_rights_available, &position->is_available_unlimited);
	position->first_breach = text(reading, SLOT_first_unlicensed_on);
	position->owned = record_rights(&reading->record, SLOT_rights_owned, &position->is_unlimited);
	position->is_consumption_known = !record_is_null(&reading->record, SLOT_rights_used);
	position->used = integer(reading, SLOT_rights_used);
	position->billing_periods = integer(reading, SLOT_billing_periods);
	position->billed = integer(reading, SLOT_billed_units);
	position->billed_counted = integer(reading, SLOT_billed_units_counted);
}

static void add_entitlement(struct reading *reading)
{
	struct explanation *explanation = reading->explanation;
	struct explained_position *position = read_position(reading);
	struct explained_entitlement *new =
		position ? append(reading, &explanation->entitlements, &explanation->entitlement_count, sizeof *new) : NULL;
	if (!new)
		return;
	*new = (struct explained_entitlement){.position = (uint32_t)(position - explanation->positions),
		.entitlement_id = text(reading, SLOT_entitlement_id),
		.start_day = text(reading, SLOT_start_day),
		.end_day = text(reading, SLOT_end_day),
		.group_type = text(reading, SLOT_group_type),
		.group_value = text(reading, SLOT_group_value),
		.true_up_for = text(reading, SLOT_true_up_for),
		.only_profile = text(reading, SLOT_only_profile),
		.lineage = text(reading, SLOT_lineage),
		.replaces = text(reading, SLOT_replaces),
		.supplements = text(reading, SLOT_supplements),
		.replaced_by = text(reading, SLOT_replaced_by),
		.line = integer(reading, SLOT_line),
		.drawn_before = integer(reading, SLOT_rights_drawn_before),
		.owned = record_rights(&reading->record, SLOT_rights_owned, &new->is_unlimited),
		.drawn = integer(reading, SLOT_rights_drawn)};
	new->granted = record_rights(&reading->record, SLOT_rights_granted, &new->is_unlimited);
	add_to(reading, &position->entitled, new->owned);
}

static void add_change(struct reading *reading)
{
	static const int slots[] = {RIGHTS_CHANGE(RECORD_SLOT)};
	struct explanation *explanation = reading->explanation;
	const struct explained_position *position = find_position(reading, false);
	struct explained_change *new = position ? append(reading, &explanation->changes, &explanation->change_count, sizeof *new) : NULL;
	if (!new)
		return;
	new->position = (uint32_t)(position - explanation->positions);
	for (int i = 0; i < RIGHTS_CHANGE_FIELDS; i++)
		new->texts[i] = text(reading, slots[i]);
}

static void add_segment(struct reading *reading)
{
	struct explanation *explanation = reading->explanation;
	struct explained_position *position = read_position(reading);
	struct explained_segment *new = position ? append(reading, &explanation->segments, &explanation->segment_count, sizeof *new) : NULL;
	if (!new)
		return;
	*new = (struct explained_segment){.position = (uint32_t)(position - explanation->positions),
		.first_day = text(reading, SLOT_first_day),
		.last_day = text(reading, SLOT_last_day),
		.drawn_by = text(reading, SLOT_drawn_by),
		.reason = text(reading, SLOT_reason),
		.first_breach = text(reading, SLOT_first_unlicensed_on),
		.currency = text(reading, SLOT_currency),
		.price = text(reading, SLOT_average_price),
		.price_basis = text(reading, SLOT_price_basis),
		.cost = text(reading, SLOT_true_up_cost),
		.is_known = !record_is_null(&reading->record, SLOT_rights_used),
		.used = integer(reading, SLOT_rights_used),
		.drawn = integer(reading, SLOT_rights_drawn),
		.others = integer(reading, SLOT_rights_drawn_by_others),
		.covered = integer(reading, SLOT_covered_rights),
		.unlicensed = integer(reading, SLOT_unlicensed_rights)};
	new->left = record_rights(&reading->record, SLOT_rights_left, &new->is_unlimited);
	position->is_shared |= record_slice(&reading->record, SLOT_is_shared)->kind == JSON_TRUE;
	add_to(reading, &position->segments_used, new->used);
	add_to(reading, &position->segments_drawn, new->drawn);
	add_to(reading, &position->segments_others, new->others);
	add_to(reading, &position->segments_unlicensed, new->unlicensed);
}

static void add_declared(struct reading *reading)
{
	struct explanation *explanation = reading->explanation;
	struct explained_position *position = read_position(reading);
	if (!position)
		return;
	int64_t units = integer(reading, SLOT_units_declared);
	add_to(reading, &position->declared, units);
	if (is_of_another_account(reading))
		return;
	struct explained_declared *new = append(reading, &explanation->declared, &explanation->declared_count, sizeof *new);
	if (new)
		*new = (struct explained_declared){.position = (uint32_t)(position - explanation->positions),
			.account = text(reading, SLOT_account_id),
			.first_day = text(reading, SLOT_first_day),
			.last_day = text(reading, SLOT_last_day),
			.source = text(reading, SLOT_source),
			.line = integer(reading, SLOT_line),
			.units = units};
}

static void add_consumption(struct reading *reading)
{
	struct explanation *explanation = reading->explanation;
	struct explained_position *position = read_position(reading);
	if (!position)
		return;
	int64_t units = integer(reading, SLOT_units_consumed), excluded = integer(reading, SLOT_units_excluded);
	add_to(reading, &position->consumed, units);
	add_to(reading, &position->excluded, excluded);
	if (is_of_another_account(reading))
		return;
	struct explained_consumption *new = append(reading, &explanation->consumptions, &explanation->consumption_count, sizeof *new);
	if (new)
		*new = (struct explained_consumption){.position = (uint32_t)(position - explanation->positions),
			.account = number(reading, SLOT_account_id, &explanation->accounts),
			.plan_item = number(reading, SLOT_plan_item_id, &explanation->plan_items),
			.line = integer(reading, SLOT_line),
			.period = position->period,
			.units = units,
			.excluded = excluded};
}

/* A check without a consumption period is ignored. */
static void add_check(struct reading *reading)
{
	struct explanation *explanation = reading->explanation;
	struct record *record = &reading->record;
	if (record_is_null(record, SLOT_period_start) || is_of_another_account(reading))
		return;
	const struct period period = read_period(reading);
	if (record->failed || (!is_selected(&explanation->question, &period, NULL) && !explanation->question.model))
		return;
	struct explained_check *new = append(reading, &explanation->checks, &explanation->check_count, sizeof *new);
	if (new)
		*new = (struct explained_check){.profile = text(reading, SLOT_profile),
			.account = number(reading, SLOT_account_id, &explanation->accounts),
			.period = period,
			.start = text(reading, SLOT_billing_start),
			.end = text(reading, SLOT_billing_end),
			.observed_at = text(reading, SLOT_observed_at),
			.counted_until = text(reading, SLOT_counted_until),
			.billed = text(reading, SLOT_units_billed),
			.counted = text(reading, SLOT_units_counted),
			.difference = text(reading, SLOT_difference),
			.bulk = text(reading, SLOT_bulk_units),
			.powerforms = text(reading, SLOT_powerform_units),
			.check = text(reading, SLOT_check),
			.start_at = record_instant_or_none(record, SLOT_billing_start),
			.end_at = record_instant_or_none(record, SLOT_billing_end),
			.until = record_instant_or_none(record, SLOT_counted_until)};
}

static void add_account_name(struct reading *reading)
{
	struct explanation *explanation = reading->explanation;
	const char *name = text(reading, SLOT_account_name);
	uint32_t account = name ? record_name(&reading->record, SLOT_account_id, &explanation->accounts) : RECORD_NO_NAME;
	const char **kept = account == RECORD_NO_NAME || reading->record.failed
		? NULL
		: array_at((void **)&explanation->account_names, &explanation->account_name_count, sizeof name, account,
			  reading->record.error);
	if (kept)
		*kept = name;
	reading->record.failed |= !kept && account != RECORD_NO_NAME;
}

static int compare_entitlements(const void *left, const void *right)
{
	const struct explained_entitlement *a = left, *b = right;
	if (a->position != b->position)
		return a->position < b->position ? -1 : 1;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return a->start_day && b->start_day ? strcmp(a->start_day, b->start_day) : 0;
}

static int compare_segments(const void *left, const void *right)
{
	const struct explained_segment *a = left, *b = right;
	if (a->position != b->position)
		return a->position < b->position ? -1 : 1;
	return a->first_day && b->first_day ? strcmp(a->first_day, b->first_day) : 0;
}

static int compare_consumptions(const void *left, const void *right, void *context)
{
	const struct explanation *explanation = context;
	const struct explained_consumption *a = left, *b = right;
	if (a->position != b->position)
		return a->position < b->position ? -1 : 1;
	int order = strcmp(explanation->accounts.names[a->account].text, explanation->accounts.names[b->account].text);
	return order ? order : strcmp(explanation->plan_items.names[a->plan_item].text, explanation->plan_items.names[b->plan_item].text);
}

static int compare_declared(const void *left, const void *right)
{
	const struct explained_declared *a = left, *b = right;
	if (a->position != b->position)
		return a->position < b->position ? -1 : 1;
	return (a->line > b->line) - (a->line < b->line);
}

/* Elements of one position become neighbours. */
static void sort(struct explanation *explanation)
{
	if (explanation->entitlement_count)
		qsort(explanation->entitlements, explanation->entitlement_count, sizeof *explanation->entitlements, compare_entitlements);
	if (explanation->segment_count)
		qsort(explanation->segments, explanation->segment_count, sizeof *explanation->segments, compare_segments);
	if (explanation->declared_count)
		qsort(explanation->declared, explanation->declared_count, sizeof *explanation->declared, compare_declared);
	if (explanation->consumption_count)
		qsort_r(explanation->consumptions, explanation->consumption_count, sizeof *explanation->consumptions, compare_consumptions,
			explanation);
	for (size_t i = explanation->entitlement_count; i-- > 0;) {
		struct explained_position *position = &explanation->positions[explanation->entitlements[i].position];
		position->first_entitlement = i;
		position->entitlement_count++;
	}
	for (size_t i = explanation->segment_count; i-- > 0;) {
		struct explained_position *position = &explanation->positions[explanation->segments[i].position];
		position->first_segment = i;
		position->segment_count++;
	}
	for (size_t i = explanation->declared_count; i-- > 0;) {
		struct explained_position *position = &explanation->positions[explanation->declared[i].position];
		position->first_declared = i;
		position->declared_count++;
	}
	for (size_t i = explanation->consumption_count; i-- > 0;) {
		struct explained_position *position = &explanation->positions[explanation->consumptions[i].position];
		position->first_consumption = i;
		position->consumption_count++;
	}
}

static const struct {
	const char *stream;
	void (*add)(struct reading *reading);
} readers[] = {{"metric_result", add_position}, {"entitlement_use", add_entitlement}, {"rights_restatement", add_change},
	{"segment_use", add_segment}, {"consumption_use", add_consumption}, {"declared_consumption", add_declared},
	{"billing_check", add_check}, {"account", add_account_name}, {"consumption", add_account_name}};

int explanation_read(struct explanation *explanation, int descriptor, const char *name, struct error *error)
{
	struct message_reader reader;
	struct message message;
	struct reading reading = {.explanation = explanation, .record = {.reader = &reader, .message = &message, .error = error}};
	int got = -1;
	if (message_reader_open(&reader, descriptor, name, pointers, SLOTS, false, error) < 0)
		return -1;
	while (!reading.record.failed && (got = message_next(&reader, &message, error)) > 0)
		for (size_t i = 0; i < sizeof readers / sizeof *readers; i++)
			if (message_is_record(&message, readers[i].stream))
				readers[i].add(&reading);
	message_reader_release(&reader);
	if (reading.record.failed || got < 0)
		return -1;
	sort(explanation);
	explanation_sort_checks(explanation);
	explanation->differences = calloc(explanation->position_count + 1, sizeof *explanation->differences);
	return explanation->differences ? 0 : error_set(error, EX_OSERR, "out of memory");
}
