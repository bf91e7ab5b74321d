#include "consumption/consumption.h"

#include "base/instant.h"
#include "base/period_state.h"
#include "base/sum_table.h"
#include "consumption/restatement.h"
#include "json/json_write.h"

/* The instant up to which every account's feed has been read; INSTANT_NONE when some account's is unknown. */
static int64_t least_watermark(const struct consumption *consumption)
{
	int64_t least = INT64_MAX;
	for (size_t i = 0; i < consumption->tally.accounts.count; i++) {
		int64_t watermark = i < consumption->fact_count ? consumption->facts[i].watermark : INSTANT_NONE;
		if (watermark < least)
			least = watermark;
	}
	return least;
}

static void put_name(struct buffer *line, const char *key, const struct name_table *table, uint32_t number)
{
	json_member_text(line, key, number == TALLY_NO_NAME ? NULL : table->names[number].text);
}

static int print_row(struct consumption *consumption, struct tally_row *row, int64_t watermark, struct output *output, struct error *error)
{
	const struct tally *tally = &consumption->tally;
	const struct account_facts *facts = &consumption->facts[row->account];
	struct buffer *line = &output->pending;
	stream_begin_record(line, &stream_consumption);
	put_name(line, "profile", &tally->profiles, row->profile);
	json_member_text(line, "organization_id", facts->organization_id);
	put_name(line, "account_id", &tally->accounts, row->account);
	json_member_text(line, "account_name", facts->account_name);
	put_name(line, "plan_item_id", &tally->plan_items, row->plan_item);
	json_member_null(line, "software_model");
	json_member_text(line, "unit", "envelope");
	json_member_integer(line, "period_index", row->period.index);
	json_member_instant(line, "period_start", row->period.start);
	json_member_instant(line, "period_end", row->period.end);
	json_member_integer(line, "units_consumed", row->now.units);
	json_key(line, "by_status");
	if (tally_append_statuses(tally, &row->now, line, error) < 0)
		return -1;
	json_member_instant(line, "first_sent_at", row->now.first_sent_at);
	json_member_instant(line, "last_sent_at", row->now.last_sent_at);
	json_member_instant(line, "watermark", facts->watermark);
	json_member_text(line, "state", period_state_name(period_state_at(row->period.end, consumption->now, watermark)));
	json_key(line, "by_day");
	if (tally_append_days(&row->now, line, error) < 0)
		return -1;
	const struct period_rule rule = consumption_rule(consumption, row->period.start);
	json_member_day(line, "periods_from", rule.origin);
	json_member_integer(line, "period_months", rule.months);
	stream_end_record(line, NULL, 0);
	output_line_end(output);
	return 0;
}

static void print_restatement(struct consumption *consumption, const struct tally_row *row, int64_t account_delta, struct output *output)
{
	const struct tally *tally = &consumption->tally;
	struct buffer *line = &output->pending;
	stream_begin_record(line, &stream_restatement);
	put_name(line, "profile", &tally->profiles, row->profile);
	put_name(line, "account_id", &tally->accounts, row->account);
	put_name(line, "plan_item_id", &tally->plan_items, row->plan_item);
	json_member_instant(line, "period_start", row->period.start);
	json_member_instant(line, "period_end", row->period.end);
	json_member_text(line, "run_id", consumption->run_id);
	json_member_integer(line, "units_before", row->reported.units);
	json_member_integer(line, "units_after", row->now.units);
	json_member_integer(line, "delta", row->now.units - row->reported.units);
	json_member_text(line, "cause", restatement_cause(row, consumption->policy_changed, account_delta));
	stream_end_record(line, NULL, 0);
	output_line_end(output);
}

static void print_contracts(const struct consumption *consumption, struct output *output)
{
	struct buffer *line = &output->pending;
	stream_append_schema(line, &stream_contract);
	for (size_t i = 0; i < consumption->contracts.count; i++) {
		const struct contract *contract = &consumption->contracts.list[i];
		stream_begin_record(line, &stream_contract);
		json_member_text(line, "profile", consumption->profile);
		json_member_day(line, "effective_from", contract->effective_from);
		json_member_day(line, "contract_start", contract->contract_start);
		json_member_integer(line, "renewal_months", contract->renewal_months);
		stream_end_record(line, NULL, 0);
	}
}

/* Had the account been asked by the time of the report? Where that has no watermarks, as of a feed that comes in files, any report says so. */
static bool was_asked(const struct consumption *consumption, uint32_t account)
{
	return consumption->has_reported_watermarks ? consumption->facts[account].was_reported : consumption->has_reported;
}

static void key_of(const struct tally_row *row, uint32_t key[SUM_PARTS])
{
	key[0] = row->profile;
	key[1] = row->account;
	key[2] = (uint32_t)instant_day(row->period.start);
}

static int print_restatements(struct consumption *consumption, struct output *output, struct error *error)
{
	const struct tally *tally = &consumption->tally;
	struct sum_table deltas = {.sums = NULL}; /* by account and period */
	uint32_t key[SUM_PARTS];
	int result = 0;
	bool any = false;
	for (size_t i = 0; i < tally->count && result == 0; i++) {
		key_of(&tally->rows[i], key);
		if (restatement_is_due(&tally->rows[i], consumption->reported_at, was_asked(consumption, tally->rows[i].account)))
			result = sum_table_add(&deltas, key, tally->rows[i].now.units - tally->rows[i].reported.units, error);
	}
	for (size_t i = 0; i < tally->count && result == 0; i++) {
		const struct tally_row *row = &tally->rows[i];
		if (!restatement_is_due(row, consumption->reported_at, was_asked(consumption, row->account)))
			continue;
		if (!any)
			stream_append_schema(&output->pending, &stream_restatement);
		any = true;
		key_of(row, key);
		print_restatement(consumption, row, sum_table_find(&deltas, key)->units, output);
	}
	sum_table_release(&deltas);
	return result;
}

int consumption_print(struct consumption *consumption, struct output *output, struct error *error)
{
	struct tally *tally = &consumption->tally;
	int64_t watermark = least_watermark(consumption);
	bool any = false;
	tally_sort(tally);
	for (size_t i = 0; i < tally->count; i++) {
		struct tally_row *row = &tally->rows[i];
		bool carried = !consumption->facts[row->account].touched;
		if (carried && consumption->contracts.changed)
			return error_set(error, EX_DATAERR,
				"cannot carry account '%s' over: the contract has changed, so the partials of all accounts are needed (merge --emit all)",
				tally->accounts.names[row->account].text);
		if (carried)
			tally_carry_over(row);
		if (!row->now.units)
			continue;
		if (!any)
			stream_append_schema(&output->pending, &stream_consumption);
		any = true;
		if (!consumption->by_calendar && contracts_precede(&consumption->contracts, row->period.start))
			consumption->units_before_contract += row->now.units;
		if (print_row(consumption, row, watermark, output, error) < 0)
			return -1;
	}
	if (print_restatements(consumption, output, error) < 0)
		return -1;
	/* Accounts were read and nothing was used: no consumption says which periods there are. */
	bool is_unused = !any && tally->accounts.count && watermark != INSTANT_NONE && !consumption->by_calendar;
	if (is_unused && consumption_apply_contracts(consumption, error) < 0)
		return -1;
	if (!consumption->by_calendar && consumption->contracts_applied && (consumption->restates || is_unused))
		print_contracts(consumption, output);
	return 0;
}
