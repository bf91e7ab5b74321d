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

/* Gives what has been touched back to the system; the memory can still be used, what was in it is gone. */
void large_memory_forget(void *memory, size_t size);

#endif
