#include "report/report_html.h"

#include "base/embedded.h"
#include "base/instant.h"
#include "io/display.h"
#include "report/report_accounts.h"
#include "json/jq_program.h"
#include "json/json_scan.h"
#include "json/json_write.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

EMBEDDED(report_report_jq);
EMBEDDED(report_report_css);

/* A text from outside, safe to be seen; null for NULL. */
static void put_text(struct buffer *json, const char *key, const char *text)
{
	struct buffer shown = BUFFER_INIT;
	json_key(json, key);
	if (text)
		display_append(&shown, text, strlen(text), REPORT_HTML_NAME);
	json_c_string(json, text ? shown.data : NULL);
	json->failed |= shown.failed;
	buffer_release(&shown);
}

/* As text: jq's numbers are doubles. */
static void put_integer(struct buffer *json, const char *key, int64_t value)
{
	char text[24];
	snprintf(text, sizeof text, "%" PRId64, value);
	if (key)
		json_key(json, key);
	json_c_string(json, text);
}

static void put_days(struct buffer *json, int64_t start, int64_t end)
{
	json_member_day(json, "start", instant_day(start));
	json_member_day(json, "last", instant_day(end - 1));
}

/* What people see of a field: of a use that is not known no figure follows. */
static const char *seen_text(const struct report_metric *metric, const char *field, const char *text)
{
	if (text)
		return text;
	if (strcmp(field, "rights_used") == 0)
		return report_metric_use(metric);
	bool follows = strcmp(field, "rights_available") == 0 || strcmp(field, "over_licensed_rights") == 0 ||
		strcmp(field, "unlicensed_rights") == 0;
	return follows ? "–" : NULL;
}

static void put_metrics(struct buffer *json, const struct report *report)
{
	json_member_begin(json, "metrics", '[');
	for (size_t i = 0; i < report->metric_count; i++) {
		const struct report_metric *metric = &report->metrics[i];
		json_begin(json, '{');
		put_days(json, metric->start, metric->end);
		for (size_t j = 0; j < REPORT_METRIC_FIELDS && stream_metric_result.fields[j].name; j++)
			put_text(json, stream_metric_result.fields[j].name,
				seen_text(metric, stream_metric_result.fields[j].name, metric->texts[j]));
		json_member_boolean(json, "is_current", metric->start <= report->now && report->now < metric->end);
		json_member_boolean(json, "has_begun", metric->start <= report->now);
		json_member_boolean(json, "is_compliant", report_metric_is_compliant(metric) || report_metric_is_unknown(metric));
		json_member_boolean(json, "is_unknown", report_metric_is_unknown(metric));
		json_end(json, '}');
	}
	json_end(json, ']');
}

static void put_units(struct buffer *json, int64_t consumed, int64_t licensed)
{
	put_integer(json, "consumed", consumed);
	put_integer(json, "licensed", licensed);
	put_integer(json, "unlicensed", consumed - licensed);
}

/* The periods of a table's profile and unit, and their totals. */
static int put_periods(struct buffer *json, const struct report *report, const struct report_accounts *table, struct error *error)
{
	int64_t consumed = 0, licensed = 0;
	json_member_begin(json, "periods", '[');
	for (size_t i = table->first; i < table->end; i++) {
		const struct report_period *period = &report->periods[report->period_order[i]];
		json_begin(json, '{');
		put_days(json, period->start, period->end);
		put_text(json, "state", report_word(report, period->state));
		put_units(json, period->consumed, period->licensed);
		json_member_boolean(json, "is_before_contract", period->index < 0);
		json_end(json, '}');
		if (sum_add(&consumed, period->consumed, error) < 0 || sum_add(&licensed, period->licensed, error) < 0)
			return -1;
	}
	json_end(json, ']');
	json_member_begin(json, "totals", '{');
	put_units(json, consumed, licensed);
	json_end(json, '}');
	return 0;
}

static void put_account(struct buffer *json, const struct report *report, uint32_t account)
{
	const struct report_account *facts = &report->accounts[account];
	put_text(json, "account", facts->name ? facts->name : report->account_ids.names[account].text);
	put_text(json, "account_id", facts->name ? report->account_ids.names[account].text : NULL);
}

