#include "report/report_sections.h"

#include "base/instant.h"
#include "stream/phrases.h"

#include <string.h>

#define ROWS_SHOWN 40
#define COUNT(array) (sizeof(array) / sizeof *(array))

static void write_days(const struct report_row *row, const char *text, struct report_cell *cell)
{
	if (text)
		report_append_days(row->start, row->end, &cell->text);
	else
		buffer_append_string(&cell->text, "in none");
}

static void write_consumption(const struct report_row *row, const char *text, struct report_cell *cell)
{
	(void)text;
	buffer_append_string(&cell->text, report_row_consumption(row));
}

static void write_status(const struct report_row *row, const char *text, struct report_cell *cell)
{
	(void)row;
	cell->style = strcmp(text, "Compliant") == 0 ? TEXT_GOOD : strcmp(text, "Unknown") == 0 ? TEXT_PLAIN : TEXT_BAD;
}

static void write_missing(const struct report_row *row, const char *text, struct report_cell *cell)
{
	int64_t missing = report_row_integer(row, "unlicensed_rights");
	(void)text;
	cell->style = missing > 0 && missing < INT64_MAX ? TEXT_BAD : cell->style;
}

/* Of a period that is not over nothing is over-licensed yet. */
static void write_at_end(const struct report_row *row, const char *text, struct report_cell *cell)
{
	if (!text)
		buffer_append_string(&cell->text, report_row_is(row, "period_state", "open") ? "open" : "not known");
}

static void write_warning(const struct report_row *row, const char *text, struct report_cell *cell)
{
	(void)text;
	cell->style = report_row_is(row, "warning", "true") ? TEXT_BAD : TEXT_PLAIN;
}

static void write_exhaustion(const struct report_row *row, const char *text, struct report_cell *cell)
{
	write_warning(row, text, cell);
	buffer_append_string(&cell->text,
		text                                              ? text
			: report_row_is(row, "is_shared", "true") ? "as the workspace's"
								  : "not in the period");
}

static void write_interval(const struct report_row *row, const char *text, struct report_cell *cell)
{
	buffer_append_format(&cell->text, "%s – %s", text, report_row_text(row, "high_units"));
}

static void write_method(const struct report_row *row, const char *text, struct report_cell *cell)
{
	buffer_append_format(&cell->text, "%s%s", text, report_row_is(row, "is_covered", "true") ? ", covered" : "");
}

/* "move from site na1 to eu1". */
static void write_option(const struct report_row *row, const char *text, struct report_cell *cell)
{
	const char *type = report_row_text(row, "group_type"), *from = report_row_text(row, "from_group"),
		   *to = report_row_text(row, "to_group"), *phrase = phrase_label("option", text);
	if (strcmp(text, "move_rights") == 0)
		buffer_append_format(
			&cell->text, "move from %s %s to %s", type ? type : "", from ? from : "", to ? to : "accounts without one");
	else
		buffer_append_string(&cell->text, phrase ? phrase : text);
}

/* What a group is called: its name and, where that is another, its key. */
static void write_group(const struct report_row *row, const char *text, struct report_cell *cell)
{
	const char *name = report_row_text(row, "group_name");
	if (report_row_is(row, "group_kind", "total"))
		buffer_append_string(&cell->text, "all");
	else if (!text)
		buffer_append_string(&cell->text, report_row_is(row, "group_kind", "pool") ? "(not allocated)" : "(no group)");
	else
		buffer_append_string(&cell->text, name ? name : text);
	if (text && name && strcmp(name, text) != 0)
		buffer_append_format(&cell->text, " (%s)", text);
}

static void write_day_of_time(const struct report_row *row, const char *text, struct report_cell *cell)
{
	(void)row;
	buffer_append(&cell->text, text, text ? strcspn(text, "T") : 0);
}

static void write_account(const struct report_row *row, const char *text, struct report_cell *cell)
{
	buffer_append_string(&cell->text, text ? text : report_row_text(row, "account_id"));
}

static void write_check(const struct report_row *row, const char *text, struct report_cell *cell)
{
	const char *phrase = phrase_label("check", text);
	cell->style = report_row_is(row, "check", "differs") ? TEXT_BAD : TEXT_PLAIN;
	buffer_append_string(&cell->text, phrase ? phrase : text);
}

static void write_reason(const struct report_row *row, const char *text, struct report_cell *cell)
{
	const char *phrase = phrase_label("reason", text);
	(void)row;
	buffer_append_string(&cell->text, phrase ? phrase : text);
}

