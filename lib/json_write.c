#include "json_write.h"

#include "instant.h"

#include <string.h>

void json_begin(struct buffer *json, char bracket)
{
	buffer_append_byte(json, bracket);
}

void json_end(struct buffer *json, char bracket)
{
	if (json->failed)
		return;
	if (json->data[json->length - 1] == ',')
		json->length--;
	const char text[2] = {bracket, ','};
	buffer_append(json, text, 2);
}

void json_finish(struct buffer *json)
{
	if (!json->failed && json->length > 0 && json->data[json->length - 1] == ',')
		json->data[--json->length] = 0;
}

void json_key(struct buffer *json, const char *key)
{
	size_t length = strlen(key);
	char *end = buffer_reserve(json, length + 3);
	if (!end)
		return;
	*end++ = '"';
	memcpy(end, key, length);
	end += length;
	*end++ = '"';
	*end = ':';
	json->length += length + 3;
}

void json_raw(struct buffer *json, const char *text, size_t length)
{
	char *end = buffer_reserve(json, length + 1);
	if (!end)
		return;
	memcpy(end, text, length);
	end[length] = ',';
	json->length += length + 1;
}

void json_string(struct buffer *json, const char *text, size_t length)
{
	static const char hexadecimal[] = "0123456789abcdef";
	/* The worst case is \u00XX for every byte. */
	char *end = buffer_reserve(json, length * 6 + 3);
	if (!end)
		return;
	char *start = end;
	*end++ = '"';
	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)text[i];
		if (byte >= 0x20 && byte != '"' && byte != '\\') {
			*end++ = (char)byte;
			continue;
		}
		*end++ = '\\';
		static const char short_forms[] = "\"\"\\\\\nn\tt\rr\bb\ff";
		const char *form = NULL;
		for (const char *pair = short_forms; *pair && !form; pair += 2)
			if ((unsigned char)*pair == byte)
				form = pair + 1;
		if (form) {
			*end++ = *form;
		} else {
			memcpy(end, "u00", 3);
			end[3] = hexadecimal[byte >> 4];
			end[4] = hexadecimal[byte & 15];
			end += 5;
		}
	}
	*end++ = '"';
	*end++ = ',';
	json->length += (size_t)(end - start);
}

void json_c_string(struct buffer *json, const char *text)
{
	if (text)
		json_string(json, text, strlen(text));
	else
		json_null(json);
}

void json_integer(struct buffer *json, int64_t value)
{
	char text[21];
	char *at = text + sizeof text;
	uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
	do
		*--at = (char)('0' + rest % 10);
	while (rest /= 10);
	if (value < 0)
		*--at = '-';
	json_raw(json, at, (size_t)(text + sizeof text - at));
}

void json_boolean(struct buffer *json, bool value)
{
	json_raw(json, value ? "true" : "false", value ? 4 : 5);
}

void json_null(struct buffer *json)
{
	json_raw(json, "null", 4);
}

void json_instant(struct buffer *json, int64_t instant)
{
	char text[INSTANT_LENGTH + 2];
	if (instant == INSTANT_NONE) {
		json_null(json);
		return;
	}
	text[0] = text[INSTANT_LENGTH + 1] = '"';
	instant_format(instant, text + 1);
	json_raw(json, text, sizeof text);
}

void json_day(struct buffer *json, int32_t day)
{
	char text[DAY_LENGTH + 2];
	text[0] = text[DAY_LENGTH + 1] = '"';
	day_format(day, text + 1);
	json_raw(json, text, sizeof text);
}
