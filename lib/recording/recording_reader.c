#include "recording/recording.h"

#include "base/format_arguments.h"
#include "base/instant.h"
#include "base/regular_file.h"
#include "json/json_slice.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What follows a line's own bytes: ,"chain":"<hash>"} */
#define CHAIN_BEGIN ",\"chain\":\""
#define CHAIN_END "\"}"
#define CHAIN_LENGTH (sizeof CHAIN_BEGIN - 1 + SHA256_HEX_LENGTH + sizeof CHAIN_END - 1)

enum {
	SLICE_RECORDING,
	SLICE_PROGRAM,
	SLICE_NOW,
	SLICE_EXCHANGE,
	SLICE_METHOD,
	SLICE_URL,
	SLICE_STATUS,
	SLICE_CONTENT_TYPE,
	SLICE_CONTENT_ENCODING,
	SLICE_LOCATION,
	SLICE_FINAL,
	SLICE_FAILURE_STATUS,
	SLICE_FAILURE_TEXT,
	SLICE_BODY_OFFSET,
	SLICE_BODY_LENGTH,
	SLICE_BODY_HASH,
	SLICE_END,
	SLICE_EXCHANGES,
	SLICE_ANSWERED_AT,
	SLICE_DOWNLOAD,
	SLICE_COUNT
};

static const char *const pointers[SLICE_COUNT] = {"/recording", "/program", "/now", "/exchange", "/method", "/url", "/status",
	"/headers/content-type", "/headers/content-encoding", "/headers/location", "/final", "/failure/status", "/failure/text",
	"/body_offset", "/body_length", "/body_sha256", "/end", "/exchanges", "/answered_at", "/download"};

static int wrong(const struct recording_reader *reader, struct error *error, const char *format, ...) __attribute__((format(printf, 3, 4)));

static int wrong(const struct recording_reader *reader, struct error *error, const char *format, ...)
{
	char text[256];
	FORMAT_ARGUMENTS(text, format);
	return error_set(
		error, EX_DATAERR, "cannot read '%s' line %llu: %s", reader->path, (unsigned long long)reader->lines.line_number, text);
}

static bool slice_number(const struct json_slice *slice, uint64_t most, uint64_t *number)
{
	if (slice->kind != JSON_NUMBER || slice->length > 18)
		return false;
	*number = 0;
	for (size_t i = 0; i < slice->length; i++) {
		if (slice->text[i] < '0' || slice->text[i] > '9')
			return false;
		*number = *number * 10 + (uint64_t)(slice->text[i] - '0');
	}
	return *number <= most;
}

static bool slice_is(const struct json_slice *slice, const char *text)
{
	return slice->kind == JSON_STRING && slice->length == strlen(text) && memcmp(slice->text, text, slice->length) == 0;
}

/* Reads a line, checks its chain and scans it. Returns 1; 0 at the end of the file; -1. */
static int next_line(struct recording_reader *reader, struct line *line, struct error *error)
{
	int got = line_reader_next(&reader->lines, line, error);
	if (got <= 0)
		return got;
	const char *end = line->text + line->length - CHAIN_LENGTH;
	if (line->length <= CHAIN_LENGTH || memcmp(end, CHAIN_BEGIN, sizeof CHAIN_BEGIN - 1) != 0 ||
		memcmp(line->text + line->length - 2, CHAIN_END, 2) != 0)
		return wrong(reader, error, "it does not end with its chain");
	if (sha256_chain(reader->tail.chain, line->text, line->length - CHAIN_LENGTH, error) < 0)
		return -1;
	if (memcmp(reader->tail.chain, end + sizeof CHAIN_BEGIN - 1, SHA256_HEX_LENGTH) != 0)
		return wrong(reader, error, "its chain does not fit: this line or one before it was changed, lost or moved");
	if (json_scan(reader->scanner, line->text, line->length, reader->slices, error) < 0)
		return error_prefix(error, "cannot read '%s' line %llu", reader->path, (unsigned long long)reader->lines.line_number);
	return 1;
}

