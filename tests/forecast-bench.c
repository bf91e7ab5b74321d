/*
 * forecast-bench: the error of the forecast on held-out months of generated organisations, beside the naive linear one.
 *
 *   forecast-bench [ORGANISATIONS [SEED]]
 *
 * An organisation uses units by day with a level, growth over the year, a weekly and a yearly season, a lull in late December,
 * days that scatter more than independent events would, and sometimes a bulk send or a lasting step. Its open period is a year long
 * and ends with the held-out months; naive is what was used in the period so far, per day, times the days left. Figures are of the
 * held-out units: median and mean of |forecast - actual| / actual, of both; how often the interval held what came; and how wide it
 * is, high less low by actual, at the median. Same seed, same organisations.
 */
#include "forecast/forecast.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define DAYS (1095 + 365 + 273)
#define PI 3.14159265358979323846

struct organisation {
	double level, growth, weekend, amplitude, phase, second, lull, scatter, step, bulk;
	int step_day;
};

static uint64_t state;

static double uniform(void) /* splitmix64 */
{
	uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return ((double)((z ^ (z >> 31)) >> 11) + 0.5) / 9007199254740992.0;
}

static double between(double low, double high)
{
	return low + (high - low) * uniform();
}

static double normal(void)
{
	return sqrt(-2 * log(uniform())) * cos(2 * PI * uniform());
}

static int64_t poisson(double mean)
{
	if (mean > 60)
		return (int64_t)fmax(0, floor(mean + sqrt(mean) * normal() + 0.5));
	int64_t count = 0;
	for (double product = uniform(), limit = exp(-mean); product > limit; product *= uniform())
		count++;
	return count;
}

static struct organisation draw_organisation(void)
{
	struct organisation organisation = {.level = exp(between(log(2), log(400))),
		.growth = between(-0.25, 0.6),
		.weekend = between(0, 0.4),
		.amplitude = between(0, 0.4),
		.phase = between(0, 1),
		.second = between(0, 0.15),
		.lull = between(0.2, 0.9),
		.scatter = between(0.05, 0.35),
		.step = 1,
		.bulk = uniform() < 0.3 ? between(3, 15) : 0,
		.step_day = (int)between(0, DAYS)};
	if (uniform() < 0.2)
		organisation.step = between(0.75, 1.35);
	return organisation;
}

static void draw_days(const struct organisation *organisation, int64_t units[DAYS])
{
	double drift = 0;
	for (int day = 0; day < DAYS; day++) {
		double year = day / 365.25, of_year = year - floor(year);
		double mean = organisation->level * pow(1 + organisation->growth, year) *
			(1 + organisation->amplitude * sin(2 * PI * (year + organisation->phase)) +
				organisation->second * sin(4 * PI * year));
		drift = 0.995 * drift + 0.01 * normal(); /* what moves use and has no season */
		mean *= exp(drift + organisation->scatter * normal() - organisation->scatter * organisation->scatter / 2);
		if (day % 7 >= 5)
			mean *= organisation->weekend;
		if (of_year > 0.975)
			mean *= organisation->lull;
		if (day >= organisation->step_day)
			mean *= organisation->step;
		if (organisation->bulk > 0 && uniform() < 0.005)
			mean += organisation->level * organisation->bulk;
		units[day] = poisson(fmax(mean, 0));
	}
}

static int compare(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;
	return (a > b) - (a < b);
}

struct outcome {
	double *ours, *naive, *width;
	size_t count, held, seasonal;
};

static double mean_of(const double values[], size_t count)
{
	double total = 0;
	for (size_t i = 0; i < count; i++)
		total += values[i];
	return total / (double)count;
}

static double median_of(double values[], size_t count)
{
	qsort(values, count, sizeof *values, compare);
	return values[count / 2];
}

static double total_of(const int64_t units[], int count)
{
	double total = 0;
	for (int i = 0; i < count; i++)
		total += (double)units[i];
	return total;
}

/* Known are `history` days up to `origin`; the period ends `ahead` days after it. */
static void try(struct outcome *outcome, const int64_t units[], int origin, int history, int ahead)
{
	struct forecast_day days[FORECAST_DAYS];
	int elapsed = 365 - ahead < history ? 365 - ahead : history;
	double actual = total_of(units + origin, ahead), naive = total_of(units + origin - elapsed, elapsed) / elapsed * ahead;
	if (actual < 1)
		return;
	outcome->seasonal += forecast_compute(units + origin - history, (size_t)history, days, (size_t)ahead) == FORECAST_SEASONAL;
	const struct forecast_day *end = &days[ahead - 1];
	outcome->ours[outcome->count] = fabs(end->expected - actual) / actual;
	outcome->naive[outcome->count] = fabs(naive - actual) / actual;
	outcome->width[outcome->count] = (end->high - end->low) / actual;
	outcome->held += end->low <= actual && actual <= end->high;
	outcome->count++;
}

int main(int argc, char **argv)
{
	static const int histories[] = {60, 120, 240, 400, 500, 730, 1095}, months[] = {30, 91, 182, 273};
	size_t organisations = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	size_t size = organisations + 1;
	double *memory = calloc(size * 3, sizeof *memory), totals[2] = {0};
	size_t held = 0, count = 0;
	static int64_t units[DAYS];
	if (!memory || !organisations)
		return 64;
	printf("%zu organisations, seed %llu. Error of the held-out units in percent: median and mean.\n\n", organisations,
		(unsigned long long)seed);
	printf("%8s %9s %9s   %15s   %15s   %9s  %9s\n", "history", "held out", "seasonal", "forecast", "naive linear", "interval",
		"its width");
	for (size_t i = 0; i < sizeof histories / sizeof *histories; i++)
		for (size_t j = 0; j < sizeof months / sizeof *months; j++) {
			struct outcome outcome = {.ours = memory, .naive = memory + size, .width = memory + 2 * size};
			state = seed;
			for (size_t k = 0; k < organisations; k++) {
				struct organisation organisation = draw_organisation();
				draw_days(&organisation, units);
				try(&outcome, units, 1095 + (int)between(0, 365), histories[i], months[j]);
			}
			double ours = mean_of(outcome.ours, outcome.count), naive = mean_of(outcome.naive, outcome.count);
			totals[0] += ours * (double)outcome.count;
			totals[1] += naive * (double)outcome.count;
			held += outcome.held;
			count += outcome.count;
			printf("%4d days %4d days %8.0f%%   %6.1f%% %6.1f%%   %6.1f%% %6.1f%%   %8.0f%%  %8.0f%%\n", histories[i],
				months[j], 100.0 * (double)outcome.seasonal / (double)outcome.count,
				100 * median_of(outcome.ours, outcome.count), 100 * ours, 100 * median_of(outcome.naive, outcome.count),
				100 * naive, 100.0 * (double)outcome.held / (double)outcome.count,
				100 * median_of(outcome.width, outcome.count));
		}
	printf("\nall: mean error of the forecast %.1f%%, of the naive linear one %.1f%%; the interval of %d%% held %.0f%%\n",
		100 * totals[0] / (double)count, 100 * totals[1] / (double)count, FORECAST_PERCENT, 100.0 * (double)held / (double)count);
	free(memory);
	return 0;
}
