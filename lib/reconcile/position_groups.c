#include "reconcile/position_groups.h"

#include "reconcile/group_spend.h"
#include "reconcile/position_print.h"
#include "json/json_write.h"

#include <stdlib.h>

/* One row: a group, the accounts without one, or what of the rights no group has. */
struct row {
	bool is_in, is_unlimited;
	int64_t units, declared, allocated, pooled, rest, unlicensed, covered; /* allocated, pooled: drawn. rest: allocated and not drawn */
	int64_t accounts, not_yet_fed, reported; /* that could use the metric */
	struct amount true_up;
};

struct rows {
	enum group_type type;
	struct row *list; /* by number of the group; then that of no group, then the pool */
	size_t groups;
	struct group_spend *spends; /* likewise */
};

static struct row *row_of(const struct rows *rows, uint32_t group)
{
	return &rows->list[group == MEMBERSHIP_NONE ? rows->groups : group];
}

static struct row *row_of_account(const struct position *position, const struct rows *rows, const struct period *at, uint32_t rank)
{
	struct row *row = row_of(rows, membership_of(&position->membership, rows->type, rank, at));
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
		return row_of_account(position, rows, &cell->period->period, pool->group);
	return &rows->list[rows->groups + 1];
}

static int fill(const struct position *position, const struct rows *rows, const struct position_cell *cell, const struct amount parts[],
	struct error *error)
{
	bool everybody = false;
	for (size_t i = 0; i < cell->consumer_count; i++) {
		const struct consumer *consumer = &cell->consumers[i];
		struct row *row = row_of_account(position, rows, &consumer->at, consumer->rank);
		row->units += consumer->units;
		row->declared += consumer->declared;
		row->allocated += consumer->allocated;
		row->pooled += consumer->pooled;
		row->covered += consumer->covered;
		row->unlicensed += consumer->unlicensed;
		if (amount_add(&row->true_up, parts[i], error) < 0)
			return -1;
	}
	for (size_t i = 0; i < cell->eligible->count; i++) {
		struct row *row = row_of_account(position, rows, &cell->period->period, cell->eligible->ranks[i]);
		bool is_fed = eligible_accounts_is_fed(&position->membership, cell->eligible->ranks[i]);
		row->accounts++;
		row->not_yet_fed += !is_fed;
		row->reported += is_fed && eligible_accounts_is_reported(&position->membership, cell->eligible->ranks[i]);
	}
	for (size_t i = 0; i < cell->drawdown->pool_count; i++) {
		const struct pool *pool = &cell->drawdown->pools[i];
		const struct pool_use *use = &cell->pools[i];
		if (!use->is_in_force)
			continue;
		struct row *row = row_of_pool(position, rows, cell, pool);
		row->is_in = true;
		row->rest += use->rest;
		row->is_unlimited |= use->is_unlimited;
		everybody |= pool->type == GROUP_POOL && use->is_unlimited &&
			(pool->profile == INPUT_NONE || pool->profile == cell->period->profile);
	}
	for (size_t i = 0; i < rows->groups + 2 && everybody; i++)
		rows->list[i].is_unlimited = true;
	return 0;
}

/* Rights without accounts are in the state of the metric: where its use is not known, none of its rows says what is left. */
static enum usage_state state_of(const struct row *row, const struct position_cell *cell)
{
	if (!row->units && !row->accounts)
		return figures_are_known(&cell->figures) ? USAGE_ZERO : cell->figures.usage_state;
	enum usage_state state = usage_state_of(cell->eligible,
		&(struct usage_evidence){.units = row->units - row->declared,
			.accounts = row->accounts,
			.not_yet_fed = row->not_yet_fed,
			.is_reported = row->reported > 0});
	bool is_declared = row->declared || cell->figures.usage_state == USAGE_DECLARED;
	return state != USAGE_COUNTED && is_declared ? USAGE_DECLARED : state;
}

/* The rows before: the amount of a row is what so many rights more are worth. */
struct running {
	int64_t over;
	struct amount over_amount;
};

static int add_over_amount(
	struct running *running, struct amount *part, int64_t over, const struct average_price *pricing, struct error *error)
{
	struct amount after;
	running->over += over;
	if (average_price_of(pricing, running->over, &after, error) < 0)
		return -1;
	*part = (struct amount){over || after.state == AMOUNT_NONE ? after.state : AMOUNT_KNOWN, after.minor - running->over_amount.minor};
	running->over_amount = after;
	return 0;
}

