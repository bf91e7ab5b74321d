#include "export/ledger_output.h"

#include "export/daily_partials.h"
#include "export/ledger_billing.h"

struct printer {
	struct output *output;
	const struct stream *stream; /* whose SCHEMA has been printed last */
};

struct source {
	const struct stream *stream;
	const char *statement;
};

static void print_schema(struct printer *printer, const struct stream *stream)
{
	if (printer->stream != stream)
		stream_append_schema(&printer->output->pending, stream);
	printer->stream = stream;
}

static int print_record(void *context, const struct stream *stream, const struct buffer *record, struct error *error)
{
	struct printer *printer = context;
	(void)error;
	print_schema(printer, stream);
	stream_append_record(&printer->output->pending, stream, record->data, record->length);
	output_line_end(printer->output);
	return output_failed(printer->output);
}

static int print_sources(struct ledger *ledger, const struct source sources[], size_t count, struct printer *printer, struct error *error)
{
	int result = 0;
	for (size_t i = 0; i < count && result == 0; i++)
		result = record_rows(
			ledger, sources[i].stream, ledger_statement(ledger, sources[i].statement, error), print_record, printer, error);
	return result;
}

/* Where there are accounts to print, their partials have a SCHEMA, also when they have no partial. */
static int print_partials(struct daily_partials *partials, bool all, int32_t since, struct printer *printer, struct error *error)
{
	sqlite3_stmt *accounts = ledger_statement(partials->ledger, "list_accounts", error);
	if (!accounts)
		return -1;
	sqlite3_bind_int(accounts, 1, all);
	int got = ledger_step(partials->ledger, accounts, error);
	if (got > 0)
		print_schema(printer, &stream_daily_consumption);
	return got > 0 ? daily_partials_walk_all(partials, !all, since, true, error) : got;
}

int ledger_print(struct ledger *ledger, bool all, int32_t since, struct output *output, struct error *error)
{
	static const struct source sources[] = {{&stream_account, "print_account"}, {&stream_account_site, "list_account_sites"},
		{&stream_subscription, "list_subscriptions"}, {&stream_watermark, "list_watermarks"}};
	struct printer printer = {.output = output};
	struct daily_partials partials;
	int result = print_sources(ledger, sources, sizeof sources / sizeof *sources, &printer, error);
	if (result == 0)
		result = daily_partials_open(&partials, ledger, print_record, &printer, error);
	if (result)
		return result < 0 ? -1 : 0;
	result = ledger_billing_walk(&partials, print_record, &printer, error);
	if (result == 0)
		result = print_partials(&partials, all, since, &printer, error);
	daily_partials_release(&partials);
	return result < 0 ? -1 : 0;
}

int ledger_print_forecasts(struct ledger *ledger, struct output *output, struct error *error)
{
	static const struct source source = {&stream_past_forecast, "list_past_forecasts"};
	struct printer printer = {.output = output};
	return print_sources(ledger, &source, 1, &printer, error) < 0 ? -1 : 0;
}

int ledger_print_state(struct ledger *ledger, struct output *output, struct error *error)
{
	int result = ledger_load_state(ledger, &output->pending, error);
	if (result == 0 && output->pending.length > 0)
		buffer_append_byte(&output->pending, '\n');
	return result;
}

int ledger_print_reported(struct ledger *ledger, struct output *output, struct error *error)
{
	static const struct source sources[] = {{&stream_job_result, "last_job_results"}, {&stream_contract, "last_contracts"},
		{&stream_watermark, "list_watermarks"}, {&stream_consumption, "list_reported"}};
	struct printer printer = {.output = output};
	return print_sources(ledger, sources, sizeof sources / sizeof *sources, &printer, error) < 0 ? -1 : 0;
}
