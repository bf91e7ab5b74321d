#include "report/report_html.h"

#include "base/embedded.h"
#include "base/instant.h"
#include "report/html.h"
#include "report/report_page.h"
#include "report/verdict.h"
#include "stream/phrases.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

EMBEDDED(report_report_css);
EMBEDDED(report_report_js); /* REPORT_SCRIPT_HASH is its SHA-256 in base64: see the Makefile */

/* ---- sections ---- */

void page_section_begin(struct page *page, const char *id, const char *title, const char *note)
{
	html(page->out, "<section id=\"", id, "\" aria-labelledby=\"", id, "-title\"><h2 id=\"", id, "-title\">", title, "</h2>\n");
	if (note)
		buffer_append_format(page->out, "<p>%s</p>\n", note);
	html(&page->contents, "<li><a href=\"#", id, "\">", title, "</a></li>");
}

void page_section_end(struct page *page)
{
	buffer_append_string(page->out, "</section>\n");
}

bool page_link_begin(struct page *page, const char *id)
{
	char target[80];
	snprintf(target, sizeof target, "<a href=\"#%s\">", id);
	bool is_link = strstr(page->contents.data, target);
	buffer_append_string(page->out, is_link ? target : "");
	return is_link;
}

void page_link_end(struct page *page, bool is_link)
{
	buffer_append_string(page->out, is_link ? "</a>" : "");
}

static void append_pill(struct page *page, const char *status, enum text_style style)
{
	const char *tone = style == TEXT_BAD ? "bad" : style == TEXT_PLAIN ? "unknown" : page->is_certain ? "good" : "plain";
	buffer_append_format(page->out, "<span class=\"pill %s\">", tone);
	html_text(page->out, status);
	buffer_append_string(page->out, "</span>");
}

const char *page_when_over(size_t over, size_t periods)
{
	return over == periods ? periods == 1 ? " that is over" : " that are over" : "";
}

void page_pill(struct page *page, const char *status)
{
	append_pill(page, status, strcmp(status, "Compliant") == 0 ? TEXT_GOOD : strcmp(status, "Unknown") == 0 ? TEXT_PLAIN : TEXT_BAD);
}

/* ---- sections of rows ---- */

static void append_cell(struct page *page, const struct report_column *column, const struct report_row *row)
{
	struct report_cell cell = {.text = BUFFER_INIT};
	const char *text = report_cell_text(column, row, &cell);
	bool is_status = strncmp(column->field, "status", strlen("status")) == 0;
	if (column->head.right)
		page_cell_number(page, text ? text : "–", cell.style == TEXT_BAD);
	else {
		page_cell_begin(page, cell.style == TEXT_BAD && !is_status ? "missing" : "");
		if (is_status)
			append_pill(page, text, cell.style);
		else if (text && (strstr(column->field, "_start") || strstr(column->field, "_until")))
			html(page->out, "<span class=\"days\">", text, "</span>");
		else
			html_name(page->out, text);
		page_cell_end(page);
	}
	page->out->failed |= cell.text.failed;
	buffer_release(&cell.text);
}

static void append_row_group(
	struct page *page, const struct report_section *section, const struct report_row *row, size_t columns, bool first)
{
	struct buffer heading = BUFFER_INIT;
	report_append_heading(section, row, 1, page->names_profiles, &heading);
	buffer_append_format(
		page->out, "%s<tr class=\"of\"><th scope=\"rowgroup\" colspan=\"%zu\">", first ? "" : "</tbody><tbody>\n", columns);
	html_name(page->out, heading.data);
	buffer_append_string(page->out, "</th></tr>\n");
	page->out->failed |= heading.failed;
	buffer_release(&heading);
}

static size_t limit_of(const struct report_section *section)
{
	return section->limit == SIZE_MAX ? SIZE_MAX : REPORT_PAGE_ROWS;
}

/* The columns shown, in order: without the profile where there is only one. */
static size_t choose_columns(const struct page *page, const struct report_section *section, const struct report_rows *rows,
	const struct report_column *columns[])
{
	size_t count = 0, all = report_section_columns(section, rows, columns);
	for (size_t i = section == &report_section_position ? REPORT_NAME_COLUMNS : 0; i < all; i++)
		if (page->names_profiles || strcmp(columns[i]->field, "profile") != 0)
			columns[count++] = columns[i];
	return count;
}

static void append_row(struct page *page, const struct report_column *const columns[], size_t count, const struct report_row *row)
{
	page_row_begin(page, row->start <= page->report->now && page->report->now < row->end ? "current" : NULL);
	for (size_t i = 0; i < count; i++)
		append_cell(page, columns[i], row);
	page_row_end(page);
}

