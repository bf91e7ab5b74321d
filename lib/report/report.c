#include "report/report.h"

#include "base/array.h"
#include "base/instant.h"
#include "base/stale_feed.h"
#include "report/report_reading.h"
#include "stream/canonical_record.h"

#include <stdlib.h>
#include <string.h>

static int reading_slot(const struct reading *reading, const char *field)
{
	return reading->slots[stream_field_index(reading->stream, field, strlen(field))];
}

const struct json_slice *reading_slice(const struct reading *reading, const char *field)
{
	return record_slice(&reading->record, reading_slot(reading, field));
}

int64_t reading_integer(struct reading *reading, const char *field)
{
	return record_integer_or(&reading->record, reading_slot(reading, field), 0);
}

int64_t reading_instant(struct reading *reading, const char *field)
{
	return record_instant_or_none(&reading->record, reading_slot(reading, field));
}

const char *reading_text(struct reading *reading, const char *field)
{
	return record_shared_text(&reading->record, reading_slot(reading, field), &reading->report->words);
}

/* Replaces *kept, but by no null. */
static void keep_text(struct reading *reading, const char **kept, const char *field)
{
	const char *new = reading_text(reading, field);
	if (new)
		*kept = new;
}

uint32_t reading_account(struct reading *reading)
{
	struct report *report = reading->report;
	uint32_t number = record_name(&reading->record, reading_slot(reading, "account_id"), &report->account_ids);
	if (reading->record.failed)
		return RECORD_NO_NAME;
	struct report_account *account =
		array_at((void **)&report->accounts, &report->account_count, sizeof *account, number, reading->record.error);
	if (account && stream_field_index(reading->stream, "account_name", strlen("account_name")) >= 0)
		keep_text(reading, &account->name, "account_name");
	reading->record.failed |= !account;
	return number;
}

uint32_t reading_plan_item(struct reading *reading)
{
	struct report *report = reading->report;
	uint32_t number = record_name(&reading->record, reading_slot(reading, "plan_item_id"), &report->plan_item_ids);
	if (number != RECORD_NO_NAME && !reading->record.failed)
		reading->record.failed |= !array_at(
			(void **)&report->plan_items, &report->plan_item_count, sizeof *report->plan_items, number, reading->record.error);
	return number;
}

static void add_account(struct reading *reading)
{
	uint32_t number = reading_account(reading);
	if (reading->record.failed)
		return;
	keep_text(reading, &reading->report->accounts[number].site, "site_id");
	keep_text(reading, &reading->report->accounts[number].site, "site_name");
}

static void add_watermark(struct reading *reading)
{
	struct report *report = reading->report;
	int64_t watermark = reading_instant(reading, "watermark");
	uint32_t number = reading_account(reading);
	if (reading->record.failed)
		return;
	struct report_account *account = &report->accounts[number];
	if (!account->is_fed || watermark > account->watermark)
		account->watermark = watermark;
	account->is_fed = report->has_watermarks = true;
}

static void add_night(struct reading *reading)
{
	struct report *report = reading->report;
	const struct json_slice *due_on = reading_slice(reading, "due_on");
	uint32_t number = reading_account(reading);
	int32_t day = 0;
	if (reading->record.failed || !json_slice_equals(reading_slice(reading, "outcome"), "not_asked") ||
		reading_slice(reading, "read_at")->kind != JSON_STRING || day_parse(due_on->text, due_on->length, &day) < 0)
		return;
	struct report_account *account = &report->accounts[number];
	account->is_not_due = true;
	account->read_at = reading_instant(reading, "read_at");
	account->due_on = day;
}

bool reading_names_model(struct reading *reading)
{
	return reading_slice(reading, "software_model")->kind == JSON_STRING;
}

