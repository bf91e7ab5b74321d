/*
 * input_days.h: on which days the units of a sum were sent: from the by_day of consumption records, or from daily_consumption records.
 */
#ifndef ENVTALLY_INPUT_DAYS_H
#define ENVTALLY_INPUT_DAYS_H

#include "base/radix_sort.h"
#include "base/sum_table.h"

struct reconcile_input;

/* Units of days: the key is input_day_key() of a sum and a day, the value units. Sorted once all is read. */
struct input_days {
	struct radix_pair *list;
	size_t count;
};
static inline uint64_t input_day_key(size_t sum, int32_t day)
{
	return (uint64_t)sum << 32 | ((uint32_t)day ^ 0x80000000u);
}
static inline int32_t input_day_of_key(uint64_t key)
{
	return (int32_t)((uint32_t)key ^ 0x80000000u);
}

/* A daily_consumption record: which sum it is of is known once all is read. */
struct input_daily {
	uint32_t account, plan_item;
	int32_t day;
	int64_t units;
};

/* The days of a sum: from *first on, their number. 0 when they are not known, or do not add up to the sum. */
size_t input_days_of(const struct input_days *days, const struct sum_table *sums, size_t sum, const struct radix_pair **first);

/* Once all is read: gives daily_consumption records to their sums, and sorts. EX_OSERR. */
int input_days_finish(struct reconcile_input *input, struct error *error);

#endif
