#include "io/document.h"

#include "base/utf8.h"
#include "io/csv_text.h"
#include "io/gzip.h"
#include "io/zip_files.h"
#include "json/json_scan.h"
#include "json/json_write.h"

#include <csv.h>
#include <string.h>

#define JSON_LIMIT (4 * DOCUMENT_LIMIT) /* bytes that a CSV may become: its header is repeated for each row */
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

const char *const document_formats[] = {[DOCUMENT_JSON] = "json", [DOCUMENT_NDJSON] = "ndjson", [DOCUMENT_CSV] = "csv", NULL};

struct document {
	enum document_format format;
	struct buffer *json;
	size_t files;
};

static bool is_gzip(const char *bytes, size_t length)
{
	return length > 2 && memcmp(bytes, "\x1f\x8b\x08", 3) == 0;
}

static bool is_zip(const char *bytes, size_t length)
{
	return length > 3 && (memcmp(bytes, "PK\3\4", 4) == 0 || memcmp(bytes, "PK\5\6", 4) == 0);
}

bool document_is_packed(const char *bytes, size_t length)
{
	return is_gzip(bytes, length) || is_zip(bytes, length);
}

static bool is_marked(const char *bytes, size_t length)
{
	return length >= 3 && memcmp(bytes, BYTE_ORDER_MARK, 3) == 0;
}

bool document_is_bare(const char *bytes, size_t length)
{
	return !document_is_packed(bytes, length) && !is_marked(bytes, length);
}

/* ---- ndjson ---- */

static int append_lines(struct json_scanner *scanner, const char *text, size_t length, struct buffer *json, struct error *error)
{
	const char *end = text + length, *next;
	for (size_t line = 1; text < end; text = next, line++) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t size = (size_t)((newline ? newline : end) - text);
		next = newline ? newline + 1 : end;
		if (strspn(text, " \t\r") >= size)
			continue;
		if (json_scan(scanner, text, size, NULL, error) < 0)
			return error_prefix(error, "line %zu", line);
		json_raw(json, text, size);
	}
	return 0;
}

static int append_ndjson(const char *text, size_t length, struct buffer *json, struct error *error)
{
	struct json_scanner *scanner = json_scanner_new(NULL, 0, error);
	int result = scanner ? 0 : -1;
	if (result == 0 && json_scan(scanner, text, length, NULL, NULL) == 0)
		json_raw(json, text, length);
	else if (result == 0)
		result = append_lines(scanner, text, length, json, error);
	json_scanner_free(scanner);
	return result;
}

/* ---- csv ---- */

#define COLUMNS_MOST 1000

struct csv_reading {
	struct buffer *json;
	struct buffer keys; /* "name": of each column, one after the other */
	size_t ends[COLUMNS_MOST]; /* of each in keys */
	size_t columns, cells; /* of the header; of this row, so far */
	size_t row_start; /* of the row in json */
	size_t line, newlines; /* of the row; in its quoted cells */
	int result;
	struct error *error;
};

static void refuse_row(struct csv_reading *reading, const char *what)
{
	if (reading->result == 0)
		reading->result = error_set(reading->error, EX_DATAERR, "line %zu %s", reading->line, what);
}

static void read_name(struct csv_reading *reading, const char *name, size_t length)
{
	struct buffer *keys = &reading->keys;
	size_t start = keys->length;
	utf8_trim(&name, &length);
	json_string(keys, name, length);
	if (keys->failed)
		return;
	keys->data[keys->length - 1] = ':';
	for (size_t i = 0, from = 0; i < reading->columns; from = reading->ends[i++])
		if (reading->ends[i] - from == keys->length - start &&
			memcmp(keys->data + from, keys->data + start, keys->length - start) == 0)
			refuse_row(reading, "has a column's name twice");
	reading->ends[reading->columns++] = keys->length;
}

static void read_cell(void *bytes, size_t length, void *context)
{
	struct csv_reading *reading = context;
	size_t cell = reading->cells++;
	for (size_t i = 0; i < length; i++)
		reading->newlines += ((const char *)bytes)[i] == '\n';
	if (reading->result < 0)
		return;
	if (cell == COLUMNS_MOST)
		refuse_row(reading, "has more than 1000 cells");
	else if (length && (memchr(bytes, 0, length) || utf8_prefix(bytes, length) < length))
		refuse_row(reading, "is not UTF-8");
	else if (cell == reading->columns && !reading->row_start)
		read_name(reading, bytes, length);
	else if (cell < reading->columns && reading->row_start) {
		size_t from = cell ? reading->ends[cell - 1] : 0;
		buffer_append(reading->json, reading->keys.data + from, reading->ends[cell] - from);
		if (length)
			json_string(reading->json, bytes, length);
		else
			json_null(reading->json);
	}
}

