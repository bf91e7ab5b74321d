/*
 * position_trace.h: what a position's figures come from, as records: entitlement_use (a line of entitlements.csv in a period) and
 * consumption_use (a consumption record, mapped to a license metric by a line of models.csv). `explain` follows them down.
 *
 * They add up: the rights_owned of a position's entitlement_use are its rights_owned where nothing is unlimited, the
 * rights_drawn its rights in use, and units less excluded units of its consumption_use its rights_used.
 */
#ifndef ENVTALLY_POSITION_TRACE_H
#define ENVTALLY_POSITION_TRACE_H

#include "reconcile/position_cell.h"

/* The entitlements in force in a position. Nothing to do where no trace is asked for, as below. */
int position_trace_grants(struct position *position, const struct position_cell *cell, struct error *error);

/* A consumption of plan item and account in a period; `metric` is PLAN_ITEM_NO_METRIC for one that maps to none. */
void position_trace_consumption(struct position *position, const struct sum *sum, uint32_t metric, int64_t excluded);

#endif
