#include "reconcile/position_billing.h"

#include "base/instant.h"
#include "reconcile/position_print.h"
#include "json/json_write.h"

#include <stdlib.h>

/* An account's consumption in a period, whatever its plan items. */
struct place {
	uint32_t account, period; /* numbers of the input */
	uint32_t metric; /* PLAN_ITEM_NO_METRIC: of several, or of none */
};

/* A billing period with what it belongs to. */
struct position_billing {
	const struct input_billing *billing;
	uint32_t rank; /* of the account */
	uint32_t metric; /* PLAN_ITEM_NO_METRIC for none */
	uint32_t period; /* number of the input; INPUT_NONE for none */
	bool is_superseded; /* one that overlaps it was observed later, as when a plan was changed */
};

static int compare_places(const void *left, const void *right, void *context)
{
	const struct place *a = left, *b = right;
	const struct input_period *periods = context;
	if (a->account != b->account)
		return a->account < b->account ? -1 : 1;
	int64_t start = periods[a->period].period.start, other = periods[b->period].period.start;
	if (start != other)
		return start < other ? -1 : 1;
	return (a->period > b->period) - (a->period < b->period);
}

/* The places of accounts that have a billing period, in order, each once. What is excluded is in none. */
static struct place *find_places(const struct position *position, size_t *count, struct error *error)
{
	const struct reconcile_input *input = position->input;
	bool *is_billed = calloc(input->account_count + 1, sizeof *is_billed);
	struct place *places = malloc((position->line_count + input->sums.count + 1) * sizeof *places);
	*count = 0;
	if (!is_billed || !places) {
		error_set(error, EX_OSERR, "out of memory");
		free(places);
		free(is_billed);
		return NULL;
	}
	for (size_t i = 0; i < input->billing_count; i++)
		is_billed[input->billings[i].account] = true;
	size_t found = 0;
	for (size_t i = 0; i < position->line_count; i++) {
		const struct position_line *line = &position->lines[i];
		uint32_t account = position->membership.account_of_rank[line->rank];
		if (line->units && is_billed[account])
			places[found++] = (struct place){account, position->period_of_rank[line->period], line->metric};
	}
	for (size_t i = 0; i < input->sums.count; i++) {
		const struct sum *sum = &input->sums.sums[i];
		if (sum->units && is_billed[sum->key[2]] && position->metric_of_sum[i] == PLAN_ITEM_NO_METRIC)
			places[found++] = (struct place){sum->key[2], sum->key[0], PLAN_ITEM_NO_METRIC};
	}
	free(is_billed);
	qsort_r(places, found, sizeof *places, compare_places, input->periods);
	for (size_t i = 0; i < found; i++) {
		struct place *last = *count ? &places[*count - 1] : NULL;
		if (!last || last->account != places[i].account || last->period != places[i].period)
			places[(*count)++] = places[i];
		else if (last->metric != places[i].metric)
			last->metric = PLAN_ITEM_NO_METRIC;
	}
	return places;
}

static bool holds(const struct input_period *period, int64_t instant)
{
	return period->period.index >= 0 && period->period.start <= instant && instant < period->period.end;
}

/* Where the account's consumption tells it; an account of two profiles has no one place. */
static void assign_by_consumption(
	struct position_billing *assigned, const struct position *position, const struct place places[], size_t count, int64_t middle)
{
	const struct input_period *periods = position->input->periods;
	size_t low = 0, high = count, found = 0;
	while (low < high) {
		size_t between = low + (high - low) / 2;
		if (places[between].account < assigned->billing->account)
			low = between + 1;
		else
			high = between;
	}
	for (; low < count && places[low].account == assigned->billing->account; low++) {
		if (!holds(&periods[places[low].period], middle))
			continue;
		found++;
		assigned->period = places[low].period;
		assigned->metric = places[low].metric;
	}
	if (found > 1) {
		assigned->period = INPUT_NONE;
		assigned->metric = PLAN_ITEM_NO_METRIC;
	}
}

