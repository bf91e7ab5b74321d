#include "http/http.h"

#include "base/instant.h"
#include "http/http_request.h"
#include "http/http_response.h"
#include "http/interrupt.h"
#include "http/rate_limit.h"
#include "http/retry.h"
#include "http/token_command.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TIMEOUT_S 60
#define REPORT_AFTER_MS 5000 /* a wait so long is worth a line */
#define POLL_MOST_MS 60000
#define TOKEN_MARGIN_MS 60000 /* it is renewed so long before it expires, or a tenth of its life */
#define FRUITLESS_RENEWALS 2 /* 401s despite a new token, after which the token is not the cause */

/*
 * A request is in one of four lists: `queued` (not tried yet), `pausing` (waits for its next try), `active` (in libcurl), `complete` (for
 * http_next()). The one whose response was returned last is `delivered`.
 */
struct http {
	void (*report)(bool detail, const char *text);
	struct retry_policy retry;
	struct connection *connection;
	struct recording_writer *record;
	struct http_settings settings;
	CURLM *multi;
	CURL **idle; /* handles that are free */
	size_t idle_count, concurrency;
	struct http_requests queued, pausing, active, complete;
	size_t outstanding, active_count; /* outstanding: in any of the four */
	struct http_request *delivered;
	struct rate_limit rate;
	int64_t reported_until; /* of this wait a line was printed */
	unsigned token; /* how many times it was renewed */
	unsigned fruitless_renewals;
	int64_t renew_at; /* instant, INSTANT_NONE for never */
	struct response_reader responses;
	struct buffer headers_json;
	int interrupt;
};

static int64_t monotonic(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static void report(const struct http *http, bool detail, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void report(const struct http *http, bool detail, const char *format, ...)
{
	char text[1024];
	if (!http->report)
		return;
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	http->report(detail, text);
}

/* ---- opening ---- */

static void plan_renewal(struct http *http)
{
	const struct connection *connection = http->connection;
	int64_t now = instant_of_clock();
	http->renew_at = INSTANT_NONE;
	if (!connection->token_command)
		return;
	if (!connection->access_token)
		http->renew_at = now;
	else if (connection->expires_at != INSTANT_NONE) {
		int64_t margin = (connection->expires_at - now) / 10;
		http->renew_at = connection->expires_at - (margin < TOKEN_MARGIN_MS ? margin : TOKEN_MARGIN_MS);
	}
}

static int open_curl(struct http *http, struct error *error)
{
	http->multi = curl_multi_init();
	http->idle = calloc(http->concurrency, sizeof *http->idle);
	if (!http->multi || !http->idle)
		return error_set(error, EX_OSERR, "out of memory");
	curl_multi_setopt(http->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)http->concurrency);
	curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, (long)http->concurrency);
	return 0;
}

struct http *http_open(
	const struct fetch_source_options *options, struct connection *connection, struct recording_writer *record, struct error *error)
{
	struct http *http = calloc(1, sizeof *http);
	if (!http || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		error_set(error, EX_OSERR, "libcurl does not start");
		free(http);
		return NULL;
	}
	http->report = options->report;
	http->retry.tries = options->tries > 0 ? options->tries : RETRY_TRIES;
	http->retry.base_ms = options->retry_base_ms > 0 ? options->retry_base_ms : RETRY_BASE_MS;
	http->connection = connection;
	http->record = record;
	http->concurrency = connection->concurrency > 0 ? (size_t)connection->concurrency : 1;
	http->headers_json = (struct buffer)BUFFER_INIT;
	TAILQ_INIT(&http->queued);
	TAILQ_INIT(&http->pausing);
	TAILQ_INIT(&http->active);
	TAILQ_INIT(&http->complete);
	plan_renewal(http);
	if (!connection->access_token && !connection->token_command) {
		error_set(error, EX_DATAERR,
			"cannot connect: the CONNECTION has no token (it goes into a pipe only: auth -p PROFILE | …, or --show-token)");
	} else if (http_settings_open(&http->settings, connection, options->timeout_s > 0 ? options->timeout_s : TIMEOUT_S, error) == 0 &&
		open_curl(http, error) == 0 && response_reader_open(&http->responses, error) == 0 &&
		(http->interrupt = interrupt_watch(error)) >= 0) {
		return http;
	}
	http_close(http);
	return NULL;
}

