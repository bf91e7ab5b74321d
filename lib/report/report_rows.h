/*
 * report_rows.h: records of a stream that a report shows field by field, as the texts that came: metric_result, group_result, remediation,
 * forecast, billing_check.
 *
 * Texts are kept in the report's table of words, so that a name that is in many records is kept once; they last as long as the table.
 */
#ifndef ENVTALLY_REPORT_ROWS_H
#define ENVTALLY_REPORT_ROWS_H

#include "stream/record.h"

struct report_row {
	const struct stream *stream;
	int64_t start, end; /* of the period; end exclusive */
	const char *texts[]; /* in the stream's order; NULL for null */
};

struct report_rows {
	const struct stream *stream;
	void *list; /* rows, each as long as the stream's fields need */
	size_t count;
};

#define FIELD_LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

/* How rows are sorted: by period, and by fields (a FIELD_LIST), those that are numbers as numbers. */
struct report_row_order {
	const char *const *fields;
	bool period_last; /* the earliest period first, within the fields; else the latest period first, before them */
	const char *first_field, *first_word; /* rows with that word precede all others; NULL for none */
};

/* Adds a record; slots[] are those of the stream's fields. NULL when the record failed. */
struct report_row *report_rows_add(struct report_rows *rows, struct record *record, const int slots[], struct name_table *words);
/* Adds a copy of a row of the same stream. NULL with EX_OSERR. */
struct report_row *report_rows_copy(struct report_rows *rows, const struct report_row *row, struct error *error);
void report_rows_sort(struct report_rows *rows, const struct report_row_order *order);
void report_rows_release(struct report_rows *rows);

struct report_row *report_row_at(const struct report_rows *rows, size_t number);

/* A field, unchanged; NULL for null. */
const char *report_row_text(const struct report_row *row, const char *field);
bool report_row_is(const struct report_row *row, const char *field, const char *text);

/* The same as a number; INT64_MAX for a text that is none ("unlimited"), and for null. */
int64_t report_row_integer(const struct report_row *row, const char *field);

/* The rights used: a number, or what people read for the usage_state when it is not known. Never NULL. */
const char *report_row_consumption(const struct report_row *row);

/* Are all of these fields (a FIELD_LIST) the same in both? */
bool report_rows_agree(const struct report_row *a, const struct report_row *b, const char *const fields[]);

/* A key of what a row is of, perhaps of several streams: the same for the same profile, software model and license metric. */
#define REPORT_MODEL_KEY 3
void report_row_key(const struct report_row *row, int64_t key[REPORT_MODEL_KEY]);

#endif
