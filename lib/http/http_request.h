/*
 * http_request.h: one request, a GET of http.c or the POST of http_post.c, and what it received, on its libcurl handle.
 */
#ifndef ENVTALLY_HTTP_REQUEST_H
#define ENVTALLY_HTTP_REQUEST_H

#include "http/fetch_source.h"
#include "http/http_headers.h"
#include "http/http_settings.h"

#include <curl/curl.h>
#include <sys/queue.h>

struct http_request {
	char *url;
	char *shown; /* the URL for messages */
	char *account; /* whose limits it counts in; NULL: the organization's */
	const struct fetch_manner *manner; /* or NULL */
	void *context;
	const char *form; /* of a POST, the caller's; NULL: a GET */
	int tries; /* made so far */
	unsigned token; /* the token that the last try had: counts renewals */
	bool renewed_for; /* the token was renewed because of this request's 401 */
	int64_t not_before; /* of the next try; monotonic milliseconds, as is limited_since */
	int64_t limited_since; /* when a limit first held it back; 0: none did */
	bool given_up; /* because of that */
	int64_t spent_ms; /* by its tries */
	bool out_of_time; /* they took as long as they may */
	int64_t requested_at, answered_at; /* of the last try; instants */
	CURL *easy; /* while a try is on its way */
	CURLcode code;
	int status; /* of a try that is complete */
	struct curl_slist *own_headers; /* the manner's, during a try */
	struct http_headers headers;
	struct buffer body; /* as received */
	size_t body_limit;
	int max_time_s;
	enum http_place place;
	bool too_large;
	int proxy_status; /* of the proxy, when it refused */
	char reason[CURL_ERROR_SIZE];
	TAILQ_ENTRY(http_request) link;
};

TAILQ_HEAD(http_requests, http_request);

struct http_request *http_request_new(
	const char *url, const char *account, const struct fetch_manner *manner, void *context, struct error *error);
void http_request_free(struct http_request *request);

/* Sets the handle up for the next try, with the token (NULL for none), and clears what an earlier try received. */
int http_request_prepare(
	struct http_request *request, CURL *easy, const struct http_settings *settings, const char *token, struct error *error);

/* Detaches the handle; `reason` is why a try failed. */
void http_request_complete(struct http_request *request, CURLcode code);

/* Keeps of the body what the manner keeps, and nothing of one that it cannot read. */
int http_request_reduce(struct http_request *request, struct error *error);

/* Of a try without a response: the exit status that goes with `reason`. */
int http_request_exit_status(const struct http_request *request);

/* Is the failure temporary, by the status of the response or of a proxy, or by what curl says? */
bool http_request_may_retry(const struct http_request *request);

#endif
