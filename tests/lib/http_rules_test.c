/*
 * http_rules_test.c: the rules that http.c goes by, without a network: limits, pauses, header fields, circles, gzip.
 */
#include "base/instant.h"
#include "fetch/loop_detect.h"
#include "http/headroom.h"
#include "http/http_headers.h"
#include "http/http_response.h"
#include "http/rate_limit.h"
#include "http/request_limits.h"
#include "http/retry.h"
#include "io/gzip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#define LENGTH(table) (sizeof(table) / sizeof(table)[0])

/* ---- limits: steps on one clock; `wait` is what the limiter says with `on_their_way` requests ---- */

#define ASK (-2)

struct limit_step {
	int64_t at;
	int64_t limit, left, ends_in_ms, burst_limit, burst_left; /* an answer; limit ASK: only a question */
	size_t on_their_way;
	int64_t wait;
};

static void run_limits(const struct limit_step steps[], size_t count)
{
	struct rate_limit rate = {0};
	for (size_t i = 0; i < count; i++) {
		const struct limit_step *step = &steps[i];
		if (step->limit != ASK) {
			struct rate_headers headers = {step->limit, step->left, step->ends_in_ms, step->burst_limit, step->burst_left};
			rate_limit_update(&rate, &headers, step->at);
		}
		int64_t wait = rate_limit_delay(&rate, step->on_their_way, step->at);
		if (wait != step->wait)
			fail_msg("step %zu: waits %lld, expected %lld", i, (long long)wait, (long long)step->wait);
	}
}

static void test_first_request_goes_alone(void **state)
{
	(void)state;
	const struct limit_step steps[] = {
		{0, ASK, 0, 0, 0, 0, 0, 0},
		{0, ASK, 0, 0, 0, 0, 1, 30000},
		{50, -1, -1, -1, -1, -1, 1, 0}, /* an answer without any header: there are no limits */
		{60, ASK, 0, 0, 0, 0, 60, 0},
	};
	run_limits(steps, LENGTH(steps));
}

static void test_hour(void **state)
{
	(void)state;
	const struct limit_step steps[] = {
		{0, 3000, 100, 5000, -1, -1, 49, 0}, /* the reserve is 50: 51 left over */
		{10, ASK, 0, 0, 0, 0, 50, 4990},
		{20, 3000, 60, 4980, -1, -1, 0, 0},
		{30, 3000, 80, 4970, -1, -1, 9, 0}, /* overtaken: 60 stands, so 9 are on their way and 51 left over */
		{35, ASK, 0, 0, 0, 0, 10, 4965},
		{40, 3000, 50, 4960, -1, -1, 0, 4960},
		{5000, ASK, 0, 0, 0, 0, 60, 0}, /* the hour is over */
		{5100, 3000, 2999, 3600000, -1, -1, 60, 0},
		{5200, 20, 1, 1000, -1, -1, 0, 1000}, /* a small limit has a reserve of one */
		{6200, 20, 2, 1000, -1, -1, 0, 0},
	};
	run_limits(steps, LENGTH(steps));
}

static void test_burst(void **state)
{
	(void)state;
	const struct limit_step steps[] = {
		{0, 3000, 2000, 100000, 500, 30, 19, 0}, /* a reserve of 10 */
		{100, ASK, 0, 0, 0, 0, 20, 29900}, {1000, 3000, 1990, 99000, 500, 10, 0, 30000}, {30999, ASK, 0, 0, 0, 0, 0, 1},
		{31000, ASK, 0, 0, 0, 0, 8, 0}, {31100, 3000, 50, 68900, 500, 499, 0, 68900}, /* the longer wait counts */
	};
	run_limits(steps, LENGTH(steps));
}

/* ---- whose limits: responses of accounts, and questions ---- */

#define WAIT_MS 1000

/* A response to `account` at `at` milliseconds, whose numbers may be any text; or, without a limit, a question. */
struct limits_step {
	int64_t at;
	const char *account, *limit, *left, *reset;
	size_t in_flight;
	enum limit_verdict verdict;
	int64_t delay; /* -1: whichever */
};

