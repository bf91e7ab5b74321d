/*
 * aggregate-by-period: adds up daily partials (or envelopes, or consumption) by period, and finds restatements.
 *
 * Reads daily_consumption, envelope and consumption records and adds up their units, so running it on parts of the input and then on
 * the results gives the same as a single run. Accounts, watermarks and everything else are copied unchanged, in order.
 * At the end it prints a consumption record for each profile, account, plan item and period with units. With --reported FILE also a
 * restatement for each figure that was reported after its period had ended and differs now, and the contracts that define the periods;
 * accounts of FILE without records in the input keep their figures. A STATE is printed after everything read before it.
 *
 * Exit: 0; 64 usage; 65 bad input; 66 no such file; 74 cannot write; 78 invalid profile.
 */
#include "base/instant.h"
#include "config/profile.h"
#include "consumption/consumption.h"
#include "io/program.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static char *profile_path_option, *profile_name, *contract_start, *calendar, *reported_path, *run_id;
static int renewal_months = 12, policy_changed;

static struct poptOption table[] = {
	{"profile", 'p', POPT_ARG_STRING, &profile_path_option, 0, "the profile that gives name, contract start and renewal months",
		"FILE"},
	{"profile-name", 0, POPT_ARG_STRING, &profile_name, 0, "the profile of records that name none", "NAME"},
	{"contract-start", 0, POPT_ARG_STRING, &contract_start, 0, "the day from which periods are computed", "DATE"},
	{"renewal-months", 0, POPT_ARG_INT, &renewal_months, 0, "months of a period, 1 to 60 (default: 12)", "N"},
	{"calendar", 0, POPT_ARG_STRING, &calendar, 0, "calendar periods instead: month, quarter or year", "UNIT"},
	{"reported", 0, POPT_ARG_STRING, &reported_path, 0, "what was last reported (merge --print-reported)", "FILE"},
	{"run-id", 0, POPT_ARG_STRING, &run_id, 0, "the run named in restatements (default: the clock)", "ID"},
	{"policy-changed", 0, POPT_ARG_NONE, &policy_changed, 0,
		"the counting policy differs from that of --reported: the cause of restatements is policy", NULL},
	POPT_TABLEEND,
};

static const struct options_manual manual = {
	.program = "aggregate-by-period",
	.operands = "",
	.summary = "Adds up the daily partials on standard input to consumption by account, plan item and period.",
	.description =
		"Period k starts k x renewal months after the contract start; a start on the 31st is clamped in short months and never\n"
		"drifts. A period is open, provisional (over, but some account's feed has not been read to a day past its end) or final.\n"
		"Periods before the contract start have negative indices.\n\n"
		"Example:\n"
		"  normalize < envelopes.ndjson | merge --ledger :memory: --emit all |\n"
		"    aggregate-by-period --contract-start 2025-01-31 --renewal-months 12\n",
};

static int set_rule(struct consumption *consumption, struct profile *profile, struct error *error)
{
	int32_t start = 0;
	if (profile_path_option && profile_load(profile_path_option, profile, error) < 0)
		return -1;
	if (profile_path_option) {
		start = profile->contract_start;
		renewal_months = profile->renewal_months;
		profile_name = profile->name;
	}
	if (contract_start && day_parse(contract_start, strlen(contract_start), &start) < 0)
		options_refuse("cannot use --contract-start '%s': it must be a date such as 2025-01-31", contract_start);
	if (renewal_months < 1 || renewal_months > 60)
		options_refuse("cannot use --renewal-months %d: it must be 1 to 60", renewal_months);
	if (!contract_start && !profile_path_option && !calendar)
		options_refuse("cannot compute periods: give -p PROFILE, --contract-start DATE or --calendar UNIT");
	consumption->contract_start = start;
	consumption->renewal_months = renewal_months;
	if (!calendar)
		return 0;
	struct error problem;
	consumption->by_calendar = true;
	if (period_rule_calendar(calendar, start, &consumption->calendar, &problem) < 0)
		options_refuse("%s", problem.text);
	return 0;
}

static int read_reported(struct consumption *consumption, struct error *error)
{
	int descriptor = open(reported_path, O_RDONLY | O_CLOEXEC);
	if (descriptor < 0)
		return error_set_errno(error, EX_NOINPUT, "cannot open '%s'", reported_path);
	int result = consumption_read_reported(consumption, descriptor, reported_path, error);
	close(descriptor);
	return result;
}

static int aggregate(struct consumption *consumption, struct output *output, struct error *error)
{
	struct message_reader reader;
	struct message message;
	struct buffer states = BUFFER_INIT;
	int got;
	if (consumption_reader_open(consumption, &reader, STDIN_FILENO, "standard input", error) < 0)
		return -1;
	while ((got = message_next(&reader, &message, error)) > 0 && !output_failed(output)) {
		int taken = consumption_add(consumption, &reader, &message, error);
		if (taken < 0) {
			got = -1;
			break;
		}
		/* A STATE must not overtake records that are not printed yet. */
		if (message.type == MESSAGE_STATE && consumption->tally.count > 0) {
			buffer_append(&states, message.line.text, message.line.length);
			buffer_append_byte(&states, '\n');
		} else if (!taken) {
			output_line(output, message.line.text, message.line.length);
		}
	}
	message_reader_release(&reader);
	if (got == 0)
		got = consumption_print(consumption, output, error);
	if (got == 0 && (got = buffer_check(&states, error)) == 0)
		buffer_append(&output->pending, states.data, states.length);
	buffer_release(&states);
	return got;
}

static void run(const char **operands, struct output *output, struct error *error)
{
	struct consumption consumption;
	struct profile profile = {.path = NULL};
	(void)operands;
	consumption_open(&consumption, options_now(), run_id);
	consumption.policy_changed = policy_changed;
	int result = set_rule(&consumption, &profile, error);
	consumption.profile = profile_name;
	if (result == 0 && reported_path)
		result = read_reported(&consumption, error);
	if (result == 0)
		result = aggregate(&consumption, output, error);
	if (result == 0 && consumption.units_before_contract)
		diag_warn("%lld unit(s) sent before the contract start are in periods with a negative index",
			(long long)consumption.units_before_contract);
	consumption_release(&consumption);
	profile_release(&profile);
}

int main(int argc, const char **argv)
{
	return program_run(argc, argv, table, &manual, run);
}
