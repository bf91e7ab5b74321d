#include "forecast/model_average.h"

#include "forecast/exact_math.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#define TEMPER 0.5
#define TEST_STEP 4
#define LONG_TEST 12
#define LAST_SCALED 26
#define LAST_SCALE 0.85
#define LEAST_TRAINED 26
#define SCALE_WEIGHT 4
#define MOST_SQUARE 4
#define MOST_RELATIVE_VARIANCE 1.1
#define NEGLIGIBLE 40 /* e^-40: less than a double's last bit beside the largest weight */

/* Those that most often weigh most are first, so that more of the others are negligible when they come. */
static const double dispersions[] = {0.03, 0.2, 0.004, 1}, level_variances[] = {0.0015, 0.0001, 0.03};

/* A weighted mean of sums: weights are exp(logarithm), by the largest so far. */
struct mixture {
	double largest, weight;
};

struct mixed {
	double mean, square;
};

/* What is added up: the weeks ahead, and what each back-test foretold of 4 and of 12 weeks. */
struct averaging {
	const double *units;
	size_t known;
	const struct week_design *designs;
	struct model_average *average;
	struct mixture ahead, at_test[AVERAGE_TESTS];
	struct mixed tests[AVERAGE_TESTS][2];
	double slope;
};

static bool mixture_neglects(const struct mixture *mixture, double logarithm)
{
	return mixture->weight > 0 && logarithm < mixture->largest - NEGLIGIBLE;
}

/* The factor of the new member; `rescale` is that of what was added before. */
static double mixture_add(struct mixture *mixture, double logarithm, double *rescale)
{
	*rescale = 1;
	if (mixture->weight == 0)
		mixture->largest = logarithm;
	if (logarithm > mixture->largest) {
		*rescale = exact_exp(mixture->largest - logarithm);
		mixture->largest = logarithm;
	}
	double weight = exact_exp(logarithm - mixture->largest);
	mixture->weight = mixture->weight * *rescale + weight;
	return weight;
}

static void mix(struct mixed *mixed, const struct week_sum *sum, double weight, double rescale)
{
	mixed->mean = mixed->mean * rescale + weight * sum->mean;
	mixed->square = mixed->square * rescale + weight * (sum->variance + sum->mean * sum->mean);
}

static size_t test_count(size_t known)
{
	size_t count = known < LEAST_TRAINED + TEST_STEP ? 0 : (known - LEAST_TRAINED) / TEST_STEP;
	return count < AVERAGE_TESTS ? count : AVERAGE_TESTS;
}

/* Does the back-test that leaves out (at + 1) × 4 weeks look 12 weeks ahead? */
static bool is_long(size_t at)
{
	return (at + 1) * TEST_STEP % LONG_TEST == 0;
}

static void add_test(struct averaging *averaging, const struct count_model *model, size_t at)
{
	double logarithm = TEMPER * model->log_likelihood, rescale;
	if (mixture_neglects(&averaging->at_test[at], logarithm))
		return;
	struct count_model then = *model;
	struct week_sum sums[LONG_TEST];
	double weight = mixture_add(&averaging->at_test[at], logarithm, &rescale);
	size_t weeks = is_long(at) ? LONG_TEST : TEST_STEP;
	count_model_look_ahead(&then, averaging->designs + averaging->known - (at + 1) * TEST_STEP, sums, weeks);
	mix(&averaging->tests[at][0], &sums[TEST_STEP - 1], weight, rescale);
	mix(&averaging->tests[at][1], &sums[weeks - 1], weight, rescale);
}

static void add_ahead(struct averaging *averaging, struct count_model *model)
{
	double logarithm = TEMPER * model->log_likelihood, rescale;
	if (mixture_neglects(&averaging->ahead, logarithm))
		return;
	struct week_sum sums[AVERAGE_MOST_WEEKS];
	double weight = mixture_add(&averaging->ahead, logarithm, &rescale);
	averaging->slope = averaging->slope * rescale + weight * model->mean[SLOPE];
	count_model_look_ahead(model, averaging->designs + averaging->known, sums, averaging->average->weeks);
	for (size_t week = 0; week < averaging->average->weeks; week++) {
		struct average_week *ahead = &averaging->average->ahead[week];
		struct mixed mixed = {ahead->mean, ahead->variance};
		mix(&mixed, &sums[week], weight, rescale);
		*ahead = (struct average_week){mixed.mean, mixed.square, ahead->season * rescale + weight * sums[week].season};
	}
}

