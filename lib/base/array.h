/*
 * array.h: arrays that grow by one element at a time.
 */
#ifndef ENVTALLY_ARRAY_H
#define ENVTALLY_ARRAY_H

#include "base/error.h"

#include <stddef.h>

/*
 * Appends a zeroed element of `size` bytes to the array *elements of *count and returns it; NULL with EX_OSERR. Starts from NULL and 0;
 * the caller frees *elements. Grow an array only through here: the capacity is known by the count, a power of two.
 */
void *array_grow(void **elements, size_t *count, size_t size, struct error *error);

/* The element of an index; where the array is shorter it grows up to there, by zeroed elements. NULL with EX_OSERR. */
void *array_at(void **elements, size_t *count, size_t size, size_t index, struct error *error);

#endif
