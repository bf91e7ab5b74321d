/*
 * position_groups.h: a position by group: group_result records.
 */
#ifndef ENVTALLY_POSITION_GROUPS_H
#define ENVTALLY_POSITION_GROUPS_H

#include "reconcile/position_cell.h"

/* A record for each group of the types that were asked for, for accounts without a group, and for rights of no group. */
int position_print_groups(struct position *position, const struct position_cell *cell, const struct amount parts[], struct error *error);

#endif