static size_t append_rows(struct page *page, const struct report_section *section, const struct report_rows *rows, int64_t start,
	size_t first, size_t end, const char *caption)
{
	const struct report_column *columns[TEXT_TABLE_COLUMNS];
	struct text_column heads[TEXT_TABLE_COLUMNS];
	const struct report_row *before = NULL;
	size_t width = choose_columns(page, section, rows, columns), count = 0;
	char more[120];
	for (size_t i = 0; i < width; i++)
		heads[i] = columns[i]->head;
	for (size_t i = first; i < end; i++) {
		const struct report_row *row = report_row_at(rows, i);
		if (!report_section_has(section, row, start) || ++count > limit_of(section))
			continue;
		if (!before)
			page_table_begin(page, PAGE_STACKED, caption, heads, width);
		if (section != &report_section_position && report_section_begins(section, row, before))
			append_row_group(page, section, row, width, !before);
		append_row(page, columns, width, row);
		before = row;
	}
	snprintf(more, sizeof more, "<tr><td class=\"aside\" colspan=\"%zu\">and %zu more, not listed</td></tr>", width,
		count - limit_of(section));
	if (before)
		page_table_end(page, count > limit_of(section) ? more : NULL);
	return count;
}

size_t page_rows_table(struct page *page, const struct report_section *section, const struct report_rows *rows, int64_t start)
{
	return append_rows(page, section, rows, start, 0, rows->count, section->title);
}

void page_position_table(struct page *page, size_t first, size_t count, const char *caption)
{
	append_rows(page, &report_section_position, &page->report->metrics, INSTANT_NONE, first, first + count, caption);
}

void page_rows(struct page *page, const struct report_section *section, const struct report_rows *rows, int64_t start)
{
	struct buffer title = BUFFER_INIT;
	bool has_some = false;
	for (size_t i = 0; i < rows->count && !has_some; i++)
		has_some = report_section_has(section, report_row_at(rows, i), start);
	if (!has_some)
		return;
	buffer_append_string(&title, section->title);
	if (start != INSTANT_NONE)
		report_append_days(page->report->groups_start, page->report->groups_end, &title);
	page_section_begin(page, section->id, title.data, section->note);
	append_rows(page, section, rows, start, 0, rows->count, title.data);
	page_section_end(page);
	buffer_release(&title);
}

/* ---- other sections ---- */

/* Two bars, one below the other. */
static void append_before_after(struct page *page, const struct report_restatement *restatement, int64_t most)
{
	page_cell_begin(page, "chart-cell");
	buffer_append_format(page->out,
		"<svg class=\"bar\" aria-hidden=\"true\"><rect class=\"s6\" width=\"%.1f%%\" height=\"6\"/><rect class=\"within\" width=\"%.1f%%\" "
		"height=\"6\" y=\"7\"/></svg>",
		(double)restatement->before / (double)most * 100, (double)restatement->after / (double)most * 100);
	page_cell_end(page);
}

static void append_restatements(struct page *page)
{
	static const struct text_column columns[] = {{"period", false, false}, {"account", false, true}, {"before", true, false},
		{"after", true, false}, {"change", true, false}, {"before and after", false, false}, {"cause", false, false}};
	const struct report *report = page->report;
	char more[120], delta[24];
	int64_t most = 1;
	if (!report->restatement_total)
		return;
	page_section_begin(page, "restatements", "Restatements",
		"Figures that an earlier run had reported for a period and that are different now, the largest change first.");
	page_table_begin(page, PAGE_STACKED, "Restated figures, before and after", columns, sizeof columns / sizeof *columns);
	for (size_t i = 0; i < report->restatement_count; i++) {
		const struct report_restatement *restatement = &report->restatements[i];
		most = restatement->before > most ? restatement->before : most;
		most = restatement->after > most ? restatement->after : most;
	}
	for (size_t i = 0; i < report->restatement_count; i++) {
		const struct report_restatement *restatement = &report->restatements[i];
		const char *sentence = phrase_sentence("cause", restatement->cause);
		page_row_begin(page, NULL);
		page_cell_days(page, restatement->start, restatement->end);
		page_cell_account(page, restatement->account);
		page_cell_integer(page, restatement->before);
		page_cell_integer(page, restatement->after);
		snprintf(delta, sizeof delta, "%+" PRId64, restatement->delta);
		page_cell_number(page, delta, false);
		append_before_after(page, restatement, most);
		page_cell_text(page, sentence ? sentence : restatement->cause);
		page_row_end(page);
	}
	int64_t unlisted = report->restatement_total - (int64_t)report->restatement_count;
	snprintf(more, sizeof more, "<tr><td class=\"aside\" colspan=\"7\">and %" PRId64 " smaller ones, not listed</td></tr>", unlisted);
	page_table_end(page, unlisted ? more : NULL);
	page_section_end(page);
}