static const struct report_column without_columns[] = {
	{{"profile", false, false}, "profile", NULL, NULL},
	{{"period", false, false}, "period_start", NULL, write_days},
	{{"reason", false, true}, "reason", NULL, write_reason},
	{{"accounts", true, false}, "accounts", NULL, NULL},
	{{"units", true, false}, "units_consumed", NULL, NULL},
};

static const struct report_column ineffective_columns[] = {
	{{"licence file", false, false}, "file", NULL, NULL},
	{{"line", true, false}, "line", NULL, NULL},
	{{"reason", false, true}, "reason", NULL, NULL},
};

static const struct report_column position_columns[] = {
	{{"profile", false, false}, "profile", NULL, NULL},
	{{"software model", false, false}, "software_model", NULL, NULL},
	{{"metric", false, false}, "license_metric", NULL, NULL},
	{{"period", false, false}, "period_start", NULL, write_days},
	{{"state", false, true}, "period_state", NULL, NULL},
	{{"rights\nowned", true, false}, "rights_owned", NULL, NULL},
	{{"used", true, false}, "rights_used", NULL, write_consumption},
	{{"of them\ndeclared", true, false}, "declared_units", "–", NULL},
	{{"available", true, false}, "rights_available", NULL, NULL},
	{{"over-\nlicensed", true, false}, "over_licensed_rights", NULL, NULL},
	{{"un-\nlicensed", true, false}, "unlicensed_rights", NULL, write_missing},
	{{"status", false, false}, "status", NULL, write_status},
};

static const struct report_column declared_columns[] = {
	{{"period", false, false}, "period_start", NULL, write_days},
	{{"account", false, true}, "account_name", NULL, write_account},
	{{"first day", false, false}, "first_day", NULL, NULL},
	{{"last day", false, false}, "last_day", NULL, NULL},
	{{"units", true, false}, "units_declared", NULL, NULL},
	{{"source", false, true}, "source", NULL, NULL},
	{{"line", true, false}, "line", NULL, NULL},
};

static const struct report_column forecast_columns[] = {
	{{"period", false, false}, "period_start", NULL, write_days},
	{{"owned", true, false}, "rights_owned", NULL, NULL},
	{{"used\nto date", true, false}, "units_to_date", NULL, NULL},
	{{"expected\nat its end", true, false}, "expected_units", NULL, NULL},
	{{"within\n(80 of 100)", true, false}, "low_units", NULL, write_interval},
	{{"rights\nrun out", false, false}, "exhausted_on", NULL, write_exhaustion},
	{{"in\ndays", true, false}, "days_left", NULL, write_warning},
	{{"method", false, false}, "method", NULL, write_method},
};

static const struct report_column cost_columns[] = {
	{{"period", false, false}, "period_start", NULL, write_days},
	{{"average\nprice", true, false}, "average_price", "not known", NULL},
	{{"true-up\ncost", true, false}, "true_up_cost", "not known", NULL},
	{{"over-\nlicensed", true, false}, "over_licensed_amount", NULL, write_at_end},
	{{"potential\nsavings", true, false}, "potential_savings", NULL, write_at_end},
	{{"total\nspend", true, false}, "total_spend", "not known", NULL},
	{{"current-period\nspend", true, false}, "current_period_spend", "not known", NULL},
};

static const struct report_column remediation_columns[] = {
	{{"period", false, false}, "period_start", NULL, write_days},
	{{"option", false, true}, "option", NULL, write_option},
	{{"rights", true, false}, "rights", NULL, NULL},
	{{"cost", true, false}, "cost", NULL, NULL},
	{{"owned\nthen", true, false}, "rights_owned_after", NULL, NULL},
	{{"unlicensed\nthen", true, false}, "unlicensed_rights_after", NULL, NULL},
	{{"status then", false, false}, "status_after", NULL, write_status},
};

static const struct report_column group_columns[] = {
	{{"by", false, false}, "group_type", NULL, NULL},
	{{"group", false, true}, "group_value", NULL, write_group},
	{{"rights\nowned", true, false}, "rights_owned", NULL, NULL},
	{{"allocated", true, false}, "rights_allocated", NULL, NULL},
	{{"of the\npool", true, false}, "rights_pooled", NULL, NULL},
	{{"used", true, false}, "rights_used", NULL, write_consumption},
	{{"of them\ndeclared", true, false}, "declared_units", "–", NULL},
	{{"available", true, false}, "rights_available", NULL, NULL},
	{{"un-\nlicensed", true, false}, "unlicensed_rights", NULL, write_missing},
	{{"true-up\ncost", true, false}, "true_up_cost", NULL, NULL},
	{{"status", false, false}, "status", NULL, write_status},
};

