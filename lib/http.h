/*
 * http.h: HTTP by libcurl: many GETs at once for the fetchers, and one POST for auth.
 */
#ifndef ENVTALLY_HTTP_H
#define ENVTALLY_HTTP_H

#include "exchange.h"
#include "recording.h"

struct http;

struct http *http_open(const struct exchange_options *options, struct connection *connection, struct recording_writer *record,
	struct error *error);
size_t http_room(const struct http *http);
int http_get(struct http *http, const char *url, void *context, struct error *error);
int http_next(struct http *http, struct exchange_answer *answer, struct error *error);
void http_close(struct http *http);

#endif
