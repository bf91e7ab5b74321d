#include "reconcile/position_declared.h"

#include "base/array.h"
#include "base/instant.h"
#include "reconcile/position_draw.h"
#include "reconcile/position_lines.h"
#include "reconcile/position_print.h"
#include "json/json_write.h"

#include <stdlib.h>
#include <string.h>

/* ---- rows ---- */

static int add_account(struct reconcile_input *input, const char *id, uint32_t *number, struct error *error)
{
	ptrdiff_t found = name_table_number(&input->account_ids, id, strlen(id), error);
	bool is_new = found == (ptrdiff_t)input->account_count;
	struct input_account *account =
		found < 0 ? NULL : array_at((void **)&input->accounts, &input->account_count, sizeof *account, (size_t)found, error);
	if (!account)
		return -1;
	if (is_new)
		account->site = account->organization = account->asset_group = account->profile = INPUT_NONE;
	*number = (uint32_t)found;
	return 0;
}

int position_declared_read(struct reconcile_input *input, const struct declared_use *declared, struct error *error)
{
	input->declared = calloc(declared->count + 1, sizeof *input->declared);
	if (!input->declared)
		return error_set(error, EX_OSERR, "out of memory");
	for (size_t i = 0; i < declared->count; i++) {
		const struct declared_row *row = &declared->list[i];
		struct input_declared *place = &input->declared[i];
		uint32_t named = input_profile_of_name(input, row->profile);
		if (add_account(input, row->account_id, &place->account, error) < 0)
			return -1;
		struct input_account *account = &input->accounts[place->account];
		place->profile = account->profile != INPUT_NONE ? account->profile
			: named != INPUT_NONE                   ? named
			: input->profiles.count == 1            ? 0
								: INPUT_NONE;
		if (named != INPUT_NONE && named != place->profile)
			place->profile = INPUT_NOBODY;
		if (account->profile == INPUT_NONE && place->profile < input->profiles.count)
			account->profile = place->profile;
	}
	return 0;
}

/* The days of a row that are not after the clock's. */
static int32_t end_of(const struct position *position, const struct declared_row *row)
{
	int32_t end = instant_day(position->now) + 1;
	return row->end_day < end ? row->end_day : end;
}

/* A row's days in a period. */
struct stretch {
	size_t rank; /* of the period */
	int32_t first, end; /* end exclusive */
};

/* The next stretch of the profile's periods from `at`->end on; false where there is none. */
static bool next_stretch(const struct position *position, const struct declared_row *row, uint32_t profile, struct stretch *at)
{
	size_t end;
	if (!at->end)
		position_periods(position, profile, &at->rank, &end);
	else
		at->rank++;
	for (; at->rank < position->input->period_count && position_period(position, at->rank)->profile == profile; at->rank++) {
		const struct period *period = &position_period(position, at->rank)->period;
		int32_t first = instant_day(period->start), last = period_end_day(period), row_end = end_of(position, row);
		at->first = first > row->start_day ? first : row->start_day;
		at->end = last < row_end ? last : row_end;
		if (at->first < at->end)
			return true;
	}
	return false;
}

static bool has_place(const struct position *position, size_t row)
{
	return position->input->declared[row].profile < position->input->profiles.count;
}

static ptrdiff_t metric_of(const struct position *position, const struct declared_row *row)
{
	return models_find_metric(&position->licence->models, row->software_model, row->license_metric);
}

const char *position_declared_fault(const struct position *position, size_t number, const char **column)
{
	const struct declared_row *row = &position->licence->declared.list[number];
	uint32_t profile = position->input->declared[number].profile;
	struct stretch at = {.end = 0};
	*column = "profile";
	if (profile == INPUT_NONE)
		return "nothing tells the account's profile: name it";
	if (profile == INPUT_NOBODY)
		return "the account is not of this profile, or nothing is known of the profile";
	*column = "start_date";
	if (row->start_day > instant_day(position->now))
		return "its days are still to come";
	return next_stretch(position, row, profile, &at) ? NULL : "its days lie before the contract start";
}

/* ---- lines ---- */

static int add_line(struct position *position, const struct position_line *line, struct error *error)
{
	struct position_line *new = line->units ? array_grow((void **)&position->lines, &position->line_count, sizeof *new, error) : NULL;
	if (!line->units)
		return 0;
	if (!new)
		return -1;
	*new = *line;
	new = array_grow((void **)&position->declared_lines, &position->declared_line_count, sizeof *new, error);
	if (new)
		*new = *line;
	return new ? 0 : -1;
}

/* The lines of a row in one period. */
static int add_stretch(struct position *position, size_t number, uint32_t metric, const struct stretch *at, struct error *error)
{
	const struct declared_row *row = &position->licence->declared.list[number];
	uint32_t rank = position->membership.rank_of_account[position->input->declared[number].account];
	for (int32_t day = at->first, next; day < at->end; day = next) {
		const struct period of_day = {.start = day * DAY_MS, .end = (day + 1) * DAY_MS},
				    interval = position_interval(position, metric, at->rank, &of_day);
		next = period_end_day(&interval);
		const struct position_line line = {.metric = metric,
			.period = (uint32_t)at->rank,
			.rank = rank,
			.epoch = membership_epoch(&position->membership, rank, &interval),
			.first_day = instant_day(interval.start),
			.end_day = next,
			.units = declared_row_units(row, day, next < at->end ? next : at->end)};
		if (add_line(position, &line, error) < 0)
			return -1;
	}
	return 0;
}