static void run_request_limits(const char *name, const struct limits_step steps[], size_t count)
{
	struct request_limits limits = {.wait_most_ms = WAIT_MS, .concurrency = 8};
	struct error error = ERROR_INIT;
	for (size_t i = 0; i < count; i++) {
		const struct limits_step *step = &steps[i];
		if (step->limit) {
			struct http_headers headers = {BUFFER_INIT};
			char line[200];
			const char *names[] = {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "Date"};
			const char *values[] = {step->limit, step->left, step->reset, "Thu, 01 Jan 1970 01:00:00 GMT"};
			for (size_t field = 0; field < LENGTH(names); field++) {
				int length = snprintf(line, sizeof line, "%s: %s\r\n", names[field], values[field]);
				http_headers_add(&headers, line, (size_t)length);
			}
			assert_int_equal(request_limits_update(&limits, step->account, &headers, true, step->at, &error), 0);
			http_headers_release(&headers);
			continue;
		}
		int64_t delay = -1;
		enum limit_verdict verdict = request_limits_ask(&limits, step->account, step->in_flight, step->at, &delay);
		if (verdict != step->verdict || (step->delay >= 0 && delay != step->delay))
			fail_msg("%s, step %zu: verdict %d, delay %lld; expected %d, %lld", name, i, verdict, (long long)delay,
				step->verdict, (long long)step->delay);
	}
	request_limits_release(&limits);
}

#define TELLS(at, account, limit, left, reset) \
	{ \
		at, account, limit, left, reset, 0, 0, 0 \
	}
#define ASKS(at, account, in_flight, verdict, delay) \
	{ \
		at, account, NULL, NULL, NULL, in_flight, verdict, delay \
	}

static void test_request_limits(void **state)
{
	(void)state;
	/* Whatever the end is said to be, a wait is at most WAIT_MS: far away, beyond 64 bits, garbage, negative, over. */
	const struct limits_step far[] = {
		TELLS(1, NULL, "3000", "0", "999999999"), ASKS(1, NULL, 0, LIMIT_HOLD, WAIT_MS), ASKS(1 + WAIT_MS, NULL, 0, LIMIT_GO, 0)};
	const struct limits_step garbage[] = {TELLS(1, NULL, "3000", "0", "99999999999999999999"), ASKS(1, NULL, 0, LIMIT_GO, 0),
		TELLS(1, NULL, "3000", "0", "soon"), ASKS(1, NULL, 0, LIMIT_GO, 0), TELLS(1, NULL, "3000", "0", "-7"),
		ASKS(1, NULL, 0, LIMIT_GO, 0), TELLS(1, NULL, "-3000", "0", "7200"), ASKS(1, NULL, 0, LIMIT_GO, 0),
		TELLS(1, NULL, "3000", "0", "3000"), ASKS(1, NULL, 0, LIMIT_GO, 0)};
	/* One counter for all: three steps show it, and all are held. */
	const struct limits_step common[] = {ASKS(1, "a", 0, LIMIT_GO, 0), ASKS(1, "b", 1, LIMIT_HOLD, -1),
		TELLS(2, "a", "15", "14", "7200"), TELLS(2, "b", "15", "12", "7200"), TELLS(2, "c", "15", "13", "7200"),
		TELLS(2, "a", "15", "11", "7200"), TELLS(2, "b", "15", "5", "7200"), ASKS(2, "c", 3, LIMIT_GO, 0),
		ASKS(2, "c", 4, LIMIT_HOLD, -1), TELLS(3, "c", "15", "1", "7200"), ASKS(3, "a", 0, LIMIT_HOLD, WAIT_MS)};
	/* One counter each: by a number twice, another limit, another hour; and only who is at its limit is put aside. */
	const struct limits_step twice[] = {TELLS(1, "a", "100", "99", "7200"), TELLS(1, "b", "100", "99", "7200"),
		TELLS(1, "a", "100", "1", "7200"), ASKS(1, "a", 5, LIMIT_ASIDE, WAIT_MS), ASKS(1, "b", 5, LIMIT_GO, 0),
		ASKS(1, "new", 5, LIMIT_GO, 0), ASKS(1, NULL, 5, LIMIT_GO, 0), ASKS(1 + WAIT_MS, "a", 0, LIMIT_GO, 0)};
	const struct limits_step other_limit[] = {TELLS(1, "a", "100", "1", "7200"), TELLS(1, "b", "200", "150", "7200"),
		ASKS(1, "a", 0, LIMIT_ASIDE, -1), ASKS(1, "b", 0, LIMIT_GO, 0)};
	const struct limits_step other_hour[] = {TELLS(1, "a", "100", "0", "90000"), TELLS(1, "b", "100", "0", "7200"),
		TELLS(1, "c", "100", "50", "7200"), ASKS(1, "a", 0, LIMIT_ASIDE, -1), ASKS(1, "c", 0, LIMIT_GO, 0)};
	/* Not known: the one account is put aside, and one other may try, alone, once. */
	const struct limits_step tries[] = {TELLS(1, "a", "100", "0", "7200"), ASKS(1, "a", 0, LIMIT_ASIDE, WAIT_MS),
		ASKS(1, "b", 1, LIMIT_HOLD, -1), ASKS(1, "b", 0, LIMIT_GO, -1), ASKS(1, "c", 1, LIMIT_HOLD, -1),
		TELLS(2, "b", "100", "0", "7200"), ASKS(2, "c", 0, LIMIT_HOLD, -1), ASKS(2, "a", 0, LIMIT_HOLD, -1)};
	const struct limits_step finds[] = {TELLS(1, "a", "100", "0", "7200"), ASKS(1, "b", 0, LIMIT_GO, -1),
		TELLS(2, "b", "100", "99", "7200"), ASKS(2, "c", 1, LIMIT_GO, 0), ASKS(2, "a", 1, LIMIT_ASIDE, -1)};
	run_request_limits("far", far, LENGTH(far));
	run_request_limits("garbage", garbage, LENGTH(garbage));
	run_request_limits("common", common, LENGTH(common));
	/* Three that go down by chance are no proof: a fourth that is above what can be overtaken is one. */
	const struct limits_step above[] = {TELLS(1, "a", "100", "90", "7200"), TELLS(1, "b", "100", "85", "7200"),
		TELLS(1, "c", "100", "70", "7200"), TELLS(1, "d", "100", "60", "7200"), TELLS(1, "e", "100", "69", "7200"),
		TELLS(1, "a", "100", "1", "7200"), ASKS(1, "a", 0, LIMIT_ASIDE, -1), ASKS(1, "e", 0, LIMIT_GO, 0)};
	run_request_limits("above", above, LENGTH(above));
	run_request_limits("twice", twice, LENGTH(twice));
	run_request_limits("other limit", other_limit, LENGTH(other_limit));
	run_request_limits("other hour", other_hour, LENGTH(other_hour));
	run_request_limits("tries", tries, LENGTH(tries));
	run_request_limits("finds", finds, LENGTH(finds));
}

