#include "forecast/count_model.h"

#include "forecast/exact_math.h"

#include <math.h>
#include <string.h>

#define WEEK 7
#define YEAR 365.25
#define SUMMER_FROM 195 /* of the year's days, from 0: 15 July */
#define SUMMER_TO 243 /* 1 September */
#define DECEMBER_FROM 334 /* the 1st */
#define LATE_DECEMBER_FROM 357 /* the 24th */
#define QUARTER 91.3
#define QUARTER_END_FROM 84.5 /* of the quarter's days; not of the last, which ends in late December */
#define QUARTER_END_TO 90.5
#define LAST_QUARTER_END 340
#define DAMPING 0.985
#define SLOPE_DEVIATION 0.006
#define MOST_DEVIATIONS 3
#define STEP_DEVIATIONS 1.8
#define STEP_VARIANCE 0.02
#define MOST_LOGARITHM 40 /* e^40: more than all units that a ledger counts */

static void add_term(struct week_design *design, size_t at, double value)
{
	if (value == 0)
		return;
	for (size_t i = 0; i < design->count; i++)
		if (design->terms[i].at == at) {
			design->terms[i].value += value;
			return;
		}
	size_t i = design->count++;
	for (; i > 0 && design->terms[i - 1].at > at; i--)
		design->terms[i] = design->terms[i - 1];
	design->terms[i].at = at;
	design->terms[i].value = value;
}

static double part_of_year(double day)
{
	return day / YEAR - floor(day / YEAR);
}

static void add_days(struct week_design *design, int32_t first_day)
{
	double summer = 0, december = 0, late_december = 0, quarter_end = 0;
	for (int i = 0; i < WEEK; i++) {
		double day = part_of_year(first_day + i) * YEAR, of_quarter = day - floor(day / QUARTER) * QUARTER;
		if (day >= SUMMER_FROM && day < SUMMER_TO)
			summer += 1.0 / WEEK;
		if (day >= LATE_DECEMBER_FROM)
			late_december += 1.0 / WEEK;
		else if (day >= DECEMBER_FROM)
			december += 1.0 / WEEK;
		if (day < LAST_QUARTER_END && of_quarter >= QUARTER_END_FROM && of_quarter < QUARTER_END_TO)
			quarter_end += 1.0 / WEEK;
	}
	add_term(design, SUMMER, summer);
	add_term(design, DECEMBER, december);
	add_term(design, LATE_DECEMBER, late_december);
	add_term(design, QUARTER_END, quarter_end);
	design->count_without_knots = design->count;
	for (int i = 0; i < WEEK; i++) {
		double at = part_of_year(first_day + i + 0.5) * KNOT_COUNT, below = floor(at);
		add_term(design, KNOTS + (size_t)below % KNOT_COUNT, (1 - (at - below)) / WEEK);
		add_term(design, KNOTS + ((size_t)below + 1) % KNOT_COUNT, (at - below) / WEEK);
	}
}

void week_design_of(struct week_design *design, int32_t first_day)
{
	double sine, cosine, s = 0, c = 1;
	design->count = 0;
	add_term(design, LEVEL, 1);
	exact_turn(part_of_year(first_day + WEEK / 2.0), &sine, &cosine);
	for (size_t turns = 0; turns < HARMONICS / 2; turns++) {
		double next = s * cosine + c * sine;
		c = c * cosine - s * sine;
		s = next;
		add_term(design, FIRST_SEASON + 2 * turns, s);
		add_term(design, FIRST_SEASON + 2 * turns + 1, c);
	}
	add_days(design, first_day);
}

void count_model_open(struct count_model *model, double dispersion, double level_variance, enum season_setting season, double units)
{
	static const double deviations[HARMONICS] = {0.2, 0.2, 0.1, 0.1, 0.06, 0.06};
	double scale = season == SEASON_NONE ? 0.15 : 1;
	*model = (struct count_model){
		.size = season == SEASON_FREE ? STATE_SIZE : KNOTS, .dispersion = dispersion, .level_variance = level_variance};
	model->mean[LEVEL] = exact_log(units > 0.2 ? units : 0.2);
	model->mean[LATE_DECEMBER] = -0.4;
	model->covariance[LEVEL][LEVEL] = 1;
	model->covariance[SLOPE][SLOPE] = SLOPE_DEVIATION * SLOPE_DEVIATION;
	for (size_t i = 0; i < HARMONICS; i++)
		model->covariance[FIRST_SEASON + i][FIRST_SEASON + i] = scale * deviations[i] * (scale * deviations[i]);
	model->covariance[SUMMER][SUMMER] = 0.1 * 0.1;
	model->covariance[DECEMBER][DECEMBER] = 0.4 * 0.4;
	model->covariance[LATE_DECEMBER][LATE_DECEMBER] = 0.8 * 0.8;
	model->covariance[QUARTER_END][QUARTER_END] = 0.4 * 0.4;
	for (size_t i = KNOTS; i < model->size; i++)
		model->covariance[i][i] = 0.21 * 0.21;
}

