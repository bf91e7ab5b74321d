/*
 * headroom.h: what is left of the limits of one integration key, shared by the runs that use it at the same time.
 *
 * Each response says what is left, but not what other runs have on their way. So each run takes its requests off a number in a file before
 * it sends them. The file has a line for the limit of all requests, and one for each account whose own limit is more than half used up:
 *
 *   {"account":null,"limit":3000,"left":1234,"in_flight":16,"ends_at":"2026-03-01T03:00:00.000Z",
 *    "burst_limit":500,"burst_left":321,"burst_ends_at":"2026-03-01T02:12:30.000Z"}
 *
 * It is locked for the moment of reading or writing. It is advice: where it cannot be opened or locked, or holds anything else, a run says so
 * once and goes by the responses alone. It may be deleted at any time. Times of this interface are monotonic milliseconds.
 */
#ifndef ENVTALLY_HEADROOM_H
#define ENVTALLY_HEADROOM_H

#include "base/error.h"
#include "http/rate_limit.h"

struct headroom;

/* One limit. `in_flight` counts all runs' requests. */
struct headroom_share {
	struct rate_limit rate;
	int in_flight;
};

/* NULL when the file cannot be opened, which is reported. The path must last. */
struct headroom *headroom_open(const char *path, void (*report)(bool detail, const char *text));
void headroom_close(struct headroom *headroom);

/* Locks and reads. False when there is none (NULL), or no lock within a second, and then never again in this run. */
bool headroom_lock(struct headroom *headroom, int64_t now);

/* The hourly limit of an account, or of all requests (NULL); NULL when the file has none. headroom_at() makes one, over
 * as long as nothing is known of it; NULL if memory is short. */
struct headroom_share *headroom_find(struct headroom *headroom, const char *account);
struct headroom_share *headroom_at(struct headroom *headroom, const char *account, int64_t now);

/* Writes what has changed, and unlocks. */
void headroom_unlock(struct headroom *headroom, bool changed, int64_t now);

#endif
