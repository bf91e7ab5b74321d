/*
 * split-streams: writes the messages of a pipe to files, by stream.
 *
 * `split-streams STREAM[,STREAM...]=FILE...` writes the SCHEMA and RECORD messages of the streams on standard input, unchanged and in
 * order, to each FILE; "-" is standard output. The files are created when the input ends. A stream may go to several files; other
 * messages are dropped.
 *
 * Exit: 0; 64 usage; 65 bad input, and no file is written; 73, 74 cannot write.
 */
#include "io/atomic_file.h"
#include "io/program.h"
#include "stream/message.h"

#include <string.h>
#include <unistd.h>

#define TARGETS 16

struct target {
	const char *streams, *path; /* streams: the operand up to its "=" */
	size_t streams_length;
	struct atomic_file file;
	struct output *output; /* of the file, or standard output */
};

static struct target targets[TARGETS];
static size_t target_count;

static struct poptOption table[] = {POPT_TABLEEND};

static const struct options_manual manual = {
	.program = "split-streams",
	.operands = "STREAM[,STREAM...]=FILE...",
	.summary = "Writes the messages on standard input to files by stream; - is standard output.",
	.description = "Messages of other streams are dropped.\n\n"
		       "Example:\n"
		       "  split-streams consumption=figures.ndjson account,watermark=accounts.ndjson <consumption.ndjson\n",
};

static int open_target(const char *operand, struct output *standard_output, struct error *error)
{
	size_t path = strcspn(operand, "=");
	path += operand[path] == '=';
	if (path < 2 || !operand[path] || target_count == TARGETS)
		options_refuse("cannot use '%s': it must be STREAM[,STREAM...]=FILE, and at most %d of them", operand, TARGETS);
	struct target *target = &targets[target_count++];
	*target = (struct target){.streams = operand, .streams_length = path - 1, .path = operand + path};
	if (strcmp(target->path, "-") == 0) {
		target->output = standard_output;
		return 0;
	}
	target->output = &target->file.output;
	return atomic_file_open(&target->file, target->path, 0666, error);
}

static bool wants(const struct target *target, const struct json_slice *stream)
{
	const char *at = target->streams, *end = at + target->streams_length;
	while (at < end) {
		const char *comma = memchr(at, ',', (size_t)(end - at));
		size_t length = (size_t)((comma ? comma : end) - at);
		if (length == stream->length && memcmp(at, stream->text, length) == 0)
			return true;
		at += length + 1;
	}
	return false;
}

static int split(struct error *error)
{
	struct message_reader reader;
	struct message message;
	int got = message_reader_open(&reader, STDIN_FILENO, "standard input", NULL, 0, false, error);
	while (got >= 0 && (got = message_next(&reader, &message, error)) > 0) {
		if ((message.type != MESSAGE_SCHEMA && message.type != MESSAGE_RECORD) || message.stream.kind != JSON_STRING)
			continue;
		for (size_t i = 0; i < target_count; i++)
			if (wants(&targets[i], &message.stream))
				output_line(targets[i].output, message.line.text, message.line.length);
	}
	message_reader_release(&reader);
	return got < 0 ? -1 : 0;
}

static void run(const char **operands, struct output *output, struct error *error)
{
	int result = 0;
	if (!*operands)
		options_refuse("cannot split without operands, STREAM=FILE");
	for (; *operands && result == 0; operands++)
		result = open_target(*operands, output, error);
	if (result == 0)
		result = split(error);
	for (size_t i = 0; i < target_count; i++)
		if (result == 0 && targets[i].output != output)
			result = atomic_file_commit(&targets[i].file, error);
	for (size_t i = 0; i < target_count; i++)
		if (targets[i].output != output)
			atomic_file_abandon(&targets[i].file);
}

int main(int argc, const char **argv)
{
	return program_run(argc, argv, table, &manual, run);
}
