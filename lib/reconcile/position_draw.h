/*
 * position_draw.h: draws the rights of every license metric for what was consumed of it, interval by interval, and keeps what each position
 * got: its consumers, its pools, what is unlicensed and at which price.
 */
#ifndef ENVTALLY_POSITION_DRAW_H
#define ENVTALLY_POSITION_DRAW_H

#include "reconcile/position_cell.h"

/* Makes all cells, out of the lines: consumers, pools, breaches, prices and pricing. */
int position_draw(struct position *position, struct error *error);
void position_draw_release(struct position *position);

/* The ranks of a profile's periods from the start of its contract on: `*first` to before `*end`. */
void position_periods(const struct position *position, uint32_t profile, size_t *first, size_t *end);

/* The rank of the workspace's period that holds the day; the number of periods for none. */
size_t position_workspace_period(const struct position *position, int32_t day);

#endif
