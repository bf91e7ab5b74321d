#include "base/instant.h"
#include "report/chart.h"
#include "report/html.h"
#include "report/report_page.h"
#include "stream/phrases.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define CURVE_LIMIT 400 /* points */
#define CHANGE_LIMIT 50 /* days on which rights begin or end */
#define LABEL 40
#define CHART_BANDS_OF_PERIODS 4 /* at least */

/* A number to draw; 0 for what is none. */
static double number_of(const struct report_row *row, const char *field)
{
	int64_t value = report_row_integer(row, field);
	return value == INT64_MAX ? 0 : (double)value;
}

static bool is_limited(const struct report_row *row)
{
	return report_row_integer(row, "rights_owned") != INT64_MAX;
}

void page_key(struct page *page, const char *class_name, const char *what)
{
	buffer_append_format(page->out,
		"<span><svg class=\"swatch\" viewBox=\"0 0 14 14\" aria-hidden=\"true\"><rect class=\"%s\" width=\"14\" height=\"14\"/></svg> %s</span> ",
		class_name, what);
}

static void append_heading(
	struct page *page, const struct report_section *section, const struct report_row *row, const char *element, const char *after)
{
	struct buffer heading = BUFFER_INIT;
	report_append_heading(section, row, page->names_profiles ? 0 : 1, page->names_profiles, &heading);
	buffer_append_format(page->out, "<%s>", element);
	html(page->out, "<bdi dir=\"auto\">", heading.data, "</bdi>");
	buffer_append_format(page->out, "%s</%s>\n", after, element);
	page->out->failed |= heading.failed;
	buffer_release(&heading);
}

/* ---- the position of a software model ---- */

size_t report_model_rows(const struct report *report, size_t first)
{
	size_t count = 1;
	while (first + count < report->metrics.count &&
		report_rows_agree(report_row_at(&report->metrics, first + count), report_row_at(&report->metrics, first),
			report_section_position.heading_fields))
		count++;
	return count;
}

/* What was used within the rights, beyond them, and where they end, a bar for each period. */
static void append_position_bar(struct chart *chart, size_t band, const struct report_row *row)
{
	char day[CHART_LABEL], year[8];
	double used = number_of(row, "rights_used"), owned = is_limited(row) ? number_of(row, "rights_owned") : used;
	chart_bar(chart, band, 0, used < owned ? used : owned, "within");
	if (used > owned)
		chart_bar(chart, band, owned, used, "beyond");
	if (is_limited(row))
		chart_band_line(chart, band, owned, "rights");
	if (chart->bands <= 2 * CHART_BANDS)
		chart_band_text(chart, band, used > owned || used < owned * 0.9 ? used : owned, used > owned ? "value out" : "value",
			report_row_consumption(row));
	chart_day_label(instant_day(row->start), day);
	snprintf(year, sizeof year, "%s", report_row_text(row, "period_start"));
	year[4] = 0;
	chart_band_label(chart, band, day, year);
}

static void append_position_chart(struct page *page, size_t first, size_t count)
{
	const struct report_rows *metrics = &page->report->metrics;
	struct buffer title = BUFFER_INIT, description = BUFFER_INIT;
	struct chart chart;
	double most = 1;
	for (size_t i = first; i < first + count; i++) {
		const struct report_row *row = report_row_at(metrics, i);
		double used = number_of(row, "rights_used"), owned = number_of(row, "rights_owned");
		most = used > most ? used : most;
		most = owned > most ? owned : most;
		buffer_append_string(&description, i > first ? "; " : "");
		report_append_days(row->start, row->end, &description);
		buffer_append_format(&description, ": %s used, %s owned, %s", report_row_consumption(row),
			report_row_text(row, "rights_owned"), report_row_text(row, "status"));
	}
	buffer_append_format(
		&title, "%s: rights used against rights owned by period", report_row_text(report_row_at(metrics, first), "software_model"));
	chart_begin(&chart, page->out, ++page->pictures, "position", title.data, description.data, most);
	chart_bands(&chart, count, CHART_BANDS_OF_PERIODS);
	for (size_t i = 0; i < count; i++)
		append_position_bar(&chart, i, report_row_at(metrics, first + i));
	chart_end(&chart);
	page->out->failed |= title.failed | description.failed;
	buffer_release(&title);
	buffer_release(&description);
}

