/*
 * feed.h: feed descriptors: where a feed of envelopes is, how it is paged, where its records are and what they mean.
 *
 * A descriptor is a preset (lib/feeds/NAME.json, compiled in) or the user's own file; doc/feeds.md is its manual.
 * Loading checks all of it: a mistake is EX_CONFIG and names the key (settings.h), so whoever uses a feed need not check again.
 * All strings and arrays are the feed's; feed_release() frees them.
 *
 * A feed without a path is one of files: normalize reads them, and nothing fetches.
 *
 * Nothing in here fetches: normalize reads the map from it without libcurl.
 */
#ifndef ENVTALLY_FEED_H
#define ENVTALLY_FEED_H

#include "io/document.h"
#include "stream/stream.h"

enum feed_paging {
	FEED_PAGING_NONE, /* one answer holds all */
	FEED_PAGING_CURSOR, /* a response names the next position; caught up: no records and the position of the request */
	FEED_PAGING_OFFSET, /* a response has the total and the index of its last record */
	FEED_PAGING_LINK, /* an answer has the URL of the next page, or none */
};

/* What a feed proves about its completeness once it is caught up: see doc/feeds.md. */
enum feed_clock {
	FEED_CLOCK_RECORD, /* up to the newest time seen in the records, and at least to `settled_days` before the run */
	FEED_CLOCK_WINDOW, /* up to the run's clock: the service is live */
	FEED_CLOCK_BILLING, /* Docusign's own count (fetch/billing_feed.h); no descriptor has it */
};

/* The host that a feed is on. The profile's feed_base replaces any. */
enum feed_base {
	FEED_BASE_API, /* the profile's api_base */
	FEED_BASE_ESIGN, /* the eSignature site of each account */
	FEED_BASE_OWN, /* the descriptor's own URL */
};

/* A query parameter; the value is a template: {account_id}, {organization_id}, {since}, {until}, {position}. */
struct feed_parameter {
	char *name, *value;
};

enum feed_context { FEED_CONTEXT_NONE = -1, FEED_CONTEXT_ACCOUNT, FEED_CONTEXT_ORGANIZATION };

/* A field of stream_envelope_method and where it comes from: either `pointer` or `context`. */
struct feed_field {
	const char *name;
	char *pointer; /* JSON Pointer within the raw record */
	char *time_pointer; /* of a time whose day is at `pointer`; NULL: none */
	char *format; /* of a time, as strptime(3) reads it, in UTC; NULL: RFC 3339 */
	char *when_present; /* the field is this word where the pointer finds something; NULL: it is what the pointer finds */
	enum feed_context context; /* the RECORD message's "context" has it */
	enum field_type type; /* the type that the stream gives the field */
	bool required; /* a record without it is rejected */
};

#define FEED_FIELDS_MOST 16 /* of a map: stream_envelope_method has fewer */

struct feed {
	char *about; /* for people; NULL: none */
	char *name; /* what the descriptor calls itself */
	char *stream; /* of the RECORDs it becomes */
	enum feed_base base;
	char *own_base; /* the URL of FEED_BASE_OWN */
	char **hosts; /* others to which links may lead, without the token; NULL-terminated, or NULL */
	char **headers[2]; /* request lines of a page, and of a download; NULL-terminated. NULL: the usual */
	enum document_format format; /* of a page */
	int per_organization; /* 1: one sequence of pages for all accounts, not one an account */
	char *path; /* template, after the base; NULL for a feed of files */
	struct feed_parameter *query; /* in the descriptor's order */
	size_t query_count;
	bool bounded; /* requests use {until}: an interrupted window keeps its end */
	enum feed_paging paging;
	char *start; /* template of the first position; NULL for none and link */
	char *next; /* pointer: the next cursor (cursor) or URL (link) */
	char *total, *end; /* pointers: how many there are, and the index of the last one in the page (offset) */
	char *records; /* pointer: the array of records in an answer */
	enum feed_clock clock;
	char *clock_pointer; /* the time within a record; NULL for FEED_CLOCK_WINDOW */
	int settled_days;
	/* The records of a page are items of a list, each to be downloaded once, if `item` is not NULL. */
	char *item; /* pointer: an item's id */
	char *item_path; /* template of where it is, with {id}; or */
	char *item_link; /* pointer to the URL */
	char *item_records; /* pointer: the records in a download */
	enum document_format item_format;
	struct feed_field *map;
	size_t map_count;
};

/* Where records are, and in what: in a page, or in the download of an item. */
const char *feed_records(const struct feed *feed, bool is_download);
enum document_format feed_format(const struct feed *feed, bool is_download);

/* A preset's name, or a file when it contains '/' or ends in ".json". A missing file is EX_NOINPUT. */
int feed_load(const char *name_or_path, struct feed *feed, struct error *error);
void feed_release(struct feed *feed);

/* The map's entry for a field of stream_envelope_method, or NULL. */
const struct feed_field *feed_find_field(const struct feed *feed, const char *name);

#endif