/* Level and slope of the next week. `with_sum`, if any, is the covariance of the state with a sum of weeks before. */
static void evolve(struct count_model *model, double with_sum[])
{
	double(*c)[STATE_SIZE] = model->covariance;
	model->mean[SLOPE] *= DAMPING;
	model->mean[LEVEL] += model->mean[SLOPE];
	for (size_t i = 0; i < model->size; i++) {
		c[SLOPE][i] *= DAMPING;
		c[LEVEL][i] += c[SLOPE][i];
	}
	for (size_t i = 0; i < model->size; i++) {
		c[i][SLOPE] *= DAMPING;
		c[i][LEVEL] += c[i][SLOPE];
	}
	c[LEVEL][LEVEL] += model->level_variance;
	c[SLOPE][SLOPE] += SLOPE_DEVIATION * SLOPE_DEVIATION * (1 - DAMPING * DAMPING);
	if (with_sum) {
		with_sum[SLOPE] *= DAMPING;
		with_sum[LEVEL] += with_sum[SLOPE];
	}
}

static size_t terms_of(const struct count_model *model, const struct week_design *design)
{
	return model->size > KNOTS ? design->count : design->count_without_knots;
}

/* F'x */
static double project(const struct week_design *design, size_t terms, const double x[])
{
	double sum = 0;
	for (size_t i = 0; i < terms; i++)
		sum += design->terms[i].value * x[design->terms[i].at];
	return sum;
}

/* Fills CF, and is q. */
static double spread(const struct count_model *model, const struct week_design *design, double cf[STATE_SIZE])
{
	size_t terms = terms_of(model, design), size = model->size;
	memset(cf, 0, size * sizeof *cf);
	for (size_t i = 0; i < terms; i++) {
		const double *row = model->covariance[design->terms[i].at], value = design->terms[i].value;
		for (size_t j = 0; j < size; j++)
			cf[j] += value * row[j];
	}
	return project(design, terms, cf);
}

static double expected_units(double logarithm)
{
	return exact_exp(logarithm < MOST_LOGARITHM ? logarithm : MOST_LOGARITHM);
}

/* What y is taken for: no further from μ than some deviations. */
static double restrain(double units, double mean, double deviation, double most)
{
	if (units > mean + most * deviation)
		return mean + most * deviation;
	double least = mean - MOST_DEVIATIONS * deviation;
	return units > least ? units : least > 0 ? least : 0;
}

void count_model_learn(struct count_model *model, const struct week_design *design, double units)
{
	double cf[STATE_SIZE];
	evolve(model, NULL);
	double q = spread(model, design, cf), mean = expected_units(project(design, terms_of(model, design), model->mean));
	double phi = 1 + model->dispersion * mean, variance = phi * mean + q * mean * mean, z = (units - mean) / sqrt(variance);
	double most = MOST_DEVIATIONS * (1 + 1 / sqrt(mean + 0.1));
	model->log_likelihood -= 0.5 * (exact_log(variance) + (z * z < most * most ? z * z : most * most));
	if (fabs(z) > STEP_DEVIATIONS && fabs(model->last_deviation) > STEP_DEVIATIONS && z * model->last_deviation > 0) {
		model->covariance[LEVEL][LEVEL] += STEP_VARIANCE;
		cf[LEVEL] += STEP_VARIANCE;
		q += STEP_VARIANCE;
		variance = phi * mean + q * mean * mean;
	}
	model->last_deviation = z;
	units = restrain(units, mean, sqrt(variance), most);
	double shrunken = 1 + q * mean / phi, gain = exact_log((1 + q * units / phi) / shrunken) / q, loss = (1 - 1 / shrunken) / q;
	for (size_t i = 0; i < model->size; i++) {
		double *row = model->covariance[i], factor = cf[i] * loss;
		model->mean[i] += cf[i] * gain;
		for (size_t j = 0; j < model->size; j++)
			row[j] -= factor * cf[j];
	}
}

/* To first order: the variance of Σ μ exp(F'(θ − m)), and of each week's own scatter. */
void count_model_look_ahead(struct count_model *model, const struct week_design designs[], struct week_sum sums[], size_t weeks)
{
	double cf[STATE_SIZE], with_sum[STATE_SIZE] = {0}, mean = 0, variance = 0, own = 0;
	for (size_t week = 0; week < weeks; week++) {
		const struct week_design *design = &designs[week];
		size_t terms = terms_of(model, design);
		evolve(model, with_sum);
		double q = spread(model, design, cf), logarithm = project(design, terms, model->mean), units = expected_units(logarithm);
		variance += 2 * units * project(design, terms, with_sum) + units * units * q;
		for (size_t i = 0; i < model->size; i++)
			with_sum[i] += units * cf[i];
		mean += units;
		own += units * (1 + model->dispersion * units);
		sums[week] = (struct week_sum){mean, variance + own, logarithm - model->mean[LEVEL]};
	}
}
