/*
 * fuzz_page: a page of a feed as each preset reads it. Its records are objects, and its next position stays with the service: the token goes
 * where that leads.
 */
#include "fuzz.h"

#include "fetch/feed_page.h"

#define BASE "https://api.docusign.net"

#define FIELD(name, type) "\"" name "\":{\"pointer\":\"/" name "\",\"type\":\"" type "\",\"required\":true}"
static const char *const feeds[] = {"datafeed", "datafeed-elements", "esign",
	"{\"name\":\"link\",\"stream\":\"docusign_datafeed\",\"path\":\"/x/{account_id}\",\"query\":{},\"paging\":{\"kind\":\"link\",\"next\":\"/nextUri\"},"
	"\"records\":\"/data\",\"clock\":{\"kind\":\"window\"},\"map\":{" FIELD("account_id", "id") "," FIELD(
		"envelope_id", "id") "," FIELD("status", "word") "," FIELD("modified_at", "time") "}}"};
#define FEEDS (sizeof feeds / sizeof *feeds)

struct seen {
	struct json_scanner *record; /* looks for the same fields, in one record */
	size_t count;
};

static int see_record(void *context, const char *text, size_t length, const struct json_slice fields[])
{
	struct seen *seen = context;
	struct json_slice own[2];
	FUZZ_CHECK(length >= 2 && text[0] == '{' && text[length - 1] == '}' && !memchr(text, '\n', length));
	FUZZ_CHECK(json_scan(seen->record, text, length, own, NULL) == 0);
	for (size_t i = 0; i < 2; i++)
		FUZZ_CHECK(own[i].kind == fields[i].kind && own[i].length == fields[i].length &&
			(!own[i].length || memcmp(own[i].text, fields[i].text, own[i].length) == 0));
	seen->count++;
	return 0;
}

static void check_page(struct feed_page_reader *reader, struct json_scanner *record, const struct http_response *response)
{
	struct error error = ERROR_INIT;
	struct seen seen = {.record = record};
	if (feed_page_read(reader, response, &error) < 0 || feed_page_records(reader, see_record, &seen, &error) < 0) {
		FUZZ_CHECK(error.status == EX_DATAERR);
		return;
	}
	if (reader->feed->paging == FEED_PAGING_LINK && reader->next.length)
		FUZZ_CHECK(strncmp(reader->next.data, BASE "/", sizeof BASE) == 0);
	int more = feed_page_next(reader, "0", seen.count, &error);
	FUZZ_CHECK(more >= 0 || error.status == EX_DATAERR);
	FUZZ_CHECK(more <= 0 || (reader->next.length && strcmp(reader->next.data, "0") != 0));
}

void fuzz_page(const uint8_t *bytes, size_t length)
{
	static struct feed feed[FEEDS];
	struct buffer wrapped = BUFFER_INIT;
	buffer_append_string(&wrapped, "{\"body\":");
	buffer_append(&wrapped, bytes, length);
	buffer_append_byte(&wrapped, '}');
	const struct http_response response = {.wrapped = wrapped.data, .wrapped_length = wrapped.length};
	for (size_t i = 0; i < FEEDS; i++) {
		struct feed_page_reader reader;
		if (!feed[i].name)
			FUZZ_CHECK(feed_load(*feeds[i] == '{' ? fuzz_file(0, feeds[i], strlen(feeds[i])) : feeds[i], &feed[i], NULL) == 0);
		FUZZ_CHECK(feed_page_reader_open(&reader, &feed[i], false, NULL) == 0);
		reader.base = BASE;
		const char *const pointers[2] = {[FEED_RECORD_CLOCK] = feed[i].clock_pointer};
		struct json_scanner *record = json_scanner_new(pointers, 2, NULL);
		check_page(&reader, record, &response);
		json_scanner_free(record);
		feed_page_reader_release(&reader);
	}
	buffer_release(&wrapped);
}
