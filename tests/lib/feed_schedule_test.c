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

/* What a night learns. Day 100 is tonight; records are of midnight, nights two hours later. */
static void learns(void **state)
{
	(void)state;
	static const struct {
		const char *what;
		int32_t known_from, known_to;
		int64_t batch;
		int32_t asked, before, newest;
		int64_t count;
		int32_t oldest, from, to;
	} cases[] = {
		{"the night before had none of it", NONE, NONE, 0, 99, NONE, 97, 4, 92, 100, 100},
		{"a steady one asked first: between the newest record and tonight", NONE, NONE, 0, NONE, NONE, 97, 90, 10, 97, 100},
		{"but not many days after the newest", NONE, NONE, 0, NONE, NONE, 95, 900, 10, 95, 99},
		{"a quiet one asked first: any day", NONE, NONE, 0, NONE, NONE, 98, 4, 10, NONE, NONE},
		{"asked first, and the newest is old", NONE, NONE, 0, NONE, NONE, 80, 90, 10, 94, 94},
		{"the oldest was missing a week before", NONE, NONE, 0, 93, 88, 96, 4, 90, 96, 98},
		{"of several weeks the oldest says nothing", NONE, NONE, 0, 80, NONE, 96, 4, 82, 96, 100},
		{"what was known narrows it", 92, 94, 2, 93, 92, 97, 1, 99, 99, 100},
		{"known to the day", 93, 93, 9, 93, 93, 99, 9, 94, 100, 100},
		{"known to the day, asked late", 91, 91, 9, 91, 91, 97, 9, 92, 98, 98},
		{"before its day, as it is asked each night", 95, 95, 9, 99, 95, 99, 9, 92, 100, 100},
		{"another day than was believed", 92, 92, 9, 99, 92, 99, 9, 92, 100, 100},
		{"a record from the future", NONE, NONE, 0, 98, NONE, 120, 1, 99, 100, 100},
		{"a second run of the day", 93, 93, 9, 100, 93, 100, 1, 100, 100, 100},
		{"moved a day later: a part of a week, and nothing after", 93, 93, 40, 93, 93, 94, 6, 93, 94, 98},
		{"moved a day earlier: none of the last day, as there was", 93, 93, 200, 93, 93, 98, 200, 93, 98, 100},
		{"a weekend: there was none before", 93, 93, 200, 93, 91, 98, 200, 93, 100, 100},
		{"one that is not full: chance", 93, 93, 20, 93, 93, 98, 20, 93, 100, 100},
		{"a quiet one that is late has moved", 93, 93, 1, 93, 85, 90, 1, 88, 94, 96},
	};
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct bookmark bookmark = {.newest = cases[i].newest * DAY_MS,
			.fed_from = cases[i].known_from,
			.fed_to = cases[i].known_to,
			.batch = cases[i].batch};
		const struct feed_news news = {
			cases[i].count, cases[i].oldest * DAY_MS, cases[i].before == NONE ? INSTANT_NONE : cases[i].before * DAY_MS};
		feed_schedule_learn(&bookmark, at(cases[i].asked), at(100), &news);
		if (bookmark.fed_from != cases[i].from || bookmark.fed_to != cases[i].to)
			fail_msg("%s: %d to %d", cases[i].what, bookmark.fed_from, bookmark.fed_to);
		feed_schedule_learn(&bookmark, at(99), at(100), &(struct feed_news){.count = 0});
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
		{"a steady one without news on its day: a look", 93, 93, 93, 100, 9, 101, FEED_LOOK, 101},
		{"and each night after", 93, 93, 93, 104, 9, 105, FEED_LOOK, 105},
		{"until its next day", 93, 93, 93, 106, 9, 107, FEED_DUE, 107},
		{"which is the last: it may send nothing any more", 93, 93, 93, 107, 9, 108, FEED_NOT_DUE, 114},
		{"a quiet one without news on its day: on the next", 93, 93, 93, 100, 1, 101, FEED_NOT_DUE, 107},
		{"months later on the same weekday", 23, 23, 23, 100, 2, 101, FEED_NOT_DUE, 107},
		{"several days: from the first", 90, 94, 90, 94, 9, 97, FEED_LEARN, 97},
		{"each night", 90, 94, 90, 98, 9, 99, FEED_LEARN, 99},
		{"one that is not steady: looks", 90, 94, 90, 94, 2, 99, FEED_LOOK, 97},
		{"and due at last", 90, 94, 90, 94, 2, 101, FEED_DUE, 101},
		{"a quiet one", 90, 94, 90, 94, 1, 99, FEED_NOT_DUE, 101},
		{"nothing known: on a weekday of its own", NONE, NONE, 93, 98, 0, 99, FEED_NOT_DUE, 105},
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
	/* Docusign's own count is asked for on the last night before its period ends, whatever the account's day. */
	const struct feed billing = {.clock = FEED_CLOCK_BILLING};
	for (char id[] = "a"; *id <= 'z'; ++*id) {
		const struct bookmark bookmark = {.account_id = id, .until = at(100), .ends_at = at(103), .fed_from = NONE, .fed_to = NONE};
		assert_true(feed_schedule_date(&bookmark, &billing, 102).turn == FEED_DUE);
	}
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
		{.until = at(96), .newest = at(96), .fed_from = 90, .fed_to = 95, .batch = 3, .last_page = 9}, /* f: a look */
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

/* Looks fill a night, those with more news first, wherever they are in the input; a week of holidays is no reason to ask everybody daily. */
static void looks_fill_a_night(void **state)
{
	(void)state;
	enum { ACCOUNTS = 7000, DUE = 900 };
	static struct bookmark bookmarks[ACCOUNTS];
	struct fetch_turns list = {.count = 0};
	const struct fetch_rule rule = {ASK_DUE, ACCOUNTS, 0};
	for (size_t i = 0; i < ACCOUNTS; i++) {
		bookmarks[i] =
			(struct bookmark){.until = at(99), .newest = at(90), .fed_from = 92, .fed_to = 92, .batch = 5 + (int64_t)i % 9};
		if (i < DUE) /* on its day */
			bookmarks[i] = (struct bookmark){.until = at(93), .newest = at(93), .fed_from = 93, .fed_to = 93, .batch = 5};
		assert_int_equal(fetch_turns_add(&list, "a", &bookmarks[i], NULL), 0);
	}
	fetch_turns_decide(&list, &rule, &batches, 100);
	assert_int_equal(list.asked, 1030); /* a seventh and 3% of it */
	for (size_t i = 0; i < list.asked; i++)
		assert_true(i < DUE ? list.list[i].date.turn == FEED_DUE : list.list[i].bookmark->batch == 13);
	fetch_turns_release(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(learns), cmocka_unit_test(dates), cmocka_unit_test(nobody_is_forgotten),
		cmocka_unit_test(turns), cmocka_unit_test(looks_fill_a_night)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
