#include "reconcile/position.h"

#include "base/instant.h"
#include "reconcile/position_billing.h"
#include "reconcile/position_groups.h"
#include "reconcile/position_lines.h"
#include "reconcile/position_print.h"
#include "reconcile/position_trace.h"
#include "reconcile/remediation.h"

#include <stdlib.h>
#include <string.h>

static int position_open(struct position *position, struct error *error)
{
	const struct reconcile_input *input = position->input;
	const struct models *models = &position->licence->models;
	size_t periods = input->period_count;
	position->metric_of_item = plan_items_map(&input->plan_items, models, error);
	if (!position->metric_of_item)
		return -1;
	position->period_of_rank = calloc(periods + 1, sizeof *position->period_of_rank);
	position->excluded = calloc(models->metric_count * periods + 1, sizeof *position->excluded);
	position->consumers = calloc(input->account_count + 1, sizeof *position->consumers);
	position->model_sums = calloc(models->model_names.count * periods + 1, sizeof *position->model_sums);
	position->product_sums = calloc(models->product_keys.count * periods + 1, sizeof *position->product_sums);
	position->model_begun = calloc(models->model_names.count * periods + 1, sizeof *position->model_begun);
	position->product_begun = calloc(models->product_keys.count * periods + 1, sizeof *position->product_begun);
	position->currency_of_product = calloc(models->product_keys.count + 1, sizeof *position->currency_of_product);
	if (!position->period_of_rank || !position->excluded || !position->consumers || !position->model_sums || !position->product_sums ||
		!position->model_begun || !position->product_begun || !position->currency_of_product)
		return error_set(error, EX_OSERR, "out of memory");
	for (size_t i = 0; i < models->product_keys.count; i++)
		position->currency_of_product[i] = average_price_currency(position->licence, (uint32_t)i);
	return membership_build(&position->membership, input, &position->licence->groups, error);
}

static void position_close(struct position *position)
{
	membership_release(&position->membership);
	free(position->metric_of_item);
	free(position->period_of_rank);
	free(position->lines);
	free(position->excluded);
	free(position->consumers);
	free(position->model_sums);
	free(position->product_sums);
	free(position->model_begun);
	free(position->product_begun);
	free(position->currency_of_product);
	free(position->drawn_before);
	position_billing_release(position);
}

/* The ranks of a profile's periods from the start of its contract on: `*first` to before `*end`. */
static void periods_of_profile(const struct position *position, uint32_t profile, size_t *first, size_t *end)
{
	const struct reconcile_input *input = position->input;
	*first = 0;
	while (*first < input->period_count &&
		(input->periods[position->period_of_rank[*first]].profile < profile ||
			(input->periods[position->period_of_rank[*first]].profile == profile &&
				input->periods[position->period_of_rank[*first]].period.index < 0)))
		++*first;
	*end = *first;
	while (*end < input->period_count && input->periods[position->period_of_rank[*end]].profile == profile)
		++*end;
}

static const struct input_period *period_at(const struct position *position, size_t rank)
{
	return &position->input->periods[position->period_of_rank[rank]];
}

