#include "fetch/window_pages.h"

#include "base/array.h"

#include <stdlib.h>

void window_pages_begin(struct window_pages *pages, int64_t total)
{
	window_pages_release(pages);
	pages->total = total;
}

void window_pages_release(struct window_pages *pages)
{
	free(pages->records);
	*pages = (struct window_pages){.total = WINDOW_TOTAL_UNKNOWN};
}

int window_pages_next(struct window_pages *pages, const struct buffer *next, size_t count, struct error *error)
{
	pages->empty = count ? 0 : pages->empty + 1;
	if (loop_detected(&pages->loop, next->data, next->length))
		return error_set(error, EX_DATAERR, "the feed loops: it returns to '%.100s'", next->data);
	if (pages->empty == WINDOW_EMPTY_MOST)
		return error_set(error, EX_DATAERR, "the feed has no end: %d pages in a row have no record", WINDOW_EMPTY_MOST);
	if (++pages->count == WINDOW_PAGES_MOST)
		return error_set(error, EX_DATAERR, "the feed has no end: %d pages have been read", WINDOW_PAGES_MOST);
	return 0;
}

bool window_pages_last(struct window_pages *pages, size_t count, bool is_end, int64_t *most)
{
	int64_t before = (int64_t)pages->latest, full = (int64_t)pages->full;
	if (count > 0 && before > 0) {
		if (before < *most)
			*most = before;
		pages->uneven |= full && full != before;
		pages->full = pages->latest;
	}
	if (count > 0)
		pages->latest = count;
	if (is_end && !pages->uneven && before < full)
		before = full;
	if (is_end && before > *most)
		*most = before;
	return is_end || (count > 0 && (int64_t)count < *most);
}

bool window_pages_total(struct window_pages *pages, int64_t total)
{
	if (pages->total == WINDOW_TOTAL_UNKNOWN)
		pages->total = total;
	return pages->total == total;
}

int window_pages_record(struct window_pages *pages, const char *text, size_t length, struct error *error)
{
	if (pages->record_count == WINDOW_RECORDS_MOST)
		return 0;
	uint64_t *hash = array_grow((void **)&pages->records, &pages->record_count, sizeof *hash, error);
	if (!hash)
		return -1;
	*hash = loop_hash(text, length);
	return 0;
}

static int compare(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
	return (left > right) - (left < right);
}

bool window_pages_repeat(struct window_pages *pages)
{
	if (pages->record_count == 0)
		return false;
	qsort(pages->records, pages->record_count, sizeof *pages->records, compare);
	for (size_t i = 1; i < pages->record_count; i++)
		if (pages->records[i] == pages->records[i - 1])
			return true;
	return false;
}
