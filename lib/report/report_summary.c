#include "base/instant.h"
#include "report/verdict.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMED_STALE 10
#define NAMED_FORECASTS 20

struct speech {
	void (*say)(void *context, enum report_tone tone, const char *sentence);
	void *context;
};

__attribute__((format(printf, 3, 4))) static void say(const struct speech *speech, enum report_tone tone, const char *format, ...)
{
	char sentence[600];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(sentence, sizeof sentence, format, arguments);
	va_end(arguments);
	speech->say(speech->context, tone, sentence);
}

static const char *plural(int64_t count)
{
	return count == 1 ? "" : "s";
}

/* The cost of all missing rights, if all of it is known. */
static void say_true_up(const struct report *report, const struct speech *speech)
{
	struct buffer text = BUFFER_INIT;
	if (report_append_true_up(report, &text) == 0 && text.length)
		say(speech, REPORT_NOTE, "A true-up for all missing rights costs %s.", text.data);
	buffer_release(&text);
}

/* The verdict, where the sentences after it do not say it first. */
static enum verdict say_verdict(const struct report *report, const struct speech *speech)
{
	struct buffer line = BUFFER_INIT;
	enum verdict verdict = report_verdict(report, &line);
	if (verdict == VERDICT_INCOMPLETE || verdict == VERDICT_AT_RISK)
		say(speech, REPORT_BAD, "%s", line.data);
	buffer_release(&line);
	return verdict;
}

static void say_position(const struct report *report, const struct speech *speech)
{
	int64_t count = (int64_t)report->metrics.count, bad = report->not_compliant, missing = report_missing_rights(report);
	char rights[60] = "";
	/* Green only where nothing unknown could change it. */
	enum report_tone good = say_verdict(report, speech) == VERDICT_COMPLIANT ? REPORT_GOOD : REPORT_NOTE;
	if (!count) {
		say(speech, REPORT_NOTE, "The input has no licence position: reconcile computes it from the licence files.");
		return;
	}
	if (report->unknown)
		say(speech, REPORT_NOTE,
			"The use in %" PRId64 " of %" PRId64
			" row%s of the licence position is unknown: not yet fed, or not reported by the service.",
			report->unknown, count, plural(count));
	if (!bad && report->unknown) {
		if (count > report->unknown)
			say(speech, good, "The others are Compliant.");
		return;
	}
	if (!bad) {
		say(speech, good,
			count == 1 ? "The licence position's one row is Compliant."
				   : "All %" PRId64 " rows of the licence position are Compliant.",
			count);
		return;
	}
	if (missing > 0)
		snprintf(rights, sizeof rights, ", %" PRId64 " right%s missing", missing, plural(missing));
	say(speech, REPORT_BAD, "%" PRId64 " of %" PRId64 " row%s of the licence position %s Not Compliant%s.", bad, count, plural(count),
		bad == 1 ? "is" : "are", rights);
	say_true_up(report, speech);
	say(speech, REPORT_NOTE, "What to do: record an entitlement for the missing rights, or buy them (true-up); then reconcile again.");
}

static void say_forecasts(const struct report *report, const struct speech *speech)
{
	const struct report_rows *rows = &report->forecasts;
	for (size_t i = 0; i < rows->count && i < NAMED_FORECASTS; i++) {
		const struct report_row *row = report_row_at(rows, i);
		const char *day = report_row_text(row, "exhausted_on"), *left = report_row_text(row, "days_left");
		if (!day || !left)
			continue;
		bool warning = report_row_is(row, "warning", "true");
		bool is_past = report_row_integer(row, "units_to_date") > report_row_integer(row, "rights_owned");
		struct buffer name = BUFFER_INIT;
		buffer_append_format(
			&name, "%.200s · %.200s", report_row_text(row, "software_model"), report_row_text(row, "license_metric"));
		if (is_past)
			say(speech, warning ? REPORT_BAD : REPORT_NOTE, "Rights of %s ran out on %s.", name.data, day);
		else
			say(speech, warning ? REPORT_BAD : REPORT_NOTE, "Rights of %s are expected to run out on %s, in %s day%s.",
				name.data, day, left, strcmp(left, "1") == 0 ? "" : "s");
		buffer_release(&name);
	}
}

