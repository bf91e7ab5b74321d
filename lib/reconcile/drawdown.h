/*
 * drawdown.h: the rights of one license metric of one profile, drawn on period by period.
 *
 * Grants are drawn on in this order, which doc/reconcile.md states:
 *   1. allocated ones, the narrower group first (account, site, cost center, department, company, country, organization);
 *      then those of the pool, which are allocated to nobody;
 *   2. within a group unlimited ones, then the one that ends first, then the one that began first, then by line of the file.
 * Where a group's rights do not suffice, its accounts get them in proportion to what each still consumers, in whole rights, rounded
 * along the accounts in the order of their ids (so the parts add up exactly).
 * What is needed beyond all rights is covered where an enterprise-wide agreement of the account's group, or of the pool, is in
 * force, and else unlicensed.
 *
 * For every period: units = drawn + covered + unlicensed, and, without unlimited rights, owned = drawn + available.
 */
#ifndef ENVTALLY_DRAWDOWN_H
#define ENVTALLY_DRAWDOWN_H

#include "reconcile/grants.h"
#include "reconcile/membership.h"

/* What an account consumers in a period, and what it got. */
struct consumer {
	uint32_t rank; /* of the account */
	int64_t units, allocated, pooled, covered;
};

/* The rights of one group: those that are allocated to it, or the pool. Figures are those of the period last drawn. */
struct pool {
	enum group_type type; /* GROUP_POOL for the pool */
	uint32_t group;
	size_t first, count; /* grants, in the order of drawing */
	bool is_in_force, is_unlimited, is_enterprise;
	int64_t owned, drawn, lapsing; /* finite rights; lapsing: not drawn, and no later period can draw them */
	int64_t wanted, served, passed; /* while drawing */
};

struct drawdown {
	struct membership *membership;
	struct grants grants; /* by pool, in the order of drawing */
	struct pool *pools; /* by type and group; the pool of everybody last, where there is one */
	size_t pool_count;
	uint32_t *pool_of[GROUP_TYPES + 1]; /* by number of the group: the pool, or MEMBERSHIP_NONE; NULL where no pool is of that type */
	size_t pool_of_count[GROUP_TYPES + 1];
};

/* Takes the grants over and orders them into pools. Entitlements of `grants` must be those of this profile and metric. */
int drawdown_open(struct drawdown *drawdown, struct membership *membership, struct grants *grants, struct error *error);
void drawdown_release(struct drawdown *drawdown);

/* Draws for a period; periods must come in their order. `consumers` are by rank, each account once. */
void drawdown_period(struct drawdown *drawdown, const struct period *period, struct consumer consumers[], size_t count);

/* Is the grant in force on some day of the period? */
bool grant_is_in_force(const struct grant *grant, const struct period *period);

#endif
