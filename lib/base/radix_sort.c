#include "base/radix_sort.h"

#include <stdbool.h>
#include <string.h>

/*
 * A pass a byte of the key: where the keys with each value of it begin, then every pair to its place. How often each value of each
 * byte occurs is counted once, before the first pass. A byte in which all keys agree needs no pass.
 */
struct places {
	size_t of[8][256];
};

static void count_key(struct places *places, uint64_t key)
{
	for (int byte = 0; byte < 8; byte++)
		places->of[byte][key >> (byte * 8) & 255]++;
}

/* Turns counts into places; false when all `count` keys have the same byte as `first`. */
static bool prepare(size_t places[256], size_t count, uint8_t first)
{
	size_t at = 0;
	if (places[first] == count)
		return false;
	for (int value = 0; value < 256; value++) {
		size_t here = places[value];
		places[value] = at;
		at += here;
	}
	return true;
}

void radix_sort(struct radix_pair *pairs, struct radix_pair *spare, size_t count)
{
	struct radix_pair *from = pairs, *to = spare;
	struct places places = {0};
	for (size_t i = 0; i < count; i++)
		count_key(&places, pairs[i].key);
	for (int byte = 0; byte < 8 && count > 0; byte++) {
		size_t *place = places.of[byte];
		if (!prepare(place, count, (uint8_t)(from[0].key >> (byte * 8))))
			continue;
		for (size_t i = 0; i < count; i++)
			to[place[from[i].key >> (byte * 8) & 255]++] = from[i];
		struct radix_pair *swap = from;
		from = to;
		to = swap;
	}
	if (from != pairs)
		memcpy(pairs, from, count * sizeof *pairs);
}
