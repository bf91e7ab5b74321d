/*
 * price_list.h: prices.csv (--prices): what rights cost that have to be bought on top, in tiers. doc/licence.md is the manual.
 */
#ifndef ENVTALLY_PRICE_LIST_H
#define ENVTALLY_PRICE_LIST_H

#include "base/arena.h"
#include "base/money.h"
#include "io/csv_table.h"

/* In the order in which they count: what a person sets for a true-up, what the contract says of an overrun, what anybody pays. */
enum price_type { PRICE_OVERRIDE, PRICE_OVERAGE, PRICE_LIST };

/* The rights from `first` to `last` of those that are missing, counted from 1; packs of rights, where pack_size is above 1. */
struct price {
	size_t row;
	enum price_type type;
	int is_volume; /* 1: the tier that the last right is in prices all of them; else each right costs what its own tier says */
	int64_t pack_size;
	const char *software_model, *license_metric, *currency;
	uint32_t product; /* its number in the models: set by licence_load() */
	int32_t start_day, end_day; /* of the list of tiers that it belongs to, end exclusive; a newer one of its type ends it too */
	int64_t first, last; /* last: INT64_MAX for unlimited */
	money unit_price;
};

/* By model, metric, type, start day, and first. */
struct price_list {
	struct price *list;
	size_t count;
	struct arena arena;
};

int price_list_load(const char *path, struct price_list *prices, csv_complain *complain, struct error *error);
void price_list_release(struct price_list *prices);

/* The tiers that hold on a day, of the first type that has some, or of one type: the first of them, and how many; NULL when there are none. */
const struct price *price_list_find(
	const struct price_list *prices, const char *software_model, const char *license_metric, int32_t day, size_t *count);

const struct price *price_list_find_type(const struct price_list *prices, enum price_type type, const char *software_model,
	const char *license_metric, int32_t day, size_t *count);

/* What `rights` cost by these tiers. */
int price_list_cost(const struct price tiers[], size_t count, int64_t rights, money *cost, struct error *error);

#endif
