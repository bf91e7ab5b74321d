/*
 * rate_limit.h: stays below Docusign's two limits of requests.
 *
 * Every response has the remaining number: X-RateLimit-* per hour, X-BurstLimit-* per 30 seconds. A request is held back if that, less the
 * requests in flight, falls to a small reserve: the limits are the account's, and other programs share them. Times are milliseconds of
 * a monotonic clock.
 *
 * The end of the burst's window is not announced: it is assumed to last its full length after the last response.
 */
#ifndef ENVTALLY_RATE_LIMIT_H
#define ENVTALLY_RATE_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RATE_BURST_MS 30000
#define RATE_NO_HEADER (-1)
#define RATE_SAME_MS 60000 /* ends that differ by less are of one hour: they are announced in whole seconds, and answers are read late */

struct rate_window {
	bool known;
	int64_t limit, left, ends_at;
};

struct rate_limit {
	bool answered; /* until the first response, requests are made one at a time, to learn the limits */
	struct rate_window hour, burst;
};

/* The headers of one response; RATE_NO_HEADER for a missing one. */
struct rate_headers {
	int64_t limit, left, ends_in_ms;
	int64_t burst_limit, burst_left;
};

void rate_limit_update(struct rate_limit *rate, const struct rate_headers *headers, int64_t now);

/* Milliseconds until one more request may start; 0: now. Ask again after each response. */
int64_t rate_limit_delay(struct rate_limit *rate, size_t in_flight, int64_t now);

#endif
