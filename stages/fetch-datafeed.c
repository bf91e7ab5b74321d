/*
 * fetch-datafeed: fetches what is new in the envelopes of each account.
 *
 * Reads   CONNECTION (from auth or fetch-subscriptions), which ends here, and the accounts: RECORDs of docusign_accounts or
 *         account. Every line but the CONNECTION is passed on, in order, before anything is fetched.
 * Writes  for each account the feed's RECORDs as the service sent them (stream docusign_datafeed, or as the descriptor says);
 *         a RECORD of `watermark` when the account is caught up; STATE: the bookmarks, always after what they cover.
 * Window  of an account: from its bookmark less the look-back, or from the contract's start, to the run's clock.
 * Exits   0; 75 when some account could not be read (a line each; its bookmark stays) or the run was interrupted; when none
 *         could be read, with what the first one met: 65 wrong response, 69 unavailable, 77 refused …; 64 usage, 65 bad input,
 *         66 no state file or recorded response, 73/74 cannot create or write, 78 wrong descriptor.
 */
#include "fetch/fetch_options.h"
#include "fetch/fetch_run.h"
#include "io/diag.h"
#include "io/options.h"

#include <string.h>
#include <unistd.h>

#define PROGRAM "fetch-datafeed"

static const struct options_manual manual = {
	.program = PROGRAM,
	.operands = "",
	.summary = "Reads a CONNECTION and accounts on standard input and writes what is new in their envelopes since the bookmarks\n"
		   "in FILE: RECORD lines of docusign_datafeed as the service sent them, a watermark for each account, STATE lines.",
	.description = "FEED is a preset (datafeed, esign, monitor) or a descriptor file, see doc/feeds.md; without --feed it is the\n"
		       "profile's. FILE has the value of a STATE, or STATE lines of which the last counts; without --state everything\n"
		       "since the contract's start is fetched.\n"
		       "\n"
		       "  auth -p profiles/acme.json | fetch-subscriptions | fetch-datafeed --state state.json\n"
		       "  auth -p fixtures/acme/profiles/acme.json --replay fixtures/acme/nights/20250318T020000Z |\n"
		       "    fetch-subscriptions --replay fixtures/acme/nights/20250318T020000Z |\n"
		       "    fetch-datafeed --replay fixtures/acme/nights/20250318T020000Z\n",
};

/* Takes the account's id when the message is one of an account. */
static int add_account(struct fetch_run *run, const struct message *message, struct error *error)
{
	const struct json_slice *id = NULL;
	if (message_is_record(message, "docusign_accounts"))
		id = message->fields[0].kind == JSON_STRING ? &message->fields[0] : &message->fields[1];
	else if (message_is_record(message, "account"))
		id = &message->fields[2];
	return id && id->kind == JSON_STRING ? account_list_add(&run->accounts, id->text, id->length, error) : 0;
}

/* Passes standard input on, and remembers the accounts in it. */
static int read_input(struct fetch_run *run, struct error *error)
{
	static const char *const fields[] = {"/accountId", "/id", "/account_id"};
	struct message_reader reader;
	struct message message;
	bool connected = false;
	int got;
	if (message_reader_open(&reader, STDIN_FILENO, "standard input", fields, 3, false, error) < 0)
		return -1;
	while ((got = message_next(&reader, &message, error)) > 0 && !output_failed(&run->output)) {
		if (message.type == MESSAGE_CONNECTION) {
			got = fetch_read_connection(&reader, &message, &run->connection, &connected, error);
		} else {
			got = add_account(run, &message, error);
			output_line(&run->output, message.line.text, message.line.length);
		}
		if (got < 0)
			break;
	}
	message_reader_release(&reader);
	return got < 0 ? -1 : fetch_check_connection(PROGRAM, connected, error);
}

int main(int argc, const char **argv)
{
	static char *feed, *state; /* static: what popt gives lives as long as the process */
	struct poptOption table[] = {
		{"state", 0, POPT_ARG_STRING, &state, 0, "the bookmarks: what was fetched before", "FILE"},
		{"feed", 0, POPT_ARG_STRING, &feed, 0, "the feed's descriptor, in place of the profile's", "FEED"},
		{NULL, 0, POPT_ARG_INCLUDE_TABLE, fetch_options_table, 0, NULL, NULL},
		POPT_TABLEEND,
	};
	struct fetch_run run = FETCH_RUN_INIT;
	struct error error = ERROR_INIT;
	options_parse(argc, argv, table, &manual);
	struct fetch_source_options options = fetch_options_source(PROGRAM);

	output_open(&run.output, STDOUT_FILENO, "standard output");
	int result = read_input(&run, &error);
	if (result == 0 && !run.connection.download_consumption)
		diag_note("the profile says not to download consumption: no feed is fetched");
	else if (result == 0)
		result = fetch_run(&run, &options, feed, state, &error);
	if (output_close(&run.output, result == 0 ? &error : NULL) < 0)
		result = -1;

	diag_metric_records(PROGRAM, run.records);
	fetch_run_release(&run);
	if (result == 0)
		return 0;
	diag_error(&error);
	return error.status;
}
