/*
 * window_pages.h: detects that the pages of a window never end, or that the list changed while it was read.
 *
 * A feed has no end if it returns to an earlier position, if WINDOW_EMPTY_MOST pages in a row have no record, or if a window has
 * WINDOW_PAGES_MOST pages. A list that is read by offsets has changed if it declares another total than on its first page, or if the window
 * holds the same record twice: then it has shifted, and another record may have been skipped. Of more than WINDOW_RECORDS_MOST records the
 * first ones are compared.
 *
 * The last page of a cursored feed names a next one like any other, and costs a further request, whose answer is empty. But all pages except
 * the last hold the same number of records: what a service allows for a page. So a page with fewer records than one that was proved to be the
 * last is the last, too, and so is one with fewer than each of the others that came before such a last one. A service whose pages do not keep to that is noticed when a page with fewer records is followed by another.
 */
#ifndef ENVTALLY_WINDOW_PAGES_H
#define ENVTALLY_WINDOW_PAGES_H

#include "base/buffer.h"
#include "fetch/loop_detect.h"

#define WINDOW_EMPTY_MOST 100
#define WINDOW_PAGES_MOST 100000
#define WINDOW_RECORDS_MOST ((size_t)1 << 20)
#define WINDOW_TOTAL_UNKNOWN INT64_C(-1)

struct window_pages {
	struct loop_detector loop;
	int count, empty; /* pages; those without a record, last and in a row */
	size_t latest, full; /* records on the latest page that has any, and on the one before it; 0 if there was none */
	bool uneven; /* pages that others follow differ */
	int64_t total; /* that the first page declared; WINDOW_TOTAL_UNKNOWN */
	uint64_t *records; /* a hash of each */
	size_t record_count;
};

/* For a window from its first page, or one that is resumed: then `total` is what its first page declared, if that is known. Starts from {0}. */
void window_pages_begin(struct window_pages *pages, int64_t total);
void window_pages_release(struct window_pages *pages);

/* After a page of `count` records that names a next one: EX_DATAERR if the feed has no end. */
int window_pages_next(struct window_pages *pages, const struct buffer *next, size_t count, struct error *error);

/*
 * After a page of `count` records of a cursored feed: returns true if it needs no further request to be known for the last one. `most` is the
 * bookmark's last_page: a page with fewer is the last one; `is_end`: the response itself says that it is the end.
 */
bool window_pages_last(struct window_pages *pages, size_t count, bool is_end, int64_t *most);

/* Of a list by offsets: a page's total, before its records; returns false if the list has changed. */
bool window_pages_total(struct window_pages *pages, int64_t total);
int window_pages_record(struct window_pages *pages, const char *text, size_t length, struct error *error);
/* After the last page: is a record among them twice? */
bool window_pages_repeat(struct window_pages *pages);

#endif
