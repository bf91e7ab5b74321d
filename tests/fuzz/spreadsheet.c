/* fuzz_spreadsheet: the text of a CSV file in the encodings of spreadsheets, against iconv. */
#include "fuzz.h"

#include "base/utf8.h"
#include "io/csv_text.h"

#include <iconv.h>
#include <stdlib.h>

/* The bytes as UTF-8; false where they are not in that encoding. */
static bool convert(iconv_t *from, const char *encoding, const char *bytes, size_t length, struct buffer *text)
{
	char *in = (char *)(uintptr_t)bytes, *out = buffer_reserve(text, 4 * length + 4);
	size_t left = length, room = 4 * length + 4;
	if (!*from)
		*from = iconv_open("UTF-8", encoding);
	iconv(*from, NULL, NULL, NULL, NULL);
	size_t result = iconv(*from, &in, &left, &out, &room);
	text->length = (size_t)(out - text->data);
	return result != (size_t)-1 && left == 0;
}

/* Carriage returns may have become newlines. */
static bool is_same(const struct buffer *text, const struct buffer *wanted)
{
	bool same = text->length == wanted->length;
	for (size_t i = 0; same && i < text->length; i++)
		same = text->data[i] == wanted->data[i] || (text->data[i] == '\n' && wanted->data[i] == '\r');
	return same;
}

void fuzz_spreadsheet(const uint8_t *bytes, size_t length)
{
	static iconv_t little, big, windows;
	const char *plain = (const char *)bytes;
	struct buffer file = BUFFER_INIT, wanted = BUFFER_INIT;
	struct csv_text text;
	struct error error = ERROR_INIT;
	buffer_append(&file, bytes, length);
	bool is_little = length >= 2 && memcmp(plain, "\xff\xfe", 2) == 0, is_big = length >= 2 && memcmp(plain, "\xfe\xff", 2) == 0;
	bool is_utf8 = utf8_prefix(plain, length) == length;
	int result = csv_text_convert(&text, &file, "file", &error);
	FUZZ_CHECK(result == 0 || error.status == EX_DATAERR);
	if (is_little || is_big) {
		bool is_right = is_little ? convert(&little, "UTF-16LE", plain + 2, length - 2, &wanted)
					  : convert(&big, "UTF-16BE", plain + 2, length - 2, &wanted);
		FUZZ_CHECK((result == 0) == is_right);
	} else if (result == 0 && !is_utf8 && utf8_prefix(text.text.data, text.text.length) == text.text.length) {
		FUZZ_CHECK(convert(&windows, "CP1252", plain, length, &wanted));
	} else {
		buffer_append(&wanted, bytes, length);
	}
	if (result == 0) {
		FUZZ_CHECK(is_same(&text.text, &wanted));
		FUZZ_CHECK(text.separator && !strchr("\"\r\n", text.separator));
	}
	csv_text_release(&text);
	buffer_release(&file);
	buffer_release(&wanted);
}
