/*
 * fuzz_report: what report reads, as a table and as CSV: the table holds nothing that a terminal obeys.
 */
#include "fuzz.h"

#include "base/utf8.h"
#include "io/options.h"
#include "report/report_csv.h"
#include "report/report_table.h"

static void check_shown(const struct buffer *text)
{
	FUZZ_CHECK(!text->failed && utf8_prefix(text->data, text->length) == text->length);
	for (size_t i = 0; i < text->length; i++)
		FUZZ_CHECK((unsigned char)text->data[i] >= 0x20 || text->data[i] == '\n');
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
	} else {
		FUZZ_CHECK(error.status == EX_DATAERR);
	}
	report_release(&report);
}
