#include "reconcile/position.h"

#include "base/glob.h"

#include "licence/licence_cells.h"
#include "reconcile/position_trace.h"

#include <stdlib.h>
#include <string.h>

void position_item_texts(const struct reconcile_input *usage, size_t item, const char *texts[POSITION_ITEM_TEXTS])
{
	texts[IDENTIFIER_PLAN_ITEM_ID] = usage->plan_item_ids.names[item].text;
	texts[IDENTIFIER_PLAN_ITEM_NAME] = usage->plan_items[item].plan_item_name;
	texts[IDENTIFIER_SUBSCRIPTION_NAME] = usage->plan_items[item].subscription_name;
}

/* The metric that a plan item maps to; none is no error. */
static int map_item(const struct position *position, size_t item, uint32_t *metric, struct error *error)
{
	const struct models *models = &position->licence->models;
	const struct model_identifier *found = NULL;
	const char *texts[POSITION_ITEM_TEXTS];
	position_item_texts(position->usage, item, texts);
	*metric = POSITION_NO_METRIC;
	for (size_t i = 0; i < models->count && *texts[IDENTIFIER_PLAN_ITEM_ID]; i++) {
		const struct model_identifier *identifier = &models->identifiers[i];
		if (!glob_matches(identifier->identifier, texts[identifier->type]))
			continue;
		if (found && found->metric != identifier->metric)
			return error_set(error, EX_DATAERR,
				"cannot map plan item '%s': it is software model '%s' with license metric '%s' by line %zu of the models and "
				"'%s' with '%s' by line %zu",
				texts[IDENTIFIER_PLAN_ITEM_ID], models->metrics[found->metric].software_model,
				models->metrics[found->metric].license_metric, found->row,
				models->metrics[identifier->metric].software_model, models->metrics[identifier->metric].license_metric,
				identifier->row);
		if (!found)
			found = identifier;
	}
	if (found)
		*metric = found->metric;
	return 0;
}

int position_map_items(struct position *position, struct error *error)
{
	for (size_t item = 0; item < position->usage->plan_item_count; item++)
		if (map_item(position, item, &position->metric_of_item[item], error) < 0)
			return -1;
	return 0;
}

/* Which plan items and accounts some exclusion rule names at all: only these are asked about one by one. */
struct suspects {
	bool *items, *accounts;
};

static int find_suspects(const struct position *position, struct suspects *suspects, struct error *error)
{
	const struct reconcile_input *usage = position->usage;
	const struct exclusions *exclusions = &position->licence->exclusions;
	suspects->items = calloc(usage->plan_item_count + 1, sizeof(bool));
	suspects->accounts = calloc(usage->account_count + 1, sizeof(bool));
	if (!suspects->items || !suspects->accounts)
		return error_set(error, EX_OSERR, "out of memory");
	for (size_t i = 0; i < usage->plan_item_count && exclusions->count; i++) {
		const char *texts[POSITION_ITEM_TEXTS];
		position_item_texts(usage, i, texts);
		suspects->items[i] = exclusions_name(exclusions, EXCLUDE_IDENTIFIER, texts, POSITION_ITEM_TEXTS);
	}
	for (size_t i = 0; i < usage->account_count && exclusions->count; i++) {
		const char *id = usage->account_ids.names[i].text;
		suspects->accounts[i] = exclusions_name(exclusions, EXCLUDE_ACCOUNT, &id, 1);
	}
	return 0;
}

static int is_excluded(const struct position *position, const struct suspects *suspects, const struct sum *sum, struct error *error)
{
	const struct reconcile_input *usage = position->usage;
	const struct input_period *period = &usage->periods[sum->key[0]];
	const char *profile = usage->profiles.names[period->profile].text, *texts[POSITION_ITEM_TEXTS];
	int excluded = 0;
	if (suspects->items[sum->key[1]]) {
		position_item_texts(usage, sum->key[1], texts);
		excluded = exclusions_apply(
			&position->licence->exclusions, EXCLUDE_IDENTIFIER, texts, POSITION_ITEM_TEXTS, profile, &period->period, error);
	}
	if (excluded == 0 && suspects->accounts[sum->key[2]]) {
		*texts = usage->account_ids.names[sum->key[2]].text;
		excluded = exclusions_apply(&position->licence->exclusions, EXCLUDE_ACCOUNT, texts, 1, profile, &period->period, error);
	}
	return excluded;
}

/* Of a sum, what was sent by excluded users; the rest is what counts. */
static int take_excluded(const struct position *position, const struct sum *sum, int64_t *excluded, struct error *error)
{
	const struct sum *left_out = position->usage->excluded.count ? sum_table_find(&position->usage->excluded, sum->key) : NULL;
	*excluded = left_out ? left_out->units : 0;
	return *excluded <= sum->units
		? 0
		: error_set(error, EX_DATAERR,
			  "cannot leave out %lld units of account '%s' where it has %lld: the excluded consumption is not of this consumption",
			  (long long)*excluded, position->usage->account_ids.names[sum->key[2]].text, (long long)sum->units);
}

