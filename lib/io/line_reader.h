/*
 * line_reader.h: a descriptor, line by line, in bounded memory.
 *
 * A line given is `length` bytes without its newline, writable, followed by at least BUFFER_PADDING readable bytes;
 * it is the reader's and lasts until the next call. A last line without a newline is a line; an empty line is given too.
 * A line longer than the limit is an error (EX_DATAERR) that names its number: so memory is bounded. With `keep_long` it is given in
 * pieces: the first by line_reader_next(), `cut`, and the others by line_reader_rest(). Unread pieces are skipped.
 */
#ifndef ENVTALLY_LINE_READER_H
#define ENVTALLY_LINE_READER_H

#include "base/buffer.h"

#include <stdint.h>

#define LINE_LIMIT ((size_t)16 << 20) /* bytes; a page of a thousand envelopes is well under 2 MiB */

struct line_reader {
	int descriptor;
	const char *name; /* what errors call it: a path, or "standard input" */
	char *block; /* `capacity` bytes and the padding */
	size_t capacity, start, end;
	uint64_t line_number; /* of the line last given, from 1 */
	bool at_end;
	bool keep_long; /* set after opening */
	bool in_rest; /* of a line that was cut */
};

struct line {
	char *text;
	size_t length;
	bool cut; /* it is longer than the limit, and this is its beginning */
};

/* The descriptor stays the caller's. -1 if memory is short. */
int line_reader_open(struct line_reader *reader, int descriptor, const char *name, struct error *error);
void line_reader_release(struct line_reader *reader);

/* Can the next line, or the end, be read without waiting for the descriptor? */
bool line_reader_has_line(const struct line_reader *reader);

/* Returns 1 with a line, 0 at the end, -1 on an error. */
int line_reader_next(struct line_reader *reader, struct line *line, struct error *error);

/* After a line that was cut: returns 1 with its next piece, 0 when there is no more of it, -1 on an error. */
int line_reader_rest(struct line_reader *reader, struct line *piece, struct error *error);

#endif