/* A limit that lets one request an hour through is given up after LIMIT_WAITS_OF_A_RUN of them. */
/* What a response, or a request without one, changes in the file that runs share: a fourth of the limit on its way is of runs that were killed. */
static void test_shared_limits(void **state)
{
	(void)state;
	static const struct {
		int in_flight;
		bool answered;
		int left, in_flight_after;
	} cases[] = {{10, true, 50, 9}, {10, false, 51, 9}, {25, true, 50, 24}, {26, true, 50, 0}, {30, false, 51, 0}, {0, true, 50, 0}};
	for (size_t i = 0; i < LENGTH(cases); i++) {
		char path[] = "/tmp/headroom.XXXXXX", text[400] = "", end[INSTANT_LENGTH + 1] = "", expected[100];
		struct http_headers headers = {BUFFER_INIT};
		struct error error = ERROR_INIT;
		int file = mkstemp(path);
		instant_format(instant_of_clock() + 1800000, end);
		dprintf(file, "{\"account\":null,\"limit\":100,\"left\":50,\"in_flight\":%d,\"ends_at\":\"%s\"}\n", cases[i].in_flight,
			end);
		struct request_limits limits = {.wait_most_ms = WAIT_MS, .concurrency = 8, .headroom = headroom_open(path, NULL)};
		assert_int_equal(request_limits_update(&limits, "a", &headers, cases[i].answered, 0, &error), 0);
		request_limits_release(&limits);
		assert_true(pread(file, text, sizeof text - 1, 0) > 0);
		snprintf(expected, sizeof expected, "\"left\":%d,\"in_flight\":%d,", cases[i].left, cases[i].in_flight_after);
		if (!strstr(text, expected))
			fail_msg("case %zu: no %s in %s", i, expected, text);
		close(file);
		unlink(path);
	}
}

