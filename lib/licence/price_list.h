/*
 * price_list.h: prices.csv (--prices): what rights cost that have to be bought on top, in tiers; and rates.csv (--rates): what a
 * currency is worth in the one that results are in. doc/licence.md is the manual of both.
 */
#ifndef ENVTALLY_PRICE_LIST_H
#define ENVTALLY_PRICE_LIST_H

#include "base/arena.h"
#include "base/money.h"
#include "io/csv_table.h"

/* The rights from `first` to `last` of those that are missing, counted from 1. */
struct price {
	size_t row;
	const char *software_model, *license_metric, *currency;
	int32_t start_day; /* the list of tiers that it belongs to holds for periods that start on this day or later */
	int64_t first, last; /* last: INT64_MAX for unlimited */
	money unit_price;
};

/* By model, metric, start day, and first. */
struct price_list {
	struct price *list;
	size_t count;
	struct arena arena;
};

int price_list_load(const char *path, struct price_list *prices, csv_complain *complain, struct error *error);
void price_list_release(struct price_list *prices);

/* The tiers that hold on a day: the first of them, and how many; NULL when there are none. */
const struct price *price_list_find(
	const struct price_list *prices, const char *software_model, const char *license_metric, int32_t day, size_t *count);

/* What `rights` cost by these tiers. */
int price_list_cost(const struct price tiers[], size_t count, int64_t rights, money *cost, struct error *error);

/* One unit of `currency` is `rate` of `into`, which is the same in all rows. */
struct rate {
	size_t row;
	const char *currency, *into;
	money rate;
};

struct rates {
	struct rate *list;
	size_t count;
	const char *into;
	struct arena arena;
};

int rates_load(const char *path, struct rates *rates, csv_complain *complain, struct error *error);
void rates_release(struct rates *rates);

/* The amount in the currency `into`; EX_DATAERR that names the currency when there is no rate for it. */
int rates_convert(const struct rates *rates, const char *currency, money *amount, struct error *error);

#endif
