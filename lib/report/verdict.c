#include "report/verdict.h"

#include "base/instant.h"
#include "io/display.h"
#include "stream/phrases.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char not_compliant[] = "Not Compliant: ", true_up[] = ", true-up ";

#define NAME_SHOWN 80 /* characters */

/* Over all rows; -1 where a figure is no whole number. */
static int64_t missing_rights(const struct report *report)
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

void report_sum_true_up(const struct report *report, struct report_sums *sums)
{
	for (size_t i = 0; i < report->metrics.count; i++) {
		const struct report_row *metric = report_row_at(&report->metrics, i);
		const char *missing = report_row_text(metric, "unlicensed_rights");
		if (missing && strcmp(missing, "0") != 0)
			report_sums_add(sums, report_row_text(metric, "true_up_cost"), report_row_text(metric, "currency"));
	}
}

/* ---- a sentence each ---- */

void verdict_true_up_append(const char *line, struct buffer *text)
{
	const char *end = strncmp(line, not_compliant, strlen(not_compliant)) == 0 ? strstr(line + strlen(not_compliant), ": ") : NULL;
	const char *at = strstr(line, true_up);
	if (end && at && (at += strlen(true_up)) < end)
		buffer_append(text, at, (size_t)(end - at));
}

static bool can_move_rights(const struct report *report)
{
	bool can = false;
	for (size_t i = 0; i < report->remediations.count && !can; i++)
		can = report_row_is(report_row_at(&report->remediations, i), "option", "move_rights");
	return can;
}

static void append_not_compliant(const struct report *report, struct buffer *text)
{
	int64_t missing = missing_rights(report);
	struct buffer cost = BUFFER_INIT;
	struct report_sums sums = {.count = 0};
	if (!report->not_compliant)
		return;
	buffer_append_format(text, "%s%" PRId64 " of %zu row%s of the licence position", not_compliant, report->not_compliant,
		report->metrics.count, phrase_plural((int64_t)report->metrics.count));
	if (missing > 0)
		buffer_append_format(text, ", %" PRId64 " right%s missing", missing, phrase_plural(missing));
	report_sum_true_up(report, &sums);
	report_sums_append(&sums, &cost);
	if (cost.length)
		buffer_append_format(text, "%s%s%s", true_up, cost.data, sums.unknown ? " and what has no price" : "");
	else if (sums.unknown)
		buffer_append_format(text, "%snot known (prices are missing)", true_up);
	const char *them = missing == 1 ? "it" : "them";
	buffer_append_format(text, ": %sbuy %s, or record the entitlement that covers %s.",
		can_move_rights(report) ? "move rights that others leave unused (envtally report), " : "", them, them);
	buffer_release(&cost);
}

/* ---- what is not known and could change the position ---- */

static int64_t unrecognized_units(const struct report *report)
{
	int64_t units = 0;
	for (size_t i = 0; i < report->identifier_count; i++)
		if (__builtin_add_overflow(units, report->identifiers[i].units, &units))
			units = INT64_MAX;
	return units;
}

static int64_t stale_accounts(const struct report *report)
{
	int64_t count = 0;
	for (size_t i = 0; i < report->account_count; i++)
		count += report_account_is_stale(report, &report->accounts[i]);
	return count;
}

/* Envelopes are missing here, though no feed is behind. Where we count more than Docusign, nothing is missing. */
static int64_t billed_beyond(const struct report *report)
{
	int64_t count = 0;
	for (size_t i = 0; i < report->billings.count; i++) {
		const struct report_row *row = report_row_at(&report->billings, i);
		const char *difference = report_row_text(row, "difference");
		count += report_row_is(row, "check", "differs") && difference && *difference == '-';
	}
	return count;
}

/* No use, and nothing that says that a feed was read: an input that failed is empty, too. */
static bool nothing_was_read(const struct report *report)
{
	bool is_zero = report->metrics.count > 0 && !report->has_watermarks && !report->has_use;
	for (size_t i = 0; i < report->metrics.count && is_zero; i++)
		is_zero = report_row_is(report_row_at(&report->metrics, i), "usage_state", "zero");
	return is_zero;
}

/* The units of rows; of one reason, unless it is NULL. */
static int64_t units_of(const struct report_rows *rows, const char *field, const char *reason)
{
	int64_t units = 0;
	for (size_t i = 0; i < rows->count; i++) {
		const struct report_row *row = report_row_at(rows, i);
		if ((!reason || report_row_is(row, "reason", reason)) &&
			__builtin_add_overflow(units, report_row_integer(row, field), &units))
			units = INT64_MAX;
	}
	return units;
}

