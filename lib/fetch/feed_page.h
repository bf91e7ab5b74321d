/*
 * feed_page.h: a page of a feed, read as its descriptor says: its records and the next position.
 *
 * Errors are EX_DATAERR and name what the response lacks, without its URL.
 */
#ifndef ENVTALLY_FEED_PAGE_H
#define ENVTALLY_FEED_PAGE_H

#include "config/feed.h"
#include "http/http_response.h"

struct feed_page_reader {
	const struct feed *feed;
	const char *base; /* the caller sets it before each page: links stay under it, or lead to one of the feed's hosts */
	bool is_download; /* of an item of a list */
	/* For the manner of its requests: the response is scanned for both at once. */
	struct json_scanner *scanner;
	struct json_slice fields[RESPONSE_POINTERS + 3];
	size_t places[3]; /* of records, next position and total among them */
	struct json_slice records;
	struct buffer next; /* the position after this page, as the response gives it */
	int64_t total; /* that the response declares; -1 for none */
};

int feed_page_reader_open(struct feed_page_reader *reader, const struct feed *feed, bool is_download, struct error *error);
void feed_page_reader_release(struct feed_page_reader *reader);

int feed_page_read(struct feed_page_reader *reader, const struct http_response *response, struct error *error);

/*
 * Appends the URL of a link: absolute or starting with '/', under the base or one of the feed's hosts. Any other is EX_DATAERR, since the token
 * would be sent there. `pointer` is where the link was, for messages.
 */
int feed_append_link(const struct feed *feed, const char *base, const char *pointer, const struct json_slice *link, struct buffer *url,
	struct error *error);

/* Does the URL lead to one of the feed's other hosts? There the token is not sent. */
bool feed_is_other_host(const struct feed *feed, const char *url);

/* What `each` finds of a record: of a list's item its id and link; else the clock, and the account where the feed is the organization's. */
enum { FEED_RECORD_ITEM, FEED_RECORD_LINK, FEED_RECORD_CLOCK = 0, FEED_RECORD_ACCOUNT };

/* Calls `each` with every record of the page just read; each is an object. Returns what json_scan_picked() does. */
typedef int feed_record_visitor(void *context, const char *text, size_t length, const struct json_slice fields[]);
int feed_page_records(struct feed_page_reader *reader, feed_record_visitor *each, void *context, struct error *error);

/*
 * After the page's `count` records: returns 1 if there is more, with the next position in `reader->next`; 0 if the feed is
 * caught up; -1 if the response contradicts itself or leads in a circle. `position` is that of the request.
 */
int feed_page_next(struct feed_page_reader *reader, const char *position, size_t count, struct error *error);

#endif
