#include "io/display.h"

#include "base/utf8.h"

#include <locale.h>
#include <stdint.h>
#include <wchar.h>

/* The character at `at`, and its length; a byte that is not UTF-8 is a character. */
static uint32_t decode(const char *at, const char *end, size_t *length)
{
	size_t count = utf8_character(at, (size_t)(end - at));
	*length = count ? count : 1;
	if (count == 0)
		return UINT32_MAX;
	uint32_t character = (unsigned char)*at & (count == 1 ? 0x7fU : 0x7fU >> count);
	for (size_t i = 1; i < count; i++)
		character = character << 6 | ((unsigned char)at[i] & 0x3f);
	return character;
}

struct range {
	uint32_t first, last;
};

static bool lies_in(const struct range ranges[], uint32_t character)
{
	for (; ranges->last; ranges++)
		if (character >= ranges->first && character <= ranges->last)
			return true;
	return false;
}

static bool is_hidden(uint32_t character)
{
	static const struct range ranges[] = {{0, 0x1f}, {0x7f, 0x9f}, {0xad, 0xad}, {0x61c, 0x61c}, {0x180e, 0x180e}, {0x200b, 0x200b},
		{0x200e, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f}, {0xfdd0, 0xfdef}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb},
		{0xe0000, 0xe0fff}, {0, 0}};
	return lies_in(ranges, character) || (character & 0xfffe) == 0xfffe;
}

void display_append(struct buffer *buffer, const char *text, size_t length, size_t limit)
{
	const char *end = text + length;
	for (size_t size, count = 0; text < end; text += size, count++) {
		uint32_t character = decode(text, end, &size);
		if (limit && count == limit) {
			buffer_append_string(buffer, "…");
			return;
		}
		if (character == '\n' || character == '\t' || character == '\r')
			buffer_append_string(buffer, character == '\n' ? "\\n" : character == '\t' ? "\\t" : "\\r");
		else if (character == UINT32_MAX)
			buffer_append_format(buffer, "\\x%02x", (unsigned char)*text);
		else if (is_hidden(character))
			buffer_append_format(buffer, character < 0x80 ? "\\x%02x" : "\\u%04x", (unsigned)character);
		else
			buffer_append(buffer, text, size);
	}
}

static size_t width_of(uint32_t character)
{
	int width = character < 0x80 ? 1 : wcwidth((wchar_t)character);
	return width < 0 ? 1 : (size_t)width;
}

size_t display_cut(const char *text, size_t length, size_t columns, size_t *width)
{
	static locale_t locale;
	const char *at = text, *end = text + length;
	*width = 0;
	if (!locale)
		locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	locale_t before = locale ? uselocale(locale) : (locale_t)0;
	for (size_t size; at < end; at += size) {
		size_t more = width_of(decode(at, end, &size));
		if (more > columns - *width)
			break;
		*width += more;
	}
	if (locale)
		uselocale(before);
	return (size_t)(at - text);
}

size_t display_width(const char *text, size_t length)
{
	size_t width;
	display_cut(text, length, SIZE_MAX, &width);
	return width;
}

bool display_is_right_to_left(const char *text, size_t length)
{
	static const struct range ranges[] = {
		{0x590, 0x8ff}, {0xfb1d, 0xfdff}, {0xfe70, 0xfefc}, {0x10800, 0x10fff}, {0x1e800, 0x1efff}, {0, 0}};
	for (const char *end = text + length; text < end;) {
		size_t size;
		if (lies_in(ranges, decode(text, end, &size)))
			return true;
		text += size;
	}
	return false;
}

bool display_is_utf8(const char *text, size_t length)
{
	for (const char *end = text + length; text < end;) {
		size_t size;
		if (decode(text, end, &size) == UINT32_MAX)
			return false;
		text += size;
	}
	return true;
}
