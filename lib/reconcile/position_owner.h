/*
 * position_owner.h: whose rights they are, where several profiles feed the workspace.
 */
#ifndef ENVTALLY_POSITION_OWNER_H
#define ENVTALLY_POSITION_OWNER_H

#include "reconcile/position_cell.h"

/* The period that an entitlement is the true-up of; NULL for none. */
const struct period *position_true_up_period(const struct position *position, const struct entitlement *entitlement);

/* The one profile that uses the metric of these lines, or the only one that there is; INPUT_NONE where several do, or none. */
uint32_t position_sole_profile(const struct position *position, const struct position_line lines[], size_t count);

/* Are the rights those of another profile than the only one that there is? */
bool position_is_of_others(const struct position *position, const struct entitlement *entitlement);

/* The profile whose results have what is left of the pool; INPUT_NONE for the workspace's alone. `sole`: of its metric. */
uint32_t position_owner_of(const struct position *position, const struct pool *pool, uint32_t sole);

/* May some account of the profile draw on the pool, whose owner is known? */
bool position_draws_on(const struct position *position, const struct pool *pool, uint32_t owner, uint32_t profile);

/* May the position's profile draw, on some day of the period, on rights that other profiles may draw on too? `owners`: by pool. */
bool position_shares_rights(const struct position *position, const struct position_cell *cell, const uint32_t owners[]);

#endif
