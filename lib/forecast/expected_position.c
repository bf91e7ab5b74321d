#include "forecast/expected_position.h"

#include "base/instant.h"
#include "licence/licence_cells.h"
#include "reconcile/figures.h"

#include <stdlib.h>
#include <string.h>

bool expected_position_has(const struct open_position *position, const struct entitlement *entitlement)
{
	return entitlement_is_of(entitlement, position->software_model, position->license_metric) &&
		(!*entitlement->profile || position->is_whole ||
			(position->profile && strcmp(position->profile, entitlement->profile) == 0));
}

/* Is it for some of the accounts alone? */
static bool is_of_some(const struct open_position *position, const struct entitlement *entitlement)
{
	return entitlement->allocation_type != GROUP_POOL || (position->is_whole && *entitlement->profile);
}

static bool is_covered_by(const struct daily_consumption *daily, const struct open_position *position, int32_t day, bool is_allocated)
{
	const struct entitlements *entitlements = &daily->licence->entitlements;
	for (size_t i = 0; i < entitlements->count; i++) {
		const struct entitlement *entitlement = &entitlements->list[i];
		if (entitlement->is_enterprise && is_of_some(position, entitlement) == is_allocated && entitlement->start_day <= day &&
			day < entitlement->end_day && expected_position_has(position, entitlement))
			return true;
	}
	return false;
}