/* What the rows spend of the position's current-period spend. */
static int share_spend(const struct rows *rows, const struct position_cell *cell, struct error *error)
{
	size_t count = rows->groups + 2;
	int64_t rights = 0;
	const struct amount *spend = &cell->figures.current_period_spend;
	bool is_unlimited = cell->figures.is_unlimited;
	for (size_t i = 0; i < count; i++)
		rights += rows->list[i].allocated + rows->list[i].pooled + rows->list[i].rest;
	for (size_t i = 0; i < count; i++) {
		const struct row *row = &rows->list[i];
		bool is_by_units = is_unlimited || !rights;
		rows->spends[i] = (struct group_spend){.drawn = is_by_units ? row->units : row->allocated + row->pooled,
			.allocated_unused = is_by_units || i == count - 1 ? 0 : row->rest};
	}
	if (spend->state != AMOUNT_KNOWN)
		return 0;
	if (group_spend_share(rows->spends, count, is_unlimited ? 0 : rows->list[count - 1].rest, spend->minor, error) < 0)
		return -1;
	rows->list[count - 1].is_in |= rows->spends[count - 1].unused_spend != 0;
	return 0;
}

static int print_row(struct position *position, const struct position_cell *cell, const struct rows *rows, size_t number,
	struct running *running, struct error *error)
{
	static const char *const kinds[] = {"group", "ungrouped", "pool"};
	const struct row *row = &rows->list[number];
	size_t kind = number < rows->groups ? 0 : number - rows->groups + 1;
	enum usage_state state = state_of(row, cell);
	struct amount over_amount, true_up = {.state = cell->pricing.currency ? AMOUNT_KNOWN : AMOUNT_NONE};
	bool is_known = figures_are_known(&cell->figures), is_open = cell->figures.is_open;
	int64_t owned = row->allocated + row->pooled + row->rest, over = row->is_unlimited || cell->figures.is_unlimited ? 0 : row->rest;
	if (add_over_amount(running, &over_amount, over, &cell->pricing, error) < 0 || amount_add(&true_up, row->true_up, error) < 0)
		return -1;
	if (is_open || !is_known)
		over_amount.state = AMOUNT_NONE;
	if (!is_known)
		true_up.state = AMOUNT_NONE;
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
	position_put_known_rights(line, "rights_available", is_known, row->is_unlimited, row->rest);
	position_put_known(line, "over_licensed_rights", is_known && !is_open, over);
	position_put_known(line, "unlicensed_rights", is_known, row->unlicensed);
	position_put_known(line, "covered_rights", is_known, row->covered);
	json_member_integer(line, "declared_units", row->declared);
	json_member_text(line, "usage_state", usage_state_names[state]);
	json_member_text(line, "currency", cell->pricing.currency);
	position_put_amount(line, "over_licensed_amount", over_amount, cell->pricing.digits);
	position_put_amount(line, "true_up_cost", true_up, cell->pricing.digits);
	struct amount spend = cell->figures.current_period_spend;
	const int64_t used = rows->spends[number].used_spend, unused = rows->spends[number].unused_spend;
	position_put_amount(line, "used_spend", (struct amount){spend.state, used}, cell->pricing.digits);
	position_put_amount(line, "unused_spend", (struct amount){spend.state, unused}, cell->pricing.digits);
	position_put_amount(line, "current_period_spend", (struct amount){spend.state, used + unused}, cell->pricing.digits);
	json_member_text(line, "status", status_of(row->unlicensed, state <= USAGE_ZERO));
	position_end_record(position);
	return 0;
}

static int print_type(
	struct position *position, const struct position_cell *cell, const struct amount parts[], enum group_type type, struct error *error)
{
	struct rows rows = {.type = type, .groups = position->membership.values[type].count};
	struct running running = {.over_amount = {.state = AMOUNT_KNOWN}};
	rows.list = calloc(rows.groups + 2, sizeof *rows.list);
	rows.spends = calloc(rows.groups + 2, sizeof *rows.spends);
	int result = rows.list && rows.spends ? fill(position, &rows, cell, parts, error) : error_set(error, EX_OSERR, "out of memory");
	if (result == 0)
		result = share_spend(&rows, cell, error);
	for (size_t i = 0; i < rows.groups + 2 && result == 0; i++)
		if (rows.list[i].is_in)
			result = print_row(position, cell, &rows, i, &running, error);
	free(rows.list);
	free(rows.spends);
	return result;
}

int position_print_groups(struct position *position, const struct position_cell *cell, const struct amount parts[], struct error *error)
{
	for (int type = 0; type < GROUP_TYPES; type++)
		if (position->group_by & 1u << type && print_type(position, cell, parts, (enum group_type)type, error) < 0)
			return -1;
	return 0;
}
