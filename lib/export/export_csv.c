#include "export/export_csv.h"

#include <csv.h>
#include <string.h>

int export_csv_open(struct export_csv *csv, const struct stream *stream, struct error *error)
{
	const struct stream *const list[] = {stream, NULL};
	*csv = (struct export_csv){.stream = stream};
	if (field_union_build(&csv->fields, list, error) < 0)
		return -1;
	csv->scanner = json_scanner_new(csv->fields.pointers, csv->fields.count, error);
	return csv->scanner ? 0 : -1;
}

void export_csv_release(struct export_csv *csv)
{
	json_scanner_free(csv->scanner);
	csv->scanner = NULL;
}

static void end_cell(const struct export_csv *csv, size_t column, struct buffer *row)
{
	buffer_append_string(row, csv->stream->fields[column + 1].name ? "," : "\r\n");
}

static bool needs_quotes(const char *text, size_t length)
{
	if (length == 0 || text[0] == ' ' || text[length - 1] == ' ')
		return true;
	for (size_t i = 0; i < length; i++)
		if (text[i] == ',' || text[i] == '"' || text[i] == '\r' || text[i] == '\n')
			return true;
	return false;
}

static void append_cell(struct buffer *row, const struct json_slice *cell)
{
	if (cell->kind == JSON_ABSENT || cell->kind == JSON_NULL)
		return;
	if (cell->kind == JSON_TRUE || cell->kind == JSON_FALSE) {
		buffer_append_string(row, cell->kind == JSON_TRUE ? "true" : "false");
		return;
	}
	if (!needs_quotes(cell->text, cell->length)) {
		buffer_append(row, cell->text, cell->length);
		return;
	}
	size_t size = csv_write(NULL, 0, cell->text, cell->length);
	char *end = buffer_reserve(row, size);
	if (!end)
		return;
	csv_write(end, size, cell->text, cell->length);
	row->length += size;
}

void export_csv_append_header(const struct export_csv *csv, struct buffer *row)
{
	for (size_t column = 0; csv->stream->fields[column].name; column++) {
		buffer_append_string(row, csv->stream->fields[column].name);
		end_cell(csv, column, row);
	}
}

int export_csv_append(struct export_csv *csv, const struct buffer *record, struct buffer *row, struct error *error)
{
	struct json_slice cells[FIELD_UNION_LIMIT];
	if (json_scan(csv->scanner, record->data, record->length, cells, error) < 0)
		return error_prefix(error, "cannot read a stored %s", csv->stream->name);
	for (size_t column = 0; column < csv->fields.count; column++) {
		append_cell(row, &cells[column]);
		end_cell(csv, column, row);
	}
	return buffer_check(row, error);
}
