/*
 * forecast.h: what a daily series of units is expected to come to. doc/forecast.md explains the method and how well it does.
 *
 * A series is units by day, the last one the newest that is known whole. It is looked at in weeks of seven days counted back from
 * its end, at most FORECAST_WEEKS of them: t[1] … t[m], the oldest first; fewer days than a week at the front are left out.
 *
 * Weekdays: w = 7 × units of the weekday / units of all, over the last 26 weeks (at least 2; 1 each otherwise).
 *
 * Weeks ahead, k = 1, 2 …, `linear`, over the last n = min(m, 26) weeks:
 *   b = the least-squares slope of t, less what its own uncertainty may have made of it: b × max(0, 1 − 4 v / b²),
 *       v = 12 s² / (n (n² − 1)), s² = the squared residuals / (n − 2); b = 0 for n < 4
 *   a = the mean of the last c = min(m, 8) weeks, each moved along the slope to the last one
 *   t[m + k] = max(0, (1 − u) × (a + b × (0.8 + 0.8² … + 0.8^k)) + u × the mean of the last min(m, 52) weeks), u = k / (2 (k + 4)):
 *       a trend of some months is as often a season, so it fades, and use is drawn half-way to what it was over the year.
 * With less than a week t[1] is 7 × the mean of the days.
 *
 * `seasonal`, where m ≥ 56 and use is neither under half nor over twice that of a year (52 weeks) before:
 *   for each earlier year y = 1 … 3 with 52 y + 4 ≤ m:
 *   g = Σ of the last c weeks / Σ of the same weeks y years earlier, c = min(13, m − 52 y)
 *   t[m + k] = the mean, weighted 1 / y, of g × the weeks around t[m + k − 52 y], which weigh 1 2 3 2 1.
 * Growth and season need not be told apart: both are in the earlier year, the ratio makes good the rest.
 *
 * Interval, of the units of the next i days, R: R ± 1.2816 σ (80 of 100), at least 0,
 *   σ² = f R + p (i / h) R², h the days asked for
 *   f = the variance of weeks around the fit by their mean, at least 1: counts scatter at least like independent events
 *   p = (4 q + Σ e) / (4 + J), over J ≤ 6 back-tests: the same without the last 4, 8 … 24 weeks, where 8 are left. Of a forecast F of
 *       l weeks (as many as are left out, at most the v weeks asked for), with its own f, and of what came, A:
 *       e = max(0, (A − F)² − f F) / max(F, 1)², times v / l where the method is linear; at most 4
 *   q = what is assumed before there is evidence: linear 0.005 × min(v, 26), seasonal 0.02.
 *
 * Sources: seasonal naive and damped trend, Hyndman and Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., 5.2, 8.2;
 * the shrunken slope is the positive-part James–Stein estimate of one coefficient. The constants were chosen on the generated
 * organisations of tests/forecast-bench.c with other seeds than those that it prints.
 *
 * Arithmetic is +, −, ×, ÷ and square root on doubles in a fixed order, which IEEE 754 defines to the bit (-std=c17 does not
 * contract them, lib/forecast.c says so too), so the same series gives the same bytes on every machine.
 */
#ifndef ENVTALLY_FORECAST_H
#define ENVTALLY_FORECAST_H

#include <stddef.h>
#include <stdint.h>

#define FORECAST_WEEKS 212 /* of a series that are looked at: four years */
#define FORECAST_DAYS 1900 /* that may be asked for: a period of 60 months, and a feed's delay */
#define FORECAST_PERCENT 80 /* of cases in which the interval should hold what comes */

/* none: there is not a day to go by, so nothing more is expected. */
enum forecast_method { FORECAST_NONE, FORECAST_LINEAR, FORECAST_SEASONAL };
extern const char *const forecast_method_names[];

/* Units of all days from the first after the series to this one. */
struct forecast_day {
	double expected, low, high;
};

/* Fills `ahead` days; ahead ≤ FORECAST_DAYS. */
enum forecast_method forecast_compute(const int64_t units[], size_t days, struct forecast_day forecast[], size_t ahead);

/* A cumulative figure as a whole number: to the nearest, halves up. */
int64_t forecast_round(double units);

#endif
