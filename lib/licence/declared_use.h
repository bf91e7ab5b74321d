/*
 * declared_use.h: consumption.csv: use that no feed tells, as of a plan bought through a reseller. doc/licence.md is the manual of the file.
 *
 * Units of several days are spread over them evenly, in whole units, along the days, so that those of any days add up to the row's.
 */
#ifndef ENVTALLY_DECLARED_USE_H
#define ENVTALLY_DECLARED_USE_H

#include "base/arena.h"
#include "io/csv_table.h"

#include <stdint.h>

struct declared_row {
	size_t row;
	const char *account_id, *software_model, *license_metric, *source, *profile; /* profile "": that of the account */
	int32_t start_day, end_day; /* end exclusive */
	int64_t units;
};

struct declared_use {
	struct declared_row *list; /* by account, metric, source and day, whatever the order of the lines */
	size_t count;
	struct arena arena;
};

/* Rows of one account, metric and source for some of the same days are mistakes. All go to `complain`; then EX_DATAERR, and nothing is kept. */
int declared_use_load(const char *path, struct declared_use *declared, csv_complain *complain, struct error *error);
void declared_use_release(struct declared_use *declared);

/* The row's units on its days from `first_day` to before `end_day`, all of which are the row's. */
int64_t declared_row_units(const struct declared_row *row, int32_t first_day, int32_t end_day);

#endif
