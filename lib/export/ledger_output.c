#include "export/ledger_output.h"

#include "export/daily_partials.h"
#include "export/ledger_billing.h"
#include "json/json_write.h"

static void put_column(struct buffer *line, const struct stream_field *field, sqlite3_stmt *statement, int column)
{
	json_key(line, field->name);
	if (sqlite3_column_type(statement, column) == SQLITE_NULL)
		json_null(line);
	else if (field->type == FIELD_BOOLEAN)
		json_boolean(line, sqlite3_column_int(statement, column) != 0);
	else if (field->type == FIELD_INTEGER)
		json_integer(line, sqlite3_column_int64(statement, column));
	else
		json_string(line, (const char *)sqlite3_column_text(statement, column), (size_t)sqlite3_column_bytes(statement, column));
}

static int print_accounts(struct ledger *ledger, struct output *output, struct error *error)
{
	sqlite3_stmt *statement = ledger_statement(ledger, "list_accounts", error);
	bool any = false;
	int got = -1;
	while (statement && (got = ledger_step(ledger, statement, error)) > 0) {
		if (sqlite3_column_type(statement, 12) == SQLITE_NULL)
			continue;
		if (!any)
			stream_append_schema(&output->pending, &stream_account);
		any = true;
		stream_begin_record(&output->pending, &stream_account);
		for (int i = 0; stream_account.fields[i].name; i++)
			put_column(&output->pending, &stream_account.fields[i], statement, i + 1);
		stream_end_record(&output->pending, NULL, 0);
		output_line_end(output);
	}
	return got;
}

static int print_subscriptions(struct ledger *ledger, struct output *output, struct error *error)
{
	sqlite3_stmt *statement = ledger_statement(ledger, "list_subscriptions", error);
	bool any = false;
	int got = -1;
	while (statement && (got = ledger_step(ledger, statement, error)) > 0) {
		if (!any)
			stream_append_schema(&output->pending, &stream_subscription);
		any = true;
		stream_begin_record(&output->pending, &stream_subscription);
		for (int i = 0; stream_subscription.fields[i].name; i++)
			put_column(&output->pending, &stream_subscription.fields[i], statement, i);
		stream_end_record(&output->pending, NULL, 0);
		output_line_end(output);
	}
	return got;
}

static int print_watermarks(struct ledger *ledger, struct output *output, struct error *error)
{
	sqlite3_stmt *statement = ledger_statement(ledger, "list_accounts", error);
	bool any = false;
	int got = -1;
	while (statement && (got = ledger_step(ledger, statement, error)) > 0) {
		if (sqlite3_column_type(statement, 9) == SQLITE_NULL)
			continue;
		if (!any)
			stream_append_schema(&output->pending, &stream_watermark);
		any = true;
		stream_begin_record(&output->pending, &stream_watermark);
		put_column(&output->pending, &stream_watermark.fields[0], statement, 2);
		json_member_instant(&output->pending, "watermark", sqlite3_column_int64(statement, 9));
		stream_end_record(&output->pending, NULL, 0);
		output_line_end(output);
	}
	return got;
}

static int print_billing_period(void *context, const struct buffer *record, struct error *error)
{
	struct output *output = context;
	(void)error;
	stream_append_record(&output->pending, &stream_billing_period, record->data, record->length);
	output_line_end(output);
	return output_failed(output);
}

static int print_billing_periods(struct ledger *ledger, const struct daily_partials *partials, struct output *output, struct error *error)
{
	sqlite3_stmt *statement = ledger_statement(ledger, "any_billing_period", error);
	int any = statement ? ledger_step(ledger, statement, error) : -1;
	if (any <= 0)
		return any;
	sqlite3_reset(statement);
	stream_append_schema(&output->pending, &stream_billing_period);
	output_line_end(output);
	return ledger_billing_walk(ledger, partials, print_billing_period, output, error) < 0 ? -1 : 0;
}

static int print_partial(void *context, const struct buffer *record, struct error *error)
{
	struct output *output = context;
	(void)error;
	stream_append_record(&output->pending, &stream_daily_consumption, record->data, record->length);
	output_line_end(output);
	return output_failed(output);
}

static int print_partials(
	struct ledger *ledger, struct daily_partials *partials, bool all, int32_t since, struct output *output, struct error *error)
{
	sqlite3_stmt *statement = ledger_statement(ledger, "list_accounts", error);
	bool any = false;
	int got = -1, result = 0;
	while (result == 0 && statement && (got = ledger_step(ledger, statement, error)) > 0) {
		if (!all && !sqlite3_column_int(statement, 10))
			continue;
		if (!any)
			stream_append_schema(&output->pending, &stream_daily_consumption);
		any = true;
		const struct daily_account account = {.account = sqlite3_column_int64(statement, 0),
			.account_id = (const char *)sqlite3_column_text(statement, 2),
			.default_plan_item = (const char *)sqlite3_column_text(statement, 11),
			.since = since,
			.reported_zeros = true};
		result = daily_partials_walk(partials, &account, error);
	}
	return result < 0 || got < 0 ? -1 : 0;
}

int ledger_print(struct ledger *ledger, bool all, int32_t since, struct output *output, struct error *error)
{
	struct daily_partials partials;
	if (print_accounts(ledger, output, error) < 0 || print_subscriptions(ledger, output, error) < 0 ||
		print_watermarks(ledger, output, error) < 0 || daily_partials_open(&partials, ledger, print_partial, output, error) < 0)
		return -1;
	int result = print_billing_periods(ledger, &partials, output, error);
	if (result == 0)
		result = print_partials(ledger, &partials, all, since, output, error);
	daily_partials_release(&partials);
	return result;
}

static int print_records(struct ledger *ledger, const char *name, const struct stream *stream, struct output *output, struct error *error)
{
	sqlite3_stmt *statement = ledger_statement(ledger, name, error);
	bool any = false;
	int got = -1;
	while (statement && (got = ledger_step(ledger, statement, error)) > 0) {
		if (!any)
			stream_append_schema(&output->pending, stream);
		any = true;
		stream_append_record(&output->pending, stream, (const char *)sqlite3_column_text(statement, 0),
			(size_t)sqlite3_column_bytes(statement, 0));
		output_line_end(output);
	}
	return got;
}

int ledger_print_reported(struct ledger *ledger, struct output *output, struct error *error)
{
	if (print_records(ledger, "last_job_result", &stream_job_result, output, error) < 0 ||
		print_records(ledger, "last_contracts", &stream_contract, output, error) < 0)
		return -1;
	return print_records(ledger, "list_reported", &stream_consumption, output, error);
}
