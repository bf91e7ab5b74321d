#include "run/run_status.h"

#include "base/instant.h"
#include "io/display.h"
#include "run/run_records.h"
#include "stream/phrases.h"
#include "stream/rights_change.h"

#include <inttypes.h>
#include <string.h>

#define SHOWN 10 /* lines of a kind, without --all */

struct status {
	const struct watch *watch;
	const struct run_status_view *view;
	struct buffer *text;
	struct arena arena;
};

/* Lines begin with the profile's name. */
static void begin_line(struct status *status, const char *label)
{
	buffer_append_format(status->text, "%s  %s", status->watch->options->name, label);
}

/* What is not ours, fit to be seen. */
static void append_shown(struct status *status, const char *text)
{
	display_append(status->text, text, strlen(text), 0);
}

static bool is_over(const struct status *status, size_t shown)
{
	return shown >= SHOWN && !status->view->all;
}

static void append_more(struct status *status, const char *label, size_t count, const char *what)
{
	if (status->view->all || count <= SHOWN)
		return;
	begin_line(status, label);
	buffer_append_format(status->text, "and %zu more %s (--all lists them)\n", count - SHOWN, what);
}

/* ---- accounts ---- */

static void append_account(struct status *status, size_t number)
{
	const char *name = status->watch->accounts[number].name;
	buffer_append_string(status->text, "account ");
	append_shown(status, status->watch->account_ids.names[number].text);
	buffer_append_string(status->text, name ? " (\"" : " (");
	append_shown(status, name ? name : "without a name");
	buffer_append_string(status->text, name ? "\")" : ")");
}

/* Accounts whose feed was read, and for which the service never reported any consumption: bought through a reseller? */
static void append_unreported(struct status *status)
{
	size_t count = 0;
	for (size_t i = 0; i < status->watch->account_count; i++) {
		const struct watch_account *account = &status->watch->accounts[i];
		if (!account->has_watermark || account->has_consumption || is_over(status, count++))
			continue;
		begin_line(status, "no consumption reported: ");
		append_account(status, i);
		buffer_append_byte(status->text, '\n');
	}
	append_more(status, "no consumption reported: ", count, "accounts");
}

static void append_stale(struct status *status)
{
	size_t count = 0;
	for (size_t i = 0; i < status->watch->fed_count; i++) {
		int64_t watermark = status->watch->accounts[i].watermark;
		char day[DAY_LENGTH];
		if (!watch_account_is_stale(status->watch, &status->watch->accounts[i]) || is_over(status, count++))
			continue;
		begin_line(status, "stale: ");
		append_account(status, i);
		if (watermark == INSTANT_NONE) {
			buffer_append_string(status->text, ": its feed was never read\n");
			continue;
		}
		day_format(instant_day(watermark), day);
		buffer_append_format(status->text, ": its feed has not advanced since %.*s\n", DAY_LENGTH, day);
	}
	append_more(status, "stale: ", count, "accounts");
}

/* When each account is due; without the option, that some were not asked. */
static void append_night(struct status *status)
{
	const struct run_night *night = &status->watch->night;
	if (night->asked < night->accounts) {
		begin_line(status, "last night: ");
		buffer_append_format(status->text,
			"%" PRId64 " of %" PRId64 " accounts were due: %" PRId64 " asked, %" PRId64 " with news, %" PRId64 " put off\n",
			night->due, night->accounts, night->asked, night->with_news, night->put_off);
	}
	for (size_t i = 0; status->view->accounts && i < status->watch->account_count; i++) {
		const struct watch_account *account = &status->watch->accounts[i];
		char due_on[DAY_LENGTH], read_on[DAY_LENGTH];
		if (!account->outcome)
			continue;
		begin_line(status, "");
		append_account(status, i);
		day_format(account->due_on, due_on);
		buffer_append_format(status->text, ": due on %.*s; ", DAY_LENGTH, due_on);
		if (account->read_at == INSTANT_NONE) {
			buffer_append_string(status->text, "never read to its end\n");
			continue;
		}
		day_format(instant_day(account->read_at), read_on);
		buffer_append_format(
			status->text, "read on %.*s%s\n", DAY_LENGTH, read_on, strcmp(account->outcome, "news") == 0 ? ", with news" : "");
	}
}

