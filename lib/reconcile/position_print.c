#include "reconcile/position_print.h"

#include "json/json_write.h"

#include <stdlib.h>

struct buffer *position_begin_record(struct position *position, const struct stream *stream)
{
	struct buffer *line = &position->output->pending;
	size_t number = 0;
	while (position->begun[number] && position->begun[number] != stream)
		number++;
	if (!position->begun[number])
		stream_append_schema(line, stream);
	position->begun[number] = stream;
	stream_begin_record(line, stream);
	return line;
}

void position_end_record(struct position *position)
{
	stream_end_record(&position->output->pending, NULL, 0);
	output_line_end(position->output);
}

void position_put_known(struct buffer *line, const char *key, bool is_known, int64_t value)
{
	json_key(line, key);
	if (is_known)
		json_integer(line, value);
	else
		json_null(line);
}

void position_put_known_rights(struct buffer *line, const char *key, bool is_known, bool is_unlimited, int64_t rights)
{
	if (is_known)
		json_member_rights(line, key, is_unlimited, rights);
	else
		position_put_known(line, key, false, 0);
}

/* A decimal as a string of digits and a point: nothing to escape. */
static void put_decimal(struct buffer *line, int64_t value, int digits)
{
	buffer_append_byte(line, '"');
	money_append(line, value, digits);
	buffer_append_string(line, "\",");
}

void position_put_amount(struct buffer *line, const char *key, struct amount amount, int digits)
{
	json_key(line, key);
	if (amount.state == AMOUNT_KNOWN)
		put_decimal(line, amount.minor, digits);
	else
		json_null(line);
}

void position_put_price(struct buffer *line, const struct average_price *pricing, int64_t price, int digits)
{
	json_key(line, "average_price");
	if (pricing->rights)
		put_decimal(line, price, digits);
	else
		json_null(line);
	json_member_text(line, "price_basis", pricing->basis);
}

void position_put_metric(struct buffer *line, const struct position_cell *cell)
{
	json_member_text(line, "profile", cell->profile);
	json_member_text(line, "software_model", cell->metric->software_model);
	json_member_text(line, "license_metric", cell->metric->license_metric);
}

void position_put_period(struct buffer *line, const struct period *period)
{
	json_member_integer(line, "period_index", period->index);
	json_member_instant(line, "period_start", period->start);
	json_member_instant(line, "period_end", period->end);
}

static void put_rights(struct buffer *line, const struct figures *figures)
{
	bool known = figures_are_known(figures);
	json_member_rights(line, "rights_owned", figures->is_unlimited, figures->owned);
	position_put_known(line, "rights_used", known, figures->used);
	position_put_known_rights(line, "rights_available", known, figures->is_unlimited, figures->available);
	position_put_known(line, "over_licensed_rights", known && !figures->is_open, figures->over_licensed);
	position_put_known(line, "unlicensed_rights", known, figures->unlicensed);
	json_member_text(line, "status", figures_status(figures));
	json_member_text(line, "usage_state", usage_state_names[figures->usage_state]);
	position_put_known(line, "covered_rights", known, figures->covered);
	position_put_known(line, "lapsing_rights", known, figures->lapsing);
	position_put_known(line, "allocated_in_use", known, figures->allocated_in_use);
	position_put_known(line, "not_allocated_in_use", known, figures->not_allocated_in_use);
	position_put_known(line, "allocated_not_in_use", known, figures->allocated_not_in_use);
	position_put_known(line, "not_allocated", known, figures->not_allocated);
	json_member_integer(line, "excluded_units", figures->excluded);
	json_member_integer(line, "declared_units", figures->declared);
}

/* How the rights were drawn, and when the first was missing. */
static void put_drawing(struct buffer *line, const struct figures *figures)
{
	json_member_text(line, "drawn_by", figures->is_by_day ? "day" : "period");
	json_key(line, "first_unlicensed_on");
	if (figures->first_breach == NO_BREACH)
		json_null(line);
	else
		json_day(line, figures->first_breach);
}

