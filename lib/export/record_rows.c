#include "export/record_rows.h"

#include "json/json_write.h"

static void append_column(struct buffer *record, const struct stream_field *field, sqlite3_stmt *row, int column)
{
	json_key(record, field->name);
	int type = sqlite3_column_type(row, column);
	if (type == SQLITE_NULL)
		json_null(record);
	else if (field->type == FIELD_BOOLEAN)
		json_boolean(record, sqlite3_column_int(row, column) != 0);
	else if (field->type == FIELD_TIME)
		json_instant(record, sqlite3_column_int64(row, column));
	else if (type == SQLITE_INTEGER)
		json_integer(record, sqlite3_column_int64(row, column));
	else if (field->type == FIELD_OBJECT || field->type == FIELD_ARRAY)
		json_raw(record, (const char *)sqlite3_column_text(row, column), (size_t)sqlite3_column_bytes(row, column));
	else
		json_string(record, (const char *)sqlite3_column_text(row, column), (size_t)sqlite3_column_bytes(row, column));
}

static void append_row(struct buffer *record, const struct stream *stream, sqlite3_stmt *row)
{
	if (sqlite3_column_count(row) == 1) {
		buffer_append(record, sqlite3_column_text(row, 0), (size_t)sqlite3_column_bytes(row, 0));
		return;
	}
	json_begin(record, '{');
	for (int i = 0; stream->fields[i].name; i++)
		append_column(record, &stream->fields[i], row, i);
	json_end(record, '}');
	json_finish(record);
}

int record_rows(
	struct ledger *ledger, const struct stream *stream, sqlite3_stmt *statement, record_sink *sink, void *context, struct error *error)
{
	struct buffer record = BUFFER_INIT;
	int got = -1, result = 0;
	while (result == 0 && statement && (got = ledger_step(ledger, statement, error)) > 0) {
		buffer_reset(&record);
		append_row(&record, stream, statement);
		result = buffer_check(&record, error) < 0 ? -1 : sink(context, stream, &record, error);
	}
	sqlite3_reset(statement);
	buffer_release(&record);
	return result ? result : got;
}
