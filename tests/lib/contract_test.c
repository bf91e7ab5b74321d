/* contract.h: periods over changes of contract. Expected dates are from the rules in the header, by hand. */
#include "consumption/contract.h"

#include "base/instant.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static int32_t day(const char *text)
{
	int32_t value;
	assert_int_equal(day_parse(text, strlen(text), &value), 0);
	return value;
}

static void assert_period(const struct contracts *contracts, const char *at, int index, const char *start, const char *end)
{
	char got[2][DAY_LENGTH + 1] = {{0}, {0}};
	struct period period = contracts_period_of_day(contracts, day(at));
	day_format(instant_day(period.start), got[0]);
	day_format(instant_day(period.end), got[1]);
	assert_string_equal(got[0], start);
	assert_string_equal(got[1], end);
	assert_int_equal(period.index, index);
}

static void apply(struct contracts *contracts, const char *start, int months, const char *now)
{
	assert_int_equal(contracts_apply(contracts, day(start), months, day(now) * DAY_MS, NULL), 0);
}

static void one_contract(void **state)
{
	(void)state;
	struct contracts contracts = {.count = 0};
	apply(&contracts, "2024-01-31", 1, "2025-01-01");
	assert_false(contracts.changed);
	assert_period(&contracts, "2024-02-28", 0, "2024-01-31", "2024-02-29");
	assert_period(&contracts, "2024-02-29", 1, "2024-02-29", "2024-03-31");
	assert_period(&contracts, "2024-01-30", -1, "2023-12-31", "2024-01-31");
	assert_true(contracts_precede(&contracts, day("2024-01-31") * DAY_MS - 1));
	assert_false(contracts_precede(&contracts, day("2024-01-31") * DAY_MS));
}

static void a_later_start_cuts_the_period(void **state)
{
	(void)state;
	struct contracts contracts = {.count = 0};
	apply(&contracts, "2024-01-31", 12, "2025-06-01");
	apply(&contracts, "2025-07-01", 3, "2025-07-02");
	assert_true(contracts.changed);
	assert_period(&contracts, "2024-05-05", 0, "2024-01-31", "2025-01-31");
	assert_period(&contracts, "2025-06-30", 1, "2025-01-31", "2025-07-01");
	assert_period(&contracts, "2025-07-01", 0, "2025-07-01", "2025-10-01");
	assert_false(contracts_precede(&contracts, day("2025-06-30") * DAY_MS));
}

static void another_length_begins_when_the_open_period_ends(void **state)
{
	(void)state;
	struct contracts contracts = {.count = 0};
	apply(&contracts, "2024-01-31", 12, "2025-06-01");
	apply(&contracts, "2024-01-31", 1, "2025-06-02");
	assert_period(&contracts, "2026-01-30", 1, "2025-01-31", "2026-01-31");
	assert_period(&contracts, "2026-01-31", 0, "2026-01-31", "2026-02-28");
	assert_period(&contracts, "2026-02-28", 1, "2026-02-28", "2026-03-31");
	contracts.changed = false;
	apply(&contracts, "2024-01-31", 1, "2025-06-03");
	assert_false(contracts.changed);
}

static void a_change_taken_back_in_time_leaves_nothing(void **state)
{
	(void)state;
	struct contracts contracts = {.count = 0};
	apply(&contracts, "2024-01-31", 12, "2025-06-01");
	apply(&contracts, "2024-01-31", 1, "2025-06-02");
	apply(&contracts, "2024-01-31", 12, "2025-06-03");
	assert_int_equal(contracts.count, 1);
	assert_period(&contracts, "2026-02-15", 2, "2026-01-31", "2027-01-31");
}

static void an_earlier_start_is_a_correction(void **state)
{
	(void)state;
	struct contracts contracts = {.count = 0};
	apply(&contracts, "2024-06-01", 12, "2025-06-01");
	apply(&contracts, "2024-01-31", 12, "2025-06-02");
	assert_int_equal(contracts.count, 1);
	assert_period(&contracts, "2024-05-05", 0, "2024-01-31", "2025-01-31");
}

static void there_is_a_limit(void **state)
{
	(void)state;
	struct contracts contracts = {.count = 0};
	struct error error = ERROR_INIT;
	for (int i = 0; i < CONTRACT_LIMIT; i++)
		assert_int_equal(contracts_apply(&contracts, 1000 + i * 400, 12, 0, &error), 0);
	assert_int_equal(contracts_apply(&contracts, 1000 + CONTRACT_LIMIT * 400, 12, 0, &error), -1);
	assert_int_equal(error.status, EX_CONFIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_contract),
		cmocka_unit_test(a_later_start_cuts_the_period),
		cmocka_unit_test(another_length_begins_when_the_open_period_ends),
		cmocka_unit_test(a_change_taken_back_in_time_leaves_nothing),
		cmocka_unit_test(an_earlier_start_is_a_correction),
		cmocka_unit_test(there_is_a_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
