/*
 * rights_changes.h: the days within an open period on which some of its rights begin or end, for those who see its burn-down.
 *
 * A right that is owned on the first day and on the last has no change. Rights of one day are added up, those that begin and those that end
 * apart. The true-up of a period covers it from its first day on, whenever it was bought.
 */
#ifndef ENVTALLY_RIGHTS_CHANGES_H
#define ENVTALLY_RIGHTS_CHANGES_H

#include "forecast/daily_consumption.h"

/* Appends the array of the record's rights_changes: [day, rights], ordered by day; rights that end are negative. Empty without entitlements. */
int rights_changes_append(
	struct buffer *line, const struct daily_consumption *daily, const struct open_position *position, struct error *error);

#endif