void page_position(struct page *page)
{
	const struct report_rows *metrics = &page->report->metrics;
	page_section_begin(page, "position", "Licence position", NULL);
	if (!metrics->count)
		buffer_append_string(page->out, "<p>No licence position is in the input.</p>\n");
	else {
		buffer_append_string(page->out, "<p class=\"key\">");
		page_key(page, "within", "used");
		page_key(page, "beyond", "used beyond what is owned");
		page_key(page, "owned", "rights owned");
		buffer_append_string(page->out, "</p>\n");
	}
	for (size_t first = 0, count; first < metrics->count; first += count) {
		const struct report_row *row = report_row_at(metrics, first);
		struct buffer caption = BUFFER_INIT;
		count = report_model_rows(page->report, first);
		append_heading(page, &report_section_position, row, "h3", "");
		if (page->pictures < REPORT_PAGE_PICTURES)
			append_position_chart(page, first, count);
		buffer_append_format(&caption, "%s: rights owned and used by period, counted in %ss",
			report_row_text(row, "software_model"), report_row_text(row, "unit"));
		page_position_table(page, first, count, caption.data);
		buffer_release(&caption);
	}
	page_section_end(page);
}

/* ---- the burn-down of an open period ---- */

/* A point is the use up to the end of its day: the day, units; and from the clock's day on the day, expected, low, high. */
struct curve {
	struct chart_point past[CURVE_LIMIT], expected[CURVE_LIMIT], range[2 * CURVE_LIMIT];
	size_t past_count, ahead_count;
	double most;
};

/* The array is JSON; an element that is no point is passed over. */
static void read_curve(const char *json, int32_t first, int32_t end, struct curve *curve)
{
	double low[CURVE_LIMIT];
	curve->past[curve->past_count++] = (struct chart_point){first, 0};
	for (const char *at = strchr(json, '[');
		at && (at = strchr(at + 1, '[')) && curve->past_count + curve->ahead_count < CURVE_LIMIT - 1;) {
		char text[DAY_LENGTH + 1];
		double value[3];
		int32_t day;
		int got = sscanf(at, "[ \"%10[0-9-]\" , %lf , %lf , %lf ]", text, &value[0], &value[1], &value[2]);
		if ((got != 2 && got != 4) || day_parse(text, strlen(text), &day) < 0 || day < first || day >= end)
			continue;
		if (got == 2)
			curve->past[curve->past_count++] = (struct chart_point){day + 1, value[0]};
		else {
			if (!curve->ahead_count) { /* what is expected begins where what was counted ends */
				curve->expected[0] = curve->range[0] = curve->past[curve->past_count - 1];
				low[curve->ahead_count++] = curve->expected[0].value;
			}
			curve->expected[curve->ahead_count] = (struct chart_point){day + 1, value[0]};
			curve->range[curve->ahead_count] = (struct chart_point){day + 1, value[2]};
			low[curve->ahead_count++] = value[1];
		}
		double high = got == 2 ? value[0] : value[2];
		curve->most = high > curve->most ? high : curve->most;
	}
	for (size_t i = 0; i < curve->ahead_count; i++) {
		size_t back = curve->ahead_count - 1 - i;
		curve->range[curve->ahead_count + i] = (struct chart_point){curve->expected[back].day, low[back]};
	}
}

struct rights_change {
	int32_t day;
	double rights; /* negative: they end before that day */
};

static size_t read_changes(const struct report_row *row, int32_t first, int32_t end, struct rights_change changes[CHANGE_LIMIT])
{
	const char *json = report_row_text(row, "rights_changes");
	size_t count = 0;
	for (const char *at = json ? strchr(json, '[') : NULL; at && (at = strchr(at + 1, '[')) && count < CHANGE_LIMIT;) {
		char day[DAY_LENGTH + 1];
		struct rights_change change;
		if (sscanf(at, "[ \"%10[0-9-]\" , %lf ]", day, &change.rights) == 2 && day_parse(day, strlen(day), &change.day) == 0 &&
			change.day > first && change.day < end)
			changes[count++] = change;
	}
	return count;
}

