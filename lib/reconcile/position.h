/*
 * position.h: the licence position: what was consumed against what is owned, per license metric and period, and its sums per software
 * model and product. doc/reconcile.md has the rules, with worked examples.
 *
 * plan_item_map.h maps consumption to license metrics. For each profile and metric, rights are drawn period by period (drawdown.h), which
 * gives the figures (figures.h).
 */
#ifndef ENVTALLY_POSITION_H
#define ENVTALLY_POSITION_H

#include "io/output.h"
#include "licence/licence.h"
#include "reconcile/reconcile_input.h"

struct position_options {
	unsigned group_by; /* a bit for each enum group_type */
	bool trace; /* also what results come from: position_trace.h */
	bool settles_by_period; /* each period draws as a whole, also where days are known */
	int64_t now;
	const struct rights_reported
		*reported; /* restated_rights.h: what was owned when closed periods were reported; NULL: nothing is compared */
};

/*
 * Appends all results to `output`.
 * The workspace's results, where there are several profiles, go to `workspace`, which may be `output`.
 * `warn` gets what rows of the licence files do nothing (ineffective_rows.h), what does not add up (without_position.h), and rows that are
 * retired without a day (restated_rights.h).
 * EX_DATAERR for a plan item that maps to two metrics, and for what cannot be computed.
 */
int position_print(const struct licence *licence, const struct reconcile_input *input, const struct position_options *options,
	csv_complain *warn, struct output *workspace, struct output *output, struct error *error);

#endif
