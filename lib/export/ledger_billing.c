#include "export/ledger_billing.h"

#include "base/instant.h"
#include "merge/sent_weeks.h"
#include "json/json_write.h"

/* Columns of list_billing_periods. */
enum {
	ACCOUNT,
	ORGANIZATION_ID,
	ACCOUNT_ID,
	PERIOD_START,
	PERIOD_END,
	UNITS_ALLOWED,
	UNITS_BILLED,
	BULK_UNITS,
	POWERFORM_UNITS,
	CURRENCY,
	CHARGES,
	OBSERVED_AT,
	WATERMARK
};

/* The week that holds an instant, also before 1970. */
static int64_t week_of(int64_t instant)
{
	return instant / WEEK_MS - (instant % WEEK_MS < 0);
}

/* Envelopes of an account sent from `start` on and before `end`. */
static int count_sent(struct ledger *ledger, const struct daily_partials *partials, int64_t account, int64_t start, int64_t end,
	int64_t *units, struct error *error)
{
	sqlite3_stmt *statement = ledger_statement(ledger, "list_sent_between", error);
	int got = -1;
	*units = 0;
	if (!statement)
		return -1;
	sqlite3_bind_int64(statement, 1, account);
	sqlite3_bind_int64(statement, 2, week_of(start));
	sqlite3_bind_int64(statement, 3, week_of(end));
	while ((got = ledger_step(ledger, statement, error)) > 0) {
		int64_t week = sqlite3_column_int64(statement, 0) * WEEK_MS;
		const uint8_t *entries = sqlite3_column_blob(statement, 1);
		size_t length = (size_t)sqlite3_column_bytes(statement, 1);
		for (size_t at = 0; at + SENT_ENTRY_SIZE <= length; at += SENT_ENTRY_SIZE) {
			int64_t sent_at = week + sent_entry_millisecond(entries + at);
			*units += sent_at >= start && sent_at < end && daily_partials_counts(partials, sent_entry_status(entries + at));
		}
	}
	return got;
}

static int has_sent(struct ledger *ledger, int64_t account, struct error *error)
{
	sqlite3_stmt *statement = ledger_statement(ledger, "has_sent", error);
	if (!statement)
		return -1;
	sqlite3_bind_int64(statement, 1, account);
	int got = ledger_step(ledger, statement, error);
	sqlite3_reset(statement);
	return got;
}

static void put_text(struct buffer *record, const char *key, sqlite3_stmt *row, int column)
{
	json_key(record, key);
	if (sqlite3_column_type(row, column) == SQLITE_NULL)
		json_null(record);
	else
		json_string(record, (const char *)sqlite3_column_text(row, column), (size_t)sqlite3_column_bytes(row, column));
}

static void put_number(struct buffer *record, const char *key, sqlite3_stmt *row, int column)
{
	json_key(record, key);
	if (sqlite3_column_type(row, column) == SQLITE_NULL)
		json_null(record);
	else
		json_integer(record, sqlite3_column_int64(row, column));
}

static int64_t instant_of(sqlite3_stmt *row, int column)
{
	return sqlite3_column_type(row, column) == SQLITE_NULL ? INSTANT_NONE : sqlite3_column_int64(row, column);
}

/* In the order of stream_billing_period. */
static void append_record(struct buffer *record, sqlite3_stmt *row, int64_t counted_until, bool is_counted, int64_t counted)
{
	json_begin(record, '{');
	put_text(record, "organization_id", row, ORGANIZATION_ID);
	put_text(record, "account_id", row, ACCOUNT_ID);
	json_member_instant(record, "period_start", instant_of(row, PERIOD_START));
	json_member_instant(record, "period_end", instant_of(row, PERIOD_END));
	if (sqlite3_column_type(row, UNITS_ALLOWED) == SQLITE_INTEGER)
		put_number(record, "units_allowed", row, UNITS_ALLOWED);
	else
		put_text(record, "units_allowed", row, UNITS_ALLOWED);
	put_number(record, "units_billed", row, UNITS_BILLED);
	put_number(record, "bulk_units", row, BULK_UNITS);
	put_number(record, "powerform_units", row, POWERFORM_UNITS);
	put_text(record, "currency", row, CURRENCY);
	json_member_raw(record, "charges", (const char *)sqlite3_column_text(row, CHARGES), (size_t)sqlite3_column_bytes(row, CHARGES));
	json_member_instant(record, "observed_at", instant_of(row, OBSERVED_AT));
	json_member_instant(record, "counted_until", counted_until);
	json_member_instant(record, "watermark", instant_of(row, WATERMARK));
	json_key(record, "units_counted");
	if (is_counted)
		json_integer(record, counted);
	else
		json_null(record);
	json_end(record, '}');
	json_finish(record);
}

int ledger_billing_walk(struct ledger *ledger, const struct daily_partials *partials, daily_put *put, void *context, struct error *error)
{
	sqlite3_stmt *row = ledger_statement(ledger, "list_billing_periods", error);
	struct buffer record = BUFFER_INIT;
	int got = -1, result = 0;
	while (result == 0 && row && (got = ledger_step(ledger, row, error)) > 0) {
		int64_t account = sqlite3_column_int64(row, ACCOUNT), end = instant_of(row, PERIOD_END), counted = 0;
		int64_t counted_until = instant_of(row, OBSERVED_AT) < end ? instant_of(row, OBSERVED_AT) : end;
		int sent = sqlite3_column_type(row, WATERMARK) == SQLITE_NULL ? has_sent(ledger, account, error) : 1;
		if (sent < 0 || count_sent(ledger, partials, account, instant_of(row, PERIOD_START), counted_until, &counted, error) < 0) {
			result = -1;
			break;
		}
		buffer_reset(&record);
		append_record(&record, row, counted_until, sent > 0, counted);
		result = buffer_check(&record, error) < 0 ? -1 : put(context, &record, error);
	}
	if (row)
		sqlite3_reset(row);
	buffer_release(&record);
	return result ? result : got;
}
