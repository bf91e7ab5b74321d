#include "reconcile/restated_rights.h"

#include "base/array.h"
#include "base/instant.h"
#include "licence/licence_cells.h"
#include "reconcile/position_draw.h"
#include "reconcile/position_owner.h"
#include "reconcile/position_print.h"
#include "json/json_write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BEFORE, AFTER, SIDES };

/* A grant in the period at hand. */
struct piece {
	const struct entitlement *entitlement;
	size_t change; /* its number */
	int side;
	int32_t first_day, end_day; /* within the period */
	int64_t rights, spend; /* spend: in minor units; 0 without a cost */
	enum {
		DIFFERS,
		SAME, /* the other version has it too */
		RENAMED /* by another id, which is not in this one */
	} match;
};

/* An entitlement id, in both versions. */
struct change {
	const struct entitlement *rows[SIDES]; /* NULL: that version has none */
	int64_t rights[SIDES], days[SIDES], spend[SIDES]; /* in the period at hand, as is what follows */
	bool is_in_force[SIDES], is_touched;
	int64_t closed; /* how many positions it restates */
};

struct restating {
	struct position *position;
	const struct entitlements *files[SIDES];
	struct name_table ids; /* value: unused; numbers are those of `changes` */
	struct change *changes;
	struct piece *pieces;
	size_t change_count, piece_count;
};

static int open_changes(struct restating *restating, struct error *error)
{
	for (int side = 0; side < SIDES; side++)
		for (size_t i = 0; i < restating->files[side]->count; i++) {
			const struct entitlement *row = &restating->files[side]->list[i];
			ptrdiff_t id = name_table_number(&restating->ids, row->entitlement_id, strlen(row->entitlement_id), error);
			struct change *change = id < 0
				? NULL
				: array_at((void **)&restating->changes, &restating->change_count, sizeof *change, (size_t)id, error);
			if (!change)
				return -1;
			change->rows[side] = row;
		}
	return 0;
}

/* ---- what both versions give in a period ---- */

static int add_piece(
	struct restating *restating, const struct grant *grant, size_t number, int side, const struct period *period, struct error *error)
{
	int32_t first = instant_day(period->start), end = period_end_day(period);
	struct piece *piece = array_grow((void **)&restating->pieces, &restating->piece_count, sizeof *piece, error);
	if (!piece)
		return -1;
	bool is_true_up = grant->true_up_end > first && grant->true_up_start < end;
	*piece = (struct piece){.entitlement = grant->entitlement,
		.change = number,
		.side = side,
		.first_day = is_true_up || grant->start_day < first ? first : grant->start_day,
		.end_day = is_true_up || grant->end_day > end ? end : grant->end_day,
		.rights = grant->rights};
	if (!grant->entitlement->has_cost || !grant_is_in_force(grant, period))
		return 0;
	return grant_cost_share(
		grant, grant->entitlement->cost, currency_digits(grant->entitlement->currency), period, &piece->spend, error);
}

static int add_row(struct restating *restating, const struct position_cell *cell, size_t number, int side, struct error *error)
{
	const struct position *position = restating->position;
	const struct entitlement *row = restating->changes[number].rows[side];
	const struct period *period = &cell->period->period;
	struct grants grants = {.count = 0};
	bool is_workspace = cell->period->profile == position->input->workspace;
	if (!row || !entitlement_is_of(row, cell->metric->software_model, cell->metric->license_metric) ||
		(*row->profile && !is_workspace && strcmp(row->profile, cell->profile ? cell->profile : "") != 0))
		return 0;
	int result =
		grants_add(&grants, row, position_true_up_period(position, row), instant_day(period->start), period_end_day(period), error);
	for (size_t i = 0; i < grants.count && result == 0; i++)
		if (grant_is_drawable(&grants.list[i], period))
			result = add_piece(restating, &grants.list[i], number, side, period, error);
	grants_release(&grants);
	return result;
}

/* ---- what is the same in both ---- */

