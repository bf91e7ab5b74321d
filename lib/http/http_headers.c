#include "http/http_headers.h"

#include "json/json_write.h"

#include <ctype.h>
#include <string.h>

void http_headers_add(struct http_headers *headers, const char *line, size_t length)
{
	struct buffer *fields = &headers->fields;
	while (length > 0 && isspace((unsigned char)line[length - 1]))
		length--;
	if (length > 5 && memcmp(line, "HTTP/", 5) == 0) {
		buffer_reset(fields);
		return;
	}
	const char *colon = memchr(line, ':', length);
	/* A NUL in the name would make the rest of it a value. */
	if (!colon || colon == line || memchr(line, 0, (size_t)(colon - line)) || fields->length + length > HTTP_HEADERS_LIMIT)
		return;
	for (const char *at = line; at < colon; at++)
		buffer_append_byte(fields, (char)tolower((unsigned char)*at));
	buffer_append_byte(fields, 0);
	const char *value = colon + 1, *end = line + length;
	while (value < end && (*value == ' ' || *value == '\t'))
		value++;
	buffer_append(fields, value, strnlen(value, (size_t)(end - value)));
	buffer_append_byte(fields, 0);
}

/* The field after `*at`, which moves on; false at the end. */
static bool next_field(const struct http_headers *headers, const char **at, const char **name, const char **value)
{
	if (headers->fields.failed || *at >= headers->fields.data + headers->fields.length)
		return false;
	*name = *at;
	*value = *name + strlen(*name) + 1;
	*at = *value + strlen(*value) + 1;
	return true;
}

const char *http_headers_find(const struct http_headers *headers, const char *wanted)
{
	const char *at = headers->fields.data, *name, *value;
	while (next_field(headers, &at, &name, &value))
		if (strcmp(name, wanted) == 0)
			return value;
	return NULL;
}

int64_t http_headers_number(const struct http_headers *headers, const char *name)
{
	const char *value = http_headers_find(headers, name);
	int64_t number = 0;
	if (!value || !*value || strlen(value) > 15 || value[strspn(value, "0123456789")])
		return -1;
	for (; *value; value++)
		number = number * 10 + (*value - '0');
	return number;
}

/* Header values are bytes; non-ASCII bytes are read as Latin-1, so that the JSON is always UTF-8. */
static void append_utf8(struct buffer *text, const char *value)
{
	for (; *value; value++) {
		unsigned char byte = (unsigned char)*value;
		if (byte < 0x80) {
			buffer_append_byte(text, *value);
		} else {
			buffer_append_byte(text, (char)(0xc0 | byte >> 6));
			buffer_append_byte(text, (char)(0x80 | (byte & 0x3f)));
		}
	}
}

static void append_values(const struct http_headers *headers, const char *wanted, struct buffer *text)
{
	const char *at = headers->fields.data, *name, *value;
	const char *separator = "";
	while (next_field(headers, &at, &name, &value)) {
		if (strcmp(name, wanted) != 0)
			continue;
		buffer_append_string(text, separator);
		append_utf8(text, value);
		separator = ", ";
	}
}

void http_headers_append_json(const struct http_headers *headers, struct buffer *json)
{
	const char *at = headers->fields.data, *name, *value;
	struct buffer text = BUFFER_INIT;
	json_begin(json, '{');
	while (next_field(headers, &at, &name, &value)) {
		if (http_headers_find(headers, name) != value)
			continue; /* joined to the first */
		buffer_reset(&text);
		append_utf8(&text, name);
		json_string(json, text.data, text.length);
		if (!json->failed)
			json->data[json->length - 1] = ':';
		buffer_reset(&text);
		if (strcmp(name, "set-cookie") == 0)
			buffer_append_string(&text, "redacted");
		else
			append_values(headers, name, &text);
		json_string(json, text.data, text.length);
	}
	json_end(json, '}');
	json_finish(json);
	json->failed |= text.failed;
	buffer_release(&text);
}

void http_headers_release(struct http_headers *headers)
{
	buffer_release(&headers->fields);
}
