#include "report/report.h"

#include "base/instant.h"
#include "base/stale_feed.h"
#include "stream/canonical_record.h"

#include <stdlib.h>
#include <string.h>

void report_open(struct report *report, const char *title, int64_t now)
{
	*report = (struct report){.title = title,
		.now = now,
		.groups = {.stream = &stream_group_result},
		.remediations = {.stream = &stream_remediation},
		.billings = {.stream = &stream_billing_check},
		.forecasts = {.stream = &stream_forecast}};
}

void report_release(struct report *report)
{
	for (size_t i = 0; i < report->account_ids.count; i++)
		free(report->accounts[i].name);
	for (size_t i = 0; i < report->plan_item_ids.count; i++) {
		free(report->plan_items[i].plan_item_name);
		free(report->plan_items[i].subscription_name);
		free(report->plan_items[i].subscription_id);
	}
	for (size_t i = 0; i < report->metric_count; i++)
		for (size_t j = 0; j < REPORT_METRIC_FIELDS; j++)
			free(report->metrics[i].texts[j]);
	for (size_t i = 0; i < report->identifier_count; i++) {
		free(report->identifiers[i].identifier);
		free(report->identifiers[i].display_name);
		free(report->identifiers[i].profiles);
	}
	free(report->accounts);
	free(report->plan_items);
	free(report->periods);
	free(report->period_order);
	free(report->metrics);
	free(report->identifiers);
	report_rows_release(&report->groups);
	report_rows_release(&report->remediations);
	report_rows_release(&report->billings);
	report_rows_release(&report->forecasts);
	name_table_release(&report->words);
	name_table_release(&report->account_ids);
	name_table_release(&report->plan_item_ids);
	name_table_release(&report->period_keys);
	name_table_release(&report->licensed_keys);
	sum_table_release(&report->by_account);
	sum_table_release(&report->by_plan_item);
}

/* Makes room for one element more than `count`, and zeroes what is new. Returns 0, or -1 with EX_OSERR. */
static int make_room(void **elements, size_t *capacity, size_t count, size_t size, struct error *error)
{
	if (count < *capacity)
		return 0;
	size_t wanted = *capacity ? *capacity * 2 : 32;
	void *grown = realloc(*elements, wanted * size);
	if (!grown)
		return error_set(error, EX_OSERR, "out of memory");
	memset((char *)grown + *capacity * size, 0, (wanted - *capacity) * size);
	*elements = grown;
	*capacity = wanted;
	return 0;
}

static const struct json_slice *field(const struct report *report, const struct message *message, const char *name)
{
	return field_union_slice(&report->fields, message->fields, name);
}

static int64_t integer(const struct report *report, const struct message *message, const char *name)
{
	const struct json_slice *slice = field(report, message, name);
	return slice->kind == JSON_NUMBER ? strtoll(slice->text, NULL, 10) : 0;
}

static int64_t instant(const struct report *report, const struct message *message, const char *name)
{
	const struct json_slice *slice = field(report, message, name);
	int64_t result = INSTANT_NONE;
	instant_parse(slice->text, slice->length, &result);
	return result;
}

/* The number of a name; REPORT_NONE for null. */
static int number(struct name_table *table, const struct json_slice *slice, uint32_t *result, struct error *error)
{
	*result = REPORT_NONE;
	if (slice->kind != JSON_STRING)
		return 0;
	ptrdiff_t at = name_table_number(table, slice->text, slice->length, error);
	*result = (uint32_t)at;
	return at < 0 ? -1 : 0;
}

static int word(struct report *report, const struct message *message, const char *name, uint32_t *result, struct error *error)
{
	return number(&report->words, field(report, message, name), result, error);
}

/* Replaces `*text` by what the slice has, unless that is null. */
static int keep_text(char **text, const struct json_slice *slice, struct error *error)
{
	if (slice->kind == JSON_NULL || slice->kind == JSON_ABSENT)
		return 0;
	if (*text && strlen(*text) == slice->length && memcmp(*text, slice->text, slice->length) == 0)
		return 0;
	struct buffer copy = BUFFER_INIT;
	for (size_t i = 0; i < slice->length;) {
		size_t length = strnlen(slice->text + i, slice->length - i);
		buffer_append(&copy, slice->text + i, length);
		i += length;
		if (i++ < slice->length)
			buffer_append_string(&copy, "\u2400"); /* a text here ends at its first 0 */
	}
	char *own = copy.failed ? NULL : strdup(copy.data);
	buffer_release(&copy);
	if (!own)
		return error_set(error, EX_OSERR, "out of memory");
	free(*text);
	*text = own;
	return 0;
}

