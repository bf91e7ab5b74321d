/*
 * feed_schedule.h: on which nights an account is asked: the weekly cycle of its feed, learned from what it did.
 *
 * Docusign processes an account once in seven days; nothing says on which. A night that finds news narrows it down: it appeared after the
 * night that asked before, not before the newest record, by tonight, and a week after the oldest record's day, or a day later; that of a steady
 * account not many days after the newest record. So a bookmark keeps the days `fed_from` to `fed_to` between which its last news appeared;
 * they are absent while a whole week is possible. News that contradicts them takes their place. Days are those of the runs' clocks.
 *
 *   one day is known        due seven days later
 *   several are possible    due seven days after the last of them; each night from the first on teaches the day of a steady account, and is
 *                           worth a look at a frequent one
 *   no news on its day      each further night is worth a look at a steady account: its day may have moved
 *   no news for a week      due on the same day of the next weeks
 *   nothing is known        due once a week, on a weekday by the account's id
 *
 * An account that moves to an earlier day does not show it: all its news is there on the day that was believed. Of a full one some records
 * are of its last day; if none are, and there were some the week before, the days before are possible, too.
 *
 * Never more than seven days pass between two askings. An account that was never read to its end is always due, and so is that of a feed
 * that is live (FEED_CLOCK_WINDOW). Docusign's own count (FEED_CLOCK_BILLING) is asked once a week, on a weekday by the account's id, and on
 * the last night before the billing period ends, so that nearly all of each period is compared. All is a function of the bookmark and the run's day, so a replay asks whom the run has asked.
 */
#ifndef ENVTALLY_FEED_SCHEDULE_H
#define ENVTALLY_FEED_SCHEDULE_H

#include "config/feed.h"
#include "fetch/bookmarks.h"

#define FEED_CYCLE_DAYS 7

/* In the order in which they are asked. */
enum feed_turn {
	FEED_NEVER_READ,
	FEED_DUE,
	FEED_LEARN, /* its news are there on this or one of the next nights: which one is learned */
	FEED_LOOK, /* its news may be there */
	FEED_NOT_DUE,
};

struct feed_date {
	enum feed_turn turn; /* on the day that was asked about */
	int32_t day; /* since when it is due, or on which it will be */
};

/* Of an account whose window is not under way, before the run changes its bookmark. */
struct feed_date feed_schedule_date(const struct bookmark *bookmark, const struct feed *feed, int32_t today);

/* The records of a night with a newer time than any before. */
struct feed_news {
	int64_t count, oldest; /* oldest: of their times */
	int64_t before; /* the newest time before these; INSTANT_NONE */
};

/* After an account was read to its end, `now`: `read_at` is when that happened before (INSTANT_NONE if never). */
void feed_schedule_learn(struct bookmark *bookmark, int64_t read_at, int64_t now, const struct feed_news *news);

#endif
