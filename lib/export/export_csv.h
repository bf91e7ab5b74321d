/*
 * export_csv.h: records of one stream as CSV: RFC 4180, CRLF, UTF-8 without BOM; the header is the stream's fields, in order.
 *
 * Null is an empty cell, an empty text is "" in quotes, so that a reader can distinguish them (as PostgreSQL's COPY does).
 *
 * For spreadsheets, unless the caller asks for plain cells: a text that one would run is guarded (csv_write.h); beside the exclusive period_end
 * there is the last day of the period, period_last_day; objects and arrays are plain lists, "completed: 2; sent: 1". Plain cells have these as JSON.
 */
#ifndef ENVTALLY_EXPORT_CSV_H
#define ENVTALLY_EXPORT_CSV_H

#include "stream/record.h"

struct export_csv {
	const struct stream *stream;
	struct record_fields fields;
	struct json_scanner *scanner;
	bool for_sheets;
};

int export_csv_open(struct export_csv *csv, const struct stream *stream, bool for_sheets, struct error *error);
void export_csv_release(struct export_csv *csv);

void export_csv_append_header(const struct export_csv *csv, struct buffer *row);

/* Appends the row of a record, a JSON object. EX_DATAERR when it is none. */
int export_csv_append(struct export_csv *csv, const struct buffer *record, struct buffer *row, struct error *error);

#endif
