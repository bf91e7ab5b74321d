/*
 * explain: shows where the figures of a licence position come from, down to the recorded exchange of every envelope.
 *
 * Reads the output of `reconcile --trace`: positions, and the licence file lines and consumption behind them. Reads days and envelopes from
 * --ledger, and finds the envelopes in the recordings of --runs. Prints indented text, or explanation records (--format ndjson), and
 * checks every sum. doc/explain.md describes the levels.
 *
 * Exit: 0 every sum adds up; 64 usage; 65 one does not, or bad input; 66 no such file, or nothing matches; 74 cannot write.
 */
#include "base/instant.h"
#include "config/policy.h"
#include "explain/explanation.h"
#include "io/program.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *ledger_path, *runs, *policy_path, *period_text, *day_given, *account, *model, *level_name, *format = "text", *title;
static int recordings_dropped;

static struct poptOption table[] = {
	{"ledger", 'l', POPT_ARG_STRING, &ledger_path, 0, "the ledger, for days and envelopes", "FILE"},
	{"runs", 'r', POPT_ARG_STRING, &runs, 0, "the folder of runs, each with raw/ and inputs/, for exchanges", "FOLDER"},
	{"recordings-dropped", 0, POPT_ARG_NONE, &recordings_dropped, 0,
		"recordings of earlier runs are gone: not to find an envelope in one is no error", NULL},
	{"policy", 0, POPT_ARG_STRING, &policy_path, 0, "the counting policy of the figures (default: all but drafts)", "FILE"},
	{"period", 0, POPT_ARG_STRING, &period_text, 0,
		"only the period that contains this day, or the periods with this index (default: all)", "START|INDEX"},
	{"day", 0, POPT_ARG_STRING, &day_given, 0,
		"only the period that contains this day, and of its days only this one, with who sent how much (default: all)", "DAY"},
	{"account", 0, POPT_ARG_STRING, &account, 0, "only this account (default: all)", "ID"},
	{"model", 0, POPT_ARG_STRING, &model, 0, "only this software model; may contain * and ? (default: all)", "NAME"},
	{"level", 0, POPT_ARG_STRING, &level_name, 0,
		"the depth: position, consumption, day, envelope or exchange (default: the deepest for which the files are given)",
		"LEVEL"},
	{"format", 'f', POPT_ARG_STRING, &format, 0, "text (the default) or ndjson", "FORMAT"},
	{"title", 0, POPT_ARG_STRING, &title, 0, "a first line of the text", "TEXT"},
	POPT_TABLEEND,
};

static const struct options_manual manual = {
	.program = "explain",
	.operands = "",
	.summary =
		"Shows where the figures of a licence position come from: entitlement lines, consumption, days, envelopes, recorded exchanges.",
	.description =
		"Example:\n"
		"  reconcile -e entitlements.csv -m models.csv --trace < consumption.ndjson | explain --ledger acme.db --period 2024-10-31\n",
};

static void parse_period(struct explanation_question *question)
{
	char *end;
	size_t length = strlen(period_text);
	int64_t instant;
	long index = strtol(period_text, &end, 10);
	if (length && length <= 6 && !*end) {
		question->period = PERIOD_INDEX;
		question->index = (int)index;
	} else if (day_parse(period_text, length, &question->day) == 0) {
		question->period = PERIOD_DAY;
	} else if (instant_parse(period_text, length, &instant) == 0) {
		question->period = PERIOD_DAY;
		question->day = instant_day(instant);
	} else {
		options_refuse("cannot use --period '%s': it must be a day such as 2025-01-31, or the index of a period", period_text);
	}
}

static void parse_day(struct explanation_question *question)
{
	if (period_text)
		options_refuse("cannot use --day with --period: the day is in one period");
	if (day_parse(day_given, strlen(day_given), &question->day) < 0)
		options_refuse("cannot use --day '%s': it must be a day such as 2025-01-31", day_given);
	question->period = PERIOD_DAY;
	question->only_day = true;
}

static void parse_level(struct explanation_question *question)
{
	int level = runs ? EXPLAIN_EXCHANGE : ledger_path ? EXPLAIN_ENVELOPE : EXPLAIN_CONSUMPTION, reached = level;
	for (level = 0; level_name && explanation_level_names[level] && strcmp(explanation_level_names[level], level_name) != 0;)
		level++;
	if (level_name && !explanation_level_names[level])
		options_refuse("cannot use --level '%s': it must be position, consumption, day, envelope or exchange", level_name);
	if (level_name && level > reached)
		options_refuse(
			"cannot explain down to '%s': %s", level_name, ledger_path ? "it needs --runs FOLDER" : "it needs --ledger FILE");
	question->level = (enum explanation_level)(level_name ? level : reached);
}

static struct explanation_question parse_question(void)
{
	struct explanation_question question = {.account = account, .model = model, .lacks_recordings = recordings_dropped};
	if (runs && !ledger_path)
		options_refuse("cannot use --runs without --ledger: the ledger has the envelopes");
	if (strcmp(format, "text") != 0 && strcmp(format, "ndjson") != 0)
		options_refuse("cannot use --format '%s': it must be text or ndjson", format);
	if (period_text)
		parse_period(&question);
	if (day_given)
		parse_day(&question);
	/* Ids in the streams are in lower case. */
	for (char *at = account; at && *at; at++)
		if (*at >= 'A' && *at <= 'Z')
			*at = (char)(*at + 32);
	parse_level(&question);
	return question;
}

static int explain(struct explanation *explanation, const struct policy *policy, struct output *output, struct error *error)
{
	if (explanation_read(explanation, STDIN_FILENO, "standard input", error) < 0)
		return -1;
	if (!explanation->position_count || (account && !explanation->consumption_count))
		return error_set(error, EX_NOINPUT, "cannot explain: standard input has no matching position or consumption");
	if (explanation_read_ledger(explanation, ledger_path, policy, error) < 0 ||
		explanation_read_recordings(explanation, runs, ledger_path, error) < 0)
		return -1;
	int wrong = explanation_print(explanation, title, strcmp(format, "text") == 0, output, error);
	if (wrong > 0)
		return error_set(error, EX_DATAERR, "cannot explain all figures: %d do not add up; the output marks them", wrong);
	return wrong;
}

static void run(const char **operands, struct output *output, struct error *error)
{
	struct explanation explanation;
	struct policy policy = {.name = NULL};
	(void)operands;
	struct explanation_question question = parse_question();
	if (explanation_open(&explanation, &question, error) == 0 && policy_load(policy_path, &policy, error) == 0)
		explain(&explanation, &policy, output, error);
	explanation_release(&explanation);
	policy_release(&policy);
}

int main(int argc, const char **argv)
{
	return program_run(argc, argv, table, &manual, run);
}
