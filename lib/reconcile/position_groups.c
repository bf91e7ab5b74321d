#include "reconcile/position_groups.h"

#include "reconcile/position_print.h"
#include "json/json_write.h"

#include <stdlib.h>

/* One row: a group, the accounts without one, or what of the rights no group has. */
struct row {
	bool is_in, is_unlimited;
	int64_t units, allocated, pooled, rest, unlicensed, covered; /* allocated, pooled: drawn. rest: allocated and not drawn */
	int64_t accounts, not_yet_fed, reported; /* that could use the metric */
};

struct rows {
	enum group_type type;
	struct row *list; /* by number of the group; then that of no group, then the pool */
	size_t groups;
};

static struct row *row_of(const struct rows *rows, uint32_t group)
{
	return &rows->list[group == MEMBERSHIP_NONE ? rows->groups : group];
}

static struct row *row_of_account(const struct position *position, const struct rows *rows, const struct position_cell *cell, uint32_t rank)
{
	struct row *row = row_of(rows, membership_of(&position->membership, rows->type, rank, &cell->period->period));
	row->is_in = true;
	return row;
}

/* Where rights lie that are allocated and not drawn: in the group itself, or in that of the account; else in no group of this type. */
static struct row *row_of_pool(
	const struct position *position, const struct rows *rows, const struct position_cell *cell, const struct pool *pool)
{
	if (pool->type == rows->type && pool->group < rows->groups)
		return row_of(rows, pool->group);
	if (pool->type == GROUP_ACCOUNT && pool->group < position->input->account_count)
		return row_of_account(position, rows, cell, pool->group);
	return &rows->list[rows->groups + 1];
}

static void fill(const struct position *position, const struct rows *rows, const struct position_cell *cell)
{
	bool everybody = false;
	for (size_t i = 0; i < cell->consumer_count; i++) {
		const struct consumer *consumer = &cell->consumers[i];
		struct row *row = row_of_account(position, rows, cell, consumer->rank);
		row->units += consumer->units;
		row->allocated += consumer->allocated;
		row->pooled += consumer->pooled;
		row->covered += consumer->covered;
		row->unlicensed += position_unlicensed(consumer);
	}
	for (size_t i = 0; i < cell->eligible->count; i++) {
		struct row *row = row_of_account(position, rows, cell, cell->eligible->ranks[i]);
		bool is_fed = eligible_accounts_is_fed(&position->membership, cell->eligible->ranks[i]);
		row->accounts++;
		row->not_yet_fed += !is_fed;
		row->reported += is_fed && eligible_accounts_is_reported(&position->membership, cell->eligible->ranks[i]);
	}
	for (size_t i = 0; i < cell->drawdown->pool_count; i++) {
		const struct pool *pool = &cell->drawdown->pools[i];
		if (!pool->is_in_force)
			continue;
		struct row *row = row_of_pool(position, rows, cell, pool);
		row->is_in = true;
		row->rest += pool->owned - pool->drawn;
		row->is_unlimited |= pool->is_unlimited;
		everybody |= pool->type == GROUP_POOL && pool->is_unlimited;
	}
	for (size_t i = 0; i < rows->groups + 2 && everybody; i++)
		rows->list[i].is_unlimited = true;
}

static enum usage_state state_of(const struct row *row, bool is_pool)
{
	if (row->units > 0)
		return USAGE_COUNTED;
	if (is_pool || !row->accounts)
		return USAGE_ZERO;
	return row->not_yet_fed == row->accounts ? USAGE_NOT_YET_FED : row->reported ? USAGE_ZERO : USAGE_NOT_REPORTED;
}

/* Costs of rows are parts of the position's: what so many rights more cost, after the rows before. */
struct running {
	int64_t over, unlicensed;
	struct amount over_amount, true_up;
};

