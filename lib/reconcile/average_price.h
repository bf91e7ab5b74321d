/*
 * average_price.h: what the rights of one license metric cost in one period, or on one day.
 *
 * The average price per right is what entitlements have cost, divided by the rights that they gave: of those in force in the period
 * that have a cost and a number of rights, above 0; where there is none, of all of the metric. It is never rounded itself: a cost is
 * rights × total / rights of the total, rounded once. So "13 for 250" stays 250 for 13.
 */
#ifndef ENVTALLY_AVERAGE_PRICE_H
#define ENVTALLY_AVERAGE_PRICE_H

#include "licence/licence.h"
#include "reconcile/drawdown.h"

/* An amount in a currency's minor units. */
struct amount {
	enum {
		AMOUNT_NONE,
		AMOUNT_KNOWN,
		AMOUNT_UNKNOWN
	} state; /* NONE: no money is known of; UNKNOWN: there is something to pay, at no known price */
	int64_t minor;
};

struct average_price {
	const struct licence *licence;
	const char *currency; /* NULL: no cost of the product is known */
	int digits; /* of the currency */
	money total; /* the average price is this … */
	int64_t rights; /* … for so many rights; 0: not known */
	bool is_in_force; /* it is that of entitlements in force, not of others for want of them */
	const char *basis; /* of the price of rights to buy: in_force, all, prices, overage, override; NULL for none */
	const struct price *tiers, *list; /* that decide what rights cost; of anybody's price, which is shown beside */
	size_t tier_count, list_count;
	const struct rate *rate, *list_rate; /* that convert these; NULL for none */
	struct amount total_spend, current_period_spend;
	int64_t entitlements, entitlements_without_cost; /* in force */
};

/* `currency` is that of licence_currency(), `drawdown` the metric's; the period may be a day. */
int average_price_build(struct average_price *pricing, const struct licence *licence, const struct metric *metric, const char *currency,
	const struct drawdown *drawdown, const struct period *period, struct error *error);

/* The price of a right that is missing on a day: the day's, or the period's where no right was in force then and no tier holds. */
const struct average_price *average_price_on_day(const struct average_price *of_day, const struct average_price *of_period);

/* The average price as it is shown, rounded to *digits: those of its currency and four more. 0 when `rights` is 0. */
int average_price_shown(const struct average_price *pricing, int64_t *price, int *digits, struct error *error);

/* What so many rights cost on average. */
int average_price_of(const struct average_price *pricing, int64_t rights, struct amount *cost, struct error *error);

/* What it costs to buy so many on top: by tiers where there are some, else on average. */
int average_price_true_up(const struct average_price *pricing, int64_t rights, struct amount *cost, struct error *error);

/* The same by the list price; AMOUNT_NONE without one. */
int average_price_at_list(const struct average_price *pricing, int64_t rights, struct amount *cost, struct error *error);

/* Do they cost the same, however many? */
bool average_price_is_same(const struct average_price *a, const struct average_price *b);

/* What a subscription period of an entitlement costs, rounded: its parts by period add up to it. AMOUNT_NONE where that is not known. */
int average_price_grant_cost(const struct average_price *pricing, const struct grant *grant, struct amount *cost, struct error *error);

/* The sum; unknown when a part is. EX_DATAERR when it leaves the range. */
int amount_add(struct amount *sum, struct amount part, struct error *error);

#endif
