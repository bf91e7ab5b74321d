/*
 * large_memory.h: one large piece of memory that is used in random order.
 *
 * Only what is touched is taken from the system, so asking for much costs nothing; what is touched comes in huge pages where the
 * system gives them, which saves most of the page faults and of the processor's look-ups of addresses.
 */
#ifndef ENVTALLY_LARGE_MEMORY_H
#define ENVTALLY_LARGE_MEMORY_H

#include <stddef.h>

/* NULL when there is none. To be given to free(). */
void *large_memory(size_t size);

#endif
