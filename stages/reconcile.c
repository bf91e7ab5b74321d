/*
 * reconcile: compares consumption with entitlements: the licence position by license metric, software model, product and period.
 *
 * Reads consumption, account, watermark and subscription records; copies all of its input, in order. Subscriptions get the software model
 * of their plan item; everything else is unchanged.
 * At the end it prints metric_result, model_result and product_result; group_result for --group-by; unlicensed_consumption and
 * remediation; rights_restatement for --entitlements-before; consumption_without_position and consumption_balance: units that are in no position, and why; an unrecognized_subscription
 * for each identifier without a model; and with --trace entitlement_use, segment_use and consumption_use, from which positions are explained.
 * doc/reconcile.md has the rules.
 *
 * Exit: 0; 64 usage; 65 bad input or licence file; 66 no such file; 74 cannot write.
 */
#include "base/instant.h"
#include "base/run_name.h"
#include "config/policy.h"
#include "io/atomic_file.h"
#include "io/program.h"
#include "reconcile/position.h"
#include "reconcile/position_declared.h"
#include "reconcile/restated_rights.h"
#include "reconcile/subscription_models.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define HELD_LIMIT ((size_t)16 << 20) /* bytes of subscriptions that wait for the names of their plan items */

static struct licence_files files;
static char *group_names, *excluded_path, *others_path, *workspace_path, *policy_path, *before_path, *reported_text, *run_id;
static int trace;

static struct poptOption table[] = {
	{"entitlements", 'e', POPT_ARG_STRING, &files.entitlements, 0, "what was bought", "FILE.csv"},
	{"models", 'm', POPT_ARG_STRING, &files.models, 0, "software models and the identifiers that map to them", "FILE.csv"},
	{"exclusions", 'x', POPT_ARG_STRING, &files.exclusions, 0, "identifiers and accounts to exclude", "FILE.csv"},
	{"excluded", 0, POPT_ARG_STRING, &excluded_path, 0, "consumption of excluded users, from exclude", "FILE"},
	{"others", 0, POPT_ARG_STRING, &others_path, 0, "records of the workspace's other profiles, which draw on the same rights", "FILE"},
	{"workspace", 0, POPT_ARG_STRING, &workspace_path, 0, "write the results of all profiles together to this file", "FILE"},
	{"groups", 0, POPT_ARG_STRING, &files.groups, 0, "cost center, department, company and country of accounts", "FILE.csv"},
	{"prices", 0, POPT_ARG_STRING, &files.prices, 0, "prices of additional rights", "FILE.csv"},
	{"rates", 0, POPT_ARG_STRING, &files.rates, 0, "exchange rates to the currency of the results", "FILE.csv"},
	{"consumption", 0, POPT_ARG_STRING, &files.consumption, 0, "use that no feed tells, as of a plan bought through a reseller",
		"FILE.csv"},
	{"policy", 0, POPT_ARG_STRING, &policy_path, 0, "the policy, which says how the contract settles (default: by the day)", "FILE"},
	{"group-by", 'g', POPT_ARG_STRING, &group_names, 0,
		"also positions by group: account, site, cost_center, department, company, country, organization; separate several with commas",
		"LIST"},
	{"entitlements-before", 0, POPT_ARG_STRING, &before_path, 0,
		"what was bought, as the last report had it: what has changed of periods that were over then is restated", "FILE.csv"},
	{"reported-at", 0, POPT_ARG_STRING, &reported_text, 0, "the clock of that report", "TIME"},
	{"run-id", 0, POPT_ARG_STRING, &run_id, 0, "the run named in rights_restatement (default: the clock)", "ID"},
	{"trace", 0, POPT_ARG_NONE, &trace, 0, "also print where each position comes from, for explain", NULL},
	POPT_TABLEEND,
};

static const struct options_manual manual = {
	.program = "reconcile",
	.operands = "",
	.summary = "Compares the consumption on standard input with entitlements: rights owned, used, available, missing or in excess, and "
		   "their cost.",
	.description =
		"An entitlement grants its rights in each subscription period. A unit draws on a right that is in force on the day it was\n"
		"sent, or with --policy of a contract that settles by the period, on some day of its period: allocated rights first, then those\n"
		"that end first. doc/reconcile.md has the rules.\n\n"
		"Example:\n"
		"  merge --ledger acme.db --emit all < /dev/null | aggregate-by-period -p profiles/acme.json |\n"
		"    reconcile --entitlements licence/entitlements.csv --models licence/models.csv --group-by site | report\n",
};

static void complain(const char *message, bool is_mistake)
{
	if (is_mistake)
		diag_complain(message, true);
	else
		diag_warn("%s", message);
}

static unsigned parse_groups(void)
{
	static unsigned group_by;
	char *rest = group_names;
	group_names = NULL;
	for (char *name; rest && (name = strsep(&rest, ","));) {
		int type = 0;
		while (group_type_names[type] && strcmp(group_type_names[type], name) != 0)
			type++;
		if (!group_type_names[type])
			options_refuse(
				"cannot use --group-by '%s': it must be account, site, cost_center, department, company, country or organization",
				name);
		group_by |= 1u << type;
	}
	return group_by;
}

