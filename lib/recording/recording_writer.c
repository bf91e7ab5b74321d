#include "recording/recording.h"

#include "json/json_write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define WRITE_OUT_EVERY ((uint64_t)8 << 20) /* bytes */

static int write_all(int descriptor, const char *bytes, size_t count, const char *path, struct error *error)
{
	while (count > 0) {
		ssize_t written = write(descriptor, bytes, count);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return error_set_errno(error, EX_IOERR, "cannot write '%s'", path);
		bytes += written;
		count -= (size_t)written;
	}
	return 0;
}

/* Completes the line, which lacks its closing brace, with its chain, and writes it. */
static int write_line(struct recording_writer *writer, struct error *error)
{
	struct buffer *line = &writer->line;
	if (buffer_check(line, error) < 0 || sha256_chain(writer->chain, line->data, line->length, error) < 0)
		return -1;
	buffer_append_format(line, ",\"chain\":\"%s\"}\n", writer->chain);
	return buffer_check(line, error) < 0 ? -1 : write_all(writer->index, line->data, line->length, writer->path, error);
}

static int write_header(struct recording_writer *writer, const char *program, int64_t now, struct error *error)
{
	struct buffer *line = &writer->line;
	json_begin(line, '{');
	json_member_integer(line, "recording", 1);
	json_member_text(line, "program", program);
	json_member_instant(line, "now", now);
	json_finish(line);
	return write_line(writer, error);
}

/* The body of an exchange, and its line. The disk writes bodies while others are read, so that closing waits for the last ones alone. */
static int write_exchange(struct recording_writer *writer, const char *body, size_t length, struct error *error)
{
	if (write_all(writer->bodies, body, length, writer->bodies_path, error) < 0 || write_line(writer, error) < 0)
		return -1;
	writer->bodies_length += length;
	writer->exchanges++;
	uint64_t waiting = writer->bodies_length - writer->written_out;
	if (waiting >= WRITE_OUT_EVERY) {
		(void)sync_file_range(writer->bodies, (off_t)writer->written_out, (off_t)waiting, SYNC_FILE_RANGE_WRITE);
		writer->written_out = writer->bodies_length;
	}
	return 0;
}

static int open_file(const char *path, uint64_t length, struct error *error)
{
	int descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
	if (descriptor < 0)
		return error_set_errno(error, EX_CANTCREAT, "cannot create '%s'", path);
	int result = 0;
	if (flock(descriptor, LOCK_EX | LOCK_NB) < 0)
		result = error_set(error, EX_TEMPFAIL, "cannot write '%s': another process is recording there", path);
	else if (ftruncate(descriptor, (off_t)length) < 0)
		result = error_set_errno(error, EX_IOERR, "cannot truncate '%s'", path);
	if (result == 0)
		return descriptor;
	close(descriptor);
	return -1;
}

static void release(struct recording_writer *writer)
{
	if (writer->index >= 0)
		close(writer->index);
	if (writer->bodies >= 0)
		close(writer->bodies);
	free(writer->directory);
	free(writer->path);
	free(writer->bodies_path);
	buffer_release(&writer->line);
	*writer = (struct recording_writer){.index = -1, .bodies = -1, .line = BUFFER_INIT};
}

int recording_writer_open(struct recording_writer *writer, const char *directory, const char *program, int64_t now,
	const struct recording_tail *tail, struct error *error)
{
	*writer = (struct recording_writer){.index = -1, .bodies = -1, .line = BUFFER_INIT};
	writer->directory = strdup(directory);
	writer->path = recording_path(directory, program, "exchanges");
	writer->bodies_path = recording_path(directory, program, "bodies");
	if (!writer->directory || !writer->path || !writer->bodies_path) {
		error_set(error, EX_OSERR, "out of memory");
		goto failed;
	}
	if (tail) {
		writer->exchanges = tail->exchanges;
		writer->bodies_length = writer->written_out = tail->bodies_length;
		memcpy(writer->chain, tail->chain, sizeof writer->chain);
	}
	if (mkdir(directory, 0777) < 0 && errno != EEXIST) {
		error_set_errno(error, EX_CANTCREAT, "cannot create '%s'", directory);
		goto failed;
	}
	writer->index = open_file(writer->path, tail ? tail->index_length : 0, error);
	if (writer->index < 0)
		goto failed;
	writer->bodies = open_file(writer->bodies_path, writer->bodies_length, error);
	if (writer->bodies < 0 || (!tail && write_header(writer, program, now, error) < 0))
		goto failed;
	return 0;
failed:
	release(writer);
	return -1;
}

