/*
 * text_table.h: rows of cells, printed in aligned columns.
 *
 * Cells are added left to right, row by row. Foreign text is escaped as by display.h. A page that
 * is a terminal may have colour, text from right to left is isolated, and what does not fit into its width moves together and is cut in the
 * elastic columns, the widest first; elsewhere nothing is cut, and cells wider than TEXT_TABLE_WIDEST reach over their column.
 */
#ifndef ENVTALLY_TEXT_TABLE_H
#define ENVTALLY_TEXT_TABLE_H

#include "base/buffer.h"

#include <stdint.h>

#define TEXT_TABLE_WIDEST 60 /* columns of a cell that others are padded to */
#define TEXT_TABLE_COLUMNS 12

enum text_style { TEXT_PLAIN, TEXT_STRONG, TEXT_DIM, TEXT_GOOD, TEXT_BAD };

struct text_page {
	bool is_terminal, has_colour;
	bool is_markdown; /* tables of GitHub's kind, and paragraphs; what is markup in a text is escaped */
	size_t width; /* of the terminal */
};

/*
 * What a descriptor is: a terminal, or a pipe to a pager, for which ENVTALLY_COLUMNS is the width of the terminal behind it. Colour on a
 * terminal, but not where TERM is dumb; everywhere with CLICOLOR_FORCE; nowhere with NO_COLOR.
 */
void text_page_open(struct text_page *page, int descriptor);

struct text_column {
	const char *title; /* of one line, or two with \n */
	bool right, elastic;
};

struct text_cell {
	size_t start, length, width; /* in `texts` */
	enum text_style style;
	bool heading; /* over all columns */
};

struct text_table {
	const struct text_column *columns;
	size_t column_count;
	struct buffer texts, cells; /* struct text_cell after struct text_cell */
};

/* Appends a column's title in one line: "rights\nowned" is rights owned, "over-\nlicensed" over-licensed, "un-\nlicensed" unlicensed. */
void text_title_append(struct buffer *output, const char *title);

void text_table_open(struct text_table *table, const struct text_column *columns, size_t column_count);
void text_table_release(struct text_table *table);

void text_table_cell(struct text_table *table, enum text_style style, const char *text, size_t length);
void text_table_text(struct text_table *table, enum text_style style, const char *text); /* NULL: empty */
void text_table_integer(struct text_table *table, enum text_style style, int64_t value);
/* A line between rows, instead of a row. */
void text_table_heading(struct text_table *table, const char *text, size_t length);

/* The width of the table when nothing is cut, in columns of a terminal. */
size_t text_table_width(const struct text_table *table);

/* Appends the titles, then the rows. Returns 0, or -1 with EX_OSERR when memory was short. */
int text_table_print(const struct text_table *table, const struct text_page *page, struct buffer *output, struct error *error);

/* Appends a blank line, the title, the table, and how many more rows there are that it does not show; releases the table. As
 * text_table_print(). */
int text_table_print_section(
	struct text_table *table, const char *title, size_t more, const struct text_page *page, struct buffer *output, struct error *error);

/*
 * Breaks the lines of prose that were appended since `start` where a terminal's width ends, at blanks; elsewhere they stay as they are.
 */
void text_wrap(struct buffer *output, const struct text_page *page, size_t start);

/* Ends a sentence that stands by itself: a line, in Markdown a paragraph. */
void text_end_sentence(struct buffer *output, const struct text_page *page);

/* Appends a text in a style. */
void text_append_styled(struct buffer *output, const struct text_page *page, enum text_style style, const char *text, size_t length);

#endif
