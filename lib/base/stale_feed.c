#include "base/stale_feed.h"

#include "base/instant.h"

bool feed_is_stale(int64_t watermark, int64_t now)
{
	return watermark < now - STALE_FEED_DAYS * DAY_MS;
}

bool feed_is_due(int64_t watermark, int64_t now)
{
	return watermark <= now - 7 * DAY_MS;
}

int64_t stale_feed_clock(int64_t read_at, int32_t due_on, int64_t now)
{
	return instant_day(now) <= due_on + STALE_FEED_GRACE_DAYS && read_at < now ? read_at : now;
}