/* The rights that have begun, up to those owned over the whole period; and the days on which some end. Is it one level? */
static bool append_rights(struct chart *chart, double owned, const struct rights_change changes[], size_t count)
{
	char text[LABEL], day[CHART_LABEL];
	double level = owned;
	int32_t from = chart->first;
	for (size_t i = 0; i < count; i++)
		level -= changes[i].rights > 0 ? changes[i].rights : 0;
	bool are_level = level == owned;
	for (size_t i = 0; i < count; i++) {
		const struct rights_change *change = &changes[i];
		double before = level > 0 ? level : 0;
		chart_day_label(change->day, day);
		if (change->rights > 0) {
			level += change->rights;
			chart_value_line(chart, from, change->day, before, "rights");
			chart_day_line(chart, change->day, before, level, "rights");
			snprintf(text, sizeof text, "+%.0f on %s", change->rights, day);
			chart_text(chart, change->day, before, 6, "end", "label", text);
			from = change->day;
		} else {
			chart_day_line(chart, change->day, 0, chart->top, "ends");
			snprintf(text, sizeof text, "%.0f end on %s", -change->rights, day);
			chart_text(chart, change->day, 0, 6, chart_x(chart, change->day) > 70 ? "end" : "start", "label", text);
		}
	}
	chart_value_line(chart, from, chart->end, level, "rights");
	return are_level;
}

static void append_texts(struct chart *chart, const struct report_row *row)
{
	char text[LABEL];
	bool owns = is_limited(row);
	double owned = number_of(row, "rights_owned"), expected = number_of(row, "expected_units");
	/* Of two that would meet, the higher is above its line and the lower below. */
	int lift = owns && expected < owned && chart_y(chart, expected) - chart_y(chart, owned) < 20 ? -14 : 6;
	struct rights_change changes[CHANGE_LIMIT];
	size_t change_count = read_changes(row, chart->first, chart->end, changes);
	snprintf(text, sizeof text, "owned %s", report_row_text(row, "rights_owned"));
	if (owns) {
		bool are_level = append_rights(chart, owned, changes, change_count);
		chart_text(chart, are_level ? chart->first : chart->end, owned, 6, are_level ? "start" : "end", "value", text);
	}
	snprintf(text, sizeof text, "expected %s", report_row_text(row, "expected_units"));
	chart_text(chart, chart->end, expected, lift, "end", "value", text);
}

static void append_burn_down(struct page *page, const struct report_row *row)
{
	struct curve curve = {.most = 1};
	struct chart chart;
	struct buffer title = BUFFER_INIT, description = BUFFER_INIT;
	const char *day = report_row_text(row, "exhausted_on"), *model = report_row_text(row, "software_model");
	int32_t first = instant_day(row->start), end = instant_day(row->end - 1) + 1, out;
	read_curve(report_row_text(row, "curve"), first, end, &curve);
	curve.most = number_of(row, "rights_owned") > curve.most ? number_of(row, "rights_owned") : curve.most;
	buffer_append_format(&title, "%s: use by day against rights, ", model);
	report_append_days(row->start, row->end, &title);
	buffer_append_format(&description, "%s used to date, %s expected by the end (between %s and %s), %s owned%s%s",
		report_row_text(row, "units_to_date"), report_row_text(row, "expected_units"), report_row_text(row, "low_units"),
		report_row_text(row, "high_units"), report_row_text(row, "rights_owned"), day ? ", run out on " : "", day ? day : "");
	chart_begin(&chart, page->out, ++page->pictures, "burn", title.data, description.data, curve.most);
	chart_days(&chart, first, end);
	chart_area(&chart, curve.range, 2 * curve.ahead_count, "range");
	chart_line(&chart, curve.expected, curve.ahead_count, "expected");
	chart_line(&chart, curve.past, curve.past_count, "counted");
	struct chart_point today = curve.past[curve.past_count - 1];
	chart_day_line(&chart, today.day, 0, chart.top, "today");
	if (today.day < end - 7)
		chart_text(&chart, today.day, chart.top, 5, chart_x(&chart, today.day) > 90 ? "end" : "middle", "label", "today");
	append_texts(&chart, row);
	if (curve.past_count > 1)
		chart_text(&chart, today.day, today.value, 8, "end", "value", report_row_text(row, "units_to_date"));
	if (day && day_parse(day, strlen(day), &out) == 0 && out >= first && out < end) {
		double owned = is_limited(row) ? number_of(row, "rights_owned") : today.value;
		chart_day_line(&chart, out, 0, owned, "out");
		chart_dot(&chart, out, owned, "out");
		chart_text(&chart, out, 0, 6, chart_x(&chart, out) > 70 ? "end" : "start", "value out", day);
	}
	chart_end(&chart);
	page->out->failed |= title.failed | description.failed;
	buffer_release(&title);
	buffer_release(&description);
}

