/*
 * http_outcome.h: what came of a try of a request: its response, or why there is none; and its exchange in the recording.
 */
#ifndef ENVTALLY_HTTP_OUTCOME_H
#define ENVTALLY_HTTP_OUTCOME_H

#include "http/http_request.h"
#include "http/http_response.h"
#include "recording/recording.h"

/* Fills *response, whose texts are the request's and the reader's. */
void http_outcome_read(const struct http_request *request, struct response_reader *reader, struct http_response *response);

/*
 * Records the exchange; nothing if `writer` is NULL. `final`: it is the request's last try, and the only one that is recorded without a response.
 * `headers` is working memory.
 */
int http_outcome_record(const struct http_request *request, const struct http_response *response, bool final,
	struct recording_writer *writer, struct buffer *headers, struct error *error);

#endif
