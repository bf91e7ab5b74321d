#include "fetch/fetch_turns.h"

#include "base/array.h"
#include "base/instant.h"

#include <stdlib.h>
#include <string.h>

/* Looks fill a night up to a seventh of the accounts and 3% of that; some are always made. */
#define NIGHT_SHARE(accounts) ((int64_t)(accounts)*103 / 700)
#define LOOKS_LEAST(accounts) ((int64_t)(accounts) / 1000 + 10)

int fetch_turns_add(struct fetch_turns *turns, const char *account_id, struct bookmark *bookmark, struct error *error)
{
	struct fetch_turn *turn = array_grow((void **)&turns->list, &turns->count, sizeof *turn, error);
	if (!turn)
		return -1;
	*turn = (struct fetch_turn){.account_id = account_id, .bookmark = bookmark, .number = turns->count - 1};
	return 0;
}

static int compare_turns(const void *left, const void *right)
{
	const struct fetch_turn *a = left, *b = right;
	if (a->date.turn != b->date.turn)
		return a->date.turn < b->date.turn ? -1 : 1;
	if (a->date.turn < FEED_LEARN && a->date.day != b->date.day)
		return a->date.day < b->date.day ? -1 : 1;
	if (a->bookmark->batch != b->bookmark->batch)
		return a->bookmark->batch > b->bookmark->batch ? -1 : 1;
	return a->number < b->number ? -1 : 1;
}

static int compare_ids(const void *left, const void *right)
{
	return strcmp(((const struct fetch_turn *)left)->account_id, ((const struct fetch_turn *)right)->account_id);
}

static int64_t expected_cost(const struct fetch_turn *turn, const struct feed *feed)
{
	const struct bookmark *bookmark = turn->bookmark;
	bool never_had_any = bookmark->until != INSTANT_NONE && bookmark->newest == INSTANT_NONE;
	return feed->paging == FEED_PAGING_CURSOR && bookmark->last_page == 0 && !never_had_any ? 2 : 1;
}

int64_t fetch_turns_billing_part(int64_t requests_most)
{
	return requests_most >= 20 ? requests_most / 10 : requests_most >= 3 ? 2 : 0;
}

static bool is_due(const struct fetch_turn *turn)
{
	return turn->date.turn <= FEED_DUE;
}

void fetch_turns_decide(struct fetch_turns *turns, const struct fetch_rule *rule, const struct feed *feed, int32_t today)
{
	bool asks_all = rule->whom == ASK_ALL || (rule->whom == ASK_BY_SIZE && rule->organization <= ASK_ALL_MOST && !rule->requests_most);
	int64_t cost = 0, looks = NIGHT_SHARE(rule->organization), looks_least = LOOKS_LEAST(rule->organization);
	for (size_t i = 0; i < turns->count; i++)
		turns->list[i].date = feed_schedule_date(turns->list[i].bookmark, feed, today);
	if (turns->count)
		qsort(turns->list, turns->count, sizeof *turns->list, compare_turns);
	for (size_t i = 0; i < turns->count; i++)
		looks -= turns->list[i].date.turn <= FEED_LEARN;
	looks = looks > looks_least ? looks : looks_least;
	for (size_t i = turns->asked = 0; i < turns->count; i++) {
		struct fetch_turn *turn = &turns->list[i];
		cost += expected_cost(turn, feed);
		bool fits = rule->requests_most == 0 || cost <= rule->requests_most;
		if (fits && (asks_all || turn->date.turn <= FEED_LEARN || (turn->date.turn == FEED_LOOK && looks-- > 0)))
			turns->asked = i + 1;
		else if (is_due(turn))
			turn->outcome = FEED_PUT_OFF;
	}
}

void fetch_turns_keep(struct fetch_turns *turns, const struct account_list *accounts)
{
	size_t kept = 0, asked = 0;
	for (size_t i = 0; i < turns->count; i++) {
		if (!account_list_has(accounts, turns->list[i].account_id))
			continue;
		asked += i < turns->asked;
		turns->list[kept++] = turns->list[i];
	}
	turns->count = kept;
	turns->asked = asked;
}

struct fetch_night fetch_turns_night(const struct fetch_turns *turns)
{
	struct fetch_night night = {.accounts = turns->count};
	for (size_t i = 0; i < turns->count; i++) {
		night.due += is_due(&turns->list[i]);
		night.asked += turns->list[i].outcome >= FEED_UNREAD;
		night.with_news += turns->list[i].outcome == FEED_NEWS;
		night.put_off += turns->list[i].outcome == FEED_PUT_OFF;
	}
	return night;
}

void fetch_turns_sort(struct fetch_turns *turns)
{
	if (turns->count)
		qsort(turns->list, turns->count, sizeof *turns->list, compare_ids);
}

void fetch_turns_release(struct fetch_turns *turns)
{
	free(turns->list);
	*turns = (struct fetch_turns){.count = 0};
}
