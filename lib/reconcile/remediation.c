#include "reconcile/remediation.h"

#include "base/instant.h"
#include "reconcile/breach_cost.h"
#include "reconcile/position_print.h"
#include "json/json_write.h"

#include <stdlib.h>
#include <string.h>

/* What the position becomes, option by option. */
struct outcome {
	int64_t number, owned, over, unlicensed;
	int64_t *units; /* of these by price of the position */
	int64_t *lacking; /* by breach of the position: what is still missing */
	int64_t *moved; /* by grant */
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
	if (breach_cost_of(cell, outcome->units, &left, error) < 0)
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
	json_member_text(line, "status_after", status_of(outcome->unlicensed, true));
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

static bool is_for(const struct grant *grant, const struct breach *breach)
{
	return grant_is_drawable(grant, &(struct period){.start = breach->first_day * DAY_MS, .end = breach->end_day * DAY_MS});
}

/* What nobody has drawn of the pool's grants on which the breach could have drawn, in the order of drawing; up to `most`. */
static int64_t take_rest(
	struct outcome *outcome, const struct position_cell *cell, const struct pool *pool, const struct breach *breach, int64_t most)
{
	int64_t taken = 0;
	/* Rights of a profile stay its. */
	if (pool->profile != INPUT_NONE &&
		membership_account(cell->drawdown->membership, cell->consumers[breach->consumer].rank)->profile != pool->profile)
		return 0;
	for (size_t i = pool->first; i < pool->first + pool->count && taken < most; i++) {
		const struct grant *grant = &cell->drawdown->grants.list[i];
		int64_t rest = grant->rights - cell->drawn_after[i] - outcome->moved[i], part = rest < most - taken ? rest : most - taken;
		if (!is_for(grant, breach))
			continue;
		outcome->moved[i] += part;
		taken += part;
	}
	return taken;
}

/*
 * Allocated rights that their group has not used go to accounts that lacked some on a day on which these were in force, a record for each group
 * that gets any. `gets` has room for every group of the pool's type and one more.
 */
static int move_from(struct position *position, const struct position_cell *cell, struct outcome *outcome, const struct pool *pool,
	const struct pool_use *use, int64_t gets[], struct error *error)
{
	int64_t rest = use->rest;
	size_t groups = position->membership.values[pool->type].count;
	int result = 0;
	for (size_t i = 0; i < cell->breach_count && rest > 0; i++) {
		const struct breach *breach = &cell->breaches[i];
		const struct consumer *consumer = &cell->consumers[breach->consumer];
		int64_t wanted = outcome->lacking[i] < rest ? outcome->lacking[i] : rest;
		int64_t rights = wanted ? take_rest(outcome, cell, pool, breach, wanted) : 0;
		uint32_t group = rights ? membership_of(&position->membership, pool->type, consumer->rank, &consumer->at) : 0;
		if (!rights)
			continue;
		gets[group == MEMBERSHIP_NONE ? groups : group] += rights;
		outcome->lacking[i] -= rights;
		outcome->units[breach->price] -= rights;
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
	int64_t *gets = calloc(most + 1, sizeof *gets);
	int result = gets ? 0 : error_set(error, EX_OSERR, "out of memory");
	for (size_t i = 0; i < cell->drawdown->pool_count && outcome->unlicensed && result == 0; i++) {
		const struct pool *pool = &cell->drawdown->pools[i];
		const struct pool_use *use = &cell->pools[i];
		if (use->is_in_force && !use->is_unlimited && pool->type != GROUP_POOL && use->rest > 0)
			result = move_from(position, cell, outcome, pool, use, gets, error);
	}
	free(gets);
	return result;
}

static int buy_rights(struct position *position, const struct position_cell *cell, struct outcome *outcome, struct error *error)
{
	struct option option = {.name = "buy_rights", .rights = outcome->unlicensed, .type = GROUP_POOL, .basis = cell->pricing.basis};
	if (breach_cost_of(cell, outcome->units, &option.cost, error) < 0)
		return -1;
	outcome->owned += option.rights;
	outcome->unlicensed = 0;
	memset(outcome->units, 0, cell->price_count * sizeof *outcome->units);
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

static int print_options(struct position *position, const struct position_cell *cell, struct outcome *outcome, struct error *error)
{
	int64_t surplus = cell->figures.lapsing - cell->figures.unlicensed;
	for (size_t i = 0; i < cell->breach_count; i++) {
		outcome->lacking[i] = cell->breaches[i].units;
		outcome->units[cell->breaches[i].price] += cell->breaches[i].units;
	}
	if (outcome->unlicensed && move_rights(position, cell, outcome, error) < 0)
		return -1;
	if (outcome->unlicensed && buy_rights(position, cell, outcome, error) < 0)
		return -1;
	return cell->is_last_over && surplus > 0 ? reduce_rights(position, cell, outcome, surplus, error) : 0;
}

int position_print_remediation(struct position *position, const struct position_cell *cell, struct error *error)
{
	const struct figures *figures = &cell->figures;
	struct outcome outcome = {.owned = figures->owned, .over = figures->available, .unlicensed = figures->unlicensed};
	if (!figures_are_known(figures) || figures->is_unlimited)
		return 0;
	outcome.units = calloc(cell->price_count + 1, sizeof *outcome.units);
	outcome.lacking = calloc(cell->breach_count + 1, sizeof *outcome.lacking);
	outcome.moved = calloc(cell->drawdown->grants.count + 1, sizeof *outcome.moved);
	int result = outcome.units && outcome.lacking && outcome.moved ? print_options(position, cell, &outcome, error)
								       : error_set(error, EX_OSERR, "out of memory");
	free(outcome.units);
	free(outcome.lacking);
	free(outcome.moved);
	return result;
}