static void test_waits_end(void **state)
{
	(void)state;
	struct limits_step steps[3 * (LIMIT_WAITS_OF_A_RUN + 1)];
	int64_t at = 1;
	for (int i = 0; i <= LIMIT_WAITS_OF_A_RUN; i++, at += WAIT_MS) {
		steps[3 * i] = (struct limits_step)TELLS(at, NULL, "3000", "0", "999999999");
		steps[3 * i + 1] = (struct limits_step)ASKS(at, NULL, 0, LIMIT_HOLD, WAIT_MS);
		steps[3 * i + 2] = (struct limits_step)ASKS(at + WAIT_MS, NULL, 0, LIMIT_GO, 0);
	}
	steps[LENGTH(steps) - 1] = (struct limits_step)ASKS(at - WAIT_MS + 1, NULL, 0, LIMIT_GIVEN_UP, -1);
	run_request_limits("waits end", steps, LENGTH(steps));
}

/* ---- pauses ---- */

static void test_pause_is_full_jitter(void **state)
{
	(void)state;
	const struct {
		int try;
		int64_t base, most;
	} cases[] = {{1, 500, 500}, {2, 500, 1000}, {5, 500, 8000}, {7, 500, 30000}, {100, 500, 30000}, {1, 1, 1}};
	for (size_t i = 0; i < LENGTH(cases); i++) {
		int64_t least = cases[i].most, most = 0;
		for (int round = 0; round < 2000; round++) {
			int64_t pause = retry_jitter(cases[i].try, cases[i].base);
			assert_in_range(pause, 0, cases[i].most);
			least = pause < least ? pause : least;
			most = pause > most ? pause : most;
		}
		/* 2000 draws that all miss a tenth of the range at one end: once in 10^91. */
		assert_true(least <= cases[i].most / 10);
		assert_true(most >= cases[i].most - cases[i].most / 10);
	}
}

static void test_retry_after(void **state)
{
	(void)state;
	const char *date = "Tue, 18 Mar 2025 02:00:00 GMT";
	const struct {
		const char *value, *date;
		int64_t wait;
	} cases[] = {
		{NULL, date, -1},
		{"", date, -1},
		{"0", date, 0},
		{"120", date, 120000},
		{"999999999", date, INT64_C(999999999000)},
		{"1.5", date, -1},
		{"-1", date, -1},
		{"soon", date, -1},
		{"Tue, 18 Mar 2025 02:00:30 GMT", date, 30000},
		{"Tue, 18 Mar 2025 01:59:30 GMT", date, 0},
		{"Tuesday, 18-Mar-25 02:01:00 GMT", date, 60000},
		{"Tue, 18 Mar 2025 02:00:30 GMT", "nonsense", 0}, /* long ago, by the clock here */
		{"Tue, 18 Mar 9999999999 02:00:30 GMT", date, -1},
		{"18 Mar 292277026 02:00:30 GMT", date, -1},
		{"Tue, 18 Mar 2025 02:00:30 GMT", "18 Mar 292277026 02:00:30 GMT", 0},
	};
	for (size_t i = 0; i < LENGTH(cases); i++)
		if (retry_after(cases[i].value, cases[i].date) != cases[i].wait)
			fail_msg("Retry-After '%s': %lld, expected %lld", cases[i].value,
				(long long)retry_after(cases[i].value, cases[i].date), (long long)cases[i].wait);
}

static void test_retry_status(void **state)
{
	(void)state;
	const int again[] = {408, 429, 500, 502, 503, 504, 599}, never[] = {200, 204, 301, 400, 401, 403, 404, 409, 410};
	for (size_t i = 0; i < LENGTH(again); i++)
		assert_true(retry_status(again[i]));
	for (size_t i = 0; i < LENGTH(never); i++)
		assert_false(retry_status(never[i]));
}

/* What the network may have done passes; what is wrong with an address, a certificate or this machine does not. */
static void test_retry_transfer(void **state)
{
	(void)state;
	const CURLcode again[] = {CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT, CURLE_OPERATION_TIMEDOUT, CURLE_SSL_CONNECT_ERROR,
		CURLE_GOT_NOTHING, CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_PARTIAL_FILE, CURLE_HTTP2_STREAM};
	const CURLcode never[] = {CURLE_UNSUPPORTED_PROTOCOL, CURLE_URL_MALFORMAT, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE,
		CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER, CURLE_SSL_ISSUER_ERROR, CURLE_OUT_OF_MEMORY};
	for (size_t i = 0; i < LENGTH(again); i++)
		assert_true(retry_transfer(again[i]));
	for (size_t i = 0; i < LENGTH(never); i++)
		assert_false(retry_transfer(never[i]));
}

