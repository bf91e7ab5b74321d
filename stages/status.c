/*
 * status: what the runs of a profile are, and what of it needs a person. `envtally status` calls it for each profile.
 *
 * Reads the folder of a profile's runs and its ledger; writes lines for people on standard output, in the order of lib/run/run_status.h.
 *
 * Exit: 0; with --check 69 when there is no run, one is interrupted or partial, rights run out soon, or a feed is stale; 64 usage;
 * 65 a damaged file; 66 a file is missing; 74 cannot write.
 */
#include "io/program.h"
#include "run/run_status.h"

#include <unistd.h>

static char *name, *runs, *ledger;
static int restatements, positions, check, warn_days = -1;

static struct poptOption table[] = {
	{"name", 'n', POPT_ARG_STRING, &name, 0, "the profile", "NAME"},
	{"runs", 'r', POPT_ARG_STRING, &runs, 0, "the folder of its runs", "FOLDER"},
	{"ledger", 'l', POPT_ARG_STRING, &ledger, 0, "its ledger", "FILE"},
	{"restatements", 0, POPT_ARG_NONE, &restatements, 0, "also print every figure that was restated", NULL},
	{"positions", 0, POPT_ARG_NONE, &positions, 0, "also print the latest position of each license metric", NULL},
	{"warn-days", 0, POPT_ARG_INT, &warn_days, 0, "warn of rights that run out in fewer days (default: as the last run did)", "N"},
	{"check", 0, POPT_ARG_NONE, &check, 0, "exit with 69 when something needs a person", NULL},
	POPT_TABLEEND,
};

static const struct options_manual manual = {
	.program = "status",
	.operands = "",
	.reads_no_input = true,
	.summary = "Prints the runs of a profile, how each ended, and what needs attention by the last one.",
	.description = "Example:\n"
		       "  status --name acme --runs runs/acme --ledger ledger/acme.db --positions\n",
};

static bool needs_attention; /* what --check is about */

static void run(const char **operands, struct output *output, struct error *error)
{
	bool healthy = true;
	(void)operands;
	if (!name || !runs || !ledger)
		options_refuse("cannot print the status without --name, --runs and --ledger");
	const struct run_status_options options = {.name = name,
		.runs = runs,
		.ledger = ledger,
		.now = options_now(),
		.warn_days = warn_days,
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
