/*
 * ledger_output.h: what merge prints of the ledger, for the stages after it.
 */
#ifndef ENVTALLY_LEDGER_OUTPUT_H
#define ENVTALLY_LEDGER_OUTPUT_H

#include "io/output.h"
#include "ledger/ledger.h"

#include <stdint.h>

/*
 * Prints accounts, subscriptions, watermarks, billing periods (all of them: ledger_billing.h) and the daily partials: of all
 * accounts when `all`, else of those touched since they were last reported; from the day `since` on. For each period last
 * reported of an account printed there is a partial of 0 units, so that a period that lost its last envelope is not overlooked.
 */
int ledger_print(struct ledger *ledger, bool all, int32_t since, struct output *output, struct error *error);

/* Prints the value of the last STATE, a line; nothing where there is none. */
int ledger_print_state(struct ledger *ledger, struct output *output, struct error *error);

/* Prints the last job_result, its contracts, the watermarks, and the consumption records last reported: the --reported FILE of
 * aggregate-by-period. */
int ledger_print_reported(struct ledger *ledger, struct output *output, struct error *error);

/* Prints what the forecasts of earlier runs said, as past_forecast records: forecast/past_forecasts.h. */
int ledger_print_forecasts(struct ledger *ledger, struct output *output, struct error *error);

#endif