static void test_retry_pause(void **state)
{
	(void)state;
	const struct retry_policy policy = {.tries = 3, .base_ms = 100, .limit_wait_ms = 5000};
	assert_in_range(retry_pause(&policy, 1, RETRY_NEVER), 0, 100);
	assert_in_range(retry_pause(&policy, 2, RETRY_NEVER), 0, 200);
	assert_int_equal(retry_pause(&policy, 3, RETRY_NEVER), RETRY_NEVER);
	assert_int_equal(retry_pause(&policy, 3, 10), RETRY_NEVER);
	assert_in_range(retry_pause(&policy, 2, 5000), 5000, 5200);
	assert_int_equal(retry_pause(&policy, 1, 5001), RETRY_NEVER);
}

/* ---- which refusals are limits ---- */

static void test_limited(void **state)
{
	(void)state;
	const struct {
		int http_status;
		const char *body;
		bool limited;
		int exit_status;
	} cases[] = {
		{429, "", true, EX_TEMPFAIL},
		{429, "{\"errorCode\":\"ANYTHING\"}", true, EX_TEMPFAIL},
		{400, "{\"errorCode\":\"HOURLY_APIINVOCATION_LIMIT_EXCEEDED\",\"message\":\"m\"}", true, EX_TEMPFAIL},
		{400, "{\"errorCode\":\"BURST_APIINVOCATION_LIMIT_EXCEEDED\"}", true, EX_TEMPFAIL},
		{403, "{\"error\":\"DAILY_APIINVOCATION_LIMIT_EXCEEDED\"}", true, EX_TEMPFAIL},
		{400, "{\"errorCode\":\"ENVELOPE_ALLOWANCE_LIMIT_EXCEEDED\"}", false, EX_UNAVAILABLE},
		{400, "{\"errorCode\":\"APIINVOCATION\"}", false, EX_UNAVAILABLE},
		{400, "{\"message\":\"HOURLY_APIINVOCATION_LIMIT_EXCEEDED\"}", false, EX_UNAVAILABLE},
		{400, "{\"errorCode\":400}", false, EX_UNAVAILABLE},
		{400, "<html>", false, EX_UNAVAILABLE},
		{403, "{}", false, EX_NOPERM},
		{200, "{}", false, 0},
	};
	struct response_reader reader;
	struct error error = ERROR_INIT;
	assert_int_equal(response_reader_open(&reader, &error), 0);
	for (size_t i = 0; i < LENGTH(cases); i++) {
		const struct response_received received = {.status = cases[i].http_status,
			.url = "https://x",
			.content_type = "application/json",
			.body = cases[i].body,
			.length = strlen(cases[i].body)};
		struct http_response response = {.limited = true};
		response_read(&reader, &received, &response);
		if (response.limited != cases[i].limited || response.error.status != cases[i].exit_status)
			fail_msg("%d %s: limited %d, exit status %d", cases[i].http_status, cases[i].body, response.limited,
				response.error.status);
	}
	response_reader_release(&reader);
}

/* ---- what a manner's scanner finds in the same pass ---- */

