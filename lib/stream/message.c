#include "stream/message.h"

#undef message_error

#include "base/format_arguments.h"
#include "stream/envelope_line.h"
#include "stream/stream.h"

#include <stdlib.h>
#include <string.h>

enum {
	SLICE_TYPE,
	SLICE_STREAM,
	SLICE_RECORD,
	SLICE_VALUE,
	SLICE_TIME,
	SLICE_CONTEXT,
	SLICE_CONTEXT_ACCOUNT,
	SLICE_CONTEXT_ORGANIZATION,
	SLICE_FIELDS
};

/* The slot of a bare record's field: one of the message's own when the pointers are the same ("/type"), else a new one. */
static size_t bare_slot(const char *const own[], const char *field, size_t *total)
{
	for (size_t i = 0; i < SLICE_FIELDS; i++)
		if (strcmp(own[i], field) == 0)
			return i;
	return (*total)++;
}

/* Has a key a field of this name that may have no value? */
static bool may_be_none(const char *pointer)
{
	static const char *const names[] = {"/organization_id", "/profile", "/plan_item_id", "/group_value", "/period_start", NULL};
	const char *const *name = names;
	while (*name && strcmp(*name, pointer) != 0)
		name++;
	return *name != NULL;
}

static void make_null(const struct message_reader *reader, struct json_slice fields[])
{
	for (size_t i = 0; i < reader->field_count; i++)
		if (reader->may_be_none[i] && stream_is_none(&fields[i]))
			fields[i].kind = JSON_NULL;
}

int message_reader_open(struct message_reader *reader, int descriptor, const char *name, const char *const fields[], size_t count,
	bool bare, struct error *error)
{
	static const char *const own[SLICE_FIELDS] = {
		"/type", "/stream", "/record", "/value", "/time_extracted", "/context", "/context/account_id", "/context/organization_id"};
	int result = -1;
	*reader = (struct message_reader){.pointers = fields, .field_count = count};
	struct buffer names = BUFFER_INIT;
	size_t total = SLICE_FIELDS + count;
	const char **pointers = calloc(SLICE_FIELDS + 2 * count, sizeof *pointers);
	size_t *offsets = calloc(count + 1, sizeof *offsets);
	reader->slices = calloc(SLICE_FIELDS + 2 * count, sizeof *reader->slices);
	reader->bare_slots = bare ? calloc(count + 1, sizeof *reader->bare_slots) : NULL;
	reader->bare_fields = calloc(count + 1, sizeof *reader->bare_fields);
	reader->may_be_none = calloc(count + 1, sizeof *reader->may_be_none);
	if (!pointers || !offsets || !reader->may_be_none || !reader->slices || (bare && !reader->bare_slots) || !reader->bare_fields) {
		error_set(error, EX_OSERR, "out of memory");
		goto out;
	}
	memcpy(pointers, own, sizeof own);
	for (size_t i = 0; i < count; i++) {
		offsets[i] = names.length;
		reader->may_be_none[i] = may_be_none(fields[i]);
		buffer_append_format(&names, "/record%s", fields[i]);
		buffer_append_byte(&names, 0);
	}
	if (buffer_check(&names, error) < 0)
		goto out;
	for (size_t i = 0; i < count; i++)
		pointers[SLICE_FIELDS + i] = names.data + offsets[i];
	for (size_t i = 0; bare && i < count; i++) {
		reader->bare_slots[i] = bare_slot(own, fields[i], &total);
		pointers[reader->bare_slots[i]] = fields[i];
	}
	reader->scanner = json_scanner_new(pointers, total, error);
	if (!reader->scanner || line_reader_open(&reader->lines, descriptor, name, error) < 0)
		goto out;
	result = 0;
out:
	buffer_release(&names);
	free(pointers);
	free(offsets);
	if (result < 0)
		message_reader_release(reader);
	return result;
}

void message_reader_release(struct message_reader *reader)
{
	line_reader_release(&reader->lines);
	json_scanner_free(reader->scanner);
	free(reader->slices);
	free(reader->bare_slots);
	free(reader->bare_fields);
	free(reader->may_be_none);
	*reader = (struct message_reader){.scanner = NULL};
}

bool message_is_record(const struct message *message, const char *stream)
{
	return message->type == MESSAGE_RECORD && json_slice_equals(&message->stream, stream);
}

