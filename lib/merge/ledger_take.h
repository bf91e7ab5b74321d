/*
 * ledger_take.h: the accounts of a shard, with all that a ledger knows of them, into another ledger: how ledgers are split and joined.
 *
 * Envelopes go the way of merged ones, so of an envelope that both ledgers have the greatest version is counted, once. Numbers of accounts, plan
 * items and statuses stay where they are free: a ledger that was split and joined again has the content it had.
 * What belongs to no account goes along whole: subscriptions, conflicts, results of runs.
 */
#ifndef ENVTALLY_LEDGER_TAKE_H
#define ENVTALLY_LEDGER_TAKE_H

#include "base/shard.h"
#include "ledger/ledger.h"

/* Takes the shard's part of the ledger in the file `source` into `ledger`, in one transaction. */
int ledger_take(struct ledger *ledger, const char *source, const struct shard *shard, struct error *error);

#endif
