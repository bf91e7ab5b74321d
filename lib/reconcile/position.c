#include "reconcile/position.h"

#include "base/instant.h"
#include "reconcile/position_billing.h"
#include "reconcile/position_print.h"
#include "reconcile/position_trace.h"

#include <stdlib.h>
#include <string.h>

static int open_position(struct position *position, struct error *error)
{
	const struct reconcile_input *usage = position->usage;
	const struct models *models = &position->licence->models;
	size_t periods = usage->period_count;
	position->metric_of_item = calloc(usage->plan_item_count + 1, sizeof *position->metric_of_item);
	position->period_of_rank = calloc(periods + 1, sizeof *position->period_of_rank);
	position->excluded = calloc(models->metric_count * periods + 1, sizeof *position->excluded);
	position->needs = calloc(usage->account_count + 1, sizeof *position->needs);
	position->model_sums = calloc(models->model_names.count * periods + 1, sizeof *position->model_sums);
	position->product_sums = calloc(models->product_keys.count * periods + 1, sizeof *position->product_sums);
	position->model_begun = calloc(models->model_names.count * periods + 1, sizeof *position->model_begun);
	position->product_begun = calloc(models->product_keys.count * periods + 1, sizeof *position->product_begun);
	position->currency_of_product = calloc(models->product_keys.count + 1, sizeof *position->currency_of_product);
	if (!position->metric_of_item || !position->period_of_rank || !position->excluded || !position->needs || !position->model_sums ||
		!position->product_sums || !position->model_begun || !position->product_begun || !position->currency_of_product)
		return error_set(error, EX_OSERR, "out of memory");
	for (size_t i = 0; i < models->product_keys.count; i++)
		position->currency_of_product[i] = average_price_currency(position->licence, (uint32_t)i);
	return membership_build(&position->membership, usage, &position->licence->groups, error);
}

static void close_position(struct position *position)
{
	membership_release(&position->membership);
	free(position->metric_of_item);
	free(position->period_of_rank);
	free(position->lines);
	free(position->excluded);
	free(position->needs);
	free(position->model_sums);
	free(position->product_sums);
	free(position->model_begun);
	free(position->product_begun);
	free(position->currency_of_product);
	free(position->drawn_before);
	position_billing_release(position);
}

/* The periods of a profile that are no time before its contract: ranks from `*first` to before `*end`. */
static void periods_of_profile(const struct position *position, uint32_t profile, size_t *first, size_t *end)
{
	const struct reconcile_input *usage = position->usage;
	*first = 0;
	while (*first < usage->period_count &&
		(usage->periods[position->period_of_rank[*first]].profile < profile ||
			(usage->periods[position->period_of_rank[*first]].profile == profile &&
				usage->periods[position->period_of_rank[*first]].period.index < 0)))
		++*first;
	*end = *first;
	while (*end < usage->period_count && usage->periods[position->period_of_rank[*end]].profile == profile)
		++*end;
}

static const struct input_period *period_at(const struct position *position, size_t rank)
{
	return &position->usage->periods[position->period_of_rank[rank]];
}

/* Is the entitlement allocated to an organization, and the profile another's? Then its rights are not the profile's. */
static bool is_of_another(const struct position *position, const struct entitlement *entitlement, uint32_t profile)
{
	const struct reconcile_input *usage = position->usage;
	bool is_told = false;
	if (entitlement->allocation_type != GROUP_ORGANIZATION)
		return false;
	for (size_t i = 0; i < usage->account_count; i++) {
		const struct input_account *account = &usage->accounts[i];
		if (account->profile == INPUT_NONE || !input_account_is_of(account, profile) || account->organization == INPUT_NONE)
			continue;
		is_told = true;
		if (strcmp(usage->organization_ids.names[account->organization].text, entitlement->allocation_value) == 0)
			return false;
	}
	return is_told;
}

