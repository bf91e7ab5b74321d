/*
 * radix_sort.h: sorts pairs of integers by key, in a number of passes that depends on the bytes in which keys differ.
 */
#ifndef ENVTALLY_RADIX_SORT_H
#define ENVTALLY_RADIX_SORT_H

#include <stddef.h>
#include <stdint.h>

struct radix_pair {
	uint64_t key, value;
};

/* Sorts `pairs` by key, stably (least significant byte first). `spare` is room for as many. */
void radix_sort(struct radix_pair *pairs, struct radix_pair *spare, size_t count);

#endif
