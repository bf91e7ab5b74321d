#include "export/record_rows.h"

#include "base/instant.h"
#include "ledger/ledger_row.h"
#include "json/json_scan.h"
#include "json/json_write.h"

#include <string.h>

struct rows {
	struct ledger *ledger;
	const struct stream *stream;
	sqlite3_stmt *row;
	unsigned long long number; /* of the row, from 1 */
	struct json_scanner *scanner;
	struct buffer text, record;
};

static int damaged(const struct rows *rows, const char *field, struct error *error)
{
	return ledger_damaged(rows->ledger, error, "row %llu of the %s records, by their keys: %s%sis not as envtally stores it",
		rows->number, rows->stream->name, field, *field ? " " : "");
}

/* Appends JSON that is stored as a text, of the kind that belongs there; it is on one line. It is scanned as a member, and must be all of it. */
static int append_json(struct rows *rows, int column, enum json_kind kind, const char *field, struct error *error)
{
	struct json_slice slice;
	size_t length = 0;
	buffer_reset(&rows->text);
	buffer_append_string(&rows->text, "{\"json\":");
	if (sqlite3_column_type(rows->row, column) == SQLITE_TEXT) {
		const void *text = sqlite3_column_text(rows->row, column);
		length = (size_t)sqlite3_column_bytes(rows->row, column);
		buffer_append(&rows->text, text, length);
	}
	buffer_append_byte(&rows->text, '}');
	if (buffer_check(&rows->text, error) < 0)
		return -1;
	if (memchr(rows->text.data, '\n', rows->text.length) ||
		json_scan(rows->scanner, rows->text.data, rows->text.length, &slice, NULL) < 0 || slice.kind != kind ||
		slice.length != length)
		return damaged(rows, field, error);
	buffer_append(&rows->record, slice.text, length);
	return 0;
}

static int append_column(struct rows *rows, const struct stream_field *field, int column, struct error *error)
{
	struct buffer *record = &rows->record;
	int type = sqlite3_column_type(rows->row, column);
	bool is_number = field->type == FIELD_TIME || field->type == FIELD_INTEGER || field->type == FIELD_BOOLEAN ||
		(field->type == FIELD_RIGHTS && type == SQLITE_INTEGER);
	int64_t number = type == SQLITE_INTEGER ? sqlite3_column_int64(rows->row, column) : 0;
	const char *text;
	json_key(record, field->name);
	if (type == SQLITE_NULL && !field->required) {
		json_null(record);
		return 0;
	}
	if (type != (is_number ? SQLITE_INTEGER : SQLITE_TEXT) || (field->type == FIELD_BOOLEAN && number != 0 && number != 1) ||
		(field->type == FIELD_TIME && (number < INSTANT_FIRST || number >= INSTANT_END)))
		return damaged(rows, field->name, error);
	if (field->type == FIELD_OBJECT || field->type == FIELD_ARRAY) {
		int result = append_json(rows, column, field->type == FIELD_OBJECT ? JSON_OBJECT : JSON_ARRAY, field->name, error);
		buffer_append_byte(record, ',');
		return result;
	}
	if (field->type == FIELD_BOOLEAN)
		json_boolean(record, number != 0);
	else if (field->type == FIELD_TIME)
		json_instant(record, number);
	else if (is_number)
		json_integer(record, number);
	else if (ledger_text_or_null(rows->ledger, rows->row, column, rows->stream->name, &text, error) == 0)
		json_string(record, text, (size_t)sqlite3_column_bytes(rows->row, column));
	else
		return -1;
	return 0;
}

static int append_row(struct rows *rows, struct error *error)
{
	const struct stream_field *fields = rows->stream->fields;
	int result = 0;
	rows->number++;
	buffer_reset(&rows->record);
	if (sqlite3_column_count(rows->row) == 1)
		return append_json(rows, 0, JSON_OBJECT, "", error);
	json_begin(&rows->record, '{');
	for (int i = 0; fields[i].name && result == 0; i++)
		result = append_column(rows, &fields[i], i, error);
	json_end(&rows->record, '}');
	json_finish(&rows->record);
	return result;
}

int record_rows(
	struct ledger *ledger, const struct stream *stream, sqlite3_stmt *statement, record_sink *sink, void *context, struct error *error)
{
	static const char *const pointers[] = {"/json"};
	struct rows rows = {.ledger = ledger, .stream = stream, .row = statement, .text = BUFFER_INIT, .record = BUFFER_INIT};
	int got = -1, result = 0;
	if (statement && !(rows.scanner = json_scanner_new(pointers, 1, error)))
		result = -1;
	while (result == 0 && statement && (got = ledger_step(ledger, statement, error)) > 0) {
		result = append_row(&rows, error);
		if (result == 0)
			result = buffer_check(&rows.record, error) < 0 ? -1 : sink(context, stream, &rows.record, error);
	}
	sqlite3_reset(statement);
	json_scanner_free(rows.scanner);
	buffer_release(&rows.text);
	buffer_release(&rows.record);
	return result ? result : got;
}
