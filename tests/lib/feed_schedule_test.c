/* feed_schedule.h and fetch_turns.h: days by hand. */
#include "fetch/fetch_turns.h"

#include "base/instant.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define LENGTH(array) (sizeof(array) / sizeof *(array))
#define NONE DAY_NONE

static const struct feed batches = {.paging = FEED_PAGING_CURSOR, .clock = FEED_CLOCK_RECORD};

static int64_t at(int32_t day)
{
	return day == NONE ? INSTANT_NONE : day * DAY_MS + DAY_MS / 12;
}

/* What a night learns. Day 100 is tonight. */
static void learns(void **state)
{
	(void)state;
	static const struct {
		const char *what;
		int32_t known_from, known_to, asked, newest;
		int64_t count;
		int32_t oldest, from, to;
	} cases[] = {
		{"the night before had none of it", NONE, NONE, 99, 97, 4, 92, 100, 100},
		{"asked first: between the newest record and tonight", NONE, NONE, NONE, 98, 4, 10, 98, 100},
		{"asked first, and the newest is old: any day", NONE, NONE, NONE, 80, 4, 10, NONE, NONE},
		{"the oldest was missing a week before", NONE, NONE, 93, 96, 4, 90, 96, 98},
		{"of several weeks the oldest says nothing", NONE, NONE, 80, 96, 4, 82, 96, 100},
		{"what was known narrows it", 92, 94, 93, 97, 1, 99, 99, 100},
		{"known to the day", 93, 93, 93, 99, 9, 94, 100, 100},
		{"known to the day, asked late", 91, 91, 91, 97, 9, 92, 98, 98},
		{"before its day, as it is asked each night", 95, 95, 99, 99, 9, 92, 100, 100},
		{"another day than was believed", 92, 92, 99, 99, 9, 92, 100, 100},
		{"a record from the future", NONE, NONE, 98, 120, 1, 99, 100, 100},
		{"a second run of the day", 93, 93, 100, 100, 1, 100, 100, 100},
	};
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct bookmark bookmark = {.newest = at(cases[i].newest), .fed_from = cases[i].known_from, .fed_to = cases[i].known_to};
		const struct feed_news news = {cases[i].count, at(cases[i].oldest)};
		feed_schedule_learn(&bookmark, cases[i].asked, 100, &news);
		if (bookmark.fed_from != cases[i].from || bookmark.fed_to != cases[i].to)
			fail_msg("%s: %d to %d", cases[i].what, bookmark.fed_from, bookmark.fed_to);
		feed_schedule_learn(&bookmark, 99, 100, &(struct feed_news){0, 0});
		assert_int_equal(bookmark.fed_to, cases[i].to); /* no news, nothing learned */
	}
}

static void dates(void **state)
{
	(void)state;
	static const struct {
		const char *what;
		int32_t from, to, newest, read;
		int64_t batch;
		int32_t today;
		enum feed_turn turn;
		int32_t day;
	} cases[] = {
		{"never read", NONE, NONE, NONE, NONE, 0, 100, FEED_NEVER_READ, 100},
		{"known: a week later", 93, 93, 93, 93, 9, 99, FEED_NOT_DUE, 100},
		{"known: on its day", 93, 93, 93, 93, 9, 100, FEED_DUE, 100},
		{"known: overdue", 93, 93, 93, 93, 9, 103, FEED_DUE, 100},
		{"a busy one without news on its day: once more", 93, 93, 93, 100, 9, 101, FEED_DUE, 101},
		{"and then on its next day", 93, 93, 93, 101, 9, 102, FEED_NOT_DUE, 107},
		{"a quiet one without news on its day: on the next", 93, 93, 93, 100, 2, 101, FEED_NOT_DUE, 107},
		{"months later on the same weekday", 23, 23, 23, 100, 2, 101, FEED_NOT_DUE, 107},
		{"several days: the middle", 90, 94, 90, 94, 9, 99, FEED_LOOK, 99},
		{"the middle of a quiet one", 90, 94, 90, 94, 2, 99, FEED_NOT_DUE, 101},
		{"the middle was seen", 90, 94, 90, 99, 9, 100, FEED_NOT_DUE, 101},
		{"nothing known of one with news: a week later", NONE, NONE, 93, 93, 0, 97, FEED_NOT_DUE, 100},
		{"and the week's end", NONE, NONE, 93, 97, 0, 104, FEED_DUE, 104},
		{"the clock went back", 93, 93, 93, 103, 9, 100, FEED_DUE, 100},
	};
	for (size_t i = 0; i < LENGTH(cases); i++) {
		const struct bookmark bookmark = {.until = at(cases[i].read),
			.newest = at(cases[i].newest),
			.fed_from = cases[i].from,
			.fed_to = cases[i].to,
			.batch = cases[i].batch};
		const struct feed_date date = feed_schedule_date(&bookmark, &batches, cases[i].today);
		if (date.turn != cases[i].turn || date.day != cases[i].day)
			fail_msg("%s: turn %d, day %d", cases[i].what, date.turn, date.day);
	}
	char position[] = "p";
	const struct bookmark under_way = {.until = at(99), .newest = at(99), .position = position},
			      read = {.until = at(99), .newest = at(99)};
	assert_int_equal(feed_schedule_date(&under_way, &batches, 100).turn, FEED_NEVER_READ);
	const struct feed live = {.clock = FEED_CLOCK_WINDOW};
	assert_int_equal(feed_schedule_date(&read, &live, 100).turn, FEED_DUE);
}

