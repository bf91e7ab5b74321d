/*
 * position.h: the licence position: what was used against what is owned, per software model, license metric and period.
 *
 * Consumption is mapped to software models by the identifiers of its plan item (models.csv): the plan item's id or name, or the
 * name of its subscription. What maps to none is unrecognized and stays outside the position; what maps to two is an error.
 *
 *   rights used       units consumed in the period by plan items of the model
 *   rights owned      sum of the purchased rights of the active entitlements of model and metric in force on some day of the period
 *   rights available  = over-licensed rights: owned less used, at least 0
 *   unlicensed rights used less owned, at least 0: what a true-up has to buy
 *   status            Compliant when nothing is unlicensed, or the agreement is enterprise-wide, or rights are unlimited
 */
#ifndef ENVTALLY_POSITION_H
#define ENVTALLY_POSITION_H

#include "field_union.h"
#include "licence.h"
#include "message.h"
#include "name_table.h"
#include "output.h"
#include "period.h"

struct position_plan_item {
	char *plan_item_name, *subscription_name; /* NULL for null */
	uint32_t subscriptions;
};

struct position_sum {
	uint32_t profile, plan_item; /* numbers; the last plan item is "none" */
	uint32_t period;
	int64_t units;
};

struct position_period {
	struct period period;
	char state[16];
};

struct position {
	const struct models *models;
	const struct entitlements *entitlements;
	struct field_union fields;
	struct name_table profiles, plan_items;
	struct position_plan_item *items; /* by number of plan_items */
	size_t item_count;
	struct position_period *periods;
	size_t period_count;
	struct position_sum *sums;
	size_t sum_count, sum_capacity;
	struct hash_index sum_index;
};

void position_open(struct position *position, const struct models *models, const struct entitlements *entitlements);
void position_release(struct position *position);

int position_reader_open(struct position *position, struct message_reader *reader, int descriptor, const char *name, struct error *error);

/* Takes what the position needs from a message, which goes on unchanged whatever it is. */
int position_add(struct position *position, const struct message_reader *reader, const struct message *message, struct error *error);

/* Appends metric_result and unrecognized_subscription records. EX_DATAERR for a plan item that maps to two models. */
int position_print(struct position *position, struct output *output, struct error *error);

#endif
