#include "base/instant.h"
#include "io/display.h"
#include "report/report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define NO_PLAN_ITEM "(no plan item)" /* as reconcile has it */

const char *report_metric_text(const struct report_metric *metric, const char *field)
{
	return metric->texts[stream_field_index(&stream_metric_result, field, strlen(field))];
}

bool report_metric_is_compliant(const struct report_metric *metric)
{
	return strcmp(report_metric_text(metric, "status"), "Compliant") == 0;
}

bool report_metric_is_unknown(const struct report_metric *metric)
{
	return strcmp(report_metric_text(metric, "status"), "Unknown") == 0;
}

const char *report_state_phrase(const char *usage_state)
{
	static const char *const phrases[][2] = {
		{"counted", "counted"}, {"zero", "zero"}, {"not_yet_fed", "not yet fed"}, {"not_reported", "not reported"}};
	for (size_t i = 0; usage_state && i < sizeof phrases / sizeof *phrases; i++)
		if (strcmp(phrases[i][0], usage_state) == 0)
			return phrases[i][1];
	return "not known";
}

const char *report_metric_use(const struct report_metric *metric)
{
	const char *used = report_metric_text(metric, "rights_used");
	return used ? used : report_state_phrase(report_metric_text(metric, "usage_state"));
}

const char *report_word(const struct report *report, uint32_t number)
{
	return number == REPORT_NONE ? NULL : report->words.names[number].text;
}

bool report_is_empty(const struct report *report)
{
	return !report->metric_count && !report->period_keys.count && !report->restatement_total && !report->identifier_count;
}

void report_append_account(const struct report *report, uint32_t account, struct buffer *text)
{
	const struct report_account *facts = &report->accounts[account];
	const char *id = report->account_ids.names[account].text;
	buffer_append_string(text, facts->name ? facts->name : id);
	if (facts->shares_name)
		buffer_append_format(text, " (%s)", id);
}

void report_append_days(int64_t start, int64_t end, struct buffer *text)
{
	char first[DAY_LENGTH], last[DAY_LENGTH];
	day_format(instant_day(start), first);
	day_format(instant_day(end - 1), last);
	buffer_append(text, first, DAY_LENGTH);
	buffer_append_string(text, " – ");
	buffer_append(text, last, DAY_LENGTH);
}

/* Order: null first, then by bytes */

static int compare_texts(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) : (a != NULL) - (b != NULL);
}

static int compare_numbers(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int compare_metrics(const void *left, const void *right)
{
	static const char *const fields[] = {"profile", "publisher", "product", "software_model", "license_metric", "unit"};
	const struct report_metric *a = left, *b = right;
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		int order = compare_texts(report_metric_text(a, fields[i]), report_metric_text(b, fields[i]));
		if (order)
			return order;
	}
	int order = compare_numbers(a->start, b->start);
	return order ? order : compare_numbers(a->end, b->end);
}

static int compare_periods(const void *left, const void *right, void *context)
{
	const struct report *report = context;
	const struct report_period *a = &report->periods[*(const uint32_t *)left], *b = &report->periods[*(const uint32_t *)right];
	int order = compare_texts(report_word(report, a->profile), report_word(report, b->profile));
	order = order ? order : compare_texts(report_word(report, a->unit), report_word(report, b->unit));
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
	report->period_order = calloc(report->period_keys.count + 1, sizeof *report->period_order);
	if (!report->period_order)
		return error_set(error, EX_OSERR, "out of memory");
	for (size_t i = 0; i < report->period_keys.count; i++)
		report->period_order[i] = (uint32_t)i;
	qsort_r(report->period_order, report->period_keys.count, sizeof *report->period_order, compare_periods, report);
	return 0;
}

/* The consumption period that a metric's result is about; one without a profile may be about any. NULL when there is none. */
static struct report_period *period_of_metric(struct report *report, const struct report_metric *metric)
{
	const char *profile = report_metric_text(metric, "profile"), *unit = report_metric_text(metric, "unit");
	for (size_t i = 0; i < report->period_keys.count; i++) {
		struct report_period *period = &report->periods[report->period_order[i]];
		if (period->start == metric->start && period->end == metric->end &&
			(!profile || compare_texts(profile, report_word(report, period->profile)) == 0) &&
			compare_texts(unit, report_word(report, period->unit)) == 0)
			return period;
	}
	return NULL;
}

/* Adds what metrics have used to their periods' licensed units; a model's units once, whatever metrics it has. */
static int balance(struct report *report, struct error *error)
{
	struct buffer key = BUFFER_INIT;
	int result = 0;
	for (size_t i = 0; i < report->metric_count && result == 0; i++) {
		const struct report_metric *metric = &report->metrics[i];
		struct report_period *period = period_of_metric(report, metric);
		if (!period)
			continue;
		buffer_reset(&key);
		buffer_append_format(&key, "%td ", period - report->periods);
		buffer_append_string(&key, report_metric_text(metric, "software_model"));
		if ((result = buffer_check(&key, error)) < 0)
			break;
		struct name *name = name_table_find(&report->licensed_keys, key.data, key.length);
		int64_t before = name ? name->value : 0;
		if (!name && !(name = name_table_add(&report->licensed_keys, key.data, key.length, 0, error)))
			result = -1;
		else if (metric->used > before) {
			name->value = metric->used;
			result = sum_add(&period->licensed, metric->used - before, error);
		}
	}
	buffer_release(&key);
	return result;
}

