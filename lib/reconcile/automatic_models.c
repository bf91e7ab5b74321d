#include "reconcile/automatic_models.h"

#include "base/glob.h"
#include "base/utf8.h"
#include "io/csv_text.h"
#include "io/csv_write.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define METRIC "Envelope"
#define NEW_FILE "publisher,product,version,edition,software_model,license_metric,unit,identifier_type,identifier,origin\n"

/* The table of known plan items: products by a word of the name. Of several the first counts. */
static const char *const products[] = {"CLM", "Monitor", "Notary", "Rooms", "Identify", "Navigator", "Maestro", "eSignature", NULL};

/* Is it a word of the text? In any case, and without letters or digits of ASCII beside it. */
static bool has_word(const char *text, size_t length, const char *word)
{
	size_t size = strlen(word);
	for (size_t i = 0; i + size <= length; i++)
		if (strncasecmp(text + i, word, size) == 0 && (i == 0 || !isalnum((unsigned char)text[i - 1])) &&
			(i + size == length || !isalnum((unsigned char)text[i + size])))
			return true;
	return false;
}

static const char *product_of(const char *name, size_t length)
{
	for (const char *const *product = products; *product; product++)
		if (has_word(name, length, *product))
			return *product;
	return NULL;
}

/* The columns of the file that rows are appended to. */
struct layout {
	char names[CSV_COLUMN_LIMIT][20];
	size_t count; /* 0 before the header was read */
	bool lacks_origin; /* so it is added as the last one */
	char separator;
};

/* Strips blanks, and the quotes of a cell. */
static void strip(const char **text, size_t *length)
{
	utf8_trim(text, length);
	while (*length && (**text == '"' || (*text)[*length - 1] == '"')) {
		size_t first = **text == '"';
		*text += first;
		*length -= first + (*length > first && (*text)[*length - first - 1] == '"');
		utf8_trim(text, length);
	}
}

/* Names of columns hold neither commas nor quotes, or models_load() would have refused them. */
static void read_header(struct layout *layout, const char *row, size_t length)
{
	const char *end = row + length;
	layout->lacks_origin = true;
	while (row <= end && layout->count < CSV_COLUMN_LIMIT - 1) {
		const char *comma = memchr(row, layout->separator, (size_t)(end - row)), *name = row;
		size_t name_length = (size_t)((comma ? comma : end) - row);
		strip(&name, &name_length);
		char *copy = layout->names[layout->count++];
		snprintf(copy, sizeof layout->names[0], "%.*s", (int)name_length, name);
		layout->lacks_origin &= strcmp(copy, "origin") != 0;
		row = comma ? comma + 1 : end + 1;
	}
	if (layout->lacks_origin)
		strcpy(layout->names[layout->count++], "origin");
}

static void append_row(struct buffer *text, struct layout *layout, const char *row, size_t length)
{
	const char *content = row;
	size_t content_length = length;
	bool is_header = !layout->count;
	buffer_append(text, row, length);
	strip(&content, &content_length);
	if (!content_length || (is_header && (*content == '#' || csv_text_is_separator_line(content, content_length))))
		return; /* blank, a comment, or Excel's first line */
	if (is_header)
		read_header(layout, row, length);
	if (layout->lacks_origin) {
		buffer_append_byte(text, layout->separator);
		buffer_append_string(text, is_header ? "origin" : "");
	}
}

/* The file, row by row. Its quotes are balanced, or models_load() would have refused it. */
static void append_file(struct buffer *text, struct layout *layout, const char *at, size_t length)
{
	const char *end = at + length;
	while (at < end) {
		const char *row = at;
		for (bool quoted = false; at < end && (quoted || (*at != '\n' && *at != '\r')); at++)
			quoted ^= *at == '"';
		append_row(text, layout, row, (size_t)(at - row));
		for (; at < end && (*at == '\n' || *at == '\r'); at++)
			buffer_append_byte(text, *at);
	}
	if (text->length && text->data[text->length - 1] != '\n')
		buffer_append_byte(text, '\n');
}

/* One software model has one publisher, product and unit: those that rows give to a model of that name, where there is one. */
static void append_item(struct buffer *text, const struct layout *layout, const struct models *models, const char *id, const char *name,
	const char *product, struct error *error)
{
	struct buffer pattern = BUFFER_INIT;
	const struct name *model = name_table_find(&models->model_names, name, strlen(name));
	const struct metric *of_model = model ? &models->metrics[models->first_metric_of_model[model - models->model_names.names]] : NULL;
	ptrdiff_t metric = models_find_metric(models, name, METRIC);
	glob_append_escaped(&pattern, id);
	const char *const cells[][2] = {{"publisher", of_model ? of_model->publisher : "Docusign"},
		{"product", of_model ? of_model->product : product}, {"software_model", name}, {"license_metric", METRIC},
		{"unit", metric >= 0 ? models->metrics[metric].unit : "envelope"}, {"identifier_type", "plan_item_id"},
		{"identifier", pattern.data}, {"origin", "automatic"}};
	for (size_t i = 0; i < layout->count; i++) {
		for (size_t k = 0; k < sizeof cells / sizeof *cells; k++)
			if (strcmp(layout->names[i], cells[k][0]) == 0)
				csv_write_cell(text, cells[k][1], strlen(cells[k][1]), false);
		buffer_append_byte(text, i + 1 < layout->count ? layout->separator : '\n');
	}
	buffer_check(&pattern, error);
	buffer_release(&pattern);
}

static void append_items(
	struct buffer *text, const struct layout *layout, const struct plan_items *items, const struct models *models, struct error *error)
{
	struct buffer name = BUFFER_INIT;
	for (size_t item = 0; item < items->count && !error->status; item++) {
		const char *id = items->ids.names[item].text, *given = items->list[item].plan_item_name;
		size_t length = given ? strlen(given) : 0;
		if (given)
			utf8_trim(&given, &length);
		const char *product = length ? product_of(given, length) : NULL;
		if (!*id || !length || (models->count && !product) || plan_item_row(items, models, item))
			continue;
		buffer_reset(&name);
		buffer_append(&name, given, length);
		if (buffer_check(&name, error) == 0)
			append_item(text, layout, models, id, name.data, product ? product : "eSignature", error);
	}
	buffer_release(&name);
}

int automatic_models_complete(
	const struct plan_items *items, const struct models *models, const char *path, struct buffer *text, struct error *error)
{
	struct buffer own = BUFFER_INIT, rows = BUFFER_INIT;
	struct csv_text file = {.text = BUFFER_INIT, .separator = ','};
	struct layout layout = {.count = 0};
	int result = 0;
	if (path)
		result = csv_text_read(&file, path, error);
	else
		buffer_append_string(&file.text, NEW_FILE);
	layout.separator = file.separator;
	append_file(&own, &layout, file.text.data, file.text.length);
	append_items(&rows, &layout, items, models, error);
	if (result == 0 && !error->status && path && !rows.length) /* as it is */
		result = buffer_append_file(text, path, CSV_TEXT_LIMIT, error);
	else {
		buffer_append(text, own.data, own.length);
		buffer_append(text, rows.data, rows.length);
	}
	buffer_release(&own);
	buffer_release(&rows);
	csv_text_release(&file);
	return result < 0 || error->status ? -1 : buffer_check(text, error);
}
