/* fuzz_licence: each file of licence/, whatever is in it: what is kept is in order. */
#include "fuzz.h"

#include "base/array.h"
#include "licence/licence.h"
#include "licence/licence_cells.h"
#include "reconcile/automatic_models.h"

#include <stdlib.h>

static size_t complaints;

static void count(const char *message, bool is_mistake)
{
	FUZZ_CHECK(strlen(message) > 0);
	complaints += is_mistake;
}

/* Nothing of a file with mistakes is kept. */
static bool is_kept(int result, size_t rows, const struct error *error)
{
	FUZZ_CHECK(result == 0 ? complaints == 0 : rows == 0 && error->status == EX_DATAERR);
	complaints = 0;
	return result == 0;
}

static void check_entitlements(const char *path)
{
	struct entitlements entitlements = {.list = NULL};
	struct error error = ERROR_INIT;
	if (is_kept(entitlements_load(path, &entitlements, count, &error), entitlements.count, &error))
		for (size_t i = 0; i < entitlements.count; i++) {
			const struct entitlement *row = &entitlements.list[i];
			FUZZ_CHECK(row->start_day < row->end_day && row->purchased_rights >= 0 &&
				(row->cost >= 0 || !row->purchased_rights) && *row->software_model);
			FUZZ_CHECK(!row->has_cost || currency_digits(row->currency) >= 0);
		}
	entitlements_release(&entitlements);
}

static void check_declared(const char *path)
{
	struct declared_use declared = {.list = NULL};
	struct error error = ERROR_INIT;
	if (is_kept(declared_use_load(path, &declared, count, &error), declared.count, &error))
		for (size_t i = 0; i < declared.count; i++) {
			const struct declared_row *row = &declared.list[i];
			int32_t middle = row->start_day + (row->end_day - row->start_day) / 2;
			FUZZ_CHECK(row->start_day < row->end_day && row->units >= 0 && *row->account_id && *row->source);
			FUZZ_CHECK(declared_row_units(row, row->start_day, middle) + declared_row_units(row, middle, row->end_day) ==
				row->units);
		}
	declared_use_release(&declared);
}

static void check_prices(const char *path)
{
	struct price_list prices = {.list = NULL};
	struct rates rates = {.list = NULL};
	struct error error = ERROR_INIT;
	if (is_kept(price_list_load(path, &prices, count, &error), prices.count, &error))
		for (size_t i = 0; i < prices.count; i++) {
			const struct price *price = &prices.list[i];
			size_t tiers;
			money cost, more;
			const struct price *found =
				price_list_find(&prices, price->software_model, price->license_metric, price->start_day, &tiers);
			FUZZ_CHECK(found && price->first >= 1 && price->first <= price->last && price->unit_price >= 0);
			if (!found->is_volume && price_list_cost(found, tiers, 1000, &cost, NULL) == 0 &&
				price_list_cost(found, tiers, 1001, &more, NULL) == 0)
				FUZZ_CHECK(cost <= more);
		}
	price_list_release(&prices);
	if (is_kept(rates_load(path, &rates, count, &error), rates.count, &error))
		for (size_t i = 0; i < rates.count; i++) {
			const struct rate *rate = &rates.list[i];
			money amount = MONEY_UNIT;
			bool is_direct = strcmp(rate->into, rates.into) == 0;
			FUZZ_CHECK(rate->digits > 0);
			FUZZ_CHECK(rates_find(&rates, is_direct ? rate->currency : rate->into, rate->start_day));
			rates_convert(&rates, is_direct ? rate->currency : rate->into, rate->start_day, &amount, NULL);
		}
	rates_release(&rates);
}

/* A file that is completed is read again: its rows are what they were, on their lines, and it is complete. */
static void check_complete(const char *path, const struct models *models)
{
	static struct plan_items items;
	static const char *const names[][2] = {{"a", "Docusign CLM"}, {"b*", " Rooms, \"1\"\n2 "}, {"c", "Pilot"}, {"d", "Pro"}};
	struct buffer text = BUFFER_INIT, again = BUFFER_INIT;
	struct models complete;
	struct error error = ERROR_INIT;
	for (size_t i = 0; items.count < sizeof names / sizeof *names; i++) {
		name_table_number(&items.ids, names[i][0], strlen(names[i][0]), &error);
		struct plan_item *item = array_grow((void **)&items.list, &items.count, sizeof *item, &error);
		FUZZ_CHECK(item);
		item->plan_item_name = names[i][1];
	}
	FUZZ_CHECK(automatic_models_complete(&items, models, path, &text, &error) == 0);
	path = fuzz_file(1, text.data, text.length);
	FUZZ_CHECK(models_load(path, &complete, count, &error) == 0 && complete.count >= models->count);
	for (size_t i = 0; i < complete.count; i++) {
		const struct model_identifier *row = &complete.identifiers[i], *before = &models->identifiers[i];
		FUZZ_CHECK(i < models->count ? row->row == before->row && row->type == before->type && row->metric == before->metric &&
					strcmp(row->identifier, before->identifier) == 0 && row->is_automatic == before->is_automatic
					     : row->is_automatic && row->type == IDENTIFIER_PLAN_ITEM_ID);
	}
	FUZZ_CHECK(automatic_models_complete(&items, &complete, path, &again, &error) == 0);
	FUZZ_CHECK(again.length == text.length && memcmp(again.data, text.data, text.length) == 0);
	models_release(&complete);
	buffer_release(&text);
	buffer_release(&again);
}

static void check_others(const char *path)
{
	struct models models = {.metrics = NULL};
	struct exclusions exclusions = {.list = NULL};
	struct account_groups groups = {.list = NULL};
	struct error error = ERROR_INIT;
	if (is_kept(models_load(path, &models, count, &error), models.count, &error)) {
		for (size_t i = 0; i < models.count; i++) {
			const struct metric *metric = &models.metrics[models.identifiers[i].metric];
			FUZZ_CHECK(models_find_metric(&models, metric->software_model, metric->license_metric) ==
				models.identifiers[i].metric);
		}
		check_complete(path, &models);
	}
	models_release(&models);
	if (is_kept(exclusions_load(path, &exclusions, count, &error), exclusions.count, &error))
		for (size_t i = 0; i < exclusions.count; i++) {
			const struct exclusion *rule = &exclusions.list[i];
			FUZZ_CHECK(rule->start_day < rule->end_day);
			exclusions_exclude_user(&exclusions, rule->identifier, rule->profile, rule->start_day);
		}
	exclusions_release(&exclusions);
	if (is_kept(account_groups_load(path, &groups, count, &error), groups.count, &error))
		for (size_t i = 0; i < groups.count; i++) {
			size_t rows;
			const struct account_group *found = account_groups_find(&groups, groups.list[i].account_id, &rows);
			FUZZ_CHECK(found && rows > 0 && groups.list[i].start_day < groups.list[i].end_day);
			account_groups_in_period(found, rows, groups.list[i].start_day, groups.list[i].end_day);
		}
	account_groups_release(&groups);
}

void fuzz_licence(const uint8_t *bytes, size_t length)
{
	const char *path = fuzz_file(0, bytes, length);
	check_entitlements(path);
	check_prices(path);
	check_declared(path);
	check_others(path);
}
