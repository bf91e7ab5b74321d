/*
 * drawdown.h: the rights of one license metric, drawn on interval by interval: day by day, or period by period where only periods are known.
 *
 * What is consumed in an interval draws on grants that are in force on some day of it, or are a true-up for it, in this order, which doc/reconcile.md states:
 *   1. allocated ones, the narrower group first (account, site, cost center, department, company, country, organization);
 *      then those of the pool, which are allocated to nobody;
 *   2. within a group those of the account's profile, then those of all;
 *   3. of these unlimited ones, then the one that ends first, then the one that began first, then by line of the file.
 * Where a group's rights do not suffice, its accounts get them in proportion to what each still wants, in whole rights, rounded
 * along the accounts in the order of their ids (so the parts add up exactly).
 * What is wanted beyond all rights is covered where an enterprise-wide agreement of the account's group, or of the pool, is in
 * force, and else unlicensed.
 *
 * For every interval: units = drawn + covered + unlicensed.
 */
#ifndef ENVTALLY_DRAWDOWN_H
#define ENVTALLY_DRAWDOWN_H

#include "reconcile/grants.h"
#include "reconcile/membership.h"

/* What the rights of one group come to in a position. */
struct pool_use {
	bool is_in_force, is_unlimited;
	int64_t drawn, rest, lapsing; /* finite rights. rest: nobody has drawn it; lapsing: of that, what no later period can draw */
};

/* What an account consumes in an interval, and what it gets. */
struct demand {
	uint32_t rank; /* of the account */
	int64_t units, allocated, pooled, covered;
	struct pool_use *uses[2]; /* by pool: the positions in which what is drawn counts; NULL for none */
};

/* The rights of one group: those that are allocated to it, or the pool; of all its accounts, or those of one profile. */
struct pool {
	enum group_type type; /* GROUP_POOL for the pool */
	uint32_t group, profile; /* profile: INPUT_NONE for all */
	size_t first, count; /* grants, in the order of drawing */
	bool is_in_force, is_unlimited, is_enterprise; /* in the interval at hand, as is what follows */
	int64_t wanted, served, passed;
};

struct drawdown {
	struct membership *membership;
	struct grants grants; /* by pool, in the order of drawing */
	struct pool
		*pools; /* by type, group and profile, those of all profiles last; the pool of everybody is the last, where there is one */
	size_t pool_count;
	bool has_profiles; /* some pool is a profile's */
	uint32_t *pool_of[GROUP_TYPES +
		1]; /* by number of the group: its first pool, or MEMBERSHIP_NONE; NULL where no pool is of that type */
	size_t pool_of_count[GROUP_TYPES + 1];
};

/* Orders the grants, which it takes over, into pools. All must be of one metric. */
int drawdown_open(struct drawdown *drawdown, struct membership *membership, struct grants *grants, struct error *error);
void drawdown_release(struct drawdown *drawdown);

/* Draws for an interval; intervals come in their order. `demands` are in the order of accounts. */
void drawdown_interval(struct drawdown *drawdown, const struct period *interval, struct demand demands[], size_t count);

/* What is in force and left of a pool in a period, once the period is drawn. */
void drawdown_close(const struct drawdown *drawdown, const struct pool *pool, const struct period *period, struct pool_use *use);

#endif
