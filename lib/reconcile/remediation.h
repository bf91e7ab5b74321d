/*
 * remediation.h: what can be done about a position: move, buy or reduce rights.
 */
#ifndef ENVTALLY_REMEDIATION_H
#define ENVTALLY_REMEDIATION_H

#include "reconcile/position_cell.h"

/* A remediation record for each option, in the order in which they are to be applied, each with what is left after it. */
int position_print_remediation(struct position *position, const struct position_cell *cell, struct error *error);

#endif