static void test_scanned_at_once(void **state)
{
	(void)state;
	static const struct {
		const char *type, *body;
		int format, exit_status;
		bool is_scanned;
		const char *found;
	} cases[] = {
		{"application/json", "{\"data\":\"x\"}", DOCUMENT_JSON, 0, true, "x"},
		{"application/json", "\xef\xbb\xbf{\"data\":\"x\"}", DOCUMENT_JSON, 0, true, "x"},
		{"application/json", "{\"data\":\"x\",\"message\":\"m\"}", DOCUMENT_JSON, 0, true, "x"},
		{"application/json", "{\"data\":\"x\",\"errorCode\":\"E\",\"message\":\"m\"}", DOCUMENT_JSON, EX_UNAVAILABLE, false, NULL},
		{"application/json", "{\"data\":\"x\"", DOCUMENT_JSON, EX_DATAERR, false, NULL},
		{"text/html", "{\"data\":\"x\"}", DOCUMENT_JSON, EX_DATAERR, false, NULL},
		{"application/json", "{\"data\":\"x\"}", DOCUMENT_NDJSON, 0, false, NULL},
		{"text/csv", "data\nx\n", DOCUMENT_CSV, 0, false, NULL},
		{"text/csv", "data\nx,y\n", DOCUMENT_CSV, EX_DATAERR, false, NULL},
	};
	const char *pointers[RESPONSE_POINTERS + 1];
	struct json_slice fields[RESPONSE_POINTERS + 1];
	struct response_reader reader;
	memcpy(pointers, response_pointers, sizeof response_pointers);
	pointers[RESPONSE_POINTERS] = "/body/data";
	struct json_scanner *scanner = json_scanner_new(pointers, RESPONSE_POINTERS + 1, NULL);
	assert_int_equal(response_reader_open(&reader, NULL), 0);
	for (size_t i = 0; i < LENGTH(cases); i++) {
		const struct fetch_manner manner = {.format = (enum document_format)cases[i].format, .scanner = scanner, .fields = fields};
		struct http_response response = {.is_scanned = true};
		struct buffer body = BUFFER_INIT;
		buffer_append_string(&body, cases[i].body);
		const struct response_received received = {.status = 200,
			.url = "https://x",
			.manner = &manner,
			.content_type = cases[i].type,
			.body = body.data,
			.length = body.length};
		response_read(&reader, &received, &response);
		const struct json_slice *found = &fields[RESPONSE_POINTERS];
		if (response.error.status != cases[i].exit_status || response.is_scanned != cases[i].is_scanned ||
			(cases[i].found &&
				(found->length != strlen(cases[i].found) || memcmp(found->text, cases[i].found, found->length) != 0)))
			fail_msg("%s: scanned %d, exit status %d (%s)", cases[i].body, response.is_scanned, response.error.status,
				response.error.text);
		buffer_release(&body);
	}
	json_scanner_free(scanner);
	response_reader_release(&reader);
}

/* ---- header fields ---- */

static void take(struct http_headers *headers, const char *line)
{
	http_headers_add(headers, line, strlen(line));
}

static void test_headers(void **state)
{
	(void)state;
	struct http_headers headers = {BUFFER_INIT};
	struct buffer json = BUFFER_INIT;
	take(&headers, "HTTP/1.1 100 Continue\r\n");
	take(&headers, "X-Interim: gone\r\n");
	take(&headers, "HTTP/1.1 200 OK\r\n");
	take(&headers, "Content-Type:application/json \r\n");
	take(&headers, "X-RateLimit-Remaining: 2999\r\n");
	take(&headers, "Via: a\r\n");
	take(&headers, "via:  b\r\n");
	take(&headers, "Set-Cookie: session=secret\r\n");
	take(&headers, "X-Latin: caf\xe9 \"q\"\r\n");
	take(&headers, "X-Empty:\r\n");
	take(&headers, "no colon\r\n");
	take(&headers, "\r\n");
	assert_string_equal(http_headers_find(&headers, "content-type"), "application/json");
	assert_null(http_headers_find(&headers, "x-interim"));
	assert_int_equal(http_headers_number(&headers, "x-ratelimit-remaining"), 2999);
	assert_int_equal(http_headers_number(&headers, "via"), -1);
	assert_int_equal(http_headers_number(&headers, "x-empty"), -1);
	assert_int_equal(http_headers_number(&headers, "nothing"), -1);
	http_headers_append_json(&headers, &json);
	assert_string_equal(json.data,
		"{\"content-type\":\"application/json\",\"x-ratelimit-remaining\":\"2999\",\"via\":\"a, b\","
		"\"set-cookie\":\"redacted\",\"x-latin\":\"caf\xc3\xa9 \\\"q\\\"\",\"x-empty\":\"\"}");
	buffer_release(&json);
	http_headers_release(&headers);
}

static void test_headers_are_bounded(void **state)
{
	(void)state;
	struct http_headers headers = {BUFFER_INIT};
	char line[1000];
	memset(line, 'x', sizeof line);
	memcpy(line, "name: ", 6);
	for (int i = 0; i < 1000; i++)
		http_headers_add(&headers, line, sizeof line);
	assert_true(headers.fields.length <= HTTP_HEADERS_LIMIT + sizeof line);
	http_headers_release(&headers);
}

