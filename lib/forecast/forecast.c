#include "forecast/forecast.h"

#include "base/error.h"
#include "forecast/exact_math.h"
#include "forecast/model_average.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WEEK 7
#define YEAR 52 /* weeks */
#define LEAST_OVERLAP 4 /* weeks that a year before must be known of */
#define WEEKDAY_WEEKS 26
#define LEVEL_WEEKS 8
#define GROWTH_WEEKS 13
#define DEVIATE 1.2816 /* of FORECAST_PERCENT */

const char *const forecast_method_names[] = {"none", "linear", "seasonal", NULL};

/* A series as it is looked at. */
struct weeks {
	size_t known, ahead;
	double totals[FORECAST_WEEKS];
	double factors[WEEK]; /* each weekday's share of its week, times seven; [0] is the first day after the series */
	struct week_design designs[FORECAST_WEEKS + AVERAGE_MOST_WEEKS];
	struct average_week average[AVERAGE_MOST_WEEKS];
};

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static double mean_of(const double values[], size_t count)
{
	double sum = 0;
	for (size_t i = 0; i < count; i++)
		sum += values[i];
	return sum / (double)count;
}

static void fill_weeks(struct weeks *weeks, const double usual[], size_t days)
{
	weeks->known = least(days / WEEK, FORECAST_WEEKS);
	for (size_t week = 0; week < weeks->known; week++)
		weeks->totals[week] = WEEK * mean_of(usual + days - (weeks->known - week) * WEEK, WEEK);
	if (!weeks->known) {
		weeks->known = 1;
		weeks->totals[0] = WEEK * mean_of(usual, days);
	}
}

static void fill_factors(struct weeks *weeks, const double usual[], size_t days)
{
	size_t count = least(days / WEEK, WEEKDAY_WEEKS);
	double total = 0;
	for (size_t i = 0; i < WEEK; i++) {
		weeks->factors[i] = 0;
		for (size_t week = 0; week < count; week++)
			weeks->factors[i] += usual[days - (count - week) * WEEK + i];
		total += weeks->factors[i];
	}
	for (size_t i = 0; i < WEEK; i++)
		weeks->factors[i] = count < 2 || total <= 0 ? 1 : WEEK * weeks->factors[i] / total;
}

static void fill_designs(struct weeks *weeks, int32_t end_day)
{
	for (size_t week = 0; week < weeks->known + weeks->ahead; week++)
		week_design_of(&weeks->designs[week], end_day + ((int32_t)week - (int32_t)weeks->known) * WEEK);
}

static bool is_even(const struct weeks *weeks)
{
	for (size_t week = 1; week < weeks->known; week++)
		if (weeks->totals[week] != weeks->totals[0])
			return false;
	return true;
}

static enum forecast_method method_of(const struct weeks *weeks)
{
	size_t first = 0;
	while (first < weeks->known && weeks->totals[first] <= 0)
		first++;
	return weeks->known - first >= YEAR + LEAST_OVERLAP ? FORECAST_SEASONAL : FORECAST_LINEAR;
}

static void note_season(const struct weeks *weeks, struct forecast_facts *facts)
{
	double high = 0, low = 0;
	for (size_t week = 0; week < weeks->ahead && week < YEAR; week++) {
		double season = weeks->average[week].season;
		if (week == 0 || season > high) {
			high = season;
			facts->season_high.week = week;
		}
		if (week == 0 || season < low) {
			low = season;
			facts->season_low.week = week;
		}
	}
	facts->season_high.factor = exact_exp(high);
	facts->season_low.factor = exact_exp(low);
}

static void note_facts(const struct weeks *weeks, const struct model_average *average, bool is_even, struct forecast_facts *facts)
{
	size_t recent = least(weeks->known, LEVEL_WEEKS);
	double growth = 0, slope = average->slope;
	for (int week = 1; week < GROWTH_WEEKS; week++)
		growth += slope *= 0.985;
	facts->method = method_of(weeks);
	facts->level = mean_of(weeks->totals + weeks->known - recent, recent);
	facts->growth = is_even ? 0 : exact_exp(growth) - 1;
	facts->season_high.factor = facts->season_low.factor = 1;
	if (facts->method == FORECAST_SEASONAL && !is_even)
		note_season(weeks, facts);
	facts->error = average->error;
	facts->tests = average->tests;
	facts->test_weeks = average->test_weeks;
}

