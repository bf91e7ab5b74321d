#include "io/csv_table.h"

#include "base/buffer.h"
#include "base/utf8.h"

#include <csv.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_LIMIT ((size_t)64 << 20)

/* The row being read. */
struct reading {
	struct csv_table *table;
	struct buffer text; /* the cells, each ended by a 0 */
	size_t offsets[CSV_COLUMN_LIMIT]; /* of the file's cells in text */
	size_t cells; /* in this row so far */
	int columns[CSV_COLUMN_LIMIT]; /* of the file: index in table->columns, or -1 */
	size_t width; /* columns of the header; 0 before it was read */
	bool header_is_wrong; /* then rows are ignored: their mistakes would only repeat it */
	size_t newlines; /* within quoted cells of this row, seen so far */
	size_t next_line;
	int result;
	struct error *error;
};

static void complain(struct csv_table *table, const char *text)
{
	table->complaints++;
	table->complain(text);
}

void csv_table_complain(struct csv_table *table, const char *column, const char *format, ...)
{
	char text[700], message[1000];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	snprintf(message, sizeof message, "cannot read '%s' line %zu: column \"%s\": %s", table->path, table->line, column, text);
	complain(table, message);
}

static void append_cell(void *bytes, size_t length, void *context)
{
	struct reading *reading = context;
	const char *at = bytes;
	for (const char *byte = at; byte < at + length; byte++)
		reading->newlines += *byte == '\n';
	utf8_trim(&at, &length);
	if (reading->cells < CSV_COLUMN_LIMIT) {
		reading->offsets[reading->cells] = reading->text.length;
		buffer_append(&reading->text, at, length);
		buffer_append_byte(&reading->text, 0);
	}
	reading->cells++;
}

static void read_header(struct reading *reading)
{
	struct csv_table *table = reading->table;
	bool found[CSV_COLUMN_LIMIT] = {false};
	reading->width = reading->cells < CSV_COLUMN_LIMIT ? reading->cells : CSV_COLUMN_LIMIT;
	for (size_t i = 0; i < reading->width; i++) {
		const char *name = reading->text.data + reading->offsets[i];
		reading->columns[i] = -1;
		for (int j = 0; table->columns[j].name; j++)
			if (strcmp(table->columns[j].name, name) == 0)
				reading->columns[i] = j;
		if (reading->columns[i] < 0)
			csv_table_complain(table, name, "this is not a column of this file");
		else if (found[reading->columns[i]])
			csv_table_complain(table, name, "it is in the header twice");
		else
			found[reading->columns[i]] = true;
	}
	for (int j = 0; table->columns[j].name; j++)
		if (table->columns[j].required && !found[j])
			csv_table_complain(table, table->columns[j].name, "it is missing in the header");
}

static void read_row(int terminator, void *context)
{
	struct reading *reading = context;
	struct csv_table *table = reading->table;
	/* CSV_REPALL_NL also reports blank lines and the \n after a \r, so lines are counted by their \n. */
	table->line = reading->next_line;
	reading->next_line += (terminator == '\n') + reading->newlines;
	bool is_comment = !reading->width && reading->cells > 0 && !reading->text.failed && reading->text.data[0] == '#';
	bool skip = reading->header_is_wrong || reading->cells == 0 || (reading->cells == 1 && !reading->text.data[0]) || is_comment;
	if (reading->result == 0 && !skip && buffer_check(&reading->text, reading->error) < 0)
		reading->result = -1;
	if (reading->result == 0 && !skip && !reading->width) {
		read_header(reading);
		reading->header_is_wrong = table->complaints > 0;
	} else if (reading->result == 0 && !skip && reading->cells != reading->width) {
		char message[600];
		snprintf(message, sizeof message, "cannot read '%s' line %zu: it has %zu cells, the header has %zu", table->path,
			table->line, reading->cells, reading->width);
		complain(table, message);
	} else if (reading->result == 0 && !skip) {
		static char empty[1];
		char *cells[CSV_COLUMN_LIMIT];
		for (size_t i = 0; i < CSV_COLUMN_LIMIT; i++)
			cells[i] = empty;
		for (size_t i = 0; i < reading->width; i++)
			if (reading->columns[i] >= 0)
				cells[reading->columns[i]] = reading->text.data + reading->offsets[i];
		reading->result = table->row(table, cells, reading->error);
	}
	reading->cells = reading->newlines = 0;
	buffer_reset(&reading->text);
}

/* Checks that hold for any text file. */
static void check_text(struct csv_table *table, const struct buffer *file)
{
	const char *at = file->data, *end = at + file->length;
	for (table->line = 1; at < end; table->line++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t length = (size_t)((newline ? newline : end) - at);
		const char *what = memchr(at, 0, length) ? "a NUL byte" : utf8_prefix(at, length) < length ? "not UTF-8" : NULL;
		char message[600];
		if (what) {
			snprintf(message, sizeof message, "cannot read '%s' line %zu: %s", table->path, table->line, what);
			complain(table, message);
		}
		at += length + 1;
	}
}

int csv_table_read(struct csv_table *table, struct error *error)
{
	struct buffer file = BUFFER_INIT;
	struct csv_parser parser;
	struct reading reading = {.table = table, .text = BUFFER_INIT, .next_line = 1, .error = error};
	if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL) != 0)
		return error_set(error, EX_OSERR, "out of memory");
	int result = buffer_append_file(&file, table->path, FILE_LIMIT, error);
	if (result == 0)
		check_text(table, &file);
	table->line = 1;
	size_t skip = file.length >= 3 && memcmp(file.data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	if (result == 0 &&
		(csv_parse(&parser, file.data + skip, file.length - skip, append_cell, read_row, &reading) != file.length - skip ||
			csv_fini(&parser, append_cell, read_row, &reading) != 0))
		result = error_set(error, EX_DATAERR, "cannot read '%s' line %zu: %s", table->path, reading.next_line,
			csv_error(&parser) == CSV_EPARSE
				? "a quote is alone: a cell with a quote, a comma or a line break must be in quotes, with "
				  "its own quotes doubled"
				: csv_strerror(csv_error(&parser)));
	if (result == 0)
		result = reading.result;
	if (result == 0 && table->end && reading.width && !reading.header_is_wrong)
		result = table->end(table, error);
	if (result == 0 && !reading.width)
		result = error_set(error, EX_DATAERR, "cannot read '%s': it is empty, its first line must name the columns", table->path);
	if (result == 0 && table->complaints)
		result = error_set(error, EX_DATAERR, "cannot use '%s': %zu mistake%s", table->path, table->complaints,
			table->complaints == 1 ? "" : "s");
	csv_free(&parser);
	buffer_release(&reading.text);
	buffer_release(&file);
	return result;
}
