/*
 * record_rows.h: rows of the ledger as records of a stream, the one way in which programs read what the ledger holds.
 */
#ifndef ENVTALLY_RECORD_ROWS_H
#define ENVTALLY_RECORD_ROWS_H

#include "ledger/ledger.h"
#include "stream/stream.h"

/* Receives a record of a stream, a JSON object with its braces. Returns 0, or what ends the walk: 1, or -1 with an error. */
typedef int record_sink(void *context, const struct stream *stream, const struct buffer *record, struct error *error);

/*
 * Steps a statement (ledger_statement(); NULL ends with -1) and gives each row to `sink`. A single column is the record itself; several are
 * the fields of the stream, in order. Returns 0; what `sink` returned, when that is not 0; -1 with an error.
 */
int record_rows(
	struct ledger *ledger, const struct stream *stream, sqlite3_stmt *statement, record_sink *sink, void *context, struct error *error);

#endif
