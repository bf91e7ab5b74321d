#include "base/instant.h"
#include "base/stale_feed.h"
#include "report/chart.h"
#include "report/report_page.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FEED_CYCLE 7 /* days: a feed is made once a week, on a weekday of the account's own */
#define DAYS_BEFORE 21 /* of the calendar; accounts read up to an earlier day are on its first */
#define DAYS_AFTER 8
#define CALENDAR (DAYS_BEFORE + DAYS_AFTER)

/* Never read first, then those read up to the earliest day. */
static int compare_feeds(const void *left, const void *right, void *context)
{
	const struct report *report = context;
	const struct report_account *a = &report->accounts[*(const uint32_t *)left], *b = &report->accounts[*(const uint32_t *)right];
	if (a->is_fed != b->is_fed)
		return b->is_fed ? -1 : 1;
	if (a->watermark != b->watermark)
		return a->watermark < b->watermark ? -1 : 1;
	return strcmp(report->account_ids.names[*(const uint32_t *)left].text, report->account_ids.names[*(const uint32_t *)right].text);
}

/* How many accounts were read up to each day, and how many are due on it. */
static void append_calendar(struct page *page)
{
	const struct report *report = page->report;
	const int32_t first = instant_day(report->now) - DAYS_BEFORE;
	int64_t fed[CALENDAR] = {0}, due[CALENDAR] = {0}, most = 1;
	struct chart chart;
	char label[CHART_LABEL];
	for (size_t i = 0; i < report->account_count; i++) {
		if (!report->accounts[i].is_fed)
			continue;
		int32_t day = instant_day(report->accounts[i].watermark) - first;
		fed[day < 0 ? 0 : day < CALENDAR ? day : CALENDAR - 1]++;
		if (day + FEED_CYCLE >= 0 && day + FEED_CYCLE < CALENDAR)
			due[day + FEED_CYCLE]++;
	}
	for (size_t i = 0; i < CALENDAR; i++)
		most = fed[i] + due[i] > most ? fed[i] + due[i] : most;
	chart_begin(&chart, page->out, ++page->pictures, "feeds",
		"Accounts by the day up to which their feed was read, and by the day on which it is due",
		"The table below has the days of each account.", (double)most);
	chart_bands(&chart, CALENDAR, CALENDAR);
	for (size_t i = 0; i < CALENDAR; i++) {
		bool is_stale = feed_is_stale((int64_t)(first + (int32_t)i) * DAY_MS, report->now);
		if (fed[i])
			chart_bar(&chart, i, 0, (double)fed[i], is_stale ? "beyond" : "within");
		if (due[i])
			chart_bar(&chart, i, (double)fed[i], (double)(fed[i] + due[i]), "due");
		chart_day_label(first + (int32_t)i, label);
		chart_band_label(&chart, i, i == DAYS_BEFORE ? "today" : i == 0 ? "earlier" : label, NULL);
	}
	chart_end(&chart);
}

static void append_day(struct page *page, int32_t day, bool is_known)
{
	char text[DAY_LENGTH + 1] = "never";
	if (is_known)
		day_format(day, text);
	page_cell_text(page, text);
}

static void append_table(struct page *page, const uint32_t order[])
{
	static const struct text_column columns[] = {
		{"account", false, true}, {"read up to", false, false}, {"due on", false, false}, {"state", false, false}};
	const struct report *report = page->report;
	char more[160];
	size_t shown = report->account_count < REPORT_PAGE_ROWS ? report->account_count : REPORT_PAGE_ROWS;
	page_table_begin(page, PAGE_STACKED, "Feeds, the one that is furthest behind first", columns, sizeof columns / sizeof *columns);
	for (size_t i = 0; i < shown; i++) {
		const struct report_account *account = &report->accounts[order[i]];
		bool is_stale = report_account_is_stale(report, account);
		int32_t day = instant_day(account->watermark);
		page_row_begin(page, NULL);
		page_cell_account(page, order[i]);
		append_day(page, day, account->is_fed);
		append_day(page, account->is_fed ? day + FEED_CYCLE : instant_day(report->now), true);
		page_cell_begin(page, is_stale ? "missing" : "");
		buffer_append_string(page->out,
			!account->is_fed                                      ? "never read"
				: is_stale                                    ? "stale"
				: day + FEED_CYCLE < instant_day(report->now) ? "due"
									      : "read");
		page_cell_end(page);
		page_row_end(page);
	}
	snprintf(more, sizeof more, "<tr><td class=\"aside\" colspan=\"4\">and %zu accounts that were read up to a later day</td></tr>",
		report->account_count - shown);
	page_table_end(page, report->account_count > shown ? more : NULL);
}

int page_feeds(struct page *page)
{
	const struct report *report = page->report;
	if (!report->has_watermarks)
		return 0;
	uint32_t *order = calloc(report->account_count + 1, sizeof *order);
	if (!order)
		return error_set(page->error, EX_OSERR, "out of memory");
	for (uint32_t i = 0; i < report->account_count; i++)
		order[i] = i;
	qsort_r(order, report->account_count, sizeof *order, compare_feeds, (void *)(uintptr_t)report);
	page_section_begin(page, "feeds", "Feeds of accounts",
		"Docusign makes the feed of an account once a week. What was sent after the day up to which it was read is not counted yet; a feed that "
		"has not advanced for more than 10 days is stale.");
	buffer_append_string(page->out, "<p class=\"key\">");
	page_key(page, "within", "read up to that day");
	page_key(page, "beyond", "stale");
	page_key(page, "due", "due on that day");
	buffer_append_string(page->out, "</p>\n");
	append_calendar(page);
	append_table(page, order);
	page_section_end(page);
	free(order);
	return 0;
}
