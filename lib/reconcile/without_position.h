/*
 * without_position.h: units that are in no licence position, each with its reason, and the balance: what the positions have used and what
 * is here add up to all consumption of a profile.
 *
 * In the workspace's balance each unit is in the workspace's period that holds its day, or in none.
 */
#ifndef ENVTALLY_WITHOUT_POSITION_H
#define ENVTALLY_WITHOUT_POSITION_H

#include "reconcile/position_cell.h"

/* The first that applies. */
enum without_reason {
	WITHOUT_BEFORE_CONTRACT, /* in a period before the start of its profile's contract */
	WITHOUT_EXCLUDED, /* by exclusions.csv */
	WITHOUT_SOFTWARE_MODEL, /* no row of models.csv names its plan item */
	WITHOUT_ACCOUNT, /* it names no plan item, and no account record says which its account has */
	WITHOUT_PLAN_ITEM, /* it names no plan item, and those of its account are not of one license metric */
	WITHOUT_PERIOD, /* of the workspace: its day is in none of its periods */
	WITHOUT_NOTHING, /* it is in a position */
};
extern const char *const without_reason_names[];

/* Why no unit of the sum is in a position; WITHOUT_NOTHING also where only exclusions decide. */
enum without_reason without_position_reason(const struct position *position, const struct sum *sum, uint32_t metric);

/* Adds units of a sum, sent on the day or in the period that begins on it; `rank`: of its period. */
int without_position_add(struct position *position, enum without_reason reason, const struct sum *sum, uint32_t rank, int32_t day,
	int64_t units, struct error *error);
/* Adds units of an account that are in its profile's position and in no period of the workspace. */
int without_position_add_outside(struct position *position, uint32_t account, int64_t units, struct error *error);

/* The profile's records, once its positions are printed. `warn` gets a line if they do not add up. */
int without_position_print(struct position *position, uint32_t profile, csv_complain *warn, struct error *error);

#endif
