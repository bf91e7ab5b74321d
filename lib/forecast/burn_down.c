#include "forecast/burn_down.h"

#include "base/instant.h"
#include "forecast/daily_units.h"
#include "forecast/forecast_explanation.h"
#include "reconcile/figures.h"
#include "reconcile/position_print.h"
#include "json/json_write.h"

#include <stdlib.h>

#define CURVE_POINTS 100 /* about as many as a picture needs */

void burn_down_release(struct burn_down *burn_down)
{
	free(burn_down->units);
	burn_down->units = NULL;
	expected_use_release(&burn_down->use);
	past_forecasts_release(&burn_down->past);
}

static double at_least(double value, double least)
{
	return value > least ? value : least;
}

static int64_t sum_of_days(const struct day_series *series, int32_t from, int32_t end)
{
	int64_t total = 0;
	for (int32_t day = from; day < end; day++)
		total += series->units[day - series->first];
	return total;
}

static int open_series(
	struct day_series *series, const struct daily_consumption *daily, const struct burn_down *burn_down, struct error *error)
{
	uint32_t metric = burn_down->position->metric;
	series->end = burn_down->end_day;
	series->first = daily_units_first(daily, metric, NULL, burn_down->first_day);
	series->units = calloc((size_t)(series->end - series->first), sizeof *series->units);
	if (!series->units)
		return error_set(error, EX_OSERR, "out of memory");
	return daily_units_add(daily, metric, NULL, series->first, series->units, (size_t)(series->end - series->first), error);
}

static int expect(struct burn_down *burn_down, const struct daily_consumption *daily, struct error *error)
{
	double used = (double)burn_down->position->used, declared = (double)burn_down->position->declared;
	struct expected_use *use = &burn_down->use;
	if (expected_use_compute(use, daily, burn_down->position->metric, burn_down->first_day, burn_down->end_day, error) < 0)
		return -1;
	for (size_t i = 0; i < use->day_count; i++) {
		struct forecast_day *day = &use->days[i];
		*day = (struct forecast_day){at_least(day->expected + declared, used), at_least(day->low + declared, used),
			at_least(day->high + declared, used)};
	}
	return 0;
}

static int count(struct burn_down *burn_down, const struct day_series *series, struct error *error)
{
	int64_t total = 0;
	burn_down->unit_days = (size_t)(burn_down->today - burn_down->first_day);
	burn_down->units = calloc(burn_down->unit_days + 1, sizeof *burn_down->units);
	if (!burn_down->units)
		return error_set(error, EX_OSERR, "out of memory");
	for (size_t i = 0; i < burn_down->unit_days; i++)
		burn_down->units[i] = total += series->units[burn_down->first_day + (int32_t)i - series->first];
	burn_down->partials = sum_of_days(series, burn_down->first_day, burn_down->end_day);
	return 0;
}

static int64_t units_of(const struct forecast_day *day, int which)
{
	return forecast_round(which == 0 ? day->expected : which == 1 ? day->low : day->high);
}

/* Draws counted days, and what is expected of later ones: by the expected, low or high curve. */
static int draw(struct burn_down *burn_down, const struct daily_consumption *daily, const struct day_series *series, int which,
	struct expected_position *expected, struct error *error)
{
	if (burn_down->position->is_shared) {
		*expected = (struct expected_position){
			.unlicensed = burn_down->position->unlicensed, .first_breach = burn_down->position->first_unlicensed};
		return 0;
	}
	struct day_series all = {series->first, series->end, calloc((size_t)(series->end - series->first), sizeof *all.units)};
	int64_t before = burn_down->unit_days ? burn_down->units[burn_down->unit_days - 1] : 0;
	if (!all.units)
		return error_set(error, EX_OSERR, "out of memory");
	for (int32_t day = all.first; day < burn_down->today && day < all.end; day++)
		all.units[day - all.first] = series->units[day - series->first];
	for (size_t i = 0; i < burn_down->use.day_count; i++) {
		int64_t units = units_of(&burn_down->use.days[i], which);
		all.units[burn_down->today + (int32_t)i - all.first] = units > before ? units - before : 0;
		before = units > before ? units : before;
	}
	int result = expected_position_draw(expected, daily, burn_down->position, &all, error);
	free(all.units);
	return result;
}

/* The first day on which a unit finds no right, unless all that goes beyond is covered then. */
static int32_t exhaustion_of(
	const struct burn_down *burn_down, const struct daily_consumption *daily, const struct expected_position *expected)
{
	int32_t day = expected->first_breach;
	return day != NO_BREACH && expected_position_is_covered(daily, burn_down->position, day) ? NO_BREACH : day;
}

