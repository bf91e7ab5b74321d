/*
 * requests-bench [ACCOUNTS [NIGHTS [BUDGET]]]: what a night costs in requests, and how late it finds an envelope: due first, due first with a
 * budget, and asking all.
 *
 * The service is a model: an account is fed once in seven days, on a weekday and at a time of its own; what was sent before is then there. Its
 * envelopes come at random: one account in twenty has hardly any, a quarter 0.5 to 2.5 a week, the others 3 to 400, one in a thousand 20 times
 * as many. One in a hundred moves to the weekday before or after, halfway. Whom a night asks, in which order, and what it learns is the code
 * of the fetcher (lib/fetch/fetch_turns.h, feed_schedule.h); a night costs a request a page of 1000, with a look-back of eight days, and one
 * more for an account whose last page its size does not show (window_pages.h). The second half of the nights is counted. Same figures each time. Exits 1
 * if a goal of the first is missed.
 */
#include "base/instant.h"
#include "fetch/fetch_turns.h"
#include "fetch/window_pages.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 1000 /* records */
#define LOOK_BACK_DAYS 8
#define FIRST_NIGHT (20000 * DAY_MS + 2 * DAY_MS / 24)
#define HISTORY_DAYS 60 /* before the first night */

struct source {
	double weekly; /* envelopes */
	int64_t fed; /* its first time of processing */
	int64_t next; /* the next envelope that was not fetched was sent then */
	int64_t before; /* envelopes of its last batch that the look-back has again */
	uint64_t chance;
	int moves_on; /* night after which it is fed a day later or earlier; 0: never */
	int moves_by; /* days */
};

