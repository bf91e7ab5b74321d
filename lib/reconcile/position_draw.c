#include "reconcile/position_draw.h"

#include "base/array.h"
#include "base/instant.h"
#include "reconcile/position_owner.h"
#include "reconcile/position_segments.h"
#include "reconcile/without_position.h"

#include <stdlib.h>

void position_periods(const struct position *position, uint32_t profile, size_t *first, size_t *end)
{
	size_t count = position->input->period_count;
	for (*first = 0; *first < count; ++*first) {
		const struct input_period *period = position_period(position, *first);
		if (period->profile > profile || (period->profile == profile && period->period.index >= 0))
			break;
	}
	*end = *first;
	while (*end < count && position_period(position, *end)->profile == profile)
		++*end;
}

size_t position_workspace_period(const struct position *position, int32_t day)
{
	size_t first, end;
	if (position->input->workspace == INPUT_NONE)
		return position->input->period_count;
	position_periods(position, position->input->workspace, &first, &end);
	for (size_t rank = first; rank < end; rank++) {
		const struct period *period = &position_period(position, rank)->period;
		if (period->start <= day * DAY_MS && day * DAY_MS < period->end)
			return rank;
	}
	return position->input->period_count;
}

/* ---- the cells of a metric ---- */

/* What is drawn for one metric. */
struct drawing {
	struct position *position;
	uint32_t metric;
	const struct position_line *lines;
	size_t line_count;
	struct drawdown *drawdown;
	uint32_t sole; /* the only profile that uses the metric: position_sole_profile() */
	uint32_t *owners; /* by pool */
	uint32_t *by_end; /* ranks of periods, by their ends; up to `closed` they are closed */
	size_t period_count, closed;
	struct claim *claims[2]; /* by line: the consumer in its profile's position, and in the workspace's */
	struct demand *demands; /* of the interval at hand */
	const struct position_line **demand_lines;
	struct average_price price; /* of a right that is missing in it */
	bool has_price;
};

/* Where a line counts. */
struct claim {
	struct position_cell *cell; /* NULL for nowhere */
	uint32_t consumer; /* of the cell */
};

static int collect_grants(const struct drawing *drawing, struct grants *grants, struct error *error)
{
	const struct position *position = drawing->position;
	const struct entitlements *entitlements = &position->licence->entitlements;
	const struct metric *metric = &position->licence->models.metrics[drawing->metric];
	int32_t from = INT32_MAX, to = INT32_MIN;
	for (size_t i = 0; i < position->input->period_count; i++) {
		const struct input_period *period = &position->input->periods[i];
		int32_t first = instant_day(period->period.start), end = period_end_day(&period->period);
		if (period->period.index < 0)
			continue;
		from = first < from ? first : from;
		to = end > to ? end : to;
	}
	for (size_t i = 0; i < entitlements->count; i++) {
		const struct entitlement *entitlement = &entitlements->list[i];
		if (!entitlement_is_of(entitlement, metric->software_model, metric->license_metric) ||
			position_is_of_others(position, entitlement))
			continue;
		if (grants_add(grants, entitlement, position_true_up_period(position, entitlement), from, to, error) < 0)
			return -1;
	}
	return 0;
}

static int compare_ends(const void *left, const void *right, void *context)
{
	const struct position *position = context;
	const struct period *a = &position_period(position, *(const uint32_t *)left)->period,
			    *b = &position_period(position, *(const uint32_t *)right)->period;
	if (a->end != b->end)
		return a->end < b->end ? -1 : 1;
	return (a->start > b->start) - (a->start < b->start);
}

static int open_cells(struct drawing *drawing, struct error *error)
{
	struct position *position = drawing->position;
	const struct drawdown *drawdown = drawing->drawdown;
	for (size_t rank = 0; rank < position->input->period_count; rank++) {
		const struct input_period *period = position_period(position, rank);
		struct position_cell *cell = position_cell_at(position, drawing->metric, rank);
		const char *name =
			period->profile == position->input->workspace ? "" : position->input->profiles.names[period->profile].text;
		if (period->period.index < 0)
			continue;
		drawing->by_end[drawing->period_count++] = (uint32_t)rank;
		cell->metric = &position->licence->models.metrics[drawing->metric];
		cell->period = period;
		cell->profile = *name ? name : NULL;
		cell->drawdown = drawdown;
		cell->is_part = period->profile != position->input->workspace && period->profile != drawing->sole;
		cell->shares_rights = position_shares_rights(position, cell, drawing->owners);
		cell->is_by_day = !position->is_by_period[drawing->metric];
		cell->pools = calloc(drawdown->pool_count + 1, sizeof *cell->pools);
		if (position->trace)
			cell->drawn_before = calloc(drawdown->grants.count + 1, sizeof *cell->drawn_before);
		if (!cell->pools || (position->trace && !cell->drawn_before))
			return error_set(error, EX_OSERR, "out of memory");
		if (average_price_build(&cell->pricing, position->licence, cell->metric, *position_currency(position, cell->metric, rank),
			    drawdown, &period->period, error) < 0)
			return -1;
	}
	qsort_r(drawing->by_end, drawing->period_count, sizeof *drawing->by_end, compare_ends, position);
	return 0;
}

