#include "http/http_settings.h"

#include "config/loopback.h"
#include "recording/recording.h"

#include <stdlib.h>
#include <string.h>

/* Which schemes the base may have, and whether it is this machine. libcurl reads the host, as it will when it connects. */
static int check_base(struct http_settings *settings, const char *base, struct error *error)
{
	char *host = NULL, *scheme = NULL;
	CURLU *url = curl_url();
	int result = 0;
	if (!url || curl_url_set(url, CURLUPART_URL, base, 0) != CURLUE_OK || curl_url_get(url, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
		curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK)
		result = error_set(error, EX_CONFIG, "cannot use the API base '%s': it is no URL", base);
	if (result == 0) {
		settings->loopback = host_is_loopback(host, strlen(host));
		if (strcmp(scheme, "https") != 0 && (strcmp(scheme, "http") != 0 || !settings->loopback))
			result = error_set(
				error, EX_CONFIG, "cannot use the API base '%s': it must be https (http only to this machine)", base);
	}
	curl_free(host);
	curl_free(scheme);
	curl_url_cleanup(url);
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

int http_settings_open(
	struct http_settings *settings, const struct connection *connection, int timeout_s, int max_time_s, struct error *error)
{
	*settings = (struct http_settings){.ca_bundle = http_ca_bundle(connection->ca_bundle),
		.timeout_s = timeout_s,
		.max_time_s = max_time_s,
		.body_limit = RECORDING_BODY_LIMIT};
	struct curl_slist *headers = curl_slist_append(NULL, "Accept: application/json");
	settings->headers = headers;
	if (!headers || !curl_slist_append(headers, "Accept-Encoding: gzip"))
		return error_set(error, EX_OSERR, "out of memory");
	return check_base(settings, connection->api_base, error);
}

void http_settings_release(struct http_settings *settings)
{
	curl_slist_free_all(settings->headers);
	settings->headers = NULL;
}
