#include "licence/licence.h"

#include <string.h>

struct loader {
	csv_complain *complain;
	struct error *error;
};

/* Keeps the newest error; an older one is said at once. Results of -1 have set `next`. */
static void take(const struct loader *loader, int result, const struct error *next)
{
	if (result == 0)
		return;
	if (loader->error->status)
		loader->complain(loader->error->text, true);
	*loader->error = *next;
}

/* The number of a metric's product; LICENCE_NO_PRODUCT where the models have no such metric. */
static uint32_t product_of(const struct models *models, const char *software_model, const char *license_metric)
{
	ptrdiff_t metric = models_find_metric(models, software_model, license_metric);
	return metric < 0 ? LICENCE_NO_PRODUCT : models->metrics[metric].product_number;
}

int licence_load(struct licence *licence, const struct licence_files *files, csv_complain *complain, struct error *error)
{
	struct loader loader = {complain, error};
	struct error next = ERROR_INIT;
	*licence = (struct licence){.models = {.count = 0}};
	take(&loader, models_load(files->models, &licence->models, complain, &next), &next);
	take(&loader, entitlements_load(files->entitlements, &licence->entitlements, complain, &next), &next);
	if (files->exclusions)
		take(&loader, exclusions_load(files->exclusions, &licence->exclusions, complain, &next), &next);
	if (files->groups)
		take(&loader, account_groups_load(files->groups, &licence->groups, complain, &next), &next);
	if (files->prices)
		take(&loader, price_list_load(files->prices, &licence->prices, complain, &next), &next);
	if (files->rates)
		take(&loader, rates_load(files->rates, &licence->rates, complain, &next), &next);
	if (files->consumption)
		take(&loader, declared_use_load(files->consumption, &licence->declared, complain, &next), &next);
	for (size_t i = 0; i < licence->entitlements.count; i++) {
		struct entitlement *row = &licence->entitlements.list[i];
		row->product = product_of(&licence->models, row->software_model, row->license_metric);
	}
	for (size_t i = 0; i < licence->prices.count; i++) {
		struct price *price = &licence->prices.list[i];
		price->product = product_of(&licence->models, price->software_model, price->license_metric);
	}
	return error->status ? -1 : 0;
}

void licence_release(struct licence *licence)
{
	models_release(&licence->models);
	entitlements_release(&licence->entitlements);
	exclusions_release(&licence->exclusions);
	account_groups_release(&licence->groups);
	price_list_release(&licence->prices);
	rates_release(&licence->rates);
	declared_use_release(&licence->declared);
}

/* The line of a file that a product has its currency from. */
struct origin {
	const char *currency, *file;
	size_t row;
	int32_t day; /* of the rate that converts it */
};

/* What the rows in force have in common. */
struct common {
	const struct licence *licence;
	const struct metric *of;
	struct origin first, other, unconverted; /* `other`: the first in another currency; `unconverted`: the first without a rate */
};

static void add_origin(struct common *common, struct origin next)
{
	const struct rates *rates = &common->licence->rates;
	if (!common->first.currency)
		common->first = next;
	if (!common->other.currency && strcmp(common->first.currency, next.currency) != 0)
		common->other = next;
	if (!common->unconverted.currency && rates->count && strcmp(rates->into, next.currency) != 0 &&
		!rates_find(rates, next.currency, next.day))
		common->unconverted = next;
}

/* Is the tier's list in force on some of these days, not replaced by a newer one before? */
static bool is_in_force(const struct price_list *prices, const struct price *price, int32_t first_day, int32_t end_day)
{
	size_t count;
	int32_t day = price->start_day > first_day ? price->start_day : first_day;
	const struct price *found = day >= end_day
		? NULL
		: price_list_find_type(prices, price->type, price->software_model, price->license_metric, day, &count);
	return found && found->start_day == price->start_day;
}

int licence_currency(
	const struct licence *licence, uint32_t product, int32_t first_day, int32_t end_day, const char **currency, struct error *error)
{
	const struct entitlement *last = NULL;
	const struct price *price = NULL;
	struct common common = {.licence = licence, .of = &licence->models.metrics[licence->models.first_metric_of_product[product]]};
	for (size_t i = 0; i < licence->entitlements.count; i++) {
		const struct entitlement *row = &licence->entitlements.list[i];
		if (!row->has_cost || row->is_retired || row->product != product)
			continue;
		if (row->start_day < end_day && row->end_day > first_day)
			add_origin(&common, (struct origin){row->currency, "entitlements", row->row, row->start_day});
		if (!last || row->start_day > last->start_day)
			last = row;
	}
	for (size_t i = 0; i < licence->prices.count; i++) {
		const struct price *next = &licence->prices.list[i];
		if (next->product != product)
			continue;
		price = price ? price : next;
		if (is_in_force(&licence->prices, next, first_day, end_day))
			add_origin(&common,
				(struct origin){
					next->currency, "prices", next->row, next->start_day > first_day ? next->start_day : first_day});
	}
	bool has_rates = licence->rates.count > 0, is_one = !common.other.currency;
	*currency = has_rates && (!is_one || !common.unconverted.currency) ? licence->rates.into
		: common.first.currency                                    ? common.first.currency
		: last                                                     ? last->currency
		: price                                                    ? price->currency
									   : NULL;
	if (!has_rates && !is_one)
		return error_set(error, EX_DATAERR,
			"cannot add up product '%s' of '%s': %s line %zu is in %s, %s line %zu in %s; name a file that converts them, --rates FILE",
			common.of->product, common.of->publisher, common.first.file, common.first.row, common.first.currency,
			common.other.file, common.other.row, common.other.currency);
	money amount = 0;
	if (has_rates && !is_one && common.unconverted.currency &&
		rates_convert(&licence->rates, common.unconverted.currency, common.unconverted.day, &amount, error) < 0)
		return error_prefix(error, "%s line %zu", common.unconverted.file, common.unconverted.row);
	return 0;
}

int licence_check(const struct licence *licence, int32_t day, struct error *error)
{
	const char *currency;
	for (size_t i = 0; i < licence->models.product_keys.count; i++)
		if (licence_currency(licence, (uint32_t)i, day, day + 1, &currency, error) < 0)
			return -1;
	return 0;
}
