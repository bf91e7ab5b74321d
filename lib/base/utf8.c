#include "base/utf8.h"

#include <stdbool.h>
#include <string.h>

/* The table of RFC 3629 section 4. */
size_t utf8_character(const char *at, size_t length)
{
	const unsigned char *text = (const unsigned char *)at;
	static const struct {
		unsigned char first_low, first_high, second_low, second_high;
		size_t length;
	} forms[] = {
		{0x00, 0x7f, 0x00, 0x00, 1},
		{0xc2, 0xdf, 0x80, 0xbf, 2},
		{0xe0, 0xe0, 0xa0, 0xbf, 3},
		{0xe1, 0xec, 0x80, 0xbf, 3},
		{0xed, 0xed, 0x80, 0x9f, 3},
		{0xee, 0xef, 0x80, 0xbf, 3},
		{0xf0, 0xf0, 0x90, 0xbf, 4},
		{0xf1, 0xf3, 0x80, 0xbf, 4},
		{0xf4, 0xf4, 0x80, 0x8f, 4},
	};
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		if (text[0] < forms[i].first_low || text[0] > forms[i].first_high)
			continue;
		size_t count = forms[i].length;
		if (count > length || (count > 1 && (text[1] < forms[i].second_low || text[1] > forms[i].second_high)))
			return 0;
		for (size_t byte = 2; byte < count; byte++)
			if (text[byte] < 0x80 || text[byte] > 0xbf)
				return 0;
		return count;
	}
	return 0;
}

size_t utf8_prefix(const char *text, size_t length)
{
	size_t at = 0, count;
	while (at < length && (count = utf8_character(text + at, length - at)) > 0)
		at += count;
	return at;
}

/* The blank characters of more than a byte; U+2000 to U+200B are there by their first and last byte. */
static const char *const wide_blanks[] = {"\xc2\x85", "\xc2\xa0", "\xe1\x9a\x80", "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaf",
	"\xe2\x81\x9f", "\xe2\x81\xa0", "\xe3\x80\x80", "\xef\xbb\xbf"};

/* The length of a blank that begins, or with `at_end` ends, the text; 0 for none. */
static size_t blank_at(const char *text, size_t length, bool at_end)
{
	if (!length)
		return 0;
	unsigned char byte = (unsigned char)(at_end ? text[length - 1] : text[0]);
	if (byte == ' ' || (byte >= '\t' && byte <= '\r'))
		return 1;
	const char *three = at_end && length >= 3 ? text + length - 3 : text;
	if (length >= 3 && memcmp(three, "\xe2\x80", 2) == 0 && (unsigned char)three[2] >= 0x80 && (unsigned char)three[2] <= 0x8b)
		return 3;
	for (size_t i = 0; i < sizeof wide_blanks / sizeof *wide_blanks; i++) {
		size_t size = strlen(wide_blanks[i]);
		if (length >= size && memcmp(at_end ? text + length - size : text, wide_blanks[i], size) == 0)
			return size;
	}
	return 0;
}

void utf8_trim(const char **text, size_t *length)
{
	for (size_t size; (size = blank_at(*text, *length, false)); *length -= size)
		*text += size;
	for (size_t size; (size = blank_at(*text, *length, true));)
		*length -= size;
}
