#include "reconcile/figures.h"

const char *const usage_state_names[] = {"counted", "declared", "zero", "not_yet_fed", "not_reported"};

static void add_pools(struct figures *figures, const struct drawdown *drawdown, const struct pool_use uses[])
{
	for (size_t i = 0; i < drawdown->pool_count; i++) {
		const struct pool_use *use = &uses[i];
		figures->is_unlimited |= use->is_unlimited;
		figures->owned += use->drawn + use->rest;
		figures->available += use->rest;
		figures->lapsing += use->lapsing;
		*(drawdown->pools[i].type == GROUP_POOL ? &figures->not_allocated : &figures->allocated_not_in_use) += use->rest;
	}
	figures->over_licensed = figures->is_unlimited || figures->is_open ? 0 : figures->available;
	if (figures->is_unlimited)
		figures->lapsing = 0;
}

static void add_consumers(struct figures *figures, const struct consumer consumers[], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		figures->used += consumers[i].units;
		figures->declared += consumers[i].declared;
		figures->allocated_in_use += consumers[i].allocated;
		figures->not_allocated_in_use += consumers[i].pooled;
		figures->covered += consumers[i].covered;
		figures->unlicensed += consumers[i].unlicensed;
	}
}

int figures_build(struct figures *figures, const struct drawdown *drawdown, const struct pool_use uses[], const struct consumer consumers[],
	size_t count, const struct average_price *pricing, struct amount true_up, bool is_open, struct error *error)
{
	*figures = (struct figures){.total_spend = pricing->total_spend,
		.current_period_spend = pricing->current_period_spend,
		.entitlements = pricing->entitlements,
		.entitlements_without_cost = pricing->entitlements_without_cost,
		.true_up_cost = true_up,
		.is_open = is_open,
		.first_breach = NO_BREACH};
	add_pools(figures, drawdown, uses);
	add_consumers(figures, consumers, count);
	figures->is_not_compliant = figures->unlicensed > 0;
	int64_t surplus = figures->lapsing > figures->unlicensed ? figures->lapsing - figures->unlicensed : 0;
	if (is_open)
		return 0;
	return average_price_of(pricing, figures->over_licensed, &figures->over_licensed_amount, error) < 0 ||
			average_price_of(pricing, surplus, &figures->potential_savings, error) < 0
		? -1
		: 0;
}

bool figures_are_known(const struct figures *figures)
{
	return figures->usage_state <= USAGE_ZERO;
}

const char *status_of(int64_t unlicensed, bool is_known)
{
	return unlicensed ? "Not Compliant" : is_known ? "Compliant" : "Unknown";
}

const char *figures_status(const struct figures *figures)
{
	return status_of(figures->is_not_compliant, !figures->is_unknown);
}

static int add_counts(struct figures *sum, const struct figures *part, struct error *error)
{
	const struct {
		int64_t *sum, part;
	} counts[] = {{&sum->owned, part->owned}, {&sum->used, part->used}, {&sum->available, part->available},
		{&sum->over_licensed, part->over_licensed}, {&sum->lapsing, part->lapsing}, {&sum->unlicensed, part->unlicensed},
		{&sum->covered, part->covered}, {&sum->allocated_in_use, part->allocated_in_use},
		{&sum->not_allocated_in_use, part->not_allocated_in_use}, {&sum->allocated_not_in_use, part->allocated_not_in_use},
		{&sum->not_allocated, part->not_allocated}, {&sum->excluded, part->excluded}, {&sum->declared, part->declared},
		{&sum->entitlements, part->entitlements}, {&sum->entitlements_without_cost, part->entitlements_without_cost},
		{&sum->billing_periods, part->billing_periods}, {&sum->billed, part->billed}, {&sum->billed_counted, part->billed_counted}};
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
		if (sum_add(counts[i].sum, counts[i].part, error) < 0)
			return -1;
	return 0;
}

int figures_add(struct figures *sum, const struct figures *part, bool is_first, struct error *error)
{
	if (is_first) {
		*sum = *part;
		return 0;
	}
	if (part->usage_state < sum->usage_state)
		sum->usage_state = part->usage_state;
	sum->is_unlimited |= part->is_unlimited;
	sum->is_not_compliant |= part->is_not_compliant;
	sum->is_unknown |= part->is_unknown;
	sum->is_by_day &= part->is_by_day;
	if (part->first_breach < sum->first_breach)
		sum->first_breach = part->first_breach;
	/* The same accounts may use several metrics: the tier says how many are missing at most of one. */
	if (part->accounts_not_yet_fed > sum->accounts_not_yet_fed)
		sum->accounts_not_yet_fed = part->accounts_not_yet_fed;
	if (part->accounts_not_reported > sum->accounts_not_reported)
		sum->accounts_not_reported = part->accounts_not_reported;
	return add_counts(sum, part, error) < 0 || amount_add(&sum->over_licensed_amount, part->over_licensed_amount, error) < 0 ||
			amount_add(&sum->true_up_cost, part->true_up_cost, error) < 0 ||
			amount_add(&sum->true_up_at_list, part->true_up_at_list, error) < 0 ||
			amount_add(&sum->potential_savings, part->potential_savings, error) < 0 ||
			amount_add(&sum->total_spend, part->total_spend, error) < 0 ||
			amount_add(&sum->current_period_spend, part->current_period_spend, error) < 0
		? -1
		: 0;
}