static int read_header(struct recording_reader *reader, const char *program, struct error *error)
{
	struct line line;
	const struct json_slice *slices = reader->slices;
	int got = next_line(reader, &line, error);
	if (got <= 0)
		return got < 0 ? -1 : wrong(reader, error, "it is empty");
	uint64_t version;
	if (!slice_number(&slices[SLICE_RECORDING], 1, &version))
		return wrong(reader, error, "it is not the header of a recording of version 1");
	if (!slice_is(&slices[SLICE_PROGRAM], program))
		return wrong(reader, error, "it is not a recording of %s", program);
	if (slices[SLICE_NOW].kind != JSON_STRING || instant_parse(slices[SLICE_NOW].text, slices[SLICE_NOW].length, &reader->tail.now) < 0)
		return wrong(reader, error, "\"now\" is not a time");
	reader->tail.index_length = line.length + 1;
	return 0;
}

/* Checked before anything is printed: the end line is short, so the file's last bytes suffice. */
static int check_ended(const struct recording_reader *reader, off_t size, struct error *error)
{
	char text[160];
	off_t from = size > (off_t)sizeof text ? size - (off_t)sizeof text : 0;
	ssize_t count = pread(reader->index, text, sizeof text, from);
	if (count < 0)
		return error_set_errno(error, EX_IOERR, "cannot read '%s'", reader->path);
	if (count > 0 && text[count - 1] == '\n' && memmem(text, (size_t)count, "{\"end\":true,", 12))
		return 0;
	return error_set(error, EX_DATAERR,
		"cannot replay '%s': it is incomplete, it has no end line (--record into the same folder resumes it)", reader->path);
}

static int open_files(struct recording_reader *reader, const char *directory, const char *program, struct error *error)
{
	struct stat status;
	reader->index = regular_file_open(reader->path, error);
	if (reader->index < 0 && errno == ENOENT)
		return error_set(
			error, EX_NOINPUT, "cannot open '%s': there is no recording of %s in '%s'", reader->path, program, directory);
	if (reader->index < 0 || (reader->bodies = regular_file_open(reader->bodies_path, error)) < 0)
		return -1;
	if (fstat(reader->bodies, &status) < 0)
		return error_set_errno(error, EX_IOERR, "cannot read '%s'", reader->bodies_path);
	reader->bodies_size = (uint64_t)status.st_size;
	if (fstat(reader->index, &status) < 0)
		return error_set_errno(error, EX_IOERR, "cannot read '%s'", reader->path);
	reader->index_size = (uint64_t)status.st_size;
	return reader->limit ? 0 : check_ended(reader, status.st_size, error);
}

int recording_reader_open(struct recording_reader *reader, const char *directory, const char *program, uint64_t limit, struct error *error)
{
	*reader = (struct recording_reader){.index = -1, .bodies = -1, .body = BUFFER_INIT, .limit = limit};
	reader->path = recording_path(directory, program, "exchanges");
	reader->bodies_path = recording_path(directory, program, "bodies");
	reader->slices = calloc(SLICE_COUNT, sizeof *reader->slices);
	if (!reader->path || !reader->bodies_path || !reader->slices)
		error_set(error, EX_OSERR, "out of memory");
	else if (open_files(reader, directory, program, error) == 0 && (reader->scanner = json_scanner_new(pointers, SLICE_COUNT, error)) &&
		line_reader_open(&reader->lines, reader->index, reader->path, error) == 0 && read_header(reader, program, error) == 0)
		return 0;
	recording_reader_release(reader);
	return -1;
}

