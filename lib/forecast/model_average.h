/*
 * model_average.h: the count model's sums of weeks ahead, averaged over its settings by their likelihood, and how well the average would have foretold
 * weeks that are known. forecast.h says by which formulas.
 */
#ifndef ENVTALLY_MODEL_AVERAGE_H
#define ENVTALLY_MODEL_AVERAGE_H

#include "forecast/count_model.h"

#define AVERAGE_TESTS 12 /* back-tests, one each four weeks */
#define AVERAGE_MOST_WEEKS 272 /* ahead */

struct average_week {
	double mean, variance; /* of the sum of the weeks up to this one */
	double season;
};

struct model_average {
	size_t weeks; /* ahead */
	struct average_week *ahead;
	double slope; /* by week, after the last known week */
	double scale[2]; /* of the variance of 4 weeks, and of 12 */
	double error; /* see forecast_facts */
	size_t tests, test_weeks;
};

/* `designs` are those of the known weeks, and behind them of those ahead. `average` has weeks, and room for them. */
void model_average_compute(struct model_average *average, const double units[], size_t known, const struct week_design designs[]);

/* The variance of a sum of so many weeks, 0 or more, is scaled by this. */
double model_average_scale(const struct model_average *average, double weeks);

/* The quantile of a sum of weeks at a normal deviate: see forecast.h. */
double sum_quantile(double mean, double variance, double deviate);

#endif
