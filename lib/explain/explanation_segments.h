/*
 * explanation_segments.h: a position in the order of time: its rights and use from each day on which rights begin or end, or prices change,
 * to the next.
 */
#ifndef ENVTALLY_EXPLANATION_SEGMENTS_H
#define ENVTALLY_EXPLANATION_SEGMENTS_H

#include "explain/explanation_line.h"

/* Prints them, if there are any, and checks that they add up to the position's used and unlicensed rights. */
void explanation_print_segments(struct explanation_printing *printing, int64_t parent, const struct explained_position *position);

#endif
