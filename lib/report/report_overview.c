#include "base/array.h"
#include "base/instant.h"
#include "report/html.h"
#include "report/report_page.h"
#include "report/verdict.h"
#include "stream/phrases.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- what a software model's rows come to ---- */

struct model {
	const struct report_row *current, *before, *forecast; /* before: the period before; NULL for none */
	struct report_sums now, expected, saving; /* money: missing now, at the end of the period, and not needed at renewal */
	int64_t missing, fewer; /* rights missing now; not needed at renewal */
	size_t missing_rows, missing_over, found; /* over: of periods that are over; found: after how many others */
};

#define MODELS_SHOWN 15 /* on the first screen */
#define TILE_TEXT 80

static int64_t known(const struct report_row *row, const char *field)
{
	int64_t value = report_row_integer(row, field);
	return value == INT64_MAX ? 0 : value;
}

static bool is_some(const char *amount)
{
	return amount && amount[strspn(amount, "0.")];
}

static void add_units(int64_t *sum, int64_t units)
{
	if (sum && (units == INT64_MAX || __builtin_add_overflow(*sum, units, sum)))
		*sum = INT64_MAX;
}

static void add_row(const struct report *report, const struct report_row *row, struct model *model)
{
	const struct report_row *forecast = report_forecast_of(report, row);
	forecast = forecast && forecast->start == row->start ? forecast : NULL;
	const char *currency = report_row_text(row, "currency"), *cost = report_row_text(row, "true_up_cost"),
		   *expected = forecast ? report_row_text(forecast, "expected_true_up_cost") : NULL,
		   *saving = forecast ? report_row_text(forecast, "expected_savings") : NULL;
	int64_t missing = known(row, "unlicensed_rights");
	if (missing > 0) {
		report_sums_add(&model->now, cost, currency);
		model->missing_rows++;
		model->missing_over += row->end <= report->now;
		add_units(&model->missing, missing);
	}
	if (is_some(expected) || missing > 0 || (forecast && known(forecast, "expected_unlicensed_rights") > 0))
		report_sums_add(&model->expected, expected ? expected : cost, currency);
	if (is_some(saving)) {
		report_sums_add(&model->saving, saving, currency);
		add_units(&model->fewer, known(forecast, "expected_over_licensed_rights"));
	}
}

static struct model summarize(const struct report *report, size_t first, size_t count)
{
	struct model model = {.current = NULL};
	for (size_t i = first; i < first + count; i++) {
		const struct report_row *row = report_row_at(&report->metrics, i);
		if (!model.current || row->start <= report->now) {
			model.before = model.current;
			model.current = row;
		}
		add_row(report, row, &model);
	}
	model.forecast = model.current ? report_forecast_of(report, model.current) : NULL;
	if (model.forecast && model.forecast->start != model.current->start)
		model.forecast = NULL;
	return model;
}

static void add_sums(struct report_sums *sums, const struct report_sums *more)
{
	for (size_t i = 0; i < more->count; i++) {
		struct buffer amount = BUFFER_INIT;
		struct report_sums one = {.sums = {more->sums[i]}, .count = 1};
		report_sums_append(&one, &amount);
		amount.data[strcspn(amount.data, " ")] = 0;
		report_sums_add(sums, amount.data, more->sums[i].currency);
		buffer_release(&amount);
	}
	sums->unknown += more->unknown;
}

static void append_count(struct page *page, int64_t count)
{
	char text[24];
	snprintf(text, sizeof text, "%" PRId64, count);
	html_figure(page->out, text);
}

static void append_sums(struct page *page, const struct report_sums *sums, const char *none)
{
	struct report_sums copy = *sums;
	struct buffer text = BUFFER_INIT;
	report_sums_append(&copy, &text);
	if (!text.length)
		buffer_append_format(page->out, "<span class=\"none\">%s</span>", copy.unknown ? "not known" : none);
	else
		html_figure(page->out, text.data);
	if (text.length && copy.unknown)
		buffer_append_string(page->out, " <span class=\"sub\">and what has no price</span>");
	buffer_release(&text);
}

/* How `now` compares with `before`, INT64_MAX where it is not known; `when` says of which time that is. */
static void append_change(struct page *page, int64_t now, int64_t before, const char *when)
{
	if (before == INT64_MAX || now == INT64_MAX) {
		buffer_append_string(page->out, "<span class=\"none\">–</span>");
		return;
	}
	double change = before ? ((double)now - (double)before) / (double)before * 100 : 0;
	if (before)
		buffer_append_format(page->out, "%s%.0f%%",
			change >= 0.5            ? "+"
				: change <= -0.5 ? "−"
						 : "±",
			change < 0 ? -change : change);
	buffer_append_string(page->out, "<span class=\"sub\">");
	append_count(page, before);
	html(page->out, " ", when, "</span>");
}

