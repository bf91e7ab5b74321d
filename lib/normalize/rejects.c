#include "normalize/rejects.h"

#include "base/utf8.h"
#include "json/json_write.h"

#include <string.h>

int rejects_open(struct rejects *rejects, const char *path, struct error *error)
{
	*rejects = (struct rejects){.path = path};
	return path ? atomic_file_open(&rejects->file, path, 0644, error) : 0;
}

#define RAW_LIMIT ((size_t)1 << 20) /* bytes: its JSON, at most six times as long, is still a line that others read */
#define BEGINNING ((size_t)4 << 10) /* bytes of a line that is longer */

static void append_raw(struct buffer *line, const char *text, size_t length, bool cut)
{
	size_t good = utf8_prefix(text, length);
	json_key(line, "raw");
	if (good == length || (cut && length - good < 4)) { /* cut within a character */
		json_string(line, text, good);
		return;
	}
	json_null(line);
	json_key(line, "raw_hex");
	buffer_append_byte(line, '"');
	for (size_t i = 0; i < length; i++)
		buffer_append_format(line, "%02x", (unsigned char)text[i]);
	buffer_append_string(line, "\",");
}

/* The line, or its beginning and its size. */
static int append_line(struct buffer *line, struct line_reader *reader, const struct message *message, struct error *error)
{
	struct line piece = message->line;
	size_t size = piece.length;
	int got = 0;
	if (size <= RAW_LIMIT) {
		append_raw(line, piece.text, size, false);
		return 0;
	}
	append_raw(line, piece.text, BEGINNING, true);
	while (message->line.cut && (got = line_reader_rest(reader, &piece, error)) > 0)
		size += piece.length;
	json_member_integer(line, "bytes", (int64_t)size);
	return got;
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

int rejects_add(struct rejects *rejects, struct message_reader *reader, const struct message *message, const char *stream,
	const char *pointer, const char *reason, struct error *error)
{
	rejects->count++;
	if (!rejects->path)
		return message_error(reader, message, error, "%s%s%s%s (--rejects FILE saves such lines and continues)",
			*pointer ? "\"" : "", pointer, *pointer ? "\": " : "", reason);
	struct buffer *line = &rejects->file.output.pending;
	json_begin(line, '{');
	json_member_integer(line, "line", (int64_t)message->line_number);
	json_member_text(line, "stream", stream);
	json_member_text(line, "pointer", pointer);
	json_key(line, "reason");
	append_reason(line, reason);
	if (append_line(line, &reader->lines, message, error) < 0)
		return -1;
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
