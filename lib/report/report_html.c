#include "report/report_html.h"

#include "base/embedded.h"
#include "base/instant.h"
#include "io/display.h"
#include "report/report_accounts.h"
#include "report/verdict.h"
#include "stream/phrases.h"
#include "json/jq_program.h"
#include "json/json_scan.h"
#include "json/json_write.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

EMBEDDED(report_report_jq);
EMBEDDED(report_report_css);

/* A text from outside, safe to be seen; null for NULL. */
static void append_text(struct buffer *json, const char *key, const char *text)
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
static void append_integer(struct buffer *json, const char *key, int64_t value)
{
	char text[24];
	snprintf(text, sizeof text, "%" PRId64, value);
	if (key)
		json_key(json, key);
	json_c_string(json, text);
}

static void append_days(struct buffer *json, int64_t start, int64_t end)
{
	json_member_day(json, "start", instant_day(start));
	json_member_day(json, "last", instant_day(end - 1));
}

static void append_units(struct buffer *json, int64_t consumed, int64_t licensed)
{
	append_integer(json, "consumed", consumed);
	append_integer(json, "licensed", licensed);
	append_integer(json, "unlicensed", consumed - licensed);
}

/* The periods of a table's profile and unit, and their totals. */
static int append_periods(struct buffer *json, const struct report *report, const struct report_accounts *table, struct error *error)
{
	int64_t consumed = 0, licensed = 0;
	json_member_begin(json, "periods", '[');
	for (size_t i = table->first; i < table->end; i++) {
		const struct report_period *period = report_period_at(report, i);
		json_begin(json, '{');
		append_days(json, period->start, period->end);
		append_text(json, "state", period->state);
		append_units(json, period->consumed, period->licensed);
		json_member_boolean(json, "is_before_contract", period->index < 0);
		json_end(json, '}');
		if (sum_add(&consumed, period->consumed, error) < 0 || sum_add(&licensed, period->licensed, error) < 0)
			return -1;
	}
	json_end(json, ']');
	json_member_begin(json, "totals", '{');
	append_units(json, consumed, licensed);
	json_end(json, '}');
	return 0;
}

static void append_account(struct buffer *json, const struct report *report, uint32_t account)
{
	const struct report_account *facts = &report->accounts[account];
	append_text(json, "account", facts->name ? facts->name : report->account_ids.names[account].text);
	append_text(json, "account_id", facts->name ? report->account_ids.names[account].text : NULL);
}

static void append_cells(struct buffer *json, const struct report_accounts *table, size_t row)
{
	json_member_begin(json, "cells", '[');
	for (size_t i = 0; i <= table->column_count; i++)
		append_integer(json, NULL, table->cells[row * (table->column_count + 1) + i]);
	json_end(json, ']');
}

static void append_account_rows(struct buffer *json, const struct report *report, const struct report_accounts *table)
{
	json_member_boolean(json, "has_earlier", table->has_earlier);
	json_member_begin(json, "columns", '[');
	for (size_t i = table->end - table->column_count + (table->has_earlier ? 1 : 0); i < table->end; i++) {
		const struct report_period *period = report_period_at(report, i);
		json_begin(json, '{');
		append_days(json, period->start, period->end);
		json_end(json, '}');
	}
	json_end(json, ']');
	json_member_begin(json, "rows", '[');
	for (size_t row = 0; row < table->row_count; row++) {
		json_begin(json, '{');
		append_account(json, report, table->accounts[row]);
		append_cells(json, table, row);
		json_end(json, '}');
	}
	json_end(json, ']');
	json_member_begin(json, "others", '{');
	append_integer(json, "accounts", (int64_t)table->other_count);
	append_cells(json, table, table->row_count);
	json_end(json, '}');
}

/* Units of one profile and unit of measure: by period, and by account and period. */
static int append_group(struct buffer *json, const struct report *report, size_t *first, struct error *error)
{
	struct report_accounts table = {.row_limit = REPORT_HTML_ACCOUNTS, .column_limit = REPORT_HTML_PERIODS};
	const struct report_period *period = report_period_at(report, *first);
	int result = report_accounts_build(&table, report, *first, error);
	json_begin(json, '{');
	append_text(json, "profile", period->profile);
	append_text(json, "unit", period->unit);
	if (result == 0)
		result = append_periods(json, report, &table, error);
	if (result == 0)
		append_account_rows(json, report, &table);
	json_end(json, '}');
	*first = table.end;
	report_accounts_release(&table);
	return result;
}

