#include "licence/price_list.h"

#include "licence/licence_cells.h"

#include <stdlib.h>
#include <string.h>

#define AT(member) .offset = offsetof(struct price, member)

/* In the order in which they count. */
static const char *const price_types[] = {"override", "overage", "list", NULL};
static const char *const pricings[] = {"graduated", "volume", NULL};

enum { PACK_SIZE = 10 }; /* of the columns */

static const struct licence_column price_columns[] = {
	{"software_model", true, CELL_TEXT, AT(software_model)},
	{"license_metric", true, CELL_TEXT, AT(license_metric)},
	{"start_date", false, CELL_FIRST_DAY, AT(start_day)},
	{"end_date", false, CELL_LAST_DAY, AT(end_day)},
	{"from", true, CELL_COUNT, AT(first)},
	{"to", true, CELL_RIGHTS, AT(last)},
	{"unit_price", true, CELL_AMOUNT, AT(unit_price)},
	{"currency", true, CELL_CURRENCY, AT(currency)},
	{"price_type", false, CELL_WORD, AT(type), .words = price_types, .otherwise = PRICE_LIST},
	{"pricing", false, CELL_WORD, AT(is_volume), .words = pricings},
	{"pack_size", false, CELL_COUNT, AT(pack_size)},
	{.name = NULL},
};

static int compare_lists(const struct price *a, const struct price *b)
{
	int order = strcmp(a->software_model, b->software_model);
	order = order ? order : strcmp(a->license_metric, b->license_metric);
	order = order ? order : (int)a->type - (int)b->type;
	return order ? order : (a->start_day > b->start_day) - (a->start_day < b->start_day);
}

static int compare_prices(const void *left, const void *right)
{
	const struct price *a = left, *b = right;
	int order = compare_lists(a, b);
	order = order ? order : (a->first > b->first) - (a->first < b->first);
	return order ? order : (a->row > b->row) - (a->row < b->row);
}

/* Each list of tiers begins at 1, has no gap, no overlap, one currency, and an end that is open. */
static int check_tiers(struct csv_table *table, void *context, struct error *error)
{
	struct price_list *prices = context;
	(void)error;
	for (size_t i = 0; i < prices->count; i++)
		if (prices->list[i].last == RIGHTS_UNLIMITED)
			prices->list[i].last = INT64_MAX;
	if (prices->count)
		qsort(prices->list, prices->count, sizeof *prices->list, compare_prices);
	for (size_t i = 0; i < prices->count && !table->complaints; i++) {
		const struct price *price = &prices->list[i], *before = i && compare_lists(price - 1, price) == 0 ? price - 1 : NULL;
		bool is_last = i + 1 == prices->count || compare_lists(price, price + 1) != 0;
		long long next = before && before->last < INT64_MAX ? before->last + 1 : 1;
		table->line = price->row;
		if (before && before->last == INT64_MAX)
			csv_table_complain(table, "from", "line %zu goes on without limit, so nothing can come after it", before->row);
		else if (price->first != next)
			csv_table_complain(table, "from", "it must be %lld, where the tier before ends", next);
		if (price->last < price->first)
			csv_table_complain(table, "to", "it lies before where the tier begins");
		if (is_last && price->last < INT64_MAX)
			csv_table_complain(table, "to", "the last tier must go on: 'unlimited'");
		if (before &&
			(before->is_volume != price->is_volume || before->pack_size != price->pack_size ||
				before->end_day != price->end_day))
			csv_table_complain(table, "pricing",
				"pricing, pack_size and end_date of a tier must be those of the tiers before it: line %zu differs",
				before->row);
		if (before && strcmp(before->currency, price->currency) != 0)
			csv_table_complain(
				table, "currency", "'%s' is not that of line %zu, '%s'", price->currency, before->row, before->currency);
	}
	return 0;
}

static int check_row(struct csv_table *table, char *const cells[], void *row, void *context, struct error *error)
{
	struct price *price = row;
	(void)context;
	(void)error;
	if (*cells[PACK_SIZE] && !price->pack_size)
		csv_table_complain(table, "pack_size", "'%s' is not a whole number above 0", cells[PACK_SIZE]);
	if (!price->pack_size)
		price->pack_size = 1;
	licence_check_currency(table, price->currency, price->start_day, price->end_day);
	return 0;
}

int price_list_load(const char *path, struct price_list *prices, csv_complain *complain, struct error *error)
{
	static const struct licence_file file = {price_columns, sizeof(struct price), .check = check_row, .end = check_tiers};
	*prices = (struct price_list){.count = 0};
	int result = licence_read(&file, path, (void **)&prices->list, &prices->count, &prices->arena, prices, complain, error);
	if (result < 0)
		price_list_release(prices);
	return result;
}

void price_list_release(struct price_list *prices)
{
	free(prices->list);
	arena_release(&prices->arena);
	*prices = (struct price_list){.count = 0};
}

const struct price *price_list_find_type(const struct price_list *prices, enum price_type type, const char *software_model,
	const char *license_metric, int32_t day, size_t *count)
{
	const struct price *found = NULL;
	for (size_t i = 0; i < prices->count; i++) {
		const struct price *price = &prices->list[i];
		if (price->type != type || strcmp(price->software_model, software_model) != 0 ||
			strcmp(price->license_metric, license_metric) != 0 || price->start_day > day || price->end_day <= day)
			continue;
		if (!found || price->start_day > found->start_day) {
			found = price;
			*count = 0;
		}
		++*count;
	}
	return found;
}

const struct price *price_list_find(
	const struct price_list *prices, const char *software_model, const char *license_metric, int32_t day, size_t *count)
{
	const struct price *found = NULL;
	for (int type = PRICE_OVERRIDE; type <= PRICE_LIST && !found; type++)
		found = price_list_find_type(prices, (enum price_type)type, software_model, license_metric, day, count);
	return found;
}

int price_list_cost(const struct price tiers[], size_t count, int64_t rights, money *cost, struct error *error)
{
	int64_t units = tiers->pack_size > 1 ? (rights + tiers->pack_size - 1) / tiers->pack_size : rights;
	*cost = 0;
	for (size_t i = 0; i < count && tiers[i].first <= units; i++) {
		int64_t first = tiers->is_volume ? 1 : tiers[i].first, last = tiers[i].last < units ? tiers[i].last : units;
		money part = tiers[i].unit_price;
		if (tiers->is_volume)
			*cost = 0;
		if (money_multiply(&part, last - first + 1, error) < 0 || money_add(cost, part, error) < 0)
			return -1;
	}
	return 0;
}
