#include "fetch/look_back.h"

#include "base/instant.h"

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

struct fetch_window look_back_window(
	const struct bookmark *bookmark, const struct feed *feed, const struct connection *connection, int64_t now)
{
	struct fetch_window window = {.since = connection->contract_start * DAY_MS, .until = now, .resumed = bookmark->position != NULL};
	if (window.resumed && feed->bounded)
		window.until = bookmark->until;
	if (window.resumed)
		window.since = bookmark->since;
	else if (bookmark->until != INSTANT_NONE)
		window.since = later(window.since, earlier(bookmark->until, now) - connection->lookback_days * DAY_MS);
	window.since = earlier(window.since, window.until);
	return window;
}

int64_t look_back_watermark(const struct bookmark *bookmark, const struct feed *feed, int64_t until)
{
	if (feed->clock != FEED_CLOCK_RECORD)
		return until;
	return later(earlier(bookmark->newest, until), until - feed->settled_days * DAY_MS);
}
