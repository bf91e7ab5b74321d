#include "radix_sort.h"

#include <stdbool.h>
#include <string.h>

void radix_sort(struct radix_pair *pairs, struct radix_pair *spare, size_t count)
{
	struct radix_pair *from = pairs, *to = spare;
	for (int shift = 0; shift < 64; shift += 8) {
		size_t places[256] = {0};
		for (size_t i = 0; i < count; i++)
			places[from[i].key >> shift & 255]++;
		bool differs = count > 0 && places[from[0].key >> shift & 255] != count;
		if (!differs)
			continue;
		size_t at = 0;
		for (int byte = 0; byte < 256; byte++) {
			size_t here = places[byte];
			places[byte] = at;
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

void radix_sort_words(uint64_t *words, uint64_t *spare, size_t count, int low_bit)
{
	uint64_t *from = words, *to = spare;
	for (int shift = low_bit; shift < 64; shift += 8) {
		size_t places[256] = {0};
		for (size_t i = 0; i < count; i++)
			places[from[i] >> shift & 255]++;
		if (count > 0 && places[from[0] >> shift & 255] == count)
			continue;
		size_t at = 0;
		for (int byte = 0; byte < 256; byte++) {
			size_t here = places[byte];
			places[byte] = at;
			at += here;
		}
		for (size_t i = 0; i < count; i++)
			to[places[from[i] >> shift & 255]++] = from[i];
		uint64_t *swap = from;
		from = to;
		to = swap;
	}
	if (from != words)
		memcpy(words, from, count * sizeof *words);
}
