#include "run/run_status.h"

#include "base/array.h"
#include "base/instant.h"
#include "base/stale_feed.h"
#include "io/display.h"
#include "ledger/promotions.h"
#include "merge/ledger_envelopes.h"
#include "run/run_balance.h"
#include "run/run_folder.h"
#include "run/run_records.h"
#include "stream/phrases.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct status_account {
	const char *name; /* NULL for none */
	int64_t watermark; /* INSTANT_NONE for none */
	bool has_watermark, has_consumption;
};

struct status_position {
	const char *model, *metric, *consumption, *owned, *status;
	int64_t start;
};

struct status {
	const struct run_status_options *options;
	struct buffer *text;
	struct arena arena;
	struct name_table account_ids;
	struct status_account *accounts; /* by number of account_ids */
	size_t account_count;
	struct status_position *positions;
	size_t position_count;
	bool is_healthy;
};

/* The lines of the last run begin with the profile's name. */
static void begin_line(struct status *status, const char *label)
{
	buffer_append_format(status->text, "%s  %s", status->options->name, label);
}

/* What is not ours, fit to be seen. */
static void append_shown(struct status *status, const char *text)
{
	display_append(status->text, text, strlen(text), 0);
}

/* ---- accounts ---- */

static struct status_account *account_of(struct status *status, struct record *record)
{
	uint32_t number = record_name(record, SLOT_account_id, &status->account_ids);
	if (record->failed || number == RECORD_NO_NAME)
		return NULL;
	if (number == status->account_count) {
		struct status_account *new = array_grow((void **)&status->accounts, &status->account_count, sizeof *new, record->error);
		record->failed |= !new;
		if (!new)
			return NULL;
		new->watermark = INSTANT_NONE;
	}
	struct status_account *account = &status->accounts[number];
	if (!record_is_null(record, SLOT_account_name))
		account->name = record_text(record, SLOT_account_name, &status->arena);
	return account;
}

static void add_account(void *context, struct record *record)
{
	struct status_account *account = account_of(context, record);
	if (!account)
		return;
	account->has_watermark |= message_is_record(record->message, "watermark");
	account->has_consumption |= message_is_record(record->message, "consumption");
	if (!message_is_record(record->message, "consumption") && !record_is_null(record, SLOT_watermark))
		account->watermark = record_instant(record, SLOT_watermark);
}

static void append_account(struct status *status, size_t number)
{
	const char *name = status->accounts[number].name;
	buffer_append_string(status->text, "account ");
	append_shown(status, status->account_ids.names[number].text);
	buffer_append_string(status->text, name ? " (\"" : " (");
	append_shown(status, name ? name : "without a name");
	buffer_append_string(status->text, name ? "\")" : ")");
}

/* Accounts whose feed was read, and for which the service never reported any consumption: bought through a reseller? */
static void append_unreported(struct status *status)
{
	for (size_t i = 0; i < status->account_count; i++) {
		if (!status->accounts[i].has_watermark || status->accounts[i].has_consumption)
			continue;
		begin_line(status, "no consumption reported: ");
		append_account(status, i);
		buffer_append_byte(status->text, '\n');
	}
}

static void append_stale(struct status *status)
{
	for (size_t i = 0; i < status->account_count; i++) {
		int64_t watermark = status->accounts[i].watermark;
		char day[DAY_LENGTH];
		if (watermark != INSTANT_NONE && !feed_is_stale(watermark, status->options->now))
			continue;
		status->is_healthy = false;
		begin_line(status, "stale: ");
		append_account(status, i);
		if (watermark == INSTANT_NONE) {
			buffer_append_string(status->text, ": its feed was never read\n");
			continue;
		}
		day_format(instant_day(watermark), day);
		buffer_append_format(status->text, ": its feed has not advanced since %.*s\n", DAY_LENGTH, day);
	}
}

/* ---- positions and forecasts ---- */