static int read_account(struct report *report, const struct message *message, uint32_t *account, struct error *error)
{
	if (make_room((void **)&report->accounts, &report->account_capacity, report->account_ids.count, sizeof *report->accounts, error) <
			0 ||
		number(&report->account_ids, field(report, message, "account_id"), account, error) < 0)
		return -1;
	return keep_text(&report->accounts[*account].name, field(report, message, "account_name"), error);
}

static int read_plan_item(struct report *report, const struct message *message, uint32_t *plan_item, struct error *error)
{
	if (make_room((void **)&report->plan_items, &report->plan_item_capacity, report->plan_item_ids.count, sizeof *report->plan_items,
		    error) < 0)
		return -1;
	return number(&report->plan_item_ids, field(report, message, "plan_item_id"), plan_item, error);
}

static int add_account(struct report *report, const struct message *message, struct error *error)
{
	uint32_t account;
	return read_account(report, message, &account, error);
}

static int add_watermark(struct report *report, const struct message *message, struct error *error)
{
	uint32_t number;
	if (read_account(report, message, &number, error) < 0)
		return -1;
	struct report_account *account = &report->accounts[number];
	int64_t watermark = instant(report, message, "watermark");
	if (!account->is_fed || watermark > account->watermark)
		account->watermark = watermark;
	account->is_fed = report->has_watermarks = true;
	return 0;
}

bool report_account_is_stale(const struct report *report, const struct report_account *account)
{
	if (!account->is_fed)
		return report->has_watermarks;
	return feed_is_stale(account->watermark, report->now);
}

static int add_subscription(struct report *report, const struct message *message, struct error *error)
{
	uint32_t number;
	if (read_plan_item(report, message, &number, error) < 0)
		return -1;
	if (number == REPORT_NONE)
		return 0;
	struct report_plan_item *plan_item = &report->plan_items[number];
	if (field(report, message, "software_model")->kind == JSON_STRING)
		plan_item->has_model = report->names_models = true;
	return keep_text(&plan_item->plan_item_name, field(report, message, "plan_item_name"), error) < 0 ||
			keep_text(&plan_item->subscription_name, field(report, message, "subscription_name"), error) < 0 ||
			keep_text(&plan_item->subscription_id, field(report, message, "subscription_id"), error) < 0
		? -1
		: 0;
}

/* A period is as settled as the least settled of its rows. */
static int rank_of_state(const char *state)
{
	return strcmp(state, "final") == 0 ? 3 : strcmp(state, "provisional") == 0 ? 2 : strcmp(state, "open") == 0 ? 1 : 0;
}

static int read_period(struct report *report, const struct message *message, uint32_t *number, struct error *error)
{
	struct report_period period = {.index = integer(report, message, "period_index"),
		.start = instant(report, message, "period_start"),
		.end = instant(report, message, "period_end")};
	if (word(report, message, "profile", &period.profile, error) < 0 || word(report, message, "unit", &period.unit, error) < 0 ||
		word(report, message, "state", &period.state, error) < 0)
		return -1;
	int64_t key[] = {period.profile, period.unit, period.start, period.end};
	size_t count = report->period_keys.count;
	if (make_room((void **)&report->periods, &report->period_capacity, count, sizeof period, error) < 0)
		return -1;
	ptrdiff_t at = name_table_number(&report->period_keys, (const char *)key, sizeof key, error);
	if (at < 0)
		return -1;
	*number = (uint32_t)at;
	if ((size_t)at == count)
		report->periods[at] = period;
	else if (rank_of_state(report_word(report, period.state)) < rank_of_state(report_word(report, report->periods[at].state)))
		report->periods[at].state = period.state;
	return 0;
}