void recording_reader_release(struct recording_reader *reader)
{
	if (reader->index >= 0)
		close(reader->index);
	if (reader->bodies >= 0)
		close(reader->bodies);
	line_reader_release(&reader->lines);
	json_scanner_free(reader->scanner);
	free(reader->slices);
	free(reader->path);
	free(reader->bodies_path);
	buffer_release(&reader->body);
	*reader = (struct recording_reader){.index = -1, .bodies = -1, .body = BUFFER_INIT};
}

static int read_body(struct recording_reader *reader, struct recorded_exchange *exchange, struct error *error)
{
	uint64_t offset, length;
	char hash[SHA256_HEX_LENGTH + 1];
	if (!slice_number(&reader->slices[SLICE_BODY_OFFSET], UINT64_MAX, &offset) || offset != reader->tail.bodies_length ||
		!slice_number(&reader->slices[SLICE_BODY_LENGTH], RECORDING_BODY_LIMIT, &length))
		return wrong(reader, error, "its body is not where the previous one ends, or too large");
	if (offset + length > reader->bodies_size)
		return wrong(reader, error, "'%s' ends before its body does", reader->bodies_path);
	buffer_reset(&reader->body);
	char *to = buffer_reserve(&reader->body, length);
	if (!to)
		return buffer_check(&reader->body, error);
	for (size_t got = 0; got < length;) {
		ssize_t count = pread(reader->bodies, to + got, length - got, (off_t)(offset + got));
		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return error_set_errno(error, EX_IOERR, "cannot read '%s'", reader->bodies_path);
		got += (size_t)count;
	}
	reader->body.length = length;
	to[length] = 0;
	if (sha256_hex(to, length, hash, error) < 0)
		return -1;
	if (!slice_is(&reader->slices[SLICE_BODY_HASH], hash))
		return wrong(reader, error, "its body in '%s' was changed: the hash differs", reader->bodies_path);
	exchange->body = to;
	exchange->body_length = length;
	return 0;
}

static int read_exchange(struct recording_reader *reader, struct recorded_exchange *exchange, struct error *error)
{
	const struct json_slice *slices = reader->slices;
	uint64_t number, status, failure = 0;
	if (!slice_number(&slices[SLICE_EXCHANGE], UINT64_MAX, &number) || number != reader->tail.exchanges + 1)
		return wrong(reader, error, "it is not exchange %llu", (unsigned long long)reader->tail.exchanges + 1);
	if (slices[SLICE_METHOD].kind != JSON_STRING || slices[SLICE_URL].kind != JSON_STRING ||
		!slice_number(&slices[SLICE_STATUS], 999, &status) ||
		(slices[SLICE_FINAL].kind != JSON_TRUE && slices[SLICE_FINAL].kind != JSON_FALSE) ||
		(status == 0 &&
			(slices[SLICE_FAILURE_TEXT].kind != JSON_STRING ||
				!slice_number(&slices[SLICE_FAILURE_STATUS], EX__MAX, &failure))))
		return wrong(reader, error, "it lacks a method, URL, status or final");
	*exchange = (struct recorded_exchange){.method = slices[SLICE_METHOD],
		.url = slices[SLICE_URL],
		.content_type = slices[SLICE_CONTENT_TYPE],
		.content_encoding = slices[SLICE_CONTENT_ENCODING],
		.location = slices[SLICE_LOCATION],
		.download = slices[SLICE_DOWNLOAD],
		.status = (int)status,
		.final = slices[SLICE_FINAL].kind == JSON_TRUE,
		.answered_at = INSTANT_NONE,
		.failure = slices[SLICE_FAILURE_TEXT],
		.failure_status = (int)failure,
		.number = slices[SLICE_EXCHANGE],
		.body_offset = slices[SLICE_BODY_OFFSET]};
	json_slice_instant(&slices[SLICE_ANSWERED_AT], &exchange->answered_at);
	return read_body(reader, exchange, error);
}

