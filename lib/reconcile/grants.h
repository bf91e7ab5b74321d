/*
 * grants.h: entitlements in time: which rights there are, when.
 *
 * An entitlement grants its purchased rights anew in each subscription period: from its start date on, every month, quarter or year
 * (each computed from the start date, as consumption periods are, so a start on the 31st does not drift), or once for
 * its whole term (Entire). A rest of up to three days at its end, as month ends of different length leave it, belongs to the last
 * subscription period; a longer one is a subscription period that is cut short, and grants in full.
 *
 * A grant can be drawn on in every consumption period that holds one of its days, until it is used up. So 12 monthly ones of 100
 * make 1,200 in a yearly consumption period, and a yearly one of 1,200 is used up over four quarters. The first grant of an entitlement that is
 * the true-up of a consumption period can be drawn on in that period too; what it costs stays on its own days.
 */
#ifndef ENVTALLY_GRANTS_H
#define ENVTALLY_GRANTS_H

#include "base/period.h"
#include "licence/entitlements.h"

struct grant {
	const struct entitlement *entitlement;
	int32_t start_day, end_day; /* end exclusive: when it was retired or replaced, if that was earlier than … */
	int32_t term_end_day; /* … as it was bought: by this its cost is spread, and it is drawn; so nothing that is over changes by its end */
	int32_t true_up_start, true_up_end; /* of the period that it covers too; both 0 for none */
	int64_t rights, drawn; /* drawn: over all periods so far */
};

struct grants {
	struct grant *list;
	size_t count;
};

/* Adds the grants of an entitlement that hold a day from `from` to before `to`, or cover `true_up`: the period that it is for, NULL for none. */
int grants_add(struct grants *grants, const struct entitlement *entitlement, const struct period *true_up, int32_t from, int32_t to,
	struct error *error);

/* Is it in force on some day of the period? Can it be drawn on: is it in force, or a true-up of some of these days? */
bool grant_is_in_force(const struct grant *grant, const struct period *period);
bool grant_is_drawable(const struct grant *grant, const struct period *period);

/*
 * The part of a grant's cost that falls on a period in which it is in force, by days, in units of 10^-digits. Both ends are rounded parts of the
 * whole, so that all parts of a grant add up to its cost. One without an end has no days to divide by: it falls on the period in which it begins.
 */
int grant_cost_share(const struct grant *grant, money cost, int digits, const struct period *period, int64_t *share, struct error *error);
void grants_release(struct grants *grants);

#endif