int position_declared_add_lines(struct position *position, struct error *error)
{
	const struct declared_use *declared = &position->licence->declared;
	for (size_t i = 0; i < declared->count; i++) {
		ptrdiff_t metric = metric_of(position, &declared->list[i]);
		struct stretch at = {.end = 0};
		while (metric >= 0 && has_place(position, i) &&
			next_stretch(position, &declared->list[i], position->input->declared[i].profile, &at))
			if (add_stretch(position, i, (uint32_t)metric, &at, error) < 0)
				return -1;
	}
	return 0;
}

/* ---- once all is drawn ---- */

static int compare_consumers(const void *left, const void *right)
{
	const struct consumer *a = left, *b = right;
	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	return (a->epoch > b->epoch) - (a->epoch < b->epoch);
}

static int mark_consumer(struct position_cell *cell, const struct position_line *line, struct error *error)
{
	const struct consumer wanted = {.rank = line->rank, .epoch = line->epoch};
	struct consumer *found =
		cell->consumer_count ? bsearch(&wanted, cell->consumers, cell->consumer_count, sizeof wanted, compare_consumers) : NULL;
	return found ? sum_add(&found->declared, line->units, error) : 0;
}

static void mark_cells(struct position *position, const struct declared_row *row, ptrdiff_t metric, uint32_t profile)
{
	struct stretch at = {.end = 0};
	while (next_stretch(position, row, profile, &at))
		position_cell_at(position, (size_t)metric, at.rank)->has_declared = true;
}

int position_declared_mark(struct position *position, struct error *error)
{
	const struct declared_use *declared = &position->licence->declared;
	for (size_t i = 0; i < position->declared_line_count; i++) {
		const struct position_line *line = &position->declared_lines[i];
		size_t shared = position_workspace_period(position, line->first_day);
		if (mark_consumer(position_cell_at(position, line->metric, line->period), line, error) < 0 ||
			(shared < position->input->period_count &&
				mark_consumer(position_cell_at(position, line->metric, shared), line, error) < 0))
			return -1;
	}
	for (size_t i = 0; i < declared->count; i++) {
		ptrdiff_t metric = metric_of(position, &declared->list[i]);
		if (metric < 0 || !has_place(position, i))
			continue;
		mark_cells(position, &declared->list[i], metric, position->input->declared[i].profile);
		if (position->input->workspace != INPUT_NONE)
			mark_cells(position, &declared->list[i], metric, position->input->workspace);
	}
	return 0;
}

static void put_days(struct buffer *line, const struct declared_row *row, const struct stretch *at)
{
	json_member_begin(line, "by_day", '{');
	for (int32_t day = at->first; day < at->end; day++) {
		int64_t units = declared_row_units(row, day, day + 1);
		char text[DAY_LENGTH + 1] = "";
		day_format(day, text);
		if (units)
			json_member_integer(line, text, units);
	}
	json_end(line, '}');
}

static void print_row(struct position *position, size_t number, uint32_t profile, const struct metric *metric, const struct stretch *at)
{
	const struct declared_row *row = &position->licence->declared.list[number];
	const char *name = profile == position->input->workspace ? "" : position->input->profiles.names[profile].text;
	struct buffer *line = position_begin_record(position, &stream_declared_consumption);
	json_member_text(line, "profile", *name ? name : NULL);
	json_member_text(line, "software_model", metric->software_model);
	json_member_text(line, "license_metric", metric->license_metric);
	json_member_text(line, "unit", metric->unit);
	position_put_period(line, &position_period(position, at->rank)->period);
	json_member_integer(line, "line", (int64_t)row->row);
	json_member_text(line, "account_id", row->account_id);
	json_member_text(line, "account_name", position->input->accounts[position->input->declared[number].account].name);
	json_member_day(line, "first_day", at->first);
	json_member_day(line, "last_day", at->end - 1);
	json_member_integer(line, "units_declared", declared_row_units(row, at->first, at->end));
	json_member_text(line, "source", row->source);
	put_days(line, row, at);
	position_end_record(position);
}

void position_declared_print(struct position *position, uint32_t profile)
{
	const struct declared_use *declared = &position->licence->declared;
	for (size_t i = 0; i < declared->count; i++) {
		ptrdiff_t metric = metric_of(position, &declared->list[i]);
		bool is_of = has_place(position, i) &&
			(profile == position->input->workspace || profile == position->input->declared[i].profile);
		struct stretch at = {.end = 0};
		while (metric >= 0 && is_of && next_stretch(position, &declared->list[i], profile, &at))
			print_row(position, i, profile, &position->licence->models.metrics[metric], &at);
	}
}
