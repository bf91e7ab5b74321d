#include "report/verdict.h"

#include "base/money.h"
#include "io/display.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define CURRENCIES 8 /* of which sums are made */
#define NAME_SHOWN 80 /* characters */

int64_t report_missing_rights(const struct report *report)
{
	int64_t missing = 0;
	for (size_t i = 0; i < report->metrics.count && missing >= 0; i++) {
		const char *text = report_row_text(report_row_at(&report->metrics, i), "unlicensed_rights");
		char *end;
		long long rights = text ? strtoll(text, &end, 10) : 0;
		if ((text && *end) || __builtin_add_overflow(missing, rights, &missing))
			missing = -1;
	}
	return missing;
}

/* ---- the cost of what is missing ---- */

struct cost {
	const char *currency;
	money sum;
	int digits;
};

static bool add_cost(struct cost costs[], size_t *count, const struct report_row *metric)
{
	const char *amount = report_row_text(metric, "true_up_cost"), *currency = report_row_text(metric, "currency");
	size_t at = 0;
	money cost;
	int digits;
	if (!amount || !currency || money_parse(amount, &cost, &digits) < 0)
		return false;
	while (at < *count && strcmp(costs[at].currency, currency) != 0)
		at++;
	if (at == CURRENCIES)
		return false;
	if (at == *count)
		costs[(*count)++] = (struct cost){.currency = currency};
	costs[at].digits = digits > costs[at].digits ? digits : costs[at].digits;
	return money_add(&costs[at].sum, cost, NULL) == 0;
}

size_t report_append_true_up(const struct report *report, struct buffer *text)
{
	struct cost costs[CURRENCIES];
	size_t count = 0, unknown = 0;
	for (size_t i = 0; i < report->metrics.count; i++) {
		const struct report_row *metric = report_row_at(&report->metrics, i);
		const char *missing = report_row_text(metric, "unlicensed_rights");
		if (missing && strcmp(missing, "0") != 0)
			unknown += !add_cost(costs, &count, metric);
	}
	for (size_t i = 0; i < count; i++) {
		int64_t rounded;
		if (money_round(costs[i].sum, 1, 1, costs[i].digits, &rounded, NULL) < 0) {
			unknown++;
			continue;
		}
		buffer_append_string(text, i == 0 ? "" : i + 1 < count ? ", " : " and ");
		money_append(text, rounded, costs[i].digits);
		buffer_append_format(text, " %.20s", costs[i].currency);
	}
	return unknown;
}

/* ---- a sentence each ---- */

static const char *plural(int64_t count)
{
	return count == 1 ? "" : "s";
}

static void append_not_compliant(const struct report *report, struct buffer *text)
{
	int64_t missing = report_missing_rights(report);
	struct buffer cost = BUFFER_INIT;
	buffer_append_format(text, "Not Compliant: %" PRId64 " of %zu row%s of the licence position", report->not_compliant,
		report->metrics.count, plural((int64_t)report->metrics.count));
	if (missing > 0)
		buffer_append_format(text, ", %" PRId64 " right%s missing", missing, plural(missing));
	size_t unknown = report_append_true_up(report, &cost);
	if (cost.length)
		buffer_append_format(text, ", true-up %s", cost.data);
	if (unknown)
		buffer_append_format(text, "%s", cost.length ? " and what has no price" : ", true-up not known: prices are missing");
	buffer_append_string(text, ".");
	buffer_release(&cost);
}

/* Begins a part of a sentence: the sentence's first word, or a comma. */
static struct buffer *part(struct buffer *text, size_t *parts)
{
	buffer_append_string(text, *parts ? ", " : text->length ? " Incomplete: " : "Incomplete: ");
	++*parts;
	return text;
}

