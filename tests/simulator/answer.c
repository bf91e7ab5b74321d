#include "answer.h"

#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>

const char *request_parameter(const struct request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

void answer_header(struct answer *answer, const char *name, const char *format, ...)
{
	if (answer->header_count == ANSWER_HEADERS)
		return;
	va_list arguments;
	va_start(arguments, format);
	answer->headers[answer->header_count].name = name;
	vsnprintf(answer->headers[answer->header_count].value, sizeof answer->headers[0].value, format, arguments);
	answer->header_count++;
	va_end(arguments);
}

void answer_json(struct answer *answer, unsigned status, jv value)
{
	jv text = jv_dump_string(value, 0);
	answer->status = status;
	buffer_reset(&answer->body);
	buffer_append(&answer->body, jv_string_value(text), jv_string_length_bytes(jv_copy(text)));
	jv_free(text);
}

void answer_error(struct answer *answer, unsigned status, const char *code, const char *message)
{
	answer_json(answer, status, JV_OBJECT(jv_string("errorCode"), jv_string(code), jv_string("message"), jv_string(message)));
}

void answer_admin_error(struct answer *answer, unsigned status, const char *error, const char *description)
{
	jv body = JV_OBJECT(jv_string("error"), jv_string(error));
	if (description)
		body = jv_object_set(body, jv_string("error_description"), jv_string(description));
	answer_json(answer, status, body);
}

void answer_reset(struct answer *answer)
{
	buffer_reset(&answer->body);
	answer->header_count = 0;
	answer->status = 200;
	answer->content_type = "application/json; charset=utf-8";
}

void answer_release(struct answer *answer)
{
	buffer_release(&answer->body);
}
