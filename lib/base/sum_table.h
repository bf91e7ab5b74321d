/*
 * sum_table.h: units added up by a key of small numbers, such as those of a name_table.
 */
#ifndef ENVTALLY_SUM_TABLE_H
#define ENVTALLY_SUM_TABLE_H

#include "base/error.h"
#include "base/hash_index.h"

#define SUM_PARTS 3

struct sum {
	uint32_t key[SUM_PARTS];
	int64_t units;
};

struct sum_table {
	struct sum *sums; /* in the order in which their keys were first added */
	size_t count;
	struct hash_index index;
};

/* The sum of a key; NULL when there is none. The pointer lasts until the next sum_table_put(). */
struct sum *sum_table_find(const struct sum_table *table, const uint32_t key[SUM_PARTS]);

/* Adds to the sum of a key, and returns it, as above. NULL: EX_OSERR when memory is short, EX_DATAERR when a sum is beyond SUM_MOST. */
struct sum *sum_table_put(struct sum_table *table, const uint32_t key[SUM_PARTS], int64_t units, struct error *error);
/* The same, as 0 or -1. */
int sum_table_add(struct sum_table *table, const uint32_t key[SUM_PARTS], int64_t units, struct error *error);
void sum_table_release(struct sum_table *table);

/* For qsort: by the first two parts of the key. */
int sum_compare_keys(const void *left, const void *right);

/* Adds; EX_DATAERR when the sum leaves what can be added to three others without a check. */
#define SUM_MOST (INT64_MAX / 4)
int sum_add(int64_t *sum, int64_t units, struct error *error);

#endif
