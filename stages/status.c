/*
 * status: prints the runs of a profile, its verdict, and what needs attention. `envtally status` runs it for each profile, and for the
 * workspace that several share (--results).
 *
 * Reads the folder of a profile's runs and its ledger; prints lines for people in the order of lib/run/run_status.h.
 *
 * Exit: 0; with --check 69 if nothing was run yet, if the last run is partial, its folder is lost or its figures do not add up, if a run was
 * interrupted, if a feed is stale or was never read, or if rights run out soon; 64 usage; 65 a damaged file; 66 a file is missing; 74 cannot write.
 */
#include "io/display.h"
#include "io/program.h"
#include "run/run_status.h"

#include <string.h>

static char *name, *runs, *ledger, *results, *verdict;
static int restatements, positions, check, warn_days = -1;

static struct poptOption table[] = {
	{"name", 'n', POPT_ARG_STRING, &name, 0, "the profile", "NAME"},
	{"runs", 'r', POPT_ARG_STRING, &runs, 0, "the folder of its runs", "FOLDER"},
	{"ledger", 'l', POPT_ARG_STRING, &ledger, 0, "its ledger", "FILE"},
	{"results", 0, POPT_ARG_STRING, &results, 0,
		"print the verdict, what runs out and, with --positions, the positions of these results, and no runs", "FILE"},
	{"verdict", 0, POPT_ARG_STRING, &verdict, 0, "the verdict by the present clock; the last run's own is printed too where it differs",
		"TEXT"},
	{"restatements", 0, POPT_ARG_NONE, &restatements, 0, "also print every figure that was restated", NULL},
	{"positions", 0, POPT_ARG_NONE, &positions, 0, "also print the latest position of each license metric", NULL},
	{"warn-days", 0, POPT_ARG_INT, &warn_days, 0, "warn of rights that run out in fewer days (default: repeat the last run's warnings)",
		"N"},
	{"check", 0, POPT_ARG_NONE, &check, 0, "exit with 69 if something needs attention", NULL},
	POPT_TABLEEND,
};

static const struct options_manual manual = {
	.program = "status",
	.operands = "",
	.reads_no_input = true,
	.summary = "Prints the runs of a profile with their results, its verdict, and what needs attention.",
	.description = "Example:\n"
		       "  status --name acme --runs runs/acme --ledger ledger/acme.db --positions\n",
};

static bool needs_attention; /* for --check */

static void run(const char **operands, struct output *output, struct error *error)
{
	bool healthy = true;
	(void)operands;
	if (!name || (!results && (!runs || !ledger)))
		options_refuse("cannot print the status without --name, --runs and --ledger");
	if (verdict && !display_is_utf8(verdict, strlen(verdict)))
		options_refuse("cannot use --verdict: it must be UTF-8");
	const struct run_status_options options = {.name = name,
		.runs = runs,
		.ledger = ledger,
		.results = results,
		.verdict = verdict,
		.now = options_now(),
		.warn_days = warn_days,
		.check = check,
		.restatements = restatements,
		.positions = positions};
	run_status_append(&options, &output->pending, &healthy, error);
	needs_attention = check && !healthy;
}

int main(int argc, const char **argv)
{
	int status = program_run(argc, argv, table, &manual, run);
	return status == 0 && needs_attention ? EX_UNAVAILABLE : status;
}
