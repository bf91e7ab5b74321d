#include "fetch/raw_record.h"

#include "stream/stream.h"
#include "json/json_write.h"

#include <string.h>

void raw_frame_make(struct raw_frame *frame, const struct raw_context *context)
{
	struct buffer *after = &frame->after;
	buffer_reset(&frame->before);
	stream_open_record(&frame->before, context->stream);
	buffer_reset(after);
	buffer_append_byte(after, ',');
	json_member_begin(after, "context", '{');
	json_member_text(after, "organization_id", context->organization_id);
	if (context->account_id)
		json_member_text(after, "account_id", context->account_id);
	json_end(after, '}');
	json_member_instant(after, "time_extracted", context->time_extracted);
	stream_close_record(after);
}

void raw_frame_release(struct raw_frame *frame)
{
	buffer_release(&frame->before);
	buffer_release(&frame->after);
}

void raw_frame_append(struct buffer *line, const struct raw_frame *frame, const char *record, size_t length)
{
	line->failed |= frame->before.failed | frame->after.failed;
	buffer_append(line, frame->before.data, frame->before.length);
	buffer_append(line, record, length);
	buffer_append(line, frame->after.data, frame->after.length);
}

void raw_record_append(struct buffer *line, const struct raw_context *context, const char *record, size_t length)
{
	struct raw_frame frame = RAW_FRAME_INIT;
	raw_frame_make(&frame, context);
	raw_frame_append(line, &frame, record, length);
	raw_frame_release(&frame);
}

static void append_member(struct buffer *line, const char *name, size_t length)
{
	json_string(line, name, length);
	if (!line->failed)
		line->data[line->length - 1] = ':';
	buffer_append_string(line, "{\"type\":[\"null\",\"string\",\"number\",\"boolean\",\"object\",\"array\"]},");
}

static void begin_schema(struct buffer *line, const char *stream)
{
	buffer_append_string(line, "{\"type\":\"SCHEMA\",");
	json_member_text(line, "stream", stream);
	buffer_append_string(line, "\"schema\":{\"type\":\"object\",\"properties\":{");
}

static void end_schema(struct buffer *line)
{
	json_end(line, '}');
	json_finish(line);
	buffer_append_string(line, ",\"additionalProperties\":true},\"key_properties\":[]}\n");
}

void raw_schema_append(struct buffer *line, const char *stream, const char *const members[], size_t count)
{
	begin_schema(line, stream);
	for (size_t i = 0; i < count; i++)
		append_member(line, members[i], strlen(members[i]));
	end_schema(line);
}

/* The first token of a pointer, unescaped; "" for none. */
static void first_token(const char *pointer, char *token, size_t size)
{
	size_t length = 0;
	for (pointer += pointer && *pointer == '/'; pointer && *pointer && *pointer != '/' && length + 1 < size; pointer++) {
		bool is_escape = *pointer == '~' && pointer[1];
		token[length++] = !is_escape ? *pointer : pointer[1] == '0' ? '~' : '/';
		pointer += is_escape;
	}
	token[length] = 0;
}

void raw_schema_append_feed(struct buffer *line, const struct feed *feed)
{
	char seen[FEED_FIELDS_MOST * 2 + 1][100];
	size_t count = 0;
	begin_schema(line, feed->stream);
	for (size_t i = 0; i <= 2 * feed->map_count; i++) {
		const struct feed_field *field = i < 2 * feed->map_count ? &feed->map[i / 2] : NULL;
		const char *pointer = !field ? feed->clock_pointer : i % 2 ? field->time_pointer : field->pointer;
		bool is_known = !pointer;
		if (pointer)
			first_token(pointer, seen[count], sizeof seen[count]);
		is_known = is_known || !*seen[count];
		for (size_t j = 0; j < count && !is_known; j++)
			is_known = strcmp(seen[j], seen[count]) == 0;
		if (!is_known) {
			append_member(line, seen[count], strlen(seen[count]));
			count++;
		}
	}
	end_schema(line);
}
