/*
 * burn_down.h: an open period from its first to its last day: what was used, what is expected (forecast.h), and when rights run out.
 *
 *   A  the clock's day; H  the last day that is known whole (daily_consumption.h); P, E  the period's first day, and the day after its last
 *   U  units counted in the period, as its metric_result has them
 *
 * The series that the forecast goes by are the days up to H, from the metric's first day with units, at the latest from P: days before
 * the first use of a period are known to be zero.
 * Use up to a day d > H is the units of the period up to H and what is expected after, R(d), but not less than U: what came after H is
 * known to be a part only. Where H is before the period, R(d) is what is expected from P on, and the interval is that of H to d in proportion.
 * Expected, low and high units are those of the last day.
 *
 * Rights run out on the first day on which a unit is used, or expected, that no right in force on that day covers (expected_position.h):
 * a contract that begins later cures nothing, and an enterprise-wide agreement covers whatever is used. Where the position says that some
 * unit is unlicensed already, that day is its.
 */
#ifndef ENVTALLY_BURN_DOWN_H
#define ENVTALLY_BURN_DOWN_H

#include "forecast/daily_consumption.h"
#include "forecast/expected_position.h"
#include "forecast/forecast.h"

struct burn_down {
	const struct open_position *position;
	int32_t first_day, end_day, today, known_until; /* P, E, A, H */
	enum forecast_method method;
	int64_t *units; /* counted, of each day of the period before the clock's, cumulative */
	size_t unit_days;
	struct forecast_day *expected; /* up to each day from the clock's on, at least U */
	size_t expected_days;
	int64_t expected_units, low_units, high_units;
	bool runs_out, has_run_out; /* has_run_out: rights are missing already */
	int32_t exhausted_on, days_left; /* days_left: at least 0 */
	struct expected_position at_end, low, high; /* by expected, low and high units */
	bool is_covered; /* an enterprise-wide agreement covers what goes beyond the rights: nothing runs out */
	bool warning; /* rights run out in fewer days than asked for */
	const char *currency; /* NULL where no cost is known */
	struct amount costs[2]; /* expected: of the true-up, and of what lapses unused */
	int64_t partials; /* all units of the period by its daily partials: U, where they are whole */
};

/* EX_DATAERR for a period that is longer than FORECAST_DAYS allow. The position must last. */
int burn_down_compute(struct burn_down *burn_down, const struct daily_consumption *daily, const struct open_position *position,
	int warn_days, struct error *error);
void burn_down_release(struct burn_down *burn_down);

/* Appends the fields of a forecast record (stream.h), which is begun and ended by the caller. */
void burn_down_append(const struct burn_down *burn_down, int64_t now, struct buffer *line);

#endif
