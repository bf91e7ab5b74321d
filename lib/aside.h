/*
 * aside.h: a file written aside and renamed into place when it is whole, as git's lock files are.
 */
#ifndef ENVTALLY_ASIDE_H
#define ENVTALLY_ASIDE_H

#include "output.h"

struct aside {
	const char *path;
	char *temporary; /* beside it, so that the rename stays within one file system */
	struct output output;
};

/* `path` must last. EX_CANTCREAT when the folder does not take it. `mode` as for open(). */
int aside_open(struct aside *aside, const char *path, unsigned mode, struct error *error);

/* Makes the file durable and visible under its name. -1 with an error, and then nothing is left behind. */
int aside_commit(struct aside *aside, struct error *error);

/* Gives it up, without a trace. Harmless after aside_commit() or without aside_open(). */
void aside_abandon(struct aside *aside);

#endif