static void add_position(struct status *status, struct record *record)
{
	struct status_position new = {.model = record_text(record, SLOT_software_model, &status->arena),
		.metric = record_text(record, SLOT_license_metric, &status->arena),
		.owned = record_text(record, SLOT_rights_owned, &status->arena),
		.status = record_text(record, SLOT_status, &status->arena),
		.start = record_instant(record, SLOT_period_start)};
	bool is_counted = json_slice_equals(record_slice(record, SLOT_usage_state), "counted") ||
		json_slice_equals(record_slice(record, SLOT_usage_state), "zero");
	new.consumption = record_text(record, is_counted ? SLOT_rights_used : SLOT_usage_state, &status->arena);
	if (record->failed)
		return;
	for (size_t i = 0; i < status->position_count; i++) {
		struct status_position *old = &status->positions[i];
		if (strcmp(old->model, new.model) != 0 || strcmp(old->metric, new.metric) != 0)
			continue;
		if (new.start >= old->start)
			*old = new;
		return;
	}
	struct status_position *added = array_grow((void **)&status->positions, &status->position_count, sizeof *added, record->error);
	record->failed |= !added;
	if (added)
		*added = new;
}

static void append_exhaustion(struct status *status, struct record *record)
{
	const struct run_status_options *options = status->options;
	const struct json_slice *day_slice = record_slice(record, SLOT_exhausted_on);
	int32_t day;
	if (record_is_null(record, SLOT_exhausted_on))
		return;
	if (day_slice->kind != JSON_STRING || day_parse(day_slice->text, day_slice->length, &day) < 0) {
		record_wrong(record, SLOT_exhausted_on, "a date");
		return;
	}
	bool is_covered = record_slice(record, SLOT_is_covered)->kind == JSON_TRUE;
	int64_t left = day - instant_day(options->now);
	left = left > 0 ? left : 0;
	bool warns =
		options->warn_days < 0 ? record_slice(record, SLOT_warning)->kind == JSON_TRUE : left < options->warn_days && !is_covered;
	const char *model = record_text(record, SLOT_software_model, &status->arena);
	const char *metric = record_text(record, SLOT_license_metric, &status->arena);
	if (record->failed)
		return;
	status->is_healthy &= !warns;
	begin_line(status, warns ? "warning: " : "");
	append_shown(status, model);
	buffer_append_string(status->text, "  ");
	append_shown(status, metric);
	buffer_append_string(status->text, "  rights ");
	if (record_slice(record, SLOT_has_run_out)->kind == JSON_TRUE)
		buffer_append_format(status->text, "ran out on %.*s\n", DAY_LENGTH, day_slice->text);
	else
		buffer_append_format(status->text, "are expected to run out on %.*s, in %" PRId64 " day%s\n", DAY_LENGTH, day_slice->text,
			left, phrase_plural(left));
}

static void add_metric_result(void *context, struct record *record)
{
	if (message_is_record(record->message, "metric_result"))
		add_position(context, record);
}

static void add_forecast(void *context, struct record *record)
{
	if (message_is_record(record->message, "forecast"))
		append_exhaustion(context, record);
}

static int compare_positions(const void *left, const void *right)
{
	const struct status_position *a = left, *b = right;
	int order = strcmp(a->model, b->model);
	return order ? order : strcmp(a->metric, b->metric);
}

static void append_positions(struct status *status)
{
	if (status->position_count)
		qsort(status->positions, status->position_count, sizeof *status->positions, compare_positions);
	for (size_t i = 0; i < status->position_count; i++) {
		const struct status_position *position = &status->positions[i];
		char start[DAY_LENGTH];
		day_format(instant_day(position->start), start);
		begin_line(status, "");
		append_shown(status, position->model);
		buffer_append_format(status->text, "  from %.*s  used ", DAY_LENGTH, start);
		const char *phrase = phrase_label("usage_state", position->consumption);
		append_shown(status, phrase ? phrase : position->consumption);
		buffer_append_string(status->text, " of ");
		append_shown(status, position->owned);
		buffer_append_string(status->text, "  ");
		append_shown(status, position->status);
		buffer_append_byte(status->text, '\n');
	}
}

