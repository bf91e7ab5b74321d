/*
 * position_cell.h: what the parts of reconcile share: the position of one metric in one period, and the computation of all.
 */
#ifndef ENVTALLY_POSITION_CELL_H
#define ENVTALLY_POSITION_CELL_H

#include "io/output.h"
#include "reconcile/eligible_accounts.h"
#include "reconcile/figures.h"
#include "stream/stream.h"

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
	const struct drawdown *drawdown;
	const struct consumer *consumers;
	size_t consumer_count;
	struct average_price pricing;
	struct figures figures;
	const struct eligible_accounts *eligible;
	bool is_last_over; /* the last period of the profile that is over at the clock */
};

struct position {
	const struct licence *licence;
	const struct reconcile_input *input;
	unsigned group_by; /* a bit for each enum group_type */
	int64_t now;
	struct output *output;
	const struct stream *begun[32]; /* the streams whose SCHEMA is printed, NULL after the last: position_print.h */
	struct membership membership;
	uint32_t *metric_of_item; /* by number of plan item: plan_item_map.h */
	uint32_t *period_of_rank;
	struct position_line *lines;
	size_t line_count;
	int64_t *excluded; /* by metric and rank of period */
	struct position_billing *billings; /* position_billing.h */
	size_t billing_count;
	struct position_billed *billed; /* by metric and rank of period; NULL without billing periods */
	struct consumer *consumers; /* of the position at hand */
	struct figures *model_sums, *product_sums; /* of the profile at hand, by number and rank of period */
	bool *model_begun, *product_begun;
	const char **currency_of_product;
	bool trace; /* position_trace.h */
	int64_t *drawn_before; /* by grant of the metric at hand, when tracing */
};

static inline int64_t position_unlicensed(const struct consumer *consumer)
{
	return consumer->units - consumer->allocated - consumer->pooled - consumer->covered;
}

#endif
