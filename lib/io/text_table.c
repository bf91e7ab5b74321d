#include "io/text_table.h"

#include "io/display.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { GAP = 2, NARROW_GAP = 1 };
#define NARROWEST 8 /* that an elastic column is cut to */
#define NARROWEST_TITLE 4
#define ISOLATE "\u2068"
#define ISOLATE_END "\u2069"

/* How a table is laid out on a page. */
struct layout {
	const struct text_page *page;
	size_t widths[TEXT_TABLE_COLUMNS], gap;
};

static bool is_set(const char *variable)
{
	const char *value = getenv(variable);
	return value && *value && strcmp(value, "0") != 0;
}

void text_page_open(struct text_page *page, int descriptor)
{
	const char *columns = getenv("ENVTALLY_COLUMNS"), *terminal = getenv("TERM"), *no_colour = getenv("NO_COLOR");
	struct winsize size;
	*page = (struct text_page){.is_terminal = isatty(descriptor), .width = 100};
	if (page->is_terminal && ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col)
		page->width = size.ws_col;
	else if (columns && atoi(columns) > 0)
		*page = (struct text_page){.is_terminal = true, .width = (size_t)atoi(columns)};
	page->has_colour = !no_colour || !*no_colour;
	page->has_colour &= is_set("CLICOLOR_FORCE") || (page->is_terminal && !(terminal && strcmp(terminal, "dumb") == 0));
}

void text_table_open(struct text_table *table, const struct text_column *columns, size_t column_count)
{
	*table = (struct text_table){.columns = columns, .column_count = column_count, .texts = BUFFER_INIT, .cells = BUFFER_INIT};
}

void text_table_release(struct text_table *table)
{
	buffer_release(&table->texts);
	buffer_release(&table->cells);
}

static void add(struct text_table *table, enum text_style style, bool heading, const char *text, size_t length)
{
	struct text_cell cell = {.start = table->texts.length, .style = style, .heading = heading};
	display_append(&table->texts, text, length, 0);
	cell.length = table->texts.length - cell.start;
	cell.width = display_width(table->texts.data + cell.start, cell.length);
	buffer_append(&table->cells, &cell, sizeof cell);
}

void text_table_cell(struct text_table *table, enum text_style style, const char *text, size_t length)
{
	add(table, style, false, text, length);
}

void text_table_text(struct text_table *table, enum text_style style, const char *text)
{
	add(table, style, false, text ? text : "", text ? strlen(text) : 0);
}

void text_table_integer(struct text_table *table, enum text_style style, int64_t value)
{
	char text[24];
	add(table, style, false, text, (size_t)snprintf(text, sizeof text, "%" PRId64, value));
}

void text_table_heading(struct text_table *table, const char *text, size_t length)
{
	add(table, TEXT_STRONG, true, text, length);
}

/* A text from outside is text in Markdown, too. */
static void append_markdown(struct buffer *output, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (strchr("\\`*_[]<>|#~&", text[i]))
			buffer_append_byte(output, '\\');
		buffer_append_byte(output, text[i]);
	}
}

void text_append_styled(struct buffer *output, const struct text_page *page, enum text_style style, const char *text, size_t length)
{
	static const char *const codes[] = {
		[TEXT_STRONG] = "\033[1m", [TEXT_DIM] = "\033[2m", [TEXT_GOOD] = "\033[32m", [TEXT_BAD] = "\033[1;31m"};
	bool styled = page->has_colour && codes[style] && length;
	if (page->is_markdown) {
		const char *mark = length && (style == TEXT_STRONG || style == TEXT_BAD) ? "**" : "";
		buffer_append_string(output, mark);
		append_markdown(output, text, length);
		buffer_append_string(output, mark);
		return;
	}
	if (styled)
		buffer_append_string(output, codes[style]);
	buffer_append(output, text, length);
	if (styled)
		buffer_append_string(output, "\033[0m");
}

void text_end_sentence(struct buffer *output, const struct text_page *page)
{
	buffer_append_string(output, page->is_markdown ? "\n\n" : "\n");
}

/* Of text with colours in it. */
static size_t visible_width(const char *text, size_t length)
{
	size_t width = 0;
	for (const char *end = text + length; text < end;) {
		const char *escape = memchr(text, '\033', (size_t)(end - text));
		width += display_width(text, (size_t)((escape ? escape : end) - text));
		const char *after = escape ? memchr(escape, 'm', (size_t)(end - escape)) : NULL;
		text = after ? after + 1 : end;
	}
	return width;
}

