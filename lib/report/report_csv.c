#include "report/report_csv.h"

#include <csv.h>
#include <string.h>

#define COLUMNS stream_metric_result.fields

static void append_field(struct buffer *row, const char *text, bool is_text)
{
	struct buffer guarded = BUFFER_INIT;
	if (is_text && *text && strchr("=+-@\t\r", *text))
		buffer_append_byte(&guarded, '\'');
	buffer_append_string(&guarded, text);
	bool quoted = strpbrk(guarded.data, ",\"\r\n") || *text == ' ' || (*text && text[strlen(text) - 1] == ' ');
	size_t size = quoted ? csv_write(NULL, 0, guarded.data, guarded.length) : guarded.length;
	char *end = buffer_reserve(row, size);
	if (end && quoted)
		csv_write(end, size, guarded.data, guarded.length);
	else if (end)
		memcpy(end, guarded.data, size);
	if (end)
		row->length += size;
	row->failed |= guarded.failed;
	buffer_release(&guarded);
}

static void end_field(struct buffer *row, size_t column)
{
	buffer_append_string(row, COLUMNS[column + 1].name ? "," : "\r\n");
}

int report_csv_print(const struct report *report, struct output *output, struct error *error)
{
	struct buffer *row = &output->pending;
	for (size_t column = 0; COLUMNS[column].name; column++) {
		buffer_append_string(row, COLUMNS[column].name);
		end_field(row, column);
	}
	for (size_t i = 0; i < report->metric_count && !output_failed(output); i++) {
		for (size_t column = 0; COLUMNS[column].name; column++) {
			const char *text = report->metrics[i].texts[column];
			append_field(row, text ? text : "", COLUMNS[column].type == FIELD_TEXT);
			end_field(row, column);
		}
		output_line_end(output);
	}
	return buffer_check(row, error);
}