/* ---- positions and forecasts ---- */

static void append_exhaustion(struct status *status, const struct watch_forecast *forecast)
{
	char day[DAY_LENGTH];
	day_format(forecast->exhausted_on, day);
	begin_line(status, forecast->warns ? "warning: " : "");
	append_shown(status, forecast->model);
	buffer_append_string(status->text, "  ");
	append_shown(status, forecast->metric);
	buffer_append_string(status->text, "  rights ");
	if (forecast->has_run_out)
		buffer_append_format(status->text, "ran out on %.*s\n", DAY_LENGTH, day);
	else
		buffer_append_format(status->text, "are expected to run out on %.*s, in %" PRId64 " day%s\n", DAY_LENGTH, day,
			forecast->days_left, phrase_plural(forecast->days_left));
}

static void append_exhaustions(struct status *status)
{
	for (size_t i = 0; i < status->watch->forecast_count; i++)
		if (status->watch->forecasts[i].runs_out)
			append_exhaustion(status, &status->watch->forecasts[i]);
}

static void append_positions(struct status *status)
{
	for (size_t i = 0; i < status->watch->position_count; i++) {
		const struct watch_position *position = &status->watch->positions[i];
		const char *state = position->usage_state ? position->usage_state : "";
		bool is_counted = (strcmp(state, "counted") == 0 || strcmp(state, "zero") == 0) && position->used;
		const char *phrase = is_counted ? position->used : phrase_label("usage_state", state);
		char start[DAY_LENGTH];
		day_format(instant_day(position->start), start);
		begin_line(status, "");
		append_shown(status, position->model);
		buffer_append_format(status->text, "  from %.*s  used ", DAY_LENGTH, start);
		append_shown(status, phrase ? phrase : state);
		buffer_append_string(status->text, " of ");
		append_shown(status, position->owned ? position->owned : "null");
		buffer_append_string(status->text, "  ");
		append_shown(status, position->status ? position->status : "null");
		buffer_append_byte(status->text, '\n');
	}
}

/* ---- runs ---- */

static void append_rights(struct status *status, struct record *record)
{
	static const int slots[] = {RIGHTS_CHANGE(RECORD_SLOT)};
	const char *texts[RIGHTS_CHANGE_FIELDS];
	struct buffer line = BUFFER_INIT;
	char start[DAY_LENGTH + 1] = "";
	int64_t period_start = record_instant(record, SLOT_period_start);
	for (int i = 0; i < RIGHTS_CHANGE_FIELDS; i++)
		texts[i] = record_text(record, slots[i], &status->arena);
	if (record->failed)
		return;
	day_format(instant_day(period_start), start);
	buffer_append_format(status->text, "  %s  ", start);
	rights_change_append(texts, &line);
	append_shown(status, line.data);
	status->text->failed |= line.failed;
	buffer_append_byte(status->text, '\n');
	buffer_release(&line);
}