static int compare_texts(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

/* Do they grant the same kind of rights to the same accounts? */
static int compare_rows(const struct entitlement *a, const struct entitlement *b)
{
	if (a->allocation_type != b->allocation_type)
		return a->allocation_type < b->allocation_type ? -1 : 1;
	int order = a->allocation_type == GROUP_POOL ? 0 : compare_texts(a->allocation_value, b->allocation_value);
	if (order == 0)
		order = compare_texts(a->profile, b->profile);
	if (order == 0)
		order = a->is_enterprise - b->is_enterprise;
	if (order == 0)
		order = a->is_unlimited - b->is_unlimited;
	return order ? order : compare_texts(a->currency, b->currency);
}

/* … on the same days? */
static int compare_kinds(const struct piece *a, const struct piece *b)
{
	int order = compare_rows(a->entitlement, b->entitlement);
	if (order == 0)
		order = (a->first_day > b->first_day) - (a->first_day < b->first_day);
	return order ? order : (a->end_day > b->end_day) - (a->end_day < b->end_day);
}

static int compare_amounts(const struct piece *a, const struct piece *b)
{
	int order = (a->rights > b->rights) - (a->rights < b->rights);
	return order ? order : (a->spend > b->spend) - (a->spend < b->spend);
}

static int compare_pieces(const void *left, const void *right)
{
	const struct piece *a = left, *b = right;
	int order = compare_kinds(a, b);
	if (order == 0)
		order = compare_amounts(a, b);
	return order ? order : (a->change > b->change) - (a->change < b->change);
}

/* Of pieces of one kind and amount, those of one id, and as many as can be paired of those whose id the other version does not have. */
static void match_equals(const struct restating *restating, struct piece pieces[], size_t count)
{
	size_t alone[SIDES] = {0, 0}, matched[SIDES] = {0, 0};
	for (size_t i = 0; i < count; i++)
		if (i && pieces[i].change == pieces[i - 1].change)
			pieces[i].match = pieces[i - 1].match = SAME;
		else
			alone[pieces[i].side] += !restating->changes[pieces[i].change].rows[!pieces[i].side];
	size_t pairs = alone[BEFORE] < alone[AFTER] ? alone[BEFORE] : alone[AFTER];
	for (size_t i = 0; i < count; i++)
		if (!restating->changes[pieces[i].change].rows[!pieces[i].side] && matched[pieces[i].side]++ < pairs)
			pieces[i].match = RENAMED;
}

/* Pieces of one kind: where their sums are the same in both versions they are the same rights; else the ids of what differs are touched. */
static int match_kind(struct restating *restating, struct piece pieces[], size_t count, struct error *error)
{
	int64_t rights = 0, spend = 0;
	bool is_of_both = false;
	for (size_t i = 0; i < count; i++) {
		int64_t sign = pieces[i].side == AFTER ? 1 : -1;
		is_of_both |= pieces[i].side != pieces[0].side;
		if (sum_add(&rights, sign * pieces[i].rights, error) < 0 || sum_add(&spend, sign * pieces[i].spend, error) < 0)
			return -1;
	}
	if (is_of_both && !rights && !spend)
		return 0;
	for (size_t i = 0, end; i < count; i = end) {
		for (end = i + 1; end < count && compare_amounts(&pieces[i], &pieces[end]) == 0;)
			end++;
		match_equals(restating, &pieces[i], end - i);
	}
	for (size_t i = 0; i < count; i++)
		restating->changes[pieces[i].change].is_touched |= pieces[i].match == DIFFERS;
	return 0;
}

static int match(struct restating *restating, struct error *error)
{
	if (restating->piece_count)
		qsort(restating->pieces, restating->piece_count, sizeof *restating->pieces, compare_pieces);
	for (size_t i = 0, end; i < restating->piece_count; i = end) {
		for (end = i + 1; end < restating->piece_count && compare_kinds(&restating->pieces[i], &restating->pieces[end]) == 0;)
			end++;
		if (match_kind(restating, &restating->pieces[i], end - i, error) < 0)
			return -1;
	}
	for (size_t i = 0; i < restating->piece_count; i++) {
		const struct piece *piece = &restating->pieces[i];
		struct change *change = &restating->changes[piece->change];
		if (piece->match == RENAMED || !change->is_touched)
			continue;
		change->is_in_force[piece->side] = true;
		change->days[piece->side] += piece->end_day - piece->first_day;
		if (sum_add(&change->rights[piece->side], piece->rights, error) < 0 ||
			sum_add(&change->spend[piece->side], piece->spend, error) < 0)
			return -1;
	}
	return 0;
}

/* ---- records ---- */

static const char *cause_of(const struct change *change)
{
	const struct entitlement *before = change->rows[BEFORE], *after = change->rows[AFTER];
	if (!before || !after)
		return before ? "removed" : "added";
	if (after->is_retired ? !before->is_retired : after->retired_on != before->retired_on && after->retired_on != DAY_FIRST)
		return "retired";
	return after->replaced_by && (!before->replaced_by || after->end_day != before->end_day) ? "replaced" : "changed";
}

static void put_spend(struct buffer *line, const struct change *change, int side)
{
	static const char *const currencies[SIDES] = {"currency_before", "currency_after"},
				 *const spends[SIDES] = {"spend_before", "spend_after"};
	const struct entitlement *row = change->rows[side] && change->rows[side]->has_cost ? change->rows[side] : NULL;
	struct amount spend = {.state = row ? AMOUNT_KNOWN : AMOUNT_NONE, .minor = change->spend[side]};
	json_member_text(line, currencies[side], row ? row->currency : NULL);
	position_put_amount(line, spends[side], spend, row ? currency_digits(row->currency) : 0);
}

static void print_change(struct restating *restating, const struct position_cell *cell, struct change *change)
{
	struct position *position = restating->position;
	const struct entitlement *before = change->rows[BEFORE], *after = change->rows[AFTER], *row = after ? after : before;
	if (!row)
		return; /* never: a change is of some row */
	bool was_unlimited = before && change->is_in_force[BEFORE] && before->is_unlimited,
	     is_unlimited = after && change->is_in_force[AFTER] && after->is_unlimited;
	struct buffer *line = position_begin_record(position, &stream_rights_restatement);
	position_put_metric(line, cell);
	position_put_period(line, &cell->period->period);
	json_member_text(line, "run_id", position->reported->run_id);
	json_member_text(line, "entitlement_id", row->entitlement_id);
	json_member_text(line, "file", "entitlements");
	position_put_known(line, "line", after != NULL, after ? (int64_t)after->row : 0);
	position_put_known(line, "line_before", before != NULL, before ? (int64_t)before->row : 0);
	json_member_rights(line, "rights_before", was_unlimited, change->rights[BEFORE]);
	json_member_rights(line, "rights_after", is_unlimited, change->rights[AFTER]);
	position_put_known(line, "delta", !was_unlimited && !is_unlimited, change->rights[AFTER] - change->rights[BEFORE]);
	json_member_integer(line, "days_before", change->days[BEFORE]);
	json_member_integer(line, "days_after", change->days[AFTER]);
	put_spend(line, change, BEFORE);
	put_spend(line, change, AFTER);
	json_member_text(line, "cause", cause_of(change));
	position_end_record(position);
	change->closed++;
}

static int restate_cell(struct restating *restating, const struct position_cell *cell, struct error *error)
{
	restating->piece_count = 0;
	free(restating->pieces);
	restating->pieces = NULL;
	for (size_t i = 0; i < restating->change_count; i++) {
		struct change *change = &restating->changes[i];
		*change = (struct change){.rows = {change->rows[BEFORE], change->rows[AFTER]}, .closed = change->closed};
		for (int side = 0; side < SIDES; side++)
			if (add_row(restating, cell, i, side, error) < 0)
				return -1;
	}
	if (match(restating, error) < 0)
		return -1;
	/* By the lines of today's file, then those that are gone by theirs. */
	for (int side = AFTER; side >= BEFORE; side--)
		for (size_t i = 0; i < restating->files[side]->count; i++) {
			const char *id = restating->files[side]->list[i].entitlement_id;
			struct change *change =
				&restating->changes[name_table_find(&restating->ids, id, strlen(id)) - restating->ids.names];
			if (change->is_touched && (side == AFTER || !change->rows[AFTER]) &&
				(change->is_in_force[BEFORE] || change->is_in_force[AFTER]))
				print_change(restating, cell, change);
		}
	return 0;
}

static void warn_of_undated(const struct restating *restating, csv_complain *warn)
{
	char message[600];
	for (size_t i = 0; i < restating->change_count; i++) {
		const struct change *change = &restating->changes[i];
		const struct entitlement *row = change->rows[AFTER];
		if (!change->closed || !row || !row->is_retired)
			continue;
		snprintf(message, sizeof message,
			"entitlements line %zu: '%.200s' is retired without retired_on, so it counts for nothing, ever, and closed periods are restated (%lld); "
			"a retired_on ends it on a day and leaves what was over before it",
			row->row, row->entitlement_id, (long long)change->closed);
		warn(message, false);
	}
}

int position_print_restated_rights(struct position *position, uint32_t profile, csv_complain *warn, struct error *error)
{
	size_t first, end;
	if (!position->reported)
		return 0;
	struct restating restating = {.position = position, .files = {&position->reported->entitlements, &position->licence->entitlements}};
	int result = open_changes(&restating, error);
	position_periods(position, profile, &first, &end);
	for (size_t metric = 0; metric < position->licence->models.metric_count; metric++)
		for (size_t rank = first; rank < end && result == 0; rank++)
			if (position_period(position, rank)->period.end <= position->reported->at)
				result = restate_cell(&restating, position_cell_at(position, metric, rank), error);
	if (result == 0 && profile != position->input->workspace)
		warn_of_undated(&restating, warn);
	name_table_release(&restating.ids);
	free(restating.changes);
	free(restating.pieces);
	return result;
}
