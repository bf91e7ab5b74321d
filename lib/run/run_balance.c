#include "run/run_balance.h"

#include "base/instant.h"
#include "base/sum_table.h"
#include "config/policy.h"
#include "export/ledger_billing.h"
#include "run/run_folder.h"
#include "run/run_records.h"

#include <inttypes.h>
#include <unistd.h>

/* What the lines of a run's results come to. */
struct line_sums {
	int64_t records, positions, without, balances, consumed;
};

static void add_line(void *context, struct record *record)
{
	struct line_sums *sums = context;
	bool is_position = message_is_record(record->message, "metric_result");
	const struct {
		const char *stream;
		int slot;
		int64_t *sum;
	} lines[] = {{"metric_result", SLOT_rights_used, &sums->positions},
		{"consumption_without_position", SLOT_units_consumed, &sums->without},
		{"consumption", SLOT_units_consumed, &sums->consumed}};
	sums->records++;
	/* What consumption.csv declares is in positions, and was not counted. */
	if (is_position && sum_add(&sums->positions, -record_integer_or(record, SLOT_declared_units, 0), record->error) < 0)
		record->failed = true;
	sums->balances += message_is_record(record->message, "consumption_balance");
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		if (message_is_record(record->message, lines[i].stream) &&
			sum_add(lines[i].sum, record_integer_or(record, lines[i].slot, 0), record->error) < 0)
			record->failed = true;
}

/* Integers of the first row of a statement whose ?1 is the run's name. */
static int read_row(
	struct ledger *ledger, const char *name, const struct promotion *run, int64_t *const values[], int count, struct error *error)
{
	sqlite3_stmt *row = ledger_statement(ledger, name, error);
	if (!row)
		return -1;
	if (sqlite3_bind_parameter_count(row))
		sqlite3_bind_text(row, 1, run->run_id, -1, SQLITE_STATIC);
	int got = ledger_step(ledger, row, error);
	for (int i = 0; i < count && got > 0; i++)
		*values[i] = sqlite3_column_int64(row, i);
	sqlite3_reset(row);
	return got < 0 ? -1 : 0;
}

/* The first account whose envelopes are not what was reported. */
static int append_account(struct ledger *ledger, const char *runs, const struct promotion *run, struct buffer *text, struct error *error)
{
	char path[RUN_PATH_LIMIT];
	struct policy policy = {.name = NULL};
	struct daily_partials partials;
	run_path(path, runs, run->run_id, "inputs/policy.json");
	if (policy_load(access(path, F_OK) == 0 ? path : NULL, &policy, error) < 0)
		return -1;
	ledger->policy = &policy;
	int got = daily_partials_open(&partials, ledger, NULL, NULL, error);
	if (got == 0) {
		sqlite3_stmt *row =
			ledger_billing_count(&partials, error) < 0 ? NULL : ledger_statement(ledger, "find_unequal_account", error);
		if (row) {
			sqlite3_bind_int64(row, 1, INSTANT_DATED_FROM);
			sqlite3_bind_int64(row, 2, INSTANT_DATED_UNTIL);
		}
		got = row ? ledger_step(ledger, row, error) : -1;
		if (got > 0)
			buffer_append_format(text, "%lld unit(s) of account %s were reported, and the ledger has %lld",
				(long long)sqlite3_column_int64(row, 1), (const char *)sqlite3_column_text(row, 0),
				(long long)sqlite3_column_int64(row, 2));
		sqlite3_reset(row);
		daily_partials_release(&partials);
	}
	ledger->policy = &policy_default;
	policy_release(&policy);
	return got < 0 ? -1 : 0;
}

static int read_file(const char *runs, const struct promotion *run, const char *name, struct line_sums *sums, struct error *error)
{
	char path[RUN_PATH_LIMIT];
	return run_records_read(run_path(path, runs, run->run_id, name), add_line, sums, error);
}

/* The workspace's results, where the run has some, come to what it had of all profiles. */
static int append_workspace(const char *runs, const struct promotion *run, int64_t reported, struct buffer *text, struct error *error)
{
	char path[RUN_PATH_LIMIT];
	struct line_sums results = {.records = 0}, others = {.records = 0};
	if (access(run_path(path, runs, run->run_id, "workspace.ndjson"), F_OK) != 0)
		return 0;
	if (read_file(runs, run, "workspace.ndjson", &results, error) < 0 ||
		read_file(runs, run, "inputs/others.ndjson", &others, error) < 0)
		return -1;
	if (results.balances && results.positions + results.without != reported + others.consumed)
		buffer_append_format(text,
			"workspace.ndjson has %" PRId64 " units in positions and %" PRId64 " in none, of %" PRId64 " in all profiles",
			results.positions, results.without, reported + others.consumed);
	return 0;
}

static int compare(
	const char *runs, const struct promotion *run, struct ledger *ledger, bool envelopes, struct buffer *text, struct error *error)
{
	struct line_sums file = {.records = 0}, kept = {.records = 0}, consumption = {.records = 0};
	int64_t reported = 0, in_records = 0;
	if (read_file(runs, run, "results.ndjson", &file, error) < 0 ||
		read_file(runs, run, "consumption.ndjson", &consumption, error) < 0 ||
		read_row(ledger, "sum_results", run, (int64_t *const[]){&kept.records, &kept.positions, &kept.without, &kept.balances}, 4,
			error) < 0 ||
		read_row(ledger, "sum_reported", run, (int64_t *const[]){&reported, &in_records}, 2, error) < 0)
		return -1;
	if (reported != in_records)
		buffer_append_format(text, "the ledger reported %" PRId64 " units, and %" PRId64 " by its records", reported, in_records);
	else if (consumption.consumed != reported)
		buffer_append_format(
			text, "consumption.ndjson has %" PRId64 " units, and the ledger reported %" PRId64, consumption.consumed, reported);
	else if ((file.balances || kept.balances) && file.positions + file.without != reported)
		buffer_append_format(text,
			"results.ndjson has %" PRId64 " units in positions and %" PRId64 " in none, and the ledger reported %" PRId64,
			file.positions, file.without, reported);
	else if (file.positions != kept.positions || file.without != kept.without)
		buffer_append_format(text,
			"results.ndjson has %" PRId64 " units in positions and %" PRId64 " in none, and the ledger %" PRId64
			" and %" PRId64,
			file.positions, file.without, kept.positions, kept.without);
	else if (file.records != kept.records)
		buffer_append_format(
			text, "results.ndjson has %" PRId64 " records, and the ledger has %" PRId64, file.records, kept.records);
	else if (append_workspace(runs, run, reported, text, error) < 0)
		return -1;
	return envelopes && !text->length ? append_account(ledger, runs, run, text, error) : 0;
}

int run_balance_append(
	const char *runs, const struct promotion *run, const char *ledger_path, bool envelopes, struct buffer *text, struct error *error)
{
	struct ledger ledger;
	if (ledger_open(&ledger, ledger_path, LEDGER_READ, error) < 0)
		return -1;
	int result = ledger_snapshot(&ledger, error) < 0 ? -1 : compare(runs, run, &ledger, envelopes, text, error);
	ledger_close(&ledger);
	return result;
}
