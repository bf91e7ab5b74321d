/* fuzz_text: UTF-8, strings of JSON, percent encoding, and what people are shown, against iconv, libjq and libcurl. */
#include "fuzz.h"

#include "base/percent_encode.h"
#include "base/utf8.h"
#include "io/display.h"
#include "json/json_escapes.h"
#include "json/json_write.h"

#include <curl/curl.h>
#include <iconv.h>
#include <jv.h>
#include <stdlib.h>

/* How many bytes iconv converts before it stops. */
static size_t converted(const char *text, size_t length)
{
	static iconv_t utf8;
	char *in = (char *)(uintptr_t)text, *room = malloc(4 * length + 4), *out = room;
	size_t left = length, size = 4 * length + 4;
	if (!utf8)
		utf8 = iconv_open("UTF-32LE", "UTF-8");
	iconv(utf8, NULL, NULL, NULL, NULL);
	iconv(utf8, &in, &left, &out, &size);
	free(room);
	return length - left;
}

/* A JSON string of it, read by jq, is the text. */
static void check_string(const char *text, size_t length)
{
	struct buffer json = BUFFER_INIT;
	json_string(&json, text, length);
	json_finish(&json);
	FUZZ_CHECK(json_escapes_are_right(json.data + 1, json.length - 2));
	jv read = jv_parse_sized(json.data, (int)json.length);
	FUZZ_CHECK(jv_get_kind(read) == JV_KIND_STRING && (size_t)jv_string_length_bytes(jv_copy(read)) == length);
	FUZZ_CHECK(memcmp(jv_string_value(read), text, length) == 0);
	char *plain = malloc(json.length);
	ptrdiff_t size = json_unescape(plain, json.length, json.data + 1, json.length - 2);
	FUZZ_CHECK(size == (memchr(text, 0, length) ? -1 : (ptrdiff_t)length) && (size < 0 || memcmp(plain, text, length) == 0));
	free(plain);
	jv_free(read);
	buffer_release(&json);
}

/* json_scan() takes every string whose escapes are right, with U+FFFD for halves of pairs. */
static void check_scan(const struct buffer *quoted)
{
	static const char *const pointers[] = {"/v"};
	static struct json_scanner *scanner;
	struct buffer object = BUFFER_INIT;
	struct json_slice value;
	if (!scanner)
		scanner = json_scanner_new(pointers, 1, NULL);
	buffer_append_string(&object, "{\"v\":");
	buffer_append(&object, quoted->data, quoted->length);
	buffer_append_byte(&object, '}');
	FUZZ_CHECK(json_scan(scanner, object.data, object.length, &value, NULL) == 0 && value.kind == JSON_STRING);
	FUZZ_CHECK(utf8_prefix(value.text, value.length) == value.length);
	buffer_release(&object);
}

/* The content of a string with escapes. */
static void check_escapes(const char *text, size_t length)
{
	struct buffer quoted = BUFFER_INIT;
	buffer_append_byte(&quoted, '"');
	buffer_append(&quoted, text, length);
	buffer_append_byte(&quoted, '"');
	char *plain = malloc(length + 1);
	ptrdiff_t size = json_unescape(plain, length + 1, text, length);
	jv read = jv_parse_sized(quoted.data, (int)quoted.length);
	bool is_content = !memchr(text, '"', length);
	for (size_t i = 0; i < length; i++)
		is_content = is_content && (unsigned char)text[i] >= 0x20;
	if (size >= 0 && is_content) {
		FUZZ_CHECK(jv_get_kind(read) == JV_KIND_STRING && jv_string_length_bytes(jv_copy(read)) == size);
		FUZZ_CHECK(memcmp(jv_string_value(read), plain, (size_t)size) == 0);
	}
	jv_free(read);
	if (is_content && json_escapes_are_right(text, length))
		check_scan(&quoted);
	json_mend_pairs(quoted.data, quoted.length);
	FUZZ_CHECK(!json_has_half_pair(quoted.data, quoted.length));
	free(plain);
	buffer_release(&quoted);
}

/* Nothing that a terminal obeys is left, and what is left is UTF-8. */
static void check_display(const char *text, size_t length)
{
	struct buffer shown = BUFFER_INIT;
	size_t width, least;
	display_append(&shown, text, length, 0);
	FUZZ_CHECK(utf8_prefix(shown.data, shown.length) == shown.length);
	for (size_t i = 0; i < shown.length; i++) {
		unsigned char byte = (unsigned char)shown.data[i], next = (unsigned char)shown.data[i + 1];
		FUZZ_CHECK(byte >= 0x20 && byte != 0x7f && !(byte == 0xc2 && next < 0xa0));
		FUZZ_CHECK(!(byte == 0xe2 && next == 0x80 && (unsigned char)shown.data[i + 2] >= 0xa8 &&
			(unsigned char)shown.data[i + 2] <= 0xae));
	}
	width = display_width(shown.data, shown.length);
	FUZZ_CHECK(display_cut(shown.data, shown.length, width, &least) == shown.length && least == width);
	for (size_t columns = 0; columns < width && columns < 20; columns++) {
		size_t cut = display_cut(shown.data, shown.length, columns, &least);
		FUZZ_CHECK(cut <= shown.length && least <= columns && display_width(shown.data, cut) == least);
	}
	buffer_release(&shown);
}

static void check_percent(const char *text, size_t length)
{
	struct buffer encoded = BUFFER_INIT;
	int size;
	percent_encode(&encoded, text, length);
	/* libcurl takes a length of 0 for that of a string */
	char *decoded = length ? curl_easy_unescape(NULL, encoded.data, (int)encoded.length, &size) : NULL;
	char *wanted = length ? curl_easy_escape(NULL, text, (int)length) : NULL;
	if (length)
		FUZZ_CHECK((size_t)size == length && memcmp(decoded, text, length) == 0 && strcmp(wanted, encoded.data) == 0);
	else
		FUZZ_CHECK(encoded.length == 0);
	curl_free(decoded);
	curl_free(wanted);
	buffer_release(&encoded);
}

void fuzz_text(const uint8_t *bytes, size_t length)
{
	char *text = malloc(length + 1); /* nothing may be read beyond */
	memcpy(text, bytes, length);
	size_t valid = utf8_prefix(text, length);
	FUZZ_CHECK(valid == converted(text, length));
	FUZZ_CHECK(display_is_utf8(text, length) == (valid == length));
	check_percent(text, length);
	check_string(text, valid);
	check_escapes(text, valid);
	check_display(text, valid);
	const char *trimmed = text;
	size_t left = valid;
	utf8_trim(&trimmed, &left);
	FUZZ_CHECK(trimmed >= text && trimmed + left <= text + valid && utf8_prefix(trimmed, left) == left);
	free(text);
}
