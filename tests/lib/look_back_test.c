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

/* What was interrupted goes on in its own window, whatever the clock and the look-back; a feed without an end goes on to now. */
static void resumed_windows(void **state)
{
	(void)state;
	static const struct {
		bool bounded;
		int64_t now, until;
	} cases[] = {{true, 100, 60}, {false, 100, 100}, {true, 20, 60}};
	const struct connection connection = {.contract_start = 10, .lookback_days = 8};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct feed feed = {.bounded = cases[i].bounded};
		char position[] = "p";
		const struct bookmark bookmark = {.since = 3 * DAY_MS + 1, .until = 60 * DAY_MS, .position = position};
		struct fetch_window window = look_back_window(&bookmark, &feed, &connection, cases[i].now * DAY_MS);
		assert_true(window.resumed);
		assert_int_equal(window.since, 3 * DAY_MS + 1);
		assert_int_equal(window.until, cases[i].until * DAY_MS);
	}
}

static void watermarks(void **state)
{
	(void)state;
	/* In days: settled after 3. newest -1: no record yet. */
	static const struct {
		enum feed_clock clock;
		int64_t newest, until, watermark;
	} cases[] = {{FEED_CLOCK_RECORD, 99, 100, 99}, {FEED_CLOCK_RECORD, 50, 100, 97}, {FEED_CLOCK_RECORD, 101, 100, 100},
		{FEED_CLOCK_RECORD, -1, 100, 97}, {!FEED_CLOCK_RECORD, 50, 100, 100}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct feed feed = {.clock = cases[i].clock, .settled_days = 3};
		const struct bookmark bookmark = {.newest = cases[i].newest < 0 ? INSTANT_NONE : cases[i].newest * DAY_MS};
		assert_int_equal(look_back_watermark(&bookmark, &feed, cases[i].until * DAY_MS), cases[i].watermark * DAY_MS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(windows), cmocka_unit_test(resumed_windows), cmocka_unit_test(watermarks)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
