#include "export/export_records.h"

#include "export/daily_partials.h"
#include "export/export_envelopes.h"
#include "export/ledger_billing.h"
#include "json/json_write.h"

#include <string.h>

#define KEY_LIMIT 7 /* of export_result */

static void put_column(struct buffer *record, const struct stream_field *field, sqlite3_stmt *statement, int column)
{
	json_key(record, field->name);
	if (sqlite3_column_type(statement, column) == SQLITE_NULL) {
		json_null(record);
		return;
	}
	switch (field->type) {
	case FIELD_BOOLEAN:
		json_boolean(record, sqlite3_column_int(statement, column) != 0);
		return;
	case FIELD_INTEGER:
		json_integer(record, sqlite3_column_int64(statement, column));
		return;
	case FIELD_TIME:
		json_instant(record, sqlite3_column_int64(statement, column));
		return;
	default:
		break;
	}
	const char *text = (const char *)sqlite3_column_text(statement, column);
	size_t length = (size_t)sqlite3_column_bytes(statement, column);
	if (field->type == FIELD_OBJECT)
		json_raw(record, text, length);
	else
		json_string(record, text, length);
}

/* A row of columns as they are named in the stream. */
static void append_fields(struct buffer *record, const struct stream *stream, sqlite3_stmt *statement)
{
	json_begin(record, '{');
	for (int i = 0; stream->fields[i].name; i++)
		put_column(record, &stream->fields[i], statement, i);
	json_end(record, '}');
	json_finish(record);
}

static void append_stored(struct buffer *record, const struct stream *stream, sqlite3_stmt *statement)
{
	(void)stream;
	buffer_append(record, sqlite3_column_text(statement, 0), (size_t)sqlite3_column_bytes(statement, 0));
}

typedef void append_row(struct buffer *record, const struct stream *stream, sqlite3_stmt *statement);

static int walk(struct ledger *ledger, sqlite3_stmt *statement, const struct stream *stream, append_row *append, export_put *put,
	void *context, struct error *error)
{
	struct buffer record = BUFFER_INIT;
	int got = -1, result = 0;
	while (result == 0 && statement && (got = ledger_step(ledger, statement, error)) > 0) {
		buffer_reset(&record);
		append(&record, stream, statement);
		result = buffer_check(&record, error) < 0 ? -1 : put(context, &record, error);
	}
	buffer_release(&record);
	return result ? result : got;
}

static sqlite3_stmt *result_statement(struct ledger *ledger, const struct stream *stream, struct error *error)
{
	sqlite3_stmt *statement = ledger_statement(ledger, "export_result", error);
	if (!statement)
		return NULL;
	sqlite3_bind_text(statement, 1, stream->name, -1, SQLITE_STATIC);
	for (int i = 0; i < KEY_LIMIT && stream->keys[i]; i++)
		sqlite3_bind_text(statement, i + 2, stream->keys[i], -1, SQLITE_STATIC);
	return statement;
}

static int export_partials(struct ledger *ledger, export_put *put, void *context, struct error *error)
{
	struct daily_partials partials;
	if (daily_partials_open(&partials, ledger, put, context, error) < 0)
		return -1;
	sqlite3_stmt *statement = ledger_statement(ledger, "list_accounts", error);
	int got = -1, result = 0;
	while (result == 0 && statement && (got = ledger_step(ledger, statement, error)) > 0) {
		const struct daily_account account = {.account = sqlite3_column_int64(statement, 0),
			.account_id = (const char *)sqlite3_column_text(statement, 2),
			.default_plan_item = (const char *)sqlite3_column_text(statement, 11),
			.since = INT32_MIN};
		result = daily_partials_walk(&partials, &account, error);
	}
	daily_partials_release(&partials);
	return result ? result : got;
}

static int export_billing(struct ledger *ledger, export_put *put, void *context, struct error *error)
{
	struct daily_partials partials;
	if (daily_partials_open(&partials, ledger, put, context, error) < 0)
		return -1;
	int result = ledger_billing_walk(ledger, &partials, put, context, error);
	daily_partials_release(&partials);
	return result;
}

int export_records(struct ledger *ledger, const struct stream *stream, export_put *put, void *context, struct error *error)
{
	static const struct {
		const struct stream *stream;
		const char *statement;
		append_row *append;
	} sources[] = {
		{&stream_account, "export_account", append_fields},
		{&stream_subscription, "list_subscriptions", append_fields},
		{&stream_watermark, "export_watermark", append_fields},
		{&stream_consumption, "export_consumption", append_stored},
		{&stream_restatement, "export_restatement", append_stored},
		{&stream_job_result, "export_job_result", append_stored},
	};
	if (stream == &stream_envelope || stream == &stream_envelope_method)
		return export_envelopes(ledger, put, context, error);
	if (stream == &stream_billing_period)
		return export_billing(ledger, put, context, error);
	if (stream == &stream_daily_consumption)
		return export_partials(ledger, put, context, error);
	for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
		if (sources[i].stream == stream)
			return walk(ledger, ledger_statement(ledger, sources[i].statement, error), stream, sources[i].append, put, context,
				error);
	return walk(ledger, result_statement(ledger, stream, error), stream, append_stored, put, context, error);
}
