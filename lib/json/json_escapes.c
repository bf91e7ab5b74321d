#include "json/json_escapes.h"

#include <string.h>

/* The four digits of \uXXXX; -1 when they are none. */
static int code_unit(const char *digits)
{
	int value = 0;
	for (int i = 0; i < 4; i++) {
		int letter = digits[i] | 32;
		if (digits[i] >= '0' && digits[i] <= '9')
			value = value * 16 + digits[i] - '0';
		else if (letter >= 'a' && letter <= 'f')
			value = value * 16 + letter - 'a' + 10;
		else
			return -1;
	}
	return value;
}

size_t json_escape_length(const char *at, const char *end)
{
	if (end - at >= 6 && at[1] == 'u')
		return code_unit(at + 2) >= 0 ? 6 : 0;
	return end - at >= 2 && at[1] && strchr("\"\\/bfnrt", at[1]) ? 2 : 0;
}

bool json_escapes_are_right(const char *text, size_t length)
{
	const char *end = text + length;
	size_t escape = 1;
	while (escape && (text = memchr(text, '\\', (size_t)(end - text))))
		text += escape = json_escape_length(text, end);
	return escape != 0;
}

/* Its bytes; 0 for a code unit that is not a character. */
static size_t put_utf8(char *to, int unit)
{
	if (unit <= 0 || (unit >= 0xd800 && unit < 0xe000))
		return 0;
	if (unit < 0x80) {
		to[0] = (char)unit;
		return 1;
	}
	if (unit < 0x800) {
		to[0] = (char)(0xc0 | unit >> 6);
		to[1] = (char)(0x80 | (unit & 0x3f));
		return 2;
	}
	to[0] = (char)(0xe0 | unit >> 12);
	to[1] = (char)(0x80 | (unit >> 6 & 0x3f));
	to[2] = (char)(0x80 | (unit & 0x3f));
	return 3;
}

ptrdiff_t json_unescape(char *to, size_t size, const char *text, size_t length)
{
	static const char letters[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
	char *at = to;
	if (length >= size || !json_escapes_are_right(text, length))
		return -1;
	for (const char *end = text + length; text < end;) {
		size_t count = 1;
		if (*text != '\\') {
			*at = *text++;
		} else if (text[1] != 'u') {
			*at = bytes[strchr(letters, text[1]) - letters];
			text += 2;
		} else {
			count = put_utf8(at, code_unit(text + 2));
			text += 6;
		}
		if (count == 0)
			return -1;
		at += count;
	}
	return at - to;
}

/* The length of the escape at `at`, or of the pair; 0 for half of a pair. For an invalid escape, at most the rest. */
static size_t pair_length(const char *at, const char *end)
{
	int unit = end - at >= 6 && at[1] == 'u' ? code_unit(at + 2) : -1;
	if (unit < 0)
		return end - at >= 2 ? 2 : 1;
	if (unit < 0xd800 || unit >= 0xe000)
		return 6;
	int low = unit < 0xdc00 && end - at >= 12 && at[6] == '\\' && at[7] == 'u' ? code_unit(at + 8) : -1;
	return low >= 0xdc00 && low < 0xe000 ? 12 : 0;
}

/* The first half of a pair; NULL when there is none. */
static const char *half_pair(const char *text, const char *end)
{
	size_t length = 1;
	while ((text = memchr(text, '\\', (size_t)(end - text))) && (length = pair_length(text, end)) > 0)
		text += length;
	return text;
}

bool json_has_half_pair(const char *text, size_t length)
{
	return half_pair(text, text + length) != NULL;
}

bool json_mend_pairs(char *text, size_t length)
{
	char *end = text + length;
	const char *at = text, *half;
	for (; (half = half_pair(at, end)); at = half + 6)
		memcpy(text + (half - text), "\\ufffd", 6);
	return at != text;
}
