/*
 * report.h: what a report tells, collected from the records of a pipe.
 *
 * Reads metric_result, group_result, remediation, forecast, billing_check, consumption, restatement, unrecognized_subscription, account, subscription and
 * watermark; passes over the rest.
 * Nothing is kept a consumption or restatement record: units are added up as they come, by account and by plan item in
 * each period, and of restatements only the largest stay. So memory grows with accounts times periods and no further.
 *
 * Every unit is in one place of the report: each period's total is what licence rows have used and the rest of it.
 * Names and words are numbers in tables of names; REPORT_NONE is null.
 */
#ifndef ENVTALLY_REPORT_H
#define ENVTALLY_REPORT_H

#include "base/name_table.h"
#include "base/sum_table.h"
#include "report/report_rows.h"
#include "stream/field_union.h"
#include "stream/message.h"

#define REPORT_NONE UINT32_MAX
#define REPORT_RESTATEMENTS 100 /* kept, the largest by |delta| */
#define REPORT_METRIC_FIELDS 48

/* A metric_result. texts[] are its fields as they came, in the stream's order; NULL for null. */
struct report_metric {
	char *texts[REPORT_METRIC_FIELDS];
	int64_t start, end, used; /* end exclusive */
};

/* A consumption period of one profile and unit of measure. */
struct report_period {
	uint32_t profile, unit, state;
	int64_t index, start, end;
	int64_t consumed, licensed; /* units of all consumption; of these used by licence rows */
};

struct report_restatement {
	uint32_t account, plan_item, cause;
	int64_t start, end, before, after, delta;
};

/* Units that belong to no software model. */
struct report_identifier {
	char *identifier, *display_name, *profiles; /* profiles: a JSON array of names, or NULL */
	const char *type;
	int64_t subscriptions, units; /* subscriptions: -1 when not known */
};

struct report_account {
	char *name; /* NULL when it has none */
	bool shares_name;
	bool is_fed; /* there is a watermark */
	int64_t watermark; /* the latest */
};

struct report_plan_item {
	char *plan_item_name, *subscription_name, *subscription_id;
	bool has_model, is_unrecognized;
};

struct report {
	const char *title;
	int64_t now;
	struct field_union fields;
	struct name_table words; /* profiles, units, states, causes */
	struct name_table account_ids, plan_item_ids, period_keys, licensed_keys;
	struct report_account *accounts; /* by number of account_ids */
	struct report_plan_item *plan_items; /* by number of plan_item_ids */
	struct report_period *periods; /* by number of period_keys */
	uint32_t *period_order; /* numbers of periods by profile, unit and start, once settled */
	struct report_metric *metrics;
	struct report_identifier *identifiers;
	size_t account_capacity, plan_item_capacity, period_capacity, metric_count, metric_capacity, identifier_count, identifier_capacity;
	struct sum_table by_account; /* period, account */
	struct sum_table by_plan_item; /* period, plan item or REPORT_NONE, whether a software model is named */
	struct report_restatement restatements[REPORT_RESTATEMENTS];
	size_t restatement_count; /* of those kept */
	int64_t restatement_total, restatement_net; /* of all: how many, and the sum of deltas */
	bool has_watermarks; /* some account has one: then one without was never fed */
	bool names_models; /* some consumption or subscription names its software model */
	int64_t not_compliant, unknown; /* metrics with that status */
	struct report_rows groups, remediations, forecasts; /* group_result, remediation, forecast */
	struct report_rows billings; /* billing_check, but those that agree; start and end are the billing period's */
	int64_t billings_agreeing, billings_differing; /* how many agree; of those kept, how many differ for good */
	int64_t groups_start, groups_end; /* the period that groups are shown of: the latest that has begun */
};

void report_open(struct report *report, const char *title, int64_t now);
void report_release(struct report *report);

/* Reads all of a descriptor. -1 with EX_DATAERR that names file, line, stream and field. */
int report_read(struct report *report, int descriptor, const char *name, struct error *error);

/* Puts things into their order once all is read: metrics, periods, restatements, identifiers; balances the units. */
int report_sort(struct report *report, struct error *error);

bool report_is_empty(const struct report *report);

/* A field of a metric by name; NULL for null. */
const char *report_metric_text(const struct report_metric *metric, const char *field);
bool report_metric_is_compliant(const struct report_metric *metric);
/* Is its use not known: not yet fed, or not reported? Then it is neither compliant nor not. */
bool report_metric_is_unknown(const struct report_metric *metric);
/* What people read for a usage_state: "not yet fed"; "not known" for NULL. */
const char *report_state_phrase(const char *usage_state);
/* Likewise the rights used: a number or such a phrase. */
const char *report_metric_use(const struct report_metric *metric);

/* NULL for REPORT_NONE. */
const char *report_word(const struct report *report, uint32_t number);

/* Appends an account's name, or its id where it has none; both where another has the same name. */
void report_append_account(const struct report *report, uint32_t account, struct buffer *text);

/* Appends "2025-01-31 – 2025-02-27": the first and the last day, both within the period. */
void report_append_days(int64_t start, int64_t end, struct buffer *text);

/* Is the account's feed stale at the report's clock? */
bool report_account_is_stale(const struct report *report, const struct report_account *account);

/* Says what follows from the figures, and what to do, a sentence a call; the first is the verdict. */
enum report_tone { REPORT_GOOD, REPORT_BAD, REPORT_NOTE };
void report_summarize(const struct report *report, void (*tell)(void *context, enum report_tone tone, const char *sentence), void *context);

#endif
