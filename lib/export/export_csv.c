#include "export/export_csv.h"

#include "io/csv_write.h"

int export_csv_open(struct export_csv *csv, const struct stream *stream, bool is_guarded, struct error *error)
{
	const struct stream *const list[] = {stream, NULL};
	*csv = (struct export_csv){.stream = stream, .is_guarded = is_guarded};
	if (record_fields_build(&csv->fields, list, error) < 0)
		return -1;
	csv->scanner = json_scanner_new(csv->fields.pointers, csv->fields.count, error);
	return csv->scanner ? 0 : -1;
}

void export_csv_release(struct export_csv *csv)
{
	json_scanner_free(csv->scanner);
	csv->scanner = NULL;
}

static void append_cell(struct buffer *row, const struct json_slice *cell, bool is_guarded)
{
	if (cell->kind == JSON_TRUE || cell->kind == JSON_FALSE)
		buffer_append_string(row, cell->kind == JSON_TRUE ? "true" : "false");
	else if (cell->kind != JSON_ABSENT && cell->kind != JSON_NULL)
		csv_write_cell(row, cell->text, cell->length, is_guarded && cell->kind == JSON_STRING);
}

void export_csv_append_header(const struct export_csv *csv, struct buffer *row)
{
	for (size_t column = 0; csv->stream->fields[column].name; column++) {
		buffer_append_string(row, csv->stream->fields[column].name);
		csv_write_end(row, !csv->stream->fields[column + 1].name);
	}
}

int export_csv_append(struct export_csv *csv, const struct buffer *record, struct buffer *row, struct error *error)
{
	struct json_slice cells[RECORD_FIELD_LIMIT];
	if (json_scan(csv->scanner, record->data, record->length, cells, error) < 0)
		return error_prefix(error, "cannot read a stored %s", csv->stream->name);
	for (size_t column = 0; column < csv->fields.count; column++) {
		append_cell(row, &cells[column], csv->is_guarded);
		csv_write_end(row, !csv->stream->fields[column + 1].name);
	}
	return buffer_check(row, error);
}