/* An account that consumed nothing in the period: its profile has that period all the same. */
static void assign_by_profile(struct position_billing *assigned, const struct position *position, int64_t middle)
{
	const struct reconcile_input *input = position->input;
	const struct input_account *account = &input->accounts[assigned->billing->account];
	uint32_t profile = account->profile == INPUT_NONE && input->profiles.count == 1 ? 0 : account->profile;
	for (size_t i = 0; i < input->period_count && profile != INPUT_NONE && !account->is_shared; i++)
		if (input->periods[i].profile == profile && holds(&input->periods[i], middle))
			assigned->period = (uint32_t)i;
}

/* By account and start; what was observed last first. */
static int compare_billings(const void *left, const void *right)
{
	const struct position_billing *a = left, *b = right;
	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	if (a->billing->start != b->billing->start)
		return a->billing->start < b->billing->start ? -1 : 1;
	return (a->billing->observed_at < b->billing->observed_at) - (a->billing->observed_at > b->billing->observed_at);
}

/* Of what was reported twice, as when parts were joined, the last counts. */
static void drop_repeated(struct position *position)
{
	size_t kept = 0;
	for (size_t i = 0; i < position->billing_count; i++) {
		const struct position_billing *one = &position->billings[i], *last = kept ? &position->billings[kept - 1] : NULL;
		if (!last || last->rank != one->rank || last->billing->start != one->billing->start)
			position->billings[kept++] = *one;
	}
	position->billing_count = kept;
}

static void mark_superseded(struct position *position)
{
	struct position_billing *last = NULL;
	for (size_t i = 0; i < position->billing_count; i++) {
		struct position_billing *one = &position->billings[i];
		bool overlaps = last && last->rank == one->rank && one->billing->start < last->billing->end;
		if (overlaps && one->billing->observed_at < last->billing->observed_at) {
			one->is_superseded = true;
			continue;
		}
		if (overlaps)
			last->is_superseded = true;
		last = one;
	}
}

static bool is_comparable(const struct input_billing *billing)
{
	return billing->billed != INPUT_UNKNOWN && billing->counted != INPUT_UNKNOWN;
}

static int add_up(struct position *position, const uint32_t rank_of_period[], struct error *error)
{
	for (size_t i = 0; i < position->billing_count; i++) {
		const struct position_billing *one = &position->billings[i];
		if (one->metric == PLAN_ITEM_NO_METRIC || one->period == INPUT_NONE || one->is_superseded || !is_comparable(one->billing))
			continue;
		struct position_billed *sum = &position->billed[one->metric * position->input->period_count + rank_of_period[one->period]];
		sum->periods++;
		if (sum_add(&sum->billed, one->billing->billed, error) < 0 || sum_add(&sum->counted, one->billing->counted, error) < 0)
			return -1;
	}
	return 0;
}

static int assign(struct position *position, struct error *error)
{
	const struct reconcile_input *input = position->input;
	size_t count;
	struct place *places = find_places(position, &count, error);
	if (!places)
		return -1;
	for (size_t i = 0; i < input->billing_count; i++) {
		const struct input_billing *billing = &input->billings[i];
		struct position_billing *assigned = &position->billings[i];
		int64_t middle = billing->start + (billing->end - billing->start) / 2;
		*assigned = (struct position_billing){.billing = billing,
			.rank = position->membership.rank_of_account[billing->account],
			.metric = PLAN_ITEM_NO_METRIC,
			.period = INPUT_NONE};
		assign_by_consumption(assigned, position, places, count, middle);
		if (assigned->period == INPUT_NONE)
			assign_by_profile(assigned, position, middle);
	}
	free(places);
	position->billing_count = input->billing_count;
	qsort(position->billings, position->billing_count, sizeof *position->billings, compare_billings);
	drop_repeated(position);
	mark_superseded(position);
	return 0;
}

