#include "http.h"

struct http *http_open(const struct exchange_options *options, struct connection *connection, struct recording_writer *record,
	struct error *error)
{
	(void)options;
	(void)connection;
	(void)record;
	error_set(error, EX_UNAVAILABLE, "cannot use the network yet: --replay DIR answers from a recording");
	return NULL;
}

size_t http_room(const struct http *http)
{
	(void)http;
	return 0;
}

int http_get(struct http *http, const char *url, void *context, struct error *error)
{
	(void)http;
	(void)url;
	(void)context;
	return error_set(error, EX_SOFTWARE, "not yet");
}

int http_next(struct http *http, struct exchange_answer *answer, struct error *error)
{
	(void)http;
	(void)answer;
	return error_set(error, EX_SOFTWARE, "not yet");
}

void http_close(struct http *http)
{
	(void)http;
}
