#include "reconcile/breach_cost.h"

#include <stdlib.h>

int breach_cost_of(const struct position_cell *cell, const int64_t units[], struct amount *cost, struct error *error)
{
	struct amount part;
	*cost = (struct amount){.state = cell->pricing.currency ? AMOUNT_KNOWN : AMOUNT_NONE};
	for (size_t i = 0; i < cell->price_count; i++)
		if (units[i] && (average_price_true_up(&cell->prices[i], units[i], &part, error) < 0 || amount_add(cost, part, error) < 0))
			return -1;
	return 0;
}

/* The units of a price so far, and their cost. */
struct running {
	int64_t units;
	struct amount cost;
};

size_t breach_of_consumer(const struct position_cell *cell, const struct breach *breach)
{
	(void)cell;
	return breach->consumer;
}

/* What the first `units` of all that a price's breaches have cost. */
static int cost_up_to(const struct average_price *price, int64_t units, int64_t all, struct amount *cost, struct error *error)
{
	bool is_shared = price->tiers && (price->tiers->is_volume || price->tiers->pack_size > 1);
	if (average_price_true_up(price, is_shared ? all : units, cost, error) < 0)
		return -1;
	return is_shared ? money_round((money)cost->minor * MONEY_UNIT, units, all, 0, &cost->minor, error) : 0;
}

/* Units of the cell's breaches by price, which the caller frees; NULL with EX_OSERR. */
static int64_t *units_by_price(const struct position_cell *cell, struct error *error)
{
	int64_t *units = calloc(cell->price_count + 1, sizeof *units);
	for (size_t i = 0; i < cell->breach_count && units; i++)
		units[cell->breaches[i].price] += cell->breaches[i].units;
	if (!units)
		error_set(error, EX_OSERR, "out of memory");
	return units;
}

int breach_cost_at_list(const struct position_cell *cell, struct amount *cost, struct error *error)
{
	int64_t *units = units_by_price(cell, error);
	int result = units ? 0 : -1;
	*cost = (struct amount){.state = cell->pricing.list ? AMOUNT_KNOWN : AMOUNT_NONE};
	for (size_t i = 0; i < cell->price_count && result == 0; i++) {
		struct amount part;
		result = average_price_at_list(&cell->prices[i], units[i], &part, error);
		if (result == 0 && part.state == AMOUNT_NONE) {
			*cost = part;
			break;
		}
		if (result == 0)
			result = amount_add(cost, part, error);
	}
	free(units);
	return result;
}

int breach_cost_all(const struct position_cell *cell, breach_part *part_of, struct amount *cost, struct amount parts[], struct error *error)
{
	struct running *running = calloc(cell->price_count + 1, sizeof *running);
	int64_t *units = units_by_price(cell, error);
	int result = running && units ? 0 : error_set(error, EX_OSERR, "out of memory");
	for (size_t i = 0; i < cell->breach_count && result == 0 && parts; i++) {
		const struct breach *breach = &cell->breaches[i];
		struct running *at = &running[breach->price];
		struct amount after;
		at->units += breach->units;
		result = cost_up_to(&cell->prices[breach->price], at->units, units[breach->price], &after, error);
		if (result == 0)
			result = amount_add(
				&parts[part_of(cell, breach)], (struct amount){after.state, after.minor - at->cost.minor}, error);
		at->cost = after;
	}
	if (result == 0)
		result = breach_cost_of(cell, units, cost, error);
	free(running);
	free(units);
	return result;
}
