#include "fetch/feed_schedule.h"

#include "base/instant.h"

#define STEADY_BATCH 5 /* records in a week: then a week without any is one in 150 */
#define FRESH_DAYS (FEED_CYCLE_DAYS + 1) /* newest record of an account that had news in its last cycle: a day may be missing */

static int32_t later(int32_t a, int32_t b)
{
	return a > b ? a : b;
}

static int32_t earlier(int32_t a, int32_t b)
{
	return a < b ? a : b;
}

/* The weekday of an account of which nothing is known: any, so that a first night does not make every seventh one as long. */
static int32_t next_of_its_own(const struct bookmark *bookmark, int32_t asked)
{
	uint32_t sum = 0;
	for (const char *at = bookmark->account_id; at && *at; at++)
		sum = sum * 31 + (unsigned char)*at;
	return asked + FEED_CYCLE_DAYS - (int32_t)((sum + (uint32_t)asked) % FEED_CYCLE_DAYS);
}

/* The next due day after `asked`, and the one for a look before it (DAY_NONE: none). */
static int32_t next_due(const struct bookmark *bookmark, int32_t asked, int32_t *look)
{
	int32_t from = bookmark->fed_from, to = bookmark->fed_to;
	*look = DAY_NONE;
	if (to == DAY_NONE && (bookmark->newest == INSTANT_NONE || instant_day(bookmark->newest) < asked - FRESH_DAYS))
		return next_of_its_own(bookmark, asked);
	if (to == DAY_NONE)
		return asked + FEED_CYCLE_DAYS;
	if (asked == to + FEED_CYCLE_DAYS && bookmark->batch >= STEADY_BATCH)
		return asked + 1; /* no news on its day */
	int32_t due = to + FEED_CYCLE_DAYS, middle = from + FEED_CYCLE_DAYS + (to - from) / 2;
	if (bookmark->batch >= STEADY_BATCH && middle < due && asked < middle)
		*look = middle;
	if (asked >= due)
		due += (asked - due + FEED_CYCLE_DAYS) / FEED_CYCLE_DAYS * FEED_CYCLE_DAYS;
	return earlier(due, asked + FEED_CYCLE_DAYS);
}

/* Docusign's own count: once a week, and on the last night before the billing period ends, by the time of day at which it was asked. */
static int32_t next_billing(const struct bookmark *bookmark, int32_t asked)
{
	int32_t due = next_of_its_own(bookmark, asked);
	int64_t nights = bookmark->ends_at == INSTANT_NONE ? 0 : (bookmark->ends_at - 1 - bookmark->until) / DAY_MS;
	return nights > 0 && nights < FEED_CYCLE_DAYS ? earlier(due, asked + (int32_t)nights) : due;
}

struct feed_date feed_schedule_date(const struct bookmark *bookmark, const struct feed *feed, int32_t today)
{
	if (bookmark->until == INSTANT_NONE || bookmark->position)
		return (struct feed_date){FEED_NEVER_READ, today};
	int32_t asked = instant_day(bookmark->until), look;
	if (feed->clock == FEED_CLOCK_WINDOW)
		return (struct feed_date){FEED_DUE, asked + 1};
	look = DAY_NONE;
	int32_t due = feed->clock == FEED_CLOCK_BILLING ? next_billing(bookmark, asked) : next_due(bookmark, asked, &look);
	/* A clock that was ahead proves nothing. */
	if (today >= due || asked > today)
		return (struct feed_date){FEED_DUE, earlier(due, today)};
	if (look != DAY_NONE && today >= look)
		return (struct feed_date){FEED_LOOK, look};
	return (struct feed_date){FEED_NOT_DUE, due};
}

/* Narrows the days to those that it shares with the account's days `weeks` weeks after the last news, if there are any. */
static bool narrow(const struct bookmark *bookmark, int32_t weeks, int32_t *from, int32_t *to)
{
	int32_t first = later(*from, bookmark->fed_from + weeks * FEED_CYCLE_DAYS);
	int32_t last = earlier(*to, bookmark->fed_to + weeks * FEED_CYCLE_DAYS);
	if (first > last)
		return false;
	*from = first;
	*to = last;
	return true;
}

void feed_schedule_learn(struct bookmark *bookmark, int32_t asked, int32_t today, const struct feed_news *news)
{
	if (news->count == 0)
		return;
	int32_t from = later(earlier(instant_day(bookmark->newest), today), today - FEED_CYCLE_DAYS + 1), to = today;
	if (asked != DAY_NONE)
		from = earlier(later(from, asked + 1), today);
	/* The oldest was not there a week before: its feed was fed on the oldest's day at the latest then, and read by the night after that. */
	int32_t latest = instant_day(news->oldest) + FEED_CYCLE_DAYS + 1;
	if (asked != DAY_NONE && today - asked <= FEED_CYCLE_DAYS && latest >= from)
		to = earlier(to, latest);
	if (bookmark->fed_to != DAY_NONE && bookmark->fed_to <= today) {
		int32_t weeks = (today - bookmark->fed_to) / FEED_CYCLE_DAYS;
		(void)(narrow(bookmark, weeks + 1, &from, &to) || narrow(bookmark, weeks, &from, &to));
	}
	bool is_known = to - from < FEED_CYCLE_DAYS - 1;
	bookmark->fed_from = is_known ? from : DAY_NONE;
	bookmark->fed_to = is_known ? to : DAY_NONE;
	bookmark->batch = is_known ? news->count : 0;
}
