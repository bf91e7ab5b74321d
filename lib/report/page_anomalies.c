#include "base/instant.h"
#include "report/html.h"
#include "report/report_page.h"

#include <inttypes.h>
#include <stdio.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void append_more(struct page *page, size_t columns, size_t count, size_t shown)
{
	char more[120];
	snprintf(more, sizeof more, "<tr><td class=\"aside\" colspan=\"%zu\">and %zu smaller ones, not listed</td></tr>", columns,
		count - shown);
	page_table_end(page, count > shown ? more : NULL);
}

static void append_day(struct page *page, int32_t day)
{
	char text[DAY_LENGTH + 1] = "";
	day_format(day, text);
	page_cell_text(page, text);
}

/* The account's name is a link to its row, where the page has one. */
static void append_account(struct page *page, size_t at)
{
	uint32_t account = page->anomalies->changes[at].account;
	if (!page->is_anchored[at]) {
		page_cell_account(page, account);
		return;
	}
	const char *name = page->report->accounts[account].name, *id = page->report->account_ids.names[account].text;
	page_cell_begin(page, "");
	buffer_append_format(page->out, "<a href=\"#account-%zu\">", at);
	html_name(page->out, name ? name : id);
	html(page->out, "</a> <code>", name ? id : "", "</code>");
	page_cell_end(page);
}

static void append_changes(struct page *page)
{
	static const struct text_column columns[] = {{"account", false, true}, {"usual\nfour weeks", true, false},
		{"last\nfour weeks", true, false}, {"change", true, false}, {"known up to", false, false}, {"use", false, false}};
	const struct report_anomalies *anomalies = page->anomalies;
	size_t shown = anomalies->change_count < REPORT_ANOMALIES ? anomalies->change_count : REPORT_ANOMALIES;
	char delta[24];
	page_table_begin(page, PAGE_STACKED, "Accounts whose use has changed, the largest change first", columns, COUNT(columns));
	for (size_t i = 0; i < shown; i++) {
		const struct report_change *change = &anomalies->changes[i];
		page_row_begin(page, NULL);
		append_account(page, i);
		page_cell_integer(page, change->usual);
		page_cell_integer(page, change->last);
		snprintf(delta, sizeof delta, "%+" PRId64, change->last - change->usual);
		page_cell_number(page, delta, false);
		append_day(page, change->until);
		page_cell_text(page, report_change_word(change));
		page_row_end(page);
	}
	append_more(page, COUNT(columns), anomalies->change_count, shown);
}

static void append_sends(struct page *page)
{
	static const struct text_column columns[] = {{"day", false, false}, {"software model", false, true}, {"metric", false, false},
		{"units beyond\nthe usual", true, false}, {"most units\nthat day by", false, true}, {"its\nunits", true, false}};
	const struct report_anomalies *anomalies = page->anomalies;
	size_t shown = anomalies->send_count < REPORT_ANOMALIES ? anomalies->send_count : REPORT_ANOMALIES;
	page_table_begin(page, PAGE_STACKED, "One-off sends, the most units first", columns, COUNT(columns));
	for (size_t i = 0; i < shown; i++) {
		const struct report_send *send = &anomalies->sends[i];
		page_row_begin(page, send->day >= instant_day(send->forecast->start) ? "current" : NULL);
		append_day(page, send->day);
		page_cell_name(page, report_row_text(send->forecast, "software_model"));
		page_cell_name(page, report_row_text(send->forecast, "license_metric"));
		page_cell_integer(page, send->units);
		if (send->account && send->account_number != RECORD_NO_NAME)
			page_cell_account(page, send->account_number);
		else
			page_cell_name(page, send->account);
		if (send->account)
			page_cell_integer(page, send->account_units);
		else
			page_cell_text(page, "");
		page_row_end(page);
	}
	append_more(page, COUNT(columns), anomalies->send_count, shown);
	buffer_append_string(page->out, "<p>" REPORT_SENDERS "<code>");
	report_send_command(anomalies->sends, page->out);
	buffer_append_string(page->out, "</code></p>\n");
}

void page_anomalies(struct page *page)
{
	const struct report_anomalies *anomalies = page->anomalies;
	if (!report_has_days(page->report) && !anomalies->send_count)
		return;
	page_section_begin(page, "anomalies", "Anomalies",
		"Days and accounts whose use departs from the usual. An account is listed if its last four weeks came to twice its usual four "
		"weeks or more, or to half of them or less, and that is more than chance: over 8 units and three standard deviations off the "
		"median of the 24 weeks before.");
	if (anomalies->change_count)
		append_changes(page);
	else
		buffer_append_string(page->out, "<p>No account has changed so.</p>\n");
	if (anomalies->send_count)
		append_sends(page);
	else if (page->report->forecasts.count)
		buffer_append_string(page->out, "<p>There was no one-off send: no day far beyond the usual of its weekday.</p>\n");
	page_section_end(page);
}

void page_row_of_account(struct page *page, uint32_t account)
{
	char anchor[32] = "";
	for (size_t i = 0; i < page->anomalies->change_count && i < REPORT_ANOMALIES; i++)
		if (page->anomalies->changes[i].account == account && !page->is_anchored[i]) {
			page->is_anchored[i] = true;
			snprintf(anchor, sizeof anchor, " id=\"account-%zu\"", i);
		}
	buffer_append_format(page->out, "<tr%s>", anchor);
	page->column = 0;
	page_cell_account(page, account);
}
