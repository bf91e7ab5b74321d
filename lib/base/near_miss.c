#include "base/near_miss.h"

#include <ctype.h>
#include <string.h>

static unsigned char folded(char character)
{
	return character == '_' || character == ' ' ? '-' : (unsigned char)tolower((unsigned char)character);
}

static size_t smaller(size_t left, size_t right)
{
	return left < right ? left : right;
}

/* Row by row of the table in which place [i][j] is the distance of the first i characters of `left` and the first j of `right`. */
static size_t distance(const char *left, size_t left_length, const char *right, size_t right_length)
{
	size_t rows[3][NEAR_MISS_LENGTH + 1];
	size_t *row = rows[0], *before = rows[1], *before_that = rows[2];
	for (size_t j = 0; j <= right_length; j++)
		row[j] = j;
	for (size_t i = 1; i <= left_length; i++) {
		size_t *oldest = before_that;
		before_that = before, before = row, row = oldest;
		row[0] = i;
		for (size_t j = 1; j <= right_length; j++) {
			bool same = folded(left[i - 1]) == folded(right[j - 1]);
			row[j] = smaller(smaller(before[j], row[j - 1]) + 1, before[j - 1] + !same);
			if (i > 1 && j > 1 && folded(left[i - 1]) == folded(right[j - 2]) && folded(left[i - 2]) == folded(right[j - 1]))
				row[j] = smaller(row[j], before_that[j - 2] + 1);
		}
	}
	return row[right_length];
}

void near_miss_try(struct near_miss *search, const char *name)
{
	size_t wanted_length = strlen(search->wanted), length = strlen(name);
	if (wanted_length < 2 || wanted_length > NEAR_MISS_LENGTH || length > NEAR_MISS_LENGTH)
		return;
	size_t most = smaller((wanted_length > length ? wanted_length : length) / 3, NEAR_MISS_MOST);
	size_t found = distance(search->wanted, wanted_length, name, length);
	if (found > most && length > wanted_length && wanted_length > 2 &&
		distance(search->wanted, wanted_length, name, wanted_length) == 0)
		found = most;
	if (found > most || (search->nearest && found >= search->distance))
		return;
	search->nearest = name;
	search->distance = found;
}

const char *near_miss_of(const char *wanted, const char *const names[], size_t count)
{
	struct near_miss search = {.wanted = wanted};
	for (size_t i = 0; i < count; i++)
		near_miss_try(&search, names[i]);
	return search.nearest;
}
