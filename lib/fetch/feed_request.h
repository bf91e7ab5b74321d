/*
 * feed_request.h: the URL of a page of a feed, from the descriptor's templates.
 */
#ifndef ENVTALLY_FEED_REQUEST_H
#define ENVTALLY_FEED_REQUEST_H

#include "config/feed.h"

#include <stdint.h>

/* The values of the placeholders. */
struct feed_place {
	const char *api_base, *organization_id;
	const char *account_id; /* NULL for a feed of the whole organization */
	int64_t since, until;
	const char *position; /* NULL: the first page */
	const char *item_id; /* of an item that is downloaded */
};

/*
 * Appends the URL. Values in templates, and complete parameters, are percent-encoded by RFC 3986: all but unreserved
 * characters, in upper case. For paging by link the position is the URL.
 */
void feed_append_url(const struct feed *feed, const struct feed_place *place, struct buffer *url);

/* Appends the URL of an item, for a feed that has its template. */
void feed_append_item_url(const struct feed *feed, const struct feed_place *place, struct buffer *url);

/* Appends the first position, "" for kinds without one. */
void feed_append_start(const struct feed *feed, const struct feed_place *place, struct buffer *position);

#endif
