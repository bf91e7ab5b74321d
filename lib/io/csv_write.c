#include "io/csv_write.h"

#include <string.h>

static bool needs_quotes(const char *text, size_t length)
{
	if (length == 0 || text[0] == ' ' || text[length - 1] == ' ')
		return true;
	for (size_t i = 0; i < length; i++)
		if (strchr(",;\t\"\r\n", text[i]))
			return true;
	return false;
}

/* Does a spreadsheet run it, or change it? -5 is a number in both. */
static bool is_formula(const char *text, size_t length)
{
	bool has_digit = false, has_point = false;
	if (!length || !memchr("=+-@\t\r", *text, 6))
		return false;
	for (size_t i = 1; i < length && (*text == '-' || *text == '+'); i++) {
		bool is_point = text[i] == '.' && !has_point && has_digit;
		if ((text[i] < '0' || text[i] > '9') && !is_point)
			return true;
		has_digit |= !is_point;
		has_point |= is_point;
	}
	return !has_digit;
}

void csv_write_cell(struct buffer *row, const char *text, size_t length, bool is_guarded)
{
	bool quoted = needs_quotes(text, length);
	const char *quote;
	if (quoted)
		buffer_append_byte(row, '"');
	if (is_guarded && is_formula(text, length))
		buffer_append_byte(row, '\'');
	for (; quoted && (quote = memchr(text, '"', length)); text = quote + 1) {
		buffer_append(row, text, (size_t)(quote + 1 - text));
		buffer_append_byte(row, '"');
		length -= (size_t)(quote + 1 - text);
	}
	buffer_append(row, text, length);
	if (quoted)
		buffer_append_byte(row, '"');
}

void csv_write_end(struct buffer *row, bool is_last)
{
	buffer_append_string(row, is_last ? "\r\n" : ",");
}
