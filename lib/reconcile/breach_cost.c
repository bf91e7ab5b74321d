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

int breach_cost_all(const struct position_cell *cell, breach_part *part_of, struct amount *cost, struct amount parts[], struct error *error)
{
	struct running *running = calloc(cell->price_count + 1, sizeof *running);
	int64_t *units = calloc(cell->price_count + 1, sizeof *units);
	int result = running && units ? 0 : error_set(error, EX_OSERR, "out of memory");
	for (size_t i = 0; i < cell->breach_count && result == 0; i++) {
		const struct breach *breach = &cell->breaches[i];
		struct running *at = &running[breach->price];
		struct amount after;
		units[breach->price] += breach->units;
		if (!parts)
			continue;
		at->units += breach->units;
		result = average_price_true_up(&cell->prices[breach->price], at->units, &after, error);
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