static void append_failure(struct buffer *line, const struct error *failure)
{
	json_member_begin(line, "failure", '{');
	json_member_integer(line, "status", failure->status);
	json_member_text(line, "text", failure->text);
	json_end(line, '}');
}

int recording_add(
	struct recording_writer *writer, const struct recording_entry *entry, const char *body, size_t length, struct error *error)
{
	static const char request_headers[] =
		"{\"accept\":\"application/json\",\"accept-encoding\":\"gzip\",\"authorization\":\"redacted\"}";
	char hash[SHA256_HEX_LENGTH + 1];
	struct buffer *line = &writer->line;
	const char *headers = entry->headers ? entry->headers : "{}",
		   *asked = entry->request_headers ? entry->request_headers : request_headers;
	if (sha256_hex(body, length, hash, error) < 0)
		return -1;
	buffer_reset(line);
	json_begin(line, '{');
	json_member_integer(line, "exchange", (int64_t)writer->exchanges + 1);
	json_member_instant(line, "requested_at", entry->requested_at);
	json_member_instant(line, "answered_at", entry->answered_at);
	json_member_text(line, "method", entry->method);
	json_member_text(line, "url", entry->url);
	json_member_raw(line, "request_headers", asked, strlen(asked));
	if (entry->download)
		json_member_text(line, "download", entry->download);
	json_member_integer(line, "status", entry->status);
	json_member_raw(line, "headers", headers, strlen(headers));
	if (entry->failure)
		append_failure(line, entry->failure);
	json_member_boolean(line, "final", entry->final);
	json_member_integer(line, "body_offset", (int64_t)writer->bodies_length);
	json_member_integer(line, "body_length", (int64_t)length);
	json_member_integer(line, "decoded_length", (int64_t)entry->decoded_length);
	json_member_text(line, "body_sha256", hash);
	json_finish(line);
	return write_exchange(writer, body, length, error);
}

int recording_copy(struct recording_writer *writer, const struct recorded_exchange *exchange, struct error *error)
{
	buffer_reset(&writer->line);
	buffer_append(&writer->line, exchange->line, exchange->line_length);
	return write_exchange(writer, exchange->body, exchange->body_length, error);
}

int recording_copy_anew(struct recording_writer *writer, const struct recorded_exchange *exchange, struct error *error)
{
	const struct {
		const struct json_slice *slice;
		uint64_t value;
	} numbers[] = {{&exchange->number, writer->exchanges + 1}, {&exchange->body_offset, writer->bodies_length}};
	const char *at = exchange->line, *end = at + exchange->line_length;
	buffer_reset(&writer->line);
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		const struct json_slice *slice = numbers[i].slice;
		if (slice->text < at || slice->text + slice->length > end)
			return error_set(
				error, EX_DATAERR, "cannot copy an exchange: \"exchange\" and \"body_offset\" are not in their order");
		buffer_append(&writer->line, at, (size_t)(slice->text - at));
		buffer_append_format(&writer->line, "%llu", (unsigned long long)numbers[i].value);
		at = slice->text + slice->length;
	}
	buffer_append(&writer->line, at, (size_t)(end - at));
	return write_exchange(writer, exchange->body, exchange->body_length, error);
}

static int write_end(struct recording_writer *writer, struct error *error)
{
	buffer_reset(&writer->line);
	buffer_append_format(&writer->line, "{\"end\":true,\"exchanges\":%llu", (unsigned long long)writer->exchanges);
	return write_line(writer, error);
}

static int sync_file(int descriptor, const char *path, struct error *error)
{
	return fsync(descriptor) < 0 ? error_set_errno(error, EX_IOERR, "cannot write '%s'", path) : 0;
}

/* The files' names are durable only when their directory is. */
static int sync_directory(const char *directory, struct error *error)
{
	int descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (descriptor < 0)
		return error_set_errno(error, EX_IOERR, "cannot open '%s'", directory);
	int result = sync_file(descriptor, directory, error);
	close(descriptor);
	return result;
}

int recording_writer_close(struct recording_writer *writer, bool complete, struct error *error)
{
	int result = 0;
	if (writer->index < 0)
		return 0;
	/* The bodies first: an end line must never follow bodies that a power failure lost. */
	if (sync_file(writer->bodies, writer->bodies_path, error) < 0 || (complete && write_end(writer, error) < 0) ||
		sync_file(writer->index, writer->path, error) < 0 || sync_directory(writer->directory, error) < 0)
		result = -1;
	release(writer);
	return result;
}