bool expected_position_is_covered(const struct daily_consumption *daily, const struct open_position *position, int32_t day)
{
	return is_covered_by(daily, position, day, false);
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
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
		if (expected_position_has(position, &entitlements->list[i])) {
			copies[*count] = entitlements->list[i];
			/* What is allocated covers its group, not everybody. */
			copies[*count].is_enterprise &= !is_of_some(position, &copies[*count]);
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

/* The first day from `day` on up to which more than `rights` are used; the last day where none is. */
static int32_t day_of_breach(const struct day_series *series, int32_t day, int64_t rights)
{
	for (int64_t used = series->units[day - series->first]; used <= rights && day + 1 < series->end; day++)
		used += series->units[day + 1 - series->first];
	return day;
}

/* Some units of the series, in the order of their days, and what they draw. */
struct part {
	int64_t skipped, units; /* how many units are passed over, and how many follow that are of the part */
	int64_t rights; /* drawn at most */
	int64_t drawn;
};

/* Draws for the part of the days from `from` to before `end`, day by day or period by period; without a drawdown, on so many rights. */
static void draw_days(struct drawdown *drawdown, const struct daily_consumption *daily, const struct day_series *series, int32_t from,
	int32_t end, struct part *part, void (*beyond)(void *context, int32_t first, int32_t end, const struct demand *demand),
	void *context)
{
	for (int32_t day = from, next; day < end; day = next) {
		const struct period *period = drawdown && daily->settles_by_period ? period_of(daily, day * DAY_MS) : NULL;
		const struct period interval = period ? *period : (struct period){.start = day * DAY_MS, .end = (day + 1) * DAY_MS};
		struct demand demand = {.units = 0};
		next = period_end_day(&interval);
		next = next < end ? next : end;
		for (int32_t i = day; i < next; i++)
			demand.units += series->units[i - series->first];
		int64_t skipped = least(demand.units, part->skipped);
		part->skipped -= skipped;
		int64_t units = least(demand.units - skipped, part->units);
		part->units -= units;
		demand.units = drawdown ? least(units, part->rights - part->drawn) : units;
		if (demand.units <= 0)
			continue;
		if (drawdown)
			drawdown_interval(drawdown, &interval, &demand, 1);
		else
			demand.pooled = least(units, part->rights - part->drawn);
		part->drawn += demand.pooled;
		if (beyond && demand.pooled < demand.units)
			beyond(context, day, next, &demand);
	}
}

/* What becomes of expected units that find no right. */
struct outcome {
	const struct daily_consumption *daily;
	const struct open_position *position;
	struct expected_position *expected;
	double share; /* of such units, what agreements of some group cover */
	int64_t in_groups; /* such units on days of these agreements */
};

static void find_no_right(void *context, int32_t first, int32_t end, const struct demand *demand)
{
	struct outcome *outcome = context;
	int64_t units = demand->units - demand->pooled, covered = demand->covered;
	bool in_group = false;
	for (int32_t day = first; day < end && !covered; day++) {
		if (expected_position_is_covered(outcome->daily, outcome->position, day))
			covered = units;
		in_group |= is_covered_by(outcome->daily, outcome->position, day, true);
	}
	if (!covered && in_group) {
		covered = -(int64_t)(outcome->share * (double)outcome->in_groups);
		outcome->in_groups += units;
		covered += (int64_t)(outcome->share * (double)outcome->in_groups);
	}
	outcome->expected->is_covered |= covered > 0;
	outcome->expected->unlicensed += units - covered;
	if (units > covered && outcome->expected->first_breach == NO_BREACH)
		outcome->expected->first_breach = first;
}

/*
 * Of the units that find no right, the share that agreements of some group cover: as it was so far in the period. Before there are any, all, where what is used
 * is of accounts that have such an agreement.
 */
static double share_in_groups(const struct daily_consumption *daily, const struct open_position *position)
{
	const struct entitlements *entitlements = &daily->licence->entitlements;
	int64_t beyond = position->unlicensed + position->covered;
	bool all_enterprise = true;
	if (beyond)
		return (double)position->covered / (double)beyond;
	for (size_t i = 0; i < entitlements->count; i++)
		all_enterprise &= !is_of_some(position, &entitlements->list[i]) || entitlements->list[i].is_enterprise ||
			!expected_position_has(position, &entitlements->list[i]);
	return all_enterprise && position->used && position->allocated_in_use == position->used ? 1 : 0;
}

int expected_position_draw(struct expected_position *expected, const struct daily_consumption *daily, const struct open_position *position,
	const struct day_series *series, struct error *error)
{
	size_t count;
	struct drawdown drawdown = {.pool_count = 0};
	int32_t first_day = instant_day(position->period.start);
	struct entitlement *copies = copy_entitlements(daily, position, &count, error);
	/* Units counted in the period that the position has drawn for, and how many of these found a right. */
	int64_t drawn = position->is_drawn ? position->used : 0, found = drawn - position->unlicensed - position->covered;
	struct part earlier = {.units = INT64_MAX, .rights = INT64_MAX}, counted = {.units = drawn, .rights = found},
		    later = {.skipped = drawn, .units = INT64_MAX, .rights = INT64_MAX};
	*expected = (struct expected_position){
		.unlicensed = position->unlicensed, .is_covered = position->covered > 0, .first_breach = NO_BREACH};
	if (position->unlicensed)
		expected->first_breach = position->first_unlicensed != NO_BREACH
			? position->first_unlicensed
			: day_of_breach(series, first_day, found + position->covered);
	struct outcome outcome = {daily, position, expected, share_in_groups(daily, position), 0};
	int result = copies ? open_drawdown(&drawdown, daily, copies, count, series->first, series->end, error) : -1;
	if (result == 0)
		draw_days(&drawdown, daily, series, first_drawn(daily, series), first_day, &earlier, NULL, NULL);
	struct pool_use use = use_of(&drawdown, &position->period);
	bool is_known = count > 0 && use.is_unlimited == position->is_unlimited && (position->is_unlimited || use.rest == position->owned);
	if (result == 0 && is_known)
		draw_days(&drawdown, daily, series, first_day, series->end, &counted, NULL, NULL);
	if (!is_known && !position->is_unlimited)
		later.rights = position->owned - found;
	if (result == 0)
		draw_days(is_known ? &drawdown : NULL, daily, series, first_day, series->end, &later, find_no_right, &outcome);
	if (is_known && daily->settles_by_period && expected->unlicensed && !position->unlicensed) {
		int64_t units = 0;
		for (int32_t day = first_day; day < series->end; day++)
			units += series->units[day - series->first];
		expected->first_breach = day_of_breach(series, first_day, units - expected->unlicensed);
	}
	if (!position->is_unlimited)
		expected->available = position->owned - found - later.drawn;
	if (result == 0 && is_known && !position->is_unlimited)
		expected->lapsing = least(use_of(&drawdown, &position->period).lapsing, expected->available);
	drawdown_release(&drawdown);
	free(copies);
	return result;
}

int expected_position_costs(struct amount costs[2], const char **currency, const struct daily_consumption *daily,
	const struct open_position *position, const struct expected_position *expected, struct error *error)
{
	const struct metric *metric = &daily->licence->models.metrics[position->metric];
	struct average_price price;
	struct drawdown drawdown;
	size_t copied;
	struct entitlement *copies = copy_entitlements(daily, position, &copied, error);
	int32_t first = instant_day(position->period.start), end = period_end_day(&position->period);
	/* Two currencies, which only --rates could add up: no cost. */
	if (licence_currency(daily->licence, metric->product_number, first, end, currency, NULL) < 0)
		*currency = NULL;
	for (size_t i = 0; i < copied && !*currency && copies; i++)
		copies[i].has_cost = false;
	int result = copies ? open_drawdown(&drawdown, daily, copies, copied, first, end, error) : -1;
	if (result == 0)
		result = average_price_build(&price, daily->licence, metric, *currency, &drawdown, &position->period, error);
	bool is_priced = *currency && position->currency && strcmp(*currency, position->currency) == 0 && position->has_cost;
	int64_t missing = expected->unlicensed - (is_priced ? position->unlicensed : 0);
	int64_t saved = expected->lapsing > expected->unlicensed ? expected->lapsing - expected->unlicensed : 0;
	struct amount known = {.state = AMOUNT_KNOWN};
	if (result == 0 && is_priced)
		result = money_round(position->true_up_cost, 1, 1, currency_digits(*currency), &known.minor, error);
	if (result == 0 && average_price_of(&price, missing, &costs[0], error) == 0)
		result = average_price_of(&price, saved, &costs[1], error);
	else
		result = -1;
	if (result == 0 && is_priced)
		result = amount_add(&costs[0], known, error);
	if (copies)
		drawdown_release(&drawdown);
	free(copies);
	return result;
}
