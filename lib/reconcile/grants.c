#include "reconcile/grants.h"

#include "base/array.h"

#include "base/instant.h"
#include "licence/licence_cells.h"

#include <stdlib.h>

#define REST_DAYS 3 /* the most by which two months differ */

static int add(struct grants *grants, const struct entitlement *entitlement, const struct period *true_up, int32_t start, int32_t end,
	struct error *error)
{
	int32_t last = entitlement->end_day;
	if (start >= last)
		return 0;
	struct grant *grant = array_grow((void **)&grants->list, &grants->count, sizeof *grant, error);
	if (!grant)
		return -1;
	*grant = (struct grant){.entitlement = entitlement,
		.start_day = start,
		.end_day = end < last ? end : last,
		.term_end_day = end,
		.true_up_start = true_up ? instant_day(true_up->start) : 0,
		.true_up_end = true_up ? period_end_day(true_up) : 0,
		.rights = entitlement->purchased_rights};
	return 0;
}

int grants_add(struct grants *grants, const struct entitlement *entitlement, const struct period *true_up, int32_t from, int32_t to,
	struct error *error)
{
	int32_t end = entitlement->term_end_day;
	if (!true_up && (entitlement->start_day >= to || entitlement->end_day <= from))
		return 0;
	if (!entitlement->months)
		return add(grants, entitlement, true_up, entitlement->start_day, end, error);
	struct period_rule rule = period_rule_contract(entitlement->start_day, entitlement->months);
	int32_t day = entitlement->start_day > from ? entitlement->start_day : from;
	/* One earlier: the rest of an entitlement may lie in a subscription period that begins within it. */
	int index = true_up ? 0 : period_of_day(&rule, day).index;
	for (index = index > 0 ? index - 1 : 0;; index++) {
		struct period window = period_by_index(&rule, index);
		int32_t first = instant_day(window.start), next = instant_day(window.end);
		if ((first >= to && !true_up) || first >= end)
			return 0;
		bool is_last = next >= end - REST_DAYS;
		if (is_last)
			next = end;
		if ((true_up || next > from) && add(grants, entitlement, true_up, first, next, error) < 0)
			return -1;
		if (is_last)
			return 0;
		true_up = NULL;
	}
}

bool grant_is_in_force(const struct grant *grant, const struct period *period)
{
	return grant->start_day * DAY_MS < period->end && grant->end_day * DAY_MS > period->start;
}

bool grant_is_drawable(const struct grant *grant, const struct period *period)
{
	return grant_is_in_force(grant, period) ||
		(grant->true_up_start * DAY_MS < period->end && grant->true_up_end * DAY_MS > period->start);
}

static int64_t clamp(int64_t day, int64_t low, int64_t high)
{
	return day < low ? low : day > high ? high : day;
}

int grant_cost_share(const struct grant *grant, money cost, int digits, const struct period *period, int64_t *share, struct error *error)
{
	int32_t first = instant_day(period->start), next = period_end_day(period);
	int64_t days = (int64_t)grant->term_end_day - grant->start_day, before, after;
	if (grant->term_end_day == DAY_LAST) {
		days = 1;
		before = grant->start_day < first;
		after = 1;
	} else {
		before = clamp((int64_t)first - grant->start_day, 0, days);
		/* What is left of one that was retired or replaced falls on its last day. */
		after = next >= grant->end_day ? days : clamp((int64_t)next - grant->start_day, 0, days);
	}
	int64_t until_start, until_end;
	if (money_round(cost, before, days, digits, &until_start, error) < 0 ||
		money_round(cost, after, days, digits, &until_end, error) < 0)
		return -1;
	*share = until_end - until_start;
	return 0;
}

void grants_release(struct grants *grants)
{
	free(grants->list);
	*grants = (struct grants){.count = 0};
}
