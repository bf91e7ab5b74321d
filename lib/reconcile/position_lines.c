#include "reconcile/position_lines.h"

#include "licence/licence_cells.h"
#include "reconcile/position_trace.h"

#include <stdlib.h>
#include <string.h>

/* Which plan items and accounts some exclusion rule names at all: only these are asked about one by one. */
struct suspects {
	bool *items, *accounts;
};

static int find_suspects(const struct position *position, struct suspects *suspects, struct error *error)
{
	const struct reconcile_input *input = position->input;
	const struct exclusions *exclusions = &position->licence->exclusions;
	suspects->items = calloc(input->plan_items.count + 1, sizeof(bool));
	suspects->accounts = calloc(input->account_count + 1, sizeof(bool));
	if (!suspects->items || !suspects->accounts)
		return error_set(error, EX_OSERR, "out of memory");
	for (size_t i = 0; i < input->plan_items.count && exclusions->count; i++) {
		const char *texts[PLAN_ITEM_TEXTS];
		plan_items_texts(&input->plan_items, i, texts);
		suspects->items[i] = exclusions_name(exclusions, EXCLUDE_IDENTIFIER, texts, PLAN_ITEM_TEXTS);
	}
	for (size_t i = 0; i < input->account_count && exclusions->count; i++) {
		const char *id = input->account_ids.names[i].text;
		suspects->accounts[i] = exclusions_name(exclusions, EXCLUDE_ACCOUNT, &id, 1);
	}
	return 0;
}

static int is_excluded(const struct position *position, const struct suspects *suspects, const struct sum *sum, struct error *error)
{
	const struct reconcile_input *input = position->input;
	const struct input_period *period = &input->periods[sum->key[0]];
	const char *profile = input->profiles.names[period->profile].text, *texts[PLAN_ITEM_TEXTS];
	int excluded = 0;
	if (suspects->items[sum->key[1]]) {
		plan_items_texts(&input->plan_items, sum->key[1], texts);
		excluded = exclusions_apply(
			&position->licence->exclusions, EXCLUDE_IDENTIFIER, texts, PLAN_ITEM_TEXTS, profile, &period->period, error);
	}
	if (excluded == 0 && suspects->accounts[sum->key[2]]) {
		*texts = input->account_ids.names[sum->key[2]].text;
		excluded = exclusions_apply(&position->licence->exclusions, EXCLUDE_ACCOUNT, texts, 1, profile, &period->period, error);
	}
	return excluded;
}

/* Of a sum, what was sent by excluded users; the rest is what counts. */
static int find_excluded(const struct position *position, const struct sum *sum, int64_t *excluded, struct error *error)
{
	const struct sum *left_out = position->input->excluded.count ? sum_table_find(&position->input->excluded, sum->key) : NULL;
	*excluded = left_out ? left_out->units : 0;
	return *excluded <= sum->units
		? 0
		: error_set(error, EX_DATAERR,
			  "cannot leave out %lld units of account '%s' where it has %lld: the excluded consumption is not of this consumption",
			  (long long)*excluded, position->input->account_ids.names[sum->key[2]].text, (long long)sum->units);
}

/* Excluded consumption that is of no consumption was made from other data. */
static int check_excluded(const struct reconcile_input *input, struct error *error)
{
	for (size_t i = 0; i < input->excluded.count; i++)
		if (!sum_table_find(&input->sums, input->excluded.sums[i].key))
			return error_set(error, EX_DATAERR, "cannot leave out units of account '%s': there is no such consumption",
				input->account_ids.names[input->excluded.sums[i].key[2]].text);
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
	const struct reconcile_input *input = position->input;
	for (size_t i = 0; i < input->sums.count; i++) {
		const struct sum *sum = &input->sums.sums[i];
		uint32_t metric = position->metric_of_item[sum->key[1]], period = rank_of_period[sum->key[0]];
		if (metric == PLAN_ITEM_NO_METRIC || input->periods[sum->key[0]].period.index < 0) {
			position_trace_consumption(position, sum, metric, 0);
			continue;
		}
		int64_t left_out;
		int whole = is_excluded(position, suspects, sum, error);
		if (whole < 0 || find_excluded(position, sum, &left_out, error) < 0)
			return -1;
		if (whole)
			left_out = sum->units;
		position_trace_consumption(position, sum, metric, left_out);
		if (sum_add(&position->excluded[metric * input->period_count + period], left_out, error) < 0)
			return -1;
		position->lines[position->line_count++] = (struct position_line){.profile = input->periods[sum->key[0]].profile,
			.metric = metric,
			.period = period,
			.rank = position->membership.rank_of_account[sum->key[2]],
			.units = sum->units - left_out};
	}
	return combine_lines(position, error);
}

int position_add_lines(struct position *position, struct error *error)
{
	const struct reconcile_input *input = position->input;
	struct suspects suspects = {.items = NULL};
	uint32_t *rank_of_period = calloc(input->period_count + 1, sizeof *rank_of_period);
	position->lines = malloc((input->sums.count + 1) * sizeof *position->lines);
	int result = rank_of_period && position->lines ? check_excluded(input, error) : error_set(error, EX_OSERR, "out of memory");
	if (result == 0)
		result = find_suspects(position, &suspects, error);
	for (size_t i = 0; i < input->period_count && result == 0; i++)
		position->period_of_rank[i] = (uint32_t)i;
	if (result == 0)
		qsort_r(position->period_of_rank, input->period_count, sizeof *position->period_of_rank, compare_periods, input->periods);
	for (size_t i = 0; i < input->period_count && result == 0; i++)
		rank_of_period[position->period_of_rank[i]] = (uint32_t)i;
	if (result == 0)
		result = add_lines(position, &suspects, rank_of_period, error);
	free(suspects.items);
	free(suspects.accounts);
	free(rank_of_period);
	return result;
}
