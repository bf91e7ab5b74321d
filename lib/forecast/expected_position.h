/*
 * expected_position.h: what an open period's position is expected to be at its end, by the day: units draw on rights that are in force on
 * their day (drawdown.h), expected ones as counted ones.
 *
 * Where the contract settles by the period, the units of each period draw as a whole; rights run out on the first day on which those of the
 * open one come to more. Units that were counted in the period keep what the position says that they drew. Of expected ones accounts are
 * not told apart, so rights that are allocated to a group are drawn as those of the pool. Where the grants come to other rights than the
 * position's rights_owned at the period's start, as when the licence file is not the position's, expected units are held against what is left of
 * rights_owned.
 */
#ifndef ENVTALLY_EXPECTED_POSITION_H
#define ENVTALLY_EXPECTED_POSITION_H

#include "forecast/daily_consumption.h"
#include "reconcile/average_price.h"

/* Units of consecutive days. */
struct day_series {
	int32_t first, end; /* end exclusive */
	int64_t *units;
};

/* At the end of the period. */
struct expected_position {
	int64_t unlicensed, available; /* available: in force on some day of the period, and not used; 0 where rights are unlimited */
	int64_t lapsing; /* of these, those that no later period can use */
	int32_t first_breach; /* the first day with an unlicensed unit; NO_BREACH (figures.h) for none */
	bool is_covered; /* an enterprise-wide agreement covered some unit */
};

/*
 * `series` has the counted days, from the metric's first one on, and behind them the expected ones up to the period's end. What is in the
 * series before the period has drawn, too. EX_OSERR.
 */
int expected_position_draw(struct expected_position *expected, const struct daily_consumption *daily, const struct open_position *position,
	const struct day_series *series, struct error *error);

/* Does the position draw on the entitlement? */
bool expected_position_has(const struct open_position *position, const struct entitlement *entitlement);

/* Is an enterprise-wide agreement for all accounts in force on the day? */
bool expected_position_is_covered(const struct daily_consumption *daily, const struct open_position *position, int32_t day);

/*
 * What is expected to be paid: the true-up, the position's and further ones at the average price; and saved, as potential_savings of a period
 * that is over. NULL and AMOUNT_NONE where entitlements tell no cost.
 */
int expected_position_costs(struct amount costs[2], const char **currency, const struct daily_consumption *daily,
	const struct open_position *position, const struct expected_position *expected, struct error *error);

#endif
