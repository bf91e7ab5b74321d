/*
 * output.h: a descriptor written in large pieces, and not trusted until closed.
 *
 * The first write error is kept; output_close() reports it, so a loop need not check each line, but a loop over much
 * input should end early when output_failed().
 */
#ifndef ENVTALLY_OUTPUT_H
#define ENVTALLY_OUTPUT_H

#include "base/buffer.h"

struct output {
	int descriptor;
	const char *name; /* what errors call it */
	struct buffer pending;
	int error_number; /* errno of the first failed write */
	bool is_held; /* set by the caller: nothing is written before output_flush() or output_close() */
};

/* The descriptor stays the caller's. `name` must last as long. */
void output_open(struct output *output, int descriptor, const char *name);

/* Appends a line; or append to `pending` piece by piece (with the newline), then call output_line_end(), which writes when enough is
 * pending. */
void output_line(struct output *output, const char *line, size_t length);
void output_line_end(struct output *output);
void output_flush(struct output *output);
bool output_failed(const struct output *output);

/* Flushes and checks, does not close the descriptor. Returns 0, or -1 with EX_IOERR. */
int output_close(struct output *output, struct error *error);

#endif
