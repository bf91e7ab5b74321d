#include "reconcile/position.h"

#include "base/instant.h"
#include "reconcile/breach_cost.h"
#include "reconcile/ineffective_rows.h"
#include "reconcile/position_billing.h"
#include "reconcile/position_declared.h"
#include "reconcile/position_draw.h"
#include "reconcile/position_groups.h"
#include "reconcile/position_lines.h"
#include "reconcile/position_print.h"
#include "reconcile/position_segments.h"
#include "reconcile/position_trace.h"
#include "reconcile/remediation.h"
#include "reconcile/restated_rights.h"
#include "reconcile/without_position.h"

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
	position->in_positions = calloc(input->profiles.count + 1, sizeof *position->in_positions);
	position->model_sums = calloc(models->model_names.count * periods + 1, sizeof *position->model_sums);
	position->product_sums = calloc(models->product_keys.count * periods + 1, sizeof *position->product_sums);
	position->model_begun = calloc(models->model_names.count * periods + 1, sizeof *position->model_begun);
	position->product_begun = calloc(models->product_keys.count * periods + 1, sizeof *position->product_begun);
	position->currencies = calloc(models->product_keys.count * periods + 1, sizeof *position->currencies);
	if (!position->period_of_rank || !position->excluded || !position->in_positions || !position->model_sums ||
		!position->product_sums || !position->model_begun || !position->product_begun || !position->currencies)
		return error_set(error, EX_OSERR, "out of memory");
	return membership_build(&position->membership, input, &position->licence->groups, error);
}

/* Once periods have their ranks. No period before the contract comes after one of it. */
static int check_periods(const struct position *position, struct error *error)
{
	for (size_t rank = 1; rank < position->input->period_count; rank++) {
		const struct input_period *before = position_period(position, rank - 1), *period = position_period(position, rank);
		if (before->profile == period->profile && before->period.index >= 0 && period->period.index < 0)
			return error_set(error, EX_DATAERR,
				"cannot reconcile profile '%s': period %d begins on %s, but is before the contract start, which period %d is not",
				position->input->profiles.names[period->profile].text, period->period.index,
				day_text(instant_day(period->period.start)).text, before->period.index);
	}
	return 0;
}

static int find_currencies(struct position *position, struct error *error)
{
	size_t periods = position->input->period_count;
	for (size_t product = 0; product < position->licence->models.product_keys.count; product++)
		for (size_t rank = 0; rank < periods; rank++) {
			const struct period *period = &position_period(position, rank)->period;
			const char **currency = &position->currencies[product * periods + rank];
			if (period->index >= 0 &&
				licence_currency(position->licence, (uint32_t)product, instant_day(period->start), period_end_day(period),
					currency, error) < 0)
				return -1;
		}
	return 0;
}

static void position_close(struct position *position)
{
	membership_release(&position->membership);
	free(position->metric_of_item);
	free(position->period_of_rank);
	free(position->lines);
	free(position->declared_lines);
	free(position->excluded);
	free(position->in_positions);
	sum_table_release(&position->without);
	sum_table_release(&position->excluded_items);
	position_draw_release(position);
	free(position->metric_of_sum);
	free(position->is_by_period);
	free(position->was_used);
	free(position->model_sums);
	free(position->product_sums);
	free(position->model_begun);
	free(position->product_begun);
	free(position->currencies);
	position_billing_release(position);
}

/* Without units, the feeds decide whether consumption is known; an unknown figure is null. */
static void set_usage_state(struct figures *figures, const struct eligible_accounts *eligible, bool has_declared)
{
	figures->accounts_not_yet_fed = eligible->not_yet_fed;
	figures->accounts_not_reported = eligible->not_reported;
	const struct usage_evidence evidence = {.units = figures->used - figures->declared,
		.accounts = (int64_t)eligible->count,
		.not_yet_fed = eligible->not_yet_fed,
		.is_reported = true};
	/* What is excluded was reported too. */
	figures->usage_state = !evidence.units && figures->excluded > 0 ? USAGE_ZERO : usage_state_of(eligible, &evidence);
	if (figures->usage_state != USAGE_COUNTED && has_declared)
		figures->usage_state = USAGE_DECLARED;
	if (figures_are_known(figures))
		return;
	figures->is_unknown = true;
	figures->available = figures->over_licensed = figures->lapsing = 0;
	figures->allocated_not_in_use = figures->not_allocated = 0;
	figures->over_licensed_amount = figures->potential_savings = figures->true_up_cost = figures->true_up_at_list =
		(struct amount){.state = AMOUNT_NONE};
}

static int set_figures(struct position *position, struct position_cell *cell, size_t rank, struct amount parts[], struct error *error)
{
	struct amount true_up, at_list;
	struct figures *figures = &cell->figures;
	size_t number = (size_t)(cell->metric - position->licence->models.metrics);
	if (breach_cost_all(cell, breach_of_consumer, &true_up, parts, error) < 0 || breach_cost_at_list(cell, &at_list, error) < 0 ||
		figures_build(figures, cell->drawdown, cell->pools, cell->consumers, cell->consumer_count, &cell->pricing, true_up,
			cell->period->period.end > position->now, error) < 0)
		return -1;
	figures->true_up_at_list = at_list;
	if (cell->is_part)
		figures->total_spend = figures->current_period_spend = (struct amount){.state = AMOUNT_NONE};
	figures->is_by_day = cell->is_by_day;
	if (cell->is_by_day && cell->breach_count)
		figures->first_breach = cell->breaches[0].first_day;
	figures->excluded = position->excluded[number * position->input->period_count + rank];
	position_billing_figures(position, number, rank, figures);
	set_usage_state(figures, cell->eligible, cell->has_declared);
	return 0;
}

