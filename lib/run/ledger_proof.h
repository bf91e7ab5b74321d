/*
 * ledger_proof.h: is a ledger what the recordings of its runs give? Compares it with one that was made from them, row by row.
 *
 * Bookkeeping is compared too: both ledgers met the same records in the same order, so keys are equal as well. Blocks of envelopes may be
 * divided in another way.
 */
#ifndef ENVTALLY_LEDGER_PROOF_H
#define ENVTALLY_LEDGER_PROOF_H

#include "base/error.h"

#include <stdint.h>

/*
 * `made` is the ledger made from the recordings; the first `earlier` promotions are of an earlier version, whose records may differ. Each
 * ledger is read as of one moment; memory is that of a row. EX_DATAERR names the table, the row and what is wrong with it.
 */
int ledger_prove(const char *path, const char *made, int64_t earlier, struct error *error);

#endif
