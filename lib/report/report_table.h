/*
 * report_table.h: the report as tables of text, for a terminal or a pipe.
 */
#ifndef ENVTALLY_REPORT_TABLE_H
#define ENVTALLY_REPORT_TABLE_H

#include "io/text_table.h"
#include "report/report.h"

int report_table_print(const struct report *report, const struct text_page *page, struct buffer *output, struct error *error);

#endif
