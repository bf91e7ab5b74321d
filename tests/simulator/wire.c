#include "wire.h"

#include "wake.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define BLOCK 32768
#define DRIP 2 /* bytes */

/* What one answer's bytes come from. */
struct wire {
	struct MHD_Connection *connection;
	struct buffer body;
	enum fault_kind fault;
	int64_t value;
	bool has_stalled, has_dripped;
	z_stream deflate; /* of a giant that is compressed */
	int64_t remaining; /* bytes of the giant not yet made */
	char filler[BLOCK];
};

static void release(void *context)
{
	struct wire *wire = context;
	buffer_release(&wire->body);
	if (wire->fault == FAULT_GIANT_GZIP)
		deflateEnd(&wire->deflate);
	free(wire);
}

static ssize_t read_body(void *context, uint64_t position, char *to, size_t size)
{
	struct wire *wire = context;
	size_t length = wire->body.length, middle = length / 2;
	if (position >= length)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (wire->fault == FAULT_CUT && position >= middle)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (wire->fault == FAULT_STALL && position >= middle && !wire->has_stalled) {
		wire->has_stalled = true;
		if (wake_after(wire->connection, wire->value) == 0)
			return 0;
	}
	if (wire->fault == FAULT_DRIP) {
		wire->has_dripped = !wire->has_dripped;
		if (wire->has_dripped && wake_after(wire->connection, wire->value) == 0)
			return 0;
		size = DRIP;
	}
	bool stops = wire->fault == FAULT_CUT || (wire->fault == FAULT_STALL && !wire->has_stalled);
	size_t end = stops && position < middle ? middle : length;
	size_t count = end - position < size ? end - position : size;
	memcpy(to, wire->body.data + position, count);
	return (ssize_t)count;
}

/* JSON that never comes to an end, nearly. */
static ssize_t read_giant(void *context, uint64_t position, char *to, size_t size)
{
	static const char start[] = "{\"endCursor\":\"";
	struct wire *wire = context;
	if (wire->remaining <= 0)
		return MHD_CONTENT_READER_END_OF_STREAM;
	size_t count = (int64_t)size < wire->remaining ? size : (size_t)wire->remaining;
	memset(to, 'x', count);
	for (uint64_t i = position; i < sizeof start - 1 && i - position < count; i++)
		to[i - position] = start[i];
	wire->remaining -= (int64_t)count;
	return (ssize_t)count;
}

static ssize_t read_giant_gzip(void *context, uint64_t position, char *to, size_t size)
{
	struct wire *wire = context;
	(void)position;
	wire->deflate.next_out = (unsigned char *)to;
	wire->deflate.avail_out = (unsigned)size;
	int status = Z_OK;
	while (wire->deflate.avail_out && status == Z_OK) {
		if (!wire->deflate.avail_in && wire->remaining > 0) {
			wire->deflate.next_in = (unsigned char *)wire->filler;
			wire->deflate.avail_in = BLOCK;
			wire->remaining -= BLOCK;
		}
		status = deflate(&wire->deflate, wire->deflate.avail_in ? Z_NO_FLUSH : Z_FINISH);
	}
	size_t count = size - wire->deflate.avail_out;
	return count ? (ssize_t)count : MHD_CONTENT_READER_END_OF_STREAM;
}

