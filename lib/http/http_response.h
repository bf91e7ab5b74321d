/*
 * http_response.h: what an HTTP response is worth: decodes the body, checks that it is JSON, and says in words what a refusal means.
 *
 * Used by the network and by replay alike, so that a replayed run sees exactly what the recorded one saw.
 */
#ifndef ENVTALLY_HTTP_RESPONSE_H
#define ENVTALLY_HTTP_RESPONSE_H

#include "http/fetch_source.h"
#include "json/json_scan.h"

struct response_reader {
	struct json_scanner *scanner;
	struct buffer text; /* the decoded body, with something around it */
};

/* A received response. Header fields are NULL when absent. */
struct response_received {
	int status;
	const char *url, *content_type, *content_encoding, *location;
	const char *body;
	size_t length;
};

int response_reader_open(struct response_reader *reader, struct error *error);
void response_reader_release(struct response_reader *reader);

/*
 * Fills status, body, length and error of `response`; url and context are left alone. The body is the reader's and lasts
 * until the next call. A 2xx response that is no JSON has an error too, with what it begins with.
 */
void response_read(struct response_reader *reader, const struct response_received *received, struct http_response *response);

#endif
