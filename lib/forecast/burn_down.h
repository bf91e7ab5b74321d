/*
 * burn_down.h: an open period from its first to its last day: what was used, what is expected (forecast.h), and when rights run out.
 *
 *   A  the clock's day; H  the last day that every feed has passed which is not stale (daily_consumption.h); P, E  the period's first day, and the
 *   day after its last
 *   U  units counted in the period, as its metric_result has them
 *
 * Use up to a day from A on is what accounts have used up to the last day that their feeds have passed and what is expected since
 * (expected_use.h), but not less than U: later days are known to be a part only. Expected, low and high units are those of the last day.
 *
 * Rights run out on the first day on which a unit is used, or expected, that no right in force on that day covers (expected_position.h):
 * a contract that begins later cures nothing, and an enterprise-wide agreement covers whatever is used. Where the position says that some
 * unit is unlicensed already, that day is its. By high use it
 * is the earliest day, by low use the latest.
 */
#ifndef ENVTALLY_BURN_DOWN_H
#define ENVTALLY_BURN_DOWN_H

#include "forecast/daily_consumption.h"
#include "forecast/expected_position.h"
#include "forecast/expected_use.h"
#include "forecast/past_forecasts.h"

struct burn_down {
	const struct open_position *position;
	int32_t first_day, end_day, today, known_until; /* P, E, A, H */
	int64_t *units; /* counted, of each day of the period before the clock's, cumulative */
	size_t unit_days;
	struct expected_use use; /* its days: at least U */
	int64_t expected_units, low_units, high_units;
	bool runs_out, has_run_out; /* has_run_out: rights are missing already */
	int32_t exhausted_on, days_left; /* days_left: at least 0 */
	int32_t earliest_exhausted_on, latest_exhausted_on; /* NO_BREACH (figures.h) for none in the period */
	struct expected_position at_end, low, high; /* by expected, low and high units */
	bool is_covered; /* an enterprise-wide agreement covers what goes beyond the rights: nothing runs out */
	bool warning; /* rights run out in fewer days than asked for */
	const char *currency; /* NULL where no cost is known */
	struct amount costs[2]; /* expected: of the true-up, and of what lapses unused */
	struct amount low_cost, high_cost; /* of the true-up */
	bool has_previous; /* a period before: its units up to the same day */
	int64_t previous_units;
	struct past_forecasts past; /* of earlier runs, judged */
	int64_t partials; /* all units of the period by its daily partials: U, where they are whole */
};

/* EX_DATAERR for a period that is longer than FORECAST_DAYS allow. The position must last. */
int burn_down_compute(struct burn_down *burn_down, const struct daily_consumption *daily, const struct open_position *position,
	int warn_days, struct error *error);
void burn_down_release(struct burn_down *burn_down);

/* Appends the fields of a forecast record (stream.h), which is begun and ended by the caller. */
void burn_down_append(const struct burn_down *burn_down, int64_t now, struct buffer *line);

#endif