static int collect_grants(const struct position *position, const struct metric *metric, uint32_t profile, int32_t from, int32_t to,
	struct grants *grants, struct error *error)
{
	const struct entitlements *entitlements = &position->licence->entitlements;
	for (size_t i = 0; i < entitlements->count; i++) {
		const struct entitlement *entitlement = &entitlements->list[i];
		if (entitlement->is_retired || strcmp(entitlement->software_model, metric->software_model) != 0 ||
			strcmp(entitlement->license_metric, metric->license_metric) != 0 || is_of_another(position, entitlement, profile))
			continue;
		if (grants_add(grants, entitlement, from, to, error) < 0)
			return -1;
	}
	return 0;
}

/* The needs of a metric in a period, out of the lines from `*at` on, which are in order. */
static size_t take_needs(struct position *position, uint32_t profile, uint32_t metric, size_t period, size_t *at)
{
	size_t count = 0;
	for (; *at < position->line_count; ++*at) {
		const struct position_line *line = &position->lines[*at];
		if (line->profile != profile || line->metric != metric || line->period != period)
			break;
		if (line->units)
			position->needs[count++] = (struct need){.rank = line->rank, .units = line->units};
	}
	return count;
}

/* Without units it depends on the feeds what is known; what is not known is no figure. */
static void settle_usage(struct figures *figures, const struct eligible_accounts *reach)
{
	figures->accounts_not_yet_fed = reach->not_yet_fed;
	figures->accounts_not_reported = reach->not_reported;
	figures->usage = figures->used + figures->excluded > 0 ? USAGE_COUNTED : eligible_accounts_state(reach);
	if (figures->used == 0 && figures->usage == USAGE_COUNTED)
		figures->usage = USAGE_ZERO;
	if (figures_use_is_known(figures))
		return;
	figures->is_unknown = true;
	figures->available = figures->over_licensed = figures->lapsing = 0;
	figures->allocated_not_in_use = figures->not_allocated = 0;
	figures->over_licensed_amount = figures->potential_savings = figures->true_up_cost = (struct amount){.state = AMOUNT_NONE};
}

/* The accounts with unlicensed units; their costs are parts of the whole that add up to it. */
static int print_unlicensed(struct position *position, const struct position_cell *cell, struct error *error)
{
	struct amount before = {.state = AMOUNT_KNOWN}, after;
	int64_t rights = 0;
	for (size_t i = 0; i < cell->need_count && cell->figures.unlicensed; i++) {
		int64_t unlicensed = position_unlicensed(&cell->needs[i]);
		if (!unlicensed)
			continue;
		rights += unlicensed;
		if (average_price_true_up(&cell->pricing, rights, &after, error) < 0)
			return -1;
		struct amount cost = {after.state, after.minor - before.minor};
		position_print_unlicensed_account(position, cell, &cell->needs[i], unlicensed, cost);
		before = after;
	}
	return 0;
}

static int print_cell(struct position *position, struct position_cell *cell, size_t rank, struct error *error)
{
	const struct metric *metric = cell->metric;
	size_t periods = position->usage->period_count, model = metric->model_number * periods + rank,
	       product = metric->product_number * periods + rank;
	const char *currency = position->currency_of_product[metric->product_number];
	if (average_price_build(&cell->pricing, position->licence, metric, currency, cell->draw, &cell->period->period, error) < 0 ||
		figures_of_drawdown(&cell->figures, cell->draw, cell->needs, cell->need_count, &cell->pricing, error) < 0)
		return -1;
	size_t number = (size_t)(metric - position->licence->models.metrics);
	cell->figures.excluded = position->excluded[number * periods + rank];
	position_billing_figures(position, number, rank, &cell->figures);
	settle_usage(&cell->figures, cell->reach);
	if (position_print_metric(position, cell, error) < 0 || position_print_groups(position, cell, error) < 0 ||
		print_unlicensed(position, cell, error) < 0 || position_print_remediation(position, cell, error) < 0 ||
		figures_add(&position->model_sums[model], &cell->figures, !position->model_begun[model], error) < 0 ||
		figures_add(&position->product_sums[product], &cell->figures, !position->product_begun[product], error) < 0)
		return -1;
	position->model_begun[model] = position->product_begun[product] = true;
	return 0;
}

