#include "reconcile/position_segments.h"

#include "base/array.h"
#include "base/instant.h"
#include "reconcile/breach_cost.h"
#include "reconcile/position_owner.h"
#include "reconcile/position_print.h"
#include "json/json_write.h"

#include <stdlib.h>
#include <string.h>

/* ---- on which days they begin ---- */

static int add_day(struct position_cell *cell, int32_t day, struct error *error)
{
	struct segment *new = array_grow((void **)&cell->segments, &cell->segment_count, sizeof *new, error);
	if (!new)
		return -1;
	*new = (struct segment){.first_day = day, .first_breach = NO_BREACH};
	return 0;
}

static int compare_segments(const void *left, const void *right)
{
	const struct segment *a = left, *b = right;
	return (a->first_day > b->first_day) - (a->first_day < b->first_day);
}

/* A segment for each of these days that is within the period. */
static int add_days(const struct position *position, struct position_cell *cell, struct error *error)
{
	const struct drawdown *drawdown = cell->drawdown;
	const struct price_list *prices = &position->licence->prices;
	for (size_t i = 0; i < drawdown->pool_count; i++)
		for (size_t j = 0; j < drawdown->pools[i].count && cell->draws_on[i]; j++) {
			const struct grant *grant = &drawdown->grants.list[drawdown->pools[i].first + j];
			if (add_day(cell, grant->start_day, error) < 0 || add_day(cell, grant->end_day, error) < 0 ||
				add_day(cell, grant->true_up_start, error) < 0 || add_day(cell, grant->true_up_end, error) < 0)
				return -1;
		}
	for (size_t i = 0; i < prices->count; i++)
		if (strcmp(prices->list[i].software_model, cell->metric->software_model) == 0 &&
			strcmp(prices->list[i].license_metric, cell->metric->license_metric) == 0 &&
			add_day(cell, prices->list[i].start_day, error) < 0)
			return -1;
	return 0;
}

/* For each pool whether the position has its rights, or some account of its profile may draw on them. */
static int find_pools(const struct position *position, struct position_cell *cell, const uint32_t owners[], struct error *error)
{
	const struct drawdown *drawdown = cell->drawdown;
	uint32_t profile = cell->period->profile;
	cell->draws_on = calloc(drawdown->pool_count + 1, sizeof *cell->draws_on);
	if (!cell->draws_on)
		return error_set(error, EX_OSERR, "out of memory");
	for (size_t i = 0; i < drawdown->pool_count; i++)
		cell->draws_on[i] = position_draws_on(position, &drawdown->pools[i], owners[i], profile);
	return 0;
}

int position_segments_open(const struct position *position, struct position_cell *cell, const uint32_t owners[], struct error *error)
{
	int32_t first = instant_day(cell->period->period.start), end = period_end_day(&cell->period->period);
	size_t kept = 1;
	if (find_pools(position, cell, owners, error) < 0 || add_day(cell, first, error) < 0 ||
		(cell->is_by_day && add_days(position, cell, error) < 0))
		return -1;
	qsort(cell->segments + 1, cell->segment_count - 1, sizeof *cell->segments, compare_segments);
	for (size_t i = 1; i < cell->segment_count; i++)
		if (cell->segments[i].first_day > cell->segments[kept - 1].first_day && cell->segments[i].first_day < end)
			cell->segments[kept++] = cell->segments[i];
	cell->segment_count = kept;
	for (size_t i = 0; i < kept; i++)
		cell->segments[i].end_day = i + 1 < kept ? cell->segments[i + 1].first_day : end;
	return 0;
}

void position_segments_release(struct position_cell *cell)
{
	free(cell->segments);
	free(cell->draws_on);
}

/* ---- while rights are drawn ---- */

/* What has been drawn of the finite rights that the position may draw on, by all and by itself. `by_grant`: NULL for now. */
static void sum_drawn(const struct position_cell *cell, const int64_t by_grant[], int64_t *drawn, int64_t *here)
{
	const struct drawdown *drawdown = cell->drawdown;
	*drawn = *here = 0;
	for (size_t i = 0; i < drawdown->pool_count; i++) {
		const struct pool *pool = &drawdown->pools[i];
		if (!cell->draws_on[i])
			continue;
		*here += cell->pools[i].drawn;
		for (size_t j = pool->first; j < pool->first + pool->count; j++)
			*drawn += by_grant ? by_grant[j] : drawdown->grants.list[j].drawn;
	}
}

static void begin(const struct position_cell *cell, struct segment *segment)
{
	const struct drawdown *drawdown = cell->drawdown;
	const struct period first = {.start = segment->first_day * DAY_MS, .end = (segment->first_day + 1) * DAY_MS};
	segment->is_begun = true;
	sum_drawn(cell, NULL, &segment->drawn_before, &segment->drawn_before_here);
	for (size_t i = 0; i < drawdown->pool_count; i++)
		for (size_t j = 0; j < drawdown->pools[i].count && cell->draws_on[i]; j++) {
			const struct grant *grant = &drawdown->grants.list[drawdown->pools[i].first + j];
			if (!grant_is_drawable(grant, cell->is_by_day ? &first : &cell->period->period))
				continue;
			segment->is_unlimited |= grant->entitlement->is_unlimited;
			segment->left += grant->rights - grant->drawn;
		}
}

