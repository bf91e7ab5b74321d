#include "report/report_table.h"

#include "base/instant.h"
#include "io/display.h"
#include "report/report_billing.h"
#include "report/report_costs.h"
#include "report/report_forecast.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define RESTATEMENTS_SHOWN 20

#define TABLE_OPEN(table, columns) text_table_open(table, columns, sizeof(columns) / sizeof *(columns))

static bool differs(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) != 0 : a != b;
}

static enum text_style style_of_state(const char *state)
{
	return strcmp(state, "open") == 0 ? TEXT_DIM : TEXT_PLAIN;
}

static void add_days(struct text_table *table, enum text_style style, int64_t start, int64_t end)
{
	struct buffer days = BUFFER_INIT;
	report_append_days(start, end, &days);
	text_table_cell(table, style, days.data, days.length);
	buffer_release(&days);
}

static bool is_of_another(const struct report_metric *metric, const struct report_metric *before)
{
	static const char *const fields[] = {"profile", "publisher", "product", "software_model", "license_metric", "unit"};
	for (size_t i = 0; before && i < sizeof fields / sizeof *fields; i++)
		if (differs(report_metric_text(metric, fields[i]), report_metric_text(before, fields[i])))
			return true;
	return !before;
}

static bool has_several_profiles(const struct report *report)
{
	for (size_t i = 1; i < report->metric_count; i++)
		if (differs(report_metric_text(&report->metrics[i], "profile"), report_metric_text(&report->metrics[0], "profile")))
			return true;
	return false;
}

/* "Profile · Model · Metric", a line before its rows. */
static void add_metric_heading(struct text_table *table, const struct report_metric *metric, const char *const names[], size_t count)
{
	struct buffer heading = BUFFER_INIT;
	for (size_t i = 0; i < count; i++) {
		const char *name = report_metric_text(metric, names[i]);
		if (name && heading.length)
			buffer_append_string(&heading, " · ");
		buffer_append_string(&heading, name ? name : "");
	}
	text_table_heading(table, heading.data, heading.length);
	buffer_release(&heading);
}

/* What a row is of, in columns of its own or, `grouped`, in a heading over its rows. */
static void fill_position(const struct report *report, struct text_table *table, bool grouped, const char *const names[], size_t count)
{
	static const char *const figures[] = {"rights_available", "over_licensed_rights", "unlicensed_rights"};
	for (size_t i = 0; i < report->metric_count; i++) {
		const struct report_metric *metric = &report->metrics[i];
		const char *state = report_metric_text(metric, "period_state");
		enum text_style style = style_of_state(state);
		if (grouped && is_of_another(metric, i ? metric - 1 : NULL))
			add_metric_heading(table, metric, names, count);
		for (size_t j = 0; j < count && !grouped; j++)
			text_table_text(table, style, report_metric_text(metric, names[j]));
		add_days(table, style, metric->start, metric->end);
		text_table_text(table, style, state);
		text_table_text(table, style, report_metric_text(metric, "rights_owned"));
		text_table_text(table, style, report_metric_use(metric));
		for (size_t j = 0; j < sizeof figures / sizeof *figures; j++)
			text_table_text(table, style, report_metric_text(metric, figures[j]));
		text_table_text(table,
			report_metric_is_compliant(metric)         ? TEXT_GOOD
				: report_metric_is_unknown(metric) ? TEXT_PLAIN
								   : TEXT_BAD,
			report_metric_text(metric, "status"));
	}
}

