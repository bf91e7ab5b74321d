/*
 * one_off.h: days on which far more was sent than on others: a mailing to all employees, a migration.
 *
 * A day's usual use is the median of the same weekday in the eight weeks before and after it. It is a one-off send where it goes beyond that
 * by more than each of: six standard deviations, estimated as 1.4826 × the median distance from the usual; twice the median of the days within
 * four weeks; 8 units. It takes four such weekdays to tell, and where more than three days in fifteen are so, use has changed: none of
 * them is one-off (Hampel's identifier: Davies and Gather, The identification of multiple outliers, JASA 88, 1993).
 *
 * What goes beyond the usual is taken out of the series before its level, trend and season are learned.
 */
#ifndef ENVTALLY_ONE_OFF_H
#define ENVTALLY_ONE_OFF_H

#include <stddef.h>
#include <stdint.h>

#define ONE_OFF_MOST 24 /* of a series that are named: the newest */

struct one_off {
	size_t day; /* of the series */
	int64_t units; /* beyond the usual */
};

struct one_offs {
	size_t count; /* of `list`, by day */
	struct one_off list[ONE_OFF_MOST];
	double total, squares; /* of all: the units, and their squares */
};

/* Fills `usual`, of `days` days: the series without one-off sends. */
void one_off_find(const int64_t units[], size_t days, double usual[], struct one_offs *found);

#endif
