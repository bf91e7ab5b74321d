#include "forecast/daily_units.h"

#include "base/array.h"
#include "base/instant.h"

#include <stdlib.h>

/* The sums of a metric, from `at` on: NULL when there is none any more. */
static const struct sum *next_sum(const struct daily_consumption *daily, uint32_t metric, size_t *at)
{
	size_t first = metric ? daily->metric_ends[metric - 1] : 0;
	return first + *at < daily->metric_ends[metric] ? &daily->sums.table.sums[daily->by_metric[first + (*at)++]] : NULL;
}

/* The last day that the feed of a sum's accounts has passed; that before the clock's, where there is no watermark. */
static int32_t fed_until(const struct daily_consumption *daily, const struct sum *sum)
{
	uint32_t account = sum->key[2];
	int32_t day = account & FEED_KEY ? daily->feeds[account & ~FEED_KEY] : daily->account_facts[account].fed_until;
	return day == INT32_MAX ? instant_day(daily->now) - 1 : day;
}

static bool is_in(const struct daily_consumption *daily, const struct sum *sum, const struct fed_units *group)
{
	int32_t day = group ? fed_until(daily, sum) : 0;
	return !group || (group->fed_until <= day && day <= group->up_to);
}

/* Makes room for another group: of the two that are nearest to each other one. */
static void join_nearest(struct fed_units groups[], size_t count)
{
	size_t nearest = 1;
	for (size_t i = 2; i < count; i++)
		if (groups[i].fed_until - groups[i - 1].fed_until < groups[nearest].fed_until - groups[nearest - 1].fed_until)
			nearest = i;
	groups[nearest - 1].up_to = groups[nearest].up_to;
	for (size_t i = nearest + 1; i < count; i++)
		groups[i - 1] = groups[i];
}

/* The next day after one up to which a feed of the metric is read; INT32_MAX for none. */
static int32_t next_fed(const struct daily_consumption *daily, uint32_t metric, int32_t after)
{
	int32_t next = INT32_MAX;
	size_t at = 0;
	for (const struct sum *sum; (sum = next_sum(daily, metric, &at));) {
		int32_t day = fed_until(daily, sum);
		if (sum->units && day > after && day < next)
			next = day;
	}
	return next;
}

size_t daily_units_groups(const struct daily_consumption *daily, uint32_t metric, struct fed_units groups[FED_GROUPS])
{
	struct fed_units all[FED_GROUPS + 1];
	size_t count = 0;
	for (int32_t day = INT32_MIN; (day = next_fed(daily, metric, day)) != INT32_MAX;) {
		all[count++] = (struct fed_units){day, day};
		if (count > FED_GROUPS)
			join_nearest(all, count--);
	}
	for (size_t i = 0; i < count; i++)
		groups[i] = all[i];
	return count;
}

int daily_units_of_previous(
	const struct daily_consumption *daily, uint32_t metric, const struct period *period, int64_t *units, bool *has, struct error *error)
{
	const struct period *previous = NULL;
	for (size_t i = 0; i < daily->period_count && !previous; i++)
		previous = daily->periods[i].end == period->start ? &daily->periods[i] : NULL;
	*has = previous;
	*units = 0;
	for (int32_t day = INT32_MIN; previous && (day = next_fed(daily, metric, day)) != INT32_MAX;) {
		const struct fed_units group = {day, day};
		const int32_t passed = day + 1 - instant_day(period->start), first = instant_day(previous->start),
			      days = instant_day(previous->end) - first;
		int64_t *by_day = calloc((size_t)days, sizeof *by_day);
		if (!by_day)
			return error_set(error, EX_OSERR, "out of memory");
		int result = daily_units_add(daily, metric, &group, first, by_day, (size_t)days, error);
		for (int32_t i = 0; i < passed && i < days && result == 0; i++)
			result = sum_add(units, by_day[i], error);
		free(by_day);
		if (result < 0)
			return -1;
	}
	return 0;
}

int32_t daily_units_first(const struct daily_consumption *daily, uint32_t metric, const struct fed_units *group, int32_t otherwise)
{
	int32_t first = otherwise;
	size_t at = 0;
	for (const struct sum *sum; (sum = next_sum(daily, metric, &at));)
		if (sum->units > 0 && (int32_t)sum->key[1] < first && is_in(daily, sum, group))
			first = (int32_t)sum->key[1];
	for (size_t i = 0; i < daily->declared.count && !group; i++)
		if (daily->declared.sums[i].key[0] == metric && (int32_t)daily->declared.sums[i].key[1] < first)
			first = (int32_t)daily->declared.sums[i].key[1];
	return first;
}

/* The rules hold for a day as they do in reconcile for a period. */
static int is_excluded(const struct daily_consumption *daily, const struct sum *sum, struct error *error)
{
	const struct exclusions *exclusions = &daily->licence->exclusions;
	const char *texts[PLAN_ITEM_TEXTS];
	const char *profile = daily->profile ? daily->profile : "";
	int64_t start = (int32_t)sum->key[1] * DAY_MS;
	const struct period day = {.start = start, .end = start + DAY_MS};
	if (!exclusions->count)
		return 0;
	plan_items_texts(&daily->plan_items, sum->key[0], texts);
	int excluded = exclusions_apply(exclusions, EXCLUDE_IDENTIFIER, texts, PLAN_ITEM_TEXTS, profile, &day, error);
	if (excluded == 0 && !(sum->key[2] & FEED_KEY)) {
		*texts = daily->accounts.names[sum->key[2]].text;
		excluded = exclusions_apply(exclusions, EXCLUDE_ACCOUNT, texts, 1, profile, &day, error);
	}
	return excluded;
}

