/*
 * sent_weeks.h: the weeks from which the daily partials are read, updated with the envelopes.
 *
 * A row of table `sent_week` is one account, plan item and week (days 7 * week to 7 * week + 6, counted from 1970-01-01). Its
 * `envelopes` has an entry for each envelope sent then: milliseconds of the week (four bytes, most significant first) and the
 * key of its status (two), in ascending order. So adding or removing an envelope, or changing its status, is a matter of one entry, and a
 * day's units, its first and last, are known without looking at other envelopes. (A row a day would be seven times as many rows for the
 * same bytes.)
 *
 * Changes wait, in bounded memory, until sent_weeks_flush(); that must come before every commit. What is added and removed between
 * two flushes leaves the row as it is, and its account untouched.
 */
#ifndef ENVTALLY_SENT_WEEKS_H
#define ENVTALLY_SENT_WEEKS_H

#include "base/instant.h"
#include "base/radix_sort.h"
#include "ledger/ledger.h"
#include "merge/envelope_row.h"

#define WEEK_MS (7 * DAY_MS)
#define SENT_ENTRY_SIZE 6

struct sent_weeks {
	struct ledger *ledger;
	struct radix_pair *changes; /* see sent_weeks.c */
	size_t count;
	uint8_t *entries; /* of the row under way */
	size_t entry_capacity;
	uint64_t above; /* no row has this key or a greater one: those are not looked for */
};

/* Adds the envelope to the week in which it was sent, or removes it. Ignores one that was not sent. */
int sent_weeks_add(struct sent_weeks *weeks, const struct envelope *envelope, struct error *error);
int sent_weeks_remove(struct sent_weeks *weeks, const struct envelope *envelope, struct error *error);

/* Will the next change write what waits? */
bool sent_weeks_are_full(const struct sent_weeks *weeks);

int sent_weeks_flush(struct sent_weeks *weeks, struct error *error);
void sent_weeks_release(struct sent_weeks *weeks);

/* The error for a row of the table that is not as above. Returns -1. */
int sent_week_damaged(struct ledger *ledger, int64_t account, int64_t plan_item, int64_t week, const char *what, struct error *error);

/* Reads the entry at `at`. */
static inline uint32_t sent_entry_millisecond(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}
static inline uint16_t sent_entry_status(const uint8_t *at)
{
	return (uint16_t)(at[4] << 8 | at[5]);
}

#endif
