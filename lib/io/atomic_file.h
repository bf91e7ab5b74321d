/*
 * atomic_file.h: a file written under a temporary name and renamed into place when it is complete, like git's lock files.
 *
 * Of a symbolic link, what it names is replaced. What is no regular file (/dev/stdout, a named pipe) is written to as it is: a rename would
 * replace it.
 */
#ifndef ENVTALLY_ATOMIC_FILE_H
#define ENVTALLY_ATOMIC_FILE_H

#include "io/output.h"

struct atomic_file {
	const char *path;
	char *target; /* what `path` names, without symbolic links; NULL when the file is not open */
	char *temporary; /* beside it, so that the rename stays within one file system; NULL for what is written to as it is */
	struct output output;
};

/* `path` must last. `mode` is as for open(): less the umask. EX_CANTCREAT when the file cannot be created. */
int atomic_file_open(struct atomic_file *file, const char *path, unsigned mode, struct error *error);

/* Makes the file durable and visible under its name. -1 with an error, and then nothing is left behind. */
int atomic_file_commit(struct atomic_file *file, struct error *error);

/* All of it at once: a file of that content. */
int atomic_file_write(const char *path, const struct buffer *content, unsigned mode, struct error *error);

/* Removes it without a trace. Harmless after atomic_file_commit() or without atomic_file_open(). */
void atomic_file_abandon(struct atomic_file *file);

#endif