static void add_setting(struct averaging *averaging, struct count_model *model)
{
	size_t known = averaging->known, tests = test_count(known), burn_in = known > 16 ? 8 : 1;
	for (size_t week = 0; week < known; week++) {
		size_t left = known - week;
		if (left % TEST_STEP == 0 && left / TEST_STEP <= tests)
			add_test(averaging, model, left / TEST_STEP - 1);
		count_model_learn(model, &averaging->designs[week], averaging->units[week]);
		if (week + 1 == burn_in)
			model->log_likelihood = 0;
	}
	add_ahead(averaging, model);
}

static struct mixed unmix(const struct mixed *mixed, const struct mixture *mixture)
{
	double mean = mixed->mean / mixture->weight, variance = mixed->square / mixture->weight - mean * mean;
	return (struct mixed){mean, variance > 0 ? variance : 0};
}

/* z² of what came, where cube roots are normal; and |came − expected| / expected. */
static double test_result(const struct averaging *averaging, size_t at, bool look_long, double *error)
{
	struct mixed mixed = unmix(&averaging->tests[at][look_long], &averaging->at_test[at]);
	double came = 0, r = mixed.square / (mixed.mean * mixed.mean);
	size_t first = averaging->known - (at + 1) * TEST_STEP;
	for (size_t week = first; week < first + (look_long ? LONG_TEST : TEST_STEP); week++)
		came += averaging->units[week];
	double expected = sum_quantile(mixed.mean, mixed.square, 0);
	*error += fabs(came - expected) / (expected > 1 ? expected : 1);
	double miss = exact_cube_root((came + 0.01) / (mixed.mean + 0.01)) - 1, square = miss * miss / (r / 9);
	return square < MOST_SQUARE ? square : MOST_SQUARE;
}

static void judge_tests(struct averaging *averaging)
{
	struct model_average *average = averaging->average;
	for (int look_long = 0; look_long < 2; look_long++) {
		double squares = 0, error = 0;
		size_t count = 0;
		for (size_t at = 0; at < test_count(averaging->known); at++)
			if (!look_long || is_long(at)) {
				squares += test_result(averaging, at, look_long, &error);
				count++;
			}
		average->scale[look_long] = (SCALE_WEIGHT + squares) / (SCALE_WEIGHT + (double)count);
		if (count) {
			average->tests = count;
			average->test_weeks = look_long ? LONG_TEST : TEST_STEP;
			average->error = error / (double)count;
		}
	}
}

void model_average_compute(struct model_average *average, const double units[], size_t known, const struct week_design designs[])
{
	struct averaging averaging = {.units = units, .known = known, .designs = designs, .average = average};
	struct count_model model;
	size_t few = known < 6 ? known : 6;
	double guess = 0;
	for (size_t week = 0; week < few; week++)
		guess += units[week] / (double)few;
	memset(average->ahead, 0, average->weeks * sizeof *average->ahead);
	average->tests = 0;
	for (size_t i = 0; i < sizeof dispersions / sizeof *dispersions; i++)
		for (size_t j = 0; j < sizeof level_variances / sizeof *level_variances; j++)
			for (enum season_setting season = SEASON_NONE; season <= SEASON_FREE; season++) {
				count_model_open(&model, dispersions[i], level_variances[j], season, guess);
				add_setting(&averaging, &model);
			}
	for (size_t week = 0; week < average->weeks; week++) {
		struct average_week *ahead = &average->ahead[week];
		struct mixed mixed = unmix(&(struct mixed){ahead->mean, ahead->variance}, &averaging.ahead);
		*ahead = (struct average_week){mixed.mean, mixed.square, ahead->season / averaging.ahead.weight};
	}
	average->slope = averaging.slope / averaging.ahead.weight;
	judge_tests(&averaging);
}

/* How far `weeks` is from `first` to `last`, by logarithm, from 0 to 1. */
static double way(double weeks, double first, double last)
{
	double part = weeks > first ? exact_log(weeks / first) / exact_log(last / first) : 0;
	return part < 1 ? part : 1;
}

double model_average_scale(const struct model_average *average, double weeks)
{
	double at = way(weeks, TEST_STEP, LONG_TEST);
	double scale = average->scale[0] * (1 - at) + average->scale[1] * at;
	return scale * (1 - way(weeks, LONG_TEST, LAST_SCALED) * (1 - LAST_SCALE));
}

double sum_quantile(double mean, double variance, double deviate)
{
	if (mean <= 0)
		return 0;
	double r = variance / (mean * mean);
	if (r > MOST_RELATIVE_VARIANCE)
		r = MOST_RELATIVE_VARIANCE;
	double tail = (exact_exp(2 * r) - 1) / 2, root = 1 - (tail - r / 2) / 9 + deviate * sqrt(tail) / 3;
	return root > 0 ? mean * root * root * root : 0;
}