/* Is the entitlement allocated to an organization, and the profile another's? Then its rights are not the profile's. */
static bool is_of_another(const struct position *position, const struct entitlement *entitlement, uint32_t profile)
{
	const struct reconcile_input *input = position->input;
	bool is_known = false;
	if (entitlement->allocation_type != GROUP_ORGANIZATION)
		return false;
	for (size_t i = 0; i < input->account_count; i++) {
		const struct input_account *account = &input->accounts[i];
		if (account->profile == INPUT_NONE || !input_account_is_of(account, profile) || account->organization == INPUT_NONE)
			continue;
		is_known = true;
		if (strcmp(input->organization_ids.names[account->organization].text, entitlement->allocation_value) == 0)
			return false;
	}
	return is_known;
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

/* The consumers of a metric in a period, out of the lines from `*at` on, which are in order. */
static size_t collect_consumers(struct position *position, uint32_t profile, uint32_t metric, size_t period, size_t *at)
{
	size_t count = 0;
	for (; *at < position->line_count; ++*at) {
		const struct position_line *line = &position->lines[*at];
		if (line->profile != profile || line->metric != metric || line->period != period)
			break;
		if (line->units)
			position->consumers[count++] = (struct consumer){.rank = line->rank, .units = line->units};
	}
	return count;
}

/* Without units, the feeds decide whether consumption is known; an unknown figure is null. */
static void set_usage_state(struct figures *figures, const struct eligible_accounts *eligible)
{
	figures->accounts_not_yet_fed = eligible->not_yet_fed;
	figures->accounts_not_reported = eligible->not_reported;
	figures->usage_state = figures->used + figures->excluded > 0 ? USAGE_COUNTED : eligible_accounts_state(eligible);
	if (figures->used == 0 && figures->usage_state == USAGE_COUNTED)
		figures->usage_state = USAGE_ZERO;
	if (figures_are_known(figures))
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
	for (size_t i = 0; i < cell->consumer_count && cell->figures.unlicensed; i++) {
		int64_t unlicensed = position_unlicensed(&cell->consumers[i]);
		if (!unlicensed)
			continue;
		rights += unlicensed;
		if (average_price_true_up(&cell->pricing, rights, &after, error) < 0)
			return -1;
		struct amount cost = {after.state, after.minor - before.minor};
		position_print_unlicensed_account(position, cell, &cell->consumers[i], unlicensed, cost);
		before = after;
	}
	return 0;
}

static int print_cell(struct position *position, struct position_cell *cell, size_t rank, struct error *error)
{
	const struct metric *metric = cell->metric;
	size_t periods = position->input->period_count, model = metric->model_number * periods + rank,
	       product = metric->product_number * periods + rank;
	const char *currency = position->currency_of_product[metric->product_number];
	if (average_price_build(&cell->pricing, position->licence, metric, currency, cell->drawdown, &cell->period->period, error) < 0 ||
		figures_of_drawdown(&cell->figures, cell->drawdown, cell->consumers, cell->consumer_count, &cell->pricing, error) < 0)
		return -1;
	size_t number = (size_t)(metric - position->licence->models.metrics);
	cell->figures.excluded = position->excluded[number * periods + rank];
	position_billing_figures(position, number, rank, &cell->figures);
	set_usage_state(&cell->figures, cell->eligible);
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
	const char *name = position->input->profiles.names[profile].text;
	struct grants grants = {.count = 0};
	struct drawdown drawdown = {.pool_count = 0};
	struct eligible_accounts eligible = {.count = 0};
	int32_t from = instant_day(period_at(position, first)->period.start),
		to = instant_day(period_at(position, end - 1)->period.end - 1) + 1;
	int result = -1;
	if (collect_grants(position, metric, profile, from, to, &grants, error) < 0 ||
		drawdown_open(&drawdown, &position->membership, &grants, error) < 0 ||
		eligible_accounts_build(&eligible, &position->membership, profile, number, position->metric_of_item, error) < 0)
		goto out;
	for (size_t rank = first; rank < end && !output_failed(position->output); rank++) {
		const struct input_period *period = period_at(position, rank);
		struct position_cell cell = {.metric = metric,
			.period = period,
			.profile = *name ? name : NULL,
			.drawdown = &drawdown,
			.consumers = position->consumers,
			.eligible = &eligible,
			.is_last_over = period->period.end <= position->now &&
				(rank + 1 == end || period_at(position, rank + 1)->period.end > position->now)};
		cell.consumer_count = collect_consumers(position, profile, number, rank, at);
		if (position_trace_open(position, &drawdown, error) < 0)
			goto out;
		drawdown_period(&drawdown, &period->period, position->consumers, cell.consumer_count);
		position_trace_drawdown(position, &cell);
		if (print_cell(position, &cell, rank, error) < 0)
			goto out;
	}
	result = 0;
out:
	grants_release(&grants);
	drawdown_release(&drawdown);
	eligible_accounts_release(&eligible);
	return result;
}

/* The sums of a tier that the profile has, in the order of models and periods. */
static void print_sums(struct position *position, const struct stream *stream, uint32_t profile, size_t first, size_t end)
{
	const struct models *models = &position->licence->models;
	bool is_model = stream == &stream_model_result;
	const char *name = position->input->profiles.names[profile].text;
	size_t count = is_model ? models->model_names.count : models->product_keys.count;
	for (size_t number = 0; number < count; number++)
		for (size_t rank = first; rank < end; rank++) {
			size_t at = number * position->input->period_count + rank;
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

int position_print(const struct licence *licence, const struct reconcile_input *input, unsigned group_by, bool trace, int64_t now,
	struct output *output, struct error *error)
{
	struct position position = {.licence = licence, .input = input, .group_by = group_by, .trace = trace, .now = now, .output = output};
	size_t at = 0;
	int result = position_open(&position, error) < 0 || position_add_lines(&position, error) < 0 ||
			position_billing_open(&position, error) < 0
		? -1
		: 0;
	for (size_t profile = 0; profile < input->profiles.count && result == 0; profile++)
		result = print_profile(&position, (uint32_t)profile, &at, error);
	if (result == 0)
		position_billing_print(&position);
	if (result == 0)
		result = position_print_unrecognized(&position, error);
	position_close(&position);
	return result;
}
