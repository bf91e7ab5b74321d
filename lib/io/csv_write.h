/*
 * csv_write.h: cells of CSV (RFC 4180), for csv_table.h to read back.
 */
#ifndef ENVTALLY_CSV_WRITE_H
#define ENVTALLY_CSV_WRITE_H

#include "base/buffer.h"

/*
 * Appends a cell, in quotes when it is empty, begins or ends with a blank, or holds a comma, a semicolon, a tab, a
 * quote or a line end. For null, append nothing.
 * `is_guarded` is for spreadsheets: text that they would run as a formula (it begins with = + - @, a tab or a carriage return) gets an
 * apostrophe before it, as OWASP advises. A number such as -5 stays one.
 */
void csv_write_cell(struct buffer *row, const char *text, size_t length, bool is_guarded);

/* Ends a cell: with a comma, or with CRLF after the last of a row. */
void csv_write_end(struct buffer *row, bool is_last);

#endif