/* Rows say what they are of, so that grep finds them; a terminal too narrow for that gets headings. */
static int print_position(const struct report *report, const struct text_page *page, struct buffer *output, struct error *error)
{
	static const struct text_column columns[] = {{"profile", false, false}, {"software model", false, false}, {"metric", false, false},
		{"period", false, false}, {"state", false, false}, {"rights\nowned", true, false}, {"used", true, false},
		{"available", true, false}, {"over-\nlicensed", true, false}, {"un-\nlicensed", true, false}, {"status", false, false}};
	static const char *const names[] = {"profile", "software_model", "license_metric"};
	size_t total = sizeof columns / sizeof *columns, count = sizeof names / sizeof *names,
	       skipped = has_several_profiles(report) ? 0 : 1;
	struct text_table table;
	text_table_open(&table, columns + skipped, total - skipped);
	fill_position(report, &table, false, names + skipped, count - skipped);
	if (page->is_terminal && text_table_width(&table) > page->width) {
		text_table_release(&table);
		text_table_open(&table, columns + count, total - count);
		fill_position(report, &table, true, names + skipped, count - skipped);
	}
	return text_table_print_section(&table, "Licence position", 0, page, output, error);
}

static void add_period_heading(const struct report *report, struct text_table *table, const struct report_period *period)
{
	struct buffer heading = BUFFER_INIT;
	buffer_append_string(&heading, report_word(report, period->unit));
	if (period->profile != REPORT_NONE) {
		buffer_append_string(&heading, " · profile ");
		buffer_append_string(&heading, report_word(report, period->profile));
	}
	text_table_heading(table, heading.data, heading.length);
	buffer_release(&heading);
}

static void add_total(struct text_table *table, int64_t consumed, int64_t licensed)
{
	text_table_text(table, TEXT_STRONG, "total");
	text_table_text(table, TEXT_PLAIN, "");
	text_table_integer(table, TEXT_STRONG, consumed);
	text_table_integer(table, TEXT_STRONG, licensed);
	text_table_integer(table, TEXT_STRONG, consumed - licensed);
	text_table_text(table, TEXT_PLAIN, "");
}

/* Every unit of the input is in here once. */
static int print_units(const struct report *report, const struct text_page *page, struct buffer *output, struct error *error)
{
	static const struct text_column columns[] = {{"period", false, false}, {"state", false, false}, {"units\nconsumed", true, false},
		{"in licence\nrows", true, false}, {"in no\nlicence row", true, false}, {"", false, false}};
	struct text_table table;
	int64_t consumed = 0, licensed = 0;
	const struct report_period *before = NULL;
	int result = 0;
	TABLE_OPEN(&table, columns);
	for (size_t i = 0; i < report->period_keys.count && result == 0; i++) {
		const struct report_period *period = &report->periods[report->period_order[i]];
		bool first = !before || period->profile != before->profile || period->unit != before->unit;
		if (first && before)
			add_total(&table, consumed, licensed);
		if (first) {
			consumed = licensed = 0;
			add_period_heading(report, &table, period);
		}
		const char *state = report_word(report, period->state);
		enum text_style style = style_of_state(state);
		add_days(&table, style, period->start, period->end);
		text_table_text(&table, style, state);
		text_table_integer(&table, style, period->consumed);
		text_table_integer(&table, style, period->licensed);
		text_table_integer(&table, style, period->consumed - period->licensed);
		text_table_text(&table, TEXT_DIM, period->index < 0 ? "before the contract start" : "");
		result = sum_add(&consumed, period->consumed, error) < 0 || sum_add(&licensed, period->licensed, error) < 0 ? -1 : 0;
		before = period;
	}
	if (before)
		add_total(&table, consumed, licensed);
	if (result == 0)
		return text_table_print_section(&table, "Units consumed", 0, page, output, error);
	text_table_release(&table);
	return -1;
}

