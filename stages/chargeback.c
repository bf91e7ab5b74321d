/*
 * chargeback: what each group is charged for a period.
 *
 * Reads group_result records, as printed by `reconcile --group-by`; ignores everything else. Prints, for each period and license metric, the
 * units that each group drew and their rate, what it pays of rights that nobody drew, and what its missing rights cost, as a table or CSV.
 * With --billed, periods that were over then are charged as in that file, and what has changed since is a line of its own.
 * doc/reconcile.md#chargeback has the rule. With --format focus it reads what `reconcile --trace --group-by account` prints and writes CSV
 * after FOCUS 1.2: doc/focus.md.
 *
 * Exit: 0; 64 usage; 65 bad input; 66 no such file; 74 cannot write.
 */
#include "report/chargeback.h"
#include "base/instant.h"
#include "io/diag.h"
#include "io/program.h"
#include "licence/group_type.h"
#include "report/focus.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *by, *period_text, *billed_path, *billed_at_text, *format = "table", *run_id = "";
static int plain_cells;

static struct poptOption table[] = {
	{"by", 0, POPT_ARG_STRING, &by, 0, "account, site, cost_center, department, company, country or organization (required)", "GROUP"},
	{"period", 0, POPT_ARG_STRING, &period_text, 0, "only the period that contains this day, or those with this index", "START|INDEX"},
	{"billed", 0, POPT_ARG_STRING, &billed_path, 0, "group_result records by which periods were charged before", "FILE"},
	{"billed-at", 0, POPT_ARG_STRING, &billed_at_text, 0, "the time of these: periods that had not ended are charged anew", "RFC3339"},
	{"format", 'f', POPT_ARG_STRING, &format, 0, "table (the default), csv or focus", "FORMAT"},
	{"run", 0, POPT_ARG_STRING, &run_id, 0,
		"focus: the run of the position, whose restatements are corrections; more with commas: those of other profiles", "RUN"},
	{"plain-cells", 0, POPT_ARG_NONE, &plain_cells, 0, "csv: no apostrophe before a text that a spreadsheet would run as a formula",
		NULL},
	POPT_TABLEEND,
};

static const struct options_manual manual = {
	.program = "chargeback",
	.operands = "",
	.summary = "Prints what each group is charged, from the group_result records on standard input.",
	.description = "The charges of all groups add up to the spend of the position, to the cent; doc/reconcile.md has the rule.\n\n"
		       "Example:\n"
		       "  reconcile -e entitlements.csv -m models.csv --group-by site < consumption.ndjson |\n"
		       "    chargeback --by site\n",
};

static void parse_period(struct chargeback_question *question)
{
	char *end;
	if (!period_text)
		return;
	question->index = strtol(period_text, &end, 10);
	question->has_index = *period_text && !*end;
	question->has_day = !question->has_index && day_parse(period_text, strlen(period_text), &question->day) == 0;
	if (!question->has_index && !question->has_day)
		options_refuse("cannot use --period '%s': it must be a day such as 2025-01-31, or the index of a period", period_text);
}

static void parse(struct chargeback_question *question, int64_t *billed_at)
{
	int type = 0;
	while (by && group_type_names[type] && strcmp(group_type_names[type], by) != 0)
		type++;
	if (!by || !group_type_names[type])
		options_refuse("cannot use --by '%s': it must be account, site, cost_center, department, company, country or organization",
			by ? by : "");
	if (strcmp(format, "table") != 0 && strcmp(format, "csv") != 0)
		options_refuse("cannot use --format '%s': it must be table, csv or focus", format);
	*billed_at = INT64_MAX;
	if (billed_at_text && instant_parse(billed_at_text, strlen(billed_at_text), billed_at) < 0)
		options_refuse("cannot use --billed-at '%s': it must be a time such as 2025-04-01T02:00:00Z", billed_at_text);
	question->group_type = by;
	question->as_csv = *format == 'c';
	question->has_plain_cells = plain_cells;
	parse_period(question);
}

static void run_focus(struct output *output, struct error *error)
{
	const struct focus_question question = {.run = run_id, .has_plain_cells = plain_cells};
	size_t unpriced;
	if (by && strcmp(by, "account") != 0)
		options_refuse("cannot use --by '%s': --format focus is by account", by);
	if (period_text || billed_path || billed_at_text)
		options_refuse("cannot use --period, --billed or --billed-at: --format focus has all periods, and corrections");
	if (focus_write(STDIN_FILENO, "standard input", &question, output, &unpriced, error) == 0 && unpriced)
		diag_warn("use of %zu accounts and periods is left out: no cost of its rights is known", unpriced);
}

static void run(const char **operands, struct output *output, struct error *error)
{
	struct chargeback_question question = {.has_day = false};
	struct charge_set now = {.list = NULL}, billed = {.list = NULL};
	int64_t billed_at;
	(void)operands;
	if (strcmp(format, "focus") == 0) {
		run_focus(output, error);
		return;
	}
	parse(&question, &billed_at);
	int descriptor = billed_path ? open(billed_path, O_RDONLY | O_CLOEXEC) : -1, result = 0;
	if (billed_path && descriptor < 0)
		result = error_set_errno(error, EX_NOINPUT, "cannot open '%s'", billed_path);
	else if (billed_path)
		result = charge_set_read(&billed, descriptor, billed_path, &question, error);
	if (descriptor >= 0)
		close(descriptor);
	if (result == 0 && charge_set_read(&now, STDIN_FILENO, "standard input", &question, error) == 0) {
		if (!now.count)
			diag_warn("there is no group_result of %s: reconcile --group-by %s prints them", by, by);
		chargeback_print(&now, &billed, billed_at, &question, output, error);
	}
	charge_set_release(&now);
	charge_set_release(&billed);
}

int main(int argc, const char **argv)
{
	return program_run(argc, argv, table, &manual, run);
}
