/*
 * database_load.h: an export made ready for a database: the lines that are loaded, and the script that loads them.
 *
 * lib/export/sqlite.jq and postgres.jq make the scripts from the SCHEMA messages; each documents its input.
 */
#ifndef ENVTALLY_DATABASE_LOAD_H
#define ENVTALLY_DATABASE_LOAD_H

#include "base/error.h"

/*
 * Reads the messages of `export` from a descriptor; writes FOLDER/export.ndjson, where a NUL in a text, which neither database has, is
 * U+FFFD, and FOLDER/load.sql. `dialect` is sqlite or postgres, else EX_USAGE; `profile` is whose ledger it was.
 */
int database_load_write(int descriptor, const char *folder, const char *dialect, const char *profile, struct error *error);

#endif
