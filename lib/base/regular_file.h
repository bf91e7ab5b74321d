/*
 * regular_file.h: opens a file of a run or a recording. A named pipe in its place would be waited for without end, a device read without end.
 */
#ifndef ENVTALLY_REGULAR_FILE_H
#define ENVTALLY_REGULAR_FILE_H

#include "base/error.h"

/* For reading. Returns the descriptor; -1 with EX_NOINPUT, or EX_DATAERR for what is no regular file; errno is set. */
int regular_file_open(const char *path, struct error *error);

#endif
