/*
 * http_settings.h: what all requests to one service have in common: where they may go and how long they may take.
 */
#ifndef ENVTALLY_HTTP_SETTINGS_H
#define ENVTALLY_HTTP_SETTINGS_H

#include "config/connection.h"

#include <curl/curl.h>

#define HTTP_SLOWEST 500 /* bytes a second */

struct http_settings {
	const char *ca_bundle; /* of the connection or the environment's; NULL for libcurl's own */
	bool loopback; /* the service is on this machine: http is allowed, proxies are not used */
	int timeout_s; /* at less than HTTP_SLOWEST, or without a connection */
	int max_time_s; /* for all tries of a request together, without the pauses between them */
	size_t body_limit; /* bytes */
	struct curl_slist *headers;
};

/* The API base must be https, or http to the loopback: EX_CONFIG. */
int http_settings_open(
	struct http_settings *settings, const struct connection *connection, int timeout_s, int max_time_s, struct error *error);
void http_settings_release(struct http_settings *settings);

/* The authorities to trust: the profile's own file, else the environment's CURL_CA_BUNDLE or SSL_CERT_FILE, which libcurl itself
 * does not look at; NULL for its default. An empty one is none. */
const char *http_ca_bundle(const char *own);

#endif
