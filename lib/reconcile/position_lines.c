#include "reconcile/position_lines.h"

#include "base/array.h"
#include "base/instant.h"
#include "reconcile/position_declared.h"
#include "reconcile/position_draw.h"
#include "reconcile/position_trace.h"
#include "reconcile/without_position.h"

#include <stdlib.h>

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
	if (a->metric != b->metric)
		return a->metric < b->metric ? -1 : 1;
	if (a->period != b->period)
		return a->period < b->period ? -1 : 1;
	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	if (a->epoch != b->epoch)
		return a->epoch < b->epoch ? -1 : 1;
	return (a->first_day > b->first_day) - (a->first_day < b->first_day);
}

/* Lines of the same account and day, from several plan items, become one. */
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

#define MIXED (PLAN_ITEM_NO_METRIC - 1)

/* The metric of all plan items that an asset group has, by asset group; MIXED where they are of several, or of none. The caller frees it. */
static uint32_t *map_asset_groups(const struct position *position, struct error *error)
{
	const struct reconcile_input *input = position->input;
	uint32_t *metrics = malloc((input->asset_group_ids.count + 1) * sizeof *metrics);
	if (!metrics)
		error_set(error, EX_OSERR, "out of memory");
	for (size_t i = 0; i < input->asset_group_ids.count && metrics; i++)
		metrics[i] = PLAN_ITEM_NO_METRIC;
	for (size_t i = 0; i < input->eligibility_count && metrics; i++) {
		uint32_t metric = position->metric_of_item[input->eligibilities[i].plan_item],
			 *of_group = &metrics[input->eligibilities[i].asset_group];
		*of_group = metric == PLAN_ITEM_NO_METRIC || (*of_group != PLAN_ITEM_NO_METRIC && *of_group != metric) ? MIXED : metric;
	}
	return metrics;
}

/* Are the days of a sum known, and of what is left out of it? */
static bool are_days_known(const struct reconcile_input *input, size_t number)
{
	const struct sum *left_out = input->excluded.count ? sum_table_find(&input->excluded, input->sums.sums[number].key) : NULL;
	const struct radix_pair *days;
	return input_days_of(&input->days, &input->sums, number, &days) &&
		(!left_out || !left_out->units ||
			input_days_of(&input->excluded_days, &input->excluded, (size_t)(left_out - input->excluded.sums), &days));
}

/* The metric of each sum, PLAN_ITEM_NO_METRIC also before the contract; and which metric is drawn by the period. */
static int map_sums(struct position *position, struct error *error)
{
	const struct reconcile_input *input = position->input;
	position->metric_of_sum = calloc(input->sums.count + 1, sizeof *position->metric_of_sum);
	position->is_by_period = calloc(position->licence->models.metric_count + 1, sizeof *position->is_by_period);
	position->was_used = calloc(position->licence->models.metric_count + 1, sizeof *position->was_used);
	uint32_t *metric_of_group = map_asset_groups(position, error);
	if (!metric_of_group)
		return -1;
	if (!position->metric_of_sum || !position->is_by_period || !position->was_used) {
		free(metric_of_group);
		return error_set(error, EX_OSERR, "out of memory");
	}
	for (size_t i = 0; i < position->licence->models.metric_count; i++)
		position->is_by_period[i] = position->settles_by_period;
	for (size_t i = 0; i < input->sums.count; i++) {
		const struct sum *sum = &input->sums.sums[i];
		uint32_t metric = position->metric_of_item[sum->key[1]], asset_group = input->accounts[sum->key[2]].asset_group;
		/* Consumption without a plan item is of the one metric that all plan items of its account's asset group belong to. */
		if (!*input->plan_items.ids.names[sum->key[1]].text && asset_group != INPUT_NONE && metric_of_group[asset_group] != MIXED)
			metric = metric_of_group[asset_group];
		position->metric_of_sum[i] = metric;
		if (metric == PLAN_ITEM_NO_METRIC || !sum->units)
			continue;
		position->was_used[metric] = true;
		if (input->periods[sum->key[0]].period.index >= 0 && !position->is_by_period[metric])
			position->is_by_period[metric] = !are_days_known(input, i);
	}
	free(metric_of_group);
	return 0;
}

