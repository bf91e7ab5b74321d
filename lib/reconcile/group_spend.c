#include "reconcile/group_spend.h"

#include "base/money.h"
#include "base/sum_table.h"

static int part_of(int64_t amount, int64_t numerator, int64_t denominator, int64_t *part, struct error *error)
{
	*part = 0;
	return denominator ? money_round((money)amount * MONEY_UNIT, numerator, denominator, 0, part, error) : 0;
}

/* Adds to each its part of an amount: what all up to it come to, less what those before it do. */
static int distribute(
	struct group_spend list[], size_t count, size_t weight, size_t target, int64_t amount, int64_t total, struct error *error)
{
	int64_t sum = 0, before = 0, after;
	for (size_t i = 0; i < count && total; i++) {
		sum += *(int64_t *)((char *)&list[i] + weight);
		if (part_of(amount, sum, total, &after, error) < 0)
			return -1;
		*(int64_t *)((char *)&list[i] + target) += after - before;
		before = after;
	}
	return 0;
}

int group_spend_share(struct group_spend list[], size_t count, int64_t unused, int64_t spend, struct error *error)
{
	int64_t drawn = 0, allocated = 0, rights = unused, used_spend, own_spend;
	for (size_t i = 0; i < count; i++)
		if (sum_add(&drawn, list[i].drawn, error) < 0 || sum_add(&allocated, list[i].allocated_unused, error) < 0)
			return -1;
	if (sum_add(&rights, drawn, error) < 0 || sum_add(&rights, allocated, error) < 0 ||
		part_of(spend, drawn, rights, &used_spend, error) < 0 || part_of(spend, drawn + allocated, rights, &own_spend, error) < 0)
		return -1;
	int64_t pool_spend = spend - own_spend;
	if (!drawn) {
		list[count - 1].unused_spend += pool_spend;
		pool_spend = 0;
	}
	const size_t by_drawn = offsetof(struct group_spend, drawn), by_allocated = offsetof(struct group_spend, allocated_unused),
		     used = offsetof(struct group_spend, used_spend), not_used = offsetof(struct group_spend, unused_spend);
	return distribute(list, count, by_drawn, used, used_spend, drawn, error) < 0 ||
			distribute(list, count, by_allocated, not_used, own_spend - used_spend, allocated, error) < 0 ||
			distribute(list, count, by_drawn, not_used, pool_spend, drawn, error) < 0
		? -1
		: 0;
}
