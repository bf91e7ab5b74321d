#include "report/report_rows.h"

#include "base/array.h"
#include "stream/phrases.h"

#include <stdlib.h>
#include <string.h>

static size_t size_of_row(const struct report_rows *rows)
{
	return sizeof(struct report_row) + stream_field_count(rows->stream) * sizeof(const char *);
}

struct report_row *report_rows_add(struct report_rows *rows, struct record *record, const int slots[], struct name_table *words)
{
	const struct stream *stream = rows->stream;
	struct report_row *row = array_grow(&rows->list, &rows->count, size_of_row(rows), record->error);
	record->failed |= !row;
	if (!row)
		return NULL;
	row->stream = stream;
	for (int i = 0; stream->fields[i].name; i++) {
		row->texts[i] = record_shared_text(record, slots[i], words);
		if (strcmp(stream->fields[i].name, "period_start") == 0)
			row->start = record_instant_or_none(record, slots[i]);
		if (strcmp(stream->fields[i].name, "period_end") == 0)
			row->end = record_instant_or_none(record, slots[i]);
	}
	return record->failed ? NULL : row;
}

struct report_row *report_rows_copy(struct report_rows *rows, const struct report_row *row, struct error *error)
{
	struct report_row *copy = array_grow(&rows->list, &rows->count, size_of_row(rows), error);
	return copy ? memcpy(copy, row, size_of_row(rows)) : NULL;
}

void report_rows_release(struct report_rows *rows)
{
	free(rows->list);
	rows->list = NULL;
	rows->count = 0;
}

struct report_row *report_row_at(const struct report_rows *rows, size_t number)
{
	return (struct report_row *)((char *)rows->list + number * size_of_row(rows));
}

const char *report_row_text(const struct report_row *row, const char *field)
{
	return row->texts[stream_field_index(row->stream, field, strlen(field))];
}

bool report_row_is(const struct report_row *row, const char *field, const char *text)
{
	const char *own = report_row_text(row, field);
	return own && strcmp(own, text) == 0;
}

int64_t report_row_integer(const struct report_row *row, const char *field)
{
	const char *text = report_row_text(row, field);
	char *end;
	int64_t value = text ? strtoll(text, &end, 10) : INT64_MAX;
	return text && *text && !*end ? value : INT64_MAX;
}

const char *report_row_consumption(const struct report_row *row)
{
	const char *used = report_row_text(row, "rights_used");
	const char *phrase = used ? used : phrase_label("usage_state", report_row_text(row, "usage_state"));
	return phrase ? phrase : "not known";
}

bool report_rows_agree(const struct report_row *a, const struct report_row *b, const char *const fields[])
{
	/* Equal texts are one text. */
	for (; *fields; fields++)
		if (report_row_text(a, *fields) != report_row_text(b, *fields))
			return false;
	return true;
}

void report_row_key(const struct report_row *row, int64_t key[REPORT_MODEL_KEY])
{
	static const char *const fields[REPORT_MODEL_KEY] = {"profile", "software_model", "license_metric"};
	for (size_t i = 0; i < REPORT_MODEL_KEY; i++)
		key[i] = (intptr_t)report_row_text(row, fields[i]);
}

static int compare_texts(const char *a, const char *b)
{
	if (!a || !b)
		return (a != NULL) - (b != NULL);
	size_t length_a = strlen(a), length_b = strlen(b);
	bool are_numbers = length_a && length_b && a[strspn(a, "0123456789")] == 0 && b[strspn(b, "0123456789")] == 0;
	if (are_numbers && length_a != length_b)
		return length_a < length_b ? -1 : 1;
	return strcmp(a, b);
}

static int compare_rows(const void *left, const void *right, void *context)
{
	const struct report_row_order *order = context;
	const struct report_row *a = left, *b = right;
	int by_period = (a->start > b->start) - (a->start < b->start), result = 0;
	if (order->first_field)
		result = report_row_is(b, order->first_field, order->first_word) - report_row_is(a, order->first_field, order->first_word);
	if (result == 0 && !order->period_last)
		result = -by_period;
	for (const char *const *field = order->fields; *field && result == 0; field++)
		result = compare_texts(report_row_text(a, *field), report_row_text(b, *field));
	if (result == 0)
		result = by_period;
	return result ? result : (a->end > b->end) - (a->end < b->end);
}

void report_rows_sort(struct report_rows *rows, const struct report_row_order *order)
{
	if (rows->count)
		qsort_r(rows->list, rows->count, size_of_row(rows), compare_rows, (void *)(uintptr_t)order);
}
