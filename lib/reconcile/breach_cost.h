/*
 * breach_cost.h: what the unlicensed units of a position cost: each at the price that held on its day.
 *
 * The units of one price cost what so many rights cost at it, rounded once; the position's cost is the sum over its prices. Costs of
 * accounts are parts: what the units of a price up to the account's cost, less what those before cost; by volume prices and packs, which cost
 * nobody's units alone, in proportion to units. So parts add up exactly.
 */
#ifndef ENVTALLY_BREACH_COST_H
#define ENVTALLY_BREACH_COST_H

#include "reconcile/position_cell.h"

/* `units` by price of the cell. */
int breach_cost_of(const struct position_cell *cell, const int64_t units[], struct amount *cost, struct error *error);

/* Of all breaches of the cell; and `parts` of it, which the caller has zeroed, NULL when they are not wanted: `part_of` says which part a breach
 * is of. */
typedef size_t breach_part(const struct position_cell *cell, const struct breach *breach);
int breach_cost_all(
	const struct position_cell *cell, breach_part *part_of, struct amount *cost, struct amount parts[], struct error *error);

/* Of all breaches of the cell by list prices; AMOUNT_NONE where some of their days have none. */
int breach_cost_at_list(const struct position_cell *cell, struct amount *cost, struct error *error);

/* The part of the breach's consumer. */
breach_part breach_of_consumer;

#endif
