/*
 * run_promotion.h: the last step of a run: job.json; the manifest, which covers it and all other files; and promotion.ndjson, which merge
 * stores in the ledger in one transaction: the job_result, with the manifest's digest, then consumption, restatements, results, and the
 * software models of subscriptions. A run that is killed before that transaction writes all three again; after it, none of them.
 */
#ifndef ENVTALLY_RUN_PROMOTION_H
#define ENVTALLY_RUN_PROMOTION_H

#include "base/error.h"

#include <stdint.h>

struct run_promotion {
	const char *folder; /* of the run under way */
	const char *runs; /* folder of the profile's runs */
	const char *ledger; /* path; it may be missing */
	const char *state; /* succeeded or partial */
	int64_t ended_at; /* instant */
	const char *manifest; /* of a run that is made again: the ledger is to have this one's digest; else NULL */
};

int run_promote(const struct run_promotion *promotion, struct error *error);

#endif