static void put_cells(struct buffer *json, const struct report_accounts *table, size_t row)
{
	json_member_begin(json, "cells", '[');
	for (size_t i = 0; i <= table->column_count; i++)
		put_integer(json, NULL, table->cells[row * (table->column_count + 1) + i]);
	json_end(json, ']');
}

static void put_account_rows(struct buffer *json, const struct report *report, const struct report_accounts *table)
{
	json_member_boolean(json, "has_earlier", table->has_earlier);
	json_member_begin(json, "columns", '[');
	for (size_t i = table->end - table->column_count + (table->has_earlier ? 1 : 0); i < table->end; i++) {
		const struct report_period *period = &report->periods[report->period_order[i]];
		json_begin(json, '{');
		put_days(json, period->start, period->end);
		json_end(json, '}');
	}
	json_end(json, ']');
	json_member_begin(json, "rows", '[');
	for (size_t row = 0; row < table->row_count; row++) {
		json_begin(json, '{');
		put_account(json, report, table->accounts[row]);
		put_cells(json, table, row);
		json_end(json, '}');
	}
	json_end(json, ']');
	json_member_begin(json, "others", '{');
	put_integer(json, "accounts", (int64_t)table->other_count);
	put_cells(json, table, table->row_count);
	json_end(json, '}');
}

/* Units of one profile and unit of measure: by period, and by account and period. */
static int put_group(struct buffer *json, const struct report *report, size_t *first, struct error *error)
{
	struct report_accounts table = {.row_limit = REPORT_HTML_ACCOUNTS, .column_limit = REPORT_HTML_PERIODS};
	const struct report_period *period = &report->periods[report->period_order[*first]];
	int result = report_accounts_build(&table, report, *first, error);
	json_begin(json, '{');
	put_text(json, "profile", report_word(report, period->profile));
	put_text(json, "unit", report_word(report, period->unit));
	if (result == 0)
		result = put_periods(json, report, &table, error);
	if (result == 0)
		put_account_rows(json, report, &table);
	json_end(json, '}');
	*first = table.end;
	report_accounts_release(&table);
	return result;
}

static int put_groups(struct buffer *json, const struct report *report, struct error *error)
{
	int result = 0;
	json_member_begin(json, "groups", '[');
	for (size_t first = 0; first < report->period_keys.count && result == 0;)
		result = put_group(json, report, &first, error);
	json_end(json, ']');
	return result;
}

static void put_restatements(struct buffer *json, const struct report *report)
{
	json_member_begin(json, "restatements", '[');
	for (size_t i = 0; i < report->restatement_count; i++) {
		const struct report_restatement *restatement = &report->restatements[i];
		json_begin(json, '{');
		put_days(json, restatement->start, restatement->end);
		put_account(json, report, restatement->account);
		put_integer(json, "before", restatement->before);
		put_integer(json, "after", restatement->after);
		put_integer(json, "delta", restatement->delta);
		put_text(json, "cause", report_word(report, restatement->cause));
		json_end(json, '}');
	}
	json_end(json, ']');
	put_integer(json, "more_restatements", report->restatement_total - (int64_t)report->restatement_count);
}

static void put_identifiers(struct buffer *json, const struct report *report)
{
	json_member_begin(json, "identifiers", '[');
	for (size_t i = 0; i < report->identifier_count; i++) {
		const struct report_identifier *identifier = &report->identifiers[i];
		json_begin(json, '{');
		put_text(json, "identifier", identifier->identifier);
		put_text(json, "type", identifier->type);
		put_text(json, "display_name", identifier->display_name);
		put_integer(json, "subscriptions", identifier->subscriptions);
		put_integer(json, "units", identifier->units);
		json_end(json, '}');
	}
	json_end(json, ']');
}

/* Figures and names as texts, an array as what it is: its elements are looked at by who uses them. */
static void put_value(struct buffer *json, const struct stream_field *field, const char *text)
{
	if (field->type != FIELD_ARRAY || !text) {
		put_text(json, field->name, text);
		return;
	}
	json_member_raw(json, field->name, text, strlen(text));
}

