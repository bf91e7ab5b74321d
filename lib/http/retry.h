/*
 * retry.h: whether a request is tried again, and after how long: the one place for GETs, the token service and token renewal.
 *
 * A caller counts its tries, asks retry_pause() after each that failed, and waits: in its event loop, or with retry_wait().
 */
#ifndef ENVTALLY_RETRY_H
#define ENVTALLY_RETRY_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

#define RETRY_CAP_MS 30000
#define RETRY_TRIES 6
#define RETRY_BASE_MS 500
#define RETRY_LIMIT_WAIT_S 3700 /* an hourly limit is waited out, a longer one is not */
#define RETRY_NEVER (-1)

struct retry_policy {
	int tries; /* at most, the first included */
	int base_ms; /* the longest pause after the first try */
	int64_t limit_wait_ms; /* the longest that the service may ask for */
};

/* Can another try succeed? After an HTTP status: 408, 429 and 5xx. After a libcurl error: unless the URL or the certificate is at fault. */
bool retry_status(int status);
bool retry_transfer(CURLcode code);

/*
 * The pause in milliseconds after `tries` tries, or RETRY_NEVER: no tries are left, or the service wants a longer one than
 * `limit_wait_ms`. `requested_ms` is what retry_after() returned, RETRY_NEVER for none.
 */
int64_t retry_pause(const struct retry_policy *policy, int tries, int64_t requested_ms);

/* "Full jitter": uniform from 0 to base × 2^(tries − 1), at most the cap. */
int64_t retry_jitter(int tries, int64_t base_ms);

/* Waits, or until the descriptor is readable (-1: none). */
void retry_wait(int64_t pause_ms, int interrupt);

/*
 * Retry-After in both of its forms (RFC 9110 section 10.2.3): milliseconds to wait, RETRY_NEVER if absent or invalid. Clocks differ, so a
 * date is compared with `date`, the response's own Date (NULL for none: then with this machine's clock).
 */
int64_t retry_after(const char *value, const char *date);

/* A Date header as an instant; INSTANT_NONE if absent or invalid. */
int64_t retry_date(const char *value);

#endif
