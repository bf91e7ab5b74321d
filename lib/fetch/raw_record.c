#include "fetch/raw_record.h"

#include "stream/stream.h"
#include "json/json_write.h"

void raw_record_append(struct buffer *line, const struct raw_context *context, const char *record, size_t length)
{
	stream_open_record(line, context->stream);
	json_raw(line, record, length);
	json_member_begin(line, "context", '{');
	json_member_text(line, "organization_id", context->organization_id);
	if (context->account_id)
		json_member_text(line, "account_id", context->account_id);
	json_end(line, '}');
	json_member_instant(line, "time_extracted", context->time_extracted);
	stream_close_record(line);
}

void raw_schema_append(struct buffer *line, const char *stream)
{
	buffer_append_string(line, "{\"type\":\"SCHEMA\",");
	json_member_text(line, "stream", stream);
	buffer_append_string(line, "\"schema\":{\"type\":\"object\"},\"key_properties\":[]}\n");
}
