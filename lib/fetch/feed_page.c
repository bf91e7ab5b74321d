#include "fetch/feed_page.h"

#include <stdlib.h>
#include <string.h>

#define POSITION_LIMIT 8192 /* bytes: it becomes part of URLs, bookmarks and recordings */

enum { SLICE_RECORDS, SLICE_NEXT, SLICE_TOTAL };

/* The response is scanned as {"body":…}: see fetch_source.h. What the feed looks for may be where errors are. */
static int open_scanner(struct feed_page_reader *reader, struct error *error)
{
	const struct feed *feed = reader->feed;
	bool single = reader->is_download || feed->paging == FEED_PAGING_NONE;
	const char *given[] = {feed_records(feed, reader->is_download),
		single               ? NULL
			: feed->next ? feed->next
				     : feed->end,
		single ? NULL : feed->total};
	const char *pointers[RESPONSE_POINTERS + 3] = {NULL};
	struct buffer names[3] = {BUFFER_INIT, BUFFER_INIT, BUFFER_INIT};
	int result = 0;
	memcpy(pointers, response_pointers, sizeof response_pointers);
	for (size_t i = 0; i < 3; i++) {
		reader->places[i] = RESPONSE_POINTERS + i;
		if (!given[i])
			continue;
		buffer_append_format(&names[i], "/body%s", given[i]);
		if (result == 0)
			result = buffer_check(&names[i], error);
		for (size_t j = 0; j < RESPONSE_POINTERS; j++)
			if (strcmp(response_pointers[j], names[i].data) == 0)
				reader->places[i] = j;
		if (reader->places[i] >= RESPONSE_POINTERS)
			pointers[reader->places[i]] = names[i].data;
	}
	if (result == 0 && !(reader->scanner = json_scanner_new(pointers, RESPONSE_POINTERS + 3, error)))
		result = error_prefix(error, "cannot use feed '%s'", feed->name);
	for (size_t i = 0; i < 3; i++)
		buffer_release(&names[i]);
	return result;
}

static int pick_fields(const struct feed_page_reader *reader, struct error *error)
{
	const struct feed *feed = reader->feed;
	bool is_list = feed->item && !reader->is_download;
	const char *pointers[2];
	if (is_list) {
		pointers[FEED_RECORD_ITEM] = feed->item;
		pointers[FEED_RECORD_LINK] = feed->item_link;
	} else {
		pointers[FEED_RECORD_CLOCK] = feed->clock_pointer;
		pointers[FEED_RECORD_ACCOUNT] = feed->per_organization ? feed_find_field(feed, "account_id")->pointer : NULL;
	}
	return json_scanner_pick(reader->scanner, reader->places[SLICE_RECORDS], pointers, 2, error) < 0
		? error_prefix(error, "cannot use feed '%s'", feed->name)
		: 0;
}

int feed_page_reader_open(struct feed_page_reader *reader, const struct feed *feed, bool is_download, struct error *error)
{
	*reader = (struct feed_page_reader){.feed = feed, .base = "", .is_download = is_download, .next = BUFFER_INIT};
	return open_scanner(reader, error) < 0 ? -1 : pick_fields(reader, error);
}

void feed_page_reader_release(struct feed_page_reader *reader)
{
	json_scanner_free(reader->scanner);
	buffer_release(&reader->next);
	reader->scanner = NULL;
}

/* An integer, possibly as a string: the eSignature API writes numbers so. */
static int to_number(const struct json_slice *slice, const char *pointer, int64_t *number, struct error *error)
{
	bool fits = (slice->kind == JSON_NUMBER || slice->kind == JSON_STRING) && slice->length > 0 && slice->length <= 15;
	*number = 0;
	for (size_t i = 0; fits && i < slice->length; i++) {
		fits = slice->text[i] >= '0' && slice->text[i] <= '9';
		*number = *number * 10 + (slice->text[i] - '0');
	}
	if (fits)
		return 0;
	/* The end of an empty page may be one before its start. */
	if (slice->length == 2 && memcmp(slice->text, "-1", 2) == 0) {
		*number = -1;
		return 0;
	}
	return error_set(error, EX_DATAERR, "'%s' must be a whole number, but is %s", pointer, json_kind_name(slice->kind));
}

static bool is_under(const char *url, size_t length, const char *base)
{
	size_t size = strlen(base);
	return size && length > size && memcmp(url, base, size) == 0 && url[size] == '/';
}

static const char *host_of(const struct feed *feed, const char *url, size_t length)
{
	for (char **host = feed->hosts; host && *host; host++)
		if (is_under(url, length, *host))
			return *host;
	return NULL;
}

bool feed_is_other_host(const struct feed *feed, const char *url)
{
	return host_of(feed, url, strlen(url)) != NULL;
}

int feed_append_link(const struct feed *feed, const char *base, const char *pointer, const struct json_slice *link, struct buffer *url,
	struct error *error)
{
	if (link->kind != JSON_STRING || link->length == 0)
		return error_set(error, EX_DATAERR, "'%s' must be a link, but is %s", pointer, json_kind_name(link->kind));
	bool from_root = link->text[0] == '/' && !(link->length > 1 && link->text[1] == '/');
	if (!from_root && !is_under(link->text, link->length, base) && !host_of(feed, link->text, link->length))
		return error_set(error, EX_DATAERR, "'%s' leads to another host: %.*s", pointer,
			link->length < 200 ? (int)link->length : 200, link->text);
	if (link->length > POSITION_LIMIT)
		return error_set(error, EX_DATAERR, "'%s' has %zu bytes: a link has at most %d", pointer, link->length, POSITION_LIMIT);
	if (from_root)
		buffer_append_string(url, base);
	buffer_append(url, link->text, link->length);
	return buffer_check(url, error);
}