/* ---- runs ---- */

static void append_restatement(void *context, struct record *record)
{
	struct status *status = context;
	char start[DAY_LENGTH];
	int64_t before = record_integer(record, SLOT_units_before), after = record_integer(record, SLOT_units_after);
	int64_t period_start = record_instant(record, SLOT_period_start);
	const char *account = record_text(record, SLOT_account_id, &status->arena);
	const char *plan_item = record_text(record, SLOT_plan_item_id, &status->arena);
	const char *cause = record_text(record, SLOT_cause, &status->arena);
	if (record->failed)
		return;
	day_format(instant_day(period_start), start);
	buffer_append_format(status->text, "  %.*s  account ", DAY_LENGTH, start);
	append_shown(status, account);
	buffer_append_string(status->text, "  plan item ");
	append_shown(status, plan_item ? plan_item : "none");
	buffer_append_format(status->text, "  %" PRId64 " -> %" PRId64 " (", before, after);
	append_shown(status, cause);
	buffer_append_string(status->text, ")\n");
}

static int append_run(struct status *status, const struct promotion *run, struct error *error)
{
	const char *runs = status->options->runs;
	char path[RUN_PATH_LIMIT];
	buffer_append_format(status->text, "%s  %s  %s  %s figures, %s restated, %s rejected\n", status->options->name, run->run_id,
		run->state, run->consumption, run->restatements, run->rejects);
	if (run_missing_file(run_path(path, runs, run->run_id, "")))
		buffer_append_format(status->text, "%s  %s  lost: its folder or its files are missing in %s\n", status->options->name,
			run->run_id, runs);
	else if (status->options->restatements)
		return run_records_read(run_path(path, runs, run->run_id, "restatements.ndjson"), append_restatement, status, error);
	return 0;
}

static int append_undated(struct status *status, struct error *error)
{
	struct ledger ledger;
	if (access(status->options->ledger, F_OK) != 0)
		return 0;
	if (ledger_open(&ledger, status->options->ledger, LEDGER_READ, error) < 0)
		return -1;
	int64_t undated = ledger_envelopes_undated(&ledger, error);
	ledger_close(&ledger);
	if (undated > 0) {
		begin_line(status, "in no period: ");
		buffer_append_format(status->text, "%" PRId64 " envelope(s) past a draft without a sent time\n", undated);
	}
	return undated < 0 ? -1 : 0;
}

static int append_unbalanced(struct status *status, const struct promotion *last, struct error *error)
{
	const struct run_status_options *options = status->options;
	struct buffer clause = BUFFER_INIT;
	int result = run_balance_append(options->runs, last, options->ledger, options->check, &clause, error);
	if (result == 0 && clause.length) {
		status->is_healthy = false;
		begin_line(status, "figures do not add up: ");
		buffer_append_format(status->text, "run %s: %s\n", last->run_id, clause.data);
	}
	buffer_release(&clause);
	return result;
}

/* The verdict, and that of the run where the clock has changed it; and the positions. */
static int append_results(struct status *status, const char *of_run, const char *path, struct error *error)
{
	const char *verdict = status->options->verdict ? status->options->verdict : of_run;
	if (*verdict) {
		begin_line(status, "");
		append_shown(status, verdict);
		buffer_append_byte(status->text, '\n');
	}
	if (*of_run && strcmp(of_run, verdict) != 0) {
		begin_line(status, "at that run: ");
		append_shown(status, of_run);
		buffer_append_byte(status->text, '\n');
	}
	if (!status->options->positions)
		return 0;
	if (run_records_read(path, add_metric_result, status, error) < 0)
		return -1;
	append_positions(status);
	return 0;
}

