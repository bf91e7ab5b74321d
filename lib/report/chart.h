/*
 * chart.h: charts as inline SVG: a vertical axis with round ticks, a horizontal one of days or of bands, and marks on them.
 *
 * Horizontal places are in per cent of the chart and vertical ones in pixels, so a chart is as wide as its page and its texts stay of one
 * size on a phone and on paper. Colours come from the style sheet, by class. No title is drawn: the chart's name and its description, the
 * sentence that says what it shows, are for those who do not see it; its figures stand in a table beside it.
 *
 * gnuplot, plotutils and the like make whole files with fonts and sizes of their own and would be one more program for each run; this is
 * what a chart here needs.
 */
#ifndef ENVTALLY_CHART_H
#define ENVTALLY_CHART_H

#include "base/buffer.h"

#include <stdint.h>

#define CHART_HEIGHT 200 /* of what is within the axes */
#define CHART_BANDS 6 /* a usual least number of bands: a single bar is no wall */

struct chart {
	struct buffer *out;
	double top; /* the vertical axis is from 0 to here */
	int32_t first, end; /* days; end exclusive */
	size_t bands;
};

/* The least 1, 2 or 5 × 10^n that is at least `least`, as the distance of ticks; at least 1. */
double chart_step(double least);

/* Opens a chart whose vertical axis holds `most`. `description` may be of any length; both are escaped. */
void chart_begin(struct chart *chart, struct buffer *out, unsigned number, const char *class_name, const char *title,
	const char *description, double most);
void chart_end(struct chart *chart);

double chart_y(const struct chart *chart, double value);
double chart_x(const struct chart *chart, double day); /* per cent; a day begins at its number */

/* The horizontal axis: days with the ticks of a calendar, or bands that are labelled one by one. */
void chart_days(struct chart *chart, int32_t first, int32_t end);
void chart_bands(struct chart *chart, size_t count, size_t least);
void chart_band_label(struct chart *chart, size_t band, const char *label, const char *below);

/* A bar of a band, from `low` to `high`; a line over its whole width at `value`; a text over its middle at `value`. */
void chart_bar(struct chart *chart, size_t band, double low, double high, const char *class_name);
void chart_band_line(struct chart *chart, size_t band, double value, const char *class_name);
void chart_band_text(struct chart *chart, size_t band, double value, const char *class_name, const char *text);

/* Points, a day and a value each: an area or a line (fill none) through them. */
struct chart_point {
	double day, value;
};
void chart_line(struct chart *chart, const struct chart_point points[], size_t count, const char *class_name);
void chart_area(struct chart *chart, const struct chart_point points[], size_t count, const char *class_name);

/* A line from one value to another within a day, over all values, or over all days. */
void chart_day_line(struct chart *chart, double day, double from, double to, const char *class_name);
void chart_value_line(struct chart *chart, double from_day, double to_day, double value, const char *class_name);

/* A point, and a text beside it: `anchor` is start, middle or end; `lift` in pixels is up. */
void chart_dot(struct chart *chart, double day, double value, const char *class_name);
void chart_text(struct chart *chart, double day, double value, int lift, const char *anchor, const char *class_name, const char *text);

/* A small picture for a cell of a table: a bar for each value, and a line where its level is. `description` is escaped. */
#define CHART_SPARK_HEIGHT 28
struct chart_bar_of {
	double value, level; /* level below 0: none */
};
void chart_spark(struct buffer *out, const struct chart_bar_of bars[], size_t count, const char *description);

/* "5 Feb" for a day, "Feb 2025" for the month that it lies in. `text` holds at least CHART_LABEL bytes. */
#define CHART_LABEL 16
void chart_day_label(int32_t day, char *text);
void chart_month_label(int32_t day, char *text);

#endif
