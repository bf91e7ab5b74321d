/*
 * status: prints the runs of a profile, its verdict, and what needs attention. `envtally status` runs it for each profile, and for the
 * workspace that several share (--results).
 *
 * Reads the folder of a profile's runs and its ledger; prints lines for people in the order of lib/run/run_status.h, or JSON for monitors. With
 * --form it makes metrics, alerts or lines of mail of such JSON instead (lib/run/watch_print.h).
 *
 * Exit: 0; with --check 69 if nothing was run yet, if the last run is partial, its folder is lost or its figures do not add up, if a run was
 * interrupted, if evidence is damaged or lost, if a feed is stale or was never read, or if rights run out soon; 64 usage; 65 a damaged file; 66 a file is missing; 74 cannot write.
 */
#include "io/display.h"
#include "io/program.h"
#include "run/run_status.h"
#include "run/watch_print.h"

#include <string.h>
#include <unistd.h>

static char *name, *runs, *ledger, *lock, *results, *verdict, *format = "text", *form, *label;
static int restatements, positions, accounts, all, check, warn_days = -1;

static struct poptOption table[] = {
	{"name", 'n', POPT_ARG_STRING, &name, 0, "the profile", "NAME"},
	{"runs", 'r', POPT_ARG_STRING, &runs, 0, "the folder of its runs", "FOLDER"},
	{"ledger", 'l', POPT_ARG_STRING, &ledger, 0, "its ledger", "FILE"},
	{"lock", 0, POPT_ARG_STRING, &lock, 0, "the lock that a run of it holds: tells a run under way from one that was interrupted",
		"FILE"},
	{"results", 0, POPT_ARG_STRING, &results, 0,
		"print the verdict, what runs out and, with --positions, the positions of these results, and no runs", "FILE"},
	{"verdict", 0, POPT_ARG_STRING, &verdict, 0, "the verdict by the present clock; the last run's own is printed too where it differs",
		"TEXT"},
	{"restatements", 0, POPT_ARG_NONE, &restatements, 0,
		"also print every figure that was restated, and what entitlements.csv has changed of closed periods", NULL},
	{"positions", 0, POPT_ARG_NONE, &positions, 0, "also print the latest position of each license metric", NULL},
	{"accounts", 0, POPT_ARG_NONE, &accounts, 0, "also print for each account when it was read, and when it is due again", NULL},
	{"all", 0, POPT_ARG_NONE, &all, 0, "print all lines of each kind, not ten", NULL},
	{"format", 0, POPT_ARG_STRING, &format, 0, "text (the default) or json, one line", "FORMAT"},
	{"form", 0, POPT_ARG_STRING, &form, 0, "make of such lines on standard input: prometheus, alerts, profiles or summary", "FORM"},
	{"label", 0, POPT_ARG_STRING, &label, 0, "of --form prometheus: a label for each metric", "NAME=VALUE"},
	{"warn-days", 0, POPT_ARG_INT, &warn_days, 0, "warn of rights that run out in fewer days (default: repeat the last run's warnings)",
		"N"},
	{"check", 0, POPT_ARG_NONE, &check, 0, "exit with 69 if something needs attention", NULL},
	POPT_TABLEEND,
};

static const struct options_manual manual = {
	.program = "status",
	.operands = "",
	.summary = "Prints the runs of a profile with their results, its verdict, and what needs attention.",
	.description = "Example:\n"
		       "  status --name acme --runs runs/acme --ledger ledger/acme.db --positions\n",
};

static bool needs_attention; /* for --check */

static void print(struct output *output, struct error *error)
{
	const bool is_json = strcmp(format, "json") == 0;
	const struct watch_options options = {.name = name,
		.runs = runs,
		.ledger = ledger,
		.lock = lock,
		.results = results,
		.verdict = verdict,
		.now = options_now(),
		.warn_days = warn_days,
		.check = check || is_json};
	const struct run_status_view view = {.restatements = restatements, .positions = positions, .accounts = accounts, .all = all};
	struct watch watch;
	if (watch_read(&watch, &options, error) == 0) {
		if (is_json)
			watch_append_json(&watch, &output->pending, error);
		else
			run_status_append(&watch, &view, &output->pending, error);
		needs_attention = check && watch.problems;
	}
	watch_release(&watch);
}

static void run(const char **operands, struct output *output, struct error *error)
{
	(void)operands;
	if (form) {
		if (strcmp(form, "prometheus") != 0 && strcmp(form, "alerts") != 0 && strcmp(form, "profiles") != 0 &&
			strcmp(form, "summary") != 0)
			options_refuse("cannot use --form '%s': it must be prometheus, alerts, profiles or summary", form);
		watch_append_form(STDIN_FILENO, form, label, &output->pending, error);
		return;
	}
	if (!name || (!results && (!runs || !ledger)))
		options_refuse("cannot print the status without --name, --runs and --ledger");
	if (strcmp(format, "text") != 0 && strcmp(format, "json") != 0)
		options_refuse("cannot use --format '%s': it must be text or json", format);
	if (verdict && !display_is_utf8(verdict, strlen(verdict)))
		options_refuse("cannot use --verdict: it must be UTF-8");
	print(output, error);
}

int main(int argc, const char **argv)
{
	int status = program_run(argc, argv, table, &manual, run);
	return status == 0 && needs_attention ? EX_UNAVAILABLE : status;
}
