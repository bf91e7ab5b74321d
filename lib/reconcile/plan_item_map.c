#include "reconcile/plan_item_map.h"

#include "base/array.h"
#include "base/glob.h"

#include <stdlib.h>

uint32_t plan_items_read(struct plan_items *items, struct record *record, int slot)
{
	uint32_t item = record_name_or_empty(record, slot, &items->ids);
	if (!record->failed && item == items->count)
		record->failed = !array_grow((void **)&items->list, &items->count, sizeof *items->list, record->error);
	return item;
}

void plan_items_read_names(struct plan_items *items, struct record *record, uint32_t item, int plan_item_name, int subscription_name)
{
	if (record->failed)
		return;
	record_text_update(record, plan_item_name, &items->arena, &items->list[item].plan_item_name);
	record_text_update(record, subscription_name, &items->arena, &items->list[item].subscription_name);
}

void plan_items_release(struct plan_items *items)
{
	name_table_release(&items->ids);
	free(items->list);
	arena_release(&items->arena);
}

void plan_items_texts(const struct plan_items *items, size_t item, const char *texts[PLAN_ITEM_TEXTS])
{
	texts[IDENTIFIER_PLAN_ITEM_ID] = items->ids.names[item].text;
	texts[IDENTIFIER_PLAN_ITEM_NAME] = items->list[item].plan_item_name;
	texts[IDENTIFIER_SUBSCRIPTION_NAME] = items->list[item].subscription_name;
}

/* The next identifier, after `after` (NULL: the first), that matches the plan item; NULL for none. Units without a plan item match none. */
static const struct model_identifier *next_match(
	const struct plan_items *items, const struct models *models, size_t item, const struct model_identifier *after)
{
	const char *texts[PLAN_ITEM_TEXTS];
	plan_items_texts(items, item, texts);
	if (!*texts[IDENTIFIER_PLAN_ITEM_ID])
		return NULL;
	for (size_t i = after ? (size_t)(after - models->identifiers) + 1 : 0; i < models->count; i++)
		if (glob_matches(models->identifiers[i].identifier, texts[models->identifiers[i].type]))
			return &models->identifiers[i];
	return NULL;
}

static int map_item(const struct plan_items *items, const struct models *models, size_t item, uint32_t *metric, struct error *error)
{
	const struct model_identifier *first = next_match(items, models, item, NULL), *other = first;
	*metric = first ? first->metric : PLAN_ITEM_NO_METRIC;
	while (other && (other = next_match(items, models, item, other)))
		if (other->metric != first->metric)
			return error_set(error, EX_DATAERR,
				"cannot map plan item '%s': it is software model '%s' with license metric '%s' by line %zu of the models and "
				"'%s' with '%s' by line %zu",
				items->ids.names[item].text, models->metrics[first->metric].software_model,
				models->metrics[first->metric].license_metric, first->row, models->metrics[other->metric].software_model,
				models->metrics[other->metric].license_metric, other->row);
	return 0;
}

uint32_t *plan_items_map(const struct plan_items *items, const struct models *models, struct error *error)
{
	uint32_t *metrics = calloc(items->count + 1, sizeof *metrics);
	int result = metrics ? 0 : error_set(error, EX_OSERR, "out of memory");
	for (size_t item = 0; item < items->count && result == 0; item++)
		result = map_item(items, models, item, &metrics[item], error);
	if (result == 0)
		return metrics;
	free(metrics);
	return NULL;
}

const struct model_identifier *plan_item_row(const struct plan_items *items, const struct models *models, size_t item)
{
	return next_match(items, models, item, NULL);
}
