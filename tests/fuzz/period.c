/* fuzz_period: periods hold their instant, follow each other without a gap, and begin on the day of the month of their origin. */
#include "fuzz.h"

#include "base/instant.h"
#include "base/period.h"

#include <time.h>

static struct tm civil(int64_t instant)
{
	time_t seconds = instant / 1000;
	struct tm fields;
	gmtime_r(&seconds, &fields);
	return fields;
}

static int last_day(struct tm fields)
{
	return civil(timegm(&(struct tm){.tm_year = fields.tm_year, .tm_mon = fields.tm_mon + 1, .tm_mday = 0}) * INT64_C(1000)).tm_mday;
}

static void check_rule(const struct period_rule *rule, int64_t instant)
{
	struct period period = period_of_instant(rule, instant), before = period_by_index(rule, period.index - 1);
	struct period after = period_by_index(rule, period.index + 1), same = period_of_day(rule, instant_day(instant));
	FUZZ_CHECK(period.start <= instant && instant < period.end);
	FUZZ_CHECK(before.end == period.start && period.end == after.start);
	FUZZ_CHECK(same.index == period.index && same.start == period.start && same.end == period.end);
	FUZZ_CHECK(period_of_instant(rule, period.start).index == period.index);
	FUZZ_CHECK(period_of_instant(rule, period.end).index == period.index + 1);
	FUZZ_CHECK(period_by_index(rule, 0).start == rule->origin * DAY_MS);
	struct tm start = civil(period.start), origin = civil(rule->origin * DAY_MS);
	int length = last_day(start);
	FUZZ_CHECK(start.tm_hour == 0 && start.tm_min == 0 && start.tm_sec == 0 && period.start % 1000 == 0);
	FUZZ_CHECK(start.tm_mday == (origin.tm_mday < length ? origin.tm_mday : length));
	FUZZ_CHECK((start.tm_year - origin.tm_year) * 12 + start.tm_mon - origin.tm_mon == period.index * rule->months);
}

void fuzz_period(const uint8_t *bytes, size_t length)
{
	static const char *const calendars[] = {"month", "quarter", "year"};
	static const int months[] = {1, 3, 12};
	struct fuzz_input input = {bytes, length};
	int64_t instant = fuzz_range(&input, INSTANT_DATED_FROM, INSTANT_DATED_UNTIL - 1);
	int32_t origin = (int32_t)fuzz_range(&input, INSTANT_DATED_FROM / DAY_MS, INSTANT_DATED_UNTIL / DAY_MS - 1);
	int unit = (int)fuzz_range(&input, 0, 2);
	struct period_rule rule = period_rule_contract(origin, (int)fuzz_range(&input, 1, 60));
	check_rule(&rule, instant);
	FUZZ_CHECK(period_rule_calendar(calendars[unit], origin, &rule, NULL) == 0 && rule.months == months[unit]);
	check_rule(&rule, instant);
	struct tm start = civil(period_of_instant(&rule, instant).start);
	FUZZ_CHECK(start.tm_mday == 1 && start.tm_mon % months[unit] == 0);
	FUZZ_CHECK(period_of_day(&rule, origin).index == 0);
}
