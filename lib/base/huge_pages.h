/*
 * huge_pages.h: one large piece of memory that is used in random order.
 *
 * Only what is touched is taken from the system, so asking for much costs nothing; what is touched comes in huge pages where the
 * system gives them, which saves most of the page faults and of the processor's look-ups of addresses.
 */
#ifndef ENVTALLY_HUGE_PAGES_H
#define ENVTALLY_HUGE_PAGES_H

#include <stddef.h>

/* NULL when there is none. To be given to free(). */
void *huge_pages(size_t size);

/* Gives what has been touched back to the system; the memory can still be used, what was in it is gone. */
void huge_pages_forget(void *memory, size_t size);

#endif
