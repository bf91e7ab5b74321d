/*
 * report_months.h: units by month, stacked by account and by site: a chart each, with the figures as a table.
 *
 * The accounts, or sites, with the most units have a colour each; the others share one.
 */
#ifndef ENVTALLY_REPORT_MONTHS_H
#define ENVTALLY_REPORT_MONTHS_H

#include "report/report_page.h"

#define MONTHS_SHOWN 24 /* the latest */
#define MONTHS_SERIES 6 /* with a colour of their own */

/* Nothing where no days are known. */
int page_months(struct page *page);

#endif
