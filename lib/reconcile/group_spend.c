#include "reconcile/group_spend.h"

#include "base/money.h"
#include "base/sum_table.h"

/* The product of two 64-bit numbers always fits. */
static int64_t part_of(int64_t amount, int64_t numerator, int64_t denominator)
{
	return denominator ? (int64_t)money_divide((__int128)amount * numerator, denominator) : 0;
}

/* Adds to each its part of an amount: what all up to it come to, less what those before it do. */
static void distribute(struct group_spend list[], size_t count, size_t weight, size_t target, int64_t amount, int64_t total)
{
	int64_t sum = 0, before = 0, after;
	for (size_t i = 0; i < count && total && amount; i++) {
		int64_t own = *(int64_t *)((char *)&list[i] + weight);
		if (!own)
			continue;
		sum += own;
		after = part_of(amount, sum, total);
		*(int64_t *)((char *)&list[i] + target) += after - before;
		before = after;
	}
}

int group_spend_share(struct group_spend list[], size_t count, int64_t unused, int64_t spend, struct error *error)
{
	int64_t drawn = 0, allocated = 0, rights = unused;
	for (size_t i = 0; i < count; i++)
		if (sum_add(&drawn, list[i].drawn, error) < 0 || sum_add(&allocated, list[i].allocated_unused, error) < 0)
			return -1;
	if (sum_add(&rights, drawn, error) < 0 || sum_add(&rights, allocated, error) < 0)
		return -1;
	int64_t used_spend = part_of(spend, drawn, rights), own_spend = part_of(spend, drawn + allocated, rights);
	int64_t pool_spend = spend - own_spend;
	if (!drawn) {
		list[count - 1].unused_spend += pool_spend;
		pool_spend = 0;
	}
	const size_t by_drawn = offsetof(struct group_spend, drawn), by_allocated = offsetof(struct group_spend, allocated_unused),
		     used = offsetof(struct group_spend, used_spend), not_used = offsetof(struct group_spend, unused_spend);
	distribute(list, count, by_drawn, used, used_spend, drawn);
	distribute(list, count, by_allocated, not_used, own_spend - used_spend, allocated);
	distribute(list, count, by_drawn, not_used, pool_spend, drawn);
	return 0;
}
