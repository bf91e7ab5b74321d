#include "merge/ledger_records.h"

#include "json/json_slice.h"

#include <string.h>

void ledger_records_open(struct ledger_records *records, struct ledger *ledger, int64_t now, const struct record_fields *fields)
{
	*records = (struct ledger_records){.ledger = ledger, .now = now, .fields = fields, .run_id = BUFFER_INIT};
}

void ledger_records_release(struct ledger_records *records)
{
	buffer_release(&records->run_id);
}

static const struct json_slice *field_slice(const struct ledger_records *records, const char *name)
{
	return &records->message->fields[record_fields_slot(records->fields, name)];
}

/* Binds a field by its type. */
static int bind_field(sqlite3_stmt *statement, int parameter, const struct stream *stream, const struct stream_field *field,
	const struct json_slice *slice, struct error *error)
{
	static const struct {
		enum json_kind kind;
		const char *name;
	} forms[] = {[FIELD_ID] = {JSON_STRING, "a string"},
		[FIELD_WORD] = {JSON_STRING, "a string"},
		[FIELD_TEXT] = {JSON_STRING, "a string"},
		[FIELD_TIME] = {JSON_STRING, "a time"},
		[FIELD_DAY] = {JSON_STRING, "a date"},
		[FIELD_INTEGER] = {JSON_NUMBER, "an integer of at most 18 digits"},
		[FIELD_DECIMAL] = {JSON_STRING, "a string"},
		[FIELD_RIGHTS] = {JSON_NUMBER, "an integer or \"unlimited\""},
		[FIELD_BOOLEAN] = {JSON_TRUE, "true or false"},
		[FIELD_OBJECT] = {JSON_OBJECT, "an object"},
		[FIELD_ARRAY] = {JSON_ARRAY, "an array"}};
	int64_t instant, number = 0;
	if ((slice->kind == JSON_ABSENT || slice->kind == JSON_NULL) && !field->required)
		return 0; /* what is not bound is null */
	bool fits = slice->kind == forms[field->type].kind || (field->type == FIELD_BOOLEAN && slice->kind == JSON_FALSE) ||
		(field->type == FIELD_RIGHTS && json_slice_equals(slice, "unlimited"));
	if (!fits || (field->type == FIELD_TIME && !json_slice_instant(slice, &instant)) ||
		(slice->kind == JSON_NUMBER && !json_slice_integer(slice, &number)))
		return error_set(error, EX_DATAERR, "%s \"%s\" must be %s, this is %s", stream->name, field->name, forms[field->type].name,
			json_kind_name(slice->kind));
	if ((field->type == FIELD_ID || field->type == FIELD_WORD) && memchr(slice->text, 0, slice->length))
		return error_set(error, EX_DATAERR, "%s \"%s\" must be a string without \\u0000", stream->name, field->name);
	if (field->type == FIELD_TIME)
		sqlite3_bind_int64(statement, parameter, instant);
	else if (field->type == FIELD_BOOLEAN)
		sqlite3_bind_int(statement, parameter, slice->kind == JSON_TRUE);
	else if (slice->kind == JSON_NUMBER)
		sqlite3_bind_int64(statement, parameter, number);
	else
		sqlite3_bind_text(statement, parameter, slice->text, (int)slice->length, SQLITE_STATIC);
	return 0;
}

/* Binds a parameter by its name: `:field` is a field of the stream, the others are those listed in statements.sql. */
static int bind_parameter(
	struct ledger_records *records, sqlite3_stmt *statement, int parameter, const struct stream *stream, struct error *error)
{
	const struct message *message = records->message;
	const char *name = sqlite3_bind_parameter_name(statement, parameter);
	if (strcmp(name, "@record") == 0) {
		sqlite3_bind_text(statement, parameter, message->record.text, (int)message->record.length, SQLITE_STATIC);
	} else if (strcmp(name, "@stream") == 0) {
		sqlite3_bind_text(statement, parameter, stream->name, -1, SQLITE_STATIC);
	} else if (strcmp(name, "@run") == 0) {
		sqlite3_bind_text(statement, parameter, records->run_id.data, (int)records->run_id.length, SQLITE_STATIC);
	} else if (strcmp(name, "@time") == 0) {
		int64_t instant = records->now;
		json_slice_instant(&message->time_extracted, &instant);
		sqlite3_bind_int64(statement, parameter, instant);
	} else {
		int index = stream_field_index(stream, name + 1, strlen(name + 1));
		return bind_field(statement, parameter, stream, &stream->fields[index], field_slice(records, name + 1), error);
	}
	return 0;
}