static void append_identifiers(struct page *page)
{
	static const struct text_column columns[] = {{"identifier", false, false}, {"type", false, false}, {"name", false, true},
		{"subscriptions", true, false}, {"units", true, false}};
	const struct report *report = page->report;
	if (!report->identifier_count)
		return;
	page_section_begin(page, "unrecognized", "Unrecognized identifiers",
		"Units of these identifiers are in no licence row, because no software model names them.");
	page_table_begin(
		page, PAGE_STACKED, "Subscription identifiers without a software model", columns, sizeof columns / sizeof *columns);
	for (size_t i = 0; i < report->identifier_count; i++) {
		const struct report_identifier *identifier = &report->identifiers[i];
		page_row_begin(page, NULL);
		page_cell_name(page, identifier->identifier);
		page_cell_name(page, identifier->type);
		page_cell_name(page, identifier->display_name);
		if (identifier->subscriptions < 0)
			page_cell_number(page, "–", false);
		else
			page_cell_integer(page, identifier->subscriptions);
		page_cell_integer(page, identifier->units);
		page_row_end(page);
	}
	page_table_end(page, NULL);
	page_section_end(page);
}

static void append_guide(struct page *page)
{
	static const char *const entries[][2] = {
		{"Period", "One consumption cycle of the contract, from its first to its last day, both included, in UTC."},
		{"State",
			"<em>Open</em>: the period still runs. <em>Provisional</em>: it is over, but envelopes may still be reported. "
			"<em>Final</em>: every account has been read past its end. A final figure that changes all the same is listed "
			"under Restatements."},
		{"Owned, used, available", "Rights bought for the period; units that count against them; what is left."},
		{"Over-licensed, unlicensed", "Rights bought and not used; rights that are missing, to be bought (true-up)."},
		{"Not yet fed, not reported",
			"The feed of every account that could use the model was not read yet; or the service has never "
			"reported any consumption of it, as for what is bought through a reseller. Neither is zero."},
		{"Declared",
			"Use that no feed tells and licence/consumption.csv does, as of a plan bought through a reseller. It draws on rights as what "
			"was counted does, and is a figure of its own everywhere."},
		{"Forecast",
			"What an open period is expected to have used at its end, by its use so far and, where it is known for over a "
			"year, by the season. Rights run out on the first day on which more is used than is owned."},
		{"Unlimited", "An agreement without a limit: it never runs out and is Compliant."},
		{"In no licence row",
			"Units before the contract start, excluded ones, and those of plan items that no software model names: "
			"each with its reason."}};
	page_section_begin(page, "guide", "How to read this page", NULL);
	buffer_append_string(page->out, "<dl>");
	for (size_t i = 0; i < sizeof entries / sizeof *entries; i++)
		buffer_append_format(page->out, "<dt>%s</dt><dd>%s</dd>", entries[i][0], entries[i][1]);
	buffer_append_string(page->out, "</dl>\n");
	page_section_end(page);
}

static int append_sections(struct page *page)
{
	const struct report *report = page->report;
	page_position(page);
	page_forecast(page);
	page_remediation(page);
	page_rows(page, &report_section_costs, &report->metrics, INSTANT_NONE);
	page_rows(page, &report_section_groups, &report->groups, report->groups_start);
	page_rows(page, &report_section_charges, &report->charges, report->groups_start);
	if (page_use(page) < 0)
		return -1;
	page_rows(page, &report_section_declared, &report->declared, INSTANT_NONE);
	page_anomalies(page);
	page_rows(page, &report_section_without, &report->without, INSTANT_NONE);
	append_identifiers(page);
	append_restatements(page);
	page_rows(page, &report_section_rights, &report->rights, INSTANT_NONE);
	if (page_feeds(page) < 0)
		return -1;
	page_rows(page, &report_section_billings, &report->billings, INSTANT_NONE);
	page_rows(page, &report_section_ineffective, &report->ineffective, INSTANT_NONE);
	page_evidence(page);
	append_guide(page);
	return 0;
}

/* ---- the frame ---- */

const char *page_verdict_tone(const char *sentence)
{
	return strncmp(sentence, "Not Compliant", strlen("Not Compliant")) == 0 ? "bad"
		: strncmp(sentence, "Compliant", strlen("Compliant")) == 0      ? "good"
										: "mixed";
}

void page_verdict(struct buffer *out, const char *sentence)
{
	struct buffer word = BUFFER_INIT;
	size_t length = strcspn(sentence, ":");
	buffer_append(&word, sentence, length);
	html(out, "<p class=\"verdict ", page_verdict_tone(sentence), "\"><strong>", word.data, "</strong>");
	html_long_text(out, sentence + length);
	buffer_append_string(out, "</p>\n");
	out->failed |= word.failed;
	buffer_release(&word);
}