/* Requests in flight are dropped. */
static void abandon_active(struct http *http)
{
	struct http_request *request;
	TAILQ_FOREACH(request, &http->active, link)
	{
		curl_multi_remove_handle(http->multi, request->easy);
		curl_easy_cleanup(request->easy);
	}
}

static void free_all(struct http_requests *requests)
{
	struct http_request *request;
	while ((request = TAILQ_FIRST(requests))) {
		TAILQ_REMOVE(requests, request, link);
		http_request_free(request);
	}
}

void http_close(struct http *http)
{
	abandon_active(http);
	free_all(&http->queued);
	free_all(&http->pausing);
	free_all(&http->active);
	free_all(&http->complete);
	http_request_free(http->delivered);
	for (size_t i = 0; i < http->idle_count; i++)
		curl_easy_cleanup(http->idle[i]);
	free(http->idle);
	curl_multi_cleanup(http->multi);
	http_settings_release(&http->settings);
	curl_global_cleanup();
	response_reader_release(&http->responses);
	buffer_release(&http->headers_json);
	interrupt_release();
	free(http);
}

size_t http_room(const struct http *http)
{
	return http->outstanding < http->concurrency ? http->concurrency - http->outstanding : 0;
}

int http_get(struct http *http, const char *url, void *context, struct error *error)
{
	struct http_request *request = http_request_new(url, context, error);
	if (!request)
		return -1;
	TAILQ_INSERT_TAIL(&http->queued, request, link);
	http->outstanding++;
	return 0;
}

/* ---- requests ---- */

/* No request can start without a token, so this waits; responses in flight stay in the sockets. */
static int renew_token(struct http *http, struct error *error)
{
	for (int tries = 1;; tries++) {
		report(http, true, "renewing the token");
		struct error failure = ERROR_INIT; /* nobody's, once another try succeeds */
		if (token_command_renew(http->connection, &failure) == 0)
			break;
		bool temporary = failure.status == EX_UNAVAILABLE || failure.status == EX_TEMPFAIL;
		int64_t pause = temporary && !interrupt_came() ? retry_pause(&http->retry, tries, RETRY_NEVER) : RETRY_NEVER;
		if (pause == RETRY_NEVER) {
			*error = failure;
			return -1;
		}
		retry_wait(pause, http->interrupt);
	}
	http->token++;
	plan_renewal(http);
	return 0;
}

static int start(struct http *http, struct http_request *request, struct error *error)
{
	CURL *easy = http->idle_count > 0 ? http->idle[--http->idle_count] : curl_easy_init();
	if (!easy)
		return error_set(error, EX_OSERR, "out of memory");
	request->token = http->token;
	TAILQ_INSERT_TAIL(&http->active, request, link);
	http->active_count++;
	if (http_request_prepare(request, easy, &http->settings, http->connection->access_token, error) < 0)
		return -1;
	if (curl_multi_add_handle(http->multi, easy) != CURLM_OK)
		return error_set(error, EX_SOFTWARE, "cannot get '%s': libcurl does not take the request", request->url);
	return 0;
}

/* The next request to try: one whose pause is over, then a new one. `*delay` is lowered to the shortest pause left. */
static struct http_request *next_due(struct http *http, int64_t now, int64_t *delay)
{
	struct http_request *request;
	TAILQ_FOREACH(request, &http->pausing, link)
	{
		/* cppcheck-suppress uninitvar ; the macro sets it */
		if (request->not_before <= now) {
			TAILQ_REMOVE(&http->pausing, request, link);
			return request;
		}
		if (request->not_before - now < *delay)
			*delay = request->not_before - now;
	}
	request = TAILQ_FIRST(&http->queued);
	if (request)
		TAILQ_REMOVE(&http->queued, request, link);
	return request;
}

/* A long wait must not look like a hanging program: one line for all requests that wait until about then. */
static bool is_worth_reporting(struct http *http, int64_t now, int64_t delay)
{
	if (delay < REPORT_AFTER_MS || now + delay <= http->reported_until + REPORT_AFTER_MS)
		return false;
	http->reported_until = now + delay;
	return true;
}

static void report_hold(struct http *http, int64_t now, int64_t delay)
{
	if (http->active_count == 0 && is_worth_reporting(http, now, delay))
		report(http, false, "the limit of requests is nearly reached: waiting %lld seconds", (long long)(delay + 999) / 1000);
}

