#include "io/csv_text.h"

#include "base/utf8.h"

#include <stdint.h>
#include <string.h>

static void append_character(struct buffer *text, uint32_t code)
{
	if (code < 0x80) {
		buffer_append_byte(text, (char)code);
		return;
	}
	int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
	static const unsigned char first[] = {0, 0xc0, 0xe0, 0xf0};
	buffer_append_byte(text, (char)(first[more] | code >> (6 * more)));
	while (more-- > 0)
		buffer_append_byte(text, (char)(0x80 | (code >> (6 * more) & 0x3f)));
}

static int decode_utf16(struct buffer *text, const struct buffer *file, const char *path, struct error *error)
{
	size_t low = file->data[0] == '\xff' ? 0 : 1, line = 1;
	const unsigned char *bytes = (const unsigned char *)file->data;
	for (size_t i = 2; i < file->length; i += 2) {
		bool is_whole = i + 1 < file->length;
		uint32_t unit = is_whole ? (uint32_t)(bytes[i + low] | bytes[i + 1 - low] << 8) : 0xdc00, next = 0;
		if (unit >= 0xd800 && unit < 0xdc00 && i + 3 < file->length)
			next = (uint32_t)(bytes[i + 2 + low] | bytes[i + 3 - low] << 8);
		if (unit >= 0xd800 && unit < 0xe000 && (next < 0xdc00 || next > 0xdfff))
			return error_set(error, EX_DATAERR, "cannot read '%s' line %zu: not UTF-16", path, line);
		line += unit == '\n';
		if (next)
			unit = 0x10000 + ((unit - 0xd800) << 10) + (next - 0xdc00);
		i += next ? 2 : 0;
		append_character(text, unit);
	}
	return 0;
}

/* What Windows-1252 has from 0x80 to 0x9f; 0 for none. From 0xa0 on its characters are those of Unicode. */
static const uint16_t windows_1252[] = {0x20ac, 0, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152,
	0, 0x017d, 0, 0, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0, 0x017e, 0x0178};

static uint32_t code_of_windows(unsigned char byte)
{
	return byte < 0x80 || byte >= 0xa0 ? byte : windows_1252[byte - 0x80];
}

static bool is_windows_1252(const struct buffer *file)
{
	if (utf8_prefix(file->data, file->length) == file->length)
		return false;
	for (size_t i = 0; i < file->length; i++)
		if (!code_of_windows((unsigned char)file->data[i]) || utf8_character(file->data + i, file->length - i) > 1)
			return false;
	return true;
}

bool csv_text_is_separator_line(const char *line, size_t length)
{
	while (length && strchr("\r\n", line[length - 1]))
		length--;
	return length >= 4 && length <= 5 && memcmp(line, "sep=", 4) == 0;
}

/* Names of columns hold no separator, so what the header has most of is one. Blank lines and comments above it have nothing to say. */
static char find_separator(const struct buffer *text)
{
	static const char separators[] = ",;\t";
	const char *at = text->data, *end = at + text->length;
	if (text->length >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
		at += 3;
	for (size_t length; at < end; at += length + (at + length < end)) {
		size_t counts[sizeof separators] = {0}, best = 0, quote = 0, content_length;
		const char *content = at;
		for (length = 0; at + length < end && (quote % 2 || !strchr("\r\n", at[length])); length++) {
			const char *found = at[length] && quote % 2 == 0 ? strchr(separators, at[length]) : NULL;
			quote += at[length] == '"';
			if (found)
				counts[found - separators]++;
		}
		content_length = length;
		utf8_trim(&content, &content_length);
		if (csv_text_is_separator_line(content, content_length) && content_length == 5)
			return content[4];
		if (!content_length || *content == '#' || (content_length > 1 && memcmp(content, "\"#", 2) == 0))
			continue;
		for (size_t i = 1; separators[i]; i++)
			best = counts[i] > counts[best] ? i : best;
		return separators[best];
	}
	return ',';
}

/* Where no line ends with a newline, but some with a carriage return, these are newlines. */
static void end_lines(struct buffer *text)
{
	bool is_quoted = false, has_return = false;
	for (size_t i = 0; i < text->length; i++) {
		is_quoted ^= text->data[i] == '"';
		if (!is_quoted && text->data[i] == '\n')
			return;
		has_return |= !is_quoted && text->data[i] == '\r';
	}
	for (size_t i = 0; i < text->length && has_return; i++)
		if (text->data[i] == '\r')
			text->data[i] = '\n';
}

int csv_text_convert(struct csv_text *text, struct buffer *file, const char *path, struct error *error)
{
	struct buffer *to = &text->text;
	int result = 0;
	*text = (struct csv_text){.text = BUFFER_INIT, .separator = ','};
	if (file->length >= 4 && (memcmp(file->data, "PK\3\4", 4) == 0 || memcmp(file->data, "\xd0\xcf\x11\xe0", 4) == 0))
		result = error_set(error, EX_DATAERR,
			"cannot read '%s': it is a workbook, not CSV: open it in the spreadsheet and save it as CSV UTF-8", path);
	else if (file->length >= 2 && (memcmp(file->data, "\xff\xfe", 2) == 0 || memcmp(file->data, "\xfe\xff", 2) == 0))
		result = decode_utf16(to, file, path, error);
	else if (is_windows_1252(file))
		for (size_t i = 0; i < file->length; i++)
			append_character(to, code_of_windows((unsigned char)file->data[i]));
	else {
		*to = *file;
		*file = (struct buffer)BUFFER_INIT;
	}
	if (result == 0)
		result = buffer_check(to, error);
	if (result == 0) {
		end_lines(to);
		text->separator = find_separator(to);
	}
	return result;
}

int csv_text_read(struct csv_text *text, const char *path, struct error *error)
{
	struct buffer file = BUFFER_INIT;
	*text = (struct csv_text){.text = BUFFER_INIT, .separator = ','};
	int result = buffer_append_file(&file, path, CSV_TEXT_LIMIT, error);
	if (result == 0)
		result = csv_text_convert(text, &file, path, error);
	buffer_release(&file);
	return result;
}

void csv_text_release(struct csv_text *text)
{
	buffer_release(&text->text);
}
