/*
 * consumer.h: what an account consumed and drew in a position, and what of it is unlicensed.
 */
#ifndef ENVTALLY_CONSUMER_H
#define ENVTALLY_CONSUMER_H

#include "base/period.h"

#include <stdint.h>

/* An account in a position, as long as it is in the same groups: one that changes its cost center is two. */
struct consumer {
	uint32_t rank, epoch; /* of the account; of its groups: membership_epoch() */
	struct period at; /* within the period: some time at which it was in these groups */
	int64_t units, allocated, pooled, covered, unlicensed;
	int64_t declared; /* of the units, those of consumption.csv */
};

/* Units for which there was no right on their day. */
struct breach {
	uint32_t consumer; /* of the position */
	uint32_t price; /* of the position's prices: what a right costs that was missing then */
	int32_t first_day, end_day;
	int64_t units;
};

#endif
