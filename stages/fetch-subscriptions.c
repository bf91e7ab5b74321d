/*
 * fetch-subscriptions: asks Docusign for the organization's accounts and plan items; and, for --billing, for its own count.
 *
 * Reads   CONNECTION (from auth); every other line is passed on as it is.
 * Writes  the CONNECTION, for fetch-datafeed; SCHEMA and RECORDs of the raw streams docusign_accounts and
 *         docusign_plan_items, each record as the service sent it; and of docusign_billing (billing_feed.h). When it fails, nothing:
 *         what reads it would take the accounts that came for all there are.
 * Asks    for the accounts of the asset groups, compliant ones first, then the organization's list, which adds accounts
 *         that are in no asset group (it wants a user's token: without one it is left out with a warning), then the plan items,
 *         then the billing of each account.
 * Exits   0; 64 usage, 65 bad input or response, 66 no recorded response, 69 service unavailable, 73/74 cannot create or
 *         write, 75 try again later, 77 refused.
 */
#include "fetch/fetch_options.h"
#include "fetch/organization_feed.h"
#include "io/program.h"

#include <unistd.h>

#define PROGRAM "fetch-subscriptions"

static const struct options_manual manual = {
	.program = PROGRAM,
	.operands = "",
	.summary = "Reads a CONNECTION on standard input and writes it again, followed by the organization's accounts and plan\n"
		   "items as the service sent them: SCHEMA and RECORD lines of docusign_accounts and docusign_plan_items.",
	.description =
		"The access token goes into a pipe only; written to a file or a terminal it is null, unless --show-token.\n"
		"With --billing also Docusign's own count: what each account has sent in its billing period, and its charges. That wants the\n"
		"token of a user (\"user_id\" in the profile) who administers the account and has consented to scope signature; an account that\n"
		"is refused is said, and left out.\n"
		"When it fails it writes nothing: a list of accounts is complete.\n"
		"\n"
		"  auth -p profiles/acme.json | fetch-subscriptions | fetch-datafeed --state state.json\n"
		"  auth -p fixtures/acme/profiles/acme.json --replay fixtures/acme/nights/20250318T020000Z |\n"
		"    fetch-subscriptions --replay fixtures/acme/nights/20250318T020000Z\n",
};

static int show_token, with_billing;

static struct poptOption table[] = {
	{NULL, 0, POPT_ARG_INCLUDE_TABLE, fetch_options_table, 0, NULL, NULL},
	{"billing", 0, POPT_ARG_NONE, &with_billing, 0,
		"also Docusign's own count and charges of each account; the profile's download_billing does the same", NULL},
	{"show-token", 0, POPT_ARG_NONE, &show_token, 0, "write the access token even to a file or a terminal", NULL},
	POPT_TABLEEND,
};

static void fetch(const char **operands, struct output *output, struct error *error)
{
	struct connection connection = {.expires_at = 0};
	struct organization_feed feed = {.connection = &connection, .output = output};
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
			*error = (struct error)ERROR_INIT; /* what it recovered from is no failure */
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
	return program_run(argc, argv, table, &manual, fetch);
}
