/*
 * tally.h: units per account, plan item and period: what aggregate-by-period adds up.
 *
 * Adding is commutative and associative, and partials, envelopes and consumption records are the same kind of summand:
 * so tallying pieces and then the results gives what tallying once gives.
 */
#ifndef ENVTALLY_TALLY_H
#define ENVTALLY_TALLY_H

#include "base/buffer.h"
#include "base/name_table.h"
#include "base/period.h"
#include "json/json_scan.h"

#define TALLY_NO_NAME UINT32_MAX

/* Units of one day; more than 32 bits of them leave the days unknown. */
struct tally_day {
	int32_t day;
	uint32_t units;
};

struct tally_sum {
	int64_t units;
	int64_t first_sent_at, last_sent_at; /* INSTANT_NONE when there is none */
	uint32_t statuses; /* first of its list in `status_counts`, TALLY_NO_NAME for none */
	struct tally_day *days; /* in the order in which they came; they are known when they add up to `units` */
	size_t day_count;
};

struct tally_row {
	uint32_t profile, account, plan_item; /* numbers in the tables of names; TALLY_NO_NAME for none */
	struct period period;
	struct tally_sum now, reported; /* what is tallied; what an earlier run reported */
	int64_t reported_end; /* exclusive end of the period as it was reported; INSTANT_NONE when it was not */
};

struct tally_status {
	uint32_t status, next;
	int64_t count;
};

struct tally {
	struct name_table profiles, accounts, plan_items, statuses;
	struct tally_row *rows;
	size_t count, capacity;
	struct hash_index index;
	struct tally_status *status_counts;
	size_t status_count, status_capacity;
};

void tally_release(struct tally *tally);

/* The number of a name for tally_row(), from a slice that is a string or missing. -1 with an error. */
int tally_name(struct name_table *table, const struct json_slice *slice, uint32_t *number, struct error *error);

/* The row of a key, made with 0 units when it is not there. NULL with EX_OSERR. It lasts until the next call. */
struct tally_row *tally_row(
	struct tally *tally, uint32_t profile, uint32_t account, uint32_t plan_item, struct period period, struct error *error);

/* Adds to one of a row's sums: units, the span of sending, a count by status. */
void tally_add(struct tally_sum *sum, int64_t units, int64_t first_sent_at, int64_t last_sent_at);
int tally_add_status(struct tally *tally, struct tally_sum *sum, const char *status, size_t length, int64_t count, struct error *error);

/* Adds units to a day of the sum; no units are no day. */
int tally_add_day(struct tally_sum *sum, int32_t day, int64_t units, struct error *error);

/* Appends the sum's by_day object, ordered by day: {"2025-01-31":3}; null where days are not known. */
int tally_append_days(struct tally_sum *sum, struct buffer *json, struct error *error);

/* Makes the sum that was reported the one that is tallied: what is carried over. */
void tally_carry_over(struct tally_row *row);

/* Appends the sum's by_status object, ordered by name: {"completed":3,"sent":1}. Zero counts are left out. */
int tally_append_statuses(const struct tally *tally, const struct tally_sum *sum, struct buffer *json, struct error *error);

/* Sorts the rows by profile, account, plan item (none first) and period. Finding rows afterwards is an error. */
void tally_sort(struct tally *tally);

#endif
