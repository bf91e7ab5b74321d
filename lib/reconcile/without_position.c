#include "reconcile/without_position.h"

#include "reconcile/position_draw.h"
#include "reconcile/position_print.h"
#include "json/json_write.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

const char *const without_reason_names[] = {
	"before_contract", "excluded", "no_software_model", "account_not_listed", "no_plan_item", "no_period", NULL};

enum without_reason without_position_reason(const struct position *position, const struct sum *sum, uint32_t metric)
{
	const struct reconcile_input *input = position->input;
	if (input->periods[sum->key[0]].period.index < 0)
		return WITHOUT_BEFORE_CONTRACT;
	if (metric != PLAN_ITEM_NO_METRIC)
		return WITHOUT_NOTHING;
	if (*input->plan_items.ids.names[sum->key[1]].text)
		return WITHOUT_SOFTWARE_MODEL;
	return input->has_accounts && !input->accounts[sum->key[2]].is_known ? WITHOUT_ACCOUNT : WITHOUT_PLAN_ITEM;
}

static int add(struct position *position, enum without_reason reason, size_t rank, uint32_t account, int64_t units, struct error *error)
{
	const uint32_t key[SUM_PARTS] = {(uint32_t)rank, reason, account};
	return sum_table_add(&position->without, key, units, error);
}

int without_position_add(struct position *position, enum without_reason reason, const struct sum *sum, uint32_t rank, int32_t day,
	int64_t units, struct error *error)
{
	if (!units)
		return 0;
	if (position->input->workspace != INPUT_NONE &&
		add(position, reason, position_workspace_period(position, day), sum->key[2], units, error) < 0)
		return -1;
	return add(position, reason, rank, sum->key[2], units, error);
}

int without_position_add_outside(struct position *position, uint32_t account, int64_t units, struct error *error)
{
	return add(position, WITHOUT_PERIOD, position->input->period_count, account, units, error);
}

/* ---- printing ---- */

struct without_line {
	uint32_t rank; /* of the period; the number of periods for none */
	enum without_reason reason;
	int64_t accounts, units;
};

static void print_line(struct position *position, const char *profile, const struct without_line *without)
{
	bool has_period = without->rank < position->input->period_count;
	struct buffer *line = position_begin_record(position, &stream_consumption_without_position);
	json_member_text(line, "profile", profile);
	if (has_period) {
		position_put_period(line, &position_period(position, without->rank)->period);
	} else {
		json_member_null(line, "period_index");
		json_member_null(line, "period_start");
		json_member_null(line, "period_end");
	}
	json_member_text(line, "reason", without_reason_names[without->reason]);
	json_member_integer(line, "accounts", without->accounts);
	json_member_integer(line, "units_consumed", without->units);
	position_end_record(position);
}

/* The lines of the profile; adds to *all and to by_reason[]. */
static int print_lines(
	struct position *position, uint32_t profile, const char *name, int64_t *all, int64_t by_reason[], struct error *error)
{
	const struct sum_table *sums = &position->without;
	for (size_t i = 0; i < sums->count;) {
		struct without_line line = {.rank = sums->sums[i].key[0], .reason = sums->sums[i].key[1]};
		uint32_t owner = line.rank < position->input->period_count ? position_period(position, line.rank)->profile
									   : position->input->workspace;
		for (size_t first = i; i < sums->count && sum_compare_keys(&sums->sums[first], &sums->sums[i]) == 0; i++) {
			line.accounts++;
			if (sum_add(&line.units, sums->sums[i].units, error) < 0)
				return -1;
		}
		if (owner != profile)
			continue;
		if (sum_add(&by_reason[line.reason], line.units, error) < 0 || sum_add(all, line.units, error) < 0)
			return -1;
		print_line(position, name, &line);
	}
	return 0;
}

static int consumed_by(const struct position *position, uint32_t profile, int64_t *units, bool *has_periods, struct error *error)
{
	const struct reconcile_input *input = position->input;
	for (size_t i = 0; i < input->period_count; i++)
		*has_periods |= input->periods[i].profile == profile;
	for (size_t i = 0; i < input->sums.count; i++)
		if ((profile == input->workspace || input->periods[input->sums.sums[i].key[0]].profile == profile) &&
			sum_add(units, input->sums.sums[i].units, error) < 0)
			return -1;
	return 0;
}

int without_position_print(struct position *position, uint32_t profile, csv_complain *warn, struct error *error)
{
	const char *name = profile == position->input->workspace ? "" : position->input->profiles.names[profile].text;
	int64_t consumed = 0, without = 0, by_reason[WITHOUT_NOTHING] = {0}, in_positions = position->in_positions[profile].counted;
	bool has_periods = false;
	if (position->without.count)
		qsort(position->without.sums, position->without.count, sizeof *position->without.sums, sum_compare_keys);
	if (consumed_by(position, profile, &consumed, &has_periods, error) < 0 ||
		print_lines(position, profile, *name ? name : NULL, &without, by_reason, error) < 0)
		return -1;
	if (!has_periods)
		return 0;
	int64_t unaccounted = consumed - in_positions - without;
	struct buffer *line = position_begin_record(position, &stream_consumption_balance);
	json_member_text(line, "profile", *name ? name : NULL);
	json_member_integer(line, "units_consumed", consumed);
	json_member_integer(line, "units_in_positions", in_positions);
	json_member_integer(line, "units_without_position", without);
	json_member_begin(line, "by_reason", '{');
	for (size_t i = 0; i < WITHOUT_NOTHING; i++)
		if (by_reason[i])
			json_member_integer(line, without_reason_names[i], by_reason[i]);
	json_end(line, '}');
	json_member_integer(line, "units_unaccounted", unaccounted);
	json_member_integer(line, "units_declared", position->in_positions[profile].declared);
	position_end_record(position);
	if (unaccounted) {
		char text[300];
		snprintf(text, sizeof text,
			"the figures of %s%.200s do not add up: %" PRId64 " units consumed, %" PRId64 " in positions and %" PRId64
			" in none; this is a bug, report it",
			*name ? "profile " : "all profiles", name, consumed, in_positions, without);
		warn(text, false);
	}
	return 0;
}