/* One metric of one profile, period by period. */
static int print_metric_of_profile(
	struct position *position, uint32_t profile, uint32_t number, size_t first, size_t end, size_t *at, struct error *error)
{
	const struct metric *metric = &position->licence->models.metrics[number];
	const char *name = position->usage->profiles.names[profile].text;
	struct grants grants = {.count = 0};
	struct drawdown draw = {.pool_count = 0};
	struct eligible_accounts reach = {.count = 0};
	int32_t from = instant_day(period_at(position, first)->period.start),
		to = instant_day(period_at(position, end - 1)->period.end - 1) + 1;
	int result = -1;
	if (collect_grants(position, metric, profile, from, to, &grants, error) < 0 ||
		drawdown_open(&draw, &position->membership, &grants, error) < 0 ||
		eligible_accounts_build(&reach, &position->membership, profile, number, position->metric_of_item, error) < 0)
		goto out;
	for (size_t rank = first; rank < end && !output_failed(position->output); rank++) {
		const struct input_period *period = period_at(position, rank);
		struct position_cell cell = {.metric = metric,
			.period = period,
			.profile = *name ? name : NULL,
			.draw = &draw,
			.needs = position->needs,
			.reach = &reach,
			.is_last_over = period->period.end <= position->now &&
				(rank + 1 == end || period_at(position, rank + 1)->period.end > position->now)};
		cell.need_count = take_needs(position, profile, number, rank, at);
		if (position_trace_open(position, &draw, error) < 0)
			goto out;
		drawdown_period(&draw, &period->period, position->needs, cell.need_count);
		position_trace_drawdown(position, &cell);
		if (print_cell(position, &cell, rank, error) < 0)
			goto out;
	}
	result = 0;
out:
	grants_release(&grants);
	drawdown_release(&draw);
	eligible_accounts_release(&reach);
	return result;
}

/* The sums of a tier that the profile has, in the order of models and periods. */
static void print_sums(struct position *position, const struct stream *stream, uint32_t profile, size_t first, size_t end)
{
	const struct models *models = &position->licence->models;
	bool is_model = stream == &stream_model_result;
	const char *name = position->usage->profiles.names[profile].text;
	size_t count = is_model ? models->model_names.count : models->product_keys.count;
	for (size_t number = 0; number < count; number++)
		for (size_t rank = first; rank < end; rank++) {
			size_t at = number * position->usage->period_count + rank;
			if (!(is_model ? position->model_begun : position->product_begun)[at])
				continue;
			const struct metric *metric =
				&models->metrics[(is_model ? models->first_metric_of_model : models->first_metric_of_product)[number]];
			position_print_sum(position, stream, metric, *name ? name : NULL, period_at(position, rank),
				&(is_model ? position->model_sums : position->product_sums)[at]);
		}
}

static int print_profile(struct position *position, uint32_t profile, size_t *at, struct error *error)
{
	size_t first, end;
	periods_of_profile(position, profile, &first, &end);
	if (first == end)
		return 0;
	for (size_t metric = 0; metric < position->licence->models.metric_count; metric++)
		if (print_metric_of_profile(position, profile, (uint32_t)metric, first, end, at, error) < 0)
			return -1;
	print_sums(position, &stream_model_result, profile, first, end);
	print_sums(position, &stream_product_result, profile, first, end);
	return 0;
}

int position_print(const struct licence *licence, const struct reconcile_input *usage, unsigned group_by, bool trace, int64_t now,
	struct output *output, struct error *error)
{
	struct position position = {.licence = licence, .usage = usage, .group_by = group_by, .trace = trace, .now = now, .output = output};
	size_t at = 0;
	int result = open_position(&position, error) < 0 || position_map_items(&position, error) < 0 ||
			position_add_lines(&position, error) < 0 || position_billing_open(&position, error) < 0
		? -1
		: 0;
	for (size_t profile = 0; profile < usage->profiles.count && result == 0; profile++)
		result = print_profile(&position, (uint32_t)profile, &at, error);
	if (result == 0)
		position_billing_print(&position);
	if (result == 0)
		result = position_print_unrecognized(&position, error);
	close_position(&position);
	return result;
}
