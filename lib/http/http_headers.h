/*
 * http_headers.h: the header fields of one HTTP response, names in lower case, in the order received.
 */
#ifndef ENVTALLY_HTTP_HEADERS_H
#define ENVTALLY_HTTP_HEADERS_H

#include "base/buffer.h"

#include <stdint.h>

#define HTTP_HEADERS_LIMIT ((size_t)64 << 10) /* bytes in all; later fields are ignored */

/* Starts as {BUFFER_INIT}: name and value by turns, each ended by a NUL. */
struct http_headers {
	struct buffer fields;
};

/* Adds a line from libcurl. A status line starts over, so the fields of an interim response (100) are dropped. */
void http_headers_add(struct http_headers *headers, const char *line, size_t length);

/* The first field of that name, or NULL. */
const char *http_headers_find(const struct http_headers *headers, const char *name);

/* The field's value as an integer, -1 if it is absent or invalid. */
int64_t http_headers_number(const struct http_headers *headers, const char *name);

/* Appends an object; fields of one name are joined by ", ". Cookies, which may be as good as a password, are redacted. */
void http_headers_append_json(const struct http_headers *headers, struct buffer *json);

void http_headers_release(struct http_headers *headers);

#endif
