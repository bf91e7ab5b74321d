#include "report/report_forecast.h"

#include <string.h>

#define ROWS_SHOWN 40
#define TITLE "Forecast of open periods"

static const char *text_of(const struct report *report, const struct report_row *row, const char *field)
{
	return report_row_text(&report->forecasts, &report->words, row, field);
}

static void add_heading(struct text_table *table, const struct report *report, const struct report_row *row)
{
	const char *profile = text_of(report, row, "profile");
	struct buffer heading = BUFFER_INIT;
	buffer_append_format(&heading, "%s · %s", text_of(report, row, "software_model"), text_of(report, row, "license_metric"));
	if (profile)
		buffer_append_format(&heading, " · profile %s", profile);
	text_table_heading(table, heading.data, heading.length);
	buffer_release(&heading);
}

static void add_row(struct text_table *table, const struct report *report, const struct report_row *row)
{
	const char *day = text_of(report, row, "exhausted_on"), *left = text_of(report, row, "days_left");
	bool is_covered = strcmp(text_of(report, row, "is_covered"), "true") == 0;
	enum text_style style = strcmp(text_of(report, row, "warning"), "true") == 0 ? TEXT_BAD : TEXT_PLAIN;
	struct buffer text = BUFFER_INIT;
	report_append_days(row->start, row->end, &text);
	text_table_cell(table, TEXT_PLAIN, text.data, text.length);
	static const char *const fields[] = {"rights_owned", "units_to_date", "expected_units"};
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		text_table_text(table, TEXT_PLAIN, text_of(report, row, fields[i]));
	buffer_reset(&text);
	buffer_append_format(&text, "%s – %s", text_of(report, row, "low_units"), text_of(report, row, "high_units"));
	text_table_cell(table, TEXT_PLAIN, text.data, text.length);
	text_table_text(table, style, day ? day : "not in the period");
	text_table_text(table, style, left);
	buffer_reset(&text);
	buffer_append_format(&text, "%s%s", text_of(report, row, "method"), is_covered ? ", covered" : "");
	text_table_cell(table, TEXT_PLAIN, text.data, text.length);
	buffer_release(&text);
}

int report_forecast_print(const struct report *report, const struct text_page *page, struct buffer *output, struct error *error)
{
	static const struct text_column columns[] = {{"period", false, false}, {"owned", true, false}, {"used\nto date", true, false},
		{"expected\nat its end", true, false}, {"within\n(80 of 100)", true, false}, {"rights\nrun out", false, false},
		{"in\ndays", true, false}, {"method", false, false}};
	size_t count = report->forecasts.count, shown = count < ROWS_SHOWN ? count : ROWS_SHOWN;
	struct text_table table;
	if (!count)
		return 0;
	text_table_open(&table, columns, sizeof columns / sizeof *columns);
	for (size_t i = 0; i < shown; i++) {
		add_heading(&table, report, &report->forecasts.list[i]);
		add_row(&table, report, &report->forecasts.list[i]);
	}
	return text_table_print_section(&table, TITLE, count - shown, page, output, error);
}
