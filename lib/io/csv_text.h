/*
 * csv_text.h: the text of a CSV file, as spreadsheets save one.
 *
 * UTF-8 text is left as it is, with its byte order mark. UTF-16 with one becomes UTF-8. Other bytes are Windows-1252 if no two of them are a
 * character of UTF-8; a file that is a bit of both stays as it is, for the reader to refuse. Carriage returns that end lines by themselves become newlines.
 */
#ifndef ENVTALLY_CSV_TEXT_H
#define ENVTALLY_CSV_TEXT_H

#include "base/buffer.h"

#define CSV_TEXT_LIMIT ((size_t)64 << 20) /* bytes of a file */

struct csv_text {
	struct buffer text;
	char separator; /* comma, semicolon or tab: the one that the header has most of, or that a first line such as "sep=;" names */
};

/* Releases nothing of `text` before. EX_NOINPUT, EX_DATAERR: also for a workbook, which is no CSV. The caller calls csv_text_release() in any case. */
int csv_text_read(struct csv_text *text, const char *path, struct error *error);

/* The same of bytes, which it empties; `path` is for messages. */
int csv_text_convert(struct csv_text *text, struct buffer *file, const char *path, struct error *error);
void csv_text_release(struct csv_text *text);

/* Is it Excel's first line that names the separator? */
bool csv_text_is_separator_line(const char *line, size_t length);

#endif