int position_billing_open(struct position *position, struct error *error)
{
	const struct reconcile_input *input = position->input;
	if (!input->billing_count)
		return 0;
	uint32_t *rank_of_period = calloc(input->period_count + 1, sizeof *rank_of_period);
	position->billings = calloc(input->billing_count, sizeof *position->billings);
	position->billed = calloc(position->licence->models.metric_count * input->period_count + 1, sizeof *position->billed);
	int result = rank_of_period && position->billings && position->billed ? 0 : error_set(error, EX_OSERR, "out of memory");
	for (size_t i = 0; i < input->period_count && result == 0; i++)
		rank_of_period[position->period_of_rank[i]] = (uint32_t)i;
	if (result == 0)
		result = assign(position, error);
	if (result == 0)
		result = add_up(position, rank_of_period, error);
	free(rank_of_period);
	return result;
}

void position_billing_release(struct position *position)
{
	free(position->billings);
	free(position->billed);
}

void position_billing_figures(const struct position *position, size_t metric, size_t rank, struct figures *figures)
{
	if (!position->billed)
		return;
	const struct position_billed *sum = &position->billed[metric * position->input->period_count + rank];
	figures->billing_periods = sum->periods;
	figures->billed = sum->billed;
	figures->billed_counted = sum->counted;
}

/* What the two counts say together. */
static const char *check_of(const struct position_billing *one)
{
	const struct input_billing *billing = one->billing;
	if (one->is_superseded)
		return "superseded";
	if (billing->billed == INPUT_UNKNOWN)
		return "not_reported";
	if (billing->counted == INPUT_UNKNOWN)
		return "not_yet_fed";
	if (billing->billed == billing->counted)
		return "agrees";
	/* What is still to come can only make ours greater. */
	return billing->is_behind && billing->counted < billing->billed ? "feed_is_behind" : "differs";
}

static void print_check(struct position *position, const struct position_billing *one)
{
	const struct input_billing *billing = one->billing;
	const struct input_period *period = one->period == INPUT_NONE ? NULL : &position->input->periods[one->period];
	const struct metric *metric = one->metric == PLAN_ITEM_NO_METRIC ? NULL : &position->licence->models.metrics[one->metric];
	const char *profile = period ? position->input->profiles.names[period->profile].text : "";
	struct buffer *line = position_begin_record(position, &stream_billing_check);
	json_member_text(line, "profile", *profile ? profile : NULL);
	json_member_text(line, "software_model", metric ? metric->software_model : NULL);
	json_member_text(line, "license_metric", metric ? metric->license_metric : NULL);
	position_put_known(line, "period_index", period != NULL, period ? period->period.index : 0);
	json_member_instant(line, "period_start", period ? period->period.start : INSTANT_NONE);
	json_member_instant(line, "period_end", period ? period->period.end : INSTANT_NONE);
	json_member_text(line, "account_id", membership_account_id(&position->membership, one->rank));
	json_member_text(line, "account_name", membership_account(&position->membership, one->rank)->name);
	json_member_instant(line, "billing_start", billing->start);
	json_member_instant(line, "billing_end", billing->end);
	json_member_instant(line, "observed_at", billing->observed_at);
	json_member_instant(line, "counted_until", billing->counted_until);
	if (billing->allowed == INPUT_UNKNOWN)
		position_put_known(line, "units_allowed", false, 0);
	else
		json_member_rights(line, "units_allowed", billing->allowed == INPUT_UNLIMITED, billing->allowed);
	position_put_known(line, "units_billed", billing->billed != INPUT_UNKNOWN, billing->billed);
	position_put_known(line, "units_counted", billing->counted != INPUT_UNKNOWN, billing->counted);
	position_put_known(line, "difference", is_comparable(billing), billing->counted - billing->billed);
	position_put_known(line, "bulk_units", billing->bulk != INPUT_UNKNOWN, billing->bulk);
	position_put_known(line, "powerform_units", billing->powerforms != INPUT_UNKNOWN, billing->powerforms);
	json_member_text(line, "check", check_of(one));
	position_end_record(position);
}

void position_billing_print(struct position *position)
{
	for (size_t i = 0; i < position->billing_count && !output_failed(position->output); i++)
		print_check(position, &position->billings[i]);
}