void position_segments_reach(struct position_cell *cell, int32_t day)
{
	for (size_t i = 0; i < cell->segment_count && cell->segments[i].first_day <= day; i++)
		if (!cell->segments[i].is_begun)
			begin(cell, &cell->segments[i]);
}

static size_t segment_of(const struct position_cell *cell, int32_t day)
{
	size_t at = 0;
	while (at + 1 < cell->segment_count && cell->segments[at].end_day <= day)
		at++;
	return at;
}

void position_segments_add(struct position_cell *cell, int32_t day, const struct demand *demand, int64_t unlicensed)
{
	if (!cell->segment_count)
		return;
	struct segment *segment = &cell->segments[segment_of(cell, day)];
	segment->units += demand->units;
	segment->drawn += demand->allocated + demand->pooled;
	segment->covered += demand->covered;
	segment->unlicensed += unlicensed;
	if (unlicensed && cell->is_by_day && day < segment->first_breach)
		segment->first_breach = day;
}

/* ---- their records ---- */

static size_t segment_of_breach(const struct position_cell *cell, const struct breach *breach)
{
	return segment_of(cell, breach->first_day);
}

/* Of the finite rights that the position may draw on, what other positions of the time have drawn. */
static int64_t segment_drawn_by_others(const struct position_cell *cell, size_t number)
{
	const struct segment *segment = &cell->segments[number];
	int64_t drawn, here;
	if (number + 1 < cell->segment_count) {
		drawn = segment[1].drawn_before;
		here = segment[1].drawn_before_here;
	} else {
		sum_drawn(cell, cell->drawn_after, &drawn, &here);
	}
	return drawn - segment->drawn_before - (here - segment->drawn_before_here);
}

static int print_segment(
	struct position *position, const struct position_cell *cell, size_t number, struct amount cost, struct error *error)
{
	const struct segment *segment = &cell->segments[number];
	const struct period first = {.start = segment->first_day * DAY_MS, .end = (segment->first_day + 1) * DAY_MS};
	bool is_known = figures_are_known(&cell->figures);
	struct average_price on_day;
	int64_t price = 0, others = segment_drawn_by_others(cell, number);
	int digits;
	if (average_price_build(&on_day, position->licence, cell->metric, cell->pricing.currency, cell->drawdown,
		    cell->is_by_day ? &first : &cell->period->period, error) < 0)
		return -1;
	const struct average_price *pricing = average_price_on_day(&on_day, &cell->pricing);
	if (average_price_shown(pricing, &price, &digits, error) < 0)
		return -1;
	struct buffer *line = position_begin_record(position, &stream_segment_use);
	position_put_metric(line, cell);
	position_put_period(line, &cell->period->period);
	json_member_day(line, "first_day", segment->first_day);
	json_member_day(line, "last_day", segment->end_day - 1);
	json_member_text(line, "drawn_by", cell->is_by_day ? "day" : "period");
	json_member_text(line, "reason", cell->is_by_day ? NULL : position->settles_by_period ? "settles_by_period" : "days_unknown");
	json_member_rights(line, "rights_left", segment->is_unlimited, segment->left);
	position_put_known(line, "rights_used", is_known, segment->units);
	position_put_known(line, "rights_drawn", is_known, segment->drawn);
	json_member_integer(line, "rights_drawn_by_others", others);
	position_put_known(line, "covered_rights", is_known, segment->covered);
	position_put_known(line, "unlicensed_rights", is_known, segment->unlicensed);
	json_key(line, "first_unlicensed_on");
	if (segment->first_breach == NO_BREACH)
		json_null(line);
	else
		json_day(line, segment->first_breach);
	json_member_text(line, "currency", pricing->currency);
	position_put_price(line, pricing, price, digits);
	position_put_amount(line, "true_up_cost", is_known ? cost : (struct amount){.state = AMOUNT_NONE}, cell->pricing.digits);
	json_member_boolean(line, "is_shared", cell->shares_rights);
	position_end_record(position);
	return 0;
}

int position_segments_print(struct position *position, const struct position_cell *cell, struct error *error)
{
	struct amount all, *costs = calloc(cell->segment_count + 1, sizeof *costs);
	int result = costs ? 0 : error_set(error, EX_OSERR, "out of memory");
	for (size_t i = 0; i < cell->segment_count && result == 0; i++)
		costs[i] = (struct amount){.state = cell->pricing.currency ? AMOUNT_KNOWN : AMOUNT_NONE};
	if (result == 0 && cell->segment_count)
		result = breach_cost_all(cell, segment_of_breach, &all, costs, error);
	for (size_t i = 0; i < cell->segment_count && result == 0; i++)
		result = print_segment(position, cell, i, costs[i], error);
	free(costs);
	return result;
}
