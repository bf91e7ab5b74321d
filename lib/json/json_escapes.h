/*
 * json_escapes.h: the escapes of JSON strings (RFC 8259 section 7), and those that are half of a surrogate pair.
 *
 * The grammar allows \ud83d alone: services that cut a text in the middle of an emoji send it. It has no UTF-8, so parsers refuse it;
 * it becomes U+FFFD here.
 */
#ifndef ENVTALLY_JSON_ESCAPES_H
#define ENVTALLY_JSON_ESCAPES_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Of the escape whose backslash is at `at`: 2 or 6; 0 where it is wrong. Halves of pairs are right. */
size_t json_escape_length(const char *at, const char *end);

/* Are all escapes in the content of a string right? */
bool json_escapes_are_right(const char *text, size_t length);

/* Is there half of a pair in it? */
bool json_has_half_pair(const char *text, size_t length);

/*
 * Writes \ufffd over each half of a pair, which is as long. `text` may be a string's content or a complete JSON text: outside of strings that
 * has no backslash. Returns whether there was any.
 */
bool json_mend_pairs(char *text, size_t length);

/*
 * Writes a string's content without its escapes, in UTF-8; returns its length. -1 where they are wrong, \u0000 or of a surrogate, or there are
 * fewer than `size` bytes of room.
 */
ptrdiff_t json_unescape(char *to, size_t size, const char *text, size_t length);

#ifdef __cplusplus
}
#endif

#endif
