/*
 * automatic_models.h: a models.csv completed: plan items that no row matches become software models of the names that Docusign gives them.
 *
 * Where models.csv has rows, these are the plan items whose names have a word of the table of known plan items; a person who has begun to
 * name plan items decides on the others. Where it has none, all plan items with a name. doc/licence.md has the rule and the table.
 */
#ifndef ENVTALLY_AUTOMATIC_MODELS_H
#define ENVTALLY_AUTOMATIC_MODELS_H

#include "reconcile/plan_item_map.h"

/*
 * Appends the file at `path`, from which `models` was loaded, and below it a row for each such plan item, with `automatic` as its `origin`.
 * If the header lacks that column, each row gets a cell more; rows stay on their lines. A NULL path is a file without rows.
 */
int automatic_models_complete(
	const struct plan_items *items, const struct models *models, const char *path, struct buffer *text, struct error *error);

#endif
