#include "forecast/forecast.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* Compilers that know it keep products and sums apart; gcc does so under -std=c17. */
#ifdef __clang__
#pragma STDC FP_CONTRACT OFF
#endif

#define WEEK 7
#define YEAR 52 /* weeks */
#define YEARS 3 /* earlier ones that are looked at */
#define TREND_WEEKS 26
#define LEAST_TREND 4
#define LEVEL_WEEKS 8
#define DAMPING 0.8
#define PULL_WEEKS 4
#define GROWTH_WEEKS 13
#define LEAST_OVERLAP 4 /* weeks that have a counterpart a year earlier */
#define WEEKDAY_WEEKS 26
#define TEST_STEP 4 /* weeks */
#define TESTS 6
#define LEAST_TRAINED 8 /* weeks that a back-test keeps */
#define WEEKS_AHEAD ((FORECAST_DAYS + WEEK - 1) / WEEK)
#define PRIOR_LINEAR 0.005 /* squared relative error of a week ahead, before there is evidence */
#define PRIOR_SEASONAL 0.02 /* likewise, however far ahead */
#define PRIOR_WEIGHT 4 /* back-tests that the prior stands for */
#define ERROR_LIMIT 4.0
#define DEVIATIONS 1.2816

const char *const forecast_method_names[] = {"none", "linear", "seasonal"};

/* Weeks, the oldest first; what is expected goes on behind what is known. */
struct weeks {
	double totals[FORECAST_WEEKS + WEEKS_AHEAD];
	size_t known;
	enum forecast_method method;
	double dispersion; /* variance of known weeks around the fit by their mean, at least 1 */
};

static double sum(const double values[], size_t count)
{
	double result = 0;
	for (size_t i = 0; i < count; i++)
		result += values[i];
	return result;
}

