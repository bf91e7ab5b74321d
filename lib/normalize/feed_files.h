/*
 * feed_files.h: files of a feed: saved responses, reports, messages.
 *
 * Each is at most DOCUMENT_LIMIT bytes. A folder stands for its files, in the order of their names; hidden files and folders in it are passed
 * over.
 */
#ifndef ENVTALLY_FEED_FILES_H
#define ENVTALLY_FEED_FILES_H

#include "config/feed.h"

/* A file's bytes; `problem` says why it cannot be read, if its status is not 0. */
typedef int feed_files_each(void *context, const char *path, const struct buffer *bytes, const struct error *problem, struct error *error);

/* Calls `each` for every file. Returns 0, or -1 with the error that `each` gave, or that the folder cannot be read. "-" is standard input. */
int feed_files_read(const char *path, feed_files_each *each, void *context, struct error *error);

/* The content of a file in a format, as {"body":…}, as feed_page_read() wants it. */
int feed_files_wrap(const char *path, const struct buffer *bytes, enum document_format format, struct buffer *wrapped, struct error *error);

#endif
