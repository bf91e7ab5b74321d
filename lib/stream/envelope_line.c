#include "stream/envelope_line.h"

#include "stream/stream.h"
#include "json/json_word.h"

#include <string.h>

#define HEAD STREAM_RECORD_HEAD("envelope") "{"

/* The quote that ends a string's plain content from `at` on; NULL if something else precedes it. */
static inline const char *end_of_string(const char *at, const char *end)
{
	bool beyond_ascii = false;
	at = json_plain_end(at, end, &beyond_ascii);
	return at < end && *at == '"' && !beyond_ascii ? at : NULL;
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

/* A member that begins at `at`: its value and its end; NULL when it is another one. The key is known where this is compiled. */
__attribute__((always_inline)) static inline const char *take_member(
	const char *at, const char *end, const char *key, size_t key_length, struct json_slice *slice)
{
	if ((size_t)(end - at) < key_length + 4 || memcmp(at, key, key_length) != 0)
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
	const char *at = line + sizeof HEAD - 1, *end = line + length;
	if (length < 256 || memcmp(line, HEAD, sizeof HEAD - 1) != 0)
		return false;
#define TAKE(key) (at = take_member(at, end, key, sizeof key - 1, slices++))
	if (!TAKE("\"account_id\":") || !TAKE(",\"envelope_id\":") || !TAKE(",\"status\":") || !TAKE(",\"created_at\":") ||
		!TAKE(",\"sent_at\":") || !TAKE(",\"completed_at\":") || !TAKE(",\"modified_at\":") || !TAKE(",\"plan_item_id\":") ||
		!TAKE(",\"sender_id\":"))
		return false;
	*slices = (struct json_slice){.kind = JSON_ABSENT};
	if (at < end && *at == ',' && !TAKE(",\"sending_method\":"))
		return false;
#undef TAKE
	return is_tail(at, end);
}
