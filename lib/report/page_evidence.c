#include "report/html.h"
#include "report/report_evidence.h"
#include "report/report_page.h"

#include <string.h>

static void append_fact(void *context, const char *name, const char *value)
{
	static const char manifest[] = "raw/manifest.json";
	bool is_link = strncmp(value, manifest, strlen(manifest)) == 0; /* the page's own folder has it */
	html(context, "<dt>", name, is_link ? "</dt><dd><a href=\"raw/manifest.json\">" : "</dt><dd>", is_link ? manifest : "",
		is_link ? "</a>" : "", is_link ? value + strlen(manifest) : value, "</dd>");
}

static void append_checks(struct page *page)
{
	struct buffer command = BUFFER_INIT;
	buffer_append_string(page->out, "<h3>How to check it</h3>\n<dl>");
	for (size_t i = 0; i < REPORT_CHECKS; i++) {
		buffer_reset(&command);
		report_check_append(&report_checks[i], page->report->evidence->run, &command);
		html(page->out, "<dt><code>", command.data, "</code></dt><dd>", report_checks[i].shows, "</dd>");
	}
	buffer_append_string(page->out, "</dl>\n");
	buffer_release(&command);
}

void page_evidence(struct page *page)
{
	static const struct text_column columns[] = {{"file", false, false}, {"SHA-256", false, false}};
	const struct report_evidence *evidence = page->report->evidence;
	if (!evidence)
		return;
	page_section_begin(page, "evidence", "Evidence", "What this run was made of, and how to check that its figures follow from it.");
	buffer_append_string(page->out, "<dl>");
	report_evidence_facts(page->report, append_fact, page->out);
	buffer_append_string(page->out, "</dl>\n");
	append_checks(page);
	html(page->out, "<h3>", evidence->is_promoted ? "Inputs and recordings" : "What its figures were reckoned with", "</h3>\n");
	page_table_begin(page, PAGE_STACKED, "Files in the folder of the run", columns, 2);
	for (size_t i = 0; i < evidence->count; i++) {
		page_row_begin(page, NULL);
		page_cell_name(page, evidence->files[i].name);
		page_cell_begin(page, "");
		html(page->out, "<code>", evidence->files[i].sha256, "</code>");
		page_cell_end(page);
		page_row_end(page);
	}
	page_table_end(page, NULL);
	page_section_end(page);
}
