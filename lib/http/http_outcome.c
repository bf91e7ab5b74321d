#include "http/http_outcome.h"

#include "json/json_write.h"

#include <ctype.h>
#include <string.h>

void http_outcome_read(const struct http_request *request, struct response_reader *reader, struct http_response *response)
{
	const struct http_headers *headers = &request->headers;
	*response =
		(struct http_response){.context = request->context, .url = request->shown, .answered_at = request->answered_at, .body = ""};
	if (request->given_up) {
		response->limited = true;
		error_set(&response->error, EX_TEMPFAIL,
			"cannot get '%s': the limit of requests is reached, and waiting does not help: run again later", request->shown);
		return;
	}
	if (request->code != CURLE_OK) {
		error_set(&response->error, http_request_exit_status(request), "cannot get '%s': %s", request->shown, request->reason);
		return;
	}
	const struct response_received received = {.status = request->status,
		.url = request->shown,
		.manner = request->manner,
		.content_type = http_headers_find(headers, "content-type"),
		.content_encoding = http_headers_find(headers, "content-encoding"),
		.location = http_headers_find(headers, "location"),
		.body = request->body.data,
		.length = request->body.length};
	response_read(reader, &received, response);
}

/* What was asked for, as JSON: of a manner with headers of its own. The token is not in it. */
static void append_request_headers(const struct fetch_manner *manner, struct buffer *json)
{
	json_begin(json, '{');
	for (const char *const *line = manner->headers; *line; line++) {
		size_t length = strcspn(*line, ":");
		size_t start = json->length;
		json_string(json, *line, length);
		for (size_t i = start; i < json->length; i++)
			json->data[i] = (char)tolower((unsigned char)json->data[i]);
		if (!json->failed)
			json->data[json->length - 1] = ':';
		json_c_string(json, *line + length + 1 + strspn(*line + length + 1, " "));
	}
	if (!manner->without_token)
		json_member_text(json, "authorization", "redacted");
	json_end(json, '}');
	json_finish(json);
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
	struct buffer asked = BUFFER_INIT;
	if (request->manner && request->manner->headers)
		append_request_headers(request->manner, &asked);
	const struct recording_entry entry = {.requested_at = request->requested_at,
		.answered_at = request->answered_at,
		.method = "GET",
		.url = request->url,
		.request_headers = asked.length ? asked.data : NULL,
		.status = answered ? request->status : 0,
		.headers = headers->data,
		.final = final,
		.decoded_length = answered ? response->length : 0,
		.download = request->manner && request->manner->is_download ? (request->account ? request->account : "") : NULL,
		.failure = final && response->error.status && !refused ? &response->error : NULL};
	int result = buffer_check(&asked, error);
	if (result == 0)
		result = recording_add(writer, &entry, answered ? request->body.data : "", answered ? request->body.length : 0, error);
	buffer_release(&asked);
	return result;
}
