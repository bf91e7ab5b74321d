#include "base/period.h"

#include "base/instant.h"

#include <string.h>

struct period_rule period_rule_contract(int32_t contract_start, int renewal_months)
{
	return (struct period_rule){.origin = contract_start, .months = renewal_months};
}

int period_rule_calendar(const char *calendar, int32_t contract_start, struct period_rule *rule, struct error *error)
{
	static const struct {
		const char *name;
		int months;
	} calendars[] = {{"month", 1}, {"quarter", 3}, {"year", 12}};
	for (size_t i = 0; i < sizeof calendars / sizeof *calendars; i++) {
		if (strcmp(calendar, calendars[i].name) != 0)
			continue;
		int year, month, day;
		day_to_civil(contract_start, &year, &month, &day);
		month -= (month - 1) % calendars[i].months;
		*rule = (struct period_rule){.origin = day_from_civil(year, month, 1), .months = calendars[i].months};
		return 0;
	}
	return error_set(error, EX_USAGE, "cannot use calendar '%s': it must be month, quarter or year", calendar);
}

static int64_t start_of(const struct period_rule *rule, int index)
{
	int year, month, day;
	day_to_civil(rule->origin, &year, &month, &day);
	int months = year * 12 + month - 1 + index * rule->months;
	year = (months >= 0 ? months : months - 11) / 12;
	month = months - year * 12 + 1;
	int length = month_length(year, month);
	return day_from_civil(year, month, day < length ? day : length) * DAY_MS;
}

int32_t period_end_day(const struct period *period)
{
	return instant_day(period->end - 1) + 1;
}

struct period period_by_index(const struct period_rule *rule, int index)
{
	return (struct period){.index = index, .start = start_of(rule, index), .end = start_of(rule, index + 1)};
}

struct period period_of_day(const struct period_rule *rule, int32_t day)
{
	int year, month, origin_year, origin_month, ignored;
	day_to_civil(day, &year, &month, &ignored);
	day_to_civil(rule->origin, &origin_year, &origin_month, &ignored);
	int months = (year - origin_year) * 12 + month - origin_month;
	/* At most one too far, in either direction: the division rounds, and the day within the month decides. */
	int index = months / rule->months + 1;
	while (start_of(rule, index) > day * DAY_MS)
		index--;
	return period_by_index(rule, index);
}

struct period period_of_instant(const struct period_rule *rule, int64_t instant)
{
	return period_of_day(rule, instant_day(instant));
}
