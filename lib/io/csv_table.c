#include "io/csv_table.h"

#include "base/buffer.h"
#include "base/near_miss.h"
#include "base/utf8.h"
#include "io/csv_text.h"

#include <csv.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TITLES 3 /* rows above a header at most */

/* The row being read. */
struct reading {
	struct csv_table *table;
	struct buffer text; /* the cells, each ended by a 0 */
	size_t offsets[CSV_COLUMN_LIMIT]; /* of the file's cells in text */
	size_t cells, filled, texts; /* in this row so far; up to the last one that is not empty; how many are not */
	size_t titles; /* above the header */
	int columns[CSV_COLUMN_LIMIT]; /* of the file: index in table->columns, or -1 */
	bool is_named[CSV_COLUMN_LIMIT];
	size_t width; /* columns of the header, up to the last one with a name; 0 before it was read */
	size_t newlines; /* within quoted cells of this row, seen so far */
	size_t next_line;
	int result;
	struct error *error;
};

static void complain(struct csv_table *table, const char *column, const char *format, va_list arguments)
{
	char text[700], message[1000];
	vsnprintf(text, sizeof text, format, arguments);
	if (column)
		snprintf(message, sizeof message, "cannot read '%s' line %zu: column \"%s\": %s", table->path, table->line, column, text);
	else
		snprintf(message, sizeof message, "cannot read '%s' line %zu: %s", table->path, table->line, text);
	if (table->complaints++ < CSV_COMPLAINTS_SHOWN)
		table->complain(message, true);
}

void csv_table_complain(struct csv_table *table, const char *column, const char *format, ...)
{
	for (int i = 0; table->is_header_wrong && table->columns[i].name; i++)
		if (!table->has[i] && strcmp(table->columns[i].name, column) == 0)
			return;
	va_list arguments;
	va_start(arguments, format);
	complain(table, column, format, arguments);
	va_end(arguments);
}

void csv_table_complain_of_row(struct csv_table *table, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	complain(table, NULL, format, arguments);
	va_end(arguments);
}

void csv_table_note(struct csv_table *table, const char *text)
{
	char message[1000];
	/* It may be a copy: a person knows it by its name. */
	const char *folder = strrchr(table->path, '/');
	snprintf(message, sizeof message, "'%s' line %zu: %s", folder ? folder + 1 : table->path, table->line, text);
	table->complain(message, false);
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
	if (length) {
		reading->filled = reading->cells;
		reading->texts++;
	}
}

/* A title above the table: alone in its row, and not the name of a column, nor nearly. */
static bool is_title(const struct reading *reading)
{
	if (reading->texts != 1 || reading->filled > CSV_COLUMN_LIMIT || reading->titles == TITLES)
		return false;
	const char *text = reading->text.data + reading->offsets[reading->filled - 1];
	struct near_miss search = {.wanted = text};
	bool is_column = false;
	for (size_t i = 0; reading->table->columns[i].name; i++) {
		is_column |= strcmp(reading->table->columns[i].name, text) == 0;
		near_miss_try(&search, reading->table->columns[i].name);
	}
	return !is_column && !search.nearest;
}

static void complain_of_column(struct csv_table *table, const char *name)
{
	struct near_miss search = {.wanted = name};
	for (size_t i = 0; table->columns[i].name; i++)
		near_miss_try(&search, table->columns[i].name);
	csv_table_complain(table, name,
		search.nearest ? "this is not a column of this file; did you mean \"%s\"?" : "this is not a column of this file",
		search.nearest);
}

static void read_header(struct reading *reading)
{
	struct csv_table *table = reading->table;
	size_t before = table->complaints;
	reading->width = reading->filled < CSV_COLUMN_LIMIT ? reading->filled : CSV_COLUMN_LIMIT;
	if (reading->filled > CSV_COLUMN_LIMIT)
		csv_table_complain_of_row(table, "it names %zu columns; a file has at most %d", reading->filled, CSV_COLUMN_LIMIT);
	for (size_t i = 0; i < reading->width; i++) {
		const char *name = reading->text.data + reading->offsets[i];
		reading->columns[i] = -1;
		reading->is_named[i] = *name;
		for (int j = 0; table->columns[j].name; j++)
			if (strcmp(table->columns[j].name, name) == 0)
				reading->columns[i] = j;
		if (!*name)
			continue;
		if (reading->columns[i] < 0)
			complain_of_column(table, name);
		else if (table->has[reading->columns[i]])
			csv_table_complain(table, name, "it is in the header twice");
		else
			table->has[reading->columns[i]] = true;
	}
	for (int j = 0; table->columns[j].name; j++)
		if (table->columns[j].required && !table->has[j])
			csv_table_complain(table, table->columns[j].name, "it is missing in the header");
	table->is_header_wrong = table->complaints > before;
}

