#include "forecast/expected_use.h"

#include "base/instant.h"
#include "forecast/daily_units.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CORRELATION 0.8

/* Of a day, over the groups so far: the sums of what is expected, of the reach down and up, and of their squares. */
struct reach {
	double down, up, down_squares, up_squares;
};

/* A group of accounts, and their days. */
struct group_series {
	int32_t first, next; /* of its history; the first that is forecast */
	int64_t *units;
	struct forecast_day *forecast;
	struct forecast_facts facts;
	struct one_off_send one_offs[ONE_OFF_MOST]; /* those of facts */
};

void expected_use_release(struct expected_use *use)
{
	free(use->days);
	use->days = NULL;
}

/* What is expected of the days from the period's first on, at the end of day `at`, of the forecast; `before` is the number of days before the period. */
static struct forecast_day within_period(const struct forecast_day forecast[], size_t before, size_t at)
{
	struct forecast_day day = forecast[at];
	if (!before)
		return day;
	double rest = day.expected - forecast[before - 1].expected, part = day.expected > 0 ? rest / day.expected : 0;
	return (struct forecast_day){rest, rest - (day.expected - day.low) * part, rest + (day.high - day.expected) * part};
}

static int name_senders(struct group_series *series, const struct daily_consumption *daily, uint32_t metric, const struct fed_units *group,
	struct error *error)
{
	const struct one_offs *found = &series->facts.one_offs;
	int32_t days[ONE_OFF_MOST];
	struct most_sent senders[ONE_OFF_MOST];
	for (size_t i = 0; i < found->count; i++)
		days[i] = series->first + (int32_t)found->list[i].day;
	if (found->count && daily_units_senders(daily, metric, group, days, senders, found->count, error) < 0)
		return -1;
	for (size_t i = 0; i < found->count; i++) {
		bool is_known = senders[i].account != RECORD_NO_NAME;
		series->one_offs[i] = (struct one_off_send){
			days[i], found->list[i].units, is_known ? daily->accounts.names[senders[i].account].text : NULL, senders[i].units};
	}
	return 0;
}

static int forecast_group(struct group_series *series, const struct daily_consumption *daily, uint32_t metric,
	const struct fed_units *group, int32_t first_day, int32_t end_day, struct error *error)
{
	int32_t earliest = end_day - FORECAST_DAYS; /* a feed that stopped before has ended */
	series->next = group->fed_until + 1 > earliest ? group->fed_until + 1 : earliest;
	series->first = daily_units_first(daily, metric, group, first_day);
	size_t known = series->next > series->first ? (size_t)(series->next - series->first) : 0, ahead = (size_t)(end_day - series->next);
	series->units = calloc(known + 1, sizeof *series->units);
	series->forecast = calloc(ahead + 1, sizeof *series->forecast);
	if (!series->units || !series->forecast)
		return error_set(error, EX_OSERR, "out of memory");
	if (daily_units_add(daily, metric, group, series->first, series->units, known, error) < 0)
		return -1;
	const struct forecast_series of = {series->units, known, series->first};
	return forecast_compute(&of, series->forecast, ahead, &series->facts, error) < 0
		? -1
		: name_senders(series, daily, metric, group, error);
}

static void add_days(struct expected_use *use, struct reach reach[], const struct group_series *series, int32_t first_day, int32_t end_day)
{
	size_t before = series->next < first_day ? (size_t)(first_day - series->next) : 0;
	double counted = 0;
	for (int32_t day = first_day; day < series->next; day++)
		counted += day < series->first ? 0 : (double)series->units[day - series->first];
	size_t skipped = (size_t)(end_day - series->next) - use->day_count;
	for (size_t i = 0; i < use->day_count; i++) {
		struct forecast_day day = within_period(series->forecast, before, skipped + i);
		double down = day.expected - day.low, up = day.high - day.expected;
		use->days[i].expected += counted + day.expected;
		reach[i].down += down;
		reach[i].up += up;
		reach[i].down_squares += down * down;
		reach[i].up_squares += up * up;
	}
}

/* Of two groups, on one day. Where one account is not known, it may have more. */
static void join_one_off(struct one_off_send *to, const struct one_off_send *from)
{
	int64_t units = to->units + from->units, more = from->account_units - to->account_units;
	if (!to->account || !from->account)
		to->account = NULL;
	else if (more > 0 || (more == 0 && strcmp(from->account, to->account) < 0))
		*to = *from;
	to->units = units;
}

