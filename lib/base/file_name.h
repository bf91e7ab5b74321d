/*
 * file_name.h: names of profiles and runs, which are names of files and folders: the one check, before a path is made of one.
 */
#ifndef ENVTALLY_FILE_NAME_H
#define ENVTALLY_FILE_NAME_H

#include <stdbool.h>
#include <stddef.h>

#define FILE_NAME_LIMIT 200 /* bytes: endings such as .discarded follow */
#define FILE_NAME_EXPECTED "letters, digits, '.', '_' and '-', beginning with a letter or digit"

/* Is it FILE_NAME_EXPECTED, and not longer than FILE_NAME_LIMIT? So it has no slash, NUL or blank, and is no option and no hidden file. */
bool file_name_is_plain(const char *text, size_t length);

#endif
