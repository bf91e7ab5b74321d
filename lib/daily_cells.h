/*
 * daily_cells.h: the daily partials, kept in step with the envelopes.
 *
 * A cell is a row of table `daily`: one account, plan item and day. Its `envelopes` has six bytes for each envelope sent that
 * day: milliseconds of the day (four, most significant first) and the key of its status (two), in ascending order.
 * units, first_sent_at and last_sent_at say the same of those whose status counts. So an envelope comes and goes, or changes
 * its status, by one entry, and the first and last of a day are known without looking at other envelopes.
 *
 * Changes wait, in bounded memory, until daily_cells_flush(); that must come before every commit.
 */
#ifndef ENVTALLY_DAILY_CELLS_H
#define ENVTALLY_DAILY_CELLS_H

#include "envelope_row.h"
#include "ledger.h"
#include "radix_sort.h"

struct daily_cells {
	struct ledger *ledger;
	struct radix_pair *changes; /* see daily_cells.c */
	size_t count, capacity;
	uint64_t *entries; /* of the cell under way */
	size_t entry_count, entry_capacity;
	bool is_new; /* there is no cell yet */
	bool counted[65536]; /* by status key: is such an envelope consumed? */
};

/* The envelope is sent on a day: it comes into a cell, or goes. Nothing for one that is not sent. */
int daily_cells_add(struct daily_cells *cells, const struct envelope *envelope, struct error *error);
int daily_cells_remove(struct daily_cells *cells, const struct envelope *envelope, struct error *error);

int daily_cells_flush(struct daily_cells *cells, struct error *error);
void daily_cells_release(struct daily_cells *cells);

/* Reads entry `index` of a cell's `envelopes`. */
void daily_entry_read(const uint8_t *envelopes, size_t index, uint32_t *millisecond, uint16_t *status);
#define DAILY_ENTRY_SIZE 6

#endif
