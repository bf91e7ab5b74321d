#include "base/near_name.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#define LENGTH_LIMIT 63

static size_t plain(const char *text, char letters[])
{
	size_t length = 0;
	for (; *text; text++) {
		if (strchr(" _-", *text))
			continue;
		if (length == LENGTH_LIMIT)
			return SIZE_MAX;
		letters[length++] = (char)tolower((unsigned char)*text);
	}
	return length;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t near_name_distance(const char *text, const char *name)
{
	char a[LENGTH_LIMIT], b[LENGTH_LIMIT];
	/* Optimal string alignment: rows of the matrix, the latest three. */
	size_t rows[3][LENGTH_LIMIT + 1], a_length = plain(text, a), b_length = plain(name, b);
	if (a_length == SIZE_MAX || b_length == SIZE_MAX)
		return SIZE_MAX;
	for (size_t k = 0; k <= b_length; k++)
		rows[0][k] = k;
	for (size_t i = 1; i <= a_length; i++) {
		size_t *row = rows[i % 3], *before = rows[(i + 2) % 3], *older = rows[(i + 1) % 3];
		row[0] = i;
		for (size_t k = 1; k <= b_length; k++) {
			row[k] = least(least(before[k], row[k - 1]) + 1, before[k - 1] + (a[i - 1] != b[k - 1]));
			if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
				row[k] = least(row[k], older[k - 2] + 1);
		}
	}
	return rows[a_length % 3][b_length];
}

ptrdiff_t near_name_find(const char *text, const char *const names[], size_t count)
{
	ptrdiff_t best = -1;
	size_t distance = strlen(text) / 4;
	distance = distance ? distance : 1;
	for (size_t i = 0; i < count; i++) {
		size_t next = near_name_distance(text, names[i]);
		if (next < distance || (next == distance && best < 0)) {
			distance = next;
			best = (ptrdiff_t)i;
		}
	}
	return best;
}
