#include "io/csv_write.h"

#include <string.h>

static bool needs_quotes(const char *text, size_t length)
{
	if (length == 0 || text[0] == ' ' || text[length - 1] == ' ')
		return true;
	for (size_t i = 0; i < length; i++)
		if (text[i] == ',' || text[i] == '"' || text[i] == '\r' || text[i] == '\n')
			return true;
	return false;
}

void csv_write_cell(struct buffer *row, const char *text, size_t length, bool is_guarded)
{
	bool quoted = needs_quotes(text, length);
	const char *quote;
	if (quoted)
		buffer_append_byte(row, '"');
	if (is_guarded && length && memchr("=+-@\t\r", *text, 6))
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