static void add_subscription(struct reading *reading)
{
	uint32_t number = reading_plan_item(reading);
	if (number == RECORD_NO_NAME || reading->record.failed)
		return;
	struct report_plan_item *plan_item = &reading->report->plan_items[number];
	plan_item->has_model |= reading_names_model(reading);
	keep_text(reading, &plan_item->plan_item_name, "plan_item_name");
	keep_text(reading, &plan_item->subscription_name, "subscription_name");
	keep_text(reading, &plan_item->subscription_id, "subscription_id");
}

static int64_t size_of(int64_t delta)
{
	return delta < 0 ? -delta : delta;
}

/* Largest first; then by keys, so that the order of the input does not matter. */
static int compare_restatements(const struct report *report, const struct report_restatement *a, const struct report_restatement *b)
{
	if (size_of(a->delta) != size_of(b->delta))
		return size_of(a->delta) > size_of(b->delta) ? -1 : 1;
	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	int order = strcmp(report->account_ids.names[a->account].text, report->account_ids.names[b->account].text);
	if (order == 0 && a->plan_item != b->plan_item)
		order = a->plan_item == RECORD_NO_NAME || b->plan_item == RECORD_NO_NAME
			? (a->plan_item == RECORD_NO_NAME ? -1 : 1)
			: strcmp(report->plan_item_ids.names[a->plan_item].text, report->plan_item_ids.names[b->plan_item].text);
	return order ? order : (a->before > b->before) - (a->before < b->before);
}

static void add_restatement(struct reading *reading)
{
	struct report *report = reading->report;
	const struct report_restatement new = {.account = reading_account(reading),
		.plan_item = reading_plan_item(reading),
		.cause = reading_text(reading, "cause"),
		.start = reading_instant(reading, "period_start"),
		.end = reading_instant(reading, "period_end"),
		.before = reading_integer(reading, "units_before"),
		.after = reading_integer(reading, "units_after"),
		.delta = reading_integer(reading, "delta")};
	reading->record.failed |= sum_add(&report->restatement_net, new.delta, reading->record.error) < 0;
	if (reading->record.failed)
		return;
	report->restatement_total++;
	size_t at = report->restatement_count;
	while (at > 0 && compare_restatements(report, &new, &report->restatements[at - 1]) < 0)
		at--;
	if (at == REPORT_RESTATEMENTS)
		return;
	if (report->restatement_count < REPORT_RESTATEMENTS)
		report->restatement_count++;
	memmove(&report->restatements[at + 1], &report->restatements[at], (report->restatement_count - at - 1) * sizeof new);
	report->restatements[at] = new;
}

static void add_unrecognized(struct reading *reading)
{
	struct report *report = reading->report;
	struct report_identifier *new =
		array_grow((void **)&report->identifiers, &report->identifier_count, sizeof *new, reading->record.error);
	reading->record.failed |= !new;
	if (new)
		*new = (struct report_identifier){.type = reading_text(reading, "identifier_type"),
			.identifier = reading_text(reading, "identifier"),
			.display_name = reading_text(reading, "display_name"),
			.subscriptions = reading_integer(reading, "subscriptions"),
			.units = reading_integer(reading, "units_consumed")};
}

static struct report_row *add_row(struct reading *reading, struct report_rows *rows)
{
	return report_rows_add(rows, &reading->record, reading->slots, &reading->report->words);
}

static void add_metric(struct reading *reading)
{
	const struct report_row *metric = add_row(reading, &reading->report->metrics);
	if (!metric)
		return;
	reading->report->has_use |= report_row_text(metric, "rights_used") && !report_row_is(metric, "rights_used", "0");
	reading->report->unknown += report_metric_is_unknown(metric);
	reading->report->not_compliant += !report_metric_is_unknown(metric) && !report_metric_is_compliant(metric);
}

static void add_group(struct reading *reading)
{
	add_row(reading, &reading->report->groups);
}

static void add_remediation(struct reading *reading)
{
	add_row(reading, &reading->report->remediations);
}

static void add_forecast(struct reading *reading)
{
	add_row(reading, &reading->report->forecasts);
}

