#include "reconcile/input_days.h"

#include "base/array.h"
#include "base/instant.h"
#include "reconcile/reconcile_input.h"

#include <stdlib.h>

/* A daily_consumption record names no profile: it is of the consumption that its account and plan item has in a period that holds the day. */
static int assign_dailies(struct reconcile_input *input, struct error *error)
{
	bool *has_days = calloc(input->sums.count + 1, sizeof *has_days);
	if (!has_days)
		return error_set(error, EX_OSERR, "out of memory");
	for (size_t i = 0; i < input->days.count; i++)
		has_days[input->days.list[i].key >> 32] = true;
	int result = 0;
	for (size_t i = 0; i < input->daily_count && result == 0; i++) {
		const struct input_daily *daily = &input->dailies[i];
		int64_t instant = daily->day * DAY_MS;
		for (uint32_t period = 0; period < input->period_count && result == 0; period++) {
			const uint32_t key[SUM_PARTS] = {period, daily->plan_item, daily->account};
			const struct period *at = &input->periods[period].period;
			const struct sum *sum = instant < at->start || instant >= at->end ? NULL : sum_table_find(&input->sums, key);
			struct radix_pair *new = NULL;
			if (!sum || has_days[sum - input->sums.sums])
				continue;
			if ((new = array_grow((void **)&input->days.list, &input->days.count, sizeof *new, error)))
				*new = (struct radix_pair){
					input_day_key((size_t)(sum - input->sums.sums), daily->day), (uint64_t)daily->units};
			result = new ? 0 : -1;
		}
	}
	free(has_days);
	return result;
}

static int sort_days(struct input_days *days, struct error *error)
{
	struct radix_pair *spare = malloc((days->count + 1) * sizeof *spare);
	if (!spare)
		return error_set(error, EX_OSERR, "out of memory");
	radix_sort(days->list, spare, days->count);
	free(spare);
	return 0;
}

int input_days_finish(struct reconcile_input *input, struct error *error)
{
	return assign_dailies(input, error) < 0 || sort_days(&input->days, error) < 0 || sort_days(&input->excluded_days, error) < 0 ? -1
																     : 0;
}

size_t input_days_of(const struct input_days *days, const struct sum_table *sums, size_t sum, const struct radix_pair **first)
{
	size_t low = 0, high = days->count, count = 0;
	int64_t units = 0;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (days->list[middle].key >> 32 < sum)
			low = middle + 1;
		else
			high = middle;
	}
	*first = days->list + low;
	for (; low + count < days->count && days->list[low + count].key >> 32 == sum; count++)
		if (__builtin_add_overflow(units, (int64_t)days->list[low + count].value, &units))
			return 0;
	return units == sums->sums[sum].units ? count : 0;
}
