/*
 * position_segments.h: a position in the order of time, for `explain`: what its rights were and what drew on them, from each day on which
 * rights begin or end, or prices change, to the next. Where a period draws as a whole it is one segment.
 *
 * They are kept while position_draw.c draws, and only when tracing: used, drawn, covered and unlicensed units, and the true-up cost, add up to
 * the position's. Each gives a segment_use record.
 */
#ifndef ENVTALLY_POSITION_SEGMENTS_H
#define ENVTALLY_POSITION_SEGMENTS_H

#include "reconcile/position_cell.h"

struct segment {
	int32_t first_day, end_day;
	bool is_begun;
	bool is_unlimited; /* unlimited rights were in force on its first day */
	int64_t left; /* finite rights in force then that nobody had drawn */
	int64_t drawn_before, drawn_before_here; /* of these and others, before: by all, and by this position */
	int64_t units, drawn, covered, unlicensed;
	int32_t first_breach; /* NO_BREACH for none */
};

/* Makes the segments of a position, and finds the pools that it may draw on. `owners`: by pool, the profile that has what is left of it. */
int position_segments_open(const struct position *position, struct position_cell *cell, const uint32_t owners[], struct error *error);
void position_segments_release(struct position_cell *cell);

/* Begins the segments up to the day: before anything of that day is drawn, and once all is. */
void position_segments_reach(struct position_cell *cell, int32_t day);

/* Counts what was drawn for a demand of the position in an interval that begins on the day. */
void position_segments_add(struct position_cell *cell, int32_t day, const struct demand *demand, int64_t unlicensed);

int position_segments_print(struct position *position, const struct position_cell *cell, struct error *error);

#endif