/* ---- a row for each software model ---- */

static void append_part(struct page *page, const char *look, double from, double to, double most)
{
	if (to > from)
		buffer_append_format(page->out, "<rect class=\"%s\" x=\"%.1f%%\" width=\"%.1f%%\" height=\"8\" y=\"4\"/>", look,
			from / most * 100, (to - from) / most * 100);
}

/* What is used of what is owned, and what is expected at the end, in per cent of that. */
static void append_bar(struct page *page, double part, double expected)
{
	double most = fmax(100, fmax(part, expected));
	buffer_append_format(page->out, " <span class=\"percent\">%s%.0f%%</span><svg class=\"bar\" aria-hidden=\"true\">",
		part > 999 ? "over " : "", fmin(part, 999));
	append_part(page, "track", 0, 100, most);
	append_part(page, "within", 0, fmin(part, 100), most);
	append_part(page, "beyond", 100, part, most);
	append_part(page, "range", part, expected, most);
	buffer_append_string(page->out, "</svg>");
}

static void append_use(struct page *page, const struct model *model)
{
	const struct report_row *row = model->current;
	int64_t used = known(row, "rights_used"), owned = report_row_integer(row, "rights_owned"),
		expected = model->forecast ? known(model->forecast, "expected_units") : 0;
	page_cell_begin(page, "use");
	buffer_append_string(page->out, "<span><strong>");
	html_figure(page->out, report_row_consumption(row));
	buffer_append_string(page->out, "</strong> of ");
	html_figure(page->out, report_row_text(row, "rights_owned"));
	buffer_append_string(page->out, "</span>");
	if (known(row, "declared_units"))
		html(page->out, " <span class=\"sub\">", report_row_text(row, "declared_units"), " of them declared</span>");
	if (report_row_text(row, "rights_used") && owned > 0 && owned != INT64_MAX)
		append_bar(page, (double)used / (double)owned * 100, (double)expected / (double)owned * 100);
	if (model->forecast) {
		buffer_append_string(page->out, "<span class=\"sub\">");
		append_count(page, expected);
		buffer_append_string(page->out, " expected at the end</span>");
	}
	page_cell_end(page);
}

/* What is declared has no history: a trend is of what was counted. */
static int64_t counted(const struct report_row *row)
{
	int64_t used = report_row_integer(row, "rights_used");
	return used == INT64_MAX ? used : used - known(row, "declared_units");
}

/* Of an open period against the one before up to the same day; of one that is over against the whole of it. */
static void append_trend(struct page *page, const struct model *model)
{
	bool is_open = report_row_is(model->current, "period_state", "open");
	int64_t now = counted(model->current),
		before = is_open ? model->forecast ? report_row_integer(model->forecast, "previous_units_to_date") : INT64_MAX
		: model->before  ? counted(model->before)
				 : INT64_MAX;
	page_cell_begin(page, "trend");
	append_change(page, now, before, is_open ? "by the same day of the last period" : "in the last period");
	page_cell_end(page);
}

static void append_run_out(struct page *page, const struct model *model)
{
	const struct report_row *forecast = model->forecast;
	const char *day = forecast ? report_row_text(forecast, "exhausted_on") : NULL,
		   *left = forecast ? report_row_text(forecast, "days_left") : NULL;
	bool has = forecast && report_row_is(forecast, "has_run_out", "true");
	const char *without = report_row_is(model->current, "rights_owned", "unlimited") ? "never"
		: !forecast                                                              ? "–"
		: report_row_is(forecast, "is_shared", "true")                           ? "as the workspace’s"
											 : "not in period";
	page_cell_begin(page, day && (has || report_runs_out(forecast)) ? "missing" : "");
	if (!day)
		buffer_append_format(page->out, "<span class=\"none\">%s</span>", without);
	else {
		html(page->out, "<span class=\"days\">", day, "</span><span class=\"sub\">");
		if (report_row_is(forecast, "is_covered", "true"))
			buffer_append_string(page->out, "covered by an enterprise-wide agreement");
		else if (has || !left)
			buffer_append_string(page->out, "rights have run out");
		else
			html(page->out, "in ", left, strcmp(left, "1") == 0 ? " day" : " days");
		buffer_append_string(page->out, "</span>");
	}
	page_cell_end(page);
}

static void append_money(struct page *page, const struct report_sums *sums, bool is_bad)
{
	page_cell_begin(page, is_bad && sums->count ? "n missing" : "n");
	append_sums(page, sums, "none");
	page_cell_end(page);
}

