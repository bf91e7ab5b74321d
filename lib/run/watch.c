#include "run/watch.h"

#include "base/array.h"
#include "base/instant.h"
#include "base/stale_feed.h"
#include "merge/ledger_envelopes.h"
#include "run/manifest.h"
#include "run/run_balance.h"
#include "run/run_disk.h"
#include "run/run_records.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* ---- accounts ---- */

static struct watch_account *account_of(struct watch *watch, struct record *record)
{
	uint32_t number = record_name(record, SLOT_account_id, &watch->account_ids);
	if (record->failed || number == RECORD_NO_NAME)
		return NULL;
	if (number == watch->account_count) {
		struct watch_account *new = array_grow((void **)&watch->accounts, &watch->account_count, sizeof *new, record->error);
		record->failed |= !new;
		if (!new)
			return NULL;
		new->watermark = INSTANT_NONE;
	}
	struct watch_account *account = &watch->accounts[number];
	if (!record_is_null(record, SLOT_account_name))
		account->name = record_text(record, SLOT_account_name, &watch->arena);
	return account;
}

static void read_night(struct watch *watch, struct watch_account *account, struct record *record)
{
	const struct json_slice *due_on = record_slice(record, SLOT_due_on);
	account->outcome = record_text(record, SLOT_outcome, &watch->arena);
	account->read_at = record_instant_or_none(record, SLOT_read_at);
	if (due_on->kind != JSON_STRING || day_parse(due_on->text, due_on->length, &account->due_on) < 0)
		record_wrong(record, SLOT_due_on, "a date");
	run_night_add(&watch->night, record);
}

static void add_account(void *context, struct record *record)
{
	struct watch_account *account = account_of(context, record);
	if (!account)
		return;
	if (message_is_record(record->message, stream_account_night.name))
		read_night(context, account, record);
	account->has_watermark |= message_is_record(record->message, "watermark");
	account->has_consumption |= message_is_record(record->message, "consumption");
	if (!message_is_record(record->message, "consumption") && !record_is_null(record, SLOT_watermark))
		account->watermark = record_instant(record, SLOT_watermark);
}

bool watch_account_is_stale(const struct watch *watch, const struct watch_account *account)
{
	int64_t now = watch->options->now;
	if (account->outcome && strcmp(account->outcome, "not_asked") == 0 && account->read_at != INSTANT_NONE)
		now = stale_feed_clock(account->read_at, account->due_on, now);
	return account->watermark == INSTANT_NONE || feed_is_stale(account->watermark, now);
}

static void count_feeds(struct watch *watch)
{
	watch->oldest_watermark = watch->newest_watermark = INSTANT_NONE;
	for (size_t i = 0; i < watch->fed_count; i++) {
		const struct watch_account *account = &watch->accounts[i];
		int64_t watermark = account->watermark;
		watch->stale += watch_account_is_stale(watch, account);
		watch->never_read += watermark == INSTANT_NONE;
		watch->week_behind += watermark == INSTANT_NONE || feed_is_due(watermark, watch->options->now);
		if (watermark == INSTANT_NONE)
			continue;
		if (watch->oldest_watermark == INSTANT_NONE || watermark < watch->oldest_watermark)
			watch->oldest_watermark = watermark;
		if (watermark > watch->newest_watermark)
			watch->newest_watermark = watermark;
	}
}

/* ---- positions and forecasts ---- */

static void add_position(struct watch *watch, struct record *record)
{
	struct buffer key = BUFFER_INIT;
	struct watch_position new = {.model = record_text(record, SLOT_software_model, &watch->arena),
		.metric = record_text(record, SLOT_license_metric, &watch->arena),
		.owned = record_text(record, SLOT_rights_owned, &watch->arena),
		.used = record_text(record, SLOT_rights_used, &watch->arena),
		.declared = record_text(record, SLOT_declared_units, &watch->arena),
		.missing = record_text(record, SLOT_unlicensed_rights, &watch->arena),
		.usage_state = record_text(record, SLOT_usage_state, &watch->arena),
		.status = record_text(record, SLOT_status, &watch->arena),
		.period_state = record_text(record, SLOT_period_state, &watch->arena),
		.is_shared = record_slice(record, SLOT_is_shared)->kind == JSON_TRUE,
		.start = record_instant(record, SLOT_period_start),
		.end = record_instant_or_none(record, SLOT_period_end)};
	if (record->failed)
		return;
	buffer_append_format(&key, "%s\n%s", new.model, new.metric);
	ptrdiff_t number =
		buffer_check(&key, record->error) < 0 ? -1 : name_table_number(&watch->position_keys, key.data, key.length, record->error);
	buffer_release(&key);
	struct watch_position *old = NULL;
	if (number >= 0 && (size_t)number < watch->position_count)
		old = &watch->positions[number];
	else if (number >= 0)
		old = array_grow((void **)&watch->positions, &watch->position_count, sizeof *old, record->error);
	record->failed |= !old;
	if (old && (!old->model || new.start >= old->start))
		*old = new;
}

