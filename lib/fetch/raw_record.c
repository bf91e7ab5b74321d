#include "fetch/raw_record.h"

#include "json/json_write.h"

void raw_record_append(struct buffer *line, const struct raw_context *context, const char *record, size_t length)
{
	buffer_append_string(line, "{\"type\":\"RECORD\",");
	json_key(line, "stream");
	json_c_string(line, context->stream);
	json_key(line, "record");
	json_raw(line, record, length);
	json_key(line, "context");
	json_begin(line, '{');
	json_key(line, "organization_id");
	json_c_string(line, context->organization_id);
	if (context->account_id) {
		json_key(line, "account_id");
		json_c_string(line, context->account_id);
	}
	json_end(line, '}');
	json_key(line, "time_extracted");
	json_instant(line, context->time_extracted);
	json_end(line, '}');
	json_finish(line);
	buffer_append_byte(line, '\n');
}

void raw_schema_append(struct buffer *line, const char *stream)
{
	buffer_append_string(line, "{\"type\":\"SCHEMA\",");
	json_key(line, "stream");
	json_c_string(line, stream);
	buffer_append_string(line, "\"schema\":{\"type\":\"object\"},\"key_properties\":[]}\n");
}
