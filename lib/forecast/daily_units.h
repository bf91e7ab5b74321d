/*
 * daily_units.h: what daily_consumption.h has collected, by license metric: the units of each day, up to where feeds are read, and whose they are.
 */
#ifndef ENVTALLY_DAILY_UNITS_H
#define ENVTALLY_DAILY_UNITS_H

#include "forecast/daily_consumption.h"

/* Accounts whose feeds have passed all days up to `fed_until`, and some of them more, at most to `up_to`. */
struct fed_units {
	int32_t fed_until, up_to;
};

#define FED_GROUPS 4 /* of a metric's accounts at most: the nearest days are taken together */

/* The metric's accounts by how far their feeds are read, the furthest behind first; their number. */
size_t daily_units_groups(const struct daily_consumption *daily, uint32_t metric, struct fed_units groups[FED_GROUPS]);

/*
 * The units of the period before, up to the same day of it: of each account up to the day that its feed has passed in `period`. Sets `has` to
 * whether there is a period before.
 */
int daily_units_of_previous(const struct daily_consumption *daily, uint32_t metric, const struct period *period, int64_t *units, bool *has,
	struct error *error);

/* The first day with units of a metric's accounts, `otherwise` where there is none before it. NULL: of all accounts, and of declared use. */
int32_t daily_units_first(const struct daily_consumption *daily, uint32_t metric, const struct fed_units *group, int32_t otherwise);

/* Adds the units of a metric on days from `first` on to `units`, of `count` days, without what exclusion rules leave out. NULL as above. */
int daily_units_add(const struct daily_consumption *daily, uint32_t metric, const struct fed_units *group, int32_t first, int64_t units[],
	size_t count, struct error *error);

/*
 * Fills senders[i] with the account of a group that has the most units of the metric on days[i], which are in ascending order, without what
 * exclusion rules leave out. An account's units by a plan item count where no other has more by it (most_sent.h). RECORD_NO_NAME where it is
 * not known.
 */
int daily_units_senders(const struct daily_consumption *daily, uint32_t metric, const struct fed_units *group, const int32_t days[],
	struct most_sent senders[], size_t count, struct error *error);

#endif
