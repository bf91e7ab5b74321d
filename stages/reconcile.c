/*
 * reconcile: consumption against entitlements: the licence position per software model, license metric and period.
 *
 * Reads consumption and subscription records; everything, these too, goes through unchanged, in order. Writes, at the end,
 * a metric_result for each software model of --models FILE and each period, and an unrecognized_subscription for each
 * identifier that maps to no model. A STATE goes through at once: nothing is held back.
 *
 * Exit: 0; 64 usage; 65 bad input or licence file; 66 no such file; 74 cannot write.
 */
#include "diag.h"
#include "options.h"
#include "position.h"

#include <unistd.h>

static char *entitlements_path, *models_path;

static struct poptOption table[] = {
	{"entitlements", 'e', POPT_ARG_STRING, &entitlements_path, 0, "what was bought", "FILE.csv"},
	{"models", 'm', POPT_ARG_STRING, &models_path, 0, "software models and the identifiers that map to them", "FILE.csv"},
	POPT_TABLEEND,
};

static const struct options_manual manual = {
	.program = "reconcile",
	.operands = "",
	.summary = "Sets the consumption on standard input against entitlements: rights owned, used, available, and whether that is compliant.",
	.description = "An entitlement counts in every period in which it is in force on some day; retired ones never.\n\n"
		       "Example:\n"
		       "  merge --ledger acme.db --emit all < /dev/null | aggregate-by-period -p profiles/acme.json |\n"
		       "    reconcile --entitlements licence/entitlements.csv --models licence/models.csv | report\n",
};

static void complain(const char *message)
{
	struct error error;
	error_set(&error, EX_DATAERR, "%s", message);
	diag_error(&error);
}

static int reconcile(struct position *position, struct output *output, struct error *error)
{
	struct message_reader reader;
	struct message message;
	int got;
	if (position_reader_open(position, &reader, STDIN_FILENO, "standard input", error) < 0)
		return -1;
	while ((got = message_next(&reader, &message, error)) > 0 && !output_failed(output)) {
		if (position_add(position, &reader, &message, error) < 0) {
			got = -1;
			break;
		}
		output_line(output, message.line.text, message.line.length);
	}
	message_reader_release(&reader);
	return got < 0 ? -1 : position_print(position, output, error);
}

int main(int argc, const char **argv)
{
	struct error error = ERROR_INIT;
	struct models models = {.count = 0};
	struct entitlements entitlements = {.count = 0};
	struct position position;
	struct output output;
	options_parse(argc, argv, table, &manual);
	if (!entitlements_path || !models_path)
		options_refuse("cannot reconcile without licence files: --entitlements FILE and --models FILE");
	position_open(&position, &models, &entitlements);
	output_open(&output, STDOUT_FILENO, "standard output");
	int result = models_load(models_path, &models, complain, &error);
	if (result == 0)
		result = entitlements_load(entitlements_path, &entitlements, complain, &error);
	if (result == 0)
		result = reconcile(&position, &output, &error);
	output_close(&output, error.status ? NULL : &error);
	position_release(&position);
	models_release(&models);
	entitlements_release(&entitlements);
	if (error.status)
		diag_error(&error);
	return error.status;
}
