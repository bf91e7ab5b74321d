/*
 * run_index.h: runs/index.html of a workspace: all runs of all its profiles, the newest first, with their verdicts, units and money at risk, and links to
 * their reports; and for each profile what it used of what it owned, period by period.
 *
 * Made of the ledgers and of the names of folders alone, so the same runs give the same bytes. It is no evidence: nothing reads it.
 */
#ifndef ENVTALLY_RUN_INDEX_H
#define ENVTALLY_RUN_INDEX_H

#include "base/error.h"

/* Writes WORKSPACE/runs/index.html, unless no profile has a run. A ledger that cannot be read is named on the page, and does not hide the others. */
int run_index_write(const char *workspace, struct error *error);

#endif