static void add_forecast(struct watch *watch, struct record *record)
{
	const struct watch_options *options = watch->options;
	const struct json_slice *day = record_slice(record, SLOT_exhausted_on);
	struct watch_forecast new = {.runs_out = !record_is_null(record, SLOT_exhausted_on),
		.is_covered = record_slice(record, SLOT_is_covered)->kind == JSON_TRUE,
		.has_run_out = record_slice(record, SLOT_has_run_out)->kind == JSON_TRUE,
		.model = record_text(record, SLOT_software_model, &watch->arena),
		.metric = record_text(record, SLOT_license_metric, &watch->arena),
		.period_start = record_instant_or_none(record, SLOT_period_start)};
	if (new.runs_out && (day->kind != JSON_STRING || day_parse(day->text, day->length, &new.exhausted_on) < 0))
		record_wrong(record, SLOT_exhausted_on, "a date");
	if (record->failed)
		return;
	if (new.runs_out) {
		int64_t left = new.exhausted_on - instant_day(options->now);
		new.days_left = left > 0 ? left : 0;
		new.warns = options->warn_days < 0 ? record_slice(record, SLOT_warning)->kind == JSON_TRUE
						   : new.days_left < options->warn_days && !new.is_covered;
	}
	struct watch_forecast *added = array_grow((void **)&watch->forecasts, &watch->forecast_count, sizeof *added, record->error);
	record->failed |= !added;
	if (!added)
		return;
	*added = new;
	watch->problems |= new.warns ? WATCH_RUN_OUT : 0;
}

static void add_balance(struct watch *watch, struct record *record)
{
	int64_t in = record_integer_or(record, SLOT_units_in_positions, 0),
		without = record_integer_or(record, SLOT_units_without_position, 0);
	watch->units_in_positions = (watch->units_in_positions < 0 ? 0 : watch->units_in_positions) + in;
	watch->units_without_position = (watch->units_without_position < 0 ? 0 : watch->units_without_position) + without;
}

static void add_result(void *context, struct record *record)
{
	if (message_is_record(record->message, "metric_result"))
		add_position(context, record);
	else if (message_is_record(record->message, "forecast"))
		add_forecast(context, record);
	else if (message_is_record(record->message, "consumption_balance"))
		add_balance(context, record);
}

static int compare_positions(const void *left, const void *right)
{
	const struct watch_position *a = left, *b = right;
	int order = strcmp(a->model, b->model);
	return order ? order : strcmp(a->metric, b->metric);
}

static int read_results(struct watch *watch, const char *path, struct error *error)
{
	if (run_records_read(path, add_result, watch, error) < 0)
		return -1;
	if (watch->position_count)
		qsort(watch->positions, watch->position_count, sizeof *watch->positions, compare_positions);
	return 0;
}

/* ---- runs ---- */

/* A run holds this lock until it ends, however it ends. It is held here for a moment only, and a run that begins waits for longer. */
static bool is_locked(const char *lock)
{
	int descriptor = lock ? open(lock, O_RDONLY | O_CLOEXEC) : -1;
	if (descriptor < 0)
		return false;
	bool locked = flock(descriptor, LOCK_SH | LOCK_NB) < 0;
	close(descriptor);
	return locked;
}

/* Leaves the folders that are no promoted runs. */
static void drop_promoted(struct watch *watch, struct run_list *list)
{
	size_t kept = 0;
	for (size_t i = 0; i < list->count; i++)
		if (promotions_find(&watch->promotions, list->names[i], strlen(list->names[i])) >= 0)
			free(list->names[i]);
		else
			list->names[kept++] = list->names[i];
	list->count = kept;
}

