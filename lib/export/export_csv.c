#include "export/export_csv.h"

#include "base/instant.h"
#include "io/csv_write.h"

#include <string.h>

int export_csv_open(struct export_csv *csv, const struct stream *stream, bool for_sheets, struct error *error)
{
	const struct stream *const list[] = {stream, NULL};
	*csv = (struct export_csv){.stream = stream, .for_sheets = for_sheets};
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

/* JSON without its marks: members and elements with "; " between them, those within these with ", ". */
static void append_list(struct buffer *list, const char *at, size_t length)
{
	int depth = 0;
	bool is_text = false;
	for (size_t i = 0; i < length; i++) {
		char byte = at[i];
		if (is_text && byte == '\\' && i + 1 < length) {
			byte = at[++i];
			buffer_append_byte(list, strchr("nrtbf", byte) ? ' ' : byte);
		} else if (byte == '"')
			is_text = !is_text;
		else if (is_text || !strchr("{}[],: ", byte))
			buffer_append_byte(list, byte);
		else if (byte == ',')
			buffer_append_string(list, depth == 1 ? "; " : ", ");
		else if (byte == ':')
			buffer_append_string(list, ": ");
		depth += !is_text && (byte == '{' || byte == '[');
		depth -= !is_text && (byte == '}' || byte == ']');
	}
}

static void append_cell(struct export_csv *csv, struct buffer *row, const struct json_slice *cell)
{
	bool is_list = csv->for_sheets && (cell->kind == JSON_OBJECT || cell->kind == JSON_ARRAY);
	struct buffer list = BUFFER_INIT;
	if (is_list)
		append_list(&list, cell->text, cell->length);
	if (cell->kind == JSON_TRUE || cell->kind == JSON_FALSE)
		buffer_append_string(row, cell->kind == JSON_TRUE ? "true" : "false");
	else if (is_list ? list.length > 0 : cell->kind != JSON_ABSENT && cell->kind != JSON_NULL)
		csv_write_cell(row, is_list ? list.data : cell->text, is_list ? list.length : cell->length,
			csv->for_sheets && (is_list || cell->kind == JSON_STRING));
	row->failed |= list.failed;
	buffer_release(&list);
}

/* A period ends before its period_end, which spreadsheets take for its last day. */
static bool has_last_day(const struct export_csv *csv, size_t column)
{
	const char *name = csv->stream->fields[column].name;
	return csv->for_sheets && name && strcmp(name, "period_end") == 0;
}

static void append_last_day(struct buffer *row, const struct json_slice *end)
{
	int64_t instant;
	char day[DAY_LENGTH];
	if (end->kind != JSON_STRING || instant_parse(end->text, end->length, &instant) < 0 || instant <= INSTANT_FIRST)
		return;
	day_format(instant_day(instant - 1), day);
	buffer_append(row, day, sizeof day);
}

void export_csv_append_header(const struct export_csv *csv, struct buffer *row)
{
	for (size_t column = 0; csv->stream->fields[column].name; column++) {
		buffer_append_string(row, csv->stream->fields[column].name);
		buffer_append_string(row, has_last_day(csv, column) ? ",period_last_day" : "");
		csv_write_end(row, !csv->stream->fields[column + 1].name);
	}
}

int export_csv_append(struct export_csv *csv, const struct buffer *record, struct buffer *row, struct error *error)
{
	struct json_slice cells[RECORD_FIELD_LIMIT];
	if (json_scan(csv->scanner, record->data, record->length, cells, error) < 0)
		return error_prefix(error, "cannot read a stored %s", csv->stream->name);
	for (size_t column = 0; column < csv->fields.count; column++) {
		append_cell(csv, row, &cells[column]);
		if (has_last_day(csv, column)) {
			csv_write_end(row, false);
			append_last_day(row, &cells[column]);
		}
		csv_write_end(row, !csv->stream->fields[column + 1].name);
	}
	return buffer_check(row, error);
}