/* The fields of POSITION_FIGURES in stream.c, in that order. */
static void put_figures(struct buffer *line, const struct input_period *period, const struct figures *figures, const char *currency)
{
	int digits = currency ? currency_digits(currency) : 0;
	position_put_period(line, &period->period);
	json_member_text(line, "period_state", period_state_name(period->state));
	put_rights(line, figures);
	json_member_text(line, "currency", currency);
	position_put_amount(line, "over_licensed_amount", figures->over_licensed_amount, digits);
	position_put_amount(line, "true_up_cost", figures->true_up_cost, digits);
	position_put_amount(line, "true_up_cost_at_list", figures->true_up_at_list, digits);
	position_put_amount(line, "potential_savings", figures->potential_savings, digits);
	position_put_amount(line, "total_spend", figures->total_spend, digits);
	position_put_amount(line, "current_period_spend", figures->current_period_spend, digits);
	json_member_integer(line, "entitlements", figures->entitlements);
	json_member_integer(line, "entitlements_without_cost", figures->entitlements_without_cost);
	json_member_integer(line, "accounts_not_yet_fed", figures->accounts_not_yet_fed);
	json_member_integer(line, "accounts_not_reported", figures->accounts_not_reported);
	json_member_integer(line, "billing_periods", figures->billing_periods);
	position_put_known(line, "billed_units", figures->billing_periods > 0, figures->billed);
	position_put_known(line, "billed_units_counted", figures->billing_periods > 0, figures->billed_counted);
}

int position_print_metric(struct position *position, const struct position_cell *cell, struct error *error)
{
	const struct metric *metric = cell->metric;
	const struct average_price *pricing = &cell->pricing;
	int64_t price = 0;
	int digits;
	if (average_price_shown(pricing, &price, &digits, error) < 0)
		return -1;
	struct buffer *line = position_begin_record(position, &stream_metric_result);
	json_member_text(line, "profile", cell->profile);
	json_member_text(line, "publisher", metric->publisher);
	json_member_text(line, "product", metric->product);
	json_member_text(line, "software_model", metric->software_model);
	json_member_text(line, "license_metric", metric->license_metric);
	json_member_text(line, "unit", metric->unit);
	put_figures(line, cell->period, &cell->figures, pricing->currency);
	position_put_price(line, pricing, price, digits);
	put_drawing(line, &cell->figures);
	json_member_boolean(line, "automatic", metric->is_automatic);
	json_member_boolean(line, "is_shared", cell->shares_rights);
	position_end_record(position);
	return 0;
}

void position_print_sum(struct position *position, const struct stream *stream, const struct metric *metric, const char *profile,
	const struct input_period *period, const char *currency, const struct figures *figures)
{
	struct buffer *line = position_begin_record(position, stream);
	json_member_text(line, "profile", profile);
	json_member_text(line, "publisher", metric->publisher);
	json_member_text(line, "product", metric->product);
	if (stream == &stream_model_result)
		json_member_text(line, "software_model", metric->software_model);
	put_figures(line, period, figures, currency);
	put_drawing(line, figures);
	position_end_record(position);
}

int position_print_unlicensed(struct position *position, const struct position_cell *cell, const struct amount parts[], struct error *error)
{
	for (size_t i = 0; i < cell->consumer_count; i++) {
		const struct consumer *consumer = &cell->consumers[i];
		int64_t units = consumer->units, unlicensed = consumer->unlicensed, declared = consumer->declared;
		struct amount cost = parts[i];
		/* An account that changed its groups is several consumers. */
		for (; i + 1 < cell->consumer_count && cell->consumers[i + 1].rank == consumer->rank; i++) {
			units += cell->consumers[i + 1].units;
			unlicensed += cell->consumers[i + 1].unlicensed;
			declared += cell->consumers[i + 1].declared;
			if (amount_add(&cost, parts[i + 1], error) < 0)
				return -1;
		}
		if (!unlicensed)
			continue;
		struct buffer *line = position_begin_record(position, &stream_unlicensed_consumption);
		position_put_metric(line, cell);
		json_member_text(line, "unit", cell->metric->unit);
		position_put_period(line, &cell->period->period);
		json_member_text(line, "account_id", membership_account_id(&position->membership, consumer->rank));
		json_member_text(line, "account_name", membership_account(&position->membership, consumer->rank)->name);
		json_member_integer(line, "units_consumed", units);
		json_member_integer(line, "units_unlicensed", unlicensed);
		json_member_integer(line, "units_declared", declared);
		json_member_text(line, "currency", cell->pricing.currency);
		position_put_amount(line, "cost", cost, cell->pricing.digits);
		position_end_record(position);
	}
	return 0;
}

