/*
 * rates.h: rates.csv (--rates): what a currency is worth in the one that results are in. doc/licence.md is the manual.
 *
 * A rate is a decimal of any length, kept exactly: digits × 10^exponent. One of the target in another currency converts that one by its
 * inverse, to 12 digits after the point.
 */
#ifndef ENVTALLY_RATES_H
#define ENVTALLY_RATES_H

#include "base/arena.h"
#include "base/money.h"
#include "io/csv_table.h"

/* One unit of `currency` is digits × 10^exponent of `into`, from start_day on. */
struct rate {
	size_t row;
	const char *currency, *into;
	int32_t start_day; /* DAY_FIRST for from ever */
	int64_t digits;
	int exponent;
};

struct rates {
	struct rate *list;
	size_t count;
	const char *into; /* of the first row: the currency of the results */
	struct arena arena;
};

int rates_load(const char *path, struct rates *rates, csv_complain *complain, struct error *error);
void rates_release(struct rates *rates);

/* The rate between the currency and the results' that holds on a day: the one that began last, before all of them the first; NULL for none. */
const struct rate *rates_find(const struct rates *rates, const char *currency, int32_t day);

/* The amount in the currency `into`; EX_DATAERR that names the currency when there is no rate for it. */
int rates_convert(const struct rates *rates, const char *currency, int32_t day, money *amount, struct error *error);

#endif
