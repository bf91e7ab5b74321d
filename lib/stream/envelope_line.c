#include "stream/envelope_line.h"

#include "stream/stream.h"
#include "json/json_word.h"

#include <endian.h>
#include <stdint.h>
#include <string.h>

#define HEAD STREAM_RECORD_HEAD("envelope") "{"

static const struct {
	const char *text;
	size_t length;
} keys[] = {
#define KEY(text) \
	{ \
		text, sizeof text - 1 \
	}
	KEY("\"account_id\":"),
	KEY(",\"envelope_id\":"),
	KEY(",\"status\":"),
	KEY(",\"created_at\":"),
	KEY(",\"sent_at\":"),
	KEY(",\"completed_at\":"),
	KEY(",\"modified_at\":"),
	KEY(",\"plan_item_id\":"),
	KEY(",\"sender_id\":"),
#undef KEY
};
#define KEY_COUNT (sizeof keys / sizeof *keys)

static uint64_t load(const char *at)
{
	uint64_t word;
	memcpy(&word, at, sizeof word);
	return le64toh(word);
}

/* The quote that ends a string's plain content from `at` on; NULL if something else precedes it. */
static const char *end_of_string(const char *at, const char *end)
{
	for (; end - at >= 8; at += 8) {
		uint64_t found = json_word_unusual(load(at));
		if (!found)
			continue;
		at += __builtin_ctzll(found) / 8;
		return *at == '"' ? at : NULL;
	}
	while (at < end && *at >= 0x20 && *at < 0x7f && *at != '"' && *at != '\\')
		at++;
	return at < end && *at == '"' ? at : NULL;
}

/* memcmp() == 0 for keys, none of which is shorter than eight bytes: the last two words may overlap. */
static inline bool is_key(const char *at, const char *key, size_t length)
{
	for (size_t i = 0; i + 8 < length; i += 8)
		if (load(at + i) != load(key + i))
			return false;
	return load(at + length - 8) == load(key + length - 8);
}

/* After the record: its end, or the time of extraction and the end. */
static bool is_tail(const char *at, const char *end)
{
	static const char time[] = "},\"time_extracted\":\"";
	size_t left = (size_t)(end - at);
	if (left == 2)
		return memcmp(at, "}}", 2) == 0;
	if (left < sizeof time || memcmp(at, time, sizeof time - 1) != 0)
		return false;
	at = end_of_string(at + sizeof time - 1, end);
	return at && end - at == 2 && at[1] == '}';
}

/* A member that begins at `at`: its value and its end; NULL when it is another one. */
static inline const char *take_member(const char *at, const char *end, const char *key, size_t key_length, struct json_slice *slice)
{
	if ((size_t)(end - at) < key_length + 4 || !is_key(at, key, key_length))
		return NULL;
	at += key_length;
	if (*at == '"') {
		const char *close = end_of_string(at + 1, end);
		if (!close)
			return NULL;
		*slice = (struct json_slice){JSON_STRING, at + 1, (size_t)(close - at - 1)};
		return close + 1;
	}
	if (memcmp(at, "null", 4) != 0)
		return NULL;
	*slice = (struct json_slice){JSON_NULL, at, 4};
	return at + 4;
}

bool envelope_line_scan(const char *line, size_t length, struct json_slice slices[])
{
	static const char method[] = ",\"sending_method\":";
	const char *at = line + sizeof HEAD - 1, *end = line + length;
	if (length < 256 || !is_key(line, HEAD, sizeof HEAD - 1))
		return false;
	for (size_t i = 0; i < KEY_COUNT; i++)
		if (!(at = take_member(at, end, keys[i].text, keys[i].length, &slices[i])))
			return false;
	slices[KEY_COUNT] = (struct json_slice){.kind = JSON_ABSENT};
	if (at < end && *at == ',' && !(at = take_member(at, end, method, sizeof method - 1, &slices[KEY_COUNT])))
		return false;
	return is_tail(at, end);
}
