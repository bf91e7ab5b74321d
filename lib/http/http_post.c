#include "http/http_post.h"

#include "http/http_request.h"
#include "http/retry.h"

#define TIMEOUT_S 20
#define MAX_TIME_S 60

static const struct retry_policy policy = {.tries = 3, .base_ms = 1000};

void http_reply_release(struct http_reply *reply)
{
	buffer_release_secret(&reply->body);
}

/* Returns the outcome of the last try. */
static CURLcode perform(struct http_request *request, CURL *easy, const struct http_settings *settings, struct error *error)
{
	for (;;) {
		if (http_request_prepare(request, easy, settings, NULL, error) < 0)
			return CURLE_OUT_OF_MEMORY;
		http_request_complete(request, curl_easy_perform(easy));
		bool again = http_request_may_retry(request) && !request->out_of_time && !request->too_large;
		int64_t pause = again ? retry_pause(&policy, request->tries, RETRY_NEVER) : RETRY_NEVER;
		if (pause == RETRY_NEVER)
			break;
		retry_wait(pause, -1);
	}
	if (request->code != CURLE_OK)
		error_set(error, request->too_large ? EX_UNAVAILABLE : http_request_exit_status(request), "cannot reach '%s': %s",
			request->url, request->reason);
	return request->code;
}

int http_post_form(const struct http_target *target, const char *form, struct http_reply *reply, struct error *error)
{
	struct http_settings settings = {.timeout_s = TIMEOUT_S, .max_time_s = MAX_TIME_S, .body_limit = HTTP_POST_LIMIT};
	*reply = (struct http_reply)HTTP_REPLY_INIT;
	struct http_request *request = http_request_new(target->url, NULL, NULL, NULL, error);
	if (!request)
		return -1;
	request->form = form;
	CURL *easy = curl_easy_init();
	int result = http_settings_open(&settings, target->ca_bundle, target->proxy_login, error);
	if (result < 0)
		goto out;
	result = -1;
	if (!easy)
		error_set(error, EX_OSERR, "cannot reach '%s': libcurl does not start", target->url);
	else if (perform(request, easy, &settings, error) == CURLE_OK)
		result = 0;
	reply->status = request->status;
	reply->date = retry_date(http_headers_find(&request->headers, "date"));
	reply->body = request->body;
	request->body = (struct buffer)BUFFER_INIT;
out:
	curl_easy_cleanup(easy);
	http_settings_release(&settings);
	http_request_free(request);
	return result;
}
