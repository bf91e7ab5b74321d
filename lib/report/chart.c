#include "report/chart.h"

#include "base/instant.h"
#include "report/html.h"

#include <math.h>
#include <stdio.h>

#define MARGIN 18 /* above the highest tick: for texts */
#define FOOT 38 /* below the axis */
#define TICKS 5
#define DIGIT_WIDTH 7

static const char month_names[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

void chart_day_label(int32_t day, char *text)
{
	int year, month, month_day;
	day_to_civil(day, &year, &month, &month_day);
	snprintf(text, CHART_LABEL, "%d %s", month_day, month_names[month - 1]);
}

void chart_month_label(int32_t day, char *text)
{
	int year, month, month_day;
	day_to_civil(day, &year, &month, &month_day);
	snprintf(text, CHART_LABEL, "%s %d", month_names[month - 1], year);
}

double chart_step(double least)
{
	double step = 1;
	while (step * 10 < least)
		step *= 10;
	return step >= least ? step : step * 2 >= least ? step * 2 : step * 5 >= least ? step * 5 : step * 10;
}

/* "250", "15 k", "1.5 M": of a tick. */
static int tick_label(double value, char label[24])
{
	double unit = value >= 1e9 ? 1e9 : value >= 1e6 ? 1e6 : value >= 1e4 ? 1e3 : 1;
	return snprintf(label, 24, "%.10g%s", value / unit, unit == 1e9 ? " G" : unit == 1e6 ? " M" : unit == 1e3 ? " k" : "");
}

double chart_y(const struct chart *chart, double value)
{
	return MARGIN + (1 - value / chart->top) * CHART_HEIGHT;
}

double chart_x(const struct chart *chart, double day)
{
	double x = (day - chart->first) / (chart->end - chart->first) * 100;
	return x < 0 ? 0 : x > 100 ? 100 : x;
}

void chart_begin(struct chart *chart, struct buffer *out, unsigned number, const char *class_name, const char *title,
	const char *description, double most)
{
	double step = chart_step(most / TICKS);
	int ticks = most > step ? (int)ceil(most / step) : 1;
	*chart = (struct chart){.out = out, .top = ticks * step, .end = 1, .bands = 1};
	char label[24];
	int length = 0, height = MARGIN + CHART_HEIGHT + FOOT;
	for (int i = 0; i <= ticks; i++) {
		int own = tick_label(i * step, label);
		length = own > length ? own : length;
	}
	int width = DIGIT_WIDTH * length + 10;
	buffer_append_format(out, "<div class=\"chart %s\"><svg class=\"ticks\" width=\"%d\" height=\"%d\" aria-hidden=\"true\">",
		class_name, width, height);
	for (int i = 0; i <= ticks; i++) {
		tick_label(i * step, label);
		buffer_append_format(out, "<text x=\"%d\" y=\"%.1f\">%s</text>", width - 6, chart_y(chart, i * step) + 4, label);
	}
	buffer_append_format(out,
		"</svg><svg class=\"plot\" height=\"%d\" role=\"img\" aria-labelledby=\"chart%u-t chart%u-d\"><title id=\"chart%u-t\">",
		height, number, number, number);
	html_long_text(out, title);
	buffer_append_format(out, "</title><desc id=\"chart%u-d\">", number);
	html_long_text(out, description);
	buffer_append_string(out, "</desc>");
	for (int i = 0; i <= ticks; i++)
		buffer_append_format(out, "<line class=\"%s\" x1=\"0\" x2=\"100%%\" y1=\"%.1f\" y2=\"%.1f\"/>", i ? "grid" : "axis",
			chart_y(chart, i * step), chart_y(chart, i * step));
}

void chart_end(struct chart *chart)
{
	buffer_append_string(chart->out, "</svg></div>\n");
}

/* ---- days ---- */

static void append_day_tick(struct chart *chart, int32_t day, const char *label, size_t number)
{
	double x = chart_x(chart, day);
	const char *anchor = x < 4 ? "start" : x > 96 ? "end" : "middle";
	buffer_append_format(chart->out,
		"<line class=\"axis\" x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"%d\" y2=\"%d\"/>"
		"<text class=\"label%s\" text-anchor=\"%s\" x=\"%.2f%%\" y=\"%d\">%s</text>",
		x, x, MARGIN + CHART_HEIGHT, MARGIN + CHART_HEIGHT + 5, number % 2 ? " odd" : "", anchor, x, MARGIN + CHART_HEIGHT + 18,
		label);
}

/* The first days of every `step`th month. */
static void append_month_ticks(struct chart *chart, int step)
{
	int year, month, month_day;
	char label[CHART_LABEL];
	day_to_civil(chart->first, &year, &month, &month_day);
	int at = year * 12 + month - 1 + (month_day > 1);
	for (size_t number = 0;; at += step) {
		int32_t day = day_from_civil(at / 12, at % 12 + 1, 1);
		if (day >= chart->end)
			return;
		chart_month_label(day, label);
		append_day_tick(chart, day, label, number++);
	}
}

void chart_days(struct chart *chart, int32_t first, int32_t end)
{
	static const int day_steps[] = {1, 2, 7, 14}, month_steps[] = {1, 2, 3, 6, 12, 24, 60, 120};
	int32_t days = end - first;
	char label[CHART_LABEL];
	chart->first = first;
	chart->end = end;
	for (size_t i = 0; i < sizeof day_steps / sizeof *day_steps; i++) {
		if (days / day_steps[i] > 8)
			continue;
		for (int32_t day = first; day < end; day += day_steps[i]) {
			chart_day_label(day, label);
			append_day_tick(chart, day, label, (size_t)((day - first) / day_steps[i]));
		}
		return;
	}
	size_t step = 0;
	while (step + 1 < sizeof month_steps / sizeof *month_steps && days / (month_steps[step] * 30) > 8)
		step++;
	append_month_ticks(chart, month_steps[step]);
}

static void append_points(struct chart *chart, const struct chart_point points[], size_t count, const char *shape, const char *class_name)
{
	buffer_append_format(chart->out,
		"<svg width=\"100%%\" height=\"%d\" viewBox=\"0 0 1000 %d\" preserveAspectRatio=\"none\"><%s class=\"%s\" points=\"",
		MARGIN + CHART_HEIGHT, MARGIN + CHART_HEIGHT, shape, class_name);
	for (size_t i = 0; i < count; i++)
		buffer_append_format(
			chart->out, "%s%.1f,%.1f", i ? " " : "", chart_x(chart, points[i].day) * 10, chart_y(chart, points[i].value));
	buffer_append_string(chart->out, "\"/></svg>");
}

void chart_line(struct chart *chart, const struct chart_point points[], size_t count, const char *class_name)
{
	append_points(chart, points, count, "polyline", class_name);
}

void chart_area(struct chart *chart, const struct chart_point points[], size_t count, const char *class_name)
{
	append_points(chart, points, count, "polygon", class_name);
}

static void append_line(struct chart *chart, const char *class_name, double x1, double x2, double from, double to)
{
	buffer_append_format(chart->out, "<line class=\"%s\" x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"%.1f\" y2=\"%.1f\"/>", class_name, x1, x2,
		chart_y(chart, from), chart_y(chart, to));
}

void chart_day_line(struct chart *chart, double day, double from, double to, const char *class_name)
{
	append_line(chart, class_name, chart_x(chart, day), chart_x(chart, day), from, to);
}

void chart_value_line(struct chart *chart, double from_day, double to_day, double value, const char *class_name)
{
	append_line(chart, class_name, chart_x(chart, from_day), chart_x(chart, to_day), value, value);
}

void chart_dot(struct chart *chart, double day, double value, const char *class_name)
{
	buffer_append_format(chart->out, "<circle class=\"%s\" cx=\"%.2f%%\" cy=\"%.1f\" r=\"4.5\"/>", class_name, chart_x(chart, day),
		chart_y(chart, value));
}

static void append_text(struct chart *chart, double x, double y, const char *anchor, const char *class_name, const char *text)
{
	buffer_append_format(chart->out, "<text class=\"%s\" text-anchor=\"%s\" x=\"%.2f%%\" y=\"%.1f\">", class_name, anchor, x, y);
	html_text(chart->out, text);
	buffer_append_string(chart->out, "</text>");
}

void chart_text(struct chart *chart, double day, double value, int lift, const char *anchor, const char *class_name, const char *text)
{
	append_text(chart, chart_x(chart, day), chart_y(chart, value) - lift, anchor, class_name, text);
}

/* ---- bands ---- */

void chart_bands(struct chart *chart, size_t count, size_t least)
{
	chart->bands = count > least ? count : least;
}

static double band_at(const struct chart *chart, double place)
{
	return place / (double)chart->bands * 100;
}

void chart_band_label(struct chart *chart, size_t band, const char *label, const char *below)
{
	double x = band_at(chart, (double)band + 0.5);
	/* A label for every band, or for as many as there is room for. */
	size_t every = (chart->bands + 11) / 12;
	if (band % every)
		return;
	const char *class_name = band / every % 2 && chart->bands > CHART_BANDS ? "label odd" : "label";
	append_text(chart, x, MARGIN + CHART_HEIGHT + 17, "middle", class_name, label);
	if (below)
		append_text(chart, x, MARGIN + CHART_HEIGHT + 31, "middle", class_name, below);
}

void chart_bar(struct chart *chart, size_t band, double low, double high, const char *class_name)
{
	double y = chart_y(chart, high), height = chart_y(chart, low) - y;
	buffer_append_format(chart->out, "<rect class=\"%s\" x=\"%.2f%%\" width=\"%.2f%%\" y=\"%.1f\" height=\"%.1f\"/>", class_name,
		band_at(chart, (double)band + 0.18), band_at(chart, 0.64), y, height);
}

void chart_band_line(struct chart *chart, size_t band, double value, const char *class_name)
{
	append_line(chart, class_name, band_at(chart, (double)band + 0.04), band_at(chart, (double)band + 0.96), value, value);
}

void chart_band_text(struct chart *chart, size_t band, double value, const char *class_name, const char *text)
{
	append_text(chart, band_at(chart, (double)band + 0.5), chart_y(chart, value) - 5, "middle", class_name, text);
}

/* ---- a picture for a cell ---- */

static void append_spark_bar(struct buffer *out, double x, double width, double low, double high, double most, const char *class_name)
{
	if (high > low)
		buffer_append_format(out, "<rect class=\"%s\" x=\"%.1f%%\" width=\"%.1f%%\" y=\"%.1f\" height=\"%.1f\"/>", class_name, x,
			width, CHART_SPARK_HEIGHT - 1 - high / most * (CHART_SPARK_HEIGHT - 2),
			(high - low) / most * (CHART_SPARK_HEIGHT - 2));
}

void chart_spark(struct buffer *out, const struct chart_bar_of bars[], size_t count, const char *description)
{
	double most = 1, step = 100.0 / (double)(count > CHART_BANDS ? count : CHART_BANDS);
	buffer_append_string(out, "<svg class=\"spark\" role=\"img\" aria-label=\"");
	html_long_text(out, description);
	buffer_append_string(out, "\">");
	for (size_t i = 0; i < count; i++)
		most = fmax(most, fmax(bars[i].value, bars[i].level));
	for (size_t i = 0; i < count; i++) {
		double x = (double)i * step, within = bars[i].level < 0 ? bars[i].value : fmin(bars[i].value, bars[i].level);
		append_spark_bar(out, x + step * 0.15, step * 0.7, 0, within, most, "within");
		append_spark_bar(out, x + step * 0.15, step * 0.7, within, bars[i].value, most, "beyond");
		if (bars[i].level < 0)
			continue;
		double y = CHART_SPARK_HEIGHT - 1 - bars[i].level / most * (CHART_SPARK_HEIGHT - 2);
		buffer_append_format(
			out, "<line class=\"rights\" x1=\"%.1f%%\" x2=\"%.1f%%\" y1=\"%.1f\" y2=\"%.1f\"/>", x, x + step, y, y);
	}
	buffer_append_string(out, "</svg>");
}
