#include "run/watch_print.h"

#include "base/embedded.h"
#include "base/instant.h"
#include "json/jq_program.h"
#include "json/json_write.h"

#include <stdlib.h>
#include <string.h>

EMBEDDED(run_watch_jq);

#define INPUT_LIMIT ((size_t)256 << 20)

static const struct {
	enum watch_problem problem;
	const char *name;
} problems[] = {
	{WATCH_NOTHING_RUN, "nothing_run"},
	{WATCH_PARTIAL, "partial"},
	{WATCH_INTERRUPTED, "interrupted"},
	{WATCH_LOST, "lost"},
	{WATCH_DAMAGED, "damaged"},
	{WATCH_UNBALANCED, "does_not_add_up"},
	{WATCH_STALE, "stale_feed"},
	{WATCH_RUN_OUT, "run_out"},
};

static void append_problems(const struct watch *watch, struct buffer *json)
{
	json_member_boolean(json, "healthy", watch->problems == 0);
	json_member_begin(json, "attention", '[');
	for (size_t i = 0; i < sizeof problems / sizeof *problems; i++)
		if (watch->problems & problems[i].problem)
			json_c_string(json, problems[i].name);
	json_end(json, ']');
}

static void append_time(struct buffer *json, const char *key, const char *text)
{
	int64_t instant = INSTANT_NONE;
	if (*text && instant_parse(text, strlen(text), &instant) < 0)
		instant = INSTANT_NONE;
	json_member_instant(json, key, instant);
}

static void append_count(struct buffer *json, const char *key, const char *text)
{
	json_member_integer_or_null(json, key, *text, strtoll(text, NULL, 10));
}

static void append_last_run(const struct watch *watch, struct buffer *json)
{
	const struct promotion *last = watch->last;
	int64_t ended_at;
	/* A run with a given clock began at another time. */
	bool has_end = instant_parse(last->ended_at, strlen(last->ended_at), &ended_at) == 0 && ended_at >= last->clock &&
		ended_at - last->clock < 7 * DAY_MS;
	json_member_begin(json, "last_run", '{');
	json_member_text(json, "run", last->run_id);
	json_member_text(json, "state", last->state);
	json_member_instant(json, "started_at", last->clock);
	append_time(json, "ended_at", last->ended_at);
	json_member_integer_or_null(json, "seconds", has_end, has_end ? (ended_at - last->clock) / 1000 : 0);
	append_count(json, "figures", last->consumption);
	append_count(json, "restatements", last->restatements);
	append_count(json, "rejects", last->rejects);
	json_member_integer_or_null(json, "requests", watch->requests >= 0, watch->requests);
	json_member_integer_or_null(json, "accounts_due", watch->night.accounts > 0, watch->night.due);
	json_member_integer_or_null(json, "accounts_asked", watch->night.accounts > 0, watch->night.asked);
	json_member_integer_or_null(json, "accounts_put_off", watch->night.accounts > 0, watch->night.put_off);
	json_end(json, '}');
}

static void append_runs(const struct watch *watch, struct buffer *json)
{
	const struct promotion *success = NULL;
	size_t succeeded = 0, lost = 0, unfinished = watch->interrupted.count;
	for (size_t i = 0; i < watch->promotions.count; i++) {
		bool is_success = strcmp(watch->promotions.list[i].state, "succeeded") == 0;
		succeeded += is_success;
		lost += watch->lost[i];
		success = is_success ? &watch->promotions.list[i] : success;
	}
	json_member_begin(json, "runs", '{');
	json_member_integer(json, "succeeded", (int64_t)succeeded);
	json_member_integer(json, "partial", (int64_t)(watch->promotions.count - succeeded));
	json_member_integer(json, "under_way", watch->is_under_way);
	json_member_integer(json, "interrupted", watch->is_under_way ? 0 : (int64_t)unfinished);
	json_member_integer(json, "lost", (int64_t)lost);
	json_member_integer(json, "discarded", (int64_t)watch->discarded.count);
	json_member_integer(json, "unknown_folders", (int64_t)watch->strange.count);
	json_end(json, '}');
	json_member_text(json, "last_success", success ? success->run_id : NULL);
	json_member_instant(json, "last_success_at", success ? success->clock : INSTANT_NONE);
	if (watch->last)
		append_last_run(watch, json);
	else
		json_member_null(json, "last_run");
}

static void append_feeds(const struct watch *watch, struct buffer *json)
{
	size_t listed = 0;
	json_member_begin(json, "feeds", '{');
	json_member_integer(json, "accounts", (int64_t)watch->fed_count);
	json_member_integer(json, "week_behind", (int64_t)watch->week_behind);
	json_member_integer(json, "due", (int64_t)watch->week_behind); /* its older name */
	json_member_integer(json, "stale", (int64_t)watch->stale);
	json_member_integer(json, "never_read", (int64_t)watch->never_read);
	json_member_instant(json, "oldest_at", watch->oldest_watermark);
	json_member_instant(json, "newest_at", watch->newest_watermark);
	json_member_begin(json, "stale_accounts", '[');
	for (size_t i = 0; i < watch->fed_count && listed < 10; i++)
		if (watch_account_is_stale(watch, &watch->accounts[i])) {
			json_c_string(json, watch->account_ids.names[i].text);
			listed++;
		}
	json_end(json, ']');
	json_end(json, '}');
}

/* A number, "unlimited" or null, as the record has it. */
static void append_rights(struct buffer *json, const char *key, const char *text)
{
	if (text && *text && text[strspn(text, "-0123456789")] == 0)
		json_member_raw(json, key, text, strlen(text));
	else
		json_member_text(json, key, text);
}

