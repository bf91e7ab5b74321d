#include "reconcile/remediation.h"

#include "reconcile/position_print.h"
#include "json/json_write.h"

#include <stdlib.h>

/* What the position becomes, option by option. */
struct outcome {
	int64_t number, owned, over, unlicensed;
};

struct option {
	const char *name;
	int64_t rights;
	enum group_type type; /* of the groups that rights move between; GROUP_POOL for none */
	uint32_t from, to;
	struct amount cost;
	const char *basis;
};

static void put_group(struct buffer *line, const char *key, const struct position *position, const struct option *option, uint32_t group)
{
	bool is_known = option->type != GROUP_POOL && group != MEMBERSHIP_NONE;
	json_member_text(line, key, is_known ? position->membership.values[option->type].names[group].text : NULL);
}

static int print_option(struct position *position, const struct position_cell *cell, struct outcome *outcome, const struct option *option,
	struct error *error)
{
	struct amount left;
	if (average_price_true_up(&cell->pricing, outcome->unlicensed, &left, error) < 0)
		return -1;
	struct buffer *line = position_begin_record(position, &stream_remediation);
	position_put_metric(line, cell);
	position_put_period(line, &cell->period->period);
	json_member_integer(line, "number", ++outcome->number);
	json_member_text(line, "option", option->name);
	json_member_integer(line, "rights", option->rights);
	json_member_text(line, "group_type", option->type == GROUP_POOL ? NULL : group_type_names[option->type]);
	put_group(line, "from_group", position, option, option->from);
	put_group(line, "to_group", position, option, option->to);
	json_member_text(line, "currency", cell->pricing.currency);
	position_put_amount(line, "cost", option->cost, cell->pricing.digits);
	json_member_text(line, "price_basis", option->basis);
	json_member_integer(line, "rights_owned_after", outcome->owned);
	json_member_integer(line, "over_licensed_rights_after", outcome->over);
	json_member_integer(line, "unlicensed_rights_after", outcome->unlicensed);
	position_put_amount(line, "true_up_cost_after", left, cell->pricing.digits);
	json_member_text(line, "status_after", outcome->unlicensed ? "Not Compliant" : "Compliant");
	position_end_record(position);
	return 0;
}

static int move(struct position *position, const struct position_cell *cell, struct outcome *outcome, const struct pool *pool, uint32_t to,
	int64_t rights, struct error *error)
{
	outcome->over -= rights;
	outcome->unlicensed -= rights;
	const struct option option = {.name = "move_rights",
		.rights = rights,
		.type = pool->type,
		.from = pool->group,
		.to = to,
		.cost = {.state = cell->pricing.currency ? AMOUNT_KNOWN : AMOUNT_NONE}};
	return print_option(position, cell, outcome, &option, error);
}

/*
 * Allocated rights that their group has not used go to accounts that lack some, a record for each group that gets any. `short_of` is what
 * each account still lacks; `gets` has room for every group of the pool's type and one more.
 */
static int move_from(struct position *position, const struct position_cell *cell, struct outcome *outcome, const struct pool *pool,
	int64_t short_of[], int64_t gets[], struct error *error)
{
	int64_t rest = pool->owned - pool->drawn;
	size_t groups = position->membership.values[pool->type].count;
	int result = 0;
	for (size_t i = 0; i < cell->consumer_count && rest > 0; i++) {
		int64_t rights = short_of[i] < rest ? short_of[i] : rest;
		uint32_t group =
			rights ? membership_of(&position->membership, pool->type, cell->consumers[i].rank, &cell->period->period) : 0;
		if (!rights)
			continue;
		gets[group == MEMBERSHIP_NONE ? groups : group] += rights;
		short_of[i] -= rights;
		rest -= rights;
	}
	for (size_t group = 0; group <= groups && result == 0; group++) {
		if (gets[group])
			result = move(
				position, cell, outcome, pool, group == groups ? MEMBERSHIP_NONE : (uint32_t)group, gets[group], error);
		gets[group] = 0;
	}
	return result;
}

static int move_rights(struct position *position, const struct position_cell *cell, struct outcome *outcome, struct error *error)
{
	size_t most = 0;
	for (int type = 0; type < GROUP_TYPES; type++)
		if (position->membership.values[type].count > most)
			most = position->membership.values[type].count;
	int64_t *short_of = calloc(cell->consumer_count + 1, sizeof *short_of), *gets = calloc(most + 1, sizeof *gets);
	int result = short_of && gets ? 0 : error_set(error, EX_OSERR, "out of memory");
	for (size_t i = 0; i < cell->consumer_count && result == 0; i++)
		short_of[i] = position_unlicensed(&cell->consumers[i]);
	for (size_t i = 0; i < cell->drawdown->pool_count && outcome->unlicensed && result == 0; i++) {
		const struct pool *pool = &cell->drawdown->pools[i];
		if (pool->is_in_force && !pool->is_unlimited && pool->type != GROUP_POOL && pool->owned > pool->drawn)
			result = move_from(position, cell, outcome, pool, short_of, gets, error);
	}
	free(short_of);
	free(gets);
	return result;
}

static int buy_rights(struct position *position, const struct position_cell *cell, struct outcome *outcome, struct error *error)
{
	struct option option = {.name = "buy_rights", .rights = outcome->unlicensed, .type = GROUP_POOL, .basis = cell->pricing.basis};
	if (average_price_true_up(&cell->pricing, option.rights, &option.cost, error) < 0)
		return -1;
	outcome->owned += option.rights;
	outcome->unlicensed = 0;
	return print_option(position, cell, outcome, &option, error);
}

/* What ends unused with the period need not be renewed; its cost is below zero: it saves. */
static int reduce_rights(
	struct position *position, const struct position_cell *cell, struct outcome *outcome, int64_t rights, struct error *error)
{
	struct option option = {
		.name = "reduce_rights", .rights = rights, .type = GROUP_POOL, .basis = cell->pricing.rights ? "in_force" : NULL};
	if (average_price_of(&cell->pricing, rights, &option.cost, error) < 0)
		return -1;
	option.cost.minor = -option.cost.minor;
	outcome->owned -= rights;
	outcome->over -= rights;
	return print_option(position, cell, outcome, &option, error);
}

int position_print_remediation(struct position *position, const struct position_cell *cell, struct error *error)
{
	const struct figures *figures = &cell->figures;
	struct outcome outcome = {.owned = figures->owned, .over = figures->over_licensed, .unlicensed = figures->unlicensed};
	int64_t surplus = figures->lapsing - figures->unlicensed;
	if (!figures_are_known(figures) || figures->is_unlimited)
		return 0;
	if (figures->unlicensed && move_rights(position, cell, &outcome, error) < 0)
		return -1;
	if (outcome.unlicensed && buy_rights(position, cell, &outcome, error) < 0)
		return -1;
	return cell->is_last_over && surplus > 0 ? reduce_rights(position, cell, &outcome, surplus, error) : 0;
}
