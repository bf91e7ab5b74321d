#include "report/report_months.h"

#include "base/instant.h"
#include "report/chart.h"
#include "report/html.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OTHERS MONTHS_SERIES

/* What units are stacked by: each account has a number of its own, or that of its site. */
struct stack {
	const struct report *report;
	const char *by; /* "account" or "site" */
	uint32_t *numbers; /* by account */
	int64_t *totals; /* by number */
	size_t count;
	uint32_t shown[MONTHS_SERIES]; /* numbers, most units first */
	size_t shown_count;
	int32_t first, months; /* the first month, as year × 12 + month − 1 */
	int64_t units[MONTHS_SHOWN][MONTHS_SERIES + 1];
};

static const char *name_of(const struct stack *stack, size_t series)
{
	const struct report *report = stack->report;
	for (size_t i = 0; series < stack->shown_count && i < report->account_count; i++)
		if (stack->numbers[i] == stack->shown[series] && strcmp(stack->by, "site") == 0)
			return report->accounts[i].site ? report->accounts[i].site : "no site";
	if (series >= stack->shown_count)
		return "others";
	const char *name = report->accounts[stack->shown[series]].name;
	return name ? name : report->account_ids.names[stack->shown[series]].text;
}

static size_t series_of(const struct stack *stack, uint32_t account)
{
	for (size_t i = 0; i < stack->shown_count; i++)
		if (stack->numbers[account] == stack->shown[i])
			return i;
	return OTHERS;
}

/* Accounts of one site share a number, that of the first of them; equal texts are one text. */
static void number_accounts(struct stack *stack, bool by_site)
{
	const struct report_account *accounts = stack->report->accounts;
	for (uint32_t i = 0; i < stack->count; i++) {
		stack->numbers[i] = i;
		for (uint32_t j = 0; by_site && j < i && stack->numbers[i] == i; j++)
			if (stack->numbers[j] == j && accounts[j].site == accounts[i].site)
				stack->numbers[i] = j;
	}
}

static int add_totals(struct stack *stack, struct error *error)
{
	const struct sum_table *table = &stack->report->by_month;
	int32_t last = 0;
	stack->first = INT32_MAX;
	for (size_t i = 0; i < table->count; i++) {
		int32_t month = (int32_t)table->sums[i].key[0];
		last = month > last ? month : last;
		stack->first = month < stack->first ? month : stack->first;
	}
	if (table->count && last - stack->first >= MONTHS_SHOWN)
		stack->first = last - MONTHS_SHOWN + 1;
	stack->months = table->count ? last - stack->first + 1 : 0;
	for (size_t i = 0; i < table->count; i++)
		if ((int32_t)table->sums[i].key[0] >= stack->first &&
			sum_add(&stack->totals[stack->numbers[table->sums[i].key[1]]], table->sums[i].units, error) < 0)
			return -1;
	return 0;
}

static void choose_shown(struct stack *stack)
{
	for (; stack->shown_count < MONTHS_SERIES; stack->shown_count++) {
		size_t best = stack->count;
		for (size_t i = 0; i < stack->count; i++) {
			bool is_shown = false;
			for (size_t j = 0; j < stack->shown_count; j++)
				is_shown |= stack->shown[j] == i;
			if (!is_shown && stack->totals[i] > 0 && (best == stack->count || stack->totals[i] > stack->totals[best]))
				best = i;
		}
		if (best == stack->count)
			return;
		stack->shown[stack->shown_count] = (uint32_t)best;
	}
}

static int stack_build(struct stack *stack, bool by_site, struct error *error)
{
	const struct sum_table *table = &stack->report->by_month;
	stack->count = stack->report->account_count;
	stack->numbers = calloc(stack->count + 1, sizeof *stack->numbers);
	stack->totals = calloc(stack->count + 1, sizeof *stack->totals);
	if (!stack->numbers || !stack->totals)
		return error_set(error, EX_OSERR, "out of memory");
	number_accounts(stack, by_site);
	if (add_totals(stack, error) < 0)
		return -1;
	choose_shown(stack);
	for (size_t i = 0; i < table->count; i++) {
		int32_t month = (int32_t)table->sums[i].key[0] - stack->first;
		if (month >= 0 && sum_add(&stack->units[month][series_of(stack, table->sums[i].key[1])], table->sums[i].units, error) < 0)
			return -1;
	}
	return 0;
}

static bool has_others(const struct stack *stack)
{
	bool has = false;
	for (int32_t month = 0; month < stack->months; month++)
		has |= stack->units[month][OTHERS] != 0;
	return has;
}

