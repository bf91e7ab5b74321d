/*
 * near_miss.h: which known name a person may have meant by one that is not known: "did you mean".
 *
 * Names are compared by their distance: how many characters are to be inserted, removed, changed or swapped with their neighbour (the
 * restricted distance of Damerau and Levenshtein). Case, and a dash or a blank for an underscore, make no difference. A third of the longer name, at
 * most NEAR_MISS_MOST characters, may differ; a name that only goes on counts as near too: "sub" for "subscription".
 */
#ifndef ENVTALLY_NEAR_MISS_H
#define ENVTALLY_NEAR_MISS_H

#include <stdbool.h>
#include <stddef.h>

#define NEAR_MISS_MOST 3
#define NEAR_MISS_LENGTH 64 /* longer names are never near */

/* The search for the nearest of some names, begun with {.wanted = TEXT}. */
struct near_miss {
	const char *wanted;
	const char *nearest; /* one of the names that were tried, the first of those that are equally near; NULL: none is near */
	size_t distance;
};

/* Tries one more name, which must live as long as the search. */
void near_miss_try(struct near_miss *search, const char *name);

/* The nearest of an array of names, or NULL. */
const char *near_miss_of(const char *wanted, const char *const names[], size_t count);

#endif
