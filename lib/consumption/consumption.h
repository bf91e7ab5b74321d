/*
 * consumption.h: consumption per period out of its summands, period states, and restatements of what was reported.
 *
 * State of a period: open while the clock is before its end; then provisional, until every known account's watermark has
 * passed the end by a day (envelopes of the very day may be missing from a feed); then final.
 *
 * A restatement is due where a period that was over at the last report now has other units than were reported; cause `late`
 * when units came, `status` when they went (an envelope's time of sending, account or status changed); where the counting policy has changed
 * since, it is `policy`.
 *
 * When the contract has changed since the last report, accounts cannot be carried over: all partials are needed once
 * (merge --emit all), and it is an error when they do not come.
 */
#ifndef ENVTALLY_CONSUMPTION_H
#define ENVTALLY_CONSUMPTION_H

#include "consumption/contract.h"
#include "consumption/tally.h"
#include "io/output.h"
#include "stream/record.h"
#include "stream/message.h"

struct account_facts {
	char *organization_id, *account_name; /* NULL for null */
	int64_t watermark; /* INSTANT_NONE when there is none */
	bool touched; /* a summand of this account came: it is not carried over */
};

struct consumption {
	bool by_calendar;
	struct period_rule calendar; /* with by_calendar; else periods are the contracts': */
	int32_t contract_start; /* what the profile says now */
	int renewal_months;
	struct contracts contracts; /* with those of earlier runs, once they are needed */
	bool contracts_settled;
	const char *profile; /* for records without one; NULL for null */
	int64_t now;
	char run_id[64];
	struct tally tally;
	struct account_facts *facts; /* by account number of the tally */
	size_t fact_count;
	bool restates; /* there is a report to set this against: contracts are printed, to be kept for the next one */
	bool policy_changed; /* since the last report: what differs from it has the cause `policy` */
	int64_t reported_at; /* clock of the last report; INSTANT_NONE when there is none */
	struct record_fields fields;
	int64_t units_before_contract;
};

/* The caller sets the profile and either the calendar or contract start and renewal months. `run_id` NULL: the clock as a run's name, 20260301T020000Z. */
void consumption_open(struct consumption *consumption, int64_t now, const char *run_id);
void consumption_release(struct consumption *consumption);

/* Opens a reader of the fields that consumption_add() looks at. */
int consumption_reader_open(
	struct consumption *consumption, struct message_reader *reader, int descriptor, const char *name, struct error *error);

/* Reads what was last reported: contracts, consumption records, and the job_result of the run that reported them. */
int consumption_read_reported(struct consumption *consumption, int descriptor, const char *name, struct error *error);

/* Returns 1 for a summand, taken; 0 for any other message, which the caller passes on; -1 with an error. */
int consumption_add(
	struct consumption *consumption, const struct message_reader *reader, const struct message *message, struct error *error);

/* Carries over, sorts, and appends consumption and restatement records. */
int consumption_print(struct consumption *consumption, struct output *output, struct error *error);

#endif