static int read_end(struct recording_reader *reader, struct error *error)
{
	struct line line;
	uint64_t exchanges;
	if (!slice_number(&reader->slices[SLICE_EXCHANGES], UINT64_MAX, &exchanges) || exchanges != reader->tail.exchanges)
		return wrong(reader, error, "it counts other exchanges than there are");
	if (reader->tail.bodies_length != reader->bodies_size)
		return wrong(reader, error, "'%s' has bytes after the last body", reader->bodies_path);
	reader->tail.state = RECORDING_COMPLETE;
	int got = line_reader_next(&reader->lines, &line, error);
	return got > 0 ? wrong(reader, error, "something follows the end line") : got;
}

int recording_next(struct recording_reader *reader, struct recorded_exchange *exchange, struct error *error)
{
	struct line line;
	if (reader->tail.state == RECORDING_COMPLETE || (reader->limit && reader->tail.exchanges == reader->limit))
		return 0;
	int got = next_line(reader, &line, error);
	if (got < 0)
		return -1;
	if (got == 0)
		return wrong(reader, error, "the recording was cut off after this line");
	/* A line without its newline is torn, even when nothing else is missing. */
	if (reader->slices[SLICE_END].kind == JSON_TRUE && reader->tail.index_length + line.length + 1 > reader->index_size)
		return wrong(reader, error, "the end line is cut off");
	if (reader->slices[SLICE_END].kind == JSON_TRUE)
		return read_end(reader, error);
	if (read_exchange(reader, exchange, error) < 0)
		return -1;
	exchange->line = line.text;
	exchange->line_length = line.length - CHAIN_LENGTH;
	reader->tail.exchanges++;
	reader->tail.index_length += line.length + 1;
	reader->tail.bodies_length += exchange->body_length;
	return 1;
}

/* Is the line just read the file's last? Then it is torn, not damaged. */
static bool at_last_line(struct recording_reader *reader)
{
	struct line line;
	return line_reader_next(&reader->lines, &line, NULL) == 0;
}

/* No file, or one without a complete line: its writer was killed before the header was written. */
static bool is_blank(const char *directory, const char *program)
{
	char text[4096];
	char *path = recording_path(directory, program, "exchanges");
	int descriptor = path ? regular_file_open(path, NULL) : -1;
	bool blank = path && descriptor < 0 && errno == ENOENT;
	if (descriptor >= 0) {
		ssize_t count = read(descriptor, text, sizeof text);
		blank = count >= 0 && !memchr(text, '\n', (size_t)count);
		close(descriptor);
	}
	free(path);
	return blank;
}

/* Reads to the end or the torn line; `*tail` ends with the last success before it. */
static int find_last_success(struct recording_reader *reader, struct recording_tail *tail, struct error *error)
{
	struct recorded_exchange exchange = {.status = 0};
	int got;
	*tail = reader->tail;
	/* An exchange whose line lacks its newline is torn, too. */
	while ((got = recording_next(reader, &exchange, error)) > 0 && reader->tail.index_length <= reader->index_size)
		if (exchange.status >= 200 && exchange.status < 300 && exchange.final && exchange.failure.kind != JSON_STRING)
			*tail = reader->tail;
	tail->state = reader->tail.state == RECORDING_COMPLETE ? RECORDING_COMPLETE : RECORDING_INCOMPLETE;
	return got < 0 && (error->status != EX_DATAERR || !at_last_line(reader)) ? -1 : 0;
}

int recording_find_tail(const char *directory, const char *program, struct recording_tail *tail, struct error *error)
{
	struct recording_reader reader;
	*tail = (struct recording_tail){.state = RECORDING_NONE};
	if (is_blank(directory, program))
		return 0;
	/* This limit is never reached; with one, no end line is required. */
	if (recording_reader_open(&reader, directory, program, UINT64_MAX, error) < 0)
		return -1;
	struct error problem = ERROR_INIT;
	int result = find_last_success(&reader, tail, &problem);
	if (result < 0)
		*error = problem;
	recording_reader_release(&reader);
	return result;
}
