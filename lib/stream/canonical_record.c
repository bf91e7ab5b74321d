#include "stream/canonical_record.h"

#include "base/instant.h"
#include "base/utf8.h"
#include "io/line_reader.h"
#include "json/json_word.h"
#include "json/json_write.h"

#include <stdio.h>
#include <string.h>

static char *misfit(struct canonical_fault *fault, const struct json_slice *slice, const char *wanted)
{
	const char *quote = slice->kind == JSON_STRING ? "'" : "";
	if (slice->kind == JSON_STRING || slice->kind == JSON_NUMBER)
		snprintf(fault->reason, sizeof fault->reason, "must be %s, this is %s%.*s%s", wanted, quote,
			(int)utf8_prefix(slice->text, slice->length > 60 ? 60 : slice->length), slice->text, quote);
	else
		snprintf(fault->reason, sizeof fault->reason, "must be %s, this is %s", wanted, json_kind_name(slice->kind));
	return NULL;
}

/* ASCII only: Docusign's ids are ASCII; other characters stay unchanged. */
static char *put_lower(char *at, const struct json_slice *slice, struct canonical_fault *fault)
{
	if (memchr(slice->text, 0, slice->length)) /* two ids that differ after it would be one to whoever ends a text there */
		return misfit(fault, slice, "a string without \\u0000");
	char *end = json_write_string(at, slice->text, slice->length);
	for (; at < end; at++)
		*at = (char)(*at + ((unsigned char)(*at - 'A') < 26) * 32);
	return end;
}

static char *put_raw(char *at, const struct json_slice *slice)
{
	memcpy(at, slice->text, slice->length);
	return at + slice->length;
}

static char *put_integer(char *at, const struct json_slice *slice, struct canonical_fault *fault)
{
	size_t digits = slice->length > 0 && *slice->text == '-' ? 1 : 0;
	bool whole = slice->kind == JSON_NUMBER && slice->length - digits <= 18;
	for (size_t i = digits; whole && i < slice->length; i++)
		whole = slice->text[i] >= '0' && slice->text[i] <= '9';
	if (!whole)
		return misfit(fault, slice, "a whole number");
	return put_raw(at, slice);
}

/* .NET's DateTime.MinValue or MaxValue, in any zone or none: what services write where they have no date. */
static bool is_no_date(const struct json_slice *slice)
{
	return slice->kind == JSON_STRING && slice->length >= 19 && (*slice->text == '0' || *slice->text == '9') &&
		(memcmp(slice->text, "0001-01-01", 10) == 0 || memcmp(slice->text, "9999-12-31", 10) == 0);
}

/* What nearly every value of an envelope is: a time in the usual form, an id of plain characters. NULL for any other, which put_value() decides. */
static inline char *put_usual(char *at, const struct stream_field *field, const struct json_slice *slice, bool bounded)
{
	size_t length = INSTANT_LENGTH;
	if (slice->kind != JSON_STRING || slice->length < 8)
		return NULL;
	if (field->type == FIELD_TIME) {
		if ((bounded && (*slice->text == '0' || *slice->text == '9')) || instant_rewrite(slice->text, slice->length, at + 1) < 0)
			return NULL;
	} else {
		length = slice->length;
		if ((field->type != FIELD_ID && field->type != FIELD_WORD) || length > ID_LIMIT ||
			!json_lower_plain(at + 1, slice->text, length))
			return NULL;
	}
	at[0] = at[length + 1] = '"';
	return at + length + 2;
}

