#include "explain/explanation.h"

#include "base/glob.h"

#include "base/array.h"

#include "base/instant.h"
#include "explain/explanation_billing.h"
#include "licence/licence_cells.h"

#include <stdlib.h>
#include <string.h>

enum {
	PROFILE,
	SOFTWARE_MODEL,
	LICENSE_METRIC,
	PERIOD_INDEX_FIELD,
	PERIOD_START,
	PERIOD_END,
	PERIOD_STATE,
	STATUS,
	USAGE_STATE,
	RIGHTS_OWNED,
	RIGHTS_USED,
	RIGHTS_AVAILABLE,
	UNLICENSED_RIGHTS,
	EXCLUDED_UNITS,
	ENTITLEMENT_ID,
	LINE,
	START_DAY,
	END_DAY,
	GROUP_TYPE,
	GROUP_VALUE,
	RIGHTS_GRANTED,
	RIGHTS_DRAWN_BEFORE,
	RIGHTS_DRAWN,
	ACCOUNT_ID,
	ACCOUNT_NAME,
	PLAN_ITEM_ID,
	UNITS_CONSUMED,
	UNITS_EXCLUDED,
	BILLING_PERIODS,
	BILLED_UNITS,
	BILLED_UNITS_COUNTED,
	BILLING_START,
	BILLING_END,
	OBSERVED_AT,
	COUNTED_UNTIL,
	UNITS_BILLED,
	UNITS_COUNTED,
	DIFFERENCE,
	BULK_UNITS,
	POWERFORM_UNITS,
	CHECK,
	FIELDS
};

static const char *const pointers[FIELDS] = {"/profile", "/software_model", "/license_metric", "/period_index", "/period_start",
	"/period_end", "/period_state", "/status", "/usage_state", "/rights_owned", "/rights_used", "/rights_available",
	"/unlicensed_rights", "/excluded_units", "/entitlement_id", "/line", "/start_day", "/end_day", "/group_type", "/group_value",
	"/rights_granted", "/rights_drawn_before", "/rights_drawn", "/account_id", "/account_name", "/plan_item_id", "/units_consumed",
	"/units_excluded", "/billing_periods", "/billed_units", "/billed_units_counted", "/billing_start", "/billing_end", "/observed_at",
	"/counted_until", "/units_billed", "/units_counted", "/difference", "/bulk_units", "/powerform_units", "/check"};

struct reading {
	struct explanation *explanation;
	const struct message_reader *reader;
	const struct message *message;
	struct error *error;
	bool failed; /* one of the readers below has set the error */
};

/* Each reads a field of the message; null is NULL, 0 or none. What is of another kind fails the reading. */

static const char *text(struct reading *reading, int field)
{
	const struct json_slice *slice = &reading->message->fields[field];
	if (slice->kind != JSON_STRING && slice->kind != JSON_NUMBER)
		return NULL;
	const char *kept = explanation_keep(reading->explanation, slice->text, slice->length, reading->error);
	reading->failed |= !kept;
	return kept;
}

static int wrong(struct reading *reading, int field, const char *wanted)
{
	reading->failed = true;
	return message_error(reading->reader, reading->message, reading->error, "%.*s \"%s\" must be %s, this is %s",
		(int)reading->message->stream.length, reading->message->stream.text, pointers[field] + 1, wanted,
		json_kind_name(reading->message->fields[field].kind));
}

static int64_t integer(struct reading *reading, int field)
{
	const struct json_slice *slice = &reading->message->fields[field];
	int64_t value = 0;
	if (slice->kind != JSON_NULL && slice->kind != JSON_ABSENT && !json_slice_integer(slice, &value))
		wrong(reading, field, "a whole number");
	return value;
}

static int64_t rights(struct reading *reading, int field, bool *is_unlimited)
{
	*is_unlimited = json_slice_equals(&reading->message->fields[field], "unlimited");
	return *is_unlimited ? 0 : integer(reading, field);
}

static int64_t instant(struct reading *reading, int field)
{
	int64_t instant = INSTANT_NONE;
	json_slice_instant(&reading->message->fields[field], &instant);
	return instant;
}

static struct period period(struct reading *reading)
{
	struct period period = {.index = (int)integer(reading, PERIOD_INDEX_FIELD)};
	for (int i = PERIOD_START; i <= PERIOD_END; i++) {
		const struct json_slice *slice = &reading->message->fields[i];
		if (slice->kind != JSON_STRING ||
			instant_parse(slice->text, slice->length, i == PERIOD_START ? &period.start : &period.end) < 0)
			wrong(reading, i, "a time");
	}
	return period;
}

static bool is_asked_for(const struct explanation_question *question, const struct period *period, const char *model)
{
	int64_t day = question->day * DAY_MS;
	bool of_period = question->period == PERIOD_ANY || (question->period == PERIOD_INDEX && question->index == period->index) ||
		(question->period == PERIOD_DAY && day >= period->start && day < period->end);
	return of_period && (!question->model || (model && glob_matches(question->model, model)));
}