/* The next page's, if there is one. */
static int read_link(struct feed_page_reader *reader, const struct json_slice *link, struct error *error)
{
	if (link->kind == JSON_ABSENT || link->kind == JSON_NULL || (link->kind == JSON_STRING && link->length == 0))
		return 0;
	return feed_append_link(reader->feed, reader->base, reader->feed->next, link, &reader->next, error);
}

/* The next position is copied: iterating over the records reuses the scanner that the slices may point into. */
static int read_next(struct feed_page_reader *reader, struct error *error)
{
	const struct feed *feed = reader->feed;
	const struct json_slice *next = &reader->fields[reader->places[SLICE_NEXT]];
	int64_t end;
	switch (reader->is_download ? FEED_PAGING_NONE : feed->paging) {
	case FEED_PAGING_NONE:
		return 0;
	case FEED_PAGING_LINK:
		return read_link(reader, next, error);
	case FEED_PAGING_CURSOR:
		if ((next->kind != JSON_STRING && next->kind != JSON_NUMBER) || next->length == 0)
			return error_set(
				error, EX_DATAERR, "'%s' must be the next cursor, but is %s", feed->next, json_kind_name(next->kind));
		buffer_append(&reader->next, next->text, next->length);
		return buffer_check(&reader->next, error);
	case FEED_PAGING_OFFSET:
		if (to_number(&reader->fields[reader->places[SLICE_TOTAL]], feed->total, &reader->total, error) < 0)
			return -1;
		/* Nothing found: then there may be no end. */
		if (reader->total > 0 && to_number(next, feed->end, &end, error) < 0)
			return -1;
		buffer_append_format(&reader->next, "%lld", reader->total > 0 ? (long long)end + 1 : 0LL);
		return buffer_check(&reader->next, error);
	}
	return 0;
}

int feed_page_read(struct feed_page_reader *reader, const struct http_response *response, struct error *error)
{
	buffer_reset(&reader->next);
	reader->total = -1;
	if (!response->is_scanned && json_scan(reader->scanner, response->wrapped, response->wrapped_length, reader->fields, error) < 0)
		return -1;
	reader->records = reader->fields[reader->places[SLICE_RECORDS]];
	if (read_next(reader, error) < 0)
		return -1;
	if (reader->next.length > POSITION_LIMIT)
		return error_set(error, EX_DATAERR, "'%s' has %zu bytes: a position has at most %d", reader->feed->next,
			reader->next.length, POSITION_LIMIT);
	/* The eSignature API leaves the array out when there is nothing in it. */
	bool empty = reader->total == 0 && (reader->records.kind == JSON_ABSENT || reader->records.kind == JSON_NULL);
	bool may_be_one = reader->is_download || reader->feed->paging == FEED_PAGING_NONE;
	if (reader->records.kind == JSON_ARRAY || empty || (may_be_one && reader->records.kind == JSON_OBJECT))
		return 0;
	return error_set(error, EX_DATAERR, "'%s' must be the array of records, but is %s", feed_records(reader->feed, reader->is_download),
		json_kind_name(reader->records.kind));
}

struct each_record {
	feed_record_visitor *each;
	void *context;
	struct error *error;
};

static int check_record(void *context, const char *text, size_t length, const struct json_slice fields[])
{
	const struct each_record *record = context;
	if (length == 0 || *text != '{')
		return error_set(record->error, EX_DATAERR, "a record is not an object: %.*s", length < 60 ? (int)length : 60, text);
	return record->each(record->context, text, length, fields);
}

int feed_page_records(struct feed_page_reader *reader, feed_record_visitor *each, void *context, struct error *error)
{
	struct each_record record = {.each = each, .context = context, .error = error};
	if (reader->records.kind != JSON_ARRAY && reader->records.kind != JSON_OBJECT)
		return 0;
	return json_scan_picked(reader->scanner, &reader->records, check_record, &record, error);
}

/* What the service declares and what it sent must agree, or the pages shifted while they were read. */
static int next_offset(struct feed_page_reader *reader, const char *position, size_t count, struct error *error)
{
	int64_t requested = strtoll(position, NULL, 10), next = strtoll(reader->next.data, NULL, 10);
	if (reader->total == 0 && count == 0)
		return 0;
	if (next - requested != (int64_t)count)
		return error_set(error, EX_DATAERR, "the page from %lld to %lld of %lld has %zu records", (long long)requested,
			(long long)next - 1, (long long)reader->total, count);
	if (next >= reader->total)
		return 0;
	if (count == 0)
		return error_set(error, EX_DATAERR, "the page from %lld of %lld is empty", (long long)requested, (long long)reader->total);
	return 1;
}

int feed_page_next(struct feed_page_reader *reader, const char *position, size_t count, struct error *error)
{
	bool same = strcmp(reader->next.data, position) == 0;
	switch (reader->is_download ? FEED_PAGING_NONE : reader->feed->paging) {
	case FEED_PAGING_NONE:
		return 0;
	case FEED_PAGING_OFFSET:
		return next_offset(reader, position, count, error);
	case FEED_PAGING_LINK:
		if (reader->next.length == 0)
			return 0;
		break;
	case FEED_PAGING_CURSOR:
		if (same && count == 0)
			return 0;
		break;
	}
	if (same)
		return error_set(error, EX_DATAERR, "the feed loops: after '%.100s' it leads to the same again", position);
	return 1;
}
