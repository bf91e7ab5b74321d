/*
 * ledger_billing.h: Docusign's own count of each billing period, and ours beside it.
 *
 * Docusign tells of an account how many envelopes were sent in its billing period up to when it was asked, `observed_at`. Ours is
 * of the same stretch, to the millisecond: envelopes of statuses that count, sent from the period's start on and before `counted_until`,
 * which is the period's end or observed_at, whichever comes first. So the two can be compared while the period is open, and
 * envelopes that come late are in ours as soon as they are there. Edges are Docusign's, midnight of its own time zone, not ours.
 *
 * All billing periods are counted anew each time: Docusign's count costs two requests an account, so those who have it are few.
 */
#ifndef ENVTALLY_LEDGER_BILLING_H
#define ENVTALLY_LEDGER_BILLING_H

#include "export/daily_partials.h"

/* Gives each as a billing_period record, by account and period: units_counted is null for an account whose feed was never read.
 * `partials` says which statuses count. Returns 0; what `put` returned, when that is not 0; -1 with an error. */
int ledger_billing_walk(struct ledger *ledger, const struct daily_partials *partials, daily_put *put, void *context, struct error *error);

#endif
