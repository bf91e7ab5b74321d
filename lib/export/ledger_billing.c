#include "export/ledger_billing.h"

#include "merge/sent_weeks.h"

/* The week that holds an instant, also before 1970. */
static int64_t week_of(int64_t instant)
{
	return instant / WEEK_MS - (instant % WEEK_MS < 0);
}

/* SQL: units_counted(account, start, end), the envelopes of an account that count, sent from `start` on and before `end`. */
static void units_counted(sqlite3_context *context, int count, sqlite3_value **arguments)
{
	const struct daily_partials *partials = sqlite3_user_data(context);
	struct ledger *ledger = partials->ledger;
	int64_t start = sqlite3_value_int64(arguments[1]), end = sqlite3_value_int64(arguments[2]), units = 0;
	sqlite3_stmt *statement = ledger_statement(ledger, "list_sent_between", NULL);
	int got = -1;
	bool good = start >= INSTANT_FIRST && start < INSTANT_END && end >= INSTANT_FIRST && end < INSTANT_END;
	(void)count;
	if (statement) {
		sqlite3_bind_int64(statement, 1, sqlite3_value_int64(arguments[0]));
		sqlite3_bind_int64(statement, 2, week_of(start));
		sqlite3_bind_int64(statement, 3, week_of(end));
	}
	while (good && statement && (got = ledger_step(ledger, statement, NULL)) > 0) {
		int64_t week = sqlite3_column_int64(statement, 0) * WEEK_MS;
		const uint8_t *entries = sqlite3_column_blob(statement, 1);
		size_t length = (size_t)sqlite3_column_bytes(statement, 1);
		good = length % SENT_ENTRY_SIZE == 0;
		for (size_t at = 0; good && at < length; at += SENT_ENTRY_SIZE) {
			int64_t sent_at = week + sent_entry_millisecond(entries + at);
			int counts = daily_partials_entry(partials, entries + at);
			good = counts >= 0;
			units += counts > 0 && sent_at >= start && sent_at < end;
		}
	}
	if (!good)
		sqlite3_result_error(context, "a billing period, or a week of sent_week, is not one", -1);
	else if (got < 0)
		sqlite3_result_error_code(context, sqlite3_errcode(ledger->database));
	else
		sqlite3_result_int64(context, units);
}

int ledger_billing_count(struct daily_partials *partials, struct error *error)
{
	struct ledger *ledger = partials->ledger;
	return sqlite3_create_function(ledger->database, "units_counted", 3, SQLITE_UTF8, partials, units_counted, NULL, NULL) == SQLITE_OK
		? 0
		: ledger_error(ledger, error);
}

int ledger_billing_walk(struct daily_partials *partials, record_sink *sink, void *context, struct error *error)
{
	struct ledger *ledger = partials->ledger;
	if (ledger_billing_count(partials, error) < 0)
		return -1;
	return record_rows(ledger, &stream_billing_period, ledger_statement(ledger, "list_billing_periods", error), sink, context, error);
}