static void find_exhaustion(struct burn_down *burn_down, const struct daily_consumption *daily)
{
	const struct open_position *position = burn_down->position;
	int32_t day = exhaustion_of(burn_down, daily, &burn_down->at_end);
	burn_down->runs_out = day != NO_BREACH;
	burn_down->is_covered = !burn_down->runs_out && (burn_down->at_end.is_covered || burn_down->at_end.first_breach != NO_BREACH);
	burn_down->has_run_out = burn_down->runs_out && (position->is_drawn ? position->unlicensed > 0 : position->used > position->owned);
	burn_down->exhausted_on = day;
	burn_down->earliest_exhausted_on = exhaustion_of(burn_down, daily, &burn_down->high);
	burn_down->latest_exhausted_on = exhaustion_of(burn_down, daily, &burn_down->low);
	burn_down->days_left = burn_down->runs_out && day > burn_down->today ? day - burn_down->today : 0;
}

static int find_costs(struct burn_down *burn_down, const struct daily_consumption *daily, struct error *error)
{
	const struct open_position *position = burn_down->position;
	struct amount low[2], high[2];
	if (expected_position_costs(low, &burn_down->currency, daily, position, &burn_down->low, error) < 0 ||
		expected_position_costs(high, &burn_down->currency, daily, position, &burn_down->high, error) < 0 ||
		expected_position_costs(burn_down->costs, &burn_down->currency, daily, position, &burn_down->at_end, error) < 0)
		return -1;
	burn_down->low_cost = low[0];
	burn_down->high_cost = high[0];
	return 0;
}

int burn_down_compute(struct burn_down *burn_down, const struct daily_consumption *daily, const struct open_position *position,
	int warn_days, struct error *error)
{
	struct day_series series = {.units = NULL};
	*burn_down = (struct burn_down){.position = position,
		.first_day = instant_day(position->period.start),
		.end_day = period_end_day(&position->period),
		.today = instant_day(daily->now),
		.known_until = daily->known_until};
	int result = open_series(&series, daily, burn_down, error);
	if (result == 0)
		result = count(burn_down, &series, error) < 0 ||
				daily_units_of_previous(daily, position->metric, &position->period, &burn_down->previous_units,
					&burn_down->has_previous, error) < 0 ||
				expect(burn_down, daily, error) < 0 || draw(burn_down, daily, &series, 0, &burn_down->at_end, error) < 0 ||
				draw(burn_down, daily, &series, 1, &burn_down->low, error) < 0 ||
				draw(burn_down, daily, &series, 2, &burn_down->high, error) < 0 ||
				(daily->past &&
					past_forecasts_judge(
						daily->past, position, &series, burn_down->use.known_until, &burn_down->past, error) < 0)
			? -1
			: 0;
	free(series.units);
	if (result < 0) {
		burn_down_release(burn_down);
		return -1;
	}
	const struct forecast_day *end = &burn_down->use.days[burn_down->use.day_count - 1];
	burn_down->expected_units = forecast_round(end->expected);
	burn_down->low_units = forecast_round(end->low);
	burn_down->high_units = forecast_round(end->high);
	find_exhaustion(burn_down, daily);
	burn_down->warning = burn_down->runs_out && burn_down->days_left < warn_days;
	if (position->is_shared)
		return 0;
	result = find_costs(burn_down, daily, error);
	if (result < 0)
		burn_down_release(burn_down);
	return result;
}

static void put_point(struct buffer *line, int32_t day, const int64_t values[], size_t value_count)
{
	json_begin(line, '[');
	json_day(line, day);
	for (size_t i = 0; i < value_count; i++)
		json_integer(line, values[i]);
	json_end(line, ']');
}

/* Every `step`th day, and the last ones of both parts. */
static void put_curve(struct buffer *line, const struct burn_down *burn_down)
{
	size_t days = burn_down->unit_days + burn_down->use.day_count, step = (days + CURVE_POINTS - 1) / CURVE_POINTS;
	json_member_begin(line, "curve", '[');
	for (size_t i = 0; i < burn_down->unit_days; i++)
		if (i % step == 0 || i + 1 == burn_down->unit_days)
			put_point(line, burn_down->first_day + (int32_t)i, &burn_down->units[i], 1);
	for (size_t i = 0; i < burn_down->use.day_count; i++) {
		const struct forecast_day *day = &burn_down->use.days[i];
		const int64_t values[] = {forecast_round(day->expected), forecast_round(day->low), forecast_round(day->high)};
		if (i % step == 0 || i + 1 == burn_down->use.day_count)
			put_point(line, burn_down->today + (int32_t)i, values, 3);
	}
	json_end(line, ']');
}

