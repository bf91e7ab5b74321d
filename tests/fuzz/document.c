/*
 * fuzz_document: bytes as a document of each format. What NDJSON and CSV become is JSON, and a packed document gives what the plain one does:
 * gzip by zlib, ZIP by libzip.
 */
#include "fuzz.h"

#include "io/document.h"
#include "json/json_scan.h"

#include <zip.h>

/* As a page has it: an object with it in it. */
static bool is_json(const struct buffer *json)
{
	static struct json_scanner *scanner;
	struct buffer wrapped = BUFFER_INIT;
	if (!scanner)
		scanner = json_scanner_new(NULL, 0, NULL);
	buffer_append_string(&wrapped, "{\"body\":");
	buffer_append(&wrapped, json->data, json->length);
	buffer_append_byte(&wrapped, '}');
	int result = json_scan(scanner, wrapped.data, wrapped.length, NULL, NULL);
	buffer_release(&wrapped);
	return result == 0;
}

/* 0 and the JSON; or -1. */
static int read_document(enum document_format format, const char *bytes, size_t length, struct buffer *json)
{
	struct buffer padded = BUFFER_INIT;
	struct error error = ERROR_INIT;
	buffer_append(&padded, bytes, length);
	buffer_reserve(&padded, BUFFER_PADDING);
	int result = document_append(format, padded.data, length, json, &error);
	FUZZ_CHECK(result == 0 || error.status == EX_DATAERR);
	buffer_release(&padded);
	return result;
}

static void pack_zip(const void *bytes, size_t length, struct buffer *packed)
{
	zip_error_t error;
	zip_stat_t about;
	zip_source_t *target = zip_source_buffer_create(NULL, 0, 0, &error);
	zip_t *archive = zip_open_from_source(target, ZIP_TRUNCATE, &error);
	zip_source_keep(target);
	FUZZ_CHECK(zip_dir_add(archive, "folder", 0) >= 0);
	FUZZ_CHECK(zip_file_add(archive, "folder/file", zip_source_buffer(archive, bytes, length, 0), 0) >= 0);
	FUZZ_CHECK(zip_close(archive) == 0 && zip_source_open(target) == 0 && zip_source_stat(target, &about) == 0);
	FUZZ_CHECK(zip_source_read(target, buffer_reserve(packed, about.size), about.size) == (zip_int64_t)about.size);
	packed->length = about.size;
	zip_source_close(target);
	zip_source_free(target);
}

static void check_packed(enum document_format format, const char *bytes, size_t length, int wanted_result, const struct buffer *wanted)
{
	void (*const packers[])(const void *, size_t, struct buffer *) = {fuzz_gzip, pack_zip};
	for (size_t i = 0; i < sizeof packers / sizeof *packers; i++) {
		struct buffer packed = BUFFER_INIT, json = BUFFER_INIT;
		packers[i](bytes, length, &packed);
		FUZZ_CHECK(document_is_packed(packed.data, packed.length));
		FUZZ_CHECK(read_document(format, packed.data, packed.length, &json) == wanted_result);
		FUZZ_CHECK(wanted_result < 0 || (json.length == wanted->length && memcmp(json.data, wanted->data, json.length) == 0));
		buffer_release(&packed);
		buffer_release(&json);
	}
}

void fuzz_document(const uint8_t *bytes, size_t length)
{
	const char *text = (const char *)bytes;
	for (enum document_format format = DOCUMENT_JSON; format <= DOCUMENT_CSV; format++) {
		struct buffer json = BUFFER_INIT;
		int result = read_document(format, text, length, &json);
		if (result == 0 && format != DOCUMENT_JSON) {
			FUZZ_CHECK(json.length >= 2 && json.data[0] == '[' && json.data[json.length - 1] == ']');
			FUZZ_CHECK(is_json(&json));
		}
		if (!document_is_packed(text, length))
			check_packed(format, text, length, result, &json);
		buffer_release(&json);
	}
}
