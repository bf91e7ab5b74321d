#include "base/array.h"

#include <stdlib.h>
#include <string.h>

void *array_grow(void **elements, size_t *count, size_t size, struct error *error)
{
	/* Doubled whenever the count reaches a power of two. */
	if ((*count & (*count - 1)) == 0) {
		void *grown = reallocarray(*elements, *count ? *count * 2 : 1, size);
		if (!grown) {
			error_set(error, EX_OSERR, "out of memory");
			return NULL;
		}
		*elements = grown;
	}
	return memset((char *)*elements + size * (*count)++, 0, size);
}

void *array_at(void **elements, size_t *count, size_t size, size_t index, struct error *error)
{
	while (*count <= index)
		if (!array_grow(elements, count, size, error))
			return NULL;
	return (char *)*elements + size * index;
}