/* Excluded consumption that is of no consumption was made from other data. */
static int check_excluded(const struct reconcile_input *usage, struct error *error)
{
	for (size_t i = 0; i < usage->excluded.count; i++)
		if (!sum_table_find(&usage->sums, usage->excluded.sums[i].key))
			return error_set(error, EX_DATAERR, "cannot leave out units of account '%s': there is no such consumption",
				usage->account_ids.names[usage->excluded.sums[i].key[2]].text);
	return 0;
}

static int compare_periods(const void *left, const void *right, void *context)
{
	const struct input_period *periods = context, *a = &periods[*(const uint32_t *)left], *b = &periods[*(const uint32_t *)right];
	if (a->profile != b->profile)
		return a->profile < b->profile ? -1 : 1;
	if (a->period.start != b->period.start)
		return a->period.start < b->period.start ? -1 : 1;
	return (a->period.end > b->period.end) - (a->period.end < b->period.end);
}

static int compare_lines(const void *left, const void *right)
{
	const struct position_line *a = left, *b = right;
	if (a->profile != b->profile)
		return a->profile < b->profile ? -1 : 1;
	if (a->metric != b->metric)
		return a->metric < b->metric ? -1 : 1;
	if (a->period != b->period)
		return a->period < b->period ? -1 : 1;
	return (a->rank > b->rank) - (a->rank < b->rank);
}

/* Lines of the same account, from several plan items, become one. */
static int combine_lines(struct position *position, struct error *error)
{
	size_t kept = 0;
	if (position->line_count)
		qsort(position->lines, position->line_count, sizeof *position->lines, compare_lines);
	for (size_t i = 0; i < position->line_count; i++) {
		if (kept && compare_lines(&position->lines[kept - 1], &position->lines[i]) == 0) {
			if (sum_add(&position->lines[kept - 1].units, position->lines[i].units, error) < 0)
				return -1;
		} else {
			position->lines[kept++] = position->lines[i];
		}
	}
	position->line_count = kept;
	return 0;
}

static int add_lines(struct position *position, const struct suspects *suspects, const uint32_t rank_of_period[], struct error *error)
{
	const struct reconcile_input *usage = position->usage;
	for (size_t i = 0; i < usage->sums.count; i++) {
		const struct sum *sum = &usage->sums.sums[i];
		uint32_t metric = position->metric_of_item[sum->key[1]], period = rank_of_period[sum->key[0]];
		if (metric == POSITION_NO_METRIC || usage->periods[sum->key[0]].period.index < 0) {
			position_trace_consumption(position, sum, metric, 0);
			continue;
		}
		int64_t left_out;
		int whole = is_excluded(position, suspects, sum, error);
		if (whole < 0 || take_excluded(position, sum, &left_out, error) < 0)
			return -1;
		if (whole)
			left_out = sum->units;
		position_trace_consumption(position, sum, metric, left_out);
		if (sum_add(&position->excluded[metric * usage->period_count + period], left_out, error) < 0)
			return -1;
		position->lines[position->line_count++] = (struct position_line){.profile = usage->periods[sum->key[0]].profile,
			.metric = metric,
			.period = period,
			.rank = position->membership.rank_of_account[sum->key[2]],
			.units = sum->units - left_out};
	}
	return combine_lines(position, error);
}

int position_add_lines(struct position *position, struct error *error)
{
	const struct reconcile_input *usage = position->usage;
	struct suspects suspects = {.items = NULL};
	uint32_t *rank_of_period = calloc(usage->period_count + 1, sizeof *rank_of_period);
	position->lines = malloc((usage->sums.count + 1) * sizeof *position->lines);
	int result = rank_of_period && position->lines ? check_excluded(usage, error) : error_set(error, EX_OSERR, "out of memory");
	if (result == 0)
		result = find_suspects(position, &suspects, error);
	for (size_t i = 0; i < usage->period_count && result == 0; i++)
		position->period_of_rank[i] = (uint32_t)i;
	if (result == 0)
		qsort_r(position->period_of_rank, usage->period_count, sizeof *position->period_of_rank, compare_periods, usage->periods);
	for (size_t i = 0; i < usage->period_count && result == 0; i++)
		rank_of_period[position->period_of_rank[i]] = (uint32_t)i;
	if (result == 0)
		result = add_lines(position, &suspects, rank_of_period, error);
	free(suspects.items);
	free(suspects.accounts);
	free(rank_of_period);
	return result;
}
