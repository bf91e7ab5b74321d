/*
 * report_forecast.h: the forecasts of open periods as a table of text.
 */
#ifndef ENVTALLY_REPORT_FORECAST_H
#define ENVTALLY_REPORT_FORECAST_H

#include "report.h"
#include "text_table.h"

/* Nothing where there is none. */
int report_forecast_print(const struct report *report, const struct text_page *page, struct buffer *output, struct error *error);

#endif
