#include "reconcile/position_trace.h"

#include "licence/licence_cells.h"
#include "reconcile/position_print.h"
#include "reconcile/without_position.h"
#include "json/json_write.h"

static void put_day(struct buffer *line, const char *key, int32_t day)
{
	json_key(line, key);
	if (day == DAY_LAST)
		json_null(line);
	else
		json_day(line, day);
}

static int print_grant(struct position *position, const struct position_cell *cell, const struct grant *grant, int64_t before,
	int64_t after, struct error *error)
{
	struct amount cost;
	if (average_price_grant_cost(&cell->pricing, grant, &cost, error) < 0)
		return -1;
	const struct entitlement *entitlement = grant->entitlement;
	bool is_allocated = entitlement->allocation_type != GROUP_POOL;
	struct buffer *line = position_begin_record(position, &stream_entitlement_use);
	position_put_metric(line, cell);
	position_put_period(line, &cell->period->period);
	json_member_text(line, "entitlement_id", entitlement->entitlement_id);
	json_member_integer(line, "line", (int64_t)entitlement->row);
	put_day(line, "start_day", grant->start_day);
	put_day(line, "end_day", grant->end_day);
	json_member_text(line, "group_type", is_allocated ? group_type_names[entitlement->allocation_type] : NULL);
	json_member_text(line, "group_value", is_allocated ? entitlement->allocation_value : NULL);
	json_member_rights(line, "rights_granted", entitlement->is_unlimited, grant->rights);
	json_member_integer(line, "rights_drawn_before", before);
	json_member_rights(line, "rights_owned", entitlement->is_unlimited, grant->rights - before);
	json_member_integer(line, "rights_drawn", after - before);
	put_day(line, "true_up_for", grant->true_up_end ? entitlement->true_up_for : DAY_LAST);
	json_member_text(line, "only_profile", *entitlement->profile ? entitlement->profile : NULL);
	json_member_text(line, "lineage", entitlement_lineage(entitlement));
	json_member_text(line, "replaces", *entitlement->replaces ? entitlement->replaces : NULL);
	json_member_text(line, "supplements", *entitlement->supplements ? entitlement->supplements : NULL);
	json_member_text(line, "replaced_by", entitlement->replaced_by);
	json_member_text(line, "currency", cell->pricing.currency);
	position_put_amount(line, "cost", cost, cell->pricing.digits);
	position_end_record(position);
	return 0;
}

int position_trace_grants(struct position *position, const struct position_cell *cell, struct error *error)
{
	const struct drawdown *drawdown = cell->drawdown;
	for (size_t pool = 0; position->trace && pool < drawdown->pool_count; pool++)
		for (size_t i = drawdown->pools[pool].first, end = i + drawdown->pools[pool].count; i < end && cell->draws_on[pool]; i++)
			if (grant_is_drawable(&drawdown->grants.list[i], &cell->period->period) &&
				print_grant(position, cell, &drawdown->grants.list[i], cell->drawn_before[i], cell->drawn_after[i], error) <
					0)
				return -1;
	return 0;
}

void position_trace_consumption(struct position *position, const struct sum *sum, uint32_t metric, int64_t excluded)
{
	const struct reconcile_input *input = position->input;
	const struct input_period *period = &input->periods[sum->key[0]];
	if (!position->trace || !input_profile_is_shown(input, period->profile))
		return;
	const char *profile = input->profiles.names[period->profile].text, *plan_item = input->plan_items.ids.names[sum->key[1]].text;
	enum without_reason reason = without_position_reason(position, sum, metric);
	const struct metric *mapped = metric == PLAN_ITEM_NO_METRIC ? NULL : &position->licence->models.metrics[metric];
	const struct model_identifier *row = mapped ? plan_item_row(&input->plan_items, &position->licence->models, sum->key[1]) : NULL;
	struct buffer *line = position_begin_record(position, &stream_consumption_use);
	json_member_text(line, "profile", *profile ? profile : NULL);
	json_member_text(line, "account_id", input->account_ids.names[sum->key[2]].text);
	json_member_text(line, "plan_item_id", *plan_item ? plan_item : NULL);
	position_put_period(line, &period->period);
	json_member_text(line, "software_model", mapped ? mapped->software_model : NULL);
	json_member_text(line, "license_metric", mapped ? mapped->license_metric : NULL);
	/* Units without a plan item are of a metric by their account's asset group, and of no row. */
	position_put_known(line, "line", row != NULL, row ? (int64_t)row->row : 0);
	json_member_integer(line, "units_consumed", sum->units);
	json_member_integer(line, "units_excluded", excluded);
	json_member_text(line, "reason", without_reason_names[excluded && excluded == sum->units ? WITHOUT_EXCLUDED : reason]);
	position_end_record(position);
}
