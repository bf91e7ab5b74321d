/*
 * report_html.h: the report as one HTML file: no script, nothing fetched, inline style and SVG.
 *
 * C puts the figures into a JSON document; lib/report/report.jq makes the page of it and lib/report/report.css its looks. Names
 * are cut to REPORT_HTML_NAME characters; figures travel as text, so that none is rounded.
 */
#ifndef ENVTALLY_REPORT_HTML_H
#define ENVTALLY_REPORT_HTML_H

#include "io/output.h"
#include "report/report.h"

#define REPORT_HTML_NAME 200
#define REPORT_HTML_ACCOUNTS 200 /* of each profile; the rest is one row */
#define REPORT_HTML_ROWS 200 /* of groups, of what can be done, of billing periods */
#define REPORT_HTML_FORECASTS 50 /* with a picture each */
#define REPORT_HTML_PERIODS 6 /* columns of accounts; earlier periods share one more */

int report_html_print(const struct report *report, struct output *output, struct error *error);

#endif
