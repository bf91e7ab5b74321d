/* look_back.h: windows of days, by hand. */
#include "fetch/look_back.h"

#include "base/instant.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void windows(void **state)
{
	(void)state;
	/* In days: the contract's start is 10, the look-back 8. */
	static const struct {
		int64_t bookmark, now, since; /* bookmark -1: none */
	} cases[] = {
		{-1, 100, 10}, /* from the contract on */
		{99, 100, 91}, {12, 100, 10}, /* not before the contract */
		{99, 60, 52}, /* the clock went back: looks back from now */
		{30000, 100, 92}, /* the clock was ahead when the bookmark was set */
		{-1, 5, 5}, /* before the contract there is nothing */
	};
	const struct connection connection = {.contract_start = 10, .lookback_days = 8};
	const struct feed feed = {.bounded = true};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct bookmark bookmark = {.until = cases[i].bookmark < 0 ? INSTANT_NONE : cases[i].bookmark * DAY_MS};
		struct fetch_window window = look_back_window(&bookmark, &feed, &connection, cases[i].now * DAY_MS);
		assert_int_equal(window.since / DAY_MS, cases[i].since);
		assert_int_equal(window.until / DAY_MS, cases[i].now);
		assert_false(window.resumed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(windows)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
