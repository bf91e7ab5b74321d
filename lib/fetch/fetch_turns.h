/*
 * fetch_turns.h: whom a night asks, and in which order: due-first.
 *
 * First the accounts that were never read to their end, then those that are due, the longest overdue first, then those that are worth a look
 * (feed_schedule.h), as many as fill a night; among these the ones with more news in a week, then in the order of the input. Accounts that
 * are not due come last, and are asked only if all are wanted, or, without a budget, in an organization of at most ASK_ALL_MOST accounts, where that costs little.
 *
 * With a budget of requests only the first are asked, by what they are expected to cost: one request each, or two where the first answer
 * of a cursored feed may not prove that the account is caught up (window_pages.h). So whom a run asks depends on the bookmarks and the rule
 * alone, not on the answers, and a replay asks the same. What is left of the budget is for further pages.
 */
#ifndef ENVTALLY_FETCH_TURNS_H
#define ENVTALLY_FETCH_TURNS_H

#include "fetch/account_list.h"
#include "fetch/feed_schedule.h"

#define ASK_ALL_MOST 1000 /* accounts: an hour of Docusign's limit has 3000 requests */

enum feed_outcome { FEED_NOT_ASKED, FEED_PUT_OFF, FEED_UNREAD, FEED_NOTHING_NEW, FEED_NEWS, FEED_OUTCOMES };

struct fetch_rule {
	enum { ASK_BY_SIZE, ASK_ALL, ASK_DUE } whom;
	size_t organization; /* its accounts, those of other shards among them */
	int64_t requests_most; /* 0: no budget */
};

struct fetch_turn {
	const char *account_id;
	struct bookmark *bookmark;
	struct feed_date date;
	enum feed_outcome outcome;
	size_t number; /* in the input */
};

/* Starts as {0}. */
struct fetch_turns {
	struct fetch_turn *list; /* in their order; the first `asked` are asked */
	size_t count, asked;
};

/* Of a budget, the part that is for Docusign's own count where the profile wants that: a tenth, two at least. The rest is for envelopes. */
int64_t fetch_turns_billing_part(int64_t requests_most);

/* Adds an account, whose bookmark is as the last run left it. */
int fetch_turns_add(struct fetch_turns *turns, const char *account_id, struct bookmark *bookmark, struct error *error);
void fetch_turns_decide(struct fetch_turns *turns, const struct fetch_rule *rule, const struct feed *feed, int32_t today);
void fetch_turns_release(struct fetch_turns *turns);

/* Leaves out what is not in `accounts`, once all were decided on. */
void fetch_turns_keep(struct fetch_turns *turns, const struct account_list *accounts);

struct fetch_night {
	size_t accounts, due, asked, with_news, put_off;
};
struct fetch_night fetch_turns_night(const struct fetch_turns *turns);

/* Sorts by id, for a list whose order does not depend on the night. */
void fetch_turns_sort(struct fetch_turns *turns);

#endif
