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

/* Of Docusign's APIs and its token service. */
const char *const response_pointers[RESPONSE_POINTERS] = {"/body/errorCode", "/body/message", "/body/error", "/body/error_description"};

int response_reader_open(struct response_reader *reader, struct error *error)
{
	*reader = (struct response_reader){.text = BUFFER_INIT, .plain = BUFFER_INIT};
	reader->scanner = json_scanner_new(response_pointers, SLICE_COUNT, error);
	return reader->scanner ? 0 : -1;
}

void response_reader_release(struct response_reader *reader)
{
	json_scanner_free(reader->scanner);
	buffer_release(&reader->text);
	buffer_release(&reader->plain);
	reader->scanner = NULL;
}

/* Appends the body without its content-encoding. */
static int unpack(const struct response_received *received, struct buffer *text, struct error *error)
{
	const char *encoding = received->content_encoding;
	if (!encoding || !*encoding || strcasecmp(encoding, "identity") == 0)
		buffer_append(text, received->body, received->length);
	else if (strcasecmp(encoding, "gzip") != 0 && strcasecmp(encoding, "x-gzip") != 0)
		return error_set(error, EX_DATAERR, "its content-encoding '%.40s' was not requested", encoding);
	else if (gzip_decode(received->body, received->length, RECORDING_BODY_LIMIT, text, error) < 0)
		return -1;
	return buffer_check(text, error);
}

/* The body, unpacked, in {"body":…}, where JSON needs nothing more. */
static int wrap_bare(struct response_reader *reader, const struct response_received *received, struct json_slice *body, struct error *error)
{
	struct buffer *text = &reader->text;
	buffer_reset(text);
	buffer_append_string(text, BEFORE);
	int result = unpack(received, text, error);
	size_t length = text->length - strlen(BEFORE);
	buffer_append_string(text, AFTER);
	if (result == 0)
		result = buffer_check(text, error);
	if (result < 0)
		buffer_reset(text);
	*body = (struct json_slice){.text = result < 0 ? "" : text->data + strlen(BEFORE), .length = result < 0 ? 0 : length};
	return result;
}

/* After wrap_bare(): a body of that format. What is no bare JSON is kept aside, and wrapped as the document that it is. */
static int wrap(struct response_reader *reader, enum document_format format, struct json_slice *body, struct error *error)
{
	struct buffer *text = &reader->text, *plain = &reader->plain;
	if (format == DOCUMENT_JSON && document_is_bare(body->text, body->length))
		return 0;
	if (body->text != plain->data) {
		buffer_reset(plain);
		buffer_append(plain, body->text, body->length);
		if (buffer_check(plain, error) < 0)
			return -1;
		body->text = plain->data;
	}
	buffer_reset(text);
	buffer_append_string(text, BEFORE);
	int result = document_append(format, body->text, body->length, text, error);
	buffer_append_string(text, AFTER);
	if (result < 0)
		buffer_reset(text);
	return result < 0 ? -1 : buffer_check(text, error);
}

/* The beginning of a body, on one line; anything but plain ASCII as \xNN. */
static void show_beginning(const struct json_slice *body, char text[4 * BEGINNING + 8])
{
	size_t used = 0;
	for (size_t i = 0; i < body->length && i < BEGINNING; i++) {
		unsigned char byte = (unsigned char)body->text[i];
		used += (size_t)sprintf(text + used, byte >= 0x20 && byte < 0x7f ? "%c" : "\\x%02x", byte);
	}
	snprintf(text + used, 8, "%s", body->length > BEGINNING ? " …" : "");
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
static int check_json(struct response_reader *reader, const struct response_received *received, const struct json_slice *body,
	struct json_scanner *scanner, struct json_slice slices[], struct error *error)
{
	char beginning[4 * BEGINNING + 8];
	struct error reason = ERROR_INIT;
	if (!is_json_type(received->content_type) && !document_is_packed(body->text, body->length)) {
		show_beginning(body, beginning);
		return error_set(error, EX_DATAERR, "the response is '%.60s', not JSON; it begins: %s",
			received->content_type ? received->content_type : "of no type", beginning);
	}
	if (json_scan(scanner, reader->text.data, reader->text.length, slices, &reason) < 0) {
		show_beginning(body, beginning);
		return error_set(error, reason.status, "the response is %.80s; it begins: %s", reason.text, beginning);
	}
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
static void read_success(
	struct response_reader *reader, const struct response_received *received, struct json_slice *body, struct http_response *response)
{
	struct error *error = &response->error;
	const struct fetch_manner *manner = received->manner;
	enum document_format format = manner ? manner->format : DOCUMENT_JSON;
	struct json_slice own[SLICE_COUNT], *slices = own;
	struct json_scanner *scanner = reader->scanner;
	char beginning[4 * BEGINNING + 8];
	bool may_be_json = format == DOCUMENT_JSON || is_json_type(received->content_type);
	if (format == DOCUMENT_JSON && manner && manner->scanner) {
		scanner = manner->scanner;
		slices = manner->fields;
	}
	if (may_be_json && wrap(reader, DOCUMENT_JSON, body, error) == 0 &&
		check_json(reader, received, body, scanner, slices, error) == 0 && holds_error(slices)) {
		refuse(reader, received, true, response);
		return;
	}
	response->is_scanned = !error->status && scanner != reader->scanner;
	if (format == DOCUMENT_JSON)
		return;
	*error = (struct error)ERROR_INIT;
	show_beginning(body, beginning);
	if (received->content_type && strncasecmp(received->content_type, "text/html", 9) == 0)
		error_set(error, EX_DATAERR, "the response is '%.60s', not %s; it begins: %s", received->content_type,
			document_formats[format], beginning);
	else if (wrap(reader, format, body, error) < 0)
		error_prefix(error, "the response is not %s", document_formats[format]);
}

void response_read(struct response_reader *reader, const struct response_received *received, struct http_response *response)
{
	struct error *error = &response->error;
	struct json_slice body;
	*error = (struct error)ERROR_INIT;
	response->status = received->status;
	response->limited = response->is_scanned = false;
	bool good = received->status >= 200 && received->status < 300;
	bool decoded = wrap_bare(reader, received, &body, error) == 0;
	if (!good)
		decoded = decoded && wrap(reader, DOCUMENT_JSON, &body, error) == 0;
	else if (decoded)
		read_success(reader, received, &body, response);
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
