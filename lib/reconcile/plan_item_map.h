/*
 * plan_item_map.h: which plan item belongs to which license metric.
 *
 * models.csv maps identifiers, which may be globs, to license metrics. A plan item is matched by its id, its name, and the name of its
 * subscription. One that matches nothing is unrecognized and stays outside the position; one that matches two metrics is an error.
 */
#ifndef ENVTALLY_PLAN_ITEM_MAP_H
#define ENVTALLY_PLAN_ITEM_MAP_H

#include "licence/models.h"
#include "stream/record.h"

struct plan_item {
	const char *plan_item_name, *subscription_name; /* NULL for none */
	uint32_t subscriptions; /* how many have it */
};

/* The plan items of a pipe, numbered in the order in which they arrive. {.count = 0} is empty. */
struct plan_items {
	struct name_table ids; /* "" is the one without an id */
	struct plan_item *list;
	size_t count;
	struct arena arena;
};

/* The number of the plan item in a field; null is the one without an id. A failed record gives no number of use. */
uint32_t plan_items_read(struct plan_items *items, struct record *record, int slot);

/* Reads the names of a plan item out of its subscription; the latest name that is not null counts. */
void plan_items_read_names(struct plan_items *items, struct record *record, uint32_t item, int plan_item_name, int subscription_name);
void plan_items_release(struct plan_items *items);

/* What identifiers, and exclusion rules for them, are matched with: texts of a plan item, by enum identifier_type. */
#define PLAN_ITEM_TEXTS 3
void plan_items_texts(const struct plan_items *items, size_t item, const char *texts[PLAN_ITEM_TEXTS]);

#define PLAN_ITEM_NO_METRIC UINT32_MAX

/* The metric of each plan item, or PLAN_ITEM_NO_METRIC: the caller frees it. NULL with EX_DATAERR when an item maps to two metrics. */
uint32_t *plan_items_map(const struct plan_items *items, const struct models *models, struct error *error);

/* The row of models.csv that maps the item to its metric: the first that matches. NULL for an item without a metric. */
const struct model_identifier *plan_item_row(const struct plan_items *items, const struct models *models, size_t item);

#endif
