/*
 * report_page.h: the parts of the HTML page, each in a file: report_html.c (the frame, and sections of rows), page_table.c (tables and
 * their cells), report_overview.c and report_actions.c (the first screen), report_charts.c (the position, the forecast, what can be done),
 * report_use.c and report_months.c (consumption), page_anomalies.c, report_feeds.c, page_evidence.c.
 *
 * Sections are written before the first screen, which links to those that there are.
 */
#ifndef ENVTALLY_REPORT_PAGE_H
#define ENVTALLY_REPORT_PAGE_H

#include "report/report_anomalies.h"
#include "report/report_sections.h"

#define REPORT_PAGE_ROWS 200 /* of groups, of what can be done, of billing periods */
#define REPORT_PAGE_PICTURES 50 /* of a kind */
#define REPORT_ANOMALIES 50 /* of a kind */

struct page {
	const struct report *report;
	struct buffer *out;
	struct buffer contents; /* links to the sections */
	struct error *error;
	const char *profile; /* the only one, named once above everything */
	bool names_profiles; /* there are several */
	bool is_certain; /* only then a status is good */
	const struct report_anomalies *anomalies;
	bool is_anchored[REPORT_ANOMALIES]; /* the account of that change has a row to link to */
	unsigned pictures; /* so far: for their ids */
	const struct text_column *labels; /* titles of the open table's columns, in its cells, for phones; NULL: not there */
	size_t column; /* of the open row */
};

/* A page up to what its <header> has, and its end, within <footer><p>: with the report's script, or none. `day` may be "". */
void page_begin(struct buffer *out, const char *title, const char *day, bool has_script);
void page_end(struct buffer *out, bool has_script);

/* The links to the sections, and the sections. */
void page_append_body(const struct page *page, const struct buffer *sections, struct buffer *out);

/* A sentence of a verdict, or all; its look by its first word: good, mixed or bad. */
void page_verdict(struct buffer *out, const char *sentence);
const char *page_verdict_tone(const char *sentence);

/* A section with its heading, which the contents list. */
void page_section_begin(struct page *page, const char *id, const char *title, const char *note);
void page_section_end(struct page *page);

/* Opens a link to a section, unless it is not there; what is between them is text then. */
bool page_link_begin(struct page *page, const char *id);
void page_link_end(struct page *page, bool is_link);

/*
 * Columns of a table: titles as of text_column; those to the right are numbers. On a phone a row of PAGE_STACKED is a list with a line for each
 * cell, and of PAGE_NARROW only its first and last cells are shown; PAGE_PLAIN is as it is everywhere.
 */
enum page_table { PAGE_PLAIN, PAGE_STACKED, PAGE_NARROW };
void page_table_begin(struct page *page, enum page_table kind, const char *caption, const struct text_column columns[], size_t count);
/* `foot`: HTML rows, or NULL. */
void page_table_end(struct page *page, const char *foot);

/* A row; its first cell is its head. */
void page_row_begin(struct page *page, const char *look);
void page_row_end(struct page *page);

/* A row whose first cell is an account; anomalies link to the first of an account's rows. */
void page_row_of_account(struct page *page, uint32_t account);

/* A cell with other content: `look` is a class, or "". */
void page_cell_begin(struct page *page, const char *look);
void page_cell_end(struct page *page);

/* Cells. A number is red where it is bad, and pale where it is zero or none. */
void page_cell_name(struct page *page, const char *name);
void page_cell_text(struct page *page, const char *text);
void page_cell_number(struct page *page, const char *text, bool is_bad);
void page_cell_integer(struct page *page, int64_t value);
void page_cell_account(struct page *page, uint32_t account);
void page_cell_days(struct page *page, int64_t start, int64_t end);

/* An entry of a chart's key: a colour, and what it is. */
void page_key(struct page *page, const char *class_name, const char *what);

/* Of so many periods: " that are over", where all are. */
const char *page_when_over(size_t over, size_t periods);

/* A status as a pill. */
void page_pill(struct page *page, const char *status);

/* The section of rows; of the period that starts at `start`, or all for INSTANT_NONE. Nothing where there are none. */
void page_rows(struct page *page, const struct report_section *section, const struct report_rows *rows, int64_t start);

/* Its table alone. How many rows there are. */
size_t page_rows_table(struct page *page, const struct report_section *section, const struct report_rows *rows, int64_t start);

/* Of the position, the rows from `first` on. */
void page_position_table(struct page *page, size_t first, size_t count, const char *caption);

/* "2025-01-31 – 2025-02-27" */
void page_days(struct page *page, int64_t start, int64_t end);

/* The rows of `metrics` that are of one software model and metric: from `first`, how many. */
size_t report_model_rows(const struct report *report, size_t first);

int page_overview(struct page *page);
void page_actions(struct page *page); /* what to do next, ranked by money */
void page_position(struct page *page);
void page_forecast(struct page *page);
void page_remediation(struct page *page);
int page_use(struct page *page);
int page_feeds(struct page *page);
void page_evidence(struct page *page);
void page_anomalies(struct page *page); /* after page_use(), which has the rows that it links to */

#endif
