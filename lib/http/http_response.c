#include "http/http_response.h"

#include "http/gzip.h"
#include "recording/recording.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* The JSON scanner wants an object and some responses are arrays, so the body is decoded into {"body":…}. */
#define BEFORE "{\"body\":"
#define AFTER "}"

#define BEGINNING 64 /* bytes of an unusable body that a message shows */

enum { SLICE_CODE, SLICE_MESSAGE, SLICE_ERROR, SLICE_DESCRIPTION, SLICE_COUNT };

/* Where Docusign's APIs and its token service put errors. */
static const char *const pointers[SLICE_COUNT] = {"/body/errorCode", "/body/message", "/body/error", "/body/error_description"};

int response_reader_open(struct response_reader *reader, struct error *error)
{
	*reader = (struct response_reader){.text = BUFFER_INIT};
	reader->scanner = json_scanner_new(pointers, SLICE_COUNT, error);
	return reader->scanner ? 0 : -1;
}

void response_reader_release(struct response_reader *reader)
{
	json_scanner_free(reader->scanner);
	buffer_release(&reader->text);
	reader->scanner = NULL;
}

static int decode(struct response_reader *reader, const struct response_received *received, struct error *error)
{
	struct buffer *text = &reader->text;
	const char *encoding = received->content_encoding;
	buffer_reset(text);
	buffer_append_string(text, BEFORE);
	if (!encoding || !*encoding || strcasecmp(encoding, "identity") == 0)
		buffer_append(text, received->body, received->length);
	else if (strcasecmp(encoding, "gzip") != 0 && strcasecmp(encoding, "x-gzip") != 0)
		return error_set(error, EX_DATAERR, "its content-encoding '%.40s' was not requested", encoding);
	else if (gzip_decode(received->body, received->length, RECORDING_BODY_LIMIT, text, error) < 0)
		return -1;
	buffer_append_string(text, AFTER);
	return buffer_check(text, error);
}

/* The beginning of a body, on one line; anything but plain ASCII as \xNN. */
static void show_beginning(const char *body, size_t length, char text[4 * BEGINNING + 8])
{
	size_t used = 0;
	for (size_t i = 0; i < length && i < BEGINNING; i++) {
		unsigned char byte = (unsigned char)body[i];
		used += (size_t)sprintf(text + used, byte >= 0x20 && byte < 0x7f ? "%c" : "\\x%02x", byte);
	}
	snprintf(text + used, 8, "%s", length > BEGINNING ? " …" : "");
}

static bool is_json_type(const char *content_type)
{
	if (!content_type)
		return false;
	size_t length = strcspn(content_type, "; \t");
	return (length == 16 && strncasecmp(content_type, "application/json", 16) == 0) ||
		(length > 5 && strncasecmp(content_type + length - 5, "+json", 5) == 0);
}

static int check_json(struct response_reader *reader, const struct response_received *received, const char *body, size_t length,
	struct json_slice slices[SLICE_COUNT], struct error *error)
{
	char beginning[4 * BEGINNING + 8];
	struct error reason = ERROR_INIT;
	show_beginning(body, length, beginning);
	if (!is_json_type(received->content_type))
		return error_set(error, EX_DATAERR, "the response is '%.60s', not JSON; it begins: %s",
			received->content_type ? received->content_type : "of no type", beginning);
	if (json_scan(reader->scanner, reader->text.data, reader->text.length, slices, &reason) < 0)
		return error_set(error, reason.status, "the response is %.80s; it begins: %s", reason.text, beginning);
	return 0;
}

/* Docusign reports its limits of invocations as 429 or as 400, with HOURLY_APIINVOCATION_LIMIT_EXCEEDED or another of that family. */
static bool is_limit_code(const struct json_slice *code)
{
	static const char family[] = "APIINVOCATION", end[] = "_LIMIT_EXCEEDED";
	size_t length = sizeof end - 1;
	return code->kind == JSON_STRING && code->length >= length && memcmp(code->text + code->length - length, end, length) == 0 &&
		memmem(code->text, code->length, family, sizeof family - 1);
}