/* Where the units of a sum go. */
struct summand {
	size_t number; /* of the sum */
	const struct sum *sum;
	const struct suspects *suspects; /* NULL: no rule is asked */
	uint32_t metric, period; /* period: its rank */
	enum without_reason reason;
	int64_t of_users; /* units of excluded users */
};

/* Do rules about its plan item or its account leave the sum out in this part of its period? 1 or 0, -1 with an error. */
static int is_excluded(const struct position *position, const struct summand *summand, const struct period *at, struct error *error)
{
	const struct reconcile_input *input = position->input;
	const struct exclusions *exclusions = &position->licence->exclusions;
	const struct suspects *suspects = summand->suspects;
	const struct sum *sum = summand->sum;
	const char *profile = input->profiles.names[input->periods[sum->key[0]].profile].text, *texts[PLAN_ITEM_TEXTS];
	int excluded = 0;
	if (!suspects)
		return 0;
	if (suspects->accounts[sum->key[2]]) {
		*texts = input->account_ids.names[sum->key[2]].text;
		excluded = exclusions_apply(exclusions, EXCLUDE_ACCOUNT, texts, 1, profile, at, error);
	}
	if (excluded != 0 || !suspects->items[sum->key[1]])
		return excluded;
	plan_items_texts(&input->plan_items, sum->key[1], texts);
	return exclusions_apply(exclusions, EXCLUDE_IDENTIFIER, texts, PLAN_ITEM_TEXTS, profile, at, error);
}

static int add_line(
	struct position *position, const struct summand *summand, const struct period *interval, int64_t units, struct error *error)
{
	int32_t first_day = instant_day(interval->start);
	if (summand->reason != WITHOUT_NOTHING)
		return without_position_add(position, summand->reason, summand->sum, summand->period, first_day, units, error);
	struct position_line *line = units ? array_grow((void **)&position->lines, &position->line_count, sizeof *line, error) : NULL;
	uint32_t rank = position->membership.rank_of_account[summand->sum->key[2]];
	if (!units)
		return 0;
	if (!line)
		return -1;
	*line = (struct position_line){.metric = summand->metric,
		.period = summand->period,
		.rank = rank,
		.epoch = membership_epoch(&position->membership, rank, interval),
		.first_day = first_day,
		.end_day = period_end_day(interval),
		.units = units};
	return 0;
}

/* Counts what is left out on a day, or in the period that begins on it, in the profile's period and in the workspace's. */
static int count_excluded(struct position *position, const struct summand *summand, int32_t day, int64_t units, struct error *error)
{
	const uint32_t item[SUM_PARTS] = {summand->sum->key[1], position->input->periods[summand->sum->key[0]].profile};
	size_t periods = position->input->period_count, shared = position_workspace_period(position, day);
	if (!units)
		return 0;
	if (without_position_add(position, WITHOUT_EXCLUDED, summand->sum, summand->period, day, units, error) < 0)
		return -1;
	if (summand->metric == PLAN_ITEM_NO_METRIC)
		return sum_table_add(&position->excluded_items, item, units, error);
	int64_t *excluded = &position->excluded[summand->metric * periods];
	return sum_add(&excluded[summand->period], units, error) < 0 || (shared < periods && sum_add(&excluded[shared], units, error) < 0)
		? -1
		: 0;
}

struct period position_interval(const struct position *position, uint32_t metric, size_t rank, const struct period *day)
{
	size_t shared;
	if (metric == PLAN_ITEM_NO_METRIC || !position->is_by_period[metric])
		return *day;
	if (position->settles_by_period &&
		(shared = position_workspace_period(position, instant_day(day->start))) < position->input->period_count)
		return position_period(position, shared)->period;
	return position_period(position, rank)->period;
}

