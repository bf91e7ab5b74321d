/*
 * fuzz_report: what report reads, as a table, CSV, Markdown and a page: the table holds nothing that a terminal obeys, and the page no markup
 * that is not closed.
 */
#include "fuzz.h"

#include "base/utf8.h"
#include "io/options.h"
#include "report/report_csv.h"
#include "report/report_html.h"
#include "report/report_table.h"

static void check_shown(const struct buffer *text)
{
	FUZZ_CHECK(!text->failed && utf8_prefix(text->data, text->length) == text->length);
	for (size_t i = 0; i < text->length; i++)
		FUZZ_CHECK((unsigned char)text->data[i] >= 0x20 || text->data[i] == '\n');
}

/* The length of the text up to `end`, which must come. */
static size_t up_to(const char *at, const char *end)
{
	const char *found = strstr(at, end);
	FUZZ_CHECK(found);
	return (size_t)(found - at);
}

static bool is_void(const char *name, size_t length)
{
	static const char *const names[] = {"meta", "br", "input", "col", "img", "link", "wbr", "hr"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strlen(names[i]) == length && memcmp(names[i], name, length) == 0)
			return true;
	return false;
}

/* Every element is closed by its own tag, in order; what is not markup is escaped. */
static void check_page(const struct buffer *page)
{
	const char *open[64], *at = page->data;
	size_t depth = 0;
	FUZZ_CHECK(!page->failed && strlen(page->data) == page->length && utf8_prefix(page->data, page->length) == page->length);
	while ((at = strchr(at, '<'))) {
		bool is_end = *++at == '/';
		at += is_end;
		size_t name = strspn(at, "abcdefghijklmnopqrstuvwxyz0123456789C"), length = up_to(at, ">");
		FUZZ_CHECK(name || (*at == '!' && !is_end && !depth));
		if (is_end)
			FUZZ_CHECK(depth && length == name && strncmp(open[--depth], at, name) == 0);
		else if (name && !is_void(at, name) && at[length - 1] != '/') {
			FUZZ_CHECK(depth < sizeof open / sizeof *open);
			open[depth++] = at;
		}
		at += length;
		if (!is_end && (strncmp(at - length, "style>", 6) == 0 || strncmp(at - length, "script", 6) == 0))
			at += up_to(at, strncmp(at - length, "style", 5) == 0 ? "</style>" : "</script>");
	}
	FUZZ_CHECK(depth == 0);
}

static void print_page(const struct report *report)
{
	struct error error = ERROR_INIT;
	struct output page;
	fuzz_output(&page);
	FUZZ_CHECK(report_html_print(report, &page, &error) == 0);
	check_page(&page.pending);
	buffer_release(&page.pending);
}

static void print(const struct report *report)
{
	struct error error = ERROR_INIT;
	struct buffer table = BUFFER_INIT;
	struct output csv;
	const struct text_page pages[] = {{.width = 100}, {.width = 40, .is_terminal = true}};
	for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
		buffer_reset(&table);
		FUZZ_CHECK(report_table_print(report, &pages[i], &table, &error) == 0);
		check_shown(&table);
	}
	fuzz_output(&csv);
	FUZZ_CHECK(report_csv_print(report, &csv, &error) == 0);
	buffer_release(&csv.pending);
	buffer_release(&table);
}

void fuzz_report(const uint8_t *bytes, size_t length)
{
	struct report report;
	struct error error = ERROR_INIT;
	report_open(&report, "fuzz", options_now());
	fuzz_stdin(bytes, length);
	if (report_read(&report, STDIN_FILENO, "standard input", &error) == 0) {
		FUZZ_CHECK(report_sort(&report, &error) == 0);
		print(&report);
		print_page(&report);
	} else {
		FUZZ_CHECK(error.status == EX_DATAERR);
	}
	report_release(&report);
}
