#include "json/json_indent.h"

static void begin_line(struct buffer *text, int depth)
{
	buffer_append_byte(text, '\n');
	for (int i = 0; i < depth; i++)
		buffer_append_string(text, "  ");
}

void json_indent(const char *json, size_t length, struct buffer *text)
{
	bool in_string = false;
	int depth = 0;
	for (size_t i = 0; i < length; i++) {
		char byte = json[i], next = i + 1 < length ? json[i + 1] : 0;
		bool opens = !in_string && (byte == '{' || byte == '['), closes = !in_string && (byte == '}' || byte == ']');
		bool was_empty = closes && i > 0 && (json[i - 1] == '{' || json[i - 1] == '[');
		depth -= closes;
		if (closes && !was_empty)
			begin_line(text, depth);
		buffer_append_byte(text, byte);
		if (in_string && byte == '\\' && i + 1 < length)
			buffer_append_byte(text, json[++i]);
		else if (byte == '"')
			in_string = !in_string;
		depth += opens;
		if ((opens && next != '}' && next != ']') || (!in_string && byte == ','))
			begin_line(text, depth);
		else if (!in_string && byte == ':')
			buffer_append_byte(text, ' ');
	}
	buffer_append_byte(text, '\n');
}
