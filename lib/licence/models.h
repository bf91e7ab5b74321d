/*
 * models.h: models.csv: software models, their license metrics, and the identifiers that map plan items to them. doc/licence.md
 * is the manual of the file.
 *
 * Three tiers: a product (publisher, product) has software models, a model has license metrics, a metric has identifiers.
 * Numbers of products, models and metrics run from 0 in the order of their first rows.
 */
#ifndef ENVTALLY_MODELS_H
#define ENVTALLY_MODELS_H

#include "base/arena.h"
#include "base/name_table.h"
#include "io/csv_table.h"

enum identifier_type { IDENTIFIER_PLAN_ITEM_ID, IDENTIFIER_PLAN_ITEM_NAME, IDENTIFIER_SUBSCRIPTION_NAME };
extern const char *const identifier_type_names[]; /* NULL-terminated */

/* A license metric of a software model. */
struct metric {
	const char *publisher, *product, *software_model, *license_metric, *unit;
	uint32_t product_number, model_number;
	size_t row; /* the line of its first row */
	bool is_automatic; /* made of Docusign's names for plan items: all its rows are */
};

/* One identifier of one metric: a row. */
struct model_identifier {
	size_t row;
	enum identifier_type type;
	const char *identifier; /* exact, or a glob */
	uint32_t metric;
	int is_automatic; /* 1: by its origin */
};

struct models {
	struct metric *metrics;
	size_t metric_count;
	struct model_identifier *identifiers;
	size_t count;
	uint32_t *first_metric_of_model, *first_metric_of_product; /* by their numbers */
	struct name_table model_names, metric_keys, product_keys;
	struct arena arena;
};

/* All mistakes go to `complain`, a line each; then EX_DATAERR, and nothing of the file is kept. */
int models_load(const char *path, struct models *models, csv_complain *complain, struct error *error);
void models_release(struct models *models);

/* The number of a metric, -1 when no row has it. */
ptrdiff_t models_find_metric(const struct models *models, const char *software_model, const char *license_metric);

#endif