static void append_restatement(void *context, struct record *record)
{
	if (message_is_record(record->message, "rights_restatement")) {
		append_rights(context, record);
		return;
	}
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

static int append_run(struct status *status, size_t place, struct error *error)
{
	const struct watch_options *options = status->watch->options;
	const struct promotion *run = &status->watch->promotions.list[place];
	char path[RUN_PATH_LIMIT];
	begin_line(status, "");
	buffer_append_format(status->text, "%s  %s  %s figures, %s restated, %s rejected\n", run->run_id, run->state, run->consumption,
		run->restatements, run->rejects);
	if (status->watch->lost[place]) {
		begin_line(status, "");
		buffer_append_format(status->text, "%s  lost: its folder or its files are missing in %s\n", run->run_id, options->runs);
	} else if (status->view->restatements) {
		return run_records_read(
			run_path(path, options->runs, run->run_id, "restatements.ndjson"), append_restatement, status, error);
	}
	return 0;
}

/* The last ones; with --restatements all, and those that are lost. */
static int append_runs(struct status *status, struct error *error)
{
	size_t count = status->watch->promotions.count;
	bool all = status->view->all || status->view->restatements;
	if (!count)
		buffer_append_format(status->text, "%s: nothing was run yet\n", status->watch->options->name);
	if (!all && count > SHOWN) {
		begin_line(status, "");
		buffer_append_format(
			status->text, "%zu earlier run%s (--all lists them)\n", count - SHOWN, phrase_plural((int64_t)count - SHOWN));
	}
	for (size_t i = 0; i < count; i++)
		if ((all || i + SHOWN >= count || status->watch->lost[i]) && append_run(status, i, error) < 0)
			return -1;
	return 0;
}

/* A line for each folder that is not a promoted run. */
static void append_folders(struct status *status, const struct run_list *list, enum run_kind kind)
{
	struct buffer name = BUFFER_INIT;
	for (size_t i = 0; i < list->count && !is_over(status, i); i++) {
		size_t length = strlen(list->names[i]);
		buffer_reset(&name);
		if (display_is_utf8(list->names[i], length))
			display_append(&name, list->names[i], length, 0);
		else
			buffer_append_string(&name, "a name that is not UTF-8");
		begin_line(status, name.data);
		if (kind == RUN_INTERRUPTED)
			buffer_append_string(
				status->text, status->watch->is_under_way ? "  under way\n" : "  interrupted: the next run finishes it\n");
		else if (kind == RUN_DISCARDED)
			buffer_append_format(status->text, "  discarded: what it recorded is kept in %s/.%s.discarded\n",
				status->watch->options->runs, name.data);
		else
			buffer_append_string(status->text, "  not a run: the ledger does not have it; ignored\n");
	}
	append_more(status, "", list->count,
		kind == RUN_INTERRUPTED         ? "interrupted runs"
			: kind == RUN_DISCARDED ? "discarded runs"
						: "folders that are no runs");
	buffer_release(&name);
}

/* The verdict, and that of the run where the clock has changed it; and the positions. */
static void append_results(struct status *status, const char *of_run)
{
	const char *verdict = status->watch->options->verdict ? status->watch->options->verdict : of_run;
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
	if (status->view->positions)
		append_positions(status);
}

static void append_damage(struct status *status)
{
	const char *at = status->watch->damage.length ? status->watch->damage.data : "";
	for (const char *end; (end = strchr(at, '\n')); at = end + 1) {
		begin_line(status, "damaged: ");
		display_append(status->text, at, (size_t)(end - at), 0);
		buffer_append_byte(status->text, '\n');
	}
}

static void append_last_run(struct status *status)
{
	const struct promotion *last = status->watch->last;
	append_results(status, last->verdict);
	if (status->watch->unbalanced.length) {
		begin_line(status, "figures do not add up: ");
		buffer_append_format(status->text, "run %s: %s\n", last->run_id, status->watch->unbalanced.data);
	}
	append_damage(status);
	append_unreported(status);
	if (status->watch->undated > 0) {
		begin_line(status, "in no period: ");
		buffer_append_format(status->text, "%" PRId64 " envelope(s) past a draft without a sent time\n", status->watch->undated);
	}
	if (*last->accounts_without_billing && strcmp(last->accounts_without_billing, "0") != 0) {
		begin_line(status, "without Docusign's own count: ");
		buffer_append_format(status->text, "%s account(s), in the last run\n", last->accounts_without_billing);
	}
	append_exhaustions(status);
	append_stale(status);
	append_night(status);
}

int run_status_append(const struct watch *watch, const struct run_status_view *view, struct buffer *text, struct error *error)
{
	struct status status = {.watch = watch, .view = view, .text = text};
	if (watch->options->results) {
		append_results(&status, "");
		append_exhaustions(&status);
		return buffer_check(text, error);
	}
	int result = append_runs(&status, error);
	append_folders(&status, &watch->interrupted, RUN_INTERRUPTED);
	append_folders(&status, &watch->discarded, RUN_DISCARDED);
	append_folders(&status, &watch->strange, RUN_NAMED);
	if (watch->last_is_kept)
		append_last_run(&status);
	else
		append_damage(&status);
	arena_release(&status.arena);
	return result < 0 ? -1 : buffer_check(text, error);
}
