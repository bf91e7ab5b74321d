/*
 * ledger_records.h: every canonical stream but the envelopes, into the ledger.
 *
 * Accounts, subscriptions and watermarks: the latest observation wins (time_extracted, then the values), so order does
 * not matter. What a run reported (job_result, consumption, restatement, results) comes back to merge when the run is
 * promoted, the job_result first: it names the run. The consumption of a run is whole and replaces what was
 * reported before, also where there is none: a job_result that counts none. Storing the same again changes nothing.
 */
#ifndef ENVTALLY_LEDGER_RECORDS_H
#define ENVTALLY_LEDGER_RECORDS_H

#include "ledger/ledger.h"
#include "stream/field_union.h"
#include "stream/message.h"

struct ledger_records {
	struct ledger *ledger;
	const struct field_union *fields;
	struct buffer run_id; /* of the job_result seen in this input */
	bool promoted; /* a run's consumption came, whole: it replaces what was reported before */
	bool subscriptions_moved; /* so what envelopes without a plan item take may have changed */
};

void ledger_records_open(struct ledger_records *records, struct ledger *ledger, const struct field_union *fields);
void ledger_records_release(struct ledger_records *records);

/* Stores a RECORD of a canonical stream other than envelope and daily_consumption. `now` stands in for a missing time_extracted. */
int ledger_records_store(
	struct ledger_records *records, const struct stream *stream, const struct message *message, int64_t now, struct error *error);

/* What follows from all that was stored; before every commit. */
int ledger_records_flush(struct ledger_records *records, struct error *error);

#endif