/* `keys` has the place of each position's forecast, one more; 0: none. */
static void append_positions(const struct watch *watch, const size_t *of_position, struct buffer *json)
{
	json_member_begin(json, "positions", '[');
	for (size_t i = 0; i < watch->position_count; i++) {
		const struct watch_position *position = &watch->positions[i];
		const struct watch_forecast *forecast = of_position[i] ? &watch->forecasts[of_position[i] - 1] : NULL;
		json_begin(json, '{');
		json_member_text(json, "software_model", position->model);
		json_member_text(json, "license_metric", position->metric);
		json_member_instant(json, "period_start", position->start);
		json_member_instant(json, "period_end", position->end);
		json_member_text(json, "period_state", position->period_state);
		append_rights(json, "rights_owned", position->owned);
		append_rights(json, "rights_used", position->used);
		append_rights(json, "declared_units", position->declared);
		append_rights(json, "unlicensed_rights", position->missing);
		json_member_text(json, "usage_state", position->usage_state);
		json_member_text(json, "status", position->status);
		json_member_boolean(json, "is_shared", position->is_shared);
		json_member_boolean(json, "is_covered", forecast && forecast->is_covered);
		json_key(json, "exhausted_on");
		if (forecast && forecast->runs_out)
			json_day(json, forecast->exhausted_on);
		else
			json_null(json);
		json_member_integer_or_null(json, "days_left", forecast && forecast->runs_out, forecast ? forecast->days_left : 0);
		json_member_boolean(json, "has_run_out", forecast && forecast->has_run_out);
		json_member_boolean(json, "warning", forecast && forecast->warns);
		json_end(json, '}');
	}
	json_end(json, ']');
}

/* Positions are sorted by model and metric; those of one forecast are found by halves. */
static int find_forecasts(const struct watch *watch, size_t *of_position)
{
	for (size_t i = 0; i < watch->forecast_count; i++) {
		size_t low = 0, high = watch->position_count;
		while (low < high) {
			size_t middle = (low + high) / 2;
			int order = strcmp(watch->positions[middle].model, watch->forecasts[i].model);
			order = order ? order : strcmp(watch->positions[middle].metric, watch->forecasts[i].metric);
			if (order < 0)
				low = middle + 1;
			else
				high = middle;
		}
		if (low < watch->position_count && strcmp(watch->positions[low].model, watch->forecasts[i].model) == 0 &&
			strcmp(watch->positions[low].metric, watch->forecasts[i].metric) == 0 &&
			(watch->forecasts[i].period_start == INSTANT_NONE ||
				watch->forecasts[i].period_start == watch->positions[low].start))
			of_position[low] = i + 1;
	}
	return 0;
}

int watch_append_json(const struct watch *watch, struct buffer *json, struct error *error)
{
	const char *of_run = watch->last && watch->last_is_kept ? watch->last->verdict : "";
	const char *verdict = watch->options->verdict ? watch->options->verdict : of_run;
	size_t *of_position = calloc(watch->position_count + 1, sizeof *of_position);
	if (!of_position)
		return error_set(error, EX_OSERR, "out of memory");
	find_forecasts(watch, of_position);
	json_begin(json, '{');
	json_member_text(json, "profile", watch->options->name);
	json_member_boolean(json, "is_workspace", watch->options->results != NULL);
	json_member_instant(json, "clock", watch->options->now);
	append_problems(watch, json);
	json_member_text(json, "verdict", *verdict ? verdict : NULL);
	if (!watch->options->results) {
		append_runs(watch, json);
		append_feeds(watch, json);
		json_member_integer(json, "undated", watch->undated);
		json_member_text(json, "does_not_add_up", watch->unbalanced.length ? watch->unbalanced.data : NULL);
		json_member_text(json, "damage", watch->damage.length ? watch->damage.data : NULL);
		json_member_begin(json, "disk", '{');
		json_member_integer(json, "runs", watch->run_bytes);
		json_member_integer(json, "ledger", watch->ledger_bytes);
		json_end(json, '}');
	}
	if (watch->units_in_positions >= 0) {
		json_member_begin(json, "units", '{');
		json_member_integer(json, "in_positions", watch->units_in_positions);
		json_member_integer(json, "without_position", watch->units_without_position);
		json_end(json, '}');
	}
	append_positions(watch, of_position, json);
	json_end(json, '}');
	json_finish(json);
	buffer_append_byte(json, '\n');
	free(of_position);
	return buffer_check(json, error);
}

int watch_append_form(int descriptor, const char *form, const char *label, struct buffer *text, struct error *error)
{
	struct buffer lines = BUFFER_INIT, json = BUFFER_INIT;
	int result = buffer_append_descriptor(&lines, descriptor, INPUT_LIMIT, "standard input", error);
	json_begin(&json, '{');
	json_member_text(&json, "form", form);
	json_member_text(&json, "label", label);
	json_member_begin(&json, "of", '[');
	for (size_t i = 0, end; i < lines.length; i = end + 1) {
		const char *newline = memchr(lines.data + i, '\n', lines.length - i);
		end = newline ? (size_t)(newline - lines.data) : lines.length;
		if (end > i && i)
			buffer_append_byte(&json, ',');
		buffer_append(&json, lines.data + i, end - i);
	}
	buffer_append_string(&json, "]}");
	if (result == 0)
		result = buffer_check(&json, error);
	if (result == 0)
		result = jq_program_append_member(
			"watch.jq", EMBEDDED_TEXT(run_watch_jq), EMBEDDED_LENGTH(run_watch_jq), &json, "/text", text, error);
	buffer_release(&lines);
	buffer_release(&json);
	return result;
}