/* What is not known and could change the position. */
static bool append_incomplete(const struct report *report, struct buffer *text)
{
	int64_t units = 0, stale = 0;
	size_t parts = 0;
	for (size_t i = 0; i < report->identifier_count; i++)
		if (__builtin_add_overflow(units, report->identifiers[i].units, &units))
			units = INT64_MAX;
	for (size_t i = 0; i < report->account_count; i++)
		stale += report_account_is_stale(report, &report->accounts[i]);
	if (report->is_partial)
		buffer_append_string(part(text, &parts), "some accounts could not be read");
	if (units)
		buffer_append_format(part(text, &parts), "%" PRId64 " unit%s in no software model", units, plural(units));
	if (stale)
		buffer_append_format(
			part(text, &parts), "%" PRId64 " account%s whose feed is stale or was never read", stale, plural(stale));
	for (size_t i = 0; i < report->balances.count; i++) {
		const struct report_row *balance = report_row_at(&report->balances, i);
		if (!report_row_is(balance, "units_unaccounted", "0"))
			buffer_append_format(part(text, &parts), "figures that do not add up, by %s units",
				report_row_text(balance, "units_unaccounted"));
	}
	if (report->unknown)
		buffer_append_format(part(text, &parts), "%" PRId64 " row%s of an unknown use", report->unknown, plural(report->unknown));
	if (report->ineffective.count)
		buffer_append_format(part(text, &parts), "%zu row%s of licence files without effect", report->ineffective.count,
			plural((int64_t)report->ineffective.count));
	if (parts)
		buffer_append_byte(text, '.');
	return parts > 0;
}

static bool runs_out(const struct report_row *forecast)
{
	return report_row_text(forecast, "exhausted_on") && !report_row_is(forecast, "is_covered", "true") &&
		report_row_integer(forecast, "units_to_date") <= report_row_integer(forecast, "rights_owned");
}

/* The first of the rights that run out within their period; where an agreement covers all use none do. */
static bool append_at_risk(const struct report *report, struct buffer *text)
{
	const char *model = NULL, *day = NULL;
	size_t count = 0;
	for (size_t i = 0; i < report->forecasts.count; i++) {
		const struct report_row *row = report_row_at(&report->forecasts, i);
		if (!runs_out(row))
			continue;
		count++;
		if (day && strcmp(report_row_text(row, "exhausted_on"), day) >= 0)
			continue;
		day = report_row_text(row, "exhausted_on");
		model = report_row_text(row, "software_model");
	}
	if (!count)
		return false;
	buffer_append_format(text, "%sAt risk: rights of ", text->length ? " " : "");
	display_append(text, model ? model : "", model ? strlen(model) : 0, NAME_SHOWN);
	buffer_append_format(text, " are expected to run out on %s", day);
	if (count > 1)
		buffer_append_format(text, ", others in %zu more row%s", count - 1, plural((int64_t)count - 1));
	buffer_append_byte(text, '.');
	return true;
}

enum verdict report_verdict(const struct report *report, struct buffer *text)
{
	enum verdict verdict = VERDICT_COMPLIANT;
	buffer_reset(text);
	if (report->not_compliant) {
		append_not_compliant(report, text);
		verdict = VERDICT_NOT_COMPLIANT;
	}
	if (append_incomplete(report, text) && verdict == VERDICT_COMPLIANT)
		verdict = VERDICT_INCOMPLETE;
	if (append_at_risk(report, text) && verdict == VERDICT_COMPLIANT)
		verdict = VERDICT_AT_RISK;
	if (verdict == VERDICT_COMPLIANT && !report->metrics.count) {
		buffer_append_string(text, "No licence position: enter what was bought in the licence files.");
		verdict = VERDICT_NO_POSITION;
	} else if (verdict == VERDICT_COMPLIANT) {
		buffer_append_string(text, "Compliant: ");
		if (report->metrics.count == 1)
			buffer_append_string(text, "the licence position's one row.");
		else
			buffer_append_format(text, "all %zu rows of the licence position.", report->metrics.count);
	}
	return verdict;
}