static void append_curve_table(struct page *page, const struct report_row *row)
{
	static const struct text_column columns[] = {{"day", false, false}, {"used", true, false}, {"expected", true, false}};
	struct curve curve = {.most = 1};
	char day[DAY_LENGTH + 1] = "", value[LABEL];
	read_curve(report_row_text(row, "curve"), instant_day(row->start), instant_day(row->end - 1) + 1, &curve);
	buffer_append_string(page->out, "<details class=\"figures\"><summary>The figures of this chart</summary>");
	page_table_begin(page, PAGE_PLAIN, "Use up to the end of a day", columns, sizeof columns / sizeof *columns);
	for (size_t i = 1; i < curve.past_count + (curve.ahead_count ? curve.ahead_count - 1 : 0); i++) {
		bool is_past = i < curve.past_count;
		const struct chart_point *point = is_past ? &curve.past[i] : &curve.expected[i - curve.past_count + 1];
		day_format((int32_t)point->day - 1, day);
		snprintf(value, sizeof value, "%.0f", point->value);
		page_row_begin(page, NULL);
		page_cell_text(page, day);
		page_cell_number(page, is_past ? value : "–", false);
		page_cell_number(page, is_past ? "–" : value, false);
		page_row_end(page);
	}
	page_table_end(page, NULL);
	buffer_append_string(page->out, "</details>\n");
}

/* When rights run out, earliest and latest, and what the forecast goes by. */
static void append_explanation(struct page *page, const struct report_row *row)
{
	const char *earliest = report_row_text(row, "earliest_exhausted_on"), *latest = report_row_text(row, "latest_exhausted_on"),
		   *text = report_row_text(row, "explanation");
	if (!text)
		return;
	buffer_append_string(page->out, "<p>");
	if (earliest && !report_row_is(row, "has_run_out", "true"))
		html(page->out, "In 80 of 100 cases rights run out from ", earliest,
			latest ? " to " : " on, or last to the period\xe2\x80\x99s end", latest ? latest : "", ". ", NULL);
	html_long_text(page->out, text);
	buffer_append_string(page->out, "</p>\n");
}

void page_forecast(struct page *page)
{
	const struct report_rows *forecasts = &page->report->forecasts;
	if (!forecasts->count)
		return;
	page_section_begin(page, "forecast", "Forecast", NULL);
	buffer_append_string(page->out, "<p class=\"key\">");
	page_key(page, "within", "used to date");
	page_key(page, "range", "expected, and where it lies in 80 of 100 cases");
	page_key(page, "owned", "rights owned");
	page_key(page, "beyond", "the day on which rights run out");
	buffer_append_string(page->out, "</p>\n");
	for (size_t i = 0; i < forecasts->count && i < REPORT_PAGE_PICTURES; i++) {
		const struct report_row *row = report_row_at(forecasts, i);
		append_heading(page, &report_section_forecasts, row, "h3", "");
		append_burn_down(page, row);
		append_explanation(page, row);
		append_curve_table(page, row);
	}
	page_rows_table(page, &report_section_forecasts, forecasts, INSTANT_NONE);
	page_section_end(page);
}

/* ---- what can be done: from the position to what it becomes ---- */

static const struct report_row *metric_of(const struct report *report, const struct report_row *row)
{
	int64_t key[REPORT_MODEL_KEY], other[REPORT_MODEL_KEY];
	report_row_key(row, key);
	for (size_t i = 0; i < report->metrics.count; i++) {
		const struct report_row *metric = report_row_at(&report->metrics, i);
		report_row_key(metric, other);
		if (metric->start == row->start && memcmp(key, other, sizeof key) == 0)
			return metric;
	}
	return NULL;
}

static size_t options_of(const struct report_rows *rows, size_t first)
{
	size_t count = 1;
	while (first + count < rows->count &&
		report_rows_agree(report_row_at(rows, first + count), report_row_at(rows, first),
			FIELD_LIST("profile", "software_model", "license_metric", "period_start")))
		count++;
	return count;
}