static void say_states(const struct report *report, const struct speech *speech)
{
	int64_t open = 0, provisional = 0, unbalanced = 0, before = 0;
	for (size_t i = 0; i < report->period_count; i++) {
		const struct report_period *period = &report->periods[i];
		open += strcmp(period->state, "open") == 0;
		provisional += strcmp(period->state, "provisional") == 0;
		unbalanced += period->licensed > period->consumed;
		if (period->index < 0 && __builtin_add_overflow(before, period->consumed, &before))
			before = INT64_MAX;
	}
	if (open && provisional)
		say(speech, REPORT_NOTE, "%" PRId64 " period%s open and %" PRId64 " provisional: their figures can still change.", open,
			open == 1 ? " is" : "s are", provisional);
	else if (open || provisional)
		say(speech, REPORT_NOTE, "%" PRId64 " period%s %s: %s figures can still change.", open + provisional,
			open + provisional == 1 ? " is" : "s are", open ? "open" : "provisional",
			open + provisional == 1 ? "its" : "their");
	if (before)
		say(speech, REPORT_NOTE, "%" PRId64 " unit%s consumed before the contract start: no entitlement of the contract covers %s.",
			before, before == 1 ? " was" : "s were", before == 1 ? "it" : "them");
	if (unbalanced)
		say(speech, REPORT_BAD,
			"In %" PRId64
			" period%s the licence position has more use than was consumed: it does not belong to the rest of the input.",
			unbalanced, plural(unbalanced));
}

static void say_identifiers(const struct report *report, const struct speech *speech)
{
	int64_t units = 0, count = (int64_t)report->identifier_count;
	for (size_t i = 0; i < report->identifier_count; i++)
		if (__builtin_add_overflow(units, report->identifiers[i].units, &units))
			units = INT64_MAX;
	if (count)
		say(speech, REPORT_NOTE,
			"%" PRId64 " identifier%s with %" PRId64 " unit%s %s to no software model: map %s in the models file.", count,
			plural(count), units, plural(units), count == 1 ? "belongs" : "belong", count == 1 ? "it" : "them");
}

/* Where all units are. */
static void say_balance(const struct report *report, const struct speech *speech)
{
	for (size_t i = 0; i < report->balances.count; i++) {
		const struct report_row *row = report_row_at(&report->balances, i);
		const char *consumed = report_row_text(row, "units_consumed"), *without = report_row_text(row, "units_without_position");
		if (!report_row_is(row, "units_unaccounted", "0"))
			say(speech, REPORT_BAD, "The figures do not add up: of %s units consumed %s are in no row. Report this bug.",
				consumed, report_row_text(row, "units_unaccounted"));
		else if (strcmp(without, "0") != 0)
			say(speech, REPORT_NOTE, "Of %s units consumed %s are in the licence position, and %s in no licence row.", consumed,
				report_row_text(row, "units_in_positions"), without);
	}
}

static void say_billing(const struct report *report, const struct speech *speech)
{
	int64_t agreeing = report->billings_agreeing, differing = report->billings_differing,
		other = (int64_t)report->billings.count - differing;
	if (agreeing && !report->billings.count)
		say(speech, REPORT_NOTE, "Docusign's own count agrees with ours in %s%" PRId64 " billing period%s.",
			agreeing == 1 ? "" : "all ", agreeing, plural(agreeing));
	else if (report->billings.count)
		say(speech, REPORT_NOTE,
			"Docusign's own count agrees with ours in %" PRId64 " billing period%s and differs in %" PRId64 "; in %" PRId64
			" that is unknown. `explain` lists possible reasons.",
			agreeing, plural(agreeing), differing, other);
}

/* Envelopes of a stale feed are counted nowhere, so it is named. */
static void say_stale(const struct report *report, const struct speech *speech)
{
	int64_t stale = 0;
	for (size_t i = 0; i < report->account_count; i++) {
		const struct report_account *account = &report->accounts[i];
		if (!report_account_is_stale(report, account) || ++stale > NAMED_STALE)
			continue;
		struct buffer name = BUFFER_INIT;
		char day[DAY_LENGTH + 1] = "";
		report_append_account(report, (uint32_t)i, &name);
		if (account->is_fed)
			day_format(instant_day(account->watermark), day);
		say(speech, REPORT_BAD, "The feed of account %.200s %s%s: envelopes sent there%s are not counted.", name.data,
			account->is_fed ? "has not advanced since " : "was never read", day, account->is_fed ? " since then" : "");
		buffer_release(&name);
	}
	if (stale > NAMED_STALE)
		say(speech, REPORT_BAD, "The same applies to %" PRId64 " more account%s.", stale - NAMED_STALE,
			plural(stale - NAMED_STALE));
}

void report_summarize(const struct report *report, void (*add)(void *context, enum report_tone tone, const char *sentence), void *context)
{
	const struct speech speech = {add, context};
	if (report_is_empty(report)) {
		say(&speech, REPORT_NOTE, "Nothing to report: the input has no licence position, consumption or restatement.");
		return;
	}
	say_position(report, &speech);
	say_forecasts(report, &speech);
	say_states(report, &speech);
	say_stale(report, &speech);
	say_balance(report, &speech);
	say_billing(report, &speech);
	if (report->restatement_total)
		say(&speech, REPORT_NOTE, "%" PRId64 " figure%s reported before changed, by %+" PRId64 " unit%s in all.",
			report->restatement_total, plural(report->restatement_total), report->restatement_net,
			plural(report->restatement_net < 0 ? -report->restatement_net : report->restatement_net));
	say_identifiers(report, &speech);
}
