/*
 * group_spend.h: what a position spends, by groups: the basis of a chargeback.
 *
 * Every right costs the same: the spend / the rights that were in force. A group pays for the rights that it drew, and for those allocated to it
 * that nobody drew. Rights of the pool that nobody drew are shared by what each group drew. Where rights are unlimited, or there are none, as
 * with a fee alone, the spend is shared by units. What nobody can be charged stays with the pool. All parts add up to the spend.
 */
#ifndef ENVTALLY_GROUP_SPEND_H
#define ENVTALLY_GROUP_SPEND_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

struct group_spend {
	int64_t drawn, allocated_unused; /* rights, or units alone */
	int64_t used_spend,
		unused_spend; /* of the smallest unit of the currency: for these, and for the group's share of the pool's unused rights */
};

/* The last of the list is the pool's. `unused` are its rights that nobody drew. EX_DATAERR where it does not fit. */
int group_spend_share(struct group_spend list[], size_t count, int64_t unused, int64_t spend, struct error *error);

#endif