static int run_statement(struct ledger_records *records, const char *name, const struct stream *stream, struct error *error)
{
	sqlite3_stmt *statement = ledger_statement(records->ledger, name, error);
	for (int i = 1; statement && i <= sqlite3_bind_parameter_count(statement); i++)
		if (bind_parameter(records, statement, i, stream, error) < 0)
			return -1;
	return statement ? ledger_run(records->ledger, statement, error) : -1;
}

static int check_billing_period(const struct ledger_records *records, struct error *error)
{
	static const char *const counts[] = {"units_allowed", "units_billed", "bulk_units", "powerform_units"};
	int64_t start, end, units;
	if (json_slice_instant(field_slice(records, "period_start"), &start) &&
		json_slice_instant(field_slice(records, "period_end"), &end) && end <= start)
		return error_set(error, EX_DATAERR, "billing_period \"period_end\" must be after its start");
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
		if (json_slice_integer(field_slice(records, counts[i]), &units) && units < 0)
			return error_set(error, EX_DATAERR, "billing_period \"%s\" must not be below zero", counts[i]);
	return 0;
}

static int remember_run(struct ledger_records *records, struct error *error)
{
	const struct json_slice *run_id = field_slice(records, "run_id");
	if (run_id->kind != JSON_STRING)
		return error_set(error, EX_DATAERR, "job_result \"run_id\" must be a string, this is %s", json_kind_name(run_id->kind));
	buffer_reset(&records->run_id);
	buffer_append(&records->run_id, run_id->text, run_id->length);
	return buffer_check(&records->run_id, error);
}

/* The statements that store a record of a stream, in order. */
static const struct store {
	const struct stream *stream;
	const char *statements[5];
} stores[] = {
	{&stream_account, {"store_account", "store_site", "join_sites"}}, {&stream_subscription, {"store_subscription"}},
	{&stream_billing_period, {"know_account", "store_billing_period"}}, {&stream_watermark, {"store_watermark"}},
	{&stream_job_result, {"store_job_result", "forget_results", "begin_promotion", "promote_nothing"}},
	{&stream_consumption, {"store_reported"}}, {&stream_restatement, {"store_restatement"}}, {NULL, {"store_result"}}, /* any other */
};

int ledger_records_store(struct ledger_records *records, const struct stream *stream, const struct message *message, struct error *error)
{
	const struct store *store = stores;
	records->message = message;
	while (store->stream && store->stream != stream)
		store++;
	if (ledger_begin(records->ledger, error) < 0 || (stream == &stream_billing_period && check_billing_period(records, error) < 0) ||
		(stream == &stream_job_result && remember_run(records, error) < 0))
		return -1;
	for (const char *const *name = store->statements; *name; name++)
		if (run_statement(records, *name, stream, error) < 0)
			return -1;
	bool has_changed = sqlite3_changes(records->ledger->database) > 0;
	records->subscriptions_moved |= stream == &stream_subscription && has_changed;
	records->promoted |= stream == &stream_job_result && has_changed;
	if (stream == &stream_subscription && records->run_id.length)
		return run_statement(records, "set_software_model", stream, error);
	if (stream != &stream_consumption || !records->run_id.length)
		return 0;
	records->promoted = true;
	return run_statement(records, "mark_promoted", stream, error);
}

int ledger_records_flush(struct ledger_records *records, struct error *error)
{
	if (records->subscriptions_moved && run_statement(records, "touch_accounts_without_plan_item", &stream_account, error) < 0)
		return -1;
	if (records->promoted &&
		(run_statement(records, "remove_not_promoted", &stream_consumption, error) < 0 ||
			run_statement(records, "untouch_accounts", &stream_account, error) < 0))
		return -1;
	records->subscriptions_moved = records->promoted = false;
	return 0;
}
