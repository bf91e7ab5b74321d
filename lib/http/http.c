#include "http/http.h"

#include "base/format_arguments.h"
#include "base/instant.h"
#include "http/http_outcome.h"
#include "http/http_request.h"
#include "http/http_response.h"
#include "http/interrupt.h"
#include "http/request_limits.h"
#include "http/retry.h"
#include "http/token_command.h"

#include <stdio.h>
#include <stdlib.h>

#define TIMEOUT_S 60
#define MAX_TIME_S 900
#define REPORT_AFTER_MS 5000 /* a wait so long is worth a line */
#define POLL_MOST_MS 60000
#define TOKEN_MARGIN_MS 60000 /* it is renewed so long before it expires, or a tenth of its life */
#define LIMITED_IN_A_ROW 8 /* refusals after which no more requests are begun while some wait */
#define FRUITLESS_RENEWALS 2 /* 401s despite a new token, after which the token is not the cause */

/*
 * A request is in one of five lists: `queued` (not tried yet), `pausing` (waits for its next try), `aside` (waits for a limit of its
 * account), `active` (in libcurl), `complete` (for http_next()). The one whose response was returned last is `delivered`.
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
	struct http_requests queued, pausing, aside, active, complete;
	size_t outstanding, active_count, aside_count; /* outstanding: in any of the five */
	struct http_request *delivered;
	struct request_limits limits;
	unsigned limited_in_a_row; /* responses */
	bool has_more_room; /* a request was put aside */
	int64_t reported_until; /* of this wait a line was printed */
	unsigned token; /* how many times it was renewed */
	unsigned fruitless_renewals;
	int64_t renew_at; /* instant, INSTANT_NONE for never */
	struct response_reader responses;
	struct buffer headers_json;
	int interrupt;
};

