#include "forecast/one_off.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#define WEEK 7
#define WEEKS_AROUND 8
#define DAYS_AROUND 28
#define LEAST_WEEKDAYS 4
#define LEAST_UNITS 8
#define DEVIATIONS (6 * 1.4826)
#define CROWD_DAYS 7 /* before and after a day */
#define CROWD_MOST 3 /* one-off sends in so many days */

static double median(double values[], size_t count)
{
	for (size_t i = 1; i < count; i++) {
		double value = values[i];
		size_t at = i;
		for (; at > 0 && values[at - 1] > value; at--)
			values[at] = values[at - 1];
		values[at] = value;
	}
	return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

/* What the day goes beyond its usual use, where that is far; else 0. */
static double excess_of(const int64_t units[], size_t days, size_t day)
{
	double weekdays[2 * WEEKS_AROUND], around[2 * DAYS_AROUND + 1], value = (double)units[day];
	size_t count = 0, near = 0;
	for (int week = -WEEKS_AROUND; week <= WEEKS_AROUND; week++) {
		ptrdiff_t at = (ptrdiff_t)day + week * WEEK;
		if (week && at >= 0 && at < (ptrdiff_t)days)
			weekdays[count++] = (double)units[at];
	}
	if (count < LEAST_WEEKDAYS)
		return 0;
	double usual = median(weekdays, count), excess = value - usual;
	if (excess <= LEAST_UNITS)
		return 0;
	for (size_t i = 0; i < count; i++)
		weekdays[i] = fabs(weekdays[i] - usual);
	if (excess <= DEVIATIONS * median(weekdays, count))
		return 0;
	size_t first = day > DAYS_AROUND ? day - DAYS_AROUND : 0;
	for (size_t i = first; i < days && i <= day + DAYS_AROUND; i++)
		around[near++] = (double)units[i];
	return excess > 2 * median(around, near) ? excess : 0;
}

/* Are so many days around it beyond the usual that it is the usual that has changed? `usual` has the excess of each day still. */
static bool is_crowded(const double excess[], size_t days, size_t day)
{
	size_t count = 0;
	for (size_t i = day > CROWD_DAYS ? day - CROWD_DAYS : 0; i < days && i <= day + CROWD_DAYS; i++)
		count += excess[i] > 0;
	return count > CROWD_MOST;
}

void one_off_find(const int64_t units[], size_t days, double usual[], struct one_offs *found)
{
	bool is_lone[CROWD_DAYS + 1] = {false};
	*found = (struct one_offs){.count = 0};
	for (size_t day = 0; day < days; day++)
		usual[day] = units[day] > LEAST_UNITS ? excess_of(units, days, day) : 0;
	/* A day's excess is needed until CROWD_DAYS later, so it is replaced that much later. */
	for (size_t day = 0; day < days + CROWD_DAYS; day++) {
		if (day < days)
			is_lone[day % (CROWD_DAYS + 1)] = usual[day] > 0 && !is_crowded(usual, days, day);
		if (day < CROWD_DAYS)
			continue;
		size_t at = day - CROWD_DAYS;
		double excess = is_lone[at % (CROWD_DAYS + 1)] ? usual[at] : 0;
		usual[at] = (double)units[at] - excess;
		if (excess <= 0)
			continue;
		found->total += excess;
		found->squares += excess * excess;
		if (found->count == ONE_OFF_MOST)
			memmove(found->list, found->list + 1, --found->count * sizeof *found->list);
		found->list[found->count++] = (struct one_off){at, (int64_t)(excess + 0.5)};
	}
}
