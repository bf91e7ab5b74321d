/*
 * http.h: GET requests over HTTPS, many at once, by libcurl.
 *
 * One libcurl multi handle: persistent connections, HTTP/2 where the service has it, bodies requested in gzip and kept as received. TLS
 * 1.2 or newer, always verified; http only to this machine's loopback. Redirects are not followed: the token must not go elsewhere.
 * Proxies by the usual environment. Time and size of every response are limited.
 *
 * A broken connection, 408, 5xx, a limit of requests and a body that should be JSON and is not are retried (retry.h); limits are obeyed before they are
 * hit, and hold only whom they concern (request_limits.h). A 401, or a token about to expire, renews the token (token_command.h). Every response is recorded before it is
 * acted on.
 *
 * SIGINT and SIGTERM end the waiting with EX_TEMPFAIL (interrupt.h).
 */
#ifndef ENVTALLY_HTTP_H
#define ENVTALLY_HTTP_H

#include "http/fetch_source.h"
#include "recording/recording.h"

struct http;

/* `record` may be NULL. Connection and recording must last. The interface is that of fetch_source.h. */
struct http *http_open(
	const struct fetch_source_options *options, struct connection *connection, struct recording_writer *record, struct error *error);
size_t http_room(const struct http *http);
int http_get(
	struct http *http, const char *url, const char *account, const struct fetch_manner *manner, void *context, struct error *error);
int http_next(struct http *http, struct http_response *response, struct error *error);
/* request_limits_headroom() of its limits. */
void http_headroom(const struct http *http, int64_t *left, int64_t *limit);
void http_close(struct http *http);

#endif
