/*
 * json_integers.h: numbers that a double cannot hold, for programs that compute with doubles (libjq): as strings they keep every digit.
 */
#ifndef ENVTALLY_JSON_INTEGERS_H
#define ENVTALLY_JSON_INTEGERS_H

#include "base/buffer.h"

/*
 * Appends a JSON text with quotes around each integer beyond 2^53 (either sign), and around each other number of more than 15 digits without
 * an exponent. Returns false, and appends nothing, when it has none.
 */
bool json_quote_long_numbers(struct buffer *to, const char *text, size_t length);

#endif
