/*
 * count_model.h: units by week as counts around a level that moves, with a trend that fades and a season: a dynamic generalised linear
 * model (West, Harrison and Migon, Dynamic generalized linear models and Bayesian forecasting, JASA 80, 1985; West and Harrison, Bayesian
 * Forecasting and Dynamic Models, 2nd ed., chapters 14 and 7). The names are theirs.
 *
 * State. θ has the logarithm of the level, its slope by week, and the coefficients of the season. It is known as a mean m and a covariance C.
 * A week's logarithm of expected units is F'θ: F, its design, has 1 for the level, and for the season
 *   sine and cosine of one, two and three turns a year; the share of its days that are in the summer holidays (15 July to
 *   31 August), in December up to the 23rd, in late December, and that end a quarter;
 *   24 points around the year, between which its days are interpolated.
 *
 * Evolution, week by week: level ← level + slope, slope ← 0.985 slope: growth fades by half in 46 weeks (damped trend, Gardner and McKenzie
 * 1985; Hyndman and Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., 8.2). The level moves at random with variance W, the slope
 * so that its standard deviation stays at 0.006.
 *
 * Observation. With μ = exp(F'm), q = F'CF, φ = 1 + α μ, units y of a week have mean μ and variance φ μ + q μ²: the scatter of events that
 * come in bursts, and what is not known of θ. The rate is gamma with coefficient of variation √q, so that y makes of it
 *   F'm ← F'm + ln((1 + q y / φ) / (1 + q μ / φ)), q ← q / (1 + q μ / φ), and θ follows by linear Bayes:
 *   m ← m + CF g / q, C ← C − CF (CF)' (1 − q' / q) / q.
 *
 * Robustness. z = (y − μ) / its standard deviation. y is taken as no more than 3 (1 + 1 / √(μ + 0.1)) deviations above μ and 3 below. Two weeks
 * in turn of |z| > 1.8 to the same side are a step: the variance of the level is raised by 0.02, so that it follows (West and Harrison,
 * chapter 11, automatic monitoring).
 *
 * Settings, which differ by model and are weighed by likelihood (forecast.h): α, W, and how much of a season is thought possible.
 */
#ifndef ENVTALLY_COUNT_MODEL_H
#define ENVTALLY_COUNT_MODEL_H

#include <stddef.h>
#include <stdint.h>

enum {
	LEVEL,
	SLOPE,
	FIRST_SEASON,
	HARMONICS = 6,
	SUMMER = FIRST_SEASON + HARMONICS,
	DECEMBER,
	LATE_DECEMBER,
	QUARTER_END,
	KNOTS,
	KNOT_COUNT = 24,
	STATE_SIZE = KNOTS + KNOT_COUNT
};

/* What is not 0 of a week's F, in the order of the state. */
struct week_design {
	size_t count, count_without_knots;
	struct {
		size_t at;
		double value;
	} terms[KNOTS + 4];
};

/* Of the week whose first day it is (days since 1970-01-01; a year has 365.25). */
void week_design_of(struct week_design *design, int32_t first_day);

enum season_setting { SEASON_NONE, SEASON_SMOOTH, SEASON_FREE };

struct count_model {
	size_t size; /* of the state: without knots, unless the season is free */
	double mean[STATE_SIZE], covariance[STATE_SIZE][STATE_SIZE];
	double dispersion, level_variance; /* α, W */
	double log_likelihood, last_deviation; /* z */
};

/* `units` is a first guess of a week's. */
void count_model_open(struct count_model *model, double dispersion, double level_variance, enum season_setting season, double units);

/* The next week, and what was counted in it. */
void count_model_learn(struct count_model *model, const struct week_design *design, double units);

/* Sums of the next weeks, as they are expected. */
struct week_sum {
	double mean, variance, season; /* season: of the last week alone, the logarithm of its factor */
};

/* The model is at the end of what it knows, and is changed. */
void count_model_look_ahead(struct count_model *model, const struct week_design designs[], struct week_sum sums[], size_t weeks);

#endif
