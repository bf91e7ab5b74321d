#include "http/http_post.h"

#include "base/instant.h"
#include "http/http_settings.h"

#include <curl/curl.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define TRIES 3

void http_reply_release(struct http_reply *reply)
{
	buffer_release_secret(&reply->body);
}

static size_t take_body(char *bytes, size_t size, size_t count, void *context)
{
	struct http_reply *reply = context;
	if (reply->body.length + size * count > HTTP_POST_LIMIT)
		return 0;
	buffer_append(&reply->body, bytes, size * count);
	return reply->body.failed ? 0 : size * count;
}

static size_t take_header(char *bytes, size_t size, size_t count, void *context)
{
	struct http_reply *reply = context;
	char text[64];
	size_t length = size * count;
	if (length > 5 && length < sizeof text && strncasecmp(bytes, "Date:", 5) == 0) {
		memcpy(text, bytes + 5, length - 5);
		text[length - 5] = 0;
		time_t seconds = curl_getdate(text, NULL);
		if (seconds >= 0)
			reply->date = (int64_t)seconds * 1000;
	}
	return length;
}

static bool set_options(CURL *curl, const struct http_target *target, const char *form, struct http_reply *reply, char *reason)
{
	const char *ca_bundle = http_ca_bundle(target->ca_bundle);
	return curl_easy_setopt(curl, CURLOPT_URL, target->url) == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https") == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
		(!ca_bundle || curl_easy_setopt(curl, CURLOPT_CAINFO, ca_bundle) == CURLE_OK) &&
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, form) == CURLE_OK && curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 20L) == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_TIMEOUT, 60L) == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_USERAGENT, "envtally/" ENVTALLY_VERSION) == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, reason) == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_WRITEDATA, reply) == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header) == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_HEADERDATA, reply) == CURLE_OK;
}

int http_post_form(const struct http_target *target, const char *form, struct http_reply *reply, struct error *error)
{
	char reason[CURL_ERROR_SIZE] = "";
	int result = -1;
	*reply = (struct http_reply){.date = INSTANT_NONE, .body = BUFFER_INIT};
	CURL *curl = curl_easy_init();
	if (!curl || !set_options(curl, target, form, reply, reason)) {
		error_set(error, EX_OSERR, "cannot ask '%s': %s", target->url, *reason ? reason : "libcurl does not start");
		goto out;
	}
	for (int try = 1;; try++) {
		buffer_reset(&reply->body);
		CURLcode code = curl_easy_perform(curl);
		long status = 0;
		curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
		reply->status = (int)status;
		if (code == CURLE_OK)
			break;
		/* What TLS refuses will be refused again. */
		bool hopeless = code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE || code == CURLE_WRITE_ERROR;
		if (hopeless || try == TRIES) {
			error_set(error, EX_UNAVAILABLE, "cannot ask '%s': %s", target->url, *reason ? reason : curl_easy_strerror(code));
			goto out;
		}
		nanosleep(&(struct timespec){.tv_sec = try}, NULL);
	}
	result = 0;
out:
	curl_easy_cleanup(curl);
	return result;
}