size_t report_gaps(const struct report *report, struct report_gap gaps[])
{
	const struct report_gap all[REPORT_GAPS] = {{unrecognized_units(report), "unit", "in no software model",
							    "add rows to licence/models.csv (`envtally models suggest`)", "unrecognized"},
		{nothing_was_read(report) ? REPORT_SOME : 0, "no units were counted,", "and no feed was read", "check what fetches them",
			"feeds"},
		{report->is_partial ? REPORT_SOME : 0, "some accounts", "could not be read", "run again", "feeds"},
		{stale_accounts(report), "account", "whose feed is stale or was never read",
			"run again, or ask Docusign about it (`envtally status` has the names)", "feeds"},
		{units_of(&report->without, "units_consumed", "no_period"), "unit", "in no period of the workspace",
			"run `aggregate-by-period` again for each profile", "without"},
		{units_of(&report->balances, "units_unaccounted", NULL), "unit", "in no row, so figures do not add up", "report this bug",
			"units"},
		{report->unknown, "row", "of an unknown use", "wait until the accounts are fed, or ask the reseller", "position"},
		{(int64_t)report->ineffective.count, "row", "of licence files without effect", "correct or remove what the report lists",
			"ineffective"},
		{billed_beyond(report), "billing period", "in which Docusign counts more", "`envtally explain` has possible reasons",
			"billing"}};
	size_t count = 0;
	for (size_t i = 0; i < REPORT_GAPS; i++)
		if (all[i].count)
			gaps[count++] = all[i];
	return count;
}

void report_gap_append(const struct report_gap *gap, struct buffer *text)
{
	if (gap->count != REPORT_SOME)
		buffer_append_format(text, "%" PRId64 " ", gap->count);
	buffer_append_format(text, "%s%s %s", gap->thing, gap->count == REPORT_SOME ? "" : phrase_plural(gap->count), gap->of);
}

static void append_incomplete(const struct report *report, struct buffer *text)
{
	struct report_gap gaps[REPORT_GAPS];
	size_t count = report_gaps(report, gaps);
	for (size_t i = 0; i < count; i++) {
		buffer_append_string(text, i ? "; " : "Incomplete: ");
		report_gap_append(&gaps[i], text);
		buffer_append_format(text, ": %s", gaps[i].next_step);
	}
	if (!text->length && !report->metrics.count)
		buffer_append_string(
			text, "Incomplete: no licence position: enter what was bought in licence/entitlements.csv, then reconcile");
	if (text->length)
		buffer_append_byte(text, '.');
}

/* ---- what is expected ---- */

bool report_runs_out(const struct report_row *forecast)
{
	return report_row_text(forecast, "exhausted_on") && !report_row_is(forecast, "is_covered", "true") &&
		!report_row_is(forecast, "has_run_out", "true"); /* Not Compliant then */
}

/* The first of the rights that run out within their period; where an agreement covers all use none do. */
static void append_at_risk(const struct report *report, struct buffer *text)
{
	const char *model = NULL, *day = NULL;
	size_t count = 0;
	for (size_t i = 0; i < report->forecasts.count; i++) {
		const struct report_row *row = report_row_at(&report->forecasts, i);
		if (!report_runs_out(row))
			continue;
		count++;
		if (day && strcmp(report_row_text(row, "exhausted_on"), day) >= 0)
			continue;
		day = report_row_text(row, "exhausted_on");
		model = report_row_text(row, "software_model");
	}
	int32_t last;
	if (!count || day_parse(day, strlen(day), &last) < 0)
		return;
	int64_t left = last - instant_day(report->now);
	buffer_append_string(text, "At risk: rights of ");
	display_append(text, model ? model : "", model ? strlen(model) : 0, NAME_SHOWN);
	if (left < 0)
		buffer_append_format(text, " were expected to run out on %s", day);
	else
		buffer_append_format(text, " are expected to run out on %s, in %" PRId64 " day%s", day, left, phrase_plural(left));
	if (count > 1)
		buffer_append_format(text, ", others in %zu more row%s", count - 1, phrase_plural((int64_t)count - 1));
	buffer_append_string(text, ": plan a purchase.");
}

static void append_compliant(const struct report *report, struct buffer *text)
{
	if (report->metrics.count == 1)
		buffer_append_string(text, "Compliant: the licence position's one row.");
	else
		buffer_append_format(text, "Compliant: all %zu rows of the licence position.", report->metrics.count);
}

/* By verdict. The last applies where no other does. */
static void (*const sentences[])(const struct report *report, struct buffer *text) = {[VERDICT_NOT_COMPLIANT] = append_not_compliant,
	[VERDICT_INCOMPLETE] = append_incomplete,
	[VERDICT_AT_RISK] = append_at_risk,
	[VERDICT_COMPLIANT] = append_compliant};

enum verdict report_verdict(
	const struct report *report, void (*say)(void *context, enum verdict verdict, const struct buffer *sentence), void *context)
{
	enum verdict worst = VERDICT_COMPLIANT;
	for (enum verdict verdict = VERDICT_NOT_COMPLIANT; verdict < VERDICT_COMPLIANT || worst == verdict; verdict++) {
		struct buffer sentence = BUFFER_INIT;
		sentences[verdict](report, &sentence);
		if (sentence.length || sentence.failed) {
			worst = verdict < worst ? verdict : worst;
			say(context, verdict, &sentence);
		}
		buffer_release(&sentence);
	}
	return worst;
}

bool report_is_certain(const struct report *report)
{
	struct buffer text = BUFFER_INIT;
	append_incomplete(report, &text);
	append_at_risk(report, &text);
	bool is_certain = !text.length && !text.failed;
	buffer_release(&text);
	return is_certain;
}
