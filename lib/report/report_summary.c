#include "base/format_arguments.h"
#include "base/instant.h"
#include "io/display.h"
#include "report/report.h"
#include "stream/phrases.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NAMED_STALE 10
#define NAME_SHOWN 80 /* characters */

struct speech {
	void (*add)(void *context, bool is_bad, const char *sentence);
	void *context;
};

__attribute__((format(printf, 3, 4))) static void say(const struct speech *speech, bool is_bad, const char *format, ...)
{
	char sentence[600];
	FORMAT_ARGUMENTS(sentence, format);
	speech->add(speech->context, is_bad, sentence);
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
		say(speech, false, "%" PRId64 " period%s open and %" PRId64 " provisional: their figures can still change.", open,
			open == 1 ? " is" : "s are", provisional);
	else if (open || provisional)
		say(speech, false, "%" PRId64 " period%s %s: %s figures can still change.", open + provisional,
			open + provisional == 1 ? " is" : "s are", open ? "open" : "provisional",
			open + provisional == 1 ? "its" : "their");
	if (before)
		say(speech, false, "%" PRId64 " unit%s consumed before the contract start: no entitlement of the contract covers %s.",
			before, before == 1 ? " was" : "s were", before == 1 ? "it" : "them");
	if (unbalanced)
		say(speech, true,
			"In %" PRId64
			" period%s the licence position has more use than was consumed: it does not belong to the rest of the input.",
			unbalanced, phrase_plural(unbalanced));
}

/* Where all units are. */
static void say_balance(const struct report *report, const struct speech *speech)
{
	for (size_t i = 0; i < report->balances.count; i++) {
		const struct report_row *row = report_row_at(&report->balances, i);
		const char *consumed = report_row_text(row, "units_consumed"), *without = report_row_text(row, "units_without_position");
		const char *declared = report_row_text(row, "units_declared");
		if (strcmp(without, "0") != 0)
			say(speech, false, "Of %s units consumed %s are in the licence position, and %s in no licence row.", consumed,
				report_row_text(row, "units_in_positions"), without);
		if (declared && strcmp(declared, "0") != 0)
			say(speech, false,
				"Beside them %s units that no feed tells are in the licence position: licence/consumption.csv declares them.",
				declared);
	}
}

static void say_billing(const struct report *report, const struct speech *speech)
{
	int64_t agreeing = report->billings_agreeing, differing = report->billings_differing,
		other = (int64_t)report->billings.count - differing;
	if (agreeing && !report->billings.count)
		say(speech, false, "Docusign's own count agrees with ours in %s%" PRId64 " billing period%s.", agreeing == 1 ? "" : "all ",
			agreeing, phrase_plural(agreeing));
	else if (report->billings.count)
		say(speech, false,
			"Docusign's own count agrees with ours in %" PRId64 " billing period%s and differs in %" PRId64 "; in %" PRId64
			" that is unknown. `explain` lists possible reasons.",
			agreeing, phrase_plural(agreeing), differing, other);
}

/* Envelopes of a stale feed are counted nowhere, so it is named. */
static void say_stale(const struct report *report, const struct speech *speech)
{
	int64_t stale = 0;
	for (size_t i = 0; i < report->account_count; i++) {
		const struct report_account *account = &report->accounts[i];
		if (!report_account_is_stale(report, account) || ++stale > NAMED_STALE)
			continue;
		struct buffer name = BUFFER_INIT, shown = BUFFER_INIT;
		char day[DAY_LENGTH + 1] = "";
		report_append_account(report, (uint32_t)i, &name);
		display_append(&shown, name.data, name.length, NAME_SHOWN);
		if (account->is_fed)
			day_format(instant_day(account->watermark), day);
		say(speech, true, "The feed of account %s %s%s: envelopes sent there%s are not counted.", shown.data,
			account->is_fed ? "has not advanced since " : "was never read", day, account->is_fed ? " since then" : "");
		buffer_release(&name);
		buffer_release(&shown);
	}
	if (stale > NAMED_STALE)
		say(speech, true, "The same applies to %" PRId64 " more account%s.", stale - NAMED_STALE,
			phrase_plural(stale - NAMED_STALE));
}

void report_summarize(const struct report *report, void (*add)(void *context, bool is_bad, const char *sentence), void *context)
{
	const struct speech speech = {add, context};
	if (report_is_empty(report)) {
		say(&speech, false, "Nothing to report: the input has no licence position, consumption or restatement.");
		return;
	}
	say_states(report, &speech);
	say_stale(report, &speech);
	say_balance(report, &speech);
	say_billing(report, &speech);
	if (report->restatement_total)
		say(&speech, false, "%" PRId64 " figure%s reported before changed, by %+" PRId64 " unit%s in all.",
			report->restatement_total, phrase_plural(report->restatement_total), report->restatement_net,
			phrase_plural(report->restatement_net < 0 ? -report->restatement_net : report->restatement_net));
	if (report->rights.count)
		say(&speech, false,
			"Rows of entitlements.csv have changed what was owned in periods that were over: %zu restatement%s of rights.",
			report->rights.count, phrase_plural((int64_t)report->rights.count));
}
