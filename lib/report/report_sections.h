/*
 * report_sections.h: the sections of a report whose rows are records: what their columns are called and show, in the table and on the page.
 */
#ifndef ENVTALLY_REPORT_SECTIONS_H
#define ENVTALLY_REPORT_SECTIONS_H

#include "io/text_table.h"
#include "report/report.h"

struct report_cell {
	struct buffer text;
	enum text_style style;
};

struct report_column {
	struct text_column head; /* a hyphen before its line end stays on the page */
	const char *field, *otherwise; /* its text, and the one for null */
	/* Sets the style, or appends another text than the field's, which is `text`. NULL: the field as it is. */
	void (*write)(const struct report_row *row, const char *text, struct report_cell *cell);
};

struct report_section {
	const char *title, *id, *note; /* id and note: of the page; the note is HTML */
	const struct report_column *columns;
	size_t column_count, limit; /* limit: of rows */
	const char *const *heading_fields; /* a heading is before a row that differs from the one before in these; NULL: no headings */
	bool is_dim_when_open; /* rows of open periods */
	const char *required_field; /* rows without it are not shown; NULL: all are */
};

extern const struct report_section report_section_position, report_section_without, report_section_ineffective, report_section_forecasts,
	report_section_costs, report_section_remediations, report_section_rights, report_section_groups, report_section_charges,
	report_section_billings, report_section_declared;

#define REPORT_NAME_COLUMNS 3 /* of the position: what a row is of */

/* The columns that are shown for these rows, in order; how many. */
size_t report_section_columns(
	const struct report_section *section, const struct report_rows *rows, const struct report_column *columns[TEXT_TABLE_COLUMNS]);

/* Sets the cell's style, and its text: what the column writes, or the field as it is. NULL: empty. */
const char *report_cell_text(const struct report_column *column, const struct report_row *row, struct report_cell *cell);

/* Appends what a row is of: "Model · Metric · profile P · EUR"; of a position its names from `first_name` on. */
void report_append_heading(
	const struct report_section *section, const struct report_row *row, size_t first_name, bool with_profile, struct buffer *heading);

/* Is it of the section and, unless that is INSTANT_NONE, of the period that starts at `start`? */
bool report_section_has(const struct report_section *section, const struct report_row *row, int64_t start);

/* Does a heading stand before `row`, which follows `before` (NULL: is the first)? */
bool report_section_begins(const struct report_section *section, const struct report_row *row, const struct report_row *before);

#endif
