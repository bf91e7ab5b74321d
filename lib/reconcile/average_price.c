#include "reconcile/average_price.h"

#include "base/instant.h"

#include <string.h>

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

/* The cost of one subscription period of the entitlement that begins on a day, in the currency of the results. */
static int cost_of(
	const struct average_price *pricing, const struct entitlement *entitlement, int32_t day, money *cost, struct error *error)
{
	*cost = entitlement->cost;
	if (strcmp(entitlement->currency, pricing->currency) == 0)
		return 0;
	return rates_convert(&pricing->licence->rates, entitlement->currency, day, cost, error) < 0
		? error_prefix(error, "entitlements line %zu", entitlement->row)
		: 0;
}

static int add_share(struct average_price *pricing, const struct grant *grant, money cost, const struct period *period, struct error *error)
{
	struct amount share = {.state = AMOUNT_KNOWN};
	return grant_cost_share(grant, cost, pricing->digits, period, &share.minor, error) < 0
		? -1
		: amount_add(&pricing->current_period_spend, share, error);
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
		if (cost_of(pricing, entitlement, grant->start_day, &cost, error) < 0 || money_add(&spend, cost, error) < 0 ||
			add_share(pricing, grant, cost, period, error) < 0)
			return -1;
		/* A fee or a credit says nothing of what a right costs. */
		if (entitlement->is_unlimited || !grant->rights)
			continue;
		if (money_add(&pricing->total, cost, error) < 0)
			return -1;
		pricing->rights += grant->rights;
	}
	return money_round(spend, 1, 1, pricing->digits, &pricing->total_spend.minor, error);
}

static bool is_convertible(const struct average_price *pricing, const struct entitlement *entitlement)
{
	const struct rates *rates = &pricing->licence->rates;
	if (strcmp(entitlement->currency, pricing->currency) == 0)
		return true;
	return rates->count && strcmp(pricing->currency, rates->into) == 0 &&
		rates_find(rates, entitlement->currency, entitlement->start_day);
}

int average_price_grant_cost(const struct average_price *pricing, const struct grant *grant, struct amount *cost, struct error *error)
{
	money exact;
	*cost = (struct amount){.state = AMOUNT_NONE};
	if (!pricing->currency || !grant->entitlement->has_cost || !is_convertible(pricing, grant->entitlement))
		return 0;
	cost->state = AMOUNT_KNOWN;
	return cost_of(pricing, grant->entitlement, grant->start_day, &exact, error) < 0 ||
			money_round(exact, 1, 1, pricing->digits, &cost->minor, error) < 0
		? -1
		: 0;
}

/* The average of all entitlements of the metric, where none in force has a price. */
static int add_all(struct average_price *pricing, const struct metric *metric, struct error *error)
{
	money cost;
	pricing->total = 0;
	for (size_t i = 0; i < pricing->licence->entitlements.count; i++) {
		const struct entitlement *entitlement = &pricing->licence->entitlements.list[i];
		if (entitlement->is_unlimited || !entitlement->has_cost || !entitlement->purchased_rights ||
			!is_convertible(pricing, entitlement) ||
			!entitlement_is_of(entitlement, metric->software_model, metric->license_metric))
			continue;
		if (cost_of(pricing, entitlement, entitlement->start_day, &cost, error) < 0 || money_add(&pricing->total, cost, error) < 0)
			return -1;
		pricing->rights += entitlement->purchased_rights;
	}
	return 0;
}

static const char *const basis_of_type[] = {[PRICE_OVERRIDE] = "override", [PRICE_OVERAGE] = "overage", [PRICE_LIST] = "prices"};

static const struct rate *rate_of(const struct average_price *pricing, const struct price *tiers, int32_t day)
{
	return tiers && strcmp(tiers->currency, pricing->currency) != 0 ? rates_find(&pricing->licence->rates, tiers->currency, day) : NULL;
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
	int32_t day = instant_day(period->start);
	const struct price_list *prices = &licence->prices;
	pricing->tiers = price_list_find(prices, metric->software_model, metric->license_metric, day, &pricing->tier_count);
	pricing->list = price_list_find_type(prices, PRICE_LIST, metric->software_model, metric->license_metric, day, &pricing->list_count);
	if (pricing->tiers)
		pricing->basis = basis_of_type[pricing->tiers->type];
	pricing->rate = rate_of(pricing, pricing->tiers, day);
	pricing->list_rate = rate_of(pricing, pricing->list, day);
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

static int cost_by(const struct average_price *pricing, const struct price tiers[], size_t count, const struct rate *rate, int64_t rights,
	struct amount *cost, struct error *error)
{
	money whole;
	*cost = (struct amount){.state = AMOUNT_KNOWN};
	if (price_list_cost(tiers, count, rights, &whole, error) < 0)
		return -1;
	/* Without a rate there is nothing to convert, or rates_convert() says so. */
	if (strcmp(tiers->currency, pricing->currency) != 0 &&
		rates_convert(&pricing->licence->rates, tiers->currency, rate ? rate->start_day : 0, &whole, error) < 0)
		return -1;
	return money_round(whole, 1, 1, pricing->digits, &cost->minor, error);
}

int average_price_true_up(const struct average_price *pricing, int64_t rights, struct amount *cost, struct error *error)
{
	return pricing->tiers ? cost_by(pricing, pricing->tiers, pricing->tier_count, pricing->rate, rights, cost, error)
			      : average_price_of(pricing, rights, cost, error);
}

int average_price_at_list(const struct average_price *pricing, int64_t rights, struct amount *cost, struct error *error)
{
	*cost = (struct amount){.state = AMOUNT_NONE};
	return pricing->list ? cost_by(pricing, pricing->list, pricing->list_count, pricing->list_rate, rights, cost, error) : 0;
}

bool average_price_is_same(const struct average_price *a, const struct average_price *b)
{
	money left, right;
	if (a->list != b->list || a->list_rate != b->list_rate)
		return false;
	/* Tiers count what is missing in the period, whichever entitlements are in force; 500.00 for 200 is the price of 250.00 for 100. */
	if (a->tiers || b->tiers)
		return a->tiers == b->tiers && a->rate == b->rate;
	if (a->total == b->total && a->rights == b->rights)
		return true;
	return a->rights && b->rights && !__builtin_mul_overflow(a->total, b->rights, &left) &&
		!__builtin_mul_overflow(b->total, a->rights, &right) && left == right;
}

const struct average_price *average_price_on_day(const struct average_price *of_day, const struct average_price *of_period)
{
	return of_day->tiers || of_day->is_in_force ? of_day : of_period;
}
