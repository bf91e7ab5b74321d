/*
 * retry.h: when a request is worth asking again, and after how long.
 */
#ifndef ENVTALLY_RETRY_H
#define ENVTALLY_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#define RETRY_CAP_MS 30000
#define RETRY_TRIES 6
#define RETRY_BASE_MS 500
#define RETRY_AFTER_MOST_MS (INT64_C(3700) * 1000) /* a limit by the hour is waited for, more is not */

/* 408, 429 and 5xx: what may be otherwise the next time. */
bool retry_status(int status);

/* "Full jitter": evenly from 0 to base × 2^(try − 1), at most the cap; `try` counts the tries made, from 1. */
int64_t retry_pause(int try, int64_t base_ms);

/*
 * Retry-After in both of its forms (RFC 9110 section 10.2.3): milliseconds to wait, -1 for none or nonsense. A date is
 * compared with `date`, the answer's own Date (NULL for none: then with the clock here), since clocks differ.
 */
int64_t retry_after(const char *value, const char *date);

/* A Date header as an instant; INSTANT_NONE for none or nonsense. */
int64_t retry_date(const char *value);

#endif
