#include "report/report_billing.h"

#include <string.h>

#define ROWS_SHOWN 40
#define TITLE "Docusign's own count, where it is not ours"

const char *report_billing_phrase(const char *check)
{
	static const char *const phrases[][2] = {{"agrees", "agrees"}, {"differs", "differs"}, {"feed_is_behind", "feed not read so far"},
		{"not_yet_fed", "feed never read"}, {"superseded", "superseded"}, {"not_reported", "Docusign tells none"}};
	for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++)
		if (strcmp(phrases[i][0], check) == 0)
			return phrases[i][1];
	return check;
}

static const char *text_of(const struct report *report, const struct report_row *row, const char *field)
{
	return report_row_text(&report->billings, &report->words, row, field);
}

static void add_row(struct text_table *table, const struct report *report, const struct report_row *row)
{
	static const char *const figures[] = {"units_allowed", "units_billed", "units_counted", "difference", "bulk_units"};
	const char *name = text_of(report, row, "account_name"), *until = text_of(report, row, "counted_until"),
		   *check = text_of(report, row, "check");
	enum text_style style = strcmp(check, "differs") == 0 ? TEXT_BAD : TEXT_PLAIN;
	struct buffer days = BUFFER_INIT;
	report_append_days(row->start, row->end, &days);
	text_table_cell(table, TEXT_PLAIN, days.data, days.length);
	buffer_release(&days);
	text_table_cell(table, TEXT_PLAIN, until ? until : "", until ? strcspn(until, "T") : 0);
	text_table_text(table, TEXT_PLAIN, name ? name : text_of(report, row, "account_id"));
	for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
		const char *text = text_of(report, row, figures[i]);
		text_table_text(table, TEXT_PLAIN, text ? text : "–");
	}
	text_table_text(table, style, report_billing_phrase(check));
}

int report_billing_print(const struct report *report, const struct text_page *page, struct buffer *output, struct error *error)
{
	static const struct text_column columns[] = {{"billing period", false, false}, {"up to", false, false}, {"account", false, true},
		{"allowed", true, false}, {"billed", true, false}, {"counted", true, false}, {"difference", true, false},
		{"bulk", true, false}, {"", false, false}};
	size_t count = report->billings.count, shown = count < ROWS_SHOWN ? count : ROWS_SHOWN;
	struct text_table table;
	if (!count)
		return 0;
	text_table_open(&table, columns, sizeof columns / sizeof *columns);
	for (size_t i = 0; i < shown; i++)
		add_row(&table, report, &report->billings.list[i]);
	return text_table_print_section(&table, TITLE, count - shown, page, output, error);
}
