/*
 * report_sums.h: amounts of money added up, a sum for each currency.
 */
#ifndef ENVTALLY_REPORT_SUMS_H
#define ENVTALLY_REPORT_SUMS_H

#include "base/money.h"

#define REPORT_CURRENCIES 8 /* of which sums are made */

struct report_sums {
	struct report_sum {
		money amount;
		const char *currency;
		int digits;
	} sums[REPORT_CURRENCIES];
	size_t count, unknown; /* unknown: how many amounts could not be added */
};

/* Adds a decimal; unknown without an amount or a currency. */
void report_sums_add(struct report_sums *sums, const char *amount, const char *currency);

/* Appends "52.71 USD and 4000 JPY"; nothing where there is no sum. Counts sums that cannot be written as unknown. */
void report_sums_append(struct report_sums *sums, struct buffer *text);

#endif
