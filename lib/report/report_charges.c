#include "report/report_charges.h"

#include "base/money.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What a total has of its rows. */
static const char *const amounts[] = {"used_spend", "unused_spend", "current_period_spend", "true_up_cost"};
#define AMOUNTS (sizeof amounts / sizeof *amounts)

struct total {
	money amounts[AMOUNTS];
	int64_t units;
};

static void set(struct report_row *row, const char *field, const char *text)
{
	row->texts[stream_field_index(row->stream, field, strlen(field))] = text;
}

static bool read_amount(const struct report_row *row, const char *field, money *amount)
{
	const char *text = report_row_text(row, field);
	bool is_negative = text && *text == '-';
	*amount = 0;
	if (!text || money_parse(text + is_negative, amount, NULL) < 0)
		return false;
	*amount = is_negative ? -*amount : *amount;
	return true;
}

/* A group that pays something, or has used or lacks something. */
static bool is_charged(const struct report *report, const struct report_row *row)
{
	money amount;
	bool is_some = false;
	if (row->start != report->groups_start || !report_row_text(row, "used_spend"))
		return false;
	for (size_t i = 0; i < AMOUNTS; i++)
		is_some |= read_amount(row, amounts[i], &amount) && amount != 0;
	return is_some || (report_row_text(row, "rights_used") && !report_row_is(row, "rights_used", "0"));
}

static bool is_of_one_position(const struct report_row *a, const struct report_row *b)
{
	return report_rows_agree(a, b, FIELD_LIST("profile", "software_model", "license_metric", "group_type"));
}

static int add_to_total(struct total *total, const struct report_row *row, struct error *error)
{
	int64_t units = report_row_integer(row, "rights_used");
	for (size_t i = 0; i < AMOUNTS; i++) {
		money amount;
		read_amount(row, amounts[i], &amount);
		if (money_add(&total->amounts[i], amount, error) < 0)
			return -1;
	}
	return units == INT64_MAX ? 0 : sum_add(&total->units, units, error);
}

static const char *intern(struct report *report, const char *text, size_t length, struct error *error)
{
	ptrdiff_t number = name_table_number(&report->words, text, length, error);
	return number < 0 ? NULL : report->words.names[number].text;
}

static int write_total(struct report *report, struct report_row *row, const struct total *total, struct error *error)
{
	const char *currency = report_row_text(row, "currency");
	int digits = currency ? currency_digits(currency) : 0;
	char units[24];
	for (size_t i = 0; i < AMOUNTS; i++) {
		struct buffer text = BUFFER_INIT;
		int64_t rounded = 0;
		int result = money_round(total->amounts[i], 1, 1, digits < 0 ? 2 : digits, &rounded, error);
		money_append(&text, rounded, digits < 0 ? 2 : digits);
		const char *kept = result < 0 || buffer_check(&text, error) < 0 ? NULL : intern(report, text.data, text.length, error);
		buffer_release(&text);
		if (!kept)
			return -1;
		set(row, amounts[i], report_row_text(row, amounts[i]) ? kept : NULL);
	}
	snprintf(units, sizeof units, "%" PRId64, total->units);
	set(row, "group_kind", "total");
	set(row, "group_value", NULL);
	set(row, "group_name", NULL);
	set(row, "rights_used", intern(report, units, strlen(units), error));
	return report_row_text(row, "rights_used") ? 0 : -1;
}

/* The total of the position and type whose first row it is. */
static int add_total(struct report *report, size_t first, struct error *error)
{
	const struct report_rows *groups = &report->groups;
	struct total total = {.units = 0};
	for (size_t i = first; i < groups->count && is_of_one_position(report_row_at(groups, i), report_row_at(groups, first)); i++)
		if (is_charged(report, report_row_at(groups, i)) && add_to_total(&total, report_row_at(groups, i), error) < 0)
			return -1;
	struct report_row *row = report_rows_copy(&report->charges, report_row_at(groups, first), error);
	return row ? write_total(report, row, &total, error) : -1;
}

int report_charges_build(struct report *report, struct error *error)
{
	const struct report_row *before = NULL;
	for (size_t i = 0; i < report->groups.count; i++) {
		const struct report_row *row = report_row_at(&report->groups, i);
		if (!is_charged(report, row))
			continue;
		if ((!before || !is_of_one_position(before, row)) && add_total(report, i, error) < 0)
			return -1;
		before = row;
		if (!report_rows_copy(&report->charges, row, error))
			return -1;
	}
	return 0;
}
