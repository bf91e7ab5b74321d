/*
 * report_forecast.h: the forecasts of open periods as a table of text.
 */
#ifndef ENVTALLY_REPORT_FORECAST_H
#define ENVTALLY_REPORT_FORECAST_H

#include "io/text_table.h"
#include "report/report.h"

/* Nothing where there is none. */
int report_forecast_print(const struct report *report, const struct text_page *page, struct buffer *output, struct error *error);

#endif