/* ---- circles ---- */

static void test_cycle(void **state)
{
	(void)state;
	const struct {
		int before, length;
	} cases[] = {{0, 1}, {0, 2}, {5, 3}, {100, 17}, {3, 1000}};
	char text[32];
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct loop_detector cycle = {0};
		int steps = 0;
		bool closed = false;
		while (!closed && steps < 10000) {
			int number = steps < cases[i].before ? steps : cases[i].before + (steps - cases[i].before) % cases[i].length;
			int length = snprintf(text, sizeof text, "cursor-%d", number);
			closed = loop_detected(&cycle, text, (size_t)length);
			steps++;
		}
		assert_true(closed);
		assert_true(steps > cases[i].before + cases[i].length);
		assert_true(steps <= 4 * (cases[i].before + cases[i].length) + 4);
	}
	struct loop_detector cycle = {0};
	for (int i = 0; i < 100000; i++) {
		int length = snprintf(text, sizeof text, "cursor-%d", i);
		assert_false(loop_detected(&cycle, text, (size_t)length));
	}
}

/* ---- gzip ---- */

static size_t compress_member(const char *text, size_t length, unsigned char *to, size_t room)
{
	z_stream stream = {.next_in = (unsigned char *)(uintptr_t)text, .avail_in = (uInt)length, .next_out = to, .avail_out = (uInt)room};
	assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	size_t written = room - stream.avail_out;
	deflateEnd(&stream);
	return written;
}

static void test_gzip(void **state)
{
	(void)state;
	unsigned char packed[1024];
	struct buffer out = BUFFER_INIT;
	struct error error = ERROR_INIT;
	size_t first = compress_member("hello ", 6, packed, sizeof packed);
	size_t both = first + compress_member("world", 5, packed + first, sizeof packed - first);
	assert_int_equal(gzip_decode((char *)packed, both, 11, &out, &error), 0);
	assert_string_equal(out.data, "hello world");
	buffer_reset(&out);
	assert_int_equal(gzip_decode((char *)packed, both, 10, &out, &error), -1);
	assert_string_equal(error.text, "it decodes to more than the limit of 10 bytes");
	for (size_t cut = 0; cut < both; cut++) {
		buffer_reset(&out);
		int result = gzip_decode((char *)packed, cut, 100, &out, &error);
		assert_int_equal(result, cut == first ? 0 : -1);
	}
	for (size_t i = 0; i < first; i++) {
		unsigned char damaged[1024];
		memcpy(damaged, packed, first);
		damaged[i] ^= 0x55;
		buffer_reset(&out);
		/* The header's time, flags for speed and system may be anything. */
		if (gzip_decode((char *)damaged, first, 1000, &out, &error) == 0)
			assert_in_range(i, 4, 9);
		else
			assert_int_equal(error.status, EX_DATAERR);
	}
	buffer_release(&out);
}

static void test_gzip_bomb_is_bounded(void **state)
{
	(void)state;
	static unsigned char packed[1 << 16];
	static char zeros[1 << 20];
	struct buffer out = BUFFER_INIT;
	struct error error = ERROR_INIT;
	size_t length = compress_member(zeros, sizeof zeros, packed, sizeof packed);
	assert_int_equal(gzip_decode((char *)packed, length, 1000, &out, &error), -1);
	assert_true(out.capacity <= 1 << 18);
	buffer_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_request_goes_alone),
		cmocka_unit_test(test_hour),
		cmocka_unit_test(test_burst),
		cmocka_unit_test(test_request_limits),
		cmocka_unit_test(test_shared_limits),
		cmocka_unit_test(test_waits_end),
		cmocka_unit_test(test_pause_is_full_jitter),
		cmocka_unit_test(test_retry_after),
		cmocka_unit_test(test_retry_status),
		cmocka_unit_test(test_retry_transfer),
		cmocka_unit_test(test_retry_pause),
		cmocka_unit_test(test_limited),
		cmocka_unit_test(test_scanned_at_once),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_headers_are_bounded),
		cmocka_unit_test(test_cycle),
		cmocka_unit_test(test_gzip),
		cmocka_unit_test(test_gzip_bomb_is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
