/*
 * forecast.h: what a daily series of units is expected to come to. doc/forecast.md explains the method and how well it does.
 *
 * A series is units by day, the last one the newest that is known whole. One-off sends are taken out (one_off.h); the rest is looked at in
 * weeks of seven days counted back from its end, at most FORECAST_WEEKS of them; fewer days than a week at the front are left out, but a
 * series of less than a week is one week of 7 × the mean of its days.
 *
 * Model. The weeks ahead are those of a count model (count_model.h), averaged over its settings: dispersion 0.004, 0.03, 0.2, 1;
 * variance of the level 0.0001, 0.0015, 0.03; no season, a smooth one, a free one. A setting weighs exp(ℓ / 2), ℓ the log-likelihood of
 * what it foretold week by week, without the first 8 weeks (the first one, of at most 16): Bayesian model averaging, tempered since
 * weeks are not independent (Hoeting, Madigan, Raftery and Volinsky, Statistical Science 14, 1999; Grünwald, The safe Bayesian, 2012).
 *
 * Back-tests. The same forecast is made at 4, 8 … 48 weeks before the end where 26 weeks were known then: of 4 weeks, and
 * of 12 at each third. z² of each, at most 4, makes the scale of the variance: (4 + Σ z²) / (4 + n), by itself for 4 and for 12 weeks.
 * Between them, and to 26 weeks, where it is 0.85 of the second, the scale is interpolated by the logarithm of the weeks.
 *
 * Interval and point. A sum of weeks has the mean M and the variance V of the average, V scaled, and both with one-off sends as often as
 * so far. Its cube root is near to normal (Wilson and Hilferty 1931). With r = V / M², at most 1.1, its quantile at the normal deviate u is
 * M (1 − (t − r / 2) / 9 + u √t / 3)³, where t = (exp(2 r) − 1) / 2: a level whose logarithm is uncertain has a longer tail than its
 * variance to first order, V, tells. A gamma distribution of mean M would have t for t − r / 2, a lognormal level of median M t − r.
 * Expected is the median (u = 0), low and high hold 80 of 100 cases (u = ±1.2816). A day within a week has
 * its weekday's share of the week, over the last 26 weeks (the same for each with less than two).
 *
 * Weeks that have all had the same units go on as they are, and where nothing was used, nothing is expected.
 *
 * Bytes: exact_math.h; each sum in the order that is written; results are rounded to whole units.
 */
#ifndef ENVTALLY_FORECAST_H
#define ENVTALLY_FORECAST_H

#include "forecast/one_off.h"

#include <stdbool.h>

#define FORECAST_WEEKS 212 /* of a series that are looked at: four years */
#define FORECAST_DAYS 1900 /* that may be asked for: a period of 60 months, and a feed's delay */
#define FORECAST_PERCENT 80 /* of cases in which the interval should hold what comes */

/* seasonal: a year before the last four weeks is known. none: there is not a day to go by, so nothing more is expected. */
enum forecast_method { FORECAST_NONE, FORECAST_LINEAR, FORECAST_SEASONAL };
extern const char *const forecast_method_names[];

/* Units of all days from the first after the series to this one. */
struct forecast_day {
	double expected, low, high;
};

struct forecast_series {
	const int64_t *units; /* by day; 0 or more */
	size_t days;
	int32_t first_day; /* since 1970-01-01 */
};

/* What a forecast goes by, to be said to people. */
struct forecast_facts {
	enum forecast_method method;
	double level; /* units a week, of the last eight */
	double growth; /* of the weeks ahead, without season: what the 13th week comes to by the first, less 1 */
	struct {
		size_t week; /* ahead, from 0, within a year and what was asked for */
		double factor;
	} season_high, season_low; /* factor 1 and 1: none */
	struct one_offs one_offs;
	double one_off_rate; /* units a day that are expected of them */
	double error; /* mean of |came − expected| / expected of the back-tests, of 12 weeks if there are any, else of 4 */
	size_t tests, test_weeks;
};

/* Fills `ahead` days; ahead ≤ FORECAST_DAYS. EX_OSERR. */
struct error;
int forecast_compute(const struct forecast_series *series, struct forecast_day forecast[], size_t ahead, struct forecast_facts *facts,
	struct error *error);

/* A cumulative figure as a whole number: to the nearest, halves up. */
int64_t forecast_round(double units);

#endif
