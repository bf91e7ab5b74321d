#include "http/http_request.h"

#include "base/instant.h"
#include "http/retry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONNECT_TIMEOUT_S 20
#define LEAST_TRY_MS 100 /* for less no try is begun */
#define FIRST_BODY ((size_t)64 << 10)

struct http_request *http_request_new(
	const char *url, const char *account, const struct fetch_manner *manner, void *context, struct error *error)
{
	size_t shown = manner && manner->without_token ? strcspn(url, "?") : strlen(url);
	struct http_request *request = calloc(1, sizeof *request);
	if (request)
		request->headers.fields = request->body = (struct buffer)BUFFER_INIT;
	if (request && (request->url = strdup(url)) && (request->shown = strndup(url, shown)) &&
		(!account || (request->account = strdup(account)))) {
		request->manner = manner;
		request->context = context;
		request->place = http_place_of(url);
		return request;
	}
	http_request_free(request);
	error_set(error, EX_OSERR, "out of memory");
	return NULL;
}

void http_request_free(struct http_request *request)
{
	if (!request)
		return;
	http_headers_release(&request->headers);
	buffer_release(&request->body);
	curl_slist_free_all(request->own_headers);
	free(request->url);
	free(request->shown);
	free(request->account);
	free(request);
}

static size_t append_body(char *bytes, size_t size, size_t count, void *context)
{
	struct http_request *request = context;
	struct buffer *body = &request->body;
	size_t length = size * count;
	if (body->length + length > request->body_limit) {
		request->too_large = true;
		return 0;
	}
	if (body->capacity == 0)
		buffer_reserve(body, FIRST_BODY);
	buffer_append(body, bytes, length);
	return body->failed ? 0 : length;
}

static size_t append_header(char *bytes, size_t size, size_t count, void *context)
{
	struct http_request *request = context;
	http_headers_add(&request->headers, bytes, size * count);
	return size * count;
}

static bool set(CURL *easy, struct http_request *request, const struct http_settings *settings, const char *token)
{
	return curl_easy_setopt(easy, CURLOPT_URL, request->url) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_PRIVATE, request) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, request->place == HTTP_LOOPBACK ? "https,http" : "https") == CURLE_OK &&
		(request->place != HTTP_LOOPBACK || curl_easy_setopt(easy, CURLOPT_NOPROXY, "*") == CURLE_OK) &&
		(!settings->proxy_login || curl_easy_setopt(easy, CURLOPT_PROXYUSERPWD, settings->proxy_login) == CURLE_OK) &&
		curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
		(!settings->ca_bundle || curl_easy_setopt(easy, CURLOPT_CAINFO, settings->ca_bundle) == CURLE_OK) &&
		curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS) == CURLE_OK &&
		(!token || curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER) == CURLE_OK) &&
		(!token || curl_easy_setopt(easy, CURLOPT_XOAUTH2_BEARER, token) == CURLE_OK) &&
		(!request->form || curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->form) == CURLE_OK) &&
		curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_HTTPHEADER, request->own_headers ? request->own_headers : settings->headers) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_USERAGENT, "envtally/" ENVTALLY_VERSION) == CURLE_OK &&
		/* The body is recorded as received, so we decode it. */
		curl_easy_setopt(easy, CURLOPT_HTTP_CONTENT_DECODING, 0L) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT,
			(long)(settings->timeout_s < CONNECT_TIMEOUT_S ? settings->timeout_s : CONNECT_TIMEOUT_S)) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)(request->max_time_s * 1000L - request->spent_ms)) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, (long)HTTP_SLOWEST) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)settings->timeout_s) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, request->reason) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, append_body) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_WRITEDATA, request) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, append_header) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_HEADERDATA, request) == CURLE_OK;
}

static int set_own_headers(struct http_request *request, struct error *error)
{
	curl_slist_free_all(request->own_headers);
	request->own_headers = NULL;
	for (const char *const *line = request->manner ? request->manner->headers : NULL; line && *line; line++) {
		struct curl_slist *longer = curl_slist_append(request->own_headers, *line);
		if (!longer)
			return error_set(error, EX_OSERR, "out of memory");
		request->own_headers = longer;
	}
	return 0;
}