/* Starts what may start. `*delay` becomes the milliseconds after which more may. */
static int start_due(struct http *http, int64_t *delay, struct error *error)
{
	while (http->active_count < http->concurrency && (!TAILQ_EMPTY(&http->queued) || !TAILQ_EMPTY(&http->pausing))) {
		int64_t now = monotonic(), held = rate_limit_delay(&http->rate, http->active_count, now);
		if (held > 0) {
			report_hold(http, now, held);
			*delay = held < *delay ? held : *delay;
			return 0;
		}
		struct http_request *request = next_due(http, now, delay);
		if (!request)
			return 0;
		if (http->renew_at != INSTANT_NONE && instant_of_clock() >= http->renew_at && renew_token(http, error) < 0) {
			TAILQ_INSERT_HEAD(&http->queued, request, link);
			return -1;
		}
		if (start(http, request, error) < 0)
			return -1;
	}
	return 0;
}

static void update_limits(struct http *http, const struct http_request *request)
{
	const struct http_headers *headers = &request->headers;
	int64_t date = retry_date(http_headers_find(headers, "date")), reset = http_headers_number(headers, "x-ratelimit-reset");
	if (date == INSTANT_NONE)
		date = instant_of_clock();
	struct rate_headers limits = {.limit = http_headers_number(headers, "x-ratelimit-limit"),
		.left = http_headers_number(headers, "x-ratelimit-remaining"),
		.ends_in_ms = reset < 0       ? RATE_NO_HEADER
			: reset * 1000 > date ? reset * 1000 - date
					      : 0,
		.burst_limit = http_headers_number(headers, "x-burstlimit-limit"),
		.burst_left = http_headers_number(headers, "x-burstlimit-remaining")};
	rate_limit_update(&http->rate, &limits, monotonic());
}

static void collect_complete(struct http *http)
{
	CURLMsg *message;
	int left;
	while ((message = curl_multi_info_read(http->multi, &left))) {
		struct http_request *request = NULL;
		if (message->msg != CURLMSG_DONE)
			continue;
		CURL *easy = message->easy_handle;
		CURLcode code = message->data.result;
		curl_easy_getinfo(easy, CURLINFO_PRIVATE, &request);
		curl_multi_remove_handle(http->multi, easy);
		http_request_complete(request, code);
		http->idle[http->idle_count++] = easy;
		TAILQ_REMOVE(&http->active, request, link);
		http->active_count--;
		TAILQ_INSERT_TAIL(&http->complete, request, link);
		update_limits(http, request);
	}
}

/* ---- responses ---- */

/* Records the response, or the failure. */
static int record(
	struct http *http, const struct http_request *request, const struct http_response *response, bool final, struct error *error)
{
	bool answered = request->code == CURLE_OK, refused = answered && (request->status < 200 || request->status >= 300);
	/* A try without an response is only worth keeping when it was the last. */
	if (!http->record || (!answered && !final))
		return 0;
	buffer_reset(&http->headers_json);
	if (answered)
		http_headers_append_json(&request->headers, &http->headers_json);
	else
		buffer_append_string(&http->headers_json, "{}");
	if (buffer_check(&http->headers_json, error) < 0)
		return -1;
	const struct recording_entry entry = {.requested_at = request->requested_at,
		.answered_at = request->answered_at,
		.method = "GET",
		.url = request->url,
		.status = request->status,
		.headers = http->headers_json.data,
		.final = final,
		.decoded_length = answered ? response->length : 0,
		.failure = final && response->error.status && !refused ? &response->error : NULL};
	return recording_add(http->record, &entry, answered ? request->body.data : "", answered ? request->body.length : 0, error);
}

static void read_response(struct http *http, const struct http_request *request, struct http_response *response)
{
	const struct http_headers *headers = &request->headers;
	*response =
		(struct http_response){.context = request->context, .url = request->url, .answered_at = request->answered_at, .body = ""};
	if (request->code != CURLE_OK) {
		error_set(&response->error, request->too_large ? EX_DATAERR : EX_UNAVAILABLE, "cannot get '%s': %s", request->url,
			request->reason);
		return;
	}
	const struct response_received received = {.status = request->status,
		.url = request->url,
		.content_type = http_headers_find(headers, "content-type"),
		.content_encoding = http_headers_find(headers, "content-encoding"),
		.location = http_headers_find(headers, "location"),
		.body = request->body.data,
		.length = request->body.length};
	response_read(&http->responses, &received, response);
}

