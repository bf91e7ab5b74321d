#include "io/output.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define PIECE ((size_t)64 << 10)

void output_open(struct output *output, int descriptor, const char *name)
{
	(void)fcntl(descriptor, F_SETPIPE_SZ, 1 << 20);
	*output = (struct output){.descriptor = descriptor, .name = name, .pending = BUFFER_INIT};
}

void output_flush(struct output *output)
{
	const char *at = output->pending.data;
	size_t left = output->pending.failed ? 0 : output->pending.length;
	if (output->pending.failed && !output->error_number)
		output->error_number = ENOMEM;
	while (left > 0 && !output->error_number) {
		ssize_t count = write(output->descriptor, at, left);
		if (count < 0 && errno != EINTR)
			output->error_number = errno;
		if (count > 0) {
			at += count;
			left -= (size_t)count;
		}
	}
	buffer_reset(&output->pending);
}

void output_line_end(struct output *output)
{
	if ((output->pending.length >= PIECE && !output->is_held) || output->pending.failed)
		output_flush(output);
}

void output_line(struct output *output, const char *line, size_t length)
{
	char *end = buffer_reserve(&output->pending, length + 1);
	if (end) {
		memcpy(end, line, length);
		end[length] = '\n';
		output->pending.length += length + 1;
	}
	output_line_end(output);
}

bool output_failed(const struct output *output)
{
	return output->error_number != 0;
}

int output_close(struct output *output, struct error *error)
{
	output_flush(output);
	buffer_release(&output->pending);
	if (!output->error_number)
		return 0;
	return error_set(error, EX_IOERR, "cannot write '%s': %s", output->name, strerror(output->error_number));
}
