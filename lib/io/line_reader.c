#include "io/line_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIRST_CAPACITY ((size_t)256 << 10)

int line_reader_open(struct line_reader *reader, int descriptor, const char *name, struct error *error)
{
	*reader = (struct line_reader){.descriptor = descriptor, .name = name, .capacity = FIRST_CAPACITY};
	reader->block = calloc(1, reader->capacity + BUFFER_PADDING);
	return reader->block ? 0 : error_set(error, EX_OSERR, "out of memory");
}

void line_reader_release(struct line_reader *reader)
{
	free(reader->block);
	reader->block = NULL;
}

/* Of a line that is longer than the limit. */
static bool is_full(const struct line_reader *reader)
{
	return reader->capacity > LINE_LIMIT && reader->start == 0 && reader->end == reader->capacity;
}

/* Makes room after `end`: moves the rest to the front, or gets a larger block for a line that fills it. */
static int make_room(struct line_reader *reader, struct error *error)
{
	if (reader->start > 0) {
		memmove(reader->block, reader->block + reader->start, reader->end - reader->start);
		reader->end -= reader->start;
		reader->start = 0;
		return 0;
	}
	if (is_full(reader))
		return error_set(error, EX_DATAERR, "cannot read '%s' line %llu: it is longer than %zu bytes", reader->name,
			(unsigned long long)reader->line_number + 1, LINE_LIMIT);
	/* The longest line allowed fills it, with its newline. */
	size_t capacity = reader->capacity * 2 > LINE_LIMIT ? LINE_LIMIT + 1 : reader->capacity * 2;
	char *block = realloc(reader->block, capacity + BUFFER_PADDING);
	if (!block)
		return error_set(error, EX_OSERR, "out of memory");
	memset(block + capacity, 0, BUFFER_PADDING);
	reader->block = block;
	reader->capacity = capacity;
	return 0;
}

static int fill(struct line_reader *reader, struct error *error)
{
	if (reader->end == reader->capacity && make_room(reader, error) < 0)
		return -1;
	ssize_t count;
	do
		count = read(reader->descriptor, reader->block + reader->end, reader->capacity - reader->end);
	while (count < 0 && errno == EINTR);
	if (count < 0)
		return error_set_errno(error, EX_IOERR, "cannot read '%s'", reader->name);
	reader->at_end = count == 0;
	reader->end += (size_t)count;
	return 0;
}

bool line_reader_has_line(const struct line_reader *reader)
{
	return reader->at_end || memchr(reader->block + reader->start, '\n', reader->end - reader->start) != NULL;
}

int line_reader_rest(struct line_reader *reader, struct line *piece, struct error *error)
{
	if (reader->in_rest && reader->start == reader->end) {
		reader->start = reader->end = 0;
		if (!reader->at_end && fill(reader, error) < 0)
			return -1;
		reader->in_rest = reader->end > 0;
	}
	if (!reader->in_rest)
		return 0;
	const char *newline = memchr(reader->block + reader->start, '\n', reader->end - reader->start);
	*piece = (struct line){.text = reader->block + reader->start,
		.length = (newline ? (size_t)(newline - reader->block) : reader->end) - reader->start};
	reader->start += piece->length + (newline != NULL);
	reader->in_rest = !newline;
	return 1;
}

int line_reader_next(struct line_reader *reader, struct line *line, struct error *error)
{
	char *newline;
	while (reader->in_rest)
		if (line_reader_rest(reader, line, error) < 0)
			return -1;
	size_t searched = reader->start;
	while (!(newline = memchr(reader->block + searched, '\n', reader->end - searched)) && !reader->at_end &&
		!(reader->keep_long && is_full(reader))) {
		size_t from = reader->end - reader->start; /* the start may move */
		if (fill(reader, error) < 0)
			return -1;
		searched = reader->start + from;
	}
	if (!newline && reader->start == reader->end)
		return 0;
	line->text = reader->block + reader->start;
	line->length = (newline ? (size_t)(newline - reader->block) : reader->end) - reader->start;
	reader->start += line->length + (newline != NULL);
	line->cut = reader->in_rest = !newline && !reader->at_end;
	reader->line_number++;
	return 1;
}
