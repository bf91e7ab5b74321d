/*
 * period.h: consumption periods.
 *
 * By contract: period k runs from contract start + k × renewal months to the next one's start, each computed from
 * the origin: a start on the 31st is clamped to the last day of a shorter month and never drifts
 * (2025-01-31, 2025-02-28, 2025-03-31 …). By calendar: the months, quarters or years of the Gregorian calendar; period 0
 * is the one that holds the contract start, or 1970-01-01 where there is none.
 *
 * Periods are half-open intervals of instants (instant.h), at midnight UTC. Those before the contract start have negative
 * indices.
 */
#ifndef ENVTALLY_PERIOD_H
#define ENVTALLY_PERIOD_H

#include "base/error.h"

#include <stdint.h>

struct period_rule {
	int32_t origin; /* day from which starts are computed */
	int months; /* 1 to 60 */
};

struct period {
	int index;
	int64_t start, end; /* end exclusive */
};

struct period_rule period_rule_contract(int32_t contract_start, int renewal_months);

/* `calendar` is month, quarter or year; EX_USAGE for anything else. */
int period_rule_calendar(const char *calendar, int32_t contract_start, struct period_rule *rule, struct error *error);

/* The day after the last one of which it holds a part. */
int32_t period_end_day(const struct period *period);

struct period period_by_index(const struct period_rule *rule, int index);
struct period period_of_instant(const struct period_rule *rule, int64_t instant);
struct period period_of_day(const struct period_rule *rule, int32_t day);

#endif
