#include "recording/recording_join.h"

#include "base/instant.h"

#include <inttypes.h>
#include <stdlib.h>

struct part {
	struct recording_reader reader;
	struct recorded_exchange exchange; /* the next one */
	bool is_open, has_exchange, is_complete;
	int64_t at; /* when it was answered, or the one before it */
};

static int next_exchange(struct part *part, struct error *error)
{
	int got = recording_next(&part->reader, &part->exchange, error);
	part->has_exchange = got > 0;
	/* A clock that was set back must not change the order. */
	if (got > 0 && part->exchange.answered_at != INSTANT_NONE && part->exchange.answered_at > part->at)
		part->at = part->exchange.answered_at;
	return got < 0 ? -1 : 0;
}

/* One that is not there, or has nothing, is a part without exchanges. */
static int open_part(struct part *part, const char *directory, const char *program, struct error *error)
{
	struct recording_tail tail;
	part->at = INT64_MIN;
	if (recording_find_tail(directory, program, &tail, error) < 0)
		return -1;
	part->is_complete = tail.state == RECORDING_COMPLETE;
	if (!part->is_complete && !tail.exchanges)
		return 0;
	if (recording_reader_open(&part->reader, directory, program, part->is_complete ? 0 : tail.exchanges, error) < 0)
		return -1;
	part->is_open = true;
	return next_exchange(part, error);
}

static struct part *find_first(struct part *parts, size_t count)
{
	struct part *first = NULL;
	for (size_t i = 0; i < count; i++)
		if (parts[i].has_exchange && (!first || parts[i].at < first->at))
			first = &parts[i];
	return first;
}

static int write_parts(struct recording_writer *writer, struct part *parts, size_t count, struct error *error)
{
	struct part *part;
	while ((part = find_first(parts, count)))
		if (recording_copy_anew(writer, &part->exchange, error) < 0 || next_exchange(part, error) < 0)
			return -1;
	return 0;
}

/* The clock of all of them. */
static int find_clock(const struct part *parts, size_t count, const char *const names[], int64_t *now, struct error *error)
{
	*now = INSTANT_NONE;
	for (size_t i = 0; i < count; i++) {
		if (!parts[i].is_open)
			continue;
		if (*now != INSTANT_NONE && *now != parts[i].reader.tail.now)
			return error_set(error, EX_DATAERR, "cannot join the recording in '%s': it has another clock than those before it",
				names[i]);
		*now = parts[i].reader.tail.now;
	}
	return 0;
}

int recording_join(
	const char *directory, const char *program, const char *const names[], size_t count, uint64_t *exchanges, struct error *error)
{
	struct recording_writer writer = {.index = -1, .bodies = -1};
	struct part *parts = calloc(count + 1, sizeof *parts);
	bool complete = count > 0;
	int64_t now;
	int result = parts ? 0 : error_set(error, EX_OSERR, "out of memory");
	for (size_t i = 0; i < count && result == 0; i++) {
		result = open_part(&parts[i], names[i], program, error);
		complete &= parts[i].is_complete;
	}
	if (result == 0)
		result = find_clock(parts, count, names, &now, error);
	if (result == 0 && now != INSTANT_NONE) {
		result = recording_writer_open(&writer, directory, program, now, NULL, error);
		if (result == 0)
			result = write_parts(&writer, parts, count, error);
		*exchanges = writer.exchanges;
		if (recording_writer_close(&writer, complete && result == 0, result == 0 ? error : NULL) < 0)
			result = -1;
	}
	for (size_t i = 0; parts && i < count; i++)
		if (parts[i].is_open)
			recording_reader_release(&parts[i].reader);
	free(parts);
	return result;
}
