/*
 * consumption.h: consumption per period out of its summands, with the state of the period (base/period_state.h), and restatements of what
 * was reported (restatement.h).
 *
 * When the contract has changed since the last report, accounts cannot be carried over: all partials are needed once
 * (merge --emit all), and it is an error when they are missing.
 */
#ifndef ENVTALLY_CONSUMPTION_H
#define ENVTALLY_CONSUMPTION_H

#include "consumption/contract.h"
#include "consumption/tally.h"
#include "io/output.h"
#include "stream/message.h"
#include "stream/record.h"

struct account_facts {
	char *organization_id, *account_name; /* NULL for null */
	int64_t watermark; /* INSTANT_NONE when there is none */
	bool touched; /* it has a summand: it is not carried over */
	bool was_reported; /* the report has consumption of it, or its watermark */
};

#define KNOWN_PERIODS 512

struct consumption {
	bool by_calendar;
	struct period_rule calendar; /* with by_calendar; else periods are the contracts': */
	int32_t contract_start; /* what the profile says now */
	int renewal_months;
	struct contracts contracts; /* with those of earlier runs, once they are needed */
	bool contracts_applied;
	struct known_period {
		int32_t day;
		struct period period; /* empty: nothing is known yet */
	} known[KNOWN_PERIODS]; /* of days: accounts have the same ones, one account after the other */
	const char *profile; /* for records without one; NULL for null */
	int64_t now;
	char run_id[64];
	struct tally tally;
	struct account_facts *facts; /* by account number of the tally */
	size_t fact_count;
	bool restates; /* there is a report to compare with: contracts are printed, for the next one */
	bool has_reported, has_reported_watermarks; /* the report has consumption; watermarks */
	bool policy_changed; /* since the last report: what differs from it has the cause `policy` */
	int64_t reported_at; /* clock of the last report; INSTANT_NONE when there is none */
	struct record_fields fields;
	int64_t units_before_contract;
};

/* The caller sets the profile and either the calendar or contract start and renewal months. Without a `run_id`, restatements name the run by the clock (run_name.h). */
void consumption_open(struct consumption *consumption, int64_t now, const char *run_id);
void consumption_release(struct consumption *consumption);

/* Fixes the periods: by the contracts read so far, and the one of the profile. */
int consumption_apply_contracts(struct consumption *consumption, struct error *error);

/* The rule that a period follows which begins at the instant; once there is a summand. */
struct period_rule consumption_rule(const struct consumption *consumption, int64_t period_start);

/* Opens a reader of the fields that consumption_add() looks at. */
int consumption_reader_open(
	struct consumption *consumption, struct message_reader *reader, int descriptor, const char *name, struct error *error);

/* Reads what was last reported: contracts, consumption records, and the job_results of the run that reported them and of that with the latest clock. */
int consumption_read_reported(struct consumption *consumption, int descriptor, const char *name, struct error *error);

/* Returns 1 for a summand, which is added; 0 for any other message, which the caller passes on; -1 with an error. */
int consumption_add(
	struct consumption *consumption, const struct message_reader *reader, const struct message *message, struct error *error);

/* Carries over, sorts, and appends consumption and restatement records. */
int consumption_print(struct consumption *consumption, struct output *output, struct error *error);

#endif
