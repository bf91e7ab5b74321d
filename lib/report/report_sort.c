#include "base/array.h"
#include "report/report_charges.h"

#include <stdlib.h>
#include <string.h>

#define NO_PLAN_ITEM "(no plan item)" /* as reconcile has it */

/* Order: null first, then by bytes */

static int compare_texts(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) : (a != NULL) - (b != NULL);
}

static int compare_numbers(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int compare_periods(const void *left, const void *right, void *context)
{
	const struct report *report = context;
	const struct report_period *a = &report->periods[*(const uint32_t *)left], *b = &report->periods[*(const uint32_t *)right];
	int order = compare_texts(a->profile, b->profile);
	order = order ? order : compare_texts(a->unit, b->unit);
	order = order ? order : compare_numbers(a->start, b->start);
	return order ? order : compare_numbers(a->end, b->end);
}

static int compare_identifiers(const void *left, const void *right)
{
	const struct report_identifier *a = left, *b = right;
	int order = compare_numbers(b->units, a->units);
	order = order ? order : compare_texts(a->type, b->type);
	return order ? order : compare_texts(a->identifier, b->identifier);
}

static int order_periods(struct report *report, struct error *error)
{
	report->period_order = calloc(report->period_count + 1, sizeof *report->period_order);
	if (!report->period_order)
		return error_set(error, EX_OSERR, "out of memory");
	for (size_t i = 0; i < report->period_count; i++)
		report->period_order[i] = (uint32_t)i;
	qsort_r(report->period_order, report->period_count, sizeof *report->period_order, compare_periods, report);
	return 0;
}

/* The consumption period that a metric's result is about; one without a profile may be about any. NULL when there is none. */
static struct report_period *period_of_metric(struct report *report, const struct report_row *metric)
{
	const char *profile = report_row_text(metric, "profile"), *unit = report_row_text(metric, "unit");
	for (size_t i = 0; i < report->period_count; i++) {
		struct report_period *period = &report->periods[report->period_order[i]];
		if (period->start == metric->start && period->end == metric->end && (!profile || profile == period->profile) &&
			unit == period->unit)
			return period;
	}
	return NULL;
}

/* Adds what metrics have used to their periods' licensed units; a model's units once, for all its metrics. */
static int add_licensed_units(struct report *report, struct error *error)
{
	for (size_t i = 0; i < report->metrics.count; i++) {
		const struct report_row *metric = report_row_at(&report->metrics, i);
		struct report_period *period = period_of_metric(report, metric);
		if (!period)
			continue;
		const int64_t key[] = {period - report->periods, (intptr_t)report_row_text(metric, "software_model")};
		ptrdiff_t number = name_table_number(&report->licensed_keys, (const char *)key, sizeof key, error);
		if (number < 0)
			return -1;
		int64_t *licensed = &report->licensed_keys.names[number].value;
		int64_t used = report_row_text(metric, "rights_used") ? report_row_integer(metric, "rights_used") : 0;
		used -= report_row_text(metric, "declared_units") ? report_row_integer(metric, "declared_units") : 0;
		if (used <= *licensed)
			continue;
		if (sum_add(&period->licensed, used - *licensed, error) < 0)
			return -1;
		*licensed = used;
	}
	return 0;
}

static bool is_identified_by(const struct report_plan_item *plan_item, const char *id, const struct report_identifier *identifier)
{
	const char *names[] = {id, plan_item->plan_item_name, plan_item->subscription_name, plan_item->subscription_id};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (names[i] && strcmp(names[i], identifier->identifier) == 0)
			return true;
	return false;
}

/*
 * Units without a software model that no unrecognized_subscription names become identifiers like those. Where no consumption names
 * models, plan items cannot be told apart: only units without a plan item are certain to have none. Where there is a consumption_balance, reconcile has
 * named them all: units without a plan item may be in a position.
 */
static int find_unrecognized(struct report *report, struct error *error)
{
	static const struct report_plan_item none;
	size_t count = report->plan_item_count, named = report->identifier_count;
	int64_t *units = calloc(count + 1, sizeof *units); /* by plan item; the last are those of none */
	bool *found = calloc(count + 1, sizeof *found);
	bool is_reconciled = report->balances.count > 0;
	int result = units && found ? 0 : error_set(error, EX_OSERR, "out of memory");
	for (size_t i = 0; i < report->by_plan_item.count && result == 0 && !is_reconciled; i++) {
		const struct sum *sum = &report->by_plan_item.sums[i];
		size_t at = sum->key[1] == RECORD_NO_NAME ? count : sum->key[1];
		if (sum->key[2] || (at < count && (!report->names_models || report->plan_items[at].has_model)))
			continue;
		found[at] = true;
		result = sum_add(&units[at], sum->units, error);
	}
	for (size_t at = 0; at <= count && result == 0; at++) {
		const struct report_plan_item *plan_item = at < count ? &report->plan_items[at] : &none;
		const char *id = at < count ? report->plan_item_ids.names[at].text : NO_PLAN_ITEM;
		for (size_t i = 0; i < named && found[at]; i++)
			found[at] = !is_identified_by(plan_item, id, &report->identifiers[i]);
		if (!found[at])
			continue;
		struct report_identifier *new = array_grow((void **)&report->identifiers, &report->identifier_count, sizeof *new, error);
		if (new)
			*new = (struct report_identifier){.identifier = id,
				.display_name = plan_item->plan_item_name,
				.type = "plan_item_id",
				.subscriptions = -1,
				.units = units[at]};
		result = new ? 0 : -1;
	}
	free(units);
	free(found);
	return result;
}

/* Marks accounts that share a name, so that they can be told apart. */
static int mark_namesakes(struct report *report, struct error *error)
{
	struct name_table names = {.names = NULL};
	int result = 0;
	for (uint32_t i = 0; i < report->account_count && result == 0; i++) {
		const char *text = report->accounts[i].name;
		if (!text)
			continue;
		struct name *name = name_table_find(&names, text, strlen(text));
		if (name)
			report->accounts[i].shares_name = report->accounts[name->value].shares_name = true;
		else if (!name_table_add(&names, text, strlen(text), i, error))
			result = -1;
	}
	name_table_release(&names);
	return result;
}

static const struct report_row_order
	metrics = {.fields = FIELD_LIST("profile", "publisher", "product", "software_model", "license_metric", "unit"),
		.period_last = true},
	remediations = {.fields = FIELD_LIST("profile", "software_model", "license_metric", "number")},
	forecasts = {.fields = FIELD_LIST("profile", "software_model", "license_metric")},
	groups = {.fields = FIELD_LIST("profile", "software_model", "license_metric", "group_type", "group_kind", "group_value")},
	declared = {.fields = FIELD_LIST("profile", "software_model", "license_metric", "account_id", "first_day", "line"),
		.period_last = true},
	rights = {.fields = FIELD_LIST("profile", "software_model", "license_metric", "period_start", "entitlement_id"),
		.period_last = true},
	without = {.fields = FIELD_LIST("profile", "period_start", "reason"), .period_last = true},
	billings = {.fields = FIELD_LIST("check", "account_id"), .first_field = "check", .first_word = "differs"};

static void sort_rows(struct report *report)
{
	report_rows_sort(&report->metrics, &metrics);
	report_rows_sort(&report->remediations, &remediations);
	report_rows_sort(&report->forecasts, &forecasts);
	report_rows_sort(&report->groups, &groups);
	report_rows_sort(&report->billings, &billings);
	report_rows_sort(&report->without, &without);
	report_rows_sort(&report->declared, &declared);
	report_rows_sort(&report->rights, &rights);
}

/* The latest period of groups that has begun; the first where none has. Rows are in order: the latest first. */
static void choose_group_period(struct report *report)
{
	for (size_t i = report->groups.count; i-- > 0;) {
		const struct report_row *row = report_row_at(&report->groups, i);
		if (row->start > report->now && i + 1 < report->groups.count)
			break;
		report->groups_start = row->start;
		report->groups_end = row->end;
	}
}

static int index_forecasts(struct report *report, struct error *error)
{
	for (size_t i = 0; i < report->forecasts.count; i++) {
		int64_t key[REPORT_MODEL_KEY];
		report_row_key(report_row_at(&report->forecasts, i), key);
		if (!name_table_find(&report->forecast_keys, (const char *)key, sizeof key) &&
			!name_table_add(&report->forecast_keys, (const char *)key, sizeof key, (int64_t)i, error))
			return -1;
	}
	return 0;
}

int report_sort(struct report *report, struct error *error)
{
	sort_rows(report);
	choose_group_period(report);
	if (order_periods(report, error) < 0 || add_licensed_units(report, error) < 0 || mark_namesakes(report, error) < 0 ||
		index_forecasts(report, error) < 0 || report_charges_build(report, error) < 0 || find_unrecognized(report, error) < 0)
		return -1;
	if (report->identifier_count)
		qsort(report->identifiers, report->identifier_count, sizeof *report->identifiers, compare_identifiers);
	return 0;
}
