/* near_miss.c: which of the known names is meant. */
#include "base/near_miss.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define LENGTH(table) (sizeof(table) / sizeof(table)[0])

static void test_nearest(void **state)
{
	(void)state;
	const char *const names[] = {
		"run", "replay", "report", "reconcile", "validate", "status", "purchased_rights", "start_date", "end_date"};
	const struct {
		const char *wanted, *nearest;
	} cases[] = {{"rnu", "run"}, {"repalay", "replay"}, {"reprot", "report"}, {"Report", "report"}, {"stats", "status"},
		{"valid", "validate"}, {"recon", "reconcile"}, {"purchased-right", "purchased_rights"}, {"Start Date", "start_date"},
		{"enddate", "end_date"}, {"r", NULL}, {"", NULL}, {"forecast", NULL}, {"xyz", NULL},
		{"a name that is longer than any name that is known, and by far too long", NULL}};
	for (size_t i = 0; i < LENGTH(cases); i++) {
		const char *got = near_miss_of(cases[i].wanted, names, LENGTH(names));
		if (!got != !cases[i].nearest || (got && strcmp(got, cases[i].nearest) != 0))
			fail_msg(
				"'%s': %s, expected %s", cases[i].wanted, got ? got : "none", cases[i].nearest ? cases[i].nearest : "none");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nearest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
