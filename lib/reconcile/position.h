/*
 * position.h: the licence position: what was used against what is owned, per license metric and period, and its sums per software
 * model and product. doc/reconcile.md has the rules, with worked examples.
 *
 * Consumption is mapped to license metrics by the identifiers of its plan item (models.csv): the plan item's id or name, or the
 * name of its subscription. What maps to none is unrecognized and stays outside the position; what maps to two is an error.
 * For each profile and metric, rights are drawn on period by period (drawdown.h), and what comes of that are the figures (figures.h).
 *
 * The parts: position_lines.c maps and orders the consumption; position.c computes; position_groups.c sums by group;
 * position_billing.c sets Docusign's own count beside ours;
 * eligible_accounts.c tells what the feeds of a metric's accounts say; remediation.c says what can be done; position_print.c makes the records;
 * position_trace.c those that say what the figures come from.
 */
#ifndef ENVTALLY_POSITION_H
#define ENVTALLY_POSITION_H

#include "io/output.h"
#include "reconcile/eligible_accounts.h"
#include "reconcile/figures.h"

/* Units of a metric in a period and account, or that of them which is excluded. */
struct position_line {
	uint32_t profile, metric, period; /* period: rank by profile and start */
	uint32_t rank; /* of the account */
	int64_t units;
};

/* One position: a metric of a profile in a period, with what its figures come from. */
struct position_cell {
	const struct metric *metric;
	const struct input_period *period;
	const char *profile; /* NULL for none */
	const struct drawdown *draw;
	const struct need *needs;
	size_t need_count;
	struct average_price pricing;
	struct figures figures;
	const struct eligible_accounts *reach;
	bool is_last_over; /* the last period of the profile that is over at the clock */
};

struct position {
	const struct licence *licence;
	const struct reconcile_input *usage;
	unsigned group_by; /* a bit for each enum group_type */
	int64_t now;
	struct output *output;
	bool has_schema[32]; /* of streams[]: printed already */
	struct membership membership;
	uint32_t *metric_of_item; /* by number of plan item; POSITION_NO_METRIC */
	uint32_t *period_of_rank;
	struct position_line *lines;
	size_t line_count;
	int64_t *excluded; /* by metric and rank of period */
	struct position_billing *billings; /* position_billing.h */
	size_t billing_count;
	struct position_billed *billed; /* by metric and rank of period; NULL without billing periods */
	struct need *needs; /* of the position at hand */
	struct figures *model_sums, *product_sums; /* of the profile at hand, by number and rank of period */
	bool *model_begun, *product_begun;
	const char **currency_of_product;
	bool trace, has_trace_schema[2]; /* position_trace.h */
	int64_t *drawn_before; /* by grant of the metric at hand, when tracing */
};

#define POSITION_NO_METRIC UINT32_MAX

/* What identifiers are matched with, by enum identifier_type: texts of a plan item. */
#define POSITION_ITEM_TEXTS 3
void position_item_texts(const struct reconcile_input *usage, size_t item, const char *texts[POSITION_ITEM_TEXTS]);

/* Appends all results to `output`; with `trace` also what they come from, see position_trace.h. EX_DATAERR for a plan item that maps to two metrics, and what else cannot be computed. */
int position_print(const struct licence *licence, const struct reconcile_input *usage, unsigned group_by, bool trace, int64_t now,
	struct output *output, struct error *error);

/* The parts. */
int position_map_items(struct position *position, struct error *error);
int position_add_lines(struct position *position, struct error *error);
int position_print_groups(struct position *position, const struct position_cell *cell, struct error *error);
int position_print_remediation(struct position *position, const struct position_cell *cell, struct error *error);

static inline int64_t position_unlicensed(const struct need *need)
{
	return need->units - need->allocated - need->pooled - need->covered;
}

#endif
