/*
 * ledger_proof.h: is a ledger what the recordings of its runs give? Compares it with one that was made from them, row by row.
 *
 * Bookkeeping is compared too, but for the numbers that a ledger gives to accounts, plan items and statuses as it meets them: a run that was
 * requested again after the ledger had some of it met them in another order. So rows are compared by names, and a plan item or status that
 * nothing refers to is none. Blocks of envelopes may be divided in another way.
 */
#ifndef ENVTALLY_LEDGER_PROOF_H
#define ENVTALLY_LEDGER_PROOF_H

#include "base/error.h"

#include <stdint.h>

/*
 * `made` is the ledger made from the recordings; the first `earlier` promotions are of an earlier version, whose records may differ. Each
 * ledger is read as of one moment; memory is four bytes for each name. EX_DATAERR names the table, the row and what is wrong with it.
 */
int ledger_prove(const char *path, const char *made, int64_t earlier, struct error *error);

#endif
