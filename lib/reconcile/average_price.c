#include "reconcile/average_price.h"

#include "base/instant.h"
#include "licence/licence_cells.h"

#define EXTRA_DIGITS 4 /* of an average price, beyond those of its currency */

int amount_add(struct amount *sum, struct amount part, struct error *error)
{
	if (part.state == AMOUNT_NONE || sum->state == AMOUNT_UNKNOWN)
		return 0;
	if (part.state == AMOUNT_UNKNOWN) {
		*sum = part;
		return 0;
	}
	sum->state = AMOUNT_KNOWN;
	if (__builtin_add_overflow(sum->minor, part.minor, &sum->minor))
		return error_set(error, EX_DATAERR, "an amount of money is too large for exact arithmetic");
	return 0;
}

const char *average_price_currency(const struct licence *licence, uint32_t product)
{
	const struct models *models = &licence->models;
	if (licence->rates.count)
		return licence->rates.into;
	for (size_t i = 0; i < licence->entitlements.count; i++) {
		const struct entitlement *entitlement = &licence->entitlements.list[i];
		ptrdiff_t metric = models_find_metric(models, entitlement->software_model, entitlement->license_metric);
		if (metric >= 0 && entitlement->has_cost && !entitlement->is_retired && models->metrics[metric].product_number == product)
			return entitlement->currency;
	}
	for (size_t i = 0; i < licence->prices.count; i++) {
		ptrdiff_t metric =
			models_find_metric(models, licence->prices.list[i].software_model, licence->prices.list[i].license_metric);
		if (metric >= 0 && models->metrics[metric].product_number == product)
			return licence->prices.list[i].currency;
	}
	return NULL;
}

/* The cost of one subscription period of the entitlement, in the currency of the results. */
static int cost_of(const struct average_price *pricing, const struct entitlement *entitlement, money *cost, struct error *error)
{
	*cost = entitlement->cost;
	return pricing->licence->rates.count ? rates_convert(&pricing->licence->rates, entitlement->currency, cost, error) : 0;
}

static int64_t clamp(int64_t day, int64_t low, int64_t high)
{
	return day < low ? low : day > high ? high : day;
}

/*
 * The part of a grant's cost that falls on the period, by days. Both ends are rounded parts of the whole, so that all parts of a grant add up
 * to its cost. One without an end has no days to divide by: it falls on the period in which it begins.
 */
static int add_share(struct average_price *pricing, const struct grant *grant, money cost, const struct period *period, struct error *error)
{
	int32_t first = instant_day(period->start), next = period_end_day(period);
	int64_t days = (int64_t)grant->end_day - grant->start_day, before, after;
	if (grant->end_day == DAY_LAST) {
		days = 1;
		before = grant->start_day < first;
		after = 1;
	} else {
		before = clamp((int64_t)first - grant->start_day, 0, days);
		after = clamp((int64_t)next - grant->start_day, 0, days);
	}
	int64_t until_start, until_end;
	if (money_round(cost, before, days, pricing->digits, &until_start, error) < 0 ||
		money_round(cost, after, days, pricing->digits, &until_end, error) < 0)
		return -1;
	return amount_add(&pricing->current_period_spend, (struct amount){AMOUNT_KNOWN, until_end - until_start}, error);
}

static int add_grants(struct average_price *pricing, const struct drawdown *drawdown, const struct period *period, struct error *error)
{
	money spend = 0, cost;
	for (size_t i = 0; i < drawdown->grants.count; i++) {
		const struct grant *grant = &drawdown->grants.list[i];
		const struct entitlement *entitlement = grant->entitlement;
		if (!grant_is_drawable(grant, period))
			continue;
		pricing->entitlements++;
		pricing->entitlements_without_cost += !entitlement->has_cost;
		/* A true-up costs what it costs on its own days. */
		if (!entitlement->has_cost || !grant_is_in_force(grant, period))
			continue;
		if (cost_of(pricing, entitlement, &cost, error) < 0 || money_add(&spend, cost, error) < 0 ||
			add_share(pricing, grant, cost, period, error) < 0)
			return -1;
		if (entitlement->is_unlimited)
			continue;
		if (money_add(&pricing->total, cost, error) < 0)
			return -1;
		pricing->rights += grant->rights;
	}
	return money_round(spend, 1, 1, pricing->digits, &pricing->total_spend.minor, error);
}

/* The average of all entitlements of the metric, where none in force has a price. */
static int add_all(struct average_price *pricing, const struct metric *metric, struct error *error)
{
	money cost;
	pricing->total = 0;
	for (size_t i = 0; i < pricing->licence->entitlements.count; i++) {
		const struct entitlement *entitlement = &pricing->licence->entitlements.list[i];
		if (entitlement->is_unlimited || !entitlement->has_cost ||
			!entitlement_is_of(entitlement, metric->software_model, metric->license_metric))
			continue;
		if (cost_of(pricing, entitlement, &cost, error) < 0 || money_add(&pricing->total, cost, error) < 0)
			return -1;
		pricing->rights += entitlement->purchased_rights;
	}
	return 0;
}

int average_price_build(struct average_price *pricing, const struct licence *licence, const struct metric *metric, const char *currency,
	const struct drawdown *drawdown, const struct period *period, struct error *error)
{
	*pricing = (struct average_price){.licence = licence, .currency = currency, .digits = currency ? currency_digits(currency) : 0};
	if (add_grants(pricing, drawdown, period, error) < 0)
		return -1;
	if (!currency)
		return 0;
	pricing->total_spend.state = pricing->current_period_spend.state = AMOUNT_KNOWN;
	pricing->is_in_force = pricing->rights > 0;
	pricing->basis = pricing->rights ? "in_force" : NULL;
	if (!pricing->rights && add_all(pricing, metric, error) < 0)
		return -1;
	if (!pricing->basis && pricing->rights)
		pricing->basis = "all";
	pricing->tiers = price_list_find(
		&licence->prices, metric->software_model, metric->license_metric, instant_day(period->start), &pricing->tier_count);
	if (pricing->tiers)
		pricing->basis = "prices";
	return 0;
}

int average_price_shown(const struct average_price *pricing, int64_t *price, int *digits, struct error *error)
{
	*digits = pricing->digits + EXTRA_DIGITS;
	return pricing->rights ? money_round(pricing->total, 1, pricing->rights, *digits, price, error) : 0;
}

int average_price_of(const struct average_price *pricing, int64_t rights, struct amount *cost, struct error *error)
{
	*cost = (struct amount){.state = !pricing->currency ? AMOUNT_NONE : rights == 0 || pricing->rights ? AMOUNT_KNOWN : AMOUNT_UNKNOWN};
	if (cost->state != AMOUNT_KNOWN || rights == 0)
		return 0;
	return money_round(pricing->total, rights, pricing->rights, pricing->digits, &cost->minor, error);
}

int average_price_true_up(const struct average_price *pricing, int64_t rights, struct amount *cost, struct error *error)
{
	money whole;
	if (!pricing->tiers)
		return average_price_of(pricing, rights, cost, error);
	*cost = (struct amount){.state = AMOUNT_KNOWN};
	if (price_list_cost(pricing->tiers, pricing->tier_count, rights, &whole, error) < 0 ||
		(pricing->licence->rates.count && rates_convert(&pricing->licence->rates, pricing->tiers->currency, &whole, error) < 0))
		return -1;
	return money_round(whole, 1, 1, pricing->digits, &cost->minor, error);
}

const struct average_price *average_price_on_day(const struct average_price *of_day, const struct average_price *of_period)
{
	return of_day->tiers || of_day->is_in_force ? of_day : of_period;
}
