/*
 * as_of_check.h: do the figures that a run kept agree with the ledger of today, less every restatement since?
 *
 * Only periods that were over at the run's clock are compared. Under another contract since, periods are not the same: then there is
 * nothing to compare.
 */
#ifndef ENVTALLY_AS_OF_CHECK_H
#define ENVTALLY_AS_OF_CHECK_H

#include "ledger/promotions.h"

/*
 * Reads the ledger's consumption, restatement and contract records from a descriptor, as `export` prints them, and those of the run of that
 * place in the folder of runs. EX_DATAERR names the first figure that differs.
 */
int as_of_check(int descriptor, const char *name, const char *runs, const struct promotions *promotions, size_t run, struct error *error);

#endif
