#include "report/report_costs.h"

#include <stdio.h>
#include <string.h>

#define ROWS_SHOWN 40
#define OPEN(table, columns) text_table_open(table, columns, sizeof(columns) / sizeof *(columns))

static void add_days(struct text_table *table, int64_t start, int64_t end)
{
	struct buffer days = BUFFER_INIT;
	report_append_days(start, end, &days);
	text_table_cell(table, TEXT_PLAIN, days.data, days.length);
	buffer_release(&days);
}

static void add_heading(struct text_table *table, const char *model, const char *metric, const char *profile, const char *currency)
{
	struct buffer heading = BUFFER_INIT;
	buffer_append_format(&heading, "%s · %s", model, metric);
	if (profile)
		buffer_append_format(&heading, " · profile %s", profile);
	if (currency)
		buffer_append_format(&heading, " · %s", currency);
	text_table_heading(table, heading.data, heading.length);
	buffer_release(&heading);
}

static bool differs(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) != 0 : a != b;
}

static bool is_of_another(const struct report_metric *metric, const struct report_metric *before)
{
	static const char *const fields[] = {"profile", "software_model", "license_metric", "currency"};
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		if (differs(report_metric_text(metric, fields[i]), report_metric_text(before, fields[i])))
			return true;
	return false;
}

static int print_costs(const struct report *report, const struct text_page *page, struct buffer *output, struct error *error)
{
	static const struct text_column columns[] = {{"period", false, false}, {"average\nprice", true, false},
		{"true-up\ncost", true, false}, {"over-\nlicensed", true, false}, {"potential\nsavings", true, false},
		{"total\nspend", true, false}, {"current-period\nspend", true, false}};
	static const char *const fields[] = {
		"average_price", "true_up_cost", "over_licensed_amount", "potential_savings", "total_spend", "current_period_spend"};
	const struct report_metric *before = NULL;
	struct text_table table;
	OPEN(&table, columns);
	for (size_t i = 0; i < report->metric_count; i++) {
		const struct report_metric *metric = &report->metrics[i];
		if (!report_metric_text(metric, "currency"))
			continue;
		if (!before || is_of_another(metric, before))
			add_heading(&table, report_metric_text(metric, "software_model"), report_metric_text(metric, "license_metric"),
				report_metric_text(metric, "profile"), report_metric_text(metric, "currency"));
		before = metric;
		add_days(&table, metric->start, metric->end);
		for (size_t j = 0; j < sizeof fields / sizeof *fields; j++) {
			const char *text = report_metric_text(metric, fields[j]);
			text_table_text(&table, TEXT_PLAIN, text ? text : "not known");
		}
	}
	if (before)
		return text_table_print_section(&table, "Costs", 0, page, output, error);
	text_table_release(&table);
	return 0;
}

/* "move from na1 to eu1 (site)". */
static void add_option(struct text_table *table, const struct report *report, const struct report_row *row)
{
	const struct report_rows *rows = &report->remediations;
	const char *option = report_row_text(rows, &report->words, row, "option"),
		   *from = report_row_text(rows, &report->words, row, "from_group"),
		   *to = report_row_text(rows, &report->words, row, "to_group"),
		   *type = report_row_text(rows, &report->words, row, "group_type");
	struct buffer text = BUFFER_INIT;
	if (strcmp(option, "move_rights") == 0)
		buffer_append_format(&text, "move from %s %s to %s", type ? type : "", from ? from : "", to ? to : "accounts without one");
	else if (strcmp(option, "reduce_rights") == 0)
		buffer_append_string(&text, "reduce at renewal");
	else if (strcmp(option, "buy_rights") == 0)
		buffer_append_string(&text, "buy");
	else
		buffer_append_string(&text, option);
	text_table_cell(table, TEXT_PLAIN, text.data, text.length);
	buffer_release(&text);
}

static int print_remediations(const struct report *report, const struct text_page *page, struct buffer *output, struct error *error)
{
	static const struct text_column columns[] = {{"period", false, false}, {"option", false, true}, {"rights", true, false},
		{"cost", true, false}, {"owned\nthen", true, false}, {"unlicensed\nthen", true, false}, {"status then", false, false}};
	const struct report_rows *rows = &report->remediations;
	const char *model = NULL;
	struct text_table table;
	OPEN(&table, columns);
	size_t shown = rows->count < ROWS_SHOWN ? rows->count : ROWS_SHOWN;
	for (size_t i = 0; i < shown; i++) {
		const struct report_row *row = &rows->list[i];
		const char *of = report_row_text(rows, &report->words, row, "software_model");
		if (!model || i == 0 || strcmp(model, of) != 0 || rows->list[i - 1].start != row->start)
			add_heading(&table, of, report_row_text(rows, &report->words, row, "license_metric"),
				report_row_text(rows, &report->words, row, "profile"),
				report_row_text(rows, &report->words, row, "currency"));
		model = of;
		const char *status = report_row_text(rows, &report->words, row, "status_after");
		add_days(&table, row->start, row->end);
		add_option(&table, report, row);
		text_table_text(&table, TEXT_PLAIN, report_row_text(rows, &report->words, row, "rights"));
		text_table_text(&table, TEXT_PLAIN, report_row_text(rows, &report->words, row, "cost"));
		text_table_text(&table, TEXT_PLAIN, report_row_text(rows, &report->words, row, "rights_owned_after"));
		text_table_text(&table, TEXT_PLAIN, report_row_text(rows, &report->words, row, "unlicensed_rights_after"));
		text_table_text(&table, strcmp(status, "Compliant") == 0 ? TEXT_GOOD : TEXT_BAD, status);
	}
	return text_table_print_section(&table, "What can be done", rows->count - shown, page, output, error);
}

