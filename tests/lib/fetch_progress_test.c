/* fetch_progress.h: the line, of figures by hand. */
#include "fetch/fetch_progress.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void formats(void **state)
{
	(void)state;
	static const struct {
		struct fetch_progress progress;
		const char *expected;
	} cases[] = {
		{{0, 0, 6, 0, 0, -1, -1, "accounts"}, "0 of 6 accounts, 0 envelopes"},
		{{0, 0, 300, 0, 5000, 2999, 3000, "accounts"},
			"0 of 300 accounts, 0 envelopes, 0 a second, 2999 of 3000 requests left this hour"},
		{{120, 0, 300, 45210, 129171, 2410, 3000, "accounts"},
			"120 of 300 accounts, 45210 envelopes, 350 a second, 2410 of 3000 requests left this hour, about 3 min left"},
		{{1, 0, 10000, 10, 60000, -1, -1, "accounts"}, "1 of 10000 accounts, 10 envelopes, 0 a second, about 166 h 39 min left"},
		{{5, 0, 6, 7, 10000, -1, -1, "accounts"}, "5 of 6 accounts, 7 envelopes, 0 a second, about 3 s left"},
		{{1, 0, 2, 7, 999, -1, -1, "accounts"}, "1 of 2 accounts, 7 envelopes"},
		{{6, 0, 6, 812, 3200, 2990, 3000, "accounts"},
			"6 of 6 accounts, 812 envelopes, 253 a second, 2990 of 3000 requests left this hour, done in 3 s"},
		{{6, 2, 6, 812, 300, -1, -1, "accounts"}, "6 of 6 accounts (2 failed), 812 envelopes, done in 0 s"},
		{{120, 0, 300, 45210, 900, -1, -1, "accounts due"}, "120 of 300 accounts due, 45210 envelopes"},
		{{1, 0, 1, 812, 300, -1, -1, "organizations"}, "1 of 1 organizations, 812 envelopes, done in 0 s"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[200], cut[20];
		fetch_progress_format(&cases[i].progress, text, sizeof text);
		assert_string_equal(text, cases[i].expected);
		fetch_progress_format(&cases[i].progress, cut, sizeof cut);
		assert_memory_equal(cut, cases[i].expected, sizeof cut - 1);
		assert_int_equal(cut[sizeof cut - 1], 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(formats)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