/* Units of plan items without a metric, by plan item and profile, without what exclusion rules leave out. */
static int sum_unrecognized(const struct position *position, struct sum_table *sums, struct error *error)
{
	const struct sum_table *all = &position->input->sums;
	for (size_t i = 0; i < all->count; i++) {
		const struct sum *sum = &all->sums[i];
		const uint32_t key[SUM_PARTS] = {sum->key[1], position->input->periods[sum->key[0]].profile};
		if (position->metric_of_sum[i] == PLAN_ITEM_NO_METRIC && sum_table_add(sums, key, sum->units, error) < 0)
			return -1;
	}
	for (size_t i = 0; i < position->excluded_items.count; i++)
		if (sum_table_add(sums, position->excluded_items.sums[i].key, -position->excluded_items.sums[i].units, error) < 0)
			return -1;
	return 0;
}

/* Removes the sums of profiles that have no results here. Returns how many are left. */
static size_t keep_shown(const struct position *position, struct sum sums[], size_t count)
{
	size_t kept = 0;
	for (size_t i = 0; i < count; i++)
		if (input_profile_is_shown(position->input, sums[i].key[1]))
			sums[kept++] = sums[i];
	return kept;
}

/* `sums`: those of the plan item, one a profile. */
static int print_item(struct position *position, size_t item, const struct sum sums[], size_t count, struct error *error)
{
	const char *identifier = position->input->plan_items.ids.names[item].text;
	int64_t units = 0;
	struct buffer *line = position_begin_record(position, &stream_unrecognized_subscription);
	json_member_text(line, "identifier", *identifier ? identifier : "(no plan item)");
	json_member_text(line, "identifier_type", "plan_item_id");
	json_member_text(line, "display_name", position->input->plan_items.list[item].plan_item_name);
	json_member_begin(line, "profiles", '[');
	for (size_t i = 0; i < count; i++) {
		const char *profile = position->input->profiles.names[sums[i].key[1]].text;
		if (*profile && sums[i].units > 0)
			json_c_string(line, profile);
		if (sum_add(&units, sums[i].units, error) < 0)
			return -1;
	}
	json_end(line, ']');
	json_member_integer(line, "subscriptions", position->input->plan_items.list[item].subscriptions);
	json_member_integer(line, "units_consumed", units);
	position_end_record(position);
	return 0;
}

int position_print_unrecognized(struct position *position, bool is_whole, struct error *error)
{
	struct sum_table sums = {.sums = NULL};
	int result = sum_unrecognized(position, &sums, error);
	size_t at = 0;
	if (sums.count)
		qsort(sums.sums, sums.count, sizeof *sums.sums, sum_compare_keys);
	for (size_t item = 0; item < position->input->plan_items.count && result == 0; item++) {
		size_t first = at;
		while (at < sums.count && sums.sums[at].key[0] == item)
			at++;
		size_t all = at - first, shown = is_whole ? all : keep_shown(position, sums.sums + first, all);
		bool is_empty = all ? !shown : !*position->input->plan_items.ids.names[item].text;
		if (position->metric_of_item[item] == PLAN_ITEM_NO_METRIC && !is_empty)
			result = print_item(position, item, sums.sums + first, shown, error);
	}
	sum_table_release(&sums);
	return result;
}