/* What a group is called: its name and, where that is another, its key. */
static void add_group(struct text_table *table, const struct report *report, const struct report_row *row)
{
	const struct report_rows *rows = &report->groups;
	const char *kind = report_row_text(rows, &report->words, row, "group_kind"),
		   *value = report_row_text(rows, &report->words, row, "group_value"),
		   *name = report_row_text(rows, &report->words, row, "group_name");
	struct buffer text = BUFFER_INIT;
	if (!value)
		buffer_append_string(&text, strcmp(kind, "pool") == 0 ? "(not allocated)" : "(no group)");
	else
		buffer_append_string(&text, name ? name : value);
	if (value && name && strcmp(name, value) != 0)
		buffer_append_format(&text, " (%s)", value);
	text_table_cell(table, TEXT_PLAIN, text.data, text.length);
	buffer_release(&text);
}

static void add_use(struct text_table *table, const struct report *report, const struct report_row *row)
{
	const struct report_rows *rows = &report->groups;
	const char *used = report_row_text(rows, &report->words, row, "rights_used"),
		   *state = report_row_text(rows, &report->words, row, "usage_state");
	text_table_text(table, TEXT_PLAIN, used ? used : report_state_phrase(state));
}

static int print_groups(const struct report *report, const struct text_page *page, struct buffer *output, struct error *error)
{
	static const struct text_column columns[] = {{"by", false, false}, {"group", false, true}, {"rights\nowned", true, false},
		{"allocated", true, false}, {"of the\npool", true, false}, {"used", true, false}, {"available", true, false},
		{"un-\nlicensed", true, false}, {"true-up\ncost", true, false}, {"status", false, false}};
	const struct report_rows *rows = &report->groups;
	const char *model = NULL;
	struct text_table table;
	OPEN(&table, columns);
	size_t shown = 0, all = 0;
	for (size_t i = 0; i < rows->count; i++) {
		const struct report_row *row = &rows->list[i];
		if (row->start != report->groups_start || ++all > ROWS_SHOWN)
			continue;
		const char *of = report_row_text(rows, &report->words, row, "software_model"),
			   *status = report_row_text(rows, &report->words, row, "status");
		if (!model || strcmp(model, of) != 0)
			add_heading(&table, of, report_row_text(rows, &report->words, row, "license_metric"),
				report_row_text(rows, &report->words, row, "profile"),
				report_row_text(rows, &report->words, row, "currency"));
		model = of;
		shown++;
		text_table_text(&table, TEXT_PLAIN, report_row_text(rows, &report->words, row, "group_type"));
		add_group(&table, report, row);
		static const char *const before[] = {"rights_owned", "rights_allocated", "rights_pooled"},
					 *const after[] = {"rights_available", "unlicensed_rights", "true_up_cost"};
		for (size_t j = 0; j < 3; j++)
			text_table_text(&table, TEXT_PLAIN, report_row_text(rows, &report->words, row, before[j]));
		add_use(&table, report, row);
		for (size_t j = 0; j < 3; j++)
			text_table_text(&table, TEXT_PLAIN, report_row_text(rows, &report->words, row, after[j]));
		text_table_text(&table,
			strcmp(status, "Not Compliant") == 0       ? TEXT_BAD
				: strcmp(status, "Compliant") == 0 ? TEXT_GOOD
								   : TEXT_PLAIN,
			status);
	}
	struct buffer title = BUFFER_INIT;
	buffer_append_string(&title, "Groups in the period ");
	report_append_days(report->groups_start, report->groups_end, &title);
	int result = buffer_check(&title, error);
	if (result == 0)
		result = text_table_print_section(&table, title.data, all - shown, page, output, error);
	else
		text_table_release(&table);
	buffer_release(&title);
	return result;
}

int report_costs_print(const struct report *report, const struct text_page *page, struct buffer *output, struct error *error)
{
	if (print_costs(report, page, output, error) < 0 ||
		(report->remediations.count && print_remediations(report, page, output, error) < 0))
		return -1;
	return report->groups.count ? print_groups(report, page, output, error) : 0;
}