/* A line for each day of the sum, or for each period that these are drawn with; *left_out: of all of them. */
static int add_day_lines(struct position *position, const struct summand *summand, int64_t *left_out, struct error *error)
{
	const struct reconcile_input *input = position->input;
	const struct sum *users = NULL;
	const struct radix_pair *days, *excluded = NULL;
	struct period interval = {.end = INT64_MIN};
	size_t count = input_days_of(&input->days, &input->sums, summand->number, &days), excluded_count = 0, at = 0;
	if (summand->suspects && input->excluded.count && (users = sum_table_find(&input->excluded, summand->sum->key)))
		excluded_count = input_days_of(&input->excluded_days, &input->excluded, (size_t)(users - input->excluded.sums), &excluded);
	for (size_t i = 0; i < count; i++) {
		int32_t day = input_day_of_key(days[i].key);
		const struct period as_period = {.start = day * DAY_MS, .end = (day + 1) * DAY_MS};
		int64_t units = (int64_t)days[i].value, of_users = 0;
		if (as_period.start >= interval.end)
			interval = position_interval(position, summand->reason == WITHOUT_NOTHING ? summand->metric : PLAN_ITEM_NO_METRIC,
				summand->period, &as_period);
		while (i + 1 < count && days[i + 1].key == days[i].key)
			units += (int64_t)days[++i].value;
		while (at < excluded_count && input_day_of_key(excluded[at].key) < day)
			at++;
		for (; at < excluded_count && input_day_of_key(excluded[at].key) == day; at++)
			of_users += (int64_t)excluded[at].value;
		int is_whole = is_excluded(position, summand, &as_period, error);
		if (is_whole < 0)
			return -1;
		of_users = is_whole ? units : of_users < units ? of_users : units;
		*left_out += of_users;
		if (count_excluded(position, summand, day, of_users, error) < 0 ||
			add_line(position, summand, &interval, units - of_users, error) < 0)
			return -1;
	}
	return 0;
}

static int add_period_line(struct position *position, const struct summand *summand, int64_t *left_out, struct error *error)
{
	const struct period *at = &position->input->periods[summand->sum->key[0]].period;
	int is_whole = is_excluded(position, summand, at, error);
	if (is_whole < 0)
		return -1;
	*left_out = is_whole ? summand->sum->units : summand->of_users;
	if (count_excluded(position, summand, instant_day(at->start), *left_out, error) < 0)
		return -1;
	return add_line(position, summand, at, summand->sum->units - *left_out, error);
}

static int add_lines(struct position *position, const struct suspects *suspects, const uint32_t rank_of_period[], struct error *error)
{
	const struct reconcile_input *input = position->input;
	for (size_t i = 0; i < input->sums.count; i++) {
		const struct sum *sum = &input->sums.sums[i];
		struct summand summand = {.number = i,
			.sum = sum,
			.suspects = input->periods[sum->key[0]].period.index < 0 ? NULL : suspects,
			.metric = position->metric_of_sum[i],
			.period = rank_of_period[sum->key[0]]};
		summand.reason = without_position_reason(position, sum, summand.metric);
		bool is_by_day = (summand.reason == WITHOUT_NOTHING && !position->is_by_period[summand.metric]) || are_days_known(input, i);
		int64_t left_out = 0;
		if ((summand.suspects && find_excluded(position, sum, &summand.of_users, error) < 0) ||
			(is_by_day ? add_day_lines : add_period_line)(position, &summand, &left_out, error) < 0)
			return -1;
		position_trace_consumption(position, sum, summand.metric, left_out);
	}
	return position_declared_add_lines(position, error) < 0 ? -1 : combine_lines(position, error);
}

int position_add_lines(struct position *position, struct error *error)
{
	const struct reconcile_input *input = position->input;
	struct suspects suspects = {.items = NULL};
	uint32_t *rank_of_period = calloc(input->period_count + 1, sizeof *rank_of_period);
	int result = rank_of_period ? check_excluded(input, error) : error_set(error, EX_OSERR, "out of memory");
	if (result == 0)
		result = find_suspects(position, &suspects, error) < 0 || map_sums(position, error) < 0 ? -1 : 0;
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
