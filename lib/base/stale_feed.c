#include "base/stale_feed.h"

#include "base/instant.h"

bool feed_is_stale(int64_t watermark, int64_t now)
{
	return watermark < now - STALE_FEED_DAYS * DAY_MS;
}
