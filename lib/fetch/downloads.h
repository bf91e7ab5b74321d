/*
 * downloads.h: the items that a page of a list has named, each downloaded once: one after the other.
 *
 * An item that cannot be downloaded, or does not fit, is reported with the first such trouble when its window ends; the others are downloaded all
 * the same. What was downloaded is kept in the bookmark, so the next run asks only for the rest.
 */
#ifndef ENVTALLY_DOWNLOADS_H
#define ENVTALLY_DOWNLOADS_H

#include "fetch/bookmarks.h"
#include "fetch/feed_request.h"
#include "json/json_scan.h"

struct download {
	char *id, *url;
};

/* Starts as {0}, but for `next`: BUFFER_INIT. */
struct downloads {
	struct download *items; /* of the present page */
	size_t count, at; /* `at`: the one that is requested; `count`: none is */
	bool more; /* the list has another page, at `next` */
	struct buffer next;
	size_t failed; /* items of the window */
	struct error trouble; /* the first */
	bool is_whole; /* the window's list was read from its beginning */
};

/*
 * Adds a page's item, unless the bookmark has it. `fields` are its id and its link, if the feed has links. EX_DATAERR if it has none, or leads to a
 * host that is not the feed's.
 */
int downloads_add(struct downloads *downloads, const struct feed *feed, const struct feed_place *place, struct bookmark *bookmark,
	const struct json_slice fields[2], struct error *error);

/* The item to request; NULL after the last of the page. */
const struct download *downloads_current(const struct downloads *downloads);

/* After the present item's download: `trouble` if that failed. */
int downloads_done(struct downloads *downloads, struct bookmark *bookmark, const struct error *trouble, struct error *error);

void downloads_release(struct downloads *downloads);

#endif
