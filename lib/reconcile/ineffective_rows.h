/*
 * ineffective_rows.h: rows of the licence files that do nothing: what they name is nowhere, often by a slip of the pen. Each is a record
 * (ineffective_row), so that the report shows it, and a warning.
 *
 * What names accounts, sites and organizations is held against the account records of the input, identifiers against its subscriptions:
 * without such records there is nothing to say. Cost centers and the like are held against groups.csv. Retired rows, exclusion rules that are over, and rules about users, whom consumption does not name, are passed over.
 */
#ifndef ENVTALLY_INEFFECTIVE_ROWS_H
#define ENVTALLY_INEFFECTIVE_ROWS_H

#include "reconcile/position_cell.h"

/* `warn` gets a line for each. Once rights are drawn. */
int position_print_ineffective(struct position *position, csv_complain *warn, struct error *error);

#endif
