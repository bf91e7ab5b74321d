/*
 * report_html.h: the report as one HTML file: nothing is fetched, style and pictures are inline, and it is complete without its script.
 *
 * Names are cut to HTML_NAME characters. report_page.h lists the parts.
 */
#ifndef ENVTALLY_REPORT_HTML_H
#define ENVTALLY_REPORT_HTML_H

#include "io/output.h"
#include "report/report.h"

int report_html_print(const struct report *report, struct output *output, struct error *error);

#endif
