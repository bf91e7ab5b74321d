/*
 * position_lines.h: consumption by metric, period, account and, where they are known, days, without what exclusion rules leave out.
 */
#ifndef ENVTALLY_POSITION_LINES_H
#define ENVTALLY_POSITION_LINES_H

#include "reconcile/position_cell.h"

/* Fills lines, metric_of_sum, is_by_period, period_of_rank and excluded. EX_DATAERR when excluded units are not part of the consumption. */
int position_add_lines(struct position *position, struct error *error);

/*
 * What units of a day are drawn with: the day, or the period that holds it; `rank` is that of their profile. A contract that settles by the period
 * settles the workspace's.
 */
struct period position_interval(const struct position *position, uint32_t metric, size_t rank, const struct period *day);

#endif