static void append_model(struct page *page, const struct model *model)
{
	const struct report_row *row = model->current;
	page_row_begin(page, NULL);
	page_cell_begin(page, "");
	bool is_link = page_link_begin(page, "position");
	html_name(page->out, report_row_text(row, "software_model"));
	page_link_end(page, is_link);
	html(page->out, "<span class=\"sub\">", report_row_text(row, "license_metric"));
	if (page->names_profiles && report_row_text(row, "profile"))
		html(page->out, " · profile ", report_row_text(row, "profile"));
	html(page->out, ", ", report_row_text(row, "period_state"), " period ");
	page_days(page, row->start, row->end);
	buffer_append_string(page->out, "</span>");
	page_cell_end(page);
	append_use(page, model);
	append_trend(page, model);
	append_run_out(page, model);
	append_money(page, &model->now, true);
	append_money(page, &model->expected, true);
	append_money(page, &model->saving, false);
	page_cell_begin(page, "");
	page_pill(page, model->missing_rows ? "Not Compliant" : report_row_text(row, "status"));
	if (model->missing_rows)
		buffer_append_format(page->out, "<span class=\"sub\">%" PRId64 " right%s missing in %zu period%s%s</span>", model->missing,
			phrase_plural(model->missing), model->missing_rows, phrase_plural((int64_t)model->missing_rows),
			page_when_over(model->missing_over, model->missing_rows));
	page_cell_end(page);
	page_row_end(page);
}

/* Missing rights first, then those that run out first, then as they were found. */
static int compare_models(const void *left, const void *right)
{
	const struct model *a = left, *b = right;
	const char *day = a->forecast && report_runs_out(a->forecast) ? report_row_text(a->forecast, "exhausted_on") : "9",
		   *other = b->forecast && report_runs_out(b->forecast) ? report_row_text(b->forecast, "exhausted_on") : "9";
	if (!a->missing != !b->missing)
		return a->missing ? -1 : 1;
	int order = strcmp(day, other);
	return order ? order : (a->found > b->found) - (a->found < b->found);
}

static void append_models(struct page *page, const struct model models[], size_t count)
{
	static const struct text_column columns[] = {{"software model", false, false}, {"used of owned", false, false},
		{"trend", false, false}, {"rights run out", false, false}, {"at risk\nnow", true, false},
		{"expected\nat the end", true, false}, {"saving at\nrenewal", true, false}, {"status", false, false}};
	char more[120];
	page_table_begin(page, PAGE_STACKED, "Software models, those with missing rights first", columns, COUNT(columns));
	for (size_t i = 0; i < count && i < MODELS_SHOWN; i++)
		append_model(page, &models[i]);
	snprintf(more, sizeof more, "<tr><td class=\"aside\" colspan=\"8\">and %zu more, in the licence position</td></tr>",
		count - MODELS_SHOWN);
	page_table_end(page, count > MODELS_SHOWN ? more : NULL);
}

/* ---- the figures above all ---- */

/* `what` is below it, where there is some. */
static void append_tile(
	struct page *page, const char *name, const struct report_sums *sums, const char *none, const char *look, const char *what)
{
	bool is_some = sums->count || sums->unknown;
	buffer_append_format(page->out, "<div class=\"%s\"><dt>%s</dt><dd", is_some ? look : "", name);
	if (is_some && *what)
		buffer_append_format(page->out, " data-what=\"%s\"", what); /* the style shows it: the cell is the figure alone */
	buffer_append_byte(page->out, '>');
	append_sums(page, sums, none);
	buffer_append_string(page->out, "</dd></div>");
}

/* Up to when all that was sent is known. */
static void append_freshness(struct page *page)
{
	const struct report *report = page->report;
	int64_t read_until = INT64_MAX, stale = 0;
	for (size_t i = 0; i < report->account_count; i++) {
		const struct report_account *account = &report->accounts[i];
		stale += report_account_is_stale(report, account);
		if (account->is_fed && !report_account_is_stale(report, account) && account->watermark < read_until)
			read_until = account->watermark;
	}
	buffer_append_format(page->out, "<div class=\"%s\"><dt>Data complete up to</dt><dd>", stale ? "bad" : "");
	if (read_until == INT64_MAX)
		buffer_append_string(page->out, "<span class=\"none\">not known</span>");
	else {
		int64_t age = instant_day(report->now) - instant_day(read_until);
		buffer_append_format(page->out, "<span class=\"days\">%s</span><span class=\"sub\">%" PRId64 " day%s ago",
			day_text(instant_day(read_until)).text, age, phrase_plural(age));
		buffer_append_string(page->out, "</span>");
	}
	if (stale)
		buffer_append_format(
			page->out, "<span class=\"sub\">%" PRId64 " of %zu accounts stale</span>", stale, report->account_count);
	else if (report->has_watermarks)
		buffer_append_format(page->out, "<span class=\"sub\">none of %zu accounts stale</span>", report->account_count);
	buffer_append_string(page->out, "</dd></div>");
}

