/*
 * stale_feed.h: when an account's feed has not advanced for so long that its figures cannot be trusted.
 */
#ifndef ENVTALLY_STALE_FEED_H
#define ENVTALLY_STALE_FEED_H

#include <stdbool.h>
#include <stdint.h>

/* The weekly cycle of a feed, the day that it may lack, and a grace of two. */
#define STALE_FEED_DAYS 10

#define STALE_FEED_GRACE_DAYS 2

/* `watermark` is how far the feed has been read; both are instants (instant.h). */
bool feed_is_stale(int64_t watermark, int64_t now);

/* The service processes each account once in seven days: from then on there should be something new. */
bool feed_is_due(int64_t watermark, int64_t now);

/*
 * The instant by which to judge the feed of an account that the last run did not ask because it was not due: when it was read, as long as
 * the day on which it is due again has not passed, with a grace; then now.
 */
int64_t stale_feed_clock(int64_t read_at, int32_t due_on, int64_t now);

#endif
