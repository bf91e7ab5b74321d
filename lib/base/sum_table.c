#include "base/sum_table.h"

#include "base/array.h"

#include <stdlib.h>
#include <string.h>

static bool same_key(const void *context, size_t position, const void *key)
{
	return memcmp(((const struct sum_table *)context)->sums[position].key, key, sizeof(uint32_t[SUM_PARTS])) == 0;
}

int sum_add(int64_t *sum, int64_t units, struct error *error)
{
	if (__builtin_add_overflow(*sum, units, sum) || *sum > SUM_MOST || *sum < -SUM_MOST)
		return error_set(error, EX_DATAERR, "the sum of units is too large");
	return 0;
}

struct sum *sum_table_find(const struct sum_table *table, const uint32_t key[SUM_PARTS])
{
	ptrdiff_t at = hash_index_find(&table->index, hash_key(key, sizeof(uint32_t[SUM_PARTS])), same_key, table, key);
	return at < 0 ? NULL : &table->sums[at];
}

struct sum *sum_table_put(struct sum_table *table, const uint32_t key[SUM_PARTS], int64_t units, struct error *error)
{
	uint32_t hash = hash_key(key, sizeof(uint32_t[SUM_PARTS]));
	ptrdiff_t at = hash_index_find(&table->index, hash, same_key, table, key);
	if (at >= 0)
		return sum_add(&table->sums[at].units, units, error) < 0 ? NULL : &table->sums[at];
	struct sum *sum = array_grow((void **)&table->sums, &table->count, sizeof *sum, error);
	if (!sum)
		return NULL;
	if (hash_index_add(&table->index, hash, table->count - 1) < 0) {
		table->count--;
		error_set(error, EX_OSERR, "out of memory");
		return NULL;
	}
	memcpy(sum->key, key, sizeof sum->key);
	sum->units = units;
	return sum;
}

int sum_table_add(struct sum_table *table, const uint32_t key[SUM_PARTS], int64_t units, struct error *error)
{
	return sum_table_put(table, key, units, error) ? 0 : -1;
}

void sum_table_release(struct sum_table *table)
{
	free(table->sums);
	hash_index_release(&table->index);
	*table = (struct sum_table){.sums = NULL};
}

int sum_compare_keys(const void *left, const void *right)
{
	const struct sum *a = left, *b = right;
	if (a->key[0] != b->key[0])
		return a->key[0] < b->key[0] ? -1 : 1;
	return (a->key[1] > b->key[1]) - (a->key[1] < b->key[1]);
}
