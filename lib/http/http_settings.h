/*
 * http_settings.h: settings common to all requests of a program: where they may go and how long they may take.
 *
 * Proxies are those of the environment, as libcurl reads it: https_proxy, HTTPS_PROXY, ALL_PROXY, no_proxy. Requests to this machine never
 * use a proxy.
 */
#ifndef ENVTALLY_HTTP_SETTINGS_H
#define ENVTALLY_HTTP_SETTINGS_H

#include "base/buffer.h"

#include <curl/curl.h>

#define HTTP_SLOWEST 500 /* bytes a second */

struct http_settings {
	int timeout_s; /* at less than HTTP_SLOWEST, or without a connection */
	int max_time_s; /* for all tries of a request together, without the pauses between them */
	size_t body_limit; /* bytes */
	bool gzip; /* accept compressed bodies */
	/* http_settings_open() sets these. */
	const char *ca_bundle; /* NULL for libcurl's own */
	char *proxy_login; /* NAME:PASSWORD, or NULL for that in the proxy's URL, if any */
	struct curl_slist *headers;
};

/* Where a URL leads: the token goes elsewhere by https only. */
enum http_place { HTTP_NOWHERE, HTTP_ELSEWHERE, HTTP_LOOPBACK };

enum http_place http_place_of(const char *url);

/*
 * `ca_bundle` is the profile's own PEM file of authorities, or NULL; `proxy_login` is a file whose first line is NAME:PASSWORD, or NULL. EX_NOINPUT and EX_CONFIG when that cannot be used.
 */
int http_settings_open(struct http_settings *settings, const char *ca_bundle, const char *proxy_login, struct error *error);
void http_settings_release(struct http_settings *settings);

/* The authorities to trust: the profile's file, or the environment's CURL_CA_BUNDLE or SSL_CERT_FILE, which libcurl itself
 * ignores; NULL for its default. An empty one is none. */
const char *http_ca_bundle(const char *own);

#endif
