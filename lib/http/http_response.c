#include "http/http_response.h"

#include "io/gzip.h"
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
	*reader = (struct response_reader){.text = BUFFER_INIT, .plain = BUFFER_INIT};
	reader->scanner = json_scanner_new(pointers, SLICE_COUNT, error);
	return reader->scanner ? 0 : -1;
}

void response_reader_release(struct response_reader *reader)
{
	json_scanner_free(reader->scanner);
	buffer_release(&reader->text);
	buffer_release(&reader->plain);
	reader->scanner = NULL;
}

/* The body without its content-encoding. */
static int unpack(
	struct response_reader *reader, const struct response_received *received, const char **body, size_t *length, struct error *error)
{
	const char *encoding = received->content_encoding;
	*body = received->body;
	*length = received->length;
	if (!encoding || !*encoding || strcasecmp(encoding, "identity") == 0)
		return 0;
	if (strcasecmp(encoding, "gzip") != 0 && strcasecmp(encoding, "x-gzip") != 0)
		return error_set(error, EX_DATAERR, "its content-encoding '%.40s' was not requested", encoding);
	buffer_reset(&reader->plain);
	if (gzip_decode(received->body, received->length, RECORDING_BODY_LIMIT, &reader->plain, error) < 0)
		return -1;
	*body = reader->plain.data;
	*length = reader->plain.length;
	return 0;
}

static int wrap(struct response_reader *reader, enum document_format format, const char *body, size_t length, struct error *error)
{
	struct buffer *text = &reader->text;
	buffer_reset(text);
	buffer_append_string(text, BEFORE);
	int result = document_append(format, body, length, text, error);
	buffer_append_string(text, AFTER);
	if (result < 0)
		buffer_reset(text);
	return result < 0 ? -1 : buffer_check(text, error);
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

/* Not JSON: the response is something else, such as a proxy's page. */
static int check_json(struct response_reader *reader, const struct response_received *received, const char *body, size_t length,
	struct json_slice slices[SLICE_COUNT], struct error *error)
{
	char beginning[4 * BEGINNING + 8];
	struct error reason = ERROR_INIT;
	show_beginning(body, length, beginning);
	if (!is_json_type(received->content_type) && !document_is_packed(body, length))
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

/* A success: in its format, unless it is the service's own error in JSON. */
static void read_success(struct response_reader *reader, const struct response_received *received, const char *body, size_t length,
	struct http_response *response)
{
	struct error *error = &response->error;
	enum document_format format = received->manner ? received->manner->format : DOCUMENT_JSON;
	struct json_slice slices[SLICE_COUNT];
	char beginning[4 * BEGINNING + 8];
	bool may_be_json = format == DOCUMENT_JSON || is_json_type(received->content_type);
	if (may_be_json && wrap(reader, DOCUMENT_JSON, body, length, error) == 0 &&
		check_json(reader, received, body, length, slices, error) == 0 && holds_error(slices)) {
		refuse(reader, received, true, response);
		return;
	}
	if (format == DOCUMENT_JSON)
		return;
	*error = (struct error)ERROR_INIT;
	show_beginning(body, length, beginning);
	if (received->content_type && strncasecmp(received->content_type, "text/html", 9) == 0)
		error_set(error, EX_DATAERR, "the response is '%.60s', not %s; it begins: %s", received->content_type,
			document_formats[format], beginning);
	else if (wrap(reader, format, body, length, error) < 0)
		error_prefix(error, "the response is not %s", document_formats[format]);
}

void response_read(struct response_reader *reader, const struct response_received *received, struct http_response *response)
{
	struct error *error = &response->error;
	const char *body;
	size_t length;
	*error = (struct error)ERROR_INIT;
	response->status = received->status;
	response->limited = false;
	bool good = received->status >= 200 && received->status < 300;
	bool decoded = unpack(reader, received, &body, &length, error) == 0;
	if (!good)
		decoded = decoded && wrap(reader, DOCUMENT_JSON, body, length, error) == 0;
	else if (decoded)
		read_success(reader, received, body, length, response);
	decoded = decoded && reader->text.length >= strlen(BEFORE) + strlen(AFTER);
	response->body = decoded ? reader->text.data + strlen(BEFORE) : "";
	response->wrapped = reader->text.data;
	response->wrapped_length = reader->text.length;
	response->length = decoded ? reader->text.length - strlen(BEFORE) - strlen(AFTER) : 0;
	if (!good)
		refuse(reader, received, decoded, response);
	if (error->status)
		error_prefix(error, "cannot get '%s'", received->url);
}
