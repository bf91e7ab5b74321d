/*
 * contract.h: the contracts of a profile over time, and the consumption periods they give.
 *
 * A profile has one contract start and one length of period. When either changes, earlier periods stay what they were:
 * - a later contract start ends the periods before it on that day; the period that it falls into is cut there;
 * - an earlier one is a correction: it replaces the contracts from its day on;
 * - another length with the same start takes effect when the period ends that holds the clock of the run that first
 *   sees it, and is counted from there.
 * Each contract counts its periods from 0; only the first one has a time before it, with negative indices.
 */
#ifndef ENVTALLY_CONTRACT_H
#define ENVTALLY_CONTRACT_H

#include "base/period.h"

#include <stdbool.h>
#include <stddef.h>

#define CONTRACT_LIMIT 64

struct contract {
	int32_t contract_start; /* as the profile has it: a day (instant.h) */
	int renewal_months;
	int32_t effective_from; /* its first period starts here; for the first contract its start */
};

struct contracts {
	struct contract list[CONTRACT_LIMIT]; /* ascending by effective_from */
	size_t count;
	bool changed; /* by contracts_apply() */
};

/* Adds one that is known from an earlier run; they come in order. */
int contracts_add(struct contracts *contracts, struct contract contract, struct error *error);

/* What the profile says now, as of the clock `now`. */
int contracts_apply(struct contracts *contracts, int32_t contract_start, int renewal_months, int64_t now, struct error *error);

/* The rule by which the periods of a day's contract follow each other, and the period that holds the day. */
struct period_rule contracts_rule_of_day(const struct contracts *contracts, int32_t day);
struct period contracts_period_of_day(const struct contracts *contracts, int32_t day);

/* Does the instant lie before the first contract? */
bool contracts_precede(const struct contracts *contracts, int64_t instant);

#endif
