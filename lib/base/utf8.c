#include "base/utf8.h"

/* Bytes of the character at `text`, 0 when none is there: the table of RFC 3629 section 4. */
static size_t character(const unsigned char *text, size_t length)
{
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
		for (size_t at = 2; at < count; at++)
			if (text[at] < 0x80 || text[at] > 0xbf)
				return 0;
		return count;
	}
	return 0;
}

size_t utf8_prefix(const char *text, size_t length)
{
	size_t at = 0, count;
	while (at < length && (count = character((const unsigned char *)text + at, length - at)) > 0)
		at += count;
	return at;
}
