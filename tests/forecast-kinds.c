#include "forecast-kinds.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#define PI 3.14159265358979323846
#define YEAR 365.25

const char *const kind_names[KINDS] = {
	"plain", "bulk sends", "a step", "holidays", "0 to 3 a day", "growth stops", "feed behind", "activity a", "activity b"};

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

static double log_between(double low, double high)
{
	return exp(between(log(low), log(high)));
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

/* Of mean 1 (Marsaglia and Tsang 2000). */
static double gamma_factor(double shape)
{
	double boost = shape < 1 ? pow(uniform(), 1 / shape) : 1, d = (shape < 1 ? shape + 1 : shape) - 1.0 / 3, c = 1 / sqrt(9 * d);
	for (;;) {
		double x = normal(), v = 1 + c * x;
		v = v * v * v;
		if (v > 0 && log(uniform()) < 0.5 * x * x + d - d * v + d * log(v))
			return boost * d * v / shape;
	}
}

struct organisation {
	double level, growth, weekend, amplitude, phase, second, lull, scatter;
	double step, bulk_rate, bulk_low, bulk_high; /* bulk: units, by the level */
	int step_day, grows_from, grows_until;
	double burst; /* the shape of its gamma factor; 0 for none */
	double late_share;
	double holiday, summer, christmas, december, quarter_end, month_end; /* factors; 0 for none */
	int easter[6];
};

static struct organisation draw_organisation(void)
{
	struct organisation it = {.level = log_between(2, 400), .growth = between(-0.25, 0.6)};
	it.weekend = between(0, 0.4);
	it.amplitude = between(0, 0.4);
	it.phase = between(0, 1);
	it.second = between(0, 0.15);
	it.lull = between(0.2, 0.9);
	it.scatter = between(0.05, 0.35);
	it.step = 1;
	it.grows_from = INT32_MIN;
	it.grows_until = INT32_MAX;
	return it;
}

static void draw_holidays(struct organisation *it)
{
	it->amplitude /= 4;
	it->second /= 4;
	it->lull = 1;
	it->holiday = between(0.02, 0.3);
	it->summer = between(0.6, 0.95);
	it->christmas = between(0.1, 0.5);
	it->december = between(1.1, 2.5);
	it->quarter_end = between(1, 2.5);
	it->month_end = between(1, 1.5);
	for (int year = 0; year < 6; year++)
		it->easter[year] = 81 + (int)between(0, 34);
}

static void draw_kind(struct organisation *it, enum kind kind, int origin)
{
	switch (kind) {
	case KIND_PLAIN: /* sometimes a bulk send or a lasting step, at any time */
		if (uniform() < 0.3) {
			it->bulk_rate = 0.005;
			it->bulk_low = it->bulk_high = between(3, 15);
		}
		it->step = uniform() < 0.2 ? between(0.75, 1.35) : 1;
		it->step_day = (int)between(0, SERIES_DAYS);
		break;
	case KIND_BULK: /* one to eight a year, of five to fifty days' units */
		it->bulk_rate = between(1, 8) / 365;
		it->bulk_low = 5;
		it->bulk_high = 50;
		break;
	case KIND_STEP: /* two weeks to eight months ago */
		it->step_day = origin - (int)between(14, 250);
		it->step = uniform() < 0.25 ? between(0.5, 0.8) : between(1.25, 2.5);
		break;
	case KIND_HOLIDAYS:
		draw_holidays(it);
		break;
	case KIND_FEW:
		it->level = log_between(0.05, 1.5);
		it->scatter = 0;
		it->burst = between(0.5, 2);
		break;
	case KIND_STOPS:
		it->growth = between(0.5, 3);
		it->grows_from = origin - 800;
		it->grows_until = origin - (int)between(30, 250);
		break;
	default:
		it->late_share = between(0.1, 0.5);
	}
}

static double holiday_factor(const struct organisation *it, int day)
{
	static const int fixed[] = {0, 5, 120, 184, 276, 304, 358, 359}; /* of the year's days */
	double year = day / YEAR, of_year = year - floor(year);
	int at = (int)(of_year * YEAR), easter = it->easter[(int)year];
	bool is_holiday = at == easter || at == easter + 3 || at == easter + 41 || at == easter + 52;
	for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
		is_holiday |= at == fixed[i];
	double factor = is_holiday && day % 7 < 5 ? it->holiday : 1;
	if (at >= 195 && at < 243)
		factor *= it->summer;
	if (at >= 357)
		factor *= it->christmas;
	else if (at >= 334 && at < 354)
		factor *= it->december;
	if ((at >= 85 && at < 90) || (at >= 176 && at < 181) || (at >= 268 && at < 273))
		factor *= it->quarter_end;
	return (int)(of_year * 365.25) % 30 >= 27 ? factor * it->month_end : factor;
}

static double mean_of(const struct organisation *it, int day)
{
	double year = day / YEAR, of_year = year - floor(year);
	int grown = day < it->grows_from ? it->grows_from : day > it->grows_until ? it->grows_until : day;
	double mean = it->level * pow(1 + it->growth, (grown - (it->grows_from == INT32_MIN ? 0 : it->grows_from)) / YEAR) *
		(1 + it->amplitude * sin(2 * PI * (year + it->phase)) + it->second * sin(4 * PI * year));
	if (day % 7 >= 5)
		mean *= it->weekend;
	if (of_year > 0.975)
		mean *= it->lull;
	if (day >= it->step_day)
		mean *= it->step;
	return it->holiday > 0 ? mean * holiday_factor(it, day) : mean;
}

void kind_seed(enum kind kind, uint64_t seed)
{
	state = seed * 1000003 + (uint64_t)kind * 77777;
}

void kind_draw(enum kind kind, struct daily_series *series)
{
	struct organisation it = draw_organisation();
	double drift = 0, late_drift = 0; /* what moves use and has no season */
	series->origin = 1095 + (int)between(0, 365);
	draw_kind(&it, kind, series->origin);
	memset(series->late, 0, sizeof series->late);
	for (int day = 0; day < SERIES_DAYS; day++) {
		drift = 0.995 * drift + 0.01 * normal();
		late_drift = 0.995 * late_drift + 0.02 * normal();
		double mean = mean_of(&it, day) * exp(drift + it.scatter * normal() - it.scatter * it.scatter / 2);
		if (it.bulk_rate > 0 && uniform() < it.bulk_rate)
			mean += it.level * log_between(it.bulk_low, it.bulk_high);
		if (it.burst > 0)
			mean *= gamma_factor(it.burst);
		series->late[day] = poisson(mean * it.late_share * exp(late_drift));
		series->units[day] = poisson(mean * (1 - it.late_share)) + series->late[day];
	}
}