static int open_segments(const struct drawing *drawing, struct error *error)
{
	for (size_t i = 0; i < drawing->period_count && drawing->position->trace; i++) {
		struct position_cell *cell = position_cell_at(drawing->position, drawing->metric, drawing->by_end[i]);
		if (position_segments_open(drawing->position, cell, drawing->owners, error) < 0)
			return -1;
	}
	return 0;
}

static int close_cell(const struct drawing *drawing, struct position_cell *cell, struct error *error)
{
	const struct drawdown *drawdown = drawing->drawdown;
	for (size_t i = 0; i < drawdown->pool_count; i++) {
		const struct pool *pool = &drawdown->pools[i];
		struct pool_use *use = &cell->pools[i];
		bool is_whole = cell->period->profile == drawing->position->input->workspace || drawing->owners[i] == cell->period->profile;
		bool is_of_all = pool->type == GROUP_POOL && pool->profile == INPUT_NONE;
		if (is_whole || is_of_all || use->drawn || use->is_unlimited)
			drawdown_close(drawdown, pool, &cell->period->period, use);
		if (!is_whole)
			use->rest = use->lapsing = 0;
	}
	position_segments_reach(cell, INT32_MAX);
	if (!cell->breach_count && !drawing->position->trace)
		return 0;
	cell->drawn_after = calloc(drawdown->grants.count + 1, sizeof *cell->drawn_after);
	if (!cell->drawn_after)
		return error_set(error, EX_OSERR, "out of memory");
	for (size_t i = 0; i < drawdown->grants.count; i++)
		cell->drawn_after[i] = drawdown->grants.list[i].drawn;
	return 0;
}

/* Closes the cells whose periods end up to the instant. */
static int close_cells(struct drawing *drawing, int64_t until, struct error *error)
{
	for (; drawing->closed < drawing->period_count; drawing->closed++) {
		struct position_cell *cell = position_cell_at(drawing->position, drawing->metric, drawing->by_end[drawing->closed]);
		if (cell->period->period.end > until)
			return 0;
		if (close_cell(drawing, cell, error) < 0)
			return -1;
	}
	return 0;
}

/* What the grants had given before each period: now, once an interval is drawn. */
static void trace_grants(const struct drawing *drawing, const struct period *interval)
{
	const struct grants *grants = &drawing->drawdown->grants;
	for (size_t i = 0; i < drawing->period_count && drawing->position->trace; i++) {
		struct position_cell *cell = position_cell_at(drawing->position, drawing->metric, drawing->by_end[i]);
		for (size_t grant = 0; grant < grants->count && cell->period->period.start > interval->start; grant++)
			cell->drawn_before[grant] = grants->list[grant].drawn;
	}
}

/* ---- consumers ---- */

struct place {
	size_t cell_rank;
	const struct position_line *line;
};

static int compare_places(const void *left, const void *right)
{
	const struct place *a = left, *b = right;
	if (a->cell_rank != b->cell_rank)
		return a->cell_rank < b->cell_rank ? -1 : 1;
	if (a->line->rank != b->line->rank)
		return a->line->rank < b->line->rank ? -1 : 1;
	if (a->line->epoch != b->line->epoch)
		return a->line->epoch < b->line->epoch ? -1 : 1;
	return (a->line > b->line) - (a->line < b->line);
}