static double at_least(double value, double least)
{
	return value > least ? value : least;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static double variance_by_mean(double squares, double degrees, double mean)
{
	return degrees > 0 && mean > 0 ? at_least(squares / degrees / mean, 1) : 1;
}

/* The least-squares slope of a week, and the squared residuals of its line. */
static double fit_line(const double weeks[], size_t count, double *squares)
{
	double n = (double)count, mean = sum(weeks, count) / n, middle = (n - 1) / 2, slope = 0;
	for (size_t i = 0; i < count; i++)
		slope += ((double)i - middle) * (weeks[i] - mean);
	slope = count < LEAST_TREND ? 0 : slope * 12 / (n * (n * n - 1));
	*squares = 0;
	for (size_t i = 0; i < count; i++) {
		double residual = weeks[i] - mean - slope * ((double)i - middle);
		*squares += residual * residual;
	}
	return slope;
}

static void extend_linear(struct weeks *weeks, size_t ahead)
{
	size_t known = weeks->known, count = least(known, TREND_WEEKS), recent = least(known, LEVEL_WEEKS), year = least(known, YEAR);
	const double *end = weeks->totals + known;
	double n = (double)count, year_mean = sum(end - year, year) / (double)year, squares, level = 0, drift = 0;
	double slope = fit_line(end - count, count, &squares);
	if (slope != 0)
		slope *= at_least(0, 1 - 4 * 12 * (squares / (n - 2)) / (n * (n * n - 1)) / (slope * slope));
	for (size_t i = 1; i <= recent; i++)
		level += (end[-(ptrdiff_t)i] + slope * (double)(i - 1)) / (double)recent;
	for (size_t k = 1; k <= ahead; k++) {
		double pull = (double)k / (double)(2 * (k + PULL_WEEKS));
		slope *= DAMPING;
		drift += slope;
		weeks->totals[known + k - 1] = at_least(0, (1 - pull) * (level + drift) + pull * year_mean);
	}
	weeks->method = FORECAST_LINEAR;
	weeks->dispersion = variance_by_mean(squares, n - 2, sum(end - count, count) / n);
}

/* The weeks around one, of those before `end`. */
static double smooth(const struct weeks *weeks, size_t at, size_t end)
{
	double total = 0, weight = 0;
	for (int offset = -2; offset <= 2; offset++) {
		size_t week = at + (size_t)(offset + 2);
		if (week < 2 || week - 2 >= end)
			continue;
		double own = 3 - (offset < 0 ? -offset : offset);
		total += own * weeks->totals[week - 2];
		weight += own;
	}
	return total / weight;
}

/* How use has grown since some years before; 0 where there is nothing to compare. */
static double growth(const struct weeks *weeks, size_t years)
{
	if (weeks->known < years * YEAR + LEAST_OVERLAP)
		return 0;
	size_t overlap = least(weeks->known - years * YEAR, GROWTH_WEEKS);
	const double *now = weeks->totals + weeks->known - overlap;
	double before = sum(now - years * YEAR, overlap);
	return before > 0 ? sum(now, overlap) / before : 0;
}

static double seasonal_week(const struct weeks *weeks, size_t week, size_t end, const double ratios[])
{
	double total = 0, weight = 0;
	for (size_t years = 1; years <= YEARS; years++) {
		if (ratios[years] <= 0)
			continue;
		total += ratios[years] * smooth(weeks, week - years * YEAR, end) / (double)years;
		weight += 1.0 / (double)years;
	}
	return total / weight;
}

/* False where a year before is too unlike to go by. */
static bool extend_seasonal(struct weeks *weeks, size_t ahead)
{
	double ratios[YEARS + 1] = {0}, squares = 0, total = 0;
	for (size_t years = 1; years <= YEARS; years++)
		ratios[years] = growth(weeks, years);
	if (ratios[1] < 0.5 || ratios[1] > 2)
		return false;
	for (size_t k = 0; k < ahead; k++)
		weeks->totals[weeks->known + k] = seasonal_week(weeks, weeks->known + k, weeks->known + k, ratios);
	size_t overlap = least(weeks->known - YEAR, GROWTH_WEEKS);
	for (size_t week = weeks->known - overlap; week < weeks->known; week++) {
		double fit = ratios[1] * smooth(weeks, week - YEAR, weeks->known);
		squares += (weeks->totals[week] - fit) * (weeks->totals[week] - fit);
		total += fit;
	}
	weeks->method = FORECAST_SEASONAL;
	weeks->dispersion = variance_by_mean(squares, (double)(overlap - 1), total / (double)overlap);
	return true;
}

static void extend(struct weeks *weeks, size_t ahead)
{
	if (weeks->known < YEAR + LEAST_OVERLAP || !extend_seasonal(weeks, ahead))
		extend_linear(weeks, ahead);
}

/* What is assumed of it before there is evidence. */
static double prior(const struct weeks *weeks, size_t ahead)
{
	return weeks->method == FORECAST_SEASONAL ? PRIOR_SEASONAL : PRIOR_LINEAR * (double)least(ahead, TREND_WEEKS);
}

/* The squared relative error to be expected for all weeks ahead, beyond the scatter of counts. */
static double squared_error(const struct weeks *weeks, size_t ahead)
{
	double errors = PRIOR_WEIGHT * prior(weeks, ahead), count = PRIOR_WEIGHT;
	struct weeks test;
	for (size_t left_out = TEST_STEP; left_out <= TESTS * TEST_STEP && weeks->known >= left_out + LEAST_TRAINED;
		left_out += TEST_STEP) {
		size_t length = least(left_out, ahead);
		test.known = weeks->known - left_out;
		memcpy(test.totals, weeks->totals, test.known * sizeof *test.totals);
		extend(&test, length);
		double forecast = sum(test.totals + test.known, length), miss = sum(weeks->totals + test.known, length) - forecast;
		double error = at_least(0, miss * miss - test.dispersion * forecast) / (at_least(forecast, 1) * at_least(forecast, 1));
		if (weeks->method == FORECAST_LINEAR)
			error = error * (double)ahead / (double)length;
		errors += error < ERROR_LIMIT ? error : ERROR_LIMIT;
		count++;
	}
	return errors / count;
}

/* Each weekday's share of its week, times seven; [0] is the first day after the series. */
static void weekday_factors(const int64_t units[], size_t days, double factors[WEEK])
{
	size_t weeks = least(days / WEEK, WEEKDAY_WEEKS);
	double total = 0;
	for (size_t i = 0; i < WEEK; i++) {
		factors[i] = 0;
		for (size_t week = 0; week < weeks; week++)
			factors[i] += (double)units[days - (weeks - week) * WEEK + i];
		total += factors[i];
	}
	for (size_t i = 0; i < WEEK; i++)
		factors[i] = weeks < 2 || total <= 0 ? 1 : WEEK * factors[i] / total;
}

static void fill_weeks(struct weeks *weeks, const int64_t units[], size_t days)
{
	weeks->known = least(days / WEEK, FORECAST_WEEKS);
	for (size_t week = 0; week < weeks->known; week++) {
		weeks->totals[week] = 0;
		for (size_t i = 0; i < WEEK; i++)
			weeks->totals[week] += (double)units[days - (weeks->known - week) * WEEK + i];
	}
	if (weeks->known)
		return;
	weeks->known = 1;
	weeks->totals[0] = 0;
	for (size_t i = 0; i < days; i++)
		weeks->totals[0] += (double)units[i] * WEEK / (double)days;
}

enum forecast_method forecast_compute(const int64_t units[], size_t days, struct forecast_day forecast[], size_t ahead)
{
	struct weeks weeks = {.known = 0};
	double factors[WEEK], expected = 0;
	size_t weeks_ahead = (ahead + WEEK - 1) / WEEK;
	memset(forecast, 0, ahead * sizeof *forecast);
	if (!days)
		return FORECAST_NONE;
	fill_weeks(&weeks, units, days);
	weekday_factors(units, days, factors);
	extend(&weeks, weeks_ahead);
	double error = squared_error(&weeks, weeks_ahead);
	for (size_t i = 0; i < ahead; i++) {
		expected += weeks.totals[weeks.known + i / WEEK] * factors[i % WEEK] / WEEK;
		double variance = weeks.dispersion * expected + error * ((double)(i + 1) / (double)ahead) * expected * expected;
		double reach = DEVIATIONS * sqrt(variance);
		forecast[i] = (struct forecast_day){expected, at_least(0, expected - reach), expected + reach};
	}
	return weeks.method;
}

int64_t forecast_round(double units)
{
	return units < 9e15 ? (int64_t)floor(units + 0.5) : INT64_C(9000000000000000);
}
