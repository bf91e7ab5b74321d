/*
 * subscription_models.h: subscription records passed on with the software model of their plan item.
 *
 * A plan item is mapped by the latest names that its subscriptions give it, so records are held while others follow at once, as merge prints
 * them: whoever passes on a line of another kind flushes first. Only the value of `software_model` changes; a line that has the right one
 * is not touched.
 */
#ifndef ENVTALLY_SUBSCRIPTION_MODELS_H
#define ENVTALLY_SUBSCRIPTION_MODELS_H

#include "io/output.h"
#include "reconcile/plan_item_map.h"

struct held_line;

/* {.count = 0} is empty. */
struct subscription_models {
	struct buffer lines; /* one after the other */
	struct held_line *list;
	size_t count;
	struct json_scanner *scanner;
};

/* Holds a subscription record of that plan item, RECORD_NO_NAME for none. */
int subscription_models_hold(struct subscription_models *held, uint32_t item, const struct message *message, struct error *error);

/* Prints what is held. Cheap where there is nothing. */
int subscription_models_flush(struct subscription_models *held, const struct plan_items *items, const struct models *models,
	struct output *output, struct error *error);
void subscription_models_release(struct subscription_models *held);

#endif
