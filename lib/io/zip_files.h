/*
 * zip_files.h: the files in a ZIP archive that is in memory, by libzip.
 *
 * An archive comes from outside: at most ZIP_FILES_MOST files are read, and `limit` bytes of all of them together, whatever the archive says of
 * itself. A wrong checksum, an encrypted file or an archive that is cut off is EX_DATAERR. Folders are passed over.
 */
#ifndef ENVTALLY_ZIP_FILES_H
#define ENVTALLY_ZIP_FILES_H

#include "base/buffer.h"

#define ZIP_FILES_MOST 1000

/* Calls `each` with every file, in the archive's order; BUFFER_PADDING readable bytes follow it. Returns 0, or -1 with an error. */
int zip_files_read(const char *bytes, size_t length, size_t limit,
	int (*each)(void *context, const char *bytes, size_t length, struct error *error), void *context, struct error *error);

#endif
