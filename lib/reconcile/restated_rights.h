/*
 * restated_rights.h: what rows of entitlements.csv have changed of periods that were over and had been reported: rights_restatement records.
 *
 * Both versions of the file are laid over each such period, by today's periods: for each row the rights it grants then, the days on which they
 * are in force, and the part of its cost that falls on them. Rows that grant together the same on the same days, to the same accounts,
 * for the same cost are the same rights, whatever their ids, lines and number are: they restate nothing.
 */
#ifndef ENVTALLY_RESTATED_RIGHTS_H
#define ENVTALLY_RESTATED_RIGHTS_H

#include "io/csv_table.h"
#include "reconcile/position_cell.h"

/* What was reported last. */
struct rights_reported {
	struct entitlements entitlements; /* by which */
	int64_t at; /* the clock: what was over then is closed */
	char run_id[64]; /* the run that finds what has changed since */
};

/*
 * The records of a profile, or the workspace. Nothing to do where position->reported is NULL. `warn` gets rows that were retired without a day and so are
 * gone from closed periods too.
 */
int position_print_restated_rights(struct position *position, uint32_t profile, csv_complain *warn, struct error *error);

#endif
