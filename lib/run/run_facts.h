/*
 * run_facts.h: what the driver must know of a profile, of a run under way and of answers, as lines "key=value" that the shell reads.
 *
 * A value is one line: EX_DATAERR for one with a control character.
 */
#ifndef ENVTALLY_RUN_FACTS_H
#define ENVTALLY_RUN_FACTS_H

#include "base/buffer.h"
#include "config/policy.h"

/* name, active, feed, download_billing, organization_id, contract_start, renewal_months, scopes of a profile, "" where it has none. It may be wrong otherwise: programs that use it say so. */
int run_facts_append_profile(const char *path, struct buffer *text, struct error *error);

/* now of a recording, "" when it has none: a recorded night is run as of that night. */
int run_facts_append_recording(const char *folder, struct buffer *text, struct error *error);

/* run, manifest, ledger, source, runs, earlier and made_at of a checkpoint.json (checkpoint.h). */
int run_facts_append_checkpoint(const char *path, struct buffer *text, struct error *error);

/* What a run under way depends on; written to begun.json when it begins. */
struct run_beginning {
	const char *run_id, *profile, *clock, *replay, *profile_file, *ledger;
	bool is_again; /* of evidence, which has what earlier forecasts said */
};

/*
 * Writes what the ledger, if there is one, has of earlier runs: FOLDER/inputs/state.json, FOLDER/reported.ndjson and, unless it is made again,
 * FOLDER/inputs/past-forecasts.ndjson; then FOLDER/begun.json.
 */
int run_begin(const char *folder, const struct run_beginning *beginning, struct error *error);

/*
 * Of the run under way in `folder`: what begun.json has, and
 *   feed                  of the frozen profile
 *   previous              the run that was promoted last, "" for none
 *   reported_at           the latest clock of a run that was promoted: what was over then was reported as over; "" for none
 *   promoted              1 when the ledger has it already
 *   contract_changed      1 when the profile has another contract than the last report: all partials are needed
 *   policy_changed        1 when the last report was made by another counting policy
 *   days_unknown          1 when the last report, of an earlier version, lacks the days of some consumption: all partials are needed
 *   fetch-subscriptions, fetch-datafeed  none, begun or complete: their recordings
 */
int run_facts_append_run(const char *folder, const char *ledger, struct buffer *text, struct error *error);

/* The hash of the counting policy in FOLDER/inputs: that of the default one when it has no policy.json. */
int run_facts_policy_hash(const char *folder, char hash[POLICY_HASH_LENGTH + 1], struct error *error);

#endif
