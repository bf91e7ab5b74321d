/*
 * window_pages_test.c: which sequences of pages end, and which lists have changed while they were read.
 */
#include "fetch/window_pages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define LENGTH(table) (sizeof(table) / sizeof(table)[0])

static void a_window_comes_to_an_end(void **state)
{
	(void)state;
	static const struct {
		const char *what;
		int cycle, full_every, pages; /* positions until they repeat (0: never); every n-th page has records (0: none) */
		const char *error; /* NULL: none in so many pages */
	} cases[] = {
		{"many pages with records", 0, 1, WINDOW_PAGES_MOST - 1, NULL},
		{"too many", 0, 1, WINDOW_PAGES_MOST, "the feed has no end: 100000 pages have been read"},
		{"empty ones now and then", 0, WINDOW_EMPTY_MOST, 5 * WINDOW_EMPTY_MOST, NULL},
		{"empty ones in a row", 0, 0, WINDOW_EMPTY_MOST - 1, NULL},
		{"too many of them", 0, 0, WINDOW_EMPTY_MOST, "the feed has no end: 100 pages in a row have no record"},
		{"too many of them, after one with records", 0, WINDOW_EMPTY_MOST + 1, 3 * WINDOW_EMPTY_MOST,
			"the feed has no end: 100 pages in a row have no record"},
		{"a circle of one", 1, 1, 4, "the feed loops: it returns to 'p0'"},
		{"a circle of 1000", 1000, 1, 4000, "the feed loops: it returns to 'p"},
	};
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct window_pages pages = {.count = 0};
		struct buffer next = BUFFER_INIT;
		struct error error = ERROR_INIT;
		int page = 0, result = 0;
		window_pages_begin(&pages, WINDOW_TOTAL_UNKNOWN);
		for (; result == 0 && page < cases[i].pages; page++) {
			buffer_reset(&next);
			buffer_append_format(&next, "p%d", cases[i].cycle ? page % cases[i].cycle : page);
			result = window_pages_next(&pages, &next, cases[i].full_every && (page + 1) % cases[i].full_every == 0, &error);
		}
		if ((result < 0) != (cases[i].error != NULL) || (result < 0 && !strstr(error.text, cases[i].error)))
			fail_msg("%s: after %d pages: %s", cases[i].what, page, result < 0 ? error.text : "no error");
		window_pages_release(&pages);
		buffer_release(&next);
	}
}

static void a_list_that_changes_shows(void **state)
{
	(void)state;
	static const struct {
		const char *totals, *records; /* a digit, a letter each */
		int64_t known; /* from an earlier run */
		bool same, repeats;
	} cases[] = {
		{"333", "abc", WINDOW_TOTAL_UNKNOWN, true, false},
		{"33", "bc", 3, true, false},
		{"332", "ab", WINDOW_TOTAL_UNKNOWN, false, false},
		{"334", "ab", WINDOW_TOTAL_UNKNOWN, false, false},
		{"0", "", WINDOW_TOTAL_UNKNOWN, true, false},
		{"0", "", 3, false, false},
		{"44", "abcb", WINDOW_TOTAL_UNKNOWN, true, true},
		{"44", "aa", WINDOW_TOTAL_UNKNOWN, true, true},
	};
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct window_pages pages = {.count = 0};
		bool same = true;
		window_pages_begin(&pages, cases[i].known);
		for (const char *total = cases[i].totals; *total; total++)
			same &= window_pages_total(&pages, *total - '0');
		for (const char *record = cases[i].records; *record; record++)
			assert_int_equal(window_pages_record(&pages, record, 1, NULL), 0);
		bool repeats = window_pages_repeat(&pages);
		if (same != cases[i].same || repeats != cases[i].repeats)
			fail_msg("totals %s, records %s: %s, %s", cases[i].totals, cases[i].records, same ? "the same" : "another",
				repeats ? "twice" : "once");
		window_pages_release(&pages);
	}
}

/* Pages of a window by the number of their records, the last of which says that it is the end (.) or not; and what is known after it. */
static void the_last_page_shows_by_its_size(void **state)
{
	(void)state;
	static const struct {
		const char *pages;
		int64_t known;
		bool last;
		int64_t most;
	} cases[] = {
		{"5", 0, false, 0}, /* nothing is known yet */
		{"50.", 0, true, 5}, /* an empty page has proved it */
		{"4", 5, true, 5}, /* fewer than were proved to be the last */
		{"5", 5, false, 5}, /* a page may be full with as many */
		{"6", 5, false, 5},
		{"60.", 5, true, 6},
		{"0", 5, false, 5}, /* empty, with another cursor: that is no end */
		{"0.", 5, true, 5},
		{"994", 5, true, 5},
		{"43", 5, true, 4}, /* that page was not the last: this service's pages are cut elsewhere */
		{"446", 5, false, 4},
		{"950.", 0, true, 9}, /* the others are full: one with fewer is the last */
		{"99950.", 7, true, 9},
		{"8950.", 0, true, 5}, /* they differ: that proves nothing of them */
		{"590.", 0, true, 9},
	};
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct window_pages pages = {.count = 0};
		int64_t most = cases[i].known;
		bool last = false;
		window_pages_begin(&pages, WINDOW_TOTAL_UNKNOWN);
		for (const char *page = cases[i].pages; *page && *page != '.'; page++)
			last = window_pages_last(&pages, (size_t)(*page - '0'), page[1] == '.', &most);
		if (last != cases[i].last || most != cases[i].most)
			fail_msg("pages %s: %d, %d", cases[i].pages, last, (int)most);
		window_pages_release(&pages);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_window_comes_to_an_end),
		cmocka_unit_test(a_list_that_changes_shows),
		cmocka_unit_test(the_last_page_shows_by_its_size),
	};
	return cmocka_run_group_tests_name("window_pages", tests, NULL, NULL);
}
