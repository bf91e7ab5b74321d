/*
 * fuzz_response: a response is a line "STATUS CONTENT-TYPE ENCODING LOCATION" and its body. A good one is JSON; and a body in gzip decodes to
 * what zlib made it of.
 */
#include "fuzz.h"

#include "http/http_response.h"
#include "io/gzip.h"

#include <stdio.h>
#include <stdlib.h>

static void check_response(const struct response_received *received)
{
	static struct response_reader reader;
	static const char *const pointers[] = {"/body"};
	static struct json_scanner *scanner;
	struct http_response response = {.error = ERROR_INIT};
	struct json_slice body;
	if (!scanner)
		FUZZ_CHECK(response_reader_open(&reader, NULL) == 0 && (scanner = json_scanner_new(pointers, 1, NULL)));
	response_read(&reader, received, &response);
	FUZZ_CHECK(response.status == received->status && response.body);
	FUZZ_CHECK(response.error.status || (received->status >= 200 && received->status < 300));
	if (response.error.status)
		FUZZ_CHECK(strncmp(response.error.text, "cannot get '", 12) == 0);
	else
		FUZZ_CHECK(json_scan(scanner, response.wrapped, response.wrapped_length, &body, NULL) == 0 && body.kind != JSON_ABSENT &&
			body.length <= response.length);
}

static void check_gzip(const uint8_t *bytes, size_t length)
{
	struct buffer packed = BUFFER_INIT, plain = BUFFER_INIT;
	fuzz_gzip(bytes, length, &packed);
	FUZZ_CHECK(gzip_decode(packed.data, packed.length, length, &plain, NULL) == 0);
	FUZZ_CHECK(plain.length == length && memcmp(plain.data, bytes, length) == 0);
	buffer_reset(&plain);
	FUZZ_CHECK(length == 0 || gzip_decode(packed.data, packed.length, length - 1, &plain, NULL) < 0);
	FUZZ_CHECK(gzip_decode(packed.data, packed.length - 1, length, &plain, NULL) < 0);
	buffer_release(&packed);
	buffer_release(&plain);
}

void fuzz_response(const uint8_t *bytes, size_t length)
{
	struct fuzz_input input = {bytes, length};
	struct buffer line = BUFFER_INIT;
	char type[64] = "", encoding[64] = "", location[64] = "";
	int status = 0;
	fuzz_line(&input, &line);
	int count = sscanf(line.data, "%3d %63s %63s %63s", &status, type, encoding, location);
	char *body = malloc(input.left + !input.left);
	memcpy(body, input.at, input.left);
	const struct response_received received = {.status = status < 0 ? 0 : status,
		.url = "https://api.docusign.net/x",
		.content_type = count > 1 ? type : NULL,
		.content_encoding = count > 2 && strcmp(encoding, "-") ? encoding : NULL,
		.location = count > 3 ? location : NULL,
		.body = body,
		.length = input.left};
	check_response(&received);
	check_gzip(input.at, input.left);
	free(body);
	buffer_release(&line);
}