static void add_declared(struct reading *reading)
{
	add_row(reading, &reading->report->declared);
}

static void add_billing(struct reading *reading)
{
	struct report *report = reading->report;
	bool agrees = json_slice_equals(reading_slice(reading, "check"), "agrees");
	report->billings_agreeing += agrees;
	report->billings_differing += json_slice_equals(reading_slice(reading, "check"), "differs");
	struct report_row *row = agrees ? NULL : add_row(reading, &report->billings);
	if (!row)
		return;
	row->start = reading_instant(reading, "billing_start");
	row->end = reading_instant(reading, "billing_end");
}

/* A row that is of no period. */
static void add_undated(struct reading *reading, struct report_rows *rows)
{
	struct report_row *row = add_row(reading, rows);
	if (row)
		row->start = row->end = 0;
}

static void add_rights(struct reading *reading)
{
	add_row(reading, &reading->report->rights);
}

static void add_ineffective(struct reading *reading)
{
	add_undated(reading, &reading->report->ineffective);
}

static void add_balance(struct reading *reading)
{
	add_undated(reading, &reading->report->balances);
}

static void add_without(struct reading *reading)
{
	struct report_rows *rows = &reading->report->without;
	if (reading_slice(reading, "period_start")->kind == JSON_STRING)
		add_row(reading, rows);
	else
		add_undated(reading, rows);
}

/* The streams read, and the function for their records. */
static const struct {
	const struct stream *stream;
	void (*add)(struct reading *reading);
} readers[] = {{&stream_consumption, report_add_consumption}, {&stream_metric_result, add_metric}, {&stream_restatement, add_restatement},
	{&stream_unrecognized_subscription, add_unrecognized}, {&stream_group_result, add_group}, {&stream_remediation, add_remediation},
	{&stream_forecast, add_forecast}, {&stream_billing_check, add_billing}, {&stream_account, add_account},
	{&stream_subscription, add_subscription}, {&stream_watermark, add_watermark}, {&stream_account_night, add_night},
	{&stream_ineffective_row, add_ineffective}, {&stream_consumption_without_position, add_without},
	{&stream_consumption_balance, add_balance}, {&stream_declared_consumption, add_declared}, {&stream_rights_restatement, add_rights}};
#define READERS (sizeof readers / sizeof *readers)

/* Checks the record by the table of its stream. `scratch` is for the canonical record, which is not needed. */
static int check(struct reading *reading, struct buffer *scratch)
{
	const struct message *message = reading->record.message;
	const struct stream *stream = reading->stream;
	struct json_slice slices[STREAM_FIELD_LIMIT];
	struct canonical_fault fault;
	for (int i = 0; stream->fields[i].name; i++)
		slices[i] = *record_slice(&reading->record, reading->slots[i]);
	buffer_reset(scratch);
	if (canonical_record_append(scratch, stream, slices, &message->time_extracted, &fault) == 0)
		return buffer_check(scratch, reading->record.error);
	return message_error(reading->record.reader, message, reading->record.error, "%s \"%s\" %s", stream->name,
		stream->fields[fault.field].name, fault.reason);
}

static int read_record(struct reading *reading, const int slots[][STREAM_FIELD_LIMIT], struct buffer *scratch)
{
	struct record *record = &reading->record;
	for (size_t i = 0; i < READERS; i++) {
		if (!message_is_record(record->message, readers[i].stream->name))
			continue;
		reading->stream = readers[i].stream;
		reading->slots = slots[i];
		if (check(reading, scratch) < 0)
			return -1;
		readers[i].add(reading);
		/* A sum that leaves 64 bits does not know of which line. */
		if (record->failed && record->error->status == EX_DATAERR)
			return message_error(record->reader, record->message, record->error, "%s", record->error->text);
	}
	return record->failed ? -1 : 0;
}