/* Makes the consumers of the profiles' cells (which 0) or of the workspace's (1), and says of each line which is its. */
static int make_consumers(struct drawing *drawing, int which, struct error *error)
{
	struct position *position = drawing->position;
	size_t periods = position->input->period_count, count = 0;
	struct place *places = malloc((drawing->line_count + 1) * sizeof *places);
	int result = 0;
	drawing->claims[which] = calloc(drawing->line_count + 1, sizeof **drawing->claims);
	if (!places || !drawing->claims[which]) {
		free(places);
		return error_set(error, EX_OSERR, "out of memory");
	}
	for (size_t i = 0; i < drawing->line_count; i++) {
		const struct position_line *line = &drawing->lines[i];
		size_t rank = which ? position_workspace_period(position, line->first_day) : line->period;
		if (rank < periods)
			places[count++] = (struct place){rank, line};
		else if (without_position_add_outside(position, position->membership.account_of_rank[line->rank], line->units, error) < 0)
			result = -1;
	}
	if (which)
		qsort(places, count, sizeof *places, compare_places);
	for (size_t i = 0; i < count && result == 0; i++) {
		const struct position_line *line = places[i].line;
		struct position_cell *cell = position_cell_at(position, drawing->metric, places[i].cell_rank);
		struct consumer *consumer = cell->consumer_count ? &cell->consumers[cell->consumer_count - 1] : NULL;
		if (!consumer || consumer->rank != line->rank || consumer->epoch != line->epoch) {
			consumer = array_grow((void **)&cell->consumers, &cell->consumer_count, sizeof *consumer, error);
			result = consumer ? 0 : -1;
			if (consumer)
				*consumer = (struct consumer){.rank = line->rank,
					.epoch = line->epoch,
					.at = {.start = line->first_day * DAY_MS, .end = line->end_day * DAY_MS}};
		}
		if (result == 0)
			drawing->claims[which][line - drawing->lines] = (struct claim){cell, (uint32_t)cell->consumer_count - 1};
	}
	free(places);
	return result;
}

/* ---- intervals ---- */

/* The number of the price, of those of the cell, that a right has which was missing in the interval. -1 with an error. */
static ptrdiff_t price_of(struct drawing *drawing, struct position_cell *cell, const struct period *interval, struct error *error)
{
	if (!drawing->has_price &&
		average_price_build(&drawing->price, drawing->position->licence, cell->metric, cell->pricing.currency, drawing->drawdown,
			interval, error) < 0)
		return -1;
	drawing->has_price = true;
	const struct average_price *price = average_price_on_day(&drawing->price, &cell->pricing);
	for (size_t i = cell->price_count; i-- > 0;)
		if (average_price_is_same(&cell->prices[i], price))
			return (ptrdiff_t)i;
	struct average_price *new = array_grow((void **)&cell->prices, &cell->price_count, sizeof *new, error);
	if (!new)
		return -1;
	*new = *price;
	return (ptrdiff_t)cell->price_count - 1;
}

static int keep_breach(struct drawing *drawing, const struct claim *claim, const struct position_line *line, const struct period *interval,
	int64_t units, struct error *error)
{
	ptrdiff_t price = price_of(drawing, claim->cell, interval, error);
	struct breach *breach =
		price < 0 ? NULL : array_grow((void **)&claim->cell->breaches, &claim->cell->breach_count, sizeof *breach, error);
	if (!breach)
		return -1;
	*breach = (struct breach){.consumer = claim->consumer,
		.price = (uint32_t)price,
		.first_day = line->first_day,
		.end_day = line->end_day,
		.units = units};
	return 0;
}

static int compare_demand_lines(const void *left, const void *right)
{
	const struct position_line *a = *(const struct position_line *const *)left, *b = *(const struct position_line *const *)right;
	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	return (a > b) - (a < b);
}

/* Draws for the lines of one interval. */
static int draw_interval(struct drawing *drawing, size_t count, struct error *error)
{
	const struct position_line *first = drawing->demand_lines[0];
	const struct period interval = {.start = first->first_day * DAY_MS, .end = first->end_day * DAY_MS};
	if (close_cells(drawing, interval.start, error) < 0)
		return -1;
	drawing->has_price = false;
	for (size_t i = 0; i < drawing->period_count && drawing->position->trace; i++)
		position_segments_reach(position_cell_at(drawing->position, drawing->metric, drawing->by_end[i]), first->first_day);
	if (drawing->claims[1])
		qsort(drawing->demand_lines, count, sizeof *drawing->demand_lines, compare_demand_lines);
	for (size_t i = 0; i < count; i++) {
		const struct position_line *line = drawing->demand_lines[i];
		drawing->demands[i] = (struct demand){.rank = line->rank, .units = line->units};
		for (int which = 0; which < 2 && drawing->claims[which]; which++) {
			const struct claim *claim = &drawing->claims[which][line - drawing->lines];
			drawing->demands[i].uses[which] = claim->cell ? claim->cell->pools : NULL;
		}
	}
	drawdown_interval(drawing->drawdown, &interval, drawing->demands, count);
	trace_grants(drawing, &interval);
	for (size_t i = 0; i < count; i++) {
		const struct demand *demand = &drawing->demands[i];
		const struct position_line *line = drawing->demand_lines[i];
		int64_t unlicensed = demand->units - demand->allocated - demand->pooled - demand->covered;
		for (int which = 0; which < 2 && drawing->claims[which]; which++) {
			const struct claim *claim = &drawing->claims[which][line - drawing->lines];
			if (!claim->cell)
				continue;
			struct consumer *consumer = &claim->cell->consumers[claim->consumer];
			consumer->units += demand->units;
			consumer->allocated += demand->allocated;
			consumer->pooled += demand->pooled;
			consumer->covered += demand->covered;
			consumer->unlicensed += unlicensed;
			position_segments_add(claim->cell, line->first_day, demand, unlicensed);
			if (unlicensed && keep_breach(drawing, claim, line, &interval, unlicensed, error) < 0)
				return -1;
		}
	}
	return 0;
}

