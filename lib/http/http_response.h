/*
 * http_response.h: the meaning of an HTTP response: decodes the body, checks that it is JSON, explains a refusal.
 *
 * Used by the network and by replay, so a replayed run sees exactly what the recorded one saw.
 */
#ifndef ENVTALLY_HTTP_RESPONSE_H
#define ENVTALLY_HTTP_RESPONSE_H

#include "http/fetch_source.h"
#include "json/json_scan.h"

/* Where a service puts its own errors: what every response in JSON is searched for. */
#define RESPONSE_POINTERS 4
extern const char *const response_pointers[RESPONSE_POINTERS];

struct response_reader {
	struct json_scanner *scanner;
	struct buffer text; /* the decoded body, with something around it */
	struct buffer plain; /* the body without its content-encoding, where that is no JSON yet */
};

/* A received response. Header fields are NULL when absent. */
struct response_received {
	int status;
	const char *url; /* for messages */
	const struct fetch_manner *manner; /* or NULL */
	const char *content_type, *content_encoding, *location;
	const char *body;
	size_t length;
};

int response_reader_open(struct response_reader *reader, struct error *error);
void response_reader_release(struct response_reader *reader);

/*
 * Fills status, limited, body, length, wrapped, is_scanned and error of `response`; not url and context. The body is the reader's and valid until the next call. A 2xx
 * response that is not in its format has an error too, with the beginning of its body (EX_DATAERR); and so has one that is the service's error in
 * JSON, {"errorCode": …, "message": …} or {"error": …, "error_description": …}, with what that says (EX_UNAVAILABLE).
 */
void response_read(struct response_reader *reader, const struct response_received *received, struct http_response *response);

#endif
