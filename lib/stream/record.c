#include "stream/record.h"

#include "base/instant.h"

#include <stdio.h>
#include <string.h>

int record_fields_slot(const struct record_fields *fields, const char *name)
{
	for (size_t i = 0; i < fields->count; i++)
		if (fields->names[i][1] == *name && strcmp(fields->names[i] + 1, name) == 0)
			return (int)i;
	return -1;
}

int record_fields_build(struct record_fields *fields, const struct stream *const list[], struct error *error)
{
	fields->count = 0;
	for (; *list; list++) {
		for (const struct stream_field *field = (*list)->fields; field->name; field++) {
			if (record_fields_slot(fields, field->name) >= 0)
				continue;
			if (fields->count == RECORD_FIELD_LIMIT || strlen(field->name) + 2 > sizeof fields->names[0])
				return error_set(error, EX_SOFTWARE, "cannot read '%s': too many fields", (*list)->name);
			snprintf(fields->names[fields->count], sizeof fields->names[0], "/%s", field->name);
			fields->pointers[fields->count] = fields->names[fields->count];
			fields->count++;
		}
	}
	return 0;
}

const struct json_slice *record_slice(const struct record *record, int slot)
{
	return &record->message->fields[slot];
}

bool record_is_null(const struct record *record, int slot)
{
	enum json_kind kind = record_slice(record, slot)->kind;
	return kind == JSON_NULL || kind == JSON_ABSENT;
}

void record_wrong(struct record *record, int slot, const char *expected)
{
	if (record->failed)
		return;
	record->failed = true;
	message_error(record->reader, record->message, record->error, "%.*s \"%s\" must be %s, this is %s",
		(int)record->message->stream.length, record->message->stream.text, record->reader->pointers[slot] + 1, expected,
		json_kind_name(record_slice(record, slot)->kind));
}

int64_t record_integer(struct record *record, int slot)
{
	int64_t value = 0;
	if (!json_slice_integer(record_slice(record, slot), &value))
		record_wrong(record, slot, "a whole number");
	return value;
}

int64_t record_integer_or(struct record *record, int slot, int64_t otherwise)
{
	return record_is_null(record, slot) ? otherwise : record_integer(record, slot);
}

int64_t record_count(struct record *record, int slot)
{
	int64_t value = record_integer(record, slot);
	if (value < 0)
		record_wrong(record, slot, "a whole number, 0 or more");
	return value;
}

int64_t record_count_or(struct record *record, int slot, int64_t otherwise)
{
	return record_is_null(record, slot) ? otherwise : record_count(record, slot);
}

int64_t record_rights(struct record *record, int slot, bool *is_unlimited)
{
	int64_t value = 0;
	*is_unlimited = json_slice_equals(record_slice(record, slot), "unlimited");
	if (!*is_unlimited && !record_is_null(record, slot) && !json_slice_integer(record_slice(record, slot), &value))
		record_wrong(record, slot, "a whole number or \"unlimited\"");
	return value;
}

int64_t record_instant(struct record *record, int slot)
{
	int64_t instant = 0;
	if (!json_slice_instant(record_slice(record, slot), &instant))
		record_wrong(record, slot, "a time");
	return instant;
}

int64_t record_instant_or_none(struct record *record, int slot)
{
	return record_is_null(record, slot) ? INSTANT_NONE : record_instant(record, slot);
}

uint32_t record_name(struct record *record, int slot, struct name_table *table)
{
	const struct json_slice *slice = record_slice(record, slot);
	if (slice->kind != JSON_STRING && !record_is_null(record, slot))
		record_wrong(record, slot, "a string or null");
	if (slice->kind != JSON_STRING || record->failed)
		return RECORD_NO_NAME;
	ptrdiff_t number = name_table_number(table, slice->text, slice->length, record->error);
	record->failed |= number < 0;
	return (uint32_t)number;
}

