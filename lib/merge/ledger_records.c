#include "merge/ledger_records.h"

#include "base/instant.h"
#include "json/json_slice.h"
#include "json/json_write.h"

#include <stdlib.h>
#include <string.h>

#define UNLIMITED "unlimited"

void ledger_records_open(struct ledger_records *records, struct ledger *ledger, const struct field_union *fields)
{
	*records = (struct ledger_records){.ledger = ledger, .fields = fields, .run_id = BUFFER_INIT};
}

void ledger_records_release(struct ledger_records *records)
{
	buffer_release(&records->run_id);
}

static int run_named(struct ledger *ledger, const char *name, struct error *error)
{
	sqlite3_stmt *statement = ledger_statement(ledger, name, error);
	return statement ? ledger_run(ledger, statement, error) : -1;
}

/* Binds a field by its type. */
static int bind_field(sqlite3_stmt *statement, int column, const struct stream *stream, const struct stream_field *field,
	const struct json_slice *slice, struct error *error)
{
	bool missing = slice->kind == JSON_ABSENT || slice->kind == JSON_NULL;
	if (missing && !field->required) {
		sqlite3_bind_null(statement, column);
		return 0;
	}
	switch (field->type) {
	case FIELD_BOOLEAN:
		if (slice->kind != JSON_TRUE && slice->kind != JSON_FALSE)
			break;
		sqlite3_bind_int(statement, column, slice->kind == JSON_TRUE);
		return 0;
	case FIELD_RIGHTS:
		if (slice->kind == JSON_STRING && slice->length == strlen(UNLIMITED) &&
			memcmp(slice->text, UNLIMITED, slice->length) == 0) {
			sqlite3_bind_text(statement, column, UNLIMITED, -1, SQLITE_STATIC);
			return 0;
		}
		/* fallthrough */
	case FIELD_INTEGER:
		if (slice->kind != JSON_NUMBER)
			break;
		sqlite3_bind_int64(statement, column, strtoll(slice->text, NULL, 10));
		return 0;
	case FIELD_TIME: {
		int64_t instant;
		if (slice->kind != JSON_STRING || instant_parse(slice->text, slice->length, &instant) < 0)
			break;
		sqlite3_bind_int64(statement, column, instant);
		return 0;
	}
	case FIELD_OBJECT:
	case FIELD_ARRAY:
		if (slice->kind != (field->type == FIELD_OBJECT ? JSON_OBJECT : JSON_ARRAY))
			break;
		sqlite3_bind_text(statement, column, slice->text, (int)slice->length, SQLITE_TRANSIENT);
		return 0;
	default:
		if (slice->kind != JSON_STRING)
			break;
		if ((field->type == FIELD_ID || field->type == FIELD_WORD) && memchr(slice->text, 0, slice->length))
			return error_set(error, EX_DATAERR, "%s \"%s\" must be a string without \\u0000", stream->name, field->name);
		sqlite3_bind_text(statement, column, slice->text, (int)slice->length, SQLITE_TRANSIENT);
		return 0;
	}
	static const char *const wanted[] = {[FIELD_ID] = "a string",
		[FIELD_WORD] = "a string",
		[FIELD_TEXT] = "a string",
		[FIELD_TIME] = "a time",
		[FIELD_DAY] = "a date",
		[FIELD_INTEGER] = "an integer",
		[FIELD_DECIMAL] = "a string",
		[FIELD_RIGHTS] = "an integer or \"unlimited\"",
		[FIELD_BOOLEAN] = "true or false",
		[FIELD_OBJECT] = "an object",
		[FIELD_ARRAY] = "an array"};
	return error_set(error, EX_DATAERR, "%s \"%s\" must be %s, this is %s", stream->name, field->name, wanted[field->type],
		json_kind_name(slice->kind));
}

static int bind_named(struct ledger_records *records, sqlite3_stmt *statement, int column, const struct stream *stream,
	const struct message *message, const char *name, struct error *error)
{
	const struct stream_field *field = &stream->fields[stream_field_index(stream, name, strlen(name))];
	return bind_field(statement, column, stream, field, field_union_slice(records->fields, message->fields, name), error);
}

/* The same for a key of the ledger, where a null is ''. */
static int bind_key(struct ledger_records *records, sqlite3_stmt *statement, int column, const struct stream *stream,
	const struct message *message, const char *name, struct error *error)
{
	if (bind_named(records, statement, column, stream, message, name, error) < 0)
		return -1;
	if (field_union_slice(records->fields, message->fields, name)->kind != JSON_STRING)
		sqlite3_bind_text(statement, column, "", 0, SQLITE_STATIC);
	return 0;
}

/* Columns `column` and on: keys of consumption records and restatements. */
static int bind_keys(struct ledger_records *records, sqlite3_stmt *statement, int column, const struct stream *stream,
	const struct message *message, struct error *error)
{
	static const char *const names[] = {"profile", "account_id", "plan_item_id"};
	for (int i = 0; i < 3; i++)
		if (bind_key(records, statement, column + i, stream, message, names[i], error) < 0)
			return -1;
	return 0;
}

