/*
 * position_declared.h: use that no feed tells, of consumption.csv, in positions: it draws on rights as what was counted does, and stays a figure of its
 * own: declared_units says what part of the units it is.
 */
#ifndef ENVTALLY_POSITION_DECLARED_H
#define ENVTALLY_POSITION_DECLARED_H

#include "reconcile/position_cell.h"

/* Once all is read: numbers the accounts of the rows, and finds their profiles. EX_OSERR. */
int position_declared_read(struct reconcile_input *input, const struct declared_use *declared, struct error *error);

/* Adds a line for each day, or for each period that it is drawn with, up to the clock's day. */
int position_declared_add_lines(struct position *position, struct error *error);

/* Once all is drawn: says of each consumer what of its units was declared, and of each position whether some was. */
int position_declared_mark(struct position *position, struct error *error);

/* A declared_consumption for each row and period of the profile. */
void position_declared_print(struct position *position, uint32_t profile);

/* Why the row has no effect, and the column that says so; NULL where it has one. */
const char *position_declared_fault(const struct position *position, size_t row, const char **column);

#endif
