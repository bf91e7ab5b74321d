#include "reconcile/subscription_models.h"

#include "base/array.h"
#include "json/json_write.h"

#include <stdlib.h>
#include <string.h>

struct held_line {
	uint32_t item;
	size_t start, end; /* in `lines` */
	size_t value, value_end; /* the JSON of its software_model; both are the end of the record where it has none */
};

/* Where a member of a record is. */
struct search {
	const char *text;
	size_t length;
};

static int find_member(void *context, const char *key, size_t key_length, const char *text, size_t length)
{
	struct search *search = context;
	if (key_length == strlen("software_model") && memcmp(key, "software_model", key_length) == 0)
		*search = (struct search){text, length};
	return 0;
}

int subscription_models_hold(struct subscription_models *held, uint32_t item, const struct message *message, struct error *error)
{
	const struct line *line = &message->line;
	struct search search = {.text = message->record.text + message->record.length - 1};
	if (!held->scanner && !(held->scanner = json_scanner_new(NULL, 0, error)))
		return -1;
	if (item != RECORD_NO_NAME && json_scan_members(held->scanner, &message->record, find_member, &search, error) < 0)
		return -1;
	struct held_line *new = array_grow((void **)&held->list, &held->count, sizeof *new, error);
	if (!new)
		return -1;
	*new = (struct held_line){.item = item, .start = held->lines.length, .end = held->lines.length + line->length};
	/* The scanner may have read a mended copy of a line with half a surrogate pair: it stays as it is. */
	if (search.text < line->text || search.text + search.length > line->text + line->length)
		new->item = RECORD_NO_NAME;
	else
		new->value = new->start + (size_t)(search.text - line->text);
	new->value_end = new->value + search.length;
	buffer_append(&held->lines, line->text, line->length);
	return buffer_check(&held->lines, error);
}

static void print(const char *lines, const struct held_line *line, const struct buffer *value, struct output *output)
{
	size_t length = line->value_end - line->value;
	bool is_absent = !length, is_same = length == value->length && memcmp(lines + line->value, value->data, length) == 0;
	if (line->item == RECORD_NO_NAME || is_same || (is_absent && strcmp(value->data, "null") == 0)) {
		output_line(output, lines + line->start, line->end - line->start);
		return;
	}
	struct buffer *to = &output->pending;
	buffer_append(to, lines + line->start, line->value - line->start);
	if (is_absent)
		buffer_append_string(to, ",\"software_model\":"); /* a record with a plan item has a member before it */
	buffer_append(to, value->data, value->length);
	buffer_append(to, lines + line->value_end, line->end - line->value_end);
	buffer_append_byte(to, '\n');
	output_line_end(output);
}

/* The JSON of the item's software model. Each item is looked up once: `rows` are those of the items, NULL before. */
static void put_model(struct buffer *value, const struct plan_items *items, const struct models *models, uint32_t item,
	const struct model_identifier *rows[])
{
	static const struct model_identifier none;
	if (!rows[item]) {
		const struct model_identifier *row = plan_item_row(items, models, item);
		rows[item] = row ? row : &none;
	}
	buffer_reset(value);
	json_c_string(value, rows[item] == &none ? NULL : models->metrics[rows[item]->metric].software_model);
	json_finish(value);
}

int subscription_models_flush(struct subscription_models *held, const struct plan_items *items, const struct models *models,
	struct output *output, struct error *error)
{
	struct buffer value = BUFFER_INIT;
	if (!held->count)
		return 0;
	const struct model_identifier **rows = calloc(items->count + 1, sizeof *rows);
	int result = rows ? 0 : error_set(error, EX_OSERR, "out of memory");
	for (size_t i = 0; i < held->count && result == 0; i++) {
		if (held->list[i].item != RECORD_NO_NAME)
			put_model(&value, items, models, held->list[i].item, rows);
		result = buffer_check(&value, error);
		if (result == 0)
			print(held->lines.data, &held->list[i], &value, output);
	}
	free(rows);
	buffer_release(&value);
	buffer_reset(&held->lines);
	free(held->list);
	held->list = NULL;
	held->count = 0;
	return result;
}

void subscription_models_release(struct subscription_models *held)
{
	json_scanner_free(held->scanner);
	buffer_release(&held->lines);
	free(held->list);
}
