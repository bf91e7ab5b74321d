/*
 * fetch-datafeed: fetches the new envelopes of each account.
 *
 * Reads   CONNECTION (from auth or fetch-subscriptions), and the accounts: RECORDs of docusign_accounts or account. Copies every line
 *         but the CONNECTION, in order, before it fetches anything; with --shard no records of the other shards' accounts.
 * Writes  for each account the feed's RECORDs, unchanged (stream docusign_datafeed, or the descriptor's); a RECORD of `watermark` when
 *         the account is caught up; STATEs with the bookmarks, each after the records that it covers.
 *         A STATE in the input has bookmarks of what other programs have fetched: they are kept.
 * Window  of an account: look_back.h.
 * Exits   0; 75 some accounts could not be read (each is reported and keeps its bookmark) or the run was interrupted; if none could be
 *         read, the status of the first: 65 invalid response, 69 unavailable, 77 refused …; 64 usage, 65 bad input, 66 no state file
 *         or recorded response, 70/71 a bug or no memory, 73/74 cannot create or write, 78 invalid descriptor or connection.
 */
#include "fetch/fetch_options.h"
#include "fetch/fetch_run.h"
#include "io/program.h"

#define PROGRAM "fetch-datafeed"

static const struct options_manual manual = {
	.program = PROGRAM,
	.operands = "",
	.summary = "Reads a CONNECTION and accounts on standard input and fetches the envelopes that are new since the bookmarks in FILE:\n"
		   "prints RECORD lines of docusign_datafeed, unchanged, a watermark for each account, and STATE lines.",
	.description =
		"FEED is a preset (datafeed, datafeed-elements, esign) or a descriptor file (doc/feeds.md). FILE has the value of a STATE, or\n"
		"STATE lines, the last of which counts; without --state everything since the contract start is fetched.\n"
		"\n"
		"  auth -p profiles/acme.json | fetch-subscriptions | fetch-datafeed --state state.json\n"
		"  auth -p fixtures/acme/profiles/acme.json --replay fixtures/acme/nights/20250318T020000Z |\n"
		"    fetch-subscriptions --replay fixtures/acme/nights/20250318T020000Z |\n"
		"    fetch-datafeed --replay fixtures/acme/nights/20250318T020000Z\n",
};

static int add_account(void *context, const struct message *message, struct error *error)
{
	struct fetch_run *run = context;
	bool is_raw = message_is_record(message, "docusign_accounts"), is_account = is_raw || message_is_record(message, "account");
	const struct json_slice *id = &message->fields[2];
	if (message->type == MESSAGE_STATE && message->value.kind == JSON_OBJECT) {
		buffer_reset(&run->given_state);
		buffer_append(&run->given_state, message->value.text, message->value.length);
		return buffer_check(&run->given_state, error);
	}
	if (message->type != MESSAGE_RECORD)
		return 0;
	if (is_raw)
		id = message->fields[0].kind == JSON_STRING ? &message->fields[0] : &message->fields[1];
	else if (id->kind != JSON_STRING)
		id = &message->context_account_id;
	if (id->kind != JSON_STRING)
		return 0;
	run->rule.organization += is_account;
	int mine = shard_has(&run->shard, id->text, id->length, error);
	if (mine > 0 && is_account && account_list_add(&run->accounts, id->text, id->length, error) < 0)
		return -1;
	if (mine >= 0 && is_account && run->shard.count > 1 && account_list_add(&run->everyone, id->text, id->length, error) < 0)
		return -1;
	return mine < 0 ? -1 : !mine;
}

static char *feed, *shard;

static struct poptOption table[] = {
	{NULL, 0, POPT_ARG_INCLUDE_TABLE, fetch_rule_table, 0, NULL, NULL},
	{"feed", 0, POPT_ARG_STRING, &feed, 0, "the feed descriptor (default: the profile's)", "FEED"},
	{"shard", 0, POPT_ARG_STRING, &shard, 0, "only the accounts of part K of N, such as 3/16 (doc/scale.md)", "K/N"},
	{NULL, 0, POPT_ARG_INCLUDE_TABLE, fetch_options_table, 0, NULL, NULL},
	POPT_TABLEEND,
};

static void fetch(const char **operands, struct output *output, struct error *error)
{
	static const char *const pointers[] = {"/accountId", "/id", "/account_id"};
	struct fetch_run run = FETCH_RUN_INIT;
	run.output = output;
	const struct fetch_source_options options = fetch_options_source(PROGRAM);
	const struct fetch_input input = {.program = PROGRAM,
		.pointers = pointers,
		.pointer_count = 3,
		.connection = &run.connection,
		.output = output,
		.each = add_account,
		.context = &run};
	(void)operands;
	if (shard && shard_parse(shard, &run.shard) < 0)
		options_refuse(
			"cannot use --shard '%s': it must be K/N, such as 3/16: part K, from 1 to N, of at most %d", shard, SHARDS_MOST);
	run.rule = fetch_options_rule();
	if (fetch_read_input(&input, error) < 0)
		goto out;
	if (run.connection.download_billing)
		run.rule.requests_most -= fetch_turns_billing_part(run.rule.requests_most);
	if (!run.connection.download_consumption)
		diag_note("the profile says not to download consumption: no feed is fetched");
	else if (fetch_run(&run, &options, feed, fetch_options_state(), error) == 0)
		*error = (struct error)ERROR_INIT; /* an error that a retry has repaired */
out:
	diag_metric_records(PROGRAM, run.records);
	fetch_run_release(&run);
}

int main(int argc, const char **argv)
{
	program_hide_memory(); /* it holds the token */
	return program_run(argc, argv, table, &manual, fetch);
}