static void try_again(struct http *http, struct http_request *request, int64_t pause)
{
	request->not_before = monotonic() + pause;
	TAILQ_INSERT_TAIL(&http->pausing, request, link);
}

/* Milliseconds to the next try, or RETRY_NEVER. */
static int64_t pause_before_retry(const struct http *http, const struct http_request *request, const struct http_response *response)
{
	bool received = request->code == CURLE_OK, good = request->status >= 200 && request->status < 300;
	/* A 2xx with an error is not what was asked for: a proxy's page, a damaged body. */
	bool again = received ? response->limited || retry_status(request->status) || (good && response->error.status)
			      : retry_transfer(request->code);
	const struct http_headers *headers = &request->headers;
	int64_t requested = received && !good ? retry_after(http_headers_find(headers, "retry-after"), http_headers_find(headers, "date"))
					      : RETRY_NEVER;
	return again ? retry_pause(&http->retry, request->tries, requested) : RETRY_NEVER;
}

/*
 * After a 401: returns 1 if the request is to be retried at once with a new token, 0 if the response is final. An account may answer 401 to
 * any token, so a request renews it once, and after FRUITLESS_RENEWALS none does.
 */
static int renew_after_401(struct http *http, struct http_request *request, struct error *error)
{
	if (request->status != 401)
		return 0;
	if (request->token != http->token)
		return 1; /* it was renewed meanwhile */
	if (request->renewed_for)
		http->fruitless_renewals++;
	if (request->renewed_for || http->fruitless_renewals >= FRUITLESS_RENEWALS || !http->connection->token_command)
		return 0;
	request->renewed_for = true;
	return renew_token(http, error) < 0 ? -1 : 1;
}

/* Decides about a completed request: returns 1 with its response, 0 if it is retried. */
static int decide(struct http *http, struct http_request *request, struct http_response *response, struct error *error)
{
	read_response(http, request, response);
	int again = request->code == CURLE_OK ? renew_after_401(http, request, error) : 0;
	int64_t pause = again ? 0 : pause_before_retry(http, request, response);
	bool final = again <= 0 && pause < 0;
	if (again < 0) {
		/* No new token: the response is recorded all the same. */
		record(http, request, response, false, NULL);
		http_request_free(request);
		return -1;
	}
	if (record(http, request, response, final, error) < 0) {
		http_request_free(request);
		return -1;
	}
	if (!final) {
		report(http, !is_worth_reporting(http, monotonic(), pause), "%s; trying again in %lld ms", response->error.text,
			(long long)pause);
		request->tries -= again; /* the token was the cause */
		try_again(http, request, pause);
		return 0;
	}
	http->delivered = request;
	http->outstanding--;
	return 1;
}

static int wait_for_more(struct http *http, int64_t delay, struct error *error)
{
	struct curl_waitfd signals = {.fd = http->interrupt, .events = CURL_WAIT_POLLIN};
	CURLMcode code = curl_multi_poll(http->multi, &signals, 1, (int)delay, NULL);
	return code == CURLM_OK ? 0 : error_set(error, EX_SOFTWARE, "cannot wait for answers: %s", curl_multi_strerror(code));
}

/* One round: starts, moves and collects. Waits only when nothing is complete. */
static int advance(struct http *http, struct error *error)
{
	int running;
	int64_t delay = POLL_MOST_MS;
	if (interrupt_came())
		return error_set(error, EX_TEMPFAIL, "interrupted: the next run goes on from here");
	if (start_due(http, &delay, error) < 0)
		return -1;
	CURLMcode code = curl_multi_perform(http->multi, &running);
	if (code != CURLM_OK)
		return error_set(error, EX_SOFTWARE, "cannot go on with the requests: %s", curl_multi_strerror(code));
	collect_complete(http);
	return TAILQ_EMPTY(&http->complete) ? wait_for_more(http, delay, error) : 0;
}

int http_next(struct http *http, struct http_response *response, struct error *error)
{
	http_request_free(http->delivered);
	http->delivered = NULL;
	while (http->outstanding > 0) {
		struct http_request *request = TAILQ_FIRST(&http->complete);
		if (!request && advance(http, error) < 0)
			return -1;
		if (!request)
			continue;
		TAILQ_REMOVE(&http->complete, request, link);
		int decided = decide(http, request, response, error);
		if (decided != 0)
			return decided;
	}
	return 0;
}
