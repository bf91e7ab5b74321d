#include "fetch/raw_record.h"

#include "json/json_write.h"

void raw_record_append(struct buffer *line, const struct raw_context *context, const char *record, size_t length)
{
	buffer_append_string(line, "{\"type\":\"RECORD\",");
	json_member_text(line, "stream", context->stream);
	json_member_raw(line, "record", record, length);
	json_member_begin(line, "context", '{');
	json_member_text(line, "organization_id", context->organization_id);
	if (context->account_id) {
		json_member_text(line, "account_id", context->account_id);
	}
	json_end(line, '}');
	json_member_instant(line, "time_extracted", context->time_extracted);
	json_end(line, '}');
	json_finish(line);
	buffer_append_byte(line, '\n');
}

void raw_schema_append(struct buffer *line, const char *stream)
{
	buffer_append_string(line, "{\"type\":\"SCHEMA\",");
	json_member_text(line, "stream", stream);
	buffer_append_string(line, "\"schema\":{\"type\":\"object\"},\"key_properties\":[]}\n");
}
