/*
 * eligible_accounts.h: the accounts that could use a license metric, and what their feeds tell: so that no use, not yet fed and not reported
 * stay apart.
 *
 * An account could use a metric when a subscription with one of its plan items is for the account's asset group; where no
 * subscription tells an asset group, all accounts could. Only accounts that an `account` record names are looked at.
 *   not yet fed    other accounts have a watermark, this one has none
 *   not reported   its feed was read, and the service never reported any consumption of it
 */
#ifndef ENVTALLY_ELIGIBLE_ACCOUNTS_H
#define ENVTALLY_ELIGIBLE_ACCOUNTS_H

#include "reconcile/figures.h"

struct eligible_accounts {
	uint32_t *ranks; /* of the accounts, ascending */
	size_t count;
	int64_t not_yet_fed, not_reported;
	bool is_listed; /* some subscription has a plan item of the metric */
	bool was_used; /* it had units in some period; from the caller */
};

/* `metric_of_item` by number of plan item. */
int eligible_accounts_build(struct eligible_accounts *eligible, const struct membership *membership, uint32_t profile, uint32_t metric,
	const uint32_t metric_of_item[], struct error *error);
void eligible_accounts_release(struct eligible_accounts *eligible);

bool eligible_accounts_is_fed(const struct membership *membership, uint32_t rank);
bool eligible_accounts_is_reported(const struct membership *membership, uint32_t rank);

/* What is known of the use of a metric in a period, by all eligible accounts or by those of a group. */
struct usage_evidence {
	int64_t units, accounts, not_yet_fed;
	bool is_reported; /* some of these accounts ever had units */
};

/* `not_reported` needs a metric that is listed: no unit of it was ever reported, or none of these accounts. */
enum usage_state usage_state_of(const struct eligible_accounts *eligible, const struct usage_evidence *evidence);

#endif
