/*
 * report_sections.h: the sections of a report whose rows are records: what their columns are called and show.
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
	struct text_column head;
	const char *field, *otherwise; /* its text, and the one for null */
	/* Sets the style, or appends another text than the field's, which is `text`. NULL: the field as it is. */
	void (*write)(const struct report_row *row, const char *text, struct report_cell *cell);
};

struct report_section {
	const char *title;
	const struct report_column *columns;
	size_t column_count, limit; /* limit: of rows */
	const char *const *heading_fields; /* a heading is before a row that differs from the one before in these; NULL: no headings */
	bool is_dim_when_open; /* rows of open periods */
	const char *required_field; /* rows without it are not shown; NULL: all are */
};

extern const struct report_section report_section_position, report_section_without, report_section_ineffective, report_section_forecasts,
	report_section_costs, report_section_remediations, report_section_groups, report_section_billings;

#define REPORT_NAME_COLUMNS 3 /* of the position: what a row is of */

#endif