/* In the order of their days; those of one day are added. The oldest make room. */
static void add_one_off(struct expected_use *use, const struct one_off_send *send)
{
	size_t at = use->one_off_count;
	while (at > 0 && use->one_offs[at - 1].day > send->day)
		at--;
	if (at > 0 && use->one_offs[at - 1].day == send->day) {
		join_one_off(&use->one_offs[at - 1], send);
		return;
	}
	if (use->one_off_count == ONE_OFF_MOST && at == 0)
		return;
	if (use->one_off_count == ONE_OFF_MOST) {
		memmove(use->one_offs, use->one_offs + 1, (--at) * sizeof *use->one_offs);
		use->one_offs[at] = *send;
		return;
	}
	memmove(use->one_offs + at + 1, use->one_offs + at, (use->one_off_count++ - at) * sizeof *use->one_offs);
	use->one_offs[at] = *send;
}

static void add_facts(struct expected_use *use, const struct group_series *series, int32_t first_day, double *largest)
{
	const struct forecast_facts *facts = &series->facts;
	double level = use->facts.level + facts->level, rate = use->facts.one_off_rate + facts->one_off_rate;
	if (facts->method != FORECAST_NONE && (use->facts.method == FORECAST_NONE || facts->level > *largest)) {
		use->facts = *facts;
		use->season_from = series->next;
		*largest = facts->level;
	}
	use->facts.level = level;
	use->facts.one_off_rate = rate;
	for (size_t i = 0; i < facts->one_offs.count; i++) {
		add_one_off(use, &series->one_offs[i]);
		if (series->one_offs[i].day >= first_day)
			use->one_offs_in_period += (double)facts->one_offs.list[i].units;
	}
}

static int add_group(struct expected_use *use, struct reach reach[], const struct daily_consumption *daily, uint32_t metric,
	const struct fed_units *group, int32_t first_day, int32_t end_day, double *largest, struct error *error)
{
	struct group_series series = {.units = NULL};
	int result = forecast_group(&series, daily, metric, group, first_day, end_day, error);
	if (result == 0) {
		add_days(use, reach, &series, first_day, end_day);
		add_facts(use, &series, first_day, largest);
	}
	free(series.units);
	free(series.forecast);
	return result;
}

static void set_bounds(struct expected_use *use, const struct reach reach[])
{
	for (size_t i = 0; i < use->day_count; i++) {
		const struct reach *r = &reach[i];
		double down = sqrt((1 - CORRELATION) * r->down_squares + CORRELATION * r->down * r->down);
		double up = sqrt((1 - CORRELATION) * r->up_squares + CORRELATION * r->up * r->up), expected = use->days[i].expected;
		use->days[i].low = expected > down ? expected - down : 0;
		use->days[i].high = expected + up;
	}
}

int expected_use_compute(struct expected_use *use, const struct daily_consumption *daily, uint32_t metric, int32_t first_day,
	int32_t end_day, struct error *error)
{
	struct fed_units groups[FED_GROUPS];
	int32_t today = instant_day(daily->now);
	double largest = 0;
	int result = 0;
	*use = (struct expected_use){.day_count = (size_t)(end_day - today)};
	if (end_day - daily->known_until - 1 > FORECAST_DAYS)
		return error_set(error, EX_DATAERR, "cannot forecast %d days: a period of up to %d is foreseen",
			end_day - daily->known_until - 1, FORECAST_DAYS);
	size_t count = daily_units_groups(daily, metric, groups);
	if (!count) /* nothing was used, ever */
		groups[count++] = (struct fed_units){daily->known_until, daily->known_until};
	use->known_until = groups[0].fed_until;
	use->days = calloc(use->day_count + 1, sizeof *use->days);
	struct reach *reach = calloc(use->day_count + 1, sizeof *reach);
	if (!use->days || !reach)
		result = error_set(error, EX_OSERR, "out of memory");
	for (size_t i = 0; i < count && result == 0; i++)
		result = add_group(use, reach, daily, metric, &groups[i], first_day, end_day, &largest, error);
	if (result == 0)
		set_bounds(use, reach);
	free(reach);
	return result;
}
