/* fuzz_feed: feed descriptors. What a descriptor has is what whoever uses it need not check: pointers, templates, known fields. */
#include "fuzz.h"

#include "config/feed.h"
#include "normalize/feed_map.h"

void fuzz_feed(const uint8_t *bytes, size_t length)
{
	struct feed feed;
	struct feed_map map;
	struct error error = ERROR_INIT;
	const char *path = fuzz_file(0, bytes, length);
	if (feed_load(path, &feed, &error) < 0) {
		FUZZ_CHECK(error.status == EX_CONFIG);
		return;
	}
	FUZZ_CHECK(feed.name && feed.stream && feed.records && feed.map_count > 0);
	for (size_t i = 0; i < feed.map_count; i++)
		FUZZ_CHECK(stream_field_index(&stream_envelope_method, feed.map[i].name, strlen(feed.map[i].name)) >= 0 &&
			(feed.map[i].pointer != NULL) == (feed.map[i].context == FEED_CONTEXT_NONE));
	const char *pointers[] = {feed.records, feed.next};
	struct json_scanner *scanner = json_scanner_new(pointers, feed.next && strcmp(feed.next, feed.records) ? 2 : 1, &error);
	FUZZ_CHECK(scanner);
	json_scanner_free(scanner);
	FUZZ_CHECK(feed_map_open(&map, path, NULL, NULL, &error) == 0);
	feed_map_release(&map);
	feed_release(&feed);
}
