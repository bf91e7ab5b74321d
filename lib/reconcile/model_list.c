#include "reconcile/model_list.h"

#include "base/array.h"
#include "io/csv_write.h"
#include "io/text_table.h"
#include "stream/phrases.h"
#include "json/json_write.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#define FIELDS(X) X(plan_item_id) X(plan_item_name) X(subscription_name) X(units_consumed)
/* clang-format on */
enum { FIELDS(RECORD_SLOT) SLOTS };
static const char *const pointers[] = {FIELDS(RECORD_POINTER)};

static void add_subscription(struct model_list *list, struct record *record)
{
	if (record_slice(record, SLOT_plan_item_id)->kind != JSON_STRING)
		return;
	uint32_t item = plan_items_read(&list->items, record, SLOT_plan_item_id);
	plan_items_read_names(&list->items, record, item, SLOT_plan_item_name, SLOT_subscription_name);
}

static void add_consumption(struct model_list *list, struct record *record)
{
	uint32_t item = plan_items_read(&list->items, record, SLOT_plan_item_id);
	int64_t units = record_count(record, SLOT_units_consumed);
	int64_t *sum = record->failed ? NULL : array_at((void **)&list->units, &list->unit_count, sizeof *list->units, item, record->error);
	record->failed = !sum || sum_add(sum, units, record->error) < 0;
	list->has_units = true;
}

static void add_record(void *list, struct record *record)
{
	if (message_is_record(record->message, "subscription"))
		add_subscription(list, record);
	else if (message_is_record(record->message, "consumption"))
		add_consumption(list, record);
}

int model_list_read(struct model_list *list, int descriptor, const char *name, struct error *error)
{
	return records_read(descriptor, name, pointers, SLOTS, add_record, list, error);
}

void model_list_release(struct model_list *list)
{
	plan_items_release(&list->items);
	free(list->units);
}

/* ---- lines ---- */

/* A row of models.csv; or, without one, a plan item that no row matches. */
struct listed {
	const struct model_identifier *row;
	const char *identifier, *name; /* name: of its plan item, where it is one */
	size_t items;
	int64_t units;
};

struct listing {
	const struct model_list *list;
	const struct models *models;
	struct listed *lines; /* those of the rows, by their numbers, then the others */
	size_t count;
};

static int64_t units_of(const struct model_list *list, size_t item)
{
	return item < list->unit_count ? list->units[item] : 0;
}

static int compare(const void *left, const void *right)
{
	const struct listed *a = left, *b = right;
	if (a->units != b->units)
		return a->units > b->units ? -1 : 1;
	return strcmp(a->identifier, b->identifier);
}

static int build(struct listing *listing, struct error *error)
{
	const struct plan_items *items = &listing->list->items;
	const struct models *models = listing->models;
	for (size_t i = 0; i < models->count; i++) {
		struct listed *line = array_grow((void **)&listing->lines, &listing->count, sizeof *line, error);
		if (!line)
			return -1;
		*line = (struct listed){.row = &models->identifiers[i], .identifier = models->identifiers[i].identifier};
	}
	for (size_t item = 0; item < items->count; item++) {
		const struct model_identifier *row = plan_item_row(items, models, item);
		const char *id = items->ids.names[item].text;
		if (!*id && !units_of(listing->list, item))
			continue;
		struct listed *line = row ? &listing->lines[row - models->identifiers]
					  : array_grow((void **)&listing->lines, &listing->count, sizeof *line, error);
		if (!line)
			return -1;
		if (!row)
			line->identifier = *id ? id : "(no plan item)";
		line->name = line->items ? NULL : items->list[item].plan_item_name;
		line->items += *id != 0;
		if (sum_add(&line->units, units_of(listing->list, item), error) < 0)
			return -1;
	}
	if (listing->count > models->count)
		qsort(listing->lines + models->count, listing->count - models->count, sizeof *listing->lines, compare);
	return 0;
}

/* ---- forms ---- */

/* The fields of stream_model_identifier, in their order. */
enum { PUBLISHER, PRODUCT, MODEL, METRIC, UNIT, ORIGIN, LINE, TYPE, IDENTIFIER, NAME, ITEMS, UNITS, CELLS };

struct cells {
	const char *texts[CELLS]; /* NULL: null */
	char numbers[3][24];
};

static const char *put_number(char number[24], int64_t value)
{
	snprintf(number, 24, "%" PRId64, value);
	return number;
}

static void fill(struct cells *cells, const struct listing *listing, const struct listed *line)
{
	const struct model_identifier *row = line->row;
	const struct metric *metric = row ? &listing->models->metrics[row->metric] : NULL;
	bool is_own = row && !row->is_automatic;
	*cells = (struct cells){.texts = {[PUBLISHER] = metric ? metric->publisher : NULL,
					[PRODUCT] = metric ? metric->product : NULL,
					[MODEL] = metric ? metric->software_model : NULL,
					[METRIC] = metric ? metric->license_metric : NULL,
					[UNIT] = metric ? metric->unit : NULL,
					[ORIGIN] = is_own ? "row"
						: row     ? "automatic"
							  : "unrecognized",
					[TYPE] = identifier_type_names[row ? row->type : IDENTIFIER_PLAN_ITEM_ID],
					[IDENTIFIER] = line->identifier,
					[NAME] = line->name}};
	if (is_own)
		cells->texts[LINE] = put_number(cells->numbers[0], (int64_t)row->row);
	cells->texts[ITEMS] = put_number(cells->numbers[1], (int64_t)line->items);
	if (listing->list->has_units)
		cells->texts[UNITS] = put_number(cells->numbers[2], line->units);
}