static int64_t month_total(const struct stack *stack, int32_t month)
{
	int64_t total = 0;
	for (size_t i = 0; i <= OTHERS; i++)
		total += stack->units[month][i];
	return total;
}

static int32_t first_day(const struct stack *stack, int32_t month)
{
	return day_from_civil((stack->first + month) / 12, (stack->first + month) % 12 + 1, 1);
}

static void append_chart(struct page *page, const struct stack *stack)
{
	struct chart chart;
	struct buffer title = BUFFER_INIT, description = BUFFER_INIT;
	char label[CHART_LABEL];
	int64_t most = 1;
	for (int32_t month = 0; month < stack->months; month++) {
		int64_t total = month_total(stack, month);
		most = total > most ? total : most;
		chart_month_label(first_day(stack, month), label);
		buffer_append_format(&description, "%s%s: %" PRId64, month ? ", " : "", label, total);
	}
	buffer_append_format(&title, "Units consumed by month and %s", stack->by);
	chart_begin(&chart, page->out, ++page->pictures, "months", title.data, description.data, (double)most);
	chart_bands(&chart, (size_t)stack->months, CHART_BANDS);
	for (int32_t month = 0; month < stack->months; month++) {
		double low = 0;
		char year[8];
		for (size_t series = 0; series <= OTHERS; series++) {
			char look[8];
			snprintf(look, sizeof look, "s%zu", series);
			if (stack->units[month][series])
				chart_bar(&chart, (size_t)month, low, low + (double)stack->units[month][series], look);
			low += (double)stack->units[month][series];
		}
		chart_month_label(first_day(stack, month), label);
		snprintf(year, sizeof year, "%.4s", label + 4);
		label[3] = 0;
		chart_band_label(&chart, (size_t)month, label, year);
	}
	chart_end(&chart);
	buffer_release(&title);
	buffer_release(&description);
}

static void append_key(struct page *page, const struct stack *stack)
{
	buffer_append_string(page->out, "<p class=\"key\">");
	for (size_t series = 0; series <= OTHERS; series++) {
		if (series >= stack->shown_count && (series < OTHERS || !has_others(stack)))
			continue;
		buffer_append_format(page->out,
			"<span><svg class=\"swatch\" viewBox=\"0 0 14 14\" aria-hidden=\"true\"><rect class=\"s%zu\" width=\"14\" height=\"14\"/></svg> ",
			series);
		html_name(page->out, name_of(stack, series));
		buffer_append_string(page->out, "</span> ");
	}
	buffer_append_string(page->out, "</p>\n");
}

static void append_table(struct page *page, const struct stack *stack)
{
	struct text_column columns[MONTHS_SERIES + 3] = {{"month", false, false}};
	char label[CHART_LABEL];
	size_t count = 1, others = has_others(stack);
	for (size_t series = 0; series < stack->shown_count + others; series++)
		columns[count++] = (struct text_column){name_of(stack, series), true, false};
	columns[count++] = (struct text_column){"total", true, false};
	buffer_append_string(page->out, "<details class=\"figures\"><summary>The figures of this chart</summary>");
	page_table_begin(page, PAGE_PLAIN, "Units consumed by month", columns, count);
	for (int32_t month = 0; month < stack->months; month++) {
		chart_month_label(first_day(stack, month), label);
		page_row_begin(page, NULL);
		page_cell_text(page, label);
		for (size_t series = 0; series < stack->shown_count; series++)
			page_cell_integer(page, stack->units[month][series]);
		if (others)
			page_cell_integer(page, stack->units[month][OTHERS]);
		page_cell_integer(page, month_total(stack, month));
		page_row_end(page);
	}
	page_table_end(page, NULL);
	buffer_append_string(page->out, "</details>\n");
}

static int append_stack(struct page *page, const char *by, bool by_site)
{
	struct stack stack = {.report = page->report, .by = by};
	int result = stack_build(&stack, by_site, page->error);
	if (result == 0 && stack.months && (!by_site || stack.shown_count > 1)) {
		buffer_append_format(page->out, "<h3>By month and %s</h3>\n", by);
		append_key(page, &stack);
		append_chart(page, &stack);
		append_table(page, &stack);
	}
	free(stack.numbers);
	free(stack.totals);
	return result;
}

int page_months(struct page *page)
{
	return append_stack(page, "account", false) < 0 || append_stack(page, "site", true) < 0 ? -1 : 0;
}