/* The position of a record, made when it is the first of it; NULL when it is not asked for, or with an error. */
static struct explained_position *position_of(struct reading *reading, const struct period *period)
{
	struct explanation *explanation = reading->explanation;
	struct explained_position wanted = {.profile = text(reading, PROFILE),
		.software_model = text(reading, SOFTWARE_MODEL),
		.license_metric = text(reading, LICENSE_METRIC),
		.period = *period};
	if (reading->failed || !is_asked_for(&explanation->question, period, wanted.software_model))
		return NULL;
	/* Interned texts: the same text is the same pointer. */
	const int64_t key[] = {
		(intptr_t)wanted.profile, (intptr_t)wanted.software_model, (intptr_t)wanted.license_metric, period->start, period->end};
	ptrdiff_t number = name_table_number(&explanation->position_keys, (const char *)key, sizeof key, reading->error);
	reading->failed |= number < 0;
	if (number == (ptrdiff_t)explanation->position_count) {
		struct explained_position *new =
			array_grow((void **)&explanation->positions, &explanation->position_count, sizeof *new, reading->error);
		reading->failed |= !new;
		if (new)
			*new = wanted;
	}
	return reading->failed ? NULL : &explanation->positions[number];
}

static void add_position(struct reading *reading)
{
	const struct period of = period(reading);
	struct explained_position *position = reading->failed ? NULL : position_of(reading, &of);
	if (!position)
		return;
	position->state = text(reading, PERIOD_STATE);
	position->status = text(reading, STATUS);
	position->usage_state = text(reading, USAGE_STATE);
	position->unlicensed = text(reading, UNLICENSED_RIGHTS);
	position->available = text(reading, RIGHTS_AVAILABLE);
	position->owned = rights(reading, RIGHTS_OWNED, &position->is_unlimited);
	position->use_is_known = reading->message->fields[RIGHTS_USED].kind == JSON_NUMBER;
	position->used = integer(reading, RIGHTS_USED);
	position->excluded = integer(reading, EXCLUDED_UNITS);
	position->billing_periods = integer(reading, BILLING_PERIODS);
	position->billed = integer(reading, BILLED_UNITS);
	position->billed_counted = integer(reading, BILLED_UNITS_COUNTED);
}

static void add_entitlement(struct reading *reading)
{
	struct explanation *explanation = reading->explanation;
	const struct period of = period(reading);
	struct explained_position *position = reading->failed ? NULL : position_of(reading, &of);
	if (!position)
		return;
	bool is_unlimited;
	const int64_t owned = rights(reading, RIGHTS_OWNED, &is_unlimited), granted = rights(reading, RIGHTS_GRANTED, &is_unlimited);
	struct explained_entitlement *entitlement =
		array_grow((void **)&explanation->entitlements, &explanation->entitlement_count, sizeof *entitlement, reading->error);
	reading->failed |= !entitlement;
	if (!entitlement)
		return;
	*entitlement = (struct explained_entitlement){.position = (uint32_t)(position - explanation->positions),
		.entitlement_id = text(reading, ENTITLEMENT_ID),
		.start_day = text(reading, START_DAY),
		.end_day = text(reading, END_DAY),
		.group_type = text(reading, GROUP_TYPE),
		.group_value = text(reading, GROUP_VALUE),
		.line = integer(reading, LINE),
		.is_unlimited = is_unlimited,
		.granted = granted,
		.drawn_before = integer(reading, RIGHTS_DRAWN_BEFORE),
		.owned = owned,
		.drawn = integer(reading, RIGHTS_DRAWN)};
	position->entitled += owned;
}

static ptrdiff_t number_of(struct reading *reading, struct name_table *table, int field)
{
	const struct json_slice *slice = &reading->message->fields[field];
	bool named = slice->kind == JSON_STRING;
	ptrdiff_t number = name_table_number(table, named ? slice->text : "", named ? slice->length : 0, reading->error);
	reading->failed |= number < 0;
	return number;
}

static void add_use(struct reading *reading)
{
	struct explanation *explanation = reading->explanation;
	const struct period of = period(reading);
	struct explained_position *position = reading->failed ? NULL : position_of(reading, &of);
	if (!position)
		return;
	int64_t units = integer(reading, UNITS_CONSUMED), excluded = integer(reading, UNITS_EXCLUDED);
	position->consumed += units;
	position->left_out += excluded;
	if (explanation->question.account && !json_slice_equals(&reading->message->fields[ACCOUNT_ID], explanation->question.account))
		return;
	ptrdiff_t account = number_of(reading, &explanation->accounts, ACCOUNT_ID),
		  item = number_of(reading, &explanation->plan_items, PLAN_ITEM_ID);
	struct explained_use *use =
		reading->failed ? NULL : array_grow((void **)&explanation->uses, &explanation->use_count, sizeof *use, reading->error);
	reading->failed |= !use;
	if (use)
		*use = (struct explained_use){.position = (uint32_t)(position - explanation->positions),
			.account = (uint32_t)account,
			.plan_item = (uint32_t)item,
			.line = integer(reading, LINE),
			.period = of,
			.units = units,
			.excluded = excluded};
}

