/*
 * position_lines.h: consumption by metric, period, account and, where they are known, days, without what exclusion rules leave out.
 */
#ifndef ENVTALLY_POSITION_LINES_H
#define ENVTALLY_POSITION_LINES_H

#include "reconcile/position_cell.h"

/* Fills lines, metric_of_sum, is_by_period, period_of_rank and excluded. EX_DATAERR when excluded units are not part of the consumption. */
int position_add_lines(struct position *position, struct error *error);

#endif
