#include "explain/recorded_envelopes.h"

#include "http/http_response.h"
#include "normalize/feed_map.h"
#include "recording/recording.h"

#include <string.h>

enum { ENVELOPE_ID = 1 }; /* place among the fields of stream_envelope_method */

struct walk {
	const struct recorded_envelopes *envelopes;
	struct recording_reader recording;
	struct response_reader responses;
	struct feed_map map;
	struct json_scanner *pages[2], *canonical; /* of a page, a download */
	struct fetch_manner manners[2];
	struct buffer texts, line;
	const char *account_id; /* of the request; NULL for none */
	struct recorded_place place;
	struct error *error;
};

/* The text that precedes the account id in the feed's URLs, in the path or as a parameter; empty if they have none. */
static void find_account_mark(const struct feed *feed, struct buffer *mark)
{
	static const char name[] = "{account_id}";
	const char *at = strstr(feed->path, name);
	if (at) {
		const char *start = at;
		while (start > feed->path && start[-1] != '}')
			start--;
		buffer_append(mark, start, (size_t)(at - start));
		return;
	}
	for (size_t i = 0; i < feed->query_count; i++)
		if (strncmp(feed->query[i].value, name, strlen(name)) == 0) {
			buffer_append_string(mark, feed->query[i].name);
			buffer_append_byte(mark, '=');
			return;
		}
}

/* Sets walk->account_id from what was recorded with a download, or from a URL. Percent-encoding does not change ids, which have only letters, digits and dashes. */
static int find_account(struct walk *walk, const struct recorded_exchange *exchange, struct error *error)
{
	const struct json_slice *url = &exchange->url, *download = &exchange->download;
	struct buffer mark = BUFFER_INIT;
	if (download->kind == JSON_STRING) {
		buffer_reset(&walk->texts);
		buffer_append(&walk->texts, download->text, download->length);
		walk->account_id = download->length ? walk->texts.data : NULL;
		return buffer_check(&walk->texts, error);
	}
	find_account_mark(&walk->map.feed, &mark);
	buffer_reset(&walk->texts);
	const char *at = mark.length ? memmem(url->text, url->length, mark.data, mark.length) : NULL;
	if (at) {
		size_t rest = url->length - (size_t)(at + mark.length - url->text), length = 0;
		while (length < rest && !strchr("/?&", at[mark.length + length]))
			length++;
		buffer_append(&walk->texts, at + mark.length, length);
	}
	int result = buffer_check(&mark, error) < 0 ? -1 : buffer_check(&walk->texts, error);
	buffer_release(&mark);
	walk->account_id = at ? walk->texts.data : NULL;
	return result;
}

static int convert(struct walk *walk, const struct json_slice fields[], struct error *error)
{
	struct json_slice canonical[RAW_MAP_FIELDS];
	struct feed_map_fault fault;
	struct message message = {.type = MESSAGE_RECORD, .fields = fields};
	if (walk->account_id)
		message.context_account_id = (struct json_slice){JSON_STRING, walk->account_id, strlen(walk->account_id)};
	buffer_reset(&walk->line);
	int fits = feed_map_append(&walk->map, walk->map.target, &message, &walk->line, &fault, error);
	if (fits)
		return fits < 0 ? -1 : 0;
	if (buffer_check(&walk->line, error) < 0 ||
		json_scan(walk->canonical, walk->line.data, walk->line.length - 1, canonical, error) < 0)
		return -1;
	return walk->envelopes->found(walk->envelopes->context, &walk->place, canonical, error);
}

static bool is_wanted(struct walk *walk, const struct json_slice fields[])
{
	char id[ID_LIMIT];
	int slot = walk->map.slots[ENVELOPE_ID];
	const struct json_slice *slice = slot >= 0 ? &fields[slot] : NULL;
	if (!slice || slice->kind != JSON_STRING || slice->length == 0 || slice->length > sizeof id)
		return false;
	for (size_t i = 0; i < slice->length; i++)
		id[i] = (char)(slice->text[i] >= 'A' && slice->text[i] <= 'Z' ? slice->text[i] + 32 : slice->text[i]);
	return walk->envelopes->wanted(walk->envelopes->context, id, slice->length);
}

/* Reads a record of a response. normalize has rejected everything but objects. */
static int read_record(void *context, const char *text, size_t length, const struct json_slice fields[])
{
	struct walk *walk = context;
	(void)text, (void)length;
	walk->place.record++;
	return is_wanted(walk, fields) ? convert(walk, fields, walk->error) : 0;
}

