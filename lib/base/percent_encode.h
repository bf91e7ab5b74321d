/*
 * percent_encode.h: text into a URL or a form, by RFC 3986 section 2: every byte but the unreserved characters as %XX, in
 * upper-case hexadecimal. Locale does not matter, and recordings find requests by the very bytes of this.
 */
#ifndef ENVTALLY_PERCENT_ENCODE_H
#define ENVTALLY_PERCENT_ENCODE_H

#include "base/buffer.h"

void percent_encode(struct buffer *to, const char *text, size_t length);

#endif
