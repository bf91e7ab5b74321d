/*
 * fuzz_recording: recordings: lines of PROGRAM.exchanges without their chain, then a line "%" and the bodies. Chain and hashes are made right,
 * so that what they cover is reached. What is read, copied and replayed is the same.
 */
#include "fuzz.h"

#include "http/replay.h"
#include "recording/recording.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PROGRAM "fetch-datafeed"
static char directory[] = "/tmp/fuzz-recording.XXXXXX";
static char *files[2];

static void remove_directory(void)
{
	for (size_t i = 0; i < 2; i++) {
		unlink(files[i]);
		free(files[i]);
	}
	rmdir(directory);
}

static void make_directory(void)
{
	static const char *const suffixes[] = {"exchanges", "bodies"};
	FUZZ_CHECK(mkdtemp(directory));
	for (size_t i = 0; i < 2; i++) {
		files[i] = recording_path(directory, PROGRAM, suffixes[i]);
		FUZZ_CHECK(symlink(fuzz_file(i, "", 0), files[i]) == 0);
	}
	atexit(remove_directory);
}

/* A line's body: the next "body_length" bytes. Of members that come twice the last one counts. */
static void add_hash(struct buffer *line, const struct fuzz_input *bodies, size_t *at)
{
	char hash[SHA256_HEX_LENGTH + 1];
	const char *member = strstr(line->data, "\"body_length\":");
	size_t size = member ? strtoul(member + 14, NULL, 10) : 0;
	if (line->length == 0 || line->data[line->length - 1] != '}' || !member || *at > bodies->left || size > bodies->left - *at)
		return;
	sha256_hex(bodies->at + *at, size, hash, NULL);
	*at += size;
	line->length--;
	buffer_append_format(line, ",\"body_sha256\":\"%s\"}", hash);
}

static void write_recording(const uint8_t *bytes, size_t length)
{
	struct fuzz_input input = {bytes, length}, bodies;
	struct buffer index = BUFFER_INIT, line = BUFFER_INIT;
	char chain[SHA256_HEX_LENGTH + 1] = "";
	size_t at = 0;
	const uint8_t *separator = memmem(bytes, length, "\n%\n", 3);
	bodies = (struct fuzz_input){separator ? separator + 3 : bytes + length, separator ? (size_t)(bytes + length - separator) - 3 : 0};
	input.left = separator ? (size_t)(separator - bytes) : length;
	while (fuzz_line(&input, &line)) {
		add_hash(&line, &bodies, &at);
		if (line.length > 0 && line.data[line.length - 1] == '}') {
			line.data[--line.length] = 0;
			sha256_chain(chain, line.data, line.length, NULL);
			buffer_append_format(&line, ",\"chain\":\"%s\"}", chain);
		}
		buffer_append(&index, line.data, line.length);
		buffer_append_byte(&index, '\n');
	}
	fuzz_file(0, index.data, index.length);
	fuzz_file(1, bodies.at, at);
	buffer_release(&index);
	buffer_release(&line);
}

/* All requests, and then all responses. Returns how many there were. */
static void replay_all(char *const urls[], size_t count)
{
	struct http_response response;
	struct error error = ERROR_INIT;
	struct replay *replay = replay_open(directory, PROGRAM, 0, NULL, &error);
	size_t got = 0;
	FUZZ_CHECK(replay);
	for (size_t i = 0; i < count; i++)
		FUZZ_CHECK(replay_get(replay, urls[i], NULL, NULL, NULL, &error) == 0);
	while (replay_next(replay, &response, &error) > 0) {
		FUZZ_CHECK(response.error.status || response.status);
		got++;
	}
	FUZZ_CHECK(got <= count);
	replay_close(replay, false, NULL);
}

void fuzz_recording(const uint8_t *bytes, size_t length)
{
	struct recording_tail tail;
	struct recording_reader reader;
	struct recorded_exchange exchange;
	struct error error = ERROR_INIT;
	char *urls[64];
	size_t count = 0;
	int got;
	if (!files[0])
		make_directory();
	write_recording(bytes, length);
	if (recording_find_tail(directory, PROGRAM, &tail, &error) < 0)
		FUZZ_CHECK(error.status == EX_DATAERR);
	if (recording_reader_open(&reader, directory, PROGRAM, 0, &error) < 0) {
		FUZZ_CHECK(error.status == EX_DATAERR);
		return;
	}
	while ((got = recording_next(&reader, &exchange, &error)) > 0)
		if (exchange.final && count < 64)
			urls[count++] = strndup(exchange.url.text, exchange.url.length);
	FUZZ_CHECK(got == 0 || error.status == EX_DATAERR);
	if (got == 0 && count < 64)
		replay_all(urls, count);
	recording_reader_release(&reader);
	while (count > 0)
		free(urls[--count]);
}
