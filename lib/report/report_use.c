#include "base/instant.h"
#include "report/report_accounts.h"
#include "report/report_months.h"
#include "report/report_page.h"

#include <inttypes.h>
#include <stdio.h>

#define ACCOUNT_ROWS 200 /* with a column for each period; the others are listed with their sum */
#define ACCOUNT_PERIODS 6 /* columns of accounts; earlier periods share one more */
#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- by period ---- */

static void append_of(struct page *page, const struct report_period *period, struct buffer *caption)
{
	buffer_append_format(caption, ", %ss", period->unit);
	if (page->names_profiles && period->profile)
		buffer_append_format(caption, ", profile %s", period->profile);
}

static void append_figures(struct page *page, int64_t consumed, int64_t licensed)
{
	page_cell_integer(page, consumed);
	page_cell_integer(page, licensed);
	page_cell_integer(page, consumed - licensed);
}

static int append_periods(struct page *page, const struct report_accounts *table)
{
	static const struct text_column columns[] = {{"period", false, false}, {"state", false, false}, {"consumed", true, false},
		{"in licence rows", true, false}, {"in no licence row", true, false}, {"remark", false, false}};
	int64_t consumed = 0, licensed = 0;
	struct buffer caption = BUFFER_INIT, foot = BUFFER_INIT;
	buffer_append_string(&caption, "Units consumed by period");
	append_of(page, report_period_at(page->report, table->first), &caption);
	page_table_begin(page, PAGE_STACKED, caption.data, columns, COUNT(columns));
	for (size_t i = table->first; i < table->end; i++) {
		const struct report_period *period = report_period_at(page->report, i);
		page_row_begin(page, NULL);
		page_cell_days(page, period->start, period->end);
		page_cell_name(page, period->state);
		append_figures(page, period->consumed, period->licensed);
		page_cell_text(page, period->index < 0 ? "before the contract start" : "");
		page_row_end(page);
		if (sum_add(&consumed, period->consumed, page->error) < 0 || sum_add(&licensed, period->licensed, page->error) < 0)
			return -1;
	}
	struct buffer *out = page->out;
	page->out = &foot;
	page_row_begin(page, NULL);
	page_cell_text(page, "Total");
	page_cell_text(page, "");
	append_figures(page, consumed, licensed);
	page_cell_text(page, "");
	page_row_end(page);
	page->out = out;
	page_table_end(page, foot.data);
	buffer_release(&caption);
	buffer_release(&foot);
	return 0;
}

/* ---- by account ---- */

static void append_account_cells(struct page *page, const struct report_accounts *table, size_t row)
{
	for (size_t i = 0; i <= table->column_count; i++)
		page_cell_integer(page, table->cells[row * (table->column_count + 1) + i]);
}

static void append_account_foot(struct page *page, const struct report_accounts *table)
{
	struct buffer foot = BUFFER_INIT, *out = page->out;
	char others[60];
	page->out = &foot;
	snprintf(others, sizeof others, "%zu other accounts together", table->other_count);
	page_row_begin(page, NULL);
	page_cell_text(page, others);
	append_account_cells(page, table, table->row_count);
	page_row_end(page);
	page->out = out;
	page_table_end(page, table->other_count ? foot.data : NULL);
	buffer_release(&foot);
}

static void append_accounts(struct page *page, const struct report_accounts *table)
{
	const struct report *report = page->report;
	struct text_column columns[ACCOUNT_PERIODS + 3] = {{"account", false, true}};
	char titles[ACCOUNT_PERIODS][DAY_LENGTH + 6];
	struct buffer caption = BUFFER_INIT;
	size_t count = 1, dated = table->column_count - (table->has_earlier ? 1 : 0);
	if (table->has_earlier)
		columns[count++] = (struct text_column){"earlier", true, false};
	for (size_t i = 0; i < dated; i++) {
		snprintf(titles[i], sizeof titles[i], "from\n");
		day_format(instant_day(report_period_at(report, table->end - dated + i)->start), titles[i] + 5);
		titles[i][DAY_LENGTH + 5] = 0;
		columns[count++] = (struct text_column){titles[i], true, false};
	}
	columns[count++] = (struct text_column){"total", true, false};
	buffer_append_string(&caption, "Units consumed by account and period");
	append_of(page, report_period_at(report, table->first), &caption);
	buffer_append_string(&caption, ", most first");
	page_table_begin(page, PAGE_NARROW, caption.data, columns, count);
	for (size_t row = 0; row < table->row_count; row++) {
		page_row_of_account(page, table->accounts[row]);
		append_account_cells(page, table, row);
		page_row_end(page);
	}
	append_account_foot(page, table);
	buffer_release(&caption);
}

/* Those that have no row of their own above, with what they have used in all. */
static int append_other_accounts(struct page *page, size_t first)
{
	static const struct text_column columns[] = {{"account", false, true}, {"total", true, false}};
	struct report_accounts all = {.row_limit = SIZE_MAX, .column_limit = 1};
	int result = report_accounts_build(&all, page->report, first, page->error);
	if (result == 0) {
		buffer_append_format(page->out, "<details><summary>The %zu other accounts</summary>", all.row_count - ACCOUNT_ROWS);
		page_table_begin(page, PAGE_PLAIN, "Units consumed by the other accounts, most first", columns, COUNT(columns));
		for (size_t row = ACCOUNT_ROWS; row < all.row_count; row++) {
			page_row_of_account(page, all.accounts[row]);
			page_cell_integer(page, all.cells[row * (all.column_count + 1) + all.column_count]);
			page_row_end(page);
		}
		page_table_end(page, NULL);
		buffer_append_string(page->out, "</details>\n");
	}
	report_accounts_release(&all);
	return result;
}

static int append_tables(struct page *page, int (*append)(struct page *page, const struct report_accounts *table))
{
	int result = 0;
	for (size_t first = 0; first < page->report->period_count && result == 0;) {
		struct report_accounts table = {.row_limit = ACCOUNT_ROWS, .column_limit = ACCOUNT_PERIODS};
		result = report_accounts_build(&table, page->report, first, page->error);
		if (result == 0)
			result = append(page, &table);
		first = table.end;
		report_accounts_release(&table);
	}
	return result;
}

static int append_all_accounts(struct page *page, const struct report_accounts *table)
{
	append_accounts(page, table);
	return table->other_count ? append_other_accounts(page, table->first) : 0;
}

int page_use(struct page *page)
{
	if (!page->report->period_count)
		return 0;
	page_section_begin(page, "units", "Units consumed", NULL);
	int result = page_months(page);
	if (result == 0)
		result = append_tables(page, append_periods);
	page_section_end(page);
	page_section_begin(page, "accounts", "Consumption by account", NULL);
	if (result == 0)
		result = append_tables(page, append_all_accounts);
	page_section_end(page);
	return result;
}
