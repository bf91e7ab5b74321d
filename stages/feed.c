/*
 * feed: tries a feed descriptor.
 *
 * `feed check DESCRIPTOR SAMPLE…` reads saved responses, exports or messages (files, or folders of them) with a descriptor, a preset or a file, and
 * prints for people which records come out, which are rejected and why, what the next page would be, and how far the watermark. It needs no
 * network, no key and no workspace. doc/feeds.md is the manual of descriptors.
 *
 * Exit: 0 if every record fits; 64 usage; 65 a record or sample does not fit; 66 no such descriptor; 74 cannot write; 78 invalid descriptor.
 */
#include "io/program.h"
#include "normalize/feed_check.h"

#include <string.h>

static char *account;

static struct poptOption table[] = {
	{"account", 'a', POPT_ARG_STRING, &account, 0, "the account of the requests, for a map that takes it from there", "ID"},
	POPT_TABLEEND,
};

static const struct options_manual manual = {
	.program = "feed",
	.operands = "check DESCRIPTOR SAMPLE...",
	.reads_no_input = true,
	.summary = "Tries a feed descriptor on saved responses, without network or key: prints which records come out, which are rejected\n"
		   "and why, what the next page would be, and how far the watermark.",
	.description =
		"DESCRIPTOR is a preset (datafeed, datafeed-elements, esign, connect, envelope-report) or a file (doc/feeds.md).\n"
		"SAMPLE is a file with the body of a response, or a folder of them, in the order in which they came; - is standard input.\n\n"
		"  jq -cs '{endCursor: \"c\", data: .}' envelopes.ndjson | feed check datafeed -\n",
};

static void run(const char **operands, struct output *output, struct error *error)
{
	if (!operands[0] || strcmp(operands[0], "check") != 0)
		options_refuse("cannot use 'feed' without a command: feed check DESCRIPTOR SAMPLE...");
	if (!operands[1] || !operands[2])
		options_refuse("cannot check: feed check takes a descriptor and at least one sample");
	const struct feed_check_options options = {
		.descriptor = operands[1], .samples = operands + 2, .account_id = account, .now = options_now()};
	feed_check(&options, output, error);
}

int main(int argc, const char **argv)
{
	return program_run(argc, argv, table, &manual, run);
}