/* Copies standard input to `output`, and adds what the position needs to `input`. */
static int pass_on(struct reconcile_input *input, const struct models *models, struct output *output, struct error *error)
{
	struct subscription_models held = {.lines = BUFFER_INIT};
	struct message_reader reader;
	struct message message;
	int got, result = 0;
	if (reconcile_input_reader_open(&reader, STDIN_FILENO, "standard input", error) < 0)
		return -1;
	while (result == 0 && (got = message_next(&reader, &message, error)) > 0 && !output_failed(output)) {
		bool is_subscription = message_is_record(&message, "subscription");
		result = reconcile_input_add(input, &reader, &message, error);
		if (result == 0 && (!is_subscription || held.lines.length > HELD_LIMIT))
			result = subscription_models_flush(&held, &input->plan_items, models, output, error);
		if (is_subscription && result == 0)
			result = subscription_models_hold(&held, input->last_item, &message, error);
		else if (result == 0)
			output_line(output, message.line.text, message.line.length);
	}
	if (result == 0 && got == 0)
		result = subscription_models_flush(&held, &input->plan_items, models, output, error);
	subscription_models_release(&held);
	message_reader_release(&reader);
	return result < 0 || got < 0 ? -1 : 0;
}

typedef int adder(struct reconcile_input *input, const struct message_reader *reader, const struct message *message, struct error *error);

static int read_file(struct reconcile_input *input, const char *path, adder *add, struct error *error)
{
	struct message_reader reader;
	struct message message;
	int got = 0, descriptor = open(path, O_RDONLY | O_CLOEXEC);
	if (descriptor < 0)
		return error_set_errno(error, EX_NOINPUT, "cannot open '%s'", path);
	if (reconcile_input_reader_open(&reader, descriptor, path, error) < 0) {
		close(descriptor);
		return -1;
	}
	while ((got = message_next(&reader, &message, error)) > 0)
		if (add(input, &reader, &message, error) < 0) {
			got = -1;
			break;
		}
	message_reader_release(&reader);
	close(descriptor);
	return got < 0 ? -1 : 0;
}

/* Reads --excluded, without which rules about users cannot be applied, and must not be ignored; and --others. */
static int read_files(struct reconcile_input *input, const struct exclusions *exclusions, struct error *error)
{
	const struct exclusion *rule = exclusions_user_rule(exclusions);
	if (rule && !excluded_path)
		return error_set(error, EX_DATAERR,
			"cannot apply '%s' line %zu: consumption records have no users; it needs --excluded FILE, made by `envtally exclude`",
			exclusions->path, rule->row);
	if (excluded_path && read_file(input, excluded_path, reconcile_input_add_excluded, error) < 0)
		return -1;
	return others_path ? read_file(input, others_path, reconcile_input_add_other, error) : 0;
}

/* Of the file of before no mistake is an error. What else there was to say of it, has been said. */
static void complain_of_before(const char *message, bool is_mistake)
{
	if (is_mistake)
		diag_warn("%s", message);
}

/* What was reported last. Returns 1 where there is nothing to compare: a file that this version no longer reads ends no run. */
static int read_reported(struct rights_reported *reported, struct error *error)
{
	struct error problem = ERROR_INIT;
	*reported = (struct rights_reported){.at = INSTANT_NONE};
	if (!before_path != !reported_text)
		options_refuse("cannot use --entitlements-before FILE and --reported-at TIME without each other");
	if (!before_path)
		return 1;
	if (instant_parse(reported_text, strlen(reported_text), &reported->at) < 0)
		options_refuse("cannot use --reported-at '%s': it must be a time such as 2025-03-18T02:00:00Z", reported_text);
	if (run_id)
		snprintf(reported->run_id, sizeof reported->run_id, "%s", run_id);
	else
		run_name(options_now(), reported->run_id);
	if (entitlements_load(before_path, &reported->entitlements, complain_of_before, &problem) == 0)
		return 0;
	if (problem.status != EX_DATAERR)
		return error_set(error, problem.status, "%s", problem.text);
	diag_warn("%s: what it has changed of closed periods is not restated", problem.text);
	return 1;
}

/* All results; those of the workspace into a file of their own when one is named. */
static int print(const struct licence *licence, const struct reconcile_input *input, const struct position_options *options,
	struct output *output, struct error *error)
{
	struct atomic_file file;
	if (!workspace_path)
		return position_print(licence, input, options, complain, output, output, error);
	if (atomic_file_open(&file, workspace_path, 0666, error) < 0)
		return -1;
	int result = position_print(licence, input, options, complain, &file.output, output, error);
	if (result == 0)
		return atomic_file_commit(&file, error);
	atomic_file_abandon(&file);
	return result;
}

static void run(const char **operands, struct output *output, struct error *error)
{
	struct licence licence = {.models = {.count = 0}};
	struct reconcile_input input = {.accounts = NULL};
	struct policy policy = {.name = NULL};
	struct rights_reported reported;
	(void)operands;
	if (!files.entitlements || !files.models)
		options_refuse("cannot reconcile without licence files: --entitlements FILE and --models FILE");
	struct position_options options = {.group_by = parse_groups(), .trace = trace, .now = options_now()};
	int compared = read_reported(&reported, error);
	options.reported = compared == 0 ? &reported : NULL;
	if (compared >= 0 && licence_load(&licence, &files, complain, error) == 0 &&
		licence_check(&licence, instant_day(options_now()), error) == 0 && policy_load(policy_path, &policy, error) == 0 &&
		read_files(&input, &licence.exclusions, error) == 0 && pass_on(&input, &licence.models, output, error) == 0 &&
		position_declared_read(&input, &licence.declared, error) == 0 &&
		reconcile_input_finish(&input, options_now(), error) == 0) {
		options.settles_by_period = policy.settlement == SETTLEMENT_PERIOD;
		print(&licence, &input, &options, output, error);
	}
	policy_release(&policy);
	reconcile_input_release(&input);
	licence_release(&licence);
	entitlements_release(&reported.entitlements);
}

int main(int argc, const char **argv)
{
	return program_run(argc, argv, table, &manual, run);
}
