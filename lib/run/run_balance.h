/*
 * run_balance.h: do the figures of the last run add up? All units that the ledger reported with it are in a line of its results, each
 * record of these is in the ledger, too, and of accounts that no merge has touched since, envelopes are as many as were reported.
 *
 * A run whose results have no consumption_balance is of an earlier version: its lines are not added up.
 */
#ifndef ENVTALLY_RUN_BALANCE_H
#define ENVTALLY_RUN_BALANCE_H

#include "base/buffer.h"
#include "ledger/promotions.h"

/* Appends what does not add up, a clause, or nothing. With `envelopes` these are counted, too. -1 with an error. */
int run_balance_append(
	const char *runs, const struct promotion *run, const char *ledger_path, bool envelopes, struct buffer *text, struct error *error);

#endif