static int64_t observed_at(const struct message *message, int64_t now)
{
	int64_t instant;
	if (message->time_extracted.kind == JSON_STRING &&
		instant_parse(message->time_extracted.text, message->time_extracted.length, &instant) == 0)
		return instant;
	return now;
}

static int store_account(struct ledger_records *records, const struct message *message, int64_t now, struct error *error)
{
	sqlite3_stmt *statement = ledger_statement(records->ledger, "store_account", error);
	if (!statement)
		return -1;
	int column = 0;
	for (const struct stream_field *field = stream_account.fields; field->name; field++)
		if (bind_named(records, statement, ++column, &stream_account, message, field->name, error) < 0)
			return -1;
	sqlite3_bind_int64(statement, ++column, observed_at(message, now));
	return ledger_run(records->ledger, statement, error);
}

static int store_subscription(struct ledger_records *records, const struct message *message, int64_t now, struct error *error)
{
	sqlite3_stmt *statement = ledger_statement(records->ledger, "store_subscription", error);
	if (!statement)
		return -1;
	int column = 0;
	for (const struct stream_field *field = stream_subscription.fields; field->name; field++)
		if (bind_named(records, statement, ++column, &stream_subscription, message, field->name, error) < 0)
			return -1;
	if (bind_key(records, statement, 1, &stream_subscription, message, "organization_id", error) < 0 ||
		bind_key(records, statement, 3, &stream_subscription, message, "plan_item_id", error) < 0)
		return -1;
	sqlite3_bind_int64(statement, ++column, observed_at(message, now));
	if (ledger_run(records->ledger, statement, error) < 0)
		return -1;
	records->subscriptions_moved |= sqlite3_changes(records->ledger->database) > 0;
	return 0;
}

/* Of an account that nothing else may have named yet. */
static int store_billing_period(struct ledger_records *records, const struct message *message, int64_t now, struct error *error)
{
	const struct stream *stream = &stream_billing_period;
	int observed = stream_field_index(stream, "observed_at", strlen("observed_at"));
	sqlite3_stmt *statement = ledger_statement(records->ledger, "know_account", error);
	if (!statement || bind_named(records, statement, 1, stream, message, "account_id", error) < 0 ||
		ledger_run(records->ledger, statement, error) < 0 ||
		!(statement = ledger_statement(records->ledger, "store_billing_period", error)))
		return -1;
	for (int i = 0; i <= observed; i++)
		if (bind_named(records, statement, i + 1, stream, message, stream->fields[i].name, error) < 0)
			return -1;
	int64_t start, end, units = 0;
	const char *const counts[] = {"units_allowed", "units_billed", "bulk_units", "powerform_units"};
	if (!json_slice_instant(field_union_slice(records->fields, message->fields, "period_start"), &start) ||
		!json_slice_instant(field_union_slice(records->fields, message->fields, "period_end"), &end) || end <= start)
		return error_set(error, EX_DATAERR, "billing_period \"period_end\" must be after its start");
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
		if (json_slice_integer(field_union_slice(records->fields, message->fields, counts[i]), &units) && units < 0)
			return error_set(error, EX_DATAERR, "billing_period \"%s\" must not be below zero", counts[i]);
	/* As normalize gives it: when it was observed, the message says. */
	if (field_union_slice(records->fields, message->fields, "observed_at")->kind != JSON_STRING)
		sqlite3_bind_int64(statement, observed + 1, observed_at(message, now));
	return ledger_run(records->ledger, statement, error);
}

static int store_watermark(struct ledger_records *records, const struct message *message, struct error *error)
{
	sqlite3_stmt *statement = ledger_statement(records->ledger, "store_watermark", error);
	if (!statement || bind_named(records, statement, 1, &stream_watermark, message, "account_id", error) < 0 ||
		bind_named(records, statement, 2, &stream_watermark, message, "watermark", error) < 0)
		return -1;
	return ledger_run(records->ledger, statement, error);
}

static void bind_run(struct ledger_records *records, sqlite3_stmt *statement, int column)
{
	sqlite3_bind_text(statement, column, records->run_id.data, (int)records->run_id.length, SQLITE_STATIC);
}

static void bind_record(sqlite3_stmt *statement, int column, const struct message *message)
{
	sqlite3_bind_text(statement, column, message->record.text, (int)message->record.length, SQLITE_TRANSIENT);
}

/* A run without any consumption sends none to say whose last reported figures go: its job_result does. */
static int promotes_nothing(struct ledger_records *records, const struct message *message, struct error *error)
{
	sqlite3_stmt *statement = ledger_statement(records->ledger, "promotes_nothing", error);
	if (!statement)
		return -1;
	bind_record(statement, 1, message);
	int got = ledger_step(records->ledger, statement, error);
	bool nothing = got > 0 && sqlite3_column_int(statement, 0);
	sqlite3_reset(statement);
	if (got < 0 || !nothing)
		return got < 0 ? -1 : 0;
	records->promoted = true;
	statement = ledger_statement(records->ledger, "mark_promoted", error);
	if (!statement || bind_key(records, statement, 1, &stream_job_result, message, "profile", error) < 0)
		return -1;
	sqlite3_bind_text(statement, 2, "", 0, SQLITE_STATIC);
	sqlite3_bind_text(statement, 3, "", 0, SQLITE_STATIC);
	sqlite3_bind_int(statement, 4, 0);
	return ledger_run(records->ledger, statement, error);
}

