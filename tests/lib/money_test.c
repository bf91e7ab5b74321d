/* money.h: parsing, and rounding half to even, against values by hand. */
#include "base/money.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void parses(void **state)
{
	static const struct {
		const char *text;
		bool good;
		int64_t millionths;
		int digits;
	} cases[] = {{"0", true, 0, 0}, {"250", true, 250000000, 0}, {"0.000001", true, 1, 6}, {"1234.50", true, 1234500000, 2},
		{"999999999999.999999", true, 999999999999999999, 6}, {"1000000000000", false, 0, 0}, {"1.0000001", false, 0, 0},
		{"", false, 0, 0}, {".5", false, 0, 0}, {"5.", false, 0, 0}, {"-1", false, 0, 0}, {"1,000", false, 0, 0},
		{"1e3", false, 0, 0}, {" 1", false, 0, 0}};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		money amount;
		int digits;
		bool good = money_parse(cases[i].text, &amount, &digits) == 0;
		if (good != cases[i].good || (good && (amount != (money)cases[i].millionths * 1000000 || digits != cases[i].digits)))
			fail_msg("'%s'", cases[i].text);
	}
}

static void rounds_half_to_even(void **state)
{
	static const struct {
		const char *amount;
		int64_t numerator, denominator;
		int digits;
		int64_t rounded;
	} cases[] = {{"1", 1, 8, 2, 12}, {"1", 3, 8, 2, 38}, {"1", 5, 8, 2, 62}, {"1", 1, 3, 2, 33}, {"2", 1, 3, 2, 67},
		{"250", 1, 13, 2, 1923}, {"250", 13, 13, 2, 25000}, {"0.005", 1, 1, 2, 0}, {"0.015", 1, 1, 2, 2}, {"0.025", 1, 1, 2, 2},
		{"0.025001", 1, 1, 2, 3}, {"0.5", 1, 1, 0, 0}, {"1.5", 1, 1, 0, 2}, {"2.5", 1, 1, 0, 2}, {"1", -1, 8, 2, -12},
		{"1", -3, 8, 2, -38}, {"0.0005", 1, 1, 3, 0}, {"0.0015", 1, 1, 3, 2},
		{"999999999999.99", 900000000, 900000000, 2, 99999999999999},
		{"999999999999", 9000, 1000000000000, 2, 900000}, /* 8,999.999999991 */
		/* These fit only if the fraction, and the amount with the unit that it is rounded to, are reduced. */
		{"999999999999", 900000000000000000, 900000000000000000, 2, 99999999999900},
		{"999999999999", 900000000000000001, 900000000000000000, 2, 99999999999900}, {"1", -9, 72, 2, -12}, {"0", 0, 7, 2, 0}};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct error error = ERROR_INIT;
		money amount;
		int64_t rounded;
		assert_int_equal(money_parse(cases[i].amount, &amount, NULL), 0);
		if (money_round(amount, cases[i].numerator, cases[i].denominator, cases[i].digits, &rounded, &error) < 0 ||
			rounded != cases[i].rounded)
			fail_msg("%s x %lld / %lld to %d digits: %lld", cases[i].amount, (long long)cases[i].numerator,
				(long long)cases[i].denominator, cases[i].digits, (long long)rounded);
	}
}

static void refuses_what_does_not_fit(void **state)
{
	struct error error = ERROR_INIT;
	money amount = (money)1 << 100;
	int64_t rounded;
	(void)state;
	assert_int_equal(money_multiply(&amount, INT64_MAX, &error), -1);
	assert_int_equal(error.status, EX_DATAERR);
	amount = (money)1 << 110;
	assert_int_equal(money_round(amount, 1, 1, 2, &rounded, &error), -1);
	assert_int_equal(money_round(amount, INT64_MAX, 1, 2, &rounded, &error), -1);
}

/* 2^80 / 10^12: nothing of 2^80 x 9 x 10^17 fits, unless the fraction is reduced first. */
static void reduces_fractions_first(void **state)
{
	static const int64_t terms[][2] = {{900000000000000000, 900000000000000000}, {900000000000000000, 450000000000000000}, {7, 7}};
	static const int64_t rounded[] = {120892581961463, 241785163922926, 120892581961463};
	(void)state;
	for (size_t i = 0; i < sizeof terms / sizeof *terms; i++) {
		struct error error = ERROR_INIT;
		int64_t got = 0;
		assert_int_equal(money_round((money)1 << 80, terms[i][0], terms[i][1], 2, &got, &error), 0);
		assert_int_equal(got, rounded[i]);
	}
}

static void scales(void **state)
{
	static const struct {
		const char *amount;
		int64_t numerator, denominator, trillionths;
	} cases[] = {{"7500000", 615, 10000000, 461250000000000}, {"100", 1, 3, 33333333333333}, {"200", 1, 3, 66666666666667},
		{"0.000001", 1, 2000000, 0}, {"0.000003", 1, 2000000, 2}, {"1", 1, 1, 1000000000000}, {"0", 5, 7, 0}};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		for (int sign = -1; sign <= 1; sign += 2) {
			money amount;
			assert_int_equal(money_parse(cases[i].amount, &amount, NULL), 0);
			amount *= sign;
			assert_int_equal(money_scale(&amount, cases[i].numerator, cases[i].denominator, NULL), 0);
			assert_true(amount == (money)sign * cases[i].trillionths);
		}
	money large = (money)1 << 100;
	assert_int_equal(money_scale(&large, INT64_MAX, 1, NULL), -1);
	/* It fits only if the fraction is reduced first. */
	assert_int_equal(money_scale(&large, (money)1 << 100, (money)1 << 100, NULL), 0);
}

static void prints(void **state)
{
	static const struct {
		int64_t value;
		int digits;
		const char *text;
	} cases[] = {{0, 2, "0.00"}, {1250, 2, "12.50"}, {-1, 2, "-0.01"}, {-13423, 2, "-134.23"}, {333, 0, "333"}, {667, 3, "0.667"},
		{INT64_MIN, 2, "-92233720368547758.08"}};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buffer text = BUFFER_INIT;
		money_append(&text, cases[i].value, cases[i].digits);
		assert_string_equal(text.data, cases[i].text);
		buffer_release(&text);
	}
}

static void knows_currencies(void **state)
{
	(void)state;
	assert_int_equal(currency_digits("USD"), 2);
	assert_int_equal(currency_digits("JPY"), 0);
	assert_int_equal(currency_digits("KWD"), 3);
	assert_int_equal(currency_digits("usd"), -1);
	assert_int_equal(currency_digits("DEM"), -1);
	assert_int_equal(currency_digits("HRK"), 2);
	assert_int_equal(currency_digits("BYR"), 0);
	assert_int_equal(currency_last_day("HRK"), 19357); /* 2022-12-31: date -d 2022-12-31 +%s is 1672444800 */
	assert_int_equal(currency_last_day("USD"), INT32_MAX);
	assert_int_equal(currency_digits("SD "), -1);
	assert_int_equal(currency_digits(""), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(parses), cmocka_unit_test(rounds_half_to_even),
		cmocka_unit_test(refuses_what_does_not_fit), cmocka_unit_test(reduces_fractions_first), cmocka_unit_test(scales),
		cmocka_unit_test(prints), cmocka_unit_test(knows_currencies)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
