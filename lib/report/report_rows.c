#include "report/report_rows.h"

#include "base/array.h"

#include "base/instant.h"
#include "licence/licence_cells.h"

#include <stdlib.h>
#include <string.h>

int report_rows_add(struct report_rows *rows, struct name_table *words, const struct json_slice slices[], struct error *error)
{
	const struct stream *stream = rows->stream;
	struct report_row *row = array_grow((void **)&rows->list, &rows->count, sizeof *row, error);
	if (!row)
		return -1;
	for (int i = 0; i < REPORT_ROW_FIELDS && stream->fields[i].name; i++) {
		const struct json_slice *slice = &slices[i];
		row->texts[i] = UINT32_MAX;
		if (slice->kind == JSON_NULL || slice->kind == JSON_ABSENT)
			continue;
		ptrdiff_t number = name_table_number(words, slice->text, slice->length, error);
		if (number < 0)
			return -1;
		row->texts[i] = (uint32_t)number;
		if (strcmp(stream->fields[i].name, "period_start") == 0)
			instant_parse(slice->text, slice->length, &row->start);
		if (strcmp(stream->fields[i].name, "period_end") == 0)
			instant_parse(slice->text, slice->length, &row->end);
	}
	return 0;
}

void report_rows_release(struct report_rows *rows)
{
	free(rows->list);
	rows->list = NULL;
	rows->count = 0;
}

const char *report_row_text(const struct report_rows *rows, const struct name_table *words, const struct report_row *row, const char *field)
{
	uint32_t number = row->texts[stream_field_index(rows->stream, field, strlen(field))];
	return number == UINT32_MAX ? NULL : words->names[number].text;
}

int64_t report_row_integer(const struct report_rows *rows, const struct name_table *words, const struct report_row *row, const char *field)
{
	const char *text = report_row_text(rows, words, row, field);
	char *end;
	int64_t value = text ? strtoll(text, &end, 10) : INT64_MAX;
	return text && *text && !*end ? value : INT64_MAX;
}

struct order {
	const struct report_rows *rows;
	const struct name_table *words;
	const char *const *fields;
};

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
	const struct order *order = context;
	const struct report_row *a = left, *b = right;
	if (a->start != b->start)
		return a->start > b->start ? -1 : 1;
	for (const char *const *field = order->fields; *field; field++) {
		int result = compare_texts(
			report_row_text(order->rows, order->words, a, *field), report_row_text(order->rows, order->words, b, *field));
		if (result)
			return result;
	}
	return 0;
}

void report_rows_sort(struct report_rows *rows, const struct name_table *words, const char *const fields[])
{
	struct order order = {rows, words, fields};
	if (rows->count)
		qsort_r(rows->list, rows->count, sizeof *rows->list, compare_rows, &order);
}

int report_rows_raise(struct report_rows *rows, const struct name_table *words, const char *field, const char *word, struct error *error)
{
	struct report_row *sorted = malloc((rows->count + 1) * sizeof *sorted);
	size_t count = 0;
	if (!sorted)
		return error_set(error, EX_OSERR, "out of memory");
	for (int first = 1; first >= 0; first--)
		for (size_t i = 0; i < rows->count; i++) {
			const char *text = report_row_text(rows, words, &rows->list[i], field);
			if ((text && strcmp(text, word) == 0) == first)
				sorted[count++] = rows->list[i];
		}
	if (count)
		memcpy(rows->list, sorted, count * sizeof *sorted);
	free(sorted);
	return 0;
}