/* By first day, then by end: the sort is stable, so lines of one interval keep their order. */
static int draw_intervals(struct drawing *drawing, struct radix_pair order[], struct error *error)
{
	size_t count = drawing->line_count;
	for (size_t i = 0; i < count; i++)
		order[i] = (struct radix_pair){input_day_key(input_day_key(0, drawing->lines[i].first_day), drawing->lines[i].end_day), i};
	radix_sort(order, order + count, count);
	for (size_t i = 0; i < count;) {
		uint64_t interval = order[i].key;
		size_t demands = 0;
		for (; i < count && order[i].key == interval; i++)
			drawing->demand_lines[demands++] = &drawing->lines[order[i].value];
		if (draw_interval(drawing, demands, error) < 0)
			return -1;
	}
	return close_cells(drawing, INT64_MAX, error);
}

static int draw_metric(struct position *position, uint32_t metric, const struct position_line lines[], size_t count, struct error *error)
{
	struct drawing drawing = {
		.position = position, .metric = metric, .lines = lines, .line_count = count, .drawdown = &position->drawdowns[metric]};
	struct grants grants = {.count = 0};
	struct radix_pair *order = malloc((2 * count + 1) * sizeof *order);
	int result = -1;
	drawing.by_end = malloc((position->input->period_count + 1) * sizeof *drawing.by_end);
	drawing.demands = malloc((count + 1) * sizeof *drawing.demands);
	drawing.demand_lines = malloc((count + 1) * sizeof *drawing.demand_lines);
	if (!order || !drawing.by_end || !drawing.demands || !drawing.demand_lines)
		error_set(error, EX_OSERR, "out of memory");
	else if (collect_grants(&drawing, &grants, error) == 0 &&
		drawdown_open(drawing.drawdown, &position->membership, &grants, error) == 0)
		result = 0;
	drawing.sole = position_sole_profile(position, lines, count);
	drawing.owners = calloc(drawing.drawdown->pool_count + 1, sizeof *drawing.owners);
	if (result == 0 && !drawing.owners)
		result = error_set(error, EX_OSERR, "out of memory");
	for (size_t i = 0; i < drawing.drawdown->pool_count && result == 0; i++)
		drawing.owners[i] = position_owner_of(position, &drawing.drawdown->pools[i], drawing.sole);
	if (result == 0)
		result = open_cells(&drawing, error) < 0 || open_segments(&drawing, error) < 0 || make_consumers(&drawing, 0, error) < 0 ||
				(position->input->workspace != INPUT_NONE && make_consumers(&drawing, 1, error) < 0) ||
				draw_intervals(&drawing, order, error) < 0
			? -1
			: 0;
	grants_release(&grants);
	free(order);
	free(drawing.by_end);
	free(drawing.demands);
	free(drawing.demand_lines);
	free(drawing.owners);
	free(drawing.claims[0]);
	free(drawing.claims[1]);
	return result;
}

int position_draw(struct position *position, struct error *error)
{
	size_t metrics = position->licence->models.metric_count, at = 0;
	position->drawdowns = calloc(metrics + 1, sizeof *position->drawdowns);
	position->cells = calloc(metrics * position->input->period_count + 1, sizeof *position->cells);
	if (!position->drawdowns || !position->cells)
		return error_set(error, EX_OSERR, "out of memory");
	for (size_t metric = 0; metric < metrics; metric++) {
		size_t first = at;
		while (at < position->line_count && position->lines[at].metric == metric)
			at++;
		if (draw_metric(position, (uint32_t)metric, position->lines + first, at - first, error) < 0)
			return -1;
	}
	return 0;
}

void position_draw_release(struct position *position)
{
	size_t metrics = position->licence->models.metric_count;
	for (size_t i = 0; i < metrics * position->input->period_count && position->cells; i++) {
		position_segments_release(&position->cells[i]);
		free(position->cells[i].pools);
		free(position->cells[i].consumers);
		free(position->cells[i].breaches);
		free(position->cells[i].prices);
		free(position->cells[i].drawn_before);
		free(position->cells[i].drawn_after);
	}
	for (size_t i = 0; i < metrics && position->drawdowns; i++)
		drawdown_release(&position->drawdowns[i]);
	free(position->cells);
	free(position->drawdowns);
}
