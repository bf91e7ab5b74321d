#include "fetch/feed_schedule.h"

#include "base/instant.h"

/* By the records of a week: */
#define FREQUENT_BATCH 2 /* a day on which it may be fed is worth a request */
#define STEADY_BATCH 5 /* a week without any is one in 150 */
#define FULL_BATCH 100 /* some are of each day but those of a weekend */

#define SILENT_RECORDS 7 /* that so many stay out is one in 1000 */
#define SILENT_DAYS 4 /* a weekend and a holiday are no silence */

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

/* The next due day after `asked`, and the first before it on which it may be asked: as what, and which; DAY_NONE: none. */
static int32_t next_due(const struct bookmark *bookmark, int32_t asked, struct feed_date *early)
{
	int32_t from = bookmark->fed_from, to = bookmark->fed_to;
	bool is_steady = bookmark->batch >= STEADY_BATCH;
	if (to == DAY_NONE)
		return next_of_its_own(bookmark, asked);
	int32_t weeks = asked < to ? 0 : (asked - to) / FEED_CYCLE_DAYS, next = (weeks + 1) * FEED_CYCLE_DAYS;
	if (is_steady && weeks == 1) /* no news on its day */
		*early = (struct feed_date){FEED_LOOK, asked + 1};
	else if (bookmark->batch >= FREQUENT_BATCH)
		*early = (struct feed_date){is_steady ? FEED_LEARN : FEED_LOOK, later(from + next, asked + 1)};
	return earlier(to + next, asked + FEED_CYCLE_DAYS);
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
	int32_t asked = instant_day(bookmark->until);
	struct feed_date early = {.day = DAY_NONE};
	if (feed->clock == FEED_CLOCK_WINDOW)
		return (struct feed_date){FEED_DUE, asked + 1};
	int32_t due = feed->clock == FEED_CLOCK_BILLING ? next_billing(bookmark, asked) : next_due(bookmark, asked, &early);
	/* A clock that was ahead proves nothing. */
	if (today >= due || asked > today)
		return (struct feed_date){FEED_DUE, earlier(due, today)};
	if (early.day != DAY_NONE && today >= early.day)
		return early;
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

/* The first night, at tonight's time of day, that is not before `instant`. */
static int32_t night_of(int64_t instant, int64_t now)
{
	int64_t days = (instant - now) / DAY_MS;
	return instant_day(now) + (int32_t)(days + (instant > now + days * DAY_MS));
}

/* Records in a week: the mean of tonight's and of what was believed, since a batch may be part of a week's. */
static int64_t week_of(const struct bookmark *bookmark, const struct feed_news *news)
{
	int64_t weeks = (bookmark->newest - news->oldest) / (FEED_CYCLE_DAYS * DAY_MS) + 1, count = news->count / weeks;
	return bookmark->batch ? (count + bookmark->batch) / 2 : count;
}

void feed_schedule_learn(struct bookmark *bookmark, int64_t read_at, int64_t now, const struct feed_news *news)
{
	if (news->count == 0)
		return;
	int64_t newest = bookmark->newest < now ? bookmark->newest : now, batch = week_of(bookmark, news);
	int32_t today = instant_day(now), asked = read_at == INSTANT_NONE ? DAY_NONE : instant_day(read_at);
	int32_t complete = night_of(newest, now), from = later(complete, today - FEED_CYCLE_DAYS + 1), to = today;
	if (asked != DAY_NONE)
		from = earlier(later(from, asked + 1), today);
	/* The oldest was not there a week before: its feed was fed on the oldest's day at the latest then, and read by the night after that. */
	int32_t latest = instant_day(news->oldest) + FEED_CYCLE_DAYS + 1;
	if (asked != DAY_NONE && today - asked <= FEED_CYCLE_DAYS && latest >= from)
		to = earlier(to, latest);
	if (batch >= STEADY_BATCH)
		to = later(from, earlier(to, complete + later(SILENT_DAYS, (int32_t)(SILENT_RECORDS * FEED_CYCLE_DAYS / batch))));
	/* It may be fed a day earlier than it was: what came on that day came on the last before. */
	bool is_early = batch >= FULL_BATCH && asked == bookmark->fed_to && news->before > read_at - DAY_MS && newest <= now - DAY_MS;
	if (bookmark->fed_to != DAY_NONE && bookmark->fed_to <= today && !is_early) {
		int32_t weeks = (today - bookmark->fed_to) / FEED_CYCLE_DAYS;
		(void)(narrow(bookmark, weeks + 1, &from, &to) || narrow(bookmark, weeks, &from, &to));
	}
	bool is_known = to - from < FEED_CYCLE_DAYS - 1 && (asked != DAY_NONE || batch >= STEADY_BATCH);
	bookmark->fed_from = is_known ? from : DAY_NONE;
	bookmark->fed_to = is_known ? to : DAY_NONE;
	bookmark->batch = is_known ? batch : 0;
}
