/*
 * utf8.h: where text stops being UTF-8 (RFC 3629: shortest forms only, no surrogates, up to U+10FFFF).
 */
#ifndef ENVTALLY_UTF8_H
#define ENVTALLY_UTF8_H

#include <stddef.h>

/* How many of the `length` bytes, from the first, are complete and well-formed characters. */
size_t utf8_prefix(const char *text, size_t length);

#endif