static void read_row(int terminator, void *context)
{
	struct csv_reading *reading = context;
	struct buffer *json = reading->json;
	/* CSV_REPALL_NL reports blank lines and the \n after a \r too, so lines are counted by their \n. */
	if (reading->cells && reading->row_start && reading->result == 0) {
		if (reading->cells != reading->columns)
			refuse_row(reading, "has not as many cells as the header");
		else
			json_end(json, '}');
		if (json->length > JSON_LIMIT)
			refuse_row(reading, "is past the limit of bytes");
	}
	if (reading->cells && reading->result == 0) {
		json_begin(json, '{');
		reading->row_start = json->length;
	}
	reading->line += (terminator == '\n') + reading->newlines;
	reading->cells = reading->newlines = 0;
}

static int append_csv(const char *bytes, size_t length, struct buffer *json, struct error *error)
{
	struct csv_reading reading = {.json = json, .keys = BUFFER_INIT, .line = 1, .error = error};
	struct csv_parser parser;
	struct csv_text csv;
	struct buffer copy = BUFFER_INIT;
	buffer_append(&copy, bytes, length);
	if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL) != 0)
		return error_set(error, EX_OSERR, "out of memory");
	reading.result = csv_text_convert(&csv, &copy, "CSV", error);
	csv_set_delim(&parser, (unsigned char)csv.separator);
	bool read = csv_parse(&parser, csv.text.data, csv.text.length, read_cell, read_row, &reading) == csv.text.length &&
		csv_fini(&parser, read_cell, read_row, &reading) == 0;
	if (!read && reading.result == 0)
		reading.result = error_set(error, csv_error(&parser) == CSV_ENOMEM ? EX_OSERR : EX_DATAERR, "line %zu: %s", reading.line,
			csv_strerror(csv_error(&parser)));
	if (reading.result == 0 && reading.columns == 0)
		reading.result = error_set(error, EX_DATAERR, "a CSV without a header");
	if (reading.row_start && json->length >= reading.row_start)
		json->length = reading.row_start - 1; /* the object that no row has filled */
	csv_free(&parser);
	csv_text_release(&csv);
	buffer_release(&copy);
	buffer_release(&reading.keys);
	return reading.result;
}

/* ---- all ---- */

static int append_file(void *context, const char *text, size_t length, struct error *error)
{
	struct document *document = context;
	document->files++;
	if (is_marked(text, length)) {
		text += 3;
		length -= 3;
	}
	if (document->format == DOCUMENT_JSON && document->files > 1)
		return error_set(error, EX_DATAERR, "the ZIP archive has several files: in the format json there is one");
	if (document->format == DOCUMENT_JSON)
		buffer_append(document->json, text, length);
	else if (length && (document->format == DOCUMENT_CSV ? append_csv : append_ndjson)(text, length, document->json, error) < 0)
		return -1;
	return buffer_check(document->json, error);
}

int document_append(enum document_format format, const char *bytes, size_t length, struct buffer *json, struct error *error)
{
	struct document document = {.format = format, .json = json};
	struct buffer unpacked = BUFFER_INIT;
	int result;
	if (format != DOCUMENT_JSON)
		json_begin(json, '[');
	if (is_gzip(bytes, length)) {
		result = gzip_decode(bytes, length, DOCUMENT_LIMIT, &unpacked, error);
		if (result == 0)
			result = append_file(&document, unpacked.data, unpacked.length, error);
	} else if (is_zip(bytes, length)) {
		result = zip_files_read(bytes, length, DOCUMENT_LIMIT, append_file, &document, error);
	} else {
		result = append_file(&document, bytes, length, error);
	}
	if (result == 0 && format != DOCUMENT_JSON) {
		json_end(json, ']');
		json_finish(json);
		result = buffer_check(json, error);
	}
	buffer_release(&unpacked);
	return result;
}
