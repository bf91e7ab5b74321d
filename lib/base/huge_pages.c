#include "base/huge_pages.h"

#include <stdlib.h>
#include <sys/mman.h>

#define HUGE_PAGE ((size_t)2 << 20)

void *huge_pages(size_t size)
{
	size = (size + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
	void *memory = aligned_alloc(HUGE_PAGE, size);
	if (memory)
		(void)madvise(memory, size, MADV_HUGEPAGE); /* slower without them, no more */
	return memory;
}

void huge_pages_forget(void *memory, size_t size)
{
	(void)madvise(memory, size, MADV_DONTNEED); /* if that fails, the pages stay */
}