static void report(const struct http *http, bool detail, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void report(const struct http *http, bool detail, const char *format, ...)
{
	char text[1024];
	if (!http->report)
		return;
	FORMAT_ARGUMENTS(text, format);
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
	http->retry.limit_wait_ms = (options->limit_wait_s > 0 ? options->limit_wait_s : RETRY_LIMIT_WAIT_S) * INT64_C(1000);
	http->limits.wait_most_ms = http->retry.limit_wait_ms;
	if (connection->headroom)
		http->limits.headroom = headroom_open(connection->headroom, options->report);
	http->settings = (struct http_settings){.timeout_s = options->timeout_s > 0 ? options->timeout_s : TIMEOUT_S,
		.max_time_s = options->max_time_s > 0 ? options->max_time_s : MAX_TIME_S,
		.body_limit = RECORDING_BODY_LIMIT,
		.gzip = true};
	http->connection = connection;
	http->record = record;
	http->concurrency = connection->concurrency > 0 ? (size_t)connection->concurrency : 1;
	http->limits.concurrency = http->concurrency;
	http->limits.percent = connection->limit_share;
	http->headers_json = (struct buffer)BUFFER_INIT;
	TAILQ_INIT(&http->queued);
	TAILQ_INIT(&http->pausing);
	TAILQ_INIT(&http->aside);
	TAILQ_INIT(&http->active);
	TAILQ_INIT(&http->complete);
	plan_renewal(http);
	if (!connection->access_token && !connection->token_command) {
		error_set(error, EX_DATAERR,
			"cannot connect: the CONNECTION has no token (it goes into a pipe only: auth -p PROFILE | …, or --show-token)");
	} else if (http_place_of(connection->api_base) == HTTP_NOWHERE) {
		error_set(error, EX_CONFIG, "cannot use the API base '%s': it must be https (http only to this machine)",
			connection->api_base);
	} else if (http_settings_open(&http->settings, connection->ca_bundle, connection->proxy_login, error) == 0 &&
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
	free_all(&http->aside);
	free_all(&http->active);
	free_all(&http->complete);
	http_request_free(http->delivered);
	for (size_t i = 0; i < http->idle_count; i++)
		curl_easy_cleanup(http->idle[i]);
	free(http->idle);
	curl_multi_cleanup(http->multi);
	http_settings_release(&http->settings);
	curl_global_cleanup();
	request_limits_release(&http->limits);
	response_reader_release(&http->responses);
	buffer_release(&http->headers_json);
	interrupt_release();
	free(http);
}

void http_headroom(const struct http *http, int64_t *left, int64_t *limit)
{
	request_limits_headroom(&http->limits, left, limit);
}

size_t http_room(const struct http *http)
{
	/* After so many in a row the limit may be everybody's. */
	size_t counted = http->outstanding - (http->limited_in_a_row < LIMITED_IN_A_ROW ? http->aside_count : 0);
	return counted < http->concurrency ? http->concurrency - counted : 0;
}

int http_get(struct http *http, const char *url, const char *account, const struct fetch_manner *manner, void *context, struct error *error)
{
	struct http_request *request = http_request_new(url, account, manner, context, error);
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
	bool bare = request->manner && request->manner->without_token;
	if (http_request_prepare(request, easy, &http->settings, bare ? NULL : http->connection->access_token, error) < 0)
		return -1;
	if (curl_multi_add_handle(http->multi, easy) != CURLM_OK)
		return error_set(error, EX_SOFTWARE, "cannot get '%s': libcurl rejects the request", request->shown);
	return 0;
}

/* Takes the first request of the list whose pause is over. `*delay` is lowered to the shortest pause left. */
static struct http_request *take_due(struct http_requests *requests, int64_t now, int64_t *delay)
{
	struct http_request *request;
	TAILQ_FOREACH(request, requests, link)
	{
		/* cppcheck-suppress uninitvar ; the macro sets it */
		if (request->not_before <= now) {
			TAILQ_REMOVE(requests, request, link);
			return request;
		}
		if (request->not_before - now < *delay)
			*delay = request->not_before - now;
	}
	return NULL;
}

/* The next request to try: one whose pause is over, then a new one. */
static struct http_request *next_due(struct http *http, int64_t now, int64_t *delay)
{
	struct http_request *request = take_due(&http->aside, now, delay);
	http->aside_count -= request != NULL;
	if (!request)
		request = take_due(&http->pausing, now, delay);
	return request ? request : take_due(&http->queued, now, delay);
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

/* Have limits held the request back for too long? */
static bool waits_too_long(const struct http *http, struct http_request *request, int64_t now)
{
	if (request->limited_since == 0)
		request->limited_since = now;
	return now - request->limited_since > LIMIT_WAITS_OF_A_REQUEST * http->retry.limit_wait_ms;
}

static void put_aside(struct http *http, struct http_request *request, int64_t now, int64_t delay)
{
	request->not_before = now + delay;
	TAILQ_INSERT_TAIL(&http->aside, request, link);
	http->aside_count++;
	http->has_more_room = true;
	report(http, !is_worth_reporting(http, now, delay), "the limit of requests of %s%s is reached: asking again in %lld seconds%s",
		request->account ? "account " : "the organization", request->account ? request->account : "",
		(long long)(delay + 999) / 1000, request->account ? ", the others go on" : "");
}

/* Has the request to wait for a limit? Then it is back in a list. `*held` is set when all have to. */
static bool is_limited(struct http *http, struct http_request *request, int64_t *delay, bool *held)
{
	int64_t now = monotonic_ms(), wait = 0;
	enum limit_verdict verdict = request_limits_ask(&http->limits, request->account, http->active_count, now, &wait);
	bool waits = verdict == LIMIT_ASIDE || (verdict == LIMIT_HOLD && http->active_count == 0);
	if (verdict == LIMIT_GO)
		return false;
	if (verdict == LIMIT_GIVEN_UP || (waits && waits_too_long(http, request, now))) {
		if (verdict == LIMIT_HOLD)
			request_limits_give_up(&http->limits);
		request->given_up = true;
		request->requested_at = request->answered_at = instant_of_clock();
		TAILQ_INSERT_TAIL(&http->complete, request, link);
	} else if (verdict == LIMIT_ASIDE) {
		put_aside(http, request, now, wait);
	} else {
		TAILQ_INSERT_HEAD(&http->queued, request, link);
		report_hold(http, now, wait);
		*held = true;
	}
	*delay = wait < *delay ? wait : *delay;
	return true;
}

/* Starts what may start. `*delay` becomes the milliseconds after which more may. */
static int start_due(struct http *http, int64_t *delay, struct error *error)
{
	bool held = false;
	while (http->active_count < http->concurrency && !held) {
		struct http_request *request = next_due(http, monotonic_ms(), delay);
		if (!request)
			return 0;
		if (is_limited(http, request, delay, &held))
			continue;
		if (http->renew_at != INSTANT_NONE && instant_of_clock() >= http->renew_at && renew_token(http, error) < 0) {
			TAILQ_INSERT_HEAD(&http->queued, request, link);
			return -1;
		}
		if (start(http, request, error) < 0)
			return -1;
	}
	return 0;
}

static int collect_complete(struct http *http, struct error *error)
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
		if (http_request_reduce(request, error) < 0)
			return -1;
		http->idle[http->idle_count++] = easy;
		TAILQ_REMOVE(&http->active, request, link);
		http->active_count--;
		TAILQ_INSERT_TAIL(&http->complete, request, link);
		if (request_limits_update(&http->limits, request->account, &request->headers, code == CURLE_OK, monotonic_ms(), error) < 0)
			return -1;
	}
	return 0;
}

/* ---- responses ---- */

static void try_again(struct http *http, struct http_request *request, const struct http_response *response, int64_t pause)
{
	int64_t now = monotonic_ms();
	if (response->limited) {
		report(http, true, "%s", response->error.text);
		put_aside(http, request, now, pause);
		return;
	}
	report(http, !is_worth_reporting(http, now, pause), "%s; trying again in %lld ms", response->error.text, (long long)pause);
	request->not_before = now + pause;
	TAILQ_INSERT_TAIL(&http->pausing, request, link);
}

/* Milliseconds to the next try, or RETRY_NEVER. */
static int64_t pause_before_retry(struct http *http, struct http_request *request, const struct http_response *response)
{
	if (request->given_up || request->out_of_time || (response->limited && waits_too_long(http, request, monotonic_ms())))
		return RETRY_NEVER;
	bool received = request->code == CURLE_OK, good = request->status >= 200 && request->status < 300;
	/* A 2xx with an error is not what was asked for: a proxy's page, a damaged body. */
	bool again = http_request_may_retry(request) || (received && (response->limited || (good && response->error.status)));
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
	if (request->status != 401 || (request->manner && request->manner->without_token))
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
	http_outcome_read(request, &http->responses, response);
	http->limited_in_a_row = response->limited ? http->limited_in_a_row + 1 : 0;
	int again = request->code == CURLE_OK && !request->given_up ? renew_after_401(http, request, error) : 0;
	int64_t pause = again ? 0 : pause_before_retry(http, request, response);
	bool final = again <= 0 && pause < 0;
	if (again < 0) {
		/* No new token: the response is recorded all the same. */
		http_outcome_record(request, response, false, http->record, &http->headers_json, NULL);
		http_request_free(request);
		return -1;
	}
	if (http_outcome_record(request, response, final, http->record, &http->headers_json, error) < 0) {
		http_request_free(request);
		return -1;
	}
	if (!final) {
		request->tries -= again; /* the token was the cause */
		try_again(http, request, response, pause);
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
	return code == CURLM_OK ? 0 : error_set(error, EX_SOFTWARE, "cannot wait for responses: %s", curl_multi_strerror(code));
}

/* One round: starts, moves and collects. Waits only when nothing is complete and nobody could ask for more. */
static int advance(struct http *http, struct error *error)
{
	int running;
	int64_t delay = POLL_MOST_MS;
	if (interrupt_came())
		return error_set(error, EX_TEMPFAIL, "interrupted: the next run continues from here");
	if (start_due(http, &delay, error) < 0)
		return -1;
	CURLMcode code = curl_multi_perform(http->multi, &running);
	if (code != CURLM_OK)
		return error_set(error, EX_SOFTWARE, "cannot go on with the requests: %s", curl_multi_strerror(code));
	if (collect_complete(http, error) < 0)
		return -1;
	return TAILQ_EMPTY(&http->complete) && !(http->has_more_room && http_room(http) > 0) ? wait_for_more(http, delay, error) : 0;
}

int http_next(struct http *http, struct http_response *response, struct error *error)
{
	http_request_free(http->delivered);
	http->delivered = NULL;
	while (http->outstanding > 0) {
		if (http->has_more_room && http_room(http) > 0) {
			http->has_more_room = false;
			return FETCH_SOURCE_ROOM;
		}
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
