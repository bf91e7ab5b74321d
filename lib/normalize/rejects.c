#include "normalize/rejects.h"

#include "base/utf8.h"
#include "json/json_write.h"

#include <string.h>

int rejects_open(struct rejects *rejects, const char *path, struct error *error)
{
	*rejects = (struct rejects){.path = path};
	return path ? atomic_file_open(&rejects->file, path, 0644, error) : 0;
}

static void append_raw(struct buffer *line, const struct message *message)
{
	json_key(line, "raw");
	if (utf8_prefix(message->line.text, message->line.length) == message->line.length) {
		json_string(line, message->line.text, message->line.length);
		return;
	}
	json_null(line);
	json_key(line, "raw_hex");
	buffer_append_byte(line, '"');
	for (size_t i = 0; i < message->line.length; i++)
		buffer_append_format(line, "%02x", (unsigned char)message->line.text[i]);
	buffer_append_string(line, "\",");
}

/* The reason may quote a part of the line, cut within a character. */
static void append_reason(struct buffer *line, const char *reason)
{
	struct buffer text = BUFFER_INIT;
	for (size_t left = strlen(reason); left > 0;) {
		size_t count = utf8_prefix(reason, left);
		buffer_append(&text, count ? reason : "?", count ? count : 1);
		reason += count ? count : 1;
		left -= count ? count : 1;
	}
	json_string(line, text.data, text.length);
	line->failed |= text.failed;
	buffer_release(&text);
}

int rejects_add(struct rejects *rejects, const struct message_reader *reader, const struct message *message, const char *stream,
	const char *pointer, const char *reason, struct error *error)
{
	rejects->count++;
	if (!rejects->path)
		return message_error(reader, message, error, "%s%s%s%s (--rejects FILE keeps such lines and goes on)", *pointer ? "\"" : "",
			pointer, *pointer ? "\": " : "", reason);
	struct buffer *line = &rejects->file.output.pending;
	json_begin(line, '{');
	json_member_integer(line, "line", (int64_t)message->line_number);
	json_member_text(line, "stream", stream);
	json_member_text(line, "pointer", pointer);
	json_key(line, "reason");
	append_reason(line, reason);
	append_raw(line, message);
	json_end(line, '}');
	json_finish(line);
	buffer_append_byte(line, '\n');
	output_line_end(&rejects->file.output);
	return output_failed(&rejects->file.output) ? error_set(error, EX_IOERR, "cannot write '%s'", rejects->path) : 0;
}

int rejects_commit(struct rejects *rejects, struct error *error)
{
	return rejects->path ? atomic_file_commit(&rejects->file, error) : 0;
}

void rejects_abandon(struct rejects *rejects)
{
	if (rejects->path)
		atomic_file_abandon(&rejects->file);
}
