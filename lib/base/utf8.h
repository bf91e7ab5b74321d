/*
 * utf8.h: where text stops being UTF-8 (RFC 3629: shortest forms only, no surrogates, up to U+10FFFF), and blanks around it.
 */
#ifndef ENVTALLY_UTF8_H
#define ENVTALLY_UTF8_H

#include <stddef.h>

/* Bytes of the character at `at`, of the `length` bytes that are there (one at least); 0 when none is well-formed. */
size_t utf8_character(const char *at, size_t length);

/* How many of the `length` bytes, from the first, are complete and well-formed characters. */
size_t utf8_prefix(const char *text, size_t length);

/*
 * Strips invisible characters at both ends of UTF-8 text: characters of Unicode's White_Space (PropList.txt), such as a no-break
 * space, and the zero-width space, word joiner and byte order mark.
 */
void utf8_trim(const char **text, size_t *length);

#endif
