/*
 * fetch-subscriptions: fetches the organization's accounts and plan items and, with --billing, Docusign's own count.
 *
 * Reads   CONNECTION (from auth); every other line is copied.
 * Writes  the CONNECTION, for fetch-datafeed; SCHEMA and unchanged RECORDs of the raw streams docusign_accounts, docusign_plan_items
 *         and docusign_billing (billing_feed.h); with --state a STATE that says when the latter was asked. Nothing if it fails: its reader would take the accounts for all there are.
 * Fetches the accounts in asset groups, compliant ones first; the list of organizations, which adds accounts outside all asset
 *         groups (skipped with a warning without a user's token); the plan items; the billing of each account, with --state when it is due.
 * Exits   0; 64 usage, 65 bad input or response, 66 no recorded response, 69 service unavailable, 70/71 a bug or no
 *         memory, 73/74 cannot create or write, 75 try again later, 77 refused, 78 invalid connection.
 */
#include "fetch/fetch_options.h"
#include "fetch/organization_feed.h"
#include "io/program.h"

#include <unistd.h>

#define PROGRAM "fetch-subscriptions"

static const struct options_manual manual = {
	.program = PROGRAM,
	.operands = "",
	.summary = "Reads a CONNECTION on standard input and prints it again, followed by the organization's accounts and plan\n"
		   "items, unchanged: SCHEMA and RECORD lines of docusign_accounts and docusign_plan_items.",
	.description =
		"The access token is written to a pipe only; in a file or on a terminal it is null, unless --show-token is given.\n"
		"--billing also fetches Docusign's own count: the envelopes that each account has sent in its billing period, and its\n"
		"charges. It requires the token of a user (\"user_id\" in the profile) who administers the account and has consented to\n"
		"the scope signature. Accounts that are refused are skipped with a message. With --state, an account's count is asked once a week\n"
		"and on the last night before its billing period ends; what it was asked is kept in a STATE, in the end.\n"
		"If it fails, it prints nothing, so a list of accounts is always complete.\n"
		"\n"
		"  auth -p profiles/acme.json | fetch-subscriptions | fetch-datafeed --state state.json\n"
		"  auth -p fixtures/acme/profiles/acme.json --replay fixtures/acme/nights/20250318T020000Z |\n"
		"    fetch-subscriptions --replay fixtures/acme/nights/20250318T020000Z\n",
};

static int show_token, with_billing;

static struct poptOption table[] = {
	{NULL, 0, POPT_ARG_INCLUDE_TABLE, fetch_options_table, 0, NULL, NULL},
	{NULL, 0, POPT_ARG_INCLUDE_TABLE, fetch_rule_table, 0, NULL, NULL},
	{"billing", 0, POPT_ARG_NONE, &with_billing, 0,
		"also fetch Docusign's own count and charges for each account, like download_billing in the profile", NULL},
	{"show-token", 0, POPT_ARG_NONE, &show_token, 0, "write the access token even to a file or terminal", NULL},
	POPT_TABLEEND,
};

static void fetch(const char **operands, struct output *output, struct error *error)
{
	struct connection connection = {.expires_at = 0};
	struct organization_feed feed = {
		.connection = &connection, .output = output, .state = fetch_options_state(), .rule = fetch_options_rule()};
	const struct fetch_source_options options = fetch_options_source(PROGRAM);
	const struct fetch_input input = {.program = PROGRAM,
		.connection = &connection,
		.output = output,
		.passes_connection = true,
		.reveals_token = connection_may_reveal(STDOUT_FILENO, show_token)};
	(void)operands;
	output->is_held = true;
	if (fetch_read_input(&input, error) == 0 && (feed.source = fetch_source_open(&options, &connection, error))) {
		feed.with_billing = with_billing || connection.download_billing;
		int result = organization_feed_run(&feed, error);
		if (result == 0)
			*error = (struct error)ERROR_INIT; /* an error that a retry has repaired */
		fetch_source_close(feed.source, result == 0, result == 0 ? error : NULL);
		if (error->status)
			buffer_reset(&output->pending);
	}
	diag_metric_records(PROGRAM, feed.records);
	organization_feed_release(&feed);
	connection_release(&connection);
}

int main(int argc, const char **argv)
{
	program_hide_memory(); /* it holds the token */
	return program_run(argc, argv, table, &manual, fetch);
}
