#include "canonical_record.h"

#include "instant.h"
#include "json_write.h"
#include "utf8.h"

#include <stdio.h>
#include <string.h>

static int misfit(struct canonical_fault *fault, const struct json_slice *slice, const char *wanted)
{
	const char *quote = slice->kind == JSON_STRING ? "'" : "";
	if (slice->kind == JSON_STRING || slice->kind == JSON_NUMBER)
		snprintf(fault->reason, sizeof fault->reason, "must be %s, this is %s%.*s%s", wanted, quote,
			(int)utf8_prefix(slice->text, slice->length > 60 ? 60 : slice->length), slice->text, quote);
	else
		snprintf(fault->reason, sizeof fault->reason, "must be %s, this is %s", wanted, json_kind_name(slice->kind));
	return -1;
}

/* Only ASCII: what is not ASCII is no id of Docusign's, and stays as it came. */
static void append_lower(struct buffer *line, const struct json_slice *slice)
{
	size_t start = line->length;
	json_string(line, slice->text, slice->length);
	if (line->failed)
		return;
	for (char *at = line->data + start, *end = line->data + line->length; at < end; at++)
		*at = (char)(*at + ((unsigned char)(*at - 'A') < 26) * 32);
}

static int append_integer(struct buffer *line, const struct json_slice *slice, struct canonical_fault *fault)
{
	size_t digits = slice->length > 0 && *slice->text == '-' ? 1 : 0;
	bool whole = slice->kind == JSON_NUMBER && slice->length - digits <= 18;
	for (size_t i = digits; whole && i < slice->length; i++)
		whole = slice->text[i] >= '0' && slice->text[i] <= '9';
	if (!whole)
		return misfit(fault, slice, "a whole number");
	json_raw(line, slice->text, slice->length);
	return 0;
}

static int append_value(struct buffer *line, const struct stream_field *field, const struct json_slice *slice,
	struct canonical_fault *fault)
{
	bool is_name = field->type == FIELD_ID || field->type == FIELD_WORD;
	bool missing = slice->kind == JSON_ABSENT || slice->kind == JSON_NULL || (is_name && slice->kind == JSON_STRING && !slice->length);
	if (missing && !field->required) {
		json_null(line);
		return 0;
	}
	int64_t instant;
	int32_t day;
	switch (field->type) {
	case FIELD_ID:
	case FIELD_WORD:
		if (missing || slice->kind != JSON_STRING || slice->length > ID_LIMIT)
			return misfit(fault, slice, "a string of 1 to 46 bytes");
		if (memchr(slice->text, 0, slice->length)) /* two ids that differ after it would be one to whoever ends a text there */
			return misfit(fault, slice, "a string without \\u0000");
		append_lower(line, slice);
		return 0;
	case FIELD_TEXT:
	case FIELD_DECIMAL:
		if (slice->kind != JSON_STRING)
			return misfit(fault, slice, "a string");
		json_string(line, slice->text, slice->length);
		return 0;
	case FIELD_TIME:
		if (slice->kind != JSON_STRING || instant_parse(slice->text, slice->length, &instant) < 0)
			return misfit(fault, slice, "a time such as 2025-01-31T12:00:00.000Z");
		json_instant(line, instant);
		return 0;
	case FIELD_DAY:
		if (slice->kind != JSON_STRING || day_parse(slice->text, slice->length, &day) < 0)
			return misfit(fault, slice, "a date such as 2025-01-31");
		json_day(line, day);
		return 0;
	case FIELD_RIGHTS:
		if (slice->kind == JSON_STRING && slice->length == 9 && memcmp(slice->text, "unlimited", 9) == 0) {
			json_string(line, slice->text, slice->length);
			return 0;
		}
		return append_integer(line, slice, fault);
	case FIELD_INTEGER:
		return append_integer(line, slice, fault);
	case FIELD_BOOLEAN:
		if (slice->kind != JSON_TRUE && slice->kind != JSON_FALSE)
			return misfit(fault, slice, "true or false");
		json_boolean(line, slice->kind == JSON_TRUE);
		return 0;
	case FIELD_OBJECT:
	case FIELD_ARRAY:
		if (slice->kind != (field->type == FIELD_OBJECT ? JSON_OBJECT : JSON_ARRAY))
			return misfit(fault, slice, field->type == FIELD_OBJECT ? "an object" : "an array");
		json_raw(line, slice->text, slice->length);
		return 0;
	}
	return -1;
}

int canonical_record_append(struct buffer *line, const struct stream *stream, const struct json_slice slices[],
	const struct json_slice *time_extracted, struct canonical_fault *fault)
{
	size_t start = line->length;
	stream_begin_record(line, stream);
	for (int i = 0; stream->fields[i].name; i++) {
		json_key(line, stream->fields[i].name);
		if (append_value(line, &stream->fields[i], &slices[i], fault) < 0) {
			fault->field = i;
			line->length = start;
			return -1;
		}
	}
	bool timed = time_extracted->kind == JSON_STRING;
	stream_end_record(line, timed ? time_extracted->text : NULL, timed ? time_extracted->length : 0);
	return 0;
}
