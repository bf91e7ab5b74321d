/* fuzz_csv: cells written as CSV and read back are the cells, without the blanks around them. */
#include "fuzz.h"

#include "base/utf8.h"
#include "io/csv_table.h"
#include "io/csv_write.h"

#include <stdlib.h>

#define COLUMNS 3

/* The cells of the rows that were written: texts ended by a NUL, one after the other. */
struct expected {
	struct buffer cells;
	size_t at;
};

static void ignore(const char *message, bool is_mistake)
{
	(void)is_mistake;
	FUZZ_CHECK(strlen(message) > 0);
}

static int ignore_row(struct csv_table *table, char *const cells[], struct error *error)
{
	(void)error;
	for (int i = 0; i < COLUMNS; i++)
		if (strlen(cells[i]) > 20)
			csv_table_complain(table, "a", "'%s' is long", cells[i]);
	return 0;
}

static int check_row(struct csv_table *table, char *const cells[], struct error *error)
{
	struct expected *expected = table->context;
	(void)error;
	for (int i = 0; i < COLUMNS; i++) {
		const char *wanted = expected->cells.data + expected->at;
		size_t length = strlen(wanted);
		expected->at += length + 1;
		utf8_trim(&wanted, &length);
		FUZZ_CHECK(strlen(cells[i]) == length && memcmp(cells[i], wanted, length) == 0);
	}
	return 0;
}

static const struct csv_column columns[] = {{"a", false}, {"b", false}, {"c", true}, {NULL, false}};

static void check_rows(const char *text, size_t length)
{
	struct expected expected = {.cells = BUFFER_INIT};
	struct buffer file = BUFFER_INIT;
	struct error error = ERROR_INIT;
	buffer_append_string(&file, "a,b,c\r\n");
	for (const char *end = text + length; text < end;) {
		size_t begin = expected.cells.length;
		for (int i = 0; i < COLUMNS; i++) {
			size_t size = text < end ? strcspn(text, ";") : 0;
			csv_write_cell(&file, text, size, false);
			csv_write_end(&file, i == COLUMNS - 1);
			buffer_append(&expected.cells, text, size);
			buffer_append_byte(&expected.cells, 0);
			text += size + (text + size < end);
		}
		/* A row of empty cells, also of blanks, is none. */
		bool is_empty = true;
		for (size_t at = begin, size; at < expected.cells.length; at += size + 1) {
			const char *cell = expected.cells.data + at;
			size_t left = size = strlen(cell);
			utf8_trim(&cell, &left);
			is_empty &= !left;
		}
		if (is_empty)
			expected.cells.length = begin;
	}
	struct csv_table table = {.path = fuzz_file(0, file.data, file.length),
		.columns = columns,
		.complain = ignore,
		.row = check_row,
		.context = &expected};
	FUZZ_CHECK(csv_table_read(&table, &error) == 0);
	FUZZ_CHECK(expected.at == expected.cells.length);
	buffer_release(&file);
	buffer_release(&expected.cells);
}

void fuzz_csv(const uint8_t *bytes, size_t length)
{
	struct csv_table table = {.path = fuzz_file(0, bytes, length), .columns = columns, .complain = ignore, .row = ignore_row};
	csv_table_read(&table, NULL);
	char *text = calloc(1, length + 1);
	memcpy(text, bytes, length);
	length = strlen(text);
	check_rows(text, utf8_prefix(text, length) == length ? length : 0);
	free(text);
}
