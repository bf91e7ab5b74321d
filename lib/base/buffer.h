/*
 * buffer.h: bytes that grow.
 *
 * Invariants, for every buffer that began as BUFFER_INIT:
 * - data[0..length) are the bytes; data[length] is 0, so data is a C string when no byte within is 0;
 *   data is never NULL (an empty buffer points at a static empty string with capacity 0).
 * - BUFFER_PADDING readable bytes follow data[length] whenever capacity is not 0 (what SIMD readers ask for).
 * - A failed allocation is remembered in `failed`; from then on appending does nothing. So a chain of appends
 *   needs one check, where the content is used (output_buffer() and buffer_check() do it).
 *
 * The buffer owns data: buffer_release() frees it and leaves BUFFER_INIT. buffer_reset() only empties it.
 */
#ifndef ENVTALLY_BUFFER_H
#define ENVTALLY_BUFFER_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

#define BUFFER_PADDING 64

struct buffer {
	char *data;
	size_t length;
	size_t capacity; /* bytes that fit, without the terminator and the padding */
	bool failed;
};

extern char buffer_empty[];
#define BUFFER_INIT \
	{ \
		.data = buffer_empty \
	}

void buffer_reset(struct buffer *buffer);
void buffer_release(struct buffer *buffer);

/* Makes room for `extra` more bytes and returns their place, or NULL; the caller then adds the number of bytes written to `length`. */
char *buffer_reserve(struct buffer *buffer, size_t extra);

void buffer_append(struct buffer *buffer, const void *bytes, size_t count);
void buffer_append_string(struct buffer *buffer, const char *string);
void buffer_append_byte(struct buffer *buffer, char byte);
void buffer_append_format(struct buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Appends all that `descriptor` still gives, at most `limit` bytes. Returns 0; -1 with error on a read error or more than `limit`. */
int buffer_append_descriptor(struct buffer *buffer, int descriptor, size_t limit, const char *name, struct error *error);

/* Appends the file at `path`. A missing file is EX_NOINPUT; more than `limit` bytes is EX_DATAERR. */
int buffer_append_file(struct buffer *buffer, const char *path, size_t limit, struct error *error);

/* Returns 0, or -1 with EX_OSERR when an earlier append could not get memory. */
int buffer_check(const struct buffer *buffer, struct error *error);

/* Overwrites the content before releasing it: for secrets. */
void buffer_release_secret(struct buffer *buffer);

#endif