int http_request_prepare(
	struct http_request *request, CURL *easy, const struct http_settings *settings, const char *token, struct error *error)
{
	buffer_reset(&request->headers.fields);
	buffer_reset(&request->body);
	request->body_limit = settings->body_limit;
	request->max_time_s = settings->max_time_s;
	request->too_large = false;
	request->status = 0;
	request->reason[0] = 0;
	curl_easy_reset(easy); /* keeps its connections */
	if (set_own_headers(request, error) < 0)
		return -1;
	if (!set(easy, request, settings, token))
		return error_set(error, EX_OSERR, "cannot get '%s': libcurl rejects the options", request->shown);
	request->easy = easy;
	request->tries++;
	request->requested_at = instant_of_clock();
	return 0;
}

/* A proxy's refusal. Its URL is not shown: a password may be in it. */
static void explain_proxy(struct http_request *request)
{
	if (request->proxy_status == 407)
		snprintf(request->reason, sizeof request->reason,
			"the proxy requires a name and password, or other ones (HTTP 407): put them into the file that proxy_login in the profile names");
	else
		snprintf(request->reason, sizeof request->reason, "the proxy refuses the connection (HTTP %d)", request->proxy_status);
}

void http_request_complete(struct http_request *request, CURLcode code)
{
	long status = 0, proxy_status = 0;
	curl_off_t took_us = 0;
	curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(request->easy, CURLINFO_TOTAL_TIME_T, &took_us);
	curl_easy_getinfo(request->easy, CURLINFO_HTTP_CONNECTCODE, &proxy_status);
	request->proxy_status = code != CURLE_OK && proxy_status >= 300 ? (int)proxy_status : 0;
	request->spent_ms += took_us / 1000;
	request->out_of_time = request->spent_ms + LEAST_TRY_MS > request->max_time_s * INT64_C(1000);
	request->easy = NULL;
	request->code = code;
	request->answered_at = instant_of_clock();
	if (code == CURLE_OK && (request->body.failed || request->headers.fields.failed))
		request->code = CURLE_OUT_OF_MEMORY;
	if (request->code == CURLE_OK)
		request->status = (int)status;
	else if (request->too_large)
		snprintf(
			request->reason, sizeof request->reason, "the response is larger than the limit of %zu bytes", request->body_limit);
	else if (request->proxy_status)
		explain_proxy(request);
	else if (request->out_of_time && code == CURLE_OPERATION_TIMEDOUT)
		snprintf(
			request->reason, sizeof request->reason, "after %d seconds the response was still incomplete", request->max_time_s);
	else if (!*request->reason || strstr(request->reason, "://")) /* libcurl quotes an address that it cannot read, with its password */
		snprintf(request->reason, sizeof request->reason, "%s%s", curl_easy_strerror(request->code),
			*request->reason ? ": https_proxy, http_proxy or all_proxy is not the address of a proxy" : "");
}

int http_request_reduce(struct http_request *request, struct error *error)
{
	struct buffer kept = BUFFER_INIT;
	struct error reason = ERROR_INIT;
	if (!request->manner || !request->manner->reduce || request->code != CURLE_OK || request->status < 200 || request->status >= 300)
		return 0;
	if (request->manner->reduce(request->body.data, request->body.length, &kept, &reason) < 0)
		buffer_reset(&kept);
	buffer_release_secret(&request->body);
	request->body = kept;
	return buffer_check(&kept, error);
}

int http_request_exit_status(const struct http_request *request)
{
	bool refused = request->proxy_status == 403 || request->proxy_status == 407;
	return request->too_large ? EX_DATAERR : refused ? EX_NOPERM : EX_UNAVAILABLE;
}

bool http_request_may_retry(const struct http_request *request)
{
	if (request->code == CURLE_OK)
		return retry_status(request->status);
	return request->proxy_status ? retry_status(request->proxy_status) : retry_transfer(request->code);
}
