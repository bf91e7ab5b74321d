/*
 * report_csv.h: the licence position as CSV: RFC 4180, a header, CRLF, UTF-8 without BOM.
 *
 * Columns are the fields of metric_result, values as in the stream, null an empty field, rows in the report's order.
 * A text that a spreadsheet would run as a formula (it starts with = + - @, a tab or a carriage return) gets an apostrophe
 * before it, as OWASP advises; figures, times and words do not. Who needs the texts exactly has them in the NDJSON.
 */
#ifndef ENVTALLY_REPORT_CSV_H
#define ENVTALLY_REPORT_CSV_H

#include "io/output.h"
#include "report/report.h"

int report_csv_print(const struct report *report, struct output *output, struct error *error);

#endif
