/*
 * ledger_billing.h: Docusign's own count of each billing period, and ours beside it.
 *
 * Docusign reports how many envelopes an account sent in its billing period up to the time of asking, `observed_at`. Ours covers the
 * same stretch, to the millisecond: envelopes whose status counts, sent from the period's start on and before `counted_until`, the
 * earlier of the period's end and observed_at. So the two can be compared while the period is open, and late envelopes are in ours as
 * soon as they arrive. The edges are Docusign's: midnight in its own time zone, not UTC.
 *
 * Every billing period is counted anew each time: Docusign's count costs two requests an account, so few accounts have it.
 */
#ifndef ENVTALLY_LEDGER_BILLING_H
#define ENVTALLY_LEDGER_BILLING_H

#include "export/daily_partials.h"

/* Gives the ledger's statements the function units_counted(account, start, end), as long as `partials`, which decides which statuses count. */
int ledger_billing_count(struct daily_partials *partials, struct error *error);

/* Gives each as a billing_period record, by account and period: units_counted is null for an account whose feed was never read.
 * `partials` decides which statuses count. Returns 0; what `sink` returned, when that is not 0; -1 with an error. */
int ledger_billing_walk(struct daily_partials *partials, record_sink *sink, void *context, struct error *error);

#endif