static int print_cell(struct position *position, struct position_cell *cell, size_t rank, struct error *error)
{
	const struct metric *metric = cell->metric;
	size_t periods = position->input->period_count, model = metric->model_number * periods + rank,
	       product = metric->product_number * periods + rank;
	struct amount *parts = calloc(cell->consumer_count + 1, sizeof *parts);
	int result = parts ? 0 : error_set(error, EX_OSERR, "out of memory");
	for (size_t i = 0; i < cell->consumer_count && parts; i++)
		parts[i] = (struct amount){.state = cell->pricing.currency ? AMOUNT_KNOWN : AMOUNT_NONE};
	if (result == 0)
		result = set_figures(position, cell, rank, parts, error) < 0 || position_print_metric(position, cell, error) < 0 ||
				position_print_groups(position, cell, parts, error) < 0 ||
				position_print_unlicensed(position, cell, parts, error) < 0 ||
				position_print_remediation(position, cell, error) < 0 ||
				position_segments_print(position, cell, error) < 0 ||
				sum_add(&position->in_positions[cell->period->profile].counted, cell->figures.used - cell->figures.declared,
					error) < 0 ||
				sum_add(&position->in_positions[cell->period->profile].declared, cell->figures.declared, error) < 0 ||
				figures_add(&position->model_sums[model], &cell->figures, !position->model_begun[model], error) < 0 ||
				figures_add(&position->product_sums[product], &cell->figures, !position->product_begun[product], error) < 0
			? -1
			: 0;
	free(parts);
	position->model_begun[model] = position->product_begun[product] = true;
	return result;
}

/* One metric of one profile, period by period. */
static int print_metric_of_profile(
	struct position *position, uint32_t profile, uint32_t number, size_t first, size_t end, struct error *error)
{
	struct eligible_accounts eligible = {.count = 0};
	int result = eligible_accounts_build(&eligible, &position->membership, profile, number, position->metric_of_item, error);
	eligible.was_used = position->was_used[number];
	for (size_t rank = first; rank < end && result == 0 && !output_failed(position->output); rank++) {
		struct position_cell *cell = position_cell_at(position, number, rank);
		cell->eligible = &eligible;
		cell->is_last_over = cell->period->period.end <= position->now &&
			(rank + 1 == end || position_period(position, rank + 1)->period.end > position->now);
		result = position_trace_grants(position, cell, error) < 0 ? -1 : print_cell(position, cell, rank, error);
	}
	eligible_accounts_release(&eligible);
	return result;
}

/* The sums of a tier that the profile has, in the order of models and periods. */
static void print_sums(struct position *position, const struct stream *stream, uint32_t profile, size_t first, size_t end)
{
	const struct models *models = &position->licence->models;
	bool is_model = stream == &stream_model_result;
	const char *name = profile == position->input->workspace ? "" : position->input->profiles.names[profile].text;
	size_t count = is_model ? models->model_names.count : models->product_keys.count;
	for (size_t number = 0; number < count; number++)
		for (size_t rank = first; rank < end; rank++) {
			size_t at = number * position->input->period_count + rank;
			if (!(is_model ? position->model_begun : position->product_begun)[at])
				continue;
			const struct metric *metric =
				&models->metrics[(is_model ? models->first_metric_of_model : models->first_metric_of_product)[number]];
			position_print_sum(position, stream, metric, *name ? name : NULL, position_period(position, rank),
				*position_currency(position, metric, rank),
				&(is_model ? position->model_sums : position->product_sums)[at]);
		}
}

static int print_profile(struct position *position, uint32_t profile, csv_complain *warn, struct error *error)
{
	size_t first, end;
	position_periods(position, profile, &first, &end);
	for (size_t metric = 0; first < end && metric < position->licence->models.metric_count; metric++)
		if (print_metric_of_profile(position, profile, (uint32_t)metric, first, end, error) < 0)
			return -1;
	print_sums(position, &stream_model_result, profile, first, end);
	print_sums(position, &stream_product_result, profile, first, end);
	position_declared_print(position, profile);
	return position_print_restated_rights(position, profile, warn, error) < 0 ? -1
										  : without_position_print(position, profile, warn, error);
}

int position_print(const struct licence *licence, const struct reconcile_input *input, const struct position_options *options,
	csv_complain *warn, struct output *workspace, struct output *output, struct error *error)
{
	struct position position = {.licence = licence,
		.input = input,
		.group_by = options->group_by,
		.trace = options->trace,
		.settles_by_period = options->settles_by_period,
		.now = options->now,
		.reported = options->reported,
		.output = output};
	int result = position_open(&position, error) < 0 || position_add_lines(&position, error) < 0 ||
			check_periods(&position, error) < 0 || find_currencies(&position, error) < 0 ||
			position_billing_open(&position, error) < 0 || position_draw(&position, error) < 0 ||
			position_declared_mark(&position, error) < 0
		? -1
		: 0;
	if (result == 0 && input->workspace != INPUT_NONE) {
		position.output = workspace;
		result = print_profile(&position, input->workspace, warn, error);
		if (result == 0 && workspace != output)
			result = position_print_unrecognized(&position, true, error);
		position.output = output;
	}
	/* Each output has its SCHEMAs. */
	if (workspace != output)
		memset(position.begun, 0, sizeof position.begun);
	for (size_t profile = 0; profile < input->profiles.count && result == 0; profile++)
		result = !input_profile_is_shown(input, (uint32_t)profile) ? 0 : print_profile(&position, (uint32_t)profile, warn, error);
	if (result == 0)
		position_billing_print(&position);
	if (result == 0)
		result = position_print_unrecognized(&position, workspace == output, error);
	if (result == 0)
		result = position_print_ineffective(&position, warn, error);
	position_close(&position);
	return result;
}
