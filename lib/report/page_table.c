#include "base/instant.h"
#include "report/html.h"
#include "report/report_page.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void append_title(struct buffer *out, const char *title)
{
	struct buffer text = BUFFER_INIT;
	text_title_append(&text, title);
	if (text.length)
		*text.data = (char)toupper((unsigned char)*text.data);
	html_text(out, text.data);
	out->failed |= text.failed;
	buffer_release(&text);
}

/* A day on a line of its own, "from\n2025-01-31", is not broken. */
static void append_head(struct buffer *out, const char *title)
{
	const char *day = strchr(title, '\n');
	if (day && strspn(day + 1, "0123456789-") == DAY_LENGTH)
		buffer_append_format(out, "%c%.*s <span class=\"days\">%s</span>", toupper((unsigned char)*title), (int)(day - title - 1),
			title + 1, day + 1);
	else
		append_title(out, title);
}

void page_table_begin(struct page *page, enum page_table kind, const char *caption, const struct text_column columns[], size_t count)
{
	static const char *const looks[] = {[PAGE_PLAIN] = "", [PAGE_STACKED] = " class=\"stacked\"", [PAGE_NARROW] = " class=\"narrow\""};
	page->labels = kind == PAGE_STACKED ? columns : NULL;
	html(page->out, "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Table: ", caption, "\"><table");
	buffer_append_string(page->out, looks[kind]);
	html(page->out, "><caption>", caption, "</caption><thead><tr>");
	for (size_t i = 0; i < count; i++) {
		buffer_append_string(page->out, columns[i].right ? "<th scope=\"col\" class=\"n\">" : "<th scope=\"col\">");
		append_head(page->out, columns[i].title);
		buffer_append_string(page->out, "</th>");
	}
	buffer_append_string(page->out, "</tr></thead><tbody>\n");
}

void page_table_end(struct page *page, const char *foot)
{
	buffer_append_string(page->out, "</tbody>");
	if (foot)
		buffer_append_format(page->out, "<tfoot>%s</tfoot>", foot);
	buffer_append_string(page->out, "</table></div>\n");
	page->labels = NULL;
}

void page_row_begin(struct page *page, const char *look)
{
	buffer_append_string(page->out, "<tr");
	if (look)
		buffer_append_format(page->out, " class=\"%s\"", look);
	buffer_append_byte(page->out, '>');
	page->column = 0;
}

void page_row_end(struct page *page)
{
	buffer_append_string(page->out, "</tr>\n");
}

void page_cell_begin(struct page *page, const char *look)
{
	buffer_append_string(page->out, page->column ? "<td" : "<th scope=\"row\"");
	if (*look)
		buffer_append_format(page->out, " class=\"%s\"", look);
	if (page->labels && page->column) {
		buffer_append_string(page->out, " data-l=\"");
		append_title(page->out, page->labels[page->column].title);
		buffer_append_byte(page->out, '"');
	}
	buffer_append_byte(page->out, '>');
}

void page_cell_end(struct page *page)
{
	buffer_append_string(page->out, page->column++ ? "</td>" : "</th>");
}

void page_cell_name(struct page *page, const char *name)
{
	page_cell_begin(page, "");
	html_name(page->out, name);
	page_cell_end(page);
}

void page_cell_text(struct page *page, const char *text)
{
	page_cell_begin(page, "");
	html_text(page->out, text);
	page_cell_end(page);
}

void page_cell_number(struct page *page, const char *text, bool is_bad)
{
	bool is_zero = *text && !text[strspn(text, "0.")], is_none = !strpbrk(text, "0123456789");
	page_cell_begin(page, is_bad ? "n missing" : is_zero ? "n zero" : is_none ? "n none" : "n");
	html_figure(page->out, text);
	page_cell_end(page);
}

void page_cell_integer(struct page *page, int64_t value)
{
	char text[24];
	snprintf(text, sizeof text, "%" PRId64, value);
	page_cell_number(page, text, false);
}

void page_cell_account(struct page *page, uint32_t account)
{
	const char *name = page->report->accounts[account].name, *id = page->report->account_ids.names[account].text;
	page_cell_begin(page, "");
	html_name(page->out, name ? name : id);
	if (name)
		html(page->out, " <code>", id, "</code>");
	page_cell_end(page);
}

void page_days(struct page *page, int64_t start, int64_t end)
{
	struct buffer days = BUFFER_INIT;
	report_append_days(start, end, &days);
	html(page->out, "<span class=\"days\">", days.data, "</span>");
	buffer_release(&days);
}

void page_cell_days(struct page *page, int64_t start, int64_t end)
{
	page_cell_begin(page, "");
	page_days(page, start, end);
	page_cell_end(page);
}
