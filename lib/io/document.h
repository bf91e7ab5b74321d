/*
 * document.h: the bytes of a response or a file, as one JSON text, whatever their format.
 *
 *   json     the text itself
 *   ndjson   an array of the objects, one a line; or of the one object that is all of it
 *   csv      an array of objects: the header's names, and the cells as strings. An empty cell is null. Encodings and
 *            separators are those of csv_text.h
 *
 * Each may be packed by gzip or ZIP: that is seen by its first bytes, never by a name. The files of an archive are read one after the
 * other; of json there must be one. Everything comes from outside, so what it decodes to has limits.
 *
 * Errors are EX_DATAERR, and name the line.
 */
#ifndef ENVTALLY_DOCUMENT_H
#define ENVTALLY_DOCUMENT_H

#include "base/buffer.h"

enum document_format { DOCUMENT_JSON, DOCUMENT_NDJSON, DOCUMENT_CSV };

extern const char *const document_formats[]; /* their names, NULL-terminated */

#define DOCUMENT_LIMIT ((size_t)64 << 20) /* bytes, as they came and unpacked */

/* Is it gzip or ZIP? */
bool document_is_packed(const char *bytes, size_t length);

/* Are bytes in the format json the text itself: neither packed nor behind a byte order mark? */
bool document_is_bare(const char *bytes, size_t length);

/* Appends the JSON text. BUFFER_PADDING readable bytes must follow `bytes`. JSON itself is not checked; the other formats give valid JSON. */
int document_append(enum document_format format, const char *bytes, size_t length, struct buffer *json, struct error *error);

#endif
