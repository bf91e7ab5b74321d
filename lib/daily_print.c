#include "daily_print.h"

#include "daily_cells.h"
#include "instant.h"
#include "json_write.h"
#include "stream.h"

#include <stdlib.h>
#include <string.h>

struct daily_status {
	char *name;
	int key;
	bool counted;
	int64_t units; /* of the partial under way */
};

static int compare_statuses(const void *left, const void *right)
{
	return strcmp(((const struct daily_status *)left)->name, ((const struct daily_status *)right)->name);
}

static int add_status(struct daily_printer *printer, sqlite3_stmt *statement, struct error *error)
{
	struct daily_status *statuses = realloc(printer->statuses, (printer->status_count + 1) * sizeof *statuses);
	if (!statuses)
		return error_set(error, EX_OSERR, "out of memory");
	printer->statuses = statuses;
	statuses[printer->status_count] = (struct daily_status){.key = sqlite3_column_int(statement, 0),
		.name = strdup((const char *)sqlite3_column_text(statement, 1)),
		.counted = sqlite3_column_int(statement, 2) != 0};
	if (!statuses[printer->status_count].name)
		return error_set(error, EX_OSERR, "out of memory");
	if ((size_t)statuses[printer->status_count].key >= printer->place_count)
		printer->place_count = (size_t)statuses[printer->status_count].key + 1;
	printer->status_count++;
	return 0;
}

int daily_printer_open(struct daily_printer *printer, struct ledger *ledger, struct output *output, struct error *error)
{
	*printer = (struct daily_printer){.ledger = ledger, .output = output, .plan_item = BUFFER_INIT};
	sqlite3_stmt *statement = ledger_statement(ledger, "list_statuses", error);
	int got = -1;
	while (statement && (got = ledger_step(ledger, statement, error)) > 0)
		if (add_status(printer, statement, error) < 0)
			got = -1;
	if (got == 0 && !(printer->places = malloc(printer->place_count * sizeof *printer->places)))
		got = error_set(error, EX_OSERR, "out of memory");
	if (got < 0) {
		daily_printer_release(printer);
		return -1;
	}
	qsort(printer->statuses, printer->status_count, sizeof *printer->statuses, compare_statuses);
	for (size_t i = 0; i < printer->place_count; i++)
		printer->places[i] = -1;
	for (size_t i = 0; i < printer->status_count; i++)
		if (printer->statuses[i].counted)
			printer->places[printer->statuses[i].key] = (int32_t)i;
	return 0;
}

void daily_printer_release(struct daily_printer *printer)
{
	for (size_t i = 0; i < printer->status_count; i++)
		free(printer->statuses[i].name);
	free(printer->statuses);
	free(printer->places);
	buffer_release(&printer->plan_item);
}

static void print_partial(struct daily_printer *printer, const char *account_id)
{
	struct buffer *line = &printer->output->pending;
	stream_begin_record(line, &stream_daily_consumption);
	json_key(line, "account_id");
	json_c_string(line, account_id);
	json_key(line, "plan_item_id");
	json_c_string(line, printer->has_plan_item ? printer->plan_item.data : NULL);
	json_key(line, "day");
	json_day(line, printer->day);
	json_key(line, "units_consumed");
	json_integer(line, printer->units);
	json_key(line, "by_status");
	json_begin(line, '{');
	for (size_t i = 0; i < printer->status_count; i++) {
		struct daily_status *status = &printer->statuses[i];
		if (!status->units)
			continue;
		json_string(line, status->name, strlen(status->name));
		if (!line->failed)
			line->data[line->length - 1] = ':';
		json_integer(line, status->units);
		status->units = 0;
	}
	json_end(line, '}');
	json_key(line, "first_sent_at");
	json_instant(line, printer->first_sent_at);
	json_key(line, "last_sent_at");
	json_instant(line, printer->last_sent_at);
	stream_end_record(line, NULL, 0);
	output_line_end(printer->output);
	printer->open = false;
}

static void begin_partial(struct daily_printer *printer, const char *plan_item, int32_t day)
{
	buffer_reset(&printer->plan_item);
	printer->has_plan_item = plan_item != NULL;
	if (plan_item)
		buffer_append_string(&printer->plan_item, plan_item);
	printer->open = true;
	printer->day = day;
	printer->units = 0;
	printer->first_sent_at = printer->last_sent_at = INSTANT_NONE;
}

static bool is_same_partial(const struct daily_printer *printer, const char *plan_item, int32_t day)
{
	return printer->open && printer->day == day && printer->has_plan_item == (plan_item != NULL) &&
		(!plan_item || strcmp(plan_item, printer->plan_item.data) == 0);
}

static void add_row(struct daily_printer *printer, sqlite3_stmt *statement)
{
	int64_t first = sqlite3_column_int64(statement, 3), last = sqlite3_column_int64(statement, 4);
	const uint8_t *envelopes = sqlite3_column_blob(statement, 5);
	size_t count = (size_t)sqlite3_column_bytes(statement, 5) / DAILY_ENTRY_SIZE;
	printer->units += sqlite3_column_int64(statement, 2);
	if (printer->first_sent_at == INSTANT_NONE || first < printer->first_sent_at)
		printer->first_sent_at = first;
	if (last > printer->last_sent_at)
		printer->last_sent_at = last;
	for (size_t i = 0; i < count; i++) {
		uint32_t millisecond;
		uint16_t status;
		daily_entry_read(envelopes, i, &millisecond, &status);
		if (status < printer->place_count && printer->places[status] >= 0)
			printer->statuses[printer->places[status]].units++;
	}
}

static int print_days(struct daily_printer *printer, const struct daily_account *account, struct error *error)
{
	sqlite3_stmt *statement = ledger_statement(printer->ledger, "list_daily", error);
	if (!statement)
		return -1;
	sqlite3_bind_int64(statement, 1, account->account);
	sqlite3_bind_text(statement, 2, account->default_plan_item, -1, SQLITE_TRANSIENT);
	sqlite3_bind_int64(statement, 3, account->since);
	int got;
	while ((got = ledger_step(printer->ledger, statement, error)) > 0) {
		const char *plan_item = (const char *)sqlite3_column_text(statement, 0);
		int32_t day = (int32_t)sqlite3_column_int64(statement, 1);
		if (!is_same_partial(printer, plan_item, day)) {
			if (printer->open)
				print_partial(printer, account->account_id);
			begin_partial(printer, plan_item, day);
		}
		add_row(printer, statement);
	}
	if (got == 0 && printer->open)
		print_partial(printer, account->account_id);
	return got;
}

static int print_reported_zeros(struct daily_printer *printer, const struct daily_account *account, struct error *error)
{
	sqlite3_stmt *statement = ledger_statement(printer->ledger, "list_reported_periods", error);
	if (!statement)
		return -1;
	sqlite3_bind_text(statement, 1, account->account_id, -1, SQLITE_TRANSIENT);
	int got;
	while ((got = ledger_step(printer->ledger, statement, error)) > 0) {
		begin_partial(printer, (const char *)sqlite3_column_text(statement, 0), instant_day(sqlite3_column_int64(statement, 1)));
		print_partial(printer, account->account_id);
	}
	return got;
}

int daily_print_account(struct daily_printer *printer, const struct daily_account *account, struct error *error)
{
	if (print_days(printer, account, error) < 0 || print_reported_zeros(printer, account, error) < 0)
		return -1;
	return buffer_check(&printer->plan_item, error);
}