static int store_job_result(struct ledger_records *records, const struct message *message, struct error *error)
{
	const struct json_slice *run_id = field_union_slice(records->fields, message->fields, "run_id");
	if (run_id->kind != JSON_STRING)
		return error_set(error, EX_DATAERR, "job_result \"run_id\" must be a string, this is %s", json_kind_name(run_id->kind));
	buffer_reset(&records->run_id);
	buffer_append(&records->run_id, run_id->text, run_id->length);
	sqlite3_stmt *statement = ledger_statement(records->ledger, "store_job_result", error);
	if (!statement || buffer_check(&records->run_id, error) < 0)
		return -1;
	bind_run(records, statement, 1);
	bind_record(statement, 2, message);
	if (ledger_run(records->ledger, statement, error) < 0)
		return -1;
	statement = ledger_statement(records->ledger, "forget_results", error);
	if (!statement)
		return -1;
	bind_run(records, statement, 1);
	if (ledger_run(records->ledger, statement, error) < 0 || run_named(records->ledger, "begin_promotion", error) < 0)
		return -1;
	return promotes_nothing(records, message, error);
}

static int store_consumption(struct ledger_records *records, const struct message *message, struct error *error)
{
	static const char *const names[] = {"period_start", "period_end", "units_consumed", "state"};
	sqlite3_stmt *statement = ledger_statement(records->ledger, "store_reported", error);
	if (!statement || bind_keys(records, statement, 1, &stream_consumption, message, error) < 0)
		return -1;
	for (int i = 0; i < 4; i++)
		if (bind_named(records, statement, 4 + i, &stream_consumption, message, names[i], error) < 0)
			return -1;
	bind_run(records, statement, 8);
	bind_record(statement, 9, message);
	if (ledger_run(records->ledger, statement, error) < 0)
		return -1;
	if (!records->run_id.length)
		return 0;
	statement = ledger_statement(records->ledger, "mark_promoted", error);
	if (!statement || bind_keys(records, statement, 1, &stream_consumption, message, error) < 0 ||
		bind_named(records, statement, 4, &stream_consumption, message, "period_start", error) < 0)
		return -1;
	records->promoted = true;
	return ledger_run(records->ledger, statement, error);
}

static int store_restatement(struct ledger_records *records, const struct message *message, struct error *error)
{
	sqlite3_stmt *statement = ledger_statement(records->ledger, "store_restatement", error);
	if (!statement || bind_key(records, statement, 1, &stream_restatement, message, "run_id", error) < 0 ||
		bind_keys(records, statement, 2, &stream_restatement, message, error) < 0)
		return -1;
	static const char *const names[] = {"period_start", "units_before", "units_after", "cause"};
	for (int i = 0; i < 4; i++)
		if (bind_named(records, statement, 5 + i, &stream_restatement, message, names[i], error) < 0)
			return -1;
	bind_record(statement, 9, message);
	return ledger_run(records->ledger, statement, error);
}

static int store_result(struct ledger_records *records, const struct stream *stream, const struct message *message, struct error *error)
{
	sqlite3_stmt *statement = ledger_statement(records->ledger, "store_result", error);
	if (!statement)
		return -1;
	bind_run(records, statement, 1);
	sqlite3_bind_text(statement, 2, stream->name, -1, SQLITE_STATIC);
	bind_record(statement, 3, message);
	return ledger_run(records->ledger, statement, error);
}

int ledger_records_store(
	struct ledger_records *records, const struct stream *stream, const struct message *message, int64_t now, struct error *error)
{
	if (ledger_begin(records->ledger, error) < 0)
		return -1;
	if (stream == &stream_account)
		return store_account(records, message, now, error);
	if (stream == &stream_subscription)
		return store_subscription(records, message, now, error);
	if (stream == &stream_billing_period)
		return store_billing_period(records, message, now, error);
	if (stream == &stream_watermark)
		return store_watermark(records, message, error);
	if (stream == &stream_job_result)
		return store_job_result(records, message, error);
	if (stream == &stream_consumption)
		return store_consumption(records, message, error);
	if (stream == &stream_restatement)
		return store_restatement(records, message, error);
	return store_result(records, stream, message, error);
}

int ledger_records_flush(struct ledger_records *records, struct error *error)
{
	if (records->subscriptions_moved && run_named(records->ledger, "touch_accounts_without_plan_item", error) < 0)
		return -1;
	if (records->promoted &&
		(run_named(records->ledger, "remove_not_promoted", error) < 0 || run_named(records->ledger, "settle_touched", error) < 0))
		return -1;
	records->subscriptions_moved = records->promoted = false;
	return 0;
}
