/*
 * report_rows.h: records of a stream that a report shows as they are: group_result, remediation, forecast, billing_check.
 *
 * Each field is a number in the report's table of words, so that a name that stands in many records is kept once.
 */
#ifndef ENVTALLY_REPORT_ROWS_H
#define ENVTALLY_REPORT_ROWS_H

#include "base/name_table.h"
#include "stream/message.h"
#include "stream/stream.h"

#define REPORT_ROW_FIELDS 32

struct report_row {
	int64_t start, end; /* of the period; end exclusive */
	uint32_t texts[REPORT_ROW_FIELDS]; /* in the stream's order; UINT32_MAX for null */
};

struct report_rows {
	const struct stream *stream;
	struct report_row *list;
	size_t count;
};

/* Adds a record, whose fields are `slices` in the stream's order. */
int report_rows_add(struct report_rows *rows, struct name_table *words, const struct json_slice slices[], struct error *error);
void report_rows_release(struct report_rows *rows);

/* A field as it came; NULL for null. */
const char *report_row_text(
	const struct report_rows *rows, const struct name_table *words, const struct report_row *row, const char *field);

/* The same as a number; INT64_MAX for a text that is none ("unlimited"), and for null. */
int64_t report_row_integer(const struct report_rows *rows, const struct name_table *words, const struct report_row *row, const char *field);

/* Afterwards: those first of which a field is that word, each part in its order. EX_OSERR. */
int report_rows_raise(struct report_rows *rows, const struct name_table *words, const char *field, const char *word, struct error *error);

/* The latest period first; within it by the fields given (NULL-terminated), texts that are numbers as numbers. */
void report_rows_sort(struct report_rows *rows, const struct name_table *words, const char *const fields[]);

#endif
