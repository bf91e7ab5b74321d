/*
 * run_status.h: what the runs of a profile are, and what of it needs a person: `envtally status`.
 *
 * Lines are appended to a buffer, in this order: a line for each run, oldest first; interrupted runs; then, by the last run: the verdict,
 * positions, figures that do not add up (run_balance.h), accounts without any reported consumption, envelopes in no period, accounts without
 * Docusign's own count, rights that run out, and
 * accounts whose feed is stale.
 */
#ifndef ENVTALLY_RUN_STATUS_H
#define ENVTALLY_RUN_STATUS_H

#include "base/buffer.h"

#include <stdint.h>

struct run_status_options {
	const char *name; /* of the profile */
	const char *runs; /* folder of its runs */
	const char *ledger; /* path; it may be missing */
	const char *results; /* instead of runs and ledger: results, of which the verdict, the positions and what runs out are shown */
	const char *verdict; /* by the present clock; NULL: the last run's own */
	int64_t now; /* instant */
	int64_t warn_days; /* warn of rights that run out in fewer days; -1: what the last run warned of */
	bool check; /* also count the ledger's envelopes */
	bool restatements, positions; /* also every restatement; also the latest position of each license metric */
};

/* Appends the lines. Sets *healthy to false if there is no run, the last one is partial or its figures do not add up, a run was interrupted, rights
 * run out soon, or a feed is stale. */
int run_status_append(const struct run_status_options *options, struct buffer *text, bool *healthy, struct error *error);

#endif
