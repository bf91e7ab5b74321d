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