int message_error(const struct message_reader *reader, const struct message *message, struct error *error, const char *format, ...)
{
	char text[900];
	FORMAT_ARGUMENTS(text, format);
	return error_set(
		error, EX_DATAERR, "cannot read '%s' line %llu: %s", reader->lines.name, (unsigned long long)message->line_number, text);
}

static bool is_blank(const struct line *line)
{
	for (size_t i = 0; i < line->length; i++)
		if (line->text[i] != ' ' && line->text[i] != '\t' && line->text[i] != '\r')
			return false;
	return true;
}

/* The type of the message, and whether it has what its type asks for. */
static int classify(const struct message_reader *reader, struct message *message, struct error *error)
{
	static const struct {
		const char *name;
		enum message_type type;
	} types[] = {{"RECORD", MESSAGE_RECORD}, {"SCHEMA", MESSAGE_SCHEMA}, {"STATE", MESSAGE_STATE}, {"CONNECTION", MESSAGE_CONNECTION}};
	const struct json_slice *type = &reader->slices[SLICE_TYPE];
	message->type = type->kind == JSON_STRING ? MESSAGE_OTHER : MESSAGE_BARE;
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (json_slice_equals(type, types[i].name))
			message->type = types[i].type;
	bool names_stream = message->type == MESSAGE_RECORD || message->type == MESSAGE_SCHEMA;
	if (names_stream && message->stream.kind != JSON_STRING)
		return error_set(error, EX_DATAERR, "a %s needs a \"stream\" that is a string, this has %s",
			message->type == MESSAGE_RECORD ? "RECORD" : "SCHEMA", json_kind_name(message->stream.kind));
	if (message->type == MESSAGE_RECORD && message->record.kind != JSON_OBJECT)
		return error_set(error, EX_DATAERR, "a RECORD needs a \"record\" that is an object, this has %s",
			json_kind_name(message->record.kind));
	if (message->type == MESSAGE_STATE && message->value.kind == JSON_ABSENT)
		return error_set(error, EX_DATAERR, "a STATE needs a \"value\"");
	return 0;
}

int message_parse(struct message_reader *reader, struct message *message, struct error *error)
{
	message->line_number = reader->lines.line_number;
	message->fields = reader->slices + SLICE_FIELDS;
	if (reader->envelopes_first && envelope_line_scan(message->line.text, message->line.length, reader->slices + SLICE_FIELDS)) {
		message->type = MESSAGE_RECORD;
		message->stream = (struct json_slice){JSON_STRING, "envelope", 8};
		return 1;
	}
	int result = json_scan(reader->scanner, message->line.text, message->line.length, reader->slices, &message->error);
	if (result == 0) {
		message->stream = reader->slices[SLICE_STREAM];
		message->record = reader->slices[SLICE_RECORD];
		message->value = reader->slices[SLICE_VALUE];
		message->time_extracted = reader->slices[SLICE_TIME];
		message->context = reader->slices[SLICE_CONTEXT];
		message->context_account_id = reader->slices[SLICE_CONTEXT_ACCOUNT];
		message->context_organization_id = reader->slices[SLICE_CONTEXT_ORGANIZATION];
		result = classify(reader, message, &message->error);
	}
	if (result == 0 && message->type == MESSAGE_BARE && reader->bare_slots) {
		for (size_t i = 0; i < reader->field_count; i++)
			reader->bare_fields[i] = reader->slices[reader->bare_slots[i]];
		message->fields = reader->bare_fields;
	}
	if (result == 0 && message->type == MESSAGE_RECORD)
		make_null(reader, reader->slices + SLICE_FIELDS);
	if (result == 0)
		return 1;
	if (reader->keep_unreadable && message->error.status == EX_DATAERR) {
		message->type = MESSAGE_UNREADABLE;
		return 1;
	}
	*error = message->error;
	return error_prefix(error, "cannot read '%s' line %llu", reader->lines.name, (unsigned long long)message->line_number);
}

int message_next(struct message_reader *reader, struct message *message, struct error *error)
{
	int got;
	do
		got = line_reader_next(&reader->lines, &message->line, error);
	while (got > 0 && !message->line.cut && is_blank(&message->line));
	if (got <= 0)
		return got;
	if (message->line.cut) {
		message->type = MESSAGE_UNREADABLE;
		message->line_number = reader->lines.line_number;
		error_set(&message->error, EX_DATAERR, "it is longer than %zu bytes", LINE_LIMIT);
		return 1;
	}
	return message_parse(reader, message, error);
}
