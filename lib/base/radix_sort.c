#include "base/radix_sort.h"

#include <string.h>

/*
 * A pass a byte in which the keys differ: where the keys with each value of it begin, then every pair to its place. How often each value of
 * each of these bytes occurs is counted once, before the first pass.
 */
struct passes {
	size_t count;
	int shifts[8]; /* of the bytes */
	size_t places[8][256];
};

static void find_passes(struct passes *passes, const struct radix_pair *pairs, size_t count)
{
	uint64_t differing = 0;
	passes->count = 0;
	for (size_t i = 1; i < count; i++)
		differing |= pairs[i].key ^ pairs[0].key;
	for (int shift = 0; shift < 64; shift += 8)
		if (differing >> shift & 255) {
			memset(passes->places[passes->count], 0, sizeof passes->places[0]);
			passes->shifts[passes->count++] = shift;
		}
	for (size_t i = 0; i < count; i++)
		for (size_t pass = 0; pass < passes->count; pass++)
			passes->places[pass][pairs[i].key >> passes->shifts[pass] & 255]++;
}

void radix_sort(struct radix_pair *pairs, struct radix_pair *spare, size_t count)
{
	struct radix_pair *from = pairs, *to = spare;
	struct passes passes;
	find_passes(&passes, pairs, count);
	for (size_t pass = 0; pass < passes.count; pass++) {
		size_t *places = passes.places[pass], at = 0;
		int shift = passes.shifts[pass];
		for (int value = 0; value < 256; value++) {
			size_t here = places[value];
			places[value] = at;
			at += here;
		}
		for (size_t i = 0; i < count; i++)
			to[places[from[i].key >> shift & 255]++] = from[i];
		struct radix_pair *swap = from;
		from = to;
		to = swap;
	}
	if (from != pairs)
		memcpy(pairs, from, count * sizeof *pairs);
}