/* Cumulative use does not fall. */
static struct forecast_day follow(struct forecast_day day, const struct forecast_day *before)
{
	if (before && day.expected < before->expected)
		day.expected = before->expected;
	if (before && day.low < before->low)
		day.low = before->low;
	if (before && day.high < before->high)
		day.high = before->high;
	day.low = day.low < day.expected ? day.low : day.expected;
	day.high = day.high > day.expected ? day.high : day.expected;
	return day;
}

/* Each day of the weeks ahead: the week's sum by the share of its days that are over, and one-off sends. */
static void fill_days(const struct weeks *weeks, const struct model_average *average, bool is_even, const struct forecast_facts *facts,
	size_t days, struct forecast_day forecast[], size_t ahead)
{
	double share = 0, squares = facts->one_offs.squares / (double)days;
	for (size_t i = 0; i < ahead; i++) {
		size_t week = i / WEEK;
		struct average_week before = week ? weeks->average[week - 1] : (struct average_week){0, 0, 0};
		double count = (double)(i + 1);
		share = (i % WEEK ? share : 0) + weeks->factors[i % WEEK] / WEEK;
		double mean = before.mean + share * (weeks->average[week].mean - before.mean);
		double variance = before.variance + share * (weeks->average[week].variance - before.variance);
		variance = variance * model_average_scale(average, count / WEEK) + count * squares * (1 + count / (double)days);
		mean += count * facts->one_off_rate;
		struct forecast_day day = {
			sum_quantile(mean, variance, 0), sum_quantile(mean, variance, -DEVIATE), sum_quantile(mean, variance, DEVIATE)};
		if (is_even)
			day.expected = ((double)week + share) * weeks->totals[0] + count * facts->one_off_rate;
		forecast[i] = follow(day, i ? &forecast[i - 1] : NULL);
	}
}

static void compute(struct weeks *weeks, const struct forecast_series *series, const double usual[], struct forecast_day forecast[],
	size_t ahead, struct forecast_facts *facts)
{
	struct model_average average = {.weeks = (ahead + WEEK - 1) / WEEK, .ahead = weeks->average};
	fill_weeks(weeks, usual, series->days);
	fill_factors(weeks, usual, series->days);
	weeks->ahead = average.weeks;
	fill_designs(weeks, series->first_day + (int32_t)series->days);
	bool even = is_even(weeks);
	facts->one_off_rate = facts->one_offs.total / (double)series->days;
	if (even && weeks->totals[0] <= 0 && facts->one_offs.total <= 0) {
		facts->method = FORECAST_LINEAR;
		return;
	}
	model_average_compute(&average, weeks->totals, weeks->known, weeks->designs);
	note_facts(weeks, &average, even, facts);
	fill_days(weeks, &average, even, facts, series->days, forecast, ahead);
}

int forecast_compute(const struct forecast_series *series, struct forecast_day forecast[], size_t ahead, struct forecast_facts *facts,
	struct error *error)
{
	*facts = (struct forecast_facts){.method = FORECAST_NONE};
	memset(forecast, 0, ahead * sizeof *forecast);
	if (!series->days)
		return 0;
	struct weeks *weeks = malloc(sizeof *weeks);
	double *usual = malloc(series->days * sizeof *usual);
	if (weeks && usual) {
		one_off_find(series->units, series->days, usual, &facts->one_offs);
		compute(weeks, series, usual, forecast, ahead, facts);
	} else
		error_set(error, EX_OSERR, "out of memory");
	int result = weeks && usual ? 0 : -1;
	free(weeks);
	free(usual);
	return result;
}

int64_t forecast_round(double units)
{
	return units < 9e15 ? (int64_t)floor(units + 0.5) : INT64_C(9000000000000000);
}
