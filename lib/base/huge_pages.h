/*
 * huge_pages.h: one large piece of memory that is used in random order.
 *
 * The system provides only the pages that are touched, so asking for much costs nothing; they are huge pages where it has them, which
 * saves most page faults and address translations.
 */
#ifndef ENVTALLY_HUGE_PAGES_H
#define ENVTALLY_HUGE_PAGES_H

#include <stddef.h>

/* NULL when there is none. To be given to free(). */
void *huge_pages(size_t size);

/* Returns the touched pages to the system; the memory stays usable, its content is lost. */
void huge_pages_forget(void *memory, size_t size);

#endif