void text_wrap(struct buffer *output, const struct text_page *page, size_t start)
{
	size_t line = start, blank = start; /* the last blank of the line; its start: it has none */
	if (!page->is_terminal || output->failed)
		return;
	for (size_t i = start; i <= output->length; i++) {
		bool ends = i == output->length || output->data[i] == '\n';
		if (!ends && output->data[i] != ' ')
			continue;
		if (blank > line && visible_width(output->data + line, i - line) > page->width) {
			output->data[blank] = '\n';
			line = blank + 1;
		}
		blank = i;
		if (ends)
			line = blank = i + 1;
	}
}

static void append_blanks(struct buffer *output, size_t count)
{
	for (size_t i = 0; i < count; i++)
		buffer_append_byte(output, ' ');
}

/* One line of a title, "" where it has fewer; lines end at the bottom. */
static const char *title_line(const char *title, bool lower, size_t *length)
{
	const char *end = strchr(title, '\n');
	if (lower) {
		const char *line = end ? end + 1 : title;
		*length = strlen(line);
		return line;
	}
	*length = end ? (size_t)(end - title) : 0;
	return title;
}

/* The natural widths of the columns; returns their total. Those of the cells alone are in `of_cells`. */
static size_t measure(const struct text_table *table, size_t widths[], size_t of_cells[])
{
	size_t total = 0, length, column = 0;
	const struct text_cell *cells = (const struct text_cell *)table->cells.data;
	for (size_t i = 0; i < table->cells.length / sizeof *cells; i++) {
		if (cells[i].heading)
			continue;
		if (cells[i].width > of_cells[column])
			of_cells[column] = cells[i].width < TEXT_TABLE_WIDEST ? cells[i].width : TEXT_TABLE_WIDEST;
		if (++column == table->column_count)
			column = 0;
	}
	for (size_t i = 0; i < table->column_count; i++) {
		widths[i] = of_cells[i];
		for (int lower = 0; lower < 2; lower++) {
			title_line(table->columns[i].title, lower, &length);
			widths[i] = widths[i] > length ? widths[i] : length;
		}
		total += widths[i] + (i ? GAP : 0);
	}
	return total;
}

size_t text_table_width(const struct text_table *table)
{
	size_t widths[TEXT_TABLE_COLUMNS] = {0}, of_cells[TEXT_TABLE_COLUMNS] = {0};
	return measure(table, widths, of_cells);
}

/* The widest column that is still wider than it may be made; column_count: none is. Numbers are not cut, but their titles are. */
static size_t widest(const struct text_table *table, const size_t widths[], const size_t of_cells[], bool titles)
{
	size_t found = table->column_count;
	for (size_t i = 0; i < table->column_count; i++) {
		bool may_shrink = titles ? table->columns[i].right && widths[i] > of_cells[i] : table->columns[i].elastic;
		if (may_shrink && widths[i] > (titles ? NARROWEST_TITLE : NARROWEST) &&
			(found == table->column_count || widths[i] > widths[found]))
			found = i;
	}
	return found;
}

/*
 * What does not fit into the page: columns move together first, then the widest of the elastic ones is cut, again and again, then titles of
 * numbers are. Returns the gap.
 */
static size_t squeeze(const struct text_table *table, size_t total, size_t page_width, size_t widths[], const size_t of_cells[])
{
	if (total <= page_width)
		return GAP;
	total -= (table->column_count - 1) * (GAP - NARROW_GAP);
	for (int titles = 0; titles < 2; titles++)
		while (total > page_width) {
			size_t column = widest(table, widths, of_cells, titles);
			if (column == table->column_count)
				break;
			widths[column]--;
			total--;
		}
	return NARROW_GAP;
}

/* A cell and its padding; the last column is not padded on its right. */
static void append_cell(const struct text_table *table, const struct layout *layout, struct buffer *output, size_t column,
	enum text_style style, const char *text, size_t length, size_t text_width)
{
	const struct text_page *page = layout->page;
	size_t shown = length, shown_width = text_width, width = layout->widths[column];
	bool is_cut = page->is_terminal && text_width > width;
	if (is_cut) {
		shown = display_cut(text, length, width ? width - 1 : 0, &shown_width);
		shown_width++;
	}
	size_t blanks = shown_width < width ? width - shown_width : 0;
	bool isolated = page->is_terminal && display_is_right_to_left(text, shown);
	if (column)
		append_blanks(output, layout->gap);
	if (table->columns[column].right)
		append_blanks(output, blanks);
	if (isolated)
		buffer_append_string(output, ISOLATE);
	text_append_styled(output, page, style, text, shown);
	if (is_cut)
		buffer_append_string(output, "…");
	if (isolated)
		buffer_append_string(output, ISOLATE_END);
	if (!table->columns[column].right && column + 1 < table->column_count)
		append_blanks(output, blanks);
}

static void end_line(struct buffer *output, size_t start)
{
	while (output->length > start && output->data[output->length - 1] == ' ')
		output->length--;
	buffer_append_byte(output, '\n');
}