/* The service's own error, whatever the status. */
static bool holds_error(const struct json_slice slices[SLICE_COUNT])
{
	return (slices[SLICE_CODE].kind == JSON_STRING && slices[SLICE_CODE].length > 0) ||
		(slices[SLICE_ERROR].kind == JSON_STRING && slices[SLICE_ERROR].length > 0);
}

/* Exit status and remedy of a refusal. */
static int status_remedy(int status, const char **remedy)
{
	static const struct {
		int status, exit_status;
		const char *remedy;
	} known[] = {
		{401, EX_NOPERM, "the token is not accepted: envtally validate checks it"},
		{403, EX_NOPERM, "the key is not allowed to read this: its scopes or its consent are missing"},
		{408, EX_UNAVAILABLE, "the service gave up waiting"},
		{429, EX_TEMPFAIL, "the limit of requests is reached: run again later"},
	};
	*remedy = NULL;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (known[i].status == status) {
			*remedy = known[i].remedy;
			return known[i].exit_status;
		}
	}
	if (status >= 300 && status < 400)
		*remedy = "redirects are not followed, so that the token goes nowhere else";
	return EX_UNAVAILABLE;
}

/* Appends the service's own error, if the body has one in JSON. */
static void append_reason(const struct json_slice slices[SLICE_COUNT], struct error *error)
{
	size_t used = strlen(error->text);
	for (int i = 0; i < SLICE_COUNT; i++) {
		if (slices[i].kind != JSON_STRING || slices[i].length == 0 || used + 2 >= sizeof error->text)
			continue;
		int count = snprintf(error->text + used, sizeof error->text - used, ": %.*s",
			slices[i].length < 200 ? (int)slices[i].length : 200, slices[i].text);
		used += (size_t)count;
		if (used >= sizeof error->text)
			used = sizeof error->text - 1;
	}
}

static void refuse(struct response_reader *reader, const struct response_received *received, bool decoded, struct http_response *response)
{
	struct error *error = &response->error;
	struct json_slice slices[SLICE_COUNT];
	const char *remedy;
	bool says_why = decoded && json_scan(reader->scanner, reader->text.data, reader->text.length, slices, NULL) == 0;
	response->limited =
		received->status == 429 || (says_why && (is_limit_code(&slices[SLICE_CODE]) || is_limit_code(&slices[SLICE_ERROR])));
	int exit_status = status_remedy(response->limited ? 429 : received->status, &remedy);
	bool redirects = received->status >= 300 && received->status < 400 && received->location;
	error_set(error, exit_status, redirects ? "HTTP %d to '%.200s'" : "HTTP %d", received->status, received->location);
	if (says_why && !redirects)
		append_reason(slices, error);
	if (remedy) {
		size_t used = strlen(error->text);
		snprintf(error->text + used, sizeof error->text - used, " (%s)", remedy);
	}
}

void response_read(struct response_reader *reader, const struct response_received *received, struct http_response *response)
{
	struct error *error = &response->error;
	struct json_slice slices[SLICE_COUNT];
	bool good = received->status >= 200 && received->status < 300;
	*error = (struct error)ERROR_INIT;
	bool decoded = decode(reader, received, error) == 0;
	response->status = received->status;
	response->limited = false;
	response->body = decoded ? reader->text.data + strlen(BEFORE) : "";
	response->wrapped = reader->text.data;
	response->wrapped_length = reader->text.length;
	response->length = decoded ? reader->text.length - strlen(BEFORE) - strlen(AFTER) : 0;
	if (!good)
		refuse(reader, received, decoded, response);
	else if (decoded && check_json(reader, received, response->body, response->length, slices, error) == 0 && holds_error(slices))
		refuse(reader, received, decoded, response);
	if (error->status)
		error_prefix(error, "cannot get '%s'", received->url);
}
