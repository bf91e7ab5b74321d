#include "licence/models.h"

#include "base/array.h"

#include "licence/licence_cells.h"

#include <stdlib.h>
#include <string.h>

enum { PUBLISHER, PRODUCT, VERSION, EDITION, MODEL, METRIC, UNIT }; /* of the columns */

#define AT(member) .offset = offsetof(struct model_identifier, member)

const char *const identifier_type_names[] = {"plan_item_id", "plan_item_name", "subscription_name", NULL};

static const char *const origins[] = {"", "automatic", NULL};

static const struct licence_column model_columns[] = {
	{"publisher", true, CELL_IGNORED, .offset = 0},
	{"product", true, CELL_IGNORED, .offset = 0},
	{"version", false, CELL_IGNORED, .offset = 0},
	{"edition", false, CELL_IGNORED, .offset = 0},
	{"software_model", true, CELL_IGNORED, .offset = 0},
	{"license_metric", true, CELL_IGNORED, .offset = 0},
	{"unit", false, CELL_IGNORED, .offset = 0},
	{"identifier_type", true, CELL_WORD, AT(type), .words = identifier_type_names},
	{"identifier", true, CELL_TEXT, AT(identifier)},
	{"origin", false, CELL_WORD, AT(is_automatic), .words = origins},
	{.name = NULL},
};

/* The key of a pair of names; they may hold anything but a NUL. */
static void append_key(struct buffer *key, const char *first, const char *second)
{
	buffer_reset(key);
	buffer_append_string(key, first);
	buffer_append_byte(key, 0);
	buffer_append_string(key, second);
}

static ptrdiff_t number_of_pair(struct name_table *table, const char *first, const char *second, struct error *error)
{
	struct buffer key = BUFFER_INIT;
	append_key(&key, first, second);
	ptrdiff_t number = buffer_check(&key, error) < 0 ? -1 : name_table_number(table, key.data, key.length, error);
	buffer_release(&key);
	return number;
}

ptrdiff_t models_find_metric(const struct models *models, const char *software_model, const char *license_metric)
{
	struct buffer key = BUFFER_INIT;
	append_key(&key, software_model, license_metric);
	const struct name *name = key.failed ? NULL : name_table_find(&models->metric_keys, key.data, key.length);
	buffer_release(&key);
	return name ? name - models->metric_keys.names : -1;
}

/* Notes the first metric of a model or product whose number is new. */
static int note_first(uint32_t **firsts, ptrdiff_t number, size_t before, uint32_t metric, struct error *error)
{
	if ((size_t)number < before)
		return 0;
	size_t count = before;
	uint32_t *first = array_grow((void **)firsts, &count, sizeof **firsts, error);
	if (!first)
		return -1;
	*first = metric;
	return 0;
}

static int add_metric(struct models *models, const struct csv_table *table, char *const cells[], struct error *error)
{
	uint32_t number = (uint32_t)models->metric_count;
	size_t model_count = models->model_names.count, product_count = models->product_keys.count;
	struct metric *metric = array_grow((void **)&models->metrics, &models->metric_count, sizeof *metric, error);
	ptrdiff_t model = name_table_number(&models->model_names, cells[MODEL], strlen(cells[MODEL]), error);
	ptrdiff_t product = number_of_pair(&models->product_keys, cells[PUBLISHER], cells[PRODUCT], error);
	if (!metric || model < 0 || product < 0 || note_first(&models->first_metric_of_model, model, model_count, number, error) < 0 ||
		note_first(&models->first_metric_of_product, product, product_count, number, error) < 0)
		return -1;
	*metric = (struct metric){.product_number = (uint32_t)product,
		.model_number = (uint32_t)model,
		.row = table->line,
		.publisher = licence_text(&models->arena, cells[PUBLISHER], error),
		.product = licence_text(&models->arena, cells[PRODUCT], error),
		.software_model = licence_text(&models->arena, cells[MODEL], error),
		.license_metric = licence_text(&models->arena, cells[METRIC], error),
		.unit = licence_text(&models->arena, *cells[UNIT] ? cells[UNIT] : "envelope", error)};
	return metric->publisher && metric->product && metric->software_model && metric->license_metric && metric->unit ? 0 : -1;
}

/* What is said of one model must not be said otherwise in another row. */
static void compare(struct csv_table *table, int column, const char *cell, const char *before, const char *of, size_t row)
{
	if (strcmp(cell, before) != 0)
		csv_table_complain(table, table->columns[column].name, "'%s' contradicts line %zu, where it is '%s' for the same %s", cell,
			row, before, of);
}

static void check_consistent(struct csv_table *table, const struct models *models, char *const cells[], uint32_t metric)
{
	const struct metric *own = &models->metrics[metric];
	const struct metric *first = &models->metrics[models->first_metric_of_model[own->model_number]];
	compare(table, PUBLISHER, cells[PUBLISHER], first->publisher, "software model", first->row);
	compare(table, PRODUCT, cells[PRODUCT], first->product, "software model", first->row);
	compare(table, UNIT, *cells[UNIT] ? cells[UNIT] : "envelope", own->unit, "license metric", own->row);
}

static int check_row(struct csv_table *table, char *const cells[], void *row, void *context, struct error *error)
{
	struct models *models = context;
	ptrdiff_t metric = number_of_pair(&models->metric_keys, cells[MODEL], cells[METRIC], error);
	bool is_automatic = ((struct model_identifier *)row)->is_automatic == 1, is_new = (size_t)metric == models->metric_count;
	if (metric < 0 || ((size_t)metric == models->metric_count && add_metric(models, table, cells, error) < 0))
		return -1;
	if (!table->is_header_wrong)
		check_consistent(table, models, cells, (uint32_t)metric);
	((struct model_identifier *)row)->metric = (uint32_t)metric;
	models->metrics[metric].is_automatic = is_automatic && (is_new || models->metrics[metric].is_automatic);
	return 0;
}

int models_load(const char *path, struct models *models, csv_complain *complain, struct error *error)
{
	static const struct licence_file file = {model_columns, sizeof(struct model_identifier), .check = check_row};
	*models = (struct models){.count = 0};
	int result = licence_read(&file, path, (void **)&models->identifiers, &models->count, &models->arena, models, complain, error);
	if (result < 0)
		models_release(models);
	return result;
}

void models_release(struct models *models)
{
	free(models->metrics);
	free(models->identifiers);
	free(models->first_metric_of_model);
	free(models->first_metric_of_product);
	name_table_release(&models->model_names);
	name_table_release(&models->metric_keys);
	name_table_release(&models->product_keys);
	arena_release(&models->arena);
	*models = (struct models){.count = 0};
}