static int part_of_cost(struct amount *part, struct amount *sum, int64_t *rights, int64_t more,
	int (*cost_of)(const struct average_price *, int64_t, struct amount *, struct error *), const struct average_price *pricing,
	struct error *error)
{
	struct amount after;
	*rights += more;
	if (cost_of(pricing, *rights, &after, error) < 0)
		return -1;
	*part = (struct amount){more || after.state == AMOUNT_NONE ? after.state : AMOUNT_KNOWN, after.minor - sum->minor};
	*sum = after;
	return 0;
}

static int print_row(struct position *position, const struct position_cell *cell, const struct rows *rows, size_t number,
	struct running *running, struct error *error)
{
	static const char *const kinds[] = {"group", "ungrouped", "pool"};
	const struct row *row = &rows->list[number];
	size_t kind = number < rows->groups ? 0 : number - rows->groups + 1;
	enum usage_state state = state_of(row, kind == 2);
	struct amount over_amount, true_up;
	int64_t owned = row->allocated + row->pooled + row->rest, over = row->is_unlimited || cell->figures.is_unlimited ? 0 : row->rest;
	if (part_of_cost(&over_amount, &running->over_amount, &running->over, over, average_price_of, &cell->pricing, error) < 0 ||
		part_of_cost(&true_up, &running->true_up, &running->unlicensed, row->unlicensed, average_price_true_up, &cell->pricing,
			error) < 0)
		return -1;
	struct buffer *line = position_begin_record(position, &stream_group_result);
	position_put_metric(line, cell);
	json_member_text(line, "unit", cell->metric->unit);
	position_put_period(line, &cell->period->period);
	json_member_text(line, "group_type", group_type_names[rows->type]);
	json_member_text(line, "group_kind", kinds[kind]);
	json_member_text(line, "group_value", kind == 0 ? position->membership.values[rows->type].names[number].text : NULL);
	json_member_text(line, "group_name", kind == 0 ? membership_group_name(&position->membership, rows->type, (uint32_t)number) : NULL);
	json_member_rights(line, "rights_owned", row->is_unlimited, owned);
	json_member_integer(line, "rights_allocated", row->allocated + (kind == 2 ? 0 : row->rest));
	json_member_integer(line, "rights_pooled", row->pooled + (kind == 2 ? row->rest : 0));
	position_put_known(line, "rights_used", state <= USAGE_ZERO, row->units);
	json_member_rights(line, "rights_available", row->is_unlimited, row->rest);
	json_member_integer(line, "over_licensed_rights", over);
	json_member_integer(line, "unlicensed_rights", row->unlicensed);
	json_member_integer(line, "covered_rights", row->covered);
	json_member_text(line, "usage_state", usage_state_names[state]);
	json_member_text(line, "currency", cell->pricing.currency);
	position_put_amount(line, "over_licensed_amount", over_amount, cell->pricing.digits);
	position_put_amount(line, "true_up_cost", true_up, cell->pricing.digits);
	json_member_text(line, "status", row->unlicensed ? "Not Compliant" : state <= USAGE_ZERO ? "Compliant" : "Unknown");
	position_end_record(position);
	return 0;
}

static int print_type(struct position *position, const struct position_cell *cell, enum group_type type, struct error *error)
{
	struct rows rows = {.type = type, .groups = position->membership.values[type].count};
	struct running running = {.over_amount = {.state = AMOUNT_KNOWN}, .true_up = {.state = AMOUNT_KNOWN}};
	int result = 0;
	rows.list = calloc(rows.groups + 2, sizeof *rows.list);
	if (!rows.list)
		return error_set(error, EX_OSERR, "out of memory");
	fill(position, &rows, cell);
	for (size_t i = 0; i < rows.groups + 2 && result == 0; i++)
		if (rows.list[i].is_in)
			result = print_row(position, cell, &rows, i, &running, error);
	free(rows.list);
	return result;
}

int position_print_groups(struct position *position, const struct position_cell *cell, struct error *error)
{
	for (int type = 0; type < GROUP_TYPES; type++)
		if (position->group_by & 1u << type && print_type(position, cell, (enum group_type)type, error) < 0)
			return -1;
	return 0;
}