/* "true-up of 23 missing rights", or "" where the number is not known. */
static void format_rights(char text[TILE_TEXT], const char *before, int64_t rights, const char *after)
{
	*text = 0;
	if (rights > 0 && rights != INT64_MAX)
		snprintf(text, TILE_TEXT, "%s%" PRId64 "%s right%s", before, rights, after, phrase_plural(rights));
}

static bool are_same(const struct report_sums *a, const struct report_sums *b)
{
	bool are = a->count == b->count && a->unknown == b->unknown;
	for (size_t i = 0; i < a->count && are; i++)
		are = a->sums[i].amount == b->sums[i].amount && strcmp(a->sums[i].currency, b->sums[i].currency) == 0;
	return are;
}

static void append_tiles(struct page *page, const struct model models[], size_t count)
{
	struct report_sums now = {.count = 0}, expected = {.count = 0}, saving = {.count = 0};
	int64_t missing = 0, fewer = 0;
	char what[TILE_TEXT];
	for (size_t i = 0; i < count; i++) {
		add_sums(&now, &models[i].now);
		add_sums(&expected, &models[i].expected);
		add_sums(&saving, &models[i].saving);
		add_units(&missing, models[i].missing);
		add_units(&fewer, models[i].fewer);
	}
	format_rights(what, "true-up of ", missing, " missing");
	append_tile(page, "At risk now", &now, "nothing", "bad", what);
	append_tile(page, "Expected at the period’s end", &expected, "nothing", "bad",
		are_same(&now, &expected) ? "no more than now" : "with what is missing now");
	format_rights(what, "if renewed without ", fewer, "");
	append_tile(page, "Saving at renewal", &saving, "none", "good", what);
}

/* Without a licence position: what was consumed in the latest period that has begun. */
static void append_use_tiles(struct page *page)
{
	const struct report *report = page->report;
	const struct report_period *latest = NULL;
	for (size_t i = 0; i < report->period_count; i++)
		if (report->periods[i].start <= report->now && (!latest || report->periods[i].start > latest->start))
			latest = &report->periods[i];
	int64_t units = 0, before = 0, same_day = 0;
	for (size_t i = 0; latest && i < report->period_count; i++) {
		const struct report_period *period = &report->periods[i];
		add_units(period->start == latest->start ? &units : period->end == latest->start ? &before : NULL, period->consumed);
		add_units(period->end == latest->start ? &same_day : NULL, period->same_day);
	}
	if (!latest)
		return;
	bool is_open = report->now < latest->end;
	html(page->out, "<div><dt>Units consumed, ", latest->state, " period</dt><dd>");
	append_count(page, units);
	buffer_append_string(page->out, "<span class=\"sub\">");
	page_days(page, latest->start, latest->end);
	buffer_append_string(page->out, "</span></dd></div><div><dt>Trend</dt><dd>");
	append_change(page, units, is_open ? same_day : before, is_open ? "by the same day of the last period" : "in the last period");
	buffer_append_string(page->out, "</dd></div><div><dt>Accounts</dt><dd>");
	append_count(page, (int64_t)report->account_count);
	buffer_append_string(page->out, "</dd></div>");
}

static void append_sentence(void *context, bool is_bad, const char *sentence)
{
	struct buffer *out = context;
	buffer_append_format(out, "<li class=\"%s\">", is_bad ? "bad" : "note");
	html_long_text(out, sentence);
	buffer_append_string(out, "</li>");
}

static int collect_models(const struct report *report, struct model **models, size_t *count, struct error *error)
{
	for (size_t first = 0, rows; first < report->metrics.count; first += rows) {
		size_t found = *count;
		struct model *model = array_grow((void **)models, count, sizeof *model, error);
		if (!model)
			return -1;
		rows = report_model_rows(report, first);
		*model = summarize(report, first, rows);
		model->found = found;
	}
	if (*count)
		qsort(*models, *count, sizeof **models, compare_models);
	return 0;
}

int page_overview(struct page *page)
{
	struct model *models = NULL;
	size_t count = 0;
	int result = collect_models(page->report, &models, &count, page->error);
	buffer_append_string(page->out,
		"<section class=\"overview\" aria-labelledby=\"now-title\"><h2 id=\"now-title\" class=\"visually-hidden\">"
		"Overview</h2>\n<dl class=\"tiles\">");
	if (count)
		append_tiles(page, models, count);
	else
		append_use_tiles(page);
	append_freshness(page);
	buffer_append_string(page->out, "</dl>\n");
	if (count)
		append_models(page, models, count);
	page_actions(page);
	buffer_append_string(page->out, "<ul class=\"sentences\">");
	report_summarize(page->report, append_sentence, page->out);
	buffer_append_string(page->out, "</ul></section>\n");
	free(models);
	return result;
}