/* One that is in no consumption period is in no explanation. */
static void add_check(struct reading *reading)
{
	struct explanation *explanation = reading->explanation;
	if (reading->message->fields[PERIOD_START].kind != JSON_STRING ||
		(explanation->question.account && !json_slice_equals(&reading->message->fields[ACCOUNT_ID], explanation->question.account)))
		return;
	const struct period of = period(reading);
	if (!reading->failed && !is_asked_for(&explanation->question, &of, NULL) && !explanation->question.model)
		return;
	ptrdiff_t account = reading->failed ? -1 : number_of(reading, &explanation->accounts, ACCOUNT_ID);
	struct explained_check *check = reading->failed
		? NULL
		: array_grow((void **)&explanation->checks, &explanation->check_count, sizeof *check, reading->error);
	reading->failed |= !check;
	if (check)
		*check = (struct explained_check){.profile = text(reading, PROFILE),
			.account = (uint32_t)account,
			.period = of,
			.start = text(reading, BILLING_START),
			.end = text(reading, BILLING_END),
			.observed_at = text(reading, OBSERVED_AT),
			.counted_until = text(reading, COUNTED_UNTIL),
			.billed = text(reading, UNITS_BILLED),
			.counted = text(reading, UNITS_COUNTED),
			.difference = text(reading, DIFFERENCE),
			.bulk = text(reading, BULK_UNITS),
			.powerforms = text(reading, POWERFORM_UNITS),
			.verdict = text(reading, CHECK),
			.start_at = instant(reading, BILLING_START),
			.end_at = instant(reading, BILLING_END),
			.until = instant(reading, COUNTED_UNTIL)};
}

/* Names come with account and consumption records, before what is explained. */
static void keep_account_name(struct reading *reading)
{
	struct explanation *explanation = reading->explanation;
	const char *name = text(reading, ACCOUNT_NAME);
	ptrdiff_t number = name && !reading->failed ? number_of(reading, &explanation->accounts, ACCOUNT_ID) : -1;
	while (number >= (ptrdiff_t)explanation->account_name_count && !reading->failed)
		reading->failed |= !array_grow((void **)&explanation->account_names, &explanation->account_name_count,
			sizeof *explanation->account_names, reading->error);
	if (number >= 0 && !reading->failed)
		explanation->account_names[number] = name;
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

static int compare_uses(const void *left, const void *right, void *context)
{
	const struct explanation *explanation = context;
	const struct explained_use *a = left, *b = right;
	if (a->position != b->position)
		return a->position < b->position ? -1 : 1;
	int order = strcmp(explanation->accounts.names[a->account].text, explanation->accounts.names[b->account].text);
	return order ? order : strcmp(explanation->plan_items.names[a->plan_item].text, explanation->plan_items.names[b->plan_item].text);
}

/* What belongs to a position stands together, in its order. */
static void arrange(struct explanation *explanation)
{
	if (explanation->entitlement_count)
		qsort(explanation->entitlements, explanation->entitlement_count, sizeof *explanation->entitlements, compare_entitlements);
	if (explanation->use_count)
		qsort_r(explanation->uses, explanation->use_count, sizeof *explanation->uses, compare_uses, explanation);
	for (size_t i = explanation->entitlement_count; i-- > 0;) {
		struct explained_position *position = &explanation->positions[explanation->entitlements[i].position];
		position->first_entitlement = i;
		position->entitlement_count++;
	}
	for (size_t i = explanation->use_count; i-- > 0;) {
		struct explained_position *position = &explanation->positions[explanation->uses[i].position];
		position->first_use = i;
		position->use_count++;
	}
}

static void take(struct reading *reading)
{
	const struct message *message = reading->message;
	if (message_is_record(message, "metric_result"))
		add_position(reading);
	else if (message_is_record(message, "entitlement_use"))
		add_entitlement(reading);
	else if (message_is_record(message, "consumption_use"))
		add_use(reading);
	else if (message_is_record(message, "billing_check"))
		add_check(reading);
	else if (message_is_record(message, "account") || message_is_record(message, "consumption"))
		keep_account_name(reading);
}

int explanation_read(struct explanation *explanation, int descriptor, const char *name, struct error *error)
{
	struct message_reader reader;
	struct message message;
	struct reading reading = {.explanation = explanation, .reader = &reader, .message = &message, .error = error};
	int got = -1;
	if (message_reader_open(&reader, descriptor, name, pointers, FIELDS, false, error) < 0)
		return -1;
	while (!reading.failed && (got = message_next(&reader, &message, error)) > 0)
		take(&reading);
	message_reader_release(&reader);
	if (reading.failed || got < 0)
		return -1;
	arrange(explanation);
	explanation_arrange_checks(explanation);
	explanation->differences = calloc(explanation->position_count + 1, sizeof *explanation->differences);
	return explanation->differences ? 0 : error_set(error, EX_OSERR, "out of memory");
}
