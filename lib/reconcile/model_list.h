/*
 * model_list.h: what `models` prints: rows of models.csv with the plan items that each maps, and the plan items that no row does.
 *
 * Plan items and units come from subscription and consumption records. A plan item counts for the first row that matches it, so units add up.
 */
#ifndef ENVTALLY_MODEL_LIST_H
#define ENVTALLY_MODEL_LIST_H

#include "io/output.h"
#include "reconcile/plan_item_map.h"

/* {.has_units = false} is empty. */
struct model_list {
	struct plan_items items;
	int64_t *units; /* by plan item, of those before unit_count */
	size_t unit_count;
	bool has_units; /* some consumption was read */
};

/* Adds the records of a descriptor; everything else is passed over. */
int model_list_read(struct model_list *list, int descriptor, const char *name, struct error *error);
void model_list_release(struct model_list *list);

enum model_list_format { MODEL_LIST_TABLE, MODEL_LIST_CSV, MODEL_LIST_NDJSON };

/* The rows in their order, then what no row matches, the most units first; below a table also what to do next. */
int model_list_print(const struct model_list *list, const struct models *models, enum model_list_format format, struct output *output,
	struct error *error);

#endif