static void read_cells(struct reading *reading)
{
	struct csv_table *table = reading->table;
	static char empty[1];
	char *cells[CSV_COLUMN_LIMIT];
	if (reading->filled > reading->width) {
		csv_table_complain_of_row(table, "it has %zu cells, the header has %zu", reading->filled, reading->width);
		return;
	}
	table->cells = reading->cells < reading->width ? reading->cells : reading->width;
	table->width = reading->width;
	for (size_t i = 0; i < CSV_COLUMN_LIMIT; i++)
		cells[i] = empty;
	for (size_t i = 0; i < table->cells; i++) {
		char *cell = reading->text.data + reading->offsets[i];
		if (reading->columns[i] >= 0)
			cells[reading->columns[i]] = cell;
		else if (!reading->is_named[i] && *cell)
			csv_table_complain_of_row(table, "cell %zu, '%s', has no name in the header", i + 1, cell);
	}
	reading->result = table->row(table, cells, reading->error);
}

static void read_row(int terminator, void *context)
{
	struct reading *reading = context;
	struct csv_table *table = reading->table;
	/* CSV_REPALL_NL also reports blank lines and the \n after a \r, so lines are counted by their \n. */
	table->line = reading->next_line;
	reading->next_line += (terminator == '\n') + reading->newlines;
	const char *first = reading->text.data;
	bool is_above = !reading->width && (*first == '#' || csv_text_is_separator_line(first, strlen(first)));
	bool skip = !reading->filled || is_above;
	if (reading->result == 0 && !skip && buffer_check(&reading->text, reading->error) < 0)
		reading->result = -1;
	if (reading->result == 0 && !skip && !reading->width && is_title(reading)) {
		reading->titles++;
		csv_table_note(table, "this is a title above the table: it is left out");
	} else if (reading->result == 0 && !skip)
		(reading->width ? read_cells : read_header)(reading);
	reading->cells = reading->filled = reading->texts = reading->newlines = 0;
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
		if (what)
			csv_table_complain_of_row(table, "%s", what);
		at += length + 1;
	}
}

static int parse(struct reading *reading, struct csv_parser *parser, const struct buffer *file, struct error *error)
{
	size_t skip = file->length >= 3 && memcmp(file->data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0, length = file->length - skip;
	if (csv_parse(parser, file->data + skip, length, append_cell, read_row, reading) == length &&
		csv_fini(parser, append_cell, read_row, reading) == 0)
		return reading->result;
	return error_set(error, EX_DATAERR, "cannot read '%s' line %zu: %s", reading->table->path, reading->next_line,
		csv_error(parser) == CSV_EPARSE ? "a quote is alone: a cell with a quote, a comma or a line break must be in quotes, with "
						  "its own quotes doubled"
						: csv_strerror(csv_error(parser)));
}

int csv_table_read(struct csv_table *table, struct error *error)
{
	struct csv_text file;
	struct csv_parser parser;
	struct reading reading = {.table = table, .text = BUFFER_INIT, .next_line = 1, .error = error};
	if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL) != 0)
		return error_set(error, EX_OSERR, "out of memory");
	int result = csv_text_read(&file, table->path, error);
	if (result == 0) {
		check_text(table, &file.text);
		table->line = 1;
		table->separator = file.separator;
		csv_set_delim(&parser, (unsigned char)file.separator);
		result = parse(&reading, &parser, &file.text, error);
	}
	if (result == 0 && table->end && reading.width && !table->is_header_wrong)
		result = table->end(table, error);
	if (result == 0 && !reading.width)
		result = error_set(error, EX_DATAERR, "cannot read '%s': it is empty, its first line must name the columns", table->path);
	if (result == 0 && table->complaints)
		result = error_set(error, EX_DATAERR, "cannot use '%s': %zu mistake%s%s", table->path, table->complaints,
			table->complaints == 1 ? "" : "s",
			table->complaints > CSV_COMPLAINTS_SHOWN ? ", of which the first 20 are above" : "");
	csv_free(&parser);
	buffer_release(&reading.text);
	csv_text_release(&file);
	return result;
}
