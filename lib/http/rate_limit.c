#include "http/rate_limit.h"

#define RESERVE_SHARE 50 /* of the limit: 10 of 500, 50 of 3000 */
#define RESERVE_MOST 50

static int64_t reserve_of(int64_t limit)
{
	int64_t reserve = limit / RESERVE_SHARE;
	return reserve < 1 ? 1 : reserve > RESERVE_MOST ? RESERVE_MOST : reserve;
}

static void update_window(struct rate_window *window, int64_t limit, int64_t left, int64_t ends_at, bool same)
{
	/* Responses overtake each other, but within a window the remainder only decreases. */
	window->left = same && window->known && window->left < left ? window->left : left;
	window->limit = limit;
	window->ends_at = ends_at;
	window->known = true;
}

void rate_limit_update(struct rate_limit *rate, const struct rate_headers *headers, int64_t now)
{
	rate->answered = true;
	if (headers->limit > 0 && headers->left >= 0 && headers->ends_in_ms >= 0) {
		int64_t ends_at = now + headers->ends_in_ms;
		bool same = ends_at - rate->hour.ends_at < RATE_SAME_MS && rate->hour.ends_at - ends_at < RATE_SAME_MS &&
			now < rate->hour.ends_at;
		update_window(&rate->hour, headers->limit, headers->left, ends_at, same);
	}
	if (headers->burst_limit > 0 && headers->burst_left >= 0)
		update_window(&rate->burst, headers->burst_limit, headers->burst_left, now + RATE_BURST_MS, false);
}

static int64_t delay_of(struct rate_window *window, size_t in_flight, int64_t now)
{
	if (!window->known)
		return 0;
	if (now >= window->ends_at)
		window->known = false;
	else if (window->left - (int64_t)in_flight <= reserve_of(window->limit))
		return window->ends_at - now;
	return 0;
}

int64_t rate_limit_delay(struct rate_limit *rate, size_t in_flight, int64_t now)
{
	if (!rate->answered)
		return in_flight > 0 ? RATE_BURST_MS : 0;
	int64_t hour = delay_of(&rate->hour, in_flight, now), burst = delay_of(&rate->burst, in_flight, now);
	return hour > burst ? hour : burst;
}
