/*
 * grants.h: entitlements in time: which rights there are, when.
 *
 * An entitlement grants its purchased rights anew in each subscription period: from its start date on, every month, quarter or year
 * (each computed from the start date, as consumption periods are, so a start on the 31st does not drift), or once for
 * its whole term (Entire). A rest of up to three days at its end, as month ends of different length leave it, belongs to the last
 * subscription period; a longer one is a subscription period that is cut short, and grants in full.
 *
 * A grant can be drawn on in every consumption period that holds one of its days, until it is used up. So 12 monthly ones of 100
 * make 1,200 in a yearly consumption period, and a yearly one of 1,200 is used up over four quarters.
 */
#ifndef ENVTALLY_GRANTS_H
#define ENVTALLY_GRANTS_H

#include "licence/entitlements.h"

struct grant {
	const struct entitlement *entitlement;
	int32_t start_day, end_day; /* end exclusive */
	int64_t rights, drawn; /* drawn: over all periods so far */
};

struct grants {
	struct grant *list;
	size_t count;
};

/* Adds the grants of an entitlement that hold a day from `from` to before `to`. */
int grants_add(struct grants *grants, const struct entitlement *entitlement, int32_t from, int32_t to, struct error *error);
void grants_release(struct grants *grants);

#endif
