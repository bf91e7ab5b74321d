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