static const struct report_column charge_columns[] = {
	{{"by", false, false}, "group_type", NULL, NULL},
	{{"group", false, true}, "group_value", NULL, write_group},
	{{"units\nused", true, false}, "rights_used", NULL, write_consumption},
	{{"for what\nit used", true, false}, "used_spend", NULL, NULL},
	{{"for unused\nrights", true, false}, "unused_spend", NULL, NULL},
	{{"spend", true, false}, "current_period_spend", NULL, NULL},
	{{"true-up,\nnot spent", true, false}, "true_up_cost", NULL, NULL},
};

static const struct report_column billing_columns[] = {
	{{"billing period", false, false}, "billing_start", NULL, write_days},
	{{"up to", false, false}, "counted_until", NULL, write_day_of_time},
	{{"account", false, true}, "account_name", NULL, write_account},
	{{"allowed", true, false}, "units_allowed", "–", NULL},
	{{"billed", true, false}, "units_billed", "–", NULL},
	{{"counted", true, false}, "units_counted", "–", NULL},
	{{"difference", true, false}, "difference", "–", NULL},
	{{"bulk", true, false}, "bulk_units", "–", NULL},
	{{"", false, false}, "check", NULL, write_check},
};

/* The line in today's file; of a row that is gone, in that of before. */
static void write_line(const struct report_row *row, const char *text, struct report_cell *cell)
{
	if (!text)
		buffer_append_format(&cell->text, "%s, gone", report_row_text(row, "line_before"));
}

static void write_currencies(const struct report_row *row, const char *text, struct report_cell *cell)
{
	const char *before = report_row_text(row, "currency_before");
	if (text && before && text != before)
		buffer_append_format(&cell->text, "%s, then %s", before, text);
	else if (!text && before)
		buffer_append_string(&cell->text, before);
}

static const struct report_column rights_columns[] = {
	{{"period", false, false}, "period_start", NULL, write_days},
	{{"entitlement", false, true}, "entitlement_id", NULL, NULL},
	{{"line", false, false}, "line", NULL, write_line},
	{{"rights\nbefore", true, false}, "rights_before", NULL, NULL},
	{{"rights\nafter", true, false}, "rights_after", NULL, NULL},
	{{"days\nbefore", true, false}, "days_before", NULL, NULL},
	{{"days\nafter", true, false}, "days_after", NULL, NULL},
	{{"spend\nbefore", true, false}, "spend_before", "–", NULL},
	{{"spend\nafter", true, false}, "spend_after", "–", NULL},
	{{"currency", false, false}, "currency_after", NULL, write_currencies},
	{{"cause", false, true}, "cause", NULL, NULL},
};

#define COLUMNS(list) .columns = (list), .column_count = COUNT(list)

