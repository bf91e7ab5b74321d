#include "licence/licence.h"

#include "base/array.h"

#include "licence/licence_cells.h"

#include <stdio.h>
#include <stdlib.h>
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
		loader->complain(loader->error->text);
	*loader->error = *next;
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
}

/* The line of a file that a product has its currency from. */
struct origin {
	const char *currency, *file;
	size_t row;
};

static int check_currency(const struct licence *licence, struct origin origins[], ptrdiff_t metric, struct origin next, struct error *error)
{
	const struct metric *of = &licence->models.metrics[metric];
	struct origin *first = &origins[of->product_number];
	money amount = 0;
	if (licence->rates.count && rates_convert(&licence->rates, next.currency, &amount, error) < 0)
		return error_prefix(error, "%s line %zu", next.file, next.row);
	if (!first->currency)
		*first = next;
	if (licence->rates.count || strcmp(first->currency, next.currency) == 0)
		return 0;
	return error_set(error, EX_DATAERR,
		"cannot add up product '%s' of '%s': %s line %zu is in %s, %s line %zu in %s; name a file that converts them, --rates FILE",
		of->product, of->publisher, first->file, first->row, first->currency, next.file, next.row, next.currency);
}

int licence_check(const struct licence *licence, struct error *error)
{
	struct origin *origins = NULL;
	size_t count = 0;
	int result = 0;
	while (count <= licence->models.product_keys.count && result == 0)
		result = array_grow((void **)&origins, &count, sizeof *origins, error) ? 0 : -1;
	for (size_t i = 0; i < licence->entitlements.count && result == 0; i++) {
		const struct entitlement *entitlement = &licence->entitlements.list[i];
		ptrdiff_t metric = models_find_metric(&licence->models, entitlement->software_model, entitlement->license_metric);
		if (metric >= 0 && entitlement->has_cost && !entitlement->is_retired)
			result = check_currency(
				licence, origins, metric, (struct origin){entitlement->currency, "entitlements", entitlement->row}, error);
	}
	for (size_t i = 0; i < licence->prices.count && result == 0; i++) {
		const struct price *price = &licence->prices.list[i];
		ptrdiff_t metric = models_find_metric(&licence->models, price->software_model, price->license_metric);
		if (metric >= 0)
			result = check_currency(licence, origins, metric, (struct origin){price->currency, "prices", price->row}, error);
	}
	free(origins);
	return result;
}
