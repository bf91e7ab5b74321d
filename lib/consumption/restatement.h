/*
 * restatement.h: which reported figures are corrected, and why.
 *
 * A restatement is due when a period that was reported as over now has other units than were reported. An account that had not been asked
 * by then was not reported as zero: what is first known of it restates nothing. Causes:
 *
 *   policy  the counting policy has changed since
 *   plan_item  the account's units of the period are the same, of other plan items: as when its asset group gets another one
 *   late    units were added: their envelopes arrived after the report
 *   status  units went away: an envelope's sent time, account or status has changed
 */
#ifndef ENVTALLY_RESTATEMENT_H
#define ENVTALLY_RESTATEMENT_H

#include "consumption/tally.h"

/* `reported_at` is the latest clock of all reports, INSTANT_NONE when there is none; `was_asked`: the row's account, by then. */
bool restatement_is_due(const struct tally_row *row, int64_t reported_at, bool was_asked);

/* "policy", "plan_item", "late" or "status". `account_delta` is the change of all units of the account in the period. */
const char *restatement_cause(const struct tally_row *row, bool policy_changed, int64_t account_delta);

#endif