int daily_units_add(const struct daily_consumption *daily, uint32_t metric, const struct fed_units *group, int32_t first, int64_t units[],
	size_t count, struct error *error)
{
	size_t next = 0;
	for (const struct sum *sum; (sum = next_sum(daily, metric, &next));) {
		int64_t at = (int64_t)(int32_t)sum->key[1] - first;
		if (at < 0 || at >= (int64_t)count || !is_in(daily, sum, group))
			continue;
		int excluded = is_excluded(daily, sum, error);
		if (excluded < 0 || (!excluded && sum_add(&units[at], sum->units, error) < 0))
			return -1;
	}
	for (size_t i = 0; i < daily->declared.count && !group; i++) {
		const struct sum *sum = &daily->declared.sums[i];
		int64_t at = (int64_t)(int32_t)sum->key[1] - first;
		if (sum->key[0] == metric && at >= 0 && at < (int64_t)count && sum_add(&units[at], sum->units, error) < 0)
			return -1;
	}
	return 0;
}

/* Of one day: the account with the most units by a plan item, or by several together. */
struct day_sender {
	int32_t day;
	uint32_t plan_item;
	struct most_sent most;
};

struct day_senders {
	struct day_sender *list;
	size_t count;
};

static int compare_by_plan_item(const void *left, const void *right)
{
	const struct day_sender *a = left, *b = right;
	if (a->day != b->day)
		return a->day < b->day ? -1 : 1;
	return (a->plan_item > b->plan_item) - (a->plan_item < b->plan_item);
}

static int compare_by_account(const void *left, const void *right)
{
	const struct day_sender *a = left, *b = right;
	if (a->day != b->day)
		return a->day < b->day ? -1 : 1;
	return (a->most.account > b->most.account) - (a->most.account < b->most.account);
}

static int compare_days(const void *left, const void *right)
{
	int32_t a = *(const int32_t *)left, b = *(const int32_t *)right;
	return (a > b) - (a < b);
}

static int collect_senders(struct day_senders *senders, const struct daily_consumption *daily, uint32_t metric,
	const struct fed_units *group, const int32_t days[], size_t count, struct error *error)
{
	size_t next = 0;
	for (const struct sum *sum; (sum = next_sum(daily, metric, &next));) {
		int32_t day = (int32_t)sum->key[1];
		size_t place = (size_t)(sum - daily->sums.table.sums);
		if (day < days[0] || day > days[count - 1] || place >= daily->sums.most_count ||
			!bsearch(&day, days, count, sizeof *days, compare_days) || !is_in(daily, sum, group))
			continue;
		int excluded = is_excluded(daily, sum, error);
		if (excluded > 0)
			continue;
		struct day_sender *new = excluded < 0 ? NULL : array_grow((void **)&senders->list, &senders->count, sizeof *new, error);
		if (!new)
			return -1;
		*new = (struct day_sender){day, sum->key[0], daily->sums.most[place]};
	}
	return 0;
}

/* Those of a day and plan item are of different accounts: one is left of them, with the most units. */
static void join_accounts(struct day_senders *senders, const struct name_table *accounts)
{
	size_t kept = 0;
	if (senders->count)
		qsort(senders->list, senders->count, sizeof *senders->list, compare_by_plan_item);
	for (size_t i = 0; i < senders->count; i++)
		if (kept && compare_by_plan_item(&senders->list[kept - 1], &senders->list[i]) == 0)
			most_sent_join(&senders->list[kept - 1].most, &senders->list[i].most, accounts);
		else
			senders->list[kept++] = senders->list[i];
	senders->count = kept;
	for (size_t i = 0; i < kept; i++)
		most_sent_settle(&senders->list[i].most);
}

/* Adds the units that an account has by several plan items. */
static void join_plan_items(struct day_senders *senders)
{
	size_t kept = 0;
	if (senders->count)
		qsort(senders->list, senders->count, sizeof *senders->list, compare_by_account);
	for (size_t i = 0; i < senders->count; i++) {
		struct day_sender *last = kept ? &senders->list[kept - 1] : NULL;
		if (!last || compare_by_account(last, &senders->list[i]) != 0) {
			senders->list[kept++] = senders->list[i];
			continue;
		}
		last->most.units += senders->list[i].most.units;
		if (senders->list[i].most.others > last->most.others)
			last->most.others = senders->list[i].most.others;
	}
	senders->count = kept;
}

int daily_units_senders(const struct daily_consumption *daily, uint32_t metric, const struct fed_units *group, const int32_t days[],
	struct most_sent senders[], size_t count, struct error *error)
{
	struct day_senders found = {.count = 0};
	int result = collect_senders(&found, daily, metric, group, days, count, error);
	join_accounts(&found, &daily->accounts);
	join_plan_items(&found);
	for (size_t i = 0, at = 0; i < count; i++) {
		senders[i] = (struct most_sent){.account = RECORD_NO_NAME};
		for (; at < found.count && found.list[at].day == days[i]; at++)
			if (senders[i].account == RECORD_NO_NAME)
				senders[i] = found.list[at].most;
			else
				most_sent_join(&senders[i], &found.list[at].most, &daily->accounts);
		if (!most_sent_is_known(&senders[i]))
			senders[i].account = RECORD_NO_NAME;
	}
	free(found.list);
	return result;
}
