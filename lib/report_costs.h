/*
 * report_costs.h: the sections of the table about money, remediation and groups; none where the input has nothing of them.
 */
#ifndef ENVTALLY_REPORT_COSTS_H
#define ENVTALLY_REPORT_COSTS_H

#include "report.h"
#include "text_table.h"

int report_costs_print(const struct report *report, const struct text_page *page, struct buffer *output, struct error *error);

#endif