static void append_record(struct buffer *to, const struct cells *cells)
{
	stream_begin_record(to, &stream_model_identifier);
	for (int i = 0; i < CELLS; i++) {
		const struct stream_field *field = &stream_model_identifier.fields[i];
		if (field->type == FIELD_INTEGER && cells->texts[i])
			json_member_raw(to, field->name, cells->texts[i], strlen(cells->texts[i]));
		else
			json_member_text(to, field->name, cells->texts[i]);
	}
	stream_end_record(to, NULL, 0);
}

/* For people, as the report's CSV is: texts that a spreadsheet would run are guarded. */
static void append_csv(struct buffer *to, const char *const texts[])
{
	for (int i = 0; i < CELLS; i++) {
		if (texts[i])
			csv_write_cell(to, texts[i], strlen(texts[i]), true);
		csv_write_end(to, i + 1 == CELLS);
	}
}

static void print_records(const struct listing *listing, bool is_csv, struct output *output)
{
	const char *names[CELLS];
	struct cells cells;
	for (int i = 0; i < CELLS; i++)
		names[i] = stream_model_identifier.fields[i].name;
	if (is_csv)
		append_csv(&output->pending, names);
	else
		stream_append_schema(&output->pending, &stream_model_identifier);
	for (size_t i = 0; i < listing->count; i++) {
		fill(&cells, listing, &listing->lines[i]);
		if (is_csv)
			append_csv(&output->pending, cells.texts);
		else
			append_record(&output->pending, &cells);
		output_line_end(output);
	}
}

/* What remains to be done. */
static void append_next(struct buffer *text, const struct listing *listing)
{
	size_t automatic = 0, unrecognized = 0;
	int64_t units = 0, without_item = 0;
	for (size_t i = 0; i < listing->count; i++) {
		const struct listed *line = &listing->lines[i];
		automatic += line->row && line->row->is_automatic;
		if (!line->row && *line->identifier == '(') {
			without_item = line->units;
		} else if (!line->row) {
			unrecognized++;
			units += line->units;
		}
	}
	if (listing->count)
		buffer_append_byte(text, '\n');
	if (automatic)
		buffer_append_string(text,
			"Automatic models own nothing until licence/entitlements.csv has rows for them, by these names. A row in "
			"licence/models.csv overrides an automatic one.\n");
	if (unrecognized)
		buffer_append_format(text,
			"%zu plan item%s with %" PRId64 " units %s in no software model: envtally models suggest prints rows "
			"for licence/models.csv, to be completed.\n",
			unrecognized, phrase_plural(unrecognized), units, unrecognized == 1 ? "is" : "are");
	if (without_item)
		buffer_append_format(text, "%" PRId64 " units have no plan item, so there is nothing to map.\n", without_item);
	if (!listing->list->items.count)
		buffer_append_string(text, "No plan items are known yet: envtally run fetches them.\n");
}

static int print_table(const struct listing *listing, struct output *output, struct error *error)
{
	static const struct text_column columns[] = {{"software model", false, true}, {"metric", false, false}, {"origin", false, true},
		{"identifier type", false, true}, {"identifier", false, true}, {"plan item", false, true}, {"plan\nitems", true, false},
		{"units", true, false}};
	static const int shown[] = {MODEL, METRIC, ORIGIN, TYPE, IDENTIFIER, NAME, ITEMS, UNITS};
	struct text_table table;
	struct text_page page;
	struct cells cells;
	char origin[40];
	text_page_open(&page, output->descriptor);
	text_table_open(&table, columns, sizeof columns / sizeof *columns);
	for (size_t i = 0; i < listing->count; i++) {
		fill(&cells, listing, &listing->lines[i]);
		if (cells.texts[LINE]) {
			snprintf(origin, sizeof origin, "models.csv line %s", cells.texts[LINE]);
			cells.texts[ORIGIN] = origin;
		}
		if (!cells.texts[MODEL])
			cells.texts[MODEL] = "(none)";
		for (size_t k = 0; k < sizeof shown / sizeof *shown; k++)
			text_table_text(&table, listing->lines[i].row ? TEXT_PLAIN : TEXT_BAD, cells.texts[shown[k]]);
	}
	int result = listing->count ? text_table_print(&table, &page, &output->pending, error) : 0;
	text_table_release(&table);
	size_t prose = output->pending.length;
	append_next(&output->pending, listing);
	text_wrap(&output->pending, &page, prose);
	return result;
}

int model_list_print(const struct model_list *list, const struct models *models, enum model_list_format format, struct output *output,
	struct error *error)
{
	struct listing listing = {.list = list, .models = models};
	int result = build(&listing, error);
	if (result == 0 && format == MODEL_LIST_TABLE)
		result = print_table(&listing, output, error);
	else if (result == 0)
		print_records(&listing, format == MODEL_LIST_CSV, output);
	free(listing.lines);
	return result;
}
