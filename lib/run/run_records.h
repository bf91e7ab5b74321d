/*
 * run_records.h: the records that a run has kept: accounts.ndjson, consumption.ndjson, restatements.ndjson, results.ndjson.
 *
 * The fields that readers of a run look at are listed once; each has a slot for stream/record.h.
 */
#ifndef ENVTALLY_RUN_RECORDS_H
#define ENVTALLY_RUN_RECORDS_H

#include "stream/record.h"

/* clang-format off */
#define RUN_FIELDS(X) \
	X(profile) X(account_id) X(account_name) X(plan_item_id) X(watermark) X(observed_at) X(period_index) X(period_start) \
	X(period_end) X(units_consumed) X(units_before) X(units_after) X(cause) X(software_model) X(license_metric) \
	X(rights_owned) X(rights_used) X(declared_units) X(unlicensed_rights) X(usage_state) X(status) X(exhausted_on) X(warning) X(is_covered) X(has_run_out) \
	X(contract_start) X(renewal_months) X(effective_from) X(run_id) X(delta) X(policy) X(by_day) \
	X(turn) X(outcome) X(read_at) X(due_on) X(period_state) X(is_shared) X(units_in_positions) X(units_without_position) \
	X(units_unaccounted) X(entitlement_id) X(line) X(line_before) X(rights_before) X(rights_after) X(days_before) X(days_after) \
	X(currency_before) X(spend_before) X(currency_after) X(spend_after)
/* clang-format on */
enum { RUN_FIELDS(RECORD_SLOT) RUN_SLOTS };

/* Gives each RECORD of a file to `each`. EX_NOINPUT when the file is missing; EX_DATAERR names file, line and field. */
int run_records_read(const char *path, record_take *each, void *context, struct error *error);

/* The same for an open descriptor that errors call `name`; it is not closed. */
int run_records_read_descriptor(int descriptor, const char *name, record_take *each, void *context, struct error *error);

#endif