/* Rows of the period that starts at `start`, or all for INSTANT_NONE; at most `limit`, and how many more there are. */
static void put_rows(
	struct buffer *json, const char *key, const struct report *report, const struct report_rows *rows, int64_t start, size_t limit)
{
	char more[64];
	size_t count = 0;
	json_member_begin(json, key, '[');
	for (size_t i = 0; i < rows->count; i++) {
		const struct report_row *row = &rows->list[i];
		if ((start != INSTANT_NONE && row->start != start) || ++count > limit)
			continue;
		json_begin(json, '{');
		put_days(json, row->start, row->end);
		for (const struct stream_field *field = rows->stream->fields; field->name; field++)
			put_value(json, field, report_row_text(rows, &report->words, row, field->name));
		json_end(json, '}');
	}
	json_end(json, ']');
	snprintf(more, sizeof more, "more_%s", key);
	put_integer(json, more, count > limit ? (int64_t)(count - limit) : 0);
}

static void put_sentence(void *context, enum report_tone tone, const char *sentence)
{
	static const char *const tones[] = {[REPORT_GOOD] = "good", [REPORT_BAD] = "bad", [REPORT_NOTE] = "note"};
	struct buffer *json = context;
	json_begin(json, '{');
	put_text(json, "tone", tones[tone]);
	put_text(json, "text", sentence);
	json_end(json, '}');
}

static int build_document(struct buffer *json, const struct report *report, struct error *error)
{
	char now[INSTANT_LENGTH + 1] = "";
	instant_format(report->now, now);
	json_begin(json, '{');
	put_text(json, "title", report->title);
	put_text(json, "now", now);
	put_text(json, "version", ENVTALLY_VERSION);
	json_member_string(json, "css", EMBEDDED_TEXT(report_report_css), EMBEDDED_LENGTH(report_report_css));
	json_member_begin(json, "sentences", '[');
	report_summarize(report, put_sentence, json);
	json_end(json, ']');
	put_metrics(json, report);
	if (put_groups(json, report, error) < 0)
		return -1;
	put_restatements(json, report);
	put_identifiers(json, report);
	put_rows(json, "forecasts", report, &report->forecasts, INSTANT_NONE, REPORT_HTML_FORECASTS);
	put_rows(json, "remediations", report, &report->remediations, INSTANT_NONE, REPORT_HTML_ROWS);
	put_rows(json, "billings", report, &report->billings, INSTANT_NONE, REPORT_HTML_ROWS);
	put_rows(json, "group_results", report, &report->groups, report->groups_start, REPORT_HTML_ROWS);
	json_end(json, '}');
	json_finish(json);
	return buffer_check(json, error);
}

/* The program gives {"page":"…"}. */
static int print_page(void *context, const char *text, size_t length)
{
	static const char *const whole[] = {"/page"};
	struct output *output = context;
	struct json_slice page;
	struct json_scanner *scanner = json_scanner_new(whole, 1, NULL);
	int result = scanner && json_scan(scanner, text, length, &page, NULL) == 0 && page.kind == JSON_STRING ? 0 : -1;
	if (result == 0) {
		buffer_append(&output->pending, page.text, page.length);
		output_line_end(output);
	}
	json_scanner_free(scanner);
	return result;
}

int report_html_print(const struct report *report, struct output *output, struct error *error)
{
	struct buffer json = BUFFER_INIT;
	struct jq_program *transform = NULL;
	int result = build_document(&json, report, error);
	if (result == 0 &&
		!(transform = jq_program_new("report.jq", EMBEDDED_TEXT(report_report_jq), EMBEDDED_LENGTH(report_report_jq), error)))
		result = -1;
	if (result == 0)
		result = jq_program_run(transform, json.data, json.length, print_page, output, error);
	if (result != 0 && !error->status)
		error_set(error, EX_SOFTWARE, "cannot make the page: jq program 'report.jq' gave no page");
	jq_program_free(transform);
	buffer_release(&json);
	return result;
}