static int add_consumption(struct report *report, const struct message *message, struct error *error)
{
	uint32_t period, account, plan_item;
	int64_t units = integer(report, message, "units_consumed");
	if (read_period(report, message, &period, error) < 0 || read_account(report, message, &account, error) < 0 ||
		read_plan_item(report, message, &plan_item, error) < 0)
		return -1;
	uint32_t has_model = field(report, message, "software_model")->kind == JSON_STRING;
	report->names_models |= has_model;
	return sum_add(&report->periods[period].consumed, units, error) < 0 ||
			sum_table_add(&report->by_account, (const uint32_t[SUM_PARTS]){period, account}, units, error) < 0 ||
			sum_table_add(&report->by_plan_item, (const uint32_t[SUM_PARTS]){period, plan_item, has_model}, units, error) < 0
		? -1
		: 0;
}

static int64_t size_of(int64_t delta)
{
	return delta < 0 ? -delta : delta;
}

/* Largest first; then by what they are about, so that the order of input does not matter. */
static int compare_restatements(const struct report *report, const struct report_restatement *a, const struct report_restatement *b)
{
	if (size_of(a->delta) != size_of(b->delta))
		return size_of(a->delta) > size_of(b->delta) ? -1 : 1;
	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	int order = strcmp(report->account_ids.names[a->account].text, report->account_ids.names[b->account].text);
	if (order == 0 && a->plan_item != b->plan_item)
		order = a->plan_item == REPORT_NONE || b->plan_item == REPORT_NONE
			? (a->plan_item == REPORT_NONE ? -1 : 1)
			: strcmp(report->plan_item_ids.names[a->plan_item].text, report->plan_item_ids.names[b->plan_item].text);
	return order ? order : a->before < b->before ? -1 : a->before > b->before;
}

static int add_restatement(struct report *report, const struct message *message, struct error *error)
{
	struct report_restatement new = {.start = instant(report, message, "period_start"),
		.end = instant(report, message, "period_end"),
		.before = integer(report, message, "units_before"),
		.after = integer(report, message, "units_after"),
		.delta = integer(report, message, "delta")};
	if (read_account(report, message, &new.account, error) < 0 || read_plan_item(report, message, &new.plan_item, error) < 0 ||
		word(report, message, "cause", &new.cause, error) < 0 || sum_add(&report->restatement_net, new.delta, error) < 0)
		return -1;
	report->restatement_total++;
	size_t at = report->restatement_count;
	while (at > 0 && compare_restatements(report, &new, &report->restatements[at - 1]) < 0)
		at--;
	if (at == REPORT_RESTATEMENTS)
		return 0;
	if (report->restatement_count < REPORT_RESTATEMENTS)
		report->restatement_count++;
	memmove(&report->restatements[at + 1], &report->restatements[at], (report->restatement_count - at - 1) * sizeof new);
	report->restatements[at] = new;
	return 0;
}

static int add_unrecognized(struct report *report, const struct message *message, struct error *error)
{
	uint32_t type;
	if (make_room((void **)&report->identifiers, &report->identifier_capacity, report->identifier_count, sizeof *report->identifiers,
		    error) < 0 ||
		word(report, message, "identifier_type", &type, error) < 0)
		return -1;
	struct report_identifier *new = &report->identifiers[report->identifier_count++];
	new->type = report_word(report, type);
	new->subscriptions = integer(report, message, "subscriptions");
	new->units = integer(report, message, "units_consumed");
	return keep_text(&new->identifier, field(report, message, "identifier"), error) < 0 ||
			keep_text(&new->display_name, field(report, message, "display_name"), error) < 0 ||
			keep_text(&new->profiles, field(report, message, "profiles"), error) < 0
		? -1
		: 0;
}

static int add_metric(struct report *report, const struct message *message, struct error *error)
{
	if (make_room((void **)&report->metrics, &report->metric_capacity, report->metric_count, sizeof *report->metrics, error) < 0)
		return -1;
	struct report_metric *new = &report->metrics[report->metric_count++];
	new->start = instant(report, message, "period_start");
	new->end = instant(report, message, "period_end");
	new->used = integer(report, message, "rights_used");
	for (int i = 0; i < REPORT_METRIC_FIELDS && stream_metric_result.fields[i].name; i++)
		if (keep_text(&new->texts[i], field(report, message, stream_metric_result.fields[i].name), error) < 0)
			return -1;
	report->not_compliant += !report_metric_is_compliant(new) && !report_metric_is_unknown(new);
	report->unknown += report_metric_is_unknown(new);
	return 0;
}

