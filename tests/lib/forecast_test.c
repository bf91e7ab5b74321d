/* What the formulas of forecast.h give where they can be worked out by hand, and what must hold of any series. */
#include "forecast/forecast.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

struct forecast_case {
	const char *name;
	size_t days, ahead;
	int64_t (*units)(size_t day);
	enum forecast_method method;
	double expected; /* of all days ahead */
};

static int64_t ten(size_t day)
{
	return day < SIZE_MAX ? 10 : 0;
}
static int64_t none(size_t day)
{
	return day == SIZE_MAX;
}
static int64_t sundays(size_t day)
{
	return day % 7 == 6 ? 70 : 0;
}
static int64_t fading(size_t day)
{
	return day < 182 ? 26 - (int64_t)(day / 7) : 0;
}
static int64_t doubled(size_t day)
{
	return day < 364 ? 10 : 20;
}
static int64_t tripled(size_t day)
{
	return day < 364 ? 10 : 30;
}
static int64_t begun_late(size_t day)
{
	return day < 364 ? 0 : 10;
}

/* The last 13 weeks are 8 of 70 and 5 of 161: 1.5 times those of a year before. */
static int64_t lately_more(size_t day)
{
	return day < 420 ? 10 : 23;
}

static const struct forecast_case cases[] = {
	{"nothing known", 0, 30, ten, FORECAST_NONE, 0},
	{"a day", 1, 7, ten, FORECAST_LINEAR, 70},
	{"a day, nothing used", 1, 7, none, FORECAST_LINEAR, 0},
	{"13 days: one week, weekdays are not told apart", 13, 1, sundays, FORECAST_LINEAR, 10},
	{"14 days: they are", 14, 6, sundays, FORECAST_LINEAR, 0},
	{"14 days, the seventh day ahead", 14, 7, sundays, FORECAST_LINEAR, 70},
	{"constant, a long way", 200, 1826, ten, FORECAST_LINEAR, 18260},
	{"55 weeks are not over a year", 385, 70, ten, FORECAST_LINEAR, 700},
	{"56 are", 392, 70, ten, FORECAST_SEASONAL, 700},
	{"five years", 1826, 400, ten, FORECAST_SEASONAL, 4000},
	{"further ahead than a year", 400, 1000, ten, FORECAST_SEASONAL, 10000},
	{"twice a year before is gone by", 392, 70, doubled, FORECAST_SEASONAL, 1400},
	{"growth is that of 13 weeks", 455, 7, lately_more, FORECAST_SEASONAL, 105},
	{"thrice is not", 392, 0, tripled, FORECAST_LINEAR, 0},
	{"no use a year before", 420, 0, begun_late, FORECAST_LINEAR, 0},
};

static void test_cases(void **state)
{
	static struct forecast_day days[FORECAST_DAYS];
	static int64_t units[2000];
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		for (size_t day = 0; day < cases[i].days; day++)
			units[day] = cases[i].units(day);
		enum forecast_method method = forecast_compute(units, cases[i].days, days, cases[i].ahead);
		double got = cases[i].ahead ? days[cases[i].ahead - 1].expected : 0;
		if (method != cases[i].method || fabs(got - cases[i].expected) > 1e-6)
			fail_msg("%s: expected %s %.3f, got %s %.3f", cases[i].name, forecast_method_names[cases[i].method],
				cases[i].expected, forecast_method_names[method], got);
	}
}

/* Whatever comes: figures are finite, never fall, and lie within their interval; what fades does not fall below nothing. */
static void test_any_series(void **state)
{
	static struct forecast_day days[FORECAST_DAYS];
	static int64_t units[1500];
	uint64_t random = 1;
	(void)state;
	for (int round = 0; round < 300; round++) {
		random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		size_t count = (random >> 33) % 1500, ahead = 1 + (random >> 45) % 400;
		int64_t most = round % 3 == 0 ? 2 : round % 3 == 1 ? 1000 : INT64_C(1000000000000);
		for (size_t day = 0; day < count; day++) {
			random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
			units[day] = round % 10 == 9 ? fading(day) : (random >> 40) % 5 ? (int64_t)(random >> 20) % most : 0;
		}
		forecast_compute(units, count, days, ahead);
		for (size_t i = 0; i < ahead; i++) {
			assert_true(isfinite(days[i].high) && days[i].low >= 0);
			assert_true(days[i].low <= days[i].expected && days[i].expected <= days[i].high);
			assert_true(i == 0 || days[i].expected >= days[i - 1].expected);
		}
	}
}

static int64_t alternating(size_t day)
{
	return (day / 7 + 1) / 2 % 2 ? 30 : 10;
}
static int64_t alternating_at_last(size_t day)
{
	return day < 364 ? 20 : day / 7 % 2 ? 30 : 10;
}

/*
 * The range of a week ahead, by hand. Eight weeks around 140, 70 off each: their line is flat, its dispersion 8 x 70^2 / (8 - 2) / 140; there is
 * no back-test, so the squared error is 0.005: variance 46.667 x 140 + 0.005 x 140^2. A year of 140 and four weeks 70 off each: dispersion
 * 4 x 70^2 / (4 - 1) / 140; of six back-tests the first misses by 70, so the squared error is (4 x 0.02 + (70^2 - 140) / 140^2) / 10.
 */
static void test_range(void **state)
{
	static const struct {
		int64_t (*units)(size_t day);
		size_t days;
		double variance;
	} ranges[] = {{alternating, 56, 6631.333333}, {alternating_at_last, 392, 7166.133333}};
	struct forecast_day days[7];
	int64_t units[392];
	(void)state;
	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
		for (size_t day = 0; day < ranges[i].days; day++)
			units[day] = ranges[i].units(day);
		forecast_compute(units, ranges[i].days, days, 7);
		double reach = 1.2816 * sqrt(ranges[i].variance);
		if (fabs(days[6].expected - 140) > 1e-6 || fabs(days[6].high - 140 - reach) > 1e-4 ||
			fabs(140 - reach - days[6].low) > 1e-4)
			fail_msg("%zu days: %.4f, %.4f to %.4f", ranges[i].days, days[6].expected, days[6].low, days[6].high);
	}
}

static void test_round(void **state)
{
	(void)state;
	assert_int_equal(forecast_round(0), 0);
	assert_int_equal(forecast_round(2.5), 3);
	assert_int_equal(forecast_round(2.4999), 2);
	assert_int_equal(forecast_round(1e300), INT64_C(9000000000000000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases), cmocka_unit_test(test_any_series), cmocka_unit_test(test_range),
		cmocka_unit_test(test_round)};
	return cmocka_run_group_tests_name("forecast", tests, NULL, NULL);
}
