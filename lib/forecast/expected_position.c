#include "forecast/expected_position.h"

#include "base/instant.h"
#include "licence/licence_cells.h"
#include "reconcile/figures.h"

#include <stdlib.h>
#include <string.h>

static bool is_of_position(const struct open_position *position, const struct entitlement *entitlement)
{
	return entitlement_is_of(entitlement, position->software_model, position->license_metric) &&
		(!*entitlement->profile || (position->profile && strcmp(position->profile, entitlement->profile) == 0));
}

bool expected_position_is_covered(const struct daily_consumption *daily, const struct open_position *position, int32_t day)
{
	const struct entitlements *entitlements = &daily->licence->entitlements;
	for (size_t i = 0; i < entitlements->count; i++) {
		const struct entitlement *entitlement = &entitlements->list[i];
		if (entitlement->is_enterprise && entitlement->allocation_type == GROUP_POOL && entitlement->start_day <= day &&
			day < entitlement->end_day && is_of_position(position, entitlement))
			return true;
	}
	return false;
}

/* The period that holds an instant; NULL for none. */
static const struct period *period_of(const struct daily_consumption *daily, int64_t instant)
{
	for (size_t i = 0; i < daily->period_count; i++)
		if (daily->periods[i].start <= instant && instant < daily->periods[i].end)
			return &daily->periods[i];
	return NULL;
}

/* The first day of the series that draws: none before the contract, if the input says when that began. */
static int32_t first_drawn(const struct daily_consumption *daily, const struct day_series *series)
{
	int64_t start = INT64_MAX;
	bool is_known = false;
	for (size_t i = 0; i < daily->period_count; i++) {
		is_known |= daily->periods[i].index == 0;
		start = daily->periods[i].start < start ? daily->periods[i].start : start;
	}
	return is_known && instant_day(start) > series->first ? instant_day(start) : series->first;
}

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
		if (is_of_position(position, &entitlements->list[i])) {
			copies[*count] = entitlements->list[i];
			/* What is allocated covers its group, not everybody. */
			copies[*count].is_enterprise &= copies[*count].allocation_type == GROUP_POOL;
			copies[(*count)++].allocation_type = GROUP_POOL;
		}
	return copies;
}

static int open_drawdown(struct drawdown *drawdown, const struct daily_consumption *daily, const struct entitlement copies[], size_t count,
	int32_t from, int32_t to, struct error *error)
{
	struct grants grants = {.count = 0};
	*drawdown = (struct drawdown){.pool_count = 0};
	int result = 0;
	for (size_t i = 0; i < count && result == 0; i++) {
		const struct period *true_up = copies[i].true_up_for == DAY_FIRST ? NULL : period_of(daily, copies[i].true_up_for * DAY_MS);
		result = grants_add(&grants, &copies[i], true_up, from, to, error);
	}
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

/* The first day up to which more than `rights` are used; the last day where none is. */
static int32_t day_of_breach(const struct day_series *series, int32_t day, int32_t end, int64_t rights)
{
	for (int64_t used = series->units[day - series->first]; used <= rights && day + 1 < end; day++)
		used += series->units[day + 1 - series->first];
	return day;
}

/* Draws for the units of the days from `from` to before `end`, day by day or period by period. `expected` may be NULL. */
static void draw_days(struct drawdown *drawdown, const struct daily_consumption *daily, const struct day_series *series, int32_t from,
	int32_t end, struct expected_position *expected)
{
	for (int32_t day = from, next; day < end; day = next) {
		const struct period *period = daily->settles_by_period ? period_of(daily, day * DAY_MS) : NULL;
		const struct period interval = period ? *period : (struct period){.start = day * DAY_MS, .end = (day + 1) * DAY_MS};
		struct demand demand = {.units = 0};
		next = instant_day(interval.end - 1) + 1;
		next = next < end ? next : end;
		for (int32_t i = day; i < next; i++)
			demand.units += series->units[i - series->first];
		if (demand.units <= 0)
			continue;
		drawdown_interval(drawdown, &interval, &demand, 1);
		if (!expected)
			continue;
		int64_t unlicensed = demand.units - demand.pooled - demand.covered;
		expected->is_covered |= demand.covered > 0;
		expected->unlicensed += unlicensed;
		if (unlicensed && expected->first_breach == NO_BREACH)
			expected->first_breach = day_of_breach(series, day, next, demand.units - unlicensed);
	}
}

/* Where the days' rights are not known: all units of the period against the rights that it owns. */
static void hold_against_owned(struct expected_position *expected, const struct daily_consumption *daily,
	const struct open_position *position, const struct day_series *series, int32_t first_day)
{
	int64_t left = position->owned;
	for (int32_t day = first_day; day < series->end && !position->is_unlimited; day++) {
		int64_t units = series->units[day - series->first], beyond = units > left ? units - left : 0;
		left -= units - beyond;
		if (!beyond)
			continue;
		if (expected_position_is_covered(daily, position, day)) {
			expected->is_covered = true;
			continue;
		}
		expected->unlicensed += beyond;
		expected->first_breach = expected->first_breach == NO_BREACH ? day : expected->first_breach;
	}
	expected->available = position->is_unlimited ? 0 : left;
}

int expected_position_draw(struct expected_position *expected, const struct daily_consumption *daily, const struct open_position *position,
	const struct day_series *series, struct error *error)
{
	size_t count;
	struct drawdown drawdown = {.pool_count = 0};
	int32_t first_day = instant_day(position->period.start);
	struct entitlement *copies = copy_entitlements(daily, position, &count, error);
	*expected = (struct expected_position){.first_breach = NO_BREACH};
	int result = copies ? open_drawdown(&drawdown, daily, copies, count, series->first, series->end, error) : -1;
	if (result == 0)
		draw_days(&drawdown, daily, series, first_drawn(daily, series), first_day, NULL);
	struct pool_use at_start = use_of(&drawdown, &position->period);
	bool is_known = count > 0 && at_start.is_unlimited == position->is_unlimited &&
		(position->is_unlimited || at_start.rest == position->owned);
	if (result == 0 && is_known)
		draw_days(&drawdown, daily, series, first_day, series->end, expected);
	else if (result == 0)
		hold_against_owned(expected, daily, position, series, first_day);
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
	int result = copies ? open_drawdown(&drawdown, daily, copies, copied, first, end, error) : -1;
	if (result == 0)
		result = average_price_build(&price, daily->licence, metric, *currency, &drawdown, &position->period, error);
	for (size_t i = 0; i < count && result == 0; i++)
		result = average_price_of(&price, rights[i], &costs[i], error);
	if (copies)
		drawdown_release(&drawdown);
	free(copies);
	return result;
}