static int append_groups(struct buffer *json, const struct report *report, struct error *error)
{
	int result = 0;
	json_member_begin(json, "groups", '[');
	for (size_t first = 0; first < report->period_count && result == 0;)
		result = append_group(json, report, &first, error);
	json_end(json, ']');
	return result;
}

/* "<field>_label" and "<field>_sentence": what people read for a word. */
static void append_phrases(struct buffer *json, const char *field, const char *word)
{
	char key[64];
	if (!phrase_sentence(field, word))
		return;
	snprintf(key, sizeof key, "%s_label", field);
	append_text(json, key, phrase_label(field, word));
	snprintf(key, sizeof key, "%s_sentence", field);
	append_text(json, key, phrase_sentence(field, word));
}

static void append_restatements(struct buffer *json, const struct report *report)
{
	json_member_begin(json, "restatements", '[');
	for (size_t i = 0; i < report->restatement_count; i++) {
		const struct report_restatement *restatement = &report->restatements[i];
		json_begin(json, '{');
		append_days(json, restatement->start, restatement->end);
		append_account(json, report, restatement->account);
		append_integer(json, "before", restatement->before);
		append_integer(json, "after", restatement->after);
		append_integer(json, "delta", restatement->delta);
		append_text(json, "cause", restatement->cause);
		append_phrases(json, "cause", restatement->cause);
		json_end(json, '}');
	}
	json_end(json, ']');
	append_integer(json, "more_restatements", report->restatement_total - (int64_t)report->restatement_count);
}

static void append_identifiers(struct buffer *json, const struct report *report)
{
	json_member_begin(json, "identifiers", '[');
	for (size_t i = 0; i < report->identifier_count; i++) {
		const struct report_identifier *identifier = &report->identifiers[i];
		json_begin(json, '{');
		append_text(json, "identifier", identifier->identifier);
		append_text(json, "type", identifier->type);
		append_text(json, "display_name", identifier->display_name);
		append_integer(json, "subscriptions", identifier->subscriptions);
		append_integer(json, "units", identifier->units);
		json_end(json, '}');
	}
	json_end(json, ']');
}

/* A field as text; an array as it is, since report.jq checks its elements. Without a known consumption no rights follow from it. */
static void append_field(struct buffer *json, const struct report_row *row, const struct stream_field *field)
{
	const char *text = report_row_text(row, field->name);
	bool follows = strcmp(field->name, "rights_available") == 0 || strcmp(field->name, "over_licensed_rights") == 0 ||
		strcmp(field->name, "unlicensed_rights") == 0;
	if (field->type == FIELD_ARRAY && text)
		json_member_raw(json, field->name, text, strlen(text));
	else if (strcmp(field->name, "rights_used") == 0)
		append_text(json, field->name, report_row_consumption(row));
	else
		append_text(json, field->name, !text && follows ? "–" : text);
	append_phrases(json, field->name, text);
}

/* How a status looks: good only where nothing could change it. */
static const char *tone_of(const char *status, bool is_certain)
{
	if (strcmp(status, "Compliant") == 0)
		return is_certain ? "good" : "plain";
	return strcmp(status, "Unknown") == 0 ? "unknown" : "bad";
}