static int append_last_run(struct status *status, const struct promotion *last, struct error *error)
{
	const char *runs = status->options->runs, *run = last->run_id;
	char path[RUN_PATH_LIMIT];
	status->is_healthy &= strcmp(last->state, "succeeded") == 0;
	if (append_results(status, last->verdict, run_path(path, runs, run, "results.ndjson"), error) < 0 ||
		append_unbalanced(status, last, error) < 0)
		return -1;
	if (run_records_read(run_path(path, runs, run, "accounts.ndjson"), add_account, status, error) < 0)
		return -1;
	size_t of_accounts = status->account_count;
	if (run_records_read(run_path(path, runs, run, "consumption.ndjson"), add_account, status, error) < 0)
		return -1;
	append_unreported(status);
	if (append_undated(status, error) < 0)
		return -1;
	if (*last->accounts_without_billing && strcmp(last->accounts_without_billing, "0") != 0) {
		begin_line(status, "without Docusign's own count: ");
		buffer_append_format(status->text, "%s account(s), in the last run\n", last->accounts_without_billing);
	}
	if (run_records_read(run_path(path, runs, run, "results.ndjson"), add_forecast, status, error) < 0)
		return -1;
	status->account_count = of_accounts;
	append_stale(status);
	return 0;
}

/* A line for each folder of that kind that is not a promoted run. Returns their number, -1 with an error. */
static int append_folders(struct status *status, enum run_kind kind, const struct promotions *promotions, struct error *error)
{
	struct buffer name = BUFFER_INIT;
	struct run_list list;
	int count = 0;
	if (run_list_read(&list, status->options->runs, kind, error) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++) {
		size_t length = strlen(list.names[i]);
		if (kind == RUN_NAMED && promotions_find(promotions, list.names[i], length) >= 0)
			continue;
		count++;
		buffer_reset(&name);
		if (display_is_utf8(list.names[i], length))
			display_append(&name, list.names[i], length, 0);
		else
			buffer_append_string(&name, "a name that is not UTF-8");
		begin_line(status, name.data);
		if (kind == RUN_INTERRUPTED)
			buffer_append_string(status->text, "  interrupted: the next run finishes it\n");
		else if (kind == RUN_DISCARDED)
			buffer_append_format(status->text, "  discarded: what it recorded is kept in %s/.%s.discarded\n",
				status->options->runs, name.data);
		else
			buffer_append_string(status->text, "  not a run: the ledger does not have it; ignored\n");
	}
	run_list_release(&list);
	buffer_release(&name);
	return count;
}

static int append_all(struct status *status, const struct promotions *promotions, struct error *error)
{
	const struct promotion *last = promotions->count ? &promotions->list[promotions->count - 1] : NULL;
	char path[RUN_PATH_LIMIT];
	if (!last)
		buffer_append_format(status->text, "%s: nothing was run yet\n", status->options->name);
	for (size_t i = 0; i < promotions->count; i++)
		if (append_run(status, &promotions->list[i], error) < 0)
			return -1;
	int interrupted = append_folders(status, RUN_INTERRUPTED, promotions, error);
	if (interrupted < 0 || append_folders(status, RUN_DISCARDED, promotions, error) < 0 ||
		append_folders(status, RUN_NAMED, promotions, error) < 0)
		return -1;
	bool is_kept = last && !run_missing_file(run_path(path, status->options->runs, last->run_id, ""));
	status->is_healthy = is_kept && interrupted == 0;
	return is_kept ? append_last_run(status, last, error) : 0;
}

int run_status_append(const struct run_status_options *options, struct buffer *text, bool *healthy, struct error *error)
{
	struct status status = {.options = options, .text = text, .is_healthy = true};
	struct promotions promotions = {.count = 0};
	int result;
	if (!options->results)
		result = promotions_read(&promotions, options->ledger, error) < 0 ? -1 : append_all(&status, &promotions, error);
	else if ((result = append_results(&status, "", options->results, error)) == 0)
		result = run_records_read(options->results, add_forecast, &status, error);
	*healthy = status.is_healthy;
	promotions_release(&promotions);
	name_table_release(&status.account_ids);
	arena_release(&status.arena);
	free(status.accounts);
	free(status.positions);
	return result < 0 ? -1 : buffer_check(text, error);
}
