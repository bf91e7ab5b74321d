/*
 * report_xlsx.h: the report as a workbook (Office Open XML) that can be sent on: sheets Position, Costs, Accounts, Restatements, Summary.
 *
 * Figures are numbers with the digits that the stream has, days are dates, and all else is text that no program runs. A figure of more than 15
 * digits is text too: a spreadsheet's numbers are binary and have no more. The same report gives the same bytes.
 */
#ifndef ENVTALLY_REPORT_XLSX_H
#define ENVTALLY_REPORT_XLSX_H

#include "io/output.h"
#include "report/report.h"

int report_xlsx_print(const struct report *report, struct output *output, struct error *error);

#endif