static bool is_identified_by(const struct report_plan_item *plan_item, const char *id, const struct report_identifier *identifier)
{
	const char *names[] = {id ? id : NO_PLAN_ITEM, plan_item->plan_item_name, plan_item->subscription_name, plan_item->subscription_id};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (names[i] && strcmp(names[i], identifier->identifier) == 0)
			return true;
	return false;
}

/* A plan item that no software model is known for becomes an identifier like those that reconcile has named. */
static int add_identifier(struct report *report, uint32_t plan_item, int64_t units, struct error *error)
{
	struct report_identifier new = {.type = "plan_item_id", .subscriptions = -1, .units = units};
	const struct report_plan_item *facts = plan_item == REPORT_NONE ? NULL : &report->plan_items[plan_item];
	if (facts && facts->plan_item_name)
		new.display_name = strdup(facts->plan_item_name);
	new.identifier = strdup(facts ? report->plan_item_ids.names[plan_item].text : NO_PLAN_ITEM);
	struct report_identifier *grown = realloc(report->identifiers, (report->identifier_count + 1) * sizeof new);
	if (grown)
		report->identifiers = grown;
	if (!grown || !new.identifier || (facts && facts->plan_item_name && !new.display_name)) {
		free(new.identifier);
		free(new.display_name);
		return error_set(error, EX_OSERR, "out of memory");
	}
	report->identifiers[report->identifier_count++] = new;
	return 0;
}

/*
 * Units without a software model that no unrecognized_subscription speaks of. Where nothing in the input names models, plan
 * items cannot be told apart: only units without a plan item are certain to have none.
 */
static int find_unrecognized(struct report *report, struct error *error)
{
	size_t count = report->plan_item_ids.count, named = report->identifier_count;
	int64_t *units = calloc(count + 1, sizeof *units);
	bool *found = calloc(count + 1, sizeof *found);
	int result = units && found ? 0 : error_set(error, EX_OSERR, "out of memory");
	for (size_t i = 0; i < report->by_plan_item.count && result == 0; i++) {
		const struct sum *sum = &report->by_plan_item.sums[i];
		size_t at = sum->key[1] == REPORT_NONE ? count : sum->key[1];
		if (sum->key[2] || (at < count && (!report->names_models || report->plan_items[at].has_model)))
			continue;
		found[at] = true;
		result = sum_add(&units[at], sum->units, error);
	}
	static const struct report_plan_item none;
	for (size_t at = 0; at <= count && result == 0; at++) {
		for (size_t i = 0; i < named && found[at]; i++)
			if (is_identified_by(at < count ? &report->plan_items[at] : &none,
				    at < count ? report->plan_item_ids.names[at].text : NULL, &report->identifiers[i]))
				found[at] = false;
		if (found[at])
			result = add_identifier(report, at < count ? (uint32_t)at : REPORT_NONE, units[at], error);
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
	for (uint32_t i = 0; i < report->account_ids.count && result == 0; i++) {
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

/* The latest period that has begun; the first where none has. Rows are in order: the latest first. */
static void settle_rows(struct report *report)
{
	static const char *const
		options[] = {"profile", "software_model", "license_metric", "number", NULL},
		*const metrics[] = {"profile", "software_model", "license_metric", NULL}, *const billings[] = {"check", "account_id", NULL},
		*const groups[] = {"profile", "software_model", "license_metric", "group_type", "group_kind", "group_value", NULL};
	report_rows_sort(&report->remediations, &report->words, options);
	report_rows_sort(&report->billings, &report->words, billings);
	report_rows_sort(&report->forecasts, &report->words, metrics);
	report_rows_sort(&report->groups, &report->words, groups);
	for (size_t i = report->groups.count; i-- > 0;) {
		const struct report_row *row = &report->groups.list[i];
		if (row->start > report->now && i + 1 < report->groups.count)
			break;
		report->groups_start = row->start;
		report->groups_end = row->end;
	}
}

int report_sort(struct report *report, struct error *error)
{
	settle_rows(report);
	if (report_rows_raise(&report->billings, &report->words, "check", "differs", error) < 0)
		return -1;
	if (report->metric_count)
		qsort(report->metrics, report->metric_count, sizeof *report->metrics, compare_metrics);
	if (order_periods(report, error) < 0 || balance(report, error) < 0 || mark_namesakes(report, error) < 0 ||
		find_unrecognized(report, error) < 0)
		return -1;
	if (report->identifier_count)
		qsort(report->identifiers, report->identifier_count, sizeof *report->identifiers, compare_identifiers);
	return 0;
}
