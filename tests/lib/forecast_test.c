/* What the formulas of forecast.h give where they can be worked out by hand, and what must hold of any series. */
#include "forecast/exact_math.h"
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
static int64_t begun_late(size_t day)
{
	return day < 364 ? 0 : 10;
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
	{"use began a year after the series", 420, 0, begun_late, FORECAST_LINEAR, 0},
};

static void test_cases(void **state)
{
	static struct forecast_day days[FORECAST_DAYS];
	static int64_t units[2000];
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		for (size_t day = 0; day < cases[i].days; day++)
			units[day] = cases[i].units(day);
		const struct forecast_series series = {units, cases[i].days, 20000};
		struct forecast_facts facts;
		assert_int_equal(forecast_compute(&series, days, cases[i].ahead, &facts, NULL), 0);
		enum forecast_method method = facts.method;
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
	for (int round = 0; round < 60; round++) {
		random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		size_t count = (random >> 33) % 1500, ahead = 1 + (random >> 45) % 400;
		int64_t most = round % 3 == 0 ? 2 : round % 3 == 1 ? 1000 : INT64_C(1000000000000);
		for (size_t day = 0; day < count; day++) {
			random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
			units[day] = round % 10 == 9 ? fading(day) : (random >> 40) % 5 ? (int64_t)(random >> 20) % most : 0;
		}
		const struct forecast_series series = {units, count, (int32_t)(random >> 50)};
		struct forecast_facts facts;
		assert_int_equal(forecast_compute(&series, days, ahead, &facts, NULL), 0);
		assert_true(isfinite(facts.level) && isfinite(facts.growth) && isfinite(facts.error));
		for (size_t i = 0; i < ahead; i++) {
			assert_true(isfinite(days[i].high) && days[i].low >= 0);
			assert_true(days[i].low <= days[i].expected && days[i].expected <= days[i].high);
			assert_true(i == 0 || days[i].expected >= days[i - 1].expected);
		}
	}
}

/* The C library's differ by some last bits at most; these are the bits that every machine gives. */
static void test_exact_math(void **state)
{
	(void)state;
	for (double x = -650; x < 650; x += 0.37)
		assert_true(fabs(exact_exp(x) / exp(x) - 1) < 1e-12);
	for (double x = 1e-300; x < 1e300; x *= 1.7)
		assert_true(
			fabs(exact_log(x) - log(x)) <= 1e-15 * (1 + fabs(log(x))) * 4 && fabs(exact_cube_root(x) / cbrt(x) - 1) < 1e-12);
	for (double part = 0; part <= 1; part += 1.0 / 1024) {
		double sine, cosine;
		exact_turn(part, &sine, &cosine);
		assert_true(fabs(sine - sin(part * 2 * M_PI)) < 1e-14 && fabs(cosine - cos(part * 2 * M_PI)) < 1e-14);
	}
	assert_true(exact_exp(0) == 1 && exact_log(1) == 0 && exact_cube_root(0) == 0 && exact_exp(-701) == 0);
	assert_true(exact_exp(1) == 0x1.5bf0a8b14576ap+1 && exact_log(10) == 0x1.26bb1bbb55515p+1 &&
		exact_cube_root(3) == 0x1.7137449123ef6p+0);
}

/* Days of 10, of which some are far above it. */
static void test_one_offs(void **state)
{
	static const struct {
		const char *name;
		size_t from, days; /* that are of `units` */
		int64_t units;
		size_t found;
	} one_offs[] = {
		{"a day of 100", 50, 1, 100, 1},
		{"three days", 50, 3, 100, 3},
		{"four days are a change", 50, 4, 100, 0},
		{"the last day", 99, 1, 100, 1},
		{"the first day", 0, 1, 100, 1},
		{"less than three times the usual", 50, 1, 30, 0},
		{"more than that", 50, 1, 31, 1},
		{"8 beyond, the most that is left alone", 50, 1, 18, 0},
	};
	static double usual[100];
	int64_t units[100];
	(void)state;
	for (size_t i = 0; i < sizeof one_offs / sizeof *one_offs; i++) {
		struct one_offs found;
		for (size_t day = 0; day < 100; day++)
			units[day] = day >= one_offs[i].from && day < one_offs[i].from + one_offs[i].days ? one_offs[i].units : 10;
		one_off_find(units, 100, usual, &found);
		if (found.count != one_offs[i].found)
			fail_msg("%s: expected %zu one-off sends, got %zu", one_offs[i].name, one_offs[i].found, found.count);
		for (size_t at = 0; at < found.count; at++) {
			assert_int_equal(found.list[at].day, one_offs[i].from + at);
			assert_int_equal(found.list[at].units, one_offs[i].units - 10);
			assert_true(usual[found.list[at].day] == 10);
		}
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
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases), cmocka_unit_test(test_any_series),
		cmocka_unit_test(test_exact_math), cmocka_unit_test(test_one_offs), cmocka_unit_test(test_round)};
	return cmocka_run_group_tests_name("forecast", tests, NULL, NULL);
}
