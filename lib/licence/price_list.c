#include "licence/price_list.h"

#include "licence/licence_cells.h"

#include <stdlib.h>
#include <string.h>

#define AT(member) .offset = offsetof(struct price, member)

static const struct licence_column price_columns[] = {
	{"software_model", true, CELL_TEXT, AT(software_model)},
	{"license_metric", true, CELL_TEXT, AT(license_metric)},
	{"start_date", false, CELL_FIRST_DAY, AT(start_day)},
	{"from", true, CELL_COUNT, AT(first)},
	{"to", true, CELL_RIGHTS, AT(last)},
	{"unit_price", true, CELL_AMOUNT, AT(unit_price)},
	{"currency", true, CELL_CURRENCY, AT(currency)},
	{.name = NULL},
};

static int compare_lists(const struct price *a, const struct price *b)
{
	int order = strcmp(a->software_model, b->software_model);
	order = order ? order : strcmp(a->license_metric, b->license_metric);
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
		if (before && strcmp(before->currency, price->currency) != 0)
			csv_table_complain(
				table, "currency", "'%s' is not that of line %zu, '%s'", price->currency, before->row, before->currency);
	}
	return 0;
}

int price_list_load(const char *path, struct price_list *prices, csv_complain *complain, struct error *error)
{
	static const struct licence_file file = {price_columns, sizeof(struct price), .end = check_tiers};
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

const struct price *price_list_find(
	const struct price_list *prices, const char *software_model, const char *license_metric, int32_t day, size_t *count)
{
	const struct price *found = NULL;
	for (size_t i = 0; i < prices->count; i++) {
		const struct price *price = &prices->list[i];
		if (strcmp(price->software_model, software_model) != 0 || strcmp(price->license_metric, license_metric) != 0 ||
			price->start_day > day)
			continue;
		if (!found || price->start_day > found->start_day) {
			found = price;
			*count = 0;
		}
		++*count;
	}
	return found;
}

int price_list_cost(const struct price tiers[], size_t count, int64_t rights, money *cost, struct error *error)
{
	*cost = 0;
	for (size_t i = 0; i < count && tiers[i].first <= rights; i++) {
		int64_t last = tiers[i].last < rights ? tiers[i].last : rights;
		money part = tiers[i].unit_price;
		if (money_multiply(&part, last - tiers[i].first + 1, error) < 0 || money_add(cost, part, error) < 0)
			return -1;
	}
	return 0;
}

/* ---- rates ---- */

#undef AT
#define AT(member) .offset = offsetof(struct rate, member)

static const struct licence_column rate_columns[] = {
	{"currency", true, CELL_CURRENCY, AT(currency)},
	{"into", true, CELL_CURRENCY, AT(into)},
	{"rate", true, CELL_AMOUNT, AT(rate)},
	{.name = NULL},
};

static int check_rate(struct csv_table *table, char *const cells[], void *row, void *context, struct error *error)
{
	struct rates *rates = context;
	const struct rate *rate = row;
	(void)cells;
	(void)error;
	for (size_t i = 0; i + 1 < rates->count; i++)
		if (strcmp(rates->list[i].currency, rate->currency) == 0)
			csv_table_complain(table, "currency", "'%s' is in line %zu already", rate->currency, rates->list[i].row);
	rates->into = rates->list[0].into;
	if (strcmp(rates->into, rate->into) != 0)
		csv_table_complain(
			table, "into", "'%s' is not that of the first row, '%s': results are in one currency", rate->into, rates->into);
	return 0;
}

static int check_rates(struct csv_table *table, void *context, struct error *error)
{
	const struct rates *rates = context;
	(void)error;
	table->line = 1;
	if (!rates->count)
		csv_table_complain(table, "rate", "there is no row: it must name at least one currency");
	return 0;
}

int rates_load(const char *path, struct rates *rates, csv_complain *complain, struct error *error)
{
	static const struct licence_file file = {rate_columns, sizeof(struct rate), .check = check_rate, .end = check_rates};
	*rates = (struct rates){.count = 0};
	int result = licence_read(&file, path, (void **)&rates->list, &rates->count, &rates->arena, rates, complain, error);
	if (result < 0)
		rates_release(rates);
	return result;
}

void rates_release(struct rates *rates)
{
	free(rates->list);
	arena_release(&rates->arena);
	*rates = (struct rates){.count = 0};
}

int rates_convert(const struct rates *rates, const char *currency, money *amount, struct error *error)
{
	if (strcmp(currency, rates->into) == 0)
		return 0;
	for (size_t i = 0; i < rates->count; i++)
		if (strcmp(rates->list[i].currency, currency) == 0)
			return money_convert(amount, rates->list[i].rate, error);
	return error_set(error, EX_DATAERR, "cannot convert %s into %s: the rates have no row for it", currency, rates->into);
}