int report_read(struct report *report, int descriptor, const char *name, struct error *error)
{
	const struct stream *list[READERS + 1] = {NULL};
	struct record_fields fields;
	int slots[READERS][STREAM_FIELD_LIMIT];
	struct message_reader reader;
	struct message message;
	struct reading reading = {.report = report, .record = {.reader = &reader, .message = &message, .error = error}};
	struct buffer scratch = BUFFER_INIT;
	int got;
	for (size_t i = 0; i < READERS; i++)
		list[i] = readers[i].stream;
	if (record_fields_build(&fields, list, error) < 0)
		return -1;
	for (size_t i = 0; i < READERS; i++)
		for (size_t j = 0; list[i]->fields[j].name; j++)
			slots[i][j] = record_fields_slot(&fields, list[i]->fields[j].name);
	if (message_reader_open(&reader, descriptor, name, fields.pointers, fields.count, false, error) < 0)
		return -1;
	while ((got = message_next(&reader, &message, error)) > 0 && (got = read_record(&reading, slots, &scratch)) == 0)
		;
	buffer_release(&scratch);
	message_reader_release(&reader);
	return got;
}

void report_open(struct report *report, const char *title, int64_t now)
{
	*report = (struct report){.title = title,
		.now = now,
		.first_day = INT32_MAX,
		.metrics = {.stream = &stream_metric_result},
		.charges = {.stream = &stream_group_result},
		.declared = {.stream = &stream_declared_consumption},
		.groups = {.stream = &stream_group_result},
		.remediations = {.stream = &stream_remediation},
		.rights = {.stream = &stream_rights_restatement},
		.ineffective = {.stream = &stream_ineffective_row},
		.without = {.stream = &stream_consumption_without_position},
		.balances = {.stream = &stream_consumption_balance},
		.billings = {.stream = &stream_billing_check},
		.forecasts = {.stream = &stream_forecast}};
}

void report_release(struct report *report)
{
	struct report_rows *const rows[] = {&report->metrics, &report->groups, &report->remediations, &report->billings, &report->forecasts,
		&report->ineffective, &report->without, &report->balances, &report->charges, &report->declared, &report->rights};
	struct name_table *const tables[] = {&report->words, &report->account_ids, &report->plan_item_ids, &report->period_keys,
		&report->licensed_keys, &report->forecast_keys};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		report_rows_release(rows[i]);
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
		name_table_release(tables[i]);
	free(report->accounts);
	free(report->plan_items);
	free(report->periods);
	free(report->period_order);
	free(report->identifiers);
	sum_table_release(&report->by_account);
	sum_table_release(&report->by_plan_item);
	sum_table_release(&report->by_month);
}

bool report_is_empty(const struct report *report)
{
	return !report->metrics.count && !report->period_count && !report->restatement_total && !report->identifier_count;
}

bool report_metric_is_unknown(const struct report_row *metric)
{
	return report_row_is(metric, "status", "Unknown");
}

bool report_metric_is_compliant(const struct report_row *metric)
{
	return report_row_is(metric, "status", "Compliant");
}

const struct report_row *report_forecast_of(const struct report *report, const struct report_row *row)
{
	int64_t key[REPORT_MODEL_KEY];
	report_row_key(row, key);
	const struct name *name = name_table_find(&report->forecast_keys, (const char *)key, sizeof key);
	return name ? report_row_at(&report->forecasts, (size_t)name->value) : NULL;
}

const struct report_period *report_period_at(const struct report *report, size_t number)
{
	return &report->periods[report->period_order[number]];
}

bool report_periods_agree(const struct report_period *a, const struct report_period *b)
{
	return a->profile == b->profile && a->unit == b->unit;
}

bool report_account_is_stale(const struct report *report, const struct report_account *account)
{
	if (!account->is_fed)
		return report->has_watermarks || !report->has_use;
	return feed_is_stale(
		account->watermark, account->is_not_due ? stale_feed_clock(account->read_at, account->due_on, report->now) : report->now);
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
	buffer_append_format(text, "%s – %s", day_text(instant_day(start)).text, day_text(instant_day(end - 1)).text);
}
