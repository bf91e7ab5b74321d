/*
 * report.h: what a report shows, collected from the records of a pipe.
 *
 * Reads metric_result, declared_consumption, group_result, remediation, forecast, billing_check, consumption, consumption_without_position, consumption_balance,
 * restatement, rights_restatement, unrecognized_subscription, account, subscription and watermark; ignores the rest. Consumption and restatement records are not kept one by one: units are summed as they
 * arrive, by account and by plan item in each period, and of the restatements only the largest are kept. So memory grows with accounts
 * times periods and no further.
 *
 * Every unit is in one place of the report: each period's total is what licence rows have used, and the rest.
 * Texts are in the table of words, where equal texts are one; NULL is null. They last until report_release().
 */
#ifndef ENVTALLY_REPORT_H
#define ENVTALLY_REPORT_H

#include "base/sum_table.h"
#include "report/report_rows.h"

#define REPORT_RESTATEMENTS 100 /* kept, the largest by |delta| */
#define REPORT_BLOCK_DAYS 28 /* four weeks: as many of each weekday */
#define REPORT_BLOCKS 7
#define REPORT_BLOCKS_LEAST 3 /* before the last, to know what is usual */

/* A consumption period of one profile and unit of measure. */
struct report_period {
	const char *profile, *unit, *state;
	int64_t index, start, end;
	int64_t consumed, licensed; /* units of all consumption; those used by licence rows */
	int64_t same_day; /* units up to the day of it that the accounts' feeds have passed in the next period; INT64_MAX where days are not known */
};

struct report_restatement {
	uint32_t account, plan_item; /* numbers of account_ids and plan_item_ids; RECORD_NO_NAME for null */
	const char *cause;
	int64_t start, end, before, after, delta;
};

/* Units that belong to no software model. */
struct report_identifier {
	const char *identifier, *display_name, *type;
	int64_t subscriptions, units; /* subscriptions: -1 when not known */
};

struct report_account {
	const char *name, *site; /* NULL when it has none */
	bool shares_name;
	bool is_fed; /* there is a watermark */
	int64_t watermark; /* the latest */
	bool is_not_due; /* so the last run did not ask: */
	int64_t read_at;
	int32_t due_on;
	int32_t unknown_from; /* the day that its feed has not passed, as its consumption has it */
	int64_t blocks[REPORT_BLOCKS]; /* units of REPORT_BLOCK_DAYS each, counted back from that day */
};

struct report_plan_item {
	const char *plan_item_name, *subscription_name, *subscription_id;
	bool has_model;
};

struct report_evidence;

struct report {
	const char *title;
	int64_t now;
	struct name_table words, account_ids, plan_item_ids, period_keys, licensed_keys, forecast_keys;
	struct report_account *accounts; /* by number of account_ids */
	struct report_plan_item *plan_items; /* by number of plan_item_ids */
	struct report_period *periods; /* by number of period_keys */
	uint32_t *period_order; /* numbers of periods by profile, unit and start, once sorted */
	struct report_identifier *identifiers;
	size_t account_count, plan_item_count, period_count, identifier_count;
	struct sum_table by_account; /* period, account */
	struct sum_table by_month; /* month (year × 12 + month − 1), account: of units whose days are known */
	struct sum_table by_plan_item; /* period, plan item or RECORD_NO_NAME, whether a software model is named */
	struct report_restatement restatements[REPORT_RESTATEMENTS];
	size_t restatement_count; /* of those kept */
	int64_t restatement_total, restatement_net; /* of all: how many, and the sum of deltas */
	bool has_watermarks; /* some account has one: then one without was never fed */
	bool has_use; /* some units were consumed */
	bool lacks_days; /* some consumption does not tell its days */
	int32_t first_day; /* with units; INT32_MAX for none */
	bool names_models; /* some consumption names its software model */
	struct report_rows metrics, groups, remediations, forecasts; /* metric_result, group_result, remediation, forecast */
	struct report_rows charges; /* report_charges.h */
	struct report_rows declared; /* declared_consumption */
	struct report_rows billings; /* billing_check, without those that agree; start and end are the billing period's */
	struct report_rows without, balances; /* consumption_without_position, consumption_balance */
	struct report_rows rights; /* rights_restatement */
	struct report_rows ineffective; /* ineffective_row: what a row of a licence file names is nowhere */
	bool is_partial; /* some account could not be read: set by the caller */
	const struct report_evidence *evidence; /* HTML and Markdown: what its run was made of, or NULL: set by the caller */
	const char *previous; /* HTML: the run whose report it links to, or NULL: set by the caller */
	bool is_one_page; /* HTML of the first screen alone: set by the caller */
	bool has_plain_cells; /* CSV without apostrophes before what a spreadsheet would run: set by the caller */
	int64_t not_compliant, unknown; /* metrics with that status */
	int64_t billings_agreeing, billings_differing; /* how many agree; of those kept, how many differ for good */
	int64_t groups_start, groups_end; /* the period that groups are shown of: the latest that has begun */
};

void report_open(struct report *report, const char *title, int64_t now);
void report_release(struct report *report);

/* Reads all of a descriptor. -1 with EX_DATAERR that names file, line, stream and field. */
int report_read(struct report *report, int descriptor, const char *name, struct error *error);

/* Sorts everything after reading, and finds the units that licence rows use and those without a software model. */
int report_sort(struct report *report, struct error *error);

bool report_is_empty(const struct report *report);

/* Is its consumption not known: not yet fed, or not reported? Then a metric is neither compliant nor not. */
bool report_metric_is_unknown(const struct report_row *metric);
bool report_metric_is_compliant(const struct report_row *metric);

/* The forecast of the row's software model; NULL when there is none. It may be of another period. */
const struct report_row *report_forecast_of(const struct report *report, const struct report_row *row);

/* The period after `number` others, in order. */
const struct report_period *report_period_at(const struct report *report, size_t number);

/* Are they of one profile and unit? */
bool report_periods_agree(const struct report_period *a, const struct report_period *b);

/* Appends an account's name, or its id where it has none; both where another has the same name. */
void report_append_account(const struct report *report, uint32_t account, struct buffer *text);

/* Appends "2025-01-31 – 2025-02-27": the first and the last day, both within the period. */
void report_append_days(int64_t start, int64_t end, struct buffer *text);

/* Is the account's feed stale at the report's clock? */
bool report_account_is_stale(const struct report *report, const struct report_account *account);

/* What else follows from the figures, beside the verdict (verdict.h): calls `add` with a sentence at a time. */
void report_summarize(const struct report *report, void (*add)(void *context, bool is_bad, const char *sentence), void *context);

#endif