static void append_verdict(void *context, enum verdict verdict, const struct buffer *sentence)
{
	struct buffer *out = context;
	(void)verdict;
	page_verdict(out, sentence->data);
	out->failed |= sentence->failed;
}

void page_begin(struct buffer *out, const char *title, const char *day, bool has_script)
{
	buffer_append_string(out,
		"<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'");
	buffer_append_string(out, has_script ? "; script-src 'sha256-" REPORT_SCRIPT_HASH "'" : "");
	html(out, "\">\n<meta name=\"color-scheme\" content=\"light dark\">\n<title>", title);
	buffer_append_format(out, "%s%.10s</title>\n<style>\n", *day ? ", " : "", day);
	buffer_append(out, EMBEDDED_TEXT(report_report_css), EMBEDDED_LENGTH(report_report_css));
	buffer_append_string(out, "</style>\n</head>\n<body>\n<main>\n<header>\n");
}

void page_end(struct buffer *out, bool has_script)
{
	buffer_append_string(out, "envtally report " ENVTALLY_VERSION "</p></footer>\n</main>\n");
	if (has_script) {
		buffer_append_string(out, "<script>");
		buffer_append(out, EMBEDDED_TEXT(report_report_js), EMBEDDED_LENGTH(report_report_js));
		buffer_append_string(out, "</script>\n");
	}
	buffer_append_string(out, "</body>\n</html>\n");
}

static void append_head(struct page *page)
{
	const struct report *report = page->report;
	char now[INSTANT_LENGTH + 1] = "";
	instant_format(report->now, now);
	page_begin(page->out, report->title, now, true);
	if (strcmp(report->title, "Docusign licence position") != 0)
		buffer_append_string(page->out, "<p class=\"eyebrow\">Docusign licence position</p>\n");
	html(page->out, "<h1><bdi dir=\"auto\">", report->title, "</bdi></h1>\n<p class=\"asof\">As of <time datetime=\"", now, "\">");
	buffer_append_format(page->out, "%.10s %.8s UTC</time>", now, now + 11);
	if (page->profile)
		html(page->out, " · profile ", page->profile);
	if (report->previous)
		html(page->out, " · <a href=\"../", report->previous, "/report.html\">the run before</a>");
	buffer_append_string(page->out, "</p>\n");
	report_verdict(report, append_verdict, page->out);
	buffer_append_string(page->out, "</header>\n");
}

static void append_foot(struct page *page)
{
	char now[INSTANT_LENGTH + 1] = "";
	instant_format(page->report->now, now);
	buffer_append_format(page->out, "<footer><p>Run clock <time datetime=\"%s\">%s</time> · ", now, now);
	page_end(page->out, true);
}

static void find_profiles(struct page *page)
{
	const struct report *report = page->report;
	bool is_first = true;
	for (size_t i = 0; i < report->metrics.count + report->period_count; i++) {
		const char *profile = i < report->metrics.count ? report_row_text(report_row_at(&report->metrics, i), "profile")
								: report->periods[i - report->metrics.count].profile;
		page->names_profiles |= !is_first && profile != page->profile;
		page->profile = profile;
		is_first = false;
	}
	if (page->names_profiles)
		page->profile = NULL;
}

void page_append_body(const struct page *page, const struct buffer *sections, struct buffer *out)
{
	buffer_append_string(out, "<nav aria-label=\"Contents\"><ul class=\"contents\">");
	buffer_append(out, page->contents.data, page->contents.length);
	buffer_append_string(out, "</ul></nav>\n");
	buffer_append(out, sections->data, sections->length);
}

int report_html_print(const struct report *report, struct output *output, struct error *error)
{
	struct buffer sections = BUFFER_INIT;
	struct report_anomalies anomalies;
	struct page page = {.report = report,
		.anomalies = &anomalies,
		.out = &sections,
		.contents = BUFFER_INIT,
		.error = error,
		.is_certain = report_is_certain(report)};
	find_profiles(&page);
	int result = report_anomalies_build(&anomalies, report, error);
	if (result == 0)
		result = append_sections(&page);
	if (report->is_one_page)
		buffer_reset(&page.contents); /* nothing to link to */
	if (result == 0) {
		page.out = &output->pending;
		append_head(&page);
		result = page_overview(&page);
		if (!report->is_one_page)
			page_append_body(&page, &sections, page.out);
		append_foot(&page);
		page.out->failed |= sections.failed | page.contents.failed;
		result = result < 0 ? result : buffer_check(page.out, error);
	}
	if (result == 0)
		output_line_end(output);
	report_anomalies_release(&anomalies);
	buffer_release(&sections);
	buffer_release(&page.contents);
	return result;
}