static int print_restatements(const struct report *report, const struct text_page *page, struct buffer *output, struct error *error)
{
	static const struct text_column columns[] = {{"period", false, false}, {"account", false, true}, {"before", true, false},
		{"after", true, false}, {"delta", true, false}, {"cause", false, false}};
	struct text_table table;
	struct buffer text = BUFFER_INIT;
	size_t shown = report->restatement_count < RESTATEMENTS_SHOWN ? report->restatement_count : RESTATEMENTS_SHOWN;
	TABLE_OPEN(&table, columns);
	for (size_t i = 0; i < shown; i++) {
		const struct report_restatement *restatement = &report->restatements[i];
		add_days(&table, TEXT_PLAIN, restatement->start, restatement->end);
		buffer_reset(&text);
		report_append_account(report, restatement->account, &text);
		text_table_cell(&table, TEXT_PLAIN, text.data, text.length);
		text_table_integer(&table, TEXT_PLAIN, restatement->before);
		text_table_integer(&table, TEXT_PLAIN, restatement->after);
		buffer_reset(&text);
		buffer_append_format(&text, "%+" PRId64, restatement->delta);
		text_table_cell(&table, TEXT_PLAIN, text.data, text.length);
		text_table_text(&table, TEXT_PLAIN, report_word(report, restatement->cause));
	}
	int result = text_table_print_section(&table, "Restatements of what was reported", 0, page, output, error);
	if (report->restatement_total > (int64_t)shown)
		buffer_append_format(output, "… and %" PRId64 " smaller ones\n", report->restatement_total - (int64_t)shown);
	buffer_release(&text);
	return result;
}

static int print_identifiers(const struct report *report, const struct text_page *page, struct buffer *output, struct error *error)
{
	static const struct text_column columns[] = {{"identifier", false, false}, {"type", false, false}, {"name", false, true},
		{"subscriptions", true, false}, {"units", true, false}};
	struct text_table table;
	TABLE_OPEN(&table, columns);
	for (size_t i = 0; i < report->identifier_count; i++) {
		const struct report_identifier *identifier = &report->identifiers[i];
		text_table_text(&table, TEXT_PLAIN, identifier->identifier);
		text_table_text(&table, TEXT_PLAIN, identifier->type);
		text_table_text(&table, TEXT_PLAIN, identifier->display_name);
		if (identifier->subscriptions < 0)
			text_table_text(&table, TEXT_PLAIN, "");
		else
			text_table_integer(&table, TEXT_PLAIN, identifier->subscriptions);
		text_table_integer(&table, TEXT_PLAIN, identifier->units);
	}
	return text_table_print_section(&table, "Unrecognized subscription identifiers", 0, page, output, error);
}

struct summary {
	struct buffer *output;
	const struct text_page *page;
};

static void print_sentence(void *context, enum report_tone tone, const char *sentence)
{
	const struct summary *summary = context;
	enum text_style style = tone == REPORT_GOOD ? TEXT_GOOD : tone == REPORT_BAD ? TEXT_BAD : TEXT_PLAIN;
	text_append_styled(summary->output, summary->page, style, sentence, strlen(sentence));
	buffer_append_byte(summary->output, '\n');
}

int report_table_print(const struct report *report, const struct text_page *page, struct buffer *output, struct error *error)
{
	char now[INSTANT_LENGTH];
	struct buffer title = BUFFER_INIT;
	struct summary summary = {output, page};
	instant_format(report->now, now);
	display_append(&title, report->title, strlen(report->title), 0);
	text_append_styled(output, page, TEXT_STRONG, title.data, title.length);
	buffer_append_format(output, ", as of %.10s %.8s UTC. Periods are shown from their first to their last day.\n", now, now + 11);
	buffer_release(&title);
	if (print_position(report, page, output, error) < 0 || report_forecast_print(report, page, output, error) < 0 ||
		report_costs_print(report, page, output, error) < 0 || report_billing_print(report, page, output, error) < 0 ||
		(report->period_keys.count && print_units(report, page, output, error) < 0) ||
		(report->restatement_total && print_restatements(report, page, output, error) < 0) ||
		(report->identifier_count && print_identifiers(report, page, output, error) < 0))
		return -1;
	buffer_append_byte(output, '\n');
	report_summarize(report, print_sentence, &summary);
	return buffer_check(output, error);
}
