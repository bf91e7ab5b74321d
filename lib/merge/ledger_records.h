/*
 * ledger_records.h: every canonical stream but the envelopes, into the ledger.
 *
 * Of accounts, subscriptions, billing periods and watermarks the latest observation wins (time_extracted, then the values), so order does
 * not matter. What a run reported (job_result, consumption, restatement, results) returns to merge when the run is promoted, the
 * job_result first: it names the run. The consumption of a run is complete and replaces what was reported before, even if there is
 * none: a job_result that counts none. Storing the same again changes nothing.
 *
 * A stream's statements in statements.sql name the fields that they store (`:account_id`); beside these there are @record, the record as
 * JSON; @stream, its name; @run, the run of the last job_result ('' before any); and @time, when the record was extracted.
 */
#ifndef ENVTALLY_LEDGER_RECORDS_H
#define ENVTALLY_LEDGER_RECORDS_H

#include "ledger/ledger.h"
#include "stream/message.h"
#include "stream/record.h"

struct ledger_records {
	struct ledger *ledger;
	const struct record_fields *fields;
	int64_t now; /* in place of a missing time_extracted */
	const struct message *message; /* the one being stored */
	struct buffer run_id; /* of the job_result seen in this input */
	bool promoted; /* a run's complete consumption was read: it replaces what was reported before */
	bool subscriptions_moved; /* so the plan item that envelopes without one are counted under may have changed */
};

void ledger_records_open(struct ledger_records *records, struct ledger *ledger, int64_t now, const struct record_fields *fields);
void ledger_records_release(struct ledger_records *records);

/* Stores a RECORD of a canonical stream other than envelope and daily_consumption. EX_DATAERR names the field that is wrong. */
int ledger_records_store(struct ledger_records *records, const struct stream *stream, const struct message *message, struct error *error);

/* What follows from all that was stored; before every commit. */
int ledger_records_flush(struct ledger_records *records, struct error *error);

#endif
