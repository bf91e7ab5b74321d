/* fuzz_headers: header lines, what they say of waiting, and dates, against strptime. */
#include "fuzz.h"

#include "base/instant.h"
#include "http/http_headers.h"
#include "http/retry.h"

#include <time.h>

/* The date's one form that is sent today (RFC 9110 section 5.6.7). */
static bool is_fixed_date(const char *text, int64_t *instant)
{
	struct tm fields = {.tm_mday = 0};
	char again[40];
	const char *end = strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &fields);
	if (!end || *end || strlen(text) != 29 || fields.tm_year < 70 || fields.tm_sec > 59)
		return false;
	*instant = timegm(&fields) * INT64_C(1000);
	strftime(again, sizeof again, "%a, %d %b %Y %H:%M:%S GMT", &fields);
	return strcmp(again, text) == 0;
}

static void check_value(const char *value)
{
	int64_t wanted, got = retry_date(value), pause = retry_after(value, "Thu, 01 Jan 1970 00:00:00 GMT");
	if (is_fixed_date(value, &wanted))
		FUZZ_CHECK(got == wanted && pause == wanted);
	FUZZ_CHECK(got == INSTANT_NONE || got >= 0);
	FUZZ_CHECK(pause == RETRY_NEVER || pause >= 0);
}

/* The field that was just added is there. */
static void check_name(const struct http_headers *headers, const char *line)
{
	char name[64] = "";
	size_t length = strcspn(line, ":");
	if (line[length] != ':' || length == 0 || length >= sizeof name || strncmp(line, "HTTP/", 5) == 0)
		return;
	for (size_t i = 0; i < length; i++)
		name[i] = (char)(line[i] >= 'A' && line[i] <= 'Z' ? line[i] + 32 : line[i]);
	FUZZ_CHECK(http_headers_find(headers, name));
}

void fuzz_headers(const uint8_t *bytes, size_t length)
{
	struct fuzz_input input = {bytes, length};
	struct http_headers headers = {.fields = BUFFER_INIT};
	struct buffer line = BUFFER_INIT, json = BUFFER_INIT;
	while (fuzz_line(&input, &line)) {
		bool has_room = headers.fields.length + line.length <= HTTP_HEADERS_LIMIT;
		http_headers_add(&headers, line.data, line.length);
		if (has_room)
			check_name(&headers, line.data);
		check_value(line.data);
		const char *colon = strchr(line.data, ':');
		if (colon)
			check_value(colon + 1);
	}
	static const char *const names[] = {"x-ratelimit-limit", "x-ratelimit-reset", "retry-after", "date"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *value = http_headers_find(&headers, names[i]);
		FUZZ_CHECK(http_headers_number(&headers, names[i]) >= -1);
		if (value)
			check_value(value);
	}
	http_headers_append_json(&headers, &json);
	buffer_append_byte(&json, '\n');
	fuzz_check_lines(&json);
	http_headers_release(&headers);
	buffer_release(&line);
	buffer_release(&json);
}
