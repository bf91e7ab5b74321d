/* contract.h and restatement.h: periods over changes of contract, and what is restated of them. Expected dates are from the rules in the header, by hand. */
#include "consumption/contract.h"

#include "base/instant.h"
#include "consumption/restatement.h"

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

/* Another length, seen some time before the contract begins, on its first day, and later: in force from the end of the period of that day. */
static void another_length_may_come_before_the_contract_begins(void **state)
{
	(void)state;
	static const struct {
		const char *seen, *from; /* the second contract's first day */
	} cases[] = {{"2023-01-15", "2025-01-31"}, {"2024-01-30", "2025-01-31"}, {"2024-01-31", "2025-01-31"}, {"2025-01-30", "2025-01-31"},
		{"2025-01-31", "2026-01-31"}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct contracts contracts = {.count = 0};
		char before[DAY_LENGTH + 1] = "";
		apply(&contracts, "2024-01-31", 12, "2023-01-01");
		apply(&contracts, "2024-01-31", 1, cases[i].seen);
		assert_int_equal(contracts.count, 2);
		assert_int_equal(contracts.list[1].effective_from, day(cases[i].from));
		assert_period(&contracts, "2024-02-15", 0, "2024-01-31", "2025-01-31");
		day_format(day(cases[i].from) - 1, before);
		assert_int_equal(contracts_period_of_day(&contracts, day(before)).end, day(cases[i].from) * DAY_MS);
		assert_int_equal(contracts_period_of_day(&contracts, day(cases[i].from)).index, 0);
	}
}

/* A figure is restated where its period was over when it was reported: as it was then, also if the contract has cut it since. */
static void what_was_over_when_reported_is_restated(void **state)
{
	(void)state;
	enum { START = 90, END = 100 }; /* days */
	static const struct {
		int64_t reported_end, reported_at; /* days; 0: never */
		int64_t now, before;
		bool was_asked, is_due;
	} cases[] = {
		{END, END, 4, 3, true, true},
		{END, END - 1, 4, 3, true, false},
		{END, END + 1, 3, 3, true, false},
		{END, END + 1, 4, 3, false, false},
		{END, 0, 4, 3, true, false},
		{END + 20, END + 10, 4, 3, true, false}, /* it was longer, and open */
		{END + 20, END + 20, 4, 3, true, true},
		{END + 20, END + 20, 0, 3, true, true},
		{START + 5, START + 7, 4, 3, true, false}, /* it was shorter; today's is not over */
		{START + 5, END, 4, 3, true, true},
		{0, END, 4, 0, true, true}, /* nothing was reported of it */
		{0, END - 1, 4, 0, true, false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct tally_row row = {.period = {.start = START * DAY_MS, .end = END * DAY_MS},
			.reported_end = cases[i].reported_end ? cases[i].reported_end * DAY_MS : INSTANT_NONE,
			.now.units = cases[i].now,
			.reported.units = cases[i].before};
		if (restatement_is_due(&row, cases[i].reported_at ? cases[i].reported_at * DAY_MS : INSTANT_NONE, cases[i].was_asked) !=
			cases[i].is_due)
			fail_msg("case %zu", i);
	}
}

static void a_restatement_has_the_cause_that_comes_first(void **state)
{
	(void)state;
	const struct tally_row more = {.now.units = 4, .reported.units = 3}, fewer = {.now.units = 3, .reported.units = 4};
	assert_string_equal(restatement_cause(&more, true, 0), "policy");
	assert_string_equal(restatement_cause(&more, false, 0), "plan_item");
	assert_string_equal(restatement_cause(&fewer, false, 0), "plan_item");
	assert_string_equal(restatement_cause(&more, false, 1), "late");
	assert_string_equal(restatement_cause(&fewer, false, -1), "status");
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
		cmocka_unit_test(another_length_may_come_before_the_contract_begins),
		cmocka_unit_test(what_was_over_when_reported_is_restated),
		cmocka_unit_test(a_restatement_has_the_cause_that_comes_first),
		cmocka_unit_test(there_is_a_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