static void put_day(struct buffer *line, const char *key, int32_t day)
{
	if (day == NO_BREACH)
		json_member_null(line, key);
	else
		json_member_day(line, key, day);
}

/* What was sent once, and what is expected without it. */
static void put_one_offs(struct buffer *line, const struct burn_down *burn_down)
{
	const struct expected_use *use = &burn_down->use;
	double beyond = use->one_offs_in_period + use->facts.one_off_rate * (double)use->day_count;
	json_member_integer(line, "one_off_units", forecast_round(use->one_offs_in_period));
	json_member_integer(
		line, "expected_units_without_one_offs", forecast_round(at_least((double)burn_down->expected_units - beyond, 0)));
	json_member_begin(line, "one_off_sends", '[');
	for (size_t i = 0; i < use->one_off_count; i++) {
		json_begin(line, '{');
		json_member_day(line, "day", use->one_offs[i].day);
		json_member_integer(line, "units", use->one_offs[i].units);
		json_member_text(line, "account_id", use->one_offs[i].account);
		json_member_integer_or_null(line, "account_units", use->one_offs[i].account, use->one_offs[i].account_units);
		json_end(line, '}');
	}
	json_end(line, ']');
}

static void put_explanation(struct buffer *line, const struct burn_down *burn_down)
{
	struct buffer text = BUFFER_INIT;
	forecast_explanation_append(&text, &burn_down->use, &burn_down->past);
	json_member_string(line, "explanation", text.data, text.length);
	buffer_release(&text);
}

void burn_down_append(const struct burn_down *burn_down, int64_t now, struct buffer *line)
{
	const struct open_position *position = burn_down->position;
	json_member_text(line, "profile", position->profile);
	json_member_text(line, "software_model", position->software_model);
	json_member_text(line, "license_metric", position->license_metric);
	json_member_text(line, "unit", position->unit);
	json_member_integer(line, "period_index", position->period.index);
	json_member_instant(line, "period_start", position->period.start);
	json_member_instant(line, "period_end", position->period.end);
	json_member_instant(line, "as_of", now);
	json_member_day(line, "known_until", burn_down->known_until);
	json_member_integer(line, "units_to_date", position->used);
	json_member_integer(line, "declared_units", position->declared);
	json_member_rights(line, "rights_owned", position->is_unlimited, position->owned);
	json_member_text(line, "method", forecast_method_names[burn_down->use.facts.method]);
	json_member_integer(line, "expected_units", burn_down->expected_units);
	json_member_integer(line, "low_units", burn_down->low_units);
	json_member_integer(line, "high_units", burn_down->high_units);
	put_day(line, "exhausted_on", burn_down->exhausted_on);
	json_key(line, "days_left");
	if (burn_down->runs_out)
		json_integer(line, burn_down->days_left);
	else
		json_null(line);
	json_member_boolean(line, "has_run_out", burn_down->has_run_out);
	json_member_boolean(line, "is_shared", position->is_shared);
	json_member_boolean(line, "is_covered", burn_down->is_covered);
	json_member_boolean(line, "warning", burn_down->warning);
	bool is_own = !position->is_shared;
	json_member_integer_or_null(line, "expected_unlicensed_rights", is_own, burn_down->at_end.unlicensed);
	json_member_integer_or_null(line, "low_unlicensed_rights", is_own, burn_down->low.unlicensed);
	json_member_integer_or_null(line, "high_unlicensed_rights", is_own, burn_down->high.unlicensed);
	json_member_integer_or_null(line, "expected_over_licensed_rights", is_own, burn_down->at_end.available);
	json_member_integer_or_null(line, "low_over_licensed_rights", is_own, burn_down->high.available);
	json_member_integer_or_null(line, "high_over_licensed_rights", is_own, burn_down->low.available);
	json_member_text(line, "currency", burn_down->currency);
	int digits = burn_down->currency ? currency_digits(burn_down->currency) : 0;
	position_put_amount(line, "expected_true_up_cost", burn_down->costs[0], digits);
	position_put_amount(line, "expected_savings", burn_down->costs[1], digits);
	put_curve(line, burn_down);
	put_day(line, "earliest_exhausted_on", burn_down->earliest_exhausted_on);
	put_day(line, "latest_exhausted_on", burn_down->latest_exhausted_on);
	position_put_amount(line, "low_true_up_cost", burn_down->low_cost, digits);
	position_put_amount(line, "high_true_up_cost", burn_down->high_cost, digits);
	put_one_offs(line, burn_down);
	put_explanation(line, burn_down);
}