static void append_titles(const struct text_table *table, const struct layout *layout, struct buffer *output)
{
	bool two_lines = false;
	for (size_t i = 0; i < table->column_count; i++)
		two_lines |= strchr(table->columns[i].title, '\n') != NULL;
	for (int lower = two_lines ? 0 : 1; lower < 2; lower++) {
		size_t start = output->length;
		for (size_t i = 0; i < table->column_count; i++) {
			size_t length;
			const char *title = title_line(table->columns[i].title, lower, &length);
			append_cell(table, layout, output, i, TEXT_DIM, title, length, length);
		}
		end_line(output, start);
	}
}

void text_title_append(struct buffer *output, const char *title)
{
	for (const char *at = title; *at; at++) {
		bool is_hyphen = *at == '-' && at[1] == '\n', is_prefix = at == title + 2 && strncmp(title, "un", 2) == 0;
		if (!is_hyphen || !is_prefix)
			buffer_append_byte(output, *at == '\n' ? ' ' : *at);
		at += is_hyphen;
	}
}

static void append_markdown_titles(const struct text_table *table, struct buffer *output)
{
	for (size_t i = 0; i < table->column_count; i++) {
		buffer_append_string(output, i ? " | " : "| ");
		text_title_append(output, table->columns[i].title);
	}
	buffer_append_string(output, " |\n");
	for (size_t i = 0; i < table->column_count; i++)
		buffer_append_string(output, table->columns[i].right ? "|---:" : "|---");
	buffer_append_string(output, "|\n");
}

/* Each heading begins a table of its own. */
static void print_markdown(const struct text_table *table, const struct text_page *page, struct buffer *output)
{
	const struct text_cell *cells = (const struct text_cell *)table->cells.data;
	bool has_titles = false;
	size_t column = 0, start = output->length;
	for (size_t i = 0; i < table->cells.length / sizeof *cells; i++) {
		const char *text = table->texts.data + cells[i].start;
		if (cells[i].heading) {
			buffer_append_string(output, output->length > start ? "\n" : "");
			text_append_styled(output, page, TEXT_STRONG, text, cells[i].length);
			buffer_append_string(output, "\n\n");
			has_titles = false;
			continue;
		}
		if (!has_titles)
			append_markdown_titles(table, output);
		has_titles = true;
		buffer_append_string(output, column ? " | " : "| ");
		text_append_styled(output, page, cells[i].style, text, cells[i].length);
		column = (column + 1) % table->column_count;
		if (column == 0)
			buffer_append_string(output, " |\n");
	}
}

int text_table_print(const struct text_table *table, const struct text_page *page, struct buffer *output, struct error *error)
{
	struct layout layout = {.page = page, .gap = GAP};
	size_t column = 0, start, of_cells[TEXT_TABLE_COLUMNS] = {0};
	if (buffer_check(&table->texts, error) < 0 || buffer_check(&table->cells, error) < 0)
		return -1;
	if (page->is_markdown) {
		print_markdown(table, page, output);
		return buffer_check(output, error);
	}
	size_t total = measure(table, layout.widths, of_cells);
	if (page->is_terminal)
		layout.gap = squeeze(table, total, page->width, layout.widths, of_cells);
	append_titles(table, &layout, output);
	start = output->length;
	const struct text_cell *cells = (const struct text_cell *)table->cells.data;
	for (size_t i = 0; i < table->cells.length / sizeof *cells; i++) {
		const char *text = table->texts.data + cells[i].start;
		if (cells[i].heading) {
			size_t width, shown = display_cut(text, cells[i].length, page->is_terminal ? page->width : SIZE_MAX, &width);
			bool isolated = page->is_terminal && display_is_right_to_left(text, shown);
			buffer_append_string(output, isolated ? ISOLATE : "");
			text_append_styled(output, page, cells[i].style, text, shown);
			buffer_append_string(output, isolated ? ISOLATE_END : "");
			buffer_append_byte(output, '\n');
			continue;
		}
		append_cell(table, &layout, output, column, cells[i].style, text, cells[i].length, cells[i].width);
		column = (column + 1) % table->column_count;
		if (column == 0)
			end_line(output, start);
		if (column == 0)
			start = output->length;
	}
	return buffer_check(output, error);
}

int text_table_print_section(
	struct text_table *table, const char *title, size_t more, const struct text_page *page, struct buffer *output, struct error *error)
{
	buffer_append_string(output, page->is_markdown ? "\n## " : "\n");
	text_append_styled(output, page, page->is_markdown ? TEXT_PLAIN : TEXT_STRONG, title, strlen(title));
	text_end_sentence(output, page);
	int result = text_table_print(table, page, output, error);
	text_table_release(table);
	if (more)
		buffer_append_format(output, "… and %zu more\n", more);
	return result;
}