uint32_t record_name_or_empty(struct record *record, int slot, struct name_table *table)
{
	if (!record_is_null(record, slot) || record->failed)
		return record_name(record, slot, table);
	ptrdiff_t number = name_table_number(table, "", 0, record->error);
	record->failed |= number < 0;
	return (uint32_t)number;
}

const char *record_text(struct record *record, int slot, struct arena *arena)
{
	static const char nul_symbol[] = "\u2400";
	const struct json_slice *slice = record_slice(record, slot);
	if (record_is_null(record, slot) || record->failed)
		return NULL;
	size_t nuls = 0;
	for (size_t i = 0; i < slice->length; i++)
		nuls += slice->text[i] == 0;
	char *copy = arena_take(arena, slice->length + nuls * (sizeof nul_symbol - 2) + 1), *to = copy;
	if (!copy) {
		record->failed = true;
		error_set(record->error, EX_OSERR, "out of memory");
		return NULL;
	}
	for (size_t i = 0; i < slice->length; i++) {
		size_t width = slice->text[i] ? 1 : sizeof nul_symbol - 1;
		memcpy(to, slice->text[i] ? slice->text + i : nul_symbol, width);
		to += width;
	}
	*to = 0;
	return copy;
}

const char *record_shared_text(struct record *record, int slot, struct name_table *table)
{
	const struct json_slice *slice = record_slice(record, slot);
	struct arena scratch = {.chunks = NULL};
	const char *text = slice->text;
	size_t length = slice->length;
	if (record_is_null(record, slot) || record->failed)
		return NULL;
	if (memchr(text, 0, length)) {
		text = record_text(record, slot, &scratch);
		length = text ? strlen(text) : 0;
	}
	ptrdiff_t number = text ? name_table_number(table, text, length, record->error) : -1;
	record->failed |= number < 0;
	arena_release(&scratch);
	return number < 0 ? NULL : table->names[number].text;
}

void record_text_update(struct record *record, int slot, struct arena *arena, const char **text)
{
	const struct json_slice *slice = record_slice(record, slot);
	if (slice->kind != JSON_STRING || (*text && json_slice_equals(slice, *text)))
		return;
	const char *copy = record_text(record, slot, arena);
	if (copy)
		*text = copy;
}

int32_t record_day(struct record *record, int slot)
{
	const struct json_slice *slice = record_slice(record, slot);
	int32_t day = 0;
	if (slice->kind != JSON_STRING || day_parse(slice->text, slice->length, &day) < 0)
		record_wrong(record, slot, "a date such as 2025-01-31");
	return day;
}

struct period record_period(struct record *record, int index, int start, int end)
{
	int64_t number = record_integer(record, index);
	struct period period = {.index = (int)number, .start = record_instant(record, start), .end = record_instant(record, end)};
	if (number != period.index)
		record_wrong(record, index, "a whole number of 32 bits");
	if (period.end <= period.start)
		record_wrong(record, end, "a time after the period's start");
	return period;
}

const struct sum *record_sum(struct record *record, struct sum_table *sums, const uint32_t key[SUM_PARTS], int64_t units)
{
	if (record->failed)
		return NULL;
	const struct sum *sum = sum_table_put(sums, key, units, record->error);
	record->failed = !sum;
	if (!sum && record->error->status == EX_DATAERR)
		message_error(record->reader, record->message, record->error, "%s", record->error->text);
	return sum;
}

int records_read(
	int descriptor, const char *name, const char *const pointers[], size_t count, record_take *each, void *context, struct error *error)
{
	struct message_reader reader;
	struct message message;
	int got;
	if (message_reader_open(&reader, descriptor, name, pointers, count, false, error) < 0)
		return -1;
	while ((got = message_next(&reader, &message, error)) > 0) {
		struct record record = {.reader = &reader, .message = &message, .error = error};
		if (message.type != MESSAGE_RECORD)
			continue;
		each(context, &record);
		if (record.failed) {
			got = -1;
			break;
		}
	}
	message_reader_release(&reader);
	return got;
}