const struct report_section
	report_section_position = {.title = "Licence position",
		.id = "position",
		COLUMNS(position_columns),
		.limit = SIZE_MAX,
		.heading_fields = FIELD_LIST("profile", "publisher", "product", "software_model", "license_metric", "unit"),
		.is_dim_when_open = true},
	report_section_without = {.title = "Units in no licence row",
		.id = "without",
		.note = "With these and the units of the licence position, every unit that was consumed is in one row.",
		COLUMNS(without_columns),
		.limit = SIZE_MAX},
	report_section_declared = {.title = "Use that consumption.csv declares",
		.id = "declared",
		.note = "No feed tells of it, as of a plan bought through a reseller. It is in the licence position, and was not counted: it is in no "
			"other figure of units consumed.",
		COLUMNS(declared_columns),
		.limit = ROWS_SHOWN,
		.heading_fields = FIELD_LIST("profile", "software_model", "license_metric")},
	report_section_ineffective = {.title = "Rows of licence files without effect",
		.id = "ineffective",
		.note = "What these rows name is nowhere: correct them, or remove them.",
		COLUMNS(ineffective_columns),
		.limit = SIZE_MAX},
	report_section_forecasts = {.title = "Forecast of open periods",
		.id = "forecast",
		COLUMNS(forecast_columns),
		.limit = ROWS_SHOWN,
		.heading_fields = FIELD_LIST("profile", "software_model", "license_metric", "period_start")},
	report_section_costs = {.title = "Costs",
		.id = "costs",
		.note = "True-up: rights that are missing, at the average price per right or the price list. Potential "
			"savings: rights that lapse unused. Current-period spend: the part of the total that falls on the "
			"period’s days.",
		COLUMNS(cost_columns),
		.limit = SIZE_MAX,
		.heading_fields = FIELD_LIST("profile", "software_model", "license_metric", "currency"),
		.required_field = "currency"},
	report_section_remediations = {.title = "What can be done",
		.id = "remediation",
		.note = "In each period in the order in which it is best done; what the position becomes is after it and "
			"those above it. A cost below zero is saved.",
		COLUMNS(remediation_columns),
		.limit = ROWS_SHOWN,
		.heading_fields = FIELD_LIST("software_model", "period_start")},
	report_section_rights = {.title = "Restatements of rights",
		.id = "restated-rights",
		.note = "What rows of entitlements.csv have changed of periods that had been reported as over: the rights that a row gives in the period, "
			"the days of the period on which they are in force, and the part of its cost that falls on the period.",
		COLUMNS(rights_columns),
		.limit = ROWS_SHOWN,
		.heading_fields = FIELD_LIST("profile", "software_model", "license_metric")},
	report_section_groups = {.title = "Groups in the period ",
		.id = "groups",
		.note = "Rights are allocated to the group, or drawn from those that are allocated to nobody.",
		COLUMNS(group_columns),
		.limit = ROWS_SHOWN,
		.heading_fields = FIELD_LIST("software_model")},
	report_section_charges = {.title = "Chargeback in the period ",
		.id = "chargeback",
		.note = "What each group pays of the position’s current-period spend, to the cent: for the rights that it drew, and its share of those that nobody "
			"used. <code>envtally chargeback</code> has other periods, and what has changed since they were billed.",
		COLUMNS(charge_columns),
		.limit = ROWS_SHOWN,
		.heading_fields = FIELD_LIST("profile", "software_model", "license_metric", "group_type"),
		.required_field = "currency"},
	report_section_billings = {.title = "Docusign's own count, where it differs from ours",
		.id = "billing",
		.note = "Billing periods in which Docusign’s count of an account is not ours of the same time, up to when "
			"Docusign was asked. <code>envtally explain</code> lists possible reasons.",
		COLUMNS(billing_columns),
		.limit = ROWS_SHOWN};

size_t report_section_columns(
	const struct report_section *section, const struct report_rows *rows, const struct report_column *columns[TEXT_TABLE_COLUMNS])
{
	size_t count = 0;
	for (size_t i = 0; i < section->column_count; i++) {
		const struct report_column *column = &section->columns[i];
		bool is_shown = strcmp(column->field, "declared_units") != 0; /* where there are some */
		for (size_t j = 0; j < rows->count && !is_shown; j++) {
			const char *text = report_row_text(report_row_at(rows, j), column->field);
			is_shown = text && strcmp(text, "0") != 0;
		}
		if (is_shown)
			columns[count++] = column;
	}
	return count;
}

const char *report_cell_text(const struct report_column *column, const struct report_row *row, struct report_cell *cell)
{
	const char *text = report_row_text(row, column->field);
	if (column->write)
		column->write(row, text, cell);
	return cell->text.length ? cell->text.data : text ? text : column->otherwise;
}

void report_append_heading(
	const struct report_section *section, const struct report_row *row, size_t first_name, bool with_profile, struct buffer *heading)
{
	bool is_position = section == &report_section_position;
	for (size_t i = first_name; is_position && i < REPORT_NAME_COLUMNS; i++) {
		const char *name = report_row_text(row, position_columns[i].field);
		buffer_append_string(heading, name && heading->length ? " · " : "");
		buffer_append_string(heading, name ? name : "");
	}
	if (is_position)
		return;
	const char *profile = with_profile ? report_row_text(row, "profile") : NULL,
		   *currency = stream_field_index(row->stream, "currency", strlen("currency")) < 0 || section == &report_section_forecasts
		? NULL
		: report_row_text(row, "currency");
	buffer_append_format(heading, "%s · %s", report_row_text(row, "software_model"), report_row_text(row, "license_metric"));
	if (profile)
		buffer_append_format(heading, " · profile %s", profile);
	if (currency)
		buffer_append_format(heading, " · %s", currency);
}

bool report_section_has(const struct report_section *section, const struct report_row *row, int64_t start)
{
	return (start == INSTANT_NONE || row->start == start) &&
		(!section->required_field || report_row_text(row, section->required_field));
}

bool report_section_begins(const struct report_section *section, const struct report_row *row, const struct report_row *before)
{
	return section->heading_fields && (!before || !report_rows_agree(row, before, section->heading_fields));
}
