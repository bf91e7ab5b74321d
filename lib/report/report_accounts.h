/*
 * report_accounts.h: units by account and period, as a table of a size that a page can hold.
 *
 * The accounts with the most units have a row each, the largest first; the last row is all others together. The latest
 * periods have a column each; the first column is all earlier ones together, where there are more than fit.
 */
#ifndef ENVTALLY_REPORT_ACCOUNTS_H
#define ENVTALLY_REPORT_ACCOUNTS_H

#include "report/report.h"

struct report_accounts {
	size_t row_limit, column_limit;
	size_t first, end; /* positions in period_order: the periods of one profile and unit */
	size_t column_count; /* with the column of earlier periods */
	bool has_earlier;
	uint32_t *accounts; /* a row each, row_count of them */
	size_t row_count, other_count;
	int64_t *cells; /* (row_count + 1) rows of column_count + 1 cells: the last row is the others', the last cell a sum */
};

/* Builds the table of the periods from `first` on, a position in period_order; sets `end` to the first one of the next table. */
int report_accounts_build(struct report_accounts *table, const struct report *report, size_t first, struct error *error);
void report_accounts_release(struct report_accounts *table);

#endif
