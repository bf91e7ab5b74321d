/*
 * run_chain.h: the runs of a profile by their folders alone, for a ledger that is lost or damaged.
 *
 * A run is a folder whose job.json has the folder's name, or that has a manifest; it needs both. Each manifest names the run before it, so their order is
 * theirs: names, clocks and other folders play no part.
 */
#ifndef ENVTALLY_RUN_CHAIN_H
#define ENVTALLY_RUN_CHAIN_H

#include "ledger/promotions.h"

/* The chain from its beginning to its end. EX_NOINPUT when a folder or one of these files is lost, EX_DATAERR when two runs follow one: it names them. */
int run_chain_read(const char *runs, struct promotions *chain, struct error *error);

#endif
