/*
 * position_cell.h: what the parts of reconcile share: the position of one metric in one period, and the computation of all.
 *
 * First all positions are drawn (position_lines.h, position_draw.h), then all are printed (position.h).
 */
#ifndef ENVTALLY_POSITION_CELL_H
#define ENVTALLY_POSITION_CELL_H

#include "io/output.h"
#include "reconcile/eligible_accounts.h"
#include "reconcile/figures.h"
#include "stream/stream.h"

/* What an account consumes of a metric on a day, or in a period whose days are not known. */
struct position_line {
	uint32_t metric, period; /* period: rank by profile and start */
	uint32_t rank, epoch; /* of the account; of its groups then: membership_epoch() */
	int32_t first_day, end_day; /* end exclusive */
	int64_t units;
};

/* One position: a metric of a profile in a period, with what its figures come from. */
struct position_cell {
	const struct metric *metric;
	const struct input_period *period;
	const char *profile; /* NULL for none */
	const struct drawdown *drawdown;
	struct pool_use *pools; /* by pool of `drawdown` */
	struct consumer *consumers; /* by rank and epoch */
	size_t consumer_count;
	struct breach *breaches; /* in the order of time, then of consumers */
	size_t breach_count;
	struct average_price *prices; /* of what is unlicensed */
	size_t price_count;
	struct average_price pricing; /* of the period */
	struct figures figures;
	const struct eligible_accounts *eligible;
	bool has_declared; /* some row of consumption.csv is of it */
	bool is_by_day, is_last_over; /* drawn by the day; the last period of the profile that is over at the clock */
	bool is_part; /* of a profile that is not the only one to use the metric */
	bool shares_rights; /* position_owner.h */
	struct segment *segments; /* position_segments.h; when tracing */
	size_t segment_count;
	bool *draws_on; /* by pool: whether it may; when tracing */
	int64_t *drawn_before; /* by grant: what earlier periods have drawn; when tracing */
	int64_t *drawn_after; /* and what they and this one have; when tracing, and where something is unlicensed */
};

struct position {
	const struct licence *licence;
	const struct reconcile_input *input;
	unsigned group_by; /* a bit for each enum group_type */
	bool settles_by_period; /* each period draws as a whole, also where days are known */
	int64_t now;
	struct output *output;
	const struct stream *begun[32]; /* the streams whose SCHEMA is printed, NULL after the last: position_print.h */
	struct membership membership;
	uint32_t *metric_of_sum; /* by number of the input's sums; PLAN_ITEM_NO_METRIC for none */
	uint32_t *metric_of_item; /* by number of plan item: plan_item_map.h */
	uint32_t *period_of_rank;
	struct position_line *lines; /* by metric, period, account and epoch */
	size_t line_count;
	struct position_line *declared_lines; /* what of them consumption.csv has: position_declared.h */
	size_t declared_line_count;
	bool *is_by_period; /* by metric: each period draws as a whole: so the contract settles, or some days are not known */
	bool *was_used; /* by metric: some units are of it, with a plan item or by their asset group */
	struct drawdown *drawdowns; /* by metric */
	struct position_cell *cells; /* by metric and rank of period */
	int64_t *excluded; /* likewise */
	struct sum_table without; /* units without a position by rank of period, reason and account: without_position.h */
	struct sum_table excluded_items; /* excluded units of plan items without a metric, by plan item and profile */
	struct {
		int64_t counted, declared;
	} * in_positions; /* by profile, the workspace last: units that printed positions have used */
	struct position_billing *billings; /* position_billing.h */
	size_t billing_count;
	struct position_billed *billed; /* by metric and rank of period; NULL without billing periods */
	struct figures *model_sums, *product_sums; /* of the profile at hand, by number and rank of period */
	bool *model_begun, *product_begun;
	const char **currencies; /* by number of product and rank of period: position_currency() */
	bool trace; /* position_trace.h */
	const struct rights_reported *reported; /* restated_rights.h; NULL for none */
};

static inline struct position_cell *position_cell_at(const struct position *position, size_t metric, size_t rank)
{
	return &position->cells[metric * position->input->period_count + rank];
}

/* Of the metric's product in a period; NULL for none. */
static inline const char **position_currency(const struct position *position, const struct metric *metric, size_t rank)
{
	return &position->currencies[metric->product_number * position->input->period_count + rank];
}

static inline const struct input_period *position_period(const struct position *position, size_t rank)
{
	return &position->input->periods[position->period_of_rank[rank]];
}

#endif
