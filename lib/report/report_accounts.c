#include "report/report_accounts.h"

#include <stdlib.h>
#include <string.h>

struct ranking {
	const struct report *report;
	const int64_t *totals;
};

/* Most units first, then by name, then by id. */
static int compare_accounts(const void *left, const void *right, void *context)
{
	const struct ranking *ranking = context;
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
	if (ranking->totals[a] != ranking->totals[b])
		return ranking->totals[a] > ranking->totals[b] ? -1 : 1;
	const char *name = ranking->report->accounts[a].name, *other = ranking->report->accounts[b].name;
	int order = strcmp(name ? name : "", other ? other : "");
	return order ? order : strcmp(ranking->report->account_ids.names[a].text, ranking->report->account_ids.names[b].text);
}

/* Where each period's units go: a column, or -1 when it is not of this table. */
static int *place_periods(struct report_accounts *table, const struct report *report)
{
	int *columns = malloc((report->period_count + 1) * sizeof *columns);
	if (!columns)
		return NULL;
	memset(columns, -1, (report->period_count + 1) * sizeof *columns);
	size_t count = table->end - table->first;
	table->has_earlier = count > table->column_limit;
	table->column_count = table->has_earlier ? table->column_limit + 1 : count;
	size_t earlier = table->has_earlier ? count - table->column_limit : 0;
	for (size_t i = 0; i < count; i++) {
		size_t column = i < earlier ? 0 : i - earlier + (table->has_earlier ? 1 : 0);
		columns[report->period_order[table->first + i]] = (int)column;
	}
	return columns;
}

static int rank(struct report_accounts *table, const struct report *report, const int columns[], uint32_t rows[], struct error *error)
{
	size_t count = report->account_count, present = 0;
	int64_t *totals = calloc(count + 1, sizeof *totals);
	bool *found = calloc(count + 1, sizeof *found);
	table->accounts = calloc(count + 1, sizeof *table->accounts);
	int result = totals && found && table->accounts ? 0 : error_set(error, EX_OSERR, "out of memory");
	for (size_t i = 0; i < report->by_account.count && result == 0; i++) {
		const struct sum *sum = &report->by_account.sums[i];
		if (columns[sum->key[0]] < 0)
			continue;
		found[sum->key[1]] = true;
		result = sum_add(&totals[sum->key[1]], sum->units, error);
	}
	for (uint32_t i = 0; i < count && result == 0; i++)
		if (found[i])
			table->accounts[present++] = i;
	if (result == 0) {
		struct ranking ranking = {report, totals};
		qsort_r(table->accounts, present, sizeof *table->accounts, compare_accounts, &ranking);
		table->row_count = present < table->row_limit ? present : table->row_limit;
		table->other_count = present - table->row_count;
		for (size_t i = 0; i < present; i++)
			rows[table->accounts[i]] = (uint32_t)(i < table->row_count ? i : table->row_count);
	}
	free(totals);
	free(found);
	return result;
}

int report_accounts_build(struct report_accounts *table, const struct report *report, size_t first, struct error *error)
{
	const struct report_period *group = report_period_at(report, first);
	table->first = table->end = first;
	while (table->end < report->period_count && report_periods_agree(report_period_at(report, table->end), group))
		table->end++;
	int *columns = place_periods(table, report);
	uint32_t *rows = calloc(report->account_count + 1, sizeof *rows);
	int result = columns && rows ? rank(table, report, columns, rows, error) : error_set(error, EX_OSERR, "out of memory");
	size_t width = table->column_count + 1;
	if (result == 0 && !(table->cells = calloc((table->row_count + 1) * width, sizeof *table->cells)))
		result = error_set(error, EX_OSERR, "out of memory");
	for (size_t i = 0; i < report->by_account.count && result == 0; i++) {
		const struct sum *sum = &report->by_account.sums[i];
		if (columns[sum->key[0]] < 0)
			continue;
		int64_t *row = &table->cells[rows[sum->key[1]] * width];
		result = sum_add(&row[columns[sum->key[0]]], sum->units, error) < 0 || sum_add(&row[width - 1], sum->units, error) < 0 ? -1
																       : 0;
	}
	free(columns);
	free(rows);
	return result;
}

void report_accounts_release(struct report_accounts *table)
{
	free(table->accounts);
	free(table->cells);
}
