#include "http/http_outcome.h"

void http_outcome_read(const struct http_request *request, struct response_reader *reader, struct http_response *response)
{
	const struct http_headers *headers = &request->headers;
	*response =
		(struct http_response){.context = request->context, .url = request->url, .answered_at = request->answered_at, .body = ""};
	if (request->given_up) {
		response->limited = true;
		error_set(&response->error, EX_TEMPFAIL,
			"cannot get '%s': the limit of requests is reached, and waiting does not help: run again later", request->url);
		return;
	}
	if (request->code != CURLE_OK) {
		error_set(&response->error, http_request_exit_status(request), "cannot get '%s': %s", request->url, request->reason);
		return;
	}
	const struct response_received received = {.status = request->status,
		.url = request->url,
		.content_type = http_headers_find(headers, "content-type"),
		.content_encoding = http_headers_find(headers, "content-encoding"),
		.location = http_headers_find(headers, "location"),
		.body = request->body.data,
		.length = request->body.length};
	response_read(reader, &received, response);
}

int http_outcome_record(const struct http_request *request, const struct http_response *response, bool final,
	struct recording_writer *writer, struct buffer *headers, struct error *error)
{
	bool answered = request->code == CURLE_OK && !request->given_up;
	bool refused = answered && (request->status < 200 || request->status >= 300);
	/* An attempt without a response is recorded only if it was the last. */
	if (!writer || (!answered && !final))
		return 0;
	buffer_reset(headers);
	if (answered)
		http_headers_append_json(&request->headers, headers);
	else
		buffer_append_string(headers, "{}");
	if (buffer_check(headers, error) < 0)
		return -1;
	const struct recording_entry entry = {.requested_at = request->requested_at,
		.answered_at = request->answered_at,
		.method = "GET",
		.url = request->url,
		.status = answered ? request->status : 0,
		.headers = headers->data,
		.final = final,
		.decoded_length = answered ? response->length : 0,
		.failure = final && response->error.status && !refused ? &response->error : NULL};
	return recording_add(writer, &entry, answered ? request->body.data : "", answered ? request->body.length : 0, error);
}
