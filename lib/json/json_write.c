#include "json/json_write.h"

#include "base/instant.h"
#include "json/json_word.h"

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
	if (length)
		memcpy(end, text, length);
	end[length] = ',';
	json->length += length + 1;
}

static char *write_escape(char *at, unsigned char byte)
{
	static const char hexadecimal[] = "0123456789abcdef", short_forms[] = "\"\"\\\\\nn\tt\rr\bb\ff";
	*at++ = '\\';
	for (const char *pair = short_forms; *pair; pair += 2) {
		if ((unsigned char)*pair == byte) {
			*at++ = pair[1];
			return at;
		}
	}
	memcpy(at, "u00", 3);
	at[3] = hexadecimal[byte >> 4];
	at[4] = hexadecimal[byte & 15];
	return at + 5;
}

char *json_write_string(char *at, const char *text, size_t length)
{
	uint64_t word;
	*at++ = '"';
	while (length > 0) {
		if (length >= 8 && (memcpy(&word, text, 8), !json_word_escaped(word))) {
			memcpy(at, &word, 8);
			at += 8;
			text += 8;
			length -= 8;
			continue;
		}
		unsigned char byte = (unsigned char)*text++;
		length--;
		if (byte >= 0x20 && byte != '"' && byte != '\\')
			*at++ = (char)byte;
		else
			at = write_escape(at, byte);
	}
	*at++ = '"';
	return at;
}

void json_string(struct buffer *json, const char *text, size_t length)
{
	char *start = buffer_reserve(json, JSON_STRING_ROOM(length) + 1);
	if (!start)
		return;
	char *end = json_write_string(start, text, length);
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

char *json_write_integer(char *at, int64_t value)
{
	char text[JSON_INTEGER_ROOM];
	char *first = text + sizeof text;
	uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
	do
		*--first = (char)('0' + rest % 10);
	while (rest /= 10);
	if (value < 0)
		*--first = '-';
	return mempcpy(at, first, (size_t)(text + sizeof text - first));
}

void json_integer(struct buffer *json, int64_t value)
{
	char *start = buffer_reserve(json, JSON_INTEGER_ROOM + 1);
	if (!start)
		return;
	char *end = json_write_integer(start, value);
	*end++ = ',';
	json->length += (size_t)(end - start);
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

void json_member_text(struct buffer *json, const char *key, const char *text)
{
	json_key(json, key);
	json_c_string(json, text);
}

void json_member_integer(struct buffer *json, const char *key, int64_t value)
{
	json_key(json, key);
	json_integer(json, value);
}

void json_member_instant(struct buffer *json, const char *key, int64_t instant)
{
	json_key(json, key);
	json_instant(json, instant);
}

void json_member_day(struct buffer *json, const char *key, int32_t day)
{
	json_key(json, key);
	json_day(json, day);
}

void json_member_boolean(struct buffer *json, const char *key, bool value)
{
	json_key(json, key);
	json_boolean(json, value);
}

void json_member_null(struct buffer *json, const char *key)
{
	json_key(json, key);
	json_null(json);
}

void json_member_string(struct buffer *json, const char *key, const char *text, size_t length)
{
	json_key(json, key);
	json_string(json, text, length);
}

void json_member_raw(struct buffer *json, const char *key, const char *text, size_t length)
{
	json_key(json, key);
	json_raw(json, text, length);
}

void json_member_begin(struct buffer *json, const char *key, char bracket)
{
	json_key(json, key);
	json_begin(json, bracket);
}

void json_member_integer_or_null(struct buffer *json, const char *key, bool has_value, int64_t value)
{
	json_key(json, key);
	has_value ? json_integer(json, value) : json_null(json);
}

void json_member_boolean_or_null(struct buffer *json, const char *key, bool has_value, bool value)
{
	json_key(json, key);
	has_value ? json_boolean(json, value) : json_null(json);
}

void json_member_rights(struct buffer *json, const char *key, bool is_unlimited, int64_t rights)
{
	if (is_unlimited)
		json_member_text(json, key, "unlimited");
	else
		json_member_integer(json, key, rights);
}
