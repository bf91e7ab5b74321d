#include "forecast/expected_position.h"

#include "base/instant.h"
#include "reconcile/figures.h"

#include <stdlib.h>
#include <string.h>

/* The entitlements of the metric, none of them allocated; the caller frees them. */
static struct entitlement *copy_entitlements(
	const struct daily_consumption *daily, const struct open_position *position, size_t *count, struct error *error)
{
	const struct entitlements *entitlements = &daily->licence->entitlements;
	struct entitlement *copies = malloc((entitlements->count + 1) * sizeof *copies);
	*count = 0;
	if (!copies)
		error_set(error, EX_OSERR, "out of memory");
	for (size_t i = 0; i < entitlements->count && copies; i++)
		if (entitlement_is_of(&entitlements->list[i], position->software_model, position->license_metric)) {
			copies[*count] = entitlements->list[i];
			/* What is allocated covers its group, not everybody. */
			copies[*count].is_enterprise &= copies[*count].allocation_type == GROUP_POOL;
			copies[(*count)++].allocation_type = GROUP_POOL;
		}
	return copies;
}

static int open_drawdown(
	struct drawdown *drawdown, const struct entitlement copies[], size_t count, int32_t from, int32_t to, struct error *error)
{
	struct grants grants = {.count = 0};
	*drawdown = (struct drawdown){.pool_count = 0};
	int result = 0;
	for (size_t i = 0; i < count && result == 0; i++)
		result = grants_add(&grants, &copies[i], from, to, error);
	if (result == 0)
		result = drawdown_open(drawdown, NULL, &grants, error);
	grants_release(&grants);
	return result;
}

static struct pool_use use_of(const struct drawdown *drawdown, const struct period *period)
{
	struct pool_use use = {.rest = 0};
	if (drawdown->pool_count)
		drawdown_close(drawdown, &drawdown->pools[0], period, &use);
	return use;
}

static void draw_day(struct drawdown *drawdown, int32_t day, int64_t units, struct expected_position *expected)
{
	const struct period interval = {.start = day * DAY_MS, .end = (day + 1) * DAY_MS};
	struct demand demand = {.units = units};
	if (units <= 0)
		return;
	drawdown_interval(drawdown, &interval, &demand, 1);
	int64_t unlicensed = units - demand.pooled - demand.covered;
	if (!expected)
		return;
	expected->is_covered |= demand.covered > 0;
	expected->unlicensed += unlicensed;
	if (unlicensed && expected->first_breach == NO_BREACH)
		expected->first_breach = day;
}

/* Without days: all units of the period against the rights that it owns. */
static void hold_against_owned(
	struct expected_position *expected, const struct open_position *position, const struct day_series *series, int32_t first_day)
{
	int64_t used = 0;
	for (int32_t day = first_day; day < series->end && !position->is_unlimited; day++) {
		used += series->units[day - series->first];
		if (used > position->owned && expected->first_breach == NO_BREACH)
			expected->first_breach = day;
	}
	if (position->is_unlimited)
		return;
	expected->unlicensed = used > position->owned ? used - position->owned : 0;
	expected->available = used < position->owned ? position->owned - used : 0;
}

int expected_position_draw(struct expected_position *expected, const struct daily_consumption *daily, const struct open_position *position,
	const struct day_series *series, struct error *error)
{
	size_t count;
	struct drawdown drawdown = {.pool_count = 0};
	int32_t first_day = instant_day(position->period.start);
	struct entitlement *copies = copy_entitlements(daily, position, &count, error);
	*expected = (struct expected_position){.first_breach = NO_BREACH};
	int result = copies ? open_drawdown(&drawdown, copies, count, series->first, series->end, error) : -1;
	for (int32_t day = series->first; day < first_day && result == 0; day++)
		draw_day(&drawdown, day, series->units[day - series->first], NULL);
	struct pool_use at_start = use_of(&drawdown, &position->period);
	bool is_known = count > 0 && at_start.is_unlimited == position->is_unlimited &&
		(position->is_unlimited || at_start.rest == position->owned);
	for (int32_t day = first_day; day < series->end && result == 0 && is_known; day++)
		draw_day(&drawdown, day, series->units[day - series->first], expected);
	if (result == 0 && !is_known)
		hold_against_owned(expected, position, series, first_day);
	if (result == 0 && is_known && !position->is_unlimited) {
		struct pool_use at_end = use_of(&drawdown, &position->period);
		expected->available = at_end.rest;
		expected->lapsing = at_end.lapsing;
	}
	drawdown_release(&drawdown);
	free(copies);
	return result;
}

int expected_position_costs(const struct daily_consumption *daily, const struct open_position *position, const int64_t rights[],
	struct amount costs[], size_t count, const char **currency, struct error *error)
{
	const struct metric *metric = &daily->licence->models.metrics[position->metric];
	struct average_price price;
	struct drawdown drawdown;
	size_t copied;
	struct entitlement *copies = copy_entitlements(daily, position, &copied, error);
	int32_t first = instant_day(position->period.start), end = instant_day(position->period.end - 1) + 1;
	*currency = average_price_currency(daily->licence, metric->product_number);
	/* Two currencies, which only --rates could add up: no cost. */
	for (size_t i = 0; i < copied && *currency && copies; i++)
		if (copies[i].has_cost && strcmp(copies[i].currency, *currency) != 0)
			*currency = NULL;
	for (size_t i = 0; i < copied && !*currency && copies; i++)
		copies[i].has_cost = false;
	int result = copies ? open_drawdown(&drawdown, copies, copied, first, end, error) : -1;
	if (result == 0)
		result = average_price_build(&price, daily->licence, metric, *currency, &drawdown, &position->period, error);
	for (size_t i = 0; i < count && result == 0; i++)
		result = average_price_of(&price, rights[i], &costs[i], error);
	if (copies)
		drawdown_release(&drawdown);
	free(copies);
	return result;
}