static int begin_gzip(z_stream *stream)
{
	*stream = (z_stream){0};
	return deflateInit2(stream, Z_BEST_SPEED, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
}

static void compress_body(struct answer *answer)
{
	struct buffer compressed = BUFFER_INIT;
	z_stream stream;
	if (!answer->body.length || begin_gzip(&stream) != Z_OK)
		return;
	size_t bound = deflateBound(&stream, answer->body.length);
	char *to = buffer_reserve(&compressed, bound);
	stream.next_in = (unsigned char *)answer->body.data;
	stream.avail_in = (unsigned)answer->body.length;
	stream.next_out = (unsigned char *)to;
	stream.avail_out = (unsigned)bound;
	if (to && deflate(&stream, Z_FINISH) == Z_STREAM_END) {
		compressed.length = bound - stream.avail_out;
		buffer_release(&answer->body);
		answer->body = compressed;
		answer_header(answer, "Content-Encoding", "gzip");
		answer_header(answer, "Vary", "Accept-Encoding");
	} else {
		buffer_release(&compressed);
	}
	deflateEnd(&stream);
}

/* Puts two bytes that are no UTF-8 at the beginning of a string value of the second half, or at the end. */
static void spoil_utf8(struct buffer *body)
{
	struct buffer spoiled = BUFFER_INIT;
	char *found = memmem(body->data + body->length / 2, body->length - body->length / 2, "\":\"", 3);
	size_t place = found ? (size_t)(found - body->data) + 3 : body->length;
	buffer_append(&spoiled, body->data, place);
	buffer_append(&spoiled, "\xc3\x28", 2);
	buffer_append(&spoiled, body->data + place, body->length - place);
	buffer_release(body);
	*body = spoiled;
}

/* Puts `text` at the beginning of strings that follow a key: of all, or of the first. */
static void prefix_strings(struct buffer *body, const char *key, const char *text, size_t length, bool all)
{
	struct buffer spoiled = BUFFER_INIT;
	const char *rest = body->data, *end = body->data + body->length, *found;
	while ((found = memmem(rest, (size_t)(end - rest), key, strlen(key)))) {
		found += strlen(key);
		buffer_append(&spoiled, rest, (size_t)(found - rest));
		buffer_append(&spoiled, text, length);
		rest = found;
		if (!all)
			break;
	}
	buffer_append(&spoiled, rest, (size_t)(end - rest));
	buffer_release(body);
	*body = spoiled;
}

static void spoil_strings(const struct fault_choice *fault, struct buffer *body)
{
	static const char half_an_emoji[] = "\\ud83d", subject[] = "\"emailSubject\":\"", account[] = "\"accountName\":\"";
	char *filler = fault->kind == FAULT_GIANT_RECORD ? malloc((size_t)fault->value) : NULL;
	if (fault->kind == FAULT_LONE_SURROGATE) {
		prefix_strings(body, subject, half_an_emoji, sizeof half_an_emoji - 1, true);
		prefix_strings(body, account, half_an_emoji, sizeof half_an_emoji - 1, true);
	}
	if (filler)
		prefix_strings(body, subject, memset(filler, 'x', (size_t)fault->value), (size_t)fault->value, false);
	free(filler);
}

/* 0001-01-01, which services write for "no date", as the day of every last change. */
static void spoil_dates(struct buffer *body)
{
	static const char key[] = "\"lastModifiedDateTime\":\"", day[] = "0001-01-01";
	char *end = body->data + body->length;
	for (char *at = body->data; (at = memmem(at, (size_t)(end - at), key, sizeof key - 1)); at += sizeof key - 1)
		memcpy(at + sizeof key - 1, day, sizeof day - 1);
}

struct MHD_Response *wire_response(
	struct MHD_Connection *connection, struct answer *answer, const struct fault_choice *fault, bool accepts_gzip)
{
	struct wire *wire = calloc(1, sizeof *wire);
	if (!wire)
		return NULL;
	wire->connection = connection;
	wire->fault = fault->kind;
	wire->value = wire->remaining = fault->value;
	wire->body = (struct buffer)BUFFER_INIT;
	memset(wire->filler, ' ', sizeof wire->filler);
	if (wire->fault == FAULT_GIANT_GZIP && !accepts_gzip)
		wire->fault = FAULT_GIANT;
	if (wire->fault == FAULT_GIANT)
		return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, read_giant, wire, release);
	if (wire->fault == FAULT_GIANT_GZIP && begin_gzip(&wire->deflate) == Z_OK) {
		answer_header(answer, "Content-Encoding", "gzip");
		return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, read_giant_gzip, wire, release);
	}
	if (wire->fault == FAULT_INVALID_UTF8)
		spoil_utf8(&answer->body);
	if (wire->fault == FAULT_NO_DATE)
		spoil_dates(&answer->body);
	spoil_strings(fault, &answer->body);
	if (accepts_gzip)
		compress_body(answer);
	wire->body = answer->body;
	answer->body = (struct buffer)BUFFER_INIT;
	return MHD_create_response_from_callback(wire->body.length, BLOCK, read_body, wire, release);
}
