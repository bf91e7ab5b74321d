#include "export/export_records.h"

#include "export/daily_partials.h"
#include "export/export_envelopes.h"
#include "export/ledger_billing.h"

#define KEY_LIMIT 7 /* of export_result */

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

/* Streams that are counted anew from the ledger's envelopes. */
static int export_counted(struct ledger *ledger, const struct stream *stream, record_sink *sink, void *context, struct error *error)
{
	struct daily_partials partials;
	if (daily_partials_open(&partials, ledger, sink, context, error) < 0)
		return -1;
	int result = stream == &stream_billing_period ? ledger_billing_walk(&partials, sink, context, error)
						      : daily_partials_walk_all(&partials, false, INT32_MIN, false, error);
	daily_partials_release(&partials);
	return result;
}

int export_records(struct ledger *ledger, const struct stream *stream, record_sink *sink, void *context, struct error *error)
{
	static const struct {
		const struct stream *stream;
		const char *statement;
	} sources[] = {
		{&stream_account, "export_account"},
		{&stream_subscription, "list_subscriptions"},
		{&stream_watermark, "list_watermarks"},
		{&stream_consumption, "export_consumption"},
		{&stream_restatement, "export_restatement"},
		{&stream_rights_restatement, "export_rights_restatement"},
		{&stream_job_result, "export_job_result"},
	};
	if (stream == &stream_envelope || stream == &stream_envelope_method)
		return export_envelopes(ledger, stream, sink, context, error);
	if (stream == &stream_billing_period || stream == &stream_daily_consumption)
		return export_counted(ledger, stream, sink, context, error);
	for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
		if (sources[i].stream == stream)
			return record_rows(ledger, stream, ledger_statement(ledger, sources[i].statement, error), sink, context, error);
	return record_rows(ledger, stream, result_statement(ledger, stream, error), sink, context, error);
}
