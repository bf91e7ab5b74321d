/*
 * report_costs.h: the sections of the table about money, remediation and groups; none where the input has nothing of them.
 */
#ifndef ENVTALLY_REPORT_COSTS_H
#define ENVTALLY_REPORT_COSTS_H

#include "io/text_table.h"
#include "report/report.h"

int report_costs_print(const struct report *report, const struct text_page *page, struct buffer *output, struct error *error);

#endif
