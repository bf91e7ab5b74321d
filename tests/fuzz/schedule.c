/*
 * fuzz_schedule: nights of an account, whatever its feed does. It is asked at least once a week, nobody waits for a look or a due day that
 * is over, and what is learned are days of the last week, in order.
 */
#include "fuzz.h"

#include "base/instant.h"
#include "fetch/feed_schedule.h"

static int64_t instant_of(int32_t day, int64_t within)
{
	return day * DAY_MS + within % DAY_MS;
}

void fuzz_schedule(const uint8_t *bytes, size_t length)
{
	static const struct feed feed = {.paging = FEED_PAGING_CURSOR, .clock = FEED_CLOCK_RECORD};
	struct fuzz_input input = {bytes, length};
	char id[] = "a0";
	struct bookmark bookmark = {
		.account_id = id, .until = INSTANT_NONE, .newest = INSTANT_NONE, .total = -1, .fed_from = DAY_NONE, .fed_to = DAY_NONE};
	int32_t today = (int32_t)fuzz_range(&input, 19000, 30000), asked = DAY_NONE;
	id[1] = (char)('0' + fuzz_range(&input, 0, 9));
	while (input.left) {
		struct feed_date date = feed_schedule_date(&bookmark, &feed, today);
		FUZZ_CHECK((asked == DAY_NONE) == (date.turn == FEED_NEVER_READ));
		FUZZ_CHECK((date.day > today) == (date.turn == FEED_NOT_DUE));
		FUZZ_CHECK(asked == DAY_NONE || date.day <= asked + FEED_CYCLE_DAYS);
		if (date.turn != FEED_NOT_DUE || *input.at % 4 == 0) {
			struct feed_news news = {.count = fuzz_range(&input, 0, 9)};
			int32_t oldest = today - (int32_t)fuzz_range(&input, 0, 20), newest = oldest + (int32_t)fuzz_range(&input, 0, 22);
			news.oldest = instant_of(oldest, fuzz_number(&input) & INT32_MAX);
			news.before = bookmark.newest;
			if (news.count && (bookmark.newest == INSTANT_NONE || instant_of(newest, 0) > bookmark.newest))
				bookmark.newest = instant_of(newest, 0);
			else
				news.count = 0;
			feed_schedule_learn(&bookmark, bookmark.until, instant_of(today, 3600000), &news);
			FUZZ_CHECK((bookmark.fed_from == DAY_NONE) == (bookmark.fed_to == DAY_NONE));
			FUZZ_CHECK(bookmark.fed_from <= bookmark.fed_to && bookmark.fed_to <= today);
			FUZZ_CHECK(bookmark.fed_to == DAY_NONE || bookmark.fed_to - bookmark.fed_from < FEED_CYCLE_DAYS - 1);
			bookmark.until = instant_of(today, 3600000);
			asked = today;
		}
		today += (int32_t)fuzz_range(&input, 0, 2);
	}
}