/* Writes a value where VALUE_ROOM() bytes are free; returns its end, NULL with the fault when it does not fit. */
#define VALUE_ROOM(slice) (JSON_STRING_ROOM((slice).length) + INSTANT_LENGTH + 2)
static char *put_value(
	char *at, const struct stream_field *field, const struct json_slice *slice, bool bounded, struct canonical_fault *fault)
{
	bool is_name = field->type == FIELD_ID || field->type == FIELD_WORD;
	bool missing = slice->kind == JSON_ABSENT || slice->kind == JSON_NULL ||
		(is_name && slice->kind == JSON_STRING && !slice->length) || (bounded && field->type == FIELD_TIME && is_no_date(slice));
	if (missing && !field->required)
		return mempcpy(at, "null", 4);
	int32_t day;
	switch (field->type) {
	case FIELD_ID:
	case FIELD_WORD:
		if (missing || slice->kind != JSON_STRING || slice->length > ID_LIMIT)
			return misfit(fault, slice, "a string of 1 to 46 bytes");
		return put_lower(at, slice, fault);
	case FIELD_TEXT:
	case FIELD_DECIMAL:
		if (slice->kind != JSON_STRING)
			return misfit(fault, slice, "a string");
		if (bounded && slice->length > CANONICAL_TEXT_LIMIT)
			return misfit(fault, slice, "a string of at most 1024 bytes");
		return json_write_string(at, slice->text, slice->length);
	case FIELD_TIME:
		/* Periods that begin or end outside of the calendar's years 1 to 9999 have no text. */
		if (bounded && !missing && slice->kind == JSON_STRING && slice->length && (*slice->text == '0' || *slice->text == '9'))
			return misfit(fault, slice, "a time of the years 1000 to 8999");
		if (missing || slice->kind != JSON_STRING || instant_rewrite(slice->text, slice->length, at + 1) < 0)
			return misfit(fault, slice, "a time such as 2025-01-31T12:00:00.000Z");
		at[0] = at[INSTANT_LENGTH + 1] = '"';
		return at + INSTANT_LENGTH + 2;
	case FIELD_DAY:
		if (slice->kind != JSON_STRING || day_parse(slice->text, slice->length, &day) < 0)
			return misfit(fault, slice, "a date such as 2025-01-31");
		return json_write_string(at, slice->text, slice->length);
	case FIELD_RIGHTS:
		if (slice->kind == JSON_STRING && slice->length == 9 && memcmp(slice->text, "unlimited", 9) == 0)
			return json_write_string(at, slice->text, slice->length);
		return put_integer(at, slice, fault);
	case FIELD_INTEGER:
		return put_integer(at, slice, fault);
	case FIELD_BOOLEAN:
		if (slice->kind != JSON_TRUE && slice->kind != JSON_FALSE)
			return misfit(fault, slice, "true or false");
		return put_raw(at, slice);
	case FIELD_OBJECT:
	case FIELD_ARRAY:
		if (slice->kind != (field->type == FIELD_OBJECT ? JSON_OBJECT : JSON_ARRAY))
			return misfit(fault, slice, field->type == FIELD_OBJECT ? "an object" : "an array");
		return put_raw(at, slice);
	}
	return NULL;
}

void canonical_form_init(struct canonical_form *form, const struct stream *stream)
{
	*form = (struct canonical_form){.stream = stream};
	form->head_length = (size_t)snprintf(form->head, sizeof form->head, STREAM_RECORD_HEAD("%s") "{", stream->name);
	for (size_t i = 0; stream->fields[i].name; i++)
		form->keys[i].length =
			(size_t)snprintf(form->keys[i].text, sizeof form->keys[i].text, "%s\"%s\":", i ? "," : "", stream->fields[i].name);
}

static size_t room_for(const struct canonical_form *form, const struct json_slice slices[], const struct json_slice *time_extracted)
{
	size_t room = sizeof form->head + JSON_STRING_ROOM(time_extracted->length) + 64;
	for (size_t i = 0; form->stream->fields[i].name; i++)
		room += CANONICAL_KEY_ROOM + VALUE_ROOM(slices[i]);
	return room;
}

static int longest(const struct canonical_form *form, const struct json_slice slices[])
{
	int longest = 0;
	for (int i = 1; form->stream->fields[i].name; i++)
		if (slices[i].length > slices[longest].length)
			longest = i;
	return longest;
}

int canonical_form_append(const struct canonical_form *form, struct buffer *line, const struct json_slice slices[],
	const struct json_slice *time_extracted, struct canonical_fault *fault)
{
	char *start = buffer_reserve(line, room_for(form, slices, time_extracted));
	if (!start)
		return 0; /* the buffer remembers it */
	char *at = start;
	memcpy(at, form->head, sizeof form->head);
	at += form->head_length;
	for (int i = 0; form->stream->fields[i].name; i++) {
		/* Copying the fixed size is faster than the exact length. */
		memcpy(at, form->keys[i].text, CANONICAL_KEY_ROOM);
		at += form->keys[i].length;
		char *next = put_usual(at, &form->stream->fields[i], &slices[i], form->bounded);
		at = next ? next : put_value(at, &form->stream->fields[i], &slices[i], form->bounded, fault);
		if (!at) {
			fault->field = i;
			return -1;
		}
	}
	*at++ = '}';
	if (time_extracted->kind == JSON_STRING) {
		at = mempcpy(at, ",\"time_extracted\":", 18);
		at = json_write_string(at, time_extracted->text, time_extracted->length);
	}
	at = mempcpy(at, "}\n", 2);
	if (form->bounded && (size_t)(at - start) > LINE_LIMIT) {
		fault->field = longest(form, slices);
		snprintf(fault->reason, sizeof fault->reason, "makes a line of %zu bytes: %zu are read", (size_t)(at - start), LINE_LIMIT);
		return -1;
	}
	line->length += (size_t)(at - start);
	return 0;
}

int canonical_record_append(struct buffer *line, const struct stream *stream, const struct json_slice slices[],
	const struct json_slice *time_extracted, struct canonical_fault *fault)
{
	struct canonical_form form;
	canonical_form_init(&form, stream);
	return canonical_form_append(&form, line, slices, time_extracted, fault);
}
