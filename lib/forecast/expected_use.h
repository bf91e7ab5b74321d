/*
 * expected_use.h: what a metric's accounts are expected to use, each from the last day that its feed has passed.
 *
 * Feeds are read on different days, and some have stopped. Accounts are forecast in groups by that day (daily_units_groups()), and the
 * groups are added: none waits for another, and days that a feed has not passed are unknown, not zero. Of a group, use up to a day is
 * what was counted in the period up to its own last day, and what its forecast (forecast.h) has since. Where that day is before the
 * period, it is what is expected from the period's first day on, and the interval is taken in proportion.
 *
 * Intervals are added as if their errors were correlated by 0.8, since accounts share trend and season: the square of the sum's reach is
 * 0.2 Σ r² + 0.8 (Σ r)².
 */
#ifndef ENVTALLY_EXPECTED_USE_H
#define ENVTALLY_EXPECTED_USE_H

#include "forecast/daily_consumption.h"
#include "forecast/forecast.h"

struct one_off_send {
	int32_t day;
	int64_t units; /* beyond the usual */
	const char *account; /* that has the most units of the day (daily_units_senders()); NULL where it is not known */
	int64_t account_units;
};

struct expected_use {
	struct forecast_day *days; /* from the clock's on, to the period's end: cumulative in the period */
	size_t day_count;
	int32_t known_until; /* the last day that the feeds of all its accounts have passed, stale ones too */
	struct forecast_facts
		facts; /* of all groups: level and rate are sums; growth, season and error those of the largest; no one_offs */
	int32_t season_from; /* the day of week 0 of its season */
	struct one_off_send one_offs[ONE_OFF_MOST]; /* of the history, by day: the newest */
	size_t one_off_count;
	double one_offs_in_period; /* units */
};

/* The metric from the period's `first_day` to before `end_day`; a release is due also after an error. EX_DATAERR for more than FORECAST_DAYS. */
int expected_use_compute(struct expected_use *use, const struct daily_consumption *daily, uint32_t metric, int32_t first_day,
	int32_t end_day, struct error *error);
void expected_use_release(struct expected_use *use);

#endif
