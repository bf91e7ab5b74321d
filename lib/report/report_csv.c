#include "report/report_csv.h"

#include "io/csv_write.h"

#include <string.h>

#define COLUMNS stream_metric_result.fields

int report_csv_print(const struct report *report, struct output *output, struct error *error)
{
	struct buffer *line = &output->pending;
	for (size_t column = 0; COLUMNS[column].name; column++) {
		buffer_append_string(line, COLUMNS[column].name);
		csv_write_end(line, !COLUMNS[column + 1].name);
	}
	for (size_t i = 0; i < report->metrics.count && !output_failed(output); i++) {
		const struct report_row *metric = report_row_at(&report->metrics, i);
		for (size_t column = 0; COLUMNS[column].name; column++) {
			const char *text = metric->texts[column];
			if (text && *text)
				csv_write_cell(line, text, strlen(text), !report->has_plain_cells);
			csv_write_end(line, !COLUMNS[column + 1].name);
		}
		output_line_end(output);
	}
	return buffer_check(line, error);
}
