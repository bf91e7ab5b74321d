#include "http/http_settings.h"

#include "config/loopback.h"

#include <stdlib.h>
#include <string.h>

#define PROXY_LOGIN_LIMIT 4096 /* bytes */

/* libcurl reads the host, as it will when it connects. */
enum http_place http_place_of(const char *url)
{
	char *host = NULL, *scheme = NULL;
	CURLU *parts = curl_url();
	enum http_place place = HTTP_NOWHERE;
	if (parts && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
		curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
		curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK) {
		bool loopback = host_is_loopback(host, strlen(host)), https = strcmp(scheme, "https") == 0;
		if (loopback && (https || strcmp(scheme, "http") == 0))
			place = HTTP_LOOPBACK;
		else if (https)
			place = HTTP_ELSEWHERE;
	}
	curl_free(host);
	curl_free(scheme);
	curl_url_cleanup(parts);
	return place;
}

/* The first line of the file, NAME:PASSWORD. */
static int read_proxy_login(struct http_settings *settings, const char *path, struct error *error)
{
	struct buffer text = BUFFER_INIT;
	int result = buffer_append_file(&text, path, PROXY_LOGIN_LIMIT, error);
	if (result == 0) {
		text.data[strcspn(text.data, "\r\n")] = 0;
		if (!strchr(text.data, ':') || *text.data == ':')
			result = error_set(error, EX_CONFIG, "cannot use the proxy_login '%s': its first line must be NAME:PASSWORD", path);
		else if (!(settings->proxy_login = strdup(text.data)))
			result = error_set(error, EX_OSERR, "out of memory");
	}
	buffer_release_secret(&text);
	return result;
}

const char *http_ca_bundle(const char *own)
{
	const char *ca_bundle = own;
	if (!ca_bundle || !*ca_bundle)
		ca_bundle = getenv("CURL_CA_BUNDLE");
	if (!ca_bundle || !*ca_bundle)
		ca_bundle = getenv("SSL_CERT_FILE");
	return ca_bundle && *ca_bundle ? ca_bundle : NULL;
}

int http_settings_open(struct http_settings *settings, const char *ca_bundle, const char *proxy_login, struct error *error)
{
	settings->ca_bundle = http_ca_bundle(ca_bundle);
	settings->headers = curl_slist_append(NULL, "Accept: application/json");
	if (!settings->headers || (settings->gzip && !curl_slist_append(settings->headers, "Accept-Encoding: gzip")))
		return error_set(error, EX_OSERR, "out of memory");
	return proxy_login ? read_proxy_login(settings, proxy_login, error) : 0;
}

void http_settings_release(struct http_settings *settings)
{
	curl_slist_free_all(settings->headers);
	settings->headers = NULL;
	if (settings->proxy_login)
		explicit_bzero(settings->proxy_login, strlen(settings->proxy_login));
	free(settings->proxy_login);
	settings->proxy_login = NULL;
}