/* Rows of the period that starts at `start`, or all for INSTANT_NONE; at most `limit`, and how many more there are. */
static void append_rows(
	struct buffer *json, const char *key, const struct report *report, const struct report_rows *rows, int64_t start, size_t limit)
{
	const char *status = stream_field_index(rows->stream, "status", 6) >= 0 ? "status"
		: stream_field_index(rows->stream, "status_after", 12) >= 0     ? "status_after"
										: NULL;
	bool is_certain = report_is_certain(report);
	char more[64];
	size_t count = 0;
	json_member_begin(json, key, '[');
	for (size_t i = 0; i < rows->count; i++) {
		const struct report_row *row = report_row_at(rows, i);
		if ((start != INSTANT_NONE && row->start != start) || ++count > limit)
			continue;
		json_begin(json, '{');
		append_days(json, row->start, row->end);
		for (const struct stream_field *field = rows->stream->fields; field->name; field++)
			append_field(json, row, field);
		json_member_boolean(json, "is_current", row->start <= report->now && report->now < row->end);
		json_member_boolean(json, "has_begun", row->start <= report->now);
		if (status)
			append_text(json, "tone", tone_of(report_row_text(row, status), is_certain));
		if (rows == &report->metrics) {
			json_member_boolean(json, "is_compliant", report_metric_is_compliant(row) || report_metric_is_unknown(row));
			json_member_boolean(json, "is_unknown", report_metric_is_unknown(row));
		}
		json_end(json, '}');
	}
	json_end(json, ']');
	snprintf(more, sizeof more, "more_%s", key);
	append_integer(json, more, count > limit ? (int64_t)(count - limit) : 0);
}

static void append_verdict(void *context, enum verdict verdict, const struct buffer *sentence)
{
	static const char *const tones[] = {
		[VERDICT_NOT_COMPLIANT] = "bad", [VERDICT_INCOMPLETE] = "mixed", [VERDICT_AT_RISK] = "mixed", [VERDICT_COMPLIANT] = "good"};
	struct buffer *json = context;
	size_t word = strcspn(sentence->data, ":");
	json_begin(json, '{');
	append_text(json, "tone", tones[verdict]);
	json_member_string(json, "word", sentence->data, word);
	json_member_string(json, "rest", sentence->data + word, sentence->length - word);
	json_end(json, '}');
	json->failed |= sentence->failed;
}

static void append_sentence(void *context, bool is_bad, const char *sentence)
{
	struct buffer *json = context;
	json_begin(json, '{');
	append_text(json, "tone", is_bad ? "bad" : "note");
	append_text(json, "text", sentence);
	json_end(json, '}');
}

static int build_document(struct buffer *json, const struct report *report, struct error *error)
{
	char now[INSTANT_LENGTH + 1] = "";
	instant_format(report->now, now);
	json_begin(json, '{');
	append_text(json, "title", report->title);
	append_text(json, "now", now);
	append_text(json, "version", ENVTALLY_VERSION);
	json_member_string(json, "css", EMBEDDED_TEXT(report_report_css), EMBEDDED_LENGTH(report_report_css));
	json_member_begin(json, "verdict", '[');
	report_verdict(report, append_verdict, json);
	json_end(json, ']');
	json_member_begin(json, "sentences", '[');
	report_summarize(report, append_sentence, json);
	json_end(json, ']');
	append_rows(json, "metrics", report, &report->metrics, INSTANT_NONE, SIZE_MAX);
	if (append_groups(json, report, error) < 0)
		return -1;
	append_restatements(json, report);
	append_identifiers(json, report);
	append_rows(json, "forecasts", report, &report->forecasts, INSTANT_NONE, REPORT_HTML_FORECASTS);
	append_rows(json, "without", report, &report->without, INSTANT_NONE, SIZE_MAX);
	append_rows(json, "ineffective", report, &report->ineffective, INSTANT_NONE, REPORT_HTML_ROWS);
	append_rows(json, "remediations", report, &report->remediations, INSTANT_NONE, REPORT_HTML_ROWS);
	append_rows(json, "billings", report, &report->billings, INSTANT_NONE, REPORT_HTML_ROWS);
	append_rows(json, "group_results", report, &report->groups, report->groups_start, REPORT_HTML_ROWS);
	json_end(json, '}');
	json_finish(json);
	return buffer_check(json, error);
}

int report_html_print(const struct report *report, struct output *output, struct error *error)
{
	struct buffer json = BUFFER_INIT;
	int result = build_document(&json, report, error);
	if (result == 0)
		result = jq_program_append_member("report.jq", EMBEDDED_TEXT(report_report_jq), EMBEDDED_LENGTH(report_report_jq), &json,
			"/page", &output->pending, error);
	if (result == 0)
		output_line_end(output);
	buffer_release(&json);
	return result;
}