/* Never more than seven days between two askings, whatever is known: of many bookmarks. */
static void nobody_is_forgotten(void **state)
{
	(void)state;
	for (int32_t from = 80; from < 100; from++)
		for (int32_t to = from; to < from + 6 && to <= 100; to++)
			for (int32_t newest = 60; newest <= 100; newest += 8) {
				const struct bookmark bookmark = {
					.until = at(100), .newest = at(newest), .fed_from = from, .fed_to = to, .batch = 5};
				assert_true(feed_schedule_date(&bookmark, &batches, 107).turn == FEED_DUE);
			}
	/* One of which nothing is known comes once a week, too, but not all on the same day. */
	unsigned seen = 0;
	for (char id[] = "a"; *id <= 'z'; ++*id) {
		const struct bookmark bookmark = {
			.account_id = id, .until = at(100), .newest = INSTANT_NONE, .fed_from = NONE, .fed_to = NONE};
		const struct feed_date date = feed_schedule_date(&bookmark, &batches, 100);
		assert_true(date.turn == FEED_NOT_DUE && date.day > 100 && date.day <= 107);
		seen |= 1U << (date.day - 101);
	}
	assert_int_equal(seen, 127);
}

/* Whom a night asks: each letter an account, in the order of the asking, those after the stroke not. */
static void turns(void **state)
{
	(void)state;
	struct bookmark bookmarks[] = {
		{.until = at(99), .newest = at(99), .fed_from = 99, .fed_to = 99, .batch = 9, .last_page = 9}, /* a: not due */
		{.until = at(93), .newest = at(93), .fed_from = 93, .fed_to = 93, .batch = 9, .last_page = 9}, /* b: due */
		{.until = INSTANT_NONE, .newest = INSTANT_NONE, .fed_from = NONE, .fed_to = NONE}, /* c: never read, costs two */
		{.until = at(93), .newest = at(93), .fed_from = 93, .fed_to = 93, .batch = 90, .last_page = 9}, /* d: due, with more */
		{.until = at(91), .newest = at(91), .fed_from = 91, .fed_to = 91, .batch = 1, .last_page = 9}, /* e: overdue */
		{.until = at(96), .newest = at(96), .fed_from = 90, .fed_to = 95, .batch = 5, .last_page = 9}, /* f: a look */
	};
	static const struct {
		struct fetch_rule rule;
		const char *asked;
		size_t put_off;
	} cases[] = {
		{{ASK_BY_SIZE, 1000, 0}, "cedbfa|", 0}, {{ASK_BY_SIZE, 1001, 0}, "cedbf|a", 0}, {{ASK_DUE, 6, 0}, "cedbf|a", 0},
		{{ASK_ALL, 100000, 0}, "cedbfa|", 0}, {{ASK_DUE, 6, 4}, "ced|bfa", 1}, {{ASK_ALL, 6, 3}, "ce|dbfa", 2},
		{{ASK_BY_SIZE, 6, 100}, "cedbf|a", 0}, /* a budget is for those that are due */
		{{ASK_ALL, 6, 1}, "|cedbfa", 4}, {{ASK_ALL, 6, 5}, "cedb|fa", 0}, /* whole: all that were due */
	};
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct fetch_turns list = {.count = 0};
		static const char *const ids[] = {"a", "b", "c", "d", "e", "f"};
		char got[16] = "";
		for (size_t j = 0; j < LENGTH(bookmarks); j++)
			assert_int_equal(fetch_turns_add(&list, ids[j], &bookmarks[j], NULL), 0);
		fetch_turns_decide(&list, &cases[i].rule, &batches, 100);
		for (size_t j = 0, length = 0; j <= list.count; j++) {
			if (j == list.asked)
				got[length++] = '|';
			if (j < list.count)
				got[length++] = *list.list[j].account_id;
		}
		assert_string_equal(got, cases[i].asked);
		assert_int_equal(fetch_turns_night(&list).put_off, cases[i].put_off);
		fetch_turns_release(&list);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(learns), cmocka_unit_test(dates), cmocka_unit_test(nobody_is_forgotten), cmocka_unit_test(turns)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
