#include "io/gzip.h"

#include <libdeflate.h>
#include <stdint.h>
#include <zlib.h>

#define PIECE ((size_t)64 << 10)
#define GZIP_ONLY (16 + MAX_WBITS) /* inflateInit2(): expect the gzip header, check the trailer */

/* The length that the end of the data states (RFC 1952, ISIZE): true of one member below 4 GiB. */
static size_t stated_length(const char *bytes, size_t length)
{
	const unsigned char *end = (const unsigned char *)bytes + length;
	return length < 18 ? 0 : end[-4] | (size_t)end[-3] << 8 | (size_t)end[-2] << 16 | (size_t)end[-1] << 24;
}

/* One sound member, decoded at once. False for anything else, and nothing is appended then. */
static bool decode_at_once(const char *bytes, size_t length, size_t limit, struct buffer *decoded)
{
	size_t stated = stated_length(bytes, length), used = 0, got = 0;
	if (stated > limit || stated / 1032 > length) /* DEFLATE cannot do better than that */
		return false;
	struct libdeflate_decompressor *decompressor = libdeflate_alloc_decompressor();
	char *to = buffer_reserve(decoded, stated + 1);
	bool is_whole = decompressor && to &&
		libdeflate_gzip_decompress_ex(decompressor, bytes, length, to, stated, &used, &got) == LIBDEFLATE_SUCCESS && used == length;
	libdeflate_free_decompressor(decompressor);
	decoded->length += is_whole ? got : 0;
	if (decoded->data)
		decoded->data[decoded->length] = 0;
	return is_whole;
}

static int decode(z_stream *stream, size_t limit, struct buffer *decoded, struct error *error)
{
	size_t start = decoded->length;
	int result = Z_OK;
	while (result != Z_STREAM_END || stream->avail_in > 0) {
		if (result == Z_STREAM_END)
			inflateReset(stream);
		char *to = buffer_reserve(decoded, PIECE);
		if (!to)
			return buffer_check(decoded, error);
		stream->next_out = (unsigned char *)to;
		stream->avail_out = PIECE;
		result = inflate(stream, Z_NO_FLUSH);
		decoded->length += PIECE - stream->avail_out;
		decoded->data[decoded->length] = 0;
		if (decoded->length - start > limit)
			return error_set(error, EX_DATAERR, "it decodes to more than the limit of %zu bytes", limit);
		if (result == Z_BUF_ERROR || (result == Z_OK && stream->avail_in == 0 && stream->avail_out > 0))
			return error_set(error, EX_DATAERR, "the gzip data end too early");
		if (result != Z_OK && result != Z_STREAM_END)
			return error_set(error, EX_DATAERR, "the gzip data are damaged: %s", stream->msg ? stream->msg : zError(result));
	}
	return 0;
}

int gzip_decode(const char *bytes, size_t length, size_t limit, struct buffer *decoded, struct error *error)
{
	if (decode_at_once(bytes, length, limit, decoded))
		return 0;
	/* zlib does not write through next_in; its type is older than const. */
	z_stream stream = {.next_in = (unsigned char *)(uintptr_t)bytes, .avail_in = (uInt)length};
	if (inflateInit2(&stream, GZIP_ONLY) != Z_OK)
		return error_set(error, EX_OSERR, "out of memory");
	int result = decode(&stream, limit, decoded, error);
	inflateEnd(&stream);
	return result;
}