/* "reduce at renewal" on two lines. */
static void append_step_label(struct chart *chart, size_t band, const char *label)
{
	char first[LABEL];
	const char *blank = strchr(label, ' ');
	snprintf(first, sizeof first, "%.*s", blank ? (int)(blank - label) : LABEL - 1, label);
	chart_band_label(chart, band, first, blank ? blank + 1 : NULL);
}

static void append_step(struct chart *chart, size_t band, double before, double after, const char *label)
{
	char text[LABEL];
	snprintf(text, sizeof text, "%s%.0f", before > after ? "−" : "+", before > after ? before - after : after - before);
	chart_bar(chart, band, before < after ? before : after, before < after ? after : before, "step");
	chart_band_line(chart, band, after, "level");
	chart_band_text(chart, band, before > after ? before : after, "value", text);
	append_step_label(chart, band, label);
}

static void append_total(struct chart *chart, size_t band, double value, const char *label, const char *class_name)
{
	char text[LABEL];
	snprintf(text, sizeof text, "%.0f", value);
	chart_bar(chart, band, 0, value, class_name);
	chart_band_text(chart, band, value, "value", text);
	chart_band_label(chart, band, label, NULL);
}

/* Of missing rights, or of those that lapse unused. */
static void append_waterfall(struct page *page, size_t first, size_t count)
{
	const struct report_rows *rows = &page->report->remediations;
	const struct report_row *row = report_row_at(rows, first), *metric = metric_of(page->report, row);
	struct buffer days = BUFFER_INIT, title = BUFFER_INIT, description = BUFFER_INIT;
	struct chart chart;
	if (!metric)
		return;
	bool is_missing = number_of(metric, "unlicensed_rights") > 0;
	const char *field = is_missing ? "unlicensed_rights_after" : "over_licensed_rights_after",
		   *what = is_missing ? "unlicensed" : "over-licensed";
	double value = number_of(metric, is_missing ? "unlicensed_rights" : "lapsing_rights");
	report_append_days(row->start, row->end, &days);
	buffer_append_format(
		&title, "%s, %s: %s rights, and what each option makes of them", report_row_text(row, "software_model"), days.data, what);
	buffer_append_format(&description, "%.0f %s today", value, what);
	for (size_t i = first; i < first + count; i++)
		buffer_append_format(&description, ", %s after option %zu", report_row_text(report_row_at(rows, i), field), i - first + 1);
	buffer_append_string(page->out, "<div>");
	append_heading(page, &report_section_remediations, row, "h3", "");
	html(page->out, "<p class=\"sub\">", what, " rights, ", days.data, "</p>");
	chart_begin(&chart, page->out, ++page->pictures, "waterfall", title.data, description.data, value);
	chart_bands(&chart, count + 2, 3);
	append_total(&chart, 0, value, "today", is_missing ? "beyond" : "within");
	for (size_t i = 0; i < count; i++) {
		const struct report_row *option = report_row_at(rows, first + i);
		const char *label = phrase_label("option", report_row_text(option, "option"));
		double after = number_of(option, field);
		append_step(&chart, i + 1, value, after, label ? label : "move");
		value = after;
	}
	append_total(&chart, count + 1, value, "then", is_missing ? "beyond" : "within");
	chart_end(&chart);
	buffer_append_string(page->out, "</div>\n");
	page->out->failed |= days.failed | title.failed | description.failed;
	buffer_release(&days);
	buffer_release(&title);
	buffer_release(&description);
}

void page_remediation(struct page *page)
{
	const struct report_rows *rows = &page->report->remediations;
	if (!rows->count)
		return;
	page_section_begin(page, report_section_remediations.id, report_section_remediations.title, report_section_remediations.note);
	buffer_append_string(page->out, "<div class=\"multiples\">\n");
	for (size_t first = 0, count, shown = 0; first < rows->count && shown < 6; first += count, shown++) {
		count = options_of(rows, first);
		append_waterfall(page, first, count);
	}
	buffer_append_string(page->out, "</div>\n");
	page_rows_table(page, &report_section_remediations, rows, INSTANT_NONE);
	page_section_end(page);
}