static uint64_t draw(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static double uniform(uint64_t *state)
{
	return (double)(draw(state) >> 11) / 9007199254740992.0;
}

static int64_t gap(struct source *source)
{
	return 1 + (int64_t)(-log(1 - uniform(&source->chance)) * 7 * (double)DAY_MS / source->weekly);
}

/* The last time at which it was fed, by then. */
static int64_t fed_by(const struct source *source, int night, int64_t now)
{
	int64_t first = source->fed + (source->moves_on && night > source->moves_on ? source->moves_by * DAY_MS : 0);
	return first + (now - first) / (7 * DAY_MS) * (7 * DAY_MS);
}

enum { KNOWN, UNKNOWN, MOVED, KINDS };
static const char *const kinds[KINDS] = {"whose day is known", "whose day is being learned", "that move to another day"};

struct sums {
	int64_t requests, due, worst_ms[KINDS], beyond[KINDS], envelopes[KINDS], put_off, most, asked;
};

/* Reads an account to its end, as fetch_run.c would. Returns its requests. */
static int64_t ask(struct source *source, struct fetch_turn *turn, int night, int64_t now, bool is_counted, struct sums *sums)
{
	struct bookmark *bookmark = turn->bookmark;
	int64_t fed = fed_by(source, night, now), late, lately = 0;
	bool is_known = bookmark->fed_to != DAY_NONE && bookmark->fed_from == bookmark->fed_to;
	struct feed_news found = {.oldest = source->next, .before = bookmark->newest};
	int64_t read_at = bookmark->until;
	for (; source->next <= fed; source->next += gap(source)) {
		found.count++;
		lately += now - source->next < LOOK_BACK_DAYS * DAY_MS;
		bookmark->newest = source->next;
		late = now - source->next;
		if (!is_counted || read_at == INSTANT_NONE)
			continue;
		int k = source->moves_on ? MOVED : is_known ? KNOWN : UNKNOWN;
		sums->envelopes[k]++;
		sums->beyond[k] += late > 8 * DAY_MS;
		if (late > sums->worst_ms[k])
			sums->worst_ms[k] = late;
	}
	int64_t records = found.count + source->before, requests = 0;
	struct window_pages pages = {.count = 0};
	for (bool is_last = false; !is_last; requests++) {
		int64_t on_page = records > PAGE ? PAGE : records;
		is_last = window_pages_last(&pages, (size_t)on_page, on_page == 0, &bookmark->last_page);
		records -= on_page;
	}
	if (found.count || now - bookmark->newest > LOOK_BACK_DAYS * DAY_MS)
		source->before = lately;
	bookmark->until = now;
	feed_schedule_learn(bookmark, read_at, now, &found);
	turn->outcome = found.count ? FEED_NEWS : FEED_NOTHING_NEW;
	return requests;
}

static struct sums simulate(const char *name, size_t accounts, int nights, struct fetch_rule rule)
{
	static const struct feed feed = {.paging = FEED_PAGING_CURSOR, .clock = FEED_CLOCK_RECORD, .settled_days = 8};
	struct source *sources = calloc(accounts, sizeof *sources);
	struct bookmark *bookmarks = calloc(accounts, sizeof *bookmarks);
	char(*names)[17] = calloc(accounts, sizeof *names);
	struct fetch_turns turns = {.count = 0};
	struct sums all = {.requests = 0};
	int load = 0, counted = 0;
	if (!sources || !bookmarks || !names)
		exit(EX_OSERR);
	for (size_t i = 0; i < accounts; i++) {
		struct source *source = &sources[i];
		source->chance = i + 1;
		double kind = uniform(&source->chance);
		source->weekly = kind < 0.05 ? 0.02
			: kind < 0.3         ? 0.5 + 2 * uniform(&source->chance)
					     : exp(1 + 5 * uniform(&source->chance));
		source->weekly *= kind > 0.999 ? 20 : 1;
		source->fed = FIRST_NIGHT - HISTORY_DAYS * DAY_MS + (int64_t)(uniform(&source->chance) * 7 * (double)DAY_MS);
		source->next = FIRST_NIGHT - HISTORY_DAYS * DAY_MS + gap(source);
		if (uniform(&source->chance) < 0.01) {
			source->moves_on = nights / 2;
			source->moves_by = uniform(&source->chance) < 0.5 ? 1 : -1;
		}
		snprintf(names[i], sizeof *names, "%016" PRIx64, draw(&source->chance));
		bookmarks[i] = (struct bookmark){.account_id = names[i],

			.since = INSTANT_NONE,
			.until = INSTANT_NONE,
			.newest = INSTANT_NONE,
			.total = -1,
			.fed_from = DAY_NONE,
			.fed_to = DAY_NONE};
	}
	for (int night = 0; night < nights; night++) {
		int64_t now = FIRST_NIGHT + night * DAY_MS, requests = 0;
		bool is_load = false;
		turns.count = 0;
		for (size_t i = 0; i < accounts; i++)
			if (fetch_turns_add(&turns, (const char *)&sources[i], &bookmarks[i], NULL) < 0)
				exit(EX_OSERR);
		rule.organization = accounts;
		fetch_turns_decide(&turns, &rule, &feed, instant_day(now));
		for (size_t i = 0; i < turns.count; i++)
			is_load |= turns.list[i].date.turn == FEED_NEVER_READ;
		load += is_load;
		bool is_counted = night >= nights / 2;
		for (size_t i = 0; i < turns.asked; i++) {
			struct fetch_turn *turn = &turns.list[i];
			int64_t cost = ask(&sources[(const struct source *)(const void *)turn->account_id - sources], turn, night, now,
				is_counted, &all);
			requests += cost;
		}
		struct fetch_night figures = fetch_turns_night(&turns);
		if (!is_counted)
			continue;
		counted++;
		all.requests += requests;
		all.due += (int64_t)figures.due;
		all.asked += (int64_t)figures.asked;
		all.put_off += (int64_t)figures.put_off;
		all.most = requests > all.most ? requests : all.most;
	}
	printf("%s: %.0f requests a night, at most %" PRId64
	       ": %.2f hours of 3000; %.3f a due account; %.0f due, %.0f asked, %.0f put off; first load %d night%s\n",
		name, (double)all.requests / counted, all.most, (double)all.requests / counted / 3000,
		(double)all.requests / (double)all.due, (double)all.due / counted, (double)all.asked / counted,
		(double)all.put_off / counted, load, load == 1 ? "" : "s");
	for (int i = 0; i < KINDS; i++)
		printf("  accounts %s: %" PRId64 " envelopes, the latest %.2f days after it was sent, %.3f%% after more than 8\n", kinds[i],
			all.envelopes[i], (double)all.worst_ms[i] / (double)DAY_MS,
			all.envelopes[i] ? 100.0 * (double)all.beyond[i] / (double)all.envelopes[i] : 0);
	fetch_turns_release(&turns);
	free(sources);
	free(bookmarks);
	free(names);
	return all;
}

/* The goals: a night of a key's limit is five hours; nothing is later than a cycle and a night once an account's day is known. */
static bool keeps_to(const char *what, double is, double most)
{
	printf("%s: %.3f, at most %.3f: %s\n", what, is, most, is <= most ? "kept" : "MISSED");
	return is <= most;
}

int main(int argc, char **argv)
{
	size_t accounts = argc > 1 ? strtoul(argv[1], NULL, 10) : 100000;
	int nights = argc > 2 ? atoi(argv[2]) : 60;
	int64_t budget = argc > 3 ? atoll(argv[3]) : (int64_t)accounts / 6;
	char name[64];
	snprintf(name, sizeof name, "due first, --max-requests %" PRId64, budget);
	const struct sums due_first = simulate("due first", accounts, nights, (struct fetch_rule){.whom = ASK_DUE});
	simulate(name, accounts, nights, (struct fetch_rule){.whom = ASK_DUE, .requests_most = budget});
	simulate("ask all", accounts, nights, (struct fetch_rule){.whom = ASK_ALL});
	int64_t late = due_first.beyond[KNOWN] + due_first.beyond[UNKNOWN] + due_first.beyond[MOVED];
	int64_t envelopes = due_first.envelopes[KNOWN] + due_first.envelopes[UNKNOWN] + due_first.envelopes[MOVED];
	bool kept = keeps_to("requests a due account", (double)due_first.requests / (double)due_first.due, 1.1);
	kept &= keeps_to("longest night, hours for 100,000 accounts", (double)due_first.most / 3000 * 100000 / (double)accounts, 5);
	kept &= keeps_to("latest envelope, days, where the account's day is known", (double)due_first.worst_ms[KNOWN] / (double)DAY_MS, 8);
	kept &= keeps_to("envelopes after more than 8 days, %", 100 * (double)late / (double)envelopes, 0.1);
	return kept ? 0 : 1;
}
