#include "json/json_integers.h"

#include <string.h>

#define DIGITS_HELD 15 /* of any decimal number */
#define LARGEST "9007199254740992" /* 2^53: up to there, integers are held */

static bool is_of_number(char byte)
{
	return (byte >= '0' && byte <= '9') || byte == '-' || byte == '+' || byte == '.' || byte == 'e' || byte == 'E';
}

static bool is_long(const char *token, size_t length)
{
	const char *digits = token + (*token == '-');
	size_t count = length - (size_t)(digits - token);
	if (count <= DIGITS_HELD || memchr(digits, 'e', count) || memchr(digits, 'E', count))
		return false;
	if (memchr(digits, '.', count))
		return count - 1 > DIGITS_HELD;
	return count > strlen(LARGEST) || (count == strlen(LARGEST) && memcmp(digits, LARGEST, count) > 0);
}

/* The end of the string that begins at `at`. */
static const char *string_end(const char *at, const char *end)
{
	for (at++; at < end && *at != '"'; at++)
		at += *at == '\\';
	return at < end ? at + 1 : end;
}

bool json_quote_long_numbers(struct buffer *to, const char *text, size_t length)
{
	const char *end = text + length, *copied = text;
	for (const char *at = text; at < end;) {
		const char *token = at;
		if (*at == '"') {
			at = string_end(at, end);
			continue;
		}
		while (at < end && is_of_number(*at))
			at++;
		if (at == token) {
			at++;
		} else if (is_long(token, (size_t)(at - token))) {
			buffer_append(to, copied, (size_t)(token - copied));
			buffer_append_byte(to, '"');
			buffer_append(to, token, (size_t)(at - token));
			buffer_append_byte(to, '"');
			copied = at;
		}
	}
	if (copied != text)
		buffer_append(to, copied, (size_t)(end - copied));
	return copied != text;
}