/* The text as a C string, or NULL. */
static const char *text_of(struct buffer *texts, const struct json_slice *slice)
{
	buffer_reset(texts);
	if (slice->kind != JSON_STRING)
		return NULL;
	buffer_append(texts, slice->text, slice->length);
	return texts->data;
}

static int read_response(struct walk *walk, const struct recorded_exchange *exchange, struct error *error)
{
	struct http_response response = {.body = ""};
	struct json_slice records;
	struct buffer type = BUFFER_INIT, encoding = BUFFER_INIT;
	bool is_download = exchange->download.kind == JSON_STRING;
	/* The items of a list are no records. */
	if (walk->map.feed.item && !is_download)
		return 0;
	const struct response_received received = {.status = exchange->status,
		.url = "",
		.manner = &walk->manners[is_download],
		.content_type = text_of(&type, &exchange->content_type),
		.content_encoding = text_of(&encoding, &exchange->content_encoding),
		.body = exchange->body,
		.length = exchange->body_length};
	int result = buffer_check(&type, error) < 0 || buffer_check(&encoding, error) < 0 ? -1 : 0;
	if (result == 0)
		response_read(&walk->responses, &received, &response);
	struct json_scanner *page = walk->pages[is_download];
	if (result == 0 && !response.error.status && find_account(walk, exchange, error) == 0 &&
		json_scan(page, response.wrapped, response.wrapped_length, &records, NULL) == 0) {
		bool may_be_one = is_download || walk->map.feed.paging == FEED_PAGING_NONE;
		if (records.kind == JSON_ARRAY || (records.kind == JSON_OBJECT && may_be_one))
			result = json_scan_picked(page, &records, read_record, walk, error);
	}
	buffer_release(&type);
	buffer_release(&encoding);
	return result;
}

static int read_exchanges(struct walk *walk, struct error *error)
{
	struct recorded_exchange exchange;
	uint64_t offset = walk->recording.tail.bodies_length;
	int got;
	while ((got = recording_next(&walk->recording, &exchange, error)) > 0) {
		walk->place = (struct recorded_place){
			.exchange = walk->recording.tail.exchanges, .body_offset = offset, .body_length = exchange.body_length};
		offset = walk->recording.tail.bodies_length;
		if (exchange.final && exchange.status >= 200 && exchange.status < 300 && read_response(walk, &exchange, error) < 0)
			return error_prefix(
				error, "cannot read '%s' exchange %llu", walk->recording.path, (unsigned long long)walk->place.exchange);
	}
	return got;
}

static int open_scanners(struct walk *walk, struct error *error)
{
	static const char *const canonical[] = {"/record/account_id", "/record/envelope_id", "/record/status", "/record/created_at",
		"/record/sent_at", "/record/completed_at", "/record/modified_at", "/record/plan_item_id", "/record/sender_id",
		"/record/sending_method"};
	const struct feed *feed = &walk->map.feed;
	for (int i = 0, last = feed->item ? 1 : 0; i <= last; i++) {
		struct buffer pointer = BUFFER_INIT;
		buffer_append_format(&pointer, "/body%s", feed_records(feed, i));
		const char *const page[] = {pointer.data};
		walk->manners[i].format = feed_format(feed, i);
		if (buffer_check(&pointer, error) == 0)
			walk->pages[i] = json_scanner_new(page, 1, error);
		buffer_release(&pointer);
		if (!walk->pages[i] || json_scanner_pick(walk->pages[i], 0, walk->map.pointers, walk->map.pointer_count, error) < 0)
			return -1;
	}
	walk->canonical = json_scanner_new(canonical, sizeof canonical / sizeof *canonical, error);
	return walk->canonical ? 0 : -1;
}

int recorded_envelopes_walk(const struct recorded_envelopes *envelopes, const char *directory, const char *feed, struct error *error)
{
	struct walk walk = {.envelopes = envelopes, .texts = BUFFER_INIT, .line = BUFFER_INIT, .error = error};
	if (feed_map_open(&walk.map, feed, NULL, NULL, error) < 0)
		return -1;
	int result = -1;
	if (recording_reader_open(&walk.recording, directory, RECORDED_ENVELOPES_PROGRAM, 0, error) < 0)
		goto out;
	if (response_reader_open(&walk.responses, error) == 0 && open_scanners(&walk, error) == 0)
		result = read_exchanges(&walk, error);
	response_reader_release(&walk.responses);
	recording_reader_release(&walk.recording);
out:
	json_scanner_free(walk.pages[0]);
	json_scanner_free(walk.pages[1]);
	json_scanner_free(walk.canonical);
	feed_map_release(&walk.map);
	buffer_release(&walk.texts);
	buffer_release(&walk.line);
	return result;
}