static int read_folders(struct watch *watch, struct error *error)
{
	const char *runs = watch->options->runs;
	char path[RUN_PATH_LIMIT];
	size_t covered;
	watch->is_under_way = is_locked(watch->options->lock);
	if (run_list_read(&watch->interrupted, runs, RUN_INTERRUPTED, error) < 0 ||
		run_list_read(&watch->discarded, runs, RUN_DISCARDED, error) < 0 ||
		run_list_read(&watch->strange, runs, RUN_NAMED, error) < 0)
		return -1;
	drop_promoted(watch, &watch->strange);
	watch->problems |= watch->interrupted.count && !watch->is_under_way ? WATCH_INTERRUPTED : 0;
	watch->lost = calloc(watch->promotions.count + 1, sizeof *watch->lost);
	if (!watch->lost)
		return error_set(error, EX_OSERR, "out of memory");
	if (checkpoint_covers(watch->options->ledger, &watch->promotions, &covered, error) < 0)
		return -1;
	for (size_t i = 0; i < watch->promotions.count; i++) {
		watch->lost[i] = (i >= covered || i + 1 == watch->promotions.count) &&
			run_missing_file(run_path(path, runs, watch->promotions.list[i].run_id, "")) != NULL;
		watch->problems |= watch->lost[i] ? WATCH_LOST : 0;
	}
	watch->last_is_kept = watch->last && !watch->lost[watch->promotions.count - 1] &&
		!run_is_folded(run_path(path, runs, watch->last->run_id, "")); /* of a ledger from a backup it may be */
	return 0;
}

static int read_undated(struct watch *watch, struct error *error)
{
	struct ledger ledger;
	if (access(watch->options->ledger, F_OK) != 0)
		return 0;
	if (ledger_open(&ledger, watch->options->ledger, LEDGER_READ, error) < 0)
		return -1;
	watch->undated = ledger_envelopes_undated(&ledger, error);
	ledger_close(&ledger);
	return watch->undated < 0 ? -1 : 0;
}

static int read_last_run(struct watch *watch, struct error *error)
{
	const struct watch_options *options = watch->options;
	const char *runs = options->runs, *run = watch->last->run_id;
	char path[RUN_PATH_LIMIT];
	if (run_balance_append(runs, watch->last, options->ledger, options->check, &watch->unbalanced, error) < 0 ||
		run_records_read(run_path(path, runs, run, "accounts.ndjson"), add_account, watch, error) < 0)
		return -1;
	watch->fed_count = watch->account_count;
	if (run_records_read(run_path(path, runs, run, "consumption.ndjson"), add_account, watch, error) < 0 ||
		read_undated(watch, error) < 0 || read_results(watch, run_path(path, runs, run, "results.ndjson"), error) < 0)
		return -1;
	count_feeds(watch);
	watch->requests = run_requests(run_path(path, runs, run, ""));
	watch->problems |= watch->unbalanced.length ? WATCH_UNBALANCED : 0;
	watch->problems |= watch->stale ? WATCH_STALE : 0;
	return 0;
}

static int read_runs(struct watch *watch, struct error *error)
{
	const struct watch_options *options = watch->options;
	if (promotions_read(&watch->promotions, options->ledger, error) < 0)
		return -1;
	size_t count = watch->promotions.count;
	watch->last = count ? &watch->promotions.list[count - 1] : NULL;
	watch->problems |= !watch->last ? WATCH_NOTHING_RUN : strcmp(watch->last->state, "succeeded") != 0 ? WATCH_PARTIAL : 0;
	if (read_folders(watch, error) < 0)
		return -1;
	if (options->check && manifest_survey(options->runs, &watch->promotions, watch->lost, &watch->damage, error) < 0)
		return -1;
	watch->problems |= watch->damage.length ? WATCH_DAMAGED : 0;
	if (options->check) {
		watch->run_bytes = run_disk_bytes(options->runs);
		watch->ledger_bytes = ledger_disk_bytes(options->ledger);
	}
	return watch->last_is_kept ? read_last_run(watch, error) : 0;
}

int watch_read(struct watch *watch, const struct watch_options *options, struct error *error)
{
	*watch = (struct watch){.options = options,
		.unbalanced = BUFFER_INIT,
		.damage = BUFFER_INIT,
		.requests = -1,
		.units_in_positions = -1,
		.units_without_position = -1,
		.oldest_watermark = INSTANT_NONE,
		.newest_watermark = INSTANT_NONE};
	return options->results ? read_results(watch, options->results, error) : read_runs(watch, error);
}

void watch_release(struct watch *watch)
{
	promotions_release(&watch->promotions);
	run_list_release(&watch->interrupted);
	run_list_release(&watch->discarded);
	run_list_release(&watch->strange);
	name_table_release(&watch->account_ids);
	name_table_release(&watch->position_keys);
	arena_release(&watch->arena);
	buffer_release(&watch->unbalanced);
	buffer_release(&watch->damage);
	free(watch->lost);
	free(watch->accounts);
	free(watch->positions);
	free(watch->forecasts);
}
