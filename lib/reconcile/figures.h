/*
 * figures.h: the figures of a position, at any tier: of a license metric, of a software model, of a product. Those of a
 * higher tier are the sums of the tier below.
 *
 *   rights owned      finite rights in force on some day of the period, less what earlier periods have drawn of them
 *   rights used       units consumed, without those excluded
 *   declared          what of them no feed tells: consumption.csv does
 *   rights available  not drawn: owned = used - unlicensed - covered + available, where nothing is unlimited
 *   over-licensed     the same as available, once the period is over; 0 where rights are unlimited
 *   lapsing           those of them that no later period can use
 *   unlicensed        used beyond the rights that could be drawn on its day: what a true-up has to buy
 *   covered           used beyond them, under an enterprise-wide agreement
 */
#ifndef ENVTALLY_FIGURES_H
#define ENVTALLY_FIGURES_H

#include "reconcile/average_price.h"
#include "reconcile/consumer.h"

/* What is known of the use: in the order in which a sum of several takes the first. */
enum usage_state { USAGE_COUNTED, USAGE_DECLARED, USAGE_ZERO, USAGE_NOT_YET_FED, USAGE_NOT_REPORTED };
extern const char *const usage_state_names[];

#define NO_BREACH INT32_MAX

struct figures {
	enum usage_state usage_state;
	bool is_unlimited, is_not_compliant;
	bool is_unknown; /* the use of some part is */
	bool is_open; /* the period is not over: nothing is over-licensed or can be saved yet */
	bool is_by_day; /* all parts are drawn by the day */
	int32_t first_breach; /* the first day with unlicensed units; NO_BREACH for none, or when days are not known */
	int64_t owned, used, available, over_licensed, lapsing, unlicensed, covered;
	int64_t allocated_in_use, not_allocated_in_use, allocated_not_in_use, not_allocated;
	int64_t billing_periods, billed, billed_counted; /* position_billing.h */
	int64_t excluded, declared, accounts_not_yet_fed, accounts_not_reported, entitlements, entitlements_without_cost;
	struct amount over_licensed_amount, true_up_cost, true_up_at_list, potential_savings, total_spend, current_period_spend;
};

/* Of the pools and consumers of a position; `true_up` is what its unlicensed units cost. */
int figures_build(struct figures *figures, const struct drawdown *drawdown, const struct pool_use uses[], const struct consumer consumers[],
	size_t count, const struct average_price *pricing, struct amount true_up, bool is_open, struct error *error);

/* What is known of the use of something, as far as it decides its other figures. */
bool figures_are_known(const struct figures *figures);

/* Compliant, Not Compliant, or Unknown where nothing is known to be missing and some use is not known. */
const char *status_of(int64_t unlicensed, bool is_known);
const char *figures_status(const struct figures *figures);

int figures_add(struct figures *sum, const struct figures *part, bool is_first, struct error *error);

#endif
