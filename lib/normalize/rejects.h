/*
 * rejects.h: the file of invalid records, one JSON object per line: {"line","stream","pointer","reason","raw"}.
 *
 * `raw` is the line unchanged; if it is not UTF-8, `raw` is null and `raw_hex` has its bytes. For a line longer than 1 MiB they have the
 * first 4 KiB, and `bytes` is its size. The file is created when the program succeeds, even if it is empty.
 */
#ifndef ENVTALLY_REJECTS_H
#define ENVTALLY_REJECTS_H

#include "io/atomic_file.h"
#include "stream/message.h"

struct rejects {
	const char *path; /* NULL: the first invalid record is an error */
	struct atomic_file file;
	unsigned long long count;
};

int rejects_open(struct rejects *rejects, const char *path, struct error *error);

/* Adds a message; without a file, EX_DATAERR with line, stream, pointer and reason. */
int rejects_add(struct rejects *rejects, struct message_reader *reader, const struct message *message, const char *stream,
	const char *pointer, const char *reason, struct error *error);

int rejects_commit(struct rejects *rejects, struct error *error);
void rejects_abandon(struct rejects *rejects);

#endif