static int add_row(struct report *report, struct report_rows *rows, const struct message *message, struct error *error)
{
	struct json_slice slices[REPORT_ROW_FIELDS];
	for (int i = 0; i < REPORT_ROW_FIELDS && rows->stream->fields[i].name; i++)
		slices[i] = *field(report, message, rows->stream->fields[i].name);
	return report_rows_add(rows, &report->words, slices, error);
}

static int add_group(struct report *report, const struct message *message, struct error *error)
{
	return add_row(report, &report->groups, message, error);
}

static int add_remediation(struct report *report, const struct message *message, struct error *error)
{
	return add_row(report, &report->remediations, message, error);
}

static int add_forecast(struct report *report, const struct message *message, struct error *error)
{
	return add_row(report, &report->forecasts, message, error);
}

static int add_billing(struct report *report, const struct message *message, struct error *error)
{
	if (json_slice_equals(field(report, message, "check"), "agrees")) {
		report->billings_agreeing++;
		return 0;
	}
	report->billings_differing += json_slice_equals(field(report, message, "check"), "differs");
	if (add_row(report, &report->billings, message, error) < 0)
		return -1;
	struct report_row *row = &report->billings.list[report->billings.count - 1];
	row->start = instant(report, message, "billing_start");
	row->end = instant(report, message, "billing_end");
	return 0;
}

/* What is read: a stream, and what becomes of its records. */
static const struct {
	const struct stream *stream;
	int (*add)(struct report *report, const struct message *message, struct error *error);
} readers[] = {{&stream_consumption, add_consumption}, {&stream_metric_result, add_metric}, {&stream_restatement, add_restatement},
	{&stream_unrecognized_subscription, add_unrecognized}, {&stream_group_result, add_group}, {&stream_remediation, add_remediation},
	{&stream_forecast, add_forecast}, {&stream_billing_check, add_billing}, {&stream_account, add_account},
	{&stream_subscription, add_subscription}, {&stream_watermark, add_watermark}};
#define READERS (sizeof readers / sizeof *readers)

/* Is the record what its stream's table of fields says? `scratch` is for the canonical record, which is not needed. */
static int check(const struct report *report, const struct message_reader *reader, const struct message *message,
	const struct stream *stream, struct buffer *scratch, struct error *error)
{
	struct json_slice slices[FIELD_UNION_LIMIT];
	struct canonical_fault fault;
	for (int i = 0; stream->fields[i].name; i++)
		slices[i] = *field(report, message, stream->fields[i].name);
	buffer_reset(scratch);
	if (canonical_record_append(scratch, stream, slices, &message->time_extracted, &fault) == 0)
		return buffer_check(scratch, error);
	return message_error(reader, message, error, "%s \"%s\" %s", stream->name, stream->fields[fault.field].name, fault.reason);
}

int report_read(struct report *report, int descriptor, const char *name, struct error *error)
{
	const struct stream *list[READERS + 1] = {NULL};
	struct message_reader reader;
	struct message message;
	struct buffer scratch = BUFFER_INIT;
	int got;
	for (size_t i = 0; i < READERS; i++)
		list[i] = readers[i].stream;
	if (field_union_build(&report->fields, list, error) < 0 ||
		message_reader_open(&reader, descriptor, name, report->fields.pointers, report->fields.count, false, error) < 0)
		return -1;
	while ((got = message_next(&reader, &message, error)) > 0) {
		for (size_t i = 0; i < READERS && got > 0; i++) {
			if (!message_is_record(&message, readers[i].stream->name))
				continue;
			if (check(report, &reader, &message, readers[i].stream, &scratch, error) < 0)
				got = -1;
			else if (readers[i].add(report, &message, error) < 0)
				got = error->status == EX_DATAERR ? message_error(&reader, &message, error, "%s", error->text) : -1;
		}
		if (got < 0)
			break;
	}
	buffer_release(&scratch);
	message_reader_release(&reader);
	return got;
}
